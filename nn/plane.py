"""The plane of two features, and how a model divides it into classes."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from autograd_lite import ArithmeticFault, DetachedError, InputError, LiftError, OperandError, Value, lift, no_grad

from .data import Rows
from .inputs import is_sequence
from .losses import half_squared_error, mean_squared_error
from .metrics import classify
from .module import Module

__all__ = ["Landscape", "kinds_of", "landscape"]

CELLS = 32
"""How many cells there are in each direction."""

_MARGIN = 0.15  # how far the plane goes beyond the data, relative to their range


@dataclass
class Landscape:
    """A grid over the data, and the model's score in the middle of each cell.

    Args:
        model: called with two numbers; it is looked at as it is whenever `scores` is called.
        points: the data: two features, and an index into `labels`.
        labels: the classes' names.
        x: the lowest and the highest first feature shown.
        y: likewise the second.
        middle: of a single score, where the classes meet.
        classes: there are several scores, one a class.
    """

    model: Module
    points: list[tuple[float, float, int]]
    labels: list[str]
    x: tuple[float, float]
    y: tuple[float, float]
    middle: float = 0.0
    classes: bool = False

    def __post_init__(self) -> None:
        self._grid = [[px, py] for py in _centers(*self.y) for px in _centers(*self.x)]
        self._objective: Any = None
        self._lifted = True

    def frame(self) -> dict[str, Any]:
        """Returns everything about the picture but the scores, as `TrainingRecorder.divide` takes it."""
        size = {"columns": CELLS, "rows": CELLS}
        return {"points": self.points, "labels": self.labels, "x": self.x, "y": self.y, "classes": self.classes, **size}

    def scores(self) -> list[float]:
        """Returns a number for each cell, the lowest row first: the score, or of several the index of the largest."""
        return [self._score(output) for output in self._outputs()]

    def _score(self, output: Any) -> float:
        if not is_sequence(output):
            return float(output) - self.middle
        try:
            return float(classify(output)) if self.classes else output[0] - self.middle
        except InputError:  # nan
            return math.nan

    def _outputs(self) -> list[Any]:
        if self._lifted:
            try:
                return self._computed()
            except (LiftError, DetachedError, ArithmeticFault):  # a layer of the user's own; or undefined in some cell
                self._lifted = False
        with no_grad():
            return [self._cell(cell) for cell in self._grid]

    def _cell(self, cell: list[float]) -> Any:
        """Returns the model's output in a cell; nan where it is not defined, as it may be away from the data."""
        try:
            return _plain(self.model(cell))
        except (ArithmeticError, ValueError, OperandError):  # (-1.0) ** 0.5 is complex, and so no operand
            return math.nan

    def _computed(self) -> list[Any]:
        if self._objective is None:
            import numpy as np

            model = self.model
            lifted = lift(lambda x: model(x), model.parameters())  # noqa: PLW0108  # names x
            self._objective = lifted.objective(np.array(self._grid))
        return self._objective.values().tolist()  # type: ignore[no-any-return]


def landscape(
    model: Module, rows: Rows, targets: list[Any], loss: Callable[[Any, Any], Value], *, scores: int
) -> Landscape | None:
    """Returns the plane of the data; None if features are not two, or targets no classes.

    Args:
        model: what divides it.
        rows: n rows of features.
        targets: n targets: of a single score 0 and 1, or -1 and +1; of several the class.
        loss: what it is trained by; squared errors put the border between the two targets, others at a score of 0.
        scores: how many the model returns, at least 1.
    Raises:
        InputError: there is one, of a width that no float holds.
    """
    if len(rows[0]) != 2 or any(is_sequence(target) for target in targets):
        return None
    kinds = kinds_of(targets, scores)
    if not kinds:
        return None
    middle = (kinds[0] + kinds[-1]) / 2 if loss in (half_squared_error, mean_squared_error) else 0.0
    points = [(row[0], row[1], kinds.index(target)) for row, target in zip(rows, targets, strict=True)]
    x, y = (_range(column, [row[column] for row in rows]) for column in range(2))
    return Landscape(model, points, [f"{kind:g}" for kind in kinds], x, y, middle, scores > 1)


def kinds_of(targets: list[Any], scores: int) -> list[int]:
    """Returns the classes that targets may name, in order; none if they are no classes.

    Args:
        targets: n targets, at least 1.
        scores: how many the model returns, at least 1.
    Example:
        >>> kinds_of([1, 1], 1), kinds_of([-1, 1], 1), kinds_of([0.5, 1.0], 1), kinds_of([0, 2], 4)
        ([0, 1], [-1, 1], [], [0, 1, 2, 3])
    """
    for kinds in ([*range(scores)],) if scores > 1 else ([0, 1], [-1, 1]):
        if all(not is_sequence(target) and target in kinds for target in targets):
            return kinds
    return []


def _range(column: int, numbers: list[float]) -> tuple[float, float]:
    low, high = min(numbers), max(numbers)
    margin = _MARGIN * (high - low) or max(1.0, 1e-6 * abs(low))  # of huge numbers 1 is nothing
    ends = low - margin, high + margin
    if not math.isfinite(ends[1] - ends[0]):
        raise InputError(f"feature {column} goes from {low:g} to {high:g}, too wide for a plane; rescale it")
    return ends


def _centers(low: float, high: float) -> list[float]:
    return [low + (high - low) * (i + 0.5) / CELLS for i in range(CELLS)]


def _plain(output: Any) -> Any:
    if is_sequence(output):
        return [_plain(each) for each in output]
    return output.data if isinstance(output, Value) else float(output)
