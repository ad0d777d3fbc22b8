"""A whole GPT written in scalars (benchmarks/scalar_gpt.py) lifts into a short program that equals it."""

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

from autograd_lite import lift

PATH = Path(__file__).parent.parent / "benchmarks" / "scalar_gpt.py"


@pytest.fixture(scope="module")
def scalar_gpt():
    spec = importlib.util.spec_from_file_location("scalar_gpt", PATH)
    module = importlib.util.module_from_spec(spec)
    sys.modules["scalar_gpt"] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules["scalar_gpt"]


@pytest.fixture(scope="module")
def model(scalar_gpt):
    model = scalar_gpt.GPT(seed=1)
    for parameter in model.parameters():
        parameter.data *= 3.0  # as small as they start, attention is nearly even, and errors in it would not show
    return model


def documents(count, length):
    return np.random.default_rng(length).integers(0, 27, (count, length + 1))


@pytest.mark.slow
def test_the_program_is_as_short_for_every_length(model):
    lifted = lift(model.document_loss, model.parameters())
    lengths = {length: len(_program(lifted, length)) for length in (2, 3, 8, 16)}
    assert max(lengths.values()) <= 60
    assert len(set(lengths.values())) == 1, lengths


def _program(lifted, length):
    lifted(documents(1, length))
    return lifted.forms[-1].paths[0].value


def test_value_and_gradient_equal_the_scalar_engines(model):
    lifted, tokens = lift(model.document_loss, model.parameters()), documents(2, 5)
    value, gradient = lifted.value_and_grad(tokens)
    for parameter in model.parameters():
        parameter.grad = 0.0
    losses = [model.document_loss(row) for row in tokens.tolist()]
    for loss in losses:
        loss.backward(1 / len(losses))
    truth = np.array([parameter.grad for parameter in model.parameters()])
    assert value == pytest.approx(sum(loss.data for loss in losses) / len(losses), rel=1e-13)
    assert np.abs(gradient - truth).max() <= 1e-13 * np.abs(truth).max()


def test_documents_of_different_lengths_go_in_one_call(model):
    lifted = lift(model.document_loss, model.parameters())
    ragged = [*documents(2, 3).tolist(), *documents(1, 5).tolist()]
    each = [lifted([document])[0] for document in ragged]
    assert lifted(ragged).tolist() == pytest.approx(each, rel=1e-14)
    value, gradient = lifted.value_and_grad(ragged)
    parts = [lifted.value_and_grad([document]) for document in ragged]
    assert value == pytest.approx(np.mean([part[0] for part in parts]), rel=1e-13)
    assert np.abs(gradient - np.mean([part[1] for part in parts], axis=0)).max() < 1e-13


def test_hand_written_numpy_agrees(model, scalar_gpt):
    tokens = documents(3, 8)
    value, gradient = lift(model.document_loss, model.parameters()).value_and_grad(tokens)
    theirs, slopes = scalar_gpt.numpy_loss_and_gradient(tokens)(np.array([p.data for p in model.parameters()]))
    assert value == pytest.approx(theirs, rel=1e-13)
    assert np.abs(gradient - slopes).max() <= 1e-12 * np.abs(slopes).max()
