"""One table, many kinds of numbers: what is derived, what must be brought, and what happens at the edges."""

import cmath
import math
import struct
from decimal import Decimal, localcontext
from fractions import Fraction

import numpy as np
import pytest

from autograd_lite import (
    COMPLEX,
    FLOAT,
    FRACTION,
    IEEE,
    RULES,
    VALUE,
    Arithmetic,
    RuleError,
    Value,
    numpy_arithmetic,
    record,
)
from autograd_lite.expressions import FUNCTIONS, primitive

INF, NAN = math.inf, math.nan


def bits(x):
    return "nan" if x != x else struct.pack("<d", x)


# ---------------------------------------------------------------- derived functions


@pytest.mark.parametrize("name", sorted(name for name in FUNCTIONS if not primitive(name)))
@pytest.mark.parametrize("x", [-2.0, -0.25, 0.0, 0.25, 2.0])
def test_a_function_that_is_not_brought_follows_from_its_row(name, x):
    operands = (x, 0.5)[: RULES[name].arity]
    assert bits(FLOAT.function(name)(*operands)) == bits(IEEE.function(name)(*operands))
    assert FLOAT.function(name)(*operands) == pytest.approx(complex_real(name, operands), rel=1e-12, abs=1e-15)


def complex_real(name, operands):
    if name == "gelu":  # complex numbers have no erfc here
        return FLOAT.function(name)(*operands)
    return COMPLEX.function(name)(*map(complex, operands)).real


def test_a_users_arithmetic_derives_what_it_did_not_bring():
    decimal = Arithmetic("decimal", {"exp": Decimal.exp, "abs": abs, "log1p": lambda x: (1 + x).ln()}, number=Decimal)
    with localcontext() as context:
        context.prec = 50
        half = decimal.function("sigmoid")(Decimal(0))
        assert half == Decimal("0.5")
        softplus = decimal.function("softplus")(Decimal(0))
        assert str(softplus).startswith("0.6931471805599453094172321214581765680755001343602")
        slope = decimal.partial(RULES["sigmoid"], 0)(Decimal(0), half)
        assert slope == Decimal("0.25")


def test_a_tape_runs_in_a_users_arithmetic():
    decimal = Arithmetic("decimal", {"exp": Decimal.exp}, number=Decimal)
    x = Value(1.0, name="x")
    tape = record((x * 2).exp() + 0.5)
    with localcontext() as context:
        context.prec = 40
        run = tape.evaluate({"x": Decimal(1)}, arithmetic=decimal)
        assert str(run.outputs[0]).startswith("7.88905609893065022723042746057500781318")
        assert str(run.gradients()["x"]).startswith("14.7781121978613004544608549211500156263")


def test_a_primitive_that_is_missing_is_named_with_the_remedy_and_only_when_used():
    decimal = Arithmetic("decimal", {}, number=Decimal)
    sigmoid = decimal.function("sigmoid")  # compiles
    with pytest.raises(
        RuleError, match=r"exp is not available in decimal arithmetic; pass functions=\{'exp': \.\.\.\}"
    ):
        sigmoid(Decimal(1))
    with pytest.raises(RuleError, match=r"erf is not available in decimal arithmetic"):
        decimal.function("erf")
    assert decimal.function("relu")(Decimal(-1)) == 0


@pytest.mark.parametrize("name", ["exp", "sqrt", "tanh", "erf"])
def test_fractions_have_no_transcendental_functions(name):
    tape = record(getattr(Value(0.5, name="x"), name)())
    with pytest.raises(RuleError, match=rf"{name} is not available in fraction arithmetic"):
        tape.evaluate(arithmetic=FRACTION)


def test_fractions_are_exact():
    x, y = Value(0.1, name="x"), Value(0.3, name="y")
    tape = record((x * y - x / y + x**3).relu() + abs(x) + x.maximum(y))
    a, b = Fraction(1, 10), Fraction(3, 10)
    run = tape.evaluate({"x": a, "y": b}, arithmetic=FRACTION)
    assert run.outputs == (max(a * b - a / b + a**3, 0) + a + b,)
    assert all(isinstance(value, Fraction | int) for value in run.values)  # relu's 0 is written so in its row
    assert run.gradients() == {"x": Fraction(1), "y": Fraction(1)}


