"""Normalisation, causal self-attention, transformer block: PyTorch's numbers, short programs, what they refuse."""

import random

import numpy as np
import pytest
from lifting import assert_lifts, rows, sizes
from sequence_twins import assert_gradients, assert_twins, copied, loss_of, read, shaken, train

from autograd_lite import InputError, OperandError, ShapeError, Value, lift, no_grad, record
from autograd_lite.scopes import scopes_of
from nn import (
    Adam,
    CausalSelfAttention,
    Embedding,
    LayerNorm,
    Module,
    RMSNorm,
    TransformerBlock,
    classify,
    softmax_cross_entropy,
)
from nn.dense import Linear

NORMS = {"LayerNorm": LayerNorm, "RMSNorm": RMSNorm}
norms = pytest.mark.parametrize("name", NORMS)


# ---------------------------------------------------------------- normalisation


def norm_layout(model, what):
    """Returns gains and biases as PyTorch calls them."""
    found = {"weight": read(model.gain, what), "bias": read(getattr(model, "bias", []), what)}
    return {name: numbers for name, numbers in found.items() if numbers}


@pytest.mark.parametrize("width", [3, 4, 7])  # of two numbers, they are the rounding of a 0
@pytest.mark.parametrize(
    ("name", "options", "settings"),
    [
        ("LayerNorm", {}, {}),
        ("LayerNorm", {"epsilon": 0.5}, {"eps": 0.5}),
        ("LayerNorm", {"bias": False}, {"bias": False}),
        ("RMSNorm", {}, {"eps": 1e-5}),
        ("RMSNorm", {"epsilon": 0.5}, {"eps": 0.5}),
    ],
)
def test_outputs_losses_and_all_gradients_of_a_norm_are_pytorchs(name, options, settings, width):
    torch = pytest.importorskip("torch")
    model = shaken(NORMS[name](width, **options))
    theirs = getattr(torch.nn, name)(width, dtype=torch.float64, **settings)
    copied(norm_layout(model, "data"), theirs)
    x = rows(1, width, low=-3.0, high=5.0)[0]
    assert_twins(model, x, theirs, [*theirs.named_parameters()], lambda what: norm_layout(model, what))


def test_a_norm_is_its_formula():
    x, layer, rms = rows(1, 5)[0], shaken(LayerNorm(5)), shaken(RMSNorm(5))
    apart = x - x.mean()
    expected = apart / np.sqrt(x.var() + 1e-5) * read(layer.gain) + read(layer.bias)
    assert read(layer(x)) == pytest.approx(expected, rel=1e-13)
    assert read(rms(x)) == pytest.approx(x / np.sqrt((x**2).mean() + 1e-5) * read(rms.gain), rel=1e-14)


def test_of_a_single_number_layer_norm_leaves_its_bias():
    model, x = shaken(LayerNorm(1)), Value(5.0)
    (out,) = model(x)
    out.backward()
    assert out.data == model.bias[0].data
    assert (x.grad, model.gain[0].grad) == (0.0, 0.0)


@norms
def test_numeric_differences_confirm_the_gradients_of_a_norm(name):
    assert_gradients(shaken(NORMS[name](4)), [0.5, -1.5, 2.0, 0.25])


def test_a_norm_starts_with_mean_zero_and_mean_square_one():
    out = np.array(read(LayerNorm(50)(rows(1, 50, low=3.0, high=9.0)[0])))
    assert out.mean() == pytest.approx(0, abs=1e-14)
    assert (out**2).mean() == pytest.approx(1, abs=1e-4)
    out = np.array(read(RMSNorm(50)(rows(1, 50, low=3.0, high=9.0)[0])))
    assert (out**2).mean() == pytest.approx(1, abs=1e-5)


def test_a_large_mean_costs_layer_norm_no_digits():
    near, far = [1.0, 2.0, 4.0], [1e8 + 1.0, 1e8 + 2.0, 1e8 + 4.0]
    assert read(LayerNorm(3)(far)) == pytest.approx(read(LayerNorm(3)(near)), rel=1e-7)


