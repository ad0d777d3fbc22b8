"""Array programs as text: what a student reads, exactly for small programs, by its words for bigger ones."""

import functools
import random
import re
import sys
from pathlib import Path

import numpy as np
import pytest

import nn
from autograd_lite import Value, lift, lift_graph, maximum, stop_gradient
from autograd_lite.extend import define_rule
from autograd_lite.lift import Instruction, Program
from autograd_lite.lift.blocks import Blocks
from autograd_lite.lift.indexing import part
from autograd_lite.lift.listing import listing
from autograd_lite.lift.program import Builder

sys.path.append(str(Path(__file__).parents[1] / "benchmarks"))


def polynomial():
    a, b, c = (Value(data, name=name) for data, name in ((1.0, "a"), (2.0, "b"), (3.0, "c")))
    return lift(lambda x: a * x**2 + b * x + c, [a, b, c], example=(2.0,))


def least_squares():
    w, b = [Value(0.1 * i) for i in range(5)], Value(0.0)

    def loss(x, y):
        predicted = sum((p * q for p, q in zip(w, x, strict=True)), b)
        return (predicted - y) ** 2 + 0.01 * sum(p * p for p in w)

    return lift(loss, [*w, b], example=([1.0, 2.0, 3.0, 4.0, 5.0], 0.5))


def moons():
    model = nn.MLP(2, [16, 16, 1], rng=1)
    return lift(lambda x, y: (1 - y * model(x)).relu(), model.parameters(), example=([0.5, 1.0], 1.0))


def moons_batch():
    model, rng = nn.MLP(2, [16, 16, 1], rng=1), random.Random(0)
    samples = [([rng.gauss(0, 1), rng.gauss(0, 1)], rng.choice([-1.0, 1.0])) for _ in range(20)]
    losses = [(1 - y * model([Value(number) for number in x])).relu() for x, y in samples]
    penalty = 1e-4 * sum(p * p for p in model.parameters())
    return lift_graph(sum(losses) * (1 / len(losses)) + penalty, model.parameters())


def digits():
    model = nn.MLP(64, [32, 10], rng=1)
    loss = lambda x, y: nn.softmax_cross_entropy(model(x), y)  # noqa: E731
    return lift(loss, model.parameters(), example=([0.1] * 64, 3))


def convolution():
    rng = random.Random(0)
    kernel = [[[Value(rng.gauss(0, 1), f"kernel{f}.w{i}{j}") for j in range(3)] for i in range(3)] for f in range(4)]
    bias = [Value(0.0, f"kernel{f}.b") for f in range(4)]
    head = [[Value(rng.gauss(0, 1), f"head.w{o}_{i}") for i in range(144)] for o in range(10)]

    def loss(x, y):
        features = [
            sum((kernel[f][i][j] * x[r + i][c + j] for i in range(3) for j in range(3)), bias[f]).relu()
            for f in range(4)
            for r in range(6)
            for c in range(6)
        ]
        return nn.softmax_cross_entropy([sum(w * h for w, h in zip(row, features, strict=True)) for row in head], y)

    parameters = [*(w for filters in kernel for row in filters for w in row), *bias, *(w for row in head for w in row)]
    return lift(loss, parameters, example=([[0.1 * r + 0.01 * c for c in range(8)] for r in range(8)], 3))


@functools.cache
def gpt():
    import scalar_gpt

    model = scalar_gpt.GPT(1)
    return lift(model.document_loss, model.parameters(), example=(list(range(9)),))


EXACT = {
    polynomial: """\
4 instructions; 3 parameters; x (batch)
out = a * x ** 2 + b * x + c    (batch)""",
    least_squares: """\
6 instructions; 6 parameters; x (batch, 5), y (batch)
out = (x @ w1 + b1 - y) ** 2 + 0.01 * sum(w1 ** 2)    (batch)""",
    moons: """\
11 instructions; 337 parameters; x (batch, 2), y (batch)
layer0 = relu(x @ layer0.w.T + layer0.b)         (batch, 16)
layer1 = relu(layer0 @ layer1.w.T + layer1.b)    (batch, 16)
layer2 = layer1 @ layer2.w + layer2.b            (batch)
out    = relu(1 - y * layer2)                    (batch)""",
    moons_batch: """\
16 instructions; 337 parameters; captured (40)
layer0 = relu(captured @ layer0.w.T + layer0.b)           (20, 16)
layer1 = relu(layer0 @ layer1.w.T + layer1.b)             (20, 16)
layer2 = layer1 @ layer2.w + layer2.b                     (20)
h1     = 0.05 * sum(relu(1 - [1, 1, 1, ...] * layer2))    ()
out    = 0.0001 * sum(parameters ** 2) + h1               ()""",
    digits: """\
13 instructions; 2,410 parameters; x (batch, 64), y (batch)
layer0 = relu(x @ layer0.w.T + layer0.b)       (batch, 32)
layer1 = layer0 @ layer1.w.T + layer1.b        (batch, 10)
h1     = layer1 - max(layer1, axis=-1)         (batch, 10)
out    = log(sum(exp(h1), axis=-1)) - h1[y]    (batch)""",
}


