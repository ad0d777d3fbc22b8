"""The third step of lifting: from classes of scalar lines to array instructions.

A class becomes one flat array of its members. Which member stands where is free, so it is chosen such that the index
maps between arrays become regular: sums of products take the order of their matrix product, operations on single
elements that of their operand, and leaves (parameters above all) the order in which the products want them.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd_lite.expressions import FUNCTIONS, substitute
from autograd_lite.rules import RULES, Rule

from .classes import Classes
from .grids import Grid, arranged, find_grids
from .indexing import Indices, Strided, part, refine, strided, view
from .program import Builder
from .scalars import Scalars

__all__ = ["Lowered", "lower"]

_LEAVES = ("parameter", "input", "index", "captured", "constant")
_FREE_LEAVES = ("parameter", "captured")  # whose order is ours to choose
_MUL = RULES["mul"]
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
    return _Lowering(scalars, classes, counts, order, batched=batched).run()


class _Lowering:
    def __init__(
        self, scalars: Scalars, classes: Classes, counts: dict[str, int], order: Indices | None, *, batched: bool
    ) -> None:
        self.lines = scalars.lines
        self.scalars = scalars
        self.keys: list[Any] = classes.keys
        self.classes = classes.of_line
        self.of_line = np.asarray(classes.of_line, dtype=np.intp)
        self.counts = counts
        self.batched = batched
        self.builder = Builder()
        self.place = np.full(len(self.lines), -1, dtype=np.intp)  # of each line in the array of its class
        self.rank = np.asarray([line.data if line.op == "parameter" else i for i, line in enumerate(self.lines)])
        self.array: dict[int, int] = {}  # the instruction of each class
        live, self.uses = self._live()
        self.members = [[line for line in lines if live[line]] for lines in classes.members]
        self.data: list[tuple[bool, bool]] = []  # of each class: does it differ by sample; is it more than weights
        for number in range(len(self.keys)):
            self.data.append(self._is_data(number))
        self.grids: dict[tuple[int, int, int], list[Grid]] = {}
        self.order: dict[int, list[int]] = {}
        self.parameters = np.arange(counts["parameter"]) if order is None else order
        self.given = order is not None
        self.captured: list[Any] = []

    def run(self) -> Lowered:
        for number, key in enumerate(self.keys):
            if key[0] == "sum" and self.members[number]:
                self._find_grids(number)
        for number in range(len(self.keys)):
            if self.members[number]:
                self._settle(number)
        self._order_leaves()
        for number in range(len(self.keys)):
            if self.members[number]:
                self.array[number] = made = self._lower(number)
                self.builder.call(made, self._label(number))
        outputs = self._fetch(np.asarray(self.scalars.outputs, dtype=np.intp), (len(self.scalars.outputs),))
        if self.batched and not self.builder.rows[outputs].batched:
            outputs = self.builder.add("repeat", (outputs,), self.builder.shape(outputs), batched=True)
        return Lowered(self.builder, outputs, self._guards(), self.parameters, self.captured)

    # ------------------------------------------------------------ what is known before anything is lowered

    def _live(self) -> tuple[list[bool], list[int]]:
        live, uses = [False] * len(self.lines), [0] * len(self.lines)
        roots = [*self.scalars.outputs, *(side for g in self.scalars.guards for side in (g[0], g[2]))]
        for root in roots:
            live[root] = True
            uses[root] += 2
        for position in range(len(self.lines) - 1, -1, -1):
            if live[position]:
                for argument in self.lines[position].args:
                    live[argument] = True
                    uses[argument] += 1
        return live, uses

    def _is_data(self, number: int) -> tuple[bool, bool]:
        key = self.keys[number]
        if key[0] in _LEAVES:
            return key[0] in ("input", "index") and self.batched, key[0] != "parameter"
        if key[0] == "take":
            return self.batched, True
        kinds = [c for _, c in key[1]] if key[0] == "sum" else key[1] if key[0] in ("max", "min") else key[1:]
        below = [self.data[c] for c in kinds if self.keys[c][0] != "constant"]
        return any(batched for batched, _ in below), any(other for _, other in below)

    # ------------------------------------------------------------ sums of products

    def _terms(self, number: int) -> dict[tuple[int, int], list[list[int]]]:
        """Returns, for each sign and class of terms, the terms of each member of a class of sums."""
        count = len(self.members[number])
        terms: dict[tuple[int, int], list[list[int]]] = {}
        of_line = self.classes
        for position, member in enumerate(self.members[number]):
            line = self.lines[member]
            for sign, argument in zip(line.signs, line.args, strict=True):
                kind = (sign, of_line[argument])
                lists = terms.get(kind)
                if lists is None:
                    lists = terms[kind] = [[] for _ in range(count)]
                lists[position].append(argument)
        return terms

    def _find_grids(self, number: int) -> None:
        for (sign, product), lists in self._terms(number).items():
            if self.keys[product][0] is not _MUL or max(map(len, lists)) == 1:
                continue
            if any(self.uses[t] != 1 for terms in lists for t in terms):
                continue
            left, right = self.keys[product][1:]
            swap = self.data[left] < self.data[right]
            sides = [[self.lines[t].args for t in terms] for terms in lists]
            pairs = [(tuple(a for a, _ in args), tuple(b for _, b in args)) for args in sides]
            grids = find_grids([(b, a) for a, b in pairs] if swap else pairs)
            if grids is None:
                continue
            self.grids[number, sign, product] = grids
            written = {t for terms in lists for t in terms}
            self.members[product] = [t for t in self.members[product] if t not in written]

    def _settle(self, number: int) -> None:
        """Chooses the order of a class's members; parameters and captured numbers follow later."""
        kind = self.keys[number][0]
        if kind in _FREE_LEAVES:
            return
        if kind in ("input", "index"):
            members = self.order[number] = self.members[number]
            self.place[members] = [self.lines[line].data for line in members]
            return
        self.order[number] = self._chosen_order(number, kind)
        self.place[self.order[number]] = np.arange(len(self.order[number]))

    def _chosen_order(self, number: int, kind: Any) -> list[int]:
        if kind in ("constant", "max", "min"):
            return self.members[number]
        if kind == "take":
            return [member for group in self._take_groups(number) for member in group]
        if kind == "sum":
            if grids := self._arranged_grids(number):
                ranked = np.concatenate([grid.outputs[np.argsort(grid.places)] for grid in grids])
                return [self.members[number][i] for i in ranked]
            terms = self._terms(number)
            lone = {kind: lists for kind, lists in terms.items() if max(map(len, lists)) == 1}
            return self._sum_order(number, lone or terms)
        return self._by_operand(number)

    def _arranged_grids(self, number: int) -> list[Grid]:
        """Returns the largest of a class's matrix products, if any, once all are in the order of their operands."""
        largest: list[Grid] = []
        for key in [key for key in self.grids if key[0] == number]:
            self.grids[key] = [
                arranged(grid, np.where(self.place >= 0, self.place, self.rank)) for grid in self.grids[key]
            ]
            if sum(grid.left.size for grid in self.grids[key]) > sum(grid.left.size for grid in largest):
                largest = self.grids[key]
        return largest

    def _order_leaves(self) -> None:
        wanted: list[Indices] = []
        dots: list[Indices] = []
        for grids in self.grids.values():
            for grid in grids:
                self._sort_terms(grid)
                small = grid.left.shape[1] * grid.right.shape[1] == 1
                (dots if small else wanted).extend([grid.right.ravel(), grid.left.ravel()])
        for number, key in enumerate(self.keys):
            if key[0] == "take":
                for members in self._take_groups(number):
                    table = [self.lines[m].args[1:] for m in members]
                    wanted.append(np.asarray(table, dtype=np.intp).T.ravel())
        for number, key in enumerate(self.keys):
            if key[0] == "sum" and self.members[number]:
                for lists in self._terms(number).values():
                    if max(map(len, lists)) == 1:
                        by_member = dict(zip(self.members[number], lists, strict=True))
                        wanted.append(np.asarray([by_member[m][0] for m in self.order[number]], dtype=np.intp))
        lines = dict.fromkeys(int(line) for request in [*wanted, *dots] for line in request if line >= 0)
        for kind in _FREE_LEAVES:
            for number, key in enumerate(self.keys):
                if key[0] == kind:
                    first = [line for line in lines if self.of_line[line] == number]
                    order = self.order[number] = [*first, *(line for line in self.members[number] if line not in lines)]
                    self.place[order] = np.arange(len(order))
                    if kind == "parameter":
                        self._place_parameters(order)

    def _place_parameters(self, order: list[int]) -> None:
        positions = [self.lines[line].data for line in order]
        if not self.given:
            rest = np.setdiff1d(self.parameters, positions)
            self.parameters = np.concatenate([np.asarray(positions, dtype=np.intp), rest])
        self.place[order] = np.argsort(self.parameters)[positions]

    def _sort_terms(self, grid: Grid) -> None:
        """Puts the terms of sums into the order in which the data lie: the weights can be laid out to match."""
        for stack in range(len(grid.left)):
            row = grid.left[stack, 0]
            if (grid.left[stack] >= 0).all() and (grid.right[stack] >= 0).all() and (self.place[row] >= 0).all():
                by = np.argsort(self.place[row], kind="stable")
                grid.left[stack], grid.right[stack] = grid.left[stack][:, by], grid.right[stack][:, by]

    # ------------------------------------------------------------ one class

    def _lower(self, number: int) -> int:
        kind = self.keys[number][0]
        if kind in _LEAVES:
            return self._leaf(number, kind)
        if kind == "sum":
            return self._sum(number)
        if kind in ("max", "min"):
            return self._reduced(kind, [list(self.lines[line].args) for line in self.order[number]])
        if kind == "take":
            return self._take(number)
        if kind == "stop":
            ids = self._ids(number, 0)
            return self.builder.add("stop", (self._fetch(ids, ids.shape),), ids.shape)
        return self._map(number, kind)

    def _label(self, number: int) -> str:
        """Returns what all members of a class are called: their name, or the piece of the program they come out of."""
        labels = set()
        for line in self.members[number]:
            node = self.lines[line].node
            if node is None or node._more is None:
                return ""
            labels.add(node._more.name or (node._more.calls[0].name if node._more.calls else ""))
            if len(labels) > 1:
                return ""
        return labels.pop()

    def _leaf(self, number: int, kind: str) -> int:
        order = self.order[number]
        if kind == "constant":
            return self.builder.constant([self.lines[line].data for line in order])
        if kind == "captured":
            self.captured = [self.lines[line].data for line in order]
            return self.builder.add("captured", (), (len(order),))
        if kind == "parameter":
            return self.builder.add("parameters", (), (self.counts[kind],))
        made = self.builder.add(kind, (), (self.counts[kind],), batched=self.batched)
        return made if kind == "input" else self.builder.map("1.0 * x", ("0",), x=made)  # `take` reads the integers

    def _ids(self, number: int, position: int) -> Indices:
        return np.asarray([self.lines[line].args[position] for line in self.order[number]], dtype=np.intp)

    def _by_operand(self, number: int) -> list[int]:
        """Returns the members in the order of the first operand that is different for each of them."""
        members = self.members[number]
        best, rank = members, (False, False)
        for position in range(len(self.lines[members[0]].args)):
            ids = np.asarray([self.lines[line].args[position] for line in members], dtype=np.intp)
            source = int(self.of_line[ids[0]])
            if self.keys[source][0] == "constant" or (self.of_line[ids] != source).any():
                continue
            places = self.place[ids]
            if (
                places[0] >= 0
                and len(np.unique(places)) == len(places)
                and (score := (True, self.data[source][0])) > rank
            ):
                best, rank = [members[i] for i in np.argsort(places)], score
        return best

    def _map(self, number: int, op: Any) -> int:
        exponent: float | None = None
        lone = False
        match op:
            case ("power", exponent):
                rule: Rule = _POW
            case ("lone", rule):
                lone = True
            case _:
                rule = op
        names = rule.operands[: 1 if exponent is not None else rule.arity]
        ids = {name: self._ids(number, i) for i, name in enumerate(names)}
        text = self._text(rule)
        partials = [self._partial(rule, i, lone=lone) for i in range(len(names))]
        if exponent is not None:
            fixed = {"y": repr(exponent)}
            text, partials = substitute(text, fixed), [substitute(partial, fixed) for partial in partials]
        return self._mapped(text, dict(zip(names, partials, strict=True)), ids)

    def _text(self, rule: Rule) -> str:
        if rule.name in FUNCTIONS and rule is RULES[rule.name]:
            return f"{rule.name}({', '.join(rule.operands)})"
        value = rule.value if isinstance(rule.value, str) else self._own(rule, rule.value)
        guarded = rule.domain and rule.name not in RULES  # the table's own functions are nan outside their domains
        return f"({value}) if {rule.domain} else nan" if guarded else value

    def _partial(self, rule: Rule, position: int, *, lone: bool) -> str:
        partial = rule.lone[position] if lone and rule.lone else rule.partials[position]
        return partial if isinstance(partial, str) else self._own(rule, partial, "out")

    def _own(self, rule: Rule, function: Callable[..., float], *more: str) -> str:
        """Returns the call of a Python function that a rule of the user's brought along."""
        known = {id(each): name for name, each in self.builder.functions.items()}
        name = known.get(id(function), f"{rule.name}__{len(self.builder.functions)}")  # like nothing else in the source
        self.builder.functions[name] = function
        return f"{name}({', '.join((*rule.operands, *more))})"

    def _mapped(self, text: str, partials: dict[str, str], ids: dict[str, Indices]) -> int:
        """Returns the flat array of a formula; `ids` says which line each of its operands is, element by element."""
        count = len(next(iter(ids.values())))
        literals = {}
        for name, lines in ids.items():
            if self.keys[int(self.of_line[lines[0]])][0] == "constant":
                numbers = {repr(self.lines[line].data) for line in np.unique(lines)}
                if len(numbers) == 1:
                    literals[name] = numbers.pop()
        left = {name: lines for name, lines in ids.items() if name not in literals}
        if literals:
            text = substitute(text, literals)
            partials = {name: substitute(p, literals) for name, p in partials.items()}
        if not left:
            left = {next(iter(ids)): next(iter(ids.values()))}
        arrays, shape = self._aligned(left, count)
        made = self.builder.map(text, [partials[name] for name in arrays], **arrays)
        return self._spread(made, shape)

    def _spread(self, made: int, shape: tuple[int, ...]) -> int:
        """Returns a map's result as a flat array, repeated along the axes of `shape` that all operands lack."""
        count, mine = math.prod(shape), self.builder.shape(made)
        flat = self.builder.reshape(made, (math.prod(mine),))
        if mine == shape:
            return flat
        index = np.broadcast_to(np.arange(math.prod(mine)).reshape(mine), shape).ravel()
        return self.builder.add("gather", (flat,), (count,), detail=index)

    # ------------------------------------------------------------ sums, maxima, look-ups

    def _sum(self, number: int) -> int:
        terms = self._terms(number)
        count = len(self.members[number])
        rank = {line: i for i, line in enumerate(self.members[number])}
        order = [rank[line] for line in self.order[number]]
        single: dict[str, Indices] = {}
        arrays: dict[str, int] = {}
        signs: dict[str, int] = {}
        for (sign, kind), lists in sorted(
            terms.items(), key=lambda item: ((number, *item[0]) not in self.grids, item[0][1])
        ):
            name = f"x{len(signs)}"
            signs[name] = sign
            ordered = [lists[i] for i in order]
            if (number, sign, kind) in self.grids:
                arrays[name] = self._contracted(number, sign, kind, order)
            elif max(map(len, ordered)) == 1:
                single[name] = np.asarray([each[0] for each in ordered], dtype=np.intp)
            else:
                arrays[name] = self._reduced("sum", ordered)
        return self._added(signs, arrays, single, count)

    def _sum_order(self, number: int, terms: dict[tuple[int, int], list[list[int]]]) -> list[int]:
        members = self.members[number]
        best, rank = members, -1
        for (_, kind), lists in terms.items():
            if self.keys[kind][0] == "constant":
                continue
            first = self.place[[each[0] for each in lists]]
            if first[0] >= 0 and len(np.unique(first)) == len(first) and (score := int(self.data[kind][0])) > rank:
                best, rank = [members[i] for i in np.argsort(first)], score
        return best

    def _added(self, signs: dict[str, int], arrays: dict[str, int], single: dict[str, Indices], count: int) -> int:
        literals = {}
        for name, lines in single.items():
            if self.keys[int(self.of_line[lines[0]])][0] == "constant":
                numbers = {repr(self.lines[line].data) for line in np.unique(lines)}
                if len(numbers) == 1:
                    literals[name] = numbers.pop()
        aligned, shape = self._aligned({n: v for n, v in single.items() if n not in literals}, count, arrays)
        if len(signs) == 1 and next(iter(signs.values())) > 0 and aligned:
            return self._spread(next(iter(aligned.values())), shape)
        text = ""
        for name, sign in signs.items():
            term = literals.get(name, name)
            text += f" {'+' if sign > 0 else '-'} {term if not term.startswith('-') else f'({term})'}"
        text = text.removeprefix(" + ").strip()
        partials = ["1" if signs[name] > 0 else "-1" for name in aligned]
        return self._spread(self.builder.map(text, partials, **aligned), shape)

    def _contracted(self, number: int, sign: int, product: int, order: list[int]) -> int:
        parts, where = [], np.full(len(order), -1, dtype=np.intp)
        offset = 0
        for grid in self.grids[number, sign, product]:
            left, right = grid.left, grid.right
            if left.shape[:2] == right.shape[:2] == (1, 1) and (left >= 0).all() and (right >= 0).all():
                by = np.argsort(self.place[right[0, 0]], kind="stable")  # a dot product: any order of terms will do
                left, right = left[:, :, by], right[:, :, by]
            a, b = self._fetch(left, left.shape), self._fetch(right, right.shape)
            rows = self.builder.rows
            batch = ["b" if rows[i].batched else "" for i in (a, b)]
            out = "b" if any(batch) else ""
            made = self.builder.contract(f"{batch[0]}gik,{batch[1]}gjk->{out}gij", a, b)
            size = left.shape[0] * left.shape[1] * right.shape[1]
            parts.append(self.builder.reshape(made, (size,)))
            where[grid.outputs] = offset + grid.places
            offset += size
        source = parts[0] if len(parts) == 1 else self._joined(parts)
        return self._pick(source, where[order], (len(order),))

    def _joined(self, parts: Sequence[int]) -> int:
        sizes = [self.builder.shape(each)[0] for each in parts]
        starts = np.concatenate([[0], np.cumsum(sizes)]).tolist()
        places = [part(start, size) for start, size in zip(starts, sizes, strict=False)]
        return self.builder.add("place", parts, (starts[-1],), detail=tuple(places))

    def _reduced(self, op: str, lists: list[list[int]]) -> int:
        """Returns, for each list of lines, their sum or largest."""
        lengths = {len(each) for each in lists}
        flat = np.asarray([line for each in lists for line in each], dtype=np.intp)
        if len(lengths) == 1:
            shape = (len(lists), lengths.pop())
            if op == "sum":
                return self.builder.sum(self._fetch(flat, shape), (1,))
            return self.builder.add(op, (self._fetch(flat, shape),), shape[:1], detail=(1,))
        starts = np.cumsum([0, *map(len, lists[:-1])])
        return self.builder.add("segments", (self._fetch(flat, flat.shape),), (len(lists),), detail=(op, starts))

    def _take_groups(self, number: int) -> list[list[int]]:
        """Returns the members that take by the same index, or each by itself if they do not come in equal rows."""
        groups: dict[int, list[int]] = {}
        for member in self.members[number]:
            groups.setdefault(self.lines[member].args[0], []).append(member)
        if len({len(group) for group in groups.values()}) > 1:
            return [[member] for member in self.members[number]]
        return list(groups.values())

    def _take(self, number: int) -> int:
        groups = self._take_groups(number)
        tables = np.asarray([[self.lines[m].args[1:] for m in group] for group in groups], dtype=np.intp)
        tables = tables.transpose(0, 2, 1)  # (indices, rows, elements of a row)
        if (tables == tables[:1]).all():
            tables = tables[:1]
        index = np.asarray([self.lines[self.lines[group[0]].args[0]].data for group in groups], dtype=np.intp)
        rows = self._fetch(tables, tables.shape)
        whole = self.builder.add("index", (), (self.counts["index"],), batched=self.batched)
        chosen = self._pick(whole, index, index.shape)
        made = self.builder.add("take", (rows, chosen), (len(groups), tables.shape[2]))
        return self.builder.reshape(made, (len(self.order[number]),))

    # ------------------------------------------------------------ index maps

    def _source(self, ids: Indices) -> tuple[int, Indices]:
        """Returns a flat array that holds these lines, and where in it each of them is; -1 stays -1."""
        kinds = np.unique(self.of_line[ids[ids >= 0]])
        if len(kinds) == 1:
            return self.array[int(kinds[0])], np.where(ids >= 0, self.place[ids], -1)
        starts, parts, total = {}, [], 0
        for kind in kinds.tolist():
            starts[kind] = total
            parts.append(self.array[kind])
            total += self.builder.shape(parts[-1])[0]
        offsets = np.asarray([starts[kind] for kind in kinds.tolist()], dtype=np.intp)
        at = offsets[np.searchsorted(kinds, self.of_line[ids])] + self.place[ids]
        return self._joined(parts), np.where(ids >= 0, at, -1)

    def _fetch(self, ids: Indices, shape: Sequence[int]) -> int:
        source, index = self._source(ids.ravel())
        return self._pick(source, index, shape)

    def _pick(self, source: int, index: Indices, shape: Sequence[int]) -> int:
        """Returns elements of a flat array in a new order and shape; -1 stands for 0."""
        size = self.builder.shape(source)[0]
        if len(index) == size and (index == np.arange(size)).all():
            return self.builder.reshape(source, shape)
        row = self.builder.rows[source]
        if row.kind == "constant":
            return self.builder.constant(np.where(index >= 0, row.detail[index], 0.0).reshape(shape))
        regular = strided(index)
        seen = view(regular, size) if regular is not None and 0 not in regular.strides and index[0] >= 0 else None
        if seen is not None and (index >= 0).all():
            return self.builder.reshape(self.builder.add("view", (source,), seen.shape, detail=seen), shape)
        flat = self.builder.add("gather", (source,), (len(index),), detail=index)
        return self.builder.reshape(flat, shape)

    def _aligned(
        self, ids: dict[str, Indices], count: int, full: dict[str, int] | None = None
    ) -> tuple[dict[str, int], tuple[int, ...]]:
        """Returns arrays that can be broadcast against each other, for the operands of one map, and to which shape.

        Args:
            ids: by name, which line each element of an operand is.
            count: how many elements there are.
            full: flat arrays of all elements, to be used as they are.
        """
        maps: dict[str, tuple[int, Indices, Strided | None]] = {}
        cuts = {1}
        for name, lines in ids.items():
            source, index = self._source(lines)
            regular = strided(index)
            if regular is not None and view(regular, self.builder.shape(source)[0]) is None:
                regular = None
            if regular is not None and self.builder.rows[source].kind != "constant":
                right = 1
                for size in reversed(regular.shape):
                    right *= size
                    cuts.add(right)
            maps[name] = (source, index, regular)
        chain = sorted(cuts | {count})
        fits = all(high % low == 0 for low, high in itertools.pairwise(chain))
        shape = tuple(high // low for low, high in itertools.pairwise(chain))[::-1] if fits else (count,)
        arrays: dict[str, int] = {}
        for name in [*(full or {}), *ids]:
            if full and name in full:
                arrays[name] = self.builder.reshape(full[name], shape)
                continue
            source, index, regular = maps[name]
            fine = refine(regular, chain[:-1]) if regular is not None and fits else None
            seen = view(fine, self.builder.shape(source)[0]) if fine is not None else None
            if seen is None or self.builder.rows[source].kind == "constant":
                arrays[name] = self._pick(source, index, shape)
            elif (
                fine is not None
                and len(index) == self.builder.shape(source)[0]
                and (index == np.arange(len(index))).all()
            ):
                arrays[name] = self.builder.reshape(source, shape)
            else:
                missing = len(shape) - len(seen.shape)
                broad = seen._replace(shape=(1,) * missing + seen.shape)
                arrays[name] = self.builder.add("view", (source,), broad.shape, detail=broad)
        return arrays, shape

    # ------------------------------------------------------------ guards

    def _guards(self) -> list[tuple[int, bool]]:
        groups: dict[tuple[str, bool, int, int], list[tuple[int, int]]] = {}
        for left, sign, right, outcome in self.scalars.guards:
            kind = (sign, outcome, int(self.of_line[left]), int(self.of_line[right]))
            groups.setdefault(kind, []).append((left, right))
        made = []
        for (sign, outcome, _, _), pairs in groups.items():
            lefts, rights = (np.asarray(side, dtype=np.intp) for side in zip(*pairs, strict=True))
            made.append((self._mapped(f"x {sign} y", {"x": "0", "y": "0"}, {"x": lefts, "y": rights}), outcome))
        return made