@norms
def test_equal_numbers_and_zeros_are_no_trouble(name):
    assert read(NORMS[name](3)([0.0, 0.0, 0.0])) == [0.0, 0.0, 0.0]
    assert read(LayerNorm(3)([7.0, 7.0, 7.0])) == [0.0, 0.0, 0.0]
    values = [Value(0.0) for _ in range(3)]
    loss_of(NORMS[name](3)(values)).backward()
    assert all(np.isfinite(v.grad) for v in values)


def norm_loss(name):
    def build(width, samples):
        model = shaken(NORMS[name](width))

        def loss(x):
            out = model(x)
            return sum((v.tanh() for v in out[1:]), out[0].tanh())

        return loss, model.parameters(), rows(samples, width)

    return build


@pytest.mark.parametrize(("name", "most"), [("LayerNorm", 13), ("RMSNorm", 8)])
def test_a_norm_lifts_to_as_few_instructions_as_written_by_hand(name, most):
    found = sizes(norm_loss(name), (2, 2), (5, 3), (9, 1))
    assert len({*found}) == 1, found
    assert found[0] <= most


@norms
def test_a_norm_is_a_piece_of_the_picture_and_its_state_round_trips(name):
    model = shaken(NORMS[name](2))
    tape = record(loss_of(model([Value(1.0), Value(2.0)])))
    assert (name.lower(),) in scopes_of(tape).paths
    other = NORMS[name](2)
    other.load_state_dict(model.state_dict())
    assert other.state_dict() == model.state_dict()
    assert {key[:-1] for key in model.state_dict()} == ({"gain", "bias"} if name == "LayerNorm" else {"gain"})


BAD_NORMS = {
    "width": (lambda norm: norm(0), InputError, "width = 0 is too small; pass an int of at least 1"),
    "fraction": (lambda norm: norm(1.5), InputError, "width = 1.5 is not a whole number"),
    "epsilon 0": (lambda norm: norm(2, epsilon=0), InputError, "epsilon = 0 is outside its range; .* number above 0"),
    "epsilon nan": (lambda norm: norm(2, epsilon=float("nan")), InputError, "epsilon = nan is outside its range"),
    "epsilon text": (lambda norm: norm(2, epsilon="s"), InputError, "epsilon = 's' is not a usable number"),
    "short": (lambda norm: norm(2)([1.0]), ShapeError, "norm takes 2 features, got 1; give every row 2 numbers"),
    "text": (lambda norm: norm(2)([1.0, "x"]), OperandError, "element 1 of the input of .*norm: str 'x'"),
    "sequence": (lambda norm: norm(2)([[1.0, 2.0]] * 2), OperandError, "element 0 of the input of .*norm: list"),
    "None": (lambda norm: norm(2)(None), InputError, "the input of .*norm: expected a sequence, got NoneType None"),
}


@pytest.mark.parametrize("case", BAD_NORMS.values(), ids=BAD_NORMS)
@norms
def test_a_norm_says_what_it_cannot_do(name, case):
    run, error, message = case
    with pytest.raises(error, match=message):
        run(NORMS[name])


# ---------------------------------------------------------------- attention


def attention_layout(model, what, prefix=""):
    """Returns our weights as `torch.nn.MultiheadAttention` keeps them: query, key and value below one another."""
    joined = [neuron for layer in (model.query, model.key, model.value) for neuron in layer.neurons]
    found = {}
    for weight, bias, neurons in (
        ("in_proj_weight", "in_proj_bias", joined),
        ("out_proj.weight", "out_proj.bias", model.output.neurons),
    ):
        found[prefix + weight] = [read(neuron.w, what) for neuron in neurons]
        if neurons[0].b is not None:
            found[prefix + bias] = [getattr(neuron.b, what) for neuron in neurons]
    return found


