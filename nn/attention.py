"""Attention: every step of a sequence looks back at the others, and takes from each as much as it finds fitting.

    >>> layer = CausalSelfAttention(4, heads=2, rng=1)
    >>> [len(out) for out in layer([[1.0, 0.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0]])]
    [4, 4]

Nothing in attention says which step came first: add a vector for each position, `Embedding(length, width)`.
"""

from __future__ import annotations

from typing import Any

from autograd_lite import InputError, Value

from .dense import Linear
from .initializers import Initializer
from .inputs import Features, listed, random_source, whole
from .layers import Layer
from .losses import softmax
from .module import Module
from .normalization import LayerNorm
from .sequences import vectors

__all__ = ["CausalSelfAttention", "TransformerBlock"]


class CausalSelfAttention(Module):
    """Each step asks a question of the steps until now, and gets the mean of their values, weighted by how keys match.

        q, k, v   = Wq x + bq, Wk x + bk, Wv x + bv             at each step
        a[t]      = softmax over s <= t of (q[t] . k[s])/sqrt(d)
        mixed[t]  = sum over s <= t of a[t][s]*v[s]
        out[t]    = Wo mixed[t] + bo

    Every head does the first three on d = width/heads numbers of its own; their results side by side make `mixed`.

    Args:
        width: the length of the vectors that come and go, at least 1.
        heads: how many questions a step asks, at least 1; divides the width.
        bias: whether biases are added; they start at 0.
        initializer: a name of `INITIALIZERS`, or a function of (rng, fan_in, fan_out), here width and width.
        rng: None for the global `random`, an int as seed, or a `random.Random`.
    Raises:
        InputError: a number, name or rng outside what is said above.
    Example:
        >>> layer = CausalSelfAttention(1, initializer=lambda rng, fan_in, fan_out: 1.0)
        >>> round(layer([[0.0], [0.0], [6.0]])[2][0].data, 6)  # it finds itself most fitting
        6.0

    Source: Ashish Vaswani et al., Attention is all you need, 2017, sections 3.2.1 to 3.2.3.
    """

    def __init__(
        self,
        width: int,
        heads: int = 1,
        *,
        bias: bool = True,
        initializer: str | Initializer = "uniform",
        rng: object = None,
    ) -> None:
        self.width, self.heads, rng = whole("width", width), whole("heads", heads), random_source(rng)
        if width % heads:
            raise InputError(f"heads = {heads} does not divide width = {width}; every head needs equally many numbers")
        self.query, self.key, self.value, self.output = (
            Linear(width, width, bias, initializer=initializer, rng=rng) for _ in range(4)
        )

    def forward(self, x: Any) -> list[list[Value]]:
        """Returns a vector for each step, which depends on that step and those before it.

        Args:
            x: any number of steps, at least 1, each a vector of `width` Values or numbers.
        Raises:
            ShapeError: no steps, or one of another length; the message says which.
            OperandError: an element is not a number.
        """
        d = self.width // self.heads
        keys: list[list[Value]] = []
        values: list[list[Value]] = []
        outputs = []
        for step in vectors(x, self.width, self.scope):
            query = self.query(step)
            keys.append(self.key(step))
            values.append(self.value(step))
            mixed = Features()
            for start in range(0, self.width, d):
                head = slice(start, start + d)
                weights = softmax([_dot(query[head], key[head]) / d**0.5 for key in keys])
                mixed += [_dot(weights, [value[i] for value in values]) for i in range(start, start + d)]
            outputs.append(self.output(mixed))
        return outputs

    def __repr__(self) -> str:
        return f"CausalSelfAttention({self.width}, heads={self.heads})"


class TransformerBlock(Module):
    """Attention between the steps, then a small perceptron at each of them; both add to what flows past.

        y[t]   = x[t] + attention(norm(x))[t]
        out[t] = y[t] + down(activation(up(norm(y[t]))))

    Each part normalises what it reads, not what flows past, so that gradients reach the first block undiminished.

    Args:
        width: the length of the vectors that come and go, at least 1.
        heads: of the attention; divides the width.
        hidden: the width of the perceptron's hidden layer, at least 1; None means 4*width.
        activation: of the hidden layer, a name of `ACTIVATIONS`.
        initializer: as for `CausalSelfAttention`.
        rng: as for `CausalSelfAttention`.
    Raises:
        InputError: a number, name or rng outside what is said above.
    Example:
        >>> block = TransformerBlock(2, initializer="zeros")
        >>> [[number.data for number in out] for out in block([[1.0, 2.0], [3.0, 4.0]])]
        [[1.0, 2.0], [3.0, 4.0]]

    Source: Ruibin Xiong et al., On layer normalization in the transformer architecture, 2020, figure 1b.
    """

    def __init__(
        self,
        width: int,
        heads: int = 1,
        *,
        hidden: int | None = None,
        activation: str = "relu",
        initializer: str | Initializer = "uniform",
        rng: object = None,
    ) -> None:
        self.width, rng = whole("width", width), random_source(rng)
        hidden = 4 * width if hidden is None else whole("hidden", hidden)
        self.norm_attention = LayerNorm(width)
        self.attention = CausalSelfAttention(width, heads, initializer=initializer, rng=rng)
        self.norm_perceptron = LayerNorm(width)
        self.up = Layer(width, hidden, activation=activation, initializer=initializer, rng=rng)
        self.down = Linear(hidden, width, initializer=initializer, rng=rng)

    def forward(self, x: Any) -> list[list[Value]]:
        """Returns a vector for each step, which depends on that step and those before it.

        Args:
            x: any number of steps, at least 1, each a vector of `width` Values or numbers.
        Raises:
            ShapeError: no steps, or one of another length; the message says which.
            OperandError: an element is not a number.
        """
        steps = vectors(x, self.width, self.scope)
        gathered = self.attention([self.norm_attention(step) for step in steps])
        y = [_added(step, more) for step, more in zip(steps, gathered, strict=True)]
        hidden = [listed(self.up(self.norm_perceptron(step))) for step in y]
        return [_added(step, self.down(units)) for step, units in zip(y, hidden, strict=True)]

    def __repr__(self) -> str:
        return f"TransformerBlock({self.width}, heads={self.attention.heads}, hidden={len(self.up.neurons)})"


def _dot(a: list[Value], b: list[Value]) -> Value:
    products = [x * y for x, y in zip(a, b, strict=True)]
    return sum(products[1:], products[0])


def _added(a: Any, b: Any) -> list[Value]:
    return [x + y for x, y in zip(a, b, strict=True)]
