"""A recorded computation done once more by the engine, over Values of its own: nothing happens to the reader's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from autograd_lite.functions import VALUE
from autograd_lite.tape import Tape
from autograd_lite.value import Value

__all__ = ["fresh_leaves", "replayed"]


def fresh_leaves(tape: Tape) -> dict[int, Value]:
    """Returns new leaves like those of a tape, by line."""
    return {line: Value(tape.lines[line].data, tape.lines[line].name) for line in tape.leaves}


def replayed(tape: Tape, leaves: Mapping[int, Value]) -> list[Any]:
    """Returns for each line a Value of the same name, or a constant's number.

    Args:
        tape: what to compute.
        leaves: what to compute it from, by line.
    Raises:
        ArithmeticFault: a result is undefined, and `ieee()` is not in force.
    Example:
        >>> from autograd_lite.recording import record
        >>> tape = record(Value(3.0, name="x") ** 2)
        >>> replayed(tape, fresh_leaves(tape))
        [Value(data=3.0, grad=not computed, name='x'), 2.0, Value(data=9.0, grad=not computed)]
    """
    nodes = tape.evaluate([leaves[line] for line in tape.leaves], arithmetic=VALUE).values
    for line, node in zip(tape.lines, nodes, strict=True):
        if line.rule and line.name:
            node.name = line.name
    return nodes
