"""Where did the nan come from: the first node, its operands, its scope, its source line, and what to write instead."""

import math

import pytest

from autograd_lite import (
    NonFiniteError,
    OperandError,
    Value,
    detect_anomaly,
    find_anomaly,
    ieee,
    in_scope,
    no_grad,
    where,
)


def test_a_finite_graph_has_no_anomaly():
    x = Value(2.0)
    y = x.log() * x
    y.backward()
    assert find_anomaly(y) is None


def test_the_first_value_that_is_not_finite_is_named_with_its_operands():
    x = Value(1e200, name="x")
    y = (x * x - 1).tanh() * 2
    found = find_anomaly(y)
    assert (found.what, found.number, found.line) == ("value", math.inf, 1)
    assert found.node == "mul of x = 1e+200 ('x'), y = 1e+200 ('x')"
    assert str(found).startswith("the value of mul of x = 1e+200 ('x'), y = 1e+200 ('x') is inf (line 1 of the tape)")
    assert "compute it `with detect_anomaly():` to see the source line" in str(found)


@pytest.mark.parametrize("data", [math.nan, math.inf, -math.inf])
def test_an_input_that_is_not_finite_is_the_anomaly(data):
    found = find_anomaly(Value(data, name="x") * 2)
    assert (found.what, found.node) == ("value", "leaf 'x'")
    assert repr(found.number) == repr(data)
    assert str(found).endswith("(line 0 of the tape).")


def test_a_gradient_that_is_not_finite_is_named():
    x = Value(0.0, name="x")
    y = x.sqrt() * 3
    y.backward()
    found = find_anomaly(y)
    assert (found.what, found.number) == ("partial", math.inf)
    assert found.node == "sqrt of x = 0.0 ('x')"
    assert found.remedy == "The slope at 0 is infinite: take sqrt(x + eps)."
    assert str(found).endswith("take sqrt(x + eps).")


def test_an_infinite_slope_is_found_before_backward_too():
    found = find_anomaly(Value(0.0, name="x").sqrt())
    assert (found.what, found.number) == ("partial", math.inf)


def test_a_gradient_that_overflows_is_named_where_it_did():
    x = Value(1.0, name="x")
    y = x * 1e200
    (y * 1e200 * 1e-300).backward()
    found = find_anomaly(y * 1e200 * 1e-300)
    assert (found.what, found.node, found.number) == ("value", "mul of x = 1e+200, y = 1e+200", math.inf)


def test_a_seed_that_is_nan_is_the_gradient_of_the_root():
    y = Value(1.0, name="x") * 2
    y.backward(math.nan)
    found = find_anomaly(y)
    assert (found.what, found.line) == ("gradient", 2)


@pytest.mark.parametrize(
    ("make", "remedy"),
    [
        (lambda: Value(0.0).log(), "For log(1 + u) use log1p(u), for log(sigmoid(u)) use log_sigmoid(u)"),
        (lambda: (Value(-1000.0).sigmoid()).log(), "log_sigmoid(u)"),
        (lambda: Value(1000.0).exp() / Value(1000.0).exp(), "as log-sum-exp and softmax do"),
        (lambda: Value(1.0) / Value(0.0), "x / (y + eps)"),
        (lambda: Value(-1.0).sqrt(), "take sqrt(x + eps)"),
    ],
    ids=["log", "log of sigmoid", "softmax", "div", "sqrt"],
)
def test_the_stable_rewrite_is_named(make, remedy):
    with ieee():
        y = make()
    found = find_anomaly(y)
    assert found.what == "value"
    assert remedy in str(found)


def test_the_scope_is_named_from_the_outside_in():
    with ieee():
        y = in_scope("mlp", in_scope, "layer0", lambda v: v.log(), Value(0.0, name="p"))
    found = find_anomaly(y + 1)
    assert found.scope == ("mlp", "layer0")
    assert ", in mlp.layer0)" in str(found)


def test_the_source_line_is_named_for_what_was_computed_under_detect_anomaly():
    x = Value(0.0, name="x")
    with detect_anomaly():
        y = x.sqrt()  # the culprit
    found = find_anomaly(y)
    assert (found.place.file, found.place.text) == ("test_anomaly.py", "y = x.sqrt()  # the culprit")
    assert "; line " in str(found)
    assert "test_anomaly.py: y = x.sqrt()  # the culprit" in str(found)


def test_several_values_are_searched_together():
    good, bad = Value(1.0) * 2, Value(1e308) * 10
    assert find_anomaly(good) is None
    assert find_anomaly(good, bad).number == math.inf


