"""The simplest statistics: how strongly each filter fires on the whole, and how much that varies."""

from __future__ import annotations

from torch import Tensor

from styletools.losses.term import Term

__all__ = ["Mean", "MeanDeviation"]


class Mean(Term):
    """Σ_i (μ_i − μ^S_i)², with the mean μ_i of filter i over all positions.

    Knows how much of everything there is, and nothing of what comes together.

    Example:
        >>> import torch
        >>> Mean("conv1_1", torch.full((1, 2, 1, 3), 3.0)).value(torch.ones(1, 2, 2, 2))
        tensor(8.)

    Reference:
        Li, Wang, Liu and Hou 2017, *Demystifying Neural Style Transfer*.
    """

    statistic = "mean"
    captured = True
    linear = True

    def prepare(self, S: Tensor) -> Tensor:
        """μ^S, (1, C)."""
        return S.mean((2, 3))

    def value(self, F: Tensor) -> Tensor:
        """Squared distance of the means."""
        squared: Tensor = (F.mean((2, 3)) - self.target) ** 2
        return squared.sum()


class MeanDeviation(Term):
    """Σ_i (μ_i − μ^S_i)² + Σ_i (σ_i − σ^S_i)², with the standard deviation σ_i over all positions.

    What batch normalisation holds, and what adaptive instance normalisation (AdaIN) matches.

    Example:
        >>> import torch
        >>> S = torch.tensor([0.0, 2.0]).view(1, 1, 1, 2)  # μ = 1, σ = 1
        >>> round(MeanDeviation("conv1_1", S).value(torch.ones(1, 1, 2, 2)).item(), 4)
        1.0

    Reference:
        Li, Wang, Liu and Hou 2017; Huang and Belongie 2017, *Arbitrary Style Transfer in Real-Time with AdaIN*.
    """

    statistic = "mean-deviation"
    captured = True

    def prepare(self, S: Tensor) -> tuple[Tensor, Tensor]:
        """μ^S and σ^S, (1, C) each."""
        return S.mean((2, 3)), _deviation(S)

    def value(self, F: Tensor) -> Tensor:
        """Squared distances of means and deviations."""
        mean: Tensor
        deviation: Tensor
        mean, deviation = self.target
        return ((F.mean((2, 3)) - mean) ** 2).sum() + ((_deviation(F) - deviation) ** 2).sum()


def _deviation(F: Tensor) -> Tensor:
    """σ, (B, C). The root has no slope at 0: a dead filter needs a floor for its gradient to be finite."""
    return (F.var((2, 3), correction=0) + 1e-12).sqrt()
