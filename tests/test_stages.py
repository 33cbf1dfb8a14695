from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from styletools.errors import InputError
from styletools.stages import BETA_SIZE, COARSEST, MOST_BETA, SETTLED, scaled, shares, stages, steps_within

WEIGHTS = {"alpha": 1.0, "beta": 10.0, "tv": 0.5}
OPTIONS = {"steps": 7, "smallest": 16, "grow": True, "relative": True}


class TestShares:
    """Which sizes there are."""

    def test_grows_by_the_root_of_two_from_the_coarsest(self):
        assert [round(1024 * share) for share in shares(768, 1024, 16, grow=True)] == [
            128, 181, 256, 362, 512, 724, 1024,
        ]  # fmt: skip

    def test_one_size_if_told_so(self):
        assert shares(768, 1024, 16, grow=False) == [1.0]

    def test_no_smaller_than_the_layers_allow(self):
        assert min(shares(40, 1024, 16, grow=True)) * 40 >= 16

    @given(st.integers(16, 4000), st.integers(16, 4000), st.sampled_from([1, 2, 16, 32]))
    def test_always_ends_at_the_whole_and_begins_at_the_coarsest(self, height, width, smallest):
        if min(height, width) < smallest:
            return
        found = shares(height, width, smallest, grow=True)
        assert found[-1] == 1
        assert found == sorted(found)
        longest, shortest = found[0] * max(height, width), found[0] * min(height, width)
        assert shortest >= smallest
        if shortest >= 2 * smallest:  # else the layers have ended it
            assert longest < max(COARSEST * 2**0.5, max(height, width) * 0.51)


class TestScaled:
    """Sizes of the stages."""

    def test_in_proportion(self):
        assert scaled(340, 512, 0.5, 16) == (170, 256)

    def test_a_narrow_picture_stays_large_enough(self):
        height, width = scaled(20, 400, 0.25, 16)
        assert height == 16
        assert width / height == pytest.approx(20, rel=0.05)


class TestWeights:
    """What counts how much at which size."""

    def test_the_smaller_stages_see_more_style(self):
        *small, last = stages(341, 512, **WEIGHTS, **OPTIONS)
        assert last == {"height": 341, "width": 512, "steps": 7, "alpha": 1.0, "beta": 10.0, "tv": 0.5 * 11}
        assert [stage["beta"] for stage in small] == pytest.approx([160, 80, 40, 20])
        for stage in small:
            assert stage["tv"] == 0.5 * (1 + stage["beta"])

    def test_up_to_a_limit(self):
        betas = [stage["beta"] for stage in stages(1024, 1024, **WEIGHTS, **OPTIONS | {"relative": False})]
        assert betas == pytest.approx([160, 160, 160, 80, 40, 20, 10])
        assert MOST_BETA == 16

    def test_relative_beta_holds_the_look(self):
        betas = [stages(size, size, **WEIGHTS, **OPTIONS)[-1]["beta"] for size in (256, BETA_SIZE, 1024)]
        assert betas[1] == 10
        assert betas == sorted(set(betas))
        assert betas[2] / betas[1] == pytest.approx(betas[1] / betas[0])

    @pytest.mark.parametrize("relative", [True, False])
    def test_a_poster_is_a_picture_of_1024_pixels_that_grows_on(self, relative):
        options = WEIGHTS | OPTIONS | {"relative": relative}
        usual, poster = (stages(round(size * 2 / 3), size, **options) for size in (SETTLED, 4 * SETTLED))
        assert [stage["width"] for stage in poster] == [*(s["width"] for s in usual), 1448, 2048, 2896, 4096]
        betas = [stage["beta"] for stage in poster]
        assert betas[: len(usual)] == pytest.approx([stage["beta"] for stage in usual])
        assert betas[len(usual) :] == [betas[-1]] * 4 == [usual[-1]["beta"]] * 4

    def test_literal_beta_is_the_papers(self):
        assert stages(1024, 768, **WEIGHTS, **OPTIONS | {"relative": False})[-1]["beta"] == 10

    @pytest.mark.parametrize("missing", ["alpha", "beta"])
    def test_nothing_to_hold_with_one_alone(self, missing):
        for stage in stages(256, 192, **WEIGHTS | {missing: 0.0}, **OPTIONS):
            assert (stage["alpha"], stage["beta"]) == ((0, 10) if missing == "alpha" else (1, 0))
            assert stage["tv"] == 0.5 * (stage["alpha"] + stage["beta"])


def test_steps_within_the_minutes():
    asked = stages(2731, 4096, steps=100, alpha=1, beta=7, tv=0.5, smallest=16, grow=True, relative=True)
    work = [stage["height"] * stage["width"] / 1e6 for stage in asked]
    for minutes in (30.0, 60.0, 110.0):
        steps = steps_within(asked, minutes, 5.0)
        seconds = 5.0 * sum(n * size for n, size in zip(steps, work, strict=True))
        assert 0.9 * minutes < seconds / 60 <= minutes
        assert steps == sorted(steps, reverse=True)
        assert min(steps) >= 10
    assert steps_within(asked, 1e6, 5.0) == [100] * len(asked)
    assert steps_within(asked, 1e-3, 5.0) == [10] * len(asked)  # never fewer


def test_steps_of_each_size():
    options = {"alpha": 1, "beta": 7, "tv": 0.5, "smallest": 16, "grow": True, "relative": True}
    assert [stage["steps"] for stage in stages(171, 256, steps=[3, 2, 1], **options)] == [3, 2, 1]
    with pytest.raises(InputError, match="one for each of the 3 sizes, got 2"):
        stages(171, 256, steps=[3, 2], **options)
