"""Optimizers: how parameters move once their gradients are known.

    >>> w = Value(5.0, name="w")
    >>> optimizer = SGD([w], learning_rate=0.1)
    >>> for _ in range(100):
    ...     optimizer.zero_grad()
    ...     ((w - 2.0) ** 2).backward()
    ...     optimizer.step()
    >>> round(w.data, 6)
    2.0

Each update is one pure function of numbers, `sgd_update` and `adam_update`. They use only + - * / **, so they move a
NumPy array of parameters as well as a float. What an optimizer remembers is in the optimizer, not on the parameters.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from autograd_lite import InputError, NonFiniteError, OperandError, Value

from .inputs import setting

__all__ = ["SGD", "Adam", "Optimizer", "adam_update", "sgd_update"]


def sgd_update(value: Any, gradient: Any, velocity: Any, *, learning_rate: float, momentum: float) -> tuple[Any, Any]:
    """Returns the value and the velocity after one step of gradient descent with momentum.

        velocity = momentum*velocity + gradient
        value    = value - learning_rate*velocity

    Args:
        value: a parameter: a float, or an array of parameters.
        gradient: d loss / d value, of the same shape.
        velocity: from the step before; 0 at first.
        learning_rate: above 0.
        momentum: 0 <= momentum < 1.
    Example:
        >>> sgd_update(1.0, 0.5, 0.0, learning_rate=0.5, momentum=0.5)
        (0.75, 0.5)

    Source: Boris Polyak, Some methods of speeding up the convergence of iteration methods, 1964.
    """
    velocity = momentum * velocity + gradient
    return value - learning_rate * velocity, velocity


def adam_update(
    value: Any,
    gradient: Any,
    mean: Any,
    square: Any,
    *,
    step: int,
    learning_rate: float,
    beta1: float,
    beta2: float,
    epsilon: float,
) -> tuple[Any, Any, Any]:
    """Returns the value, and the running means of the gradient and of its square, after one step of Adam.

        mean   = beta1*mean   + (1 - beta1)*gradient
        square = beta2*square + (1 - beta2)*gradient^2
        value  = value - learning_rate * mean/(1 - beta1^step) / (sqrt(square/(1 - beta2^step)) + epsilon)

    The divisions by 1 - beta^step make up for the means having started at 0.

    Args:
        value: a parameter: a float, or an array of parameters.
        gradient: d loss / d value, of the same shape.
        mean: from the step before; 0 at first.
        square: likewise.
        step: the number of this step, from 1.
        learning_rate: above 0; about how far a parameter moves a step.
        beta1: how much of the mean is kept, 0 <= beta1 < 1.
        beta2: how much of the square is kept, 0 <= beta2 < 1.
        epsilon: above 0; keeps the division defined.

    Source: Diederik Kingma and Jimmy Ba, Adam: a method for stochastic optimization, 2015, algorithm 1.
    """
    mean = beta1 * mean + (1 - beta1) * gradient
    square = beta2 * square + (1 - beta2) * (gradient * gradient)
    rate = learning_rate / (1 - beta1**step)
    size = (square / (1 - beta2**step)) ** 0.5
    return value - rate * mean / (size + epsilon), mean, square


class Optimizer:
    """What all optimizers share: the parameters, the learning rate, and a step that happens wholly or not at all.

    A subclass says in `initial` what it remembers of each parameter before the first step, and in `update` how one
    parameter moves. An update made of + - * / ** and abs moves arrays too, which is how `fit` steps fast. One that is
    for floats only (`math.sqrt(gradient)`, `if gradient > 0`) is called parameter by parameter.

    Args:
        parameters: leaves, each once; `model.parameters()`.
        learning_rate: finite, above 0. It may be changed between steps.
    Raises:
        InputError: no parameters, one twice, one that is a result, or a learning rate that is no finite number above 0.
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

    def __init__(self, parameters: Iterable[Value], learning_rate: float) -> None:
        self.parameters = _checked(parameters)
        self.learning_rate = learning_rate
        self.steps = 0
        self.state: list[tuple[float, ...]] = [self.initial] * len(self.parameters)

    @property
    def learning_rate(self) -> float:
        """The learning rate; finite and above 0."""
        return self._learning_rate

    @learning_rate.setter
    def learning_rate(self, new: float) -> None:
        self._learning_rate = setting("learning_rate", new, "a finite number above 0", lambda r: 0 < r < math.inf)

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

    def step(self) -> None:
        """Moves every parameter once, by the gradient it has now.

        Raises:
            NonFiniteError: a gradient or a result is nan or infinite; the parameter is named, and nothing moved.
        """
        results, now = [], {"step": self.steps + 1, "learning_rate": self.learning_rate}
        for index, (parameter, state) in enumerate(zip(self.parameters, self.state, strict=True)):
            name = repr(parameter.name) if parameter.name else f"number {index}"
            if not math.isfinite(parameter.grad):
                raise NonFiniteError(
                    f"the gradient of parameter {name} is {parameter.grad!r} (its value is {parameter.data!r}); "
                    "nothing was changed. Find its origin with detect_anomaly(), or lower the learning rate."
                )
            result = self.update(parameter.data, parameter.grad, *state, **now)
            if not all(map(math.isfinite, result)):
                raise NonFiniteError(
                    f"a step would take parameter {name} from {parameter.data!r} to {result[0]!r} by a gradient of "
                    f"{parameter.grad!r}; nothing was changed. Lower the learning rate, or rescale the data."
                )
            results.append(result)
        before = [parameter.data for parameter in self.parameters]
        try:
            self._set(result[0] for result in results)
            self.state = [result[1:] for result in results]
            self.steps += 1
        except BaseException:  # Ctrl-C, most likely: half a step is worse than none
            self._set(before)
            raise

    def _set(self, values: Iterable[float]) -> None:
        for parameter, value in zip(self.parameters, values, strict=True):
            parameter.data = value

    def zero_grad(self) -> None:
        """Sets the gradient of every parameter to 0; `backward` adds to what is there."""
        for parameter in self.parameters:
            parameter.grad = 0.0


