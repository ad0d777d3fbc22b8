"""Schedules: PyTorch's rates and trajectories, rates that follow the losses, and what they refuse."""

import itertools
import math
from types import SimpleNamespace

import pytest

from autograd_lite import InputError, Value
from nn import Neuron, fit, half_squared_error
from nn.optimizers import SGD, Adagrad, Adam, AdamW, RMSprop
from nn.plateaus import AdaptiveRate, ReduceOnPlateau
from nn.schedules import Cosine, ExponentialDecay, InverseTime, PerEpoch, StepDecay, WarmUp

START = [3.0, -2.0, 0.5]
LINE = ([[0.0], [1.0], [2.0], [3.0]], [1.0, 3.0, 5.0, 7.0])


def bowl(p):
    return p[0] * p[0] + 3.0 * p[1] * p[1] + p[0] * p[1] * p[2] + (p[2] - 1.0) ** 2.0


def warmed(schedulers, optimizer, make, steps):
    linear = schedulers.LinearLR(optimizer, start_factor=1 / steps, total_iters=steps - 1)
    return schedulers.SequentialLR(optimizer, [linear, make(optimizer)], milestones=[steps])


SCHEDULES = {
    "1/t": (lambda r: InverseTime(r, 0.1), lambda s, o: s.LambdaLR(o, lambda t: 1 / (1 + 0.1 * t))),
    "step": (lambda r: StepDecay(r, every=30, factor=0.5), lambda s, o: s.StepLR(o, 30, gamma=0.5)),
    "exponential": (lambda r: ExponentialDecay(r, 0.95), lambda s, o: s.ExponentialLR(o, 0.95)),
    "cosine": (
        lambda r: Cosine(r, steps=100, floor=r / 50),
        lambda s, o: s.CosineAnnealingLR(o, 100, eta_min=o.defaults["lr"] / 50),
    ),
    "cosine, then its floor": (
        lambda r: Cosine(r, steps=40, floor=r / 50),
        lambda s, o: s.SequentialLR(
            o,
            [
                s.CosineAnnealingLR(o, 40, eta_min=o.defaults["lr"] / 50),
                s.LambdaLR(o, lambda _: 1 / 50),
            ],
            milestones=[40],
        ),
    ),
    "warm-up": (lambda r: WarmUp(r, steps=20), lambda s, o: warmed(s, o, lambda o: s.ConstantLR(o, 1.0), 20)),
    "warm-up, then exponential": (
        lambda r: WarmUp(ExponentialDecay(r, 0.95), steps=20),
        lambda s, o: warmed(s, o, lambda o: s.ExponentialLR(o, 0.95), 20),
    ),
    "by epochs of 7 steps": (
        lambda r: PerEpoch(ExponentialDecay(r, 0.8), steps=7),
        lambda s, o: s.StepLR(o, 7, gamma=0.8),
    ),
}
OPTIMIZERS = {
    "SGD": (lambda ps, rate: SGD(ps, rate, momentum=0.9, nesterov=True), 0.01, "SGD"),
    "Adagrad": (Adagrad, 0.3, "Adagrad"),
    "RMSprop": (lambda ps, rate: RMSprop(ps, rate, momentum=0.5), 0.01, "RMSprop"),
    "Adam": (Adam, 0.1, "Adam"),
    "AdamW": (AdamW, 0.1, "AdamW"),
}
THEIRS = {"SGD": {"momentum": 0.9, "nesterov": True}, "RMSprop": {"momentum": 0.5}}


@pytest.mark.filterwarnings("ignore:The epoch parameter in")  # of PyTorch's own SequentialLR
@pytest.mark.parametrize("schedule", SCHEDULES.values(), ids=SCHEDULES)
@pytest.mark.parametrize("case", OPTIMIZERS.values(), ids=OPTIMIZERS)
def test_a_hundred_scheduled_steps_are_pytorchs(case, schedule):
    torch = pytest.importorskip("torch")
    make, rate, kind = case
    ours = [Value(v) for v in START]
    theirs = [torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in START]
    optimizer = make(ours, schedule[0](rate))
    reference = getattr(torch.optim, kind)(theirs, lr=rate, **THEIRS.get(kind, {}))
    scheduler = schedule[1](torch.optim.lr_scheduler, reference)
    for _ in range(100):
        assert optimizer.learning_rate == pytest.approx(reference.param_groups[0]["lr"], rel=1e-12)
        for parameters, moving in ((ours, optimizer), (theirs, reference)):
            moving.zero_grad()
            bowl(parameters).backward()
            moving.step()
        scheduler.step()
        assert [p.data for p in ours] == pytest.approx([p.item() for p in theirs], rel=1e-12, abs=1e-12)


