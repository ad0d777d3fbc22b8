"""Engines: three ways to make the same steps, which end alike however they end."""

import math
import random

import pytest
from examples import interrupting

import nn.compiled
from autograd_lite import InputError, LabelError, LiftError, NonFiniteError, OperandError, Value, stop_gradient
from nn import (
    MLP,
    SGD,
    Adam,
    Module,
    Neuron,
    Optimizer,
    binary_cross_entropy,
    correct,
    fit,
    half_squared_error,
    hinge,
    mean_squared_error,
    softmax_cross_entropy,
)

LINE = ([[0.0], [1.0], [2.0], [3.0]], [1.0, 3.0, 5.0, 7.0])


@pytest.fixture(params=["scalar", "lift", "jax"])
def engine(request):
    if request.param == "jax":
        pytest.importorskip("jax")
    return request.param


@pytest.fixture(params=["lift", "jax"])
def recording_engine(request):
    if request.param == "jax":
        pytest.importorskip("jax")
    return request.param


def cloud(count=10, seed=0):
    rng = random.Random(seed)
    return [[rng.gauss(0, 1) for _ in range(3)] for _ in range(count)]


def line_fit(model, optimizer, engine, X=LINE[0], y=LINE[1], **options):
    settings = {"loss": half_squared_error, "epochs": 3, "progress": False} | options
    return fit(model, X, y, optimizer=optimizer, engine=engine, **settings)


def line():
    return Neuron(1, False, rng=1)


def reached(model, optimizer):
    """Everything that training changes, as flat lists of numbers."""
    return [*model.state_dict().values()], [number for state in optimizer.state for number in state], optimizer.steps


def assert_same(first, second, near=1e-9):
    for one, other in zip(first, second, strict=True):
        assert one == pytest.approx(other, rel=near, abs=near)


# ---------------------------------------------------------------- the same steps

TASKS = {
    "classes": (
        lambda: MLP(3, [5, 4], activation="tanh", rng=1),
        softmax_cross_entropy,
        [i % 4 for i in range(10)],
    ),
    "yes or no": (
        lambda: MLP(3, [4, 1], activation="sigmoid", rng=2),
        binary_cross_entropy,
        [i % 2 for i in range(10)],
    ),
    "margins": (lambda: MLP(3, [6, 1], rng=3), hinge, [1 - 2 * (i % 2) for i in range(10)]),
    "several outputs": (
        lambda: MLP(3, [4, 2], activation="softplus", rng=4),
        mean_squared_error,
        [[0.1 * i, 1.0 - i] for i in range(10)],
    ),
}
OPTIMIZERS = {
    "SGD": lambda ps: SGD(ps, 0.01),
    "momentum": lambda ps: SGD(ps, 0.02, momentum=0.9),
    "Adam": lambda ps: Adam(ps, 0.01, beta1=0.8),
}


def trained(task, optimizer, engine, epochs, batch_size, **options):
    make, loss, y = TASKS[task]
    model = make()
    moving = OPTIMIZERS[optimizer](model.parameters())
    settings = {"epochs": epochs, "batch_size": batch_size, "rng": 5, "progress": False} | options
    history = fit(model, cloud(), y, loss=loss, optimizer=moving, engine=engine, **settings)
    return model, moving, history


@pytest.mark.parametrize(
    ("epochs", "batch_size"), [(100, None), (50, 5), (25, 3)], ids=["full batch", "halves", "a smaller last batch"]
)
@pytest.mark.parametrize(
    ("task", "optimizer"),
    [
        ("classes", "momentum"),
        ("classes", "Adam"),
        ("yes or no", "SGD"),
        ("margins", "Adam"),
        ("several outputs", "SGD"),
    ],
)
def test_a_hundred_steps_are_those_of_the_scalar_engine(recording_engine, task, optimizer, epochs, batch_size):
    ours = trained(task, optimizer, recording_engine, epochs, batch_size)
    theirs = trained(task, optimizer, "scalar", epochs, batch_size)
    assert_same(reached(*ours[:2]), reached(*theirs[:2]))
    assert ours[2].losses == pytest.approx(theirs[2].losses, rel=1e-9)
    assert ours[2].steps == theirs[2].steps == ours[1].steps == 100
    assert all(type(number) is float for number in [*ours[0].state_dict().values(), *ours[2].losses])
    assert [*map(len, ours[1].state)] == [*map(len, theirs[1].state)]


