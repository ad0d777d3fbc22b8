"""Modes that hold for a block of code: `no_grad`, `ieee`, `detect_anomaly`, `remember_places`.

Each is a context variable: it holds in the thread or task that entered it and nowhere else. Generated methods do not
look at context variables; they look at one shared hint, `careful`, which is true while any thread anywhere is inside a
mode. Only then does `apply` ask what holds here.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from typing import Any, NamedTuple

__all__ = ["Modes", "detect_anomaly", "hint", "ieee", "modes", "no_grad", "opened", "recording", "remember_places"]


class Modes(NamedTuple):
    """What holds in the current context."""

    record: bool = True
    ieee: bool = False
    anomaly: bool = False
    places: bool = False


_MODES: ContextVar[Modes] = ContextVar("autograd_lite.modes", default=Modes())  # noqa: B039  # a tuple: immutable
_LOCK = threading.Lock()
hint: dict[str, Any] = {"careful": 0, "tracing": 0}
"""The globals of the generated methods; `careful` counts the modes open in any thread, `tracing` the recordings."""


def modes() -> Modes:
    """Returns the modes of the current context."""
    return _MODES.get()


@contextmanager
def opened(what: str) -> Iterator[None]:
    """Counts one more block of a kind as open, for as long as it is."""
    with _LOCK:
        hint[what] += 1
    try:
        yield
    finally:
        with _LOCK:
            hint[what] -= 1


@contextmanager
def _mode(**changes: bool) -> Iterator[None]:
    token = _MODES.set(_MODES.get()._replace(**changes))
    try:
        with opened("careful"):
            yield
    finally:
        _MODES.reset(token)


def no_grad() -> Any:
    """Computes without recording: results are leaves, so nothing upstream is kept or differentiated.

    Example:
        >>> from autograd_lite import Value
        >>> w = Value(3.0)
        >>> with no_grad():
        ...     y = w * w
        >>> y.is_leaf
        True
    """
    return _mode(record=False)


def recording() -> Any:
    """Records again, inside a `no_grad`: for code that cannot do its work otherwise."""
    return nullcontext() if modes().record else _mode(record=True)


def ieee() -> Any:
    """Computes as IEEE 754 says, with inf and nan, where Python's floats would raise.

    Example:
        >>> from autograd_lite import Value
        >>> with ieee():
        ...     Value(0.0).log().data
        -inf
    """
    return _mode(ieee=True)


def detect_anomaly() -> Any:
    """Raises at the first operation, forward or backward, whose result is nan or infinite, and names it.

    Every operation also remembers the source line that made it. Slower; meant for the hunt, not for the run.

    Example:
        >>> from autograd_lite import Value
        >>> with detect_anomaly():
        ...     Value(1e200, name="a") * 1e200
        Traceback (most recent call last):
        ...
        autograd_lite.errors.NonFiniteError: mul of x = 1e+200 ('a'), y = 1e+200 is inf; line ...
    """
    return _mode(anomaly=True, places=True)


def remember_places() -> Any:
    """Lets every operation remember the source line that made it, for the stepper to show; raises nothing of its own.

    Example:
        >>> from autograd_lite import Value
        >>> with remember_places():
        ...     y = Value(3.0).exp()
        >>> print(y.more.place)
        line ... of ...
    """
    return _mode(places=True)
