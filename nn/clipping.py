"""Clipping: gradients and weights that became too large, made smaller before they do harm.

    clip_value(gradients, limit)    each number by itself, to [-limit, limit]
    clip_norm(gradients, limit)     all together, so that their direction stays

Both take a list of floats or an array (NumPy's or JAX's) and return the same kind. Conditions are factors of 0 and 1,
as an array has no single truth; what is not finite stays so, to be found and named.

Optimizers do this at every step: `SGD(parameters, 0.1, clip_norm=1.0)`.
"""

from __future__ import annotations

import math
from typing import Any

__all__ = ["clip_norm", "clip_value", "norm", "shrink"]


def clip_value(gradients: Any, limit: float) -> Any:
    """Returns gradients of which none is larger than a limit.

    Args:
        gradients: a list of k floats, or an array.
        limit: above 0.
    Example:
        >>> clip_value([3.0, -0.5, -7.0], 1.0)
        [1.0, -0.5, -1.0]
    """
    return _bounded(gradients, limit) if _is_array(gradients) else [_bounded(each, limit) for each in gradients]


def clip_norm(gradients: Any, limit: float) -> Any:
    """Returns gradients scaled down so that their norm is no larger than a limit.

        gradient * min(1, limit/(norm + 1e-6)),   norm = sqrt(sum_i gradient[i]^2)

    Args:
        gradients: a list of k floats, or a 1-D array.
        limit: above 0.
    Example:
        >>> [round(g, 5) for g in clip_norm([3.0, 4.0], 1.0)], clip_norm([0.5], 1.0)
        ([0.6, 0.8], [0.5])

    Source: Razvan Pascanu, Tomas Mikolov and Yoshua Bengio, On the difficulty of training recurrent neural networks,
        2013, algorithm 1; the small number is PyTorch's.
    """
    factor = shrink(norm(gradients), limit)
    return gradients * factor if _is_array(gradients) else [each * factor for each in gradients]


def norm(numbers: Any) -> Any:
    """Returns the root of the sum of the squares.

    Args:
        numbers: a list of floats, which may be as large as they like, or a 1-D array.
    """
    return (numbers * numbers).sum() ** 0.5 if _is_array(numbers) else math.hypot(*numbers)


def shrink(size: Any, limit: float) -> Any:
    """Returns the factor that brings a size down to a limit; 1 if it is not larger, nan if it is not finite.

    Args:
        size: a norm, or an array of norms; at least 0.
        limit: above 0.
    Example:
        >>> shrink(0.5, 1.0), round(shrink(4.0, 1.0), 6), shrink(float("inf"), 1.0)
        (1.0, 0.25, nan)
    """
    ratio = limit / (size + 1e-6)
    return (ratio >= 1) + (ratio < 1) * ratio + 0 * size


def _bounded(number: Any, limit: float) -> Any:
    return (abs(number) <= limit) * number + (number > limit) * limit - (number < -limit) * limit


def _is_array(numbers: Any) -> bool:
    return hasattr(numbers, "shape")