@pytest.mark.parametrize("batch_size", [None, 3])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_two_calls_of_fit_are_one_longer_call(engine, optimizer, batch_size):
    once = trained("classes", optimizer, engine, 6, batch_size, rng=random.Random(1))
    rng = random.Random(1)
    model, moving, first = trained("classes", optimizer, engine, 1, batch_size, rng=rng)
    _, loss, y = TASKS["classes"]
    options = {"loss": loss, "batch_size": batch_size, "rng": rng, "progress": False}
    second = fit(model, cloud(), y, optimizer=moving, epochs=5, engine=engine, **options)
    assert reached(model, moving) == reached(*once[:2])
    assert first.losses + second.losses == once[2].losses


def test_training_goes_on_in_another_engine_as_in_the_same(recording_engine):
    first, moving, _ = trained("classes", "Adam", "scalar", 4, None)
    _, loss, y = TASKS["classes"]
    for engine in (recording_engine, "scalar", "lift", recording_engine):
        fit(first, cloud(), y, loss=loss, optimizer=moving, epochs=3, engine=engine, progress=False)
    assert_same(reached(first, moving), reached(*trained("classes", "Adam", "scalar", 16, None)[:2]))


def test_single_precision_is_close_and_double_is_the_default(recording_engine):
    exact = reached(*trained("classes", "Adam", recording_engine, 5, 3)[:2])
    single = reached(*trained("classes", "Adam", recording_engine, 5, 3, dtype="float32")[:2])
    assert_same(single, exact, near=1e-3)
    assert single != exact
    np = pytest.importorskip("numpy")
    assert all(float(np.float32(number)) == number for number in single[0])


def test_a_frozen_parameter_stays_and_is_read_at_every_fit(engine):
    model = MLP(2, [3, 1], activation="tanh", rng=1)
    frozen, moving = model.layers[0].parameters(), SGD(model.layers[1].parameters(), 0.1)
    X, y = [[0.0, 1.0], [1.0, 0.5], [2.0, -1.0]], [0.0, 1.0, 0.5]
    before = [p.data for p in frozen]
    fit(model, X, y, loss=half_squared_error, optimizer=moving, epochs=3, engine=engine, progress=False)
    assert [p.data for p in frozen] == before
    for p in frozen:
        p.data *= 0.5
    history = fit(model, X, y, loss=half_squared_error, optimizer=moving, epochs=1, engine="scalar", progress=False)
    for p in model.layers[1].parameters():
        p.data += 0.1 * p.grad  # back to where it was
    moving.zero_grad()
    again = fit(model, X, y, loss=half_squared_error, optimizer=moving, epochs=1, engine=engine, progress=False)
    assert again.losses == pytest.approx(history.losses, rel=1e-9)


def test_an_optimizer_may_move_more_than_the_model(engine):
    model, scale = line(), Value(1.0, name="scale")
    optimizer = SGD([*model.parameters(), scale], 0.01)
    line_fit(model, optimizer, engine, loss=lambda p, t: half_squared_error(scale * p, t), epochs=4)
    other, theirs = line(), Value(1.0, name="scale")
    for _ in range(4):
        loss = sum((half_squared_error(theirs * other(x), t) for x, t in zip(*LINE, strict=True)), Value(0.0)) / 4
        for p in (*other.parameters(), theirs):
            p.grad = 0.0
        loss.backward()
        for p in (*other.parameters(), theirs):
            p.data -= 0.01 * p.grad
    assert [scale.data, *model.state_dict().values()] == pytest.approx([theirs.data, *other.state_dict().values()])