def test_the_learning_rate_is_a_float_whatever_a_schedule_returns():
    np = pytest.importorskip("numpy")
    for schedule in (lambda t: np.float64(0.5), lambda t: 1, *(make(0.1) for make, _ in SCHEDULES.values())):
        optimizer = SGD([Value(1.0)], schedule)
        assert type(optimizer.learning_rate) is float
        assert optimizer.schedule is schedule
    optimizer.learning_rate = 0.5
    assert optimizer.schedule is None
    assert optimizer.learning_rate == 0.5


def test_a_rate_of_zero_moves_nothing_and_a_bad_one_is_named_with_its_step():
    w = Value(1.0)
    w.grad = 1.0
    optimizer = SGD([w], Cosine(0.1, steps=1))
    optimizer.step()
    before = w.data
    optimizer.step()
    assert w.data == before
    optimizer.learning_rate = lambda t: -0.5
    with pytest.raises(InputError, match=r"the learning rate of step 3, by <function .* = -0.5 is outside its range"):
        optimizer.step()
    assert (w.data, optimizer.steps) == (before, 2)


def test_schedules_are_shown_and_compared_by_their_settings():
    assert (
        repr(WarmUp(StepDecay(0.1, every=3), steps=2))
        == "WarmUp(then=StepDecay(rate=0.1, every=3, factor=0.1), steps=2)"
    )
    assert Cosine(1, steps=4) == Cosine(1.0, 4, 0.0)
    assert InverseTime(1.0) != InverseTime(2.0)


@pytest.mark.parametrize("engine", ["scalar", "lift"])
def test_fit_follows_a_schedule_step_by_step(engine):
    model, other = Neuron(1, False, rng=1), Neuron(1, False, rng=1)
    optimizer = SGD(model.parameters(), ExponentialDecay(0.1, 0.8), momentum=0.5)
    options = {"loss": half_squared_error, "batch_size": 2, "epochs": 5, "progress": False}
    fit(model, *LINE, optimizer=optimizer, engine=engine, rng=3, **options)
    by_hand, rates = SGD(other.parameters(), 0.1, momentum=0.5), itertools.count()
    step = by_hand.step

    def scheduled():
        by_hand.learning_rate = 0.1 * 0.8 ** next(rates)
        step()

    by_hand.step = scheduled
    fit(other, *LINE, optimizer=by_hand, engine="scalar", rng=3, **options)
    assert [*model.state_dict().values()] == pytest.approx([*other.state_dict().values()], rel=1e-12)


# ---------------------------------------------------------------- rates that follow the losses


def epochs(callback, losses, rate=0.1, validation=None):
    """Returns the learning rates after each of some epochs, as a callback makes them."""
    optimizer, rates = SGD([Value(1.0)], rate), []
    for i, loss in enumerate(losses):
        measured = None if validation is None else validation[i]
        callback(SimpleNamespace(optimizer=optimizer, loss=loss, validation=measured))
        rates.append(optimizer.learning_rate)
    return rates


def test_the_adaptive_rate_is_the_lectures():
    losses = [5.0, 4.0, 3.0, 3.9, 4.5, 1.0, 1.0, 2.5, 2.0]
    rate, expected = 0.1, []
    for T, loss in enumerate(losses):
        if T >= 3:
            rate = rate + 0.01 if loss < sum(losses[T - 3 : T]) / 3 else rate - 0.5 * rate
        expected.append(rate)
    assert epochs(AdaptiveRate(0.01, 0.5, patience=3), losses) == expected
    assert expected[2:5] == [0.1, 0.11, 0.055]


def test_the_adaptive_rate_tames_a_rate_that_is_too_large():
    results = {}
    for name, callbacks in {"fixed": [], "adaptive": [AdaptiveRate(0.001, 0.5, patience=1)]}.items():
        model = Neuron(1, False, rng=1)
        optimizer = SGD(model.parameters(), 0.5)
        options = {"epochs": 30, "callbacks": callbacks, "progress": False}
        history = fit(model, *LINE, loss=half_squared_error, optimizer=optimizer, **options)
        results[name] = history.losses[-1], history.losses[0]
    assert results["adaptive"][0] < results["adaptive"][1] < results["fixed"][0]


PLATEAUS = {
    "as it is": {},
    "impatient": {"patience": 0},
    "patient, with a pause": {"patience": 2, "cooldown": 3},
    "strict": {"patience": 1, "threshold": 0.2, "factor": 0.5},
    "with a floor": {"patience": 0, "factor": 0.3, "floor": 0.002},
    "larger is better": {"patience": 1, "larger": True},
}


