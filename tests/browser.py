"""A Chromium for the tests that need one: without a network, and with a list of whatever it asked for."""

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

SITE = "http://stepper.test/"  # answered by the test itself; no such host is ever looked up
SOURCES = Path(__file__).parent.parent / "autograd_lite" / "stepper" / "browser"

_COMMANDS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
_PLACES = (
    "/snap/bin/chromium",
    "/opt/google/chrome/chrome",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "C:/Program Files/Google/Chrome/Application/chrome.exe",
    "C:/Program Files (x86)/Microsoft/Edge/Application/msedge.exe",
)
_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--no-first-run",
)
_TYPES = {".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".json": "application/json"}


def find_chromium() -> str | None:
    """Returns the path of a browser of Chromium's family, None if there is none in the usual places."""
    found = filter(None, map(shutil.which, _COMMANDS))
    return next(found, None) or next(filter(os.path.exists, _PLACES), None)


def missing(reason: str) -> None:
    """Skips the test; where CI is set, the browser has been promised, so its lack is a failure."""
    if os.environ.get("CI"):
        pytest.fail(f"{reason}, and CI is set")
    pytest.skip(reason)


@contextmanager
def chromium() -> Iterator[Any]:
    """Runs a browser, as playwright's `Browser`; skips the test, or under CI fails it, if there is none.

    Close it before anything else in this process uses asyncio: playwright keeps a loop running meanwhile.
    """
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        missing("playwright is not installed")
    path = find_chromium()
    if path is None:
        missing("no Chromium in the usual places")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(_FLAGS))
        try:
            yield browser
        finally:
            browser.close()


@dataclass
class Visit:
    """A page on which a test works.

    Args:
        page: playwright's.
        asked: the addresses that the page asked for but was not given; all have been refused.
        errors: what went wrong in its scripts, and errors and warnings written to the console.
    """

    page: Any
    asked: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def evaluate(self, script: str, argument: Any = None) -> Any:
        """Returns what a JavaScript function makes of an argument."""
        return self.page.evaluate(script, argument)


@contextmanager
def visit(browser: Any, files: Mapping[str, str], **options: Any) -> Iterator[Visit]:
    """Opens `index.html` of some files in a context of its own; anything else it asks for is noted and refused.

    Args:
        browser: what `chromium` yields.
        files: text by name; "index.html" is opened.
        options: of the context, such as `viewport` and `reduced_motion`.
    """
    context = browser.new_context(**options)
    try:
        visited = Visit(context.new_page())

        def answer(route: Any) -> None:
            name = route.request.url.removeprefix(SITE) or "index.html"
            if name in files:
                route.fulfill(body=files[name], content_type=f"{_TYPES[Path(name).suffix]}; charset=utf-8")
            else:
                visited.asked.append(route.request.url)
                route.abort()

        context.route("**/*", answer)
        visited.page.on("pageerror", lambda error: visited.errors.append(str(error)))
        visited.page.on("console", lambda said: said.type in ("error", "warning") and visited.errors.append(said.text))
        visited.page.goto(SITE + "index.html")
        context.set_offline(True)
        yield visited
    finally:
        context.close()


@contextmanager
def modules(browser: Any, *names: str) -> Iterator[Visit]:
    """Opens an empty page with everything that some of the stepper's modules export, as `window.model`.

    The sources are served as they are: so they are tested as the modules that they are, each with its own imports.

    Example:
        with chromium() as browser, modules(browser, "numbers") as page:
            page.evaluate("(number) => model.figure(number)", 0.25)
    """
    imports = "\n".join(f'import * as {name} from "./{name}.js";' for name in names)
    everything = ", ".join(f"...{name}" for name in names)
    script = f"{imports}\nwindow.model = {{ {everything} }};"
    files = {path.name: path.read_text(encoding="utf-8") for path in SOURCES.glob("*.js")}
    page = '<!DOCTYPE html><meta charset="utf-8"><link rel="icon" href="data:,"><script type="module" src="main.js">'
    with visit(browser, {**files, "main.js": script, "index.html": f"{page}</script>"}) as visited:
        visited.page.wait_for_function("window.model !== undefined", timeout=20_000)
        yield visited
