"""Losses: their values, their gradients against closed forms and PyTorch, and what they refuse."""

import math

import pytest

from autograd_lite import InputError, LabelError, OperandError, ShapeError, Value
from nn import (
    binary_cross_entropy,
    half_squared_error,
    hinge,
    log_softmax,
    mean_squared_error,
    softmax,
    softmax_cross_entropy,
)

LOGITS = [0.0, 1e-9, -0.5, 2.0, -37.0, 40.0, -745.0, 1000.0, -1000.0]
ROWS = [[0.0, 0.0], [1.0, -2.0, 0.5], [1000.0, -1000.0, 999.0], [-1e300, 1e300], [3.0] * 7, [-40.0, 40.0, 0.1]]


def gradients(loss, values):
    leaves = [Value(v) for v in values]
    out = loss(leaves)
    out.backward()
    return out.data, [leaf.grad for leaf in leaves]


def sigmoid(z):
    return 1 / (1 + math.exp(-z)) if z >= 0 else math.exp(z) / (1 + math.exp(z))


VALUES = {
    "half squared error": (lambda: half_squared_error(3.0, 1.0), 2.0),
    "half squared error of a sequence is a sum": (lambda: half_squared_error([3.0, 0.0], [1.0, 1.0]), 2.5),
    "mean squared error": (lambda: mean_squared_error([3.0, 0.0], [1.0, 1.0]), 2.5),
    "mean squared error of numbers": (lambda: mean_squared_error(3, 1), 4.0),
    "binary cross-entropy": (lambda: binary_cross_entropy(0.0, 1), math.log(2)),
    "soft target": (lambda: binary_cross_entropy(0.0, 0.3), math.log(2)),
    "binary cross-entropy of a sequence is a mean": (
        lambda: binary_cross_entropy([1000.0, 0.0], [0, 1]),
        500 + math.log(2) / 2,
    ),
    "softmax cross-entropy": (lambda: softmax_cross_entropy([0.0, 0.0, 0.0], 2), math.log(3)),
    "hinge inside the margin": (lambda: hinge(0.25, 1), 0.75),
    "hinge beyond the margin": (lambda: hinge(1.5, 1.0), 0.0),
    "hinge on the wrong side": (lambda: hinge([2.0, -1.0], [-1, 1]), 2.5),
}


@pytest.mark.parametrize(("loss", "expected"), VALUES.values(), ids=VALUES)
def test_losses_of_plain_numbers_are_values(loss, expected):
    out = loss()
    assert isinstance(out, Value)
    assert out.data == pytest.approx(expected, rel=1e-15)


@pytest.mark.parametrize("t", [0, 1, 0.25])
@pytest.mark.parametrize("z", LOGITS)
def test_the_gradient_of_binary_cross_entropy_is_probability_minus_target(z, t):
    value, (gradient,) = gradients(lambda leaves: binary_cross_entropy(leaves[0], t), [z])
    assert gradient == pytest.approx(sigmoid(z) - t, rel=4e-16, abs=2e-16)
    assert value >= 0


def test_binary_cross_entropy_keeps_its_relative_accuracy_when_sure():
    value, (gradient,) = gradients(lambda leaves: binary_cross_entropy(leaves[0], 1), [40.0])
    assert value == pytest.approx(math.exp(-40), rel=1e-15)
    assert gradient == pytest.approx(-math.exp(-40), rel=1e-15)


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_the_gradient_of_softmax_cross_entropy_is_softmax_minus_one_hot(row):
    exponentials = [math.exp(z - max(row)) for z in row]
    total = math.fsum(exponentials)
    for label in range(len(row)):
        value, gradient = gradients(lambda leaves, label=label: softmax_cross_entropy(leaves, label), row)
        closed = [e / total - (i == label) for i, e in enumerate(exponentials)]
        assert gradient == pytest.approx(closed, rel=1e-15, abs=2.3e-16)
        assert value == pytest.approx(math.log(total) + max(row) - row[label], rel=1e-15)


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_softmax_adds_up_to_one_and_log_softmax_is_its_logarithm(row):
    probabilities, logarithms = [p.data for p in softmax(row)], [p.data for p in log_softmax(row)]
    assert math.fsum(probabilities) == pytest.approx(1, rel=1e-15)
    for p, log_p in zip(probabilities, logarithms, strict=True):
        assert log_p == pytest.approx(math.log(p), rel=1e-14, abs=1e-15) if p else log_p < -745


