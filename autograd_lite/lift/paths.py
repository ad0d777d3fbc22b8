"""One way through a program: what one sample's recording became, ready to run on any batch that takes the same way."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from threading import RLock
from typing import Any

import numpy as np

from autograd_lite.tracing import Guard
from autograd_lite.value import Value

from .backend import Backend, Code
from .classes import classify
from .emit import emit
from .indexing import Indices
from .lower import lower
from .program import Builder, Program
from .reverse import reverse
from .scalars import Scalars, read
from .tangent import tangent

__all__ = ["Guards", "Path"]

_UNBOUNDED = np.iinfo(np.intp).max


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
        kinds = (("parameter", parameters), ("input", inputs), ("index", indices))
        leaves = {id(leaf): (kind, place) for kind, group in kinds for place, leaf in enumerate(group)}
        scalars = read(outputs, leaves, guards)
        self.size = scalars.size
        """How many nodes were read."""
        self.bounds = _bounds(scalars, len(indices))
        """Of each whole number: how many rows it takes from; very many if it is no index."""
        self.looked_up = self.bounds < _UNBOUNDED
        """Of each whole number: whether it is an index."""
        lowered = lower(
            *classify(scalars),
            parameters=len(parameters),
            inputs=len(inputs),
            indices=len(indices),
            batched=batched,
            order=order,
        )
        self.order = lowered.parameters
        """For each place in the flat array of parameters, which parameter stands there."""
        self.captured = lowered.captured
        """The Values that are read at each run."""
        self._builder = builder = lowered.builder
        self._lock = RLock()  # over the builder, which the curvature is added to when it is asked for
        self._codes: dict[tuple[str, Backend], Code] = {}
        builder.names = {
            "parameters": tuple(parameters[i].name for i in self.order),
            "input": tuple(leaf.name for leaf in inputs),
            "index": tuple(leaf.name for leaf in indices),
            "captured": tuple(leaf.name for leaf in self.captured),
        }
        self.value: Program = builder.program([lowered.outputs])
        self.fixed = Guards(builder, [pair for pair in lowered.guards if not _changes(builder, pair[0])])
        self.live = Guards(builder, [pair for pair in lowered.guards if _changes(builder, pair[0])])
        self._slope = self._gradient(lowered.outputs, batched=batched) if len(outputs) == 1 else None
        self.gradient = None if self._slope is None else builder.program([lowered.outputs, self._slope])
        """The value and its gradient; None if the program has more than one result."""

    def _gradient(self, output: int, *, batched: bool) -> int:
        """Returns the array of the gradient."""
        seed = self._builder.add("seed", (), (1,), batched=batched)
        theta = self._builder.add("parameters", (), (len(self.order),))
        found = reverse(self._builder, output, seed, [theta])
        return found[theta] if theta in found else self._builder.constant(np.zeros(len(self.order)))

    @cached_property
    def curvature(self) -> Program:
        """The change of the gradient as the parameters move in a direction: Hessian times vector.

        Raises:
            ExpressionError: a rule of the user's has Python functions as partials, which cannot be derived again.
        """
        assert self._slope is not None, "whoever asks has looked whether there is a gradient"
        builder, count = self._builder, len(self.order)
        with self._lock:
            theta = builder.add("parameters", (), (count,))
            direction = builder.add("direction", (), (count,))
            (change,) = tangent(builder, [self._slope], theta, direction)
            return builder.program([builder.constant(np.zeros(count)) if change is None else change])

    def code(self, which: str, backend: Backend) -> Code:
        """Returns the compiled "value", "gradient", "curvature", "fixed" or "live" guards, for a backend."""
        key = (which, backend)
        if key not in self._codes:
            with self._lock:
                if key not in self._codes:
                    made = getattr(self, which)
                    program = made.program if isinstance(made, Guards) else made
                    self._codes[key] = backend.compiled(emit(program, backend, which))
        return self._codes[key]


def _bounds(scalars: Scalars, count: int) -> Indices:
    """Returns, of each whole number, the length of the shortest table that it takes a row from."""
    bounds = np.full(count, _UNBOUNDED)
    for line in scalars.lines:
        if line.op == "take":
            place = scalars.lines[line.args[0]].data
            bounds[place] = min(bounds[place], len(line.args) - 1)
    return bounds
