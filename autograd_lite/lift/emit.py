"""From an array program to a Python function: straight-line source over an array library, one line an instruction.

The source is kept (`Code.source`), so that what runs can be read.
"""

from __future__ import annotations

import ast
import linecache
import math
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd_lite.expressions import CONSTANTS, FUNCTIONS, rewritten

from .backends import Backend
from .indexing import View
from .program import SOURCES, Instruction, Program
from .simplify import simplified

__all__ = ["Code", "emit", "view_text"]

_IN_PLACE: dict[type[ast.operator], str] = {ast.Add: "+=", ast.Sub: "-=", ast.Mult: "*=", ast.Div: "/="}
_SHORT_ROW, _LONGEST_ROW = 32, 4096


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


def emit(program: Program, backend: Backend, name: str = "program") -> Code:
    """Returns the program as functions over a backend's arrays."""
    return _Emitter(program, backend, name).code()


class _Emitter:
    def __init__(self, program: Program, backend: Backend, name: str) -> None:
        self.program = program
        self.backend = backend
        self.name = name
        self.rows = program.instructions
        self.namespace: dict[str, Any] = dict(backend.namespace)
        self.text: dict[int, str] = {}
        self.early: list[str] = []
        self.lines: list[str] = []
        self.ready: set[int] = set()  # made in `prepare`
        self.bases, self.last = self._lifetimes()

    def code(self) -> Code:
        for position, row in enumerate(self.rows):
            self._instruction(position, row)
        prepared = [f"v{i}" for i in sorted(self.ready)]
        results = ", ".join(self._result(i) for i in self.program.outputs)
        unpack = [f"({', '.join(prepared)},) = prepared"] if prepared else []
        count = ["batch = inputs.shape[0]"] if any("batch" in line for line in self.lines) else []
        body = [*unpack, *count, *self.lines, f"return ({results},)"]
        source = "\n    ".join(
            ["def prepare(theta):", *self.early, f"return ({', '.join(prepared)}{',' * bool(prepared)})"]
        )
        source += (
            "\n\n\n" + "\n    ".join(["def run(prepared, inputs, indices, captured, seed, direction):", *body]) + "\n"
        )
        filename = f"<lifted {self.name} {zlib.crc32(source.encode()):08x}>"
        linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
        functions: dict[str, Any] = {}
        exec(compile(source, filename, "exec"), self.namespace, functions)  # noqa: S102  # the text written above
        return Code(functions["prepare"], functions["run"], source)

    def _lifetimes(self) -> tuple[list[int], dict[int, int]]:
        """Returns for each array the one whose memory it may share, and where the memory of each is last read."""
        bases: list[int] = []
        last: dict[int, int] = {}
        for position, row in enumerate(self.rows):
            shares = row.kind in ("view", "reshape", "stop", "place") or (
                row.kind == "map" and row.detail[0] in row.detail[1]
            )
            bases.append(bases[row.operands[0]] if shares else position)
            for operand in row.operands:
                last[bases[operand]] = position
        for output in self.program.outputs:
            last[bases[output]] = len(self.rows)
        return bases, last

    # ------------------------------------------------------------ one instruction

    def _instruction(self, position: int, row: Instruction) -> None:
        if row.kind == "constant":
            self.text[position] = self._constant(row.detail)
            return
        if row.kind == "stop":
            self.text[position] = self.text[row.operands[0]]
            return
        self.position = position
        operands = [self.text[i] for i in row.operands]
        text = getattr(self, f"_{row.kind}")(row, *operands)
        if isinstance(text, list):
            *before, text = [line.replace("OUT", f"v{position}") for line in text]
        else:
            before = []
        early = row.kind == "parameters" or (
            row.kind in ("view", "reshape") and row.operands[0] in self.ready and self.backend.views
        )
        if early:
            self.ready.add(position)
        lines = self.early if early else self.lines
        lines.extend(before)
        if text.isidentifier():
            self.text[position] = text
        else:
            lines.append(f"v{position} = {text}")
            self.text[position] = f"v{position}"
        if early and text.isidentifier():
            lines.append(f"v{position} = {text}")
            self.text[position] = f"v{position}"

    def _result(self, position: int) -> str:
        """Returns a result that the caller may write into: a copy, where it would be somebody else's."""
        theirs = self.backend.views and self.rows[self.bases[position]].kind in SOURCES
        return f"{self.text[position]}.copy()" if theirs else self.text[position]

    def _constant(self, data: Any) -> str:
        name = f"k{len(self.namespace)}"
        self.namespace[name] = self.backend.constant(data)
        return name

    def _integers(self, data: Any) -> str:
        name = f"i{len(self.namespace)}"
        self.namespace[name] = np.asarray(data, dtype=np.intp)
        return name

    def _kept(self, thing: Any) -> str:
        name = f"d{len(self.namespace)}"
        self.namespace[name] = thing
        return name

    def _shaped(self, row: Instruction, shape: Sequence[int]) -> str:
        sizes = [*(["batch"] if row.batched else []), *map(str, shape)]
        return f"({', '.join(sizes)}{',' if len(sizes) == 1 else ''})"

    def _axes(self, row: Instruction, axes: Sequence[int], *, batch: bool = False) -> str:
        """Returns axes of an operand as the library counts them."""
        shift = 1 if row.batched else 0
        numbers = [*([0] if batch else []), *(axis + shift for axis in axes)]
        return str(numbers[0]) if len(numbers) == 1 else str(tuple(numbers))

    # ------------------------------------------------------------ sources

    def _parameters(self, _: Instruction) -> str:
        return "theta"

    def _input(self, _: Instruction) -> str:
        return "inputs"

    def _index(self, _: Instruction) -> str:
        return "indices"

    def _captured(self, _: Instruction) -> str:
        return "captured"

    def _seed(self, _: Instruction) -> str:
        return "seed"

    def _direction(self, _: Instruction) -> str:
        return "direction"

    # ------------------------------------------------------------ gather

    def _view(self, row: Instruction, x: str) -> str:
        return view_text(row.detail, x, self.rows[row.operands[0]], batched=row.batched)

    def _reshape(self, row: Instruction, x: str) -> str:
        return f"{x}.reshape({self._shaped(row, row.shape)})"

    def _gather(self, row: Instruction, x: str) -> list[str]:
        return self.backend.gather(x, row.detail, self._integers)

    def _take(self, row: Instruction, x: str, index: str) -> list[str]:
        shared = self.rows[row.operands[0]].shape[0] == 1
        batched = self.rows[row.operands[0]].batched
        columns = self._integers(np.arange(self.rows[row.operands[1]].shape[0]))
        if batched:
            return [f"{x}[arange(batch)[:, None], {'0' if shared else columns}, {index}]"]
        return [f"{x}[{'0' if shared else columns}, {index}]"]

    def _put(self, row: Instruction, g: str, index: str) -> list[str]:
        columns = "0" if row.shape[0] == 1 else self._integers(np.arange(row.shape[0]))
        where = f"(arange(batch)[:, None], {columns}, {index})" if row.batched else f"({columns}, {index})"
        return self.backend.put(self._shaped(row, row.shape), where, g)

    def _place(self, row: Instruction, *parts: str) -> list[str]:
        fresh = self.rows[row.operands[0]].kind in ("map", "contract", "place") and self._uses(row.operands[0]) == 1
        return self.backend.place(row, parts, self._shaped(row, row.shape), self._kept, fresh=fresh)

    def _uses(self, position: int) -> int:
        """Returns how often an array is read, also through other names of it."""
        aliases = ("view", "reshape", "stop")
        return sum(
            1 + (row.kind in aliases) for row in self.rows for operand in row.operands if operand == position
        ) + self.program.outputs.count(position)

    # ------------------------------------------------------------ map

    def _map(self, row: Instruction, *operands: str) -> str | list[str]:
        text, names, _ = row.detail
        tree = ast.parse(rewritten(simplified(text), where=True), mode="eval").body
        if self.backend.views:
            operands = tuple(self._widened(row, i, text) for i, text in zip(row.operands, operands, strict=True))
        large = row.batched or int(np.prod(row.shape, dtype=int)) > 1
        renamed = _Rename(dict(zip(names, operands, strict=True)), self, large=large).visit(tree)
        if self.backend.views and isinstance(renamed, ast.BinOp) and type(renamed.op) in _IN_PLACE:
            left, right = ast.unparse(renamed.left), ast.unparse(renamed.right)
            for target, other in ((left, right), (right, left)):
                if self._spent(row, target) and (target == left or isinstance(renamed.op, ast.Add | ast.Mult)):
                    return [f"{target} {_IN_PLACE[type(renamed.op)]} {other}", target]
        return ast.unparse(renamed)

    def _spent(self, row: Instruction, name: str) -> bool:
        """Says whether an operand's memory may take the result: ours, as large, and read for the last time."""
        position = self.position
        for operand in row.operands:
            if self.text[operand] == name:
                source = self.rows[operand]
                ours = self.rows[self.bases[operand]].kind in ("map", "contract") and not self._tests(
                    self.bases[operand]
                )
                alike = source.shape == row.shape and source.batched == row.batched and bool(row.shape or row.batched)
                return ours and alike and self.last[self.bases[operand]] == position and operand not in self.ready
        return False

    def _tests(self, position: int) -> bool:
        """Says whether an array holds outcomes of a comparison."""
        row = self.rows[position]
        return row.kind == "map" and isinstance(ast.parse(row.detail[0], mode="eval").body, ast.Compare | ast.BoolOp)

    def _widened(self, row: Instruction, operand: int, text: str) -> str:
        """Returns an operand that all samples share repeated along a short last axis: NumPy is slow over short rows."""
        source = self.rows[operand]
        size = int(np.prod(row.shape, dtype=int))
        if not row.batched or source.batched or source.shape == row.shape or not source.shape or size > _LONGEST_ROW:
            return text
        if source.shape[-1] != row.shape[-1] or row.shape[-1] >= _SHORT_ROW or set(source.shape) == {1}:
            return text
        self.lines.append(f"{text}w = {text} * ones_of({row.shape})")
        return f"{text}w"

    def literal(self, number: Any) -> str:
        """Returns the name of a number as an array without axes."""
        return self._constant(float(number))

    def function(self, name: str) -> str:
        """Returns the name under which the generated source calls a function of the table or of the user's."""
        if name not in self.namespace:
            own = self.program.functions.get(name)
            self.namespace[name] = self.backend.elementwise(own) if own else self.backend.arithmetic.function(name)
        return name

    # ------------------------------------------------------------ contract

    def _contract(self, row: Instruction, left: str, right: str) -> str:
        first, rest = row.detail.split(",")
        second, out = rest.split("->")
        sizes: dict[str, str] = {"b": "batch"}
        for letters, operand in ((first, row.operands[0]), (second, row.operands[1])):
            sizes |= dict(zip(letters.replace("b", ""), map(str, self.rows[operand].shape), strict=True))
        return contraction(first, second, out, left, right, sizes)

    # ------------------------------------------------------------ reduce

    def _sum(self, row: Instruction, x: str) -> str:
        operand = self.rows[row.operands[0]]
        batch = operand.batched and not row.batched
        axes = self._axes(operand, row.detail, batch=batch)
        lead = len(operand.shape) - len(row.shape)
        first = row.detail == tuple(range(lead)) and (batch or not operand.batched)
        if self.backend.views and first and (batch or lead):
            counted = [*(["batch"] if batch else []), *map(str, operand.shape[:lead])]
            count, width = " * ".join(counted), int(np.prod(row.shape))
            if not row.shape:
                flat = x if len(counted) == 1 else f"{x}.reshape({count})"
                return f"dot(ones_of({count}), {flat})"
            folded = x if len(row.shape) == 1 and len(counted) == 1 else f"{x}.reshape(({count}, {width}))"
            text = f"dot(ones_of({count}), {folded})"  # much quicker than adding along the first axis
            return text if len(row.shape) == 1 else f"{text}.reshape({row.shape})"
        if self.backend.views and not batch and (whole_rows := self._last_axes(row, operand)):
            rows, width = whole_rows
            flat = x if len(operand.shape) + operand.batched == 2 else f"{x}.reshape(({rows}, {width}))"
            text = f"dot({flat}, ones_of({width}))"
            return text if len(row.shape) + row.batched == 1 else f"{text}.reshape({self._shaped(row, row.shape)})"
        return f"{self.backend.total}({x}, axis={axes})"

    def _last_axes(self, row: Instruction, operand: Instruction) -> tuple[str, int] | None:
        """Returns how many rows there are, and how long they are, if it is whole rows that are reduced."""
        kept = len(operand.shape) - len(row.detail)
        if row.detail != tuple(range(kept, len(operand.shape))) or not (kept or operand.batched):
            return None
        counted = [*(["batch"] if operand.batched else []), *map(str, operand.shape[:kept])]
        return " * ".join(counted), int(np.prod(operand.shape[kept:]))

    def _max(self, row: Instruction, x: str) -> str:
        return self._extreme(row, x, self.backend.largest)

    def _min(self, row: Instruction, x: str) -> str:
        return self._extreme(row, x, self.backend.smallest)

    def _extreme(self, row: Instruction, x: str, function: str) -> str:
        operand = self.rows[row.operands[0]]
        whole_rows = self._last_axes(row, operand)
        if self.backend.views and whole_rows and whole_rows[1] < _SHORT_ROW:  # NumPy is slow over short rows
            text = f"{function}({x}.reshape(({whole_rows[0]}, {whole_rows[1]})).T.copy(), axis=0)"
            return text if len(row.shape) + row.batched == 1 else f"{text}.reshape({self._shaped(row, row.shape)})"
        return f"{function}({x}, axis={self._axes(operand, row.detail)})"

    def _segments(self, row: Instruction, x: str) -> list[str]:
        op, starts = row.detail
        return self.backend.segments(op, x, starts, self.rows[row.operands[0]].shape[0], self._integers)

    def _repeat(self, row: Instruction, x: str) -> str:
        return f"{x} * ones({self._shaped(row, row.shape)}, {x}.dtype)"


