"""Numbers without a result: the scalar engine's number, or its error, which names the sample and the operation."""

import math

import numpy as np
import pytest
from lifting import assert_close, assert_lifts, leaves, rows, scalar

from autograd_lite import (
    AutogradError,
    DivisionByZero,
    DomainError,
    NonFiniteError,
    Overflow,
    Value,
    define_rule,
)
from autograd_lite.lift import lift, lift_graph

W = 2.0


def lifted(function, **options):
    """Returns a function of x and a parameter w = 2, lifted as one of x."""
    w = Value(W, name="w")
    return lift(lambda *batches: function(*batches, w), [w], **options)


# ---------------------------------------------------------------- numbers without a result

FAULTS = {
    "log of a negative number": (lambda x, w: (w * x).log(), -1.0, DomainError, "log"),
    "log of an input": (lambda x, w: x.log() * w, -1.0, DomainError, "log"),
    "root of a negative number": (lambda x, w: (w * x).sqrt(), -1.0, DomainError, "sqrt"),
    "fractional power of a negative number": (lambda x, w: (w * x) ** 0.5, -1.0, DomainError, "pow"),
    "arcsin outside": (lambda x, w: (w * x).arcsin(), 3.0, DomainError, "arcsin"),
    "exp of a large number": (lambda x, w: (w * x).exp(), 1e3, Overflow, "exp"),
    "a power of a large number": (lambda x, w: (w * x) ** 3, 1e200, Overflow, "pow"),
    "division by zero": (lambda x, w: w / (w * x), 0.0, DivisionByZero, "div"),
    "a negative power of zero": (lambda x, w: (w * x) ** -1, 0.0, DivisionByZero, "pow"),
    "the slope of a root at 0": (lambda x, w: (w * x).sqrt(), 0.0, NonFiniteError, "sqrt"),
    "a product that overflows": (lambda x, w: w * x * x, 1e200, NonFiniteError, "mul"),
    "nan among the inputs": (lambda x, w: w * x, math.nan, NonFiniteError, "nan"),
    "inf among the inputs": (lambda x, w: w * x, math.inf, NonFiniteError, "inf"),
    "sine of inf": (lambda x, w: (w * x).sin(), math.inf, AutogradError, "sin|mul"),
}


@pytest.mark.parametrize("place", [0, 1, 3])
@pytest.mark.parametrize(("function", "bad", "error", "operation"), FAULTS.values(), ids=FAULTS)
def test_a_sample_without_a_finite_gradient_raises_the_engines_error_with_its_number(
    function, bad, error, operation, place
):
    X = [0.25, 0.125, 0.25, 0.125]
    X[place] = bad
    with pytest.raises(error, match=operation) as caught:
        lifted(function).value_and_grad(X)
    assert f"sample {place}" in str(caught.value)


@pytest.mark.parametrize(("function", "bad", "error", "operation"), FAULTS.values(), ids=FAULTS)
def test_a_call_gives_the_engines_number_or_raises_its_error(function, bad, error, operation):
    try:
        truth = function(Value(bad), Value(W)).data
    except error as expected:
        with pytest.raises(type(expected), match=operation) as caught:
            lifted(function)([0.25, bad])
        assert "sample 1" in str(caught.value)
        return
    found = lifted(function)([0.25, bad])
    assert found[0] == pytest.approx(function(Value(0.25), Value(W)).data)
    assert found[1] == truth or (math.isnan(found[1]) and math.isnan(truth))


def test_the_fault_names_the_sample_of_the_whole_batch_not_of_its_group():
    w = Value(W, name="w")
    with pytest.raises(DomainError, match=r"sample 3"):
        lift(lambda x: sum(x).log() * w, [w]).value_and_grad([[1.0], [1.0, 2.0], [3.0], [-1.0, -2.0], [5.0]])
    with pytest.raises(DomainError, match=r"sample 2"):
        lift(lambda x: x * w if x > 0 else x.log(), [w]).value_and_grad([1.0, 2.0, -3.0])


