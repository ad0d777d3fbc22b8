"""The Jupyter widget: the stepper's ES module behind four traits that browser and kernel share.

Its output holds the still picture as well: GitHub, nbconvert and a notebook without its kernel run no widgets.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from .bundle import bundle, style

__all__ = ["widget_class"]

_VIEW = "application/vnd.jupyter.widget-view+json"


@cache
def widget_class() -> Any:
    """Returns the widget's class; made on first use, as anywidget is an extra.

    Raises:
        ImportError: anywidget is not installed; the message says how to.
    """
    try:
        import anywidget
        import traitlets
    except ImportError as error:
        raise ImportError(
            f"the stepper's widget needs anywidget ({error}); pip install 'autograd-lite[widget]', or write a page "
            "with stepper.to_html(path)"
        ) from error

    class StepperWidget(anywidget.AnyWidget):  # type: ignore[misc]  # anywidget is an extra, so mypy knows no class
        """Shows a story; `position` and `selected` change on both sides.

        Args:
            story: the document, as JSON.
            position: how many events have happened.
            selected: a line, or -1.
            theme: "auto", "light" or "dark".
            still: makes what is shown where no widget runs, by media type.
        """

        _esm = bundle()
        _css = style()
        story = traitlets.Unicode("").tag(sync=True)
        position = traitlets.Int(0).tag(sync=True)
        selected = traitlets.Int(-1).tag(sync=True)
        theme = traitlets.Unicode("auto").tag(sync=True)

        def __init__(self, *, still: Callable[[], dict[str, Any]] = dict, **traits: Any) -> None:
            super().__init__(**traits)
            self._still = still

        def _repr_mimebundle_(self, **options: Any) -> tuple[dict[str, Any], dict[str, Any]]:
            shown = super()._repr_mimebundle_(**options) or {}
            data, metadata = shown if isinstance(shown, tuple) else (shown, {})
            return {**data, **self._still(), _VIEW: data[_VIEW]}, metadata

    return StepperWidget
