"""Events: what the engine does in a pass, one at a time, bit for bit; and in training, pass after pass."""

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stories import bits, computations, play

import nn
from autograd_lite import InputError, OperandError, Tape, Value, detect_anomaly, ieee, no_grad, record, where
from autograd_lite.recording import trace
from autograd_lite.stepper.chapter import Chapter, chapter_of, chapter_of_tape
from autograd_lite.stepper.derived import engine_events
from autograd_lite.stepper.events import Back, Forward, Seed, Update
from autograd_lite.stepper.player import Player
from autograd_lite.stepper.story import Curve, Plane, Story
from autograd_lite.testing import RAW, programs


def snapshot(values):
    return [(v._data, v._grad, v._more, v._x, v._y, v._dx, v._dy) for v in values]


# ---------------------------------------------------------------- the engine, event by event


def test_a_neuron_has_nine_events():
    w, x, b = Value(0.5, name="w"), Value(2.0, name="x"), Value(-0.6, name="b")
    chapter = chapter_of((w * x + b).tanh())
    assert [type(event).__name__ for event in chapter.events] == ["Forward"] * 3 + ["Seed"] + ["Back"] * 5
    assert [(phase.name, phase.start, phase.stop) for phase in chapter.phases] == [
        ("forward", 0, 3),
        ("seed", 3, 4),
        ("backward", 4, 9),
    ]


def test_a_repeated_operand_has_two_events_and_a_constant_none():
    x = Value(3.0)
    backs = [event for event in chapter_of(x * x + 2 * x).events if isinstance(event, Back) and event.operand == 0]
    assert [(back.position, back.local, back.before, back.after) for back in backs] == [
        (1, 2.0, 0.0, 2.0),
        (0, 3.0, 2.0, 5.0),
        (1, 3.0, 5.0, 8.0),
    ]


@given(computations(), st.integers(1, 3), st.sampled_from([1.0, -0.5, 0.0, 3.0]))
def test_the_end_of_every_pass_is_what_the_engine_computes_to_the_bit(computation, passes, seed):
    leaves, root = computation
    chapters = []
    for _ in range(passes):
        chapter = chapter_of(root, seed=seed, accumulate=True, parameters=leaves)
        root.backward(seed)
        chapters.append(chapter)
        player = Player(Story(tuple(chapters))).last()
        nodes = [*trace((root,))[1]]
        nodes += [leaf for leaf in leaves if leaf not in [node for node in nodes if isinstance(node, Value)]]
        assert len(nodes) == len(player.chapter.tape)
        assert bits(player.state.values) == bits(v.data if isinstance(v, Value) else v for v in nodes)
        assert bits(player.state.adjoints) == bits(
            v.grad if isinstance(v, Value) and v.grad_computed else None for v in nodes
        )


@given(programs(RAW, domain=None))
def test_nan_and_infinities_are_what_the_engine_computes(program):
    with ieee():
        leaves = program.leaves()
        root = program.run(leaves)
        chapter = chapter_of(root, parameters=leaves)
        root.backward()
    player = play(chapter).last()
    for leaf, line in zip(leaves, chapter.parameters, strict=True):
        assert bits([player.adjoint(line)]) == bits([leaf.grad if leaf.grad_computed else None])


@given(computations())
def test_a_pass_by_itself_starts_from_nothing(computation):
    leaves, root = computation
    chapter = chapter_of(root, parameters=leaves)
    assert chapter.earlier == (None,) * len(chapter.tape)
    for leaf in leaves:
        leaf.grad = 0.0
    root.backward()
    player = play(chapter).last()
    for leaf, line in zip(leaves, chapter.parameters, strict=True):
        assert (player.adjoint(line) or 0.0).hex() == leaf.grad.hex()


@given(computations())
def test_telling_changes_no_value(computation):
    leaves, root = computation
    nodes = [node for node in trace((root,))[1] if isinstance(node, Value)]
    before = snapshot([*leaves, *nodes])
    play(chapter_of(root, parameters=leaves, accumulate=True)).last()
    assert all(
        a is b
        for one, two in zip(before, snapshot([*leaves, *nodes]), strict=True)
        for a, b in zip(one, two, strict=True)
    )


@given(computations())
def test_a_tape_tells_the_same_as_the_graph(computation):
    _, root = computation
    of_graph, of_tape = chapter_of(root), chapter_of_tape(record(root))
    assert list(map(repr, of_tape.events)) == list(map(repr, of_graph.events))
    assert of_tape.tape == of_graph.tape


