from __future__ import annotations

import itertools

import pytest

from styletools import explorers
from styletools.explorers import controls


@pytest.mark.parametrize(("seconds", "size"), [(0.01, 256), (0.1, 128)])
def test_the_first_size_depends_on_how_quick_a_step_is(monkeypatch, seconds, size):
    """A step of 256 px takes four times as long as the one of 128 px that is timed."""
    clock = itertools.count()
    monkeypatch.setattr(controls.time, "perf_counter", lambda: seconds * next(clock))
    monkeypatch.setattr(controls, "first_size", controls.first_size.__wrapped__)
    assert controls.first_size() == size


@pytest.mark.parametrize("name", ["content", "style", "studio"])
def test_panels_begin_with_it(name):
    panel = getattr(explorers, f"explore_{name}")()
    try:
        assert panel.size.value == controls.first_size()
    finally:
        panel.close()
