from __future__ import annotations

import threading

import ipywidgets
import pytest


@pytest.fixture(autouse=True)
def _nothing_is_left():
    """Every panel closed, every thread ended: a test that leaves one fails."""
    yield
    ipywidgets.Widget.close_all()
    left = [thread.name for thread in threading.enumerate() if thread.name.startswith("styletools")]
    assert left == []
