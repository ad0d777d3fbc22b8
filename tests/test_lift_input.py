"""Batches, look-ups, functions and parameters that are none: each is refused by name, or gives the right answer."""

import numpy as np
import pytest
from lifting import leaves

from autograd_lite import (
    AutogradError,
    InputError,
    LiftError,
    OperandError,
    ShapeError,
    Value,
)
from autograd_lite.lift import lift, lift_graph
from autograd_lite.lookup import take

W = 2.0


# ---------------------------------------------------------------- batches

BATCHES = {
    "none": (None, ShapeError, "None"),
    "a number": (3.0, ShapeError, "3.0"),
    "a Value": (Value(1.0), ShapeError, "Value"),
    "a dict": ({"a": 1.0}, ShapeError, "dict"),
    "text": ("abc", ShapeError, "abc"),
    "a generator": ((x for x in [1.0]), ShapeError, "generator"),
    "a 0-d array": (np.array(1.0), ShapeError, "array"),
    "no samples": ([], ShapeError, "at least 1"),
    "an empty array": (np.zeros((0, 3)), ShapeError, "at least 1"),
    "texts": (["1", "2"], OperandError, r"x\[0\].*'1'"),
    "None among numbers": ([1.0, None], OperandError, r"x\[1\].*None"),
    "bools": ([True, False], OperandError, r"x\[0\].*True"),
    "an array of bools": (np.array([True]), OperandError, r"x\[0\]"),
    "complex numbers": ([1j], OperandError, r"x\[0\].*1j"),
    "a Value among numbers": ([1.0, Value(1.0)], OperandError, r"x\[1\].*Value"),
    "a set": ({1.0, 2.0}, (InputError, OperandError), "set"),
    "an integer beyond all floats": ([10**400, 1], AutogradError, r"x\[0\]|digits"),
}


@pytest.mark.parametrize(("batch", "error", "shown"), BATCHES.values(), ids=BATCHES)
def test_what_is_no_batch_is_refused_by_name(batch, error, shown):
    w = Value(W, name="w")
    with pytest.raises(error, match=shown):
        lift(lambda x: w * x, [w])(batch)


def test_an_integer_beyond_64_bits_is_the_float_next_to_it():
    w = Value(W, name="w")
    assert lift(lambda x: w * x, [w])([2**70, 1]).tolist() == [2.0**71, 2.0]


def test_batches_of_different_lengths_are_refused():
    with pytest.raises(ShapeError, match=r"1 in 'x', 2 in 'y'"):
        lift(lambda x, y: x * y)([1.0], [1.0, 2.0])


def test_a_wrong_number_of_arguments_is_refused():
    w = Value(W, name="w")
    function = lift(lambda x, y: x * y * w, [w])
    with pytest.raises(ShapeError, match="3 batches for"):
        function([1.0], [1.0], [1.0])
    with pytest.raises((TypeError, ShapeError), match="y"):
        function([1.0])
    with pytest.raises((TypeError, ShapeError)):
        function()
    for none in (lift_graph(w * 2, [w]), lift(lambda: w * 2, [w])):
        assert none() == 4.0
        with pytest.raises(ShapeError):
            none([1.0])


def test_samples_may_be_arrays_lists_tuples_of_any_precision():
    w = Value(W, name="w")
    function = lift(lambda x: sum(x) * w, [w])
    for batch in ([[1, 2]], ((1.0, 2.0),), np.array([[1, 2]], dtype=np.int8), np.array([[1, 2]], dtype=np.float16)):
        assert function(batch) == [6.0]
    for batch in ([np.array([1.0, 2.0]), [3.0]], [(1, 2.0), np.array([3])], np.array([[1, 2], [3, 0]], dtype=np.uint8)):
        assert function(batch).tolist() == [6.0, 6.0]
    assert function(np.array([[1.0, 9.0, 2.0, 9.0]])[:, ::2]) == [6.0]
    assert function(np.asfortranarray([[1.0, 2.0], [2.0, 1.0]])).tolist() == [6.0, 6.0]


def test_samples_without_numbers_are_samples():
    w = Value(W, name="w")
    assert lift(lambda x: w * len(x), [w])([[], []]).tolist() == [0.0, 0.0]
    value, gradient = lift(lambda x: w * (len(x) + 1), [w]).value_and_grad([[], []])
    assert (value, gradient.tolist()) == (2.0, [1.0])


# ---------------------------------------------------------------- look-ups


@pytest.mark.parametrize("bad", [-1, 3, 10**6])
def test_an_index_outside_its_range_is_refused(bad):
    w = Value(W, name="w")
    table = [w * 1, w * 2, w * 3]
    function = lift(lambda i: take(table, i), [w])
    with pytest.raises(InputError, match=rf"{bad}"):
        function([0, bad])
    assert function([0, 2]).tolist() == [2.0, 6.0]
    with pytest.raises(InputError, match=rf"{bad}"):
        function([0, bad])
    with pytest.raises(InputError, match=rf"{bad}"):
        function.value_and_grad([bad, 0])


@pytest.mark.parametrize("bad", [-1, 2])
def test_an_index_is_checked_also_in_a_branch_that_no_sample_has_taken_before(bad):
    w = Value(W, name="w")
    table = [w * 5, w * 6]
    with pytest.raises(InputError, match=rf"{bad}"):
        lift(lambda x, i: w * x if x > 0 else take(table, i), [w])([1.0, -1.0, -1.0], [7, 1, bad])


