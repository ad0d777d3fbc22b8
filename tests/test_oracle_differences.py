"""T2: differences over 100 digits, which know no rule at all; from one side at a time where a rule has a kink."""

import math

import pytest
from hypothesis import given

from autograd_lite import RULES
from autograd_lite.testing import (
    RAW,
    SMOOTH,
    kink_points,
    multiprecision,
    operands,
    programs,
    refute,
    rule_tapes,
    slope,
)

KINKED = {name: rule for name, rule in RULES.items() if rule.kinks}


def assert_slopes_agree(tape, computed, *, relative):
    """Compares the sweep, over 100 digits too, with differences; and the floats with the sweep."""
    inputs = [tape.lines[i].data for i in tape.leaves]
    over = multiprecision()
    with over.context():
        adjoints = tape.evaluate([over.number(x) for x in inputs], arithmetic=over).adjoints()
        scale = 1 + max(abs(adjoint) for adjoint in adjoints)
        for position, leaf in enumerate(tape.leaves):
            difference = slope(tape, inputs, position)
            assert abs(adjoints[leaf] - difference) <= 1e-24 * scale
            assert abs(computed[position] - difference) <= relative * scale


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_each_rule_agrees_with_central_differences(rule):
    @given(operands(rule, least=1e-3, limit=6.0, off_kinks=True))
    def search(point):
        for tape in rule_tapes(rule, point):
            if rule.name == "pow" and point[0] <= 0:
                continue  # one-sided: `test_no_oracle_refutes_the_rule` looks there
            run = tape.evaluate()
            adjoints = run.adjoints()
            if all(math.isfinite(adjoint) for adjoint in adjoints):
                assert_slopes_agree(tape, [adjoints[i] for i in tape.leaves], relative=1e-15)

    search()


@pytest.mark.parametrize("ops", [SMOOTH, RAW], ids=["smooth", "raw"])
def test_shared_graphs_agree_with_central_differences(ops):
    @given(programs(ops, domain=(-8.0, 8.0), max_size=8))
    def search(program):
        assert_slopes_agree(program.tape(), program.gradient(), relative=1e-9)

    search()


@pytest.mark.parametrize("rule", KINKED.values(), ids=KINKED)
def test_on_a_kink_the_slope_is_the_least_between_those_of_the_two_sides(rule):
    assert kink_points(rule)
    for point in kink_points(rule):
        assert refute(rule, point) == ""
