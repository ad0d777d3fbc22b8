"""grad, value_and_grad, vjp, jvp, jacobian, hessian, hvp: shapes, orders, nesting, and what they leave alone."""

import math
import random

import numpy as np
import pytest

from autograd_lite import (
    InputError,
    OperandError,
    ShapeError,
    Value,
    cos,
    exp,
    grad,
    hessian,
    hvp,
    ieee,
    jacobian,
    jvp,
    log,
    no_grad,
    sin,
    tanh,
    value_and_grad,
    vjp,
    where,
)

# ---------------------------------------------------------------- shapes and argument numbers


def weighted(x, y, z):
    return x * y**2 + 3 * z


@pytest.mark.parametrize(
    ("argnums", "expected"),
    [
        (0, 4.0),
        (1, 12.0),
        (2, 3.0),
        (-1, 3.0),
        (-3, 4.0),
        ((0,), (4.0,)),
        ((0, 1), (4.0, 12.0)),
        ((1, 0), (12.0, 4.0)),
        ((2, 0), (3.0, 4.0)),
        ((-1, 0), (3.0, 4.0)),
        ((0, 0), (4.0, 4.0)),
        ([1, 2], (12.0, 3.0)),
        ((), ()),
    ],
    ids=repr,
)
def test_argnums_choose_the_arguments_and_their_order(argnums, expected):
    assert grad(weighted, argnums)(3.0, 2.0, 1.0) == expected
    assert value_and_grad(weighted, argnums)(3.0, 2.0, 1.0) == (15.0, expected)


@pytest.mark.parametrize("argnums", [3, -4, (0, 3), True, "0", 1.0, (0, None)], ids=repr)
def test_an_argument_that_is_not_there_is_refused(argnums):
    with pytest.raises((InputError, TypeError), match=r"argnums .*there is no argument|not iterable"):
        grad(weighted, argnums)(3.0, 2.0, 1.0)


def test_a_function_called_without_arguments_has_no_gradient():
    with pytest.raises(InputError, match=r"argnums 0: there is no argument 0 among the 0 given"):
        grad(lambda: 1.0)()


def squares(nested):
    total = 0.0
    for item in nested if isinstance(nested, list | tuple) else [nested]:
        total = total + (squares(item) if isinstance(item, list | tuple) else item * item)
    return total


@pytest.mark.parametrize(
    ("argument", "gradient"),
    [
        (3.0, 6.0),
        (3, 6.0),
        ([1.0, 2.0], [2.0, 4.0]),
        ((1.0, 2.0), (2.0, 4.0)),
        ([[1.0], (2.0, [3.0])], [[2.0], (4.0, [6.0])]),
        ([], []),
        (np.float64(3.0), 6.0),
        (np.array(3.0), 6.0),
        (np.array([1.0, 2.0]), [2.0, 4.0]),
        (np.array([[1.0], [2.0]]), [[2.0], [4.0]]),
    ],
    ids=repr,
)
def test_a_gradient_has_the_shape_of_its_argument(argument, gradient):
    assert grad(squares)(argument) == gradient


@pytest.mark.parametrize("bad", ["1", None, True, 1j, {"a": 1.0}, ["1"], [None]], ids=repr)
def test_an_argument_that_is_no_number_is_refused(bad):
    with pytest.raises(OperandError, match=r"an argument: .* is not a real number"):
        grad(squares)(bad)


@pytest.mark.parametrize("bad", ["text", None, True, [1.0, None], {}], ids=repr)
def test_a_result_that_is_no_number_is_refused(bad):
    with pytest.raises(OperandError, match=r"the function returned .*; it must return Values or numbers"):
        vjp(lambda _: bad, 1.0)


def test_an_argument_that_is_not_differentiated_may_be_anything():
    assert grad(lambda x, options: x * len(options), 0)(2.0, "abc") == 3.0


def test_other_arguments_are_handed_on_untouched():
    table = {"k": 2.0}

    def f(x, t):
        assert t is table
        return x * t["k"]

    assert grad(f)(5.0, table) == 2.0


def test_a_function_that_reorders_its_list_does_not_confuse_the_gradient():
    def f(xs):
        xs.reverse()
        return 10 * xs[0] + xs[1]

    given = [1.0, 2.0]
    assert grad(f)(given) == [1.0, 10.0]
    assert given == [1.0, 2.0]


def test_grad_wants_one_result_and_names_the_alternative():
    for f, count in ((lambda x: [x, x], 2), (lambda x: [x], 1), (lambda x: ([x], x), 2)):
        with pytest.raises(ShapeError, match=rf"grad needs a function of one result, got {count}; use jacobian or vjp"):
            grad(f)(1.0)


