"""The parts of lifting, each alone: index maps, grids, classes, formulas, contractions, transposes, what runs."""

import gc
import itertools
import linecache
import math
import threading
import traceback

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from lifting import assert_close, assert_lifts, leaves, paths, product, rows, scalar
from structures import attention
from test_lift_structures import STRUCTURES

from autograd_lite import RULES, LiftError, Value, define_rule
from autograd_lite.arithmetics import numpy_arithmetic
from autograd_lite.expressions import CONSTANTS, derivative, rewritten
from autograd_lite.lift import Instruction, Program, lift, lift_graph
from autograd_lite.lift import scalars as reading
from autograd_lite.lift.backends import backend_called
from autograd_lite.lift.classes import classify
from autograd_lite.lift.contractions import contraction
from autograd_lite.lift.emit import emit
from autograd_lite.lift.grids import find_grids
from autograd_lite.lift.indexing import Strided, inverse, part, refine, seen, strided, view
from autograd_lite.lift.program import Builder
from autograd_lite.lift.reverse import reverse
from autograd_lite.lift.shapes import view_text
from autograd_lite.lift.simplify import simplified, variables
from autograd_lite.lift.tangent import tangent
from autograd_lite.testing import SMOOTH, kink_distance, multiprecision, operands, programs

NUMPY = backend_called("numpy", "float64")

# ---------------------------------------------------------------- every program is sound


def assert_sound(lifted):
    for path in paths(lifted):
        for program in (path.value, path.gradient, path.curvature, path.fixed.program, path.live.program):
            program.validate()


@pytest.mark.parametrize(("build", "case"), [(b, c) for b, _, c, *_ in STRUCTURES.values()], ids=STRUCTURES)
def test_every_program_of_a_structure_is_sound(build, case):
    function, parameters, *batches = build(*case)
    lifted = lift(function, parameters)
    lifted(*batches)
    assert_sound(lifted)


def test_every_program_of_attention_and_of_one_that_branches_is_sound():
    function, parameters, *batches = attention(2, 2, 3, 2)
    lifted = lift(function, parameters)
    lifted(*batches)
    (w,) = leaves(0.5)
    branching = lift(lambda x: w * x if x * w > 0 else x - w if x > -0.5 else w, [w])
    branching([1.0, -0.2, -1.0])
    assert len(paths(branching)) == 3
    assert_sound(lifted)
    assert_sound(branching)


@given(programs(SMOOTH, max_leaves=4))
def test_every_program_of_a_random_graph_is_sound(program):
    parameters = program.leaves()
    assert_sound(lift_graph(program.run(parameters), parameters))


THETA = Instruction("parameters", (), (6,), False)
FORMULA = ("x * y", ("x", "y"), ("y", "x"))
UNSOUND = {
    "does not come before": Instruction("reshape", (1,), (6,), False),
    "no such kind": Instruction("transpose", (0,), (6,), False),
    "2 operands, not 1": Instruction("reshape", (0, 0), (6,), False),
    "has a batch and no operand": Instruction("reshape", (0,), (2, 3), True),
    "does not fit": Instruction("reshape", (0,), (4,), False),
    "not \\(2,\\)": Instruction("view", (0,), (3,), False, part(0, 2)),
    "sees 4:8": Instruction("view", (0,), (4,), False, part(4, 4)),
    "outside 0:6": Instruction("gather", (0,), (2,), False, np.array([0, 6])),
    "a part has shape": Instruction("place", (0,), (8,), False, (part(0, 2),)),
    "for \\('x', 'y'\\)": Instruction("map", (0,), (6,), False, FORMULA),
    "none of": Instruction("map", (0,), (6,), False, ("x + z", ("x",), ())),
    "in one place": Instruction("contract", (0, 0), (), False, "i,j->"),
    "is of length": Instruction("contract", (0, 2), (), False, "i,i->"),
    "its batch": Instruction("contract", (0, 0), (), False, "i,i->b"),
    "axes": Instruction("sum", (0,), (), False, (1,)),
    "one after the other": Instruction("segments", (0,), (2,), False, ("sum", np.array([0, 6]))),
    "broadcast": Instruction("repeat", (0,), (3,), False),
    "it has shape": Instruction("stop", (0,), (5,), False),
}


