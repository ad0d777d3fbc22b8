"""What a reader is told about an event: a sentence, and the rule of the table at work, in names and in numbers.

    >>> from autograd_lite.value import Value
    >>> from .chapter import chapter_of
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

Lines are called as in pictures. All words are in `phrases`.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from autograd_lite.markup import MATHML
from autograd_lite.notation import to_mathml
from autograd_lite.operations import symbol
from autograd_lite.view.labels import fenced, figure, short

from .chapter import Chapter
from .events import Back, Event, Forward, Seed, Update, changed
from .phrases import contributions, said
from .recomputed import recomputed
from .rulebook import right_hand_side
from .story import Story
from .textbook import slopes_on_paper

if TYPE_CHECKING:
    from autograd_lite.faults import Place

__all__ = ["Formula", "Teller", "Telling", "telling"]


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
        place: the reader's own line that made the node; None where it is not known.
    """

    sentence: str
    formulas: tuple[Formula, ...]
    before: float | None
    after: float
    contribution: tuple[int, int] | None
    place: Place | None


def telling(story: Story, index: int) -> Telling:
    """Returns what a reader is told about an event of a story. About many, ask a `Teller`, who knows all names by then.

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
        name, had = self.names[changed(event)], self.chapter.earlier[changed(event)] is not None
        if isinstance(event, Forward):
            numbers, value = self._right_in_numbers(event.line), figure(self.lines[event.line].data)
            return said("forward", name=name, formula=self.right(event.line), numbers=numbers, value=value)
        before, after = figure(event.before), figure(event.after)
        if isinstance(event, Update):
            return said("update", name=name, before=before, after=after, step=figure(event.after - event.before))
        if isinstance(event, Seed):
            kind, slope = "seed_earlier" if had else "seed", self.slope(event.line)
            return said(kind, slope=slope, before=before, after=after, letter=self.letter, name=name)
        number, of = self._contribution(index)
        return said(
            "back",
            receives=self.slope(event.operand),
            term=self.term(event),
            result=figure(event.local * event.upstream),
            before=said("of_earlier_passes", number=before) if had and number == 1 else before,
            after=after,
            count=contributions(number, of),
        )

    def term(self, event: Back) -> str:
        """Returns what a step back adds, in names and in numbers: "dv2/dw * dL/dv2 = 2 * 0.1966"."""
        numbers = {"local_number": fenced(event.local), "upstream_number": fenced(event.upstream)}
        return said("term", local=self.local(event), upstream=self.slope(event.line), **numbers)

    def local(self, event: Back) -> str:
        """Returns the local derivative of a step back: "dv2/dw"; and of which operand, where one line is several."""
        twice = self.lines[event.line].operands.count(event.operand) > 1
        return said(
            "slope_operand" if twice else "slope",
            above=self.names[event.line],
            below=self.names[event.operand],
            operand=event.position + 1,
        )

    def slope(self, line: int) -> str:
        """Returns the derivative of the root by a line: "dL/dw"."""
        return said("slope", above=self.letter, below=self.names[line])

    def right(self, line: int) -> str:
        """Returns the right-hand side of a line as a picture writes it: "w * x"; empty for what is no operation."""
        return right_hand_side(self.lines[line].rule, [self.names[i] for i in self.lines[line].operands])

    def _right_in_numbers(self, line: int) -> str:
        rule = self.lines[line].rule
        word = figure if rule and symbol(rule).isidentifier() else fenced
        return right_hand_side(rule, [word(self.lines[i].data) for i in self.lines[line].operands])

    def complaint(self) -> str:
        """Returns what is wrong with the numbers where a leaf was changed after the forward pass; "" where none was."""
        lines, overtaken = self.lines, self.chapter.overtaken
        if not overtaken:
            return ""
        leaves = [[i for i in dict.fromkeys(lines[line].operands) if lines[i].is_leaf] for line in overtaken]
        sure = [*dict.fromkeys(found[0] for found in leaves if len(found) == 1)]
        names = [self.names[leaf] for leaf in sure or leaves[0]] or ["a number"]
        more = f" and {len(names) - 3:,} more" if sure and len(names) > 4 else ""
        who = (", " if sure else " or ").join(names[:3] if more else names)
        was = "were" if len(sure) > 1 else "was"
        first = overtaken[0]
        then, now = lines[first].data, recomputed(self.chapter.tape, first) or 0.0
        word = figure if figure(then) != figure(now) else repr
        return (
            f"{who}{more} {was} changed after the forward pass: {self.names[first]} = {self.right(first)} is "
            f"{word(then)}, not {self._right_in_numbers(first)} = {word(now)}; compute it again before stepping"
        )

    # ------------------------------------------------------------ in formulas

    def _formulas(self, event: Event) -> tuple[Formula, ...]:
        if isinstance(event, Forward):
            line = self.lines[event.line]
            value = line.rule.value if line.rule else None
            return (self._filled(_name(self.names[event.line]), value, event.line, line.data),)
        if isinstance(event, Seed):
            start = _equation(self.ratio(self.letter, event.line), _number(event.after))
            return (Formula(start, start),)
        return (self._partial(event), self._chain(event)) if isinstance(event, Back) else ()

    def _partial(self, event: Back) -> Formula:
        line = self.lines[event.line]
        slopes = slopes_on_paper(line, self.lines)
        assert slopes is not None  # only operations have steps back
        partials = slopes.lone if slopes.lone and self.chapter.tape.lone(line) else slopes.partials
        return self._filled(self.local_ratio(event), partials[event.position], event.line, event.local)

    def _chain(self, event: Back) -> Formula:
        gets = self.ratio(self.letter, event.operand) + "<mo>+=</mo>"
        local, upstream = self.ratio(self.names[event.line], event.operand), self.ratio(self.letter, event.line)
        product = to_mathml("x*y", {"x": figure(event.local), "y": figure(event.upstream)})
        term = _number(event.local * event.upstream)
        return Formula(f"<mrow>{gets}{local}{MATHML.dot}{upstream}</mrow>", _equation(gets + product, term))

    def ratio(self, above: str, below: int) -> str:
        """Returns the derivative of something by a line, as a fraction in MathML."""
        return MATHML.fraction(*(f"{MATHML.sign('d')}{_name(name)}" for name in (above, self.names[below])))

    def local_ratio(self, event: Back) -> str:
        """Returns the local derivative of a step back, in MathML; and of which operand, where one line is several."""
        above, below = self.names[event.line], self.names[event.operand]
        which = self.local(event).removeprefix(said("slope", above=above, below=below)).replace(" ", "\xa0")
        note = f'<mtext mathsize="80%">{which}</mtext>' if which else ""
        return self.ratio(above, event.operand) + note

    def _filled(self, left: str, text: object, line: int, result: float) -> Formula:
        """Returns `left = text`, a formula of the line's rule, in the line's names and in its numbers."""
        if not isinstance(text, str):  # a black box
            return Formula(*[_equation(left, _number(result))] * 2)
        rule, operands = self.lines[line].rule, self.lines[line].operands
        letters = {"out": line, **dict(zip(rule.operands if rule else (), operands, strict=True))}
        named = to_mathml(text, {letter: self.names[i] for letter, i in letters.items()})
        numbered = to_mathml(text, {letter: figure(self.lines[i].data) for letter, i in letters.items()})
        return Formula(_equation(left, named), _equation(left, numbered, _number(result)))


def _name(name: str) -> str:
    return to_mathml("x", {"x": name})


def _number(number: float) -> str:
    return to_mathml("x", {"x": figure(number)})


def _equation(*sides: str) -> str:
    return f"<mrow>{MATHML.sign('=').join(sides)}</mrow>"
