"""Neurons, layers, perceptrons: micrograd's numbers, and what they refuse."""

import json
import random
import subprocess
import sys

import pytest

from autograd_lite import RULES, InputError, OperandError, ShapeError, Value, ieee
from nn import ACTIVATIONS, INITIALIZERS, MLP, Layer, Neuron, normal, uniform

# computed by micrograd 0.1.0: random.seed(1337); model = MLP(2, [16, 16, 1])
MICROGRAD_OUTPUTS = {
    (0.5, -1.25): -0.9126631686036558,
    (2.0, 3.0): -1.9960862482990058,
    (-1.5, 0.25): -2.2149237623744105,
}
MICROGRAD_WEIGHTS_AND_GRADIENTS = {  # the gradients of the first output
    0: (0.23550571390294128, -0.37222997848481815),
    1: (0.06653114721000164, 0.9305749462120454),
    2: (0, -0.7444599569696363),
    48: (-0.08568482691922008, 0.031575480021566835),
    49: (-0.4702876239420326, 0.0),
    336: (0, 1),
}


def micrograds_model():
    random.seed(1337)
    return MLP(2, [16, 16, 1])


@pytest.mark.parametrize(("x", "out"), MICROGRAD_OUTPUTS.items())
def test_outputs_are_micrograds_to_the_bit(x, out):
    assert micrograds_model()(list(x)).data == out
    assert micrograds_model()([Value(v) for v in x]).data == out


def test_weights_are_micrograds_to_the_bit_and_gradients_to_rounding():
    model = micrograds_model()
    model([0.5, -1.25]).backward()
    for index, (weight, gradient) in MICROGRAD_WEIGHTS_AND_GRADIENTS.items():
        parameter = model.parameters()[index]
        assert parameter.data == weight
        assert parameter.grad == pytest.approx(gradient, rel=1e-13)


def test_whole_networks_agree_with_micrograd_where_it_is_installed():
    theirs = pytest.importorskip("micrograd.nn")
    random.seed(7)
    model = MLP(3, [5, 4, 2])
    random.seed(7)
    old = theirs.MLP(3, [5, 4, 2])
    assert repr(model) == repr(old)
    assert [p.data for p in model.parameters()] == [p.data for p in old.parameters()]
    for x in ([0.1, 0.2, 0.3], [-1.0, 2.0, -3.0]):
        assert [out.data for out in model(x)] == [out.data for out in old(x)]
    model.zero_grad()
    old.zero_grad()
    (model(x)[0] * model(x)[1]).backward()
    (old(x)[0] * old(x)[1]).backward()
    assert [p.grad for p in model.parameters()] == pytest.approx([p.grad for p in old.parameters()], rel=1e-12)


DEMO = """
import random
from {engine} import Value
from {nn} import Neuron, Layer, MLP
random.seed(1337)
model = MLP(2, [16, 16, 1])
print(model, len(model.parameters()))
X = [[random.uniform(-1, 1), random.uniform(-1, 1)] for _ in range(10)]
y = [1 if a * b > 0 else -1 for a, b in X]
for k in range(3):
    inputs = [list(map(Value, row)) for row in X]
    scores = list(map(model, inputs))
    losses = [(1 + -yi * scorei).relu() for yi, scorei in zip(y, scores)]
    data_loss = sum(losses) * (1.0 / len(losses))
    reg_loss = 1e-4 * sum((p * p for p in model.parameters()))
    total_loss = data_loss + reg_loss
    model.zero_grad()
    total_loss.backward()
    learning_rate = 1.0 - 0.9 * k / 100
    for p in model.parameters():
        p.data -= learning_rate * p.grad
    accuracy = [(yi > 0) == (scorei.data > 0) for yi, scorei in zip(y, scores)]
    print(f"step {{k}} loss {{total_loss.data:.9f}}, accuracy {{sum(accuracy) / len(accuracy) * 100}}%")
print([len(Neuron(3).parameters()), len(Layer(2, 4).parameters()), Layer(2, 4)])
"""


def test_micrograds_demo_prints_the_same_after_the_import_is_swapped():
    pytest.importorskip("micrograd")

    def printed(engine, nn):
        program = DEMO.format(engine=engine, nn=nn)
        return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout

    ours = printed("autograd_lite", "nn")
    assert ours == printed("micrograd.engine", "micrograd.nn")
    assert "step 2 loss" in ours


def test_a_layer_of_one_neuron_returns_its_value_and_others_a_list():
    assert isinstance(Layer(2, 1, rng=1)([1.0, 2.0]), Value)
    assert [type(out) for out in Layer(2, 2, rng=1)([1.0, 2.0])] == [Value, Value]
    assert isinstance(MLP(2, [16, 16, 1], rng=1)([1.0, 2.0]), Value)


def test_a_hidden_layer_may_have_one_neuron():
    assert isinstance(MLP(2, [1, 1], rng=1)([1.0, 2.0]), Value)


