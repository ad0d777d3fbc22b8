"""The exported page in a browser: every number is the engine's wherever one goes, and nothing else gets in or out."""

import inspect
import json
import math
import os
import random
import re
import subprocess
import sys

import pytest
from pages import cards_at, close, opened, reading, rows_at
from stories import HOSTILE, hostile, small_story

import nn
from autograd_lite import Value, laboratory, step, where
from autograd_lite.markup import printable
from autograd_lite.stepper.chapter import chapter_of
from autograd_lite.stepper.findings import findings
from autograd_lite.stepper.player import Player
from autograd_lite.stepper.story import Story
from autograd_lite.stepper.telling import Teller, telling
from autograd_lite.view.labels import figure


def neuron(w, x, b):
    return (w * x + b).tanh()


def shared():
    """Returns a story with fan-out, a repeated operand, constants, and a gradient from before."""
    a, b = Value(-1.5, name="a"), Value(0.75, name="b")
    c = a * b
    c.name = "c"
    b.grad = 0.125
    d = c * c + 2.0 * a
    return Story((chapter_of(where(True, d.sin(), b) / (1.0 + c), title="shared", accumulate=True),), title="shared")


def layers():
    """Returns a story whose pieces are folded at first."""
    inputs = [Value(number, name=name) for number, name in ((0.5, "x0"), (-1.0, "x1"), (2.0, "x2"))]
    return step(nn.MLP(3, [4, 4, 1], rng=1)(inputs), title="layers").story


@pytest.fixture(scope="module")
def training():
    """A small net that learns a line between two classes, one sample a step."""
    rng = random.Random(1)
    points = [[rng.uniform(-1, 1), rng.uniform(-1, 1)] for _ in range(6)]
    labels = [1 if x > y else -1 for x, y in points]
    return nn.step_training(nn.MLP(2, [2, 1], rng=1), points, labels, epochs=2, samples=[0, 3], rng=1).story


# ---------------------------------------------------------------- going forward and back

STORIES = {"shared": shared, "training": lambda: small_story(steps=2)[0]}


@pytest.mark.parametrize("way", ["button", "key"])
@pytest.mark.parametrize("story", STORIES.values(), ids=STORIES)
def test_every_number_is_the_engines_all_the_way_to_the_end_and_back(browser, tmp_path, story, way):
    story = story()
    with reading(browser, tmp_path, story) as reader:
        forward = (lambda: reader.click("Next event")) if way == "button" else (lambda: reader.press("ArrowRight"))
        back = (lambda: reader.click("Previous event")) if way == "button" else (lambda: reader.press("ArrowLeft"))
        assert "Nothing has happened yet" in reader.sentence
        for position in range(1, len(story) + 1):
            forward()
            assert reader.count == f"{position} of {len(story)}"
            assert reader.sentence == telling(story, position - 1).sentence
            assert sorted(reader.rows) == sorted(rows_at(story, position))
            assert sorted(reader.cards) == sorted(cards_at(story, position))
        reader.press("ArrowRight")
        assert reader.position == len(story)
        for position in reversed(range(len(story))):
            back()
            assert sorted(reader.rows) == sorted(rows_at(story, position))
        assert reader.position == 0


KEYS = {
    "ArrowRight": Player.forward,
    "ArrowLeft": Player.back,
    "Home": Player.first,
    "End": Player.last,
    "PageDown": Player.next_phase,
    "PageUp": Player.previous_phase,
    "f": lambda player: player.to_phase("forward"),
    "s": lambda player: player.to_phase("seed"),
    "b": lambda player: player.to_phase("backward"),
    "u": lambda player: player.to_phase("update"),
    "n": lambda player: player.next_of(0),
    "p": lambda player: player.previous_of(0),
}


def test_keys_pressed_at_random_go_where_they_lead_the_python_player(browser, tmp_path):
    story, rng = small_story(steps=3)[0], random.Random(1)
    player = Player(story)
    name = Teller(player.chapter).names[0]
    with reading(browser, tmp_path, story) as reader:
        reader.select(name)
        for _ in range(120):
            key = rng.choice([*KEYS])
            reader.press(key)
            KEYS[key](player)
            assert reader.position == player.position, key
        assert reader.selected == name


