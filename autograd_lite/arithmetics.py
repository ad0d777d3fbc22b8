"""Kinds of numbers a tape can be read in: floats, IEEE floats, complex numbers, fractions, NumPy arrays.

An `Arithmetic` brings the functions that the table cannot express by itself (`exp`, `sqrt`, ...); all others follow
from their rows. Bring your own by filling in one:

    >>> from decimal import Decimal
    >>> decimal = Arithmetic("decimal", {"exp": lambda x: x.exp(), "abs": abs}, number=Decimal)
    >>> decimal.value(RULES["sigmoid"])(Decimal(0))
    Decimal('0.5')
"""

from __future__ import annotations

import cmath
import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache
from typing import Any

from .errors import RuleError
from .expressions import CONSTANTS, FUNCTIONS, calls_in, compile_formula, compile_source, float_source, primitive
from .rules import RULES, Rule

__all__ = ["COMPLEX", "FLOAT", "FRACTION", "IEEE", "Arithmetic", "inside_domain", "numpy_arithmetic"]


@dataclass(frozen=True, eq=False)
class Arithmetic:
    """A kind of number: how its literals are written, compared and chosen between, and which functions it has.

    Args:
        name: for messages.
        functions: the primitives, by their name in the table. Missing ones are derived from the table where it states
            them in terms of others, and are an error only when used.
        number: turns a float (a literal, a constant, a recorded input) into a number of this kind.
        real: what comparisons look at; None compares the numbers themselves.
        where: elementwise choice for arrays; None for scalars, which branch.
        divide: replaces `/` where the kind's own raises; `power` likewise replaces `**`.
        exact_floats: literals are folded and written into the source; only for plain floats.
        context: entered while a tape is evaluated, e.g. to quiet warnings.
    """

    name: str
    functions: Mapping[str, Callable[..., Any]]
    number: Callable[[Any], Any] = float
    real: Callable[[Any], Any] | None = None
    where: Callable[[Any, Any, Any], Any] | None = None
    divide: Callable[[Any, Any], Any] | None = None
    power: Callable[[Any, Any], Any] | None = None
    exact_floats: bool = False
    context: Callable[[], AbstractContextManager[Any]] = nullcontext
    _compiled: dict[Any, Callable[..., Any]] = field(default_factory=dict, repr=False)

    def function(self, name: str) -> Callable[..., Any]:
        """Returns a function of the table in this arithmetic: the one it brought, or one derived from the row.

        Raises:
            RuleError: the arithmetic did not bring this primitive.
        """
        if name in self.functions:
            return self.functions[name]
        if primitive(name):
            raise RuleError(f"{name} is not available in {self.name} arithmetic; pass functions={{{name!r}: ...}}")
        return self.value(RULES[name])

    def value(self, rule: Rule) -> Callable[..., Any]:
        """Returns the rule's value as a function of its operands.

        The functions in the table raise outside their domain by themselves. Rules of the user's may not, so over floats
        (FLOAT, IEEE) their `domain` is looked at first.
        """
        if not isinstance(rule.value, str):
            value = rule.value
        elif rule.name in self.functions:
            return self.functions[rule.name]
        else:
            value = self.formula(rule.value, rule.operands)
        checked = rule.domain and rule.name not in RULES and self in (FLOAT, IEEE)
        return _within(rule, value, self) if checked else value

    def partial(self, rule: Rule, position: int, *, lone: bool = False) -> Callable[..., Any]:
        """Returns d out / d operand as a function of (c,) x, (y,) and out.

        Args:
            rule: the row.
            position: 0 for x, 1 for y.
            lone: the other operand is a constant, which matters at ties.
        """
        expression = rule.lone[position] if lone and rule.lone else rule.partials[position]
        if not isinstance(expression, str):
            return expression
        return self.formula(expression, (*rule.operands, "out"))

    def formula(self, text: str, arguments: tuple[str, ...]) -> Callable[..., Any]:
        """Returns any formula as a function of `arguments` in this arithmetic, e.g. a row's domain or kinks."""
        key = (text, arguments)
        if key not in self._compiled:
            namespace = {name: self._late(name) for name in calls_in(text)}
            if self.exact_floats:
                source = float_source(text, namespace)
                names = {"_power": math.pow, **CONSTANTS, **namespace}
                compiled = compile_source(source, names, arguments=arguments)
            else:
                compiled = compile_formula(
                    text,
                    namespace,
                    arguments=arguments,
                    number=self.number,
                    real=self.real,
                    where=self.where,
                    divide=self.divide,
                    power=self.power,
                )
            self._compiled[key] = compiled
        return self._compiled[key]

    def _late(self, name: str) -> Callable[..., Any]:
        """Returns the function, or one that raises when called: a row may use it in a branch that is never taken."""
        try:
            return self.function(name)
        except RuleError as error:
            reason = str(error)

            def missing(*_: Any) -> Any:
                raise RuleError(reason)

            return missing


