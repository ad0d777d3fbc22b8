"""What reaches each line in a reverse sweep: how much, over how many multiplications, and what holds it back."""

from __future__ import annotations

from .chapter import Chapter
from .events import Back, Seed
from .slopes import switches

__all__ = ["Flow"]

_MOST = 100  # causes that are remembered of a line


class Flow:
    """The reverse sweep of a chapter, added up.

    Attributes:
        rooted: lines that some way with derivatives leads to.
        alive: those of them that are reached over derivatives none of which is 0.
        causes: the activations that are off and first met on the ways from a line to the root, at most 100.
        starved: lines that on some way are multiplied by 0 before that.
        flow: the sum of the contributions' magnitudes, so that nothing cancels.
        steps: how many multiplications away from the root a line is, on the shortest way.
        seed: the magnitude of the adjoint that the sweep starts from.
    """

    def __init__(self, chapter: Chapter) -> None:
        self.tape = chapter.tape
        self.backs = [event for event in chapter.events if isinstance(event, Back)]
        seeds = (abs(event.after - event.before) for event in chapter.events if isinstance(event, Seed))
        self.seed = next(seeds, 1.0)
        self.alive: set[int] = {chapter.root}
        self.causes: dict[int, dict[int, None]] = {}
        self.starved: set[int] = set()
        self.flow: dict[int, float] = {chapter.root: self.seed}
        self.steps: dict[int, int] = {chapter.root: 0}
        self.rooted: set[int] = {chapter.root}
        for back in self.backs:
            self._follow(back)

    def _follow(self, back: Back) -> None:
        self.rooted.add(back.operand)
        self.flow[back.operand] = self.flow.get(back.operand, 0.0) + abs(back.local * back.upstream)
        further = self.steps.get(back.line, 0) + (abs(back.local) != 1.0)
        self.steps[back.operand] = min(further, self.steps.get(back.operand, further))
        if back.line in self.alive and back.local != 0.0:
            self.alive.add(back.operand)
        if back.local == 0.0 and switches(self.tape, self.tape.lines[back.line]):
            passed: dict[int, None] = {back.line: None}
        elif back.local == 0.0:
            passed = {}
            self.starved.add(back.operand)
        else:
            passed = self.causes.get(back.line, {})
            if back.line in self.starved:
                self.starved.add(back.operand)
        mine = self.causes.setdefault(back.operand, {})
        if passed and len(mine) < _MOST:
            mine.update(passed)
