"""Pieces: the tree by which a computation of any size is opened step by step.

Named scopes come first. Inside a scope, or at the top, hand-written code is cut by its structure: what leads to one
result only (a cone) is a piece, and pieces of one class side by side form a group, such as "16 × relu of sum of
w*x + b". What is still too much is cut into runs of lines.

units       what hand-written code repeats: operations and whole sums, by class
cones       what leads to one result only
titles      cones as formulas: "relu of sum of w*x + b"
runs        what goes into a piece, and too much of it cut
grove       grows the tree, from all of these
structure   the tree as one picture, in which what happens in parallel is drawn once

    >>> from autograd_lite.recording import record
    >>> from autograd_lite.value import Value
    >>> neurons = [sum(Value(0.1) * x for x in map(Value, range(12))).tanh() for _ in range(16)]
    >>> pieces_of(record(sum(neurons))).names[:4]
    ('16 × tanh of sum of w*x', 'sum of 16 terms', '1: tanh of sum of w*x', '2: tanh of sum of w*x')

Whichever pieces are open, what is then seen has no cycle: in every piece, whatever leads from one child to another goes
upwards in one order of the children. For a cone that is so since it has one way out, for a group since the members of
a class are equally far from the leaves, for a run since operands come before results. Where a named piece reads what
its own result made, that cannot be.
"""

from __future__ import annotations

from dataclasses import dataclass

from autograd_lite.errors import InputError
from autograd_lite.scopes import scopes_of
from autograd_lite.tape import Tape
from autograd_lite.view.fold import ALL, homes

from .cones import Cones
from .grove import Grove
from .units import units_of

__all__ = ["Pieces", "pieces_of"]


@dataclass(frozen=True)
class Pieces:
    """A tree of pieces, and where each line lies.

    Args:
        names: what each piece is called, any text.
        parents: the piece around each, which comes before it; None at the top.
        home: for each line, the innermost piece around it; None at the top.
    """

    names: tuple[str, ...]
    parents: tuple[int | None, ...]
    home: tuple[int | None, ...]


def pieces_of(tape: Tape, *, most: int = 24) -> Pieces:
    """Returns the pieces of a computation.

    A named scope, or the whole, stays as it is up to 60 lines and scopes directly inside. Anything else has at most
    `most` children, lines and pieces counted alike, and at most one more, which holds the leaves that they share.

    Args:
        tape: the computation.
        most: children of a piece, at least 4.
    Raises:
        InputError: fewer than 4.
    Example:
        >>> from autograd_lite.recording import record
        >>> from autograd_lite.value import Value
        >>> pieces_of(record(Value(1.0).exp()))
        Pieces(names=(), parents=(), home=(None, None))
    """
    if isinstance(most, bool) or not isinstance(most, int) or most < 4:
        raise InputError(f"most={most!r:.60}: how many children a piece may have, a whole number from 4")
    scopes = scopes_of(tape)
    home = homes(tape, scopes)
    if len(tape) <= ALL and not scopes.scopes:
        return Pieces((), (), tuple(home))
    grove = Grove(Cones(tape, scopes, home, units_of(tape, home)), most=most)
    return Pieces(tuple(grove.names), tuple(grove.parents), tuple(grove.home))
