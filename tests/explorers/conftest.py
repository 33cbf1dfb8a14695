from __future__ import annotations

import threading

import ipywidgets
import pytest

from styletools import explorers

pytest.register_assert_rewrite("stage")


@pytest.fixture(autouse=True)
def _nothing_is_left():
    """Every panel closed, every thread ended: a test that leaves one fails."""
    yield
    ipywidgets.Widget.close_all()
    left = [thread.name for thread in threading.enumerate() if thread.name.startswith("styletools")]
    assert left == []


@pytest.fixture
def make():
    """Make panels that are closed at the end, whatever happens."""
    made = []

    def build(name, *arguments, **options):
        panel = getattr(explorers, f"explore_{name}")(*arguments, **options)
        made.append(panel)
        return panel

    yield build
    for panel in made:
        panel.close()


@pytest.fixture
def stage(browser):
    """Put a view on a page of its own."""
    from stage import Stage

    stages = []

    def show(touch, **options):
        context = browser.new_context(**{"viewport": {"width": 1000, "height": 900}, **options})
        stages.append((context, Stage(context.new_page(), touch)))
        return stages[-1][1]

    yield show
    for context, shown in stages:
        shown.close()
        context.close()
