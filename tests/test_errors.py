"""The tree of errors, and what each message says: what was asked, the value, where, and what to do."""

import inspect
import pickle
import re
import traceback

import pytest

from autograd_lite import (
    ArithmeticFault,
    AutogradError,
    DivisionByZero,
    DomainError,
    NonFiniteError,
    Overflow,
    Value,
    detect_anomaly,
    errors,
    ieee,
    in_scope,
    record,
    scoped,
)

CLASSES = {name: getattr(errors, name) for name in errors.__all__}
DRAWN = re.compile(r"^(?P<bars>[│├└─ ]*)(?P<name>[A-Z]\w+)(?: \((?P<builtin>\w+)\))?(?:\s{2,}.*)?$")
BUILTINS = {
    "OperandError": TypeError,
    "DetachedError": TypeError,
    "DomainError": ValueError,
    "DivisionByZero": ZeroDivisionError,
    "Overflow": OverflowError,
    "ArithmeticFault": ArithmeticError,
    "NonFiniteError": ArithmeticError,
    "LiftError": TypeError,
    "GraphError": ValueError,
    "TapeError": ValueError,
    "ExpressionError": ValueError,
    "RuleError": ValueError,
    "InputError": ValueError,
    "ShapeError": ValueError,
    "LabelError": ValueError,
}


def drawn_tree():
    """Returns {name: (parent, built-in)} as the docstring of errors.py draws it."""
    lines = inspect.cleandoc(errors.__doc__).splitlines()
    start = next(i for i, line in enumerate(lines) if line.strip() == "AutogradError")
    tree, path = {}, []
    for line in lines[start:]:
        found = DRAWN.match(line.removeprefix("    "))
        if not found:
            break
        depth = len(found["bars"]) // 4
        path[depth:] = [found["name"]]
        tree[found["name"]] = (path[depth - 1] if depth else "Exception", found["builtin"])
    return tree


def test_the_tree_in_the_docstring_is_the_tree_of_classes():
    drawn = {name: parent for name, (parent, _) in drawn_tree().items()}
    assert drawn == {name: kind.__bases__[0].__name__ for name, kind in CLASSES.items()}


def test_the_built_ins_in_the_docstring_are_those_it_derives_from():
    for name, (_, builtin) in drawn_tree().items():
        if builtin:
            assert BUILTINS[name].__name__ == builtin
    assert set(BUILTINS) == set(CLASSES) - {"AutogradError"}


@pytest.mark.parametrize(("name", "builtin"), BUILTINS.items(), ids=BUILTINS)
def test_each_error_also_derives_from_the_built_in_it_refines(name, builtin):
    assert issubclass(CLASSES[name], builtin)
    assert issubclass(CLASSES[name], AutogradError)


@pytest.mark.parametrize("kind", CLASSES.values(), ids=CLASSES)
def test_each_error_says_in_one_line_what_it_means_and_can_be_pickled(kind):
    assert kind.__doc__.strip()
    twin = pickle.loads(pickle.dumps(kind("what, where, what to do")))
    assert type(twin) is kind
    assert str(twin) == "what, where, what to do"


