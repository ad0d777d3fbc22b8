"""The stepper's picture: it is laid out as the static one is, folds as asked, and is painted without moving."""

import json
import random
from contextlib import contextmanager

import pytest
from browser import SOURCES, chromium, visit

from autograd_lite import Value
from autograd_lite.scopes import in_scope
from autograd_lite.stepper.chapter import chapter_of
from autograd_lite.stepper.document import to_json
from autograd_lite.stepper.story import Story
from autograd_lite.view.cards import Card
from autograd_lite.view.frames import Frames
from autograd_lite.view.graph import Box, Edge, GraphView, Node
from nn import MLP

MODULES = ("story", "folding", "frames", "curves", "cards", "picture", "numbers")
PAGE = """<!DOCTYPE html><meta charset="utf-8"><link rel="icon" href="data:,"><link rel="stylesheet" href="picture.css">
<style>body { margin: 0; height: 3000px } #host { width: 900px; height: 500px }</style><div id="host"></div>
<script type="module" src="main.js"></script>"""
MAIN = """
window.model = Object.assign({}, ...await Promise.all(NAMES.map((name) => import(`./${name}.js`))));
window.draw = (text, prepare = (folding) => folding.openToLimit(), options = {}) => {
  window.picture?.destroy();
  scrollTo(0, 0);
  const graph = model.readStory(JSON.parse(text)).chapters[0].graph;
  const folding = new model.Folding(graph, options);
  prepare(folding);
  window.calls = [];
  const note = (name) => (...args) => calls.push([name, ...args]);
  const onToggle = (piece) => {
    note("toggle")(piece);
    folding.toggle(`s${piece}`);
    picture.show(graph, folding.visible());
  };
  window.picture = new model.Picture(document.getElementById("host"), {
    onSelect: note("select"), onToggle, onHover: note("hover") });
  Object.assign(window, { graph, folding });
  picture.show(graph, folding.visible());
};
window.paint = (nodes, edges = []) => picture.paint({ nodes: new Map(nodes), edges: new Map(edges) });
window.at = (selector) => document.querySelector(selector).getBoundingClientRect();
"""


@pytest.fixture(scope="module")
def chrome():
    with chromium() as browser:
        yield browser


@contextmanager
def opened(browser, **options):
    files = {path.name: path.read_text(encoding="utf-8") for path in SOURCES.glob("*.*s")}
    main = f"const NAMES = {json.dumps(MODULES)};{MAIN}"
    with visit(browser, {**files, "index.html": PAGE, "main.js": main}, **options) as visited:
        visited.page.wait_for_function("window.at !== undefined")
        yield visited


@pytest.fixture(scope="module")
def only_page(chrome):
    with opened(chrome, viewport={"width": 1200, "height": 700}) as visited:
        yield visited


@pytest.fixture
def page(only_page):
    yield only_page.page
    assert only_page.errors == []
    assert only_page.asked == []


def document(root):
    return to_json(Story((chapter_of(root),)))


@pytest.fixture(scope="module")
def network():
    x = [Value(1.0, name="x0"), Value(-2.0, name="x1")]
    return document((MLP(2, [4, 4, 1], rng=random.Random(1))(x) - 1.0) ** 2)


@pytest.fixture(scope="module")
def square():
    x = Value(3.0, name="x")
    return document(x * x)


# ---------------------------------------------------------------- the same layout as the static picture


def random_view(seed):
    """Returns a view with boxes in boxes, edges of several positions and counts, and a card for each node."""
    rng = random.Random(seed)
    boxes = [Box("s0", "", None)] if seed % 3 else []
    for index in range(1, rng.randrange(6) if boxes else 0):
        boxes.append(Box(f"s{index}", "", rng.choice([None, *(box.id for box in boxes)])))
    nodes, edges = [], []
    for index in range(rng.randrange(1, 40)):
        folded = rng.random() < 0.2
        box = rng.choice([None, *(box.id for box in boxes)])
        nodes.append(Node(f"v{index}", "folded" if folded else "operation", "", "", None, None, box))
        sources = [rng.choice(nodes[:-1]).id for _ in range(rng.randrange(4))] if index else []
        for position, source in enumerate(dict.fromkeys(sources) if folded else sources):
            edges.append(Edge(source, f"v{index}", None if folded else position, None, 2 if folded else 1))
    around = {box.id: box.parent for box in boxes}
    used = set()
    for node in nodes:
        at = node.box
        while at:
            used.add(at)
            at = around[at]
    view = GraphView(tuple(nodes), tuple(edges), tuple(box for box in boxes if box.id in used))
    cards = {node.id: Card("", "", (), rng.randrange(44, 200), rng.choice([24, 58, 73])) for node in nodes}
    return view, cards


