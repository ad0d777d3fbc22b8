"""The fourth step of lifting: from classes of scalar lines, laid out, to array instructions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd_lite.expressions import FUNCTIONS, substitute
from autograd_lite.rules import RULES, Rule

from .classes import Classes
from .fetch import Fetch
from .grids import Grid
from .indexing import Indices
from .layout import FIXED_LEAVES, FREE_LEAVES, Layout
from .program import Builder
from .scalars import Scalars

__all__ = ["Lowered", "lower"]

_POW = RULES["pow"]


@dataclass
class Lowered:
    """A program under construction, and where its results are.

    Args:
        builder: holds the instructions.
        outputs: the array of all outputs, flat, in the order in which they were given.
        guards: for each group of comparisons, the array of their outcomes and the outcome recorded.
        parameters: for each place in the flat array of parameters, which parameter stands there.
        captured: for each place in the array of captured numbers, the Value it is read from.
    """

    builder: Builder
    outputs: int
    guards: list[tuple[int, bool]]
    parameters: Indices
    captured: list[Any]


def lower(
    scalars: Scalars,
    classes: Classes,
    *,
    parameters: int,
    inputs: int,
    indices: int,
    batched: bool,
    order: Indices | None = None,
) -> Lowered:
    """Returns the array instructions of a scalar program.

    Args:
        scalars: its lines.
        classes: their classes.
        parameters: how many parameters there are, also those that the program does not read.
        inputs: how many numbers a sample has.
        indices: how many integers a sample has.
        batched: whether inputs have a batch axis in front.
        order: for each place in the flat array of parameters, which one stands there; None to choose.
    """
    counts = {"parameter": parameters, "input": inputs, "index": indices}
    layout = Layout(scalars, classes, counts, batched=batched, parameters=order)
    return _Lowering(layout, counts).run(scalars)


class _Lowering:
    """Writes the instructions of one class after the other."""

    def __init__(self, layout: Layout, counts: Mapping[str, int]) -> None:
        self.layout = layout
        self.lines = layout.lines
        self.keys = layout.keys
        self.counts = counts
        self.batched = layout.batched
        self.builder = Builder()
        self.fetch = Fetch(self.builder, layout.of_line, layout.place)
        self.captured: list[Any] = []

    def run(self, scalars: Scalars) -> Lowered:
        """Returns the whole program, the outputs and guards being those of `scalars`."""
        for number in self.layout.numbers():
            self.fetch.array[number] = made = self._lower(number)
            self.builder.call(made, self._label(number))
        outputs = self.fetch.lines(np.asarray(scalars.outputs, dtype=np.intp))
        if self.batched and not self.builder.rows[outputs].batched:
            outputs = self.builder.add("repeat", (outputs,), self.builder.shape(outputs), batched=True)
        return Lowered(self.builder, outputs, self._guards(scalars), self.layout.parameters, self.captured)

    def _lower(self, number: int) -> int:
        """Returns the flat array of a class."""
        kind = self.keys[number][0]
        if kind in FREE_LEAVES or kind in FIXED_LEAVES:
            return self._leaf(number, kind)
        if kind == "sum":
            return self._sum(number)
        if kind in ("max", "min"):
            return self._reduced(kind, [list(self.lines[line].args) for line in self.layout.order[number]])
        if kind == "take":
            return self._take(number)
        if kind == "stop":
            ids = self.layout.operand(number, 0)
            return self.builder.add("stop", (self.fetch.lines(ids),), ids.shape)
        return self._operation(number, kind)

    def _label(self, number: int) -> str:
        """Returns what all members of a class are called: their name, or the piece of the program they come out of."""
        labels = set()
        for line in self.layout.members[number]:
            node = self.lines[line].node
            if node is None or node._more is None:
                return ""
            labels.add(node._more.name or (node._more.calls[0].name if node._more.calls else ""))
            if len(labels) > 1:
                return ""
        return labels.pop()

    def _leaf(self, number: int, kind: str) -> int:
        order = self.layout.order[number]
        if kind == "constant":
            return self.builder.constant([self.lines[line].data for line in order])
        if kind == "captured":
            self.captured = [self.lines[line].data for line in order]
            return self.builder.add("captured", (), (len(order),))
        if kind == "parameter":
            return self.builder.add("parameters", (), (self.counts[kind],))
        made = self.builder.add(kind, (), (self.counts[kind],), batched=self.batched)
        return made if kind == "input" else self.builder.map("1.0 * x", ("0",), x=made)  # `take` reads the integers

    # ------------------------------------------------------------ single operations

    def _operation(self, number: int, op: Any) -> int:
        """Returns the flat array of a class of single operations: one formula of the table, or of the user's."""
        match op:
            case ("power", exponent):
                text, slopes, names = *_formulas(_POW, self._own), ("x",)
                fixed = {"y": repr(exponent)}
                text, slopes = substitute(text, fixed), [substitute(slopes[0], fixed)]
            case ("lone", rule):
                text, slopes, names = *_formulas(rule, self._own, lone=True), rule.operands
            case rule:
                text, slopes, names = *_formulas(rule, self._own), rule.operands
        ids = {name: self.layout.operand(number, i) for i, name in enumerate(names)}
        return self._mapped(text, dict(zip(names, slopes, strict=True)), ids)

    def _own(self, rule: Rule, function: Callable[..., float], *more: str) -> str:
        """Returns the call of a Python function that a rule of the user's brought along."""
        known = {id(each): name for name, each in self.builder.functions.items()}
        name = known.get(id(function), f"{rule.name}__{len(self.builder.functions)}")  # like nothing else in the source
        self.builder.functions[name] = function
        return f"{name}({', '.join((*rule.operands, *more))})"

    def _mapped(self, text: str, partials: Mapping[str, str], ids: Mapping[str, Indices]) -> int:
        """Returns the flat array of a formula; `ids` says which line each of its operands is, element by element."""
        literals = self._literals(ids)
        if len(literals) == len(ids):  # a formula has at least one operand
            literals.pop(next(iter(ids)))
        if literals:
            text = substitute(text, literals)
            partials = {name: substitute(partial, literals) for name, partial in partials.items()}
        left = {name: lines for name, lines in ids.items() if name not in literals}
        arrays, shape = self.fetch.aligned(left, len(next(iter(ids.values()))))
        made = self.builder.map(text, [partials[name] for name in arrays], **arrays)
        return self.fetch.flat(made, shape)

    def _literals(self, ids: Mapping[str, Indices]) -> dict[str, str]:
        """Returns the operands that are one and the same number everywhere, as text."""
        literals = {}
        for name, lines in ids.items():
            if self.keys[int(self.layout.of_line[lines[0]])][0] == "constant":
                numbers = {repr(self.lines[line].data) for line in np.unique(lines)}
                if len(numbers) == 1:
                    literals[name] = numbers.pop()
        return literals

    # ------------------------------------------------------------ sums and maxima

    def _sum(self, number: int) -> int:
        """Returns the flat array of a class of sums: a few arrays, one for each kind of terms, added up.

        Terms of one kind are a matrix product, one term of each sum, or several that are summed first.
        """
        terms = self.layout.terms(number)
        rank = {line: i for i, line in enumerate(self.layout.members[number])}
        order = [rank[line] for line in self.layout.order[number]]
        single: dict[str, Indices] = {}
        whole: dict[str, int] = {}
        signs: dict[str, int] = {}
        products_first = sorted(terms, key=lambda term: ((number, *term) not in self.layout.grids, term[1]))
        for sign, kind in products_first:
            name = f"x{len(signs)}"
            signs[name] = sign
            lists = [terms[sign, kind][i] for i in order]
            if grids := self.layout.grids.get((number, sign, kind)):
                whole[name] = self._contracted(grids, order)
            elif max(map(len, lists)) == 1:
                single[name] = np.asarray([each[0] for each in lists], dtype=np.intp)
            else:
                whole[name] = self._reduced("sum", lists)
        literals: dict[str, int | str] = {**self._literals(single)}
        left = {name: lines for name, lines in single.items() if name not in literals}
        aligned, shape = self.fetch.aligned(left, len(order), whole)
        made = self.builder.total([(sign, (aligned | literals)[name]) for name, sign in signs.items()])
        return self.fetch.flat(made, shape)

    def _contracted(self, grids: Sequence[Grid], order: Sequence[int]) -> int:
        """Returns the flat array of sums that are matrix products, in this order of them."""
        parts, where = [], np.full(len(order), -1, dtype=np.intp)
        offset = 0
        for grid in grids:
            left, right = grid.left, grid.right
            if left.shape[:2] == right.shape[:2] == (1, 1) and (left >= 0).all() and (right >= 0).all():
                by = np.argsort(self.layout.place[right[0, 0]], kind="stable")  # a dot product: its terms in any order
                left, right = left[:, :, by], right[:, :, by]
            a, b = self.fetch.lines(left), self.fetch.lines(right)
            batch = ["b" if self.builder.rows[i].batched else "" for i in (a, b)]
            made = self.builder.contract(f"{batch[0]}gik,{batch[1]}gjk->{max(batch)}gij", a, b)
            size = left.shape[0] * left.shape[1] * right.shape[1]
            parts.append(self.builder.reshape(made, (size,)))
            where[grid.outputs] = offset + grid.places
            offset += size
        return self.fetch.elements(self.fetch.joined(parts), where[order], (len(order),))

    def _reduced(self, op: str, lists: Sequence[Sequence[int]]) -> int:
        """Returns, for each list of lines, their sum, the largest or the smallest."""
        lengths = {len(each) for each in lists}
        flat = np.asarray([line for each in lists for line in each], dtype=np.intp)
        if len(lengths) == 1:
            rows = self.fetch.lines(flat.reshape(len(lists), lengths.pop()))
            if op == "sum":
                return self.builder.sum(rows, (1,))
            return self.builder.add(op, (rows,), (len(lists),), detail=(1,))
        starts = np.cumsum([0, *map(len, lists[:-1])])
        return self.builder.add("segments", (self.fetch.lines(flat),), (len(lists),), detail=(op, starts))

    # ------------------------------------------------------------ look-ups, guards

    def _take(self, number: int) -> int:
        """Returns the flat array of a class of look-ups: rows taken from a stack of tables, or from one they share."""
        groups = self.layout.take_groups(number)
        tables = np.asarray([[self.lines[m].args[1:] for m in group] for group in groups], dtype=np.intp)
        tables = tables.transpose(0, 2, 1)  # (indices, rows, elements of a row)
        if (tables == tables[:1]).all():
            tables = tables[:1]
        index = np.asarray([self.lines[self.lines[group[0]].args[0]].data for group in groups], dtype=np.intp)
        rows = self.fetch.lines(tables)
        indices = self.builder.add("index", (), (self.counts["index"],), batched=self.batched)
        chosen = self.fetch.elements(indices, index, index.shape)
        made = self.builder.add("take", (rows, chosen), (len(groups), tables.shape[2]))
        return self.builder.reshape(made, (len(self.layout.order[number]),))

    def _guards(self, scalars: Scalars) -> list[tuple[int, bool]]:
        """Returns the arrays of the comparisons that the program branched on, those that are alike in one."""
        groups: dict[tuple[str, bool, int, int], list[tuple[int, int]]] = {}
        for left, sign, right, outcome in scalars.guards:
            kind = (sign, outcome, int(self.layout.of_line[left]), int(self.layout.of_line[right]))
            groups.setdefault(kind, []).append((left, right))
        made = []
        for (sign, outcome, _, _), pairs in groups.items():
            lefts, rights = (np.asarray(side, dtype=np.intp) for side in zip(*pairs, strict=True))
            made.append((self._mapped(f"x {sign} y", {"x": "0", "y": "0"}, {"x": lefts, "y": rights}), outcome))
        return made


def _formulas(rule: Rule, call: Callable[..., str], *, lone: bool = False) -> tuple[str, list[str]]:
    """Returns a rule's value and its partials as formulas.

    Args:
        rule: the rule.
        call: returns the formula of a Python function that the rule brought along, given further arguments for it.
        lone: whether one operand is a plain number, which matters at ties.
    """
    if rule.name in FUNCTIONS and rule is RULES[rule.name]:
        value = f"{rule.name}({', '.join(rule.operands)})"
    else:
        value = rule.value if isinstance(rule.value, str) else call(rule, rule.value)
        if rule.domain and rule.name not in RULES:  # the table's own functions are nan outside their domains
            value = f"({value}) if {rule.domain} else nan"
    partials = rule.lone if lone and rule.lone else rule.partials
    return value, [p if isinstance(p, str) else call(rule, p, "out") for p in partials]