def future(steps):
    """Returns PyTorch's mask of what a step must not see."""
    import torch

    return torch.triu(torch.ones(steps, steps, dtype=torch.bool), diagonal=1)


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize(("width", "heads", "steps"), [(1, 1, 1), (2, 1, 4), (4, 2, 5), (6, 3, 3), (4, 4, 6)])
def test_outputs_losses_and_all_gradients_of_attention_are_pytorchs(width, heads, steps, bias):
    torch = pytest.importorskip("torch")
    model = shaken(CausalSelfAttention(width, heads, bias=bias))
    theirs = torch.nn.MultiheadAttention(width, heads, bias=bias, dtype=torch.float64)
    copied(attention_layout(model, "data"), theirs)
    assert_twins(
        model,
        rows(steps, width, low=-2.0, high=2.0),
        lambda x: theirs(x, x, x, attn_mask=future(steps))[0],
        [*theirs.named_parameters()],
        lambda what: attention_layout(model, what),
    )


def test_attention_is_its_formula():
    model, x = shaken(CausalSelfAttention(4, 2)), rows(5, 4)

    def linear(layer, vectors):
        return vectors @ np.array([read(n.w) for n in layer.neurons]).T + [n.b.data for n in layer.neurons]

    q, k, v = (linear(layer, x).reshape(5, 2, 2).swapaxes(0, 1) for layer in (model.query, model.key, model.value))
    weights = np.exp(q @ k.swapaxes(1, 2) / np.sqrt(2)) * np.tri(5)
    mixed = weights / weights.sum(axis=-1, keepdims=True) @ v
    expected = linear(model.output, mixed.swapaxes(0, 1).reshape(5, 4))
    assert np.array(read(model(x))) == pytest.approx(expected, rel=1e-12)


def block_layout(model, what):
    """Returns our weights as `torch.nn.TransformerEncoderLayer` keeps them."""
    found = attention_layout(model.attention, what, "self_attn.")
    for name, layer in (("linear1", model.up), ("linear2", model.down)):
        found[f"{name}.weight"] = [read(neuron.w, what) for neuron in layer.neurons]
        found[f"{name}.bias"] = [getattr(neuron.b, what) for neuron in layer.neurons]
    for name, norm in (("norm1", model.norm_attention), ("norm2", model.norm_perceptron)):
        found |= {f"{name}.{key}": numbers for key, numbers in norm_layout(norm, what).items()}
    return found


@pytest.mark.parametrize("activation", ["relu", "gelu"])
@pytest.mark.parametrize(("width", "heads", "hidden", "steps"), [(2, 1, 1, 1), (4, 2, 5, 3)])
def test_outputs_losses_and_all_gradients_of_a_block_are_pytorchs(width, heads, hidden, steps, activation):
    torch = pytest.importorskip("torch")
    model = shaken(TransformerBlock(width, heads, hidden=hidden, activation=activation))
    theirs = torch.nn.TransformerEncoderLayer(
        width, heads, hidden, dropout=0.0, activation=activation, norm_first=True, dtype=torch.float64
    )
    copied(block_layout(model, "data"), theirs)
    assert_twins(
        model,
        rows(steps, width),
        lambda x: theirs(x, src_mask=future(steps)),
        [*theirs.named_parameters()],
        lambda what: block_layout(model, what),
    )


def test_numeric_differences_confirm_the_gradients_of_attention_and_block():
    assert_gradients(shaken(CausalSelfAttention(2, 2)), [[0.5, -1.5], [2.0, 0.25], [1.0, 1.0]])
    assert_gradients(shaken(TransformerBlock(2, hidden=2, activation="tanh")), [[0.5, -1.5], [2.0, 0.25]])


@pytest.mark.parametrize("make", [CausalSelfAttention, TransformerBlock])
def test_no_step_depends_on_a_later_one(make):
    model, x = shaken(make(4, 2)), rows(5, 4).tolist()
    whole = read(model(x))
    assert [read(model(x[: t + 1]))[-1] for t in range(5)] == whole
    values = [[Value(number) for number in step] for step in x]
    loss_of(model(values)[2]).backward()
    assert all(v.grad != 0 for step in values[:3] for v in step)
    assert all(v.grad == 0 for step in values[3:] for v in step)


