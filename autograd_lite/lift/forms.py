"""Everything recorded for one form of sample: a path for each way through the program's comparisons."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from threading import RLock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd_lite.context import recording
from autograd_lite.errors import ArithmeticFault, OperandError, ShapeError
from autograd_lite.lookup import WholeInput
from autograd_lite.operands import is_number, number
from autograd_lite.tracing import tracing
from autograd_lite.transforms import leaves_of, map_nested
from autograd_lite.value import Value

from .indexing import Indices
from .paths import Path
from .samples import Nesting, Samples, rebuilt

__all__ = ["Form", "Origin", "at"]


class Origin:
    """What is recorded: a function, its parameters, and the layout of the parameters that its recordings share.

    Args:
        function: the code.
        parameters: the leaves it is differentiated by.
    """

    def __init__(self, function: Callable[..., Any], parameters: Sequence[Value]) -> None:
        self.function = function
        self.parameters = list(parameters)
        self.lock = RLock()
        self.forms: dict[Any, Form] = {}
        self._order: Indices | None = None

    @property
    def order(self) -> Indices:
        """For each place in the flat array of parameters, which parameter stands there; the first recording decides."""
        return np.arange(len(self.parameters)) if self._order is None else self._order

    def settle(self, make: Callable[[Indices | None], Path]) -> Path:
        """Returns a path, made in the layout of those before it; the first one's becomes the layout."""
        path = make(self._order)
        self._order = path.order
        return path


class Form:
    """The recordings for samples nested alike.

    Args:
        origin: what is recorded.
        nesting: how a sample is nested; () for a graph, which has no samples.
        static: arguments that are the same for all samples.
    """

    def __init__(self, origin: Origin, nesting: Nesting, static: dict[str, Any]) -> None:
        self.origin = origin
        self.nesting = nesting
        self.static = static
        self.batched = bool(nesting)
        self.paths: list[Path] = []
        self._ways: dict[tuple[bool, ...], Path] = {}
        self.output: Any = None
        """How the results are nested, each replaced by its position."""
        self.failures = 0
        """How many samples were left to the scalar engine, because they took too many different ways."""

    @property
    def width(self) -> int:
        """The number of results."""
        return len(leaves_of(self.output))

    def record(self, samples: Samples | None, row: int, name: str) -> Path:
        """Returns the path that one sample takes, added if it is new.

        Args:
            samples: the samples; None for a graph.
            row: which of them.
            name: what errors call it.
        """
        inputs: list[Value] = []
        indices: list[Value] = []
        numbers, wholes = _numbers(samples, row)

        def make_number(leaf: str) -> Value:
            inputs.append(Value(next(numbers), leaf))
            return inputs[-1]

        def make_whole(leaf: str) -> Value:
            indices.append(WholeInput(next(wholes), leaf))
            return indices[-1]

        arguments = rebuilt(self.nesting, make_number, make_whole)
        with recording(), tracing([*inputs, *indices, *self.origin.parameters]) as trace, _naming(self, name):
            output = self.origin.function(*arguments, **self.static)
        way = tuple(guard.outcome for guard in trace.guards)  # the same answers lead the same way
        if way not in self._ways:
            leaves = (self.origin.parameters, inputs, indices)
            with _collecting_later():
                path = self.origin.settle(
                    lambda order: Path(self._outputs(output), *leaves, trace.guards, batched=self.batched, order=order)
                )
            self._ways[way] = path
            self.paths.append(path)
        return self._ways[way]

    def _outputs(self, output: Any) -> list[Any]:
        leaves = leaves_of(output)
        for leaf in leaves:
            if not isinstance(leaf, Value) and not is_number(leaf):
                kind = type(leaf).__name__
                raise OperandError(
                    f"the lifted function returned {kind} {leaf!r:.60}; it must return Values or numbers"
                )
        if not leaves:
            raise ShapeError("the lifted function returned no number; it must return at least one")
        counter = iter(range(len(leaves)))
        nesting = map_nested(lambda _: next(counter), output)
        try:
            np.asarray(nesting)
        except ValueError:
            raise ShapeError(
                "the lifted function returned rows of different lengths; return them as one list"
            ) from None
        if self.output is not None and nesting != self.output:
            raise ShapeError("the lifted function returns results of different shapes for samples of one shape")
        self.output = nesting
        return [leaf if isinstance(leaf, Value) else number(leaf, "a result") for leaf in leaves]

    def scalar(self, samples: Samples | None, row: int, name: str) -> Any:
        """Returns the function's result for one sample from the scalar engine, without any recording to lean on."""
        numbers, wholes = _numbers(samples, row)
        arguments = rebuilt(self.nesting, lambda leaf: Value(next(numbers), leaf), lambda _: next(wholes))
        with _naming(self, name):
            return self.origin.function(*arguments, **self.static)


def _numbers(samples: Samples | None, row: int) -> tuple[Iterator[float], Iterator[int]]:
    if samples is None:
        return iter(()), iter(())
    return iter(samples.inputs[row].tolist()), iter(samples.indices[row].tolist())


@contextmanager
def _collecting_later() -> Iterator[None]:
    """Puts off garbage collection: of the many small objects made in lifting, none is garbage before the end."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


@contextmanager
def _naming(form: Form, name: str) -> Iterator[None]:
    """Mentions the sample in a fault that leaves the block."""
    try:
        yield
    except ArithmeticFault as fault:
        if form.batched:
            fault.enter(name)
        raise


@contextmanager
def at(origin: Origin, theta: NDArray[Any]) -> Iterator[None]:
    """Sets the parameters to the numbers of a flat array for a block of code; then they are as they were, `grad` too.

    One thread at a time: the parameters are everybody's.
    """
    with origin.lock:
        before = [(parameter._data, parameter._grad) for parameter in origin.parameters]
        ordered = np.empty(len(before))
        ordered[origin.order] = np.asarray(theta)
        try:
            for parameter, data in zip(origin.parameters, ordered.tolist(), strict=True):
                parameter._data = data
            yield
        finally:
            for parameter, (data, grad) in zip(origin.parameters, before, strict=True):
                parameter._data, parameter._grad = data, grad
