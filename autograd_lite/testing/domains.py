"""Where to look: what the `domain` and `kinks` columns of the table say about the operands of a rule.

A new row is tested by existing, because every strategy and every oracle asks here.
"""

from __future__ import annotations

import ast
import itertools
import math
from collections.abc import Sequence
from functools import cache

from autograd_lite.arithmetics import FLOAT, IEEE, inside_domain
from autograd_lite.expressions import names_in, parse
from autograd_lite.rules import Rule

__all__ = ["MARGIN", "bounds", "defined", "full_operands", "kink_distance", "kink_points"]

MARGIN = 2.0**-10
"""In a bounded domain: the least distance from a kink or the domain's edge."""

_NEAT = (-2.0, -1.5, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5, 2.0, 3.0)


def defined(rule: Rule, numbers: Sequence[float]) -> bool:
    """Says whether the rule's `domain` column holds for these operands.

    Example:
        >>> from autograd_lite.rules import RULES
        >>> defined(RULES["log"], [0.0]), defined(RULES["pow"], [-2.0, 3.0])
        (False, True)
    """
    return inside_domain(rule, numbers)


def kink_distance(rule: Rule, numbers: Sequence[float]) -> float:
    """Returns the least magnitude of the rule's `kinks` expressions, 0 on a kink; inf for a rule without kinks."""
    return min((abs(IEEE.formula(text, rule.operands)(*numbers)) for text in rule.kinks), default=math.inf)


def kink_points(rule: Rule) -> list[tuple[float, ...]]:
    """Returns neat operands that lie exactly on a kink of the rule, inside its domain.

    Example:
        >>> from autograd_lite.rules import RULES
        >>> kink_points(RULES["relu"]), len(kink_points(RULES["maximum"]))
        ([(0.0,)], 10)
    """
    neat = itertools.product(_NEAT, repeat=rule.arity)
    return [point for point in neat if rule.kinks and defined(rule, point) and kink_distance(rule, point) == 0]


@cache
def bounds(rule: Rule) -> tuple[tuple[float, ...], ...]:
    """Returns, per operand, the numbers that the rule's domain compares it with.

    Example:
        >>> from autograd_lite.rules import RULES
        >>> bounds(RULES["arcsin"]), bounds(RULES["div"])
        (((-1.0, 1.0),), ((), (0.0,)))
    """
    found: dict[str, set[float]] = {letter: set() for letter in rule.operands}
    for node in ast.walk(parse(rule.domain or "0 < 1")):
        if isinstance(node, ast.Compare):
            sides = [ast.unparse(side) for side in (node.left, *node.comparators)]
            for text, bound in itertools.permutations(sides, 2):
                if text in found and not names_in(bound):
                    found[text].add(FLOAT.formula(bound, ())())
    return tuple(tuple(sorted(b for b in found[letter] if math.isfinite(b))) for letter in rule.operands)


def full_operands(rule: Rule, point: tuple[float, ...]) -> tuple[float, ...]:
    """Returns the operands with the condition that a `Program` gives to `where`."""
    return point if len(rule.operands) == len(point) else (float(point[0] > 0), *point)
