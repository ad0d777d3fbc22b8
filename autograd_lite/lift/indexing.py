"""Index maps: which elements of one array another one is made of, and in which order.

Most maps that come out of loops are regular: an offset and a stride for each loop. Such a map is a `View`, which costs
nothing (a slice, a reshape, a transposition, a broadcast); only the others are gathered element by element.

    >>> import numpy as np
    >>> strided(np.array([4, 5, 4, 5, 4, 5]))
    Strided(offset=4, shape=(3, 2), strides=(0, 1))
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Indices", "Strided", "View", "inverse", "is_whole", "part", "refine", "seen", "strided", "view"]

Indices = NDArray[np.intp]


class Strided(NamedTuple):
    """Element (i, j, ...) is element offset + i*strides[0] + j*strides[1] + ... of a flat array."""

    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


class View(NamedTuple):
    """A strided map in steps that every array library does without copying.

        x[start:stop].reshape(factors)[slices].transpose(axes), then axes of length 1 where a stride is 0

    Args:
        start: where the part that is seen begins.
        stop: where it ends.
        factors: the shape it is folded into.
        slices: for each factor, (first, last + 1); or (place, None) for one place, whose axis is dropped.
        axes: the order of the axes that are left.
        shape: of the result, with 1 where it is to be broadcast.
    """

    start: int
    stop: int
    factors: tuple[int, ...]
    slices: tuple[tuple[int, int | None], ...]
    axes: tuple[int, ...]
    shape: tuple[int, ...]


def strided(index: Indices) -> Strided | None:
    """Returns the fewest strides that give these indices, or None if none do."""
    rest = index.ravel()
    offset = int(rest[0])
    shape: list[int] = []
    strides: list[int] = []
    while rest.size > 1:
        step = int(rest[1] - rest[0])
        breaks = np.flatnonzero(np.diff(rest) != step)
        run = int(breaks[0]) + 1 if breaks.size else rest.size
        if rest.size % run:
            return None
        blocks = rest.reshape(-1, run)
        if breaks.size and not (blocks == blocks[:, :1] + step * np.arange(run)).all():
            return None
        shape.append(run)
        strides.append(step)
        rest = blocks[:, 0]
    return Strided(offset, tuple(reversed(shape)), tuple(reversed(strides)))


def refine(map_: Strided, cuts: list[int]) -> Strided | None:
    """Returns the same map with its axes split at `cuts`: how many elements lie to the right of each split.

    Args:
        map_: a strided map of n elements.
        cuts: divisors of n, ascending, from 1 up to but not including n; those of the map's own axes among them.
    Returns:
        None if a cut does not fall between whole parts of an axis.
    """
    shape: list[int] = []
    strides: list[int] = []
    right = 1
    pending = sorted(set(cuts) - {1})
    for size, step in zip(reversed(map_.shape), reversed(map_.strides), strict=True):
        left = right * size
        inner = [cut for cut in pending if right < cut < left]
        for low, high in zip([right, *inner], [*inner, left], strict=True):
            if high % low:
                return None
            shape.append(high // low)
            strides.append(step * (low // right))
        right = left
    return Strided(map_.offset, tuple(reversed(shape)), tuple(reversed(strides)))


def view(map_: Strided, size: int) -> View | None:
    """Returns how to see a strided map of an array of `size` elements, or None if it needs a gather.

    It can be seen when its strides, the zeros aside, fit into one another like the places of a number system.
    """
    shown = tuple(1 if step == 0 else n for n, step in zip(map_.shape, map_.strides, strict=True))
    axes = [i for i, step in enumerate(map_.strides) if step]
    if any(map_.strides[i] < 0 for i in axes):
        return None
    nested = sorted(axes, key=lambda i: -map_.strides[i])
    if not nested:
        return View(map_.offset, map_.offset + 1, (), (), (), shown)
    widest = map_.strides[nested[0]]
    start = map_.offset - map_.offset % widest if size % widest == 0 else map_.offset
    rest = map_.offset - start
    rows = map_.shape[nested[0]]
    if start + rows * widest > size:
        return None
    factors, slices = [rows], [(0, rows)]
    unit = widest
    for i in nested[1:]:
        step, count = map_.strides[i], map_.shape[i]
        if unit % step:
            return None
        first, rest = divmod(rest, step)
        if first + count > unit // step:
            return None
        factors.append(unit // step)
        slices.append((first, first + count))
        unit = step
    cut: list[tuple[int, int | None]] = list(slices)
    if unit > 1:
        factors.append(unit)
        cut.append((rest, None))
    order = tuple(nested.index(i) for i in axes)
    return View(start, start + rows * widest, tuple(factors), tuple(cut), order, shown)


def inverse(index: Indices, size: int) -> Indices | None:
    """Returns the map back, -1 where nothing came from, or None if an element was used twice.

    Args:
        index: places in an array; -1 stands for none.
        size: how many elements that array has.
    """
    used = index >= 0
    back = np.full(size, -1, dtype=np.intp)
    back[index[used]] = np.flatnonzero(used)
    return back if np.count_nonzero(back >= 0) == np.count_nonzero(used) else None


def part(start: int, size: int) -> View:
    """Returns the view of `size` elements in a row."""
    return View(start, start + size, (size,), ((0, size),), (0,), (size,))


def is_whole(place: View, size: int) -> bool:
    """Says whether a view is a flat array of that size as it stands."""
    return (place.start, place.stop, place.factors, place.shape) == (0, size, (size,), (size,))


def seen(array: NDArray[Any], place: View) -> NDArray[Any]:
    """Returns what a view sees of a flat NumPy array: the array's own memory, so it can be written to.

    Example:
        >>> seen(np.arange(6), View(0, 6, (2, 3), ((0, 2), (1, 3)), (1, 0), (2, 2))).tolist()
        [[1, 4], [2, 5]]
    """
    folded = array[place.start : place.stop].reshape(place.factors or (1,))
    if not place.factors:
        return folded.reshape(place.shape)
    cuts = tuple(first if last is None else slice(first, last) for first, last in place.slices)
    return folded[cuts].transpose(place.axes).reshape(place.shape)
