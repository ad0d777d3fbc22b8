"""The tasks of `lift.py`, and everybody but us who solves them: by hand in NumPy, PyTorch and JAX, and CasADi, XAD.

A contestant makes steps: the value of a loss, its gradient by every parameter, and the parameters moved against it. All
start from the same numbers, which travel between them as one flat vector in micrograd's order: layer by layer, neuron
by neuron, the weights and then the bias.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import eager
import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]
Function = Callable[[Array], tuple[float, Array]]
"""The loss and the gradient at a flat vector of parameters."""
Head = Callable[[Array], float]
"""Returns the loss of scores of shape (classes, batch), and puts its slopes in their place."""
L2, RATE = eager.L2, 0.01


@dataclass(frozen=True)
class Contestant:
    """Somebody who makes steps.

    Args:
        step: makes them, and returns the loss from before the first.
        theta: the parameters now.
        steps: how many a call makes.
    """

    step: Callable[[], float]
    theta: Callable[[], Array]
    steps: int = 1


@dataclass(frozen=True)
class Task:
    """A net to be trained.

    Args:
        shapes: (inputs, neurons) of each layer.
        X: one row a sample.
        y: classes from 0; labels -1 and +1 where the loss is a hinge loss.
        kind: "hinge", with L2; "softmax"; or "convolution", a layer of 3x3 filters and softmax.
    """

    shapes: tuple[tuple[int, int], ...]
    X: Array
    y: Array
    kind: str = "softmax"

    def start(self) -> Array:
        """Returns the parameters to begin with."""
        rng, theta = random.Random(1337), []
        for width, count in self.shapes:
            for _ in range(count):
                theta += [*(rng.uniform(-1, 1) * min(1.0, 2 * width**-0.5) for _ in range(width)), 0.0]
        return np.array(theta)


def layers(theta: Any, shapes: Sequence[tuple[int, int]]) -> list[Any]:
    """Returns views of a flat vector, one a layer: a row for each neuron, its weights and then its bias."""
    ends = itertools.accumulate((width + 1) * count for width, count in shapes)
    return [
        theta[end - (width + 1) * count : end].reshape(count, width + 1)
        for end, (width, count) in zip(ends, shapes, strict=True)
    ]


def flat(pairs: Sequence[tuple[Any, Any]]) -> Array:
    """Returns weights and biases of layers as one flat vector."""
    return np.concatenate([np.column_stack([w.reshape(len(b), -1), b]).ravel() for w, b in pairs])


def descend(function: Function, start: Array) -> Contestant:
    """Returns gradient descent on a flat vector, in place."""
    theta = start.copy()

    def step() -> float:
        loss, gradient = function(theta)
        gradient *= RATE
        np.subtract(theta, gradient, out=theta)
        return loss

    return Contestant(step, theta.copy)


# ---------------------------------------------------------------- NumPy
#
# Arrays have a row for each feature and a column for each sample, so that the parameters are the matrices as they lie;
# a row of ones under them carries the biases through the same products. The data are laid out so once, before training.


def head(task: Task) -> Head:
    """Returns the loss of a task."""
    batch, columns, y = len(task.y), np.arange(len(task.y)), task.y

    def softmax(scores: Array) -> float:
        scores -= scores.max(axis=0)
        picked = scores[y, columns].sum()
        np.exp(scores, out=scores)
        total = scores.sum(axis=0)
        loss = (np.log(total).sum() - picked) / batch
        total *= batch
        scores /= total
        scores[y, columns] -= 1 / batch
        return float(loss)

    slope = -y / batch

    def hinge(scores: Array) -> float:
        margins = 1 - y * scores
        np.maximum(margins, 0, out=margins)
        np.multiply(margins > 0, slope, out=scores)
        return float(margins.sum() / batch)

    return hinge if task.kind == "hinge" else softmax


def numpy_mlp(task: Task) -> Function:
    """A perceptron by hand: buffers kept from step to step, everything in place."""
    batch, last, loss_of = len(task.X), len(task.shapes) - 1, head(task)
    inputs = [np.ones((width + 1, batch)) for width, _ in task.shapes]
    inputs[0][:-1] = task.X.T
    scores = np.empty((task.shapes[-1][1], batch))
    outputs = [*(a[:-1] for a in inputs[1:]), scores]
    slopes = [np.empty((width, batch)) for width, _ in task.shapes]
    gradient = np.empty(task.start().size)
    parts = layers(gradient, task.shapes)

    def function(theta: Array) -> tuple[float, Array]:
        weights = layers(theta, task.shapes)
        for k, w in enumerate(weights):
            np.matmul(w, inputs[k], out=outputs[k])
            if k < last:
                np.maximum(outputs[k], 0, out=outputs[k])
        loss, slope = loss_of(scores), scores
        for k in range(last, -1, -1):
            np.matmul(slope, inputs[k].T, out=parts[k])
            if k:
                slope = np.matmul(weights[k][:, :-1].T, slope, out=slopes[k])
                slope *= outputs[k - 1] > 0
        if task.kind == "hinge":
            loss += L2 * float(theta @ theta)
            np.add(gradient, 2 * L2 * theta, out=gradient)
        return loss, gradient

    return function


def numpy_convolution(task: Task) -> Function:
    """The convolution net by hand: each step lays the 3x3 windows of its images side by side."""
    batch, loss_of = len(task.X), head(task)
    images = np.ascontiguousarray(task.X.T).reshape(8, 8, batch)
    windows, maps = np.ones((10, 6, 6, batch)), np.ones((145, batch))
    columns, filtered = windows.reshape(10, -1), maps[:-1].reshape(4, -1)
    gradient = np.empty(task.start().size)
    slope_filters, slope_dense = layers(gradient, task.shapes)

    def function(theta: Array) -> tuple[float, Array]:
        filters, dense = layers(theta, task.shapes)
        for i, j in itertools.product(range(3), repeat=2):
            windows[3 * i + j] = images[i : i + 6, j : j + 6]
        np.matmul(filters, columns, out=filtered)
        np.maximum(filtered, 0, out=filtered)
        scores = dense @ maps
        loss = loss_of(scores)
        np.matmul(scores, maps.T, out=slope_dense)
        slope = (dense[:, :-1].T @ scores).reshape(4, -1)
        slope *= filtered > 0
        np.matmul(slope, columns.T, out=slope_filters)
        return loss, gradient

    return function


def by_hand(task: Task) -> Contestant:
    """The expert's NumPy."""
    function = numpy_convolution(task) if task.kind == "convolution" else numpy_mlp(task)
    return descend(function, task.start())


