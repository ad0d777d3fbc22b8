"""Modules: how parameters are found, named, reset, saved and loaded."""

import copy
import pickle

import pytest

from autograd_lite import InputError, OperandError, Value, record
from autograd_lite.scopes import scopes_of
from nn import MLP, Layer, Module, Neuron


class Mixed(Module):
    """Parameters in every kind of place."""

    def __init__(self):
        self.bias = [Value(1.0), Value(2.0)]
        self.rows = [[Value(3.0)], [Value(4.0)]]
        self.parts = {"head": Neuron(1, rng=1), "gain": Value(5.0)}
        self.layer = Layer(1, 2, rng=1)
        self.rate = 0.1
        self._hidden = Value(6.0)

    def forward(self, x):
        return self.parts["head"](x) * self.parts["gain"]


NAMES = [
    "bias0",
    "bias1",
    "row0_0",
    "row1_0",
    "parts.head.w0",
    "parts.head.b",
    "parts.gain",
    "layer.neuron0.w0",
    "layer.neuron0.b",
    "layer.neuron1.w0",
    "layer.neuron1.b",
]


def test_parameters_are_found_in_attributes_lists_dicts_and_modules_in_order():
    assert [name for name, _ in Mixed().named_parameters()] == NAMES


def test_parameters_carry_the_names_by_which_they_are_found():
    assert [parameter.name for parameter in Mixed().parameters()] == NAMES


def test_a_standalone_neuron_and_a_network_name_their_parameters_readably():
    assert [p.name for p in Neuron(3).parameters()] == ["w0", "w1", "w2", "b"]
    assert MLP(2, [4, 1]).parameters()[10].name == "layer0.neuron3.w1"


def test_a_name_given_by_the_user_stays():
    class Line(Module):
        def __init__(self):
            self.w = Value(1.0, name="slope")

    line = Line()
    assert line.w.name == "slope"
    assert line.named_parameters() == [("w", line.w)]


def test_a_name_given_by_the_user_stays_where_the_attribute_ends_alike():
    class Line(Module):
        def __init__(self):
            self.slow = Value(1.0, name="w")

    class Pair(Module):
        def __init__(self):
            self.line = Line()

    assert Pair().line.slow.name == "w"


def test_private_attributes_and_results_are_not_parameters():
    class Cache(Module):
        def __init__(self):
            self.w = Value(1.0)
            self._constant = Value(2.0)
            self.last = self.w * 3.0

    assert [name for name, _ in Cache().named_parameters()] == ["w"]


def test_a_parameter_shared_by_two_layers_is_counted_once():
    class Tied(Module):
        def __init__(self):
            self.first = Neuron(2, rng=1)
            self.second = Neuron(2, rng=2)
            self.second.w = self.first.w

    assert [name for name, _ in Tied().named_parameters()] == ["first.w0", "first.w1", "first.b", "second.b"]


def test_modules_that_refer_to_each_other_are_visited_once():
    parent, child = Mixed(), Neuron(1, rng=1)
    child.parent = parent
    parent.child = child
    assert len(parent.parameters()) == len(NAMES) + 2


def test_two_parameters_of_one_name_are_refused():
    class Clash(Module):
        def __init__(self):
            self.w0 = Value(1.0)
            self.w = [Value(2.0)]

    with pytest.raises(InputError, match=r"two parameters are called 'w0'; rename"):
        Clash().named_parameters()


def test_zero_grad_reaches_every_parameter():
    model = MLP(2, [3, 1], rng=1)
    model([1.0, 2.0]).backward()
    assert any(p.grad for p in model.parameters())
    model.zero_grad()
    assert [p.grad for p in model.parameters()] == [0.0] * 13


def test_train_and_eval_reach_every_module_and_return_the_model():
    model = MLP(2, [3, 1], rng=1)
    assert model.training
    assert model.eval() is model
    assert not any(m.training for m in model.modules())
    assert model.train() is model
    assert all(m.training for m in model.modules())
    assert len(model.modules()) == 1 + 2 + 4


def test_a_module_without_forward_says_so():
    class Empty(Module):
        pass

    assert Empty().parameters() == []
    with pytest.raises(NotImplementedError, match=r"Empty has no forward"):
        Empty()(1.0)


def test_a_module_in_micrograds_way_overrides_call_and_parameters():
    class Old(Module):
        def __init__(self):
            self.weight = Value(2.0)

        def __call__(self, x):
            return self.weight * x

        def parameters(self):
            return [self.weight]

    old = Old()
    old(3.0).backward()
    assert old.weight.grad == 3.0
    old.zero_grad()
    assert old.weight.grad == 0.0


def test_each_call_of_a_module_is_a_piece_of_the_picture():
    model = MLP(2, [2, 1], activation="tanh", rng=1)
    paths = scopes_of(record(model([1.0, 2.0]))).paths
    assert paths[-1] == ("mlp", "layer1", "neuron0")
    assert {path for path in paths if path} == {
        ("mlp", "layer0", "neuron0"),
        ("mlp", "layer0", "neuron1"),
        ("mlp", "layer1", "neuron0"),
    }


def test_a_fault_inside_a_network_names_the_neuron():
    model = MLP(1, [1, 1], activation="exp", initializer=lambda *_: 1.0)
    with pytest.raises(OverflowError, match=r"\(in mlp\.layer0\.neuron0\)"):
        model([1000.0])


def test_the_state_round_trips_and_a_copy_is_independent():
    model, other = MLP(2, [3, 1], rng=1), MLP(2, [3, 1], rng=2)
    other.load_state_dict(model.state_dict())
    assert other.state_dict() == model.state_dict()
    for duplicate in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert duplicate.state_dict() == model.state_dict()
        assert duplicate([1.0, 2.0]).data == model([1.0, 2.0]).data
        duplicate.parameters()[0].data = 9.0
        assert model.parameters()[0].data != 9.0


BAD_STATES = {
    "missing": (lambda s: s.pop("w1"), InputError, r"misses 'w1' \(1 in all\); it must come from an equal model"),
    "unknown": (lambda s: s.update(v=1.0), InputError, r"has unknown 'v' \(1 in all\); it must come from"),
    "nan": (lambda s: s.update(b=float("nan")), InputError, r"'b' of the state is nan; a weight must be finite"),
    "text": (lambda s: s.update(b="1"), OperandError, r"'b' of the state: str '1' is not a real number; convert it"),
}


@pytest.mark.parametrize("case", BAD_STATES.values(), ids=BAD_STATES)
def test_a_state_that_does_not_fit_is_refused_and_changes_nothing(case):
    spoil, error, message = case
    model = Neuron(2, rng=1)
    before = model.state_dict()
    state = dict.fromkeys(before, 0.5)
    spoil(state)
    with pytest.raises(error, match=message):
        model.load_state_dict(state)
    assert model.state_dict() == before
