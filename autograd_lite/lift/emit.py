"""From an array program to a Python function: straight-line source over an array library, one line an instruction.

The source is kept (`Code.source`), so that what runs can be read; tracebacks and debuggers show its lines. Where array
libraries differ, the source is the backend's (`backend.py`).
"""

from __future__ import annotations

import ast
import itertools
import linecache
import math
import weakref
from collections import Counter
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import numpy as np

from autograd_lite.expressions import CONSTANTS, FUNCTIONS, rewritten

from .backend import Backend, Code
from .contractions import contraction
from .program import SOURCES, Instruction, Program
from .shapes import shape_text, tuple_text, view_text
from .simplify import simplified

__all__ = ["emit"]

_RENAMED = frozenset({"view", "reshape", "stop"})
"""Kinds that make no array of their own, but another name for their operand's."""
_COMPUTED = frozenset({"map", "contract", "place"})
"""Kinds whose array is new memory, or memory that may be written into all the same."""
_SERIAL = itertools.count()


def emit(program: Program, backend: Backend, name: str = "program") -> Code:
    """Returns the program as functions over a backend's arrays.

    Args:
        program: the program.
        backend: the array library.
        name: what tracebacks call it.
    """
    emitter = _Emitter(program, backend)
    source = emitter.source()
    prepare, run = _defined(source, emitter.namespace, name)
    return Code(prepare, run, source)


def _defined(source: str, namespace: dict[str, Any], name: str) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """Returns the functions `prepare` and `run` of a source, whose lines tracebacks show as long as `run` lives."""
    filename = f"<lifted {name} {next(_SERIAL)}>"
    functions: dict[str, Any] = {}
    exec(compile(source, filename, "exec"), namespace, functions)  # noqa: S102  # text that this module has written
    prepare, run = functions["prepare"], functions["run"]
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    weakref.finalize(run, linecache.cache.pop, filename, None).atexit = False
    return prepare, run


