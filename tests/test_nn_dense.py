"""Linear, Activation, Flatten, Reshape, Sequential and the autoencoder; and neurons without a bias."""

import copy
import json
import math
import pickle
from functools import partial

import numpy as np
import pytest
from lifting import assert_lifts, rows
from twins import assert_near, assert_twins, instructions, loud

from autograd_lite import InputError, OperandError, ShapeError, Value, draw, gradcheck, lift, record
from autograd_lite.scopes import scopes_of
from nn import (
    ACTIVATIONS,
    MLP,
    Adam,
    Layer,
    Module,
    Neuron,
    binary_cross_entropy,
    classify,
    fit,
    mean_squared_error,
)
from nn.autoencoder import Autoencoder
from nn.dense import Activation, Flatten, Linear, Reshape, Sequential

SMOOTH = ["elu", "gelu", "leaky_relu", "log_sigmoid", "relu", "selu", "sigmoid", "silu", "softplus", "tanh"]
LAYERS_OF_TORCH = {"log_sigmoid": "LogSigmoid", "leaky_relu": "LeakyReLU", "selu": "SELU", "elu": "ELU", "gelu": "GELU"}
LAYERS_OF_TORCH |= {"relu": "ReLU", "silu": "SiLU", "sigmoid": "Sigmoid", "softplus": "Softplus", "tanh": "Tanh"}


def torchs(name):
    """Returns PyTorch's layer of the name of an activation, as a function of torch."""
    options = {"softplus": {"threshold": 1000}}.get(name, {})  # else PyTorch's is x itself from 20 on
    return lambda torch: getattr(torch.nn, LAYERS_OF_TORCH[name])(**options)


def deep(torch):
    return torch.nn.Sequential(
        torch.nn.Linear(3, 4),
        torch.nn.Tanh(),
        torch.nn.Linear(4, 4, bias=False),
        torch.nn.ReLU(),
        torch.nn.Linear(4, 2),
    )


TWINS = {
    "linear": (lambda: Linear(3, 4), lambda torch: torch.nn.Linear(3, 4), (3,)),
    "one output": (lambda: Linear(3, 1), lambda torch: torch.nn.Linear(3, 1), (3,)),
    "one input": (lambda: Linear(1, 2), lambda torch: torch.nn.Linear(1, 2), (1,)),
    "no bias": (lambda: Linear(3, 2, bias=False), lambda torch: torch.nn.Linear(3, 2, bias=False), (3,)),
    "flatten": (Flatten, lambda torch: torch.nn.Flatten(), (2, 3, 2)),
    "reshape": (lambda: Reshape(2, 3, 2), lambda torch: torch.nn.Unflatten(1, (2, 3, 2)), (12,)),
    "softmax": (lambda: Activation("softmax"), lambda torch: torch.nn.Softmax(dim=-1), (5,)),
    "softmax of rows": (lambda: Activation("softmax"), lambda torch: torch.nn.Softmax(dim=-1), (2, 3)),
    "a network": (
        lambda: Sequential(
            Linear(3, 4), Activation("tanh"), Linear(4, 4, bias=False), Activation("relu"), Linear(4, 2)
        ),
        deep,
        (3,),
    ),
    "an autoencoder": (
        lambda: Autoencoder(3, [4, 1], activation="tanh", code_activation="sigmoid"),
        lambda torch: torch.nn.Sequential(
            torch.nn.Linear(3, 4),
            torch.nn.Tanh(),
            torch.nn.Linear(4, 1),
            torch.nn.Sigmoid(),
            torch.nn.Linear(1, 4),
            torch.nn.Tanh(),
            torch.nn.Linear(4, 3),
        ),
        (3,),
    ),
} | {name: (partial(Activation, name), torchs(name), (2, 4)) for name in SMOOTH}
each_twin = pytest.mark.parametrize(("make", "twin", "shape"), TWINS.values(), ids=TWINS)


@each_twin
def test_outputs_and_gradients_are_pytorchs(make, twin, shape):
    assert_twins(make(), twin, 2 * rows(1, *shape)[0])


