"""Engines: three ways to make the same training steps, from the slow truth to one compiled program.

    scalar    one sample after the other through the scalar engine: the truth that the others are tested against
    lift      the loss recorded once, a batch at a time as matrix programs on NumPy
    jax       the same programs with the optimizer's update, whole epochs compiled; in `nn.compiled`

`fit` asks an engine to `run` epochs, and to `finish` before anybody looks at the model: in between, the parameters and
what the optimizer remembers of them are flat arrays.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

from autograd_lite import ArithmeticFault, InputError, Lifted, NonFiniteError

from .optimizers import Optimizer
from .task import Task

__all__ = ["Engine", "Place", "Scalar", "Stepwise", "engine_called"]


class Engine(Protocol):
    """What `fit` asks of an engine."""

    ahead: int
    """How many epochs one call of `run` had better make, if nobody wants to look at the model in between."""

    def run(self, orders: Sequence[list[int]], epoch: int) -> list[float]:
        """Trains for some epochs and returns the mean loss met in each.

        Args:
            orders: for each epoch, the samples in the order in which they are seen.
            epoch: the number of the first one, from 1.
        Raises:
            NonFiniteError: a loss or gradient is not finite; the model has the weights of the last finite loss.
        """

    def finish(self) -> None:
        """Leaves the parameters and the optimizer as they are after the last whole step."""


def engine_called(name: str, task: Task, *, watched: bool) -> Engine:
    """Returns the engine of that name.

    Args:
        name: "scalar", "lift" or "jax".
        task: what it is to train.
        watched: whether somebody looks at the model after every epoch.
    Raises:
        InputError: there is none of that name, it does not offer that precision, or it is not installed.
    """
    if name == "scalar":
        if task.dtype != "float64":
            raise InputError(
                f"dtype = {task.dtype!r}: engine='scalar' computes in 'float64' only; choose engine='lift' or 'jax'"
            )
        return Scalar(task)
    if name == "lift":
        return Stepwise(task, task.lifted())
    if name == "jax":
        from .compiled import Compiled

        return Compiled(task, watched=watched)
    raise InputError(f"engine = {name!r:.60} is not offered; choose 'lift', 'scalar' or 'jax'")


class Scalar:
    """One sample after the other: the gradient of a mean is the mean of the gradients.

    Each sample's graph can be dropped before the next one is built.

    Args:
        task: what to train.
    """

    ahead = 1

    def __init__(self, task: Task) -> None:
        self.task = task
        self._first = task.optimizer.steps
        self._good = [p.data for p in task.optimizer.parameters]

    def run(self, orders: Sequence[list[int]], epoch: int) -> list[float]:
        """Trains for some epochs and returns the mean loss met in each."""
        return [self._epoch(order, number) for number, order in enumerate(orders, epoch)]

    def finish(self) -> None:
        """Does nothing: the parameters are the model's own all along."""

    def _epoch(self, order: list[int], epoch: int) -> float:
        optimizer, size, total = self.task.optimizer, self.task.size, 0.0
        for start in range(0, len(order), size):
            try:
                total += self._backward(order[start : start + size])
                self._good = [p.data for p in optimizer.parameters]  # a finite loss was met with these
                optimizer.step()
            except ArithmeticFault as fault:
                raise self.task.stopped(self._good, epoch, optimizer.steps - self._first + 1, fault) from fault
        return total / len(order)

    def _backward(self, batch: list[int]) -> float:
        """Leaves the gradient of the batch's mean loss in the parameters, and returns the sum of its losses."""
        task, total, sample_loss = self.task, 0.0, self.task.sample_loss
        task.model.zero_grad()
        task.optimizer.zero_grad()  # it may move more than the model's parameters
        for i in batch:
            value = sample_loss(task.rows[i], task.targets[i])
            if not math.isfinite(value.data):
                raise NonFiniteError(f"the loss of a sample is {value.data!r}")
            value.backward(1 / len(batch))
            total += value.data
        if task.regularization is not None:
            penalty = task.penalty()
            if not math.isfinite(penalty.data):
                raise NonFiniteError(f"the penalty is {penalty.data!r}")
            penalty.backward()
            total += penalty.data * len(batch)
        return total


class Place(NamedTuple):
    """Where training stands after a whole step: parameters and state as flat arrays, and the number of steps made."""

    weights: Any
    state: tuple[Any, ...]
    steps: int


