"""One way through a program: what one sample's recording became, ready to run on any batch that takes the same way."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd_lite.tracing import Guard
from autograd_lite.value import Value

from .backends import Backend
from .classes import classify
from .emit import Code, emit
from .indexing import Indices
from .lower import lower
from .program import Program
from .reverse import reverse
from .scalars import read

__all__ = ["Path"]


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
        self.bounds = np.full(len(indices), np.iinfo(np.int64).max)
        for line in scalars.lines:
            if line.op == "take":
                place = scalars.lines[line.args[0]].data
                self.bounds[place] = min(self.bounds[place], len(line.args) - 1)
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
        self.outcomes = [outcome for _, outcome in lowered.guards]
        builder = lowered.builder
        builder.names = {
            "parameters": tuple(parameters[i].name for i in self.order),
            "input": tuple(leaf.name for leaf in (*inputs, *indices)),
            "index": tuple(leaf.name for leaf in indices),
            "captured": tuple(leaf.name for leaf in self.captured),
        }
        self.value: Program = builder.program([lowered.outputs])
        self.guards: Program = builder.program([array for array, _ in lowered.guards])
        theta = next((i for i, row in enumerate(builder.rows) if row.kind == "parameters"), None)
        self.gradient: Program | None = None
        if len(outputs) == 1:
            seed = builder.add("seed", (), (1,), batched=batched)
            adjoints = reverse(builder, lowered.outputs, seed, [] if theta is None else [theta])
            found = adjoints.get(theta) if theta is not None else None
            if found is None:
                found = builder.constant(np.zeros(len(parameters)))
            self.gradient = builder.program([lowered.outputs, found])
        self._codes: dict[tuple[str, Backend], Code] = {}

    def code(self, which: str, backend: Backend) -> Code:
        """Returns the compiled "value", "gradient" or "guards" for a backend."""
        key = (which, backend)
        if key not in self._codes:
            self._codes[key] = backend.compiled(emit(getattr(self, which), backend, which))
        return self._codes[key]

    def read_captured(self, backend: Backend) -> Any:
        """Returns the present numbers of the Values that the program reads besides parameters and inputs."""
        return backend.constant([value._data for value in self.captured])