@each_twin
def test_the_lifted_layer_equals_the_scalar_one(make, twin, shape):
    model, scale = make(), Value(1.5)  # at least one parameter
    x = rows(3, *shape)
    assert_lifts(lambda v: scale * loud(model(v)), [scale, *model.parameters()], x)


@each_twin
def test_finite_differences_agree(make, twin, shape):
    model, leaves = make(), [Value(v) for v in rows(1, math.prod(shape))[0]]
    x = Reshape(*shape)(leaves)
    assert gradcheck(lambda: loud(model(x)), [*leaves, *model.parameters()]).ok


STEADY = {
    "linear": [partial(Linear, n, n) for n in (2, 5, 9)],
    "no bias": [partial(Linear, n, 2 * n, bias=False) for n in (2, 5, 9)],
    "a network": [lambda n=n: Sequential(Linear(n, n), Activation("tanh"), Linear(n, n + 1)) for n in (2, 5, 9)],
    "softmax": [lambda n=n: Sequential(Linear(n, n), Activation("softmax")) for n in (3, 5, 9)],
    "autoencoder": [partial(Autoencoder, n, [n - 1, 2], activation="tanh") for n in (4, 6, 9)],
}


@pytest.mark.parametrize("makes", STEADY.values(), ids=STEADY)
def test_the_program_is_as_long_whatever_the_width(makes):
    models = [make() for make in makes]
    widths = [_width(model) for model in models]
    lengths = [instructions(model, rows(2, width)) for model, width in zip(models, widths, strict=True)]
    assert len({*lengths}) == 1, lengths
    assert lengths[0] <= 12


def _width(model):
    neurons = [module for module in model.modules() if isinstance(module, Neuron)]
    return len(neurons[0].w)


# --------------------------------------------------------------- neurons without a bias


def test_without_a_bias_there_is_one_parameter_less_a_neuron():
    assert Neuron(3, bias=False).b is None
    assert [name for name, _ in Neuron(2, bias=False).named_parameters()] == ["w0", "w1"]
    assert len(Layer(3, 2, bias=False).parameters()) == 6
    assert len(MLP(3, [2, 1], bias=False).parameters()) == 8


def test_without_a_bias_the_numbers_are_those_of_a_bias_of_0():
    for x in ([0.5, -1.0, 2.0], [0.0, 0.0, 0.0]):
        with_, without = (MLP(3, [4, 1], rng=1, bias=bias) for bias in (True, False))
        assert without(x).data == with_(x).data
    first = without.layers[0].neurons[0]
    assert [line.rule.name for line in record(first(x)).lines if line.rule].count("add") == 2  # of three products


def test_the_draws_do_not_depend_on_the_bias():
    weights = [[neuron.w[0].data for neuron in Layer(1, 5, rng=1, bias=bias).neurons] for bias in (True, False)]
    assert weights[0] == weights[1]


# --------------------------------------------------------------- Linear


def test_linear_always_returns_a_list():
    assert [type(out) for out in Linear(2, 1, rng=1)([1.0, 2.0])] == [Value]
    assert len(Linear(2, 3, rng=1)([1.0, 2.0])) == 3


def test_linear_draws_what_a_layer_of_linear_neurons_draws():
    assert Linear(3, 2, rng=7).state_dict() == Layer(3, 2, nonlin=False, rng=7).state_dict()


def test_linear_reads_what_a_layer_of_one_neuron_returns():
    model = Sequential(Layer(2, 1, rng=1), Linear(1, 2, rng=1))
    assert len(model([1.0, 2.0])) == 2


def test_linear_layers_collapse_to_one_matrix():
    model = Sequential(*(Linear(a, b, rng=a) for a, b in ((3, 4), (4, 5), (5, 2))))
    x = np.eye(3)
    bias = np.array([out.data for out in model([0.0] * 3)])
    columns = lift(lambda v: model(v))(x) - bias
    for row in rows(5, 3):
        assert_near([out.data for out in model(row)], row @ columns + bias)


