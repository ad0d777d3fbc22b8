"""A chapter as a picture that does not move: the graph, with the values and gradients that it ends with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autograd_lite.context import ieee, recording
from autograd_lite.scopes import mark_scope
from autograd_lite.view import draw

from .replay import fresh_leaves, replayed

if TYPE_CHECKING:
    from autograd_lite.view import Fold, GraphView

    from .chapter import Chapter

__all__ = ["still"]


def still(chapter: Chapter, *, fold: Fold = "auto") -> GraphView:
    """Returns the picture; node v3 is line 3.

    Drawn from the tape alone, computed once more over new Values, so that nothing the reader does to theirs changes it.

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
    tape = chapter.tape
    with ieee(), recording():
        nodes = replayed(tape, fresh_leaves(tape))
    for node, adjoint in zip(nodes, chapter.adjoints, strict=True):
        if adjoint is not None:
            node.grad = adjoint
    for mark in tape.marks:
        inputs, outputs = ([nodes[i] for i in lines] for lines in (mark.inputs, mark.outputs))
        mark_scope(mark.name, inputs, outputs, parts=mark.parts)
    return draw(nodes[chapter.root], fold=fold)
