"""From Values to a `GraphView`: record, and draw what was recorded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from autograd_lite.errors import InputError
from autograd_lite.recording import trace
from autograd_lite.value import Value

from .drawing import Swept, draw_swept
from .fold import Fold
from .graph import GraphView

__all__ = ["draw"]


def draw(*values: Value, fold: Fold = "auto", focus: Value | None = None, hops: int = 2) -> GraphView:
    """Returns a picture of everything that led to these Values, as it is now: Jupyter shows it, `print` writes a tree.

    Args:
        values: one or more Values.
        fold: which named pieces (see `scopes.py`) are drawn as one node. "auto" folds as much as legibility needs: up
            to 60 values nothing, to 400 the innermost pieces, beyond that the outer ones, and where that is not enough
            equal structures (see `pieces`); None folds nothing; a depth folds from there inwards, 1 being the
            outermost; or a set of paths such as {"mlp.layer0"}.
        focus: draw only the neighbourhood of this Value, its pieces open.
        hops: how many edges away from the focus, 0 or more.
    Raises:
        OperandError: something is not a Value.
        InputError: the focus is not part of the computation, or fold or hops make no sense.
    Example:
        >>> a, b = Value(2.0, name="a"), Value(-3.0, name="b")
        >>> view = draw((a * b).tanh())
        >>> [(node.id, node.symbol or node.name) for node in view.nodes]
        [('v0', 'a'), ('v1', 'b'), ('v2', '*'), ('v3', 'tanh')]
    """
    if isinstance(hops, bool) or not isinstance(hops, int) or hops < 0:
        raise InputError(f"hops={hops!r:.60}: the number of edges from the focus, 0 or more")
    tape, made_from = trace(values)
    adjoints = [value.grad if isinstance(value, Value) and value.grad_computed else None for value in made_from]
    swept = Swept(tape, adjoints, [_slopes(value) for value in made_from])
    return draw_swept(swept, fold=fold, focus=_line_of(focus, made_from), hops=hops)


def _slopes(value: Value | float) -> Mapping[int, float]:
    found = enumerate(value.partials if isinstance(value, Value) else ())
    return {position: partial for position, partial in found if partial is not None}


def _line_of(focus: Value | None, made_from: Sequence[Value | float]) -> int | None:
    if focus is None:
        return None
    for index, value in enumerate(made_from):
        if value is focus:
            return index
    label = focus.label() if isinstance(focus, Value) else f"{focus!r:.60}"
    raise InputError(f"focus: {label} is not part of this computation; give a Value that leads to the one drawn")
