"""Convolution and pooling: PyTorch's numbers, short matrix programs, digits read, and what they refuse."""

import functools

import numpy as np
import pytest
from lifting import rows
from twins import assert_near, assert_twins, instructions, loud

from autograd_lite import InputError, OperandError, ShapeError, Value, draw, gradcheck, lift, record
from autograd_lite.scopes import scopes_of
from nn import Adam, Module, Neuron, fit, softmax_cross_entropy
from nn.convolution import AvgPool1d, AvgPool2d, Conv1d, Conv2d, MaxPool1d, MaxPool2d
from nn.dense import Activation, Flatten, Linear, Reshape, Sequential

# our layer, PyTorch's, the shape of an input
TWINS = {
    "conv2d": (lambda: Conv2d(1, 2, 3), lambda torch: torch.nn.Conv2d(1, 2, 3), (1, 5, 6)),
    "channels": (lambda: Conv2d(3, 2, 2), lambda torch: torch.nn.Conv2d(3, 2, 2), (3, 4, 4)),
    "1 x 1": (lambda: Conv2d(3, 2, 1), lambda torch: torch.nn.Conv2d(3, 2, 1), (3, 2, 2)),
    "no bias": (lambda: Conv2d(2, 2, 2, bias=False), lambda torch: torch.nn.Conv2d(2, 2, 2, bias=False), (2, 3, 3)),
    "stride": (lambda: Conv2d(1, 2, 3, stride=2), lambda torch: torch.nn.Conv2d(1, 2, 3, stride=2), (1, 8, 6)),
    "padding": (lambda: Conv2d(2, 2, 3, padding=1), lambda torch: torch.nn.Conv2d(2, 2, 3, padding=1), (2, 4, 4)),
    "uneven": (
        lambda: Conv2d(2, 3, (3, 2), stride=(1, 2), padding=(2, 1)),
        lambda torch: torch.nn.Conv2d(2, 3, (3, 2), stride=(1, 2), padding=(2, 1)),
        (2, 4, 5),
    ),
    "padding beyond the window": (
        lambda: Conv2d(1, 1, 2, padding=3),
        lambda torch: torch.nn.Conv2d(1, 1, 2, padding=3),
        (1, 2, 2),
    ),
    "conv1d": (lambda: Conv1d(1, 2, 3), lambda torch: torch.nn.Conv1d(1, 2, 3), (1, 7)),
    "conv1d of channels": (
        lambda: Conv1d(3, 2, 4, stride=3, padding=2, bias=False),
        lambda torch: torch.nn.Conv1d(3, 2, 4, stride=3, padding=2, bias=False),
        (3, 8),
    ),
    "max": (lambda: MaxPool2d(2), lambda torch: torch.nn.MaxPool2d(2), (2, 4, 6)),
    "max of 3": (lambda: MaxPool2d(3, stride=2), lambda torch: torch.nn.MaxPool2d(3, stride=2), (1, 7, 8)),
    "max with padding": (
        lambda: MaxPool2d((3, 2), stride=(2, 1), padding=1),
        lambda torch: torch.nn.MaxPool2d((3, 2), stride=(2, 1), padding=1),
        (1, 5, 4),
    ),
    "max of a signal": (
        lambda: MaxPool1d(3, stride=2, padding=1),
        lambda torch: torch.nn.MaxPool1d(3, stride=2, padding=1),
        (2, 7),
    ),
    "average": (lambda: AvgPool2d(2), lambda torch: torch.nn.AvgPool2d(2), (2, 4, 6)),
    "average with padding": (
        lambda: AvgPool2d(3, stride=2, padding=1),
        lambda torch: torch.nn.AvgPool2d(3, stride=2, padding=1),
        (1, 5, 6),
    ),
    "average of a signal": (
        lambda: AvgPool1d(3, stride=1, padding=1),
        lambda torch: torch.nn.AvgPool1d(3, stride=1, padding=1),
        (2, 5),
    ),
    "a network": (
        lambda: Sequential(Conv2d(2, 3, 3, padding=1), Activation("tanh"), MaxPool2d(2), Flatten(), Linear(12, 2)),
        lambda torch: torch.nn.Sequential(
            torch.nn.Conv2d(2, 3, 3, padding=1),
            torch.nn.Tanh(),
            torch.nn.MaxPool2d(2),
            torch.nn.Flatten(),
            torch.nn.Linear(12, 2),
        ),
        (2, 4, 4),
    ),
}
each_twin = pytest.mark.parametrize(("make", "twin", "shape"), TWINS.values(), ids=TWINS)


