"""What `nn` accepts: features, numbers, whole numbers, settings, sequences, and sources of randomness.

Each function returns its argument in the one form the rest of `nn` works with, or raises an error that shows the value,
says where it was found, and what to do about it.
"""

from __future__ import annotations

import operator
import random
from collections.abc import Callable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from typing import Any, Protocol

from autograd_lite import InputError, OperandError, Overflow, ShapeError, Value

__all__ = [
    "Features",
    "Rng",
    "as_value",
    "features",
    "is_sequence",
    "listed",
    "numbers",
    "random_source",
    "real",
    "sequence",
    "setting",
    "whole",
]


class Rng(Protocol):
    """A source of randomness: an instance of `random.Random`, or the module `random` itself."""

    def uniform(self, a: float, b: float) -> float: ...  # noqa: D102  # as in the standard library
    def gauss(self, mu: float, sigma: float) -> float: ...  # noqa: D102
    def shuffle(self, x: Any) -> None: ...  # noqa: D102


def random_source(rng: object) -> Rng:
    """Returns the source of randomness that an `rng` argument stands for.

    Args:
        rng: None or `random` for the global module (as micrograd draws), an int as seed, or a `random.Random`.
    Raises:
        InputError: rng is none of these.
    Example:
        >>> random_source(7).uniform(0, 1) == random_source(7).uniform(0, 1)
        True
    """
    if rng is None or rng is random:
        return random
    if isinstance(rng, random.Random):
        return rng
    try:
        return random.Random(whole("rng", rng, minimum=None))  # noqa: S311  # weights are no secrets
    except InputError:
        message = f"rng = {rng!r:.60} is no source of randomness; pass an int as seed, a random.Random, or None"
        raise InputError(message) from None


def whole(name: str, thing: Any, *, minimum: int | None = 1) -> int:
    """Returns a whole number as an int.

    Args:
        name: what messages call it.
        thing: an int or a NumPy integer.
        minimum: the smallest that makes sense; None if any does.
    Raises:
        InputError: fractional, a bool, text, or too small.
    Example:
        >>> whole("nin", 2.5)
        Traceback (most recent call last):
        ...
        autograd_lite.errors.InputError: nin = 2.5 is not a whole number; pass an int of at least 1
    """
    needs = "pass an int" if minimum is None else f"pass an int of at least {minimum}"
    if isinstance(thing, bool) or not hasattr(thing, "__index__") or isinstance(thing, Value):
        raise InputError(f"{name} = {thing!r:.60} is not a whole number; {needs}")
    number = operator.index(thing)
    if minimum is not None and number < minimum:
        raise InputError(f"{name} = {number} is too small; {needs}")
    return number


def real(where: str, thing: Any) -> float:
    """Returns a real number as a plain float.

    Args:
        where: the place, for the message: "feature 2 of layer0".
        thing: an int, a float, or a NumPy scalar.
    Raises:
        OperandError: text, None, a bool, a list, a Value, ...
    Example:
        >>> real("feature 2", "3.5")
        Traceback (most recent call last):
        ...
        autograd_lite.errors.OperandError: feature 2: str '3.5' is not a real number; convert it with float(...)
    """
    try:
        return Value(thing).data
    except OperandError as error:  # the engine knows what a number is; we know where it was found
        raise OperandError(str(error).replace("Value(...)", where, 1)) from None


def setting(name: str, thing: Any, needs: str, holds: Callable[[float], bool]) -> float:
    """Returns a numeric setting as a float.

    Args:
        name: what the setting is called.
        thing: its value.
        needs: the condition in words.
        holds: the condition.
    Raises:
        InputError: no number, or the condition does not hold (nan fulfils none).
    Example:
        >>> setting("momentum", 1, "0 <= momentum < 1", lambda m: 0 <= m < 1)
        Traceback (most recent call last):
        ...
        autograd_lite.errors.InputError: momentum = 1 is outside its range; it needs 0 <= momentum < 1
    """
    try:
        number = Value(thing).data
    except (OperandError, Overflow):
        raise InputError(f"{name} = {thing!r:.60} is not a usable number; it needs {needs}") from None
    if not holds(number):
        raise InputError(f"{name} = {thing!r:.60} is outside its range; it needs {needs}")
    return number


def is_sequence(thing: Any) -> bool:
    """Says whether `thing` is an ordered collection: not text, a set, a dict, or a 0-d array (which looks iterable)."""
    if isinstance(thing, list | tuple):
        return True
    if isinstance(thing, str | bytes | Mapping | AbstractSet) or getattr(thing, "shape", None) == ():
        return False
    return isinstance(thing, Iterable)


def sequence(where: str, thing: Any) -> list[Any]:
    """Returns an ordered collection as a list.

    Args:
        where: what it is, for the message: "the logits".
        thing: a list, tuple, 1-D array or other iterable; not text, a set or a dict.
    Raises:
        InputError: a single thing, or a collection without a meaningful order.
    """
    if is_sequence(thing):
        return list(thing)
    raise InputError(f"{where}: expected a sequence, got {type(thing).__name__} {thing!r:.60}; write [a, b, ...]")


def numbers(where: str, thing: Any) -> list[float | Value]:
    """Returns a sequence of Values and numbers as a list of Values and plain floats.

    Floats are made plain once, here, because the engine's quickest path is `Value * float`.

    Raises:
        InputError: not a sequence.
        OperandError: an element is not a number; the message gives its position.
    """
    elements = sequence(where, thing)
    if {*map(type, elements)} <= _READY:  # the everyday case, at the speed of C
        return elements
    return [
        v if isinstance(v, Value) or type(v) is float else real(f"element {i} of {where}", v)
        for i, v in enumerate(elements)
    ]


_READY = {float, Value}


class Features(list[float | Value]):
    """A list of features that has been checked, so that the neurons of a layer need not check it again."""

    __slots__ = ()


def features(x: Any, width: int, owner: str) -> Features:
    """Returns the inputs of a neuron or layer, checked.

    Args:
        x: a sequence of `width` Values or numbers. A lone Value stands for a sequence of one: it is what a layer of one
            neuron returns.
        width: the number of features wanted.
        owner: who wants them, for the message.
    Raises:
        ShapeError: another number of features (both numbers are shown).
        InputError: not a sequence.
        OperandError: a feature is not a number; the message gives its position.
    Example:
        >>> features([1.0, 2.0, 3.0], 2, "layer0")
        Traceback (most recent call last):
        ...
        autograd_lite.errors.ShapeError: layer0 takes 2 features, got 3; give every row 2 numbers
    """
    if x.__class__ is not Features:
        x = Features([x] if isinstance(x, Value) else numbers(f"the input of {owner}", x))
    if len(x) != width:
        raise ShapeError(f"{owner} takes {width} features, got {len(x)}; give every row {width} numbers")
    return x  # type: ignore[no-any-return]  # checked above, by class


def as_value(number: Value | float) -> Value:
    """Returns a number as a Value."""
    return number if isinstance(number, Value) else Value(number)


def listed(out: Value | list[Value]) -> list[Value]:
    """Returns what a layer returned as a list, also where it has one neuron."""
    return [out] if isinstance(out, Value) else out
