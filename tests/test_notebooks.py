"""Every notebook runs from top to bottom, and is committed as it ran."""

import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent.parent / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))

nbformat = pytest.importorskip("nbformat")
pytest.importorskip("nbclient")
pytest.importorskip("ipykernel")


def read(path):
    return nbformat.read(path, as_version=4)


def shown(cell):
    """Returns what a cell's outputs say, however the printed ones were cut; of a plot, which differs from version to
    version of Matplotlib, that it is one.
    """
    found = []
    for output in cell.get("outputs", []):
        if output.output_type == "stream" and found and found[-1].get("name") == output.name:
            found[-1] = {**found[-1], "text": found[-1]["text"] + output.text}
        elif "image/png" in output.get("data", {}):
            found.append(output.output_type)
        else:
            found.append(dict(output))
    return found


def test_there_are_notebooks():
    assert NOTEBOOKS


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_a_notebook_runs_without_dot_and_gives_the_committed_outputs(path, monkeypatch):
    monkeypatch.syspath_prepend(str(FOLDER))
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent))
    monkeypatch.setenv("PYTHONPATH", str(FOLDER.parent))
    monkeypatch.setenv("PYDEVD_DISABLE_FILE_VALIDATION", "1")
    from execute import execute

    fresh, committed = execute(path), read(path)
    for new, old in zip(fresh.cells, committed.cells, strict=True):
        assert shown(new) == shown(old), f"the committed output differs; run make notebooks\n{old.source}"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_a_notebook_is_committed_executed_small_and_ready_to_open(path):
    notebook = read(path)
    nbformat.validate(notebook)
    assert notebook.metadata.kernelspec.name == "python3"
    assert "widgets" not in notebook.metadata
    assert path.stat().st_size < 300_000
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(cell.execution_count for cell in code), "run make notebooks"
    assert any("image/svg+xml" in output.get("data", {}) for cell in code for output in cell.outputs)
    assert notebook.cells[0].cell_type == "markdown"
