"""A tape replayed in floats is the eager computation again, to the bit; so is a tape that went through a file."""

import json
import math
import tempfile
from pathlib import Path

import pytest
from hypothesis import assume, given, settings

import autograd_lite
from autograd_lite import (
    COMPLEX,
    IEEE,
    RULES,
    RuleError,
    Tape,
    TapeError,
    Value,
    ieee,
    numpy_arithmetic,
    record,
    where,
)
from autograd_lite.recording import trace
from autograd_lite.testing import RAW, Instruction, Operation, Program, kink_points, operands, programs

MANY = settings(max_examples=4 * settings().max_examples)


def bits(numbers):
    return [float(number).hex() for number in numbers]


def assert_replays(program):
    leaves = program.leaves()
    out = program.run(leaves)
    out.backward()
    tape, nodes = trace([out], inputs=leaves)
    tape.validate()
    run = tape.evaluate()
    assert bits(run.values) == bits(node.data if isinstance(node, Value) else node for node in nodes)
    adjoints = run.adjoints()
    for index, node in enumerate(nodes):
        if isinstance(node, Value):
            assert adjoints[index].hex() == node.grad.hex(), tape.formula(index)


@MANY
@given(programs(RAW, domain=(-1e300, 1e300), kinks=True))
def test_replay_equals_eager_to_the_bit(program):
    assert_replays(program)


@MANY
@given(programs(RAW, domain=None))
def test_replay_equals_eager_to_the_bit_under_ieee_wherever_it_is_undefined(program):
    with ieee():
        assert_replays(program)


@given(programs(RAW, domain=None))
def test_ieee_never_raises(program):
    with ieee():
        gradient = program.gradient()
    assert len(gradient) == len(program.inputs)


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_each_rule_replays_to_the_bit_on_its_kinks_and_beside_them(rule):
    def replay(point):
        program = Program(point, (), (Instruction(Operation(rule.name), rule.arity - 1, 0),))
        with ieee():
            assert_replays(program)
        if rule.arity == 2:  # either operand a constant, and both the same node
            for shared in (
                Program(point[:1], point[1:], program.instructions),
                Program(point[:1], (), program.instructions),
            ):
                with ieee():
                    assert_replays(shared)

    for point in kink_points(rule):
        replay(point)
    given(operands(rule))(replay)()


@given(programs(RAW, domain=(-1e9, 1e9), kinks=True))
def test_a_tape_survives_its_file_to_the_bit(program):
    tape = program.tape()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tape.json"
        tape.save(path)
        again = Tape.load(path)
    assert again == tape
    assert bits(again.evaluate().adjoints()) == bits(tape.evaluate().adjoints())


NAMES = {name: getattr(autograd_lite, name) for name in autograd_lite.__all__}
PRINTABLE = [operation for operation in RAW if operation.name not in ("where", "identity")]
"""Not `where`: its condition is a number on the tape, but a test in a program. For `identity`, see below."""


@given(programs(PRINTABLE, domain=(-1e6, 1e6)))
def test_to_source_runs_and_gives_the_same_value(program):
    tape, names = program.tape(), dict(NAMES)
    exec(tape.to_source("f"), names)
    inputs = [tape.lines[i].data for i in tape.leaves]
    assert float(names["f"](*inputs)).hex() == tape.evaluate().outputs[0].hex()


def test_to_source_of_a_plus_sign_runs():
    names = dict(NAMES)
    exec(record(+Value(2.0, name="x")).to_source("f"), names)
    assert names["f"](2.0) == 2.0


# ---------------------------------------------------------------- other arithmetics


@given(programs(RAW, domain=(-1e3, 1e3)))
def test_a_numpy_batch_equals_the_samples_one_by_one(program):
    np = pytest.importorskip("numpy")
    tape = program.tape()
    rng = np.random.default_rng(0)
    inputs = [tape.lines[i].data * (1 + 1e-4 * rng.standard_normal(5)) for i in tape.leaves]
    batch = tape.evaluate(inputs, arithmetic=numpy_arithmetic())
    slopes = batch.adjoints()
    for sample in range(5):
        one = tape.evaluate([float(x[sample]) for x in inputs], arithmetic=IEEE)
        for together, alone in zip([*batch.values, *slopes], [*one.values, *one.adjoints()], strict=True):
            together = np.broadcast_to(np.asarray(together, dtype=float), (5,))[sample]
            scale = max(1.0, max(abs(v) for v in one.values), max(abs(v) for v in one.adjoints()))
            assert together == pytest.approx(alone, rel=1e-9, abs=1e-9 * scale, nan_ok=True)


ANALYTIC = {name: rule for name, rule in RULES.items() if name not in ("erf", "erfc", "gelu", "sign", "heaviside")}


