"""The forward sweep of an array program: its directional derivative, again an array program.

Applied to a gradient it gives Hessian times vector, at about twice the cost of the gradient (Pearlmutter 1994).

    tangent(out) = sum over operands of partial * tangent(operand)     for maps and contractions
    tangent(out) = the same instruction, applied to the tangents       for everything linear
"""

from __future__ import annotations

from autograd_lite.expressions import derivative

from .program import Builder
from .simplify import variables

__all__ = ["tangent"]

_FLAT = frozenset({"stop", "max", "min"})
"""Kinds through which no derivative flows; maxima are recorded as such only where none is wanted."""


def tangent(builder: Builder, outputs: list[int], source: int, direction: int) -> list[int | None]:
    """Adds the instructions of the forward sweep, and returns the tangents of `outputs`, None where they are 0.

    Args:
        builder: holds the program.
        outputs: arrays whose change is asked for.
        source: the array that changes.
        direction: by how much it changes, an array of the same shape.
    Raises:
        ExpressionError: a rule of the user's has Python functions as partials, which cannot be derived again.
    """
    sweep = _Forward(builder)
    sweep.tangents[source] = direction
    needed = _needed(builder, outputs)
    for position in range(source + 1, max(outputs) + 1):
        if position in needed:
            sweep.visit(position)
    return [None if out not in sweep.tangents else sweep.full(out) for out in outputs]


def _needed(builder: Builder, outputs: list[int]) -> set[int]:
    """Returns the instructions that lead to some outputs."""
    needed = set(outputs)
    for position in range(max(outputs), -1, -1):
        if position in needed:
            needed.update(builder.rows[position].operands)
    return needed


class _Forward:
    """One forward sweep: of each array that changes, its tangent, which may still have to be broadcast to its shape."""

    def __init__(self, builder: Builder) -> None:
        self.builder = builder
        self.rows = builder.rows
        self.tangents: dict[int, int] = {}

    def full(self, position: int) -> int:
        """Returns a tangent in the full shape of the array it belongs to."""
        mine, row = self.rows[self.tangents[position]], self.rows[position]
        if mine.shape == row.shape and mine.batched == row.batched:
            return self.tangents[position]
        return self.builder.add("repeat", (self.tangents[position],), row.shape, batched=row.batched)

    def visit(self, position: int) -> None:
        """Gives an array its tangent, if it changes at all."""
        row = self.rows[position]
        changing = [i for i in row.operands if i in self.tangents]
        if not changing or row.kind in _FLAT or (row.kind == "segments" and row.detail[0] != "sum"):
            return
        if row.kind == "map":
            self._map(position)
        elif row.kind == "contract":
            left, right = row.operands
            terms = []
            if left in self.tangents:
                terms.append(self.builder.contract(row.detail, self.full(left), right))
            if right in self.tangents:
                terms.append(self.builder.contract(row.detail, left, self.full(right)))
            self.tangents[position] = self.builder.total([(1, term) for term in terms])
        elif row.kind == "place":
            kept = [(i, place) for i, place in zip(row.operands, row.detail, strict=True) if i in self.tangents]
            parts = [self.full(i) for i, _ in kept]
            places = tuple(place for _, place in kept)
            self.tangents[position] = self.builder.add("place", parts, row.shape, batched=row.batched, detail=places)
        else:  # linear in its first operand
            operands = (self.full(row.operands[0]), *row.operands[1:])
            self.tangents[position] = self.builder.add(
                row.kind, operands, row.shape, batched=row.batched, detail=row.detail
            )

    def _map(self, position: int) -> None:
        """The chain rule; a map of a gradient states no partials, so its formula is derived."""
        row = self.rows[position]
        text, names, partials = row.detail
        operands = dict(zip(names, row.operands, strict=True))
        terms = []
        for index, (name, operand) in enumerate(operands.items()):
            if operand not in self.tangents:
                continue
            slope = partials[index] if partials else derivative(text, name)
            if slope in ("0", "0.0"):
                continue
            product = "t" if slope == "1" else f"t * ({slope})"
            used = {key: i for key, i in {"out": position, **operands}.items() if key in variables(product)}
            terms.append(self.builder.map(product, (), t=self.tangents[operand], **used))
        if terms:
            self.tangents[position] = self.builder.total([(1, term) for term in terms])