# ---------------------------------------------------------------- floats, which raise as Python's own do


def _round(x: float) -> float:
    return float(round(x))


def _floor(x: float) -> float:
    return float(math.floor(x))


_MATH: dict[str, Callable[..., float]] = {
    "abs": abs,
    "floor": _floor,
    "round": _round,
    "arcsin": math.asin,
    "arccos": math.acos,
    "arctan": math.atan,
    "arctan2": math.atan2,
    "arcsinh": math.asinh,
    "arccosh": math.acosh,
    "arctanh": math.atanh,
}
_MATH |= {name: getattr(math, name) for name in sorted(FUNCTIONS - set(_MATH)) if primitive(name)}

FLOAT = Arithmetic("float", _MATH, exact_floats=True)
"""Python's floats: raises exactly when they raise. The eager engine's own arithmetic, to the bit."""


# ---------------------------------------------------------------- IEEE 754, which never raises

_POLES = {"log": 0.0, "log2": 0.0, "log10": 0.0, "log1p": -1.0}


def ieee_divide(x: float, y: float) -> float:
    """Returns x / y with IEEE 754's infinities and nan instead of ZeroDivisionError."""
    if y != 0:
        return x / y
    return math.nan if x == 0 or x != x else math.copysign(math.inf, x) * math.copysign(1.0, y)


def ieee_power(x: float, y: float) -> float:
    """Returns x ** y with IEEE 754's infinities and nan instead of an exception or a complex number."""
    try:
        return math.pow(x, y)
    except OverflowError:
        return -math.inf if x < 0 and y % 2 == 1 else math.inf
    except ValueError:
        if x != 0:
            return math.nan
        return math.copysign(math.inf, x) if y % 2 == 1 else math.inf


def _without_raising(name: str, function: Callable[..., float]) -> Callable[..., float]:
    def quiet(*operands: float) -> float:
        try:
            return function(*operands)
        except OverflowError:
            if name in ("floor", "round"):
                return operands[0]
            return math.copysign(math.inf, operands[0]) if name == "sinh" else math.inf
        except ValueError:
            if name == "arctanh" and abs(operands[0]) == 1:
                return math.copysign(math.inf, operands[0])
            return -math.inf if _POLES.get(name) == operands[0] else math.nan

    return quiet


IEEE = Arithmetic(
    "IEEE 754",
    {name: _without_raising(name, function) for name, function in _MATH.items()},
    divide=ieee_divide,
    power=ieee_power,
)
"""Floats with nan and inf instead of exceptions: the limit at the edge of a domain, nan outside it."""


def inside_domain(rule: Rule, numbers: Sequence[float]) -> bool:
    """Says whether the rule's `domain` column holds for these operands."""
    return not rule.domain or bool(IEEE.formula(rule.domain, rule.operands)(*numbers))


def _within(rule: Rule, value: Callable[..., float], over: Arithmetic) -> Callable[..., float]:
    """Returns the value restricted to the rule's domain; nan passes, as it does through the table's functions."""

    def restricted(*numbers: float) -> float:
        if inside_domain(rule, numbers) or any(x != x for x in numbers):
            return value(*numbers)
        if over is IEEE:
            return math.nan
        raise ValueError(f"outside {rule.domain}")

    return restricted


# ---------------------------------------------------------------- fractions, exact


def _fraction(x: float) -> Fraction | float:
    return Fraction(x) if math.isfinite(x) else x  # nan and inf are written in branches that fractions never take


