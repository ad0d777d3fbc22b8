"""What a picture writes: names and numbers, short enough to read and safe in every format.

Names are the user's and may be any text. `printable` (in `markup.py`) removes what no format can carry; `short` cuts;
`xml` escapes. No renderer writes a name that has not been through these.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Sequence
from html import escape

from autograd_lite.markup import printable

from .graph import Node

__all__ = [
    "census",
    "columns",
    "exact",
    "fenced",
    "figure",
    "gradient",
    "headline",
    "kind_of",
    "printable",
    "sentence",
    "short",
    "table",
    "xml",
]

_SIGNS = {"*": "×", "-": "−", "/": "÷"}


def figure(number: float) -> str:
    """Returns a number to four significant digits.

    Example:
        >>> figure(138.8338), figure(0.70710678), figure(1e-9), figure(123456.7), figure(-2.0)
        ('138.8', '0.7071', '1e-09', '123457', '-2')
    """
    if math.isfinite(number) and 1e3 <= abs(number) < 1e7:
        return format(number, ".0f")
    return format(number, ".4g")


def fenced(number: float) -> str:
    """Returns a number to four significant digits, in parentheses if it is negative: to stand beside a sign."""
    text = figure(number)
    return f"({text})" if text.startswith("-") else text


def exact(number: float) -> str:
    """Returns a number with all digits that tell it from its neighbours."""
    return repr(number)


def gradient(adjoint: float | None) -> str:
    """Returns a gradient to four digits, or says that there is none: not computed is not 0."""
    return "not computed" if adjoint is None else figure(adjoint)


def columns(text: str) -> int:
    """Returns how many columns a text takes: two for wide characters, none for combining ones.

    Example:
        >>> columns("w1"), columns("重み")
        (2, 4)
    """
    if text.isascii():
        return len(text)
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def short(text: str, limit: int = 18) -> str:
    """Returns the text made printable and, if it is long, cut to `limit` columns with an ellipsis.

    Example:
        >>> short("a very long name indeed")
        'a very long name …'
    """
    text = printable(text[: 4 * limit]) + ("…" if len(text) > 4 * limit else "")
    if columns(text) <= limit:
        return text
    cut = text[:limit]
    while columns(cut) > limit - 1:
        cut = cut[:-1]
    return cut + "…"


def table(rows: Sequence[Sequence[str]]) -> str:
    """Returns rows of equally many cells as text, a row a line, columns as wide as they must be.

    Example:
        >>> print(table([("w", "value 0.5"), ("out", "value 1")]))
        w    value 0.5
        out  value 1
    """
    widths = [max(columns(cell) for cell in column) for column in zip(*rows, strict=True)]
    padded = [[cell + " " * (wide - columns(cell)) for cell, wide in zip(row, widths, strict=True)] for row in rows]
    return "\n".join("  ".join(row).rstrip() for row in padded)


def xml(text: str) -> str:
    """Returns any text as XML character data, also fit for an attribute in double quotes."""
    return escape(printable(text))


def kind_of(node: Node) -> str:
    """Returns a node's kind in words."""
    if node.kind == "folded":
        return "leaves" if not node.operations else "run" if node.symbol else "piece" if node.repeats == 1 else "pieces"
    return {"rest": "not drawn"}.get(node.kind, node.kind)


def headline(node: Node) -> tuple[str, str]:
    """Returns what a node is called, as a sign and a name; either may be empty.

    Example:
        >>> headline(Node("v2", "operation", "*", "d", 1.0, None))
        ('×', 'd')
    """
    if node.kind == "rest":
        return "…", f"{len(node.lines):,} {node.id}"
    if node.kind == "folded" and node.symbol:
        return _SIGNS.get(node.symbol, node.symbol), f"{node.repeats:,} in a row"
    if node.kind == "folded":
        return (f"{node.repeats:,} ×" if node.repeats > 1 else ""), node.name
    if node.kind == "constant":
        return "", figure(node.value or 0.0)
    return _SIGNS.get(node.symbol, node.symbol), node.name or ("" if node.symbol else node.id)


def census(counts: Sequence[tuple[str, int]], most: int) -> list[str]:
    """Returns the commonest things inside a folded node: ["16 ×", "20 leaf"]."""
    return [f"{count:,} {short(_SIGNS.get(what, what), 14)}" for what, count in counts[:most]]


def sentence(node: Node) -> str:
    """Returns everything about a node in one line, for a tooltip or a screen reader."""
    sign, name = headline(node)
    parts = [f"{node.id}: {kind_of(node)}", " ".join(part for part in (sign, printable(name)) if part)]
    if node.value is not None:
        parts.append(f"value {exact(node.value)}")
        if node.kind != "constant":
            parts.append(f"gradient {'not computed' if node.adjoint is None else exact(node.adjoint)}")
    for result in node.results[:8]:
        adjoint = "not computed" if result.adjoint is None else exact(result.adjoint)
        label = printable(result.name) or result.id
        parts.append(f"{label}: value {exact(result.value)}, gradient {adjoint}")
    if node.census:
        parts.append("inside: " + ", ".join(census(node.census, 6)))
    if node.is_output:
        parts.append("output")
    return "; ".join(parts)
