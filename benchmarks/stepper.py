"""The stepper's page: how large it is, how fast it opens and steps, and what recording costs the engine.

    make bench            or:  python benchmarks/stepper.py --sizes 10 100 --no-gpt

The graphs are small nets of about so many nodes; the largest is one name through the GPT of `scalar_gpt.py`. The same
graph goes through Graphviz in the same run: what `dot` writes is a picture of one moment, the page has all of them.

In the browser, a step is timed from the key to the end of layout, painting excluded; what is printed is the median over
all events, or 300 spread evenly, with the quartiles around it. The engine is timed in two processes in turns, one that
has recorded with the stepper before and one that never imported it; ratios are taken within a round.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import scalar_gpt

import nn
from autograd_lite import Value, draw, step
from autograd_lite.stepper.page import document_to_html

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--no-first-run",
]
NAME = "georgia"  # of seven letters: about 60,000 nodes
MOST_DRAWN, PATIENCE = 2000, 120  # nodes that dot is given, seconds that it has

# One step as the reader feels it: the key, everything it changes, style and layout.
STEPS = """([key, most]) => {
  const root = document.querySelector(".autograd-lite");
  const slider = document.querySelector(".al-slider-track input");
  const press = (key) => root.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
  const length = Number(slider.max);
  const count = Math.min(most, length);
  return Array.from({ length: count }, (_, i) => Math.floor((i * length) / count)).map((place) => {
    slider.value = String(key === "ArrowLeft" ? place + 1 : place);
    slider.dispatchEvent(new Event("input"));
    document.body.getBoundingClientRect();
    const start = performance.now();
    press(key);
    document.body.getBoundingClientRect();
    return performance.now() - start;
  });
}"""
REWIND = """() => {
  const root = document.querySelector(".autograd-lite");
  const press = (key) => root.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
  press("End");
  document.body.getBoundingClientRect();
  const start = performance.now();
  press("Home");
  document.body.getBoundingClientRect();
  return performance.now() - start;
}"""
OPENED = """async () => {
  await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  return performance.getEntriesByType("navigation")[0].loadEventEnd;
}"""
OPEN_PIECES = """(pieces) => {
  const start = performance.now();
  const seen = [];
  for (const piece of pieces) {
    const button = document.querySelector(`.al-toggle[data-toggle="${piece}"][aria-expanded=false]`);
    button?.dispatchEvent(new MouseEvent("click", { bubbles: true }));
    document.body.getBoundingClientRect();
    seen.push(document.querySelectorAll(".al-card").length);
  }
  return [performance.now() - start, seen];
}"""


def net(count: int) -> Value:
    """Returns the output of a net of two hidden layers, whose graph has about `count` nodes."""
    rng = random.Random(count)
    inputs = [Value(rng.uniform(-1, 1), name=f"x{i}") for i in range(2)]
    if count < 30:
        return (nn.Neuron(2, activation="tanh", rng=1))(inputs)
    width = next(w for w in range(1, 1000) if 2 * w * w + 13 * w >= count)
    out = nn.MLP(2, [width, width, 1], rng=1)(inputs)
    return out[0] if isinstance(out, list) else out


def gpt() -> Value:
    """Returns the loss of one name, in scalars."""
    return scalar_gpt.GPT(1).document_loss(scalar_gpt.tokenize(NAME))


class Export(NamedTuple):
    """A page on disk.

    Args:
        label: what it shows.
        value: its graph's root.
        path: where it is.
        nodes: of the graph, constants included.
        events: of the story.
        seconds: it took to compute the gradients, collect the story and write the page.
        document: the story as JSON.
    """

    label: str
    value: Value
    path: Path
    nodes: int
    events: int
    seconds: float
    document: dict[str, Any]


def exported(label: str, value: Value, folder: Path) -> Export:
    """Writes the page of a graph."""
    from autograd_lite.stepper.document import to_json

    path = folder / f"{label.replace(',', '')}.html"
    start = time.perf_counter()
    stepper = step(value, title=label)
    stepper.to_html(path)
    seconds = time.perf_counter() - start
    document = json.loads(to_json(stepper.story))
    return Export(label, value, path, len(stepper.story.chapters[0].tape), len(stepper.story), seconds, document)


def sizes(exports: Sequence[Export]) -> None:
    """Prints bytes and seconds of each page, and of what `dot` makes of the same graph."""
    empty = len(document_to_html("{}", title="").encode())
    print(f"program and styles, the same in each page: {empty:,} bytes\n")
    print(f"{'graph':<10} {'nodes':>7} {'events':>8} {'page':>12} {'story':>12} {'a node':>7} {'write':>9}", end="")
    print("   beside dot: svg, time, page/svg, write/time")
    for export in exports:
        page = export.path.stat().st_size
        story = page - empty
        print(f"{export.label:<10} {export.nodes:>7,} {export.events:>8,} {page:>12,} {story:>12,}", end=" ")
        print(f"{story / export.nodes:>7.1f} {export.seconds:>7.3f} s", end="   ")
        drawn = dotted(export)
        if isinstance(drawn, str):
            print(drawn)
        else:
            svg, seconds = drawn
            print(f"{svg:,} bytes, {seconds:.3f} s, {page / svg:.3g}, {export.seconds / seconds:.3g}")


def dotted(export: Export) -> tuple[int, float] | str:
    """Returns bytes and seconds of Graphviz's SVG of the whole graph, or why there is none."""
    program = shutil.which("dot")
    if program is None:
        return "no dot on PATH"
    if export.nodes > MOST_DRAWN:
        return "too large for dot"
    source = draw(export.value, fold=None).source
    start = time.perf_counter()
    try:
        done = subprocess.run(  # noqa: S603  # the program is Graphviz's, found on PATH
            [program, "-Tsvg"], input=source.encode(), capture_output=True, check=True, timeout=PATIENCE
        )
    except subprocess.TimeoutExpired:
        return f"dot gave up after {PATIENCE} s"
    return len(done.stdout), time.perf_counter() - start


