"""What is trained, on which samples; and how it is told when that fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NoReturn

from autograd_lite import (
    ArithmeticFault,
    AutogradError,
    DetachedError,
    InputError,
    Lifted,
    LiftError,
    NonFiniteError,
    OperandError,
    Value,
    lift,
    no_grad,
)

from .data import Rows
from .module import Module
from .optimizers import Optimizer

__all__ = ["Task", "checked_loss", "checked_optimizer"]


@dataclass(frozen=True)
class Task:
    """What is trained, on which samples.

    Args:
        model: called with one row.
        loss: `loss(output, target)`, of one sample.
        optimizer: moves the parameters.
        rows: n rows of features.
        targets: n targets.
        size: samples a step; n or more for all.
        dtype: "float64" or "float32".
        regularization: what is added to the mean loss of a batch, a function of nothing; None for nothing.
    """

    model: Module
    loss: Callable[[Any, Any], Any]
    optimizer: Optimizer
    rows: Rows
    targets: list[Any]
    size: int
    dtype: str = "float64"
    regularization: Callable[[], Value] | None = None

    @property
    def sample_loss(self) -> Callable[[Any, Any], Value]:
        """The loss of one sample as a function of its features and its target; it holds on to no other sample."""
        model, loss = self.model, self.loss

        def sample_loss(x: Any, y: Any) -> Value:
            value = loss(model(x), y)
            if not isinstance(value, Value):
                kind = type(value).__name__
                raise OperandError(f"the loss returned {kind} {value!r:.60}, not a Value; using .data cuts the graph")
            return value

        return sample_loss

    @property
    def penalized_loss(self) -> Callable[[Any, Any], Value]:
        """The loss of one sample and the penalty; as that depends on no sample, lifted it is computed once a batch."""
        sample_loss, penalty = self.sample_loss, self.penalty
        if self.regularization is None:
            return sample_loss

        def penalized_loss(x: Any, y: Any) -> Value:
            return sample_loss(x, y) + penalty()

        return penalized_loss

    def penalty(self) -> Value:
        """Returns what is added to the mean loss of a batch."""
        value: Any = self.regularization() if self.regularization is not None else Value(0.0)
        if not isinstance(value, Value):
            kind = type(value).__name__
            raise OperandError(f"the penalty is {kind} {value!r:.60}, not a Value; using .data cuts the graph")
        return value

    def lifted(self) -> Lifted:
        """Returns the loss of one sample, lifted over samples."""
        return lift(self.penalized_loss, self.optimizer.parameters, dtype=self.dtype)

    def objective(self, lifted: Lifted) -> Any:
        """Returns the mean of the lifted loss as a function of samples and flat parameters; call it within `told`."""
        import numpy as np

        return lifted.objective(np.array(self.rows), self.targets)

    @contextmanager
    def told(self) -> Iterator[None]:
        """Lets what goes wrong while the loss is recorded be told as if the scalar engine had met it.

        Raises:
            NonFiniteError: the loss of a sample is not defined.
            AutogradError: as the scalar engine says it, or why the loss cannot be lifted.
        """
        try:
            yield
        except ArithmeticFault as fault:
            raise self.stopped([p.data for p in self.optimizer.parameters], 1, 1, fault) from fault
        except Exception as error:  # noqa: BLE001  # `explain` raises
            self.explain(error, range(len(self.rows)))

    def explain(self, error: Exception, rows: Sequence[int]) -> NoReturn:
        """Raises the scalar engine's own error where the lifted loss failed; if it has none, that of the lifted one.

        Args:
            error: of the lifted loss.
            rows: the samples among which to look for one that fails.
        """
        sample_loss = self.sample_loss
        with no_grad():
            for i in rows[:1] if isinstance(error, LiftError | DetachedError) else rows:
                try:
                    sample_loss(self.rows[i], self.targets[i])
                except Exception as own:
                    own.add_note(f"This is sample {i} of X and y.")
                    raise
        if isinstance(error, AutogradError):
            raise type(error)(f"{error}; or train with engine='scalar'") from error
        raise error

    def stopped(self, good: Sequence[float], epoch: int, step: int, fault: ArithmeticFault) -> NonFiniteError:
        """Gives the parameters back their last good weights, and returns the error to raise."""
        largest = max(self.optimizer.parameters, key=lambda p: abs(p.data))
        name, value = largest.label(), largest.data
        for parameter, data in zip(self.optimizer.parameters, good, strict=True):
            parameter.data = data
        return NonFiniteError(
            f"training stopped at epoch {epoch}, step {step}: {fault}; the largest parameter was {name} = {value!r}. "
            "The model has the weights of the last finite loss. "
            f"Lower the learning rate ({self.optimizer.learning_rate!r}), or rescale the data."
        )


def checked_loss(loss: Any) -> Callable[[Any, Any], Value]:
    """Returns a loss, or raises InputError for what cannot be called as one."""
    if not callable(loss):
        raise InputError(
            f"loss = {loss!r:.60} cannot be called; pass a function of output and target, such as half_squared_error"
        )
    return loss  # type: ignore[no-any-return]  # what it returns is looked at when it is called


def checked_optimizer(optimizer: Any) -> Optimizer:
    """Returns an optimizer, or raises InputError for what is none: a name, or the class in place of an instance."""
    if not isinstance(optimizer, Optimizer):
        name = optimizer.__name__ if isinstance(optimizer, type) and issubclass(optimizer, Optimizer) else "SGD"
        raise InputError(
            f"optimizer = {optimizer!r:.60} is no optimizer; make one: {name}(model.parameters(), learning_rate=0.1)"
        )
    return optimizer
