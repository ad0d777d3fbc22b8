"""Schedules: learning rates that change while training goes on.

    InverseTime(0.1)               0.1 / (1 + t)                 what the perceptron's convergence asks for
    StepDecay(0.1, every=30)       a tenth of it every 30 steps
    ExponentialDecay(0.1, 0.99)    0.1 * 0.99^t
    Cosine(0.1, steps=1000)        half a wave down to 0
    WarmUp(..., steps=100)         from small to where another one starts
    PerEpoch(..., steps=10)        another one, counting epochs of so many steps

A schedule is a function of the number t of steps made before, as one's own may be, and stands where a number would:

    >>> from autograd_lite import Value
    >>> from nn import SGD
    >>> optimizer = SGD([Value(1.0)], learning_rate=StepDecay(0.1, every=2, factor=0.5))
    >>> [(optimizer.learning_rate, optimizer.step())[0] for _ in range(5)]
    [0.1, 0.1, 0.05, 0.05, 0.025]

Learning rates that follow the losses are callbacks of `fit`: see `nn.plateaus`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from autograd_lite import InputError

from .inputs import setting, whole

__all__ = [
    "Cosine",
    "ExponentialDecay",
    "InverseTime",
    "PerEpoch",
    "Rate",
    "Schedule",
    "StepDecay",
    "WarmUp",
    "checked_rate",
]

Schedule = Callable[[int], float]
"""A function of the number of steps made before, 0 at first, which returns the learning rate of the next."""

Rate = float | Schedule


def checked_rate(rate: Any) -> Any:
    """Returns a learning rate as a float, or a schedule as it is.

    Args:
        rate: a finite number above 0, or a function of the number of steps made before.
    Raises:
        InputError: it is neither.
    """
    if callable(rate):
        return rate
    return setting("learning_rate", rate, "a finite number above 0", lambda r: 0 < r < math.inf)


@dataclass
class _Falling:
    """A schedule that starts at a rate of its own."""

    rate: float

    def __post_init__(self) -> None:
        self.rate = setting("rate", self.rate, "a finite number above 0", lambda r: 0 < r < math.inf)


@dataclass
class InverseTime(_Falling):
    """A rate that falls like 1/t: slowly enough to get anywhere, quickly enough to settle.

        rate / (1 + decay*t)

    Args:
        rate: of the first step; finite, above 0.
        decay: finite, above 0.
    Raises:
        InputError: a setting outside its range.
    Example:
        >>> [InverseTime(1.0)(t) for t in (0, 1, 3)]
        [1.0, 0.5, 0.25]

    Source: Herbert Robbins and Sutton Monro, A stochastic approximation method, 1951.
    """

    decay: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        self.decay = setting("decay", self.decay, "a finite number above 0", lambda d: 0 < d < math.inf)

    def __call__(self, t: int) -> float:
        """Returns the learning rate after t steps."""
        return self.rate / (1 + self.decay * t)


@dataclass
class StepDecay(_Falling):
    """A rate that falls by a factor every so many steps.

        rate * factor^floor(t/every)

    Args:
        rate: of the first steps; finite, above 0.
        every: how many steps have the same rate, at least 1.
        factor: 0 < factor <= 1.
    Raises:
        InputError: a setting outside its range.
    Example:
        >>> [StepDecay(1.0, every=10, factor=0.5)(t) for t in (0, 9, 10, 20)]
        [1.0, 1.0, 0.5, 0.25]
    """

    every: int = 1
    factor: float = 0.1

    def __post_init__(self) -> None:
        super().__post_init__()
        self.every = whole("every", self.every)
        self.factor = _factor(self.factor)

    def __call__(self, t: int) -> float:
        """Returns the learning rate after t steps."""
        return self.rate * self.factor ** (t // self.every)


@dataclass
class ExponentialDecay(_Falling):
    """A rate that falls by a factor every step.

        rate * factor^t

    Args:
        rate: of the first step; finite, above 0.
        factor: 0 < factor <= 1.
    Raises:
        InputError: a setting outside its range.
    Example:
        >>> ExponentialDecay(1.0, 0.5)(3)
        0.125
    """

    factor: float = 0.99

    def __post_init__(self) -> None:
        super().__post_init__()
        self.factor = _factor(self.factor)

    def __call__(self, t: int) -> float:
        """Returns the learning rate after t steps."""
        return float(self.rate * self.factor**t)


@dataclass
class Cosine(_Falling):
    """A rate that falls along half a wave: slowly at first and at last. It stays at the floor from then on.

        floor + (rate - floor) * (1 + cos(pi*t/steps))/2

    Args:
        rate: of the first step; finite, above 0.
        steps: until the floor is reached, at least 1.
        floor: 0 <= floor <= rate.
    Raises:
        InputError: a setting outside its range.
    Example:
        >>> [round(Cosine(1.0, steps=4)(t), 4) for t in range(6)]
        [1.0, 0.8536, 0.5, 0.1464, 0.0, 0.0]

    Source: Ilya Loshchilov and Frank Hutter, SGDR: stochastic gradient descent with warm restarts, 2017, equation 5.
    """

    steps: int = 1
    floor: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        self.steps = whole("steps", self.steps)
        self.floor = setting("floor", self.floor, "0 <= floor <= rate", lambda f: 0 <= f <= self.rate)

    def __call__(self, t: int) -> float:
        """Returns the learning rate after t steps."""
        return self.floor + (self.rate - self.floor) * (1 + math.cos(math.pi * min(t / self.steps, 1.0))) / 2


@dataclass
class WarmUp:
    """A rate that rises evenly for some steps to where another schedule begins, and follows that one then.

        then(0) * (t + 1)/steps   while t < steps;   then(t - steps) afterwards

    Args:
        then: a schedule, or a finite number above 0.
        steps: how many steps the rise takes, at least 1.
    Raises:
        InputError: a setting outside its range.
    Example:
        >>> [WarmUp(1.0, steps=4)(t) for t in range(6)]
        [0.25, 0.5, 0.75, 1.0, 1.0, 1.0]

    Source: Priya Goyal and others, Accurate, large minibatch SGD, 2017, section 2.2.
    """

    then: Rate
    steps: int

    def __post_init__(self) -> None:
        self.then = checked_rate(self.then)
        self.steps = whole("steps", self.steps)

    def __call__(self, t: int) -> float:
        """Returns the learning rate after t steps."""
        rate = self.then(max(t - self.steps, 0)) if callable(self.then) else self.then
        return rate * (t + 1) / self.steps if t < self.steps else rate


@dataclass
class PerEpoch:
    """A schedule that counts epochs in place of steps.

    Args:
        of: the schedule, a function of the number of epochs before.
        steps: how many steps an epoch has, at least 1; n samples in batches of b make ceil(n/b).
    Raises:
        InputError: a setting outside its range.
    Example:
        >>> [PerEpoch(InverseTime(1.0), steps=3)(t) for t in range(7)]
        [1.0, 1.0, 1.0, 0.5, 0.5, 0.5, 0.3333333333333333]
    """

    of: Schedule
    steps: int

    def __post_init__(self) -> None:
        if not callable(self.of):
            raise InputError(f"of = {self.of!r:.60} is no schedule; pass one, as in PerEpoch(InverseTime(0.1), 10)")
        self.steps = whole("steps", self.steps)

    def __call__(self, t: int) -> float:
        """Returns the learning rate after t steps."""
        return self.of(t // self.steps)


def _factor(factor: Any) -> float:
    return setting("factor", factor, "0 < factor <= 1", lambda f: 0 < f <= 1)
