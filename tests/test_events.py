"""Events and the cursor over them: what the engine does, bit for bit, and back again."""

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

import nn
from autograd_lite import InputError, OperandError, Tape, Value, detect_anomaly, ieee, no_grad, record, where
from autograd_lite.recording import trace
from autograd_lite.stepper.chapter import Chapter, chapter_of, chapter_of_tape
from autograd_lite.stepper.events import Back, Forward, Seed, Update, changed
from autograd_lite.stepper.player import Player
from autograd_lite.stepper.story import Story
from autograd_lite.testing import RAW, edge_floats, programs


def bits(numbers):
    return [None if number is None else float(number).hex() for number in numbers]


def snapshot(values):
    return [(v._data, v._grad, v._more, v._x, v._y, v._dx, v._dy) for v in values]


def play(*chapters):
    return Player(Story(chapters))


@st.composite
def computations(draw):
    """Draws leaves, some with a gradient from before, and a result of shared nodes, constants and unused leaves."""
    program = draw(programs(RAW, domain=draw(st.sampled_from([(-32.0, 32.0), (-1e300, 1e300)])), kinks=True))
    leaves = program.leaves()
    for leaf in leaves:
        if draw(st.booleans()):
            leaf.grad = draw(edge_floats())
    return leaves, program.run(leaves)


def small_story(parameters=True):
    """Returns two steps of training on w*x + w, as a story, and the parameter."""
    w, x, idle = Value(0.5, name="w"), Value(2.0, name="x"), Value(1.0, name="idle")
    chapters = []
    for step in range(2):
        w.grad = 0.0
        loss = (w * x + w).tanh() ** 2
        given_parameters = [idle, w] if parameters else []
        chapter = chapter_of(loss, title=f"step {step}", parameters=given_parameters, accumulate=True)
        loss.backward()
        w.data -= 0.1 * w.grad
        chapters.append(chapter.updated([1.0, w.data]) if parameters else chapter)
    return Story(tuple(chapters)), w


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
    assert (place.file, place.text) == ("test_events.py", "y = x * x")
    assert chapter_of(x * x).places == (None, None)


# ---------------------------------------------------------------- forward and back again


@given(computations(), st.booleans())
def test_undo_after_do_is_the_identity_at_every_position(computation, accumulate):
    leaves, root = computation
    chapter = chapter_of(root, parameters=leaves, accumulate=accumulate)
    moved = chapter.updated([leaf.data / 2 for leaf in leaves])
    player, seen = play(moved, chapter), []
    for position in range(len(player.story) + 1):
        assert player.position == position
        seen.append(full(player))
        player.forward()
    assert player.position == len(player.story)
    for position in reversed(range(len(player.story) + 1)):
        assert full(player) == seen[position]
        player.back()
    assert player.position == 0


def full(player):
    """Returns everything a player shows, as text, so that nan equals nan."""
    return repr((player.position, player.place, player.event, player.phase, player.state))


@given(computations(), st.data())
def test_going_somewhere_equals_stepping_there(computation, data):
    leaves, root = computation
    chapter = chapter_of(root, parameters=leaves)
    story = Story((chapter, chapter_of(root), chapter.updated([1.5] * len(leaves))))
    stepping = Player(story)
    shown = [full(stepping)] + [full(stepping.forward()) for _ in range(len(story))]
    jumping = Player(story)
    for position in data.draw(st.lists(st.integers(0, len(story)), max_size=8)):
        assert full(jumping.go(position)) == shown[position] == full(Player(story).go(position))


@given(computations())
def test_an_event_changes_one_line_and_nothing_else(computation):
    leaves, root = computation
    chapter = chapter_of(root, parameters=leaves, accumulate=True).updated([leaf.data + 1 for leaf in leaves])
    player = play(chapter)
    for event in chapter.events:
        before, after = player.state, player.forward().state
        for line in range(len(chapter.tape)):
            if line != changed(event):
                assert repr([column[line] for column in before]) == repr([column[line] for column in after])


@given(computations())
def test_the_phases_partition_the_events(computation):
    leaves, root = computation
    chapter = chapter_of(root, parameters=leaves).updated([leaf.data + 1 for leaf in leaves])
    assert [i for phase in chapter.phases for i in range(phase.start, phase.stop)] == [*range(len(chapter.events))]
    order = ["forward", "seed", "backward", "update"]
    names = [phase.name for phase in chapter.phases]
    assert names == sorted(names, key=order.index)
    assert len(set(names)) == len(names)


def test_at_either_end_it_stays():
    player = play(chapter_of(Value(3.0).exp()))
    assert player.back().position == player.previous_phase().position == 0
    assert player.last().forward().position == player.next_phase().position == 3


def test_phases_are_walked_through_all_chapters():
    story, _ = small_story()
    player, names = Player(story), []
    while (phase := player.next_phase().phase) and (not names or names[-1][0] != player.position):
        names.append((player.position, phase.name))
    assert [name for _, name in names] == ["forward", "seed", "backward", "update"] * 2
    back = [(player.position, player.phase.name)]
    while player.previous_phase().position:
        back.append((player.position, player.phase.name))
    assert back == names[::-1]
    assert player.go(14).to_phase("seed").event == Seed(story.chapters[1].root, 0.0, 1.0)
    player.last().back()
    middle = player.previous_phase().position
    assert player.story[middle - 1] == player.event
    assert player.phase.name == "backward"


