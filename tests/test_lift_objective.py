"""An objective over fixed samples: a function of one flat array, for our optimizers and for SciPy's."""

import numpy as np
import pytest
from lifting import assert_close, leaves, matrix, rows, scalar, spread

from autograd_lite import Value
from autograd_lite.lift import lift, lift_graph
from autograd_lite.lookup import take


def network():
    """Returns a loss whose products want another order of the parameters than they come in, and the parameters."""
    parameters = spread(4 * 3 + 4 + 4)

    def loss(x, y):
        W, rest = matrix(parameters, 4, 3)
        sums = [b + sum(w * a for w, a in zip(row, x, strict=True)) for row, b in zip(W, rest, strict=False)]
        hidden = [each.tanh() for each in sums]
        return (sum(v * h for v, h in zip(rest[4:], hidden, strict=True)) - y) ** 2

    return loss, parameters


def fresh(objective, theta, chosen=None):
    """Returns what an objective says of a copy, which it cannot have prepared anything for."""
    value, gradient = objective(np.array(theta), chosen)
    return value, np.array(gradient)


def test_scipy_finds_the_least_squares_solution():
    optimize = pytest.importorskip("scipy.optimize")
    rng = np.random.default_rng(0)
    X, noise = rng.normal(size=(40, 3)), rng.normal(size=40)
    y = X @ [1.0, -2.0, 0.5] + 3.0 + 0.1 * noise
    weights = leaves(0.0, 0.0, 0.0, 0.0)

    def loss(x, target):
        *slopes, bias = weights
        return (sum(w * a for w, a in zip(slopes, x, strict=True)) + bias - target) ** 2

    objective = lift(loss, weights).objective(X, y)
    result = optimize.minimize(objective, objective.start(), jac=True, tol=1e-12)
    objective.finish(result.x)
    best, *_ = np.linalg.lstsq(np.column_stack([X, np.ones(40)]), y, rcond=None)
    assert [w.data for w in weights] == pytest.approx(best, abs=1e-6)
    assert result.fun == pytest.approx(np.mean((X @ best[:3] + best[3] - y) ** 2), rel=1e-9)


def test_scipy_trains_a_network():
    optimize = pytest.importorskip("scipy.optimize")
    loss, parameters = network()
    objective = lift(loss, parameters).objective(rows(12, 3), rows(12, seed=2) * 0.5)
    before = objective(objective.start())[0]
    result = optimize.minimize(objective, objective.start(), jac=True, method="L-BFGS-B", options={"maxiter": 50})
    assert result.fun < 0.05 * before


def test_start_and_finish_are_inverse_whatever_the_order():
    loss, parameters = network()
    objective = lift(loss, parameters).objective(rows(4, 3), rows(4))
    numbers = [p.data for p in parameters]
    theta = objective.start()
    assert sorted(theta) == sorted(numbers)
    objective.finish(theta)
    assert [p.data for p in parameters] == numbers
    objective.finish(theta + 1)
    assert [p.data for p in parameters] == [x + 1 for x in numbers]
    assert objective.start().tolist() == (theta + 1).tolist()
    assert objective.by_parameter(objective.start()).tolist() == [p.data for p in parameters]


def test_the_gradient_is_in_the_order_of_start():
    loss, parameters = network()
    X, y = rows(4, 3), rows(4)
    lifted = lift(loss, parameters)
    objective = lifted.objective(X, y)
    value, gradient = objective(objective.start())
    truth = scalar(loss, parameters, X, y)
    assert_close(value, np.mean(truth.values), np.mean(truth.sizes))
    assert_close(objective.by_parameter(gradient), truth.gradient, truth.slopes)
    assert sorted(lifted.order) == list(range(len(parameters)))


def test_calling_it_leaves_the_parameters_alone():
    loss, parameters = network()
    numbers = [p.data for p in parameters]
    objective = lift(loss, parameters).objective(rows(4, 3), rows(4))
    objective(objective.start() + 1)
    assert [p.data for p in parameters] == numbers
    assert not any(p.grad_computed for p in parameters)


def test_a_theta_whose_result_is_not_finite_leaves_the_parameters_alone_too():
    w = Value(2.0, name="w")
    objective = lift(lambda x: (x * w).log(), [w]).objective([1.0, 2.0])
    with pytest.raises(ArithmeticError):
        objective(np.array([-1.0]))
    assert w.data == 2.0
    w.grad = 7.0
    with pytest.raises(ArithmeticError):
        objective(np.array([-1.0]))
    assert (w.data, w.grad) == (2.0, 7.0)


# ---------------------------------------------------------------- theta


def tied_network():
    """Returns a loss that reads one matrix both ways round, so that not every layout can be the one wanted."""
    parameters = spread(12)
    A, _ = matrix(parameters, 4, 3)

    def loss(x, label):
        code = [sum(a * b for a, b in zip(row, x, strict=True)).tanh() for row in A]
        back = [sum(a * b for a, b in zip(column, code, strict=True)) for column in zip(*A, strict=True)]
        return sum((a - b) ** 2 for a, b in zip(x, back, strict=True)) + take(A, label)[1] * parameters[5]

    return loss, parameters


@pytest.mark.parametrize("backend", ["numpy", "jax"])
@pytest.mark.parametrize("build", [network, tied_network])
def test_theta_changed_in_place_is_seen(build, backend):
    pytest.importorskip(backend)
    loss, parameters = build()
    y = [0, 1, 2, 3] if build is tied_network else rows(4)
    objective = lift(loss, parameters, backend=backend).objective(rows(4, 3), y)
    theta = objective.start()
    for step in range(4):
        theta += 0.1 * step
        value, gradient = objective(theta)
        again, slopes = fresh(objective, theta)
        assert value == again
        assert np.array_equal(gradient, slopes)
        theta[2] -= 1.0
        assert objective(theta)[0] == fresh(objective, theta)[0]


