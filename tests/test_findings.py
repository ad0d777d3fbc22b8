"""What the stepper finds wrong in a pass: every kind by hand, and nothing where all is well."""

import math
import random

import pytest
from examples import readme
from hypothesis import given
from hypothesis import strategies as st

from autograd_lite.context import ieee
from autograd_lite.errors import OperandError
from autograd_lite.functions import maximum, minimum, where
from autograd_lite.lookup import stop_gradient
from autograd_lite.rules import RULES
from autograd_lite.stepper.chapter import chapter_of
from autograd_lite.stepper.findings import Finding, findings, findings_by_chapter
from autograd_lite.stepper.slopes import largest_slope, switches
from autograd_lite.stepper.story import Story
from autograd_lite.tape import Line, Tape
from autograd_lite.testing.strategies import programs
from autograd_lite.value import Value


def found(root, **options):
    return [(finding.kind, finding.lines) for finding in findings(chapter_of(root, **options))]


def chain(length, step, *, weight=0.5):
    """Returns a result, and a weight for each step towards it."""
    value, weights = Value(0.5, name="x"), [Value(weight, name=f"w{i}") for i in range(length)]
    for w in weights:
        value = step(w * value)
    return value, weights


def neuron(samples, bias):
    """Returns the sum of a relu neuron's results, and its weight and bias."""
    w, b = Value(0.5, name="w"), Value(bias, name="b")
    return sum((w * x + b).relu() for x in samples), [w, b]


# ---------------------------------------------------------------- all is well


def test_micrograd_s_expression_has_no_findings_although_one_of_its_relus_is_off():
    assert findings(chapter_of(readme()[2])) == ()


@pytest.mark.parametrize("activation", [Value.tanh, Value.relu, Value.sigmoid])
def test_a_small_net_has_no_findings(activation):
    rng = random.Random(3)
    x = [Value(rng.uniform(0.5, 1.0)) for _ in range(4)]
    weights = []
    for _ in range(3):
        rows = [[Value(rng.uniform(0.1, 0.8)) for _ in x] for _ in range(4)]
        weights += [w for row in rows for w in row]
        x = [activation(sum(w * xi for w, xi in zip(row, x, strict=True))) for row in rows]
    assert found(sum(x), parameters=weights) == []


def test_a_minimum_is_no_missing_gradient():
    x = Value(3.0, name="x")
    assert found(x * 2 - 2 * x) == []
    assert found((x - 3.0) * (x - 3.0)) == [("no gradient", (0,))]  # here every way has a 0 on it, and that is said


def test_numbers_of_training_near_its_end_do_not_vanish():
    w = Value(2.0 + 1e-9, name="w")
    assert found((w * 3.0 - 6.0) ** 2) == []


# ---------------------------------------------------------------- not finite


def test_the_first_number_that_is_not_finite_is_named_with_its_remedy():
    x = Value(0.0, name="p")
    with ieee():
        root = x.log() * 2 + 1
    (finding,) = (f for f in findings(chapter_of(root)) if f.kind == "not finite")
    assert finding.lines == (1,)
    assert "the value of log of x = 0.0 ('p') is -inf (line 1 of the tape)" in finding.sentence
    assert RULES["log"].remedy in finding.sentence


def test_without_one_forward_the_first_one_backward_is_named():
    root = Value(0.0, name="x").sqrt() + 1.0
    (finding,) = findings(chapter_of(root))
    assert (finding.kind, finding.lines) == ("not finite", (1,))
    assert "the partial of sqrt" in finding.sentence
    assert RULES["sqrt"].remedy in finding.sentence


def test_a_leaf_that_is_nan_is_named():
    (finding,) = (f for f in findings(chapter_of(Value(math.nan, name="data") + 1)) if f.kind == "not finite")
    assert "leaf 'data' is nan" in finding.sentence


def test_a_gradient_that_overflows_is_named():
    with ieee():
        root = Value(1e-200, name="x") * 1e200 * 1e200
    (finding,) = findings(chapter_of(root))
    assert (finding.kind, finding.lines) == ("not finite", (0,))
    assert "the gradient of leaf 'x' is inf" in finding.sentence


