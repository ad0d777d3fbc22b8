"""Hypothesis profiles: a newcomer's tests pass or fail the same every time; the search for more is for `nightly`.

HYPOTHESIS_PROFILE=nightly pytest tests
"""

import os

import pytest
from browser import chromium
from hypothesis import settings

settings.register_profile("dev", max_examples=50, deadline=None, derandomize=True)
settings.register_profile("ci", max_examples=200, deadline=None, derandomize=True)
settings.register_profile("nightly", max_examples=2000, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "dev"))


@pytest.fixture(scope="module")
def browser():
    """A Chromium, for the tests of one file: while it runs, nothing else in the process may use asyncio."""
    with chromium() as running:
        yield running
