"""The cursor over a story: forward and back again, and what is known of each line on the way."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stories import bits, computations, play, small_story

from autograd_lite import InputError, Value
from autograd_lite.stepper.chapter import chapter_of
from autograd_lite.stepper.events import Back, Seed, Update, changed
from autograd_lite.stepper.player import Player
from autograd_lite.stepper.story import Story

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


def test_a_name_does_for_a_line():
    w, x = Value(0.5, name="w"), Value(2.0, name="x")
    player = play(chapter_of((w * x + w).tanh())).last()
    assert (player.value("w"), player.adjoint("x")) == (player.value(0), player.adjoint(1))
    assert str(player.ledger("w")) == str(player.ledger(0))
    assert player.first().next_of("w").position == Player(player.story).next_of(0).position
    with pytest.raises(InputError, match=r"no line is called 'v'; the names are w, x$"):
        player.value("v")
    with pytest.raises(InputError, match="no line is called ''"):
        player.value("")


def test_a_name_of_several_lines_is_told_with_their_numbers():
    player = play(chapter_of(Value(1.0, name="x") * Value(2.0, name="x")))
    with pytest.raises(InputError, match=r"2 lines are called 'x'; give the number of one: 0, 1$"):
        player.ledger("x")
    with pytest.raises(InputError, match="no line is called 'x'; none has a name: give its number"):
        play(chapter_of(Value(1.0) * 2)).value("x")


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


@pytest.mark.parametrize("number", [-1, 5, True, 1.0, "1", None])
def test_positions_lines_and_events_that_are_not_there_are_refused(number):
    player = play(chapter_of(Value(3.0) * Value(2.0)))
    assert len(player.story) == 4
    for refused in (player.go, player.value, player.adjoint, player.ledger, player.waits_for, player.next_of):
        with pytest.raises(InputError, match=r"give a whole number from 0 to|no line is called '1'"):
            refused(number)
    with pytest.raises(InputError, match=r"event .* from 0 to 3"):
        player.story.place(number)
    assert player.position == 0


def test_a_ledger_prints_as_the_sum_that_a_gradient_is():
    w, x = Value(2.0, name="w"), Value(3.0, name="x")
    stepper = (w * x + x).step()
    assert str(stepper.ledger(x)) == "dL/dx: nothing has arrived yet"
    stepper.position = 5
    assert str(stepper.ledger(x)) == ("dL/dx = 1\n  5  dv3/dx * dL/dv3 = 1 * 1 = 1\n1 of 2 contributions; their sum: 1")
    assert str(stepper.last().ledger(x)) == (
        "dL/dx = 3\n"
        "  5  dv3/dx * dL/dv3 = 1 * 1 = 1\n"
        "  7  dv2/dx * dL/dv2 = 2 * 1 = 2\n"
        "2 of 2 contributions; their sum: 3"
    )
    assert stepper.ledger(x) == stepper.ledger(1)
    assert str(stepper.ledger(3)) == "the seed: dL/dv3 = 1"


def test_a_ledger_says_what_earlier_passes_brought_and_which_numbers_have_none():
    w = Value(2.0, name="w")
    (w * 5.0).backward()
    ledgers = play(chapter_of(w * 3.0, accumulate=True)).last().ledger
    assert str(ledgers(0)) == (
        "dL/dw = 8\n  3  dv2/dw * dL/dv2 = 3 * 1 = 3\n     5 of earlier passes\n1 of 1 contribution; their sum: 8"
    )
    assert str(ledgers(1)) == "3 is a number written in the program: it has no gradient"
    w.backward()
    player = play(chapter_of(w, accumulate=True))
    assert str(player.ledger(0)) == "dL/dw = 6\n    6 of earlier passes\n0 of 0 contributions; their sum: 6"
    assert str(player.last().ledger(0)) == ("the seed: dL/dw = 1\n    6 of earlier passes\ntheir sum: 7")


def test_a_long_ledger_is_cut_in_print_and_nowhere_else():
    x = Value(1.0, name="x")
    ledger = sum([x * 1.0 for _ in range(200)]).step().last().ledger(x)
    assert len(ledger.entries) == 200
    assert str(ledger).splitlines()[-2:] == ["        … 150 more", "200 of 200 contributions; their sum: 200"]


def test_a_value_does_where_a_line_is_asked_for():
    x = Value(3.0, name="x")
    y = x * x
    stepper = y.step().last()
    assert (stepper.value(y), stepper.adjoint(x), stepper.progress(x), stepper.waits_for(x)) == (9.0, 6.0, (2, 2), ())
    assert stepper.first().next_of(x).position == 3
    assert stepper.last().previous_of(x).position == 3
    with pytest.raises(InputError, match="'other' is not part of this computation; give a line, or a Value of it"):
        stepper.ledger(Value(1.0, name="other"))
    with pytest.raises(InputError, match="'x' is not part"):
        play(chapter_of(y)).value(x)


def test_a_phase_that_is_not_there_is_refused_with_those_that_are():
    with pytest.raises(InputError, match="no phase 'update'; it has forward, seed, backward"):
        play(chapter_of(Value(3.0).exp())).to_phase("update")
