"""The array libraries that a program can run on, by name."""

from __future__ import annotations

from functools import lru_cache

from autograd_lite.errors import InputError

from .backend import Backend
from .jax_backend import Jax
from .numpy_backend import NumPy

__all__ = ["backend_called"]

_BACKENDS: dict[str, type[NumPy | Jax]] = {"numpy": NumPy, "jax": Jax}
_PRECISIONS = ("float64", "float32")


@lru_cache(maxsize=len(_BACKENDS) * len(_PRECISIONS))
def _made(name: str, dtype: str) -> Backend:
    return _BACKENDS[name](dtype)


def backend_called(name: str, dtype: str) -> Backend:
    """Returns the backend of that name, the same one each time.

    Raises:
        InputError: there is none of that name or precision, or it is not installed.
    """
    if name not in _BACKENDS:
        raise InputError(f"there is no backend {name!r}; choose one of {', '.join(map(repr, _BACKENDS))}")
    if dtype not in _PRECISIONS:
        raise InputError(f"dtype = {dtype!r} is not offered; choose 'float64' or 'float32'")
    _BACKENDS[name].require()
    return _made(name, dtype)
