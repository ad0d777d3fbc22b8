"""Everybody can use the stepper: axe-core finds nothing wrong, in both themes, and the keyboard alone is enough."""

import pytest
from browser import missing
from pages import opened, reading

import nn
from autograd_lite import Value, draw, laboratory, step, worksheet

try:
    from axe_playwright_python.sync_playwright import Axe
except ImportError:
    Axe = None


def model():
    """Returns a story with pieces, findings, source lines and a gradient from before."""
    inputs = [Value(number, name=name) for number, name in ((0.5, "x"), (-1.0, "y"))]
    inputs[0].grad = 0.5
    layers = nn.MLP(2, [3, 1], rng=1)
    return step(lambda: (layers(inputs) - 1.0).relu() ** 2, title="A small net").story


@pytest.fixture(scope="module")
def training():
    points, labels = [[0.0, 0.5], [1.0, -0.5], [0.5, 1.0]], [1, -1, 1]
    return nn.step_training(nn.MLP(2, [2, 1], rng=1), points, labels, epochs=1, rng=1).story


def backward(reader):
    reader.press("b", "ArrowRight", "ArrowRight")


def closed(reader):
    reader.click("Close all")


def what_if(reader):
    reader.press("End")
    reader.select("x")
    reader.page.locator(".al-whatif .al-field").fill("0.25")
    reader.page.locator(".al-whatif .al-field").press("Enter")
    assert reader.page.is_visible(".al-badge")


def focus(reader):
    reader.select("x")
    reader.press(".")
    assert "hidden by the focus" in reader.page.inner_text(".al-outline")


def question(reader):
    reader.click("Predict")
    reader.press("ArrowRight", "ArrowRight")
    assert reader.page.is_visible(".al-question")


def verdict(reader):
    question(reader)
    reader.click("zero")
    assert reader.page.inner_text(".al-verdict")


def finding(reader):
    reader.press("/")
    reader.page.keyboard.type("neuron")
    assert reader.page.is_visible(".al-results button")


def helping(reader):
    reader.press("?")
    assert reader.page.is_visible("dialog[open]")


MOMENTS = {
    "start": lambda reader: None,
    "closed": closed,
    "backward": backward,
    "what if": what_if,
    "focus": focus,
    "question": question,
    "verdict": verdict,
    "finding": finding,
    "help": helping,
}


def violations(reader):
    """Returns what axe-core finds, each with the elements concerned."""
    if Axe is None:
        missing("axe-playwright-python is not installed")
    answer = Axe().run(reader.page).response
    assert len(answer["passes"]) > 10  # it has looked
    return [(each["id"], [node["html"][:160] for node in each["nodes"]]) for each in answer["violations"]]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_wrong_with_the_stepper_at_any_moment(browser, tmp_path, theme):
    story = model()
    for moment, get_there in MOMENTS.items():
        with reading(browser, tmp_path, story, color_scheme=theme) as reader:
            get_there(reader)
            assert violations(reader) == [], moment


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_wrong_with_a_training_run(browser, tmp_path, theme, training):
    with reading(browser, tmp_path, training, color_scheme=theme) as reader:
        reader.press("u")
        assert violations(reader) == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_wrong_with_the_laboratory(browser, tmp_path, theme):
    path = tmp_path / "lab.html"
    laboratory().to_html(path)
    with opened(browser, path, color_scheme=theme) as reader:
        assert violations(reader) == []
        reader.page.get_by_role("radio").last.check()
        reader.page.focus(".autograd-lite")
        reader.press("ArrowRight")
        assert violations(reader) == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_wrong_on_a_narrow_screen(browser, tmp_path, theme):
    size = {"width": 420, "height": 800}
    with reading(browser, tmp_path, model(), color_scheme=theme, viewport=size) as reader:
        backward(reader)
        assert violations(reader) == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_wrong_with_pages_that_do_not_move(browser, tmp_path, theme):
    w, x = Value(0.5, name="w"), Value(2.0, name="x")
    value = (w * x).tanh()
    worksheet(value, title="A product").to_html(tmp_path / "sheet.html")
    (tmp_path / "graph.html").write_text(draw(value).html(), encoding="utf-8")
    for name in ("sheet.html", "graph.html"):
        with opened(browser, tmp_path / name, color_scheme=theme) as reader:
            assert violations(reader) == [], name


