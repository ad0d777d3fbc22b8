"""Which samples of a training run are recorded, and a loss that records them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from autograd_lite import Value

from .inputs import is_sequence

if TYPE_CHECKING:
    from autograd_lite import TrainingRecorder

__all__ = ["Loss", "Met", "Recording", "Sample", "Schedule", "scores_of"]

_WHOLE = 5  # steps, or all there are, must fit before all samples of a step are recorded

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
        wanted: the samples to be recorded; None for steps from the first to the last: with all their samples if
            several such steps may be kept, and otherwise with a few, the last among them.
        most: how many chapters are kept at most.
    """

    def __init__(self, count: int, size: int, epochs: int, wanted: set[int] | None, most: int) -> None:
        self.count, self.size, self.wanted = count, size, wanted
        self.steps = -(-count // size)  # in an epoch
        if wanted is None:
            steps = self.steps * epochs
            self._each = size if most >= size * min(steps, _WHOLE) else max(1, most // steps)  # samples of a step kept
            self._kept = _spread(steps, most // self._each)
        else:
            self._kept = _spread(len(wanted) * epochs, most)
        self._seen = 0  # wanted samples until now

    def batch(self, met: Met) -> int:
        """Returns how many samples make the step of a sample."""
        return min(self.size, self.count - met.step * self.size)

    def note(self, met: Met) -> str:
        """Returns what is to be said of a sample of a step that is not recorded whole; empty if it is."""
        batch = self.batch(met)
        place = f"sample {met.within + 1} of the {batch} whose mean gradient makes the step"
        if self.wanted is not None:
            return place if self.size > 1 else ""
        return f"{place}, {batch - self._each} of them not shown" if self._each < batch else ""

    def place(self, number: int) -> Met:
        """Returns where the sample of that number, counted from 0, is met."""
        epoch, at = divmod(number, self.count)
        step, within = divmod(at, self.size)
        return Met(epoch, step, within, epoch * self.steps + step)

    def keeps(self, met: Met, index: int) -> bool:
        """Says whether a sample met is recorded; to be asked for each once, in order."""
        if self.wanted is None:
            return met.overall in self._kept and met.within in _spread(self.batch(met), self._each)
        self._seen += index in self.wanted
        return index in self.wanted and self._seen - 1 in self._kept


def _spread(count: int, most: int) -> set[int]:
    """Returns at most `most` of the numbers from 0 to count - 1, evenly, the first and the last among them.

    Of a single one, the last: it is what the others lead to.
    """
    if count <= most:
        return {*range(count)}
    return {round(i * (count - 1) / (most - 1)) for i in range(most)} if most > 1 else {count - 1}


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
        skipped = met.overall - self._last - 1
        notes = [
            f"{skipped} step{'s' if skipped > 1 else ''} not shown" if skipped > 0 else "",
            self.schedule.note(met),
        ]
        title = f"epoch {met.epoch + 1}, step {met.step + 1}, sample {index}"
        note, seed = "; ".join(filter(None, notes)), 1 / self.schedule.batch(met)
        self.recorder.before(value, title=title, note=note, seed=seed)
        self.recorder.measure(loss=value.data)
        self.weights.append(tuple(p.data for p in self.parameters))
        self._last, self._open = met.overall, True


def scores_of(output: Any) -> int:
    """Returns how many numbers a model's output is; 1 if it is no sequence."""
    return len(output) if is_sequence(output) else 1
