"""Lifted equals scalar, sample by sample: random programs, graphs and networks on random batches."""

import math

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from lifting import Counted, assert_close, assert_lifts, conditions, finite, leaves, rows, scalar

from autograd_lite import RULES, ArithmeticFault, Value, grad
from autograd_lite.lift import lift, lift_graph
from autograd_lite.lift import scalars as reading
from autograd_lite.testing import (
    RATIONAL,
    RAW,
    SMOOTH,
    Instruction,
    Operation,
    Program,
    certify,
    mlps,
    programs,
)

MANY = settings(max_examples=2 * settings().max_examples)
DRAWN = {
    "smooth": programs(SMOOTH, max_leaves=4),
    "rational": programs(RATIONAL, max_leaves=4, kinks=True),
    "raw": programs(RAW, max_leaves=4, domain=(-1e3, 1e3), kinks=True),
    "huge": programs(RAW, max_leaves=4, domain=(-1e150, 1e150), kinks=True),
}


def split(program, count):
    """Returns the program as a function of its first inputs, with parameters in place of the others."""
    parameters = leaves(*program.inputs[count:])
    return (lambda *inputs: program.run([*inputs, *parameters])), parameters


# ---------------------------------------------------------------- random programs


@pytest.mark.parametrize("drawn", DRAWN.values(), ids=DRAWN)
def test_a_random_program_on_a_random_batch_equals_the_scalar_engine(drawn):
    moved = st.lists(st.lists(st.floats(-1e-3, 1e-3), min_size=4, max_size=4), max_size=3)

    @MANY
    @given(drawn, st.integers(1, 3), moved)
    def search(program, count, moves):
        own = program.inputs[:count]
        samples = [own, *([x + d for x, d in zip(own, move, strict=False)] for move in moves)]
        function, parameters = split(program, count)
        try:
            answer = scalar(function, parameters, *zip(*samples, strict=True))
        except ArithmeticFault:
            assume(False)  # a moved sample left the domain: see test_lift_faults.py
        assume(finite(answer))
        assert_lifts(function, parameters, *map(list, zip(*samples, strict=True)))

    search()


@pytest.mark.parametrize("drawn", DRAWN.values(), ids=DRAWN)
def test_a_random_graph_equals_its_own_backward(drawn):
    @MANY
    @given(drawn)
    def search(program):
        parameters = program.leaves()
        out = program.run(parameters)
        answer = scalar(lambda: out, parameters)
        assume(finite(answer))
        lifted = lift_graph(out, parameters)
        assert_close(lifted(), answer.values, answer.sizes)
        value, gradient = lifted.value_and_grad()
        assert_close(value, answer.values, answer.sizes)
        assert_close(gradient, answer.gradient, answer.slopes)

    search()


@given(programs(SMOOTH, max_leaves=3, max_size=10))
def test_the_lifted_gradient_is_within_a_small_multiple_of_the_certified_ball(program):
    parameters = program.leaves()
    _, gradient = lift(lambda: program.run(parameters), parameters).value_and_grad()
    for certificate in certify(program.tape(), gradient.tolist()):
        if certificate.verdict in ("certified", "ill-conditioned", "wrong") and math.isfinite(certificate.bound):
            assert certificate.error <= 4 * certificate.bound, certificate


@given(mlps(max_width=4), st.integers(1, 4), st.integers(0, 100))
def test_a_random_perceptron_on_a_random_batch_equals_the_scalar_engine(perceptron, samples, seed):
    parameters = perceptron.parameters()

    def loss(x, y):
        return sum((out - y) ** 2 for out in perceptron.run(x, parameters))

    X = rows(samples, perceptron.sizes[0], seed=seed, low=-2.0, high=2.0)
    assert_lifts(loss, parameters, X, rows(samples, seed=seed + 1))


@settings(max_examples=max(10, settings().max_examples // 5))
@given(programs(RAW, max_leaves=3, max_size=6, domain=(-100.0, 100.0)), st.integers(2, 4))
def test_a_program_applied_to_many_places_equals_the_scalar_engine(program, width):
    """A layer of copies, each with a parameter of its own: what lifting makes arrays of."""
    parameters = leaves(*(program.inputs[-1] * (1 + i / 1024) for i in range(width)))

    def loss(*inputs):
        return sum(program.run([*inputs, p]) for p in parameters)

    batches = [[x, x] for x in program.inputs[:-1]] or [[0.0, 0.0]]
    if len(program.inputs) == 1:
        try:
            answer = scalar(lambda _: loss(), parameters, *batches)
        except ArithmeticFault:
            assume(False)
        assume(finite(answer))
        assert_lifts(lambda _: loss(), parameters, *batches)
        return
    try:
        answer = scalar(loss, parameters, *batches)
    except ArithmeticFault:
        assume(False)
    assume(finite(answer))
    assert_lifts(loss, parameters, *batches)


# ---------------------------------------------------------------- what else a function may do


def test_derivatives_taken_inside_a_lifted_function_are_lifted_too():
    w = Value(0.7, name="w")
    assert_lifts(lambda x: (grad(lambda t: (t * w).tanh())(x) - x) ** 2, [w], rows(3))
    assert_lifts(lambda x: grad(lambda v: (v * x).sin() * v)(w), [w], rows(3))


def test_the_tolerance_would_catch_a_wrong_gradient():
    """A test of the tests: an error of one part in a billion is outside the condition of well-behaved programs."""
    p, q = parameters = leaves(0.5, -1.5)
    _, slopes = conditions((p * q).tanh() + p.exp(), parameters)
    with pytest.raises(AssertionError):
        assert_close([1.0 + 1e-9], [1.0], [max(slopes)])


def test_reading_a_program_is_linear_in_its_length(monkeypatch):
    def read(count):
        p = Value(0.5, name="p")
        counted = Counted(reading._Reader._entry)
        monkeypatch.setattr(reading._Reader, "_entry", lambda *args: counted(*args))
        out = p
        for i in range(count):
            out = (out * 0.5 + p).tanh() + i if i % 3 else out + p * out
        lift_graph(out, [p])
        monkeypatch.undo()
        return counted.calls

    small, large = read(200), read(400)
    assert large <= 2.1 * small


def test_a_sum_of_many_terms_is_absorbed_in_linear_time(monkeypatch):
    """Terms are joined to the longer side, so none is copied more than a few times, however the sum is nested."""

    def moved(count, order):
        counter = Counted(reading.deque)
        monkeypatch.setattr(reading, "deque", counter)
        p = leaves(*[0.5] * count)
        out = p[0]
        for i, each in enumerate(p[1:]):
            out = (
                each + out
                if order == "front"
                else out + each
                if order == "back"
                else (out + each if i % 2 else each + out)
            )
        lift_graph(out, p)
        monkeypatch.undo()
        return counter.calls

    for order in ("front", "back", "both"):
        assert moved(400, order) <= 2.1 * moved(200, order)


def test_operations_are_the_table(monkeypatch):
    """Every rule is drawn: a new row is tested by existing."""
    assert {operation.name for operation in RAW} == set(RULES)
    program = Program((2.0,), (), (Instruction(Operation("log"), 0, 0),))
    function, parameters = split(program, 0)
    assert_lifts(lambda: function(), parameters)
