"""Branches, loops and comparisons on traced numbers: a path each, recorded once."""

import numpy as np
import pytest
from lifting import Counted, assert_lifts, leaves, matrix, rows, spread

from autograd_lite import Value, where
from autograd_lite.lift import lift


def counted(function, parameters):
    """Returns a lifted function that counts how often it is recorded."""
    calls = Counted(function)
    return calls, lift(calls, parameters)


# ---------------------------------------------------------------- branches


def piecewise(w):
    def function(x):
        if x > 1:
            return w * x * x
        if x < -1:
            return w.exp() - x
        return w / (x + 3)

    return function


def test_samples_of_one_batch_take_branches_of_their_own():
    w = Value(0.5, name="w")
    calls, lifted = counted(piecewise(w), [w])
    assert_lifts(piecewise(w), [w], [2.0, -3.0, 0.0, 1.0, -1.0, 5.0, 0.5], lifted=lifted)
    assert calls.calls == 3


def test_no_branch_is_recorded_twice_when_data_or_parameters_change():
    w = Value(0.5, name="w")
    calls, lifted = counted(piecewise(w), [w])
    lifted([2.0, -3.0, 0.0])
    before = calls.calls
    for seed in range(5):
        w.data = float(seed) - 2.5
        assert_lifts(piecewise(w), [w], rows(20, seed=seed, low=-4.0, high=4.0), lifted=lifted)
    assert calls.calls == before


def test_a_new_branch_is_recorded_when_a_sample_first_takes_it():
    w = Value(0.5, name="w")
    calls, lifted = counted(piecewise(w), [w])
    found = []
    for X in ([2.0], [3.0], [0.0, 2.0], [-2.0, 0.0, 2.0], [-9.0, 9.0]):
        assert_lifts(piecewise(w), [w], X, lifted=lifted)
        found.append(calls.calls)
    assert found == [1, 1, 2, 3, 3]


def test_parameters_that_change_sides_take_the_other_branch():
    w, v = parameters = leaves(1.0, 0.0)

    def function(x):
        return w * x if w > v else v * x * x - w

    calls, lifted = counted(function, parameters)
    for w.data, v.data in ((1.0, 0.0), (0.0, 1.0), (2.0, 1.0), (-1.0, 1.0), (1.0, 1.0)):
        assert_lifts(function, parameters, [1.0, 2.0, -3.0], lifted=lifted)
    assert calls.calls == 2


def test_an_objective_follows_the_parameters_it_is_given_not_those_it_began_with():
    w = Value(1.0, name="w")
    calls, lifted = counted(lambda x: w * x if w > 0 else -3 * w * x, [w])
    objective = lifted.objective([1.0, 3.0])
    for number, value, slope in ((2.0, 4.0, 2.0), (-2.0, 12.0, -6.0), (3.0, 6.0, 2.0)):
        assert objective(np.array([number])) == (value, [slope])
    assert w.data == 1.0
    assert calls.calls == 2


def test_captured_leaves_decide_branches_at_each_call():
    w, t = Value(2.0, name="w"), Value(1.0, name="temperature")

    def function(x):
        return w * x if t > 0 else w + x

    lifted = lift(function, [w])
    for t.data in (1.0, -1.0, 2.0):
        assert_lifts(function, [w], [4.0, 5.0], lifted=lifted)


@pytest.mark.parametrize("sign", ["<", "<=", ">", ">="])
def test_each_comparison_is_resolved_also_at_equality(sign):
    w = Value(1.0, name="w")
    compare = {"<": float.__lt__, "<=": float.__le__, ">": float.__gt__, ">=": float.__ge__}[sign]
    method = compare.__name__

    def function(x, y):
        return w * 2 if getattr(x, method)(y) else w * x

    def other_way(x, y):
        return w * 2 if getattr(w, method)(x) else w * y

    X, Y = [0.0, 1.0, 2.0, -0.0], [1.0, 1.0, 1.0, 0.0]
    assert_lifts(function, [w], X, Y)
    assert_lifts(other_way, [w], X, Y)
    assert_lifts(lambda x: w if 1.0 > x >= w * 0 else w * x, [w], X)


