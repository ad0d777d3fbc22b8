"""A story as JSON, for a browser: the graphs, the rules, and of the numbers those that do not follow from them.

The table travels along, as trees of formulas. So a document holds the numbers of leaves and constants, and of results
and local derivatives only those that the rules do not give, to the bit, on every machine: those of exp and its like.
Gradients and events are left out: the browser makes them as the engine does, in its order, from the same bits.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from autograd_lite.markup import printable
from autograd_lite.view.pieces import pieces_of

from .chapter import Chapter, engine_events
from .events import Back, Event, Forward, Seed, Update
from .findings import Finding, findings_by_chapter
from .phrases import PHRASES
from .rulebook import Rulebook
from .sources import spots_of
from .story import Plane, Story
from .telling import Teller

if TYPE_CHECKING:
    from collections.abc import Hashable

__all__ = ["document_of", "plain", "to_json"]

_LONGEST = 200  # characters of a name
_CODES = {Forward: "f", Seed: "s", Back: "b", Update: "u"}
_WHOLE = 10**15  # larger numbers are shorter with an exponent


def to_json(story: Story) -> str:
    r"""Returns a story as JSON: lists, numbers and text, the same bytes every time.

    Args:
        story: what to show.
    Returns:
        Text in which nan and infinities are "nan", "inf" and "-inf". It is ASCII, and safe but for `<`, which whoever
        puts it into a page has to escape.

    What is in it:

        rules       value, partials and domain as trees (see `expression_tree`) and as MathML with a blank for each
                    variable, `<mi>\ue000</mi>` for x and on to \ue003 for y, c, out; None for a black box
        functions   those of the table that the trees call and that are formulas themselves
        phrases     what `telling` fills in
        graphs      what several chapters share: rules, operands, names, pieces, source lines. Operands are one list,
                    line after line; an index into it is an edge
        chapters    the numbers, as pairs: `numbers` of lines, `partials` of edges, `earlier` gradients of leaves,
                    `updates`; and `events` only where they are not those of the engine
        compare     None; the laboratory puts another story here, to be shown beside this one

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
    """Returns everything about a chapter but its numbers."""
    tape = chapter.tape
    lines = tuple((line.rule, line.operands, line.name, line.constant) for line in tape.lines)
    return lines, tape.outputs, tape.marks, chapter.parameters, chapter.places


# ---------------------------------------------------------------- what chapters share


def _graph(chapter: Chapter, rulebook: Rulebook) -> dict[str, Any]:
    lines, teller = chapter.tape.lines, Teller(chapter)
    named = [(line.index, printable(line.name)[:_LONGEST]) for line in lines if line.name]
    called = teller.names
    return {
        "root": chapter.root,
        "letter": teller.letter,
        "rules": [rulebook.number[line.rule] if line.rule else -2 if line.constant else -1 for line in lines],
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
    own = chapter.scripted or not _follows(chapter)
    updates = [event for event in chapter.events if isinstance(event, Update)]
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
        "findings": [
            {"kind": printable(found.kind), "sentence": printable(found.sentence), "lines": found.lines}
            for found in findings
        ],
    }


def _follows(chapter: Chapter) -> bool:
    """Says whether the events are those that the engine has with these numbers, and then updates."""
    now = {line: chapter.tape.lines[line].data for line in chapter.parameters}
    expected: list[Event] = list(engine_events(chapter))
    for event in chapter.events[len(expected) :]:
        if isinstance(event, Update):
            expected.append(Update(event.line, now.get(event.line, math.nan), event.after))
            now[event.line] = event.after
    return list(map(repr, expected)) == list(map(repr, chapter.events))  # -0.0 is not 0.0, and nan is nan


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