# --------------------------------------------------------------- Activation, Flatten, Reshape


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_every_activation_works_on_any_nesting(name):
    x = 0.75 if name != "arccosh" else 1.5
    plain = Activation(name)(x)
    (row, deeper) = Activation(name)([(x, Value(x)), [[x]]])
    assert isinstance(plain, Value)
    assert [v.data for v in (*row, deeper[0][0])] == [plain.data] * 3
    assert plain.data == (x if name in ("linear", "identity") else Neuron(1, activation=name)._function(Value(x)).data)


def test_flatten_undoes_reshape_and_hands_on_the_same_values():
    row = [Value(float(i)) for i in range(24)]
    cube = Reshape(2, 3, 4)(row)
    assert cube[1][2][3] is row[23]
    assert all(a is b for a, b in zip(Flatten()(cube), row, strict=True))
    assert all(a is b for a, b in zip(Reshape(24)(cube), row, strict=True))


def test_flatten_of_a_value_is_a_list_of_it():
    value = Value(1.0)
    (only,) = Flatten()(value)
    assert only is value


# --------------------------------------------------------------- Sequential


def net():
    return Sequential(Linear(2, 3, rng=1), Activation("tanh"), Sequential(Linear(3, 1, rng=2)))


def test_parts_are_named_by_kind_and_position():
    names = [name for name, _ in net().named_parameters()]
    assert names[:3] == ["linear0.neuron0.w0", "linear0.neuron0.w1", "linear0.neuron0.b"]
    assert names[-1] == "sequential2.linear0.neuron0.b"
    assert [module.scope for module in net()] == ["linear0", "tanh1", "sequential2"]


def test_a_module_of_ones_own_is_named_by_its_class():
    class Twice(Module):
        def forward(self, x):
            return [2 * v for v in x]

    model = Sequential(Linear(1, 1, initializer=lambda *_: 1.0), Twice())
    assert model([3.0])[0].data == 6.0
    assert model.twice1.scope == "twice1"


def test_a_row_of_modules_is_a_sequence():
    model = net()
    assert len(model) == 3
    assert model[0] is model.linear0
    assert model[-1] is model.sequential2
    assert model[:2] == [model.linear0, model.tanh1]
    assert [*model] == [model.linear0, model.tanh1, model.sequential2]
    with pytest.raises(IndexError):
        model[3]


def test_a_part_can_be_replaced():
    model = net()
    model.tanh1 = Activation("relu")
    assert "relu" in {line.rule.name for line in record(model([1.0, 2.0])[0]).lines if line.rule}


def test_a_shared_module_has_its_parameters_once():
    shared = Linear(2, 2, rng=1)
    model = Sequential(shared, Activation("tanh"), shared)
    assert len(model.parameters()) == 6
    assert len(model([1.0, 2.0])) == 2


def test_copies_and_pickles_are_whole():
    model = net()
    for other in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert other([1.0, 2.0])[0].data == model([1.0, 2.0])[0].data
        assert not {*map(id, other.parameters())} & {*map(id, model.parameters())}
        assert other[0] is other.linear0


@pytest.mark.parametrize("make", [net, lambda: Autoencoder(3, [2], rng=1), lambda: Linear(2, 2, False, rng=3)])
def test_the_state_goes_from_one_model_to_an_equal_one(make):
    first, second = make(), make()
    for parameter in second.parameters():
        parameter.data = 0.0
    second.load_state_dict(json.loads(json.dumps(first.state_dict())))
    assert second.state_dict() == first.state_dict()


REPRS = {
    "Linear(2, 3)": lambda: Linear(2, 3),
    "Linear(2, 3, bias=False)": lambda: Linear(2, 3, bias=False),
    "Activation('leaky_relu')": lambda: Activation("leaky_relu"),
    "Flatten()": Flatten,
    "Reshape(1, 8, 8)": lambda: Reshape(1, 8, 8),
    "Sequential of [Linear(2, 1), Activation('softmax')]": lambda: Sequential(Linear(2, 1), Activation("softmax")),
    "Autoencoder of [MLP of [Layer of [LinearNeuron(2)]], MLP of [Layer of [TanhNeuron(1), TanhNeuron(1)]]]": (
        lambda: Autoencoder(2, [1], output_activation="tanh")
    ),
}


