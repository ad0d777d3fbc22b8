r"""A story as JSON, for a browser: the graphs, the rules, and of the numbers those that do not follow from them.

The rules' formulas travel along, as trees. So a document holds the numbers of leaves and constants, and of results and
local derivatives only those that the formulas do not give, to the bit, on every machine: those of exp and its like.
Gradients and events are left out: the browser makes them as the engine does, in its order, from the same bits.

Numbers are numbers of JSON, but for "nan", "inf" and "-inf". Text is printable (see `markup`); `<` is left to whoever
puts the document into a page. A LINE is the index of a tape's line. An EDGE is an index into a graph's `operands`: the
line, and which of its operands. Lists of pairs are flat: [line, number, line, number, ...].

    format, version     "autograd-lite story", 1
    title               text
    phrases             what is said, by key, with blanks in braces (see `phrases`)
    functions           {name: {letters, value}}: functions of the table that trees call and that are no primitives
    rules               a list, see below
    graphs              what several chapters share
    chapters            the numbers of each pass
    curves              [{name, values}], a value for each chapter, or null
    plane               null, or how a model divides the plane of its two inputs
    compare             null; in the laboratory {story: another document, titles: ["right", "wrong"], first: [index of
                        the first event that differs, here and there]}

Of a rule
    name, sign          what it is called, and what stands between operands: "mul", "*"
    letters             its operands in the order of the call: ["x"], ["x", "y"], of `where` ["c", "x", "y"]
    text, fenced        an operation as a picture writes it, with the blanks \ue000 for x, \ue001 y, \ue002 c, \ue003
                        out; whether negative numbers stand in parentheses there. All blanks are filled in at one go.
    value, partials     trees; null where it is a black box. A partial for each operand with a derivative: never for c
    lone                null, or the partials to be used where another operand is a constant
    math                {value, partials, lone} in MathML, with these blanks, as in `<mi>\ue000</mi>`;
                        as in textbooks; "" of a black box. Where constants decide which of several formulas holds,
                        as in x ** 2, such lines have a row of their own, the same but for `math`
    domain, remedy      null or the tree of a test that must hold; what to write instead
A tree is as `expression_tree` says: a number, "x", "y", "c", "out", "pi", "inf", "nan", or [sign, tree, ...].

Of a graph
    root, letter        the line that is differentiated, and what derivatives call it: "L"
    rules               of each line an index into the rules; -1 for a leaf, -2 for a constant
    operands            lines, line after line: of each as many as its rule has letters
    names, shortened    pairs of line and text: the names given; and what lines with too wide ones are called. Others
                        are called "v12"; a constant as its number, which differs from chapter to chapter
    pieces, home        [name, parent or -1, lines inside], parents first; of each line its piece, or -1
    sources             [{file, first, text}]: stretches of the reader's program, `text` a list of lines
    spots, spot         [source, line number]; of each line its spot, or -1; [] if none is known
    parameters          lines, in the order in which they were given

Of a chapter
    title, note, graph  texts, and an index into the graphs
    seed                d root / d root
    numbers             pairs of line and number: leaves, constants, and results that their rules do not give exactly
    partials            pairs of edge and number: likewise
    earlier             pairs of line and number: the gradients that there are before the pass
    updates             pairs of line and number: the parameters that are moved at the end
    events              null; or a list, where they are not those that follow (then partials and updates are empty):
                        ["f", line], ["s", line, before, after], ["u", line, before, after],
                        ["b", line, position, operand, local, upstream, before, after]
    imagine             whether it may be computed again from other leaves. Not where events are listed, where there is
                        a black box, or where a leaf was changed after the forward pass: numbers contradict rules
    findings            [{kind, sentence, lines}], the worst first

What follows exactly: a tree without calls and powers, as IEEE 754 fixes + - * / and comparisons. Events that follow:
forward through the operations, in order; the seed; then, for lines from the last to the first that have an adjoint, for
each operand with a derivative that is no constant, a step back; the updates. The root's sum starts from the seed, all
others from 0, and `earlier` is put on top of a sum; a root that is a leaf is added to 0 (see `events_of`). `position`
counts operands with a derivative from 0, so that EDGE = the line's first edge + letters - partials + position.

Of the plane
    names, labels       what the inputs are called, and the classes
    x, y                [lowest, highest] input shown
    columns, rows       cells from left to right, and from the bottom to the top
    points              [[first input, second input, index of the label], ...]
    scores, classes     for each chapter a number a cell, the lowest row first, to four digits, or null: as in the one
                        before. Above 0 is the second label; with `classes` it is the label's index
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from autograd_lite.markup import printable
from autograd_lite.view.pieces import pieces_of

from .chapter import Chapter
from .derived import follows
from .events import Back, Event, Forward, Seed, Update
from .findings import Finding, findings_by_chapter
from .phrases import PHRASES
from .recomputed import is_formula
from .rulebook import Rulebook
from .sources import spots_of
from .story import Plane, Story
from .telling import Teller
from .textbook import slopes_on_paper

if TYPE_CHECKING:
    from collections.abc import Hashable

__all__ = ["document_of", "plain", "to_json"]

_LONGEST = 200  # characters of a name
_CODES = {Forward: "f", Seed: "s", Back: "b", Update: "u"}
_WHOLE = 10**15  # larger numbers are shorter with an exponent


def to_json(story: Story) -> str:
    r"""Returns a story as JSON, ASCII, the same bytes every time; what is in it stands at the top of this module.

    Args:
        story: what to show.
    Example:
        >>> from autograd_lite.value import Value
        >>> from .chapter import chapter_of
        >>> x = Value(3.0, name="x")
        >>> (chapter,) = json.loads(to_json(Story((chapter_of((x * x).exp()),))))["chapters"]
        >>> chapter["numbers"], chapter["partials"]  # x*x is 9, both its slopes 3, and that of exp is its result
        ([0, 3, 2, 8103.083927575384], [])
    """
    return json.dumps(document_of(story), allow_nan=False, separators=(",", ":"))


def document_of(story: Story) -> dict[str, Any]:
    """Returns what `to_json` writes, as dicts and lists."""
    rulebook = Rulebook(chapter.tape for chapter in story.chapters)
    graphs: dict[Hashable, int] = {}
    entries: list[dict[str, Any]] = []
    chapters = []
    for chapter, found in zip(story.chapters, findings_by_chapter(story), strict=True):
        graph = graphs.setdefault(_structure(chapter), len(entries))
        if graph == len(entries):
            entries.append(_graph(chapter, rulebook))
        chapters.append(_chapter(chapter, graph, rulebook, found))
    return {
        "format": "autograd-lite story",
        "version": 1,
        "title": printable(story.title),
        "phrases": dict(PHRASES),
        "functions": rulebook.functions(),
        "rules": rulebook.to_json(),
        "graphs": entries,
        "chapters": chapters,
        "curves": [
            {"name": printable(curve.name), "values": [None if v is None else plain(v) for v in curve.values]}
            for curve in story.curves
        ],
        "plane": _plane(story.plane) if story.plane else None,
        "compare": None,
    }


def _structure(chapter: Chapter) -> Hashable:
    """Returns everything about a chapter but its numbers, and of these what they decide about formulas."""
    tape = chapter.tape
    lines = tuple(
        (line.rule, slopes_on_paper(line, tape.lines), line.operands, line.name, line.constant) for line in tape.lines
    )
    return lines, tape.outputs, tape.marks, chapter.parameters, chapter.places


# ---------------------------------------------------------------- what chapters share


def _graph(chapter: Chapter, rulebook: Rulebook) -> dict[str, Any]:
    lines, teller = chapter.tape.lines, Teller(chapter)
    named = [(line.index, printable(line.name)[:_LONGEST]) for line in lines if line.name]
    called = teller.names
    return {
        "root": chapter.root,
        "letter": teller.letter,
        "rules": [rulebook.number(line, lines) if line.rule else -2 if line.constant else -1 for line in lines],
        "operands": [operand for line in lines for operand in line.operands],
        "names": [field for pair in named for field in pair],
        "shortened": [field for index, name in named if called[index] != name for field in (index, called[index])],
        **_pieces(chapter),
        **spots_of(chapter.places),
        "parameters": chapter.parameters,
    }


def _pieces(chapter: Chapter) -> dict[str, Any]:
    pieces = pieces_of(chapter.tape)
    inside = [0] * len(pieces.names)
    for piece in pieces.home:
        if piece is not None:
            inside[piece] += 1
    for piece, parent in reversed([*enumerate(pieces.parents)]):  # a piece comes after the one around it
        if parent is not None:
            inside[parent] += inside[piece]
    rows = zip(pieces.names, pieces.parents, inside, strict=True)
    return {
        "pieces": [[printable(name)[:_LONGEST], -1 if up is None else up, count] for name, up, count in rows],
        "home": [-1 if piece is None else piece for piece in pieces.home],
    }


# ---------------------------------------------------------------- one chapter


def _chapter(chapter: Chapter, graph: int, rulebook: Rulebook, findings: Sequence[Finding]) -> dict[str, Any]:
    own = chapter.scripted or not follows(chapter)
    updates = [event for event in chapter.events if isinstance(event, Update)]
    lines = chapter.tape.lines
    return {
        "title": printable(chapter.title),
        "note": printable(chapter.note),
        "graph": graph,
        "seed": plain(chapter.seed),
        "numbers": _numbers(chapter, rulebook),
        "partials": [] if own else _partials(chapter, rulebook),
        "earlier": [f for line, had in enumerate(chapter.earlier) if had is not None for f in (line, plain(had))],
        "updates": [] if own else [field for event in updates for field in (event.line, plain(event.after))],
        "events": [_fields(event) for event in chapter.events] if own else None,
        "imagine": not own and not chapter.overtaken and all(is_formula(line.rule) for line in lines if line.rule),
        "findings": [
            {"kind": printable(found.kind), "sentence": printable(found.sentence), "lines": found.lines}
            for found in findings
        ],
    }


def _numbers(chapter: Chapter, rulebook: Rulebook) -> list[float | str]:
    written: list[float | str] = []
    data = [line.data for line in chapter.tape.lines]
    for line in chapter.tape.lines:
        if not rulebook.gives_value(line, data):
            written += (line.index, plain(line.data))
    return written


def _partials(chapter: Chapter, rulebook: Rulebook) -> list[float | str]:
    tape, data = chapter.tape, [line.data for line in chapter.tape.lines]
    written: dict[int, float] = {}
    starts, start = [], 0
    for line in tape.lines:
        starts.append(start + len(line.operands) - (line.rule.arity if line.rule else 0))
        start += len(line.operands)
    for event in chapter.events:
        if isinstance(event, Back):
            line = tape.lines[event.line]
            lone = line.rule is not None and line.rule.lone is not None and tape.lone(line)
            if not rulebook.gives_partial(line, event.position, data, event.local, lone=lone):
                written[starts[event.line] + event.position] = event.local
    return [field for edge in sorted(written) for field in (edge, plain(written[edge]))]


def _fields(event: Event) -> list[Any]:
    return [_CODES[type(event)], *(plain(getattr(event, name)) for name in event.__slots__)]


# ---------------------------------------------------------------- numbers


def _plane(plane: Plane) -> dict[str, Any]:
    """Returns a plane; its scores to four digits, which decide a colour and no more."""

    def rounded(scores: Sequence[float]) -> list[float | str]:
        return [plain(float(format(score, ".4g"))) for score in scores]

    return {
        "names": [printable(name) for name in plane.names],
        "x": [plain(end) for end in plane.x],
        "y": [plain(end) for end in plane.y],
        "columns": plane.columns,
        "rows": plane.rows,
        "points": [[plain(x), plain(y), label] for x, y, label in plane.points],
        "labels": [printable(label) for label in plane.labels],
        "scores": [None if scores is None else rounded(scores) for scores in plane.scores],
        "classes": plane.classes,
    }


def plain(number: float) -> float | str:
    """Returns a number as JSON has it: whole ones without a point, but for -0.0; nan and infinities as text."""
    if not math.isfinite(number):
        return repr(number)
    brief = -_WHOLE < number < _WHOLE and number == int(number) and (number or math.copysign(1.0, number) > 0)
    return int(number) if brief else float(number)