@pytest.mark.parametrize("f", [lambda _: [], lambda _: (), lambda _: [[], ()]], ids=["list", "tuple", "nested"])
def test_a_function_without_any_result_is_refused(f):
    with pytest.raises(ShapeError, match="returned no number"):
        jacobian(f)(1.0)


def test_the_derivative_keeps_the_name_and_docstring_of_the_function():
    def loss(x):
        """Says what it is."""
        return x

    for transform in (grad, value_and_grad, jacobian):
        assert (transform(loss).__name__, transform(loss).__doc__) == ("loss", "Says what it is.")


# ---------------------------------------------------------------- functions that hardly compute


@pytest.mark.parametrize(
    ("f", "slope"),
    [
        (lambda x: x, 1.0),
        (lambda _: 5, 0.0),
        (lambda _: 5.0, 0.0),
        (lambda _: np.float64(5), 0.0),
        (lambda _: Value(5.0), 0.0),
        (lambda x: x.data * 3, 0.0),
        (lambda x: x - x, 0.0),
        (lambda x: 3 * x + 1, 3.0),
    ],
    ids=["identity", "int", "float", "numpy", "Value", "data", "cancels", "linear"],
)
def test_a_function_that_ignores_or_returns_its_input_has_the_obvious_derivative(f, slope):
    assert grad(f)(2.0) == slope
    assert type(grad(f)(2.0)) is float
    at_value = grad(f)(Value(2.0))
    assert isinstance(at_value, Value)
    assert at_value.data == slope
    assert jacobian(f)(2.0) == slope
    assert jvp(f, (2.0,), (1.0,))[1] == slope
    assert grad(grad(f))(2.0) == 0.0


def test_results_that_are_inputs_and_constants_have_unit_and_zero_rows():
    assert jacobian(lambda x: [x[1], 7.0, x[0] * x[1]])([2.0, 3.0]) == [[0.0, 1.0], [0.0, 0.0], [3.0, 2.0]]


def test_numbers_give_numbers_and_values_give_values():
    value, slope = value_and_grad(tanh)(0.5)
    assert (type(value), type(slope)) == (float, float)
    x = Value(0.5)
    value, slope = value_and_grad(tanh)(x)
    assert (type(value), type(slope)) == (Value, Value)
    slope.backward()
    t = math.tanh(0.5)
    assert x.grad == pytest.approx(-2 * t * (1 - t * t), rel=1e-14)


def test_an_array_of_values_gives_values():
    v, w = Value(2.0), Value(3.0)
    found = grad(lambda xs: xs[0] * xs[1])(np.array([v, w]))
    assert all(isinstance(slope, Value) for slope in found)
    found[0].backward()
    assert (v.grad, w.grad) == (0.0, 1.0)


# ---------------------------------------------------------------- nesting


def nth(f, n):
    for _ in range(n):
        f = grad(f)
    return f


@pytest.mark.parametrize("order", range(7))
def test_the_sine_has_derivatives_of_every_order(order):
    truth = [math.sin, math.cos, lambda x: -math.sin(x), lambda x: -math.cos(x)][order % 4]
    assert nth(sin, order)(0.7) == pytest.approx(truth(0.7), rel=1e-13)


@pytest.mark.parametrize("order", range(6))
def test_a_power_has_falling_factorials_and_then_zeros(order):
    expected = math.perm(4, order) * 1.5 ** (4 - order) if order <= 4 else 0.0
    assert nth(lambda x: x**4, order)(1.5) == expected


def test_perturbations_are_not_confused():
    assert grad(lambda x: x * grad(lambda y: x + y)(x))(3.0) == 1.0
    assert grad(lambda x: x * grad(lambda y: x * y)(2.0))(3.0) == 6.0
    assert grad(lambda x: x * grad(lambda y: y * y * x)(x))(2.0) == 3 * 2 * 4.0  # d/dx of 2x^3


def test_an_inner_derivative_closes_over_an_outer_input():
    assert grad(lambda x: grad(lambda y: x * y * y)(3.0))(2.0) == 6.0
    assert grad(lambda x: grad(lambda y: (x * x) * y)(3.0))(2.0) == 4.0
    assert grad(lambda x: grad(lambda y: grad(lambda z: x * y * z)(1.0))(1.0))(5.0) == 1.0


def test_an_inner_derivative_at_a_point_that_depends_on_the_outer_input():
    assert grad(lambda x: grad(lambda y: y**3)(x * x))(2.0) == pytest.approx(3 * 4 * 2.0**3)


def test_an_inner_derivative_that_does_not_depend_on_the_outer_input_is_constant():
    assert grad(lambda x: x * grad(lambda y: y * y)(3.0))(2.0) == 6.0


