"""Chapters one after the other: one computation, or a whole training run, as one sequence of events."""

from __future__ import annotations

import math
import operator
from bisect import bisect_right
from collections.abc import Sized
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import Any

from autograd_lite.errors import InputError
from autograd_lite.markup import printable
from autograd_lite.operands import text

from .chapter import Chapter
from .events import Event

__all__ = ["Curve", "Plane", "Story", "whole"]


@dataclass(frozen=True)
class Curve:
    """A number that is followed through a story, such as the loss of a training run.

    Args:
        name: what it is called; any text.
        values: one for each chapter, None where it is not known.
    """

    name: str
    values: tuple[float | None, ...]

    def __post_init__(self) -> None:
        text(self.name, "the name of a curve")


@dataclass(frozen=True)
class Plane:
    """How a model divides the plane of its two inputs, chapter by chapter.

    Args:
        names: what the inputs are called.
        x: the lowest and the highest first input shown.
        y: likewise the second.
        columns: how many cells there are from left to right, at least 1.
        rows: how many there are from the bottom to the top, at least 1.
        points: the data: the two inputs, and an index into `labels`.
        labels: the classes.
        scores: for each chapter a number a cell, the lowest row first; None where they are as in the chapter before.
            Above 0 is the second label; or, with `classes`, the number is the label's index.
        classes: the scores are labels' indices.
    Raises:
        InputError: the lengths do not fit, a range is empty, or a range or a point is not finite.
        OperandError: a name or a label is not text.
    """

    names: tuple[str, str]
    x: tuple[float, float]
    y: tuple[float, float]
    columns: int
    rows: int
    points: tuple[tuple[float, float, int], ...]
    labels: tuple[str, ...]
    scores: tuple[tuple[float, ...] | None, ...]
    classes: bool = False

    def __post_init__(self) -> None:
        for word in (*self.names, *self.labels):
            text(word, "a name or a label of the plane")
        for what, (low, high) in (("x", self.x), ("y", self.y)):
            if not math.isfinite(high - low):
                raise InputError(
                    f"the plane's {what} goes from {low} to {high}; both and the width are finite: rescale"
                )
            if not low < high:
                raise InputError(f"the plane's {what} goes from {low} to {high}; give the lower end first")
        if min(self.columns, self.rows) < 1:
            raise InputError(f"a plane of {self.columns} x {self.rows} cells shows nothing; give at least 1 x 1")
        cells = self.columns * self.rows
        for chapter, scores in enumerate(self.scores):
            if scores is not None and len(scores) != cells:
                raise InputError(f"chapter {chapter} has {len(scores)} scores for a plane of {cells} cells; one a cell")
        for index, (x, y, label) in enumerate(self.points):
            if not math.isfinite(x) or not math.isfinite(y):
                raise InputError(f"point {index} of the plane is ({x}, {y}); leave out what is not finite")
            whole(label, len(self.labels) - 1, "label")


@dataclass(frozen=True)
class Story:
    """Chapters one after the other; as a sequence, all their events; printed, a sentence for each.

    Args:
        chapters: at least one.
        title: what to call the story; any text.
        curves: numbers to be drawn over the chapters.
        plane: what a model of two inputs makes of them, chapter by chapter.
    Raises:
        InputError: there is no chapter, or a curve or the plane has not one entry for each.
    Example:
        A training run, whose loop stays the reader's own. The chapter is written before `backward`, as it starts from
        the gradients that are there.

        >>> from autograd_lite.value import Value
        >>> from .chapter import chapter_of
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
    title: str = ""
    curves: tuple[Curve, ...] = ()
    plane: Plane | None = None

    def __post_init__(self) -> None:
        text(self.title, "the title of a story")
        if not self.chapters:
            raise InputError("a story has at least one chapter, as in Story((chapter_of(loss),)); got none")
        followed: list[tuple[str, Sized]] = [(f"the curve {curve.name!r:.60}", curve.values) for curve in self.curves]
        for what, entries in [*followed, *([("the plane", self.plane.scores)] if self.plane else [])]:
            if len(entries) != len(self.chapters):
                count = len(self.chapters)
                raise InputError(f"{what} has {len(entries)} entries for {count} chapters; give one a chapter, or None")

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

    def __repr__(self) -> str:
        title = f"{printable(self.title)}, " if self.title else ""
        return f"<Story: {title}{len(self.chapters)} chapters, {len(self)} events>"

    def __str__(self) -> str:
        from .text import to_listing

        return to_listing(self)


def whole(number: Any, most: int, what: str, *, least: int = 0) -> int:
    """Returns a whole number from `least` to `most`, NumPy's as well, as an int; or raises InputError."""
    index = operator.index(number) if hasattr(number, "__index__") and not isinstance(number, bool) else None
    if index is None or not least <= index <= most:
        raise InputError(f"{what} {number!r:.60} is not there; give a whole number from {least} to {most}")
    return index
