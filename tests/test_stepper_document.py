"""A story as JSON: another reader makes of it what the engine did, to the bit, and it holds little."""

import json
import math
import os
import re
import subprocess
import sys
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stories import HOSTILE, bits, computations, hostile, names, pairs, read, small_story, story_of

import nn
from autograd_lite import RULES, Value, define_rule, detect_anomaly, ieee, maximum, record, where
from autograd_lite.faults import Place
from autograd_lite.markup import printable
from autograd_lite.rules import Rule
from autograd_lite.scopes import in_scope
from autograd_lite.stepper.chapter import chapter_of, chapter_of_tape
from autograd_lite.stepper.document import to_json
from autograd_lite.stepper.events import Back
from autograd_lite.stepper.findings import findings
from autograd_lite.stepper.phrases import PHRASES
from autograd_lite.stepper.rulebook import Rulebook
from autograd_lite.stepper.sources import windows_of
from autograd_lite.stepper.story import Curve, Plane, Story
from autograd_lite.testing import RATIONAL, RAW, programs
from autograd_lite.value import apply
from autograd_lite.view.labels import short
from autograd_lite.view.pieces import pieces_of


def document_of(story):
    """Returns a story's document; it is plain JSON, the same each time, and any encoding carries it."""
    text = to_json(story)
    document = json.loads(text, parse_constant=pytest.fail)
    assert text == to_json(story)
    assert text.isascii()
    assert json.dumps(document, separators=(",", ":")) == text
    json.dumps(document, ensure_ascii=False).encode()  # no lone surrogate
    return document


def agree(story):
    """Holds what is read from a story's document against the story; returns the document."""
    document = document_of(story)
    for index, chapter in enumerate(story.chapters):
        got = read(document, index)
        assert bits(got.values) == bits(line.data for line in chapter.tape.lines)
        assert list(map(repr, got.events)) == list(map(repr, chapter.events))
        assert document["graphs"][document["chapters"][index]["graph"]]["root"] == chapter.root
    return document


# ---------------------------------------------------------------- to the bit


@given(computations(), st.sampled_from([1.0, -0.5, -0.0, 3.0]), st.data())
def test_a_reader_gets_every_value_derivative_and_event(computation, seed, data):
    leaves, root = computation
    chapter = chapter_of(root, seed=seed, accumulate=True, parameters=leaves)
    moved = chapter.updated([data.draw(st.floats()) for _ in leaves]).updated([leaf.data for leaf in leaves])
    document = agree(Story((moved, chapter)))
    assert [chapter["events"] for chapter in document["chapters"]] == [None, None]
    assert len(document["graphs"]) == 1


@given(programs(RAW, domain=None))
def test_nan_and_infinities_arrive(program):
    with ieee():
        leaves = program.leaves()
        chapter = chapter_of(program.run(leaves), parameters=leaves).updated([math.nan] * len(leaves))
        agree(Story((chapter,)))


@given(programs(RATIONAL, domain=(-1e300, 1e300), kinks=True))
def test_what_follows_everywhere_from_the_table_is_left_out(program):
    leaves = program.leaves()
    chapter = chapter_of(program.run(leaves), parameters=leaves)
    document = agree(Story((chapter,)))
    inexact = {"pow", "abs", "floor", "round"}
    for line in pairs(document["chapters"][0]["numbers"]):
        rule = chapter.tape.lines[line].rule
        assert rule is None or rule.name in inexact


def test_of_sums_and_products_only_leaves_and_constants_are_written():
    x, y = Value(3.0, name="x"), Value(-0.1, name="y")
    (chapter,) = agree(story_of(x * x + 2 * x / y))["chapters"]
    assert chapter["numbers"] == [0, 3, 2, 2, 4, -0.1]
    assert chapter["partials"] == chapter["earlier"] == chapter["updates"] == []
    (chapter,) = agree(story_of((x * x).tanh()))["chapters"]
    assert chapter["numbers"] == [0, 3, 2, math.tanh(9.0)]
    assert list(pairs(chapter["partials"])) == [2]


