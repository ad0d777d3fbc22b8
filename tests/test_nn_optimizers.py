"""Optimizers: PyTorch's trajectories, steps that happen wholly or not at all, and what they refuse."""

import math

import pytest
from examples import interrupting

from autograd_lite import InputError, NonFiniteError, OperandError, ShapeError, Value
from nn import MLP, Neuron
from nn.clipping import clip_norm, clip_value, norm, shrink
from nn.max_norm import MaxNorm
from nn.optimizers import SGD, Adagrad, Adam, AdamW, Optimizer, RMSprop
from nn.schedules import InverseTime
from nn.updates import adagrad_update, adam_update, rmsprop_update, sgd_update

START = [3.0, -2.0, 0.5]
OPTIMIZERS = {
    "SGD": (lambda ps, **o: SGD(ps, 0.01, **o), "SGD", {"lr": 0.01}),
    "momentum": (lambda ps, **o: SGD(ps, 0.01, momentum=0.9, **o), "SGD", {"lr": 0.01, "momentum": 0.9}),
    "Nesterov": (
        lambda ps, **o: SGD(ps, 0.01, momentum=0.9, nesterov=True, **o),
        "SGD",
        {"lr": 0.01, "momentum": 0.9, "nesterov": True},
    ),
    "Adagrad": (lambda ps, **o: Adagrad(ps, 0.5, **o), "Adagrad", {"lr": 0.5}),
    "Adagrad, own epsilon": (lambda ps, **o: Adagrad(ps, epsilon=1e-3, **o), "Adagrad", {"lr": 0.01, "eps": 1e-3}),
    "Adagrad, 1/t": (
        lambda ps, **o: Adagrad(ps, InverseTime(0.5, 0.1), **o),
        "Adagrad",
        {"lr": 0.5, "lr_decay": 0.1},
    ),
    "RMSprop": (lambda ps, **o: RMSprop(ps, **o), "RMSprop", {"lr": 0.01}),
    "RMSprop, own decay": (
        lambda ps, **o: RMSprop(ps, 0.02, decay=0.9, epsilon=1e-4, **o),
        "RMSprop",
        {"lr": 0.02, "alpha": 0.9, "eps": 1e-4},
    ),
    "RMSprop with momentum": (
        lambda ps, **o: RMSprop(ps, 0.005, momentum=0.8, **o),
        "RMSprop",
        {"lr": 0.005, "momentum": 0.8},
    ),
    # a spread is a difference that cancels, of which a root is taken: with a small epsilon rounding is all that is left
    "RMSprop, centered": (
        lambda ps, **o: RMSprop(ps, 0.01, decay=0.8, centered=True, epsilon=0.1, **o),
        "RMSprop",
        {"lr": 0.01, "alpha": 0.8, "centered": True, "eps": 0.1},
    ),
    "RMSprop, centered with momentum": (
        lambda ps, **o: RMSprop(ps, 0.005, decay=0.8, momentum=0.5, centered=True, epsilon=0.1, **o),
        "RMSprop",
        {"lr": 0.005, "alpha": 0.8, "momentum": 0.5, "centered": True, "eps": 0.1},
    ),
    "Adam": (lambda ps, **o: Adam(ps, 0.1, **o), "Adam", {"lr": 0.1}),
    "Adam, own betas": (
        lambda ps, **o: Adam(ps, 0.05, beta1=0.5, beta2=0.9, epsilon=1e-3, **o),
        "Adam",
        {"lr": 0.05, "betas": (0.5, 0.9), "eps": 1e-3},
    ),
    "AdamW": (lambda ps, **o: AdamW(ps, 0.1, **o), "AdamW", {"lr": 0.1}),
    "AdamW, own betas": (
        lambda ps, **o: AdamW(ps, 0.05, beta1=0.5, beta2=0.9, epsilon=1e-3, **o),
        "AdamW",
        {"lr": 0.05, "betas": (0.5, 0.9), "eps": 1e-3},
    ),
}
OPTIONS = {
    "as it is": ({}, {}, None),
    "weight_decay": ({"weight_decay": 0.05}, {"weight_decay": 0.05}, None),
    "clip_value": ({"clip_value": 0.7}, {}, lambda torch, ps: torch.nn.utils.clip_grad_value_(ps, 0.7)),
    "clip_norm": ({"clip_norm": 1.5}, {}, lambda torch, ps: torch.nn.utils.clip_grad_norm_(ps, 1.5)),
    "all": (
        {"weight_decay": 0.05, "clip_value": 3.0, "clip_norm": 2.0},
        {"weight_decay": 0.05},
        lambda torch, ps: (torch.nn.utils.clip_grad_value_(ps, 3.0), torch.nn.utils.clip_grad_norm_(ps, 2.0)),
    ),
}