# ---------------------------------------------------------------- off and dead


def test_a_neuron_that_is_off_in_all_its_uses_is_dead():
    root, parameters = neuron([1.0, 2.0, 3.0], -100.0)
    ((kind, lines),) = found(root, parameters=parameters)
    assert kind == "dead relu"
    assert len(lines) == 3
    (finding,) = findings(chapter_of(root, parameters=parameters))
    assert "off in all 3 uses: no gradient reaches w, b" in finding.sentence


def test_a_neuron_that_is_on_in_one_use_is_not_dead():
    root, parameters = neuron([1.0, 2.0, 300.0], -100.0)
    assert found(root, parameters=parameters) == []


def test_a_neuron_that_is_off_in_its_only_use_is_off_not_dead():
    root, parameters = neuron([1.0], -100.0)
    (finding,) = findings(chapter_of(root, parameters=parameters))
    assert finding.kind == "relu off"
    assert "is off here: no gradient reaches w, b this time" in finding.sentence


def test_neurons_that_are_off_once_are_one_finding():
    roots, parameters = zip(*(neuron([1.0], -100.0) for _ in range(30)), strict=True)
    ((kind, lines),) = found(sum(roots) + 1, parameters=[p for pair in parameters for p in pair])
    assert (kind, len(lines)) == ("relu off", 30)


@pytest.mark.parametrize(
    "switch",
    [Value.relu, lambda v: maximum(v, 0.0), lambda v: maximum(0.0, v), lambda v: minimum(v, -200.0)],
    ids=["relu", "max with 0", "0 with max", "min"],
)
def test_whatever_is_flat_on_one_side_switches_off(switch):
    w = Value(-50.0, name="w")
    (finding,) = findings(chapter_of(switch(w * 2.0)))
    assert finding.kind == "relu off"


def test_of_the_rules_of_one_operand_only_relu_switches():
    lines = [(Line(0, None, (), 0.5), Line(1, rule, (0,), 0.5)) for rule in RULES.values() if rule.arity == 1]
    assert [pair[1].rule.name for pair in lines if switches(Tape(pair, (1,)), pair[1])] == ["relu"]


def test_what_saturates_is_read_off_the_table():
    flat = {rule.name for rule in RULES.values() if largest_slope(rule) is not None}
    assert flat == {"tanh", "sigmoid", "arctan", "erf", "erfc"}


def test_a_parameter_cut_in_every_chapter_is_dead():
    (a, p), (b, q), (c, r) = neuron([1.0], -9.0), neuron([2.0], -9.0), neuron([30.0], -9.0)
    off = [chapter_of(a, parameters=p), chapter_of(b, parameters=q)]
    first, (finding, *alone) = findings_by_chapter(Story(tuple(off)))
    assert finding.kind == "dead relu"
    assert "w, b in any of 2 chapters" in finding.sentence
    assert finding.lines == off[1].parameters
    assert (first, tuple(alone)) == (findings(off[0]), findings(off[1]))
    for chapters in ([*off, chapter_of(c, parameters=r)], off[:1], [*off, chapter_of(c)]):
        assert findings_by_chapter(Story(tuple(chapters))) == tuple(map(findings, chapters))


def test_a_value_and_a_stepper_can_be_looked_at_as_well():
    root, _ = neuron([1.0], -100.0)
    assert findings(root) == findings(root.step()) == findings(chapter_of(root)) != ()
    with pytest.raises(OperandError, match=r"findings\(3\.0\): a float is no graph"):
        findings(3.0)


# ---------------------------------------------------------------- saturated, vanishing, exploding, missing


@pytest.mark.parametrize(("activation", "at"), [(Value.tanh, 3.5), (Value.sigmoid, -7.0), (Value.erf, 3.0)])
def test_the_flat_end_of_an_activation_is_saturated(activation, at):
    (finding,) = findings(chapter_of(activation(Value(at, name="x"))))
    assert (finding.kind, finding.lines) == ("saturated", (1,))
    assert "less than 1 % of its largest" in finding.sentence
    assert findings(chapter_of(activation(Value(0.5)))) == ()


