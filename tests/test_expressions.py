"""Formulas as text: whatever is not one is refused, quickly and with one clear error; the rest means what it says."""

import ast
import contextlib
import math
import time
import warnings
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

from autograd_lite import COMPLEX, FLOAT, FRACTION, IEEE, RULES, VALUE, ExpressionError, Value, numpy_arithmetic
from autograd_lite.expressions import (
    CONSTANTS,
    FUNCTIONS,
    calls_in,
    compile_formula,
    float_source,
    names_in,
    parse,
    primitive,
    specialised,
)

NOT_FORMULAS = {
    "nothing": ("", "'' is not a formula; write one like"),
    "blanks": ("  \t ", "is not a formula"),
    "attribute": ("x.real", "'x.real' in 'x.real' is not allowed in a formula"),
    "dunder": ("().__class__.__bases__", "is not allowed in a formula"),
    "subscript": ("x[0]", "'x[0]' in 'x[0]' is not allowed"),
    "lambda": ("lambda: 0", "is not allowed"),
    "list": ("[x]", "is not allowed"),
    "tuple": ("x, y", "is not allowed"),
    "set": ("{x}", "is not allowed"),
    "dictionary": ("{x: y}", "is not allowed"),
    "comprehension": ("[i for i in x]", "is not allowed"),
    "generator": ("exp(i for i in x)", "is not allowed"),
    "walrus": ("(x := 1)", "is not allowed"),
    "f-string": ("f'{x}'", "is not allowed"),
    "string": ("'x'", "'x' in \"'x'\" is not a real number"),
    "bytes": ("b'x'", "is not a real number"),
    "complex": ("1j*x", "1j in '1j*x' is not a real number"),
    "True": ("True", "True in 'True' is not a real number"),
    "None": ("None", "None in 'None' is not a real number"),
    "ellipsis": ("...", "is not allowed"),
    "keyword argument": ("exp(x=1)", "is not allowed"),
    "star argument": ("exp(*x)", "'*x' in 'exp(*x)' is not allowed"),
    "double star": ("exp(**x)", "is not allowed"),
    "await": ("await x", "is not allowed"),
    "yield": ("(yield x)", "is not allowed"),
    "import": ("__import__('os').system('true')", "is not allowed|unknown function"),
    "import, called": ("__import__('os')", "unknown function '__import__'"),
    "eval": ("eval('1')", "unknown function 'eval' in \"eval('1')\"; known are abs, arccos"),
    "method call": ("x.exp()", "is not allowed in a formula; write exp(x)"),
    "call of a call": ("exp(x)(x)", "is not allowed"),
    "function without call": ("exp + 1", "'exp' in 'exp + 1' is a function; call it, as in exp(x)"),
    "operator row as function": ("add(x, y)", "unknown function 'add'"),
    "where as function": ("where(x, x, x)", "unknown function 'where'"),
    "too many operands": ("exp(x, y)", "exp in 'exp(x, y)' takes 1 operand, got 2"),
    "too few operands": ("hypot(x)", "hypot in 'hypot(x)' takes 2 operands, got 1"),
    "caret": ("x^2", "^ in 'x^2' is not a power in Python; write **"),
    "floor division": ("x // 2", "'x // 2' in 'x // 2' is not allowed"),
    "modulo": ("x % 2", "is not allowed"),
    "matrix product": ("x @ y", "is not allowed"),
    "bits": ("x | y", "is not allowed"),
    "shift": ("x << 2", "is not allowed"),
    "inversion": ("~x", "is not allowed"),
    "is": ("x is y", "is not allowed"),
    "membership": ("x in y", "is not allowed"),
    "statement": ("x = 1", "is not a formula"),
    "two statements": ("x; y", "'x; y' is not a formula at column 2"),
    "import statement": ("import os", "is not a formula"),
    "unfinished": ("x +", "is not a formula"),
    "unbalanced": ("exp(x", "is not a formula"),
    "two lines": ("x\n+ y\n", "is not a formula"),
    "half a conditional": ("x if y", "is not a formula"),
    "implicit product": ("2x", "is not a formula"),
    "NUL": ("x\0", "is not a formula"),
    "surrogate": ("\ud800", "is not a formula"),
    "integer too large": ("9" * 400, "a number in '999.*' is too large for a float"),
    "hexadecimal too large": ("0x" + "f" * 400, "is too large for a float"),
    "integer far too large": ("9" * 5000, "is not a formula"),
}
BOMBS = {
    "parentheses": "(" * 10_000,
    "balanced parentheses": "(" * 4000 + "x" + ")" * 4000,
    "brackets": "[" * 4000 + "]" * 4000,
    "signs": "-" * 5000 + "x",
    "signs in a list": "[" + "-" * 3000 + "x]",
    "powers": "x" + "**x" * 3000,
    "sums": "x" + "+x" * 4000,
    "nots": "not " * 2400 + "x",
    "attributes": "x" + ".a" * 3000,
    "subscripts": "x" + "[0]" * 2000,
    "calls": "exp(" * 2000 + "x" + ")" * 2000,
    "call chain": "x" + "()" * 3000,
    "lambdas": "lambda:" * 1400 + "x",
    "conditionals": "x if x else " * 800 + "x",
    "comparisons in a call": "exp(" + "<".join("x" * 1500) + "," + "x)",
    "f-strings": "f'{" * 50,
    "100,000 characters": "x" + " " * 100_000,
    "100,000 digits": "1" * 100_000,
}