def numbers_of(scene):
    rectangles = [list(rectangle) for places in (scene.nodes, scene.frames) for rectangle in places.values()]
    return [[scene.width, scene.height], *rectangles, *([x for p in curve for x in p] for curve in scene.curves)]


def test_layout_is_that_of_the_static_picture(page):
    drawn = [random_view(seed) for seed in range(60)]
    views = [
        {
            "nodes": [{"id": node.id, "box": node.box} for node in view.nodes],
            "edges": [{"source": e.source, "target": e.target, "position": e.position} for e in view.edges],
            "boxes": [{"id": box.id, "parent": box.parent} for box in view.boxes],
            "cards": [[key, {"width": card.width, "height": card.height}] for key, card in cards.items()],
        }
        for view, cards in drawn
    ]
    placed = page.evaluate(
        """(views) => views.map((view) => {
          const scene = new model.Frames(view, new Map(view.cards)).scene();
          const rectangles = [scene.nodes, scene.frames].flatMap((places) => [...places]);
          return [rectangles.map(([id]) => id), [[scene.width, scene.height],
            ...rectangles.map(([, r]) => [r.x, r.y, r.width, r.height]), ...scene.curves.map((curve) => curve.flat())]];
        })""",
        views,
    )
    for (view, cards), (order, numbers) in zip(drawn, placed, strict=True):
        scene = Frames(view, cards).scene()
        assert order == [*scene.nodes, *scene.frames]
        for ours, theirs in zip(numbers, numbers_of(scene), strict=True):
            assert ours == pytest.approx(theirs, abs=0.01)


# ---------------------------------------------------------------- folding


def test_what_is_closed_is_one_node_and_uses_are_counted(page, network):
    page.evaluate("(text) => draw(text, (folding) => folding.closeAll())", network)
    nodes, edges = page.evaluate("[folding.visible().nodes, folding.visible().edges]")
    assert [node["id"] for node in nodes if node["kind"] == "piece"] == ["s0"]
    assert [(e["position"], e["edge"], e["count"]) for e in edges if e["target"] == "s0"] == [(None, None, 4)] * 2
    assert nodes[-1]["isRoot"]
    assert page.evaluate("folding.visible() === folding.visible()")


def test_opening_to_a_limit_opens_neurons_of_a_layer_together(page, network):
    page.evaluate("(text) => draw(text)", network)
    for limit in range(1, 130, 4):
        page.evaluate("(limit) => { folding.limit = limit; folding.openToLimit(); }", limit)
        assert page.evaluate("folding.visible().nodes.length <= Math.max(folding.limit, folding.top)")
        alike = page.evaluate(
            "graph.pieces.map(({ parent, count, index }) => [[parent, count], folding.isOpen(index)])"
        )
        opened = {}
        for size, is_open in alike:
            assert opened.setdefault(tuple(size), is_open) == is_open


def test_every_line_is_shown_by_one_node_whatever_is_open(page, network):
    page.evaluate("(text) => draw(text)", network)
    rng = random.Random(5)
    size, pieces = page.evaluate("[graph.size, graph.pieces.length]")
    for _ in range(40):
        page.evaluate("(piece) => folding.toggle(`s${piece}`)", rng.randrange(pieces))
        if rng.random() < 0.3:
            page.evaluate("(line) => folding.focus(line)", rng.choice([None, rng.randrange(size)]))
        counts = page.evaluate(
            """() => { const { nodes, edges, ids, boxes } = folding.visible();
              const frames = new Set(boxes.map((box) => box.id));
              const lines = Array.from({ length: graph.size }, (_, line) => line);
              const lost = lines.filter((line) => !ids.has(folding.idOf(line)));
              const loose = edges.filter((edge) => !ids.has(edge.source) || !ids.has(edge.target) || edge.index < 0);
              const unframed = nodes.filter((node) => node.box !== null && !frames.has(node.box));
              picture.show(graph, folding.visible());
              const shown = nodes.reduce((sum, node) => sum + node.lines, 0);
              return [shown, lost.length, loose.length, unframed.length]; }"""
        )
        assert counts == [size, 0, 0, 0]


