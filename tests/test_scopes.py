"""Names for pieces of a computation: found on the tape when somebody looks, free when nobody does."""

import numpy as np
import pytest

from autograd_lite import DomainError, InputError, Value, in_scope, mark_scope, no_grad, record, scoped
from autograd_lite.recording import flatten
from autograd_lite.scopes import scopes_of


def paths(*outputs):
    """Returns {line's formula: the pieces around it} of all operations."""
    tape = record(*outputs)
    return {
        tape.formula(line.index): path
        for line, path in zip(tape.lines, scopes_of(tape).paths, strict=True)
        if line.rule is not None
    }


def test_operations_between_inputs_and_outputs_lie_in_the_piece():
    @scoped("square")
    def square(x):
        return x * x

    x = Value(3.0, name="x")
    assert paths(square(x) + 1) == {"x * x": ("square",), "v1 + v2": ()}


def test_what_a_piece_was_called_with_lies_outside():
    x = Value(3.0, name="x")
    h = x.exp()
    h.name = "h"
    assert paths(in_scope("piece", lambda v: v.sin().cos(), h)) == {
        "exp(x)": (),
        "sin(h)": ("piece",),
        "cos(v2)": ("piece",),
    }


def test_pieces_nest():
    @scoped("inner")
    def inner(x):
        return x.exp()

    @scoped("outer")
    def outer(x):
        return inner(x.sin()).cos()

    assert list(paths(outer(Value(1.0, name="x"))).values()) == [("outer",), ("outer", "inner"), ("outer",)]


def test_a_piece_that_only_calls_another_is_around_it():
    outer = scoped("outer")(scoped("inner")(lambda x: x.exp()))
    assert paths(outer(Value(1.0, name="x"))) == {"exp(x)": ("outer", "inner")}


def test_two_calls_of_one_piece_are_two_pieces():
    square = scoped("square")(lambda x: x * x)
    tape = record(square(square(Value(3.0))))
    found = scopes_of(tape)
    assert [scope.name for scope in found.scopes] == ["square", "square"]
    assert [scope.parent for scope in found.scopes] == [None, None]
    assert found.scopes[0].lines.isdisjoint(found.scopes[1].lines)


def test_a_piece_with_several_outputs_is_one_piece():
    x = Value(1.0, name="x")
    a, b = in_scope("both", lambda v: [v.exp(), v.sin()], x)
    found = scopes_of(record(a + b))
    assert [(scope.name, len(scope.lines), len(scope.outputs)) for scope in found.scopes] == [("both", 2, 2)]


@pytest.mark.parametrize(
    "wrap",
    [lambda v: [v], lambda v: (v,), lambda v: {"k": v}, lambda v: [[(v,)]], lambda v: np.array([v])],
    ids=["list", "tuple", "dict", "deep", "array"],
)
def test_inputs_and_outputs_may_be_nested_in_containers_and_arrays(wrap):
    x = Value(1.0, name="x")
    h = x.exp()
    out = h.sin()
    mark_scope("piece", [wrap(h)], wrap(out))
    assert list(paths(out).values()) == [(), ("piece",)]


def test_an_input_of_another_argument_bounds_the_piece_too():
    @scoped("layer")
    def layer(x, *, gate):
        return x * gate

    x = Value(1.0, name="x")
    assert list(paths(layer(x.exp(), gate=x.sin())).values()) == [(), (), ("layer",)]


def test_a_piece_that_returns_its_input_or_a_leaf_is_left_out():
    x = Value(1.0, name="x")
    h = x.exp()
    assert in_scope("nothing", lambda v: v, h) is h
    assert in_scope("leaf", lambda _: x, h) is x
    assert in_scope("number", lambda _: 3.0, h) == 3.0
    assert paths(h * 2) == {"exp(x)": (), "v1 * v2": ()}


def test_pieces_that_cross_are_not_drawn_inside_each_other():
    x = Value(1.0, name="x")
    a = x.exp()
    b = a.sin()
    c = b.cos()
    mark_scope("first", [x], b)  # a, b
    mark_scope("second", [a], c)  # b, c
    found = scopes_of(record(c))
    assert [scope.name for scope in found.scopes] == ["first"]


def test_the_smallest_piece_around_a_line_is_its_innermost():
    x = Value(1.0, name="x")
    y = in_scope("a", lambda v: in_scope("b", lambda u: in_scope("c", lambda t: t.exp(), u).sin(), v).cos(), x)
    assert list(paths(y).values()) == [("a", "b", "c"), ("a", "b"), ("a",)]


def test_the_wrapped_function_keeps_its_name_and_docstring():
    @scoped("loss")
    def loss(x):
        """Says what it does."""
        return x

    assert (loss.__name__, loss.__doc__) == ("loss", "Says what it does.")


def test_scopes_change_no_number_and_no_gradient():
    plain, marked = Value(0.5), Value(0.5)
    (plain.exp() * plain).backward()
    in_scope("s", lambda v: v.exp() * v, marked).backward()
    assert plain.grad == marked.grad


def test_a_fault_mentions_the_pieces_it_passed_through():
    with pytest.raises(DomainError, match=r"\(in layer0\.neuron1\)$"):
        in_scope("layer0", in_scope, "neuron1", lambda v: v.log(), Value(-1.0))


def test_an_error_that_is_no_fault_passes_unchanged():
    with pytest.raises(KeyError, match="'key'"):
        in_scope("s", {}.__getitem__, "key")


def test_under_no_grad_there_is_nothing_to_mark():
    with no_grad():
        y = in_scope("s", lambda v: v * 2, Value(1.0))
    assert scopes_of(record(y)).scopes == ()


def test_a_layer_marks_its_neurons_with_one_call():
    x = Value(1.0, name="x")
    outputs = [x.exp(), x.sin().cos()]
    mark_scope("layer", [x], outputs, parts=("neuron0", "neuron1"))
    assert list(paths(*outputs).values()) == [("layer", "neuron0"), ("layer", "neuron1"), ("layer", "neuron1")]


def test_a_layer_of_which_only_some_outputs_are_used_names_those():
    x = Value(1.0, name="x")
    outputs = [x.exp(), x.sin().cos()]
    mark_scope("layer", [x], outputs, parts=("neuron0", "neuron1"))
    assert set(paths(outputs[1]).values()) == {("layer", "neuron1")}


def test_many_calls_of_deep_pieces_are_found_without_recursion():
    def step(v):
        return v * 1.0

    y = Value(1.0)
    for _ in range(3000):
        y = in_scope("step", step, y)
    assert len(scopes_of(record(y)).scopes) == 3000


def test_flatten_lists_each_value_once_in_order():
    a, b = Value(1.0), Value(2.0)
    assert flatten([a, (b, a), {"k": b}, np.array([a, b]), 3.0, "text", None]) == [a, b]
    assert flatten({}) == []


def test_a_scope_without_a_textual_name_is_refused():
    with pytest.raises(InputError, match="a scope's name is text, got int 3"):
        mark_scope(3, (), Value(1.0) * 2)


def test_parts_are_named_one_an_output():
    with pytest.raises(InputError, match="has 2 outputs and 1 parts"):
        mark_scope("layer", (), [Value(1.0) * 2, Value(1.0) * 3], parts=("neuron0",))


def test_parts_keep_their_names_when_only_some_outputs_are_used():
    x = Value(2.0)
    outputs = [x * float(i) for i in range(3)]
    mark_scope("layer", (x,), outputs, parts=("neuron0", "neuron1", "neuron2"))
    assert ("layer", "neuron2") in scopes_of(record(outputs[2] + 1)).paths