def test_equal_values_are_mixed_to_themselves_whatever_the_weights():
    model = shaken(CausalSelfAttention(4, 2))
    for neuron in model.value.neurons:
        neuron.w = [Value(0.0) for _ in neuron.w]
    expected = read(model.output([neuron.b for neuron in model.value.neurons]))
    for out in read(model(rows(6, 4))):
        assert out == pytest.approx(expected, rel=1e-14)


def test_huge_scores_do_not_overflow():
    model, x = shaken(CausalSelfAttention(2)), [[1e5, -1e5], [-1e5, 1e5], [1e5, 1e5]]
    out = model(x)
    loss_of(out).backward()
    assert np.isfinite([v.data for step in out for v in step]).all()
    assert np.isfinite([p.grad for p in model.parameters()]).all()


@pytest.mark.parametrize("make", [CausalSelfAttention, TransformerBlock])
def test_the_state_round_trips(make):
    one, other, x = make(2, 2, rng=1), make(2, 2, rng=2), rows(3, 2)
    assert read(other(x)) != read(one(x))
    other.load_state_dict(one.state_dict())
    assert read(other(x)) == read(one(x))
    assert make(2, 2, rng=random.Random(1)).state_dict() == one.state_dict()


def test_reprs_say_how_they_were_made():
    assert repr(CausalSelfAttention(4, 2)) == "CausalSelfAttention(4, heads=2)"
    assert repr(TransformerBlock(4, 2)) == "TransformerBlock(4, heads=2, hidden=16)"
    assert repr(LayerNorm(3)) == "LayerNorm(3)"
    assert repr(LayerNorm(3, bias=False)) == "LayerNorm(3, bias=False)"
    assert repr(RMSNorm(3)) == "RMSNorm(3)"


def test_the_layers_inside_are_pieces_of_the_picture():
    paths = {*scopes_of(record(loss_of(shaken(TransformerBlock(2, hidden=3))(rows(2, 2))))).paths}
    inside = {path[:2] for path in paths if len(path) > 1}
    assert inside == {
        ("transformerblock", part) for part in ("norm_attention", "attention", "norm_perceptron", "up", "down")
    }
    assert ("transformerblock", "attention", "query", "neuron0") in paths


# ---------------------------------------------------------------- lifted


def attention_loss(make):
    def build(heads, size, steps, samples):
        model = shaken(make(heads * size, heads))

        def loss(x):
            numbers = [v for out in model(x) for v in out]
            return sum((v * v for v in numbers[1:]), numbers[0] * numbers[0])

        return loss, model.parameters(), rows(samples, steps, heads * size)

    return build


@pytest.mark.parametrize(("make", "most"), [(CausalSelfAttention, 20), (TransformerBlock, 44)])
def test_the_size_of_the_program_depends_on_neither_length_nor_heads_nor_width(make, most):
    found = sizes(attention_loss(make), (2, 2, 3, 1), (2, 2, 4, 2), (2, 3, 6, 3), (3, 2, 4, 2), (4, 3, 5, 1))
    assert len({*found}) == 1, found
    assert found[0] <= most


@pytest.mark.parametrize("steps", range(1, 6))
@pytest.mark.parametrize("size", [1, 2])
def test_attention_lifts_at_every_length_and_with_narrow_heads(size, steps):
    assert_lifts(*attention_loss(CausalSelfAttention)(2, size, steps, 2))


def test_lifted_attention_gives_all_its_outputs():
    model, X = shaken(TransformerBlock(4, 2)), rows(3, 5, 4)
    outputs = lift(model.forward)(X)
    assert outputs.shape == (3, 5, 4)
    assert outputs[1] == pytest.approx(np.array(read(model(X[1]))), rel=1e-12)


def test_sequences_of_different_lengths_go_in_one_call():
    model = shaken(CausalSelfAttention(2))
    X = [rows(n, 2, seed=i).tolist() for i, n in enumerate((3, 1, 4, 3))]
    lifted = assert_lifts(lambda x: loss_of(model(x)), model.parameters(), X)
    assert len(lifted.forms) == 3


