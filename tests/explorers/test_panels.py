"""Each panel, driven by its controls, in process; what a browser adds is in test_browser.py."""

from __future__ import annotations

import datetime
import gc
import io
import threading
import time

import numpy as np
import pytest
import torch
from PIL import Image

import styletools as st
from styletools import explorers
from styletools.explorers import picker as picker_module
from styletools.explorers.film import Film
from styletools.explorers.panel import Panel, Picture, png
from styletools.explorers.style import growing_subsets


def pixels(picture: Picture) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(picture.image.value)).convert("RGB")).astype(float)


def file(name: str, content: bytes) -> tuple[dict, ...]:
    now = datetime.datetime.now(tz=datetime.UTC)
    whole = {"name": name, "type": "image/png", "size": len(content), "content": memoryview(content)}
    return ({**whole, "last_modified": now},)


def done(panel: Panel) -> None:
    assert panel.wait(60)
    assert panel.error is None, panel.status.value


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


SMALL = {
    "features": {"size": 64},
    "gram": {"size": 64},
    "content": {"size": 64, "steps": 4},
    "style": {"size": 64, "steps": 4},
    "tradeoff": {"size": 64, "steps": 2},
    "studio": {"size": 64, "steps": 4},
}


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


class TestFeatures:
    """Maps, and where a filter fires."""

    def test_another_layer_changes_every_picture(self, make):
        panel = make("features", **SMALL["features"])
        done(panel)
        before = [pixels(picture) for picture in (panel.grid, panel.other, panel.one, panel.place)]
        panel.layer.value = "conv2_1"
        done(panel)
        after = [pixels(picture) for picture in (panel.grid, panel.other, panel.one, panel.place)]
        for old, new in zip(before, after, strict=True):
            assert old.shape != new.shape or abs(old - new).mean() > 1
        assert "N = 128 filters" in panel.status.value

    def test_the_filters_are_listed_strongest_first_and_one_can_be_chosen(self, make):
        panel = make("features", "coffee", "conv1_1", **SMALL["features"])
        done(panel)
        F = st.VGG()(st.load_image("coffee", 64), "conv1_1")["conv1_1"]
        assert list(panel.filter.options) == F[0].mean((1, 2)).argsort(descending=True)[:24].tolist()
        before = pixels(panel.one)
        panel.filter.value = panel.filter.options[3]
        assert abs(before - pixels(panel.one)).mean() > 1
        assert f"filter {panel.filter.value} of conv1_1" in panel.one.caption.value

    def test_features_are_computed_once_and_kept_within_a_bound(self, make):
        panel = make("features", **SMALL["features"])
        done(panel)
        F = panel.features("average pooling", "conv3_1", torch.zeros(1, 3, 8, 8), "chelsea")
        assert F.shape == (1, 256, 10, 16)  # not of the zeros: what is kept under that name
        for layer in ("conv1_1", "conv1_2", "conv2_1", "conv2_2", "conv3_1", "conv3_2", "conv3_3", "conv4_1"):
            panel.layer.value = layer
            done(panel)
        assert len(panel.features) == 12


