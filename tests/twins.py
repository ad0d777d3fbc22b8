"""PyTorch's layers beside ours: the same weights, the same input, and a loss that hears every output differently."""

import numpy as np
import pytest
from lifting import assert_lifts

from autograd_lite import Value
from autograd_lite.transforms import leaves_of, map_nested

NEAR = 1e-12
"""How far two numbers may be apart, relative to the largest of their kind."""


def loud(outputs):
    """Returns a weighted sum of nested Values, no two weights alike."""
    return sum(float(np.cos(k)) * out for k, out in enumerate(leaves_of(outputs)))


def assert_twins(model, twin, x):
    """Says that a model and a PyTorch module (given as a function of torch) have the same outputs and derivatives.

    `model` takes over the twin's weights, output by output: each row of a weight, then its bias.
    """
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    twin = twin(torch).double()
    for parameter, number in zip(model.parameters(), _rows(twin, lambda p: p.detach()), strict=True):
        parameter.data = number
    inputs = torch.tensor(x[None], requires_grad=True)
    their_outputs = twin(inputs)[0]
    weights = torch.cos(torch.arange(their_outputs.numel(), dtype=torch.float64))
    (weights * their_outputs.flatten()).sum().backward()
    values = map_nested(Value, x.tolist())
    outputs = model(values)
    model.zero_grad()
    loud(outputs).backward()
    assert np.shape(map_nested(lambda v: v.data, outputs)) == tuple(their_outputs.shape)
    assert_near([v.data for v in leaves_of(outputs)], their_outputs.detach().numpy())
    assert_near([v.grad for v in leaves_of(values)], inputs.grad.numpy())
    assert_near([p.grad for p in model.parameters()], _rows(twin, lambda p: p.grad))


def assert_near(ours, theirs):
    """Says that numbers are equal to 1e-12 of the largest."""
    ours, theirs = np.ravel(ours), np.ravel(theirs)
    assert ours.shape == theirs.shape
    if ours.size:
        assert np.abs(ours - theirs).max() <= NEAR * np.abs(theirs).max()


def instructions(model, *batch):
    """Returns how many instructions a model's loud loss lifts to, having checked values and gradients."""
    return len(assert_lifts(lambda *x: loud(model(*x)), model.parameters(), *batch).program)


def _rows(twin, read):
    found = []
    for layer in twin.modules():
        if getattr(layer, "weight", None) is not None:
            for i, row in enumerate(read(layer.weight)):
                found += row.flatten().tolist()
                found += [] if layer.bias is None else [read(layer.bias)[i].item()]
    return found
