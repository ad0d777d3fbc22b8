"""Recurrent networks: the same layers at every step, and a state that is handed on.

    >>> model = Recurrent(GRUCell(2, 3, rng=1))
    >>> [len(model(sequence)) for sequence in ([[1.0, 0.0]], [[1.0, 0.0], [0.5, -1.0], [0.0, 2.0]])]
    [3, 3]

A cell makes one step: `cell(x, state)` is the new state. Its neurons read the input followed by the last output. Where
PyTorch has one bias for the input and one for the state, and adds them, a neuron has their sum; only a GRU's candidate
needs both. Gates are kept in PyTorch's order: r z n, and i f g o.
"""

from __future__ import annotations

from typing import Any

from autograd_lite import InputError, ShapeError, Value

from .dense import Linear
from .initializers import Initializer
from .inputs import Features, features, listed, random_source, whole
from .layers import Layer
from .module import Module
from .sequences import state_of, vectors

__all__ = ["GRUCell", "LSTMCell", "RNNCell", "Recurrent"]


class RNNCell(Module):
    """One step of a simple recurrent network: a layer that reads its own last output beside the input.

        h' = activation(W x + U h + b)

    Args:
        nin: the length of the input, at least 1.
        size: the number of units, the length of the state h, at least 1.
        activation: a name of `ACTIVATIONS`.
        bias: whether a bias is added; it starts at 0.
        initializer: a name of `INITIALIZERS`, or a function of (rng, fan_in, fan_out), here nin + size and size.
        rng: None for the global `random`, an int as seed, or a `random.Random`.
    Raises:
        InputError: a size, name or rng outside what is said above.
    Example:
        >>> cell = RNNCell(1, 2, initializer="zeros")
        >>> [h.data for h in cell([3.0], [0.5, 0.5])]
        [0.0, 0.0]

    Source: Jeffrey L. Elman, Finding structure in time, 1990.
    """

    def __init__(
        self,
        nin: int,
        size: int,
        *,
        activation: str = "tanh",
        bias: bool = True,
        initializer: str | Initializer = "uniform",
        rng: object = None,
    ) -> None:
        self.nin, self.size = whole("nin", nin), whole("size", size)
        self.activation = activation
        self.units = Layer(nin + size, size, activation=activation, bias=bias, initializer=initializer, rng=rng)

    def forward(self, x: Any, state: Any = None) -> list[Value]:
        """Returns the new state h', which is also the output.

        Args:
            x: nin Values or numbers.
            state: the last h, `size` Values or numbers; None to start from zeros.
        Raises:
            ShapeError: x or the state has another length.
            OperandError: an element is not a number.
        """
        x, h = features(x, self.nin, self.scope), state_of(state, self.size, self.scope)
        return listed(self.units(Features([*x, *h])))

    def __repr__(self) -> str:
        bent = "" if self.activation == "tanh" else f", activation={self.activation!r}"
        return f"RNNCell({self.nin}, {self.size}{bent})"


class GRUCell(Module):
    """One step of gated recurrent units, which choose how much of themselves to replace.

        r  = sigmoid(Wr x + Ur h + br)              reset: how much the candidate sees of the state
        z  = sigmoid(Wz x + Uz h + bz)              update: how much of the state is kept
        n  = tanh(Wn x + bn + r*(Un h + cn))        candidate
        h' = (1 - z)*n + z*h

    Args:
        nin: the length of the input, at least 1.
        size: the number of units, the length of the state h, at least 1.
        bias: whether biases are added; they start at 0.
        initializer: as for `RNNCell`.
        rng: as for `RNNCell`.
    Raises:
        InputError: a size, name or rng outside what is said there.
    Example:
        >>> cell = GRUCell(1, 2, initializer="zeros")
        >>> [h.data for h in cell([3.0], [1.0, -2.0])]
        [0.5, -1.0]

    Source: Kyunghyun Cho et al., Learning phrase representations using RNN encoder-decoder, 2014, section 2.3; with the
    reset behind the product by Un, as in PyTorch and cuDNN, and z for what they keep.
    """

    def __init__(
        self,
        nin: int,
        size: int,
        *,
        bias: bool = True,
        initializer: str | Initializer = "uniform",
        rng: object = None,
    ) -> None:
        self.nin, self.size, rng = whole("nin", nin), whole("size", size), random_source(rng)
        both = nin + size
        self.reset = Layer(both, size, activation="sigmoid", bias=bias, initializer=initializer, rng=rng)
        self.update = Layer(both, size, activation="sigmoid", bias=bias, initializer=initializer, rng=rng)
        self.candidate = Linear(nin, size, bias, initializer=initializer, rng=rng)
        self.memory = Linear(size, size, bias, initializer=initializer, rng=rng)

    def forward(self, x: Any, state: Any = None) -> list[Value]:
        """Returns the new state h', which is also the output.

        Args:
            x: nin Values or numbers.
            state: the last h, `size` Values or numbers; None to start from zeros.
        Raises:
            ShapeError: x or the state has another length.
            OperandError: an element is not a number.
        """
        x, h = features(x, self.nin, self.scope), state_of(state, self.size, self.scope)
        both = Features([*x, *h])
        reset, update = listed(self.reset(both)), listed(self.update(both))
        fresh, recalled = self.candidate(x), self.memory(h)
        new = [(n + r * m).tanh() for n, r, m in zip(fresh, reset, recalled, strict=True)]
        return [(1.0 - z) * n + z * old for z, n, old in zip(update, new, h, strict=True)]

    def __repr__(self) -> str:
        return f"GRUCell({self.nin}, {self.size})"


