from __future__ import annotations

import pytest
import torch

from styletools.losses.gaussians import Wasserstein
from styletools.losses.positions import moments


def features(seed, channels=3):
    return torch.rand(1, channels, 6, 7, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_independent_filters_by_hand():
    """Σ (μ − μ^S)² + Σ (σ − σ^S)²."""
    S = torch.tensor([[1.0, 3.0, 1.0, 3.0], [0.0, 0.0, 4.0, 4.0]]).double().view(1, 2, 1, 4)  # σ = 1, 2
    F = torch.tensor([[0.0, 6.0, 0.0, 6.0], [1.0, 1.0, 3.0, 3.0]]).double().view(1, 2, 1, 4)  # σ = 3, 1
    assert Wasserstein("conv1_1", S).value(F).item() == pytest.approx(1 + 0 + 4 + 1, abs=1e-4)


def test_against_the_root_of_a_matrix():
    F, S = features(0), features(1)
    (m, A), (n, B) = moments(F), moments(S)
    product = torch.linalg.eigvals(B[0] @ A[0]).real.clamp_min(0).sqrt().sum()  # those of B½ A B½ are the same
    expected = ((m - n) ** 2).sum() + A[0].trace() + B[0].trace() - 2 * product
    assert Wasserstein("conv1_1", S).value(F).item() == pytest.approx(expected.item(), rel=1e-4)


def test_is_zero_exactly_where_mean_and_covariance_agree():
    S = features(1)
    term = Wasserstein("conv1_1", S)
    F = features(0)
    (m, A), (n, B) = moments(F), moments(S)
    colour = torch.linalg.cholesky(B[0]) @ torch.linalg.inv(torch.linalg.cholesky(A[0]))
    matched = (colour @ (F - m[..., None, None]).flatten(2) + n[..., None]).view_as(F)
    assert abs(term.value(matched).item()) < 1e-5
    assert term.value(matched + 0.1).item() == pytest.approx(3 * 0.01, rel=1e-3)  # the mean alone
    spread = n[..., None, None] + 1.1 * (matched - n[..., None, None])
    assert term.value(spread).item() == pytest.approx(0.01 * B[0].trace().item(), rel=1e-3)  # the covariance alone


@pytest.mark.parametrize("channels", [3, 64])  # fewer filters than positions, and more
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16])
def test_gradient_in_closed_form(channels, dtype):
    """Against autograd through the decomposition, in double precision."""
    term, F = Wasserstein("conv1_1", features(1, channels)), features(0, channels).to(dtype)
    g = torch.ones_like(F)
    value = term.add_gradient(F, g, 2.0)
    x = F.double().requires_grad_()
    expected = term.value(x)
    (slope,) = torch.autograd.grad(expected, x)
    exact = {torch.float64: 1e-6, torch.float32: 1e-4, torch.bfloat16: 0.03}[dtype]
    assert value.item() == pytest.approx(expected.item(), rel=exact)
    assert (g.double() - 1 - 2 * slope).norm() < exact * (2 * slope).norm() + 0.01 * (dtype == torch.bfloat16) * 14


def test_more_filters_than_positions():
    """The deep layers of a small picture: a singular covariance."""
    S, F = features(1, channels=64), features(0, channels=64).requires_grad_()
    Wasserstein("conv5_1", S).value(F).backward()
    assert F.grad.isfinite().all()
    assert F.grad.abs().max() < 10
