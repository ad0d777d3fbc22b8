r"""How the pieces of a formula are written down: as LaTeX, or as MathML.

    >>> LATEX.fraction("1", LATEX.name("w_1")), MATHML.name("w_1")
    ('\\frac{1}{w_{1}}', '<msub><mi>w</mi><mn>1</mn></msub>')

What a formula means, and where it needs parentheses, is decided in `notation.py`; here are its words. Names may be any
text: `printable` removes what no format can carry, and each markup escapes the rest.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape
from typing import Protocol

__all__ = ["LATEX", "MATHML", "Markup", "printable"]

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
_KNOWN_TO_LATEX = frozenset(
    ("sin", "cos", "tan", "sinh", "cosh", "tanh", "arcsin", "arccos", "arctan", "max", "min", "ln", "log")
)  # fmt: skip
_FENCES_LATEX = {"⌊": r"\lfloor ", "⌋": r" \rfloor", "(": "(", ")": ")", "|": "|"}


class Markup(Protocol):
    """How the pieces of a formula are written down."""

    space: str  # around signs
    times: str  # between factors
    dot: str

    def number(self, text: str) -> str:
        """Writes a number, given as Python prints it: digits, perhaps an exponent, or inf or nan."""

    def name(self, text: str) -> str:
        """Writes a variable; any text."""

    def function(self, name: str) -> str:
        """Writes the name of a function."""

    def sign(self, sign: str) -> str:
        """Writes a sign or a word between operands: `<=`, `+`, `and`; `d` is the partial derivative's."""

    def row(self, parts: Sequence[str]) -> str:
        """Puts pieces side by side."""

    def fenced(self, left: str, body: str, right: str, *, tall: bool) -> str:
        """Puts a piece between fences, which stretch if it is tall."""

    def fraction(self, above: str, below: str) -> str:
        """Puts one piece above another."""

    def power(self, base: str, exponent: str) -> str:
        """Raises a piece to an exponent."""

    def root(self, body: str, degree: str) -> str:
        """Puts a root around a piece; its degree is empty for the square root."""

    def apply(self, function: str, arguments: str) -> str:
        """Puts a function before its arguments, which have their parentheses."""

    def based(self, function: str, base: str) -> str:
        """Gives a function the base of its logarithm."""

    def cases(self, rows: Sequence[tuple[str, str]]) -> str:
        """Writes a value and its test a row; an empty test is `otherwise`."""


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


LATEX: Markup = _Latex()
"""For math mode of LaTeX, MathJax and KaTeX."""

MATHML: Markup = _MathML()
"""For the inside of a `<math>` element."""
