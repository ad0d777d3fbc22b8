"""Embeddings: look-ups that lift, PyTorch's gradients, and tokens that are none."""

import random

import numpy as np
import pytest
from lifting import assert_lifts, sizes
from sequence_twins import assert_equal, assert_gradients, copied, loss_of, read, shaken, torch_loss_of

from autograd_lite import InputError, Value, lift
from nn import Embedding, Module, softmax_cross_entropy
from nn.dense import Linear


def tokens(samples, length, count, seed=0):
    return np.random.default_rng(seed).integers(0, count, (samples, length))


@pytest.mark.parametrize(("count", "width"), [(1, 1), (5, 3), (3, 6)])
def test_outputs_losses_and_gradients_are_pytorchs(count, width):
    torch = pytest.importorskip("torch")
    model, found = shaken(Embedding(count, width)), tokens(1, 7, count)[0]
    theirs = copied({"weight": read(model.w)}, torch.nn.Embedding(count, width, dtype=torch.float64))
    out, their_out = model(found.tolist()), theirs(torch.tensor(found))
    loss, their_loss = loss_of(out), torch_loss_of(their_out)
    loss.backward()
    their_loss.backward()
    assert_equal(read(out), their_out)
    assert_equal(loss.data, their_loss)
    assert_equal(read(model.w, "grad"), theirs.weight.grad)


def test_numeric_differences_confirm_the_gradients():
    assert_gradients(shaken(Embedding(3, 2)), [2, 0, 2])


def test_a_token_is_a_vector_and_a_sequence_a_list_of_them():
    model = Embedding(4, 3, rng=1)
    assert model(2) == model.w[2]
    assert model([2, 0, 2]) == [model.w[2], model.w[0], model.w[2]]
    assert model(np.array([2, 0])) == [model.w[2], model.w[0]]
    assert model(range(4)) == model.w
    assert model(np.int64(1)) == model.w[1]
    assert model([]) == []


def test_a_row_that_is_looked_up_twice_gets_both_gradients_and_the_others_none():
    model = Embedding(3, 1, rng=1)
    first, second = model([1, 1])
    (first[0] * 2.0 + second[0] * 5.0).backward()
    assert [row[0].grad for row in model.w] == [0.0, 7.0, 0.0]


def test_it_is_a_linear_layer_of_one_hot_vectors():
    model = shaken(Embedding(4, 3))
    linear = Linear(4, 3, bias=False)
    for j, neuron in enumerate(linear.neurons):
        neuron.w = [row[j] for row in model.w]
    for token in range(4):
        assert read(linear([float(i == token) for i in range(4)])) == read(model(token))


class Speaker(Module):
    """Scores for the next token, from the mean of the tokens' vectors; the table is the output's weights too."""

    def __init__(self, count, width):
        self.table = Embedding(count, width)

    def forward(self, found):
        vectors = self.table(found)
        hidden = [sum(column[1:], column[0]).tanh() for column in zip(*vectors, strict=True)]
        products = [[w * h for w, h in zip(row, hidden, strict=True)] for row in self.table.w]
        return [sum(each[1:], each[0]) for each in products]


def speaking_loss(count, width, length, samples):
    model = shaken(Speaker(count, width))
    return (
        lambda found, label: softmax_cross_entropy(model(found), label),
        model.parameters(),
        tokens(samples, length, count),
        tokens(1, samples, count, seed=1)[0],
    )


def test_look_ups_lift_and_their_program_depends_on_no_size():
    found = sizes(speaking_loss, (3, 2, 2, 2), (5, 4, 3, 3), (9, 2, 4, 1))
    assert len({*found}) == 1, found
    assert found[0] <= 12


def test_a_single_token_lifts_as_an_input():
    model = shaken(Embedding(5, 3))
    lifted = assert_lifts(lambda token: loss_of(model(token)), model.parameters(), np.array([4, 0, 4, 2]))
    assert len(lifted.forms) == 1
    assert len(lifted.forms[0].paths) == 1


