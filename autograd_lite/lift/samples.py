"""What a lifted function is called with: batches, flattened to one table of numbers, and how a sample is nested.

    >>> (nesting, samples, rows), = read_batches({"x": [[1.0, 2.0], [3.0, 4.0]], "y": [0, 1]})
    >>> nesting
    (('x', ((2,), 'number')), ('y', ((), 'whole')))
    >>> samples.inputs.tolist(), samples.indices.tolist()
    ([[1.0, 2.0], [3.0, 4.0]], [[0], [1]])

Groups of samples that are nested alike become one table each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd_lite.errors import OperandError, ShapeError
from autograd_lite.operands import is_array, is_number, number, remedy, shown
from autograd_lite.value import Value

from .indexing import Indices

__all__ = ["Nesting", "Samples", "read_batches", "rebuilt"]

Nesting = tuple[tuple[str, Any], ...]
"""How one sample is nested: for each argument its name, and its shape with "number" or "whole", or a tuple of such."""


@dataclass(frozen=True)
class Samples:
    """Samples of one form, side by side.

    Args:
        inputs: their numbers, shape (samples, numbers).
        indices: their whole numbers, which may be used as an index, shape (samples, whole numbers).
    """

    inputs: NDArray[Any]
    indices: NDArray[Any]

    def __len__(self) -> int:
        return len(self.inputs)


_LARGEST = 2**62


def read_batches(batches: Mapping[str, Any]) -> list[tuple[Nesting, Samples, Indices]]:
    """Returns the samples of a batch, grouped by form, and which samples each group holds.

    Args:
        batches: by argument, an array or a sequence with one entry a sample; all of the same length.
    Raises:
        ShapeError: no samples, or arguments of different lengths.
        OperandError: an entry is not a real number, nor a sequence of them.
    """
    counts = {name: _length(name, batch) for name, batch in batches.items()}
    if len(set(counts.values())) != 1 or not min(counts.values()):
        found = ", ".join(f"{count} in {name!r}" for name, count in counts.items()) or "no arguments"
        raise ShapeError(f"samples: {found}; pass the same number of samples, at least 1, in each argument")
    columns = {name: array for name, batch in batches.items() if (array := _array(batch)) is not None}
    if len(columns) == len(batches):
        form = tuple((name, (array.shape[1:], _kind(array))) for name, array in columns.items())
        return [(form, _samples(list(columns.values())), np.arange(next(iter(counts.values()))))]
    groups: dict[Nesting, list[tuple[list[float], list[int]]]] = {}
    rows: dict[Nesting, list[int]] = {}
    for row in range(next(iter(counts.values()))):
        numbers: list[float] = []
        wholes: list[int] = []
        nesting = tuple(
            (name, _nested(batch[row], f"{name}[{row}]", numbers, wholes)) for name, batch in batches.items()
        )
        groups.setdefault(nesting, []).append((numbers, wholes))
        rows.setdefault(nesting, []).append(row)
    return [
        (
            form,
            Samples(
                np.array([numbers for numbers, _ in group], dtype=float).reshape(len(group), -1),
                np.array([wholes for _, wholes in group], dtype=np.intp).reshape(len(group), -1),
            ),
            np.array(rows[form], dtype=np.intp),
        )
        for form, group in groups.items()
    ]


def _length(name: str, batch: Any) -> int:
    sized = hasattr(batch, "__len__") and hasattr(batch, "__getitem__") and getattr(batch, "shape", None) != ()
    if isinstance(batch, str | bytes | Value | Mapping) or not sized:
        kind = type(batch).__name__
        raise ShapeError(
            f"{name} = {shown(batch)} is a {kind}, not a batch; pass one entry a sample, as in [x]. "
            "What is the same for all samples is passed by name, as in lifted(X, rate=0.1)"
        )
    return len(batch)


def _array(batch: Any) -> NDArray[Any] | None:
    """Returns a batch as an array of real numbers, if it is one."""
    try:
        array = np.asarray(batch)
    except (ValueError, TypeError):
        return None  # nested unevenly, or no numbers: looked at one by one
    if array.dtype.kind not in "fi":
        return None
    if not hasattr(batch, "dtype"):  # NumPy takes a bool among numbers for one; the engine does not
        kinds = set(map(type, np.asarray(batch, dtype=object).ravel().tolist()))
        if bool in kinds or np.bool_ in kinds:
            return None
    return array


def _kind(array: NDArray[Any]) -> str:
    return "whole" if array.dtype.kind in "iu" else "number"


def _samples(arrays: list[NDArray[Any]]) -> Samples:
    count = len(arrays[0])
    flat = [array.reshape(count, -1) for array in arrays]
    numbers = [array for array in flat if _kind(array) == "number"]
    wholes = [array for array in flat if _kind(array) == "whole"]
    indices = np.concatenate(wholes, axis=1).astype(np.intp) if wholes else np.zeros((count, 0), dtype=np.intp)
    inputs = np.concatenate(numbers, axis=1).astype(float) if numbers else np.zeros((count, 0))
    return Samples(inputs, indices)


def _nested(thing: Any, where: str, numbers: list[float], wholes: list[int]) -> Any:
    """Returns how one argument of one sample is nested, and appends its numbers to the two lists."""
    if is_number(thing):
        if _is_whole(thing):
            wholes.append(int(thing))
            return ((), "whole")
        numbers.append(number(thing, where))
        return ((), "number")
    if not isinstance(thing, list | tuple) and not is_array(thing):
        raise OperandError(
            f"{where}: {type(thing).__name__} {shown(thing)} is not a real number; {remedy(thing) or 'use a float'}. "
            "What sets the structure rather than the numbers is passed by name"
        )
    parts = list(thing)
    if any(is_number(part) and not _is_whole(part) for part in parts):  # among others, whole numbers are numbers
        parts = [number(part, where) if is_number(part) else part for part in parts]
    nestings = [_nested(part, f"{where}[{i}]", numbers, wholes) for i, part in enumerate(parts)]
    even = bool(nestings) and all(nesting == nestings[0] for nesting in nestings) and _is_even(nestings[0])
    return ((len(nestings), *nestings[0][0]), nestings[0][1]) if even else tuple(nestings)


def _is_whole(thing: Any) -> bool:
    kind = getattr(getattr(thing, "dtype", None), "kind", "i" if isinstance(thing, int) else "f")
    return kind in "iu" and abs(thing) < _LARGEST  # a larger one is no index


def _is_even(nesting: Any) -> bool:
    """Says whether a nesting is the shape of an array and what is in it."""
    return len(nesting) == 2 and isinstance(nesting[1], str)


def rebuilt(form: Nesting, number: Callable[[str], Any], whole: Callable[[str], Any]) -> list[Any]:
    """Returns the arguments of one sample, nested as the form says.

    Args:
        form: how they are nested.
        number: called for each number in turn, with its name.
        whole: likewise for each whole number.
    """
    return [_rebuild(name, nesting, {"number": number, "whole": whole}) for name, nesting in form]


def _rebuild(name: str, nesting: Any, make: dict[str, Callable[[str], Any]]) -> Any:
    if _is_even(nesting):
        shape, kind = nesting
        return _filled(shape, _names(name, shape), make[kind])
    return [_rebuild(f"{name}[{i}]", part, make) for i, part in enumerate(nesting)]


def _names(name: str, shape: tuple[int, ...]) -> Iterator[str]:
    return iter([name + "".join(f"[{i}]" for i in place) for place in np.ndindex(*shape)])


def _filled(shape: tuple[int, ...], names: Iterator[str], make: Callable[[str], Any]) -> Any:
    if not shape:
        return make(next(names))
    return [_filled(shape[1:], names, make) for _ in range(shape[0])]
