"""Formulas of the table as nested lists, for whoever computes them in another language.

    >>> print(*expression("y*out/x if 0 < x < inf else -1"))
    if ['and', ['<', 0, 'x'], ['<', 'x', 'inf']] ['/', ['*', 'y', 'out'], 'x'] ['neg', 1]

A tree is a number, a name (x, y, c, out, pi, inf, nan), or a list: an operator, or "call" and a function's name, then
the operands. Every tree is either a number or a test: where Python's truth stands for a number, or a number for a
truth, the tree says so, because languages differ about the truth of nan.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Iterable
from typing import Any

from autograd_lite.expressions import parse

__all__ = ["Tree", "condition", "exact", "expression", "functions_used"]

Tree = float | str | list[Any]

_BINARY = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Pow: "**"}
_COMPARE = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!="}
_WHOLE = 2**53  # up to here a float holds every whole number


def expression(text: str) -> Tree:
    """Returns a formula as a tree that is a number.

    Raises:
        ExpressionError: not a formula.
    Example:
        >>> expression("x*sigmoid(-x)")
        ['*', 'x', ['call', 'sigmoid', ['neg', 'x']]]
    """
    return _number(parse(text))


def condition(text: str) -> Tree:
    """Returns a formula as a tree that is a test, such as a rule's domain.

    Raises:
        ExpressionError: not a formula.
    Example:
        >>> condition("-1 <= x <= 1")
        ['and', ['<=', ['neg', 1], 'x'], ['<=', 'x', 1]]
    """
    return _test(parse(text))


def functions_used(trees: Iterable[Tree | None]) -> set[str]:
    """Returns the functions that trees call.

    Example:
        >>> sorted(functions_used([expression("sigmoid(2*x) + exp(x)"), None]))
        ['exp', 'sigmoid']
    """
    found, stack = set(), list(trees)
    while stack:
        tree = stack.pop()
        if isinstance(tree, list):
            if tree[0] == "call":
                found.add(tree[1])
            stack.extend(tree[1:])
    return found


def exact(tree: Tree | None) -> bool:
    """Says whether every machine computes a tree to the same bits.

    IEEE 754 fixes `+ - * /` and comparisons; functions and powers differ in the last digit from library to library.

    Example:
        >>> exact(expression("-out/y")), exact(expression("x ** 2")), exact(None)
        (True, False, False)
    """
    stack = [tree]
    while stack:
        part = stack.pop()
        if part is None or (isinstance(part, list) and part[0] in ("call", "**")):
            return False
        if isinstance(part, list):
            stack.extend(part[1:])
    return True


def _number(node: ast.expr) -> Tree:
    match node:
        case ast.Constant(value=int() | float() as literal):
            number = float(literal)
            if number == math.inf:
                return "inf"  # 1e999
            return int(number) if number.is_integer() and number < _WHOLE else number
        case ast.Name(id=name):
            return name
        case ast.BinOp(left, op, right):
            return [_BINARY[type(op)], _number(left), _number(right)]
        case ast.UnaryOp(ast.USub(), operand):
            return ["neg", _number(operand)]
        case ast.UnaryOp(ast.UAdd(), operand):
            return _number(operand)
        case ast.IfExp(decides, body, orelse):
            return ["if", _test(decides), _number(body), _number(orelse)]
        case ast.Call(ast.Name(name), args):
            return ["call", name, *map(_number, args)]
        case ast.BoolOp(op, values):  # of numbers: Python returns one of them
            *rest, tree = map(_number, values)
            for value in reversed(values[: len(rest)]):
                branches = [tree, _number(value)] if isinstance(op, ast.And) else [_number(value), tree]
                tree = ["if", _test(value), *branches]
            return tree
    return ["if", _test(node), 1, 0]


def _test(node: ast.expr) -> Tree:
    match node:
        case ast.Compare(left, ops, comparators):
            sides = [_number(side) for side in (left, *comparators)]
            tests: list[Tree] = [[_COMPARE[type(op)], a, b] for op, a, b in zip(ops, sides, sides[1:], strict=False)]
            return tests[0] if len(tests) == 1 else ["and", *tests]
        case ast.BoolOp(op, values):
            return ["and" if isinstance(op, ast.And) else "or", *map(_test, values)]
        case ast.UnaryOp(ast.Not(), operand):
            return ["not", _test(operand)]
    return ["!=", _number(node), 0]