def test_a_leaf_that_was_changed_after_the_forward_pass():
    x, y = Value(3.0), Value(2.0)
    out = x * y + x
    x.data = 5.0
    (chapter,) = agree(story_of(out))["chapters"]
    assert chapter["numbers"] == [0, 5, 1, 2, 2, 6, 3, 9]  # which 5 * 2 and 6 + 5 are not
    assert chapter["partials"] == [1, 3]  # d(x*y)/dy when it was made


def test_both_zeros_arrive():
    x = Value(-0.0, name="x")
    document = agree(story_of(x * 1.0, -x, x + 0.0, x * -0.0, seed=-0.0))
    assert [str(chapter["numbers"][1]) for chapter in document["chapters"]] == ["-0.0"] * 4


def test_at_a_tie_the_partials_beside_a_constant_are_others():
    x, y = Value(1.0), Value(1.0)
    document = agree(story_of(maximum(x, y), x.maximum(1.0), x.minimum(1.0), Value(1.0).maximum(x)))
    assert all(chapter["partials"] == [] for chapter in document["chapters"])
    assert [rule["lone"] is None for rule in document["rules"]] == [False, False]


@pytest.mark.parametrize("condition", [True, False])
def test_the_condition_of_where_is_a_line_without_derivative(condition):
    x, y = Value(2.0), Value(3.0)
    document = agree(story_of(where(condition, x, y) * where(condition, x * y, 1.0), where(condition, 5.0, x)))
    assert {rule["name"]: rule["letters"] for rule in document["rules"]}["where"] == ["c", "x", "y"]
    assert all(chapter["partials"] == [] for chapter in document["chapters"])


def test_a_black_box_brings_its_numbers_and_a_rule_of_formulas_its_trees():
    box = define_rule("box", lambda x: x**3, lambda x, out: 3 * x * x)
    half = define_rule("half", "x*y/2", ["y/2", lambda x, y, out: x / 2])
    x, y = Value(2.0, name="x"), Value(3.0, name="y")
    document = agree(story_of(box(x), half(x, y), half(x, 3.0)))
    one, two = document["rules"]
    assert (one["value"], one["partials"], one["math"]) == (None, [None], {"value": "", "partials": [""], "lone": None})
    assert (two["value"], two["partials"]) == (["/", ["*", "x", "y"], 2], [["/", "y", 2], None])
    assert [chapter["partials"] for chapter in document["chapters"]] == [[0, 12], [1, 1], []]
    assert document["chapters"][0]["numbers"] == [0, 2, 1, 8]


def test_a_rule_that_is_called_as_one_of_the_table_is_not_taken_for_it():
    rule = Rule("exp", "x*x", ("2*x",))
    document = agree(story_of(apply(rule, Value(3.0)), Value(3.0).exp()))
    assert [entry["value"] for entry in document["rules"]] == [["*", "x", "x"], ["call", "exp", "x"]]


def test_a_tape_with_lines_that_lead_nowhere_is_read_too():
    x = Value(3.0, name="x")
    tape = record(x * x, x.exp())
    agree(Story((chapter_of_tape(replace(tape, outputs=(1,)), seed=2.0), chapter_of_tape(replace(tape, outputs=(0,))))))


# ---------------------------------------------------------------- chapters share what they can


def test_the_chapters_of_a_training_run_share_one_graph():
    story, _ = small_story(steps=5)
    document = agree(story)
    assert len(document["graphs"]) == 1
    assert document["graphs"][0]["parameters"] == list(story.chapters[0].parameters)
    assert [chapter["title"] for chapter in document["chapters"]] == [f"step {i}" for i in range(5)]
    assert [pairs(chapter["earlier"])[0] for chapter in document["chapters"]] == [0] * 5