@pytest.mark.parametrize(("text", "message"), NOT_FORMULAS.values(), ids=NOT_FORMULAS)
def test_what_is_not_a_formula_is_refused_and_shown(text, message):
    with pytest.raises(ExpressionError) as caught:
        parse(text)
    assert any(part in str(caught.value) or part.split(".*")[0] in str(caught.value) for part in message.split("|"))
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


@pytest.mark.parametrize("text", BOMBS.values(), ids=BOMBS)
def test_a_nesting_bomb_is_refused_quickly_in_one_short_message(text):
    start = time.process_time()
    with pytest.raises(ExpressionError) as caught:
        parse(text)
    assert time.process_time() - start < 5
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize("thing", [None, 1, 1.0, b"x", ["x"], {"x"}, Value(1.0)], ids=repr)
def test_a_formula_is_text(thing):
    with pytest.raises(ExpressionError, match=rf"a formula is text, got {type(thing).__name__}"):
        parse(thing)


def test_the_length_limit_is_in_the_message():
    with pytest.raises(ExpressionError, match=r"a formula of 100,001 characters is too long; the limit is 10,000"):
        parse("x" * 100_001)


def test_the_depth_limit_is_in_the_message():
    with pytest.raises(ExpressionError, match=r"is nested more than 200 deep"):
        parse("x" + "+x" * 500)
    parse("x" + "+x" * 150)


@pytest.mark.parametrize("names", [frozenset("xy"), {"x", "y"}, ["x", "y"], ("x", "y")], ids=lambda n: type(n).__name__)
def test_an_unknown_name_is_refused_with_the_known_ones(names):
    parse("x + y + pi + nan + inf", names)
    with pytest.raises(ExpressionError, match=r"unknown name 'z' in 'x \+ z'; known are x, y"):
        parse("x + z", names)
    with pytest.raises(ExpressionError, match=r"unknown name 'x' in 'x'; known are none"):
        parse("x", [])


def test_a_name_may_be_in_any_script_and_is_read_as_python_reads_it():
    assert names_in("δ*x + ｙ") == ("x", "y", "δ")


def test_refusing_a_formula_runs_none_of_it(tmp_path):
    target = tmp_path / "made"
    for text in (f"open('{target}', 'w')", f"exp(open('{target}', 'w'))", f"[open('{target}', 'w')][0]"):
        with pytest.raises(ExpressionError):
            parse(text)
    assert not target.exists()


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_every_row_parses_with_its_own_operands_only(rule):
    operands = frozenset(rule.operands)
    parse(rule.value, operands)
    for partial in (*rule.partials, *(rule.lone or ())):
        parse(partial, operands | {"out"})
    for text in (*rule.kinks, *([rule.domain] if rule.domain else [])):
        parse(text, frozenset("xy"[: rule.arity]))


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_every_row_is_well_formed(rule):
    assert rule.name.isidentifier()
    assert rule.arity in (1, 2)
    assert rule.lone is None or len(rule.lone) == rule.arity
    assert rule.operands[-1] in ("x", "y")
    assert not rule.remedy or rule.remedy.endswith(".")
    assert repr(rule) == f"<Rule {rule.name}>"


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
@pytest.mark.parametrize(
    "arithmetic", [FLOAT, IEEE, COMPLEX, FRACTION, VALUE, numpy_arithmetic()], ids=lambda a: a.name
)
def test_every_formula_of_the_table_compiles_in_every_arithmetic(arithmetic, rule):
    arithmetic.value(rule) if arithmetic is not FRACTION else None  # a fraction lacks exp, and says so when used
    for position in range(rule.arity):
        assert callable(arithmetic.partial(rule, position))
        assert callable(arithmetic.partial(rule, position, lone=True))
    for text in (*rule.kinks, *([rule.domain] if rule.domain else [])):
        assert callable(arithmetic.formula(text, ("x", "y")[: rule.arity]))


