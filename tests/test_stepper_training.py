"""Training as a story: a loop of the reader's own, and `step_training`, which ends where `fit` ends, to the bit."""

import math
import random
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograd_lite import InputError, NonFiniteError, OperandError, ShapeError, Stepper, TrainingRecorder, Value
from autograd_lite.stepper import Player
from autograd_lite.stepper.events import Back, Forward, Seed, Update
from autograd_lite.testing import datasets
from nn import (
    MLP,
    SGD,
    Adam,
    Module,
    Neuron,
    binary_cross_entropy,
    classify,
    fit,
    half_squared_error,
    hinge,
    softmax_cross_entropy,
    step_training,
)

XOR = ([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], [0, 1, 1, 0])
LINE = ([[0.0], [1.0], [2.0], [3.0]], [1.0, 3.0, 5.0, 7.0])


def bits(numbers):
    return [number.hex() for number in numbers]


def weights(model):
    return bits(p.data for p in model.parameters())


def xor(outputs=1):
    return MLP(2, [3, outputs], activation="tanh", rng=1)


def line():
    return Neuron(1, activation="linear", rng=1)


def down(w, steps, recorder, **numbers):
    for step in range(steps):
        w.grad = 0.0
        loss = (w - 2.0) ** 2
        recorder.before(loss, title=f"step {step}", note="look")
        loss.backward()
        w.data -= 0.25 * w.grad
        recorder.after(loss=loss, **numbers)


def at_the_end(stepper_or_story, count):
    """Returns what the parameters are when the last event has happened."""
    player = Player(getattr(stepper_or_story, "story", stepper_or_story)).last()
    assert len(player.chapter.parameters) == count
    return [player.value(line) for line in player.chapter.parameters]


# ---------------------------------------------------------------- a loop of the reader's own


def test_a_recorder_takes_down_what_backward_and_the_update_do():
    w = Value(5.0, name="w")
    recorder = TrainingRecorder([w], title="down")
    down(w, 3, recorder)
    story = recorder.story
    assert (story.title, [chapter.title for chapter in story.chapters]) == ("down", ["step 0", "step 1", "step 2"])
    assert {chapter.note for chapter in story.chapters} == {"look"}
    assert [type(event) for event in story.chapters[0].events] == [Forward, Forward, Seed, Back, Back, Update]
    assert [event for event in story if isinstance(event, Update)] == [
        Update(0, 5.0, 3.5),
        Update(0, 3.5, 2.75),
        Update(0, 2.75, 2.375),
    ]
    assert at_the_end(story, 1) == [w.data]
    player = Player(story).last()
    assert player.adjoint(0) == w.grad
    assert [curve.values for curve in story.curves] == [(9.0, 2.25, 0.5625)]


def test_recording_changes_nothing():
    mine, other = Value(5.0, name="w"), Value(5.0, name="w")
    down(mine, 5, TrainingRecorder([mine]))
    for _ in range(5):
        other.grad = 0.0
        ((other - 2.0) ** 2).backward()
        other.data -= 0.25 * other.grad
    assert (mine.data, mine.grad) == (other.data, other.grad)


def test_a_step_of_several_samples_adds_up_before_it_moves():
    w = Value(1.0, name="w")
    recorder = TrainingRecorder([w])
    w.grad = 0.0
    for x in (2.0, 3.0):
        loss = w * x
        recorder.before(loss, seed=0.5)
        loss.backward(0.5)
    w.data -= w.grad
    recorder.after()
    first, second = recorder.story.chapters
    assert [event.after for event in first.events if isinstance(event, Back)] == [1.0]
    assert [(event.before, event.after) for event in second.events if isinstance(event, Back)] == [(1.0, 2.5)]
    assert second.events[-1] == Update(0, 1.0, -1.5)


def test_a_parameter_that_the_loss_does_not_use_is_shown_as_it_moves():
    w, idle = Value(1.0, name="w"), Value(7.0, name="idle")
    recorder = TrainingRecorder([w, idle])
    loss = w * w
    recorder.before(loss)
    loss.backward()
    w.data, idle.data = 0.5, 6.0
    recorder.after()
    assert at_the_end(recorder.story, 2) == [0.5, 6.0]


