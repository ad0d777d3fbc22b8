"""Losses: how wrong an output is, as a Value to call `backward` on.

    half_squared_error         sum of (p - t)^2 / 2        its gradient is the error p - t itself
    sum_squared_error          sum of (p - t)^2            "SSD"
    mean_squared_error         mean of (p - t)^2           "MSE"
    sum_absolute_error         sum of |p - t|
    mean_absolute_error        mean of |p - t|             "MAE"
    huber                      squared for small errors, absolute for large ones

    binary_cross_entropy       -t*log(q) - (1 - t)*log(1 - q),  q = sigmoid(z)
    hinge, squared_hinge       max(0, 1 - label*score), and its square
    softmax_cross_entropy      -log(softmax(z)[label])     "sparse categorical": the label is the index of a class
    categorical_cross_entropy  -sum of t*log(softmax(z))   the target is one-hot, or a chance for each class
    negative_log_likelihood    -log(P(label))              of probabilities, as a sigmoid or softmax gives them

    weighted, batch_loss       classes that count more than others; many samples at once

The losses of classes take raw outputs ("logits", "scores"): a sigmoid or softmax in the network would overflow where
these do not; `negative_log_likelihood` is for networks that end in one all the same. Outputs and targets may be Values
or numbers; the result is always a Value. Targets are checked by comparisons that come out alike for all legal ones, so
that a lifted loss takes one way for all samples.
"""

from .batches import batch_loss, weighted
from .categorical import (
    categorical_cross_entropy,
    class_index,
    log_softmax,
    negative_log_likelihood,
    softmax,
    softmax_cross_entropy,
)
from .margins import binary_cross_entropy, hinge, squared_hinge
from .regression import (
    half_squared_error,
    huber,
    mean_absolute_error,
    mean_squared_error,
    sum_absolute_error,
    sum_squared_error,
)

__all__ = [
    "batch_loss",
    "binary_cross_entropy",
    "categorical_cross_entropy",
    "class_index",
    "half_squared_error",
    "hinge",
    "huber",
    "log_softmax",
    "mean_absolute_error",
    "mean_squared_error",
    "negative_log_likelihood",
    "softmax",
    "softmax_cross_entropy",
    "squared_hinge",
    "sum_absolute_error",
    "sum_squared_error",
    "weighted",
]
