"""The laboratory of wrong backpropagation: famous mistakes, each a program that really runs, beside the engine.

mistake      what people write, why it is wrong, and where it shows
mistakes     the famous ones
sweeps       reverse sweeps that are wrong
programs     the same computation once more: step after step, or with a part left out
comparison   right and wrong side by side
room         all of them, on paper and as a page

>>> from autograd_lite.value import Value
>>> x = Value(2.0, name="x")
>>> print(laboratory("order").on((x + 1) ** 2 * (x + 1)))
Recursion in place of a topological order
   right  wrong
x  27     27
>>> y = x + 1
>>> print(laboratory("order").on(y * y * y))
Recursion in place of a topological order
   right  wrong
x  27     9      differs

The wrong programs live here, and none of them in the engine.
"""

from __future__ import annotations

from .comparison import Comparison, Gradient
from .mistake import Mistake
from .mistakes import MISTAKES
from .room import Laboratory, laboratory

__all__ = ["MISTAKES", "Comparison", "Gradient", "Laboratory", "Mistake", "laboratory"]
