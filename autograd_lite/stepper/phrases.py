"""All words of the stepper, in one table, for Python and for the browser: templates with blanks in braces.

>>> said("update", name="w", before="3", after="2.5", step="-0.5")
'w goes from 3 to 2.5, a step of -0.5'
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["PHRASES", "contributions", "said"]

PHRASES: Mapping[str, str] = MappingProxyType(
    {
        # of a derivative, and beside which operand it is taken, where one line is two of them
        "slope": "d{above}/d{below}",
        "slope_operand": "d{above}/d{below} (as operand {operand})",
        # an event
        "forward": "{name} = {formula} = {numbers} = {value}",
        "seed": "{slope} = {after}; {letter} is {name}, and the reverse sweep starts from it",
        "seed_earlier": "{slope} = {after}; {letter} is {name}, from {before} of earlier passes, "
        "and the reverse sweep starts from it",
        "back": "{receives} gets {term} = {result}; from {before} to {after}; {count}",
        "term": "{local} * {upstream} = {local_number} * {upstream_number}",
        "of_earlier_passes": "{number} of earlier passes",
        "contribution": "{number} of {all} contribution",
        "contributions": "{number} of {all} contributions",
        "update": "{name} goes from {before} to {after}, a step of {step}",
        "nothing": "Nothing has happened yet; {letter} is {root}.",
        # where a player is
        "position": "{number} of {all}",
        "chapter": "chapter {number} of {all}",
        "phase_forward": "forward",
        "phase_seed": "seed",
        "phase_backward": "backward",
        "phase_update": "update",
        # a line
        "value": "value {value}",
        "gradient": "gradient {gradient}",
        "not_computed": "not computed",
        "constant": "constant",
        "waits": "waits for {names}",
        # the ledger of a gradient
        "ledger": "{slope} = {gradient}",
        "ledger_nothing": "{slope}: nothing has arrived yet",
        "ledger_entry": "{term} = {result}",
        "ledger_seed": "the seed: {slope} = {number}",
        "ledger_constant": "{name} is a number written in the program: it has no gradient",
        "ledger_sum": "their sum: {number}",
    }
)
"""What is said, with blanks in braces. One passage through a template fills all of them: what is put in stays as it is.

Lists of names are joined by ", ".
"""


def said(phrase: str, /, **blanks: object) -> str:
    """Returns a phrase with its blanks filled in.

    Example:
        >>> said("slope", above="L", below="{above}")
        'dL/d{above}'
    """
    return PHRASES[phrase].format(**blanks)


def contributions(number: int, of: int) -> str:
    """Returns which contribution it is, or how many there are, of how many.

    Example:
        >>> contributions(1, 1), contributions(2, 3)
        ('1 of 1 contribution', '2 of 3 contributions')
    """
    return said("contribution" if of == 1 else "contributions", number=number, all=of)