def test_a_tape_can_be_told_at_other_numbers():
    tape = record(Value(3.0, name="x") ** 2)
    player = play(chapter_of_tape(tape, tape.evaluate({"x": 5.0}).values)).last()
    assert (player.value(0), player.value(2), player.adjoint(0)) == (5.0, 25.0, 10.0)


def test_the_condition_of_where_gets_nothing():
    x, y = Value(3.0), Value(4.0)
    player = play(chapter_of(where(x > 0, x, y))).last()
    assert [(e.position, e.operand, e.local) for e in player.chapter.events if isinstance(e, Back)] == [
        (0, 0, 1.0),
        (1, 1, 0.0),
    ]
    assert player.state.adjoints == (1.0, 0.0, None, 1.0)


def test_a_leaf_alone_is_its_own_root():
    x = Value(3.0)
    x.grad = 2.0
    chapter = chapter_of(x, seed=5.0, accumulate=True)
    assert chapter.events == (Seed(0, 2.0, 7.0),)
    x.backward(5.0)
    assert play(chapter).last().adjoint(0) == x.grad == 7.0


def test_a_result_without_a_graph_is_a_leaf():
    with no_grad():
        y = Value(3.0) * 2
    assert chapter_of(y).events == (Seed(0, 0.0, 1.0),)


def test_a_chain_of_a_hundred_thousand_operations_is_told():
    v = Value(0.5)
    for _ in range(100_000):
        v = v * 1.0
    player = play(chapter_of(v)).last()
    assert player.position == 200_001
    assert player.adjoint(0) == 1.0


def test_the_source_line_is_known_where_it_was_computed_under_detect_anomaly():
    x = Value(3.0)
    with detect_anomaly():
        y = x * x
    place = chapter_of(y).places[1]
    assert (place.file, place.text) == ("test_stepper_events.py", "y = x * x")
    assert chapter_of(x * x).places == (None, None)


# ---------------------------------------------------------------- training


@pytest.mark.parametrize("optimizer", [nn.SGD, nn.Adam])
def test_fifty_steps_replay_to_the_same_weights(optimizer):
    model = nn.MLP(2, [3, 1], activation="tanh", rng=1)
    parameters = model.parameters()
    step = optimizer(parameters, learning_rate=0.05)
    data = [([0.0, 1.0], 1.0), ([1.0, 1.0], -1.0)]
    chapters, start = [], [p.data for p in parameters]
    for number in range(50):
        step.zero_grad()
        for sample, (x, y) in enumerate(data):  # two passes a step: leaves accumulate
            loss = (model(x) - y) ** 2
            title = f"step {number}, sample {sample}"
            chapters.append(chapter_of(loss, title=title, parameters=parameters, accumulate=True))
            loss.backward()
        step.step()
        chapters[-1] = chapters[-1].updated(p.data for p in parameters)
    player = Player(Story(tuple(chapters)))
    assert bits(map(player.value, player.chapter.parameters)) == bits(start)
    player.last()
    assert bits(map(player.value, player.chapter.parameters)) == bits(p.data for p in parameters)
    assert bits(map(player.adjoint, player.chapter.parameters)) == bits(p.grad for p in parameters)
    for at, (one, two) in enumerate(pairwise(chapters)):
        end = Player(Story((one,))).last()
        begin = Player(Story((two,)))
        assert bits(map(end.value, one.parameters)) == bits(map(begin.value, two.parameters))
        same = bits(map(end.adjoint, one.parameters)) == bits(map(begin.adjoint, two.parameters))
        assert same == (at % 2 == 0)  # between steps the gradients are set to 0


def test_an_update_is_noted_for_what_moved_only_and_can_be_repeated():
    w, v = Value(1.0), Value(2.0)
    chapter = chapter_of(w * 2, parameters=[w, v])
    assert chapter.updated([1.0, 2.0]).events == chapter.events
    assert chapter.updated([1.0, -2.0]).events[-1] == Update(3, 2.0, -2.0)
    twice = chapter.updated([1.5, 2.0]).updated([1.5, 2.5])
    assert twice.events[-2:] == (Update(0, 1.0, 1.5), Update(3, 2.0, 2.5))
    assert chapter.updated([1.5, 2.0]).updated([1.25, 2.0]).events[-1] == Update(0, 1.5, 1.25)
    player = play(twice).last()
    assert (player.value(0), player.back().value(3), player.back().value(0)) == (1.5, 2.0, 1.0)


