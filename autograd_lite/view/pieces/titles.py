"""What a cone is called: a readable formula of what it computes, such as "relu of sum of w*x + b"."""

from __future__ import annotations

import re
from collections.abc import Sequence

from autograd_lite.operations import symbol
from autograd_lite.view.labels import figure, short

from .cones import Cones
from .units import stem

__all__ = ["common_stem", "heading", "span", "title"]

_WIDEST = 40  # columns
_COMPARED = 8  # cones of a class whose numbers are looked at
_DEEPEST = 4  # operations inside each other
_NUMBER = re.compile(r"(\(-[\d.e+-]+\)|\b\d[\d.]*(?:e[+-]\d+)?)")
_WRITTEN = 6  # columns: longer numbers were computed, and differ from one cone to the next


def common_stem(names: Sequence[str]) -> str:
    """Returns the stem that all names share, or "".

    Example:
        >>> common_stem(["w1", "w2"]), common_stem(["w1", "b"])
        ('w', '')
    """
    stems = {stem(name) for name in names}
    return stems.pop() if len(stems) == 1 else ""


def span(names: Sequence[str]) -> str:
    """Returns the first and the last of some names, if they share a stem; else "".

    Example:
        >>> span(["w[0]", "w[1]", "w[2]"])
        'w[0]..w[2]'
    """
    if not common_stem(names):
        return ""
    return names[0] if len(set(names)) == 1 else f"{short(names[0])}..{short(names[-1])}"


def title(cones: Cones, *nodes: int) -> str:
    """Returns what the cones of some nodes of one class are called, in at most 40 columns.

    Numbers are written where they are the same in all of them.
    """
    node = nodes[0]
    if node >= cones.size:
        return short(cones.scopes.scopes[node - cones.size].name, _WIDEST) or "piece"
    some = nodes[:: max(1, len(nodes) // _COMPARED)]
    said = list(dict.fromkeys(_Speaker(cones, one).say(one, _DEEPEST, "x")[0] for one in some))
    text = said[0] if len(said) == 1 else _blended(said)
    return short(text or _Speaker(cones, node, numbers=False).say(node, _DEEPEST, "x")[0], _WIDEST)


def _blended(texts: Sequence[str]) -> str:
    """Returns formulas that differ in numbers as one, with c for those numbers; "" if they differ otherwise."""
    parts = [_NUMBER.split(text) for text in texts]
    if len({tuple(part[::2]) for part in parts}) > 1:
        return ""
    return "".join(same[0] if len({*same}) == 1 else "c" for same in zip(*parts, strict=True))


def heading(cones: Cones, unit: int) -> str:
    """Returns what a unit alone is called, whatever its operands are made of: "w*x", "relu(x)", "sum"."""
    line = cones.tape.lines[unit]
    if cones.units.is_sum(cones.tape, unit) and len(cones.units.lines[unit]) > 1:
        return "sum"
    return short(stem(line.name) or _Speaker(cones, unit, alone=True, numbers=False).say(unit, 1, "x")[0], _WIDEST)


class _Speaker:
    """Writes formulas of one cone; what is outside it is a letter.

    Args:
        cones: all cones.
        cone: the one spoken of.
        named: whether leaves are called by their names.
        numbers: whether constants are written, if they are short.
        alone: whether only the cone's own operation is written.
    """

    def __init__(
        self, cones: Cones, cone: int, *, named: bool = True, numbers: bool = True, alone: bool = False
    ) -> None:
        self.cones, self.cone = cones, cone
        self.named, self.numbers, self.alone = named, numbers, alone
        self.lines, self.units = cones.tape.lines, cones.units

    def say(self, unit: int, depth: int, letter: str) -> tuple[str, bool]:
        """Returns the formula of a unit, and whether it needs parentheses beside a product's sign.

        Args:
            unit: its last line.
            depth: how many operations inside each other are still written.
            letter: what to call it if it has no name and is not written out.
        """
        line = self.lines[unit]
        if line.constant:
            written = self.numbers and len(repr(line.data)) <= _WRITTEN
            return (figure(line.data), line.data < 0) if written else ("c", False)
        piece = self.cones.piece_of(unit, self.cone)
        if piece is not None:
            return short(self.cones.scopes.scopes[piece].name), False
        if line.name and self.named and stem(line.name):
            return short(stem(line.name)), False
        outside = unit != self.cone and (self.alone or not self.cones.inside(unit, self.cone))
        if line.rule is None or outside:
            return letter, False
        if not depth:
            return "…", False
        if self.units.is_sum(self.cones.tape, unit):
            return self._sum(unit, depth), True
        return self._applied(unit, depth)

    def _applied(self, unit: int, depth: int) -> tuple[str, bool]:
        rule = self.lines[unit].rule
        assert rule is not None, "a leaf is no application"
        units = [operand for _, operand in self.units.terms[unit]]
        sign = symbol(rule)
        letters = self._letters(units)
        said = [self.say(operand, depth - 1, letter) for operand, letter in zip(units, letters, strict=True)]
        if rule.name == "identity":
            return said[0]
        if sign == rule.name:
            inner = ", ".join(text for text, _ in said)
            if len(said) == 1 and " of " in inner:
                return f"{sign} of {inner}", True
            return f"{sign}({inner})", False
        return sign.join(f"({text})" if loose else text for text, loose in said), False

    def _letters(self, units: Sequence[int]) -> list[str]:
        """Returns what operands are called that have no name: a weight w, all else x and y."""
        rest = iter("xyz")
        letters: dict[int, str] = {}
        for position, unit in enumerate(units):
            if unit not in letters and not self.lines[unit].constant:
                weight = position == 0 and self.lines[unit].is_leaf and len(set(units)) > 1
                letters[unit] = "w" if weight else next(rest)
        return [letters.get(unit, "c") for unit in units]

    def _sum(self, unit: int, depth: int) -> str:
        alike: dict[tuple[int, int], list[int]] = {}
        for sign, operand in self.units.counted(self.cones.tape, unit):
            alike.setdefault((sign, self.units.kind[operand]), []).append(operand)
        text = ""
        for (sign, _), same in sorted(alike.items(), key=lambda item: (len(item[1]) == 1, item[0][0] < 0)):
            for said in self._terms(same, depth):
                plus = (sign > 0) != said.startswith("-")
                said = said.removeprefix("-")  # noqa: PLW2901  # the sign is written before it
                text += (" + " if plus else " - ") + said if text else said if plus else f"-{said}"
        return text or "0"

    def _terms(self, same: Sequence[int], depth: int) -> list[str]:
        """Returns what terms of one class are called: all together, or each alone if they are two that differ."""
        if len(same) == 1:
            return [self.say(same[0], depth - 1, "b" if self.lines[same[0]].is_leaf else "x")[0]]
        said = list(dict.fromkeys(self.say(operand, depth - 1, "x")[0] for operand in (same[0], same[-1])))
        if len(said) == 2 and len(same) == 2:
            return said
        if len(said) == 2:
            plain = _Speaker(self.cones, self.cone, named=False, numbers=False)
            said = [plain.say(same[0], depth - 1, "x")[0]]
        return [f"sum of {said[0]}"]
