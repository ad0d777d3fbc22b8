"""The stepper as one page that stands alone: it holds its data and its program, and may fetch nothing."""

from __future__ import annotations

import json
from html import escape
from typing import TYPE_CHECKING

from autograd_lite.markup import printable
from autograd_lite.view.skeleton import page

from .bundle import bundle, style

if TYPE_CHECKING:
    from .story import Story

__all__ = ["document_to_html", "to_html", "to_iframe"]

_PAGE = """
:root { color-scheme: light dark; --ground: #eceef1; }
@media (prefers-color-scheme: dark) { :root { --ground: #0c0e11; } }
:root:has(.autograd-lite[data-theme="light"]) { color-scheme: light; --ground: #eceef1; }
:root:has(.autograd-lite[data-theme="dark"]) { color-scheme: dark; --ground: #0c0e11; }
body { margin: 0; padding: 12px 16px 24px; background: var(--ground); font: 14px/1.45 system-ui, sans-serif; }
main { max-width: 1560px; margin: 0 auto; }
h1 { margin: 0 0 8px; font-size: 17px; overflow-wrap: anywhere; color: #16191d; }
:root:has(.autograd-lite[data-theme="dark"]) h1 { color: #e9ebee; }
.autograd-lite { --al-picture-most: clamp(340px, 60vh, 760px); --al-outline-most: 300px; }
.autograd-lite { --al-side-least: 560px; --al-side-most: none; }
@media (max-width: 500px) { body { padding: 6px; } }
@media print { body { padding: 0; background: none; } body h1 { color: #16191d !important; } }
"""
_START = """
const traits = { position: POSITION, selected: -1, theme: "auto" };
traits.story = document.getElementById("story").textContent;
const model = {
  get: (name) => traits[name],
  set: (name, value) => { traits[name] = value; },
  save_changes: () => {},
  on: () => {},
  off: () => {},
};
const el = document.getElementById("stepper");
render({ model, el });
el.firstElementChild.focus({ preventScroll: true });
"""


def to_html(story: Story, *, position: int = 0) -> str:
    """Returns the page of a story.

    Args:
        story: what to step through; its title is the page's.
        position: how many events have happened when it opens.
    Example:
        >>> from autograd_lite.value import Value
        >>> from .chapter import chapter_of
        >>> from .story import Story
        >>> page = to_html(Story((chapter_of(Value(3.0, name="x") ** 2),), title="A <square>"))
        >>> "<h1>A &lt;square&gt;</h1>" in page, "http://" in page.replace("http://www.w3.org/", "")
        (True, False)
    """
    from .document import to_json

    return document_to_html(to_json(story), title=story.title, position=position)


def document_to_html(document: str, *, title: str, position: int = 0) -> str:
    """Returns the page of a document, a story's or a laboratory's.

    Args:
        document: JSON.
        title: any text.
        position: how many events have happened when it opens.
    """
    heading = printable(title) or "Stepper"
    body = f"""<main>
<h1>{escape(heading)}</h1>
<div id="stepper"></div>
<noscript><p>This page shows a computation step by step, and needs JavaScript for it. It fetches nothing.</p></noscript>
</main>
<script type="application/json" id="story">{_in_a_script(document)}</script>"""
    script = bundle().removesuffix("export default { render };") + _START.replace("POSITION", str(int(position)))
    return page(heading, body, style=f"{_PAGE}{style()}\n", script=script)


def to_iframe(html: str, *, title: str = "Stepper", height: int = 720) -> str:
    """Returns a page inside a frame that may run its own script and reach nothing else; for Jupyter without widgets.

    Args:
        html: the page.
        title: what the frame is called, for screen readers.
        height: in pixels, at least 200.
    """
    return (
        f'<iframe sandbox="allow-scripts" title="{escape(printable(title))}" srcdoc="{escape(html)}" '
        f'width="100%" height="{max(200, int(height))}" frameborder="0"></iframe>'
    )


def _in_a_script(document: str) -> str:
    """Returns JSON that no HTML parser takes for markup: within JSON, `<` stands in strings only."""
    json.loads(document)  # what is no JSON would not be what the page reads
    return document.replace("<", "\\u003c")
