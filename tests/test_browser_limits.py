"""Where numbers end: steps that floats cannot make, seeds, domains, broken documents, names without room, paper."""

import json
import math
import subprocess

import pytest
from browser import find_chromium, missing
from pages import opened, reading
from stories import small_story

import nn
from autograd_lite import Value, ieee, step
from autograd_lite.stepper.document import document_of, to_json
from autograd_lite.stepper.page import document_to_html
from autograd_lite.stepper.player import Player
from autograd_lite.view.labels import figure


def square(seed=1.0):
    return (Value(3.0, name="x") ** 2).step(seed=seed).story


def layers():
    inputs = [Value(number, name=name) for number, name in ((0.5, "x0"), (-1.0, "x1"), (2.0, "x2"))]
    return step(nn.MLP(3, [4, 4, 1], rng=1)(inputs), title="layers").story


def named_oddly():
    """Returns a story with a piece of a long name, and one whose name is only what is left of one."""
    document = document_of(layers())
    pieces = document["graphs"][0]["pieces"]
    pieces[1][0], pieces[2][0] = "3 × ((sum of x*x + w)/128 + 1e-05)**0.5", "…"
    return document


def imagine(reader, number, name="x"):
    """Gives a leaf another number."""
    reader.select(name)
    field = reader.page.locator(".al-whatif .al-field")
    field.fill(number)
    field.press("Enter")


def facts(reader, where=".al-whatif .al-facts >> nth=0"):
    """Returns labels and what they say."""
    box = reader.page.locator(where)
    return dict(zip(box.locator("dt").all_inner_texts(), box.locator("dd").all_inner_texts(), strict=True))


# ---------------------------------------------------------------- nudging


@pytest.mark.parametrize("x", [1e17, -1e17, 3e15, 1e-300, 1.7e308, 0.1])
def test_a_nudge_divides_by_the_step_that_floats_make(browser, tmp_path, x):
    story = step(lambda x: x * 0.5, x).story
    with reading(browser, tmp_path, story) as reader:
        reader.select("x")
        for h in ("1e-1", "1e-3", "1e-6"):
            reader.page.get_by_label("h", exact=True).select_option(h)
            quotient, slope, _ = (float(text) for text in reader.page.locator(".al-nudge dd").all_inner_texts())
            assert quotient == pytest.approx(0.5, rel=1e-6)
            assert slope == 0.5
        assert ("× |x|" in reader.page.inner_text(".al-nudge-title")) == (abs(x) > 1)


def test_a_nudge_says_where_its_change_is_rounded_away_or_no_step_is_there(browser, tmp_path):
    with reading(browser, tmp_path, step(lambda x: x + 1e20, 1.0).story) as reader:
        reader.select("x")
        assert "rounded away" in reader.page.inner_text(".al-remark")
    with ieee():
        story = step(lambda x: x + 1.0, math.inf).story
    with reading(browser, tmp_path, story) as reader:
        reader.select("x")
        assert "no step from inf" in reader.page.inner_text(".al-remark")


# ---------------------------------------------------------------- seeds


@pytest.mark.parametrize("seed", [2.0, 0.0, -0.5, math.nan, math.inf])
def test_a_prediction_is_per_unit_of_the_root_whatever_the_seed(browser, tmp_path, seed):
    with reading(browser, tmp_path, square(seed)) as reader:
        imagine(reader, "3.5")
        told = facts(reader)
        assert (told["L after"], told["true change"], told["linear: slope × h"]) == ("12.25", "+3.25", "+3")
        text = f"without the seed {figure(seed)}"
        assert text in reader.page.inner_text(".al-seeded")
        assert facts(reader, ".al-nudge .al-facts")[f"dL/dx, {text}"] == "6"


def test_with_a_seed_of_1_no_seed_is_spoken_of(browser, tmp_path):
    with reading(browser, tmp_path, square()) as reader:
        imagine(reader, "3.5")
        assert facts(reader)["linear: gradient × h"] == "+3"
        assert not reader.page.is_visible(".al-seeded")
        assert "seed" not in reader.page.inner_text(".al-whatif")


# ---------------------------------------------------------------- domains

OUTSIDE = {
    "log": (lambda x: x.log(), 2.0, "0", "log needs x > 0"),
    "div": (lambda x: 1 / x, 2.0, "0", "div needs x != 0"),
    "log1p": (lambda x: x.log1p(), 2.0, "-1", "log1p needs x > -1"),
    "pow": (lambda x: x**-2, 2.0, "0", "pow needs x > 0 or (x == 0 and -2 >= 0) or (x < 0 and -2 == floor(-2))"),
    "floor": (lambda x: x.floor() * x, 2.0, "1e999", "floor needs -inf < x < inf"),
    "arctanh": (lambda x: x.arctanh() + 1, 0.5, "2", "arctanh needs -1 < x < 1"),
}