def test_a_long_run_of_a_network_takes_a_few_bytes_a_number():
    model = nn.MLP(2, [4, 1], activation="tanh", rng=1)
    chapters = []
    for i in range(20):
        loss = (model([float(i), 1.0]) - 0.5) ** 2
        chapter = chapter_of(loss, parameters=model.parameters())
        chapters.append(chapter.updated([p.data - 0.01 for p in model.parameters()]))
    story = Story(tuple(chapters))
    document = agree(story)
    assert len(document["graphs"]) == 1
    assert len(json.dumps(document["chapters"])) < 22 * len(story)


@pytest.mark.parametrize("operations", [1_000, 20_000])
def test_a_line_takes_a_few_bytes_however_many_there_are(operations):
    leaves = [Value(0.1 * i, name=f"w{i}") for i in range(100)]
    total = leaves[0]
    for i in range(operations):
        total = total * leaves[i % 100] + 0.5 if i % 2 else total - leaves[i % 100]
    story = story_of(total.tanh())
    assert len(to_json(story)) < 7_000 + 30 * len(story.chapters[0].tape)


def test_a_line_is_looked_at_a_fixed_number_of_times(monkeypatch):
    asked = []
    for name in ("gives_value", "gives_partial"):
        original = getattr(Rulebook, name)
        counted = lambda *args, original=original, **kwargs: (asked.append(1), original(*args, **kwargs))[1]  # noqa: E731
        monkeypatch.setattr(Rulebook, name, counted)
    story = story_of(sum(Value(1.0) * Value(2.0) for _ in range(1_000)))
    to_json(story)
    assert len(asked) == len(story.chapters[0].tape) + sum(isinstance(event, Back) for event in story)


@pytest.mark.parametrize(
    "change", ["names", "constants", "parameters", "operands", "places", "scopes", "root"], ids=lambda change: change
)
def test_only_equal_structures_are_shared(change):
    def chapter(changed, number):
        x, y = Value(number, name="z" if changed and change == "names" else "x"), Value(number)
        three = Value(3.0) if changed and change == "constants" else 3.0
        first = in_scope("piece" if changed and change == "scopes" else "scope", lambda a: a * three, x)
        out = first - y if changed and change == "operands" else y - first
        made = chapter_of(out, parameters=[y, x] if changed and change == "parameters" else [x, y])
        if changed and change == "places":
            return replace(made, places=(*made.places[:-1], Place("a.py", 1, "out")))
        if changed and change == "root":
            return chapter_of_tape(replace(made.tape, outputs=(2,)))
        return made

    story = Story((chapter(False, 1.0), chapter(True, 1.0), chapter(False, 2.0)))
    assert [chapter["graph"] for chapter in agree(story)["chapters"]] == [0, 1, 0]


# ---------------------------------------------------------------- events of another engine


def test_a_chapter_that_is_scripted_is_written_out():
    story, _ = small_story()
    scripted = replace(story.chapters[0], scripted=True, note="what\nto look at")
    chapter, other = agree(Story((scripted, story.chapters[1])))["chapters"]
    assert (chapter["note"], other["note"]) == ("what␊to look at", "")
    assert len(chapter["events"]) == len(scripted.events)
    assert chapter["partials"] == chapter["updates"] == []
    assert chapter["events"][:2] == [["f", 2], ["f", 3]]
    assert other["events"] is None


@given(computations(), st.data())
def test_events_that_do_not_follow_are_written_out_even_so(computation, data):
    leaves, root = computation
    chapter = chapter_of(root, accumulate=True, parameters=leaves).updated([leaf.data + 1 for leaf in leaves])
    event = data.draw(st.sampled_from(chapter.events))
    others = [each for each in chapter.events if each is not event]  # one is missing
    if isinstance(event, Back) and data.draw(st.booleans()):
        others = [replace(each, after=each.after / 2 - 1) if each is event else each for each in chapter.events]
    changed = replace(chapter, events=tuple(others))
    agree(Story((changed, chapter)))


# ---------------------------------------------------------------- what else there is


