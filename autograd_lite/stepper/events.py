"""What happens in a pass, one event at a time: a value appears, the sweep starts, a gradient grows, a parameter moves.

Lines are those of the tape, in its order, and so the ids of a picture: line 1 is v1.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Back", "Event", "Forward", "Seed", "Update", "changed"]


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
        position: which operand with a derivative it is, from 0; `x*x` has two steps.
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