class SGD(Optimizer):
    """Gradient descent, with momentum if asked; "stochastic" when each step sees only part of the data.

    Args:
        parameters: leaves, each once; `model.parameters()`.
        learning_rate: finite, above 0.
        momentum: how much of the last step's velocity is kept, 0 <= momentum < 1.
    Raises:
        InputError: a setting outside its range, or parameters that `Optimizer` does not accept.
    """

    initial = (0.0,)

    def __init__(self, parameters: Iterable[Value], learning_rate: float, *, momentum: float = 0.0) -> None:
        super().__init__(parameters, learning_rate)
        self.momentum = setting("momentum", momentum, "0 <= momentum < 1", lambda m: 0 <= m < 1)

    def update(self, value: Any, gradient: Any, *state: Any, step: Any, learning_rate: Any) -> tuple[Any, ...]:
        """Returns the next value and velocity; see `sgd_update`."""
        del step  # all steps are alike
        return sgd_update(value, gradient, *state, learning_rate=learning_rate, momentum=self.momentum)


class Adam(Optimizer):
    """Gradient descent whose step in each parameter is scaled by how large its gradients have been.

    Args:
        parameters: leaves, each once; `model.parameters()`.
        learning_rate: finite, above 0.
        beta1: how much of the mean gradient is kept, 0 <= beta1 < 1.
        beta2: how much of the mean squared gradient is kept, 0 <= beta2 < 1.
        epsilon: finite, above 0; keeps the division defined.
    Raises:
        InputError: a setting outside its range, or parameters that `Optimizer` does not accept.
    """

    initial = (0.0, 0.0)

    def __init__(
        self,
        parameters: Iterable[Value],
        learning_rate: float = 0.001,
        *,
        beta1: float = 0.9,
        beta2: float = 0.999,
        epsilon: float = 1e-8,
    ) -> None:
        super().__init__(parameters, learning_rate)
        self.beta1 = setting("beta1", beta1, "0 <= beta1 < 1", lambda b: 0 <= b < 1)
        self.beta2 = setting("beta2", beta2, "0 <= beta2 < 1", lambda b: 0 <= b < 1)
        self.epsilon = setting("epsilon", epsilon, "a finite number above 0", lambda e: 0 < e < math.inf)

    def update(self, value: Any, gradient: Any, *state: Any, step: Any, learning_rate: Any) -> tuple[Any, ...]:
        """Returns the next value, mean and square; see `adam_update`."""
        return adam_update(
            value,
            gradient,
            *state,
            step=step,
            learning_rate=learning_rate,
            beta1=self.beta1,
            beta2=self.beta2,
            epsilon=self.epsilon,
        )


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
