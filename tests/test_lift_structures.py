"""What users write in loops becomes a few array instructions: as many for a wide program as for a narrow one."""

import math
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lifting import assert_lifts, leaves, matrix, paths, product, rows, sizes, spread
from structures import (
    attention,
    convolution,
    cross_entropy,
    dense,
    distances,
    embedding,
    gram,
    image,
    layer_norm,
    log_sum_exp,
    long_memory,
    max_pooling,
    mixture,
    own_product,
    penalties,
    quadratic_features,
    recurrence,
    rms_norm,
    skip_connections,
    tied,
    triangle,
    unequal_layers,
)

from autograd_lite import RULES, Value
from autograd_lite.lift import lift

# name: the function, the most instructions, and three sizes that need equally many
STRUCTURES = {
    "one dense layer": (dense(1), 6, (2, 3), (5, 4), (9, 1)),
    "three dense layers": (dense(3), 12, (2, 3), (5, 4), (8, 1)),
    "relu layers": (dense(2, "relu"), 9, (2, 3), (5, 4), (8, 1)),
    "layers of different widths": (unequal_layers, 5, (2, 3, 3), (5, 4, 2), (8, 2, 1)),
    "convolution": (convolution(1), 5, (5, 2), (9, 3), (16, 1)),
    "convolution with a stride": (convolution(2), 5, (5, 2), (9, 3), (16, 1)),
    "image convolution": (image(1), 5, (4, 1, 2, 2), (5, 2, 3, 1), (6, 3, 2, 2)),
    "image convolution with a stride": (image(2), 5, (5, 1, 2, 2), (7, 2, 3, 1), (9, 3, 2, 2)),
    "max pooling": (max_pooling, 6, (5, 2), (7, 3), (10, 1)),
    "recurrence": (recurrence, 11, (2, 2), (4, 3), (6, 1)),
    "long short-term memory": (long_memory, 36, (2, 2), (3, 3), (5, 1)),
    "log-sum-exp": (log_sum_exp, 5, (2, 2), (5, 3), (9, 1)),
    "cross-entropy": (cross_entropy, 12, (2, 2), (5, 3), (9, 4)),
    "layer norm": (layer_norm, 13, (2, 2), (5, 3), (9, 1)),
    "rms norm": (rms_norm, 8, (2, 2), (5, 3), (9, 1)),
    "penalties": (penalties, 9, (2, 2), (5, 3), (9, 1)),
    "Gram matrix": (gram, 4, (2, 2, 2), (4, 3, 3), (5, 6, 1)),
    "pairwise distances": (distances, 8, (3, 2, 2), (4, 3, 3), (6, 5, 1)),
    "embedding": (embedding, 9, (3, 2, 2, 2), (5, 4, 3, 3), (9, 2, 4, 1)),
    "skip connections": (skip_connections, 7, (2, 2), (5, 3), (7, 1)),
    "tied weights": (tied, 5, (2, 2), (5, 3), (7, 1)),
    "mixture": (mixture, 4, (2, 3, 4, 2), (3, 5, 7, 3), (4, 4, 4, 1)),
    "triangular product": (triangle, 4, (3, 2), (5, 3), (9, 1)),
    "a matrix and a vector of each sample": (own_product, 3, (2, 3, 3), (3, 3, 3), (4, 2, 2)),
    "quadratic features": (quadratic_features, 4, (2, 2), (4, 3), (7, 1)),
}


@pytest.mark.parametrize(("build", "most", "cases"), [(b, m, c) for b, m, *c in STRUCTURES.values()], ids=STRUCTURES)
def test_the_structure_lifts_and_its_size_does_not_depend_on_widths(build, most, cases):
    found = sizes(build, *cases)
    assert len(set(found)) == 1, found
    assert found[0] <= most


@pytest.mark.parametrize("positions", range(1, 7))
@pytest.mark.parametrize("width", [1, 2, 3])
def test_attention_lifts_at_every_length_and_with_narrow_heads(positions, width):
    assert_lifts(*attention(2, width, positions, 2))


