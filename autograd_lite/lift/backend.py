"""What differs between array libraries: the source of an instruction, where it is not the same in all of them.

`Backend` writes what every library understands. NumPy, which computes one operation at a time, is worth more care (see
`numpy_backend.py`); a compiler such as JAX's finds the same for itself.
"""

from __future__ import annotations

import ast
import functools
import math
import operator
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd_lite.arithmetics import Arithmetic

from .indexing import Indices
from .program import Instruction
from .shapes import axes_text

__all__ = ["Backend", "Code", "Keep"]

Keep = Callable[[Any], str]
"""Returns the name by which the source may use an object."""


@dataclass(frozen=True)
class Code:
    """A compiled program.

    Args:
        prepare: from the flat parameters to what does not change while they stay where they are.
        run: from (prepared, inputs, indices, captured, seed, direction) to a tuple of the outputs.
        source: of both functions.
    """

    prepare: Callable[..., Any]
    run: Callable[..., tuple[Any, ...]]
    source: str


class Backend:
    """An array library.

    Methods that return a list of lines return the result last; OUT stands for its name in those before.

    Args:
        arithmetic: its functions.
        dtype: "float64" or "float32".
    """

    name = ""
    views = False
    """Whether a view keeps following the array it was taken from, so that views of the parameters are made once."""

    def __init__(self, arithmetic: Arithmetic, dtype: str) -> None:
        self.arithmetic = arithmetic
        self.dtype = np.dtype(dtype)
        self.namespace: dict[str, Any] = {"_all": _conjunction, "_any": _disjunction, "_not": _negation}
        """What every program's source may use; each library adds its own."""

    # ------------------------------------------------------------ around the source

    @staticmethod
    def require() -> None:
        """Raises unless the library is installed.

        Raises:
            InputError: it is not; the message says how to install it.
        """

    def constant(self, data: Any) -> Any:
        """Returns a constant array in the backend's precision."""
        with np.errstate(over="ignore"):  # what is too large becomes inf, and is found out as such
            return np.asarray(data, dtype=self.dtype)

    def elementwise(self, function: Callable[..., float]) -> Callable[..., Any]:
        """Returns a function of floats as one of arrays: nan where it raises, which the scalar engine looks into."""
        return np.vectorize(_nan_for_errors(function), otypes=[self.dtype])

    def quiet(self) -> AbstractContextManager[Any]:
        """Returns a context in which nan and inf arise without warnings; results are looked at afterwards."""
        return nullcontext()

    def compiled(self, code: Code) -> Code:
        """Returns the code as this backend runs it."""
        return code

    # ------------------------------------------------------------ index maps

    def gather(self, x: str, index: Indices, keep: Keep) -> list[str]:
        """Returns the lines that gather elements; -1 gives 0."""
        raise NotImplementedError

    def put(self, shape: str, where: str, g: str) -> list[str]:
        """Returns the lines that add elements where they were taken from."""
        raise NotImplementedError

    def place(self, row: Instruction, parts: Sequence[str], shape: str, keep: Keep, *, fresh: bool) -> list[str]:
        """Returns the lines that put parts into the places where views see them, adding up where they overlap.

        Args:
            row: the instruction.
            parts: the parts' names.
            shape: of the result, as source.
            keep: returns the name of an object that the source may use.
            fresh: whether the first part's array is read by nobody else, so that it may be written into.
        """
        raise NotImplementedError

    def own(self, x: str) -> str:
        """Returns the source of an array that the caller may write into, given one that may be somebody else's."""
        return x

    # ------------------------------------------------------------ maps

    def widened(self, x: str, source: Instruction, row: Instruction) -> str:
        """Returns the source of a map's operand, repeated along some of its axes where that makes the map quicker.

        Args:
            x: the operand's name.
            source: its instruction.
            row: the map.
        """
        del source, row
        return x

    def compared(self, node: ast.Compare, keep: Keep) -> ast.Compare:
        """Returns a comparison of arrays as the library does it quickest."""
        del keep
        return node

    def reused(self, formula: ast.expr, spent: Callable[[str], bool]) -> list[str] | None:
        """Returns the lines that compute a formula in an operand's memory; None if that cannot be done.

        Args:
            formula: in the operands' names.
            spent: says whether an operand is ours, as large as the result, and read for the last time.
        """
        del formula, spent
        return None

    # ------------------------------------------------------------ reductions

    def total(self, x: str, source: Instruction, row: Instruction) -> str:
        """Returns the source of a sum.

        Args:
            x: the name of the array that is summed.
            source: its instruction.
            row: the sum.
        """
        batch = source.batched and not row.batched
        return f"sum_({x}, axis={axes_text(row.detail, batched=source.batched, batch=batch)})"

    def extreme(self, x: str, source: Instruction, row: Instruction) -> str:
        """Returns the source of the largest or smallest along axes, as `row.kind` says."""
        return f"{row.kind}_({x}, axis={axes_text(row.detail, batched=source.batched)})"

    def segments(self, op: str, x: str, starts: Indices, size: int, keep: Keep) -> str:
        """Returns the source of the sum (or the largest, or the smallest) of each run of elements.

        Args:
            op: "sum", "max" or "min".
            x: the array's name.
            starts: where each run begins.
            size: how many elements there are.
            keep: returns the name of an object that the source may use.
        """
        raise NotImplementedError


def _nan_for_errors(function: Callable[..., float]) -> Callable[..., float]:
    def quiet(*operands: float) -> float:
        try:
            return function(*map(float, operands))
        except (ArithmeticError, ValueError):
            return math.nan

    return quiet


def _conjunction(*tests: Any) -> Any:
    return functools.reduce(operator.and_, tests)


def _disjunction(*tests: Any) -> Any:
    return functools.reduce(operator.or_, tests)


def _negation(test: Any) -> Any:
    return test == False  # noqa: E712  # elementwise
