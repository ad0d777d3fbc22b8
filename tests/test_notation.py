"""Formulas printed as LaTeX and MathML mean what they meant, and are well formed whatever they are given."""

import re
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd_lite.errors import ExpressionError
from autograd_lite.notation import printable, rule_latex, rule_mathml, to_latex, to_mathml
from autograd_lite.rules import RULES, Rule

FORMULAS = sorted(
    {text for rule in RULES.values() for text in (rule.value, *rule.partials, *(rule.lone or ()), *rule.kinks)}
    | {rule.domain for rule in RULES.values() if rule.domain}
)


def is_balanced(latex):
    bare = re.sub(r"\\[{}]", "", latex)
    depth = 0
    for character in bare:
        depth += {"{": 1, "}": -1}.get(character, 0)
        if depth < 0:
            return False
    return (
        depth == 0
        and len(re.findall(r"\\left(?![a-z])", latex)) == len(re.findall(r"\\right(?![a-z])", latex))
        and latex.count(r"\begin{cases}") == latex.count(r"\end{cases}")
    )


def elements(mathml):
    return [element.tag for element in ET.fromstring(mathml).iter()]


@pytest.mark.parametrize("text", FORMULAS)
def test_every_formula_of_the_table_is_balanced_latex(text):
    assert is_balanced(to_latex(text))


@pytest.mark.parametrize("text", FORMULAS)
def test_every_formula_of_the_table_is_well_formed_mathml(text):
    tags = elements(to_mathml(text))
    assert tags[0] == "mrow"
    assert set(tags) <= {
        "mrow",
        "mi",
        "mn",
        "mo",
        "mtext",
        "msub",
        "msup",
        "mfrac",
        "msqrt",
        "mroot",
        "mtable",
        "mtr",
        "mtd",
    }


@pytest.mark.parametrize("text", FORMULAS)
def test_fractions_powers_and_subscripts_have_exactly_two_children(text):
    for element in ET.fromstring(to_mathml(text)).iter():
        if element.tag in ("mfrac", "msup", "msub", "mroot"):
            assert len(element) == 2


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
@pytest.mark.parametrize("lone", [False, True])
def test_every_rule_is_one_equation_for_its_value_and_one_for_each_partial(rule, lone):
    assert len(rule_latex(rule, lone=lone)) == len(rule_mathml(rule, lone=lone)) == 1 + rule.arity
    assert all(is_balanced(equation) for equation in rule_latex(rule, lone=lone))
    assert all(elements(equation) for equation in rule_mathml(rule, lone=lone))


SNAPSHOTS = {
    "x + y - 1": "x + y - 1",
    "x - (y - 1)": "x - (y - 1)",
    "x*(y + 1)": r"x \cdot (y + 1)",
    "(x + y)*(x - y)": r"(x + y)\,(x - y)",
    "(x + y)**2": "(x + y)^{2}",
    "-x**2": "-x^{2}",
    "(-x)**2": "(-x)^{2}",
    "(x**y)**2": "(x^{y})^{2}",
    "x**y**2": "x^{y^{2}}",
    "x - -y": "x - (-y)",
    "2*3": r"2 \cdot 3",
    "1/log(2)/x": r"\frac{1}{\ln(2)\,x}",
    "1/(3*out*out)": r"\frac{1}{3\,{\mathrm{out}}^{2}}",
    "-2/sqrt(pi)*exp(-x*x)": r"-\frac{2\,e^{-x^{2}}}{\sqrt{\pi}}",
    "x/(y/2)": r"\frac{x}{\frac{y}{2}}",
    "abs(x)": "|x|",
    "floor(x/y)": r"\left\lfloor \frac{x}{y}\right\rfloor",
    "cbrt(x)": r"\sqrt[3]{x}",
    "log1p(exp(x))": r"\ln(1 + e^{x})",
    "expm1(x)*2": r"(e^{x} - 1) \cdot 2",
    "hypot(1, x)": r"\sqrt{1 + x^{2}}",
    "sigmoid(-x)": r"\sigma(-x)",
    "4*sigmoid(2*x)*sigmoid(-2*x)": r"4\,\sigma(2\,x)\,\sigma(-2\,x)",
    "maximum(x, y)": r"\max(x, y)",
    "-1e150 < x < 1e150": r"-10^{150} < x < 10^{150}",
    "1.0507009873554805*x": r"1.0507\,x",
    "2.5e-7": r"2.5 \cdot 10^{-7}",
    "0 if x == x else nan": "0",
    "1 if x > 0 else 0 if x <= 0 else nan": (
        r"\begin{cases} 1 & \text{if } x > 0 \\ 0 & \text{if } x \le 0 \end{cases}"
    ),
    "x if x > 0 else 0.01*x": r"\begin{cases} x & \text{if } x > 0 \\ 0.01\,x & \text{otherwise} \end{cases}",
    "x > 0 and (y > 0 or x == y)": r"x > 0\text{ and }(y > 0\text{ or }x = y)",
}