def test_rules_travel_as_trees_and_as_mathml_with_blanks():
    document = document_of(story_of(Value(1.0) / Value(2.0)))
    (rule,) = document["rules"]
    assert (rule["name"], rule["sign"], rule["text"], rule["fenced"]) == ("div", "/", "\ue000 / \ue001", True)
    assert (rule["value"], rule["partials"]) == (["/", "x", "y"], [["/", 1, "y"], ["/", ["neg", "out"], "y"]])
    assert (rule["domain"], rule["lone"], rule["remedy"]) == (["!=", "y", 0], None, RULES["div"].remedy)
    assert rule["math"]["value"] == "<mrow><mfrac><mi>\ue000</mi><mi>\ue001</mi></mfrac></mrow>"
    assert [re.findall("<mi>(.)</mi>", text) for text in rule["math"]["partials"]] == [["\ue001"], ["\ue003", "\ue001"]]


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_every_rule_travels(rule):
    x, y = Value(0.5, name="x"), Value(0.25, name="y")
    if rule.name == "where":
        out = where(x > 0, x, y)
    else:
        out = apply(rule, *([x, y] if rule.arity == 2 else [x + 1 if rule.name == "arccosh" else x]))
    document = agree(story_of(out))
    entry = document["rules"][-1]
    blanks = ["\ue002", "\ue000", "\ue001"] if rule.name == "where" else ["\ue000", "\ue001"][: rule.arity]
    assert [letter for letter in entry["text"] if letter >= "\ue000"] == blanks
    assert entry["fenced"] == (rule.name in ("add", "sub", "mul", "div", "pow", "neg", "identity"))
    math_ml = entry["math"]
    for text in (math_ml["value"], *math_ml["partials"], *(math_ml["lone"] or ())):
        ET.fromstring(text)


def test_functions_that_are_formulas_come_with_all_that_they_call():
    document = document_of(story_of(Value(0.5).silu(), Value(0.5) * 2))
    assert document["functions"]["sigmoid"]["letters"] == ["x"]
    assert document["functions"]["sigmoid"]["value"][:2] == ["if", [">=", "x", 0]]
    assert [*document["functions"]] == ["sigmoid"]
    assert document_of(story_of(Value(0.5) * 2))["functions"] == {}


def test_the_words_travel_along():
    document = document_of(Story(story_of(Value(0.5)).chapters, title="a\nstory"))
    assert document["phrases"] == PHRASES
    assert (document["title"], document["format"], document["version"]) == ("a␊story", "autograd-lite story", 1)
    assert (document["compare"], document["plane"], document["curves"]) == (None, None, [])


def test_a_reader_knows_what_lines_are_called():
    long, wide = "a name that is much too long for any picture", "重" * 20
    x, y, z = Value(1.0, name=long), Value(2.0, name=wide), Value(3.0)
    (graph,) = document_of(story_of((x * y + z) * 2))["graphs"]
    assert (pairs(graph["names"]), graph["letter"]) == ({0: long, 1: wide}, "L")
    assert pairs(graph["shortened"]) == {0: short(long, 32), 1: short(wide, 32)}
    root = Value(1.0, name="L").exp()
    root.name = "loss"
    assert document_of(story_of(root))["graphs"][0]["letter"] == "loss"


def test_pieces_come_with_the_outer_one_first_and_count_all_lines_inside():
    x = Value(2.0, name="x")
    out = in_scope("outer", lambda a: in_scope("inner", lambda b: b * Value(3.0, name="w") + b, a).tanh(), x) * x
    chapter = chapter_of(out)
    (graph,) = document_of(Story((chapter,)))["graphs"]
    assert [tuple(piece) for piece in graph["pieces"]] == [("outer", -1, 4), ("inner", 0, 3)]
    names = dict(enumerate(line.name or f"v{line.index}" for line in chapter.tape.lines))
    inner = {names[line] for line, home in enumerate(graph["home"]) if home == 1}
    assert inner == {"w", "v2", "v3"}
    assert graph["home"][chapter.root] == -1


