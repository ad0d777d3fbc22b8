"""Formulas as trees: computed by another reader, they are what the table's own arithmetic makes of them."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stories import evaluate

from autograd_lite import RULES, ExpressionError
from autograd_lite.arithmetics import FLOAT, IEEE
from autograd_lite.expressions import compile_formula, primitive
from autograd_lite.stepper.expression_tree import condition, exact, expression, functions_used
from autograd_lite.testing import edge_floats, operands

LETTERS = ("c", "x", "y", "out")
TEXTS = {
    f"{rule.name}-{i}": (rule, text)
    for rule in RULES.values()
    for i, text in enumerate((rule.value, *rule.partials, *(rule.lone or ())))
}


def called(name, *numbers):
    """Calls a function as a browser has to: one of its own, or a formula of the table."""
    if name == "pow":
        return IEEE.power(*numbers)
    if primitive(name):
        return float(IEEE.function(name)(*numbers))
    return evaluate(expression(RULES[name].value), dict(zip(RULES[name].operands, numbers, strict=True)), called)


@pytest.mark.parametrize("name", TEXTS)
@given(data=st.data())
def test_a_tree_computes_what_the_row_says(name, data):
    rule, text = TEXTS[name]
    numbers = data.draw(operands(rule))
    letters = {"c": float(data.draw(st.booleans())), **dict(zip("xy", numbers, strict=False))}
    letters["out"] = float(IEEE.value(rule)(*(letters[letter] for letter in rule.operands)))
    try:
        wanted = float(FLOAT.formula(text, tuple(letters))(*letters.values()))
    except (ArithmeticError, ValueError):
        return
    got = evaluate(expression(text), letters, called)
    assert got.hex() == wanted.hex() or math.isclose(got, wanted, rel_tol=1e-12)
    if exact(expression(text)):
        assert got.hex() == wanted.hex()


@pytest.mark.parametrize("rule", [rule for rule in RULES.values() if rule.domain], ids=lambda rule: rule.name)
@given(data=st.data())
def test_a_domain_is_a_test(rule, data):
    letters = {letter: data.draw(edge_floats()) for letter in rule.operands}
    wanted = IEEE.formula(rule.domain, rule.operands)(*letters.values())
    assert evaluate(condition(rule.domain), letters, called) is bool(wanted)


TRUTHS = [
    "x and y",
    "x or y",
    "x and y or out",
    "not x",
    "(x > 0)*2 + (y > x)",
    "1 if x else 2",
    "1 if x and not y else 0",
    "1 if x < y < out else -x",
    "(x < y) == (y < out)",
    "+x if x >= y or y != out else -2.5",
    "2 if (x if y else out) else 3",
    "x < y",
    "-0*x",
    "1e999*x",
]


@pytest.mark.parametrize("text", TRUTHS)
@given(st.tuples(*[st.sampled_from([0.0, -0.0, 1.0, -2.5, math.nan, math.inf])] * 3))
def test_what_python_takes_for_true_is_written_out(text, numbers):
    letters = dict(zip(("x", "y", "out"), numbers, strict=True))
    wanted = float(FLOAT.formula(text, tuple(letters))(*numbers))
    assert float(evaluate(expression(text), letters)).hex() == wanted.hex()
    truth = bool(compile_formula(text, {}, arguments=tuple(letters))(*numbers))
    assert evaluate(condition(text), letters) is truth


def test_numbers_and_names_of_numbers():
    assert expression("0.5") == 0.5
    assert repr(expression("2.0")) == "2"
    assert expression("12345678901234567890") == 12345678901234567890.0
    assert expression("1e999*pi + -inf - nan") == ["-", ["+", ["*", "inf", "pi"], ["neg", "inf"]], "nan"]
    with pytest.raises(ExpressionError):
        expression("import os")


def test_exact_is_what_has_no_function_and_no_power():
    assert [name for name, (_, text) in TEXTS.items() if exact(expression(text))][:10] == [
        *("add-0", "add-1", "add-2", "sub-0", "sub-1", "sub-2", "mul-0", "mul-1", "mul-2", "div-0"),
    ]
    assert not exact(expression("x**2"))
    assert not exact(expression("1 if 2 < exp(x) else 0"))
    assert functions_used([expression("1 if 2 < exp(x) else sin(cos(y))"), None]) == {"exp", "sin", "cos"}
