"""Right and wrong side by side: the gradients that come out, and the first event that differs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from itertools import zip_longest
from typing import Any, NamedTuple

from autograd_lite.stepper.chapter import Chapter
from autograd_lite.stepper.events import Back, Forward
from autograd_lite.stepper.story import Story
from autograd_lite.view.labels import figure, short, table

__all__ = ["Comparison", "Gradient", "sizes"]


class Gradient(NamedTuple):
    """What a leaf's gradient is, and what the mistake makes of it."""

    name: str
    right: float
    wrong: float


@dataclass(frozen=True)
class Comparison:
    """A mistake at work on one graph.

    Args:
        title: of the mistake.
        right: the engine's events.
        wrong: those of the program with the mistake.
        tolerance: up to which difference two gradients count as equal, relative to what the right one would be if
            nothing cancelled; 0 unless the programs round apart.
    """

    title: str
    right: Story
    wrong: Story
    tolerance: float = 0.0

    @cached_property
    def gradients(self) -> tuple[Gradient, ...]:
        """Every leaf's gradient at the end, in the order of the tape."""
        ends = (self.right.chapters[-1], self.wrong.chapters[-1])
        names = [ends[0].tape.label(line) for line in ends[0].tape.leaves]
        return tuple(Gradient(*row) for row in zip(names, *map(_gradients, ends), strict=True))

    @cached_property
    def harmless(self) -> bool:
        """Whether every gradient came out right in spite of the mistake."""
        return all(not self.differs(gradient) for gradient in self.gradients)

    def differs(self, gradient: Gradient) -> bool:
        """Says whether the mistake shows in a gradient, which is one of `gradients`."""
        return not _same(gradient.right, gradient.wrong, self.tolerance * self._sizes[self.gradients.index(gradient)])

    @cached_property
    def _sizes(self) -> list[float]:
        """What each of the right gradients would be if nothing cancelled."""
        end = self.right.chapters[-1]
        every = sizes(end)
        return [every[line] if math.isfinite(every[line]) else 0.0 for line in end.tape.leaves]

    @cached_property
    def first(self) -> tuple[int, int] | None:
        """The index of the first event that differs, in the right story and in the wrong one; None if none does."""
        for index, (mine, other) in enumerate(zip_longest(_told(self.right), _told(self.wrong))):
            if mine is None or other is None or not _alike(mine, other):
                return min(index, len(self.right) - 1), min(index, len(self.wrong) - 1)
        return None

    def __str__(self) -> str:
        rows = [("", "right", "wrong", "")]
        rows += [
            (short(g.name, 32), figure(g.right), figure(g.wrong), "differs" if self.differs(g) else "")
            for g in self.gradients
        ]
        return f"{self.title}\n{table(rows)}"


def _gradients(chapter: Chapter) -> list[float]:
    return [chapter.adjoints[line] or 0.0 for line in chapter.tape.leaves]


def _told(story: Story) -> list[tuple[Any, ...]]:
    """Returns every event with what a reader sees of it: of a forward step the operation and its numbers."""
    told: list[tuple[Any, ...]] = []
    for chapter in story.chapters:
        lines = chapter.tape.lines
        for event in chapter.events:
            if isinstance(event, Forward):
                line = lines[event.line]
                told.append((line.rule, *(lines[i].data for i in line.operands), line.data))
            else:
                told.append((type(event), *(getattr(event, name) for name in event.__slots__)))
    return told


def _alike(mine: tuple[Any, ...], other: tuple[Any, ...]) -> bool:
    return len(mine) == len(other) and all(
        _same(a, b, 0.0) if isinstance(a, float) and isinstance(b, float) else a == b
        for a, b in zip(mine, other, strict=True)
    )


def _same(a: float, b: float, tolerance: float) -> bool:
    return a == b or (a != a and b != b) or abs(a - b) <= tolerance


def sizes(chapter: Chapter) -> list[float]:
    """Returns what every line's adjoint would be if nothing cancelled: rounding errors are small beside this."""
    found = [abs(had or 0.0) for had in chapter.earlier]
    found[chapter.root] += abs(chapter.seed)
    for event in chapter.events:
        if isinstance(event, Back):
            found[event.operand] += abs(event.local) * found[event.line]
    return found
