"""gradcheck: right gradients are confirmed, wrong ones are named, and what cannot be decided is said to be so."""

import math
import random

import pytest

from autograd_lite import (
    InputError,
    OperandError,
    Value,
    define_rule,
    gradcheck,
    ieee,
    no_grad,
)

# rules that are wrong on purpose; the table's own cannot be (tests/test_mutations.py corrupts those)
wrong_square = define_rule("wrong_square", "x*x", "2.1*x")
slightly_wrong = define_rule("slightly_wrong", "exp(x)", "out*(1 + 1e-6)")
wrong_second = define_rule("wrong_second", "x*y", ("y", "-x"))
wrong_sign = define_rule("wrong_sign", "sin(x)", "-cos(x)")


@pytest.mark.parametrize(
    ("function", "inputs"),
    [
        (lambda x: x**3, [2.0]),
        (lambda x, y: (x * y).tanh() / (1 + y * y), (0.5, -1.5)),
        (lambda xs: sum(x * x for x in xs), [[1.0, -2.0, 3.0]]),
        (lambda xs, y: xs[0][0] * y + xs[1][0], ([[1.0], [2.0]], 3)),
        (lambda x: x * 0 + 3, [1.0]),
        (lambda _: Value(3.0), [1.0]),
        (lambda x: x, [5.0]),
    ],
)
def test_a_right_gradient_is_ok(function, inputs):
    report = gradcheck(function, inputs)
    assert report.ok
    assert (report.verdict, report.suspect) == ("ok", "")
    assert all(check.analytic == pytest.approx(check.numeric, rel=1e-7, abs=1e-9) for check in report.checks)


@pytest.mark.parametrize(
    ("function", "inputs", "suspect"),
    [
        (lambda x: wrong_square(x), [1.5], "wrong_square"),
        (lambda x: (wrong_square(x.sin()) + x.exp()).tanh() * x, [0.5], "wrong_square"),
        (lambda x: slightly_wrong(x), [0.5], "slightly_wrong"),
        (lambda x: slightly_wrong(x.tanh()).log1p() * 3, [0.5], "slightly_wrong"),
        (lambda x, y: wrong_second(x, y) + x / y, (2.0, 3.0), "wrong_second"),
        (lambda x: wrong_sign(x) * wrong_sign(x * 2), [0.3], "wrong_sign"),
    ],
)
def test_a_wrong_gradient_is_wrong_and_the_rule_is_named_among_several(function, inputs, suspect):
    report = gradcheck(function, inputs)
    assert (report.verdict, report.suspect, report.ok) == ("wrong", suspect, False)
    assert f"disagrees most with its own value is {suspect}." in str(report)
    assert "off by" in str(report)


def test_each_input_has_a_verdict_of_its_own():
    report = gradcheck(lambda x, y: wrong_second(x, y), (2.0, 3.0))
    assert [check.verdict for check in report.checks] == ["ok", "wrong"]
    assert (report.checks[1].analytic, report.checks[1].numeric) == (-2.0, pytest.approx(2.0))


@pytest.mark.parametrize("factor", [1 + 1e-6, 1 - 1e-6, -1.0, 0.0, 1.001])
@pytest.mark.parametrize("x", [-2.0, 0.3, 4.0])
def test_a_partial_that_is_off_by_a_millionth_is_caught(factor, x):
    name = f"cube{abs(hash((factor, x)))}"
    cube = define_rule(name, "x**3", f"3*x*x*({factor!r})")
    report = gradcheck(lambda v: cube(v) + v.sin(), [x])
    assert (report.verdict, report.suspect) == ("wrong", name)


@pytest.mark.parametrize(
    ("function", "x", "reason"),
    [
        (abs, 0.0, "at a kink of abs"),
        (lambda x: x.relu(), 0.0, "at a kink of relu"),
        (lambda x: x.maximum(2 * x), 0.0, "at a kink of maximum"),
        (lambda x: x.floor(), 3.0, "at a kink of floor"),
        (lambda x: abs(x) + x.relu(), 0.0, "at a kink of abs, relu"),
        (lambda x: x.cbrt(), 0.0, "at a kink of cbrt"),
        (lambda x: x.sqrt(), 0.0, "undefined or infinite nearby"),
        (lambda x: x.arcsin(), 1.0, "undefined or infinite nearby"),
        (lambda x: x.arccosh(), 1.0, "undefined or infinite nearby"),
        (lambda x: x**1.5, 0.0, "undefined or infinite nearby"),
        (lambda x: x if x.data > 1 else 2 * x - 1, 1.0, "slopes differ"),
        (lambda x: x if x.data > 1 else 2 * x, 1.0, "the numeric derivative did not converge"),
    ],
)
def test_at_a_kink_or_at_the_edge_of_a_domain_it_is_inconclusive(function, x, reason):
    report = gradcheck(function, [x])
    assert report.verdict == "inconclusive"
    assert not report.ok
    assert report.checks[0].reason.startswith(reason)
    assert f"inconclusive: {reason}" in str(report)


