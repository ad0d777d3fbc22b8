"""NumPy, one operation after the other: in place where that saves memory, and by the quicker of two ways.

Measured on rows of the lengths that small networks have: adding along an axis is several times slower than a product
with ones, the largest along a short axis slower than along a long one, broadcasting along a short last axis slower than
writing the operand out, and a comparison with a Python number slower than one with an array.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from functools import lru_cache
from math import prod
from typing import Any

import numpy as np

from autograd_lite.arithmetics import numpy_arithmetic

from .backend import Backend, Keep
from .indexing import Indices, is_whole, seen
from .program import Instruction
from .shapes import shape_text, view_text

__all__ = ["NumPy"]

_IN_PLACE: dict[type[ast.operator], str] = {ast.Add: "+=", ast.Sub: "-=", ast.Mult: "*=", ast.Div: "/="}
_COMMUTES = ast.Add | ast.Mult
_SHORT_ROW = 32  # elements: shorter ones are slow to loop over
_LONGEST_ROW = 4096  # elements of a sample: beyond this, memory costs more than short rows do


class NumPy(Backend):
    """NumPy, in place where that saves a copy.

    Args:
        dtype: "float64" or "float32".
    """

    name = "numpy"
    views = True

    def __init__(self, dtype: str = "float64") -> None:
        super().__init__(numpy_arithmetic(), dtype)
        self.namespace |= {
            "matmul": np.matmul,
            "dot": np.dot,
            "einsum": np.einsum,
            "_where": np.where,
            "add": np.add,
            "maximum_": np.maximum,
            "minimum_": np.minimum,
            "sum_": np.add.reduce,
            "max_": np.maximum.reduce,
            "min_": np.minimum.reduce,
            "arange": np.arange,
            "ones": np.ones,
            "ones_of": lru_cache(maxsize=64)(lambda shape: np.ones(shape, self.dtype)),
            "zeros": np.zeros,
            "empty": np.empty,
        }

    def quiet(self) -> AbstractContextManager[Any]:
        """Returns a context in which nan and inf arise without warnings."""
        return np.errstate(all="ignore")

    # ------------------------------------------------------------ index maps

    def gather(self, x: str, index: Indices, keep: Keep) -> list[str]:
        """Returns the lines that gather elements; -1 gives 0."""
        if (index >= 0).all():
            return [f"{x}.take({keep(index)}, -1)"]
        holes = keep(np.flatnonzero(index < 0))
        return [f"OUT = {x}.take({keep(np.maximum(index, 0))}, -1)", f"OUT[..., {holes}] = 0.0", "OUT"]

    def put(self, shape: str, where: str, g: str) -> list[str]:
        """Returns the lines that add elements where they were taken from."""
        return [f"OUT = zeros({shape}, {g}.dtype)", f"add.at(OUT, {where}, {g})", "OUT"]

    def place(self, row: Instruction, parts: Sequence[str], shape: str, keep: Keep, *, fresh: bool) -> list[str]:
        """Returns the lines that put parts into the places where views see them, adding up where they overlap."""
        del keep
        (size,) = row.shape
        steps, filled = _plan(row)
        if fresh and steps[0][0] == 0 and is_whole(row.detail[0], size):
            lines = [f"OUT = {parts[0]}"]
            steps = steps[1:]
        else:
            lines = [f"OUT = {'empty' if filled else 'zeros'}({shape}, {parts[0]}.dtype)"]
        for number, new in steps:
            place = row.detail[number]
            if is_whole(place, size):
                target = "OUT[...]" if new else "OUT"
            elif not place.factors and len(place.shape) <= 1 and not row.batched:
                target = f"OUT[{place.start}:{place.stop}]"
            else:
                target = view_text(place, "OUT", size, batched=row.batched)
                if not target.endswith("]"):
                    target += "[...]"
            lines.append(f"{target} {'=' if new else '+='} {parts[number]}")
        return [*lines, "OUT"]

    def own(self, x: str) -> str:
        """Returns the source of a copy."""
        return f"{x}.copy()"

    # ------------------------------------------------------------ maps

    def widened(self, x: str, source: Instruction, row: Instruction) -> str:
        """Returns an operand that all samples share repeated along a short last axis."""
        if not row.batched or source.batched or source.shape == row.shape or prod(row.shape) > _LONGEST_ROW:
            return x
        short = row.shape[-1:] == source.shape[-1:] and prod(row.shape[-1:]) < _SHORT_ROW
        return f"{x} * ones_of({row.shape})" if short and set(source.shape) != {1} and source.shape else x

    def compared(self, node: ast.Compare, keep: Keep) -> ast.Compare:
        """Returns a comparison with numbers as arrays: looking at a Python number takes NumPy longer than comparing."""
        sides = [
            ast.Name(keep(self.constant(side.value))) if isinstance(side, ast.Constant) else side
            for side in node.comparators
        ]
        return ast.Compare(node.left, node.ops, sides)

    def reused(self, formula: ast.expr, spent: Callable[[str], bool]) -> list[str] | None:
        """Returns the lines that compute a sum, difference, product or quotient in the memory of one of its sides."""
        if not isinstance(formula, ast.BinOp) or type(formula.op) not in _IN_PLACE:
            return None
        left, right = ast.unparse(formula.left), ast.unparse(formula.right)
        sign = _IN_PLACE[type(formula.op)]
        if spent(left):
            return [f"{left} {sign} {right}", left]
        if spent(right) and isinstance(formula.op, _COMMUTES):
            return [f"{right} {sign} {left}", right]
        return None

    # ------------------------------------------------------------ reductions

    def total(self, x: str, source: Instruction, row: Instruction) -> str:
        """Returns the source of a sum: as a product with ones, where whole rows or columns are summed."""
        dropped = len(source.shape) - len(row.shape)
        batch = source.batched and not row.batched
        if row.detail == tuple(range(dropped)) and (batch or not source.batched):
            return _summed_columns(x, source, row)
        if not batch and (rows := _whole_rows(source, row)):
            count, width = rows
            flat = x if len(source.shape) + source.batched == 2 else f"{x}.reshape(({count}, {width}))"
            return _in_shape(f"dot({flat}, ones_of({width}))", row)
        return super().total(x, source, row)

    def extreme(self, x: str, source: Instruction, row: Instruction) -> str:
        """Returns the source of the largest or smallest along axes; short rows are turned into columns first."""
        rows = _whole_rows(source, row)
        if rows is None or rows[1] >= _SHORT_ROW:
            return super().extreme(x, source, row)
        count, width = rows
        return _in_shape(f"{row.kind}_({x}.reshape(({count}, {width})).T.copy(), axis=0)", row)

    def segments(self, op: str, x: str, starts: Indices, size: int, keep: Keep) -> str:
        """Returns the source of the sum (or the largest, or the smallest) of each run of elements."""
        del size
        function = {"sum": "add", "max": "maximum_", "min": "minimum_"}[op]
        return f"{function}.reduceat({x}, {keep(starts)}, -1)"


# ---------------------------------------------------------------- reductions


def _summed_columns(x: str, source: Instruction, row: Instruction) -> str:
    """Returns the source of a sum over the leading axes, the batch's among them if there is one."""
    lead = source.shape[: len(source.shape) - len(row.shape)]
    counted = [*(["batch"] if source.batched else []), *map(str, lead)]
    count, width = " * ".join(counted), prod(row.shape)
    if not row.shape:
        return f"dot(ones_of({count}), {x if len(counted) == 1 else f'{x}.reshape({count})'})"
    folded = x if len(row.shape) == len(counted) == 1 else f"{x}.reshape(({count}, {width}))"
    return _in_shape(f"dot(ones_of({count}), {folded})", row)


