"""What the oracles' elementary functions have in common: names, and symmetry."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = ["CIRCULAR", "odd"]

CIRCULAR = ("sin", "cos", "tan", "sinh", "cosh", "tanh")
"""Functions that mpmath and python-flint name as the table does, and their inverses with an a for arc."""


def odd(function: Callable[[Any], Any], *, real: Callable[[Any], Any] = lambda x: x) -> Callable[[Any], Any]:
    """Returns an odd function on all of the line, from one that is right for x >= 0.

    Args:
        function: of one number, in some arithmetic.
        real: the part of such a number that has a sign.
    """
    return lambda x: -function(-x) if real(x) < 0 else function(x)
