"""Layers that do one thing each, and a row of them.

    >>> model = Sequential(Linear(2, 3, rng=1), Activation("tanh"), Linear(3, 1, rng=2))
    >>> model
    Sequential of [Linear(2, 3), Activation('tanh'), Linear(3, 1)]
    >>> [name for name, _ in model.named_parameters()][-4:]
    ['linear2.neuron0.w0', 'linear2.neuron0.w1', 'linear2.neuron0.w2', 'linear2.neuron0.b']
    >>> len(model([1.0, -2.0]))
    1

`Layer` and `MLP` say the same in fewer words, where every layer is made of neurons; with these pieces a network may
also contain convolutions, pooling and modules of one's own.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

from autograd_lite import InputError, ShapeError, Value

from .activations import ACTIVATIONS, activation_function
from .initializers import Initializer
from .inputs import is_sequence, listed, real, whole
from .layers import Layer
from .losses import softmax
from .module import Module

__all__ = ["Activation", "Flatten", "Linear", "Reshape", "Sequential"]


class Linear(Layer):
    """A matrix product and a bias: linear neurons side by side, whose outputs are always a list.

        out[i] = b[i] + sum_j W[i][j]*x[j]

    Args:
        nin: the number of inputs, at least 1.
        nout: the number of outputs, at least 1.
        bias: whether a bias is added; it starts at 0.
        initializer: a name of `INITIALIZERS`, or a function of (rng, fan_in, fan_out).
        rng: None for the global `random`, an int as seed, or a `random.Random`.
    Raises:
        InputError: a width, name or rng outside what is said above.
    Example:
        >>> [out.data for out in Linear(2, 1, initializer=lambda *_: 1.0)([3.0, 4.0])]
        [7.0]
    """

    def __init__(
        self,
        nin: int,
        nout: int,
        bias: bool = True,  # noqa: FBT001, FBT002  # the field's signature
        *,
        initializer: str | Initializer = "uniform",
        rng: object = None,
    ) -> None:
        super().__init__(nin, nout, activation="linear", bias=bias, initializer=initializer, rng=rng)

    def forward(self, x: Any) -> list[Value]:
        """Returns the nout outputs, also a single one as a list.

        Args:
            x: nin Values or numbers.
        Raises:
            ShapeError: x has another length.
            OperandError: an element of x is not a number.
        """
        return listed(super().forward(x))

    def __repr__(self) -> str:
        bias = "" if self.neurons[0].b is not None else ", bias=False"
        return f"Linear({len(self.neurons[0].w)}, {len(self.neurons)}{bias})"


class Activation(Module):
    """A function of one number, applied to every number it is given; or "softmax", applied to vectors.

    Args:
        name: one of `ACTIVATIONS`; or "softmax", which makes of each vector numbers that are positive and add up to 1.
            A loss on logits needs none: it is for outputs that are to be read as probabilities.
    Raises:
        InputError: no such activation; the message lists them.
    Example:
        >>> [[out.data for out in row] for row in Activation("relu")([[1.0, -2.0], [-3.0, 4.0]])]
        [[1.0, 0.0], [0.0, 4.0]]
        >>> [out.data for out in Activation("softmax")([5.0, 5.0])]
        [0.5, 0.5]
    """

    def __init__(self, name: str) -> None:
        if name != "softmax" and name not in ACTIVATIONS:
            raise InputError(f"activation = {name!r:.60} is unknown; use one of {', '.join(ACTIVATIONS)}, softmax")
        self.activation = self.scope = name
        self._function = None if name == "softmax" else activation_function(name)

    def forward(self, x: Any) -> Any:
        """Returns the outputs, nested as the input is.

        Args:
            x: a Value or number, or sequences of them, nested to any depth; for "softmax" at least a vector.
        Raises:
            InputError: softmax of a single number.
            OperandError: an element is not a number.
        """
        if self.activation == "softmax":
            return self._of_vectors(x)
        function = self._function
        return _mapped(x, self.scope, function if function is not None else lambda value: value)

    def _of_vectors(self, x: Any) -> Any:
        rows = list(x) if is_sequence(x) else [x]
        if rows and is_sequence(rows[0]):
            return [self._of_vectors(row) for row in rows]
        if not is_sequence(x):
            raise InputError(f"{self.scope} takes vectors, got {type(x).__name__} {x!r:.60}; write [a, b, ...]")
        return softmax(rows)

    def __repr__(self) -> str:
        return f"Activation({self.activation!r})"


class Flatten(Module):
    """All numbers of nested sequences in one list, the last index running fastest; between images and `Linear`.

    Example:
        >>> [out.data for out in Flatten()([[1.0, 2.0], [3.0, 4.0]])]
        [1.0, 2.0, 3.0, 4.0]
    """

    def forward(self, x: Any) -> list[Value]:
        """Returns the numbers as one list of Values.

        Args:
            x: a Value or number, or sequences of them, nested to any depth.
        Raises:
            OperandError: an element is not a number.
        """
        return _flat(x, self.scope)

    def __repr__(self) -> str:
        return "Flatten()"


class Reshape(Module):
    """The same numbers in another nesting: a row of a table becomes an image, as `fit` and `lift` hand out rows.

    Args:
        shape: the length at each depth, outermost first; each at least 1. `Reshape(1, 8, 8)` makes of 64 numbers one
            channel of 8 rows of 8.
    Raises:
        InputError: no length, or one that is not a whole number of at least 1.
    Example:
        >>> Reshape(3, 2)([1.0, 2.0, 3.0, 4.0, 5.0, 6.0])[2][0].data
        5.0
    """

    def __init__(self, *shape: int) -> None:
        self.shape = tuple(whole(f"shape[{i}]", length) for i, length in enumerate(shape))
        if not shape:
            raise InputError("Reshape() has no shape; give the lengths, as in Reshape(1, 8, 8)")

    def forward(self, x: Any) -> list[Any]:
        """Returns the numbers as nested lists of Values.

        Args:
            x: as many Values or numbers as the shape holds, nested in any way; the last index runs fastest.
        Raises:
            ShapeError: another number of them.
            OperandError: an element is not a number.
        """
        row: list[Any] = _flat(x, self.scope)
        count = math.prod(self.shape)
        if len(row) != count:
            wanted = " x ".join(map(str, self.shape))
            raise ShapeError(
                f"{self.scope} makes {wanted} = {count} of its input, got {len(row)} numbers; give {count}"
            )
        for length in reversed(self.shape[1:]):
            row = [row[start : start + length] for start in range(0, len(row), length)]
        return row

    def __repr__(self) -> str:
        return f"Reshape({', '.join(map(str, self.shape))})"


class Sequential(Module):
    """Modules in a row, each reading what the one before it returns.

    Each is an attribute, called by its kind and position: "linear0", "tanh1", "linear2".

    Args:
        modules: the first reads the input; at least one.
    Raises:
        InputError: no module, or something else than a `Module`.
    Example:
        >>> model = Sequential(Flatten(), Linear(4, 2, rng=1))
        >>> model[1] is model.linear1, len(model)
        (True, 2)
    """

    def __init__(self, *modules: Module) -> None:
        if not modules:
            raise InputError("Sequential() has no module; give at least one, as in Sequential(Linear(2, 1))")
        names = []
        for i, module in enumerate(modules):
            if not isinstance(module, Module):
                raise InputError(f"module {i} = {module!r:.60} is no Module; wrap a function: Activation('tanh')")
            kind = module.activation if isinstance(module, Activation) else type(module).scope
            names.append(f"{kind}{i}")
            setattr(self, names[-1], module)
        self._names = tuple(names)

    def forward(self, x: Any) -> Any:
        """Returns what the last module makes of the others' work; x is whatever the first one takes."""
        for module in self:
            x = module(x)
        return x

    def __iter__(self) -> Iterator[Module]:
        return (getattr(self, name) for name in self._names)

    def __len__(self) -> int:
        return len(self._names)

    def __getitem__(self, index: int | slice) -> Any:
        return [*self][index]

    def __repr__(self) -> str:
        return f"Sequential of [{', '.join(map(repr, self))}]"


def _mapped(x: Any, owner: str, function: Callable[[Value], Any]) -> Any:
    """Returns nested sequences with a function applied to each number, as a Value."""
    if isinstance(x, Value):
        return function(x)
    if is_sequence(x):
        return [_mapped(item, owner, function) for item in x]
    return function(Value(real(f"the input of {owner}", x)))


def _flat(x: Any, owner: str) -> list[Value]:
    """Returns the numbers of nested sequences as one list of Values."""
    found: list[Value] = []
    _mapped(x, owner, found.append)
    return found
