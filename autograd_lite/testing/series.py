"""Oracle: power series over balls, which give derivatives of any order, with bounds. Needs python-flint."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from autograd_lite.arithmetics import Arithmetic
from autograd_lite.tape import Tape

from .balls import ball, nearest, precision
from .elementary import odd

__all__ = ["derivative", "series_arithmetic"]


@cache
def series_arithmetic(bits: int = 300, order: int = 1) -> Arithmetic:
    """Returns power series in one unknown, up to `order`, whose coefficients are balls.

    Computing a program on x + t gives all its derivatives at x, from what its operations *are*; no derivative is known
    here but those that python-flint has for its own few functions.
    """
    from flint import arb, arb_series

    def series(x: Any) -> Any:
        return x if isinstance(x, arb_series) else arb_series([ball(x)])

    def start(x: Any) -> Any:
        return series(x)[0]

    def power(x: Any, y: Any) -> Any:
        x, y = series(x), series(y)
        exponent = y[0].unique_fmpz() if y.length() <= 1 else None
        if exponent is not None and y[0] == exponent:
            return x ** int(exponent)
        return (y * x.log()).exp()

    def arctan2(x: Any, y: Any) -> Any:
        if start(y) > 0:
            return (x / y).atan()
        if start(x) == 0:
            return (x / y).atan() + arb.pi()
        return -(y / x).atan() + (arb.pi() / 2 if start(x) > 0 else -arb.pi() / 2)

    functions: dict[str, Callable[..., Any]] = {
        name: getattr(arb_series, name) for name in ("exp", "log", "sqrt", "sin", "cos", "tan", "erf", "erfc")
    }
    functions |= {f"arc{name}": getattr(arb_series, f"a{name}") for name in ("sin", "cos", "tan")}
    functions |= {
        "abs": lambda x: -x if start(x) < 0 else x,
        "floor": lambda x: series(start(x).floor()),
        "round": lambda x: series(nearest(start(x))),
        "expm1": lambda x: x.exp() - 1,
        "exp2": lambda x: (x * arb.const_log2()).exp(),
        "log1p": lambda x: (1 + x).log(),
        "log2": lambda x: x.log() / arb.const_log2(),
        "log10": lambda x: x.log() / arb.const_log10(),
        "cbrt": odd(lambda x: (x.log() / 3).exp(), real=start),
        "hypot": lambda x, y: (x * x + y * y).sqrt(),
        "sinh": lambda x: (x.exp() - (-x).exp()) / 2,
        "cosh": lambda x: (x.exp() + (-x).exp()) / 2,
        "tanh": odd(lambda x: (1 - (-2 * x).exp()) / (1 + (-2 * x).exp()), real=start),
        "arcsinh": odd(lambda x: (x + (1 + x * x).sqrt()).log(), real=start),
        "arccosh": lambda x: (x + ((x - 1) * (x + 1)).sqrt()).log(),
        "arctanh": lambda x: ((1 + x) / (1 - x)).log() / 2,
        "arctan2": arctan2,
    }
    functions = {name: lambda *xs, f=f: f(*(series(x) for x in xs)) for name, f in functions.items()}
    return Arithmetic(
        f"{bits}-bit series",
        functions,
        number=series,
        real=lambda x: start(x).mid(),
        divide=lambda x, y: series(x) / y,
        power=power,
        context=lambda: precision(bits, order + 1),
    )


def derivative(
    tape: Tape, inputs: Sequence[float], direction: Sequence[float], *, order: int = 1, bits: int = 300
) -> Any:
    """Returns the derivative of the tape's output along a direction, as a ball that certainly holds it.

        d^order / dt^order  output(inputs + t direction)  at t = 0

    Args:
        tape: one output.
        inputs: where, one number a leaf.
        direction: one number a leaf.
        order: 0 for the value itself.
        bits: of precision.

    Example:
        >>> from autograd_lite import Value, record
        >>> x = Value(2.0)
        >>> float(derivative(record(x**3), [2.0], [1.0], order=2))
        12.0
    """
    from flint import arb_series

    over = series_arithmetic(bits, order)
    with over.context():
        lines = [arb_series([ball(x), ball(d)][: order + 1]) for x, d in zip(inputs, direction, strict=True)]
        (output,) = tape.evaluate(lines, arithmetic=over).outputs
        return over.number(output)[order] * math.factorial(order)
