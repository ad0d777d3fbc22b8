"""`lift`: record plain scalar code once, run it as a matrix program ever after.

>>> from autograd_lite.value import Value
>>> w, b = [Value(1.0, name="w0"), Value(-2.0, name="w1")], Value(0.5, name="b")
>>> def loss(x, y):
...     out = b
...     for weight, feature in zip(w, x):
...         out = out + weight * feature
...     return (out.tanh() - y) ** 2
>>> lifted = lift(loss, [*w, b])
>>> X, y = [[1.0, 0.0], [0.0, 1.0], [2.0, 1.0]], [1.0, -1.0, 0.0]
>>> lifted(X, y).round(4).tolist()
[0.009, 0.009, 0.2136]
>>> value, gradient = lifted.value_and_grad(X, y)
>>> round(value, 4), gradient.round(4).tolist()
(0.0772, [0.4731, 0.2537, 0.2423])
"""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd_lite.anomaly import find_anomaly
from autograd_lite.context import detect_anomaly, recording
from autograd_lite.errors import ArithmeticFault, InputError, LiftError, NonFiniteError, OperandError, ShapeError
from autograd_lite.lookup import WholeInput
from autograd_lite.operands import is_number, number
from autograd_lite.tracing import tracing
from autograd_lite.transforms import leaves_of, map_nested
from autograd_lite.value import Value

from .backends import Backend, backend_called
from .indexing import Indices
from .paths import Path
from .program import Program
from .samples import Form, Samples, read_batches, rebuilt

__all__ = ["Lifted", "Objective", "lift", "lift_graph"]

_MOST_PATHS = 256
"""More ways than this through one form, and samples that take yet another one are left to the scalar engine."""


def lift(
    function: Callable[..., Any],
    parameters: Iterable[Value] = (),
    *,
    example: tuple[Any, ...] | None = None,
    backend: str = "numpy",
    dtype: str = "float64",
) -> Lifted:
    """Returns a function of batches that computes what `function` computes for each sample, as a matrix program.

    The function is recorded on the first sample of each form (how its arguments are nested) and of each way through its
    comparisons. Changed numbers, in data or parameters, never record again.

    Args:
        function: scalar code, `function(x, y, ...)` of one sample; numbers arrive as Values, in nested lists. Whole
            numbers can also be used as the index of `take`.
        parameters: the leaves that `value_and_grad` differentiates by, each once.
        example: arguments of one sample, to record now rather than at the first call.
        backend: "numpy" or "jax".
        dtype: "float64" or "float32".
    Raises:
        OperandError: a parameter is not a Value.
        InputError: a parameter is a result, or appears twice; or there is no such backend or precision.
    """
    lifted = Lifted(function, _checked(parameters), backend_called(backend, dtype))
    if example is not None:
        lifted.objective(*([each] for each in example))
    return lifted


def lift_graph(
    loss: Value, parameters: Iterable[Value] = (), *, backend: str = "numpy", dtype: str = "float64"
) -> Lifted:
    """Returns the matrix program of a graph that has been built, a full batch in scalars, say.

    The result takes no arguments: it reads the leaves' present numbers at each call.

    Args:
        loss: the root.
        parameters: the leaves that `value_and_grad` differentiates by.
        backend: "numpy" or "jax".
        dtype: "float64" or "float32".
    Example:
        >>> x = Value(3.0, name="x")
        >>> lifted = lift_graph(x * x + 1, [x])
        >>> lifted.value_and_grad()
        (10.0, array([6.]))
    """
    if not isinstance(loss, Value):
        raise OperandError(
            f"lift_graph({loss!r:.60}): a {type(loss).__name__} is not a Value; pass the root of a graph"
        )
    lifted = Lifted(lambda: loss, _checked(parameters), backend_called(backend, dtype))
    lifted.objective()
    return lifted


