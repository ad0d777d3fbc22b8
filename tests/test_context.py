"""no_grad, ieee and detect_anomaly: they hold inside, nowhere else, and end whatever happens."""

import contextvars
import math

import pytest

from autograd_lite import (
    DivisionByZero,
    DomainError,
    NonFiniteError,
    Overflow,
    Value,
    detect_anomaly,
    ieee,
    no_grad,
    where,
)
from autograd_lite.context import Modes, hint, modes, recording

MODES = {"no_grad": no_grad, "ieee": ieee, "detect_anomaly": detect_anomaly}


@pytest.mark.parametrize("mode", MODES.values(), ids=MODES)
def test_a_mode_ends_with_its_block(mode):
    assert modes() == Modes()
    with mode():
        assert modes() != Modes()
        assert hint["careful"] == 1
    assert modes() == Modes()
    assert hint["careful"] == 0


@pytest.mark.parametrize("mode", MODES.values(), ids=MODES)
@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, GeneratorExit])
def test_a_mode_ends_with_an_exception(mode, error):
    with pytest.raises(error), mode():
        raise error
    assert modes() == Modes()
    assert hint["careful"] == 0


@pytest.mark.parametrize("mode", MODES.values(), ids=MODES)
def test_a_mode_works_as_a_decorator_each_time(mode):
    @mode()
    def inside():
        return modes()

    assert inside() == inside() != Modes()
    assert modes() == Modes()


def test_modes_nest_and_combine():
    with no_grad():
        with ieee():
            assert modes() == Modes(record=False, ieee=True)
            y = 1 / Value(0.0)
        assert modes() == Modes(record=False)
        with no_grad():
            pass
        assert modes() == Modes(record=False)
    assert (y.data, y.is_leaf) == (math.inf, True)


def test_recording_undoes_no_grad_for_a_while():
    with no_grad():
        with recording():
            assert not (Value(1.0) * 2).is_leaf
        assert (Value(1.0) * 2).is_leaf
    with recording():
        assert hint["careful"] == 0  # nothing to undo, nothing to pay


def test_a_mode_of_another_context_is_not_seen():
    with no_grad():
        fresh = contextvars.Context()
        assert fresh.run(modes) == Modes()
        assert not fresh.run(lambda: Value(1.0) * 2).is_leaf


def test_a_generator_that_is_dropped_inside_a_mode_ends_it():
    def work():
        with no_grad():
            yield (Value(1.0) * 2).is_leaf

    generator = work()
    assert next(generator)
    generator.close()
    assert hint["careful"] == 0
    assert modes() == Modes()


# ---------------------------------------------------------------- no_grad

OPERATIONS = {
    "Value, Value": lambda x: x * x,
    "Value, float": lambda x: x * 2.0,
    "float, Value": lambda x: 2.0 * x,
    "Value, int": lambda x: x * 2,
    "unary": lambda x: x.tanh(),
    "method of two": lambda x: x.maximum(0.0),
    "where": lambda x: where(x > 0, x, 0.0),
    "abs": abs,
    "round": round,
}


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS)
def test_under_no_grad_every_result_is_a_leaf_with_the_same_number(operation):
    x = Value(1.5)
    recorded = operation(x)
    with no_grad():
        free = operation(x)
    assert (free.data, free.is_leaf, free.operands, free.partials) == (recorded.data, True, (), ())
    assert not recorded.is_leaf


def test_what_was_computed_under_no_grad_is_a_constant_afterwards():
    x = Value(3.0)
    with no_grad():
        frozen = x * x
    (frozen * x).backward()
    assert x.grad == 9.0
    assert frozen.grad == 3.0


def test_backward_works_under_no_grad_on_what_was_recorded_before():
    x = Value(3.0)
    y = x * x
    with no_grad():
        y.backward()
    assert x.grad == 6.0


def test_parameters_can_be_updated_under_no_grad_without_growing_a_graph():
    w = Value(1.0)
    for _ in range(3):
        (w * w).backward()
        with no_grad():
            w.data -= 0.1 * w.grad
        w.grad = 0
    assert w.data == pytest.approx(0.8**3)
    assert w.is_leaf


# ---------------------------------------------------------------- ieee


@pytest.mark.parametrize(
    ("operation", "error", "limit"),
    [
        (lambda: Value(0.0).log(), DomainError, -math.inf),
        (lambda: Value(-1.0).sqrt(), DomainError, math.nan),
        (lambda: Value(1.0) / 0, DivisionByZero, math.inf),
        (lambda: Value(-1.0) / Value(0.0), DivisionByZero, -math.inf),
        (lambda: Value(1000.0).exp(), Overflow, math.inf),
        (lambda: Value(-2.0) ** 0.5, DomainError, math.nan),
        (lambda: Value(math.inf).sin(), DomainError, math.nan),
    ],
)
def test_ieee_gives_limits_where_floats_raise(operation, error, limit):
    with pytest.raises(error):
        operation()
    with ieee():
        assert repr(operation().data) == repr(limit)


def test_gradients_under_ieee_are_limits():
    x = Value(0.0)
    with ieee():
        x.log().backward()
    assert x.grad == math.inf


def test_ieee_changes_nothing_where_floats_do_not_raise():
    x = Value(0.3)
    plain = (x.exp() / x).tanh()
    with ieee():
        quiet = (x.exp() / x).tanh()
    assert (plain.data, plain.partials) == (quiet.data, quiet.partials)


# ---------------------------------------------------------------- detect_anomaly


def test_detect_anomaly_raises_where_ieee_would_go_on():
    with ieee(), detect_anomaly(), pytest.raises(NonFiniteError):
        Value(0.0).log()


def test_detect_anomaly_does_not_outlive_its_block():
    with detect_anomaly():
        pass
    assert (Value(1e200) * 1e200).data == math.inf