@pytest.mark.parametrize(("message", "row"), UNSOUND.items(), ids=UNSOUND)
def test_an_unsound_program_is_refused_and_the_instruction_named(message, row):
    other = Instruction("constant", (), (5,), False, np.zeros(5))
    position = 1 if row.operands != (0, 2) else 3
    instructions = (THETA, row) if position == 1 else (THETA, THETA, other, row)
    with pytest.raises(LiftError, match=f"instruction {position}, {row.kind}.*{message}"):
        Program(instructions, (0,)).validate()


def test_an_output_that_is_not_there_is_refused():
    with pytest.raises(LiftError, match="there are 1 instructions"):
        Program((THETA,), (1,)).validate()


# ---------------------------------------------------------------- index maps

MAPS = st.lists(st.tuples(st.integers(1, 4), st.integers(-2, 12)), min_size=1, max_size=4)


def indices_of(map_):
    """Returns the indices of a strided map, one after the other."""
    total = np.array(map_.offset)
    for size, step in zip(map_.shape, map_.strides, strict=True):
        total = total[..., None] + step * np.arange(size)
    return total.ravel()


def drawn_map(axes, offset=0):
    lowest = sum(min(0, (n - 1) * step) for n, step in axes)
    return Strided(offset - lowest, tuple(n for n, _ in axes), tuple(step for _, step in axes))


@given(MAPS, st.integers(0, 5))
def test_strides_are_found_and_give_the_indices_back(axes, offset):
    index = indices_of(drawn_map(axes, offset))
    found = strided(index)
    assert found is None or indices_of(found).tolist() == index.tolist()


@given(MAPS)
def test_strides_that_nest_are_always_found(axes):
    step, nested = 1, []
    for size, gap in axes:
        nested.append((size, step))
        step *= size + abs(gap)
    assert strided(indices_of(drawn_map(nested[::-1]))) is not None


def test_indices_without_strides_are_not_taken_for_strided():
    assert strided(np.array([0, 1, 3])) is None
    assert strided(np.array([0, 1, 2, 4, 5, 7])) is None


@given(MAPS, st.integers(0, 5), st.integers(0, 9))
def test_a_view_sees_what_indexing_gives(axes, offset, rest):
    map_ = drawn_map(axes, offset)
    index = indices_of(map_)
    array = np.arange(int(index.max()) + 1 + rest)
    found = view(map_, len(array))
    assume(found is not None)
    window = seen(array, found)
    assert np.shares_memory(window, array)
    assert np.broadcast_to(window, map_.shape).ravel().tolist() == array[index].tolist()
    for batched in (False, True):
        x = np.stack([array, -array]) if batched else array
        shown = eval(view_text(found, "x", len(array), batched=batched), {"x": x, "batch": 2})
        assert shown.tolist() == (np.stack([window, -window]) if batched else window).tolist()


@given(st.lists(st.tuples(st.integers(1, 4), st.integers(0, 3)), min_size=1, max_size=3), st.data())
def test_a_part_of_a_grid_is_always_a_view(axes, data):
    shape, strides, offset, step = [], [], 0, 1
    for size, more in reversed(axes):
        first = data.draw(st.integers(0, more))
        offset, shape, strides = offset + first * step, [size, *shape], [step, *strides]
        step *= size + more
    assert view(Strided(offset, tuple(shape), tuple(strides)), step) is not None


@given(MAPS, st.data())
def test_refining_splits_axes_and_changes_nothing_else(axes, data):
    map_ = drawn_map(axes)
    count = math.prod(map_.shape)
    own = set(itertools.accumulate(reversed(map_.shape), lambda a, b: a * b))
    cuts = sorted(({1} | own | data.draw(st.sets(st.integers(1, count)))) - {count})
    fine = refine(map_, cuts)
    if fine is None:
        return
    assert indices_of(fine).tolist() == indices_of(map_).tolist()
    rights = set(itertools.accumulate(reversed(fine.shape), lambda a, b: a * b)) | {1}
    assert set(cuts) <= rights


