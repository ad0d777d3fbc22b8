"""What the rules give on the numbers of a tape, as the engine computes it; black boxes are not called.

>>> from autograd_lite.recording import record
>>> from autograd_lite.value import Value
>>> x = Value(2.0, name="x")
>>> y = x * x
>>> x.data = 5.0
>>> tape = record(y)
>>> tape.lines[1].data, recomputed(tape, 1), overtaken(tape)
(4.0, 25.0, (1,))
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

from autograd_lite.arithmetics import FLOAT, IEEE
from autograd_lite.context import ieee
from autograd_lite.rules import Rule
from autograd_lite.tape import Tape

__all__ = ["is_formula", "made_in", "overtaken", "recomputed"]


def is_formula(rule: Rule) -> bool:
    """Says whether a rule's value and partials are formulas, none of them a black box."""
    return all(isinstance(part, str) for part in (rule.value, *rule.partials))


def recomputed(tape: Tape, index: int) -> float | None:
    """Returns what a line's rule gives on its operands' numbers; None for a black box, and where there is no rule.

    Where floats would raise it is what IEEE 754 says, as the line can only have been made `with ieee():`.
    """
    line = tape.lines[index]
    if line.rule is None or not isinstance(line.rule.value, str):
        return None
    numbers = [tape.lines[operand].data for operand in line.operands]
    try:
        return float(FLOAT.value(line.rule)(*numbers))
    except (ArithmeticError, ValueError):
        return float(IEEE.value(line.rule)(*numbers))


def overtaken(tape: Tape) -> tuple[int, ...]:
    """Returns the lines whose recorded results are not, to the bit, what their rules give on the numbers recorded."""
    found = ((line, recomputed(tape, line.index)) for line in tape.lines)
    return tuple(line.index for line, number in found if number is not None and number.hex() != line.data.hex())


def made_in(tape: Tape) -> AbstractContextManager[None]:
    """Returns the arithmetic that a tape was made in: that of floats, or `ieee()` if floats would raise somewhere."""
    for line in tape.lines:
        if line.rule and isinstance(line.rule.value, str):
            try:
                FLOAT.value(line.rule)(*(tape.lines[operand].data for operand in line.operands))
            except (ArithmeticError, ValueError):
                return ieee()  # type: ignore[no-any-return]  # a context manager
    return nullcontext()