class _Rename(ast.NodeTransformer):
    def __init__(self, operands: dict[str, str], emitter: _Emitter, *, large: bool) -> None:
        self.operands = operands
        self.emitter = emitter
        self.large = large

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        self.generic_visit(node)
        if self.large and self.emitter.backend.views:  # NumPy takes longer to look at a Python number than to compare
            node.comparators = [
                ast.Name(self.emitter.literal(side.value)) if isinstance(side, ast.Constant) else side
                for side in node.comparators
            ]
        return node

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id in self.operands:
            return ast.parse(self.operands[node.id], mode="eval").body
        if node.id in CONSTANTS:
            self.emitter.namespace[node.id] = CONSTANTS[node.id]
        return node

    def visit_Call(self, node: ast.Call) -> ast.expr:
        if isinstance(node.func, ast.Name):
            if node.func.id in FUNCTIONS or node.func.id in self.emitter.program.functions:
                self.emitter.function(node.func.id)
            node.args = [self.visit(argument) for argument in node.args]
        return node


def view_text(seen: View, x: str, source: Instruction, *, batched: bool) -> str:
    """Returns the source of a view, leaving out steps that do nothing."""
    lead = ":, " if batched else ""
    text = x
    if (seen.start, seen.stop) != (0, source.shape[0]):
        text += f"[{lead}{seen.start}:{seen.stop}]"
    shape = list(seen.factors)
    if len(shape) > 1:
        text += f".reshape({', '.join([*(['batch'] if batched else []), *map(str, shape)])})"
    cuts, left = [], []
    for size, (first, last) in zip(seen.factors, seen.slices, strict=True):
        cuts.append(str(first) if last is None else ":" if (first, last) == (0, size) else f"{first}:{last}")
        if last is not None:
            left.append(last - first)
    if any(cut != ":" for cut in cuts):
        while cuts[-1] == ":":
            cuts.pop()
        text += f"[{lead}{', '.join(cuts)}]"
    if seen.axes != tuple(sorted(seen.axes)):
        axes = [*([0] if batched else []), *(axis + batched for axis in seen.axes)]
        text += f".transpose({', '.join(map(str, axes))})"
    ordered = tuple(left[axis] for axis in seen.axes) if seen.factors else (1,)
    if ordered != seen.shape:
        sizes = [*(["batch"] if batched else []), *map(str, seen.shape)]
        text += f".reshape(({', '.join(sizes)}{',' if len(sizes) == 1 else ''}))"
    return text


