"""Data for training: a table of features, a row a sample, and a target for each row, checked before anything moves."""

from __future__ import annotations

import math
from typing import Any

from autograd_lite import InputError, ShapeError

from .inputs import is_sequence, real, sequence

__all__ = ["Rows", "samples", "table"]

Rows = list[list[float]]


def table(name: str, X: Any) -> Rows:
    """Returns a table of features as lists of plain floats.

    Args:
        name: what messages call it.
        X: n rows of k finite numbers; n at least 1.
    Raises:
        ShapeError: no rows, rows of different length, or numbers in place of rows.
        InputError: a number is nan or infinite; its row and column are named.
        OperandError: an element is not a number.
    """
    rows: Rows = []
    for i, row in enumerate(sequence(name, X)):
        if not is_sequence(row):
            raise ShapeError(
                f"{name} is one-dimensional: {name}[{i}] is {row!r:.60}; write a list a sample, as in [[x]]"
            )
        values = row.tolist() if hasattr(row, "tolist") else list(row)
        if {*map(type, values)} != {float}:  # floats, the everyday case, are as they should be
            values = [real(f"{name}[{i}][{j}]", value) for j, value in enumerate(values)]
        if len(values) != len((rows or [values])[0]):
            raise ShapeError(f"{name}[{i}] has {len(values)} numbers, {name}[0] has {len(rows[0])}; make rows alike")
        if not all(map(math.isfinite, values)):
            j, value = next((j, value) for j, value in enumerate(values) if not math.isfinite(value))
            raise InputError(f"{name}[{i}][{j}] is {value!r}; features are finite: drop the row or fill the gap")
        rows.append(values)
    if not rows:
        raise ShapeError(f"{name} is empty; give at least one row")
    return rows


def samples(name_x: str, X: Any, name_y: str, y: Any) -> tuple[Rows, list[Any]]:
    """Returns features and targets, checked against each other.

    Args:
        name_x: what messages call the features.
        X: n rows of k finite numbers; n at least 1.
        name_y: what messages call the targets.
        y: n targets: numbers, which must be finite, sequences of them, or anything else that a loss understands.
    Raises:
        ShapeError: X is no table, or y has another length.
        InputError: a number is nan or infinite.
    """
    rows, targets = table(name_x, X), sequence(name_y, y)
    if len(rows) != len(targets):
        raise ShapeError(f"{name_x} has {len(rows)} rows and {name_y} {len(targets)} targets; give one target a row")
    for i, target in enumerate(targets):
        for number in target if is_sequence(target) else [target]:
            if isinstance(number, float) and not math.isfinite(number):
                raise InputError(
                    f"{name_y}[{i}] is {target!r:.60}; targets are finite: drop the sample or fill the gap"
                )
    return rows, targets