@each_twin
def test_outputs_and_gradients_are_pytorchs(make, twin, shape):
    assert_twins(make(), twin, rows(1, *shape)[0])


@each_twin
def test_the_lifted_layer_equals_the_scalar_one(make, twin, shape):
    instructions(make(), rows(2, *shape))


@each_twin
def test_finite_differences_agree(make, twin, shape):
    model = make()
    image = [*map(list, rows(1, *shape)[0].tolist())]
    first = image
    while isinstance(first[0], list):
        first = first[0]
    first[:] = leaves = [Value(v) for v in first]  # the first row
    assert gradcheck(lambda: loud(model(image)), [*leaves, *model.parameters()[:6]]).ok


# from here on to there nothing but the size of the image, or the number of channels or filters, changes
STEADY = {
    "image": [(lambda: Conv2d(1, 2, 3), (1, side, side)) for side in (5, 8, 12)],
    "image with padding": [(lambda: Conv2d(1, 2, 3, padding=1), (1, side, side)) for side in (6, 8, 12)],
    "image by strides": [(lambda: Conv2d(1, 2, 3, stride=2), (1, side, side)) for side in (7, 9, 13)],
    "channels": [(functools.partial(Conv2d, n, 2, 3), (n, 6, 6)) for n in (2, 3, 6)],
    "filters": [(functools.partial(Conv2d, 1, n, 3), (1, 6, 6)) for n in (2, 3, 8)],
    "signal": [(lambda: Conv1d(2, 2, 3), (2, length)) for length in (6, 12, 40)],
    "max": [(lambda: MaxPool2d(2), (2, side, side)) for side in (4, 8, 12)],
    "average": [(lambda: AvgPool2d(2), (2, side, side)) for side in (4, 8, 12)],
    "average over a larger window": [(functools.partial(AvgPool2d, size), (2, 12, 12)) for size in (2, 3, 4)],
    "a network": [
        (lambda: Sequential(Conv2d(1, 2, 3), Activation("relu"), MaxPool2d(2), AvgPool2d(2)), (1, side, side))
        for side in (10, 14, 18)
    ],
}


@pytest.mark.parametrize("cases", STEADY.values(), ids=STEADY)
def test_the_program_is_as_long_whatever_the_size(cases):
    lengths = [instructions(make(), rows(2, *shape)) for make, shape in cases]
    assert len({*lengths}) == 1, lengths
    assert lengths[0] <= 30


def test_equal_largest_numbers_share_the_derivative():
    image = [[[Value(1.0), Value(1.0)], [Value(1.0), Value(1.0)]]]
    MaxPool2d(2)(image)[0][0][0].backward()
    assert [v.grad for row in image[0] for v in row] == [0.25] * 4


def test_equal_largest_numbers_share_it_when_lifted_too():
    scale = Value(1.0)
    for size in (2, 3):
        pool = MaxPool2d(size)
        x = np.ones((2, 1, 6, 6))
        instructions(Sequential(Scaled(scale), pool), x)


class Scaled(Module):
    def __init__(self, scale):
        self.scale = scale

    def forward(self, x):
        return [[[self.scale * v for v in row] for row in plane] for plane in x]


def test_a_filter_is_a_neuron_at_every_place():
    conv = Conv2d(2, 3, 2, rng=1)
    assert [type(each) for each in conv.filters] == [Neuron] * 3
    x = rows(1, 2, 3, 3)[0]
    out = conv(x)
    for f, neuron in enumerate(conv.filters):
        for i in range(2):
            for j in range(2):
                assert out[f][i][j].data == neuron(x[:, i : i + 2, j : j + 2].ravel()).data