@given(st.lists(st.integers(-1, 7), min_size=1, max_size=10), st.integers(8, 10))
def test_an_inverse_puts_everything_back_or_there_is_none(index, size):
    index = np.array(index)
    back = inverse(index, size)
    used = index[index >= 0]
    assert (back is None) == (len(set(used.tolist())) < len(used))
    if back is not None:
        assert index[back[used]].tolist() == used.tolist()
        assert (back[np.setdiff1d(np.arange(size), used)] == -1).all()


# ---------------------------------------------------------------- grids


@given(
    st.lists(st.tuples(st.integers(1, 4), st.integers(1, 4)), min_size=1, max_size=3),
    st.integers(1, 4),
    st.randoms(use_true_random=False),
    st.sampled_from([0.0, 0.3, 0.9]),
    st.booleans(),
)
def test_grids_give_the_sums_of_products_they_stand_for(blocks, terms, random, holes, ragged):
    pairs, line = [], itertools.count()
    for height, width in blocks:
        left = [tuple(next(line) for _ in range(terms)) for _ in range(height)]
        right = [tuple(next(line) for _ in range(terms)) for _ in range(width)]
        pairs += [(a, b) for a in left for b in right if random.random() >= holes]
    if ragged:  # causal: a beginning of each row
        pairs = [(a[: 1 + i % terms], b[: 1 + i % terms]) for i, (a, b) in enumerate(pairs)]
    random.shuffle(pairs)
    assume(pairs)
    numbers = np.append(np.random.default_rng(0).integers(-9, 9, next(line)), 0)
    grids = find_grids(pairs)
    if grids is None:
        assert holes or ragged
        return
    found = {}
    for grid in grids:
        made = np.einsum("gik,gjk->gij", numbers[grid.left], numbers[grid.right]).ravel()
        for output, place in zip(grid.outputs.tolist(), grid.places.tolist(), strict=True):
            assert output not in found
            found[output] = made[place]
    wanted = [sum(numbers[a] * numbers[b] for a, b in zip(*pair, strict=True)) for pair in pairs]
    assert [found[i] for i in range(len(pairs))] == wanted


def test_a_dense_layer_is_one_grid_and_rows_that_never_repeat_are_not():
    (grid,) = find_grids([((i, i + 1), (10 + 2 * j, 11 + 2 * j)) for i in (0, 4) for j in range(3)])
    assert grid.left.shape == (1, 2, 2)
    assert grid.right.shape == (1, 3, 2)
    assert find_grids([((i,), (10 + j,)) for i in range(9) for j in range(9) if i in (0, j)]) is None


# ---------------------------------------------------------------- classes


def test_the_first_step_of_a_growing_loop_joins_the_others():
    x = leaves(*range(1, 5))
    outs = [sum(v.exp() for v in x[: i + 1]).log() for i in range(4)]
    scalars = reading.read(outs, {id(v): ("parameter", i) for i, v in enumerate(x)})
    assert scalars.lines[scalars.outputs[0]].args  # log(exp(x0)): no sum
    joined, classes = classify(scalars)
    assert len({classes.of_line[i] for i in joined.outputs}) == 1
    (number,) = {classes.of_line[i] for i in joined.outputs}
    assert [joined.lines[joined.lines[i].args[0]].op for i in joined.outputs] == ["sum"] * 4
    assert len(classes.members[number]) == 4


def test_nothing_is_joined_where_nothing_would_be_gained():
    x, y = leaves(1.0, 2.0)
    scalars = reading.read([x * y, (x + y).tanh()], {id(x): ("parameter", 0), id(y): ("parameter", 1)})
    assert classify(scalars)[0] is scalars


@given(programs(SMOOTH, max_leaves=4))
def test_operands_are_in_smaller_classes_and_members_share_their_key(program):
    parameters = program.leaves()
    leaf = {id(v): ("parameter", i) for i, v in enumerate(parameters)}
    scalars, classes = classify(reading.read([program.run(parameters)], leaf))
    assert sorted(line for members in classes.members for line in members) == list(range(len(scalars.lines)))
    for number, members in enumerate(classes.members):
        for member in members:
            assert classes.of_line[member] == number
            assert all(classes.of_line[i] < number for i in scalars.lines[member].args)


# ---------------------------------------------------------------- formulas


def formulas_of(rule):
    """Returns the value and all partials of a rule, as formulas."""
    return [f for f in (rule.value, *rule.partials, *(rule.lone or ())) if isinstance(f, str)]


