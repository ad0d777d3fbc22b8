"""What people hand to the stepper by mistake: each gets a clear error, or what was meant; none a surprise later."""

import asyncio
import copy
import io
import math
import sys
import warnings
from collections import OrderedDict, defaultdict

import numpy as np
import pytest

from autograd_lite import (
    InputError,
    OperandError,
    RuleError,
    TrainingRecorder,
    Value,
    findings,
    ieee,
    no_grad,
    step,
    tanh,
    worksheet,
)
from autograd_lite.cli import main
from autograd_lite.extend import define_rule
from autograd_lite.faults import here
from autograd_lite.recording import flatten
from autograd_lite.stepper import Player, Story, chapter_of
from autograd_lite.stepper.laboratory import MISTAKES, laboratory
from autograd_lite.stepper.story import Curve, Plane
from nn import MLP, SGD, Module, Neuron, fit, half_squared_error, step_training

LINE = ([[0.0], [1.0], [2.0]], [1.0, 3.0, 5.0])
XOR = ([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], [0, 1, 1, 0])


def line():
    return Neuron(1, activation="linear", rng=1)


# ---------------------------------------------------------------- the function and its arguments


def test_the_arguments_of_a_function_of_the_table_are_called_as_in_the_table():
    assert "dL/dx gets" in str(step(tanh, 0.5).story)
    assert "v2 = hypot(x, y)" in str(step(np_free_hypot(), 3.0, 4.0).story)
    assert "dL/dx gets" in str(step(define_rule("cubed", "x**3", "3*x*x"), 2.0).story)


def np_free_hypot():
    from autograd_lite import hypot

    return hypot


def yields(x):
    yield x * x


async def waits(x):
    return x * x


class Made:
    def __init__(self, x):
        self.x = x


@pytest.mark.parametrize(
    ("function", "argument", "remedy"),
    [
        (yields, 2.0, "it yields, and so has no one result; give a function that ends with `return`"),
        (waits, 2.0, "it is async, and has not computed anything yet; give a plain function"),
        (Made, 2.0, "it is a class, and made a Made; give a function"),
        (lambda x: x, True, "returned the bool True, and no argument is a number to become a Value; give floats"),
        (lambda x: x > 1, 2.0, "returned the bool True, which has no derivative"),
    ],
    ids=["generator", "coroutine", "class", "bool", "comparison"],
)
def test_what_has_no_one_result_gets_a_fitting_remedy(function, argument, remedy):
    with pytest.raises(InputError) as caught:
        step(function, argument)
    assert remedy in str(caught.value)
    assert asyncio.iscoroutinefunction(waits)


def test_collections_keep_their_kind():
    kinds = []

    def total(w):
        kinds.append(type(w))
        return w["a"] * w["b"]

    for weights in (OrderedDict(a=2.0, b=3.0), defaultdict(float, a=2.0, b=3.0)):
        assert step(total, weights).last().value(2) == 6.0
    assert kinds == [OrderedDict, defaultdict]


def test_lists_without_end_are_refused():
    around = []
    around.append(around)
    deep = 1.0
    for _ in range(5_000):
        deep = [deep]
    for nested in (around, deep, {"a": around}):
        with pytest.raises(InputError, match=r"x.*is nested more than 50 deep, or in itself; flatten it"):
            step(lambda x: x, nested)
    with pytest.raises(InputError, match="returned a list of 1 Value; a sweep starts from one"):
        step(lambda x: [around, x], 1.0)
    assert flatten(around) == []


def test_a_parameter_may_be_called_function():
    def applied(function, x):
        return function * x

    assert step(applied, function=2.0, x=3.0).last().value(2) == 6.0


# ---------------------------------------------------------------- results that are cut off

CUT = "no argument reaches the result, so it has no derivative by any of them"


def without_recording(x):
    with no_grad():
        return x * x


@pytest.mark.parametrize("function", [without_recording, lambda x: Value(x.data * 2.0)], ids=["no_grad", "data"])
def test_a_result_that_is_cut_off_from_the_arguments_is_told(function):
    stepper = step(function, 2.0)
    assert stepper.chapter.note.startswith(CUT)
    assert CUT in str(stepper)
    assert CUT in str(stepper.story)


def test_a_result_that_some_argument_reaches_has_no_note():
    assert step(lambda x, y: x * 2.0, 1.0, 2.0).chapter.note == ""
    assert step(lambda x: x, 1.0).chapter.note == ""
    assert step(lambda: Value(1.0).exp()).chapter.note == ""


# ---------------------------------------------------------------- places


