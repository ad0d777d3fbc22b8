"""Array libraries that a program runs on: NumPy, which is always there, and JAX, for XLA, GPUs and many machines."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd_lite.arithmetics import Arithmetic, numpy_arithmetic
from autograd_lite.errors import InputError

from .indexing import View
from .program import Instruction

if TYPE_CHECKING:
    from .emit import Code

__all__ = ["Backend", "Jax", "NumPy", "backend_called"]


class Backend:
    """What differs between array libraries: where an array is written into rather than computed.

    Args:
        dtype: "float64" or "float32".
    """

    name = ""
    views = False  # whether a view keeps following the array it was taken from
    total, largest, smallest = "", "", ""

    def __init__(self, arithmetic: Arithmetic, dtype: str) -> None:
        self.arithmetic = arithmetic
        self.dtype = np.dtype(dtype)
        self.namespace: dict[str, Any] = {"_all": _conjunction, "_any": _disjunction, "_not": _negation}

    def constant(self, data: Any) -> Any:
        """Returns a constant array in the backend's precision."""
        with np.errstate(over="ignore"):  # what is too large becomes inf, and is found out as such
            return np.asarray(data, dtype=self.dtype)

    def gather(self, x: str, index: Any, keep: Callable[[Any], str]) -> list[str]:
        """Returns the lines that gather elements; -1 gives 0. The last line is the result, which OUT stands for."""
        raise NotImplementedError

    def put(self, shape: str, where: str, g: str) -> list[str]:
        """Returns the lines that add elements where they were taken from."""
        raise NotImplementedError

    def place(
        self, row: Instruction, parts: Sequence[str], shape: str, keep: Callable[[Any], str], *, fresh: bool
    ) -> list[str]:
        """Returns the lines that put parts into the places where views see them, adding up where they overlap.

        Args:
            row: the instruction.
            parts: the parts' names.
            shape: of the result, as source.
            keep: returns the name of an object that the source may use.
            fresh: whether the first part's array is read by nobody else, so that it may be written into.
        """
        raise NotImplementedError

    def segments(self, op: str, x: str, starts: Any, size: int, keep: Callable[[Any], str]) -> list[str]:
        """Returns the lines that sum (or take the largest of) each run of elements."""
        raise NotImplementedError

    def elementwise(self, function: Callable[..., float]) -> Callable[..., Any]:
        """Returns a function of floats as one of arrays: nan where it raises, which the scalar engine looks into."""
        return np.vectorize(_nan_for_errors(function), otypes=[self.dtype])

    def quiet(self) -> AbstractContextManager[Any]:
        """Returns a context in which nan and inf arise without warnings; results are looked at afterwards."""
        return nullcontext()

    def compiled(self, code: Code) -> Code:
        """Returns the code as this backend runs it."""
        return code


def _nan_for_errors(function: Callable[..., float]) -> Callable[..., float]:
    def quiet(*operands: float) -> float:
        try:
            return function(*map(float, operands))
        except (ArithmeticError, ValueError):
            return math.nan

    return quiet


def _conjunction(*tests: Any) -> Any:
    result = tests[0]
    for test in tests[1:]:
        result = result & test
    return result


def _disjunction(*tests: Any) -> Any:
    result = tests[0]
    for test in tests[1:]:
        result = result | test
    return result


def _negation(test: Any) -> Any:
    return test == False  # noqa: E712  # elementwise


