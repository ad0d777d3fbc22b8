"""What is recorded once and for all, what cannot be recorded, and that recording leaves nothing behind."""

import contextlib
import math
import sys
import threading

import numpy as np
import pytest
from lifting import Counted, assert_lifts, leaves, rows, scalar

from autograd_lite import AutogradError, DetachedError, InputError, LiftError, Value, no_grad
from autograd_lite.context import hint
from autograd_lite.lift import lift
from autograd_lite.lookup import stop_gradient, take
from autograd_lite.tracing import current


def counted(function, parameters):
    """Returns a lifted function that counts how often it is recorded."""
    calls = Counted(function)
    return calls, lift(calls, parameters)


# ---------------------------------------------------------------- what structure is recorded by


def test_changed_data_never_records_again_and_a_new_length_does():
    w = Value(0.5, name="w")
    calls, lifted = counted(lambda x: sum(x) * w, [w])
    for samples, length, total in ((3, 2, 1), (7, 2, 1), (1, 2, 1), (3, 4, 2), (5, 4, 2), (2, 2, 2), (2, 1, 3)):
        lifted.value_and_grad(rows(samples, length, seed=samples))
        assert calls.calls == total
    lifted([[1.0, 2.0], [1.0, 2.0, 3.0, 4.0], [3.0], [1.0]])
    assert calls.calls == 3


def test_static_arguments_set_the_structure():
    w = Value(0.5, name="w")

    def function(x, depth=1, kind="tanh"):
        for _ in range(depth):
            x = getattr(x * w, kind)()
        return x

    calls, lifted = counted(function, [w])
    for static in ({}, {"depth": 3}, {"depth": 2, "kind": "exp"}, {"kind": "exp", "depth": 2}, {"depth": 3}):
        assert_lifts(function, [w], [0.1, -0.2], lifted=lifted, **static)
    assert calls.calls == 3


def test_static_arguments_that_are_equal_but_not_alike_are_told_apart():
    w = Value(0.5, name="w")
    lifted = lift(lambda x, mode=0: x * w if mode is True else x, [w])
    assert lifted([1.0], mode=1) == [1.0]
    assert lifted([1.0], mode=True) == [0.5]


def test_a_static_argument_that_cannot_be_hashed_is_refused_by_name():
    w = Value(0.5, name="w")
    with pytest.raises(InputError, match=r"widths.*hashable"):
        lift(lambda x, widths: x * w, [w])([1.0], widths=[1, 2])


def test_functions_of_any_number_of_arguments_lift():
    w = Value(0.5, name="w")
    assert_lifts(lambda *xs: sum(xs) * w, [w], [1.0, 2.0], [3.0, 4.0], [5.0, 6.0])
    assert_lifts(lambda x, y=2.0: x * y * w, [w], [1.0, 2.0])
    assert_lifts(lambda x, y=2.0: x * y * w, [w], [1.0, 2.0], [3.0, 4.0])


def test_a_method_and_an_object_that_can_be_called_lift():
    class Model:
        def __init__(self):
            self.w = Value(0.5, name="w")

        def __call__(self, x):
            return (self.w * x).tanh()

        def loss(self, x, y):
            return (self(x) - y) ** 2

    model = Model()
    assert_lifts(model, [model.w], [1.0, 2.0])
    assert_lifts(model.loss, [model.w], [1.0, 2.0], [0.0, 1.0])


# ---------------------------------------------------------------- what a recording cannot hold

REFUSED = {
    "data of an input": (lambda x, w: w * x.data, LiftError, "stop_gradient"),
    "data of a result": (lambda x, w: w * (x * w).data, LiftError, "stop_gradient"),
    "data of a parameter": (lambda x, w: x * w.data, LiftError, "stop_gradient"),
    "float": (lambda x, w: w * float(x), DetachedError, "graph"),
    "int": (lambda x, w: w * int(x), DetachedError, "floor"),
    "math.sin": (lambda x, w: w * math.sin(x), DetachedError, "v.sin"),
    "bool": (lambda x, w: w if x else -w, DetachedError, "compare"),
    "equality": (lambda x, w: w if x == 1 else -w, DetachedError, "equal only to themselves"),
}


@pytest.mark.parametrize(("function", "error", "remedy"), REFUSED.values(), ids=REFUSED)
def test_a_number_taken_out_of_the_recording_is_refused_with_the_remedy(function, error, remedy):
    w = Value(0.5, name="w")
    with pytest.raises(error, match=remedy):
        lift(lambda x: function(x, w), [w])([1.0, 2.0])
    assert current() is None


@pytest.mark.parametrize("use", [lambda i: [1, 2, 3][i], range, int, lambda i: "abc"[i:]])
def test_a_whole_number_used_as_a_plain_index_is_refused_with_take_as_the_remedy(use):
    w = Value(0.5, name="w")
    with pytest.raises(AutogradError) as caught:
        lift(lambda i: (use(i), w)[1], [w])([1, 2])
    assert isinstance(caught.value, LiftError | DetachedError)
    if use is not int:
        assert "take(" in str(caught.value)


def test_take_needs_the_whole_number_itself():
    w = Value(0.5, name="w")
    for index, X in ((lambda i: i + 1, [1]), (lambda i: i, [1.0])):
        with pytest.raises(InputError, match="only an integer input itself"):
            lift(lambda i, index=index: take([w, w, w], index(i)), [w])(X)


