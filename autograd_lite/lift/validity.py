"""What every array program is: operands before results, and each array of the shape that its kind makes.

A program that is not so is a mistake of ours, so that this is for tests, and for those who write programs by hand.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd_lite.errors import LiftError
from autograd_lite.expressions import CONSTANTS, FUNCTIONS

from .indexing import View, seen
from .simplify import variables

if TYPE_CHECKING:
    from .program import Instruction, Program

__all__ = ["validate"]


def validate(program: Program) -> None:
    """Raises unless a program is sound; see `Program.validate`."""
    for position, row in enumerate(program.instructions):
        operands = [program.instructions[i] for i in row.operands if 0 <= i < position]
        try:
            _require(len(operands) == len(row.operands), "an operand does not come before its result")
            _require(row.kind in _KINDS, "there is no such kind")
            count, check = _KINDS[row.kind]
            _require(count is None or len(operands) == count, f"it has {len(operands)} operands, not {count}")
            batched = any(each.batched for each in operands)
            _require(row.batched or not batched or row.kind in _OVER_BATCHES, "an operand has a batch and it has none")
            _require(
                batched or not row.batched or not operands or row.kind in _MAKES_BATCHES,
                "it has a batch and no operand has one",
            )
            check(row, operands, program)
        except (_Unsound, ValueError, IndexError, TypeError) as error:
            raise LiftError(f"instruction {position}, {row.kind} of {row.operands}: {error}") from None
    if not all(0 <= i < len(program.instructions) for i in program.outputs):
        raise LiftError(f"outputs {program.outputs}: there are {len(program.instructions)} instructions")


class _Unsound(Exception):
    """What is wrong with one instruction."""


def _require(holds: bool, what: str) -> None:  # noqa: FBT001  # a fact
    if not holds:
        raise _Unsound(what)


def _same_shape(found: Any, expected: Any, what: str) -> None:
    _require(tuple(found) == tuple(expected), f"{what} has shape {tuple(found)}, not {tuple(expected)}")


def _source(row: Instruction, _: list[Instruction], program: Program) -> None:
    names = program.names.get(row.kind)
    if names and row.kind in ("parameters", "input", "index", "captured"):
        _same_shape(row.shape, (len(names),), "it")
    if row.kind == "constant":
        _same_shape(row.shape, row.detail.shape, "it")
        _require(not row.batched, "a constant has a batch")


def _same(row: Instruction, operands: list[Instruction], _: Program) -> None:
    _same_shape(row.shape, operands[0].shape, "it")


def _reshape(row: Instruction, operands: list[Instruction], _: Program) -> None:
    _require(prod(row.shape) == prod(operands[0].shape), f"{operands[0].shape} does not fit into {row.shape}")


def _repeat(row: Instruction, operands: list[Instruction], _: Program) -> None:
    _same_shape(np.broadcast_shapes(operands[0].shape, row.shape), row.shape, "it, broadcast,")


def _view(row: Instruction, operands: list[Instruction], _: Program) -> None:
    (size,) = operands[0].shape
    _same_shape(row.shape, row.detail.shape, "it")
    _window(row.detail, np.zeros(size))


def _window(place: View, array: Any) -> Any:
    """Returns what a view sees, having looked whether it sees nothing that is not there."""
    _require(
        0 <= place.start < place.stop <= len(array), f"it sees {place.start}:{place.stop} of {len(array)} elements"
    )
    for factor, (first, last) in zip(place.factors, place.slices, strict=True):
        _require(0 <= first < (factor if last is None else last) <= factor, f"it sees {first}:{last} of {factor}")
    window = seen(array, place)
    _same_shape(window.shape, place.shape, "what it sees")
    return window


def _gather(row: Instruction, operands: list[Instruction], _: Program) -> None:
    (size,) = operands[0].shape
    _same_shape(row.shape, row.detail.shape, "it")
    _require(bool(((row.detail >= -1) & (row.detail < size)).all()), f"it reads outside 0:{size}")


def _take(row: Instruction, operands: list[Instruction], _: Program) -> None:
    table, index = operands
    _require(table.shape[0] in (1, *index.shape), f"{index.shape[0]} rows are taken from {table.shape[0]} tables")
    _same_shape(row.shape, (*index.shape, table.shape[2]), "it")


def _put(row: Instruction, operands: list[Instruction], _: Program) -> None:
    made, index = operands
    _require(row.shape[0] in (1, *index.shape), f"{index.shape[0]} rows are put into {row.shape[0]} tables")
    _same_shape(made.shape, (*index.shape, row.shape[2]), "what is put")


def _place(row: Instruction, operands: list[Instruction], _: Program) -> None:
    (size,) = row.shape
    array = np.zeros(size)
    for operand, place in zip(operands, row.detail, strict=True):
        _same_shape(operand.shape, place.shape, "a part")
        window = _window(place, array)
        window += 1
        _require(bool((window >= 1).all()), "a view sees a copy")
    _require(row.batched == any(each.batched for each in operands), "its parts have other batches")


def _map(row: Instruction, operands: list[Instruction], program: Program) -> None:
    text, names, partials = row.detail
    _require(len(names) == len(operands), f"it has {len(operands)} operands for {names}")
    _require(len(partials) in (0, len(names)), f"it has {len(partials)} partials for {names}")
    _same_shape(row.shape, np.broadcast_shapes(*(each.shape for each in operands)), "it")
    known = {*names, *CONSTANTS, *FUNCTIONS, *program.functions}
    for formula, more in ((text, set()), *((partial, {"out"}) for partial in partials)):
        unknown = set(variables(formula)) - known - more
        _require(not unknown, f"{sorted(unknown)} in {formula!r} are none of {names}")
        _require(not isinstance(ast.parse(formula, mode="eval").body, ast.Tuple), f"{formula!r} is not one formula")


def _contract(row: Instruction, operands: list[Instruction], _: Program) -> None:
    inputs, out = row.detail.split("->")
    parts = inputs.split(",")
    sizes: dict[str, int] = {}
    for letters, operand in zip(parts, operands, strict=True):
        _require(operand.batched == ("b" in letters), f"the batch of an operand is not that of {letters!r}")
        for letter, size in zip(letters.replace("b", ""), operand.shape, strict=True):
            _require(sizes.setdefault(letter, size) == size, f"{letter!r} is of length {sizes[letter]} and {size}")
    _same_shape(row.shape, [sizes[letter] for letter in out.replace("b", "")], "it")
    _require(row.batched == ("b" in out), f"its batch is not that of {out!r}")
    for letters in (*parts, out):
        _require(len(set(letters)) == len(letters), f"a letter stands twice in {letters!r}")
    for letter in {*parts[0], *parts[1], *out}:
        found = sum(letter in letters for letters in (*parts, out))
        _require(found > 1, f"{letter!r} stands in one place of {row.detail!r} only")


def _reduce(row: Instruction, operands: list[Instruction], _: Program) -> None:
    shape = operands[0].shape
    _require(all(0 <= axis < len(shape) for axis in row.detail), f"axes {row.detail} of {shape}")
    _same_shape(row.shape, [n for axis, n in enumerate(shape) if axis not in row.detail], "it")


def _segments(row: Instruction, operands: list[Instruction], _: Program) -> None:
    op, starts = row.detail
    (size,) = operands[0].shape
    _require(op in ("sum", "max", "min"), f"it is no reduction: {op!r}")
    _same_shape(row.shape, starts.shape, "it")
    _require(bool(starts[0] == 0 and (np.diff([*starts, size]) > 0).all()), "its runs are not one after the other")


_Check = Callable[["Instruction", list["Instruction"], "Program"], None]
_KINDS: Mapping[str, tuple[int | None, _Check]] = {
    **dict.fromkeys(("parameters", "input", "index", "captured", "constant", "seed", "direction"), (0, _source)),
    "stop": (1, _same),
    "view": (1, _view),
    "reshape": (1, _reshape),
    "repeat": (1, _repeat),
    "gather": (1, _gather),
    "take": (2, _take),
    "put": (2, _put),
    "place": (None, _place),
    "map": (None, _map),
    "contract": (2, _contract),
    "sum": (1, _reduce),
    "max": (1, _reduce),
    "min": (1, _reduce),
    "segments": (1, _segments),
}
"""How many operands a kind has (None: any number), and what else is true of it."""
_OVER_BATCHES = frozenset({"sum", "contract", "put"})
_MAKES_BATCHES = frozenset({"repeat"})