def contraction(  # noqa: PLR0917  # two operands, each with its letters
    first: str, second: str, out: str, left: str, right: str, sizes: dict[str, str]
) -> str:
    """Returns the source of a sum of products as a matrix product, with as few reshapes as it needs.

    Args:
        first: the letters of the left operand's axes.
        second: those of the right one's.
        out: those of the result.
        left: the left operand's source.
        right: the right one's.
        sizes: the length of each axis, as source.
    """
    stack = [c for c in out if c in first and c in second]
    summed = [c for c in first if c in second and c not in out]
    rows = [c for c in out if c in first and c not in second]
    columns = [c for c in out if c in second and c not in first]
    if not summed:
        return f"{_spread(left, first, out, sizes)} * {_spread(right, second, out, sizes)}"
    if not rows and not columns:
        if not stack:
            return f"dot({_flat(left, first, summed, sizes)}, {_flat(right, second, summed, sizes)})"
        return f"einsum('{first},{second}->{out}', {left}, {right})"
    turned = out == "".join([*stack, *columns, *rows]) and rows and columns
    # A.T @ B as (B.T @ A).T: BLAS likes the longer side of the result first
    upright = all(letters.startswith("".join(summed)) for letters in (first, second))
    if turned or (not stack and upright and _longer_columns(rows, columns, sizes)):
        first, second, left, right, rows, columns = second, first, right, left, columns, rows
    a = _arranged(left, first, [stack, rows, summed], sizes)
    b = _arranged(right, second, [stack, summed, columns], sizes)
    order = [*stack, *rows, *columns]
    if stack and not rows:
        text = f"matmul({a}[..., None, :], {b})[..., 0, :]"
    elif stack and not columns:
        text = f"matmul({a}, {b}[..., None])[..., 0]"
    else:
        text = f"{'matmul' if stack else 'dot'}({a}, {b})"
    merged = len(rows) > 1 or len(columns) > 1
    if merged:
        text += f".reshape(({', '.join(sizes[c] for c in order)}{',' if len(order) == 1 else ''}))"
    if "".join(order) != out:
        text += f".transpose({', '.join(str(order.index(c)) for c in out)})"
    return text


