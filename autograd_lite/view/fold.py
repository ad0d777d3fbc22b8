"""Which nodes a picture shows: pieces folded into one node, equal ones merged, far ones left out.

Every line of the tape is put into a *group*, and a group is drawn as one node. At first each line is its own group;
folding, merging and hiding each make groups coarser, and never lose a line.

The automatic choice, by the number of values: up to 60 everything; up to 400 the innermost pieces (neurons) folded;
beyond that the pieces around them (layers), and so on: the first that leaves at most 60 nodes. If none does, each is
tried again with equal pieces side by side ("100 samples") as one node, and the additions of a long sum, and leaves that
are used by the same nodes. If even the coarsest leaves more than 60, `draw` shows the structure of the code instead, as
`pieces/structure.py` finds it. Around a focus, one node stands for all that is far away.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Hashable, Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple

from autograd_lite.errors import InputError

if TYPE_CHECKING:
    from autograd_lite.scopes import Scopes
    from autograd_lite.tape import Tape

__all__ = ["ALL", "LEGIBLE", "NEURONS", "Fold", "Group", "groups_of", "homes", "leaves_used_alike"]

ALL = 60  # values: up to here everything is drawn
NEURONS = 400  # values: up to here only the innermost pieces are folded
LEGIBLE = 400  # nodes: more are not drawn unless asked for
_NEAR, _NEAREST = 3, 30  # hops from the outputs, and nodes, that stay when the rest is left out
_RUN = 3  # operations: more of one kind in a row become one
_MANY = 8  # leaves: more than these, used by the same nodes, become one

Fold = Literal["auto"] | int | Collection[str | tuple[str, ...]] | None
"""What to fold: see `draw`."""


class Group(NamedTuple):
    """Lines that are drawn as one node; compares by its key.

    Args:
        kind: "line", "scope", "scopes" (equal ones), "run", "alike", "leaves", "earlier" or "later".
        key: tells it from others of its kind.
    """

    kind: str
    key: Hashable


def homes(tape: Tape, scopes: Scopes) -> list[int | None]:
    """Returns, for each line, the innermost piece it is drawn in.

    A leaf lies where all its consumers are, but outside every piece that was called with it: parameters lie inside
    their neuron, the neuron's inputs do not.
    """
    handed: dict[int, set[tuple[str, tuple[int, ...]]]] = {}
    for mark in tape.marks:
        for leaf in mark.inputs:
            handed.setdefault(leaf, set()).add((mark.name, mark.outputs))
    home: list[int | None] = list(scopes.of_line)
    met = [bool(line.rule) for line in tape.lines]
    for output in tape.outputs:
        met[output] = True  # an output that is a leaf stays at the top
    for line in reversed(tape.lines):
        for operand in line.operands:
            if tape.lines[operand].rule is None:
                home[operand] = _common(scopes, home[operand], home[line.index]) if met[operand] else home[line.index]
                met[operand] = True
    for leaf, calls in handed.items():
        scope, outside = home[leaf], home[leaf]
        while scope is not None and tape.lines[leaf].rule is None:
            piece = scopes.scopes[scope]
            scope = piece.parent
            if (piece.name, piece.outputs) in calls:
                outside = scope
        if tape.lines[leaf].rule is None:
            home[leaf] = outside
    return home


def _common(scopes: Scopes, a: int | None, b: int | None) -> int | None:
    """Returns the smallest piece around both; a piece comes before the one around it."""
    while a != b:
        if a is None or b is None:
            return None
        if a < b:
            a = scopes.scopes[a].parent
        else:
            b = scopes.scopes[b].parent
    return a


def groups_of(
    tape: Tape, scopes: Scopes, home: Sequence[int | None], *, fold: Fold, focus: int | None, hops: int
) -> tuple[list[Group], frozenset[int]]:
    """Returns the group of each line, and the pieces that were folded.

    Args:
        tape: the computation.
        scopes: its pieces.
        home: what `homes` returned.
        fold: "auto"; None for nothing; a depth, 1 folding the outermost pieces; or paths such as "mlp.layer0".
        focus: a line whose neighbourhood is wanted, drawn open; None for the whole.
        hops: how far from the focus.
    Raises:
        InputError: a fold of another form, or a path that no piece has; the message lists some that exist.
    """
    automatic = fold == "auto"
    kept_open = _around(scopes, home[focus]) if focus is not None else set()
    candidates = _automatic(tape, scopes) if automatic else [_asked(scopes, fold)]
    choices = [
        (_folded(scopes, home, candidate - kept_open), frozenset(candidate - kept_open)) for candidate in candidates
    ]
    if automatic:
        choices += [(_merged(tape, scopes, groups), folded) for groups, folded in choices if len(set(groups)) > ALL]
    groups, folded = next((choice for choice in choices if len(set(choice[0])) <= ALL), choices[-1])
    if focus is not None:
        groups = _near(tape, groups, [groups[focus]], hops=hops, most=len(tape.lines))
    elif automatic and len(set(groups)) > LEGIBLE:
        groups = _near(tape, groups, [groups[i] for i in tape.outputs], hops=_NEAR, most=_NEAREST)
    return groups, folded


def _around(scopes: Scopes, scope: int | None) -> set[int]:
    around = set()
    while scope is not None:
        around.add(scope)
        scope = scopes.scopes[scope].parent
    return around


def _automatic(tape: Tape, scopes: Scopes) -> list[set[int]]:
    """Returns the sets of pieces worth folding, from the finest to the coarsest."""
    if len(tape.lines) <= ALL:
        return [set()]
    height = [0] * len(scopes.scopes)
    for index, scope in enumerate(scopes.scopes):  # a piece comes before the one around it
        if scope.parent is not None:
            height[scope.parent] = max(height[scope.parent], height[index] + 1)
    tallest = max(height, default=0)
    first = 0 if len(tape.lines) <= NEURONS else min(1, tallest)
    return [{i for i, h in enumerate(height) if h <= level} for level in range(first, tallest + 1)]


def _asked(scopes: Scopes, fold: Fold) -> set[int]:
    if fold is None:
        return set()
    if isinstance(fold, int) and not isinstance(fold, bool):
        if fold < 1:
            raise InputError(f"fold={fold!r}: a depth is 1 (fold the outermost pieces) or more; None folds nothing")
        return {i for i in range(len(scopes.scopes)) if len(scopes.path(i)) >= fold}
    if isinstance(fold, str) or not isinstance(fold, Collection):
        raise InputError(f"fold={fold!r:.60}: give 'auto', None, a depth such as 1, or a set of paths {{'mlp.layer0'}}")
    paths = [scopes.path(i) for i in range(len(scopes.scopes))]
    wanted = set(fold)
    for path in wanted:
        if path not in paths and path not in {".".join(p) for p in paths}:
            known = ", ".join(sorted({repr(".".join(p)) for p in paths})[:8]) or "none: nothing in it has a name"
            raise InputError(f"fold: no piece has the path {path!r:.60}; there are {known}")
    return {i for i, path in enumerate(paths) if path in wanted or ".".join(path) in wanted}


def _folded(scopes: Scopes, home: Sequence[int | None], folded: Collection[int]) -> list[Group]:
    """Puts the lines of each folded piece into one group; of nested ones the outermost counts."""
    outermost: list[int | None] = [None] * len(scopes.scopes)
    for index in reversed(range(len(scopes.scopes))):
        parent = scopes.scopes[index].parent
        above = outermost[parent] if parent is not None else None
        outermost[index] = above if above is not None else index if index in folded else None
    tops = [outermost[scope] if scope is not None else None for scope in home]
    return [Group("line", line) if top is None else Group("scope", top) for line, top in enumerate(tops)]


def _merged(tape: Tape, scopes: Scopes, groups: list[Group]) -> list[Group]:
    """Merges folded pieces of one name in one place, then leaves that are used by the same nodes."""
    alike: dict[Hashable, list[int]] = {}
    for scope in sorted({group.key for group in groups if group.kind == "scope"}, key=str):
        assert isinstance(scope, int), "a scope's key is its index"
        alike.setdefault((scopes.scopes[scope].parent, scopes.scopes[scope].name), []).append(scope)
    several = {
        Group("scope", scope): Group("scopes", (min(same), *sorted(same)))
        for same in alike.values()
        if len(same) > 1
        for scope in same
    }
    groups = _runs(tape, [several.get(group, group) for group in groups])
    for same in leaves_used_alike(tape, groups):
        if len(same) > _MANY:
            for index in same:
                groups[index] = Group("leaves", same[0])
    return groups


def leaves_used_alike(tape: Tape, groups: Sequence[Group], home: Sequence[int | None] | None = None) -> list[list[int]]:
    """Returns the leaves that are drawn alone so far, those together that the same nodes use; constants apart.

    Args:
        tape: the computation.
        groups: the node of each line.
        home: the piece that each line is drawn in, if leaves of different ones are to stay apart.
    """
    users: list[set[Group]] = [set() for _ in tape.lines]
    for line in tape.lines:
        for operand in line.operands:
            users[operand].add(groups[line.index])
    together: dict[Hashable, list[int]] = {}
    for line in tape.lines:
        if line.rule is None and groups[line.index].kind == "line" and line.index not in tape.outputs:
            key = line.constant, home and home[line.index], frozenset(users[line.index])
            together.setdefault(key, []).append(line.index)
    return list(together.values())


def _runs(tape: Tape, groups: list[Group]) -> list[Group]:
    """Merges operations that only feed one more of their kind, like the additions of a long sum."""
    consumers: list[list[int]] = [[] for _ in tape.lines]
    for line in tape.lines:
        for operand in line.operands:
            consumers[operand].append(line.index)
    last = list(range(len(tape.lines)))  # the end of the run that each line is in
    size = [1] * len(tape.lines)
    for line in reversed(tape.lines):
        users = consumers[line.index]
        if line.rule and line.index not in tape.outputs and len(users) == 1:
            user = tape.lines[users[0]]
            alike = user.rule is line.rule and user.index not in tape.outputs
            if alike and groups[line.index].kind == groups[user.index].kind == "line":
                last[line.index] = last[user.index]
                size[last[user.index]] += 1
    return [Group("run", end) if size[end] > _RUN else group for group, end in zip(groups, last, strict=True)]


def _near(tape: Tape, groups: list[Group], start: Sequence[Group], *, hops: int, most: int) -> list[Group]:
    """Keeps what is at most `hops` edges from the start; all else becomes "earlier" (it leads there) or "later"."""
    operands: dict[Group, dict[Group, None]] = {group: {} for group in groups}
    users: dict[Group, dict[Group, None]] = {group: {} for group in groups}
    for line in tape.lines:
        for operand in line.operands:
            source, target = groups[operand], groups[line.index]
            if source != target:
                operands[target][source] = None
                users[source][target] = None
    kept = dict.fromkeys(start[:most], 0)
    queue = deque(kept)
    while queue and len(kept) < most:
        group = queue.popleft()
        for other in (*operands[group], *users[group]) if kept[group] < hops else ():
            if other not in kept and len(kept) < most:
                kept[other] = kept[group] + 1
                queue.append(other)
    earlier: set[Group] = set()
    stack = list(kept)
    while stack:
        for group in operands[stack.pop()]:
            if group not in kept and group not in earlier:
                earlier.add(group)
                stack.append(group)
    left_out = {group: Group("earlier" if group in earlier else "later", 0) for group in {*groups} - {*kept}}
    return [left_out.get(group, group) for group in groups]
