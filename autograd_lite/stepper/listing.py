"""A whole story as lines of text."""

from __future__ import annotations

from autograd_lite.view.labels import short

from .story import Story
from .telling import Teller

__all__ = ["to_listing"]


def to_listing(story: Story, *, most: int = 200) -> str:
    """Returns a sentence for each event, under the name of its phase; after `most` of them, how many are left out.

    Example:
        >>> from autograd_lite.value import Value
        >>> from .chapter import chapter_of
        >>> print(to_listing(Story((chapter_of(Value(3.0, name="x").exp()),))))
        forward
          1  v1 = exp(x) = exp(3) = 20.09
        seed
          2  dL/dv1 = 1; L is v1, and the reverse sweep starts from it
        backward
          3  dL/dx gets dv1/dx * dL/dv1 = 20.09 * 1 = 20.09; from 0 to 20.09; 1 of 1 contribution
    """
    rows: list[str] = []
    for start, chapter in zip(story.starts, story.chapters, strict=False):
        teller = Teller(chapter)
        rows += [f"# {short(chapter.title, 100)}"] * (len(story.chapters) > 1 and start < most)
        for phase in chapter.phases:
            shown = range(phase.start, min(phase.stop, most - start))
            rows += [phase.name] * bool(shown)
            rows += [f"{start + index + 1:3}  {teller.sentence(index)}" for index in shown]
    if len(story) > most:
        rows.append(f"... and {len(story) - most:,} more events; -o story.html writes a page that steps through all")
    return "\n".join(rows)
