"""Optimizers: how parameters move once their gradients are known.

    >>> from autograd_lite import Value
    >>> w = Value(5.0, name="w")
    >>> optimizer = SGD([w], learning_rate=0.1)
    >>> for _ in range(100):
    ...     optimizer.zero_grad()
    ...     ((w - 2.0) ** 2).backward()
    ...     optimizer.step()
    >>> round(w.data, 6)
    2.0

How each moves a parameter is stated in `nn.updates`; what they share, in `nn.moving`. What an optimizer remembers is in
the optimizer, not on the parameters. Each takes the options of `Optimizer`: `weight_decay`, `clip_value`, `clip_norm`
and `constraint`; and a number or a schedule (`nn.schedules`) as its learning rate.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, Unpack

from autograd_lite import InputError, Value

from .inputs import setting
from .moving import Optimizer, Options
from .schedules import Rate
from .updates import adagrad_update, adam_update, rmsprop_update, sgd_update

__all__ = ["SGD", "Adagrad", "Adam", "AdamW", "Optimizer", "RMSprop"]


class SGD(Optimizer):
    """Gradient descent, with momentum if asked; "stochastic" when each step sees only part of the data.

    Args:
        parameters: leaves, each once; `model.parameters()`.
        learning_rate: finite, above 0; or a schedule.
        momentum: how much of the last step's velocity is kept, 0 <= momentum < 1.
        nesterov: whether the velocity looks one step ahead; needs momentum.
        options: those of `Optimizer`.
    Raises:
        InputError: a setting outside its range, or parameters that `Optimizer` does not accept.
    """

    initial = (0.0,)

    def __init__(
        self,
        parameters: Iterable[Value],
        learning_rate: Rate,
        *,
        momentum: float = 0.0,
        nesterov: bool = False,
        **options: Unpack[Options],
    ) -> None:
        super().__init__(parameters, learning_rate, **options)
        self.momentum = _share("momentum", momentum)
        self.nesterov = _yes("nesterov", nesterov)
        if nesterov and not self.momentum:
            raise InputError("nesterov = True does nothing without momentum; pass momentum=0.9 too, or drop it")

    def update(self, value: Any, gradient: Any, *state: Any, step: Any, learning_rate: Any) -> tuple[Any, ...]:
        """Returns the next value and velocity; see `sgd_update`."""
        del step  # all steps are alike
        return sgd_update(
            value, gradient, *state, learning_rate=learning_rate, momentum=self.momentum, nesterov=self.nesterov
        )


class Adagrad(Optimizer):
    """Gradient descent whose step in each parameter shrinks by how large its gradients have been in all.

    Args:
        parameters: leaves, each once; `model.parameters()`.
        learning_rate: finite, above 0; or a schedule.
        epsilon: finite, above 0; keeps the division defined.
        options: those of `Optimizer`.
    Raises:
        InputError: a setting outside its range, or parameters that `Optimizer` does not accept.
    """

    initial = (0.0,)

    def __init__(
        self,
        parameters: Iterable[Value],
        learning_rate: Rate = 0.01,
        *,
        epsilon: float = 1e-10,
        **options: Unpack[Options],
    ) -> None:
        super().__init__(parameters, learning_rate, **options)
        self.epsilon = _epsilon(epsilon)

    def update(self, value: Any, gradient: Any, *state: Any, step: Any, learning_rate: Any) -> tuple[Any, ...]:
        """Returns the next value and sum of squares; see `adagrad_update`."""
        del step  # all steps are alike
        return adagrad_update(value, gradient, *state, learning_rate=learning_rate, epsilon=self.epsilon)


class RMSprop(Optimizer):
    """Gradient descent whose step in each parameter is scaled by how large its gradients have been lately.

    Args:
        parameters: leaves, each once; `model.parameters()`.
        learning_rate: finite, above 0; or a schedule.
        decay: how much of the mean squared gradient is kept, 0 <= decay < 1.
        momentum: how much of the last step's velocity is kept, 0 <= momentum < 1.
        centered: whether to scale by the gradients' spread about their mean rather than by their size.
        epsilon: finite, above 0; keeps the division defined.
        options: those of `Optimizer`.
    Raises:
        InputError: a setting outside its range, or parameters that `Optimizer` does not accept.
    """

    initial = (0.0, 0.0, 0.0)

    def __init__(
        self,
        parameters: Iterable[Value],
        learning_rate: Rate = 0.01,
        *,
        decay: float = 0.99,
        momentum: float = 0.0,
        centered: bool = False,
        epsilon: float = 1e-8,
        **options: Unpack[Options],
    ) -> None:
        super().__init__(parameters, learning_rate, **options)
        self.decay, self.momentum = _share("decay", decay), _share("momentum", momentum)
        self.centered, self.epsilon = _yes("centered", centered), _epsilon(epsilon)

    def update(self, value: Any, gradient: Any, *state: Any, step: Any, learning_rate: Any) -> tuple[Any, ...]:
        """Returns the next value, running means and velocity; see `rmsprop_update`."""
        del step  # all steps are alike
        return rmsprop_update(
            value,
            gradient,
            *state,
            learning_rate=learning_rate,
            decay=self.decay,
            epsilon=self.epsilon,
            momentum=self.momentum,
            centered=self.centered,
        )


class Adam(Optimizer):
    """Gradient descent whose step in each parameter is scaled by how large its gradients have been.

    Args:
        parameters: leaves, each once; `model.parameters()`.
        learning_rate: finite, above 0; or a schedule.
        beta1: how much of the mean gradient is kept, 0 <= beta1 < 1.
        beta2: how much of the mean squared gradient is kept, 0 <= beta2 < 1.
        epsilon: finite, above 0; keeps the division defined.
        options: those of `Optimizer`.
    Raises:
        InputError: a setting outside its range, or parameters that `Optimizer` does not accept.
    """

    initial = (0.0, 0.0)

    def __init__(
        self,
        parameters: Iterable[Value],
        learning_rate: Rate = 0.001,
        *,
        beta1: float = 0.9,
        beta2: float = 0.999,
        epsilon: float = 1e-8,
        **options: Unpack[Options],
    ) -> None:
        super().__init__(parameters, learning_rate, **options)
        self.beta1, self.beta2 = _share("beta1", beta1), _share("beta2", beta2)
        self.epsilon = _epsilon(epsilon)

    def update(self, value: Any, gradient: Any, *state: Any, step: Any, learning_rate: Any) -> tuple[Any, ...]:
        """Returns the next value, mean and square; see `adam_update`."""
        betas = {"beta1": self.beta1, "beta2": self.beta2, "epsilon": self.epsilon}
        return adam_update(value, gradient, *state, step=step, learning_rate=learning_rate, **betas)


class AdamW(Adam):
    """Adam with weights that decay by themselves: weight_decay*learning_rate of each is taken off at every step.

    Within the gradient, as Adam has it, the decay would be scaled like the gradient: least for weights that need it.

    Args:
        parameters: leaves, each once; `model.parameters()`.
        learning_rate: finite, above 0; or a schedule.
        weight_decay: finite, at least 0.
        options: those of `Adam` and of `Optimizer`.
    Raises:
        InputError: a setting outside its range, or parameters that `Optimizer` does not accept.

    Source: Ilya Loshchilov and Frank Hutter, Decoupled weight decay regularization, 2019, algorithm 2.
    """

    def __init__(
        self, parameters: Iterable[Value], learning_rate: Rate = 0.001, *, weight_decay: float = 0.01, **options: Any
    ) -> None:
        super().__init__(parameters, learning_rate, weight_decay=weight_decay, **options)

    def update(self, value: Any, gradient: Any, *state: Any, step: Any, learning_rate: Any) -> tuple[Any, ...]:
        """Returns the next value, mean and square; see `adam_update`."""
        kept = value - learning_rate * self.weight_decay * value
        return super().update(kept, gradient, *state, step=step, learning_rate=learning_rate)

    def slopes(self, values: Any, gradients: Any) -> Any:
        """Returns the gradients as `update` is to see them: without the decay, which is taken off by itself."""
        del values
        return self.clipped(gradients)


def _share(name: str, share: Any) -> float:
    return setting(name, share, f"0 <= {name} < 1", lambda s: 0 <= s < 1)


def _epsilon(epsilon: Any) -> float:
    return setting("epsilon", epsilon, "a finite number above 0", lambda e: 0 < e < math.inf)


def _yes(name: str, answer: Any) -> bool:
    if not isinstance(answer, bool):
        raise InputError(f"{name} = {answer!r:.60} is neither True nor False; pass one of them")
    return answer
