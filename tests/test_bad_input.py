"""Bad input: each kind gets a clear error, with the value and the remedy in it, or the right answer."""

import copy
import datetime as dt
import math
import operator
import pickle
import sys
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

from autograd_lite import RULES, DetachedError, GraphError, OperandError, Overflow, Value, sigmoid, where
from autograd_lite.operations import method_names

# ---------------------------------------------------------------- what is no number

EACH = "apply the operation to each element"
REFUSED = [  # (thing, what the message shows, remedy)
    ("1.5", "str '1.5'", r"convert it with float\(...\)"),
    (np.str_("1.5"), "str_ np.str_('1.5')", r"convert it with float\(...\)"),
    (b"1.5", "bytes b'1.5'", "use a float"),
    (None, "NoneType None", "a function may have returned nothing"),
    ([1.0], "list [1.0]", EACH),
    ((1.0,), "tuple (1.0,)", EACH),
    ({"a": 1}, "dict {'a': 1}", "use a float"),
    ({1.0}, "set {1.0}", "use a float"),
    (True, "bool True", "write 1.0 or 0.0"),
    (False, "bool False", "write 1.0 or 0.0"),
    (np.bool_(True), "bool np.True_", "write 1.0 or 0.0"),
    (1j, "complex 1j", "take its real part"),
    (np.complex128(1j), "complex128 np.complex128(1j)", "take its real part"),
    (Decimal("1.5"), "Decimal Decimal('1.5')", r"convert it with float\(...\)"),
    (np.array([1.0]), "ndarray array([1.])", EACH),
    (np.array([]), "ndarray array([], dtype=float64)", EACH),
    (np.array(True), "ndarray array(True)", EACH),
    (np.array("1.5"), "ndarray array('1.5'", EACH),
    (np.datetime64("2020-01-01"), "datetime64", "use a float"),
    (dt.date(2020, 1, 1), "date", "use a float"),
    (object, "type <class 'object'>", "use a float"),
    (float, "type <class 'float'>", "use a float"),
    (Ellipsis, "ellipsis Ellipsis", "use a float"),
    (NotImplemented, "NotImplementedType NotImplemented", "use a float"),
]
SHOWN = [shown for _, shown, _ in REFUSED]


@pytest.mark.parametrize(("thing", "shown", "remedy"), REFUSED, ids=SHOWN)
def test_a_value_is_made_of_a_real_number_only(thing, shown, remedy):
    with pytest.raises(OperandError, match=rf"is not a real number; {remedy}") as caught:
        Value(thing)
    assert str(caught.value).startswith(f"Value(...): {shown}")


def test_a_value_in_a_value_is_refused():
    with pytest.raises(OperandError, match=r"Value\(\.\.\.\): Value .*name='v'.* already a node; use it as it is"):
        Value(Value(1.0, name="v"))


OPERATORS = [operator.add, operator.sub, operator.mul, operator.truediv, operator.pow]
POLITE = (dict, set, bytes, type, dt.date, np.datetime64, type(...), type(NotImplemented))  # Python's TypeError


@pytest.mark.parametrize(
    ("thing", "shown", "remedy"),
    [row for row in REFUSED if not isinstance(row[0], np.ndarray)],
    ids=[shown for thing, shown, _ in REFUSED if not isinstance(thing, np.ndarray)],
)
@pytest.mark.parametrize("operate", OPERATORS, ids=lambda f: f.__name__)
def test_an_operator_refuses_it_on_the_right(operate, thing, shown, remedy):
    with pytest.raises(TypeError) as caught:
        operate(Value(2.0), thing)
    if not isinstance(thing, POLITE):
        assert isinstance(caught.value, OperandError)
        assert f"{shown.split()[0]} {thing!r}" in str(caught.value)


@pytest.mark.parametrize("thing", ["1", None, [1.0], (1.0,), True, 1j, Decimal(1), {}, b"1", Ellipsis], ids=repr)
@pytest.mark.parametrize("operate", OPERATORS, ids=lambda f: f.__name__)
def test_an_operator_refuses_it_on_the_left(operate, thing):
    with pytest.raises(TypeError):
        operate(thing, Value(2.0))


