"""Training: it learns, repeats itself, and leaves a valid model however it ends."""

import math
import random

import pytest

from autograd_lite import InputError, OperandError, ShapeError, Value
from nn import (
    MLP,
    SGD,
    Adam,
    Layer,
    Neuron,
    binary_cross_entropy,
    classify,
    correct,
    dead_neurons,
    fit,
    half_squared_error,
    mean_squared_error,
    softmax_cross_entropy,
)

XOR = ([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], [0, 1, 1, 0])
LINE = ([[0.0], [1.0], [2.0], [3.0]], [1.0, 3.0, 5.0, 7.0])


def line_fit(model, X=LINE[0], y=LINE[1], **options):
    settings = {"loss": half_squared_error, "epochs": 3, "progress": False, "optimizer": None} | options
    settings["optimizer"] = settings["optimizer"] or SGD(model.parameters(), 0.05)
    return fit(model, X, y, **settings)


def line(seed=1):
    return Neuron(1, False, rng=seed)


def test_a_small_network_learns_xor_by_binary_cross_entropy():
    model = MLP(2, [4, 1], activation="tanh", rng=1)
    optimizer = Adam(model.parameters(), 0.1)
    history = fit(model, *XOR, loss=binary_cross_entropy, optimizer=optimizer, epochs=150, progress=False)
    assert [classify(model(x)) for x in XOR[0]] == XOR[1]
    assert history.losses[-1] < 0.05 < history.losses[0]


def test_a_small_network_learns_xor_as_two_classes_in_batches():
    model = MLP(2, [4, 2], activation="tanh", rng=1)
    optimizer = SGD(model.parameters(), 0.2, momentum=0.9)
    history = fit(
        model, *XOR, loss=softmax_cross_entropy, optimizer=optimizer, epochs=100, batch_size=2, rng=1, progress=False
    )
    assert [classify(model(x)) for x in XOR[0]] == XOR[1]
    assert history.steps == optimizer.steps == 200


def test_one_full_batch_step_is_the_step_written_by_hand():
    model, other = line(), line()
    history = line_fit(model, epochs=1)
    losses = [half_squared_error(other(x), t) for x, t in zip(*LINE, strict=True)]
    mean = sum(losses[1:], losses[0]) / 4
    mean.backward()
    for p in other.parameters():
        p.data -= 0.05 * p.grad
    assert model.state_dict() == pytest.approx(other.state_dict(), rel=1e-15)
    assert history.losses == pytest.approx([mean.data], rel=1e-15)


def test_training_is_decided_by_its_rng_and_leaves_the_global_one_alone():
    def trained(rng):
        model = line()
        line_fit(model, batch_size=1, rng=rng)
        return model.state_dict()

    random.seed(5)
    before = random.getstate()
    assert trained(3) == trained(random.Random(3))
    assert trained(3) != trained(4)
    assert random.getstate() == before


def test_training_without_an_rng_gives_the_same_weights_every_time():
    before = random.getstate()
    models = [line(), line(), line()]
    for model, options in zip(models, [{}, {}, {"rng": 0}], strict=True):
        line_fit(model, batch_size=1, **options)
    assert models[0].state_dict() == models[1].state_dict() == models[2].state_dict()
    assert random.getstate() == before


def test_a_batch_of_everything_draws_no_random_numbers():
    before = random.getstate()
    line_fit(line())
    assert random.getstate() == before


@pytest.mark.parametrize("engine", ["lift", "scalar"])
def test_validation_measures_without_training_on_it(engine):
    model, alone = MLP(2, [3, 1], activation="tanh", rng=1), MLP(2, [3, 1], activation="tanh", rng=1)
    modes = []

    def watched(output, target):
        modes.append(model.training)
        assert type(output) is float if engine == "lift" else output.is_leaf  # nothing is recorded
        return correct(output, target)

    settings = {"loss": binary_cross_entropy, "epochs": 2, "engine": engine, "progress": False}
    history = fit(model, *XOR, optimizer=SGD(model.parameters(), 0.1), validation=XOR, metric=watched, **settings)
    fit(alone, *XOR, optimizer=SGD(alone.parameters(), 0.1), **settings)
    assert model.state_dict() == alone.state_dict()
    assert len(history.validation) == 2
    assert set(history.validation) <= {0.0, 0.25, 0.5, 0.75, 1.0}
    assert modes == [False] * 8
    assert model.training


def test_validation_without_a_metric_measures_the_loss():
    model = line()
    history = line_fit(model, validation=LINE, epochs=1)
    losses = [half_squared_error(model(x), t).data for x, t in zip(*LINE, strict=True)]
    assert history.validation == pytest.approx([sum(losses) / 4])