MEANS = {
    "x + 2*y": 7.0,
    "-x**2": -1.0,
    "(-x)**2": 1.0,
    "2**-1": 0.5,
    "2**3**2": 512.0,
    "x - y - 1": -3.0,
    "y/2/3": 0.5,
    "1 if x < y else 2": 1.0,
    "1 if x < 0 else 2 if y < 0 else 3": 3.0,
    "1 if 0 < x < 2 else 0": 1.0,
    "1 if x > 0 and y > 5 else 0": 0.0,
    "1 if x > 5 or not y > 5 else 0": 1.0,
    "1 if x == 1 else 0": 1.0,
    "1 if x != 1 else 0": 0.0,
    "1 if x >= 1 and x <= 1 else 0": 1.0,
    "+x": 1.0,
    "1/3 + x*0": 1 / 3,
    "0.5*x": 0.5,
    "1_000 + 0*x": 1000.0,
    "abs(-3*x) + floor(y + 0.5) + round(0.7*x)": 7.0,
}


@pytest.mark.parametrize(("text", "expected"), MEANS.items(), ids=MEANS)
@pytest.mark.parametrize("arithmetic", [FLOAT, IEEE, COMPLEX, FRACTION, VALUE], ids=lambda a: a.name)
def test_a_formula_means_in_every_arithmetic_what_python_means(arithmetic, text, expected):
    number = Value if arithmetic is VALUE else arithmetic.number
    result = arithmetic.formula(text, ("x", "y"))(number(1.0), number(3.0))
    result = result.data if isinstance(result, Value) else result
    assert complex(result).real == pytest.approx(expected, rel=1e-15)


def test_fractions_stay_exact_in_formulas_of_whole_numbers():
    assert FRACTION.formula("x*(1/3) + 2**-1", ("x",))(Fraction(2)) == Fraction(7, 6)


@pytest.mark.parametrize("text", MEANS)
def test_a_formula_over_arrays_is_elementwise(text):
    over = numpy_arithmetic()
    x, y = np.array([1.0, -2.0, 5.0]), np.array([3.0, 4.0, -7.0])
    arrays = np.broadcast_to(over.formula(text, ("x", "y"))(x, y), 3)
    singles = [FLOAT.formula(text, ("x", "y"))(a, b) for a, b in zip(x.tolist(), y.tolist(), strict=True)]
    assert arrays.tolist() == pytest.approx(singles, rel=1e-15)


def test_names_in_lists_the_variables_but_no_constants_or_functions():
    assert names_in("tanh(w*x + b) + pi - inf") == ("b", "w", "x")
    assert names_in("2 + 3") == ()
    assert calls_in("tanh(exp(x)) + exp(y)") == ("exp", "tanh")
    with pytest.raises(ExpressionError):
        names_in("x.y")


def test_the_functions_of_a_formula_are_the_rows_without_operators():
    assert {"exp", "maximum", "abs", "round"} <= FUNCTIONS
    assert not FUNCTIONS & {"add", "neg", "where", "identity"}
    assert {name for name in FUNCTIONS if not primitive(name)} >= {"sigmoid", "relu", "softplus", "maximum", "gelu"}


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("2*3 + x", "6.0 + x"),
        ("x*sqrt(4)", "x * 2.0"),
        ("x*-(2)", "x * -2.0"),
        ("pi*x", f"{math.pi!r} * x"),
        ("x**2", "_power(x, 2.0)"),
        ("2**3*x", "8.0 * x"),
        ("1/3*x", f"{1 / 3!r} * x"),
        ("x + 1 + 2", "x + 1.0 + 2.0"),
    ],
)
def test_constant_parts_are_computed_once(text, source):
    namespace = {"sqrt": math.sqrt}
    assert float_source(text, namespace) == source


@pytest.mark.parametrize(
    ("text", "error"),
    [("x + 1/0", ZeroDivisionError), ("x + 10**10**10", OverflowError), ("x + log(-1)", ValueError)],
)
def test_a_constant_part_that_is_undefined_raises_when_it_is_evaluated_and_not_before(text, error):
    formula = FLOAT.formula(text, ("x",))
    with pytest.raises(error):
        formula(1.0)
    assert FLOAT.formula(f"0 if x > 0 else {text}", ("x",))(1.0) == 0.0


