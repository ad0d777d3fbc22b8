"""The reverse sweep of an array program, which is again an array program in the same kinds of instructions.

A map's derivative is the table's partial; the others are linear (or bilinear), so their reverse is their transpose:
what was gathered is put back, what was summed is repeated, and a contraction becomes two contractions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from string import ascii_lowercase, ascii_uppercase

import numpy as np

from autograd_lite.expressions import substitute

from .indexing import View, inverse, part
from .program import Builder
from .simplify import variables

__all__ = ["reverse"]

_LETTERS = (ascii_lowercase + ascii_uppercase).replace("b", "")
"""Of a contraction's axes; b is the batch."""


def reverse(builder: Builder, output: int, seed: int, wanted: Iterable[int]) -> dict[int, int]:
    """Adds the instructions of the reverse sweep, and returns the adjoint of each array wanted.

    Args:
        builder: holds the program.
        output: the array whose elements, weighted by the seed, are differentiated.
        seed: an array of the output's shape.
        wanted: arrays whose adjoints are asked for.
    Returns:
        By array; those that the output does not depend on are left out.
    """
    return _Reverse(builder, set(wanted)).run(output, seed)


class _Reverse:
    """One reverse sweep. Its `parts` are what has been passed to each array so far, and where in it that belongs."""

    def __init__(self, builder: Builder, wanted: set[int]) -> None:
        self.builder = builder
        self.rows = builder.rows
        self.wanted = wanted
        self.parts: dict[int, list[tuple[View | None, int]]] = {}

    def run(self, output: int, seed: int) -> dict[int, int]:
        """Returns the adjoints of the wanted arrays."""
        self.active = active = self._active(output)
        self.parts[output] = [(None, seed)]
        adjoints: dict[int, int] = {}
        for position in range(output, -1, -1):
            if position in self.parts and active[position]:
                adjoint = self._total(position)
                if position in self.wanted:
                    adjoints[position] = self._full(adjoint, position)
                if transpose := _TRANSPOSES.get(self.rows[position].kind):
                    transpose(self, position, adjoint)
        return adjoints

    def _active(self, output: int) -> list[bool]:
        """Returns which instructions lead from a wanted array to somewhere."""
        active = [False] * (output + 1)
        for position in range(output + 1):
            row = self.rows[position]
            active[position] = position in self.wanted or (
                row.kind in _TRANSPOSES and any(active[i] for i in row.operands)
            )
        return active

    # ------------------------------------------------------------ adding up

    def _give(self, position: int, adjoint: int, place: View | None = None) -> None:
        if self.active[position]:
            self.parts.setdefault(position, []).append((place, adjoint))

    def _total(self, position: int) -> int:
        """Returns the sum of everything that was passed to an array; it may still have to be broadcast to its shape."""
        parts, row = self._merged(self.parts.pop(position)), self.rows[position]
        if len(parts) == 1 and parts[0][0] is None:
            return parts[0][1]
        if all(place is None for place, _ in parts):
            return self.builder.total([(1, adjoint) for _, adjoint in parts])
        parts.sort(key=lambda each: each[0] is not None)  # the whole ones first: the others are added to them
        whole = part(0, row.shape[0])
        places = tuple(whole if place is None else place for place, _ in parts)
        arrays = [self._full(a, position) if place is None else a for place, a in parts]
        return self.builder.add("place", arrays, row.shape, batched=row.batched, detail=places)

    def _merged(self, parts: list[tuple[View | None, int]]) -> list[tuple[View | None, int]]:
        """Returns the parts with those that came twice (from x*x, say) doubled."""
        counts: dict[tuple[View | None, int], int] = {}
        for each in parts:
            counts[each] = counts.get(each, 0) + 1
        return [
            (place, adjoint if count == 1 else self.builder.map(f"{count}.0 * g", (), g=adjoint))
            for (place, adjoint), count in counts.items()
        ]

    def _full(self, adjoint: int, position: int) -> int:
        """Returns an adjoint in the full shape of the array it belongs to."""
        mine, row = self.rows[adjoint], self.rows[position]
        if mine.shape == row.shape and mine.batched == row.batched:
            return adjoint
        return self.builder.add("repeat", (adjoint,), row.shape, batched=row.batched)

    def _fitted(self, adjoint: int, out: int, operand: int) -> int:
        """Returns an adjoint of an array summed to the shape of an operand that was broadcast."""
        row, source = self.rows[out], self.rows[operand]
        axes = [i for i, (n, m) in enumerate(zip(row.shape, source.shape, strict=True)) if n != m]
        batch = row.batched and not source.batched
        if axes or batch:
            adjoint = self.builder.sum(self._full(adjoint, out), axes, batch=batch)
        return self.builder.reshape(adjoint, source.shape) if axes else adjoint

    # ------------------------------------------------------------ one kind each

    def _map(self, position: int, adjoint: int) -> None:
        """The chain rule: adjoint times partial, summed over the axes along which an operand was repeated."""
        row = self.rows[position]
        _, names, partials = row.detail
        operands = dict(zip(names, row.operands, strict=True)) | {"out": position}
        for operand, partial in zip(row.operands, partials, strict=True):
            if partial == "0" or not self.active[operand]:
                continue
            if partial == "1":
                given = adjoint
            elif partial in names and (product := self._product(position, adjoint, operands[partial], operand)):
                self._give(operand, product)
                continue
            else:
                text = "-g" if partial == "-1" else substitute("g * p", {"p": partial})
                used = {name: operands[name] for name in variables(partial) if name in operands}
                given = self.builder.map(text, (), g=adjoint, **used)
            self._give(operand, self._fitted(given, position, operand))

    def _product(self, out: int, adjoint: int, other: int, operand: int) -> int | None:
        """Returns adjoint*other summed to the operand's shape as one contraction, if it needs summing at all."""
        row, source, factor = self.rows[out], self.rows[operand], self.rows[other]
        axes = [i for i, (n, m) in enumerate(zip(row.shape, source.shape, strict=True)) if n != m]
        if not axes and row.batched == source.batched:
            return None
        letters = _LETTERS[: len(row.shape)]
        shapes = factor.shape == row.shape and self.rows[adjoint].shape == row.shape
        if not shapes or (self.rows[adjoint].batched, factor.batched) != (row.batched, row.batched):
            return None
        kept = "".join(c for i, c in enumerate(letters) if i not in axes)
        b = "b" if row.batched else ""
        made = self.builder.contract(
            f"{b}{letters},{b}{letters}->{'b' if source.batched else ''}{kept}", adjoint, other
        )
        return self.builder.reshape(made, source.shape)

    def _contract(self, position: int, adjoint: int) -> None:
        """The adjoint contracted with the other operand, for each of the two."""
        row = self.rows[position]
        left, right = row.operands
        inputs, out = row.detail.split("->")
        first, second = inputs.split(",")
        adjoint = self._full(adjoint, position)
        if left == right and first == second:  # a square: both ways at once
            double = self.builder.map("2.0 * g", (), g=adjoint)
            self._give(left, self.builder.contract(f"{out},{second}->{first}", double, right))
            return
        for operand, mine, other, letters in ((left, first, right, second), (right, second, left, first)):
            if self.active[operand]:
                self._give(operand, self.builder.contract(f"{out},{letters}->{mine}", adjoint, other))

    def _reshape(self, position: int, adjoint: int) -> None:
        operand = self.rows[position].operands[0]
        row = self.rows[position]
        mine = self.rows[adjoint]
        shape = self.rows[operand].shape
        if mine.shape != row.shape and all(n == 1 for n in mine.shape):
            shape = (1,) * len(shape)
        elif mine.shape != row.shape:
            adjoint = self._full(adjoint, position)
        self._give(operand, self.builder.reshape(adjoint, shape))

    def _view(self, position: int, adjoint: int) -> None:
        row = self.rows[position]
        self._give(row.operands[0], self._full(adjoint, position), row.detail)

    def _gather(self, position: int, adjoint: int) -> None:
        """What was taken once is put back by a gather; what was taken more often is sorted by place and summed."""
        row = self.rows[position]
        (operand,) = row.operands
        size = self.rows[operand].shape[0]
        adjoint = self._full(adjoint, position)
        back = inverse(row.detail, size)
        if back is not None:
            self._give(operand, self.builder.add("gather", (adjoint,), (size,), detail=back))
            return
        used = np.flatnonzero(row.detail >= 0)
        order = used[np.argsort(row.detail[used], kind="stable")]
        targets, counts = np.unique(row.detail[used], return_counts=True)
        if np.array_equal(order, np.arange(row.shape[0])):
            grouped = adjoint
        else:
            grouped = self.builder.add("gather", (adjoint,), (len(order),), detail=order)
        if (counts == counts[0]).all():
            summed = self.builder.sum(self.builder.reshape(grouped, (len(counts), int(counts[0]))), (1,))
        else:
            starts = np.cumsum([0, *counts[:-1]])
            summed = self.builder.add("segments", (grouped,), (len(counts),), detail=("sum", starts))
        if len(targets) < size:
            fill = np.full(size, -1, dtype=np.intp)
            fill[targets] = np.arange(len(targets))
            summed = self.builder.add("gather", (summed,), (size,), detail=fill)
        self._give(operand, summed)

    def _place(self, position: int, adjoint: int) -> None:
        row = self.rows[position]
        adjoint = self._full(adjoint, position)
        for operand, place in zip(row.operands, row.detail, strict=True):
            self._give(operand, self.builder.add("view", (adjoint,), place.shape, detail=place))

    def _take(self, position: int, adjoint: int) -> None:
        rows, index = self.rows[position].operands
        source = self.rows[rows]
        made = self.builder.add("put", (self._full(adjoint, position), index), source.shape, batched=source.batched)
        self._give(rows, made)

    def _sum(self, position: int, adjoint: int) -> None:
        row = self.rows[position]
        (operand,) = row.operands
        shape = [1 if axis in row.detail else n for axis, n in enumerate(self.rows[operand].shape)]
        self._give(operand, self.builder.reshape(self._full(adjoint, position), shape))

    def _segments(self, position: int, adjoint: int) -> None:
        row = self.rows[position]
        if row.detail[0] != "sum":
            return
        (operand,) = row.operands
        ends = [*row.detail[1][1:].tolist(), self.rows[operand].shape[0]]
        counts = np.diff([0, *ends])
        index = np.repeat(np.arange(len(counts)), counts)
        adjoint = self._full(adjoint, position)
        self._give(operand, self.builder.add("gather", (adjoint,), self.rows[operand].shape, detail=index))

    def _repeat(self, position: int, adjoint: int) -> None:
        (operand,) = self.rows[position].operands
        self._give(operand, self._fitted(self._full(adjoint, position), position, operand))


_TRANSPOSES: Mapping[str, Callable[[_Reverse, int, int], None]] = {
    "map": _Reverse._map,
    "contract": _Reverse._contract,
    "reshape": _Reverse._reshape,
    "view": _Reverse._view,
    "gather": _Reverse._gather,
    "place": _Reverse._place,
    "take": _Reverse._take,
    "sum": _Reverse._sum,
    "segments": _Reverse._segments,
    "repeat": _Reverse._repeat,
}
"""What passes an adjoint on. Nothing flows through the others: sources, `stop`, and maxima, which only `stop` reads."""
