from __future__ import annotations

import pytest
import torch

from styletools import gram_matrix
from styletools.losses.covariance import Covariance
from styletools.losses.positions import moments


def test_moments_make_the_gram_matrix():
    F = torch.rand(2, 4, 5, 6, generator=torch.Generator().manual_seed(0))
    mean, covariance = moments(F)
    torch.testing.assert_close(covariance + mean[:, :, None] * mean[:, None], gram_matrix(F, divide_by="M"))
    torch.testing.assert_close(covariance[1], torch.cov(F[1].flatten(1), correction=0))


def test_by_hand():
    S = torch.tensor([[1.0, 3.0], [0.0, 4.0]]).view(1, 2, 1, 2)  # μ = 2, 2; Σ = 1, 2; 2, 4
    F = torch.ones(1, 2, 1, 2)  # μ = 1, 1; Σ = 0
    expected = ((1 + 4 + 4 + 16) + 4 * (1 - 4) ** 2) / 16
    assert Covariance("conv1_1", S).value(F).item() == pytest.approx(expected)


def test_sees_what_gram_does_not_tell_apart():
    """The same Gram matrix, once from the mean and once from the spread."""
    flat, spread = torch.ones(1, 1, 1, 2), torch.tensor([2.0, 0.0]).view(1, 1, 1, 2) / 2**0.5
    torch.testing.assert_close(gram_matrix(flat), gram_matrix(spread))
    assert Covariance("conv1_1", flat).value(spread) > 0.05
