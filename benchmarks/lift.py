"""Lifted scalar code beside array code written by hand, in one run: NumPy, PyTorch, JAX, CasADi, XAD, micrograd, us.

    python benchmarks/lift.py                  or:  --cases abd --rounds 15;   --gpu for the nets on an NVIDIA GPU

A step is the value of the loss, its gradient by every parameter, and the parameters moved against it (SGD); the loss
comes back as a Python float. Everything is in float64, on one thread. Before a case is timed, its contestants are
checked against NumPy by hand: the loss, and how far the first steps moved each parameter, to 1e-10 of the furthest.
They take turns, round by round, and each ratio is taken within a round, because machines drift; what is printed is the
median over rounds with the quartiles around it.

    a   micrograd's demo: 100 moons samples through MLP(2, [16, 16, 1]), hinge loss plus L2, all samples a step
    b   digits through 64-32-10, relu, softmax cross-entropy, 128 and 1,024 samples a step
    c   digits through four 3x3 filters and a dense layer, 128 samples a step
    d   the GPT of benchmarks/scalar_gpt.py, 1 and 32 documents of 8 tokens a step
    e   the cost of lifting itself
"""

from __future__ import annotations

import argparse
import gc
import math
import os
import re
import statistics
import time
import tracemalloc
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"))
os.environ["JAX_ENABLE_X64"] = "1"
os.environ["NPROC"] = "1"  # the size of XLA's pool of threads, which the flags alone leave as it is
os.environ["JAX_CPU_ENABLE_ASYNC_DISPATCH"] = "0"  # a call runs on the thread that makes it
os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"

import eager
import lift_ours as us
import lift_peers as peers
import numpy as np
from lift_peers import Contestant, Task

import autograd_lite
import nn
from autograd_lite import Value, record

BY_HAND = "NumPy by hand"
Contestants = dict[str, Callable[[], Contestant]]


# ---------------------------------------------------------------- taking turns


@dataclass(frozen=True)
class Terms:
    """How many rounds, and whose names enter beside the first of each case."""

    rounds: int
    only: re.Pattern[str]


@dataclass(frozen=True)
class Goal:
    """A ratio of two contestants' times, and where it should lie."""

    slow: str
    fast: str
    least: float = 0.0
    most: float = math.inf


def race(title: str, makers: Contestants, goals: Sequence[Goal], terms: Terms) -> None:
    """Checks the contestants against the first, times them in turns, and prints times, ratios and goals."""
    print(f"\n{title}")
    field: dict[str, Contestant] = {}
    first = next(iter(makers))
    for name, make in makers.items():
        if name != first and not terms.only.search(name):
            continue
        try:
            field[name] = make()
        except ModuleNotFoundError as missing:
            if (missing.name or "").partition(".")[0] in ("autograd_lite", "nn"):
                raise
            print(f"  {name:<18} not available: {missing}")
    agree(field, makers[first])
    times = turns(field, terms.rounds)
    reference = times[first]
    print(f"  {'':<18} {'µs a step [quartiles]':^36} {'of ' + first:^27}")
    for name, series in times.items():
        print(f"  {name:<18} {eager.spread(series, '10,.1f')}  {eager.spread(ratios(series, reference), '7.2f')}")
    for goal in goals:
        bound = f"at most {goal.most:g}" if goal.most < math.inf else f"at least {goal.least:,g}"
        text = f"  goal: {goal.slow} / {goal.fast} {bound}:"
        if goal.slow in times and goal.fast in times:
            series = ratios(times[goal.slow], times[goal.fast])
            met = goal.least <= statistics.median(series) <= goal.most
            print(f"{text} {eager.spread(series, ',.2f')} {'met' if met else 'NOT MET'}")
        else:
            print(f"{text} not available")


def agree(field: dict[str, Contestant], reference: Callable[[], Contestant]) -> None:
    """Checks that all take the same first steps as the reference."""
    worst, loss = 0.0, math.nan
    for name, contestant in field.items():
        start = contestant.theta()
        expected = reference()
        origin = expected.theta()
        loss, value = expected.step(), contestant.step()
        for _ in range(contestant.steps - 1):
            expected.step()
        way = expected.theta() - origin
        error = np.abs(contestant.theta() - start - way).max() / np.abs(way).max()
        assert np.array_equal(start, origin), f"{name} starts elsewhere"
        assert abs(value - loss) < 1e-10 * abs(loss), f"{name}: loss {value}, expected {loss}"
        assert error < 1e-10, f"{name}: steps differ by {error:.1e} of the furthest"
        worst = max(worst, float(error))
    print(f"  all agree: loss {loss:.15f}, steps to {worst:.1e} of the furthest")


