"""Pictures of a computation: one frozen view of it, several renderers.

graph     what a picture shows, as data   build     from Values to GraphView
fold      what is drawn as one node, and what is left out
labels    any text made short and safe    cards     what a node's card says
layout    columns, order, coordinates     placing   boxes and edges, by our layout or by `dot`
svg, dot, text, html, render              the renderers

>>> from autograd_lite.value import Value
>>> w, x = Value(0.5, name="w"), Value(2.0, name="x")
>>> y = (w * x).exp()
>>> y.backward()
>>> print(draw(y))
v3 = exp(v2)    value 2.718    gradient 1        (output)
└─ v2 = w * x   value 1        gradient 2.718
   ├─ w         value 0.5      gradient 5.437
   └─ x         value 2        gradient 1.359
"""

from __future__ import annotations

from autograd_lite.value import Value

from .build import view_of
from .fold import Fold
from .graph import Box, Edge, GraphView, Node, Result

__all__ = ["Box", "Edge", "GraphView", "Node", "Result", "draw", "view_of"]


def draw(*values: Value, fold: Fold = "auto", focus: Value | None = None, hops: int = 2) -> GraphView:
    """Returns a picture of everything that led to these Values: Jupyter shows it, `print` writes a tree.

    Args:
        values: one or more Values.
        fold: "auto", None, a depth, or a set of paths; see `view_of`.
        focus: draw only the neighbourhood of this Value.
        hops: how many edges away from the focus, 0 or more.
    Example:
        >>> draw(Value(1.0, name="x") + 2)
        <GraphView: 3 nodes, 2 edges; 3 values recorded>
    """
    return view_of(*values, fold=fold, focus=focus, hops=hops)
