"""The strategies and oracles themselves: what they promise about what they draw, and that failures shrink."""

import math
import subprocess
import sys
from fractions import Fraction

import pytest
from hypothesis import find, given, settings
from hypothesis import strategies as st

import autograd_lite
from autograd_lite import FLOAT, RULES, Value, record
from autograd_lite.testing import (
    RATIONAL,
    RAW,
    SMOOTH,
    Instruction,
    Operation,
    Program,
    ball_arithmetic,
    bounds,
    certify,
    datasets,
    defined,
    derivative,
    edge_floats,
    exact_gradient,
    judge,
    kink_distance,
    kink_points,
    mlps,
    operands,
    programs,
    rule_tapes,
    slope,
    values,
)
from nn import MLP

SEARCH = settings(max_examples=3000, derandomize=True, database=None, deadline=None)


def test_the_operation_sets_are_derived_from_the_table():
    names = {operation.name for operation in RAW}
    assert names == set(RULES)
    assert {o.name for o in SMOOTH} == {name for name, rule in RULES.items() if not rule.kinks} | {"pow"}
    assert {"add", "div", "maximum", "relu", "floor"} < {o.name for o in RATIONAL}
    assert not {"exp", "sqrt", "elu", "sigmoid"} & {o.name for o in RATIONAL}
    assert all(o.second is not None for o in RATIONAL if o.name == "pow")


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_operands_are_inside_the_domain_and_reach_the_kinks(rule):
    @given(operands(rule))
    def inside(point):
        assert defined(rule, (float(point[0] > 0), *point)[-len(rule.operands) :])

    inside()

    @given(operands(rule, off_kinks=True, least=0.01, limit=50.0))
    def off(point):
        assert kink_distance(rule, point) >= 2**-10
        assert all(x == 0 or 0.01 <= abs(x) <= 50 for x in point)

    off()
    if rule.kinks:
        find(operands(rule), lambda point: kink_distance(rule, point) == 0, settings=SEARCH)


def test_bounds_are_read_from_the_domain():
    assert bounds(RULES["arcsin"]) == ((-1.0, 1.0),)
    assert bounds(RULES["pow"])[0] == (0.0,)
    assert bounds(RULES["sin"]) == ((),)  # infinities are no place to stand beside
    assert bounds(RULES["tanh"]) == ((),)


def test_kinks_are_found_on_a_grid_of_neat_numbers():
    assert kink_points(RULES["relu"]) == [(0.0,)]
    assert (2.0, 2.0) in kink_points(RULES["maximum"])
    assert (0.5,) in kink_points(RULES["round"])
    assert kink_points(RULES["tanh"]) == kink_points(RULES["elu"]) == []
    assert kink_points(RULES["pow"]) == [(0.0, 0.5)]  # x**0, x**1 and x**2 are smooth
    cut = [(0.0, y) for y in (-2.0, -1.5, -1.0, -0.5, 0.0)]
    assert kink_points(RULES["arctan2"]) == cut


@pytest.mark.parametrize("wanted", [0.0, math.inf, 5e-324, 1.7976931348623157e308])
def test_edge_floats_reach_the_edges(wanted):
    find(edge_floats(allow_infinity=True), lambda x: abs(x) == wanted, settings=SEARCH)


@given(values(st.floats(-1, 1)))
def test_values_are_leaves(value):
    assert value.is_leaf
    assert -1 <= value.data <= 1


@given(st.from_type(Value))
def test_hypothesis_knows_how_to_draw_a_value(value):
    assert isinstance(value, Value)


@given(programs(RAW, domain=(-5.0, 5.0), max_size=9, max_leaves=2))
def test_programs_stay_within_their_domain(program):
    assert len(program.inputs) <= 2
    assert len(program.instructions) <= 9
    assert all(-5 <= x <= 5 for x in program.trail(arithmetic=FLOAT)[len(program.constants) :])


@given(programs(RAW, domain=(-1e6, 1e6)))
def test_a_printed_program_is_the_program(program):
    names = {name: getattr(autograd_lite, name) for name in autograd_lite.__all__}
    source, call = str(program).rsplit("\n", 1)
    exec(source, names)
    assert call.startswith("program(")
    assert float(names["program"](*program.inputs)).hex() == float(program.run()).hex()


@given(programs(RAW, domain=(-1e6, 1e6)))
def test_a_program_runs_the_same_by_operators_and_by_arithmetic(program):
    assert float(program.run()).hex() == float(program.run(arithmetic=FLOAT)).hex()


def test_programs_share_interior_nodes():
    def shares(program):
        lines = program.tape().lines
        uses = [operand for line in lines for operand in line.operands if lines[operand].rule]
        return len(uses) > len(set(uses))

    found = find(programs(), shares, settings=SEARCH)
    assert len(found.instructions) == 2


def test_failures_shrink_to_the_operations_that_matter():
    def uses(program):
        used = {instruction.operation.name for instruction in program.instructions}
        return {"tanh", "log"} <= used

    assert len(find(programs(max_size=12), uses, settings=SEARCH).instructions) == 2