def test_pieces_are_those_by_which_a_computation_is_opened():
    chapter = chapter_of(nn.MLP(12, [12, 1], rng=1)([0.5] * 12))
    (graph,) = document_of(Story((chapter,)))["graphs"]
    pieces = pieces_of(chapter.tape)
    assert [tuple(piece[:2]) for piece in graph["pieces"]] == [
        (name, -1 if parent is None else parent) for name, parent in zip(pieces.names, pieces.parents, strict=True)
    ]
    assert [None if piece < 0 else piece for piece in graph["home"]] == [*pieces.home]
    counts = [0] * len(pieces.names)
    for home in pieces.home:
        while home is not None:
            counts[home] += 1
            home = pieces.parents[home]
    assert [count for _, _, count in graph["pieces"]] == counts
    assert all(parent < piece for piece, (_, parent, _) in enumerate(graph["pieces"]))


@pytest.mark.parametrize("name", ["x", "line\nbreak", "\u202eevil\ud800"])
def test_findings_travel(name):
    chapter = chapter_of(Value(50.0, name=name).tanh() * Value(math.nan, name=name))
    (written,) = document_of(Story((chapter,)))["chapters"]
    assert findings(chapter)
    assert [(entry["kind"], entry["sentence"], tuple(entry["lines"])) for entry in written["findings"]] == [
        (found.kind, printable(found.sentence), found.lines) for found in findings(chapter)
    ]


def test_source_lines_are_shared_and_come_with_what_is_around_them():
    x = Value(2.0, name="x")
    with detect_anomaly():
        y = x * x
        out = y.tanh() + y
    chapter = chapter_of(out)
    (graph,) = document_of(Story((chapter,)))["graphs"]
    (window,) = graph["sources"]
    assert window["file"] == "test_stepper_document.py"
    assert graph["spot"] == [-1, 0, 1, 1]
    lines = [window["text"][number - window["first"]].strip() for _, number in graph["spots"]]
    assert lines == ["y = x * x", "out = y.tanh() + y"]
    assert len(window["text"]) == 6
    assert document_of(story_of(x * x))["graphs"][0]["spot"] == []


def test_windows_join_what_is_near_and_show_no_line_twice(tmp_path):
    file = tmp_path / "program.py"
    file.write_text("".join(f"\tline {i}\n" for i in range(1, 301)))

    def place(line):
        return Place("program.py", line, f"line {line}", str(file))

    places = [place(line) for line in (1, 300, 20, 29, 39, *range(100, 200, 3))]
    windows, window = windows_of(places)
    assert [(each.first, len(each.text)) for each in windows[:2]] == [(1, 3), (18, 14)]
    assert windows[0].text[0] == "    line 1"
    shown = [(each.file, each.first + i) for each in windows for i in range(len(each.text))]
    assert len(set(shown)) == len(shown)
    assert all(len(each.text) <= 60 for each in windows)
    for each in places:
        home = windows[window[each]]
        assert home.text[each.line - home.first].strip() == each.text


def test_a_file_that_is_gone_or_another_by_now_leaves_the_line_itself(tmp_path):
    file = tmp_path / "program.py"
    file.write_text("one\ntwo\n")
    gone, other = Place("gone.py", 7, "y = x", str(tmp_path / "gone.py")), Place("program.py", 2, "2", str(file))
    windows, window = windows_of([gone, other, Place("<stdin>", 1, "")])
    assert [tuple(each) for each in windows] == [
        ("gone.py", 7, ("y = x",)),
        ("program.py", 2, ("2",)),
        ("<stdin>", 1, ("",)),
    ]
    assert [*window.values()] == [0, 1, 2]


