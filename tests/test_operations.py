"""The methods of `Value` and the functions: generated from the table, all of them, and readable."""

import ast
import inspect
import linecache
import math
import traceback
from pathlib import Path

import pytest

import autograd_lite
from autograd_lite import RULES, DomainError, Rule, Value, functions, operations, value
from autograd_lite.expressions import FUNCTIONS
from autograd_lite.operations import DUNDERS, FILENAME, method_names, symbol

METHODS = [(rule.name, method) for rule in RULES.values() for method in method_names(rule)]
FUNCTION_NAMES = sorted(FUNCTIONS - {"abs", "round"})


def type_checking_signatures(module, scope):
    """Returns {name: number of operands} of the functions declared under `if TYPE_CHECKING` in a class or module."""
    tree = ast.parse(Path(module.__file__).read_text(encoding="utf-8"))
    if scope:
        tree = next(node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == scope)
    declared = {}
    for node in tree.body:
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            for definition in node.body:
                if isinstance(definition, ast.FunctionDef):
                    args = definition.args
                    names = [a.arg for a in (*args.posonlyargs, *args.args) if a.arg != "self"]
                    declared[definition.name] = len(names) - len(args.defaults)
    return declared


def test_the_signatures_for_type_checkers_are_the_methods_of_the_table():
    expected = {method: RULES[name].arity - 1 for name, method in METHODS}
    assert type_checking_signatures(value, "Value") == expected


def test_the_signatures_for_type_checkers_are_the_functions_of_the_table():
    declared = type_checking_signatures(functions, "")
    assert declared == {name: RULES[name].arity for name in FUNCTION_NAMES}


def test_the_special_methods_are_those_of_pythons_own_syntax():
    assert DUNDERS == {
        "add": "__add__",
        "sub": "__sub__",
        "mul": "__mul__",
        "div": "__truediv__",
        "pow": "__pow__",
        "neg": "__neg__",
        "identity": "__pos__",
        "abs": "__abs__",
        "floor": "__floor__",
        "round": "__round__",
    }


def test_a_rule_becomes_its_methods_and_the_table_nothing_else():
    written = {node.name for node in ast.parse(operations.source).body if isinstance(node, ast.FunctionDef)}
    assert written == {method for _, method in METHODS}
    public = {name for name in vars(Value) if not name.startswith("_")}
    own = {"backward", "data", "grad", "grad_computed", "graph", "is_leaf", "label", "more", "name", "operands"}
    own |= {"partials", "rule", "step"}
    assert public - {method for _, method in METHODS} <= own


@pytest.mark.parametrize(("name", "method"), METHODS, ids=[method for _, method in METHODS])
def test_every_method_has_a_docstring_that_states_its_rule(name, method):
    function, rule = getattr(Value, method), RULES[name]
    assert function.__doc__.startswith(f"Returns {rule.value}; d/dx = {rule.partials[0]}")
    assert (rule.domain or "Returns") in function.__doc__
    assert function.__qualname__ == f"Value.{method}"
    assert function.__module__ == "autograd_lite.value"


@pytest.mark.parametrize("name", FUNCTION_NAMES)
def test_every_function_of_the_table_is_public_and_documented(name):
    function = getattr(autograd_lite, name)
    assert function is getattr(functions, name)
    assert function.__name__ == name
    assert function.__doc__.startswith(f"Returns {RULES[name].value}, of a Value or a number.")
    assert name in functions.__all__


@pytest.mark.parametrize("name", FUNCTION_NAMES)
def test_a_function_gives_a_float_for_numbers_and_a_value_for_values(name):
    x = 1.25 if name == "arccosh" else 0.25
    operands = [x] * RULES[name].arity
    plain = getattr(autograd_lite, name)(*operands)
    node = getattr(autograd_lite, name)(*map(Value, operands))
    assert type(plain) is float
    assert type(node) is Value
    assert node.data == plain
    assert node.rule is RULES[name]


def test_what_was_written_compiles_and_is_short_enough_to_read():
    compile(operations.source, FILENAME, "exec")
    assert len(operations.source.splitlines()) < 2500
    assert max(map(len, operations.source.splitlines())) < 250


@pytest.mark.parametrize(("name", "method"), METHODS, ids=[method for _, method in METHODS])
def test_inspect_shows_the_source_of_every_generated_method(name, method):
    source = inspect.getsource(getattr(Value, method))
    assert source.startswith(f"def {method}(self")
    assert f"rule_{name}" in source


def test_a_traceback_shows_the_generated_line():
    with pytest.raises(DomainError) as caught:
        Value(-1.0).log()
    shown = "".join(traceback.format_exception(caught.value))
    assert f'File "{FILENAME}"' in shown
    assert "return apply(rule_log, self)" in shown
    linecache.checkcache()
    assert linecache.getline(FILENAME, 2).strip()


@pytest.mark.parametrize(
    ("name", "written"),
    [("add", "+"), ("sub", "-"), ("mul", "*"), ("div", "/"), ("pow", "**"), ("neg", "-"), ("tanh", "tanh")],
)
def test_a_rule_is_written_with_its_operator_where_it_has_one(name, written):
    assert symbol(RULES[name]) == written


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_every_symbol_is_an_operator_or_the_rules_own_name(rule):
    assert symbol(rule) in {"+", "-", "*", "/", "**", rule.name}


def test_a_rule_that_is_no_formula_is_written_by_its_name():
    assert symbol(Rule("black_box", math.sin, (math.cos,))) == "black_box"


POINTS = {"arccosh": (1.5, 2.5)}


@pytest.mark.parametrize(("name", "method"), METHODS, ids=[method for _, method in METHODS])
def test_the_fast_path_and_the_careful_path_make_the_same_node(name, method):
    rule = RULES[name]
    numbers = POINTS.get(name, (0.75, 0.375))[: rule.arity]
    reflected = method.startswith("__r") and method != "__round__"
    for kinds in [(Value,) * rule.arity] if rule.arity == 1 else [(Value, Value), (Value, float), (float, Value)]:
        sides = [kind(x) for kind, x in zip(kinds, numbers, strict=True)]
        careful = value.apply(rule, *sides)
        if kinds[0] is Value and not reflected:
            fast = getattr(Value, method)(*sides)
        elif rule.arity == 2 and kinds[1] is Value and reflected:
            fast = getattr(Value, method)(*sides[::-1])
        else:
            continue
        assert fast.data == careful.data
        assert fast.partials == careful.partials
        assert fast.operands == careful.operands
        assert fast.rule is careful.rule is rule


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_a_node_of_a_wrong_number_of_operands_is_refused(rule):
    with pytest.raises(TypeError, match=rf"{rule.name} takes {rule.arity} operand\(s\), got 3"):
        value.apply(rule, Value(1.0), Value(1.0), Value(1.0))