@pytest.mark.parametrize("rule", ANALYTIC.values(), ids=ANALYTIC)
def test_the_complex_step_agrees_with_the_partials(rule):
    """Im f(x + ih) / h has no subtraction, so h can be 1e-30."""
    step = 1e-30

    @given(operands(rule, least=1e-2, limit=8.0, off_kinks=True))
    def search(point):
        assume(rule.name != "pow" or point[0] != 0)  # the edge of its domain: no complex number is beyond it
        program = Program(point, (), (Instruction(Operation(rule.name), rule.arity - 1, 0),))
        tape, slopes = program.tape(), program.gradient()
        for position, slope in enumerate(slopes):
            if not math.isfinite(slope) or abs(slope) > 1e6:
                continue  # the edge of a domain, or close to it
            moved = [complex(x, step * (i == position)) for i, x in enumerate(point)]
            out = complex(tape.evaluate(moved, arithmetic=COMPLEX).outputs[0])
            assert out.imag / step == pytest.approx(slope, rel=1e-9, abs=1e-12)

    search()


@pytest.mark.parametrize("name", ["erf", "erfc", "gelu"])
def test_complex_numbers_have_no_error_function_and_say_so(name):
    with pytest.raises(RuleError, match=r"erfc? is not available in complex"):
        record(getattr(Value(0.5), name)()).evaluate(arithmetic=COMPLEX)


# ---------------------------------------------------------------- tape files that are not


def document():
    x = Value(0.5, name="x")
    return record(x * 2 + where(x > 0, x.tanh(), 1.0))


def changed(**keys):
    def change(text):
        return json.dumps(json.loads(text) | keys)

    return change


def line(index, entry):
    def change(text):
        loaded = json.loads(text)
        loaded["lines"][index] = entry
        return json.dumps(loaded)

    return change


def without(key):
    def change(text):
        loaded = json.loads(text)
        del loaded[key]
        return json.dumps(loaded)

    return change


MALFORMED = {
    "empty": lambda text: "",
    "truncated": lambda text: text[: len(text) // 2],
    "not JSON": lambda text: "tape",
    "not UTF-8": lambda text: b"\xff\xfe\x00",
    "a list": lambda text: "[]",
    "a number": lambda text: "7",
    "another format": changed(format="autograd-lite checkpoint"),
    "another version": changed(version=2),
    "no version": without("version"),
    "no lines": without("lines"),
    "no outputs": without("outputs"),
    "no scopes": without("scopes"),
    "an unknown key": changed(extra=1),
    "lines that are no list": changed(lines=7),
    "lines that are null": changed(lines=None),
    "lines that are text": changed(lines="abc"),
    "lines that are an object": changed(lines={"0": 1}),
    "outputs that are no list": changed(outputs=0),
    "outputs out of range": changed(outputs=[10**6]),
    "negative outputs": changed(outputs=[-1]),
    "outputs that are floats": changed(outputs=[1.0]),
    "outputs that are bools": changed(outputs=[True]),
    "scopes of the wrong shape": changed(scopes=[["a", [0]]]),
    "scopes out of range": changed(scopes=[["a", [0], [999]]]),
    "an unknown rule": line(2, ["explode", [0], 1.0, "", False]),
    "a rule that is a list": line(2, [["mul"], [0, 1], 1.0, "", False]),
    "a rule that is a number": line(2, [7, [0, 1], 1.0, "", False]),
    "a line that refers forward": line(2, ["mul", [0, 5], 1.0, "", False]),
    "a line that refers to itself": line(2, ["mul", [0, 2], 1.0, "", False]),
    "a negative reference": line(2, ["mul", [0, -1], 1.0, "", False]),
    "too few operands": line(2, ["mul", [0], 1.0, "", False]),
    "too many operands": line(2, ["tanh", [0, 1], 1.0, "", False]),
    "a leaf with operands": line(2, ["", [0], 1.0, "", False]),
    "a constant with a rule": line(2, ["mul", [0, 1], 1.0, "", True]),
    "a short line": line(2, ["mul", [0, 1]]),
    "a line that is null": line(2, None),
    "a number that is text": line(0, ["", [], "0.5", "x", False]),
    "a number that is true": line(0, ["", [], True, "x", False]),
    "a number that is a list": line(0, ["", [], [1.0], "x", False]),
    "a name that is a number": line(0, ["", [], 0.5, 7, False]),
    "a number of 400 digits": line(0, ["", [], 10**400, "x", False]),
    "a number of 5000 digits": lambda text: text.replace("0.5", "1" + "0" * 5000, 1),
    "a key twice": lambda text: text.replace('{"format"', '{"version": 7, "format"'),
    "nested too deep": lambda text: "[" * 200_000,
}


@pytest.mark.parametrize("change", MALFORMED.values(), ids=MALFORMED)
def test_a_malformed_tape_file_is_refused_by_name(change, tmp_path):
    path = tmp_path / "broken.json"
    document().save(path)
    text = change(path.read_text())
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(TapeError, match=r"broken\.json"):
        Tape.load(path)


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf, -0.0, 5e-324, 1.7976931348623157e308, 0.1])
def test_every_float_survives_the_file(number, tmp_path):
    with ieee():
        tape = record(Value(number, name="x") * 1.0)
    tape.save(tmp_path / "tape.json")
    assert bits([Tape.load(tmp_path / "tape.json").lines[0].data]) == bits([number])


def test_saving_over_a_file_that_cannot_be_written_leaves_the_old_one(tmp_path):
    path = tmp_path / "tape.json"
    document().save(path)
    before = path.read_text()
    broken = Tape(document().lines, (99,))
    with pytest.raises(TapeError):
        broken.save(path)
    assert path.read_text() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["tape.json"]
