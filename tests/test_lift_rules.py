"""Every rule of the table lifts, with every kind of operand, at its kinks and ties; and so do rules of the user's."""

import itertools
import math

import pytest
from hypothesis import assume, given, settings
from lifting import assert_lifts, finite, leaves, rows, scalar

from autograd_lite import RULES, ArithmeticFault, Value, define_rule, maximum, minimum, where
from autograd_lite.lift import lift
from autograd_lite.lookup import stop_gradient
from autograd_lite.testing import (
    kink_points,
    operands,
)
from autograd_lite.testing.program import perform

# ---------------------------------------------------------------- every rule

ROLES = ("input", "parameter", "captured", "constant")


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_each_rule_lifts_with_every_kind_of_operand(rule):
    def check(point):
        for roles in itertools.product(ROLES, repeat=rule.arity):
            if set(roles) == {"constant"}:
                continue
            parameters = leaves(*(x for x, role in zip(point, roles, strict=True) if role == "parameter"), 1.0)
            own = iter(parameters)
            fixed = [
                next(own)
                if role == "parameter"
                else {"captured": Value, "constant": float}.get(role, lambda _: None)(x)
                for x, role in zip(point, roles, strict=True)
            ]

            def function(x, fixed=fixed, scale=parameters[-1]):
                inputs = iter(x)
                return perform(rule, tuple(next(inputs) if each is None else each for each in fixed), None) * scale

            X = [[x for x, role in zip(point, roles, strict=True) if role == "input"]] * 2
            with_slopes = finite(scalar(function, parameters, X))
            lifted = lift(function, parameters)
            if with_slopes:
                assert_lifts(function, parameters, X, lifted=lifted)

    for point in kink_points(rule):
        check(point)

    @settings(max_examples=12)
    @given(operands(rule, limit=100.0))
    def search(point):
        try:
            check(point)
        except ArithmeticFault:
            assume(False)

    search()


@pytest.mark.parametrize("rule", [rule for rule in RULES.values() if rule.arity == 2], ids=lambda rule: rule.name)
def test_a_binary_rule_of_one_value_with_itself_lifts(rule):
    p = Value(0.5, name="p")
    assert_lifts(lambda x: perform(rule, (p, p), None) + perform(rule, (x, x), None) * p, [p], [0.5, 1.5])


@pytest.mark.parametrize("exponent", [3, 2, 1, 0, 0.5, -1, -2, 2.5, -0.5, 10])
def test_powers_lift_with_any_exponent(exponent):
    p = Value(1.5, name="p")
    assert_lifts(lambda x: (p * x) ** exponent + exponent**p + p**exponent, [p], [0.5, 1.0, 2.0]) if exponent > 0 else (
        assert_lifts(lambda x: (p * x) ** exponent, [p], [0.5, 1.0, 2.0])
    )


def test_whole_powers_of_negative_numbers_lift():
    p = Value(-1.5, name="p")
    for exponent in (0, 1, 2, 3, -1, -2):
        assert_lifts(lambda x, n=exponent: (p * x) ** n, [p], [0.5, -1.0, 2.0])


# ---------------------------------------------------------------- ties, zeros, extremes


def test_ties_share_the_gradient_as_the_scalar_engine_does():
    p, q = parameters = leaves(2.0, 2.0)
    assert_lifts(lambda x: maximum(p, q) * x + minimum(p, q), parameters, [1.0, -1.0])
    assert_lifts(lambda x: maximum(p, x) + minimum(x, q) + maximum(p, 2.0) + minimum(2.0, q), parameters, [2.0, 1.0])
    assert_lifts(lambda x: maximum(p, p) + maximum(maximum(p, q), x), parameters, [2.0, 3.0])


def test_ties_with_a_number_chosen_by_where_share_as_between_values():
    w = Value(2.0, name="w")
    assert_lifts(lambda x: maximum(where(x > 0, 2.0, x), w), [w], [1.0, 3.0])
    assert_lifts(lambda x: minimum(where(x > 0, 2.0, x), w), [w], [1.0, 3.0])


def test_ties_with_a_stopped_number_go_to_the_side_the_scalar_engine_gives_them():
    w, u = Value(2.0, name="w"), Value(2.0, name="u")
    assert_lifts(lambda x: maximum(w, stop_gradient(u)) * x, [w], [1.0, 3.0])
    assert_lifts(lambda x: minimum(stop_gradient(u), w) * x, [w], [1.0, 3.0])


