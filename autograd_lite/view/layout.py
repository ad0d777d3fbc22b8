"""Where things go: a layered layout, operands left of their consumers, in the standard library only.

    1. ranks         longest path from the left; leaves move right, next to their first consumer
    2. dummies       an edge across several ranks gets a small stand-in in each, shared by edges of one source
    3. order         barycentre sweeps: each thing goes to the mean position of its neighbours; the best order is kept
    4. coordinates   each thing as near to its neighbours as its column allows (isotonic regression)

Source: K. Sugiyama, S. Tagawa, M. Toda, "Methods for visual understanding of hierarchical system structures", IEEE
Transactions on Systems, Man, and Cybernetics 11(2), 1981.
"""

from __future__ import annotations

import operator
from bisect import bisect_right, insort
from collections import Counter, deque
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from typing import NamedTuple

__all__ = ["Link", "Placement", "arrange"]

_SWEEPS = 8
_DUMMIES = 20_000  # beyond this many, long edges go straight
_GAP_Y = 14.0
_GAP_DUMMY = 7.0
_STRAIGHT = (1.0, 2.0, 8.0)  # how much a segment with 0, 1 or 2 stand-ins wants to be level (as in Graphviz's dot)

_NONE = (0.0, 0.0)  # the size of a stand-in

Key = Hashable


class Link(NamedTuple):
    """An edge between two things: where it leaves the one and enters the other, measured from their middle."""

    source: Key
    target: Key
    leaves: float = 0.0
    enters: float = 0.0


@dataclass
class Placement:
    """Where everything is: middles of the things, ways of the links, and the room they take."""

    width: float = 0.0
    height: float = 0.0
    middles: dict[Key, tuple[float, float]] = field(default_factory=dict)
    ways: list[list[tuple[float, float]]] = field(default_factory=list)


def arrange(
    sizes: Mapping[Key, tuple[float, float]],
    links: Sequence[Link],
    *,
    entries: Iterable[Key] = (),
    exits: Iterable[Key] = (),
    gap: float = 70.0,
) -> Placement:
    """Places things of given sizes so that links run from left to right.

    Args:
        sizes: width and height of each, in the order in which equals are stacked.
        links: what leads to what; cycles are allowed, the closing link then runs backwards.
        entries: things that must be leftmost.
        exits: things that must be rightmost.
        gap: room between columns.
    Returns:
        The placement; its ways are for the links in their order, the points between the two ends.
    Example:
        >>> arrange({"x": (40, 20), "y": (40, 20)}, [Link("x", "y")]).middles
        {'x': (20.0, 10.0), 'y': (130.0, 10.0)}
    """
    rank = _ranks(sizes, links, set(entries), set(exits))
    columns, segments, via = _dummies(sizes, links, rank)
    _order(columns, segments)
    y = _coordinates(columns, segments, sizes)
    sources = {link.source for link in links} - {link.target for link in links}
    middles, spans = _across(columns, sizes, sources, gap)
    top = min((y[key] - sizes.get(key, _NONE)[1] / 2 for key in y), default=0.0)
    bottom = max((y[key] + sizes.get(key, _NONE)[1] / 2 for key in y), default=0.0)
    return Placement(
        width=max((right for _, right in spans.values()), default=0.0),
        height=bottom - top,
        middles={key: (middles[key], y[key] - top) for key in sizes},
        ways=[[(side, y[stop] - top) for stop in stops for side in spans[stop]] for stops in via],
    )


def _ranks(sizes: Mapping[Key, object], links: Sequence[Link], entries: set[Key], exits: set[Key]) -> dict[Key, int]:
    """Returns each thing's column: one more than its furthest operand's."""
    waiting = dict.fromkeys(sizes, 0)
    users: dict[Key, list[Key]] = {key: [] for key in sizes}
    operands: dict[Key, list[Key]] = {key: [] for key in sizes}
    for link in links:
        if link.source != link.target:
            users[link.source].append(link.target)
            operands[link.target].append(link.source)
            waiting[link.target] += 1
    rank: dict[Key, int] = {}
    ready = deque(key for key, count in waiting.items() if not count)
    left = deque(sizes)
    while len(rank) < len(sizes):
        while not ready:  # a cycle: cut it at the first thing that still waits
            if left[0] not in rank:
                ready.append(left[0])
            else:
                left.popleft()
        key = ready.popleft()
        if key in rank:
            continue
        first = 1 if entries and key not in entries else 0
        rank[key] = max([first, *(rank[o] + 1 for o in operands[key] if o in rank)])
        for user in users[key]:
            waiting[user] -= 1
            if not waiting[user] and user not in rank:
                ready.append(user)
    for key in reversed(list(rank)):
        if not operands[key] and users[key] and key not in entries:
            rank[key] = max(rank[key], min(rank[user] for user in users[key]) - 1)
    after = max((r + 1 for key, r in rank.items() if key not in exits), default=0)
    return {key: after if key in exits else r for key, r in rank.items()}


