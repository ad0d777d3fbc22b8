"""A scene as SVG: cards, frames, arrows. No scripts, no links, no style sheet, no outside font.

Everything has its own fill, so that it reads on light and dark pages; colour is never the only sign: leaves have a bar
on the left, constants a dashed border, outputs a thick one and the word, folded pieces a second card behind.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from .cards import HEADER, Card
from .graph import Edge, GraphView, Node
from .labels import exact, figure, sentence, short, xml
from .placing import place
from .scene import Point, Rectangle, Scene

__all__ = ["to_svg"]

_MARGIN = 14.0
_NOTE = 16.0  # height of a line of notes
_INK, _MUTED, _LINE, _PAPER = "#1f2328", "#57606a", "#6e7781", "#ffffff"
_BLUE = "#0072b2"
_FILLS = {"leaf": "#eef6fc", "constant": "#ffffff", "operation": "#ffffff", "folded": "#f6f1e7", "rest": "#f3f4f6"}
_SANS = "system-ui, 'Segoe UI', 'Helvetica Neue', Arial, sans-serif"
_MONO = "monospace"
_ARROW = 7.0
_LABEL = 48.0  # room for a row's label before an empty box


def to_svg(view: GraphView, *, engine: str = "auto", scene: Scene | None = None) -> str:
    """Returns the picture; see `GraphView.svg`. A scene that is given is drawn as it is."""
    scene = place(view, engine=engine) if scene is None else scene
    nodes = {node.id: node for node in view.nodes}
    names = {box.id: box.name for box in view.boxes}
    widest = max((len(note) for note in view.notes), default=0) * 5.8
    width = max(scene.width, widest) + 2 * _MARGIN
    height = scene.height + 2 * _MARGIN + _NOTE * len(view.notes)
    size = f'width="{_f(width)}" height="{_f(height)}" viewBox="0 0 {_f(width)} {_f(height)}"'
    rows = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-label="{xml(_summary(view))}"',
        f'font-family="{_SANS}" font-size="11" fill="{_INK}">',
        f'<rect width="100%" height="100%" rx="8" fill="{_PAPER}"/>',
        f'<g transform="translate({_f(_MARGIN)} {_f(_MARGIN)})">',
        *(_frame(box, frame, names[box]) for box, frame in scene.frames.items()),
        *(_curve(edge, points) for edge, points in zip(view.edges, scene.curves, strict=True)),
        *(_card(nodes[key], scene.cards[key], where) for key, where in scene.nodes.items()),
        *_notes(view, scene),
        "</g>",
        "</svg>",
    ]
    return "\n".join(rows) + "\n"


def _summary(view: GraphView) -> str:
    outputs = ", ".join(f"{short(node.name) or node.id}" for node in view.outputs[:3])
    return f"Computational graph of {outputs}: {len(view.nodes)} nodes, {len(view.edges)} edges"


def _f(number: float) -> str:
    """Returns a coordinate: a tenth of a pixel is enough, and -0 is 0."""
    text = f"{number:.1f}".removesuffix(".0")
    return "0" if text == "-0" else text


def _notes(view: GraphView, scene: Scene) -> list[str]:
    return [
        f'<text x="0" y="{_f(scene.height + _NOTE * (i + 1) - 2)}" fill="{_MUTED}">{xml(note)}</text>'
        for i, note in enumerate(view.notes)
    ]


def _frame(box: str, where: Rectangle, name: str) -> str:
    return (
        f'<g data-box="{box}"><title>{xml(name)}</title>'
        f'<rect x="{_f(where.x)}" y="{_f(where.y)}" width="{_f(where.width)}" height="{_f(where.height)}" rx="8" '
        f'fill="{_LINE}" fill-opacity="0.07" stroke="{_LINE}" stroke-opacity="0.5"/>'
        f'<text x="{_f(where.x + 10)}" y="{_f(where.y + 14)}" fill="{_MUTED}" font-weight="600">'
        f"{xml(short(name, 40))}</text></g>"
    )


# ---------------------------------------------------------------- edges


def _curve(edge: Edge, points: Sequence[Point]) -> str:
    path, (tip_x, tip_y), (dx, dy) = _path(points)
    head = " ".join(
        f"{_f(tip_x + a * dx - b * dy)},{_f(tip_y + a * dy + b * dx)}"
        for a, b in ((0, 0), (-_ARROW, 0.45 * _ARROW), (-_ARROW, -0.45 * _ARROW))
    )
    dashed = ' stroke-dasharray="4 3"' if edge.partial is None and edge.position is not None else ""
    label = f"×{edge.count:,}" if edge.count > 1 else figure(edge.partial) if edge.partial is not None else ""
    text = ""
    if label:
        x, y = (tip_x - _ARROW - 3, tip_y - 4) if edge.position is not None else _middle(points)
        anchor = "end" if edge.position is not None else "middle"
        text = (
            f'<text x="{_f(x)}" y="{_f(y)}" text-anchor="{anchor}" font-size="10" fill="{_MUTED}" '
            f'stroke="{_PAPER}" stroke-width="3" stroke-linejoin="round" paint-order="stroke">{label}</text>'
        )
    return (
        f'<g data-edge="{edge.source} {edge.target}"><title>{xml(_said(edge))}</title>'
        f'<path d="{path}" fill="none" stroke="{_LINE}"{dashed}/><polygon points="{head}" fill="{_LINE}"/>{text}</g>'
    )


def _said(edge: Edge) -> str:
    if edge.partial is not None:
        return f"d {edge.target} / d {edge.source} = {exact(edge.partial)}, through operand {(edge.position or 0) + 1}"
    uses = f", used {edge.count:,} times" if edge.count > 1 else ""
    return f"{edge.source} to {edge.target}{uses}"


def _path(points: Sequence[Point]) -> tuple[str, Point, Point]:
    """Returns the path, cut short for the arrow's head, the arrow's tip, and the direction it points in."""
    tip = points[-1]
    before = next((p for p in reversed(points) if math.dist(p, tip) > 1e-6), (tip[0] - 1, tip[1]))
    length = math.dist(before, tip)
    dx, dy = (tip[0] - before[0]) / length, (tip[1] - before[1]) / length
    points = [*points[:-1], (tip[0] - dx * (_ARROW - 1), tip[1] - dy * (_ARROW - 1))]
    curves = [points[i : i + 3] for i in range(1, len(points), 3)]
    text = f"M{_f(points[0][0])} {_f(points[0][1])}"
    for curve in curves:
        text += " C" + ", ".join(f"{_f(x)} {_f(y)}" for x, y in curve)
    return text, tip, (dx, dy)


def _middle(points: Sequence[Point]) -> Point:
    """Returns a spot beside the middle of the curve."""
    i = 3 * ((len(points) - 1) // 6)
    (ax, ay), (bx, by), (cx, cy), (ex, ey) = points[i : i + 4]
    return (ax + 3 * bx + 3 * cx + ex) / 8, (ay + 3 * by + 3 * cy + ey) / 8 - 4


# ---------------------------------------------------------------- cards


def _card(node: Node, card: Card, where: Rectangle) -> str:
    x, y, width, height = where
    border = _MUTED if node.kind == "constant" else _INK if node.is_output else _LINE
    extra = ' stroke-dasharray="4 3"' if node.kind in ("constant", "rest") else ""
    thick = "2.5" if node.is_output else "1"
    parts = [f'<g data-node="{node.id}" data-kind="{node.kind}"><title>{xml(sentence(node))}</title>']
    if node.kind == "folded":
        parts.append(
            f'<rect x="{_f(x + 4)}" y="{_f(y + 4)}" width="{_f(width)}" height="{_f(height)}" rx="6" '
            f'fill="{_FILLS["folded"]}" stroke="{_LINE}"/>'
        )
    parts.append(
        f'<rect x="{_f(x)}" y="{_f(y)}" width="{_f(width)}" height="{_f(height)}" rx="6" '
        f'fill="{_FILLS[node.kind]}" stroke="{border}" stroke-width="{thick}"{extra}/>'
    )
    if node.kind == "leaf":
        parts.append(f'<rect x="{_f(x)}" y="{_f(y + 5)}" width="4" height="{_f(height - 10)}" fill="{_BLUE}"/>')
    parts.append(_header(node, card, where))
    for i, (label, text) in enumerate(card.rows):
        top = y + HEADER + card.row * i
        line = _f(top + card.row / 2 + 2.5)
        muted = ' font-style="italic"' if text == "not computed" else f' font-family="{_MONO}"'
        if label:
            parts.append(f'<text x="{_f(x + 10)}" y="{line}" fill="{_MUTED}">{xml(label)}</text>')
        if text:
            parts.append(f'<text x="{_f(x + width - 9)}" y="{line}" text-anchor="end"{muted}>{xml(text)}</text>')
        else:
            size = f'width="{_f(width - _LABEL - 9)}" height="{_f(card.row - 4)}"'
            parts.append(f'<rect x="{_f(x + _LABEL)}" y="{_f(top)}" {size} rx="3" fill="{_PAPER}" stroke="{_LINE}"/>')
    return "".join([*parts, "</g>"])


def _header(node: Node, card: Card, where: Rectangle) -> str:
    line = _f(where.y + 16)
    if node.kind == "constant":
        return (
            f'<text x="{_f(where.x + where.width / 2)}" y="{line}" text-anchor="middle" fill="{_MUTED}" '
            f'font-family="{_MONO}">{xml(card.name)}</text>'
        )
    sign = f'<tspan fill="{_BLUE}">{xml(card.sign)}</tspan>' if card.sign else ""
    name = f"<tspan>{xml(card.name)}</tspan>" if card.name else ""
    if sign and name:
        name = f'<tspan dx="7">{xml(card.name)}</tspan>'
    anonymous = node.kind == "leaf" and not node.name
    ink = f' fill="{_MUTED}"' if anonymous else ""
    text = f'<text x="{_f(where.x + 10)}" y="{line}" font-size="13" font-weight="700"{ink}>{sign}{name}</text>'
    if node.is_output:
        end = _f(where.x + where.width - 9)
        text += f'<text x="{end}" y="{line}" text-anchor="end" font-size="10" fill="{_MUTED}">output</text>'
    return text