def computed(formula, numbers):
    """Returns what an array program computes for a formula."""
    arithmetic = numpy_arithmetic()
    known = {name: arithmetic.function(name) for name in variables(formula) if name in RULES}
    known |= {"_where": np.where, "_all": lambda *tests: np.logical_and.reduce(tests)}
    known |= {"_any": lambda *tests: np.logical_or.reduce(tests), "_not": np.logical_not, **CONSTANTS}
    with np.errstate(all="ignore"):
        arrays = {name: np.array([float(x)]) for name, x in numbers.items()}
        return eval(rewritten(formula, where=True), known | arrays) * np.ones(1)


CALCULUS = [rule for rule in RULES.values() if rule.name != "where"]


@pytest.mark.parametrize("rule", CALCULUS, ids=lambda rule: rule.name)
def test_a_simplified_formula_is_equal_on_numbers(rule):
    @given(operands(rule, limit=50.0), st.floats(-3, 3))
    def search(point, g):
        numbers = dict(zip(rule.operands, point, strict=True)) | {"g": g}
        (numbers["out"],) = computed(rule.value, numbers)
        for formula in formulas_of(rule):
            for text in (formula, f"g * ({formula})"):
                np.testing.assert_array_equal(computed(simplified(text), numbers), computed(text, numbers))

    search()


@pytest.mark.parametrize("rule", CALCULUS, ids=lambda rule: rule.name)
def test_the_derivative_of_every_formula_of_the_table_equals_differences(rule):
    arithmetic, step = multiprecision(60), 1e-25

    @given(operands(rule, limit=5.0))
    def search(point):
        assume(kink_distance(rule, point) > 0.01 and (rule.arity == 1 or point[0] != point[1]))
        assume(all(abs(x) > 1e-9 for x in point))
        names = (*rule.operands, "out")
        exact = [arithmetic.number(float(x)) for x in point]
        try:
            full = [*exact, arithmetic.formula(rule.value, rule.operands)(*exact)]
        except (ArithmeticError, ValueError):
            assume(False)
        for text, (i, name) in itertools.product(formulas_of(rule), enumerate(names)):
            function = arithmetic.formula(text, names)
            around = [[x + sign * step * (i == j) for j, x in enumerate(full)] for sign in (1, -1)]
            try:
                high, low = (function(*moved) for moved in around)
                slope = arithmetic.formula(derivative(text, name), names)(*full)
            except (ArithmeticError, ValueError):
                continue  # at the edge of a domain
            numbers = [complex(x) for x in (high, low, slope)]
            if all(np.isfinite(numbers)) and not any(x.imag for x in numbers):
                difference = (high - low) / (2 * step)
                assert abs(difference - slope) <= 1e-15 * (1 + abs(slope) + abs(high)), (text, name, point)

    with arithmetic.context():
        search()


# ---------------------------------------------------------------- contractions


@given(
    st.lists(st.sampled_from(["stack", "summed", "rows", "columns"]), min_size=1, max_size=5),
    st.randoms(use_true_random=False),
)
def test_the_text_of_a_contraction_computes_what_einsum_does(sorts, random):
    letters = random.sample("bcdefg", len(sorts))
    first = [c for c, sort in zip(letters, sorts, strict=True) if sort != "columns"]
    second = [c for c, sort in zip(letters, sorts, strict=True) if sort != "rows"]
    out = [c for c, sort in zip(letters, sorts, strict=True) if sort != "summed"]
    for side in (first, second, out):
        random.shuffle(side)
        if "b" in side:  # the batch comes first
            side.remove("b")
            side.insert(0, "b")
    sizes = {c: random.choice([1, 2, 3, 5]) for c in letters}
    numbers = np.random.default_rng(0)
    x, y = (numbers.integers(-5, 5, [sizes[c] for c in side]).astype(float) for side in (first, second))
    shown = {c: "batch" if c == "b" else str(n) for c, n in sizes.items()}
    first, second, out = map("".join, (first, second, out))
    text = contraction(first, second, out, "x", "y", shown)
    made = eval(text, {**NUMPY.namespace, "x": x, "y": y, "batch": sizes.get("b")})
    wanted = np.einsum(f"{first},{second}->{out}", x, y)
    np.testing.assert_array_equal(np.broadcast_to(made, wanted.shape), wanted, text)
    assert np.shape(made) == wanted.shape, text


