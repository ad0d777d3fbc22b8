"""The third step of lifting: which member of a class stands where in the class's array.

That is free, so it is chosen such that the index maps between arrays become regular: sums of products take the order of
their matrix product, operations on single elements that of their operand, and leaves (parameters above all) the order
in which the products want them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from autograd_lite.rules import RULES

from .classes import Classes
from .grids import Grid, arranged, find_grids
from .indexing import Indices
from .scalars import Scalars

__all__ = ["FIXED_LEAVES", "FREE_LEAVES", "Layout"]

FREE_LEAVES = ("parameter", "captured")
"""Leaves whose order is ours to choose."""
FIXED_LEAVES = ("input", "index", "constant")
"""Leaves that stand where they are."""
_MUL = RULES["mul"]


class Layout:
    """Where everything stands.

    Args:
        scalars: the lines of a program.
        classes: their classes.
        counts: how many parameters, inputs and indices there are, by kind of leaf, also those that are not read.
        batched: whether inputs differ from sample to sample.
        parameters: for each place in the flat array of parameters, which one stands there; None to choose.
    """

    def __init__(
        self,
        scalars: Scalars,
        classes: Classes,
        counts: Mapping[str, int],
        *,
        batched: bool,
        parameters: Indices | None = None,
    ) -> None:
        self.lines = scalars.lines
        self.keys: list[Any] = classes.keys
        self.of_line = np.asarray(classes.of_line, dtype=np.intp)
        self.batched = batched
        self.place = np.full(len(self.lines), -1, dtype=np.intp)
        """Of each line: where it stands in the array of its class."""
        self.grids: dict[tuple[int, int, int], list[Grid]] = {}
        """The matrix products: of a class of sums, a sign and a class of products, where its terms of that kind are."""
        self.order: dict[int, list[int]] = {}
        """Of each class: its members as they stand."""
        self.parameters = np.arange(counts["parameter"]) if parameters is None else parameters
        """For each place in the flat array of parameters, which parameter stands there."""
        self._given = parameters is not None
        self._classes = classes.of_line  # as a list: quicker to look up one by one
        self._rank = np.asarray([line.data if line.op == "parameter" else i for i, line in enumerate(self.lines)])
        live, self._uses = self._live(scalars)
        self.members = [[line for line in lines if live[line]] for lines in classes.members]
        """Of each class: the lines that something depends on, and that no matrix product stands for."""
        self._data: list[tuple[bool, bool]] = []  # of each class: does it differ by sample; is it more than weights
        for number in range(len(self.keys)):
            self._data.append(self._is_data(number))
        self._choose()

    def _choose(self) -> None:
        """Chooses all orders: operands before results, but for the leaves that follow the products."""
        for number in self.numbers("sum"):
            self._find_grids(number)
        for number in self.numbers():
            self._settle(number)
        self._order_leaves()

    def numbers(self, kind: Any = None) -> Iterator[int]:
        """Yields the classes that have members (of one kind, if it is said), operands before results."""
        for number, key in enumerate(self.keys):
            if self.members[number] and kind in (None, key[0]):
                yield number

    def operand(self, number: int, position: int) -> Indices:
        """Returns the operands at one position of a class's members, as they stand."""
        return np.asarray([self.lines[line].args[position] for line in self.order[number]], dtype=np.intp)

    def terms(self, number: int) -> dict[tuple[int, int], list[list[int]]]:
        """Returns, for each sign and class of terms, the terms of each member of a class of sums."""
        count = len(self.members[number])
        terms: dict[tuple[int, int], list[list[int]]] = {}
        of_line = self._classes
        for position, member in enumerate(self.members[number]):
            line = self.lines[member]
            for sign, argument in zip(line.signs, line.args, strict=True):
                kind = (sign, of_line[argument])
                lists = terms.get(kind)
                if lists is None:
                    lists = terms[kind] = [[] for _ in range(count)]
                lists[position].append(argument)
        return terms

    def take_groups(self, number: int) -> list[list[int]]:
        """Returns the members that take by the same index, or each by itself if they do not come in equal rows."""
        groups: dict[int, list[int]] = {}
        for member in self.members[number]:
            groups.setdefault(self.lines[member].args[0], []).append(member)
        if len({len(group) for group in groups.values()}) > 1:
            return [[member] for member in self.members[number]]
        return list(groups.values())

    # ------------------------------------------------------------ what is known before anything stands anywhere

    def _live(self, scalars: Scalars) -> tuple[list[bool], list[int]]:
        """Returns which lines something depends on, and how often each is read; a root is read by us too."""
        live, uses = [False] * len(self.lines), [0] * len(self.lines)
        roots = [*scalars.outputs, *(side for left, _, right, _ in scalars.guards for side in (left, right))]
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
        """Returns whether a class differs from sample to sample, and whether it is more than weights."""
        kind, *operands = self.keys[number]
        if kind in FREE_LEAVES or kind in FIXED_LEAVES:
            return kind in ("input", "index") and self.batched, kind != "parameter"
        if kind == "take":
            return self.batched, True
        if kind == "sum":
            operands = [term for _, term in operands[0]]
        elif kind in ("max", "min"):
            operands = operands[0]
        below = [self._data[operand] for operand in operands if self.keys[operand][0] != "constant"]
        return any(differs for differs, _ in below), any(more for _, more in below)

    # ------------------------------------------------------------ sums of products

    def _find_grids(self, number: int) -> None:
        """Finds which sums of products in a class of sums are matrix products; their factors are never multiplied."""
        for (sign, product), lists in self.terms(number).items():
            if self.keys[product][0] is not _MUL or max(map(len, lists)) == 1:
                continue
            if any(self._uses[t] != 1 for terms in lists for t in terms):
                continue
            left, right = self.keys[product][1:]
            swap = self._data[left] < self._data[right]
            sides = [[self.lines[t].args for t in terms] for terms in lists]
            pairs = [(tuple(a for a, _ in args), tuple(b for _, b in args)) for args in sides]
            grids = find_grids([(b, a) for a, b in pairs] if swap else pairs)
            if grids is None:
                continue
            self.grids[number, sign, product] = grids
            written = {t for terms in lists for t in terms}
            self.members[product] = [t for t in self.members[product] if t not in written]

    def _arranged_grids(self, number: int) -> list[Grid]:
        """Returns the largest of a class's matrix products, if any, once all are in the order of their operands."""
        largest: list[Grid] = []
        rank = np.where(self.place >= 0, self.place, self._rank)
        for key in [key for key in self.grids if key[0] == number]:
            grids = self.grids[key] = [arranged(grid, rank) for grid in self.grids[key]]
            if sum(grid.left.size for grid in grids) > sum(grid.left.size for grid in largest):
                largest = grids
        return largest

    # ------------------------------------------------------------ the order of members

    def _settle(self, number: int) -> None:
        """Chooses the order of a class's members; parameters and captured numbers follow later."""
        kind = self.keys[number][0]
        if kind in FREE_LEAVES:
            return
        if kind in ("input", "index"):
            members = self.order[number] = self.members[number]
            self.place[members] = [self.lines[line].data for line in members]
            return
        self.order[number] = self._chosen_order(number, kind)
        self.place[self.order[number]] = np.arange(len(self.order[number]))

    def _chosen_order(self, number: int, kind: Any) -> list[int]:
        """Returns a class's members in the order that makes reading their operands regular."""
        members = self.members[number]
        if kind in ("constant", "max", "min"):
            return members
        if kind == "take":
            return [member for group in self.take_groups(number) for member in group]
        if kind != "sum":
            operands = [[self.lines[line].args[i] for line in members] for i in range(len(self.lines[members[0]].args))]
            return self._by_operand(members, operands)
        if grids := self._arranged_grids(number):
            ranked = np.concatenate([grid.outputs[np.argsort(grid.places)] for grid in grids])
            return [members[i] for i in ranked]
        terms = self.terms(number).values()
        lone = [lists for lists in terms if max(map(len, lists)) == 1]
        return self._by_operand(members, [[each[0] for each in lists] for lists in lone or terms])

    def _by_operand(self, members: list[int], operands: list[list[int]]) -> list[int]:
        """Returns members in the order of the first operand that is another one for each, best one that has samples."""
        best, rank = members, -1
        for each in operands:
            ids = np.asarray(each, dtype=np.intp)
            source = int(self.of_line[ids[0]])
            if self.keys[source][0] == "constant" or (self.of_line[ids] != source).any():
                continue
            places, score = self.place[ids], int(self._data[source][0])
            if score > rank and places[0] >= 0 and len(np.unique(places)) == len(places):
                best, rank = [members[i] for i in np.argsort(places)], score
        return best

    # ------------------------------------------------------------ the order of leaves

    def _order_leaves(self) -> None:
        """Puts parameters and captured numbers into the order in which they are first asked for."""
        asked = dict.fromkeys(int(line) for request in self._requests() for line in request if line >= 0)
        for number in self.numbers():
            kind = self.keys[number][0]
            if kind in FREE_LEAVES:
                first = [line for line in asked if self._classes[line] == number]
                order = self.order[number] = [*first, *(line for line in self.members[number] if line not in asked)]
                self.place[order] = np.arange(len(order))
                if kind == "parameter":
                    self._place_parameters(order)

    def _requests(self) -> list[Indices]:
        """Returns lines in the orders that those who read them would like, the most demanding first."""
        products: list[Indices] = []
        dots: list[Indices] = []
        for grids in self.grids.values():
            for grid in grids:
                self._sort_terms(grid)
                small = grid.left.shape[1] * grid.right.shape[1] == 1
                (dots if small else products).extend([grid.right.ravel(), grid.left.ravel()])
        tables = [
            np.asarray([self.lines[m].args[1:] for m in members], dtype=np.intp).T.ravel()
            for number in self.numbers("take")
            for members in self.take_groups(number)
        ]
        return [*products, *tables, *self._lone_terms(), *dots]

    def _lone_terms(self) -> Iterator[Indices]:
        """Yields the terms that sums have one each of, in the order of the sums."""
        for number in self.numbers("sum"):
            for lists in self.terms(number).values():
                if max(map(len, lists)) == 1:
                    by_member = dict(zip(self.members[number], lists, strict=True))
                    yield np.asarray([by_member[member][0] for member in self.order[number]], dtype=np.intp)

    def _sort_terms(self, grid: Grid) -> None:
        """Puts the terms of sums into the order in which the data lie: the weights can be laid out to match."""
        for stack in range(len(grid.left)):
            row = grid.left[stack, 0]
            if (grid.left[stack] >= 0).all() and (grid.right[stack] >= 0).all() and (self.place[row] >= 0).all():
                by = np.argsort(self.place[row], kind="stable")
                grid.left[stack], grid.right[stack] = grid.left[stack][:, by], grid.right[stack][:, by]

    def _place_parameters(self, order: list[int]) -> None:
        """Puts the parameters that are read into this order, or where they were given; those not read come last."""
        positions = [self.lines[line].data for line in order]
        if not self._given:
            rest = np.setdiff1d(self.parameters, positions)
            self.parameters = np.concatenate([np.asarray(positions, dtype=np.intp), rest])
        self.place[order] = np.argsort(self.parameters)[positions]
