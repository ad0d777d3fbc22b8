r"""Formulas as mathematics: the text of a rule, printed as LaTeX or as MathML.

    >>> to_latex("1/(1 + exp(-x))")
    '\\frac{1}{1 + e^{-x}}'
    >>> to_mathml("x ** 2")
    '<mrow><msup><mi>x</mi><mn>2</mn></msup></mrow>'

One visitor walks the formula and decides what it means: what is a fraction, a power, a case, and where parentheses are
needed; a `Markup` writes the pieces down, and `markup.py` holds two of them. A printed formula equals the one it was
given, but it is set as one would by hand:

    a product      factors side by side; a dot before a number or a parenthesis; equal neighbours become a power
    a quotient     one fraction for a whole chain: 1/log(2)/x is 1 over (ln 2) x
    log            the natural logarithm, written ln; log1p(x), expm1(x), hypot(x, y), logaddexp(x, y) are written out
    a conditional  cases; the branch `else nan`, which only passes NaN on, is left out: elsewhere it is undefined
    a number       to six significant digits

A variable may be given another name or a number: `names={"x": "w1", "y": "-2.5"}`. These are plain text, made safe
here: alpha is set as the letter, w1 and w_1 with a subscript, longer words upright, negative numbers in parentheses.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from .expressions import parse
from .markup import LATEX, MATHML, Markup, printable
from .rules import Rule

__all__ = ["printable", "rule_latex", "rule_mathml", "to_latex", "to_mathml"]

_CASES, _TEST, _SUM, _PRODUCT, _POWER, _ATOM = range(6)  # how tightly a piece holds together


class _Piece(NamedTuple):
    """Part of a printed formula.

    Args:
        text: the markup.
        strength: how tightly it holds together, _CASES to _ATOM.
        tall: whether parentheses around it must stretch.
        head: "digit", "paren" or "", what it begins with; decides how a product joins it.
    """

    text: str
    strength: int = _ATOM
    tall: bool = False
    head: str = ""


_COMPARE = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "=", ast.NotEq: "!="}
_WRITTEN = {
    "maximum": "max",
    "minimum": "min",
    "sign": "sgn",
    "arcsinh": "arsinh",
    "arccosh": "arcosh",
    "arctanh": "artanh",
}
_FENCES = {"|": ("|", "|"), "(": ("(", ")"), "floor": ("⌊", "⌋")}


class _Formula:
    """Walks a formula and prints it in a markup."""

    def __init__(self, markup: Markup, names: Mapping[str, str]) -> None:
        self.markup, self.names = markup, names

    def visit(self, node: ast.expr) -> _Piece:
        match node:
            case ast.Constant(value=value):
                return self._number(repr(value))
            case ast.Name(id=("inf" | "nan") as name):
                return self._number(name)
            case ast.Name(id=name):
                return self._name(name)
            case ast.BinOp(op=ast.Mult() | ast.Div()):
                return self._product(node)
            case ast.BinOp(op=ast.Add() | ast.Sub()):
                return self._sum(node)
            case ast.BinOp(left=base, right=exponent):
                return self._power(self.visit(base), self.visit(exponent))
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                inner = self._at_least(_PRODUCT, self.visit(operand))
                return _Piece(self.markup.row([self.markup.sign("-"), inner.text]), _SUM, inner.tall)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                inner = self._at_least(_SUM, self.visit(operand))
                return _Piece(self.markup.row([self.markup.sign("not"), inner.text]), _TEST, inner.tall)
            case ast.UnaryOp(operand=operand):
                return self.visit(operand)
            case ast.IfExp():
                return self._cases(node)
            case ast.Compare(left=left, ops=ops, comparators=rest):
                sides = [self._at_least(_SUM, self.visit(side)) for side in (left, *rest)]
                return self._joined(sides, [f" {_COMPARE[type(op)]} " for op in ops], _TEST)
            case ast.BoolOp(op=op, values=values):
                word = "and" if isinstance(op, ast.And) else "or"
                mixed = (
                    self._parenthesised(self.visit(v)) if isinstance(v, ast.BoolOp) else self.visit(v) for v in values
                )
                return self._joined([self._at_least(_TEST, side) for side in mixed], [word] * (len(values) - 1), _TEST)
            case ast.Call(func=ast.Name(id=name), args=args):
                return self._call(name, args)
        raise AssertionError(ast.dump(node))  # parse lets nothing else through

    # ------------------------------------------------------------ atoms

    def _number(self, text: str) -> _Piece:
        short = format(float(text), ".6g")
        piece = self.markup.number(short.replace("e+0", "e").replace("e-0", "e-").replace("e+", "e"))
        return _Piece(piece, _SUM if short[0] == "-" else _PRODUCT if "e" in short else _ATOM, head="digit")

    def _name(self, name: str) -> _Piece:
        text = self.names.get(name) or name
        try:
            return self._number(str(float(text))) if len(text) < 400 else _Piece(self.markup.name(text))
        except ValueError:
            return _Piece(self.markup.name(text))

    # ------------------------------------------------------------ operators

    def _at_least(self, strength: int, piece: _Piece) -> _Piece:
        return piece if piece.strength >= strength else self._parenthesised(piece)

    def _parenthesised(self, piece: _Piece) -> _Piece:
        return self._fenced("(", piece)

    def _fenced(self, fence: str, piece: _Piece) -> _Piece:
        left, right = _FENCES[fence]
        text = self.markup.fenced(left, piece.text, right, tall=piece.tall)
        return _Piece(text, _ATOM, piece.tall, "paren")

    def _joined(self, pieces: Sequence[_Piece], signs: Sequence[str], strength: int) -> _Piece:
        parts = [pieces[0].text]
        space = self.markup.space
        for sign, piece in zip(signs, pieces[1:], strict=True):
            written = self.markup.sign(sign.strip())
            parts += [space + written + space if not sign.isalpha() else written, piece.text]
        return _Piece(self.markup.row(parts), strength, any(piece.tall for piece in pieces))

    def _sum(self, node: ast.expr) -> _Piece:
        terms: list[ast.expr] = []
        signs: list[str] = []
        while isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub):
            signs.append(" + " if isinstance(node.op, ast.Add) else " - ")
            terms.append(node.right)
            node = node.left
        pieces = [self._at_least(_SUM, self.visit(node))]
        pieces += [self._at_least(_PRODUCT, self.visit(term)) for term in reversed(terms)]
        return self._joined(pieces, signs[::-1], _SUM)

    def _power(self, base: _Piece, exponent: _Piece) -> _Piece:
        base = self._at_least(_ATOM, base)
        return _Piece(self.markup.power(base.text, exponent.text), _POWER, base.tall, base.head)

    def _product(self, node: ast.expr) -> _Piece:
        """Prints a chain of products and quotients as one fraction, its sign in front."""
        above: list[ast.expr] = []
        below: list[ast.expr] = []
        negative = False
        while True:
            if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult | ast.Div):
                divisor = node.right
                while (
                    isinstance(node.op, ast.Div) and isinstance(divisor, ast.BinOp) and isinstance(divisor.op, ast.Mult)
                ):
                    below.append(divisor.right)
                    divisor = divisor.left
                (above if isinstance(node.op, ast.Mult) else below).append(divisor)
                node = node.left
            elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
                negative = not negative
                node = node.operand
            else:
                above.append(node)
                break
        top, bottom = self._factors(above[::-1]), self._factors(below[::-1])
        if bottom:
            whole = _Piece(self.markup.fraction(self._line(top).text, self._line(bottom).text), _PRODUCT, tall=True)
        else:
            whole = self._line(top)
        if not negative:
            return whole
        inner = self._at_least(_PRODUCT, whole)
        return _Piece(self.markup.row([self.markup.sign("-"), inner.text]), _SUM, inner.tall)

    def _factors(self, nodes: Sequence[ast.expr]) -> list[_Piece]:
        """Returns the factors, equal neighbours as one power, ones left out where something else stays."""
        runs: list[tuple[ast.expr, int]] = []
        for node in nodes:
            if runs and ast.dump(runs[-1][0]) == ast.dump(node) and not isinstance(node, ast.Constant):
                runs[-1] = (node, runs[-1][1] + 1)
            else:
                runs.append((node, 1))
        if len(runs) > 1:
            runs = [(n, k) for n, k in runs if not (isinstance(n, ast.Constant) and n.value == 1)] or runs[:1]
        return [self.visit(n) if k == 1 else self._power(self.visit(n), self._number(str(k))) for n, k in runs]

    def _line(self, factors: Sequence[_Piece]) -> _Piece:
        if len(factors) == 1:
            return factors[0]
        pieces = [self._at_least(_PRODUCT, factor) for factor in factors]
        parts = [pieces[0].text]
        for before, piece in pairwise(pieces):
            apart = piece.head == "digit" or (piece.head == "paren" and before.head != "paren")
            parts += [self.markup.dot if apart else self.markup.times, piece.text]
        return _Piece(self.markup.row(parts), _PRODUCT, any(p.tall for p in pieces), pieces[0].head)

    def _cases(self, node: ast.expr) -> _Piece:
        rows: list[tuple[str, str]] = []
        while isinstance(node, ast.IfExp):
            passes_nan = isinstance(node.orelse, ast.Name) and node.orelse.id == "nan"
            always = ast.unparse(node.test) == "x == x" and passes_nan  # true unless x is NaN
            if always and not rows:
                return self.visit(node.body)
            rows.append((self.visit(node.body).text, "" if always else self.visit(node.test).text))
            if passes_nan:
                break
            node = node.orelse
        else:
            rows.append((self.visit(node).text, ""))
        return _Piece(self.markup.cases(rows), _CASES, tall=True)

    # ------------------------------------------------------------ functions

    def _call(self, name: str, args: Sequence[ast.expr]) -> _Piece:
        write = _SPECIAL.get(name)
        pieces = [self.visit(arg) for arg in args]
        if write:
            return write(self, *pieces)
        return self.applied(self.markup.function(_WRITTEN.get(name, name)), *pieces)

    def applied(self, function: str, *arguments: _Piece) -> _Piece:
        comma = self.markup.sign(",") + self.markup.space
        inside = _Piece(self.markup.row([comma.join(a.text for a in arguments)]), tall=any(a.tall for a in arguments))
        fenced = self._parenthesised(inside)
        return _Piece(self.markup.apply(function, fenced.text), _ATOM, inside.tall)

    def exponential(self, base: str, x: _Piece) -> _Piece:
        return self._power(_Piece(base), x)

    def plus(self, *terms: _Piece, sign: str = " + ") -> _Piece:
        pieces = [terms[0], *(self._at_least(_PRODUCT, term) for term in terms[1:])]
        return self._joined([self._at_least(_SUM, p) for p in pieces], [sign] * (len(terms) - 1), _SUM)

    def squared(self, x: _Piece) -> _Piece:
        return x if x.text == self.markup.number("1") else self._power(x, self._number("2"))

    def rooted(self, x: _Piece, degree: str = "") -> _Piece:
        return _Piece(self.markup.root(x.text, self.markup.number(degree) if degree else ""), _ATOM, tall=True)

    def e(self, x: _Piece) -> _Piece:
        return self.exponential(self.markup.name("e"), x)

    def ln(self, x: _Piece) -> _Piece:
        return self.applied(self.markup.function("ln"), x)

    def log_to(self, base: str, x: _Piece) -> _Piece:
        return self.applied(self.markup.based(self.markup.function("log"), self.markup.number(base)), x)


_SPECIAL: dict[str, Callable[..., _Piece]] = {
    "abs": lambda to, x: to._fenced("|", x),
    "floor": lambda to, x: to._fenced("floor", x),
    "exp": lambda to, x: to.e(x),
    "exp2": lambda to, x: to.exponential(to.markup.number("2"), x)._replace(head="digit"),
    "expm1": lambda to, x: to.plus(to.e(x), to._number("1"), sign=" - "),
    "log": lambda to, x: to.ln(x),
    "log2": lambda to, x: to.log_to("2", x),
    "log10": lambda to, x: to.log_to("10", x),
    "log1p": lambda to, x: to.ln(to.plus(to._number("1"), x)),
    "logaddexp": lambda to, x, y: to.ln(to.plus(to.e(x), to.e(y))),
    "sqrt": lambda to, x: to.rooted(x),
    "cbrt": lambda to, x: to.rooted(x, "3"),
    "hypot": lambda to, x, y: to.rooted(to.plus(to.squared(x), to.squared(y))),
    "sigmoid": lambda to, x: to.applied(to.markup.function("sigma"), x),
    "log_sigmoid": lambda to, x: to.ln(to.applied(to.markup.function("sigma"), x)),
    "heaviside": lambda to, x: to.applied(to.markup.function("H"), x),
}


def to_latex(text: str, names: Mapping[str, str] | None = None) -> str:
    r"""Returns the formula in LaTeX, for use in math mode.

    Args:
        text: a formula, such as a row of the table holds.
        names: what to write for a variable: a name or a number, as plain text.
    Raises:
        ExpressionError: not a formula.
    Example:
        >>> print(to_latex("-out/y", {"y": "w1"}))
        -\frac{\mathrm{out}}{w_{1}}
        >>> print(to_latex("x*y", {"x": "2", "y": "-3"}))
        2 \cdot (-3)
    """
    return _Formula(LATEX, names or {}).visit(parse(text)).text


def to_mathml(text: str, names: Mapping[str, str] | None = None) -> str:
    """Returns the formula as one `<mrow>` of presentation MathML, to be put inside `<math>`.

    Args:
        text: a formula, such as a row of the table holds.
        names: what to write for a variable: a name or a number, as plain text.
    Raises:
        ExpressionError: not a formula.
    Example:
        >>> to_mathml("x/y", {"x": "alpha", "y": "2"})
        '<mrow><mfrac><mi>α</mi><mn>2</mn></mfrac></mrow>'

    Source: MathML Core, W3C, 2024; what browsers draw.
    """
    return f"<mrow>{_Formula(MATHML, names or {}).visit(parse(text)).text}</mrow>"


def rule_latex(rule: Rule, names: Mapping[str, str] | None = None, *, lone: bool = False) -> tuple[str, ...]:
    r"""Returns a rule as equations in LaTeX: its value, then one partial an operand.

    Args:
        rule: a row of the table, or a rule of the user's; of a black box only the name is known.
        names: what to write for x, y and out.
        lone: the partials that hold when the other operand is a constant.
    Example:
        >>> from autograd_lite.rules import RULES
        >>> for equation in rule_latex(RULES["mul"], {"out": "z"}):
        ...     print(equation)
        z = x\,y
        \frac{\partial z}{\partial x} = y
        \frac{\partial z}{\partial y} = x
    """
    return _equations(LATEX, rule, names or {}, lone=lone)


def rule_mathml(rule: Rule, names: Mapping[str, str] | None = None, *, lone: bool = False) -> tuple[str, ...]:
    """Returns a rule as equations in MathML, each one `<mrow>`; see `rule_latex`."""
    equations = _equations(MATHML, rule, names or {}, lone=lone)
    return tuple(f"<mrow>{equation}</mrow>" for equation in equations)


def _equations(markup: Markup, rule: Rule, names: Mapping[str, str], *, lone: bool) -> tuple[str, ...]:
    printer = _Formula(markup, names)
    equals = f"{markup.space}{markup.sign('=')}{markup.space}"
    called = printer.applied(markup.function(rule.name), *(printer._name(which) for which in rule.operands))
    value = printer.visit(parse(rule.value)) if isinstance(rule.value, str) else called
    out = printer._name("out").text
    rows = [f"{out}{equals}{value.text}"]
    partials = rule.lone if lone and rule.lone else rule.partials
    for which, partial in zip(rule.operands[-rule.arity :], partials, strict=True):
        over = [f"{markup.sign('d')}{markup.space}{thing}" for thing in (out, printer._name(which).text)]
        slope = markup.fraction(*over)
        rows.append(f"{slope}{equals}{printer.visit(parse(partial)).text}" if isinstance(partial, str) else slope)
    return tuple(rows)
