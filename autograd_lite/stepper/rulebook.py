"""The rules that a story uses, as a browser needs them: to compute with, to write down, to explain."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from autograd_lite.arithmetics import FLOAT
from autograd_lite.expressions import primitive
from autograd_lite.markup import printable
from autograd_lite.notation import to_mathml
from autograd_lite.operations import symbol
from autograd_lite.rules import RULES, Rule
from autograd_lite.view.text import applied

from .expression_tree import Tree, condition, exact, expression, functions_used
from .textbook import Slopes, slopes_on_paper

if TYPE_CHECKING:
    from autograd_lite.tape import Line, Tape

__all__ = ["Rulebook", "right_hand_side"]

_BLANKS = {"x": "\ue000", "y": "\ue001", "c": "\ue002", "out": "\ue003"}
_NO_BLANK = dict.fromkeys(map(ord, _BLANKS.values()), "\ufffd")  # a rule's name may be any text


class Rulebook:
    """The rules of some tapes, numbered by first use; and what of a line follows from them to the bit.

    Args:
        tapes: in the order of the story.
    """

    def __init__(self, tapes: Iterable[Tape]) -> None:
        rows = dict.fromkeys(
            (line.rule, slopes_on_paper(line, tape.lines)) for tape in tapes for line in tape.lines if line.rule
        )
        self._numbers: Mapping[tuple[Rule, Slopes | None], int] = {row: number for number, row in enumerate(rows)}
        used = dict.fromkeys(rule for rule, _ in rows)
        self._values = {rule: _computed(rule.value, rule.operands) for rule in used}
        self._partials = {
            (rule, lone): [_computed(text, (*rule.operands, "out")) for text in slopes or rule.partials]
            for rule in used
            for lone, slopes in ((False, rule.partials), (True, rule.lone))
        }

    def number(self, line: Line, lines: Sequence[Line]) -> int:
        """Returns the number of an operation's rule: its own where constants decide how its derivatives are written."""
        assert line.rule is not None  # only operations are asked for
        return self._numbers[line.rule, slopes_on_paper(line, lines)]

    def gives_value(self, line: Line, numbers: list[float]) -> bool:
        """Says whether a line's number is what its rule makes of its operands' on every machine."""
        formula = self._values[line.rule] if line.rule else None
        return formula is not None and _gives(formula, [numbers[i] for i in line.operands], numbers[line.index])

    def gives_partial(self, line: Line, position: int, numbers: list[float], local: float, *, lone: bool) -> bool:
        """Says whether a local derivative is what the line's rule says on every machine."""
        formula = self._partials[line.rule, lone][position] if line.rule else None
        sides = [*(numbers[i] for i in line.operands), numbers[line.index]]
        return formula is not None and _gives(formula, sides, local)

    def to_json(self) -> list[dict[str, Any]]:
        """Returns the rules as lists and text."""
        return [_entry(rule, slopes) for rule, slopes in self._numbers if slopes]

    def functions(self) -> dict[str, dict[str, Any]]:
        """Returns the functions that the rules call, but for those that every language brings."""
        waiting, found = list(functions_used(_trees(self._values))), {}
        while waiting:
            name = waiting.pop()
            if name not in found and not primitive(name):
                value = expression(str(RULES[name].value))
                found[name] = {"letters": RULES[name].operands, "value": value}
                waiting.extend(functions_used([value]))
        return dict(sorted(found.items()))


def right_hand_side(rule: Rule | None, words: list[str]) -> str:
    """Returns an operation with its operands as a picture writes it: "w * x"; empty for what is no operation."""
    return applied(symbol(rule), words) if rule else ""


def _entry(rule: Rule, slopes: Slopes) -> dict[str, Any]:
    def written(text: Any) -> str:
        return to_mathml(text, _BLANKS) if isinstance(text, str) else ""

    sign = printable(symbol(rule)).translate(_NO_BLANK)
    called = Rule(sign, rule.value, rule.partials) if sign != symbol(rule) else rule
    return {
        "name": printable(rule.name),
        "sign": sign,
        "letters": rule.operands,
        "text": right_hand_side(called, [_BLANKS[letter] for letter in rule.operands]),
        "fenced": not symbol(rule).isidentifier(),
        "value": _tree(rule.value),
        "partials": [_tree(text) for text in rule.partials],
        "lone": None if rule.lone is None else [_tree(text) for text in rule.lone],
        "math": {
            "value": written(rule.value),
            "partials": [written(text) for text in slopes.partials],
            "lone": None if slopes.lone is None else [written(text) for text in slopes.lone],
        },
        "domain": condition(rule.domain) if rule.domain else None,
        "remedy": printable(rule.remedy),
    }


def _trees(rules: Iterable[Rule]) -> list[Tree | None]:
    texts = (text for rule in rules for text in (rule.value, *rule.partials, *(rule.lone or ())))
    return [*map(_tree, texts), *(condition(rule.domain) for rule in rules if rule.domain)]


def _tree(text: object) -> Tree | None:
    return expression(text) if isinstance(text, str) else None  # a black box is a function


def _computed(text: object, arguments: tuple[str, ...]) -> Callable[..., float] | None:
    """Returns a formula as the engine computes it; None where another machine may get another last digit."""
    return FLOAT.formula(text, arguments) if isinstance(text, str) and exact(expression(text)) else None


def _gives(formula: Callable[..., float], operands: list[float], wanted: float) -> bool:
    try:
        got = float(formula(*operands))
    except (ArithmeticError, ValueError):
        return False  # computed `with ieee():`
    return got.hex() == wanted.hex()