class Lifted:
    """Scalar code, lifted; see `lift`.

    Args:
        function: the code.
        parameters: the leaves it is differentiated by.
        backend: what its programs run on.
    """

    def __init__(self, function: Callable[..., Any], parameters: Sequence[Value], backend: Backend) -> None:
        functools.update_wrapper(self, function, updated=())
        self.function = function
        self.parameters = list(parameters)
        self.backend = backend
        self._names = _argument_names(function)
        self._forms: dict[Hashable, _Form] = {}
        self._order: Indices | None = None

    def __call__(self, *batches: Any, **static: Any) -> NDArray[Any]:
        """Returns the function's result for every sample.

        Args:
            batches: for each argument of the function, an array or a sequence with one entry a sample.
            static: arguments that are the same for all samples and may set the structure; they are passed on by name.
        Returns:
            Shape (samples,) where the function returns one number, (samples, ...) where it returns nested lists. The
            axis of samples is missing for a lifted graph.
        """
        return self.objective(*batches, **static).values()

    def value_and_grad(self, *batches: Any, **static: Any) -> tuple[float, NDArray[Any]]:
        """Returns the mean of the function over the samples, and its gradient by each parameter.

        Args:
            batches: as for a call.
            static: as for a call.
        Returns:
            The mean, and one derivative a parameter, in the order of `parameters`.
        Raises:
            ShapeError: the function returns more than one number.
            ArithmeticFault: a result is not finite; the error is the scalar engine's, and names the operation.
        """
        objective = self.objective(*batches, **static)
        value, gradient = objective(objective.start())
        return value, objective.by_parameter(gradient)

    def objective(self, *batches: Any, **static: Any) -> Objective:
        """Returns the mean over these samples as a function of one flat array of parameters, for a training loop."""
        return Objective(self, batches, static)

    def to(self, backend: str, dtype: str | None = None) -> Lifted:
        """Returns the same programs on another backend, or in another precision.

        Args:
            backend: "numpy" or "jax".
            dtype: "float64" or "float32"; None keeps it.
        Raises:
            InputError: there is no such backend or precision, or it is not installed.
        """
        other = Lifted(self.function, self.parameters, backend_called(backend, dtype or self.backend.dtype.name))
        other._forms, other._order = self._forms, self._order
        return other

    @property
    def program(self) -> Program:
        """The program of the form recorded first.

        Raises:
            LiftError: nothing has been recorded yet.
        """
        for form in self._forms.values():
            return form.paths[0].value
        raise LiftError(
            "nothing has been recorded yet: call the lifted function once, or pass lift(..., example=(x, y))"
        )

    @property
    def order(self) -> Indices:
        """For each place in the flat array of parameters, which parameter stands there: the layout products want."""
        return np.arange(len(self.parameters)) if self._order is None else self._order

    def form(self, form: Form, static: dict[str, Any]) -> _Form:
        """Returns what has been recorded for samples nested like this."""
        try:
            key = (form, tuple(sorted(static.items())))
            hash(key)
        except TypeError:
            raise InputError(
                f"static arguments {static!r:.80} must be hashable: text, numbers, tuples of them"
            ) from None
        if key not in self._forms:
            self._forms[key] = _Form(self, form, static)
        return self._forms[key]

    def keep_order(self, path: Path) -> None:
        """Settles the layout of the parameters by the first recording."""
        if self._order is None:
            self._order = path.order


class _Form:
    """Everything recorded for one nesting of the arguments: a path for each way through the comparisons."""

    def __init__(self, lifted: Lifted, form: Form, static: dict[str, Any]) -> None:
        self.lifted = lifted
        self.form = form
        self.static = static
        self.batched = bool(form)
        self.paths: list[Path] = []
        self.output: Any = None
        self.failures = 0

    def record(self, samples: Samples | None, row: int) -> Path:
        """Returns the path that one sample takes, recorded now."""
        numbers, wholes = _leaf_makers(samples, row)
        inputs: list[Value] = []
        indices: list[Value] = []

        def make_number(name: str) -> Value:
            inputs.append(Value(next(numbers), name))
            return inputs[-1]

        def make_whole(name: str) -> Value:
            indices.append(WholeInput(next(wholes), name))
            return indices[-1]

        arguments = rebuilt(self.form, make_number, make_whole)
        with recording(), tracing([*inputs, *indices, *self.lifted.parameters]) as trace:
            output = self.lifted.function(*arguments, **self.static)
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
        if self.output is not None and nesting != self.output:
            raise ShapeError("the lifted function returns results of different shapes for samples of one shape")
        self.output = nesting
        outputs = [leaf if isinstance(leaf, Value) else number(leaf, "a result") for leaf in leaves]
        path = Path(
            outputs,
            self.lifted.parameters,
            inputs,
            indices,
            trace.guards,
            batched=self.batched,
            order=self.lifted._order,
        )
        self.lifted.keep_order(path)
        self.paths.append(path)
        return path

    def scalar(self, samples: Samples | None, row: int) -> Any:
        """Returns the function's own result for one sample: by the scalar engine, without any recording to lean on."""
        numbers, wholes = _leaf_makers(samples, row)
        arguments = rebuilt(self.form, lambda _: next(numbers), lambda _: next(wholes))
        return self.lifted.function(*arguments, **self.static)


