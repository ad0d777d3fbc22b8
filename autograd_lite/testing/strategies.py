"""Hypothesis strategies: numbers at the edges, operands that a rule is defined for, whole computations, and tables."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from hypothesis import strategies as st

from autograd_lite.arithmetics import FLOAT
from autograd_lite.rules import Rule
from autograd_lite.value import Value

from .domains import MARGIN, bounds, defined, full_operands, kink_distance, kink_points
from .program import SMOOTH, Instruction, Operation, Program, perform

__all__ = ["datasets", "edge_floats", "operands", "programs", "values"]

_LEAST = 2.0**-20  # in a bounded domain: the least magnitude of a result but 0

# ---------------------------------------------------------------- numbers


def edge_floats(*, allow_nan: bool = False, allow_infinity: bool = False) -> st.SearchStrategy[float]:
    """Draws floats, most of them where arithmetic goes wrong: zeros, subnormals, neighbours of 1, the huge."""
    tiny, huge = 5e-324, sys.float_info.max
    neat = st.sampled_from([0.0, -0.0, 0.5, 1.0, -1.0, 2.0, -2.0])
    beside = st.builds(math.nextafter, neat, st.sampled_from([-math.inf, math.inf]))
    extreme = st.sampled_from([tiny, -tiny, sys.float_info.min, 1e-200, 1e-30, 1e30, 1e200, -1e200, huge, -huge])
    return neat | beside | extreme | st.floats(allow_nan=allow_nan, allow_infinity=allow_infinity)


def values(numbers: st.SearchStrategy[float] | None = None) -> st.SearchStrategy[Value]:
    """Draws leaves.

    Args:
        numbers: where their data comes from; finite floats if None.
    """
    return st.builds(Value, st.floats(allow_nan=False, allow_infinity=False) if numbers is None else numbers)


def operands(
    rule: Rule, *, least: float = 0.0, limit: float = sys.float_info.max, off_kinks: bool = False
) -> st.SearchStrategy[tuple[float, ...]]:
    """Draws operands a rule is defined for, aimed at the edges of its domain and at its kinks.

    Args:
        rule: the row.
        least: the smallest magnitude but 0.
        limit: the largest magnitude.
        off_kinks: keep a distance of 2**-10 from kinks.
    """
    anywhere = st.floats(-limit, limit)

    def beside(bound: float) -> st.SearchStrategy[float]:
        steps = st.floats(-40, 3).map(lambda exponent: 2.0**exponent)
        return st.builds(lambda step, sign: bound + sign * step, steps, st.sampled_from([-1.0, 0.0, 1.0]))

    each = [st.one_of(anywhere, st.floats(-4, 4), *(beside(b) for b in edges)) for edges in bounds(rule)]
    drawn: st.SearchStrategy[tuple[float, ...]] = st.tuples(*each[-rule.arity :])
    if kink_points(rule) and not off_kinks:
        drawn = drawn | st.sampled_from(kink_points(rule))
    off = MARGIN if off_kinks else 0.0

    def wanted(point: tuple[float, ...]) -> bool:
        sized = all(x == 0 or least <= abs(x) <= limit for x in point)
        return sized and defined(rule, full_operands(rule, point)) and kink_distance(rule, point) >= off

    return drawn.filter(wanted)


# ---------------------------------------------------------------- computations


@st.composite
def programs(
    draw: st.DrawFn,
    ops: Iterable[Operation | str] = SMOOTH,
    *,
    max_size: int = 16,
    max_leaves: int = 3,
    domain: tuple[float, float] | None = (-32.0, 32.0),
    kinks: bool = False,
    numbers: st.SearchStrategy[float] | None = None,
) -> Program:
    """Draws programs whose interior results are shared.

    Args:
        draw: given by Hypothesis.
        ops: the operations to choose from; simplest first, as failures shrink to them.
        max_size: the most instructions.
        max_leaves: the most inputs, at least 1.
        domain: inputs and results lie within, and every rule is inside its domain by 2**-10: instructions of which
            that is not true at the drawn point are dropped. None keeps every instruction, defined or not.
        kinks: within a domain, keep instructions that sit on a kink or nearer than 2**-10.
        numbers: where inputs and constants come from; floats in an eighth of the domain if None, to leave room.
    """
    if numbers is None:
        numbers = edge_floats() if domain is None else _moderate(domain[0] / 8, domain[1] / 8)
    choices = [Operation(op) if isinstance(op, str) else op for op in ops]
    inputs = tuple(draw(st.lists(numbers, min_size=1, max_size=max_leaves)))
    constants = tuple(draw(st.lists(numbers, max_size=2)))
    back = st.integers(0, 8)
    draft = st.builds(Instruction, st.sampled_from(choices), back, back)
    drafts = draw(st.lists(draft, min_size=min(1, max_size), max_size=max_size))
    if domain is None:
        return Program(inputs, constants, tuple(drafts))
    kept: list[Instruction] = []
    for drafted in drafts:
        if _behaves(Program(inputs, constants, (*kept, drafted)), domain, kinks=kinks):
            kept.append(drafted)
    return Program(inputs, constants, tuple(kept))


def _moderate(low: float, high: float) -> st.SearchStrategy[float]:
    return st.floats(low, high).filter(lambda x: x == 0 or abs(x) >= MARGIN)


def _around(numbers: tuple[float, ...], active: Sequence[bool]) -> Iterator[tuple[float, ...]]:
    """Yields the operands, and the same with one of those that are not constants moved a little either way."""
    yield numbers
    for position, x in enumerate(numbers):
        if active[position]:
            for moved in (x - MARGIN, x + MARGIN):
                yield (*numbers[:position], moved, *numbers[position + 1 :])


def _behaves(program: Program, domain: tuple[float, float], *, kinks: bool) -> bool:
    """Says whether the program's last instruction acts and is well inside its domain."""
    *earlier, last = program.instructions
    before = Program(program.inputs, program.constants, tuple(earlier)).trail(arithmetic=FLOAT)
    places = program._places(last, len(before))
    if not program._acts(places):
        return False
    rule, second = last.operation.rule, last.operation.second
    numbers = (*(before[i] for i in places), *(() if second is None else (second,)))
    active = [*(place >= len(program.constants) for place in places), False][: len(numbers)]
    if not all(defined(rule, full_operands(rule, near)) for near in _around(numbers, active)):
        return False
    if not kinks and (kink_distance(rule, numbers) < MARGIN or (rule.name == "where" and abs(numbers[0]) < MARGIN)):
        return False
    try:
        result = perform(rule, numbers, FLOAT)
    except (ArithmeticError, ValueError):
        return False
    return bool(domain[0] <= result <= domain[1] and (result == 0 or abs(result) >= _LEAST))


