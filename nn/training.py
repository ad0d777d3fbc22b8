"""Training: forward, loss, backward, step, over and over.

    >>> from nn import SGD, Neuron, half_squared_error
    >>> X, y = [[0.0], [1.0], [2.0]], [1.0, 3.0, 5.0]
    >>> model = Neuron(1, activation="linear", rng=1)
    >>> optimizer = SGD(model.parameters(), learning_rate=0.2)
    >>> history = fit(model, X, y, loss=half_squared_error, optimizer=optimizer, epochs=300, progress=False)
    >>> round(model.w[0].data, 3), round(model.b.data, 3)
    (2.0, 1.0)
    >>> history.losses[0] > history.losses[-1]
    True

Samples go through the scalar engine one at a time: the gradient of a mean is the mean of the gradients, so each
sample's graph can be dropped before the next one is built.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from autograd_lite import ArithmeticFault, InputError, NonFiniteError, OperandError, ShapeError, Value, no_grad

from .data import Rows, samples, table
from .inputs import random_source, real, whole
from .layers import MLP
from .module import Module
from .optimizers import Optimizer

__all__ = ["History", "dead_neurons", "fit"]


@dataclass
class History:
    """What happened during training, one entry an epoch.

    Args:
        losses: the mean loss over the training data, as met during the epoch.
        validation: the mean metric over the validation data after the epoch; empty without such data.
        steps: how many times the optimizer has moved the parameters, in all.
    """

    losses: list[float] = field(default_factory=list)
    validation: list[float] = field(default_factory=list)
    steps: int = 0


def fit(
    model: Module,
    X: Sequence[Sequence[float]],
    y: Sequence[Any],
    *,
    loss: Callable[[Any, Any], Value],
    optimizer: Optimizer,
    epochs: int,
    batch_size: int | None = None,
    rng: object = None,
    validation: tuple[Sequence[Sequence[float]], Sequence[Any]] | None = None,
    metric: Callable[[Any, Any], Any] | None = None,
    progress: bool = True,
) -> History:
    """Trains a model and returns what happened.

    Interrupting it (Ctrl-C), or an error in the loss, leaves the model with the weights of the last whole step.

    Args:
        model: called with one row of X.
        X: n rows of k finite numbers; n at least 1.
        y: n targets, whatever the loss accepts.
        loss: `loss(output, target)`, of one sample.
        optimizer: made from the model's parameters.
        epochs: how often all samples are seen, at least 1.
        batch_size: samples a step, at least 1; None means all. The last batch of an epoch may be smaller.
        rng: shuffles the samples before each epoch, unless a batch is all of them: an int as seed or a `random.Random`;
            None is the seed 0, so that training the same model twice gives the same weights.
        validation: data (X, y) to measure after every epoch, not trained on.
        metric: what to measure there, `metric(output, target)` of one sample, a number; None means the loss.
        progress: whether to show a progress bar.
    Raises:
        ShapeError: no data, X and y of different length, or X not a table.
        InputError: a feature or a target is not finite, or a setting is outside its range.
        OperandError: a feature is not a number, or the loss is not a Value.
        NonFiniteError: a loss or gradient became nan or infinite. The epoch, step and a parameter are named; the model
            has the weights of the last finite loss.
    """
    rows, targets = samples("X", X, "y", y)
    held_out = None if validation is None else _held_out(validation, len(rows[0]))
    epochs = whole("epochs", epochs)
    size = len(rows) if batch_size is None else whole("batch_size", batch_size)
    source = random_source(0 if rng is None else rng)
    if not {*model.parameters()} & {*optimizer.parameters}:
        raise InputError("the optimizer moves none of the model's parameters; make it from model.parameters()")
    history, order, was_training = History(), list(range(len(rows))), model.training
    good = [p.data for p in optimizer.parameters]
    model.train()
    try:
        for epoch in _bar(epochs, shown=progress, history=history):
            if size < len(rows):
                source.shuffle(order)
            total = 0.0
            for start in range(0, len(rows), size):
                batch = order[start : start + size]
                try:
                    total += _backward(model, loss, [(rows[i], targets[i]) for i in batch])
                    met = [p.data for p in optimizer.parameters]
                    optimizer.step()
                except ArithmeticFault as fault:
                    raise _stopped(optimizer, good, f"epoch {epoch}, step {history.steps + 1}", fault) from fault
                good = met  # a finite loss was met with these
                history.steps += 1
            history.losses.append(total / len(rows))
            if held_out is not None:
                history.validation.append(_measure(model, *held_out, metric or loss))
    finally:
        model.train(was_training)
    dead = dead_neurons(model, rows) if isinstance(model, MLP) else []
    if dead:
        warnings.warn(
            f"{len(dead)} ReLU neuron(s) give 0 for every row of X and learn nothing from it: {', '.join(dead[:5])}; "
            "lower the learning rate, rescale X, or use leaky_relu",
            stacklevel=2,
        )
    return history


def dead_neurons(model: MLP, X: Sequence[Sequence[float]]) -> list[str]:
    """Returns the names of the ReLU neurons whose output is 0 for every row, so that no gradient reaches their weights.

    Args:
        model: a perceptron with k inputs.
        X: n rows of k finite numbers; n at least 1.
    Raises:
        ShapeError: no rows, or rows of another length.
    Example:
        >>> model = MLP(1, [2, 1], initializer="zeros")
        >>> dead_neurons(model, [[1.0], [2.0]])
        ['layer0.neuron0', 'layer0.neuron1']
    """
    outputs: list[Any] = [*table("X", X)]
    dead = []
    with no_grad():
        for layer in model.layers:
            outputs = [layer(x) for x in outputs]
            columns = zip(*([out] if isinstance(out, Value) else out for out in outputs), strict=True)
            for neuron, column in zip(layer.neurons, columns, strict=True):
                if neuron.activation == "relu" and not any(out.data for out in column):
                    dead.append(f"{layer.scope}.{neuron.scope}")
    return dead


# ---------------------------------------------------------------- one step, and when it fails


def _backward(model: Module, loss: Callable[[Any, Any], Any], batch: list[tuple[list[float], Any]]) -> float:
    """Leaves the gradient of the batch's mean loss in the parameters, and returns the sum of its losses."""
    model.zero_grad()
    total = 0.0
    for row, target in batch:
        value = loss(model(row), target)
        if not isinstance(value, Value):
            kind = type(value).__name__
            raise OperandError(f"the loss returned {kind} {value!r:.60}, not a Value; using .data cuts the graph")
        if not math.isfinite(value.data):
            raise NonFiniteError(f"the loss of a sample is {value.data!r}")
        value.backward(1 / len(batch))
        total += value.data
    return total