def test_curves_have_a_number_a_chapter_or_none():
    w = Value(5.0)
    recorder = TrainingRecorder([w])
    down(w, 1, recorder, accuracy=0.5)
    down(w, 1, recorder)
    recorder.measure(late=math.inf)
    recorder.curve("all", [1, None])
    assert [(curve.name, curve.values) for curve in recorder.story.curves] == [
        ("loss", (9.0, 2.25)),
        ("accuracy", (0.5, None)),
        ("late", (None, math.inf)),
        ("all", (1.0, None)),
    ]
    with pytest.raises(InputError, match="'all' has 1 values for 2 chapters"):
        recorder.curve("all", [1.0])
    with pytest.raises(OperandError, match=r"measure\(accuracy=\.\.\.\).*'much'"):
        recorder.measure(accuracy="much")


def test_a_plane_may_be_put_beside_the_chapters():
    w = Value(5.0)
    recorder = TrainingRecorder([w])
    down(w, 2, recorder)
    frame = {"labels": ["no", "yes"], "x": (0, 1), "y": (0, 1), "columns": 2, "rows": 1}
    recorder.divide([(0.0, 1.0, 1)], [[1.0, -1.0], None], **frame)
    assert recorder.story.plane.scores == ((1.0, -1.0), None)
    assert recorder.story.plane.labels == ("no", "yes")
    with pytest.raises(InputError, match="1 scores for a plane of 2 cells"):
        recorder.divide([], [[1.0], None], **frame)


def test_a_recorder_can_be_stepped_through_and_says_what_it_has():
    w = Value(5.0, name="w")
    recorder = TrainingRecorder([w])
    down(w, 2, recorder)
    stepper = recorder.step()
    assert isinstance(stepper, Stepper)
    assert len(stepper.story) == 12
    assert repr(recorder) == "<TrainingRecorder: 2 chapters, 1 parameters>"


def test_an_open_chapter_is_closed_by_whoever_looks():
    w = Value(1.0, name="w")
    recorder = TrainingRecorder([w])
    loss = w * 2
    recorder.before(loss)
    loss.backward()
    w.data = 0.0
    assert recorder.story[len(recorder.story) - 1] == Update(0, 1.0, 0.0)


# ---------------------------------------------------------------- what cannot be recorded


def test_after_without_before_is_refused():
    with pytest.raises(InputError, match=r"none has been begun; call before\(loss\) before loss\.backward\(\)"):
        TrainingRecorder([Value(1.0)]).after()


def test_after_twice_is_refused():
    w = Value(5.0)
    recorder = TrainingRecorder([w])
    down(w, 1, recorder)
    with pytest.raises(InputError, match="none has been begun"):
        recorder.after()


def test_before_after_backward_is_refused():
    w = Value(1.0, name="w")
    loss = w * w
    loss.backward()
    with pytest.raises(InputError, match=r"differentiated already; call before\(loss\) first"):
        TrainingRecorder([w]).before(loss)


def test_nothing_recorded_is_no_story():
    recorder = TrainingRecorder([Value(1.0)])
    for ask in (lambda: recorder.story, recorder.step):
        with pytest.raises(InputError, match="nothing has been recorded"):
            ask()
    with pytest.raises(InputError, match="there is none yet"):
        recorder.measure(loss=1.0)


def test_parameters_that_were_replaced_are_missed():
    model = line()
    recorder = TrainingRecorder(model.parameters())
    model.w = [Value(1.0)]
    with pytest.raises(InputError, match="a parameter 'w0' that is not the one of this name"):
        recorder.before(model([1.0]))


def test_parameters_of_another_model_are_missed():
    recorder = TrainingRecorder([Value(1.0)])
    recorder.before(Value(2.0) * 3)
    with pytest.raises(InputError, match="no loss that was recorded depends on any of the 1 parameters"):
        recorder.step()


def test_a_recorder_wants_leaves_each_once():
    w = Value(1.0, name="w")
    for parameters, error, words in (
        ([], InputError, r"parameters = \[\] leaves no update"),
        ([w, w], InputError, "of 2 parameters some are given twice"),
        ([w * 2], InputError, r"parameters\[0\].* is a result"),
        ([1.0], OperandError, r"parameters\[0\] = 1.0 is not a Value"),
    ):
        with pytest.raises(error, match=words):
            TrainingRecorder(parameters)
    with pytest.raises(OperandError, match="is not a Value"):
        TrainingRecorder([w]).before(1.0)


# ---------------------------------------------------------------- step_training ends where fit ends


