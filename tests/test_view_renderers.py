"""SVG, DOT, text, HTML and files: what they say, how they are placed, and what works without Graphviz."""

import base64
import re
import shutil
import subprocess
import sys
import time
from xml.etree import ElementTree as ET

import pytest
from examples import readme
from test_view import perceptron

from autograd_lite.errors import GraphError, InputError
from autograd_lite.scopes import in_scope
from autograd_lite.value import Value
from autograd_lite.view import draw
from autograd_lite.view.cards import card_of
from autograd_lite.view.dot_layout import placed_by_dot
from autograd_lite.view.labels import figure, short
from autograd_lite.view.layout import Link, arrange
from autograd_lite.view.placing import place

SVG = "{http://www.w3.org/2000/svg}"
needs_dot = pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz's dot is not installed")


def neuron():
    w, x, b = Value(-0.5, name="w"), Value(2.0, name="x"), Value(0.25, name="b")
    out = (w * x + b).tanh()
    out.name = "out"
    out.backward()
    return out


def demo():
    """micrograd's own README expression, its inputs named."""
    a, b, g = readme()
    a.name, b.name = "a", "b"
    return g


@pytest.fixture
def no_dot(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))


def rectangles(view, engine="builtin"):
    return place(view, engine=engine).nodes


def overlap(a, b):
    return a.x < b.x + b.width and b.x < a.x + a.width and a.y < b.y + b.height and b.y < a.y + a.height


# ---------------------------------------------------------------- text and DOT


def test_the_text_is_a_tree_with_aligned_numbers():
    assert draw(neuron()).text.splitlines() == [
        "out = tanh(v4)      value -0.6351  gradient 1        (output)",
        "└─ v4 = v2 + b      value -0.75    gradient 0.5966",
        "   ├─ v2 = w * x    value -1       gradient 0.5966",
        "   │  ├─ w          value -0.5     gradient 1.193",
        "   │  └─ x          value 2        gradient -0.2983",
        "   └─ b             value 0.25     gradient 0.5966",
    ]
    assert str(draw(neuron())) == draw(neuron()).text


def test_a_shared_node_is_shown_once_and_then_referred_to():
    x = Value(2.0, name="x")
    y = x.exp()
    text = draw(y * x + y).text
    assert text.count("= exp(x)") == 1
    assert text.count("above") == 2


def test_dot_says_the_same_every_time_and_has_one_statement_an_edge():
    source = draw(demo()).source
    assert source == draw(demo()).source
    assert len(re.findall(r"^\s*v\d+ -> v\d+", source, re.MULTILINE)) == len(draw(demo()).edges)


def test_dot_of_a_neuron():
    assert draw(Value(3.0, name="x") ** 2).source == (
        "digraph {\n"
        "    graph [bgcolor=white fontname=Helvetica rankdir=LR]\n"
        '    node [color="#6e7781" fontname=Helvetica fontsize=11 shape=box]\n'
        '    edge [arrowsize=0.7 color="#6e7781" fontname=Helvetica fontsize=9]\n'
        '    v0 [label="x\\nvalue 3" color="#0072b2" fillcolor="#eef6fc" penwidth=1.5 style=filled]\n'
        '    v1 [label=2 fillcolor="#ffffff" style="rounded,filled,dashed"]\n'
        '    v2 [label="**\\nvalue 9\\noutput" fillcolor="#ffffff" penwidth=2.5 style="rounded,filled"]\n'
        "    v0 -> v2 [label=6]\n"
        "    v1 -> v2 [style=dashed]\n"
        "}\n"
    )


@needs_dot
@pytest.mark.parametrize("fold", [None, 1, 2, "auto"])
def test_dot_reads_our_source_with_all_nodes_and_clusters(fold):
    view = draw(perceptron([3, 4, 4, 1]), fold=fold)
    plain = subprocess.run(["dot", "-Tplain"], input=view.source, capture_output=True, text=True, check=True).stdout
    assert len(re.findall("^node ", plain, re.MULTILINE)) == len(view.nodes)
    assert len(re.findall("^edge ", plain, re.MULTILINE)) == len(view.edges)


