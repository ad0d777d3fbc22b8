"""What a mistake is: what people write, why it is wrong, where it shows, and the program that makes it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from autograd_lite.recording import record
from autograd_lite.stepper.story import Story
from autograd_lite.value import Value

from .comparison import Comparison

__all__ = ["Mistake", "Stories"]

Stories = tuple[Story, Story]
"""What the engine does, and what the wrong program does."""


@dataclass(frozen=True)
class Mistake:
    """One famous mistake, and the program that makes it.

    Args:
        name: what to ask for it by.
        title: what it is, in a line.
        wrong_code: what people write.
        right_code: what it should be.
        why: why it is wrong.
        harmless_when: when nobody notices.
        smallest: returns the smallest graph where it shows; no graph with fewer operations does.
        compare: what the engine and the wrong program do with a graph, in this order.
        tolerance: up to which difference gradients count as equal; see `Comparison`.
    """

    name: str
    title: str
    wrong_code: str
    right_code: str
    why: str
    harmless_when: str
    smallest: Callable[[], Value]
    compare: Callable[[Value], Stories]
    tolerance: float = 0.0

    def on(self, value: Value) -> Comparison:
        """Returns what the mistake makes of a graph; the graph stays as it is.

        Args:
            value: the root.
        Raises:
            OperandError: it is not a Value.
            ArithmeticFault: for "zero_grad", the first step leads to where the computation is undefined.
        """
        return Comparison(self.title, *self.compare(value), self.tolerance)

    @cached_property
    def comparison(self) -> Comparison:
        """The mistake at work on the smallest graph."""
        return self.on(self.smallest())

    @property
    def right(self) -> Story:
        """What the engine does with the smallest graph."""
        return self.comparison.right

    @property
    def wrong(self) -> Story:
        """What the wrong program does with it."""
        return self.comparison.wrong

    @property
    def first(self) -> tuple[int, int]:
        """The index of the first event that differs, in `right` and in `wrong`."""
        first = self.comparison.first
        assert first is not None, "it shows on the smallest graph"
        return first

    @cached_property
    def size(self) -> int:
        """How many operations the smallest graph has."""
        return sum(line.rule is not None for line in record(self.smallest()).lines)

    def __str__(self) -> str:
        wrong, right = (code.replace("\n", "\n    ") for code in (self.wrong_code, self.right_code))
        return (
            f"{self.title}\n\nwhat people write\n    {wrong}\nwhat it should be\n    {right}\n\n{self.why}\n"
            f"{self.harmless_when}\n\nThe smallest graph that shows it\n{record(self.smallest())}\n{self.comparison}"
        )