def bowl(p):
    return p[0] * p[0] + 3.0 * p[1] * p[1] + p[0] * p[1] * p[2] + (p[2] - 1.0) ** 2.0


@pytest.mark.parametrize("option", OPTIONS.values(), ids=OPTIONS)
@pytest.mark.parametrize("case", OPTIMIZERS.values(), ids=OPTIMIZERS)
def test_a_hundred_steps_are_pytorchs(case, option):
    torch = pytest.importorskip("torch")
    (make, kind, settings), (options, more, clip) = case, option
    ours = [Value(v) for v in START]
    theirs = [torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in START]
    optimizer, reference = make(ours, **options), getattr(torch.optim, kind)(theirs, **{**settings, **more})
    for _ in range(100):
        for parameters, moving in ((ours, optimizer), (theirs, reference)):
            moving.zero_grad()
            bowl(parameters).backward()
            if clip and moving is reference:
                clip(torch, theirs)
            moving.step()
        assert [p.data for p in ours] == pytest.approx([p.item() for p in theirs], rel=1e-12, abs=1e-12)
    assert optimizer.steps == 100
    assert {type(p.data) for p in ours} == {float}


def test_plain_descent_is_micrograds_line():
    w = Value(0.7)
    w.grad = 0.3
    SGD([w], 0.1).step()
    assert w.data == 0.7 - 0.1 * 0.3


UPDATES = {
    "SGD": (sgd_update, 1, {"momentum": 0.9}),
    "Nesterov": (sgd_update, 1, {"momentum": 0.9, "nesterov": True}),
    "Adagrad": (adagrad_update, 1, {"epsilon": 1e-10}),
    "RMSprop": (rmsprop_update, 3, {"decay": 0.9, "epsilon": 1e-8, "momentum": 0.5}),
    "RMSprop, centered": (rmsprop_update, 3, {"decay": 0.9, "epsilon": 1e-8, "momentum": 0.5, "centered": True}),
    "Adam": (adam_update, 2, {"step": 3, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8}),
}


@pytest.mark.parametrize(("update", "remembered", "settings"), UPDATES.values(), ids=UPDATES)
def test_an_update_moves_arrays_as_it_moves_floats_to_the_bit(update, remembered, settings):
    np = pytest.importorskip("numpy")
    source = np.random.default_rng(1)
    columns = [source.normal(size=5000) * 10.0 ** source.integers(-6, 6, 5000) for _ in range(2)]
    columns += [np.abs(source.normal(size=5000)) for _ in range(remembered)]
    columns[1][:100] = 0.0
    at_once = update(*columns, learning_rate=0.1, **settings)
    one_by_one = [
        update(*row, learning_rate=0.1, **settings) for row in zip(*(c.tolist() for c in columns), strict=True)
    ]
    assert np.array(at_once).T.tolist() == [list(row) for row in one_by_one]


@pytest.mark.parametrize(("update", "remembered", "settings"), UPDATES.values(), ids=UPDATES)
def test_an_update_of_values_knows_how_it_depends_on_the_learning_rate(update, remembered, settings):
    numbers = [1.5, -0.4, *[0.3, 0.1, 0.2][:remembered]]
    rate = Value(0.1)
    moved = update(*map(Value, numbers), learning_rate=rate, **settings)[0]
    moved.backward()
    plain = update(*numbers, learning_rate=0.1, **settings)[0]
    assert moved.data == pytest.approx(plain, rel=1e-15)
    assert rate.grad == pytest.approx((plain - 1.5) / 0.1, rel=1e-12)


