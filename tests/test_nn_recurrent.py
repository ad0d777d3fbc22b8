"""Recurrent cells and sequences: PyTorch's numbers, short programs, any length, and what they refuse."""

import random

import numpy as np
import pytest
from lifting import assert_lifts, paths, rows, sizes
from sequence_twins import assert_gradients, assert_twins, copied, loss_of, read, shaken, train

from autograd_lite import InputError, LiftError, OperandError, ShapeError, Value, lift, no_grad, record
from autograd_lite.scopes import scopes_of
from nn import (
    Adam,
    GRUCell,
    LSTMCell,
    Module,
    Recurrent,
    RNNCell,
    binary_cross_entropy,
    fit,
    half_squared_error,
)
from nn.dense import Linear

CELLS = {"RNN": RNNCell, "GRU": GRUCell, "LSTM": LSTMCell}
GATES = {
    "RNN": ("units",),
    "GRU": ("reset", "update"),
    "LSTM": ("input", "forget", "candidate", "output"),
}
cells = pytest.mark.parametrize("name", CELLS)


class Reader(Module):
    """A cell along a sequence, and a linear layer on its last output."""

    def __init__(self, cell, rng):
        self.memory = Recurrent(cell)
        self.head = Linear(cell.size, 1, rng=rng)

    def forward(self, x):
        return self.head(self.memory(x))[0]


# ---------------------------------------------------------------- PyTorch


def layout(cell, what, share=1.0):
    """Returns our parameters as PyTorch keeps them: gate below gate; the weights of input and state apart; two biases.

    PyTorch adds its two biases, except within a GRU's candidate. So where we have one, each of them gets a share of its
    number, and all of its gradient.
    """
    nin, neurons = cell.nin, [n for name in GATES[type(cell).__name__[:-4]] for n in getattr(cell, name).neurons]
    ih = [read(neuron.w[:nin], what) for neuron in neurons]
    hh = [read(neuron.w[nin:], what) for neuron in neurons]
    biases = [share * getattr(neuron.b, what) for neuron in neurons if neuron.b is not None]
    found = {"weight_ih_l0": ih, "weight_hh_l0": hh, "bias_ih_l0": biases, "bias_hh_l0": [*biases]}
    if isinstance(cell, GRUCell):
        for side, layer in (("ih", cell.candidate), ("hh", cell.memory)):
            found[f"weight_{side}_l0"] += [read(neuron.w, what) for neuron in layer.neurons]
            found[f"bias_{side}_l0"] += [getattr(n.b, what) for n in layer.neurons if n.b is not None]
    return found if biases else {name: rows_ for name, rows_ in found.items() if rows_}


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize(("nin", "size", "steps"), [(1, 1, 1), (3, 2, 5), (2, 4, 7)])
@cells
def test_outputs_losses_and_all_gradients_are_pytorchs(name, nin, size, steps, bias):
    torch = pytest.importorskip("torch")
    cell = shaken(CELLS[name](nin, size, bias=bias))
    theirs = copied(layout(cell, "data", 0.5), getattr(torch.nn, name)(nin, size, bias=bias, dtype=torch.float64))
    model, x = Recurrent(cell, every=True), rows(steps, nin)
    assert_twins(model, x, lambda x: theirs(x)[0], [*theirs.named_parameters()], lambda what: layout(cell, what))


def test_relu_units_are_pytorchs_too():
    torch = pytest.importorskip("torch")
    cell = shaken(RNNCell(2, 3, activation="relu"))
    theirs = torch.nn.RNN(2, 3, nonlinearity="relu", dtype=torch.float64)
    copied(layout(cell, "data", 0.5), theirs)
    model = Recurrent(cell, every=True)
    assert_twins(
        model, rows(4, 2), lambda x: theirs(x)[0], [*theirs.named_parameters()], lambda what: layout(cell, what)
    )


