"""Executes the notebooks in this folder in place: `make notebooks`.

Pictures are laid out by the project's own engine, not by Graphviz, so that they come out the same on every machine.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient

__all__ = ["execute"]

FOLDER = Path(__file__).parent
_LIVE = "application/vnd.jupyter.widget-view+json"


def execute(path: Path) -> nbformat.NotebookNode:
    """Returns the notebook, run from top to bottom in a fresh kernel without `dot`.

    Raises:
        nbclient.exceptions.CellExecutionError: a cell failed.
    """
    notebook = nbformat.read(path, as_version=4)
    os.environ["PATH"] = str(Path(sys.executable).parent)  # hides `dot`
    client = NotebookClient(notebook, timeout=300, kernel_name="python3", store_widget_state=False)
    client.execute(cwd=str(FOLDER))
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)  # the times of the run
        for output in cell.get("outputs", []):
            output.get("data", {}).pop(_LIVE, None)  # without a kernel the still picture beside it is better
    return notebook


if __name__ == "__main__":
    for file in sorted(FOLDER.glob("*.ipynb")):
        nbformat.write(execute(file), file)
        print(f"{file.name}: executed")