Segment = tuple[Key, Key, float, float]  # from, to, port at either end; between neighbouring columns


def _dummies(
    sizes: Mapping[Key, object], links: Sequence[Link], rank: Mapping[Key, int]
) -> tuple[list[list[Key]], list[list[Segment]], list[list[Key]]]:
    """Fills the columns, cuts links into segments between neighbours, and lists each link's stand-ins."""
    count = max(rank.values(), default=-1) + 1
    columns: list[list[Key]] = [[] for _ in range(count)]
    for key in sizes:
        columns[rank[key]].append(key)
    segments: list[dict[Segment, None]] = [{} for _ in range(count)]
    via: list[list[Key]] = []
    chains: dict[tuple[Key, float], list[Key]] = {}  # each source's stand-ins, one a column
    made = 0
    for link in links:
        start, end = rank[link.source], rank[link.target]
        chain = chains.setdefault((link.source, link.leaves), [])
        if start >= end or (end > start + 1 and made > _DUMMIES):
            via.append([])
            continue
        for r in range(start + 1 + len(chain), end):
            dummy = ("dummy", link.source, link.leaves, r)
            before = chain[-1] if chain else link.source
            segments[r - 1][(before, dummy, 0.0 if chain else link.leaves, 0.0)] = None
            columns[r].append(dummy)
            chain.append(dummy)
            made += 1
        way = chain[: end - start - 1]
        segments[end - 1][(way[-1] if way else link.source, link.target, 0.0 if way else link.leaves, link.enters)] = (
            None
        )
        via.append(way)
    return columns, [list(found) for found in segments], via


def _order(columns: list[list[Key]], segments: list[list[Segment]]) -> None:
    """Sorts each column by the mean position of its neighbours, to and fro; keeps the order with fewest crossings."""
    best, fewest = [list(column) for column in columns], _crossings(columns, segments)
    for sweep in range(_SWEEPS):
        if not fewest:
            break
        forward = sweep % 2 == 0
        for c in range(1, len(columns)) if forward else range(len(columns) - 2, -1, -1):
            fixed = {key: i for i, key in enumerate(columns[c - 1 if forward else c + 1])}
            near: dict[Key, list[float]] = {}
            for a, b, port_a, port_b in segments[c - 1 if forward else c]:
                moving, other, port, shift = (b, a, port_a, port_b) if forward else (a, b, port_b, port_a)
                near.setdefault(moving, []).append(fixed[other] + port / 1e4 - shift / 1e4)
            place = {key: _total(v) / len(v) for key, v in near.items()}
            own = {key: i for i, key in enumerate(columns[c])}
            columns[c] = _sorted_around(columns[c], place, own)
        crossings = _crossings(columns, segments)
        if crossings < fewest:
            best, fewest = [list(column) for column in columns], crossings
    columns[:] = best


def _sorted_around(column: Sequence[Key], place: Mapping[Key, float], own: Mapping[Key, int]) -> list[Key]:
    """Sorts what has a place; what has none stays next to whoever was before it."""
    last = -1.0
    keyed = []
    for key in column:
        last = place.get(key, last)
        keyed.append((last, own[key], key))
    return [key for *_, key in sorted(keyed, key=lambda entry: entry[:2])]


def _crossings(columns: Sequence[Sequence[Key]], segments: Sequence[Sequence[Segment]]) -> int:
    crossings = 0
    for c, found in enumerate(segments[:-1]):
        left = {key: i for i, key in enumerate(columns[c])}
        right = {key: i for i, key in enumerate(columns[c + 1])}
        ends = sorted((left[a], port_a, right[b], port_b) for a, b, port_a, port_b in found)
        seen: list[tuple[int, float]] = []
        for *_, b, port_b in ends:
            crossings += len(seen) - bisect_right(seen, (b, port_b))
            insort(seen, (b, port_b))
    return crossings


