"""Convolution and pooling: neurons with a small window, which look at every place of an image with the same weights.

    >>> edges = Conv2d(1, 1, (1, 2), bias=False)
    >>> edges.load_state_dict({"filter0.w0": -1.0, "filter0.w1": 1.0})
    >>> [[out.data for out in row] for row in edges([[[0.0, 0.0, 5.0, 5.0]]])[0]]
    [[0.0, 5.0, 0.0]]

An image is channels x height x width numbers, nested; a signal, for the layers called 1d, channels x length. `Reshape`
makes one of a row of a table, `Flatten` a row of one.

Source: Yann LeCun et al., Gradient-based learning applied to document recognition, 1998, section II.A.
"""

from __future__ import annotations

from typing import Any

from autograd_lite import InputError, Value

from .initializers import Initializer
from .inputs import Features, as_value, random_source, whole
from .layers import Neuron
from .module import Module
from .windows import Pair, Window

__all__ = ["AvgPool1d", "AvgPool2d", "Conv1d", "Conv2d", "MaxPool1d", "MaxPool2d"]


class Conv2d(Module):
    """A convolution over images: each filter, a neuron, makes of all channels one channel.

        out[f][i][j] = b[f] + sum over c, k, l of w[f][c][k][l] * x[c][stride*i + k - padding][stride*j + l - padding]

    Args:
        nin: the channels of an image, at least 1.
        nout: the number of filters, and so of channels that come out, at least 1.
        size: the window's height and width, each at least 1; an int for both, and so for the next two.
        stride: how far the window moves at a time, down and across, at least 1.
        padding: rows of zeros above and below, columns left and right, at least 0.
        bias: whether each filter adds a bias; it starts at 0.
        initializer: as for `Neuron`; fan_in and fan_out are channels times the numbers in a window.
        rng: the filters draw from it in turn.
    Raises:
        InputError, ShapeError: a size, name or rng outside what is said above.
    Example:
        >>> len(Conv2d(3, 4, 5, padding=2).parameters())  # 4 filters of 3 * 5 * 5 weights and a bias
        304
    """

    _dimensions = 2

    def __init__(
        self,
        nin: int,
        nout: int,
        size: int | Pair,
        *,
        stride: int | Pair = 1,
        padding: int | Pair = 0,
        bias: bool = True,
        initializer: str | Initializer = "uniform",
        rng: object = None,
    ) -> None:
        self.channels, nout, rng = whole("nin", nin), whole("nout", nout), random_source(rng)
        self.window = Window(size, stride=stride, padding=padding, dimensions=self._dimensions)
        area = self.window.size[0] * self.window.size[1]
        self.filters = [
            Neuron(nin * area, activation="linear", initializer=initializer, rng=rng, fan_out=nout * area, bias=bias)
            for _ in range(nout)
        ]

    def forward(self, x: Any) -> list[Any]:
        """Returns an image (of `Conv1d` a signal) with a channel for each filter.

        Args:
            x: nin channels of equal height and width (length), Values or numbers.
        Raises:
            ShapeError: another number of channels, rows that are not alike, or smaller than the window.
            InputError: x is not nested like that.
            OperandError: an element of x is not a number.
        """
        planes = self.window.planes(x, self.scope, channels=self.channels)
        views = [self.window.over(plane, self.scope) for plane in planes]
        places = [
            [Features(number for channel in place for number in channel) for place in zip(*row, strict=True)]
            for row in zip(*views, strict=True)
        ]
        return self.window.result([[[neuron(place) for place in row] for row in places] for neuron in self.filters])

    def __repr__(self) -> str:
        bias = "" if self.filters[0].b is not None else ", bias=False"
        return f"{type(self).__name__}({self.channels}, {len(self.filters)}, {self.window.text()}{bias})"


class Conv1d(Conv2d):
    """A convolution over signals: that over images one row high.

    The arguments are those of `Conv2d`, but size, stride and padding are single ints.

    Example:
        >>> difference = Conv1d(1, 1, 2, stride=2, bias=False)
        >>> difference.load_state_dict({"filter0.w0": -1.0, "filter0.w1": 1.0})
        >>> [out.data for out in difference([[1.0, 3.0, 10.0, 15.0]])[0]]
        [2.0, 5.0]
    """

    _dimensions = 1


