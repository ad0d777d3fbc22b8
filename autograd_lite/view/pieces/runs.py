"""What goes into a piece, entry by entry; and too many entries cut into runs of consecutive ones."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from math import ceil
from typing import Literal

__all__ = ["Entry", "look_through", "packed"]


@dataclass(slots=True)
class Entry:
    """Something to be put into a piece.

    Args:
        kind: what it is.
        node: the line, or the cone's node.
        name: what the piece is called, if it becomes one.
        weight: how many children it makes in its parent.
        inside: of a group or a run, its entries.
        count: how many things it stands for where things are numbered.
        key: what pieces have in common that are drawn as one; None for those that a picture looks through.
        alike: how many equal things it is, and what each is called, if it is a group.
    """

    kind: Literal["line", "cone", "scope", "many"]
    node: int
    name: str = ""
    weight: int = 1
    inside: list[Entry] = field(default_factory=list)
    count: int = 1
    key: Hashable = None
    alike: tuple[int, str] | None = None


def packed(entries: list[Entry], most: int, what: str) -> list[Entry]:
    """Returns at most `most` entries: runs of consecutive ones, runs of runs if need be, each about equally full.

    Args:
        entries: in an order in which operands come before results.
        most: how heavy a run may be.
        what: the things that are counted, for the runs' names: "operations".
    """
    while (total := sum(entry.weight for entry in entries)) > most:
        depth = 2
        while most**depth < total:
            depth += 1
        full = ceil(total ** (1 / depth))
        runs: list[list[Entry]] = [[]]
        weight = 0
        for entry in entries:
            if runs[-1] and (weight + entry.weight > most or weight >= full):
                runs.append([])
                weight = 0
            runs[-1].append(entry)
            weight += entry.weight
        done, entries = 0, []
        for run in runs:
            count = sum(entry.count for entry in run)
            first, done = done + 1, done + count
            numbers = f"{first:,}-{done:,}" if count > 1 else f"{first:,}"
            name = f"{numbers}: {what}" if " " in what or "(" in what or "*" in what else f"{what} {numbers}"
            entries.append(Entry("many", -1, name, inside=run, count=count, key=("run", first)))
    return entries


def look_through(entry: Entry) -> None:
    """Makes a picture look through the runs of a group."""
    stack = [entry]
    while stack:
        run = stack.pop()
        if run.kind == "many":
            run.key = None
            stack += run.inside
