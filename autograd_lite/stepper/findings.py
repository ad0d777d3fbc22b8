"""What went wrong in a pass, and where: nan, neurons dead or saturated, gradients vanishing, exploding or missing.

    >>> x = Value(8.0, name="x")
    >>> for finding in findings(x.tanh()):
    ...     print(finding)
    saturated: v1 = tanh(x) is at the flat end of tanh: slope 4.501e-07, less than 1 % of its largest.

An activation that is off is no finding as long as some gradient reaches every leaf behind it.
"""

from __future__ import annotations

from collections.abc import Sequence

from autograd_lite.value import Value

from .chapter import Chapter
from .examiner import MOST_LINES, Examiner, Finding
from .player import Player, chapter_in
from .story import Story

__all__ = ["Finding", "findings", "findings_by_chapter"]

_MOST = 20


def findings(looked_at: Value | Player | Chapter) -> tuple[Finding, ...]:
    """Returns what went wrong in a pass, the worst first: at most 20, and how many more there are.

    Args:
        looked_at: a result, whose backward pass is looked at; a stepper, of which the chapter shown is taken; or a
            chapter. Its parameters are looked at, or all leaves if it has none.
    Raises:
        OperandError: it is something else.
    """
    return _cut(Examiner(chapter_in(looked_at, "findings")).all())


def findings_by_chapter(story: Story) -> tuple[tuple[Finding, ...], ...]:
    """Returns for each chapter what went wrong in it; with the last comes what is wrong in every one of them.

    A neuron that is off for one sample is at rest; one that is off for all of them may be dead, and stay so.
    """
    every = [Examiner(chapter) for chapter in story.chapters]
    found = [one.all() for one in every]
    found[-1] = _never_reached(every) + found[-1]
    return tuple(map(_cut, found))


def _never_reached(every: Sequence[Examiner]) -> list[Finding]:
    """Finds leaves that no gradient has reached in any chapter; those with other parameters than the last do not count.

    Lines are the last chapter's.
    """
    last = every[-1]
    every = [one for one in every if len(one.leaves) == len(last.leaves)]
    cut = [i for i in range(len(last.leaves)) if all(one.leaves[i] not in one.alive for one in every)]
    if len(every) < 2 or not cut:
        return []
    lines = [last.leaves[i] for i in cut]
    off = all(one.off(one.leaves[i]) for one in every for i in cut)
    why = "what they lead to is off every time" if off else "all ways from them are cut"
    sentence = f"no gradient reaches {last.names(lines)} in any of {len(every):,} chapters; {why}."
    return [Finding("dead relu" if off else "no gradient", sentence, tuple(lines[:MOST_LINES]))]


def _cut(found: Sequence[Finding]) -> tuple[Finding, ...]:
    if len(found) <= _MOST:
        return tuple(found)
    return (*found[:_MOST], Finding("more", f"and {len(found) - _MOST:,} more"))