@pytest.mark.parametrize("make", EXACT, ids=lambda make: make.__name__)
def test_small_programs_read_like_this(make):
    assert str(make().program) == EXACT[make]


def test_a_convolution_names_its_kernel_and_shows_its_channels():
    text = str(convolution().program)
    assert "relu(gather(x, 324 from 64) @ kernel.w.T + kernel.b)" in text
    assert "(batch, 36, 4)" in text
    assert "@ head.w.T" in text


def test_a_gpt_fits_on_half_a_page():
    text = str(gpt().program)
    lines = text.splitlines()
    assert 10 <= len(lines) <= 35
    assert max(map(len, lines)) <= 110
    for words in ("wte[tokens[:8]] + wpe[:8]", "[query; key; value].T", "mixed.T", "up.T", "down.T", "head.T"):
        assert words in text
    assert re.search(r"(h\d+)\.query @ \1\.key\.T +\(batch, 4, 8, 8\)", text)
    assert re.search(r"segment_softmax\(.*, 32 runs\)", text)
    assert re.search(r"= softmax\(\w+ @ head\.T, axis=-1\) +\(batch, 8, 27\)", text)


def test_products_of_gradients_turn_the_right_operand():
    text = str(moons().forms[0].paths[0].gradient)
    shapes = dict(re.findall(r"(\w+) += .*?\((?:batch, )?([\d, ]*)\)$", text, flags=re.MULTILINE))
    products = re.findall(r"^(\w+) += (\w+)\.T @ (layer0|layer1|x) ", text, flags=re.MULTILINE)
    assert len(products) == 2  # d W is an outer product summed over the batch
    for out, left, right in products:
        columns = {"x": "2"}.get(right, shapes.get(right))
        assert shapes[out] == ", ".join(filter(None, [shapes[left], columns]))
    assert text.splitlines()[-1].startswith("gradient = place(")


def test_something_like_a_softmax_is_not_called_one():
    exact = lift(lambda x: nn.softmax(x), example=([1.0, 2.0, 3.0],))
    assert "softmax" in str(exact.program)

    def shifted(x):
        exps = [(z - x[0]).exp() for z in x]
        return [e / sum(exps) for e in exps]

    def unshifted(x):
        exps = [z.exp() for z in x]
        return [e / sum(exps) for e in exps]

    def another(x):
        exps = [(z - stop_gradient(maximum(x[1], x[2]))).exp() for z in x]
        return [e / sum(exps) for e in exps]

    for other in (shifted, unshifted, another):
        assert "softmax" not in str(lift(other, example=([1.0, 2.0, 3.0],)).program)


HOSTILE = ["two\nlines", "{x}", "<script>alert(1)</script>", "w" * 5000, "\u202eabc", "'\"\\", "x = 1", "", "h1", "out"]


@pytest.mark.parametrize("name", HOSTILE, ids=lambda name: ascii(name[:12]))
def test_any_name_is_kept_short_and_on_one_line(name):
    w = [Value(1.0 + i, name=name) for i in range(3)]
    lifted = lift(lambda x, y: (sum(p * q for p, q in zip(w, x, strict=True)) - y) ** 2, w)
    lifted([[1.0, 2.0, 3.0]], [1.0])
    text = str(lifted.program)
    assert len(text.splitlines()) == 2
    assert max(map(len, text.splitlines())) <= 110
    assert text.isprintable() or set(text) - {"\n"} == {c for c in text if c.isprintable()}
    assert "<script>" not in lifted.program._repr_html_()


def test_names_of_results_do_not_clash_with_those_of_parameters():
    w = [Value(1.0 + i, name=f"h{i}") for i in range(3)]
    model = lambda x: (sum(p * q for p, q in zip(w, x, strict=True)) * w[1]).exp() ** 2 + w[2]  # noqa: E731
    text = str(lift(model, w, example=([1.0, 2.0, 3.0],)).program)
    assigned = re.findall(r"^(\w+) +=", text, flags=re.MULTILINE)
    assert not {"h0", "h1", "h2"} & set(assigned)
    assert len(assigned) == len(set(assigned))


def test_listing_is_deterministic():
    assert str(digits().program) == str(digits().program)
    assert str(gpt().program) == str(gpt().program)


