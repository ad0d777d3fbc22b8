"""What all losses begin and end with: outputs paired with targets, and the mean of what each pair costs."""

from __future__ import annotations

from typing import Any

from autograd_lite import ShapeError, Value
from nn.inputs import as_value, is_sequence, numbers

__all__ = ["Number", "Outputs", "mean", "pairs", "total"]

Number = Value | float
Outputs = Any
"""A number, or a sequence of k numbers; targets are the same."""


def pairs(predictions: Outputs, targets: Outputs) -> list[tuple[Value, Number]]:
    """Returns (prediction, target) pairs from two numbers, or two sequences of the same length.

    Raises:
        ShapeError: the lengths differ, or there is nothing to pair.
        OperandError: an element is not a number.
    """
    ps = numbers("the predictions", predictions if is_sequence(predictions) else [predictions])
    ts = numbers("the targets", targets if is_sequence(targets) else [targets])
    if len(ps) != len(ts) or not ps or is_sequence(predictions) != is_sequence(targets):
        shapes = [f"{len(v)} in a sequence" if is_sequence(s) else "1" for v, s in ((ps, predictions), (ts, targets))]
        raise ShapeError(f"{shapes[0]} predicted, {shapes[1]} as target; give one target for each prediction")
    return [(as_value(p), t) for p, t in zip(ps, ts, strict=True)]


def total(terms: list[Value]) -> Value:
    """Returns the sum of some Values, at least one."""
    return sum(terms[1:], terms[0])


def mean(terms: list[Value]) -> Value:
    """Returns the mean of some Values, at least one."""
    return terms[0] if len(terms) == 1 else total(terms) / len(terms)
