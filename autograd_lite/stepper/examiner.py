"""What there is to find in one pass: each kind of trouble read off the numbers, and said.

Source: of what gradients do with depth, Hochreiter, "Untersuchungen zu dynamischen neuronalen Netzen", 1991; Bengio,
Simard, Frasconi, "Learning long-term dependencies with gradient descent is difficult", IEEE Trans. Neural Networks
5(2), 1994; Pascanu, Mikolov, Bengio, "On the difficulty of training recurrent neural networks", ICML, 2013.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from autograd_lite.anomaly import Anomaly
from autograd_lite.faults import describe
from autograd_lite.scopes import scopes_of
from autograd_lite.view.labels import figure, printable, short

from .chapter import Chapter
from .flow import Flow
from .slopes import largest_slope
from .telling import Teller

__all__ = ["MOST_LINES", "Examiner", "Finding"]

_SATURATED = 0.01  # of the largest slope: tanh beyond +-3, sigmoid beyond +-6
_VANISHING = 1e-4  # what seven sigmoids leave at best, whose slope is at most 1/4
_EXPLODING = 1e3
_STEPS = 4  # multiplications: nearer to the root a small or large number is the loss's own, not the work of depth
MOST_LINES = 100
"""Lines that a finding names at most."""


@dataclass(frozen=True)
class Finding:
    """Something that a reader should look at.

    Args:
        kind: "changed", "not finite", "dead relu", "relu off", "saturated", "vanishing", "exploding",
            "no gradient"; or "more".
        sentence: what it is.
        lines: where, at most 100 lines of the tape.
    """

    kind: str
    sentence: str
    lines: tuple[int, ...] = ()

    def __str__(self) -> str:
        return f"{self.kind}: {self.sentence}" if self.lines else self.sentence


class Examiner(Flow):
    """Looks through one chapter."""

    def __init__(self, chapter: Chapter) -> None:
        super().__init__(chapter)
        self.chapter = chapter
        self.leaves = chapter.parameters or self.tape.leaves

    def off(self, leaf: int) -> bool:
        """Says whether activations that are off, and nothing else, cut a leaf from the root."""
        return (
            leaf in self.rooted and leaf not in self.alive and leaf not in self.starved and bool(self.causes.get(leaf))
        )

    # ------------------------------------------------------------ words

    def says(self, line: int) -> str:
        """Returns a line as "v3 = relu(v2)", or its name."""
        name = short(self.tape.label(line), 32)
        return f"{name} = {short(self.tape.formula(line), 60)}" if self.tape.lines[line].rule else name

    def names(self, lines: Sequence[int]) -> str:
        """Returns what lines are called: "w1, w2, b", or "w1, w2, w3 and 13 more"."""
        shown = [short(self.tape.label(line), 32) for line in lines[: 3 if len(lines) > 4 else 4]]
        rest = len(lines) - len(shown)
        return ", ".join(shown) + (f" and {rest:,} more" if rest else "")

    def _finding(self, kind: str, lines: Sequence[int], sentence: str) -> Finding:
        return Finding(kind, sentence, tuple(lines[:MOST_LINES]))

    # ------------------------------------------------------------ what there is to find

    def all(self) -> list[Finding]:
        """Returns everything, the worst first."""
        bad = self._changed() + self._not_finite()
        depth: Sequence[Callable[[], list[Finding]]] = () if bad else (self._vanishing, self._exploding)
        kinds = (self._cut_off, *depth, self._saturated, self._without)
        return bad + [finding for kind in kinds for finding in kind()]

    def _changed(self) -> list[Finding]:
        """Finds results that do not belong to the numbers there are now."""
        complaint = Teller(self.chapter).complaint()
        return [self._finding("changed", self.chapter.overtaken, f"{printable(complaint)}.")] if complaint else []

    def _not_finite(self) -> list[Finding]:
        for line in self.tape.lines:
            if not line.constant and not math.isfinite(line.data):
                return [self._anomaly("value", line.index, line.data)]
        for back in self.backs:
            if not math.isfinite(back.local):
                return [self._anomaly("partial", back.line, back.local)]
            if not math.isfinite(back.after):
                return [self._anomaly("gradient", back.operand, back.after)]
        return []

    def _anomaly(self, what: str, index: int, number: float) -> Finding:
        line = self.tape.lines[index]
        place = self.chapter.places[index]
        if line.rule is None:
            anomaly = Anomaly(what, index, number, f"leaf {self.tape.label(index)!r:.60}", place=place)
        else:
            operands = [self.tape.lines[i] for i in line.operands]
            node = describe(line.rule, [o.data for o in operands], [o.name for o in operands])
            scope = scopes_of(self.tape).paths[index]
            anomaly = Anomaly(what, index, number, node, scope, place, line.rule.remedy)
        return self._finding("not finite", [index], printable(str(anomaly)))

    def _cut_off(self) -> list[Finding]:
        """Finds leaves all of whose ways to the root end at activations that are off."""
        behind: dict[tuple[int, ...], list[int]] = {}
        for leaf in self.leaves:
            if self.off(leaf):
                behind.setdefault(tuple(sorted(self.causes[leaf])), []).append(leaf)
        found, once = [], [gates for gates in behind if len(gates) == 1]
        for gates, leaves in behind.items():
            if len(gates) > 1:
                uses = f"{len(gates):,}{' or more' if len(gates) >= MOST_LINES else ''}"
                sentence = f"{self.says(gates[0])} and its like are off in all {uses} uses: no gradient reaches "
                found.append(self._finding("dead relu", gates, f"{sentence}{self.names(leaves)}."))
        if once:
            lines, leaves = [gate for (gate,) in once], [leaf for gates in once for leaf in behind[gates]]
            are = "is" if len(lines) == 1 else f"and {len(lines) - 1:,} more are"
            sentence = f"{self.says(lines[0])} {are} off here: no gradient reaches {self.names(leaves)} this time."
            found.append(self._finding("relu off", lines, sentence))
        return found

    def _vanishing(self) -> list[Finding]:
        reached = [leaf for leaf in self.leaves if leaf in self.alive]
        if not reached:
            return []
        best = max(reached, key=lambda leaf: self.flow[leaf])
        small = [leaf for leaf in reached if self._vanishes(leaf, best)]
        far = min((self.steps[leaf] for leaf in small), default=0)
        if not small or 2 * len(small) < sum(self.steps[leaf] >= far for leaf in reached):
            return []  # a few small ones among many are no work of depth
        near = self.flow[best] if self._vanishes(small[0], best) and small[0] != best else self.seed
        least = min(small, key=lambda leaf: self.flow[leaf])
        sentence = (
            f"gradients shrink on the way back: {short(self.tape.label(least), 32)} gets "
            f"{figure(self.flow[least])}, {self.steps[least]:,} multiplications from the root; "
            f"nearer to it there is {figure(near)}. Use relu, normalise, or start from larger weights."
        )
        return [self._finding("vanishing", small, sentence)]

    def _vanishes(self, leaf: int, best: int) -> bool:
        """Says whether a leaf gets too little: beside one nearer to the root or, in a chain, beside the seed."""
        alone = best == leaf or self.steps[leaf] - self.steps[best] < _STEPS - 1
        if not alone:
            return self.flow[leaf] < _VANISHING * self.flow[best]
        return self.steps[leaf] >= 2 * _STEPS and self.flow[leaf] < _VANISHING * self.seed

    def _exploding(self) -> list[Finding]:
        limit = _EXPLODING * self.seed
        large = [line for line, flow in self.flow.items() if flow > limit and self.steps[line] >= _STEPS]
        adjoints = {back.operand: abs(back.after) for back in self.backs}
        large = sorted(line for line in large if adjoints[line] > limit and not self.tape.lines[line].constant)
        if not large:
            return []
        most = max(large, key=lambda line: adjoints[line])
        many = f", and {len(large) - 1:,} more beyond {figure(limit)}" if len(large) > 1 else ""
        sentence = (
            f"gradients grow on the way back: that of {self.says(most)} is {figure(adjoints[most])}{many}. "
            f"Clip them, scale inputs and weights down, or lower the learning rate."
        )
        return [self._finding("exploding", [most, *(line for line in large if line != most)], sentence)]

    def _saturated(self) -> list[Finding]:
        flat: dict[str, dict[int, float]] = {}
        for back in self.backs:
            rule = self.tape.lines[back.line].rule
            most = largest_slope(rule) if rule else None
            if rule and most is not None and abs(back.local) < _SATURATED * most:
                flat.setdefault(rule.name, {})[back.line] = back.local
        found = []
        for name, slopes in flat.items():
            lines = sorted(slopes)
            are = "is" if len(lines) == 1 else f"and {len(lines) - 1:,} more are"
            sentence = (
                f"{self.says(lines[0])} {are} at the flat end of {short(name)}: "
                f"slope {figure(slopes[lines[0]])}, less than 1 % of its largest."
            )
            found.append(self._finding("saturated", lines, sentence))
        return found

    def _without(self) -> list[Finding]:
        """Finds leaves that get no gradient for other reasons than an activation that is off."""
        apart = [leaf for leaf in self.leaves if leaf not in self.rooted]
        cut = self.rooted - self.alive
        flat = [leaf for leaf in self.leaves if leaf in cut and not self.off(leaf)]
        root, found = short(self.tape.label(self.chapter.root), 32), []
        if apart:
            sentence = f"{self.names(apart)}: {root} does not depend on it, or not by anything that has a derivative."
            found.append(self._finding("no gradient", apart, sentence))
        if flat:
            sentence = f"the gradient of {self.names(flat)} is 0: every way to {root} has a slope of 0 on it."
            found.append(self._finding("no gradient", flat, sentence))
        return found