def test_the_slider_goes_where_it_is_dragged(browser, tmp_path):
    story = shared()
    with reading(browser, tmp_path, story) as reader:
        box = reader.page.locator(".al-slider-track input").bounding_box()
        middle = box["y"] + box["height"] / 2
        reader.page.mouse.move(box["x"] + 8, middle)
        reader.page.mouse.down()
        for part in (0.2, 0.7, 0.5):
            reader.page.mouse.move(box["x"] + part * box["width"], middle)
            assert abs(reader.position - part * len(story)) <= 1
            assert sorted(reader.rows) == sorted(rows_at(story, reader.position))
        reader.page.mouse.up()
        there = reader.position
        reader.press("ArrowRight")  # the slider has the focus now, and its own arrows
        assert reader.position == there + 1
        said = reader.page.get_attribute(".al-slider-track input", "aria-valuetext")
        assert said == f"{there + 1} of {len(story)}, {Player(story).go(there + 1).phase.name}"


def test_space_plays_to_the_end_quietly_and_space_again_pauses(browser, tmp_path):
    story = shared()
    with reading(browser, tmp_path, story) as reader:
        reader.page.get_by_label("Speed").select_option("30")
        reader.page.focus(".autograd-lite")
        reader.evaluate("""() => {
          window.spoken = [];
          const status = document.querySelector("[aria-live=polite].al-hidden");
          const listen = new MutationObserver(() => spoken.push(status.textContent));
          listen.observe(status, { childList: true, subtree: true });
        }""")
        reader.press(" ")
        reader.page.wait_for_function("() => parseInt(document.querySelector('.al-count').textContent) > 2")
        reader.press(" ")
        there = reader.position
        assert reader.evaluate("() => spoken") == [telling(story, there - 1).sentence]
        reader.page.wait_for_timeout(120)
        assert reader.position == there
        reader.press(" ")
        reader.page.wait_for_function(
            f"() => document.querySelector('.al-count').textContent.startsWith('{len(story)} ')"
        )
        reader.page.get_by_role("button", name="Play", exact=True).wait_for()
        assert sorted(reader.rows) == sorted(rows_at(story, len(story)))


def test_keys_with_ctrl_alt_or_meta_and_keys_in_a_field_are_not_taken(browser, tmp_path):
    with reading(browser, tmp_path, shared()) as reader:
        reader.press("End")
        there = reader.position
        for key in ("Control+ArrowLeft", "Meta+ArrowLeft", "Control+f", "Alt+b"):
            reader.press(key)
        assert reader.position == there
        reader.press("/")
        reader.page.keyboard.type("fsb")
        assert reader.position == there
        assert reader.page.input_value(".al-find") == "fsb"
        reader.press("Escape")
        reader.page.focus(".autograd-lite")
        reader.press("Home")
        assert reader.position == 0


def test_the_help_lists_every_key_and_gives_the_focus_back(browser, tmp_path):
    with reading(browser, tmp_path, shared()) as reader:
        reader.press("?")
        help_text = reader.page.inner_text("dialog[open]")
        for key in ("→", "Home", "Page down", "Space", "[", "]", "/", "Enter", "z", "Esc", "?"):
            assert key in help_text
        reader.press("ArrowRight")
        assert reader.position == 0  # the dialog has the keys
        reader.press("Escape")
        assert reader.page.query_selector("dialog[open]") is None
        reader.press("ArrowRight")
        assert reader.position == 1


# ---------------------------------------------------------------- folding and finding


def operations(reader):
    """Returns how many cards of operations there are, and of closed pieces."""
    count = reader.page.locator
    return count(".al-card.al-operation").count(), count(".al-card.al-piece").count()


