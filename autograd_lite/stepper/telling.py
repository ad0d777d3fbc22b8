"""What a reader is told about an event: a sentence, and the rule of the table at work, in names and in numbers.

    >>> from autograd_lite.value import Value
    >>> w, x = Value(0.5, name="w"), Value(2.0, name="x")
    >>> story = Story((chapter_of((w * x).sigmoid()),))
    >>> for index in range(len(story)):
    ...     print(telling(story, index).sentence)
    v2 = w * x = 0.5 * 2 = 1
    v3 = sigmoid(v2) = sigmoid(1) = 0.7311
    dL/dv3 = 1; L is v3, and the reverse sweep starts from it
    dL/dv2 gets dv3/dv2 * dL/dv3 = 0.1966 * 1 = 0.1966; from 0 to 0.1966; 1 of 1 contribution
    dL/dw gets dv2/dw * dL/dv2 = 2 * 0.1966 = 0.3932; from 0 to 0.3932; 1 of 1 contribution
    dL/dx gets dv2/dx * dL/dv2 = 0.5 * 0.1966 = 0.09831; from 0 to 0.09831; 1 of 1 contribution

`to_text` says it in a terminal. Lines are called as in pictures.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from autograd_lite.markup import MATHML, printable
from autograd_lite.notation import to_mathml
from autograd_lite.operations import symbol
from autograd_lite.view.graph import Edge, Node
from autograd_lite.view.labels import columns, figure, gradient, short
from autograd_lite.view.text import formula

from .chapter import Chapter, chapter_of
from .events import Back, Event, Forward, Seed, Update, changed
from .player import Player
from .story import Story

if TYPE_CHECKING:
    from autograd_lite.faults import Place
    from autograd_lite.rules import Rule

__all__ = ["Formula", "Teller", "Telling", "chapter_of", "partials_of", "telling", "to_text"]


class Formula(NamedTuple):
    """An equation in MathML, to be put inside `<math>`: with the lines' names, and with their numbers."""

    names: str
    numbers: str


@dataclass(frozen=True, slots=True)
class Telling:
    """What a reader is told about one event.

    Args:
        sentence: all of it, in one line of text.
        formulas: of a forward step the rule; of a step back the rule's partial, then the chain rule's `+=`.
        before: the number that the event changes; None if it makes it.
        after: likewise.
        contribution: of a step back, which contribution to the gradient it is, from 1, and of how many.
        place: the reader's own line that made the node; known where it was computed `with detect_anomaly():`.
    """

    sentence: str
    formulas: tuple[Formula, ...]
    before: float | None
    after: float
    contribution: tuple[int, int] | None
    place: Place | None


def telling(story: Story, index: int) -> Telling:
    """Returns what a reader is told about an event of a story.

    Raises:
        InputError: there is no such event.
    """
    chapter, inside = story.place(index)
    return Teller(story.chapters[chapter]).tell(inside)


