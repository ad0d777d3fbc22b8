"""A story as JSON, for a browser."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from autograd_lite.markup import printable
from autograd_lite.notation import to_mathml
from autograd_lite.operations import symbol
from autograd_lite.scopes import scopes_of
from autograd_lite.view.fold import homes

from .chapter import Chapter
from .events import Back, Event, Forward, Seed, Update
from .story import Story
from .telling import Teller, partials_of

if TYPE_CHECKING:
    from autograd_lite.faults import Place
    from autograd_lite.rules import Rule

__all__ = ["to_json"]

_BLANKS = {"x": "\ue000", "y": "\ue001", "c": "\ue002", "out": "\ue003"}
_CODES = {Forward: "f", Seed: "s", Back: "b", Update: "u"}


def to_json(story: Story) -> str:
    r"""Returns a story as JSON: lists, numbers and text, the same bytes every time; nan and infinities are text.

        {"format": "autograd-lite story", "version": 1,
         "rules": [[name, sign, value, [partial, ...], [partial beside a constant, ...]], ...],
         "chapters": [{"title", "root", "letter", "parameters", "earlier", "lines", "paths", "places", "events",
                       "sentences"}, ...]}

    A rule's value and partials are MathML with a blank for each variable, `<mi>\ue000</mi>` for x and on to \ue003 for
    y, c, out: put a name there, or a number, a negative one in parentheses; "" for a black box. A line is [kind, rule,
    operands, name, text, value, path, place], the last two numbers of entries in "paths" and "places", or null. An
    event is its letter and its fields, in their order: ["b", line, position, operand, local, upstream, before, after].

    All text is safe but for `<`, which whoever puts this into a page has to escape.
    """
    used = dict.fromkeys(line.rule for chapter in story.chapters for line in chapter.tape.lines if line.rule)
    rules = {rule: number for number, rule in enumerate(used)}
    document = {
        "format": "autograd-lite story",
        "version": 1,
        "rules": [_templates(rule) for rule in rules],
        "chapters": [_chapter(chapter, rules) for chapter in story.chapters],
    }
    return json.dumps(document, allow_nan=False, separators=(",", ":"))


def _templates(rule: Rule) -> list[Any]:
    def filled(text: Any) -> str:
        return to_mathml(text, _BLANKS) if isinstance(text, str) else ""

    slopes = [[filled(text) for text in partials_of(rule, lone=lone)] for lone in (False, True)]
    return [printable(rule.name), printable(symbol(rule)), filled(rule.value), *slopes]


def _chapter(chapter: Chapter, rules: Mapping[Rule, int]) -> dict[str, Any]:
    teller, tape, scopes = Teller(chapter), chapter.tape, scopes_of(chapter.tape)
    paths: dict[tuple[str, ...], int] = {}
    places: dict[Place, int] = {}
    lines = []
    for line, home, place in zip(tape.lines, homes(tape, scopes), chapter.places, strict=True):
        path = tuple(printable(name) for name in scopes.path(home))
        lines.append(
            [
                "operation" if line.rule else "constant" if line.constant else "leaf",
                rules[line.rule] if line.rule else None,
                line.operands,
                teller.names[line.index],
                teller.right(line.index),
                _plain(line.data),
                paths.setdefault(path, len(paths)),
                None if place is None else places.setdefault(place, len(places)),
            ]
        )
    return {
        "title": printable(chapter.title),
        "root": chapter.root,
        "letter": teller.letter,
        "parameters": chapter.parameters,
        "earlier": [None if number is None else _plain(number) for number in chapter.earlier],
        "lines": lines,
        "paths": list(paths),
        "places": [[printable(place.file), place.line, printable(place.text)] for place in places],
        "events": [_fields(event) for event in chapter.events],
        "sentences": [teller.sentence(index) for index in range(len(chapter.events))],
    }


def _fields(event: Event) -> list[Any]:
    return [_CODES[type(event)], *(_plain(getattr(event, name)) for name in event.__slots__)]


def _plain(number: float) -> float | str:
    return number if math.isfinite(number) else repr(number)
