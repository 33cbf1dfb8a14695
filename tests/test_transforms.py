from __future__ import annotations

import pytest
import torch
from torch.testing import assert_close

import styletools as st
from styletools import InputError
from styletools.losses.covariance import Covariance
from styletools.losses.means import MeanDeviation
from styletools.losses.positions import moments
from styletools.transforms import adain, invert, surrogates, whiten_colour


def features(seed, channels=4, height=9, width=8):
    return torch.randn(1, channels, height, width, generator=torch.Generator().manual_seed(seed)).relu()


class TestAdain:
    def test_has_the_paintings_statistics(self):
        F, S = features(0), features(1, height=5)
        assert MeanDeviation("conv1_1", S).value(adain(F, S)) < 1e-8

    def test_of_itself_is_nothing(self):
        F = features(0)
        assert_close(adain(F, F), F, atol=1e-5, rtol=1e-4)

    def test_keeps_the_content_up_to_scale_and_shift(self):
        F = features(0)
        found = adain(F, features(1))
        correlation = torch.corrcoef(torch.stack([F[0, 2].flatten(), found[0, 2].flatten()]))[0, 1]
        assert correlation > 0.9999

    def test_a_dead_filter(self):
        F, S = features(0), features(1)
        F[:, 1] = 0
        assert_close(adain(F, S)[:, 1], S[:, 1].mean().expand(1, 9, 8))


class TestWhitenColour:
    def test_has_the_paintings_statistics(self):
        F, S = features(0), features(1, height=5)
        assert Covariance("conv1_1", S).value(whiten_colour(F, S)) < 1e-8

    def test_knows_of_pairs_what_adain_does_not(self):
        S = features(1)
        S[:, 1] = S[:, 0]  # two that always fire together
        F = features(0)
        pair = [moments(G)[1][0, 0, 1] for G in (adain(F, S), whiten_colour(F, S), S)]
        assert abs(pair[1] - pair[2]) < 1e-4 < abs(pair[0] - pair[2])

    def test_strength(self):
        F, S = features(0), features(1)
        assert_close(whiten_colour(F, S, 0.0), F)
        assert_close(whiten_colour(F, S, 0.5), (F + whiten_colour(F, S)) / 2)
        with pytest.raises(InputError, match="strength: expected 0 … 1, got 2"):
            whiten_colour(F, S, 2)

    def test_one_picture(self):
        with pytest.raises(InputError, match="F: expected the features of one picture, got a batch of 2"):
            whiten_colour(features(0).repeat(2, 1, 1, 1), features(1))

    def test_fewer_positions_than_filters(self):
        found = whiten_colour(features(0, channels=32, height=3, width=3), features(1, channels=32))
        assert found.isfinite().all()


@pytest.mark.parametrize("change", [adain, whiten_colour])
def test_bad_input(change):
    with pytest.raises(InputError, match=r"S: expected \(1, 4, H, W\) as F, got \(1, 5, 9, 8\)"):
        change(features(0), features(1, channels=5))
    with pytest.raises(InputError, match="F: expected features"):
        change(torch.zeros(3), features(0))


class TestInvert:
    def test_finds_the_picture_that_the_features_came_from(self):
        vgg, image = st.VGG(), st.load_image("chelsea", 64)
        F = vgg(image, "conv2_1")["conv2_1"]
        found = invert(vgg, "conv2_1", F, tuple(image.shape[2:]), steps=60, tv=0.01, progress=False)
        assert (found - image).abs().mean() < 0.06

    def test_a_changed_style(self):
        """AdaIN at conv3_1, painted without a decoder: nearer to the painting's statistics."""
        vgg, image, painting = st.VGG(), st.load_image("chelsea", 64), st.load_image("dots", 64)
        F, S = (vgg(x, "conv3_1")["conv3_1"] for x in (image, painting))
        found = invert(vgg, "conv3_1", adain(F, S), tuple(image.shape[2:]), steps=60, progress=False)
        after = vgg(found, "conv3_1")["conv3_1"]
        term = MeanDeviation("conv3_1", S)
        assert term.value(after) < 0.2 * term.value(F)

    def test_features_of_another_size(self):
        vgg = st.VGG("random")
        with pytest.raises(InputError, match=r"features: expected \(1, 64, 32, 32\) of conv1_1 at \(32, 32\) pixels"):
            invert(vgg, "conv1_1", torch.zeros(1, 64, 16, 16), (32, 32), progress=False)


class TestSurrogates:
    """What each has in common with the features, and what not."""

    @pytest.fixture
    def F(self):  # noqa: N802  # the paper's name
        g = torch.Generator().manual_seed(0)
        mixed = torch.randn(4, 4, generator=g) @ torch.randn(4, 12 * 16, generator=g) + 0.5
        return mixed.relu().view(1, 4, 12, 16)

    def test_moments(self, F):
        mean, covariance = moments(F)
        for name, made in surrogates(F).items():
            assert made.shape == F.shape
            ours, theirs = moments(made)
            assert torch.allclose(ours, mean, atol=1e-5), name
            same = torch.allclose(theirs, covariance, atol=1e-3)
            assert same == (name in ("moved", "shuffled", "normal")), name

    def test_values_of_each_filter(self, F):
        for name, made in surrogates(F).items():
            same = torch.equal(made.flatten(2).sort().values, F.flatten(2).sort().values)
            assert same == (name in ("moved", "shuffled", "each filter alone")), name

    def test_moved_keeps_neighbours(self, F):
        assert torch.equal(surrogates(F)["moved"].roll(-4, 3), F)

    def test_the_seed_decides(self, F):
        first, again, other = surrogates(F), surrogates(F), surrogates(F, seed=1)
        assert torch.equal(first["shuffled"], again["shuffled"])
        assert not torch.equal(first["shuffled"], other["shuffled"])

    def test_bad(self):
        with pytest.raises(InputError, match="F: expected features"):
            surrogates(torch.rand(2, 3, 4, 4))