def test_the_mode_of_the_model_is_restored():
    model = line().eval()
    line_fit(model)
    assert not model.training


def test_the_progress_bar_shows_the_loss(capsys):
    line_fit(line(), progress=True)
    shown = capsys.readouterr()
    assert "3/3" in shown.err
    assert "loss=" in shown.err
    assert shown.out == ""


def test_several_outputs_meet_several_targets():
    model = MLP(1, [2], rng=1)
    y = [[x[0], -x[0]] for x in LINE[0]]
    optimizer = SGD(model.parameters(), 0.1)
    fit(model, LINE[0], y, loss=mean_squared_error, optimizer=optimizer, epochs=200, progress=False)
    assert [out.data for out in model([2.0])] == pytest.approx([2.0, -2.0], abs=1e-3)


def test_numpy_data_trains_as_lists_do():
    np = pytest.importorskip("numpy")
    model, other = line(), line()
    line_fit(model, np.array(LINE[0]), np.array(LINE[1]))
    line_fit(other)
    assert model.state_dict() == other.state_dict()


def test_a_constant_column_is_no_obstacle():
    model = MLP(2, [1], rng=1)
    history = line_fit(model, [[1.0, *x] for x in LINE[0]], epochs=50)
    assert history.losses[-1] < history.losses[0]


# ---------------------------------------------------------------- when it goes wrong


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError("in the user's loss")])
def test_an_interrupt_or_an_error_in_the_loss_of_the_scalar_engine_leaves_a_valid_model(error):
    model = line()
    calls = []

    def loss(output, target):
        calls.append(model.state_dict())
        if len(calls) == 7:  # within the second epoch
            raise error
        return half_squared_error(output, target)

    model.eval()
    with pytest.raises(KeyboardInterrupt if error is KeyboardInterrupt else RuntimeError):
        line_fit(model, loss=loss, engine="scalar")
    assert model.state_dict() == calls[-1]
    assert not model.training
    again = line()
    line_fit(again, epochs=1, engine="scalar")
    assert model.state_dict() == again.state_dict()
    losses = line_fit(model, engine="scalar").losses
    assert losses[-1] < losses[0]


def test_an_error_in_the_loss_at_its_recording_leaves_the_model_as_it_was():
    def loss(output, target):
        raise KeyboardInterrupt

    model = line().eval()
    with pytest.raises(KeyboardInterrupt):
        line_fit(model, loss=loss)
    assert model.state_dict() == line().state_dict()
    assert not model.training


def test_dead_neurons_are_found_among_many_rows_by_a_few_calls(monkeypatch):
    model = MLP(1, [3, 2, 1], rng=1)
    for neuron, (weight, offset) in zip(
        model.layers[0].neurons, [(1.0, -2499.5), (1.0, -9e9), (0.0, 0.0)], strict=True
    ):
        neuron.w[0].data, neuron.b.data = weight, offset
    for w in model.layers[1].neurons[0].w:
        w.data = -1.0
    model.layers[1].neurons[1].w[0].data = 1.0
    calls = []
    monkeypatch.setattr(type(model.layers[0]), "__call__", lambda self, x: calls.append(self) or self.forward(x))
    X = [[float(i)] for i in range(2501)]  # only the last row wakes the first neuron
    assert dead_neurons(model, X) == ["layer0.neuron1", "layer0.neuron2", "layer1.neuron0"]
    assert len(calls) == 3  # each layer once
    assert dead_neurons(model, X[:-1])[0] == "layer0.neuron0"


def test_dead_neurons_are_found_in_a_network_that_cannot_be_lifted():
    class Reading(Layer):
        def forward(self, x):
            assert math.isfinite(x[0].data if isinstance(x[0], Value) else x[0])
            return super().forward(x)

    model = MLP(1, [2, 1], rng=1)
    model.layers[0].__class__ = Reading
    model.layers[0].neurons[0].w[0].data = 1.0
    model.layers[0].neurons[1].b.data = -1e3
    assert dead_neurons(model, LINE[0]) == ["layer0.neuron1"]


def test_dead_neurons_are_named_and_warned_about():
    model = MLP(1, [2, 1], rng=1)
    dead, alive = model.layers[0].neurons
    dead.b.data = -1e3
    alive.w[0].data, alive.b.data = 1.0, 1.0
    assert dead_neurons(model, LINE[0]) == ["layer0.neuron0"]
    with pytest.warns(UserWarning, match=r"1 ReLU neuron\(s\) give 0 .*: layer0.neuron0; lower the .* use leaky_relu"):
        line_fit(model)


