"""Random computations, and oracles that know their derivatives without knowing our rules.

    >>> program = Program((3.0, 2.0), (), (Instruction(Operation("mul"), 0, 1), Instruction(Operation("tanh"), 0, 0)))
    >>> print(program)
    def program(x0, x1):
        v0 = x1 * x0
        v1 = tanh(v0)
        return v1
    program(3.0, 2.0)

*Strategies* for Hypothesis draw numbers at the edges (`edge_floats`), operands that a rule is defined for, and those
where it is not smooth (`operands`), and whole computations (`programs`). What to draw follows from the `domain` and
`kinks` columns of the table, so a new row is tested by existing.

*Oracles* read the tape of a computation in arithmetics of their own; of the table they use the `value` column only:

    dual numbers over Fraction       the gradient, exactly                   `exact_gradient`
    differences over 100 digits      a slope, from either side               `slope`
    power series over balls          derivatives of any order, with bounds   `derivative`
    balls of 53 bits                 how much rounding the tape allows       `certify`

Needs Hypothesis; the oracles also mpmath and python-flint, imported when used.

Source: D. R. MacIver, "Hypothesis", 2015; F. Johansson, "Arb: efficient arbitrary-precision midpoint-radius interval
arithmetic", IEEE Transactions on Computers 66(8), 2017.
"""

from __future__ import annotations

import ast
import itertools
import math
import operator
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import Any, Literal, NamedTuple

from hypothesis import strategies as st

from .arithmetics import FLOAT, FRACTION, IEEE, Arithmetic
from .errors import RuleError
from .expressions import calls_in, names_in, parse
from .functions import FUNCTION_TABLE, where
from .operations import DUNDERS, method_names
from .rules import RULES, Rule
from .tape import Line, Tape, trace
from .value import Value

__all__ = [
    "RATIONAL",
    "RAW",
    "SMOOTH",
    "Certificate",
    "Instruction",
    "Operation",
    "Program",
    "ball_arithmetic",
    "bounds",
    "certify",
    "defined",
    "derivative",
    "dual_arithmetic",
    "edge_floats",
    "exact_gradient",
    "judge",
    "kink_distance",
    "kink_points",
    "multiprecision",
    "operands",
    "programs",
    "refute",
    "rule_tapes",
    "series_arithmetic",
    "slope",
    "values",
]

# ---------------------------------------------------------------- what the table says about where to look

_NEAT = (-2.0, -1.5, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5, 2.0, 3.0)
_MARGIN = 2.0**-10  # in a bounded domain: the least distance from a kink or the domain's edge
_LEAST = 2.0**-20  # in a bounded domain: the least magnitude of a result but 0


def defined(rule: Rule, numbers: Sequence[float]) -> bool:
    """Says whether the rule's `domain` column holds for these operands.

    Example:
        >>> defined(RULES["log"], [0.0]), defined(RULES["pow"], [-2.0, 3.0])
        (False, True)
    """
    return not rule.domain or bool(IEEE.formula(rule.domain, rule.operands)(*numbers))


def kink_distance(rule: Rule, numbers: Sequence[float]) -> float:
    """Returns the least magnitude of the rule's `kinks` expressions, 0 on a kink; inf for a rule without kinks."""
    return min((abs(IEEE.formula(text, rule.operands)(*numbers)) for text in rule.kinks), default=math.inf)


def kink_points(rule: Rule) -> list[tuple[float, ...]]:
    """Returns neat operands that lie exactly on a kink of the rule, inside its domain.

    Example:
        >>> kink_points(RULES["relu"]), len(kink_points(RULES["maximum"]))
        ([(0.0,)], 10)
    """
    neat = itertools.product(_NEAT, repeat=rule.arity)
    return [point for point in neat if rule.kinks and defined(rule, point) and kink_distance(rule, point) == 0]


