"""The tape: what it lists, that it can be run again in any arithmetic, checked, saved whole and read back exactly."""

import builtins
import dataclasses
import json
import math
import os
import random
from fractions import Fraction

import pytest

from autograd_lite import (
    FLOAT,
    FRACTION,
    IEEE,
    RULES,
    VALUE,
    DomainError,
    OperandError,
    Tape,
    TapeError,
    Value,
    define_rule,
    ieee,
    record,
    scoped,
    where,
    write_whole,
)
from autograd_lite.functions import FUNCTION_TABLE
from autograd_lite.tape import Back, Line, ScopeMark


def sample():
    """Returns leaves, interiors and root of a small graph with every kind of line."""
    a, b = Value(-4.0, name="a"), Value(2.0, name="b")
    unnamed = Value(0.5)
    product = a * b
    product.name = "p"
    root = (product + b**3).tanh() + where(a < 0, unnamed / 3, b) - b.maximum(0.25) + 2.0 ** (b * 1)
    return (a, b, unnamed), root


# ---------------------------------------------------------------- what it shows


def test_the_listing_shows_names_formulas_kinds_and_numbers():
    a, b = Value(-4.0, name="a"), Value(2.0, name="b")
    c = a * b
    c.name = "c"
    assert str(record(c + b**3)).splitlines() == [
        "v0 = a            leaf             -4.0",
        "v1 = b            leaf              2.0",
        "v2 = c = a * b                     -8.0",
        "v3 = 3.0          constant          3.0",
        "v4 = b ** v3                        8.0",
        "v5 = c + v4       output            0.0",
    ]


@pytest.mark.parametrize(
    ("make", "formula"),
    [
        (lambda a, b: a * b, "a * b"),
        (lambda a, b: a**b, "a ** b"),
        (lambda a, _: -a, "-a"),
        (lambda a, _: +a, "+a"),
        (lambda a, b: a.hypot(b), "hypot(a, b)"),
        (lambda a, _: a.tanh(), "tanh(a)"),
        (lambda a, b: where(a > 0, a, b), "where(v2, a, b)"),
        (lambda a, _: 2 - a, "v1 - a"),
    ],
)
def test_a_formula_is_written_as_in_a_program(make, formula):
    tape = record(make(Value(1.0, name="a"), Value(2.0, name="b")))
    shown = tape.formula(tape.outputs[0])
    assert shown == formula


def test_the_formula_of_a_leaf_is_its_name_and_of_a_constant_its_number():
    tape = record(Value(1.0, name="a") * 2.5)
    assert [tape.formula(i) for i in range(3)] == ["a", "2.5", "a * v1"]


def test_an_empty_listing_is_never_made_because_recording_nothing_is_refused():
    with pytest.raises(OperandError, match=r"record\(\) needs at least one Value"):
        record()


@pytest.mark.parametrize("thing", [3.0, None, "x", [Value(1.0)]], ids=repr)
def test_only_values_are_recorded(thing):
    with pytest.raises(OperandError, match=rf"record\(\.\.\.\): {type(thing).__name__} .* is not a Value"):
        record(thing)


def test_a_leaf_alone_is_a_tape_of_one_line():
    tape = record(Value(2.0, name="x"))
    assert (len(tape), tape.leaves, tape.outputs, tape.sweep) == (1, (0,), (0,), ())
    assert tape.evaluate([5.0]).gradients() == {"x": 1.0}


# ---------------------------------------------------------------- its source


def executed(tape):
    namespace = {**FUNCTION_TABLE, "abs": abs, "round": round, "where": where, "nan": math.nan, "inf": math.inf}
    namespace["identity"] = lambda x: x
    exec(tape.to_source(), namespace)
    return namespace["f"]


def test_the_source_executes_and_gives_the_same_numbers():
    leaves, root = sample()
    function = executed(record(root))
    assert function(*[leaf.data for leaf in leaves]) == root.data
    fresh = [Value(leaf.data) for leaf in leaves]
    function(*fresh).backward()
    root.backward()
    assert [leaf.grad for leaf in fresh] == [leaf.grad for leaf in leaves]


