"""Activations: every operation of one operand in the engine's table, by name, and "linear"."""

from __future__ import annotations

from collections.abc import Callable

from autograd_lite import RULES, InputError, Value

__all__ = ["ACTIVATIONS", "activation_function"]

Activation = Callable[[Value], Value]


def _method(name: str) -> Activation:
    """Returns the method of `Value` that a rule became; some only have the special method: `abs`, `neg`."""
    method: Activation = getattr(Value, name, None) or getattr(Value, f"__{name}__")
    return method


_FUNCTIONS: dict[str, Activation | None] = {"linear": None, "identity": None}
_FUNCTIONS |= {rule.name: _method(rule.name) for rule in RULES.values() if rule.arity == 1 and rule.name != "identity"}

ACTIVATIONS = tuple(sorted(_FUNCTIONS))
"""The names that `activation=` accepts."""


def activation_function(name: object) -> Activation | None:
    """Returns the function an activation's name stands for; None for "linear", which leaves its input alone.

    Args:
        name: one of `ACTIVATIONS`; "identity" is another word for "linear".
    Raises:
        InputError: no such activation; the message lists them.
    Example:
        >>> activation_function("tanh")(Value(0.0)).data
        0.0
    """
    if not isinstance(name, str) or name not in _FUNCTIONS:
        raise InputError(f"activation = {name!r:.60} is unknown; use one of {', '.join(ACTIVATIONS)}")
    return _FUNCTIONS[name]
