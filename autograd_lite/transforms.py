"""Derivatives of functions: take a function of numbers, return the function that computes its derivative.

    >>> from autograd_lite.functions import sin
    >>> slope = grad(sin)
    >>> slope(0.0), grad(grad(grad(sin)))(0.0)
    (1.0, -1.0)

Every argument is a number, a Value, or lists and tuples of them, nested as you like; the derivative has the same shape.
Numbers give numbers. Values give Values, which can be derived again: that is all there is to higher order, because the
reverse sweep of a tape can be evaluated over Values, and so is recorded itself.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from typing import Any

from .arithmetics import FLOAT
from .context import recording
from .errors import InputError, OperandError, ShapeError
from .functions import VALUE
from .operands import is_number, number
from .recording import flatten, trace
from .rules import RULES
from .run import Run
from .value import Value, apply

__all__ = ["grad", "hessian", "hvp", "jacobian", "jvp", "leaves_of", "map_nested", "value_and_grad", "vjp"]

Function = Callable[..., Any]

_OUTER: ContextVar[frozenset[int]] = ContextVar("autograd_lite.outer", default=frozenset())
"""Identities of the inputs of the derivatives being taken around this one."""


class _Traced:
    """A function called once on fresh nodes: what went in, what came out, and the tape between."""

    def __init__(self, function: Function, args: Sequence[Any], argnums: Sequence[int]) -> None:
        self.inputs: list[Value] = []
        fresh = [map_nested(self._node, arg) if i in argnums else arg for i, arg in enumerate(args)]
        count = itertools.count()
        places = {i: map_nested(lambda _: next(count), args[i]) for i in sorted(set(argnums))}
        self.places = [places[i] for i in argnums]  # for each input asked for, its position among `inputs`
        outer = _OUTER.get()
        token = _OUTER.set(outer | {id(node) for node in self.inputs})
        try:
            with recording():  # `no_grad` around a derivative is not meant for it
                self.output = function(*fresh)
        finally:
            _OUTER.reset(token)
        self.leaves = leaves_of(self.output)
        for leaf in self.leaves:
            if not isinstance(leaf, Value) and not is_number(leaf):
                kind = type(leaf).__name__
                raise OperandError(f"the function returned {kind} {leaf!r:.60}; it must return Values or numbers")
        self.outputs = [leaf if isinstance(leaf, Value) else Value(leaf) for leaf in self.leaves]
        if not self.outputs:
            raise ShapeError("the function returned no number; it must return at least one")
        tape, nodes = trace(self.outputs, inputs=self.inputs)
        # Values in, Values out; also when the function closes over an input of a derivative being taken around this one
        self.symbolic = bool(flatten(list(args))) or any(id(node) in outer for node in nodes)
        over = VALUE if self.symbolic else FLOAT
        values = nodes if self.symbolic else [v.data if isinstance(v, Value) else v for v in nodes]
        self.run = Run(tape, over, list(values))
        self.where = list(range(len(self.inputs)))  # inputs are the first lines

    def _node(self, thing: Any) -> Value:
        """Returns a node of this call's own, so that nested derivatives do not mistake each other's inputs."""
        node = apply(RULES["identity"], thing) if isinstance(thing, Value) else Value(number(thing, "an argument"))
        self.inputs.append(node)
        return node

    def pull(self, seeds: Sequence[Any]) -> list[Any]:
        """Returns d (sum of seed * output) / d input for every input: one reverse sweep."""
        adjoints = self.run.adjoints([_number(seed, "a seed") for seed in seeds], wanted=self.where)
        return [self._own(0.0 if adjoints[i] is None else adjoints[i]) for i in self.where]

    def push(self, directions: Sequence[Any]) -> list[Any]:
        """Returns the directional derivative of every output: one forward sweep."""
        numbers = [_number(direction, "a direction") for direction in directions]
        tangents = self.run.tangents(dict(zip(self.where, numbers, strict=True)))
        return [self._own(tangents[i]) for i in self.run.tape.outputs]

    def _own(self, derivative: Any) -> Any:
        """Returns a derivative as what the caller deals in: also one that happens to be constant is a Value then."""
        return Value(derivative) if self.symbolic and not isinstance(derivative, Value) else derivative

    def shaped(self, flat: Sequence[Any], argnums: int | Sequence[int]) -> Any:
        """Returns one number per input in the shape of the arguments."""
        shaped = [map_nested(flat.__getitem__, place) for place in self.places]
        return shaped[0] if isinstance(argnums, int) else tuple(shaped)

    def result(self) -> Any:
        """Returns what the function returned: Values if it was called with Values, else numbers."""
        rest = iter(self.outputs)
        return map_nested(lambda _: next(rest) if self.symbolic else next(rest).data, self.output)


def _number(thing: Any, where: str) -> Any:
    return thing if isinstance(thing, Value) else number(thing, where)


def map_nested(function: Callable[[Any], Any], nested: Any) -> Any:
    """Returns nested lists and tuples with `function` applied to every number; an array becomes nested lists."""
    if isinstance(nested, list | tuple):
        mapped = [map_nested(function, item) for item in nested]
        return mapped if isinstance(nested, list) else tuple(mapped)
    if getattr(nested, "shape", ()):
        return [map_nested(function, item) for item in nested]
    return function(nested)


def leaves_of(nested: Any) -> list[Any]:
    """Returns the numbers in nested lists and tuples, in order."""
    found: list[Any] = []
    map_nested(found.append, nested)
    return found


def _shape(nested: Any) -> str:
    """Returns how lists and tuples are nested, lists and tuples alike: "[[., .], .]"."""
    sequence = isinstance(nested, list | tuple) or bool(getattr(nested, "shape", None))
    return f"[{', '.join(map(_shape, nested))}]" if sequence else "."


def _same_shape(given: Any, wanted: Any, what: str, whose: str) -> None:
    """Refuses numbers that are not nested as those they belong to."""
    count, needed = len(leaves_of(given)), len(leaves_of(wanted))
    if count != needed:
        raise ShapeError(f"got {count} {what} for {needed} {whose}")
    if _shape(given) != _shape(wanted):
        raise ShapeError(f"the {what} are nested like {_shape(given):.60}, the {whose} like {_shape(wanted):.60}")


def _positions(argnums: int | Sequence[int], count: int) -> list[int]:
    wanted = [argnums] if isinstance(argnums, int) else list(argnums)
    for position in wanted:
        if isinstance(position, bool) or not isinstance(position, int) or not -count <= position < count:
            raise InputError(f"argnums {argnums!r}: there is no argument {position!r} among the {count} given")
    return [position % count for position in wanted]


def _scalar(traced: _Traced) -> None:
    if len(traced.leaves) != 1 or traced.output is not traced.leaves[0]:
        raise ShapeError(f"grad needs a function of one result, got {len(traced.leaves)}; use jacobian or vjp")


def value_and_grad(function: Function, argnums: int | Sequence[int] = 0) -> Function:
    """Returns a function that computes `function` and its gradient together.

    Args:
        function: takes numbers, Values or nested sequences of them; returns one.
        argnums: which argument to differentiate by, or several.

    Returns:
        A function of the same arguments, giving (value, gradient); the gradient is shaped like the argument, and is a
        tuple of such if argnums is a sequence.

    Raises:
        ShapeError: the function returned several numbers.

    Example:
        >>> value_and_grad(lambda x, y: x * y**2)(3.0, 2.0)
        (12.0, 4.0)
        >>> value_and_grad(lambda xs: sum(x * x for x in xs))([1.0, 2.0])
        (5.0, [2.0, 4.0])
    """

    @functools.wraps(function)
    def derivative(*args: Any) -> Any:
        traced = _Traced(function, args, _positions(argnums, len(args)))
        _scalar(traced)
        return traced.result(), traced.shaped(traced.pull([1.0]), argnums)

    return derivative


def grad(function: Function, argnums: int | Sequence[int] = 0) -> Function:
    """Returns the gradient of a function of one result; see `value_and_grad`.

    Example:
        >>> grad(lambda x: x**3)(2.0)
        12.0
        >>> grad(lambda x, y: x * y**2, argnums=(0, 1))(3.0, 2.0)
        (4.0, 12.0)
    """
    both = value_and_grad(function, argnums)

    @functools.wraps(function)
    def derivative(*args: Any) -> Any:
        return both(*args)[1]

    return derivative


def vjp(function: Function, *args: Any) -> tuple[Any, Function]:
    """Returns the function's result and a function from seeds to gradients: v -> v^T J.

    Args:
        function: any function of Values.
        args: where to evaluate it.

    Returns:
        (result, pullback); `pullback(seeds)` takes one seed per result, shaped like the result, and returns a tuple
        with one gradient per argument.

    Raises:
        ShapeError: by the pullback, if seeds and result differ in shape.

    Example:
        >>> result, pullback = vjp(lambda x, y: [x + y, x * y], 3.0, 2.0)
        >>> result, pullback([1.0, 10.0])
        ([5.0, 6.0], (21.0, 31.0))
    """
    traced = _Traced(function, args, range(len(args)))

    def pullback(seeds: Any) -> Any:
        _same_shape(seeds, traced.output, "seeds", "results")
        flat = leaves_of(seeds)
        return traced.shaped(traced.pull(flat), tuple(range(len(args))))

    return traced.result(), pullback


def jvp(function: Function, args: Sequence[Any], directions: Sequence[Any]) -> tuple[Any, Any]:
    """Returns the function's result and its derivative along `directions`: (f(x), J d), in one forward sweep.

    Args:
        function: any function of Values.
        args: a sequence of arguments.
        directions: shaped like args.

    Raises:
        ShapeError: directions and args differ in shape.

    Example:
        >>> jvp(lambda x, y: x * y, (3.0, 2.0), (1.0, 0.0))
        (6.0, 2.0)
    """
    traced = _Traced(function, args, range(len(args)))
    _same_shape(list(directions), list(args), "directions", "inputs")
    rest = iter(traced.push(leaves_of(list(directions))))
    return traced.result(), map_nested(lambda _: next(rest), traced.output)


def jacobian(function: Function, argnums: int | Sequence[int] = 0) -> Function:
    """Returns the function that computes all partial derivatives of all results, one reverse sweep a result.

    Returns:
        A function of the same arguments. Its result has the shape of the function's result, with the shape of the
        argument in place of each number: for lists, the usual matrix, row i for result i.

    Example:
        >>> jacobian(lambda x: [x[0] * x[1], x[0] + x[1]])([3.0, 2.0])
        [[2.0, 3.0], [1.0, 1.0]]
    """

    @functools.wraps(function)
    def derivative(*args: Any) -> Any:
        traced = _Traced(function, args, _positions(argnums, len(args)))
        count = len(traced.leaves)
        rows = iter([traced.pull([float(i == j) for j in range(count)]) for i in range(count)])
        return map_nested(lambda _: traced.shaped(next(rows), argnums), traced.output)

    return derivative


def hessian(function: Function, argnums: int = 0) -> Function:
    """Returns the function that computes the matrix of second derivatives: the jacobian of the gradient.

    Example:
        >>> hessian(lambda x: x[0] ** 2 * x[1])([3.0, 2.0])
        [[4.0, 6.0], [6.0, 0.0]]
    """
    if not isinstance(argnums, int):
        raise InputError(f"hessian takes one argument number, got {argnums!r}; put the variables into one list")
    return jacobian(grad(function, argnums), argnums)


def hvp(function: Function, args: Sequence[Any], directions: Sequence[Any]) -> Any:
    """Returns the Hessian times a vector, without the Hessian: the derivative of the gradient along `directions`.

    Args:
        function: returns one number.
        args: a sequence of arguments.
        directions: shaped like args.

    Returns:
        One product per argument, shaped like it.

    Example:
        >>> hvp(lambda x: x[0] ** 2 * x[1], ([3.0, 2.0],), ([1.0, 0.0],))
        ([4.0, 6.0],)

    Source: B. A. Pearlmutter, "Fast exact multiplication by the Hessian", Neural Computation 6(1), 1994.
    """
    return jvp(grad(function, tuple(range(len(args)))), args, directions)[1]
