"""The array program: what a scalar program becomes.

Every instruction makes one array. There are four kinds that compute:

    gather     elements of an array in another order: a view where the order is regular, element by element elsewhere;
               by an integer input (`take`); its reverse, which puts them back where they came from
    map        one formula of the table, applied to every element
    contract   a sum over products: matrix products, dot products, outer products
    reduce     a sum, or the largest, along axes, over segments, or over the batch

and sources: the parameters (one flat array), inputs, integer inputs, captured numbers, constants, the seed of the
reverse sweep, and the direction of a directional derivative. Shapes do not mention the batch: an array that is
`batched` has an axis more, in front.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

__all__ = ["SOURCES", "Builder", "Instruction", "Program"]

SOURCES = frozenset({"parameters", "input", "index", "captured", "constant", "seed", "direction"})
FREE = SOURCES | {"view", "reshape"}
"""Kinds that compute nothing."""
_MOST_TERMS = 64


@dataclass(frozen=True, slots=True)
class Instruction:
    """One array and how it is made.

    Args:
        kind: "parameters", "input", "index", "captured", "constant", "seed", "direction"; "view", "reshape", "repeat",
            "gather", "take", "put", "place"; "map", "stop" (through which no derivative flows); "contract"; "sum",
            "max", "min", "segments".
        operands: positions of the instructions it is made from.
        shape: of the array, the batch aside.
        batched: whether it has a batch axis in front.
        detail: what the kind needs to know besides: of a "constant", its numbers; of a "view", a `View`; of a
            "gather", an index, -1 for 0; of a "place", a `View` for each part; of a "map", its formula, the names of
            its operands, and the partials; of a "contract", a specification like "bik,jk->bij", b being the batch; of
            a reduction, the axes; of "segments", the reduction and where each run begins.
        label: what the array is, for people; "" if nothing is known.
    """

    kind: str
    operands: tuple[int, ...]
    shape: tuple[int, ...]
    batched: bool
    detail: Any = None
    label: str = ""


@dataclass(frozen=True)
class Program:
    """Instructions, operands before results.

    Args:
        instructions: the instructions.
        outputs: positions of the results.
        functions: functions of the user's own rules, by the name that formulas call them.
        names: for "parameters", "input", "index" and "captured", what each element of the flat array is called.
    """

    instructions: tuple[Instruction, ...]
    outputs: tuple[int, ...]
    functions: dict[str, Callable[..., Any]] = field(default_factory=dict)
    names: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def __len__(self) -> int:
        """The number of instructions that compute something."""
        return sum(each.kind not in FREE for each in self.instructions)

    def __str__(self) -> str:
        from .listing import listing

        return listing(self)

    def _repr_html_(self) -> str:
        return f"<pre>{html.escape(str(self))}</pre>"

    def validate(self) -> None:
        """Raises unless operands come before results, and each array has the shape that its kind makes of them.

        Raises:
            LiftError: the program is unsound; the message names the instruction.
        """
        from .validity import validate

        validate(self)

    def only(self, outputs: Sequence[int]) -> Program:
        """Returns the program of these outputs, without what they do not need."""
        needed = set(outputs)
        for position in range(len(self.instructions) - 1, -1, -1):
            if position in needed:
                needed.update(self.instructions[position].operands)
        kept = sorted(needed)
        new = {old: position for position, old in enumerate(kept)}
        rows = [self.instructions[old] for old in kept]
        renumbered = tuple(
            Instruction(r.kind, tuple(new[i] for i in r.operands), r.shape, r.batched, r.detail, r.label) for r in rows
        )
        return Program(renumbered, tuple(new[i] for i in outputs), self.functions, self.names)


class Builder:
    """Writes instructions, each once."""

    def __init__(self) -> None:
        self.rows: list[Instruction] = []
        self.functions: dict[str, Callable[..., Any]] = {}
        self.names: dict[str, tuple[str, ...]] = {}
        self._known: dict[Hashable, int] = {}

    def add(
        self,
        kind: str,
        operands: Sequence[int] = (),
        shape: Sequence[int] = (),
        *,
        batched: bool | None = None,
        detail: Any = None,
        label: str = "",
    ) -> int:
        """Returns the position of an instruction; batched, unless it is said, if one of its operands is."""
        if batched is None:
            batched = any(self.rows[i].batched for i in operands)
        key = (kind, tuple(operands), tuple(shape), batched, _key(detail))
        if key not in self._known:
            self._known[key] = len(self.rows)
            self.rows.append(Instruction(kind, tuple(operands), tuple(shape), batched, detail, label))
        return self._known[key]

    def call(self, position: int, label: str) -> None:
        """Says what an array is, for people, unless it has been said."""
        row = self.rows[position]
        if row.kind == "reshape":
            self.call(row.operands[0], label)
        elif label and not row.label and row.kind not in SOURCES:
            self.rows[position] = replace(row, label=label)

    def shape(self, position: int) -> tuple[int, ...]:
        """Returns the shape of an instruction's array, the batch aside."""
        return self.rows[position].shape

    def constant(self, data: Any) -> int:
        """Returns a constant array."""
        array = np.asarray(data, dtype=float)
        return self.add("constant", (), array.shape, detail=array)

    def reshape(self, operand: int, shape: Sequence[int]) -> int:
        """Returns the array in another shape."""
        if self.shape(operand) == tuple(shape):
            return operand
        row = self.rows[operand]
        if row.kind == "reshape":
            return self.reshape(row.operands[0], shape)
        if row.kind == "constant":
            return self.constant(row.detail.reshape(shape))
        return self.add("reshape", (operand,), shape)

    def map(self, text: str, partials: Sequence[str], **operands: int) -> int:
        """Returns a formula applied to every element of its operands, which are broadcast against each other.

        Args:
            text: the formula, in the operands' names.
            partials: its derivative by each operand in turn, in the operands' names and `out`; none if it will not be
                derived.
            operands: the arrays, by the names that the formula calls them.
        """
        shape = np.broadcast_shapes(*(self.shape(i) for i in operands.values()))
        if len(shape) == 1 and (inner := self._folded(shape, operands)):
            # elementwise, so it may as well be done before the array is flattened
            whole = {name: self._as(i, inner) for name, i in operands.items()}
            return self.reshape(self.map(text, partials, **whole), shape)
        return self.add("map", tuple(operands.values()), shape, detail=(text, tuple(operands), tuple(partials)))

    def _folded(self, shape: tuple[int, ...], operands: dict[str, int]) -> tuple[int, ...] | None:
        """Returns the shape that an operand had before it was flattened, if one was."""
        for i in operands.values():
            row = self.rows[i]
            if row.shape == shape and row.kind == "reshape":
                return self.rows[row.operands[0]].shape
        return None

    def _as(self, operand: int, shape: tuple[int, ...]) -> int:
        """Returns a flat operand in the shape of the others; one of length 1 is still broadcast."""
        lone = self.shape(operand) == (1,) and shape != (1,)
        return self.reshape(operand, (1,) * len(shape) if lone else shape)

    def total(self, terms: Sequence[tuple[int, int | str]]) -> int:
        """Returns the sum of arrays, broadcast against each other, as one formula, or as several if there are many.

        Args:
            terms: the sign of each, +1 or -1, and its array, or a number as text.
        """
        if len(terms) > _MOST_TERMS:  # Python's parser, and those who read formulas, go no deeper than that
            arrays = [term for term in terms if not isinstance(term[1], str)]
            groups = [arrays[i : i + _MOST_TERMS] for i in range(0, len(arrays), _MOST_TERMS)]
            numbers = [term for term in terms if isinstance(term[1], str)]
            return self.total([*((1, self.total(group)) for group in groups), *numbers])
        operands = {f"x{i}": term for i, (_, term) in enumerate(terms) if not isinstance(term, str)}
        if len(terms) == 1 and terms[0][0] > 0 and operands:
            return operands["x0"]
        text = ""
        for i, (sign, term) in enumerate(terms):
            shown = f"x{i}" if not isinstance(term, str) else f"({term})" if term.startswith("-") else term
            text += f" {'+' if sign > 0 else '-'} {shown}"
        partials = ["1" if terms[int(name[1:])][0] > 0 else "-1" for name in operands]
        return self.map(text.removeprefix(" + ").strip(), partials, **operands)

    def sum(self, operand: int, axes: Sequence[int], *, batch: bool = False) -> int:
        """Returns the sum along axes, which are dropped, and over the batch if asked."""
        shape = tuple(n for axis, n in enumerate(self.shape(operand)) if axis not in axes)
        batched = self.rows[operand].batched and not batch
        if batched == self.rows[operand].batched and all(self.shape(operand)[axis] == 1 for axis in axes):
            return self.reshape(operand, shape)
        return self.add("sum", (operand,), shape, batched=batched, detail=tuple(axes))

    def contract(self, spec: str, left: int, right: int) -> int:
        """Returns a sum of products; `spec` is in the manner of einsum, the batch being the letter b.

        Axes of length 1 are taken out of it, so that what is left says what is done.
        """
        inputs, out = spec.split("->")
        first, second = inputs.split(",")
        sizes: dict[str, int] = {}
        for letters, operand in ((first, left), (second, right)):
            sizes |= dict(zip(letters.replace("b", ""), self.shape(operand), strict=True))
        shape = [sizes[letter] for letter in out.replace("b", "")]
        dropped = {letter for letter, size in sizes.items() if size == 1}
        slim = ["".join(c for c in part if c not in dropped) for part in (first, second, out)]
        left = self.reshape(left, [sizes[c] for c in slim[0].replace("b", "")])
        right = self.reshape(right, [sizes[c] for c in slim[1].replace("b", "")])
        narrow = [sizes[c] for c in slim[2].replace("b", "")]
        made = self.add("contract", (left, right), narrow, batched="b" in out, detail=f"{slim[0]},{slim[1]}->{slim[2]}")
        return self.reshape(made, shape)

    def program(self, outputs: Sequence[int]) -> Program:
        """Returns the program of these outputs."""
        return Program(tuple(self.rows), tuple(outputs), self.functions, self.names).only(outputs)


def _key(detail: Any) -> Hashable:
    if isinstance(detail, np.ndarray):
        return (detail.shape, detail.dtype.str, detail.tobytes())
    if isinstance(detail, tuple | list):
        return tuple(map(_key, detail))
    return detail  # type: ignore[no-any-return]  # text, numbers, named tuples of them
