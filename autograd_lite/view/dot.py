"""A view as DOT, Graphviz's language, written with the `graphviz` package; the `dot` program is not needed for it.

Ids are ours. A label is plain text: it cannot start HTML, a port, an escape or an attribute. No URL, comment, tooltip
or image ever comes from a name. One statement per edge, since some builds cut long chains.
"""

from __future__ import annotations

from typing import Any

from .cards import card_of
from .graph import GraphView, Node
from .labels import figure, printable, short

__all__ = ["plain", "to_dot"]

_STYLES = {
    "leaf": {"style": "filled", "fillcolor": "#eef6fc", "penwidth": "1.5", "color": "#0072b2"},
    "constant": {"style": "rounded,filled,dashed", "fillcolor": "#ffffff"},
    "operation": {"style": "rounded,filled", "fillcolor": "#ffffff"},
    "folded": {"style": "filled", "fillcolor": "#f6f1e7", "shape": "box3d"},
    "rest": {"style": "rounded,filled,dashed", "fillcolor": "#f3f4f6"},
}


def plain(text: str) -> str:
    r"""Returns text as the inside of a DOT label that shows exactly this text.

    Example:
        >>> print(plain(r"a\nb & <c>"))
        a\\nb &amp; <c>
    """
    return printable(text).replace("&", "&amp;").replace("\\", "\\\\")


def to_dot(view: GraphView) -> str:
    r"""Returns the graph in DOT.

    Example:
        >>> from autograd_lite.value import Value
        >>> from autograd_lite.view import draw
        >>> print(to_dot(draw(Value(2.0, name="x").exp())))
        digraph {
            graph [bgcolor=white fontname=Helvetica rankdir=LR]
            node [color="#6e7781" fontname=Helvetica fontsize=11 shape=box]
            edge [arrowsize=0.7 color="#6e7781" fontname=Helvetica fontsize=9]
            v0 [label="x\nvalue 2" color="#0072b2" fillcolor="#eef6fc" penwidth=1.5 style=filled]
            v1 [label="exp\nvalue 7.389\noutput" fillcolor="#ffffff" penwidth=2.5 style="rounded,filled"]
            v0 -> v1 [label=7.389]
        }
        <BLANKLINE>
    """
    from graphviz import Digraph

    def graph(name: str | None = None, **attributes: str) -> Any:
        return Digraph(name, graph_attr=attributes or None)

    root = Digraph(
        graph_attr={"rankdir": "LR", "fontname": "Helvetica", "bgcolor": "white"},
        node_attr={"shape": "box", "fontname": "Helvetica", "fontsize": "11", "color": "#6e7781"},
        edge_attr={"fontname": "Helvetica", "fontsize": "9", "arrowsize": "0.7", "color": "#6e7781"},
    )
    frames: dict[str | None, Any] = {None: root}
    for box in view.boxes:
        label = _nohtml(plain(short(box.name, 40)))
        frames[box.id] = graph(f"cluster_{box.id}", label=label, style="rounded,filled", fillcolor="#f3f4f6")
    for node in view.nodes:
        style = _STYLES[node.kind] | ({"penwidth": "2.5"} if node.is_output else {})
        frames[node.box].node(node.id, label=_label(node, view), **style)
    for box in reversed(view.boxes):  # inner ones first
        frames[box.parent].subgraph(frames[box.id])
    for edge in view.edges:
        label = f"×{edge.count:,}" if edge.count > 1 else "" if edge.partial is None else figure(edge.partial)
        style = {"style": "dashed"} if edge.partial is None and edge.position is not None else {}
        root.edge(edge.source, edge.target, label=label or None, **style)
    source: str = root.source
    return source.expandtabs(4)


def _nohtml(text: str) -> str:
    from graphviz import nohtml

    quoted: str = nohtml(text)
    return quoted


def _label(node: Node, view: GraphView) -> str:
    card = card_of(node, view)
    rows = [" ".join(part for part in (card.sign, card.name) if part)]
    rows += [f"{label} {text}".strip() for label, text in card.rows]
    rows += ["output"] * node.is_output
    return _nohtml("\\n".join(plain(row) for row in rows))
