"""A real JupyterLab or Notebook with a real kernel, for the tests of the widget; and somebody who works in it."""

import json
import os
import re
import secrets
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from browser import missing

PATIENCE = 90_000  # milliseconds, for servers and kernels on a busy machine
_ROOT = Path(__file__).parent.parent


@dataclass
class Server:
    """A running server.

    Args:
        kind: "lab" or "notebook".
        address: "http://127.0.0.1:port/".
        token: that it asks for.
        folder: whose notebooks it shows.
    """

    kind: str
    address: str
    token: str
    folder: Path

    def write(self, name: str, cells: Sequence[str]) -> str:
        """Writes a notebook of code cells; returns its address. Without a kernelspec, Lab would ask for one."""
        document = {
            "nbformat": 4,
            "nbformat_minor": 5,
            "metadata": {
                "kernelspec": {"name": "stepper", "display_name": "stepper", "language": "python"},
                "language_info": {"name": "python"},
            },
            "cells": [
                {
                    "id": f"c{i}",
                    "cell_type": "code",
                    "source": text,
                    "metadata": {},
                    "outputs": [],
                    "execution_count": None,
                }
                for i, text in enumerate(cells)
            ],
        }
        (self.folder / name).write_text(json.dumps(document), encoding="utf-8")
        tree = "lab/tree" if self.kind == "lab" else "notebooks"
        return f"{self.address}{tree}/{name}?token={self.token}&reset"


def _answers(server: Server) -> bool:
    request = urllib.request.Request(f"{server.address}api/status", headers={"Authorization": f"token {server.token}"})
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return answer.status == 200
    except (urllib.error.URLError, OSError):
        return False


def _delete_kernels(server: Server) -> None:
    """Ends every kernel, so that none outlives its server."""
    headers = {"Authorization": f"token {server.token}"}
    try:
        with urllib.request.urlopen(
            urllib.request.Request(f"{server.address}api/kernels", headers=headers), timeout=5
        ) as a:
            kernels = json.load(a)
        for kernel in kernels:
            address = f"{server.address}api/kernels/{kernel['id']}"
            urllib.request.urlopen(
                urllib.request.Request(address, headers=headers, method="DELETE"), timeout=20
            ).close()
    except (urllib.error.URLError, OSError):
        pass  # the server itself ends them, too


@contextmanager
def jupyter(kind: str, folder: Path) -> Iterator[Server]:
    """Runs a server on a free port; skips the test, or under CI fails it, where something is not installed.

    Args:
        kind: "lab" or "notebook".
        folder: for the notebooks, the kernel's description, settings and whatever else it writes.
    """
    for needed in ("jupyterlab" if kind == "lab" else "notebook", "ipykernel", "anywidget"):
        if find_spec(needed) is None:
            missing(f"{needed} is not installed")
    spec = folder / "data" / "kernels" / "stepper"
    spec.mkdir(parents=True)
    command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    (spec / "kernel.json").write_text(json.dumps({"argv": command, "display_name": "stepper", "language": "python"}))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = folder / "config" / "lab" / "user-settings" / "@jupyterlab" / "apputils-extension"
    settings.mkdir(parents=True)
    (settings / "notification.jupyterlab-settings").write_text('{"fetchNews": "false", "checkForUpdates": false}')
    notebooks = folder / "notebooks"
    notebooks.mkdir()
    server = Server(kind, f"http://127.0.0.1:{port}/", secrets.token_hex(16), notebooks)
    options = {
        "ServerApp.port": port,
        "ServerApp.port_retries": 0,
        "ServerApp.root_dir": notebooks,
        "ServerApp.open_browser": False,
        "ServerApp.allow_root": True,
        "ServerApp.terminals_enabled": False,
        "IdentityProvider.token": server.token,
    }
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(filter(None, [str(_ROOT), os.environ.get("PYTHONPATH")])),
        "JUPYTER_DATA_DIR": str(folder / "data"),
        "JUPYTER_CONFIG_DIR": str(folder / "config"),
        "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
        "IPYTHONDIR": str(folder / "ipython"),
    }
    log = folder / "server.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab" if kind == "lab" else "notebook"]
            + [f"--{name}={value}" for name, value in options.items()],
            stdout=output,
            stderr=subprocess.STDOUT,
            env=environment,
            cwd=notebooks,
        )
        try:
            limit = time.monotonic() + PATIENCE / 1000
            while not _answers(server):
                if process.poll() is not None or time.monotonic() > limit:
                    raise AssertionError(f"the {kind} server does not answer; it wrote: {log.read_text()[-3000:]}")
                time.sleep(0.2)
            yield server
        finally:
            _delete_kernels(server)
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


