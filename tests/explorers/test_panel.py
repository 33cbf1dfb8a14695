"""What all panels promise; what a browser adds is in test_browser.py."""

from __future__ import annotations

import threading

import pytest
from driving import SMALL, done

import styletools as st
from styletools import StyletoolsError, explorers


class TestEveryPanel:
    """What all of them promise."""

    @pytest.mark.parametrize("name", SMALL)
    def test_its_text_is_the_call_and_its_controls_have_names_and_tooltips(self, make, name):
        panel = make(name, **SMALL[name])
        done(panel)
        bundle = panel._repr_mimebundle_()
        assert bundle["text/plain"] == repr(panel)
        assert bundle["text/plain"].startswith(f"explore_{name}('")
        assert "application/vnd.jupyter.widget-view+json" in bundle
        from styletools.explorers.panel import _all

        for widget in _all(panel.view):
            if hasattr(widget, "description") and type(widget).__name__ not in ("HTML", "FloatProgress"):
                assert widget.description, widget
                assert widget.tooltip, widget.description

    @pytest.mark.parametrize("name", SMALL)
    def test_an_unknown_picture_is_said_at_once(self, make, name):
        with pytest.raises(st.ImageError, match="nowhere"):
            make(name, "nowhere.png")

    @pytest.mark.parametrize("name", SMALL)
    def test_a_tensor_is_a_picture(self, make, name, picture):
        panel = make(name, picture, **SMALL[name])
        done(panel)
        assert "<Tensor>" in repr(panel)

    @pytest.mark.parametrize("name", SMALL)
    def test_works_without_threads(self, make, name, monkeypatch):
        monkeypatch.setenv("STYLETOOLS_SYNCHRONOUS", "1")
        panel = make(name, **SMALL[name])
        if hasattr(panel, "start_button"):
            panel.start_button.click()
        assert panel.error is None
        assert not [thread for thread in threading.enumerate() if thread.name.startswith("styletools")]

    def test_a_cell_that_runs_again_closes_its_old_panel(self, make, monkeypatch):
        cells = iter([("cell", 1), ("cell", 1), ("other", 2), ("cell", 3)])
        monkeypatch.setattr("styletools.explorers.panel._cell", lambda: next(cells))
        one, two, elsewhere, again = (make("content", **SMALL["content"]) for _ in range(4))
        for panel in (one, two, elsewhere):
            panel._repr_mimebundle_()
        assert not (one.closed)
        assert not (two.closed)
        assert not (elsewhere.closed)
        again._repr_mimebundle_()
        assert one.closed
        assert two.closed
        assert not (elsewhere.closed)
        assert not (again.closed)


def test_a_failed_attempt_leaves_nothing():
    from ipywidgets.widgets.widget import _instances

    before = set(_instances)
    for _ in range(3):
        with pytest.raises(StyletoolsError):
            explorers.explore_style("no such picture")
        with pytest.raises(StyletoolsError):
            explorers.explore_gram("starry_night", "conv9_9")
    assert set(_instances) == before


@pytest.mark.parametrize("name", ["features", "gram", "content", "style", "studio"])
def test_a_picture_stands_in_for_it_where_there_are_no_widgets(make, name):
    import base64
    import io

    import numpy as np
    from PIL import Image

    panel = make(name, **SMALL[name])
    done(panel)
    stored = Image.open(io.BytesIO(base64.b64decode(panel._repr_mimebundle_()["image/jpeg"])))
    assert np.asarray(stored.convert("L")).std() > 20
    assert stored.width == 720


def test_a_line_says_what_to_do_where_nothing_can_be_pointed_at(make):
    from styletools.explorers.panel import _all

    for name in ("features", "gram", "studio"):
        lines = [w.value for w in _all(make(name, **SMALL[name]).view) if "styletools-untouchable" in w._dom_classes]
        assert any("does not run anywidget; use" in line for line in lines)