def test_kinks_at_zero_have_the_scalar_engines_slopes():
    p = Value(0.0, name="p")
    for zero in (0.0, -0.0):
        p.data = zero
        assert_lifts(lambda x: abs(p) + p.relu() * x + p.leaky_relu() + p.selu() + p.sign() + p.heaviside(), [p], [1.0])
        assert_lifts(lambda x: abs(x * p) + (x * p).relu() + p.hypot(x), [p], [0.0, -0.0, 1.0])


def test_a_negative_zero_keeps_its_sign_where_it_matters():
    p = Value(1.0, name="p")
    assert_lifts(lambda x: x.arctan2(-1.0) * p, [p], [0.0, -0.0])
    assert_lifts(lambda x: (-x).arctan2(-1.0) * p, [p], [0.0, -0.0])
    assert_lifts(lambda x: (x * -1).arctan2(-1.0) * p + p * (-0.0), [p], [0.0, -0.0])


@pytest.mark.parametrize("size", [5e-324, 1e-308, 1e-200, 1e150])
def test_tiny_and_huge_numbers_lift(size):
    p = Value(0.5, name="p")
    X = [size, -size, size / 2]
    assert_lifts(lambda x: p * x + x / 2 - p, [p], X)
    assert_lifts(lambda x: (p * x).tanh() + x.sigmoid() * p + p.softplus(), [p], X)


def test_a_mean_of_numbers_whose_sum_overflows_is_their_mean():
    p = Value(1.0, name="p")
    value, gradient = lift(lambda x: p * x, [p]).value_and_grad([1.5e308, 1.5e308])
    assert value == 1.5e308
    assert gradient == [1.5e308]


def test_constants_stay_constants_whatever_is_done_with_them():
    p = Value(0.5, name="p")

    def loss(x):
        c = where(x > 0, 2.0, x)
        d = c * 3.0 - c.tanh() + c**3 / c + (c + c) * c + abs(-c) + maximum(c, 1.0) + maximum(c, c) - 1
        return d * p + c

    assert_lifts(loss, [p], [1.0, -1.5, 3.0])


# ---------------------------------------------------------------- rules of the user's

CUBE = define_rule("cube", "x**3", "3*x*x")
MIXED = define_rule(
    "mixed", "x*sigmoid(y) if x > 0 else y", ["sigmoid(y) if x > 0 else 0", "x*sigmoid(y)*sigmoid(-y) if x > 0 else 1"]
)
BLACK = define_rule("black", lambda x: math.sin(x) * x, lambda x, out: math.cos(x) * x + math.sin(x))
PAIR = define_rule("pair", lambda x, y: x * x * y, [lambda x, y, out: 2 * x * y, "x*x"])
SAME = define_rule("same", "x", "1")


@pytest.mark.parametrize("own", [CUBE, BLACK, SAME], ids=["text", "function", "identity"])
def test_a_users_unary_rule_lifts(own):
    parameters = leaves(0.5, -1.5)
    p, q = parameters
    lifted = assert_lifts(lambda x: own(p * x) + own(q) + own(x) * p + own(own(q * x)), parameters, rows(4))
    assert_lifts(lambda x: own(p * x) + own(q) + own(x) * p + own(own(q * x)), parameters, rows(2), lifted=lifted)


@pytest.mark.parametrize("own", [MIXED, PAIR], ids=["text", "function"])
def test_a_users_binary_rule_lifts(own):
    p, q = parameters = leaves(0.5, -1.5)
    assert_lifts(lambda x: own(p, x) + own(x, q) + own(2.0, p) + own(q, 3.0) + own(p, p), parameters, rows(4))


def test_two_rules_of_one_name_are_two_rules():
    square = define_rule("twice", lambda x: x * x, lambda x, out: 2 * x)
    double = define_rule("twice", lambda x: 2 * x, lambda x, out: 2.0)
    p = Value(1.5, name="p")
    assert_lifts(lambda x: square(p * x) + double(p * x), [p], rows(3))


@pytest.mark.parametrize(
    "name",
    ["dot", "matmul", "einsum", "v3", "k12", "i5", "batch", "theta", "seed", "inputs", "prepared", "x", "g", "out"],
)
def test_a_users_rule_may_be_called_like_anything_in_the_generated_code(name):
    own = define_rule(name, lambda x: x * x, lambda x, out: 2 * x)
    parameters = leaves(0.5, -1.5, 2.0, 1.0)

    def loss(x):
        hidden = [sum(p * a for p, a in zip(parameters[i : i + 2], x, strict=True)) for i in (0, 2)]
        return sum(own(h).tanh() * a for h, a in zip(hidden, x, strict=True))

    assert_lifts(loss, parameters, rows(3, 2))