def test_one_step_touches_one_event(monkeypatch):
    v = Value(0.5)
    for _ in range(2_000):
        v = v * 1.0
    player = play(chapter_of(v), chapter_of(v)).go(5_000)
    done = []
    track = type(player._track)
    for name in ("_do", "_undo"):
        original = getattr(track, name)
        monkeypatch.setattr(track, name, lambda self, e, original=original: (done.append(e), original(self, e))[1])
    player.forward().forward().back()
    assert len(done) == 3
    player.go(5_100)
    assert len(done) == 3 + 99


# ---------------------------------------------------------------- one line


@given(computations(), st.booleans())
def test_the_ledger_adds_up_to_the_gradient_as_the_engine_does(computation, accumulate):
    leaves, root = computation
    player = play(chapter_of(root, parameters=leaves), chapter_of(root, parameters=leaves, accumulate=accumulate))
    while True:
        for line in range(len(player.chapter.tape)):
            check_ledger(player, line)
        if player.position == len(player.story):
            break
        player.forward()


def check_ledger(player, line):
    ledger, total = player.ledger(line), 0.0
    for index, entry in ledger.entries:
        assert player.story[index] is entry
        assert entry.operand == line
        assert index < player.position
        total += entry.local * entry.upstream
    arrived, expected = player.progress(line)
    assert (len(ledger.entries), ledger.expected) == (arrived, expected)
    if ledger.earlier is not None:
        total = total + ledger.earlier if ledger.entries else ledger.earlier
    if line != player.chapter.root:
        computed = ledger.entries or ledger.earlier is not None
        assert bits([ledger.gradient]) == bits([total if computed else None])


@given(computations())
def test_no_line_passes_its_adjoint_on_while_it_waits(computation):
    _, root = computation
    player = play(chapter_of(root))
    for event in player.chapter.events:
        if isinstance(event, Back):
            assert player.waits_for(event.line) == ()
            assert event.line in player.waits_for(event.operand)
            assert event.upstream.hex() == player.adjoint(event.line).hex()
        player.forward()
    assert all(player.waits_for(line) == () for line in range(len(player.chapter.tape)))


def test_a_line_waits_for_each_consumer_once_and_counts_every_contribution():
    x = Value(3.0, name="x")
    player = play(chapter_of(x * x + x.exp())).to_phase("seed")
    assert (player.waits_for(0), player.progress(0)) == ((2, 1), (0, 3))
    player.next_of(0)
    assert (player.waits_for(0), player.progress(0)) == ((1,), (1, 3))
    player.next_of(0)
    assert (player.waits_for(0), player.progress(0)) == ((1,), (2, 3))


def test_not_computed_is_not_zero():
    x = Value(3.0)
    player = play(chapter_of(x * 0.0))
    assert (player.value(2), player.adjoint(0)) == (None, None)
    assert player.last().adjoint(0) == 0.0
    assert player.back().adjoint(0) is None


@given(computations())
def test_next_of_stops_at_each_event_of_a_line(computation):
    leaves, root = computation
    chapter = chapter_of(root, parameters=leaves).updated([leaf.data + 1 for leaf in leaves])
    for line in range(len(chapter.tape)):
        wanted = [i + 1 for i, event in enumerate(chapter.events) if changed(event) == line]
        player, found = play(chapter), []
        while player.next_of(line).position not in (*found, 0):
            found.append(player.position)
        assert found == wanted
        player.last()
        found = [player.position] if wanted[-1:] == [len(player.story)] else []
        while player.previous_of(line).position not in (*found, len(player.story)):
            found.append(player.position)
        assert found == wanted[::-1]


def test_a_parameter_is_followed_through_all_chapters():
    story, w = small_story()
    line = story.chapters[0].parameters[1]
    player, events = Player(story).next_of(line), []
    while not events or player.event is not events[-1]:
        events.append(player.event)
        player.next_of(line)
    assert [type(event) for event in events] == [Back, Back, Update] * 2
    assert player.value(line) == w.data
    player.go(story.starts[1] + 1).previous_of(line)
    assert player.event == events[2]


def test_without_parameters_a_line_stays_in_its_chapter():
    story, _ = small_story(parameters=False)
    player = Player(story).go(story.starts[1])
    assert player.next_of(0).position == story.starts[1]


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


@pytest.mark.parametrize("number", [-1, 5, True, 1.0, "1", None])
def test_positions_lines_and_events_that_are_not_there_are_refused(number):
    player = play(chapter_of(Value(3.0) * Value(2.0)))
    assert len(player.story) == 4
    for refused in (player.go, player.value, player.adjoint, player.ledger, player.waits_for, player.next_of):
        with pytest.raises(InputError, match="give a whole number from 0 to"):
            refused(number)
    with pytest.raises(InputError, match=r"event .* from 0 to 3"):
        player.story.place(number)
    assert player.position == 0


def test_a_phase_that_is_not_there_is_refused_with_those_that_are():
    with pytest.raises(InputError, match="no phase 'update'; it has forward, seed, backward"):
        play(chapter_of(Value(3.0).exp())).to_phase("update")


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
