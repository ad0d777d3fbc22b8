"""One way through a program: what one sample's recording became, ready to run on any batch that takes the same way."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np

from autograd_lite.tracing import Guard
from autograd_lite.value import Value

from .backends import Backend
from .classes import classify
from .emit import Code, emit
from .indexing import Indices
from .lower import lower
from .program import Builder, Program
from .reverse import reverse
from .scalars import read
from .tangent import tangent

__all__ = ["Guards", "Path"]


class Guards:
    """Comparisons that a program branched on.

    Args:
        builder: holds their arrays.
        pairs: the array of some comparisons' outcomes, and the outcome recorded.
    """

    def __init__(self, builder: Builder, pairs: Sequence[tuple[int, bool]]) -> None:
        self.program = builder.program([array for array, _ in pairs])
        self.outcomes = [outcome for _, outcome in pairs]

    def __len__(self) -> int:
        return len(self.outcomes)


def _changes(builder: Builder, array: int) -> bool:
    """Says whether an array changes with anything but the samples."""
    return any(row.kind in ("parameters", "captured") for row in builder.program([array]).instructions)


class Path:
    """The array programs of one recording: its value, its gradient, and the guards that say whom it stands for.

    Args:
        outputs: Values or numbers that the program returned.
        parameters: the Values it is differentiated by.
        inputs: the Values that stood for a sample's numbers; `indices` those for its whole numbers.
        guards: the comparisons it branched on.
        batched: whether it is to run on batches of samples.
        order: for each place in the flat array of parameters, which one stands there; None to choose.
    """

    def __init__(
        self,
        outputs: Sequence[Any],
        parameters: Sequence[Value],
        inputs: Sequence[Value],
        indices: Sequence[Value],
        guards: Sequence[Guard],
        *,
        batched: bool,
        order: Indices | None = None,
    ) -> None:
        leaves = {
            id(leaf): (kind, position)
            for kind, group in (("parameter", parameters), ("input", inputs), ("index", indices))
            for position, leaf in enumerate(group)
        }
        scalars = read(outputs, leaves, guards)
        self.size = scalars.size
        self.bounds = np.full(len(indices), np.iinfo(np.intp).max)  # of each whole number: how many rows it takes from
        for line in scalars.lines:
            if line.op == "take":
                place = scalars.lines[line.args[0]].data
                self.bounds[place] = min(self.bounds[place], len(line.args) - 1)
        self.looked_up = self.bounds < np.iinfo(np.intp).max
        lowered = lower(
            *classify(scalars),
            parameters=len(parameters),
            inputs=len(inputs),
            indices=len(indices),
            batched=batched,
            order=order,
        )
        self.order = lowered.parameters
        self.captured = lowered.captured
        builder = lowered.builder
        builder.names = {
            "parameters": tuple(parameters[i].name for i in self.order),
            "input": tuple(leaf.name for leaf in inputs),
            "index": tuple(leaf.name for leaf in indices),
            "captured": tuple(leaf.name for leaf in self.captured),
        }
        self.value: Program = builder.program([lowered.outputs])
        self.fixed = Guards(builder, [pair for pair in lowered.guards if not _changes(builder, pair[0])])
        self.live = Guards(builder, [pair for pair in lowered.guards if _changes(builder, pair[0])])
        self.gradient: Program | None = None
        if len(outputs) == 1:
            seed = builder.add("seed", (), (1,), batched=batched)
            theta = builder.add("parameters", (), (len(parameters),))
            found = reverse(builder, lowered.outputs, seed, [theta]).get(theta)
            self._found = builder.constant(np.zeros(len(parameters))) if found is None else found
            self.gradient = builder.program([lowered.outputs, self._found])
        self._builder = builder
        self._codes: dict[tuple[str, Backend], Code] = {}

    @cached_property
    def curvature(self) -> Program:
        """The change of the gradient as the parameters move in a direction: Hessian times vector."""
        builder = self._builder
        count = len(self.order)
        theta = builder.add("parameters", (), (count,))
        direction = builder.add("direction", (), (count,))
        (change,) = tangent(builder, [self._found], theta, direction)
        return builder.program([builder.constant(np.zeros(count)) if change is None else change])

    def code(self, which: str, backend: Backend) -> Code:
        """Returns the compiled "value", "gradient", "curvature", "fixed" or "live" guards, for a backend."""
        key = (which, backend)
        if key not in self._codes:
            made = getattr(self, which)
            self._codes[key] = backend.compiled(emit(getattr(made, "program", made), backend, which))
        return self._codes[key]
