"""A view in two dimensions: cards, frames and curves, placed by our own layout or by Graphviz's `dot`.

Either way the result is a `Scene`, which `svg.py` draws; `dot` gets sizes and our own ids and gives coordinates back,
it never sees a label.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from ..errors import GraphError, InputError
from .cards import Card, card_of
from .fold import LEGIBLE
from .graph import Edge, GraphView
from .layout import Link, Placement, arrange

__all__ = ["INSTALL_HINT", "Rectangle", "Scene", "dot_program", "place", "run_dot"]

Point = tuple[float, float]
_TITLE, _PAD = 20.0, 10.0  # a frame's room for its name, and around
_PORT = 17.0  # between the entries of an operation's operands

INSTALL_HINT = (
    "install Graphviz (apt install graphviz, brew install graphviz, winget install graphviz), "
    "or use engine='builtin', .svg or .html, which need nothing"
)


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


def place(view: GraphView, *, engine: str = "auto") -> Scene:
    """Returns the scene.

    Args:
        view: the graph.
        engine: "builtin", "dot", or "auto", which is dot if it is on PATH and manages.
    Raises:
        GraphError: engine="dot", and it is missing or fails.
        InputError: another engine.
    """
    if engine not in ("auto", "builtin", "dot"):
        raise InputError(f"engine={engine!r:.60}: choose 'auto', 'builtin' or 'dot'")
    cards = {node.id: card_of(node, view) for node in view.nodes}
    if engine == "dot":
        return _by_dot(view, cards)
    if engine == "auto" and len(view.nodes) <= LEGIBLE and shutil.which("dot"):
        try:
            return _by_dot(view, cards)
        except GraphError:  # a picture is wanted, not the reason why dot cannot
            pass
    return _by_us(view, cards)


# ---------------------------------------------------------------- our own layout


class _Frames:
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
            entries, exits = self.gates[box]
            things: dict[Any, Point] = {thing: self.sizes[thing] for thing in children[box]}
            sizes = {**self._gate_sizes(box, 1), **things, **self._gate_sizes(box, 0)}
            self.placed[box] = placement = arrange(sizes, self.links[box], entries=entries, exits=exits)
            if box is not None:
                left, right = self._sides(box)
                self.sizes[box] = (placement.width + left + right, placement.height + _TITLE + _PAD)
        return self._assembled(order, where)

    def _gate_sizes(self, box: str | None, end: int) -> dict[Any, Point]:
        """Returns the room of the entries (end=1, by their targets) or exits (end=0), spread beside what they lead to."""
        gates = self.gates[box][1 - end]
        beside = {link[end] for link in self.links[box] if link[1 - end] in gates}
        room = sum(self.sizes[thing][1] for thing in beside if isinstance(thing, str))
        return dict.fromkeys(gates, (0.0, max(0.0, min(60.0, room / max(1, len(gates)) - 14.0))))

    def _sides(self, box: str | None) -> Point:
        entries, exits = self.gates[box]
        return (0.0 if entries else _PAD, 0.0 if exits else _PAD)

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


def _by_us(view: GraphView, cards: Mapping[str, Card]) -> Scene:
    return _Frames(view, cards).scene()


def _ports(view: GraphView) -> list[float]:
    """Returns, for each edge, how far below the middle of its target it arrives: operands from top to bottom."""
    count = _entries(view)
    return [
        0.0 if edge.position is None else _PORT * (edge.position - (count[edge.target] - 1) / 2) for edge in view.edges
    ]


def _entries(view: GraphView) -> dict[str, int]:
    """Returns how many operands each node has places for; 1 where they are not told apart."""
    count = {node.id: 1 for node in view.nodes}
    for edge in view.edges:
        count[edge.target] = max(count[edge.target], (edge.position or 0) + 1)
    return count


def _smooth(points: Sequence[Point]) -> list[Point]:
    """Returns a curve through the points that is level at each of them."""
    curve = [points[0]]
    for (ax, ay), (bx, by) in zip(points, points[1:], strict=False):
        if (ax, ay) != (bx, by):
            bend = (bx - ax) / 2 if bx > ax else 40.0
            curve += [(ax + bend, ay), (bx - bend, by), (bx, by)]
    return curve


# ---------------------------------------------------------------- Graphviz


def dot_program() -> str:
    """Returns the path of `dot`.

    Raises:
        GraphError: it is not on PATH; the message says how to install it and what works without.
    """
    program = shutil.which("dot")
    if program is None:
        raise GraphError(f"Graphviz's program `dot` is not on PATH; {INSTALL_HINT}")
    return program


def run_dot(source: str, form: str, *, seconds: float = 30.0) -> bytes:
    """Returns what `dot` makes of DOT text in the given format: "json", "png", "pdf".

    Raises:
        GraphError: it is missing, fails, or takes longer than `seconds`.
    """
    command = [dot_program(), f"-T{form}"]
    try:
        done = subprocess.run(command, input=source.encode(), capture_output=True, timeout=seconds, check=True)  # noqa: S603  # our own text, our own flags
    except subprocess.TimeoutExpired:
        raise GraphError(f"dot took more than {seconds:g} s; fold more of the graph, or use engine='builtin'") from None
    except (OSError, subprocess.CalledProcessError) as error:
        said = getattr(error, "stderr", b"") or str(error).encode()
        raise GraphError(f"dot failed: {said.decode(errors='replace')[:200].strip()}; use engine='builtin'") from None
    return done.stdout


def _by_dot(view: GraphView, cards: Mapping[str, Card]) -> Scene:
    rows = ["digraph {", "rankdir=LR; nodesep=0.25; ranksep=0.8;", 'node [shape=record fixedsize=true label=""];', "edge [tailport=e];"]
    entries = _entries(view)
    inside: dict[str | None, list[str]] = {None: [], **{box.id: [] for box in view.boxes}}
    for node in view.nodes:
        card = cards[node.id]
        size = f"width={card.width / 72:.4f} height={card.height / 72:.4f}"
        inside[node.box].append(f'{node.id} [{size} label="{"|".join(f"<p{k}>" for k in range(entries[node.id]))}"];')
    for box in reversed(view.boxes):  # inner ones first
        body = " ".join(inside[box.id])
        inside[box.parent].append(f'subgraph cluster_{box.id} {{ margin=10; label="x"; fontsize=14; {body} }}')
    rows += inside[None]
    for i, edge in enumerate(view.edges):
        port = "w" if edge.position is None else f"p{edge.position}:w"
        rows.append(f'{edge.source} -> {edge.target} [id="{i}" headport="{port}"];')
    layout = json.loads(run_dot("\n".join([*rows, "}"]), "json"))
    height = float(layout["bb"].split(",")[3])
    nodes: dict[str, Rectangle] = {}
    frames: dict[str, Rectangle] = {}
    for thing in layout.get("objects", []):
        if "pos" in thing:
            x, y = _numbers(thing["pos"])
            card = cards[thing["name"]]
            nodes[thing["name"]] = Rectangle(x - card.width / 2, height - y - card.height / 2, card.width, card.height)
        elif "bb" in thing:
            x0, y0, x1, y1 = _numbers(thing["bb"])
            frames[thing["name"].removeprefix("cluster_")] = Rectangle(x0, height - y1, x1 - x0, y1 - y0)
    curves: list[list[Point]] = [[] for _ in view.edges]
    for edge in layout.get("edges", []):
        curves[int(edge["id"])] = _spline(edge["pos"], height)
    frames = {box.id: frames[box.id] for box in view.boxes if box.id in frames}
    return Scene(float(layout["bb"].split(",")[2]), height, cards, nodes, frames, curves)


def _numbers(text: str) -> list[float]:
    return [float(part) for part in text.split(",")]


def _spline(text: str, height: float) -> list[Point]:
    """Reads Graphviz's "e,x,y x,y x,y ...": the arrow's tip, then the points of the curve; y points up there."""
    points: list[Point] = []
    tip: Point | None = None
    for part in text.split():
        kind, _, rest = part.rpartition(",")[0].partition(",") if part[0] in "es" else ("", "", part)
        del rest
        x, y = _numbers(part.removeprefix("e,").removeprefix("s,"))
        if kind == "e":
            tip = (x, height - y)
        elif kind != "s":
            points.append((x, height - y))
    return [*points, points[-1], tip, tip] if tip else points
