"""From what was recorded to a `GraphView`: group lines, and take down what each node shows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from autograd_lite.operations import symbol
from autograd_lite.scopes import Scopes, scopes_of
from autograd_lite.tape import Tape

from .fold import ALL, Fold, Group, groups_of, homes
from .graph import Box, Edge, GraphView, Node, Result
from .pieces.structure import structure_of

if TYPE_CHECKING:
    from collections.abc import Collection

__all__ = ["Swept", "draw_swept"]


class Swept(NamedTuple):
    """A tape, and what a reverse sweep brought.

    Args:
        tape: the computation, and its values.
        adjoints: of each line its gradient; None where there is none.
        partials: of each line the derivatives by its operands, by position; a missing one is not known, or none.
    """

    tape: Tape
    adjoints: Sequence[float | None]
    partials: Sequence[Mapping[int, float]]


def draw_swept(swept: Swept, *, fold: Fold = "auto", focus: int | None = None, hops: int = 2) -> GraphView:
    """Returns a picture of what was recorded, as `draw` does of Values.

    Args:
        swept: what to draw.
        fold: see `draw`.
        focus: draw only the neighbourhood of this line, its pieces open.
        hops: how many edges away from the focus, 0 or more.
    """
    tape = swept.tape
    scopes = scopes_of(tape)
    home = homes(tape, scopes)
    groups, folded = groups_of(tape, scopes, home, fold=fold, focus=focus, hops=hops)
    labels: Mapping[Group, tuple[str, int]] = {}
    if fold == "auto" and focus is None and not _legible(groups):
        found = structure_of(tape, scopes, home)
        if _legible(found.groups):
            scopes, home, groups, folded, labels = found.scopes, found.home, found.groups, found.folded, found.labels
    return _Builder(swept, scopes, home, groups, labels=labels).view(folded)


def _legible(groups: Sequence[Group]) -> bool:
    """Says whether a picture of these nodes is no larger than can be read, and whole."""
    nodes = {*groups}
    return len(nodes) <= ALL and not any(group.kind in ("earlier", "later") for group in nodes)


class _Builder:
    """Reads tape, numbers and groups; writes nodes, edges, boxes and notes."""

    def __init__(
        self,
        swept: Swept,
        scopes: Scopes,
        home: Sequence[int | None],
        groups: Sequence[Group],
        *,
        labels: Mapping[Group, tuple[str, int]],
    ) -> None:
        tape = swept.tape
        self.tape, self.adjoints, self.partials = tape, swept.adjoints, swept.partials
        self.scopes, self.home, self.groups = scopes, home, groups
        self.labels = labels
        self.members: dict[Group, list[int]] = {}
        for line, group in enumerate(groups):
            self.members.setdefault(group, []).append(line)
        self.outputs = frozenset(tape.outputs)
        self.leaves_group = {  # lines whose number leaves their group
            operand for line in tape.lines for operand in line.operands if groups[operand] != groups[line.index]
        } | self.outputs

    def view(self, folded: Collection[int]) -> GraphView:
        order = sorted(
            self.members, key=lambda group: (group.kind == "later", group.kind != "earlier", self.members[group][-1])
        )
        nodes = tuple(self._node(group) for group in order)
        boxes = self._boxes({node.box for node in nodes}, folded)
        return GraphView(nodes, self._edges(order), boxes, len(self.tape.lines), self._notes(nodes))

    # ------------------------------------------------------------ nodes

    def _id(self, group: Group) -> str:
        if group.kind in ("earlier", "later"):
            return group.kind
        first = group.key[0] if isinstance(group.key, tuple) else group.key
        return f"{'s' if group.kind.startswith('scope') else 'v'}{first}"

    def _node(self, group: Group) -> Node:
        lines = tuple(self.members[group])
        if group.kind == "line":
            return self._single(group, lines[0])
        first = self.tape.lines[lines[0]]
        sign, name, box, repeats = "", "", None, 1
        if group.kind == "leaves":
            name, box, repeats = "constants" if first.constant else "leaves", self.home[lines[0]], len(lines)
        elif group.kind == "run":
            sign, box, repeats = symbol(first.rule) if first.rule else "", self.home[lines[0]], len(lines)
        elif group.kind in ("scope", "scopes"):
            several = group.key if isinstance(group.key, tuple) else (group.key, group.key)
            scope = self.scopes.scopes[several[0]]
            name, box, repeats = scope.name, scope.parent, len(several) - 1
        elif group.kind == "alike":
            box = self.home[lines[0]]
        name, repeats = self.labels.get(group, (name, repeats))
        return Node(
            id=self._id(group),
            kind="rest" if group.kind in ("earlier", "later") else "folded",
            symbol=sign,
            name=name,
            value=None,
            adjoint=None,
            box=self._box_id(box),
            is_output=not self.outputs.isdisjoint(lines),
            lines=lines,
            operations=sum(self.tape.lines[i].rule is not None for i in lines),
            repeats=repeats,
            results=() if group.kind == "leaves" else tuple(self._result(i) for i in lines if i in self.leaves_group),
            census=self._census(lines),
        )

    def _single(self, group: Group, index: int) -> Node:
        line = self.tape.lines[index]
        return Node(
            id=self._id(group),
            kind="constant" if line.constant else "operation" if line.rule else "leaf",
            symbol=symbol(line.rule) if line.rule else "",
            name=line.name,
            value=line.data,
            adjoint=self.adjoints[index],
            box=self._box_id(self.home[index]),
            is_output=index in self.outputs,
            lines=(index,),
            operations=int(line.rule is not None),
        )

    def _result(self, index: int) -> Result:
        line = self.tape.lines[index]
        return Result(f"v{index}", line.name, line.data, self.adjoints[index])

    def _census(self, lines: Sequence[int]) -> tuple[tuple[str, int], ...]:
        kinds: Counter[str] = Counter()
        for index in lines:
            line = self.tape.lines[index]
            kinds["constant" if line.constant else symbol(line.rule) if line.rule else "leaf"] += 1
        return tuple(kinds.most_common())

    # ------------------------------------------------------------ edges, boxes, notes

    def _edges(self, order: Sequence[Group]) -> tuple[Edge, ...]:
        edges: list[Edge] = []
        for group in order:
            bundles: Counter[Group] = Counter()
            for index in self.members[group]:
                line, partials = self.tape.lines[index], self.partials[index]
                skip = len(line.operands) - (line.rule.arity if line.rule else 0)  # the condition of `where` has none
                for position, operand in enumerate(line.operands):
                    source = self.groups[operand]
                    if group.kind == "line":
                        edges.append(Edge(self._id(source), f"v{index}", position, partials.get(position - skip)))
                    elif source != group:
                        bundles[source] += 1
            edges += [Edge(self._id(source), self._id(group), None, None, count) for source, count in bundles.items()]
        return tuple(edges)

    def _box_id(self, scope: int | None) -> str | None:
        return None if scope is None else f"s{scope}"

    def _boxes(self, used: Collection[str | None], folded: Collection[int]) -> tuple[Box, ...]:
        shown: set[int] = set()
        for index, scope in enumerate(self.scopes.scopes):  # a piece comes before the one around it
            if (self._box_id(index) in used or index in shown) and index not in folded:
                shown.add(index)
                if scope.parent is not None:
                    shown.add(scope.parent)
        return tuple(
            Box(f"s{i}", self.scopes.scopes[i].name, self._box_id(self.scopes.scopes[i].parent))
            for i in sorted(shown, reverse=True)
        )

    def _notes(self, nodes: Sequence[Node]) -> tuple[str, ...]:
        notes = []
        folds = [node for node in nodes if node.kind == "folded"]
        if folds:
            inside = sum(len(node.lines) for node in folds)
            into = f"{len(folds):,} node{'s'[: len(folds) - 1]}"
            notes.append(f"{inside:,} of {len(self.tape.lines):,} values are folded into {into}; fold=None opens all.")
        hidden = sum(len(node.lines) for node in nodes if node.kind == "rest")
        if hidden:
            of = f"{hidden:,} of {len(self.tape.lines):,} values"
            notes.append(f"{of} are not drawn; focus=value, hops=2 looks around a value.")
        if all(adjoint is None for adjoint in self.adjoints):
            notes.append("Gradients are not computed yet: call backward() first.")
        return tuple(notes)
