"""What a fault says: the operation, its operands, the place in the user's program, and what to write instead."""

from __future__ import annotations

import linecache
import math
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from .errors import ArithmeticFault, DivisionByZero, DomainError, NonFiniteError, Overflow

if TYPE_CHECKING:
    from types import FrameType

    from .rules import Rule

__all__ = ["Place", "describe", "fault", "here", "non_finite"]

_OURS = frozenset({"autograd_lite", "nn", "runpy"})


class Place(NamedTuple):
    """A line of somebody's program.

    Args:
        file: what a reader calls the file: "train.py", "cell [3]".
        line: counted from 1.
        text: the line itself, without its indentation; "" if it is not to be had.
        path: what `linecache` calls the file, to read the lines around; "" if there is nothing to read. Not shown.

    Example:
        >>> print(Place("train.py", 12, "loss = p.log()"))
        line 12 of train.py: loss = p.log()
    """

    file: str
    line: int
    text: str
    path: str = ""

    def __str__(self) -> str:
        where = f"line {self.line} of {self.file}"
        return f"{where}: {self.text}" if self.text else where


def here() -> Place | None:
    """Returns the innermost line being executed that is not this project's own, or None outside any program."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        spec, file = frame.f_globals.get("__spec__"), frame.f_code.co_filename
        module = spec.name if spec else str(frame.f_globals.get("__name__", ""))
        if module.partition(".")[0] not in _OURS and not file.endswith("autograd-lite"):  # nor the command's own script
            text = _source(file, frame.f_lineno)
            return Place(_called(file), frame.f_lineno, text, file if text else "")
        frame = frame.f_back
    return None


def _source(file: str, line: int) -> str:
    """Returns a line of a file, without its indentation; "" if it is not to be had."""
    try:
        return linecache.getline(file, line).strip()
    except ValueError:  # code may be compiled under a name that no file can have: a lone surrogate, a NUL
        return ""


def _called(file: str) -> str:
    """Returns what a reader calls a source file; a notebook's cells are compiled under names that nobody knows."""
    if "ipykernel_" in file or file.startswith("<ipython-input"):
        shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
        known = getattr(getattr(shell, "compile", None), "format_code_name", lambda _: None)(file)  # ("Cell", "In[3]")
        return f"cell {known[1].removeprefix('In')}" if known else "a notebook cell"
    return file.rpartition("/")[2].encode(errors="replace").decode()


def describe(rule: Rule, numbers: Sequence[Any], names: Sequence[str] = ()) -> str:
    """Returns "log of x = -1.0 ('p')": the operation, its operands, and the names they were given."""
    parts = []
    for index, (letter, value) in enumerate(zip(rule.operands, numbers, strict=False)):
        name = names[index] if index < len(names) else ""
        parts.append(f"{letter} = {value!r}" + (f" ({name!r:.60})" if name else ""))
    return f"{rule.name} of {', '.join(parts)}"


def fault(
    rule: Rule,
    numbers: Sequence[Any],
    error: Exception,
    *,
    names: Sequence[str] = (),
    place: object = "",
) -> ArithmeticFault:
    """Returns the project's error for one that Python's arithmetic raised, with everything known about it.

    Args:
        rule: the operation.
        numbers: its operands.
        error: what Python raised.
        names: the operands' names, empty strings where none was given.
        place: a `Place`, or words such as "line 17 of the tape".
    """
    kind: type[ArithmeticFault] = DomainError
    if isinstance(error, ZeroDivisionError) or (rule.name == "pow" and numbers[0] == 0):
        kind = DivisionByZero
    elif isinstance(error, OverflowError) and all(math.isfinite(x) for x in numbers):
        kind = Overflow
    reason = "is too large for a float" if kind is Overflow else "is undefined"
    needs = f" (needs {rule.domain})" if rule.domain and kind is not Overflow else ""
    where = f"; {place}" if place else ""
    remedy = f" {rule.remedy}" if rule.remedy else ""
    if kind is Overflow and rule.name == "pow":  # the row's remedy is about the domain
        remedy = " Numbers have grown too large: rescale them, or lower the learning rate."
    return kind(f"{describe(rule, numbers, names)} {reason}{needs}{where}.{remedy} Or compute `with ieee():`.")


def non_finite(what: str, value: float, *, place: object = "", remedy: str = "") -> NonFiniteError:
    """Returns the error for a result that is nan or infinite: "mul of x = 1e200, y = 1e200 is inf; line 3 of a.py"."""
    where = f"; {place}" if place else ""
    return NonFiniteError(f"{what} is {value!r}{where}." + (f" {remedy}" if remedy else ""))
