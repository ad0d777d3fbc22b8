"""The samples of one form, and how they are run: each by the path it takes, or, if need be, by the scalar engine."""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd_lite.anomaly import find_anomaly
from autograd_lite.context import detect_anomaly
from autograd_lite.errors import InputError, LiftError, NonFiniteError, ShapeError
from autograd_lite.transforms import leaves_of
from autograd_lite.value import Value

from .backend import Backend
from .forms import Form, at
from .indexing import Indices
from .paths import Guards, Path
from .samples import Samples

__all__ = ["Part"]

_MOST_PATHS = 256
"""More ways than this through one form, and samples that take yet another one are left to the scalar engine."""


class Part:
    """The samples of one form.

    Args:
        form: what is recorded for it.
        backend: what its programs run on.
        samples: their numbers; None for a graph, which has no samples.
        rows: which samples of the whole batch they are.
    """

    def __init__(self, form: Form, backend: Backend, samples: Samples | None, rows: Indices) -> None:
        self.form = form
        self.backend = backend
        self.samples = samples
        self.rows = rows
        self.inputs: Any = None if samples is None else backend.constant(samples.inputs)
        self.indices: Any = None if samples is None else samples.indices
        self._fixed: list[tuple[NDArray[Any], NDArray[Any]]] = []
        self._alone: bool | None = None  # whether the first path is for all samples, whatever the parameters are
        self._read: dict[Path, tuple[list[float], Any]] = {}
        self._prepared: tuple[Any, Any, Any] = (None, (), None)  # theta, what follows from it, for which code
        with form.origin.lock:
            if not form.paths:
                form.record(samples, 0, self._name(0))

    def __len__(self) -> int:
        return 1 if self.samples is None else len(self.samples)

    def _name(self, row: int) -> str:
        return f"sample {self.rows[row]}"

    # ------------------------------------------------------------ which samples take which path

    def split(self, theta: NDArray[Any], rows: Indices | None) -> list[tuple[Path | None, Indices | None]]:
        """Returns the paths that samples take, and which samples each of them; None for all, or for no path."""
        paths = self.form.paths
        if self._alone is None:
            taken, wrong = self._decided(0)
            self._alone = not len(paths[0].live) and bool(taken.all()) and not wrong.any()
        if self._alone:
            return [(paths[0], rows)]
        left = np.arange(len(self)) if rows is None else rows
        found: list[tuple[Path | None, Indices | None]] = []
        tried = 0
        while len(left):
            if tried < len(paths):
                fits = self._fitting(tried, theta, left)
                path: Path | None = paths[tried]
                tried += 1
            elif len(paths) < _MOST_PATHS:
                first = int(left[0])
                with at(self.form.origin, theta):
                    path = self.form.record(self.samples, first, self._name(first))
                fits = left == first  # also where rounding would decide a comparison otherwise
            else:
                self.form.failures += len(left)
                path, fits = None, np.ones(len(left), dtype=bool)
            if fits.any():
                found.append((path, None if fits.all() and rows is None and not found else left[fits]))
            left = left[~fits]
        return found

    def _fitting(self, number: int, theta: NDArray[Any], rows: Indices) -> NDArray[Any]:
        """Returns which samples take a path, by all its comparisons."""
        taken, wrong = self._decided(number)
        path, fits = self.form.paths[number], taken[rows]
        if fits.any() and len(path.live):
            fits[fits] = self._agreed("live", path, theta, rows[fits])
        if wrong[rows[fits]].any():
            self._refuse(int(rows[fits][wrong[rows[fits]]][0]))
        return fits

    def _decided(self, number: int) -> tuple[NDArray[Any], NDArray[Any]]:
        """Returns, found out once, which samples may take a path by their own numbers, and whose indices it forbids."""
        if len(self._fixed) <= number:
            with self.form.origin.lock:
                while len(self._fixed) <= number:
                    self._fixed.append(self._decide(self.form.paths[len(self._fixed)]))
        return self._fixed[number]

    def _decide(self, path: Path) -> tuple[NDArray[Any], NDArray[Any]]:
        theta = np.zeros(len(path.order), dtype=self.backend.dtype)
        taken = self._agreed("fixed", path, theta, np.arange(len(self)))
        wrong = np.zeros(len(self), dtype=bool)
        if self.indices is not None and self.indices.size:
            wrong = ((self.indices < 0) & path.looked_up | (self.indices >= path.bounds)).any(axis=1)
        return taken, wrong

    def _refuse(self, row: int) -> None:
        """Raises for a sample whose whole numbers are no possible index: what the scalar engine says, above all."""
        self.form.scalar(self.samples, row, self._name(row))
        indices = self.indices[row].tolist()
        raise InputError(
            f"{self._name(row)}: one of its whole numbers {indices} is outside the rows it is to take from"
        )

    def _agreed(self, which: str, path: Path, theta: NDArray[Any], rows: Indices) -> NDArray[Any]:
        """Returns which samples' comparisons come out as recorded."""
        guards: Guards = getattr(path, which)
        agreed = np.ones(len(rows), dtype=bool)
        if len(guards):
            with self.backend.quiet():
                outcomes = self._run(which, path, theta, rows)
            for outcome, expected in zip(outcomes, guards.outcomes, strict=True):
                same = np.asarray(outcome) == expected
                agreed &= same.reshape(-1, same.shape[-1]).all(axis=1) if same.ndim > 1 else same.all()
        return agreed

    # ------------------------------------------------------------ running

    def _run(  # noqa: PLR0917  # what to run, and on what
        self, which: str, path: Path, theta: Any, rows: Indices | None, seed: Any = None, direction: Any = None
    ) -> tuple[Any, ...]:
        """Returns the outputs of one of a path's programs for some samples; None for all."""
        code = path.code(which, self.backend)
        known, prepared, its_code = self._prepared  # read at once: another thread may be at work on it
        if known is not theta or its_code is not code:
            prepared = code.prepare(theta)
            self._prepared = (theta, prepared, code)
        inputs, indices = self.inputs, self.indices
        if inputs is not None and which in ("fixed", "live"):  # a forbidden index is found out afterwards
            indices = np.clip(indices, np.where(path.looked_up, 0, indices), path.bounds - 1)
        if rows is not None and inputs is not None:
            inputs, indices = inputs[rows], indices[rows]
        captured = self.captured(path)
        return code.run(prepared, inputs, indices, captured, seed, direction)

    def captured(self, path: Path) -> Any:
        """Returns the present numbers of what the program reads besides parameters and samples; None if nothing."""
        if not path.captured:
            return None
        numbers = [value._data for value in path.captured]
        known = self._read.get(path)
        if known is None or known[0] != numbers:
            known = self._read[path] = (numbers, self.backend.constant(numbers))
        return known[1]

    def value_and_grad(self, theta: NDArray[Any], rows: Indices | None, total: int) -> tuple[float, NDArray[Any]]:
        """Returns the samples' sum, divided by `total`, and its gradient.

        Args:
            theta: the parameters, flat.
            rows: which samples; None for all.
            total: of how many samples the mean is to be.
        """
        value, gradient = 0.0, None
        for path, mine in self.split(theta, rows):
            if path is None:
                part, slope = self.explain(theta, mine, total)
            else:
                if path.gradient is None:
                    raise ShapeError(f"a gradient needs a function of one result; this one returns {self.form.width}")
                seed = _seed(len(self) if mine is None else len(mine), total, self.form.batched, self.backend)
                with self.backend.quiet():
                    losses, slope = self._run("gradient", path, theta, mine, seed)
                    part, size = float(losses.sum()) / total, float(slope @ slope)
                if not (math.isfinite(part) and math.isfinite(size)):
                    part, slope = self.explain(theta, mine, total)
            value, gradient = value + part, slope if gradient is None else gradient + slope
        assert gradient is not None, "a part has samples"
        return value, gradient

    def explain(self, theta: NDArray[Any], rows: Indices | None, total: int) -> tuple[float, NDArray[Any]]:
        """Returns what `value_and_grad` does, from the scalar engine, which raises where a result is not finite."""
        parameters = self.form.origin.parameters
        value, gradient = 0.0, np.zeros(len(parameters))
        with at(self.form.origin, theta), detect_anomaly():
            for row in range(len(self)) if rows is None else rows.tolist():
                for p in parameters:
                    p._grad = 0.0
                (out,) = leaves_of(self.form.scalar(self.samples, row, self._name(row)))
                if isinstance(out, Value):
                    if (anomaly := find_anomaly(out)) is not None:
                        fault = NonFiniteError(str(anomaly))
                        if self.form.batched:
                            fault.enter(self._name(row))
                        raise fault
                    out.backward(1 / total)
                    gradient += [p._grad for p in parameters]
                value += (out._data if isinstance(out, Value) else float(out)) / total
        return value, gradient[self.form.origin.order]

    def hvp(self, theta: NDArray[Any], direction: Any, rows: Indices | None, total: int) -> NDArray[Any]:
        """Returns the Hessian of the samples' sum, divided by `total`, times a direction."""
        product = np.zeros(len(theta))
        for path, mine in self.split(theta, rows):
            if path is None:
                raise LiftError(
                    f"samples take more than {_MOST_PATHS} ways through this program; hvp needs a recording"
                )
            if path.gradient is None:
                raise ShapeError(f"hvp needs a function of one result; this one returns {self.form.width}")
            seed = _seed(len(self) if mine is None else len(mine), total, self.form.batched, self.backend)
            with self.backend.quiet():
                product += np.asarray(self._run("curvature", path, theta, mine, seed, direction)[0])
        return product

    def values(self, theta: NDArray[Any]) -> NDArray[Any]:
        """Returns the results of all samples, flat; those that are not finite come from the scalar engine."""
        results = np.full((len(self), self.form.width), math.nan)
        for path, mine in self.split(theta, None):
            if path is not None:
                with self.backend.quiet():
                    out = np.asarray(self._run("value", path, theta, mine)[0], dtype=float)
                results[slice(None) if mine is None else mine] = out.reshape(-1, results.shape[1])
        for row in np.flatnonzero(~np.isfinite(results).all(axis=1)).tolist():
            with at(self.form.origin, theta):
                own = leaves_of(self.form.scalar(self.samples, row, self._name(row)))
            results[row] = [leaf._data if isinstance(leaf, Value) else float(leaf) for leaf in own]
        return results


@functools.lru_cache(maxsize=256)
def _seed(count: int, total: int, batched: bool, backend: Backend) -> Any:  # noqa: FBT001  # a plain fact
    return backend.constant(np.full((count, 1) if batched else (1,), 1.0 / total))
