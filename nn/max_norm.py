"""Max-norm: a limit that the weights into each neuron keep, whatever the loss makes of them.

>>> from nn import SGD, Neuron
>>> neuron = Neuron(2, rng=1)
>>> optimizer = SGD(neuron.parameters(), 0.1, constraint=MaxNorm(neuron, 0.5))
>>> (neuron([3.0, 4.0]) * -10.0).backward()
>>> optimizer.step()
>>> sum(w.data**2 for w in neuron.w) ** 0.5 <= 0.5
True
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from autograd_lite import InputError, ShapeError, Value

from .clipping import shrink
from .inputs import sequence, setting
from .layers import Neuron
from .module import Module

__all__ = ["MaxNorm"]


class MaxNorm:
    """A limit on the norm of the weights into each neuron: longer ones are scaled down after every step.

        w = w * min(1, limit/(norm + 1e-6)),   norm = sqrt(sum_i w[i]^2)

    It is an option of every optimizer: `SGD(model.parameters(), 0.1, constraint=MaxNorm(model, 3.0))`.

    Args:
        model: whose neurons are limited; or groups of weights, each a sequence of Values.
        limit: finite, above 0.
    Raises:
        InputError: a weight in two groups, something in a group that is no Value, or a limit outside its range.
        ShapeError: no neurons, or a group without weights.
    Example:
        >>> w = [Value(3.0), Value(4.0)]
        >>> [round(v, 6) for v in MaxNorm([w], 1.0)(w, [3.0, 4.0])]
        [0.6, 0.8]

    Source: Geoffrey Hinton and others, Improving neural networks by preventing co-adaptation of feature detectors,
        2012, section 2.
    """

    def __init__(self, model: Module | Iterable[Iterable[Value]], limit: float) -> None:
        self.limit = setting("limit", limit, "a finite number above 0", lambda c: 0 < c < math.inf)
        self.groups = _groups(model)
        self._of: list[Value] = []  # the parameters that the next two speak of
        self._members: list[list[int]] = []
        self._table: Any = None

    def __call__(self, parameters: list[Value], values: Any) -> Any:
        """Returns the values, every group scaled down to the limit.

        Args:
            parameters: whose values they are; k of them. Groups with none of these are left out.
            values: k floats in a list, or an array of them.
        Raises:
            InputError: only some of the weights of a group are among the parameters.
        """
        if self._of is not parameters:
            self._members, self._table, self._of = _members(self.groups, parameters), None, parameters
        if not isinstance(values, list):
            return self._shrunk(values)
        kept = list(values)
        for members in self._members:
            factor = shrink(math.hypot(*(values[place] for place in members)), self.limit)
            for place in members:
                kept[place] = values[place] * factor
        return kept

    def _shrunk(self, values: Any) -> Any:
        """Returns an array of values with all groups scaled at once, NumPy's and JAX's alike."""
        if not self._members:
            return values
        if self._table is None:
            self._table = _table(self._members, len(values))
        places, counts, owner, owned = self._table
        dtype = values.dtype
        norms = ((values * values)[places] * counts.astype(dtype)).sum(axis=1) ** 0.5
        owned = owned.astype(dtype)
        return values * (shrink(norms, self.limit)[owner] * owned + (1 - owned))

    def __repr__(self) -> str:
        return f"MaxNorm({len(self.groups)} neurons, {self.limit})"


def _groups(model: Any) -> list[list[Value]]:
    if isinstance(model, Module):
        groups = [list(part.w) for part in model.modules() if isinstance(part, Neuron)]
    else:
        groups = [sequence("a group of weights", group) for group in sequence("the groups of weights", model)]
    if not groups or not all(groups):
        raise ShapeError("there is a group without weights, or no group at all; pass a model that has neurons")
    seen: set[Value] = set()
    for weight in (weight for group in groups for weight in group):
        if not isinstance(weight, Value):
            raise InputError(f"{weight!r:.60} in a group of weights is not a Value; pass a model, or neuron.w of some")
        if weight in seen:
            raise InputError(f"{weight.label()} is in two groups, whose limits may clash; put it into one")
        seen.add(weight)
    return groups


def _members(groups: list[list[Value]], parameters: list[Value]) -> list[list[int]]:
    """Returns for each group where its weights are among the parameters."""
    place = {parameter: index for index, parameter in enumerate(parameters)}
    found = [[place[weight] for weight in group if weight in place] for group in groups]
    for group, members in zip(groups, found, strict=True):
        if 0 < len(members) < len(group):
            missing = next(weight for weight in group if weight not in place)
            raise InputError(f"the optimizer does not move {missing.label()}, but others of its neuron; give it all")
    return [members for members in found if members]


def _table(members: list[list[int]], count: int) -> tuple[Any, ...]:
    """Returns groups as arrays: places, a group a row, and how often each counts; of each value its group, and if any.

    Rows are filled up with places that count 0 times.
    """
    import numpy as np

    shape = len(members), max(map(len, members))
    places, counts = np.zeros(shape, dtype=int), np.zeros(shape)
    owner, owned = np.zeros(count, dtype=int), np.zeros(count)
    for index, group in enumerate(members):
        places[index, : len(group)], counts[index, : len(group)] = group, 1.0
        owner[group], owned[group] = index, 1.0
    return places, counts, owner, owned
