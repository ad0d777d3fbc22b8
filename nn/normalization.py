"""Normalisation: a vector brought to a size that does not depend on what came before, and then scaled as is learnt."""

from __future__ import annotations

import math
from typing import Any

from autograd_lite import Value, sqrt

from .inputs import features, setting, whole
from .module import Module

__all__ = ["LayerNorm", "RMSNorm"]


class LayerNorm(Module):
    """Shifts and scales a vector to mean 0 and variance 1, then by factors and offsets that are learnt.

        out[i] = gain[i]*(x[i] - mean)/sqrt(variance + epsilon) + bias[i]

    The variance is the mean of the squared differences from the mean, which loses no digits when the mean is large, as
    mean(x^2) - mean(x)^2 would. The gains start at 1 and the biases at 0.

    Args:
        width: the length of the vector, at least 1.
        epsilon: above 0; keeps a vector of equal numbers from being divided by 0.
        bias: whether there are offsets.
    Raises:
        InputError: a width or an epsilon outside what is said above.
    Example:
        >>> [round(out.data, 4) for out in LayerNorm(3)([1.0, 2.0, 3.0])]
        [-1.2247, 0.0, 1.2247]

    Source: Jimmy Lei Ba, Jamie Ryan Kiros and Geoffrey Hinton, Layer normalization, 2016, equation 4.
    """

    def __init__(self, width: int, *, epsilon: float = 1e-5, bias: bool = True) -> None:
        self.width, self.epsilon = whole("width", width), _epsilon(epsilon)
        self.gain = [Value(1.0) for _ in range(self.width)]
        self.bias = [Value(0.0) for _ in range(self.width)] if bias else []

    def forward(self, x: Any) -> list[Value]:
        """Returns the normalised vector.

        Args:
            x: `width` Values or numbers.
        Raises:
            ShapeError: x has another length.
            OperandError: an element of x is not a number.
        """
        x = features(x, self.width, self.scope)
        mean = sum(x[1:], x[0]) / self.width
        apart = [number - mean for number in x]
        scaled = _scaled(apart, self.epsilon, self.gain)
        return [out + b for out, b in zip(scaled, self.bias, strict=True)] if self.bias else scaled

    def __repr__(self) -> str:
        return f"LayerNorm({self.width}{'' if self.bias else ', bias=False'})"


class RMSNorm(Module):
    """Scales a vector to a mean square of 1, then by factors that are learnt.

        out[i] = gain[i]*x[i]/sqrt(mean(x^2) + epsilon)

    It is `LayerNorm` without the shift, which is seldom missed. The gains start at 1.

    Args:
        width: the length of the vector, at least 1.
        epsilon: above 0; keeps a vector of zeros from being divided by 0.
    Raises:
        InputError: a width or an epsilon outside what is said above.
    Example:
        >>> [round(out.data, 4) for out in RMSNorm(2)([3.0, 4.0])]
        [0.8485, 1.1314]

    Source: Biao Zhang and Rico Sennrich, Root mean square layer normalization, 2019, equation 4.
    """

    def __init__(self, width: int, *, epsilon: float = 1e-5) -> None:
        self.width, self.epsilon = whole("width", width), _epsilon(epsilon)
        self.gain = [Value(1.0) for _ in range(self.width)]

    def forward(self, x: Any) -> list[Value]:
        """Returns the scaled vector.

        Args:
            x: `width` Values or numbers.
        Raises:
            ShapeError: x has another length.
            OperandError: an element of x is not a number.
        """
        return _scaled(features(x, self.width, self.scope), self.epsilon, self.gain)

    def __repr__(self) -> str:
        return f"RMSNorm({self.width})"


def _epsilon(epsilon: float) -> float:
    return setting("epsilon", epsilon, "a finite number above 0", lambda e: 0 < e < math.inf)


def _scaled(x: list[Any], epsilon: float, gain: list[Value]) -> list[Value]:
    """Returns the numbers divided by their root mean square, times the gains."""
    squares = [number * number for number in x]
    size = sqrt(sum(squares[1:], squares[0]) / len(x) + epsilon)
    return [factor * (number / size) for factor, number in zip(gain, x, strict=True)]
