"""Maximum mean discrepancy: do the features at all positions come from the same distribution as the painting's?

MMD² = mean k(x, x′) + mean k(y, y′) − 2 mean k(x, y) over positions x of F and y of S, for a kernel k. Each kernel here
has a feature map φ with k(x, y) = φ(x)·φ(y), so MMD² = ‖mean φ(x) − mean φ(y)‖², which needs no pairs of positions.

Reference:
    Li, Wang, Liu and Hou 2017, *Demystifying Neural Style Transfer*; Gretton et al. 2012.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from styletools.losses.equations import gram_matrix
from styletools.losses.parts import Part, Parts, Sums
from styletools.losses.positions import gathered, positions, some
from styletools.losses.term import Additive

__all__ = ["GaussianMMD", "LinearMMD", "PolynomialMMD"]


class LinearMMD(Additive):
    """k(x, y) = xᵀy: the squared distance of the means, as `Mean` has it.

    Example:
        >>> LinearMMD("conv1_1", torch.full((1, 2, 1, 3), 3.0)).value(torch.ones(1, 2, 2, 2))
        tensor(8.)

    Reference:
        Li et al. 2017, section 4.1.
    """

    statistic = "mmd-linear"
    linear = True

    def sums(self, F: Tensor, part: Part) -> Sums:
        """Σ φ, (B, C)."""
        return (F.sum((2, 3)),)

    def of_all(self, sums: Sums, size: tuple[int, int]) -> Tensor:
        """Mean of φ(x) = x."""
        return sums[0] / (size[0] * size[1])

    def distance(self, found: Tensor) -> Tensor:
        """MMD²."""
        squared: Tensor = (found - self.target) ** 2
        return squared.sum()


class PolynomialMMD(Additive):
    """k(x, y) = (xᵀy)²: φ(x) = x xᵀ, whose mean is Ĝ. So the Gram loss is an MMD: MMD² = ‖Ĝ − Â‖² = 4 N² E_l.

    Example:
        >>> PolynomialMMD("conv1_1", torch.full((1, 1, 2, 2), 2.0)).value(torch.ones(1, 1, 3, 3))  # (1 − 4)²
        tensor(9.)

    Reference:
        Li et al. 2017, section 3.2.
    """

    statistic = "mmd-polynomial"
    linear = True

    def prepare(self, S: Tensor) -> Tensor:
        """Mean of φ(y)."""
        return gram_matrix(S, divide_by="M")

    def value(self, F: Tensor) -> Tensor:
        """MMD²."""
        return self.distance(gram_matrix(F, divide_by="M"))

    def sums(self, F: Tensor, part: Part) -> Sums:
        """Σ φ = G, (B, C, C)."""
        return (gram_matrix(F),)

    def of_all(self, sums: Sums, size: tuple[int, int]) -> Tensor:
        """Ĝ."""
        return sums[0] / (size[0] * size[1])

    def distance(self, found: Tensor) -> Tensor:
        """MMD², from the mean of φ."""
        squared: Tensor = (found - self.target) ** 2
        return squared.sum()


class GaussianMMD(Additive):
    """k(x, y) = exp(−‖x − y‖² / 2σ²): all moments at once.

    σ² is the median squared distance between two positions of the painting that differ. φ is a fixed random sample of
    256 of the kernel's Fourier features, √(2/D) cos(ωᵀx + b), the same at every step and every restart.

    Example:
        >>> S = torch.rand(1, 3, 8, 8)
        >>> term = GaussianMMD("conv1_1", S)
        >>> term.value(S).item(), bool(term.value(S + 1) > 0.1)
        (0.0, True)

    Reference:
        Li et al. 2017, section 4.1; Rahimi and Recht 2007, *Random Features for Large-Scale Kernel Machines*.
    """

    statistic = "mmd-gaussian"
    FREQUENCIES = 256
    SAMPLE = 512

    def prepare(self, S: Tensor) -> Tensor:
        """Draw the frequencies, and return the mean of φ(y)."""
        self._draw(some(positions(S)[0], self.SAMPLE))
        return self.of_all(self.sums(S, Part.all_of(S)), (S.shape[2], S.shape[3]))

    def prepare_parts(self, S: Parts) -> Tensor:
        """The same in two rounds: a sample of the positions for the frequencies, then the mean."""
        self._draw(S.total(lambda F, part: (gathered(F, part, self.SAMPLE),))[0][0].to(S.device, S.dtype))
        mean: Tensor = super().prepare_parts(S)
        return mean

    def _draw(self, y: Tensor) -> None:
        squared = torch.cdist(y.T, y.T, compute_mode="donot_use_mm_for_euclid_dist") ** 2
        apart = squared[squared > 1e-6 * float((y**2).sum(0).mean())]  # not those that are alike but for rounding
        variance = float(apart.median()) if len(apart) else 1.0
        generator = torch.Generator().manual_seed(0)
        omega = torch.randn(self.FREQUENCIES, len(y), generator=generator) / math.sqrt(variance)
        phase = 2 * math.pi * torch.rand(self.FREQUENCIES, 1, generator=generator)
        self._omega, self._phase = omega.to(y), phase.to(y)

    def sums(self, F: Tensor, part: Part) -> Sums:
        """Σ √(D/2) φ, (B, D)."""
        return (torch.cos(self._omega @ positions(F) + self._phase).sum(2),)

    def of_all(self, sums: Sums, size: tuple[int, int]) -> Tensor:
        """Mean of φ."""
        return math.sqrt(2 / self.FREQUENCIES) * sums[0] / (size[0] * size[1])

    def distance(self, found: Tensor) -> Tensor:
        """MMD²."""
        squared: Tensor = (found - self.target) ** 2
        return squared.sum()
