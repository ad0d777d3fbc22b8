"""Hessian times vector of lifted losses equals the scalar engine's, which differentiates its own backward sweep."""

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from lifting import leaves, paths, product, rows, sample, spread
from structures import attention, cross_entropy, dense, embedding, layer_norm, max_pooling, penalties, triangle

import nn
from autograd_lite import ArithmeticFault, ExpressionError, LiftError, ShapeError, Value, define_rule, hvp
from autograd_lite.lift import lift, lift_graph
from autograd_lite.testing import SMOOTH, programs

TOLERANCE = 1e-12
"""Of what the Hessian's entries could be if nothing cancelled."""


def curvature(loss, start, direction, *batches):
    """Returns the scalar engine's Hessian of the mean times a vector, and a bound on what it is the sum of.

    Args:
        loss: a function of the parameters' numbers, and of one sample.
        start: the parameters' numbers.
        direction: the vector.
        batches: the samples, by argument.
    """
    samples = [tuple(map(sample, each)) for each in zip(*batches, strict=True)] or [()]
    products = np.array([hvp(lambda w, s=s: loss(w, *s), (start,), (list(direction),))[0] for s in samples])
    return products.mean(axis=0), 1.0 + abs(products).max()


def assert_curves(loss, start, *batches, backend="numpy", tolerance=TOLERANCE, seed=0):
    """Says that hvp of the lifted loss equals the scalar engine's, and is linear and symmetric.

    Args:
        loss: a function of a list of parameters, and of one sample.
        start: the parameters' numbers.
        batches: the samples, by argument.
        backend: what the lifted loss runs on.
        tolerance: how far apart they may be.
        seed: of the vectors.
    """
    parameters = leaves(*start)
    lifted = lift(lambda *arguments: loss(parameters, *arguments), parameters, backend=backend)
    v, w = np.random.default_rng(seed).normal(size=(2, len(start)))
    truth, size = curvature(loss, list(start), v, *batches)
    Hv, Hw = lifted.hvp(v, *batches), lifted.hvp(w, *batches)
    np.testing.assert_allclose(Hv, truth, rtol=0, atol=tolerance * size)
    size = 1.0 + abs(Hv).max() + abs(Hw).max()
    bound = 1e3 * tolerance * size * len(start)
    np.testing.assert_allclose(lifted.hvp(2 * v - 3 * w, *batches), 2 * Hv - 3 * Hw, rtol=0, atol=bound)
    assert abs(v @ Hw - w @ Hv) <= bound * max(1.0, abs(v).max(), abs(w).max())
    for path in paths(lifted):
        path.curvature.validate()
    return lifted


# ---------------------------------------------------------------- random programs


@given(programs(SMOOTH, max_leaves=4, max_size=10), st.integers(0, 9))
def test_a_random_program_curves_as_the_scalar_engine_says(program, seed):
    start = list(program.inputs)
    parameters = leaves(*start)
    v = np.random.default_rng(seed).normal(size=len(start))
    try:
        full = np.array([hvp(lambda w: program.run(w), (start,), (row,))[0] for row in np.eye(len(start)).tolist()])
        found = lift_graph(program.run(parameters), parameters).hvp(v)
    except ArithmeticFault:
        assume(False)
    assume(np.isfinite(full).all() and abs(full).max() < 1e6)
    steepness = 1 + abs(full).max()
    np.testing.assert_allclose(found, full @ v, rtol=0, atol=1e-10 * steepness**1.5)
    np.testing.assert_allclose(full, full.T, rtol=0, atol=1e-10 * steepness**1.5)


# ---------------------------------------------------------------- networks

ACTIVATIONS = ["tanh", "sigmoid", "softplus", "relu", "leaky_relu", "elu", "selu", "gelu", "silu", "sin", "exp", "erf"]


def perceptron(activation, width=3):
    def loss(w, x, y):
        hidden = x
        for layer in range(2):
            row = w[layer * width * width :]
            hidden = [product(row[i * width : (i + 1) * width], hidden) for i in range(width)]
            hidden = [getattr(each, activation)() for each in hidden]
        return (product(w[-width:], hidden) - y) ** 2

    return loss, [p.data for p in spread(width * (2 * width + 1))]


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_a_perceptron_of_every_activation_curves_as_the_scalar_engine_says(activation):
    loss, start = perceptron(activation)
    assert_curves(loss, start, rows(4, 3), rows(4, seed=2))