def test_printing_is_allowed(capsys):
    w = Value(0.5, name="w")

    def function(x):
        print(x, f"{x:.2f}", repr(x * w))  # noqa: T201
        return x * w

    assert lift(function, [w])([2.0, 3.0]).tolist() == [1.0, 1.5]
    assert "2.00" in capsys.readouterr().out


def test_the_data_of_what_does_not_depend_on_inputs_may_be_read():
    w, t = Value(0.5, name="w"), Value(3.0)
    assert lift(lambda x: x * w * t.data * (t * t).data, [w])([1.0]) == [13.5]


def test_no_grad_and_stop_gradient_cut_derivatives_but_not_the_dependence_on_the_sample():
    w, v = parameters = leaves(0.5, 2.0)

    def stopped(x):
        return w * stop_gradient((w * x).exp()) + stop_gradient(x * v) * v + stop_gradient(w) * stop_gradient(3.0)

    def quiet(x):
        with no_grad():
            scale = (w * x).exp() + v
        return w * scale + v * x

    for function in (stopped, quiet):
        assert_lifts(function, parameters, rows(5))
    value, gradient = lift(lambda x: stop_gradient(w) * x, [w]).value_and_grad([1.0, 3.0])
    assert (value, gradient.tolist()) == (1.0, [0.0])


def test_a_recording_made_under_no_grad_still_has_a_gradient():
    w = Value(0.5, name="w")
    lifted = lift(lambda x: w * x, [w])
    with no_grad():
        lifted([1.0])
    assert lifted.value_and_grad([1.0, 3.0])[1] == [2.0]


# ---------------------------------------------------------------- tracing leaves nothing behind


def test_an_exception_inside_the_function_leaves_nothing_broken():
    w = Value(0.5, name="w")
    boom = [True]

    def function(x):
        if boom:
            raise KeyError(boom.pop())
        return x * w if x > 0 else x

    lifted = lift(function, [w])
    with pytest.raises(KeyError):
        lifted([1.0])
    assert current() is None
    assert (hint["tracing"], hint["careful"]) == (0, 0)
    assert_lifts(function, [w], [1.0, -2.0], lifted=lifted)
    boom.append(True)
    with pytest.raises(KeyError):
        lifted([[1.0, 2.0]])
    assert_lifts(function, [w], [1.0, -2.0], lifted=lifted)


def test_an_exception_in_a_new_branch_gives_the_parameters_back():
    w = Value(0.5, name="w")

    def function(x):
        if x * w < 0:
            raise KeyError("negative")
        return x * w

    objective = lift(function, [w]).objective([1.0, 2.0])
    with pytest.raises(KeyError):
        objective(np.array([-3.0]))
    assert w.data == 0.5
    assert objective(np.array([3.0]))[0] == 4.5


def test_a_function_that_is_being_lifted_does_not_disturb_other_threads():
    w, inside, done = Value(0.5, name="w"), threading.Event(), threading.Event()
    seen = []

    def function(x):
        inside.set()
        done.wait(5)
        return x * w

    def elsewhere():
        inside.wait(5)
        v = Value(3.0)
        seen.append((v * v).data if v > 2 else None)
        done.set()

    other = threading.Thread(target=elsewhere)
    other.start()
    assert lift(function, [w])([2.0]) == [1.0]
    other.join()
    assert seen == [9.0]


@pytest.fixture
def often():
    """Lets threads take turns as often as is asked."""
    before = sys.getswitchinterval()
    yield sys.setswitchinterval
    sys.setswitchinterval(before)


@pytest.mark.parametrize("trial", range(5))
def test_two_threads_may_record_one_function_at_once(trial, often):
    """Each chooses a layout for the parameters; both must come to use one."""
    parameters = leaves(1.0, 2.0, 3.0, 4.0)
    together, first = threading.Barrier(2), [True, True]

    def function(x):
        if first:
            first.pop()
            with contextlib.suppress(threading.BrokenBarrierError):  # one after the other is fine too
                together.wait(0.5)
        order = [0, 1, 2, 3] if len(x) == 4 else [3, 1, 0, 2]
        return sum(parameters[p] * x[i % len(x)] for i, p in enumerate(order)).tanh()

    lifted, found = lift(function, parameters), {}
    often(1e-6)
    batches = {size: rows(3, size, seed=trial) * 0.1 for size in (4, 2)}
    threads = [
        threading.Thread(target=lambda size=size: found.update({size: lifted.value_and_grad(batches[size])}))
        for size in batches
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for size, batch in batches.items():
        truth = scalar(function, parameters, batch)
        assert found[size][0] == pytest.approx(np.mean(truth.values), rel=1e-12)
        assert found[size][1] == pytest.approx(truth.gradient, rel=1e-12)


def test_a_lifted_function_inside_another_is_refused_or_follows_the_parameters():
    w = Value(2.0, name="w")
    inner = lift(lambda x: x * w, [w])
    outer = lift(lambda x: x * float(inner([1.0])[0]), [w])
    try:
        before = outer([1.0])
    except LiftError:
        return
    w.data = 5.0
    assert before == [2.0]
    assert outer([1.0]) == [5.0]


def test_an_exhausted_generator_is_the_functions_own_affair():
    w = Value(0.5, name="w")
    assert_lifts(lambda x: sum(each * w for each in (a * b for a, b in zip(x, x, strict=True))), [w], rows(3, 3))