# ---------------------------------------------------------------- PyTorch


def pytorch(task: Task, device: str = "cpu") -> Contestant:
    """PyTorch, eagerly: tensors and autograd."""
    import torch
    from torch.nn import functional

    torch.set_num_threads(1)
    X, y = (torch.tensor(part, device=device) for part in (task.X, task.y))
    parameters = []
    for layer in layers(task.start(), task.shapes):
        parameters += [torch.tensor(part, device=device, requires_grad=True) for part in (layer[:, :-1], layer[:, -1])]
    pairs = [*zip(parameters[::2], parameters[1::2], strict=True)]

    def value() -> Any:
        x, rest = X, pairs
        if task.kind == "convolution":
            (w, b), *rest = pairs
            x = functional.conv2d(x.view(-1, 1, 8, 8), w.view(4, 1, 3, 3), b).relu().flatten(1)
        for w, b in rest[:-1]:
            x = functional.linear(x, w, b).relu()
        scores = functional.linear(x, *rest[-1])
        if task.kind != "hinge":
            return functional.cross_entropy(scores, y)
        return (1 - y * scores[:, 0]).relu().mean() + L2 * sum((p * p).sum() for p in parameters)

    def step() -> float:
        loss = value()
        gradients = torch.autograd.grad(loss, parameters)
        with torch.no_grad():
            torch._foreach_add_(parameters, gradients, alpha=-RATE)
        return float(loss.detach())

    return Contestant(step, lambda: flat([(w.detach().cpu().numpy(), b.detach().cpu().numpy()) for w, b in pairs]))