@cells
def test_a_step_from_a_state_is_pytorchs_cells(name):
    torch = pytest.importorskip("torch")
    cell = shaken(CELLS[name](2, 3))
    theirs = getattr(torch.nn, f"{name}Cell")(2, 3, dtype=torch.float64)
    copied({key.removesuffix("_l0"): numbers for key, numbers in layout(cell, "data", 0.5).items()}, theirs)
    x, h, c = rows(3, 3).tolist()
    tensors = [torch.tensor(numbers, dtype=torch.float64) for numbers in (x[:2], h, c)]
    if name == "LSTM":
        found, expected = cell(x[:2], (h, c)), theirs(tensors[0], (tensors[1], tensors[2]))
    else:
        found, expected = [cell(x[:2], h)], [theirs(tensors[0], tensors[1])]
    for ours, twin in zip(found, expected, strict=True):
        assert read(ours) == pytest.approx(twin.tolist(), rel=1e-12)


# ---------------------------------------------------------------- what they are


def formula(name, cell, x, h, c):
    """Returns the next state by the formulas of the cell's docstring, in arrays."""

    def gate(part):
        layer = getattr(cell, part)
        W = np.array([read(neuron.w) for neuron in layer.neurons])
        signal = {x.size: x, h.size: h}.get(W.shape[1], np.concatenate([x, h]))
        z = W @ signal + [neuron.b.data for neuron in layer.neurons]
        return 1 / (1 + np.exp(-z)) if part in ("reset", "update", "input", "forget", "output") else z

    if name == "RNN":
        return [np.tanh(gate("units"))]
    if name == "GRU":
        z, n = gate("update"), np.tanh(gate("candidate") + gate("reset") * gate("memory"))
        return [(1 - z) * n + z * h]
    i, f, g, o = map(gate, ("input", "forget", "candidate", "output"))
    c = f * c + i * np.tanh(g)
    return [o * np.tanh(c), c]


@cells
def test_a_step_is_its_formula(name):
    cell = shaken(CELLS[name](2, 3))
    x, h, c = rows(1, 2)[0], *rows(2, 3, seed=2)
    found = cell(x, (h, c)) if name == "LSTM" else [cell(x, h)]
    for ours, expected in zip(found, formula(name, cell, x, h, c), strict=True):
        assert read(ours) == pytest.approx(expected.tolist(), rel=1e-14)


@cells
def test_numeric_differences_confirm_the_gradients(name):
    assert_gradients(Recurrent(shaken(CELLS[name](1, 2)), every=True), [[0.5], [-1.5], [0.75]])


@cells
def test_the_last_output_is_the_last_of_every_output_and_steps_can_be_made_by_hand(name):
    cell, x = shaken(CELLS[name](2, 3)), rows(4, 2).tolist()
    every = read(Recurrent(cell, every=True)(x))
    assert read(Recurrent(cell)(x)) == every[-1]
    assert [read(Recurrent(cell)(x[: t + 1])) for t in range(4)] == every
    state = None
    for step in x:
        state = cell(step, state)
    assert read(state[0] if name == "LSTM" else state) == every[-1]


@cells
def test_a_number_is_a_vector_of_one_and_a_cell_may_have_one_unit(name):
    model = Recurrent(shaken(CELLS[name](1, 1)))
    assert read(model([0.5, -1.0])) == read(model([[0.5], [-1.0]])) == read(model([Value(0.5), Value(-1.0)]))
    assert len(model([0.5])) == 1


@pytest.mark.parametrize("size", [1.0, 1000.0, 1e300])
@cells
def test_huge_inputs_saturate_and_do_not_overflow(name, size):
    cell = CELLS[name](1, 2, rng=1)
    out = Recurrent(cell)([size, -size, size])
    loss_of(out).backward()
    assert all(abs(v.data) <= 1 for v in out)
    assert all(abs(p.grad) < float("inf") for p in cell.parameters())


def test_layers_of_cells_read_each_others_outputs():
    class Deep(Module):
        def __init__(self):
            self.lower = Recurrent(GRUCell(1, 3, rng=1), every=True)
            self.upper = Recurrent(LSTMCell(3, 2, rng=2))

        def forward(self, x):
            return self.upper(self.lower(x))

    model = Deep()
    assert len(model([1.0, 2.0, 3.0])) == 2
    assert_lifts(lambda x: loss_of(model(x)), model.parameters(), rows(2, 3))