class Stepwise:
    """The loss recorded once, and a batch at a time as matrix programs on NumPy.

    Args:
        task: what to train.
        lifted: its loss.
    """

    ahead = 1

    def __init__(self, task: Task, lifted: Lifted) -> None:
        self.task = task
        with task.told():
            self.objective = task.objective(lifted)
        self.theta = self.objective.start()  # the array whose views the programs hold; `place` is what counts
        self.place: Place | None = None  # None: the model and the optimizer are what counts
        self._first = task.optimizer.steps
        self._good = self.theta.copy()
        self._arrays = self.moves_arrays(task.optimizer)
        self._back = self.objective.order.argsort()  # where each parameter is in the flat arrays
        self._tried = False  # whether `update` has been seen to move arrays as it moves floats

    @staticmethod
    def moves_arrays(optimizer: Optimizer) -> bool:
        """Says whether a step is no more than an update of each parameter, which may work on arrays."""
        return getattr(optimizer.step, "__func__", None) is Optimizer.step

    def run(self, orders: Sequence[list[int]], epoch: int) -> list[float]:
        """Trains for some epochs and returns the mean loss met in each."""
        import numpy as np

        self.start()
        with np.errstate(all="ignore"):
            arrays = {id(order): np.array(order) for order in orders}
            return [self._epoch(arrays[id(order)], number) for number, order in enumerate(orders, epoch)]

    def start(self) -> None:
        """Takes parameters and state over from the model and the optimizer, unless they are here already."""
        if self.place is not None:
            return
        import numpy as np

        self.theta[...] = self.objective.start()
        if self._arrays:
            optimizer, order = self.task.optimizer, self.objective.order
            try:
                rows = np.array(optimizer.state, dtype=self.theta.dtype).reshape(len(order), -1)
            except (TypeError, ValueError):  # something else than numbers is remembered
                self._arrays = False
                return
            self.place = Place(self.theta.copy(), tuple(rows[order].T.copy()), optimizer.steps)

    def finish(self) -> None:
        """Hands parameters and state over to the model and the optimizer."""
        if self.place is not None:
            try:
                self._hand_over(self.place)
            except BaseException:  # Ctrl-C, most likely: half a model is worse than none
                self._hand_over(self.place)
                raise
            self.place = None

    def _hand_over(self, place: Place) -> None:
        optimizer, by_parameter = self.task.optimizer, self.objective.by_parameter
        self.objective.finish(place.weights)
        columns = [by_parameter(array).tolist() for array in place.state]
        optimizer.state = list(zip(*columns, strict=True)) if columns else [()] * len(optimizer.parameters)
        optimizer.steps = place.steps

    def _epoch(self, order: Any, epoch: int) -> float:
        size, total = self.task.size, 0.0
        for start in range(0, len(order), size):
            batch = order[start : start + size]
            try:
                loss, gradient = self.objective(self.theta, batch if len(batch) < len(order) else None)
                self._good[...] = self.theta  # a finite loss was met with these
            except ArithmeticFault as fault:
                raise self._stopped(epoch, fault) from fault
            except Exception as error:  # noqa: BLE001  # `explain` raises
                self.finish()
                self.task.explain(error, batch.tolist())
            try:
                self._step(gradient)
            except ArithmeticFault as fault:
                raise self._stopped(epoch, fault) from fault
            total += loss * len(batch)
        return total / len(order)

    def _stopped(self, epoch: int, fault: ArithmeticFault) -> NonFiniteError:
        self.finish()
        good = self.objective.by_parameter(self._good).tolist()
        return self.task.stopped(good, epoch, self.task.optimizer.steps - self._first + 1, fault)

    def _step(self, gradient: Any) -> None:
        """Moves all parameters at once; where that fails, one by one, as the scalar engine does."""
        optimizer = self.task.optimizer
        place = self._moved(gradient)
        if place is None:
            self.finish()
            for parameter, slope in zip(
                optimizer.parameters, self.objective.by_parameter(gradient).tolist(), strict=True
            ):
                parameter.grad = slope
            optimizer.step()
            self.start()
        else:
            self.place = place  # one assignment, so that an interrupt finds whole steps only
            self.theta[...] = place.weights
            optimizer.steps = place.steps

    def _moved(self, gradient: Any) -> Place | None:
        """Returns where a step leads; None if `update` does not move arrays, or the result is not finite."""
        import numpy as np

        if self.place is None:
            return None
        optimizer, (weights, state, steps) = self.task.optimizer, self.place
        now = {"step": steps + 1, "learning_rate": optimizer.learning_rate}
        try:
            slopes = optimizer.slopes(weights, gradient)
            # on copies, as `value -= ...` changes an array itself
            moved = tuple(optimizer.update(weights.copy(), slopes.copy(), *(s.copy() for s in state), **now))
        except (TypeError, ValueError):
            self._arrays = False
            return None
        if not all(np.isfinite(array).all() for array in moved):
            return None
        if not self._tried:
            self._arrays = self._tried = self._agrees(moved, (weights, slopes, *state), now)
        kept = moved[0]
        if optimizer.constraint is not None:  # which knows parameters by their order in the optimizer
            kept = optimizer.constrained(kept[self._back])[self.objective.order]
        return Place(kept, moved[1:], steps + 1) if self._arrays and np.isfinite(kept).all() else None

    def _agrees(self, moved: tuple[Any, ...], before: tuple[Any, ...], now: dict[str, Any]) -> bool:
        """Says whether an update of arrays is the update of each number in them."""
        import numpy as np

        rows = zip(*(array.tolist() for array in before), strict=True)
        singly = np.array([self.task.optimizer.update(*row, **now) for row in rows], dtype=self.theta.dtype).T
        if len(moved) != len(singly) or any(np.shape(array) != self.theta.shape for array in moved):
            return False
        near = 1e-9 if self.theta.dtype == np.float64 else 1e-4
        return all(np.abs(a - b).max() <= near * np.abs(b).max() for a, b in zip(moved, singly, strict=True))
