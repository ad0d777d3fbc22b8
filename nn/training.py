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

By default the loss is recorded once, and batches run as matrix programs; `engine="scalar"` sends every sample through
the scalar engine and gets the same weights, slowly. See `nn.engines`.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

from autograd_lite import DetachedError, InputError, Lifted, LiftError, Value, lift, no_grad

from .data import samples, table
from .engines import engine_called
from .inputs import listed, random_source, sequence, whole
from .layers import MLP
from .module import Module
from .optimizers import Optimizer
from .task import Task, checked_loss, checked_optimizer
from .validation import HeldOut

__all__ = ["Epoch", "History", "dead_neurons", "fit"]


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


@dataclass(frozen=True)
class Epoch:
    """What a callback is called with, after an epoch.

    Args:
        number: of the epoch, from 1.
        loss: the mean loss over the training data, as met during the epoch.
        validation: the mean metric over the validation data; None without such data.
        model: the model, with its present weights. They may be changed.
        optimizer: the optimizer, with its present state. Its learning rate may be changed.
        history: all epochs until now.
    """

    number: int
    loss: float
    validation: float | None
    model: Module
    optimizer: Optimizer
    history: History


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
    callbacks: Sequence[Callable[[Epoch], Any]] = (),
    regularization: Callable[[], Value] | None = None,
    engine: str = "lift",
    dtype: str = "float64",
    progress: bool = True,
) -> History:
    """Trains a model and returns what happened.

    Interrupting it (Ctrl-C), or an error in the loss, leaves the model with the weights of the last whole step (with
    engine="jax" of the last call of the compiled program, which is one epoch or several).

    Training goes on where the optimizer stopped: two calls with one rng are one longer call, whatever the engines, as
    all of them make the same steps. With "lift" and "jax" model and loss are called once, with Values for the numbers
    of a sample, and what they did then stands for all samples: numbers that the model draws at random are drawn once.
    Gradients are not left in the parameters' `grad` by these two.

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
        metric: what to measure there, `metric(output, target)` of one sample, a number; None means the loss. The output
            is a Value with engine="scalar", a plain number with the others, or a list of them.
        callbacks: each is called after every epoch with an `Epoch`. Training ends when one of them returns True.
        regularization: a function of nothing that returns a Value, such as `Penalty(weights_of(model), 1e-3)`; it is
            added to the mean loss of every batch, so to the losses in the history, but not to what validation measures.
        engine: "lift" for matrix programs on NumPy, "jax" for whole epochs compiled by JAX, "scalar" for one sample
            after the other through the scalar engine, which is slow and certain.
        dtype: "float64", or "float32" with "lift" or "jax".
        progress: whether to show a progress bar.
    Raises:
        ShapeError: no data, X and y of different length, or X not a table.
        InputError: a feature or a target is not finite, or a setting is outside its range or of the wrong kind.
        OperandError: a feature is not a number, or the loss is not a Value.
        LiftError: model or loss do something that a recording cannot stand for, such as reading `.data`.
        NonFiniteError: a loss or gradient became nan or infinite. The epoch, step and a parameter are named; the model
            has the weights of the last finite loss.
    """
    rows, targets = samples("X", X, "y", y)
    loss, optimizer = checked_loss(loss), checked_optimizer(optimizer)
    held_out = None
    if validation is not None:
        lifted = engine != "scalar"
        held_out = HeldOut(validation, len(rows[0]), model, loss=loss, metric=metric, lifted=lifted)
    epochs = whole("epochs", epochs)
    size = len(rows) if batch_size is None else whole("batch_size", batch_size)
    source = random_source(0 if rng is None else rng)
    if not {*model.parameters()} & {*optimizer.parameters}:
        raise InputError("the optimizer moves none of the model's parameters; make it from model.parameters()")
    called = sequence("callbacks", callbacks)
    for i, callback in enumerate(called):
        if not callable(callback):
            raise InputError(f"callbacks[{i}] = {callback!r:.60} cannot be called; pass functions of an Epoch")
    if regularization is not None and not callable(regularization):
        raise InputError(
            f"regularization = {regularization!r:.60} cannot be called; pass Penalty(weights_of(model), 1e-3)"
        )
    task = Task(model, loss, optimizer, rows, targets, size, dtype, regularization)
    history, was_training = History(), model.training
    runner = None
    model.train()
    try:
        runner = engine_called(engine, task, watched=bool(called) or held_out is not None)
        with _bar(epochs, shown=progress) as bar:
            stop = False
            while len(history.losses) < epochs and not stop:
                number = len(history.losses) + 1
                ahead = min(runner.ahead, epochs - len(history.losses))
                orders = _orders(len(rows), ahead, source if size < len(rows) else None)
                history.losses += runner.run(orders, number)
                history.steps += len(orders) * -(-len(rows) // size)
                if held_out is not None:
                    runner.finish()
                    history.validation.append(held_out.measure())
                if called:
                    runner.finish()
                    measured = history.validation[-1] if held_out else None
                    epoch = Epoch(number, history.losses[-1], measured, model, optimizer, history)
                    stop = True in [callback(epoch) is True for callback in called]  # each is called
                bar.set_postfix(loss=f"{history.losses[-1]:.4g}", refresh=False)
                bar.update(len(orders))
    finally:
        if runner is not None:
            runner.finish()
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
    rows = table("X", X)
    names = [
        f"{layer.scope}.{n.scope}" if n.activation == "relu" else "" for layer in model.layers for n in layer.neurons
    ]
    if not any(names):
        return []
    import numpy as np

    outputs, lifted = _all_outputs(model)
    alive = np.zeros(len(names), dtype=bool)
    try:
        for start in range(0, len(rows), 1000):
            alive |= lifted(np.array(rows[start : start + 1000])).any(axis=0)
    except (LiftError, DetachedError):  # a layer of the user's own
        with no_grad():
            for row in rows:
                alive |= [bool(out.data) for out in outputs(row)]
    return [name for name, lives in zip(names, alive.tolist(), strict=True) if name and not lives]


_OUTPUTS: WeakKeyDictionary[MLP, tuple[list[Any], Any, Any]] = WeakKeyDictionary()


def _all_outputs(model: MLP) -> tuple[Callable[[Any], list[Value]], Lifted]:
    """Returns the outputs of all layers as a function of a row, and lifted; made once for the same parameters."""
    key = [*map(id, model.parameters()), *(neuron.activation for layer in model.layers for neuron in layer.neurons)]
    if model in _OUTPUTS and _OUTPUTS[model][0] == key:
        return _OUTPUTS[model][1:]
    layers = list(model.layers)

    def outputs(x: Any) -> list[Value]:
        found: list[Any] = []
        for layer in layers:
            x = layer(x)
            found += listed(x)
        return found

    lifted = lift(outputs)
    _OUTPUTS[model] = (key, outputs, lifted)
    return outputs, lifted


def _orders(count: int, epochs: int, source: Any) -> list[list[int]]:
    """Returns the order of the samples in each epoch: shuffled by a source of randomness, or as they come for None."""
    if source is None:
        return [[*range(count)]] * epochs
    orders = [[*range(count)] for _ in range(epochs)]
    for order in orders:
        source.shuffle(order)
    return orders


def _bar(epochs: int, *, shown: bool) -> Any:
    from tqdm import tqdm

    return tqdm(total=epochs, unit="epoch", disable=not shown)
