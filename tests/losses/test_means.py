from __future__ import annotations

import pytest
import torch

from styletools.losses.means import Mean, MeanDeviation


def test_mean_by_hand():
    S = torch.tensor([[1.0, 3.0], [0.0, 4.0]]).view(1, 2, 1, 2)  # μ = 2, 2
    F = torch.tensor([[1.0, 1.0], [5.0, 5.0]]).view(1, 2, 1, 2)  # μ = 1, 5
    assert Mean("conv1_1", S).value(F) == 1 + 9


def test_deviation_by_hand():
    S = torch.tensor([[1.0, 3.0], [0.0, 4.0]]).view(1, 2, 1, 2)  # σ = 1, 2
    F = torch.tensor([[1.0, 1.0], [5.0, 5.0]]).view(1, 2, 1, 2)  # σ = 0, 0
    assert MeanDeviation("conv1_1", S).value(F).item() == pytest.approx(10 + 1 + 4, abs=1e-4)


def test_adain_has_the_right_means_and_deviations():
    """What AdaIN makes of features is what the statistic asks for."""
    generator = torch.Generator().manual_seed(0)
    F, S = (torch.rand(1, 5, 8, 9, generator=generator) for _ in range(2))
    mean, deviation = F.mean((2, 3), keepdim=True), F.var((2, 3), correction=0, keepdim=True).sqrt()
    target, spread = S.mean((2, 3), keepdim=True), S.var((2, 3), correction=0, keepdim=True).sqrt()
    assert MeanDeviation("conv1_1", S).value((F - mean) / deviation * spread + target) < 1e-9
