"""Losses: their values, their gradients against closed forms and PyTorch, and what they refuse."""

import math

import pytest
from lifting import assert_lifts, rows, spread

from autograd_lite import DomainError, InputError, LabelError, OperandError, ShapeError, Value, gradcheck
from nn.losses import (
    batch_loss,
    binary_cross_entropy,
    categorical_cross_entropy,
    half_squared_error,
    hinge,
    huber,
    log_softmax,
    mean_absolute_error,
    mean_squared_error,
    negative_log_likelihood,
    softmax,
    softmax_cross_entropy,
    squared_hinge,
    sum_absolute_error,
    sum_squared_error,
    weighted,
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
    "squared hinge is the mean of squares": (lambda: squared_hinge([2.0, 0.5], [-1, 1]), 4.625),
    "squared hinge beyond the margin": (lambda: squared_hinge(-1.5, -1), 0.0),
    "sum of squared differences": (lambda: sum_squared_error([3.0, 0.0], [1.0, 1.0]), 5.0),
    "sum of absolute differences": (lambda: sum_absolute_error([3.0, 0.0], [1.0, 1.0]), 3.0),
    "mean absolute error": (lambda: mean_absolute_error([3.0, 0.0], [1.0, 1.0]), 1.5),
    "huber of a small error": (lambda: huber(0.5, 0.0), 0.125),
    "huber of a large error": (lambda: huber([-10.0, 10.0], [0.0, 0.0], delta=2.0), 18.0),
    "categorical cross-entropy, one-hot": (
        lambda: categorical_cross_entropy([0.0, 0.0, 0.0], [0, 0, 1]),
        math.log(3),
    ),
    "categorical cross-entropy of chances": (
        lambda: categorical_cross_entropy([0.0, math.log(3)], [0.5, 0.5]),
        math.log(4) - math.log(3) / 2,
    ),
    "all of the label smoothed away": (lambda: softmax_cross_entropy([0.0, 0.0], 1, smoothing=1), math.log(2)),
    "likelihood of a class": (lambda: negative_log_likelihood([0.25, 0.75], 0), math.log(4)),
    "likelihood of yes": (lambda: negative_log_likelihood(0.25, 1), math.log(4)),
    "likelihood of no": (lambda: negative_log_likelihood(0.75, 0), math.log(4)),
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


PERFECT = {
    "squared error": (half_squared_error, [1.5, -2.0], [1.5, -2.0]),
    "SSD": (sum_squared_error, [1.5, -2.0], [1.5, -2.0]),
    "MSE": (mean_squared_error, [1.5, -2.0], [1.5, -2.0]),
    "MAE": (mean_absolute_error, [1.5, -2.0], [1.5, -2.0]),
    "sum of absolute differences": (sum_absolute_error, [1.5, -2.0], [1.5, -2.0]),
    "Huber": (huber, [1.5, -2.0], [1.5, -2.0]),
    "hinge": (hinge, [1.0, -1.0], [1, -1]),
    "squared hinge": (squared_hinge, [1.0, -1.0], [1, -1]),
    "likelihood of yes": (negative_log_likelihood, 1.0, 1),
    "likelihood of no": (negative_log_likelihood, 0.0, 0),
    "likelihood of a class": (negative_log_likelihood, [0.0, 1.0], 1),
    "binary cross-entropy, as sure as can be": (binary_cross_entropy, [1000.0, -1000.0], [1, 0]),
    "sparse categorical, as sure as can be": (softmax_cross_entropy, [1000.0, 0.0], 0),
    "categorical, as sure as can be": (categorical_cross_entropy, [1000.0, 0.0], [1, 0]),
}


@pytest.mark.parametrize(("loss", "prediction", "target"), PERFECT.values(), ids=PERFECT)
def test_a_perfect_prediction_costs_nothing(loss, prediction, target):
    assert repr(loss(prediction, target).data) == "0.0"


def theirs_of(functional, torch, k, targets, row):
    """Returns pairs of a loss of ours and PyTorch's, each a function of k outputs."""
    t = torch.tensor(targets, dtype=torch.float64)
    signs, last = torch.tensor([(-1.0) ** i for i in range(k)], dtype=torch.float64), torch.tensor(k - 1)
    chances = torch.softmax(t, 0)
    labels = [int(s) for s in signs]
    return {
        "softmax_cross_entropy": (
            lambda z: softmax_cross_entropy(z, k - 1),
            lambda z: functional.cross_entropy(z, last),
        ),
        "smoothed": (
            lambda z: softmax_cross_entropy(z, k - 1, smoothing=0.25),
            lambda z: functional.cross_entropy(z, last, label_smoothing=0.25),
        ),
        "categorical": (
            lambda z: categorical_cross_entropy(z, chances.tolist()),
            lambda z: functional.cross_entropy(z, chances),
        ),
        "categorical, smoothed": (
            lambda z: categorical_cross_entropy(z, chances.tolist(), smoothing=0.1),
            lambda z: functional.cross_entropy(z, chances, label_smoothing=0.1),
        ),
        "binary": (
            lambda z: binary_cross_entropy(z, targets),
            lambda z: functional.binary_cross_entropy_with_logits(z, t),
        ),
        "mean squared": (lambda z: mean_squared_error(z, targets), lambda z: functional.mse_loss(z, t)),
        "half squared": (
            lambda z: half_squared_error(z, targets),
            lambda z: functional.mse_loss(z, t, reduction="sum") / 2,
        ),
        "SSD": (lambda z: sum_squared_error(z, targets), lambda z: functional.mse_loss(z, t, reduction="sum")),
        "mean absolute": (lambda z: mean_absolute_error(z, targets), lambda z: functional.l1_loss(z, t)),
        "sum absolute": (
            lambda z: sum_absolute_error(z, targets),
            lambda z: functional.l1_loss(z, t, reduction="sum"),
        ),
        "huber": (lambda z: huber(z, targets, delta=0.75), lambda z: functional.huber_loss(z, t, delta=0.75)),
        "hinge": (lambda z: hinge(z, labels), lambda z: functional.relu(1 - signs * z).mean()),
        "squared hinge": (lambda z: squared_hinge(z, labels), lambda z: (functional.relu(1 - signs * z) ** 2).mean()),
    }


@pytest.mark.parametrize("row", ROWS[:3] + ROWS[4:], ids=str)
def test_losses_and_gradients_are_pytorchs(row):
    torch = pytest.importorskip("torch")
    targets = [0.25 * (i % 5) for i in range(len(row))]
    for name, (ours, theirs) in theirs_of(torch.nn.functional, torch, len(row), targets, row).items():
        value, gradient = gradients(ours, row)
        z = torch.tensor(row, dtype=torch.float64, requires_grad=True)
        out = theirs(z)
        out.backward()
        assert value == pytest.approx(out.item(), rel=1e-14, abs=1e-15), name
        assert gradient == pytest.approx(z.grad.tolist(), rel=1e-13, abs=1e-15), name


def test_the_likelihood_of_probabilities_is_pytorchs():
    torch = pytest.importorskip("torch")
    functional = torch.nn.functional
    for label in (0, 1):
        value, (gradient,) = gradients(lambda p, label=label: negative_log_likelihood(p[0], label), [0.3])
        q = torch.tensor(0.3, dtype=torch.float64, requires_grad=True)
        out = functional.binary_cross_entropy(q, torch.tensor(float(label), dtype=torch.float64))
        out.backward()
        assert (value, gradient) == pytest.approx((out.item(), q.grad.item()), rel=1e-14)
        value, gradient = gradients(lambda p, label=label: negative_log_likelihood(p, label), [0.2, 0.8])
        q = torch.tensor([0.2, 0.8], dtype=torch.float64, requires_grad=True)
        out = functional.nll_loss(q.log(), torch.tensor(label))
        out.backward()
        assert [value, *gradient] == pytest.approx([out.item(), *q.grad.tolist()], rel=1e-14)


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("weights", [None, [0.2, 1.0, 3.0]])
def test_reductions_and_class_weights_are_pytorchs(reduction, weights):
    torch = pytest.importorskip("torch")
    z, labels = rows(6, 3).tolist(), [0, 2, 1, 1, 0, 2]
    leaves = [[Value(v) for v in row] for row in z]
    ours = batch_loss(softmax_cross_entropy, leaves, labels, reduction=reduction, weights=weights)
    theirs = torch.tensor(z, dtype=torch.float64, requires_grad=True)
    w = None if weights is None else torch.tensor(weights, dtype=torch.float64)
    out = torch.nn.functional.cross_entropy(theirs, torch.tensor(labels), weight=w, reduction=reduction)
    if reduction == "none":
        assert [each.data for each in ours] == pytest.approx(out.tolist(), rel=1e-14)
        return
    ours.backward()
    out.backward()
    assert ours.data == pytest.approx(out.item(), rel=1e-14)
    assert [v.grad for row in leaves for v in row] == pytest.approx(theirs.grad.flatten().tolist(), abs=1e-15)


def test_a_weight_on_yes_is_pytorchs():
    torch = pytest.importorskip("torch")
    loss, functional = weighted(binary_cross_entropy, [1.0, 5.0]), torch.nn.functional
    for z in LOGITS:
        for label in (0, 1):
            out = functional.binary_cross_entropy_with_logits(
                torch.tensor(z, dtype=torch.float64),
                torch.tensor(float(label), dtype=torch.float64),
                pos_weight=torch.tensor(5.0, dtype=torch.float64),
            )
            assert loss(z, label).data == pytest.approx(out.item(), rel=1e-14, abs=1e-15)


def test_weights_of_mean_one_over_the_data_leave_the_scale_as_it_is():
    labels = [0, 0, 0, 1]
    balanced = [4 / (2 * 3), 4 / (2 * 1)]
    z = rows(4, 2).tolist()
    mine = batch_loss(weighted(softmax_cross_entropy, balanced), z, labels)
    assert mine.data == pytest.approx(batch_loss(softmax_cross_entropy, z, labels, weights=balanced).data, rel=1e-15)


LIFTED = {
    "sparse": (softmax_cross_entropy, [i % 3 for i in range(6)], 3),
    "smoothed": (lambda z, y: softmax_cross_entropy(z, y, smoothing=0.1), [i % 3 for i in range(6)], 3),
    "one-hot": (categorical_cross_entropy, [[int(i % 3 == c) for c in range(3)] for i in range(6)], 3),
    "chances": (
        lambda z, y: categorical_cross_entropy(z, y, smoothing=0.2),
        [[0.25, 0.5, 0.25], [1.0, 0.0, 0.0]] * 3,
        3,
    ),
    "weighted": (weighted(softmax_cross_entropy, [0.5, 1.0, 4.0]), [i % 3 for i in range(6)], 3),
    "likelihood": (lambda z, y: negative_log_likelihood(softmax(z), y), [i % 3 for i in range(6)], 3),
    "likelihood of yes": (lambda z, y: negative_log_likelihood(z[0].sigmoid(), y), [0, 1] * 3, 1),
    "weighted yes": (lambda z, y: weighted(binary_cross_entropy, [1.0, 5.0])(z[0], y), [0, 1] * 3, 1),
    "squared hinge": (lambda z, y: squared_hinge(z[0], y), [-1, 1] * 3, 1),
    "SSD": (sum_squared_error, rows(6, 3, seed=4), 3),
    "MAE": (mean_absolute_error, rows(6, 3, seed=4), 3),
    "sum of absolute differences": (sum_absolute_error, rows(6, 3, seed=4), 3),
    "Huber": (lambda p, t: huber(p, t, delta=0.5), rows(6, 3, seed=4), 3),
}


@pytest.mark.parametrize(("loss", "targets", "width"), LIFTED.values(), ids=LIFTED)
def test_a_lifted_loss_is_the_scalar_engines_and_takes_one_way(loss, targets, width):
    parameters = spread(2 * width)

    def of_sample(x, y):
        outputs = [parameters[2 * i] * x[0] + parameters[2 * i + 1] * x[1] for i in range(width)]
        return loss(outputs, y)

    lifted = assert_lifts(of_sample, parameters, rows(6, 2), targets)
    assert [len(form.paths) for form in lifted.forms] == [1]


@pytest.mark.parametrize("loss", [categorical_cross_entropy, sum_squared_error, mean_absolute_error, huber])
def test_a_lifted_loss_is_no_longer_for_more_outputs(loss):
    lengths = []
    for width in (4, 8):
        parameters = spread(width)
        targets = [[float(i % width == c) for c in range(width)] for i in range(3)]
        lifted = assert_lifts(
            lambda x, y, parameters=parameters: loss([p * v for p, v in zip(parameters, x, strict=True)], y),
            parameters,
            rows(3, width),
            targets,
        )
        lengths.append(len(lifted.program))
    assert lengths[0] == lengths[1]


CHECKED = {
    "categorical": lambda *z: categorical_cross_entropy(z, [0.25, 0.5, 0.25], smoothing=0.1),
    "sparse": lambda *z: softmax_cross_entropy(z, 2, smoothing=0.1),
    "likelihood": lambda *z: negative_log_likelihood(softmax(z), 1),
    "squared hinge": lambda *z: squared_hinge(z, [1, -1, 1]),
    "huber": lambda *z: huber(z, [0.0, 0.0, 0.0], delta=0.7),
    "absolute": lambda *z: mean_absolute_error(z, [1.0, 1.0, 1.0]),
}


@pytest.mark.parametrize("loss", CHECKED.values(), ids=CHECKED)
def test_gradients_are_those_of_finite_differences(loss):
    assert gradcheck(loss, [0.3, -1.2, 2.0]).ok


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
    "one-hot for an index": (
        lambda: softmax_cross_entropy(THREE, [0, 1, 0]),
        LabelError,
        r"label \[0, 1, 0\] is a list; a class is an int, 0 <= label < 3: take the index of its largest",
    ),
    "an index for one-hot": (
        lambda: categorical_cross_entropy(THREE, 1),
        LabelError,
        "target 1 of a categorical cross-entropy is not one number a class; .* use softmax_cross_entropy",
    ),
    "chances too few": (lambda: categorical_cross_entropy(THREE, [0, 1]), ShapeError, "3 in a .*, 2 in a .* as target"),
    "no chances": (lambda: categorical_cross_entropy(THREE, [0, 0, 0]), LabelError, "of 3 classes do not add up to 1"),
    "two ones": (lambda: categorical_cross_entropy(THREE, [1, 1, 0]), LabelError, "of 3 classes do not add up to 1"),
    "a chance of 2": (lambda: categorical_cross_entropy(THREE, [2, -1, 0]), LabelError, r"2.0 .* outside \[0, 1\]"),
    "a chance of nan": (
        lambda: categorical_cross_entropy(THREE, [math.nan, 1, 0]),
        LabelError,
        r"chance nan of a class is outside \[0, 1\]; a target is one-hot",
    ),
    "smoothing 1.5": (
        lambda: softmax_cross_entropy(THREE, 0, smoothing=1.5),
        InputError,
        "smoothing = 1.5 is outside its range; it needs 0 <= smoothing <= 1",
    ),
    "smoothing text": (
        lambda: categorical_cross_entropy(THREE, [1, 0, 0], smoothing="a little"),
        InputError,
        "smoothing = 'a little' is not a usable number",
    ),
    "delta 0": (lambda: huber(1.0, 0.0, delta=0), InputError, "delta = 0 is outside .* needs a finite number above 0"),
    "squared hinge 0": (lambda: squared_hinge(0.5, 0), LabelError, r"label 0.0 of a hinge loss is neither -1 nor \+1"),
    "impossible": (lambda: negative_log_likelihood(0.0, 1), DomainError, "log of x = 0.0"),
    "a negative chance": (lambda: negative_log_likelihood([-0.5, 1.5], 0), DomainError, "log of x = -0.5"),
    "one chance": (lambda: negative_log_likelihood([1.0], 0), ShapeError, "1 probabilities in a sequence; give one a"),
    "chances, label 2": (lambda: negative_log_likelihood(0.5, 2), LabelError, "label 2 is outside 0 <= label < 2"),
    "one weight": (lambda: weighted(hinge, [1.0]), ShapeError, r"1 weight\(s\) for the classes; give one for each"),
    "weight nan": (lambda: weighted(hinge, [1, math.nan]), InputError, r"weights\[1\] = nan is outside its range"),
    "weight -1": (lambda: weighted(hinge, [1, -1]), InputError, r"weights\[1\] = -1 .* needs a finite number of at"),
    "weights 0": (lambda: weighted(hinge, [0, 0]), InputError, r"weights = \[0.0, 0.0\] leave nothing to learn from"),
    "weights a number": (lambda: weighted(hinge, 2.0), InputError, "weights: expected a sequence, got float 2.0"),
    "weighted nothing": (lambda: weighted(2.0, [1, 2]), InputError, "loss = 2.0 cannot be called; pass a loss of one"),
    "weighted label": (
        lambda: weighted(softmax_cross_entropy, [1, 2])(THREE, 2),
        LabelError,
        "label 2 is outside 0 <= label < 2",
    ),
    "weighted one-hot": (
        lambda: weighted(categorical_cross_entropy, [1, 2, 3])(THREE, [0, 0, 1]),
        LabelError,
        "of a weighted loss is a sequence; weights are for the index of a class",
    ),
    "reduction": (
        lambda: batch_loss(hinge, [0.5], [1], reduction="max"),
        InputError,
        "reduction = 'max' is not offered; choose 'mean', 'sum' or 'none'",
    ),
    "no samples": (lambda: batch_loss(hinge, [], []), ShapeError, "0 outputs and 0 targets; give one target for each"),
    "targets": (lambda: batch_loss(hinge, [1.0, 2.0], [1]), ShapeError, "2 outputs and 1 targets; give one target"),
    "all weigh 0": (
        lambda: batch_loss(binary_cross_entropy, [1.0], [0], weights=[0, 1]),
        InputError,
        "all samples have a weight of 0, which leaves no mean",
    ),
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
