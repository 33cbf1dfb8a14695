"""Covariance: the Gram matrix with the means counted separately."""

from __future__ import annotations

from torch import Tensor

from styletools.losses.parts import Part, Sums
from styletools.losses.positions import moment_sums, moments, moments_of
from styletools.losses.term import Additive

__all__ = ["Covariance"]


class Covariance(Additive):
    """1 / (4 N²) (‖Σ − Σ^S‖² + ‖μ μᵀ − μ^S μ^Sᵀ‖²), where Ĝ = Σ + μ μᵀ.

    The Gram matrix mixes how much of everything there is with what occurs together; here neither hides the other.

    Example:
        >>> import torch
        >>> S = torch.tensor([1.0, 3.0]).view(1, 1, 1, 2)  # μ = 2, Σ = 1
        >>> Covariance("conv1_1", S).value(torch.full((1, 1, 1, 2), 2.0))  # ¼ (0 − 1)²
        tensor(0.2500)

    Reference:
        Sun and Saenko 2016, *Deep CORAL*, for the covariance as a target.
    """

    statistic = "covariance"
    captured = True

    def prepare(self, S: Tensor) -> tuple[Tensor, Tensor]:
        """μ^S, (1, C), and Σ^S, (1, C, C)."""
        return moments(S)

    def value(self, F: Tensor) -> Tensor:
        """Squared distances of both, in the units of Eq. 4."""
        return self.distance(moments(F))

    def sums(self, F: Tensor, part: Part) -> Sums:
        """Σ F and Σ F Fᵀ."""
        return moment_sums(F)

    def of_all(self, sums: Sums, size: tuple[int, int]) -> tuple[Tensor, Tensor]:
        """μ and Σ."""
        return moments_of(sums, size)

    def distance(self, found: tuple[Tensor, Tensor]) -> Tensor:
        """The value, from μ and Σ."""
        ours: Tensor
        theirs: Tensor
        (mean, ours), (target, theirs) = found, self.target
        product, wanted = mean[:, :, None] * mean[:, None], target[:, :, None] * target[:, None]
        total: Tensor = ((ours - theirs) ** 2).sum() + ((product - wanted) ** 2).sum()
        return total / (4 * mean.shape[1] ** 2)