@pytest.mark.parametrize(("text", "make"), REPRS.items(), ids=REPRS)
def test_a_repr_says_what_was_built(text, make):
    assert repr(make()) == text


def test_pictures_fold_the_parts():
    out = net()([1.0, 2.0])[0]
    paths = {path for path in scopes_of(record(out)).paths if path}
    assert paths == {
        *(("sequential", "linear0", f"neuron{i}") for i in range(3)),
        ("sequential", "tanh1"),
        ("sequential", "sequential2", "linear0", "neuron0"),
    }
    assert "sequential.tanh1" in str(draw(out, fold=2))


def test_moving_numbers_leaves_no_piece():
    model = Sequential(Reshape(2, 2), Flatten(), Linear(4, 1, rng=1))
    assert {path[:2] for path in scopes_of(record(model([1.0] * 4)[0])).paths if path} == {("sequential", "linear2")}


def test_a_fault_names_the_part():
    with pytest.raises(OverflowError, match=r"\(in sequential\.exp1\)"):
        Sequential(Linear(1, 1, initializer=lambda *_: 1.0), Activation("exp"))([1000.0])


def test_fit_trains_a_row_of_modules():
    model = Sequential(Linear(2, 4, rng=3), Activation("tanh"), Linear(4, 1, rng=4))
    X, y = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], [[0], [1], [1], [0]]
    optimizer = Adam(model.parameters(), learning_rate=0.1)
    fit(model, X, y, loss=binary_cross_entropy, optimizer=optimizer, epochs=150, progress=False)
    assert [classify(model(row)[0]) for row in X] == [0, 1, 1, 0]


# --------------------------------------------------------------- Autoencoder


def test_encode_and_decode_are_the_two_halves():
    model = Autoencoder(5, [4, 2], activation="tanh", rng=1)
    x = rows(1, 5)[0]
    code = model.encode(x)
    assert len(code) == 2
    assert [v.data for v in model.decode(code)] == [v.data for v in model(x)]
    assert len(model.decode([0.25, -1.0])) == 5


def test_the_decoder_has_the_encoders_layers_in_reverse():
    model = Autoencoder(6, [5, 4, 2], rng=1)
    assert [len(layer.neurons) for half in (model.encoder, model.decoder) for layer in half.layers] == [
        5,
        4,
        2,
        4,
        5,
        6,
    ]


def test_a_code_of_one_number_is_a_list_too():
    model = Autoencoder(3, [1], rng=1)
    assert len(model.encode([1.0, 2.0, 3.0])) == 1
    assert len(Autoencoder(1, [2], rng=1)([1.0])) == 1


def test_eight_patterns_learn_a_code_of_three():
    model = Autoencoder(8, [3], code_activation="sigmoid", rng=2)
    X = np.eye(8)
    optimizer = Adam(model.parameters(), learning_rate=0.1)
    history = fit(model, X, X.tolist(), loss=binary_cross_entropy, optimizer=optimizer, epochs=1000, progress=False)
    assert history.losses[-1] < 0.01
    assert [classify(model(row)) for row in X] == [*range(8)]
    codes = lift(lambda x: model.encode(x))(X)
    apart = [np.abs(a - b).max() for i, a in enumerate(codes) for b in codes[:i]]
    assert min(apart) > 0.3  # eight codes, no two alike


def test_a_linear_code_of_three_does_as_well_as_principal_components():
    model = Autoencoder(8, [3], rng=2)
    X = np.eye(8)
    optimizer = Adam(model.parameters(), learning_rate=0.05)
    history = fit(model, X, X.tolist(), loss=mean_squared_error, optimizer=optimizer, epochs=800, progress=False)
    missed = np.linalg.svd(X - X.mean(axis=0), compute_uv=False)[3:]
    assert history.losses[-1] == pytest.approx(sum(missed**2) / 64, rel=1e-3)


# --------------------------------------------------------------- bad input

