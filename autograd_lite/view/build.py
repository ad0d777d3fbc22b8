"""From Values to a `GraphView`: record, group, and take down what each node shows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from autograd_lite.errors import InputError
from autograd_lite.operations import symbol
from autograd_lite.recording import trace
from autograd_lite.scopes import Scopes, scopes_of
from autograd_lite.tape import Tape
from autograd_lite.value import Value

from .fold import ALL, Fold, Group, groups_of, homes
from .graph import Box, Edge, GraphView, Node, Result
from .pieces.structure import structure_of

if TYPE_CHECKING:
    from collections.abc import Collection

__all__ = ["draw"]


def draw(*values: Value, fold: Fold = "auto", focus: Value | None = None, hops: int = 2) -> GraphView:
    """Returns a picture of everything that led to these Values, as it is now: Jupyter shows it, `print` writes a tree.

    Args:
        values: one or more Values.
        fold: which named pieces (see `scopes.py`) are drawn as one node. "auto" folds as much as legibility needs: up
            to 60 values nothing, to 400 the innermost pieces, beyond that the outer ones, and where that is not enough
            equal structures (see `pieces`); None folds nothing; a depth folds from there inwards, 1 being the
            outermost; or a set of paths such as {"mlp.layer0"}.
        focus: draw only the neighbourhood of this Value, its pieces open.
        hops: how many edges away from the focus, 0 or more.
    Raises:
        OperandError: something is not a Value.
        InputError: the focus is not part of the computation, or fold or hops make no sense.
    Example:
        >>> a, b = Value(2.0, name="a"), Value(-3.0, name="b")
        >>> view = draw((a * b).tanh())
        >>> [(node.id, node.symbol or node.name) for node in view.nodes]
        [('v0', 'a'), ('v1', 'b'), ('v2', '*'), ('v3', 'tanh')]
    """
    if isinstance(hops, bool) or not isinstance(hops, int) or hops < 0:
        raise InputError(f"hops={hops!r:.60}: the number of edges from the focus, 0 or more")
    tape, made_from = trace(values)
    scopes = scopes_of(tape)
    home = homes(tape, scopes)
    groups, folded = groups_of(tape, scopes, home, fold=fold, focus=_line_of(focus, made_from), hops=hops)
    if fold == "auto" and focus is None and not _legible(groups):
        found = structure_of(tape, scopes, home)
        if _legible(found.groups):
            return _Builder(tape, made_from, found.scopes, found.home, found.groups, labels=found.labels).view(
                found.folded
            )
    return _Builder(tape, made_from, scopes, home, groups, labels={}).view(folded)


def _legible(groups: Sequence[Group]) -> bool:
    """Says whether a picture of these nodes is no larger than can be read, and whole."""
    nodes = {*groups}
    return len(nodes) <= ALL and not any(group.kind in ("earlier", "later") for group in nodes)


def _line_of(focus: Value | None, made_from: Sequence[Value | float]) -> int | None:
    if focus is None:
        return None
    for index, value in enumerate(made_from):
        if value is focus:
            return index
    label = focus.label() if isinstance(focus, Value) else f"{focus!r:.60}"
    raise InputError(f"focus: {label} is not part of this computation; give a Value that leads to the one drawn")


class _Builder:
    """Reads tape, Values and groups; writes nodes, edges, boxes and notes."""

    def __init__(
        self,
        tape: Tape,
        made_from: Sequence[Value | float],
        scopes: Scopes,
        home: Sequence[int | None],
        groups: Sequence[Group],
        *,
        labels: Mapping[Group, tuple[str, int]],
    ) -> None:
        self.tape, self.made_from, self.scopes, self.home, self.groups = tape, made_from, scopes, home, groups
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
            adjoint=self._adjoint(index),
            box=self._box_id(self.home[index]),
            is_output=index in self.outputs,
            lines=(index,),
            operations=int(line.rule is not None),
        )

    def _adjoint(self, index: int) -> float | None:
        value = self.made_from[index]
        return value.grad if isinstance(value, Value) and value.grad_computed else None

    def _result(self, index: int) -> Result:
        line = self.tape.lines[index]
        return Result(f"v{index}", line.name, line.data, self._adjoint(index))

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
                line, value = self.tape.lines[index], self.made_from[index]
                partials = value.partials if isinstance(value, Value) else ()
                skip = len(line.operands) - len(partials)  # the condition of `where` has no partial
                for position, operand in enumerate(line.operands):
                    source = self.groups[operand]
                    if group.kind == "line":
                        partial = partials[position - skip] if position >= skip else None
                        edges.append(Edge(self._id(source), f"v{index}", position, partial))
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
        if not any(isinstance(value, Value) and value.grad_computed for value in self.made_from):
            notes.append("Gradients are not computed yet: call backward() first.")
        return tuple(notes)
