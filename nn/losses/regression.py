"""Losses of numbers: how far predictions are from what they should be."""

from __future__ import annotations

import math

from autograd_lite import Value
from nn.inputs import setting

from .pairs import Outputs, mean, pairs, total

__all__ = [
    "half_squared_error",
    "huber",
    "mean_absolute_error",
    "mean_squared_error",
    "sum_absolute_error",
    "sum_squared_error",
]


def half_squared_error(prediction: Outputs, target: Outputs) -> Value:
    """Returns half the sum of the squared errors.

        1/2 * sum_i (prediction[i] - target[i])^2

    Args:
        prediction: an output, or a sequence of k outputs.
        target: what it should be; a number, or k of them.
    Raises:
        ShapeError: the lengths differ.
        OperandError: an element is not a number.
    Example:
        >>> half_squared_error(3.0, 1.0).data
        2.0
    """
    return 0.5 * sum_squared_error(prediction, target)


def sum_squared_error(predictions: Outputs, targets: Outputs) -> Value:
    """Returns the sum of the squared errors ("SSD", sum of squared differences); the best constant is the mean.

        sum_i (predictions[i] - targets[i])^2

    Args:
        predictions: an output, or a sequence of k outputs.
        targets: what they should be; a number, or k of them.
    Raises:
        ShapeError: the lengths differ.
        OperandError: an element is not a number.
    Example:
        >>> sum_squared_error([1.0, 2.0], [1.0, 4.0]).data
        4.0
    """
    return total(_squares(predictions, targets))


def mean_squared_error(predictions: Outputs, targets: Outputs) -> Value:
    """Returns the mean of the squared errors.

        1/k * sum_i (predictions[i] - targets[i])^2

    Args:
        predictions: an output, or a sequence of k outputs.
        targets: what they should be; a number, or k of them.
    Raises:
        ShapeError: the lengths differ.
        OperandError: an element is not a number.
    Example:
        >>> mean_squared_error([1.0, 2.0], [1.0, 4.0]).data
        2.0
    """
    return mean(_squares(predictions, targets))


def sum_absolute_error(predictions: Outputs, targets: Outputs) -> Value:
    """Returns the sum of the absolute errors.

        sum_i |predictions[i] - targets[i]|

    The slope is -1 or +1 however small the error, and 0 where there is none.

    Args:
        predictions: an output, or a sequence of k outputs.
        targets: what they should be; a number, or k of them.
    Raises:
        ShapeError: the lengths differ.
        OperandError: an element is not a number.
    Example:
        >>> sum_absolute_error([1.0, 2.0], [1.0, 4.0]).data
        2.0
    """
    return total([abs(p - t) for p, t in pairs(predictions, targets)])


def mean_absolute_error(predictions: Outputs, targets: Outputs) -> Value:
    """Returns the mean of the absolute errors; less moved by outliers than squares, the best constant is the median.

        1/k * sum_i |predictions[i] - targets[i]|

    Args:
        predictions: an output, or a sequence of k outputs.
        targets: what they should be; a number, or k of them.
    Raises:
        ShapeError: the lengths differ.
        OperandError: an element is not a number.
    Example:
        >>> mean_absolute_error([1.0, 2.0], [1.0, 4.0]).data
        1.0
    """
    return mean([abs(p - t) for p, t in pairs(predictions, targets)])


def huber(predictions: Outputs, targets: Outputs, *, delta: float = 1.0) -> Value:
    """Returns the mean of half the squares of small errors, and of large ones so much that the slope stays delta.

        c*(|e| - c/2),   c = min(|e|, delta),   e = prediction - target

    Args:
        predictions: an output, or a sequence of k outputs.
        targets: what they should be; a number, or k of them.
        delta: up to where an error is small; finite, above 0.
    Raises:
        ShapeError: the lengths differ.
        OperandError: an element is not a number.
        InputError: delta is outside its range.
    Example:
        >>> huber(0.5, 0.0).data, huber(10.0, 0.0).data
        (0.125, 9.5)

    Source: Peter Huber, Robust estimation of a location parameter, 1964.
    """
    delta = setting("delta", delta, "a finite number above 0", lambda d: 0 < d < math.inf)
    sizes = [abs(p - t) for p, t in pairs(predictions, targets)]
    return mean([(c := size.minimum(delta)) * (size - 0.5 * c) for size in sizes])


def _squares(predictions: Outputs, targets: Outputs) -> list[Value]:
    errors = [p - t for p, t in pairs(predictions, targets)]
    return [error * error for error in errors]
