"""Sums of products as source: which matrix product a contraction is, with as few reshapes as it needs.

A contraction is written in the manner of einsum, "bik,jk->bij". What decides is of which sort each letter is:

    stack      in both operands and in the result: one product each
    summed     in both operands only
    rows       in the left operand and the result
    columns    in the right operand and the result
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from .shapes import tuple_text

__all__ = ["contraction"]


def contraction(  # noqa: PLR0917  # two operands, each with its letters
    first: str, second: str, out: str, left: str, right: str, sizes: dict[str, str]
) -> str:
    """Returns the source of a sum of products as a matrix product, with as few reshapes as it needs.

    Args:
        first: the letters of the left operand's axes.
        second: those of the right one's.
        out: those of the result.
        left: the left operand's source.
        right: the right one's.
        sizes: the length of each axis, as source.
    Example:
        >>> contraction("bk", "jk", "bj", "x", "W", {"b": "batch", "k": "3", "j": "2"})
        'dot(x, W.T)'
    """
    stack = [c for c in out if c in first and c in second]
    summed = [c for c in first if c in second and c not in out]
    rows = [c for c in out if c in first and c not in second]
    columns = [c for c in out if c in second and c not in first]
    if not summed:
        return f"{_widened(left, first, out, sizes)} * {_widened(right, second, out, sizes)}"
    if not rows and not columns:
        if not stack:
            return f"dot({_flat(left, first, summed, sizes)}, {_flat(right, second, summed, sizes)})"
        return f"einsum('{first},{second}->{out}', {left}, {right})"
    turned = out == "".join([*stack, *columns, *rows]) and rows and columns
    # A.T @ B as (B.T @ A).T: BLAS likes the longer side of the result first
    upright = all(letters.startswith("".join(summed)) for letters in (first, second))
    if turned or (not stack and upright and _longer_columns(rows, columns, sizes)):
        first, second, left, right, rows, columns = second, first, right, left, columns, rows
    a = _arranged(left, first, [stack, rows, summed], sizes)
    b = _arranged(right, second, [stack, summed, columns], sizes)
    order = [*stack, *rows, *columns]
    if stack and not rows:
        text = f"matmul({a}[..., None, :], {b})[..., 0, :]"
    elif stack and not columns:
        text = f"matmul({a}, {b}[..., None])[..., 0]"
    else:
        text = f"{'matmul' if stack else 'dot'}({a}, {b})"
    merged = len(rows) > 1 or len(columns) > 1
    if merged:
        text += f".reshape({tuple_text([sizes[c] for c in order])})"
    if "".join(order) != out:
        text += f".transpose({', '.join(str(order.index(c)) for c in out)})"
    return text


def _longer_columns(rows: list[str], columns: list[str], sizes: dict[str, str]) -> bool:
    """Says whether a product has more columns than rows, neither being the batch's."""
    if not rows or not columns or "b" in rows or "b" in columns:
        return False
    return math.prod(int(sizes[c]) for c in rows) < math.prod(int(sizes[c]) for c in columns)


def _flat(x: str, letters: str, order: Sequence[str], sizes: dict[str, str]) -> str:
    return _arranged(x, letters, [list(order)], sizes)


def _arranged(x: str, letters: str, groups: Sequence[Sequence[str]], sizes: dict[str, str]) -> str:
    """Returns the source of an operand whose axes are put into groups, all of a group but the first's in one axis."""
    order = [c for group in groups for c in group]
    text = x
    if len(groups) == 3:
        stack, second, third = groups
        swapped = [*stack, *third, *second]
        if "".join(swapped) == letters and "".join(order) != letters and second and third:
            if len(second) > 1 or len(third) > 1:
                parts = [*(sizes[c] for c in stack), _product(third, sizes), _product(second, sizes)]
                text += f".reshape({tuple_text(parts)})"
            return f"{text}.T" if not stack else f"{text}.swapaxes(-1, -2)"
    if "".join(order) != letters:
        text += f".transpose({', '.join(str(letters.index(c)) for c in order)})"
    merging = groups[1:] if len(groups) == 3 else groups
    if any(len(group) > 1 for group in merging):
        parts = [sizes[c] for c in groups[0]] if len(groups) == 3 else []
        parts += [_product(group, sizes) for group in merging if group]
        text += f".reshape({tuple_text(parts)})"
    return text


def _product(letters: Sequence[str], sizes: dict[str, str]) -> str:
    return " * ".join(sizes[c] for c in letters)


def _widened(x: str, letters: str, out: str, sizes: dict[str, str]) -> str:
    """Returns the source of an operand of an outer product, with axes of length 1 where the other one's are."""
    kept = [c for c in out if c in letters]
    text = x
    if "".join(kept) != letters:
        text += f".transpose({', '.join(str(letters.index(c)) for c in kept)})"
    if len(kept) == len(out):
        return text
    lead = out.index(kept[0]) if kept else len(out)
    if kept and "".join(kept) == out[lead:]:
        return text  # broadcasting adds axes in front by itself
    shape = [sizes[c] if c in letters else "1" for c in out]
    return f"{text}.reshape({tuple_text(shape)})" if out else text