# ---------------------------------------------------------------- the reverse and the tangent of every kind

COUNT, SAMPLES = 6, 3


def theta_of(builder):
    return builder.add("parameters", (), (COUNT,))


def batched_of(builder):
    """Returns an array that differs by sample and depends on the parameters."""
    return builder.map("x * y", ("y", "x"), x=theta_of(builder), y=builder.add("input", (), (COUNT,), batched=True))


def one(kind, shape, detail=None, *, source=theta_of, before=None):
    def build(builder):
        operand = source(builder)
        if before is not None:
            operand = builder.reshape(operand, before)
        return builder.add(kind, (operand,), shape, detail=detail)

    return build


def repeated(builder):
    return builder.add("repeat", (theta_of(builder),), (COUNT,), batched=True)


def spread_out(builder):
    row = builder.reshape(theta_of(builder), (1, COUNT))
    return builder.add("repeat", (row,), (4, COUNT))


def placed(*places, source=theta_of):
    def build(builder):
        operand = source(builder)
        parts = [
            builder.add("view", (operand,), place.shape, detail=part(0, math.prod(place.shape))) for place in places
        ]
        return builder.add("place", parts, (8,), detail=tuple(places))

    return build


def taken(tables):
    def build(builder):
        table = builder.reshape(theta_of(builder), (2, 3, 1) if tables > 1 else (1, 3, 2))
        index = builder.add("index", (), (2,), batched=True)
        width = builder.shape(table)[2]
        return builder.add("take", (table, index), (2, width))

    return build


def mapped(text, partials, left, right, source=theta_of):
    def build(builder):
        first = builder.reshape(source(builder), left)
        second = builder.add(
            "view", (theta_of(builder),), right, detail=part(0, math.prod(right))._replace(shape=right)
        )
        return builder.map(text, partials, x=first, y=second)

    return build


def contracted(spec, left, right, source=theta_of):
    def build(builder):
        first = builder.reshape(source(builder), left)
        return builder.contract(spec, first, builder.reshape(theta_of(builder), right))

    return build


def summed(axes, *, batch=False, source=theta_of):
    return lambda builder: builder.sum(builder.reshape(source(builder), (2, 3)), axes, batch=batch)


ROW = part(1, 4)
GRID = view(Strided(1, (2, 2), (1, 3)), 6)
LINEAR = {
    "view": one("view", (4,), ROW),
    "view of a grid, turned": one("view", (2, 2), GRID),
    "view of a batch": one("view", (2, 2), GRID, source=batched_of),
    "reshape": lambda b: b.map("x * 1.5", ("1.5",), x=b.reshape(theta_of(b), (2, 3))),
    "repeat over the batch": repeated,
    "repeat over an axis": spread_out,
    "gather of some": one("gather", (4,), np.array([5, 0, -1, 2])),
    "gather with elements twice": one("gather", (6,), np.array([1, 1, 0, 4, 4, -1])),
    "gather with all twice, in order": one("gather", (12,), np.repeat(np.arange(6), 2)),
    "gather of a batch": one("gather", (5,), np.array([1, 1, 0, 4, 3]), source=batched_of),
    "place": placed(part(0, 3), part(4, 2)),
    "place with overlaps": placed(part(0, 3), part(2, 3), part(0, 6)),
    "place of everything": placed(part(0, 4), part(4, 4)),
    "place of a batch": placed(part(0, 3), part(2, 3), source=batched_of),
    "take from one table": taken(1),
    "take from two tables": taken(2),
    "sum of rows": summed((1,)),
    "sum of columns": summed((0,)),
    "sum of all": summed((0, 1)),
    "sum over the batch": summed((), batch=True, source=batched_of),
    "sum of rows over the batch": summed((1,), batch=True, source=batched_of),
    "segments": one("segments", (3,), ("sum", np.array([0, 1, 4]))),
    "segments of a batch": one("segments", (2,), ("sum", np.array([0, 4])), source=batched_of),
}
QUADRATIC = {
    "map": mapped("x * y", ("y", "x"), (6,), (6,)),
    "map of a batch": mapped("x * y", ("y", "x"), (6,), (6,), source=batched_of),
    "map, broadcast": mapped("x * y", ("y", "x"), (2, 3), (1, 3)),
    "map, broadcast, of a batch": mapped("x * y", ("y", "x"), (2, 3), (2, 1), source=batched_of),
    "map with a partial of its own": mapped("x * x - y", ("2.0 * x", "-1"), (2, 3), (2, 1)),
    "matrix product": contracted("ik,kj->ij", (2, 3), (3, 2)),
    "product of a batch": contracted("bik,jk->bij", (2, 3), (2, 3), source=batched_of),
    "outer product": contracted("i,j->ij", (6,), (6,)),
    "dot product": contracted("ij,ji->", (2, 3), (3, 2)),
    "square": contracted("i,i->", (6,), (6,)),
    "stacked dot products": contracted("gk,gk->g", (2, 3), (2, 3)),
    "stacked products": contracted("gik,gkj->gji", (3, 2, 1), (3, 1, 2)),
    "product over the batch": lambda b: b.contract("bi,bi->i", batched_of(b), batched_of(b)),
}