def test_a_cell_of_the_users_own_is_led_along_too():
    class Sum(Module):
        nin = 1

        def __init__(self):
            self.rate = Value(0.5)

        def forward(self, x, state=None):
            total = x[0] + self.rate * (state[1] if state else 0.0)
            return [total * 2.0], total

    assert read(Recurrent(Sum(), every=True)([1.0, 2.0, 3.0])) == [[2.0], [5.0], [8.5]]


@cells
def test_the_state_round_trips(name):
    one, other = Recurrent(CELLS[name](2, 3, rng=1)), Recurrent(CELLS[name](2, 3, rng=2))
    assert one.state_dict() != other.state_dict()
    other.load_state_dict(one.state_dict())
    x = rows(3, 2).tolist()
    assert read(other(x)) == read(one(x))


def test_parameters_have_the_names_of_their_gates():
    names = [name for name, _ in Recurrent(LSTMCell(1, 1, rng=1)).named_parameters()]
    assert names[:3] == ["cell.input.neuron0.w0", "cell.input.neuron0.w1", "cell.input.neuron0.b"]
    assert {name.split(".")[1] for name in names} == {*GATES["LSTM"]}


@cells
def test_biases_start_at_zero_and_weights_are_drawn_from_the_rng(name):
    cell = CELLS[name](2, 3, rng=5)
    state = cell.state_dict()
    assert all((number == 0) == key.endswith(".b") for key, number in state.items())
    assert CELLS[name](2, 3, rng=random.Random(5)).state_dict() == state
    assert {*CELLS[name](2, 3, initializer="zeros").state_dict().values()} == {0.0}
    assert not [key for key in CELLS[name](2, 3, bias=False).state_dict() if key.endswith(".b")]


REPRS = {
    "RNNCell(2, 3)": lambda: RNNCell(2, 3),
    "RNNCell(2, 3, activation='relu')": lambda: RNNCell(2, 3, activation="relu"),
    "GRUCell(2, 3)": lambda: GRUCell(2, 3),
    "Recurrent(LSTMCell(2, 3))": lambda: Recurrent(LSTMCell(2, 3)),
    "Recurrent(GRUCell(2, 3), every=True)": lambda: Recurrent(GRUCell(2, 3), every=True),
}


@pytest.mark.parametrize(("text", "make"), REPRS.items(), ids=REPRS)
def test_a_repr_is_how_it_was_made(text, make):
    assert repr(make()) == text


@cells
def test_every_step_is_a_piece_of_the_picture_made_of_its_layers(name):
    out = Recurrent(shaken(CELLS[name](1, 2)))([0.5, 1.5])
    found = scopes_of(record(loss_of(out)))
    assert sum(scope.name == "cell" for scope in found.scopes) == 2
    paths = {path for path in found.paths if path}
    assert {path[:2] for path in paths} == {("recurrent", "cell")}
    inner = {path[2] for path in paths if len(path) > 2}
    assert inner == {*GATES[name], *({"candidate", "memory"} if name == "GRU" else ())}


# ---------------------------------------------------------------- lifted

# name: instructions for one step, for every further step, and so in the gradient
COUNTS = {"RNN": (9, 4), "GRU": (29, 14), "LSTM": (23, 11)}


def sequence_loss(name, *, every=False):
    def build(nin, size, steps, samples):
        model = Recurrent(shaken(CELLS[name](nin, size)), every=every)
        return lambda x: loss_of(model(x)), model.parameters(), rows(samples, steps, nin)

    return build


@pytest.mark.parametrize("every", [False, True])
@cells
def test_the_program_is_as_short_for_wide_cells_as_for_narrow_ones(name, every):
    cases, build = ((2, 2, 3, 2), (3, 4, 3, 3), (2, 6, 3, 1)), sequence_loss(name, every=every)
    found = sizes(build, *cases)
    assert len({*found}) == 1, found
    gradients = []
    for case in cases:
        loss, parameters, X = build(*case)
        lifted = lift(loss, parameters)
        lifted.value_and_grad(X)
        gradients += [len(path.gradient) for path in paths(lifted)]
    assert len({*gradients}) == 1, gradients


