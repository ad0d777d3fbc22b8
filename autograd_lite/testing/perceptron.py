"""Multilayer perceptrons in plain Values, for testing a library that trains: nothing here but numbers and a loop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from hypothesis import strategies as st

from autograd_lite.rules import RULES
from autograd_lite.value import Value

from .program import perform

__all__ = ["Perceptron", "mlps"]


@dataclass(frozen=True)
class Perceptron:
    """A multilayer perceptron as data: its numbers, and a plain loop that runs them.

        out[i] = activation(b[i] + w[i][0]*x[0] + w[i][1]*x[1] + ...)        layer after layer

    A library's own network, given the same parameters, must have the same outputs and gradients.

    Args:
        weights: a number for each layer, neuron, and input of that layer; at least one of each.
        biases: a number for each layer and neuron.
        activations: the name of a rule of one operand for each layer; "identity" for none.

    Example:
        >>> perceptron = Perceptron((((2.0, -1.0),),), ((0.5,),), ("relu",))
        >>> perceptron.run([3.0, 1.0])
        [5.5]
        >>> perceptron.gradient([3.0, 1.0])
        [3.0, 1.0, 1.0]
    """

    weights: tuple[tuple[tuple[float, ...], ...], ...]
    biases: tuple[tuple[float, ...], ...]
    activations: tuple[str, ...]

    @property
    def sizes(self) -> tuple[int, ...]:
        """The number of inputs, then of neurons in each layer."""
        return (len(self.weights[0][0]), *(len(layer) for layer in self.biases))

    def numbers(self) -> list[float]:
        """Returns all parameters: layer by layer, neuron by neuron, the weights and then the bias."""
        layers = zip(self.weights, self.biases, strict=True)
        return [x for layer in layers for row, bias in zip(*layer, strict=True) for x in (*row, bias)]

    def parameters(self) -> list[Value]:
        """Returns fresh leaves p0, p1, ... with these numbers, to be given to `run`."""
        return [Value(number, name=f"p{i}") for i, number in enumerate(self.numbers())]

    def run(self, inputs: Sequence[Any], parameters: Sequence[Any] | None = None) -> list[Any]:
        """Returns the outputs of the last layer.

        Args:
            inputs: Values or numbers, one a feature.
            parameters: Values or numbers, in the order of `numbers`; the perceptron's own numbers if None.
        """
        given = iter(self.numbers() if parameters is None else parameters)
        signals = list(inputs)
        for (_, width), name in zip(pairwise(self.sizes), self.activations, strict=True):
            outputs = []
            for _ in range(width):
                weights, out = [next(given) for _ in signals], next(given)
                for weight, signal in zip(weights, signals, strict=True):
                    out = out + weight * signal
                outputs.append(perform(RULES[name], (out,), None))
            signals = outputs
        return signals

    def gradient(self, inputs: Sequence[float]) -> list[float]:
        """Returns the engine's gradient of the sum of the outputs by each parameter, in the order of `numbers`."""
        parameters = self.parameters()
        outputs = self.run(inputs, parameters)
        sum(outputs[1:], outputs[0]).backward()
        return [parameter.grad for parameter in parameters]


@st.composite
def mlps(
    draw: st.DrawFn,
    *,
    inputs: int | None = None,
    outputs: int | None = None,
    max_layers: int = 3,
    max_width: int = 4,
    activations: Sequence[str] = ("identity", "relu", "tanh", "sigmoid", "softplus"),
    numbers: st.SearchStrategy[float] | None = None,
) -> Perceptron:
    """Draws small multilayer perceptrons.

    Args:
        draw: given by Hypothesis.
        inputs: how many features; 1 to `max_width` if None.
        outputs: how many neurons the last layer has; 1 to `max_width` if None.
        max_layers: the most layers, at least 1.
        max_width: the most neurons in a layer, at least 1.
        activations: what to choose from for each layer, names of rules of one operand; simplest first.
        numbers: where weights and biases come from; floats from -2 to 2 if None.

    Example:
        >>> from hypothesis import given
        >>> @given(mlps(inputs=2, outputs=1))
        ... def one_gradient_a_parameter(perceptron):
        ...     assert len(perceptron.gradient([1.0, -1.0])) == len(perceptron.numbers())
        >>> one_gradient_a_parameter()
    """
    number = st.floats(-2, 2) if numbers is None else numbers
    width = st.integers(1, max_width)
    depth = draw(st.integers(1, max_layers))
    sizes = [draw(width) for _ in range(depth + 1)]
    sizes[0] = sizes[0] if inputs is None else inputs
    sizes[-1] = sizes[-1] if outputs is None else outputs
    weights = tuple(draw(st.tuples(*[st.tuples(*[number] * fan_in)] * fan_out)) for fan_in, fan_out in pairwise(sizes))
    biases = tuple(draw(st.tuples(*[number] * fan_out)) for fan_out in sizes[1:])
    names = tuple(draw(st.sampled_from(list(activations))) for _ in range(depth))
    return Perceptron(weights, biases, names)