def test_a_huge_power_is_quick_over_floats():
    assert IEEE.formula("10**10**10*x", ("x",))(1.0) == math.inf


def test_a_tree_that_was_handed_out_is_not_changed_by_compiling():
    text = "2*3 + x if x > 0 else x**2"
    before = ast.dump(parse(text))
    FLOAT.formula(text, ("x",))
    FRACTION.formula(text, ("x",))
    assert ast.dump(parse(text)) == before


def test_compile_formula_takes_a_number_type():
    double = compile_formula("x*0.5 + 1", {}, arguments=("x",), number=Decimal)
    assert double(Decimal(3)) == Decimal("2.5")
    with pytest.raises(ExpressionError):
        compile_formula("import os", {}, arguments=())


def test_nothing_of_python_is_in_reach_of_a_compiled_formula():
    formula = compile_formula("x", {}, arguments=("x",))
    assert set(formula.__globals__) - {"__builtins__"} >= {"_number"}
    assert not {"os", "sys", "open", "eval"} & set(formula.__globals__)


def test_parsing_warns_about_nothing():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for text in ("1if x else 2", "x is 1", "'\\d'", "1(x)"):
            with contextlib.suppress(ExpressionError):
                parse(text)


@pytest.mark.parametrize("name", CONSTANTS)
def test_a_constant_is_a_number_in_every_arithmetic(name):
    for arithmetic in (FLOAT, IEEE, COMPLEX):
        assert str(complex(arithmetic.formula(name, ())()).real) == str(CONSTANTS[name])


@pytest.mark.parametrize(
    ("text", "numbers", "expected"),
    [
        ("y*x**(y - 1) if y != 0 else 0", {"y": 2.0}, "2 * x"),
        ("y*x**(y - 1) if y != 0 else 0", {"y": 3.0}, "3 * x ** 2"),
        ("y*x**(y - 1) if y != 0 else 0", {"y": -1.0}, "-x ** (-2)"),
        ("y*x**(y - 1) if y != 0 else 0", {"y": 0.5}, "0.5 * x ** (-0.5)"),
        ("y*x**(y - 1) if y != 0 else 0", {"y": 0.0}, "0"),
        ("out*log(x) if 0 < x < inf else nan", {"x": 2.0}, "out * log(2)"),
        ("x if y < 1 and x > 0 else 0", {"y": 0.0}, "x if x > 0 else 0"),
        ("x if y < 1 and x > 0 else 0", {"y": 1.0}, "0"),
        ("x if y < 1 or x > 0 else 0", {"y": 0.0}, "x"),
        ("x if not (y < 1 or y > 2) else 0", {"y": 1.5}, "x"),
        ("x if x < y < 0 else 0", {"y": 1.0}, "0"),
        ("1 if x and y else 0", {"y": 2.0}, "1 if x and 2 else 0"),
        ("x**y + x**0 + x/1", {"y": 1}, "x + 1 + x"),
        ("(y < 3)*x", {"y": 2}, "x"),
        ("y*pi + sqrt(y + 2)", {"y": 2}, "2 * pi + sqrt(4)"),
        ("x + 1/y + y**-1 + 1e300**y2", {"y": 0, "y2": 2}, "x + 1 / 0 + 0 ** (-1) + 1e+300 ** 2"),
        ("x*y", {"y": -math.inf}, "x * -inf"),
        ("x*+y", {"y": -2.5}, "x * -2.5"),
        ("x + y", {}, "x + y"),
    ],
)
def test_known_numbers_decide_what_they_can(text, numbers, expected):
    assert specialised(text, numbers) == expected
    parse(expected)


@pytest.mark.parametrize(
    "text", [*MEANS, *(text for rule in RULES.values() for text in rule.partials if isinstance(text, str))]
)
@pytest.mark.parametrize("known", [{"x": 2.0}, {"y": 3.0}, {"x": 0.5, "y": -1.0}, {"y": 0.0}, {"y": 1.0}], ids=repr)
def test_a_specialised_formula_means_what_it_meant(text, known):
    numbers = {"x": 1.5, "y": 0.25, "out": 0.75, "c": 1.0} | known
    before, after = (
        IEEE.formula(formula, tuple(numbers))(*numbers.values()) for formula in (text, specialised(text, known))
    )
    assert after == pytest.approx(before, rel=1e-14, nan_ok=True)
