"""A story as text, and where a player is in it: for terminals."""

from __future__ import annotations

from autograd_lite.markup import printable
from autograd_lite.view.labels import figure, short, table

from .events import Back, Forward, changed
from .phrases import said
from .player import Player
from .story import Story
from .telling import Teller

__all__ = ["to_listing", "to_text"]


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
        rows += _aside(teller) if start < most else []
        for phase in chapter.phases:
            shown = range(phase.start, min(phase.stop, most - start))
            rows += [said(f"phase_{phase.name}")] * bool(shown)
            rows += [f"{start + index + 1:3}  {teller.sentence(index)}" for index in shown]
    if len(story) > most:
        rows.append(f"... and {len(story) - most:,} more events; a page steps through all: -o story.html, or to_html")
    return "\n".join(rows)


def to_text(player: Player) -> str:
    """Returns a few lines: where the player is, what happened last, and the lines that took part, marked if changed."""
    (at, done), chapters, chapter = player.place, len(player.story.chapters), player.chapter
    event, phase, teller = player.event, player.phase, Teller(chapter)
    head = [said("position", number=player.position, all=len(player.story))]
    if phase:
        where = said("position", number=done - phase.start, all=phase.stop - phase.start)
        head += [f"{said(f'phase_{phase.name}')} {where}"]
    head += [said("chapter", number=at + 1, all=chapters)] if chapters > 1 else []
    head += [short(chapter.title, 60)] if chapter.title else []
    head = ["  ".join(head), *_aside(teller)]
    if event is None:
        return "\n".join([*head, said("nothing", letter=teller.letter, root=teller.names[chapter.root])])
    told, shown = teller.tell(done - 1), [event.line]
    if isinstance(event, Forward):
        shown = [*dict.fromkeys(chapter.tape.lines[event.line].operands), event.line]
    elif isinstance(event, Back):
        shown = [event.line, event.operand]
    rows = [_row(player, teller, line, changed=line == changed(event)) for line in shown]
    place = [printable(str(told.place))] if told.place else []
    return "\n".join([*head, told.sentence, *place, table(rows)])


def _aside(teller: Teller) -> list[str]:
    """Returns what has to be known about a chapter before its numbers are read."""
    return [printable(words) for words in (teller.chapter.note, teller.complaint()) if words]


def _row(player: Player, teller: Teller, line: int, *, changed: bool) -> tuple[str, str, str, str]:
    name = ("→ " if changed else "  ") + teller.names[line]
    if player.chapter.tape.lines[line].constant:
        return name, said("constant"), "", ""
    value, adjoint, (arrived, expected) = player.value(line), player.adjoint(line), player.progress(line)
    unknown = said("not_computed")
    return (
        name,
        said("value", value=unknown if value is None else figure(value)),
        said("gradient", gradient=unknown if adjoint is None else figure(adjoint)),
        said("position", number=arrived, all=expected) if expected else "",
    )