@pytest.mark.parametrize(("text", "latex"), SNAPSHOTS.items())
def test_latex_is_set_as_by_hand(text, latex):
    assert to_latex(text) == latex


def test_mathml_of_the_product_rule():
    assert to_mathml("-out/y", {"y": "w_1"}) == (
        "<mrow><mo>−</mo><mfrac><mi>out</mi><mrow><msub><mi>w</mi><mn>1</mn></msub></mrow></mfrac></mrow>"
    )


@pytest.mark.parametrize(
    ("name", "latex"),
    [
        ("w1", "w_{1}"),
        ("w_12", "w_{12}"),
        ("w_in", "w_{in}"),
        ("alpha", r"\alpha"),
        ("theta_2", r"\theta_{2}"),
        ("loss", r"\mathrm{loss}"),
        ("-2.5", "-2.5"),
        ("50%_off{", r"\mathrm{50\%\_off\{}"),
        ("a\nb", r"\mathrm{a␊b}"),
        ("", "x"),
    ],
)
def test_a_variable_is_written_as_the_name_given(name, latex):
    assert to_latex("x", {"x": name}) == latex


def test_a_negative_number_put_for_a_variable_is_parenthesised_where_it_must_be():
    assert to_latex("x*y + y**2", {"x": "2", "y": "-3"}) == r"2 \cdot (-3) + (-3)^{2}"
    assert to_latex("x - y", {"x": "2", "y": "-3"}) == "2 - (-3)"


def test_a_black_box_is_shown_by_its_name():
    box = Rule("my_op", lambda x, y: x, (lambda x, y, out: 1.0, "x"))
    value, first, second = rule_latex(box)
    assert value == r"\mathrm{out} = \operatorname{my\_op}(x, y)"
    assert first == r"\frac{\partial \mathrm{out}}{\partial x}"
    assert second == r"\frac{\partial \mathrm{out}}{\partial y} = x"
    assert all(elements(equation) for equation in rule_mathml(box))


def test_what_is_no_formula_is_refused():
    with pytest.raises(ExpressionError, match="unknown function"):
        to_latex("system(x)")


def test_a_deeply_nested_formula_is_printed():
    assert is_balanced(to_latex("-" * 180 + "x"))
    assert to_latex("+".join(["x"] * 150)).count("x") == 150


@given(st.text())
def test_any_name_leaves_latex_balanced_and_mathml_well_formed(name):
    names = {"x": name, "y": "y", "out": name}
    assert is_balanced(to_latex("x*y/out", names))
    document = ET.fromstring(to_mathml("x*y/out", names))
    assert {element.tag for element in document.iter()} <= {"mrow", "mi", "mn", "mo", "mtext", "msub", "msup", "mfrac"}


@given(st.text())
def test_printable_is_one_line_that_xml_accepts_and_changes_nothing_twice(text):
    clean = printable(text)
    assert printable(clean) == clean
    assert len(clean) == len(text)
    assert len(clean.splitlines()) <= 1
    clean.encode()
    assert (ET.fromstring(f"<t>{clean.replace('&', '&amp;').replace('<', '&lt;')}</t>").text or "") == clean
