"""The ledger of a gradient: the contributions that it is the sum of, with the event of each."""

from __future__ import annotations

from dataclasses import dataclass, field

from autograd_lite.view.labels import figure

from .chapter import Chapter
from .events import Back
from .phrases import contributions, said
from .telling import Teller

__all__ = ["Ledger"]

_MOST = 50  # entries that are printed
_DIGITS = 7  # of the gradient itself: so many tell the famous 138.8338 from its neighbours


@dataclass(frozen=True)
class Ledger:
    """How a gradient came about: its entries added up from 0, in order, and `earlier` on top. Printed, it is that sum.

    Args:
        chapter: where.
        line: whose gradient it is.
        earlier: what a leaf had before the pass; None if nothing.
        entries: the contributions that have arrived, each with its index in the story; each adds local * upstream.
        expected: how many there are in the whole pass.
        gradient: the sum so far; of the root it is the seed. None if nothing has arrived.
    """

    chapter: Chapter = field(repr=False)
    line: int
    earlier: float | None
    entries: tuple[tuple[int, Back], ...]
    expected: int
    gradient: float | None

    def __str__(self) -> str:
        teller = Teller(self.chapter)
        slope = teller.slope(self.line)
        if self.chapter.tape.lines[self.line].constant:
            return said("ledger_constant", name=teller.names[self.line])
        if self.gradient is None:
            return said("ledger_nothing", slope=slope)
        if self.line == self.chapter.root and self.gradient != self.earlier:  # it has been seeded
            seed = said("ledger_seed", slope=slope, number=figure(self.chapter.seed))
            return seed if self.earlier is None else f"{seed}\n{self._below('')}"
        rows = [said("ledger", slope=slope, gradient=format(self.gradient, f".{_DIGITS}g"))]
        wide = len(str(self.entries[-1][0] + 1)) if self.entries else 0
        for index, back in self.entries[:_MOST]:
            entry = said("ledger_entry", term=teller.term(back), result=figure(back.local * back.upstream))
            rows.append(f"  {index + 1:{wide}}  {entry}")
        if len(self.entries) > _MOST:
            rows.append(f"  {'':{wide}}  … {len(self.entries) - _MOST:,} more")
        return "\n".join([*rows, self._below(f"{contributions(len(self.entries), self.expected)}; ", wide)])

    def _below(self, count: str, wide: int = 0) -> str:
        """Returns what stands under the entries: what earlier passes brought, and the sum."""
        total = f"{count}{said('ledger_sum', number=figure(self.gradient or 0.0))}"
        if self.earlier is None:
            return total
        return f"  {'':{wide}}  {said('of_earlier_passes', number=figure(self.earlier))}\n{total}"
