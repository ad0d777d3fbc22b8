"""Regularisation: penalties on Values and in matrix programs, PyTorch's numbers, and what they refuse."""

import math

import pytest
from lifting import assert_lifts, rows, spread

from autograd_lite import InputError, OperandError, Value, gradcheck
from nn import MLP, Neuron
from nn.optimizers import SGD
from nn.regularization import Penalty, elastic_net, l1, l2, weights_of

WEIGHTS = [0.5, -2.0, 0.0, 1e-3, 30.0]
KINDS = {
    "l1": (lambda ps: l1(ps, 0.3), lambda w: 0.3 * w.abs().sum()),
    "l2": (lambda ps: l2(ps, 0.3), lambda w: 0.15 * (w * w).sum()),
    "elastic_net": (
        lambda ps: elastic_net(ps, 0.3, ratio=0.25),
        lambda w: 0.3 * (0.25 * w.abs().sum() + 0.75 / 2 * (w * w).sum()),
    ),
}


@pytest.mark.parametrize(("ours", "theirs"), KINDS.values(), ids=KINDS)
def test_penalties_and_their_gradients_are_pytorchs(ours, theirs):
    torch = pytest.importorskip("torch")
    parameters = [Value(v) for v in WEIGHTS]
    value = ours(parameters)
    value.backward()
    w = torch.tensor(WEIGHTS, dtype=torch.float64, requires_grad=True)
    out = theirs(w)
    out.backward()
    assert value.data == pytest.approx(out.item(), rel=1e-14)
    assert [p.grad for p in parameters] == pytest.approx(w.grad.tolist(), rel=1e-14)


@pytest.mark.parametrize("kind", [l1, l2, elastic_net])
def test_gradients_are_those_of_finite_differences(kind):
    assert gradcheck(lambda *w: kind(w, 0.3), [0.5, -2.0, 30.0]).ok


def test_no_strength_and_no_weights_cost_nothing():
    for kind in (l1, l2, elastic_net):
        assert kind([Value(3.0)], 0).data == 0.0
        assert kind([Value(0.0)], 2.0).data == 0.0


def test_l2_is_weight_decay():
    decayed, penalized = [Value(v) for v in WEIGHTS], [Value(v) for v in WEIGHTS]
    first, second = SGD(decayed, 0.1, momentum=0.5, weight_decay=0.3), SGD(penalized, 0.1, momentum=0.5)
    for _ in range(10):
        first.zero_grad()
        second.zero_grad()
        sum(p * p * p for p in decayed[:3]).backward()
        (sum(p * p * p for p in penalized[:3]) + l2(penalized, 0.3)).backward()
        first.step()
        second.step()
    assert [p.data for p in decayed] == pytest.approx([p.data for p in penalized], rel=1e-14)


@pytest.mark.parametrize("kind", [l1, l2, elastic_net])
def test_a_lifted_penalty_is_computed_once_a_batch_and_is_no_longer_for_more_weights(kind):
    lengths = []
    for width, penalized in ((3, True), (30, True), (30, False)):
        parameters = spread(width)
        penalty = Penalty(parameters, 0.1, kind)

        def loss(x, parameters=parameters, penalty=penalty, penalized=penalized):
            out = sum((w * v for w, v in zip(parameters[1:], x[1:], strict=True)), parameters[0] * x[0])
            return out * out + penalty() if penalized else out * out

        lifted = assert_lifts(loss, parameters, rows(5, width))
        lengths.append([each.batched for each in lifted.program.instructions])
    few, many, none = lengths
    assert few == many
    assert many.count(True) <= none.count(True) + 2  # each part is added to the loss of every sample, no more


def test_lasso_leaves_few_weights_and_ridge_shrinks_them_all():
    left = {}
    for kind in (l1, l2):
        parameters = [Value(v) for v in (1.0, 0.3, -0.2)]
        optimizer = SGD(parameters, 0.01)
        for _ in range(2000):
            optimizer.zero_grad()
            fit = sum((p - t) * (p - t) for p, t in zip(parameters, (1.0, 0.05, -0.05), strict=True))
            (fit + Penalty(parameters, 0.5, kind)()).backward()
            optimizer.step()
        left[kind] = [p.data for p in parameters]
    assert left[l1] == pytest.approx([0.75, 0.0, 0.0], abs=0.01)
    assert left[l2] == pytest.approx([0.8, 0.04, -0.04], rel=1e-6)


def test_weights_are_the_parameters_without_the_biases():
    model = MLP(2, [3, 1], rng=1)
    assert len(weights_of(model)) == 2 * 3 + 3
    assert {p.name.rpartition(".")[2][0] for p in weights_of(model)} == {"w"}
    assert len(weights_of(model)) + 4 == len(model.parameters())


def test_a_penalty_reads_the_parameters_anew():
    w = Value(3.0)
    penalty = Penalty([w], 2.0, elastic_net, ratio=0.0)
    assert penalty().data == 9.0
    w.data = 1.0
    assert penalty().data == 1.0
    assert repr(penalty) == "Penalty(1 parameters, 2.0, elastic_net)"


W = [Value(1.0, name="w")]
NEEDS = "needs a finite number of at least 0"
BAD = {
    "strength -1": (lambda: l2(W, -1), InputError, f"strength = -1 is outside its range; it {NEEDS}"),
    "strength nan": (lambda: l1(W, math.nan), InputError, f"strength = nan is outside its range; it {NEEDS}"),
    "strength text": (lambda: Penalty(W, "1"), InputError, f"strength = '1' is not a usable number; it {NEEDS}"),
    "ratio": (lambda: elastic_net(W, 1, ratio=1.5), InputError, "ratio = 1.5 is outside .* needs 0 <= ratio <= 1"),
    "nothing": (
        lambda: l1([], 1),
        InputError,
        r"parameters = \[\] leaves nothing to regularise; pass weights_of\(model",
    ),
    "numbers": (lambda: l2([1.0], 1), OperandError, r"parameters\[0\] = 1.0 is not a Value; pass weights_of\(model\)"),
    "a module": (lambda: l2(Neuron(1), 1), InputError, "parameters: expected a sequence, got Neuron"),
    "a kind by name": (lambda: Penalty(W, 1, "l2"), InputError, "kind = 'l2' cannot be called; pass l1, l2 or elastic"),
    "an unknown option": (lambda: Penalty(W, 1, ratio=0.5), TypeError, "unexpected keyword argument 'ratio'"),
}


@pytest.mark.parametrize("case", BAD.values(), ids=BAD)
def test_a_penalty_that_cannot_work_says_why(case):
    make, error, message = case
    with pytest.raises(error, match=message):
        make()
