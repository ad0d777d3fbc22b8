"""One chapter as it stands after some of its events, and one event further or back: what a player moves along."""

from __future__ import annotations

from typing import NamedTuple

from .chapter import Chapter
from .events import Back, Event, Forward, Update, changed

__all__ = ["State", "Track"]


class State(NamedTuple):
    """What is known of each line of a chapter at one position.

    Args:
        values: None before the forward pass gets there.
        adjoints: None where nothing has arrived in this pass or an earlier one, which is not 0.
        arrived: how many contributions this pass has added to the adjoint.
    """

    values: tuple[float | None, ...]
    adjoints: tuple[float | None, ...]
    arrived: tuple[int, ...]


class Track:
    """One chapter's state, and how many of its events have happened.

    Args:
        chapter: what happens.
    """

    def __init__(self, chapter: Chapter) -> None:
        self.chapter, self.done = chapter, 0
        self.values = [None if line.rule else line.data for line in chapter.tape.lines]
        self.adjoints = list(chapter.earlier)
        self.arrived = [0] * len(self.values)

    def go(self, done: int) -> None:
        """Lets events happen, or undoes them, until so many have happened."""
        while self.done < done:
            self._do(self.chapter.events[self.done])
            self.done += 1
        while self.done > done:
            self.done -= 1
            self._undo(self.chapter.events[self.done])

    def _do(self, event: Event) -> None:
        line = changed(event)
        if isinstance(event, Forward):
            self.values[line] = self.chapter.tape.lines[line].data
        elif isinstance(event, Update):
            self.values[line] = event.after
        else:
            self.adjoints[line] = event.after
            self.arrived[line] += isinstance(event, Back)

    def _undo(self, event: Event) -> None:
        line = changed(event)
        if isinstance(event, Forward):
            self.values[line] = None
        elif isinstance(event, Update):
            self.values[line] = event.before
        else:
            self.arrived[line] -= isinstance(event, Back)
            self.adjoints[line] = event.before if self.arrived[line] else self.chapter.earlier[line]

    @property
    def state(self) -> State:
        """What is known of each line here."""
        return State(tuple(self.values), tuple(self.adjoints), tuple(self.arrived))
