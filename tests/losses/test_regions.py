from __future__ import annotations

import pytest
import torch

from styletools.errors import InputError
from styletools.losses.equations import gram_matrix
from styletools.losses.gram import Gram
from styletools.losses.regions import InRegion, guide, inside


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


class TestInside:
    """Which positions of a layer see one region only."""

    def test_an_edge_of_one_position_is_left_out_on_both_sides(self):
        left = torch.zeros(64, 64, dtype=torch.bool)
        left[:, :32] = True
        ours, theirs = inside(left, 8, 8), inside(~left, 8, 8)
        assert ours.long()[0].tolist() == [1, 1, 1, 0, 0, 0, 0, 0]
        assert theirs.long()[0].tolist() == [0, 0, 0, 0, 0, 1, 1, 1]

    def test_the_border_of_the_picture_is_no_edge(self):
        assert inside(torch.ones(30, 50, dtype=torch.bool), 7, 12).all()

    def test_a_small_region_keeps_what_sees_most_of_it(self):
        region = torch.zeros(64, 64, dtype=torch.bool)
        region[30:34, 30:34] = True
        assert inside(region, 64, 64).sum() == 4  # 4 × 4 without an edge of one
        deep = inside(region, 4, 4)
        assert 1 <= deep.sum() <= 4
        assert deep[1:3, 1:3].any()

    def test_a_mask_of_another_size_than_the_layer(self):
        region = torch.zeros(10, 10, dtype=torch.bool)
        region[:5] = True
        assert inside(region, 40, 40)[:18].all()
        assert not inside(region, 40, 40)[22:].any()


@pytest.mark.parametrize("channels_last", [True, False])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_the_gradient_in_a_region_is_that_of_autograd(channels_last, dtype):
    F = torch.rand(1, 5, 12, 10, generator=torch.Generator().manual_seed(0)).to(dtype)
    if channels_last:
        F = F.contiguous(memory_format=torch.channels_last)
    mask = torch.zeros(12, 10, dtype=torch.bool)
    mask[2:9, :6] = True
    S = torch.rand(1, 5, 7, 7, generator=torch.Generator().manual_seed(1))
    term = InRegion(Gram("conv1_1", S, weight=2.0), mask, "style [a] conv1_1")
    assert (term.layer, term.weight, term.name) == ("conv1_1", 2.0, "style [a] conv1_1")
    x = F.float().requires_grad_()
    value = term.value(x)
    (expected,) = torch.autograd.grad(value, x)
    g = torch.ones_like(F)
    found = term.add_gradient(F, g, 3.0)
    close = {"rtol": 1e-4, "atol": 1e-6} if dtype == torch.float32 else {"rtol": 2e-2, "atol": 2e-2}
    torch.testing.assert_close(found.float(), value.detach(), **close)
    torch.testing.assert_close(g.float() - 1, 3 * expected, **close)
    outside = ~inside(mask, 12, 10)
    assert (g[:, :, outside] == 1).all()
