"""Losses of classes: one raw score a class, turned into probabilities by softmax."""

from __future__ import annotations

import functools
import operator
from collections.abc import Sequence
from typing import Any

from autograd_lite import LabelError, ShapeError, Value, WholeInput, stop_gradient, take
from nn.inputs import as_value, is_sequence, numbers, setting

from .pairs import Number, Outputs, mean, pairs, total

__all__ = [
    "categorical_cross_entropy",
    "class_index",
    "log_softmax",
    "negative_log_likelihood",
    "softmax",
    "softmax_cross_entropy",
]


def softmax(logits: Sequence[Number]) -> list[Value]:
    """Returns the probabilities that raw scores stand for; they are positive and add up to 1.

        softmax(z)[i] = exp(z[i] - m) / sum_j exp(z[j] - m),   m = max(z)

    Any m gives the same result; the largest z keeps exp from overflowing.

    Args:
        logits: the raw scores; at least 1.
    Raises:
        ShapeError: no scores.
    Example:
        >>> [p.data for p in softmax([1000.0, 1000.0])]
        [0.5, 0.5]
    """
    exponentials, denominator = _exponentials(_shifted(logits, least=1))
    return [e / denominator for e in exponentials]


def log_softmax(logits: Sequence[Number]) -> list[Value]:
    """Returns the logarithms of the softmax probabilities, also where those are too small for a float.

        log_softmax(z)[i] = z[i] - m - log(sum_j exp(z[j] - m)),   m = max(z)

    Args:
        logits: one raw score a class; at least 2.
    Raises:
        ShapeError: fewer than 2 scores.
    Example:
        >>> [p.data for p in log_softmax([0.0, 1000.0])]
        [-1000.0, 0.0]
    """
    scores, log_total = _scores(logits)
    return [z - log_total for z in scores]


def softmax_cross_entropy(logits: Sequence[Number], label: int, *, smoothing: float = 0.0) -> Value:
    """Returns the surprise, in nats, at a class when softmax(logits) were the probabilities given to the classes.

        log(sum_j exp(z[j] - m)) - (z[label] - m),   m = max(z)

    The gradient is softmax(z) minus the one-hot vector of the label. Also called the sparse categorical cross-entropy,
    as the label is an index; `categorical_cross_entropy` takes the one-hot vector itself.

    Args:
        logits: one raw score a class; k of them, at least 2.
        label: the class, an int; 0 <= label < k.
        smoothing: how much of the label is spread evenly over all classes, 0 <= smoothing <= 1.
    Raises:
        LabelError: the label is outside the range, or not an int (label and range are shown).
        ShapeError: fewer than 2 scores.
        InputError: smoothing is outside its range.
    Example:
        >>> z = [Value(0.0), Value(0.0)]
        >>> softmax_cross_entropy(z, 1).backward()
        >>> z[0].grad, z[1].grad
        (0.5, -0.5)

    Source: Pierre Blanchard, Desmond Higham and Nicholas Higham, Accurately computing the log-sum-exp and softmax
        functions, 2021, equation 1.3.
    """
    scores, log_total = _scores(logits)
    chosen: Value = take(scores, class_index(label, len(scores)))
    return _smoothed(log_total - chosen, scores, log_total, smoothing)


def categorical_cross_entropy(logits: Sequence[Number], target: Sequence[Number], *, smoothing: float = 0.0) -> Value:
    """Returns the mean surprise, in nats, when classes come with chances `target` and were given softmax(logits).

        sum_i target[i] * (log(sum_j exp(z[j] - m)) - (z[i] - m)),   m = max(z)

    Args:
        logits: one raw score a class; k of them, at least 2.
        target: one-hot, or the chance of each class: k numbers, 0 <= t <= 1, that add up to 1.
        smoothing: how much of the target is spread evenly over all classes, 0 <= smoothing <= 1.
    Raises:
        LabelError: a chance is outside [0, 1], they do not add up to 1, or the target is the index of a class.
        ShapeError: fewer than 2 scores, or another number of chances.
        InputError: smoothing is outside its range.
    Example:
        >>> categorical_cross_entropy([0.0, 0.0], [0, 1]).data      # log(2)
        0.6931471805599453

    Source: John Bridle, Probabilistic interpretation of feedforward classification network outputs, 1990.
    """
    scores, log_total = _scores(logits)
    if not is_sequence(target):
        raise LabelError(
            f"target {target!r:.60} of a categorical cross-entropy is not one number a class; "
            "for the index of a class use softmax_cross_entropy"
        )
    chances = [t for _, t in pairs(scores, target)]
    _check_chances(chances)
    surprise = total([t * (log_total - z) for t, z in zip(chances, scores, strict=True)])
    return _smoothed(surprise, scores, log_total, smoothing)


