from __future__ import annotations

import pytest
import torch

import styletools as st
from styletools import footprint as of_pictures
from styletools import memory
from styletools import plan as plan_module
from styletools.errors import InputError
from styletools.footprint import (
    CANDIDATES,
    PICTURES,
    check_footprint,
    choose_block,
    cost_in_blocks,
    footprint,
    footprint_in_blocks,
)
from styletools.recipes import plan

VGG = st.VGG("random")


def test_by_hand():
    """conv1_1 and conv1_2 have 64 maps of full size each, in four bytes, and the pictures three colours."""
    assert footprint(VGG, ["conv1_2"], 10, 20) == 200 * (2 * 64 * 4 + PICTURES * 12)
    assert footprint(VGG, ["conv1_1", "conv1_2_pre"], 10, 20) == footprint(VGG, ["conv1_2"], 10, 20)
    assert footprint(VGG, [], 10, 20) == 200 * PICTURES * 12


def test_near_what_the_benchmark_measured():
    """2048 × 1362 pixels took 5.4 to 6.5 GB besides Python and the weights."""
    assert 4.8e9 < footprint(VGG, ["conv4_2", "conv5_1"], 1362, 2048) < 6.5e9


def test_double_precision_and_other_networks():
    double = st.VGG("random").to(torch.float64)
    assert footprint(double, ["conv1_1"], 8, 8) - footprint(VGG, ["conv1_1"], 8, 8) == 64 * 64 * 4
    hooked = st.Hooked(torch.nn.Sequential(torch.nn.Conv2d(3, 5, 3, padding=1)), ["0"])
    assert footprint(hooked, ["0"], 8, 8) == 64 * (5 * 4 + PICTURES * 12)


def test_the_size_that_is_said_to_fit_does(monkeypatch):
    monkeypatch.setattr(memory, "available", lambda: 10**9)
    with pytest.raises(InputError, match=r"a size of 2048: would need 5\.\d+ GB .* about (\d+) would fit") as error:
        check_footprint(VGG, ["conv5_1"], (1362, 2048), (8, 8))
    fitting = int(str(error.value).split("about ")[1].split()[0])
    check_footprint(VGG, ["conv5_1"], (round(1362 * fitting / 2048), fitting), (8, 8))
    with pytest.raises(InputError, match="a style_size of 4000"):
        check_footprint(VGG, ["conv5_1"], (8, 8), (4000, 4000))


def test_where_nothing_is_known_nothing_is_refused(monkeypatch):
    monkeypatch.setattr(memory, "available", lambda: None)
    check_footprint(VGG, ["conv5_1"], (10**6, 10**6), (8, 8))


def test_a_recipe_asks_before_the_work(monkeypatch):
    monkeypatch.setattr(memory, "available", lambda: 20_000_000)
    steps = []
    with pytest.raises(InputError, match=r"a size of 256: would need .* would fit"):
        st.transfer("chelsea", "dots", size=256, style_size=32, steps=1, progress=False, on_step=steps.append)
    assert steps == []


class TestBlocks:
    """Chosen by what is free, from the quickest to the smallest."""

    LAYERS = ("conv4_2", "conv5_1")

    def chosen(self, monkeypatch, free, **options):
        monkeypatch.setattr(memory, "available", lambda: free)
        return choose_block(VGG, self.LAYERS, (2731, 4096), (700, 1024), **options)

    def test_the_more_memory_the_quicker(self, monkeypatch):
        found = [self.chosen(monkeypatch, int(free * 1e9), precision="full") for free in (99, 9, 5.5, 3.7, 3)]
        assert found[0] == 0
        assert found[1:] == sorted(set(found[1:]), key=CANDIDATES.index)
        assert len(found) == 5
        estimates = [footprint_in_blocks(VGG, self.LAYERS, 2731, 4096, block, "full") for block in CANDIDATES]
        assert estimates == sorted(estimates, reverse=True)

    def test_small_blocks_take_longer(self):
        whole, *found = [cost_in_blocks(VGG, self.LAYERS, block) for block in (0, "2048/pool3", *CANDIDATES[1:])]
        assert whole == 1
        assert found == sorted(found)
        assert 1.3 < found[0] < found[-1] < 4

    def test_steps_that_fit_into_the_minutes_are_fewer_in_blocks(self, monkeypatch):
        monkeypatch.setattr(plan_module, "seconds_per_megapixel", lambda *_: 2.0)
        options = {"size": 1024, "style_size": 64, "minutes": 2.0}
        steps = [plan("transfer", "chelsea", "dots", block=block, **options) for block in (0, "512/pool3", "256/pool4")]
        totals = [sum(found["arguments"]["steps"]) for found in steps]
        assert totals == sorted(set(totals), reverse=True)

    def test_not_even_in_blocks(self, monkeypatch):
        with pytest.raises(InputError, match="a size of 4096: would need"):
            self.chosen(monkeypatch, 10**9)

    def test_what_cannot_be_split_is_not(self, monkeypatch):
        with pytest.raises(InputError, match="a size of 4096: would need"):
            self.chosen(monkeypatch, 6 * 10**9, unsplit="histogram")

    def test_where_nothing_is_known_the_picture_is_whole(self, monkeypatch):
        assert self.chosen(monkeypatch, None) == 0

    def test_a_recipe_chooses_and_says_so(self, monkeypatch):
        monkeypatch.setattr(memory, "available", lambda: 10**9)
        monkeypatch.setattr(of_pictures, "footprint", lambda *_: 10**12)  # of the whole picture
        options = {"size": 192, "style_size": 32, "steps": 1, "progress": False, "precision": "full"}
        small = st.transfer("chelsea", "dots", **options)
        assert small.settings["arguments"]["block"] in CANDIDATES
        with pytest.raises(InputError, match="a size of 192: would need"):
            st.transfer("chelsea", "dots", statistic="histogram", **options)
