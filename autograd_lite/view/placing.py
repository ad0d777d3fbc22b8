"""Chooses who places a view: our own layout or Graphviz's `dot`. Either way the result is a `Scene`."""

from __future__ import annotations

import shutil

from autograd_lite.errors import GraphError, InputError

from .cards import card_of
from .dot_layout import placed_by_dot
from .fold import LEGIBLE
from .frames import Frames
from .graph import GraphView
from .scene import Scene

__all__ = ["place"]


def place(view: GraphView, *, engine: str = "auto") -> Scene:
    """Returns the scene.

    Args:
        view: the graph.
        engine: "builtin", "dot", or "auto": dot if it is on PATH, manages, and there are no boxes, which dot puts in a
            staircase where our own layout puts them in rows and columns.
    Raises:
        GraphError: engine="dot", and it is missing or fails.
        InputError: another engine.
    """
    if engine not in ("auto", "builtin", "dot"):
        raise InputError(f"engine={engine!r:.60}: choose 'auto', 'builtin' or 'dot'")
    cards = {node.id: card_of(node, view) for node in view.nodes}
    if engine == "dot":
        return placed_by_dot(view, cards)
    if engine == "auto" and not view.boxes and len(view.nodes) <= LEGIBLE and shutil.which("dot"):
        try:
            return placed_by_dot(view, cards)
        except GraphError:  # a picture is wanted, not the reason why dot cannot
            pass
    return Frames(view, cards).scene()