def test_the_size_of_attention_depends_on_neither_length_nor_heads_nor_samples():
    found = sizes(attention, (2, 2, 3, 1), (2, 2, 4, 2), (2, 3, 6, 3), (3, 2, 4, 2), (4, 3, 5, 1))
    assert len(set(found)) == 1, found
    assert found[0] <= 20


def test_the_gradient_program_does_not_depend_on_widths_or_samples_either():
    for build in (dense(2), tied, long_memory):
        lifted = [lift(*build(width, samples)[:2]) for width, samples in ((2, 3), (6, 1))]
        for each, (width, samples) in zip(lifted, ((2, 3), (6, 1)), strict=True):
            each.value_and_grad(*build(width, samples)[2:])
        assert len({len(path.gradient) for each in lifted for path in paths(each)}) == 1


@pytest.mark.parametrize("seed", range(6))
def test_sums_without_structure_are_gathered_and_right(seed):
    rng = np.random.default_rng(seed)
    width = int(rng.integers(2, 9))
    pairs = [rng.integers(0, width, (int(rng.integers(1, 2 * width)), 2)).tolist() for _ in range(width)]
    parameters = spread(width)

    def loss(x):
        return sum(sum(parameters[i] * x[j] for i, j in each).tanh() for each in pairs)

    assert_lifts(loss, parameters, rows(3, width))


@pytest.mark.parametrize("seed", range(6))
def test_terms_that_come_twice_or_with_a_minus_are_counted(seed):
    rng = np.random.default_rng(seed)
    picks = rng.integers(0, 4, (5, 4)).tolist()
    signs = rng.choice([-1, 1], (5, 4)).tolist()
    parameters = spread(4)

    def loss(x):
        total = x[0]
        for places, marks in zip(picks, signs, strict=True):
            inner = parameters[places[0]]
            for place, mark in zip(places, marks, strict=True):
                term = parameters[place] * x[place]
                inner = inner + term if mark > 0 else inner - term
            total = total - inner.tanh() + inner
        return total

    assert_lifts(loss, parameters, rows(3, 4))


@pytest.mark.parametrize("width", range(1, 7))
def test_polynomials_and_running_sums_lift(width):
    parameters = spread(width + 1)

    def horner(x):
        out = parameters[-1]
        for p in parameters[-2::-1]:
            out = out * x + p
        return out + sum(p * x**k for k, p in enumerate(parameters))

    assert_lifts(horner, parameters, rows(3))

    def running(x):
        total, seen = 0.0, 0.0
        for a, p in zip(x, parameters, strict=False):
            seen = seen + a * p
            total = total + seen.tanh()
        return total

    assert_lifts(running, parameters, rows(3, width))


def test_arguments_of_any_nesting_lift_and_samples_of_different_lengths_go_together():
    w, v = parameters = leaves(0.5, -2.0)

    def loss(x, extra):
        return sum(w * sum(row).tanh() + v * len(row) for row in x) * extra[0]

    X = [[[1.0, 2.0], [3.0]], [[0.5]], [[2.0, 1.0], [-1.0]], [[0.5], [1.0, 2.0], [3.0, 1.0, 1.0]]]
    extra = [[1.0], [2.0], [0.5], [-1.0]]
    assert_lifts(loss, parameters, X, extra)


def test_results_may_be_nested_lists():
    w, v = parameters = leaves(0.5, -2.0)

    def outputs(x):
        return [[w * x[0], x[1]], (v, 3.0), [x[0] + v, w * v]]

    X = rows(4, 2)
    lifted = assert_lifts(outputs, parameters, X)
    assert lifted(X).shape == (4, 3, 2)
    assert lift(lambda x: [w * x], parameters)([1.0, 2.0]).shape == (2, 1)
    assert lift(lambda x: w * x, parameters)([1.0, 2.0]).shape == (2,)