@pytest.mark.parametrize("thing", ["1", None, [1.0], True, 1j, Decimal(1), np.array([1.0]), {}], ids=repr)
@pytest.mark.parametrize("method", ["maximum", "minimum", "hypot", "arctan2", "logaddexp"])
def test_a_method_of_two_operands_refuses_it(method, thing):
    with pytest.raises(OperandError, match=rf"{method}\(\.\.\.\): .* is not a real number; "):
        getattr(Value(2.0), method)(thing)


@pytest.mark.parametrize("thing", ["1", None, [1.0], True, 1j, Decimal(1)], ids=repr)
@pytest.mark.parametrize("compare", [operator.lt, operator.le, operator.gt, operator.ge], ids=lambda f: f.__name__)
def test_an_order_refuses_it(compare, thing):
    with pytest.raises(OperandError, match=r"'v' [<>]=? \.\.\.: .* is not a real number; "):
        compare(Value(2.0, name="v"), thing)


@pytest.mark.parametrize("thing", ["1", None, [1.0], True, 1j], ids=repr)
def test_a_function_of_the_table_refuses_it(thing):
    with pytest.raises(OperandError, match=r"sigmoid\(\.\.\.\): .* is not a real number; "):
        sigmoid(thing)
    with pytest.raises(OperandError, match=r"the condition of where\(\.\.\.\): .*|where\(\.\.\.\): .*"):
        where(thing if thing is not True else "1", Value(1.0), thing)


def test_where_refuses_a_value_as_its_condition():
    v = Value(1.0, name="v")
    with pytest.raises(DetachedError, match=r"where\('v', \.\.\.\): the condition is a Value; compare it, as in v > 0"):
        where(v, v, 0)


def test_a_function_that_forgot_to_return_is_named_as_the_likely_cause():
    with pytest.raises(OperandError, match=r"add\(\.\.\.\): NoneType None .*a function may have returned nothing"):
        Value(1.0) + [].append(1)


def test_strings_as_features_are_refused_with_the_remedy():
    weights, features = [Value(0.5), Value(-0.5)], ["1.0", "2.0"]
    with pytest.raises(OperandError, match=r"mul\(\.\.\.\): str '1\.0' is not a real number; convert it with float"):
        sum(w * x for w, x in zip(weights, features, strict=True))
    with pytest.raises(OperandError, match=r"str_ np\.str_\('1\.0'\) .* convert it with float"):
        weights[0] * np.array(features)[0]


@pytest.mark.parametrize(
    ("integer", "digits"), [(10**400, 401), (-(10**400), 401), (10**5000, 5001)], ids=["huge", "negative", "enormous"]
)
def test_an_integer_too_large_for_a_float_overflows_with_its_length(integer, digits):
    for use in (Value, lambda n: Value(1.0) + n, lambda n: n * Value(1.0), lambda n: Value(1.0) < n):
        with pytest.raises(Overflow, match=rf"an integer of {digits} digits is too large for a float"):
            use(integer)


def test_a_broken_repr_does_not_hide_the_message():
    class Broken:
        def __repr__(self):
            raise RuntimeError("broken")

    with pytest.raises(OperandError, match=r"Broken <no repr> is not a real number"):
        Value(Broken())


def test_a_long_repr_is_cut():
    with pytest.raises(OperandError) as caught:
        Value("1" * 10_000)
    assert len(str(caught.value)) < 200


# ---------------------------------------------------------------- what is a number

SCALARS = [1, 1.5, Fraction(3, 2), np.array(1.5), np.array(2), np.float64(1.5)]
SCALARS += [kind(1.5) for kind in (np.float16, np.float32, np.longdouble)]
SCALARS += [kind(7) for kind in (np.int8, np.int16, np.int32, np.int64, np.uint8, np.uint16, np.uint32, np.uint64)]


@pytest.mark.parametrize("scalar", SCALARS, ids=lambda s: f"{type(s).__name__}-{s}")
def test_a_real_scalar_of_any_kind_is_coerced_to_a_float(scalar):
    value = Value(scalar)
    assert type(value.data) is float
    assert value.data == float(scalar)


