"""What every page has that stands alone: title, style, and a policy that lets nothing in; and how one is written.

The content security policy names the page's own style sheet and script by their hashes, and allows nothing else: no
network, no other script, whatever a name or a title says.
"""

from __future__ import annotations

import base64
import hashlib
import os
from typing import overload

from autograd_lite.errors import InputError
from autograd_lite.files import path_of, write_whole

from .labels import xml

__all__ = ["OnePage", "page", "require_page"]


def page(title: str, body: str, *, style: str, script: str = "") -> str:
    """Returns a page.

    Args:
        title: any text.
        body: what is in it, as HTML.
        style: its style sheet.
        script: a module that runs when everything is there; "" for a page that runs nothing.
    Example:
        >>> print(page("A <page>", "<p>text</p>", style="p { margin: 0; }"))
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'sha256-...'; ...">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>A &lt;page&gt;</title>
        <style>p { margin: 0; }</style>
        </head>
        <body>
        <p>text</p>
        </body>
        </html>
    """
    policy = ["default-src 'none'", f"style-src '{_digest(style)}'", "base-uri 'none'", "form-action 'none'"]
    if script:
        policy.insert(1, f"script-src '{_digest(script)}'")
        body = f'{body}\n<script type="module">{script}</script>'
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{"; ".join(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{xml(title)}</title>
<style>{style}</style>
</head>
<body>
{body}
</body>
</html>
"""


def require_page(path: str | os.PathLike[str]) -> None:
    """Raises InputError unless a path is named as a page is."""
    if (suffix := path_of(path).suffix).lower() not in (".html", ".htm"):
        raise InputError(f"{path_of(path).name!r:.80}: the suffix {suffix!r} is not a page's; name it .html")


class OnePage:
    """What can be written as a page of its own; whoever inherits says in `_page` what is on it."""

    def _page(self) -> str:
        raise NotImplementedError

    @overload
    def to_html(self) -> str: ...
    @overload
    def to_html(self, path: str | os.PathLike[str]) -> None: ...
    def to_html(self, path: str | os.PathLike[str] | None = None) -> str | None:
        """Writes one page with everything in it, which fetches nothing; or returns it, if there is no path.

        Args:
            path: an .html file in a folder that exists, written whole or not at all.
        Raises:
            InputError: it is no path, or the suffix is not .html.
            OSError: the folder does not exist or cannot be written to.
        """
        if path is None:
            return self._page()
        require_page(path)
        write_whole(path, self._page())
        return None


def _digest(text: str) -> str:
    """Returns a text's hash, in the form of a content security policy."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