def _leaf_makers(samples: Samples | None, row: int) -> tuple[Any, Any]:
    if samples is None:
        return iter(()), iter(())
    count = samples.inputs.shape[1] - samples.indices.shape[1]
    return iter(samples.inputs[row, :count].tolist()), iter(samples.indices[row].tolist())


class Objective:
    """The mean of a lifted function over fixed samples, as a function of one flat array of parameters.

    Calling it gives the value and the gradient, which is what an optimizer asks for, ours or SciPy's:

        result = scipy.optimize.minimize(objective, objective.start(), jac=True)
        objective.finish(result.x)

    Args:
        lifted: the function.
        batches: its samples; `static`: what is the same for all of them.
    Raises:
        ShapeError: the samples do not fit the function's arguments.
    """

    def __init__(self, lifted: Lifted, batches: Sequence[Any], static: dict[str, Any]) -> None:
        self.lifted = lifted
        names = lifted._names or [f"x{i}" for i in range(len(batches))]
        if len(batches) > len(names):
            raise ShapeError(f"got {len(batches)} batches for the {len(names)} arguments {', '.join(names)}")
        self.parts: list[_Part] = []
        if batches:
            groups = read_batches(dict(zip(names, batches, strict=False)))
            self.count = sum(len(samples) for _, samples, _ in groups)
            self._place = np.empty((2, self.count), dtype=np.intp)  # of each sample: its part, and its row there
            for number_, (form, samples, rows) in enumerate(groups):
                self.parts.append(_Part(lifted.form(form, static), samples, rows))
                self._place[0, rows], self._place[1, rows] = number_, np.arange(len(rows))
        else:
            self.count = 1
            self.parts.append(_Part(lifted.form((), static), None, np.zeros(1, dtype=np.intp)))

    def start(self) -> NDArray[Any]:
        """Returns the parameters' present numbers, in the order of `lifted.order`."""
        data = np.array([parameter._data for parameter in self.lifted.parameters], dtype=self.lifted.backend.dtype)
        return data[self.lifted.order]

    def finish(self, theta: Any) -> None:
        """Sets the parameters to the numbers of a flat array."""
        for parameter, data in zip(self.lifted.parameters, self.by_parameter(np.asarray(theta)).tolist(), strict=True):
            parameter.data = data

    def by_parameter(self, flat: NDArray[Any]) -> NDArray[Any]:
        """Returns a flat array in the order of the parameters."""
        ordered = np.empty_like(flat)
        ordered[self.lifted.order] = flat
        return ordered

    def __call__(self, theta: NDArray[Any], rows: Indices | None = None) -> tuple[float, NDArray[Any]]:
        """Returns the mean and its gradient, in the order of `lifted.order`.

        Args:
            theta: the parameters, flat, in that order. Its numbers may be changed between calls.
            rows: which samples; None for all.
        """
        if len(self.parts) == 1:
            part = self.parts[0]
            return part.value_and_grad(self, theta, rows, self.count if rows is None else len(rows))
        total, gradient = 0.0, np.zeros_like(theta)
        chosen = np.arange(self.count) if rows is None else rows
        for index, part in enumerate(self.parts):
            mine = self._place[1, chosen[self._place[0, chosen] == index]]
            if len(mine):
                value, slope = part.value_and_grad(self, theta, mine, len(chosen))
                total, gradient = total + value, gradient + slope
        return total, gradient

    def values(self) -> NDArray[Any]:
        """Returns the function's result for every sample, at the parameters' present numbers."""
        theta = self.start()
        results = [part.values(theta) for part in self.parts]
        nestings = [part.form.output for part in self.parts]
        if any(nesting != nestings[0] for nesting in nestings):
            raise ShapeError(
                "samples of different shapes have results of different shapes; pass them one shape at a time"
            )
        shape = np.asarray(nestings[0]).shape
        out = np.empty((self.count, results[0].shape[-1]))
        for part, result in zip(self.parts, results, strict=True):
            out[part.rows] = result
        return out.reshape((self.count, *shape) if self.parts[0].form.batched else shape)

    def explain(self, theta: NDArray[Any], part: _Part, rows: Indices | None, total: int) -> tuple[float, NDArray[Any]]:
        """Returns the mean and its gradient from the scalar engine, which raises where a result is not finite."""
        self.finish(theta)
        parameters = self.lifted.parameters
        value, gradient = 0.0, np.zeros(len(parameters))
        for row in range(len(part)) if rows is None else rows.tolist():
            before = [p._grad for p in parameters]
            try:
                for p in parameters:
                    p._grad = 0.0
                with detect_anomaly():
                    out = part.form.scalar(part.samples, row)
                    if isinstance(out, Value):
                        if (anomaly := find_anomaly(out)) is not None:
                            raise NonFiniteError(str(anomaly))
                        out.backward(1 / total)
                        gradient += [p._grad for p in parameters]
                value += (out._data if isinstance(out, Value) else float(out)) / total
            except ArithmeticFault as fault:
                if part.form.batched:
                    fault.enter(f"sample {int(part.rows[row])}")
                raise
            finally:
                for p, grad in zip(parameters, before, strict=True):
                    p._grad = grad
        return value, gradient[self.lifted.order]