OPTIONS = {
    "one by one": {"batch_size": 1, "epochs": 5, "rng": 3},
    "all recorded": {"batch_size": 1, "epochs": 5, "rng": 3, "most": 1000},
    "in batches": {"batch_size": 3, "epochs": 4, "rng": 3},
    "all at once": {"batch_size": None, "epochs": 3},
    "some samples": {"batch_size": 2, "epochs": 4, "rng": 1, "samples": [1, 3]},
    "few chapters": {"batch_size": 1, "epochs": 6, "most": 2},
    "one chapter": {"batch_size": 4, "epochs": 2, "most": 1},
    "no seed": {"epochs": 2},
}


@pytest.mark.parametrize(
    "optimizer", [lambda p: SGD(p, 0.1, momentum=0.9), lambda p: Adam(p, 0.05)], ids=["SGD", "Adam"]
)
@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
def test_the_model_ends_as_fit_leaves_it_to_the_bit(options, optimizer):
    mine, other = xor(), xor()
    mover, alike = optimizer(mine.parameters()), optimizer(other.parameters())
    stepper = step_training(mine, *XOR, loss=binary_cross_entropy, optimizer=mover, **options)
    options = {"batch_size": 1} | {k: v for k, v in options.items() if k not in ("samples", "most")}
    fit(other, *XOR, loss=binary_cross_entropy, optimizer=alike, engine="scalar", progress=False, **options)
    assert weights(mine) == weights(other)
    assert bits(p.grad for p in mine.parameters()) == bits(p.grad for p in other.parameters())
    assert (mover.steps, mover.state) == (alike.steps, alike.state)
    assert isinstance(stepper, Stepper)


@settings(deadline=None, max_examples=25)
@given(
    datasets(max_rows=5, max_columns=2, labels=st.floats(-2, 2)), st.integers(1, 3), st.integers(0, 9), st.booleans()
)
def test_whatever_the_data_it_ends_as_fit_ends(data, size, seed, all_of_them):
    X, y = data
    mine, other = (MLP(len(X[0]), [2, 1], activation="tanh", rng=seed) for _ in range(2))
    options = {"epochs": 2, "batch_size": size, "rng": seed, "loss": half_squared_error}
    stepper = step_training(
        mine, X, y, optimizer=SGD(mine.parameters(), 0.001), samples=None if all_of_them else [0], **options
    )
    fit(other, X, y, optimizer=SGD(other.parameters(), 0.001), engine="scalar", progress=False, **options)
    assert weights(mine) == weights(other)
    if all_of_them:
        assert bits(at_the_end(stepper, len(mine.parameters()))) == weights(mine)


def test_a_source_of_randomness_is_left_as_fit_leaves_it():
    sources = random.Random(5), random.Random(5)
    step_training(xor(), *XOR, epochs=3, rng=sources[0])
    other = xor()
    optimizer = SGD(other.parameters(), 0.1)
    fit(other, *XOR, loss=hinge_of_01, optimizer=optimizer, epochs=3, batch_size=1, rng=sources[1], progress=False)
    assert sources[0].getstate() == sources[1].getstate()


def hinge_of_01(output, target):
    return hinge(output, 2 * target - 1)


@pytest.mark.parametrize("most", [50, 7])
def test_fifty_steps_replay_to_the_models_weights(most):
    model = xor()
    stepper = step_training(model, *XOR[:1], XOR[1], epochs=13, samples=None, rng=2, most=most)
    assert len(stepper.story.chapters) == most
    assert bits(at_the_end(stepper, len(model.parameters()))) == weights(model)
    player = Player(stepper.story).first()
    start = [player.value(line) for line in player.chapter.parameters]
    assert bits(start) == weights(xor())


def test_what_is_recorded_is_a_chain_where_no_step_is_left_out():
    model = xor()
    story = step_training(model, *XOR, epochs=3, rng=2).story
    numbers = [p.data for p in xor().parameters()]
    for chapter in story.chapters:
        lines = chapter.tape.lines
        assert bits(lines[line].data for line in chapter.parameters) == bits(numbers)
        moved = {event.line: event.after for event in chapter.events if isinstance(event, Update)}
        numbers = [moved.get(line, lines[line].data) for line in chapter.parameters]
        assert not chapter.note
        assert chapter.earlier[chapter.parameters[0]] == 0.0
    assert bits(numbers) == weights(model)


# ---------------------------------------------------------------- which samples, and what is said of them


