"""What hand-written code repeats: units of a tape, and the class of each, as lifting finds them.

A unit is one operation, or all additions of one sum; it is called by its last line. Two units are of one class if they
do the same to operands of the same classes: the neurons of a layer are, and so are the samples of a batch. Leaves are
of one class if their names differ in numbers only.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Sequence
from typing import NamedTuple

from autograd_lite.rules import RULES
from autograd_lite.tape import Line, Tape

__all__ = ["Units", "private_leaves", "stem", "units_of"]

_SIGNS = {RULES["add"]: (1, 1), RULES["sub"]: (1, -1), RULES["neg"]: (-1,)}


class Units(NamedTuple):
    """The units of a tape.

    Args:
        root: for each line the last line of its unit; leaves and constants are units of their own.
        terms: for each last line, the units that it is applied to and, in sums, their signs.
        kind: for each last line, the number of its class; -1 for other lines.
        lines: for each last line, the lines of its unit in tape order.
    """

    root: list[int]
    terms: dict[int, list[tuple[int, int]]]
    kind: list[int]
    lines: dict[int, list[int]]

    def is_sum(self, tape: Tape, unit: int) -> bool:
        """Says whether a unit adds up its terms."""
        return tape.lines[unit].rule in _SIGNS

    def counted(self, tape: Tape, unit: int) -> list[tuple[int, int]]:
        """Returns the terms of a sum without the 0 that Python's `sum` starts from, unless that is all there is."""
        pairs = self.terms[unit]
        return [pair for pair in pairs if not (tape.lines[pair[1]].constant and tape.lines[pair[1]].data == 0)] or pairs


def stem(name: str) -> str:
    """Returns a name without the numbers at its end.

    Example:
        >>> stem("w12"), stem("query3_14"), stem("w[0][1]"), stem("x")
        ('w', 'query', 'w', 'x')
    """
    return re.sub(r"[\s\d_.,\[\](){}:#-]+$", "", name[:200])


def units_of(tape: Tape, home: Sequence[int | None]) -> Units:
    """Returns the units of a tape; none reaches over the border of a named piece.

    Args:
        tape: the computation.
        home: for each line, the piece it lies in.
    """
    root, sign = _sums(tape, home)
    terms: dict[int, list[tuple[int, int]]] = {}
    lines: dict[int, list[int]] = {}
    for line in tape.lines:
        end = root[line.index]
        mine = terms.setdefault(end, [])
        lines.setdefault(end, []).append(line.index)
        signs = _SIGNS.get(line.rule, (1, 1, 1)) if line.rule else ()
        mine += [
            (sign[line.index] * s, operand)
            for s, operand in zip(signs, line.operands, strict=False)
            if root[operand] != end
        ]
    return _with_kinds(tape, Units(root, terms, [-1] * len(tape), lines))


def private_leaves(tape: Tape, home: Sequence[int | None]) -> tuple[list[int], set[int]]:
    """Returns for each line how many leaves and constants it alone uses, in its own piece; and which those are."""
    user = [-1] * len(tape)
    for line in tape.lines:
        for operand in line.operands:
            user[operand] = line.index if user[operand] in (-1, line.index) else -2
    own, private = [0] * len(tape), set()
    for line in tape.lines:
        if line.rule is None and user[line.index] >= 0 and home[line.index] == home[user[line.index]]:
            own[user[line.index]] += 1
            private.add(line.index)
    return own, private


def _sums(tape: Tape, home: Sequence[int | None]) -> tuple[list[int], list[int]]:
    """Returns for each line the end of the sum that it is a part of, else itself, and its sign there."""
    uses, user = [0] * len(tape), [-1] * len(tape)
    for line in tape.lines:
        for operand in line.operands:
            uses[operand] += 1
            user[operand] = line.index
    for output in tape.outputs:
        uses[output] += 1
    root, sign = list(range(len(tape))), [1] * len(tape)
    for line in reversed(tape.lines):
        if line.rule in _SIGNS and uses[line.index] == 1 and user[line.index] >= 0:
            into = tape.lines[user[line.index]]
            if into.rule in _SIGNS and home[into.index] == home[line.index]:
                root[line.index] = root[into.index]
                sign[line.index] = sign[into.index] * _SIGNS[into.rule][into.operands.index(line.index)]
    return root, sign


def _with_kinds(tape: Tape, units: Units) -> Units:
    from autograd_lite.lift.classes import classify  # brings NumPy, which a small picture does not need
    from autograd_lite.lift.scalars import Line as ScalarLine
    from autograd_lite.lift.scalars import Scalars

    scalars = Scalars()
    place: dict[int, int] = {}
    for line in tape.lines:
        if units.root[line.index] == line.index:
            op, pairs = _operation(tape, line, units)
            place[line.index] = len(scalars.lines)
            signs = tuple(sign for sign, _ in pairs) if op == "sum" else ()
            scalars.lines.append(ScalarLine(op, tuple(place[unit] for _, unit in pairs), signs, data=line.index))
    scalars, classes = classify(scalars)
    for found, of in zip(scalars.lines, classes.of_line, strict=True):
        if found.data is not None:  # classify adds sums of one term, which are no lines of the tape
            units.kind[found.data] = of
    return units


def _operation(tape: Tape, line: Line, units: Units) -> tuple[Hashable, list[tuple[int, int]]]:
    """Returns what makes a unit like others, and the operands that count."""
    if line.rule is None:
        return "constant" if line.constant else ("leaf", stem(line.name)), []
    if line.rule in _SIGNS:
        return "sum", units.counted(tape, line.index)
    pairs = units.terms[line.index]
    if line.rule is RULES["pow"] and tape.lines[line.operands[1]].constant:
        return ("power", repr(tape.lines[line.operands[1]].data)), pairs[:1]
    return line.rule, pairs
