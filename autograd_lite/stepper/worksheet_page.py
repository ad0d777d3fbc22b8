"""A worksheet as a page for the printer: the sheet, and on the next page the key. It runs and fetches nothing."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import TYPE_CHECKING

from autograd_lite.notation import rule_mathml
from autograd_lite.view.cards import HEADER, Card, card_of
from autograd_lite.view.frames import Frames
from autograd_lite.view.labels import figure, gradient, short, xml
from autograd_lite.view.skeleton import page
from autograd_lite.view.svg import to_svg

from .still import still
from .textbook import slopes_on_paper

if TYPE_CHECKING:
    from autograd_lite.rules import Rule
    from autograd_lite.view import Edge, GraphView, Node

    from .textbook import Slopes
    from .worksheet import Row, Worksheet

__all__ = ["to_cell", "to_html"]

_ROW = 25.0  # height of a row that somebody writes into, 6 mm in print
_BOX = 134.0  # width of a card with such rows

_STYLE = """
:root { color-scheme: light; }
body { font: 15px/1.5 system-ui, sans-serif; margin: 0 auto; padding: 1.5rem; max-width: 62rem; color: #1f2328;
  background: #fff; }
h1 { font-size: 1.5rem; margin: 0; overflow-wrap: anywhere; }
h2 { font-size: 1.1rem; margin: 1.2rem 0 .4rem; break-after: avoid; }
.who { display: flex; gap: 2rem; margin: .8rem 0 1rem; }
.who span { flex: 1; border-bottom: 1px solid #1f2328; }
.who span:last-child { flex: 0 0 14rem; }
.picture { overflow-x: auto; break-inside: avoid; }
.picture svg { display: block; max-width: 100%; height: auto; }
ol, ul { list-style: none; margin: 0; padding: 0; }
li { break-inside: avoid; padding: .3rem 0; display: flex; flex-wrap: wrap; align-items: center; gap: .35rem; }
li .number { flex: 0 0 1.8rem; color: #57606a; }
ol.forward { columns: 2; }
math { font-size: 1.1em; }
.blank { display: inline-block; box-sizing: border-box; width: 5.5rem; height: 1.7rem; border: 1px solid #6e7781;
  border-radius: 3px; }
.answer { font-family: monospace; font-weight: 700; }
.rules li { gap: 1.6rem; }
.key { break-before: page; margin-top: 3rem; border-top: 2px dashed #6e7781; padding-top: 1.5rem; }
@page { margin: 14mm; }
@media print {
  body { font-size: 11pt; padding: 0; max-width: none; }
  .key { margin-top: 0; border-top: 0; padding-top: 0; }
  .picture { overflow-x: visible; }
}
"""


def to_html(sheet: Worksheet) -> str:
    """Returns the page; see `Worksheet.to_html`."""
    key = f'<section class="key" aria-label="Key">\n{_part(sheet, solved=True)}\n</section>' if sheet.key else ""
    body = f"""<main>
<section aria-label="Sheet">
{_part(sheet, solved=False)}
</section>
{key}
</main>"""
    return page(_title(sheet), body, style=_STYLE)


def to_cell(sheet: Worksheet) -> str:
    """Returns what Jupyter shows, trusted or not: the picture as an image, and the questions as text."""
    data = base64.b64encode(_picture(sheet, solved=False).encode()).decode()
    parts = [
        f"<h3>{xml(_title(sheet))}</h3>",
        f'<img src="data:image/svg+xml;base64,{data}" alt="The graph, with boxes to fill in">',
        f"<pre>{xml_lines(sheet.written(solved=False))}</pre>",
    ]
    if sheet.key:
        parts.append(f"<details><summary>Key</summary><pre>{xml_lines(sheet.written(solved=True))}</pre></details>")
    return "\n".join(parts)


def xml_lines(text: str) -> str:
    """Returns several lines of text as XML character data."""
    return "\n".join(xml(line) for line in text.split("\n"))


def _title(sheet: Worksheet) -> str:
    return short(sheet.title, 120) or "Worksheet"


def _part(sheet: Worksheet, *, solved: bool) -> str:
    """Returns the sheet, or its key."""
    title = xml(_title(sheet))
    head = (
        f"<h1>Key: {title}</h1>"
        if solved
        else f'<h1>{title}</h1>\n<p class="who">Name <span></span> Date <span></span></p>'
    )
    task = [] if solved else [f"<p>{_task(sheet)}</p>"]
    lines = [head, *task, f'<div class="picture">{_picture(sheet, solved=solved)}</div>']
    for name, rows in sheet.sections:
        lines += [
            f"<h2>{_HEADINGS[name]}</h2>",
            f'<ol class="{name.lower()}">',
            *(_row(row, solved=solved) for row in rows),
            "</ol>",
        ]
    rules = _rules(sheet) if sheet.blanks != "values" and not solved else []
    if rules:
        lines += ['<section class="rules">', "<h2>The derivatives you need</h2>", "<ul>", *rules, "</ul></section>"]
    return "\n".join(lines)


_HEADINGS = {"Forward": "Forward: the values", "Backward": "Backward: the gradients"}


def _task(sheet: Worksheet) -> str:
    root, letter = sheet.teller.names[sheet.chapter.root], sheet.teller.letter
    output = f"{letter} is the output, {root}. " if letter != root else f"{letter} is the output. "
    values = "Find the value of each operation, from the left to the right. " if sheet.blanks != "gradients" else ""
    gradients = (
        f"Find the gradient ∂{letter}/∂v of each box v, from the right to the left: each arrow that leaves a box adds "
        "its local derivative times the gradient where it arrives. "
        if sheet.blanks != "values"
        else ""
    )
    return xml(f"{output}{values}{gradients}Four digits are enough.")


def _row(row: Row, *, solved: bool) -> str:
    pieces = [f'<span class="number">{f"{row.number}." if row.number else ""}</span>']
    for math, answer in zip(row.math, (*row.answers, None), strict=True):
        pieces.append(f"<math>{math}</math>" if math else "")
        if answer is not None:
            pieces.append(f'<span class="answer">{xml(answer)}</span>' if solved else '<span class="blank"></span>')
    return f"<li>{''.join(pieces)}</li>"


def _rules(sheet: Worksheet) -> list[str]:
    """Returns the partials of every rule in the graph, a line each; of x ** 2 that by x."""
    lines = sheet.chapter.tape.lines
    used = dict.fromkeys((line.rule, slopes_on_paper(line, lines)) for line in lines)
    rows = (_equations(rule, slopes) for rule, slopes in used if rule and slopes and isinstance(rule.value, str))
    return [f"<li>{''.join(f'<math>{equation}</math>' for equation in equations)}</li>" for equations in rows]


def _equations(rule: Rule, slopes: Slopes) -> list[str]:
    numbers = {letter: figure(number) for letter, number in slopes.beside}
    value, *partials = rule_mathml(replace(rule, partials=slopes.partials), numbers)
    asked = zip(rule.operands[-rule.arity :], partials, strict=True)
    return [value, *(equation for letter, equation in asked if letter not in numbers)]


# ---------------------------------------------------------------- the picture


def _picture(sheet: Worksheet, *, solved: bool) -> str:
    """Returns the graph; both ways each box is where it is in the other."""
    view = replace(still(sheet.chapter, fold=None), notes=())
    if sheet.blanks == "values":
        view = replace(view, edges=tuple(_bare(edge) for edge in view.edges))
    scene = Frames(view, {node.id: _card(sheet, view, node, solved=solved) for node in view.nodes}).scene()
    if solved:
        return to_svg(view, scene=scene)
    nodes = tuple(
        replace(
            node,
            value=node.value if node.kind != "operation" or sheet.blanks == "gradients" else None,
            adjoint=node.adjoint if node.is_output else None,
        )
        for node in view.nodes
    )
    return to_svg(replace(view, nodes=nodes, edges=tuple(_bare(edge) for edge in view.edges)), scene=scene)


def _bare(edge: Edge) -> Edge:
    """Returns an edge without its derivative; the dashes of one that has none stay."""
    return edge if edge.partial is None else replace(edge, position=None, partial=None)


def _card(sheet: Worksheet, view: GraphView, node: Node, *, solved: bool) -> Card:
    usual = card_of(node, view)
    if node.kind == "constant":
        return usual
    name = usual.name if node.name else sheet.teller.names[node.lines[0]]
    asked = node.kind == "operation" and sheet.blanks != "gradients"
    rows = [("value", "" if asked and not solved else figure(node.value or 0.0))]
    if sheet.blanks != "values" and node.adjoint is not None:
        rows.append(("grad", gradient(node.adjoint) if solved or node.is_output else ""))
    width = max(_BOX, usual.width + 7.7 * len(name))
    return Card(usual.sign, name, tuple(rows), width, HEADER + _ROW * len(rows) + 6, _ROW)