def test_opening_to_a_limit_looks_at_no_line_again(page):
    page.evaluate(
        """() => { const size = 60_000; window.looked = 0;
          const pieces = Array.from({ length: 600 }, (_, index) => ({ index, name: `p${index}`, parent: -1, count: 100,
            children: [], lines: Array.from({ length: 100 }, (_, i) => 100 * index + i) }));
          const fake = { size, root: size - 1, pieces, rule: (line) => (line ? {} : null), isConstant: () => false,
            home: (line) => { looked++; return Math.floor(line / 100); }, operands: (line) => (line ? [line - 1] : []),
            edgeStart: { } };
          window.folding = new model.Folding(fake); }"""
    )
    assert page.evaluate("looked") == 60_000
    assert page.evaluate("(folding.openToLimit(), looked)") == 60_000
    assert page.evaluate("(folding.visible(), folding.visible(), looked)") == 120_000
    assert page.evaluate("folding.openAll()") is False


def test_a_focus_hides_what_is_far_and_inputs_can_be_revealed(page, network):
    page.evaluate("(text) => draw(text, (f) => { f.openAll(); f.focus(f.graph.root, 1); })", network)
    ids = page.evaluate("folding.visible().nodes.map((node) => node.id)")
    assert ids[0] == "earlier"
    assert len(ids) == 4  # the root, its two operands, everything before
    inner = ids[1] if page.evaluate("(id) => graph.isConstant(Number(id.slice(1)))", ids[2]) else ids[2]
    assert page.evaluate("(id) => folding.revealInputs(id)", inner)
    assert len(page.evaluate("folding.visible().nodes")) == 6
    page.evaluate("folding.focus(null)")
    assert "earlier" not in page.evaluate("folding.visible().nodes.map((node) => node.id)")


def test_finding_by_name_number_operation_and_path(page, network):
    page.evaluate("(text) => draw(text, (folding) => folding.closeAll())", network)
    assert page.evaluate("folding.find('x1')[0].line") == page.evaluate("folding.find('X1 ')[0].line")
    assert page.evaluate("folding.find('v7')[0]")["id"] == "s0"
    assert page.evaluate("folding.find('relu').length") == 8
    found = page.evaluate("folding.find('layer1.neuron2')[0]")
    assert found["label"] == "mlp.layer1.neuron2"
    assert found["id"] == "s0"
    assert page.evaluate("folding.find('no such thing')") == []
    assert len(page.evaluate("folding.find('v')")) == 50


# ---------------------------------------------------------------- the picture


def test_cards_and_edges_can_be_told_by_their_ids(page, square, network):
    page.evaluate("(text) => draw(text)", square)
    edges = page.evaluate("[...document.querySelectorAll('[data-edge]')].map((edge) => edge.dataset.edge)")
    assert edges == ["v0 v1 0", "v0 v1 1"]
    page.evaluate("(text) => draw(text, (folding) => folding.open(0))", network)
    assert page.locator("[data-node=s1]").count() == 1
    assert page.locator("[data-piece=s0]").count() == 1


LONG = ["layer0.neuron0.w0", "W" * 40, "重" * 40, "<b>&amp;</b>", "i", "", "🙂" * 30]


