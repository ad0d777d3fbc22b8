"""All oracles on one rule: which of them proves its partials wrong, and how."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from fractions import Fraction

from autograd_lite.arithmetics import FRACTION
from autograd_lite.errors import RuleError
from autograd_lite.rules import RULES, Rule
from autograd_lite.tape import Line, Tape

from .certificates import certify
from .differences import slope
from .domains import MARGIN, full_operands, kink_distance
from .duals import exact_gradient
from .program import exact_over_fractions

__all__ = ["refute", "rule_tapes"]


def rule_tapes(rule: Rule, point: Sequence[float]) -> list[Tape]:
    """Returns tapes of the rule alone: on leaves, and for two operands also with either of them a constant."""
    full = full_operands(rule, tuple(point))
    first = len(full) - rule.arity  # of those that have a derivative
    tapes = []
    for active in itertools.product((True, False), repeat=rule.arity):
        if any(active):
            leaf = [False] * first + list(active)
            lines = [Line(i, None, (), x, constant=not leaf[i]) for i, x in enumerate(full)]
            result = Line(len(full), rule, tuple(range(len(full))), math.nan)
            tapes.append(Tape((*lines, result), (len(full),)))
    return tapes


def refute(rule: Rule, point: Sequence[float]) -> str:
    """Returns which oracle proves the rule's partials wrong at these operands, and how; empty if none does.

    The tests of the table and the tests of the tests (is every corrupted rule caught?) ask this one function.

    Args:
        rule: a row, possibly corrupted in its partials; its name says what it should be.
        point: operands inside the domain.

    Example:
        >>> wrong = Rule("relu", RULES["relu"].value, ("1 if x >= 0 else 0",))
        >>> refute(wrong, [1.0]), refute(wrong, [0.0])
        ('', 'exact: by x at [0.0]: 1, not 0')
    """
    at_kink = kink_distance(RULES[rule.name], point) < MARGIN
    oracles = {"exact": _refute_exactly} if exact_over_fractions(rule) else {}
    oracles |= {"slope": _refute_slope} if at_kink else {"slope": _refute_slope, "ball": _refute_certified}
    for tape in rule_tapes(rule, point):
        inputs = [tape.lines[i].data for i in tape.leaves]
        letters = [rule.operands[i] for i in tape.leaves]
        for name, oracle in oracles.items():
            for letter, reason in zip(letters, oracle(tape, inputs), strict=True):
                if reason:
                    return f"{name}: by {letter} at {list(point)}: {reason}"
    return ""


def _refute_exactly(tape: Tape, inputs: Sequence[float]) -> list[str]:
    numbers = [Fraction(x) for x in inputs]
    try:
        expected = exact_gradient(tape, numbers)
        adjoints = tape.evaluate(numbers, arithmetic=FRACTION).adjoints()
    except RuleError:  # an exponent that varies
        return [""] * len(inputs)
    found = [adjoints[i] for i in tape.leaves]
    return ["" if a == b else f"{a}, not {b}" for a, b in zip(found, expected, strict=True)]


def _refute_certified(tape: Tape, inputs: Sequence[float]) -> list[str]:
    del inputs
    return [f"{c.computed!r}, not {c.truth!r}" if c.verdict == "wrong" else "" for c in certify(tape)]


def _refute_slope(tape: Tape, inputs: Sequence[float]) -> list[str]:
    """Compares with one-sided differences, and with the convention where the two sides disagree."""
    adjoints = tape.evaluate(inputs).adjoints()
    reasons = []
    for position, leaf in enumerate(tape.leaves):
        sides = [_limit(tape, inputs, position, side) for side in (-1, 1)]
        reasons.append(_against(adjoints[leaf], [s for s in sides if s is not None], alone=len(inputs) == 1))
    return reasons


def _limit(tape: Tape, inputs: Sequence[float], position: int, side: int) -> float | None:
    """Returns the slope on one side, inf if it is vertical, nan at a jump, None where nothing is defined or decided."""
    far, near = (slope(tape, inputs, position, side=side, step=step) for step in (1e-35, 1e-41))
    if far != far or near != near:
        return None
    growth = abs(near / far) if far else 1.0  # as the step shrinks to a millionth: 1e6 at a jump, 1e3 for a root at 0
    if 1e-15 < abs(growth - 1) < 1e-9:
        return None  # 0**(1 + ulp): flat in the limit, but steps that small have no name
    if growth > 1 + 1e-9:
        return math.nan if growth > 1e6 * (1 - 1e-9) else math.copysign(math.inf, near)
    return float(near) if growth > 1 - 1e-9 else 0.0


def _against(claimed: float, sides: Sequence[float], *, alone: bool) -> str:
    """Says how a claimed slope offends the convention; `alone` if there are no other operands to share with."""
    if not sides:
        return ""
    if any(side != side for side in sides):  # a jump: the slope of the side it belongs to, else 0; or nan
        sides = [side for side in sides if side == side] or [0.0]
        if claimed != claimed:
            return ""
    low, high = min(sides), max(sides)
    least = 0.0 if low < 0 < high else min(low, high, key=abs)
    wanted = least if alone else min(max(claimed, low), high)
    near = claimed == wanted or abs(claimed - wanted) <= 1e-9 * abs(wanted) + 1e-30
    return "" if near else f"{claimed!r}, not {wanted!r}"
