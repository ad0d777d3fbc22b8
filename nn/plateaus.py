"""Plateaus: learning rates that follow the losses. These are callbacks of `fit`, called after every epoch.

AdaptiveRate        more while the loss falls, less when it does not
ReduceOnPlateau     less when the loss has not fallen for a while

>>> from nn import SGD, Neuron, fit, half_squared_error
>>> model = Neuron(1, activation="linear", rng=1)
>>> optimizer = SGD(model.parameters(), learning_rate=0.1)
>>> X, y, adaptive = [[0.0], [1.0], [2.0]], [1.0, 3.0, 5.0], AdaptiveRate(rise=0.01)
>>> history = fit(model, X, y, loss=half_squared_error, optimizer=optimizer, epochs=20, callbacks=[adaptive],
...     progress=False)
>>> optimizer.learning_rate > 0.1
True
"""

from __future__ import annotations

import math
from typing import Any

from autograd_lite import InputError

from .inputs import setting, whole

__all__ = ["AdaptiveRate", "ReduceOnPlateau"]


class AdaptiveRate:
    """A learning rate that rises while the loss is below its mean over the last epochs, and falls otherwise.

        rate = rate + rise         if loss < mean of the losses of the last p epochs
        rate = rate - fall*rate    otherwise

    Until there are p earlier epochs nothing changes.

    Args:
        rise: what is added; finite, above 0.
        fall: which part is taken off, 0 < fall < 1.
        patience: p, how many earlier epochs are looked at, at least 1.
    Raises:
        InputError: a setting outside its range; when called, an optimizer whose learning rate is a schedule.

    Source: Robert Jacobs, Increased rates of convergence through learning rate adaptation, 1988, section 4.
    """

    def __init__(self, rise: float = 0.001, fall: float = 0.1, *, patience: int = 3) -> None:
        self.rise = setting("rise", rise, "a finite number above 0", lambda a: 0 < a < math.inf)
        self.fall = setting("fall", fall, "0 < fall < 1", lambda b: 0 < b < 1)
        self.patience = whole("patience", patience)
        self.losses: list[float] = []

    def __call__(self, epoch: Any) -> None:
        """Changes the learning rate of an `Epoch`'s optimizer."""
        rate = _rate_of(epoch.optimizer)
        if len(self.losses) == self.patience:
            better = epoch.loss < sum(self.losses) / self.patience
            epoch.optimizer.learning_rate = rate + self.rise if better else rate - self.fall * rate
        self.losses = [*self.losses, epoch.loss][-self.patience :]

    def __repr__(self) -> str:
        return f"AdaptiveRate(rise={self.rise}, fall={self.fall}, patience={self.patience})"


class ReduceOnPlateau:
    """A learning rate that is multiplied by a factor when what is measured has stopped getting better.

    Args:
        factor: 0 < factor < 1.
        patience: how many epochs without anything better are borne, at least 0.
        threshold: how much better is better: by this part of the best so far; 0 <= threshold < 1.
        cooldown: how many epochs after a reduction are not counted, at least 0.
        floor: below which the learning rate does not go; finite, at least 0.
        monitor: "loss", or "validation" for what `fit` measures there.
        larger: whether larger is better, as for an accuracy.
    Raises:
        InputError: a setting outside its range; when called, an optimizer whose learning rate is a schedule, or no
            validation to monitor.
    """

    def __init__(
        self,
        factor: float = 0.1,
        *,
        patience: int = 10,
        threshold: float = 1e-4,
        cooldown: int = 0,
        floor: float = 0.0,
        monitor: str = "loss",
        larger: bool = False,
    ) -> None:
        self.factor = setting("factor", factor, "0 < factor < 1", lambda f: 0 < f < 1)
        self.patience = whole("patience", patience, minimum=0)
        self.threshold = setting("threshold", threshold, "0 <= threshold < 1", lambda t: 0 <= t < 1)
        self.cooldown = whole("cooldown", cooldown, minimum=0)
        self.floor = setting("floor", floor, "a finite number of at least 0", lambda f: 0 <= f < math.inf)
        if monitor not in ("loss", "validation"):
            raise InputError(f"monitor = {monitor!r:.60} is not offered; choose 'loss' or 'validation'")
        self.monitor, self.larger = monitor, larger
        self.best: float | None = None
        self.bad = 0  # epochs since the best, or since the last reduction
        self.cooling = 0  # epochs that are still not counted

    def __call__(self, epoch: Any) -> None:
        """Changes the learning rate of an `Epoch`'s optimizer, if it is time to."""
        rate, measured = _rate_of(epoch.optimizer), getattr(epoch, self.monitor)
        if measured is None:
            raise InputError("there is no validation to monitor; pass fit(..., validation=(X, y)), or monitor='loss'")
        if self._better(measured):
            self.best, self.bad = measured, 0
        else:
            self.bad += 1
        if self.cooling:
            self.cooling, self.bad = self.cooling - 1, 0
        if self.bad > self.patience:
            epoch.optimizer.learning_rate = min(rate, max(rate * self.factor, self.floor))
            self.bad, self.cooling = 0, self.cooldown

    def _better(self, measured: float) -> bool:
        if self.best is None:
            return True
        if self.larger:
            return measured > self.best + self.threshold * abs(self.best)
        return measured < self.best - self.threshold * abs(self.best)

    def __repr__(self) -> str:
        return f"ReduceOnPlateau({self.factor}, patience={self.patience}, monitor={self.monitor!r})"


def _rate_of(optimizer: Any) -> float:
    if optimizer.schedule is not None:
        raise InputError(
            f"the learning rate follows a schedule, {optimizer.schedule!r:.60}, which a callback cannot change; "
            "give the optimizer a number"
        )
    return float(optimizer.learning_rate)
