"""Neural networks on the scalar engine: modules, losses, optimizers, training.

    >>> X, y = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], [0, 1, 1, 0]
    >>> model = MLP(2, [4, 1], activation="tanh", rng=1)
    >>> optimizer = Adam(model.parameters(), learning_rate=0.1)
    >>> history = fit(model, X, y, loss=binary_cross_entropy, optimizer=optimizer, epochs=100, progress=False)
    >>> [classify(model(x)) for x in X]
    [0, 1, 1, 0]

`Neuron`, `Layer` and `MLP` are micrograd's, with a choice of activation, initializer and rng.
"""

from .activations import ACTIVATIONS
from .initializers import INITIALIZERS, normal, uniform
from .layers import MLP, Layer, Neuron
from .losses import (
    binary_cross_entropy,
    half_squared_error,
    hinge,
    log_softmax,
    mean_squared_error,
    softmax,
    softmax_cross_entropy,
)
from .metrics import accuracy, classify, confusion_table, correct
from .module import Module
from .optimizers import SGD, Adam, Optimizer, adam_update, sgd_update
from .stepping import step_training
from .training import Epoch, History, dead_neurons, fit

__all__ = [
    "ACTIVATIONS",
    "INITIALIZERS",
    "MLP",
    "SGD",
    "Adam",
    "Epoch",
    "History",
    "Layer",
    "Module",
    "Neuron",
    "Optimizer",
    "accuracy",
    "adam_update",
    "binary_cross_entropy",
    "classify",
    "confusion_table",
    "correct",
    "dead_neurons",
    "fit",
    "half_squared_error",
    "hinge",
    "log_softmax",
    "mean_squared_error",
    "normal",
    "sgd_update",
    "softmax",
    "softmax_cross_entropy",
    "step_training",
    "uniform",
]
