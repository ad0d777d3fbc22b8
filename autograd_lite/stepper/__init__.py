"""The stepper: every number and every derivative of a pass, as it arrives.

stepper     the way in, `step`: from a function, or a Value, to a Stepper
arguments   the numbers of a call made Values
scripts     a function in a script, as the command is given it

events      what happens: a value appears, the sweep starts, a gradient grows, a parameter moves
chapter     one computation as events
story       chapters one after the other: a training run
training    a training run taken down as it happens

recomputed  what the rules give on a chapter's numbers, and where that is not what was recorded
derived     the events that follow from a chapter's numbers
replay      a computation done once more, over Values of its own
track       one chapter's state, event by event
cursor      a place in a story, and the ways from there
player      what there is at a place: forward, back, and what is known
ledger      the contributions that a gradient is the sum of

phrases     the words for it all, one table for Python and the browser
telling     what a reader is told about an event
text        where a player is, and a whole story, in a terminal

slopes      which operations switch off, and which saturate
flow        what reaches each line in a sweep, and what holds it back
examiner    what there is to find in one pass
findings    what went wrong, and where: nan, dead, saturated, vanishing, exploding

expression_tree   a rule's formula as nested lists
rulebook    the rules that a story uses
sources     the reader's own lines
document    a story as JSON, for a browser
bundle      the browser's modules as one, and their style
page        the page that stands alone
widget      the same in Jupyter, with a kernel behind it
still       a picture, where nothing moves

textbook    derivatives as textbooks write them
worksheet, worksheet_page   a sheet to fill in by hand, and its key
laboratory  famous mistakes beside what is right
browser     the modules that run there, in JavaScript

>>> from autograd_lite.value import Value
>>> x = Value(3.0, name="x")
>>> print((x * x).step().story)
forward
  1  v1 = x * x = 3 * 3 = 9
seed
  2  dL/dv1 = 1; L is v1, and the reverse sweep starts from it
backward
  3  dL/dx gets dv1/dx (as operand 1) * dL/dv1 = 3 * 1 = 3; from 0 to 3; 1 of 2 contributions
  4  dL/dx gets dv1/dx (as operand 2) * dL/dv1 = 3 * 1 = 3; from 3 to 6; 2 of 2 contributions
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