def test_a_fraction_to_a_broken_power_is_refused():
    tape = record(Value(4.0) ** 0.5)
    with pytest.raises(RuleError, match=r"4 \*\* 1/2 is not available in fraction arithmetic.*whole number"):
        tape.evaluate(arithmetic=FRACTION)


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_the_arithmetic_of_values_applies_one_node_a_rule(rule):
    operands = [Value(1.5)] * rule.arity
    if rule.name == "where":
        node = VALUE.value(rule)(1.0, *operands)
    else:
        node = VALUE.value(rule)(*operands) if rule.name not in ("arcsin", "arccos", "arctanh") else None
    if node is not None:
        assert node.rule is rule


# ---------------------------------------------------------------- IEEE 754 at the edges

EDGES = [
    ("log", (0.0,), -INF),
    ("log", (-1.0,), NAN),
    ("log2", (0.0,), -INF),
    ("log10", (0.0,), -INF),
    ("log10", (-3.0,), NAN),
    ("log1p", (-1.0,), -INF),
    ("log1p", (-2.0,), NAN),
    ("sqrt", (-1.0,), NAN),
    ("exp", (1000.0,), INF),
    ("exp", (-INF,), 0.0),
    ("expm1", (1000.0,), INF),
    ("exp2", (2000.0,), INF),
    ("sinh", (1000.0,), INF),
    ("sinh", (-1000.0,), -INF),
    ("cosh", (-1000.0,), INF),
    ("arcsin", (2.0,), NAN),
    ("arccosh", (0.5,), NAN),
    ("arctanh", (1.0,), INF),
    ("arctanh", (-1.0,), -INF),
    ("arctanh", (2.0,), NAN),
    ("sin", (INF,), NAN),
    ("floor", (INF,), INF),
    ("floor", (NAN,), NAN),
    ("round", (-INF,), -INF),
    ("hypot", (1e308, 1e308), 1.4142135623730951e308),
    ("div", (1.0, 0.0), INF),
    ("div", (1.0, -0.0), -INF),
    ("div", (-1.0, 0.0), -INF),
    ("div", (0.0, 0.0), NAN),
    ("div", (NAN, 0.0), NAN),
    ("pow", (0.0, -1.0), INF),
    ("pow", (-0.0, -1.0), -INF),
    ("pow", (-0.0, -2.0), INF),
    ("pow", (-2.0, 0.5), NAN),
    ("pow", (10.0, 400.0), INF),
    ("pow", (-10.0, 401.0), -INF),
    ("pow", (-10.0, 400.0), INF),
    ("mul", (1e200, 1e200), INF),
    ("softplus", (1000.0,), 1000.0),
    ("softplus", (-1000.0,), 0.0),
    ("sigmoid", (-1000.0,), 0.0),
    ("sigmoid", (1000.0,), 1.0),
    ("log_sigmoid", (-1000.0,), -1000.0),
    ("logaddexp", (1000.0, 1000.0), 1000.0 + math.log(2)),
    ("maximum", (NAN, 1.0), NAN),
    ("minimum", (1.0, NAN), NAN),
    ("relu", (NAN,), NAN),
    ("sign", (NAN,), NAN),
    ("heaviside", (NAN,), NAN),
]


@pytest.mark.parametrize(("name", "operands", "expected"), EDGES, ids=[f"{n}{o}" for n, o, _ in EDGES])
def test_ieee_arithmetic_gives_the_limit_at_an_edge_and_nan_outside(name, operands, expected):
    assert bits(float(IEEE.value(RULES[name])(*operands))) == bits(expected)


@pytest.mark.parametrize(("name", "operands", "expected"), EDGES, ids=[f"{n}{o}" for n, o, _ in EDGES])
def test_numpy_agrees_with_ieee_arithmetic_at_the_edges(name, operands, expected):
    over = numpy_arithmetic()
    with over.context():
        result = over.value(RULES[name])(*map(np.asarray, operands))
    assert float(result) == pytest.approx(expected, rel=1e-15, nan_ok=True)


@pytest.mark.parametrize("name", ["arcsin", "log", "sqrt", "exp", "div", "pow"])
def test_floats_raise_where_ieee_arithmetic_does_not(name):
    bad = {"arcsin": (2.0,), "log": (0.0,), "sqrt": (-1.0,), "exp": (1e4,), "div": (1.0, 0.0), "pow": (-2.0, 0.5)}
    with pytest.raises((ValueError, ArithmeticError)):
        FLOAT.value(RULES[name])(*bad[name])