@pytest.mark.parametrize("settings", PLATEAUS.values(), ids=PLATEAUS)
def test_reductions_on_a_plateau_are_pytorchs(settings):
    torch = pytest.importorskip("torch")
    losses = [1.0 + abs(math.sin(t)) * math.exp(-t / 20) + 0.1 * (t % 3) for t in range(60)]
    names = {"floor": "min_lr", "larger": "mode"}
    theirs = {names.get(name, name): value for name, value in ({"patience": 10} | settings).items()}
    theirs["mode"] = "max" if settings.get("larger") else "min"
    reference = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1)
    scheduler, expected = torch.optim.lr_scheduler.ReduceLROnPlateau(reference, eps=0.0, **theirs), []
    for loss in losses:
        scheduler.step(loss)
        expected.append(reference.param_groups[0]["lr"])
    assert epochs(ReduceOnPlateau(**settings), losses) == pytest.approx(expected, rel=1e-12)
    assert len(set(expected)) > 1


def test_a_plateau_of_the_validation_can_be_watched():
    watching = ReduceOnPlateau(0.5, patience=0, monitor="validation")
    assert epochs(watching, [3.0, 2.0, 1.0], validation=[1.0, 0.5, 0.5]) == [0.1, 0.1, 0.05]
    with pytest.raises(InputError, match=r"no validation to monitor; pass fit\(\.\.\., validation=\(X, y\)\)"):
        epochs(watching, [1.0])


@pytest.mark.parametrize("callback", [AdaptiveRate(), ReduceOnPlateau()], ids=repr)
def test_a_callback_does_not_change_a_schedule(callback):
    with pytest.raises(InputError, match=r"follows a schedule, InverseTime\(rate=1.0, .* give the optimizer a number"):
        epochs(callback, [1.0], rate=InverseTime(1.0))


ABOVE = "needs a finite number above 0"
BAD = {
    "rate 0": (lambda: InverseTime(0), f"rate = 0 is outside its range; it {ABOVE}"),
    "rate text": (lambda: StepDecay("0.1"), f"rate = '0.1' is not a usable number; it {ABOVE}"),
    "rate nan": (lambda: Cosine(math.nan), f"rate = nan is outside its range; it {ABOVE}"),
    "rate a schedule": (
        lambda: StepDecay(InverseTime(1.0)),
        f"rate = InverseTime.* is not a usable number; it {ABOVE}",
    ),
    "decay": (lambda: InverseTime(1.0, -1), f"decay = -1 is outside its range; it {ABOVE}"),
    "every": (lambda: StepDecay(1.0, every=0), "every = 0 is too small; pass an int of at least 1"),
    "every 1.5": (lambda: StepDecay(1.0, every=1.5), "every = 1.5 is not a whole number"),
    "factor": (lambda: StepDecay(1.0, factor=1.5), "factor = 1.5 is outside its range; it needs 0 < factor <= 1"),
    "factor 0": (lambda: ExponentialDecay(1.0, 0), "factor = 0 is outside its range; it needs 0 < factor <= 1"),
    "floor": (lambda: Cosine(1.0, 10, floor=2.0), "floor = 2.0 is outside its range; it needs 0 <= floor <= rate"),
    "steps": (lambda: Cosine(1.0, steps=-1), "steps = -1 is too small"),
    "warm-up of text": (lambda: WarmUp("0.1", 3), f"learning_rate = '0.1' is not a usable number; it {ABOVE}"),
    "warm-up of no steps": (lambda: WarmUp(0.1, 0), "steps = 0 is too small"),
    "epochs of a number": (lambda: PerEpoch(0.1, 3), r"of = 0.1 is no schedule; pass one, as in PerEpoch\(Inverse"),
    "rise": (lambda: AdaptiveRate(0), f"rise = 0 is outside its range; it {ABOVE}"),
    "fall": (lambda: AdaptiveRate(0.1, 1), "fall = 1 is outside its range; it needs 0 < fall < 1"),
    "patience": (lambda: AdaptiveRate(patience=0), "patience = 0 is too small"),
    "plateau's factor": (lambda: ReduceOnPlateau(1), "factor = 1 is outside its range; it needs 0 < factor < 1"),
    "plateau's patience": (lambda: ReduceOnPlateau(patience=-1), "patience = -1 is too small"),
    "plateau's threshold": (lambda: ReduceOnPlateau(threshold=1), "threshold = 1 is outside its range; it needs 0 <="),
    "plateau's cooldown": (lambda: ReduceOnPlateau(cooldown=0.5), "cooldown = 0.5 is not a whole number"),
    "plateau's floor": (lambda: ReduceOnPlateau(floor=-1), "floor = -1 is outside its range"),
    "monitor": (lambda: ReduceOnPlateau(monitor="f1"), "monitor = 'f1' is not offered; choose 'loss' or 'validation'"),
}


@pytest.mark.parametrize("case", BAD.values(), ids=BAD)
def test_a_schedule_that_cannot_work_says_why(case):
    make, message = case
    with pytest.raises(InputError, match=message):
        make()
