"""Derivatives as textbooks write them, where the table's own differ: to be read, and for those who copy them wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from autograd_lite.expressions import specialised
from autograd_lite.rules import RULES, Rule

if TYPE_CHECKING:
    from autograd_lite.tape import Line

__all__ = ["ON_PAPER", "Slopes", "slopes_on_paper"]

ON_PAPER: Mapping[str, str] = MappingProxyType({"sigmoid": "out*(1 - out)", "tanh": "1 - out**2"})
"""Of each rule its one partial. On paper the table's own are the same; in floats those keep their digits far out."""

_PARTIALS: Mapping[Rule, tuple[Any, ...]] = {
    **{RULES[name]: (text,) for name, text in ON_PAPER.items()},
    RULES["pow"]: ("y*x**(y - 1) if y != 0 else 0", RULES["pow"].partials[1]),
}


class Slopes(NamedTuple):
    """How the derivatives of an operation are written.

    Args:
        partials: as of a rule.
        lone: as of a rule.
        beside: letters and numbers of constant operands, where these decide which formulas hold.
    """

    partials: tuple[Any, ...]
    lone: tuple[Any, ...] | None
    beside: tuple[tuple[str, float], ...] = ()


def slopes_on_paper(line: Line, lines: Sequence[Line]) -> Slopes | None:
    """Returns how the derivatives of a line are written; None of what is no operation.

    Example:
        >>> from autograd_lite import Value, record
        >>> lines = record(Value(3.0) ** 2).lines
        >>> slopes_on_paper(lines[2], lines).partials[0]
        '2 * x'
    """
    if line.rule is None:
        return None
    arity = line.rule.arity
    operands = zip(line.rule.operands[-arity:], line.operands[-arity:], strict=True)
    return _slopes(line.rule, tuple((letter, lines[i].data) for letter, i in operands if lines[i].constant))


@lru_cache(maxsize=4096)
def _slopes(rule: Rule, beside: tuple[tuple[str, float], ...]) -> Slopes:
    usual = Slopes(_PARTIALS.get(rule, rule.partials), rule.lone)
    numbers = dict(beside)
    partials, lone = (
        texts and tuple(_decided(text, numbers) for text in texts) for texts in (usual.partials, usual.lone)
    )
    return usual if (partials, lone) == usual[:2] else Slopes(partials or (), lone, beside)


def _decided(text: Any, numbers: Mapping[str, float]) -> Any:
    """Returns a formula as it is beside such constants, if they decide which of several it is."""
    if not (numbers and isinstance(text, str)):
        return text
    found = specialised(text, numbers)
    return found if found.count(" if ") < text.count(" if ") else text
