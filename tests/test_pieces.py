"""The tree by which a computation is opened, and the picture of hand-written code: what holds for every graph."""

import random
import sys
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest
from counting import counted
from hypothesis import example, given
from hypothesis import strategies as st

import nn
from autograd_lite.context import ieee
from autograd_lite.errors import InputError
from autograd_lite.recording import record
from autograd_lite.scopes import in_scope, scopes_of
from autograd_lite.value import Value
from autograd_lite.view import draw
from autograd_lite.view.fold import homes
from autograd_lite.view.pieces import pieces_of
from autograd_lite.view.pieces.structure import structure_of

sys.path.insert(0, str(Path(__file__).parent.parent / "benchmarks"))

from scalar_gpt import GPT, tokenize

MOST = 24


def moons(samples, hidden, *, named=False):
    """Returns micrograd's loss on two moons, as its loops compute it, without any net class."""
    rng = random.Random(1)
    widths = [2, hidden, hidden, 1]

    def value(name, data):
        return Value(data, name=name if named else "")

    layers = [
        [([value(f"w{i}", rng.uniform(-1, 1)) for i in range(fan_in)], value("b", 0.0)) for _ in range(fan_out)]
        for fan_in, fan_out in pairwise(widths)
    ]
    losses = []
    for _ in range(samples):
        x, label = [value("x0", rng.gauss(0, 1)), value("x1", rng.gauss(0, 1))], rng.choice([-1, 1])
        for layer in layers:
            x = [sum((wi * xi for wi, xi in zip(w, x, strict=True)), b) for w, b in layer]
            x = [xi.relu() for xi in x] if layer is not layers[-1] else x
        losses.append((1 + -label * x[0]).relu())
    parameters = [p for layer in layers for w, b in layer for p in (*w, b)]
    return sum(losses) * (1.0 / samples) + 1e-4 * sum(p * p for p in parameters)


def gpt():
    return GPT(1).document_loss(tokenize("amy"))


def chain(length):
    value = Value(1.0, name="start")
    for i in range(length):
        value = value.tanh() if i % 2 else value + 1
    return value


def mlp():
    net = nn.MLP(2, [16, 16, 1])
    return sum((1 - net([Value(0.1 * i), Value(0.2)])).relu() for i in range(30))


def caterpillar(length):
    """Returns a recurrence that takes in something of its own at each step."""
    state = Value(0.1)
    for _ in range(length):
        state = (state * 0.9 + (Value(0.5) * 0.3 + 0.1).tanh().exp()).tanh()
    return state


# ---------------------------------------------------------------- what holds for every graph


def children_of(pieces):
    """Returns for each piece, and for the top, how many lines and pieces are directly in it."""
    return Counter(pieces.parents) + Counter(pieces.home)


def path_of(pieces, line):
    path, at = [("line", line)], pieces.home[line]
    while at is not None:
        path.append(at)
        at = pieces.parents[at]
    return path[::-1]


def assert_acyclic(arrows):
    """Asserts that pairs (from, to) have no cycle."""
    arrows = {*arrows}
    waits, users = Counter(target for _, target in arrows), {}
    for source, target in arrows:
        users.setdefault(source, []).append(target)
    ready = [node for node in {node for pair in arrows for node in pair} if not waits[node]]
    done = 0
    while ready:
        node = ready.pop()
        done += 1
        for user in users.get(node, []):
            waits[user] -= 1
            if not waits[user]:
                ready.append(user)
    assert done == len({node for pair in arrows for node in pair})


def assert_well_formed(tape, pieces, *, most=MOST, scopes=()):
    assert len(pieces.names) == len(pieces.parents)
    assert len(pieces.home) == len(tape)
    assert all(parent is None or 0 <= parent < piece for piece, parent in enumerate(pieces.parents))
    assert all(home is None or 0 <= home < len(pieces.names) for home in pieces.home)
    count = children_of(pieces)
    assert all(count[piece] for piece in range(len(pieces.names))), "no piece is empty"
    for piece, children in count.items():
        roomy = piece is None or pieces.names[piece] in scopes
        assert children <= (61 if roomy else most + 1), (piece, children)
    paths = [path_of(pieces, line) for line in range(len(tape))]
    arrows = set()
    for line in tape.lines:
        for operand in line.operands:
            source, target = paths[operand], paths[line.index]
            shared = next(i for i, (a, b) in enumerate(zip(source, target, strict=False)) if a != b)
            arrows.add((source[shared], target[shared]))
    assert_acyclic(arrows)


