from __future__ import annotations

import pytest
import torch

import styletools as st
from styletools import gram_matrix
from styletools.losses.arrangement import Autocorrelation, PixelSpectrum, ShiftedGram


def stripes(width=32, period=4):
    row = (torch.arange(float(width)) // (period // 2)) % 2
    return row.view(1, 1, 1, width).expand(1, 1, width, width).contiguous()


def test_without_a_shift_it_is_gram():
    S = torch.rand(1, 3, 4, 4, generator=torch.Generator().manual_seed(0))
    F = torch.rand(1, 3, 4, 4, generator=torch.Generator().manual_seed(1))
    term = ShiftedGram("conv1_1", S)
    assert list(term.target) == [(0, 0)]  # the others do not fit
    expected = ((gram_matrix(F, divide_by="M") - gram_matrix(S, divide_by="M")) ** 2).sum() / 36
    torch.testing.assert_close(term.value(F), expected)


def test_shifted_product_by_hand():
    S = stripes(16)
    term = ShiftedGram("conv1_1", S)
    assert {shift: round(float(product), 3) for shift, product in term.target.items()} == {
        (0, 0): 0.5,
        (0, 2): 0.0,  # half a period: never both
        (2, 0): 0.5,  # along the stripes
    }


@pytest.mark.parametrize("cls", [ShiftedGram, Autocorrelation])
def test_tells_stripes_from_the_same_columns_in_another_order(cls):
    S = stripes()
    order = torch.randperm(32, generator=torch.Generator().manual_seed(0))
    mixed = S[..., order]
    torch.testing.assert_close(gram_matrix(S), gram_matrix(mixed))
    term = cls("conv1_1", S)
    assert term.value(S.roll(4, 3)) < 1e-10
    assert term.value(mixed) > 0.01 * term.unit()


def test_autocorrelation_by_hand():
    term = Autocorrelation("conv1_1", stripes(16))
    assert term.target.shape == (1, 1, 9, 9)
    torch.testing.assert_close(term.target[0, 0, 0, 4:], torch.tensor([0.5, 0.25, 0.0, 0.25, 0.5]), atol=1e-6, rtol=0)


def test_autocorrelation_of_a_smaller_picture_compares_what_both_have():
    assert Autocorrelation("conv1_1", stripes(64)).value(stripes(16)) < 1e-10


def test_spectrum_keeps_the_period_at_another_size():
    term = PixelSpectrum(None, stripes(32).expand(1, 3, 32, 32))
    same, other = stripes(64, 4).expand(1, 3, 64, 64), stripes(64, 16).expand(1, 3, 64, 64)
    assert term.value(same) < 0.8 * term.value(other)


def test_spectrum_is_of_the_picture_in_the_picture_itself():
    image = torch.rand(1, 3, 32, 32)
    objective = st.Objective(st.VGG("random"), style=image, style_layers="conv1_1", statistic="pixel-spectrum", beta=2)
    assert list(objective(image)) == ["style pixels"]
    assert objective(image)["style pixels"] < 1e-6
