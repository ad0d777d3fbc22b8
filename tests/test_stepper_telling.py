"""What a reader is told about an event: in a sentence, in formulas, in a terminal."""

import re
from string import Formatter
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stories import HOSTILE, hostile, names, sentences, story_of

from autograd_lite import RULES, InputError, Value, define_rule, detect_anomaly, where
from autograd_lite.rules import Rule
from autograd_lite.stepper.chapter import chapter_of
from autograd_lite.stepper.events import Back, Forward, Update
from autograd_lite.stepper.phrases import PHRASES, said
from autograd_lite.stepper.player import Player
from autograd_lite.stepper.story import Story
from autograd_lite.stepper.telling import telling
from autograd_lite.stepper.text import to_text
from autograd_lite.testing import RAW, programs
from autograd_lite.value import apply
from autograd_lite.view import draw
from autograd_lite.view.labels import figure

# ---------------------------------------------------------------- sentences


def test_a_neuron_is_told_in_nine_sentences():
    w, x, b = Value(0.5, name="w"), Value(2.0, name="x"), Value(-0.6, name="b")
    assert sentences(story_of((w * x + b).tanh())) == [
        "v2 = w * x = 0.5 * 2 = 1",
        "v4 = v2 + b = 1 + (-0.6) = 0.4",
        "v5 = tanh(v4) = tanh(0.4) = 0.3799",
        "dL/dv5 = 1; L is v5, and the reverse sweep starts from it",
        "dL/dv4 gets dv5/dv4 * dL/dv5 = 0.8556 * 1 = 0.8556; from 0 to 0.8556; 1 of 1 contribution",
        "dL/dv2 gets dv4/dv2 * dL/dv4 = 1 * 0.8556 = 0.8556; from 0 to 0.8556; 1 of 1 contribution",
        "dL/db gets dv4/db * dL/dv4 = 1 * 0.8556 = 0.8556; from 0 to 0.8556; 1 of 1 contribution",
        "dL/dw gets dv2/dw * dL/dv2 = 2 * 0.8556 = 1.711; from 0 to 1.711; 1 of 1 contribution",
        "dL/dx gets dv2/dx * dL/dv2 = 0.5 * 0.8556 = 0.4278; from 0 to 0.4278; 1 of 1 contribution",
    ]


def test_operands_that_are_the_same_line_are_told_apart():
    x = Value(3.0, name="x")
    assert sentences(story_of(x * x))[2:] == [
        "dL/dx gets dv1/dx (as operand 1) * dL/dv1 = 3 * 1 = 3; from 0 to 3; 1 of 2 contributions",
        "dL/dx gets dv1/dx (as operand 2) * dL/dv1 = 3 * 1 = 3; from 3 to 6; 2 of 2 contributions",
    ]


def test_negative_numbers_beside_an_operator_are_in_parentheses():
    x, y = Value(-3.0, name="x"), Value(-2.0, name="y")
    assert sentences(story_of(x - y))[0] == "v2 = x - y = (-3) - (-2) = -1"
    assert sentences(story_of(-x))[0] == "v1 = -x = -(-3) = 3"
    assert sentences(story_of(x**2))[0] == "v2 = x ** 2 = (-3) ** 2 = 9"
    assert sentences(story_of(x.maximum(y)))[0] == "v2 = maximum(x, y) = maximum(-3, -2) = -2"


def test_gradients_of_earlier_passes_and_updates_are_told():
    x = Value(3.0, name="x")
    x.grad = 2.0
    chapter = chapter_of(x * 2, accumulate=True, parameters=[x]).updated([2.5])
    assert sentences(Story((chapter,)))[2:] == [
        "dL/dx gets dv2/dx * dL/dv2 = 2 * 1 = 2; from 2 of earlier passes to 4; 1 of 1 contribution",
        "x goes from 3 to 2.5, a step of -0.5",
    ]
    alone = sentences(story_of(x, accumulate=True))
    assert alone == ["dL/dx = 3; L is x, from 2 of earlier passes, and the reverse sweep starts from it"]


def test_the_root_goes_by_its_own_name_where_another_line_is_called_l():
    line = Value(3.0, name="L")
    loss = line * 2
    assert sentences(story_of(loss))[1].startswith("dv2/dv2 = 1; v2 is v2")
    assert sentences(story_of(line))[0].startswith("dL/dL = 1; L is L")