def _whole_rows(source: Instruction, row: Instruction) -> tuple[str, int] | None:
    """Returns how many rows there are, and how long they are, if it is whole rows that are reduced."""
    kept = len(source.shape) - len(row.detail)
    if row.detail != tuple(range(kept, len(source.shape))) or not (kept or source.batched):
        return None
    counted = [*(["batch"] if source.batched else []), *map(str, source.shape[:kept])]
    return " * ".join(counted), prod(source.shape[kept:])


def _in_shape(text: str, row: Instruction) -> str:
    """Returns the source of an array that has one axis so far in the shape of an instruction."""
    if len(row.shape) + row.batched == 1:
        return text
    return f"{text}.reshape({shape_text(row.shape, batched=row.batched)})"


# ---------------------------------------------------------------- putting parts into places


def _plan(row: Instruction) -> tuple[list[tuple[int, bool]], bool]:
    """Returns in which order parts are put in, whether each is the first in its place, and whether all is filled so.

    A part that covers everything is quickest added at the end, if the others leave no gap.
    """
    places = list(enumerate(row.detail))
    (size,) = row.shape
    if len(places) > 1 and is_whole(row.detail[0], size):
        marks = np.zeros(size, dtype=int)
        for _, place in places[1:]:
            seen(marks, place)[...] += 1
        if (marks == 1).all():
            places.append(places.pop(0))
    steps: list[tuple[int, bool]] = []
    written, filled = np.zeros(size, dtype=bool), True
    for number, place in places:
        window = seen(written, place)
        steps.append((number, not window.any()))
        filled = filled and bool(steps[-1][1] or window.all())  # nothing is added to what was not assigned before
        window[...] = True
    return steps, filled and bool(written.all())