def test_numpys_whole_numbers_are_positions_and_lines():
    stepper = step(lambda x: x * x, 3.0)
    stepper.position = np.int64(2)
    assert (stepper.position, type(stepper.position)) == (2, int)
    assert stepper.value(np.int32(0)) == 3.0
    for wrong in (True, 2.0, "2", np.float64(2.0)):
        with pytest.raises(InputError, match="is not there; give a whole number"):
            stepper.position = wrong


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy])
def test_a_copy_goes_its_own_way(copied):
    stepper = step(lambda x: x * x, 3.0).forward()
    other = copied(stepper)
    other.last()
    assert (stepper.position, other.position) == (1, 4)
    assert (stepper.adjoint(0), other.adjoint(0)) == (None, 6.0)
    assert other.story is stepper.story
    stepper.last().back()
    assert other.adjoint(0) == 6.0


def test_a_copy_has_a_widget_of_its_own():
    pytest.importorskip("anywidget")
    stepper = step(lambda x: x * x, 3.0)
    widget, other = stepper.widget(), copy.copy(stepper)
    assert other.widget() is not widget
    other.position = 2
    assert (widget.position, other.widget().position) == (0, 2)


def test_a_stepper_is_shown_again_after_its_widget_was_closed():
    pytest.importorskip("anywidget")
    stepper = step(lambda x: x * x, 3.0)
    first = stepper.widget()
    stepper.position = 2
    first.close()
    assert stepper._repr_mimebundle_()
    assert stepper.widget() is not first
    assert stepper.widget().position == 2


@pytest.mark.parametrize("wrong", [99, -5])
def test_a_selection_of_the_browsers_that_is_not_there_is_put_back(wrong):
    pytest.importorskip("anywidget")
    stepper = step(lambda x: x * x, 3.0)
    widget = stepper.widget()
    widget.selected = 1
    widget.selected = wrong
    assert (stepper.selected, widget.selected) == (1, 1)
    stepper.selected = None
    widget.selected = wrong
    assert (stepper.selected, widget.selected) == (None, -1)


def test_a_recorded_parameter_does_where_a_line_is_asked_for():
    w, x = Value(5.0, name="w"), Value(1.0, name="x")
    recorder = TrainingRecorder([w])
    for _ in range(2):
        w.grad = 0.0
        loss = (w - x) ** 2
        recorder.before(loss)
        loss.backward()
        w.data -= 0.25 * w.grad
        recorder.after()
    stepper = recorder.step()
    places = []
    while stepper.position < len(stepper.story) and stepper.next_of(w).position not in places:
        places.append(stepper.position)
    assert [stepper.story.place(position - 1)[0] for position in places] == [0, 0, 1, 1]
    assert stepper.last().value(w) == w.data
    with pytest.raises(InputError, match="'x' is not part of this computation"):
        stepper.value(x)


def test_a_worksheet_of_a_leaf_asks_nothing_under_no_heading():
    sheet = worksheet(Value(3.0, name="x"))
    assert str(sheet) == "Given: x = 3\n\nKey: Given: x = 3"
    assert "<h2>" not in sheet.to_html()


# ---------------------------------------------------------------- names and titles are text

X = Value(2.0, name="x")
FRAME = {"x": (0.0, 1.0), "y": (0.0, 1.0), "columns": 1, "rows": 1}


def recorder():
    taken = TrainingRecorder([w := Value(1.0)])
    taken.before(w * w)
    return taken


@pytest.mark.parametrize(
    "enter",
    [
        lambda thing: step(lambda x: x * x, 2.0, title=thing),
        lambda thing: (X * X).step(title=thing),
        lambda thing: chapter_of(X * X, title=thing),
        lambda thing: Story((chapter_of(X * X),), title=thing),
        lambda thing: Curve(thing, (1.0,)),
        lambda thing: worksheet(X * X, title=thing),
        lambda thing: TrainingRecorder([X], title=thing),
        lambda thing: recorder().before(X * X, title=thing),
        lambda thing: recorder().before(X * X, note=thing),
        lambda thing: recorder().curve(thing, [1.0]),
        lambda thing: recorder().divide([], [None], labels=["a", thing], **FRAME),
        lambda thing: recorder().divide([], [None], labels=["a"], names=("x", thing), **FRAME),
        lambda thing: setattr(Value(1.0), "name", thing),
        lambda thing: define_rule("named", "x", "1", remedy=thing),
    ],
)
@pytest.mark.parametrize("thing", [5, ["a"], b"a"])
def test_what_is_to_be_shown_as_text_is_text(enter, thing):
    with pytest.raises(OperandError, match=r" is text, got (int 5|list \['a'\]|bytes b'a'); write str"):
        enter(thing)


def test_a_title_is_looked_at_before_the_function_is_called():
    with pytest.raises(OperandError, match="the title of step"):
        step(lambda x: 1 / 0, 2.0, title=7)