def test_a_different_array_is_seen_also_at_the_address_of_the_last():
    loss, parameters = network()
    objective = lift(loss, parameters).objective(rows(4, 3), rows(4))
    start = objective.start()
    found = {}
    for shift in (0.0, 1.0, 0.0, 2.0, 1.0):
        value, gradient = objective(start + shift)  # freed at once: the next may get its memory
        assert found.setdefault(shift, (value, gradient.tolist())) == (value, gradient.tolist())
    assert len({value for value, _ in found.values()}) == 3


def test_what_was_returned_may_be_changed_by_whoever_got_it():
    w = Value(2.0, name="w")
    batches = [1.0], [1.0, 2.0]
    programs = [lift(f, [w]).objective(X) for f in (lambda x: x * x, lambda x: w * x, lambda x: w) for X in batches]
    programs += [lift_graph(f, [w]).objective() for f in (w, w * 3, +w, w + w)]
    for objective in programs:
        theta = objective.start()
        value, gradient = objective(theta)
        kept = gradient.copy()
        gradient += 100.0
        again, slopes = objective(theta)
        assert (again, slopes.tolist()) == (value, kept.tolist())
        assert theta.tolist() == [2.0]


def test_a_result_is_not_changed_by_the_next_call():
    loss, parameters = network()
    X = rows(4, 3)
    lifted = lift(loss, parameters)
    objective = lifted.objective(X, rows(4))
    theta = objective.start()
    first = objective(theta)[1]
    kept = first.copy()
    objective(theta + 1)
    values = lifted(X, rows(4))
    before = values.copy()
    lifted(X + 1, rows(4))
    assert np.array_equal(first, kept)
    assert np.array_equal(values, before)
    assert np.array_equal(X, rows(4, 3))


# ---------------------------------------------------------------- rows


def test_rows_choose_samples_in_any_order_and_more_than_once():
    loss, parameters = network()
    X, y = rows(6, 3), rows(6)
    objective = lift(loss, parameters).objective(X, y)
    theta = objective.start()
    for chosen in ([0], [5, 1], [2, 2, 2], [0, 1, 2, 3, 4, 5], [3, 0, 3]):
        value, gradient = objective(theta, np.array(chosen))
        truth = scalar(loss, parameters, X[chosen], y[chosen])
        assert_close(value, np.mean(truth.values), np.mean(truth.sizes))
        assert_close(objective.by_parameter(gradient), truth.gradient, truth.slopes)
    whole = objective(theta)
    some = objective(theta, np.arange(6))
    assert some[0] == pytest.approx(whole[0], rel=1e-15)
    assert some[1] == pytest.approx(whole[1], rel=1e-12)


def test_rows_choose_among_samples_of_different_forms_and_branches():
    w, v = parameters = leaves(0.5, 2.0)

    def loss(x):
        return sum(x) * w if x[0] > 0 else sum(x) ** 2 * v

    X = [[1.0], [2.0, 3.0], [-5.0], [-1.0, 2.0], [4.0, 1.0], [7.0]]
    objective = lift(loss, parameters).objective(X)
    theta = objective.start()
    for chosen in ([0], [1], [2, 1], [5, 4, 3, 2, 1, 0], [1, 1, 0], [3]):
        value, gradient = objective(theta, np.array(chosen))
        truth = scalar(loss, parameters, [X[i] for i in chosen])
        assert_close(value, np.mean(truth.values), np.mean(truth.sizes))
        assert_close(objective.by_parameter(gradient), truth.gradient, truth.slopes)


def test_the_mean_over_parts_is_the_mean_over_all():
    loss, parameters = network()
    objective = lift(loss, parameters).objective(rows(6, 3), rows(6))
    theta = objective.start()
    halves = [objective(theta, np.array(each)) for each in ([0, 2, 4], [1, 3, 5])]
    value, gradient = objective(theta)
    assert sum(half[0] for half in halves) / 2 == pytest.approx(value, rel=1e-14)
    assert sum(half[1] for half in halves) / 2 == pytest.approx(gradient, rel=1e-11, abs=1e-13)


def test_a_lone_parameter_read_in_many_shapes_gets_the_sum_of_its_derivatives():
    w = Value(0.5, name="w")
    for signs in ((0, 0, 1, 0, 0, 1), (1, 0, 0, 1, 0, 0), (0, 1, 1, 0, 1, 1)):

        def loss(x, signs=signs):
            return sum((a * w if sign else a - w) * k for k, (a, sign) in enumerate(zip(x, signs, strict=True)))

        X = rows(2, 6)
        truth = scalar(loss, [w], X)
        assert_close(lift(loss, [w]).value_and_grad(X)[1], truth.gradient, truth.slopes)


def test_single_precision_is_single_and_about_right():
    loss, parameters = network()
    X, y = rows(6, 3), rows(6)
    exact = lift(loss, parameters).value_and_grad(X, y)
    for backend in ("numpy", "jax"):
        pytest.importorskip(backend)
        objective = lift(loss, parameters, backend=backend, dtype="float32").objective(X, y)
        theta = objective.start()
        assert theta.dtype == np.float32
        value, gradient = objective(theta)
        assert gradient.dtype == np.float32
        assert value == pytest.approx(exact[0], rel=1e-5)
        assert objective.by_parameter(np.asarray(gradient)) == pytest.approx(exact[1], rel=1e-4, abs=1e-5)
        assert value != exact[0]