def test_a_piece_opens_and_closes_by_mouse_by_key_and_in_the_outline(browser, tmp_path):
    with reading(browser, tmp_path, layers()) as reader:
        reader.click("Close all")
        assert operations(reader) == (0, 1)
        reader.page.locator(".al-toggle[aria-label^='open mlp']").click()
        assert operations(reader) == (0, 3)
        reader.page.locator(".al-toggle[aria-label^='open layer1']").focus()
        reader.press("Enter")
        assert operations(reader) == (0, 6)
        reader.page.locator(".al-outline").get_by_role("button", name="open neuron2").click()
        inside, closed = operations(reader)
        assert (inside > 3, closed) == (True, 5)
        reader.page.locator(".al-toggle[aria-label='close neuron2']").click()
        assert operations(reader) == (0, 6)
        reader.page.locator(".al-outline").get_by_role("button", name="close mlp").click()
        assert operations(reader) == (0, 1)
        reader.page.locator(".al-card.al-piece").dblclick()
        assert operations(reader) == (0, 6)  # inside, everything is as it was left


def test_brackets_close_what_is_around_the_selection_and_open_it_again(browser, tmp_path):
    with reading(browser, tmp_path, layers()) as reader:
        reader.click("Close all")
        reader.press("/")
        reader.page.keyboard.type("layer1.neuron3.w2")
        reader.press("Enter")
        assert reader.selected == "w2"
        assert reader.page.locator(".al-crumb").all_inner_texts()[:3] == ["mlp", "layer1", "neuron3"]
        reader.page.focus(".autograd-lite")
        before = operations(reader)
        for closed in ("neuron3", "layer1", "mlp"):
            reader.press("[")
            assert reader.selected == closed
        assert operations(reader) == (0, 1)
        reader.press("]")
        assert operations(reader)[1] == 3
        assert before[0] > 3


def test_a_value_is_found_by_its_number_and_by_what_it_does(browser, tmp_path):
    story = layers()
    root = story.chapters[0].root
    with reading(browser, tmp_path, story) as reader:
        reader.click("Close all")
        reader.press("/")
        reader.page.keyboard.type(f"v{root}")
        reader.page.locator(".al-results button").first.click()
        assert reader.selected == Teller(story.chapters[0]).names[root]
        assert reader.page.locator(f".al-card[data-node=v{root}]").is_visible()
        reader.page.fill(".al-find", "relu")
        assert reader.page.locator(".al-results button").count() > 3
        reader.page.fill(".al-find", "no such thing")
        assert reader.page.inner_text(".al-results") == "nothing found"


def test_i_and_o_show_what_a_value_is_made_of_and_what_uses_it(browser, tmp_path):
    with reading(browser, tmp_path, layers()) as reader:
        reader.click("Close all")
        reader.press("/")
        reader.page.keyboard.type("x1")
        reader.press("Enter")
        reader.page.focus(".autograd-lite")
        before = len(reader.rows)
        reader.press("o")  # mlp uses it, and opens
        assert len(reader.rows) > before
        reader.click("Close all")
        reader.page.locator(".al-card.al-piece").click(position={"x": 30, "y": 30})
        reader.page.focus(".autograd-lite")
        reader.press("]")
        assert operations(reader)[1] == 3
        reader.page.locator(".al-card.al-piece").nth(2).click(position={"x": 30, "y": 30})
        reader.page.focus(".autograd-lite")
        before = len(reader.rows)
        reader.press("i")
        assert len(reader.rows) > before


def test_zooming_changes_the_scale_and_z_fits_the_graph_again(browser, tmp_path):
    with reading(browser, tmp_path, shared()) as reader:
        width = lambda: reader.page.locator("svg.al-graph").bounding_box()["width"]  # noqa: E731
        fitted = width()
        reader.click("Zoom in")
        assert width() == pytest.approx(1.3 * fitted, rel=0.02)
        reader.page.focus(".autograd-lite")
        reader.press("z")
        assert width() == pytest.approx(fitted, rel=0.02)


def test_following_opens_what_happens_in_a_folded_graph_and_shows_the_engines_numbers(browser, tmp_path):
    story = layers()
    with reading(browser, tmp_path, story) as reader:
        reader.click("Close all")
        for position in range(1, len(story) + 1, 7):
            for _ in range(position - reader.position):
                reader.press("ArrowRight")
            shown, expected = reader.cards, {card[0]: card for card in cards_at(story, position)}
            assert [card for card in shown if card != expected[card[0]]] == []
            assert f"v{story[position - 1].line}" in {card[0] for card in shown}
            assert reader.sentence == telling(story, position - 1).sentence