# ---------------------------------------------------------------- JAX


def jax_loss(task: Task) -> Callable[[Any, Any, Any], Any]:
    """Returns the loss of weights and biases, rows and targets."""
    import jax
    import jax.numpy as jnp

    def loss(pairs: Any, X: Any, y: Any) -> Any:
        x, rest = X, pairs
        if task.kind == "convolution":
            (w, b), *rest = pairs
            x = jax.lax.conv(x.reshape(-1, 1, 8, 8), w.reshape(4, 1, 3, 3), (1, 1), "VALID") + b[:, None, None]
            x = jax.nn.relu(x).reshape(len(X), -1)
        for w, b in rest[:-1]:
            x = jax.nn.relu(x @ w.T + b)
        w, b = rest[-1]
        scores = x @ w.T + b
        if task.kind != "hinge":
            return -jnp.take_along_axis(jax.nn.log_softmax(scores), y[:, None], axis=1).mean()
        return jax.nn.relu(1 - y * scores[:, 0]).mean() + L2 * sum((p * p).sum() for p in jax.tree.leaves(pairs))

    return loss


def with_jax(task: Task, steps: int = 1) -> Contestant:
    """JAX, compiled: one call a step, or `steps` of them in a scan."""
    import jax
    import jax.numpy as jnp

    start = [(layer[:, :-1], layer[:, -1]) for layer in layers(task.start(), task.shapes)]
    data = (jnp.array(task.X), jnp.array(task.y))
    return jax_descend(jax_loss(task), jax.tree.map(jnp.array, start), data, pack=flat, steps=steps)


def jax_descend(
    loss: Callable[..., Any], start: Any, data: tuple[Any, ...], *, pack: Callable[[Any], Array], steps: int
) -> Contestant:
    """Gradient descent by hand in JAX.

    Args:
        loss: of parameters and data.
        start: the parameters to begin with, a tree of arrays.
        data: what the loss takes besides them.
        pack: the parameters, as NumPy arrays, to one flat vector.
        steps: how many to make in one call.
    """
    from functools import partial

    import jax

    def one(parameters: Any, *data: Any) -> tuple[Any, Any]:
        value, gradients = jax.value_and_grad(loss)(parameters, *data)
        return jax.tree.map(lambda p, g: p - RATE * g, parameters, gradients), value

    def scan(parameters: Any, *data: Any) -> tuple[Any, Any]:
        parameters, values = jax.lax.scan(lambda p, _: one(p, *data), parameters, length=steps)
        return parameters, values[0]

    run: Any = partial(jax.jit, donate_argnums=0)(scan if steps > 1 else one)
    now = [start]

    def step() -> float:
        now[0], value = run(now[0], *data)
        return float(value)

    return Contestant(step, lambda: pack(jax.tree.map(np.asarray, now[0])), steps)


# ---------------------------------------------------------------- CasADi, XAD, and engines with micrograd's interface


def casadi(task: Task) -> Contestant:
    """CasADi: the graph of the whole batch's loss, recorded once with its gradient, and replayed."""
    import casadi as ca

    start = task.start()
    theta, x, end = ca.SX.sym("theta", start.size), ca.SX(task.X.T), 0
    for width, count in task.shapes:
        begin, end = end, end + (width + 1) * count
        layer = ca.reshape(theta[begin:end], width + 1, count).T
        x = layer @ ca.vertcat(x, ca.SX.ones(1, x.shape[1]))
        x = x if end == start.size else ca.fmax(x, 0)
    margins = ca.fmax(1 - ca.SX(task.y[None, :]) * x, 0)
    loss = ca.sum2(margins) / len(task.y) + L2 * ca.sumsqr(theta)
    replay = ca.Function("replay", [theta], [loss, ca.gradient(loss, theta)])
    buffer, _ = kept = replay.buffer()
    value, point, gradient = np.empty(1), np.empty(start.size), np.empty(start.size)
    buffer.set_arg(0, memoryview(point))
    buffer.set_res(0, memoryview(value))
    buffer.set_res(1, memoryview(gradient))

    def function(theta: Array) -> tuple[float, Array]:
        point[:] = theta
        kept[1]()  # which alone would not keep the buffer
        return float(value[0]), gradient

    return descend(function, start)