@pytest.mark.parametrize(
    "name",
    [
        "v2",
        "v1",
        "lambda",
        "class",
        "tanh",
        "nan",
        "inf",
        "None",
        "f",
        "not a name",
        "1x",
        "é",
        "x",
        "",
        "abs",
        "print",
    ],
)
def test_the_source_is_right_whatever_the_leaves_are_called(name):
    a, b = Value(2.0, name=name), Value(3.0, name="y")
    root = (a * b + a).tanh() * abs(a) + a * math.inf * 0 if name == "inf" else (a * b + a).tanh() * abs(a)
    assert repr(executed(record(root))(2.0, 3.0)) == repr(root.data)


def test_leaves_that_share_a_name_get_different_arguments():
    a, b = Value(2.0, name="w"), Value(3.0, name="w")
    assert executed(record(a - b))(2.0, 3.0) == -1.0


def test_a_negative_constant_keeps_its_sign_under_a_power():
    root = (-2.0) ** Value(2.0, name="x")
    assert "(-2.0) ** x" in record(root).to_source()
    assert executed(record(root))(2.0) == root.data == 4.0


def test_the_source_of_several_outputs_returns_them_all():
    x = Value(2.0, name="x")
    assert executed(record(x * 2, x, x + 1))(5.0) == (10.0, 5.0, 6.0)


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_every_rule_has_an_executable_source(rule):
    operands = [Value(1.5 if rule.name == "arccosh" else 0.5), Value(0.25)][: rule.arity]
    root = where(1.0, *operands) if rule.name == "where" else VALUE.value(rule)(*operands)
    assert executed(record(root))(*[v.data for v in operands]) == root.data


# ---------------------------------------------------------------- inputs


def tape_of_two():
    return record(Value(3.0, name="x") * Value(4.0, name="y") + Value(1.0))


@pytest.mark.parametrize(
    ("inputs", "expected"),
    [
        (None, 13.0),
        ({}, 13.0),
        ({"x": 5.0}, 21.0),
        ({"x": 5.0, "y": 2}, 11.0),
        ({0: 5.0}, 21.0),
        ([5.0, 6.0, 7.0], 37.0),
        ((5.0, 6.0, 7.0), 37.0),
    ],
    ids=repr,
)
def test_inputs_are_given_by_name_by_line_or_in_order(inputs, expected):
    assert tape_of_two().evaluate(inputs).outputs == (expected,)


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({"z": 1.0}, r"'z' is not a leaf of this tape; its leaves are x, y, v\d"),
        ({2: 1.0}, r"2 is not a leaf of this tape"),
        ({99: 1.0}, r"99 is not a leaf"),
        ({None: 1.0}, r"None is not a leaf"),
        ({"": 1.0}, r"'' is not a leaf"),
        ({Value(1.0): 1.0}, r"Value\(data=1\.0.*\) is not a leaf"),
        ([1.0], r"got 1 inputs for 3 leaves: x, y, v\d"),
        ([1.0] * 4, r"got 4 inputs for 3 leaves"),
    ],
    ids=repr,
)
def test_an_input_that_is_no_leaf_is_refused_with_the_leaves(inputs, message):
    with pytest.raises(TapeError, match=message):
        tape_of_two().evaluate(inputs)


def test_a_name_that_two_leaves_share_is_refused_with_their_lines():
    tape = record(Value(1.0, name="w") + Value(2.0, name="w"))
    with pytest.raises(TapeError, match=r"2 leaves are called 'w'; use line indices: \[0, 1\]"):
        tape.evaluate({"w": 1.0})
    assert tape.evaluate({0: 5.0}).outputs == (7.0,)
    assert tape.evaluate().gradients() == {"v0": 1.0, "v1": 1.0}


@pytest.mark.parametrize("bad", ["1", None, True, [1.0], Value(1.0)], ids=repr)
def test_an_input_over_floats_is_a_real_number(bad):
    with pytest.raises(OperandError, match=r"input 'x': .* is not a real number"):
        tape_of_two().evaluate({"x": bad})


def test_many_leaves_are_listed_in_part():
    tape = record(sum((Value(1.0, name=f"w{i}") for i in range(50)), Value(0.0)))
    with pytest.raises(TapeError, match=r"w8, \.\.\. \(51 in all\)$"):
        tape.evaluate({"z": 1.0})


def test_a_line_that_is_undefined_for_other_inputs_is_named():
    tape = record(Value(1.0, name="x").log() * 2)
    with pytest.raises(DomainError, match=r"log of x = -1\.0 \('x'\) is undefined .*; line 1 of the tape\."):
        tape.evaluate({"x": -1.0})
    with ieee():
        assert math.isnan(tape.evaluate({"x": -1.0}).outputs[0])
    assert math.isnan(tape.evaluate({"x": -1.0}, arithmetic=IEEE).outputs[0])


