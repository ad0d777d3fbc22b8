"""T0: over fractions there is no rounding, so the engine's gradient must equal the true one to the last digit."""

from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from autograd_lite import FRACTION, RULES, Value, record
from autograd_lite.testing import RATIONAL, Program, exact_gradient, kink_points, operands, programs, refute

QUARTERS = st.integers(-12, 12).map(lambda n: n / 4)  # exact, and often equal, so ties and kinks come up
RATIONAL_RULES = sorted({operation.name for operation in RATIONAL})


def tape_gradient(program: Program) -> list[Fraction]:
    tape = program.tape()
    adjoints = tape.evaluate([Fraction(x) for x in program.inputs], arithmetic=FRACTION).adjoints()
    return [adjoints[i] for i in tape.leaves]


@given(programs(RATIONAL, domain=(-1e9, 1e9), kinks=True, numbers=QUARTERS))
def test_the_tape_over_fractions_equals_dual_numbers_over_fractions(program):
    try:
        expected = exact_gradient(program.tape(), [Fraction(x) for x in program.inputs])
    except ZeroDivisionError:  # exactly a pole, though floats round it away
        with pytest.raises(ZeroDivisionError):
            tape_gradient(program)
    else:
        assert tape_gradient(program) == expected


@given(
    programs(("add", "sub", "mul", "neg", "abs", "maximum", "relu"), domain=(-1e9, 1e9), kinks=True, numbers=QUARTERS)
)
def test_eager_floats_are_exact_where_nothing_rounds(program):
    exact = exact_gradient(program.tape(), [Fraction(x) for x in program.inputs])
    assume(all(abs(x.numerator) < 2**53 for x in exact))
    assume(all(Fraction(x).numerator.bit_length() < 53 for x in program.trail()))
    assert program.gradient() == exact


@pytest.mark.parametrize("name", RATIONAL_RULES)
def test_each_rational_rule_is_exact_on_its_kinks_and_off_them(name):
    rule = RULES[name]
    for point in kink_points(rule):
        assert refute(rule, point) == ""

    @given(operands(rule, least=1e-6, limit=30.0))
    def anywhere(point):
        assert refute(rule, point) == ""

    anywhere()


def test_whole_numbers_from_the_table_divide_exactly():
    x, y = Value(3.0), Value(-2.0)
    three = record((x.sign() + x.sign() + x.sign()) / (x.sign() - 2 * y.sign() + 4 * x.sign()))
    (quotient,) = three.evaluate(arithmetic=FRACTION).outputs
    assert quotient == Fraction(3, 7)


def test_a_root_over_fractions_is_refused_rather_than_rounded():
    with pytest.raises(ValueError, match="whole number"):
        record(Value(2.0) ** 0.5).evaluate(arithmetic=FRACTION)


def test_rules_that_mention_nan_in_a_branch_not_taken_work_over_fractions():
    x = Value(0.75, name="x")
    run = record(x.relu() + x.maximum(0.5)).evaluate(arithmetic=FRACTION)
    assert run.outputs == (Fraction(3, 2),)
    assert run.gradients() == {"x": 2}
