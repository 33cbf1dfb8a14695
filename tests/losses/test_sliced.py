from __future__ import annotations

import pytest
import torch

from styletools.losses.sliced import Histogram, Sliced


def test_histogram_by_hand():
    S = torch.tensor([[0.0, 1.0, 4.0], [2.0, 2.0, 2.0]]).view(1, 2, 1, 3)
    F = torch.tensor([[5.0, 0.0, 2.0], [2.0, 2.0, 5.0]]).view(1, 2, 1, 3)
    assert Histogram("conv1_1", S).value(F).item() == pytest.approx((0 + 1 + 1) / 3 + 9 / 3)


def test_gradient_is_that_of_a_fixed_match():
    S = torch.tensor([0.0, 1.0, 4.0]).view(1, 1, 1, 3)
    F = torch.tensor([5.0, 0.0, 2.0]).view(1, 1, 1, 3).requires_grad_()
    Histogram("conv1_1", S).value(F).backward()
    torch.testing.assert_close(F.grad.flatten(), 2 * torch.tensor([5.0 - 4, 0.0, 2.0 - 1]) / 3)


def test_sliced_of_a_moved_cloud_is_how_far_it_moved():
    S = torch.rand(1, 6, 5, 5, generator=torch.Generator().manual_seed(0))
    moved = S + torch.arange(6.0).view(1, 6, 1, 1)
    assert Sliced("conv1_1", S).value(moved).item() == pytest.approx(55, rel=1e-4)


def test_directions_are_orthogonal():
    S = torch.rand(1, 6, 5, 5)
    directions = Sliced("conv1_1", S)._directions
    torch.testing.assert_close(directions @ directions.T, torch.eye(6), atol=1e-5, rtol=0)


def test_sees_a_distribution_that_has_the_same_moments():
    """Two points and three points with mean 0 and variance 1."""
    two = torch.tensor([-1.0, 1.0] * 6).view(1, 1, 3, 4)
    three = (torch.tensor([-1.0, 0.0, 1.0] * 4) * 1.5**0.5).view(1, 1, 3, 4)
    assert Sliced("conv1_1", two).value(three) > 0.1