@pytest.mark.parametrize("exponent", [2, 3, 2.0, 4, 1, 0])
def test_a_whole_power_is_smooth_at_0(exponent):
    assert gradcheck(lambda x: x**exponent, [0.0]).ok


@pytest.mark.parametrize("x", [1e-8, 1e-3, 1.0, 1e3, 1e6])
@pytest.mark.parametrize(
    "function",
    [
        lambda x: x * x,
        lambda x: x**3,
        lambda x: 1 / x,
        lambda x: x.log(),
        lambda x: x.sqrt(),
        lambda x: x.sin(),
        lambda x: x * 1e-8,
        lambda x: (x / 1e6).exp(),
        abs,
    ],
    ids=["square", "cube", "inverse", "log", "sqrt", "sin", "tiny slope", "exp", "abs"],
)
def test_smooth_functions_are_confirmed_at_tiny_and_huge_scales(function, x):
    assert gradcheck(function, [x]).ok


@pytest.mark.parametrize(
    ("function", "x"),
    [
        (lambda x: (50 * x).exp(), 1.0),
        (lambda x: x.exp(), 700.0),
        (lambda x: (1e4 * x).sin(), 1.0),
        (lambda x: x * 1e300, 1.0),
        (lambda x: x * 1e-300, 1.0),
        (lambda x: x.sigmoid(), -700.0),
        (lambda x: x.tanh(), 20.0),
    ],
)
def test_steep_and_flat_functions_are_confirmed(function, x):
    assert gradcheck(function, [x]).ok


@pytest.mark.parametrize(
    ("function", "x"),
    [
        (lambda x: x.sin(), 1e12),
        (lambda x: ((x + 1e8) ** 2 - 1e16) / 2e8, 1.0),
        (lambda x: (x + 1e15) - 1e15, 0.3),
        (lambda x: (1e6 * x).sin() + 1e8, 0.7),
        (lambda x: 1 / x, 1e-12),
    ],
)
def test_what_rounding_drowns_is_never_called_wrong(function, x):
    assert gradcheck(function, [x]).verdict in ("ok", "inconclusive")


def smooth(seed, size=12):
    """Returns a smooth function of three Values, drawn at random."""
    rng = random.Random(seed)
    steps = [(rng.randrange(12), rng.random(), rng.random(), rng.uniform(-3, 3)) for _ in range(size)]

    def f(*inputs):
        nodes = list(inputs)
        for kind, i, j, u in steps:
            x, y = nodes[int(i * len(nodes))], nodes[int(j * len(nodes))]
            choices = (
                lambda x, y, _: x + y,
                lambda x, y, _: x - y,
                lambda x, y, _: x * y,
                lambda x, y, _: x / (y * y + 1),
                lambda x, _, u: x * u + 1,
                lambda x, *_: x.tanh(),
                lambda x, *_: x.sin(),
                lambda x, *_: (x * x + 1).log(),
                lambda x, *_: (x * x + 1).sqrt(),
                lambda x, *_: x.sigmoid(),
                lambda x, *_: x.softplus(),
                lambda x, *_: x.arctan(),
            )
            nodes.append(choices[kind](x, y, u))
        return sum(nodes, Value(0.0))

    return f


@pytest.mark.slow
def test_there_is_no_false_alarm_over_300_random_smooth_graphs():
    verdicts = {"ok": 0, "wrong": 0, "inconclusive": 0}
    for seed in range(300):
        rng = random.Random(seed)
        scale = 10.0 ** rng.randrange(-3, 4)
        report = gradcheck(smooth(seed), [rng.gauss(0, 1) * scale for _ in range(3)])
        for check in report.checks:
            verdicts[check.verdict] += 1
    assert verdicts["wrong"] == 0
    assert verdicts["ok"] > 850  # of 900


def test_a_wrong_rule_is_caught_in_most_random_graphs():
    caught = 0
    for seed in range(40):
        rng = random.Random(seed)
        f = smooth(seed)
        report = gradcheck(lambda a, b, c, f=f: f(slightly_wrong(a), b, c), [rng.gauss(0, 1) for _ in range(3)])
        caught += report.verdict == "wrong" and report.suspect == "slightly_wrong"
    assert caught >= 36


# ---------------------------------------------------------------- leaves mode


def test_leaves_are_checked_where_they_are_and_put_back():
    w, b = Value(0.5, name="w"), Value(-0.25, name="b")
    w.grad = 7.0
    report = gradcheck(lambda: (w * 3 + b).tanh(), [w, b])
    assert report.ok
    assert [check.name for check in report.checks] == ["w", "b"]
    assert (w.data, b.data, w.grad) == (0.5, -0.25, 7.0)
    assert not b.grad_computed


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, ValueError])
def test_the_leaves_are_put_back_when_the_function_raises(error):
    w = Value(0.5, name="w")
    calls = 0

    def loss():
        nonlocal calls
        calls += 1
        if calls > 3:
            raise error("in the middle")
        return w * w

    with pytest.raises(error, match="in the middle"):
        gradcheck(loss, [w])
    assert w.data == 0.5
    assert calls > 3