def _coordinates(
    columns: Sequence[Sequence[Key]], segments: Sequence[Sequence[Segment]], sizes: Mapping[Key, tuple[float, float]]
) -> dict[Key, float]:
    """Returns each thing's height on the page: near its neighbours, in order, none overlapping."""
    y: dict[Key, float] = {}
    ends = Counter(end for found in segments for a, b, *_ in found for end in (a, b))
    light = {key for key, count in ends.items() if count == 1}  # it follows its one neighbour rather than pulls it
    for column in columns:
        offsets = _offsets(column, sizes)
        for key, offset in zip(column, offsets, strict=True):
            y[key] = offset - offsets[-1] / 2
    for sweep in range(2 * _SWEEPS):
        forward = sweep % 2 == 0
        for c in range(len(columns)) if forward else range(len(columns) - 1, -1, -1):
            wanted: dict[Key, list[tuple[float, float]]] = {key: [] for key in columns[c]}
            both = sweep >= _SWEEPS
            for a, b, port_a, port_b in segments[c - 1] if c and (forward or both) else ():
                wanted[b].append(
                    (
                        y[a] + port_a - port_b,
                        _STRAIGHT[(a not in sizes) + (b not in sizes)] * (0.2 if a in light else 1),
                    )
                )
            for a, b, port_a, port_b in segments[c] if not forward or both else ():
                wanted[a].append((y[b] + port_b - port_a, _STRAIGHT[(a not in sizes) + (b not in sizes)]))
            column = columns[c]
            pulls = [wanted[key] or [(y[key], 0.05)] for key in column]
            weights = [_total(w for _, w in pull) for pull in pulls]
            targets = [_total(v * w for v, w in pull) / weight for pull, weight in zip(pulls, weights, strict=True)]
            offsets = _offsets(column, sizes)
            level = _isotonic([t - o for t, o in zip(targets, offsets, strict=True)], weights)
            for key, value, offset in zip(column, level, offsets, strict=True):
                y[key] = value + offset
    return y


def _offsets(column: Sequence[Key], sizes: Mapping[Key, tuple[float, float]]) -> list[float]:
    """Returns how far below the first thing each must be at least."""
    offsets: list[float] = []
    for above, key in zip([None, *column], column, strict=False):
        if above is None:
            offsets.append(0.0)
            continue
        dummies = (above not in sizes) + (key not in sizes)
        gap = (_GAP_Y, _GAP_Y, _GAP_DUMMY)[dummies]
        offsets.append(offsets[-1] + (sizes.get(above, _NONE)[1] + sizes.get(key, _NONE)[1]) / 2 + gap)
    return offsets or [0.0]


def _isotonic(targets: Sequence[float], weights: Sequence[float]) -> list[float]:
    """Returns the non-decreasing sequence nearest to the targets (pool adjacent violators)."""
    pools: list[tuple[float, float, int]] = []
    for target, weight in zip(targets, weights, strict=True):
        mean, heft, count = target, weight, 1
        while pools and pools[-1][0] > mean:
            other, more, members = pools.pop()
            mean = (mean * heft + other * more) / (heft + more)
            heft, count = heft + more, count + members
        pools.append((mean, heft, count))
    return [mean for mean, _, count in pools for _ in range(count)]


def _total(numbers: Iterable[float]) -> float:
    """Adds up from left to right. Since Python 3.12 `sum` compensates, and a picture would differ by version."""
    return reduce(operator.add, numbers, 0.0)


def _across(
    columns: Sequence[Sequence[Key]], sizes: Mapping[Key, tuple[float, float]], sources: set[Key], gap: float
) -> tuple[dict[Key, float], dict[Key, tuple[float, float]]]:
    """Returns each thing's middle from left to right, and where its column begins and ends."""
    middles: dict[Key, float] = {}
    spans: dict[Key, tuple[float, float]] = {}
    x = 0.0
    for column in columns:
        width = max((sizes.get(key, _NONE)[0] for key in column), default=0.0)
        for key in column:
            own = sizes.get(key, _NONE)[0]
            beside = key in sources and own < width / 2  # next to its consumer, not in the middle of a wide column
            middles[key] = x + width - own / 2 if beside else x + width / 2
            spans[key] = (x, x + width)
        x += width + gap
    return middles, spans
