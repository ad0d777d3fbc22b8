"""What people call a block of a flat source: the family of its elements' names.

>>> weights = Blocks([f"layer0.neuron{j}.w{i}" for j in range(2) for i in range(3)] + ["layer0.bias"])
>>> weights.called([0, 1, 2, 3, 4, 5]), weights.called([6]), weights.called([3, 4, 5]), weights.called([0, 2])
('layer0.w', 'layer0.bias', 'layer0.neuron1.w', 'layer0.w[...]')
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cached_property

__all__ = ["Blocks", "shortened"]

_LONGEST = 32
_NUMBERING = "0123456789_[]"


class Blocks:
    """The names of a flat source's elements, and what any selection of them is called.

    Args:
        names: of the elements; "" where nothing is known.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self.names = names

    @cached_property
    def _spellings(self) -> list[tuple[list[str], Counter[str]]]:
        """The family of each element, and the sizes of families, from the best way to spell them to the coarsest."""
        spelled = [[way(name) for name in self.names] for way in (_without_place, _without_number, _without_numbers)]
        return [(families, Counter(families)) for families in spelled]

    @cached_property
    def members(self) -> dict[str, list[int]]:
        """The elements of each family; those without a name are the family ""."""
        members: dict[str, list[int]] = {}
        for position, family in enumerate(self._spellings[0][0]):
            members.setdefault(family, []).append(position)
        return members

    def families(self) -> dict[str, tuple[int, ...]]:
        """Returns the shape of each family, as its numbering says."""
        return {family: self._shape(members) for family, members in self.members.items()}

    def _shape(self, members: Sequence[int]) -> tuple[int, ...]:
        ranges = _ranges(_numbers(self.names[i]) for i in members)
        shape = tuple(high - low + 1 for low, high in ranges or [])
        if math.prod(shape) != len(members):
            shape = (len(members),)
        return tuple(n for n in shape if n > 1)

    def family(self, position: int) -> str:
        """Returns the family of one element."""
        return self._spellings[0][0][position]

    def size(self, family: str) -> int:
        """Returns how many elements a family has."""
        return self._spellings[0][1][family]

    def called(self, chosen: Iterable[int]) -> str:
        """Returns what a selection of elements is called; "" if its elements have no names."""
        block = list(dict.fromkeys(chosen))
        if not block or not all(self.names[i] for i in block):
            return ""
        for families, sizes in self._spellings:
            found = {families[i] for i in block}
            if len(found) == 1 and sizes[family := found.pop()] == len(block):
                return shortened(family)
        if len(block) == 1:
            return shortened(self.names[block[0]])
        families, sizes = self._spellings[0]
        counts = Counter(families[i] for i in block)
        pieces = [
            shortened(family)
            if sizes[family] == count
            else self._part(family, [i for i in block if families[i] == family])
            for family, count in list(counts.items())[:4]
        ]
        if len(counts) > 4:
            pieces[3] = "..."
        return pieces[0] if len(counts) == 1 else f"[{'; '.join(pieces)}]"

    def _part(self, family: str, block: Sequence[int]) -> str:
        """Returns a part of a family as a slice, in the numbers that the names count by."""
        whole = _ranges(_numbers(self.names[i]) for i in self.members[family])
        mine = _ranges(_numbers(self.names[i]) for i in block)
        if whole is None or mine is None or math.prod(high - low + 1 for low, high in mine) != len(block):
            return f"{shortened(family)}[...]"
        cuts = []
        for (first, last), (low, high) in zip(whole, mine, strict=True):
            start, stop = "" if low == first else str(low), "" if high == last else str(high + 1)
            cuts.append(str(low) if low == high and first < last else f"{start}:{stop}")
        while cuts[-1] == ":":
            cuts.pop()
        return f"{shortened(family)}[{', '.join(cuts)}]"


def shortened(name: str) -> str:
    """Returns a name on one line, in quotation marks if it could be read as something else.

    Example:
        >>> shortened("layer0.w"), shortened("a + b"), shortened("encoder.block0.attention0.head3.query")
        ('layer0.w', "'a + b'", 'encoder.bloc...tion0.head3.query')
    """
    text = name if re.fullmatch(r"[^\W\d][\w.\[\]]*", name) else repr(name)
    return text if len(text) <= _LONGEST else text[:12] + "..." + text[15 - _LONGEST :]


def _numbers(name: str) -> tuple[int, ...]:
    """Returns the numbers at the end of a name, and that of the part before it, which families leave out."""
    *rest, last = name.split(".")
    tail = last[len(last.rstrip(_NUMBERING)) :]
    place = rest[-1:] if len(rest) > 1 else []
    return tuple(int(digits) for text in (*place, tail) for digits in re.findall(r"[0-9]{1,9}", text))


def _ranges(numbers: Iterable[tuple[int, ...]]) -> list[tuple[int, int]] | None:
    """Returns the least and largest number at each place, or None if there are not as many of them in each."""
    rows = list(numbers)
    if not rows[0] or len({len(row) for row in rows}) > 1:
        return None
    return [(min(column), max(column)) for column in zip(*rows, strict=True)]


def _without_place(name: str) -> str:
    """Returns layer0.w for layer0.neuron3.w1."""
    *rest, last = name.split(".")
    if len(rest) > 1 and rest[-1][-1:].isdigit():
        rest.pop()
    return ".".join([*rest, last.rstrip(_NUMBERING) or last])


def _without_number(name: str) -> str:
    """Returns layer0.neuron3.w for layer0.neuron3.w1."""
    *rest, last = name.split(".")
    return ".".join([*rest, last.rstrip(_NUMBERING) or last])


def _without_numbers(name: str) -> str:
    """Returns layer.neuron.w for layer0.neuron3.w1."""
    return ".".join(part.rstrip(_NUMBERING) or part for part in name.split("."))