@pytest.mark.parametrize("case", OUTSIDE.values(), ids=OUTSIDE)
def test_outside_a_domain_there_is_no_number_but_what_the_rule_needs(browser, tmp_path, case):
    function, x, typed, needs = case
    with ieee():
        story = step(function, x).story
    root = story.chapters[0].root
    with reading(browser, tmp_path, story) as reader:
        imagine(reader, typed)
        assert f"undefined here ({needs})" in reader.page.inner_text(".al-reasons")
        assert facts(reader)["L after"] == facts(reader)["difference"] == "undefined"
        card = reader.page.locator(f".al-card[data-node=v{root}] .al-value")
        assert card.text_content() == "undefined"
        assert "nan" not in reader.page.inner_text(".al-outline")
        reader.click("Reset")
        assert reader.page.inner_text(".al-reasons") == ""


def test_a_remedy_is_told_with_the_domain(browser, tmp_path):
    with reading(browser, tmp_path, step(lambda x: x.log2(), 2.0).story) as reader:
        imagine(reader, "-1")
        assert "Keep the operand above 0: add a small constant." in reader.page.inner_text(".al-reasons")


@pytest.mark.parametrize("x", [1e308, -8e307, math.inf, math.nan])
def test_far_out_there_is_a_field_and_no_slider(browser, tmp_path, x):
    with ieee():
        story = step(lambda x, y: x * y, x, 2.0).story
    with reading(browser, tmp_path, story) as reader:
        reader.select("x")
        slider = reader.page.locator(".al-whatif .al-slider")
        assert not slider.is_visible()
        imagine(reader, "3")
        assert facts(reader)["L after"] == "6"
        reader.select("y")
        assert slider.is_visible()
        ends = slider.evaluate("(slider) => [slider.min, slider.max, slider.step].map(Number)")
        assert all(map(math.isfinite, ends))


# ---------------------------------------------------------------- what is imagined, and what is recorded


def test_while_numbers_are_imagined_the_ledger_adds_them_up_and_the_step_says_it_does_not(browser, tmp_path):
    def formula(x):
        return x * x + x.exp()

    story, other = step(formula, 2.0).story, Player(step(formula, 0.5).story).last()
    with reading(browser, tmp_path, story) as reader:
        reader.press("End")
        assert not reader.page.is_visible(".al-recorded")
        imagine(reader, "0.5")
        assert reader.page.is_visible(".al-recorded")
        assert "imagined" in reader.page.inner_text(".al-ledger .al-heading-note")
        ledger = other.ledger(0)
        shown = reader.page.locator(".al-ledger tbody td:last-child").all_inner_texts()
        assert shown == [figure(event.local * event.upstream) for _, event in ledger.entries]
        assert reader.page.inner_text(".al-ledger .al-sum td") == figure(ledger.gradient)
        reader.page.focus(".autograd-lite")
        reader.press("Home")  # all of it is there at once
        imagine(reader, "0.5")
        assert reader.page.inner_text(".al-ledger .al-sum td") == figure(ledger.gradient)
        reader.click("Reset")
        assert not reader.page.is_visible(".al-recorded")


def test_the_badge_covers_no_card_and_moves_nothing(browser, tmp_path):
    with reading(browser, tmp_path, square()) as reader:
        reader.select("x")
        before = reader.page.locator(".al-picture-host").bounding_box()
        imagine(reader, "0.5")
        after = reader.page.locator(".al-picture-host").bounding_box()
        badge = reader.page.locator(".al-badge").bounding_box()
        assert badge["y"] + badge["height"] <= after["y"]
        assert (abs(after["x"] - before["x"]) <= 2, abs(after["y"] - before["y"]) <= 2) == (True, True)


def test_a_leaf_changed_after_the_forward_pass_is_told_first_and_nothing_is_imagined(browser, tmp_path):
    document = document_of(square())
    found = {"kind": "changed", "sentence": "x is 5 by now.", "lines": [0]}
    other = {"kind": "saturated", "sentence": "flat.", "lines": [1]}
    document["chapters"][0]["findings"] = [other, found]
    document["chapters"][0]["imagine"] = False
    with written(browser, tmp_path, document) as reader:
        first = reader.page.locator(".al-side .al-panel:visible").first
        assert "x is 5 by now." in first.inner_text()
        assert "x is 5" not in reader.page.inner_text(".al-findings")
        reader.select("x")
        assert "changed after the forward pass" in reader.page.inner_text(".al-whatif")
        assert not reader.page.is_visible(".al-whatif .al-field")


# ---------------------------------------------------------------- broken documents


def written(browser, folder, document, **options):
    path = folder / "document.html"
    path.write_text(document_to_html(json.dumps(document), title="a document"), encoding="utf-8")
    return opened(browser, path, **options)