# ---------------------------------------------------------------- SVG


@pytest.mark.parametrize("engine", ["builtin", pytest.param("dot", marks=needs_dot)])
@pytest.mark.parametrize("fold", [None, 1, 2, "auto"])
def test_the_svg_has_every_node_edge_and_box_exactly_once(fold, engine):
    view = draw(perceptron([3, 4, 4, 1]), fold=fold)
    root = ET.fromstring(view.svg(engine=engine))
    drawn = [g.get("data-node") for g in root.iter() if g.get("data-node")]
    assert sorted(drawn) == sorted(n.id for n in view.nodes)
    ends = [g.get("data-edge") for g in root.iter() if g.get("data-edge")]
    assert ends == [f"{edge.source} {edge.target}" for edge in view.edges]
    assert sorted(g.get("data-box") for g in root.iter() if g.get("data-box")) == sorted(b.id for b in view.boxes)


@pytest.mark.parametrize("engine", ["builtin", pytest.param("dot", marks=needs_dot)])
@pytest.mark.parametrize("make", [neuron, demo, lambda: perceptron([3, 4, 4, 1])])
def test_no_two_cards_overlap(make, engine):
    cards = list(rectangles(draw(make(), fold=None), engine).values())
    for i, a in enumerate(cards):
        assert not any(overlap(a, b) for b in cards[:i])


def test_every_card_lies_in_its_box_and_in_no_other():
    view = draw(perceptron([3, 4, 4, 1]), fold=None)
    scene = place(view, engine="builtin")
    parent = {box.id: box.parent for box in view.boxes}
    for node in view.nodes:
        around, box = set(), node.box
        while box:
            around.add(box)
            box = parent[box]
        for box, frame in scene.frames.items():
            assert overlap(scene.nodes[node.id], frame) == (box in around)


@pytest.mark.parametrize("engine", ["builtin", pytest.param("dot", marks=needs_dot)])
def test_operands_are_left_of_their_consumers(engine):
    view = draw(demo())
    where = rectangles(view, engine)
    assert all(where[e.source].x + where[e.source].width <= where[e.target].x for e in view.edges)


def test_edges_begin_and_end_at_their_cards():
    view = draw(perceptron([3, 4, 4, 1]), fold=None)
    scene = place(view, engine="builtin")
    for edge, curve in zip(view.edges, scene.curves, strict=True):
        source, target = scene.nodes[edge.source], scene.nodes[edge.target]
        assert curve[0] == pytest.approx((source.x + source.width, source.y + source.height / 2))
        assert curve[-1][0] == pytest.approx(target.x)
        assert target.y <= curve[-1][1] <= target.y + target.height
        assert len(curve) % 3 == 1


def test_the_two_edges_of_x_times_x_arrive_at_different_heights():
    x = Value(3.0)
    first, second = place(draw(x * x), engine="builtin").curves
    assert first[-1][1] < second[-1][1]


def test_numbers_have_four_digits_and_titles_have_all():
    svg = draw(Value(1 / 3, name="third") * 2).svg(engine="builtin")
    assert ">0.3333<" in svg
    assert "value 0.3333333333333333" in svg


def test_a_gradient_not_computed_says_so_and_a_note_tells_the_remedy():
    x, y = Value(1.0, name="x"), Value(2.0, name="y")
    out = x * y
    view = draw(out)
    assert "call backward() first" in view.svg(engine="builtin")
    x.grad = 1.0
    assert ">not computed<" in draw(out).svg(engine="builtin")


def test_the_picture_has_no_script_link_style_or_reference():
    svg = draw(demo()).svg(engine="builtin")
    assert not re.search(r"<script|<a\b|href|url\(|<style|\son\w+=|@import", svg)