REPRS = {
    "MLP of [Layer of [ReLUNeuron(2), ReLUNeuron(2)], Layer of [LinearNeuron(2)]]": lambda: MLP(2, [2, 1]),
    "LinearNeuron(3)": lambda: Neuron(3, False),
    "TanhNeuron(3)": lambda: Neuron(3, activation="tanh"),
    "LeakyReluNeuron(1)": lambda: Neuron(1, activation="leaky_relu"),
    "Layer of [LinearNeuron(2), LinearNeuron(2)]": lambda: Layer(2, 2, nonlin=False),
}


@pytest.mark.parametrize(("text", "make"), REPRS.items(), ids=REPRS)
def test_reprs_are_micrograds_and_name_the_activation(text, make):
    assert repr(make()) == text


@pytest.mark.parametrize("rule", [rule for rule in RULES.values() if rule.arity == 1], ids=lambda rule: rule.name)
def test_every_rule_of_one_operand_is_an_activation(rule):
    neuron = Neuron(2, activation=rule.name, initializer=lambda *_: 1.0)
    with ieee():  # 1.5 lies outside the domain of some
        out = neuron([1.25, 0.25])
    assert rule.name in ACTIVATIONS
    if rule.name == "identity":
        assert out.data == 1.5
    else:
        assert out.rule is rule
        assert out.operands[0].data == 1.5


def test_hidden_activations_may_differ_and_the_output_may_be_bent():
    model = MLP(2, [2, 2, 1], activation=["tanh", "relu"], output_activation="sigmoid", rng=1)
    assert [layer.neurons[0].activation for layer in model.layers] == ["tanh", "relu", "sigmoid"]
    assert 0 < model([1.0, 2.0]).data < 1


def test_a_network_is_decided_by_its_rng_and_leaves_the_global_one_alone():
    random.seed(5)
    before = random.getstate()
    first = MLP(2, [4, 1], rng=3).state_dict()
    assert MLP(2, [4, 1], rng=3).state_dict() == first
    assert MLP(2, [4, 1], rng=random.Random(3)).state_dict() == first
    assert MLP(2, [4, 1], rng=4).state_dict() != first
    assert random.getstate() == before


def test_the_neurons_of_a_layer_differ():
    weights = [neuron.w[0].data for neuron in Layer(1, 50, rng=0).neurons]
    assert len(set(weights)) == 50


DEVIATIONS = {
    "uniform": (1 / 3) ** 0.5,
    "glorot_uniform": (2 / 250) ** 0.5,
    "glorot_normal": (2 / 250) ** 0.5,
    "he_uniform": (2 / 200) ** 0.5,
    "he_normal": (2 / 200) ** 0.5,
    "lecun_normal": (1 / 200) ** 0.5,
    "zeros": 0.0,
}


def test_every_initializer_has_a_known_deviation():
    assert sorted(DEVIATIONS) == sorted(INITIALIZERS)


@pytest.mark.parametrize(("name", "deviation"), DEVIATIONS.items(), ids=DEVIATIONS)
def test_initializers_draw_with_the_deviation_of_their_paper(name, deviation):
    layer = Layer(200, 50, initializer=name, rng=1)
    weights = [w.data for neuron in layer.neurons for w in neuron.w]
    assert sum(weights) / len(weights) == pytest.approx(0, abs=deviation / 25)
    assert (sum(w * w for w in weights) / len(weights)) ** 0.5 == pytest.approx(deviation, rel=0.03)
    assert all(neuron.b.data == 0 for neuron in layer.neurons)


def test_an_initializer_may_be_a_function():
    small = Layer(3, 3, initializer=uniform(-0.01, 0.01), rng=1)
    assert all(0 < abs(w.data) <= 0.01 for neuron in small.neurons for w in neuron.w)
    assert Neuron(1, initializer=normal(0.0)).w[0].data == 0
    assert Neuron(1, initializer=lambda rng, fan_in, fan_out: fan_in + fan_out).w[0].data == 2


numpy_like = pytest.mark.parametrize("kind", ["float64", "float32", "int64"])


@numpy_like
def test_numpy_rows_are_features_like_any_other(kind):
    np = pytest.importorskip("numpy")
    model = MLP(2, [3, 1], rng=1)
    assert model(np.array([1, 2], dtype=kind)).data == model([1, 2]).data


def test_huge_features_give_a_right_answer():
    neuron = Neuron(1, initializer=lambda *_: 1.0)
    assert neuron([1e308]).data == 1e308
    assert Neuron(1, activation="tanh", rng=1)([-1e308]).data in (-1.0, 1.0)


