"""define_rule: operations of your own, as good as the table's; what contradicts itself is refused at once."""

import math
from fractions import Fraction

import numpy as np
import pytest

from autograd_lite import (
    FRACTION,
    IEEE,
    RULES,
    DetachedError,
    DomainError,
    OperandError,
    RuleError,
    Value,
    define_rule,
    grad,
    gradcheck,
    ieee,
    no_grad,
    numpy_arithmetic,
    record,
)

cube = define_rule("cube", "x**3", "3*x*x")
area = define_rule("area", "x*y/2", ("y/2", "x/2"))
black = define_rule("black", lambda x: math.sin(x) ** 2, lambda x, _: 2 * math.sin(x) * math.cos(x))


def test_it_works_on_values_and_numbers():
    assert cube(2.0) == 8.0
    assert type(cube(2)) is float
    x, y = Value(2.0), Value(3.0)
    (cube(x) + area(x, y)).backward()
    assert (x.grad, y.grad) == (13.5, 1.0)
    assert area(x, 4).data == 4.0


def test_its_row_comes_with_it_and_the_table_is_unchanged():
    assert (cube.rule.name, cube.rule.value, cube.rule.partials) == ("cube", "x**3", ("3*x*x",))
    assert cube.__name__ == "cube"
    assert cube.__doc__ == "Returns x**3, of a Value or a number."
    assert "cube" not in RULES
    with pytest.raises(TypeError):
        RULES["cube"] = cube.rule


def test_a_formula_works_to_any_order_and_in_every_arithmetic():
    assert [grad(cube)(2.0), grad(grad(cube))(2.0), grad(grad(grad(cube)))(2.0)] == [12.0, 12.0, 6.0]
    tape = record(cube(Value(0.5, name="x")))
    assert tape.evaluate({"x": Fraction(1, 3)}, arithmetic=FRACTION).gradients() == {"x": Fraction(1, 3)}
    batch = tape.evaluate({"x": np.array([1.0, 2.0])}, arithmetic=numpy_arithmetic())
    assert batch.gradients()["x"].tolist() == [3.0, 12.0]
    assert tape.formula(1) == "cube(x)"


def test_python_functions_make_a_black_box():
    x = Value(0.5)
    black(x).backward()
    assert x.grad == pytest.approx(math.sin(1.0))
    assert gradcheck(lambda v: black(v) * v, [0.5]).ok


def test_a_black_box_says_that_its_slope_has_no_slope():
    with pytest.raises(DetachedError, match=r"v\.sin\(\) rather than math\.sin\(v\)"):
        grad(grad(black))(0.5)


def test_a_fault_inside_it_names_it_and_its_remedy():
    root = define_rule("root", "sqrt(x - 1)", "0.5/out", domain="x >= 1", remedy="Keep the operand above 1.")
    with pytest.raises(
        DomainError, match=r"root of x = 0\.5 \('v'\) is undefined \(needs x >= 1\);.* Keep the operand"
    ):
        root(Value(0.5, name="v"))
    assert root(Value(1.0)).partials == (math.inf,)


@pytest.mark.parametrize("operands", [(), (1.0, 2.0), (Value(1.0), 2.0)], ids=["none", "two", "two Values"])
def test_it_takes_as_many_operands_as_partials(operands):
    with pytest.raises(OperandError, match=rf"cube takes 1 operand\(s\), got {len(operands)}"):
        cube(*operands)


@pytest.mark.parametrize("bad", ["1", None, True, [1.0], np.array([1.0])], ids=repr)
def test_it_refuses_what_is_no_number(bad):
    with pytest.raises(OperandError, match=r"cube\(\.\.\.\): .* is not a real number"):
        cube(bad)


@pytest.mark.parametrize("name", ["", "not a name", "1x", "x-y", None, 5, "lambda", "class", "None"], ids=repr)
def test_a_name_is_an_identifier(name):
    with pytest.raises(RuleError, match=r"a rule's name is an identifier, got "):
        define_rule(name, "x", "1")


@pytest.mark.parametrize("name", ["add", "tanh", "where", "abs"])
def test_a_name_of_the_table_is_taken(name):
    with pytest.raises(RuleError, match=rf"'{name}' is already in the table; choose another name"):
        define_rule(name, "x", "1")


