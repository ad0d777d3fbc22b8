"""`GraphView`: a frozen picture of a computation, before anyone decides how to draw it.

    >>> from autograd_lite.value import Value
    >>> from autograd_lite.view import draw
    >>> x = Value(3.0, name="x")
    >>> view = draw(x * x)
    >>> [(edge.source, edge.target, edge.position, edge.partial) for edge in view.edges]
    [('v0', 'v1', 0, 3.0), ('v0', 'v1', 1, 3.0)]

It holds text and numbers, no Values: what happens to the graph later does not change it. Every renderer reads this and
nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import os

__all__ = ["Box", "Edge", "GraphView", "Kind", "Node", "Result"]

Kind = Literal["leaf", "constant", "operation", "folded", "rest"]


@dataclass(frozen=True, slots=True)
class Result:
    """An output of a folded piece: the number that leaves it."""

    id: str
    name: str
    value: float
    adjoint: float | None


@dataclass(frozen=True, slots=True)
class Node:
    """What a picture shows as one thing.

    Args:
        id: "v" and the tape line; for a folded piece "s" and its number; "earlier" or "later" for what is not drawn.
        kind: leaf, constant, operation, folded (a named piece drawn as one) or rest (whatever is not drawn).
        symbol: the operation's sign or name; empty for leaves.
        name: the name given by the user, any text; of a folded piece the piece's name. Not yet made safe for a format.
        value: the number; None for a folded piece, whose numbers are in `results`.
        adjoint: d root / d node from the last backward pass; None if it was not computed, which is not 0.
        box: the id of the box around it; None at the top.
        is_output: whether the view was asked for it.
        lines: the tape lines it stands for.
        operations: how many of them are operations.
        repeats: how many equal pieces it stands for.
        results: the outputs of a folded piece.
        census: for folded and rest, what is inside: ("*", 16), ("leaf", 20), most frequent first.
    """

    id: str
    kind: Kind
    symbol: str
    name: str
    value: float | None
    adjoint: float | None
    box: str | None = None
    is_output: bool = False
    lines: tuple[int, ...] = ()
    operations: int = 0
    repeats: int = 1
    results: tuple[Result, ...] = ()
    census: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Edge:
    """A use of one node by another; `x*x` has two.

    Args:
        source: the operand's id.
        target: the consumer's id.
        position: which operand it is, from 0; None into a folded node.
        partial: d target / d operand, through this operand alone; None for a constant and into a folded node.
        count: how many uses it stands for; more than 1 only into a folded node.
    """

    source: str
    target: str
    position: int | None
    partial: float | None
    count: int = 1


@dataclass(frozen=True, slots=True)
class Box:
    """A named piece that is drawn open, as a frame around its nodes.

    Args:
        id: "s" and its number.
        name: its own name, any text.
        parent: the id of the box around it; None at the top.
    """

    id: str
    name: str
    parent: str | None


@dataclass(frozen=True)
class GraphView:
    """A picture of a computation as data.

    Args:
        nodes: operands before consumers, in tape order.
        edges: by consumer, then by position.
        boxes: the open pieces, outer ones first.
        total: how many values the whole computation has, drawn or not.
        notes: sentences for the reader: what was folded or left out, and how to see it.
    """

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    boxes: tuple[Box, ...] = ()
    total: int = 0
    notes: tuple[str, ...] = field(default=())

    @property
    def outputs(self) -> tuple[Node, ...]:
        """The nodes the view was asked for."""
        return tuple(node for node in self.nodes if node.is_output)

    @cached_property
    def has_adjoints(self) -> bool:
        """Whether any node drawn has a gradient."""
        return any(
            node.adjoint is not None or any(result.adjoint is not None for result in node.results)
            for node in self.nodes
        )

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"<GraphView: {len(self.nodes)} nodes, {len(self.edges)} edges; {self.total} values recorded>"

    @property
    def text(self) -> str:
        """The graph as an indented tree, from the outputs down to the leaves; see `view/text.py`."""
        from .text import to_text

        return to_text(self)

    @property
    def source(self) -> str:
        """The graph in DOT, Graphviz's language; no `dot` program is needed. See `view/dot.py`."""
        from .dot import to_dot

        return to_dot(self)

    def svg(self, *, engine: str = "auto") -> str:
        """Returns the picture as SVG text.

        Args:
            engine: who places the nodes. "builtin" always works and gives the same bytes everywhere; "dot" needs
                Graphviz's program; "auto" takes dot if it is there and the view has no boxes, which our own layout
                places better.
        Raises:
            GraphError: engine="dot", and there is no `dot` on PATH; or dot failed.
            InputError: another engine.
        Example:
            >>> from autograd_lite.value import Value
            >>> from autograd_lite.view import draw
            >>> draw(Value(2.0, name="x").exp()).svg(engine="builtin").startswith("<svg ")
            True
        """
        from .svg import to_svg

        return to_svg(self, engine=engine)

    def html(self, *, engine: str = "auto") -> str:
        """Returns a page that stands alone: the picture and a table of all values. It runs and fetches nothing."""
        from .html import to_html

        return to_html(self, engine=engine)

    def render(self, path: str | os.PathLike[str], *, engine: str = "auto") -> None:
        """Writes the picture to a file, whole or not at all; the suffix picks the format.

        Args:
            path: ends in .dot, .svg, .html, .txt (always possible), .png or .pdf (these need Graphviz's `dot`).
            engine: for .svg and .html, as in `svg`.
        Raises:
            InputError: another suffix.
            GraphError: .png or .pdf, or engine="dot", without Graphviz.
            OSError: the folder cannot be written to.
        """
        from .render import render

        render(self, path, engine=engine)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:  # noqa: ARG002  # Jupyter's
        from .html import to_mimebundle

        return to_mimebundle(self)
