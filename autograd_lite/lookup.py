"""Two things that plain Python does with numbers and a recording cannot see: looking up, and cutting a derivative.

>>> from autograd_lite.value import Value
>>> take([Value(1.0), Value(2.0)], 1).data
2.0
>>> z = Value(3.0)
>>> y = z * stop_gradient(z)
>>> y.backward()
>>> y.data, z.grad
(9.0, 3.0)
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

from .context import no_grad
from .errors import InputError, LiftError, ShapeError
from .operands import number
from .rules import RULES
from .tracing import current
from .value import Choice, More, Value, apply

__all__ = ["WholeInput", "stop_gradient", "take"]


class WholeInput(Value):
    """A whole number handed to a function that is being lifted: use it as a number, or as the index of `take`."""

    __slots__ = ()

    def __index__(self) -> int:
        raise LiftError(
            f"{self.label()} is an input of a function that is being lifted: list[i], range(i) and int(i) would keep "
            "this one sample's number. Use take(list, i); or pass it as a static argument, if it sets the structure"
        )


def take(rows: Sequence[Any], index: Any) -> Any:
    """Returns `rows[index]`, also where the index is an input of a function that is being lifted.

    Args:
        rows: Values or numbers, n of them; or n rows, each the same number of Values or numbers.
        index: an int or NumPy integer, 0 <= index < n.
    Raises:
        InputError: the index is outside its range, or is no whole number.
        ShapeError: no rows, or, while lifting, rows of different lengths.
    Example:
        >>> table = [[0.1, 0.2], [0.3, 0.4]]
        >>> take(table, 1)
        [0.3, 0.4]
    """
    count = len(rows)
    if not count:
        raise ShapeError("take(rows, index): there are no rows to take from")
    traced = isinstance(index, WholeInput)
    if not traced and (isinstance(index, bool | Value) or not hasattr(index, "__index__")):
        kind = type(index).__name__
        hint = "; while lifting, only an integer input itself can be an index" if isinstance(index, Value) else ""
        raise InputError(f"take(rows, {index!r:.60}): the index is a {kind}, not an int, 0 <= index < {count}{hint}")
    place = int(index._data) if traced else operator.index(index)
    if not 0 <= place < count:
        raise InputError(f"take(rows, {place}): the index is outside 0 <= index < {count}")
    return _chosen(rows, place, index) if traced and current() else rows[place]


def _chosen(rows: Sequence[Any], place: int, index: WholeInput) -> Any:
    """Returns a node for each number of a row, which remembers the numbers that it could have been."""
    row = rows[place]
    if isinstance(row, Value) or not hasattr(row, "__len__"):
        among = tuple(v if isinstance(v, Value) else number(v, "take(rows, ...)") for v in rows)
        node = apply(RULES["identity"], row if isinstance(row, Value) else Value(row))
        node._more = More(choice=Choice(index, among))
        return node
    if any(len(other) != len(row) for other in rows):
        raise ShapeError("take(rows, index): the rows differ in length, so they cannot stand for one another")
    return [_chosen(column, place, index) for column in zip(*rows, strict=True)]


def stop_gradient(x: Any) -> Any:
    """Returns the number alone, through which no derivative flows.

    Args:
        x: a Value or a number.
    Returns:
        A float; while lifting, a Value that has no derivative but differs from sample to sample.
    Raises:
        OperandError: x is not a number.
    """
    if not isinstance(x, Value):
        return number(x, "stop_gradient(...)")
    if current() is None:
        return x._data
    with no_grad():
        return apply(RULES["identity"], x)