@pytest.mark.parametrize("name", LONG, ids=range(len(LONG)))
def test_no_text_leaves_its_card(page, name):
    x, w = Value(-1.234e-5, name=name), Value(2.0, name="w")
    inner = in_scope(name or "piece", lambda: (x * w).tanh())
    page.evaluate("(text) => draw(text, (folding) => folding.openAll())", document(inner + 1e-300))
    for closed in (False, True):
        if closed:
            page.evaluate("(folding.closeAll(), picture.show(graph, folding.visible()))")
        widest = {"value": "-1.234e-308", "grad": "-1.234e-308", "tick": True, "changed": "value"}
        page.evaluate(
            "(look) => paint(folding.visible().nodes.map((n) => [n.id, n.kind === 'piece' ? "
            "{ ...look, value: `${n.operations} of ${n.operations} done`, progress: 1 } : "
            "n.kind === 'constant' ? { ...look, value: graph.name(n.line) } : look]))",
            widest,
        )
        outside = page.evaluate(
            """() => [...document.querySelectorAll(".al-card")].flatMap((card) => {
              const body = card.querySelector(".al-body").getBBox();
              return [...card.querySelectorAll("text")].filter((text) => { const box = text.getBBox();
                return box.x < body.x || box.x + box.width > body.x + body.width ||
                  box.y + box.height > body.y + body.height; }).map((text) => text.textContent); })"""
        )
        assert outside == []
        overlapping = page.evaluate(
            """() => [...document.querySelectorAll(".al-card")].flatMap((card) => {
              const shapes = [...card.querySelectorAll("text, .al-tick")];
              const boxes = shapes.filter((s) => s.textContent || s.matches("path")).map((s) => s.getBBox());
              return boxes.filter((a, i) => boxes.some((b, j) => i < j && a.x < b.x + b.width && b.x < a.x + a.width &&
                a.y + 3 < b.y + b.height && b.y + 3 < a.y + a.height)); })"""
        )
        assert overlapping == []


def test_labels_lie_on_no_card_and_heads_meet_cards(page, network):
    page.evaluate("(text) => draw(text)", network)
    page.evaluate("paint([], folding.visible().edges.map((e, i) => [i, { state: 'backward', label: '-1.234e-05' }]))")
    hidden = """() => { const every = (selector) => [...document.querySelectorAll(selector)];
      const boxes = (selector) => every(selector).map((shape) => shape.getBoundingClientRect());
      const cards = boxes(".al-card .al-body");
      return boxes(".al-plate").filter((a) => cards.some((b) => a.left + 1 < b.right && b.left + 1 < a.right &&
        a.top + 1 < b.bottom && b.top + 1 < a.bottom)).length; }"""
    assert page.evaluate(hidden) == 0
    page.evaluate("picture.edges.forEach((edge) => edge.keepLabel((place) => place === edge.curve.labels[1]))")
    assert page.evaluate(hidden) == 0
    gaps = page.evaluate(
        """() => folding.visible().edges.map((edge) => {
          const box = (id) => document.querySelector(`[data-node=${id}] .al-body`).getBoundingClientRect();
          const name = `${edge.source} ${edge.target} ${edge.position ?? "-"}`;
          const head = document.querySelector(`[data-edge="${name}"] .al-head`);
          const scale = picture.viewport.scale;
          const meeting = head.getBoundingClientRect().left - box(edge.source).right;
          return meeting / scale - (edge.source.startsWith("s") ? 6 : 0); })"""
    )
    assert max(map(abs, gaps)) < 0.2


def test_stepping_moves_nothing_and_touches_only_what_changed(page, network):
    page.evaluate("(text) => draw(text)", network)
    page.evaluate("paint(folding.visible().nodes.map((node) => [node.id, { value: '1', grad: '2', state: '' }]))")
    before = page.evaluate("JSON.stringify([...picture.where])")
    changes = page.evaluate(
        """async () => { let count = 0;
          const seen = new MutationObserver((records) => { count += records.length; });
          seen.observe(picture.svg, { subtree: true, attributes: true, childList: true, characterData: true });
          const [{ id }] = folding.visible().nodes;
          const looks = folding.visible().nodes.map((n) => [n.id, { value: '1', grad: '2', state: '' }]);
          paint(looks); await null; const idle = count;
          const changed = { value: '-1.5', grad: '2', state: 'forward', changed: true };
          paint(looks.map(([i, look]) => [i, i === id ? changed : look]));
          await null; seen.disconnect(); return [idle, count]; }"""
    )
    assert changes[0] == 0
    assert 0 < changes[1] <= 4
    assert page.evaluate("JSON.stringify([...picture.where])") == before