def test_an_index_is_checked_against_the_table_of_its_own_branch():
    w = Value(W, name="w")
    long, short = [w * 1, w * 2, w * 3], [w * 5, w * 6]
    function = lift(lambda x, i: take(long, i) if x > 0 else take(short, i), [w])
    assert function([1.0, -1.0], [2, 1]).tolist() == [6.0, 12.0]
    assert function([1.0, -1.0], [2, 0]).tolist() == [6.0, 10.0]


def test_an_index_that_is_no_whole_number_is_refused():
    w = Value(W, name="w")
    function = lift(lambda i: take([w, w * 2], i), [w])
    with pytest.raises(InputError, match="only an integer input"):
        function([0.0, 1.0])
    with pytest.raises(ShapeError, match="no rows"):
        lift(lambda i: take([], i), [w])([0])
    with pytest.raises(ShapeError, match="length"):
        lift(lambda i: sum(take([[w], [w, w]], i)), [w])([0])


# ---------------------------------------------------------------- functions and parameters


@pytest.mark.parametrize("bad", [None, "a", {}, True, [None], 1j, object()], ids=lambda bad: type(bad).__name__)
def test_a_function_that_returns_no_number_is_refused(bad):
    with pytest.raises(OperandError, match="Values or numbers"):
        lift(lambda x: bad)([1.0])


@pytest.mark.parametrize("empty", [[], (), [[]]])
def test_a_function_that_returns_nothing_is_refused(empty):
    with pytest.raises(ShapeError, match="at least one"):
        lift(lambda x: empty)([1.0])


def test_results_of_different_shapes_are_refused():
    w = Value(W, name="w")
    with pytest.raises(ShapeError, match="different shapes"):
        lift(lambda x: [x, w] if x > 0 else [x], [w])([1.0, -1.0])
    with pytest.raises(ShapeError, match="different shapes"):
        lift(lambda x: [each * w for each in x], [w])([[1.0], [1.0, 2.0]])
    with pytest.raises(ShapeError):
        lift(lambda x: [[x * w], [x, w]], [w])([1.0, 2.0])


def test_value_and_grad_wants_one_result():
    w = Value(W, name="w")
    with pytest.raises(ShapeError, match="one result"):
        lift(lambda x: [x, w], [w]).value_and_grad([1.0])
    value, gradient = lift(lambda x: [x * w], [w]).value_and_grad([1.0, 3.0])
    assert (value, gradient.tolist()) == (4.0, [2.0])


def test_a_result_that_depends_on_no_parameter_has_gradient_0():
    _, v = parameters = leaves(W, 3.0)
    for function, mean in ((lambda x: 3, 3.0), (lambda x: x * x, 2.5), (lambda x: Value(4.0), 4.0)):
        value, gradient = lift(function, parameters).value_and_grad([1.0, 2.0])
        assert (value, gradient.tolist()) == (mean, [0.0, 0.0])
        assert lift(function, parameters)([1.0, 2.0]).shape == (2,)
    assert lift(lambda x: x * v, parameters).value_and_grad([1.0, 2.0])[1].tolist() == [0.0, 1.5]
    assert lift(lambda x: v, parameters).value_and_grad([1.0, 2.0])[1].tolist() == [0.0, 1.0]


def test_a_function_may_have_no_parameters_at_all():
    value, gradient = lift(lambda x: x * 2).value_and_grad([1.0, 2.0])
    assert (value, gradient.tolist()) == (3.0, [])


PARAMETERS = {
    "a result": (lambda w: [w * 2], InputError, "is a result"),
    "the same twice": (lambda w: [w, w], InputError, "twice"),
    "a float": (lambda w: [w, 2.0], OperandError, r"parameters\[1\] = 2.0"),
    "a Value": (lambda w: w, InputError, "not a sequence"),
    "None": (lambda w: None, InputError, "not a sequence"),
    "text": (lambda w: "w", OperandError, r"parameters\[0\]"),
}


@pytest.mark.parametrize(("make", "error", "shown"), PARAMETERS.values(), ids=PARAMETERS)
def test_wrong_parameters_are_refused_by_name(make, error, shown):
    w = Value(W, name="w")
    for build in (lambda given: lift(lambda x: x * w, given), lambda given: lift_graph(w * 2, given)):
        with pytest.raises(error, match=shown):
            build(make(w))


def test_what_is_no_graph_is_refused():
    with pytest.raises(OperandError, match="not a Value"):
        lift_graph(3.0)
    x = Value(3.0, name="x")
    assert lift_graph(x, [x]).value_and_grad() == (3.0, [1.0])
    assert lift_graph(x).value_and_grad()[1].tolist() == []


@pytest.mark.parametrize(("options", "shown"), [({"backend": "torch"}, "numpy"), ({"dtype": "int8"}, "float32")])
def test_an_unknown_backend_or_precision_is_refused_with_those_there_are(options, shown):
    w = Value(W, name="w")
    with pytest.raises(InputError, match=shown):
        lift(lambda x: x * w, [w], **options)
    with pytest.raises(InputError, match=shown):
        lift(lambda x: x * w, [w]).to(**{"backend": "numpy", **options})


def test_the_program_of_what_has_not_been_recorded_is_refused():
    w = Value(W, name="w")
    with pytest.raises(LiftError, match="example="):
        _ = lift(lambda x: x * w, [w]).program
    assert len(lift(lambda x, y: x * w + y, [w], example=(1.0, 2.0)).program) >= 1
