"""`Value`: what a node holds, what `backward` adds up, and what happens when it is interrupted, threaded or forked."""

import asyncio
import gc
import linecache
import math
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from examples import README, readme

from autograd_lite import (
    DetachedError,
    GraphError,
    NonFiniteError,
    OperandError,
    Value,
    detect_anomaly,
    ieee,
    no_grad,
)

ROOT = Path(__file__).parent.parent


# ---------------------------------------------------------------- micrograd's numbers


def test_the_readme_program_of_micrograd_gives_its_numbers():
    a, b, g = readme()
    assert (f"{g.data:.4f}", f"{a.grad:.4f}", f"{b.grad:.4f}") == ("24.7041", "138.8338", "645.5773")


def test_the_readme_program_runs_under_python_minus_o():
    program = "from autograd_lite import Value\n" + README + "print(f'{g.data:.4f} {a.grad:.4f} {b.grad:.4f}')"
    done = subprocess.run(
        [sys.executable, "-O", "-c", program], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.split() == ["24.7041", "138.8338", "645.5773"]


def test_bad_input_is_refused_under_python_minus_o_too():
    program = "from autograd_lite import Value\ntry:\n    Value('1')\nexcept TypeError as error:\n    print(error)"
    done = subprocess.run(
        [sys.executable, "-O", "-c", program], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    assert "'1' is not a real number; convert it with float(...)" in done.stdout


# ---------------------------------------------------------------- what backward adds up


def test_backward_twice_accumulates_into_leaves_only():
    x = Value(3.0)
    y = x * x
    z = y * y
    z.backward()
    z.backward()
    assert (x.grad, y.grad, z.grad) == (216.0, 18.0, 1.0)


def test_a_second_backward_gives_24_where_micrograd_says_36():
    x = Value(2.0)
    y = x * x
    z = y + 2 * y  # dz/dx = 6x = 12
    z.backward()
    z.backward()
    assert x.grad == 24.0


def test_backward_on_two_losses_that_share_interior_nodes_adds_up_in_the_leaves():
    x, y = Value(2.0), Value(3.0)
    shared = x * y
    shared.exp().log().backward()
    (shared * 10).backward()
    assert (x.grad, y.grad) == pytest.approx((33.0, 22.0), abs=1e-12)
    assert shared.grad == 10.0


def test_a_diamond_adds_both_paths():
    x = Value(3.0)
    left, right = x * 2, x * 5
    (left * right).backward()
    assert x.grad == 2 * 10 * 3.0


@pytest.mark.parametrize(
    ("expression", "slope"),
    [
        (lambda x: x + x, 2.0),
        (lambda x: x - x, 0.0),
        (lambda x: x * x, 6.0),
        (lambda x: x / x, 0.0),
        (lambda x: x**x, 27.0 * (math.log(3.0) + 1)),
        (lambda x: x.maximum(x), 1.0),
        (lambda x: x.minimum(x), 1.0),
        (lambda x: x.hypot(x), math.sqrt(2.0)),
        (lambda x: x.logaddexp(x), 1.0),
        (lambda x: x.arctan2(x), 0.0),
    ],
    ids=["+", "-", "*", "/", "**", "maximum", "minimum", "hypot", "logaddexp", "arctan2"],
)
def test_the_same_operand_twice_adds_both_partials(expression, slope):
    x = Value(3.0)
    expression(x).backward()
    assert x.grad == pytest.approx(slope, rel=1e-15, abs=1e-15)


def test_a_deep_ladder_of_shared_nodes_is_swept_once_a_node():
    x = Value(1.0)
    y = x
    for _ in range(200):  # 2**200 paths
        y = y + y
    y.backward()
    assert x.grad == 2.0**200


def test_backward_on_a_leaf_gives_it_the_seed_and_accumulates():
    x = Value(5.0)
    x.backward()
    x.backward(seed=3)
    assert x.grad == 4.0


def test_backward_on_a_constant_result_reaches_nobody():
    with no_grad():
        y = Value(2.0) * Value(3.0)
    y.backward()
    assert (y.grad, y.is_leaf, y.operands) == (1.0, True, ())


@pytest.mark.parametrize("seed", [0, 0.0, -2, 2.5, 1e300])
def test_a_seed_scales_every_gradient(seed):
    x = Value(3.0)
    (x * 2).backward(seed=seed)
    assert x.grad == 2 * seed


@pytest.mark.parametrize("seed", [math.nan, math.inf, -math.inf])
def test_a_seed_that_is_not_finite_is_passed_on(seed):
    x = Value(3.0)
    (x * 2).backward(seed)
    assert repr(x.grad) == repr(2 * seed)


@pytest.mark.parametrize("seed", ["1", None, True, [1.0], 1j, Value(1.0)], ids=repr)
def test_a_seed_that_is_no_number_is_refused_and_nothing_changes(seed):
    x = Value(3.0)
    y = x * 2
    with pytest.raises(OperandError, match=r"seed: .* is not a real number; "):
        y.backward(seed)
    assert not x.grad_computed
    assert not y.grad_computed


def test_an_input_that_was_not_used_reads_0_and_shows_that_it_was_not_computed():
    x, unused = Value(1.0), Value(2.0)
    (x * 2).backward()
    assert unused.grad == 0.0
    assert not unused.grad_computed
    assert "grad=not computed" in repr(unused)


def test_an_input_that_cancels_out_has_a_computed_gradient_of_0():
    x = Value(1.0)
    (x - x).backward()
    assert x.grad == 0.0
    assert x.grad_computed
    assert "grad=0.0" in repr(x)


def test_nodes_upstream_of_the_root_of_another_loss_keep_not_computed():
    x = Value(2.0)
    a, b = x.exp(), x.sin()
    a.backward()
    assert a.grad_computed
    assert not b.grad_computed


def test_in_place_addition_rebinds_the_name_and_leaves_the_old_node_alone():
    x = Value(1.0)
    y = x
    x += 1
    assert (x.data, y.data) == (2.0, 1.0)
    (x * y).backward()
    assert y.grad == 1.0 * 1 + 2.0


def test_data_changed_after_the_forward_pass_does_not_corrupt_the_gradient():
    x, w = Value(3.0), Value(4.0)
    y = x * w + x.tanh() + w**x
    expected = 4.0 + (1 - math.tanh(3.0) ** 2) + 4.0**3 * math.log(4.0)
    x.data, w.data = -100.0, 0.0
    y.backward()
    assert x.grad == pytest.approx(expected, rel=1e-14)
    assert w.grad == pytest.approx(3.0 + 3 * 16.0, rel=1e-14)


def test_setting_the_data_of_a_result_raises_and_names_its_rule():
    y = Value(2.0) * 3
    with pytest.raises(GraphError, match=r"mul = 6.0 is the result of mul; set the data of a leaf and recompute"):
        y.data = 1.0
    assert y.data == 6.0


def test_the_data_of_a_result_under_no_grad_may_be_set():
    with no_grad():
        y = Value(2.0) * 3
    y.data = 1
    assert y.data == 1.0


def test_setting_grad_to_0_restarts_the_sum():
    x = Value(2.0)
    (x * 3).backward()
    x.grad = 0
    (x * 5).backward()
    assert x.grad == 5.0


@pytest.mark.parametrize("bad", ["0", None, True, [0.0], Value(0.0)], ids=repr)
def test_grad_and_data_take_real_numbers_only(bad):
    x = Value(1.0)
    with pytest.raises(OperandError, match=r"grad: .* is not a real number"):
        x.grad = bad
    with pytest.raises(OperandError, match=r"data: .* is not a real number"):
        x.data = bad
    assert (x.data, x.grad) == (1.0, 0.0)


def test_nothing_but_the_public_attributes_can_be_set():
    with pytest.raises(AttributeError):
        Value(1.0).gard = 0.0


# ---------------------------------------------------------------- how a node shows itself


def test_the_repr_shows_data_grad_and_name():
    x = Value(2.0, name="x")
    assert repr(x) == "Value(data=2.0, grad=not computed, name='x')"
    (x * 3).backward()
    assert repr(x) == "Value(data=2.0, grad=3.0, name='x')"
    assert str(x) == repr(x)


def test_the_repr_does_not_grow_with_the_graph():
    y = Value(1.0)
    for _ in range(10_000):
        y = y * 1.0
    assert len(repr(y)) < 60


def test_names_can_be_given_later_and_must_be_text():
    y = Value(1.0) + 1
    y.name = "sum"
    assert y.name == "sum"
    with pytest.raises(OperandError, match=r"a name is text, got int 5"):
        y.name = 5
    with pytest.raises(OperandError, match=r"a name is text, got tuple"):
        Value(1.0, (Value(2.0),))


def test_messages_call_a_node_by_its_name_or_its_operation_and_cut_long_names():
    assert Value(1.0, name="x").label() == "'x'"
    assert (Value(1.0) * 2).label() == "mul = 2.0"
    assert Value(1.0).label() == "a leaf = 1.0"
    assert len(Value(1.0, name="n" * 1000).label()) <= 62


def test_a_format_spec_shows_the_number():
    x = Value(2.0, name="x")
    assert f"{x:.3f}" == "2.000"
    assert f"{x}" == repr(x)


def test_micrograds_private_names_are_there_for_drawing_scripts():
    a, b = Value(1.0), Value(2.0)
    assert ((a * b)._prev, (a * b)._op) == ({a, b}, "*")
    assert ((a + 1)._prev, (a + 1)._op) == ({a}, "+")
    assert (a.relu()._op, (a**2)._op, (-a)._op, a._op, a._prev) == ("relu", "**", "-", "", set())


def test_a_node_shows_its_rule_operands_and_partials():
    x = Value(3.0)
    y = x * 2
    assert (y.rule.name, y.operands, y.partials) == ("mul", (x, 2.0), (2.0, None))
    assert (x.rule, x.operands, x.partials) == (None, (), ())


# ---------------------------------------------------------------- comparisons, order, identity


@pytest.mark.parametrize(
    ("compare", "expected"),
    [
        (lambda a, b: a < b, True),
        (lambda a, b: a <= b, True),
        (lambda a, b: a > b, False),
        (lambda a, b: a >= b, False),
        (lambda a, _: a < 2, True),
        (lambda a, _: a <= 1.0, True),
        (lambda _, b: b < 1, False),
        (lambda _, b: b <= 2.0, True),
    ],
)
def test_order_compares_data(compare, expected):
    assert compare(Value(1.0), Value(2.0)) is expected


def test_nan_compares_false_in_every_order():
    x = Value(math.nan)
    assert [x < 1, x > 1, x <= 1, x >= 1, x < x, x >= x] == [False] * 6


def test_sorted_max_and_min_order_by_data_and_return_the_nodes():
    values = [Value(3.0), Value(1.0), Value(2.0)]
    assert [v.data for v in sorted(values)] == [1.0, 2.0, 3.0]
    assert max(values) is values[0]
    assert min(values) is values[1]


def test_equality_and_hash_are_identity():
    a, b = Value(1.0), Value(1.0)
    assert a == a
    assert a != b
    assert len({a, b, a}) == 2
    assert {a: "a"}[a] == "a"
    assert (a == None) is False  # noqa: E711
    assert a != "text"


def test_in_finds_a_node_by_identity():
    a, b = Value(1.0), Value(1.0)
    assert a in [b, a]
    assert a not in [b, b]
    assert [b, a].index(a) == 1


def test_in_a_list_of_numbers_raises_instead_of_comparing():
    with pytest.raises(DetachedError, match=r"== 1.0: Values are equal only to themselves; compare \.data"):
        Value(1.0) in [1.0, 2.0]


# ---------------------------------------------------------------- interruptions


def interrupt_at(step, root):
    """Runs root.backward() with a KeyboardInterrupt at its `step`-th line; says whether it came that far."""
    seen = 0

    def trace(frame, event, _):
        nonlocal seen
        if frame.f_code.co_name not in ("backward", "_walk"):
            return None
        line = linecache.getline(frame.f_code.co_filename, frame.f_lineno).strip()
        if event == "line" and line not in (
            "with _SWEEPING:",
            "try:",
        ):  # signals do not fall between a lock and its try
            seen += 1
            if seen == step:
                raise KeyboardInterrupt
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        root.backward()
    except KeyboardInterrupt:
        return True
    finally:
        sys.settrace(before)
    return False


def test_a_backward_interrupted_anywhere_gives_the_leaves_back_what_they_had():
    interrupted, step = 0, 1
    while True:
        x, w = Value(2.0), Value(3.0)
        w.grad = 7.0
        h = x * w
        loss = h.tanh() + h * h + x
        if not interrupt_at(step, loss):
            break
        in_sweep = (x.grad, w.grad) == (0.0, 7.0) and not loss.grad_computed
        finished = x.grad_computed and loss.grad_computed  # the last lines: all work was done
        assert in_sweep or (finished and w.grad != 7.0), f"at line {step}"
        x.grad = w.grad = 0.0  # and the engine still works
        loss.backward()
        assert x.grad == pytest.approx(3 * (1 - math.tanh(6.0) ** 2) + 2 * 6.0 * 3 + 1)
        interrupted, step = interrupted + 1, step + 1
    assert interrupted > 50


def test_a_signal_in_the_middle_of_a_long_backward_leaves_the_leaves_alone():
    x = Value(1.0)
    x.grad = 5.0
    y = x
    for _ in range(300_000):
        y = y * 1.0

    def interrupt(*_):
        raise KeyboardInterrupt

    def sweep_for_ever():
        while True:
            x.grad = 5.0
            y.backward()

    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, 0.02)
    try:
        with pytest.raises(KeyboardInterrupt):
            sweep_for_ever()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert x.grad in (5.0, 6.0)
    x.grad = 0.0
    y.backward()
    assert x.grad == 1.0


def test_an_anomaly_in_backward_names_the_node():
    x = Value(0.0, name="x")
    y = x.sqrt()
    with detect_anomaly(), pytest.raises(NonFiniteError, match=r"the slope of sqrt of x = 0\.0 \('x'\) is inf"):
        y.backward()


# ---------------------------------------------------------------- threads, tasks, processes


def in_threads(*works):
    """Runs each work in a thread of its own; returns what they raised."""
    errors = []

    def guarded(work):
        try:
            work()
        except BaseException as error:  # noqa: BLE001  # reported by the caller
            errors.append(error)

    threads = [threading.Thread(target=guarded, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads), "deadlock"
    return errors


def test_threads_that_sweep_graphs_with_shared_leaves_lose_no_contribution():
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        x, w = Value(2.0), Value(3.0)

        def work():
            for _ in range(100):
                y = x * w
                for _ in range(20):
                    y = y + x
                y.backward()

        assert in_threads(*[work] * 4) == []
    finally:
        sys.setswitchinterval(interval)
    assert (x.grad, w.grad) == (400 * 23.0, 400 * 2.0)


def test_no_grad_holds_in_the_thread_that_entered_it_only():
    inside, done = threading.Event(), threading.Event()
    seen = {}

    def detached():
        with no_grad():
            inside.set()
            done.wait(60)
            seen["detached"] = (Value(2.0) * 3).is_leaf

    def recorded():
        inside.wait(60)
        try:
            x = Value(2.0)
            y = x * 3
            y.backward()
            seen["recorded"] = (y.is_leaf, x.grad)
        finally:
            done.set()

    assert in_threads(detached, recorded) == []
    assert seen == {"detached": True, "recorded": (False, 3.0)}


def test_ieee_holds_in_the_thread_that_entered_it_only():
    inside, done = threading.Event(), threading.Event()
    seen = {}

    def quiet():
        with ieee():
            inside.set()
            done.wait(60)
            seen["quiet"] = Value(0.0).log().data

    def loud():
        inside.wait(60)
        try:
            Value(0.0).log()
        except ValueError as error:
            seen["loud"] = type(error).__name__
        finally:
            done.set()

    assert in_threads(quiet, loud) == []
    assert seen == {"quiet": -math.inf, "loud": "DomainError"}


def test_modes_hold_in_the_async_task_that_entered_them_only():
    async def detached(other):
        with no_grad():
            await asyncio.sleep(0)
            other.set()
            await asyncio.sleep(0)
            return (Value(2.0) * 3).is_leaf

    async def recorded(other):
        await other.wait()
        return (Value(2.0) * 3).is_leaf

    async def both():
        other = asyncio.Event()
        return await asyncio.gather(detached(other), recorded(other))

    assert asyncio.run(both()) == [True, False]


def end_child(function):
    """Runs a function in a forked child, which ends with 0 if it returned True."""
    pid = os.fork()
    if pid == 0:  # pragma: no cover  # the child
        try:
            signal.alarm(20)
            code = 0 if function() else 1
        except BaseException:  # noqa: BLE001  # the child must not run the rest of the tests
            code = 2
        os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def cannot_fork():
    """Says why this process must not fork; JAX, once loaded, warns of a deadlock."""
    if not hasattr(os, "fork"):
        return "this system cannot fork"
    return "another test has loaded JAX, which does not survive a fork" if "jax" in sys.modules else ""


@pytest.fixture
def fork():
    """Skips where a fork is out of the question."""
    if reason := cannot_fork():
        pytest.skip(reason)


@pytest.mark.usefixtures("fork")
def test_a_forked_child_has_its_own_gradients():
    x = Value(2.0)
    y = x * x

    def child():
        y.backward()
        return x.grad == 4.0

    assert end_child(child) == 0
    assert not x.grad_computed


@pytest.mark.usefixtures("fork")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_child_forked_while_another_thread_sweeps_does_not_deadlock():
    stop = threading.Event()
    y = Value(1.0)
    for _ in range(20_000):
        y = y * 1.0

    def sweep():
        while not stop.is_set():
            y.backward()

    thread = threading.Thread(target=sweep)
    thread.start()

    def child():
        x = Value(3.0)
        (x * x).backward()
        return x.grad == 6.0

    try:
        codes = [end_child(child) for _ in range(5)]
    finally:
        stop.set()
        thread.join(60)
    assert codes == [0] * 5


def test_a_graph_has_no_reference_cycles():
    gc.collect()
    gc.disable()
    try:
        x = Value(2.0, name="x")
        y = (x * x + 1).tanh()
        y.backward()
        del x, y
        assert gc.collect() == 0
    finally:
        gc.enable()
