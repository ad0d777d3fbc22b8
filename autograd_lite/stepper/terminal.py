"""A player in a terminal: where it is, what happened last, and the lines that took part."""

from __future__ import annotations

from autograd_lite.markup import printable
from autograd_lite.view.labels import columns, figure, short

from .events import Back, Forward, changed
from .phrases import said
from .player import Player
from .telling import Teller

__all__ = ["to_text"]


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
    if event is None:
        return f"{'  '.join(head)}\n{said('nothing', letter=teller.letter, root=teller.names[chapter.root])}"
    told, shown = teller.tell(done - 1), [event.line]
    if isinstance(event, Forward):
        shown = [*dict.fromkeys(chapter.tape.lines[event.line].operands), event.line]
    elif isinstance(event, Back):
        shown = [event.line, event.operand]
    rows = [_row(player, teller, line, changed=line == changed(event)) for line in shown]
    widths = [max(columns(row[i]) for row in rows) for i in range(4)]
    padded = [[cell + " " * (wide - columns(cell)) for cell, wide in zip(row, widths, strict=True)] for row in rows]
    place = [printable(str(told.place))] if told.place else []
    return "\n".join(["  ".join(head), told.sentence, *place, *("  ".join(row).rstrip() for row in padded)])


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
