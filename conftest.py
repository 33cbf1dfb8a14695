"""What nbval compares: everything but what is written to stderr, where another machine may have its own warnings."""

from __future__ import annotations

import pytest


def pytest_collectstart(collector: pytest.Collector) -> None:
    """Called for each file; nbval's files have a list of outputs that are not compared."""
    if hasattr(collector, "skip_compare"):
        collector.skip_compare += ("stderr",)
