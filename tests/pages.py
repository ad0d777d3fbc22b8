"""The stepper's exported page in a reader's hands: opened from its file, offline, by keys, clicks and what is shown."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from browser import Visit

from autograd_lite.stepper.page import to_html
from autograd_lite.stepper.player import Player
from autograd_lite.stepper.story import Story
from autograd_lite.stepper.telling import Teller
from autograd_lite.view.labels import figure

_ROWS = """() => [...document.querySelectorAll(".al-outline tbody tr:not(.al-box-row)")].map((row) => {
  const cells = [...row.cells].map((cell) => cell.textContent);
  return [row.querySelector(".al-link, span").textContent, cells[2], cells[3]];
})"""
_EXACT = """() => [...document.querySelectorAll(".al-outline tbody tr:not(.al-box-row)")].map((row) =>
  [row.cells[2].title, row.cells[3].title])"""
_CARDS = """() => [...document.querySelectorAll(".al-card:not(.al-constant, .al-piece, .al-rest)")].map((card) => [
  card.dataset.node, card.querySelector(".al-value").textContent, card.querySelector(".al-grad").textContent,
])"""


class Reader(Visit):
    """Somebody who reads a page: does what people do, and sees what is there."""

    @property
    def count(self) -> str:
        """What the toolbar says: "6 of 9"."""
        return self.page.inner_text(".al-count")

    @property
    def position(self) -> int:
        """How many events have happened."""
        return int(self.count.split(" of ")[0].replace(",", ""))

    @property
    def sentence(self) -> str:
        """What the step panel says."""
        return self.page.text_content(".al-sentence")

    @property
    def rows(self) -> list[list[str]]:
        """Name, value and gradient of everything in the outline."""
        return self.evaluate(_ROWS)

    @property
    def cards(self) -> list[list[str]]:
        """Id, value and gradient of everything in the picture."""
        return self.evaluate(_CARDS)

    @property
    def exact(self) -> list[list[float | None]]:
        """Value and gradient of everything in the outline in full, which are the titles of the shown ones."""
        return [[float(title) if title else None for title in row] for row in self.evaluate(_EXACT)]

    @property
    def selected(self) -> str | None:
        """The name of the selected value."""
        pressed = self.page.query_selector(".al-outline [aria-pressed=true]")
        return pressed and pressed.text_content()

    def press(self, *keys: str) -> None:
        """Presses keys, one after the other."""
        for key in keys:
            self.page.keyboard.press(key)

    def click(self, name: str, role: str = "button") -> None:
        """Clicks what screen readers call so."""
        self.page.get_by_role(role, name=name, exact=True).first.click()

    def select(self, name: str) -> None:
        """Clicks a name in the outline, and gives the keys back to the stepper."""
        self.page.locator(".al-outline").get_by_role("button", name=name, exact=True).click()
        self.page.focus(".autograd-lite")

    def number(self, selector: str) -> float:
        """What the browser knows of a number in full; it is the title of where four digits are shown."""
        return float(self.page.get_attribute(selector, "title"))


@contextmanager
def opened(browser: Any, path: Any, *, tidy: bool = True, **options: Any) -> Iterator[Reader]:
    """Opens a page from its file, without a network; afterwards nothing may have been asked for or gone wrong.

    Args:
        browser: what `chromium` yields.
        path: of the file.
        tidy: whether requests and errors make the test fail.
        options: of the context, such as `viewport` and `color_scheme`.
    """
    context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **options})
    try:
        context.set_offline(True)
        context.set_default_timeout(10_000)
        reader = Reader(context.new_page())
        page, address = reader.page, path.as_uri()
        page.on("request", lambda request: request.url != address and reader.asked.append(request.url))
        page.on("pageerror", lambda error: reader.errors.append(str(error)))
        page.on("console", lambda said: said.type in ("error", "warning") and reader.errors.append(said.text))
        page.on("dialog", lambda dialog: (reader.errors.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        page.goto(address)
        _wait(reader)
        yield reader
        if tidy:
            assert reader.asked == []
            assert reader.errors == []
    finally:
        context.close()


def _wait(reader: Reader) -> None:
    """Waits until something is shown; says what went wrong where nothing is."""
    try:
        reader.page.wait_for_selector(".al-shell, .al-complaint, svg, table", state="attached", timeout=10_000)
    except Exception as error:
        raise AssertionError(f"the page stays empty; it said {reader.errors or 'nothing'}") from error
    complaint = reader.page.locator(".al-complaint")
    assert complaint.count() == 0, complaint.inner_text()


@contextmanager
def reading(browser: Any, folder: Any, story: Story, **options: Any) -> Iterator[Reader]:
    """Writes a story's page, and opens it."""
    path = folder / "story.html"
    path.write_text(to_html(story), encoding="utf-8")
    with opened(browser, path, **options) as reader:
        yield reader


# ---------------------------------------------------------------- what Python says should be shown


def rows_at(story: Story, position: int) -> list[list[str]]:
    """Returns what an outline of all lines must show."""
    player = Player(story).go(position)
    names = Teller(player.chapter).names
    return [[name, *_numbers(player, line)] for line, name in enumerate(names)]


def cards_at(story: Story, position: int) -> list[list[str]]:
    """Returns what the cards of all lines must show; those of constants show no number but their own."""
    player = Player(story).go(position)
    lines = [line.index for line in player.chapter.tape.lines if not line.constant]
    return [[f"v{line}", *_numbers(player, line)] for line in lines]


def _numbers(player: Player, line: int) -> tuple[str, str]:
    value, adjoint = player.value(line), player.adjoint(line)
    constant = player.chapter.tape.lines[line].constant
    return _text(value), "" if constant else _text(adjoint)


def _text(number: float | None) -> str:
    return "–" if number is None else figure(number)


def close(ours: float | None, theirs: float | None) -> bool:
    """Whether two numbers agree to 1e-12, relatively; nan agrees with nan, and none with none."""
    if ours is None or theirs is None or ours != ours or theirs != theirs:
        return str(ours) == str(theirs)
    return ours == theirs or abs(ours - theirs) <= 1e-12 * max(abs(ours), abs(theirs))
