"""What happens in a pass, one event at a time: a value appears, the sweep starts, a gradient grows, a parameter moves.

Lines are those of the tape, in its order, and so the ids of a picture: line 1 is v1.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from autograd_lite.tape import Tape

__all__ = ["Back", "Event", "Forward", "Seed", "Update", "changed", "events_of"]


@dataclass(frozen=True, slots=True)
class Forward:
    """A line gets its value. Leaves and constants have theirs from the beginning."""

    line: int


@dataclass(frozen=True, slots=True)
class Seed:
    """The reverse sweep starts: the adjoint of the root."""

    line: int
    before: float
    after: float


@dataclass(frozen=True, slots=True)
class Back:
    """One step of the reverse sweep: adjoint[operand] += local * upstream.

    Args:
        line: the consumer, whose adjoint is complete.
        position: which operand with a derivative it is, from 0, as in `Tape.sweep`: `x*x` has two steps, and of
            `where`, whose condition has no derivative, x is 0 and y is 1.
        operand: the line that receives.
        local: d line / d operand, through this operand alone.
        upstream: the adjoint of the consumer.
        before: the adjoint of the operand; 0.0 where it had none yet.
        after: likewise. The engine adds up a pass from 0 and puts what a leaf had from earlier passes on top.
    """

    line: int
    position: int
    operand: int
    local: float
    upstream: float
    before: float
    after: float


@dataclass(frozen=True, slots=True)
class Update:
    """An optimizer moves a parameter: its data before and after."""

    line: int
    before: float
    after: float


Event = Forward | Seed | Back | Update


def changed(event: Event) -> int:
    """Returns the one line whose value or gradient an event changes."""
    return event.operand if isinstance(event, Back) else event.line


def events_of(
    tape: Tape, partial: Callable[[int, int], float | None], earlier: Sequence[float | None], seed: float
) -> tuple[Event, ...]:
    """Folds a tape's sweep and takes down every step.

    A pass is summed from 0, and what a leaf had before is added to the sum: in floats the order matters.

    Args:
        tape: with one output, the root, and the numbers of the forward pass.
        partial: the local derivative of a line at a position; None where no gradient flows.
        earlier: for each line, the gradient that it has before the pass; None where there is none.
        seed: d root / d root.
    """
    sums: list[float | None] = [None] * len(tape)

    def total(line: int) -> float:
        had, got = earlier[line], sums[line]
        if had is None:
            return 0.0 if got is None else got
        return had if got is None else got + had

    def add(line: int, term: float) -> tuple[float, float]:
        before, got = total(line), sums[line]
        sums[line] = (0.0 if got is None else got) + term
        return before, total(line)

    root = tape.outputs[0]
    events: list[Event] = [Forward(line.index) for line in tape.lines if line.rule]
    before = total(root)
    sums[root] = seed if tape.lines[root].rule or earlier[root] is not None else seed + 0.0  # a leaf is added to
    events.append(Seed(root, before, total(root)))
    for line, position, operand in tape.sweep:
        local, upstream = partial(line, position), sums[line]
        if local is not None and upstream is not None:
            events.append(Back(line, position, operand, local, upstream, *add(operand, local * upstream)))
    return tuple(events)