def change(path, value):
    """Returns what puts a value at a place of a document; None takes away what is there."""

    def act(document):
        *way, last = path
        for key in way:
            document = document[key]
        if value is None:
            del document[last]
        else:
            document[last] = value

    return act


BROKEN = {
    "no phrases": (change(["phrases"], None), "phrases"),
    "a phrase is missing": (change(["phrases", "back"], None), "phrases.back"),
    "no events": (change(["chapters", 0, "events"], None), "chapters[0].events"),
    "no chapters": (change(["chapters"], []), "chapters"),
    "no rules": (change(["rules"], None), "rules"),
    "an operand out of order": (change(["graphs", 0, "operands", 0], 7), "operands[0]"),
    "an operand too many": (lambda document: document["graphs"][0]["operands"].append(0), "operands"),
    "a root out of range": (change(["graphs", 0, "root"], 10**6), "root"),
    "a piece in itself": (change(["graphs", 0, "pieces", 0, 1], 0), "pieces[0]"),
    "pieces in a circle": (change(["graphs", 0, "pieces", 1, 1], 2), "pieces[1]"),
    "a home that is not there": (change(["graphs", 0, "home", 0], 99), "home[0]"),
    "another rule": (change(["graphs", 0, "rules", 0], 99), "rules[0]"),
    "a formula of another kind": (change(["rules", 0, "value"], ["eval", "x"]), "rules[0]"),
    "a function that is not there": (change(["rules", 0, "value"], ["call", "constructor", "x"]), "constructor"),
    "a number that is none": (change(["chapters", 0, "numbers", 1], {}), "numbers[1]"),
    "a finding nowhere": (
        change(["chapters", 0, "findings"], [{"kind": "a", "sentence": "b", "lines": [-1]}]),
        "findings",
    ),
    "an event of no kind": (change(["chapters", 0, "events"], [["x", 0]]), "events[0]"),
    "a graph that is not there": (change(["chapters", 0, "graph"], 5), "graph"),
}


@pytest.mark.parametrize("case", BROKEN.values(), ids=BROKEN)
def test_a_broken_document_is_complained_about_where_it_would_be_shown(browser, tmp_path, case):
    spoil, where = case
    document = document_of(layers())
    spoil(document)
    path = tmp_path / "broken.html"
    path.write_text(document_to_html(json.dumps(document), title="broken"), encoding="utf-8")
    context = browser.new_context()
    try:
        page, errors = context.new_page(), []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(path.as_uri())
        complaint = page.locator(".al-complaint")
        complaint.wait_for(timeout=3_000)
        assert where in complaint.inner_text()
        assert page.locator(".al-shell").count() == 0
        assert errors == []
    finally:
        context.close()


def test_every_kind_of_story_is_found_sound(browser, tmp_path):
    for story in (square(), layers(), small_story(steps=2)[0]):
        with reading(browser, tmp_path, story) as reader:
            assert reader.page.locator(".al-shell").count() == 1


# ---------------------------------------------------------------- names, pieces, focus


def test_a_long_name_of_a_piece_is_cut_in_its_middle_and_whole_on_hover_and_in_the_outline(browser, tmp_path):
    with written(browser, tmp_path, named_oddly()) as reader:
        reader.click("Close all")
        reader.page.locator(".al-toggle[aria-label^='open mlp']").click()
        full = "3 × ((sum of x*x + w)/128 + 1e-05)**0.5"
        card = reader.page.locator(".al-card[data-node=s1]")
        shown = card.locator(".al-name").text_content()
        assert (shown[:5], shown[-6:], "…" in shown) == (full[:5], full[-6:], True)
        assert card.locator("title").text_content() == full
        assert full in reader.page.inner_text(".al-outline")
        names = reader.page.locator(".al-outline tbody :is(.al-link, .al-box-name)").all_inner_texts()
        assert "…" not in names


@pytest.mark.parametrize("width", [1280, 420])
def test_every_row_of_the_outline_can_be_read(browser, tmp_path, width):
    document = named_oddly()
    for piece in document["graphs"][0]["pieces"][3:]:
        piece[0] = f"{piece[0]}: relu of sum of w*x + b, and so on and so forth"
    with written(browser, tmp_path, document, viewport={"width": width, "height": 800}) as reader:
        hidden = """() => [...document.querySelectorAll(".al-outline tbody .al-link")].filter((link) => {
          const [box, cell] = [link, link.closest("th")].map((each) => each.getBoundingClientRect());
          return box.right > cell.right + 1;
        }).map((link) => link.textContent)"""
        assert reader.evaluate(hidden) == []


