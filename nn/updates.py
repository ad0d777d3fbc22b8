"""Updates: the one statement of how each optimizer moves a parameter.

    sgd_update        along the gradient, with momentum
    adagrad_update    slower where gradients have been large, since the beginning
    rmsprop_update    slower where gradients have been large, lately
    adam_update       that, along a running mean of the gradient

Each is a pure function of numbers, made of + - * / ** and abs, so it moves a float, an array of parameters (NumPy's or
JAX's), or a Value, through which the engine then finds how the result depends on a learning rate. What an optimizer
remembers of a parameter goes in and comes out.
"""

from __future__ import annotations

import math
from typing import Any

__all__ = ["adagrad_update", "adam_update", "rmsprop_update", "sgd_update"]


def sgd_update(
    value: Any, gradient: Any, velocity: Any, *, learning_rate: Any, momentum: float, nesterov: bool = False
) -> tuple[Any, Any]:
    """Returns the value and the velocity after one step of gradient descent with momentum.

        velocity = momentum*velocity + gradient
        value    = value - learning_rate*velocity
        or       = value - learning_rate*(gradient + momentum*velocity)       Nesterov's, which looks one step ahead

    Args:
        value: a parameter: a float, or an array of parameters.
        gradient: d loss / d value, of the same shape.
        velocity: from the step before; 0 at first.
        learning_rate: above 0.
        momentum: 0 <= momentum < 1.
        nesterov: whether to add the momentum of this step already.
    Example:
        >>> sgd_update(1.0, 0.5, 0.0, learning_rate=0.5, momentum=0.5)
        (0.75, 0.5)

    Source: Boris Polyak, Some methods of speeding up the convergence of iteration methods, 1964. Ilya Sutskever and
        others, On the importance of initialization and momentum in deep learning, 2013, equations 3 and 4.
    """
    velocity = momentum * velocity + gradient
    direction = gradient + momentum * velocity if nesterov else velocity
    return value - learning_rate * direction, velocity


def adagrad_update(value: Any, gradient: Any, squares: Any, *, learning_rate: Any, epsilon: float) -> tuple[Any, Any]:
    """Returns the value, and the sum of all squared gradients, after one step of Adagrad.

        squares = squares + gradient^2
        value   = value - learning_rate * gradient/(sqrt(squares) + epsilon)

    Args:
        value: a parameter: a float, or an array of parameters.
        gradient: d loss / d value, of the same shape.
        squares: from the step before; 0 at first.
        learning_rate: above 0; how far the first step goes.
        epsilon: above 0; keeps the division defined.
    Example:
        >>> adagrad_update(1.0, 4.0, 9.0, learning_rate=0.5, epsilon=1e-10)[1]
        25.0

    Source: John Duchi, Elad Hazan and Yoram Singer, Adaptive subgradient methods for online learning and stochastic
        optimization, 2011, equation 1.
    """
    squares = squares + gradient * gradient
    return value - learning_rate * gradient / (_root(squares) + epsilon), squares


def rmsprop_update(
    value: Any,
    gradient: Any,
    square: Any,
    mean: Any,
    velocity: Any,
    *,
    learning_rate: Any,
    decay: float,
    epsilon: float,
    momentum: float = 0.0,
    centered: bool = False,
) -> tuple[Any, Any, Any, Any]:
    """Returns the value, the running means of the squared gradient and the gradient, and the velocity after one step.

        square   = decay*square + (1 - decay)*gradient^2
        mean     = decay*mean + (1 - decay)*gradient                          if centered, otherwise 0
        velocity = momentum*velocity + gradient/(sqrt(square - mean^2) + epsilon)
        value    = value - learning_rate*velocity

    Args:
        value: a parameter: a float, or an array of parameters.
        gradient: d loss / d value, of the same shape.
        square: from the step before; 0 at first.
        mean: likewise.
        velocity: likewise.
        learning_rate: above 0.
        decay: how much of the running means is kept, 0 <= decay < 1.
        epsilon: above 0; keeps the division defined.
        momentum: 0 <= momentum < 1.
        centered: whether to divide by the spread of the gradients rather than by their size.
    Example:
        >>> rmsprop_update(1.0, 2.0, 4.0, 0.0, 0.0, learning_rate=0.1, decay=0.9, epsilon=1e-8)[1]
        4.0

    Source: Geoffrey Hinton, Neural networks for machine learning, lecture 6e, 2012. Centered and with momentum: Alex
        Graves, Generating sequences with recurrent neural networks, 2013, equations 38 to 45.
    """
    square = decay * square + (1 - decay) * (gradient * gradient)
    spread = square
    if centered:
        mean = decay * mean + (1 - decay) * gradient
        spread = abs(square - mean * mean)  # below 0 by rounding only
    velocity = momentum * velocity + gradient / (_root(spread) + epsilon)
    return value - learning_rate * velocity, square, mean, velocity


def adam_update(
    value: Any,
    gradient: Any,
    mean: Any,
    square: Any,
    *,
    step: Any,
    learning_rate: Any,
    beta1: float,
    beta2: float,
    epsilon: float,
) -> tuple[Any, Any, Any]:
    """Returns the value, and the running means of the gradient and of its square, after one step of Adam.

        mean   = beta1*mean   + (1 - beta1)*gradient
        square = beta2*square + (1 - beta2)*gradient^2
        value  = value - learning_rate * mean/(1 - beta1^step) / (sqrt(square/(1 - beta2^step)) + epsilon)

    The divisions by 1 - beta^step make up for the means having started at 0.

    Args:
        value: a parameter: a float, or an array of parameters.
        gradient: d loss / d value, of the same shape.
        mean: from the step before; 0 at first.
        square: likewise.
        step: the number of this step, from 1.
        learning_rate: above 0; about how far a parameter moves a step.
        beta1: how much of the mean is kept, 0 <= beta1 < 1.
        beta2: how much of the square is kept, 0 <= beta2 < 1.
        epsilon: above 0; keeps the division defined.

    Source: Diederik Kingma and Jimmy Ba, Adam: a method for stochastic optimization, 2015, algorithm 1.
    """
    mean = beta1 * mean + (1 - beta1) * gradient
    square = beta2 * square + (1 - beta2) * (gradient * gradient)
    rate = learning_rate / (1 - beta1**step)
    size = _root(square / (1 - beta2**step))
    return value - rate * mean / (size + epsilon), mean, square


def _root(number: Any) -> Any:
    """Returns the square root; of a float rounded as an array's is, which `**` does not promise."""
    return math.sqrt(number) if type(number) is float else number**0.5
