"""Places a view by Graphviz's `dot`, and runs that program.

`dot` gets sizes and our own ids and gives coordinates back; it never sees a name. The picture is drawn by us, and looks
the same whoever places it.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping

from autograd_lite.errors import GraphError

from .cards import Card
from .graph import GraphView
from .scene import Point, Rectangle, Scene, entries

__all__ = ["INSTALL_HINT", "dot_program", "placed_by_dot", "run_dot"]

INSTALL_HINT = (
    "install Graphviz (apt install graphviz, brew install graphviz, winget install graphviz), "
    "or use engine='builtin', .svg or .html, which need nothing"
)


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


def placed_by_dot(view: GraphView, cards: Mapping[str, Card]) -> Scene:
    """Returns the scene as `dot` lays it out.

    Raises:
        GraphError: there is no `dot`, or it fails.
    """
    rows = [
        "digraph {",
        "rankdir=LR; nodesep=0.25; ranksep=0.8;",
        'node [shape=record fixedsize=true label=""];',
        "edge [tailport=e];",
    ]
    places = entries(view)
    inside: dict[str | None, list[str]] = {None: [], **{box.id: [] for box in view.boxes}}
    for node in view.nodes:
        card = cards[node.id]
        size = f"width={card.width / 72:.4f} height={card.height / 72:.4f}"
        inside[node.box].append(f'{node.id} [{size} label="{"|".join(f"<p{k}>" for k in range(places[node.id]))}"];')
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
        *marks, x, y = part.split(",")
        point = (float(x), height - float(y))
        if marks == ["e"]:
            tip = point
        elif not marks:
            points.append(point)
    return [*points, points[-1], tip, tip] if tip else points