def _longer_columns(rows: list[str], columns: list[str], sizes: dict[str, str]) -> bool:
    """Says whether a product has more columns than rows, neither being the batch's."""
    if not rows or not columns or "b" in rows or "b" in columns:
        return False
    return math.prod(int(sizes[c]) for c in rows) < math.prod(int(sizes[c]) for c in columns)


def _flat(x: str, letters: str, order: Sequence[str], sizes: dict[str, str]) -> str:
    return _arranged(x, letters, [list(order)], sizes)


def _arranged(x: str, letters: str, groups: Sequence[Sequence[str]], sizes: dict[str, str]) -> str:
    """Returns the source of an operand whose axes are put into groups, all of a group but the first's in one axis."""
    order = [c for group in groups for c in group]
    text = x
    if len(groups) == 3:
        stack, second, third = groups
        swapped = [*stack, *third, *second]
        if "".join(swapped) == letters and "".join(order) != letters and second and third:
            if len(second) > 1 or len(third) > 1:
                parts = [*(sizes[c] for c in stack), _product(third, sizes), _product(second, sizes)]
                text += f".reshape(({', '.join(parts)}))"
            return f"{text}.T" if not stack else f"{text}.swapaxes(-1, -2)"
    if "".join(order) != letters:
        text += f".transpose({', '.join(str(letters.index(c)) for c in order)})"
    merging = groups[1:] if len(groups) == 3 else groups
    if any(len(group) > 1 for group in merging):
        parts = [sizes[c] for c in groups[0]] if len(groups) == 3 else []
        parts += [_product(group, sizes) for group in merging if group]
        text += f".reshape(({', '.join(parts)}{',' if len(parts) == 1 else ''}))"
    return text


def _product(letters: Sequence[str], sizes: dict[str, str]) -> str:
    return " * ".join(sizes[c] for c in letters)


def _spread(x: str, letters: str, out: str, sizes: dict[str, str]) -> str:
    """Returns the source of an operand of an outer product, with axes of length 1 where the other one's are."""
    kept = [c for c in out if c in letters]
    text = x
    if "".join(kept) != letters:
        text += f".transpose({', '.join(str(letters.index(c)) for c in kept)})"
    if len(kept) == len(out):
        return text
    lead = out.index(kept[0]) if kept else len(out)
    if kept and "".join(kept) == out[lead:]:
        return text  # broadcasting adds axes in front by itself
    shape = [sizes[c] if c in letters else "1" for c in out]
    return f"{text}.reshape(({', '.join(shape)}{',' if len(shape) == 1 else ''}))" if out else text