class TestGram:
    """The matrix, its entries, and changes of the picture."""

    def test_unchanged_is_zero_and_a_change_is_answered_in_numbers(self, make):
        panel = make("gram", **SMALL["gram"])
        done(panel)
        assert "<b>0</b> at conv2_1" in panel.numbers.value
        for change in ("mirror", "crop", "scatter pixels", "recolour"):
            before = panel.numbers.value
            panel.change.value = change
            done(panel)
            assert panel.numbers.value != before
        assert "<b>0</b>" not in panel.numbers.value

    def test_pointing_at_an_entry(self, make):
        panel = make("gram", "starry_night", "conv1_1", **SMALL["gram"])
        done(panel)
        panel.i.value, panel.j.value = 3, 8
        F = st.VGG()(st.load_image("starry_night", 64), "conv1_1")["conv1_1"]
        assert f"G_ij = {float(st.gram_matrix(F)[0, 3, 8]):.4g}" in panel.product.caption.value
        panel.pair.value = panel.pair.options[2][1]
        assert (panel.i.value, panel.j.value) == panel.pair.options[2][1]

    def test_two_pictures(self, make):
        panel = make("gram", **SMALL["gram"])
        done(panel)
        panel.other.choice.value = "the_kiss"
        done(panel)
        assert "sizes differ" in panel.numbers.value
        assert abs(pixels(panel.matrix) - pixels(panel.matrix_other)).mean() > 1


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
        assert panel.picture.image.layout.width == "440px"
        exact = Image.open(io.BytesIO(png(panel.result.image))).resize(made.shape[1::-1], Image.Resampling.BICUBIC)
        assert abs(made - np.asarray(exact)).max() <= 1

    def test_stop_and_continue(self, make, name):
        panel = make(name, size=64, steps=400)
        panel.start_button.click()
        deadline = time.monotonic() + 20
        while panel.progress.value == 0 and time.monotonic() < deadline:
            time.sleep(0.01)
        panel.stop_button.click()
        assert panel.wait(5)
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
        deadline = time.monotonic() + 20
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
        assert "nothing to go on with" in panel.status.value

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
        assert showing.wait(20)
        panel.reset_button.click()
        done(panel)
        assert pixels(panel.picture).std() == 0
        assert panel.status.value == "ready"

    def test_an_error_is_told_in_one_line_and_the_panel_works_afterwards(self, make, name, monkeypatch):
        panel = make(name, **SMALL[name])
        with monkeypatch.context() as patch:
            patch.setattr(panel, "prepare", lambda: lambda on_step: 1 / 0)
            panel.start_button.click()
            assert panel.wait(10)
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
    panel = make(name, **SMALL[name])
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
    assert panel.wait(5)
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


class TestUploads:
    """Files of one's own."""

    def test_two_files_of_one_name_are_two_pictures(self, make):
        files = []
        for colour in ("red", "blue"):
            buffer = io.BytesIO()
            Image.new("RGB", (48, 32), colour).save(buffer, "PNG")
            files.append(buffer.getvalue())
        panel = make("gram", "dots", "conv1_1", **SMALL["gram"])
        done(panel)
        panel.picker.upload.value = file("a.png", files[0])
        panel.other.upload.value = file("a.png", files[1])
        done(panel)
        assert "<b>0</b> at" not in panel.numbers.value
        panel.other.upload.value = file("a.png", files[0])
        done(panel)
        assert panel.other.name == "a.png (2)"
        assert "<b>0</b> at" in panel.numbers.value

    def test_an_open_file_and_a_double_tensor(self, make, picture):
        buffer = io.BytesIO()
        st.to_pil(picture).save(buffer, "PNG")
        buffer.seek(0)
        for source in (buffer, picture.double()):
            panel = make("features", source, "conv1_1", **SMALL["features"])
            done(panel)
            panel.layer.value = "conv1_2"
            done(panel)

    def test_a_picture_is_added_chosen_and_used(self, make, picture):
        buffer = io.BytesIO()
        st.to_pil(picture).save(buffer, "PNG")
        panel = make("content", **SMALL["content"])
        panel.picker.upload.value = file("mine.png", buffer.getvalue())
        assert panel.error is None
        assert panel.picker.name == "mine.png"
        torch.testing.assert_close(panel.picker.image(40), picture, atol=1 / 255, rtol=0)
        panel.start_button.click()
        done(panel)
        assert panel.result.image.shape == (1, 3, 51, 64)

    def test_what_is_no_picture_is_a_line_in_the_panel(self, make):
        panel = make("content", **SMALL["content"])
        panel.picker.upload.value = file("broken.png", b"not a picture")
        assert isinstance(panel.error, st.ImageError)
        assert "broken.png" in panel.status.value
        assert panel.picker.name == "chelsea"

    def test_a_name_is_escaped_wherever_it_is_shown(self, make, picture):
        buffer = io.BytesIO()
        st.to_pil(picture).save(buffer, "PNG")
        name = "<img src=x onerror=alert(1)>.png"
        for content in (buffer.getvalue(), b"broken"):
            panel = make("studio", **SMALL["studio"])
            panel.content.upload.value = file(name, content)
            shown = panel.status.value + "".join(p.caption.value for p in panel.originals)
            assert "<img" not in shown
            assert "&lt;img" in shown

    def test_a_file_that_is_too_large(self, make, monkeypatch):
        monkeypatch.setattr(picker_module, "LARGEST_UPLOAD", 1_000_000)
        panel = make("content", **SMALL["content"])
        panel.picker.upload.value = file("large.png", b"x" * 2_000_000)
        assert "2 MB; expected at most 1 MB" in panel.status.value


