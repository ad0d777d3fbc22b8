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
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd_lite.errors import InputError, LiftError, OperandError, ShapeError
from autograd_lite.value import Value

from .backend import Backend
from .backends import backend_called
from .forms import Form, Origin
from .indexing import Indices
from .objective import Objective
from .program import Program
from .report import report, title

__all__ = ["Lifted", "lift", "lift_graph"]


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
    comparisons. Changed numbers, in data or parameters, never record again; Values that are neither inputs nor
    parameters are read again at each call.

    Results that are not finite are computed again by the scalar engine, which raises its named error. (Only results are
    looked at: an overflow within, of which the result happens to be free, raises in the scalar engine and not here.)

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
    lifted = Lifted(Origin(function, _checked(parameters)), backend_called(backend, dtype))
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
    lifted = Lifted(Origin(lambda: loss, _checked(parameters)), backend_called(backend, dtype))
    lifted.objective()
    return lifted


class Lifted:
    """Scalar code, lifted; see `lift`.

    Args:
        origin: the code, and what has been recorded of it.
        backend: what its programs run on.
    """

    def __init__(self, origin: Origin, backend: Backend) -> None:
        functools.update_wrapper(self, origin.function, updated=())
        self._origin = origin
        self.backend = backend
        self._names = _argument_names(origin.function)

    @property
    def parameters(self) -> list[Value]:
        """The leaves that derivatives are taken by, in the order of gradients."""
        return self._origin.parameters

    def __call__(self, *batches: Any, **static: Any) -> NDArray[Any]:
        """Returns the function's result for every sample.

        Args:
            batches: for each argument of the function, an array or a sequence with one entry a sample.
            static: arguments that are the same for all samples and may set the structure; they are passed on by name.
        Returns:
            Shape (samples,) where the function returns one number, (samples, ...) where it returns nested lists. The
            axis of samples is missing for a lifted graph.
        Raises:
            ArithmeticFault: a result is undefined; the error is the scalar engine's, and names sample and operation.
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
            ArithmeticFault: a result is not finite; the error is the scalar engine's, and names sample and operation.
        """
        objective = self.objective(*batches, **static)
        value, gradient = objective(objective.start())
        return value, objective.by_parameter(gradient)

    def hvp(self, direction: Any, *batches: Any, **static: Any) -> NDArray[Any]:
        """Returns the Hessian of the mean times a vector, without the Hessian.

        Args:
            direction: one number a parameter, in the order of `parameters`.
            batches: as for a call.
            static: as for a call.
        Returns:
            One number a parameter.
        Raises:
            ShapeError: the direction has another length, or the function returns more than one number.
            ExpressionError: a rule of the user's has Python functions as partials, which cannot be derived again.
        Example:
            >>> x = Value(3.0)
            >>> lift_graph(x**3, [x]).hvp([1.0])
            array([18.])

        Source: B. A. Pearlmutter, "Fast exact multiplication by the Hessian", Neural Computation 6(1), 1994.
        """
        vector = np.asarray(direction, dtype=self.backend.dtype)
        count = len(self.parameters)
        if vector.shape != (count,):
            raise ShapeError(
                f"the direction has shape {vector.shape}; it needs one number for each of {count} parameters"
            )
        objective = self.objective(*batches, **static)
        return objective.by_parameter(objective.hvp(objective.start(), vector[objective.order]))

    def objective(self, *batches: Any, **static: Any) -> Objective:
        """Returns the mean over these samples as a function of one flat array of parameters, for a training loop.

        Args:
            batches: as for a call.
            static: as for a call.
        """
        names = self._names if self._names is not None else [f"x{i}" for i in range(len(batches))]
        if len(batches) > len(names):
            wanted = (
                f"the {len(names)} arguments {', '.join(names)}" if names else "no arguments: a graph has no samples"
            )
            raise ShapeError(f"got {len(batches)} batches for {wanted}")
        return Objective(self._origin, self.backend, dict(zip(names, batches, strict=False)), static)

    def to(self, backend: str, dtype: str | None = None) -> Lifted:
        """Returns the same programs on another backend, or in another precision.

        Args:
            backend: "numpy" or "jax".
            dtype: "float64" or "float32"; None keeps it.
        Raises:
            InputError: there is no such backend or precision, or it is not installed.
        """
        return Lifted(self._origin, backend_called(backend, dtype or self.backend.dtype.name))

    @property
    def forms(self) -> tuple[Form, ...]:
        """What has been recorded: one form for each nesting of the arguments."""
        return tuple(self._origin.forms.values())

    @property
    def program(self) -> Program:
        """The program of the form recorded first.

        Raises:
            LiftError: nothing has been recorded yet.
        """
        for form in self.forms:
            return form.paths[0].value
        raise LiftError("nothing has been recorded yet: call the function once, or use lift(..., example=(x, y))")

    def __repr__(self) -> str:
        return f"<Lifted {title(self._origin.function)}; print it to see what it became>"

    def __str__(self) -> str:
        return report(self._origin.function, self.forms)

    @property
    def order(self) -> Indices:
        """For each place in the flat array of an objective, which parameter stands there: the layout products want."""
        return self._origin.order


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
