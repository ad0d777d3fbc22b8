"""JAX: the same program, compiled by XLA for CPUs, GPUs, and many machines."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from autograd_lite.arithmetics import Arithmetic
from autograd_lite.errors import InputError
from autograd_lite.expressions import FUNCTIONS, primitive

from .backend import Backend, Code, Keep
from .indexing import Indices, View
from .program import Instruction

__all__ = ["Jax"]


class Jax(Backend):
    """JAX, whose arrays are never written into.

    Args:
        dtype: "float64", which switches JAX's 64-bit mode on for the whole process, or "float32".
    Raises:
        InputError: JAX is not installed.
    """

    name = "jax"

    def __init__(self, dtype: str = "float64") -> None:
        self.require()
        import jax
        import jax.numpy as jnp

        super().__init__(_arithmetic(), dtype)
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
            "segment_sum": jax.ops.segment_sum,
            "segment_max": jax.ops.segment_max,
            "segment_min": jax.ops.segment_min,
            "moveaxis": jnp.moveaxis,
        }

    @staticmethod
    def require() -> None:
        """Raises unless JAX is installed.

        Raises:
            InputError: it is not.
        """
        try:
            import jax  # noqa: F401  # only to see whether it is there
        except ImportError:
            raise InputError(
                "JAX is not installed; install autograd-lite[jax], or stay with the NumPy engine"
            ) from None

    def constant(self, data: Any) -> Any:
        """Returns a constant array of JAX's own: NumPy's cannot be indexed by what is being traced."""
        return self.jax.numpy.asarray(super().constant(data))

    def elementwise(self, function: Callable[..., float]) -> Callable[..., Any]:
        """Returns a function of floats as one of arrays, called back from the compiled program."""
        jnp = self.jax.numpy
        vectorized = super().elementwise(function)

        def call(*operands: Any) -> Any:
            shape = jnp.broadcast_shapes(*(jnp.shape(x) for x in operands))
            result = self.jax.ShapeDtypeStruct(shape, self.dtype)
            return self.jax.pure_callback(vectorized, result, *operands, vmap_method="broadcast_all")

        return call

    def compiled(self, code: Code) -> Code:
        """Returns the code, compiled by XLA for each shape that it meets."""
        return replace(code, run=self.jax.jit(code.run))

    def gather(self, x: str, index: Indices, keep: Keep) -> list[str]:
        """Returns the line that gathers elements; -1 gives 0."""
        if (index >= 0).all():
            return [f"{x}[..., {keep(index)}]"]
        return [f"_where({keep(index)} >= 0, {x}[..., {keep(np.maximum(index, 0))}], 0.0)"]

    def put(self, shape: str, where: str, g: str) -> list[str]:
        """Returns the line that adds elements where they were taken from."""
        return [f"zeros({shape}, {g}.dtype).at[{where}].add({g})"]

    def place(self, row: Instruction, parts: Sequence[str], shape: str, keep: Keep, *, fresh: bool) -> list[str]:
        """Returns the line that puts parts into the places where views see them, adding up where they overlap."""
        del fresh
        return [f"unplace({keep(row.detail)}, ({', '.join(parts)},), {shape})"]

    def _unplace(self, places: Sequence[View], parts: Sequence[Any], shape: tuple[int, ...]) -> Any:
        """Returns the parts put into their places: the transpose of seeing them there, which JAX derives."""
        flat = self.jax.ShapeDtypeStruct(shape, parts[0].dtype)
        total = None
        for part, place in zip(parts, places, strict=True):
            (back,) = self.jax.linear_transpose(lambda x, place=place: _seen(x, place), flat)(part)
            total = back if total is None else total + back
        return total

    def segments(self, op: str, x: str, starts: Indices, size: int, keep: Keep) -> str:
        """Returns the source of the sum (or the largest, or the smallest) of each run of elements."""
        ids = keep(np.repeat(np.arange(len(starts)), np.diff([*starts, size])))
        call = f"segment_{op}(moveaxis({x}, -1, 0), {ids}, {len(starts)}, indices_are_sorted=True)"
        return f"moveaxis({call}, 0, -1)"


def _seen(x: Any, place: View) -> Any:
    """Returns what a view sees of an array of shape (size,) or (batch, size)."""
    batch = x.shape[:-1]
    lead = (slice(None),) * len(batch)
    folded = x[(*lead, slice(place.start, place.stop))].reshape((*batch, *place.factors))
    cut = folded[(*lead, *(first if last is None else slice(first, last) for first, last in place.slices))]
    axes = (*range(len(batch)), *(axis + len(batch) for axis in place.axes))
    return cut.transpose(axes).reshape((*batch, *place.shape))


def _arithmetic() -> Arithmetic:
    """Returns the arithmetic of JAX's arrays."""
    import jax
    import jax.numpy as jnp

    named = {name: getattr(jnp, name) for name in FUNCTIONS if primitive(name) and hasattr(jnp, name)}
    named |= {"erf": jax.scipy.special.erf, "erfc": jax.scipy.special.erfc, "sigmoid": jax.nn.sigmoid}
    named |= {"log_sigmoid": jax.nn.log_sigmoid, "softplus": jax.nn.softplus, "logaddexp": jnp.logaddexp}
    named |= {"maximum": jnp.maximum, "minimum": jnp.minimum, "relu": lambda x: jnp.maximum(x, 0.0)}
    return Arithmetic("JAX", named, where=jnp.where)