def test_pythons_max_min_sorted_and_abs_work():
    w = Value(0.5, name="w")
    X = rows(12, 4)
    assert_lifts(lambda x: max(x) * w - min(x) * w * w + abs(x[0]), [w], X)
    assert_lifts(lambda x: sum(k * each * w for k, each in enumerate(sorted(x))), [w], X)
    assert_lifts(lambda x: max(x[0] * w, 0) + min(x[1], w), [w], X)
    assert_lifts(lambda x: sorted(x, reverse=True)[1] * w, [w], [[1.0, 1.0, 0.0], [0.0, 2.0, 2.0]])


def test_loops_run_as_often_as_each_samples_numbers_say():
    w = Value(2.0, name="w")

    def collatz(x):
        steps = 0.0
        while x < 10:
            x = x * 2 + w
            steps = steps + w
        return x * steps

    def newton(x):
        y = x
        for _ in range(50):
            y = (y + x / y) / 2
            if abs(y * y - x) < 1e-9:
                break
        return y * w

    assert_lifts(collatz, [w], [1.0, 3.0, 20.0, -1.0, -1.5, 9.99])
    assert_lifts(newton, [w], [1.0, 2.0, 9.0, 1e4], tolerance=1e-9)  # a loop that ends where rounding lets it


def test_a_leaky_unit_written_by_hand_is_a_guard_for_each_unit():
    parameters = spread(6)
    W, _ = matrix(parameters, 3, 2)

    def function(x):
        sums = [sum(a * b for a, b in zip(row, x, strict=True)) for row in W]
        return sum(each if each > 0 else each * 0.1 for each in sums)

    calls, lifted = counted(function, parameters)
    assert_lifts(function, parameters, rows(40, 2), lifted=lifted)
    assert calls.calls <= 8


def test_more_ways_than_are_kept_fall_back_to_the_scalar_engine_and_stay_right():
    w = Value(0.5, name="w")

    def function(x):
        return sum((each * w if each > 0 else each - w) * k for k, each in enumerate(x))

    _, lifted = counted(function, [w])
    X = rows(400, 9)
    assert_lifts(function, [w], X, lifted=lifted)
    assert_lifts(function, [w], X[:50], lifted=lifted)


def test_a_comparison_of_numbers_that_are_constant_in_a_branch_is_no_guard():
    w = Value(2.0, name="w")

    def function(x):
        c = where(x > 0, 2.0, x)
        return w * x if c > 1 else w

    assert_lifts(function, [w], [1.0, 3.0, -2.0])


def test_a_result_that_is_constant_in_a_branch_is_right():
    w = Value(2.0, name="w")
    assert_lifts(lambda x: where(x > 0, 2.0, x) * 3.0, [w], [1.0, 3.0, -2.0])
    assert_lifts(lambda x: 5.0 if x > 0 else w * x, [w], [1.0, 3.0, -2.0])
    assert_lifts(lambda x: 5.0 if x > 0 else w * x, [w], [-1.0])


def test_where_decides_by_each_samples_own_comparison():
    w = Value(2.0, name="w")
    assert_lifts(lambda x: where(x > w, x * w, w - x) + where(w > 0, w, 0), [w], [1.0, 2.0, 3.0])


def test_a_comparison_that_rounding_decides_is_recorded_once_not_without_end():
    """The scalar sum is 1e-17 off the array's, so the branch recorded for a sample need not seem to be its own."""
    parameters = leaves(-0.4, 0.1, 0.5, -0.4, 0.2, 0.4)
    X = [[-0.1, 0.5, -0.1, 0.0, -0.4, 0.1], [0.0, 0.1, 0.3, 0.4, -0.4, 0.2], [0.3, 0.2, -0.2, -0.3, 0.4, 0.0]]

    def function(x):
        total = sum(p * q for p, q in zip(parameters, x, strict=True))
        return parameters[0] * 2 if total > 0 else parameters[1] * 3 if total < 0 else parameters[2] * 5

    calls, lifted = counted(function, parameters)
    for _ in range(3):
        lifted(X)
    assert calls.calls <= 9
