"""Neurons, layers of neurons, and the multi-layer perceptron.

    >>> model = MLP(2, [3, 1], activation="tanh", rng=1)
    >>> model
    MLP of [Layer of [TanhNeuron(2), TanhNeuron(2), TanhNeuron(2)], Layer of [LinearNeuron(3)]]
    >>> len(model.parameters())
    13
    >>> model([1.0, -2.0]).backward()

Programs written for micrograd run as they are, and get the same numbers.

Source: Andrej Karpathy, micrograd, 2020, nn.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from autograd_lite import ArithmeticFault, InputError, ShapeError, Value

from .activations import activation_function
from .initializers import Initializer, initializer_function
from .inputs import Features, features, random_source, sequence, whole
from .module import Module

__all__ = ["MLP", "Layer", "Neuron"]


class Neuron(Module):
    """One neuron: a weighted sum of its inputs, bent by an activation.

        out = activation(b + w[0]*x[0] + w[1]*x[1] + ...)

    Args:
        nin: the number of inputs, at least 1.
        nonlin: False for a linear neuron; micrograd's argument, of which `activation` is the general form.
        activation: a name of `ACTIVATIONS`; None means "relu", or "linear" where nonlin is False.
        initializer: a name of `INITIALIZERS`, or a function of (rng, fan_in, fan_out); the bias starts at 0.
        rng: None for the global `random`, an int as seed, or a `random.Random`.
        fan_out: how many neurons read the same inputs; some initializers ask.
        bias: whether a bias is added; without it `b` is None.
    Raises:
        InputError: a width, name or rng outside what is said above.
    Example:
        >>> neuron = Neuron(2, activation="sigmoid", initializer="zeros")
        >>> neuron([3.0, 4.0]).data
        0.5
    """

    def __init__(
        self,
        nin: int,
        nonlin: bool = True,  # noqa: FBT001, FBT002  # micrograd's signature
        *,
        activation: str | None = None,
        initializer: str | Initializer = "uniform",
        rng: object = None,
        fan_out: int = 1,
        bias: bool = True,
    ) -> None:
        nin, fan_out = whole("nin", nin), whole("fan_out", fan_out)
        if activation is None:
            activation = "relu" if nonlin else "linear"
        draw, source = initializer_function(initializer), random_source(rng)
        self._function = activation_function(activation)
        self.activation = activation
        self.nonlin = self._function is not None
        if self.nonlin and not nonlin:
            raise InputError(f"nonlin = False and activation = {activation!r} contradict each other; drop one of them")
        if not isinstance(bias, bool):
            raise InputError(f"bias = {bias!r:.60} is neither True nor False; give an activation as activation=...")
        self.w = [Value(draw(source, nin, fan_out)) for _ in range(nin)]
        self.b = Value(0.0) if bias else None

    def forward(self, x: Any) -> Value:
        """Returns the neuron's output.

        Args:
            x: nin Values or numbers.
        Raises:
            ShapeError: x has another length.
            OperandError: an element of x is not a number.
        """
        if x.__class__ is not Features:  # a layer has checked them once for all its neurons
            x = features(x, len(self.w), self.scope)
        terms, out = zip(self.w, x, strict=True), self.b
        if out is None:
            w, feature = next(terms)
            out = w * feature
        for w, feature in terms:
            out = out + w * feature  # in micrograd's order, so that the sums round alike
        return out if self._function is None else self._function(out)

    def __repr__(self) -> str:
        kind = {"relu": "ReLU", "identity": "Linear"}.get(self.activation, self.activation.title().replace("_", ""))
        return f"{kind}Neuron({len(self.w)})"


class Layer(Module):
    """Neurons side by side, which read the same inputs.

    Args:
        nin: the number of inputs, at least 1.
        nout: the number of neurons, at least 1.
        nonlin: as for `Neuron`, and so are `activation`, `initializer` and `bias`.
        rng: the neurons draw from it in turn.
    Raises:
        InputError: a width, name or rng that `Neuron` does not accept.
    Example:
        >>> layer = Layer(2, 3, initializer="zeros")
        >>> [out.data for out in layer([1.0, 2.0])]
        [0.0, 0.0, 0.0]
    """

    def __init__(
        self,
        nin: int,
        nout: int,
        nonlin: bool = True,  # noqa: FBT001, FBT002  # micrograd's signature
        *,
        activation: str | None = None,
        initializer: str | Initializer = "uniform",
        rng: object = None,
        bias: bool = True,
    ) -> None:
        nin, nout, rng = whole("nin", nin), whole("nout", nout), random_source(rng)
        self.neurons = [
            Neuron(nin, nonlin, activation=activation, initializer=initializer, rng=rng, fan_out=nout, bias=bias)
            for _ in range(nout)
        ]
        self._parts = tuple(neuron.scope for neuron in self.neurons)

    def forward(self, x: Any) -> Value | list[Value]:
        """Returns the output of each neuron; of a single neuron the output itself, not a list of one.

        Args:
            x: nin Values or numbers.
        Raises:
            ShapeError: x has another length.
            OperandError: an element of x is not a number.
        """
        x = features(x, len(self.neurons[0].w), self.scope)
        out = []
        for neuron in self.neurons:
            try:
                out.append(neuron.forward(x))  # not called: the layer's call marks all its neurons at once
            except ArithmeticFault as fault:
                fault.enter(neuron.scope)
                raise
        return out[0] if len(out) == 1 else out

    def __repr__(self) -> str:
        return f"Layer of [{', '.join(map(str, self.neurons))}]"


class MLP(Module):
    """A multi-layer perceptron: layers in a row, each reading the outputs of the one before.

    Args:
        nin: the number of inputs, at least 1.
        nouts: the number of neurons of each layer, the last being the output; at least one layer.
        activation: of the hidden layers, a name of `ACTIVATIONS`, or a list with one for each hidden layer.
        output_activation: of the last layer; "linear" leaves raw scores, as the losses expect.
        initializer: as for `Neuron`.
        rng: the layers draw from it in turn.
        bias: as for `Neuron`, in all layers.
    Raises:
        InputError: a width, name or rng that `Neuron` does not accept, or no layer.
        ShapeError: a list of activations that does not fit the number of hidden layers.
    Example:
        >>> model = MLP(2, [16, 16, 1], rng=1337)
        >>> len(model.parameters())
        337
        >>> model.parameters()[1].name
        'layer0.neuron0.w1'
    """

    def __init__(
        self,
        nin: int,
        nouts: Sequence[int],
        *,
        activation: str | Sequence[str] = "relu",
        output_activation: str = "linear",
        initializer: str | Initializer = "uniform",
        rng: object = None,
        bias: bool = True,
    ) -> None:
        sizes = [whole("nin", nin)]
        sizes += [whole(f"nouts[{i}]", n) for i, n in enumerate(sequence("nouts, the sizes of the layers", nouts))]
        depth, rng = len(sizes) - 1, random_source(rng)
        if depth == 0:
            raise InputError("nouts = [] has no layer; give the size of at least the output, as in MLP(2, [1])")
        hidden = [activation] * (depth - 1) if isinstance(activation, str) else sequence("activation", activation)
        if len(hidden) != depth - 1:
            raise ShapeError(f"{len(hidden)} activations for {depth - 1} hidden layers; give one for each, or one name")
        self.layers = [
            Layer(fan_in, fan_out, activation=name, initializer=initializer, rng=rng, bias=bias)
            for fan_in, fan_out, name in zip(sizes, sizes[1:], [*hidden, output_activation], strict=False)
        ]

    def forward(self, x: Any) -> Value | list[Value]:
        """Returns the outputs of the last layer; of a single output neuron its output itself.

        Args:
            x: nin Values or numbers.
        Raises:
            ShapeError: x has another length.
            OperandError: an element of x is not a number.
        """
        for layer in self.layers:
            x = layer(x)
        return x  # type: ignore[no-any-return]  # a layer's output by now

    def __repr__(self) -> str:
        return f"MLP of [{', '.join(map(str, self.layers))}]"