SMALLEST = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="341.2" height="87" viewBox="0 0 341.2 87" role="img" '
    'aria-label="Computational graph of x: 1 nodes, 0 edges"\n'
    'font-family="system-ui, \'Segoe UI\', \'Helvetica Neue\', Arial, sans-serif" font-size="11" fill="#1f2328">\n'
    '<rect width="100%" height="100%" rx="8" fill="#ffffff"/>\n'
    '<g transform="translate(14 14)">\n'
    '<g data-node="v0" data-kind="leaf">'
    "<title>v0: leaf; x; value 2.0; gradient not computed; output</title>"
    '<rect x="0" y="0" width="84" height="43" rx="6" fill="#eef6fc" stroke="#1f2328" stroke-width="2.5"/>'
    '<rect x="0" y="5" width="4" height="33" fill="#0072b2"/>'
    '<text x="10" y="16" font-size="13" font-weight="700">'
    "<tspan>x</tspan>"
    "</text>"
    '<text x="75" y="16" text-anchor="end" font-size="10" fill="#57606a">output</text>'
    '<text x="10" y="32" fill="#57606a">value</text>'
    '<text x="75" y="32" text-anchor="end" font-family="monospace">2</text>'
    "</g>\n"
    '<text x="0" y="57" fill="#57606a">Gradients are not computed yet: call backward() first.</text>\n'
    "</g>\n"
    "</svg>\n"
)


def test_svg_of_the_smallest_graph():
    assert draw(Value(2.0, name="x")).svg(engine="builtin") == SMALLEST


def test_the_layout_of_four_hundred_nodes_takes_less_than_a_second():
    view = draw(perceptron([5, 8, 8, 1]), fold=None)
    assert 350 < len(view.nodes) < 450
    start = time.process_time()
    view.svg(engine="builtin")
    assert time.process_time() - start < 1.0


def test_a_cycle_and_a_loop_do_not_stop_the_layout():
    sizes = dict.fromkeys("abc", (10.0, 10.0))
    links = [Link("a", "b"), Link("b", "c"), Link("c", "a"), Link("b", "b"), Link("a", "c")]
    assert set(arrange(sizes, links).middles) == set("abc")
    assert arrange({}, []).middles == {}


def test_arrange_untangles_two_crossed_edges():
    sizes = dict.fromkeys("abcd", (10.0, 10.0))
    placed = arrange(sizes, [Link("a", "d"), Link("b", "c")]).middles
    assert (placed["a"][1] < placed["b"][1]) == (placed["d"][1] < placed["c"][1])


# ---------------------------------------------------------------- with and without Graphviz


@pytest.mark.usefixtures("no_dot")
def test_without_dot_everything_but_png_and_pdf_works(tmp_path):
    view = draw(neuron())
    assert view.svg() == view.svg(engine="builtin")
    assert set(view._repr_mimebundle_()) == {"text/html", "image/svg+xml", "text/plain"}
    for suffix in (".dot", ".svg", ".html", ".txt"):
        view.render(tmp_path / f"picture{suffix}")
        assert (tmp_path / f"picture{suffix}").stat().st_size > 100
    for suffix in (".png", ".pdf"):
        with pytest.raises(GraphError, match=r"not on PATH; install Graphviz .* \.svg or \.html"):
            view.render(tmp_path / f"picture{suffix}")
        assert not (tmp_path / f"picture{suffix}").exists()


@pytest.mark.usefixtures("no_dot")
def test_asking_for_dot_without_dot_says_how_to_install_it():
    with pytest.raises(GraphError, match="apt install graphviz"):
        draw(neuron()).svg(engine="dot")


def test_a_broken_dot_never_breaks_a_repr(monkeypatch, tmp_path):
    broken = tmp_path / "dot"
    broken.write_text("#!/bin/sh\necho nonsense >&2; exit 3\n")
    broken.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    view = draw(neuron())
    assert view.svg() == view.svg(engine="builtin")
    with pytest.raises(GraphError, match="dot failed: nonsense"):
        view.svg(engine="dot")


