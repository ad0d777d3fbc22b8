"""Lifting: scalar code in, matrix program out.

From a recording to what runs, one step a file:

    samples    what a lifted function is called with
    scalars    a graph -> lines in normal form
    classes    lines that do the same -> classes
    grids      sums of products -> matrix products
    indexing   which elements, in which order
    layout     which member of a class stands where
    fetch      lines -> views and gathers of their classes' arrays
    lower      classes -> an array program
    program    the array program
    validity   what is true of every array program
    reverse    its reverse sweep, again an array program
    tangent    its directional derivative, likewise
    simplify   formulas as arrays want them
    shapes     shapes, axes and views -> Python source
    contractions   sums of products -> Python source
    backend    what differs between array libraries
    numpy_backend, jax_backend   each on its own
    backends   and both by name
    emit       an array program -> Python source
    paths      all of the above for one recording
    forms      all recordings for samples nested alike
    parts      samples, and the paths that they take
    objective  the mean over samples, as a function of one flat array
    softmax    found again in an array program
    blocks     what people call the elements that an array holds
    phrases    formulas as people write them
    formulas   what each array of a program is made of
    listing    an array program -> text for people
    report     all recordings -> text for people
    lifted     `lift`, `lift_graph`: the functions to call
"""

import sys
from types import ModuleType
from typing import Any

from .lifted import Lifted, lift, lift_graph
from .objective import Objective
from .program import Instruction, Program

__all__ = ["Instruction", "Lifted", "Objective", "Program", "lift", "lift_graph"]


class _Callable(ModuleType):
    """This package shares its name with the function `lift`, so that whichever of the two one holds can be called."""

    def __call__(self, *args: Any, **kwargs: Any) -> Lifted:
        return lift(*args, **kwargs)


sys.modules[__name__].__class__ = _Callable
