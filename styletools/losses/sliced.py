"""Wasserstein distances of one-dimensional shadows of the features: along random directions, or filter by filter."""

from __future__ import annotations

import torch
from torch import Tensor

from styletools.losses.positions import positions, quantiles
from styletools.losses.term import Term

__all__ = ["Histogram", "Sliced"]


class Histogram(Term):
    """Σ_i mean_k (F_ik − match(F_i; S_i)_k)²: how far each filter's values are from having the painting's histogram.

    The match of the k-th largest value is the painting's k-th largest; it is found anew at each evaluation. Knows
    nothing about what occurs together: use it alongside Gram.

    Example:
        >>> S = torch.tensor([0.0, 2.0]).view(1, 1, 1, 2)
        >>> Histogram("conv1_1", S).value(torch.tensor([3.0, 0.0]).view(1, 1, 1, 2))  # ½ ((0 − 0)² + (3 − 2)²)
        tensor(0.5000)

    Reference:
        Risser, Wilmot and Barnes 2017, *Stable and Controllable Neural Texture Synthesis Using Histogram Losses*.
    """

    statistic = "histogram"

    def prepare(self, S: Tensor) -> Tensor:
        """The painting's values, sorted, (1, C, M)."""
        return self._shadows(S).sort(dim=2).values

    def value(self, F: Tensor) -> Tensor:
        """Squared distance of the sorted values, mean over positions, sum over filters."""
        ours = self._shadows(F).sort(dim=2).values
        return ((ours - quantiles(self.target, ours.shape[2])) ** 2).mean(2).sum()

    def _shadows(self, F: Tensor) -> Tensor:
        return positions(F)


class Sliced(Histogram):
    """Σ_θ mean_k (sort(θᵀF)_k − sort(θᵀS)_k)² over N orthogonal directions θ, drawn at random once for all runs.

    The distance between the whole distributions, not only means and covariances, as far as one set of axes shows it.

    Example:
        >>> S = torch.rand(1, 4, 8, 8)
        >>> term = Sliced("conv1_1", S)
        >>> term.value(S).item(), round(term.value(S + 1).item(), 3)  # every point moved by (1, 1, 1, 1)
        (0.0, 4.0)

    Reference:
        Heitz, Vanhoey, Chambon and Belcour 2021, *A Sliced Wasserstein Loss for Neural Texture Synthesis*.
    """

    statistic = "sliced"

    def prepare(self, S: Tensor) -> Tensor:
        """Draw the directions, and return the painting's shadows, sorted."""
        generator = torch.Generator().manual_seed(0)
        directions, _ = torch.linalg.qr(torch.randn(S.shape[1], S.shape[1], generator=generator))
        self._directions = directions.to(S)
        return super().prepare(S)

    def _shadows(self, F: Tensor) -> Tensor:
        shadows: Tensor = self._directions @ positions(F)
        return shadows
