"""A view as a file; the suffix picks the format."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

from autograd_lite.errors import InputError
from autograd_lite.files import path_of, write_whole

from .dot_layout import run_dot

if TYPE_CHECKING:
    from .graph import GraphView

__all__ = ["FORMATS", "render"]

FORMATS: dict[str, Callable[[GraphView, str], str | bytes]] = {
    ".dot": lambda view, _: view.source,
    ".svg": lambda view, engine: view.svg(engine=engine),
    ".html": lambda view, engine: view.html(engine=engine),
    ".txt": lambda view, _: view.text + "\n",
    ".png": lambda view, _: run_dot(view.source, "png"),
    ".pdf": lambda view, _: run_dot(view.source, "pdf"),
}
"""Suffix -> what writes it; the last two need Graphviz's program."""


def render(view: GraphView, path: str | os.PathLike[str], *, engine: str = "auto") -> None:
    """Writes the picture to a file; see `GraphView.render`."""
    target = path_of(path)
    make = FORMATS.get(target.suffix.lower())
    if make is None:
        known = ", ".join(FORMATS)
        raise InputError(f"render({str(path)!r:.80}): the suffix {target.suffix!r} is not a format; use one of {known}")
    write_whole(target, make(view, engine))
