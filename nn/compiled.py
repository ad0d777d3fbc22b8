"""Whole epochs as one compiled program: batches, gradients and the optimizer's updates in a loop that XLA runs."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from autograd_lite import AutogradError, LiftError

from .engines import Place, Stepwise
from .optimizers import Optimizer
from .task import Task

__all__ = ["Compiled"]

MOST_EPOCHS = 1000
"""In one call of the compiled program, at most; Ctrl-C and the progress bar wait for the end of a call."""

PATIENCE = 0.1
"""How many seconds a call may take before the next one is made shorter."""


class Compiled(Stepwise):
    """Whole epochs compiled by JAX: one call makes all their steps.

    The samples' order is drawn outside, from the same rng as for the other engines. What was compiled is used again for
    the same model, loss and settings. Where a number is not finite, the epochs of that call are made anew step by step,
    which finds the step.

    Args:
        task: what to train.
        watched: whether somebody looks at the model after every epoch.
    Raises:
        InputError: JAX is not installed.
        LiftError: the loss branches on the parameters, or the optimizer's update cannot be compiled.
    """

    def __init__(self, task: Task, *, watched: bool) -> None:
        if not self.moves_arrays(task.optimizer):
            kind = type(task.optimizer).__name__
            raise LiftError(f"{kind} has a step() of its own, which cannot be compiled; use engine='lift'")
        self._recorded = _recorded(task)
        super().__init__(task, self._recorded.lifted)
        with task.told():
            self._pure = task.objective(self._recorded.compiled).pure()
        count = len(task.rows)
        shuffled = task.size < count
        self._most = 1 if watched else max(1, min(MOST_EPOCHS, 10**6 // count if shuffled else MOST_EPOCHS))
        self._orders = (self._most, count if shuffled else 0)
        self._data: Any = None

    def run(self, orders: Sequence[list[int]], epoch: int) -> list[float]:
        """Trains for some epochs and returns the mean loss met in each."""
        import jax
        import numpy as np

        self.start()
        if self.place is None:
            kind = type(self.task.optimizer).__name__
            raise LiftError(f"{kind} remembers other things than numbers, which cannot be compiled; use engine='lift'")
        weights, state, steps = self.place
        if self._data is None:
            self._data = jax.device_put(self._pure.data)
        shown = np.zeros(self._orders, dtype=np.int32)
        if shown.size:
            shown[: len(orders)] = orders
        numbers, rates = self._schedule(len(orders), steps)
        begun = time.perf_counter()
        moved, losses = self._program()((weights, weights, state), self._data, (shown, numbers, rates), len(orders))
        losses = np.asarray(losses)[: len(orders)]
        weights, before, state = jax.tree.map(np.asarray, moved)
        self.ahead = min(2 * self.ahead, self._most) if time.perf_counter() - begun < PATIENCE else 1
        if not all(np.isfinite(array).all() for array in (losses, weights, *state)):
            return super().run(orders, epoch)
        self.place = Place(weights, state, steps + len(orders) * numbers.shape[1])
        self.theta[...], self._good[...] = weights, before
        return [float(loss) for loss in losses]

    def _schedule(self, epochs: int, steps: int) -> tuple[Any, Any]:
        """Returns the number of each step and its learning rate, which a subclass may make depend on it."""
        import numpy as np

        optimizer, batches = self.task.optimizer, -(-len(self.task.rows) // self.task.size)
        numbers = np.arange(1, self._most * batches + 1, dtype=self.theta.dtype).reshape(self._most, batches) + steps
        rates = np.full(numbers.size, optimizer.learning_rate, dtype=self.theta.dtype)
        if optimizer.schedule is not None or type(optimizer).learning_rate is not Optimizer.learning_rate:
            for i in range(epochs * batches):
                optimizer.steps = steps + i
                rates[i] = optimizer.learning_rate
            optimizer.steps = steps
        return numbers, rates.reshape(numbers.shape)

    def _program(self) -> Callable[..., Any]:
        optimizer, task, count = self.task.optimizer, self.task, len(self.task.rows)
        own = {name: repr(value) for name, value in vars(optimizer).items() if name not in _NOT_COMPILED}
        key = (id(self._pure.code), type(optimizer), tuple(own.items()), optimizer.constraint, task.size, count)
        programs = self._recorded.programs
        if key not in programs:
            programs[key] = _compiled(self._pure, optimizer, self.objective.order, task.size, count)
        return programs[key]


_NOT_COMPILED = {"parameters", "state", "steps", "_learning_rate"}  # handed to the compiled program at each call


def _compiled(pure: Any, optimizer: Optimizer, order: Any, size: int, count: int) -> Callable[..., Any]:
    """Returns epochs of training as one compiled function.

    Args:
        pure: (weights, rows, data) -> mean loss and gradient.
        optimizer: whose step to compile.
        order: for each place in the flat arrays, which parameter stands there.
        size: samples a step.
        count: samples in all.
    """
    import jax
    from jax import lax
    from jax import numpy as jnp

    whole, rest = divmod(count, size)
    update, kind, back = optimizer.update, type(optimizer).__name__, order.argsort()

    def step(data: Any, carry: Any, at: Any) -> tuple[Any, Any]:
        (weights, _, state), (rows, number, rate) = carry, at
        loss, gradient = pure(weights, rows, data)
        try:
            slopes = optimizer.slopes(weights, gradient)
            new, *state = update(weights, slopes, *state, step=number, learning_rate=rate)
            if optimizer.constraint is not None:
                new = optimizer.constrained(new[back])[order]
        except (TypeError, ValueError) as error:
            why = str(error).partition("\n")[0]
            raise LiftError(
                f"{kind}.update cannot be compiled ({why}); write it with + - * / ** and abs, or use engine='lift'"
            ) from error
        return (new, weights, tuple(state)), loss

    def epoch(data: Any, carry: Any, order: Any, numbers: Any, rates: Any) -> tuple[Any, Any]:
        if size >= count:
            return step(data, carry, (None, numbers[0], rates[0]))
        batches = order[: whole * size].reshape(whole, size)
        each = (batches, numbers[:whole], rates[:whole])
        carry, losses = lax.scan(lambda c, at: step(data, c, at), carry, each)
        total = losses.sum() * size
        if rest:
            carry, loss = step(data, carry, (order[whole * size :], numbers[whole], rates[whole]))
            total += loss * rest
        return carry, total / count

    def epochs(carry: Any, data: Any, plan: Any, many: Any) -> Any:
        orders, numbers, rates = plan

        def one(i: Any, at: Any) -> Any:
            carry, losses = at
            carry, loss = epoch(data, carry, orders[i], numbers[i], rates[i])
            return carry, losses.at[i].set(loss)

        return lax.fori_loop(0, many, one, (carry, jnp.zeros(len(numbers), numbers.dtype)))

    compiled: Callable[..., Any] = jax.jit(epochs)
    return compiled


# ---------------------------------------------------------------- what was recorded and compiled before


class _Recording:
    """The recording of a task's loss, and what was compiled from it.

    Args:
        task: the task.
    """

    def __init__(self, task: Task) -> None:
        self._of = self._identity(task)
        self.lifted = task.lifted()
        self.compiled = self.lifted.to("jax")
        self.programs: dict[Any, Callable[..., Any]] = {}

    @staticmethod
    def _identity(task: Task) -> list[Any]:
        return [task.model, task.loss, task.regularization, task.dtype, *task.optimizer.parameters]

    def holds(self, task: Task) -> bool:
        """Says whether this is the recording of a task's loss, and that loss has not changed since.

        A number in a closure may have, which no comparison sees. So one sample is computed anew, gradient and all.
        """
        import numpy as np

        mine, theirs = self._of, self._identity(task)
        if len(mine) != len(theirs) or any(a is not b for a, b in zip(mine, theirs, strict=True)):
            return False
        exact = self.lifted.to("numpy", "float64")
        with task.told():
            task.optimizer.zero_grad()
            fresh = task.penalized_loss(task.rows[0], task.targets[0])
            fresh.backward()
        try:
            value, gradient = exact.value_and_grad(np.array(task.rows[:1]), task.targets[:1])
        except (AutogradError, ArithmeticError, TypeError, ValueError):  # made of samples of another form
            return False
        now, before = np.array([fresh.data, *(p.grad for p in task.optimizer.parameters)]), np.array([value, *gradient])
        return bool(np.abs(now - before).max() <= 1e-9 * np.abs(now).max())


_RECORDINGS: deque[_Recording] = deque(maxlen=4)


def _recorded(task: Task) -> _Recording:
    """Returns the recording of a task's loss: an earlier one if it still holds."""
    for recording in _RECORDINGS:
        if recording.holds(task):
            return recording
    recording = _Recording(task)
    _RECORDINGS.append(recording)
    return recording
