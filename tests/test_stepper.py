"""`step` and `Stepper`: the call, the cursor, the picture that does not move."""

import math
from typing import Any, NamedTuple

import numpy as np
import pytest

import nn
from autograd_lite import (
    DomainError,
    InputError,
    OperandError,
    Stepper,
    Value,
    ieee,
    no_grad,
    step,
    tanh,
)
from autograd_lite.context import hint
from autograd_lite.recording import record
from autograd_lite.scopes import in_scope
from autograd_lite.stepper.chapter import chapter_of, chapter_of_tape
from autograd_lite.stepper.still import still
from autograd_lite.stepper.story import Story
from autograd_lite.stepper.text import to_listing
from autograd_lite.view import draw


def neuron(w, x, b=-1.0):
    return (w * x + b).tanh()


def leaves(stepper):
    return {line.name: line.data for line in stepper.story.chapters[0].tape.lines if line.is_leaf}


# ---------------------------------------------------------------- the call


def test_numbers_become_values_named_after_the_parameters():
    stepper = step(neuron, 0.5, 2, b=np.float32(-1))
    assert leaves(stepper) == {"w": 0.5, "x": 2.0, "b": -1.0}
    assert stepper.story.title == "neuron"


def test_a_default_that_is_not_overridden_stays_a_plain_number():
    assert leaves(step(neuron, 0.5, 2.0)) == {"w": 0.5, "x": 2.0}


def test_nested_numbers_become_values_named_by_their_place():
    class Point(NamedTuple):
        u: Any
        v: Any

    def f(x, rows, table, p):
        assert isinstance(p, Point)
        assert isinstance(x, tuple)
        return x[0] * rows[1][0] + table["w"] * p.v + x[1] * rows[0][0]

    names = leaves(step(f, (1.0, 2.0), [[3.0], [4.0]], table={"w": 5.0}, p=Point(6.0, 7.0)))
    assert names == {"x[0]": 1.0, "rows[1][0]": 4.0, "table['w']": 5.0, "p[1]": 7.0, "x[1]": 2.0, "rows[0][0]": 3.0}


def test_an_array_of_numbers_becomes_an_array_of_values():
    stepper = step(lambda X: (X @ np.array([1.0, 2.0])).sum(), np.array([[1.0, 2.0], [3.0, 4.0]]))
    assert {"X[0][0]", "X[1][1]"} <= set(leaves(stepper))


def test_further_and_keyword_arguments_are_named_too():
    names = leaves(step(lambda *xs, **rest: xs[0] * xs[1] + rest["w"], 2.0, 3.0, w=4.0))
    assert names == {"xs[0]": 2.0, "xs[1]": 3.0, "w": 4.0}


def test_values_and_what_holds_no_number_are_passed_on_as_they_are():
    w, words, flag = Value(2.0, name="w"), ["a", "b"], True
    seen = []

    def f(a, b, words, flag, none):
        seen.extend((a, b, words, flag, none))
        return a * b

    stepper = step(f, w, w, words, flag, None)
    assert all(got is given for got, given in zip(seen, (w, w, words, flag, None), strict=True))
    assert len(leaves(stepper)) == 1
    assert stepper.last().adjoint(0) == 4.0
    assert not w.grad_computed  # stepping changes nothing


def test_a_list_of_values_stays_the_list_that_it_is():
    weights = [Value(1.0), Value(2.0)]
    seen = []
    step(lambda ws: seen.append(ws) or ws[0] * ws[1], weights)
    assert seen == [weights]
    assert seen[0] is weights


def test_a_value_is_stepped_through_as_it_is():
    x = Value(3.0, name="x")
    stepper = (x * x).step(title="square", seed=2.0)
    assert (stepper.story.title, stepper.last().adjoint(0)) == ("square", 12.0)
    assert step(x * x).story.title == ""


def test_a_network_is_a_function_too():
    model = nn.Neuron(2, rng=1)
    assert step(model, [1.0, 2.0]).story.title == "Neuron"


def test_functions_of_the_table_and_lambdas_are_functions_too():
    assert step(tanh, 0.5).story.title == "tanh"
    assert step(lambda x: x * 2, 0.5).story.title == ""
    assert step(lambda x: x * 2, 0.5, title="twice").story.title == "twice"


def test_what_the_engine_says_is_what_the_stepper_shows():
    stepper = step(neuron, 0.5, 2.0, b=-0.6).last()
    w, x, b = Value(0.5, name="w"), Value(2.0, name="x"), Value(-0.6, name="b")
    out = neuron(w, x, b)
    out.backward()
    assert [stepper.adjoint(line) for line in (0, 1, 3)] == [w.grad, x.grad, b.grad]
    assert stepper.value(5) == out.data


def test_steps_are_recorded_under_no_grad_too():
    with no_grad():
        assert len(step(neuron, 0.5, 2.0).story) == 8