def test_titles_and_notes_say_where_a_chapter_is():
    story = step_training(line(), *LINE, epochs=3, samples=[2], rng=4).story
    seen = {}
    orders = random.Random(4)
    for epoch in range(3):
        order = [0, 1, 2, 3]
        orders.shuffle(order)
        seen[epoch] = order.index(2)
    overall = [4 * epoch + at for epoch, at in seen.items()]
    skipped = [b - a - 1 for a, b in zip([-1, *overall], overall, strict=False)]
    assert [chapter.title for chapter in story.chapters] == [
        f"epoch {epoch + 1}, step {at + 1}, sample 2" for epoch, at in seen.items()
    ]
    for chapter, count in zip(story.chapters, skipped, strict=True):
        assert chapter.note == ("" if not count else f"{count} step{'s' if count > 1 else ''} not shown")


def test_a_sample_of_a_batch_says_that_the_others_are_not_shown():
    story = step_training(line(), *LINE, batch_size=4, epochs=2, samples=[1]).story
    assert [c.note for c in story.chapters] == ["sample 2 of the 4 whose mean gradient makes the step"] * 2
    assert [c.title for c in story.chapters] == ["epoch 1, step 1, sample 1", "epoch 2, step 1, sample 1"]
    assert all(isinstance(chapter.events[-1], Update) for chapter in story.chapters)


def test_of_a_batch_that_is_shown_whole_the_last_sample_moves_the_parameters():
    story = step_training(line(), *LINE, batch_size=2, epochs=1).story
    moves = [any(isinstance(event, Update) for event in chapter.events) for chapter in story.chapters]
    assert moves == [False, True, False, True]
    assert {chapter.seed for chapter in story.chapters} == {0.5}


@pytest.mark.parametrize("most", [1, 2, 5, 50])
@pytest.mark.parametrize("samples", [None, [0], [1, 2, 3]])
@pytest.mark.parametrize("size", [1, 3, 4])
def test_no_more_chapters_are_kept_than_asked_for(size, samples, most):
    stepper = step_training(line(), *LINE, epochs=5, batch_size=size, samples=samples, most=most)
    assert 1 <= len(stepper.story.chapters) <= most


@pytest.mark.parametrize("most", [30, 7, 3, 1])
def test_of_steps_too_large_to_keep_one_sample_each_is_shown_up_to_the_model(most):
    X, y = [[i / 10, (i * i % 7) / 7] for i in range(20)], [i % 2 for i in range(20)]
    model = xor()
    stepper = step_training(model, X, y, batch_size=None, epochs=30, most=most, rng=1)
    chapters = stepper.story.chapters
    assert len(chapters) == most
    epochs = [int(re.match(r"epoch (\d+), step 1, ", chapter.title)[1]) for chapter in chapters]
    assert len({*epochs}) == most
    assert epochs[-1] == 30
    assert bits(at_the_end(stepper, len(model.parameters()))) == weights(model)
    for before, epoch, chapter in zip([0, *epochs], epochs, chapters, strict=False):
        skipped = epoch - before - 1
        place = "sample 20 of the 20 whose mean gradient makes the step, 19 of them not shown"
        assert chapter.note == (f"{skipped} step{'s' * (skipped > 1)} not shown; {place}" if skipped else place)
        after = {event.line: event.after for event in chapter.events if isinstance(event, Update)}
        for line, new in after.items():  # of the last sample: the gradient is the one that makes the step
            assert new == pytest.approx(chapter.tape.lines[line].data - 0.1 * chapter.adjoints[line], abs=1e-12)


def test_of_few_large_steps_several_samples_each_are_shown():
    model = line()
    stepper = step_training(model, [[i / 10] for i in range(10)], [1.0] * 10, batch_size=7, epochs=2, most=20)
    chapters = stepper.story.chapters
    assert [chapter.note.partition(",")[0] for chapter in chapters[:5]] == [
        f"sample {i} of the 7 whose mean gradient makes the step" for i in (1, 3, 4, 5, 7)
    ]  # five of the seven; the step of the three that are left is shown whole
    assert [chapter.note for chapter in chapters[5:8]] == [""] * 3
    assert len(chapters) == 16
    assert bits(at_the_end(stepper, 2)) == weights(model)


def test_only_the_parameters_asked_for_are_followed():
    model = line()
    story = step_training(model, *LINE, parameters=[model.b]).story
    (line_of_b,) = {chapter.tape.lines[at].name for chapter in story.chapters for at in chapter.parameters}
    assert line_of_b == "b"


# ---------------------------------------------------------------- curves