@cache
def bounds(rule: Rule) -> tuple[tuple[float, ...], ...]:
    """Returns, per operand, the numbers that the rule's domain compares it with.

    Example:
        >>> bounds(RULES["arcsin"]), bounds(RULES["div"])
        (((-1.0, 1.0),), ((), (0.0,)))
    """
    found: dict[str, set[float]] = {letter: set() for letter in rule.operands}
    for node in ast.walk(parse(rule.domain or "0 < 1")):
        if isinstance(node, ast.Compare):
            sides = [ast.unparse(side) for side in (node.left, *node.comparators)]
            for text, bound in itertools.permutations(sides, 2):
                if text in found and not names_in(bound):
                    found[text].add(FLOAT.formula(bound, ())())
    return tuple(tuple(sorted(b for b in found[letter] if math.isfinite(b))) for letter in rule.operands)


# ---------------------------------------------------------------- strategies: numbers


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
    off = _MARGIN if off_kinks else 0.0

    def wanted(point: tuple[float, ...]) -> bool:
        sized = all(x == 0 or least <= abs(x) <= limit for x in point)
        return sized and defined(rule, _full(rule, point)) and kink_distance(rule, point) >= off

    return drawn.filter(wanted)


def _full(rule: Rule, point: tuple[float, ...]) -> tuple[float, ...]:
    """Returns the operands with the condition that a `Program` gives to `where`."""
    return point if len(rule.operands) == len(point) else (float(point[0] > 0), *point)


# ---------------------------------------------------------------- strategies: computations


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


def _exact(rule: Rule) -> bool:
    """Says whether a rule is computed exactly over fractions."""
    return isinstance(rule.value, str) and all(name in FRACTION.functions for name in calls_in(rule.value))


_POWERS = tuple(Operation("pow", exponent) for exponent in (2.0, 3.0, 1.0, 0.0, -1.0, -2.0))

RAW = (*(Operation(name) for name in RULES), *_POWERS)
"""Every operation, kinks and poles included."""

SMOOTH = tuple(operation for operation in RAW if operation.name == "pow" or not operation.rule.kinks)
"""Operations without kinks inside their domain."""

