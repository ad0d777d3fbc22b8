"""A tape that has been evaluated: a value per line, from which gradients and tangents follow.

adjoint[operand]  +=  partial * adjoint[line]       last line first: what `backward` does
tangent[line]     +=  partial * tangent[operand]    first line first
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .arithmetics import FLOAT, IEEE, Arithmetic
from .context import ieee
from .errors import ArithmeticFault, TapeError
from .functions import VALUE
from .value import local_partial

if TYPE_CHECKING:
    from .tape import Tape

__all__ = ["Run"]


@dataclass(frozen=True)
class Run:
    """A tape evaluated: one value per line, in some arithmetic."""

    tape: Tape
    arithmetic: Arithmetic
    values: list[Any] = field(repr=False)

    @property
    def outputs(self) -> tuple[Any, ...]:
        """The values of the tape's outputs."""
        return tuple(self.values[i] for i in self.tape.outputs)

    def partial(self, index: int, position: int) -> Any:
        """Returns the local derivative of a line with respect to its operand at `position`, at this run's values."""
        line = self.tape.lines[index]
        if line.rule is None:
            raise TapeError(f"line {index} is {'a constant' if line.constant else 'a leaf'} and has no partials")
        operands = [self.values[i] for i in line.operands]
        lone = self.tape.lone(line)
        if self.arithmetic in (FLOAT, IEEE):
            return local_partial(line.rule, position, operands, self.values[index], lone=lone)
        partial = self.arithmetic.partial(line.rule, position, lone=lone)
        try:
            return partial(*operands, self.values[index])
        except ArithmeticFault:  # over Values, as over floats: at the edge of a domain a slope is its limit
            with ieee():
                return partial(*operands, self.values[index])

    def adjoints(self, seeds: Sequence[Any] | None = None, *, wanted: Iterable[int] | None = None) -> list[Any]:
        """Folds the reverse sweep: returns d (sum of seed * output) / d line, for every line.

        Args:
            seeds: one an output; all 1 if None.
            wanted: only the paths that lead to these lines are walked; the others' adjoints stay None.
        """
        tape, over = self.tape, self.arithmetic
        seeds = [over.number(1.0)] * len(tape.outputs) if seeds is None else list(seeds)
        if len(seeds) != len(tape.outputs):
            raise TapeError(f"got {len(seeds)} seeds for {len(tape.outputs)} outputs")
        active = self._leading_to(wanted)
        zero = over.number(0.0) if over is not VALUE else None  # Values start empty, so that no `0 +` is recorded
        adjoints: list[Any] = [zero if active is None or active[i] else None for i in range(len(tape.lines))]
        with over.context():
            for index, seed in zip(tape.outputs, seeds, strict=True):
                adjoints[index] = seed if adjoints[index] is None else adjoints[index] + seed
            for line, position, operand in tape.sweep:
                if (active is None or active[operand]) and adjoints[line] is not None:
                    partial = self.partial(line, position)
                    one = isinstance(partial, int) and partial == 1
                    term = adjoints[line] if one else partial * adjoints[line]
                    adjoints[operand] = term if adjoints[operand] is None else adjoints[operand] + term
        return adjoints

    def _leading_to(self, wanted: Iterable[int] | None) -> list[bool] | None:
        if wanted is None:
            return None
        active = [False] * len(self.tape.lines)
        for index in wanted:
            active[index] = True
        for line in self.tape.lines:
            if not active[line.index]:
                active[line.index] = any(active[i] for i in line.operands)
        return active

    def gradients(self, seeds: Sequence[Any] | None = None) -> dict[str, Any]:
        """Returns the adjoint of every leaf by its label; for leaves that share a name, by line: "v0", "v7"."""
        adjoints = self.adjoints(seeds)
        names = [self.tape.label(i) for i in self.tape.leaves]
        count = Counter(names)
        return {
            name if count[name] == 1 else f"v{i}": adjoints[i] for i, name in zip(self.tape.leaves, names, strict=True)
        }

    def tangents(self, directions: Mapping[str | int, Any] | Sequence[Any]) -> list[Any]:
        """Folds forward: returns the directional derivative of every line.

            tangent[line] = sum over operands of partial * tangent[operand]

        Args:
            directions: by leaf name or line index, or a sequence in the order of the tape's leaves; 0 for leaves not
                mentioned.

        Raises:
            TapeError: a direction for what is no leaf of this tape, or too few or too many.

        Example:
            >>> from autograd_lite import Value, record
            >>> tape = record(Value(3.0, name="x") * Value(2.0, name="y"))
            >>> tape.evaluate().tangents({"x": 1.0})
            [1.0, 0.0, 2.0]
        """
        over, along = self.arithmetic, self.tape.by_leaf(directions)
        tangents: list[Any] = [None] * len(self.tape.lines)
        with over.context():
            for line in self.tape.lines:
                if line.index in along:
                    tangents[line.index] = along[line.index]
                elif line.rule is not None:
                    for position, operand in enumerate(line.operands[-line.rule.arity :]):
                        if tangents[operand] is not None:
                            term = self.partial(line.index, position) * tangents[operand]
                            before = tangents[line.index]
                            tangents[line.index] = term if before is None else before + term
        return [over.number(0.0) if tangent is None else tangent for tangent in tangents]
