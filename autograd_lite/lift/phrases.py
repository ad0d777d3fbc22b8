"""Formulas as people write them: syntax trees that `ast.unparse` turns into text, with the parentheses they need.

>>> ast.unparse(Fill({"x": ast.Name("z")}, set()).visit(ast.parse("1.0 + x * 2.0", mode="eval").body))
'2 * z + 1'
"""

from __future__ import annotations

import ast
import math
import re

__all__ = ["Fill", "call", "literal", "picked", "square"]


class Fill(ast.NodeTransformer):
    """Puts operands into a formula, and its terms into the order in which people write them."""

    def __init__(self, values: dict[str, ast.expr], parameters: set[int]) -> None:
        self.values = values
        self.parameters = parameters

    def visit_Name(self, node: ast.Name) -> ast.expr:
        """Puts an operand where its name was."""
        return self.values.get(node.id, node)

    def visit_Call(self, node: ast.Call) -> ast.expr:
        """Leaves the function's name alone."""
        node.args = [self.visit(argument) for argument in node.args]
        if isinstance(node.func, ast.Name):  # rule__0 is a rule in Python, as a program calls it
            node.func = ast.Name(re.sub(r"__\d+$", "", node.func.id))
        return node

    def visit_Constant(self, node: ast.Constant) -> ast.expr:
        """Writes a number short."""
        return literal(node.value) if type(node.value) is float else node

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.expr:
        """Fills its operand."""
        self.generic_visit(node)
        return node

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        """Puts constants and weights first in a product, last in a sum."""
        if isinstance(node.op, ast.Add | ast.Sub):
            return self._sum(node)
        self.generic_visit(node)
        if not isinstance(node.op, ast.Mult):
            return node
        left, right = node.left, node.right
        if isinstance(right, ast.BinOp) and isinstance(right.op, ast.Div) and ast.unparse(right.left) == "1":
            return ast.BinOp(left, ast.Div(), right.right)
        return ast.BinOp(right, ast.Mult(), left) if self._rank(right) < self._rank(left) else node

    def _rank(self, node: ast.expr) -> int:
        return 0 if isinstance(node, ast.Constant) else 1 if id(node) in self.parameters else 2

    def _sum(self, node: ast.expr) -> ast.expr:
        terms = [(sign, term) for sign, each in _terms(node) for sign, term in _terms(self.visit(each), sign)]
        terms.sort(key=lambda term: (isinstance(term[1], ast.Constant), term[0] < 0, isinstance(term[1], ast.Name)))
        if terms[0][0] < 0:
            terms.sort(key=lambda term: term[0] < 0)
        (sign, total), *rest = terms
        if sign < 0:
            total = ast.UnaryOp(ast.USub(), total)
        for sign, term in rest:
            total = ast.BinOp(total, ast.Add() if sign > 0 else ast.Sub(), term)
        return total


def _terms(node: ast.expr, sign: int = 1) -> list[tuple[int, ast.expr]]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub):
        other = sign if isinstance(node.op, ast.Add) else -sign
        return [*_terms(node.left, sign), *_terms(node.right, other)]
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return _terms(node.operand, -sign)
    return [(sign, node)]


def call(function: str, *arguments: ast.expr, axis: str = "") -> ast.expr:
    """Returns a call of a function."""
    return ast.Call(ast.Name(function), list(arguments), [ast.keyword("axis", ast.Name(axis))] if axis else [])


def picked(node: ast.expr, count: int, size: int) -> ast.expr:
    """Returns a gather of `count` elements of an array of `size`."""
    return call("gather", node, ast.Name(f"{count} from {size}"))


def square(node: ast.expr) -> ast.expr:
    """Returns the square of an expression."""
    return ast.BinOp(node, ast.Pow(), ast.Constant(2))


def literal(number: float) -> ast.expr:
    """Returns a number, to six digits."""
    if not math.isfinite(number):
        return ast.Name(repr(number))
    rounded = float(f"{abs(number):.6g}")
    constant = ast.Constant(int(rounded) if rounded.is_integer() and rounded < 1e6 else rounded)
    return constant if number >= 0 else ast.UnaryOp(ast.USub(), constant)
