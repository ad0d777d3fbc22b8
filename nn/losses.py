"""Losses: how wrong an output is, as a Value to call `backward` on.

    half_squared_error     sum of (p - t)^2 / 2        its gradient is the error p - t itself
    mean_squared_error     mean of (p - t)^2
    binary_cross_entropy   -t*log(q) - (1 - t)*log(1 - q),  q = sigmoid(z)
    softmax_cross_entropy  -log(softmax(z)[label])
    hinge                  max(0, 1 - label*score)

Each takes raw outputs ("logits", "scores"): a sigmoid or softmax in the network would overflow where these do not.
Outputs and targets may be Values or numbers; the result is always a Value. Targets are checked by comparisons that come
out alike for all legal ones, so that a lifted loss takes one way for all samples.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Sequence
from typing import Any

from autograd_lite import LabelError, ShapeError, Value, WholeInput, stop_gradient, take

from .inputs import is_sequence, numbers

__all__ = [
    "binary_cross_entropy",
    "class_index",
    "half_squared_error",
    "hinge",
    "log_softmax",
    "mean_squared_error",
    "softmax",
    "softmax_cross_entropy",
]

Number = Value | float


def half_squared_error(prediction: Number | Sequence[Number], target: Number | Sequence[Number]) -> Value:
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
    errors = [p - t for p, t in _pairs(prediction, target)]
    return 0.5 * sum((error * error for error in errors[1:]), errors[0] * errors[0])


def mean_squared_error(predictions: Number | Sequence[Number], targets: Number | Sequence[Number]) -> Value:
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
    errors = [p - t for p, t in _pairs(predictions, targets)]
    return _mean([error * error for error in errors])


def binary_cross_entropy(logit: Number | Sequence[Number], target: Number | Sequence[Number]) -> Value:
    """Returns the surprise, in nats, at a yes/no target when sigmoid(logit) was the probability given to "yes".

        t*softplus(-z) + (1 - t)*softplus(z)

    which equals softplus(z) - t*z, but adds up two terms that are never negative, so that nothing cancels: the loss
    keeps its relative accuracy however sure the output is.

    Args:
        logit: a raw output z, or a sequence of k of them; any size.
        target: 0 <= t <= 1, usually 0 or 1; or k of them, over which the mean is taken.
    Raises:
        LabelError: a target outside [0, 1].
        ShapeError: the lengths differ.
        OperandError: an element is not a number.
    Example:
        >>> binary_cross_entropy(0.0, 1).data       # log(2)
        0.6931471805599453
        >>> binary_cross_entropy(1000.0, 0).data
        1000.0

    Source: Ian Goodfellow, Yoshua Bengio and Aaron Courville, Deep Learning, 2016, section 6.2.2.2.
    """
    losses = []
    for z, t in _pairs(logit, target):
        if not 0 <= t <= 1:
            raise LabelError(f"target {t!r} of a binary cross-entropy is outside [0, 1]; use 0 and 1 (not -1 and 1)")
        losses.append(t * (-z).softplus() + (1.0 - t) * z.softplus())
    return _mean(losses)


def hinge(score: Number | Sequence[Number], label: Number | Sequence[Number]) -> Value:
    """Returns how far a score falls short of a margin of 1 on its label's side.

        max(0, 1 - label*score)

    Args:
        score: a raw output, or a sequence of k of them.
        label: -1 or +1; or k of them, over which the mean is taken.
    Raises:
        LabelError: a label other than -1 and +1.
        ShapeError: the lengths differ.
        OperandError: an element is not a number.
    Example:
        >>> hinge(0.25, -1).data
        1.25

    Source: Corinna Cortes and Vladimir Vapnik, Support-vector networks, 1995.
    """
    losses = []
    for s, y in _pairs(score, label):
        size: Any = abs(y)
        if not abs(size - 1.0) <= 0:  # one comparison for both labels; nan is neither
            raise LabelError(f"label {y!r} of a hinge loss is neither -1 nor +1; labels of 0 and 1 become 2*label - 1")
        losses.append((1.0 - y * s).relu())
    return _mean(losses)


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
    exponentials, total = _exponentials(_shifted(logits, least=1))
    return [e / total for e in exponentials]


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
    scores = _shifted(logits)
    log_total = _exponentials(scores)[1].log()
    return [z - log_total for z in scores]


def softmax_cross_entropy(logits: Sequence[Number], label: int) -> Value:
    """Returns the surprise, in nats, at a class when softmax(logits) were the probabilities given to the classes.

        log(sum_j exp(z[j] - m)) - (z[label] - m),   m = max(z)

    The gradient is softmax(z) minus the one-hot vector of the label.

    Args:
        logits: one raw score a class; k of them, at least 2.
        label: the class, an int; 0 <= label < k.
    Raises:
        LabelError: the label is outside the range, or not an int (label and range are shown).
        ShapeError: fewer than 2 scores.
    Example:
        >>> z = [Value(0.0), Value(0.0)]
        >>> softmax_cross_entropy(z, 1).backward()
        >>> z[0].grad, z[1].grad
        (0.5, -0.5)

    Source: Pierre Blanchard, Desmond Higham and Nicholas Higham, Accurately computing the log-sum-exp and softmax
        functions, 2021, equation 1.3.
    """
    scores = _shifted(logits)
    log_total = _exponentials(scores)[1].log()
    chosen: Value = take(scores, class_index(label, len(scores)))
    return log_total - chosen


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
        raise LabelError(f"label {label!r:.60} is a {kind}; a class is an int, 0 <= label < {classes}: use int(label)")
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
    values = [_value(z) for z in scores]
    shift = stop_gradient(functools.reduce(Value.maximum, values))
    return [z - shift for z in values]


def _exponentials(scores: list[Value]) -> tuple[list[Value], Value]:
    """Returns the exponential of each score, and their sum."""
    exponentials = [z.exp() for z in scores]
    return exponentials, sum(exponentials[1:], exponentials[0])


def _pairs(predictions: Any, targets: Any) -> list[tuple[Value, Number]]:
    """Returns (prediction, target) pairs from two numbers, or two sequences of the same length."""
    ps = numbers("the predictions", predictions if is_sequence(predictions) else [predictions])
    ts = numbers("the targets", targets if is_sequence(targets) else [targets])
    if len(ps) != len(ts) or not ps or is_sequence(predictions) != is_sequence(targets):
        shapes = [f"{len(v)} in a sequence" if is_sequence(s) else "1" for v, s in ((ps, predictions), (ts, targets))]
        raise ShapeError(f"{shapes[0]} predicted, {shapes[1]} as target; give one target for each prediction")
    return [(_value(p), t) for p, t in zip(ps, ts, strict=True)]


def _value(number: Number) -> Value:
    return number if isinstance(number, Value) else Value(number)


def _mean(losses: list[Value]) -> Value:
    return losses[0] if len(losses) == 1 else sum(losses[1:], losses[0]) / len(losses)
