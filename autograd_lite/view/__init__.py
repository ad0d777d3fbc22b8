"""Pictures of a computation: one frozen view of it, several renderers.

    graph     GraphView, Node, Edge: what a picture shows, as data
    build     Values -> GraphView          fold      what is drawn as one, and what is left out
    layout    where things go              placing   by `dot` or by our own layout
    labels    any text made safe           svg dot text html render   the renderers

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

from typing import Any

from ..value import Value
from .build import view_of
from .graph import Box, Edge, GraphView, Node, Result

__all__ = ["Box", "Edge", "GraphView", "Node", "Result", "draw", "view_of"]


def draw(*values: Value, **options: Any) -> GraphView:
    """Returns a picture of everything that led to these Values; shown by Jupyter, printed as a tree.

    Args:
        values: one or more Values.
        options: `fold`, `focus` and `hops`, as for `view_of`.
    Example:
        >>> draw(Value(1.0, name="x") + 2)
        <GraphView: 3 nodes, 2 edges; 3 values recorded>
    """
    return view_of(*values, **options)