def test_zeros_keep_their_sign_over_ieee_floats():
    root = -Value(0.0, name="x").heaviside()
    assert repr(root.data) == "-0.0"
    assert repr(record(root).evaluate(arithmetic=IEEE).outputs[0]) == "-0.0"
    with ieee():
        assert repr(record(root).evaluate().outputs[0]) == "-0.0"


# ---------------------------------------------------------------- validate

GOOD = (
    Line(0, None, (), 1.0, "x"),
    Line(1, None, (), 2.0, "", constant=True),
    Line(2, RULES["mul"], (0, 1), 2.0),
)


def changed(line, **changes):
    lines = list(GOOD)
    lines[line] = dataclasses.replace(lines[line], **changes)
    return Tape(tuple(lines), (2,))


MALFORMED = {
    "index": (changed(1, index=7), r"line 1 carries the index 7"),
    "operands without rule": (changed(0, operands=(0,)), r"line 0 has operands \(0,\) but no operation"),
    "constant with a rule": (changed(2, constant=True), r"line 2 is both a constant and the result of mul"),
    "too few operands": (changed(2, operands=(0,)), r"line 2: mul takes 2 operands, got \(0,\)"),
    "where without condition": (changed(2, rule=RULES["where"]), r"line 2: where takes 3 operands, got \(0, 1\)"),
    "forward": (changed(2, operands=(0, 2)), r"line 2 uses line 2, which does not come before it"),
    "negative": (changed(2, operands=(0, -1)), r"line 2 uses line -1, which does not come before it"),
    "far": (changed(2, operands=(0, 99)), r"line 2 uses line 99"),
    "output": (Tape(GOOD, (3,)), r"output 3 is not a line of a tape of 3 lines"),
    "negative output": (Tape(GOOD, (-1,)), r"output -1 is not a line"),
    "scope": (Tape(GOOD, (2,), (ScopeMark("s", (0,), (5,)),)), r"scope 's' refers to line 5 of 3"),
    "parts": (
        Tape(GOOD, (2,), (ScopeMark("s", (0,), (2,), ("a", "b")),)),
        r"scope 's' has 1 outputs and 2 parts; one part an output",
    ),
}


@pytest.mark.parametrize(("tape", "message"), MALFORMED.values(), ids=MALFORMED)
def test_validate_names_the_first_line_that_is_out_of_place(tape, message):
    with pytest.raises(TapeError, match=message):
        tape.validate()


def test_validate_returns_a_well_formed_tape():
    tape = Tape(GOOD, (2,))
    assert tape.validate() is tape
    assert record(sample()[1]).validate()


@pytest.mark.parametrize("tape", [tape for tape, _ in MALFORMED.values()], ids=MALFORMED)
def test_a_malformed_tape_is_not_saved(tape, tmp_path):
    with pytest.raises(TapeError):
        tape.save(tmp_path / "t.json")
    assert list(tmp_path.iterdir()) == []


# ---------------------------------------------------------------- the sweep


def test_the_sweep_is_data_and_lists_consumers_first():
    x = Value(3.0, name="x")
    tape = record(x * x + 1)
    assert tape.sweep == (Back(3, 0, 1), Back(1, 0, 0), Back(1, 1, 0))


def test_the_sweep_equals_backward_to_the_bit():
    rng = random.Random(7)
    for _ in range(100):
        leaves = [Value(rng.uniform(0.5, 2)) for _ in range(3)]
        nodes = list(leaves)
        for _ in range(20):
            x, y = rng.choice(nodes), rng.choice(nodes)
            nodes.append(rng.choice([x * y, x + y, x - y, x.tanh(), x.maximum(y), x / (1 + y * y), 2 * x, x**2]))
        root = nodes[-1] + sum(leaves)
        root.backward()
        assert record(root).evaluate([v.data for v in order_of(root, leaves)]).outputs == (root.data,)
        adjoints = record(root).evaluate().adjoints()
        tape = record(root)
        by_line = dict(zip(tape.leaves, order_of(root, leaves), strict=True))
        assert all(adjoints[line] == leaf.grad for line, leaf in by_line.items())


