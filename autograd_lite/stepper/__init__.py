"""The stepper: every number and every derivative of a pass, as it arrives.

events      what happens: a value appears, the sweep starts, a gradient grows, a parameter moves
chapter     one computation as events
story       chapters one after the other: a training run
player      a cursor over a story, forward and back
telling     what a reader is told about an event
document    a story as JSON, for a browser

>>> from autograd_lite.value import Value
>>> x = Value(3.0, name="x")
>>> for event in chapter_of(x * x).events:
...     print(event)
Forward(line=1)
Seed(line=1, before=0.0, after=1.0)
Back(line=1, position=0, operand=0, local=3.0, upstream=1.0, before=0.0, after=3.0)
Back(line=1, position=1, operand=0, local=3.0, upstream=1.0, before=3.0, after=6.0)
"""

from __future__ import annotations

from .chapter import Chapter, chapter_of, chapter_of_tape
from .player import Player
from .story import Story

__all__ = ["Chapter", "Player", "Story", "chapter_of", "chapter_of_tape"]
