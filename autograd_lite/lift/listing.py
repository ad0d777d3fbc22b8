"""An array program in words: one line a formula, with shapes, under the names of parameters, inputs and layers.

    layer0 = relu(x @ layer0.w.T + layer0.b)    (batch, 16)

An array that is read once is written where it is read, as long as the line stays short. Slices, reshapes and
transpositions cost nothing, so they are shown only where they say something: `.T` turns the last two axes of a matrix,
`h.key` is the part of h that comes from the parameters `key`, and axes of length 1 are left out.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Sequence

from .blocks import shortened
from .formulas import Formulas, blocks_of, slim
from .program import SOURCES, Instruction, Program

__all__ = ["listing"]

_WIDTH, _INLINE = 68, 56  # the longest formulas, on a line and inside another
_MOST = 120  # lines


def listing(program: Program, *, size: int | None = None, title: str = "") -> str:
    """Returns the program as formulas, under a line that says what goes in.

    Args:
        program: any array program.
        size: how many scalar operations it was made from, if that is known.
        title: what to call it.
    Example:
        >>> from autograd_lite import Value
        >>> from autograd_lite.lift import lift
        >>> w, b = [Value(0.5, name=f"w{i}") for i in range(2)], Value(0.0, name="b")
        >>> error = lift(lambda x, y: (w[0] * x[0] + w[1] * x[1] + b - y) ** 2, [*w, b], example=([1.0, 2.0], 3.0))
        >>> print(listing(error.program, title="error"))
        error: 3 instructions; 3 parameters; x (batch, 2), y (batch)
        out = (x @ w + b - y) ** 2    (batch)
    """
    try:
        head, rows = _head(program, size), _Listing(program).run()
    except Exception:  # noqa: BLE001  # whatever is odd about it, it is still shown
        head, rows = _count(len(program), "instruction"), _plain(program)
    if len(rows) > _MOST:
        rows[_MOST - 20 : -20] = [(f"... {len(rows) - _MOST:,} lines more ...", "")]
    width = max((len(text) for text, _ in rows), default=0)
    lines = [f"{text:<{width}}    {shape}".rstrip() for text, shape in rows]
    return "\n".join([f"{title}: {head}" if title else head, *lines])


def _head(program: Program, size: int | None) -> str:
    done = _count(len(program), "instruction") + (f" from {_count(size, 'scalar operation')}" if size else "")
    sources = {row.kind: row for row in program.instructions if row.kind in SOURCES}
    parts = [done]
    if "parameters" in sources:
        parts.append(_count(math.prod(sources["parameters"].shape), "parameter"))
    leaves: dict[str, str] = {}
    for kind in ("input", "index", "captured"):
        if kind in sources:
            row = sources[kind]
            for family, shape in blocks_of(program, row).families().items():
                leaves.setdefault(shortened(family) if family else kind, _shape(row.batched, shape))
    texts = [f"{name} {shape}" for name, shape in leaves.items()]
    parts.append(", ".join([*texts[:6], *(["..."] if len(texts) > 6 else [])]))
    return "; ".join(filter(None, parts))


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _shape(batched: bool, shape: Sequence[int]) -> str:  # noqa: FBT001  # a plain fact
    sizes = [*(["batch"] if batched else []), *(str(n) for n in shape if n != 1)]
    return f"({', '.join(sizes)})"


def _plain(program: Program) -> list[tuple[str, str]]:
    """Returns one line an instruction."""
    rows = []
    for position, row in enumerate(program.instructions):
        detail = row.detail if isinstance(row.detail, str) else row.detail[0] if row.kind == "map" else ""
        operands = ", ".join(f"v{i}" for i in row.operands)
        rows.append((_cut(f"v{position} = {row.kind}({operands}) {detail}".rstrip()), _shape(row.batched, row.shape)))
    return rows


def _cut(text: str, width: int = _WIDTH) -> str:
    text = " ".join(text.split())
    return text if len(text) <= width else text[: width - 4] + " ..."


class _Listing:
    """The lines of a listing: which arrays get one, and which are written where they are read."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.formulas = Formulas(program)
        self.pending: dict[int, int] = {}  # arrays written nowhere yet, and the length of their formulas
        self.results: set[str] = set()
        self.lines: list[tuple[str, str, str]] = []

    def run(self) -> list[tuple[str, str]]:
        outputs = [self.formulas.root[i] for i in self.program.outputs]
        derived = len(outputs) == 2 and any(row.kind == "seed" for row in self.formulas.rows)
        names = [f"out{i}" for i in range(len(outputs))] if len(outputs) > 1 else ["out"]
        names = ["out", "gradient"] if derived else names[: len(outputs)]
        for position, row in enumerate(self.formulas.rows):
            if self.formulas.root[position] != position or position in self.formulas.hidden:
                continue
            if position in self.formulas.elements or row.kind in SOURCES:
                self.formulas.nodes[position] = self.formulas.source(position)
                continue
            self._write(position, row)
            if position in outputs or row.label or self.formulas.uses[position] > 1:
                known = names[outputs.index(position)] if position in outputs else ""
                self._name(position, shortened(row.label) if row.label else known)
                if known and not row.label:
                    self.results.add(self.lines[-1][0])
        for name, output in zip(names, self.program.outputs, strict=True):
            text = ast.unparse(self.formulas.at(output))
            if not self.lines or text not in (self.lines[-1][0], *self.results):
                self.lines.append(
                    (name, text, _shape(self.formulas.rows[output].batched, slim(self.formulas.rows[output].shape)))
                )
        width = max((len(name) for name, _, _ in self.lines), default=0)
        return [(f"{name:<{width}} = {_cut(text, _WIDTH)}", shape) for name, text, shape in self.lines]

    def _write(self, position: int, row: Instruction) -> None:
        """Makes an array's formula, and gives its longest operands names until it is short."""
        operands = {self.formulas.root[i] for i in self.formulas.operands(position)}
        waiting = {i: self.pending[i] for i in operands if i in self.pending}
        limit = _WIDTH if len(waiting) < 8 else 0
        for each in sorted(waiting, key=lambda i: -waiting[i]):
            if sum(waiting.values()) > limit or waiting[each] > _INLINE:
                self._name(each)
                del waiting[each]
        for each in [i for i in waiting if row.kind != "map" and self._is_whole_thought(i, row)]:
            self._name(each)
            del waiting[each]
        node = self.formulas.formula(position)
        for each in sorted(waiting, key=lambda i: -waiting[i]):
            if len(ast.unparse(node)) > _WIDTH:
                self._name(each)
                node = self.formulas.formula(position)
        self.formulas.nodes[position] = node
        self.pending[position] = len(ast.unparse(node))

    def _is_whole_thought(self, position: int, reader: Instruction) -> bool:
        """Says whether an operand is worth a line: a product, for its shape, and any arithmetic inside a product."""
        node = self.formulas.nodes[position]
        product = any(isinstance(each, ast.MatMult) for each in ast.walk(node))
        return product or (reader.kind == "contract" and isinstance(node, ast.BinOp))

    def _name(self, position: int, name: str = "") -> None:
        """Gives an array a line of its own."""
        node = self.formulas.nodes[position]
        if isinstance(node, ast.Name | ast.Constant) and not name:
            self.pending.pop(position, None)
            return
        name = self.formulas.unique(name or self._stem(node), numbered=not name)
        self.lines.append(
            (name, ast.unparse(node), _shape(self.formulas.rows[position].batched, self.formulas.shape[position]))
        )
        self.formulas.nodes[position] = ast.Name(name)
        self.pending.pop(position, None)

    def _stem(self, node: ast.expr) -> str:
        function = node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else "h"
        return function if len(function) < 8 else "h"