def test_what_moves_in_the_image_moves_in_the_output():
    conv = Conv2d(1, 1, 3, rng=1)
    image = rows(1, 6, 6)[0]
    out = np.array([[v.data for v in row] for row in conv([image])[0]])
    moved = np.array([[v.data for v in row] for row in conv([np.roll(image, (1, 1), (0, 1))])[0]])
    assert (moved[1:, 1:] == out[:-1, :-1]).all()


def test_weights_are_drawn_as_a_layers_and_leave_the_global_rng_alone():
    from nn import Layer

    conv, layer = Conv2d(2, 3, (2, 3), rng=5), Layer(12, 3, rng=5)
    assert [*conv.state_dict().values()] == [*layer.state_dict().values()]
    fans = []
    Conv2d(2, 3, (2, 3), initializer=lambda _, fan_in, fan_out: fans.append((fan_in, fan_out)) or 0.0)
    assert {*fans} == {(12, 18)}


def test_names_say_which_filter():
    names = [name for name, _ in Conv1d(1, 2, 2).named_parameters()]
    assert names == ["filter0.w0", "filter0.w1", "filter0.b", "filter1.w0", "filter1.w1", "filter1.b"]


def test_the_state_goes_from_one_layer_to_an_equal_one():
    first, second = Conv2d(1, 2, 2, rng=1), Conv2d(1, 2, 2, rng=2)
    second.load_state_dict(first.state_dict())
    x = rows(1, 1, 3, 3)[0]
    assert loud(first(x)).data == loud(second(x)).data


REPRS = {
    "Conv2d(1, 4, 3)": lambda: Conv2d(1, 4, 3),
    "Conv2d(1, 4, (3, 2), stride=2, padding=(1, 0), bias=False)": lambda: Conv2d(
        1, 4, (3, 2), stride=(2, 2), padding=(1, 0), bias=False
    ),
    "Conv1d(2, 3, 5, stride=2, padding=1)": lambda: Conv1d(2, 3, 5, stride=2, padding=1),
    "MaxPool2d(2)": lambda: MaxPool2d(2),
    "MaxPool2d(3, stride=1)": lambda: MaxPool2d(3, stride=1),
    "MaxPool1d(3, stride=2, padding=1)": lambda: MaxPool1d(3, stride=2, padding=1),
    "AvgPool2d((2, 3))": lambda: AvgPool2d((2, 3)),
    "AvgPool1d(4)": lambda: AvgPool1d(4),
}


@pytest.mark.parametrize(("text", "make"), REPRS.items(), ids=REPRS)
def test_a_repr_makes_the_layer_again(text, make):
    assert repr(make()) == text
    assert repr(eval(text)) == text


def test_pictures_fold_layers_and_filters():
    model = Sequential(Conv2d(1, 2, 2, rng=1), Activation("relu"), MaxPool2d(2), Flatten(), Linear(2, 1, rng=1))
    out = model([[[1.0, 2.0, 3.0]] * 3])[0]
    paths = {path for path in scopes_of(record(out)).paths if path}
    assert paths == {
        ("sequential", "conv2d0", "filter0"),
        ("sequential", "conv2d0", "filter1"),
        ("sequential", "relu1"),
        ("sequential", "maxpool2d2"),
        ("sequential", "linear4", "neuron0"),
    }
    text = str(draw(out))
    assert "sequential.conv2d0.filter1 (8 operations)" in text
    assert "sequential.maxpool2d2 (6 operations)" in text


def test_pooling_plain_numbers_gives_values():
    assert isinstance(MaxPool1d(1)([[1.0]])[0][0], Value)
    assert isinstance(AvgPool1d(2)([[1, 2]])[0][0], Value)