# ---------------------------------------------------------------- panels


def test_the_ledger_adds_up_to_the_engines_gradient_and_its_links_lead_to_the_events(browser, tmp_path):
    story = shared()
    player = Player(story).last()
    names = Teller(player.chapter).names
    with reading(browser, tmp_path, story) as reader:
        for line in player.chapter.tape.leaves:
            reader.press("End")
            reader.select(names[line])
            ledger = player.ledger(line)
            assert reader.page.inner_text(".al-ledger .al-sum td") == figure(player.adjoint(line))
            links = reader.page.locator(".al-ledger .al-link")
            assert links.all_inner_texts() == [names[event.line] for _, event in ledger.entries]
            shown = reader.page.locator(".al-ledger tbody td:last-child").all_inner_texts()
            assert shown == [figure(event.local * event.upstream) for _, event in ledger.entries]
            for i, (index, _) in enumerate(ledger.entries):
                reader.press("End")
                links.nth(i).click()
                assert reader.position == index + 1
                assert reader.selected == names[line]
                reader.page.focus(".autograd-lite")


def test_a_gradient_that_was_there_before_is_in_the_ledger(browser, tmp_path):
    with reading(browser, tmp_path, shared()) as reader:
        reader.press("End")
        reader.select("b")
        assert "from earlier passes" in reader.page.inner_text(".al-ledger")
        assert "0.125" in reader.page.inner_text(".al-ledger tfoot")


def test_the_readers_own_line_is_shown_for_every_event(browser, tmp_path):
    lines, first = inspect.getsourcelines(neuron)
    story = step(neuron, 0.5, 2.0, b=-1.0).story
    with reading(browser, tmp_path, story) as reader:
        for _ in range(len(story)):
            reader.press("ArrowRight")
            assert reader.page.inner_text(".al-source .al-current code").rstrip() == lines[1].rstrip()
            assert f"line {first + 1}" in reader.page.inner_text(".al-source .al-heading-note")


def test_findings_are_named_and_lead_to_their_values(browser, tmp_path):
    x, w = Value(-2.0, name="x"), Value(3.0, name="w")
    story = Story((chapter_of((x * w).relu() * 1.0),), title="dead")
    [finding] = findings(story.chapters[0])
    with reading(browser, tmp_path, story) as reader:
        assert finding.sentence in reader.page.inner_text(".al-findings")
        name = Teller(story.chapters[0]).names[finding.lines[0]]
        reader.page.locator(".al-findings .al-chip").first.click()
        assert reader.selected == name


# ---------------------------------------------------------------- what if


def formula(a, b, c):
    return (a * b + c.exp() / b).tanh() * a + c**3


def test_what_if_shows_what_the_engine_computes_to_the_last_digits(browser, tmp_path):
    numbers, rng = {"a": 0.5, "b": -1.25, "c": 0.75}, random.Random(2)
    base = step(formula, **numbers).story
    root = base.chapters[0].root
    with reading(browser, tmp_path, base) as reader:
        reader.press("End")
        for name in numbers:
            reader.select(name)
            for _ in range(3):
                typed = rng.uniform(-2, 2)
                field = reader.page.locator(".al-whatif .al-field")
                field.fill(repr(typed))
                field.press("Enter")
                chapter = step(formula, **{**numbers, name: typed}).story.chapters[0]
                player = Player(Story((chapter,))).last()
                for line, (value, gradient) in enumerate(reader.exact):
                    assert close(value, player.value(line))
                    assert close(gradient, player.adjoint(line))
                assert close(reader.number(".al-whatif dd >> nth=1"), player.value(root))
                assert f"What if {name} = {figure(typed)}" in reader.page.inner_text(".al-badge")
            reader.click("Reset")
            assert sorted(reader.rows) == sorted(rows_at(base, len(base)))


