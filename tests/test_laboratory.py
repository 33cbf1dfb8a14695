from __future__ import annotations

import pytest
import torch

import styletools as st
from styletools import InputError
from styletools.laboratory import compare_statistics, levelness, score_statistics

SMALL = {"layers": ["conv1_1", "conv2_1"], "weights": "random"}


class TestCompare:
    def test_each_has_the_same_time_and_the_same_noise(self):
        firsts = []
        made = dict(
            compare_statistics(
                "dots", ["gram", "mean"], seconds=0.5, size=48, **SMALL,
                on_step=lambda step: firsts.append(step.image) if step.number == 1 else None,
            )
        )  # fmt: skip
        # The first step moves the fastest pixel by a tenth: the noise is still the same.
        assert (firsts[0] - firsts[1]).abs().max() < 0.21
        for name, result in made.items():
            assert result.settings["arguments"]["statistic"] == name
            assert result.settings["arguments"]["seed"] == 0
            taken = result.history["seconds"]
            assert all(seconds < 0.5 for seconds in taken[:-1])  # on a busy machine the first step may be the last
            assert taken[-1] >= 0.5

    def test_stopped_from_outside(self):
        made = compare_statistics("dots", ["gram", "mean"], size=48, **SMALL, on_step=lambda step: step.number == 2)
        assert [len(result.history["step"]) for _, result in made] == [2, 2]

    @pytest.mark.parametrize("seconds", [0, -1, float("inf"), float("nan")])
    def test_bad_time(self, seconds):
        with pytest.raises(InputError, match="seconds: expected a number above 0"):
            next(compare_statistics("dots", seconds=seconds))

    def test_an_unknown_one_is_said_before_the_first_is_made(self):
        steps = []
        with pytest.raises(InputError, match="statistic: expected one of"):
            next(compare_statistics("dots", ["gram", "grams"], on_step=steps.append))
        assert not steps


class TestScore:
    def test_a_picture_is_scored_by_all(self):
        source = st.load_image("dots", 48)
        scores = score_statistics({"itself": source, "noise": st.white_noise(48, 48)}, source, **SMALL)
        assert scores["itself"].keys() == st.statistics().keys()
        for name, value in scores["itself"].items():
            assert value < scores["noise"][name], name
            if name not in ("contextual", "neighbours", "transport"):  # they compare a sample of the positions
                assert value < 1e-3

    def test_is_in_units_of_a_picture_without_features(self):
        """Two layers count half each."""
        source, image = st.load_image("dots", 48), st.white_noise(48, 48)
        both = score_statistics({"noise": image}, source, ["gram"], **SMALL)["noise"]["gram"]
        alone = [
            score_statistics({"noise": image}, source, ["gram"], layers=[layer], weights="random")["noise"]["gram"]
            for layer in SMALL["layers"]
        ]
        assert both == pytest.approx(sum(alone) / 2, rel=1e-5)

    def test_another_size(self):
        scores = score_statistics({"larger": torch.rand(1, 3, 64, 96)}, st.load_image("dots", 48), ["gram"], **SMALL)
        assert scores["larger"]["gram"] > 0

    def test_not_a_picture(self):
        with pytest.raises(InputError, match="broken"):
            score_statistics({"broken": torch.zeros(3)}, torch.rand(1, 3, 48, 48), ["gram"], **SMALL)

    def test_in_double_precision(self):
        vgg = st.VGG("random").double()
        scores = score_statistics({"noise": st.white_noise(48, 48)}, st.load_image("dots", 48), ["gram"],
                                  layers=["conv1_1"], weights=vgg)  # fmt: skip
        assert scores["noise"]["gram"] > 0


class TestLevelness:
    def test_level_rows_and_none(self):
        wall = torch.tensor([0.0, 0.0, 1.0] * 6).view(1, 1, 18, 1).expand(1, 3, 18, 12)
        assert levelness(wall, wall) == pytest.approx(1)
        assert levelness(0.5 * wall, wall) == pytest.approx(0.25)
        assert levelness(wall.transpose(2, 3), wall) == pytest.approx(0)

    def test_courses_that_sink_halfway_are_less_level(self):
        wall = torch.tensor([0.0, 0.0, 1.0] * 6).view(1, 1, 18, 1).expand(1, 3, 18, 12).clone()
        sunk = wall.clone()
        sunk[..., 6:] = wall[..., 6:].roll(1, 2)
        assert 0.2 < levelness(sunk, wall) < 0.3  # means of 0, ½ and ½ for 0, 0 and 1: a quarter of the variance

    def test_bricks(self):
        wall = st.load_image("bricks", 96)
        assert levelness(st.white_noise(96, 96), wall) < 0.05

    def test_bad(self):
        with pytest.raises(InputError, match="source: expected rows of different brightness"):
            levelness(torch.rand(1, 3, 4, 4), torch.full((1, 3, 4, 4), 0.5))
        with pytest.raises(InputError, match="image"):
            levelness(torch.rand(3), torch.rand(1, 3, 4, 4))
