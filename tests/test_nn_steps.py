"""What happens once a step, in every engine: penalties, clipping, decay of weights, max-norm and schedules."""

import pytest
from lifting import rows

from autograd_lite import InputError, LiftError, OperandError
from nn import MLP, fit
from nn.losses import (
    categorical_cross_entropy,
    huber,
    mean_absolute_error,
    negative_log_likelihood,
    softmax,
    softmax_cross_entropy,
    squared_hinge,
    weighted,
)
from nn.max_norm import MaxNorm
from nn.optimizers import SGD, Adagrad, Adam, AdamW, RMSprop
from nn.plateaus import AdaptiveRate, ReduceOnPlateau
from nn.regularization import Penalty, elastic_net, l1, l2, weights_of
from nn.schedules import Cosine, ExponentialDecay, PerEpoch, WarmUp

X, Y = rows(10, 3).tolist(), [i % 4 for i in range(10)]

STEPS = {
    "Nesterov": lambda m: SGD(m.parameters(), 0.05, momentum=0.9, nesterov=True),
    "Adagrad": lambda m: Adagrad(m.parameters(), 0.1),
    "RMSprop": lambda m: RMSprop(m.parameters(), 0.01, momentum=0.5, centered=True, epsilon=0.1),
    "AdamW": lambda m: AdamW(m.parameters(), 0.02, weight_decay=0.1),
    "decay": lambda m: SGD(m.parameters(), 0.1, weight_decay=0.2),
    "clipped by value": lambda m: SGD(m.parameters(), 0.3, clip_value=0.05),
    "clipped by norm": lambda m: SGD(m.parameters(), 0.3, momentum=0.5, clip_norm=0.1),
    "all at once": lambda m: Adam(m.parameters(), 0.05, weight_decay=0.1, clip_value=0.2, clip_norm=0.3),
    "max-norm": lambda m: SGD(m.parameters(), 0.3, momentum=0.5, constraint=MaxNorm(m, 0.7)),
    "max-norm of one layer": lambda m: SGD(m.parameters(), 0.3, constraint=MaxNorm(m.layers[1], 0.4)),
    "exponential": lambda m: SGD(m.parameters(), ExponentialDecay(0.3, 0.9)),
    "warm-up, then cosine": lambda m: Adam(m.parameters(), WarmUp(Cosine(0.1, steps=20), steps=5)),
    "by epochs": lambda m: SGD(m.parameters(), PerEpoch(ExponentialDecay(0.3, 0.5), steps=4)),
    "one's own schedule": lambda m: SGD(m.parameters(), lambda t: 0.3 / (1 + t % 3)),
}
PENALTIES = {
    "l1": lambda m: Penalty(weights_of(m), 0.05, l1),
    "l2": lambda m: Penalty(m.parameters(), 0.1, l2),
    "elastic": lambda m: Penalty(weights_of(m), 0.05, elastic_net, ratio=0.3),
    "one's own": lambda m: lambda: m.layers[0].neurons[0].w[0] ** 4,
}


@pytest.fixture(params=["lift", "jax"])
def engine(request):
    if request.param == "jax":
        pytest.importorskip("jax")
    return request.param


def trained(make, engine, *, penalty=None, epochs=8, **options):
    model = MLP(3, [5, 4], activation="tanh", rng=1)
    optimizer = make(model)
    settings = {"epochs": epochs, "batch_size": 3, "rng": 5, "progress": False} | options
    regularization = penalty(model) if penalty else None
    history = fit(
        model,
        X,
        Y,
        loss=softmax_cross_entropy,
        optimizer=optimizer,
        engine=engine,
        regularization=regularization,
        **settings,
    )
    return model, optimizer, history


def assert_same(ours, theirs):
    for a, b in zip(ours[0].parameters(), theirs[0].parameters(), strict=True):
        assert a.data == pytest.approx(b.data, rel=1e-9, abs=1e-9)
    assert ours[2].losses == pytest.approx(theirs[2].losses, rel=1e-9)
    assert ours[1].steps == theirs[1].steps


@pytest.mark.parametrize("make", STEPS.values(), ids=STEPS)
def test_every_engine_makes_the_scalar_engines_steps(engine, make):
    assert_same(trained(make, engine), trained(make, "scalar"))


@pytest.mark.parametrize("name", ["clipped by norm", "max-norm", "all at once"])
def test_arrays_are_moved_at_once(name, monkeypatch):
    calls = []
    update = SGD.update if name != "all at once" else Adam.update
    kind = SGD if name != "all at once" else Adam
    monkeypatch.setattr(kind, "update", lambda self, *a, **o: calls.append(1) or update(self, *a, **o))
    model, optimizer, _ = trained(STEPS[name], "lift")
    assert len(calls) == optimizer.steps + len(model.parameters())  # each step, and once a number to compare


@pytest.mark.parametrize("penalty", PENALTIES.values(), ids=PENALTIES)
def test_every_engine_adds_the_penalty_once_a_step(engine, penalty):
    make = STEPS["Nesterov"]
    assert_same(trained(make, engine, penalty=penalty), trained(make, "scalar", penalty=penalty))


