"""A tape as a JSON file: readable, exact, and never executed.

    {"format": "autograd-lite tape", "version": 1,
     "lines": [["", [], -4.0, "a", false], ["mul", [0, 1], -8.0, "", false], ...],
     "outputs": [5], "scopes": [["layer0", [0], [5, 9], ["neuron0", "neuron1"]], ...]}

Numbers are written with `repr`, so every float comes back to the bit; nan and infinities travel as strings.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from .errors import TapeError
from .files import write_whole
from .rules import RULES, Rule
from .tape import Line, ScopeMark, Tape

__all__ = ["load", "save"]

_FORMAT = "autograd-lite tape"
_VERSION = 1


def save(tape: Tape, path: str | os.PathLike[str]) -> None:
    """Writes the tape to `path`, whole or not at all: to a file beside it first, then renamed.

    Raises:
        TapeError: the tape is not well formed.
        OSError: the folder cannot be written to.
    """
    tape.validate()
    document = {
        "format": _FORMAT,
        "version": _VERSION,
        "lines": [
            [line.rule.name if line.rule else "", line.operands, _out(line.data), line.name, line.constant]
            for line in tape.lines
        ],
        "outputs": tape.outputs,
        "scopes": tape.marks,
    }
    write_whole(path, json.dumps(document, allow_nan=False, ensure_ascii=True))


def _out(data: float) -> float | str:
    return data if math.isfinite(data) else repr(data)


def load(path: str | os.PathLike[str], *, rules: Iterable[Rule] = ()) -> Tape:
    """Returns the tape in the file at `path`; see `Tape.load`."""
    known = dict(RULES) | {rule.name: rule for rule in rules}
    try:
        text = Path(path).read_text(encoding="utf-8")
        document = json.loads(text, object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        raise TapeError(f"{path} is not JSON ({error}); was it written by Tape.save?") from None
    try:
        return _tape(document, known).validate()
    except (TapeError, KeyError, TypeError, ValueError, IndexError, OverflowError) as error:
        reason = f"has no {error.args[0]!r}" if isinstance(error, KeyError) else str(error)
        raise TapeError(f"{path} is not a tape: {reason}") from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    keys = [key for key, _ in pairs]
    if len(set(keys)) < len(keys):
        raise ValueError(f"duplicate keys among {keys!r:.80}")
    return dict(pairs)


def _tape(document: Any, known: Mapping[str, Rule]) -> Tape:
    if not isinstance(document, dict) or document.get("format") != _FORMAT:
        raise TapeError(f"its format is not {_FORMAT!r}")
    if document.get("version") != _VERSION:
        raise TapeError(f"it has version {document.get('version')!r}; this program reads version {_VERSION}")
    if unknown := set(document) - {"format", "version", "lines", "outputs", "scopes"}:
        raise TapeError(f"unknown keys {sorted(unknown)}")
    lines = tuple(_line(index, entry, known) for index, entry in enumerate(document["lines"]))
    marks = tuple(_mark(entry) for entry in document["scopes"])
    return Tape(lines, _indices(document["outputs"]), marks)


def _mark(entry: Any) -> ScopeMark:
    try:
        name, inputs, outputs, parts = entry
    except (TypeError, ValueError):
        raise TapeError(f"the scope {entry!r:.60} is not [name, inputs, outputs, parts]") from None
    if not isinstance(parts, list) or len(parts) not in (0, len(outputs)):
        raise TapeError(f"the scope {entry!r:.60} has {parts!r:.60} for parts: one name an output, or none")
    return ScopeMark(_text(name), _indices(inputs), _indices(outputs), tuple(_text(part) for part in parts))


def _line(index: int, entry: Any, known: Mapping[str, Rule]) -> Line:
    try:
        rule, operands, data, name, constant = entry
    except (TypeError, ValueError):
        raise TapeError(f"line {index} is {entry!r:.60}, not [rule, operands, number, name, constant]") from None
    if rule and rule not in known:
        raise TapeError(f"line {index} uses the rule {rule!r:.60}, which is not in the table; pass rules=[...]")
    if isinstance(data, bool) or not (isinstance(data, int | float) or data in ("nan", "inf", "-inf")):
        raise TapeError(f"line {index} records {data!r:.60}, which is not a number")
    if not isinstance(constant, bool):
        raise TapeError(f"line {index}: constant is {constant!r:.60}, not true or false")
    return Line(index, known[rule] if rule else None, _indices(operands), float(data), _text(name), constant)


def _indices(entry: Any) -> tuple[int, ...]:
    if not isinstance(entry, list) or any(type(i) is not int for i in entry):
        raise TapeError(f"{entry!r:.60} is not a list of line numbers")
    return tuple(entry)


def _text(entry: Any) -> str:
    if not isinstance(entry, str):
        raise TapeError(f"the name {entry!r:.60} is not text")
    return entry
