"""The report of a training run: one HTML file with its pictures inside, which asks nothing of any network."""

from __future__ import annotations

import html
import io
from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from autograd_lite import GradientReport, GraphView, write_whole

from .training import History

__all__ = ["Report", "duration", "loss_curve", "report_html", "write_report"]

SIDE = 8  # pixels, of a digit
SHOWN = 16  # held-out digits, the first ones
MOST = 40  # wrong answers


@dataclass(frozen=True)
class Report:
    """What a report shows.

    Args:
        title: its heading.
        history: of the training; losses, and the held-out accuracy after each epoch.
        table: how often samples of class i were taken for class j.
        classes: the classes' names.
        images: the held-out digits, 64 pixels each, 0 (white) to 1 (black).
        labels: their classes.
        answers: the classes that the net took them for.
        weights: of each neuron of the first layer, by its name; 64 each.
        gradients: gradcheck's report, by some of the parameters.
        apart: the lifted gradient's largest difference from the scalar engine's, relative to the largest derivative.
        agree: "ok" if that is near enough, else "wrong".
        neuron: the picture of one trained neuron.
        neuron_name: what that neuron is called.
        program: the matrix program of the loss, as text.
        gradient_program: likewise, with its gradient.
        operations: how many scalar operations the loss of one sample takes.
        instructions: how many array instructions the program has.
        parameters: how many numbers were learned.
        seconds: how long the training took.
        scalar_seconds: how long the scalar engine takes for a sample, loss and gradient.
        lifted_seconds: how long the matrix program takes, for one sample of all.
    """

    title: str
    history: History
    table: Sequence[Sequence[int]]
    classes: Sequence[str]
    images: Sequence[Sequence[float]]
    labels: Sequence[int]
    answers: Sequence[int]
    weights: Mapping[str, Sequence[float]]
    gradients: GradientReport
    apart: float
    agree: str
    neuron: GraphView
    neuron_name: str
    program: str
    gradient_program: str
    operations: int
    instructions: int
    parameters: int
    seconds: float
    scalar_seconds: float
    lifted_seconds: float


_STYLE = """
:root { color-scheme: light dark;
  --ink: #1b1b1f; --paper: #fbfbfd; --card: #fff; --line: #d5d7de; --soft: #5a5f6b; --hit: 0, 114, 178;
  --miss: #b34700; }
@media (prefers-color-scheme: dark) { :root {
  --ink: #ececf1; --paper: #17181c; --card: #202228; --line: #3a3d46; --soft: #a9aebb; --hit: 86, 180, 233;
  --miss: #e69f00; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 92rem; padding: 2rem 1.25rem 4rem; background: var(--paper); color: var(--ink);
  font: 1rem/1.55 system-ui, sans-serif; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 .5rem; }
h2 { font-size: 1.2rem; margin: 2.75rem 0 .5rem; }
h3 { font-size: 1rem; margin: 1.5rem 0 .25rem; }
p { max-width: 46rem; margin: .5rem 0; }
.facts { display: grid; grid-template-columns: repeat(2, 1fr); gap: .75rem; margin: 1.5rem 0; }
@media (min-width: 44rem) { .facts { grid-template-columns: repeat(4, 1fr); } }
@media (min-width: 84rem) { .facts { grid-template-columns: repeat(8, 1fr); } }
.facts div, .card { background: var(--card); border: 1px solid var(--line); border-radius: .5rem;
  padding: .75rem 1rem; }
.facts div { padding: .6rem .8rem; }
.facts dt { color: var(--soft); font-size: .85rem; }
.facts dd { margin: 0; font-size: 1.45rem; font-variant-numeric: tabular-nums; }
.pair { display: grid; grid-template-columns: minmax(0, 1fr); gap: 1rem; margin: 1rem 0; align-items: stretch; }
@media (min-width: 76rem) { .pair { grid-template-columns: minmax(0, 1fr) max-content; } }
figure { margin: 0; }
.sheet { padding: .75rem; background: #fff; border: 1px solid var(--line); border-radius: .5rem;
  display: grid; align-items: center; overflow-x: auto; }
.sheet img { display: block; margin: auto; max-width: 100%; height: auto; }
.wide img { min-width: 44rem; }
.fill img { width: 100%; max-width: 52rem; }
.card h3, .card p { contain: inline-size; }
.card h3 { margin: 0 0 .5rem; }
pre { margin: .5rem 0; font: .8rem/1.7 ui-monospace, "DejaVu Sans Mono", monospace; overflow-x: auto; }
pre mark { color: inherit; background: rgba(var(--hit), .22); border-radius: .2rem; padding: .15rem 0; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { border: 1px solid var(--line); padding: .35rem .7rem; text-align: right; }
@media (max-width: 32rem) { .card th, .card td { padding: .3rem; font-size: .9rem; } }
th { font-weight: 600; }
thead th { color: var(--soft); }
.tiles { display: grid; grid-template-columns: repeat(8, minmax(0, 1fr)); gap: .6rem; padding: 0; margin: .75rem 0;
  list-style: none; }
@media (min-width: 60rem) { .tiles { grid-template-columns: repeat(16, minmax(0, 1fr)); } }
.tiles li { text-align: center; font-size: .85rem; line-height: 1.35; font-variant-numeric: tabular-nums; }
.tiles img { display: block; width: 100%; margin: 0 auto .2rem; aspect-ratio: 1;
  image-rendering: pixelated; border: 1px solid var(--line); border-radius: .25rem; }
.tiles .wrong { color: var(--miss); font-weight: 600; }
.tiles .wrong img { border: 3px solid var(--miss); }
details { margin: .75rem 0; } summary { cursor: pointer; min-height: 24px; }
.across { overflow-x: auto; }
.scroll { overflow: auto; max-height: 24rem; }
"""


