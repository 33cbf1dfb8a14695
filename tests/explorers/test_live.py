from __future__ import annotations

import io
import threading
import time

import numpy as np
import pytest
from driving import SMALL, done, file, pixels
from PIL import Image

import styletools as st
from styletools import explorers
from styletools.explorers.picture import png


@pytest.mark.parametrize("name", ["content", "style", "studio"])
class TestLive:
    """Start, Stop, Continue, Reset."""

    def test_start_makes_a_picture(self, make, name):
        panel = make(name, **SMALL[name])
        blank = pixels(panel.picture)
        panel.start_button.click()
        done(panel)
        assert "finished after" in panel.status.value
        made = pixels(panel.picture)
        assert made.std() > 10
        assert made.shape != blank.shape
        assert pixels(panel.losses).std() > 10
        assert panel.progress.value == 1
        assert panel.stop_button.disabled
        assert made.shape[1] == 440
        assert panel.picture.image.width == 440
        exact = Image.open(io.BytesIO(png(panel.result.image))).resize(made.shape[1::-1], Image.Resampling.BICUBIC)
        assert abs(made - np.asarray(exact)).max() <= 1

    def test_stop_and_continue(self, make, name):
        panel = make(name, size=64, steps=400)
        panel.start_button.click()
        deadline = time.monotonic() + 180
        while panel.progress.value == 0 and time.monotonic() < deadline:
            time.sleep(0.01)
        panel.stop_button.click()
        assert panel.wait(60)
        assert "stopped after" in panel.status.value
        assert panel.error is None
        steps = len(panel.result.history["step"])
        assert steps < 400
        panel.continue_button.click()
        time.sleep(0.5)
        panel.stop_button.click()
        done(panel)
        assert len(panel.result.history["step"]) > steps

    def test_continue_after_the_end_adds_steps(self, make, name):
        panel = make(name, **SMALL[name])
        panel.start_button.click()
        done(panel)
        steps = len(panel.result.history["step"])
        panel.continue_button.click()
        done(panel)
        assert len(panel.result.history["step"]) == steps + 4

    def test_the_curves_grow_while_it_runs_and_a_newer_start_wins(self, make, name):
        panel = make(name, size=64, steps=400)
        blank = pixels(panel.losses)
        panel.start_button.click()
        deadline = time.monotonic() + 180
        while pixels(panel.losses).shape == blank.shape and time.monotonic() < deadline:
            time.sleep(0.05)
        assert panel._worker.busy
        assert pixels(panel.losses).std() > 10
        panel.steps.value = 2
        panel.start_button.click()
        done(panel)
        assert panel.result.history["step"][-1] == 2 * len(panel.result.synthesis.stages)
        assert "finished after" in panel.status.value

    def test_reset_forgets(self, make, name):
        panel = make(name, **SMALL[name])
        panel.steps.value = 200
        panel.start_button.click()
        time.sleep(0.3)
        panel.reset_button.click()
        done(panel)
        assert panel.result is None
        assert panel.stop_button.disabled
        assert panel.continue_button.disabled
        assert pixels(panel.picture).std() == 0
        panel.go_on()
        assert "nothing to resume" in panel.status.value

    def test_reset_is_not_undone_by_a_late_frame(self, make, name, monkeypatch):
        """Reset comes while the worker is just about to show a frame."""
        panel = make(name, size=64, steps=200)
        showing, show = threading.Event(), panel._show

        def slow(step):
            showing.set()
            time.sleep(0.2)
            show(step)

        monkeypatch.setattr(panel, "_show", slow)
        panel.start_button.click()
        assert showing.wait(60)
        panel.reset_button.click()
        done(panel)
        assert pixels(panel.picture).std() == 0
        assert panel.status.value == "ready"

    def test_an_error_is_told_in_one_line_and_the_panel_works_afterwards(self, make, name, monkeypatch):
        panel = make(name, **SMALL[name])
        with monkeypatch.context() as patch:
            patch.setattr(panel, "prepare", lambda: lambda on_step: 1 / 0)
            panel.start_button.click()
            assert panel.wait(60)
        assert isinstance(panel.error, ZeroDivisionError)
        assert "ZeroDivisionError: division by zero" in panel.status.value
        panel.start_button.click()
        done(panel)

    def test_another_picture_is_shown(self, make, name):
        panel = make(name, **SMALL[name])
        before = pixels(panel.originals[0])
        (panel.content if name == "studio" else panel.picker).choice.value = "great_wave"
        assert pixels(panel.originals[0]).shape != before.shape
        assert "great_wave" in panel.originals[0].caption.value


@pytest.mark.parametrize("name", ["content", "style", "studio", "tradeoff"])
def test_stop_at_once_is_said(make, name):
    """Before the worker has begun, or a moment later."""
    panel = make(name, **SMALL[name] | {"steps": 200})
    for pause in (0.0, 0.0, 0.02):
        panel.start_button.click()
        time.sleep(pause)
        panel.stop_button.click()
        done(panel)
        assert panel.stop_button.disabled
        assert "stopped" in panel.status.value


def test_an_error_of_a_control_leaves_the_run_alone(make):
    panel = make("content", size=64, steps=200)
    panel.start_button.click()
    panel.picker.upload.value = file("broken.png", b"no picture")
    assert isinstance(panel.error, st.ImageError)
    assert not panel.stop_button.disabled
    panel.stop_button.click()
    assert panel.wait(60)
    assert panel.stop_button.disabled


def test_continue_is_labelled_with_what_was_made(make):
    panel = make("studio", **SMALL["studio"])
    panel.start_button.click()
    done(panel)
    panel.ratio.value = 10
    panel.continue_button.click()
    done(panel)
    assert list(panel.runs) == ["1. α/β = 0.16, 64 px", "2. α/β = 0.16, 64 px"]
    assert sum(panel.result.settings["steps_done"].values()) == len(panel.result.history["step"])


@pytest.mark.parametrize("name", ["features", "gram", "content", "style"])
def test_an_unknown_layer_is_said_at_once(name):
    with pytest.raises(st.InputError, match="conv9_9"):
        getattr(explorers, f"explore_{name}")("dots", "conv9_9")


def test_what_is_asked_for_is_within_the_sliders(make):
    panel = make("style", "dots", size=50, steps=1000)
    assert (panel.size.value, panel.steps.value) == (50, 1000)
    assert make("content", size=1024).size.value == 1024


def test_a_closed_panel_says_so_and_is_not_kept(make, monkeypatch):
    monkeypatch.setattr("styletools.explorers.panel._cell", lambda: ("a cell", 1))
    panel = make("content", **SMALL["content"])
    panel._repr_mimebundle_()
    panel.close()
    from styletools.explorers.panel import _open

    assert panel not in [other for _, panels in _open.values() for other in panels]
    assert "closed; run its cell again" in panel._repr_mimebundle_()["text/plain"]