class LSTMCell(Module):
    """One step of long short-term memory: a cell state that is added to, and gates that protect it.

        i = sigmoid(Wi x + Ui h + bi)               input gate: how much is written
        f = sigmoid(Wf x + Uf h + bf)               forget gate: how much is kept
        g = tanh(Wg x + Ug h + bg)                  candidate: what is written
        o = sigmoid(Wo x + Uo h + bo)               output gate: how much is shown
        c' = f*c + i*g
        h' = o*tanh(c')

    Args:
        nin: the length of the input, at least 1.
        size: the number of units, the length of h and of c, at least 1.
        bias: whether biases are added; they start at 0.
        initializer: as for `RNNCell`.
        rng: as for `RNNCell`.
    Raises:
        InputError: a size, name or rng outside what is said there.
    Example:
        >>> cell = LSTMCell(1, 1, initializer="zeros")
        >>> h, c = cell([3.0], ([0.0], [4.0]))
        >>> c[0].data
        2.0

    Source: Sepp Hochreiter and Jürgen Schmidhuber, Long short-term memory, 1997; with the forget gate of Felix A. Gers
    et al., Learning to forget, 2000.
    """

    def __init__(
        self,
        nin: int,
        size: int,
        *,
        bias: bool = True,
        initializer: str | Initializer = "uniform",
        rng: object = None,
    ) -> None:
        self.nin, self.size, rng = whole("nin", nin), whole("size", size), random_source(rng)
        self.input, self.forget, self.candidate, self.output = (
            Layer(nin + size, size, activation=bent, bias=bias, initializer=initializer, rng=rng)
            for bent in ("sigmoid", "sigmoid", "tanh", "sigmoid")
        )

    def forward(self, x: Any, state: Any = None) -> tuple[list[Value], list[Value]]:
        """Returns the new state (h', c'), of which h' is the output.

        Args:
            x: nin Values or numbers.
            state: the last (h, c), `size` Values or numbers each; None to start from zeros.
        Raises:
            ShapeError: x or a part of the state has another length, or the state is no pair.
            OperandError: an element is not a number.
        """
        x = features(x, self.nin, self.scope)
        if state is not None and not (isinstance(state, list | tuple) and len(state) == 2):
            raise ShapeError(f"the state of {self.scope} is {state!r:.60}; pass the pair (h, c), or None to start anew")
        h, c = (state_of(part, self.size, self.scope) for part in state or (None, None))
        both = Features([*x, *h])
        write, keep, new, show = (listed(gate(both)) for gate in (self.input, self.forget, self.candidate, self.output))
        c_new = [f * old + i * g for f, old, i, g in zip(keep, c, write, new, strict=True)]
        return [o * number.tanh() for o, number in zip(show, c_new, strict=True)], c_new

    def __repr__(self) -> str:
        return f"LSTMCell({self.nin}, {self.size})"


class Recurrent(Module):
    """A cell led along a sequence of any length, from a state of zeros.

    Args:
        cell: an `RNNCell`, `GRUCell` or `LSTMCell`, or a module of yours with a number `nin`, called as cell(x, state):
            state is None at first; the output is the new state, or its first part where it is a tuple.
        every: whether to return the output after each step, for another layer that reads a sequence, rather than only
            the last.
    Raises:
        InputError: the cell is no such module.
    Example:
        >>> model = Recurrent(RNNCell(1, 4, rng=1), every=True)
        >>> len(model([[1.0], [2.0], [3.0]])), len(model([[1.0]]))
        (3, 1)
    """

    def __init__(self, cell: Module, *, every: bool = False) -> None:
        if not isinstance(cell, Module) or not hasattr(cell, "nin"):
            raise InputError(f"cell = {cell!r:.60} is no cell; pass an RNNCell, GRUCell or LSTMCell")
        self.cell = cell
        self.every = every

    def forward(self, x: Any) -> Any:
        """Returns the last output of the cell, `size` Values; with `every`, a list with one such list a step.

        Args:
            x: any number of steps, at least 1, each a vector of nin Values or numbers. Where nin is 1, a number stands
                for a vector of one.
        Raises:
            ShapeError: no steps, or one of another length; the message says which.
            OperandError: an element is not a number.
        """
        state, outputs = None, []
        for step in vectors(x, self.cell.nin, self.scope):
            state = self.cell(step, state)
            outputs.append(state[0] if isinstance(state, tuple) else state)
        return outputs if self.every else outputs[-1]

    def __repr__(self) -> str:
        return f"Recurrent({self.cell}{', every=True' if self.every else ''})"