def report_html(report: Report) -> str:
    """Returns the report as one HTML document."""
    history, checks = report.history, report.gradients.checks
    right = sum(a == b for a, b in zip(report.answers, report.labels, strict=True))
    wrong = [i for i, answer in enumerate(report.answers) if answer != report.labels[i]]
    ratio = report.scalar_seconds / report.lifted_seconds
    facts = {
        "held-out accuracy": f"{right / len(report.labels):.1%}",
        "last loss (nats)": f"{history.losses[-1]:.4f}",
        "parameters": f"{report.parameters:,}",
        "training": f"{report.seconds:.1f} s",
        "steps a second": f"{history.steps / report.seconds:,.0f}",
        "operations a digit": f"{report.operations:,}",
        "array instructions": f"{report.instructions:,}",
        "gradients": report.gradients.verdict if report.agree == "ok" else report.agree,
    }
    cells = "".join(f"<div><dt>{_text(k)}</dt><dd>{_text(v)}</dd></div>" for k, v in facts.items())
    rows = "".join(
        f"<tr><th scope=row>{_text(c.name)}</th><td>{c.analytic:.12g}</td><td>{c.numeric:.12g}</td>"
        f"<td>{c.error:.1e}</td><td>{_text(c.verdict)}</td></tr>"
        for c in checks
    )
    name = _text(report.neuron_name)
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{_text(report.title)}</title>
<style>{_STYLE}</style>
</head>
<body>
<main>
<h1>{_text(report.title)}</h1>
<p>The net below was written one number at a time: every sum and every product is a node of a graph, and the chain rule
goes through it node by node. It was trained as something else: the few lines of matrices that this graph was found to
be.</p>
<dl class="facts">{cells}</dl>
<h2>One neuron, and the program it became</h2>
<p>Here {name} of the first layer looks at a held-out {_text(report.classes[report.labels[0]])}: each of the
{SIDE * SIDE} pixels is multiplied by a weight, the products are added up, and what is negative is cut off; the picture
shows the end of that sum. The other neurons do the same with the same pixels and weights of their own, so all their
sums, for every digit of a batch at once, are one product of two matrices: the marked line of the program.</p>
<div class="pair">
<figure class="sheet wide" tabindex="0"><img alt="The end of the graph of {name}; its numbers are listed below"
src="{_svg_uri(report.neuron.svg(engine="builtin"))}"></figure>
<section class="card" aria-label="The matrix program"><h3>{report.operations:,} scalar operations a digit,
{report.instructions} array instructions for all</h3>
<pre tabindex="0">{_marked(report.program)}</pre>
<p>Loss and gradient of one digit take {duration(report.scalar_seconds)} in scalars and
{duration(report.lifted_seconds)} in matrices, {ratio:,.0f} times less; both were measured in this run.</p>
<details><summary>The program with its gradient</summary>
<pre tabindex="0">{_text(report.gradient_program)}</pre></details></section>
</div>
<details><summary>The neuron as text</summary>
<pre class="scroll" tabindex="0">{_text(str(report.neuron))}</pre></details>
<h2>Learning</h2>
<div class="pair">
<figure class="sheet fill"><img alt="{_curve_words(history)}" src="{_svg_uri(loss_curve(history))}"></figure>
<section class="card" aria-label="Answers by class"><h3>Answers on held-out digits</h3>
<p>Rows are the true digits, columns the net's answers.</p>
<div class="across" tabindex="0" role="region" aria-label="Confusion table">
{_confusion(report.table, report.classes)}</div></section>
</div>
<h2>Digits it had not seen</h2>
<p>The first {min(SHOWN, len(report.labels))} of {len(report.labels)}, each with the net's answer.</p>
{_digits(report, range(min(SHOWN, len(report.labels))))}
<h3>{_wrong_words(len(wrong))}</h3>
{_digits(report, wrong[:MOST])}
<h2>What the first layer looks for</h2>
<p>The {SIDE * SIDE} weights of each neuron, where their pixels are: red where ink excites it, blue where ink calms
it. Pixels that are never inked, at the rim, kept the random weights they began with.</p>
{_weights(report.weights)}
<h2>Are the gradients right?</h2>
<p>The scalar engine: <strong>{_text(report.gradients.verdict)}</strong>. The loss was differentiated by {len(checks)}
of the {report.parameters:,} parameters, chosen at random, by backpropagation and by high-order differences that know
no rule. The largest difference is {report.gradients.largest_difference:.1e}.</p>
<p>The matrix program: <strong>{_text(report.agree)}</strong>. Its derivatives by all {report.parameters:,} parameters
were compared with the scalar engine's over a batch. They differ by at most {report.apart:.1e} of the largest.</p>
<details><summary>All {len(checks)} derivatives</summary>
<div class="scroll" tabindex="0" role="region" aria-label="All derivatives"><table>
<thead><tr><th scope=col>parameter</th><th scope=col>backpropagation</th><th scope=col>numeric</th>
<th scope=col>its error</th><th scope=col>verdict</th></tr></thead>
<tbody>{rows}</tbody></table></div></details>
</main>
</body>
</html>
"""


def write_report(path: Path, report: Report) -> None:
    """Writes the report to `path`, whole or not at all.

    Raises:
        OSError: the file cannot be written.
    """
    write_whole(path, report_html(report))


def duration(seconds: float) -> str:
    """Returns a time in the unit that suits it, to two digits.

    Args:
        seconds: more than 0.
    Example:
        >>> duration(21.4e-3), duration(0.62e-6), duration(3.0)
        ('21 ms', '0.62 µs', '3.0 s')
    """
    unit, size = next(((u, s) for u, s in (("s", 1.0), ("ms", 1e-3)) if seconds >= s), ("µs", 1e-6))
    number = seconds / size
    return f"{number:,.0f} {unit}" if number >= 99.5 else f"{number:#.2g}".rstrip(".") + f" {unit}"


def loss_curve(history: History) -> str:
    """Returns an SVG of the training loss, and of the held-out accuracy where it was measured, over the epochs."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.5, 4.1), layout="constrained")
    axes = figure.subplots()
    epochs = range(1, len(history.losses) + 1)
    lines = axes.plot(epochs, history.losses, color="#0072B2", marker="o", markersize=3, label="training loss")
    axes.set_xlabel("epoch")
    axes.set_ylabel("mean loss (nats)")
    axes.set_ylim(bottom=0)
    axes.grid(alpha=0.25)
    if history.validation:
        right = axes.twinx()
        lines += right.plot(epochs, history.validation, color="#D55E00", linestyle="--", label="held-out accuracy")
        right.set_ylabel("accuracy")
        right.set_ylim(0, 1.02)
    axes.legend(handles=lines, loc="center right", frameon=False)
    buffer = io.StringIO()
    with mpl.rc_context({"svg.hashsalt": "autograd-lite", "svg.fonttype": "path"}):
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    return buffer.getvalue()