class TestStyle:
    """Layer sets and the gallery."""

    def test_weights_choose_the_layers(self, make):
        panel = make("style", "dots", {"conv1_1": 1.0}, **SMALL["style"])
        assert panel.chosen() == {"conv1_1": 1.0}
        panel.weights["conv3_1"].value = 0.5
        panel.start_button.click()
        done(panel)
        names = [name for name in panel.result.history if name.startswith("style")]
        assert names == ["style conv1_1", "style conv3_1"]

    def test_no_layer_is_an_error_that_says_so(self, make):
        panel = make("style", "dots", {"conv1_1": 1.0}, **SMALL["style"])
        panel.weights["conv1_1"].value = 0.0
        panel.start_button.click()
        assert panel.wait(10)
        assert "expected at least one" in panel.status.value

    def test_all_subsets_fill_the_gallery(self, make):
        panel = make("style", size=64, steps=2)
        panel.all_subsets()
        done(panel)
        assert list(panel.gallery) == list(growing_subsets())
        assert pixels(panel.shelf).std() > 10

    def test_keep(self, make):
        panel = make("style", "dots", "conv1_1", **SMALL["style"])
        panel.keep()
        assert "no picture to keep yet" in panel.status.value
        panel.start_button.click()
        done(panel)
        for _ in range(15):
            panel.keep()
        assert len(panel.gallery) <= 12


class TestTradeoff:
    """The grid."""

    def test_fills_in_and_one_goes_on_larger(self, make):
        panel = make("tradeoff", **SMALL["tradeoff"])
        first = ("all five", 1.0)
        panel.larger(*first)
        assert "not there yet" in panel.status.value
        panel.start_button.click()
        done(panel)
        assert len(panel.results) == 9
        shown = [pixels(cell) for cell, _ in panel.cells.values()]
        assert all(image.std() > 10 for image in shown)
        content = st.Objective(st.VGG(), content=st.load_image("chelsea", 64), content_layers="conv4_2")
        missing = [float(content(panel.results["all five", r].image)["content conv4_2"]) for r in (1.0, 0.2, 0.04)]
        assert missing == sorted(missing)
        panel.larger(*first)
        done(panel)
        assert "128 px" in panel.large.caption.value
        assert pixels(panel.large).std() > 10

    def test_stop_keeps_what_is_there(self, make):
        panel = make("tradeoff", size=64, steps=40)
        panel.start_button.click()
        deadline = time.monotonic() + 30
        while not panel.results and time.monotonic() < deadline:
            time.sleep(0.01)
        panel.stop_button.click()
        assert panel.wait(5)
        assert 0 < len(panel.results) < 9