def test_backward_is_dashed_and_its_head_points_at_the_operand(page, square):
    page.evaluate("(text) => draw(text)", square)
    page.evaluate(
        "paint([['v1', { state: 'source' }], ['v0', { state: 'target', grad: '3', changed: true }]], "
        "[[0, { state: 'backward', label: '3' }]])"
    )
    page.wait_for_timeout(200)
    style = "(selector) => { const s = getComputedStyle(document.querySelector(selector)); "
    assert page.evaluate(style + "return s.strokeDasharray; }", "[data-node=v1] .al-body") == "6px, 4px"
    assert page.evaluate(style + "return s.strokeDasharray; }", "[data-node=v0] .al-body") == "none"
    assert page.evaluate(style + "return s.fontWeight; }", "[data-node=v0] .al-grad") == "700"
    assert page.evaluate("at('[data-edge=\"v0 v1 0\"] .al-head').left < at('[data-edge=\"v0 v1 1\"] .al-head').left")
    assert page.locator(".al-label[data-state=backward]").text_content() == "3"
    page.evaluate("paint([])")
    assert page.locator(".al-label[data-state=empty]").count() == 1
    assert page.locator("[data-state=source], [data-state=target]").count() == 0


def test_pieces_open_and_close_by_mouse_and_keyboard_and_keep_the_focus(page, network):
    page.evaluate("(text) => draw(text, (folding) => folding.closeAll())", network)
    button = page.locator("[role=button]")
    assert button.get_attribute("aria-label") == "open mlp, 64 operations"
    assert min(page.evaluate("[at('.al-hit').width, at('.al-hit').height]")) >= 24
    button.focus()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "close mlp"
    page.keyboard.press("Space")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "open mlp, 64 operations"
    page.locator("[data-node=s0] .al-body").dblclick()
    assert page.evaluate("folding.isOpen(0)")
    page.locator("[data-piece=s0]").dblclick(position={"x": 60, "y": 10})
    assert not page.evaluate("folding.isOpen(0)")
    page.locator("[data-node=s0] .al-body").click(position={"x": 20, "y": 50})
    assert page.evaluate("calls.at(-1)[0] === 'hover' || calls.at(-1)[0] === 'select'")
    assert page.evaluate("calls.filter(([name]) => name === 'select').at(-1)") == ["select", "s0"]


def test_nothing_that_can_be_focused_is_hidden_from_screen_readers(page, network):
    page.evaluate("(text) => draw(text)", network)
    assert page.locator("[aria-hidden=true] [tabindex], [role=button] [tabindex], [role=img] [tabindex]").count() == 0
    assert "cards" in page.locator(".al-picture").get_attribute("aria-label")
    names = page.evaluate("[...document.querySelectorAll('[role=button]')].map((b) => b.getAttribute('aria-label'))")
    assert all(name.startswith(("open ", "close ")) for name in names)


def test_the_wheel_is_never_caught_but_with_ctrl_it_zooms(page, network):
    page.evaluate("(text) => draw(text, (folding) => folding.closeAll())", network)
    wheel = """(options) => {
      const event = new WheelEvent("wheel", { deltaY: -50, bubbles: true, cancelable: true, ...options });
      picture.viewport.pane.dispatchEvent(event); return [event.defaultPrevented, picture.viewport.scale]; }"""
    before = page.evaluate("picture.viewport.scale")
    assert page.evaluate(wheel, {}) == [False, before]
    caught, scale = page.evaluate(wheel, {"ctrlKey": True})
    assert caught
    assert scale > before
    page.evaluate("picture.fit()")
    page.mouse.move(400, 250)
    page.mouse.wheel(0, 200)  # it fits: the page scrolls
    page.wait_for_function("scrollY > 0")


def test_zoom_keeps_its_point_and_fit_shows_everything_when_asked_twice(page, network):
    page.evaluate("(text) => draw(text, (folding) => folding.openAll())", network)
    page.evaluate("picture.zoomBy(2)")
    point = "(at) => picture.viewport.contentPoint(at)"
    before = page.evaluate(point, [450, 250])
    page.evaluate("picture.viewport.zoomBy(1.5, [450, 250])")
    assert page.evaluate(point, [450, 250]) == pytest.approx(before, abs=1.5)
    page.evaluate("picture.fit()")
    assert page.evaluate("picture.viewport.scale") == pytest.approx(0.7)
    page.evaluate("picture.fit()")
    assert page.evaluate("at('.al-graph').width <= 900 && at('.al-graph').height <= 500")


