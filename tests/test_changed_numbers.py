"""Data set after the forward pass: the stepper says so, and claims nothing that the numbers there now do not give."""

import json
import math

import pytest
from stories import bits, read

from autograd_lite import InputError, TrainingRecorder, Value, findings, ieee, record, step, worksheet
from autograd_lite.extend import define_rule
from autograd_lite.stepper.chapter import chapter_of, chapter_of_tape
from autograd_lite.stepper.document import document_of
from autograd_lite.stepper.still import still
from autograd_lite.stepper.story import Story
from nn import SGD


def moved():
    """Returns x*x of 2, and x, which is 5 by now."""
    x = Value(2.0, name="x")
    y = x * x
    x.data = 5.0
    return y, x


COMPLAINT = "x was changed after the forward pass: v1 = x * x is 4, not 5 * 5 = 25; compute it again before stepping"


def test_a_chapter_knows_the_results_that_do_not_follow_from_the_numbers_there_now():
    y, x = moved()
    assert chapter_of(y).overtaken == (1,)
    x.data = 2.0
    assert chapter_of(y).overtaken == ()
    assert chapter_of(x).overtaken == ()


def test_it_is_the_first_finding_and_names_leaf_result_and_remedy():
    y, _ = moved()
    first, *_ = findings(y)
    assert (first.kind, first.sentence, first.lines) == ("changed", f"{COMPLAINT}.", (1,))


def test_the_text_says_it_wherever_numbers_are_shown():
    y, _ = moved()
    stepper = y.step()
    assert COMPLAINT in str(stepper)
    assert COMPLAINT in str(stepper.forward())
    assert str(stepper.story).startswith(COMPLAINT)


def test_no_worksheet_is_made_of_it():
    y, x = moved()
    for what in (y, y.step()):
        with pytest.raises(InputError) as caught:
            worksheet(what)
        assert str(caught.value) == f"worksheet(...): {COMPLAINT}"
    x.data = 2.0
    assert "4" in str(worksheet(y))


def test_nothing_can_be_imagined_there_and_every_number_recorded_arrives():
    y, x = moved()
    [chapter] = document_of(Story((chapter_of(y),)))["chapters"]
    assert chapter["imagine"] is False
    assert chapter["numbers"] == [0, 5, 1, 4]
    assert chapter["partials"] == [0, 2, 1, 2]
    assert chapter["findings"][0]["kind"] == "changed"
    x.data = 2.0
    assert document_of(Story((chapter_of(y),)))["chapters"][0]["imagine"] is True


def test_the_picture_shows_what_was_recorded():
    y, _ = moved()
    assert {node.id: node.value for node in still(chapter_of(y)).nodes} == {"v0": 5.0, "v1": 4.0}
    assert [edge.partial for edge in still(chapter_of(y)).edges] == [2.0, 2.0]


def test_after_a_step_of_the_optimizer_it_is_told_of_all_parameters():
    weights = [Value(0.5 + i, name=f"w{i}") for i in range(6)]
    loss = sum(w * 2.0 for w in weights) ** 2
    optimizer = SGD(weights, learning_rate=0.001)
    optimizer.zero_grad()
    loss.backward()
    assert not [found for found in findings(loss.step()) if found.kind == "changed"]
    optimizer.step()
    assert findings(loss.step())[0].sentence.startswith("w0, w1, w2 and 3 more were changed after the forward pass: ")


def test_of_two_leaves_either_may_have_been_changed():
    w, x = Value(3.0, name="w"), Value(2.0, name="x")
    loss = (w * x).tanh()
    w.data = 4.0
    assert findings(loss)[0].sentence.startswith(
        "w or x was changed after the forward pass: v2 = w * x is 6, not 4 * 2 ="
    )


def test_a_change_too_small_for_four_digits_is_written_out():
    x = Value(2.0, name="x")
    y = x + 1.0
    x.data = math.nextafter(2.0, 3.0)
    assert "v2 = x + 1 is 3.0, not 2 + 1 = 3.0000000000000004" in findings(y)[0].sentence


def test_the_sign_of_zero_and_nan_count():
    x = Value(0.0, name="x")
    y = x * 1.0
    x.data = -0.0
    assert chapter_of(y).overtaken
    with ieee():
        undefined = Value(-1.0, name="p").log() * 0.0
    assert not chapter_of(undefined).overtaken


def test_a_recorder_that_looks_too_late_says_so():
    w = Value(3.0, name="w")
    recorder = TrainingRecorder([w])
    loss = w * w
    w.data = 2.0
    recorder.before(loss)
    loss.backward()
    recorder.after(loss=loss)
    [chapter] = document_of(recorder.story)["chapters"]
    assert chapter["findings"][0]["sentence"].startswith("w was changed after the forward pass")


def test_a_tape_read_at_other_numbers_is_at_one_with_itself():
    tape = record(Value(3.0, name="x") ** 2)
    assert not chapter_of_tape(tape, tape.evaluate({"x": 4.0}).values).overtaken
    odd = chapter_of_tape(tape, [1.0, 2.0, 7.0])
    assert odd.overtaken == (2,)


# ---------------------------------------------------------------- black boxes are not called again


def counted():
    calls = []

    def value(x):
        calls.append("value")
        return x * x * x

    def slope(x, out):
        calls.append("slope")
        return 3 * x * x

    return define_rule("blackcube", value, slope), calls


def test_a_black_box_is_called_when_the_reader_calls_it_and_never_again(tmp_path):
    box, calls = counted()
    stepper = step(lambda x: box(x) + 1, 2.0)
    assert calls == ["value", "slope"]
    str(stepper.last()), findings(stepper), worksheet(stepper).to_html(), stepper._still()
    document = document_of(stepper.story)
    assert calls == ["value", "slope"]
    assert document["chapters"][0]["imagine"] is False
    assert document["rules"][0]["value"] is None
    assert still(stepper.chapter).nodes[1].value == 8.0
    assert [edge.partial for edge in still(stepper.chapter).edges] == [12.0, 1.0, None]


# ---------------------------------------------------------------- a seed of -0.0


@pytest.mark.parametrize("earlier", [None, 0.0, -0.0, 3.0])
@pytest.mark.parametrize("seed", [-0.0, 0.0, 2.0])
@pytest.mark.parametrize("make", [lambda x: x * x, lambda x: -x, lambda x: x], ids=["square", "negative", "leaf"])
def test_the_root_starts_from_the_seed_itself_as_in_the_engine(make, seed, earlier):
    x = Value(3.0, name="x")
    if earlier is not None:
        x.grad = earlier
    root = make(x)
    chapter = chapter_of(root, seed=seed, accumulate=True)
    root.backward(seed)
    assert bits([chapter.adjoints[0], chapter.adjoints[chapter.root]]) == bits([x.grad, root.grad])
    document = document_of(Story((chapter,)))
    assert document["chapters"][0]["events"] is None
    assert list(map(repr, read(document, 0).events)) == list(map(repr, chapter.events))


def test_the_document_is_json_with_the_flag_in_every_chapter():
    y, _ = moved()
    text = json.dumps(document_of(Story((chapter_of(y), chapter_of(Value(1.0).exp())))))
    assert [chapter["imagine"] for chapter in json.loads(text)["chapters"]] == [False, True]
