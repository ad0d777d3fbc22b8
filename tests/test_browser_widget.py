"""The widget where people use it: in a real JupyterLab and a real Notebook 7, with a real kernel behind it."""

import re

import pytest
from lab import PATIENCE, Notebook, jupyter

from autograd_lite import step

pytestmark = pytest.mark.slow

SHOW = """
from autograd_lite import step
def neuron(w, x, b):
    return (w * x + b).tanh()
stepper = step(neuron, 0.5, 2.0, b=-1.0)
stepper
""".strip()
WITHOUT = f'import sys\nsys.modules["anywidget"] = None\n{SHOW}'
CELLS = [
    SHOW,
    "print(stepper.position, stepper.selected)",
    "stepper.position = 5\nprint('moved')",
    "print('below')\n" * 30,
]


def events():
    return len(step(lambda w, x, b: (w * x + b).tanh(), 0.5, 2.0, -1.0).story)


@pytest.fixture(scope="module", params=["lab", "notebook"])
def server(request, tmp_path_factory):
    with jupyter(request.param, tmp_path_factory.mktemp(request.param)) as running:
        yield running


@pytest.fixture
def notebook(browser):
    context = browser.new_context(viewport={"width": 1400, "height": 900})
    context.set_default_timeout(PATIENCE)
    try:
        yield Notebook(context.new_page())
    finally:
        context.close()


def stands_at(page, position):
    """Waits until the stepper shows a position."""
    script = "(n) => document.querySelector('.al-count').innerText.startsWith(`${n} of`)"
    page.wait_for_function(script, arg=position, timeout=20_000)


def test_keys_move_the_stepper_and_not_the_notebook_and_the_kernel_hears_and_speaks(server, notebook):
    notebook.open(server, "widget.ipynb", CELLS)
    notebook.run(0)
    page, root = notebook.page, notebook.page.locator(".autograd-lite")
    root.wait_for()
    count = root.locator(".al-count")
    assert count.inner_text() == f"0 of {events()}"
    root.locator(".al-sentence").click()
    root.focus()
    before = notebook.active(), notebook.scrolled()
    for position in (1, 2, 3):
        page.keyboard.press("ArrowRight")
        page.wait_for_function(
            "(n) => document.querySelector('.al-count').innerText.startsWith(`${n} of`)", arg=position
        )
    assert (notebook.active(), notebook.scrolled()) == before
    for key, position in (("ArrowLeft", 2), ("End", events()), ("Home", 0), ("b", 5), ("ArrowLeft", 4)):
        page.keyboard.press(key)
        assert count.inner_text() == f"{position} of {events()}", key
    assert (notebook.active(), notebook.scrolled()) == before
    assert page.locator(".jp-Notebook .jp-CodeCell").count() == len(CELLS)  # b, f and others make or delete no cells
    root.get_by_role("button", name="w", exact=True).first.click()
    for _ in range(5):  # the page tells the kernel within moments, so the second time at the latest
        notebook.run(1)
        if notebook.printed(1) == "4 0":
            break
    assert notebook.printed(1) == "4 0"
    notebook.run(2)
    stands_at(page, 5)
    assert notebook.ours == []


def test_the_theme_follows_the_notebook(server, notebook):
    notebook.open(server, "theme.ipynb", CELLS)
    notebook.run(0)
    root = notebook.page.locator(".autograd-lite")
    root.wait_for()
    assert root.get_attribute("data-theme") == "light"
    notebook.page.evaluate("() => document.body.setAttribute('data-jp-theme-light', 'false')")
    notebook.page.wait_for_selector(".autograd-lite[data-theme=dark]")
    assert notebook.ours == []


def test_without_anywidget_the_page_in_a_frame_does_the_same(server, notebook):
    notebook.open(server, "frame.ipynb", [WITHOUT, "print('below')"])
    notebook.run(0)
    frame = notebook.page.frame_locator(".jp-OutputArea iframe")
    root = frame.locator(".autograd-lite")
    root.wait_for()
    root.focus()
    before = notebook.active(), notebook.scrolled()
    notebook.page.keyboard.press("ArrowRight")
    notebook.page.keyboard.press("ArrowRight")
    assert re.match("2 of", frame.locator(".al-count").inner_text())
    assert (notebook.active(), notebook.scrolled()) == before
    assert notebook.ours == []