# ---------------------------------------------------------------- training


@pytest.mark.parametrize("train", [step_training, lambda *data, **given: fit(*data, **given, progress=False)])
def test_a_loss_and_an_optimizer_are_what_they_are_called(train):
    model, before = line(), None
    before = [p.data for p in model.parameters()]
    right = {"loss": half_squared_error, "optimizer": SGD(model.parameters(), 0.1), "epochs": 1}
    for wrong, words in (
        (
            {"loss": "mse"},
            "loss = 'mse' cannot be called; pass a function of output and target, such as half",
        ),
        (
            {"optimizer": "sgd"},
            r"optimizer = 'sgd' is no optimizer; make one: SGD\(model.parameters\(\), ",
        ),
        ({"optimizer": SGD}, r"is no optimizer; make one: SGD\(model.parameters\(\), learning_rate=0.1\)"),
    ):
        with pytest.raises(InputError, match=words):
            train(model, *LINE, **(right | wrong))
    assert [p.data for p in model.parameters()] == before


@pytest.mark.parametrize("parameters", [5, Value(1.0), [Value(1.0, name="stray")], [5]])
def test_parameters_that_are_not_of_the_model_are_refused_before_training(parameters):
    model = line()
    before = [p.data for p in model.parameters()]
    with pytest.raises((InputError, OperandError), match="parameters"):
        step_training(model, *LINE, parameters=parameters)
    assert [p.data for p in model.parameters()] == before


@pytest.mark.parametrize("plane", [0, 1, None, np.array([1, 2]), "yes"])
def test_a_plane_is_wanted_or_not(plane):
    with pytest.raises(InputError, match="is not offered; choose True, False or 'auto'"):
        step_training(MLP(2, [1], rng=1), *XOR, plane=plane)


@pytest.mark.parametrize("wrong", [Value(1.0), 5, None])
def test_a_recorder_wants_a_list(wrong):
    with pytest.raises(OperandError, match=r"is no list of Values; pass model.parameters\(\)"):
        TrainingRecorder(wrong)


HUGE = [[1e308, 0.0], [-1e308, 1.0], [1e308, 1.0], [-1e308, 0.0]]


def test_a_plane_too_wide_to_be_drawn_is_left_out_with_a_warning():
    model = MLP(2, [1], initializer="zeros", activation="tanh")
    with pytest.warns(UserWarning, match=r"the plane is left out: feature 0 goes from -1e\+308 to 1e\+308, too wide"):
        stepper = step_training(model, HUGE, XOR[1], samples=[0], loss=lambda out, target: out * 0.0)
    assert stepper.story.plane is None
    with pytest.raises(InputError, match="feature 0 goes from"):
        step_training(model, HUGE, XOR[1], plane=True)


def test_points_all_alike_have_a_plane_around_them():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = MLP(2, [1], initializer="zeros")
        plane = step_training(model, [[1e300, 2.0]] * 2, [0, 1], loss=lambda out, _: out * 0.0).story.plane
    assert plane.x[0] < 1e300 < plane.x[1]


class Rooted(Module):
    def __init__(self, root):
        self.w, self.b, self._root = Value(0.5), Value(0.1), root

    def forward(self, x):
        return self.w * x[0] + self.b * self._root(x[1])


@pytest.mark.parametrize("root", [math.sqrt, lambda x: x**0.5], ids=["of numbers", "of anything"])
def test_where_a_model_is_not_defined_the_plane_is_empty(root):
    [scores, *_] = step_training(Rooted(root), *XOR).story.plane.scores
    assert math.isnan(scores[0])
    assert math.isfinite(scores[-1])


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"x": (float("-inf"), float("inf"))}, "the plane's x goes from -inf to inf"),
        ({"y": (-1e308, 1e308)}, "the plane's y goes from"),
        ({"x": (0.0, float("nan"))}, "the plane's x goes from 0.0 to nan"),
        ({"points": ((float("nan"), 0.0, 0),)}, r"point 0 of the plane is \(nan, 0.0\)"),
    ],
)
def test_a_plane_is_finite(changes, words):
    right = {"names": ("a", "b"), "points": (), "labels": ("no",), "scores": (None,), **FRAME}
    with pytest.raises(InputError, match=words):
        Plane(**(right | changes))


# ---------------------------------------------------------------- black boxes that return anything


