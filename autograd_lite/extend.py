"""`define_rule`: operations of your own, from a formula or, for a black box, from Python functions."""

from __future__ import annotations

import keyword
from collections.abc import Callable, Sequence
from typing import Any

from .check import gradcheck
from .errors import ArithmeticFault, ExpressionError, RuleError
from .expressions import parse
from .operands import text
from .rules import RULES, Rule
from .value import Value, apply

__all__ = ["define_rule"]

Part = str | Callable[..., float]


def define_rule(
    name: str,
    value: Part,
    partials: Part | Sequence[Part],
    *,
    domain: str = "",
    kinks: Sequence[str] = (),
    remedy: str = "",
    check: Sequence[Any] = (),
) -> Callable[..., Any]:
    """Returns a new operation on Values and numbers.

    Formulas are best: the operation then works in every arithmetic, to any order, and can be printed. Python functions
    serve for a black box; they are given floats.

    Args:
        name: an identifier that the table does not use.
        value: a formula in x (and y), or a function of one or two floats.
        partials: d value / d x (and / d y): formulas in x, y and out, or functions of the operands and the result.
        domain: a formula that is true where the operation is defined. Outside it floats raise DomainError, or give nan
            under `ieee()`; other arithmetics do not look at it.
        kinks: formulas that vanish where it has no derivative.
        remedy: what to write instead, for error messages.
        check: points at which the partials are gradchecked now: numbers, or pairs for two operands.

    Returns:
        A function; its `rule` attribute is the new row, which `Tape.load(path, rules=[...])` wants.

    Raises:
        RuleError: the name is taken or no identifier, a formula is malformed, or a check fails.

    Example:
        >>> cube = define_rule("cube", "x**3", "3*x*x", check=[2.0, -0.5])
        >>> x = Value(2.0)
        >>> cube(x).backward()
        >>> x.grad
        12.0
        >>> define_rule("cube", "x**3", "2*x*x", check=[2.0])
        Traceback (most recent call last):
        ...
        autograd_lite.errors.RuleError: cube: its partial by x is wrong at (2.0,): 8.0, but numerically 12
    """
    if not isinstance(name, str) or not name.isidentifier() or keyword.iskeyword(name):
        raise RuleError(f"a rule's name is an identifier, got {name!r:.60}")
    text(remedy, f"the remedy of {name}")
    if name in RULES:
        raise RuleError(f"{name!r} is already in the table; choose another name")
    slopes = tuple(partials) if isinstance(partials, list | tuple) else (partials,)
    if len(slopes) not in (1, 2):
        raise RuleError(f"{name}: a rule has one or two operands, so one or two partials; got {len(slopes)}")
    operands = frozenset("xy"[: len(slopes)])
    allowed = [(value, operands), *((slope, operands | {"out"}) for slope in slopes)]
    allowed += [(part, operands) for part in (*kinks, *([domain] if domain else []))]
    for part, names in allowed:
        if callable(part):
            continue
        try:
            parse(part, names)
        except ExpressionError as error:
            raise RuleError(f"{name}: {error}") from None
    rule = Rule(name, value, slopes, domain=domain, kinks=tuple(kinks), remedy=remedy)

    def operation(*operands: Any) -> Any:
        node = apply(rule, *operands)
        return node if any(isinstance(operand, Value) for operand in operands) else node.data

    operation.__name__ = operation.__qualname__ = name
    operation.__doc__ = f"Returns {value if isinstance(value, str) else name}, of a Value or a number."
    operation.__signature__ = rule.signature  # type: ignore[attr-defined]  # functions take attributes
    operation.rule = rule  # type: ignore[attr-defined]  # same
    for point in check:
        where = tuple(point) if isinstance(point, list | tuple) else (point,)
        _confirm(rule, operation, where)
    return operation


def _confirm(rule: Rule, operation: Callable[..., Any], where: tuple[Any, ...]) -> None:
    if len(where) != rule.arity:
        raise RuleError(f"{rule.name}: the check point {where!r} has {len(where)} numbers for {rule.arity} operands")
    try:
        checks = gradcheck(operation, where).checks
    except ArithmeticFault as error:
        raise RuleError(f"{rule.name} cannot be checked at {where!r}: {error}") from None
    for letter, found in zip("xy", checks, strict=False):
        if found.verdict == "wrong":
            what = f"{found.analytic!r}, but numerically {found.numeric:.12g}"
            raise RuleError(f"{rule.name}: its partial by {letter} is wrong at {where!r}: {what}")