BAD_LAYERS = {
    "zero width": (lambda: Linear(0, 1), InputError, "nin = 0 is too small; pass an int of at least 1"),
    "fractional width": (lambda: Linear(2, 1.5), InputError, "nout = 1.5 is not a whole number"),
    "bias": (
        lambda: Linear(2, 2, "tanh"),
        InputError,
        "bias = 'tanh' is neither True nor False; give an activation as",
    ),
    "initializer": (lambda: Linear(2, 2, initializer="he"), InputError, "'he' is unknown; use one of he_normal"),
    "rng": (lambda: Linear(2, 2, rng="1"), InputError, "rng = '1' is no source of randomness"),
    "activation": (lambda: Activation("rleu"), InputError, "activation = 'rleu' is unknown; use one of abs, .*softmax"),
    "no name": (lambda: Activation(None), InputError, "activation = None is unknown; use one of abs"),
    "a list": (lambda: Activation(["tanh"]), InputError, r"activation = \['tanh'\] is unknown"),
    "no shape": (Reshape, InputError, r"Reshape\(\) has no shape; give the lengths, as in Reshape\(1, 8, 8\)"),
    "shape": (lambda: Reshape(2, 0), InputError, r"shape\[1\] = 0 is too small"),
    "a tuple": (lambda: Reshape((2, 2)), InputError, r"shape\[0\] = \(2, 2\) is not a whole number"),
    "nothing": (Sequential, InputError, r"Sequential\(\) has no module; give at least one"),
    "a function": (lambda: Sequential(Linear(1, 1), abs), InputError, "module 1 = <built-in .* is no Module; wrap"),
    "a list of modules": (
        lambda: Sequential([Linear(1, 1)]),
        InputError,
        r"module 0 = \[Linear\(1, 1\)\] is no Module",
    ),
    "no code": (lambda: Autoencoder(4, []), InputError, r"sizes = \[\] has no code; give at least its size"),
    "code": (lambda: Autoencoder(4, [2, 0]), InputError, r"sizes\[1\] = 0 is too small"),
    "one number": (lambda: Autoencoder(4, 2), InputError, r"sizes, of the layers down to the code: .* int 2; write"),
    "code's activation": (lambda: Autoencoder(4, [2], code_activation="x"), InputError, "'x' is unknown; use one of"),
}


@pytest.mark.parametrize("case", BAD_LAYERS.values(), ids=BAD_LAYERS)
def test_a_layer_that_cannot_be_built_says_why(case):
    make, error, message = case
    with pytest.raises(error, match=message):
        make()


BAD_INPUTS = {
    "too few": (lambda: Linear(2, 1), [1.0], ShapeError, "linear takes 2 features, got 1; give every row 2 numbers"),
    "text": (lambda: Linear(2, 1), [1.0, "2"], OperandError, "element 1 of the input of linear: str '2'"),
    "an image": (lambda: Linear(2, 1), [[1.0], [2.0]], OperandError, "element 0 of the input of linear: list"),
    "inside": (net, [1.0], ShapeError, "linear0 takes 2 features, got 1"),
    "a word": (lambda: Activation("tanh"), [1.0, ["x"]], OperandError, "the input of tanh: str 'x' is not a real"),
    "None": (lambda: Activation("tanh"), None, OperandError, "the input of tanh: NoneType None"),
    "bool": (lambda: Activation("linear"), [True], OperandError, "the input of linear: bool True"),
    "softmax of a number": (lambda: Activation("softmax"), 1.0, InputError, "softmax takes vectors, got float 1.0"),
    "softmax of nothing": (lambda: Activation("softmax"), [], ShapeError, "softmax"),
    "softmax of a mixture": (
        lambda: Activation("softmax"),
        [[1.0], 2.0],
        InputError,
        "softmax takes vectors, got float",
    ),
    "flatten": (Flatten, [[1.0], [None]], OperandError, "the input of flatten: NoneType None"),
    "reshape": (lambda: Reshape(2, 3), [1.0] * 5, ShapeError, "reshape makes 2 x 3 = 6 of its input, got 5 numbers"),
    "code": (lambda: Autoencoder(3, [2]), [1.0], ShapeError, "layer0 takes 3 features, got 1"),
}


@pytest.mark.parametrize("case", BAD_INPUTS.values(), ids=BAD_INPUTS)
def test_an_input_that_does_not_fit_is_refused(case):
    make, x, error, message = case
    with pytest.raises(error, match=message):
        make()(x)
