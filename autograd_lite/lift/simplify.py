"""Formulas as arrays want them: constant parts computed, and no branch that only a NaN would take.

A NaN cannot hide all the same: it makes the result NaN, and a result that is not finite is computed again by the scalar
engine (see `lifted.py`), which names the operation.
"""

from __future__ import annotations

import ast
from functools import lru_cache

from autograd_lite.expressions import CONSTANTS

__all__ = ["simplified", "variables"]

_ORDERS = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "="}
_FLIPPED = {"<": ">", ">": "<", "=": "="}


@lru_cache(maxsize=4096)
def simplified(text: str) -> str:
    """Returns a formula that is equal where its variables are numbers, not NaN.

    Example:
        >>> simplified("g * (1 if x > 0 else 0 if x <= 0 else nan)")
        'g * (x > 0)'
        >>> simplified("x * (2.0 * 3 < 7) if 1 < 2 else y")
        'x * True'
    """
    return ast.unparse(_Simplify().visit(ast.parse(text.strip(), mode="eval")).body)


@lru_cache(maxsize=4096)
def variables(text: str) -> tuple[str, ...]:
    """Returns the names in a formula, those of functions too, each once."""
    names = [node.id for node in ast.walk(ast.parse(text, mode="eval")) if isinstance(node, ast.Name)]
    return tuple(dict.fromkeys(names))


class _Simplify(ast.NodeTransformer):
    """Leaves out branches that are never taken, and computes parts without variables."""

    def visit_IfExp(self, node: ast.IfExp) -> ast.expr:
        node = _without_nan(node)
        test, body, orelse = self.visit(node.test), self.visit(node.body), self.visit(node.orelse)
        if isinstance(test, ast.Constant):
            return body if test.value else orelse  # type: ignore[no-any-return]  # visitors are typed for any AST
        if _is(body, 1) and _is(orelse, 0):
            return test  # type: ignore[no-any-return]  # same; as a number
        return ast.IfExp(test, body, orelse)

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.expr:
        values = [self.visit(value) for value in node.values]
        decides = isinstance(node.op, ast.Or)
        if any(isinstance(value, ast.Constant) and bool(value.value) is decides for value in values):
            return ast.Constant(decides)
        left = [value for value in values if not isinstance(value, ast.Constant)]
        return ast.BoolOp(node.op, left) if len(left) > 1 else left[0] if left else ast.Constant(not decides)

    def generic_visit(self, node: ast.AST) -> ast.AST:
        super().generic_visit(node)
        if not isinstance(node, ast.BinOp | ast.UnaryOp | ast.Compare):
            return node
        if any(isinstance(part, ast.Name) and part.id not in CONSTANTS for part in ast.walk(node)) or any(
            isinstance(part, ast.Call) for part in ast.walk(node)
        ):
            return node
        code = compile(ast.fix_missing_locations(ast.Expression(node)), "<constant>", "eval")
        try:
            value = eval(code, {"__builtins__": {}, **CONSTANTS})  # noqa: S307  # numbers and operators only
        except ArithmeticError:
            return node
        finite = isinstance(value, bool) or (isinstance(value, float | int) and abs(value) < float("inf"))
        return ast.Constant(value) if finite and not (isinstance(value, float | int) and value < 0) else node


def _is(node: ast.AST, number: int) -> bool:
    return isinstance(node, ast.Constant) and type(node.value) is not bool and node.value == number


def _without_nan(node: ast.IfExp) -> ast.IfExp:
    """Returns `a if t else b if u else nan` as `a if t else b`, where t and u leave room for nothing but a NaN."""
    branches, rest = [(node.test, node.body)], node.orelse
    while isinstance(rest, ast.IfExp):
        branches.append((rest.test, rest.body))
        rest = rest.orelse
    if len(branches) < 2 or not (isinstance(rest, ast.Name) and rest.id == "nan"):
        return node
    covered: set[str] = set()
    sides: tuple[str, str] | None = None
    for test, _ in branches:
        if not isinstance(test, ast.Compare) or len(test.ops) != 1 or type(test.ops[0]) not in _ORDERS:
            return node
        pair = ast.unparse(test.left), ast.unparse(test.comparators[0])
        signs = _ORDERS[type(test.ops[0])]
        if sides is None:
            sides = pair
        if pair == sides:
            covered.update(signs)
        elif pair == sides[::-1]:
            covered.update(_FLIPPED[sign] for sign in signs)
        else:
            return node
    if covered != {"<", "=", ">"}:
        return node
    result = branches[-1][1]
    for test, body in reversed(branches[:-1]):
        result = ast.IfExp(test, body, result)
    assert isinstance(result, ast.IfExp)
    return result