STEPS = st.tuples(st.integers(0, 7), st.integers(0, 30), st.integers(0, 30))


def grown(steps, repeats):
    """Returns a few results of a random program; what is drawn is done several times over, on other leaves."""
    shared = [Value(0.3, name="w0"), Value(0.4, name="w1")]
    ends = []
    for _ in range(repeats):
        made = [*shared, Value(0.5), Value(0.6, name="x")]
        for op, i, j in steps:
            x, y = made[-1 - i % len(made)], made[-1 - j % len(made)]
            results = {
                0: lambda x, y: [x + y],
                1: lambda x, y: [x * y],
                2: lambda x, _: [x.tanh()],
                3: lambda x, _: [x * 0.5 + 1],
                4: lambda x, y: [in_scope("cell", lambda a, b: (a * b + a).tanh(), x, y)],
                5: lambda x, y: in_scope("pair", lambda a, b: [a.sin() + b, (a - b).exp().tanh()], x, y),
                6: lambda x, y: [sum(x * v for v in (x, y, *shared))],
                7: lambda x, y: [in_scope("outer", lambda a, b: in_scope("cell", lambda c: c.sin() * c, a) + b, x, y)],
            }[op](x, y)
            made += results
        ends.append(made[-1])
        ends += made[-2:-1] if steps and steps[0][1] % 2 else []
    return [sum(ends)] if repeats % 2 else ends


@given(st.lists(STEPS, max_size=40), st.integers(1, 9), st.integers(4, 24))
@example([(6, 0, 1)] * 30, 9, 4)
@example([(4, 0, 0)] * 40, 3, 4)
def test_for_any_graph_the_tree_is_well_formed_small_and_without_a_cycle(steps, repeats, most):
    tape = record(*grown(steps, repeats))
    pieces = pieces_of(tape, most=most)
    assert_well_formed(tape, pieces, most=most, scopes=("cell", "pair", "outer"))
    assert pieces == pieces_of(tape, most=most)


@given(st.lists(STEPS, max_size=40), st.integers(1, 9))
def test_any_graph_can_be_drawn_and_no_value_is_lost(steps, repeats):
    view = draw(*grown(steps, repeats))
    assert sorted(line for node in view.nodes for line in node.lines) == list(range(view.total))
    assert len({node.id for node in view.nodes}) == len(view.nodes)
    assert view.svg(engine="builtin").count("data-node=") == len(view.nodes)
    assert view.text


@given(st.lists(STEPS, max_size=60), st.integers(2, 9))
@example([(1, i, 3 * i) for i in range(30)] + [(3, i, 0) for i in range(30)], 9)
def test_the_picture_of_what_happens_in_parallel_has_no_cycle_for_any_graph(steps, repeats):
    with ieee():
        tape = record(*grown(steps, repeats))
    scopes = scopes_of(tape)
    groups = structure_of(tape, scopes, homes(tape, scopes)).groups
    arrows = ((groups[operand], groups[line.index]) for line in tape.lines for operand in line.operands)
    assert_acyclic(pair for pair in arrows if pair[0] != pair[1])


LARGE = {
    "moons": lambda: moons(30, 16),
    "gpt": gpt,
    "chain": lambda: chain(5_000),
    "sum": lambda: sum(map(Value, range(10_000))),
    "caterpillar": lambda: caterpillar(800),
}


@pytest.mark.parametrize("make", LARGE.values(), ids=LARGE)
def test_large_hand_written_code_opens_in_small_steps_and_is_drawn_in_sixty_nodes(make):
    root = make()
    tape = record(root)
    assert_well_formed(tape, pieces_of(tape))
    view = draw(root)
    assert len(view.nodes) <= 60
    assert sum(len(node.lines) for node in view.nodes) == view.total == len(tape)
    assert all(node.kind != "rest" for node in view.nodes)
    assert_acyclic((edge.source, edge.target) for edge in view.edges)


def test_nets_with_scopes_keep_them():
    tape = record(mlp())
    pieces = pieces_of(tape)
    scopes = {"mlp", "layer0", "layer1", "layer2", *(f"neuron{i}" for i in range(16))}
    assert_well_formed(tape, pieces, scopes=scopes)
    assert Counter(pieces.names)["mlp"] == 30
    inside = {pieces.names[p] for p, parent in enumerate(pieces.parents) if parent and pieces.names[parent] == "mlp"}
    assert inside == {"layer0", "layer1", "layer2"}


