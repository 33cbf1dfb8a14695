from __future__ import annotations

import pytest
import torch

from styletools import style_layer_loss
from styletools.losses.means import Mean
from styletools.losses.mmd import GaussianMMD, LinearMMD, PolynomialMMD


def pair(channels=3, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(1, channels, 4, 5, generator=generator), torch.rand(1, channels, 4, 5, generator=generator)


def by_its_definition(kernel, F, S):
    """mean k(x, x') + mean k(y, y') - 2 mean k(x, y), over all pairs."""
    x, y = F[0].flatten(1).T, S[0].flatten(1).T
    return float(kernel(x, x).mean() + kernel(y, y).mean() - 2 * kernel(x, y).mean())


def test_linear_is_the_distance_of_the_means():
    F, S = pair()
    value = float(LinearMMD("conv1_1", S).value(F))
    assert value == pytest.approx(by_its_definition(lambda x, y: x @ y.T, F, S), rel=1e-4)
    assert value == pytest.approx(float(Mean("conv1_1", S).value(F)))


def test_polynomial_is_the_gram_loss():
    """4 N² E_l, Li et al. 2017."""
    F, S = pair()
    value = float(PolynomialMMD("conv1_1", S).value(F))
    assert value == pytest.approx(by_its_definition(lambda x, y: (x @ y.T) ** 2, F, S), rel=1e-4)
    assert value == pytest.approx(4 * 9 * float(style_layer_loss(F, S)), rel=1e-4)


def test_gaussian_is_nearly_the_kernels(monkeypatch):
    monkeypatch.setattr(GaussianMMD, "FREQUENCIES", 50_000)
    F, S = pair()
    y = S[0].flatten(1).T
    squared = torch.cdist(y, y) ** 2
    variance = squared[squared > 0].median()

    def kernel(a, b):
        return torch.exp(-(torch.cdist(a, b) ** 2) / (2 * variance))

    moved = F + 0.5
    expected = by_its_definition(kernel, moved, S)
    assert float(GaussianMMD("conv1_1", S).value(moved)) == pytest.approx(expected, rel=0.02)
