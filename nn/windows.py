"""Windows: what convolution and pooling look through, from place to place over an image.

    >>> window = Window(2, stride=1, padding=0)
    >>> window.over([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], "pool")
    [[[1.0, 2.0, 4.0, 5.0], [2.0, 3.0, 5.0, 6.0]]]

A signal is an image one row high, so that there is one way to slide.
"""

from __future__ import annotations

from typing import Any

from autograd_lite import ShapeError

from .inputs import is_sequence, numbers, sequence, whole

__all__ = ["Pair", "Plane", "Window"]

Pair = tuple[int, int]
"""A height and a width."""

Plane = list[list[Any]]
"""One channel of an image: rows of Values and numbers."""


class Window:
    """How large a window is, how far it moves at a time, and by how much it reaches over the edge.

    Args:
        size: its height and width, each at least 1; an int for both.
        stride: down and across, each at least 1; an int for both.
        padding: above and below, and left and right, each at least 0; an int for both.
        dimensions: 2 for images; 1 for signals, where size, stride and padding are ints.
    Raises:
        InputError: a size, stride or padding is not a whole number, or too small.
        ShapeError: other than two of them.
    """

    def __init__(self, size: int | Pair, *, stride: int | Pair, padding: int | Pair, dimensions: int = 2) -> None:
        self.dimensions = dimensions
        self.size = _pair("size", size, dimensions)
        self.stride = _pair("stride", stride, dimensions)
        self.padding = _pair("padding", padding, dimensions, minimum=0)

    def planes(self, x: Any, owner: str, *, channels: int | None = None) -> list[Plane]:
        """Returns an image, checked, as a plane for each channel; of a signal, each one row high.

        Args:
            x: channels x height x width Values or numbers, nested; of a signal channels x length.
            owner: who wants it, for the message.
            channels: how many are wanted; None for any number but 0.
        Raises:
            ShapeError: another number of channels, or rows that differ in length or number.
            InputError: not nested like that.
            OperandError: an element is not a number; the message gives its position.
        """
        shape = "channels x height x width" if self.dimensions == 2 else "channels x length"
        outer = sequence(f"the input of {owner} ({shape})", x)
        if len(outer) != channels if channels else not outer:
            raise ShapeError(
                f"{owner} takes {channels or 'at least 1'} channel(s), got {len(outer)}; give it {shape} numbers, "
                "nested; Reshape makes that of a row"
            )
        planes = []
        for c, channel in enumerate(outer):
            where = f"channel {c} of the input of {owner} ({shape})"
            planes.append(self._plane(channel, where))
            lengths, first = ([*map(len, plane)] for plane in (planes[c], planes[0]))
            if not any(lengths):
                raise ShapeError(f"{where} has no numbers; give it at least one")
            if lengths != [first[0]] * len(first):
                raise ShapeError(
                    f"{where} has rows of {lengths!s:.60} numbers, channel 0 of {first!s:.60}; "
                    "make all rows and channels alike"
                )
        return planes

    def _plane(self, channel: Any, where: str) -> Plane:
        if self.dimensions == 1:
            return [numbers(where, channel)]
        return [numbers(f"row {i} of {where}", row) for i, row in enumerate(sequence(where, channel))]

    def over(self, plane: Plane, owner: str, *, outside: Any = 0.0) -> list[list[list[Any]]]:
        """Returns what the window holds at each of its places: rows of columns of lists, row after row.

        Args:
            plane: rows of equal length.
            owner: who looks through it, for the message.
            outside: what is to be seen beyond the edge.
        Raises:
            ShapeError: the window is larger than the plane with its padding.
        """
        (height, width), (down, across), (above, left) = self.size, self.stride, self.padding
        sides = [outside] * left
        rows = [[*sides, *row, *sides] for row in plane]
        edge = [[outside] * len(rows[0])] * above
        rows = [*edge, *rows, *edge]
        if len(rows) < height or len(rows[0]) < width:
            seen = f"{len(rows)} x {len(rows[0])}" if self.dimensions == 2 else str(len(rows[0]))
            raise ShapeError(
                f"{owner} slides a window of {self._text(self.size, ' x ')} over {seen} numbers, padding included; "
                "give it a larger input, a smaller window or more padding"
            )
        return [
            [
                [number for row in rows[i : i + height] for number in row[j : j + width]]
                for j in range(0, len(rows[0]) - width + 1, across)
            ]
            for i in range(0, len(rows) - height + 1, down)
        ]

    def result(self, planes: list[Plane]) -> list[Any]:
        """Returns what was made of the planes: an image as it is, of a signal the only row of each."""
        return planes if self.dimensions == 2 else [plane[0] for plane in planes]

    def text(self, *, stride: Pair = (1, 1)) -> str:
        """Returns what a layer was given, "3, stride=2", without a stride that it would have had anyway."""
        said = [self._text(self.size)]
        said += [f"stride={self._text(self.stride)}"] if self.stride != stride else []
        return ", ".join(said + ([f"padding={self._text(self.padding)}"] if any(self.padding) else []))

    def _text(self, pair: Pair, sign: str = "") -> str:
        if sign and self.dimensions == 2:
            return sign.join(map(str, pair))
        return str(pair[1] if self.dimensions == 1 or pair[0] == pair[1] else pair)


def _pair(name: str, thing: Any, dimensions: int, *, minimum: int = 1) -> Pair:
    """Returns a height and a width: those given, or one number for both; of a signal, the height is `minimum`."""
    if not is_sequence(thing) or dimensions == 1:
        width = whole(name, thing, minimum=minimum)
        return (width, width) if dimensions == 2 else (minimum, width)
    pair = [whole(f"{name}[{i}]", each, minimum=minimum) for i, each in enumerate(thing)]
    if len(pair) != 2:
        raise ShapeError(f"{name} = {thing!r:.60} has {len(pair)} numbers; give a height and a width, or one for both")
    return pair[0], pair[1]
