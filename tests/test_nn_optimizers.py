"""Optimizers: PyTorch's trajectories, steps that happen wholly or not at all, and what they refuse."""

import math

import pytest
from examples import interrupting

from autograd_lite import InputError, NonFiniteError, OperandError, Value
from nn import SGD, Adam, Neuron, Optimizer, adam_update, sgd_update

START = [3.0, -2.0, 0.5]
OPTIMIZERS = {
    "SGD": (lambda ps: SGD(ps, 0.01), lambda torch, ps: torch.optim.SGD(ps, lr=0.01)),
    "momentum": (lambda ps: SGD(ps, 0.01, momentum=0.9), lambda torch, ps: torch.optim.SGD(ps, lr=0.01, momentum=0.9)),
    "Adam": (lambda ps: Adam(ps, 0.1), lambda torch, ps: torch.optim.Adam(ps, lr=0.1)),
    "Adam, own betas": (
        lambda ps: Adam(ps, 0.05, beta1=0.5, beta2=0.9, epsilon=1e-3),
        lambda torch, ps: torch.optim.Adam(ps, lr=0.05, betas=(0.5, 0.9), eps=1e-3),
    ),
}


def bowl(p):
    return p[0] * p[0] + 3.0 * p[1] * p[1] + p[0] * p[1] * p[2] + (p[2] - 1.0) ** 2.0


@pytest.mark.parametrize("case", OPTIMIZERS.values(), ids=OPTIMIZERS)
def test_a_hundred_steps_are_pytorchs(case):
    torch = pytest.importorskip("torch")
    make, make_theirs = case
    ours = [Value(v) for v in START]
    theirs = [torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in START]
    optimizer, reference = make(ours), make_theirs(torch, theirs)
    for _ in range(100):
        for parameters, moving in ((ours, optimizer), (theirs, reference)):
            moving.zero_grad()
            bowl(parameters).backward()
            moving.step()
        assert [p.data for p in ours] == pytest.approx([p.item() for p in theirs], rel=1e-12, abs=1e-12)
    assert optimizer.steps == 100


def test_plain_descent_is_micrograds_line():
    w = Value(0.7)
    w.grad = 0.3
    SGD([w], 0.1).step()
    assert w.data == 0.7 - 0.1 * 0.3


def test_the_updates_move_arrays_as_they_move_floats():
    np = pytest.importorskip("numpy")
    values, slopes, state = [1.0, -2.0, 3.0], [0.1, 0.0, -0.4], [0.01, 0.02, 0.03]
    adam = {"step": 3, "learning_rate": 0.1, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8}
    sgd = {"learning_rate": 0.1, "momentum": 0.9}
    for update, columns, settings in (
        (sgd_update, (values, slopes, state), sgd),
        (adam_update, (values, slopes, state, state), adam),
    ):
        at_once = update(*map(np.array, columns), **settings)
        one_by_one = [update(*row, **settings) for row in zip(*columns, strict=True)]
        assert np.array(at_once) == pytest.approx(np.array(one_by_one).T, rel=1e-15)


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
@pytest.mark.parametrize("kind", [SGD, Adam])
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
