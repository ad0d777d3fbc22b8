"""Places a view by our own layout: box by box, from the inside out.

Each box is laid out by `layout.arrange` and is then one large thing in the box around it. An edge that crosses a border
does so at a *gate*; the gate is a thing in the inner layout and a port of the large thing in the outer one, so that the
pieces of the edge meet.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from .cards import Card
from .graph import Edge, GraphView
from .layout import Link, Placement, arrange
from .scene import Point, Rectangle, Scene, entries

__all__ = ["Frames"]

_TITLE, _PAD = 20.0, 10.0  # a frame's room for its name, and around
_PORT = 17.0  # between the entries of an operation's operands


class Frames:
    """Lays a view out box by box, from the inside out."""

    def __init__(self, view: GraphView, cards: Mapping[str, Card]) -> None:
        self.view, self.cards = view, cards
        self.parent: dict[str, str | None] = {box.id: box.parent for box in view.boxes}
        self.parent |= {node.id: node.box for node in view.nodes}
        self.around = {thing: self._path(thing) for thing in self.parent}
        self.links: dict[str | None, list[Link]] = {box: [] for box in (None, *(box.id for box in view.boxes))}
        self.gates: dict[str | None, tuple[dict[Any, None], dict[Any, None]]] = {box: ({}, {}) for box in self.links}
        self.placed: dict[str | None, Placement] = {}
        self.sizes: dict[str, Point] = {key: (card.width, card.height) for key, card in cards.items()}
        self.steps = [self._steps(edge) for edge in view.edges]
        self.ports = _ports(view)

    def _path(self, thing: str) -> list[str]:
        """Returns the thing and the boxes around it, outermost first."""
        path: list[str] = []
        at: str | None = thing
        while at is not None:
            path.append(at)
            at = self.parent[at]
        return path[::-1]

    def _steps(self, edge: Edge) -> list[tuple[str | None, Any, Any]]:
        """Cuts an edge at the borders it crosses: the box, and what it joins there, things or gates."""
        source, target = self.around[edge.source], self.around[edge.target]
        shared = 0
        while source[shared] == target[shared] and source[shared] not in (edge.source, edge.target):
            shared += 1
        steps: list[tuple[str | None, Any, Any]] = []
        for depth in range(len(source) - 1, shared, -1):
            gate = ("out", edge.source, source[depth - 1])
            self.gates[source[depth - 1]][1][gate] = None
            steps.append((source[depth - 1], source[depth], gate))
        steps.append((source[shared - 1] if shared else None, source[shared], target[shared]))
        for depth in range(shared + 1, len(target)):
            gate = ("in", edge.source, target[depth - 1])
            self.gates[target[depth - 1]][0][gate] = None
            steps.append((target[depth - 1], gate, target[depth]))
        return steps

    def scene(self) -> Scene:
        """Returns where everything is; for one use."""
        children: dict[str | None, dict[str, None]] = {box: {} for box in self.links}
        for node in self.view.nodes:
            path = self.around[node.id]
            for above, thing in zip([None, *path], path, strict=False):
                children[above][thing] = None
        order = sorted(self.links, key=lambda box: -len(self.around[box]) if box else 1)
        by_box: dict[str | None, list[tuple[int, int]]] = {box: [] for box in self.links}
        for e, steps in enumerate(self.steps):
            for s, (box, *_) in enumerate(steps):
                by_box[box].append((e, s))
        where: dict[tuple[int, int], int] = {}
        for box in order:
            for e, s in by_box[box]:
                where[e, s] = len(self.links[box])
                self.links[box].append(self._link(e, s))
            entering, leaving = self.gates[box]
            things: dict[Any, Point] = {thing: self.sizes[thing] for thing in children[box]}
            sizes = {**self._gate_sizes(box, 1), **things, **self._gate_sizes(box, 0)}
            self.placed[box] = placement = arrange(sizes, self.links[box], entries=entering, exits=leaving)
            if box is not None:
                left, right = self._sides(box)
                self.sizes[box] = (placement.width + left + right, placement.height + _TITLE + _PAD)
        return self._assembled(order, where)

    def _gate_sizes(self, box: str | None, end: int) -> dict[Any, Point]:
        """Returns the room of the entering gates (end=1) or the leaving ones, spread beside what they lead to."""
        gates = self.gates[box][1 - end]
        beside = {link[end] for link in self.links[box] if link[1 - end] in gates}
        room = sum(self.sizes[thing][1] for thing in beside if isinstance(thing, str))
        return dict.fromkeys(gates, (0.0, max(0.0, min(60.0, room / max(1, len(gates)) - 14.0))))

    def _sides(self, box: str | None) -> Point:
        entering, leaving = self.gates[box]
        return (0.0 if entering else _PAD, 0.0 if leaving else _PAD)

    def _link(self, e: int, s: int) -> Link:
        edge, steps = self.view.edges[e], self.steps[e]
        _, source, target = steps[s]
        leaves = enters = 0.0
        if s > 0 and isinstance(source, str):  # out of a box that was left through a gate
            leaves = self._gate(source, steps[s - 1][2])
        if target == edge.target:
            enters = self.ports[e]
        elif isinstance(target, str):
            enters = self._gate(target, steps[s + 1][1])
        return Link(source, target, leaves, enters)

    def _gate(self, box: str, gate: Any) -> float:
        """Returns a gate's height, measured from the middle of its box."""
        return self.placed[box].middles[gate][1] + _TITLE - self.sizes[box][1] / 2

    def _assembled(self, order: Sequence[str | None], where: Mapping[tuple[int, int], int]) -> Scene:
        origins: dict[str | None, Point] = {None: (0.0, 0.0)}
        frames: dict[str, Rectangle] = {}
        nodes: dict[str, Rectangle] = {}
        for box in reversed(order):
            x, y = origins[box]
            for thing, (middle_x, middle_y) in self.placed[box].middles.items():
                if not isinstance(thing, str):
                    continue
                width, height = self.sizes[thing]
                rectangle = Rectangle(x + middle_x - width / 2, y + middle_y - height / 2, width, height)
                if thing in self.cards:
                    nodes[thing] = rectangle
                else:
                    frames[thing] = rectangle
                    origins[thing] = (rectangle.x + self._sides(thing)[0], rectangle.y + _TITLE)
        curves = []
        for e, edge in enumerate(self.view.edges):
            source, target = nodes[edge.source], nodes[edge.target]
            points = [(source.x + source.width, source.y + source.height / 2)]
            for s, (box, _, end) in enumerate(self.steps[e]):
                x, y = origins[box]
                placement = self.placed[box]
                points += [(x + px, y + py) for px, py in placement.ways[where[e, s]]]
                if not isinstance(end, str):
                    points.append((x + placement.middles[end][0], y + placement.middles[end][1]))
                elif end != edge.target:
                    gate = self.steps[e][s + 1][1]
                    points.append((frames[end].x, frames[end].y + _TITLE + self.placed[end].middles[gate][1]))
            points.append((target.x, target.y + target.height / 2 + self.ports[e]))
            curves.append(_smooth(points))
        root = self.placed[None]
        return Scene(root.width, root.height, self.cards, nodes, frames, curves)


def _ports(view: GraphView) -> list[float]:
    """Returns, for each edge, how far below the middle of its target it arrives: operands from top to bottom."""
    count = entries(view)
    return [
        0.0 if edge.position is None else _PORT * (edge.position - (count[edge.target] - 1) / 2) for edge in view.edges
    ]


def _smooth(points: Sequence[Point]) -> list[Point]:
    """Returns a curve through the points that is level at each of them; those on a straight are left out."""
    points = [
        point
        for i, point in enumerate(points)
        if not 0 < i < len(points) - 1
        or any(abs(point[1] - other[1]) > 0.05 for other in (points[i - 1], points[i + 1]))
    ]
    curve = [points[0]]
    for (ax, ay), (bx, by) in pairwise(points):
        if (ax, ay) != (bx, by):
            bend = (bx - ax) / 2 if bx > ax else 40.0
            curve += [(ax + bend, ay), (bx - bend, by), (bx, by)]
    return curve