LOSSES = {"softmax": softmax, "log_softmax": log_softmax, "cross-entropy": lambda z: softmax_cross_entropy(z, 1)}


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
def test_every_exponential_is_computed_once(loss, monkeypatch):
    exp, computed = Value.exp, []
    monkeypatch.setattr(Value, "exp", lambda z: computed.append(z) or exp(z))
    loss([1.0, -2.0, 0.5])
    assert len(computed) == 3


def test_the_gradients_of_softmax_are_those_of_its_jacobian():
    row = [0.3, -1.0, 2.0]
    p = [out.data for out in softmax(row)]
    for i in range(3):
        _, gradient = gradients(lambda leaves, i=i: softmax(leaves)[i], row)
        assert gradient == pytest.approx([p[i] * ((i == j) - p[j]) for j in range(3)], rel=1e-14, abs=1e-16)
        _, gradient = gradients(lambda leaves, i=i: log_softmax(leaves)[i], row)
        assert gradient == pytest.approx([(i == j) - p[j] for j in range(3)], rel=1e-14, abs=1e-16)


def test_the_gradients_of_the_squared_errors_are_the_errors():
    assert gradients(lambda p: half_squared_error(p, [1.0, 4.0]), [3.0, 0.5])[1] == [2.0, -3.5]
    assert gradients(lambda p: mean_squared_error(p, [1.0, 4.0]), [3.0, 0.5])[1] == [2.0, -3.5]


def test_a_target_may_be_a_value_and_receives_its_gradient():
    _, gradient = gradients(lambda v: half_squared_error(v[0], v[1]), [3.0, 1.0])
    assert gradient == [2.0, -2.0]
    _, gradient = gradients(lambda v: binary_cross_entropy(v[0], v[1]), [3.0, 0.5])
    assert gradient[1] == pytest.approx(-3.0)


def test_the_gradient_of_hinge_is_zero_beyond_the_margin_and_at_it():
    assert gradients(lambda s: hinge(s, [1, -1, 1]), [0.5, 0.5, 1.0])[1] == [-1 / 3, 1 / 3, 0.0]


@pytest.mark.parametrize("row", ROWS[:3] + ROWS[4:], ids=str)
def test_losses_and_gradients_are_pytorchs(row):
    torch = pytest.importorskip("torch")
    functional = torch.nn.functional
    k = len(row)
    targets = [0.25 * (i % 5) for i in range(k)]
    t = torch.tensor(targets, dtype=torch.float64)
    pairs = [
        (lambda z: softmax_cross_entropy(z, k - 1), lambda z: functional.cross_entropy(z, torch.tensor(k - 1))),
        (lambda z: binary_cross_entropy(z, targets), lambda z: functional.binary_cross_entropy_with_logits(z, t)),
        (lambda z: mean_squared_error(z, targets), lambda z: functional.mse_loss(z, t)),
        (lambda z: half_squared_error(z, targets), lambda z: functional.mse_loss(z, t, reduction="sum") / 2),
        (lambda z: hinge(z, [1] * k), lambda z: functional.relu(1 - z).mean()),
    ]
    for ours, theirs in pairs:
        value, gradient = gradients(ours, row)
        z = torch.tensor(row, dtype=torch.float64, requires_grad=True)
        out = theirs(z)
        out.backward()
        assert value == pytest.approx(out.item(), rel=1e-14)
        assert gradient == pytest.approx(z.grad.tolist(), rel=1e-13, abs=1e-15)


def test_numpy_scalars_and_rows_are_accepted():
    np = pytest.importorskip("numpy")
    assert softmax_cross_entropy(np.zeros(2), np.int64(1)).data == math.log(2)
    assert mean_squared_error(np.array([1.0, 2.0]), np.array([1.0, 4.0])).data == 2.0
    assert binary_cross_entropy(np.float64(0), np.float32(1)).data == math.log(2)
    assert hinge(Value(0.25), np.int8(-1)).data == 1.25


