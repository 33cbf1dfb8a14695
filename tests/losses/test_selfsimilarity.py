from __future__ import annotations

import math

import pytest
import torch

import styletools
from styletools import InputError
from styletools.losses.selfsimilarity import SelfSimilarity


def test_by_hand():
    """Three positions: two directions at right angles, and one of them again."""
    P = torch.tensor([[1.0, 0.0, 1.0], [0.0, 1.0, 0.0]]).view(1, 2, 1, 3)
    F = torch.tensor([[1.0, 0.0, 0.0], [0.0, 1.0, 1.0]]).view(1, 2, 1, 3)
    # Rows of D, normalised: P 0 1 0 | ½ 0 ½ | 0 1 0;  F 0 ½ ½ | 1 0 0 | 1 0 0
    epsilon = 0.1 / 3
    half, whole = (math.hypot(d, epsilon) - epsilon for d in (0.5, 1.0))
    expected = (2 * half + 2 * half + 2 * whole) / 3
    assert SelfSimilarity("conv4_2", P).value(F).item() == pytest.approx(expected, abs=1e-5)
    assert expected == pytest.approx((1 + 1 + 2) / 3, rel=0.06)


def test_a_start_at_the_photograph_is_left():
    """There |d| has a kink in every number: a descent against another term would make no step."""
    photograph = styletools.load_image("china", 64)
    result = styletools.transfer(
        photograph, "starry_night", statistic="transport", content_statistic="self-similarity", init="content",
        style_layers="conv3_1", beta=3, size=64, steps=6, precision="full", progress=False,
    )  # fmt: skip
    assert result.history["evaluations"][-1] < 20
    assert (result.image - photograph).abs().mean() > 1e-3


def test_other_colours_are_the_same_content():
    """Any rotation of the filters, any strength."""
    P = torch.rand(1, 6, 5, 5, generator=torch.Generator().manual_seed(0))
    rotation, _ = torch.linalg.qr(torch.randn(6, 6, generator=torch.Generator().manual_seed(1)))
    turned = 4 * (rotation @ P.flatten(2)).view_as(P)
    assert SelfSimilarity("conv4_2", P).value(turned) < 1e-4


def test_another_size_or_shape_is_said():
    term = SelfSimilarity("conv4_2", torch.rand(1, 4, 6, 8))
    for shape in ((8, 6), (12, 16)):
        with pytest.raises(InputError, match=r"self-similarity: expected features of \(6, 8\) positions"):
            term.value(torch.rand(1, 4, *shape))