def test_an_unknown_engine_or_precision_is_named(engine):
    model = line()
    with pytest.raises(InputError, match="engine = 'torch' is not offered; choose 'lift', 'scalar' or 'jax'"):
        line_fit(model, SGD(model.parameters(), 0.1), "torch")
    with pytest.raises(InputError, match=r"dtype = 'float16'.* (choose 'float64' or 'float32'|'float64' only)"):
        line_fit(model, SGD(model.parameters(), 0.1), engine, dtype="float16")


# ---------------------------------------------------------------- recorded once


class Counted(Module):
    """A neuron that counts its calls."""

    def __init__(self):
        self.neuron = Neuron(1, False, rng=1)
        self._calls = 0

    def forward(self, x):
        self._calls += 1
        return self.neuron(x)


def test_nothing_is_recorded_again_when_weights_or_batches_change():
    model = Counted()

    def moved(epoch):
        epoch.model.neuron.b.data += 0.1

    line_fit(model, SGD(model.parameters(), 0.01), "lift", epochs=20, batch_size=1, callbacks=[moved])
    assert model._calls == 1


def test_an_epoch_of_validation_calls_the_model_no_more_often_than_the_first():
    model = Counted()
    line_fit(model, SGD(model.parameters(), 0.01), "lift", epochs=20, validation=LINE, metric=lambda o, t: abs(o - t))
    assert model._calls == 2  # once in training, once in use


def test_jax_compiles_once_for_a_model_and_honours_changed_settings(monkeypatch):
    pytest.importorskip("jax")
    compile_, made = nn.compiled._compiled, []
    monkeypatch.setattr(nn.compiled, "_compiled", lambda *args: made.append(compile_(*args)) or made[-1])
    model, other = line(), line()
    optimizer, theirs = SGD(model.parameters(), 0.01, momentum=0.5), SGD(other.parameters(), 0.01, momentum=0.5)
    for change in ({}, {"learning_rate": 0.02}, {"learning_rate": 0.01}, {"momentum": 0.1}):
        for each, trained_, engine in ((optimizer, model, "jax"), (theirs, other, "scalar")):
            for name, value in change.items():
                setattr(each, name, value)
            line_fit(trained_, each, engine, epochs=7)
    assert len(made) == 2  # momentum is part of the program, the learning rate is not
    assert [program._cache_size() for program in made] == [1, 1]
    assert_same(reached(model, optimizer), reached(other, theirs))


def test_a_number_changed_in_a_closure_is_noticed_in_the_next_fit(recording_engine):
    decay = [0.0]

    def loss(output, target):
        return half_squared_error(output, target) + decay[0] * output * output

    model, other = line(), line()
    optimizer, theirs = SGD(model.parameters(), 0.01), SGD(other.parameters(), 0.01)
    for decay[0] in (0.0, 0.5):
        line_fit(model, optimizer, recording_engine, loss=loss)
        line_fit(other, theirs, "scalar", loss=loss)
    assert_same(reached(model, optimizer), reached(other, theirs))


# ---------------------------------------------------------------- optimizers of one's own


class FloatsOnly(Optimizer):
    """RMSprop with everything that arrays do not do."""

    initial = (0.0,)

    def update(self, value, gradient, square, *, step, learning_rate):
        square = 0.9 * square + 0.1 * gradient * gradient
        size = math.sqrt(square) + 1e-8
        return (
            value - learning_rate / size * gradient if gradient > 0 else value - gradient * learning_rate / size
        ), square


class InPlace(Optimizer):
    """Momentum by statements that change an array itself."""

    initial = (0.0,)

    def update(self, value, gradient, velocity, *, step, learning_rate):
        velocity *= 0.5
        velocity += gradient
        value -= learning_rate * velocity
        return value, velocity


class Normalized(Optimizer):
    """Divides by the largest gradient of an array, which for a float is the float."""

    def update(self, value, gradient, *, step, learning_rate):
        largest = getattr(abs(gradient), "max", lambda: abs(gradient))()
        return (value - learning_rate * gradient / (largest + 1e-3),)


class Decaying(SGD):
    """A learning rate that follows from the step."""

    @property
    def learning_rate(self):
        return self._learning_rate / (1 + self.steps)

    @learning_rate.setter
    def learning_rate(self, new):
        self._learning_rate = new