@pytest.mark.parametrize("build", (LINEAR | QUADRATIC).values(), ids=LINEAR | QUADRATIC)
@pytest.mark.parametrize("backend", ["numpy", "jax"])
def test_the_reverse_is_the_transpose_and_the_tangent_the_change(build, backend):
    if backend == "jax":
        pytest.importorskip("jax")
    backend = backend_called(backend, "float64")
    builder = Builder()
    theta = theta_of(builder)
    out = build(builder)
    row = builder.rows[out]
    seed = builder.add("seed", (), row.shape, batched=row.batched)
    direction = builder.add("direction", (), (COUNT,))
    adjoint = reverse(builder, out, seed, [theta])[theta]
    (change,) = tangent(builder, [out], theta, direction)
    program = builder.program([out, adjoint, change])
    program.validate()
    code = backend.compiled(emit(program, backend))
    numbers = np.random.default_rng(1)
    at, along = numbers.normal(size=(2, COUNT))
    inputs, indices = numbers.normal(size=(SAMPLES, COUNT)), numbers.integers(0, 3, (SAMPLES, 2))
    weights = numbers.normal(size=((SAMPLES, *row.shape) if row.batched else row.shape))

    def run(point):
        results = code.run(code.prepare(point), inputs, indices, None, weights, along)
        return [np.array(each, dtype=float) for each in results]

    _, found, moved = run(at)
    # central differences of what is linear or quadratic err by rounding only
    jacobian = np.stack([(run(at + e)[0] - run(at - e)[0]) / 2 for e in np.eye(COUNT)], axis=-1)
    assert jacobian.shape[:-1] == weights.shape
    np.testing.assert_allclose(found, np.tensordot(weights, jacobian, weights.ndim), atol=1e-12)
    np.testing.assert_allclose(moved, jacobian @ along, atol=1e-12)


@pytest.mark.parametrize("kind", ["stop", "max", "min"])
def test_nothing_flows_through_what_has_no_derivative(kind):
    builder = Builder()
    theta = theta_of(builder)
    array = builder.reshape(theta, (2, 3))
    flat = builder.add("stop", (theta,), (6,)) if kind == "stop" else builder.add(kind, (array,), (2,), detail=(1,))
    seed = builder.add("seed", (), builder.shape(flat))
    assert reverse(builder, flat, seed, [theta]) == {}
    assert tangent(builder, [flat], theta, builder.add("direction", (), (COUNT,))) == [None]


# ---------------------------------------------------------------- size, memory, threads


def test_a_long_chain_lifts_without_recursion():
    x, w = leaves(0.5, 1.0)
    out = x
    for _ in range(10_000):  # two operations each
        out = (out * w).sin()
    lifted = lift_graph(out, [x, w])
    value, gradient = lifted.value_and_grad()
    out.backward()
    assert value == out.data
    np.testing.assert_allclose(gradient, [x.grad, w.grad], rtol=1e-9)


def test_a_sum_of_many_different_terms_and_an_operand_of_many_readers_lift():
    def loss(x):
        total, term = w * 1.0, x
        for i in range(300):
            term = (term * w).sin()
            total = total + term if i % 3 else total - term
        return total

    (w,) = leaves(0.7)
    lifted = assert_lifts(loss, [w], rows(2))
    assert_sound(lifted)


