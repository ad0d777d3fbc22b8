"""Regularisation: what keeps weights small, so that a model learns the data's shape and not its noise.

    l1             sum of |w|: drives weights to 0, and leaves few
    l2             half the sum of w^2: drives large weights down most
    elastic_net    some of each
    Penalty        one of them, to be added to the loss of every batch

    >>> from autograd_lite import Value
    >>> w = Value(3.0)
    >>> l2([w], 0.1).backward()
    >>> round(w.grad, 12)          # weight_decay=0.1 is the same
    0.3

Biases are left alone as a rule: they bend no curve. `weights_of(model)` is a model's parameters without them. A limit
that weights keep, whatever the loss, is `nn.max_norm`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from typing import Any

from autograd_lite import InputError, OperandError, Value

from .inputs import sequence, setting
from .module import Module

__all__ = ["Penalty", "elastic_net", "l1", "l2", "weights_of"]


def l1(parameters: Iterable[Value], strength: float) -> Value:
    """Returns the sum of the sizes of some parameters, times a strength.

        strength * sum_i |w[i]|

    The slope does not shrink with the weight, so weights of little use end at 0 (and there the slope is 0).

    Args:
        parameters: n Values, at least 1.
        strength: finite, at least 0.
    Raises:
        InputError: no parameters, or a strength outside its range.
        OperandError: a parameter is not a Value.
    Example:
        >>> l1([Value(3.0), Value(-1.0)], 0.5).data
        2.0

    Source: Robert Tibshirani, Regression shrinkage and selection via the lasso, 1996.
    """
    first, *rest = (abs(w) for w in _values(parameters))
    return sum(rest, first) * _strength(strength)


def l2(parameters: Iterable[Value], strength: float) -> Value:
    """Returns half the sum of the squares of some parameters, times a strength; its gradient is strength*w.

        strength/2 * sum_i w[i]^2

    Args:
        parameters: n Values, at least 1.
        strength: finite, at least 0.
    Raises:
        InputError: no parameters, or a strength outside its range.
        OperandError: a parameter is not a Value.
    Example:
        >>> l2([Value(3.0), Value(-1.0)], 0.5).data
        2.5

    Source: Anders Krogh and John Hertz, A simple weight decay can improve generalization, 1991, equation 2.
    """
    first, *rest = (w * w for w in _values(parameters))
    return sum(rest, first) * (_strength(strength) / 2)


def elastic_net(parameters: Iterable[Value], strength: float, *, ratio: float = 0.5) -> Value:
    """Returns a mixture of `l1` and `l2`.

        strength * (ratio * sum_i |w[i]| + (1 - ratio)/2 * sum_i w[i]^2)

    Args:
        parameters: n Values, at least 1.
        strength: finite, at least 0.
        ratio: the share of l1, 0 <= ratio <= 1.
    Raises:
        InputError: no parameters, or a setting outside its range.
        OperandError: a parameter is not a Value.
    Example:
        >>> elastic_net([Value(3.0), Value(-1.0)], 0.5, ratio=0.5).data
        2.25

    Source: Hui Zou and Trevor Hastie, Regularization and variable selection via the elastic net, 2005.
    """
    ratio = setting("ratio", ratio, "0 <= ratio <= 1", lambda r: 0 <= r <= 1)
    found = _values(parameters)
    return l1(found, _strength(strength) * ratio) + l2(found, _strength(strength) * (1 - ratio))


class Penalty:
    """A regularisation of some parameters, as a function of nothing: `fit(..., regularization=...)` calls it.

    It is added to the mean loss of a batch, once a step. When the loss is lifted it is a few instructions over all
    parameters, whatever their number and that of the samples.

    Args:
        parameters: n Values, at least 1; `weights_of(model)`, or `model.parameters()`.
        strength: finite, at least 0.
        kind: `l2`, `l1`, `elastic_net`, or any function of parameters and a strength that returns a Value.
        options: for that function, such as ratio=0.9.
    Raises:
        InputError: no parameters, a setting outside its range, or a kind that cannot be called.
        OperandError: a parameter is not a Value.
    Example:
        >>> penalty = Penalty([Value(3.0), Value(-1.0)], 0.5)
        >>> penalty().data
        2.5
        >>> penalty
        Penalty(2 parameters, 0.5, l2)
    """

    def __init__(
        self, parameters: Iterable[Value], strength: float, kind: Callable[..., Value] = l2, **options: Any
    ) -> None:
        if not callable(kind):
            raise InputError(f"kind = {kind!r:.60} cannot be called; pass l1, l2 or elastic_net itself")
        self.parameters, self.strength = _values(parameters), _strength(strength)
        self.kind, self.options = kind, options
        self()  # what is wrong is said before training

    def __call__(self) -> Value:
        """Returns the penalty, given the parameters' present numbers."""
        return self.kind(self.parameters, self.strength, **self.options)

    def __repr__(self) -> str:
        name = getattr(self.kind, "__name__", repr(self.kind))
        return f"Penalty({len(self.parameters)} parameters, {self.strength}, {name})"


def weights_of(model: Module) -> list[Value]:
    """Returns the parameters of a model that are no biases: all but those called b, bias, b0, ...

    Example:
        >>> from nn import Neuron
        >>> [w.name for w in weights_of(Neuron(2))]
        ['w0', 'w1']
    """
    named = model.named_parameters()
    return [parameter for name, parameter in named if not _BIAS.fullmatch(name.rpartition(".")[2])]


_BIAS = re.compile(r"b(ias)?\d*")


def _values(parameters: Any) -> list[Value]:
    found = sequence("parameters", parameters)
    for index, parameter in enumerate(found):
        if not isinstance(parameter, Value):
            raise OperandError(f"parameters[{index}] = {parameter!r:.60} is not a Value; pass weights_of(model)")
    if not found:
        raise InputError("parameters = [] leaves nothing to regularise; pass weights_of(model)")
    return found


def _strength(strength: Any) -> float:
    return setting("strength", strength, "a finite number of at least 0", lambda s: 0 <= s < math.inf)