def _curve_words(history: History) -> str:
    words = f"The training loss falls from {history.losses[0]:.3f} to {history.losses[-1]:.3f}"
    if history.validation:
        words += f"; the held-out accuracy goes from {history.validation[0]:.1%} to {history.validation[-1]:.1%}"
    return words


def _marked(program: str) -> str:
    """Returns a program as HTML, the first line that computes marked."""
    head, first, *rest = _text(program).split("\n")
    return "\n".join([head, f"<mark>{first}</mark>", *rest])


def _confusion(table: Sequence[Sequence[int]], classes: Sequence[str]) -> str:
    head = "".join(f"<th scope=col>{_text(name)}</th>" for name in classes)
    rows = []
    for name, row in zip(classes, table, strict=True):
        total = max(1, sum(row))
        cells = "".join(
            f'<td style="background: rgba(var(--hit), {0.35 * count / total:.2f})">{count or "·"}</td>' for count in row
        )
        rows.append(f"<tr><th scope=row>{_text(name)}</th>{cells}</tr>")
    corner = "<td></td>"
    return f"<table><thead><tr>{corner}{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"


def _wrong_words(count: int) -> str:
    if not count:
        return "None of them wrong"
    return f"All {count} it got wrong" if count <= MOST else f"{MOST} of the {count} it got wrong"