class Remembering(Optimizer):
    """Remembers what is no number."""

    initial = ("start",)

    def update(self, value, gradient, mood, *, step, learning_rate):
        return value - learning_rate * gradient * (2 if mood == "start" else 1), True


class Clipping(SGD):
    """A step of its own, which sees all gradients together."""

    def step(self):
        size = math.sqrt(sum(p.grad**2 for p in self.parameters))
        for p in self.parameters:
            p.grad /= max(size, 1.0)
        super().step()


@pytest.mark.parametrize("kind", [FloatsOnly, InPlace, Normalized, Decaying, Remembering, Clipping])
@pytest.mark.parametrize("batch_size", [None, 3])
def test_an_optimizer_of_ones_own_makes_the_scalar_engines_steps(kind, batch_size):
    results = []
    for engine in ("scalar", "lift"):
        model = line()
        optimizer = kind(model.parameters(), 0.05)
        line_fit(model, optimizer, engine, epochs=8, batch_size=batch_size)
        line_fit(model, optimizer, engine, epochs=2, batch_size=batch_size)
        results.append(reached(model, optimizer))
    assert_same(*results)
    assert results[0][2] == (10 if batch_size is None else 20)


def test_jax_follows_a_learning_rate_that_depends_on_the_step():
    pytest.importorskip("jax")
    results = []
    for engine in ("scalar", "jax"):
        model = line()
        optimizer = Decaying(model.parameters(), 0.05)
        line_fit(model, optimizer, engine, epochs=8, batch_size=3)
        results.append(reached(model, optimizer))
    assert_same(*results)


def test_jax_refuses_what_it_cannot_compile_and_names_the_engine_that_can():
    pytest.importorskip("jax")
    model = line()
    before = model.state_dict()
    with pytest.raises(LiftError, match=r"FloatsOnly.update cannot be compiled \(.*use engine='lift'"):
        line_fit(model, FloatsOnly(model.parameters(), 0.05), "jax")
    with pytest.raises(LiftError, match=r"Remembering remembers other things than numbers, .* use engine='lift'"):
        line_fit(model, Remembering(model.parameters(), 0.05), "jax")
    with pytest.raises(LiftError, match=r"Clipping has a step\(\) of its own, .* use engine='lift'"):
        line_fit(model, Clipping(model.parameters(), 0.05), "jax")
    with pytest.raises(LiftError, match=r"engine='lift'"):
        line_fit(model, SGD(model.parameters(), 0.1), "jax", loss=lambda p, t: (p - t) * 2 if p > 0.5 else (p - t) ** 2)
    assert model.state_dict() == before


# ---------------------------------------------------------------- how it ends


class Interrupted(SGD):
    """Ctrl-C within the seventh step."""

    at = 7

    def update(self, value, gradient, *state, step, learning_rate):
        if step == self.at and self.steps == self.at - 1:
            raise KeyboardInterrupt
        return super().update(value, gradient, *state, step=step, learning_rate=learning_rate)


@pytest.mark.parametrize("engine", ["scalar", "lift"])
def test_an_interrupt_leaves_the_weights_and_the_state_of_the_last_whole_step(engine):
    model = line().eval()
    optimizer = Interrupted(model.parameters(), 0.05, momentum=0.5)
    with pytest.raises(KeyboardInterrupt):
        line_fit(model, optimizer, engine, epochs=10, batch_size=1, rng=random.Random(3))
    assert not model.training
    assert optimizer.steps == 6
    other = line()
    plain = SGD(other.parameters(), 0.05, momentum=0.5)
    fit(other, *LINE, loss=half_squared_error, optimizer=plain, epochs=1, batch_size=1, rng=3, progress=False)
    rng, orders = random.Random(3), ([0, 1, 2, 3], [0, 1, 2, 3])
    for order in orders:
        rng.shuffle(order)
    for i in orders[1][:2]:
        plain.zero_grad()
        half_squared_error(other(LINE[0][i]), LINE[1][i]).backward()
        plain.step()
    assert_same(reached(model, optimizer), reached(other, plain))
    optimizer.at = 0
    assert line_fit(model, optimizer, engine).steps == 3


