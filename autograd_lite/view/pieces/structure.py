"""The picture of hand-written code: what happens in parallel is drawn once.

A hundred samples that go through the same net are one net, in which each node stands for a hundred: "1,600 × w*x". So
the whole structure of a large computation fits into a picture, while `pieces_of` holds every single thing.

The picture has no cycle. Things that are one node have one rank in one place (see `Cones`), so that none of them
depends on another; a cone is left from its root alone, whose rank is the highest in it; and runs follow the order of
what they were cut from. Where a named piece reads what its own result made, that cannot be.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Hashable, Mapping, Sequence
from typing import NamedTuple

from autograd_lite.scopes import Scope, Scopes
from autograd_lite.tape import Tape
from autograd_lite.view.fold import ALL, Group, leaves_used_alike
from autograd_lite.view.labels import figure

from .cones import Cones
from .grove import Grove
from .titles import common_stem, heading
from .units import units_of

__all__ = ["Structure", "structure_of"]

_MOST = 24  # children of a piece
_FEW = 3  # leaves used by the same nodes: up to here each is drawn


_Node = tuple[int | None, Hashable]  # a pattern, and what is drawn as one in it


class Structure(NamedTuple):
    """What a picture of hand-written code shows.

    Args:
        scopes: the pieces, equal ones only once; their lines are not filled in.
        home: for each line the piece it is drawn in.
        groups: for each line the node it is drawn as.
        folded: the pieces drawn as one node.
        labels: for nodes of several lines, what they are called, and of how many equal things they consist.
    """

    scopes: Scopes
    home: list[int | None]
    groups: list[Group]
    folded: frozenset[int]
    labels: dict[Group, tuple[str, int]]


def structure_of(tape: Tape, scopes: Scopes, home: Sequence[int | None]) -> Structure:
    """Returns the structure of a computation, opened from the outside in while it has at most 60 nodes.

    Args:
        tape: the computation.
        scopes: its named pieces.
        home: for each line, the named piece it lies in.
    """
    patterns = _Patterns(Cones(tape, scopes, home, units_of(tape, home)))
    worth = patterns.worth_opening()

    def fits(count: int) -> bool:
        return len({*patterns.structure(frozenset(worth[:count])).groups}) <= ALL

    count = len(worth)
    if not fits(count):  # leaves were more than expected: open fewer, the outer ones
        count = max(0, bisect_left(range(count + 1), 1, key=lambda n: int(not fits(n))) - 1)
    return patterns.structure(frozenset(worth[:count]))


class _Patterns:
    """Pieces by what they do: those that do the same inside the same pattern are one.

    A pattern's number is smaller than those of the patterns inside it.
    """

    def __init__(self, cones: Cones) -> None:
        self.cones, self.tape = cones, cones.tape
        grove = Grove(cones, most=_MOST)
        self.parents: list[int | None] = []
        self.names: list[str] = []
        self.counts: list[int] = []
        self.runs: set[int] = set()  # cut where there was no structure left: not worth opening
        known: dict[Hashable, int] = {}
        of_piece: list[int | None] = []
        for piece, parent in enumerate(grove.parents):
            above, key = of_piece[parent] if parent is not None else None, grove.keys[piece]
            if key is None:
                of_piece.append(above)
                continue
            pattern = known.setdefault((above, key), len(self.parents))
            count, name = grove.alike[piece]
            if pattern == len(self.parents):
                self.parents.append(above)
                self.names.append(name)
                self.counts.append(0)
                if isinstance(key, tuple) and key[0] in ("run", "sum"):
                    self.runs.add(pattern)
            self.counts[pattern] += count
            of_piece.append(pattern)
        self.home = [of_piece[piece] if piece is not None else None for piece in grove.home]
        self.nodes = [self._node(line) for line in range(len(self.tape))]

    def _node(self, line: int) -> _Node:
        """Returns what lines have in common that are drawn as one while their pattern is open."""
        if self.tape.lines[line].rule is None:
            return self.home[line], self.tape.lines[line].constant
        unit = self.cones.units.root[line]
        rank = self.cones.rank.get(unit)
        return self.home[line], (self.cones.units.kind[unit], rank) if rank is not None else line

    def worth_opening(self) -> list[int]:
        """Returns the patterns to open, outermost first, and of those the largest."""
        inside: dict[int | None, set[_Node]] = {None: set()}
        for line, pattern in enumerate(self.home):
            inside.setdefault(pattern, set()).add(self.nodes[line])
        children: dict[int | None, list[int]] = {}
        size = [0] * len(self.parents)
        for pattern in self.home:
            if pattern is not None:
                size[pattern] += 1
        for pattern in reversed(range(len(self.parents))):
            parent = self.parents[pattern]
            children.setdefault(parent, []).append(pattern)
            if parent is not None:
                size[parent] += size[pattern]
        seen = len(inside[None]) + len(children.get(None, []))
        opened: list[int] = []
        waiting = sorted(children.get(None, []), key=lambda p: -size[p])
        while waiting:
            below: list[int] = []
            for pattern in waiting:
                more = len(inside.get(pattern, ())) + len(children.get(pattern, ())) - 1
                if pattern not in self.runs and seen + more <= ALL and self._telling(pattern, inside, children):
                    seen += more
                    opened.append(pattern)
                    below += children.get(pattern, [])
            waiting = sorted(below, key=lambda p: -size[p])
        return opened

    def _telling(
        self, pattern: int, inside: Mapping[int | None, set[_Node]], children: Mapping[int | None, list[int]]
    ) -> bool:
        """Says whether there is more inside a pattern than one operation."""
        operations = [node for node in inside.get(pattern, ()) if not isinstance(node[1], bool)]
        return len(operations) > 1 or bool(children.get(pattern))

    def structure(self, opened: frozenset[int]) -> Structure:
        """Returns the picture with these patterns open; the ones around each must be among them."""
        shut: list[int | None] = []  # for each pattern, the outermost closed one around it
        for pattern, around in enumerate(self.parents):
            outer = shut[around] if around is not None else None
            shut.append(outer if outer is not None else None if pattern in opened else pattern)
        closed = [shut[pattern] if pattern is not None else None for pattern in self.home]
        groups, labels = self._operations(closed)
        self._leaves(groups, labels)
        last = len(self.parents) - 1  # in Scopes a piece comes before the one around it
        found = [
            Scope(_counted(self.counts[p], self.names[p]), None if parent is None else last - parent, frozenset(), ())
            for p, parent in reversed(list(enumerate(self.parents)))
        ]
        home = [None if pattern is None else last - pattern for pattern in self.home]
        for hidden in {*shut} - {None}:
            assert hidden is not None, "None was taken out"
            labels[Group("scope", last - hidden)] = self.names[hidden], self.counts[hidden]
        groups = [Group("scope", last - int(str(g.key))) if g.kind == "scope" else g for g in groups]
        folded = frozenset(last - pattern for pattern in range(len(self.parents)) if shut[pattern] is not None)
        return Structure(Scopes(tuple(found), home), home, groups, folded, labels)

    def _operations(self, closed: Sequence[int | None]) -> tuple[list[Group], dict[Group, tuple[str, int]]]:
        members: dict[Hashable, list[int]] = {}
        for line in self.tape.lines:
            if closed[line.index] is None and line.rule is not None:
                members.setdefault(self.nodes[line.index], []).append(line.index)
        groups = [
            Group("line", line) if pattern is None else Group("scope", pattern) for line, pattern in enumerate(closed)
        ]
        labels: dict[Group, tuple[str, int]] = {}
        for same in members.values():
            units = {self.cones.units.root[line] for line in same}
            if len(units) > 1 or len(same) > _FEW:
                group = Group("alike", same[0])
                labels[group] = heading(self.cones, self.cones.units.root[same[0]]), len(units)
                for member in same:
                    groups[member] = group
        return groups, labels

    def _leaves(self, groups: list[Group], labels: dict[Group, tuple[str, int]]) -> None:
        """Merges leaves that are used by the same nodes."""
        for same in leaves_used_alike(self.tape, groups, self.home):
            if len(same) > _FEW:
                group = Group("leaves", same[0])
                constant = self.tape.lines[same[0]].constant
                stem = common_stem([self.tape.lines[leaf].name for leaf in same])
                numbers = {repr(self.tape.lines[leaf].data) for leaf in same} if constant else set()
                name = figure(self.tape.lines[same[0]].data) if len(numbers) == 1 else "constants"
                labels[group] = name if constant else stem or "leaves", len(same)
                for leaf in same:
                    groups[leaf] = group


def _counted(count: int, name: str) -> str:
    return f"{count:,} × {name}" if count > 1 else name