@pytest.mark.parametrize("make", [case[0] for case in OPTIMIZERS.values()], ids=OPTIMIZERS)
def test_an_optimizer_moves_an_array_as_it_moves_floats_to_the_bit(make):
    np = pytest.importorskip("numpy")
    parameters = [Value(v) for v in (1.0, -2.0, 3.0)]
    optimizer = make(parameters, weight_decay=0.1, clip_value=0.25)
    weights, state = np.array([p.data for p in parameters]), [np.array(s) for s in zip(*optimizer.state, strict=True)]
    for step in range(1, 21):
        for parameter, slope in zip(parameters, (0.1, 0.0, -0.4), strict=True):
            parameter.grad = slope * step
        now = {"step": step, "learning_rate": optimizer.learning_rate}
        slopes = optimizer.slopes(weights, np.array([p.grad for p in parameters]))
        weights, *state = optimizer.update(weights, slopes, *state, **now)
        optimizer.step()
        assert [p.data for p in parameters] == weights.tolist()
        assert optimizer.state == [*zip(*(s.tolist() for s in state), strict=True)]


# ---------------------------------------------------------------- clipping


def test_small_gradients_are_not_touched_and_large_ones_keep_their_direction():
    assert clip_norm([0.3, -0.4], 1.0) == clip_value([0.3, -0.4], 1.0) == [0.3, -0.4]
    clipped = clip_norm([30.0, -40.0], 1.0)
    assert norm(clipped) == pytest.approx(1.0, rel=1e-6)
    assert norm(clipped) <= 1.0
    assert clipped[0] / clipped[1] == pytest.approx(-0.75, rel=1e-15)
    assert clip_norm([0.0, 0.0], 1.0) == [0.0, 0.0]
    assert norm(clip_norm([3e200, 4e200], 1.0)) == pytest.approx(1.0)


@pytest.mark.parametrize("library", ["numpy", "jax.numpy"])
@pytest.mark.parametrize("limit", [1e-3, 1.0, 1e3])
def test_arrays_are_clipped_as_lists_are(library, limit):
    xp = pytest.importorskip(library)
    gradients = [0.5, -3.0, 0.0, 40.0, -0.001]
    near = {"rel": 1e-15 if library == "numpy" else 1e-6}
    array = xp.array(gradients)
    assert clip_value(array, limit).tolist() == pytest.approx(clip_value(gradients, limit), **near)
    assert clip_norm(array, limit).tolist() == pytest.approx(clip_norm(gradients, limit), **near)


@pytest.mark.filterwarnings("ignore:invalid value|overflow:RuntimeWarning")
@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_is_not_clipped_away(bad):
    np = pytest.importorskip("numpy")
    for clip in (clip_value, clip_norm):
        assert not np.isfinite(clip(np.array([1.0, bad]), 1.0)).all()
        assert not all(map(math.isfinite, clip([1.0, bad], 1.0)))
    assert math.isnan(shrink(math.inf, 1.0))
    w = Value(1.0, name="w")
    w.grad = bad
    with pytest.raises(NonFiniteError, match="gradient of parameter 'w' is"):
        SGD([w], 0.1, clip_value=1.0, clip_norm=1.0).step()


def test_the_gradients_of_the_parameters_stay_as_they_were():
    w = Value(1.0)
    w.grad = 30.0
    SGD([w], 0.1, clip_norm=1.0, weight_decay=0.5).step()
    assert w.grad == 30.0


def test_an_optimizer_of_ones_own_is_given_clipped_gradients_and_decay():
    class Plain(Optimizer):
        def update(self, value, gradient, *, step, learning_rate):
            return (value - learning_rate * gradient,)

    w = Value(1.0)
    w.grad = 30.0
    Plain([w], 0.25, clip_value=2.0, weight_decay=0.5).step()
    assert w.data == 1.0 - 0.25 * (2.0 + 0.5)