SPECIAL = [0.0, -0.0, 1.0, -1.0, 0.5, -2.5, 3.0, 1e-310, 1e308, -1e308, INF, -INF, NAN]


@pytest.mark.parametrize("rule", [r for r in RULES.values() if r.name != "where"], ids=lambda r: r.name)
def test_ieee_arithmetic_never_raises_and_equals_floats_wherever_they_do_not(rule):
    for x in SPECIAL:
        for y in SPECIAL if rule.arity == 2 else [0.0]:
            operands = (x, y)[: rule.arity]
            out = IEEE.value(rule)(*operands)
            for position in range(rule.arity):
                IEEE.partial(rule, position)(*operands, out)
            try:
                plain = FLOAT.value(rule)(*operands)
            except (ValueError, ArithmeticError):
                continue
            assert bits(float(out)) == bits(float(plain)), operands


# ---------------------------------------------------------------- complex numbers


@pytest.mark.parametrize("name", ["exp", "log", "sqrt", "sin", "tanh", "arcsinh", "expm1", "log1p", "cbrt", "hypot"])
def test_complex_functions_are_those_of_mathematics(name):
    z, w = 0.75 + 0.5j, 0.25 - 0.125j
    truth = {
        "expm1": cmath.exp(z) - 1,
        "log1p": cmath.log(1 + z),
        "cbrt": z ** (1 / 3),
        "hypot": cmath.sqrt(z * z + w * w),
        "arcsinh": cmath.asinh(z),
    }
    operands = (z, w) if name == "hypot" else (z,)
    expected = truth.get(name) or getattr(cmath, name)(z)
    assert cmath.isclose(COMPLEX.function(name)(*operands), expected, rel_tol=1e-14)


def test_complex_numbers_have_no_error_function():
    with pytest.raises(RuleError, match=r"erf is not available in complex arithmetic"):
        COMPLEX.function("erf")


# ---------------------------------------------------------------- arrays


@pytest.mark.parametrize("rule", [r for r in RULES.values() if r.name != "where"], ids=lambda r: r.name)
def test_a_batch_equals_its_samples(rule):
    over = numpy_arithmetic()
    xs = np.array([1.25, 2.5, 7.0]) if rule.name == "arccosh" else np.array([0.5, 0.25, 0.875])
    ys = np.array([0.5, 2.0, -0.5])
    arrays = (xs, ys)[: rule.arity]
    out = over.value(rule)(*arrays)
    for i, operands in enumerate(zip(*(a.tolist() for a in arrays), strict=True)):
        try:
            single = FLOAT.value(rule)(*operands)
        except (ValueError, ArithmeticError):
            continue
        assert float(out[i]) == pytest.approx(single, rel=1e-14)
        for position in range(rule.arity):
            batch = np.broadcast_to(over.partial(rule, position)(*arrays, out), 3)
            alone = FLOAT.partial(rule, position)(*operands, single)
            assert float(batch[i]) == pytest.approx(alone, rel=1e-13)


def test_a_tape_evaluates_a_batch_at_once_without_warnings():
    x, w = Value(1.0, name="x"), Value(2.0, name="w")
    tape = record((x * w).log())
    run = tape.evaluate({"x": np.array([1.0, 2.0, 0.0, -1.0])}, arithmetic=numpy_arithmetic())
    assert run.outputs[0].tolist() == pytest.approx([math.log(2), math.log(4), -INF, NAN], nan_ok=True)
    assert run.gradients()["x"].tolist() == pytest.approx([1.0, 0.5, INF, -1.0], nan_ok=True)


def test_an_arithmetic_shows_its_name():
    assert "fraction" in repr(FRACTION)
    assert [a.name for a in (FLOAT, IEEE, COMPLEX, VALUE)] == ["float", "IEEE 754", "complex", "Value"]


@pytest.mark.parametrize("given", [{"divide": lambda x, y: ("over", x, y)}, {"power": lambda x, y: ("to the", x, y)}])
def test_an_arithmetic_replaces_division_and_power_one_without_the_other(given):
    mine = Arithmetic("mine", {}, **given)
    divided, raised = (mine.formula(text, ("x", "y"))(8.0, 2.0) for text in ("x / y", "x ** y"))
    assert divided == (("over", 8.0, 2.0) if "divide" in given else 4.0)
    assert raised == (("to the", 8.0, 2.0) if "power" in given else 64.0)
