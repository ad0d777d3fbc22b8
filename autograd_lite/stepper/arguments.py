"""Numbers handed to a function as Values: named after its parameters, also inside lists, tuples, dicts and arrays."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from autograd_lite.errors import InputError
from autograd_lite.operands import is_array, is_number
from autograd_lite.value import Value

__all__ = ["called_with", "title_of"]


def called_with(
    function: Callable[..., Any], arguments: Sequence[Any], named: Mapping[str, Any]
) -> tuple[Sequence[Any], Mapping[str, Any]]:
    """Returns the arguments by position and by name, each number in them made a Value.

    Values, and whatever holds no number, stay the objects they are; so do parameters that are not given.

    Raises:
        InputError: they do not fit the function's parameters.
    Example:
        >>> called_with(lambda w, x: w[1] * x, ([1.0, 2.0],), {"x": 3.0})[0][0]
        [Value(data=1.0, grad=not computed, name='w[0]'), Value(data=2.0, grad=not computed, name='w[1]')]
    """
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # written in C: its parameters have no names to be had
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


def title_of(function: Callable[..., Any]) -> str:
    """Returns what a function is called; empty for a lambda."""
    name = str(getattr(function, "__name__", type(function).__name__))
    return "" if name == "<lambda>" else name


def _valued(thing: Any, name: str) -> Any:
    """Returns a thing with its numbers made Values called "x", "x[0]", "x['w'][2]"; itself if there is none in it."""
    if isinstance(thing, Value):
        return thing
    if is_number(thing):
        return Value(thing, name)
    if is_array(thing) and getattr(getattr(thing, "dtype", None), "kind", "") in ("f", "i", "u"):
        return _array(thing, name)
    if isinstance(thing, list | tuple):
        items = [_valued(item, f"{name}[{i}]") for i, item in enumerate(thing)]
        if all(new is old for new, old in zip(items, thing, strict=True)):
            return thing
        return items if isinstance(thing, list) else thing._make(items) if hasattr(thing, "_make") else tuple(items)
    if isinstance(thing, dict):
        entries = {key: _valued(item, f"{name}[{key!r}]") for key, item in thing.items()}
        return thing if all(entries[key] is thing[key] for key in thing) else entries
    return thing


def _array(numbers: Any, name: str) -> Any:
    """Returns an array of Values, which computes as one of numbers does."""
    import numpy as np  # there already, as somebody has made an array

    values = np.empty(numbers.shape, dtype=object)
    for place in np.ndindex(numbers.shape):
        values[place] = Value(numbers[place], name + "".join(f"[{i}]" for i in place))
    return values
