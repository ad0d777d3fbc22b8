"""Random computations, and oracles that know their derivatives without knowing our rules.

domains       where a rule is defined, and where it is not smooth
program       a computation as data
perceptron    a multilayer perceptron as data
strategies    numbers, operands, programs and tables, drawn
duals, differences, balls, series         the oracles; see below
elementary    functions that the oracles write alike
certificates  what a computed gradient is worth
refutation    all oracles on one rule

>>> program = Program((3.0, 2.0), (), (Instruction(Operation("mul"), 0, 1), Instruction(Operation("tanh"), 0, 0)))
>>> print(program)
def program(x0, x1):
    v0 = x1 * x0
    v1 = tanh(v0)
    return v1
program(3.0, 2.0)

*Strategies* for Hypothesis draw numbers at the edges (`edge_floats`), operands that a rule is defined for, and those
where it is not smooth (`operands`), whole computations (`programs`), and what a library that trains is tested with:
tables (`datasets`) and perceptrons (`mlps`). What to draw follows from the `domain` and `kinks` columns of the table,
so a new row is tested by existing.

*Oracles* read the tape of a computation in arithmetics of their own; of the table they use the `value` column only:

    duals          dual numbers over Fraction     the gradient, exactly                   `exact_gradient`
    differences    differences over 100 digits    a slope, from either side               `slope`
    series         power series over balls        derivatives of any order, with bounds   `derivative`
    balls          balls of 53 bits               how much rounding the tape allows       `certify`

Needs Hypothesis; the oracles also mpmath and python-flint, imported when used.

Source: D. R. MacIver, "Hypothesis", 2015; F. Johansson, "Arb: efficient arbitrary-precision midpoint-radius interval
arithmetic", IEEE Transactions on Computers 66(8), 2017.
"""

from __future__ import annotations

from .balls import ball_arithmetic
from .certificates import Certificate, certify, judge
from .differences import multiprecision, slope
from .domains import bounds, defined, kink_distance, kink_points
from .duals import dual_arithmetic, exact_gradient
from .perceptron import Perceptron, mlps
from .program import RATIONAL, RAW, SMOOTH, Instruction, Operation, Program
from .refutation import refute, rule_tapes
from .series import derivative, series_arithmetic
from .strategies import datasets, edge_floats, operands, programs, values

__all__ = [
    "RATIONAL",
    "RAW",
    "SMOOTH",
    "Certificate",
    "Instruction",
    "Operation",
    "Perceptron",
    "Program",
    "ball_arithmetic",
    "bounds",
    "certify",
    "datasets",
    "defined",
    "derivative",
    "dual_arithmetic",
    "edge_floats",
    "exact_gradient",
    "judge",
    "kink_distance",
    "kink_points",
    "mlps",
    "multiprecision",
    "operands",
    "programs",
    "refute",
    "rule_tapes",
    "series_arithmetic",
    "slope",
    "values",
]