class _Part:
    """The samples of one form."""

    def __init__(self, form: _Form, samples: Samples | None, rows: Indices) -> None:
        self.form = form
        self.samples = samples
        self.rows = rows
        self.backend = form.lifted.backend
        self._prepared: tuple[Any, Any, Any] = (None, (), None)  # theta, what follows from it, for which code
        self.inputs: Any = None if samples is None else self.backend.constant(samples.inputs)
        self.indices: Any = None if samples is None else samples.indices
        if not form.paths:
            form.record(samples, 0)
        self._check_indices()

    def __len__(self) -> int:
        return 1 if self.samples is None else len(self.samples)

    def _check_indices(self) -> None:
        """Hands a sample whose whole numbers are no possible index to the scalar engine, which says so."""
        if self.samples is None or not self.samples.indices.size:
            return
        bounds = np.min([path.bounds for path in self.form.paths], axis=0)
        limited = bounds < np.iinfo(np.int64).max
        wrong = ((self.samples.indices < 0) | (self.samples.indices >= bounds)) & limited
        if wrong.any():
            row = int(np.flatnonzero(wrong.any(axis=1))[0])
            self.form.scalar(self.samples, row)
            raise InputError(
                f"sample {self.rows[row]}: an index {self.samples.indices[row].tolist()} is outside its range"
            )

    # ------------------------------------------------------------ which samples take which path

    def split(self, theta: NDArray[Any], rows: Indices | None) -> list[tuple[Path | None, Indices | None]]:
        """Returns the paths that samples take, and which samples each of them; None for all, or for no path."""
        paths = self.form.paths
        if len(paths) == 1 and not paths[0].outcomes:
            return [(paths[0], rows)]
        left = np.arange(len(self)) if rows is None else rows
        found: list[tuple[Path | None, Indices | None]] = []
        tried = 0
        while len(left):
            if tried == len(paths):
                if len(paths) >= _MOST_PATHS:
                    self.form.failures += len(left)
                    return [*found, (None, left)]
                self._at(theta, int(left[0]))
            path = paths[tried]
            tried += 1
            fits = self._fits(path, theta, left)
            if fits.any():
                found.append((path, None if fits.all() and rows is None and not found else left[fits]))
            left = left[~fits]
        return found

    def _at(self, theta: NDArray[Any], row: int) -> None:
        """Records the path of a sample, with the parameters set to the numbers of a flat array."""
        parameters = self.form.lifted.parameters
        before = [p._data for p in parameters]
        ordered = np.empty(len(parameters))
        ordered[self.form.lifted.order] = np.asarray(theta)
        try:
            for p, data in zip(parameters, ordered.tolist(), strict=True):
                p._data = data
            self.form.record(self.samples, row)
        finally:
            for p, data in zip(parameters, before, strict=True):
                p._data = data

    def _fits(self, path: Path, theta: NDArray[Any], rows: Indices) -> NDArray[Any]:
        fits = np.ones(len(rows), dtype=bool)
        if path.outcomes:
            for outcome, expected in zip(self._run("guards", path, theta, rows, None), path.outcomes, strict=True):
                same = np.asarray(outcome) == expected
                fits &= same.reshape(-1, same.shape[-1]).all(axis=1) if same.ndim > 1 else same.all()
        return fits

    def _run(self, which: str, path: Path, theta: Any, rows: Indices | None, seed: Any) -> tuple[Any, ...]:
        code = path.code(which, self.backend)
        if self._prepared[0] is not theta or self._prepared[2] is not code:
            self._prepared = (theta, code.prepare(theta), code)
        inputs, indices = self.inputs, self.indices
        if rows is not None and inputs is not None:
            inputs, indices = inputs[rows], indices[rows]
        captured = path.read_captured(self.backend) if path.captured else None
        with np.errstate(all="ignore"):
            return code.run(self._prepared[1], inputs, indices, captured, seed)

    # ------------------------------------------------------------ running

    def value_and_grad(
        self, objective: Objective, theta: NDArray[Any], rows: Indices | None, total: int
    ) -> tuple[float, NDArray[Any]]:
        value, gradient = 0.0, None
        for path, mine in self.split(theta, rows):
            if path is None:
                part, slope = objective.explain(theta, self, mine, total)
            else:
                if path.gradient is None:
                    raise ShapeError("value_and_grad needs a function of one result; this one returns several")
                count = len(self) if mine is None else len(mine)
                losses, slope = self._run(
                    "gradient", path, theta, mine, _seed(count, total, self.form.batched, self.backend)
                )
                part = float(losses.sum()) / total
                if not (math.isfinite(part) and math.isfinite(float(slope @ slope))):
                    part, slope = objective.explain(theta, self, mine, total)
            value, gradient = value + part, slope if gradient is None else gradient + slope
        assert gradient is not None
        return value, gradient

    def values(self, theta: NDArray[Any]) -> NDArray[Any]:
        """Returns the results of all samples, flat; those that are not finite come from the scalar engine."""
        results: NDArray[Any] | None = None
        for path, mine in self.split(theta, None):
            if path is not None:
                (out,) = self._run("value", path, theta, mine, None)
                out = np.asarray(out, dtype=float).reshape(len(self) if mine is None else len(mine), -1)
            else:
                assert mine is not None
                out = np.full((len(mine), len(leaves_of(self.form.output))), math.nan)
            if results is None:
                results = np.empty((len(self), out.shape[1]))
            results[slice(None) if mine is None else mine] = out
        assert results is not None
        for row in np.flatnonzero(~np.isfinite(results).all(axis=1)).tolist():
            own = leaves_of(self.form.scalar(self.samples, row))
            results[row] = [leaf._data if isinstance(leaf, Value) else float(leaf) for leaf in own]
        return results


@functools.lru_cache(maxsize=256)
def _seed(count: int, total: int, batched: bool, backend: Backend) -> Any:  # noqa: FBT001
    return backend.constant(np.full((count, 1) if batched else (1,), 1.0 / total))


def _argument_names(function: Callable[..., Any]) -> list[str] | None:
    """Returns the names of the arguments by position; None if there may be any number."""
    try:
        found = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return None
    if any(each.kind is each.VAR_POSITIONAL for each in found):
        return None
    return [each.name for each in found if each.kind in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD)]


def _checked(parameters: Any) -> list[Value]:
    if isinstance(parameters, Value) or not isinstance(parameters, Iterable):
        raise InputError(f"parameters = {parameters!r:.60} is not a sequence; pass a list of Values")
    checked = list(parameters)
    for i, parameter in enumerate(checked):
        if not isinstance(parameter, Value):
            raise OperandError(f"parameters[{i}] = {parameter!r:.60} is not a Value; pass model.parameters()")
        if not parameter.is_leaf:
            raise InputError(f"parameters[{i}], {parameter.label()}, is a result; derivatives are taken by leaves")
    if len(set(map(id, checked))) < len(checked):
        raise InputError("parameters: one of them is there twice; pass each once, as model.parameters() does")
    return checked