def test_whatever_is_odd_is_listed_plainly():
    rows = (Instruction("weird", (), (2,), True), Instruction("map", (0,), (2,), True, ("((", ("x",), ())))
    assert listing(Program(rows, (1,))).splitlines() == [
        "2 instructions",
        "v0 = weird()       (batch, 2)",
        "v1 = map(v0) ((    (batch, 2)",
    ]
    assert listing(Program((), ())) == "0 instructions"


def test_an_input_or_a_number_can_be_the_result():
    assert str(lift(lambda x: x, example=(1.0,)).program).endswith("out = x    (batch)")
    assert str(lift(lambda x: 3.0, example=(1.0,)).program).endswith("out = 3    (batch)")
    assert "outer(x, x)" in str(lift(lambda x: [[p * q for p in x] for q in x], example=([1.0, 2.0],)).program)


def test_slices_of_an_array_say_which():
    builder = Builder()
    x = builder.add("input", (), (6,), batched=True)
    both = builder.map("exp(x)", (), x=x)
    first, rest = (builder.add("view", (both,), (3,), detail=part(start, 3)) for start in (0, 3))
    text = str(builder.program([builder.map("x * y", (), x=first, y=rest)]))
    assert text.splitlines()[-1].startswith("out  = exp1[..., 0:3] * exp1[..., 3:6]")


def long_chain(count):
    builder = Builder()
    x = builder.reshape(builder.add("input", (), (1,), batched=True), ())
    for i in range(count):
        x = builder.map(("sin(x)", "x * 2.0", "x ** 2.0")[i % 3], ("1",), x=x)
    return builder.program([x])


def test_long_programs_are_cut_in_the_middle():
    lines = str(long_chain(3000)).splitlines()
    assert len(lines) <= 130
    assert any("lines more" in line for line in lines)
    assert max(map(len, lines)) <= 110


def test_formulas_of_many_operands_stay_on_their_line():
    builder = Builder()
    x = builder.add("input", (), (300,), batched=True)
    terms = {f"x{i}": builder.map(f"sin(x) * {i}.5", (), x=x) for i in range(300)}
    text = str(builder.program([builder.map(" + ".join(terms), (), **terms)]))
    assert max(map(len, text.splitlines())) <= 110


def test_blocks_go_by_the_family_of_their_elements():
    blocks = Blocks([*(f"key{i}_{j}" for i in range(4) for j in range(2)), *(f"b{i}" for i in range(3))])
    assert blocks.families() == {"key": (4, 2), "b": (3,)}
    assert blocks.called(range(8)) == "key"
    assert blocks.called(range(4)) == "key[:2]"
    assert blocks.called([2, 4]) == "key[1:3, 0]"
    assert blocks.called([0, 3]) == "key[...]"
    assert blocks.called([3]) == "key1_1"
    assert blocks.called(range(11)) == "[key; b]"
    assert Blocks(["", ""]).called([0]) == ""


def loss(x, y):
    return (x - y) ** 2


def test_nothing_recorded_is_said():
    assert str(lift(loss)) == "loss: nothing recorded yet; call it once, or use lift(..., example=(x, y))"
    assert repr(lift(loss)) == "<Lifted loss; print it to see what it became>"
    assert str(lift(functools.partial(loss, y=1.0))).startswith("partial: ")


def test_print_tells_forms_sizes_and_ways():
    w = Value(1.0, name="w")

    def bent(x, y):
        h = w * x
        return ((h.exp() if h > 0 else h) - y) ** 2

    lifted = lift(bent, [w])
    lifted([1.0, -1.0, 2.0], [0.0, 1.0, 2.0])
    assert (
        str(lifted)
        == """\
bent(x: number, y: number)
  2 ways through 1 comparison, of which the first is shown
4 instructions from 4 scalar operations; 1 parameter; x (batch), y (batch)
out = (exp(w * x) - y) ** 2    (batch)"""
    )


def test_every_form_is_listed_with_what_a_sample_is():
    lifted = lift(lambda rows, scale=1: sum(v * v for row in rows for v in row) * scale)
    lifted(np.ones((2, 2, 3)), scale=2)
    lifted([[[1.0], [2.0, 3.0]]])
    first, second = str(lifted).split("\n\n")
    assert first.startswith("function(rows: 2 x 3 numbers, scale=2)")
    assert second.startswith("function(rows: 2 lists)")


def test_rules_in_python_are_reported_as_not_lifted():
    step = define_rule("step_up", lambda x: x + 1.0, lambda x, out: 1.0, check=[0.5])
    text = str(lift(lambda x: step(x) * 2, example=(1.0,)))
    assert "not lifted: Python functions, called element by element: step_up\n" in text
    assert "2 * step_up(x)" in text


def test_samples_left_to_the_scalar_engine_are_counted():
    lifted = lift(loss, example=(1.0, 2.0))
    lifted.forms[0].failures = 1234
    assert "not lifted: 1,234 samples, which took yet other ways, ran in the scalar engine" in str(lifted)
