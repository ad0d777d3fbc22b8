"""The first step of lifting: from the graph that one call left behind to lines in a normal form.

Chains of additions become one sum of many terms, chains of maxima likewise where no derivative is wanted; equal lines
are merged; what leads nowhere is never met. The work is linear in the number of nodes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from autograd_lite.rules import RULES, Rule
from autograd_lite.tracing import Guard
from autograd_lite.value import Value

__all__ = ["Line", "Scalars", "read"]

_SIGNS = {"add": (1, 1), "sub": (1, -1), "neg": (-1,)}
_LONGEST = {"maximum": "max", "minimum": "min"}


@dataclass(slots=True)
class Line:
    """One line: an operation, the lines it is applied to, and for a leaf what it stands for.

    Operations are "parameter", "input", "index", "captured", "constant" for leaves; "sum", "max", "min" of any number
    of lines; "take" of an index and the lines it chooses from; "stop", through which no derivative flows; a `Rule`;
    ("lone", rule) where one operand is a plain number and that matters; or ("power", exponent).

    Args:
        op: the operation.
        args: the positions of the lines it is applied to.
        signs: of a sum's terms, +1 or -1.
        data: of a leaf: its position among its kind, its number, or its Value.
        node: the Value that the line was read from, for its name; None if there is none.
    """

    op: Hashable
    args: tuple[int, ...] = ()
    signs: tuple[int, ...] = ()
    data: Any = None
    node: Value | None = None


@dataclass
class Scalars:
    """A program of scalar lines, operands before results.

    Args:
        lines: the lines.
        outputs: positions of the results.
        guards: (left, sign, right, outcome) of every comparison that the program branched on.
        size: how many operations were read.
    """

    lines: list[Line] = field(default_factory=list)
    outputs: list[int] = field(default_factory=list)
    guards: list[tuple[int, str, int, bool]] = field(default_factory=list)
    size: int = 0


def read(
    outputs: Sequence[Value | float], leaves: Mapping[int, tuple[str, int]], guards: Iterable[Guard] = ()
) -> Scalars:
    """Returns the lines that lead to `outputs` and to the sides of the guards.

    Args:
        outputs: Values, or numbers that do not depend on anything.
        leaves: for the identity of a Value, the kind of leaf it is, and its position among them. All other leaves are
            "captured".
        guards: as noted while tracing.
    """
    guards = list(guards)
    sides = [side for guard in guards for side in (guard.left, guard.right)]
    return _Reader(leaves).read(outputs, sides, guards)


def _is_number(side: Any) -> bool:
    """Says whether an operand is a plain number to the engine: a float, or what `stop_gradient` stands for."""
    if not isinstance(side, Value):
        return side is not None
    return side._rule is not None and side._rule.name == "identity" and side._dx is None


class _Pending:
    """A sum or maximum that is read by one consumer, which may absorb it.

    Args:
        kind: "sum", "max" or "min".
        terms: the sign of each, and its line.
        sign: of the whole, +1 or -1, so that a long sum is subtracted without touching its terms.
    """

    __slots__ = ("kind", "sign", "terms")

    def __init__(self, kind: str, terms: Iterable[tuple[int, int]] = (), sign: int = 1) -> None:
        self.kind = kind
        self.terms = deque(terms)
        self.sign = sign

    def signed(self) -> list[tuple[int, int]]:
        """Returns the terms with their signs in the whole."""
        return list(self.terms) if self.sign > 0 else [(-sign, line) for sign, line in self.terms]

    def followed_by(self, other: _Pending) -> _Pending:
        """Returns the terms of both; the fewer are moved to the more, so that any nesting takes linear time."""
        flip = self.sign * other.sign
        if len(other.terms) > len(self.terms):
            other.terms.extendleft([(flip * sign, line) for sign, line in reversed(self.terms)])
            return other
        self.terms.extend([(flip * sign, line) for sign, line in other.terms])
        return self


class _Reader:
    """Reads a graph, node by node; of each node it notes the line, or the sum that is not yet complete."""

    def __init__(self, leaves: Mapping[int, tuple[str, int]]) -> None:
        self.leaves = leaves
        self.scalars = Scalars()
        self.lines = self.scalars.lines
        self.known: dict[Any, int] = {}
        self.entries: dict[int, int | _Pending] = {}

    def read(self, outputs: Sequence[Any], sides: Sequence[Any], guards: Sequence[Guard]) -> Scalars:
        """Returns the lines, and which of them the outputs and the guards' sides are."""
        order, uses = self._order([*outputs, *sides])
        reached = {id(v) for v in outputs if isinstance(v, Value)}
        for node in reversed(order):
            if id(node) in reached:
                for side, partial in ((node._x, node._dx), (node._y, node._dy)):
                    if partial is not None:
                        reached.add(id(side))
        for node in order:
            self.entries[id(node)] = self._entry(node, id(node) in reached, uses[id(node)] == 1)
        scalars = self.scalars
        scalars.outputs = [self._line(v) for v in outputs]
        pairs = [(self._line(g.left), g.sign, self._line(g.right), g.outcome) for g in guards]
        fixed = [tuple(self.lines[side].op == "constant" for side in (pair[0], pair[2])) for pair in pairs]
        scalars.guards = [pair for pair, constant in zip(pairs, fixed, strict=True) if not all(constant)]
        scalars.size = sum(node._rule is not None for node in order)
        return scalars

    def _order(self, roots: Sequence[Any]) -> tuple[list[Value], dict[int, int]]:
        """Returns the nodes that lead to the roots, operands before results, and how often each of them is read."""
        order: list[Value] = []
        uses: dict[int, int] = {}
        leaves = self.leaves
        for root in roots:
            if not isinstance(root, Value):
                continue
            path = [root]
            while path:
                node = path[-1]
                operands: tuple[Any, ...] = ()
                if node._rule is not None and id(node) not in leaves:
                    more = node._more
                    if more is not None and more.choice is not None:
                        operands = (more.choice.at, *more.choice.among)
                    else:
                        operands = (node._x, node._y)
                for operand in operands:
                    if isinstance(operand, Value) and id(operand) not in uses:
                        path.append(operand)
                        break
                else:
                    path.pop()
                    if id(node) not in uses:
                        uses[id(node)] = 0
                        order.append(node)
                        for operand in operands:
                            if isinstance(operand, Value):
                                uses[id(operand)] += 1
            uses[id(root)] += 2  # a root is a line of its own
        return order, uses

    # ------------------------------------------------------------ one node

    def _entry(self, node: Value, reached: bool, lone: bool) -> int | _Pending:  # noqa: FBT001  # two plain facts
        """Returns the line of a node, or the sum that it is a part of.

        Args:
            node: the node; its operands have been read.
            reached: whether derivatives flow to it.
            lone: whether one other node reads it, which may absorb it.
        """
        rule, more = node._rule, node._more
        if id(node) in self.leaves:
            kind, position = self.leaves[id(node)]
            return self._add(Line(kind, data=position, node=node), (kind, position))
        if rule is None:
            return self._add(Line("captured", data=node, node=node), id(node))
        if more is not None and more.choice is not None:
            args = (self._line(more.choice.at), *map(self._line, more.choice.among))
            line = self._add(Line("take", args, node=node), ("take", args))
            return line if node._dx is not None or not reached else self._stop(line)
        name = rule.name
        if name in ("identity", "where"):
            first = name == "identity" or (more is not None and more.condition)
            chosen, partial = (node._x, node._dx) if first else (node._y, node._dy)
            if lone and (partial is not None or not reached):
                return self.entries[id(chosen)] if isinstance(chosen, Value) else self._line(chosen)
            return self._operand(chosen, partial, reached)
        if name in _SIGNS and rule is RULES[name]:
            sides = ((node._x, node._dx), (node._y, node._dy))[: rule.arity]
            pending = self._absorb(
                "sum", [(sign, *side) for sign, side in zip(_SIGNS[name], sides, strict=True)], reached
            )
            return pending if lone else self._finish(pending, node)
        if name in _LONGEST and not reached and rule is RULES[name]:
            pending = self._absorb(_LONGEST[name], [(1, node._x, None), (1, node._y, None)], reached)
            return pending if lone else self._finish(pending, node)
        return self._operation(node, rule, reached)

    def _operation(self, node: Value, rule: Rule, reached: bool) -> int:  # noqa: FBT001  # a fact
        """Returns the line of a single operation: a constant's if it is one, a product's if it is a square."""
        args = tuple(
            self._operand(side, partial, reached)
            for side, partial in ((node._x, node._dx), (node._y, node._dy))[: rule.arity]
        )
        if all(self.lines[arg].op == "constant" for arg in args):
            return self._line(node._data)
        op: Hashable = rule
        if rule.name == "pow" and not isinstance(node._y, Value):
            if node._y == 2.0:
                op, args = RULES["mul"], (args[0], args[0])
            elif node._y == -0.5:  # as roots are: arrays take a square root much quicker than a power
                root = self._add(Line(RULES["sqrt"], args[:1]), (RULES["sqrt"], args[:1]))
                op, args = RULES["div"], (self._line(1.0), root)
            else:
                op, args = ("power", node._y), args[:1]
        elif rule.lone is not None and any(map(_is_number, (node._x, node._y))):
            op = ("lone", rule)
        return self._add(Line(op, args, node=node), (op, args))

    def _operand(self, side: Any, partial: float | None, reached: bool) -> int:  # noqa: FBT001  # a fact
        """Returns the line of an operand, stopped where a derivative flows to the node and none to the operand."""
        line = self._line(side)
        return self._stop(line) if reached and partial is None and isinstance(side, Value) else line

    def _stop(self, line: int) -> int:
        if self.lines[line].op == "constant":
            return line
        return self._add(Line("stop", (line,)), ("stop", line))

    def _line(self, side: Any) -> int:
        """Returns the line of a Value or a constant."""
        if not isinstance(side, Value):
            return self._add(Line("constant", data=side), ("constant", repr(side)))
        entry = self.entries[id(side)]
        if isinstance(entry, _Pending):
            entry = self.entries[id(side)] = self._finish(entry, side)
        return entry

    def _absorb(self, kind: str, sides: Sequence[tuple[int, Any, float | None]], reached: bool) -> _Pending:  # noqa: FBT001  # a fact
        """Returns the terms of both sides, those of a pending side in its place."""
        joined: _Pending | None = None
        for sign, side, partial in sides:
            entry = self.entries.get(id(side)) if isinstance(side, Value) else None
            free = partial is not None or not reached or not isinstance(side, Value)
            if isinstance(entry, _Pending) and entry.kind == kind and free:
                entry.sign *= sign
                joined = entry if joined is None else joined.followed_by(entry)
            elif kind == "sum" and joined is None and len(sides) == 2 and isinstance(side, float) and side == 0.0:
                continue  # the 0 that Python's sum() starts from
            elif joined is None:
                joined = _Pending(kind, [(sign, self._operand(side, partial, reached))])
            else:
                joined.terms.append((joined.sign * sign, self._operand(side, partial, reached)))
        return _Pending(kind) if joined is None else joined

    def _finish(self, pending: _Pending, node: Value) -> int:
        """Returns the line of a sum or maximum that is complete, its constants added up."""
        terms = pending.signed()
        if pending.kind == "sum":
            fixed = [sign * self.lines[line].data for sign, line in terms if self.lines[line].op == "constant"]
            if len(fixed) == len(terms):
                return self._line(float(sum(fixed)))
            if len(fixed) > 1:
                terms = [term for term in terms if self.lines[term[1]].op != "constant"]
                terms.append((1, self._line(float(sum(fixed)))))
        signs, args = zip(*terms, strict=True)
        if args[1:] == () and signs == (1,):
            return int(args[0])
        return self._add(Line(pending.kind, args, signs, node=node), (pending.kind, *sorted(terms)))

    def _add(self, line: Line, key: Hashable) -> int:
        """Returns the place of a line, the same one for lines of the same key."""
        found = self.known.get(key)
        if found is None:
            found = self.known[key] = len(self.lines)
            self.lines.append(line)
        return found
