"""What happens in a forward and a backward pass, one event at a time; and in training, pass after pass.

    >>> x = Value(3.0, name="x")
    >>> for event in chapter_of(x * x).events:
    ...     print(event)
    Forward(line=1)
    Seed(line=1, before=0.0, after=1.0)
    Back(line=1, position=0, operand=0, local=3.0, upstream=1.0, before=0.0, after=3.0)
    Back(line=1, position=1, operand=0, local=3.0, upstream=1.0, before=3.0, after=6.0)

Events are read off a graph that is there already: nothing is recorded while a program runs, so nothing is paid when
nobody looks. Lines are those of the tape, in its order, and so the ids of a picture: line 1 is v1.

The source line that made a node is known where it was computed `with remember_places():`, and only there.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from autograd_lite.errors import InputError
from autograd_lite.markup import printable
from autograd_lite.operands import text
from autograd_lite.recording import trace
from autograd_lite.tape import Line, Tape
from autograd_lite.value import Value, local_partial

from .events import Back, Event, Forward, Seed, Update, changed, events_of
from .recomputed import overtaken

if TYPE_CHECKING:
    from autograd_lite.faults import Place

__all__ = ["Chapter", "Phase", "chapter_of", "chapter_of_tape"]


class Phase(NamedTuple):
    """A run of events of one kind: forward, seed, backward or update; from `start` up to and without `stop`."""

    name: str
    start: int
    stop: int


_PHASES = {Forward: "forward", Seed: "seed", Back: "backward", Update: "update"}


@dataclass(frozen=True)
class Chapter:
    """One computation: a forward pass, the seed, the reverse sweep, and perhaps an update of the parameters.

    Args:
        title: any text, such as "epoch 3, step 2, sample 5".
        tape: the lines; one output, the root. Parameters that the root does not depend on come last, as leaves.
        events: in the order in which the engine does them.
        earlier: for each line, the gradient that it has before the pass; None where there is none, which is not 0.
        places: for each line, the source line that made it, where known.
        parameters: the lines of the parameters, in the order in which they were given.
        seed: d root / d root.
        note: shown above the picture, such as what to look at; any text.
        scripted: the events are not the engine's own, but those of a wrong one, say: nothing follows from them.
    Raises:
        OperandError: the title or the note is not text.
    """

    title: str
    tape: Tape
    events: tuple[Event, ...]
    earlier: tuple[float | None, ...]
    places: tuple[Place | None, ...]
    parameters: tuple[int, ...] = ()
    seed: float = field(default=1.0, kw_only=True)
    note: str = field(default="", kw_only=True)
    scripted: bool = field(default=False, kw_only=True)

    def __post_init__(self) -> None:
        text(self.title, "the title of a chapter")
        text(self.note, "the note of a chapter")

    @property
    def root(self) -> int:
        """The line whose derivatives are computed."""
        return self.tape.outputs[0]

    @cached_property
    def phases(self) -> tuple[Phase, ...]:
        """The phases that there are, in order; together they are all events."""
        found, start = [], 0
        for kind, run in groupby(self.events, type):
            stop = start + len(list(run))
            found.append(Phase(_PHASES[kind], start, stop))
            start = stop
        return tuple(found)

    @cached_property
    def changes(self) -> tuple[tuple[int, ...], ...]:
        """For each line, the events that change its value or its gradient, in order."""
        return self._by_line(self.events)

    @cached_property
    def contributions(self) -> tuple[tuple[int, ...], ...]:
        """For each line, the `Back` events that add to its gradient, in order."""
        return self._by_line([event if isinstance(event, Back) else None for event in self.events])

    @cached_property
    def adjoints(self) -> tuple[float | None, ...]:
        """For each line, its gradient at the end; None where nothing has arrived, which is not 0."""
        found = list(self.earlier)
        for event in self.events:
            if isinstance(event, Seed | Back):
                found[changed(event)] = event.after
        return tuple(found)

    @cached_property
    def overtaken(self) -> tuple[int, ...]:
        """The lines whose results are not what their rules give on the numbers there are now.

        Somebody set a leaf's data after the forward pass, an optimizer say. Results and slopes are as they were.
        """
        return overtaken(self.tape)

    def _by_line(self, events: Sequence[Event | None]) -> tuple[tuple[int, ...], ...]:
        found: list[list[int]] = [[] for _ in self.tape.lines]
        for index, event in enumerate(events):
            if event is not None:
                found[changed(event)].append(index)
        return tuple(map(tuple, found))

    def updated(self, data: Iterable[float]) -> Chapter:
        """Returns the chapter with an `Update` at its end for every parameter whose number is another one now.

        Args:
            data: the parameters' numbers, in the order of `parameters`.
        Raises:
            InputError: not one number a parameter.
        Example:
            >>> w = Value(3.0, name="w")
            >>> chapter_of(w * w, parameters=[w]).updated([2.5]).events[-1]
            Update(line=0, before=3.0, after=2.5)
        """
        numbers = list(data)
        if len(numbers) != len(self.parameters):
            raise InputError(f"got {len(numbers)} numbers for {len(self.parameters)} parameters; see chapter_of")
        now = {line: self.tape.lines[line].data for line in self.parameters}
        now |= {event.line: event.after for event in self.events if isinstance(event, Update)}
        moves = [
            Update(line, now[line], number)
            for line, number in zip(self.parameters, numbers, strict=True)
            if now[line].hex() != number.hex()  # tells -0.0 from 0.0, and finds nan where it was
        ]
        return replace(self, events=(*self.events, *moves))

    def __repr__(self) -> str:
        title = f"{printable(self.title)}, " if self.title else ""
        return f"<Chapter: {title}{len(self.tape)} lines, {len(self.events)} events>"


def chapter_of(
    root: Value, *, title: str = "", seed: float = 1.0, accumulate: bool = False, parameters: Iterable[Value] = ()
) -> Chapter:
    """Returns what `root.backward(seed)` does, and the forward pass before it; changes nothing.

    Args:
        root: the result to be differentiated.
        title: what to call the chapter.
        seed: d root / d root, a real number.
        accumulate: start from the gradients that leaves have now, as `backward` does, rather than from none. For this,
            call it before `backward`.
        parameters: leaves that an optimizer will move; also those that the root does not depend on.
    Raises:
        OperandError: the root is not a Value, or the seed not a number.
        InputError: a parameter is not a leaf, or is given twice.
    """
    tape, nodes = trace((root,))
    lines, where = list(tape.lines), []
    index = {id(node): i for i, node in enumerate(nodes) if isinstance(node, Value)}
    for leaf in parameters:
        if not isinstance(leaf, Value) or not leaf.is_leaf:
            raise InputError(f"the parameter {leaf!r:.80} is not a leaf; give the Values that an optimizer moves")
        line = index.setdefault(id(leaf), len(lines))
        if line == len(lines):  # the root does not depend on it
            nodes.append(leaf)
            lines.append(Line(line, None, (), leaf._data, leaf.name))
        where.append(line)
    if len(set(where)) < len(where):
        raise InputError(f"of {len(where)} parameters only {len(set(where))} are different; give each once")
    earlier = tuple(
        node.grad if accumulate and isinstance(node, Value) and node.is_leaf and node.grad_computed else None
        for node in nodes
    )
    places = tuple(node.more.place if isinstance(node, Value) else None for node in nodes)

    def partial(line: int, position: int) -> float | None:
        node = nodes[line]
        return node.partials[position] if isinstance(node, Value) else None

    whole, start = Tape(tuple(lines), tape.outputs, tape.marks), Value(seed).data
    return Chapter(title, whole, events_of(whole, partial, earlier, start), earlier, places, tuple(where), seed=start)


def chapter_of_tape(
    tape: Tape, values: Sequence[float] | None = None, *, title: str = "", seed: float = 1.0
) -> Chapter:
    """Returns what happens on a recorded computation, at the numbers recorded or at others.

    Args:
        tape: with one output.
        values: one number a line, such as `tape.evaluate(...).values`.
        title: what to call the chapter.
        seed: the adjoint of the output, a real number.
    Raises:
        InputError: not one output, or not one number a line.
    Example:
        >>> from autograd_lite.recording import record
        >>> tape = record(Value(3.0, name="x") ** 2)
        >>> chapter_of_tape(tape, tape.evaluate({"x": 4.0}).values).events[-1]
        Back(line=2, position=0, operand=0, local=8.0, upstream=1.0, before=0.0, after=8.0)
    """
    if len(tape.outputs) != 1:
        raise InputError(
            f"the tape has {len(tape.outputs)} outputs, a chapter one root; record their sum, or each alone"
        )
    numbers = [line.data for line in tape.lines] if values is None else list(values)
    if len(numbers) != len(tape):
        raise InputError(f"got {len(numbers)} values for {len(tape)} lines; give one a line, as evaluate().values does")
    whole = Tape(tuple(replace(line, data=numbers[line.index]) for line in tape.lines), tape.outputs, tape.marks)

    def partial(index: int, position: int) -> float | None:
        line = whole.lines[index]
        assert line.rule is not None  # a sweep goes through operations only
        return local_partial(
            line.rule, position, [numbers[i] for i in line.operands], numbers[index], lone=whole.lone(line)
        )

    none, start = (None,) * len(numbers), Value(seed).data
    return Chapter(title, whole, events_of(whole, partial, none, start), none, none, seed=start)
