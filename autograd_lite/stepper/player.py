"""One cursor over a story: forward and back through every event of every pass.

    >>> from .chapter import chapter_of
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
from functools import cached_property
from typing import Self

from autograd_lite.errors import InputError, OperandError
from autograd_lite.operands import shown
from autograd_lite.recording import trace
from autograd_lite.value import Value

from .chapter import Chapter, Phase, chapter_of
from .events import Back, Event
from .ledger import Ledger
from .story import Story, whole
from .track import State, Track

__all__ = ["Player", "chapter_in"]


class Player:
    """A cursor over a story. Every method that moves it returns the player; at either end it stays where it is.

    Lines are those of the chapter shown, which is the one of the event that happened last. Where a line is asked for, a
    Value of the computation does as well.

    Args:
        story: what to play.
        root: the Value that it was made of, if it is of one chapter; without it, Values have no lines.
    """

    def __init__(self, story: Story, *, root: Value | None = None) -> None:
        self.story = story
        self._root = root
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
        """How many events have happened, from 0 to the story's length; setting it goes there."""
        return self._position

    @position.setter
    def position(self, new: int) -> None:
        self.go(new)

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

    def go(self, position: int) -> Self:
        """Goes to where so many events have happened.

        Raises:
            InputError: it is no whole number from 0 to the story's length.
        """
        self._position = whole(position, len(self.story), "position")
        chapter, done = self.place
        self._track = self._entered(chapter)
        self._track.go(done)
        return self

    def forward(self) -> Self:
        """Lets one event happen."""
        return self.go(min(self._position + 1, len(self.story)))

    def back(self) -> Self:
        """Undoes one event."""
        return self.go(max(self._position - 1, 0))

    def first(self) -> Self:
        """Goes to the beginning, where nothing has happened."""
        return self.go(0)

    def last(self) -> Self:
        """Goes to the end, where everything has happened."""
        return self.go(len(self.story))

    def next_phase(self) -> Self:
        """Goes to the first event of the next phase, perhaps in the next chapter."""
        phase = self.phase
        if phase is None:
            return self.forward()
        target = self.story.starts[self.place[0]] + phase.stop + 1
        return self if target > len(self.story) else self.go(target)

    def previous_phase(self) -> Self:
        """Goes to the first event of this phase; from there, to the first of the phase before."""
        if self.phase is not None and self._track.done == self.phase.start + 1:
            self.back()
        phase = self.phase
        return self if phase is None else self.go(self.story.starts[self.place[0]] + phase.start + 1)

    def to_phase(self, name: str) -> Self:
        """Goes to the first event of a phase of this chapter: "forward", "seed", "backward" or "update".

        Raises:
            InputError: the chapter has no such phase.
        """
        for phase in self.chapter.phases:
            if phase.name == name:
                return self.go(self.story.starts[self.place[0]] + phase.start + 1)
        known = ", ".join(phase.name for phase in self.chapter.phases)
        raise InputError(f"this chapter has no phase {name!r:.60}; it has {known}")

    def next_of(self, line: int | Value) -> Self:
        """Goes to the next event that changes a line's value or gradient; for a parameter, through all chapters."""
        return self._of(line, +1)

    def previous_of(self, line: int | Value) -> Self:
        """Goes to the last event before this one that changes a line; for a parameter, through all chapters."""
        return self._of(line, -1)

    def _of(self, what: int | Value, step: int) -> Self:
        line = self.line_of(what)
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

    def value(self, line: int | Value) -> float | None:
        """Returns a line's value; None before the forward pass gets there."""
        return self._track.values[self.line_of(line)]

    def adjoint(self, line: int | Value) -> float | None:
        """Returns a line's gradient so far; None while there is none, which is not 0."""
        return self._track.adjoints[self.line_of(line)]

    def progress(self, line: int | Value) -> tuple[int, int]:
        """Returns how many contributions to a line's gradient have arrived in this pass, and how many will."""
        line = self.line_of(line)
        return self._track.arrived[line], len(self.chapter.contributions[line])

    def waits_for(self, line: int | Value) -> tuple[int, ...]:
        """Returns the consumers that have yet to contribute: until they have, the line must not pass its adjoint on."""
        line = self.line_of(line)
        arrived, _ = self.progress(line)
        pending = [self.chapter.events[i] for i in self.chapter.contributions[line][arrived:]]
        return tuple(dict.fromkeys(event.line for event in pending))

    def ledger(self, line: int | Value) -> Ledger:
        """Returns the contributions to a line's gradient that have arrived, with the event of each; print it.

        Example:
            >>> from .chapter import chapter_of
            >>> x = Value(3.0, name="x")
            >>> ledger = Player(Story((chapter_of(x * x),))).last().ledger(0)
            >>> print(ledger)
            dL/dx = 6
              3  dv1/dx (as operand 1) * dL/dv1 = 3 * 1 = 3
              4  dv1/dx (as operand 2) * dL/dv1 = 3 * 1 = 3
            2 of 2 contributions; their sum: 6
            >>> [(index, back.local * back.upstream) for index, back in ledger.entries], ledger.gradient
            ([(2, 3.0), (3, 3.0)], 6.0)
        """
        line = self.line_of(line)
        arrived, expected = self.progress(line)
        start, events = self.story.starts[self.place[0]], self.chapter.events
        mine = ((index, events[index]) for index in self.chapter.contributions[line][:arrived])
        entries = tuple((start + index, event) for index, event in mine if isinstance(event, Back))
        return Ledger(self.chapter, line, self.chapter.earlier[line], entries, expected, self.adjoint(line))

    def line_of(self, what: int | Value) -> int:
        """Returns the line that is meant.

        Args:
            what: a line of the chapter shown, from 0; or a Value of the computation.
        Raises:
            InputError: there is no such line, or the Value is not part of the computation.
        """
        if not isinstance(what, Value):
            return whole(what, len(self.chapter.tape) - 1, "line")
        if id(what) not in self._lines:
            raise InputError(f"{what.label()} is not part of this computation; give a line, or a Value of it")
        return self._lines[id(what)]

    @cached_property
    def _lines(self) -> dict[int, int]:
        """The lines of the Values, which the root keeps alive."""
        nodes = trace((self._root,))[1] if self._root is not None else []
        return {id(node): line for line, node in enumerate(nodes)}

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self._position} of {len(self.story)} events>"

    def __str__(self) -> str:
        from .text import to_text

        return to_text(self)


def chapter_in(thing: object, call: str, *, seed: float = 1.0) -> Chapter:
    """Returns what there is to be looked at in a Value, a player, or a chapter.

    Args:
        thing: a Value, which is differentiated; a player, of which the chapter shown is taken; or the chapter itself.
        call: who asks, for the message.
        seed: d root / d root, of a Value.
    Raises:
        OperandError: it is something else.
    """
    if isinstance(thing, Value):
        return chapter_of(thing, seed=seed)
    if isinstance(thing, Player):
        return thing.chapter
    if isinstance(thing, Chapter):
        return thing
    raise OperandError(
        f"{call}({shown(thing)}): a {type(thing).__name__} is no graph; give the Value that was computed"
    )