def test_sequences_of_different_lengths_go_in_one_call():
    model = shaken(Embedding(5, 2))
    X = [[1, 2, 3], [4], [0, 0], [2, 1]]
    assert len(assert_lifts(lambda x: loss_of(model(x)), model.parameters(), X).forms) == 3


def test_vectors_are_drawn_by_the_initializer_and_the_rng():
    state = Embedding(3, 2, rng=1).state_dict()
    assert [*state] == ["w0_0", "w0_1", "w1_0", "w1_1", "w2_0", "w2_1"]
    assert len({*state.values()}) == 6
    assert Embedding(3, 2, rng=random.Random(1)).state_dict() == state
    assert {*Embedding(3, 2, initializer="zeros").state_dict().values()} == {0.0}
    assert Embedding(3, 2, initializer=lambda rng, fan_in, fan_out: 10.0 * fan_in + fan_out).w[0][0].data == 32.0


def test_the_state_round_trips_and_the_repr_says_the_sizes():
    one, other = Embedding(3, 2, rng=1), Embedding(3, 2, rng=2)
    other.load_state_dict(one.state_dict())
    assert read(other.w) == read(one.w)
    assert repr(one) == "Embedding(3, 2)"


BAD_TABLES = {
    "count": (lambda: Embedding(0, 2), "count = 0 is too small; pass an int of at least 1"),
    "width": (lambda: Embedding(2, -1), "width = -1 is too small; pass an int of at least 1"),
    "fraction": (lambda: Embedding(2.5, 1), "count = 2.5 is not a whole number"),
    "initializer": (lambda: Embedding(2, 1, initializer="big"), "initializer = 'big' is unknown"),
    "rng": (lambda: Embedding(2, 1, rng=0.5), "rng = 0.5 is no source of randomness"),
}


@pytest.mark.parametrize("case", BAD_TABLES.values(), ids=BAD_TABLES)
def test_a_table_that_cannot_be_built_says_why(case):
    make, message = case
    with pytest.raises(InputError, match=message):
        make()


NEEDS = "it needs an int, 0 <= token < 3"
BAD_TOKENS = {
    "too large": (3, f"token of embedding is 3, outside its range; {NEEDS}"),
    "negative": (-1, f"token of embedding is -1, outside its range; {NEEDS}"),
    "a float": (1.0, f"token of embedding is float 1.0, not a whole number; {NEEDS}"),
    "a bool": (True, f"token of embedding is bool True, not a whole number; {NEEDS}"),
    "text": ("1", f"token of embedding is str '1', not a whole number; {NEEDS}"),
    "None": (None, f"token of embedding is NoneType None, not a whole number; {NEEDS}"),
    "a Value": (Value(1.0), r"token of embedding is Value Value\(data=1.0.*, not a whole number; it needs an int"),
    "in a sequence": ([0, 1, 7], f"token 2 of embedding is 7, outside its range; {NEEDS}"),
    "float in a sequence": ([0, 1.5], f"token 1 of embedding is float 1.5, not a whole number; {NEEDS}"),
    "two deep": ([[0, 1]], r"token 0 of embedding is list \[0, 1\], not a whole number"),
}


@pytest.mark.parametrize("case", BAD_TOKENS.values(), ids=BAD_TOKENS)
def test_what_is_no_token_is_refused_with_its_place(case):
    token, message = case
    with pytest.raises(InputError, match=message):
        Embedding(3, 2, rng=1)(token)


def test_a_token_outside_its_range_is_refused_while_lifting_and_after():
    model = Embedding(3, 2, rng=1)
    with pytest.raises(InputError, match="outside 0 <= index < 3"):
        lift(lambda token: loss_of(model(token)))([5])
    lifted = lift(lambda token: loss_of(model(token)))
    lifted([1, 2])
    with pytest.raises(InputError, match="token of embedding is 5, outside its range"):
        lifted([1, 5])