def _digits(report: Report, chosen: Iterable[int]) -> str:
    tiles = []
    for i in chosen:
        label, answer = report.classes[report.labels[i]], report.classes[report.answers[i]]
        image = f'<img alt="A handwritten {_text(label)}" src="{_image_uri(report.images[i], 0, 1, "gray_r")}">'
        if label == answer:
            tiles.append(f"<li>{image}{_text(answer)}</li>")
        else:
            tiles.append(f'<li class="wrong">{image}✗ {_text(answer)}, is {_text(label)}</li>')
    return f'<ul class="tiles">{"".join(tiles)}</ul>' if tiles else ""


def _weights(weights: Mapping[str, Sequence[float]]) -> str:
    tiles = []
    for name, numbers in weights.items():
        most = max(map(abs, numbers)) or 1.0
        tiles.append(
            f'<li><img alt="The weights of {_text(name)}" src="{_image_uri(numbers, -most, most, "RdBu_r")}">'
            f"{_text(name.removeprefix('neuron '))}</li>"
        )
    return f'<ul class="tiles">{"".join(tiles)}</ul>'


def _image_uri(pixels: Sequence[float], low: float, high: float, colours: str) -> str:
    """Returns a small PNG, one dot a number."""
    from matplotlib.image import imsave

    rows = [list(pixels[start : start + SIDE]) for start in range(0, len(pixels), SIDE)]
    buffer = io.BytesIO()
    imsave(buffer, rows, vmin=low, vmax=high, cmap=colours, format="png", metadata={"Software": ""})
    return f"data:image/png;base64,{b64encode(buffer.getvalue()).decode()}"


def _svg_uri(svg: str) -> str:
    return f"data:image/svg+xml;base64,{b64encode(svg.encode()).decode()}"


def _text(text: str) -> str:
    return html.escape(text, quote=True)
