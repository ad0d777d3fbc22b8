"""Recording a training loop of the reader's own, chapter by chapter.

    >>> from autograd_lite.value import Value
    >>> w = Value(5.0, name="w")
    >>> recorder = TrainingRecorder([w], title="down a parabola")
    >>> for step in range(2):
    ...     w.grad = 0.0
    ...     loss = (w - 2.0) ** 2
    ...     recorder.before(loss, title=f"step {step}")
    ...     loss.backward()
    ...     w.data -= 0.25 * w.grad
    ...     recorder.after(loss=loss.data)
    >>> story = recorder.story
    >>> story[5], story.curves
    (Update(line=0, before=5.0, after=3.5), (Curve(name='loss', values=(9.0, 2.25)),))

Nothing is changed by recording. A chapter is read off the loss before `backward`, and again the parameters after the
update: what happens in between stays the reader's own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from autograd_lite.errors import InputError, OperandError
from autograd_lite.operands import number, shown, text
from autograd_lite.value import Value

from .chapter import Chapter, chapter_of
from .story import Curve, Plane, Story

if TYPE_CHECKING:
    from .stepper import Stepper

__all__ = ["TrainingRecorder"]


class TrainingRecorder:
    """Makes a story of a training loop: `before` each backward pass, `after` each update.

    A step that sums the gradients of several samples is several chapters: call `before` for each sample, `after` once
    when the parameters have moved. Steps may go unrecorded, as long as `after` has been called before they begin.

    Args:
        parameters: the leaves whose updates are to be shown, each once; `model.parameters()`.
        title: what to call the story; any text.
    Raises:
        OperandError: the parameters are no list, or one of them is not a Value; a title that is not text.
        InputError: a parameter is a result, or is given twice; or there is none.
    """

    def __init__(self, parameters: Iterable[Value], *, title: str = "") -> None:
        self.title = text(title, "the title of a TrainingRecorder")
        if isinstance(parameters, Value) or not isinstance(parameters, Iterable):
            raise OperandError(f"parameters = {shown(parameters)} is no list of Values; pass model.parameters()")
        self._parameters = tuple(parameters)
        for index, parameter in enumerate(self._parameters):
            if not isinstance(parameter, Value):
                raise OperandError(f"parameters[{index}] = {parameter!r:.60} is not a Value; pass model.parameters()")
            if not parameter.is_leaf:
                raise InputError(f"parameters[{index}], {parameter.label()}, is a result; only leaves are updated")
        if not self._parameters:
            raise InputError("parameters = [] leaves no update to record; pass model.parameters()")
        if len({*map(id, self._parameters)}) < len(self._parameters):
            raise InputError(f"of {len(self._parameters)} parameters some are given twice; give each once")
        self._chapters: list[Chapter] = []
        self._open: Chapter | None = None
        self._curves: dict[str, dict[int, float]] = {}
        self._plane: Plane | None = None

    def __len__(self) -> int:
        """How many chapters there are."""
        return len(self._chapters) + (self._open is not None)

    # ------------------------------------------------------------ in the loop

    def before(self, loss: Value, *, title: str = "", note: str = "", seed: float = 1.0) -> None:
        """Begins a chapter: what `loss.backward(seed)` is about to do, starting from the gradients that are there.

        Args:
            loss: what `backward` will be called on.
            title: what to call the chapter, such as "epoch 2, step 5"; any text.
            note: shown with it; any text.
            seed: what `backward` will be called with.
        Raises:
            OperandError: the loss is not a Value, the seed not a number, or the title or the note not text.
            InputError: `backward` has been called on it already, or the parameters are not those that it was made of.
        """
        if isinstance(loss, Value) and loss.grad_computed and not loss.is_leaf:
            raise InputError(
                f"{loss.label()} has been differentiated already; call before(loss) first, then loss.backward(), as "
                "the chapter starts from the gradients that are there"
            )
        chapter = chapter_of(loss, title=title, seed=seed, accumulate=True, parameters=self._parameters)
        self._require_parameters(chapter)
        chapter = replace(chapter, note=note)
        self._close()
        self._open = chapter

    def after(self, **numbers: Value | float) -> None:
        """Ends the chapter: takes down how the parameters moved.

        Args:
            numbers: points on the story's curves, as for `measure`.
        Raises:
            InputError: no chapter has been begun.
            OperandError: a number is none.
        """
        if self._open is None:
            raise InputError(
                "after() ends a chapter, and none has been begun; call before(loss) before loss.backward()"
            )
        self.measure(**numbers)
        self._close()

    def measure(self, **numbers: Value | float) -> None:
        """Puts numbers on the story's curves, at the last chapter.

        Args:
            numbers: by the curve's name, such as `loss=0.25, accuracy=0.9`.
        Raises:
            InputError: there is no chapter yet.
            OperandError: a number is none.
        """
        if not len(self):
            raise InputError("measure() marks a chapter, and there is none yet; call before(loss) first")
        for name, thing in numbers.items():
            point = thing.data if isinstance(thing, Value) else number(thing, f"measure({name}=...)")
            self._curves.setdefault(name, {})[len(self) - 1] = point

    # ------------------------------------------------------------ about the whole

    def curve(self, name: str, values: Iterable[float | None]) -> None:
        """Draws a whole curve at once, in place of what was measured under its name.

        Args:
            name: what it is called; any text.
            values: one for each chapter until now, None where it is not known.
        Raises:
            InputError: not one value a chapter.
            OperandError: a value is no number, or the name not text.
        """
        text(name, "the name of a curve")
        points = list(values)
        if len(points) != len(self):
            raise InputError(f"the curve {name!r:.60} has {len(points)} values for {len(self)} chapters; give one each")
        found = enumerate(points)
        self._curves[name] = {at: number(point, f"curve({name!r:.60})") for at, point in found if point is not None}

    def divide(
        self,
        points: Iterable[tuple[float, float, int]],
        scores: Iterable[Sequence[float] | None],
        *,
        labels: Iterable[str],
        x: tuple[float, float],
        y: tuple[float, float],
        columns: int,
        rows: int,
        names: tuple[str, str] = ("x0", "x1"),
        classes: bool = False,
    ) -> None:
        """Shows how a model of two inputs divides their plane, chapter by chapter.

        Args:
            points: the data: the two inputs, and an index into `labels`.
            scores: for each chapter a number a cell, the lowest row first; None where they are as in the one before.
                Above 0 is the second label; or, with `classes`, the number is the label's index.
            labels: the classes' names.
            x: the lowest and the highest first input shown.
            y: likewise the second.
            columns: how many cells there are from left to right, at least 1.
            rows: how many there are from the bottom to the top, at least 1.
            names: what the inputs are called.
            classes: the scores are labels' indices.
        Raises:
            InputError: the lengths do not fit, a range is empty, or a range or a point is not finite.
            OperandError: a name or a label is not text.
        """
        grids = tuple(None if grid is None else tuple(grid) for grid in scores)
        self._plane = Plane(names, x, y, columns, rows, tuple(points), tuple(labels), grids, classes)

    @property
    def story(self) -> Story:
        """What has been recorded until now.

        Raises:
            InputError: no chapter has been recorded, or none that depends on a parameter.
        """
        if not len(self):
            raise InputError("nothing has been recorded; call before(loss) in the loop, before loss.backward()")
        self._close()
        if not any(self._used(chapter) & {*chapter.parameters} for chapter in self._chapters):
            raise InputError(
                f"no loss that was recorded depends on any of the {len(self._parameters)} parameters; make the "
                "TrainingRecorder from the parameters of the model that is trained"
            )
        curves = [Curve(name, tuple(map(at.get, range(len(self))))) for name, at in self._curves.items()]
        return Story(tuple(self._chapters), title=self.title, curves=tuple(curves), plane=self._plane)

    def step(self) -> Stepper:
        """Returns what has been recorded, to be stepped through; where a line is asked for, a parameter does as well.

        Raises:
            InputError: no chapter has been recorded.
        """
        from .stepper import Stepper

        return Stepper(self.story, parameters=self._parameters)

    def __repr__(self) -> str:
        return f"<TrainingRecorder: {len(self)} chapters, {len(self._parameters)} parameters>"

    def _close(self) -> None:
        if self._open is not None:
            self._chapters.append(self._open.updated(parameter.data for parameter in self._parameters))
            self._open = None

    def _require_parameters(self, chapter: Chapter) -> None:
        """Raises InputError if parameters were replaced by others of the same name since the recorder was made."""
        lines, used = chapter.tape.lines, self._used(chapter)
        idle = {lines[line].name for line in chapter.parameters if line not in used} - {""}
        for line in used & {*chapter.tape.leaves} - {*chapter.parameters}:
            if lines[line].name in idle:
                raise InputError(
                    f"the loss depends on a parameter {lines[line].name!r} that is not the one of this name which the "
                    "recorder was made with; make a new TrainingRecorder from model.parameters()"
                )

    @staticmethod
    def _used(chapter: Chapter) -> set[int]:
        return {operand for line in chapter.tape.lines for operand in line.operands} | {chapter.root}