def _fraction_power(x: Fraction, y: Fraction) -> Fraction:
    if y != int(y):
        raise RuleError(f"{x} ** {y} is not available in fraction arithmetic: the exponent must be a whole number")
    return Fraction(x) ** int(y)


FRACTION = Arithmetic(
    "fraction",
    {"abs": abs, "floor": lambda x: Fraction(math.floor(x)), "round": lambda x: Fraction(round(x))},
    number=_fraction,
    divide=lambda x, y: Fraction(x) / y,  # both may be whole numbers from the table, whose own quotient is a float
    power=_fraction_power,
)
"""Exact rational numbers: no rounding, so tests compare with ==. Only rules without exp, sqrt and their like."""


# ---------------------------------------------------------------- complex numbers, for the complex-step check


def _complex_expm1(z: complex) -> complex:
    half = cmath.sin(0.5 * z.imag).real
    return complex(
        math.expm1(z.real) * math.cos(z.imag) - 2 * half * half,
        math.exp(z.real) * math.sin(z.imag),
    )


def _complex_log1p(z: complex) -> complex:
    if abs(z) > 0.5:
        return cmath.log(1 + z)
    return complex(0.5 * math.log1p(2 * z.real + z.real * z.real + z.imag * z.imag), math.atan2(z.imag, 1 + z.real))


def _complex_cbrt(z: complex) -> complex:
    return z ** (1 / 3) if z.real > 0 else -((-z) ** (1 / 3)) if z else 0j


def _complex_arctan2(z: complex, w: complex) -> complex:
    if abs(w.real) < abs(z.real):
        return math.copysign(math.pi / 2, z.real) - cmath.atan(w / z)
    half_turn = math.copysign(math.pi, z.real) if w.real < 0 else 0.0
    return half_turn + cmath.atan(z / w)  # the logarithm of w + iz would lose an imaginary part of 1e-30


COMPLEX = Arithmetic(
    "complex",
    {
        "abs": lambda z: z if z.real > 0 else -z,
        "floor": lambda z: complex(math.floor(z.real)),
        "round": lambda z: complex(round(z.real)),
        "expm1": _complex_expm1,
        "log1p": _complex_log1p,
        "exp2": lambda z: cmath.exp(z * math.log(2)),
        "log2": lambda z: cmath.log(z) / math.log(2),
        "cbrt": _complex_cbrt,
        "hypot": lambda z, w: cmath.sqrt(z * z + w * w),
        "arctan2": _complex_arctan2,
        "arcsin": cmath.asin,
        "arccos": cmath.acos,
        "arctan": cmath.atan,
        "arcsinh": cmath.asinh,
        "arccosh": cmath.acosh,
        "arctanh": cmath.atanh,
        **{
            name: getattr(cmath, name)
            for name in ["exp", "log", "log10", "sqrt", "sin", "cos", "tan", "sinh", "cosh", "tanh"]
        },
    },
    number=complex,
    real=lambda z: z.real,
)
"""Complex numbers along the real axis: Im f(x + ih) / h is a derivative without subtraction. No erf, erfc."""


# ---------------------------------------------------------------- NumPy arrays


@cache
def numpy_arithmetic() -> Arithmetic:
    """Returns the arithmetic of NumPy arrays: one pass over the tape evaluates a whole batch.

    Undefined elements become nan and inf, as in NumPy; comparisons are elementwise.

    Raises:
        ImportError: NumPy is not installed.
    """
    import numpy as np
    from scipy import special

    named = {name: getattr(np, name) for name in _MATH if name not in ("erf", "erfc")}
    named |= {"erf": special.erf, "erfc": special.erfc, "sigmoid": special.expit, "log_sigmoid": special.log_expit}
    named |= {"maximum": np.maximum, "minimum": np.minimum, "relu": lambda x: np.maximum(x, 0.0)}
    named |= {"logaddexp": np.logaddexp, "softplus": lambda x: np.logaddexp(x, 0.0)}
    return Arithmetic(
        "NumPy",
        named,
        number=np.asarray,
        where=np.where,
        context=lambda: np.errstate(all="ignore"),
    )