BAD_LAYERS = {
    "no channel": (lambda: Conv2d(0, 1, 3), InputError, "nin = 0 is too small; pass an int of at least 1"),
    "no filter": (lambda: Conv2d(1, 0, 3), InputError, "nout = 0 is too small"),
    "size": (lambda: Conv2d(1, 1, 0), InputError, "size = 0 is too small"),
    "fractional size": (lambda: Conv2d(1, 1, 2.5), InputError, "size = 2.5 is not a whole number"),
    "size of three": (lambda: Conv2d(1, 1, (1, 2, 3)), ShapeError, r"size = \(1, 2, 3\) has 3 numbers; give a height"),
    "width": (lambda: Conv2d(1, 1, (1, -2)), InputError, r"size\[1\] = -2 is too small"),
    "stride": (lambda: Conv2d(1, 1, 2, stride=0), InputError, "stride = 0 is too small"),
    "padding": (
        lambda: Conv2d(1, 1, 2, padding=-1),
        InputError,
        "padding = -1 is too small; pass an int of at least 0",
    ),
    "two in 1d": (lambda: Conv1d(1, 1, (2, 2)), InputError, r"size = \(2, 2\) is not a whole number"),
    "initializer": (lambda: Conv2d(1, 1, 2, initializer="he"), InputError, "'he' is unknown; use one of he_normal"),
    "rng": (lambda: Conv2d(1, 1, 2, rng="1"), InputError, "rng = '1' is no source of randomness"),
    "pool": (lambda: MaxPool2d(0), InputError, "size = 0 is too small"),
    "pool's stride": (lambda: AvgPool2d(2, stride=0), InputError, "stride = 0 is too small"),
    "pool's padding": (
        lambda: MaxPool2d(2, padding=2),
        InputError,
        "padding = 2 is not less than size = 2: some windows lie outside; lower it",
    ),
    "pool's padding in 1d": (lambda: AvgPool1d(2, padding=3), InputError, "padding = 3 is not less than size = 2"),
}


@pytest.mark.parametrize("case", BAD_LAYERS.values(), ids=BAD_LAYERS)
def test_a_layer_that_cannot_be_built_says_why(case):
    make, error, message = case
    with pytest.raises(error, match=message):
        make()


ROW = [1.0, 2.0]
BAD_IMAGES = {
    "channels": (
        [[ROW, ROW]] * 2,
        ShapeError,
        r"conv2d takes 1 channel\(s\), got 2; give it channels x height x width",
    ),
    "a row": ([1.0] * 4, ShapeError, r"conv2d takes 1 channel\(s\), got 4; .*; Reshape makes that of a row"),
    "no channel": ([], ShapeError, r"conv2d takes 1 channel\(s\), got 0"),
    "a matrix": ([ROW], InputError, "row 0 of channel 0 of the input of conv2d .*: expected a sequence, got float 1.0"),
    "a number": (1.0, InputError, "the input of conv2d .*: expected a sequence, got float 1.0"),
    "text": ("ab", InputError, "the input of conv2d .*: expected a sequence, got str 'ab'"),
    "a channel of None": ([None], InputError, "channel 0 of the input of conv2d .*: expected a sequence, got NoneType"),
    "ragged": ([[ROW, [1.0]]], ShapeError, r"channel 0 of the input of conv2d .* has rows of \[2, 1\] numbers.*alike"),
    "too small": ([[ROW]], ShapeError, "conv2d slides a window of 2 x 2 over 1 x 2 numbers, padding included; give"),
    "no rows": ([[]], ShapeError, "channel 0 of the input of conv2d .* has no numbers; give it at least one"),
    "empty rows": ([[[], []]], ShapeError, "channel 0 of the input of conv2d .* has no numbers"),
    "text pixel": ([[ROW, [1.0, "2"]]], OperandError, "element 1 of row 1 of channel 0 of .*conv2d.* str '2'"),
    "None pixel": ([[[None, 1.0], ROW]], OperandError, "element 0 of row 0 of channel 0 of .*conv2d.* NoneType None"),
    "deeper": ([[[ROW, ROW], [ROW, ROW]]], OperandError, "element 0 of row 0 of channel 0 .* list"),
}