class Teller:
    """Speaks about one chapter: what its lines are called, and what its events do."""

    def __init__(self, chapter: Chapter) -> None:
        self.chapter, self.lines = chapter, chapter.tape.lines
        self.names = [
            figure(line.data) if line.constant else short(line.name, 32) or f"v{line.index}" for line in self.lines
        ]
        taken = any(name == "L" for line, name in enumerate(self.names) if line != chapter.root)
        self.letter = self.names[chapter.root] if taken else "L"

    def tell(self, index: int) -> Telling:
        """Returns what a reader is told about the event of that index in the chapter."""
        event, line = self.chapter.events[index], changed(self.chapter.events[index])
        contribution = self._contribution(index) if isinstance(event, Back) else None
        after = self.lines[line].data if isinstance(event, Forward) else event.after
        before = None if isinstance(event, Forward) else event.before
        if not isinstance(event, Update) and self.chapter.earlier[line] is None and (contribution or (1,))[0] == 1:
            before = None  # a first contribution makes the gradient
        place = None if isinstance(event, Update) else self.chapter.places[event.line]
        return Telling(self.sentence(index), self._formulas(event), before, after, contribution, place)

    def _contribution(self, index: int) -> tuple[int, int]:
        mine = self.chapter.contributions[changed(self.chapter.events[index])]
        return bisect_right(mine, index), len(mine)

    # ------------------------------------------------------------ in words

    def sentence(self, index: int) -> str:
        """Returns an event in one line of text."""
        event = self.chapter.events[index]
        name = self.names[changed(event)]
        if isinstance(event, Forward):
            out = figure(self.lines[event.line].data)
            return f"{name} = {self.right(event.line)} = {self._right_in_numbers(event.line)} = {out}"
        had = self.chapter.earlier[changed(event)] is not None
        if isinstance(event, Update):
            moved = f"{name} goes from {figure(event.before)} to {figure(event.after)}"
            return f"{moved}, a step of {figure(event.after - event.before)}"
        if isinstance(event, Seed):
            said = f"{self._slope(event.line)} = {figure(event.after)}; {self.letter} is {name}"
            said += f", from {figure(event.before)} of earlier passes" if had else ""
            return f"{said}, and the reverse sweep starts from it"
        (count, of), term = self._contribution(index), event.local * event.upstream
        twice = self.lines[event.line].operands.count(event.operand) > 1
        which = f" (as operand {event.position + 1})" if twice else ""
        start = figure(event.before) + (" of earlier passes" if had and count == 1 else "")
        return (
            f"{self._slope(event.operand)} gets d{self.names[event.line]}/d{name}{which} * {self._slope(event.line)}"
            f" = {_fenced(event.local)} * {_fenced(event.upstream)} = {figure(term)}"
            f"; from {start} to {figure(event.after)}; {count} of {of} contribution{'s' if of > 1 else ''}"
        )

    def _slope(self, line: int) -> str:
        return f"d{self.letter}/d{self.names[line]}"

    def right(self, line: int) -> str:
        """Returns the right-hand side of a line as a picture writes it: "w * x"; empty for what is no operation."""
        return self._written(line, self.names)

    def _right_in_numbers(self, line: int) -> str:
        rule = self.lines[line].rule
        word = figure if rule and symbol(rule).isidentifier() else _fenced
        return self._written(line, {i: word(self.lines[i].data) for i in self.lines[line].operands})

    def _written(self, line: int, words: Mapping[int, str] | list[str]) -> str:
        rule, operands = self.lines[line].rule, self.lines[line].operands
        node = Node(f"v{line}", "operation" if rule else "leaf", symbol(rule) if rule else "", "", None, None)
        edges = [Edge(f"v{i}", node.id, position, None) for position, i in enumerate(operands)]
        return formula(node, edges, {f"v{i}": words[i] for i in operands})

    # ------------------------------------------------------------ in formulas

    def _formulas(self, event: Event) -> tuple[Formula, ...]:
        if isinstance(event, Forward):
            line = self.lines[event.line]
            value = line.rule.value if line.rule else None
            return (self._filled(_name(self.names[event.line]), value, event.line, line.data),)
        if isinstance(event, Seed):
            start = _equation(self._ratio(self.letter, event.line), _number(event.after))
            return (Formula(start, start),)
        return (self._partial(event), self._chain(event)) if isinstance(event, Back) else ()

    def _partial(self, event: Back) -> Formula:
        rule = self.lines[event.line].rule
        slopes = partials_of(rule, lone=self.chapter.tape.lone(self.lines[event.line])) if rule else ()
        ratio = self._ratio(self.names[event.line], event.operand)
        return self._filled(ratio, slopes[event.position], event.line, event.local)

    def _chain(self, event: Back) -> Formula:
        gets = self._ratio(self.letter, event.operand) + "<mo>+=</mo>"
        local, upstream = self._ratio(self.names[event.line], event.operand), self._ratio(self.letter, event.line)
        product = to_mathml("x*y", {"x": figure(event.local), "y": figure(event.upstream)})
        term = _number(event.local * event.upstream)
        return Formula(f"<mrow>{gets}{local}{MATHML.dot}{upstream}</mrow>", _equation(gets + product, term))

    def _ratio(self, above: str, below: int) -> str:
        """Returns the derivative of something by a line, as a fraction."""
        return MATHML.fraction(*(f"{MATHML.sign('d')}{_name(name)}" for name in (above, self.names[below])))

    def _filled(self, left: str, text: object, line: int, result: float) -> Formula:
        """Returns `left = text`, a formula of the line's rule, in the line's names and in its numbers."""
        if not isinstance(text, str):  # a black box
            return Formula(*[_equation(left, _number(result))] * 2)
        rule, operands = self.lines[line].rule, self.lines[line].operands
        letters = {"out": line, **dict(zip(rule.operands if rule else (), operands, strict=True))}
        named = to_mathml(text, {letter: self.names[i] for letter, i in letters.items()})
        numbered = to_mathml(text, {letter: figure(self.lines[i].data) for letter, i in letters.items()})
        return Formula(_equation(left, named), _equation(left, numbered, _number(result)))


