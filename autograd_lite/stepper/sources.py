"""The reader's own program around the lines that made the nodes, as it is to be shown beside a picture."""

from __future__ import annotations

import linecache
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from autograd_lite.markup import printable

if TYPE_CHECKING:
    from autograd_lite.faults import Place

__all__ = ["Window", "spots_of", "windows_of"]

_CONTEXT, _GAP, _MOST, _WIDEST = 2, 5, 60, 240  # lines around; lines between that join; lines of a window; columns


class Window(NamedTuple):
    """Some lines of a file.

    Args:
        file: what a reader calls it.
        first: the number of the first line, from 1.
        text: the lines.
    """

    file: str
    first: int
    text: tuple[str, ...]


def spots_of(places: Sequence[Place | None]) -> dict[str, Any]:
    """Returns where lines of a tape were made, as a document has it: "sources", "spots" and "spot".

    Args:
        places: one for each line, None where it is not known.
    """
    number = {place: i for i, place in enumerate(dict.fromkeys(place for place in places if place))}
    windows, window = windows_of(number)
    return {
        "sources": [window._asdict() for window in windows],
        "spots": [[window[place], place.line] for place in number],
        "spot": [-1 if place is None else number[place] for place in places] if number else [],
    }


def windows_of(places: Iterable[Place]) -> tuple[list[Window], dict[Place, int]]:
    """Returns the lines around places, those near each other in one window, and the window of each place.

    A place whose file cannot be read, or is another by now, has a window of its one line.
    """
    files: dict[tuple[str, str], list[Place]] = {}
    for place in places:
        files.setdefault((place.path, place.file), []).append(place)
    windows: list[Window] = []
    window: dict[Place, int] = {}
    for (path, file), inside in files.items():
        program = linecache.getlines(path) if path else []
        stretch: list[Place] = []
        for place in sorted(inside, key=lambda place: place.line):
            if program[place.line - 1 : place.line] and program[place.line - 1].strip() == place.text:
                if stretch and not _joins(stretch, place):
                    windows.append(_around(file, program, stretch, windows))
                    stretch = []
                stretch.append(place)
                window[place] = len(windows)
        if stretch:
            windows.append(_around(file, program, stretch, windows))
        for place in inside:
            if place not in window:
                window[place] = len(windows)
                windows.append(Window(printable(file), place.line, (_shown(place.text),)))
    return windows, window


def _joins(stretch: Sequence[Place], place: Place) -> bool:
    near = place.line - stretch[-1].line <= 2 * _CONTEXT + _GAP
    return near and place.line - stretch[0].line + 2 * _CONTEXT < _MOST


def _around(file: str, program: Sequence[str], stretch: Sequence[Place], before: Sequence[Window]) -> Window:
    first, stop = max(stretch[0].line - _CONTEXT, 1), min(stretch[-1].line + _CONTEXT, len(program)) + 1
    if before and before[-1].file == printable(file):
        first = max(first, min(before[-1].first + len(before[-1].text), stretch[0].line))  # shows no line twice
    while not program[first - 1].strip():  # the lines of the places are not blank
        first += 1
    while not program[stop - 2].strip():
        stop -= 1
    return Window(printable(file), first, tuple(_shown(line) for line in program[first - 1 : stop - 1]))


def _shown(line: str) -> str:
    return printable(line.rstrip("\r\n").expandtabs(4)[:_WIDEST])