STRUCTURES = {
    "attention": (attention, 1, 2, 3, 2),
    "attention with heads": (attention, 2, 1, 3, 2),
    "dense layers": (dense(2, "gelu"), 3, 3),
    "cross-entropy": (cross_entropy, 3, 3),
    "embedding": (embedding, 3, 2, 2, 3),
    "layer norm": (layer_norm, 3, 2),
    "max pooling": (max_pooling, 5, 2),
    "penalties": (penalties, 3, 2),
    "triangular product": (triangle, 3, 2),
}


@pytest.mark.parametrize("name", STRUCTURES)
def test_a_structure_curves_as_differences_of_its_gradient_say(name):
    build, *case = STRUCTURES[name]
    function, parameters, *batches = build(*case)
    lifted = lift(function, parameters)
    v = np.random.default_rng(3).normal(size=len(parameters))
    objective = lifted.objective(*batches)
    theta, step = objective.start(), 1e-5
    moved = v[objective.order] * step
    change = (objective(theta + moved)[1] - objective(theta - moved)[1]) / (2 * step)
    found = lifted.hvp(v, *batches)
    np.testing.assert_allclose(found, objective.by_parameter(change), rtol=1e-5, atol=1e-6)
    w = np.random.default_rng(4).normal(size=len(parameters))
    np.testing.assert_allclose(w @ found, v @ lifted.hvp(w, *batches), rtol=1e-9, atol=1e-9)
    for path in paths(lifted):
        path.curvature.validate()


def scalar_attention(w, x):
    """One head of width 2 over the sample's rows, causal."""
    Q, K, V = ([w[4 * k : 4 * k + 2], w[4 * k + 2 : 4 * k + 4]] for k in range(3))
    keys, values, total = [], [], 0.0
    for token in x:
        query = [product(row, token) for row in Q]
        keys.append([product(row, token) for row in K])
        values.append([product(row, token) for row in V])
        exps = [product(query, key).exp() for key in keys]
        weights = [each / sum(exps) for each in exps]
        total = total + sum(product(weights, column) ** 2 for column in zip(*values, strict=True))
    return total


@pytest.mark.parametrize("backend", ["numpy", "jax"])
def test_attention_curves_as_the_scalar_engine_says(backend):
    if backend == "jax":
        pytest.importorskip("jax")
    assert_curves(scalar_attention, [p.data for p in spread(12)], rows(2, 3, 2), backend=backend)


def test_a_network_on_jax_curves_as_the_scalar_engine_says():
    pytest.importorskip("jax")
    loss, start = perceptron("tanh")
    assert_curves(loss, start, rows(3, 3), rows(3, seed=2), backend="jax")


def test_a_model_of_nn_curves_alike_lifted_by_sample_and_as_one_graph():
    model = nn.MLP(2, [4, 1], rng=0)
    X, y = rows(5, 2), rows(5, seed=2)
    parameters = model.parameters()
    v = np.random.default_rng(0).normal(size=len(parameters))
    by_sample = lift(lambda x, t: (model(x) - t) ** 2, parameters).hvp(v, X, y)
    whole = sum((model([Value(a) for a in row]) - t) ** 2 for row, t in zip(X.tolist(), y.tolist(), strict=True)) / 5
    np.testing.assert_allclose(lift_graph(whole, parameters).hvp(v), by_sample, atol=1e-13)


# ---------------------------------------------------------------- branches and forms


def test_samples_that_take_different_ways_curve_each_in_its_own():
    def loss(w, x):
        s = product(w, x)
        if s > 0.1:
            return s**3
        return (s * w[0]).sin() if x[0] > 0 else s * s

    lifted = assert_curves(loss, [0.5, -0.7, 0.3], rows(12, 3))
    assert len(paths(lifted)) == 3


def test_samples_of_several_forms_curve_together():
    def loss(w, x):
        return sum((a * w[0]).sin() for a in x) * w[1] ** 2

    w = leaves(0.5, -0.7)
    batch = [[0.1, 0.2], [0.3], [0.4, 0.5, 0.6], [0.7, -0.8]]
    lifted = lift(lambda x: loss(w, x), w)
    v = [1.0, 2.0]
    truth, _ = curvature(loss, [0.5, -0.7], v, [np.array(row) for row in batch])
    np.testing.assert_allclose(lifted.hvp(v, batch), truth, atol=TOLERANCE)
    assert len(lifted.forms) == 3