def test_an_interrupt_in_a_callback_leaves_the_weights_of_that_epoch(engine):
    def interrupt(epoch):
        if epoch.number == 2:
            raise KeyboardInterrupt

    model, other = line(), line()
    optimizer, theirs = SGD(model.parameters(), 0.05, momentum=0.5), SGD(other.parameters(), 0.05, momentum=0.5)
    with pytest.raises(KeyboardInterrupt):
        line_fit(model, optimizer, engine, epochs=10, callbacks=[interrupt])
    line_fit(other, theirs, "scalar", epochs=2)
    assert_same(reached(model, optimizer), reached(other, theirs))


def test_an_interrupt_while_the_model_gets_its_weights_back_leaves_all_of_them(recording_engine):
    once = iter([True])
    model, other = line(), line()
    model.w = [interrupting(model.w[0].data, lambda new: next(once, False))]
    optimizer, theirs = SGD(model.parameters(), 0.05, momentum=0.5), SGD(other.parameters(), 0.05, momentum=0.5)
    with pytest.raises(KeyboardInterrupt):
        line_fit(model, optimizer, recording_engine, epochs=1)
    line_fit(other, theirs, "scalar", epochs=1)
    assert_same(reached(model, optimizer), reached(other, theirs))


@pytest.mark.parametrize("batch_size", [None, 3])
def test_an_explosion_stops_training_at_its_step_with_the_last_good_weights(engine, batch_size):
    model = line()
    optimizer = SGD(model.parameters(), 1e60)
    step, epoch = (4, 4) if batch_size is None else (4, 2)
    with pytest.raises(NonFiniteError) as caught:
        line_fit(model, optimizer, engine, epochs=20, batch_size=batch_size)
    message = str(caught.value)
    assert f"training stopped at epoch {epoch}, step {step}: " in message
    assert "the largest parameter was 'w0' = " in message
    assert "The model has the weights of the last finite loss. Lower the learning rate (1e+60), or rescale" in message
    other = line()
    order, good = [0, 1, 2, 3], SGD(other.parameters(), 1e60)
    if batch_size:
        random.Random(0).shuffle(order)
    for batch in ([order] * 2) if batch_size is None else (order[:3], order[3:]):
        good.zero_grad()
        for i in batch:
            half_squared_error(other(LINE[0][i]), LINE[1][i]).backward(1 / len(batch))
        good.step()
    assert_same([[*model.state_dict().values()]], [[*other.state_dict().values()]])


def test_a_fault_of_an_operation_stops_training_and_stays_visible(engine):
    model = Neuron(1, activation="exp", initializer="zeros")
    with pytest.raises(NonFiniteError, match=r"epoch 2, step 2: exp of x = .* is too large for a float") as caught:
        line_fit(model, SGD(model.parameters(), 1e4), engine)
    assert isinstance(caught.value.__cause__, OverflowError)
    assert model.state_dict() == {"w0": 0.0, "b": 0.0}


def test_a_fault_of_the_first_sample_stops_training_before_it_starts(engine):
    model = Neuron(1, activation="log", initializer="zeros")
    with pytest.raises(NonFiniteError, match=r"training stopped at epoch 1, step 1: log of x = 0.0"):
        line_fit(model, SGD(model.parameters(), 0.1), engine)
    assert model.state_dict() == {"w0": 0.0, "b": 0.0}


def test_a_gradient_that_explodes_is_traced(engine):
    model = Neuron(1, activation="sqrt", initializer="zeros")  # slope inf at 0
    where = "the gradient of parameter 'w0' is " if engine == "scalar" else "the partial of sqrt of x = 0.0 is inf"
    with pytest.raises(NonFiniteError, match=f"epoch 1, step 1: {where}"):
        line_fit(model, SGD(model.parameters(), 0.1), engine)
    assert model.state_dict() == {"w0": 0.0, "b": 0.0}


