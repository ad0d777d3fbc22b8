"""What all optimizers share: the parameters, the learning rate, and a step that happens wholly or not at all."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, Protocol, TypedDict

from autograd_lite import InputError, NonFiniteError, OperandError, Value

from .clipping import clip_norm, clip_value
from .inputs import setting
from .schedules import Rate, Schedule, checked_rate

__all__ = ["Constraint", "Optimizer", "Options"]


class Constraint(Protocol):
    """What holds of the parameters after every step."""

    def __call__(self, parameters: list[Value], values: Any) -> Any:
        """Returns values that fulfil it.

        Args:
            parameters: whose values they are; k of them.
            values: k floats in a list, or an array of them.
        """


class Options(TypedDict, total=False):
    """What every optimizer may be asked for; see `Optimizer`."""

    weight_decay: float
    clip_value: float | None
    clip_norm: float | None
    constraint: Constraint | None


class Optimizer:
    """What all optimizers share.

    A subclass says in `initial` what it remembers of each parameter before the first step, and in `update` how one
    parameter moves. An update made of + - * / ** and abs moves arrays too, which is how `fit` steps fast. One that is
    for floats only (`math.sqrt(gradient)`, `if gradient > 0`) is called parameter by parameter.

    Args:
        parameters: leaves, each once; `model.parameters()`.
        learning_rate: finite, above 0, or a schedule: a function of the number of steps made before. It may be changed
            between steps.
        weight_decay: the part of each parameter that is added to its gradient, finite, at least 0; the gradient of
            `l2(parameters, weight_decay)`.
        clip_value: no gradient is let through that is larger; finite, above 0. None lets all through.
        clip_norm: nor gradients that together, as one vector, are longer; finite, above 0.
        constraint: what holds of the parameters after every step, such as `MaxNorm`.
    Raises:
        InputError: no parameters, one twice, one that is a result, or a setting outside its range.
        OperandError: a parameter is not a Value.
    Example:
        >>> class Signs(Optimizer):
        ...     def update(self, value, gradient, *, step, learning_rate):
        ...         return (value - learning_rate / step * gradient / (abs(gradient) + 1e-9),)
        >>> w = Value(1.0)
        >>> w.grad = 30.0
        >>> Signs([w], learning_rate=0.25).step()
        >>> round(w.data, 6)
        0.75
    """

    initial: tuple[float, ...] = ()
    """What is remembered of each parameter before the first step."""

    def __init__(
        self,
        parameters: Iterable[Value],
        learning_rate: Rate,
        *,
        weight_decay: float = 0.0,
        clip_value: float | None = None,
        clip_norm: float | None = None,
        constraint: Constraint | None = None,
    ) -> None:
        self.parameters = _checked(parameters)
        self.steps = 0
        self.learning_rate = learning_rate
        self.weight_decay = setting(
            "weight_decay", weight_decay, "a finite number of at least 0", lambda d: 0 <= d < math.inf
        )
        self.clip_value, self.clip_norm = _limit("clip_value", clip_value), _limit("clip_norm", clip_norm)
        if constraint is not None and not callable(constraint):
            raise InputError(f"constraint = {constraint!r:.60} cannot be called; pass MaxNorm(model, limit)")
        self.constraint = constraint
        self.state: list[tuple[float, ...]] = [self.initial] * len(self.parameters)

    @property
    def learning_rate(self) -> Any:
        """The learning rate of the next step, a float; it is set to a float or a schedule."""
        if self.schedule is None:
            return self._learning_rate
        return setting(
            f"the learning rate of step {self.steps + 1}, by {self.schedule!r:.60},",
            self.schedule(self.steps),
            "a finite number of at least 0",
            lambda r: 0 <= r < math.inf,
        )

    @learning_rate.setter
    def learning_rate(self, new: Rate) -> None:
        self._learning_rate = checked_rate(new)

    @property
    def schedule(self) -> Schedule | None:
        """The schedule that the learning rate follows; None if it is a number."""
        return self._learning_rate if callable(self._learning_rate) else None

    def update(self, value: Any, gradient: Any, *state: Any, step: Any, learning_rate: Any) -> tuple[Any, ...]:
        """Returns a parameter's next value, followed by what to remember of it.

        Args:
            value: the parameter: a float, or an array of parameters (NumPy's or JAX's).
            gradient: d loss / d value, of the same shape.
            state: what was remembered, in the order of `initial`; each of the same shape.
            step: the number of this step, from 1.
            learning_rate: of this step.
        """
        raise NotImplementedError(f"{type(self).__name__} has no update(...); define it in the class")

    def slopes(self, values: Any, gradients: Any) -> Any:
        """Returns the gradients as `update` is to see them: clipped, and with the decay of the weights.

        Args:
            values: of all parameters, in any order: a list of floats, or an array.
            gradients: likewise, in the same order.
        """
        slopes, decay = self.clipped(gradients), self.weight_decay
        if not decay:
            return slopes
        if isinstance(slopes, list):
            return [slope + decay * value for value, slope in zip(values, slopes, strict=True)]
        return slopes + decay * values

    def clipped(self, gradients: Any) -> Any:
        """Returns the gradients, none of them nor all together larger than allowed.

        Args:
            gradients: of all parameters: a list of floats, or an array.
        """
        if self.clip_value is not None:
            gradients = clip_value(gradients, self.clip_value)
        return gradients if self.clip_norm is None else clip_norm(gradients, self.clip_norm)

    def constrained(self, values: Any) -> Any:
        """Returns the values that parameters keep after a step.

        Args:
            values: of all parameters, in their order: a list of floats, or an array.
        """
        return values if self.constraint is None else self.constraint(self.parameters, values)

    def step(self) -> None:
        """Moves every parameter once, by the gradient it has now.

        Raises:
            NonFiniteError: a gradient or a result is nan or infinite; the parameter is named, and nothing moved.
        """
        now = {"step": self.steps + 1, "learning_rate": self.learning_rate}
        self._check_gradients()
        results, before = [], [parameter.data for parameter in self.parameters]
        slopes = self.slopes(before, [parameter.grad for parameter in self.parameters])
        for index, (parameter, slope, state) in enumerate(zip(self.parameters, slopes, self.state, strict=True)):
            result = self.update(parameter.data, slope, *state, **now)
            if not all(map(math.isfinite, result)):
                raise NonFiniteError(
                    f"a step would take parameter {_called(parameter, index)} from {parameter.data!r} to {result[0]!r} "
                    f"by a gradient of {parameter.grad!r}; nothing was changed. "
                    "Lower the learning rate, or rescale the data."
                )
            results.append(result)
        try:
            self._set(self.constrained([result[0] for result in results]))
            self.state = [tuple(result[1:]) for result in results]
            self.steps += 1
        except BaseException:  # Ctrl-C, most likely: half a step is worse than none
            self._set(before)
            raise

    def _check_gradients(self) -> None:
        for index, parameter in enumerate(self.parameters):
            if not math.isfinite(parameter.grad):
                raise NonFiniteError(
                    f"the gradient of parameter {_called(parameter, index)} is {parameter.grad!r} "
                    f"(its value is {parameter.data!r}); nothing was changed. "
                    "Find its origin with detect_anomaly(), or lower the learning rate."
                )

    def _set(self, values: Iterable[float]) -> None:
        for parameter, value in zip(self.parameters, values, strict=True):
            parameter.data = value

    def zero_grad(self) -> None:
        """Sets the gradient of every parameter to 0; `backward` adds to what is there."""
        for parameter in self.parameters:
            parameter.grad = 0.0


def _called(parameter: Value, index: int) -> str:
    return repr(parameter.name) if parameter.name else f"number {index}"


def _limit(name: str, limit: Any) -> float | None:
    return None if limit is None else setting(name, limit, "a finite number above 0", lambda c: 0 < c < math.inf)


def _checked(parameters: Any) -> list[Value]:
    if not isinstance(parameters, Iterable):
        kind = type(parameters).__name__
        raise InputError(f"parameters = {parameters!r:.60} is a {kind}, not a sequence; pass model.parameters()")
    checked: list[Value] = []
    seen: dict[Value, int] = {}
    for index, parameter in enumerate(parameters):
        if not isinstance(parameter, Value):
            raise OperandError(f"parameters[{index}] = {parameter!r:.60} is not a Value; pass model.parameters()")
        if not parameter.is_leaf:
            raise InputError(f"parameters[{index}], {parameter.label()}, is a result; an optimizer changes leaves only")
        if parameter in seen:
            first = seen[parameter]
            raise InputError(f"parameters[{index}] is parameters[{first}], {parameter.label()}, again; pass it once")
        seen[parameter] = index
        checked.append(parameter)
    if not checked:
        raise InputError("parameters = [] gives nothing to optimize; pass model.parameters()")
    return checked
