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

import numpy as np

from .indexing import Indices

__all__ = ["Grid", "arranged", "find_grids"]

_FILLED = 0.3  # of a rectangle must be wanted, else computing all of it is no gain
_STACKS = 4  # more rectangles of different sizes than this are no structure

Row = tuple[int, ...]


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
    numbers: dict[tuple[int, Row], int] = {}
    ids = [
        (numbers.setdefault((0, left), len(numbers)), numbers.setdefault((1, right), len(numbers)))
        for left, right in pairs
    ]
    roots = _components(len(numbers), ids)
    rows = [row for _, row in numbers]
    parts: dict[int, tuple[dict[int, int], dict[int, int], list[tuple[int, int, int]]]] = {}
    for output, (a, b) in enumerate(ids):
        left, right, cells = parts.setdefault(roots[a], ({}, {}, []))
        cells.append((output, left.setdefault(a, len(left)), right.setdefault(b, len(right))))
    stacks: dict[tuple[int, int, int], list[int]] = {}
    for root, (left, right, cells) in parts.items():
        if len(cells) < _FILLED * len(left) * len(right):
            return None
        stacks.setdefault((len(left), len(right), len(rows[next(iter(left))])), []).append(root)
    if len(stacks) > _STACKS:
        return None
    grids = []
    for (height, width, _), members in stacks.items():
        outputs, places = [], []
        for g, root in enumerate(members):
            for output, i, j in parts[root][2]:
                outputs.append(output)
                places.append((g * height + i) * width + j)
        grids.append(
            Grid(
                np.array([[rows[a] for a in parts[root][0]] for root in members], dtype=np.intp),
                np.array([[rows[b] for b in parts[root][1]] for root in members], dtype=np.intp),
                np.array(outputs, dtype=np.intp),
                np.array(places, dtype=np.intp),
            )
        )
    return grids


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
