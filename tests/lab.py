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

    def ask(self, path: str, method: str = "GET") -> Any:
        """Returns what the server's interface answers; None if it does not."""
        headers = {"Authorization": f"token {self.token}"}
        request = urllib.request.Request(f"{self.address}api/{path}", headers=headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return json.loads(answer.read() or b"null")
        except (urllib.error.URLError, OSError):
            return None

    def listens(self, name: str) -> bool:
        """Whether a notebook's kernel is there, idle, and connected to a page."""
        kernels = [session["kernel"] for session in self.ask("sessions") or [] if session["path"] == name]
        return any(kernel["execution_state"] == "idle" and kernel["connections"] > 0 for kernel in kernels)


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
            while server.ask("status") is None:
                if process.poll() is not None or time.monotonic() > limit:
                    raise AssertionError(f"the {kind} server does not answer; it wrote: {log.read_text()[-3000:]}")
                time.sleep(0.2)
            yield server
        finally:
            for kernel in server.ask("kernels") or []:  # none may outlive the server
                server.ask(f"kernels/{kernel['id']}", "DELETE")
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

    def open(self, server: Server, name: str, cells: Sequence[str]) -> None:
        """Writes and opens it, and waits until its kernel listens."""
        self.page.goto(server.write(name, cells))
        self.page.wait_for_selector(".jp-Notebook .jp-CodeCell .cm-content", timeout=PATIENCE)
        limit = time.monotonic() + PATIENCE / 1000
        while not server.listens(name):
            assert time.monotonic() < limit, f"the kernel of {name} does not start"
            self.page.wait_for_timeout(200)

    def cell(self, index: int) -> Any:
        """A cell's element."""
        return self.page.locator(".jp-Notebook .jp-CodeCell").nth(index)

    def run(self, index: int) -> None:
        """Runs a cell with its key, and waits until it has run; what a kernel that just starts loses is said again."""
        from playwright.sync_api import TimeoutError as TooLate

        before = self.cell(index).locator(".jp-InputArea-prompt").first.inner_text()
        script = """([index, before]) => {
          const cell = document.querySelectorAll(".jp-Notebook .jp-CodeCell")[index];
          const prompt = cell.querySelector(".jp-InputArea-prompt").innerText;
          return /[0-9]/.test(prompt) && prompt !== before;
        }"""
        limit = time.monotonic() + PATIENCE / 1000
        while time.monotonic() < limit:
            self.cell(index).locator(".cm-content").click()
            self.page.keyboard.press("Control+Enter")
            try:
                self.page.wait_for_function(script, arg=[index, before], timeout=PATIENCE / 3)
            except TooLate:
                continue
            return
        raise AssertionError(f"cell {index} does not run; errors: {self.errors}")

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