def test_several_leaves_at_once_and_the_linear_prediction_beside_the_true_change(browser, tmp_path):
    numbers, changes = {"a": 0.5, "b": -1.25, "c": 0.75}, {"a": 0.625, "c": 0.5}
    story = step(formula, **numbers).story
    player, root = Player(story).last(), story.chapters[0].root
    lines = {player.chapter.tape.lines[line].name: line for line in player.chapter.tape.leaves}
    with reading(browser, tmp_path, story) as reader:
        for name, number in changes.items():
            reader.select(name)
            reader.page.locator(".al-whatif .al-field").fill(str(number))
            reader.page.locator(".al-whatif .al-field").press("Enter")
        other = step(formula, **{**numbers, **changes}).story.chapters[0]
        change = other.tape.lines[root].data - player.value(root)
        linear = sum((number - numbers[name]) * player.adjoint(lines[name]) for name, number in changes.items())
        shown = [
            text.replace("+", "")
            for text in reader.page.locator(".al-whatif .al-facts").first.locator("dd").all_inner_texts()
        ]
        assert shown == [
            figure(number)
            for number in (player.value(root), other.tape.lines[root].data, change, linear, change - linear)
        ]
        reader.page.focus(".autograd-lite")
        reader.press("Escape")
        assert not reader.page.is_visible(".al-badge")


def test_dragging_a_leaf_moves_every_number_live(browser, tmp_path):
    story = step(formula, 0.5, -1.25, 0.75).story
    with reading(browser, tmp_path, story) as reader:
        reader.press("End")
        reader.select("a")
        slider = reader.page.locator(".al-whatif .al-slider")
        slider.scroll_into_view_if_needed()
        box = slider.bounding_box()
        middle = box["y"] + box["height"] / 2
        reader.page.mouse.move(box["x"] + box["width"] / 2, middle)
        reader.page.mouse.down()
        for part in (0.6, 0.75, 0.3):
            reader.page.mouse.move(box["x"] + part * box["width"], middle)
            dragged = float(slider.input_value())
            player = Player(step(formula, dragged, -1.25, 0.75).story).last()
            for line, (value, gradient) in enumerate(reader.exact):
                assert close(value, player.value(line))
                assert close(gradient, player.adjoint(line))
        reader.page.mouse.up()
        assert dragged < 0


def test_what_is_no_number_is_refused_and_infinite_results_are_shown(browser, tmp_path):
    story = step(lambda a, b: (a / b).log(), 0.5, 2.0).story
    with reading(browser, tmp_path, story) as reader:
        reader.press("End")
        reader.select("b")
        field = reader.page.locator(".al-whatif .al-field")
        field.fill("two")
        field.press("Enter")
        assert field.get_attribute("aria-invalid") == "true"
        message = reader.page.locator(f"#{field.get_attribute('aria-describedby')}")
        assert message.inner_text().startswith("“two” is no number")
        assert not reader.page.is_visible(".al-badge")
        field.fill("0")
        field.press("Enter")
        assert not message.is_visible()
        assert reader.page.is_visible(".al-badge")
        field.fill("-2")
        field.press("Enter")
        assert [row[1] for row in reader.rows][-1] == "undefined"


def test_a_nudge_shows_the_quotient_beside_the_gradient(browser, tmp_path):
    story = step(formula, 0.5, -1.25, 0.75).story
    gradient = Player(story).last().adjoint(0)
    with reading(browser, tmp_path, story) as reader:
        reader.select("a")
        errors = []
        for h in ("1e-1", "1e-3", "1e-5"):
            reader.page.get_by_label("h", exact=True).select_option(h)
            quotient, shown, _ = (float(text) for text in reader.page.locator(".al-nudge dd").all_inner_texts())
            truth = (by_hand(0.5 + float(h)) - by_hand(0.5)) / float(h)
            assert quotient == pytest.approx(truth, rel=1e-6)
            assert shown == pytest.approx(gradient, rel=1e-7)
            errors.append(abs(quotient - gradient))
        assert errors[0] > 10 * errors[1] > 100 * errors[2]


def by_hand(a, b=-1.25, c=0.75):
    return math.tanh(a * b + math.exp(c) / b) * a + c**3