class _Emitter:
    """Writes the source of one program, instruction by instruction.

    Its `namespace` is what the source uses: functions, constants, index arrays.
    """

    def __init__(self, program: Program, backend: Backend) -> None:
        self.program = program
        self.backend = backend
        self.rows = program.instructions
        self.namespace: dict[str, Any] = dict(backend.namespace)
        self.text: dict[int, str] = {}  # the name of each array
        self.early: list[str] = []  # the lines of `prepare`
        self.lines: list[str] = []  # the lines of `run`
        self.ready: set[int] = set()  # arrays made in `prepare`
        self.bases, self.last = self._lifetimes()
        self.reads = self._reads()

    def source(self) -> str:
        """Returns the source of both functions."""
        for position, row in enumerate(self.rows):
            self._instruction(position, row)
        prepared = tuple_text([f"v{i}" for i in sorted(self.ready)])
        results = tuple_text([self._result(i) for i in self.program.outputs])
        unpack = [f"{prepared} = prepared"] if self.ready else []
        count = ["batch = inputs.shape[0]"] if any("batch" in line for line in self.lines) else []
        early = ["def prepare(theta):", *self.early, f"return {prepared}"]
        late = ["def run(prepared, inputs, indices, captured, seed, direction):", *unpack, *count, *self.lines]
        return "\n    ".join(early) + "\n\n\n" + "\n    ".join([*late, f"return {results}"]) + "\n"

    # ------------------------------------------------------------ whose memory an array is in

    def _lifetimes(self) -> tuple[list[int], dict[int, int]]:
        """Returns for each array the one whose memory it may share, and where the memory of each is last read."""
        bases: list[int] = []
        last: dict[int, int] = {}
        for position, row in enumerate(self.rows):
            shares = (
                row.kind in _RENAMED or row.kind == "place" or (row.kind == "map" and row.detail[0] in row.detail[1])
            )
            bases.append(bases[row.operands[0]] if shares else position)
            for operand in row.operands:
                last[bases[operand]] = position
        for output in self.program.outputs:
            last[bases[output]] = len(self.rows)
        return bases, last

    def _reads(self) -> Counter[int]:
        """Returns how often each array is read; being given another name counts twice, for it may be read by both."""
        reads = Counter(self.program.outputs)
        for row in self.rows:
            for operand in row.operands:
                reads[operand] += 1 + (row.kind in _RENAMED)
        return reads

    def _spent(self, row: Instruction, name: str) -> bool:
        """Says whether an operand's memory may take the result: ours, as large, and read for the last time."""
        for operand in row.operands:
            if self.text[operand] == name:
                source, base = self.rows[operand], self.bases[operand]
                ours = self.rows[base].kind in ("map", "contract") and not _is_test(self.rows[base])
                alike = source.shape == row.shape and source.batched == row.batched and bool(row.shape or row.batched)
                return ours and alike and self.last[base] == self.position and operand not in self.ready
        return False

    def _result(self, position: int) -> str:
        """Returns a result that the caller may write into: a copy, where it would be somebody else's."""
        theirs = self.rows[self.bases[position]].kind in SOURCES
        return self.backend.own(self.text[position]) if theirs else self.text[position]

    # ------------------------------------------------------------ one instruction

    def _instruction(self, position: int, row: Instruction) -> None:
        """Writes the lines of an instruction, and notes by which name the array goes."""
        self.position = position
        operands = [self.text[i] for i in row.operands]
        made = _WRITERS[row.kind](self, row, *operands)
        *before, text = [made] if isinstance(made, str) else [line.replace("OUT", f"v{position}") for line in made]
        prepared = row.kind in ("view", "reshape") and row.operands[0] in self.ready and self.backend.views
        if prepared or row.kind == "parameters":
            self.ready.add(position)
            self.early.append(f"v{position} = {text}")
        else:
            self.lines.extend(before)
            if text.isidentifier():
                self.text[position] = text
                return
            self.lines.append(f"v{position} = {text}")
        self.text[position] = f"v{position}"

    def _keep(self, thing: Any) -> str:
        """Returns the name by which the source may use an object."""
        name = f"k{len(self.namespace)}"
        self.namespace[name] = thing
        return name

    def _shape(self, row: Instruction) -> str:
        return shape_text(row.shape, batched=row.batched)

    def _source(self, row: Instruction) -> str:
        """Returns the argument that a source is passed as."""
        named = {"parameters": "theta", "input": "inputs", "index": "indices"}
        return named.get(row.kind, row.kind)

    def _constant(self, row: Instruction) -> str:
        return self._keep(self.backend.constant(row.detail))

    def _same(self, _: Instruction, x: str) -> str:
        return x

    # ------------------------------------------------------------ gather

    def _view(self, row: Instruction, x: str) -> str:
        (size,) = self.rows[row.operands[0]].shape
        return view_text(row.detail, x, size, batched=row.batched)

    def _reshape(self, row: Instruction, x: str) -> str:
        return f"{x}.reshape({self._shape(row)})"

    def _repeat(self, row: Instruction, x: str) -> str:
        return f"{x} * ones({self._shape(row)}, {x}.dtype)"

    def _gather(self, row: Instruction, x: str) -> list[str]:
        return self.backend.gather(x, row.detail, self._keep)

    def _take(self, row: Instruction, x: str, index: str) -> str:
        table = self.rows[row.operands[0]]
        return f"{x}[{self._rows_taken(table, index)}]"

    def _put(self, row: Instruction, g: str, index: str) -> list[str]:
        return self.backend.put(self._shape(row), f"({self._rows_taken(row, index)})", g)

    def _rows_taken(self, table: Instruction, index: str) -> str:
        """Returns the subscript by which rows are taken from tables (table, row, element), one row from each."""
        tables = "0" if table.shape[0] == 1 else self._keep(np.arange(table.shape[0], dtype=np.intp))
        return f"{'arange(batch)[:, None], ' if table.batched else ''}{tables}, {index}"

    def _place(self, row: Instruction, *parts: str) -> list[str]:
        first = row.operands[0]
        fresh = self.rows[first].kind in _COMPUTED and self.reads[first] == 1
        return self.backend.place(row, parts, self._shape(row), self._keep, fresh=fresh)

    # ------------------------------------------------------------ map

    def _map(self, row: Instruction, *operands: str) -> str | list[str]:
        text, names, _ = row.detail
        tree = ast.parse(_for_arrays(text), mode="eval").body
        wide = [self._widened(x, i, row) for x, i in zip(operands, row.operands, strict=True)]
        formula = _InNames(dict(zip(names, wide, strict=True)), self, row).visit(tree)
        return self.backend.reused(formula, lambda name: self._spent(row, name)) or ast.unparse(formula)

    def _widened(self, x: str, operand: int, row: Instruction) -> str:
        """Returns the name of an operand as a map wants it."""
        wide = self.backend.widened(x, self.rows[operand], row)
        if wide == x:
            return x
        name = f"{x}w{self.position}"
        self.lines.append(f"{name} = {wide}")
        return name

    def compared(self, node: ast.Compare) -> ast.Compare:
        """Returns a comparison of arrays as the backend wants it."""
        return self.backend.compared(node, self._keep)

    def use(self, name: str) -> None:
        """Makes a function or a constant of formulas known to the source."""
        if name in self.namespace:
            return
        if name in CONSTANTS:
            self.namespace[name] = CONSTANTS[name]
        elif name in self.program.functions:
            self.namespace[name] = self.backend.elementwise(self.program.functions[name])
        elif name in FUNCTIONS:
            self.namespace[name] = self.backend.arithmetic.function(name)

    # ------------------------------------------------------------ contract, reduce

    def _contract(self, row: Instruction, left: str, right: str) -> str:
        inputs, out = row.detail.split("->")
        first, second = inputs.split(",")
        sizes = {"b": "batch"}
        for letters, operand in ((first, row.operands[0]), (second, row.operands[1])):
            sizes |= dict(zip(letters.replace("b", ""), map(str, self.rows[operand].shape), strict=True))
        return contraction(first, second, out, left, right, sizes)

    def _sum(self, row: Instruction, x: str) -> str:
        return self.backend.total(x, self.rows[row.operands[0]], row)

    def _extreme(self, row: Instruction, x: str) -> str:
        return self.backend.extreme(x, self.rows[row.operands[0]], row)

    def _segments(self, row: Instruction, x: str) -> str:
        op, starts = row.detail
        return self.backend.segments(op, x, starts, self.rows[row.operands[0]].shape[-1], self._keep)


