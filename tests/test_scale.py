"""Large graphs: no recursion, linear work by counting, no leaks, few bytes; and an import that takes little."""

import gc
import subprocess
import sys
import tracemalloc
from functools import partial
from pathlib import Path

import pytest
from counting import counted

from autograd_lite import Value, grad, record
from autograd_lite.value import _BATCH, _blanks

ROOT = Path(__file__).parent.parent


def chain(length):
    """Returns a leaf and the end of a chain of `length` operations on it."""
    x = Value(1.0)
    y = x
    for _ in range(length):
        y = y * 1.0
    return x, y


@pytest.fixture
def shallow():
    """Lowers the recursion limit to a little more than is in use."""
    depth, frame = 0, sys._getframe()
    while frame:
        depth, frame = depth + 1, frame.f_back
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(depth + 60)
    yield
    sys.setrecursionlimit(before)


@pytest.mark.slow
def test_a_chain_of_a_million_operations_is_built_swept_and_dropped_without_recursion(shallow):
    x, y = chain(1_000_000)
    y.backward()
    assert x.grad == 1.0
    assert len(repr(y)) < 60
    y = None
    gc.collect()


def test_a_deep_graph_on_both_operands_is_swept_and_dropped_without_recursion(shallow):
    x = Value(1.0)
    y = x
    for i in range(50_000):
        y = y + x if i % 2 else x * y - x * 0.5
    y.backward()
    assert x.grad_computed
    y = None


def test_a_deep_graph_is_recorded_run_and_derived_without_recursion(shallow):
    x, y = chain(20_000)
    tape = record(y)
    run = tape.evaluate([2.0])
    assert run.outputs == (2.0,)
    assert run.adjoints()[0] == 1.0
    assert run.tangents({0: 1.0})[-1] == 1.0
    assert x.data == 1.0


def test_higher_derivatives_of_a_deep_function_need_no_recursion():
    def f(x):
        for _ in range(3000):
            x = x * 1.0
        return x * x

    assert grad(grad(f))(3.0) == 2.0


def wide(width):
    x = Value(1.0)
    return x, sum([x * float(i) for i in range(width)])


def laddered(length):
    x = Value(1.0)
    y = x
    for _ in range(length):
        y = (y + y) * 0.5
    return x, y


@pytest.mark.parametrize("build", [chain, wide, laddered], ids=lambda f: f.__name__)
@pytest.mark.parametrize(
    "work",
    [
        lambda build, n: lambda: build(n),
        lambda build, n: build(n)[1].backward,
        lambda build, n: partial(record, build(n)[1]),
        lambda build, n: record(build(n)[1]).evaluate,
        lambda build, n: record(build(n)[1]).evaluate().adjoints,
    ],
    ids=["forward", "backward", "record", "evaluate", "adjoints"],
)
def test_work_grows_linearly_with_the_graph(build, work):
    small, large = counted(work(build, 500)), counted(work(build, 5000))
    assert large <= 10.5 * small + 2 * _BATCH  # two refills of blank nodes at most


def test_a_second_backward_takes_no_more_work_than_the_first():
    _, y = laddered(2000)
    assert counted(y.backward) == counted(y.backward)


@pytest.mark.slow
def test_a_tape_of_100_000_lines_is_recorded_run_and_saved(tmp_path):
    x, y = chain(50_000)
    tape = record(y)
    assert len(tape) == 100_001
    assert tape.evaluate().gradients() == {"v0": 1.0}
    tape.validate().save(tmp_path / "t")
    assert len(type(tape).load(tmp_path / "t")) == len(tape)
    assert x.is_leaf


def test_a_sum_of_100_000_leaves_is_swept():
    leaves = [Value(1.0) for _ in range(100_000)]
    sum(leaves).backward()
    assert all(leaf.grad == 1.0 for leaf in leaves)


# ---------------------------------------------------------------- memory


def living():
    """Returns how many Values are alive, the blank ones kept for the next operations not counted."""
    gc.collect()
    return sum(type(thing) is Value for thing in gc.get_objects()) - len(_blanks)


def train(steps, parameters):
    for _ in range(steps):
        loss = sum(((p * 0.5 - 1.0) ** 2).tanh() for p in parameters)
        for p in parameters:
            p.grad = 0.0
        loss.backward()
        for p in parameters:
            p.data -= 0.01 * p.grad


def test_a_trained_graph_is_freed_by_reference_counts_alone():
    train(1, [Value(1.0)])  # compiles what is compiled on first use
    before = living()
    parameters = [Value(float(i)) for i in range(5)]
    gc.collect()
    gc.disable()
    try:
        train(20, parameters)
        assert gc.collect() == 0
    finally:
        gc.enable()
    assert living() == before + 5


def test_memory_does_not_grow_over_10_000_steps():
    parameters = [Value(float(i)) for i in range(2)]
    train(50, parameters)
    before = living()
    tracemalloc.start()
    try:
        train(100, parameters)
        first = tracemalloc.get_traced_memory()[0]
        tracemalloc.stop()
        train(9800, parameters)
        tracemalloc.start()
        train(100, parameters)
        last = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert living() == before
    assert last <= first + 1_000_000


def test_an_operation_takes_at_most_200_bytes():
    count = 120_000
    x = Value(1.5)
    gc.collect()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        nodes = [x.tanh() for _ in range(count)]  # its value and its partial are numbers of its own
        taken = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert len(nodes) == count
    assert taken / count <= 200


def test_a_node_has_no_dictionary():
    assert not hasattr(Value(1.0), "__dict__")
    assert sys.getsizeof(Value(1.0)) <= 120


# ---------------------------------------------------------------- the import


def python(program, *options):
    done = subprocess.run(
        [sys.executable, *options, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    return done.stdout, done.stderr


def test_importing_the_engine_takes_the_standard_library_only():
    out, _ = python(
        "import sys; before = set(sys.modules); import autograd_lite; print(*sorted(set(sys.modules) - before))"
    )
    roots = {name.partition(".")[0] for name in out.split()}
    assert roots - sys.stdlib_module_names <= {"autograd_lite"}
    heavy = {"tempfile", "json", "subprocess", "asyncio", "decimal", "unittest", "http", "email", "inspect"}
    assert not heavy & roots - {"decimal", "inspect"}


def test_importing_the_engine_draws_no_pictures():
    out, _ = python("import sys, autograd_lite; print(*[m for m in sys.modules if m.startswith('autograd_lite.view')])")
    assert out.split() == []


def test_importing_the_engine_imports_few_modules():
    out, _ = python(
        "import sys; before = set(sys.modules); import autograd_lite; print(*{*sys.modules} - before)", "-S"
    )
    assert len(out.split()) <= 90  # 84 in Python 3.11, 22 of them our own


def test_the_engine_works_where_nothing_else_is_installed():
    out, _ = python(
        "import autograd_lite as ag; x = ag.Value(2.0); (x.exp() * x).backward(); print(x.grad > 0)", "-S", "-E"
    )
    assert out.strip() == "True"
