"""Cones: what leads to one result and to nothing else. A cone drawn as one node has one way out.

Within a named piece, or at the top, the nodes are its units and the pieces directly inside it. The *cone* of a node is
everything in the piece from which all ways out go through that node; cones are nested or apart, so they form a tree.
In the terms of compilers it is the tree of immediate post-dominators.

Source: Cooper, Harvey, Kennedy, "A simple, fast dominance algorithm", 2001, section 3: the immediate dominator is where
the ways meet in the tree so far. Myers, "An applicative random-access stack", Inf. Proc. Letters 17(5), 1983: the jump
pointers by which two nodes meet in logarithmic time.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from autograd_lite.scopes import Scopes
from autograd_lite.tape import Tape

from .units import Units

__all__ = ["Cones", "Forest"]

Place = int | None


class Forest:
    """Trees in which two nodes find the smallest tree around both in logarithmic time."""

    def __init__(self) -> None:
        self.parent: dict[int, int] = {}
        self.depth: dict[int, int] = {}
        self.jump: dict[int, int] = {}

    def add(self, node: int, parent: int | None = None) -> None:
        """Puts a node under another that is there already; None makes it a root."""
        if parent is None:
            self.parent[node] = self.jump[node] = node
            self.depth[node] = 0
            return
        jump, depth = self.jump, self.depth
        far = jump[parent]
        even = depth[parent] - depth[far] == depth[far] - depth[jump[far]]
        self.parent[node], self.depth[node], self.jump[node] = parent, depth[parent] + 1, jump[far] if even else parent

    def meet(self, a: int, b: int) -> int:
        """Returns the lowest node above (or at) both; they are in one tree."""
        parent, depth, jump = self.parent, self.depth, self.jump
        if depth[a] < depth[b]:
            a, b = b, a
        while depth[a] > depth[b]:
            a = jump[a] if depth[jump[a]] >= depth[b] else parent[a]
        while a != b:
            a, b = (jump[a], jump[b]) if jump[a] != jump[b] else (parent[a], parent[b])
        return a


class Cones:
    """The cones of a tape.

    Nodes are numbers: a unit's last line; `len(tape) + s` for the named piece s; and, as roots of the trees, `exit_of`
    a place. Leaves and constants are nodes like any other.

    Args:
        tape: the computation.
        scopes: its named pieces.
        home: for each line, the piece it lies in.
        units: its units.
    """

    def __init__(self, tape: Tape, scopes: Scopes, home: Sequence[Place], units: Units) -> None:
        self.tape, self.scopes, self.home, self.units = tape, scopes, home, units
        self.size = len(tape)
        self.users: dict[int, list[int]] = {unit: [] for unit in units.terms}
        self.users |= {self.size + scope: [] for scope in range(len(scopes.scopes))}
        self.exits: set[int] = set()
        self._last = [max(scope.lines) for scope in scopes.scopes]
        self._around: dict[tuple[Place, Place], tuple[Place, Place, Place]] = {}
        self._connect()
        self.rank: dict[int, int] = {}
        self.order = self._ranked()
        self.forest = Forest()
        self.children: dict[int, list[int]] = {}
        self._grow()
        self.operations, self.weight = self._weigh()

    def exit_of(self, place: Place) -> int:
        """Returns the node that stands for all ways out of a named piece, or of the whole."""
        return self.size + len(self.scopes.scopes) + (0 if place is None else place + 1)

    def place_of(self, node: int) -> Place:
        """Returns the named piece that a node lies in."""
        return self.home[node] if node < self.size else self.scopes.scopes[node - self.size].parent

    def last(self, node: int) -> int:
        """Returns the last line of a node."""
        return node if node < self.size else self._last[node - self.size]

    def inside(self, node: int, cone: int) -> bool:
        """Says whether a unit lies in the cone of another."""
        forest = self.forest
        return self.place_of(node) == self.place_of(cone) and forest.meet(node, cone) == cone

    def piece_of(self, unit: int, cone: int) -> Place:
        """Returns the named piece through which a unit is seen from the place of a cone; None if through none."""
        place = self.place_of(cone)
        return self._meeting(self.home[unit], place)[1] if self.home[unit] != place else None

    # ------------------------------------------------------------ the graph

    def _connect(self) -> None:
        root = self.units.root
        for line in self.tape.lines:
            end, place = root[line.index], self.home[line.index]
            for operand in line.operands:
                if root[operand] == end:
                    continue
                meeting, source, target = self._meeting(self.home[operand], place)
                self._leave(operand, meeting)
                left = operand if source is None else self.size + source
                self.users[left].append(end if target is None else self.size + target)
        for output in self.tape.outputs:
            self._leave(root[output], None)
            scope = self._meeting(self.home[output], None)[1]
            self.exits.add(root[output] if scope is None else self.size + scope)

    def _leave(self, node: int, meeting: Place) -> None:
        """Notes that a node is used outside its piece, and the piece outside the one around it, up to `meeting`."""
        place = self.home[node]
        while place != meeting:
            assert place is not None, "the pieces around a line end at the top"
            self.exits.add(node)
            node, place = self.size + place, self.scopes.scopes[place].parent

    def _meeting(self, a: Place, b: Place) -> tuple[Place, Place, Place]:
        """Returns the smallest piece around both places, and the pieces directly in it that lead to them, if any."""
        if a == b:
            return a, None, None
        if (a, b) not in self._around:
            scopes, lower, upper = self.scopes.scopes, a, b
            below_a: Place = None
            below_b: Place = None
            while lower != upper:  # a piece comes before the one around it
                if upper is None or (lower is not None and lower < upper):
                    assert lower is not None, "they differ"
                    below_a, lower = lower, scopes[lower].parent
                else:
                    below_b, upper = upper, scopes[upper].parent
            self._around[a, b] = lower, below_a, below_b
        return self._around[a, b]

    def _ranked(self) -> list[int]:
        """Returns the nodes, operands first, and ranks each above all that it depends on.

        A named piece that reads what its own result made has no rank, nor has what depends on it.
        """
        waits = dict.fromkeys(self.users, 0)
        for users in self.users.values():
            for user in users:
                waits[user] += 1
        ready = deque(node for node, count in waits.items() if not count)
        rank = dict.fromkeys(ready, 0)
        order = []
        while ready:
            node = ready.popleft()
            order.append(node)
            self.rank[node] = rank[node]
            for user in self.users[node]:
                rank[user] = max(rank.get(user, 0), rank[node] + 1)
                waits[user] -= 1
                if not waits[user]:
                    ready.append(user)
        return order

    # ------------------------------------------------------------ the tree

    def _grow(self) -> None:
        forest = self.forest
        places: list[Place] = [None, *range(len(self.scopes.scopes))]
        for place in places:
            forest.add(self.exit_of(place))
            self.children[self.exit_of(place)] = []
        without = [node for node in self.users if node not in self.rank]
        for node in (*without, *reversed(self.order)):
            above = self.exit_of(self.place_of(node))
            if node not in self.exits and node in self.rank and self.users[node]:
                above = self.users[node][0]
                for user in self.users[node][1:]:
                    above = forest.meet(above, user)
            forest.add(node, above)
            self.children.setdefault(node, [])
            self.children[above].append(node)

    def _weigh(self) -> tuple[dict[int, int], dict[int, int]]:
        """Returns how many operations and how many lines the cone of each node holds; a named piece counts as one."""
        operations = dict.fromkeys(self.forest.parent, 0)
        weight = dict.fromkeys(self.forest.parent, 0)
        without = [node for node in self.users if node not in self.rank]
        for node in (*self.order, *without):
            own = len(self.units.lines[node]) if node < self.size else 1
            operations[node] += own if node >= self.size or self.tape.lines[node].rule else 0
            weight[node] += own
            operations[self.forest.parent[node]] += operations[node]
            weight[self.forest.parent[node]] += weight[node]
        return operations, weight