def order_of(root, leaves):
    """Returns the leaves in the order in which the tape of `root` has them."""
    for i, leaf in enumerate(leaves):
        leaf.name = f"leaf{i}"
    tape = record(root)
    named = {leaf.name: leaf for leaf in leaves}
    return [named[tape.label(i)] for i in tape.leaves]


def test_seeds_weigh_the_outputs():
    x = Value(3.0, name="x")
    run = record(x * 2, x * x).evaluate()
    assert run.outputs == (6.0, 9.0)
    assert run.gradients() == {"x": 8.0}
    assert run.gradients([1.0, 0.0]) == {"x": 2.0}
    assert run.gradients([0.5, 10.0]) == {"x": 61.0}
    with pytest.raises(TapeError, match=r"got 1 seeds for 2 outputs"):
        run.gradients([1.0])


def test_the_same_output_twice_counts_twice():
    x = Value(3.0, name="x")
    y = x * x
    assert record(y, y).evaluate().gradients() == {"x": 12.0}


def test_only_the_paths_to_the_wanted_lines_are_walked():
    x, y = Value(3.0, name="x"), Value(4.0, name="y")
    tape = record(x.exp() * y.sin())
    adjoints = tape.evaluate().adjoints(wanted=[0])
    assert adjoints[0] == tape.evaluate().adjoints()[0]
    sine = next(line.index for line in tape.lines if line.rule is RULES["sin"])
    assert adjoints[sine] is None


def test_tangents_are_the_same_derivative_forward():
    leaves, root = sample()
    tape = record(root)
    run = tape.evaluate()
    gradients = run.adjoints()
    for leaf in tape.leaves:
        assert run.tangents({leaf: 1.0})[tape.outputs[0]] == pytest.approx(gradients[leaf], rel=1e-14)
    assert run.tangents({})[tape.outputs[0]] == 0.0
    assert leaves


def test_partials_are_asked_for_by_line_and_position():
    tape = record(Value(3.0, name="x") * 2)
    run = tape.evaluate({"x": 5.0})
    assert run.partial(2, 0) == 2.0
    with pytest.raises(TapeError, match=r"line 0 is a leaf and has no partials"):
        run.partial(0, 0)
    with pytest.raises(TapeError, match=r"line 1 is a constant and has no partials"):
        run.partial(1, 0)


def test_a_tape_read_over_values_is_recorded_again():
    x = Value(3.0, name="x")
    fresh = Value(2.0)
    run = record(x**3).evaluate({"x": fresh}, arithmetic=VALUE)
    slope = run.gradients()["x"]
    assert slope.data == 12.0
    slope.backward()
    assert (fresh.grad, x.grad_computed) == (12.0, False)


def test_a_tape_over_fractions_is_exact():
    run = record(Value(0.5, name="x") ** 3 / 3).evaluate({"x": Fraction(1, 3)}, arithmetic=FRACTION)
    assert (run.outputs, run.gradients()) == ((Fraction(1, 81),), {"x": Fraction(1, 9)})


def test_many_leaves_cost_linear_time_to_name(monkeypatch):
    count = 20_000
    leaves = [Value(1.0, name=f"w{i}") for i in range(count)]
    root = leaves[0]
    for leaf in leaves[1:]:
        root = root + leaf
    tape = record(root)
    calls = 0
    label = Tape.label

    def counted(self, index):
        nonlocal calls
        calls += 1
        return label(self, index)

    monkeypatch.setattr(Tape, "label", counted)
    gradients = tape.evaluate({f"w{i}": 2.0 for i in range(count)}).gradients()
    assert len(gradients) == count
    assert calls <= 3 * count


# ---------------------------------------------------------------- files


@pytest.fixture
def saved(tmp_path):
    x = Value(0.1, name="x \N{GREEK SMALL LETTER ALPHA} \ud800 \"'\n")
    tape = record(scoped("piece")(lambda v: v * 3)(x) + math.inf, x / 3)
    path = tmp_path / "tape.json"
    tape.save(path)
    return tape, path


def test_a_saved_tape_comes_back_to_the_bit(saved):
    tape, path = saved
    twin = Tape.load(path)
    assert twin == tape
    assert json.loads(path.read_text())["format"] == "autograd-lite tape"


