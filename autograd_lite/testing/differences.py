"""Oracle: differences over 100 digits, which give a slope, from either side, and know no rule. Needs mpmath."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache
from typing import Any

from autograd_lite.arithmetics import Arithmetic
from autograd_lite.tape import Tape

from .elementary import CIRCULAR, odd

__all__ = ["multiprecision", "slope"]


@cache
def multiprecision(digits: int = 100) -> Arithmetic:
    """Returns mpmath's numbers of so many decimal digits."""
    import mpmath
    from mpmath import mp, mpf

    functions = {name: getattr(mp, name) for name in ("exp", "expm1", "log", "log1p", "log10", "sqrt", "hypot")}
    functions |= {name: getattr(mp, name) for name in (*CIRCULAR, "erf", "erfc")}
    functions |= {f"arc{name}": getattr(mp, f"a{name}") for name in (*CIRCULAR, "tan2")}
    functions |= {"abs": abs, "floor": mp.floor, "round": mp.nint, "cbrt": odd(mp.cbrt)}
    functions |= {"exp2": lambda x: mpf(2) ** x, "log2": lambda x: mp.log(x) / mp.log(2)}
    return Arithmetic(
        f"{digits}-digit",
        functions,
        number=lambda x: +mp.pi if x == math.pi else mpf(x),
        divide=lambda x, y: mpf(x) / y,
        power=lambda x, y: mpf(x) ** y,
        context=lambda: mpmath.workdps(digits),
    )


def _is_complex(number: Any) -> bool:
    from mpmath import mpc

    return isinstance(number, mpc)


def slope(tape: Tape, inputs: Sequence[float], position: int, *, side: int = 0, step: float = 1e-35) -> Any:
    """Returns the slope of the tape's output along one leaf: a difference over 100 digits, good to about 30.

    Args:
        tape: one output.
        inputs: where, one number a leaf.
        position: which leaf.
        side: 0 central, -1 from the left, 1 from the right.
        step: relative to |x|, or to 1 at 0; at most 1e-30.

    Returns:
        An mpmath number; nan where the output is undefined on that side.
    """
    over = multiprecision()
    with over.context():
        numbers = [over.number(x) for x in inputs]
        step *= abs(inputs[position]) or 1.0

        def at(distance: int) -> Any:
            moved = [x + distance * over.number(step) if i == position else x for i, x in enumerate(numbers)]
            try:
                run = tape.evaluate(moved, arithmetic=over)
            except (ArithmeticError, TypeError):  # a pole; or mpmath left the real line, where nothing is ordered
                return over.number(math.nan)
            return over.number(math.nan) if any(_is_complex(value) for value in run.values) else run.outputs[0]

        ahead, behind = (1, -1) if side == 0 else (max(side, 0), min(side, 0))
        return (at(ahead) - at(behind)) / ((ahead - behind) * over.number(step))
