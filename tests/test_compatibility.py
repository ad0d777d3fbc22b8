"""Programs written for micrograd and in microgpt's manner run after swapping the import, with the same numbers."""

import math
import random

import pytest
from examples import readme

import autograd_lite
import nn

# ---------------------------------------------------------------- programs, over any class called Value


def micrograds_readme(Value):
    a, b, g = readme(Value)
    return [g.data, a.grad, b.grad]


def sanity(Value):
    x = Value(-4.0)
    z = 2 * x + 2 + x
    q = z.relu() + z * x
    h = (z * z).relu()
    y = h + q + q * x
    y.backward()
    return [y.data, x.grad]


def more_operations(Value):
    a, b = Value(3.0), Value(-1.5)
    c = 1 - a / b
    d = (c**-2 + b * b).relu() * 0.5
    e = -d + 2 / (a - b) - c * -1
    f = e**3 - 1
    f.backward()
    return [f.data, a.grad, b.grad, c.grad, d.grad, e.grad]


def neuron(Value):
    x, w, b = [Value(2.0), Value(0.0)], [Value(-3.0), Value(1.0)], Value(6.8813735870195432)
    act = sum((wi * xi for wi, xi in zip(w, x, strict=True)), b)
    out = act.relu()
    out.backward()
    return [out.data, *(v.grad for v in (*x, *w, b))]


def least_squares(Value):
    w, b, rate = Value(0.1), Value(-0.2), 0.05
    points = [(0.0, 1.0), (1.0, 3.0), (2.0, 5.0), (-1.0, -1.0)]
    for _ in range(50):
        loss = sum(((w * x + b) - y) ** 2 for x, y in points) * (1.0 / len(points))
        w.grad = b.grad = 0
        loss.backward()
        w.data -= rate * w.grad
        b.data += -rate * b.grad
    return [w.data, b.data, loss.data]


PROGRAMS = [micrograds_readme, sanity, more_operations, neuron, least_squares]


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda f: f.__name__)
def test_a_program_for_micrograd_gives_the_same_numbers(program):
    engine = pytest.importorskip("micrograd.engine", reason="micrograd is not installed; nothing to compare with")
    assert program(autograd_lite.Value) == pytest.approx(program(engine.Value), rel=1e-13)


EXPECTED = {
    micrograds_readme: [24.704081632653061, 138.83381924198252, 645.57725947521863],
    sanity: [-20.0, 46.0],
    neuron: [0.88137358701954316, -3.0, 1.0, 2.0, 0.0, 1.0],
}


@pytest.mark.parametrize(("program", "numbers"), EXPECTED.items(), ids=lambda f: getattr(f, "__name__", "numbers"))
def test_the_numbers_are_those_worked_out_elsewhere(program, numbers):
    assert program(autograd_lite.Value) == pytest.approx(numbers, rel=1e-15)


def test_a_line_through_points_is_found():
    w, b, loss = least_squares(autograd_lite.Value)
    assert (w, b) == pytest.approx((2.0, 1.0), abs=0.05)
    assert loss < 0.01


# ---------------------------------------------------------------- micrograd's demo


def moons(count, rng):
    """Returns two interleaved half circles with a little noise, labels -1 and 1."""
    X, y = [], []
    for i in range(count):
        angle, upper = math.pi * rng.random(), i % 2 == 0
        x0, x1 = (math.cos(angle), math.sin(angle)) if upper else (1 - math.cos(angle), 0.5 - math.sin(angle))
        X.append([x0 + rng.gauss(0, 0.1), x1 + rng.gauss(0, 0.1)])
        y.append(-1 if upper else 1)
    return X, y


def demo(Value, MLP, *, steps):
    """Trains as micrograd's notebook does, from weights that do not depend on the library."""
    rng = random.Random(1337)
    model = MLP(2, [8, 8, 1])
    for p in model.parameters():
        p.data = rng.uniform(-1, 1)
    X, y = moons(20, rng)
    losses = []
    for k in range(steps):
        inputs = [list(map(Value, row)) for row in X]
        scores = list(map(model, inputs))
        hinge = [(1 + -yi * score).relu() for yi, score in zip(y, scores, strict=True)]
        data_loss = sum(hinge) * (1.0 / len(hinge))
        total = data_loss + 1e-4 * sum(p * p for p in model.parameters())
        correct = [(yi > 0) == (score.data > 0) for yi, score in zip(y, scores, strict=True)]
        model.zero_grad()
        total.backward()
        rate = 1.0 - 0.9 * k / 100
        for p in model.parameters():
            p.data -= rate * p.grad
        losses.append(total.data)
    return losses, sum(correct) / len(correct), [p.data for p in model.parameters()]


