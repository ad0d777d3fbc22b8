"""The table as functions: `exp(x)`, `maximum(x, y)`, `where(x > 0, x, y)`, of Values or plain numbers.

A number gives a float, a Value gives a Value, so that one piece of code serves both:

    >>> from autograd_lite.value import Value
    >>> tanh(0.0), tanh(Value(0.0)).data
    (0.0, 0.0)

`VALUE` is the arithmetic of Values themselves: a tape read in it is recorded again, so its derivatives can be derived.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from .arithmetics import Arithmetic
from .errors import DetachedError
from .expressions import FUNCTIONS
from .operands import number
from .rules import RULES, Rule
from .value import Operand, Value, apply

__all__ = ["FUNCTION_TABLE", "VALUE", "where", *sorted(FUNCTIONS - {"abs", "round"})]  # noqa: PLE0604  # names of the table

T = TypeVar("T", float, Value)


def _function(rule: Rule) -> Callable[..., Any]:
    """Returns the rule as a function of Values and numbers."""

    def function(*operands: Operand) -> Operand:
        if any(isinstance(operand, Value) for operand in operands):
            return apply(rule, *operands)
        return apply(rule, *operands).data

    function.__name__ = function.__qualname__ = rule.name
    function.__module__ = __name__
    function.__signature__ = rule.signature  # type: ignore[attr-defined]  # functions take attributes
    domain = f" Defined for {rule.domain}." if rule.domain else ""
    function.__doc__ = f"Returns {rule.value}, of a Value or a number.{domain}"
    return function


FUNCTION_TABLE: dict[str, Callable[..., Any]] = {name: _function(RULES[name]) for name in sorted(FUNCTIONS)}
"""Every function of the table by name."""

globals().update({name: function for name, function in FUNCTION_TABLE.items() if name not in ("abs", "round")})


def where(condition: Any, x: Any, y: Any) -> Any:
    """Returns x if the condition holds, else y; the derivative flows into the chosen one only.

    Args:
        condition: a bool (also NumPy's), or a number, true unless 0. Decided now: it has no derivative.
        x: a Value or a number, the result if it holds.
        y: a Value or a number, the result if it does not.

    Raises:
        DetachedError: the condition is a Value; compare it, as in `where(v > 0, ...)`.

    Example:
        >>> v = Value(-2.0)
        >>> where(v > 0, v, 0).data
        0.0
    """
    if isinstance(condition, Value):
        raise DetachedError(f"where({condition.label()}, ...): the condition is a Value; compare it, as in v > 0")
    if getattr(getattr(condition, "dtype", None), "kind", "") == "b" and getattr(condition, "shape", None) == ():
        condition = bool(condition)
    if not isinstance(condition, bool):
        condition = number(condition, "the condition of where(...)") != 0
    chosen = apply(RULES["where"], x, y, condition=float(condition))
    return chosen if isinstance(x, Value) or isinstance(y, Value) else chosen.data


class _ValueArithmetic(Arithmetic):
    """Values as the numbers: each rule is applied as one node, the user's own included."""

    def value(self, rule: Rule) -> Callable[..., Any]:
        if rule.name == "where":
            return lambda c, x, y: where(c.data if isinstance(c, Value) else c, x, y)
        return lambda *operands: apply(rule, *operands)


def _decides(thing: Any) -> Any:
    return thing.data if isinstance(thing, Value) else thing


VALUE = _ValueArithmetic("Value", FUNCTION_TABLE, number=float, real=_decides)
"""Values: what is computed from a tape is itself on a tape, to any order."""

if TYPE_CHECKING:
    # the same list as the table's; tests/test_operations.py keeps it complete

    def arccos(x: T, /) -> T: ...
    def arccosh(x: T, /) -> T: ...
    def arcsin(x: T, /) -> T: ...
    def arcsinh(x: T, /) -> T: ...
    def arctan(x: T, /) -> T: ...
    def arctanh(x: T, /) -> T: ...
    def cbrt(x: T, /) -> T: ...
    def cos(x: T, /) -> T: ...
    def cosh(x: T, /) -> T: ...
    def elu(x: T, /) -> T: ...
    def erf(x: T, /) -> T: ...
    def erfc(x: T, /) -> T: ...
    def exp(x: T, /) -> T: ...
    def exp2(x: T, /) -> T: ...
    def expm1(x: T, /) -> T: ...
    def floor(x: T, /) -> T: ...
    def gelu(x: T, /) -> T: ...
    def heaviside(x: T, /) -> T: ...
    def leaky_relu(x: T, /) -> T: ...
    def log(x: T, /) -> T: ...
    def log10(x: T, /) -> T: ...
    def log1p(x: T, /) -> T: ...
    def log2(x: T, /) -> T: ...
    def log_sigmoid(x: T, /) -> T: ...
    def relu(x: T, /) -> T: ...
    def selu(x: T, /) -> T: ...
    def sigmoid(x: T, /) -> T: ...
    def sign(x: T, /) -> T: ...
    def silu(x: T, /) -> T: ...
    def sin(x: T, /) -> T: ...
    def sinh(x: T, /) -> T: ...
    def softplus(x: T, /) -> T: ...
    def sqrt(x: T, /) -> T: ...
    def tan(x: T, /) -> T: ...
    def tanh(x: T, /) -> T: ...
    def arctan2(x: T, y: T, /) -> T: ...
    def hypot(x: T, y: T, /) -> T: ...
    def logaddexp(x: T, y: T, /) -> T: ...
    def maximum(x: T, y: T, /) -> T: ...
    def minimum(x: T, y: T, /) -> T: ...
