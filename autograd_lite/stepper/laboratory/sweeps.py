"""Reverse sweeps that are wrong: real code at work on a recorded pass, whose every event is taken down.

>>> from autograd_lite.stepper.chapter import chapter_of
>>> from autograd_lite.value import Value
>>> x = Value(3.0, name="x")
>>> right = chapter_of(x * x)
>>> right.events[-1].after, assigned(right).events[-1].after
(6.0, 3.0)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from autograd_lite.arithmetics import IEEE
from autograd_lite.stepper.chapter import Chapter
from autograd_lite.stepper.events import Back, Event, Forward, Seed, Update
from autograd_lite.stepper.textbook import ON_PAPER
from autograd_lite.value import local_partial

__all__ = [
    "Board",
    "assigned",
    "at_the_input",
    "moved_in_between",
    "not_cleared",
    "out_of_order",
    "read_late",
]


class Board:
    """The adjoints while a sweep is at work, and what it did so far.

    Args:
        chapter: the pass as the engine does it; its slopes are used, and its steps in whatever order.
        earlier: for each line, what its adjoint was before the pass; the chapter's own if None.
    """

    def __init__(self, chapter: Chapter, earlier: Sequence[float | None] | None = None) -> None:
        self.chapter = chapter
        self.earlier = chapter.earlier if earlier is None else tuple(earlier)
        self.steps = [event for event in chapter.events if isinstance(event, Back)]
        self._sums: list[float | None] = [None] * len(chapter.tape)
        self._events: list[Event] = [event for event in chapter.events if isinstance(event, Forward)]
        self._sums[chapter.root] = chapter.seed
        before = self.earlier[chapter.root] or 0.0
        self._events.append(Seed(chapter.root, before, self.adjoint(chapter.root)))

    def adjoint(self, line: int) -> float:
        """Returns what a line has now: a pass is summed from 0 and put on top of what was there, as in the engine."""
        had, got = self.earlier[line] or 0.0, self._sums[line]
        return had if got is None else got if self.earlier[line] is None else got + had

    def add(self, step: Back, *, local: float | None = None) -> None:
        """Does a step right: adjoint[operand] += local * adjoint[line].

        Args:
            step: which one; its numbers are the engine's, and not looked at.
            local: the slope; the engine's if None.
        """
        term = (step.local if local is None else local) * self.adjoint(step.line)
        self.put(step, (self._sums[step.operand] or 0.0) + term, local=local)

    def put(self, step: Back, total: float, *, local: float | None = None) -> None:
        """Does a step in some other way, after which the pass has brought the operand `total`."""
        before = self.adjoint(step.operand)
        upstream = self.adjoint(step.line)
        self._sums[step.operand] = total
        slope = step.local if local is None else local
        self._events.append(
            replace(step, local=slope, upstream=upstream, before=before, after=self.adjoint(step.operand))
        )

    def written(self) -> Chapter:
        """Returns the chapter that this sweep makes of the pass."""
        return replace(self.chapter, events=tuple(self._events), earlier=self.earlier, scripted=True)


# ---------------------------------------------------------------- the mistakes


def assigned(chapter: Chapter) -> Chapter:
    """Returns the pass with "=" for "+=": the last contribution is all that is left."""
    board = Board(chapter)
    for step in board.steps:
        board.put(step, step.local * board.adjoint(step.line))
    return board.written()


def out_of_order(chapter: Chapter) -> Chapter:
    """Returns the pass by recursion from the root: a line is visited as soon as anything reaches it, and only then.

    The stack stands for the recursion that people write, so that deep graphs do not exhaust Python's.
    """
    board = Board(chapter)
    steps: dict[int, list[Back]] = {}
    for step in board.steps:
        steps.setdefault(step.line, []).append(step)
    seen, path = {chapter.root}, [_walk(steps, chapter.root)]
    while path:
        step_now = next(path[-1], None)
        if step_now is None:
            path.pop()
            continue
        board.add(step_now)
        if step_now.operand not in seen:
            seen.add(step_now.operand)
            path.append(_walk(steps, step_now.operand))
    return board.written()


def _walk(steps: dict[int, list[Back]], line: int) -> Iterator[Back]:
    return iter(steps.get(line, ()))


def not_cleared(first: Chapter, second: Chapter) -> Chapter:
    """Returns a second pass that finds the adjoints of results as the first pass left them.

    Not the root's: whoever forgets the others still sets that one, as in `root.grad = 1`.

    Args:
        first: the first pass.
        second: the second one over the same lines, right.
    """
    left = first.adjoints
    earlier = [
        left[line.index] if line.rule and line.index != second.root else had
        for line, had in zip(second.tape.lines, second.earlier, strict=True)
    ]
    board = Board(second, earlier)
    for step in board.steps:
        board.add(step)
    return board.written()


def at_the_input(chapter: Chapter) -> Chapter:
    """Returns the pass with slopes that are formulas of the output, s*(1 - s) and 1 - t*t, put in the input instead."""
    board, lines = Board(chapter), chapter.tape.lines
    slopes = {name: IEEE.formula(text, ("out",)) for name, text in ON_PAPER.items()}
    for step in board.steps:
        rule = lines[step.line].rule
        slope = slopes.get(rule.name) if rule else None
        board.add(step, local=slope(lines[step.operand].data) if slope else None)
    return board.written()


def moved_in_between(chapter: Chapter) -> Chapter:
    """Returns the pass, right, with all leaves moved by 1 between the forward pass and the seed."""
    start = sum(isinstance(event, Forward) for event in chapter.events)
    leaves = [chapter.tape.lines[line] for line in chapter.tape.leaves]
    moves = [Update(leaf.index, leaf.data, leaf.data + 1) for leaf in leaves]
    return replace(chapter, events=(*chapter.events[:start], *moves, *chapter.events[start:]), scripted=True)


def read_late(chapter: Chapter) -> Chapter:
    """Returns the pass with leaves moved in between, and slopes computed from what the leaves are by then."""
    board, tape = Board(chapter), chapter.tape
    numbers = [line.data + 1 if line.is_leaf else line.data for line in tape.lines]
    for step in board.steps:
        line = tape.lines[step.line]
        assert line.rule is not None, "a step back is one of an operation"
        now = [numbers[i] for i in line.operands]
        board.add(step, local=local_partial(line.rule, step.position, now, line.data, lone=tape.lone(line)))
    return moved_in_between(board.written())