def partials_of(rule: Rule, *, lone: bool) -> tuple[Any, ...]:
    """Returns a rule's partials; `lone` says whether another operand is a constant, which matters at ties."""
    return rule.lone if lone and rule.lone else rule.partials


def _fenced(number: float) -> str:
    text = figure(number)
    return f"({text})" if text.startswith("-") else text


def _name(name: str) -> str:
    return to_mathml("x", {"x": name})


def _number(number: float) -> str:
    return to_mathml("x", {"x": figure(number)})


def _equation(*sides: str) -> str:
    return f"<mrow>{MATHML.sign('=').join(sides)}</mrow>"


# ---------------------------------------------------------------- in a terminal


def to_text(player: Player) -> str:
    """Returns a few lines: where the player is, what happened last, and the lines that took part, marked if changed."""
    (at, done), chapters, chapter = player.place, len(player.story.chapters), player.chapter
    event, phase, teller = player.event, player.phase, Teller(chapter)
    head = [f"{player.position} of {len(player.story)}"]
    head += [f"{phase.name} {done - phase.start} of {phase.stop - phase.start}"] if phase else []
    head += [f"chapter {at + 1} of {chapters}"] if chapters > 1 else []
    head += [short(chapter.title, 60)] if chapter.title else []
    if event is None:
        return f"{'  '.join(head)}\nNothing has happened yet; {teller.letter} is {teller.names[chapter.root]}."
    told, shown = teller.tell(done - 1), [event.line]
    if isinstance(event, Forward):
        shown = [*dict.fromkeys(chapter.tape.lines[event.line].operands), event.line]
    elif isinstance(event, Back):
        shown = [event.line, event.operand]
    rows = [_row(player, teller, line, changed=line == changed(event)) for line in shown]
    widths = [max(columns(row[i]) for row in rows) for i in range(4)]
    padded = [[cell + " " * (wide - columns(cell)) for cell, wide in zip(row, widths, strict=True)] for row in rows]
    place = [printable(str(told.place))] if told.place else []
    return "\n".join(["  ".join(head), told.sentence, *place, *("  ".join(row).rstrip() for row in padded)])


def _row(player: Player, teller: Teller, line: int, *, changed: bool) -> tuple[str, str, str, str]:
    name = ("→ " if changed else "  ") + teller.names[line]
    if player.chapter.tape.lines[line].constant:
        return name, "constant", "", ""
    value, (arrived, expected) = player.value(line), player.progress(line)
    return (
        name,
        "value " + ("not computed" if value is None else figure(value)),
        f"gradient {gradient(player.adjoint(line))}",
        f"{arrived} of {expected}" if expected else "",
    )