def test_a_result_cannot_be_checked_as_a_leaf():
    y = Value(1.0) * 2
    with pytest.raises(InputError, match=r"mul = 2\.0 is a result, not a leaf; check .* the leaves it came from"):
        gradcheck(lambda: y, [y])


# ---------------------------------------------------------------- arguments


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ([], "gradcheck needs at least one input"),
        ([Value(1.0), 2.0], "mixes Values and numbers"),
        ([[Value(1.0)], 2.0], "mixes Values and numbers"),
    ],
    ids=["none", "mixture", "nested mixture"],
)
def test_inputs_are_all_numbers_or_all_leaves(inputs, message):
    with pytest.raises(InputError, match=message):
        gradcheck(lambda *_: Value(1.0), inputs)


def test_a_leaf_twice_is_refused():
    w = Value(1.0)
    with pytest.raises(InputError, match="repeats a Value"):
        gradcheck(lambda: w * w, [w, w])


@pytest.mark.parametrize("bad", ["1", None, True], ids=repr)
def test_an_input_that_is_no_number_is_refused(bad):
    with pytest.raises(OperandError, match=r"input 0: .* is not a real number"):
        gradcheck(lambda x: x, [bad])


@pytest.mark.parametrize("result", [3.0, None, "x", [Value(1.0)]], ids=repr)
def test_the_function_returns_one_value(result):
    with pytest.raises(OperandError, match=r"the function returned \w+ .*; it must return one Value"):
        gradcheck(lambda _: result, [1.0])


@pytest.mark.parametrize("name", ["rtol", "atol"])
@pytest.mark.parametrize(("bad", "error"), [(-1.0, InputError), (math.nan, InputError), ("1", OperandError)])
def test_a_tolerance_is_a_number_of_at_least_0(name, bad, error):
    with pytest.raises(error, match=name):
        gradcheck(lambda x: x, [1.0], **{name: bad})


def test_names_may_be_given_and_must_be_as_many_as_the_inputs():
    report = gradcheck(lambda x, y: x * y, (1.0, 2.0), names=["left", "right"])
    assert [check.name for check in report.checks] == ["left", "right"]
    with pytest.raises(InputError, match="got 1 names for 2 inputs"):
        gradcheck(lambda x, y: x * y, (1.0, 2.0), names=["left"])


def test_a_tolerance_lets_a_small_error_pass():
    assert gradcheck(lambda x: slightly_wrong(x), [0.5], rtol=1e-4).ok


def test_a_report_prints_a_table_of_all_inputs():
    lines = str(gradcheck(lambda x, y: x * y, (1.0, 2.0))).splitlines()
    assert len(lines) == 3
    assert lines[0].split() == ["input", "analytic", "numeric", "error", "verdict"]
    assert lines[1].split()[0] == "x0"
    assert lines[1].endswith("ok")


def test_it_works_inside_no_grad_and_ieee():
    with no_grad():
        assert gradcheck(lambda x: x**3, [2.0]).ok
    with ieee():
        assert gradcheck(lambda x: x.log(), [2.0]).ok


def test_it_judges_what_backward_would_use():
    assert gradcheck(lambda x: x * x.data, [3.0]).checks[0].analytic == 3.0
    assert gradcheck(lambda x: x * x.data, [3.0]).verdict == "wrong"  # reading .data cuts the graph


def test_a_kink_concerns_only_the_inputs_that_lead_to_it():
    report = gradcheck(lambda x, y: x.relu() + y * y, [0.0, 3.0])
    assert [check.verdict for check in report.checks] == ["inconclusive", "ok"]


def test_elu_is_smooth_at_0_and_is_confirmed_there():
    assert gradcheck(lambda x: x.elu(), [0.0]).ok


@pytest.mark.parametrize(("y", "verdict"), [(-1.0, "inconclusive"), (1.0, "ok")])
def test_arctan2_has_a_kink_on_its_branch_cut_only(y, verdict):
    assert gradcheck(lambda x: x.arctan2(y), [0.0]).verdict == verdict


def test_only_rules_that_a_wrong_input_leads_to_are_suspected():
    worse = define_rule("worse", "x", "1.5")
    report = gradcheck(lambda x, y: wrong_square(x) + worse(y).heaviside(), (1.0, 2.0))
    assert [check.verdict for check in report.checks] == ["wrong", "ok"]
    assert report.suspect == "wrong_square"


def test_the_largest_difference_is_between_analytic_and_numeric():
    report = gradcheck(lambda x, y: wrong_second(x, y), (2.0, 3.0))
    assert report.largest_difference == pytest.approx(4.0)
    assert gradcheck(lambda x: x * 2, [1.0]).largest_difference < 1e-9
    with ieee():
        assert math.isnan(gradcheck(lambda x: x * math.nan, [1.0]).largest_difference)