def test_a_closed_piece_shows_the_number_that_it_hands_on_live(browser, tmp_path):
    story = layers()
    chapter = story.chapters[0]
    with reading(browser, tmp_path, story) as reader:
        reader.click("Close all")
        reader.press("Home")
        card = reader.page.locator(".al-card[data-node=s0] .al-out")
        assert card.text_content() == "out – grad –"
        reader.click("Follow")
        reader.press("s")
        root = chapter.tape.lines[chapter.root].data
        assert card.text_content() == f"out {root:.3g} grad 1"
        row = reader.page.locator(".al-outline tbody tr", has_text="mlp").first.locator("td")
        assert row.nth(1).inner_text() == figure(root)
        reader.press("End")
        reader.page.locator(".al-toggle[aria-label^='open mlp']").click()
        several = reader.page.locator(".al-card[data-node=s1] .al-out")  # a layer of four neurons
        assert several.text_content() == ""
        reader.page.locator(".al-toggle[aria-label^='open layer0']").click()
        shown = reader.page.locator(".al-card.al-piece .al-out").all_text_contents()
        assert sum(text.startswith("out ") for text in shown) == 5  # its neurons, and the last layer


def test_a_focus_hides_what_is_far_by_button_and_by_key_and_escape_leaves_it(browser, tmp_path):
    with reading(browser, tmp_path, layers()) as reader:
        reader.click("Open all")
        everything = len(reader.rows)
        button = reader.page.get_by_role("button", name="Focus", exact=True)
        assert button.get_attribute("aria-disabled") == "true"
        button.click(force=True)
        assert len(reader.rows) == everything
        reader.select("x1")
        button.click()
        assert len(reader.rows) < everything
        assert "what is later" in reader.page.inner_text(".al-outline")
        assert button.get_attribute("aria-pressed") == "true"
        reader.page.focus(".autograd-lite")
        reader.press(".")
        assert len(reader.rows) == everything
        reader.press(".")
        assert len(reader.rows) < everything
        reader.press("ArrowRight", "ArrowRight", "Escape")
        assert button.get_attribute("aria-pressed") == "false"
        assert len(reader.rows) == everything


# ---------------------------------------------------------------- source, paper, high contrast


def test_a_window_of_source_neither_begins_nor_ends_with_blank_lines(tmp_path, monkeypatch):
    path = tmp_path / "last_in_its_file.py"
    path.write_text("\n\n\ndef last(x):\n    return x * x\n\n\n\n", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    from last_in_its_file import last

    (graph,) = document_of(step(last, 3.0).story)["graphs"]
    (source,) = graph["sources"]
    assert source["text"] == ("def last(x):", "    return x * x")
    assert source["first"] == 4
    assert graph["spots"][0][1] == 5


def test_a_neuron_fits_on_one_sheet_of_paper(tmp_path):
    path = find_chromium()
    if path is None:
        missing("no Chromium in the usual places")

    def neuron(w, x, b):
        return (w * x + b).tanh()

    story = step(neuron, 0.5, 2.0, b=-1.0).story
    page, pdf = tmp_path / "neuron.html", tmp_path / "neuron.pdf"
    page.write_text(document_to_html(to_json(story), title="neuron", position=len(story)), encoding="utf-8")
    # the printer's paper is the reader's: this is Letter, which is 18 mm lower than A4
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer"]
    command = [path, *options, f"--print-to-pdf={pdf}", page.as_uri()]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    assert pdf.read_bytes().count(b"/Type /Page\n") == 1


def test_a_page_of_paper_is_a4_too_and_says_what_is_imagined(browser, tmp_path):
    story = step(lambda w, x, b: (w * x + b).tanh(), 0.5, 2.0, -1.0).story
    with reading(browser, tmp_path, story) as reader:
        reader.press("End")
        imagine(reader, "0.25")
        assert reader.page.pdf(format="A4").count(b"/Type /Page\n") == 1
        reader.page.emulate_media(media="print")
        assert reader.page.is_visible(".al-badge")
        assert not reader.page.is_visible(".al-graph-bar .al-find")


def test_in_forced_colours_what_is_chosen_and_what_happens_still_stand_out(browser, tmp_path):
    with reading(browser, tmp_path, square(), forced_colors="active") as reader:
        reader.press("End")
        reader.select("x")
        look = "([selector, what]) => getComputedStyle(document.querySelector(selector))[what]"
        ring = reader.evaluate(look, ["[data-selected] > .al-ring", "stroke"])
        assert ring not in ("none", reader.evaluate(look, [".al-body", "stroke"]))
        reader.click("Light or dark")  # a theme that the forced colours are not made for
        reader.page.wait_for_timeout(300)
        fills = [reader.evaluate(look, [f".al-card {part}", "fill"]) for part in (".al-body", ".al-name", ".al-value")]
        assert fills == ["rgb(255, 255, 255)", "rgb(0, 0, 0)", "rgb(0, 0, 0)"]
