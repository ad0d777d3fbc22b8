"""What can be proved of a computed gradient, given how much rounding its tape allows. Needs python-flint."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from autograd_lite.tape import Tape

from .balls import ball, ball_arithmetic, precision
from .series import derivative

__all__ = ["Certificate", "Verdict", "certify", "judge"]

Verdict = Literal["certified", "wrong", "ill-conditioned", "undecided"]


@dataclass(frozen=True)
class Certificate:
    """What can be proved of one computed number.

    Args:
        computed: the number.
        truth: what it should be, to the nearest float.
        error: the distance between them.
        bound: what rounding can explain.
        verdict: "certified" if the error is within the bound; "wrong" if not; "ill-conditioned" if it is within, but
            the bound says little, being over a millionth of the truth; "undecided" if there is no bound.
    """

    computed: float
    truth: float
    error: float
    bound: float
    verdict: Verdict


def judge(computed: float, read: Any, truth: Any) -> Certificate:
    """Returns what a computed number is worth.

        |computed - truth| <= 2 radius + 4 ulp,   and the balls of the reading and the truth meet

    (A reading of radius 0 is a constant that was rounded before it was recorded; it need not meet the truth.)

    Args:
        computed: by floats.
        read: the same reading of the tape over balls of 53 bits; its radius is what rounding may do.
        truth: a ball that certainly holds the true number.
    """
    from flint import arb

    with precision(300):
        true = float(truth.mid())
        bound = 2 * float(read.rad()) + 4 * math.ulp(true)
        if not (truth.is_finite() and read.is_finite() and truth.rad() <= 1e-3 * bound):
            return Certificate(computed, true, math.nan, math.inf, "undecided")
        if not (math.isfinite(computed) and math.isfinite(true)):
            return Certificate(computed, true, math.inf, bound, "certified" if computed == true else "wrong")
        error = float(abs(arb(computed) - truth).mid())
        apart = read.rad() > 0 and not read.overlaps(truth)
        if error > bound or apart:
            return Certificate(computed, true, error, bound, "wrong")
        return Certificate(
            computed, true, error, bound, "certified" if bound <= 1e-6 * abs(true) + 1e-300 else "ill-conditioned"
        )


def certify(tape: Tape, computed: Sequence[float] | None = None) -> list[Certificate]:
    """Judges a gradient at the numbers recorded on the tape, one certificate a leaf.

    Args:
        tape: one output.
        computed: the gradient to be judged; the tape's own, over floats, if None.
    """
    inputs = [tape.lines[i].data for i in tape.leaves]
    if computed is None:
        adjoints = tape.evaluate(inputs).adjoints()
        computed = [adjoints[i] for i in tape.leaves]
    over = ball_arithmetic()
    with over.context():
        balls = tape.evaluate([ball(x) for x in inputs], arithmetic=over).adjoints()
        read = [ball(balls[i]) for i in tape.leaves]
    units = [[float(i == j) for j in range(len(inputs))] for i in range(len(inputs))]
    truths = [derivative(tape, inputs, unit) for unit in units]
    return [judge(c, r, t) for c, r, t in zip(computed, read, truths, strict=True)]