def test_some_rows_of_an_objective_curve_as_they_do_alone():
    loss, start = perceptron("tanh")
    parameters = leaves(*start)
    lifted = lift(lambda x, y: loss(parameters, x, y), parameters)
    X, y = rows(6, 3), rows(6, seed=2)
    objective = lifted.objective(X, y)
    v = np.random.default_rng(0).normal(size=len(start))
    some = objective.hvp(objective.start(), v[objective.order], np.array([4, 1]))
    np.testing.assert_allclose(objective.by_parameter(some), lifted.hvp(v, X[[4, 1]], y[[4, 1]]), atol=1e-14)


def test_what_is_linear_or_does_not_depend_on_the_parameters_has_no_curvature():
    w = leaves(1.0, 2.0)
    assert lift(lambda x: product(w, x), w).hvp([1.0, 1.0], rows(3, 2)).tolist() == [0.0, 0.0]
    assert lift(lambda x: x[0] * x[1], w).hvp([1.0, 1.0], rows(3, 2)).tolist() == [0.0, 0.0]


# ---------------------------------------------------------------- rules of the user's, and kinks

SQUARES = define_rule("squares_of_curvature", "x*x*x + y", ["3*x*x", "1"])
HINGE = define_rule(
    "hinge_of_curvature", "x*x if x > 0 else -x", ["2*x if x > 0 else -1 if x < 0 else -0.5"], kinks=["x"]
)
BLACK_BOX = define_rule("box_of_curvature", math.sinh, [lambda x, out: math.cosh(x)])


def test_a_rule_of_formulas_curves():
    (w,) = leaves(0.5)
    assert lift_graph(SQUARES(w, w) * w, [w]).hvp([1.0])[0] == pytest.approx(12 * 0.25 + 2)


@pytest.mark.parametrize(("x", "second"), [(0.7, 2.0), (1e-9, 2.0), (-1e-9, 0.0), (-0.7, 0.0)])
def test_a_piecewise_rule_curves_on_both_sides_of_its_kink(x, second):
    (w,) = leaves(x)
    assert lift_graph(HINGE(w), [w]).hvp([3.0]).tolist() == [3 * second]


@pytest.mark.parametrize("side", [1.0, -1.0])
@pytest.mark.parametrize("name", ["relu", "leaky_relu", "elu", "selu", "abs"])
def test_piecewise_rules_of_the_table_curve_on_both_sides_of_their_kinks(name, side):
    def function(w):
        x = w[0]
        return (abs(x) if name == "abs" else getattr(x, name)()) * w[1] ** 2

    start, v = [side * 1e-3, 0.5], [1.0, -2.0]
    w = leaves(*start)
    (truth,) = hvp(function, (start,), (v,))
    np.testing.assert_allclose(lift_graph(function(w), w).hvp(v), truth, rtol=1e-13)


def test_a_rule_with_python_functions_as_partials_cannot_be_derived_again():
    (w,) = leaves(0.5)
    lifted = lift(lambda x: BLACK_BOX(w * x), [w])
    assert lifted.value_and_grad([1.0])[1][0] == pytest.approx(math.cosh(0.5))
    with pytest.raises(ExpressionError, match=r"box_of_curvature.*is not known"):
        lifted.hvp([1.0], [1.0])
    assert lifted.value_and_grad([1.0])[1][0] == pytest.approx(math.cosh(0.5))


# ---------------------------------------------------------------- what is refused


def test_a_direction_of_another_length_and_a_function_of_two_results_are_refused():
    w = leaves(1.0, 2.0)
    with pytest.raises(ShapeError, match=r"shape \(3,\).*2 parameters"):
        lift_graph(w[0] * w[1], w).hvp([1.0, 2.0, 3.0])
    with pytest.raises(ShapeError, match="returns 2"):
        lift(lambda x: [w[0] * x, w[1] * x], w).hvp([1.0, 2.0], [1.0])


def test_more_ways_than_can_be_recorded_are_refused(monkeypatch):
    monkeypatch.setattr("autograd_lite.lift.parts._MOST_PATHS", 2)
    (w,) = leaves(1.0)

    def loss(x):
        out = w * x
        for bound in (1.0, 2.0, 3.0):
            if x > bound:
                out = out * w
        return out

    with pytest.raises(LiftError, match="more than 2 ways"):
        lift(loss, [w]).hvp([1.0], [0.5, 1.5, 2.5, 3.5])
