"""What the tests of lifting share: the scalar engine's answer sample by sample, and how far from it one may be."""

import math
from types import SimpleNamespace

import numpy as np

from autograd_lite import IEEE, Value
from autograd_lite.lift import lift
from autograd_lite.lookup import stop_gradient
from autograd_lite.recording import trace
from autograd_lite.transforms import leaves_of, map_nested
from autograd_lite.value import local_partial

TOLERANCE = 1e-12
"""Of the condition; see `conditions`."""


def leaves(*numbers, name="p"):
    """Returns fresh parameters with these numbers."""
    return [Value(number, name=f"{name}{i}") for i, number in enumerate(numbers)]


def spread(count, low=-1.0, high=1.0, *, seed=0):
    """Returns fresh parameters with numbers that look random, the same ones every time."""
    return leaves(*np.random.default_rng(seed).uniform(low, high, count).tolist())


def rows(count, *shape, seed=1, low=-1.0, high=1.0):
    """Returns a batch of samples that look random, the same ones every time."""
    return np.random.default_rng(seed).uniform(low, high, (count, *shape))


def matrix(parameters, height, width):
    """Returns the first height*width parameters as rows, and the rest."""
    cells = [parameters[i * width : (i + 1) * width] for i in range(height)]
    return cells, parameters[height * width :]


def product(left, right):
    """Returns a dot product, as a user would write it."""
    return sum(a * b for a, b in zip(left, right, strict=True))


def affine(W, b, x):
    """Returns W x + b."""
    return [product(row, x) + bias for row, bias in zip(W, b, strict=True)]


def softmax(scores):
    """Returns positive numbers that sum to 1, computed without overflow."""
    top = scores[0]
    for score in scores[1:]:
        top = top.maximum(score)
    exps = [(score - stop_gradient(top)).exp() for score in scores]
    return [each / sum(exps) for each in exps]


def sample(nested):
    """Returns one argument of one sample as the scalar engine is given it: Values, and whole numbers as they are."""
    plain = nested.tolist() if hasattr(nested, "tolist") else nested
    return map_nested(lambda x: x if isinstance(x, int) else Value(x), plain)


def conditions(out, parameters):
    """Returns how large what cancels in a value and in its gradient is: rounding errs by so many roundings of it.

        of the value:     size(node) = |node| + sum of |partial|*size(operand)
        of the gradient:  size(node) = sum over its consumers of (|partial| + its change)*size(consumer)

    A sum may be taken in any order, so it errs relative to the sizes of its terms, not to what is left of them; and a
    partial is as wrong as its operands make it: its change is that over a small step of their sizes, per step.
    """
    if not isinstance(out, Value):
        return abs(out), [0.0] * len(parameters)
    tape, nodes = trace([out], inputs=parameters)
    forward = [abs(line.data) for line in tape.lines]
    slopes = [() for _ in nodes]
    for i, node in enumerate(nodes):
        if isinstance(node, Value) and node.rule is not None:
            places = tape.lines[i].operands
            slopes[i] = tuple(zip(places[-node.rule.arity :], node.partials, strict=True))
            forward[i] += sum(abs(partial) * forward[at] for at, partial in slopes[i] if partial is not None)
    backward = [0.0] * len(nodes)
    backward[tape.outputs[0]] = 1.0
    for i in reversed(range(len(nodes))):
        for position, (at, partial) in enumerate(slopes[i]):
            if partial is not None:
                change = _change(nodes[i], position, [forward[place] for place in tape.lines[i].operands])
                backward[at] += (abs(partial) + change) * backward[i]
    return forward[tape.outputs[0]], backward[: len(parameters)]


def _change(node, position, sizes):
    """Returns how much a partial changes over a small step of its operands' sizes, divided by the step."""
    rule = node.rule
    if rule.name in ("add", "sub", "neg", "identity", "where"):
        return 0.0
    numbers = [operand.data if isinstance(operand, Value) else operand for operand in node.operands]
    if rule.name == "mul":
        return sizes[1 - position]
    change = 0.0
    for j, size in enumerate(sizes):
        for step in (2.0**-20, -(2.0**-20)):
            moved = [x + step * size * (j == k) for k, x in enumerate(numbers)]
            try:
                value = IEEE.value(rule)(*moved)
                slope = local_partial(rule, position, moved, value)
            except (ArithmeticError, ValueError):
                continue
            if math.isfinite(slope):
                change = max(change, abs(slope - node.partials[position]) / 2.0**-20)
    return change


def scalar(function, parameters, *batches, **static):
    """Returns what the scalar engine says: every sample's results, their mean, its gradient, and the conditions."""
    samples = list(zip(*batches, strict=True)) if batches else [()]
    answer = SimpleNamespace(values=[], sizes=[], gradient=None, slopes=np.zeros(len(parameters)), outs=[])
    for parameter in parameters:
        parameter.grad = 0.0
    for arguments in samples:
        out = function(*map(sample, arguments), **static)
        own = leaves_of(out)
        answer.outs.append(own)
        answer.values.append([v.data if isinstance(v, Value) else float(v) for v in own])
        answer.sizes.append([conditions(v, parameters)[0] for v in own])
        if len(own) == 1:
            answer.slopes += np.array(conditions(own[0], parameters)[1]) / len(samples)
            if isinstance(own[0], Value):
                own[0].backward(1 / len(samples))
    answer.gradient = np.array([p.grad for p in parameters])
    for parameter in parameters:
        parameter.grad = 0.0
    return answer


def assert_close(ours, theirs, sizes, *, tolerance=TOLERANCE):
    """Says that numbers are equal up to so much of their condition."""
    ours, theirs, sizes = (np.asarray(each, dtype=float).ravel() for each in (ours, theirs, sizes))
    assert ours.shape == theirs.shape
    assert np.isfinite(ours).all()
    assert (abs(ours - theirs) <= tolerance * sizes + 1e-300).all(), (ours, theirs, sizes)


def assert_lifts(function, parameters, *batches, lifted=None, tolerance=TOLERANCE, **static):
    """Says that a function lifts to what the scalar engine computes; returns it, lifted."""
    truth = scalar(function, parameters, *batches, **static)
    lifted = lift(function, parameters) if lifted is None else lifted
    assert_close(lifted(*batches, **static), truth.values, truth.sizes, tolerance=tolerance)
    if len(truth.values[0]) == 1:
        value, gradient = lifted.value_and_grad(*batches, **static)
        assert_close(value, np.mean(truth.values), np.mean(truth.sizes), tolerance=tolerance)
        assert_close(gradient, truth.gradient, truth.slopes, tolerance=tolerance)
    return lifted


def sizes(build, *cases):
    """Returns the number of instructions of what `build` makes of each case, having checked its results."""
    return [len(assert_lifts(*build(*case)).program) for case in cases]


def paths(lifted):
    """Returns everything that a lifted function has recorded."""
    return [path for form in lifted.forms for path in form.paths]


def finite(answer):
    """Says whether all that the scalar engine said is finite, and so are the conditions."""
    numbers = [*answer.values, *answer.sizes, answer.gradient, answer.slopes]
    return all(np.isfinite(each).all() for each in numbers)


class Counted:
    """A function that counts how often it has been called."""

    def __init__(self, function):
        self.function = function
        self.calls = 0

    def __call__(self, *args, **kwargs):
        self.calls += 1
        return self.function(*args, **kwargs)
