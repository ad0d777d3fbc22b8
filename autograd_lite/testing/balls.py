"""Oracle: balls, numbers with a proven bound on their rounding. Needs python-flint.

Source: F. Johansson, "Arb: efficient arbitrary-precision midpoint-radius interval arithmetic", IEEE Transactions on
Computers 66(8), 2017.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from autograd_lite.arithmetics import Arithmetic

from .elementary import CIRCULAR, odd

__all__ = ["ball", "ball_arithmetic", "nearest", "precision"]


@contextmanager
def precision(bits: int, terms: int = 1) -> Iterator[None]:
    """Sets the bits of centres, and how many terms a power series has, for as long as the block runs."""
    from flint import ctx

    before = ctx.prec, ctx.cap
    ctx.prec, ctx.cap = bits, terms
    try:
        yield
    finally:
        ctx.prec, ctx.cap = before


def ball(x: Any) -> Any:
    """Returns a number as a ball; the float nearest to pi stands for pi."""
    from flint import arb

    return arb.pi() if isinstance(x, float) and x == math.pi else arb(x)


def _ball_power(x: Any, y: Any) -> Any:
    whole = y if isinstance(y, int) else y.unique_fmpz()
    return ball(x) ** (y if whole is None or y != whole else int(whole))


def nearest(x: Any) -> Any:
    """Returns the nearest whole number, ties to the even one."""
    up = (x + 0.5).floor()
    return 2 * ((x / 2 + 0.25).floor()) if x + 0.5 == up else up


@cache
def ball_arithmetic(bits: int = 53, *, rounded: bool = False) -> Arithmetic:
    """Returns balls, numbers with a proven bound on their rounding, whose centres have so many bits.

    Comparisons look at the centres, as floats would; so a result near a kink is not to be trusted.

    Args:
        bits: of the centres.
        rounded: whether literals of many digits were themselves rounded, as those on the tape of a derivative were.
    """
    from flint import arb

    def literal(x: Any) -> Any:
        mantissa = math.frexp(x)[0] * 2**20 if isinstance(x, float) else 0.0
        return arb(x, 4 * math.ulp(x)) if mantissa % 1 else ball(x)

    functions: dict[str, Callable[..., Any]] = {
        name: getattr(arb, name) for name in ("exp", "expm1", "log", "log1p", "sqrt", "erf", "erfc", "floor")
    }
    functions |= {name: getattr(arb, name) for name in CIRCULAR}
    functions |= {f"arc{name}": getattr(arb, f"a{name}") for name in (*CIRCULAR, "tan2")}
    functions |= {"abs": abs, "round": nearest, "cbrt": odd(lambda x: x.root(3))}
    functions |= {"exp2": lambda x: arb(2) ** x, "log2": lambda x: x.log() / arb.const_log2()}
    functions |= {"log10": lambda x: x.log() / arb.const_log10(), "hypot": lambda x, y: (x * x + y * y).sqrt()}
    functions = {name: lambda *xs, f=f: f(*(ball(x) for x in xs)) for name, f in functions.items()}
    return Arithmetic(
        f"{bits}-bit ball",
        functions,
        number=literal if rounded else ball,
        real=lambda x: x.mid() if isinstance(x, arb) else x,
        divide=lambda x, y: ball(x) / y,
        power=_ball_power,
        context=lambda: precision(bits),
    )