def test_the_order_of_partial_derivatives_does_not_matter():
    def f(x, y):
        return exp(x * y) * sin(x)

    xy = grad(lambda x, y: grad(f, 1)(x, y), 0)(0.3, 0.7)
    yx = grad(lambda x, y: grad(f, 0)(x, y), 1)(0.3, 0.7)
    assert xy == pytest.approx(yx, rel=1e-13)


def test_a_gradient_penalty_trains():
    w = Value(3.0)
    slope = grad(lambda x: w * x * x)(Value(2.0))  # 2wx = 12
    ((slope - 1) ** 2).backward()
    assert w.grad == 2 * 11 * 4.0


def test_derivatives_of_control_flow_follow_the_branch_taken():
    def f(x):
        return x * x if x > 0 else -3 * x

    assert (grad(f)(2.0), grad(f)(-2.0)) == (4.0, -3.0)
    assert grad(lambda x: where(x > 0, x**3, 0.0))(2.0) == 12.0


def test_newtons_method_through_a_derivative_finds_a_root():
    def f(x):
        return x**3 - 2

    x = 1.0
    for _ in range(20):
        x -= f(x) / grad(f)(x)
    assert x == pytest.approx(2 ** (1 / 3), rel=1e-15)


def test_differentiating_through_an_unrolled_optimisation():
    def trained(rate):
        w = Value(1.0) * 1
        for _ in range(3):
            w = w - rate * 2 * w
        return w * w

    assert grad(trained)(0.1) == pytest.approx(-12 * 0.8**5, rel=1e-13)


# ---------------------------------------------------------------- against each other


def program(seed):
    """Returns a smooth function of three numbers, drawn at random."""
    rng = random.Random(seed)
    steps = [(rng.randrange(7), rng.random(), rng.random()) for _ in range(12)]

    def f(xs):
        nodes = list(xs)
        for kind, i, j in steps:
            x, y = nodes[int(i * len(nodes))], nodes[int(j * len(nodes))]
            nodes.append([x + y, x - y, x * y / 2, tanh(x), sin(x), cos(y), exp(x / 4) * 0.5][kind])
        return [nodes[-1] + nodes[3], nodes[-2] * nodes[-1]]

    return f


def near(a, b):
    return np.allclose(np.array(a, dtype=float), np.array(b, dtype=float), rtol=1e-10, atol=1e-11)


@pytest.mark.parametrize("seed", range(40))
def test_forward_and_reverse_are_transposes(seed):
    rng = random.Random(seed)
    f, x = program(seed), [rng.uniform(-1, 1) for _ in range(3)]
    v, w = [rng.gauss(0, 1) for _ in range(3)], [rng.gauss(0, 1) for _ in range(2)]
    out, pushed = jvp(f, (x,), (v,))
    again, pullback = vjp(f, x)
    (pulled,) = pullback(w)
    assert out == again
    assert near(np.dot(w, pushed), np.dot(pulled, v))
    matrix = np.array(jacobian(f)(x))
    assert near(matrix @ v, pushed)
    assert near(np.array(w) @ matrix, pulled)


@pytest.mark.parametrize("seed", range(40))
def test_a_hessian_is_symmetric_and_hvp_is_its_product(seed):
    rng = random.Random(seed)
    x, v = [rng.uniform(-1, 1) for _ in range(3)], [rng.gauss(0, 1) for _ in range(3)]

    def f(xs):
        return program(seed)(xs)[0]

    matrix = np.array(hessian(f)(x))
    assert near(matrix, matrix.T)
    assert near(hvp(f, (x,), (v,))[0], matrix @ v)


def test_hvp_takes_several_arguments():
    assert hvp(lambda x, y: x * x * y, (3.0, 2.0), (1.0, 0.0)) == (4.0, 6.0)
    assert hvp(lambda x, y: x * x * y, (3.0, 2.0), (0.0, 1.0)) == (6.0, 0.0)


def test_the_hessian_of_a_linear_function_is_zero():
    assert hessian(lambda x: 3 * x[0] - x[1])([1.0, 2.0]) == [[0.0, 0.0], [0.0, 0.0]]
    assert hessian(lambda _: 1.0)([1.0, 2.0]) == [[0.0, 0.0], [0.0, 0.0]]


def test_hessian_by_another_argument():
    assert hessian(lambda x, y: x * y**3, argnums=1)(2.0, 3.0) == 36.0
    with pytest.raises(InputError, match=r"hessian takes one argument number, got \(0, 1\)"):
        hessian(weighted, (0, 1))


