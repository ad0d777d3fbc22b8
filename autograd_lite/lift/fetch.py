"""From lines to arrays: the instructions that fetch them from the arrays of their classes.

Lines that stand regularly are seen through a view; several operands of one formula through views that can be broadcast
against each other. What stands irregularly is gathered.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from .indexing import Indices, Strided, part, refine, strided, view
from .program import Builder

__all__ = ["Fetch"]


class _Operand(NamedTuple):
    """Where the elements of an operand are: in a flat array, at these places, which are regular or not."""

    source: int
    places: Indices
    regular: Strided | None


class Fetch:
    """Writes the instructions that fetch lines.

    Args:
        builder: what they are written to.
        of_line: the class of each line.
        place: where each line stands in the array of its class.
    """

    def __init__(self, builder: Builder, of_line: Indices, place: Indices) -> None:
        self.builder = builder
        self.of_line = of_line
        self.place = place
        self.array: dict[int, int] = {}
        """The flat array of each class, as far as they have been written."""

    def lines(self, ids: Indices) -> int:
        """Returns an array of these lines, in the shape of `ids`; -1 stands for 0."""
        source, index = self._source(ids.ravel())
        return self.elements(source, index, ids.shape)

    def elements(self, source: int, index: Indices, shape: Sequence[int]) -> int:
        """Returns elements of a flat array in a new order and shape; -1 stands for 0."""
        size = self._size(source)
        if _is_identity(index, size):
            return self.builder.reshape(source, shape)
        row = self.builder.rows[source]
        if row.kind == "constant":
            return self.builder.constant(np.where(index >= 0, row.detail[index], 0.0).reshape(shape))
        regular = strided(index) if (index >= 0).all() else None
        seen = view(regular, size) if regular is not None and 0 not in regular.strides else None
        if seen is not None:
            return self.builder.reshape(self.builder.add("view", (source,), seen.shape, detail=seen), shape)
        flat = self.builder.add("gather", (source,), (len(index),), detail=index)
        return self.builder.reshape(flat, shape)

    def joined(self, parts: Sequence[int]) -> int:
        """Returns flat arrays one after the other in one."""
        if len(parts) == 1:
            return parts[0]
        sizes = [self._size(each) for each in parts]
        starts = [0, *itertools.accumulate(sizes)]
        places = [part(start, size) for start, size in zip(starts, sizes, strict=False)]
        return self.builder.add("place", parts, (starts[-1],), detail=tuple(places))

    def flat(self, made: int, shape: tuple[int, ...]) -> int:
        """Returns an array as a flat one, repeated along the axes of `shape` where it has length 1."""
        count, mine = math.prod(shape), self.builder.shape(made)
        flat = self.builder.reshape(made, (math.prod(mine),))
        if mine == shape:
            return flat
        index = np.broadcast_to(np.arange(math.prod(mine)).reshape(mine), shape).ravel()
        return self.builder.add("gather", (flat,), (count,), detail=index)

    def aligned(
        self, ids: Mapping[str, Indices], count: int, whole: Mapping[str, int] | None = None
    ) -> tuple[dict[str, int], tuple[int, ...]]:
        """Returns arrays that can be broadcast against each other, for the operands of one map, and to which shape.

        Args:
            ids: by name, which line each element of an operand is.
            count: how many elements there are.
            whole: flat arrays of all elements, to be used as they are.
        """
        operands = {name: self._operand(lines) for name, lines in ids.items()}
        cuts = self._cuts(list(operands.values()), count)
        shape = tuple(high // low for low, high in itertools.pairwise(cuts))[::-1] if cuts else (count,)
        arrays = {name: self.builder.reshape(array, shape) for name, array in (whole or {}).items()}
        for name, operand in operands.items():
            arrays[name] = self._in_shape(operand, cuts, shape)
        return arrays, shape

    # ------------------------------------------------------------ parts of `aligned`

    def _operand(self, lines: Indices) -> _Operand:
        source, index = self._source(lines)
        regular = strided(index)
        if regular is not None and view(regular, self._size(source)) is None:
            regular = None
        return _Operand(source, index, regular)

    def _cuts(self, operands: Sequence[_Operand], count: int) -> list[int]:
        """Returns where all operands' axes can be cut, by how many elements lie to the right; [] if they disagree."""
        cuts = {1, count}
        for operand in operands:
            if operand.regular is not None and self.builder.rows[operand.source].kind != "constant":
                cuts.update(itertools.accumulate(reversed(operand.regular.shape), lambda a, b: a * b))
        chain = sorted(cuts)
        return chain if all(high % low == 0 for low, high in itertools.pairwise(chain)) else []

    def _in_shape(self, operand: _Operand, cuts: list[int], shape: tuple[int, ...]) -> int:
        """Returns an operand in a shape with these cuts, with axes of length 1 where its elements repeat."""
        source, index, regular = operand
        size = self._size(source)
        fine = refine(regular, cuts[:-1]) if regular is not None and cuts else None
        seen = view(fine, size) if fine is not None else None
        if seen is None or self.builder.rows[source].kind == "constant":
            return self.elements(source, index, shape)
        if _is_identity(index, size):
            return self.builder.reshape(source, shape)
        broad = seen._replace(shape=(1,) * (len(shape) - len(seen.shape)) + seen.shape)
        return self.builder.add("view", (source,), broad.shape, detail=broad)

    # ------------------------------------------------------------ where lines are

    def _size(self, source: int) -> int:
        return self.builder.shape(source)[0]

    def _source(self, ids: Indices) -> tuple[int, Indices]:
        """Returns a flat array that holds these lines, and where in it each of them is; -1 stays -1."""
        kinds = np.unique(self.of_line[ids[ids >= 0]])
        arrays = [self.array[kind] for kind in kinds.tolist()]
        starts = np.cumsum([0, *map(self._size, arrays[:-1])])
        at = starts[np.searchsorted(kinds, self.of_line[ids])] + self.place[ids] if len(kinds) > 1 else self.place[ids]
        return self.joined(arrays), np.where(ids >= 0, at, -1)


def _is_identity(index: Indices, size: int) -> bool:
    return len(index) == size and bool((index == np.arange(size)).all())