def test_a_fault_in_a_result_of_several_numbers_is_the_engines_too():
    w = Value(W, name="w")
    with pytest.raises(DomainError, match="log"):
        lift(lambda x: [w * x, (w * x).log()], [w])([1.0, -1.0])
    with pytest.raises(DomainError, match="log"):
        lift(lambda x: [(w * x).log()], [w]).value_and_grad([1.0, -1.0])


def test_after_a_fault_everything_works_as_before():
    w = Value(W, name="w")
    w.grad = 3.0
    function = lift(lambda x: (w * x).log(), [w])
    with pytest.raises(DomainError):
        function.value_and_grad([1.0, -1.0])
    assert (w.data, w.grad) == (W, 3.0)
    assert_lifts(lambda x: (w * x).log(), [w], [1.0, 2.0], lifted=function)


def test_a_sample_that_only_arrays_cannot_compute_is_computed_by_the_scalar_engine():
    """1e200*1e200 is inf on the way, where the scalar engine's own order of operations never meets it."""
    p, q = parameters = leaves(1e-200, 1.0)
    assert_lifts(lambda x: (x * p) * x * p * q, parameters, [1e200, 1.0])


def test_a_users_domain_is_looked_at():
    own = define_rule("positive_square", "x*x", "2*x", domain="x > 0")
    w = Value(W, name="w")
    function = lift(lambda x: own(x * w), [w])
    assert function([1.0, 2.0]).tolist() == [4.0, 16.0]
    with pytest.raises(DomainError, match="positive_square"):
        function([1.0, -3.0])
    with pytest.raises(DomainError, match="positive_square"):
        function.value_and_grad([1.0, -3.0])


def test_a_users_function_that_raises_is_the_engines_error():
    own = define_rule("own_log", math.log, lambda x, out: 1 / x)
    w = Value(W, name="w")
    function = lift(lambda x: own(x * w), [w])
    with pytest.raises(DomainError, match=r"own_log.*sample 1|sample 1.*own_log"):
        function.value_and_grad([1.0, -3.0])
    with pytest.raises(DomainError, match="own_log"):
        function([1.0, -3.0])


# ---------------------------------------------------------------- captured leaves


def test_captured_leaves_are_read_at_each_call():
    w, temperature = Value(W, name="w"), Value(3.0, name="temperature")

    def loss(x):
        return (w * x / temperature).tanh()

    function = lift(loss, [w])
    for temperature.data in (3.0, 5.0, -0.5):
        assert_lifts(loss, [w], [1.0, 2.0], lifted=function)
    objective = function.objective([1.0, 2.0])
    theta = objective.start()
    for temperature.data in (1.0, 2.0):
        value, gradient = objective(theta)
        truth = scalar(loss, [w], [1.0, 2.0])
        assert_close(value, np.mean(truth.values), np.mean(truth.sizes))
        assert_close(gradient, truth.gradient, truth.slopes)


def test_a_lifted_graph_reads_its_leaves_at_each_call():
    p, q = leaves(0.5, 2.0)
    function = lift_graph((p * q).tanh() + q, [p])
    for p.data, q.data in ((0.5, 2.0), (1.5, 0.25), (-1.0, 1.0)):
        assert function() == pytest.approx(math.tanh(p.data * q.data) + q.data, rel=1e-15)


# ---------------------------------------------------------------- precision


def test_single_precision_is_about_right():
    parameters = leaves(0.5, -1.5, 0.25)

    def loss(x):
        return sum(p * a for p, a in zip(parameters, x, strict=True)).tanh() ** 2

    X = rows(20, 3)
    value, gradient = lift(loss, parameters).value_and_grad(X)
    single, slopes = lift(loss, parameters, dtype="float32").value_and_grad(X)
    assert single == pytest.approx(value, rel=1e-5)
    assert slopes == pytest.approx(gradient, rel=1e-4, abs=1e-5)
    assert lift(loss, parameters).to("numpy", "float32").value_and_grad(X)[0] == single


def test_a_number_too_large_for_single_precision_is_computed_by_the_scalar_engine():
    w = Value(W, name="w")
    function = lift(lambda x: w * x, [w], dtype="float32")
    assert function([1.0, 1e300]).tolist() == [2.0, 2e300]
