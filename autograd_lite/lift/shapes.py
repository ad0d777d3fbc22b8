"""Shapes, axes and views as source, in words that every array library knows: `(batch, 3)`, `x[:, 2:8].reshape(...)`."""

from __future__ import annotations

from collections.abc import Sequence

from .indexing import View

__all__ = ["axes_text", "shape_text", "tuple_text", "view_text"]


def tuple_text(parts: Sequence[str]) -> str:
    """Returns the source of a tuple.

    Example:
        >>> tuple_text(["batch", "3"]), tuple_text(["3"])
        ('(batch, 3)', '(3,)')
    """
    return f"({', '.join(parts)}{',' * (len(parts) == 1)})"


def shape_text(shape: Sequence[int], *, batched: bool) -> str:
    """Returns the source of a shape; the length of the batch axis is called `batch`.

    Example:
        >>> shape_text((2, 3), batched=True)
        '(batch, 2, 3)'
    """
    return tuple_text([*(["batch"] if batched else []), *map(str, shape)])


def axes_text(axes: Sequence[int], *, batched: bool, batch: bool = False) -> str:
    """Returns the source of an `axis` argument.

    Args:
        axes: of an array, the batch aside.
        batched: whether the array has a batch axis in front, which shifts the others.
        batch: whether the batch axis is meant too.
    Example:
        >>> axes_text((0,), batched=True), axes_text((0,), batched=True, batch=True)
        ('1', '(0, 1)')
    """
    numbers = [*([0] if batch else []), *(axis + batched for axis in axes)]
    return str(numbers[0]) if len(numbers) == 1 else str(tuple(numbers))


def view_text(seen: View, x: str, size: int, *, batched: bool) -> str:
    """Returns the source of a view, leaving out steps that do nothing.

    Args:
        seen: the view.
        x: the flat array's source.
        size: the flat array's length.
        batched: whether the array has a batch axis in front.
    Example:
        >>> from .indexing import part
        >>> view_text(part(2, 6), "x", 8, batched=False), view_text(part(0, 8), "x", 8, batched=False)
        ('x[2:8]', 'x')
    """
    lead = ":, " if batched else ""
    text = x
    if (seen.start, seen.stop) != (0, size):
        text += f"[{lead}{seen.start}:{seen.stop}]"
    if len(seen.factors) > 1:
        text += f".reshape{shape_text(seen.factors, batched=batched)}"
    cuts = [
        str(first) if last is None else ":" if (first, last) == (0, count) else f"{first}:{last}"
        for count, (first, last) in zip(seen.factors, seen.slices, strict=True)
    ]
    if any(cut != ":" for cut in cuts):
        while cuts[-1] == ":":
            cuts.pop()
        text += f"[{lead}{', '.join(cuts)}]"
    if seen.axes != tuple(sorted(seen.axes)):
        axes = [*([0] if batched else []), *(axis + batched for axis in seen.axes)]
        text += f".transpose({', '.join(map(str, axes))})"
    left = [last - first for first, last in seen.slices if last is not None]
    ordered = tuple(left[axis] for axis in seen.axes) if seen.factors else (1,)
    if ordered != seen.shape:
        text += f".reshape({shape_text(seen.shape, batched=batched)})"
    return text
