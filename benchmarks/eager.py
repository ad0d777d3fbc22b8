"""The eager engine beside its peers, in one run: micrograd, XAD (a C++ tape behind Python operators), and us.

    make bench            or, with the peers installed:  python benchmarks/eager.py

The task is micrograd's own demo: 100 moons samples through MLP(2, [16, 16, 1]), hinge loss plus L2, the value and all
337 gradients, from the same numbers. The garbage collector is on. Engines take turns, round by round, and each ratio is
taken within a round, because machines drift; what is printed is the median over rounds with the quartiles around it,
and the ratio of the sums, in which every garbage collection counts, whichever round it fell into.
"""

from __future__ import annotations

import argparse
import gc
import itertools
import math
import random
import statistics
import time
import tracemalloc
from collections.abc import Callable
from typing import Any

SAMPLES, SIZES, L2 = 100, (2, 16, 16, 1), 1e-4


def moons(count: int, seed: int) -> tuple[list[list[float]], list[float]]:
    """Two interleaving half circles with a little noise, and labels -1 and +1."""
    rng = random.Random(seed)
    points, labels = [], []
    for i in range(count):
        angle, upper = math.pi * (i // 2) / (count // 2 - 1), i % 2 == 0
        x, y = (math.cos(angle), math.sin(angle)) if upper else (1 - math.cos(angle), 0.5 - math.sin(angle))
        points.append([x + rng.gauss(0, 0.1), y + rng.gauss(0, 0.1)])
        labels.append(1.0 if upper else -1.0)
    return points, labels


X, Y = moons(SAMPLES, seed=1)
Step = Callable[[], tuple[float, list[float]]]


def with_mlp(value: Any, mlp: Any) -> Step:
    """One step with a micrograd-style MLP: the same lines serve micrograd and us."""
    random.seed(1337)
    model = mlp(2, [16, 16, 1])

    def step() -> tuple[float, list[float]]:
        scores = [model(list(map(value, row))) for row in X]
        losses = [(1 + -label * score).relu() for label, score in zip(Y, scores, strict=True)]
        loss = sum(losses) * (1.0 / len(losses)) + L2 * sum(p * p for p in model.parameters())
        model.zero_grad()
        loss.backward()
        return loss.data, [p.grad for p in model.parameters()]

    return step


def ours() -> Step:
    """autograd-lite, through its own `nn`."""
    import nn
    from autograd_lite import Value

    return with_mlp(Value, nn.MLP)


def micrograd() -> Step:
    """The published micrograd."""
    from micrograd.engine import Value
    from micrograd.nn import MLP

    return with_mlp(Value, MLP)


def xad() -> Step:
    """XAD's adjoint tape; its Python package has no layers, so they are written out."""
    import xad.adj_1st as adjoint
    from xad import math as xmath

    random.seed(1337)
    tape = adjoint.Tape()
    tape.activate()
    layers, parameters = [], []
    for width, count in itertools.pairwise(SIZES):
        layer = []
        for _ in range(count):
            weights, bias = [adjoint.Real(random.uniform(-1, 1)) for _ in range(width)], adjoint.Real(0.0)
            layer.append((weights, bias))
            parameters += [*weights, bias]
        layers.append(layer)

    def score(row: list[float]) -> Any:
        x = [adjoint.Real(v) for v in row]
        for depth, layer in enumerate(layers):
            sums = [sum((w * v for w, v in zip(weights, x, strict=True)), bias) for weights, bias in layer]
            x = sums if depth == len(layers) - 1 else [xmath.max(s, 0.0) for s in sums]
        return x[0]

    def step() -> tuple[float, list[float]]:
        tape.clearAll()
        for p in parameters:
            tape.registerInput(p)
        tape.newRecording()
        losses = [xmath.max(1 + -label * score(row), 0.0) for label, row in zip(Y, X, strict=True)]
        loss = sum(losses) * (1.0 / len(losses)) + L2 * sum(p * p for p in parameters)
        tape.registerOutput(loss)
        loss.derivative = 1.0
        tape.computeAdjoints()
        return loss.value, [p.derivative for p in parameters]

    return step


def compare(rounds: int, micrograd_rounds: int) -> None:
    """Prints the three engines' times and the ratios between them."""
    print("value and all 337 gradients, garbage collector on; median [quartiles] over rounds")
    engines = {"autograd-lite": ours(), "XAD": xad()}
    results = {name: step() for name, step in engines.items()}
    duel(engines, "autograd-lite", "XAD", rounds)
    # last, because its garbage leaves memory in pieces, on which the others run slower
    engines["micrograd"] = micrograd()
    results["micrograd"] = engines["micrograd"]()
    duel(engines, "micrograd", "autograd-lite", micrograd_rounds)
    loss, gradients = results["micrograd"]
    print()
    for name, (value, slopes) in results.items():
        worst = max(abs(a - b) for a, b in zip(slopes, gradients, strict=True))
        print(f"  {name:<14} loss {value:.15f}   largest difference from micrograd's gradients {worst:.1e}")
        assert abs(value - loss) < 1e-12
        assert worst < 1e-12


def duel(engines: dict[str, Step], first: str, second: str, rounds: int, steps: int = 3) -> None:
    """Prints two engines' times, taken in turns of several steps, and their ratio: within rounds, and of the sums.

    Between turns what an engine left behind is collected, off the clock, so that it is not charged to the other; within
    a turn each pays for its own garbage, as in training.
    """
    times: dict[str, list[float]] = {first: [], second: []}
    for _ in range(rounds):
        for name, series in times.items():
            gc.collect()
            start = time.perf_counter()
            for _ in range(steps):
                engines[name]()
            series.append(1e3 * (time.perf_counter() - start) / steps)
    ratios = [a / b for a, b in zip(times[first], times[second], strict=True)]
    total = sum(times[first]) / sum(times[second])
    print()
    for name, series in times.items():
        print(f"  {name:<14} {spread(series, '8.1f')} ms a step; {rounds} rounds of {steps}")
    print(f"  ratio          {spread(ratios, '8.2f')}     of the sums: {total:.2f}")


def spread(series: list[float], form: str) -> str:
    """Median with the quartiles around it."""
    low, middle, high = statistics.quantiles(series, n=4)
    return f"{middle:{form}} [{low:{form}} {high:{form}}]"


def sizes() -> None:
    """Prints speed and memory against the size of the graph: both should be flat."""
    from autograd_lite import Value

    print("\nsize of the graph: a chain of x*w + b, forward and backward")
    print(f"  {'nodes':>9}  {'nodes/s':>10}  {'bytes/node':>10}")
    for exponent in range(3, 7):
        count = 10**exponent
        best = min(seconds(Value, count) for _ in range(max(3, 6 - exponent)))
        used = f"{bytes_per_node(Value, count):.1f}" if count >= 10**5 else ""  # nodes are made in batches of thousands
        print(f"  {count:>9,}  {count / best:>10,.0f}  {used:>10}")


def chain(value: Any, count: int) -> Any:
    """A chain of `count` operations."""
    weight, bias = value(0.999), value(0.001)
    x = value(0.5)
    for _ in range(count // 2):
        x = x * weight + bias
    return x


def seconds(value: Any, count: int) -> float:
    """Time of building a chain, backward, and dropping it."""
    start = time.perf_counter()
    x = chain(value, count)
    x.backward()
    del x
    return time.perf_counter() - start


def bytes_per_node(value: Any, count: int) -> float:
    """Memory that tracemalloc sees per operation, after backward."""
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    x = chain(value, count)
    x.backward()
    used = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    del x
    return used / count


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15, help="rounds against XAD (default 15)")
    parser.add_argument("--micrograd-rounds", type=int, default=5, help="rounds against micrograd (default 5)")
    options = parser.parse_args()
    compare(options.rounds, options.micrograd_rounds)
    sizes()
