"""Names for pieces of a computation: "mlp", "layer0", "neuron3". Pictures fold them, errors mention them.

A piece is marked on its *outputs*, once a call, so that operations inside it cost nothing extra. What lies inside is
found when somebody looks: everything that leads to the outputs without passing the inputs.

    >>> from autograd_lite.recording import record
    >>> from autograd_lite.value import Value
    >>> @scoped("square")
    ... def square(x):
    ...     return x * x
    >>> tape = record(square(Value(3.0)) + 1)
    >>> scopes_of(tape).paths
    [(), ('square',), (), ()]
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ParamSpec, TypeVar

from .errors import ArithmeticFault, InputError
from .recording import flatten
from .tape import ScopeMark, Tape
from .value import Call, More, Value

__all__ = ["Scope", "Scopes", "in_scope", "mark_scope", "scoped", "scopes_of"]

P = ParamSpec("P")
R = TypeVar("R")


def mark_scope(name: str, inputs: Sequence[Any], outputs: Any, *, parts: tuple[str, ...] = ()) -> None:
    """Marks `outputs` as what the piece called `name` made from `inputs`. Cheap: for every call of every layer.

    Args:
        name: the piece's own name.
        inputs: what it was called with; Values in it, also nested in lists, tuples and dicts, bound it from below.
        outputs: a Value, or Values nested likewise. Leaves and plain numbers are left alone.
        parts: names of pieces side by side inside it, the neurons of a layer; then outputs is a list of as many Values.
    Raises:
        InputError: the name is not text, or parts and outputs differ in length.
    """
    if not isinstance(name, str):
        raise InputError(f"a scope's name is text, got {type(name).__name__} {name!r:.60}")
    values = (outputs,) if isinstance(outputs, Value) else outputs if parts else flatten(outputs)
    if parts and len(parts) != len(values):
        raise InputError(f"scope {name!r} has {len(values)} outputs and {len(parts)} parts; name one part an output")
    call = Call(name, tuple(inputs), parts, tuple(map(id, values)) if parts else ())
    only = More(calls=(call,))  # shared by the outputs that carry nothing else
    for value in values:
        if value._rule is not None:
            more = value._more
            value._more = only if more is None else more._replace(calls=(*more.calls, call))


def in_scope(name: str, function: Callable[..., R], *inputs: Any) -> R:
    """Returns `function(*inputs)`, its outputs marked; a fault inside it mentions `name`."""
    try:
        outputs = function(*inputs)
    except ArithmeticFault as error:
        error.enter(name)
        raise
    mark_scope(name, inputs, outputs)
    return outputs


def scoped(name: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Makes every call of a function a piece of that name.

    Example:
        >>> @scoped("loss")
        ... def loss(score, label):
        ...     return (1 - label * score).relu()
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        @functools.wraps(function)
        def call(*args: P.args, **kwargs: P.kwargs) -> R:
            try:
                outputs = function(*args, **kwargs)
            except ArithmeticFault as error:
                error.enter(name)
                raise
            mark_scope(name, (args, kwargs), outputs)
            return outputs

        return call

    return decorate


@dataclass(frozen=True)
class Scope:
    """One call of a named piece, as found on a tape.

    Args:
        name: its own name.
        parent: the index, in `Scopes.scopes`, of the smallest piece around it; None at the top.
        lines: the operations inside it, pieces within it included.
        outputs: those of its lines that were its results.
    """

    name: str
    parent: int | None
    lines: frozenset[int]
    outputs: tuple[int, ...]


@dataclass(frozen=True)
class Scopes:
    """All pieces on a tape, and for each line the innermost one it lies in."""

    scopes: tuple[Scope, ...]
    of_line: list[int | None]

    @property
    def paths(self) -> list[tuple[str, ...]]:
        """For each line, the names of the pieces around it, outermost first; () at the top and for leaves."""
        return [self.path(inner) for inner in self.of_line]

    def path(self, scope: int | None) -> tuple[str, ...]:
        """Returns the names from the outermost piece to this one."""
        names: list[str] = []
        while scope is not None:
            names.append(self.scopes[scope].name)
            scope = self.scopes[scope].parent
        return tuple(reversed(names))


def scopes_of(tape: Tape) -> Scopes:
    """Returns the pieces of a tape, from the smallest to the largest, and where each line lies.

    A piece that is not wholly inside another, or that contains no operation, is left out.
    """
    marks = [piece for mark in tape.marks for piece in (*_parts(mark), mark)]
    regions = [(mark, _region(tape, mark.inputs, mark.outputs)) for mark in marks]
    regions = [(mark, region) for mark, region in regions if region]
    regions.sort(key=lambda pair: len(pair[1]))  # stable: of equal ones, the inner was marked first
    parents: list[int | None] = [None] * len(regions)
    of_line: list[int | None] = [None] * len(tape.lines)
    outermost: list[int | None] = [None] * len(tape.lines)  # the largest piece so far around each line
    kept: list[Scope] = []
    for mark, region in regions:
        inside = {outermost[line] for line in region} - {None}
        if any(not kept[child].lines <= region for child in inside if child is not None):
            continue
        for child in inside:
            if child is not None:
                parents[child] = len(kept)
        for line in region:
            outermost[line] = len(kept)
            if of_line[line] is None:
                of_line[line] = len(kept)
        kept.append(Scope(mark.name, None, frozenset(region), mark.outputs))
    scopes = tuple(Scope(s.name, parents[i], s.lines, s.outputs) for i, s in enumerate(kept))
    return Scopes(scopes, of_line)


def _parts(mark: ScopeMark) -> list[ScopeMark]:
    """Returns the pieces side by side inside a marked one, as marks of their own."""
    pairs = zip(mark.parts, mark.outputs, strict=False)
    return [ScopeMark(name, mark.inputs, (output,)) for name, output in pairs]


def _region(tape: Tape, inputs: Sequence[int], outputs: Sequence[int]) -> set[int]:
    """Returns the operations between inputs (excluded) and outputs (included)."""
    bounds = set(inputs)
    stack = [i for i in outputs if i not in bounds and tape.lines[i].rule]
    region = set(stack)
    while stack:
        for operand in tape.lines[stack.pop()].operands:
            if operand not in bounds and operand not in region and tape.lines[operand].rule:
                region.add(operand)
                stack.append(operand)
    return region
