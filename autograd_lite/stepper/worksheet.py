"""A sheet to fill in by hand, the graph with empty boxes and a line of arithmetic for each number, and its key.

>>> w, x = Value(0.5, name="w"), Value(2.0, name="x")
>>> print(worksheet((w * x).tanh(), title="A product", blanks="values", key=False))
A product
Given: w = 0.5, x = 2
Forward
1. v2 = w * x = ____
2. v3 = tanh(v2) = ____
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, NamedTuple, get_args

from autograd_lite.errors import InputError
from autograd_lite.markup import MATHML, printable
from autograd_lite.notation import to_mathml
from autograd_lite.operands import text
from autograd_lite.operations import symbol
from autograd_lite.value import Value
from autograd_lite.view.labels import fenced, figure, short
from autograd_lite.view.skeleton import OnePage

from .chapter import Chapter
from .events import Back
from .player import Player, chapter_in
from .telling import Teller

__all__ = ["Blanks", "Row", "Worksheet", "worksheet"]

Blanks = Literal["gradients", "values", "all"]
_MOST = 60  # values: more are no picture that anybody fills in
_BLANK = "____"
_SUMMANDS = 4  # numbers written out in a sum


class Row(NamedTuple):
    """A line of arithmetic: text and answers in turn, the text first and last.

    Args:
        text: what stands before, between and after the answers, as plain text.
        math: the same in MathML, to be put inside `<math>` one by one.
        answers: the numbers to be found, as the key writes them.
        number: of the question, from 1; 0 where a question goes on.
    """

    text: tuple[str, ...]
    math: tuple[str, ...]
    answers: tuple[str, ...]
    number: int

    def written(self, *, solved: bool) -> str:
        """Returns the line as plain text, with its answers or with blanks."""
        told = [answer if solved else _BLANK for answer in self.answers]
        lead = f"{self.number}. " if self.number else "   "
        return lead + "".join(part for pair in zip(self.text, (*told, ""), strict=True) for part in pair)


def worksheet(
    value: Value | Player, *, title: str = "", seed: Any = 1.0, blanks: Blanks = "all", key: bool = True
) -> Worksheet:
    """Returns a worksheet of everything that led to a value: Jupyter shows it, `to_html("sheet.html")` writes it.

    Args:
        value: the result, or a stepper, of which the chapter shown is taken and `seed` is not used.
        title: what stands above; any text.
        seed: d root / d root, a real number.
        blanks: what is to be found: the "values" of the operations, the "gradients", or "all".
        key: whether the answers follow, on a page of their own.
    Raises:
        InputError: another kind of blanks, more than 60 values, or a leaf was changed after the forward pass.
        OperandError: neither a Value nor a stepper; a title that is not text.
    """
    text(title, "the title of a worksheet")
    if blanks not in get_args(Blanks):
        raise InputError(f"blanks={blanks!r:.60}: choose 'values', 'gradients' or 'all'")
    chapter = chapter_in(value, "worksheet", seed=seed)
    title = title or (value.story.title if isinstance(value, Player) else "")
    if len(chapter.tape) > _MOST:
        raise InputError(
            f"worksheet(...): {len(chapter.tape):,} values are more than anybody fills in; at most {_MOST}: give "
            "fewer inputs, or a part of the computation"
        )
    if complaint := Teller(chapter).complaint():
        raise InputError(f"worksheet(...): {complaint}")
    return Worksheet(chapter, title, blanks, key)


@dataclass(frozen=True)
class Worksheet(OnePage):
    """A sheet and its key, made by `worksheet`. Its page runs and fetches nothing, and prints on A4 or Letter.

    Args:
        chapter: the computation.
        title: any text.
        blanks: what is to be found.
        key: whether the answers follow.
    """

    chapter: Chapter
    title: str
    blanks: Blanks
    key: bool

    @cached_property
    def teller(self) -> Teller:
        """Who says what the lines are called."""
        return Teller(self.chapter)

    @cached_property
    def given(self) -> tuple[tuple[str, str], ...]:
        """The names and numbers of the leaves."""
        lines = self.chapter.tape.lines
        return tuple((self.teller.names[line.index], figure(line.data)) for line in lines if line.is_leaf)

    @cached_property
    def sections(self) -> tuple[tuple[str, tuple[Row, ...]], ...]:
        """The questions, by part: "Forward", "Backward", or both; a leaf alone leaves none to ask."""
        parts = [("Forward", self._forward)] * (self.blanks != "gradients")
        parts += [("Backward", self._backward)] * (self.blanks != "values")
        return tuple((name, found) for name, rows in parts if (found := tuple(rows())))

    def _forward(self) -> Iterator[Row]:
        number = 0
        for line in self.chapter.tape.lines:
            if line.rule:
                number += 1
                text = f"{self.teller.names[line.index]} = {self.teller.right(line.index)} = "
                math = self._name(line.index) + _EQUALS + self._right(line.index) + _EQUALS
                yield Row((text, ""), (math, ""), (figure(line.data),), number)

    def _backward(self) -> Iterator[Row]:
        events, adjoints = self.chapter.events, self.chapter.adjoints
        found = [(entries[-1], line, entries) for line, entries in enumerate(self.chapter.contributions) if entries]
        for number, (_, line, entries) in enumerate(sorted(found), 1):  # as they become complete
            several = len(entries) > 1
            backs = [event for event in (events[i] for i in entries) if isinstance(event, Back)]
            for event in backs:
                yield self._term(event, number if event is backs[0] else 0, alone=not several)
            if several:
                yield self._sum(line, backs, adjoints[line] or 0.0)

    def _term(self, event: Back, number: int, *, alone: bool) -> Row:
        """Returns one contribution: dL/dw = dv2/dw * dL/dv2 = ____ * ____ = ____; without its left side in a sum."""
        teller = self.teller
        text = f"{teller.local(event)} * {teller.slope(event.line)} = "
        math = teller.local_ratio(event) + MATHML.dot + self._slope(event.line) + _EQUALS
        if alone:
            text = f"{teller.slope(event.operand)} = {text}"
            math = self._slope(event.operand) + _EQUALS + math
        answers = (fenced(event.local), fenced(event.upstream), figure(event.local * event.upstream))
        return Row((text, " * ", " = ", ""), (math, MATHML.dot, _EQUALS, ""), answers, number)

    def _sum(self, line: int, backs: list[Back], total: float) -> Row:
        left, math = f"{self.teller.slope(line)} = ", self._slope(line) + _EQUALS
        if len(backs) > _SUMMANDS:
            return Row(
                (f"{left}their sum = ", ""), (f"{math}<mtext>their sum</mtext>{_EQUALS}", ""), (figure(total),), 0
            )
        pluses = len(backs) - 1
        terms = [figure(backs[0].local * backs[0].upstream), *(fenced(b.local * b.upstream) for b in backs[1:])]
        return Row(
            (left, *[" + "] * pluses, " = ", ""),
            (math, *[MATHML.sign("+")] * pluses, _EQUALS, ""),
            (*terms, figure(total)),
            0,
        )

    def _name(self, line: int) -> str:
        return to_mathml("x", {"x": self.teller.names[line]})

    def _slope(self, line: int) -> str:
        """Returns the derivative of the root by a line, as a fraction."""
        return self.teller.ratio(self.teller.letter, line)

    def _right(self, index: int) -> str:
        """Returns an operation as the picture calls it, in MathML: a fraction for a quotient, else its sign."""
        line = self.chapter.tape.lines[index]
        assert line.rule is not None  # only operations are asked for
        if symbol(line.rule) == "*":
            return MATHML.dot.join(self._name(i) for i in line.operands)
        if not symbol(line.rule).isidentifier() and isinstance(line.rule.value, str):
            letters = dict(zip(line.rule.operands, line.operands, strict=True))
            return to_mathml(line.rule.value, {letter: self.teller.names[i] for letter, i in letters.items()})
        inside = MATHML.sign(",").join(self._name(i) for i in line.operands)
        return MATHML.apply(MATHML.function(line.rule.name), MATHML.fenced("(", inside, ")", tall=False))

    # ------------------------------------------------------------ how it is shown

    def _page(self) -> str:
        from .worksheet_page import to_html

        return to_html(self)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:  # noqa: ARG002  # Jupyter's
        from .worksheet_page import to_cell

        return {"text/html": to_cell(self), "text/plain": str(self)}

    def written(self, *, solved: bool) -> str:
        """Returns the questions as plain text, with their answers or with blanks."""
        names = ", ".join(f"{name} = {number}" for name, number in self.given)
        rows = [short(self.title, 200)] * bool(self.title) + [f"Given: {printable(names)}"]
        for name, questions in self.sections:
            rows += [name, *(row.written(solved=solved) for row in questions)]
        return "\n".join(rows)

    def __str__(self) -> str:
        return "\n\n".join([self.written(solved=False)] + [f"Key: {self.written(solved=True)}"] * self.key)

    def __repr__(self) -> str:
        asked = sum(bool(row.number) for _, rows in self.sections for row in rows)
        return f"<Worksheet: {asked} questions{', with key' if self.key else ''}>"


_EQUALS = MATHML.sign("=")
