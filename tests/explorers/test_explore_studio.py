from __future__ import annotations

import base64
import gc
import io
import json
import re
import threading
import time

import numpy as np
import pytest
import torch
from driving import SMALL, done, file, pixels
from PIL import Image

import styletools as st
from styletools.explorers.picture import png


class TestStudio:
    """Saving, the film, and the last runs."""

    def test_links_carry_picture_settings_and_film(self, make, tmp_path):
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
            panel.beginning.init.value = "content"
            panel.start_button.click()
            done(panel)
            settings = panel.result.settings["arguments"]
            factors.append((settings["alpha"], settings["beta"], settings["units"]))
        assert factors[0] == factors[1] == (pytest.approx(10**-0.8), 1.0, "relative")


class TestControls:
    """Every control arrives in the picture's settings; those that are not touched are as `transfer` has them."""

    def made(self, panel) -> dict:
        panel.start_button.click()
        done(panel)
        return panel.result.settings["arguments"]

    def test_untouched_they_are_the_defaults(self, make):
        found = self.made(make("studio", **SMALL["studio"]))
        plain = st.transfer("chelsea", "starry_night", size=64, steps=4, progress=False).settings["arguments"]
        assert {name for name in plain if plain[name] != found[name]} == {"alpha", "beta"}

    def test_balance(self, make):
        panel = make("studio", **SMALL["studio"])
        panel.balance.statistic.value = "wasserstein"
        panel.balance.content_layer.value = "conv3_2"
        panel.balance.colours.value = "photograph"
        panel.balance.weights["conv5_1"].value = 0
        found = self.made(panel)
        assert found["statistic"] == "wasserstein"
        assert found["content_layers"] == {"conv3_2": 1.0}
        assert found["colours"] == "photograph"
        assert found["style_layers"] == dict.fromkeys(("conv1_1", "conv2_1", "conv3_1", "conv4_1"), 0.2)

    def test_a_second_painting_is_blended(self, make):
        panel = make("studio", **SMALL["studio"])
        panel.second.wanted.value = True
        panel.second.picker.choice.value = "the_kiss"
        panel.second.share.value = 0.25
        panel.second.strokes.value = 0.5
        found = self.made(panel)
        assert found["style"] == ["starry_night", "the_kiss"]
        assert found["style_weights"] == [0.75, 0.25]
        assert found["style_size"] == 32

    def test_coarse_strokes_of_one_and_fine_ones_of_the_other(self, make):
        panel = make("studio", **SMALL["studio"])
        panel.second.wanted.value, panel.second.how.value = True, "strokes"
        found = self.made(panel)
        assert [list(layers) for layers in found["style_layers"]] == [
            ["conv4_1", "conv5_1"],
            ["conv1_1", "conv2_1", "conv3_1"],
        ]

    @pytest.mark.parametrize("word", ["left", "top", "disc", "bright"])
    def test_rough_regions(self, make, word):
        panel = make("studio", **SMALL["studio"])
        before = panel.regions.preview.image.value
        panel.regions.choice.value = word
        assert panel.regions.preview.image.value != before
        assert "in this order" in panel.regions.preview.caption.value
        panel.regions.number.value = 0.4
        panel.second.wanted.value = True
        found = self.made(panel)
        assert found["content_mask"] == f"{word}=0.40"
        assert found["style"] == ["starry_night", "great_wave"]
        assert any("[" in name for name in panel.result.history)

    def test_a_mask_from_a_file(self, make):
        panel = make("studio", **SMALL["studio"])
        mask = Image.new("L", (451, 300))
        mask.paste(255, (0, 0, 200, 300))
        buffer = io.BytesIO()
        mask.save(buffer, "PNG")
        panel.regions.upload.value = file("mask.png", buffer.getvalue())
        assert panel.regions.choice.value == "from a file"
        panel.second.wanted.value = True
        found = self.made(panel)
        assert "sha256" in found["content_mask"]
        assert "style [255] conv1_1" in panel.result.history

    def test_a_mask_that_does_not_fit_is_told(self, make):
        panel = make("studio", **SMALL["studio"])
        buffer = io.BytesIO()
        Image.new("L", (10, 300)).save(buffer, "PNG")
        panel.regions.upload.value = file("mask.png", buffer.getvalue())
        assert "expected the proportions of its picture" in panel.status.value
        assert panel.regions.choice.value == "none"
        panel.regions.choice.value = "from a file"
        panel.start_button.click()
        assert "upload a mask first" in panel.status.value
        assert panel.result is None

    def test_three_paintings_for_two_regions_cannot_happen_but_an_empty_region_is_told(self, make):
        panel = make("studio", **SMALL["studio"])
        panel.regions.choice.value = "bright"
        panel.regions.number.value = 0.95
        assert "the region" in panel.status.value
        assert "is empty" in panel.status.value

    @pytest.mark.parametrize(
        ("choice", "magic"), [((".png", 16), b"\x89PNG"), ((".tif", 16), b"II"), ((".jpg", 8), b"\xff\xd8")]
    )
    def test_the_file(self, make, choice, magic):
        panel = make("studio", **SMALL["studio"])
        panel.output.format.value = choice
        self.made(panel)
        data = re.search(r'download="picture[.]\w+" href="data:[\w/]+;base64,([^"]+)"', panel.links.value)
        assert base64.b64decode(data.group(1)).startswith(magic)

    def test_folded_away_at_first(self, make):
        panel = make("studio", **SMALL["studio"])
        assert panel.topics.selected_index is None
        assert len(panel.topics.children) == len(panel.topics.titles) == 5


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
    assert len(gaps) > 3
    assert (gaps > 0.19).all()


def test_png_enlarges_by_whole_pixels():
    image = Image.open(io.BytesIO(png(torch.rand(1, 3, 4, 6), 60)))
    assert image.size == (60, 40)
    assert Image.open(io.BytesIO(png(torch.rand(1, 3, 4, 600), 60))).size == (600, 4)
