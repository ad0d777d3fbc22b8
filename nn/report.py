"""The report of a training run: one HTML file with its pictures inside, which asks nothing of any network."""

from __future__ import annotations

import html
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from autograd_lite import GradientReport, GraphView, write_whole

from .training import History

__all__ = ["Report", "loss_curve", "report_html", "write_report"]


@dataclass(frozen=True)
class Report:
    """What a report shows.

    Args:
        title: its heading.
        history: of the training; losses, and the held-out accuracy after each epoch.
        table: how often samples of class i were taken for class j.
        classes: the classes' names.
        accuracy: on held-out data, 0 to 1.
        gradients: the gradcheck's report.
        neuron: the picture of one trained neuron.
        neuron_name: what that neuron is called.
        sample: the class of the sample it is shown at.
        seconds: how long the training took.
        parameters: how many numbers were learned.
    """

    title: str
    history: History
    table: Sequence[Sequence[int]]
    classes: Sequence[str]
    accuracy: float
    gradients: GradientReport
    neuron: GraphView
    neuron_name: str
    sample: str
    seconds: float
    parameters: int


_STYLE = """
:root { color-scheme: light dark;
  --ink: #1b1b1f; --paper: #fbfbfd; --card: #fff; --line: #d5d7de; --soft: #5a5f6b; --hit: 0, 114, 178; }
@media (prefers-color-scheme: dark) { :root {
  --ink: #ececf1; --paper: #17181c; --card: #202228; --line: #3a3d46; --soft: #a9aebb; --hit: 86, 180, 233; } }
body { margin: 0 auto; max-width: 68rem; padding: 2rem 1.25rem 4rem; background: var(--paper); color: var(--ink);
  font: 1rem/1.55 system-ui, sans-serif; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 .5rem; }
h2 { font-size: 1.2rem; margin: 2.5rem 0 .5rem; }
p { max-width: 44rem; }
.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(9rem, 1fr)); gap: .75rem; margin: 1.5rem 0; }
.facts div { background: var(--card); border: 1px solid var(--line); border-radius: .5rem; padding: .75rem 1rem; }
.facts dt { color: var(--soft); font-size: .85rem; }
.facts dd { margin: 0; font-size: 1.45rem; font-variant-numeric: tabular-nums; }
figure { margin: 1rem 0; padding: .75rem; background: #fff; border: 1px solid var(--line); border-radius: .5rem; }
figure img { display: block; margin: auto; max-width: 100%; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { border: 1px solid var(--line); padding: .35rem .8rem; text-align: right; }
th { font-weight: 600; text-align: left; }
thead th { color: var(--soft); }
details { margin: .75rem 0; } summary { cursor: pointer; min-height: 24px; }
.scroll { overflow-x: auto; max-height: 24rem; }
"""


def report_html(report: Report) -> str:
    """Returns the report as one HTML document."""
    history, checks = report.history, report.gradients.checks
    facts = {
        "held-out accuracy": f"{report.accuracy:.1%}",
        "last loss (nats)": f"{history.losses[-1]:.4f}",
        "parameters": f"{report.parameters}",
        "epochs": f"{len(history.losses)}",
        "training": f"{report.seconds:.1f} s",
        "gradients": report.gradients.verdict,
    }
    cells = "".join(f"<div><dt>{_text(k)}</dt><dd>{_text(v)}</dd></div>" for k, v in facts.items())
    rows = "".join(
        f"<tr><th scope=row>{_text(c.name)}</th><td>{c.analytic:.12g}</td><td>{c.numeric:.12g}</td>"
        f"<td>{c.error:.1e}</td><td>{_text(c.verdict)}</td></tr>"
        for c in checks
    )
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
<p>Every number in this net is a node of a graph. The chain rule, applied node by node, gave the gradient of the loss by
each of the {report.parameters} parameters, in every step of the training below.</p>
<dl class="facts">{cells}</dl>
<h2>Learning</h2>
<figure><img alt="{_curve_words(history)}" src="{_data_uri(loss_curve(history))}"></figure>
<h2>Answers on held-out data</h2>
<p>Rows are the true classes, columns the net's answers.</p>
{_confusion(report.table, report.classes)}
<h2>One trained neuron</h2>
<p>{_text(report.neuron_name)} looks at a held-out {_text(report.sample)}. Each box shows a value and the derivative
of the neuron's output by it; each arrow carries a local derivative. Gradients multiply along arrows and add where they
meet.</p>
<figure><img alt="The graph of {_text(report.neuron_name)}; its numbers are listed below"
src="{_data_uri(report.neuron.svg(engine="builtin"))}"></figure>
<details><summary>The same as text</summary>
<pre class="scroll" tabindex="0">{_text(str(report.neuron))}</pre></details>
<h2>Are the gradients right?</h2>
<p>Verdict: <strong>{_text(report.gradients.verdict)}</strong>. The loss was differentiated by all {len(checks)}
parameters, by backpropagation and by high-order differences that know no rule. The largest difference is
{report.gradients.largest_difference:.1e}.</p>
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


def loss_curve(history: History) -> str:
    """Returns an SVG of the training loss, and of the held-out accuracy where it was measured, over the epochs."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.5, 3.2), layout="constrained")
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


def _confusion(table: Sequence[Sequence[int]], classes: Sequence[str]) -> str:
    head = "".join(f"<th scope=col>{_text(name)}</th>" for name in classes)
    rows = []
    for name, row in zip(classes, table, strict=True):
        total = max(1, sum(row))
        cells = "".join(
            f'<td style="background: rgba(var(--hit), {0.35 * count / total:.2f})">{count}</td>' for count in row
        )
        rows.append(f"<tr><th scope=row>{_text(name)}</th>{cells}</tr>")
    corner = "<td></td>"
    return f"<table><thead><tr>{corner}{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"


def _data_uri(svg: str) -> str:
    from base64 import b64encode

    return f"data:image/svg+xml;base64,{b64encode(svg.encode()).decode()}"


def _text(text: str) -> str:
    return html.escape(text, quote=True)
