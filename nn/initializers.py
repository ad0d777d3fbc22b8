"""Initializers: how large a layer's weights are before training.

An initializer draws one weight: `initializer(rng, fan_in, fan_out)`. A neuron of fan_in inputs adds up fan_in products,
so weights must shrink as fan_in grows, or signals grow from layer to layer. Biases always start at 0.

    uniform          U(-1, 1), whatever the fan: micrograd's, and the default
    glorot_uniform   U(-a, a),  a = sqrt(6 / (fan_in + fan_out))
    glorot_normal    N(0, s),   s = sqrt(2 / (fan_in + fan_out))
    he_uniform       U(-a, a),  a = sqrt(6 / fan_in)
    he_normal        N(0, s),   s = sqrt(2 / fan_in)
    lecun_normal     N(0, s),   s = sqrt(1 / fan_in)
    zeros            0: every neuron of a layer stays like the others, which is worth seeing once

Sources: Xavier Glorot and Yoshua Bengio, Understanding the difficulty of training deep feedforward neural networks,
2010, equation 16. Kaiming He et al., Delving deep into rectifiers, 2015, equation 10. Yann LeCun et al., Efficient
BackProp, 1998, section 4.6.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType

from autograd_lite import InputError

from .inputs import Rng, setting

__all__ = ["INITIALIZERS", "Initializer", "initializer_function", "normal", "uniform"]

Initializer = Callable[[Rng, int, int], float]


def uniform(low: float, high: float) -> Initializer:
    """Returns the initializer that draws evenly between two bounds.

    Args:
        low: the smallest weight; finite.
        high: the largest, at least `low`; finite.
    Raises:
        InputError: a bound is not a finite number, or they are in the wrong order.
    Example:
        >>> import random
        >>> -0.01 <= uniform(-0.01, 0.01)(random.Random(1), 3, 1) <= 0.01
        True
    """
    a = setting("low", low, "a finite number", math.isfinite)
    b = setting("high", high, f"a finite number of at least low = {low}", lambda high: a <= high < math.inf)
    return lambda rng, _fan_in, _fan_out: rng.uniform(a, b)


def normal(deviation: float) -> Initializer:
    """Returns the initializer that draws from the normal distribution around 0.

    Args:
        deviation: the standard deviation; finite, at least 0.
    Raises:
        InputError: the deviation is negative or not a finite number.
    """
    s = setting("deviation", deviation, "a finite number of at least 0", lambda s: 0 <= s < math.inf)
    return lambda rng, _fan_in, _fan_out: rng.gauss(0.0, s)


def _glorot_uniform(rng: Rng, fan_in: int, fan_out: int) -> float:
    a = math.sqrt(6 / (fan_in + fan_out))
    return rng.uniform(-a, a)


def _glorot_normal(rng: Rng, fan_in: int, fan_out: int) -> float:
    return rng.gauss(0.0, math.sqrt(2 / (fan_in + fan_out)))


def _he_uniform(rng: Rng, fan_in: int, _fan_out: int) -> float:
    a = math.sqrt(6 / fan_in)
    return rng.uniform(-a, a)


def _he_normal(rng: Rng, fan_in: int, _fan_out: int) -> float:
    return rng.gauss(0.0, math.sqrt(2 / fan_in))


def _lecun_normal(rng: Rng, fan_in: int, _fan_out: int) -> float:
    return rng.gauss(0.0, math.sqrt(1 / fan_in))


def _zeros(_rng: Rng, _fan_in: int, _fan_out: int) -> float:
    return 0.0


INITIALIZERS: Mapping[str, Initializer] = MappingProxyType(
    {
        "he_normal": _he_normal,
        "he_uniform": _he_uniform,
        "lecun_normal": _lecun_normal,
        "uniform": uniform(-1, 1),
        "glorot_normal": _glorot_normal,
        "glorot_uniform": _glorot_uniform,
        "zeros": _zeros,
    }
)
"""The initializers by name, read-only."""


def initializer_function(initializer: str | Initializer) -> Initializer:
    """Returns the initializer that a name stands for; a function is returned as it is.

    Raises:
        InputError: no such name; the message lists them.
    """
    if isinstance(initializer, str) and initializer in INITIALIZERS:
        return INITIALIZERS[initializer]
    if callable(initializer):
        return initializer
    names = ", ".join(INITIALIZERS)
    raise InputError(f"initializer = {initializer!r:.60} is unknown; use one of {names}, or f(rng, fan_in, fan_out)")