@given(programs(RAW, domain=(-1e9, 1e9), kinks=True), st.data())
def test_a_sentence_has_the_numbers_and_names_of_its_event(program, data):
    leaves = program.leaves()
    chapter = chapter_of(program.run(leaves), parameters=leaves).updated([data.draw(st.floats(-9, 9)) for _ in leaves])
    story = Story((chapter,))
    for index, event in enumerate(chapter.events):
        told = telling(story, index)
        sentence, lines = told.sentence, chapter.tape.lines
        if isinstance(event, Forward):
            numbers = [lines[i].data for i in (*lines[event.line].operands, event.line)]
        elif isinstance(event, Back):
            numbers = [event.local, event.upstream, event.local * event.upstream, event.before, event.after]
            count, of = told.contribution
            assert f"{count} of {of}" in sentence
            assert repr(told.before) == repr(None if count == 1 else event.before)
        else:
            numbers = [event.after]
        assert all(figure(number) in sentence for number in numbers)
        assert "\n" not in sentence
        assert repr(told.after) == repr(lines[event.line].data if isinstance(event, Forward) else event.after)


def test_lines_are_called_as_in_pictures():
    w, x = Value(0.5, name="w"), Value(2.0, name="a name that is much too long for any picture")
    out = (w * x + 3).tanh() * where(w > 0, x, -1.0)
    tree, story = draw(out).text, story_of(out)
    for sentence in sentences(story)[:4]:
        left, right, *_ = sentence.split(" = ")
        assert f"{left} = {right} " in tree


def test_the_readers_own_line_is_told_where_it_is_known():
    x = Value(3.0, name="x")
    with detect_anomaly():
        y = (x * x).tanh()
    story = story_of(y)
    assert [telling(story, index).place.text for index in range(len(story))] == ["y = (x * x).tanh()"] * len(story)
    text = to_text(Player(story).forward())
    assert re.search(r"\nline \d+ of test_stepper_telling\.py: y = \(x \* x\)\.tanh\(\)\n", text)
    assert telling(story_of(x * x), 0).place is None


def test_an_event_that_is_not_there_is_refused():
    with pytest.raises(InputError, match="event 3 is not there; give a whole number from 0 to 2"):
        telling(story_of(Value(1.0).exp()), 3)


# ---------------------------------------------------------------- formulas


def parsed(formula):
    return ["".join(ET.fromstring(f"<math>{text}</math>").itertext()) for text in formula]


def test_formulas_come_from_the_table_in_names_and_in_numbers():
    w, x = Value(0.5, name="w"), Value(2.0, name="x")
    story = story_of(w / x)
    told = [telling(story, index).formulas for index in range(len(story))]
    assert [parsed(formula) for formula in told[0]] == [["v2=wx", "v2=0.52=0.25"]]
    assert [parsed(formula) for formula in told[1]] == [["∂L∂v2=1", "∂L∂v2=1"]]
    assert [parsed(formula) for formula in told[3]] == [
        ["∂v2∂x=−v2x", "∂v2∂x=−0.252=−0.125"],
        ["∂L∂x+=∂v2∂x·∂L∂v2", "∂L∂x+=(−0.125)·1=−0.125"],
    ]


def test_beside_a_constant_the_partial_is_the_one_that_holds_there():
    x = Value(1.0, name="x")
    (partial, _) = telling(story_of(x.maximum(1.0)), 2).formulas
    assert "≤" in parsed(partial)[0]
    (partial, _) = telling(story_of(x.maximum(Value(1.0))), 2).formulas
    assert "0.5" in parsed(partial)[0]


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_every_rule_has_formulas_that_parse(rule):
    x, y = Value(0.5, name="x"), Value(0.25, name="y")
    if rule.name == "where":
        out = where(x > 0, x, y)
    else:
        out = apply(rule, *([x, y] if rule.arity == 2 else [x + 1 if rule.name == "arccosh" else x]))
    story = story_of(out)
    for index, event in enumerate(story):
        formulas = telling(story, index).formulas
        assert len(formulas) == (2 if isinstance(event, Back) else 1)
        for formula in formulas:
            assert all(parsed(formula))


def test_a_black_box_is_told_by_its_name_and_numbers():
    box = define_rule("box", lambda x: x**3, lambda x, out: 3 * x * x)
    story = story_of(box(Value(2.0, name="x")))
    assert sentences(story)[0] == "v1 = box(x) = box(2) = 8"
    assert [parsed(f) for f in telling(story, 2).formulas] == [["∂v1∂x=12"] * 2, ["∂L∂x+=∂v1∂x·∂L∂v1", "∂L∂x+=12·1=12"]]


def test_an_update_has_no_formula():
    w = Value(1.0)
    story = Story((chapter_of(w * 2, parameters=[w]).updated([0.5]),))
    assert isinstance(story[len(story) - 1], Update)
    assert telling(story, len(story) - 1).formulas == ()


# ---------------------------------------------------------------- in a terminal