# ---------------------------------------------------------------- data


@st.composite
def datasets(
    draw: st.DrawFn,
    *,
    max_rows: int = 8,
    max_columns: int = 3,
    numbers: st.SearchStrategy[float] | None = None,
    labels: st.SearchStrategy[Any] | None = None,
) -> tuple[list[list[float]], list[Any]]:
    """Draws small tables to train on: X, rows of equal width, and y, one label a row.

    Nothing that a user's data may hold is avoided: a single row, equal rows with different labels, constant columns,
    labels of one class only; what scaling and splitting trip over.

    Args:
        draw: given by Hypothesis.
        max_rows: the most rows, at least 1; there is at least one.
        max_columns: the most features, at least 1; there is at least one.
        numbers: where features come from; floats from -8 to 8 if None.
        labels: where labels come from; classes 0, 1 and 2 if None. Floats make a regression.

    Example:
        >>> from hypothesis import given
        >>> @given(datasets(labels=st.floats(-1, 1)))
        ... def every_row_has_a_label(data):
        ...     X, y = data
        ...     assert len(X) == len(y)
        >>> every_row_has_a_label()
    """
    number = st.floats(-8, 8) if numbers is None else numbers
    width = draw(st.integers(1, max_columns))
    row = st.lists(number, min_size=max_columns, max_size=max_columns)  # cut to the width, so that failures shrink
    sample = st.tuples(row, st.integers(0, 2) if labels is None else labels)
    samples = draw(st.lists(sample, min_size=1, max_size=max_rows))
    return [features[:width] for features, _ in samples], [label for _, label in samples]


# so that `st.from_type` and `st.builds` find Values for arguments annotated as such
st.register_type_strategy(Value, values())