def test_what_if_can_be_seen_when_a_leaf_is_selected(browser, tmp_path):
    with reading(browser, tmp_path, layers(), viewport={"width": 1280, "height": 800}) as reader:
        for position in ("ArrowRight", "End"):
            reader.press(position)
            for name in ("x0", "x1"):
                reader.select(name)
                box = reader.page.locator(".al-whatif .al-facts").first.bounding_box()
                assert box["y"] + box["height"] < 800
        assert reader.evaluate("() => getComputedStyle(document.querySelector('.al-side')).maxHeight") == "none"


# ---------------------------------------------------------------- predicting


def test_a_number_to_be_predicted_is_nowhere_on_the_page_until_it_is_answered(browser, tmp_path):
    story = step(lambda w, x, y: ((w * x).tanh() * y) ** 2, 0.537, 1.291, -1.719).story
    ends = [telling(story, index).after for index in range(len(story))]
    everything = """() => {
      const page = document.documentElement.cloneNode(true);
      page.querySelectorAll("script").forEach((script) => script.remove());
      return page.outerHTML;
    }"""
    with reading(browser, tmp_path, story) as reader:
        reader.click("Predict")
        right = 0
        for position, truth in enumerate(ends, 1):
            if position > 1:  # Predict asks the first question
                reader.press("ArrowRight")
            assert reader.position == position
            assert reader.evaluate("() => document.activeElement.matches('.al-predict .al-field')")
            assert reader.page.inner_text(".al-question")
            if ends.count(truth) == 1 and abs(truth) != 1:
                assert figure(truth) not in reader.evaluate(everything)
                assert repr(truth) not in reader.evaluate(everything)
            if position % 3 == 0:
                wrong = figure(1.3 * truth + 0.1)
                reader.page.keyboard.type(wrong)
                reader.press("Enter")
                assert reader.page.inner_text(".al-verdict") == f"Not quite: you said {wrong}, it is {figure(truth)}."
            elif position % 3 == 1:
                reader.page.fill(".al-predict .al-field", figure(truth))
                reader.press("Enter")
                right += 1
                assert reader.page.inner_text(".al-verdict") == f"Right: {figure(truth)}."
            else:
                reader.click("positive" if truth > 0 else "negative")
                right += 1
            assert f"{right} of {position}" in reader.page.inner_text(".al-score")
            assert sorted(reader.rows) == sorted(rows_at(story, position))


def test_going_on_without_an_answer_reveals_the_number_first(browser, tmp_path):
    story = shared()
    with reading(browser, tmp_path, story) as reader:
        reader.press("t", "ArrowRight")
        assert reader.position == 1
        assert reader.page.inner_text(".al-verdict").startswith("Skipped")
        reader.press("ArrowRight")
        assert reader.position == 2
        reader.press("ArrowRight", "t")
        assert sorted(reader.rows) == sorted(rows_at(story, 2))


# ---------------------------------------------------------------- training


def test_a_training_run_goes_through_an_update_into_the_next_step_and_back(browser, tmp_path, training):
    start = training.starts[1]
    with reading(browser, tmp_path, training) as reader:
        chapter = reader.page.get_by_label("Chapter", exact=True)
        reader.press("u")
        assert reader.sentence.startswith(telling(training, reader.position - 1).sentence)
        cursor = lambda: reader.page.get_attribute(".al-curve-cursor", "x1")  # noqa: E731
        here = cursor()
        while reader.position < start:
            reader.press("ArrowRight")
        shown = {card[0]: card for card in cards_at(training, start)}
        assert [card for card in reader.cards if card != shown[card[0]]] == []
        reader.press("ArrowRight")
        assert chapter.input_value() == "1"
        assert reader.sentence == telling(training, start).sentence
        assert cursor() != here
        reader.press("ArrowLeft")
        assert (chapter.input_value(), cursor()) == ("0", here)
        assert [card for card in reader.cards if card != shown[card[0]]] == []


