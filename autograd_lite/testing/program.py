"""A random computation as data: a straight line of instructions, which runs in any arithmetic and prints as source."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from autograd_lite.arithmetics import FRACTION, Arithmetic
from autograd_lite.expressions import calls_in
from autograd_lite.functions import FUNCTION_TABLE, where
from autograd_lite.operations import DUNDERS, method_names, symbol
from autograd_lite.recording import trace
from autograd_lite.rules import RULES, Rule
from autograd_lite.tape import Tape
from autograd_lite.value import Value

__all__ = ["RATIONAL", "RAW", "SMOOTH", "Instruction", "Operation", "Program", "exact_over_fractions", "perform"]


class Operation(NamedTuple):
    """An operation of a `Program`: a rule's name, and its second operand if that is fixed, as in x ** 3."""

    name: str
    second: float | None = None

    @property
    def rule(self) -> Rule:
        """The row of the table."""
        return RULES[self.name]


class Instruction(NamedTuple):
    """One step of a `Program`: an operation on what lies `x` and `y` places back, counted around.

    Args:
        operation: what to do.
        x: the first operand: 0 is the newest result, 1 the one before; past the oldest, counting begins again.
        y: the second operand, likewise; ignored by operations of one.
    """

    operation: Operation
    x: int
    y: int


def exact_over_fractions(rule: Rule) -> bool:
    """Says whether a rule is computed exactly over fractions."""
    return isinstance(rule.value, str) and all(name in FRACTION.functions for name in calls_in(rule.value))


_POWERS = tuple(Operation("pow", exponent) for exponent in (2.0, 3.0, 1.0, 0.0, -1.0, -2.0))

RAW = (*(Operation(name) for name in RULES), *_POWERS)
"""Every operation, kinks and poles included."""

SMOOTH = tuple(operation for operation in RAW if operation.name == "pow" or not operation.rule.kinks)
"""Operations without kinks inside their domain; those of pow are on its edge."""

RATIONAL = tuple(
    operation
    for operation in RAW
    if operation in _POWERS or (operation.name != "pow" and exact_over_fractions(operation.rule))
)
"""Operations that fractions compute exactly, kinks included."""


@dataclass(frozen=True)
class Program:
    """A straight-line computation, and a point to compute it at.

    A list of instructions that refer back, rather than an expression tree: results are shared, which is where reverse
    sweeps go wrong. Any instruction may be dropped and the rest still means something, so failures shrink.

    Args:
        inputs: the point, one number a leaf; at least one.
        constants: numbers written in the program.
        instructions: operations on earlier results; the last result is the program's. Those that would touch only
            constants do nothing.
    """

    inputs: tuple[float, ...]
    constants: tuple[float, ...]
    instructions: tuple[Instruction, ...]

    def _places(self, instruction: Instruction, count: int) -> tuple[int, ...]:
        """Returns which of `count` numbers an instruction takes; the constants are the first of them."""
        operation = instruction.operation
        backs = (instruction.x, instruction.y)[: 1 if operation.second is not None else operation.rule.arity]
        return tuple((-1 - back) % count for back in backs)

    def _acts(self, places: Sequence[int]) -> bool:
        return any(place >= len(self.constants) for place in places)

    def run(self, inputs: Sequence[Any] | None = None, *, arithmetic: Arithmetic | None = None) -> Any:
        """Returns the last result.

        Args:
            inputs: Values or numbers, one a leaf; the program's own point if None.
            arithmetic: how to compute; None writes it as a user would, with operators and methods, for Values and
                floats.
        """
        return self.trail(inputs, arithmetic=arithmetic)[-1]

    def trail(self, inputs: Sequence[Any] | None = None, *, arithmetic: Arithmetic | None = None) -> list[Any]:
        """Returns the constants, the inputs and all results, in order."""
        number = arithmetic.number if arithmetic else float
        trail = [*(number(c) for c in self.constants), *(self.inputs if inputs is None else inputs)]
        for instruction in self.instructions:
            places = self._places(instruction, len(trail))
            if self._acts(places):
                second = instruction.operation.second
                fixed = () if second is None else (number(second),)
                trail.append(perform(instruction.operation.rule, (*(trail[i] for i in places), *fixed), arithmetic))
        return trail

    def leaves(self) -> list[Value]:
        """Returns fresh leaves x0, x1, ... at the program's point."""
        return [Value(number, name=f"x{i}") for i, number in enumerate(self.inputs)]

    def gradient(self) -> list[float]:
        """Returns the engine's gradient at the program's point, by `backward`; 0.0 for an input it does not use."""
        leaves = self.leaves()
        self.run(leaves).backward()
        return [leaf.grad for leaf in leaves]

    def tape(self) -> Tape:
        """Returns the recorded program; its first lines are the inputs, used or not."""
        leaves = self.leaves()
        return trace([self.run(leaves)], inputs=leaves)[0]

    def __str__(self) -> str:
        names = [*(repr(c) for c in self.constants), *(f"x{i}" for i in range(len(self.inputs)))]
        rows = [f"def program({', '.join(names[len(self.constants) :])}):"]
        for instruction in self.instructions:
            places = self._places(instruction, len(names))
            if self._acts(places):
                second = instruction.operation.second
                texts = [*(names[i] for i in places), *([] if second is None else [repr(second)])]
                rows.append(f"    v{len(rows) - 1} = {_text(instruction.operation.rule, texts)}")
                names.append(f"v{len(rows) - 2}")
        return "\n".join([*rows, f"    return {names[-1]}", f"program({', '.join(map(repr, self.inputs))})"])


def perform(rule: Rule, numbers: tuple[Any, ...], arithmetic: Arithmetic | None) -> Any:
    """Returns an operation's result, in an arithmetic, or written as a user would for Values and floats if None."""
    if arithmetic is not None:
        if rule.name == "where":
            numbers = (arithmetic.formula("1 if x > 0 else 0", ("x",))(numbers[0]), *numbers)
        return arithmetic.value(rule)(*numbers)
    if rule.name == "where":
        return where(numbers[0] > 0, *numbers)
    written = getattr(operator, DUNDERS.get(rule.name, ""), None)
    if written is not None:
        return written(*numbers)
    if isinstance(numbers[0], Value):
        return getattr(numbers[0], method_names(rule)[0])(*numbers[1:])
    return FUNCTION_TABLE[rule.name](*numbers)


def _text(rule: Rule, operands: Sequence[str]) -> str:
    if rule.name == "where":
        return f"where({operands[0]} > 0, {', '.join(operands)})"
    if rule.name in FUNCTION_TABLE:
        return f"{rule.name}({', '.join(operands)})"
    sides = [f"({text})" if text.startswith("-") else text for text in operands]
    sign = "+" if rule.name == "identity" else symbol(rule)
    return f" {sign} ".join(sides) if len(sides) == 2 else f"{sign}{sides[0]}"