def test_a_rule_of_the_users_is_saved_by_name_and_wanted_for_loading(tmp_path):
    cube = define_rule("cube", "x**3", "3*x*x")
    record(cube(Value(2.0, name="x"))).save(tmp_path / "t")
    with pytest.raises(
        TapeError, match=r"line 1 uses the rule 'cube', which is not in the table; pass rules=\[\.\.\.\]"
    ):
        Tape.load(tmp_path / "t")
    assert Tape.load(tmp_path / "t", rules=[cube.rule]).evaluate({"x": 3.0}).gradients() == {"x": 27.0}


def test_the_path_may_be_text_or_a_path_in_the_current_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    record(Value(1.0)).save("here.json")
    assert len(Tape.load("here.json")) == 1


class Crash(BaseException):
    """Stands for whatever may happen in the middle of a write."""


def crash(*_, **__):
    raise Crash


@pytest.mark.parametrize("moment", ["fsync", "fdopen", "replace"])
def test_a_crash_while_writing_leaves_the_old_file_and_no_other(saved, monkeypatch, moment):
    _, path = saved
    before = path.read_bytes()
    monkeypatch.setattr(os, moment, crash)
    with pytest.raises(Crash):
        record(Value(2.0)).save(path)
    assert path.read_bytes() == before
    assert [p.name for p in path.parent.iterdir()] == ["tape.json"]


def test_a_crash_while_renaming_leaves_the_old_file_and_no_other(saved, monkeypatch):
    _, path = saved
    before = path.read_bytes()
    monkeypatch.setattr(type(path), "replace", crash)
    with pytest.raises(Crash):
        record(Value(2.0)).save(path)
    assert path.read_bytes() == before
    assert [p.name for p in path.parent.iterdir()] == ["tape.json"]


