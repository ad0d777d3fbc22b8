"""Which operations switch off, and which saturate: read off the partials of the table, not off a list of names.

Of a black box nothing is known but what the reader asked it: it is not called again.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from math import isfinite

from autograd_lite.arithmetics import FLOAT
from autograd_lite.rules import Rule
from autograd_lite.tape import Line, Tape

from .recomputed import is_formula

__all__ = ["largest_slope", "switches"]

_STEPS = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0)
_FLAT = 1e-3  # of the largest slope: so little is left at the far ends of what saturates


def switches(tape: Tape, line: Line) -> bool:
    """Says whether an operation is flat on one side of a point and not on the other, as relu is and maximum(x, 0).

    Of two operands one has to be a constant; the point is that constant, or 0.
    """
    if line.rule is None or line.rule.name == "where" or not is_formula(line.rule):
        return False
    constants = [tape.lines[operand].constant for operand in line.operands]
    if line.rule.arity == 1:
        return _switches(line.rule, 0, 0.0)
    if sum(constants) != 1:
        return False
    return _switches(line.rule, constants.index(False), tape.lines[line.operands[constants.index(True)]].data)


def largest_slope(rule: Rule) -> float | None:
    """Returns the largest slope of an operation that is flat far out on both sides, as tanh is; None for others."""
    return _largest(rule) if rule.arity == 1 and is_formula(rule) else None


@cache
def _switches(rule: Rule, position: int, constant: float) -> bool:
    def slope(x: float) -> float:
        if rule.arity == 1:
            return _slope(rule, 0, (x,), lone=False)
        numbers = (x, constant) if position == 0 else (constant, x)
        return _slope(rule, position, numbers, lone=True)

    below = _all([constant - step for step in _STEPS], slope)
    above = _all([constant + step for step in _STEPS], slope)
    if below is None or above is None:
        return False
    return (not any(below) and all(above)) or (not any(above) and all(below))


@cache
def _largest(rule: Rule) -> float | None:
    inner = _all([0.0, *_STEPS, *(-step for step in _STEPS)], lambda x: abs(_slope(rule, 0, (x,), lone=False)))
    if inner is None or not (most := max(inner)):
        return None
    far = (inner[len(_STEPS)], inner[-1])
    return most if max(far) <= _FLAT * most else None


def _slope(rule: Rule, position: int, numbers: tuple[float, ...], *, lone: bool) -> float:
    out = FLOAT.value(rule)(*numbers)
    return float(FLOAT.partial(rule, position, lone=lone)(*numbers, out))


def _all(points: list[float], slope: Callable[[float], float]) -> list[float] | None:
    """Returns the slopes at some points; None if one of them is not defined."""
    try:
        slopes = [slope(x) for x in points]
    except (ArithmeticError, ValueError):
        return None
    return slopes if all(map(isfinite, slopes)) else None