def _stopped(optimizer: Optimizer, good: list[float], where: str, fault: ArithmeticFault) -> NonFiniteError:
    """Gives the parameters back their last good weights, and returns the error to raise."""
    largest = max(optimizer.parameters, key=lambda p: abs(p.data))
    name, value = largest.label(), largest.data
    for parameter, data in zip(optimizer.parameters, good, strict=True):
        parameter.data = data
    return NonFiniteError(
        f"training stopped at {where}: {fault}; the largest parameter was {name} = {value!r}. The model has the "
        f"weights of the last finite loss. Lower the learning rate ({optimizer.learning_rate!r}), or rescale the data."
    )


def _measure(model: Module, rows: Rows, targets: list[Any], metric: Callable[[Any, Any], Any]) -> float:
    """Returns the mean of the metric, with the model in the mode for use."""
    model.eval()
    try:
        with no_grad():
            scores = [metric(model(row), target) for row, target in zip(rows, targets, strict=True)]
    finally:
        model.train()
    return sum(s.data if isinstance(s, Value) else real("the metric", s) for s in scores) / len(scores)


def _held_out(validation: Any, width: int) -> tuple[Rows, list[Any]]:
    if not isinstance(validation, tuple) or len(validation) != 2:
        raise InputError(f"validation is a {type(validation).__name__}, not a pair; pass validation=(X, y)")
    rows, targets = samples("validation X", validation[0], "validation y", validation[1])
    if len(rows[0]) != width:
        raise ShapeError(f"validation X has {len(rows[0])} columns, X has {width}; prepare both the same way")
    return rows, targets


def _bar(epochs: int, *, shown: bool, history: History) -> Any:
    """Yields the epochs from 1, behind a progress bar that shows the last loss."""
    from tqdm import tqdm

    with tqdm(total=epochs, unit="epoch", disable=not shown) as bar:
        for epoch in range(1, epochs + 1):
            yield epoch
            bar.set_postfix(loss=f"{history.losses[-1]:.4g}", refresh=False)
            bar.update()
