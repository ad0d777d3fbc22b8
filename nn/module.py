"""`Module`: a piece of a program with parameters.

    >>> class Line(Module):
    ...     def __init__(self):
    ...         self.slope = Value(2.0)
    ...         self.offset = Value(1.0)
    ...     def forward(self, x):
    ...         return self.slope * x + self.offset
    >>> line = Line()
    >>> line(3.0).data
    7.0
    >>> line.named_parameters()
    [('slope', Value(data=2.0, grad=not computed, name='slope')),
     ('offset', Value(data=1.0, grad=not computed, name='offset'))]

Neurons, layers and whole networks are modules, made of modules.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Self

from autograd_lite import ArithmeticFault, InputError, Value, mark_scope

from .inputs import real

__all__ = ["Module"]


class Module:
    """The base class of everything that has parameters and can be called.

    Assigning an attribute registers what is in it: a `Value` that is a leaf is a parameter, a `Module` is a part, and
    lists, tuples and dictionaries of them are looked through. Their names follow from the attributes: the second weight
    of `self.w` is "w1", within the fourth of `self.neurons` "neuron3.w1". Attributes that start with an underscore are
    private: Values in them are not trained.

    A subclass writes `forward`; calling the module runs it and marks the result, so that pictures can fold the module.
    """

    training: bool = True
    """Whether the module is being trained rather than used; see `train` and `eval`."""

    _parts: tuple[str, ...] = ()  # of a module whose outputs are made by pieces side by side: their names

    scope: str = "module"
    """How pictures and errors call this module: the attribute it was assigned to, or else its class."""

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        cls.scope = cls.__name__.lower()

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, value)
        if not name.startswith("_"):
            for path, part in _walk(name, value):
                if isinstance(part, Module):
                    part.scope = path.rpartition(".")[2]
                elif not part.name or path == part.name or path.endswith(f".{part.name}"):
                    # unnamed, or named by a part of self; a name of the user's stays
                    part.name = path

    def forward(self, *inputs: Any) -> Any:
        """Returns what the module makes of its inputs; every subclass states its own."""
        raise NotImplementedError(f"{type(self).__name__} has no forward(...); define it in the class")

    def __call__(self, *inputs: Any) -> Any:
        """Returns `forward(*inputs)`, marked as this module's work; a fault inside mentions the module."""
        try:
            out = self.forward(*inputs)
        except ArithmeticFault as fault:
            fault.enter(self.scope)
            raise
        mark_scope(self.scope, inputs, out, parts=self._parts)
        return out

    # ------------------------------------------------------------ parameters

    def named_parameters(self) -> list[tuple[str, Value]]:
        """Returns the parameters with their names, each once, in the order in which they were assigned.

        Raises:
            InputError: two parameters would have the same name.
        """
        named = [(path, part) for path, part in _walk("", self) if isinstance(part, Value)]
        if len(dict(named)) < len(named):
            names = [path for path, _ in named]
            twice = next(name for name in names if names.count(name) > 1)
            raise InputError(f"two parameters are called {twice!r}; rename one of the attributes they come from")
        return named

    def parameters(self) -> list[Value]:
        """Returns the parameters, each once even when it is shared by several parts."""
        return [part for _, part in _walk(None, self) if isinstance(part, Value)]

    def zero_grad(self) -> None:
        """Sets the gradient of every parameter to 0; `backward` adds to what is there."""
        for parameter in self.parameters():
            parameter.grad = 0.0

    def state_dict(self) -> dict[str, float]:
        """Returns the numbers of all parameters by name."""
        return {name: parameter.data for name, parameter in self.named_parameters()}

    def load_state_dict(self, state: Mapping[str, float]) -> None:
        """Sets every parameter to the number under its name; changes nothing if anything is wrong.

        Args:
            state: a finite number for each name of `named_parameters`, and nothing else.
        Raises:
            InputError: a name is missing or unknown, or a number is not finite.
            OperandError: a weight is not a number.
        """
        named = dict(self.named_parameters())
        for problem, names in (("misses", named.keys() - state), ("has unknown", state.keys() - named)):
            if names:
                shown = ", ".join(sorted(map(repr, names))[:5])
                raise InputError(f"the state {problem} {shown} ({len(names)} in all); it must come from an equal model")
        values = {name: real(f"{name!r} of the state", state[name]) for name in named}
        for name, value in values.items():
            if not math.isfinite(value):
                raise InputError(f"{name!r} of the state is {value!r}; a weight must be finite; use an earlier state")
        for name, value in values.items():
            named[name].data = value

    # ------------------------------------------------------------ modes

    def modules(self) -> list[Module]:
        """Returns this module and all modules inside it, each once."""
        return [part for _, part in _walk(None, self) if isinstance(part, Module)]

    def train(self, mode: bool = True) -> Self:  # noqa: FBT001, FBT002  # the field's signature: model.train(False)
        """Sets whether this module and those inside it are being trained; returns the module."""
        for module in self.modules():
            module.training = mode
        return self

    def eval(self) -> Self:
        """Says that this module and those inside it are being used, not trained; returns the module."""
        return self.train(mode=False)


_PLURAL = re.compile(r"(?<![aisu])s$")  # "layers", "weights", but not "bias", "class"


def _walk(path: str | None, thing: object) -> list[tuple[str, Value | Module]]:
    """Returns the parameters and modules in `thing`, each once, with their names (see `Module`), "" if path is None."""
    found: list[tuple[str, Value | Module]] = []
    _collect(path, thing, set(), found)
    return found


def _collect(path: str | None, thing: object, seen: set[int], found: list[tuple[str, Value | Module]]) -> None:
    if not isinstance(thing, (Value, Module, list, tuple, dict)) or id(thing) in seen:
        return
    seen.add(id(thing))
    if isinstance(thing, Value):
        if thing.is_leaf:
            found.append((path or "", thing))
    elif isinstance(thing, Module):
        found.append((path or "", thing))
        for name, attribute in vars(thing).items():
            if not name.startswith("_"):
                _collect(f"{path}.{name}" if path else name if path == "" else None, attribute, seen, found)
    elif isinstance(thing, dict):
        for key, item in thing.items():
            _collect(path and f"{path}.{key}", item, seen, found)
    else:
        stem = path and _singular(path)
        for index, item in enumerate(thing):
            _collect(stem and f"{stem}{index}", item, seen, found)


@lru_cache(maxsize=4096)
def _singular(path: str) -> str:
    """Returns what the elements of a list are called: "layers" -> "layer"; of rows of rows "w0" -> "w0_"."""
    stem = _PLURAL.sub("", path)
    return f"{stem}_" if stem[-1:].isdigit() else stem