# ---------------------------------------------------------------- in the browser


@contextmanager
def browser(path: str) -> Iterator[Any]:
    """Runs Chromium without a network."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=FLAGS)
        try:
            yield running
        finally:
            running.close()


@contextmanager
def page_of(running: Any, export: Export) -> Iterator[tuple[Any, float]]:
    """Opens a page; yields it, and the milliseconds from navigation until it stood there."""
    context = running.new_context(viewport={"width": 1280, "height": 900})
    context.set_offline(True)
    try:
        page = context.new_page()
        page.set_default_timeout(120_000)
        page.goto(export.path.as_uri())
        page.wait_for_selector(".al-shell", state="attached")
        yield page, page.evaluate(OPENED)
    finally:
        context.close()


def quartiles(numbers: Sequence[float]) -> str:
    """Returns "median [lower quartile, upper quartile]"."""
    low, middle, high = statistics.quantiles(numbers, n=4) if len(numbers) > 1 else 3 * [numbers[0]]
    return f"{middle:.2f} [{low:.2f}, {high:.2f}]"


def stepping(running: Any, exports: Sequence[Export], *, rounds: int, most: int) -> None:
    """Prints milliseconds to open, to step and to rewind."""
    print(
        f"\n{'graph':<10} {'events':>8} {'open ms':>22} {'step forward ms':>22} {'step back ms':>22} {'rewind ms':>22}"
    )
    for export in exports:
        opening, forward, back, rewind = [], [], [], []
        for number in range(rounds):
            with page_of(running, export) as (page, milliseconds):
                opening.append(milliseconds)
                rewind += [page.evaluate(REWIND) for _ in range(3)]
                if number == 0:
                    forward = page.evaluate(STEPS, ["ArrowRight", most])
                    back = page.evaluate(STEPS, ["ArrowLeft", most])
        print(
            f"{export.label:<10} {export.events:>8,}",
            *(f"{quartiles(each):>22}" for each in (opening, forward, back, rewind)),
        )


def opening_down(running: Any, export: Export) -> None:
    """Prints what it takes to get from the folded graph to one multiplication."""
    graph = export.document["graphs"][0]
    rules = [rule["name"] for rule in export.document["rules"]]
    pieces, home = graph["pieces"], graph["home"]
    paths = {}
    for line, rule in enumerate(graph["rules"]):
        if rule >= 0 and rules[rule] == "mul" and home[line] >= 0:
            path, at = [], home[line]
            while at >= 0:
                path.insert(0, at)
                at = pieces[at][1]
            paths[line] = path
    line = max(paths, key=lambda each: (len(paths[each]), each))
    with page_of(running, export) as (page, _):
        folded = page.locator(".al-card").count()
        milliseconds, cards = page.evaluate(OPEN_PIECES, paths[line])
        there = page.locator(f".al-card[data-node=v{line}]").count() == 1
    print(
        f"\n{export.label}: opens with {folded} cards; v{line}, a multiplication inside {len(paths[line])} pieces",
        end=" ",
    )
    print(f"({cards} cards), is {'there' if there else 'NOT THERE'} after {milliseconds:.0f} ms")
    with page_of(running, export) as (page, _):
        start = time.perf_counter()
        page.fill(".al-find", f"v{line}")
        page.press(".al-find", "Enter")
        page.wait_for_selector(f".al-card[data-node=v{line}]")
        print(f"{export.label}: found by its number and shown after {1000 * (time.perf_counter() - start):.0f} ms")


# ---------------------------------------------------------------- what recording costs

WORKER = """
import gc, sys, time
from autograd_lite import Value
if sys.argv[1] == "with":
    from autograd_lite import step
    step(lambda x: x * x + x, 2.0).to_html()
