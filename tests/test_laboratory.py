"""The laboratory of wrong backpropagation: right is the engine's, wrong is wrong, and no graph is smaller."""

import inspect
import itertools
import json
import math
import re

import pytest
from hypothesis import HealthCheck, assume, find, given, settings
from hypothesis import strategies as st

from autograd_lite import RULES, InputError, OperandError, Value, ieee, record, where
from autograd_lite.stepper import Player, chapter_of
from autograd_lite.stepper.events import Back, Forward, Seed, Update
from autograd_lite.stepper.laboratory import MISTAKES, laboratory
from autograd_lite.stepper.laboratory.programs import RATE
from autograd_lite.testing import RAW, Operation, programs
from autograd_lite.value import apply
from nn import softmax

ALL = pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.name)
SWEEPS = pytest.mark.parametrize("name", ["assign", "order", "stale", "activation", "mutated"])
POSITIVE = [Operation("add"), Operation("mul")]
"""Of positive numbers nothing cancels, so that a contribution that is lost, or comes twice, always shows."""


def positive(ops=POSITIVE, *, low=0.5, high=2.0):
    return programs(ops, max_size=5, domain=None, numbers=st.floats(low, high))


def computed(program):
    """Returns the result of a program with at least one operation."""
    root = program.run(program.leaves())
    assume(isinstance(root, Value) and not root.is_leaf)
    return root


def leaves_of(root):
    """Returns the leaves of a graph in the order of its tape."""
    found, seen = [], set()

    def visit(node):
        if id(node) not in seen and isinstance(node, Value):
            seen.add(id(node))
            for operand in node.operands:
                visit(operand)
            if node.is_leaf:
                found.append(node)

    visit(root)
    return found


def contributions(root):
    """Returns how many contributions each line gets: of leaves, and of results but the root."""
    chapter = chapter_of(root)
    counts = [*map(len, chapter.contributions)]
    lines = chapter.tape.lines
    return (
        [counts[line.index] for line in lines if line.is_leaf],
        [counts[line.index] for line in lines if line.rule and line.index != chapter.root],
    )


def size(root):
    return sum(line.rule is not None for line in record(root).lines)


def bits(numbers):
    return [number.hex() for number in numbers]


def by_the_engine(name, make):
    """Returns the gradients that the right program ends with, written by hand: `make` computes the root anew."""
    root = make(None)
    leaves = leaves_of(root)
    if name == "zero_grad":
        root.backward()
        root = make([leaf.data - RATE * leaf.grad for leaf in leaves])
        leaves = leaves_of(root)
    root.backward()
    if name == "stale":
        root.backward()
    return [leaf.grad for leaf in leaves]


# ---------------------------------------------------------------- right and wrong


@ALL
def test_right_is_what_the_engine_does_to_the_bit(mistake):
    def make(numbers):
        root = mistake.smallest()
        if numbers is None:
            return root
        leaf, number = leaves_of(root)[0], numbers[0]
        assert mistake.name == "zero_grad"
        return Value(number, name=leaf.name) ** 2

    mine = [gradient.right for gradient in mistake.comparison.gradients]
    assert bits(mine) == bits(by_the_engine(mistake.name, make))


@ALL
def test_the_mistake_shows_on_its_smallest_graph(mistake):
    assert not mistake.comparison.harmless
    assert mistake.size == size(mistake.smallest())
    assert any(mistake.comparison.differs(gradient) for gradient in mistake.comparison.gradients)


PINNED = {
    "assign": (6.0, 3.0),
    "order": (6.0, 3.0),
    "stale": (6.0, 9.0),
    "zero_grad": (1.0, 3.0),
    "max_shift": (0.0, math.nan),
    "mutated": (6.0, 8.0),
    "activation": (1 / math.cosh(2.0) ** 2, -3.0),
}


@ALL
def test_what_it_makes_of_the_gradient_is_known_on_paper(mistake):
    (gradient,) = mistake.comparison.gradients
    assert (gradient.right, gradient.wrong) == pytest.approx(PINNED[mistake.name], rel=1e-12, nan_ok=True)


@ALL
def test_the_first_event_that_differs_is_the_first(mistake):
    one, other = mistake.first
    right, wrong = [*mistake.right], [*mistake.wrong]
    if mistake.name == "max_shift":  # another program from its first operation on
        assert (one, other) == (0, 0)
        assert (Forward(2), Forward(1)) == (right[0], wrong[0])
        assert mistake.wrong.chapters[0].tape.lines[1].data == math.inf
    else:
        assert one == other
        assert right[:one] == wrong[:one]
        assert right[one] != wrong[one]


