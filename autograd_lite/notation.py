r"""Formulas as mathematics: the text of a rule, printed as LaTeX or as MathML.

    >>> to_latex("1/(1 + exp(-x))")
    '\\frac{1}{1 + e^{-x}}'
    >>> to_mathml("x ** 2")
    '<mrow><msup><mi>x</mi><mn>2</mn></msup></mrow>'

One visitor walks the formula and decides what it means: what is a fraction, a power, a case, and where parentheses are
needed; a `_Markup` writes the pieces down, and there are two of them. A printed formula equals the one it was given,
but it is set as one would by hand:

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
import re
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple, Protocol
from xml.sax.saxutils import escape

from .expressions import parse
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


class _Markup(Protocol):
    """How the pieces of a formula are written down."""

    space: str  # around signs
    times: str  # between factors
    dot: str

    def number(self, text: str) -> str: ...
    def name(self, text: str) -> str: ...
    def function(self, name: str) -> str: ...
    def sign(self, sign: str) -> str: ...
    def row(self, parts: Sequence[str]) -> str: ...
    def fenced(self, left: str, body: str, right: str, *, tall: bool) -> str: ...
    def fraction(self, above: str, below: str) -> str: ...
    def power(self, base: str, exponent: str) -> str: ...
    def root(self, body: str, degree: str) -> str: ...
    def apply(self, function: str, arguments: str) -> str: ...
    def based(self, function: str, base: str) -> str: ...
    def cases(self, rows: Sequence[tuple[str, str]]) -> str: ...


_LETTERS = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "zeta": "ζ", "eta": "η",
    "theta": "θ", "iota": "ι", "kappa": "κ", "lambda": "λ", "mu": "μ", "nu": "ν", "xi": "ξ", "omicron": "ο",
    "pi": "π", "rho": "ρ", "sigma": "σ", "tau": "τ", "upsilon": "υ", "phi": "φ", "chi": "χ", "psi": "ψ",
    "omega": "ω",
}  # fmt: skip
_SIGNS = {  # our sign: LaTeX, MathML
    "<": ("<", "<"), "<=": (r"\le", "≤"), ">": (">", ">"), ">=": (r"\ge", "≥"), "=": ("=", "="), "!=": (r"\ne", "≠"),
    "+": ("+", "+"), "-": ("-", "−"), ",": (",", ","), "and": (r"\text{ and }", "and"), "or": (r"\text{ or }", "or"),
    "not": (r"\text{not }", "not"), "d": (r"\partial", "∂"),
}  # fmt: skip
_COMPARE = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "=", ast.NotEq: "!="}
_KNOWN_TO_LATEX = frozenset(
    ("sin", "cos", "tan", "sinh", "cosh", "tanh", "arcsin", "arccos", "arctan", "max", "min", "ln", "log")
)  # fmt: skip
_WRITTEN = {
    "maximum": "max",
    "minimum": "min",
    "sign": "sgn",
    "arcsinh": "arsinh",
    "arccosh": "arcosh",
    "arctanh": "artanh",
}
_FENCES = {"|": ("|", "|"), "(": ("(", ")"), "floor": ("⌊", "⌋")}
_FENCES_LATEX = {"⌊": r"\lfloor ", "⌋": r" \rfloor", "(": "(", ")": ")", "|": "|"}


def printable(text: str) -> str:
    """Returns any text as one line of characters that every format can carry.

    Control characters become their pictures (a newline is shown as ␊); lone surrogates, characters that XML refuses and
    those that turn the direction of writing become U+FFFD. All else, from any script, stays.

    Example:
        >>> printable("two" + chr(10) + "lines")
        'two␊lines'
    """
    return _UNPRINTABLE.sub(_picture, text)


_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")


def _picture(match: re.Match[str]) -> str:
    code = ord(match[0])
    return chr(0x2400 + code) if code < 0x20 else "␡" if code == 0x7F else "␤" if code in (0x2028, 0x2029) else "\ufffd"


def _split(name: str) -> tuple[str, str]:
    """Splits a name into its stem and its subscript: w1, w_1 and w_in are w with one; anything else has none."""
    match = re.fullmatch(r"([^\W\d_]+)_?(\d+(?:_\d+)*)|([^\W\d_]+)_([^\W_]+)", name)
    if not match:
        return name, ""
    return (match[1], match[2].replace("_", ",")) if match[1] else (match[3], match[4])


class _Latex:
    """LaTeX, for math mode of LaTeX, MathJax and KaTeX."""

    space = " "
    times = r"\,"
    dot = r" \cdot "
    _escapes = str.maketrans({c: "\\" + c for c in "{}$&#_%"} | {"\\": r"\backslash ", "^": r"\hat{}", "~": r"\sim "})

    def number(self, text: str) -> str:
        mantissa, _, exponent = text.partition("e")
        if not exponent:
            return {"inf": r"\infty", "nan": r"\text{NaN}"}.get(text, text)
        power = f"10^{{{int(exponent)}}}"
        return power if mantissa == "1" else rf"{mantissa} \cdot {power}"

    def name(self, text: str) -> str:
        stem, below = _split(printable(text))
        if stem in _LETTERS:
            base = "o" if stem == "omicron" else f"\\{stem}"
        elif len(stem) == 1 and stem.isalpha():
            base = stem
        else:
            base = rf"\mathrm{{{stem.translate(self._escapes)}}}"
        return f"{base}_{{{below}}}" if below else base

    def function(self, name: str) -> str:
        if name in ("sigma", "H"):
            return r"\sigma" if name == "sigma" else "H"
        plain = printable(name).translate(self._escapes)
        return f"\\{name}" if name in _KNOWN_TO_LATEX else rf"\operatorname{{{plain}}}"

    def sign(self, sign: str) -> str:
        return _SIGNS[sign][0]

    def row(self, parts: Sequence[str]) -> str:
        return "".join(parts)

    def fenced(self, left: str, body: str, right: str, *, tall: bool) -> str:
        left, right = _FENCES_LATEX[left], _FENCES_LATEX[right]
        return rf"\left{left}{body}\right{right.strip()}" if tall else f"{left}{body}{right}"

    def fraction(self, above: str, below: str) -> str:
        return rf"\frac{{{above}}}{{{below}}}"

    def power(self, base: str, exponent: str) -> str:
        return f"{base}^{{{exponent}}}" if base[:1] != "\\" else f"{{{base}}}^{{{exponent}}}"

    def root(self, body: str, degree: str) -> str:
        return rf"\sqrt[{degree}]{{{body}}}" if degree else rf"\sqrt{{{body}}}"

    def apply(self, function: str, arguments: str) -> str:
        return function + (arguments if arguments.startswith(("(", r"\left")) else " " + arguments)

    def based(self, function: str, base: str) -> str:
        return f"{function}_{{{base}}}"

    def cases(self, rows: Sequence[tuple[str, str]]) -> str:
        lines = [f"{value} & " + (rf"\text{{if }} {test}" if test else r"\text{otherwise}") for value, test in rows]
        return r"\begin{cases} " + r" \\ ".join(lines) + r" \end{cases}"


class _MathML:
    """Presentation MathML, as browsers draw it; the pieces go inside a `<math>` element."""

    space = ""
    times = "<mo>\u2062</mo>"  # invisible times
    dot = "<mo>·</mo>"

    def number(self, text: str) -> str:
        mantissa, _, exponent = text.partition("e")
        if not exponent:
            special = {"inf": "<mi>∞</mi>", "nan": "<mtext>NaN</mtext>"}
            return special.get(text, f"<mn>{escape(text)}</mn>".replace("<mn>-", "<mo>−</mo><mn>"))
        power = self.power("<mn>10</mn>", self.number(str(int(exponent))))
        return power if mantissa == "1" else self._one(f"{self.number(mantissa)}{self.dot}{power}")

    def name(self, text: str) -> str:
        stem, below = _split(printable(text))
        base = f"<mi>{escape(_LETTERS.get(stem, stem))}</mi>"
        kind = "mn" if below[:1].isdigit() else "mi"
        return f"<msub>{base}<{kind}>{escape(below)}</{kind}></msub>" if below else base

    def function(self, name: str) -> str:
        return f"<mi>{escape(_LETTERS.get(name, printable(name)))}</mi>"

    def sign(self, sign: str) -> str:
        if sign.isalpha() and sign != "d":
            return f"<mtext>&#160;{sign}&#160;</mtext>"
        return f"<mo>{escape(_SIGNS[sign][1])}</mo>"

    def row(self, parts: Sequence[str]) -> str:
        return "".join(parts)

    def fenced(self, left: str, body: str, right: str, *, tall: bool) -> str:  # noqa: ARG002  # MathML stretches by itself
        return f'<mrow><mo form="prefix">{left}</mo>{body}<mo form="postfix">{right}</mo></mrow>'

    def fraction(self, above: str, below: str) -> str:
        return f"<mfrac>{self._one(above)}{self._one(below)}</mfrac>"

    def power(self, base: str, exponent: str) -> str:
        return f"<msup>{self._one(base)}{self._one(exponent)}</msup>"

    def root(self, body: str, degree: str) -> str:
        return f"<mroot>{self._one(body)}{degree}</mroot>" if degree else f"<msqrt>{body}</msqrt>"

    def apply(self, function: str, arguments: str) -> str:
        return f"<mrow>{function}<mo>\u2061</mo>{arguments}</mrow>"  # function application

    def based(self, function: str, base: str) -> str:
        return f"<msub>{function}{base}</msub>"

    def cases(self, rows: Sequence[tuple[str, str]]) -> str:
        cells = "".join(
            f"<mtr><mtd>{value}</mtd><mtd><mtext>{'if&#160;' if test else 'otherwise'}</mtext>{test}</mtd></mtr>"
            for value, test in rows
        )
        table = f'<mtable columnalign="left left">{cells}</mtable>'
        return f'<mrow><mo form="prefix">{{</mo>{table}</mrow>'

    def _one(self, body: str) -> str:
        """Returns the pieces as one element, which fractions and powers insist on."""
        single = re.fullmatch(r"<(m[a-z]+)>[^<]*</\1>", body)
        return body if single else f"<mrow>{body}</mrow>"


class _Formula:
    """Walks a formula and prints it in a markup."""

    def __init__(self, markup: _Markup, names: Mapping[str, str]) -> None:
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
    return _Formula(_Latex(), names or {}).visit(parse(text)).text


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
    return f"<mrow>{_Formula(_MathML(), names or {}).visit(parse(text)).text}</mrow>"


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
    return _equations(_Latex(), rule, names or {}, lone=lone)


def rule_mathml(rule: Rule, names: Mapping[str, str] | None = None, *, lone: bool = False) -> tuple[str, ...]:
    """Returns a rule as equations in MathML, each one `<mrow>`; see `rule_latex`."""
    equations = _equations(_MathML(), rule, names or {}, lone=lone)
    return tuple(f"<mrow>{equation}</mrow>" for equation in equations)


def _equations(markup: _Markup, rule: Rule, names: Mapping[str, str], *, lone: bool) -> tuple[str, ...]:
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
