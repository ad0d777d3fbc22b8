"""Metrics: accuracy, the confusion table, and what they refuse."""

import math

import pytest

from autograd_lite import InputError, LabelError, ShapeError, Value
from nn import accuracy, classify, confusion_table, correct


@pytest.mark.parametrize(
    ("output", "label"),
    [(0.1, 1), (0.0, 0), (-3, 0), (Value(2.0), 1), ([0.0, 1.0], 1), ([Value(1.0), 1.0], 0), ((3, 1, 2), 0)],
)
def test_an_output_names_a_class(output, label):
    assert classify(output) == label
    assert correct(output, label) == 1.0
    assert correct(output, 1 - label) == 0.0


def test_numpy_outputs_and_labels_count_too():
    np = pytest.importorskip("numpy")
    assert classify(np.array([0.0, 3.0, 1.0])) == 1
    assert correct(np.array([0.0, 3.0, 1.0]), np.int64(1)) == 1.0
    assert classify(np.float64(-1)) == 0
    assert accuracy(np.array([0, 1]), [0, 0]) == 0.5


def test_accuracy_takes_any_whole_labels():
    assert accuracy([-1, 1, 1], [-1, 1, -1]) == pytest.approx(2 / 3)


def test_the_confusion_table_counts_by_actual_and_predicted_class():
    table = confusion_table([0, 1, 1, 2, 0], [0, 1, 2, 2, 0], classes=4)
    assert table == [[2, 0, 0, 0], [0, 1, 0, 0], [0, 1, 1, 0], [0, 0, 0, 0]]
    assert confusion_table([0, 0], [0, 0]) == [[2]]


BAD = {
    "lengths": (lambda: accuracy([0], [0, 1]), ShapeError, "1 predicted classes for 2 labels; give as many"),
    "empty": (lambda: accuracy([], []), ShapeError, "0 predicted classes for 0 labels; give as many of each, at least"),
    "float": (lambda: accuracy([0.5], [0]), InputError, r"predicted\[0\] = 0.5 is not a whole number; pass an int"),
    "bool": (lambda: accuracy([0], [True]), InputError, r"labels\[0\] = True is not a whole number; pass an int"),
    "a number": (lambda: accuracy(1, [1]), InputError, r"the predicted classes: expected .* int 1; write \[a, b"),
    "range": (lambda: confusion_table([2], [0], classes=2), LabelError, "label 2 is outside 0 <= label < 2; number"),
    "negative": (lambda: confusion_table([0], [-1]), LabelError, "label -1 is outside 0 <= label < 1; number the"),
    "classes": (lambda: confusion_table([0], [0], classes=0), InputError, "classes = 0 is too small; pass an int of"),
    "nan": (lambda: classify([math.nan, 1.0]), InputError, r"\[nan, 1.0\] contain nan .* detect_anomaly"),
    "one score": (lambda: classify([1.0]), ShapeError, r"1 score\(s\) in a sequence; give one for each class"),
    "label": (lambda: correct(0.5, 2), LabelError, "label 2 is outside 0 <= label < 2; number the classes from 0"),
}


@pytest.mark.parametrize("case", BAD.values(), ids=BAD)
def test_a_metric_refuses_what_it_cannot_count(case):
    metric, error, message = case
    with pytest.raises(error, match=message):
        metric()