def test_gradients_through_many_sigmoids_vanish():
    root, weights = chain(10, Value.sigmoid)
    (finding,) = findings(chapter_of(root, parameters=weights))
    assert finding.kind == "vanishing"
    assert finding.lines[0] in chapter_of(root, parameters=weights).parameters[:1]
    assert "w0 gets" in finding.sentence


def test_a_single_leaf_far_away_is_compared_with_the_seed():
    value = Value(0.5, name="x")
    for _ in range(12):
        value = value.sigmoid()
    assert [kind for kind, _ in found(value)] == ["vanishing"]


def test_gradients_that_grow_from_step_to_step_explode():
    root, weights = chain(10, lambda v: v, weight=4.0)
    (finding,) = findings(chapter_of(root, parameters=weights))
    assert finding.kind == "exploding"
    assert finding.lines[0] == 1 or "1048576" in finding.sentence
    assert found(Value(1e4, name="x") ** 2) == []  # large at once is the function's own


def test_the_seed_scales_what_is_large_and_small():
    root, weights = chain(10, lambda v: v, weight=4.0)
    assert [kind for kind, _ in found(root, parameters=weights, seed=1e-6)] == ["exploding"]
    small, few = chain(2, lambda v: v)
    assert found(small, parameters=few, seed=1e9) == []


def test_a_parameter_that_the_root_does_not_depend_on_is_named():
    x, lost = Value(1.0, name="x"), Value(2.0, name="lost")
    (finding,) = findings(chapter_of(x * 2, parameters=[x, lost]))
    assert finding.kind == "no gradient"
    assert "lost: v2 does not depend on it" in finding.sentence


@pytest.mark.parametrize(
    ("make", "kind"),
    [
        (lambda x: x * 0.0 + 1, "slope of 0"),
        (lambda x: x.floor() + 1, "slope of 0"),
        (lambda x: where(x > 0, Value(1.0), 2.0) + stop_gradient(x), "does not depend"),
    ],
)
def test_other_reasons_for_no_gradient(make, kind):
    x = Value(0.5, name="x")
    (finding,) = (f for f in findings(chapter_of(make(x), parameters=[x])))
    assert (finding.kind, kind in finding.sentence) == ("no gradient", True)


# ---------------------------------------------------------------- in general


def test_at_most_twenty_findings_and_a_hundred_lines_are_given():
    w = [[Value(1.0, name=f"w{i}") for i in range(2)] for _ in range(40)]
    root = sum((pair[0] * -1.0).relu() + (pair[0] * -2.0).relu() for pair in w)
    results = findings(chapter_of(root, parameters=[pair[0] for pair in w]))
    assert len(results) == 21
    assert str(results[-1]) == "and 20 more"
    many = sum((Value(-1.0) * 2.0).relu() for _ in range(300)) + 1
    assert len(findings(chapter_of(many))[0].lines) == 100


def test_a_finding_prints_as_one_line():
    assert str(Finding("dead relu", "v5 is off.", (5,))) == "dead relu: v5 is off."


def test_hostile_names_are_made_printable():
    x = Value(9.0, name="a\n\x1b[31m\ud800" * 100)
    for finding in findings(chapter_of(x.tanh())) + findings(chapter_of(x * math.nan)):
        assert finding.sentence.isprintable()
        assert len(finding.sentence) < 1_000


ODD = st.sampled_from([0.0, -0.0, math.nan, math.inf, -math.inf, 1e-308, 1e308, -1.0, 2.0])


@given(programs(domain=None, numbers=ODD | st.floats()))
def test_findings_never_raise_and_their_lines_are_there(program):
    with ieee():
        for root in program.trail(program.leaves()):
            if isinstance(root, Value):
                chapter = chapter_of(root)
                for finding in findings(chapter):
                    assert str(finding).isprintable()
                    assert all(0 <= line < len(chapter.tape) for line in finding.lines)
