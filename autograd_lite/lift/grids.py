"""Sums of products that are matrix products.

Output o is the sum over k of p[o, k]*q[o, k]. When many outputs share their row of p's and others their row of q's, and
the pairs of rows fill a rectangle, all of them together are one matrix product, each row being written down once:

    out[i, j] = sum over k of P[i, k]*Q[j, k]

Rows that never meet fall into separate rectangles (the heads of attention), which are stacked where they are alike.
Rectangles may have gaps (causal scores), and rows may be beginnings of longer ones (causal weighted means), filled up
with zeros.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from .indexing import Indices

__all__ = ["Grid", "arranged", "find_grids"]

_FILLED = 0.3  # of a rectangle must be wanted, else computing all of it is no gain
_STACKS = 4  # more rectangles of different sizes than this are no structure

Row = tuple[int, ...]
"""Lines, one a term."""


@dataclass
class Grid:
    """A stack of rectangles: out[g, i, j] = sum over k of left[g, i, k]*right[g, j, k].

    Args:
        left: the lines in each row, shape (stack, rows, terms); -1 is a zero.
        right: likewise; shape (stack, columns, terms).
        outputs: which outputs it gives, by their position.
        places: where in the flat (stack, rows, columns) result each of them is.
    """

    left: Indices
    right: Indices
    outputs: Indices
    places: Indices


def arranged(grid: Grid, rank: Indices) -> Grid:
    """Returns the grid with its rows, columns and rectangles in the order of what they are made of.

    Args:
        grid: a grid.
        rank: for each line, where it stands.
    """
    height, width = grid.left.shape[1], grid.right.shape[1]
    rows, columns = rank[grid.left[:, :, 0]], rank[grid.right[:, :, 0]]
    by_row, by_column = rows.argsort(axis=1, kind="stable"), columns.argsort(axis=1, kind="stable")
    by_stack = np.lexsort((columns.min(axis=1), rows.min(axis=1)))
    g, cell = np.divmod(grid.places, height * width)
    i, j = np.divmod(cell, width)
    new_g, new_i, new_j = by_stack.argsort()[g], by_row.argsort(axis=1)[g, i], by_column.argsort(axis=1)[g, j]
    return Grid(
        np.take_along_axis(grid.left, by_row[:, :, None], axis=1)[by_stack],
        np.take_along_axis(grid.right, by_column[:, :, None], axis=1)[by_stack],
        grid.outputs,
        (new_g * height + new_i) * width + new_j,
    )


def find_grids(pairs: Sequence[tuple[Row, Row]]) -> list[Grid] | None:
    """Returns the grids that together give every output, or None if the rows have no such structure.

    Args:
        pairs: for each output, the lines of its left factors and of its right factors, term by term.
    """
    if len({len(left) for left, _ in pairs}) > 1:
        filled = _filled(pairs)
        if filled is None:
            return None
        pairs = filled
    stacks: dict[tuple[int, int, int], list[_Rectangle]] = {}
    for rectangle in _rectangles(pairs):
        left, right, cells = rectangle
        if len(cells) < _FILLED * len(left) * len(right):
            return None
        stacks.setdefault((len(left), len(right), len(left[0])), []).append(rectangle)
    return [_stacked(rectangles) for rectangles in stacks.values()] if len(stacks) <= _STACKS else None


class _Rectangle(NamedTuple):
    """Rows that meet each other: the left ones, the right ones, and for each output its number and which two it has."""

    left: list[Row]
    right: list[Row]
    cells: list[tuple[int, int, int]]


def _rectangles(pairs: Sequence[tuple[Row, Row]]) -> list[_Rectangle]:
    """Returns the rows in groups such that rows of different groups never meet."""
    numbers: dict[tuple[int, Row], int] = {}
    ids = [
        (numbers.setdefault((0, left), len(numbers)), numbers.setdefault((1, right), len(numbers)))
        for left, right in pairs
    ]
    roots = _components(len(numbers), ids)
    rows = [row for _, row in numbers]
    groups: dict[int, tuple[dict[int, int], dict[int, int], list[tuple[int, int, int]]]] = {}
    for output, (a, b) in enumerate(ids):
        left, right, cells = groups.setdefault(roots[a], ({}, {}, []))
        cells.append((output, left.setdefault(a, len(left)), right.setdefault(b, len(right))))
    return [
        _Rectangle([rows[a] for a in left], [rows[b] for b in right], cells) for left, right, cells in groups.values()
    ]


def _stacked(rectangles: Sequence[_Rectangle]) -> Grid:
    """Returns rectangles of one size as one grid."""
    height, width = len(rectangles[0].left), len(rectangles[0].right)
    cells = [(output, (g * height + i) * width + j) for g, each in enumerate(rectangles) for output, i, j in each.cells]
    outputs, places = np.array(cells, dtype=np.intp).T
    return Grid(
        np.array([each.left for each in rectangles], dtype=np.intp),
        np.array([each.right for each in rectangles], dtype=np.intp),
        outputs,
        places,
    )


def _components(count: int, edges: Sequence[tuple[int, int]]) -> list[int]:
    """Returns for each of `count` nodes a representative of all that edges join it to."""
    parent = list(range(count))

    def root(node: int) -> int:
        while parent[node] != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    for a, b in edges:
        parent[root(b)] = root(a)
    return [root(node) for node in range(count)]


def _filled(pairs: Sequence[tuple[Row, Row]]) -> list[tuple[Row, Row]] | None:
    """Returns rows of equal length where some were beginnings of others: -1 stands for a zero on the other side."""
    for side in (1, 0):
        longest = _extensions({pair[side] for pair in pairs})
        full = [longest[pair[side]] for pair in pairs]
        if len(set(full)) < len({pair[side] for pair in pairs}):
            others = [
                pair[1 - side] + (-1,) * (len(row) - len(pair[1 - side])) for pair, row in zip(pairs, full, strict=True)
            ]
            return list(zip(others, full, strict=True)) if side == 1 else list(zip(full, others, strict=True))
    return None


def _extensions(rows: set[Row]) -> dict[Row, Row]:
    """Returns for each row the longest row that it is a beginning of (of several, any)."""
    children: list[dict[int, int]] = [{}]
    ends: dict[int, Row] = {}
    for row in rows:
        node = 0
        for item in row:
            step = children[node].get(item)
            if step is None:
                step = children[node][item] = len(children)
                children.append({})
            node = step
        ends[node] = row
    longest: dict[int, Row] = {}
    for node in range(len(children) - 1, -1, -1):  # a child comes after its parent
        deeper = [longest[child] for child in children[node].values() if child in longest]
        best = max(deeper, key=lambda row: (len(row), row), default=None)
        if best is None and node in ends:
            best = ends[node]
        if best is not None:
            longest[node] = best
    return {row: longest[node] for node, row in ends.items()}
