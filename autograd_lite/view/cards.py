"""What a node's card says, and how much room it takes; the same for every way of placing cards."""

from __future__ import annotations

from typing import NamedTuple

from .graph import GraphView, Node
from .labels import census, columns, figure, gradient, headline, short

__all__ = ["HEADER", "ROW", "Card", "card_of"]

HEADER = 22.0  # height of the first line
ROW = 15.0  # height of each further line
_BOLD, _PLAIN = 7.7, 6.7  # width of a column: 13 px bold, 11 px plain and monospace
_MOST_RESULTS = 4


class Card(NamedTuple):
    """The text of a card: a sign and a name, then rows of a label and what it says; "" is an empty box to write in."""

    sign: str
    name: str
    rows: tuple[tuple[str, str], ...]
    width: float
    height: float
    row: float = ROW


def card_of(node: Node, view: GraphView) -> Card:
    """Returns the card of a node; rows for gradients are left out where the whole view has none."""
    sign, name = (short(part) for part in headline(node))
    rows = _rows(node, with_gradients=view.has_adjoints)
    header = columns(sign) + columns(name) + 1.5 * bool(sign and name) + 6 * node.is_output
    label = max((columns(text) for text, _ in rows), default=0)
    content = max((columns(text) for _, text in rows), default=0)
    width = max(header * _BOLD, (label + content + 1.5) * _PLAIN if rows else 0) + 20
    height = HEADER + ROW * len(rows) + (6 if rows else 2)
    return Card(sign, name, rows, max(width, 44.0 if node.kind == "constant" else 84.0), height)


def _rows(node: Node, *, with_gradients: bool) -> tuple[tuple[str, str], ...]:
    if node.kind == "constant":
        return ()
    if node.value is not None:
        rows = [("value", figure(node.value))]
        return (*rows, ("grad", gradient(node.adjoint))) if with_gradients else tuple(rows)
    if node.kind == "rest":
        return tuple(("", text) for text in census(node.census, 3))
    if not node.operations:
        return ()
    rows = [("inside", f"{node.operations:,} operations" if node.operations > 1 else "1 operation")]
    shown = node.results[:_MOST_RESULTS] if len(node.results) <= 16 and (node.symbol or node.repeats == 1) else ()
    if len(shown) == 1:
        rows.append(("value", figure(shown[0].value)))
        return (*rows, ("grad", gradient(shown[0].adjoint))) if with_gradients else tuple(rows)
    for result in shown:
        text = figure(result.value)
        if with_gradients:
            text += f"  grad {gradient(result.adjoint)}"
        rows.append((short(result.name, 8) or result.id, text))
    if len(node.results) > len(shown):
        rows.append(("", f"{len(node.results) - len(shown):,} {'more ' if shown else ''}outputs"))
    return tuple(rows)
