"""The laboratory itself: all mistakes, or one, on paper and as a page."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from autograd_lite.errors import InputError
from autograd_lite.recording import record
from autograd_lite.stepper.document import document_of, plain
from autograd_lite.tape import Tape
from autograd_lite.value import Value
from autograd_lite.view.labels import figure, table
from autograd_lite.view.skeleton import OnePage

from .comparison import Comparison
from .mistake import Mistake
from .mistakes import MISTAKES

__all__ = ["Laboratory", "laboratory"]

_TITLE = "Wrong backpropagation, at work"
_INTRODUCTION = (
    "Each of these mistakes is real code, run on the smallest graph where it shows. On the left the engine, on the "
    "right the wrong program, both at the first event that differs."
)


def laboratory(name: str | None = None) -> Laboratory:
    """Returns the laboratory of wrong backpropagation: all mistakes, or the one of that name.

    Args:
        name: "assign", "order", "stale", "zero_grad", "max_shift", "activation" or "mutated".
    Raises:
        InputError: there is no such mistake.
    Example:
        >>> x = Value(3.0, name="x")
        >>> print(laboratory("assign").on(x * x * x))
        = in place of +=
           right  wrong
        x  27     9      differs
    """
    found = tuple(mistake for mistake in MISTAKES if name in (None, mistake.name))
    if not found:
        known = ", ".join(mistake.name for mistake in MISTAKES)
        raise InputError(f"the laboratory has no mistake called {name!r:.60}; it has {known}")
    return Laboratory(found)


class Laboratory(OnePage):
    """Mistakes to be looked at, in order.

    Args:
        mistakes: at least one.
    """

    def __init__(self, mistakes: tuple[Mistake, ...]) -> None:
        self.mistakes = mistakes

    def on(self, value: Value) -> Comparison:
        """Returns what the mistake makes of a graph; the graph stays as it is.

        Args:
            value: the root.
        Raises:
            InputError: there are several mistakes.
            OperandError: it is not a Value.
            ArithmeticFault: for "zero_grad", the first step leads to where the computation is undefined.
        """
        if len(self) > 1:
            names = ", ".join(mistake.name for mistake in self)
            raise InputError(f"on(value) shows one mistake, and here are {len(self)}; choose laboratory(name): {names}")
        return self.mistakes[0].on(value)

    def __getitem__(self, name: str) -> Mistake:
        for mistake in self.mistakes:
            if mistake.name == name:
                return mistake
        raise KeyError(name)

    def __iter__(self) -> Iterator[Mistake]:
        return iter(self.mistakes)

    def __len__(self) -> int:
        return len(self.mistakes)

    def __repr__(self) -> str:
        return f"<Laboratory: {', '.join(mistake.name for mistake in self)}>"

    def __str__(self) -> str:
        if len(self) == 1:
            return str(self.mistakes[0])
        rows: list[tuple[str, ...]] = [("", "smallest graph", "gradient", "right", "wrong")]
        for mistake in self:
            gradient, *_ = mistake.comparison.gradients
            rows.append((mistake.name, _formula(mistake.smallest()), gradient.name, *map(figure, gradient[1:])))
        titles = [(mistake.name, mistake.title) for mistake in self]
        return f"{table(rows)}\n\n{table(titles)}"

    def to_json(self) -> str:
        """Returns the laboratory as JSON, for a browser."""
        document = {
            "format": "autograd-lite laboratory",
            "version": 1,
            "title": _TITLE,
            "introduction": _INTRODUCTION,
            "mistakes": [_document(mistake) for mistake in self],
        }
        return json.dumps(document, allow_nan=False, separators=(",", ":"))

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:  # noqa: ARG002  # Jupyter's
        from autograd_lite.stepper.page import to_iframe

        return {"text/html": to_iframe(self._page(), title=_TITLE), "text/plain": str(self)}

    def _page(self) -> str:
        from autograd_lite.stepper.page import document_to_html

        return document_to_html(self.to_json(), title=_TITLE if len(self) > 1 else self.mistakes[0].title)


def _document(mistake: Mistake) -> dict[str, Any]:
    codes = {"wrong": mistake.wrong_code.split("\n"), "right": mistake.right_code.split("\n")}
    words = {which: [line.strip() for line in code] for which, code in codes.items()}
    story = document_of(mistake.right)
    story["compare"] = {
        "story": document_of(mistake.wrong),
        "titles": ["right", "wrong"],
        "first": list(mistake.first),
    }
    return {
        "name": mistake.name,
        "title": mistake.title,
        "code": {which: "\n".join(code) for which, code in codes.items()},
        "marked": {
            which: [number for number, line in enumerate(words[which]) if line and line not in words[other]]
            for which, other in (("wrong", "right"), ("right", "wrong"))
        },
        "why": mistake.why,
        "harmless": mistake.harmless_when,
        "size": mistake.size,
        "gradients": [[g.name, plain(g.right), plain(g.wrong)] for g in mistake.comparison.gradients],
        "story": story,
    }


def _formula(root: Value) -> str:
    """Returns a small graph as the assignments that made it."""
    tape = record(root)
    named = Tape(tuple(replace(v, name=figure(v.data)) if v.constant else v for v in tape.lines), tape.outputs)
    return "; ".join(f"{named.label(v.index)} = {named.formula(v.index)}" for v in named.lines if v.rule)