_WRITERS: Mapping[str, Callable[..., str | list[str]]] = {
    **dict.fromkeys(SOURCES, _Emitter._source),
    "constant": _Emitter._constant,
    "stop": _Emitter._same,
    "view": _Emitter._view,
    "reshape": _Emitter._reshape,
    "repeat": _Emitter._repeat,
    "gather": _Emitter._gather,
    "take": _Emitter._take,
    "put": _Emitter._put,
    "place": _Emitter._place,
    "map": _Emitter._map,
    "contract": _Emitter._contract,
    "sum": _Emitter._sum,
    "max": _Emitter._extreme,
    "min": _Emitter._extreme,
    "segments": _Emitter._segments,
}
"""How each kind of instruction is written: all its lines, or the result alone if that says it."""


@lru_cache(maxsize=1024)
def _for_arrays(text: str) -> str:
    """Returns a formula as arrays compute it: simplified, and choosing where Python would branch."""
    return rewritten(simplified(text), where=True)


def _is_test(row: Instruction) -> bool:
    """Says whether an array holds outcomes of a comparison."""
    return row.kind == "map" and isinstance(ast.parse(row.detail[0], mode="eval").body, ast.Compare | ast.BoolOp)


class _InNames(ast.NodeTransformer):
    """Writes a formula in the names of a map's operands, and makes what it calls known to the source."""

    def __init__(self, operands: Mapping[str, str], emitter: _Emitter, row: Instruction) -> None:
        self.operands = operands
        self.emitter = emitter
        self.large = row.batched or math.prod(row.shape) > 1

    def visit_Compare(self, node: ast.Compare) -> ast.expr:
        self.generic_visit(node)
        return self.emitter.compared(node) if self.large else node

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id in self.operands:
            return ast.Name(self.operands[node.id])
        self.emitter.use(node.id)
        return node

    def visit_Call(self, node: ast.Call) -> ast.expr:
        if isinstance(node.func, ast.Name):
            self.emitter.use(node.func.id)
        node.args = [self.visit(argument) for argument in node.args]
        return node