ROW = [[1.0], [2.0]]
BAD_DATA = {
    "empty X": (([], []), ShapeError, "X is empty; give at least one row"),
    "lengths": ((ROW, [1.0]), ShapeError, "X has 2 rows and y 1 targets; give one target a row"),
    "ragged": (([[1.0], [1.0, 2.0]], [0, 1]), ShapeError, r"X\[1\] has 2 numbers, X\[0\] has 1; make rows alike"),
    "one-dimensional": (([1.0, 2.0], [0, 1]), ShapeError, r"X is one-dimensional: X\[0\] is 1.0; .* as in \[\[x\]\]"),
    "X a number": ((1.0, [1.0]), InputError, r"X: expected a sequence, got float 1.0; write \[a, b, ...\]"),
    "X None": ((None, [1.0]), InputError, r"X: expected a sequence, got NoneType None; write \[a, b, ...\]"),
    "y a number": ((ROW, 1.0), InputError, r"y: expected a sequence, got float 1.0; write \[a, b, ...\]"),
    "bool": (([[1.0], [True]], [0, 1]), OperandError, r"X\[1\]\[0\]: bool True is not a real number"),
    "text": (([[1.0], ["2"]], [0, 1]), OperandError, r"X\[1\]\[0\]: str '2' is not a real number; convert it with"),
    "missing": (([[1.0], [None]], [0, 1]), OperandError, r"X\[1\]\[0\]: NoneType None is not a real number"),
    "nan": (([[1.0], [math.nan]], [0, 1]), InputError, r"X\[1\]\[0\] is nan; features are finite: drop the row or"),
    "inf": (([[math.inf], [1.0]], [0, 1]), InputError, r"X\[0\]\[0\] is inf; features are finite: drop the row or"),
    "nan target": ((ROW, [0.0, math.nan]), InputError, r"y\[1\] is nan; targets are finite: drop the sample or fill"),
    "width": (([[1.0, 2.0]], [1.0]), ShapeError, "neuron takes 1 features, got 2; give every row 1 numbers"),
    "two in one": ((ROW, [[1.0, 2.0]] * 2), ShapeError, "1 predicted, 2 in a sequence as target; give one target for"),
}


@pytest.mark.parametrize("engine", ["lift", "scalar"])
@pytest.mark.parametrize("case", BAD_DATA.values(), ids=BAD_DATA)
def test_data_that_does_not_fit_is_refused_and_the_model_untouched(case, engine):
    data, error, message = case
    model = line()
    before = model.state_dict()
    with pytest.raises(error, match=message):
        line_fit(model, *data, engine=engine)
    assert model.state_dict() == before


PAIR = r"pass validation=\(X, y\)"
BAD_SETTINGS = {
    "epochs 0": ({"epochs": 0}, InputError, "epochs = 0 is too small; pass an int of at least 1"),
    "epochs float": ({"epochs": 1.5}, InputError, "epochs = 1.5 is not a whole number; pass an int of at least 1"),
    "batch 0": ({"batch_size": 0}, InputError, "batch_size = 0 is too small; pass an int of at least 1"),
    "batch text": ({"batch_size": "all"}, InputError, "batch_size = 'all' is not a whole number; pass an int"),
    "rng": ({"rng": "seed"}, InputError, "rng = 'seed' is no source of randomness; pass an int as seed"),
    "stranger": ({"optimizer": SGD([Value(1.0)], 1)}, InputError, "none of the model's parameters; make it from model"),
    "validation": ({"validation": [LINE]}, InputError, f"validation is a list, not a pair; {PAIR}"),
    "columns": ({"validation": ([[1.0, 2.0]], [0])}, ShapeError, "validation X has 2 columns, X has 1; prepare both"),
    "held out": ({"validation": ([[1.0]], [])}, ShapeError, "validation X has 1 rows and validation y 0 targets; give"),
    "metric": ({"validation": LINE, "metric": lambda o, t: None}, OperandError, "the metric: NoneType None .* nothing"),
    "loss": (
        {"loss": lambda o, t: o.data - t},
        OperandError,
        "the loss returned float .*, not a Value; using .data cuts",
    ),
}


@pytest.mark.parametrize("engine", ["lift", "scalar"])
@pytest.mark.parametrize("case", BAD_SETTINGS.values(), ids=BAD_SETTINGS)
def test_a_setting_that_cannot_work_says_why(case, engine):
    options, error, message = case
    with pytest.raises(error, match=message):
        line_fit(line(), **options, engine=engine)
