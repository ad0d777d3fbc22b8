"""Chapters one after the other: one computation, or a whole training run, as one sequence of events."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate

from autograd_lite.errors import InputError

from .chapter import Chapter, chapter_of
from .events import Event

__all__ = ["Story", "chapter_of", "whole"]


@dataclass(frozen=True)
class Story:
    """Chapters one after the other; as a sequence, all their events.

    Args:
        chapters: at least one.
    Raises:
        InputError: there is no chapter.
    Example:
        A training run, whose loop stays the reader's own. The chapter is written before `backward`, as it starts from
        the gradients that are there.

        >>> from autograd_lite.value import Value
        >>> w, chapters = Value(5.0, name="w"), []
        >>> for step in range(2):
        ...     w.grad = 0.0
        ...     loss = (w - 2.0) ** 2
        ...     chapter = chapter_of(loss, title=f"step {step}", parameters=[w], accumulate=True)
        ...     loss.backward()
        ...     w.data -= 0.25 * w.grad
        ...     chapters.append(chapter.updated([w.data]))
        >>> story = Story(tuple(chapters))
        >>> len(story), story.place(7), story[5]
        (12, (1, 1), Update(line=0, before=5.0, after=3.5))
    """

    chapters: tuple[Chapter, ...]

    def __post_init__(self) -> None:
        if not self.chapters:
            raise InputError("a story has at least one chapter, as in Story((chapter_of(loss),)); got none")

    @cached_property
    def starts(self) -> tuple[int, ...]:
        """Where each chapter begins, counted in events; and, last, how many events there are in all."""
        return tuple(accumulate((len(chapter.events) for chapter in self.chapters), initial=0))

    def place(self, index: int) -> tuple[int, int]:
        """Returns the chapter of an event, and the event's index in it.

        Raises:
            InputError: there is no such event.
        """
        index = whole(index, len(self) - 1, "event")
        chapter = bisect_right(self.starts, index) - 1
        return chapter, index - self.starts[chapter]

    def __len__(self) -> int:
        return self.starts[-1]

    def __getitem__(self, index: int) -> Event:
        if index == len(self):
            raise IndexError(index)  # how Python ends a loop over a sequence
        chapter, inside = self.place(index)
        return self.chapters[chapter].events[inside]


def whole(number: int, most: int, what: str) -> int:
    """Returns a whole number from 0 to `most`, or raises InputError."""
    if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number <= most:
        raise InputError(f"{what} {number!r:.60} is not there; give a whole number from 0 to {most}")
    return number