# ---------------------------------------------------------------- what is refused


def test_what_makes_no_story_is_refused_with_the_remedy():
    x = Value(3.0)
    with pytest.raises(OperandError, match=r"float 3\.0 is not a Value"):
        chapter_of(3.0)
    with pytest.raises(OperandError, match="'high'"):
        chapter_of(x, seed="high")
    with pytest.raises(InputError, match="is not a leaf; give the Values"):
        chapter_of(x, parameters=[x * x])
    with pytest.raises(InputError, match="of 2 parameters only 1 are different"):
        chapter_of(x, parameters=[x, x])
    with pytest.raises(InputError, match="got 2 numbers for 1 parameters"):
        chapter_of(x, parameters=[x]).updated([1.0, 2.0])
    with pytest.raises(InputError, match="the tape has 2 outputs"):
        chapter_of_tape(record(x, x * x))
    with pytest.raises(InputError, match="got 1 values for 2 lines"):
        chapter_of_tape(record(x * x), [1.0])
    with pytest.raises(InputError, match="at least one chapter"):
        Story(())


def test_events_and_chapters_cannot_be_changed():
    chapter = chapter_of(Value(3.0).exp())
    for thing, name in ((chapter, "title"), (chapter.events[0], "line"), (Story((chapter,)), "chapters")):
        with pytest.raises(AttributeError):
            setattr(thing, name, 1)
    assert not hasattr(Forward(0), "__dict__")
    assert isinstance(chapter, Chapter)
    assert isinstance(chapter.tape.validate(), Tape)
    assert math.isclose(Player(Story((chapter,))).last().value(1), math.exp(3))


def test_a_story_is_a_sequence_of_events():
    chapter = chapter_of(Value(3.0).exp())
    assert [*Story((chapter, chapter))] == [*chapter.events, *chapter.events]
    assert repr(play(chapter).forward()) == "<Player: 1 of 3 events>"
    assert repr(chapter) == "<Chapter: 2 lines, 3 events>", "of 60,000 lines too"
    assert repr(Story((chapter, chapter), title="two\n")) == "<Story: two␊, 2 chapters, 6 events>"


def test_curves_and_planes_have_an_entry_for_each_chapter():
    chapter = chapter_of(Value(3.0).exp())
    cells = {"names": ("a", "b"), "x": (0.0, 1.0), "y": (-1.0, 1.0), "columns": 2, "rows": 1}
    plane = Plane(**cells, points=((0.5, 0.0, 1),), labels=("no", "yes"), scores=((1.0, -1.0), None))
    story = Story((chapter, chapter), "title", (Curve("loss", (1.0, None)),), plane)
    assert (story.title, story.curves[0].values[0], story.plane.scores[1]) == ("title", 1.0, None)
    with pytest.raises(InputError, match="the curve 'loss' has 1 entries for 2 chapters; give one a chapter, or None"):
        Story((chapter, chapter), curves=(Curve("loss", (1.0,)),))
    with pytest.raises(InputError, match="the plane has 2 entries for 1 chapters"):
        Story((chapter,), plane=plane)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"x": (1.0, 1.0)}, r"the plane's x goes from 1\.0 to 1\.0; give the lower end first"),
        ({"y": (math.nan, 1.0)}, "the plane's y goes from nan"),
        ({"rows": 0}, "a plane of 2 x 0 cells shows nothing"),
        ({"scores": ((1.0,),)}, "chapter 0 has 1 scores for a plane of 2 cells; one a cell"),
        ({"points": ((0.0, 0.0, 2),)}, "label 2 is not there; give a whole number from 0 to 1"),
    ],
)
def test_a_plane_that_does_not_fit_is_refused(changes, message):
    fits = {"names": ("a", "b"), "x": (0.0, 1.0), "y": (-1.0, 1.0), "columns": 2, "rows": 1}
    fits |= {"points": (), "labels": ("no", "yes"), "scores": ((1.0, -1.0),)}
    assert Plane(**fits).classes is False
    with pytest.raises(InputError, match=message):
        Plane(**fits | changes)


@given(computations(), st.sampled_from([1.0, -0.0, -2.5]))
def test_a_chapter_tells_what_the_engine_needs_to_know(computation, seed):
    _, root = computation
    chapter = chapter_of(root, seed=seed, accumulate=True)
    assert (repr(chapter.seed), chapter.note, chapter.scripted) == (repr(seed), "", False)
    assert list(map(repr, engine_events(chapter))) == list(map(repr, chapter.events))