def test_a_scope_that_reads_what_its_own_result_made_has_its_place_too():
    inner = Value(2.0).exp()
    out = in_scope("closure", lambda w: w + inner, inner * 2)
    for _ in range(70):
        out = out.tanh()
    pieces = pieces_of(record(out))
    assert "closure" in pieces.names


def test_several_outputs_and_outputs_that_are_leaves():
    shared = [Value(float(i), name=f"x{i}") for i in range(40)]
    outs = [sum(x * Value(0.1) for x in shared) for _ in range(50)]
    tape = record(*outs, *shared)
    assert_well_formed(tape, pieces_of(tape))


# ---------------------------------------------------------------- small ones, names, limits


def test_up_to_sixty_lines_nothing_is_cut():
    tape = record(chain(39))
    assert len(tape) <= 60
    assert pieces_of(tape).names == ()


def test_a_small_scope_is_left_whole():
    pieces = pieces_of(record(in_scope("all", lambda x: (x * 2 + 1).tanh(), Value(1.0))))
    assert pieces.names == ("all",)


def test_sixteen_neurons_in_loops_are_one_piece_of_sixteen():
    rng = random.Random(0)
    x = [Value(rng.random(), name=f"x{i}") for i in range(3)]
    out = []
    for _ in range(16):
        w = [Value(rng.random(), name=f"w{i}") for i in range(3)]
        out.append(sum((wi * xi for wi, xi in zip(w, x, strict=True)), Value(0.0, name="b")).relu())
    pieces = pieces_of(record(sum(out)))
    group = pieces.names.index("16 × relu of sum of w*x + b")
    instances = [pieces.names[p] for p, parent in enumerate(pieces.parents) if parent == group]
    assert instances == [f"{i}: relu of sum of w*x + b" for i in range(1, 17)]


def test_the_leaves_that_all_samples_share_are_put_together():
    pieces = pieces_of(record(moons(30, 16)))
    names = [name for name, parent in zip(pieces.names, pieces.parents, strict=True) if parent is None]
    assert any(name.endswith(" leaves") for name in names)
    assert "30 × relu of 1 + c*(sum of … + b)" in names


def test_runs_of_leaves_are_called_by_the_first_and_the_last():
    w = [Value(0.1, name=f"w[{i}]") for i in range(100)]
    once, twice = sum(x * 2.0 for x in w), sum(x * 3.0 + 1.0 for x in w)
    names = pieces_of(record(once * twice)).names
    assert any(name.startswith("w[0]..w[") for name in names)


@pytest.mark.parametrize("most", [3, -1, True, 2.5, "many"])
def test_a_limit_that_makes_no_sense_is_refused(most):
    with pytest.raises(InputError, match="most="):
        pieces_of(record(Value(1.0).exp()), most=most)


def test_a_hostile_name_is_no_trouble():
    x = [Value(float(i), name="<script>\n\ud800" + "x" * 5_000) for i in range(80)]
    root = sum(v * 2.0 for v in x)
    assert all(len(name) < 200 for name in pieces_of(record(root)).names)
    assert draw(root).svg(engine="builtin")


def test_work_grows_like_the_graph():
    small, large = record(moons(10, 8)), record(moons(100, 8))
    pieces_of(small)  # what is imported at first use is not counted
    growth = len(large) / len(small)
    assert growth > 8
    assert counted(lambda: pieces_of(large)) < 1.5 * growth * counted(lambda: pieces_of(small))


@pytest.mark.slow
def test_a_chain_of_a_hundred_thousand_operations_needs_no_recursion():
    tape = record(chain(100_000))
    assert max(children_of(pieces_of(tape)).values()) <= MOST + 1


def test_depth_grows_like_the_logarithm():
    pieces = pieces_of(record(caterpillar(3_000)))
    depth = []
    for parent in pieces.parents:
        depth.append(1 if parent is None else depth[parent] + 1)
    assert max(depth) <= 12


def test_the_picture_of_moons_tells_its_layers():
    root = moons(100, 16)
    root.backward()
    view = draw(root)
    shown = {(node.repeats, node.name) for node in view.nodes}
    assert {(3_200, "w*x"), (1_600, "relu(x)"), (25_600, "w*x"), (337, "x*x"), (200, "leaves")} <= shown
    assert "100 × relu of 1 + c*(sum of … + b)" in {box.name for box in view.boxes}
    assert "1,600 × w*x" in view.text