def xad(task: Task) -> Contestant:
    """XAD's adjoint tape, recorded afresh each step, as its Python operators do."""
    import xad.adj_1st as adjoint
    from xad import math as xmath

    tape = adjoint.Tape()
    tape.activate()
    rows, labels = task.X.tolist(), task.y.tolist()

    def score(row: list[float], weights: list[list[list[Any]]]) -> Any:
        x = [adjoint.Real(v) for v in row]
        for layer in weights:
            sums = [sum((w * v for w, v in zip(neuron, x, strict=False)), neuron[-1]) for neuron in layer]
            x = sums if layer is weights[-1] else [xmath.max(s, 0.0) for s in sums]
        return x[0]

    def function(theta: Array) -> tuple[float, Array]:
        tape.clearAll()
        parameters = [adjoint.Real(v) for v in theta.tolist()]
        for p in parameters:
            tape.registerInput(p)
        tape.newRecording()
        weights = [layer.tolist() for layer in layers(np.array(parameters, dtype=object), task.shapes)]
        losses = [xmath.max(1 + -label * score(row, weights), 0.0) for label, row in zip(labels, rows, strict=True)]
        loss = sum(losses) * (1.0 / len(losses)) + L2 * sum(p * p for p in parameters)
        tape.registerOutput(loss)
        loss.derivative = 1.0
        tape.computeAdjoints()
        return loss.value, np.array([p.derivative for p in parameters])

    return descend(function, task.start())


def micrograd_loss(model: Any, task: Task) -> Any:
    """Returns the loss of micrograd's demo: the whole batch in one graph."""
    losses = [(1 + -label * model(row)).relu() for label, row in zip(task.y.tolist(), task.X.tolist(), strict=True)]
    return sum(losses) * (1.0 / len(losses)) + L2 * sum(p * p for p in model.parameters())


def with_mlp(task: Task, mlp: Any) -> Contestant:
    """Any engine with micrograd's interface, eagerly."""
    model = mlp(task.shapes[0][0], [count for _, count in task.shapes])
    parameters = model.parameters()
    for p, number in zip(parameters, task.start().tolist(), strict=True):
        p.data = number

    def step() -> float:
        loss = micrograd_loss(model, task)
        model.zero_grad()
        loss.backward()
        for p in parameters:
            p.data -= RATE * p.grad
        return float(loss.data)

    return Contestant(step, lambda: np.array([p.data for p in parameters]))


def micrograd(task: Task) -> Contestant:
    """The published micrograd."""
    from micrograd.nn import MLP

    return with_mlp(task, MLP)


# ---------------------------------------------------------------- the GPT


def gpt_documents() -> Array:
    """Returns 32 documents of 8 predicted tokens."""
    import scalar_gpt as gpt

    return np.array([gpt.tokenize(name) for name in gpt.names(2000, 1) if len(name) == 7][:32])


def gpt_start() -> Array:
    """Returns the GPT's parameters to begin with."""
    import scalar_gpt as gpt

    return np.array([p.data for p in gpt.GPT(1).parameters()])


def gpt_by_hand(documents: Array) -> Contestant:
    """The expert's NumPy."""
    import scalar_gpt as gpt

    return descend(gpt.numpy_loss_and_gradient(documents), gpt_start())


def gpt_with_jax(documents: Array) -> Contestant:
    """JAX, compiled, one call a step."""
    import jax.numpy as jnp
    import scalar_gpt as gpt

    def pack(matrices: dict[str, Array]) -> Array:
        return np.concatenate([matrices[name].ravel() for name in gpt.SHAPES])

    start = {name: jnp.array(matrix) for name, matrix in gpt.matrices(gpt_start()).items()}
    return jax_descend(gpt.jax_loss, start, (jnp.array(documents),), pack=pack, steps=1)