def negative_log_likelihood(probabilities: Outputs, label: int) -> Value:
    """Returns the surprise, in nats, at a class, given the probability of each class.

        -log(probabilities[label])

    The losses of logits are better wherever there is a choice: a probability that a sigmoid has rounded to 0 or 1 is
    beyond repair, and a wrong label then has no finite loss.

    Args:
        probabilities: one a class, k of them, as `softmax` gives; or the probability of class 1 alone, as a sigmoid
            gives, where k = 2. Each is at least 0, and they add up to 1.
        label: the class, an int; 0 <= label < k.
    Raises:
        LabelError: the label is outside the range, or not an int.
        DomainError: the class was given a probability of 0, or of less.
        ShapeError: a sequence of fewer than 2 probabilities.
    Example:
        >>> negative_log_likelihood([0.25, 0.75], 1).data == negative_log_likelihood(0.75, 1).data
        True
        >>> negative_log_likelihood(1.0, 1).data
        0.0
    """
    several = is_sequence(probabilities)
    chances = [as_value(p) for p in numbers("the probabilities", probabilities if several else [probabilities])]
    chances = chances if several else [1.0 - chances[0], chances[0]]
    if len(chances) < 2:
        raise ShapeError(f"{len(chances)} probabilities in a sequence; give one a class, or that of class 1 by itself")
    chosen: Value = take(chances, class_index(label, len(chances)))
    return 0.0 - chosen.log()  # a loss of 0, not of -0


def class_index(label: Any, classes: int) -> Any:
    """Returns a class label as an int.

    Args:
        label: an int or NumPy integer, 0 <= label < classes; a whole-number input while lifting is returned as it is.
        classes: how many classes there are.
    Raises:
        LabelError: the label is outside the range, negative, fractional, a bool or no number.
    Example:
        >>> class_index(3, 3)
        Traceback (most recent call last):
        ...
        autograd_lite.errors.LabelError: label 3 is outside 0 <= label < 3; number the classes from 0
    """
    if isinstance(label, WholeInput):  # being lifted: `take` sees to the range
        return label
    if isinstance(label, bool | Value) or not hasattr(label, "__index__"):
        kind = type(label).__name__
        remedy = "take the index of its largest" if is_sequence(label) else "use int(label)"
        raise LabelError(f"label {label!r:.60} is a {kind}; a class is an int, 0 <= label < {classes}: {remedy}")
    index = operator.index(label)
    if not 0 <= index < classes:
        raise LabelError(f"label {index} is outside 0 <= label < {classes}; number the classes from 0")
    return index


def _shifted(logits: Any, least: int = 2) -> list[Value]:
    """Returns the logits minus the largest, as Values.

    The shift is a plain number: it changes no result, so no derivative flows through it.
    """
    scores = [logits] if isinstance(logits, Value) else numbers("the logits", logits)
    if len(scores) < least:
        remedy = "; for one use binary_cross_entropy" if scores else ""
        raise ShapeError(f"softmax of {len(scores)} score(s); it needs at least {least}{remedy}")
    values = [as_value(z) for z in scores]
    shift = stop_gradient(functools.reduce(Value.maximum, values))
    return [z - shift for z in values]


def _exponentials(scores: list[Value]) -> tuple[list[Value], Value]:
    """Returns the exponential of each score, and their sum."""
    exponentials = [z.exp() for z in scores]
    return exponentials, total(exponentials)


def _scores(logits: Any) -> tuple[list[Value], Value]:
    """Returns the shifted scores, and the logarithm of the sum of their exponentials."""
    scores = _shifted(logits)
    return scores, _exponentials(scores)[1].log()


def _smoothed(surprise: Value, scores: list[Value], log_total: Value, smoothing: float) -> Value:
    """Returns the surprise at a target of which a part is spread evenly over all classes."""
    spread = setting("smoothing", smoothing, "0 <= smoothing <= 1", lambda s: 0 <= s <= 1)
    if not spread:
        return surprise
    return (1.0 - spread) * surprise + spread * mean([log_total - z for z in scores])


def _check_chances(chances: list[Number]) -> None:
    rest: Any = 1.0
    for chance in chances:
        if not 0 <= chance <= 1:
            raise LabelError(f"chance {chance!r} of a class is outside [0, 1]; a target is one-hot, or has chances")
        rest = rest - chance
    if not abs(rest) <= 1e-6:
        raise LabelError(f"the chances of {len(chances)} classes do not add up to 1, {rest!r} is missing; divide by it")
