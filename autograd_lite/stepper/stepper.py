"""`Stepper`: a story and a cursor in it, for Jupyter, for a file, for the terminal; `step` makes one of a function.

>>> def neuron(w, x, b):
...     return (w * x + b).tanh()
>>> stepper = step(neuron, 0.5, 2.0, b=-1.0)
>>> stepper
<Stepper: neuron, 0 of 9 events>
>>> stepper.position = 2
>>> print(stepper)
2 of 9  forward 2 of 3  neuron
v4 = v2 + b = 1 + (-1) = 0
line ...
  v2  value 1   gradient not computed  0 of 1
  b   value -1  gradient not computed  0 of 1
→ v4  value 0   gradient not computed  0 of 1
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any, Self

from autograd_lite.context import recording, remember_places
from autograd_lite.errors import AutogradError, InputError
from autograd_lite.markup import printable
from autograd_lite.operands import shown, text
from autograd_lite.recording import flatten, trace
from autograd_lite.value import Value
from autograd_lite.view.skeleton import OnePage

from .arguments import called_with, title_of
from .chapter import chapter_of
from .player import Player
from .still import still
from .story import Story

__all__ = ["Stepper", "step"]


def step(
    function: Callable[..., Any] | Value, /, *arguments: Any, title: str | None = None, seed: Any = 1.0, **named: Any
) -> Stepper:
    """Calls a function with Values made of the numbers given, and returns all that happened, forward and backward.

    Every operation remembers its source line. A parameter that is not given keeps its default, a plain number; so does
    a number for counting or looking up, if the function given is one without it: `lambda x: loss(x, 3)`.

    Args:
        function: returns one Value; or a Value, computed before.
        arguments: numbers, also nested in lists, tuples, dicts and arrays, become Values named after the parameter:
            "x", "x[0]". Values and everything else are passed on as they are.
        title: what to call it; the function's name if None.
        seed: d root / d root, a real number.
        named: arguments by name. A parameter called `title` or `seed` is given by position.
    Raises:
        InputError: neither a function nor a Value; arguments that do not fit; a result that is not one Value.
        OperandError: the title is not text.
        ArithmeticFault: the function computes something undefined; inside `with ieee():` it is shown as nan.
    Example:
        >>> step(lambda x: x[0] * x[1], [3.0, 4.0]).last().adjoint(0)
        4.0
    """
    if title is not None:
        text(title, "the title of step(...)")
    note = ""
    if isinstance(function, Value):
        if arguments or named:
            raise InputError("step(value) takes no arguments: its numbers are in the graph; step(function, 1.0) calls")
        root, title = function, title or ""
    elif callable(function):
        title = title_of(function) if title is None else title
        root, note = _result(function, arguments, named)
    else:
        raise InputError(
            f"step({shown(function)}): a {type(function).__name__} has no steps; give a function and its arguments, "
            "or a Value"
        )
    chapter = replace(chapter_of(root, title=title, seed=seed), note=note)
    return Stepper(Story((chapter,), title=title), root=root)


def _result(function: Callable[..., Any], arguments: tuple[Any, ...], named: dict[str, Any]) -> tuple[Value, str]:
    """Returns what a function makes of its arguments, and what a reader has to know about it."""
    by_position, by_name = called_with(function, arguments, named)
    given = flatten((by_position, by_name))
    with remember_places(), recording():
        try:
            out = function(*by_position, **by_name)
        except TypeError as error:
            if not isinstance(error, AutogradError) and (advice := _advice(str(error), (*arguments, *named.values()))):
                error.add_note(advice)
            raise
    if not isinstance(out, Value):
        raise InputError(f"step({title_of(function) or 'function'}): {_no_result(function, out, given)}")
    leaves = {id(node) for node in trace((out,))[1]}
    reached = not given or any(id(value) in leaves for value in given)
    return out, "" if reached else _CUT


def _advice(said: str, given: Sequence[Any]) -> str:
    """Returns what to do about a TypeError that a function raised on Values; "" if nothing is known."""
    digits = [thing for thing in given if isinstance(thing, str) and thing.strip("+-. ")[:1].isdecimal()]
    if digits and "Value" not in said:
        return f"{shown(digits[0])} is text, which step() passes on as it is; give a number, as in float(...)"
    if "Value" not in said:
        return ""
    if "for ^" in said:
        return "^ is not a power in Python; write **"
    if "subscriptable" in said or "item assignment" in said:
        return "a number given to step() becomes one Value; give a list for what has elements: step(f, [0.5, 2.0])"
    return (
        "step() makes a Value of every number given; for one that counts or looks up, give a function without it, as "
        "in step(lambda x: f(x, 3), 0.5)"
    )


_CUT = (
    "no argument reaches the result, so it has no derivative by any of them: it was computed under no_grad(), from "
    ".data, or from other numbers; compute it from the arguments"
)


def _no_result(function: object, out: Any, given: Sequence[Value]) -> str:
    """Returns why something cannot be differentiated, and what to return in its place."""
    kind, several = type(out).__name__, flatten(out)
    if several:
        count = f"{len(several)} Value{'s'[: len(several) - 1]}"
        return f"it returned a {kind} of {count}; a sweep starts from one: return it, or their sum"
    if out is None:
        return "it returned None; end it with `return` and the Value to be differentiated"
    if inspect.isgenerator(out):
        return "it yields, and so has no one result; give a function that ends with `return`"
    if inspect.isawaitable(out):
        if inspect.iscoroutine(out):
            out.close()  # nobody will wait for it
        return "it is async, and has not computed anything yet; give a plain function"
    if isinstance(function, type):
        return f"it is a class, and made a {kind}; give a function, or what an instance of it computes"
    if not given:
        return f"it returned the {kind} {shown(out)}, and no argument is a number to become a Value; give floats"
    return (
        f"it returned the {kind} {shown(out)}, which has no derivative; return a Value, computed from the arguments "
        "without .data: v.sin() rather than math.sin(v.data)"
    )


class Stepper(Player, OnePage):
    """A player that is shown: Jupyter steps through it, `print` writes where it is, `to_html` a page that opens there.

    Whatever moves the player moves the browser, and the browser moves the player: there is one position.

    Args:
        story: what to step through.
        root: the Value it was made from, if there is one; then Values do where a line is asked for.
        parameters: the Values that the chapters' parameters are; likewise.
    """

    def __init__(self, story: Story, *, root: Value | None = None, parameters: Iterable[Value] = ()) -> None:
        super().__init__(story, root=root, parameters=parameters)
        self._selected: int | None = None
        self._widget: Any = None

    # ------------------------------------------------------------ where the reader is

    def go(self, position: int) -> Self:
        """Goes to where so many events have happened, and shows it.

        Raises:
            InputError: it is no whole number from 0 to the story's length.
        """
        super().go(position)
        if self._widget is not None:
            self._widget.position = self.position
        return self

    @property
    def selected(self) -> int | None:
        """The line whose numbers are looked at, None for none; set it to a line, its name, or a Value of the graph."""
        return self._selected if self._selected in range(len(self.chapter.tape)) else None

    @selected.setter
    def selected(self, new: int | str | Value | None) -> None:
        self._selected = None if new is None else self.line_of(new)
        if self._widget is not None:
            self._widget.selected = -1 if self._selected is None else self._selected

    # ------------------------------------------------------------ how it is shown

    def _page(self) -> str:
        from .page import to_html

        return to_html(self.story, position=self.position)

    def widget(self) -> Any:
        """Returns the Jupyter widget, the same one until it is closed; its position and selection are this stepper's.

        Raises:
            ImportError: anywidget is not installed.
        """
        if self._widget is None or self._widget.comm is None:  # there is none yet, or it has been closed
            from .document import to_json
            from .widget import widget_class

            chosen = -1 if self.selected is None else self.selected
            self._widget = widget_class()(
                story=to_json(self.story), position=self.position, selected=chosen, still=self._still
            )
            self._widget.observe(self._follow, ["position", "selected"])
        return self._widget

    def _follow(self, change: Any) -> None:
        """Goes where the browser went; what makes no sense here is put back."""
        new, lines = change["new"], max(len(chapter.tape) for chapter in self.story.chapters)
        if change["name"] == "selected" and -1 <= new < lines:  # perhaps of the chapter that it is about to show
            self._selected = new if new >= 0 else None
        elif change["name"] == "position" and 0 <= new <= len(self.story):
            self.go(new)
        else:
            self._widget.position = self.position
            self._widget.selected = -1 if self._selected is None else self._selected

    def _still(self) -> dict[str, Any]:
        """Returns what is shown where nothing can run, on GitHub or in print: the picture, its table, the tree."""
        bundle = still(self.chapter)._repr_mimebundle_()
        return {kind: bundle[kind] for kind in ("text/html", "text/plain")}  # the page has the picture in it

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Any:
        try:
            widget = self.widget()
        except ImportError:  # no anywidget: the same stepper, without a kernel behind it
            from .page import to_iframe

            bundle = self._still()
            picture = f"<details><summary>The graph as a picture</summary>{bundle['text/html']}</details>"
            return {**bundle, "text/html": f"{to_iframe(self.to_html())}\n{picture}"}
        return widget._repr_mimebundle_(include=include, exclude=exclude)

    def __copy__(self) -> Self:
        new = super().__copy__()
        new._widget = None
        return new

    def __repr__(self) -> str:
        title = printable(self.story.title)
        called = f"{title}, " if title else ""
        return f"<Stepper: {called}{self.position} of {len(self.story)} events>"