def turns(field: dict[str, Contestant], rounds: int, least: float = 0.02) -> dict[str, list[float]]:
    """Returns each contestant's time of a step in µs, round by round; each turn takes at least 20 ms."""
    calls = {}
    for name, contestant in field.items():
        count, taken = 1, seconds(contestant, 1)
        while taken < least:
            count = max(2 * count, math.ceil(1.2 * count * least / taken))
            taken = seconds(contestant, count)
        calls[name] = count
    times: dict[str, list[float]] = {name: [] for name in field}
    for _ in range(rounds):
        for name, contestant in field.items():
            gc.collect()
            times[name].append(1e6 * seconds(contestant, calls[name]) / (calls[name] * contestant.steps))
    return times


def seconds(contestant: Contestant, calls: int) -> float:
    """Returns how long some calls take."""
    start = time.perf_counter()
    for _ in range(calls):
        contestant.step()
    return time.perf_counter() - start


def ratios(series: list[float], reference: list[float]) -> list[float]:
    """Returns the ratio of two contestants' times within each round."""
    return [a / b for a, b in zip(series, reference, strict=True)]


# ---------------------------------------------------------------- the cases


def moons() -> Task:
    """Micrograd's demo."""
    return Task(((2, 16), (16, 16), (16, 1)), np.array(eager.X), np.array(eager.Y), "hinge")


def digits(batch: int, kind: str = "softmax") -> Task:
    """Handwritten digits, repeated where there are fewer than asked for."""
    from sklearn.datasets import load_digits

    X, y = load_digits(return_X_y=True)
    rows = np.arange(batch) % len(X)
    shapes = ((9, 4), (144, 10)) if kind == "convolution" else ((64, 32), (32, 10))
    return Task(shapes, X[rows] / 16.0, y[rows], kind)


def case_a(terms: Terms) -> None:
    """The moons step: everybody."""
    task = moons()
    makers: Contestants = {
        BY_HAND: lambda: peers.by_hand(task),
        "us, NumPy": lambda: us.lifted_samples(task, "numpy"),
        "us, NumPy, graph": lambda: us.lifted_batch(task),
        "us, NumPy, fit": lambda: us.lifted_epoch(task, "lift"),
        "us, JAX": lambda: us.lifted_samples(task, "jax"),
        "us, JAX, fit": lambda: us.lifted_epoch(task, "jax"),
        "us, eager": lambda: peers.with_mlp(task, nn.MLP),
        "JAX by hand": lambda: peers.with_jax(task),
        "JAX scan by hand": lambda: peers.with_jax(task, us.EPOCH),
        "PyTorch": lambda: peers.pytorch(task),
        "CasADi": lambda: peers.casadi(task),
        "XAD": lambda: peers.xad(task),
        "micrograd": lambda: peers.micrograd(task),
    }
    goals = [
        Goal("us, NumPy", BY_HAND, most=1.3),
        Goal("us, NumPy, graph", BY_HAND, most=1.3),
        Goal("PyTorch", "us, NumPy", least=4),
        Goal("micrograd", "us, NumPy", least=10_000),
        Goal("us, JAX, fit", "JAX scan by hand", most=1.2),
    ]
    race("a. moons through MLP(2, [16, 16, 1]), hinge loss plus L2, 100 samples a step", makers, goals, terms)


def net(title: str, task: Task, terms: Terms) -> None:
    """A net on digits: by hand, PyTorch, JAX, us."""
    makers: Contestants = {
        BY_HAND: lambda: peers.by_hand(task),
        "us, NumPy": lambda: us.lifted_samples(task, "numpy"),
        "us, JAX": lambda: us.lifted_samples(task, "jax"),
        "JAX by hand": lambda: peers.with_jax(task),
        "PyTorch": lambda: peers.pytorch(task),
    }
    race(title, makers, [Goal("us, NumPy", BY_HAND, most=1.3)], terms)


def case_b(terms: Terms) -> None:
    """A perceptron on digits."""
    for batch in (128, 1024):
        net(f"b. digits through 64-32-10, softmax cross-entropy, {batch:,} samples a step", digits(batch), terms)


def case_c(terms: Terms) -> None:
    """A convolution net on digits."""
    net("c. digits through four 3x3 filters and a dense layer, 128 samples a step", digits(128, "convolution"), terms)


