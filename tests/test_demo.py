"""The main job on its real data."""

import contextlib
import html
import io
import itertools
import re
from html.parser import HTMLParser

import pytest

import nn.demo
from autograd_lite import Value, lift, record
from autograd_lite.cli import main
from autograd_lite.errors import InputError
from nn import MLP, History, softmax_cross_entropy
from nn.demo import digits, run


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """One full run, its report and what it printed."""
    path = tmp_path_factory.mktemp("demo") / "report.html"
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        status = run(path, progress=False)
    return status, path.read_text(encoding="utf-8"), printed.getvalue()


@pytest.fixture(scope="module")
def lifted():
    """The demo's loss, lifted here once more, and how many scalar operations it takes."""
    data = digits(seed=0)
    model = MLP(64, [32, 10], rng=0)
    made = lift(lambda x, y: softmax_cross_entropy(model(x), y), model.parameters(), example=(data.X[0], data.y[0]))
    tape = record(softmax_cross_entropy(model(data.X[0]), data.y[0]))
    return made, sum(line.rule is not None for line in tape.lines)


@pytest.fixture
def hurried(monkeypatch):
    """Few derivatives are measured, each at a price."""
    monkeypatch.setattr(nn.demo, "CHECKED", 2)


def test_the_demo_learns_to_read_and_its_gradients_hold(demo):
    status, _, printed = demo
    assert status == 0
    score = re.search(r"(\d+) of 450 right", printed)
    assert score
    assert int(score[1]) / 450 >= 0.95
    assert "gradients   ok: 60 of 2,410" in printed
    apart = re.search(r"ok: all 2,410 .*\n\s+largest difference ([\d.e-]+) of the largest derivative", printed)
    assert apart
    assert float(apart[1]) < 1e-12


def test_the_console_shows_the_program_with_liftings_own_counts(demo, lifted):
    _, _, printed = demo
    made, operations = lifted
    assert str(made.program) in printed
    assert f"{operations:,} scalar operations" in printed
    assert f"became {len(made.program)} array instructions" in printed
    assert f"({len(made.forms[0].paths[0].gradient)} with its gradient)" in printed


def test_the_report_shows_the_program_with_liftings_own_counts(demo, lifted):
    _, report, _ = demo
    made, operations = lifted
    text = html.unescape(re.sub(r"</?mark>", "", report))
    assert str(made.program) in text
    assert str(made.forms[0].paths[0].gradient) in text
    assert f"<dt>operations a digit</dt><dd>{operations:,}</dd>" in report
    assert f"<dt>array instructions</dt><dd>{len(made.program)}</dd>" in report
    assert f"<mark>{html.escape(str(made.program).splitlines()[1])}</mark>" in report


def test_the_ratio_of_speeds_is_that_of_the_times_printed(demo):
    _, _, printed = demo
    found = re.search(r"takes ([\d.]+) ms a digit, .*\n\s+([\d.]+) µs, ([\d,]+) times less", printed)
    assert found
    slow, fast, times = (float(each.replace(",", "")) for each in found.groups())
    assert times == pytest.approx(slow * 1000 / fast, rel=0.11)  # the times are printed to two digits
    assert times > 10


def test_the_report_is_self_contained(demo):
    _, report, _ = demo
    assert "default-src 'none'" in report
    assert "<script" not in report
    assert "url(" not in report
    links = re.findall(r'(?:src|href)="([^"]{0,30})', report)
    assert links
    assert all(link.startswith(("data:image/svg+xml;base64", "data:image/png;base64")) for link in links)


