"""Losses of a yes or no: one raw score, whose sign is the answer."""

from __future__ import annotations

from typing import Any

from autograd_lite import LabelError, Value

from .pairs import Outputs, mean, pairs

__all__ = ["binary_cross_entropy", "hinge", "squared_hinge"]


def binary_cross_entropy(logit: Outputs, target: Outputs) -> Value:
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
    for z, t in pairs(logit, target):
        if not 0 <= t <= 1:
            raise LabelError(f"target {t!r} of a binary cross-entropy is outside [0, 1]; use 0 and 1 (not -1 and 1)")
        losses.append(t * (-z).softplus() + (1.0 - t) * z.softplus())
    return mean(losses)


def hinge(score: Outputs, label: Outputs) -> Value:
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
    return mean(_shortfalls(score, label))


def squared_hinge(score: Outputs, label: Outputs) -> Value:
    """Returns the square of `hinge`, whose slope grows with the shortfall and starts at 0.

        max(0, 1 - label*score)^2

    Args:
        score: a raw output, or a sequence of k of them.
        label: -1 or +1; or k of them, over which the mean is taken.
    Raises:
        LabelError: a label other than -1 and +1.
        ShapeError: the lengths differ.
        OperandError: an element is not a number.
    Example:
        >>> squared_hinge(0.5, 1).data
        0.25
    """
    return mean([shortfall * shortfall for shortfall in _shortfalls(score, label)])


def _shortfalls(score: Outputs, label: Outputs) -> list[Value]:
    shortfalls = []
    for s, y in pairs(score, label):
        size: Any = abs(y)
        if not abs(size - 1.0) <= 0:  # one comparison for both labels; nan is neither
            raise LabelError(f"label {y!r} of a hinge loss is neither -1 nor +1; labels of 0 and 1 become 2*label - 1")
        shortfalls.append((1.0 - y * s).relu())
    return shortfalls
