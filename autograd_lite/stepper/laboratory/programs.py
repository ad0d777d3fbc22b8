"""The same computation once more: pass after pass, step after step, or with a part left out."""

from __future__ import annotations

from dataclasses import replace

from autograd_lite.context import ieee
from autograd_lite.recording import record
from autograd_lite.stepper.chapter import Chapter, chapter_of
from autograd_lite.stepper.derived import engine_events
from autograd_lite.stepper.recomputed import made_in
from autograd_lite.stepper.replay import fresh_leaves, replayed
from autograd_lite.stepper.story import Story
from autograd_lite.stepper.training import TrainingRecorder
from autograd_lite.tape import Tape
from autograd_lite.value import Value

from .comparison import sizes

__all__ = ["RATE", "two_passes", "two_steps", "without_shift"]

RATE = 0.25
"""The learning rate of the two steps."""

_NEUTRAL = 1e-9  # how near 0 the derivative by a shift must be, relative to what it is a sum of


def two_passes(root: Value) -> Story:
    """Returns two backward passes over one graph as the engine does them: leaves add up, results start afresh."""
    first = replace(chapter_of(root), title="first backward")
    left = zip(first.tape.lines, first.adjoints, strict=True)
    second = replace(
        first, title="second backward", earlier=tuple(adjoint if line.is_leaf else None for line, adjoint in left)
    )
    return Story((first, replace(second, events=engine_events(second))))


def two_steps(root: Value, *, clear: bool) -> Story:
    """Returns two training steps by the engine, each moving all leaves by `-RATE * grad`.

    Args:
        root: what to make smaller.
        clear: whether gradients are set to 0 before each step, or before the first one only.
    Raises:
        ArithmeticFault: the first step leads to where the computation is undefined; not of a graph made in `ieee()`.
    """
    tape = record(root)
    leaves = fresh_leaves(tape)
    recorder = TrainingRecorder(leaves.values())
    for number in (1, 2):
        if clear or number == 1:
            for leaf in leaves.values():
                leaf.grad = 0.0
        with made_in(tape):
            loss = replayed(tape, leaves)[tape.outputs[0]]
        recorder.before(loss, title=f"step {number}")
        loss.backward()
        for leaf in leaves.values():
            leaf.data -= RATE * leaf.grad
        recorder.after()
    return recorder.story


def without_shift(root: Value) -> Value:
    """Returns the root computed once more, in IEEE arithmetic, without the subtraction of the largest score.

    What counts as such is read off the graph: `z - m` for some z, m a constant and the largest of them, on the way to
    an exponential; and the root's derivative by m is 0, since a shift of all scores alike changes nothing.
    """
    chapter = chapter_of(root)
    tape, shifts = chapter.tape, _shifts(chapter)
    stands: list[int] = []  # for each line the one in its place: for z - m that is z
    for line in tape.lines:
        stands.append(stands[line.operands[0]] if line.index in shifts else line.index)
    lines = tuple(replace(line, operands=tuple(stands[i] for i in line.operands)) for line in tape.lines)
    with ieee():
        out: Value = replayed(Tape(lines, tape.outputs), fresh_leaves(tape))[stands[chapter.root]]
    return out


def _shifts(chapter: Chapter) -> set[int]:
    lines, adjoints, every = chapter.tape.lines, chapter.adjoints, sizes(chapter)
    exponentials = {line.operands[0] for line in lines if line.rule and line.rule.name == "exp"}
    by_shift: dict[float, list[int]] = {}
    for line in lines:
        if line.rule and line.rule.name == "sub" and lines[line.operands[1]].constant:
            by_shift.setdefault(lines[line.operands[1]].data, []).append(line.index)
    found: set[int] = set()
    for shift, group in by_shift.items():
        slope, size = sum(adjoints[line] or 0.0 for line in group), sum(every[line] for line in group)
        largest = max(lines[lines[line].operands[0]].data for line in group) == shift
        if largest and exponentials & {*group} and abs(slope) <= _NEUTRAL * size:
            found |= {*group}
    return found