def test_what_happens_is_brought_into_sight_once(page, network):
    page.evaluate("(text) => draw(text, (folding) => folding.openAll())", network)
    inside = """(id) => { const [card, pane] = [at(`[data-node=${id}]`), at(".al-picture")];
      return card.left >= pane.left && card.right <= pane.right &&
        card.top >= pane.top && card.bottom <= pane.bottom; }"""
    last = page.evaluate("`v${graph.root}`")
    assert not page.evaluate(inside, last)
    page.evaluate("(id) => paint([[id, { state: 'seed', changed: true }]])", last)
    assert page.evaluate(inside, last)
    page.evaluate("picture.viewport.pane.scrollLeft = 0")
    page.evaluate("(id) => paint([[id, { state: 'seed', changed: true, selected: true }]])", last)
    assert not page.evaluate(inside, last)
    page.evaluate("(id) => picture.center(id)", last)
    assert page.evaluate(inside, last)


def test_dragging_the_background_pans(page, network):
    page.evaluate("(text) => draw(text, (folding) => folding.openAll())", network)
    page.evaluate("picture.viewport.pane.scrollTo(200, 200)")
    page.mouse.move(5, 5)
    page.mouse.down()
    page.mouse.move(-40, -30)
    page.mouse.up()
    assert page.evaluate("[picture.viewport.pane.scrollLeft, picture.viewport.pane.scrollTop]") == [245, 235]


def test_the_label_of_a_long_edge_is_at_the_end_in_sight(page, network):
    page.evaluate("(text) => draw(text, (folding) => folding.openAll())", network)
    find = "folding.visible().edges.find((e) => e.target === `v${graph.root}`)"
    far = "folding.visible().edges.find((e) => e.source === folding.find('x1')[0].id)"
    for edge, left in ((find, 10**6), (far, 0)):
        page.evaluate(
            f"""(left) => {{ picture.viewport.pane.scrollLeft = left; const edge = {edge};
          const source = at(`[data-node=${{edge.source}}]`), pane = at(".al-picture");
          picture.viewport.pane.scrollTop += source.top - pane.top - pane.height / 2;
          paint([], [[edge.index, {{ state: "backward", label: "0.5" }}]]); }}""",
            left,
        )
        assert page.evaluate(
            """() => { const [plate, pane] = [at(".al-label[data-state=backward]"), at(".al-picture")];
              return plate.left > pane.left && plate.right < pane.right &&
                plate.top > pane.top && plate.bottom < pane.bottom; }"""
        )


def test_names_of_frames_stay_in_sight(page, network):
    page.evaluate("(text) => draw(text, (folding) => folding.openAll())", network)
    assert page.evaluate("picture.viewport.pane.scrollLeft") == 0
    page.evaluate("picture.viewport.pane.scrollLeft = 500")
    page.wait_for_function("at('.al-title').left >= at('.al-picture').left")
    assert page.evaluate("at('[aria-label=\"close mlp\"] .al-sign-box').left >= at('.al-picture').left")


def test_a_picture_never_widens_what_is_around_it(page, network):
    page.evaluate("(text) => draw(text, (folding) => folding.openAll())", network)
    page.evaluate(
        "document.getElementById('host').style.cssText = 'display: grid; width: max-content; min-width: 600px'"
    )
    assert page.evaluate("at('#host').width") == 600
    page.evaluate("document.getElementById('host').style.cssText = ''")


def test_a_single_leaf_is_a_picture(page):
    page.evaluate("(text) => draw(text)", document(Value(2.0, name="x")))
    assert page.locator(".al-card").count() == 1


def test_hostile_names_are_text(page):
    name = '<img src=x onerror="window.broken = 1">'
    root = in_scope(name, Value(1.0, name=name).exp)
    page.evaluate("(text) => draw(text, (folding) => folding.openAll())", document(root * 2.0))
    assert page.locator("img").count() == 0
    assert page.evaluate("window.broken") is None
    assert page.locator(".al-title").text_content().startswith("<img")


def test_who_wants_less_motion_gets_none(chrome, square):
    with opened(chrome, reduced_motion="reduce") as visited:
        visited.evaluate("(text) => draw(text)", square)
        duration = "getComputedStyle(document.querySelector('.al-body')).transitionDuration"
        assert visited.evaluate(duration) in ("0s", "0s, 0s")
