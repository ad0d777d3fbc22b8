"""The second step of lifting: lines that do the same thing to the same kinds of operands form a class, one array.

A line's class follows from its operation and the classes of its operands. A sum's class is the *set* of its terms'
classes, not their number, so that sums of different lengths (causal attention) stay together.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from autograd_lite.rules import RULES

from .scalars import Line, Scalars

__all__ = ["Classes", "classify"]

_MUL = RULES["mul"]
_MOST_CHOICES = 16


@dataclass
class Classes:
    """The classes of a program's lines; a class's operands lie in classes of smaller numbers.

    Args:
        of_line: the class of each line.
        members: the lines of each class, in the order in which they were recorded.
        keys: what the lines of each class have in common.
    """

    of_line: list[int] = field(default_factory=list)
    members: list[list[int]] = field(default_factory=list)
    keys: list[Any] = field(default_factory=list)


def classify(scalars: Scalars) -> tuple[Scalars, Classes]:
    """Returns a program's lines, some of them joined to others, and their classes.

    Operands of products are put into the order of their classes.

    A sum of one term is no sum when it is recorded, so the first step of a growing loop (the first position of causal
    attention) looks unlike the others. Where a line would join others if one of its operands were such a sum, that
    operand becomes one.
    """
    colouring = _Colouring()
    for line in scalars.lines:
        colouring.add(line)
    singles: dict[int, list[int]] = {}
    for number, key in enumerate(colouring.classes.keys):
        match key:
            case ("sum", terms) if len(terms) == 1:
                ((sign, kind),) = terms
                if sign > 0:
                    singles.setdefault(kind, []).append(number)
            case ("max" | "min", kinds) if len(kinds) == 1:
                singles.setdefault(next(iter(kinds)), []).append(number)
    sizes = {key: len(members) for key, members in zip(colouring.classes.keys, colouring.classes.members, strict=True)}
    first = [(scalars.lines[members[0]], colouring.classes.of_line) for members in colouring.classes.members]
    if all(_joining(line, [of_line[i] for i in line.args], sizes, singles) is None for line, of_line in first):
        return scalars, colouring.classes
    return _joined(scalars, _Colouring(colouring.numbers), sizes, singles)


def _joined(
    scalars: Scalars, colouring: _Colouring, sizes: dict[Any, int], singles: dict[int, list[int]]
) -> tuple[Scalars, Classes]:
    """Returns the program with operands turned into sums of one term where that joins lines to others."""
    of_line, keys = colouring.classes.of_line, colouring.classes.keys
    lines: list[Line] = []
    new: list[int] = []  # of each old line, its place now
    made: dict[tuple[int, int], int] = {}

    def single(term: int, number: int) -> int:
        if (term, number) not in made:
            made[term, number] = len(lines)
            lines.append(Line(keys[number][0], (term,), (1,)))
            colouring.add(lines[-1])
        return made[term, number]

    for old in scalars.lines:
        line = replace(old, args=tuple(new[argument] for argument in old.args))
        kinds = [of_line[argument] for argument in line.args]
        joining = _joining(line, kinds, sizes, singles)
        if joining is not None:
            pairs = zip(line.args, kinds, joining, strict=True)
            line.args = tuple(arg if kind == now else single(arg, now) for arg, kind, now in pairs)
        new.append(len(lines))
        lines.append(line)
        colouring.add(line)
    guards = [(new[left], sign, new[right], outcome) for left, sign, right, outcome in scalars.guards]
    return Scalars(lines, [new[i] for i in scalars.outputs], guards, scalars.size), colouring.classes


def _joining(line: Line, kinds: list[int], sizes: dict[Any, int], singles: dict[int, list[int]]) -> list[int] | None:
    """Returns the classes that a line's operands should have for it to join the largest class it can; None for none."""
    if line.op == "take" or singles.keys().isdisjoint(kinds):
        return None
    if line.op is _MUL and line.args[0] == line.args[1]:
        return None  # a square
    best, most = None, max(sizes.get(_key(line, kinds), 0), 1)
    for changed in itertools.islice(_choices(line, kinds, singles), 1, _MOST_CHOICES):
        size = sizes.get(_key(line, changed), 0)
        if size >= most:
            best, most = changed, size
    return best


def _choices(line: Line, kinds: list[int], singles: dict[int, list[int]]) -> Iterator[list[int]]:
    """Yields the ways to choose a class for each operand, their own first; in sums, the same for all of a class."""
    if line.op not in ("sum", "max", "min"):
        yield from map(list, itertools.product(*([kind, *singles.get(kind, ())] for kind in kinds)))
        return
    distinct = list(dict.fromkeys(kinds))
    for each in itertools.product(*([kind, *singles.get(kind, ())] for kind in distinct)):
        choice = dict(zip(distinct, each, strict=True))
        yield [choice[kind] for kind in kinds]


class _Colouring:
    """Gives lines their classes, one after the other."""

    def __init__(self, numbers: dict[Any, int] | None = None) -> None:
        self.numbers: dict[Any, int] = {} if numbers is None else numbers
        self.classes = Classes(keys=list(self.numbers), members=[[] for _ in self.numbers])

    def add(self, line: Line) -> None:
        """Gives the next line its class; the operands of a product are put into the order of theirs."""
        classes = self.classes
        kinds = [classes.of_line[argument] for argument in line.args]
        if line.op is _MUL and kinds[0] > kinds[1]:
            line.args = line.args[::-1]
            kinds.reverse()
        key = _key(line, kinds)
        number = self.numbers.get(key)
        if number is None:
            number = self.numbers[key] = len(classes.members)
            classes.members.append([])
            classes.keys.append(key)
        classes.members[number].append(len(classes.of_line))
        classes.of_line.append(number)


def _key(line: Line, kinds: list[int]) -> tuple[Any, ...]:
    """Returns what makes a line's class."""
    if line.op == "sum":
        return ("sum", frozenset(zip(line.signs, kinds, strict=True)))
    if line.op in ("max", "min"):
        return (line.op, frozenset(kinds))
    if line.op == "take":
        return ("take", len(kinds), frozenset(kinds[1:]))
    if line.op is _MUL:
        return (line.op, *sorted(kinds))
    return (line.op, *kinds)