@pytest.mark.parametrize("name", [name for name, rule in RULES.items() if rule.arity == 1])
def test_a_layer_of_any_activation_is_one_instruction_more(name):
    parameters = spread(12, 0.2, 0.4)
    W, _ = matrix(parameters, 4, 3)

    def loss(x):
        outs = [product(row, x) for row in W]
        return sum(map(rounded, outs)) if name == "round" else sum(apply(out) for out in outs)

    def apply(out):
        if name == "neg":
            return -out
        if name == "identity":
            return +out
        return getattr(out if name != "arccosh" else out + 1, name)()

    rounded = round
    lifted = assert_lifts(loss, parameters, rows(3, 3, low=0.2, high=0.9))
    assert len(lifted.program) <= 4


def test_a_parameter_used_in_every_role_gets_the_sum_of_its_derivatives():
    p = Value(0.5, name="p")

    def loss(x):
        row = [p, p * x[0], x[1]]
        return product(row, row) + p**3 + p**p + x[0] ** p + p.maximum(x[1]) + abs(p) / (p + 2) - p

    assert_lifts(loss, [p], rows(4, 2, low=0.1, high=0.9))


# ---------------------------------------------------------------- anything at all, in vectors


def vector_program(rng, parameters):
    """Returns a random straight-line program of vector operations, written as the loops of scalars that they are."""
    steps = [
        (rng.randint(0, 7), rng.random(), rng.random(), rng.choice([1, 1, 2, -1]), rng.randint(0, 2), rng.random())
        for _ in range(rng.randint(1, 5))
    ]
    operations = [
        lambda a, b: [u.tanh() for u in a],
        lambda a, b: [u * v for u, v in zip(a, b, strict=False)],
        lambda a, b: [u + v for u in a for v in b][:9],
        lambda a, b: [sum(u * v for u, v in zip(a[i:], b, strict=False)) for i in range(len(a))],
        lambda a, b: [sum(a[: i + 1]) for i in range(len(a))],
        lambda a, b: [u.maximum(v) - u for u, v in zip(a, b, strict=False)],
        lambda a, b: [product(b[: len(a[i : i + 2])], a[i : i + 2][: len(b)]) for i in range(0, len(a), 2)],
        lambda a, b: [u - v * 0.5 if i % 2 else u for i, (u, v) in enumerate(zip(a, b, strict=False))],
    ]

    def run(x):
        pool = [list(x), list(parameters)]
        for kind, first, second, stride, start, shuffle in steps:
            a, b = pool[int(first * len(pool))], pool[int(second * len(pool))]
            made = operations[kind](a[start::stride] or a, b)
            if shuffle < 0.3:
                made = [made[i] for i in sorted(range(len(made)), key=lambda i: math.sin(100 * shuffle * i))]
            pool.append(made)
        return pool

    return run


@pytest.mark.parametrize("part", ["values", "loss"])
@given(st.integers(0, 10**6))
def test_a_random_program_of_vector_operations_lifts(part, seed):
    rng = random.Random(seed)
    parameters = spread(rng.randint(1, 9), seed=seed)
    run = vector_program(rng, parameters)

    def values(x):
        return run(x)[-1]

    def loss(x):
        return sum(v.tanh() if i % 3 else v * -0.3 for made in run(x)[2:] for i, v in enumerate(made))

    X = rows(rng.randint(1, 3), rng.randint(1, 6), seed=seed)
    assert_lifts({"values": values, "loss": loss}[part], parameters, X)


def test_a_product_with_every_ending_of_a_vector_has_the_right_gradient():
    parameters = spread(3)
    assert_lifts(lambda x: sum(product(parameters[i:], x[: 3 - i]).tanh() for i in range(3)), parameters, rows(2, 3))
    assert_lifts(
        lambda x: x[0] * sum(sum(p * q for q in parameters[: i + 1]).tanh() for i, p in enumerate(parameters)),
        parameters,
        rows(2, 3),
    )


def test_sums_of_two_sums_are_each_their_own():
    parameters = leaves(1.5, 0.75, 0.375)

    def outputs(x):
        running = [sum(parameters[: i + 1]) for i in range(3)]
        return [u + v for u in running for v in running][:7]

    assert_lifts(outputs, parameters, [[1.0]])