@pytest.mark.parametrize("result", ["s", None, [1.0], 1j, b"1"])
def test_a_black_box_that_returns_no_number_is_told_so(result):
    value = define_rule("oddvalue", lambda x: result, lambda x, out: 1.0)
    slope = define_rule("oddslope", lambda x: x, lambda x, out: result)
    with pytest.raises(RuleError, match=r"oddvalue: its value at \(2.0\) is .*, not a number; let the function"):
        value(Value(2.0))
    with pytest.raises(RuleError, match=r"oddslope: its partial by x at \(2.0\) is .*, not a number; let the function"):
        slope(Value(2.0))


def test_code_under_a_name_that_no_file_can_have_has_a_place():
    names = {"here": here, "__name__": "somebody"}
    exec(compile("place = here()", "\ud800.py", "exec"), names)
    assert names["place"].line == 1
    str(names["place"]).encode()


# ---------------------------------------------------------------- the laboratory


def test_another_order_of_additions_is_no_difference():
    x = Value(0.2, name="x")
    comparison = laboratory("order").on((x * 0.9 * 0.5 + x * 0.8 + (x.tanh() + x * 0.5)) * 0.1)
    [gradient] = comparison.gradients
    assert gradient.right != gradient.wrong
    assert comparison.harmless
    assert "differs" not in str(comparison)
    y = x + 1
    assert not laboratory("order").on(y * y).harmless


@pytest.mark.parametrize("name", [mistake.name for mistake in MISTAKES])
def test_every_mistake_is_made_of_a_graph_that_ieee_made(name):
    x = Value(-2.0, name="x")
    with ieee():
        root = x.log() * 2.0 + x.tanh()
    assert str(laboratory(name).on(root))


@pytest.mark.parametrize("name", [mistake.name for mistake in MISTAKES])
def test_every_mistake_is_made_of_huge_numbers(name):
    assert str(laboratory(name).on(Value(1e200, name="x").tanh()))


# ---------------------------------------------------------------- the command


SCRIPT = """
from math import hypot
big = max
whole = int
def first(x, /, y=2.0): return x * y
def total(*numbers): return sum(n * n for n in numbers)
def nothing(): return 1
def function(function): return function * 2
def seeded(seed, title): return seed * title
"""


@pytest.mark.parametrize(
    ("call", "status", "said"),
    [
        ("big a=1,b=3", 0, "dL/d"),
        ("hypot x=3,y=4", 2, "would leave the graph in silence"),
        ("whole x=3", 2, "would leave the graph in silence"),
        ("first x=3", 0, "v2 = x * y = 3 * 2 = 6"),
        ("first y=3", 2, "no number for x of h.py:first; add --at x=1"),
        ("total a=3,b=4", 0, "numbers[0]"),
        ("nothing a=3", 2, "--at gives a, which h.py:nothing does not take; it takes no arguments; leave --at out"),
        ("function function=3", 0, "= 6"),
        ("seeded seed=3,title=2", 0, "seed * title = 3 * 2 = 6"),
    ],
)
def test_a_script_may_offer_any_function(call, status, said, tmp_path, capsys):
    (tmp_path / "h.py").write_text(SCRIPT)
    name, at = call.split()
    assert main(["step", f"{tmp_path / 'h.py'}:{name}", "--at", at]) == status
    out, err = capsys.readouterr()
    assert said in out + err


def test_a_terminal_that_knows_no_letters_but_ascii_gets_escapes(monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding="ascii"))
    (tmp_path / "h.py").write_text("def f(größe): return größe * 2\n", encoding="utf-8")
    assert main(["step", f"{tmp_path / 'h.py'}:f", "--at", "größe=3"]) == 0
    sys.stdout.flush()
    assert b"gr\\xf6\\xdfe * 2 = 3 * 2 = 6" in sys.stdout.buffer.getvalue()


def test_a_player_and_findings_still_work_on_a_plain_story():
    player = Player(Story((chapter_of(X * X),)))
    assert findings(player) == ()


@pytest.mark.parametrize(
    ("function", "given", "words"),
    [
        (lambda x: x ^ 2, 3.0, "^ is not a power in Python; write **"),
        (lambda x: x[0] * 2, 3.0, "give a list for what has elements: step(f, [0.5, 2.0])"),
        (lambda x: x * x, "3", "'3' is text, which step() passes on as it is; give a number, as in float(...)"),
        (lambda x: x * x, "-.5", "'-.5' is text"),
        (lambda x: [1, 2][x], 1, "for one that counts or looks up, give a function without it"),
    ],
)
def test_a_type_error_says_what_to_do(function, given, words):
    with pytest.raises(TypeError) as error:
        step(function, given)
    (note,) = error.value.__notes__
    assert words in note


def test_a_type_error_that_says_nothing_of_values_stays_as_it_is():
    with pytest.raises(TypeError) as error:
        step(lambda x, kind: len(3), 1.0, "relu")
    assert not hasattr(error.value, "__notes__")
