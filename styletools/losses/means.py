"""The simplest statistics: how strongly each filter fires overall, and how much that varies."""

from __future__ import annotations

from torch import Tensor

from styletools.losses.parts import Part, Sums
from styletools.losses.positions import in_float64
from styletools.losses.term import Additive

__all__ = ["Mean", "MeanDeviation"]


class Mean(Additive):
    """Σ_i (μ_i − μ^S_i)², with the mean μ_i of filter i over all positions.

    Knows how much of everything there is, and nothing about what occurs together.

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

    def sums(self, F: Tensor, part: Part) -> Sums:
        """Σ F, (B, C)."""
        return (F.sum((2, 3)),)

    def of_all(self, sums: Sums, size: tuple[int, int]) -> Tensor:
        """μ."""
        return sums[0] / (size[0] * size[1])

    def distance(self, found: Tensor) -> Tensor:
        """Squared distance of the means."""
        squared: Tensor = (found - self.target) ** 2
        return squared.sum()


class MeanDeviation(Additive):
    """Σ_i (μ_i − μ^S_i)² + Σ_i (σ_i − σ^S_i)², with the standard deviation σ_i over all positions.

    What batch normalisation stores, and what adaptive instance normalisation (AdaIN) matches.

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
        return self.distance((F.mean((2, 3)), _deviation(F)))

    def sums(self, F: Tensor, part: Part) -> Sums:
        """Σ F and Σ F², (B, C) each."""
        x = in_float64(F)
        return x.sum((2, 3)), (x * x).sum((2, 3))

    def of_all(self, sums: Sums, size: tuple[int, int]) -> tuple[Tensor, Tensor]:
        """μ and σ."""
        mean, square = (total / (size[0] * size[1]) for total in sums)
        return mean, (square - mean**2 + _FLOOR).sqrt()

    def distance(self, found: tuple[Tensor, Tensor]) -> Tensor:
        """Squared distances of both."""
        mean: Tensor
        deviation: Tensor
        mean, deviation = self.target
        return ((found[0] - mean) ** 2).sum() + ((found[1] - deviation) ** 2).sum()


_FLOOR = 1e-12  # the root has no finite slope at 0: a dead filter needs a floor for its gradient


def _deviation(F: Tensor) -> Tensor:
    """σ, (B, C)."""
    return (F.var((2, 3), correction=0) + _FLOOR).sqrt()