def test_a_step_beyond_the_floats_is_not_taken(engine):
    model = line()
    before = model.state_dict()
    optimizer = Adam(model.parameters(), 0.1)
    with pytest.raises(
        NonFiniteError, match=r"step 1: a step would take parameter 'w0' from .* gradient of 1.5e\+200;"
    ):
        line_fit(model, optimizer, engine, loss=lambda p, t: (p - t) * 1e200, y=[1e5, 2e5, 3e5, 4e5])
    assert model.state_dict() == before
    assert reached(model, optimizer)[1:] == ([0.0] * 4, 0)


# ---------------------------------------------------------------- data that does not fit

THREE = ([[0.0], [1.0], [2.0]], MLP(1, [3], rng=1))
BAD_TARGETS = {
    "a class too many": (softmax_cross_entropy, 3, 3, LabelError, "label 3 is outside 0 <= label < 3; number the"),
    "a negative class": (softmax_cross_entropy, 3, -1, LabelError, "label -1 is outside 0 <= label < 3; number the"),
    "a float class": (softmax_cross_entropy, 3, 1.5, LabelError, r"label .* is a float; a class is an int, 0 <= label"),
    "a text class": (softmax_cross_entropy, 3, "cat", LabelError, "label 'cat' is a str; a class is an int"),
    "no class": (softmax_cross_entropy, 3, None, LabelError, "label None is a NoneType; a class is an int"),
    "a chance of 2": (binary_cross_entropy, 1, 2, LabelError, r"target 2.0 of a binary .* outside \[0, 1\]; use 0 and"),
    "a chance of -0.5": (binary_cross_entropy, 1, -0.5, LabelError, r"target -0.5 of a binary .* outside \[0, 1\]"),
    "a margin of 0": (hinge, 1, 0, LabelError, r"label 0.0 of a hinge loss is neither -1 nor \+1; labels of 0 and 1"),
    "bools": (half_squared_error, 1, True, OperandError, "element 0 of the targets: bool True .* write 1.0 or 0.0"),
    "too many numbers": (mean_squared_error, 2, [1.0] * 3, InputError, "2 in a sequence predicted, 3 in a sequence"),
}
GOOD_TARGETS = {half_squared_error: True, softmax_cross_entropy: 1, hinge: -1, mean_squared_error: [0.5, 1.0]}


@pytest.mark.parametrize("place", [0, 3])
@pytest.mark.parametrize("case", BAD_TARGETS.values(), ids=BAD_TARGETS)
def test_a_bad_target_is_refused_in_the_same_words_by_every_engine(engine, case, place):
    loss, width, bad, error, words = case
    y = [GOOD_TARGETS.get(loss, 1)] * 4
    y[place] = bad
    model = MLP(1, [width], rng=1)
    before = model.state_dict()
    with pytest.raises(error, match=words) as caught:
        fit(
            model,
            LINE[0],
            y,
            loss=loss,
            optimizer=SGD(model.parameters(), 0.1),
            epochs=1,
            engine=engine,
            progress=False,
        )
    assert model.state_dict() == before
    if engine != "scalar":
        first = y.index(bad)
        assert caught.value.__notes__ == [f"This is sample {first} of X and y."]


def test_legal_labels_take_one_way_through_the_loss():
    for task in ("margins", "yes or no", "classes"):
        calls = []
        make, loss, y = TASKS[task]
        model = make()
        optimizer = SGD(model.parameters(), 0.1)
        counted = lambda o, t, loss=loss, calls=calls: calls.append(o) or loss(o, t)  # noqa: E731
        fit(model, cloud(), y, loss=counted, optimizer=optimizer, epochs=2, batch_size=2, progress=False)
        assert len(calls) == 1


def test_targets_that_only_the_loss_understands_need_the_scalar_engine(recording_engine):
    prices = {"cheap": 1.0, "dear": 9.0}
    model = line()
    options = {"y": ["cheap", "dear", "cheap", "cheap"], "loss": lambda p, t: half_squared_error(p, prices[t])}
    with pytest.raises(OperandError, match=r"y\[0\]: str 'cheap' is not a real number.*train with engine='scalar'"):
        line_fit(model, SGD(model.parameters(), 0.1), recording_engine, **options)
    line_fit(model, SGD(model.parameters(), 0.1), "scalar", **options)


