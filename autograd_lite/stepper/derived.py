"""The events that follow from a chapter's numbers, as the engine has them; and whether the chapter's own are those."""

from __future__ import annotations

import math

from .chapter import Chapter
from .events import Back, Event, Update, events_of

__all__ = ["engine_events", "follows"]


def engine_events(chapter: Chapter) -> tuple[Event, ...]:
    """Returns what the engine does with a chapter's numbers, local derivatives, earlier gradients and seed.

    A local derivative that no event of the chapter has is taken for nan.

    Example:
        >>> from autograd_lite.value import Value
        >>> from .chapter import chapter_of
        >>> chapter = chapter_of(Value(3.0).exp(), seed=2.0)
        >>> engine_events(chapter) == chapter.events
        True
    """
    local = {(event.line, event.position): event.local for event in chapter.events if isinstance(event, Back)}

    def partial(line: int, position: int) -> float:
        return local.get((line, position), math.nan)

    return events_of(chapter.tape, partial, chapter.earlier, chapter.seed)


def follows(chapter: Chapter) -> bool:
    """Says whether a chapter's events are those that the engine has with its numbers, and then updates."""
    now = {line: chapter.tape.lines[line].data for line in chapter.parameters}
    expected: list[Event] = list(engine_events(chapter))
    for event in chapter.events[len(expected) :]:
        if isinstance(event, Update):
            expected.append(Update(event.line, now.get(event.line, math.nan), event.after))
            now[event.line] = event.after
    return list(map(repr, expected)) == list(map(repr, chapter.events))  # -0.0 is not 0.0, and nan is nan
