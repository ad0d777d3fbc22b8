"""Recording: from the graph that a program left behind to the tape of it.

>>> from autograd_lite.value import Value
>>> print(record(Value(1.0, name="a") + 2))
v0 = a          leaf              1.0
v1 = 2.0        constant          2.0
v2 = a + v1     output            3.0
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .errors import OperandError
from .rules import Rule
from .tape import Line, ScopeMark, Tape
from .value import Call, Value

__all__ = ["flatten", "record", "trace"]


def record(*outputs: Value) -> Tape:
    """Returns the tape of everything that led to `outputs`, in the order in which `backward` sees it.

    Raises:
        OperandError: an output is not a Value.

    Example:
        >>> len(record(Value(1.0) + 2))
        3
    """
    return trace(outputs)[0]


def trace(outputs: Sequence[Any], *, inputs: Iterable[Value] = ()) -> tuple[Tape, list[Value | float]]:
    """Returns the tape of `outputs` and, line by line, the Value or constant it was made from.

    Args:
        outputs: one or more Values.
        inputs: Values at which to stop: they become leaves, whatever made them.
    """
    if not outputs:
        raise OperandError("record() needs at least one Value")
    for output in outputs:
        if not isinstance(output, Value):
            kind = type(output).__name__
            raise OperandError(f"record(...): {kind} {output!r:.60} is not a Value, so nothing was recorded for it")
    lines: list[Line] = []
    nodes: list[Value | float] = []
    index: dict[int, int] = {}

    def add(node: Value | float, rule: Rule | None, operands: tuple[int, ...], data: float, name: str) -> int:
        lines.append(Line(len(lines), rule, operands, data, name, not isinstance(node, Value)))
        nodes.append(node)
        return len(lines) - 1

    for value in inputs:
        if id(value) not in index:
            index[id(value)] = add(value, None, (), value._data, value.name)
    for output in outputs:
        path = [output] if id(output) not in index else []
        while path:
            node = path[-1]
            for operand in node.operands:
                if isinstance(operand, Value) and id(operand) not in index:
                    path.append(operand)
                    break
            else:
                operands = tuple(
                    index[id(v)] if isinstance(v, Value) else add(v, None, (), v, "") for v in node.operands
                )
                index[id(node)] = add(node, node._rule, operands, node._data, node.name)
                path.pop()
    marks = _marks(nodes, index)
    return Tape(tuple(lines), tuple(index[id(v)] for v in outputs), marks), nodes


def _marks(nodes: Sequence[Value | float], index: Mapping[int, int]) -> tuple[ScopeMark, ...]:
    calls: dict[int, tuple[Any, list[int]]] = {}
    for position, node in enumerate(nodes):
        if isinstance(node, Value):
            for call in node.more.calls:
                calls.setdefault(id(call), (call, []))[1].append(position)
    return tuple(_mark(call, outputs, nodes, index) for call, outputs in calls.values())


def _mark(call: Call, outputs: list[int], nodes: Sequence[Value | float], index: Mapping[int, int]) -> ScopeMark:
    names = dict(zip(call.outputs, call.parts, strict=True))
    parts = tuple(names[id(nodes[i])] for i in outputs) if names else ()
    inputs = tuple(index[id(v)] for v in flatten(call.inputs) if id(v) in index)
    return ScopeMark(call.name, inputs, tuple(outputs), parts)


def flatten(nested: Any) -> list[Value]:
    """Returns the Values in nested lists, tuples, dictionaries and arrays, each once, in order."""
    found: dict[int, Value] = {}
    met: set[int] = set()  # a list may contain itself
    stack = [nested]
    while stack:
        thing = stack.pop()
        if isinstance(thing, Value):
            found.setdefault(id(thing), thing)
            continue
        if id(thing) in met:
            continue
        met.add(id(thing))
        if isinstance(thing, list | tuple):
            stack.extend(reversed(thing))
        elif isinstance(thing, dict):
            stack.extend(reversed(thing.values()))
        elif getattr(getattr(thing, "dtype", None), "kind", "") == "O":  # an array of objects
            stack.extend(reversed(thing.ravel().tolist()))
    return list(found.values())