# ---------------------------------------------------------------- the keyboard alone

_FOCUS = """() => {
  const element = document.activeElement;
  if (!element || element === document.body) return null;
  const style = getComputedStyle(element);
  const box = element.getBoundingClientRect();
  const ring = [style, getComputedStyle(element.querySelector("rect") ?? element)].some((each) =>
    (each.outlineStyle !== "none" && parseFloat(each.outlineWidth) >= 1) || each.boxShadow !== "none");
  const middle = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
  element.dataset.seen ??= String(++window.visited);
  return {
    number: element.dataset.seen,
    what: `${element.tagName.toLowerCase()} ${element.getAttribute("aria-label") ?? element.textContent.slice(0, 30)}`,
    ring: ring || element.matches(".autograd-lite") || getComputedStyle(element, "::after").outlineStyle !== "none",
    inSight: box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
    size: [box.width, box.height],
  };
}"""
_OPERABLE = """() => [...document.querySelectorAll(
    "button, input, select, summary, textarea, [tabindex='0'], [role=button]")].filter((element) =>
  element.checkVisibility() && !element.closest("dialog") && !element.dataset.seen && element.tabIndex >= 0
).map((element) => element.outerHTML.slice(0, 120))"""


def walk(reader, key="Tab", most=400):
    """Presses Tab until the focus leaves the page or is where it has been; returns where it was."""
    reader.evaluate("() => { window.visited = 0; document.body.tabIndex = -1; document.body.focus(); }")
    been = []
    for _ in range(most):
        reader.press(key)
        here = reader.evaluate(_FOCUS)
        if here is None or here["number"] in {each["number"] for each in been}:
            return been
        been.append(here)
    raise AssertionError(f"Tab never leaves the page; it was last at {been[-5:]}")


def test_tab_reaches_everything_that_can_be_operated_shows_where_it_is_and_is_never_caught(browser, tmp_path):
    with reading(browser, tmp_path, model()) as reader:
        reader.press("End")
        reader.select("x")
        been = walk(reader)
        assert reader.evaluate(_OPERABLE) == []
        assert [each["what"] for each in been if not each["ring"]] == []
        assert [each["what"] for each in been if not each["inSight"]] == []


def test_tab_backwards_reaches_as_much(browser, tmp_path):
    with reading(browser, tmp_path, model()) as reader:
        forwards = len(walk(reader))
        reader.evaluate("() => document.querySelectorAll('[data-seen]').forEach((each) => delete each.dataset.seen)")
        assert abs(len(walk(reader, "Shift+Tab")) - forwards) <= 1


def test_targets_are_at_least_24_pixels(browser, tmp_path):
    with reading(browser, tmp_path, model()) as reader:
        reader.press("End")
        small = reader.evaluate("""() => [...document.querySelectorAll("button, input, select, summary, [role=button]")]
          .filter((element) => element.checkVisibility())
          .map((element) => [element.getBoundingClientRect(), element.outerHTML.slice(0, 120)])
          .filter(([box]) => Math.min(box.width, box.height) < 23.5)
          .map(([box, html]) => `${Math.round(box.width)} x ${Math.round(box.height)} ${html}`)""")
        assert small == []


def test_the_focus_stays_in_the_help_while_it_is_open(browser, tmp_path):
    with reading(browser, tmp_path, model()) as reader:
        reader.press("?")
        for _ in range(6):
            reader.press("Tab")
            assert reader.evaluate(
                "() => document.activeElement === document.body || !!document.activeElement.closest('dialog')"
            )
        reader.press("Escape")
        assert reader.evaluate("() => document.activeElement.matches('.autograd-lite')")


def test_the_stepper_says_by_itself_what_happens(browser, tmp_path):
    with reading(browser, tmp_path, model()) as reader:
        reader.press("ArrowRight")
        assert reader.page.locator("[aria-live=polite].al-hidden").text_content() == reader.sentence
        assert reader.page.locator("h1").count() == 1
        assert reader.page.locator("[role=toolbar]").count() == 1
