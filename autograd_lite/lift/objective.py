"""A lifted function over fixed samples, as a function of one flat array of parameters: what training loops call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd_lite.errors import InputError, LiftError, ShapeError
from autograd_lite.tracing import current

from .backend import Backend
from .forms import Form, Origin
from .indexing import Indices
from .parts import Part
from .paths import Path
from .samples import Nesting, read_batches

__all__ = ["Objective", "Pure"]


class Objective:
    """The mean of a lifted function over fixed samples, as a function of one flat array of parameters.

    Calling it gives the value and the gradient, which is what an optimizer asks for, ours or SciPy's:

        result = scipy.optimize.minimize(objective, objective.start(), jac=True)
        objective.finish(result.x)

    Values that are neither samples nor parameters are read at each call.

    Args:
        origin: what is recorded.
        backend: what it runs on.
        batches: the samples, by argument; empty for a graph.
        static: arguments that are the same for all samples.
    Raises:
        ShapeError: no samples, or arguments with different numbers of them.
        OperandError: a sample holds something that is not a number.
        InputError: a static argument cannot be hashed.
    """

    def __init__(self, origin: Origin, backend: Backend, batches: Mapping[str, Any], static: dict[str, Any]) -> None:
        self.origin = origin
        self.backend = backend
        self.parts: list[Part] = []
        self.start()
        if batches:
            groups = read_batches(batches)
            self.count = sum(len(samples) for _, samples, _ in groups)
            self._place = np.empty((2, self.count), dtype=np.intp)  # of each sample: its part, and its row there
            for index, (nesting, samples, rows) in enumerate(groups):
                self.parts.append(Part(_form(origin, nesting, static), backend, samples, rows))
                self._place[0, rows], self._place[1, rows] = index, np.arange(len(rows))
        else:
            self.count = 1
            self._place = np.zeros((2, 1), dtype=np.intp)
            self.parts.append(Part(_form(origin, (), static), backend, None, np.zeros(1, dtype=np.intp)))

    @property
    def order(self) -> Indices:
        """For each place in the flat array, which parameter stands there: the layout that the products want."""
        return self.origin.order

    def start(self) -> NDArray[Any]:
        """Returns the parameters' present numbers, flat, in this objective's order.

        Raises:
            LiftError: while another function is being lifted, whose recording would freeze them.
        """
        trace = current()
        if trace is not None and any(id(p) in trace.leaves for p in self.origin.parameters):
            raise LiftError(
                "a lifted function was called inside a function that is being lifted, which would freeze its "
                "parameters; call the plain function there"
            )
        data: NDArray[Any] = np.array([p._data for p in self.origin.parameters], dtype=self.backend.dtype)
        flat: NDArray[Any] = data[self.order]
        return flat

    def finish(self, theta: Any) -> None:
        """Sets the parameters to the numbers of a flat array."""
        for parameter, data in zip(self.origin.parameters, self.by_parameter(theta).tolist(), strict=True):
            parameter.data = data

    def by_parameter(self, flat: Any) -> NDArray[Any]:
        """Returns a flat array in the order of the parameters."""
        numbers: NDArray[Any] = np.asarray(flat)
        ordered = np.empty_like(numbers)
        ordered[self.order] = numbers
        return ordered

    def __call__(self, theta: NDArray[Any], rows: Indices | None = None) -> tuple[float, NDArray[Any]]:
        """Returns the mean and its gradient, in this objective's order.

        Args:
            theta: the parameters, flat. Its numbers may be changed between calls.
            rows: which samples; None for all.
        Raises:
            ShapeError: the function returns more than one number.
            ArithmeticFault: a result is not finite; the error is the scalar engine's, and names sample and operation.
        """
        theta, rows, total = self._checked(theta, rows)
        if len(self.parts) == 1:
            return self.parts[0].value_and_grad(theta, rows, total)
        value, gradient = 0.0, np.zeros(len(theta), dtype=self.backend.dtype)
        for part, mine in self._shares(rows):
            more, slope = part.value_and_grad(theta, mine, total)
            value, gradient = value + more, gradient + np.asarray(slope)
        return value, gradient

    def hvp(self, theta: NDArray[Any], direction: NDArray[Any], rows: Indices | None = None) -> NDArray[Any]:
        """Returns the Hessian of the mean times a direction.

        Args:
            theta: the parameters, flat.
            direction: likewise.
            rows: which samples; None for all.
        """
        theta, rows, total = self._checked(theta, rows)
        product = np.zeros(len(theta), dtype=self.backend.dtype)
        for part, mine in self._shares(rows):
            product += part.hvp(theta, direction, mine, total)
        return product

    def _checked(self, theta: Any, rows: Any) -> tuple[Any, Any, int]:
        """Returns the arguments of a call as arrays, and over how many samples the mean is."""
        if not hasattr(theta, "shape"):
            theta = np.asarray(theta, dtype=self.backend.dtype)
        if theta.shape != (count := len(self.origin.parameters),):
            raise ShapeError(f"theta has shape {theta.shape}; it needs one number for each of {count} parameters")
        if rows is None:
            return theta, None, self.count
        if not len(rows):
            raise ShapeError("rows is empty: the mean of no samples; pass at least one")
        return theta, np.asarray(rows), len(rows)

    def _shares(self, rows: Indices | None) -> list[tuple[Part, Indices]]:
        """Returns the parts that some of the samples are in, and which of theirs."""
        chosen = np.arange(self.count) if rows is None else np.asarray(rows)
        shares = [(part, self._place[1, chosen[self._place[0, chosen] == i]]) for i, part in enumerate(self.parts)]
        return [(part, mine) for part, mine in shares if len(mine)]

    def values(self, theta: NDArray[Any] | None = None) -> NDArray[Any]:
        """Returns the function's result for every sample.

        Args:
            theta: the parameters, flat; None for their present numbers.
        Raises:
            ShapeError: the results of different samples differ in shape.
        """
        theta = self.start() if theta is None else self._checked(theta, None)[0]
        results = [part.values(theta) for part in self.parts]
        nestings = [part.form.output for part in self.parts]
        if any(nesting != nestings[0] for nesting in nestings):
            raise ShapeError("samples of different shapes have results of different shapes; pass one shape at a time")
        shape = np.asarray(nestings[0]).shape
        out = np.empty((self.count, results[0].shape[-1]))
        for part, result in zip(self.parts, results, strict=True):
            out[part.rows] = result
        return out.reshape((self.count, *shape) if self.parts[0].form.batched else shape)

    def pure(self) -> Pure:
        """Returns the objective as a function that JAX can transform, for a training loop compiled whole.

        Raises:
            LiftError: the program branches on comparisons that change with the parameters, or differs among samples.
            InputError: the backend is not JAX.
        """
        if self.backend.name != "jax":
            raise InputError("pure() is for JAX: lift(..., backend='jax')")
        part, *others = self.parts
        (path, _), *ways = part.split(self.start(), None)
        if others or ways or path is None or len(path.live):
            raise LiftError(
                "samples take different ways through this program, or change them with the parameters, so it is no "
                "single function that JAX could compile; train it step by step (engine='lift'), or write it with "
                "relu, maximum and their like in place of comparisons"
            )
        return Pure(path, part)


class Pure:
    """An objective as a pure function of arrays.

    Args:
        path: the recording it runs.
        part: the samples.
    Raises:
        ShapeError: the function returns more than one number.
    """

    def __init__(self, path: Path, part: Part) -> None:
        if path.gradient is None:
            raise ShapeError(f"a gradient needs a function of one result; this one returns {part.form.width}")
        self.code = path.code("gradient", part.backend)
        """The compiled program: the same object for the same recording and backend, so it can be a key."""
        self._backend = part.backend
        self.data = (part.inputs, part.indices, part.captured(path))
        """The samples' numbers, whole numbers and captured numbers: pass them through `jit` rather than around it."""

    def __call__(self, theta: Any, rows: Any = None, data: Any = None) -> tuple[Any, Any]:
        """Returns the mean over some samples, and its gradient.

        Args:
            theta: the parameters, flat, in the objective's order.
            rows: which samples, an array of integers; None for all.
            data: `self.data`, or arrays like it.
        """
        inputs, indices, captured = self.data if data is None else data
        if rows is not None and inputs is not None:
            inputs, indices = inputs[rows], indices[rows]
        count = 1 if inputs is None else inputs.shape[0]
        seed = self._backend.constant(np.full((1,) if inputs is None else (count, 1), 1.0 / count))
        losses, gradient = self.code.run(self.code.prepare(theta), inputs, indices, captured, seed, None)
        return losses.sum() / count, gradient


def _form(origin: Origin, nesting: Nesting, static: dict[str, Any]) -> Form:
    """Returns what has been recorded for samples nested like this."""
    key = (nesting, tuple((name, type(thing), thing) for name, thing in sorted(static.items())))
    with origin.lock:
        try:
            return origin.forms.setdefault(key, Form(origin, nesting, static))
        except TypeError:
            raise InputError(
                f"static arguments {static!r:.80} must be hashable: text, numbers, tuples of them"
            ) from None
