"""What the tests of layers for sequences share: random weights, losses of nested outputs, and PyTorch's numbers."""

import copy
import math
import random

import numpy as np

from autograd_lite import Value, gradcheck
from autograd_lite.transforms import leaves_of, map_nested
from nn import Module

TOLERANCE = 1e-12
"""Of the largest number beside which it stands."""


def shaken(model, seed=0):
    """Returns a model, every parameter of it drawn anew, biases and gains included."""
    rng = random.Random(seed)
    for parameter in model.parameters():
        parameter.data = rng.uniform(-1, 1)
    return model


def loss_of(outputs):
    """Returns a number to which every output contributes in its own way."""
    terms = [math.sin(i + 1) * out * out + math.cos(3 * i) * out for i, out in enumerate(leaves_of(outputs))]
    return sum(terms[1:], terms[0])


def torch_loss_of(outputs):
    """Returns the same of a tensor."""
    import torch

    i = torch.arange(outputs.numel(), dtype=torch.float64)
    return (torch.sin(i + 1) * outputs.flatten() ** 2 + torch.cos(3 * i) * outputs.flatten()).sum()


def read(nested, what="data"):
    """Returns the numbers or gradients of nested Values, as nested lists."""
    return map_nested(lambda value: getattr(value, what), nested)


def run_backward(model, x):
    """Returns a model's outputs, their loss, and the gradient of the inputs; the parameters keep theirs."""
    model.zero_grad()
    inputs = map_nested(Value, x.tolist())
    outputs = model(inputs)
    loss = loss_of(outputs)
    loss.backward()
    return read(outputs), loss.data, read(inputs, "grad")


def assert_equal(ours, theirs):
    """Says that nested numbers are a tensor's, up to rounding beside the largest of them."""
    ours, theirs = np.asarray(ours, dtype=float), np.asarray(theirs.detach() if hasattr(theirs, "detach") else theirs)
    assert ours.shape == theirs.shape
    assert np.abs(ours - theirs).max() <= TOLERANCE * np.abs(theirs).max()


def assert_twins(model, x, theirs, tensors, layout):
    """Says that a model and PyTorch's agree: outputs, loss, and the gradients of inputs and of all parameters.

    Args:
        model: ours.
        x: an input, an array.
        theirs: a function of a tensor; its weights are `tensors`.
        tensors: PyTorch's parameters by name.
        layout: `layout(what)` are our parameters' numbers or gradients, named and shaped as the tensors.
    """
    import torch

    their_x = torch.tensor(x, requires_grad=True)
    their_out = theirs(their_x)
    their_loss = torch_loss_of(their_out)
    their_loss.backward()
    out, loss, gradient = run_backward(model, x)
    assert_equal(out, their_out)
    assert_equal(loss, their_loss)
    assert_equal(gradient, their_x.grad)
    ours = layout("grad")
    assert ours.keys() == dict(tensors).keys()
    for name, tensor in tensors:
        assert_equal(ours[name], tensor.grad)


def copied(layout, theirs):
    """Returns PyTorch's module with our weights, laid out for it."""
    import torch

    theirs.load_state_dict({name: torch.tensor(numbers, dtype=torch.float64) for name, numbers in layout.items()})
    return theirs


def assert_gradients(model, x):
    """Says that numeric differences confirm the gradients of all parameters and, where they are real, of the inputs."""
    parameters, features = model.parameters(), [v for v in leaves_of(x) if not isinstance(v, int)]

    def function(*values):
        values = iter(values)
        same = _rebuilt(copy.deepcopy(model), values)
        return loss_of(same(map_nested(lambda v: v if isinstance(v, int) else next(values), x)))

    report = gradcheck(function, [*(p.data for p in parameters), *features])
    assert report.ok, report


def _rebuilt(thing, values):
    """Returns a module with other Values for its parameters, in the order of `parameters`."""
    if isinstance(thing, Value):
        return next(values)
    if isinstance(thing, list):
        return [_rebuilt(item, values) for item in thing]
    if isinstance(thing, Module):
        for name, attribute in vars(thing).items():
            vars(thing)[name] = attribute if name.startswith("_") else _rebuilt(attribute, values)
    return thing


def train(model, loss, optimizer, epochs, *batches):
    """Trains on samples of any lengths: the loss is lifted once, and a program made for each length."""
    from autograd_lite import lift

    lifted = lift(loss, model.parameters())
    for _ in range(epochs):
        _, gradient = lifted.value_and_grad(*batches)
        for parameter, slope in zip(lifted.parameters, gradient.tolist(), strict=True):
            parameter.grad = slope
        optimizer.step()