MALFORMED = {
    "value": ({"value": "x +", "partials": "1"}, r"bad: 'x \+' is not a formula"),
    "code": ({"value": "__import__('os')", "partials": "1"}, r"bad: unknown function '__import__'"),
    "unknown variable": ({"value": "x*z", "partials": "1"}, r"bad: unknown name 'z' in 'x\*z'; known are x$"),
    "y with one partial": ({"value": "x*y", "partials": "1"}, r"bad: unknown name 'y'"),
    "out in the value": ({"value": "out", "partials": "1"}, r"bad: unknown name 'out'"),
    "partial": ({"value": "x", "partials": "("}, r"bad: '\(' is not a formula"),
    "partial's variable": ({"value": "x", "partials": "w"}, r"bad: unknown name 'w' in 'w'; known are out, x"),
    "no partials": ({"value": "x", "partials": ()}, r"one or two operands, so one or two partials; got 0"),
    "three partials": ({"value": "x", "partials": ("1", "1", "1")}, r"one or two partials; got 3"),
    "domain": ({"value": "x", "partials": "1", "domain": "x >"}, r"bad: 'x >' is not a formula"),
    "kinks": ({"value": "x", "partials": "1", "kinks": ["z"]}, r"bad: unknown name 'z'"),
    "None": ({"value": None, "partials": "1"}, r"bad: a formula is text, got NoneType None"),
    "number": ({"value": 3.0, "partials": "1"}, r"bad: a formula is text, got float 3\.0"),
    "list": ({"value": ["x"], "partials": "1"}, r"bad: a formula is text, got list"),
}


@pytest.mark.parametrize(("arguments", "message"), MALFORMED.values(), ids=MALFORMED)
def test_a_malformed_rule_is_refused_when_it_is_defined(arguments, message):
    with pytest.raises(RuleError, match=message):
        define_rule("bad", **arguments)


def test_a_check_refuses_a_wrong_partial_with_both_numbers():
    with pytest.raises(RuleError, match=r"bad: its partial by x is wrong at \(2\.0,\): 8\.0, but numerically 12"):
        define_rule("bad", "x**3", "2*x*x", check=[2.0])
    with pytest.raises(RuleError, match=r"bad: its partial by y is wrong at \(2\.0, 3\.0\): -2\.0, but numerically 2"):
        define_rule("bad", "x*y", ("y", "-x"), check=[(2.0, 3.0)])
    with pytest.raises(RuleError, match=r"its partial by x is wrong"):
        define_rule("bad", math.sin, lambda x, _: -math.cos(x), check=[1.0])


@pytest.mark.parametrize("point", [2.0, 2, (2.0,), [2.0], np.float64(2.0)], ids=repr)
def test_a_check_confirms_a_right_partial(point):
    define_rule("fine", "x**3", "3*x*x", check=[point])


def test_a_check_works_inside_no_grad():
    with no_grad():
        define_rule("fine", "x**3", "3*x*x", check=[2.0])


def test_a_check_point_has_a_number_for_each_operand():
    with pytest.raises(RuleError, match=r"the check point \(1\.0, 2\.0\) has 2 numbers for 1 operands"):
        define_rule("bad", "x", "1", check=[(1.0, 2.0)])


def test_a_check_point_outside_the_domain_is_refused():
    with pytest.raises(RuleError, match=r"bad cannot be checked at \(-1\.0,\): bad of x = -1\.0"):
        define_rule("bad", "log(x)", "1/x", check=[-1.0])


def test_a_check_at_a_kink_decides_nothing():
    define_rule("bend", "abs(x)", "sign(x)", kinks=["x"], check=[0.0, 1.0])


def test_partials_are_taken_at_the_time_of_the_operation():
    x = Value(2.0)
    y = cube(x)
    x.data = 100.0
    y.backward()
    assert x.grad == 12.0


DOMAINS = {
    "formula": define_rule("positive", "x*2", "2", domain="x > 0", remedy="Keep it above 0."),
    "black box": define_rule("positive_box", lambda x: x * 2, lambda _x, _out: 2.0, domain="x > 0", remedy="Keep it."),
}


@pytest.mark.parametrize("operation", DOMAINS.values(), ids=DOMAINS)
def test_outside_its_domain_floats_raise_and_ieee_gives_nan(operation):
    assert operation(1.0) == 2.0
    message = r"positive\w* of x = -1\.0 \('p'\) is undefined \(needs x > 0\); .* Keep it"
    with pytest.raises(DomainError, match=message):
        operation(Value(-1.0, name="p"))
    tape = record(operation(Value(1.0, name="p")))
    with pytest.raises(DomainError, match="line 1 of the tape"):
        tape.evaluate([-1.0])
    assert math.isnan(tape.evaluate([-1.0], arithmetic=IEEE).outputs[0])
    with ieee():
        y = operation(Value(-1.0))
        assert math.isnan(y.data)
        assert math.isnan(y.partials[0])
    assert math.isnan(operation(math.nan))  # nan passes, as through the table's functions


def test_a_black_box_that_fails_inside_its_domain_raises_under_ieee_too():
    broken = define_rule("broken_box", lambda x: math.log(x - 1), lambda x, _: 1 / (x - 1), domain="x > 0")
    with ieee(), pytest.raises(DomainError, match="broken_box"):
        broken(0.5)
