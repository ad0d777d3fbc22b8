"""Grows the tree of pieces, from the outside in; no function calls itself, so any depth will do.

What is to be put into a piece is an *entry*: a line, a cone, a sum's additions, a named piece, a group of equal cones,
or a run of entries. Putting one in may leave further entries to do.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Literal

from autograd_lite.view.fold import ALL

from .cones import Cones, Forest
from .runs import Entry, look_through, packed
from .titles import common_stem, span, title
from .units import private_leaves

__all__ = ["Grove"]

_PIECE = 3  # operations: fewer are no piece of their own
_ALIKE = 3  # equal cones side by side: fewer are no group
_ADDITIONS = 3  # more of one sum are a piece, where there is much else


class Grove:
    """The tree of pieces of a tape.

    Args:
        cones: the cones of the tape.
        most: how many children a piece may have.
    """

    def __init__(self, cones: Cones, *, most: int) -> None:
        self.cones, self.tape, self.most = cones, cones.tape, most
        self.names: list[str] = []
        self.parents: list[int | None] = []
        self.keys: list[Hashable] = []
        self.alike: list[tuple[int, str]] = []
        self.home: list[int | None] = [None] * len(self.tape)
        self._place: list[int | None] = []  # the named piece that each piece is in
        self._children: dict[int | None, int] = {None: 0}  # how many
        self._roomy: set[int | None] = {None}  # what may have more children
        self._own, self._private = private_leaves(self.tape, cones.home)
        self._todo: list[tuple[int | None, list[Entry]]] = [(None, self._level(None, cones.exit_of(None)))]
        while self._todo:
            parent, entries = self._todo.pop()
            for entry in entries:
                self._put(parent, entry)
        self._put_leaves()

    # ------------------------------------------------------------ operations

    def _put(self, parent: int | None, entry: Entry) -> None:
        """Puts an entry into a piece, and notes what is to be put into it in turn."""
        self._children[parent] = self._children.get(parent, 0) + 1
        if entry.kind == "line":
            self.home[entry.node] = parent
            return
        place = self._place[parent] if parent is not None else None
        scope = entry.node - self.cones.size if entry.kind == "scope" else place
        piece = self._new(entry.name, parent, scope, entry.key, entry.alike)
        if entry.kind == "many":
            self._todo.append((piece, entry.inside))
        elif entry.kind == "scope":
            self._roomy.add(piece)
            self._todo.append((piece, self._level(piece, self.cones.exit_of(scope))))
        else:
            self._todo.append((piece, self._level(piece, entry.node)))

    def _new(
        self, name: str, parent: int | None, place: int | None, key: Hashable, alike: tuple[int, str] | None = None
    ) -> int:
        self.names.append(name)
        self.alike.append(alike or (1, name))
        self.parents.append(parent)
        self.keys.append(key)
        self._place.append(place)
        return len(self.names) - 1

    def _level(self, piece: int | None, cone: int) -> list[Entry]:
        """Returns what is directly inside a cone, a named piece or the whole."""
        cones = self.cones
        if cones.weight[cone] <= (ALL if piece in self._roomy else self.most):
            return self._flat(cone)
        own, large, small = self._opened(cone)
        alike: dict[Hashable, list[int]] = {}
        for node in sorted((*large, *small), key=lambda node: (cones.rank.get(node, 0), cones.last(node))):
            alike.setdefault(self._class(node), []).append(node)
        groups = {key: same for key, same in alike.items() if len(same) >= _ALIKE and key is not None}
        ranked: list[tuple[int, int, Entry]] = []
        for key, same in alike.items():
            if key in groups:
                ranked.append((cones.rank[same[0]], cones.last(same[0]), self._group(key, same)))
                continue
            for node in same:
                entries = [self._cone(node)] if cones.operations[node] >= _PIECE else self._flat(node)
                ranked += [(cones.rank.get(node, 0), cones.last(e.node), e) for e in entries]
        for node in own:
            ranked += [(cones.rank.get(node, 0), cones.last(e.node), e) for e in self._unit(node)]
        by_rank = bool(groups) or any(entry.kind == "scope" or cones.size <= entry.node for *_, entry in ranked)
        ranked.sort(key=lambda item: item[:2] if by_rank else (0, item[1]))
        if len(ranked) == 1 and ranked[0][2].kind == "many":  # a piece inside a piece, and nothing beside it
            return ranked[0][2].inside
        return packed([entry for *_, entry in ranked], self.most, "operations")

    def _opened(self, cone: int) -> tuple[list[int], list[int], list[int]]:
        """Returns the nodes of a cone that lie directly in it, and the cones that are left, large and small.

        A cone that holds more than half of the operations is opened too, and so on. So a chain is one level, and levels
        are at most as deep as the logarithm of the size.
        """
        cones = self.cones
        own = [cone] if cone in cones.rank or cone in cones.units.lines else []
        large: dict[int, None] = {}
        small: list[int] = []
        at = cone
        while True:
            heaviest = -1
            for child in cones.children[at]:
                if child < cones.size and self.tape.lines[child].rule is None:
                    continue
                if cones.operations[child] < _PIECE:
                    small.append(child)
                else:
                    large[child] = None
                    if heaviest < 0 or cones.operations[child] > cones.operations[heaviest]:
                        heaviest = child
            alone = len(large) == 1
            if heaviest < 0 or heaviest not in large:
                return own, list(large), small
            if not alone and 2 * cones.operations[heaviest] <= cones.operations[at]:
                return own, list(large), small
            at = heaviest
            del large[at]
            own.append(at)

    def _class(self, node: int) -> Hashable:
        """Returns what equal cones have in common; None for what is never put into a group."""
        rank = self.cones.rank.get(node)
        if rank is None:
            return None
        if node >= self.cones.size:
            return "scope", self.cones.scopes.scopes[node - self.cones.size].name, rank
        return "cone", self.cones.units.kind[node], rank

    def _group(self, key: Hashable, same: Sequence[int]) -> Entry:
        """Returns equal cones as one entry; they are numbered."""
        name = title(self.cones, *same)
        if same[0] < self.cones.size and self.cones.operations[same[0]] == 1:
            members = [self._line(node) for node in same]
        else:
            members = [self._cone(node, f"{i}: {name}") for i, node in enumerate(same, 1)]
        for member in members:
            member.count, member.key = 1, None
        inside = packed(members, self.most, name)
        for entry in inside:
            look_through(entry)
        many = len(same)
        return Entry("many", same[0], f"{many:,} × {name}", inside=inside, count=many, key=key, alike=(many, name))

    def _cone(self, node: int, name: str = "") -> Entry:
        cones = self.cones
        name = name or title(cones, node)
        kind: Literal["scope", "cone"] = "cone"
        if node >= cones.size and not cones.children[node]:
            kind = "scope"
        return Entry(kind, node, name, count=cones.operations[node], key=("cone", self._class(node) or node))

    def _line(self, line: int) -> Entry:
        return Entry("line", line, weight=min(1 + self._own[line], self.most // 2))

    def _unit(self, node: int) -> list[Entry]:
        """Returns a node's own lines; of a long sum as one entry."""
        if node >= self.cones.size:
            return [self._scope(node)]
        lines = [self._line(line) for line in self.cones.units.lines[node]]
        if len(lines) <= _ADDITIONS:
            return lines
        name = f"sum of {len(self.cones.units.counted(self.tape, node)):,} terms"
        key = ("sum", self._class(node) or node)
        inside = packed(lines, self.most, "additions")
        return [Entry("many", node, name, inside=inside, count=len(lines), key=key, alike=(1, "sum"))]

    def _scope(self, node: int) -> Entry:
        return Entry("scope", node, title(self.cones, node), key=("scope", self._class(node) or node))

    def _flat(self, cone: int) -> list[Entry]:
        """Returns all operations of a cone as lines, and its named pieces."""
        cones, entries, stack = self.cones, [], [cone]
        while stack:
            node = stack.pop()
            stack += cones.children[node]
            if cones.size <= node < cones.size + len(cones.scopes.scopes):
                entries.append(self._scope(node))
            elif node < cones.size and self.tape.lines[node].rule is not None:
                entries += [self._line(line) for line in cones.units.lines[node]]
        return sorted(entries, key=lambda entry: cones.last(entry.node))

    # ------------------------------------------------------------ leaves

    def _put_leaves(self) -> None:
        """Puts leaves and constants where their consumers are, but into no named piece that was called with them."""
        around = Forest()
        around.add(-1)
        for piece, parent in enumerate(self.parents):
            around.add(piece, -1 if parent is None else parent)
        where: list[int | None] = [None] * len(self.tape)
        for line in self.tape.lines:
            here = self.home[line.index]
            at = -1 if here is None else here
            for operand in line.operands:
                if self.tape.lines[operand].rule is None:
                    before = where[operand]
                    where[operand] = at if before is None else around.meet(before, at)
        for output in self.tape.outputs:
            where[output] = -1
        direct: dict[int | None, list[int]] = {}
        for line in self.tape.lines:
            if line.rule is None:
                at_last = where[line.index]
                found: int | None = None if at_last is None or at_last < 0 else at_last
                while found is not None and self._place[found] != self.cones.home[line.index]:
                    found = self.parents[found]
                self.home[line.index] = found
                direct.setdefault(found, []).append(line.index)
        for holder, leaves in direct.items():
            room = (ALL if holder in self._roomy else self.most) - self._children.get(holder, 0)
            shared = [leaf for leaf in leaves if leaf not in self._private]
            if len(leaves) > max(room, 1) and len(shared) > 1:
                self._bundle(holder, shared)

    def _bundle(self, piece: int | None, leaves: Sequence[int]) -> None:
        """Puts the leaves that a piece has no room for into a piece of their own, cut into runs."""
        constants = all(self.tape.lines[leaf].constant for leaf in leaves)
        what = "constants" if constants else common_stem([self.tape.lines[leaf].name for leaf in leaves]) or "leaves"
        runs = packed([Entry("line", leaf) for leaf in leaves], self.most, what)
        name = f"{len(leaves):,} {'constants' if constants else 'leaves'}"
        place = self._place[piece] if piece is not None else None
        stack: list[tuple[int | None, Entry]] = [(piece, Entry("many", -1, name, inside=runs))]
        while stack:
            parent, entry = stack.pop()
            if entry.kind == "line":
                self.home[entry.node] = parent
                continue
            lines = [inner.node for inner in entry.inside if inner.kind == "line"]
            named = span([self.tape.lines[line].name for line in lines]) if entry.key else ""
            made: int | None = self._new(named or entry.name, parent, place, None)
            stack += [(made, inner) for inner in reversed(entry.inside)]
