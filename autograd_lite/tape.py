"""The tape: a recorded computation as a flat list of lines, operands before results (a Wengert list).

    >>> from autograd_lite import FRACTION, Value, record
    >>> a, b = Value(-4.0, name="a"), Value(2.0, name="b")
    >>> tape = record(a * b + b**3)
    >>> print(tape)
    v0 = a          leaf             -4.0
    v1 = b          leaf              2.0
    v2 = a * b                       -8.0
    v3 = 3.0        constant          3.0
    v4 = b ** v3                      8.0
    v5 = v2 + v4    output            0.0

It can be read in any arithmetic, and so can its reverse sweep, which is data on it:

    >>> from fractions import Fraction
    >>> run = tape.evaluate({"a": Fraction(1, 3)}, arithmetic=FRACTION)
    >>> run.outputs, run.gradients()["a"]
    ((Fraction(26, 3),), Fraction(2, 1))
    >>> tape.sweep[0]
    Back(line=5, position=0, operand=2)

Source: R. E. Wengert, "A simple automatic derivative evaluation program", CACM 7(8), 1964.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from .arithmetics import FLOAT, IEEE, Arithmetic
from .context import modes
from .errors import TapeError
from .faults import fault
from .operands import number
from .operations import symbol
from .rules import Rule
from .run import Run

__all__ = ["Back", "Line", "ScopeMark", "Tape"]


@dataclass(frozen=True, slots=True)
class Line:
    """One entry of a tape.

    Args:
        index: its position on the tape.
        rule: the operation; None for a leaf or a constant.
        operands: indices of earlier lines, in the order of the rule's operands.
        data: the number recorded.
        name: the name given to the node, or "".
        constant: whether it is a number written in the program rather than a Value.
    """

    index: int
    rule: Rule | None
    operands: tuple[int, ...]
    data: float
    name: str = ""
    constant: bool = False

    @property
    def is_leaf(self) -> bool:
        """Whether the line is an input: neither the result of an operation nor a constant."""
        return self.rule is None and not self.constant


class Back(NamedTuple):
    """One step of the reverse sweep: adjoint[operand] += partial(line, position) * adjoint[line]."""

    line: int
    position: int
    operand: int


class ScopeMark(NamedTuple):
    """One call of a named piece of the program: what went in and what came out, as line indices.

    `parts`, where there are any, names a piece for each output: the neurons of a layer.
    """

    name: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    parts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Tape:
    """A recorded computation.

    Args:
        lines: operands before results.
        outputs: indices of the results that were asked for.
        marks: the named pieces, for `scopes.py`.
    """

    lines: tuple[Line, ...]
    outputs: tuple[int, ...]
    marks: tuple[ScopeMark, ...] = ()

    @cached_property
    def leaves(self) -> tuple[int, ...]:
        """Indices of the inputs, in order of first use."""
        return tuple(line.index for line in self.lines if line.is_leaf)

    @cached_property
    def sweep(self) -> tuple[Back, ...]:
        """The reverse sweep: what backpropagation does, in order; `Value.backward` equals folding this list."""
        return tuple(
            Back(line.index, position, operand)
            for line in reversed(self.lines)
            if line.rule
            for position, operand in enumerate(line.operands[-line.rule.arity :])
            if not self.lines[operand].constant
        )

    def lone(self, line: Line) -> bool:
        """Says whether one of the line's operands is a constant, which decides ties in `maximum` and `minimum`."""
        return line.rule is not None and any(self.lines[i].constant for i in line.operands[-line.rule.arity :])

    def label(self, index: int) -> str:
        """Returns what the listing calls a line: its name, or v and its index."""
        return self.lines[index].name or f"v{index}"

    def evaluate(
        self,
        inputs: Mapping[str | int, Any] | Sequence[Any] | None = None,
        *,
        arithmetic: Arithmetic = FLOAT,
    ) -> Run:
        """Computes every line again, from other inputs or in another arithmetic.

        Args:
            inputs: numbers of that arithmetic: by leaf name or line index, or a sequence in the order of `leaves`.
                Leaves not mentioned keep the number recorded, turned into the arithmetic's own.
            arithmetic: FLOAT, IEEE, COMPLEX, FRACTION, VALUE, numpy_arithmetic(), or your own `Arithmetic`.

        Returns:
            The run: a value per line, from which gradients and tangents follow.

        Raises:
            TapeError: an input that is no leaf of this tape, or too few or too many.
            ArithmeticFault: over floats, a line is undefined for these inputs.
            RuleError: the arithmetic lacks a function.

        Example:
            >>> from autograd_lite import Value, record
            >>> tape = record(Value(3.0, name="x").tanh())
            >>> tape.evaluate({"x": 0.0}).outputs
            (0.0,)
        """
        given = self.by_leaf(inputs)
        values: list[Any] = []
        if arithmetic is FLOAT:
            given = {index: number(value, f"input {self.label(index)!r}") for index, value in given.items()}
            if modes().ieee:
                arithmetic = IEEE
        with arithmetic.context():
            for line in self.lines:
                if line.rule is None:
                    values.append(given[line.index] if line.index in given else arithmetic.number(line.data))
                    continue
                operands = [values[i] for i in line.operands]
                try:
                    value = arithmetic.value(line.rule)(*operands)
                    values.append(float(value) if arithmetic is IEEE else value)  # rows write 0, which has no sign
                except (ArithmeticError, ValueError) as error:
                    if arithmetic is not FLOAT:
                        raise
                    names = [self.label(i) for i in line.operands]
                    place = f"line {line.index} of the tape"
                    raise fault(line.rule, operands, error, names=names, place=place) from None
        return Run(self, arithmetic, values)

    def by_leaf(self, inputs: Mapping[str | int, Any] | Sequence[Any] | None) -> dict[int, Any]:
        """Returns what was given for leaves by the leaves' line indices.

        Args:
            inputs: by leaf name or line index, or a sequence in the order of `leaves`; None gives {}.

        Raises:
            TapeError: a key that is no leaf of this tape, a name that several leaves have, or a sequence of another
                length.

        Example:
            >>> from autograd_lite import Value, record
            >>> record(Value(2.0, name="x") * Value(3.0, name="y")).by_leaf({"y": 1.0})
            {1: 1.0}
        """
        if inputs is None:
            return {}
        if not isinstance(inputs, Mapping):
            if len(inputs) != len(self.leaves):
                raise TapeError(f"got {len(inputs)} inputs for {len(self.leaves)} leaves: {self._leaf_names()}")
            return dict(zip(self.leaves, inputs, strict=True))
        called: dict[str | int, list[int]] = {i: [i] for i in self.leaves}
        for i in self.leaves:
            if self.lines[i].name:
                called.setdefault(self.lines[i].name, []).append(i)
        given = {}
        for key, value in inputs.items():
            matches = called.get(key) if isinstance(key, str | int) else None
            if not matches:
                raise TapeError(f"{key!r} is not a leaf of this tape; its leaves are {self._leaf_names()}")
            if len(matches) > 1:
                raise TapeError(f"{len(matches)} leaves are called {key!r}; use line indices: {matches}")
            given[matches[0]] = value
        return given

    def _leaf_names(self) -> str:
        names = [self.label(i) for i in self.leaves]
        return ", ".join(names[:10]) + (f", ... ({len(names)} in all)" if len(names) > 10 else "")

    def validate(self) -> Tape:
        """Returns the tape if it is well formed.

        Raises:
            TapeError: the first line that refers forward, has the wrong number of operands, or is out of place; an
                output or a scope's mark that does not fit the lines.
        """
        for position, line in enumerate(self.lines):
            if line.index != position:
                raise TapeError(f"line {position} carries the index {line.index}")
            if line.rule is None and line.operands:
                raise TapeError(f"line {position} has operands {line.operands} but no operation")
            if line.rule is not None:
                if line.constant:
                    raise TapeError(f"line {position} is both a constant and the result of {line.rule.name}")
                if len(line.operands) != len(line.rule.operands):
                    wanted = len(line.rule.operands)
                    raise TapeError(f"line {position}: {line.rule.name} takes {wanted} operands, got {line.operands}")
            for operand in line.operands:
                if not 0 <= operand < position:
                    raise TapeError(f"line {position} uses line {operand}, which does not come before it")
        for output in self.outputs:
            if not 0 <= output < len(self.lines):
                raise TapeError(f"output {output} is not a line of a tape of {len(self.lines)} lines")
        for mark in self.marks:
            for index in (*mark.inputs, *mark.outputs):
                if not 0 <= index < len(self.lines):
                    raise TapeError(f"scope {mark.name!r} refers to line {index} of {len(self.lines)}")
            if mark.parts and len(mark.parts) != len(mark.outputs):
                count = len(mark.outputs)
                raise TapeError(
                    f"scope {mark.name!r} has {count} outputs and {len(mark.parts)} parts; one part an output"
                )
        return self

    def formula(self, index: int) -> str:
        """Returns the right-hand side of a line: "a * b", "tanh(v3)", or a leaf's name or number."""
        line = self.lines[index]
        if line.rule is None:
            return repr(line.data) if line.constant else self.label(index)
        names = [self.label(i) for i in line.operands]
        sign = symbol(line.rule)
        if sign == line.rule.name:
            return f"{sign}({', '.join(names)})"
        return f"{sign}{names[0]}" if len(names) == 1 else f"{names[0]} {sign} {names[1]}"

    def to_source(self, name: str = "f") -> str:
        """Returns the tape as a Python function of its leaves, over anything that has the table's functions.

        Example:
            >>> from autograd_lite import Value, record
            >>> x = Value(2.0, name="x")
            >>> print(record(3 * x.tanh()).to_source())
            def f(x):
                v1 = tanh(x)
                v3 = 3.0 * v1
                return v3
        """
        taken = {symbol(line.rule) for line in self.lines if line.rule} | {"nan", "inf"}
        names = {i: _identifier(self.lines[i].name, taken) or f"v{i}" for i in self.leaves}
        if len(set(names.values())) < len(names):
            names = {i: f"v{i}" for i in self.leaves}
        texts = names | {line.index: _literal(line.data) for line in self.lines if line.constant}
        texts |= {line.index: f"v{line.index}" for line in self.lines if line.rule}
        rows = [f"def {name}({', '.join(names.values())}):"]
        for line in self.lines:
            if line.rule is None:
                continue
            sides, sign = [texts[i] for i in line.operands], symbol(line.rule)
            if sign == line.rule.name:
                right = f"{sign}({', '.join(sides)})"
            else:
                right = f" {sign} ".join(sides) if len(sides) == 2 else f"{sign}{sides[0]}"
            rows.append(f"    v{line.index} = {right}")
        rows.append(f"    return {', '.join(texts[i] for i in self.outputs)}")
        return "\n".join(rows)

    def _said(self, line: Line) -> str:
        both = line.rule is not None and line.name
        return f"{line.name} = {self.formula(line.index)}" if both else line.name or self.formula(line.index)

    def __str__(self) -> str:
        texts = [f"v{line.index} = {self._said(line)}" for line in self.lines]
        width = max((len(text) for text in texts), default=0)
        rows = []
        for line, text in zip(self.lines, texts, strict=True):
            kind = "constant" if line.constant else "leaf" if line.rule is None else ""
            kind = "output" if line.index in self.outputs else kind
            rows.append(f"{text:<{width}}    {kind:<8} {line.data!r:>12}".rstrip())
        return "\n".join(rows)

    def __len__(self) -> int:
        return len(self.lines)

    def save(self, path: Any) -> None:
        """Writes the tape as JSON, whole or not at all; see `tape_file.py`."""
        from .tape_file import save

        save(self, path)

    @staticmethod
    def load(path: Any, *, rules: Iterable[Rule] = ()) -> Tape:
        """Reads a tape written by `save`.

        Args:
            path: the file.
            rules: rules of your own that it uses.

        Raises:
            TapeError: the file is not a well-formed tape; the message names the file and the place.
        """
        from .tape_file import load

        return load(path, rules=rules)


def _identifier(name: str, taken: Collection[str]) -> str:
    """Returns the name if source text can use it for a leaf, else ""."""
    clashes = name in taken or keyword.iskeyword(name) or re.fullmatch(r"v\d+", name)
    return name if name.isidentifier() and name.isascii() and not clashes else ""


def _literal(data: float) -> str:
    text = repr(data)
    return f"({text})" if text.startswith("-") else text  # (-2.0) ** x is not -2.0 ** x