@ALL
@pytest.mark.parametrize("side", ["right", "wrong"])
def test_both_stories_replay(mistake, side):
    story, column = getattr(mistake, side), 1 if side == "right" else 2
    player = Player(story)
    states = [repr(player.go(position).state) for position in range(len(story) + 1)]
    chapter = player.last().chapter
    end = [player.adjoint(line) for line in chapter.tape.leaves]
    assert repr(end) == repr([gradient[column] for gradient in mistake.comparison.gradients])
    for position in reversed(range(len(story))):
        assert repr(player.back().state) == states[position]


def alike(a, b):
    return a == b or (math.isnan(a) and math.isnan(b))


def retold(story):
    """Asserts that each event starts from what the ones before it left."""
    for chapter in story.chapters:
        adjoints = list(chapter.earlier)
        for event in chapter.events:
            if isinstance(event, Back):
                assert event.upstream.hex() == adjoints[event.line].hex()
                assert alike(event.before, adjoints[event.operand] or 0.0)
                assert (
                    event.operand
                    == chapter.tape.lines[event.line].operands[-len(_slopes(chapter, event)) :][event.position]
                )
                adjoints[event.operand] = event.after
            elif isinstance(event, Seed):
                assert alike(event.before, adjoints[event.line] or 0.0)
                adjoints[event.line] = event.after


def _slopes(chapter, event):
    return chapter.tape.lines[event.line].rule.partials


@SWEEPS
@settings(deadline=None)
@given(program=programs(RAW, domain=(-1e6, 1e6), kinks=True))
def test_a_wrong_sweep_is_a_consistent_tale_and_the_right_one_is_the_engines(name, program):
    root = computed(program)
    comparison = laboratory(name).on(root)
    retold(comparison.right)
    retold(comparison.wrong)

    def make(_):
        return program.run(program.leaves())

    assert bits(gradient.right for gradient in comparison.gradients) == bits(by_the_engine(name, make))
    right, wrong = comparison.right.chapters[-1], comparison.wrong.chapters[-1]
    assert wrong.scripted
    assert right.scripted == (name == "mutated")  # no engine moves leaves in between
    edges = [sorted((e.line, e.position) for e in c.events if isinstance(e, Back)) for c in (right, wrong)]
    assert edges[0] == edges[1]


@settings(deadline=None)
@given(programs(["add", "mul", "sub", "tanh", "sin"], max_size=6, domain=(-64.0, 64.0)))
def test_the_two_steps_are_those_of_a_loop_by_hand(program):
    root = computed(program)
    names = [leaf.name for leaf in leaves_of(root)]

    def make(numbers):
        leaves = program.leaves()
        for name, number in zip(names, numbers or (), strict=bool(numbers)):
            leaves[int(name[1:])].data = number
        return program.run(leaves)

    comparison = laboratory("zero_grad").on(root)
    assert bits(gradient.right for gradient in comparison.gradients) == bits(by_the_engine("zero_grad", make))
    assert {type(event) for event in comparison.right} <= {Forward, Seed, Back, Update}


# ---------------------------------------------------------------- when nobody notices


@given(positive())
def test_assign_is_harmless_exactly_where_nothing_is_used_twice(program):
    root = computed(program)
    leaves, results = contributions(root)
    assert laboratory("assign").on(root).harmless == (max([*leaves, *results]) == 1)


@given(positive())
def test_no_order_is_harmless_exactly_where_no_result_is_used_twice(program):
    root = computed(program)
    _, results = contributions(root)
    assert laboratory("order").on(root).harmless == (max(results, default=1) == 1)


@given(positive())
def test_stale_adjoints_are_harmless_exactly_where_nothing_lies_between_root_and_leaves(program):
    root = computed(program)
    assert laboratory("stale").on(root).harmless == (size(root) == 1)


@given(positive())
def test_a_forgotten_zero_grad_always_shows_in_the_second_step(program):
    comparison = laboratory("zero_grad").on(computed(program))
    assert all(map(comparison.differs, comparison.gradients))
    assert comparison.first[0] >= comparison.right.starts[1]


def test_a_forgotten_zero_grad_is_harmless_where_the_gradient_is_0():
    assert laboratory("zero_grad").on(Value(0.0) ** 2).harmless


@given(positive([*POSITIVE, Operation("tanh"), Operation("sigmoid")], low=0.25, high=1.5))
def test_a_slope_at_the_input_is_harmless_exactly_where_there_is_no_such_activation(program):
    root = computed(program)
    bent = any(line.rule and line.rule.name in ("tanh", "sigmoid") for line in record(root).lines)
    comparison = laboratory("activation").on(root)
    assert comparison.harmless == (not bent)
    assert (comparison.first is None) == (not bent)


