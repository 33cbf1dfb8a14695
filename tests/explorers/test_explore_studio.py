from __future__ import annotations

import gc
import io
import threading
import time

import numpy as np
import pytest
import torch
from driving import SMALL, done, pixels
from PIL import Image

import styletools as st
from styletools.explorers.film import Film
from styletools.explorers.panel import png


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
