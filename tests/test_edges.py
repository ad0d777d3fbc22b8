"""What happens at edges, row by row: our column of the table in verify.md, which other libraries disagree about."""

import math

import pytest

from autograd_lite import (
    DomainError,
    Value,
    hypot,
    ieee,
    log_sigmoid,
    logaddexp,
    maximum,
    minimum,
    record,
    relu,
    sigmoid,
    softplus,
    where,
)

INF, NAN = math.inf, math.nan


def slopes(function, *inputs):
    """Returns [value, slope by each input], the inputs being leaves."""
    leaves = [Value(x) for x in inputs]
    out = function(*leaves)
    out.backward()
    return [out.data, *(leaf.grad for leaf in leaves)]


EDGES = {
    "relu at 0": (relu, [0.0], [0.0, 0.0]),
    "maximum(x, 0) at 0": (lambda x: maximum(x, 0.0), [0.0], [0.0, 0.0]),
    "maximum(0, x) at 0": (lambda x: maximum(0.0, x), [0.0], [0.0, 0.0]),
    "minimum(x, 0) at 0": (lambda x: minimum(x, 0.0), [0.0], [0.0, 0.0]),
    "clip(x, 0, None) as where(x > 0, x, 0) at 0": (lambda x: where(x > 0, x, 0.0), [0.0], [0.0, 0.0]),
    "relu at nan": (relu, [NAN], [NAN, NAN]),
    "maximum(x, 0) at nan": (lambda x: maximum(x, 0.0), [NAN], [NAN, NAN]),
    "abs at 0": (abs, [0.0], [0.0, 0.0]),
    "maximum at a tie": (maximum, [2.0, 2.0], [2.0, 0.5, 0.5]),
    "minimum at a tie": (minimum, [2.0, 2.0], [2.0, 0.5, 0.5]),
    "sqrt at 0": (lambda x: x.sqrt(), [0.0], [0.0, INF]),
    "x**0 at 0": (lambda x: x**0, [0.0], [1.0, 0.0]),
    "x**0.0 at 0": (lambda x: x**0.0, [0.0], [1.0, 0.0]),
    "pow at (0, 0)": (lambda x, y: x**y, [0.0, 0.0], [1.0, 0.0, 0.0]),
    "pow at (-2, 3)": (lambda x, y: x**y, [-2.0, 3.0], [-8.0, 12.0, NAN]),
    "x**3 at -2": (lambda x: x**3, [-2.0], [-8.0, 12.0]),
    "x/y at (1e200, 1e200)": (lambda x, y: x / y, [1e200, 1e200], [1.0, 1e-200, -1e-200]),
    "hypot at (0, 0)": (hypot, [0.0, 0.0], [0.0, 0.0, 0.0]),
    "sigmoid at -1000": (sigmoid, [-1000.0], [0.0, 0.0]),
    "sigmoid at 1000": (sigmoid, [1000.0], [1.0, 0.0]),
    "log_sigmoid at -1000": (log_sigmoid, [-1000.0], [-1000.0, 1.0]),
    "log_sigmoid at 1000": (log_sigmoid, [1000.0], [0.0, 0.0]),
    "softplus at 1000": (softplus, [1000.0], [1000.0, 1.0]),
    "softplus at -1000": (softplus, [-1000.0], [0.0, 0.0]),
    "logaddexp at (1000, 1000)": (logaddexp, [1000.0, 1000.0], [1000.0 + math.log(2), 0.5, 0.5]),
    "logaddexp at (-1000, 0)": (logaddexp, [-1000.0, 0.0], [0.0, 0.0, 1.0]),
    "arcsin at 1": (lambda x: x.arcsin(), [1.0], [math.pi / 2, INF]),
    "arccos at -1": (lambda x: x.arccos(), [-1.0], [math.pi, -INF]),
    "arccosh at 1": (lambda x: x.arccosh(), [1.0], [0.0, INF]),
    "cbrt at 0": (lambda x: x.cbrt(), [0.0], [0.0, INF]),
    "sign at 0": (lambda x: x.sign(), [0.0], [0.0, 0.0]),
    "heaviside at 0": (lambda x: x.heaviside(), [0.0], [0.0, 0.0]),
    "leaky_relu at 0": (lambda x: x.leaky_relu(), [0.0], [0.0, 0.01]),
    "sqrt(x)**2 at 0": (lambda x: x.sqrt() ** 2, [0.0], [0.0, NAN]),
}


@pytest.mark.parametrize(("function", "inputs", "expected"), EDGES.values(), ids=EDGES)
def test_the_edge_is_as_the_table_says(function, inputs, expected):
    assert slopes(function, *inputs) == pytest.approx(expected, rel=1e-15, abs=0.0, nan_ok=True)


@pytest.mark.parametrize(("function", "inputs", "expected"), EDGES.values(), ids=EDGES)
def test_the_tape_agrees_with_backward_at_the_edge(function, inputs, expected):
    leaves = [Value(x) for x in inputs]
    tape = record(function(*leaves))
    found = tape.evaluate().adjoints()
    assert [found[i] for i in tape.leaves] == pytest.approx(expected[1:], rel=1e-15, abs=0.0, nan_ok=True)


def test_the_logarithm_of_minus_one_is_an_error():
    with pytest.raises(DomainError, match=r"x = -1\.0"):
        Value(-1.0).log()


def test_under_ieee_the_logarithm_of_minus_one_is_nan_and_so_is_its_slope():
    with ieee():
        assert slopes(lambda x: x.log(), -1.0) == pytest.approx([NAN, NAN], nan_ok=True)


def test_an_unused_input_has_gradient_zero_that_reads_as_not_computed():
    used, unused = Value(2.0), Value(3.0)
    (used * used).backward()
    assert unused.grad == 0.0
    assert not unused.grad_computed
    assert "not computed" in repr(unused)


@pytest.mark.parametrize("x", [-2.0, -0.0, 0.0, 5e-324, 1.0, NAN, INF, -INF])
def test_the_ways_to_write_relu_agree_everywhere(x):
    expected = slopes(relu, x)
    for way in (lambda v: maximum(v, 0.0), lambda v: maximum(0.0, v)):
        assert slopes(way, x) == pytest.approx(expected, nan_ok=True)
    if x == x:  # a comparison with nan is false, and says nothing more
        assert slopes(lambda v: where(v > 0, v, 0.0), x) == pytest.approx(expected)