RATIONAL = tuple(
    operation for operation in RAW if operation in _POWERS or (operation.name != "pow" and _exact(operation.rule))
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
                trail.append(_perform(instruction.operation.rule, (*(trail[i] for i in places), *fixed), arithmetic))
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


def _perform(rule: Rule, numbers: tuple[Any, ...], arithmetic: Arithmetic | None) -> Any:
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
    from .operations import symbol

    sign = "+" if rule.name == "identity" else symbol(rule)
    return f" {sign} ".join(sides) if len(sides) == 2 else f"{sign}{sides[0]}"


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
    return st.floats(low, high).filter(lambda x: x == 0 or abs(x) >= _MARGIN)


def _around(numbers: tuple[float, ...], active: Sequence[bool]) -> Iterator[tuple[float, ...]]:
    """Yields the operands, and the same with one of those that are not constants moved a little either way."""
    yield numbers
    for position, x in enumerate(numbers):
        if active[position]:
            for moved in (x - _MARGIN, x + _MARGIN):
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
    if not all(defined(rule, _full(rule, near)) for near in _around(numbers, active)):
        return False
    if not kinks and (kink_distance(rule, numbers) < _MARGIN or (rule.name == "where" and abs(numbers[0]) < _MARGIN)):
        return False
    try:
        result = _perform(rule, numbers, FLOAT)
    except (ArithmeticError, ValueError):
        return False
    return bool(domain[0] <= result <= domain[1] and (result == 0 or abs(result) >= _LEAST))


# ---------------------------------------------------------------- oracle: dual numbers over fractions


class _Dual:
    """A number and its gradient, both exact; what each operation does to them is written out here by hand.

    A constant has the gradient None, because conventions at ties ask whether the other operand is one.
    """

    def __init__(self, number: Any, gradient: tuple[Any, ...] | None = None) -> None:
        self.number, self.gradient = Fraction(number), gradient

    def moved(self, number: Any, *influences: tuple[Any, _Dual]) -> _Dual:
        """Returns a result: its number, and how strongly it follows each operand."""
        parts = [[strength * d for d in dual.gradient] for strength, dual in influences if dual.gradient is not None]
        return _Dual(number, tuple(sum(column, Fraction(0)) for column in zip(*parts, strict=True)) if parts else None)

    def __add__(self, other: _Dual) -> _Dual:
        return self.moved(self.number + other.number, (1, self), (1, other))

    def __sub__(self, other: _Dual) -> _Dual:
        return self.moved(self.number - other.number, (1, self), (-1, other))

    def __mul__(self, other: _Dual) -> _Dual:
        return self.moved(self.number * other.number, (other.number, self), (self.number, other))

    def __truediv__(self, other: _Dual) -> _Dual:
        quotient = self.number / other.number
        return self.moved(quotient, (1 / other.number, self), (-self.number / other.number**2, other))

    def __neg__(self) -> _Dual:
        return self.moved(-self.number, (-1, self))

    def __pow__(self, exponent: _Dual) -> _Dual:
        """Multiplies out, so that not even the power rule is taken on trust."""
        if exponent.gradient is not None or exponent.number.denominator != 1:
            raise RuleError("dual numbers have whole, constant powers only")
        result = self.moved(Fraction(1), (0, self))
        for _ in range(abs(int(exponent.number))):
            result = result * self
        return result if exponent.number >= 0 else _Dual(1) / result


def _larger(x: _Dual, y: _Dual, sign: int) -> _Dual:
    """Returns the maximum (sign = 1) or minimum (-1); a tie is shared, or goes to a constant."""
    gap = sign * (x.number - y.number)
    if gap:
        return x.moved(*((x.number, (1, x), (0, y)) if gap > 0 else (y.number, (0, x), (1, y))))
    share = Fraction(1, 2) if x.gradient is not None and y.gradient is not None else 0
    return x.moved(x.number, (share, x), (share, y))


def _flat(function: Callable[[Fraction], Any]) -> Callable[[_Dual], _Dual]:
    return lambda x: x.moved(function(x.number), (0, x))


@cache
def dual_arithmetic() -> Arithmetic:
    """Returns dual numbers over fractions: values and gradients together, exact, and independent of the table."""
    by_hand: Mapping[str, Callable[..., Any]] = {
        "identity": lambda x: x,
        "abs": lambda x: x.moved(abs(x.number), ((x.number > 0) - (x.number < 0), x)),
        "maximum": lambda x, y: _larger(x, y, 1),
        "minimum": lambda x, y: _larger(x, y, -1),
        "where": lambda c, x, y: c.moved((x if c.number else y).number, (c.number != 0, x), (c.number == 0, y)),
        "sign": _flat(lambda x: (x > 0) - (x < 0)),
        "heaviside": _flat(lambda x: x > 0),
        "floor": _flat(lambda x: x.numerator // x.denominator),
        "round": _flat(round),
        "relu": lambda x: x.moved(max(x.number, 0), (x.number > 0, x)),
        "leaky_relu": lambda x: x * _Dual(1 if x.number > 0 else 0.01),
    }
    return Arithmetic("dual", by_hand, number=_Dual)


def exact_gradient(tape: Tape, inputs: Sequence[Fraction]) -> list[Fraction]:
    """Returns the exact gradient of the tape's output by its leaves, from the values of its rules alone.

    Example:
        >>> x = Value(3.0)
        >>> exact_gradient(trace([x * x / 2])[0], [Fraction(1, 3)])
        [Fraction(1, 3)]
    """
    units = [_Dual(x, tuple(Fraction(i == j) for j in range(len(inputs)))) for i, x in enumerate(inputs)]
    (output,) = tape.evaluate(units, arithmetic=dual_arithmetic()).outputs
    return list(output.gradient or [Fraction(0)] * len(inputs))


# ---------------------------------------------------------------- oracle: differences over 100 digits


_CIRCULAR = ("sin", "cos", "tan", "sinh", "cosh", "tanh")


def _odd(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Returns an odd function on all of the line, from one that is right for x >= 0."""
    return lambda x: -function(-x) if x < 0 else function(x)


@cache
def multiprecision(digits: int = 100) -> Arithmetic:
    """Returns mpmath's numbers of so many decimal digits."""
    import mpmath
    from mpmath import mp, mpf

    functions = {name: getattr(mp, name) for name in ("exp", "expm1", "log", "log1p", "log10", "sqrt", "hypot")}
    functions |= {name: getattr(mp, name) for name in (*_CIRCULAR, "erf", "erfc")}
    functions |= {f"arc{name}": getattr(mp, f"a{name}") for name in (*_CIRCULAR, "tan2")}
    functions |= {"abs": abs, "floor": mp.floor, "round": mp.nint, "cbrt": _odd(mp.cbrt)}
    functions |= {"exp2": lambda x: mpf(2) ** x, "log2": lambda x: mp.log(x) / mp.log(2)}
    return Arithmetic(
        f"{digits}-digit",
        functions,
        number=lambda x: +mp.pi if x == math.pi else mpf(x),
        divide=lambda x, y: mpf(x) / y,
        power=lambda x, y: mpf(x) ** y,
        context=lambda: mpmath.workdps(digits),
    )


def _is_complex(number: Any) -> bool:
    from mpmath import mpc

    return isinstance(number, mpc)


def slope(tape: Tape, inputs: Sequence[float], position: int, *, side: int = 0, step: float = 1e-35) -> Any:
    """Returns the slope of the tape's output along one leaf: a difference over 100 digits, good to about 30.

    Args:
        tape: one output.
        inputs: where, one number a leaf.
        position: which leaf.
        side: 0 central, -1 from the left, 1 from the right.
        step: relative to |x|, or to 1 at 0; at most 1e-30.

    Returns:
        An mpmath number; nan where the output is undefined on that side.
    """
    over = multiprecision()
    with over.context():
        numbers = [over.number(x) for x in inputs]
        step *= abs(inputs[position]) or 1.0

        def at(distance: int) -> Any:
            moved = [x + distance * over.number(step) if i == position else x for i, x in enumerate(numbers)]
            try:
                run = tape.evaluate(moved, arithmetic=over)
            except (ArithmeticError, TypeError):  # a pole; or mpmath left the real line, where nothing is ordered
                return over.number(math.nan)
            return over.number(math.nan) if any(_is_complex(value) for value in run.values) else run.outputs[0]

        ahead, behind = (1, -1) if side == 0 else (max(side, 0), min(side, 0))
        return (at(ahead) - at(behind)) / ((ahead - behind) * over.number(step))


# ---------------------------------------------------------------- oracle: balls, and power series over them


@contextmanager
def _precision(bits: int, terms: int = 1) -> Iterator[None]:
    from flint import ctx

    before = ctx.prec, ctx.cap
    ctx.prec, ctx.cap = bits, terms
    try:
        yield
    finally:
        ctx.prec, ctx.cap = before


def _ball(x: Any) -> Any:
    from flint import arb

    return arb.pi() if isinstance(x, float) and x == math.pi else arb(x)


def _ball_power(x: Any, y: Any) -> Any:
    whole = y if isinstance(y, int) else y.unique_fmpz()
    return _ball(x) ** (y if whole is None or y != whole else int(whole))


def _nearest(x: Any) -> Any:
    """Returns the nearest whole number, ties to the even one."""
    up = (x + 0.5).floor()
    return 2 * ((x / 2 + 0.25).floor()) if x + 0.5 == up else up


@cache
def ball_arithmetic(bits: int = 53, *, rounded: bool = False) -> Arithmetic:
    """Returns balls, numbers with a proven bound on their rounding, whose centres have so many bits.

    Comparisons look at the centres, as floats would; so a result near a kink is not to be trusted.

    Args:
        bits: of the centres.
        rounded: whether literals of many digits were themselves rounded, as those on the tape of a derivative were.
    """
    from flint import arb

    def literal(x: Any) -> Any:
        mantissa = math.frexp(x)[0] * 2**20 if isinstance(x, float) else 0.0
        return arb(x, 4 * math.ulp(x)) if mantissa % 1 else _ball(x)

    functions: dict[str, Callable[..., Any]] = {
        name: getattr(arb, name) for name in ("exp", "expm1", "log", "log1p", "sqrt", "erf", "erfc", "floor")
    }
    functions |= {name: getattr(arb, name) for name in _CIRCULAR}
    functions |= {f"arc{name}": getattr(arb, f"a{name}") for name in (*_CIRCULAR, "tan2")}
    functions |= {"abs": abs, "round": _nearest, "cbrt": _odd(lambda x: x.root(3))}
    functions |= {"exp2": lambda x: arb(2) ** x, "log2": lambda x: x.log() / arb.const_log2()}
    functions |= {"log10": lambda x: x.log() / arb.const_log10(), "hypot": lambda x, y: (x * x + y * y).sqrt()}
    functions = {name: lambda *xs, f=f: f(*(_ball(x) for x in xs)) for name, f in functions.items()}
    return Arithmetic(
        f"{bits}-bit ball",
        functions,
        number=literal if rounded else _ball,
        real=lambda x: x.mid() if isinstance(x, arb) else x,
        divide=lambda x, y: _ball(x) / y,
        power=_ball_power,
        context=lambda: _precision(bits),
    )


@cache
def series_arithmetic(bits: int = 300, order: int = 1) -> Arithmetic:
    """Returns power series in one unknown, up to `order`, whose coefficients are balls.

    Computing a program on x + t gives all its derivatives at x, from what its operations *are*; no derivative is known
    here but those that python-flint has for its own few functions.
    """
    from flint import arb, arb_series

    def series(x: Any) -> Any:
        return x if isinstance(x, arb_series) else arb_series([_ball(x)])

    def start(x: Any) -> Any:
        return series(x)[0]

    def power(x: Any, y: Any) -> Any:
        x, y = series(x), series(y)
        exponent = y[0].unique_fmpz() if y.length() <= 1 else None
        if exponent is not None and y[0] == exponent:
            return x ** int(exponent)
        return (y * x.log()).exp()

    def odd(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
        return lambda x: -function(-x) if start(x) < 0 else function(x)

    def arctan2(x: Any, y: Any) -> Any:
        if start(y) > 0:
            return (x / y).atan()
        if start(x) == 0:
            return (x / y).atan() + arb.pi()
        return -(y / x).atan() + (arb.pi() / 2 if start(x) > 0 else -arb.pi() / 2)

    functions: dict[str, Callable[..., Any]] = {
        name: getattr(arb_series, name) for name in ("exp", "log", "sqrt", "sin", "cos", "tan", "erf", "erfc")
    }
    functions |= {f"arc{name}": getattr(arb_series, f"a{name}") for name in ("sin", "cos", "tan")}
    functions |= {
        "abs": lambda x: -x if start(x) < 0 else x,
        "floor": lambda x: series(start(x).floor()),
        "round": lambda x: series(_nearest(start(x))),
        "expm1": lambda x: x.exp() - 1,
        "exp2": lambda x: (x * arb.const_log2()).exp(),
        "log1p": lambda x: (1 + x).log(),
        "log2": lambda x: x.log() / arb.const_log2(),
        "log10": lambda x: x.log() / arb.const_log10(),
        "cbrt": odd(lambda x: (x.log() / 3).exp()),
        "hypot": lambda x, y: (x * x + y * y).sqrt(),
        "sinh": lambda x: (x.exp() - (-x).exp()) / 2,
        "cosh": lambda x: (x.exp() + (-x).exp()) / 2,
        "tanh": odd(lambda x: (1 - (-2 * x).exp()) / (1 + (-2 * x).exp())),
        "arcsinh": odd(lambda x: (x + (1 + x * x).sqrt()).log()),
        "arccosh": lambda x: (x + ((x - 1) * (x + 1)).sqrt()).log(),
        "arctanh": lambda x: ((1 + x) / (1 - x)).log() / 2,
        "arctan2": arctan2,
    }
    functions = {name: lambda *xs, f=f: f(*(series(x) for x in xs)) for name, f in functions.items()}
    return Arithmetic(
        f"{bits}-bit series",
        functions,
        number=series,
        real=lambda x: start(x).mid(),
        divide=lambda x, y: series(x) / y,
        power=power,
        context=lambda: _precision(bits, order + 1),
    )


def derivative(
    tape: Tape, inputs: Sequence[float], direction: Sequence[float], *, order: int = 1, bits: int = 300
) -> Any:
    """Returns the derivative of the tape's output along a direction, as a ball that certainly holds it.

        d^order / dt^order  output(inputs + t direction)  at t = 0

    Args:
        tape: one output.
        inputs: where, one number a leaf.
        direction: one number a leaf.
        order: 0 for the value itself.
        bits: of precision.

    Example:
        >>> x = Value(2.0)
        >>> float(derivative(trace([x**3])[0], [2.0], [1.0], order=2))
        12.0
    """
    from flint import arb_series

    over = series_arithmetic(bits, order)
    with over.context():
        lines = [arb_series([_ball(x), _ball(d)][: order + 1]) for x, d in zip(inputs, direction, strict=True)]
        (output,) = tape.evaluate(lines, arithmetic=over).outputs
        return over.number(output)[order] * math.factorial(order)


Verdict = Literal["certified", "wrong", "ill-conditioned", "undecided"]


@dataclass(frozen=True)
class Certificate:
    """What can be proved of one computed number.

    Args:
        computed: the number.
        truth: what it should be, to the nearest float.
        error: the distance between them.
        bound: what rounding can explain.
        verdict: "certified" if the error is within the bound; "wrong" if not; "ill-conditioned" if it is within, but
            the bound says little, being over a millionth of the truth; "undecided" if there is no bound.
    """

    computed: float
    truth: float
    error: float
    bound: float
    verdict: Verdict


def judge(computed: float, read: Any, truth: Any) -> Certificate:
    """Returns what a computed number is worth.

        |computed - truth| <= 2 radius + 4 ulp,   and the balls of the reading and the truth meet

    Args:
        computed: by floats.
        read: the same reading of the tape over balls of 53 bits; its radius is what rounding may do.
        truth: a ball that certainly holds the true number.
    """
    from flint import arb

    with _precision(300):
        true = float(truth.mid())
        bound = 2 * float(read.rad()) + 4 * math.ulp(true)
        if not (truth.is_finite() and read.is_finite() and truth.rad() <= 1e-3 * bound):
            return Certificate(computed, true, math.nan, math.inf, "undecided")
        if not (math.isfinite(computed) and math.isfinite(true)):
            return Certificate(computed, true, math.inf, bound, "certified" if computed == true else "wrong")
        error = float(abs(arb(computed) - truth).mid())
        if error > bound or not read.overlaps(truth):
            return Certificate(computed, true, error, bound, "wrong")
        return Certificate(
            computed, true, error, bound, "certified" if bound <= 1e-6 * abs(true) + 1e-300 else "ill-conditioned"
        )


def certify(tape: Tape, computed: Sequence[float] | None = None) -> list[Certificate]:
    """Judges a gradient at the numbers recorded on the tape, one certificate a leaf.

    Args:
        tape: one output.
        computed: the gradient to be judged; the tape's own, over floats, if None.
    """
    inputs = [tape.lines[i].data for i in tape.leaves]
    if computed is None:
        adjoints = tape.evaluate(inputs).adjoints()
        computed = [adjoints[i] for i in tape.leaves]
    over = ball_arithmetic()
    with over.context():
        balls = tape.evaluate([_ball(x) for x in inputs], arithmetic=over).adjoints()
        read = [_ball(balls[i]) for i in tape.leaves]
    units = [[float(i == j) for j in range(len(inputs))] for i in range(len(inputs))]
    truths = [derivative(tape, inputs, unit) for unit in units]
    return [judge(c, r, t) for c, r, t in zip(computed, read, truths, strict=True)]


# ---------------------------------------------------------------- all oracles on one rule


def rule_tapes(rule: Rule, point: Sequence[float]) -> list[Tape]:
    """Returns tapes of the rule alone: on leaves, and for two operands also with either of them a constant."""
    full = _full(rule, tuple(point))
    first = len(full) - rule.arity  # of those that have a derivative
    tapes = []
    for active in itertools.product((True, False), repeat=rule.arity):
        if any(active):
            leaf = [False] * first + list(active)
            lines = [Line(i, None, (), x, constant=not leaf[i]) for i, x in enumerate(full)]
            result = Line(len(full), rule, tuple(range(len(full))), math.nan)
            tapes.append(Tape((*lines, result), (len(full),)))
    return tapes


def refute(rule: Rule, point: Sequence[float]) -> str:
    """Returns which oracle proves the rule's partials wrong at these operands, and how; empty if none does.

    The tests of the table and the tests of the tests (is every corrupted rule caught?) ask this one function.

    Args:
        rule: a row, possibly corrupted in its partials; its name says what it should be.
        point: operands inside the domain.

    Example:
        >>> wrong = Rule("relu", RULES["relu"].value, ("1 if x >= 0 else 0",))
        >>> refute(wrong, [1.0]), refute(wrong, [0.0])
        ('', 'exact: by x at [0.0]: 1, not 0')
    """
    at_kink = kink_distance(RULES[rule.name], point) < _MARGIN
    oracles = {"exact": _refute_exactly} if _exact(rule) else {}
    oracles |= {"slope": _refute_slope} if at_kink else {"slope": _refute_slope, "ball": _refute_certified}
    for tape in rule_tapes(rule, point):
        inputs = [tape.lines[i].data for i in tape.leaves]
        letters = [rule.operands[i] for i in tape.leaves]
        for name, oracle in oracles.items():
            for letter, reason in zip(letters, oracle(tape, inputs), strict=True):
                if reason:
                    return f"{name}: by {letter} at {list(point)}: {reason}"
    return ""


def _refute_exactly(tape: Tape, inputs: Sequence[float]) -> list[str]:
    numbers = [Fraction(x) for x in inputs]
    try:
        expected = exact_gradient(tape, numbers)
        adjoints = tape.evaluate(numbers, arithmetic=FRACTION).adjoints()
    except RuleError:  # an exponent that varies
        return [""] * len(inputs)
    found = [adjoints[i] for i in tape.leaves]
    return ["" if a == b else f"{a}, not {b}" for a, b in zip(found, expected, strict=True)]


def _refute_certified(tape: Tape, inputs: Sequence[float]) -> list[str]:
    del inputs
    return [f"{c.computed!r}, not {c.truth!r}" if c.verdict == "wrong" else "" for c in certify(tape)]


def _refute_slope(tape: Tape, inputs: Sequence[float]) -> list[str]:
    """Compares with one-sided differences, and with the convention where the two sides disagree."""
    adjoints = tape.evaluate(inputs).adjoints()
    reasons = []
    for position, leaf in enumerate(tape.leaves):
        sides = [_limit(tape, inputs, position, side) for side in (-1, 1)]
        reasons.append(_against(adjoints[leaf], [s for s in sides if s is not None], alone=len(inputs) == 1))
    return reasons


def _limit(tape: Tape, inputs: Sequence[float], position: int, side: int) -> float | None:
    """Returns the slope on one side, inf if it is vertical, nan at a jump, None where nothing is defined."""
    far, near = (slope(tape, inputs, position, side=side, step=step) for step in (1e-35, 1e-41))
    if far != far or near != near:
        return None
    growth = abs(near / far) if far else 1.0  # as the step shrinks to a millionth: 1e6 at a jump, 1e3 for a root at 0
    if growth > 1 + 1e-9:
        return math.nan if growth > 1e6 * (1 - 1e-9) else math.copysign(math.inf, near)
    return float(near) if growth > 1 - 1e-9 else 0.0


def _against(claimed: float, sides: Sequence[float], *, alone: bool) -> str:
    """Says how a claimed slope offends the convention; `alone` if there are no other operands to share with."""
    if not sides:
        return ""
    if any(side != side for side in sides):  # a jump: the slope of the side it belongs to, else 0; or nan
        sides = [side for side in sides if side == side] or [0.0]
        if claimed != claimed:
            return ""
    low, high = min(sides), max(sides)
    least = 0.0 if low < 0 < high else min(low, high, key=abs)
    wanted = least if alone else min(max(claimed, low), high)
    near = claimed == wanted or abs(claimed - wanted) <= 1e-9 * abs(wanted) + 1e-30
    return "" if near else f"{claimed!r}, not {wanted!r}"


st.register_type_strategy(Value, values())
