"""The methods of `Value`, written from the table.

`dataclasses` writes `__init__` from fields; this module writes `Value.__add__`, `Value.tanh` and all others from the
rows of `rules.py`, with each rule's formula inlined, so that an operation costs one Python call. To read what was
written: `print(operations.source)`; tracebacks show it too.

A node keeps the local partials that were true when it was made. Whatever is not the everyday case (a constant that is
not a float, a fault, `no_grad`, `detect_anomaly`) goes to `apply`, in `value.py`.
"""

from __future__ import annotations

import ast
import linecache
import math
from collections.abc import Callable
from functools import cache
from typing import Any

from .arithmetics import FLOAT
from .expressions import CONSTANTS, FUNCTIONS, calls_in, float_source, parse
from .rules import RULES, Rule

__all__ = ["DUNDERS", "FILENAME", "install", "method_names", "symbol"]

FILENAME = "<autograd_lite operations>"

_OPERATORS: dict[type[ast.operator | ast.unaryop], tuple[str, str]] = {  # how it is written, and its special method
    ast.Add: ("+", "add"),
    ast.Sub: ("-", "sub"),
    ast.Mult: ("*", "mul"),
    ast.Div: ("/", "truediv"),
    ast.Pow: ("**", "pow"),
    ast.USub: ("-", "neg"),
}


def symbol(rule: Rule) -> str:
    """Returns how an operation is written: its operator where it has one, else its name.

    Example:
        >>> symbol(RULES["add"]), symbol(RULES["tanh"])
        ('+', 'tanh')
    """
    if isinstance(rule.value, str) and RULES.get(rule.name) is rule:  # a rule of the user's is called by its name
        tree = parse(rule.value)
        if isinstance(tree, ast.BinOp | ast.UnaryOp) and rule.name not in FUNCTIONS:
            return _OPERATORS[type(tree.op)][0]
        if isinstance(tree, ast.Name):  # +x, the identity
            return "+"
    return rule.name


def _dunder(rule: Rule) -> str:
    tree = parse(str(rule.value))
    if rule.name in ("abs", "round", "floor"):
        return f"__{rule.name}__"
    if rule.name not in FUNCTIONS and isinstance(tree, ast.BinOp | ast.UnaryOp):
        return f"__{_OPERATORS[type(tree.op)][1]}__"
    return "__pos__" if rule.name == "identity" else ""


DUNDERS = {rule.name: _dunder(rule) for rule in RULES.values() if _dunder(rule)}
"""Rule name -> the special method that Python's own syntax calls."""


def method_names(rule: Rule) -> tuple[str, ...]:
    """Returns the methods of `Value` that a rule becomes.

    Example:
        >>> method_names(RULES["sub"]), method_names(RULES["tanh"]), method_names(RULES["where"])
        (('__sub__', '__rsub__'), ('tanh',), ())
    """
    if rule.name == "where":  # a function only: its first operand is a condition
        return ()
    dunder = DUNDERS.get(rule.name, "")
    if not dunder:
        return (rule.name,)
    reflected = (f"__r{dunder[2:]}",) if rule.arity == 2 else ()
    named = (rule.name,) if rule.name in FUNCTIONS else ()  # NumPy's name as well: np.floor(array) calls v.floor()
    return (dunder, *reflected, *named)


_NODE = """
        try:
            node = pop()
        except IndexError:
            node = refill()
        node._data = out
        node._grad = NOT_COMPUTED
        node._rule = rule_{name}
        node._x = {x}
        node._y = {y}
        node._dx = {dx}
        node._dy = {dy}
        node._more = None
        return node"""

_UNARY = '''
def {method}(self):
    """{doc}"""
    if not careful:
        x = self._data
        try:
            out = {value}
            dx = {partial}
        except (ArithmeticError, ValueError):
            return apply(rule_{name}, self){node}
    return apply(rule_{name}, self)
'''

_ROUND = '''
def __round__(self, ndigits=None):
    """{doc}"""
    if ndigits is not None:
        raise TypeError(f"round(value, {{ndigits!r}}) is not an operation of the table; round(value) is")
    return apply(rule_round, self)
'''

_BINARY = '''
def {method}(self, other):
    """{doc}"""{both}
    if other.__class__ is float and not careful:
        {one}
    if other.__class__ is int and -HUGE < other < HUGE:
        return self.{method}(float(other))
    return {fallback}
'''

_BOTH = """
    if other.__class__ is Value and not careful:
        x = self._data
        y = other._data
        {statements}"""