def test_jacobian_by_several_arguments():
    assert jacobian(lambda x, y: [x * y, x], argnums=(1, 0))(2.0, 3.0) == [(2.0, 3.0), (0.0, 1.0)]


def test_vjp_by_nested_arguments_and_results():
    result, pullback = vjp(lambda p, x: [p[0] * x, [x]], [2.0], 3.0)
    assert result == [6.0, [3.0]]
    assert pullback([1.0, [10.0]]) == ([3.0], 12.0)


# ---------------------------------------------------------------- seeds and directions


@pytest.mark.parametrize("seeds", [[1.0], [1.0, 2.0, 3.0], 1.0], ids=repr)
def test_a_wrong_number_of_seeds_is_refused(seeds):
    _, pullback = vjp(lambda x: [x, x * x], 3.0)
    with pytest.raises(ShapeError, match=r"got \d seeds for 2 results"):
        pullback(seeds)


def test_seeds_of_another_shape_are_refused():
    _, pullback = vjp(lambda x: [[x], x * x], 3.0)
    assert pullback(([1.0], 2.0)) == (13.0,)  # a list for a tuple is no other shape
    with pytest.raises(ShapeError, match=r"the seeds are nested like \[\., \[\.\]\], the results like \[\[\.\], \.\]"):
        pullback([1.0, [2.0]])


def test_directions_of_another_shape_are_refused():
    def f(x):
        return x[0][0] * x[1]

    assert jvp(f, ([[1.0], 2.0],), ([[1.0], 0.0],)) == (2.0, 2.0)
    with pytest.raises(
        ShapeError, match=r"directions are nested like \[\[\., \[\.\]\]\], the inputs like \[\[\[\.\], \.\]\]"
    ):
        jvp(f, ([[1.0], 2.0],), ([1.0, [0.0]],))


def test_a_wrong_number_of_directions_is_refused():
    with pytest.raises(ShapeError, match="got 1 directions for 2 inputs"):
        jvp(lambda x, y: x * y, (1.0, 2.0), (1.0,))


@pytest.mark.parametrize("bad", ["1", None, True, 1j], ids=repr)
def test_seeds_and_directions_are_real_numbers(bad):
    with pytest.raises(OperandError, match=r"a direction: .* is not a real number"):
        jvp(lambda x: x, (1.0,), (bad,))
    with pytest.raises(OperandError, match=r"a seed: .* is not a real number"):
        vjp(lambda x: x, 1.0)[1](bad)


def test_a_pullback_can_be_used_again():
    _, pullback = vjp(lambda x: x * x, 3.0)
    assert [pullback(1.0), pullback(2.0), pullback(1)] == [(6.0,), (12.0,), (6.0,)]


# ---------------------------------------------------------------- what they leave alone


def test_no_gradient_outside_is_touched():
    w, x = Value(3.0), Value(2.0)
    w.grad = 7.0

    def f(v):
        return w * v * v

    grad(f)(2.0)
    grad(f)(x)
    hessian(f)(2.0)
    vjp(f, 2.0)[1](1.0)
    jvp(f, (2.0,), (1.0,))
    assert w.grad == 7.0
    assert not x.grad_computed


def test_a_derivative_inside_no_grad_is_still_a_derivative():
    with no_grad():
        assert grad(lambda x: x**3)(2.0) == 12.0
        assert value_and_grad(lambda x: x**3)(2.0) == (8.0, 12.0)
        assert grad(grad(lambda x: x**3))(2.0) == 12.0
        assert jacobian(lambda x: [x, x * x])(3.0) == [1.0, 6.0]
        assert jvp(lambda x: x * x, (3.0,), (1.0,)) == (9.0, 6.0)
        assert (Value(1.0) * 2).is_leaf


def test_no_grad_inside_the_function_makes_a_constant():
    def f(x):
        with no_grad():
            frozen = x * x
        return frozen * x

    assert grad(f)(3.0) == 9.0


def test_a_derivative_inside_ieee_has_limits_for_errors():
    with ieee():
        assert grad(lambda x: x.log())(0.0) == math.inf
        assert math.isnan(grad(lambda x: x.log() * 1)(-1.0)) or grad(lambda x: x.log())(-1.0) == -1.0
    assert grad(lambda x: x.sqrt())(0.0) == math.inf
    with pytest.raises(ValueError, match="log of x = -1"):
        grad(log)(-1.0)


def test_an_exception_in_the_function_leaves_nothing_behind():
    def broken(_):
        raise RuntimeError("broken")

    with pytest.raises(RuntimeError, match="broken"):
        grad(broken)(1.0)
    assert grad(lambda x: grad(lambda y: y * y)(1.0) * x)(1.0) == 2.0
    assert type(grad(lambda y: y * y)(1.0)) is float