class Notebook:
    """An open notebook, its kernel running.

    Args:
        page: playwright's.
        errors: what went wrong in scripts, ours or Jupyter's.
    """

    def __init__(self, page: Any) -> None:
        self.page = page
        self.errors: list[str] = []
        page.on("pageerror", lambda error: self.errors.append(f"{error}\n{error.stack}"))
        page.on("console", lambda said: said.type == "error" and self.errors.append(f"{said.text} {said.location}"))

    def open(self, address: str) -> None:
        """Opens it, and waits until cells can be run."""
        self.page.goto(address)
        self.page.wait_for_selector(".jp-Notebook .jp-CodeCell .cm-content", timeout=PATIENCE)
        self.page.wait_for_selector(
            ".jp-Notebook-ExecutionIndicator[data-status=idle], .jp-NotebookKernelStatus",
            state="attached",
            timeout=PATIENCE,
        )

    def cell(self, index: int) -> Any:
        """A cell's element."""
        return self.page.locator(".jp-Notebook .jp-CodeCell").nth(index)

    def run(self, index: int) -> None:
        """Runs a cell with its key, and waits until it has run. The first key may come before the kernel listens."""
        prompt = self.cell(index).locator(".jp-InputArea-prompt").first
        before = prompt.inner_text()
        limit = time.monotonic() + PATIENCE / 1000
        while prompt.inner_text() == before:
            assert time.monotonic() < limit, f"cell {index} does not run; errors: {self.errors}"
            self.cell(index).locator(".cm-content").click()
            self.page.keyboard.press("Control+Enter")
            self._prompt(index, "(text, before) => text !== before", before, 5_000)
        self._prompt(index, "(text) => /\\d/.test(text)", before, PATIENCE)

    def _prompt(self, index: int, condition: str, before: str, patience: int) -> None:
        from playwright.sync_api import TimeoutError as TooLate

        script = f"""([index, before]) => ({condition})(
          document.querySelectorAll(".jp-Notebook .jp-CodeCell")[index].querySelector(".jp-InputArea-prompt").innerText,
          before)"""
        try:
            self.page.wait_for_function(script, arg=[index, before], timeout=patience)
        except TooLate:
            if patience == PATIENCE:
                raise

    def printed(self, index: int) -> str:
        """What a cell has printed."""
        return self.cell(index).locator(".jp-OutputArea-output").first.inner_text(timeout=PATIENCE).strip()

    def active(self) -> int:
        """Which cell is the active one."""
        return self.page.evaluate(
            "() => [...document.querySelectorAll('.jp-Cell')].findIndex((c) => c.matches('.jp-mod-active'))"
        )

    def scrolled(self) -> float:
        """How far the notebook has been scrolled, wherever its pane is."""
        return self.page.evaluate(
            """() => [document.scrollingElement, ...document.querySelectorAll("*")]
              .filter((each) => each.contains(document.querySelector(".jp-Notebook .jp-CodeCell")))
              .reduce((sum, each) => sum + each.scrollTop, 0)"""
        )

    @property
    def ours(self) -> list[str]:
        """Errors that mention the stepper or the widget."""
        return [
            error for error in self.errors if re.search("autograd|anywidget|al-|Failed to (load|initialize)", error)
        ]
