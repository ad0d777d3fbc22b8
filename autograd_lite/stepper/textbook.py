"""Derivatives as textbooks write them, where the table's own differ: for paper, and for those who copy them wrong."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["ON_PAPER"]

ON_PAPER: Mapping[str, str] = MappingProxyType({"sigmoid": "out*(1 - out)", "tanh": "1 - out**2"})
"""Of each rule its one partial. On paper the table's own are the same; in floats those keep their digits far out."""