def test_l2_is_the_decay_of_weights_in_every_engine(engine):
    penalized = trained(lambda m: SGD(m.parameters(), 0.1), engine, penalty=lambda m: Penalty(m.parameters(), 0.2))
    decayed = trained(STEPS["decay"], "scalar")
    for a, b in zip(penalized[0].parameters(), decayed[0].parameters(), strict=True):
        assert a.data == pytest.approx(b.data, rel=1e-9, abs=1e-9)
    assert penalized[2].losses[0] > decayed[2].losses[0]


def test_the_validation_is_not_penalized(engine):
    penalty = lambda m: Penalty(m.parameters(), 0.5)  # noqa: E731
    still = lambda m: SGD(m.parameters(), 1e-300)  # noqa: E731
    history = trained(still, engine, penalty=penalty, epochs=1, batch_size=None, validation=(X, Y))[2]
    model = MLP(3, [5, 4], activation="tanh", rng=1)
    assert history.losses[0] - history.validation[0] == pytest.approx(penalty(model)().data, rel=1e-9)


@pytest.mark.parametrize("callback", [lambda: AdaptiveRate(0.01, 0.3), lambda: ReduceOnPlateau(0.5, patience=0)])
def test_rates_that_follow_the_losses_do_so_in_every_engine(engine, callback):
    make = lambda m: SGD(m.parameters(), 0.5)  # noqa: E731
    ours = trained(make, engine, callbacks=[callback()])
    theirs = trained(make, "scalar", callbacks=[callback()])
    assert_same(ours, theirs)
    assert ours[1].learning_rate == pytest.approx(theirs[1].learning_rate, rel=1e-12)
    assert ours[1].learning_rate != 0.5


LOSSES = {
    "one-hot": (categorical_cross_entropy, [[int(y == c) for c in range(4)] for y in Y]),
    "chances": (categorical_cross_entropy, [[0.25] * 4, [0.5, 0.5, 0.0, 0.0]] * 5),
    "smoothed": (lambda z, y: softmax_cross_entropy(z, y, smoothing=0.1), Y),
    "weighted": (weighted(softmax_cross_entropy, [1.0, 2.0, 0.5, 0.0]), Y),
    "likelihood": (lambda z, y: negative_log_likelihood(softmax(z), y), Y),
    "squared hinge": (squared_hinge, [[1 - 2 * (y == c) for c in range(4)] for y in Y]),
    "absolute": (mean_absolute_error, rows(10, 4, seed=3).tolist()),
    "huber": (lambda p, t: huber(p, t, delta=0.3), rows(10, 4, seed=3).tolist()),
}


@pytest.mark.parametrize(("loss", "targets"), LOSSES.values(), ids=LOSSES)
def test_every_engine_trains_with_every_loss(engine, loss, targets):
    results = []
    for each in (engine, "scalar"):
        model = MLP(3, [5, 4], activation="tanh", rng=1)
        optimizer = SGD(model.parameters(), 0.1)
        options = {"epochs": 8, "batch_size": 3, "rng": 5, "engine": each, "progress": False}
        results.append((model, optimizer, fit(model, X, targets, loss=loss, optimizer=optimizer, **options)))
    assert_same(*results)


def test_a_penalty_changed_between_two_calls_counts(engine):
    results = []
    for each in (engine, "scalar"):
        model = MLP(3, [5, 4], activation="tanh", rng=1)
        optimizer, penalty = SGD(model.parameters(), 0.1), Penalty(model.parameters(), 0.1)
        for penalty.strength in (0.1, 0.5):
            history = fit(
                model, X, Y, loss=softmax_cross_entropy, optimizer=optimizer, epochs=3, engine=each,
                regularization=penalty, progress=False,
            )  # fmt: skip
        results.append((model, optimizer, history))
    assert_same(*results)


def test_another_limit_is_another_program():
    pytest.importorskip("jax")
    model, other = (MLP(3, [5, 4], activation="tanh", rng=1) for _ in range(2))
    first, second = SGD(model.parameters(), 0.3), SGD(other.parameters(), 0.3)
    for limit in (None, 0.7, 0.4):
        for each, optimizer, engine in ((model, first, "jax"), (other, second, "scalar")):
            optimizer.constraint = None if limit is None else MaxNorm(each, limit)
            optimizer.clip_norm = limit
            fit(each, X, Y, loss=softmax_cross_entropy, optimizer=optimizer, epochs=3, engine=engine, progress=False)
    for a, b in zip(model.parameters(), other.parameters(), strict=True):
        assert a.data == pytest.approx(b.data, rel=1e-9, abs=1e-9)


def test_a_bad_penalty_is_refused(engine):
    with pytest.raises(InputError, match=r"regularization = 0.1 cannot be called; pass Penalty\(weights_of\(model\)"):
        trained(STEPS["Nesterov"], engine, penalty=lambda m: 0.1)
    for each in (engine, "scalar"):
        with pytest.raises(OperandError, match=r"the penalty is float 0.5, not a Value; using .data cuts the graph"):
            trained(STEPS["Nesterov"], each, penalty=lambda m: lambda: 0.5)


def test_a_penalty_that_reads_data_says_what_to_do(engine):
    with pytest.raises(LiftError, match=r"\.data of .*train with engine='scalar'"):
        trained(STEPS["Nesterov"], engine, penalty=lambda m: lambda: m.parameters()[0] * m.parameters()[0].data)
