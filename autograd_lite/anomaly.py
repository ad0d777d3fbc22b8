"""Where did the nan come from? The first node that is not finite, forward or backward, and all that is known of it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from .faults import Place, describe
from .recording import trace
from .scopes import scopes_of
from .tape import Tape
from .value import Value

__all__ = ["Anomaly", "find_anomaly"]


@dataclass(frozen=True)
class Anomaly:
    """The first node of a graph that is nan or infinite.

    Args:
        what: "value", "gradient", or "partial": a local derivative.
        line: its line on the tape.
        number: the offending number.
        node: the operation with its operands' names and values, or the leaf's name.
        scope: the named pieces around it, outermost first.
        place: the source line that made it; None unless it was computed under `detect_anomaly`.
        remedy: what to write instead, where that is known.
    """

    what: str
    line: int
    number: float
    node: str
    scope: tuple[str, ...] = ()
    place: Place | None = None
    remedy: str = ""

    def __str__(self) -> str:
        inside = f", in {'.'.join(self.scope)}" if self.scope else ""
        where = f"; {self.place}" if self.place else "; compute it `with detect_anomaly():` to see the source line"
        if not self.place and self.node.startswith("leaf"):
            where = ""
        remedy = f" {self.remedy}" if self.remedy else ""
        return (
            f"the {self.what} of {self.node} is {self.number!r} (line {self.line} of the tape{inside}){where}.{remedy}"
        )


def find_anomaly(*values: Value) -> Anomaly | None:
    """Returns the first anomaly on the way to `values`: forward if there is one, else backward; None if all is finite.

    Backward, that is the first node in the order of the reverse sweep whose gradient, or one of whose local
    derivatives, is not finite; gradients are looked at where `backward` has computed them.

    Example:
        >>> x = Value(1e200, name="x")
        >>> print(find_anomaly(x * x - 1))
        the value of mul of x = 1e+200 ('x'), y = 1e+200 ('x') is inf (line 1 of the tape); compute it ...
    """
    tape, nodes = trace(values)
    for index, node in enumerate(nodes):
        if isinstance(node, Value) and not math.isfinite(node.data):
            return _report("value", tape, nodes, index, node.data)
    for index in reversed(range(len(nodes))):
        node = nodes[index]
        if not isinstance(node, Value):
            continue
        if node.grad_computed and not math.isfinite(node.grad):
            return _report("gradient", tape, nodes, index, node.grad)
        for partial in node.partials:
            if partial is not None and not math.isfinite(partial):
                return _report("partial", tape, nodes, index, partial)
    return None


def _report(what: str, tape: Tape, nodes: Sequence[Value | float], index: int, number: float) -> Anomaly:
    line, node = tape.lines[index], nodes[index]
    place = node.more.place if isinstance(node, Value) else None
    if line.rule is None:
        return Anomaly(what, index, number, f"leaf {tape.label(index)!r}", place=place)
    operands = [tape.lines[i] for i in line.operands]
    text = describe(line.rule, [o.data for o in operands], [o.name for o in operands])
    return Anomaly(what, index, number, text, scopes_of(tape).paths[index], place, line.rule.remedy)