def run(count):
    weight, bias, x = Value(0.999), Value(0.001), Value(0.5)
    for _ in range(count // 2):
        x = x * weight + bias
    x.backward()
calls = 0
def counted(frame, event, argument):
    global calls
    calls += 1
run(1000)
sys.setprofile(counted)
run(1000)
sys.setprofile(None)
print(calls, flush=True)
for line in sys.stdin:
    gc.collect()
    start = time.perf_counter()
    run(int(line))
    print(time.perf_counter() - start, flush=True)
"""


def recording(rounds: int, count: int = 20_000) -> None:
    """Prints the engine's time and calls after recording, relative to an engine that never met the stepper."""
    workers = {
        which: subprocess.Popen(  # noqa: S603  # it is this Python
            [sys.executable, "-c", WORKER, which], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        for which in ("without", "with")
    }
    calls = {which: int(worker.stdout.readline()) for which, worker in workers.items()}

    def seconds(worker: Any) -> float:
        worker.stdin.write(f"{count}\n")
        return float(worker.stdout.readline())

    times: dict[str, list[float]] = {which: [] for which in workers}
    for number in range(rounds):
        for which in sorted(workers, reverse=number % 2 == 0):
            times[which].append(seconds(workers[which]))
    for worker in workers.values():
        worker.stdin.close()
        worker.wait(10)
    ratios = [a / b for a, b in zip(times["with"], times["without"], strict=True)]
    print(f"\nthe engine when nobody records, {count:,} operations forward and backward, {rounds} rounds:")
    print(f"  function calls of 1,000 operations: {calls['without']:,} without the stepper, {calls['with']:,} with it")
    print(f"  time with / without: {quartiles(ratios)}")
    whole = best(lambda: net(1000).backward()), best(lambda: step(net(1000)))
    print(
        f"  when somebody does, about 1,000 nodes: {1000 * whole[0]:.1f} ms, with the story {1000 * whole[1]:.1f} ms,",
        end=" ",
    )
    print(f"ratio {whole[1] / whole[0]:.2f}")


def best(run: Callable[[], Any], times: int = 9) -> float:
    """Returns the median of some runs, in seconds."""
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        run()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10, 100, 1000, 10_000], help="nodes of the nets")
    parser.add_argument("--no-gpt", action="store_true", help="leave the 60,000-node graph out")
    parser.add_argument("--rounds", type=int, default=5, help="how often each page is opened (default 5)")
    parser.add_argument("--steps", type=int, default=300, help="steps timed in each direction at most (default 300)")
    parser.add_argument("--recording-rounds", type=int, default=25, help="rounds of the engine (default 25)")
    parser.add_argument(
        "--browser", default=next(filter(None, map(shutil.which, BROWSERS)), ""), help="of Chromium's family"
    )
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        graphs = [(f"{size:,}", net(size)) for size in options.sizes] + ([] if options.no_gpt else [("gpt", gpt())])
        pages = [exported(label, value, Path(folder)) for label, value in graphs]
        sizes(pages)
        if options.browser:
            with browser(options.browser) as chromium:
                stepping(chromium, pages, rounds=options.rounds, most=options.steps)
                for export in pages:
                    if export.nodes > MOST_DRAWN:
                        opening_down(chromium, export)
        else:
            print("\nno Chromium on PATH (see --browser): nothing is opened")
    recording(options.recording_rounds)