def test_curves_are_the_samples_loss_and_the_mean_over_all():
    model = xor()
    story = step_training(model, *XOR, epochs=2, rng=1).story
    own, mean = story.curves
    assert (own.name, mean.name) == ("loss", "mean loss")
    for chapter, loss, all_of_them in zip(story.chapters, own.values, mean.values, strict=True):
        assert loss == chapter.tape.lines[chapter.root].data
        other = xor()
        for parameter, at in zip(other.parameters(), chapter.parameters, strict=True):
            parameter.data = chapter.tape.lines[at].data
        expected = [binary_cross_entropy(other(x), t).data for x, t in zip(*XOR, strict=True)]
        assert all_of_them == pytest.approx(sum(expected) / 4, rel=1e-12)


def test_looking_back_leaves_the_model_as_training_did():
    model = xor()
    model.eval()
    step_training(model, *XOR)
    assert not model.training


# ---------------------------------------------------------------- the plane


def cells(plane):
    for row in range(plane.rows):
        for column in range(plane.columns):
            yield (
                plane.x[0] + (column + 0.5) * (plane.x[1] - plane.x[0]) / plane.columns,
                plane.y[0] + (row + 0.5) * (plane.y[1] - plane.y[0]) / plane.rows,
            )


def as_it_was(model, chapter):
    for parameter, at in zip(model.parameters(), chapter.parameters, strict=True):
        parameter.data = chapter.tape.lines[at].data
    return model


def test_the_plane_shows_scores_at_the_weights_of_each_chapter():
    story = step_training(xor(), *XOR, epochs=2, batch_size=2, rng=1).story
    plane = story.plane
    assert (plane.columns, plane.rows, plane.labels, plane.classes) == (32, 32, ("0", "1"), False)
    assert plane.points == tuple((x, y, label) for (x, y), label in zip(*XOR, strict=True))
    assert [scores is None for scores in plane.scores] == [False, True] * 4
    for chapter, scores in zip(story.chapters, plane.scores, strict=True):
        if scores is not None:
            model = as_it_was(xor(), chapter)
            expected = [model(cell).data for cell in cells(plane)]
            assert scores == pytest.approx(expected, rel=1e-9, abs=1e-12)


def test_of_several_scores_the_plane_shows_the_class():
    X = [[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]]
    story = step_training(xor(3), X, [0, 1, 2], epochs=1).story
    assert story.plane.classes
    assert story.plane.labels == ("0", "1", "2")
    for chapter, scores in zip(story.chapters, story.plane.scores, strict=True):
        model = as_it_was(xor(3), chapter)
        assert [*scores] == [classify(model(cell)) for cell in cells(story.plane)]


def test_a_margin_is_divided_at_0_and_a_squared_error_in_the_middle():
    margin = step_training(xor(), XOR[0], [-1, 1, 1, -1]).story.plane
    assert margin.labels == ("-1", "1")
    plain = step_training(xor(), *XOR).story.plane
    squared = step_training(xor(), *XOR, loss=half_squared_error).story.plane
    assert [a - b for a, b in zip(plain.scores[0], squared.scores[0], strict=True)] == pytest.approx([0.5] * 1024)


def test_a_model_that_draws_numbers_draws_the_same_as_in_fit():
    class Noisy(Module):
        def __init__(self):
            self.net, self._source = xor(), random.Random(1)

        def forward(self, x):
            return self.net(x) * self._source.uniform(0.5, 1.5)

    mine, other = Noisy(), Noisy()
    step_training(mine, *XOR, loss=hinge_of_01, epochs=3)
    optimizer = SGD(other.parameters(), 0.1)
    options = {"epochs": 3, "batch_size": 1, "engine": "scalar", "progress": False}
    fit(other, *XOR, loss=hinge_of_01, optimizer=optimizer, **options)
    assert weights(mine) == weights(other)


def test_a_model_that_cannot_be_lifted_is_looked_at_all_the_same():
    class Peeking(Module):
        def __init__(self):
            self.w = [Value(0.5), Value(-0.5)]

        def forward(self, x):
            out = self.w[0] * x[0] + self.w[1] * x[1]
            return out + 1 if out.data > 0 else out

    model = Peeking()
    story = step_training(model, *XOR).story
    first, other = story.plane, Peeking()
    assert first.scores[0] == pytest.approx([other(cell).data for cell in cells(first)])
    assert None not in story.curves[1].values


def squared(output, target):
    return half_squared_error(output, target[0] if isinstance(target, list) else target)


