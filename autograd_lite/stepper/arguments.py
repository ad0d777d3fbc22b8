"""Numbers handed to a function as Values: named after its parameters, also inside lists, tuples, dicts and arrays."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import copy
from typing import Any

from autograd_lite.errors import InputError
from autograd_lite.operands import is_array, is_number
from autograd_lite.value import Value

__all__ = ["called_with", "signature_of", "title_of"]

_DEEPEST = 50  # lists in lists


def called_with(
    function: Callable[..., Any], arguments: Sequence[Any], named: Mapping[str, Any]
) -> tuple[Sequence[Any], Mapping[str, Any]]:
    """Returns the arguments by position and by name, each number in them made a Value.

    Values, and whatever holds no number, stay the objects they are; so do parameters that are not given.

    Raises:
        InputError: they do not fit the function's parameters, or are lists that are nested without end.
    Example:
        >>> called_with(lambda w, x: w[1] * x, ([1.0, 2.0],), {"x": 3.0})[0][0]
        [Value(data=1.0, grad=not computed, name='w[0]'), Value(data=2.0, grad=not computed, name='w[1]')]
    """
    signature = signature_of(function)
    if signature is None:
        given = [_valued(thing, f"x{i}") for i, thing in enumerate(arguments)]
        return given, {name: _valued(thing, name) for name, thing in named.items()}
    try:
        bound = signature.bind(*arguments, **named)
    except TypeError as error:
        call = f"{title_of(function) or 'the function'}{signature}"
        raise InputError(f"step(...): {error}; the call is {call:.120}, each a number or a Value") from None
    for name, thing in bound.arguments.items():
        if signature.parameters[name].kind is inspect.Parameter.VAR_KEYWORD:
            bound.arguments[name] = {key: _valued(item, key) for key, item in thing.items()}
        else:
            bound.arguments[name] = _valued(thing, name)
    return bound.args, bound.kwargs


def signature_of(function: Callable[..., Any]) -> inspect.Signature | None:
    """Returns how a function is called; None for one written in C whose parameters have no names to be had."""
    try:
        return inspect.signature(function)
    except (TypeError, ValueError):
        return None


def title_of(function: Callable[..., Any]) -> str:
    """Returns what a function is called; empty for a lambda."""
    name = str(getattr(function, "__name__", type(function).__name__))
    return "" if name == "<lambda>" else name


def _valued(thing: Any, name: str, *, depth: int = 0) -> Any:
    """Returns a thing with its numbers made Values called "x", "x[0]", "x['w'][2]"; itself if there is none in it.

    A collection in which something changes is copied; the copy is of the same kind.
    """
    if isinstance(thing, Value):
        return thing
    if is_number(thing):
        return Value(thing, name)
    if is_array(thing) and getattr(getattr(thing, "dtype", None), "kind", "") in ("f", "i", "u"):
        return _array(thing, name)
    if not isinstance(thing, list | tuple | dict):
        return thing
    if depth == _DEEPEST:
        raise InputError(f"step(...): {name:.40}... is nested more than {_DEEPEST} deep, or in itself; flatten it")
    keys: Iterable[Any] = thing if isinstance(thing, dict) else range(len(thing))
    items = {key: _valued(thing[key], f"{name}[{key!r}]", depth=depth + 1) for key in keys}
    if all(item is thing[key] for key, item in items.items()):
        return thing
    if isinstance(thing, tuple):
        return thing._make(items.values()) if hasattr(thing, "_make") else tuple(items.values())
    new = copy(thing)
    for key, item in items.items():
        new[key] = item
    return new


def _array(numbers: Any, name: str) -> Any:
    """Returns an array of Values, which computes as one of numbers does."""
    import numpy as np  # there already, as somebody has made an array

    values = np.empty(numbers.shape, dtype=object)
    for place in np.ndindex(numbers.shape):
        values[place] = Value(numbers[place], name + "".join(f"[{i}]" for i in place))
    return values
