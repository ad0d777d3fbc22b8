"""Takes the README's picture of the stepper, docs/stepper.png: `make picture`. Needs playwright and a Chromium."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from autograd_lite import Value, step

__all__ = ["neuron"]


def neuron(w: Value, x: Value, b: Value) -> Value:
    """Returns what the picture shows."""
    product = w * x
    total = product + b
    return total.tanh()


def main() -> None:
    """Opens the stepper in the middle of the backward pass, and photographs it."""
    browsers = ("chromium", "chromium-browser", "google-chrome")
    found = next(path for name in browsers if (path := shutil.which(name)))
    stepper = step(neuron, 0.5, 2.0, b=-0.3, title="One neuron: tanh(w * x + b)")
    stepper.position = 8
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        page_file = Path(folder) / "neuron.html"
        stepper.to_html(page_file)
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.goto(page_file.as_uri())
        page.screenshot(path=Path(__file__).parent / "stepper.png")
        browser.close()


if __name__ == "__main__":
    main()