def test_keys_go_from_chapter_to_chapter_and_no_further(browser, tmp_path, training):
    last = len(training.chapters) - 1
    with reading(browser, tmp_path, training) as reader:
        chapter = reader.page.get_by_label("Chapter", exact=True)
        for _ in range(last):
            reader.press(">")
        there = reader.position
        assert (chapter.input_value(), there) == (str(last), training.starts[last] + 1)
        reader.press(">")
        assert reader.position == there
        reader.press("<")
        assert chapter.input_value() == str(last - 1)
        reader.press("Home")
        reader.page.get_by_label("Speed").select_option("chapter")
        reader.page.focus(".autograd-lite")
        reader.press(" ")
        reader.page.wait_for_function("() => document.querySelector('[aria-label=Chapter]').value === '1'")
        reader.press(" ")
        assert reader.position == training.starts[1] + 1


def test_the_plane_and_the_curves_follow_the_chapter(browser, tmp_path, training):
    with reading(browser, tmp_path, training) as reader:
        picture = lambda: reader.evaluate("() => document.querySelector('canvas.al-plane').toDataURL()")  # noqa: E731
        first = picture()
        reader.page.get_by_label("Chapter", exact=True).select_option(str(len(training.chapters) - 1))
        assert picture() != first
        captions = reader.page.locator(".al-curve + figcaption").all_inner_texts()
        assert captions == [f"{curve.name} {figure(curve.values[-1])}" for curve in training.curves]
        reader.page.locator(".al-curve").first.click(position={"x": 42, "y": 40})
        assert reader.page.get_by_label("Chapter", exact=True).input_value() == "0"
        assert picture() == first


# ---------------------------------------------------------------- the laboratory


def test_the_laboratory_shows_each_mistake_side_by_side_from_the_first_difference(browser, tmp_path):
    path = tmp_path / "lab.html"
    laboratory().to_html(path)
    with opened(browser, path) as reader:
        for mistake in json.loads(laboratory().to_json())["mistakes"]:
            reader.page.get_by_label(mistake["title"], exact=True).check()
            first = mistake["story"]["compare"]["first"]
            said = reader.page.locator(".al-sides dt").all_inner_texts()
            assert [int(re.search(r"(\d+) of", text)[1]) for text in said] == [first[0] + 1, first[1] + 1]
            assert "This is the first event that differs." in reader.page.inner_text(".al-differs")
            assert reader.page.locator(".al-picture svg").count() == 2
            table = reader.page.locator(".al-gradients tbody tr").all_inner_texts()
            differing = [row.split("\t")[0] for row in table if "≠" in row]
            assert differing == [name for name, right, wrong in mistake["gradients"] if right != wrong]
            reader.page.focus(".autograd-lite")
            reader.press("ArrowLeft")
            said = reader.page.locator(".al-sides dt").all_inner_texts()
            assert [int(re.search(r"(\d+) of", text)[1]) for text in said] == first


# ---------------------------------------------------------------- what must not get in or out


FOREIGN = "img, iframe, object, embed, a[href], script[src], [onerror], [onload]"


def test_hostile_names_are_text_and_nothing_else(browser, tmp_path):
    leaves = [Value(float(i), name=name) for i, name in enumerate(HOSTILE, 1)]
    root = sum(leaf * leaf for leaf in leaves)
    story = Story((chapter_of(root, title="</script>"),), title="<img src=x onerror=alert(1)>")
    with reading(browser, tmp_path, story) as reader:
        reader.press("End")
        reader.click("Open all")
        assert reader.page.text_content("h1") == story.title
        assert sorted(reader.rows) == sorted(rows_at(story, len(story)))
        assert reader.page.locator(FOREIGN).count() == 0
        assert reader.evaluate("() => [...document.scripts].map((script) => script.type)") == [
            "application/json",
            "module",
        ]


@pytest.mark.parametrize(
    "name", ["</script><img src=x onerror=alert(1)>", "javascript:alert(1)", "\u202e🙂\x00'\"`${x}"]
)
def test_hostile_titles_and_scopes_are_text_and_nothing_else(browser, tmp_path, name):
    story = hostile(name, other=name[::-1], scope=name, title=name)
    with reading(browser, tmp_path, story) as reader:
        reader.press("End")
        assert reader.page.text_content("h1") == printable(name)
        assert printable(name) in reader.page.inner_text(".al-outline")
        assert reader.page.locator(FOREIGN).count() == 0


