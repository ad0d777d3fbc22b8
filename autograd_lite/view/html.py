"""A view as a page that stands alone, and as what Jupyter shows.

The page holds the picture and a table of every value; it runs nothing and fetches nothing. Notebooks that are not
trusted strip scripts and inline SVG, so there the picture is an image.
"""

from __future__ import annotations

import base64

from .graph import Edge, GraphView
from .labels import exact, kind_of, short, xml
from .skeleton import page
from .svg import to_svg
from .text import formula, names_of

__all__ = ["to_html", "to_mimebundle"]

_STYLE = """
:root { color-scheme: light dark; }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem; }
.picture { overflow: auto; border: 1px solid #8886; border-radius: 8px; }
.picture svg { display: block; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
caption { text-align: left; font-weight: 600; padding: 1rem 0 .5rem; }
th, td { border: 1px solid #8886; padding: .2rem .6rem; text-align: left; overflow-wrap: anywhere; }
td.number { text-align: right; font-family: monospace; }
"""


def to_html(view: GraphView, *, engine: str = "auto") -> str:
    """Returns the page; see `GraphView.html`."""
    body = f"""<main>
<h1>{xml(_title(view))}</h1>
<div class="picture" tabindex="0" role="group" aria-label="The graph">
{to_svg(view, engine=engine)}</div>
{_table(view)}
</main>"""
    return page(_title(view), body, style=_STYLE)


def to_mimebundle(view: GraphView) -> dict[str, str]:
    """Returns what Jupyter shows: an image with a table under it, the SVG, and the tree as text."""
    svg = to_svg(view)
    data = base64.b64encode(svg.encode()).decode()
    picture = f'<img src="data:image/svg+xml;base64,{data}" alt="{xml(_title(view))}">'
    table = f"<details><summary>Values as a table</summary>{_table(view)}</details>"
    return {"text/html": f"{picture}\n{table}", "image/svg+xml": svg, "text/plain": view.text}


def _title(view: GraphView) -> str:
    outputs = ", ".join(short(node.name) or node.id for node in view.outputs[:3]) or "a part of it"
    return f"Computational graph of {outputs}"


def _table(view: GraphView) -> str:
    names = names_of(view)
    incoming: dict[str, list[Edge]] = {node.id: [] for node in view.nodes}
    for edge in view.edges:
        incoming[edge.target].append(edge)
    rows = []
    for node in view.nodes:
        what = formula(node, incoming[node.id], names) or kind_of(node)
        if node.kind == "folded":
            what = f"{what}: {names[node.id]}"
        numbers = [(node.name, node.value, node.adjoint)]
        if node.results:
            numbers = [(result.name or node.name, result.value, result.adjoint) for result in node.results[:8]]
        for name, value, adjoint in numbers:
            slope = (
                ""
                if node.kind == "constant" or value is None
                else "not computed"
                if adjoint is None
                else exact(adjoint)
            )
            rows.append(
                f'<tr><th scope="row">{node.id}</th><td><bdi>{xml(name)}</bdi></td><td><bdi>{xml(what)}</bdi></td>'
                f'<td class="number">{"" if value is None else exact(value)}</td><td class="number">{slope}</td></tr>'
            )
    head = "".join(f'<th scope="col">{text}</th>' for text in ("id", "name", "what", "value", "gradient"))
    notes = "".join(f"<p>{xml(note)}</p>" for note in view.notes)
    caption = f"{len(view.nodes):,} nodes, {view.total:,} values recorded"
    return (
        f"<table><caption>{caption}</caption><thead><tr>{head}</tr></thead><tbody>\n"
        + "\n".join(rows)
        + f"\n</tbody></table>{notes}"
    )
