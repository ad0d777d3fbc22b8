"""Training to be stepped through: the scalar engine's own steps, and every number of some of them.

    >>> from nn import Neuron, half_squared_error
    >>> model = Neuron(1, activation="linear", rng=1)
    >>> stepper = step_training(
    ...     model, [[0.0], [1.0], [2.0]], [1.0, 3.0, 5.0], loss=half_squared_error, epochs=2, samples=[2], rng=1
    ... )
    >>> [(chapter.title, chapter.note) for chapter in stepper.story.chapters]
    [('epoch 1, step 2, sample 2', '1 step not shown'), ('epoch 2, step 1, sample 2', '1 step not shown')]

It trains by calling `fit`, so the model ends as `fit` with engine="scalar" leaves it, whatever is recorded.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from autograd_lite import ArithmeticFault, InputError, Value, no_grad

from .data import Rows
from .data import samples as checked
from .inputs import is_sequence, sequence, whole
from .losses import binary_cross_entropy, half_squared_error, hinge, softmax_cross_entropy
from .module import Module
from .optimizers import SGD, Optimizer
from .plane import Landscape, kinds_of, landscape
from .schedule import Loss, Recording, Sample, Schedule, scores_of
from .task import checked_loss, checked_optimizer
from .training import fit
from .validation import HeldOut

if TYPE_CHECKING:
    from autograd_lite import Stepper, TrainingRecorder

__all__ = ["step_training"]

RATE = 0.1
"""The learning rate where no optimizer is given."""


def step_training(
    model: Module,
    inputs: Sequence[Sequence[float]],
    targets: Sequence[Any],
    *,
    loss: Loss | None = None,
    optimizer: Optimizer | None = None,
    epochs: int = 1,
    batch_size: int | None = 1,
    samples: Iterable[int] | None = None,
    parameters: Iterable[Value] | None = None,
    rng: object = None,
    plane: bool | str = "auto",
    most: int = 50,
) -> Stepper:
    """Trains a model as `fit` with engine="scalar" does, and returns what happened as a story to be stepped through.

    Each chapter is one sample: its forward pass, the seed, every step back, and, at the end of a batch, the update.
    Its curves are the loss of the sample, and the mean loss over all data with the weights at its beginning.

    Args:
        model: called with one row of `inputs`.
        inputs: n rows of k finite numbers; n at least 1.
        targets: n targets, whatever the loss accepts.
        loss: `loss(output, target)`, of one sample; None means softmax_cross_entropy where the model returns several
            scores and targets are classes, of a single output binary_cross_entropy for targets 0 and 1, hinge for -1
            and +1, and half_squared_error otherwise.
        optimizer: made from the model's parameters; None means SGD with a learning rate of 0.1.
        epochs: how often all samples are seen, at least 1.
        batch_size: samples a step, at least 1; None means all.
        samples: indices of the rows to be recorded, whenever they are met; None means steps from the first to the
            last, evenly spread, so that the record ends with the model's weights. All samples of a step are kept where
            at least five such steps, or all there are, fit; otherwise a few of each, the last among them.
        parameters: whose updates are recorded; None means all that the optimizer moves.
        rng: shuffles the samples before each epoch, as for `fit`.
        plane: for inputs of two numbers, whether to show how the model divides their plane into classes; "auto" means
            where targets are classes.
        most: how many chapters are kept at most, at least 1; they are spread evenly.

    Data so far apart that no plane of them can be drawn are trained on without one, with a warning.

    Raises:
        ShapeError: no data, inputs and targets of different length, or inputs no table.
        InputError: a feature or a target is not finite, a setting is outside its range or of the wrong kind, there is
            no sample of an index, a parameter is not one of the model, or a plane is asked for where there is none.
        OperandError: a feature is not a number, or the loss is not a Value.
        NonFiniteError: a loss or gradient became nan or infinite; the model has the weights of the last finite loss.
    """
    from autograd_lite import TrainingRecorder

    rows, labels = checked("inputs", inputs, "targets", targets)
    epochs, most = whole("epochs", epochs), whole("most", most)
    size = len(rows) if batch_size is None else min(whole("batch_size", batch_size), len(rows))
    wanted = None if samples is None else _indices(samples, len(rows))
    loss = _usual_loss(model, rows, labels) if loss is None else checked_loss(loss)
    optimizer = SGD(model.parameters(), RATE) if optimizer is None else checked_optimizer(optimizer)
    if not isinstance(plane, bool) and not (isinstance(plane, str) and plane == "auto"):
        raise InputError(f"plane = {plane!r:.60} is not offered; choose True, False or 'auto'")
    if plane is True:  # better said before training
        _divided(model, rows, labels, loss, scores=scores_of(_output(model, rows[0])), required=True)
    everything = [*{id(p): p for p in (*model.parameters(), *optimizer.parameters)}.values()]
    watched = optimizer.parameters if parameters is None else _watched(parameters, everything)
    recorder = TrainingRecorder(watched, title="training")
    schedule = Schedule(len(rows), size, epochs, wanted, most)
    recording = Recording(recorder, loss, schedule, everything)
    fit(
        model,
        rows,
        [Sample(index, label) for index, label in enumerate(labels)],
        loss=recording,
        optimizer=optimizer,
        epochs=epochs,
        batch_size=batch_size,
        rng=rng,
        engine="scalar",
        progress=False,
    )
    recording.finish()
    divided = None
    if plane is not False:
        divided = _divided(model, rows, labels, loss, scores=recording.scores, required=plane is True)
    data = HeldOut((rows, labels), len(rows[0]), model, loss=loss, metric=None, lifted=True)
    _survey(recorder, recording, model, data, divided)
    return recorder.step()


# ---------------------------------------------------------------- the model as it was


def _survey(
    recorder: TrainingRecorder, recording: Recording, model: Module, data: HeldOut, divided: Landscape | None
) -> None:
    """Looks at the model once more as it was at the beginning of each chapter: the loss of all data, and the plane."""
    parameters, was_training = recording.parameters, model.training
    now = [p.data for p in parameters]
    losses: list[float | None] = []
    scores: list[list[float] | None] = []
    try:
        for number, weights in enumerate(recording.weights):
            if number and weights == recording.weights[number - 1]:  # another sample of the same step
                losses.append(losses[-1])
                scores.append(None)
                continue
            _set(parameters, weights)
            losses.append(_mean_loss(data))
            model.eval()
            scores.append(divided.scores() if divided else None)
    finally:
        _set(parameters, now)
        model.train(was_training)
    recorder.curve("mean loss", losses)
    if divided:
        recorder.divide(scores=scores, **divided.frame())


def _set(parameters: list[Value], numbers: Iterable[float]) -> None:
    for parameter, number in zip(parameters, numbers, strict=True):
        parameter.data = number


def _mean_loss(data: HeldOut) -> float | None:
    try:
        return data.measure()
    except ArithmeticFault:  # not defined for some other sample
        return None


# ---------------------------------------------------------------- settings


def _indices(samples: Any, count: int) -> set[int]:
    found = {whole(f"samples[{i}]", index, minimum=0) for i, index in enumerate(sequence("samples", samples))}
    if not found:
        raise InputError("samples = [] leaves nothing to record; name rows by their indices, or pass None")
    if max(found) >= count:
        raise InputError(f"there is no sample {max(found)}; the rows of inputs are numbered from 0 to {count - 1}")
    return found


def _watched(parameters: Any, everything: list[Value]) -> list[Value]:
    """Returns the parameters whose updates are to be recorded, all of which are trained."""
    found, known = sequence("parameters", parameters), {*map(id, everything)}
    for index, parameter in enumerate(found):
        if isinstance(parameter, Value) and id(parameter) not in known:
            raise InputError(
                f"parameters[{index}], {parameter.label()}, belongs neither to the model nor to the optimizer; choose "
                "among model.parameters()"
            )
    return found


def _usual_loss(model: Module, rows: Rows, targets: list[Any]) -> Loss:
    if any(is_sequence(target) for target in targets):
        return half_squared_error
    if is_sequence(_output(model, rows[0])):
        return softmax_cross_entropy
    kinds = kinds_of(targets, 1)
    return binary_cross_entropy if kinds == [0, 1] else hinge if kinds == [-1, 1] else half_squared_error


def _output(model: Module, row: list[float]) -> Any:
    with no_grad():
        return model(row)


def _divided(
    model: Module, rows: Rows, targets: list[Any], loss: Loss, *, scores: int, required: bool
) -> Landscape | None:
    """Returns the plane of the data; None if there is none, or an error if it is required."""
    try:
        found = landscape(model, rows, targets, loss, scores=scores)
    except InputError as error:
        if required:
            raise
        warnings.warn(f"the plane is left out: {error}", stacklevel=3)
        return None
    if found is None and required:
        raise InputError(
            f"plane = True needs rows of two numbers and targets that are classes; here are rows of {len(rows[0])} "
            f"and targets such as {targets[0]!r:.60}; leave it 'auto'"
        )
    return found