class TestStudio:
    """Saving, the film, and the last runs."""

    def test_links_carry_picture_settings_and_film(self, make, tmp_path):
        import base64
        import json
        import re

        panel = make("studio", **SMALL["studio"])
        panel.start_button.click()
        done(panel)
        found = dict(re.findall(r'download="([\w.]+)" href="data:[\w/]+;base64,([^"]+)"', panel.links.value))
        files = {name: base64.b64decode(data) for name, data in found.items()}
        (tmp_path / "picture.png").write_bytes(files["picture.png"])
        assert st.load_settings(tmp_path / "picture.png") == json.loads(files["settings.json"])
        assert json.loads(files["settings.json"])["arguments"]["alpha"] == pytest.approx(10**-0.8)
        film = Image.open(io.BytesIO(files["film.gif"]))
        assert film.n_frames >= 2
        assert list(panel.runs) == ["1. α/β = 0.16, 64 px"]

    def test_before_and_after(self, make):
        panel = make("studio", **SMALL["studio"])
        panel.start_button.click()
        done(panel)
        after = pixels(panel.picture)
        panel.content.choice.value = "coffee"  # another choice does not change what this run was made from
        panel.before.value = True
        expected = np.asarray(st.to_pil(st.load_image("chelsea", 256))).astype(float)
        assert abs(pixels(panel.picture) - expected).max() <= 1
        panel.before.value = False
        assert abs(pixels(panel.picture) - after).max() == 0

    def test_the_ratio_means_the_same_at_every_size(self, make):
        factors = []
        for size in (64, 128):
            panel = make("studio", size=size, steps=1)
            panel.init.value = "content"
            panel.start_button.click()
            done(panel)
            settings = panel.result.settings["arguments"]
            factors.append((settings["alpha"], settings["beta"], settings["units"]))
        assert factors[0] == factors[1] == (pytest.approx(10**-0.8), 1.0, "relative")


def test_two_panels_do_not_disturb_each_other(make):
    one, two = make("content", "coffee", **SMALL["content"]), make("style", "dots", **SMALL["style"])
    one.start_button.click()
    two.start_button.click()
    done(one)
    done(two)
    alone = make("content", "coffee", **SMALL["content"])
    alone.start_button.click()
    done(alone)
    torch.testing.assert_close(one.result.image, alone.result.image, atol=1e-3, rtol=0)


def test_fifty_restarts_leave_no_thread_and_no_growing_memory(make):
    panel = make("content", size=32, steps=50)
    for index in range(50):
        panel.start_button.click()
        if index == 10:
            assert panel.wait(60)
            gc.collect()
            before = sum(1 for thing in gc.get_objects() if type(thing) is torch.Tensor)
    done(panel)
    gc.collect()
    after = sum(1 for thing in gc.get_objects() if type(thing) is torch.Tensor)
    assert after <= before + 20
    assert sum(thread.name.startswith("styletools") for thread in threading.enumerate()) == 1


def test_at_most_five_frames_a_second(make):
    panel = make("content", size=64, steps=150)
    frames = []
    panel.picture.image.observe(lambda _: frames.append(time.monotonic()), names="value")
    panel.start_button.click()
    done(panel)
    gaps = np.diff(frames[:-1])  # the finished picture comes when it is finished
    assert (gaps > 0.19).all()


def test_film_keeps_frames_of_the_whole_run():
    film = Film(most=8)
    for value in torch.linspace(0, 1, 200):
        film.add(value.expand(1, 3, 4, 4))
    frames = Image.open(io.BytesIO(film.gif()))
    assert len(film) <= 8
    shades = []
    for index in range(frames.n_frames):
        frames.seek(index)
        shades.append(np.asarray(frames.convert("L")).mean())
    assert shades == sorted(shades)
    assert shades[0] < 10
    assert shades[-1] > 170
    film.add(torch.rand(1, 3, 500, 1000))
    assert Image.open(io.BytesIO(film.gif())).size == (320, 160)
    with pytest.raises(st.InputError, match="film: expected at least one frame"):
        Film().gif()


def test_png_enlarges_by_whole_pixels():
    image = Image.open(io.BytesIO(png(torch.rand(1, 3, 4, 6), 60)))
    assert image.size == (60, 40)
    assert Image.open(io.BytesIO(png(torch.rand(1, 3, 4, 600), 60))).size == (600, 4)
