"""The main job on its real data."""

import html
import re

import pytest

from autograd_lite.cli import main
from autograd_lite.errors import InputError
from nn.demo import iris, run


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """One full run, its report and what it printed."""
    import contextlib
    import io

    path = tmp_path_factory.mktemp("demo") / "report.html"
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        status = run(path, progress=False)
    return status, path.read_text(encoding="utf-8"), printed.getvalue()


def test_the_demo_learns_iris_and_its_gradients_hold(demo):
    status, _, printed = demo
    assert status == 0
    score = re.search(r"(\d+) of 38 right", printed)
    assert score
    assert int(score[1]) >= 34
    assert "gradients   ok: all 67" in printed


def test_the_report_is_self_contained(demo):
    _, report, _ = demo
    assert "default-src 'none'" in report
    assert "<script" not in report
    links = re.findall(r'(?:src|href)="([^"]{0,30})', report)
    assert links
    assert all(link.startswith("data:image/svg+xml;base64") for link in links)


def test_the_report_shows_curve_table_neuron_and_gradients(demo):
    _, report, _ = demo
    text = html.unescape(report)
    for words in ("held-out accuracy", "versicolor", "layer0.neuron0", "Verdict", "petal width", "All 67 derivatives"):
        assert words in text


def test_a_demo_with_the_same_seed_writes_the_same_report(tmp_path, capsys):
    reports = []
    for name in ("first.html", "second.html"):
        run(tmp_path / name, epochs=1, seed=3, progress=False)
        report = (tmp_path / name).read_text(encoding="utf-8")
        reports.append(re.sub(r"<dd>[\d.]+ s</dd>", "", report))
    assert reports[0] == reports[1]


def test_what_is_held_out_does_not_shift_the_scale():
    data = iris(seed=5)
    for column in zip(*data.X, strict=True):
        assert abs(sum(column) / len(column)) < 1e-12
    assert any(abs(sum(column) / len(column)) > 1e-3 for column in zip(*data.X_test, strict=True))
    assert len(data.X) + len(data.X_test) == 150


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