@pytest.mark.parametrize("scalar", SCALARS, ids=lambda s: f"{type(s).__name__}-{s}")
@pytest.mark.parametrize("operate", OPERATORS, ids=lambda f: f.__name__)
def test_a_real_scalar_works_on_either_side_and_gives_a_value(operate, scalar):
    v, plain = Value(2.0), float(scalar)
    right, left = operate(v, scalar), operate(scalar, v)
    assert (type(right), type(left)) == (Value, Value)
    assert (right.data, left.data) == (operate(2.0, plain), operate(plain, 2.0))
    assert type(right.data) is type(left.data) is float
    left.backward()
    assert v.grad_computed


def test_numpy_scalars_compare_by_data():
    assert Value(1.0) < np.float64(2)
    assert np.float64(2) > Value(1.0)
    assert Value(3.0) >= np.int32(3)


# ---------------------------------------------------------------- leaving the graph in silence

DETACHING = {
    "== 1": (lambda v: v == 1, r"'v' == 1: Values are equal only to themselves; compare \.data"),
    "== 1.0": (lambda v: v == 1.0, r"'v' == 1\.0: .* compare \.data"),
    "!= 1": (lambda v: v != 1, r"compare \.data"),
    "1 ==": (lambda v: v == 1, r"compare \.data"),
    "== True": (lambda v: v == True, r"'v' == True: .* compare \.data"),
    "== NumPy scalar": (lambda v: v == np.float64(1), r"'v' == np\.float64\(1\.0\): .* compare \.data"),
    "NumPy scalar ==": (lambda v: np.float64(1) == v, r"compare \.data"),
    "== Decimal": (lambda v: v == Decimal(1), r"'v' == Decimal\('1'\): .* compare \.data"),
    "== Fraction": (lambda v: v == Fraction(1, 2), r"'v' == Fraction\(1, 2\): .* compare \.data"),
    "== complex": (lambda v: v == 1j, r"'v' == 1j: .* compare \.data"),
    "== array": (lambda v: v == np.array([1.0]), r"compare \.data"),
    "== enormous int": (lambda v: v == 10**5000, r"compare \.data"),
    "in": (lambda v: v in [1.0, 2.0], r"compare \.data"),
    "bool": (bool, r"the truth of 'v' is ambiguous; compare, as in v > 0, or use bool\(v\.data\)"),
    "if": (lambda v: 1 if v else 0, r"the truth of 'v'"),
    "not": (lambda v: not v, r"the truth of 'v'"),
    "and": (lambda v: v and 1, r"the truth of 'v'"),
    "any": (lambda v: any([v]), r"the truth of 'v'"),
    "float": (float, r"float\('v'\) would leave the graph in silence; use v\.data .*v\.sin\(\) rather than math\.sin"),
    "int": (int, r"int\('v'\) would leave the graph in silence; use int\(v\.data\), or v\.floor\(\)"),
    "complex": (complex, r"complex\('v'\) would leave the graph in silence; use complex\(v\.data\)"),
    "math.sin": (math.sin, r"use v\.data for the number, and v\.sin\(\) rather than math\.sin\(v\)"),
    "math.exp": (math.exp, r"would leave the graph in silence"),
    "math.sqrt": (math.sqrt, r"would leave the graph in silence"),
    "math.ceil": (math.ceil, r"would leave the graph in silence"),
    "math.isnan": (math.isnan, r"would leave the graph in silence"),
    "math.fsum": (lambda v: math.fsum([v]), r"would leave the graph in silence"),
    "math.prod start": (lambda v: math.hypot(v, 1), r"would leave the graph in silence"),
    "np.zeros(n)[i] = v": (lambda v: operator.setitem(np.zeros(3), 1, v), r"would leave the graph in silence"),
    "np.array(float)": (lambda v: np.array([v], dtype=float), r"would leave the graph in silence"),
    "astype": (lambda v: np.array([v]).astype(float), r"would leave the graph in silence"),
    "np.full": (lambda v: np.full(3, v, dtype=np.float64), r"would leave the graph in silence"),
    "np.float64": (np.float64, r"would leave the graph in silence"),
    "statistics": (lambda v: [1.0, 2.0].index(v), r"compare \.data"),
}


@pytest.mark.parametrize(("leave", "message"), DETACHING.values(), ids=DETACHING)
def test_leaving_the_graph_in_silence_raises_with_the_remedy(leave, message):
    with pytest.raises(DetachedError, match=message):
        leave(Value(2.0, name="v"))