FAULTS = {
    "log": (lambda: Value(-1.0, name="p").log(), DomainError, "log of x = -1.0 ('p') is undefined (needs x > 0)"),
    "log of 0": (lambda: Value(0.0).log(), DomainError, "log of x = 0.0 is undefined (needs x > 0)"),
    "sqrt": (lambda: Value(-4.0).sqrt(), DomainError, "sqrt of x = -4.0 is undefined (needs x >= 0)"),
    "pow": (lambda: Value(-2.0) ** 0.5, DomainError, "pow of x = -2.0, y = 0.5 is undefined (needs x > 0 or "),
    "arcsin": (lambda: Value(2.0).arcsin(), DomainError, "arcsin of x = 2.0 is undefined (needs -1 <= x <= 1)"),
    "div": (lambda: Value(1.0) / Value(0.0, name="d"), DivisionByZero, "div of x = 1.0, y = 0.0 ('d') is undefined"),
    "rdiv": (lambda: 1 / Value(0.0), DivisionByZero, "div of x = 1.0, y = 0.0 is undefined (needs y != 0)"),
    "0**-1": (lambda: Value(0.0) ** -1, DivisionByZero, "pow of x = 0.0, y = -1.0 is undefined"),
    "exp": (lambda: Value(1000.0).exp(), Overflow, "exp of x = 1000.0 is too large for a float"),
    "cosh": (lambda: Value(1000.0).cosh(), Overflow, "cosh of x = 1000.0 is too large for a float"),
    "10**400": (lambda: Value(10.0) ** 400, Overflow, "pow of x = 10.0, y = 400.0 is too large for a float"),
}
REMEDIES = {
    "log": "log1p(u)",
    "log of 0": "add a small constant",
    "sqrt": "take sqrt(x + eps)",
    "pow": "A negative base needs a whole-number exponent",
    "arcsin": "Clip the operand to [-1, 1]",
    "div": "Keep the divisor away from 0: x / (y + eps)",
    "rdiv": "x / (y + eps)",
    "0**-1": "a zero base one that is not negative",
    "exp": "Subtract the largest exponent first",
    "cosh": "",
    "10**400": "",
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_says_the_operation_its_operands_the_source_line_and_the_remedy(name):
    compute, kind, said = FAULTS[name]
    with pytest.raises(kind) as caught:
        compute()
    message = str(caught.value)
    assert message.startswith(said)
    assert re.search(r"; line \d+ of test_errors\.py: ", message)
    assert REMEDIES[name] in message
    assert message.endswith("Or compute `with ieee():`.")


@pytest.mark.parametrize("name", FAULTS)
def test_the_same_computation_gives_a_number_with_ieee(name):
    with ieee():
        assert isinstance(FAULTS[name][0]().data, float)


def test_the_source_line_shown_is_the_users_own():
    with pytest.raises(DomainError, match=r"test_errors\.py: Value\(-1\.0\)\.log\(\)  # here"):
        Value(-1.0).log()  # here


def test_code_written_for_floats_still_catches_the_built_in():
    with pytest.raises(ZeroDivisionError):
        Value(1.0) / 0
    with pytest.raises(ValueError, match="log"):
        Value(-1.0).log()
    with pytest.raises(OverflowError):
        Value(1000.0).exp()
    with pytest.raises(ArithmeticError):
        Value(1000.0).exp()


def test_the_error_of_python_is_not_shown_as_a_second_traceback():
    with pytest.raises(DomainError) as caught:
        Value(-1.0).log()
    assert "During handling" not in "".join(traceback.format_exception(caught.value))


def test_scopes_are_mentioned_from_the_inside_out():
    @scoped("network")
    def network(x):
        return in_scope("layer0", in_scope, "neuron3", lambda v: v.log(), x)

    with pytest.raises(DomainError, match=r" \(in network\.layer0\.neuron3\)$") as caught:
        network(Value(-1.0))
    assert caught.value.scopes == ["neuron3", "layer0", "network"]


def test_a_scope_whose_name_is_no_text_does_not_spoil_the_message():
    with pytest.raises(DomainError, match=r"\(in 3\)$"):
        in_scope(3, lambda x: x.log(), Value(-1.0))


def test_a_fault_keeps_its_scopes_when_pickled():
    fault = ArithmeticFault("bad")
    fault.enter("layer0")
    assert str(pickle.loads(pickle.dumps(fault))) == "bad (in layer0)"


def test_a_fault_on_a_tape_names_its_line():
    tape = record(Value(2.0, name="x").log())
    with pytest.raises(DomainError, match=r"log of x = -1\.0 \('x'\) is undefined .*; line 1 of the tape\."):
        tape.evaluate({"x": -1.0})


def test_an_anomaly_says_the_operation_the_number_the_line_and_the_remedy():
    with detect_anomaly(), pytest.raises(NonFiniteError) as caught:
        Value(1e200, name="a") * Value(1e200)
    assert str(caught.value).startswith("mul of x = 1e+200 ('a'), y = 1e+200 is inf; line ")
    with detect_anomaly(), ieee(), pytest.raises(NonFiniteError, match=r"log of x = 0\.0 is -inf.*log1p\(u\)"):
        Value(0.0).log()


def test_a_long_name_is_cut_in_messages():
    with pytest.raises(DomainError) as caught:
        Value(-1.0, name="n" * 10_000).log()
    assert len(str(caught.value)) < 600


def test_an_operation_of_infinities_is_undefined_rather_than_too_large():
    with pytest.raises(DomainError, match=r"sin of x = inf is undefined \(needs -inf < x < inf\)"):
        Value(float("inf")).sin()


@pytest.mark.parametrize("name", ["/tmp/ipykernel_12/3456.py", "<ipython-input-7-c9b3>"])
def test_a_notebook_cell_is_called_a_notebook_cell(name):
    program = compile("from autograd_lite import Value\nValue(-1.0).log()", name, "exec")
    with pytest.raises(DomainError, match="line 2 of a notebook cell"):
        exec(program, {"__name__": "__main__"})
