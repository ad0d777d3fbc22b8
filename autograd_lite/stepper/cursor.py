"""A place in a story, and the ways from there: event by event, phase by phase."""

from __future__ import annotations

from typing import Self

from autograd_lite.errors import InputError

from .chapter import Chapter, Phase
from .events import Event
from .story import Story, whole
from .track import Track

__all__ = ["Cursor"]


class Cursor:
    """A place in a story. Every method that moves it returns the cursor; at either end it stays where it is.

    A position is how many events have happened. What there is at a position depends on it alone, so that going back
    undoes what going forward did, exactly. One step takes constant time. A copy goes its own way.

    Args:
        story: where to go.
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

    # ------------------------------------------------------------ as an object

    def __copy__(self) -> Self:
        new = object.__new__(type(self))
        new.__dict__ |= self.__dict__ | {"_tracks": {}}
        chapter, done = self.place
        new._track = new._entered(chapter)
        new._track.go(done)
        return new

    def __deepcopy__(self, memo: object) -> Self:
        return self.__copy__()  # all else is never changed

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self._position} of {len(self.story)} events>"