def test_a_player_prints_itself():
    w, x = Value(0.5, name="w"), Value(2.0, name="x")
    player = Player(story_of((w * x).exp() + 1, w * x, title="a title"))
    assert str(player) == "0 of 12  chapter 1 of 2  a title\nNothing has happened yet; L is v5."
    assert str(player.go(6)).splitlines() == [
        "6 of 12  backward 2 of 4  chapter 1 of 2  a title",
        "dL/dv2 gets dv3/dv2 * dL/dv3 = 2.718 * 1 = 2.718; from 0 to 2.718; 1 of 1 contribution",
        "  v3  value 2.718  gradient 1      1 of 1",
        "→ v2  value 1      gradient 2.718  1 of 1",
    ]
    assert "v4  constant" not in str(player)
    assert str(player.go(3)).splitlines()[2:] == [
        "  v3  value 2.718  gradient not computed  0 of 1",
        "  1   constant",
        "→ v5  value 3.718  gradient not computed",
    ]


@settings(deadline=None)
@given(programs(RAW, domain=(-1e9, 1e9), kinks=True))
def test_every_position_prints_a_few_lines(program):
    player = Player(story_of(program.run(program.leaves())))
    for _ in range(len(player.story) + 1):
        assert 2 <= len(str(player).splitlines()) <= 6
        player.forward()


# ---------------------------------------------------------------- names are any text


def check(story):
    player = Player(story)
    for index in range(len(story)):
        told = telling(story, index)
        assert not re.search("[\x00-\x1f\x7f\u2028\u202e\ud800-\udfff\uffff]", told.sentence)
        for formula in told.formulas:
            for text in formula:
                tags = {element.tag for element in ET.fromstring(f"<math>{text}</math>").iter()}
                assert all(re.fullmatch("m[a-z]+", tag) for tag in tags)
        str(player.forward()).encode()
        assert 2 <= len(str(player).split("\n")) <= 6


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_each_hostile_name_is_told(name):
    check(hostile(name, scope=name, title=name))


@settings(deadline=None)
@given(names, names, names, names)
def test_any_names_are_told(name, other, scope, title):
    check(hostile(name, other, scope, title))


def test_a_rule_with_a_hostile_name_is_told():
    rule = Rule('</script>"\n', lambda x: x, (lambda x, out: 1.0,))
    story = story_of(apply(rule, Value(1.0, name="x")))
    check(story)
    assert sentences(story)[0] == 'v1 = </script>"␊x = </script>"␊1 = 1'


def test_a_blank_is_filled_once_and_every_phrase_has_plain_blanks():
    assert said("slope", above="{below}", below="{above}") == "d{below}/d{above}"
    for phrase in PHRASES.values():
        for _, blank, spec, conversion in Formatter().parse(phrase):
            assert blank is None or (blank.isidentifier() and not spec and not conversion)


def partials_told(out):
    """Returns of each step back the rule's partial, in names and in numbers."""
    story = story_of(out)
    steps = [i for i, event in enumerate(story.chapters[0].events) if isinstance(event, Back)]
    return [parsed(telling(story, index).formulas[0]) for index in steps]


def test_derivatives_are_those_of_the_textbook_with_the_numbers_recorded():
    x = Value(2.0, name="x")
    assert partials_told(x.tanh()) == [["∂v1∂x=1−v12", f"∂v1∂x=1−0.9642={figure(x.tanh().partials[0])}"]]
    assert partials_told(x.sigmoid())[0][0] == "∂v1∂x=v1·(1−v1)"


@pytest.mark.parametrize(
    ("power", "names"),
    [(2, "2\u2062x"), (3, "3\u2062x2"), (-1, "−x−2"), (0.5, "0.5\u2062x−0.5"), (1, "1"), (0, "0")],
)
def test_beside_a_constant_exponent_a_power_has_the_slope_that_holds_there(power, names):
    assert partials_told(Value(2.0, name="x") ** power)[0][0] == f"∂v2∂x={names}"


def test_a_constant_base_and_a_variable_exponent_are_written_as_far_as_they_are_known():
    x, y = Value(2.0, name="x"), Value(3.0, name="y")
    assert partials_told(2.0**x)[0][0] == "∂v2∂x=v2\u2062ln\u2061(2)"
    assert partials_told(x**y)[0][0].startswith("∂v2∂x={y\u2062xy−1if")


def test_a_partial_says_which_operand_where_one_line_is_several():
    x = Value(3.0, name="x")
    assert partials_told(x * x) == [
        [f"∂v1∂x\xa0(as\xa0operand\xa0{i})=x", f"∂v1∂x\xa0(as\xa0operand\xa0{i})=3=3"] for i in (1, 2)
    ]