def test_programs_without_a_domain_keep_what_is_undefined():
    program = find(programs(("log",), domain=None), lambda p: len(p.instructions) > 0, settings=SEARCH)
    with pytest.raises(ValueError, match="log"):
        Program((-1.0,), (), program.instructions).run([Value(-1.0)])


def test_an_instruction_on_constants_alone_does_nothing():
    program = Program((2.0,), (3.0,), (Instruction(Operation("neg"), 1, 0), Instruction(Operation("neg"), 0, 0)))
    assert str(program).splitlines() == ["def program(x0):", "    v0 = -x0", "    return v0", "program(2.0)"]
    assert program.run() == -2.0


# ---------------------------------------------------------------- what a library that trains is tested with


@given(datasets(max_rows=5, max_columns=2))
def test_datasets_are_tables_of_finite_numbers_with_a_label_a_row(data):
    X, y = data
    assert 1 <= len(X) == len(y) <= 5
    assert {len(row) for row in X} in ({1}, {2})
    assert all(math.isfinite(x) for row in X for x in row)
    assert set(y) <= {0, 1, 2}


def test_a_failing_dataset_shrinks_to_the_rows_that_matter():
    assert find(datasets(), lambda data: len(set(data[1])) == 2, settings=SEARCH) == ([[0.0], [0.0]], [0, 1])


@given(mlps(inputs=2, outputs=2), st.lists(st.floats(-2, 2), min_size=2, max_size=2))
def test_a_perceptron_is_the_network_of_the_same_numbers_to_the_bit(perceptron, x):
    *hidden, last = perceptron.activations
    network = MLP(2, perceptron.sizes[1:], activation=hidden, output_activation=last)
    for parameter, number in zip(network.parameters(), perceptron.numbers(), strict=True):
        parameter.data = number
    outputs = network(x)
    sum(outputs[1:], outputs[0]).backward()
    assert [out.data.hex() for out in outputs] == [out.hex() for out in perceptron.run(x)]
    assert [p.grad.hex() for p in network.parameters()] == [g.hex() for g in perceptron.gradient(x)]


@given(mlps(max_layers=2, max_width=3))
def test_a_perceptron_runs_the_same_on_values_and_on_numbers(perceptron):
    x = [0.5] * perceptron.sizes[0]
    assert [out.data.hex() for out in perceptron.run(x, perceptron.parameters())] == [
        out.hex() for out in perceptron.run(x)
    ]
    assert len(perceptron.run(x)) == perceptron.sizes[-1]


# ---------------------------------------------------------------- oracles on functions whose derivatives we know


def test_the_oracles_agree_on_a_function_known_by_heart():
    x = Value(2.0)
    tape = record(x * x * x)
    assert exact_gradient(tape, [Fraction(2)]) == [12]
    assert float(slope(tape, [2.0], 0)) == pytest.approx(12, rel=1e-15)
    assert [float(derivative(tape, [2.0], [1.0], order=k)) for k in range(4)] == [8.0, 12.0, 12.0, 6.0]
    (certificate,) = certify(tape)
    assert certificate.verdict == "certified"


def test_one_sided_slopes_differ_at_a_kink_and_are_nan_outside_the_domain():
    tape = record(abs(Value(0.0)))
    assert [float(slope(tape, [0.0], 0, side=side)) for side in (-1, 0, 1)] == [-1.0, 0.0, 1.0]
    root = record(Value(0.0).sqrt())
    assert slope(root, [0.0], 0, side=-1) != slope(root, [0.0], 0, side=-1)
    assert slope(root, [0.0], 0, side=1) > 1e10


def test_a_gradient_off_by_a_billionth_is_wrong_and_one_off_by_an_ulp_is_not():
    tape = record(Value(0.7).tanh())
    (right,) = (tape.evaluate().adjoints()[i] for i in tape.leaves)
    verdicts = [certify(tape, [c])[0].verdict for c in (right, math.nextafter(right, 1), right * (1 + 1e-9), math.nan)]
    assert verdicts == ["certified", "certified", "wrong", "wrong"]


def test_cancellation_is_called_ill_conditioned():
    x = Value(1.0)
    tape = record(((x + 1e-14) * 1e8 - x * 1e8).sin() * x)
    assert certify(tape)[0].verdict == "ill-conditioned"


def test_nothing_is_certified_without_a_bound():
    over = ball_arithmetic()
    with over.context():
        undefined = over.function("log")(-1.0)
        one = over.number(1.0)
    assert judge(1.0, undefined, one).verdict == "undecided"
    assert judge(1.0, one, undefined).verdict == "undecided"


def test_a_rule_is_taken_with_each_choice_of_constants():
    shapes = [[line.constant for line in tape.lines] for tape in rule_tapes(RULES["mul"], (2.0, 3.0))]
    assert shapes == [[False, False, False], [False, True, False], [True, False, False]]
    assert [len(tape.leaves) for tape in rule_tapes(RULES["where"], (2.0, 3.0))] == [2, 1, 1]


def test_importing_the_strategies_imports_no_oracle_library():
    script = (
        "import sys, autograd_lite.testing; print(sorted({'flint', 'mpmath', 'numpy', 'scipy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
