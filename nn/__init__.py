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
from .attention import CausalSelfAttention, TransformerBlock
from .autoencoder import Autoencoder
from .clipping import clip_norm, clip_value
from .convolution import AvgPool1d, AvgPool2d, Conv1d, Conv2d, MaxPool1d, MaxPool2d
from .dense import Activation, Flatten, Linear, Reshape, Sequential
from .embedding import Embedding
from .initializers import INITIALIZERS, normal, uniform
from .layers import MLP, Layer, Neuron
from .losses import (
    batch_loss,
    binary_cross_entropy,
    categorical_cross_entropy,
    half_squared_error,
    hinge,
    huber,
    log_softmax,
    mean_absolute_error,
    mean_squared_error,
    negative_log_likelihood,
    softmax,
    softmax_cross_entropy,
    squared_hinge,
    sum_absolute_error,
    sum_squared_error,
    weighted,
)
from .max_norm import MaxNorm
from .metrics import accuracy, classify, confusion_table, correct
from .module import Module
from .normalization import LayerNorm, RMSNorm
from .optimizers import SGD, Adagrad, Adam, AdamW, Optimizer, RMSprop
from .plateaus import AdaptiveRate, ReduceOnPlateau
from .recurrent import GRUCell, LSTMCell, Recurrent, RNNCell
from .regularization import Penalty, elastic_net, l1, l2, weights_of
from .schedules import Cosine, ExponentialDecay, InverseTime, PerEpoch, StepDecay, WarmUp
from .stepping import step_training
from .training import Epoch, History, dead_neurons, fit
from .updates import adagrad_update, adam_update, rmsprop_update, sgd_update

__all__ = [
    "ACTIVATIONS",
    "INITIALIZERS",
    "MLP",
    "SGD",
    "Activation",
    "Adagrad",
    "Adam",
    "AdamW",
    "AdaptiveRate",
    "Autoencoder",
    "AvgPool1d",
    "AvgPool2d",
    "CausalSelfAttention",
    "Conv1d",
    "Conv2d",
    "Cosine",
    "Embedding",
    "Epoch",
    "ExponentialDecay",
    "Flatten",
    "GRUCell",
    "History",
    "InverseTime",
    "LSTMCell",
    "Layer",
    "LayerNorm",
    "Linear",
    "MaxNorm",
    "MaxPool1d",
    "MaxPool2d",
    "Module",
    "Neuron",
    "Optimizer",
    "Penalty",
    "PerEpoch",
    "RMSNorm",
    "RMSprop",
    "RNNCell",
    "Recurrent",
    "ReduceOnPlateau",
    "Reshape",
    "Sequential",
    "StepDecay",
    "TransformerBlock",
    "WarmUp",
    "accuracy",
    "adagrad_update",
    "adam_update",
    "batch_loss",
    "binary_cross_entropy",
    "categorical_cross_entropy",
    "classify",
    "clip_norm",
    "clip_value",
    "confusion_table",
    "correct",
    "dead_neurons",
    "elastic_net",
    "fit",
    "half_squared_error",
    "hinge",
    "huber",
    "l1",
    "l2",
    "log_softmax",
    "mean_absolute_error",
    "mean_squared_error",
    "negative_log_likelihood",
    "normal",
    "rmsprop_update",
    "sgd_update",
    "softmax",
    "softmax_cross_entropy",
    "squared_hinge",
    "step_training",
    "sum_absolute_error",
    "sum_squared_error",
    "uniform",
    "weighted",
    "weights_of",
]