REFUSED = {
    "no function": (lambda: step(3.0), r"step\(3\.0\): a float has no steps; give a function and its arguments, or a"),
    "missing": (lambda: step(neuron, 0.5), r"missing a required argument: 'x'; the call is neuron\(w, x, b=-1\.0\)"),
    "too many": (lambda: step(lambda x: x, 1.0, 2.0), r"too many positional arguments; the call is the function\(x\)"),
    "value and arguments": (lambda: step(Value(1.0), 2.0), r"step\(value\) takes no arguments"),
    "nothing": (lambda: step(lambda x: None, 1.0), r"step\(function\): it returned None; end it with `return`"),
    "number": (
        lambda: step(lambda x: x.data, 1.0),
        r"it returned the float 1\.0, which has no derivative; return a V",
    ),
    "bool": (lambda: step(lambda x: x > 0, 1.0), r"it returned the bool True, which has no derivative"),
    "several": (lambda: step(lambda x: (x, x * 2), 1.0), r"it returned a tuple of 2 Values; a sweep starts from one"),
    "one in a list": (lambda: step(lambda x: [x * 2], 1.0), r"it returned a list of 1 Value; a sweep starts from one"),
    "far": (lambda: step(neuron, 1.0, 2.0).go(10), r"position 10 is not there; give a whole number from 0 to 8"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_stepped_through_is_said_with_its_remedy(case):
    make, words = REFUSED[case]
    with pytest.raises(InputError, match=words):
        make()


def test_a_seed_that_is_no_number_is_refused():
    with pytest.raises(OperandError, match="'two' is not a real number"):
        step(neuron, 0.5, 2.0, seed="two")


def test_a_number_that_should_have_stayed_one_gets_a_note():
    with pytest.raises(TypeError) as caught:
        step(lambda x, n: sum(x for _ in range(n)), 1.0, 3)
    assert "step(lambda x: f(x, 3), 0.5)" in caught.value.__notes__[0]


def test_a_fault_in_the_function_is_the_engines_own_and_names_the_line():
    with pytest.raises(DomainError, match=r"log of x = -1\.0 \('p'\) is undefined .* test_stepper\.py: .*p\.log\(\)"):
        step(lambda p: p.log(), -1.0)
    assert hint["careful"] == 0


def test_under_ieee_a_nan_is_shown_rather_than_raised():
    with ieee():
        stepper = step(lambda p: p.log() * 2, -1.0)
    assert math.isnan(stepper.last().value(3))


def test_an_own_error_of_the_function_comes_through():
    with pytest.raises(KeyError):
        step(lambda x: {}["no"], 1.0)


# ---------------------------------------------------------------- the cursor


def test_a_stepper_moves_and_says_where_it_is():
    stepper = step(neuron, 0.5, 2.0, -1.0)
    assert repr(stepper) == "<Stepper: neuron, 0 of 9 events>"
    assert str(stepper).endswith("Nothing has happened yet; L is v5.")
    assert stepper.forward().forward().back().position == 1
    assert stepper.next_phase().position == 4
    assert stepper.previous_phase().position == 1
    assert stepper.last().position == len(stepper.story) == 9
    assert stepper.first().position == 0
    stepper.position = 2
    assert str(stepper).split("\n")[1] == "v4 = v2 + b = 1 + (-1) = 0"
    assert "test_stepper.py: return (w * x + b).tanh()" in str(stepper)


@pytest.mark.parametrize("bad", [-1, 10, 1.0, True, None, "2"])
def test_a_position_that_is_not_there_is_refused(bad):
    stepper = step(neuron, 0.5, 2.0, -1.0)
    with pytest.raises(InputError, match="give a whole number from 0 to 9"):
        stepper.position = bad
    assert stepper.position == 0


def test_a_line_or_a_value_can_be_selected():
    x, y = Value(3.0, name="x"), Value(1.0)
    stepper = (x * x).step()
    assert stepper.selected is None
    stepper.selected = x
    assert stepper.selected == 0
    stepper.selected = 1
    assert stepper.selected == 1
    stepper.selected = "x"
    assert stepper.selected == 0
    stepper.selected = None
    assert stepper.selected is None
    with pytest.raises(InputError, match="line 2 is not there"):
        stepper.selected = 2
    with pytest.raises(InputError, match=r"a leaf = 1\.0 is not part of this computation"):
        stepper.selected = y
    with pytest.raises(InputError, match="'x' is not part"):
        Stepper(stepper.story).selected = x


# ---------------------------------------------------------------- the picture that does not move


def test_the_still_picture_shows_the_end_and_is_the_engines():
    x = Value(0.7, name="x")
    h = in_scope("square", lambda v: v * v, x)
    h.name = "h"
    out = (h + 2 * x).tanh()
    view = still(chapter_of(out))
    out.backward()
    assert view == draw(out)
    x.data = 5.0
    assert still(chapter_of(out.tanh())).nodes[0].value == 5.0


def test_a_still_picture_needs_no_values_and_survives_nan():
    x = Value(0.0, name="x")
    with ieee():
        chapter = chapter_of(x.log() * 2)
    assert still(chapter).nodes[0].adjoint == math.inf
    tape = record(Value(3.0, name="x") ** 2)
    assert still(chapter_of_tape(tape, tape.evaluate({"x": 4.0}).values)).outputs[0].value == 16.0
    assert chapter_of_tape(tape).adjoints == (6.0, None, 1.0)


def test_a_story_is_listed_up_to_a_limit():
    story = Story((chapter_of(neuron(Value(1.0), Value(2.0)), title="one"),) * 2)
    listing = to_listing(story, most=10)
    assert listing.count("# one") == 2
    assert "  1  v2 = v0 * v1" in listing
    assert listing.endswith("... and 6 more events; a page steps through all: -o story.html, or to_html")