def test_curves_and_a_plane_travel():
    plane = Plane(
        ("x0", "x1"), (0.0, 1.0), (-1.0, 1.0), 2, 1, ((0.5, 0.0, 1),), ("no", "y\n"), ((1 / 3, -math.inf), None)
    )
    story = Story(story_of(Value(1.0), Value(2.0)).chapters, "", (Curve("loss", (math.nan, None)),), plane)
    document = document_of(story)
    assert document["curves"] == [{"name": "loss", "values": ["nan", None]}]
    assert document["plane"] == {
        "names": ["x0", "x1"],
        "x": [0, 1],
        "y": [-1, 1],
        "columns": 2,
        "rows": 1,
        "points": [[0.5, 0, 1]],
        "labels": ["no", "y␊"],
        "scores": [[0.3333, "-inf"], None],
        "classes": False,
    }


def test_the_bytes_are_the_same_for_every_hash_seed():
    program = (
        "import nn\n"
        "from autograd_lite import Value, detect_anomaly\n"
        "from autograd_lite.stepper.document import *\n"
        "from autograd_lite.stepper.chapter import chapter_of\n"
        "from autograd_lite.stepper.story import Story\n"
        "x, y = Value(0.5, name='x'), Value(-2.0, name='y')\n"
        "model = nn.MLP(2, [3, 1], rng=1)\n"
        "with detect_anomaly():\n"
        "    out = (model([x, y]) * y + x.silu() / y).gelu()\n"
        "print(to_json(Story((chapter_of(out, parameters=[y, x]),))))\n"
    )
    texts = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for seed in ("0", "1", "2")
    }
    assert len(texts) == 1


# ---------------------------------------------------------------- names are any text


def texts_in(thing):
    if isinstance(thing, str):
        yield thing
    elif isinstance(thing, list | dict):
        for part in thing.values() if isinstance(thing, dict) else thing:
            yield from texts_in(part)


def check(story, name):
    document = agree(story)
    graph = document["graphs"][0]
    shown = {**pairs(graph["names"]), **pairs(graph["shortened"])}
    assert shown.get(0, "v0") == (short(name, 32) or "v0")
    for text in texts_in(document):
        assert not re.search("[\x00-\x1f\x7f\u2028\u202e\ud800-\udfff\uffff]", text)
        assert len(text) < 3_000


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_each_hostile_name_travels(name):
    check(hostile(name, scope=name, title=name[:2000]), name)


@settings(deadline=None)
@given(names, names, names, names)
def test_any_names_travel(name, other, scope, title):
    check(hostile(name, other, scope, title[:2000]), name)


@pytest.mark.parametrize("name", ['</script>"\n', "\ue000", "\ue003x"])
def test_a_rule_with_a_hostile_name_travels(name):
    rule = Rule(name, lambda x: x, (lambda x, out: 1.0,))
    story = story_of(apply(rule, Value(1.0, name="x")))
    check(story, "x")
    (entry,) = document_of(story)["rules"]
    assert entry["text"].count("\ue000") == 1
    assert entry["text"].endswith("\ue000") or entry["text"].endswith("(\ue000)")


def test_a_rule_has_a_row_for_each_way_constants_decide_its_formulas():
    x = Value(3.0, name="x")
    document = document_of(story_of(x**2 + 4 * x**3 + 5 * x**2 + 6 * x))
    powers = [row for row in document["rules"] if row["name"] == "pow"]
    assert len(powers) == 2
    assert len({row["math"]["partials"][0] for row in powers}) == 2
    assert all("mtable" not in row["math"]["partials"][0] for row in powers)
    assert len([row for row in document["rules"] if row["name"] == "mul"]) == 1
    one, two = ({**row, "math": None} for row in powers)
    assert one == two


def test_chapters_share_a_graph_where_their_constants_decide_the_same():
    x = Value(3.0, name="x")
    roots = (x**2, x**3, x**2, x * 2, x * 3)
    story = Story(tuple(chapter_of(root) for root in roots))
    assert [chapter["graph"] for chapter in document_of(story)["chapters"]] == [0, 1, 0, 2, 2]
