"""Sequences of vectors: what recurrent layers and attention read, a vector a step."""

from __future__ import annotations

from typing import Any

from autograd_lite import ShapeError, Value

from .inputs import Features, features, is_sequence, numbers, sequence

__all__ = ["state_of", "vectors"]


def vectors(x: Any, width: int, owner: str) -> list[Features]:
    """Returns the steps of a sequence, checked.

    Args:
        x: any number of steps, at least 1, each a vector of `width` Values or numbers. Where the width is 1, a number
            stands for a vector of one.
        width: the length of each vector.
        owner: who wants them, for the message.
    Raises:
        ShapeError: no steps, or one of another length; the message says which.
        InputError: not a sequence.
        OperandError: an element is not a number.
    Example:
        >>> vectors([[1.0, 2.0], [3.0]], 2, "recurrent")
        Traceback (most recent call last):
        ...
        autograd_lite.errors.ShapeError: step 1 of recurrent takes 2 features, got 1; give every row 2 numbers
    """
    steps = sequence(f"the input of {owner}", x)
    if not steps:
        raise ShapeError(f"{owner} got a sequence of no steps; give at least one vector of {width} numbers")
    return [
        features(step if is_sequence(step) else [step], width, f"step {t} of {owner}") for t, step in enumerate(steps)
    ]


def state_of(state: Any, size: int, owner: str) -> Features:
    """Returns what a cell remembers, checked; zeros for None.

    Args:
        state: `size` Values or numbers, or None.
        size: the number of units.
        owner: the cell, for the message.
    Raises:
        ShapeError: another number of them.
        OperandError: an element is not a number.
    """
    if state is None:
        return Features([0.0] * size)
    h = Features([state] if isinstance(state, Value) else numbers(f"the state of {owner}", state))
    if len(h) != size:
        raise ShapeError(f"the state of {owner} has {size} numbers, got {len(h)}; pass what the cell returned")
    return h