@given(positive())
def test_changed_data_is_harmless_exactly_where_no_slope_depends_on_a_leaf(program):
    root = computed(program)
    lines = record(root).lines
    products = [line for line in lines if line.rule and line.rule.name == "mul"]
    slopes = [(lines[a], lines[b]) for line in products for a, b in (line.operands, line.operands[::-1])]
    depends = any(slope.is_leaf and not receiver.constant for slope, receiver in slopes)
    assert laboratory("mutated").on(root).harmless == (not depends)


SMALL = st.lists(st.floats(-150, 150), min_size=1, max_size=3)  # beyond, slopes underflow before anything overflows


@given(SMALL, st.none() | st.floats(710, 720))
def test_a_missing_shift_is_harmless_for_small_scores_and_never_where_an_exponential_overflows(scores, large):
    scores = scores if large is None else [*scores, large]
    root = softmax([Value(score, name=f"z{i}") for i, score in enumerate(scores)])[0]
    comparison = laboratory("max_shift").on(root)
    assert comparison.harmless == (large is None)
    (chapter,) = comparison.wrong.chapters
    assert not any(line.rule and line.rule.name == "sub" for line in chapter.tape.lines)


@given(positive([*POSITIVE, Operation("sub"), Operation("exp")], low=0.25, high=1.0))
def test_where_there_is_no_shift_nothing_is_left_out(program):
    root = computed(program)
    lines = record(root).lines
    assume(not any(line.rule and line.rule.name == "sub" and lines[line.operands[1]].constant for line in lines))
    assert laboratory("max_shift").on(root).first is None


def test_a_subtraction_that_changes_the_result_is_no_shift():
    x = Value(2.0)
    assert laboratory("max_shift").on((x - 2.0).exp()).first is None


# ---------------------------------------------------------------- nothing smaller


def graphs(operations, rules):
    """Yields every graph of so many operations over a leaf, another leaf and constants; results are shared."""
    x, y = Value(2.0, name="x"), Value(0.5, name="y")

    def grown(nodes, left):
        if not left:
            yield nodes[-1]
            return
        for rule in rules:
            for operands in itertools.product([*nodes, x.data, 0.5], repeat=rule.arity):
                if any(isinstance(operand, Value) for operand in operands):
                    if rule.name == "where":
                        results = [where(condition, *operands) for condition in (True, False)]
                    else:
                        results = [apply(rule, *operands)]
                    for result in results:
                        yield from grown([*nodes, result], left - 1)

    with ieee():
        yield from grown([x, y], operations)


def test_no_graph_of_one_operation_shows_a_mistake_whose_smallest_has_two():
    count = 0
    for root in graphs(1, RULES.values()):
        count += 1
        for mistake in MISTAKES:
            if mistake.size > 1:
                assert mistake.on(root).harmless, f"{mistake.name}: {record(root)}"
    assert count > 100


def test_no_graph_of_two_operations_shows_a_missing_shift():
    rules = [RULES[name] for name in ("sub", "exp", "div", "mul", "add", "neg", "maximum", "log")]
    for root in graphs(2, rules):
        assert laboratory("max_shift").on(root).first is None


@pytest.mark.parametrize("name", ["assign", "order", "stale", "activation", "mutated", "max_shift"])
def test_a_leaf_alone_shows_nothing(name):
    assert laboratory(name).on(Value(2.0)).harmless


OFTEN = settings(database=None, derandomize=True, max_examples=2000, suppress_health_check=[*HealthCheck])


@pytest.mark.parametrize("name", ["assign", "order", "stale", "zero_grad", "activation", "mutated"])
def test_a_search_shrinks_to_a_graph_as_small_as_the_pinned_one(name):
    mistake = laboratory(name)[name]

    def shows(program):
        root = program.run(program.leaves())
        return isinstance(root, Value) and not root.is_leaf and not mistake.on(root).harmless

    ops = [Operation(op) for op in ("add", "mul", "tanh", "exp", "sub")]
    program = find(programs(ops, max_size=6, domain=(-8.0, 8.0)), shows, settings=OFTEN)
    assert size(program.run(program.leaves())) == mistake.size


def test_a_search_shrinks_to_the_smallest_softmax():
    def shows(scores):
        return not laboratory("max_shift").on(softmax([Value(float(z)) for z in scores])[0]).harmless

    scores = find(st.lists(st.integers(0, 2000), min_size=1, max_size=5), shows, settings=OFTEN)
    mistake = laboratory("max_shift")["max_shift"]
    assert scores == [leaf.data for leaf in leaves_of(mistake.smallest())] == [710]
    assert size(softmax([Value(710.0)])[0]) == mistake.size


# ---------------------------------------------------------------- any graph


@ALL
def test_the_graph_that_is_looked_at_stays_as_it_is(mistake):
    root = mistake.smallest()
    leaves = leaves_of(root)
    before = [leaf.data for leaf in leaves]
    mistake.on(root)
    assert [leaf.data for leaf in leaves] == before
    assert not any(node.grad_computed for node in (root, *leaves))


