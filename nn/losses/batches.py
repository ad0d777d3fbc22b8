"""Losses of many samples, and of classes that do not count alike.

`fit` takes the loss of one sample, and means over batches itself. To weigh classes there, wrap the loss:

    >>> from nn import softmax_cross_entropy
    >>> loss = weighted(softmax_cross_entropy, [1.0, 3.0])
    >>> loss([0.0, 0.0], 1).data == 3 * loss([0.0, 0.0], 0).data
    True
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from autograd_lite import InputError, LabelError, ShapeError, Value, take
from nn.inputs import is_sequence, sequence, setting

from .categorical import class_index
from .pairs import mean, total

__all__ = ["batch_loss", "weighted"]

Loss = Callable[[Any, Any], Value]

REDUCTIONS = ("mean", "sum", "none")


def weighted(loss: Loss, weights: Sequence[float]) -> Loss:
    """Returns a loss that counts a sample of class i `weights[i]` times.

    A mean over samples stays a mean over samples: it is not divided by the weights. Weights whose mean over the data is
    1, as n / (k * how often the class occurs), leave the scale of the loss as it is.

    Args:
        loss: `loss(output, label)`, of one sample.
        weights: one a class, at least 2; finite, at least 0, not all 0. For two classes told apart by one score the
            labels are 0 and 1.
    Returns:
        A function of an output and a label, an int, 0 <= label < number of weights.
    Raises:
        InputError: a weight is outside its range, or the loss is no function.
        ShapeError: fewer than 2 weights.
    """
    table = _weights(weights)
    if not callable(loss):
        raise InputError(f"loss = {loss!r:.60} cannot be called; pass a loss of one sample, such as hinge")

    def weighted_loss(output: Any, label: Any) -> Value:
        return loss(output, label) * _weight(table, label)

    return weighted_loss


def batch_loss(
    loss: Loss,
    outputs: Sequence[Any],
    targets: Sequence[Any],
    *,
    reduction: str = "mean",
    weights: Sequence[float] | None = None,
) -> Value | list[Value]:
    """Returns what several samples cost: the mean, the sum, or each loss.

        mean = sum_i w[target[i]]*loss[i] / sum_i w[target[i]]

    Args:
        loss: `loss(output, target)`, of one sample.
        outputs: n outputs, at least 1; whatever the loss accepts.
        targets: n targets.
        reduction: "mean", "sum" or "none".
        weights: how often a sample of each class counts; None means once. Targets are then classes, as for `weighted`.
    Returns:
        A Value, or with "none" the n of them.
    Raises:
        ShapeError: no samples, or another number of targets.
        InputError: another reduction, a weight outside its range, or a mean over samples that all weigh 0.
    Example:
        >>> from nn import mean_squared_error
        >>> batch_loss(mean_squared_error, [1.0, 2.0], [0.0, 0.0]).data
        2.5
        >>> [each.data for each in batch_loss(mean_squared_error, [1.0, 2.0], [0.0, 0.0], reduction="none")]
        [1.0, 4.0]
    """
    if reduction not in REDUCTIONS:
        raise InputError(f"reduction = {reduction!r:.60} is not offered; choose 'mean', 'sum' or 'none'")
    given, wanted = sequence("the outputs", outputs), sequence("the targets", targets)
    if len(given) != len(wanted) or not given:
        raise ShapeError(f"{len(given)} outputs and {len(wanted)} targets; give one target for each, at least one")
    losses = [loss(output, target) for output, target in zip(given, wanted, strict=True)]
    if weights is None:
        return losses if reduction == "none" else total(losses) if reduction == "sum" else mean(losses)
    table = _weights(weights)
    counts = [_weight(table, target) for target in wanted]
    losses = [each * count for each, count in zip(losses, counts, strict=True)]
    if reduction != "mean":
        return losses if reduction == "none" else total(losses)
    if not any(counts):
        raise InputError("all samples have a weight of 0, which leaves no mean; give their classes a weight above 0")
    return total(losses) / sum(counts)


def _weights(weights: Any) -> list[float]:
    needs = "a finite number of at least 0"
    table = [
        setting(f"weights[{i}]", weight, needs, lambda w: 0 <= w < math.inf)
        for i, weight in enumerate(sequence("weights", weights))
    ]
    if len(table) < 2:
        raise ShapeError(f"{len(table)} weight(s) for the classes; give one for each, at least 2")
    if not any(table):
        raise InputError(f"weights = {table!r:.60} leave nothing to learn from; give a class a weight above 0")
    return table


def _weight(table: list[float], label: Any) -> Value | float:
    if is_sequence(label):
        raise LabelError(f"label {label!r:.60} of a weighted loss is a sequence; weights are for the index of a class")
    weight: Value | float = take(table, class_index(label, len(table)))
    return weight
