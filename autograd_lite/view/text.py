"""A view as an indented tree of text: for terminals, for screen readers, for tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .graph import Edge, GraphView, Node
from .labels import census, columns, figure, gradient, headline, short

__all__ = ["applied", "formula", "names_of", "to_text"]

_DEEPEST = 24  # levels of indentation; below, the depth is written as a number
_WIDEST = 72  # columns of tree before the numbers are no longer aligned


def to_text(view: GraphView) -> str:
    """Returns the tree: outputs first, under each result its operands; what was shown before is referred to.

    Example:
        >>> from autograd_lite.value import Value
        >>> from autograd_lite.view import draw
        >>> x = Value(3.0, name="x")
        >>> print(to_text(draw(x * x + x)))
        v2 = v1 + x       value 12  (output)
        ├─ v1 = x * x     value 9
        │  └─ x           value 3
        └─ x              above
        Gradients are not computed yet: call backward() first.
    """
    nodes = {node.id: node for node in view.nodes}
    names = names_of(view)
    incoming: dict[str, list[Edge]] = {node.id: [] for node in view.nodes}
    for edge in view.edges:
        incoming[edge.target].append(edge)
    used = {edge.source for edge in view.edges if edge.source != edge.target}
    tops = [*view.outputs, *(node for node in view.nodes if node.id not in used), *reversed(view.nodes)]
    shown: set[str] = set()
    rows: list[tuple[str, tuple[str, ...]]] = []
    for top in tops:
        if top.id in shown:
            continue
        stack = [(top.id, "", "", 0)]
        while stack:
            key, lead, below, depth = stack.pop()
            node = nodes[key]
            if key in shown:
                rows.append((lead + names[key], ("above",)))
                continue
            shown.add(key)
            rows.append((lead + _title(node, incoming[key], names), _numbers(node, view)))
            operands = list(dict.fromkeys(edge.source for edge in incoming[key]))
            for i, operand in reversed(list(enumerate(operands))):
                last = i == len(operands) - 1
                if depth >= _DEEPEST:
                    stack.append((operand, f"{below}({depth + 1}) ", below, depth + 1))
                else:
                    stack.append(
                        (operand, below + ("└─ " if last else "├─ "), below + ("   " if last else "│  "), depth + 1)
                    )
    return "\n".join([*_aligned(rows), *view.notes])


def _aligned(rows: Sequence[tuple[str, tuple[str, ...]]]) -> list[str]:
    width = min(_WIDEST, max((columns(text) for text, _ in rows), default=0))
    widths = [0, 0]
    for _, cells in rows:
        for i, cell in enumerate(cells[:2]):
            widths[i] = max(widths[i], len(cell))
    lines = []
    for text, cells in rows:
        padded = [cell.ljust(size) for cell, size in zip(cells, [*widths, 0], strict=False)]
        lines.append(f"{text}{' ' * (width - columns(text))}    {'  '.join(padded)}".rstrip())
    return lines


def names_of(view: GraphView) -> dict[str, str]:
    """Returns what formulas call each node: its name, its number if it is a constant, or its path, or its id."""
    paths: dict[str | None, str] = {None: ""}
    for box in view.boxes:  # outer ones first
        paths[box.id] = short(f"{paths[box.parent]}{box.name}", 60) + "."
    names = {}
    for node in view.nodes:
        sign, name = headline(node)
        if node.kind == "folded" and node.operations and not node.symbol and node.repeats == 1:
            name = paths[node.box] + name
        if node.kind in ("constant", "rest", "folded"):
            names[node.id] = " ".join(short(part, 40) for part in (sign, name) if part)
        else:
            names[node.id] = short(node.name, 32) or node.id
    return names


def formula(node: Node, incoming: Sequence[Edge], names: Mapping[str, str]) -> str:
    """Returns an operation with its operands: "a * b", "tanh(v3)"; empty for what is no single operation."""
    if node.kind != "operation":
        return ""
    return applied(node.symbol, [names[edge.source] for edge in incoming])


def applied(symbol: str, operands: Sequence[str]) -> str:
    """Returns an operation's sign between its operands, or before them.

    Example:
        >>> applied("*", ["a", "b"]), applied("tanh", ["v3"]), applied("-", ["a"])
        ('a * b', 'tanh(v3)', '-a')
    """
    sign = short(symbol, 32)
    if symbol.isidentifier() or len(operands) > 2:
        return f"{sign}({', '.join(operands)})"
    return f"{sign}{operands[0]}" if len(operands) == 1 else f" {sign} ".join(operands)


def _title(node: Node, incoming: Sequence[Edge], names: Mapping[str, str]) -> str:
    if node.kind == "folded" and node.operations:
        return f"{names[node.id]} ({node.operations:,} operation{'s'[: node.operations - 1]})"
    if node.kind == "rest":
        return f"{names[node.id]} ({', '.join(census(node.census, 3))})"
    right = formula(node, incoming, names)
    return f"{names[node.id]} = {right}" if right else names[node.id]


def _numbers(node: Node, view: GraphView) -> tuple[str, ...]:
    cells: list[str] = []
    single = node.results[0] if len(node.results) == 1 else None
    value, adjoint = (single.value, single.adjoint) if single else (node.value, node.adjoint)
    if value is not None:
        cells.append("constant" if node.kind == "constant" else f"value {figure(value)}")
        if view.has_adjoints and node.kind != "constant":
            cells.append(f"gradient {gradient(adjoint)}")
    elif node.results:
        cells.append(f"{len(node.results):,} outputs")
    if node.is_output:
        cells.append("(output)")
    return tuple(cells)