@pytest.mark.parametrize("sign", [1, -1])
def test_nested_differences_are_read_in_linear_time(sign, monkeypatch):
    moved = []
    join = reading._Pending.followed_by

    def counting(self, other):
        moved.append(min(len(self.terms), len(other.terms)))
        return join(self, other)

    monkeypatch.setattr(reading._Pending, "followed_by", counting)
    x = leaves(*np.random.default_rng(0).normal(size=20_000).tolist())
    out = x[-1]
    for leaf in reversed(x[:-1]):
        out = leaf - out if sign > 0 else -(out - leaf)
    lifted = lift_graph(out, x)
    assert sum(moved) <= len(x)
    _, gradient = lifted.value_and_grad()
    out.backward()
    assert gradient.tolist() == [leaf.grad for leaf in x]


def nodes_alive():
    gc.collect()
    return sum(type(thing) is Value and getattr(thing, "_rule", None) is not None for thing in gc.get_objects())


def test_a_recording_does_not_keep_the_scalar_graph_alive():
    w = leaves(*range(8))
    before = nodes_alive()
    lifted = lift(lambda x: sum((a * b).tanh() for a, b in zip(w, x, strict=True)) ** 2, w)
    lifted.value_and_grad(rows(3, 8))
    lifted.hvp(np.ones(8), rows(3, 8))
    assert str(lifted)
    assert nodes_alive() == before


def lifted_sources():
    gc.collect()
    return {name for name in linecache.cache if name.startswith("<lifted")}


def test_the_sources_of_programs_that_are_gone_are_forgotten():
    before = lifted_sources()
    for i in range(50):
        lift_graph(leaves(float(i))[0] * 2.0 + i, []).value_and_grad()
    assert len(lifted_sources() - before) <= 2


def test_a_traceback_through_a_program_shows_its_lines():
    builder = Builder()
    code = emit(builder.program([builder.map("sin(x)", ("cos(x)",), x=theta_of(builder))]), NUMPY, "sine")
    with pytest.raises(TypeError) as caught:
        code.run(code.prepare("text"), None, None, None, None, None)
    frame = traceback.extract_tb(caught.value.__traceback__)[-1]
    assert frame.filename.startswith("<lifted sine ")
    assert "sin(" in frame.line


def test_threads_share_one_objective():
    function, parameters, *batches = attention(1, 2, 3, 4)
    lifted = lift(function, parameters)
    objective = lifted.objective(*batches)
    points = [objective.start() + i / 50 for i in range(8)]
    alone = [(*objective(p), objective.hvp(p, p)) for p in points]
    fresh = lift(function, parameters).objective(*batches)
    failed = []

    def work(point, expected):
        for _ in range(30):
            found = (*fresh(point), fresh.hvp(point, point))
            if not all(np.allclose(a, b, rtol=1e-12) for a, b in zip(found, expected, strict=True)):
                failed.append(point)

    threads = [threading.Thread(target=work, args=pair) for pair in zip(points, alone, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed


def test_threads_that_meet_new_ways_record_them_for_all():
    w = leaves(0.3, -0.4)

    def loss(x):
        return product(w, x) if x[0] > 0 else product(w, x) ** 2 if x[1] * w[1] > 0 else w[0] * x[1]

    X = rows(40, 2)
    truth = scalar(loss, w, X)
    objective = lift(loss, w).objective(X)
    theta, found = objective.start(), []
    threads = [threading.Thread(target=lambda: found.append(objective(theta))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 6
    for value, gradient in found:
        assert_close(value, np.mean(truth.values), np.mean(truth.sizes))
        assert_close(objective.by_parameter(gradient), truth.gradient, truth.slopes)


def test_rules_of_the_users_with_python_functions_are_sound_programs():
    cube = define_rule("cube_of_internals", lambda x: x**3, [lambda x, out: 3 * x * x])
    (w,) = leaves(0.5)
    lifted = lift(lambda x: cube(w * x), [w])
    lifted.value_and_grad([1.0, 2.0])
    for path in paths(lifted):
        path.value.validate()
        path.gradient.validate()