INT = r"a class is an int, 0 <= label < 3: use int\(label\)"
THREE = [0.0, 1.0, 2.0]
BAD = {
    "label at the end": (
        lambda: softmax_cross_entropy(THREE, 3),
        LabelError,
        "label 3 is outside 0 <= label < 3; number",
    ),
    "negative label": (
        lambda: softmax_cross_entropy(THREE, -1),
        LabelError,
        "label -1 is outside 0 <= label < 3; number",
    ),
    "float label": (lambda: softmax_cross_entropy(THREE, 1.0), LabelError, f"label 1.0 is a float; {INT}"),
    "fractional label": (lambda: softmax_cross_entropy(THREE, 0.5), LabelError, f"label 0.5 is a float; {INT}"),
    "bool label": (lambda: softmax_cross_entropy(THREE, True), LabelError, f"label True is a bool; {INT}"),
    "text label": (lambda: softmax_cross_entropy(THREE, "cat"), LabelError, f"label 'cat' is a str; {INT}"),
    "no label": (lambda: softmax_cross_entropy(THREE, None), LabelError, f"label None is a NoneType; {INT}"),
    "Value label": (lambda: softmax_cross_entropy(THREE, Value(1)), LabelError, INT),
    "one class": (
        lambda: softmax_cross_entropy([1.0], 0),
        ShapeError,
        r"softmax of 1 score\(s\); .* binary_cross_entropy",
    ),
    "one output": (lambda: softmax_cross_entropy(Value(1), 0), ShapeError, r"softmax of 1 score\(s\); .* binary_cross"),
    "no scores": (lambda: softmax([]), ShapeError, r"softmax of 0 score\(s\); it needs at least 1"),
    "a number": (lambda: log_softmax(1.0), InputError, "the logits: expected a sequence, got float 1.0; write"),
    "text score": (
        lambda: softmax(["1", 2.0]),
        OperandError,
        "element 0 of the logits: str '1' .* convert it with float",
    ),
    "target 2": (lambda: binary_cross_entropy(0.0, 2), LabelError, r"target 2.0 .* outside \[0, 1\]; use 0 and 1"),
    "target -1": (lambda: binary_cross_entropy(0.0, -1), LabelError, r"target -1.0 .* outside \[0, 1\]; use 0 and 1"),
    "target nan": (lambda: binary_cross_entropy(0.0, math.nan), LabelError, r"target nan .* outside \[0, 1\]; use 0"),
    "target True": (
        lambda: binary_cross_entropy(0.0, True),
        OperandError,
        "of the targets: bool True .* write 1.0 or 0.0",
    ),
    "hinge 0": (lambda: hinge(0.5, 0), LabelError, r"label 0.0 of a hinge loss is neither -1 nor \+1; .* 2\*label - 1"),
    "hinge 2": (lambda: hinge(0.5, 2), LabelError, r"label 2.0 of a hinge loss is neither -1 nor \+1; .* 2\*label - 1"),
    "hinge nan": (lambda: hinge(0.5, math.nan), LabelError, r"label nan of a hinge loss is neither -1 nor \+1"),
    "a Value of 2": (lambda: binary_cross_entropy(0.0, Value(2)), LabelError, r"target Value\(data=2.0, .* \[0, 1\]"),
    "hinge, a Value": (lambda: hinge(0.5, Value(0)), LabelError, r"label Value\(data=0.0, .* neither -1 nor \+1"),
    "lengths": (
        lambda: mean_squared_error([1.0, 2.0], [1.0]),
        ShapeError,
        "2 in a sequence predicted, 1 in a .*; give one",
    ),
    "broadcast": (
        lambda: half_squared_error([1.0, 2.0], 1.0),
        ShapeError,
        "2 in a sequence predicted, 1 as target; give",
    ),
    "column": (lambda: mean_squared_error([1.0], 1.0), ShapeError, "1 in a sequence predicted, 1 as target; give one"),
    "empty": (
        lambda: mean_squared_error([], []),
        ShapeError,
        "0 in a sequence predicted, 0 in a sequence as target; give",
    ),
    "text": (lambda: mean_squared_error("a", 1.0), OperandError, "element 0 of the predictions: str 'a' .* convert it"),
    "None": (lambda: half_squared_error(None, 1.0), OperandError, "element 0 of the predictions: NoneType None"),
    "nested": (
        lambda: mean_squared_error([[1.0]], [[1.0]]),
        OperandError,
        r"the predictions: list \[1.0\] .* each element",
    ),
}


@pytest.mark.parametrize("case", BAD.values(), ids=BAD)
def test_a_loss_refuses_what_it_cannot_mean(case):
    loss, error, message = case
    with pytest.raises(error, match=message):
        loss()


def test_nan_is_never_hidden():
    assert math.isnan(softmax_cross_entropy([math.nan, 1.0], 1).data)
    assert math.isnan(softmax_cross_entropy([1.0, math.nan], 0).data)
    assert math.isnan(binary_cross_entropy(math.nan, 1).data)
    assert math.isnan(hinge(math.nan, 1).data)