class NumPy(Backend):
    """NumPy, in place where that saves a copy."""

    name = "numpy"
    views = True
    total, largest, smallest = "add.reduce", "maximum_.reduce", "minimum_.reduce"

    def __init__(self, dtype: str = "float64") -> None:
        super().__init__(numpy_arithmetic(), dtype)
        self.namespace |= {
            "matmul": np.matmul,
            "dot": np.dot,
            "einsum": np.einsum,
            "_where": np.where,
            "add": np.add,
            "maximum_": np.maximum,
            "minimum_": np.minimum,
            "arange": np.arange,
            "ones": np.ones,
            "ones_of": lru_cache(maxsize=64)(lambda shape: np.ones(shape, self.dtype)),
            "zeros": np.zeros,
            "empty": np.empty,
        }

    def quiet(self) -> AbstractContextManager[Any]:
        """Returns a context in which nan and inf arise without warnings."""
        return np.errstate(all="ignore")

    def gather(self, x: str, index: Any, keep: Callable[[Any], str]) -> list[str]:
        """Returns the lines that gather elements; -1 gives 0."""
        if (index >= 0).all():
            return [f"{x}.take({keep(index)}, -1)"]
        holes = keep(np.flatnonzero(index < 0))
        return [f"OUT = {x}.take({keep(np.maximum(index, 0))}, -1)", f"OUT[..., {holes}] = 0.0", "OUT"]

    def put(self, shape: str, where: str, g: str) -> list[str]:
        """Returns the lines that add elements where they were taken from."""
        return [f"OUT = zeros({shape}, {g}.dtype)", f"add.at(OUT, {where}, {g})", "OUT"]

    def place(
        self, row: Instruction, parts: Sequence[str], shape: str, keep: Callable[[Any], str], *, fresh: bool
    ) -> list[str]:
        """Returns the lines that put parts into the places where views see them, adding up where they overlap.

        Args:
            row: the instruction.
            parts: the parts' names.
            shape: of the result, as source.
            keep: returns the name of an object that the source may use.
            fresh: whether the first part's array is read by nobody else, so that it may be written into.
        """
        from .emit import view_text

        del keep
        steps, filled = _plan(row)
        number, new = steps[0]
        if fresh and number == 0 and _is_whole(row.detail[0], row.shape[0]):
            lines = [f"OUT = {parts[0]}"]
            steps = steps[1:]
        else:
            lines = [f"OUT = {'empty' if filled else 'zeros'}({shape}, {parts[0]}.dtype)"]
        for number, new in steps:
            part, place = parts[number], row.detail[number]
            target = view_text(place, "OUT", row, batched=row.batched)
            if not place.factors and len(place.shape) <= 1 and not row.batched:
                target = f"OUT[{place.start}:{place.stop}]"
            elif _is_whole(place, row.shape[0]):
                target = "OUT"
            elif not target.endswith("]"):
                target += "[...]"
            lines.append(f"{target}{'[...]' * (target == 'OUT' and new)} {'=' if new else '+='} {part}")
        return [*lines, "OUT"]

    def segments(self, op: str, x: str, starts: Any, size: int, keep: Callable[[Any], str]) -> list[str]:
        """Returns the line that sums (or takes the largest of) each run of elements."""
        del size
        function = {"sum": "add", "max": "maximum_", "min": "minimum_"}[op]
        return [f"{function}.reduceat({x}, {keep(starts)}, -1)"]


def _plan(row: Instruction) -> tuple[list[tuple[int, bool]], bool]:
    """Returns in which order parts are put in, whether each is the first in its place, and whether all is filled so.

    A part that covers everything is quickest added at the end, if the others leave no gap.
    """
    places = list(enumerate(row.detail))
    marks = np.zeros(row.shape[0], dtype=int)
    if len(places) > 1 and _is_whole(row.detail[0], row.shape[0]):
        for _, place in places[1:]:
            _seen(marks, place)[...] += 1
        if (marks == 1).all():
            places.append(places.pop(0))
        marks[...] = 0
    steps = []
    for number, place in places:
        window = _seen(marks, place)
        steps.append((number, not window.any()))
        window += 1
    return steps, _filled(row, steps)


def _filled(row: Instruction, steps: Sequence[tuple[int, bool]]) -> bool:
    """Says whether every element is assigned, and before anything is added to it."""
    filled = np.zeros(row.shape[0], dtype=bool)
    for number, new in steps:
        window = _seen(filled, row.detail[number])
        if not new and not window.all():
            return False
        window[...] = True
    return bool(filled.all())


def _is_whole(place: View, size: int) -> bool:
    """Says whether a view is the array as it stands."""
    return (place.start, place.stop, place.shape) == (0, size, (size,)) and place.factors == (size,)


def _seen(array: Any, place: View) -> Any:
    """Returns the view of a flat NumPy array."""
    folded = array[place.start : place.stop].reshape(place.factors or (1,))
    cut = folded[tuple(first if last is None else slice(first, last) for first, last in place.slices) or ...]
    if not place.factors:
        return cut.reshape(place.shape)
    return cut.transpose(place.axes).reshape(place.shape)


