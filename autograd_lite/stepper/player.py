"""One cursor over a story: forward and back through every event of every pass.

    >>> from autograd_lite.value import Value
    >>> w, x = Value(0.5, name="w"), Value(2.0, name="x")
    >>> player = Player(Story((chapter_of((w * x).tanh()),)))
    >>> print(player.forward())
    1 of 6  forward 1 of 2
    v2 = w * x = 0.5 * 2 = 1
      w   value 0.5  gradient not computed  0 of 1
      x   value 2    gradient not computed  0 of 1
    → v2  value 1    gradient not computed  0 of 1

A position is how many events have happened. What a player shows depends on its position alone, so that going back
undoes what going forward did, exactly. One step takes constant time.
"""

from __future__ import annotations

from bisect import bisect_left

from autograd_lite.errors import InputError

from .chapter import Chapter, Phase, chapter_of
from .events import Back, Event
from .story import Story, whole
from .track import Ledger, State, Track

__all__ = ["Ledger", "Player", "State", "chapter_of"]


class Player:
    """A cursor over a story. Every method that moves it returns the player; at either end it stays where it is.

    Lines are those of the chapter shown, which is the one of the event that happened last.

    Args:
        story: what to play.
    """

    def __init__(self, story: Story) -> None:
        self.story = story
        self._position = 0
        self._tracks: dict[int, Track] = {}
        self._track = self._entered(0)

    def _entered(self, chapter: int) -> Track:
        if chapter not in self._tracks:
            self._tracks[chapter] = Track(self.story.chapters[chapter])
        return self._tracks[chapter]

    # ------------------------------------------------------------ where it is

    @property
    def position(self) -> int:
        """How many events have happened: from 0 to the story's length."""
        return self._position

    @property
    def event(self) -> Event | None:
        """The event that happened last; None at the beginning."""
        return self.story[self._position - 1] if self._position else None

    @property
    def place(self) -> tuple[int, int]:
        """The chapter shown, from 0, and how many of its events have happened."""
        if not self._position:
            return 0, 0
        chapter, index = self.story.place(self._position - 1)
        return chapter, index + 1

    @property
    def chapter(self) -> Chapter:
        """The chapter shown."""
        return self._track.chapter

    @property
    def phase(self) -> Phase | None:
        """The phase of the event that happened last; None at the beginning."""
        done = self._track.done
        return next((phase for phase in self.chapter.phases if phase.start < done <= phase.stop), None)

    # ------------------------------------------------------------ moving

    def go(self, position: int) -> Player:
        """Goes to where so many events have happened.

        Raises:
            InputError: it is no whole number from 0 to the story's length.
        """
        self._position = whole(position, len(self.story), "position")
        chapter, done = self.place
        self._track = self._entered(chapter)
        self._track.go(done)
        return self

    def forward(self) -> Player:
        """Lets one event happen."""
        return self.go(min(self._position + 1, len(self.story)))

    def back(self) -> Player:
        """Undoes one event."""
        return self.go(max(self._position - 1, 0))

    def first(self) -> Player:
        """Goes to the beginning, where nothing has happened."""
        return self.go(0)

    def last(self) -> Player:
        """Goes to the end, where everything has happened."""
        return self.go(len(self.story))

    def next_phase(self) -> Player:
        """Goes to the first event of the next phase, perhaps in the next chapter."""
        phase = self.phase
        if phase is None:
            return self.forward()
        target = self.story.starts[self.place[0]] + phase.stop + 1
        return self if target > len(self.story) else self.go(target)

    def previous_phase(self) -> Player:
        """Goes to the first event of this phase; from there, to the first of the phase before."""
        if self.phase is not None and self._track.done == self.phase.start + 1:
            self.back()
        phase = self.phase
        return self if phase is None else self.go(self.story.starts[self.place[0]] + phase.start + 1)

    def to_phase(self, name: str) -> Player:
        """Goes to the first event of a phase of this chapter: "forward", "seed", "backward" or "update".

        Raises:
            InputError: the chapter has no such phase.
        """
        for phase in self.chapter.phases:
            if phase.name == name:
                return self.go(self.story.starts[self.place[0]] + phase.start + 1)
        known = ", ".join(phase.name for phase in self.chapter.phases)
        raise InputError(f"this chapter has no phase {name!r:.60}; it has {known}")

    def next_of(self, line: int) -> Player:
        """Goes to the next event that changes a line's value or gradient; for a parameter, through all chapters."""
        return self._of(line, +1)

    def previous_of(self, line: int) -> Player:
        """Goes to the last event before this one that changes a line; for a parameter, through all chapters."""
        return self._of(line, -1)

    def _of(self, line: int, step: int) -> Player:
        line = self._checked(line)
        at, done = self.place
        parameter = self.chapter.parameters.index(line) if line in self.chapter.parameters else None
        events = self.chapter.changes[line]
        events = events[bisect_left(events, done) :] if step > 0 else events[: bisect_left(events, done - 1)]
        while not events and parameter is not None and 0 <= at + step < len(self.story.chapters):
            at += step
            chapter = self.story.chapters[at]
            events = chapter.changes[chapter.parameters[parameter]] if parameter < len(chapter.parameters) else ()
        return self.go(self.story.starts[at] + events[0 if step > 0 else -1] + 1) if events else self

    # ------------------------------------------------------------ what is known here

    @property
    def state(self) -> State:
        """Everything about the chapter shown, as it is here."""
        return self._track.state

    def value(self, line: int) -> float | None:
        """Returns a line's value; None before the forward pass gets there."""
        return self._track.values[self._checked(line)]

    def adjoint(self, line: int) -> float | None:
        """Returns a line's gradient so far; None while there is none, which is not 0."""
        return self._track.adjoints[self._checked(line)]

    def progress(self, line: int) -> tuple[int, int]:
        """Returns how many contributions to a line's gradient have arrived in this pass, and how many will."""
        return self._track.arrived[self._checked(line)], len(self.chapter.contributions[line])

    def waits_for(self, line: int) -> tuple[int, ...]:
        """Returns the consumers that have yet to contribute: until they have, the line must not pass its adjoint on."""
        arrived, _ = self.progress(line)
        pending = [self.chapter.events[i] for i in self.chapter.contributions[line][arrived:]]
        return tuple(dict.fromkeys(event.line for event in pending))

    def ledger(self, line: int) -> Ledger:
        """Returns the contributions to a line's gradient that have arrived, with the event of each.

        Example:
            >>> from autograd_lite.value import Value
            >>> x = Value(3.0)
            >>> ledger = Player(Story((chapter_of(x * x),))).last().ledger(0)
            >>> [(index, back.local * back.upstream) for index, back in ledger.entries], ledger.gradient
            ([(2, 3.0), (3, 3.0)], 6.0)
        """
        arrived, expected = self.progress(line)
        start, events = self.story.starts[self.place[0]], self.chapter.events
        mine = ((index, events[index]) for index in self.chapter.contributions[line][:arrived])
        entries = tuple((start + index, event) for index, event in mine if isinstance(event, Back))
        return Ledger(line, self.chapter.earlier[line], entries, expected, self.adjoint(line))

    def _checked(self, line: int) -> int:
        return whole(line, len(self.chapter.tape) - 1, "line")

    def __repr__(self) -> str:
        return f"<Player: {self._position} of {len(self.story)} events>"

    def __str__(self) -> str:
        from .terminal import to_text

        return to_text(self)