def test_only_values_are_searched():
    with pytest.raises(OperandError, match="at least one Value"):
        find_anomaly()
    with pytest.raises(OperandError, match="is not a Value"):
        find_anomaly(3.0)


# ---------------------------------------------------------------- detect_anomaly

FORWARD = {
    "inf": (lambda: Value(1e200, name="a") * 1e200, r"mul of x = 1e\+200 \('a'\), y = 1e\+200 is inf; line \d+ of "),
    "-inf": (lambda: Value(-1e308) * 10, r"is -inf"),
    "nan": (lambda: Value(math.inf) - math.inf, r"sub of x = inf, y = inf is nan"),
    "passed on": (lambda: Value(math.nan).tanh(), r"tanh of x = nan is nan"),
    "under ieee": (lambda: 1 / Value(0.0), r"div of x = 1\.0, y = 0\.0 is inf; .* x / \(y \+ eps\)"),
}


@pytest.mark.parametrize("name", FORWARD)
def test_a_result_that_is_not_finite_raises_at_once_forward(name):
    make, message = FORWARD[name]
    with ieee(), detect_anomaly(), pytest.raises(NonFiniteError, match=message) as caught:
        make()
    assert "test_anomaly.py" in str(caught.value)


def test_a_slope_that_is_not_finite_raises_backward_with_operands_line_and_remedy():
    x = Value(0.0, name="x")
    with detect_anomaly():
        y = x.sqrt()  # the culprit
        z = y + 1
        with pytest.raises(NonFiniteError) as caught:
            z.backward()
    message = str(caught.value)
    assert message.startswith("the slope of sqrt of x = 0.0 ('x') is inf; line ")
    assert message.endswith(
        " of test_anomaly.py: y = x.sqrt()  # the culprit. The slope at 0 is infinite: take sqrt(x + eps)."
    )


def test_backward_names_the_operand_whose_slope_it_is_when_there_are_two():
    x, y = Value(1.0, name="x"), Value(0.0, name="y")
    with detect_anomaly():
        z = y**0.5 * x + y.arctan2(y)
        with pytest.raises(
            NonFiniteError, match=r"the slope of arctan2 of x = 0\.0 \('y'\), y = .* by x is nan; line "
        ):
            z.backward()


def test_backward_blames_the_first_node_in_the_order_of_the_sweep():
    x = Value(0.0)
    with detect_anomaly():
        h = x.cbrt()
        y = h.sqrt()  # last forward, first backward
        with pytest.raises(NonFiniteError, match=r"the slope of sqrt of .* is inf; .*# last forward, first backward"):
            y.backward()


def test_an_adjoint_that_overflows_is_named_with_the_line_of_its_node():
    x = Value(1e-300, name="x")
    with detect_anomaly():
        h = x * 1  # its gradient overflows
        y = h * 1e200
        with pytest.raises(NonFiniteError) as caught:
            y.backward(1e200)
    assert str(caught.value).startswith("the gradient of mul of x = 1e-300 ('x'), y = 1.0 is inf; line ")
    assert str(caught.value).endswith("test_anomaly.py: h = x * 1  # its gradient overflows.")


def test_a_leaf_whose_gradient_overflows_is_named():
    x = Value(1e-300, name="x")
    with detect_anomaly(), pytest.raises(NonFiniteError, match=r"^the gradient of 'x' is inf\.$"):
        (x * 1e200).backward(1e200)


def test_a_scope_is_mentioned_by_an_anomaly_forward():
    with detect_anomaly(), pytest.raises(NonFiniteError, match=r"is inf; .*\(in layer0\)$"):
        in_scope("layer0", lambda v: v * 1e200, Value(1e200))


def test_finite_computations_pass_and_are_the_same():
    x, y = Value(0.5), Value(0.5)
    (x.tanh() * x).backward()
    with detect_anomaly():
        (y.tanh() * y).backward()
    assert x.grad == y.grad


def test_the_condition_of_where_takes_no_operands_name():
    a, b = Value(math.inf, name="a"), Value(1.0, name="b")
    with detect_anomaly(), pytest.raises(NonFiniteError, match=r"where of c = 1\.0, x = inf \('a'\), y = 1\.0 \('b'\)"):
        where(b > 0, a, b)


def test_without_it_a_nan_passes_in_silence():
    x = Value(math.inf)
    (x - math.inf).backward()
    assert x.grad == 1.0


def test_results_under_no_grad_are_watched_too():
    with no_grad(), detect_anomaly(), pytest.raises(NonFiniteError):
        Value(1e200) * 1e200
