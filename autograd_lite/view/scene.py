"""A view in two dimensions: where its cards, frames and curves are. `placing.py` makes it, `svg.py` draws it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from .cards import Card
from .graph import GraphView

__all__ = ["Point", "Rectangle", "Scene", "entries"]

Point = tuple[float, float]


class Rectangle(NamedTuple):
    """A rectangle by its left upper corner."""

    x: float
    y: float
    width: float
    height: float


class Scene(NamedTuple):
    """Where everything is.

    Args:
        width, height: the room taken.
        cards: what each node says, by id; nodes: where.
        frames: the boxes, by id, outer ones first.
        curves: for each edge in order, the points of its cubic Bezier curves: start, control, control, end, ...
    """

    width: float
    height: float
    cards: Mapping[str, Card]
    nodes: Mapping[str, Rectangle]
    frames: Mapping[str, Rectangle]
    curves: Sequence[Sequence[Point]]


def entries(view: GraphView) -> dict[str, int]:
    """Returns how many operands each node has places for; 1 where they are not told apart."""
    count = {node.id: 1 for node in view.nodes}
    for edge in view.edges:
        count[edge.target] = max(count[edge.target], (edge.position or 0) + 1)
    return count