def plain_loss(name):
    def build(steps):
        model = Recurrent(shaken(CELLS[name](2, 3)))

        def loss(x):
            out = model(x)
            return sum((v * v for v in out[1:]), out[0] * out[0])

        return loss, model.parameters(), rows(2, steps, 2)

    return build


@cells
def test_a_further_step_costs_as_many_instructions_as_written_by_hand(name):
    first, further = COUNTS[name]
    found = sizes(plain_loss(name), (2,), (3,), (5,), (8,))
    assert found == [first + further * (steps - 2) for steps in (2, 3, 5, 8)]


@cells
def test_sequences_of_different_lengths_go_in_one_call(name):
    model = Recurrent(shaken(CELLS[name](1, 3)))
    X = [rows(n, 1, seed=i).tolist() for i, n in enumerate((3, 1, 5, 3, 2))]
    lifted = assert_lifts(lambda x: loss_of(model(x)), model.parameters(), X)
    assert len(lifted.forms) == 4


def test_a_lifted_sequence_gives_all_its_outputs():
    model = Recurrent(shaken(LSTMCell(2, 3)), every=True)
    X = rows(4, 5, 2)
    outputs = lift(model.forward)(X)
    assert outputs.shape == (4, 5, 3)
    assert outputs[1].ravel() == pytest.approx([v for out in read(model(X[1].tolist())) for v in out], rel=1e-13)


# ---------------------------------------------------------------- they learn


def bits(rng, lengths, count):
    return [[float(rng.randint(0, 1)) for _ in range(n)] for n in lengths for _ in range(count)]


def test_a_gru_learns_the_parity_of_sequences_of_any_length():
    rng = random.Random(3)
    X, unseen = bits(rng, range(1, 7), 20), bits(rng, [9, 12], 20)
    y = [sum(x) % 2 for x in X]
    model = Reader(GRUCell(1, 6, rng=rng), rng)
    train(model, lambda x, t: binary_cross_entropy(model(x), t), Adam(model.parameters(), 0.03), 300, X, y)
    with no_grad():
        assert [float(model(x).data > 0) for x in X] == y
        assert sum(float(model(x).data > 0) == sum(x) % 2 for x in unseen) >= 36


@cells
def test_every_cell_learns_running_sums_of_sequences_of_different_lengths(name):
    rng = random.Random(1)
    X = [[rng.uniform(-0.3, 0.3) for _ in range(n)] for n in (1, 2, 4) for _ in range(20)]
    y = [sum(x) for x in X]
    model = Reader(CELLS[name](1, 4, rng=rng), rng)
    train(model, lambda x, t: half_squared_error(model(x), t), Adam(model.parameters(), 0.03), 250, X, y)
    with no_grad():
        errors = [abs(model(x).data - t) for x, t in zip(X, y, strict=True)]
    assert max(errors) < 0.1


def test_fit_trains_on_sequences_of_one_length_as_rows_of_a_table():
    rng = random.Random(1)
    X = [[rng.uniform(-0.3, 0.3) for _ in range(4)] for _ in range(40)]
    model = Reader(RNNCell(1, 4, rng=rng), rng)
    optimizer = Adam(model.parameters(), 0.03)
    history = fit(
        model, X, [sum(x) for x in X], loss=half_squared_error, optimizer=optimizer, epochs=150, progress=False
    )
    assert history.losses[-1] < 0.002 < history.losses[0]


def test_fit_makes_the_same_steps_lifted_and_in_scalars():
    weights = []
    for engine in ("lift", "scalar"):
        model = Reader(LSTMCell(1, 2, rng=1), random.Random(1))
        optimizer = Adam(model.parameters(), 0.03)
        fit(
            model,
            rows(6, 3).tolist(),
            [0.5, 1.0, -0.5, 0.0, 0.25, 0.75],
            loss=half_squared_error,
            optimizer=optimizer,
            epochs=3,
            batch_size=2,
            rng=1,
            engine=engine,
            progress=False,
        )
        weights.append([p.data for p in model.parameters()])
    assert weights[0] == pytest.approx(weights[1], rel=1e-9)


# ---------------------------------------------------------------- bad input

