"""The same computation once more: with other leaves, step after step, or with a part left out."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from autograd_lite.context import ieee
from autograd_lite.recording import record
from autograd_lite.stepper.chapter import Chapter, chapter_of
from autograd_lite.stepper.events import Back
from autograd_lite.stepper.story import Story
from autograd_lite.stepper.training import TrainingRecorder
from autograd_lite.tape import Tape
from autograd_lite.value import Value, apply

from .sweeps import final_adjoints

__all__ = ["RATE", "rebuilt", "two_passes", "two_steps", "without_shift"]

RATE = 0.25
"""The learning rate of the two steps."""

_NEUTRAL = 1e-9  # how near 0 the derivative by a shift must be, relative to what it is a sum of


def rebuilt(tape: Tape, leaves: Mapping[int, Value], *, skipped: Collection[int] = ()) -> Value:
    """Returns the tape's output, computed once more by the engine.

    Args:
        tape: with one output.
        leaves: what to compute it from, by line.
        skipped: lines whose first operand is to stand in their place.
    Raises:
        ArithmeticFault: a result is undefined, and `ieee()` is not in force.
    """
    made: list[Value | float] = []
    for line in tape.lines:
        operands = [made[i] for i in line.operands]
        if line.rule is None:
            made.append(line.data if line.constant else leaves[line.index])
        elif line.index in skipped:
            made.append(operands[0])
        else:
            condition = tape.lines[line.operands[0]].data if line.rule.name == "where" else None
            result = apply(line.rule, *operands[-line.rule.arity :], condition=condition)
            result.name = line.name
            made.append(result)
    root = made[tape.outputs[0]]
    assert isinstance(root, Value), "a skipped line stands on a Value"
    return root


def fresh_leaves(tape: Tape) -> dict[int, Value]:
    """Returns new leaves like those of a tape, by line."""
    return {line: Value(tape.lines[line].data, tape.lines[line].name) for line in tape.leaves}


def two_passes(root: Value) -> Story:
    """Returns two backward passes over one graph, by the engine: leaves add up, results are computed afresh."""
    tape = record(root)
    leaves = fresh_leaves(tape)
    again, chapters = rebuilt(tape, leaves), []
    for title in ("first backward", "second backward"):
        chapters.append(chapter_of(again, title=title, accumulate=True))
        again.backward()
    return Story(tuple(chapters))


def two_steps(root: Value, *, clear: bool) -> Story:
    """Returns two training steps by the engine, each moving all leaves by `-RATE * grad`.

    Args:
        root: what to make smaller.
        clear: whether gradients are set to 0 before each step, or before the first one only.
    Raises:
        ArithmeticFault: the first step leads to where the computation is undefined.
    """
    tape = record(root)
    leaves = fresh_leaves(tape)
    recorder = TrainingRecorder(leaves.values())
    for number in (1, 2):
        if clear or number == 1:
            for leaf in leaves.values():
                leaf.grad = 0.0
        loss = rebuilt(tape, leaves)
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
    with ieee():
        return rebuilt(chapter.tape, fresh_leaves(chapter.tape), skipped=_shifts(chapter))


def _shifts(chapter: Chapter) -> set[int]:
    lines, adjoints, sizes = chapter.tape.lines, final_adjoints(chapter), _sizes(chapter)
    exponentials = {line.operands[0] for line in lines if line.rule and line.rule.name == "exp"}
    by_shift: dict[float, list[int]] = {}
    for line in lines:
        if line.rule and line.rule.name == "sub" and lines[line.operands[1]].constant:
            by_shift.setdefault(lines[line.operands[1]].data, []).append(line.index)
    found: set[int] = set()
    for shift, group in by_shift.items():
        slope, size = sum(adjoints[line] or 0.0 for line in group), sum(sizes[line] for line in group)
        largest = max(lines[lines[line].operands[0]].data for line in group) == shift
        if largest and exponentials & {*group} and abs(slope) <= _NEUTRAL * size:
            found |= {*group}
    return found


def _sizes(chapter: Chapter) -> list[float]:
    """Returns what every line's adjoint would be if nothing cancelled: rounding errors are small beside this."""
    sizes = [0.0] * len(chapter.tape)
    sizes[chapter.root] = abs(chapter.seed)
    for event in chapter.events:
        if isinstance(event, Back):
            sizes[event.operand] += abs(event.local) * sizes[event.line]
    return sizes