class Jax(Backend):
    """JAX: the same program, compiled by XLA."""

    name = "jax"
    total, largest, smallest = "sum_", "max_", "min_"

    def __init__(self, dtype: str = "float64") -> None:
        try:
            import jax
            import jax.numpy as jnp
        except ImportError:
            raise InputError(
                "JAX is not installed; install autograd-lite[jax], or stay with the NumPy engine"
            ) from None
        super().__init__(jax_arithmetic(), dtype)
        if dtype == "float64":
            jax.config.update("jax_enable_x64", True)  # noqa: FBT003  # its signature
        self.jax = jax
        self.namespace |= {
            "matmul": jnp.matmul,
            "dot": jnp.dot,
            "einsum": jnp.einsum,
            "_where": jnp.where,
            "sum_": jnp.sum,
            "max_": jnp.max,
            "min_": jnp.min,
            "arange": jnp.arange,
            "ones": jnp.ones,
            "zeros": jnp.zeros,
            "unplace": self._unplace,
            "take_": jnp.take,
            "segment_sum": jax.ops.segment_sum,
            "segment_max": jax.ops.segment_max,
            "segment_min": jax.ops.segment_min,
            "moveaxis": jnp.moveaxis,
        }

    def elementwise(self, function: Callable[..., float]) -> Callable[..., Any]:
        """Returns a function of floats as one of arrays, called back from the compiled program."""
        import jax.numpy as jnp

        vectorized = super().elementwise(function)

        def call(*operands: Any) -> Any:
            shape = jnp.broadcast_shapes(*(jnp.shape(x) for x in operands))
            result = self.jax.ShapeDtypeStruct(shape, self.dtype)
            return self.jax.pure_callback(vectorized, result, *operands, vmap_method="broadcast_all")

        return call

    def compiled(self, code: Code) -> Code:
        """Returns the code, compiled by XLA for each shape that it meets."""
        return replace(code, run=self.jax.jit(code.run))

    def gather(self, x: str, index: Any, keep: Callable[[Any], str]) -> list[str]:
        """Returns the lines that gather elements; -1 gives 0."""
        if (index >= 0).all():
            return [f"{x}[..., {keep(index)}]"]
        return [f"_where({keep(index)} >= 0, {x}[..., {keep(np.maximum(index, 0))}], 0.0)"]

    def put(self, shape: str, where: str, g: str) -> list[str]:
        """Returns the line that adds elements where they were taken from."""
        return [f"zeros({shape}, {g}.dtype).at[{where}].add({g})"]

    def place(
        self, row: Instruction, parts: Sequence[str], shape: str, keep: Callable[[Any], str], *, fresh: bool
    ) -> list[str]:
        """Returns the line that puts parts into the places where views see them, adding up where they overlap."""
        del fresh
        return [f"unplace({keep(row.detail)}, ({', '.join(parts)},), {shape})"]

    def _unplace(self, places: Sequence[View], parts: Sequence[Any], shape: tuple[int, ...]) -> Any:
        import jax.numpy as jnp

        batched = len(shape) == 2

        def see(x: Any, place: View) -> Any:
            lead = (slice(None),) if batched else ()
            folded = x[(*lead, slice(place.start, place.stop))].reshape((*shape[:-1], *place.factors))
            cut = folded[(*lead, *(first if last is None else slice(first, last) for first, last in place.slices))]
            axes = (*((0,) if batched else ()), *(axis + batched for axis in place.axes))
            return cut.transpose(axes).reshape((*shape[:-1], *place.shape))

        flat = self.jax.ShapeDtypeStruct(shape, parts[0].dtype)
        total = None
        for part, place in zip(parts, places, strict=True):
            (back,) = self.jax.linear_transpose(lambda x, place=place: see(x, place), flat)(part)
            total = back if total is None else total + back
        return total if total is not None else jnp.zeros(shape)

    def segments(self, op: str, x: str, starts: Any, size: int, keep: Callable[[Any], str]) -> list[str]:
        """Returns the line that sums (or takes the largest of) each run of elements."""
        counts = np.diff([*starts, size])
        ids = keep(np.repeat(np.arange(len(starts)), counts))
        call = f"segment_{op}(moveaxis({x}, -1, 0), {ids}, {len(starts)}, indices_are_sorted=True)"
        return [f"moveaxis({call}, 0, -1)"]


def jax_arithmetic() -> Arithmetic:
    """Returns the arithmetic of JAX's arrays."""
    import jax
    import jax.numpy as jnp

    from autograd_lite.expressions import FUNCTIONS, primitive

    named = {name: getattr(jnp, name) for name in FUNCTIONS if primitive(name) and hasattr(jnp, name)}
    named |= {"erf": jax.scipy.special.erf, "erfc": jax.scipy.special.erfc, "sigmoid": jax.nn.sigmoid}
    named |= {"log_sigmoid": jax.nn.log_sigmoid, "softplus": jax.nn.softplus, "logaddexp": jnp.logaddexp}
    named |= {"maximum": jnp.maximum, "minimum": jnp.minimum, "relu": lambda x: jnp.maximum(x, 0.0)}
    return Arithmetic("JAX", named, where=jnp.where)


_BACKENDS: dict[str, Callable[[str], Backend]] = {"numpy": NumPy, "jax": Jax}


@lru_cache(maxsize=8)
def _made(name: str, dtype: str) -> Backend:
    return _BACKENDS[name](dtype)


def backend_called(name: str, dtype: str) -> Backend:
    """Returns the backend of that name.

    Raises:
        InputError: there is none of that name or precision, or it is not installed.
    """
    if name not in _BACKENDS:
        raise InputError(f"there is no backend {name!r}; choose one of {', '.join(map(repr, _BACKENDS))}")
    if dtype not in ("float64", "float32"):
        raise InputError(f"dtype = {dtype!r} is not offered; choose 'float64' or 'float32'")
    if name == "jax":
        try:
            import jax  # noqa: F401  # only to see whether it is there
        except ImportError:
            raise InputError(
                "JAX is not installed; install autograd-lite[jax], or stay with the NumPy engine"
            ) from None
    return _made(name, dtype)
