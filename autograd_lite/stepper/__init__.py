"""The stepper: every number and every derivative of a pass, as it arrives.

stepper     the way in, `step`: from a function, or a Value, to a Stepper
arguments   the numbers of a call made Values
scripts     a function in a script, as the command is given it
events      what happens: a value appears, the sweep starts, a gradient grows, a parameter moves
chapter     one computation as events
story       chapters one after the other: a training run
player      a cursor over a story, forward and back
track       one chapter's state, event by event
telling     what a reader is told about an event
phrases     the words for it, one table for Python and the browser
rulebook    the rules that a story uses
sources     the reader's own lines
findings    what went wrong, and where: nan, dead, saturated, vanishing, exploding
training    a training run taken down as it happens
document    a story as JSON, for a browser
expression_tree   a rule's formula as nested lists
bundle      the browser's modules as one, and their style
page        the page that stands alone
widget      the same in Jupyter, with a kernel behind it
still       a picture, where nothing moves
terminal    where a player is, in a terminal
listing     a whole story as text
worksheet, worksheet_page   a sheet to fill in by hand, and its key
laboratory  famous mistakes beside what is right
browser     the modules that run there, in JavaScript

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
from .stepper import Stepper, step
from .story import Story
from .worksheet import Worksheet, worksheet

__all__ = [
    "Chapter",
    "Player",
    "Stepper",
    "Story",
    "Worksheet",
    "chapter_of",
    "chapter_of_tape",
    "step",
    "worksheet",
]