class _Pool(Module):
    """What makes one number of each window, in each channel by itself."""

    _dimensions = 2
    _outside: float | None = None  # what a window finds beyond the edge

    def __init__(self, size: int | Pair, *, stride: int | Pair | None = None, padding: int | Pair = 0) -> None:
        stride = size if stride is None else stride
        self.window = Window(size, stride=stride, padding=padding, dimensions=self._dimensions)
        if any(over >= length for over, length in zip(self.window.padding, self.window.size, strict=True) if over):
            raise InputError(
                f"padding = {padding!r} is not less than size = {size!r}: some windows lie outside; lower it"
            )

    def forward(self, x: Any) -> list[Any]:
        """Returns an image (of a layer called 1d a signal) with as many channels as x.

        Args:
            x: channels of equal height and width (length), at least one; Values or numbers.
        Raises:
            ShapeError: rows that are not alike, or smaller than the window.
            InputError: x is not nested like that.
            OperandError: an element of x is not a number.
        """
        planes = self.window.planes(x, self.scope)
        views = [self.window.over(plane, self.scope, outside=self._outside) for plane in planes]
        return self.window.result([[[self._pooled(place) for place in row] for row in view] for view in views])

    def _pooled(self, place: list[Any]) -> Value:
        raise NotImplementedError

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.window.text(stride=self.window.size)})"


class MaxPool2d(_Pool):
    """The largest number of each window, in each channel by itself.

    Equal largest numbers share the derivative, as of `maximum`: of four each gets a quarter.

    Args:
        size: the window's height and width, each at least 1; an int for both.
        stride: how far the window moves at a time, at least 1; an int for both. None is the window's size.
        padding: by how much the window reaches over the edge on each side, less than its size; an int for both. Only
            numbers inside count.
    Raises:
        InputError: a size, stride or padding outside what is said above.
        ShapeError: one of them has other than two numbers.
    Example:
        >>> [[out.data for out in row] for row in MaxPool2d(2)([[[1.0, 2.0, 5.0, 6.0], [3.0, 4.0, 7.0, 8.0]]])[0]]
        [[4.0, 8.0]]
    """

    def _pooled(self, place: list[Any]) -> Value:
        rest = [as_value(number) for number in place if number is not None]
        while len(rest) > 1:  # in pairs, and pairs of pairs, so that equal numbers have equal shares
            last = rest[-1:] if len(rest) % 2 else []
            rest = [a.maximum(b) for a, b in zip(rest[::2], rest[1::2], strict=False)] + last
        return rest[0]


class MaxPool1d(MaxPool2d):
    """The largest number of each window of a signal; the arguments of `MaxPool2d`, as single ints.

    Example:
        >>> [out.data for out in MaxPool1d(2)([[1.0, 2.0, 4.0, 3.0]])[0]]
        [2.0, 4.0]
    """

    _dimensions = 1


class AvgPool2d(_Pool):
    """The mean of each window, in each channel by itself.

    Args:
        size: the window's height and width, each at least 1; an int for both.
        stride: as for `MaxPool2d`.
        padding: likewise; beyond the edge are zeros, which count.
    Raises:
        InputError: a size, stride or padding outside what is said above.
        ShapeError: one of them has other than two numbers.
    Example:
        >>> [[out.data for out in row] for row in AvgPool2d(2)([[[1.0, 2.0, 5.0, 6.0], [3.0, 4.0, 7.0, 8.0]]])[0]]
        [[2.5, 6.5]]
    """

    _outside = 0.0

    def _pooled(self, place: list[Any]) -> Value:
        return sum(place[1:], as_value(place[0])) / len(place)


class AvgPool1d(AvgPool2d):
    """The mean of each window of a signal; the arguments of `AvgPool2d`, as single ints.

    Example:
        >>> [out.data for out in AvgPool1d(2)([[1.0, 2.0, 4.0, 3.0]])[0]]
        [1.5, 3.5]
    """

    _dimensions = 1
