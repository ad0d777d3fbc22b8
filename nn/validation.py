"""Validation: how good a model is on data that it is not trained on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autograd_lite import InputError, ShapeError, Value, lift, no_grad

from .data import Rows, samples
from .inputs import real
from .module import Module

__all__ = ["HeldOut"]


class HeldOut:
    """Data to measure a model on, again and again.

    Args:
        validation: a pair (X, y), X having as many columns as the model was trained on.
        width: how many that are.
        model: what to measure; it is in the mode for use meanwhile.
        loss: what to measure if there is no metric.
        metric: `metric(output, target)` of one sample, a number.
        lifted: whether to compute outputs by a recording of the model, as plain numbers, rather than one by one.
    Raises:
        InputError: validation is not a pair.
        ShapeError: another number of columns.
    """

    def __init__(
        self,
        validation: Any,
        width: int,
        model: Module,
        *,
        loss: Callable[[Any, Any], Any],
        metric: Callable[[Any, Any], Any] | None,
        lifted: bool,
    ) -> None:
        self.rows, self.targets = _pair(validation, width)
        self.model, self.loss, self.metric = model, loss, metric
        self._lifted = lifted
        self._objective: Any = None

    def measure(self) -> float:
        """Returns the mean of the metric, or of the loss."""
        self.model.eval()
        try:
            with no_grad():
                scores = self._scores()
        finally:
            self.model.train()
        return sum(s.data if isinstance(s, Value) else real("the metric", s) for s in scores) / len(scores)

    def _scores(self) -> list[Any]:
        model, metric = self.model, self.metric or self.loss
        if self._lifted:
            try:
                outputs = self._computed()
            except Exception:  # noqa: BLE001  # the scalar engine says what is wrong in its own words, or can do it
                self._lifted = False
            else:
                if self.metric is None:
                    return outputs
                return [metric(output, target) for output, target in zip(outputs, self.targets, strict=True)]
        return [metric(model(row), target) for row, target in zip(self.rows, self.targets, strict=True)]

    def _computed(self) -> list[Any]:
        """Returns the model's outputs as plain numbers; without a metric the losses."""
        if self._objective is None:
            import numpy as np

            model, loss, X = self.model, self.loss, np.array(self.rows)
            if self.metric is None:
                self._objective = lift(lambda x, y: loss(model(x), y), model.parameters()).objective(X, self.targets)
            else:
                self._objective = lift(lambda x: model(x), model.parameters()).objective(X)  # noqa: PLW0108  # names x
        return self._objective.values().tolist()  # type: ignore[no-any-return]


def _pair(validation: Any, width: int) -> tuple[Rows, list[Any]]:
    if not isinstance(validation, tuple) or len(validation) != 2:
        raise InputError(f"validation is a {type(validation).__name__}, not a pair; pass validation=(X, y)")
    rows, targets = samples("validation X", validation[0], "validation y", validation[1])
    if len(rows[0]) != width:
        raise ShapeError(f"validation X has {len(rows[0])} columns, X has {width}; prepare both the same way")
    return rows, targets
