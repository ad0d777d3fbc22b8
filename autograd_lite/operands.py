"""What counts as a number, and what to say about everything else."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

from .errors import OperandError, Overflow

__all__ = ["is_array", "is_number", "number", "remedy", "shown", "text"]


def is_number(thing: object) -> bool:
    """Says whether `thing` is coerced to a float: int, float, NumPy scalars and 0-d arrays; not bool, complex, text."""
    if isinstance(thing, float | int):
        return not isinstance(thing, bool)
    kind = getattr(getattr(thing, "dtype", None), "kind", "")
    return (kind in ("f", "i", "u") and getattr(thing, "shape", None) == ()) or isinstance(thing, Fraction)


def is_array(thing: object) -> bool:
    """Says whether `thing` has elements, as NumPy's arrays do; a 0-d array is a number."""
    return bool(getattr(thing, "shape", ()))


_REMEDY = {
    "str": "convert it with float(...)",
    "bool": "write 1.0 or 0.0",
    "NoneType": "a function may have returned nothing",
    "complex": "take its real part",
    "Decimal": "convert it with float(...)",
    "list": "apply the operation to each element",
    "tuple": "apply the operation to each element",
    "ndarray": "apply the operation to each element",
    "Value": "a Value is already a node; use it as it is, or its number v.data",
}


def number(thing: Any, where: str) -> float:
    """Returns `thing` as a float.

    Args:
        thing: what somebody handed in.
        where: what it was handed to, for the message.
    Raises:
        OperandError: not a real number; the message shows it, the place and the remedy.
        Overflow: an integer too large for a float.
    """
    if is_number(thing):
        try:
            return float(thing)
        except OverflowError:
            digits = int(math.log10(abs(int(thing)))) + 1
            raise Overflow(f"{where}: an integer of {digits} digits is too large for a float") from None
    raise OperandError(
        f"{where}: {type(thing).__name__} {shown(thing)} is not a real number; {remedy(thing) or 'use a float'}"
    )


def text(thing: Any, where: str) -> str:
    """Returns `thing`, which is text: a name, a title, a label.

    Args:
        thing: what somebody handed in.
        where: what it is to be, for the message: "a name".
    Raises:
        OperandError: it is not text. Said at once, as a picture or a page would stumble over it much later.
    Example:
        >>> text(7, "a title")
        Traceback (most recent call last):
        ...
        autograd_lite.errors.OperandError: a title is text, got int 7; write str(...) around it
    """
    if not isinstance(thing, str):
        raise OperandError(f"{where} is text, got {type(thing).__name__} {shown(thing)}; write str(...) around it")
    return thing


def remedy(thing: object) -> str:
    """Returns what to do with a thing that is no number; "" if nothing is known."""
    return next((_REMEDY[kind.__name__] for kind in type(thing).__mro__ if kind.__name__ in _REMEDY), "")


def shown(thing: object) -> str:
    """Returns a thing's repr, at most 60 characters of it."""
    try:
        text = repr(thing)
    except Exception:  # noqa: BLE001  # a broken repr must not hide the message
        text = "<no repr>"
    return text if len(text) <= 60 else text[:57] + "..."