def _indented(lines: str, spaces: int) -> str:
    return ("\n" + " " * spaces).join(line for line in lines.splitlines() if line)


def _guarded(assignments: list[str], *, fallible: bool, fallback: str) -> str:
    body = "\n".join(assignments)
    if not fallible:
        return body
    inner = body.replace("\n", "\n    ")
    return f"try:\n    {inner}\nexcept (ArithmeticError, ValueError):\n    return {fallback}"


def _binary(rule: Rule, method: str, *, reflected: bool, doc: str) -> str:
    """Writes one binary method: Value with Value, Value with float, and everything else.

    The reflected one, `__radd__`, is called by Python only when the left operand is not a Value.
    """
    x, y = ("other", "self") if reflected else ("self", "other")
    fallback = f"{'operate' if method.startswith('__') else 'apply'}(rule_{rule.name}, {x}, {y})"
    value = _float(rule.value)
    partials = dict(zip("xy", map(_float, rule.partials), strict=True))
    lone = dict(zip("xy", map(_float, rule.lone or rule.partials), strict=True))
    fallible = any(mark in text for text in (value, *partials.values()) for mark in ("/", "("))

    def statements(partials: dict[str, str], wanted: str) -> str:
        compute = [f"out = {value}"]
        stored = {"x": "None", "y": "None"}
        for which in wanted:
            simple = partials[which] in ("x", "y") or partials[which].lstrip("-").replace(".", "").isdigit()
            stored[which] = partials[which] if simple else f"d{which}"
            if not simple:
                compute.append(f"d{which} = {partials[which]}")
        node = _NODE.format(name=rule.name, x=x, y=y, dx=stored["x"], dy=stored["y"])
        return _guarded(compute, fallible=fallible, fallback=fallback) + "\n" + _dedent(node)

    one = f"x = {'other' if reflected else 'self._data'}\ny = {'self._data' if reflected else 'other'}\n"
    one += statements(lone, "y" if reflected else "x")
    both = "" if reflected else _BOTH.format(statements=_indented(statements(partials, "xy"), 8))
    return _BINARY.format(method=method, doc=doc, both=both, one=_indented(one, 8), fallback=fallback)


def _dedent(block: str) -> str:
    return "\n".join(line[8:] for line in block.splitlines() if line.strip())


@cache
def _float(text: str | Callable[..., float]) -> str:
    assert isinstance(text, str), "only rows of the table are written out; user rules go through apply"
    return float_source(text, {name: FLOAT.function(name) for name in calls_in(text)})


def _doc(rule: Rule) -> str:
    partials = ", ".join(f"d/d{which} = {text}" for which, text in zip("xy", rule.partials, strict=False))
    domain = f" Defined for {rule.domain}." if rule.domain else ""
    return f"Returns {rule.value}; {partials}.{domain}"


def _write() -> str:
    parts = []
    for rule in RULES.values():
        for method in method_names(rule):
            if method == "__round__":
                parts.append(_ROUND.format(doc=_doc(rule)))
            elif rule.arity == 1:
                node = _NODE.format(name=rule.name, x="self", y="None", dx="dx", dy="None")
                value, partial = _float(rule.value), _float(rule.partials[0])
                doc = _doc(rule)
                parts.append(
                    _UNARY.format(method=method, doc=doc, value=value, partial=partial, name=rule.name, node=node)
                )
            else:
                parts.append(_binary(rule, method, reflected=method.startswith("__r"), doc=_doc(rule)))
    return "\n".join(parts)


source = _write()
"""The text of every generated method."""


def install(namespace: dict[str, Any]) -> dict[str, Callable[..., Any]]:
    """Compiles the methods over `namespace` and returns them by name.

    Args:
        namespace: must hold Value, pop, refill, NOT_COMPUTED, apply, operate and careful; becomes the methods' globals.
    """
    namespace |= {name: FLOAT.function(name) for name in sorted(FUNCTIONS)}
    namespace |= {f"rule_{name}": rule for name, rule in RULES.items()}
    namespace |= {"_power": math.pow, "HUGE": 2**1023, **CONSTANTS, "__name__": "autograd_lite.operations"}
    linecache.cache[FILENAME] = (len(source), None, source.splitlines(keepends=True), FILENAME)
    methods: dict[str, Callable[..., Any]] = {}
    exec(compile(source, FILENAME, "exec"), namespace, methods)  # noqa: S102  # the text written above
    for name, method in methods.items():
        method.__qualname__ = f"Value.{name}"
        method.__module__ = "autograd_lite.value"
    return methods