def test_a_disk_that_fills_up_leaves_the_old_file(saved, monkeypatch):
    _, path = saved
    before = path.read_bytes()
    fdopen = os.fdopen

    def full(*args, **kwargs):
        file = fdopen(*args, **kwargs)
        write = file.write

        class Full:
            def __enter__(self):
                return self

            def __exit__(self, *_):
                file.close()

            def write(self, text):
                write(text[: len(text) // 2])
                raise OSError(28, "No space left on device")

        return Full()

    monkeypatch.setattr(os, "fdopen", full)
    with pytest.raises(OSError, match="No space left"):
        record(Value(2.0)).save(path)
    assert path.read_bytes() == before
    assert [p.name for p in path.parent.iterdir()] == ["tape.json"]


def test_a_folder_that_does_not_exist_is_an_os_error_that_names_it(tmp_path):
    with pytest.raises(OSError, match="nowhere"):
        record(Value(1.0)).save(tmp_path / "nowhere" / "t.json")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_to_is_an_os_error(tmp_path):
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(PermissionError):
            record(Value(1.0)).save(tmp_path / "t.json")
    finally:
        tmp_path.chmod(0o700)


def test_a_new_file_has_the_permissions_of_any_other(tmp_path):
    before = os.umask(0o027)
    try:
        write_whole(tmp_path / "a", "text")
    finally:
        os.umask(before)
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o640


LINES = [["", [], 1.0, "x", False], ["exp", [0], 2.718281828459045, "", False]]
DOCUMENT = {"format": "autograd-lite tape", "version": 1, "lines": LINES, "outputs": [1], "scopes": []}


def document(**changes):
    return json.dumps({**DOCUMENT, **changes})


def line(*entry):
    return document(lines=[LINES[0], list(entry)])


BAD_FILES = {
    "empty": ("", "is not JSON"),
    "truncated": (document()[:-20], "is not JSON"),
    "text": ("hello", "is not JSON"),
    "pickle": ("\x80\x04K\x01.", "is not JSON"),
    "deep": ("[" * 100_000, "is not JSON"),
    "integer of 5000 digits": (document().replace("2.718281828459045", "9" * 5000), "is not"),
    "integer of 400 digits": (document().replace("2.718281828459045", "9" * 400), "is not a tape"),
    "a list": ("[]", "its format is not 'autograd-lite tape'"),
    "a number": ("1", "its format is not"),
    "another format": (document(format="other"), "its format is not"),
    "another version": (document(version=2), "it has version 2; this program reads version 1"),
    "unknown key": (document(extra=1), r"unknown keys \['extra'\]"),
    "duplicate key": (document()[:-1] + ', "outputs": [0]}', "duplicate keys"),
    "no lines": (json.dumps({k: v for k, v in DOCUMENT.items() if k != "lines"}), "has no 'lines'"),
    "no outputs": (json.dumps({k: v for k, v in DOCUMENT.items() if k != "outputs"}), "has no 'outputs'"),
    "lines that are text": (document(lines="abc"), "is not a tape"),
    "short line": (line("exp", [0]), r"line 1 is \['exp', \[0\]\], not \[rule, operands, number, name, constant\]"),
    "unknown rule": (line("explode", [0], 1.0, "", False), "line 1 uses the rule 'explode', which is not in the table"),
    "rule that is no text": (line(["exp"], [0], 1.0, "", False), "is not a tape"),
    "operands": (line("exp", "0", 1.0, "", False), "'0' is not a list of line numbers"),
    "operand that is true": (line("exp", [True], 1.0, "", False), "is not a list of line numbers"),
    "operand with a fraction": (line("exp", [0.5], 1.0, "", False), "is not a list of line numbers"),
    "forward operand": (line("exp", [1], 1.0, "", False), "line 1 uses line 1, which does not come before it"),
    "two operands": (line("exp", [0, 0], 1.0, "", False), r"exp takes 1 operands, got \(0, 0\)"),
    "number as text": (line("exp", [0], "1.0", "", False), "line 1 records '1.0', which is not a number"),
    "number as bool": (line("exp", [0], True, "", False), "line 1 records True, which is not a number"),
    "null": (line("exp", [0], None, "", False), "line 1 records None"),
    "name": (line("exp", [0], 1.0, 5, False), "the name 5 is not text"),
    "constant": (line("exp", [0], 1.0, "", 0), "line 1: constant is 0, not true or false"),
    "output out of range": (document(outputs=[7]), "output 7 is not a line of a tape of 2 lines"),
    "scope out of range": (document(scopes=[["s", [0], [9], []]]), "scope 's' refers to line 9 of 2"),
    "scope of two": (document(scopes=[["s", [0]]]), "is not a tape"),
}


@pytest.mark.parametrize(("text", "message"), BAD_FILES.values(), ids=BAD_FILES)
def test_a_file_that_is_no_tape_is_refused_with_its_name_and_the_reason(tmp_path, text, message):
    path = tmp_path / "bad.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(TapeError, match=message) as caught:
        Tape.load(path)
    assert "bad.json" in str(caught.value)
    assert len(str(caught.value)) < 600


def test_bytes_that_are_no_text_are_refused(tmp_path):
    (tmp_path / "bad").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(TapeError, match="is not JSON"):
        Tape.load(tmp_path / "bad")


def test_a_file_that_is_not_there_is_an_os_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        Tape.load(tmp_path / "nothing")


def test_loading_never_evaluates_anything(tmp_path, monkeypatch):
    (tmp_path / "t").write_text(line("__import__('os')", [0], 1.0, "", False))
    for name in ("eval", "exec", "compile"):
        monkeypatch.setattr(builtins, name, crash)
    with pytest.raises(TapeError):
        Tape.load(tmp_path / "t")


def test_an_arithmetic_is_chosen_by_the_caller_and_kept_with_the_run():
    assert record(Value(1.0)).evaluate().arithmetic is FLOAT


# ---------------------------------------------------------------- by leaf


def test_directions_are_given_by_name_by_line_or_in_order():
    x, y = Value(3.0, name="x"), Value(2.0, name="y")
    run = record(x * y).evaluate()
    assert run.tangents({"x": 1.0}) == run.tangents({0: 1.0}) == run.tangents([1.0, 0.0]) == [1.0, 0.0, 2.0]


@pytest.mark.parametrize("directions", [{"z": 1.0}, {7: 1.0}, {2: 1.0}, [1.0], {None: 1.0}], ids=repr)
def test_a_direction_for_what_is_no_leaf_is_refused(directions):
    run = record(Value(3.0, name="x") * Value(2.0, name="y")).evaluate()
    with pytest.raises(TapeError, match=r"is not a leaf of this tape; its leaves are x, y|got 1 inputs for 2 leaves"):
        run.tangents(directions)


def test_by_leaf_gives_line_indices():
    tape = record(Value(3.0, name="x") * Value(2.0, name="y"))
    assert tape.by_leaf({"y": 5.0, 0: 4.0}) == {1: 5.0, 0: 4.0}
    assert tape.by_leaf([4.0, 5.0]) == {0: 4.0, 1: 5.0}
    assert tape.by_leaf(None) == {}
