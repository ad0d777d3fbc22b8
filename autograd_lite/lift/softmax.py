"""Softmax, found again in an array program: exp(z - max(z)) / sum(exp(z - max(z))), over rows or runs of z.

Every index is compared, so what is called a softmax is one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from .indexing import Indices, View, seen
from .program import Instruction, Program

__all__ = ["Softmax", "find_softmax", "shown"]


class Softmax(NamedTuple):
    """A softmax.

    Args:
        scores: the array it is taken of.
        total: the sum that it divides by.
        hidden: the arrays that serve nothing else.
    """

    scores: int
    total: int
    hidden: frozenset[int]


def shown(detail: View | Indices, flat: Indices) -> Indices | None:
    """Returns which elements a view or a gather shows, flat, or None if it leaves holes."""
    if isinstance(detail, View):
        return seen(flat, detail).ravel()
    return flat[detail] if (detail >= 0).all() else None


def find_softmax(program: Program) -> dict[int, Softmax]:
    """Returns every softmax, by the position of its division."""
    rows = program.instructions
    candidates = [i for i, row in enumerate(rows) if row.kind == "map" and row.detail[0] == "x / y"]
    if not candidates:
        return {}
    readers: list[set[int]] = [set() for _ in rows]
    for position, row in enumerate(rows):
        for operand in row.operands:
            readers[operand].add(position)
    for output in program.outputs:
        readers[output].add(len(rows))
    found = {i: _softmax(rows, readers, i) for i in candidates}
    return {i: softmax for i, softmax in found.items() if softmax is not None}


def _softmax(rows: Sequence[Instruction], readers: Sequence[set[int]], position: int) -> Softmax | None:
    below = _Trail(rows, rows[position].operands[1])
    exp = rows[position].operands[0]
    if not _is_map(rows[exp], "exp(x)") or rows[below.root].kind not in ("sum", "segments"):
        return None
    shifted = _Trail(rows, rows[exp].operands[0])
    if not _is_map(rows[shifted.root], "x0 - x1"):
        return None
    scores, most = (_Trail(rows, i) for i in rows[shifted.root].operands)
    if rows[most.root].kind not in ("max", "segments"):
        return None
    summed, largest = _Trail(rows, rows[below.root].operands[0]), _Trail(rows, rows[most.root].operands[0])
    count = int(np.prod(rows[exp].shape))
    straight = shifted.is_identity(count) and scores.is_identity(count)
    if not straight or summed.root != exp or largest.root != scores.root:
        return None
    sums, maxima = _runs(rows, below.root, summed, "sum"), _runs(rows, most.root, largest, "max")
    if sums is None or maxima is None or len(sums) != count or len(maxima) != count:
        return None
    shape = rows[exp].shape
    if not (np.array_equal(below.spread(rows, shape), sums) and np.array_equal(most.spread(rows, shape), maxima)):
        return None
    pairs = len(np.unique(np.stack([sums, maxima]), axis=1).T)
    if not pairs == len(np.unique(sums)) == len(np.unique(maxima)):
        return None
    inner = {exp, shifted.root, below.root, most.root, *shifted.steps, *below.steps, *most.steps, *summed.steps}
    if any(not readers[i] <= inner | {position} for i in inner):
        return None
    gathers = {i for i in (*scores.steps, *largest.steps) if readers[i] <= inner}
    return Softmax(rows[shifted.root].operands[0], below.root, frozenset(inner | gathers))


def _is_map(row: Instruction, text: str) -> bool:
    return row.kind == "map" and row.detail[0] == text


class _Trail:
    """Where the elements of an array come from.

    Args:
        rows: the program.
        position: the array.
    """

    def __init__(self, rows: Sequence[Instruction], position: int) -> None:
        self.position = position
        self.steps: list[int] = []
        while rows[position].kind in ("view", "reshape", "stop", "gather"):
            self.steps.append(position)
            position = rows[position].operands[0]
        self.root = position
        self.index: Indices | None = np.arange(int(np.prod(rows[position].shape)))
        for step in reversed(self.steps):
            if rows[step].kind in ("view", "gather") and self.index is not None:
                self.index = shown(rows[step].detail, self.index)

    def is_identity(self, count: int) -> bool:
        """Says whether it is the whole of its root, in order."""
        return self.index is not None and np.array_equal(self.index, np.arange(count))

    def spread(self, rows: Sequence[Instruction], shape: tuple[int, ...]) -> Indices:
        """Returns the root's element at each place of a shape that the array is broadcast to; none if it has holes."""
        if self.index is None:
            return np.empty(0, dtype=np.intp)
        return np.broadcast_to(self.index.reshape(rows[self.position].shape), shape).ravel()


def _runs(rows: Sequence[Instruction], position: int, source: _Trail, op: str) -> Indices | None:
    """Returns, for each element of a reduction's source, the result that it goes into; None if it is another one's."""
    row, operand = rows[position], rows[rows[position].operands[0]]
    size = int(np.prod(operand.shape))
    if row.kind == "segments":
        if row.detail[0] != op:
            return None
        runs = np.repeat(np.arange(len(row.detail[1])), np.diff([*row.detail[1].tolist(), size]))
    elif row.kind == op and row.batched == operand.batched:
        kept = tuple(1 if axis in row.detail else n for axis, n in enumerate(operand.shape))
        runs = np.broadcast_to(np.arange(int(np.prod(kept))).reshape(kept), operand.shape).ravel()
    else:
        return None
    index = source.index
    if index is None or not np.array_equal(np.sort(index), np.arange(size)):
        return None
    by_source = np.empty(size, dtype=np.intp)
    by_source[index] = runs
    return by_source
