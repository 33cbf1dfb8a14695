from __future__ import annotations

import pytest
import torch

from styletools.errors import InputError
from styletools.losses.equations import gram_matrix
from styletools.losses.regions import guide


@pytest.fixture
def features():
    return torch.rand(1, 4, 8, 8, generator=torch.Generator().manual_seed(0))


def half(size=32):
    mask = torch.zeros(size, size)
    mask[:, : size // 2] = 1
    return mask


def test_outside_the_region_nothing_counts(features):
    other = features.clone()
    other[..., 4:] = 0.7
    torch.testing.assert_close(guide(features, half()), guide(other, half()))


def test_a_region_of_one_texture_has_the_gram_matrix_of_the_whole():
    """Whatever the area: that is what the normalisation by the energy is for."""
    flat = torch.rand(1, 4, 1, 1, generator=torch.Generator().manual_seed(1)).expand(1, 4, 8, 8)
    for columns in (4, 8, 24):
        mask = torch.zeros(32, 32)
        mask[:, :columns] = 1
        torch.testing.assert_close(gram_matrix(guide(flat, mask), divide_by="M"), gram_matrix(flat, divide_by="M"))


def test_a_mask_of_ones_changes_nothing(features):
    torch.testing.assert_close(guide(features, torch.ones(32, 32)), features)


@pytest.mark.parametrize(
    ("mask", "message"),
    [
        (torch.zeros(32, 32), "mask: expected a region that is not empty"),
        (torch.ones(1, 32, 32), r"mask: expected float \(H, W\) in \[0, 1\]"),
        (torch.ones(32, 32) * 255, "mask: expected float"),
        (torch.ones(32, 32, dtype=torch.bool), "mask: expected float"),
    ],
)
def test_bad_input(features, mask, message):
    with pytest.raises(InputError, match=message):
        guide(features, mask)
    with pytest.raises(InputError, match=r"features: expected shape \(B, C, H, W\)"):
        guide(features[0], half())