BAD_CELLS = {
    "no inputs": (lambda cell: cell(0, 2), "nin = 0 is too small; pass an int of at least 1"),
    "no units": (lambda cell: cell(2, 0), "size = 0 is too small; pass an int of at least 1"),
    "fractional": (lambda cell: cell(2, 2.5), "size = 2.5 is not a whole number"),
    "initializer": (lambda cell: cell(2, 2, initializer="xavier"), "initializer = 'xavier' is unknown"),
    "rng": (lambda cell: cell(2, 2, rng="1"), "rng = '1' is no source of randomness"),
}


@pytest.mark.parametrize("case", BAD_CELLS.values(), ids=BAD_CELLS)
@cells
def test_a_cell_that_cannot_be_built_says_why(name, case):
    make, message = case
    with pytest.raises(InputError, match=message):
        make(CELLS[name])


BAD_SEQUENCES = {
    "empty": ([], ShapeError, "recurrent got a sequence of no steps; give at least one vector of 2 numbers"),
    "narrow step": ([[1.0, 2.0], [3.0]], ShapeError, "step 1 of recurrent takes 2 features, got 1; give every row 2"),
    "wide step": ([[1.0, 2.0, 3.0]], ShapeError, "step 0 of recurrent takes 2 features, got 3; give every row 2"),
    "numbers": ([1.0, 2.0], ShapeError, "step 0 of recurrent takes 2 features, got 1; give every row 2 numbers"),
    "text number": ([[1.0, "2"]], OperandError, "element 1 of the input of step 0 of recurrent: str '2' .*float"),
    "None": (None, InputError, "the input of recurrent: expected a sequence, got NoneType None"),
    "a number": (3.0, InputError, "the input of recurrent: expected a sequence, got float 3.0"),
    "text": ("ab", InputError, "the input of recurrent: expected a sequence, got str 'ab'"),
    "too deep": ([[[1.0, 2.0]]], OperandError, r"element 0 of the input of step 0 of recurrent: list \[1.0, 2.0\]"),
}


@pytest.mark.parametrize("case", BAD_SEQUENCES.values(), ids=BAD_SEQUENCES)
@cells
def test_a_sequence_that_does_not_fit_is_refused_with_its_step(name, case):
    x, error, message = case
    with pytest.raises(error, match=message):
        Recurrent(CELLS[name](2, 3, rng=1))(x)


@cells
def test_a_state_that_does_not_fit_is_refused(name):
    cell = CELLS[name](1, 3, rng=1)
    short = ([0.0], [0.0]) if name == "LSTM" else [0.0]
    with pytest.raises(ShapeError, match=f"the state of {name.lower()}cell has 3 numbers, got 1; pass what the cell"):
        cell([1.0], short)
    wrong = ([0.0, None, 0.0],) * 2 if name == "LSTM" else [0.0, None, 0.0]
    with pytest.raises(OperandError, match=f"element 1 of the state of {name.lower()}cell: NoneType None"):
        cell([1.0], wrong)
    with pytest.raises(ShapeError, match=f"{name.lower()}cell takes 1 features, got 2"):
        cell([1.0, 2.0])


@pytest.mark.parametrize("state", [[0.0, 0.0, 0.0], 1.0, ([0.0],), {"h": 0}])
def test_the_state_of_long_short_term_memory_is_a_pair(state):
    with pytest.raises(ShapeError, match=r"the state of lstmcell is .*; pass the pair \(h, c\), or None to start anew"):
        LSTMCell(1, 3, rng=1)([1.0], state)


@pytest.mark.parametrize("cell", [None, RNNCell, Linear(1, 1, rng=1), 3])
def test_what_is_no_cell_cannot_be_led_along_a_sequence(cell):
    with pytest.raises(InputError, match=r"cell = .* is no cell; pass an RNNCell, GRUCell or LSTMCell"):
        Recurrent(cell)


def test_lifting_says_what_a_cell_may_not_do():
    class Peeking(Module):
        nin = 1

        def forward(self, x, state=None):
            return [x[0] * x[0].data]

    model = Recurrent(Peeking())
    with pytest.raises(LiftError, match=r"\.data of .* was read while lifting"):
        lift(lambda x: model(x)[0])(rows(2, 3))