def test_the_moons_demo_of_micrograd_trains_to_the_same_numbers():
    engine = pytest.importorskip("micrograd.engine", reason="micrograd is not installed; nothing to compare with")
    theirs = pytest.importorskip("micrograd.nn", reason="micrograd is not installed; nothing to compare with")
    ours = demo(autograd_lite.Value, nn.MLP, steps=15)
    reference = demo(engine.Value, theirs.MLP, steps=15)
    assert ours[0] == pytest.approx(reference[0], rel=1e-9)
    assert ours[1] == reference[1]
    assert ours[2] == pytest.approx(reference[2], rel=1e-8, abs=1e-10)


def test_the_moons_demo_learns():
    losses, accuracy, _ = demo(autograd_lite.Value, nn.MLP, steps=25)
    assert losses[-1] < losses[0] / 2
    assert accuracy >= 0.9


def test_modules_print_as_in_micrograd():
    theirs = pytest.importorskip("micrograd.nn", reason="micrograd is not installed; nothing to compare with")
    assert repr(nn.MLP(2, [3, 1])) == repr(theirs.MLP(2, [3, 1]))
    assert repr(nn.Neuron(4, nonlin=False)) == repr(theirs.Neuron(4, nonlin=False))
    assert len(nn.MLP(2, [16, 16, 1]).parameters()) == len(theirs.MLP(2, [16, 16, 1]).parameters()) == 337


def trace(root):
    """Walks a graph as micrograd's drawing notebook does."""
    nodes, edges = set(), set()

    def build(v):
        if v not in nodes:
            nodes.add(v)
            for child in v._prev:
                edges.add((child, v))
                build(child)

    build(root)
    return nodes, edges


def test_drawing_scripts_find_what_they_read():
    x, w, b = autograd_lite.Value(1.0), autograd_lite.Value(2.0), autograd_lite.Value(0.5)
    out = (x * w + b).relu()
    out.backward()
    nodes, edges = trace(out)
    assert (len(nodes), len(edges)) == (6, 5)
    assert sorted(n._op for n in nodes) == ["", "", "", "*", "+", "relu"]
    assert all(f"{n.data:.4f} {n.grad:.4f}" for n in nodes)


# ---------------------------------------------------------------- in microgpt's manner


class Dual:
    """A plain reimplementation to check against: a number and its derivative along one direction."""

    def __init__(self, data, slope=0.0):
        self.data, self.slope = data, slope

    @staticmethod
    def of(x):
        return x if isinstance(x, Dual) else Dual(x)

    def __add__(self, other):
        other = Dual.of(other)
        return Dual(self.data + other.data, self.slope + other.slope)

    def __mul__(self, other):
        other = Dual.of(other)
        return Dual(self.data * other.data, self.slope * other.data + self.data * other.slope)

    def __pow__(self, n):
        return Dual(self.data**n, n * self.data ** (n - 1) * self.slope)

    def __truediv__(self, other):
        return self * Dual.of(other) ** -1

    def __neg__(self):
        return self * -1

    def __sub__(self, other):
        return self + -Dual.of(other)

    __radd__, __rmul__ = __add__, __mul__

    def exp(self):
        return Dual(math.exp(self.data), math.exp(self.data) * self.slope)

    def log(self):
        return Dual(math.log(self.data), self.slope / self.data)

    def relu(self):
        return Dual(max(0.0, self.data), (self.data > 0) * self.slope)


VOCABULARY, WIDTH, HIDDEN, BLOCK = 5, 4, 6, 4
SHAPES = {
    "wte": (VOCABULARY, WIDTH),
    "wpe": (BLOCK, WIDTH),
    "wq": (WIDTH, WIDTH),
    "wk": (WIDTH, WIDTH),
    "wv": (WIDTH, WIDTH),
    "wo": (WIDTH, WIDTH),
    "up": (HIDDEN, WIDTH),
    "down": (WIDTH, HIDDEN),
    "head": (VOCABULARY, WIDTH),
}


