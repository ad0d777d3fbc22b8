"""Tracing: while a program is being recorded once to stand for all its later runs (see `lift`).

A recording holds the branch that one sample took and the numbers that one sample had. So, while it is made, a
comparison is noted as a guard, to be checked for every other sample, and reading `.data` of something that another
sample would change is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, NamedTuple

from .context import hint, opened
from .errors import LiftError

__all__ = ["Guard", "Trace", "current", "tracing"]


class Guard(NamedTuple):
    """A comparison that the program branched on: left (sign) right was `outcome`."""

    left: Any
    sign: str
    right: Any
    outcome: bool


class Trace:
    """One recording in progress.

    Args:
        leaves: the Values that stand for what changes between runs: inputs and parameters.
    """

    def __init__(self, leaves: Iterable[Any]) -> None:
        self.leaves = {id(leaf): leaf for leaf in leaves}
        self.guards: list[Guard] = []

    def depends(self, value: Any) -> bool:
        """Says whether a Value would change with the leaves."""
        stack, met = [value], {id(value)}
        while stack:
            node = stack.pop()
            if id(node) in self.leaves:
                return True
            for operand in node.operands:
                if hasattr(operand, "operands") and id(operand) not in met:
                    met.add(id(operand))
                    stack.append(operand)
        return False

    def refuse(self, value: Any, what: str) -> None:
        """Raises if `value` would change with the leaves, so that a plain number taken from it would go stale.

        Raises:
            LiftError: it would; the message names it and the remedy.
        """
        if self.depends(value):
            raise LiftError(
                f"{what} of {value.label()} was read while lifting: the recording would keep this one sample's number. "
                "Compute with the Value itself; use stop_gradient(v) for a number without derivative, a comparison or "
                "where(...) for a decision, take(rows, i) for a look-up"
            )


_TRACE: ContextVar[Trace | None] = ContextVar("autograd_lite.trace", default=None)


def current() -> Trace | None:
    """Returns the recording in progress in this context; None if there is none."""
    return _TRACE.get() if hint["tracing"] else None


@contextmanager
def tracing(leaves: Iterable[Any]) -> Iterator[Trace]:
    """Notes comparisons, and refuses plain numbers, for a block of code.

    Args:
        leaves: the Values that stand for what changes between runs.
    """
    trace = Trace(leaves)
    token = _TRACE.set(trace)
    try:
        with opened("tracing"):
            yield trace
    finally:
        _TRACE.reset(token)
