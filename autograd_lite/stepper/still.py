"""A chapter as a picture that does not move: the graph, with the values and gradients that it ends with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autograd_lite.tape import Tape
from autograd_lite.view.drawing import Swept, draw_swept

from .events import Back

if TYPE_CHECKING:
    from autograd_lite.view import Fold, GraphView

    from .chapter import Chapter

__all__ = ["still"]


def still(chapter: Chapter, *, fold: Fold = "auto") -> GraphView:
    """Returns the picture; node v3 is line 3.

    Drawn from what was recorded, nothing of which is computed again: whatever the reader does to their Values changes
    nothing in it. Parameters that the root does not depend on are left out.

    Args:
        chapter: what to draw.
        fold: see `draw`.
    Example:
        >>> from autograd_lite.value import Value
        >>> from .chapter import chapter_of
        >>> x = Value(3.0, name="x")
        >>> print(still(chapter_of(x * x)))
        v1 = x * x    value 9  gradient 1  (output)
        └─ x          value 3  gradient 6
    """
    size = chapter.root + 1
    marks = tuple(mark for mark in chapter.tape.marks if max(*mark.inputs, *mark.outputs, 0) < size)
    partials: list[dict[int, float]] = [{} for _ in range(size)]
    for event in chapter.events:
        if isinstance(event, Back):
            partials[event.line].setdefault(event.position, event.local)
    tape = Tape(chapter.tape.lines[:size], chapter.tape.outputs, marks)
    return draw_swept(Swept(tape, chapter.adjoints[:size], partials), fold=fold)