class Outline(HTMLParser):
    """Which elements a document has, and whether they are closed in the order in which they were opened."""

    def __init__(self):
        super().__init__()
        self.open, self.seen, self.silent = [], [], []

    def handle_starttag(self, tag, attributes):
        self.seen.append(tag)
        if tag == "img" and not dict(attributes).get("alt"):
            self.silent.append(attributes)
        if tag not in {"meta", "img"}:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_the_report_is_well_formed_and_says_what_its_pictures_show(demo):
    _, report, _ = demo
    outline = Outline()
    outline.feed(report)
    assert outline.open == []
    assert outline.silent == []
    assert [outline.seen.count(tag) for tag in ("main", "h1", "title")] == [1, 1, 1]
    levels = [int(tag[1]) for tag in outline.seen if re.fullmatch(r"h\d", tag)]
    assert all(below - above <= 1 for above, below in itertools.pairwise(levels)), "a heading skips a level"


def test_the_report_marks_every_wrong_answer(demo):
    _, report, printed = demo
    right = int(re.search(r"(\d+) of 450 right", printed)[1])
    assert report.count('<li class="wrong">') == 450 - right
    assert f"All {450 - right} it got wrong" in report
    assert report.count('alt="A handwritten') == 16 + 450 - right
    assert report.count('alt="The weights of neuron') == 32


def test_the_report_shows_curve_table_neuron_and_gradients(demo):
    _, report, _ = demo
    text = html.unescape(report)
    for words in ("held-out accuracy", "relu(v256)", "w63", "backpropagation", "All 60 derivatives", "training loss"):
        assert words in text


def test_a_demo_with_the_same_seed_writes_the_same_report(tmp_path, capsys, monkeypatch, hurried):
    reports = []
    for name in ("first.html", "second.html"):
        monkeypatch.setattr(nn.demo, "perf_counter", itertools.count().__next__)
        run(tmp_path / name, epochs=1, seed=3, progress=False)
        reports.append((tmp_path / name).read_text(encoding="utf-8"))
    assert reports[0] == reports[1]


def _no_training(*_, **__):
    return History(losses=[2.3], validation=[0.1], steps=1)


def test_a_wrong_matrix_program_gives_status_1(tmp_path, capsys, monkeypatch, hurried):
    def askew(function, parameters=(), **options):
        made = lift(function, parameters, **options)
        exact = made.value_and_grad
        made.value_and_grad = lambda *batches: (exact(*batches)[0], exact(*batches)[1] * (1 + 1e-9))
        return made

    monkeypatch.setattr(nn.demo, "fit", _no_training)
    monkeypatch.setattr(nn.demo, "lift", askew)
    assert run(tmp_path / "report.html", progress=False) == 1
    assert "wrong: all 2,410 of the matrix program" in capsys.readouterr().out
    assert "<dt>gradients</dt><dd>wrong</dd>" in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_a_wrong_rule_of_the_scalar_engine_gives_status_1(tmp_path, capsys, monkeypatch, hurried):
    right = Value.backward

    def askew(self, seed=1.0, **options):
        right(self, seed * 1.001, **options)

    monkeypatch.setattr(nn.demo, "fit", _no_training)
    monkeypatch.setattr(Value, "backward", askew)
    assert run(tmp_path / "report.html", progress=False) == 1


def test_what_is_held_out_does_not_shift_the_pixels():
    data = digits(seed=5)
    for column in zip(*data.X, strict=True):
        assert abs(sum(column) / len(column)) < 1e-12
    assert any(abs(sum(column) / len(column)) > 1e-3 for column in zip(*data.X_test, strict=True))
    assert len(data.X) + len(data.X_test) == 1797
    assert {pixel * 16 for image in data.images for pixel in image} <= set(range(17))


@pytest.mark.parametrize(
    ("options", "words"),
    [({"epochs": 0}, "epochs"), ({"epochs": -3}, "-3"), ({"seed": -1}, "seed"), ({"seed": 2**32}, "seed")],
)
def test_a_setting_outside_its_range_is_named(tmp_path, options, words):
    with pytest.raises(InputError, match=words):
        run(tmp_path / "report.html", **options)
    assert not (tmp_path / "report.html").exists()


def test_a_missing_folder_is_told_before_training(tmp_path, capsys):
    assert main(["demo", "-o", str(tmp_path / "nowhere" / "report.html")]) == 2
    assert "there is no folder" in capsys.readouterr().err
