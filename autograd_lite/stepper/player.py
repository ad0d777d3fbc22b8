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
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from functools import cached_property
from typing import Self

from autograd_lite.errors import InputError, OperandError
from autograd_lite.operands import shown
from autograd_lite.recording import trace
from autograd_lite.value import Value

from .chapter import Chapter, chapter_of
from .cursor import Cursor
from .events import Back
from .ledger import Ledger
from .story import Story, whole
from .track import State

__all__ = ["Player", "chapter_in"]

_MOST = 20  # names that a message lists


class Player(Cursor):
    """A cursor over a story that knows what there is at its place.

    Lines are those of the chapter shown, which is the one of the event that happened last. Where a line is asked for,
    its name does as well, if it is the only one of this name; and a Value: one of the computation that the story was
    made of, or a parameter.

    Args:
        story: what to play.
        root: the Value that it was made of, if it is of one chapter.
        parameters: the Values that the chapters' parameters are, in their order.
    """

    def __init__(self, story: Story, *, root: Value | None = None, parameters: Iterable[Value] = ()) -> None:
        super().__init__(story)
        self._root, self._parameters = root, tuple(parameters)

    def next_of(self, line: int | str | Value) -> Self:
        """Goes to the next event that changes a line's value or gradient; for a parameter, through all chapters."""
        return self._of(line, +1)

    def previous_of(self, line: int | str | Value) -> Self:
        """Goes to the last event before this one that changes a line; for a parameter, through all chapters."""
        return self._of(line, -1)

    def _of(self, what: int | str | Value, step: int) -> Self:
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

    def value(self, line: int | str | Value) -> float | None:
        """Returns a line's value; None before the forward pass gets there."""
        return self._track.values[self.line_of(line)]

    def adjoint(self, line: int | str | Value) -> float | None:
        """Returns a line's gradient so far; None while there is none, which is not 0."""
        return self._track.adjoints[self.line_of(line)]

    def progress(self, line: int | str | Value) -> tuple[int, int]:
        """Returns how many contributions to a line's gradient have arrived in this pass, and how many will."""
        line = self.line_of(line)
        return self._track.arrived[line], len(self.chapter.contributions[line])

    def waits_for(self, line: int | str | Value) -> tuple[int, ...]:
        """Returns the consumers that have yet to contribute: until they have, the line must not pass its adjoint on."""
        line = self.line_of(line)
        arrived, _ = self.progress(line)
        pending = [self.chapter.events[i] for i in self.chapter.contributions[line][arrived:]]
        return tuple(dict.fromkeys(event.line for event in pending))

    def ledger(self, line: int | str | Value) -> Ledger:
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

    def line_of(self, what: int | str | Value) -> int:
        """Returns the line that is meant.

        Args:
            what: a line of the chapter shown, from 0; or its name; or a Value of the computation.
        Raises:
            InputError: there is no such line, several have the name, or the Value is not part of the computation.
        """
        if isinstance(what, str):
            return self._named(what)
        if not isinstance(what, Value):
            return whole(what, len(self.chapter.tape) - 1, "line")
        known = {id(value): line for line, value in zip(self.chapter.parameters, self._parameters, strict=False)}
        line = known.get(id(what), self._lines.get(id(what)))
        if line is None:
            raise InputError(f"{what.label()} is not part of this computation; give a line, or a Value of it")
        return line

    def _named(self, name: str) -> int:
        lines = self.chapter.tape.lines
        found = [line.index for line in lines if name and line.name == name]
        if not found:
            names = [*dict.fromkeys(line.name for line in lines if line.name)]
            known = ", ".join(names[:_MOST]) + ", ..." * (len(names) > _MOST)
            remedy = f"the names are {known}" if names else "none has a name: give its number"
            raise InputError(f"no line is called {name!r:.60}; {remedy}")
        if len(found) > 1:
            numbers = ", ".join(map(str, found[:_MOST])) + ", ..." * (len(found) > _MOST)
            raise InputError(f"{len(found)} lines are called {name!r:.60}; give the number of one: {numbers}")
        return found[0]

    @cached_property
    def _lines(self) -> dict[int, int]:
        """The lines of the Values, which the root keeps alive."""
        nodes = trace((self._root,))[1] if self._root is not None else []
        return {id(node): line for line, node in enumerate(nodes)}

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
