"""Metrics: how good the answers are, as plain numbers. Unlike losses they have no useful derivative."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from autograd_lite import InputError, ShapeError, Value

from .inputs import is_sequence, numbers, sequence, whole
from .losses import class_index

__all__ = ["accuracy", "classify", "confusion_table", "correct"]


def classify(output: Value | float | Sequence[Value | float]) -> int:
    """Returns the class that an output stands for.

    Args:
        output: one raw score, or a sequence with one a class, at least 2.
    Returns:
        For one score 1 if it is above 0, else 0; of several the index of the largest, the first of equal ones.
    Raises:
        ShapeError: a sequence of fewer than 2 scores.
        InputError: a score is nan, which is neither large nor small.
    Example:
        >>> classify(-0.5), classify([0.1, 2.0, 0.3])
        (0, 1)
    """
    several = is_sequence(output)
    scores = [v.data if isinstance(v, Value) else v for v in numbers("the output", output if several else [output])]
    if several and len(scores) < 2:
        raise ShapeError(f"{len(scores)} score(s) in a sequence; give one for each class, or a single score by itself")
    if any(score != score for score in scores):
        raise InputError(f"the scores {scores!r:.60} contain nan and name no class; find the nan with detect_anomaly()")
    return scores.index(max(scores)) if several else int(scores[0] > 0)


def correct(output: Value | float | Sequence[Value | float], label: int) -> float:
    """Returns 1.0 if the output names the class of the label, else 0.0; a `metric` for `fit`.

    Args:
        output: as for `classify`; of k scores, or one.
        label: the right class, 0 <= label < k, where one score stands for k = 2.
    Raises:
        LabelError: the label is outside the range, or not an int.
    Example:
        >>> correct([0.1, 2.0, 0.3], 1)
        1.0
    """
    predicted = classify(output)
    return float(predicted == class_index(label, len(sequence("the output", output)) if is_sequence(output) else 2))


def accuracy(predicted: Sequence[int], labels: Sequence[int]) -> float:
    """Returns the fraction of samples whose predicted class is the right one, 0 to 1.

    Args:
        predicted: n classes, ints; n at least 1.
        labels: the n right ones; any ints, such as 0 and 1, or -1 and +1.
    Raises:
        ShapeError: the lengths differ, or are 0.
        InputError: a class is not an int.
    Example:
        >>> accuracy([0, 1, 1, 0], [0, 1, 0, 0])
        0.75
    """
    pairs = _pairs(predicted, labels)
    return sum(p == t for p, t in pairs) / len(pairs)


def confusion_table(predicted: Sequence[int], labels: Sequence[int], *, classes: int | None = None) -> list[list[int]]:
    """Returns how often samples of class i were taken for class j, as `table[i][j]`.

    Args:
        predicted: n classes, 0 <= class < classes; n at least 1.
        labels: the n right ones.
        classes: how many classes there are; by default just enough for those that occur.
    Raises:
        LabelError: a class outside the range.
        ShapeError: the lengths differ, or are 0.
        InputError: a class is not an int.
    Example:
        >>> confusion_table([0, 1, 1, 0], [0, 1, 0, 0])
        [[2, 1], [0, 1]]
    """
    pairs = _pairs(predicted, labels)
    k = 1 + max(max(pair) for pair in pairs) if classes is None else whole("classes", classes)
    table = [[0] * k for _ in range(k)]
    for p, t in pairs:
        table[class_index(t, k)][class_index(p, k)] += 1
    return table


def _pairs(predicted: Any, labels: Any) -> list[tuple[int, int]]:
    ps, ts = sequence("the predicted classes", predicted), sequence("the labels", labels)
    if len(ps) != len(ts) or not ps:
        raise ShapeError(f"{len(ps)} predicted classes for {len(ts)} labels; give as many of each, at least one")
    return [
        (whole(f"predicted[{i}]", p, minimum=None), whole(f"labels[{i}]", t, minimum=None))
        for i, (p, t) in enumerate(zip(ps, ts, strict=True))
    ]