def case_d(terms: Terms) -> None:
    """The GPT."""
    tokens = peers.gpt_documents()
    for batch, least in ((1, 100), (32, 500)):
        documents = tokens[:batch]
        makers: Contestants = {
            BY_HAND: partial(peers.gpt_by_hand, documents),
            "us, NumPy": partial(us.lifted_gpt, documents, "numpy"),
            "us, JAX": partial(us.lifted_gpt, documents, "jax"),
            "us, eager": partial(us.eager_gpt, documents),
            "JAX by hand": partial(peers.gpt_with_jax, documents),
        }
        goals = [Goal("us, NumPy", BY_HAND, most=1.5), Goal("us, eager", "us, NumPy", least=least)]
        race(f"d. the scalar GPT, {batch} document(s) of 8 tokens a step", makers, goals, terms)
    if terms.only.search("us, NumPy"):
        count = us.gpt_instructions(tokens)
        print(f"  goal: at most 60 array instructions: {count} {'met' if count <= 60 else 'NOT MET'}")


def case_e(terms: Terms) -> None:
    """The cost of lifting."""
    print("\ne. lifting: graphs of MLP(2, [16, 16, 1]) over more and more samples; seconds, medians")
    print(f"  {'nodes':>9}  {'build':>8}  {'lift':>8}  {'1st step':>8}  {'nodes/s':>9}  {'bytes/node':>10}")
    one, two = (len(record(scalar_graph(count)[0])) for count in (1, 2))
    for exponent in range(3, 7):
        samples = max(1, round(10**exponent / (two - one)))
        nodes, stages = one + (samples - 1) * (two - one), []
        for _ in range(min(terms.rounds, 5) if exponent < 6 else 2):
            gc.collect()
            marks = [time.perf_counter()]
            loss, parameters = scalar_graph(samples)
            marks.append(time.perf_counter())
            lifted = autograd_lite.lift_graph(loss, parameters)
            marks.append(time.perf_counter())
            lifted.value_and_grad()
            marks.append(time.perf_counter())
            stages.append(np.diff(marks))
        build, lifting, first = np.median(stages, axis=0)
        gc.collect()
        tracemalloc.start()
        autograd_lite.lift_graph(loss, parameters)
        peak = tracemalloc.get_traced_memory()[1] / nodes
        tracemalloc.stop()
        print(f"  {nodes:>9,}  {build:8.4f}  {lifting:8.4f}  {first:8.4f}  {nodes / lifting:9,.0f}  {peak:10,.0f}")
        if exponent == 6:
            print(f"  goal: at least 100,000 nodes a second: {'met' if nodes / lifting >= 1e5 else 'NOT MET'}")
    task, taken = digits(128), []
    for _ in range(min(terms.rounds, 5)):
        start = time.perf_counter()
        us.lifted_samples(task, "numpy").step()
        taken.append(time.perf_counter() - start)
    middle = statistics.median(taken)
    print(f"  goal: digits 64-32-10, lifted and run once, under a second: {middle:.2f} s", end=" ")
    print("met" if middle < 1 else "NOT MET")


def scalar_graph(samples: int) -> tuple[Value, list[Value]]:
    """Returns the mean hinge loss over some samples, and the parameters in it."""
    model = nn.MLP(2, [16, 16, 1], rng=1337)
    points, labels = eager.moons(max(samples, 4), seed=1)
    losses = [(1 + -y * model(x)).relu() for x, y in zip(points[:samples], labels, strict=False)]
    return sum(losses[1:], losses[0]) * (1.0 / samples), model.parameters()


def gpu(terms: Terms) -> None:
    """Large nets on an NVIDIA GPU, if there is one."""
    import jax

    if jax.default_backend() != "gpu":
        print("\nno GPU is present (JAX sees none)")
        return
    batch, rng = 65_536, np.random.default_rng(1)
    wide = ((784, 512), (512, 512), (512, 10))
    tasks = {
        "digits through 64-32-10": digits(batch),
        "noise through 784-512-512-10": Task(wide, rng.random((batch, 784)), rng.integers(0, 10, batch)),
    }
    for title, task in tasks.items():
        makers: Contestants = {
            "JAX by hand": partial(peers.with_jax, task),
            "us, JAX": partial(us.lifted_samples, task, "jax"),
            "PyTorch": partial(peers.pytorch, task, "cuda"),
        }
        goals = [Goal("us, JAX", "JAX by hand", most=1.2)]
        race(f"{title}, {batch:,} samples a step, on {jax.devices()[0].device_kind}", makers, goals, terms)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", default="abcde", help="which cases to run (default abcde)")
    parser.add_argument("--rounds", type=int, default=9, help="turns of each contestant, at least 2 (default 9)")
    parser.add_argument("--only", default="", help="a pattern for the names of those who race NumPy by hand")
    parser.add_argument("--gpu", action="store_true", help="instead: large nets on an NVIDIA GPU")
    options = parser.parse_args()
    conditions = Terms(options.rounds, re.compile(options.only))
    if options.gpu:
        gpu(conditions)
    else:
        for letter in options.cases:
            {"a": case_a, "b": case_b, "c": case_c, "d": case_d, "e": case_e}[letter](conditions)
