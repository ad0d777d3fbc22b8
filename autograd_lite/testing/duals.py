"""Oracle: dual numbers over fractions, which give the gradient exactly.

What each operation does to a gradient is written out by hand; of the table only the `value` column is read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import cache
from typing import Any

from autograd_lite.arithmetics import Arithmetic
from autograd_lite.errors import RuleError
from autograd_lite.tape import Tape

__all__ = ["dual_arithmetic", "exact_gradient"]


class _Dual:
    """A number and its gradient, both exact; what each operation does to them is written out here by hand.

    A constant has the gradient None, because conventions at ties ask whether the other operand is one.
    """

    def __init__(self, number: Any, gradient: tuple[Any, ...] | None = None) -> None:
        self.number, self.gradient = Fraction(number), gradient

    def moved(self, number: Any, *influences: tuple[Any, _Dual]) -> _Dual:
        """Returns a result: its number, and how strongly it follows each operand."""
        parts = [[strength * d for d in dual.gradient] for strength, dual in influences if dual.gradient is not None]
        return _Dual(number, tuple(sum(column, Fraction(0)) for column in zip(*parts, strict=True)) if parts else None)

    def __add__(self, other: _Dual) -> _Dual:
        return self.moved(self.number + other.number, (1, self), (1, other))

    def __sub__(self, other: _Dual) -> _Dual:
        return self.moved(self.number - other.number, (1, self), (-1, other))

    def __mul__(self, other: _Dual) -> _Dual:
        return self.moved(self.number * other.number, (other.number, self), (self.number, other))

    def __truediv__(self, other: _Dual) -> _Dual:
        quotient = self.number / other.number
        return self.moved(quotient, (1 / other.number, self), (-self.number / other.number**2, other))

    def __neg__(self) -> _Dual:
        return self.moved(-self.number, (-1, self))

    def __pow__(self, exponent: _Dual) -> _Dual:
        """Multiplies out, so that not even the power rule is taken on trust."""
        if exponent.gradient is not None or exponent.number.denominator != 1:
            raise RuleError("dual numbers have whole, constant powers only")
        result = self.moved(Fraction(1), (0, self))
        for _ in range(abs(int(exponent.number))):
            result = result * self
        return result if exponent.number >= 0 else _Dual(1) / result


def _larger(x: _Dual, y: _Dual, sign: int) -> _Dual:
    """Returns the maximum (sign = 1) or minimum (-1); a tie is shared, or goes to a constant."""
    gap = sign * (x.number - y.number)
    if gap:
        return x.moved(*((x.number, (1, x), (0, y)) if gap > 0 else (y.number, (0, x), (1, y))))
    share = Fraction(1, 2) if x.gradient is not None and y.gradient is not None else 0
    return x.moved(x.number, (share, x), (share, y))


def _flat(function: Callable[[Fraction], Any]) -> Callable[[_Dual], _Dual]:
    return lambda x: x.moved(function(x.number), (0, x))


@cache
def dual_arithmetic() -> Arithmetic:
    """Returns dual numbers over fractions: values and gradients together, exact, and independent of the table."""
    by_hand: Mapping[str, Callable[..., Any]] = {
        "identity": lambda x: x,
        "abs": lambda x: x.moved(abs(x.number), ((x.number > 0) - (x.number < 0), x)),
        "maximum": lambda x, y: _larger(x, y, 1),
        "minimum": lambda x, y: _larger(x, y, -1),
        "where": lambda c, x, y: c.moved((x if c.number else y).number, (c.number != 0, x), (c.number == 0, y)),
        "sign": _flat(lambda x: (x > 0) - (x < 0)),
        "heaviside": _flat(lambda x: x > 0),
        "floor": _flat(lambda x: x.numerator // x.denominator),
        "round": _flat(round),
        "relu": lambda x: x.moved(max(x.number, 0), (x.number > 0, x)),
        "leaky_relu": lambda x: x * _Dual(1 if x.number > 0 else 0.01),
    }
    return Arithmetic("dual", by_hand, number=_Dual)


def exact_gradient(tape: Tape, inputs: Sequence[Fraction]) -> list[Fraction]:
    """Returns the exact gradient of the tape's output by its leaves, from the values of its rules alone.

    Example:
        >>> from autograd_lite import Value, record
        >>> x = Value(3.0)
        >>> exact_gradient(record(x * x / 2), [Fraction(1, 3)])
        [Fraction(1, 3)]
    """
    units = [_Dual(x, tuple(Fraction(i == j) for j in range(len(inputs)))) for i, x in enumerate(inputs)]
    (output,) = tape.evaluate(units, arithmetic=dual_arithmetic()).outputs
    return list(output.gradient or [Fraction(0)] * len(inputs))