def test_a_loss_that_reads_data_says_what_to_do(recording_engine):
    model = line()
    loss = lambda p, t: half_squared_error(p, t) * (1.0 if p.data > 0 else 2.0)  # noqa: E731
    with pytest.raises(LiftError, match=r"\.data of .* Compute with the Value itself; .*or train with engine='scalar'"):
        line_fit(model, SGD(model.parameters(), 0.1), recording_engine, loss=loss)
    assert model.training


def test_an_error_of_the_loss_met_in_the_middle_is_the_scalar_engines(engine):
    def loss(p, t):
        if t > 6:
            raise RuntimeError("no target is that large")
        return half_squared_error(p, t)

    model = line()
    with pytest.raises(RuntimeError, match="no target is that large"):
        line_fit(model, SGD(model.parameters(), 0.1), engine, loss=loss)


def test_a_loss_may_branch_on_what_it_is_given():
    def loss(p, t):
        error = p - t
        return error * error if abs(error) < 1 else 2 * abs(error) - 1

    results = []
    for engine in ("scalar", "lift"):
        model = line()
        optimizer = SGD(model.parameters(), 0.05)
        line_fit(model, optimizer, engine, loss=loss, epochs=40, batch_size=2)
        results.append(reached(model, optimizer))
    assert_same(*results)


# ---------------------------------------------------------------- callbacks and validation


def test_callbacks_see_each_epoch_with_the_model_as_it_is_then(engine):
    seen = []
    model = line()
    optimizer = SGD(model.parameters(), 0.05)
    history = line_fit(
        model,
        optimizer,
        engine,
        validation=LINE,
        callbacks=[lambda e: seen.append((e, e.model.state_dict(), e.optimizer.steps, e.history.steps))],
    )
    assert [epoch.number for epoch, *_ in seen] == [1, 2, 3]
    assert [epoch.loss for epoch, *_ in seen] == history.losses
    assert [epoch.validation for epoch, *_ in seen] == history.validation
    assert [steps for *_, steps in seen] == [made for _, _, made, _ in seen] == [1, 2, 3]
    for epoch, state, *_ in seen:
        other = line()
        line_fit(other, SGD(other.parameters(), 0.05), "scalar", epochs=epoch.number)
        assert state == pytest.approx(other.state_dict(), rel=1e-12)
        assert epoch.model is model
        assert epoch.history is history


def test_training_ends_when_a_callback_returns_true_and_only_then(engine):
    model = line()
    called = []
    callbacks = [lambda e: e.number == 2, lambda e: called.append(e.number), lambda e: e.loss]
    history = line_fit(model, SGD(model.parameters(), 0.01), engine, epochs=9, callbacks=callbacks)
    assert len(history.losses) == history.steps == 2
    assert called == [1, 2]


def test_what_a_callback_changes_counts(engine):
    def changed(epoch):
        epoch.model.b.data += 1.0
        epoch.optimizer.learning_rate /= 2
        epoch.optimizer.state = [(0.0,)] * 2

    results = []
    for each in (engine, "scalar"):
        model = line()
        optimizer = SGD(model.parameters(), 0.05, momentum=0.9)
        line_fit(model, optimizer, each, callbacks=[changed])
        results.append(reached(model, optimizer))
    assert_same(*results)


def test_callbacks_must_be_callable_and_in_a_sequence():
    model = line()
    for callbacks, words in ((print, r"callbacks: expected a sequence"), ([1], r"callbacks\[0\] = 1 cannot be called")):
        with pytest.raises(InputError, match=words):
            line_fit(model, SGD(model.parameters(), 0.1), "lift", callbacks=callbacks)


@pytest.mark.parametrize("metric", [correct, None])
def test_validation_measures_the_same_in_every_engine(engine, metric):
    ours = trained("classes", "Adam", engine, 4, 5, validation=(cloud(7, 1), [0, 1, 2, 3, 0, 1, 2]), metric=metric)
    theirs = trained("classes", "Adam", "scalar", 4, 5, validation=(cloud(7, 1), [0, 1, 2, 3, 0, 1, 2]), metric=metric)
    assert ours[2].validation == pytest.approx(theirs[2].validation, rel=1e-9)
    assert len(ours[2].validation) == 4