def test_an_unknown_engine_is_refused():
    with pytest.raises(InputError, match="'neato'"):
        draw(neuron()).svg(engine="neato")


@needs_dot
def test_png_and_pdf_are_written_by_dot(tmp_path):
    draw(neuron()).render(tmp_path / "picture.png")
    assert (tmp_path / "picture.png").read_bytes().startswith(b"\x89PNG")
    draw(neuron()).render(tmp_path / "picture.pdf")
    assert (tmp_path / "picture.pdf").read_bytes().startswith(b"%PDF")


@needs_dot
def test_dot_never_sees_a_name():
    x = Value(1.0, name="secret")
    view = draw(in_scope("hidden", lambda v: v * 2, x), fold=None)
    scene = placed_by_dot(view, {node.id: card_of(node, view) for node in view.nodes})
    assert set(scene.nodes) == {node.id for node in view.nodes}


def test_an_unknown_suffix_is_refused_with_the_ones_there_are(tmp_path):
    with pytest.raises(
        InputError, match=r"'\.jpg' is not a format; use one of \.dot, \.svg, \.html, \.txt, \.png, \.pdf"
    ):
        draw(neuron()).render(tmp_path / "picture.jpg")


def test_a_file_is_replaced_whole_and_nothing_is_left_beside_it(tmp_path):
    path = tmp_path / "picture.SVG"
    path.write_text("old")
    draw(neuron()).render(path, engine="builtin")
    assert path.read_text(encoding="utf-8").startswith("<svg ")
    assert [p.name for p in tmp_path.iterdir()] == ["picture.SVG"]


# ---------------------------------------------------------------- HTML and Jupyter


def test_the_page_stands_alone_and_runs_nothing():
    page = draw(neuron()).html(engine="builtin")
    assert "default-src 'none'" in page
    assert not re.search(r"<script|<link|src=|href|url\(|@import|\sstyle=", page)
    assert page.count("<tr>") == 1 + len(draw(neuron()).nodes)


def test_the_bundle_is_an_image_that_survives_untrusted_notebooks():
    bundle = draw(neuron())._repr_mimebundle_()
    data = re.search(
        r'<img src="data:image/svg\+xml;base64,([^"]+)" alt="Computational graph of out">', bundle["text/html"]
    )
    assert base64.b64decode(data[1]).decode() == bundle["image/svg+xml"]
    assert "<svg" not in bundle["text/html"]
    assert bundle["text/plain"] == draw(neuron()).text


def test_the_same_bytes_for_every_hash_seed():
    program = (
        "import sys; sys.path.insert(0, 'tests')\n"
        "from test_view import perceptron, chain\n"
        "from test_view_renderers import demo\n"
        "from autograd_lite.view import draw\n"
        "import hashlib\n"
        "for value in (demo(), perceptron([3, 4, 4, 1]), perceptron([4, 12, 12, 1]), chain(3000)):\n"
        "    for fold in ('auto', 1, 2):\n"
        "        view = draw(value, fold=fold)\n"
        "        text = view.svg(engine='builtin') + view.source + view.text + view.html(engine='builtin')\n"
        "        print(hashlib.sha256(text.encode()).hexdigest())\n"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": "."},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(outputs) == 1


# ---------------------------------------------------------------- labels


def test_figures_are_short():
    numbers = [0.0, 1.0, -0.5, 123.456, 1234.5678, 99999.0, 1e7, 1e-5, float("inf"), float("nan")]
    assert [figure(n) for n in numbers] == ["0", "1", "-0.5", "123.5", "1235", "99999", "1e+07", "1e-05", "inf", "nan"]


def test_long_names_are_cut_by_columns():
    assert short("重" * 30, 10) == "重重重重…"
    assert short("abc", 10) == "abc"