@pytest.mark.parametrize("case", BAD_IMAGES.values(), ids=BAD_IMAGES)
def test_an_image_that_does_not_fit_is_refused_with_its_place(case):
    x, error, message = case
    with pytest.raises(error, match=message):
        Conv2d(1, 1, 2, rng=1)(x)


def test_channels_of_different_sizes_are_refused():
    with pytest.raises(
        ShapeError, match=r"channel 1 of the input of maxpool2d .* has rows of \[2\] numbers, channel 0 of"
    ):
        MaxPool2d(1)([[ROW, ROW], [ROW]])
    with pytest.raises(ShapeError, match=r"channel 1 of the input of conv1d .* has rows of \[1\] numbers"):
        Conv1d(2, 1, 1)([ROW, [1.0]])


BAD_SIGNALS = {
    "a row": ([1.0], InputError, r"channel 0 of the input of conv1d \(channels x length\): expected a sequence"),
    "too short": ([[1.0]], ShapeError, "conv1d slides a window of 2 over 1 numbers"),
    "an image": ([[[1.0, 2.0]]], OperandError, "element 0 of channel 0 of the input of conv1d .* list"),
}


@pytest.mark.parametrize("case", BAD_SIGNALS.values(), ids=BAD_SIGNALS)
def test_a_signal_that_does_not_fit_is_refused_with_its_place(case):
    x, error, message = case
    with pytest.raises(error, match=message):
        Conv1d(1, 1, 2, rng=1)(x)


def digits_and_model():
    datasets = pytest.importorskip("sklearn.datasets")
    selection = pytest.importorskip("sklearn.model_selection")
    X, y = datasets.load_digits(return_X_y=True)
    model = Sequential(
        Reshape(1, 8, 8),
        Conv2d(1, 4, 3, initializer="he_normal", rng=1),
        Activation("relu"),
        MaxPool2d(2),
        Flatten(),
        Linear(36, 10, initializer="glorot_uniform", rng=2),
    )
    return model, selection.train_test_split(X / 16, y, train_size=500, random_state=0, stratify=y)


def test_a_small_convolution_net_learns_to_read():
    model, (X, X_test, y, y_test) = digits_and_model()
    optimizer = Adam(model.parameters(), learning_rate=0.01)
    history = fit(
        model, X, y, loss=softmax_cross_entropy, optimizer=optimizer, epochs=30, batch_size=25, progress=False
    )
    assert history.losses[-1] < 0.1 * history.losses[0]
    answers = lift(lambda x: model(x))(X_test).argmax(axis=1)
    assert (answers == y_test).mean() > 0.85


def test_the_net_of_digits_is_a_short_program():
    model, (X, _, y, _) = digits_and_model()
    lifted = lift(lambda x, label: softmax_cross_entropy(model(x), label), model.parameters())
    value, gradient = lifted.value_and_grad(X[:3], y[:3])
    assert len(lifted.program) <= 20
    losses = [softmax_cross_entropy(model(row), label) for row, label in zip(X[:3], y[:3], strict=True)]
    for loss in losses:
        loss.backward(1 / 3)
    truth = np.array([p.grad for p in model.parameters()])
    assert value == pytest.approx(np.mean([loss.data for loss in losses]), rel=1e-13)
    assert np.abs(gradient - truth).max() <= 1e-12 * np.abs(truth).max()


def test_the_engines_make_the_same_steps():
    weights = []
    for engine in ("scalar", "lift"):
        model = Sequential(
            Reshape(1, 4, 4), Conv2d(1, 2, 3, padding=1, rng=1), MaxPool2d(2), Flatten(), Linear(8, 2, rng=2)
        )
        optimizer = Adam(model.parameters(), learning_rate=0.1)
        settings = {"epochs": 3, "batch_size": 2, "progress": False, "engine": engine}
        fit(model, rows(6, 16), [0, 1] * 3, loss=softmax_cross_entropy, optimizer=optimizer, **settings)
        weights.append([p.data for p in model.parameters()])
    assert_near(*weights)