def test_a_bad_label_held_out_is_refused_in_the_same_words(engine):
    for metric in (correct, None):
        with pytest.raises(LabelError, match="label 4 is outside 0 <= label < 4"):
            trained("classes", "SGD", engine, 1, None, validation=(cloud(2), [4, 0]), metric=metric)


def test_a_model_that_only_the_scalar_engine_can_use_is_measured_by_it():
    class Rounding(Module):
        def __init__(self):
            self.neuron = line()

        def forward(self, x):
            out = self.neuron(x)
            return out if self.training else round(out.data)

    model, other = Rounding(), Rounding()
    histories = [
        line_fit(each, SGD(each.parameters(), 0.1), engine, validation=LINE, metric=lambda o, t: float(o == t))
        for each, engine in ((model, "lift"), (other, "scalar"))
    ]
    assert histories[0].validation == histories[1].validation


# ---------------------------------------------------------------- jax alone


def test_jax_finds_the_step_within_a_call_of_many_epochs(monkeypatch):
    pytest.importorskip("jax")
    monkeypatch.setattr(nn.compiled, "PATIENCE", math.inf)  # as many epochs a call as there may be
    model = line()
    optimizer = SGD(model.parameters(), 2.0)
    with pytest.raises(NonFiniteError, match=r"training stopped at epoch (\d+), step \1: ") as caught:
        line_fit(model, optimizer, "jax", epochs=2000)
    other = line()
    with pytest.raises(NonFiniteError) as expected:
        line_fit(other, SGD(other.parameters(), 2.0), "lift", epochs=2000)
    assert str(caught.value).partition(": ")[0] == str(expected.value).partition(": ")[0]
    assert_same([[*model.state_dict().values()]], [[*other.state_dict().values()]], near=1e-6)


def test_numbers_that_only_jax_gets_wrong_are_computed_again_step_by_step(monkeypatch):
    pytest.importorskip("jax")
    compile_ = nn.compiled._compiled

    def broken(*args):
        program = compile_(*args)

        def run(*inputs):
            moved, losses = program(*inputs)
            return moved, losses * math.nan

        return run

    monkeypatch.setattr(nn.compiled, "_compiled", broken)
    results = []
    for engine in ("lift", "jax"):
        model = line()
        optimizer = Decaying(model.parameters(), 0.05)
        history = line_fit(model, optimizer, engine, epochs=9, batch_size=3)
        results.append(([*history.losses], *reached(model, optimizer)))
    assert results[0] == results[1]


def test_jax_makes_many_epochs_in_one_call_and_the_bar_shows_all(monkeypatch, capsys):
    pytest.importorskip("jax")
    monkeypatch.setattr(nn.compiled, "PATIENCE", math.inf)
    run, calls = nn.compiled.Compiled.run, []
    monkeypatch.setattr(
        nn.compiled.Compiled, "run", lambda self, orders, epoch: calls.append(len(orders)) or run(self, orders, epoch)
    )
    model = line()
    history = line_fit(model, SGD(model.parameters(), 0.01), "jax", epochs=300, progress=True)
    assert calls == [1, 2, 4, 8, 16, 32, 64, 128, 45]
    assert len(history.losses) == history.steps == 300
    assert "300/300" in capsys.readouterr().err
    calls.clear()
    line_fit(model, SGD(model.parameters(), 0.01), "jax", epochs=3, callbacks=[lambda e: None])
    assert calls == [1, 1, 1]


def test_without_jax_its_engine_is_refused_and_the_others_work(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "jax", None)
    model = line()
    with pytest.raises(InputError, match="JAX is not installed; "):
        line_fit(model, SGD(model.parameters(), 0.1), "jax")
    line_fit(model, SGD(model.parameters(), 0.1), "lift")


def test_a_stopped_gradient_stays_stopped(engine):
    model = line()
    line_fit(
        model, SGD(model.parameters(), 0.1), engine, loss=lambda p, t: half_squared_error(stop_gradient(p) + 0 * p, t)
    )
    assert model.state_dict() == line().state_dict()
