"""T3: how far, at worst, each rule's value and partials are from the nearest float, in units of the last place.

The points are spread over all magnitudes, and close to where the rule's domain ends and where it has kinks. The table
is what this computer measured, rounded up by a quarter; math libraries differ by a little.
"""

import math
import random
import zlib

import pytest

from autograd_lite import FLOAT, RULES, ArithmeticFault
from autograd_lite.testing import defined, derivative, kink_distance, rule_tapes
from autograd_lite.testing import _bounds as bounds  # noqa: PLC2701  # the numbers that a domain speaks of
from autograd_lite.value import local_partial

WORST = {}


def points(rule, count, lowest=-1000, highest=1023.9):
    """Yields operands: log-spaced, ordinary, near the domain's edges and near each other; the same every time."""
    rng = random.Random(zlib.crc32(rule.name.encode()))
    edges = bounds(rule)[-rule.arity :]

    def one(position):
        sign = rng.choice((-1.0, 1.0))
        kind = rng.random()
        if kind < 0.3:
            return sign * 2.0 ** rng.uniform(lowest, highest)
        if edges[position] and kind < 0.5:
            return rng.choice(edges[position]) + sign * 2.0 ** rng.uniform(-60, 4)
        if kind < 0.7:
            return rng.uniform(-4, 4)
        return sign * 2.0 ** rng.uniform(-12, 12)

    while count:
        point = [one(i) for i in range(rule.arity)]
        if rule.arity == 2 and rng.random() < 0.3:
            point[1] = point[0] * (1 + rng.choice((-1, 1)) * 2.0 ** rng.uniform(-52, 1))
        if defined(rule, (1.0, *point)[-len(rule.operands) :]) and kink_distance(rule, point) != 0:
            count -= 1
            yield tuple(point)


def true(tape, inputs, direction, order):
    """Returns the derivative as a ball so small that its centre serves as the truth; None if there is no such."""
    for bits in (300, 1200, 4800):
        ball = derivative(tape, inputs, direction, order=order, bits=bits)
        if ball.is_finite() and float(ball.rad()) <= 1e-6 * math.ulp(float(ball.mid())):
            return ball
    return None


def ulps(computed, ball):
    """Returns the distance in units of the last place of the true number; below 1e-300, of 1e-300: barring underflow."""
    nearest = float(ball.mid())
    if math.isinf(nearest) or math.isinf(computed):
        return 0.0 if computed == nearest else 1.0 if abs(nearest) == FLOAT_MAX or abs(computed) == FLOAT_MAX else math.inf
    return abs(float((ball.mid() - computed) / max(math.ulp(nearest), 2.0**-1050)))


FLOAT_MAX = 1.7976931348623157e308


def measure(rule, count):
    """Returns the worst errors of [value, partial by x, ...] and where they happen."""
    worst = [(0.0, ())] * (1 + rule.arity)
    for point in points(rule, count):
        numbers = (float(point[0] > 0), *point)[-len(rule.operands) :]
        try:
            out = FLOAT.value(rule)(*numbers)
        except (ArithmeticFault, ArithmeticError, ValueError):
            continue
        computed = [out, *(local_partial(rule, i, numbers, out) for i in range(rule.arity))]
        tape = rule_tapes(rule, point)[0]
        for i, number in enumerate(computed):
            direction = [float(i == k + 1) for k in range(rule.arity)]
            ball = true(tape, point, direction, order=min(i, 1))
            if ball is not None and number == number:
                worst[i] = max(worst[i], (ulps(number, ball), point))
    return worst


if __name__ == "__main__":
    import sys
    for name in sys.argv[2:] or RULES:
        print(name, measure(RULES[name], int(sys.argv[1])), flush=True)
