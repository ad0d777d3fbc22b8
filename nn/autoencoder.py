"""The autoencoder: an hourglass that learns to give back its input, through a code of fewer numbers.

    >>> model = Autoencoder(8, [3], activation="tanh", rng=1)
    >>> len(model.encode([1.0] * 8)), len(model.decode([0.5, -0.5, 0.5])), len(model([1.0] * 8))
    (3, 8, 8)

It is trained with its inputs as targets: `fit(model, X, X, ...)`.

Source: David Rumelhart, Geoffrey Hinton and Ronald Williams, Learning internal representations by error propagation,
1986, section "The encoding problem".
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

from autograd_lite import InputError, Value

from .initializers import Initializer
from .inputs import listed, random_source, sequence, whole
from .layers import MLP
from .module import Module

__all__ = ["Autoencoder"]


class Autoencoder(Module):
    """Two perceptrons, waist to waist: one makes a code of the input, the other the input of the code.

    Args:
        nin: the number of inputs, and so of outputs, at least 1.
        sizes: the number of neurons of each layer down to the code, which is the last; the decoder has the same in
            reverse. `Autoencoder(64, [32, 8])` goes 64, 32, 8, 32, 64.
        activation: of the hidden layers, a name of `ACTIVATIONS`.
        code_activation: of the code; "linear" for principal components and the like, "sigmoid" for numbers of 0 to 1.
        output_activation: of the last layer; "linear" leaves raw scores, as the losses expect.
        initializer: as for `Neuron`.
        rng: encoder and decoder draw from it in turn.
    Raises:
        InputError: a width, name or rng that `Neuron` does not accept, or no code.
    Example:
        >>> Autoencoder(4, [2, 1]).decoder
        MLP of [Layer of [ReLUNeuron(1), ReLUNeuron(1)], Layer of [LinearNeuron(2), ..., LinearNeuron(2)]]
    """

    def __init__(
        self,
        nin: int,
        sizes: Sequence[int],
        *,
        activation: str = "relu",
        code_activation: str = "linear",
        output_activation: str = "linear",
        initializer: str | Initializer = "uniform",
        rng: object = None,
    ) -> None:
        nin, rng = whole("nin", nin), random_source(rng)
        down = [whole(f"sizes[{i}]", n) for i, n in enumerate(sequence("sizes, of the layers down to the code", sizes))]
        if not down:
            raise InputError("sizes = [] has no code; give at least its size, as in Autoencoder(64, [8])")
        half = functools.partial(MLP, activation=activation, initializer=initializer, rng=rng)
        self.encoder = half(nin, down, output_activation=code_activation)
        self.decoder = half(down[-1], [*down[-2::-1], nin], output_activation=output_activation)

    def forward(self, x: Any) -> list[Value]:
        """Returns what is left of the input after it went through the code; nin Values.

        Args:
            x: nin Values or numbers.
        Raises:
            ShapeError: x has another length.
            OperandError: an element of x is not a number.
        """
        return self.decode(self.encode(x))

    def encode(self, x: Any) -> list[Value]:
        """Returns the code of an input: as many Values as the last of `sizes` says; x as for `forward`."""
        return listed(self.encoder(x))

    def decode(self, code: Any) -> list[Value]:
        """Returns the nin outputs that a code stands for.

        Args:
            code: Values or numbers, as many as `encode` returns; they may be made up.
        Raises:
            ShapeError: the code has another length.
            OperandError: an element of the code is not a number.
        """
        return listed(self.decoder(code))

    def __repr__(self) -> str:
        return f"Autoencoder of [{self.encoder}, {self.decoder}]"