def test_hostile_source_lines_are_text_and_nothing_else(browser, tmp_path):
    story = step(lambda x: x * x + 0.0 * len("</script><img src=x onerror=alert(1)><!--"), 3.0).story
    with reading(browser, tmp_path, story) as reader:
        reader.press("ArrowRight")
        assert "</script><img src=x onerror=alert(1)><!--" in reader.page.inner_text(".al-current")


def test_the_policy_is_in_force(browser, tmp_path):
    with reading(browser, tmp_path, shared(), tidy=False) as reader:
        assert reader.errors == []
        reader.evaluate("""() => {
          const script = document.createElement("script");
          script.textContent = "window.alerted = 1";
          document.body.append(script);
          const image = document.createElement("img");
          image.setAttribute("onerror", "window.alerted = 2");
          image.src = "http://stepper.test/pixel.png";
          document.body.append(image);
        }""")
        answer = reader.evaluate("() => fetch('http://stepper.test/').then(() => 'got', (error) => 'refused')")
        assert answer == "refused"
        assert reader.evaluate("() => window.alerted ?? null") is None
        assert all("Content Security Policy" in error for error in reader.errors)
        assert len(reader.errors) >= 3


def test_an_export_has_the_same_bytes_whatever_the_seed_of_hashes(tmp_path):
    code = """
import sys, nn
from autograd_lite import Value, step
model = nn.MLP(2, [3, 1], rng=1)
step(model([Value(0.5, name="x"), Value(-1.0, name="y")]), title="same").to_html(sys.argv[1])
"""
    pages = []
    for seed in ("0", "1"):
        path = tmp_path / f"{seed}.html"
        subprocess.run([sys.executable, "-c", code, path], env={**os.environ, "PYTHONHASHSEED": seed}, check=True)
        pages.append(path.read_bytes())
    assert pages[0] == pages[1]


# ---------------------------------------------------------------- how it looks


def overflow(reader):
    """Returns how far the page is wider than its window."""
    return reader.evaluate("() => document.documentElement.scrollWidth - document.documentElement.clientWidth")


@pytest.mark.parametrize("width", [1280, 900, 420])
def test_the_page_is_never_wider_than_its_window(browser, tmp_path, width, training):
    lab = tmp_path / "lab.html"
    laboratory().to_html(lab)
    size = {"width": width, "height": 800}
    for story in (hostile("x" * 10_000, title="y" * 10_000), layers(), training):
        with reading(browser, tmp_path, story, viewport=size) as reader:
            assert overflow(reader) <= 0
            reader.press("End")
            assert overflow(reader) <= 0
    with opened(browser, lab, viewport=size) as reader:
        assert overflow(reader) <= 0


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_theme_is_the_systems_until_the_reader_chooses(browser, tmp_path, theme):
    with reading(browser, tmp_path, shared(), color_scheme=theme) as reader:
        assert reader.page.get_attribute(".autograd-lite", "data-theme") == theme
        light = reader.evaluate("""() => {
          const ground = getComputedStyle(document.querySelector(".autograd-lite")).backgroundColor;
          return ground.match(/\\d+/g).slice(0, 3).reduce((sum, each) => sum + Number(each), 0) / 765;
        }""")
        assert light > 0.8 if theme == "light" else light < 0.2
        reader.click("Light or dark")
        assert reader.page.get_attribute(".autograd-lite", "data-theme") != theme


def test_nothing_moves_by_itself_for_those_who_want_it_so(browser, tmp_path):
    moving = """() => [...document.querySelectorAll("*")].filter((element) => {
      const style = getComputedStyle(element);
      const times = `${style.transitionDuration}, ${style.animationDuration}`.split(", ").map(parseFloat);
      return Math.max(...times) > 0.01 || style.scrollBehavior === "smooth";
    }).map((element) => element.outerHTML.slice(0, 80))"""
    with reading(browser, tmp_path, shared(), reduced_motion="reduce") as reader:
        for _ in range(8):
            reader.press("ArrowRight")
        assert reader.evaluate(moving) == []