@pytest.mark.parametrize(
    ("X", "y"),
    [(LINE[0], [0, 1, 1, 0]), (XOR[0], [0.5, 1.0, 1.5, 2.0]), (XOR[0], [[0.0], [1.0], [1.0], [0.0]])],
    ids=["one number a row", "no classes", "targets in lists"],
)
def test_where_there_are_no_classes_in_a_plane_there_is_none(X, y):
    model = MLP(len(X[0]), [1], rng=1)
    assert step_training(model, X, y, loss=squared).story.plane is None
    with pytest.raises(InputError, match="plane = True needs rows of two numbers and targets that are classes"):
        step_training(model, X, y, loss=squared, plane=True)


def test_a_plane_can_be_left_out():
    assert step_training(xor(), *XOR, plane=False).story.plane is None
    with pytest.raises(InputError, match="plane = 'yes' is not offered"):
        step_training(xor(), *XOR, plane="yes")


# ---------------------------------------------------------------- what is taken if nothing is said


@pytest.mark.parametrize(
    ("outputs", "targets", "loss"),
    [
        (1, [0, 1, 1, 0], binary_cross_entropy),
        (1, [-1, 1, 1, -1], hinge),
        (1, [0.5, 1.0, 2.0, 0.0], half_squared_error),
        (2, [0, 1, 1, 0], softmax_cross_entropy),
        (2, [[0.0, 1.0]] * 4, half_squared_error),
    ],
)
def test_the_usual_loss_follows_from_targets_and_outputs(outputs, targets, loss):
    mine, other = xor(outputs), xor(outputs)
    step_training(mine, XOR[0], targets, epochs=2)
    optimizer = SGD(other.parameters(), 0.1)
    fit(other, XOR[0], targets, loss=loss, optimizer=optimizer, epochs=2, batch_size=1, engine="scalar", progress=False)
    assert weights(mine) == weights(other)


# ---------------------------------------------------------------- errors, in the words of fit


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"epochs": 0}, InputError, "epochs = 0 is too small; pass an int of at least 1"),
        ({"batch_size": 0}, InputError, "batch_size = 0 is too small"),
        ({"most": 0}, InputError, "most = 0 is too small"),
        (
            {"inputs": [[1.0, 2.0], [1.0]], "targets": [0, 1]},
            ShapeError,
            r"inputs\[1\] has 1 numbers, inputs\[0\] has 2",
        ),
        ({"inputs": [], "targets": []}, ShapeError, "inputs is empty"),
        ({"targets": [0, 1]}, ShapeError, "inputs has 4 rows and targets 2 targets"),
        ({"targets": [0, 1, 1, math.nan]}, InputError, r"targets\[3\] is nan"),
        ({"inputs": [[math.inf, 0.0]], "targets": [0]}, InputError, r"inputs\[0\]\[0\] is inf"),
        ({"samples": [4]}, InputError, "there is no sample 4; the rows of inputs are numbered from 0 to 3"),
        ({"samples": [-1]}, InputError, r"samples\[0\] = -1 is too small"),
        ({"samples": []}, InputError, r"samples = \[\] leaves nothing to record"),
        ({"samples": 2}, InputError, "samples: expected a sequence"),
        ({"rng": "dice"}, InputError, "rng = 'dice' is no source of randomness"),
        ({"parameters": []}, InputError, r"parameters = \[\]"),
        ({"optimizer": SGD([Value(1.0)], 0.1)}, InputError, "the optimizer moves none of the model's parameters"),
        ({"loss": lambda output, target: output.data - target}, OperandError, "the loss returned float"),
    ],
    ids=lambda thing: "",
)
def test_bad_input_is_refused(change, error, words):
    model = xor()
    before = weights(model)
    arguments = {"inputs": XOR[0], "targets": XOR[1]} | change
    with pytest.raises(error, match=words):
        step_training(model, **arguments)
    assert weights(model) == before


def test_a_loss_that_runs_away_stops_as_in_fit():
    model, other = line(), line()
    with pytest.raises(NonFiniteError) as mine:
        step_training(model, *LINE, optimizer=SGD(model.parameters(), 1e200), epochs=9)
    with pytest.raises(NonFiniteError) as theirs:
        fit(
            other,
            *LINE,
            loss=half_squared_error,
            optimizer=SGD(other.parameters(), 1e200),
            epochs=9,
            batch_size=1,
            engine="scalar",
            progress=False,
        )
    assert str(mine.value) == str(theirs.value)
    assert weights(model) == weights(other)


def test_targets_may_be_anything_that_the_loss_understands():
    def loss(output, target):
        return half_squared_error(output, target["y"])

    model = xor()
    story = step_training(model, XOR[0], [{"y": y} for y in XOR[1]], loss=loss).story
    assert len(story.chapters) == 4
    assert story.plane is None
