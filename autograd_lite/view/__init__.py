"""Pictures of a computation: one frozen view of it, several renderers.

build       the way in, `draw`: from Values to a GraphView
drawing     the same of what was recorded
graph       what a picture shows, as data
fold        what is drawn as one node, and what is left out
pieces      the tree by which a computation of any size is opened: scopes, structure, runs of lines; and, for
            hand-written code, the picture in which what happens in parallel is drawn once
labels      any text made short and safe
cards       what a node's card says, and how large it is
scene       where everything is, whoever placed it
placing     from a view to a scene, by our layout or by `dot`
layout      columns, order, coordinates of one box's things
frames      our layout, box by box
dot_layout  Graphviz's `dot` as the layout
svg, html, dot, text   the renderers
skeleton    what every page has that stands alone
render      to a file, by its ending

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

from .build import draw
from .fold import Fold
from .graph import Box, Edge, GraphView, Node, Result

__all__ = ["Box", "Edge", "Fold", "GraphView", "Node", "Result", "draw"]