def test_recursion_is_followed_without_pythons_own():
    y = Value(1.0, name="x")
    for _ in range(20_000):
        y = y * 1.0
    assert laboratory("order").on(y).harmless


def test_a_comparison_prints_as_a_table():
    x, w = Value(3.0, name="x"), Value(2.0, name="w")
    assert str(laboratory("assign").on(x * x * w)) == (
        "= in place of +=\n   right  wrong\nx  12     6      differs\nw  9      9"
    )


def test_a_leaf_without_a_name_is_called_by_its_line():
    assert laboratory("assign").on(Value(1.0) * 2).gradients[0].name == "v0"


# ---------------------------------------------------------------- the room


def test_the_laboratory_lists_all_mistakes():
    text = str(laboratory())
    for mistake in laboratory():
        assert mistake.name in text
        assert mistake.title in text
    assert "y = x + 1; v3 = y * y" in text
    assert len(laboratory()) == len(MISTAKES)
    assert repr(laboratory("order")) == "<Laboratory: order>"


@ALL
def test_one_mistake_prints_its_code_and_its_reason(mistake):
    text = str(laboratory(mistake.name))
    for part in (mistake.title, mistake.why, mistake.harmless_when, str(mistake.comparison)):
        assert part in text
    assert mistake.wrong_code.splitlines()[0] in text


def test_an_unknown_mistake_is_refused():
    with pytest.raises(InputError, match="no mistake called 'asign'; it has assign, order, stale, zero_grad"):
        laboratory("asign")
    with pytest.raises(KeyError):
        laboratory("order")["assign"]


def test_all_mistakes_at_once_have_no_comparison():
    with pytest.raises(InputError, match=r"shows one mistake, and here are \d+; choose laboratory\(name\): assign"):
        laboratory().on(Value(1.0) * 2)


@ALL
def test_what_is_no_value_is_refused(mistake):
    with pytest.raises(OperandError, match=r"float 3.0 is not a Value"):
        mistake.on(3.0)


def test_the_document_holds_every_mistake_with_both_stories():
    text = laboratory().to_json()
    document = json.loads(text, parse_constant=pytest.fail)
    assert text == laboratory().to_json()
    assert document["format"] == "autograd-lite laboratory"
    assert [entry["name"] for entry in document["mistakes"]] == [mistake.name for mistake in MISTAKES]
    for entry, mistake in zip(document["mistakes"], MISTAKES, strict=True):
        compare = entry["story"]["compare"]
        assert compare["titles"] == ["right", "wrong"]
        assert compare["first"] == [*mistake.first]
        assert entry["size"] == mistake.size
        assert entry["story"]["format"] == compare["story"]["format"] == "autograd-lite story"
        scripted = [chapter["events"] is not None for chapter in compare["story"]["chapters"]]
        assert scripted == [chapter.scripted for chapter in mistake.wrong.chapters]
        assert all((chapter["events"] is None) == (mistake.name != "mutated") for chapter in entry["story"]["chapters"])
        codes = {which: code.split("\n") for which, code in entry["code"].items()}
        assert entry["marked"]["wrong"] or entry["marked"]["right"]
        for which, numbers in entry["marked"].items():
            assert all(codes[which][number] for number in numbers)
        (gradient,) = entry["gradients"]
        assert gradient[0] == mistake.comparison.gradients[0].name
        assert float(gradient[1]) == mistake.comparison.gradients[0].right


def test_code_shown_is_python():
    for mistake in MISTAKES:
        for code in (mistake.wrong_code, mistake.right_code):
            compile(code if code.startswith("def") else code.replace("return [", "result = ["), mistake.name, "exec")


def test_the_engine_knows_nothing_of_the_laboratory():
    import autograd_lite.value

    assert "laboratory" not in inspect.getsource(autograd_lite.value)


@pytest.mark.parametrize("name", [None, "order"])
def test_the_page_is_one_file_that_asks_for_nothing(name, tmp_path):
    path = tmp_path / "lab.html"
    laboratory(name).to_html(path)
    text = path.read_text(encoding="utf-8")
    assert text.startswith("<!DOCTYPE html>")
    assert "autograd-lite laboratory" in text
    assert not re.search(r"""(src|href)\s*=\s*["']?https?:""", text)
    for mistake in laboratory(name):
        assert mistake.title in text


def test_a_page_in_no_folder_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        laboratory().to_html(tmp_path / "nowhere" / "lab.html")


def test_jupyter_shows_the_page_in_a_frame_that_reaches_nothing():
    bundle = laboratory("assign")._repr_mimebundle_()
    assert bundle["text/html"].startswith('<iframe sandbox="allow-scripts"')
    assert bundle["text/plain"] == str(laboratory("assign"))