# ---------------------------------------------------------------- max-norm


def norms(model):
    return [norm([w.data for w in neuron.w]) for layer in model.layers for neuron in layer.neurons]


def test_no_neuron_ever_has_longer_weights_than_allowed():
    model = MLP(2, [3, 1], rng=1)
    optimizer = SGD(model.parameters(), 0.1, constraint=MaxNorm(model, 0.8))
    shortest = min(norms(model))
    for _ in range(20):
        optimizer.zero_grad()
        (model([1.0, -2.0]) * -1.0).backward()
        optimizer.step()
        assert max(norms(model)) <= 0.8
    assert max(norms(model)) == pytest.approx(0.8, rel=1e-5)
    assert min(norms(model)) >= min(shortest, 0.5)
    assert max(abs(layer.neurons[0].b.data) for layer in model.layers) > 0.8  # biases are free


def test_max_norm_is_pytorchs_renorm():
    torch = pytest.importorskip("torch")
    model = MLP(3, [4], rng=2)
    values = [p.data for p in model.parameters()]
    W = torch.tensor([[w.data for w in n.w] for n in model.layers[0].neurons], dtype=torch.float64)
    kept = MaxNorm(model, 0.7)(model.parameters(), values)
    ours = [kept[4 * i + j] for i in range(4) for j in range(3)]
    assert ours == pytest.approx(torch.renorm(W, 2, 0, 0.7).flatten().tolist(), rel=3e-6)


@pytest.mark.parametrize("library", ["numpy", "jax.numpy"])
def test_max_norm_limits_arrays_as_it_limits_lists(library):
    xp = pytest.importorskip(library)
    model = MLP(2, [3, 1], rng=1)
    parameters, limit = model.parameters(), MaxNorm(model, 0.5)
    values = [p.data for p in parameters]
    kept = limit(parameters, xp.array(values))
    assert kept.tolist() == pytest.approx(limit(parameters, values), rel=1e-15 if library == "numpy" else 1e-6)
    frozen = model.layers[1].parameters()  # another set of parameters, with one neuron
    assert limit(frozen, xp.array([3.0, 4.0, 0.0, 9.0])).tolist() == pytest.approx([0.3, 0.4, 0.0, 9.0], rel=1e-5)
    assert limit([Value(9.0)], xp.array([9.0])).tolist() == [9.0]


def test_state_lives_in_the_optimizer():
    w = Value(1.0)
    w.grad = 1.0
    first, second = SGD([w], 0.1, momentum=0.5), SGD([w], 0.1, momentum=0.5)
    first.step()
    first.step()
    assert first.state == [(1.5,)]
    assert second.state == [(0.0,)]


def test_a_parameter_that_no_loss_has_reached_stays():
    reached, unused = Value(1.0), Value(5.0)
    optimizer = Adam([reached, unused], 0.1)
    (reached * reached).backward()
    optimizer.step()
    assert reached.data < 1
    assert unused.data == 5.0


def test_the_learning_rate_may_change_between_steps_but_not_to_nonsense():
    w = Value(1.0)
    w.grad = 1.0
    optimizer = SGD([w], 0.5)
    optimizer.learning_rate = 0.25
    optimizer.step()
    assert w.data == 0.75
    with pytest.raises(
        InputError, match=r"learning_rate = -0.25 is outside its range; it needs a finite number above 0"
    ):
        optimizer.learning_rate = -0.25
    assert optimizer.learning_rate == 0.25


