"""The same programs on JAX. Few and fixed, for XLA compiles each."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lifting import assert_lifts, leaves, rows

from autograd_lite import Value, define_rule, maximum, minimum, where
from autograd_lite.lift import lift
from autograd_lite.testing import (
    mlps,
)

pytest.importorskip("jax")

CUBE = define_rule("cube", "x**3", "3*x*x")
BLACK = define_rule("black", lambda x: math.sin(x) * x, lambda x, out: math.cos(x) * x + math.sin(x))


def test_jax_equals_the_scalar_engine_on_a_few_programs():
    p, q = parameters = leaves(0.5, -1.5)

    def every_kind(x):
        total = maximum(p * x[0], q) + minimum(q * x[1], x[0]) + where(x[0] > 0, p, x[0]) + (p - q) ** 2.5
        return total.tanh() * CUBE(q).sigmoid() + abs(p * x[1]).sqrt() + x[0].logaddexp(q) + (p * x[0]).relu()

    assert_lifts(every_kind, parameters, rows(5, 2), lifted=lift(every_kind, parameters, backend="jax"))


@settings(max_examples=4)
@given(mlps(max_width=3, max_layers=2), st.integers(0, 100))
def test_jax_equals_the_scalar_engine_on_random_perceptrons(perceptron, seed):
    parameters = perceptron.parameters()

    def loss(x, y):
        return sum((out - y) ** 2 for out in perceptron.run(x, parameters))

    X = rows(3, perceptron.sizes[0], seed=seed, low=-2.0, high=2.0)
    assert_lifts(loss, parameters, X, rows(3), lifted=lift(loss, parameters, backend="jax"))


def test_jax_calls_a_users_function_back():
    p = Value(0.5, name="p")
    assert_lifts(lambda x: BLACK(p * x) * p, [p], rows(4), lifted=lift(lambda x: BLACK(p * x) * p, [p], backend="jax"))


def test_numpy_and_jax_agree_on_one_program_however_it_came_to_them():
    parameters = leaves(*np.linspace(-1, 1, 6).tolist())

    def loss(x):
        return sum((a * b).tanh() for a, b in zip(parameters, [*x, *x], strict=True)).exp()

    first = assert_lifts(loss, parameters, rows(4, 3))
    second = assert_lifts(loss, parameters, rows(4, 3), lifted=first.to("jax"))
    assert_lifts(loss, parameters, rows(4, 3), lifted=second.to("numpy"))
    assert second.backend.name == "jax"
