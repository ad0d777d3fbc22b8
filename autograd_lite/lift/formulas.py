"""The formula of each array of a program: what it is made of, in words that leave out what costs nothing.

Views of an array go by the array's name, and arrays that hold elements of a source by those elements' names.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from .blocks import Blocks, shortened
from .indexing import Indices, View, seen
from .phrases import Fill, call, literal, picked, square
from .program import SOURCES, Instruction, Program
from .simplify import simplified
from .softmax import find_softmax, shown

__all__ = ["Formulas", "blocks_of", "slim"]

_ALIASES = frozenset({"view", "reshape", "stop", "repeat"})


class Formulas:
    """The formula of each array of a program, over what its operands are called.

    Args:
        program: the program.
    """

    def __init__(self, program: Program) -> None:
        self.program = program
        self.rows = program.instructions
        self.root = list(range(len(self.rows)))  # the array that an array is another view of
        self.views: dict[int, View] = {}  # where that view leaves some of it out
        self.blocks: dict[str, Blocks] = {}
        self.elements: dict[int, tuple[str, Indices]] = {}  # which elements of a source an array holds
        self.uses = [0] * len(self.rows)
        self.shape = [slim(row.shape) for row in self.rows]
        self.softmax = find_softmax(program)
        self.hidden = {i for each in self.softmax.values() for i in each.hidden}
        self.flips: set[int] = set()  # arrays with their last two axes in the other order than the one they show
        self.turned: set[int] = set()  # arrays shown with their last two axes in the other order
        self.columns: dict[int, list[str]] = {}  # the parameters that each place of the last axis comes from
        self.nodes: dict[int, ast.expr] = {}  # how arrays are written, once that is known
        self.unnamed: dict[tuple[int, int], str] = {}
        self.taken: set[str] = set()
        self.counts: dict[str, int] = {}
        for position, row in enumerate(self.rows):
            self._look(position, row)
        self._reshape()

    # ------------------------------------------------------------ what is read where

    def _look(self, position: int, row: Instruction) -> None:
        operands = [self.root[i] for i in row.operands]
        if row.kind in SOURCES - {"constant", "seed"}:
            blocks = self.blocks[row.kind] = blocks_of(self.program, row)
            self.taken.update(blocks.names, map(shortened, blocks.families()))
            self.elements[position] = (row.kind, np.arange(math.prod(row.shape)))
        elif row.kind in ("view", "reshape", "gather") and row.operands[0] in self.elements:
            kind, index = self.elements[row.operands[0]]
            held = index if row.kind == "reshape" else shown(row.detail, index)
            if held is not None:
                self.elements[position] = (kind, held)
        elif row.kind in _ALIASES and not (row.kind == "stop" and not self._largest(operands[0])):
            root = self.root[position] = operands[0]
            axes = row.detail.axes[-2:] if row.kind == "view" else ()
            if (row.operands[0] in self.flips) != (tuple(sorted(axes)) != axes):
                self.flips.add(position)
            if row.operands[0] in self.views or (
                row.kind == "view" and math.prod(row.shape) != math.prod(self.rows[root].shape)
            ):
                if row.kind == "view" and row.operands[0] in self.views:
                    self.root[position] = position
                else:
                    self.views[position] = row.detail if row.kind == "view" else self.views[row.operands[0]]
        if self.root[position] == position and position not in self.hidden:
            for operand in {(self.root[i], i if i in self.views else -1) for i in self.operands(position)}:
                self.uses[operand[0]] += 1

    def operands(self, position: int) -> tuple[int, ...]:
        """Returns the arrays that an array's formula mentions."""
        found = self.softmax.get(position)
        return (found.scores,) if found else self.rows[position].operands

    def _largest(self, position: int) -> bool:
        row = self.rows[position]
        return row.kind in ("max", "min") or (row.kind == "segments" and row.detail[0] != "sum")

    def _reshape(self) -> None:
        """Settles in which shape to show an array: in the one that it is read in, if it is not a flat one."""
        for position, row in enumerate(self.rows):
            root = self.root[position]
            if root != position and position not in self.views and row.kind in ("view", "reshape"):
                shape = slim(row.shape)
                if math.prod(shape) != math.prod(self.shape[root]) or len(shape) < 2:
                    continue
                if self.uses[root] == 1 or len(self.shape[root]) < 2:
                    self.shape[root] = shape
                    if position in self.flips:
                        self.turned.add(root)

    def unique(self, stem: str, *, numbered: bool) -> str:
        """Returns a name that nothing has yet."""
        while True:
            count = self.counts[stem] = self.counts.get(stem, 0) + 1
            name = f"{stem}{count}" if numbered else f"{stem}_{count}" if count > 1 else stem
            if name not in self.taken:
                self.taken.add(name)
                return name

    # ------------------------------------------------------------ operands

    def source(self, position: int) -> ast.expr:
        """Returns what elements of a source are called."""
        row = self.rows[position]
        if row.kind == "constant":
            return self._constant(row.detail)
        if position not in self.elements:
            return ast.Name(row.kind)
        kind, index = self.elements[position]
        block = index.tolist()
        if len(block) == len(self.blocks[kind].names) > 1 and len(self.blocks[kind].families()) > 1:
            return ast.Name({"input": "inputs", "index": "whole_inputs"}.get(kind, kind))
        if called := self.blocks[kind].called(block):
            held = len(set(block))
            return ast.Name(called) if held == len(block) else picked(ast.Name(called), len(block), held)
        if len(block) == len(self.blocks[kind].names) > 1:
            return ast.Name(kind)
        if kind != "parameters":
            return ast.Name(f"{kind}[{_slice(index)}]")
        key = (min(block), max(block))
        if key not in self.unnamed:
            self.unnamed[key] = self.unique(self._letter(position), numbered=True)
        return ast.Name(self.unnamed[key])

    def _letter(self, position: int) -> str:
        """Returns b for what is added to something, w or W for other parameters."""
        return "bwW"[min(2, len(self.shape[position]))]

    def _constant(self, data: Any) -> ast.expr:
        numbers = data.ravel()
        if numbers.size and (numbers == numbers[0]).all():
            return literal(float(numbers[0]))
        texts = [ast.unparse(literal(float(number))) for number in numbers[:4]]
        return ast.Name(f"[{', '.join(texts if numbers.size <= 4 else [*texts[:3], '...'])}]")

    def at(self, operand: int, *, axes: int | None = None) -> ast.expr:
        """Returns how an operand is written; flattened if it is to have fewer axes than it is shown with."""
        root = self.root[operand]
        node = self.nodes[root]
        if operand in self.views:
            return self._part(node, root, self.views[operand])
        if axes is not None and root not in self.elements and axes < len(self.shape[root]):
            return call("flatten", node)
        return node

    def _part(self, node: ast.expr, root: int, view: View) -> ast.expr:
        row = self.rows[root]
        size = math.prod(row.shape)
        index = seen(np.arange(size), view).ravel()
        shape = slim(row.shape)
        places = [np.unique(axis) for axis in np.unravel_index(index, shape)] if shape else []
        if math.prod(map(len, places)) == len(np.unique(index)):
            families = self.columns.get(root)
            if families and all(len(p) == n for p, n in zip(places[:-1], shape[:-1], strict=True)):
                chosen = {families[i] for i in places[-1].tolist()}
                if len(chosen) == 1 and families.count(family := chosen.pop()) == len(places[-1]):
                    return ast.Attribute(node, family.split(".")[-1])
            cuts = [":" if len(p) == n else _slice(p) for p, n in zip(places, shape, strict=True)]
            if "?" not in cuts:
                return ast.Subscript(node, ast.Name(", ".join([*(["..."] if row.batched else []), *cuts])))
        return call("part", node, ast.Name(f"{len(index)} of {size}"))

    # ------------------------------------------------------------ formulas

    def formula(self, position: int) -> ast.expr:
        """Returns the formula of an array that is computed."""
        row = self.rows[position]
        if position in self.softmax:
            return self._softmax(position)
        if row.kind == "map":
            return self._map(row)
        if row.kind == "contract":
            return self._contract(position, row)
        if row.kind in ("sum", "max", "min"):
            return self._reduce(row)
        nodes = [self.at(i) for i in row.operands]
        size = math.prod(self.rows[row.operands[0]].shape) if row.operands else 0
        if row.kind == "take":
            return ast.Subscript(nodes[0], nodes[1])
        if row.kind == "gather":
            if (row.detail < 0).any():
                return call("scatter", nodes[0], ast.Name(f"{(row.detail >= 0).sum()} into {len(row.detail)}"))
            if len(np.unique(row.detail)) == len(row.detail) == size:
                return call("reorder", nodes[0])
            return picked(nodes[0], len(row.detail), size)
        if row.kind == "segments":
            return call(f"segment_{row.detail[0]}", nodes[0], ast.Name(f"{len(row.detail[1])} runs"))
        if row.kind == "place":
            ends = [0, *(view.stop for view in row.detail)]
            joined = all(v.start == end for v, end in zip(row.detail, ends, strict=False)) and ends[-1] == row.shape[0]
            return nodes[0] if joined and len(nodes) == 1 else call("concat" if joined else "place", *nodes)
        return call({"stop": "stop_gradient", "view": "part"}.get(row.kind, row.kind), *nodes)

    def _map(self, row: Instruction) -> ast.expr:
        text, names, _ = row.detail
        if len(row.operands) == 2 and row.operands[0] == row.operands[1] and text == " * ".join(names):
            return square(self.at(row.operands[0]))
        if len(row.operands) == 2 and text == " * ".join(names) and self._is_outer(*row.operands):
            return call("outer", *(self.at(i) for i in row.operands))
        if len(names) > 40:
            return call("formula", *(self.at(i) for i in row.operands[:6]), ast.Name("..."))
        values = {name: self.at(i) for name, i in zip(names, row.operands, strict=True)}
        parameters = {id(values[n]) for n, i in zip(names, row.operands, strict=True) if self._is_weight(i)}
        filled: ast.expr = Fill(values, parameters).visit(ast.parse(simplified(text), mode="eval").body)
        return filled

    def _is_outer(self, left: int, right: int) -> bool:
        """Says whether each of two operands is broadcast along an axis of the other."""
        pairs = list(zip(self.rows[left].shape, self.rows[right].shape, strict=False))
        return any(a > b == 1 for a, b in pairs) and any(b > a == 1 for a, b in pairs)

    def _is_weight(self, operand: int) -> bool:
        return self.elements.get(operand, ("", None))[0] == "parameters"

    def _reduce(self, row: Instruction) -> ast.expr:
        (operand,) = row.operands
        source = self.rows[operand]
        node = self.at(operand, axes=len(slim(source.shape)))
        if source.batched and not row.batched:
            return call(row.kind, node) if not row.shape else call(row.kind, node, axis="batch")
        return call(row.kind, node, axis=_axis(row, source))

    def _softmax(self, position: int) -> ast.expr:
        scores, total, _ = self.softmax[position]
        row = self.rows[total]
        if row.kind == "segments":
            return call("segment_softmax", self.at(scores), ast.Name(f"{len(row.detail[1])} runs"))
        return call("softmax", self.at(scores), axis=_axis(row, self.rows[row.operands[0]]))

    def _contract(self, position: int, row: Instruction) -> ast.expr:
        inputs, out = row.detail.split("->")
        first, second = inputs.split(",")
        left, right = (
            self.at(i, axes=len(letters.replace("b", "")))
            for i, letters in zip(row.operands, (first, second), strict=True)
        )
        turned = [self._is_turned(i) for i in row.operands]
        summed = [c for c in first if c in second and c not in out]
        rows = [c for c in out if c not in second]
        columns = [c for c in out if c not in first]
        if not summed:
            return call("outer", left, right) if rows and columns else ast.BinOp(left, ast.Mult(), right)
        if not rows and not columns:
            same = row.operands[0] == row.operands[1]
            product = square(left) if same else ast.BinOp(left, ast.Mult(), right)
            if len(first.replace("b", "")) == len(summed) and "b" not in first:
                return call("sum", product)
            axes = [first.index(c) - len(first) for c in summed]
            return call("sum", product, axis=str(axes[0]) if len(axes) == 1 else str(tuple(axes)))
        self._remember_columns(position, row, second, out)
        stack = [c for c in out if c in first and c in second]
        if not rows or (columns and out == "".join([*stack, *columns, *rows])):
            first, second, left, right, rows, columns = second, first, right, left, columns, rows
            turned.reverse()
        if len(summed) > 1 or out != "".join([*stack, *rows, *columns]):
            return call("einsum", ast.Constant(row.detail), left, right)
        if len(first) > 1:
            turned[0] ^= first[-1] not in summed
        if columns:
            turned[1] ^= second[-1] in summed
        if position in self.turned and rows and columns:  # (A @ B.T).T is B @ A.T
            left, right, turned = right, left, [not turned[1], not turned[0]]
        left, right = (
            ast.Attribute(node, "T") if turn else node for node, turn in zip((left, right), turned, strict=True)
        )
        return ast.BinOp(left, ast.MatMult(), right)

    def _is_turned(self, operand: int) -> bool:
        """Returns whether an operand's last two axes are in the other order than it is shown with."""
        kind, index = self.elements.get(operand, ("parameters", None))
        shape = slim(self.rows[operand].shape)
        if kind != "parameters" and index is not None and len(shape) > 1:  # shown as the sample is nested
            block = index.reshape(-1, *shape[-2:])[0]
            return bool(0 < block[1, 0] - block[0, 0] < block[0, 1] - block[0, 0])
        return operand in self.flips and self.root[operand] not in self.turned and len(self.rows[operand].shape) > 1

    def _remember_columns(self, position: int, row: Instruction, letters: str, out: str) -> None:
        """Notes which family of parameters each column of a product comes from."""
        right = row.operands[1]
        if right in self.elements and len(letters) == 2 and letters[0] == out[-1]:
            kind, index = self.elements[right]
            first = index.reshape(self.rows[right].shape)[:, 0].tolist()
            self.columns[position] = [shortened(self.blocks[kind].family(i)) for i in first]


def _axis(row: Instruction, source: Instruction) -> str:
    """Returns which axes a reduction goes along, counted from the last; "" for all there are."""
    left = [axis for axis, n in enumerate(source.shape) if n > 1]
    axes = [left.index(axis) - len(left) for axis in row.detail if axis in left]
    if len(axes) == len(left) and not source.batched:
        return ""
    return str(axes[0]) if len(axes) == 1 else str(tuple(axes))


def slim(shape: Sequence[int]) -> tuple[int, ...]:
    """Returns a shape without axes of length 1."""
    return tuple(n for n in shape if n != 1)


def _slice(index: Indices) -> str:
    """Returns places in a row as a slice, "?" for others."""
    first, last = int(index[0]), int(index[-1])
    if not (index == np.arange(first, first + len(index))).all():
        return "?"
    return str(first) if first == last else f"{first}:{last + 1}"


def blocks_of(program: Program, row: Instruction) -> Blocks:
    """Returns what the elements of a source are called."""
    size = math.prod(row.shape)
    names = program.names.get(row.kind, ())
    if row.kind == "direction":
        names = tuple(f"direction.{name}" if name else "" for name in program.names.get("parameters", ()))
    return Blocks(names if len(names) == size else ("",) * size)