# ---------------------------------------------------------------- it learns


class Copier(Module):
    """Scores for the token before each one, which only attention can look back for."""

    def __init__(self, tokens, length, width, rng):
        self.tokens = Embedding(tokens, width, rng=rng)
        self.positions = Embedding(length, width, rng=rng)
        self.attention = CausalSelfAttention(width, 2, initializer="glorot_uniform", rng=rng)
        self.head = Linear(width, tokens, rng=rng)

    def forward(self, tokens):
        found = zip(self.tokens(tokens), self.positions(range(len(tokens))), strict=True)
        x = [[a + b for a, b in zip(token, position, strict=True)] for token, position in found]
        return [self.head(out) for out in self.attention(x)]


def copying_loss(model):
    def loss(tokens):
        scores = model(tokens)
        losses = [softmax_cross_entropy(scores[t], tokens[t - 1]) for t in range(1, len(tokens))]
        return sum(losses[1:], losses[0]) / len(losses)

    return loss


def test_attention_learns_to_copy_the_token_before_in_sequences_of_different_lengths():
    rng = random.Random(1)
    model = Copier(4, 6, 8, rng)
    X, unseen = ([[rng.randrange(4) for _ in range(n)] for n in (3, 5, 6) for _ in range(40)] for _ in range(2))
    train(model, copying_loss(model), Adam(model.parameters(), 0.03), 150, X)
    with no_grad():
        right = [classify(s) == token for row in unseen for s, token in zip(model(row)[1:], row[:-1], strict=True)]
    assert sum(right) >= 0.98 * len(right)


# ---------------------------------------------------------------- bad input

BAD_LAYERS = {
    "width": (lambda make: make(0), "width = 0 is too small; pass an int of at least 1"),
    "heads": (lambda make: make(4, 0), "heads = 0 is too small; pass an int of at least 1"),
    "fraction": (lambda make: make(4, 1.5), "heads = 1.5 is not a whole number"),
    "no divisor": (lambda make: make(4, 3), "heads = 3 does not divide width = 4; every head needs equally many"),
    "more heads": (lambda make: make(2, 4), "heads = 4 does not divide width = 2"),
    "initializer": (lambda make: make(2, initializer=1), "initializer = 1 is unknown"),
    "rng": (lambda make: make(2, rng="1"), "rng = '1' is no source of randomness"),
}


@pytest.mark.parametrize("case", BAD_LAYERS.values(), ids=BAD_LAYERS)
@pytest.mark.parametrize("make", [CausalSelfAttention, TransformerBlock])
def test_a_layer_that_cannot_be_built_says_why(make, case):
    build, message = case
    with pytest.raises(InputError, match=message):
        build(make)


def test_a_block_that_cannot_be_built_says_why():
    with pytest.raises(InputError, match="hidden = 0 is too small"):
        TransformerBlock(2, hidden=0)
    with pytest.raises(InputError, match="activation = 'rleu' is unknown"):
        TransformerBlock(2, activation="rleu")


BAD_SEQUENCES = {
    "empty": ([], ShapeError, "got a sequence of no steps; give at least one vector of 2 numbers"),
    "narrow step": ([[1.0, 2.0], [3.0]], ShapeError, "step 1 of .* takes 2 features, got 1; give every row 2 numbers"),
    "one vector": ([1.0, 2.0], ShapeError, "step 0 of .* takes 2 features, got 1"),
    "text number": ([[1.0, "2"]], OperandError, "element 1 of the input of step 0 of .*: str '2'"),
    "None": (None, InputError, "the input of .*: expected a sequence, got NoneType None"),
}


@pytest.mark.parametrize("case", BAD_SEQUENCES.values(), ids=BAD_SEQUENCES)
@pytest.mark.parametrize("make", [CausalSelfAttention, TransformerBlock])
def test_a_sequence_that_does_not_fit_is_refused_with_its_step(make, case):
    x, error, message = case
    model = make(2, rng=1)
    with pytest.raises(error, match=message) as caught:
        model(x)
    assert model.scope in str(caught.value)