def test_a_failed_assignment_into_an_array_leaves_the_array_alone():
    array = np.zeros(2)
    with pytest.raises(DetachedError):
        array[0] = Value(3.0)
    assert array.tolist() == [0.0, 0.0]


def test_what_is_not_a_number_is_simply_not_equal():
    v = Value(1.0)
    assert v != "1"
    assert v != None  # noqa: E711
    assert v != [v]
    assert v != object()


# ---------------------------------------------------------------- what Python offers and scalars do not have

NOT_OFFERED = {
    "round to digits": (lambda v: round(v, 2), r"round\(value, 2\) is not an operation .*; round\(value\) is"),
    "//": (lambda v: v // 2, "unsupported operand"),
    "reflected //": (lambda v: 2 // v, "unsupported operand"),
    "%": (lambda v: v % 2, "unsupported operand"),
    "divmod": (lambda v: divmod(v, 2), "unsupported operand"),
    "@": (lambda v: v @ v, "unsupported operand"),
    "&": (lambda v: v & 1, "unsupported operand"),
    "<<": (lambda v: v << 1, "unsupported operand"),
    "~": (lambda v: ~v, "bad operand"),
    "pow modulo": (lambda v: pow(v, 2, 5), "unsupported operand|takes"),
    "iteration": (list, "not iterable"),
    "unpacking": (lambda v: [*v], "iterable"),
    "sum": (sum, "not iterable"),
    "len": (len, "has no len"),
    "indexing": (lambda v: v[0], "not subscriptable"),
    "as an index": (lambda v: [1, 2][v], "indices must be integers"),
    "range": (range, "interpreted as an integer"),
    "calling": (lambda v: v(), "not callable"),
    "in it": (lambda v: 1 in v, "not iterable|not a container"),
    "trunc": (math.trunc, "__trunc__"),
}


@pytest.mark.parametrize(("use", "message"), NOT_OFFERED.values(), ids=NOT_OFFERED)
def test_what_a_scalar_does_not_have_is_a_type_error(use, message):
    with pytest.raises(TypeError, match=message):
        use(Value(2.0))


def test_round_floor_and_abs_are_operations():
    v = Value(-2.6)
    assert (round(v).data, math.floor(v).data, abs(v).data, (+v).data) == (-3.0, -3.0, 2.6, -2.6)
    assert all(isinstance(r, Value) for r in (round(v), math.floor(v), abs(v), +v))


@pytest.mark.parametrize(
    ("spec", "text"), [("", None), (".2f", "2.57"), ("g", "2.56789"), ("10.3e", " 2.568e+00"), ("+.0%", "+257%")]
)
def test_format_shows_the_number_and_without_a_spec_the_repr(spec, text):
    v = Value(2.56789)
    assert format(v, spec) == (repr(v) if text is None else text)


def test_a_format_that_floats_do_not_have_is_a_value_error():
    with pytest.raises(ValueError, match="format code"):
        format(Value(1.0), "d")


# ---------------------------------------------------------------- NumPy

PAIR = [Value(0.25), Value(0.5)]
UNARY = [name for name, rule in RULES.items() if rule.arity == 1 == getattr(getattr(np, name, None), "nin", 0)]


def test_an_array_of_values_is_an_object_array():
    array = np.array(PAIR)
    assert array.dtype == object
    assert array.shape == (2,)
    assert array[0] is PAIR[0]


@pytest.mark.parametrize("operate", OPERATORS, ids=lambda f: f.__name__)
def test_an_array_of_numbers_broadcasts_against_a_value_on_either_side(operate):
    v, array = Value(2.0), np.array([[1.0, 2.0], [3.0, 4.0]])
    for result, expected in ((operate(array, v), operate(array, 2.0)), (operate(v, array), operate(2.0, array))):
        assert result.dtype == object
        assert result.shape == (2, 2)
        assert all(isinstance(node, Value) for node in result.flat)
        assert [node.data for node in result.flat] == pytest.approx(expected.ravel().tolist(), rel=1e-15)
    v.grad = 0
    (array * v).sum().backward()
    assert v.grad == 10.0


def test_an_array_compares_with_a_value_element_by_element():
    assert (np.array([1.0, 3.0]) < Value(2.0)).tolist() == [True, False]
    assert (Value(2.0) < np.array([1.0, 3.0])).tolist() == [False, True]


@pytest.mark.parametrize("name", [name for name in UNARY if name not in ("sign", "floor")])
def test_a_unary_ufunc_applies_the_rule_of_its_name(name):
    shift = 1.0 if name == "arccosh" else 0.0
    array = np.array([v + shift for v in PAIR])
    result = getattr(np, name)(array)
    assert all(isinstance(node, Value) and node.rule.name == name for node in result)
    expected = getattr(np, name)(np.array([0.25, 0.5]) + shift)
    assert [node.data for node in result] == pytest.approx(expected.tolist(), rel=1e-15)


def test_the_table_has_numpys_names_for_its_unary_ufuncs():
    assert {"exp", "log", "sqrt", "tanh", "arcsinh", "expm1", "cbrt", "log1p"} <= set(UNARY)
    assert all(name in method_names(RULES[name]) for name in UNARY)


def test_numpys_floor_and_abs_of_an_array_of_values_are_values():
    assert [v.rule.name for v in np.floor(np.array(PAIR))] == ["floor", "floor"]
    assert [v.rule.name for v in np.abs(np.array(PAIR))] == ["abs", "abs"]


@pytest.mark.parametrize("name", ["hypot", "arctan2"])
def test_a_binary_ufunc_applies_the_rule_of_its_name(name):
    result = getattr(np, name)(np.array(PAIR), np.array(PAIR[::-1]))
    assert [node.rule.name for node in result] == [name, name]


@pytest.mark.parametrize(
    ("reduce", "expected"),
    [(np.sum, [1, 1]), (np.prod, [0.5, 0.25]), (np.mean, [0.5, 0.5]), (np.max, [0, 1]), (lambda a: a @ a, [0.5, 1])],
    ids=["sum", "prod", "mean", "max", "@"],
)
def test_reductions_of_an_array_of_values_are_values_with_gradients(reduce, expected):
    x, y = Value(0.25), Value(0.5)
    reduce(np.array([x, y])).backward()
    assert [x.grad, y.grad] == expected


def test_a_numpy_scalar_times_a_value_is_a_value():
    v = Value(3.0)
    for product in (np.float64(2) * v, v * np.float64(2), np.array(2.0) * v, v * np.array(2.0)):
        assert type(product) is Value
        assert product.data == 6.0


# ---------------------------------------------------------------- copies

COPIES = {"copy": copy.copy, "deepcopy": copy.deepcopy}
COPIES |= {
    f"pickle {p}": (lambda thing, p=p: pickle.loads(pickle.dumps(thing, p))) for p in range(pickle.HIGHEST_PROTOCOL + 1)
}


@pytest.mark.parametrize("duplicate", COPIES.values(), ids=COPIES)
def test_a_leaf_can_be_copied_with_its_name_and_gradient(duplicate):
    leaf = Value(1.5, name="w")
    twin = duplicate(leaf)
    assert (twin.data, twin.name, twin.grad_computed, twin.is_leaf) == (1.5, "w", False, True)
    (leaf * 3).backward()
    twin = duplicate(leaf)
    assert twin is not leaf
    assert (twin.grad, twin.grad_computed) == (3.0, True)
    (twin * 2).backward()
    assert (leaf.grad, twin.grad) == (3.0, 5.0)


@pytest.mark.parametrize("duplicate", COPIES.values(), ids=COPIES)
def test_a_graph_cannot_be_copied_and_the_error_names_the_alternative(duplicate):
    y = Value(2.0) * 3
    with pytest.raises(GraphError, match=r"mul = 6\.0 is part of a graph .*record\(v\)\.save\(path\).*v\.data"):
        duplicate(y)
    with pytest.raises(GraphError, match="is part of a graph"):
        duplicate([y]) if duplicate is not copy.copy else duplicate(y)


@pytest.mark.parametrize("duplicate", COPIES.values(), ids=COPIES)
def test_a_deep_graph_is_refused_without_recursion(duplicate):
    y = Value(1.0)
    for _ in range(10 * sys.getrecursionlimit()):
        y = y + 1.0
    with pytest.raises(GraphError, match="is part of a graph"):
        duplicate(y)


def test_a_list_of_leaves_keeps_its_sharing_when_deep_copied():
    w = Value(1.0)
    twins = copy.deepcopy([w, w])
    assert twins[0] is twins[1]
    assert twins[0] is not w
