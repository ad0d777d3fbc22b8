"""Us in `lift.py`: the same tasks as scalar code over Values, lifted, and stepped as the others are."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from lift_peers import L2, RATE, Array, Contestant, Task, micrograd_loss

import autograd_lite
import nn
from autograd_lite import Lifted, Value
from autograd_lite.lift import Objective

EPOCH = 10_000
"""Steps in one call of `nn.fit`, and of the scan by hand: a training run, which records, checks and reports once."""


class Convolution(nn.Module):
    """Four 3x3 filters over an 8x8 image, relu, and a dense layer: plain scalar code."""

    def __init__(self) -> None:
        self.filters = nn.Layer(9, 4)
        self.dense = nn.Layer(4 * 36, 10, activation="linear")

    def forward(self, image: Sequence[Any]) -> list[Value]:
        """Returns ten scores of 64 pixels."""
        windows = [[image[8 * (r + i) + c + j] for i in range(3) for j in range(3)] for r in range(6) for c in range(6)]
        return self.dense([neuron(window) for neuron in self.filters.neurons for window in windows])


def scalar_model(task: Task) -> tuple[Any, Callable[[Any, Any], Value]]:
    """Returns a task's model, as scalar code, and its loss(output, target)."""
    if task.kind == "convolution":
        model: nn.Module = Convolution()
    else:
        model = nn.MLP(task.shapes[0][0], [count for _, count in task.shapes])
    parameters = model.parameters()
    put(parameters, task.start())
    if task.kind == "hinge":
        return model, lambda score, y: (1 - y * score).relu() + L2 * sum(p * p for p in parameters)
    return model, nn.softmax_cross_entropy


def put(parameters: list[Value], theta: Array) -> None:
    """Sets the parameters to the numbers of a vector."""
    for p, number in zip(parameters, theta.tolist(), strict=True):
        p.data = number


def lifted_steps(lifted: Lifted, *data: Any) -> Contestant:
    """Gradient descent with a lifted loss, one call a step, the parameters in one flat array."""
    objective = lifted.objective(*data)
    if lifted.backend.name == "jax":
        return compiled_steps(objective)
    theta = objective.start()

    def step() -> float:
        value, gradient = objective(theta)
        theta[...] -= RATE * gradient
        return value

    return Contestant(step, lambda: objective.by_parameter(theta))


def compiled_steps(objective: Objective) -> Contestant:
    """The same as one function compiled by XLA, one call a step."""
    import jax

    function = objective.pure()
    theta = jax.numpy.asarray(objective.start())

    @jax.jit
    def descend(theta: Any, data: Any) -> tuple[Any, Any]:
        value, gradient = function(theta, data=data)
        return value, theta - RATE * gradient

    data = jax.tree.map(jax.numpy.asarray, function.data)

    def step() -> float:
        nonlocal theta
        value, theta = descend(theta, data)
        return float(value)

    return Contestant(step, lambda: objective.by_parameter(theta))


def lifted_samples(task: Task, array: str) -> Contestant:
    """Us: the loss of one sample, lifted over the batch."""
    model, loss = scalar_model(task)
    lifted = autograd_lite.lift(lambda x, y: loss(model(x), y), model.parameters())
    return lifted_steps(lifted.to(array), task.X, task.y)


def lifted_batch(task: Task) -> Contestant:
    """Us: the graph of the whole batch's loss, as micrograd builds it, lifted."""
    model, _ = scalar_model(task)
    lifted = autograd_lite.lift_graph(micrograd_loss(model, task), model.parameters())
    return lifted_steps(lifted)


def lifted_epoch(task: Task, engine: str) -> Contestant:
    """Us: many steps in one call of `nn.fit`."""
    model, loss = scalar_model(task)
    optimizer = nn.SGD(model.parameters(), learning_rate=RATE)

    def step() -> float:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of neurons that died: this run is for the clock
            history = nn.fit(
                model, task.X, task.y, loss=loss, optimizer=optimizer, epochs=EPOCH, engine=engine, progress=False
            )
        return history.losses[0]

    return Contestant(step, lambda: np.array([p.data for p in model.parameters()]), EPOCH)


# ---------------------------------------------------------------- the GPT


def lifted_gpt(documents: Array, array: str) -> Contestant:
    """Us: the loss of one document, lifted over documents of one length."""
    from scalar_gpt import GPT

    model = GPT(1)
    lifted = autograd_lite.lift(model.document_loss, model.parameters())
    return lifted_steps(lifted.to(array), documents)


def eager_gpt(documents: Array) -> Contestant:
    """The eager engine, document by document."""
    from scalar_gpt import GPT

    model = GPT(1)
    parameters, rows = model.parameters(), documents.tolist()

    def step() -> float:
        total = 0.0
        for p in parameters:
            p.grad = 0.0
        for row in rows:
            loss = model.document_loss(row)
            loss.backward(1 / len(rows))
            total += loss.data / len(rows)
        for p in parameters:
            p.data -= RATE * p.grad
        return total

    return Contestant(step, lambda: np.array([p.data for p in parameters]))


def gpt_instructions(documents: Array) -> int:
    """Returns the length of the lifted GPT's program."""
    from scalar_gpt import GPT

    model = GPT(1)
    lifted = autograd_lite.lift(model.document_loss, model.parameters(), example=(documents[0].tolist(),))
    return len(lifted.program)