def linear(x, w):
    return [sum(wi * xi for wi, xi in zip(row, x, strict=True)) for row in w]


def softmax(logits):
    top = max(v.data for v in logits)
    exps = [(v - top).exp() for v in logits]
    total = sum(exps)
    return [e / total for e in exps]


def normalised(x):
    mean_square = sum(v * v for v in x) / len(x)
    scale = (mean_square + 1e-5) ** -0.5
    return [v * scale for v in x]


def gpt_loss(state, tokens):
    """One pass of a tiny transformer over one document, token by token; the mean negative log-likelihood."""
    keys, values, losses = [], [], []
    for position in range(len(tokens) - 1):
        x = [t + p for t, p in zip(state["wte"][tokens[position]], state["wpe"][position], strict=True)]
        x = normalised(x)
        residual, x = x, normalised(x)
        q = linear(x, state["wq"])
        keys.append(linear(x, state["wk"]))
        values.append(linear(x, state["wv"]))
        scores = [sum(qi * ki for qi, ki in zip(q, k, strict=True)) / WIDTH**0.5 for k in keys]
        weights = softmax(scores)
        attended = [sum(w * v[j] for w, v in zip(weights, values, strict=True)) for j in range(WIDTH)]
        x = [a + r for a, r in zip(linear(attended, state["wo"]), residual, strict=True)]
        residual, x = x, normalised(x)
        x = linear([h.relu() for h in linear(x, state["up"])], state["down"])
        x = [a + r for a, r in zip(x, residual, strict=True)]
        losses.append(-softmax(linear(x, state["head"]))[tokens[position + 1]].log())
    return (1 / len(losses)) * sum(losses)


def fresh(number):
    rng = random.Random(42)
    return {
        name: [[number(rng.gauss(0, 0.5)) for _ in range(columns)] for _ in range(rows)]
        for name, (rows, columns) in SHAPES.items()
    }


def flat(state):
    return [p for matrix in state.values() for row in matrix for p in row]


DOCUMENT = [0, 3, 1, 4, 0]


def test_a_transformer_in_microgpts_manner_has_the_right_loss_and_gradients():
    state = fresh(autograd_lite.Value)
    loss = gpt_loss(state, DOCUMENT)
    loss.backward()
    parameters = flat(state)
    plain = fresh(Dual)
    for i, direction in enumerate(flat(plain)):
        direction.slope = 1.0
        reference = gpt_loss(plain, DOCUMENT)
        direction.slope = 0.0
        assert loss.data == pytest.approx(reference.data, rel=1e-13)
        assert parameters[i].grad == pytest.approx(reference.slope, rel=1e-10, abs=1e-14)


def test_a_transformer_trains_with_adam_written_out():
    state = fresh(autograd_lite.Value)
    parameters = flat(state)
    m, v = [0.0] * len(parameters), [0.0] * len(parameters)
    losses = []
    for step in range(40):
        loss = gpt_loss(state, DOCUMENT)
        loss.backward()
        for i, p in enumerate(parameters):
            m[i] = 0.9 * m[i] + 0.1 * p.grad
            v[i] = 0.95 * v[i] + 0.05 * p.grad**2
            p.data -= 0.05 * (m[i] / (1 - 0.9 ** (step + 1))) / ((v[i] / (1 - 0.95 ** (step + 1))) ** 0.5 + 1e-8)
            p.grad = 0
        losses.append(loss.data)
    assert losses[0] > 1.0
    assert losses[-1] < 0.2


def test_one_step_of_gradient_descent_lowers_the_loss_by_what_the_gradient_predicts():
    state = fresh(autograd_lite.Value)
    before = gpt_loss(state, DOCUMENT)
    before.backward()
    rate = 1e-6
    predicted = rate * sum(p.grad**2 for p in flat(state))
    for p in flat(state):
        p.data -= rate * p.grad
        p.grad = 0
    after = gpt_loss(state, DOCUMENT)
    assert before.data - after.data == pytest.approx(predicted, rel=1e-3)
