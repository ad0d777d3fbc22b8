"""Embedding: words, letters or positions as vectors that are learnt.

>>> table = Embedding(3, 2, initializer="zeros")
>>> table.w[1][0].data = 0.5
>>> [number.data for number in table(1)]
[0.5, 0.0]
"""

from __future__ import annotations

import operator
from typing import Any

from autograd_lite import InputError, Value, WholeInput, take

from .initializers import Initializer, initializer_function
from .inputs import is_sequence, random_source, whole
from .module import Module

__all__ = ["Embedding"]


class Embedding(Module):
    """A table of vectors, from which tokens pick theirs: the weights w are `count` rows of `width` numbers.

        out = w[token]

    It is a linear layer that reads one-hot vectors, without the products by 0 and 1. Under `lift`, a token that is an
    input stays one: the recording looks its row up anew for every sample. As nothing is computed, an embedding is no
    piece of its own in pictures.

    Args:
        count: how many tokens there are, at least 1.
        width: the length of each vector, at least 1.
        initializer: a name of `INITIALIZERS`, or a function of (rng, fan_in, fan_out), here count and width.
        rng: None for the global `random`, an int as seed, or a `random.Random`.
    Raises:
        InputError: a size, name or rng outside what is said above.
    Example:
        >>> table = Embedding(10, 4, rng=1)
        >>> [len(vector) for vector in table([3, 1, 3])]
        [4, 4, 4]

    Source: Yoshua Bengio et al., A neural probabilistic language model, 2003, section 2.
    """

    def __init__(
        self, count: int, width: int, *, initializer: str | Initializer = "uniform", rng: object = None
    ) -> None:
        self.count, self.width = whole("count", count), whole("width", width)
        draw, source = initializer_function(initializer), random_source(rng)
        self.w = [[Value(draw(source, count, width)) for _ in range(self.width)] for _ in range(self.count)]

    def forward(self, tokens: Any) -> Any:
        """Returns the vector of a token, or a list with one for each token of a sequence.

        Args:
            tokens: an int, 0 <= token < count, or a whole number among the inputs of a function that is being lifted;
                or a sequence of these, of any length.
        Raises:
            InputError: a token is outside the range, or no whole number; the message says which and where.
        """
        if not is_sequence(tokens):
            return take(self.w, self._checked(tokens, "token"))
        return [take(self.w, self._checked(token, f"token {i}")) for i, token in enumerate(tokens)]

    def _checked(self, token: Any, place: str) -> Any:
        wanted = f"it needs an int, 0 <= token < {self.count}"
        if isinstance(token, WholeInput):  # being lifted: `take` sees to the range
            return token
        if isinstance(token, bool | Value) or not hasattr(token, "__index__"):
            kind = type(token).__name__
            raise InputError(f"{place} of {self.scope} is {kind} {token!r:.60}, not a whole number; {wanted}")
        if not 0 <= operator.index(token) < self.count:
            raise InputError(f"{place} of {self.scope} is {token!r:.60}, outside its range; {wanted}")
        return operator.index(token)

    def __repr__(self) -> str:
        return f"Embedding({self.count}, {self.width})"