@pytest.mark.parametrize("gradient", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("kind", [SGD, Adagrad, RMSprop, Adam, AdamW])
def test_a_gradient_that_is_not_finite_stops_the_step_before_anything_moved(kind, gradient):
    a, b = Value(1.0, name="layer0.w0"), Value(2.0, name="layer0.w1")
    optimizer = kind([a, b], 0.1)
    a.grad, b.grad = 1.0, gradient
    with pytest.raises(
        NonFiniteError, match=rf"gradient of parameter 'layer0.w1' is {gradient} .* lower the learning rate"
    ):
        optimizer.step()
    assert (a.data, b.data, optimizer.steps, optimizer.state) == (1.0, 2.0, 0, [optimizer.initial] * 2)


def test_a_step_to_infinity_is_not_taken():
    a, b = Value(1.0), Value(-1e308)
    a.grad, b.grad = 1.0, 1e308
    optimizer = SGD([a, b], 10.0)
    with pytest.raises(
        NonFiniteError, match=r"take parameter number 1 from -1e\+308 to -inf .* Lower the learning rate"
    ):
        optimizer.step()
    assert (a.data, b.data) == (1.0, -1e308)


def test_a_square_beyond_the_floats_is_not_kept():
    w = Value(1.0, name="w")
    w.grad = 1e200
    optimizer = Adam([w])
    with pytest.raises(
        NonFiniteError, match=r"parameter 'w' from 1.0 .* by a gradient of 1e\+200; .* rescale the data"
    ):
        optimizer.step()
    assert (w.data, optimizer.state) == (1.0, [(0.0, 0.0)])


def test_an_interrupt_within_a_step_takes_it_back():
    a, b = Value(1.0), interrupting(2.0, lambda new: new < 2)
    a.grad = b.grad = 1.0
    optimizer = SGD([a, b], 0.5)
    with pytest.raises(KeyboardInterrupt):
        optimizer.step()
    assert (a.data, b.data, optimizer.steps) == (1.0, 2.0, 0)


def test_an_update_is_told_the_number_of_the_step_and_the_learning_rate():
    class Told(Optimizer):
        def update(self, value, gradient, **now):
            told.append(now)
            return (value,)

    told = []
    w = Value(1.0)
    w.grad = 1.0
    optimizer = Told([w], 0.5)
    optimizer.step()
    optimizer.learning_rate = 0.25
    optimizer.step()
    assert told == [{"step": 1, "learning_rate": 0.5}, {"step": 2, "learning_rate": 0.25}]


def test_an_optimizer_of_ones_own_needs_an_update():
    with pytest.raises(NotImplementedError, match=r"Optimizer has no update"):
        Optimizer([Value(1.0)], 0.1).step()


W = [Value(1.0, name="w")]
RATE = r"it needs a finite number above 0"
BAD = {
    "rate nan": (lambda: SGD(W, math.nan), InputError, f"learning_rate = nan is outside its range; {RATE}"),
    "rate inf": (lambda: SGD(W, math.inf), InputError, f"learning_rate = inf is outside its range; {RATE}"),
    "rate 0": (lambda: Adam(W, 0), InputError, f"learning_rate = 0 is outside its range; {RATE}"),
    "rate negative": (lambda: Adam(W, -0.1), InputError, f"learning_rate = -0.1 is outside its range; {RATE}"),
    "rate text": (lambda: SGD(W, "0.1"), InputError, f"learning_rate = '0.1' is not a usable number; {RATE}"),
    "rate bool": (lambda: SGD(W, True), InputError, f"learning_rate = True is not a usable number; {RATE}"),
    "rate None": (lambda: Adam(W, None), InputError, f"learning_rate = None is not a usable number; {RATE}"),
    "rate huge": (lambda: SGD(W, 10**400), InputError, f"is not a usable number; {RATE}"),
    "momentum 1": (lambda: SGD(W, 0.1, momentum=1), InputError, "momentum = 1 is outside .* needs 0 <= momentum < 1"),
    "momentum -1": (
        lambda: SGD(W, 0.1, momentum=-1),
        InputError,
        "momentum = -1 is outside .* needs 0 <= momentum < 1",
    ),
    "beta1": (lambda: Adam(W, beta1=1.5), InputError, "beta1 = 1.5 is outside its range; it needs 0 <= beta1 < 1"),
    "beta2": (lambda: Adam(W, beta2=math.nan), InputError, "beta2 = nan is outside its range; it needs 0 <= beta2 < 1"),
    "epsilon": (
        lambda: Adam(W, epsilon=0),
        InputError,
        "epsilon = 0 is outside its range; it needs a finite number ab",
    ),
    "AdamW beta": (lambda: AdamW(W, beta2=1), InputError, "beta2 = 1 is outside its range; it needs 0 <= beta2 < 1"),
    "decay 1": (lambda: RMSprop(W, decay=1), InputError, "decay = 1 is outside its range; it needs 0 <= decay < 1"),
    "RMSprop momentum": (lambda: RMSprop(W, momentum=-0.1), InputError, "momentum = -0.1 is outside its range"),
    "RMSprop epsilon": (lambda: RMSprop(W, epsilon=math.inf), InputError, "epsilon = inf is outside its range"),
    "Adagrad epsilon": (lambda: Adagrad(W, epsilon=-1), InputError, "epsilon = -1 is outside its range"),
    "centered": (
        lambda: RMSprop(W, centered=1),
        InputError,
        "centered = 1 is neither True nor False; pass one of them",
    ),
    "nesterov": (lambda: SGD(W, 0.1, nesterov="yes"), InputError, "nesterov = 'yes' is neither True nor False"),
    "nesterov alone": (
        lambda: SGD(W, 0.1, nesterov=True),
        InputError,
        "nesterov = True does nothing without momentum; pass momentum=0.9 too",
    ),
    "weight_decay": (
        lambda: SGD(W, 0.1, weight_decay=-1),
        InputError,
        "weight_decay = -1 is outside its range; it needs a finite number of at least 0",
    ),
    "AdamW weight_decay": (lambda: AdamW(W, weight_decay=math.nan), InputError, "weight_decay = nan is outside"),
    "clip_value": (lambda: Adam(W, clip_value=0), InputError, "clip_value = 0 is outside .* a finite number above 0"),
    "clip_norm": (lambda: Adam(W, clip_norm="1"), InputError, "clip_norm = '1' is not a usable number; it needs a"),
    "constraint": (
        lambda: SGD(W, 0.1, constraint=3.0),
        InputError,
        r"constraint = 3.0 .* pass MaxNorm\(model, limit\)",
    ),
    "an unknown option": (lambda: SGD(W, 0.1, clip=3.0), TypeError, "unexpected keyword argument 'clip'"),
    "max-norm 0": (lambda: MaxNorm(Neuron(1), 0), InputError, "limit = 0 is outside its range; it needs a finite"),
    "max-norm of nothing": (lambda: MaxNorm([], 1.0), ShapeError, "no group at all; pass a model that has neurons"),
    "max-norm, empty": (lambda: MaxNorm([W, []], 1.0), ShapeError, "there is a group without weights"),
    "max-norm twice": (lambda: MaxNorm([W, W], 1.0), InputError, "'w' is in two groups, whose limits may clash"),
    "max-norm of numbers": (lambda: MaxNorm([[1.0]], 1.0), InputError, "1.0 in a group of weights is not a Value"),
    "max-norm of half a neuron": (
        lambda: MaxNorm([[*W, Value(2.0, name="v")]], 1.0)(W, [1.0]),
        InputError,
        "the optimizer does not move 'v', but others of its neuron; give it all",
    ),
    "empty": (lambda: SGD([], 0.1), InputError, r"parameters = \[\] gives nothing to optimize; pass model.parameters"),
    "twice": (lambda: SGD(W * 2, 0.1), InputError, r"parameters\[1\] is parameters\[0\], 'w', again; pass it once"),
    "a result": (
        lambda: SGD([W[0] * 2.0], 0.1),
        InputError,
        r"parameters\[0\], mul = 2.0, is a result; .* leaves only",
    ),
    "a number": (lambda: SGD([1.0], 0.1), OperandError, r"parameters\[0\] = 1.0 is not a Value; pass model.parameters"),
    "a module": (lambda: SGD(Neuron(1), 0.1), InputError, r"is a Neuron, not a sequence; pass model.parameters\(\)"),
}


@pytest.mark.parametrize("case", BAD.values(), ids=BAD)
def test_an_optimizer_that_cannot_work_says_why(case):
    make, error, message = case
    with pytest.raises(error, match=message):
        make()
