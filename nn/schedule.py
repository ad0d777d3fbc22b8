"""Which samples of a training run are recorded, and a loss that records them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from autograd_lite import Value

from .inputs import is_sequence

if TYPE_CHECKING:
    from autograd_lite import TrainingRecorder

__all__ = ["Loss", "Met", "Recording", "Sample", "Schedule", "scores_of"]

Loss = Callable[[Any, Any], Value]
"""The loss of a sample, of the model's output and the target."""


class Met(NamedTuple):
    """Where in a training run a sample is met: all counted from 0."""

    epoch: int
    step: int
    within: int
    overall: int
    """The step, counted through all epochs."""


class Schedule:
    """Which samples of a training run are recorded.

    Args:
        count: how many samples there are.
        size: samples a step.
        epochs: how often all are seen.
        wanted: the samples to be recorded; None for all of some steps.
        most: how many chapters are kept at most.
    """

    def __init__(self, count: int, size: int, epochs: int, wanted: set[int] | None, most: int) -> None:
        self.count, self.size, self.wanted = count, size, wanted
        self.steps = -(-count // size)  # in an epoch
        if wanted is None:
            self._kept = _spread(self.steps * epochs, max(1, most // size))
            self._within = _spread(size, most)  # of a step of more samples than may be kept
        else:
            self._kept = _spread(len(wanted) * epochs, most)
            self._within = {*range(size)}
        self._seen = 0  # wanted samples until now

    @property
    def whole_steps(self) -> bool:
        """Whether all samples of a step are recorded if one of them is."""
        return self.size == 1 or (self.wanted is None and len(self._within) == self.size)

    def place(self, number: int) -> Met:
        """Returns where the sample of that number, counted from 0, is met."""
        epoch, at = divmod(number, self.count)
        step, within = divmod(at, self.size)
        return Met(epoch, step, within, epoch * self.steps + step)

    def keeps(self, met: Met, index: int) -> bool:
        """Says whether a sample met is recorded; to be asked for each once, in order."""
        if self.wanted is None:
            return met.overall in self._kept and met.within in self._within
        self._seen += index in self.wanted
        return index in self.wanted and self._seen - 1 in self._kept


def _spread(count: int, most: int) -> set[int]:
    """Returns at most `most` of the numbers from 0 to count - 1, evenly, the first and the last among them.

    Of a single one, the first.
    """
    if count <= most:
        return {*range(count)}
    return {round(i * (count - 1) / (most - 1)) for i in range(most)} if most > 1 else {0}


class Sample:
    """A target that knows whose it is; `fit` hands it to the loss as it is."""

    def __init__(self, index: int, target: Any) -> None:
        self.index, self.target = index, target


class Recording:
    """The loss, as `fit` calls it: one sample after the other, each followed by its backward pass.

    Args:
        recorder: takes down the chapters.
        loss: what is computed.
        schedule: which samples are recorded.
        parameters: whose numbers are kept with each chapter, to look at the model again as it was.
    """

    def __init__(
        self,
        recorder: TrainingRecorder,
        loss: Loss,
        schedule: Schedule,
        parameters: list[Value],
    ) -> None:
        self.recorder, self.loss, self.schedule, self.parameters = recorder, loss, schedule, parameters
        self.weights: list[tuple[float, ...]] = []  # at the beginning of each chapter
        self.scores = 1  # how many the model returns
        self._met = 0
        self._last = -1  # the step recorded last
        self._open = False

    def __call__(self, output: Any, sample: Sample) -> Value:
        """Returns the loss of a sample; begins a chapter with it if it is to be recorded."""
        self.scores = scores_of(output)
        value = self.loss(output, sample.target)
        met = self.schedule.place(self._met)
        self._met += 1
        if met.overall != self._last:
            self.finish()
        if isinstance(value, Value) and self.schedule.keeps(met, sample.index):
            self._record(value, met, sample.index)
        return value

    def finish(self) -> None:
        """Ends the chapter that is open: its step has been made."""
        if self._open:
            self.recorder.after()
            self._open = False

    def _record(self, value: Value, met: Met, index: int) -> None:
        skipped, size = met.overall - self._last - 1, self._batch(met)
        notes = [f"{skipped} step{'s' if skipped > 1 else ''} not shown"] if skipped > 0 else []
        if not self.schedule.whole_steps:
            notes.append(f"sample {met.within + 1} of the {size} whose mean gradient makes the step")
        title = f"epoch {met.epoch + 1}, step {met.step + 1}, sample {index}"
        self.recorder.before(value, title=title, note="; ".join(notes), seed=1 / size)
        self.recorder.measure(loss=value.data)
        self.weights.append(tuple(p.data for p in self.parameters))
        self._last, self._open = met.overall, True

    def _batch(self, met: Met) -> int:
        start = met.step * self.schedule.size
        return min(self.schedule.size, self.schedule.count - start)


def scores_of(output: Any) -> int:
    """Returns how many numbers a model's output is; 1 if it is no sequence."""
    return len(output) if is_sequence(output) else 1