NOT_WHOLE = r"is not a whole number; pass an int of at least 1"
BAD_NETWORKS = {
    "zero width": (lambda: Neuron(0), InputError, "nin = 0 is too small; pass an int of at least 1"),
    "negative width": (lambda: Layer(2, -3), InputError, "nout = -3 is too small; pass an int of at least 1"),
    "fractional width": (lambda: Layer(2.5, 1), InputError, f"nin = 2.5 {NOT_WHOLE}"),
    "whole but float": (lambda: Neuron(2.0), InputError, f"nin = 2.0 {NOT_WHOLE}"),
    "bool width": (lambda: Neuron(True), InputError, f"nin = True {NOT_WHOLE}"),
    "text width": (lambda: MLP("2", [1]), InputError, f"nin = '2' {NOT_WHOLE}"),
    "no width": (lambda: MLP(None, [1]), InputError, f"nin = None {NOT_WHOLE}"),
    "width in the middle": (lambda: MLP(2, [4, 0, 1]), InputError, r"nouts\[1\] = 0 is too small; pass an int"),
    "one number for layers": (lambda: MLP(2, 4), InputError, r"sizes of the layers: .* int 4; write \[a, b, ...\]"),
    "no layers": (lambda: MLP(2, []), InputError, r"nouts = \[\] has no layer; give the size of at least the output"),
    "activation": (lambda: MLP(2, [1, 1], activation="rleu"), InputError, "'rleu' is unknown; use one of abs, .*relu"),
    "two operands": (lambda: Neuron(2, activation="mul"), InputError, "'mul' is unknown; use one of abs"),
    "activation None": (lambda: MLP(2, [1], output_activation=3), InputError, "activation = 3 is unknown; use one of"),
    "contradiction": (lambda: Neuron(2, False, activation="tanh"), InputError, "'tanh' contradict each other; drop"),
    "activations": (
        lambda: MLP(2, [3, 3, 1], activation=["relu"]),
        ShapeError,
        "1 activations for 2 hidden layers; give",
    ),
    "initializer": (lambda: Neuron(2, initializer="xaiver"), InputError, "'xaiver' is unknown; use one of he_normal"),
    "rng text": (lambda: Neuron(2, rng="1337"), InputError, "rng = '1337' is no source of randomness; pass an int"),
    "rng float": (lambda: Neuron(2, rng=1.5), InputError, "rng = 1.5 is no source of randomness; pass an int"),
    "rng bool": (lambda: Neuron(2, rng=True), InputError, "rng = True is no source of randomness; pass an int"),
    "bounds": (lambda: uniform(1, -1), InputError, "high = -1 is outside its range; it needs a finite number of at"),
    "nan bound": (lambda: uniform(float("nan"), 1), InputError, "low = nan is outside its range; it needs a finite"),
    "deviation": (lambda: normal("big"), InputError, "deviation = 'big' is not a usable number; it needs a finite"),
}


@pytest.mark.parametrize("case", BAD_NETWORKS.values(), ids=BAD_NETWORKS)
def test_a_network_that_cannot_be_built_says_why(case):
    make, error, message = case
    with pytest.raises(error, match=message):
        make()


LIST = r"write \[a, b, ...\]"
BAD_FEATURES = {
    "too few": ([1.0], ShapeError, "layer0 takes 2 features, got 1; give every row 2 numbers"),
    "too many": ([1.0, 2.0, 3.0], ShapeError, "layer0 takes 2 features, got 3; give every row 2 numbers"),
    "none": ([], ShapeError, "layer0 takes 2 features, got 0; give every row 2 numbers"),
    "text feature": ([1.0, "2"], OperandError, "element 1 of the input of layer0: str '2' .* convert it with float"),
    "None feature": ([None, 2.0], OperandError, "element 0 of the input of layer0: NoneType None .*; a function may"),
    "bool feature": ([1.0, True], OperandError, "element 1 of the input of layer0: bool True .* write 1.0 or 0.0"),
    "complex feature": ([1.0, 2j], OperandError, "element 1 of the input of layer0: complex 2j .* real part"),
    "nested row": ([[1.0], [2.0]], OperandError, r"element 0 of the input of layer0: list \[1.0\] .* each element"),
    "a number": (1.0, InputError, f"the input of layer0: expected a sequence, got float 1.0; {LIST}"),
    "text": ("12", InputError, f"the input of layer0: expected a sequence, got str '12'; {LIST}"),
    "None": (None, InputError, f"the input of layer0: expected a sequence, got NoneType None; {LIST}"),
    "a set": ({1.0, 2.0}, InputError, f"expected a sequence, got set .*; {LIST}"),
    "a dict": ({0: 1.0, 1: 2.0}, InputError, f"expected a sequence, got dict .*; {LIST}"),
    "one Value for two": (Value(1.0), ShapeError, "layer0 takes 2 features, got 1; give every row 2 numbers"),
}


@pytest.mark.parametrize("case", BAD_FEATURES.values(), ids=BAD_FEATURES)
def test_features_that_do_not_fit_are_refused_with_their_position(case):
    x, error, message = case
    with pytest.raises(error, match=message):
        MLP(2, [3, 1], rng=1)(x)


def test_a_standalone_neuron_checks_its_features_too():
    with pytest.raises(ShapeError, match=r"neuron takes 3 features, got 2; give every row 3 numbers"):
        Neuron(3, rng=1)([1.0, 2.0])


def test_a_value_in_the_input_receives_its_gradient():
    x = [Value(1.0), Value(2.0)]
    neuron = Neuron(2, False, rng=1)
    neuron(x).backward()
    assert [v.grad for v in x] == [w.data for w in neuron.w]


def test_the_state_of_a_network_is_plain_data():
    model = MLP(2, [2, 1], rng=1)
    assert json.loads(json.dumps(model.state_dict())) == model.state_dict()
