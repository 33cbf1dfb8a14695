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
from styletools.losses.positions import positions, some
from styletools.losses.term import Term

__all__ = ["GaussianMMD", "LinearMMD", "PolynomialMMD"]


class LinearMMD(Term):
    """k(x, y) = xᵀy: the squared distance of the means, as `Mean` has it.

    Example:
        >>> LinearMMD("conv1_1", torch.full((1, 2, 1, 3), 3.0)).value(torch.ones(1, 2, 2, 2))
        tensor(8.)

    Reference:
        Li et al. 2017, section 4.1.
    """

    statistic = "mmd-linear"
    linear = True

    def prepare(self, S: Tensor) -> Tensor:
        """Mean of φ(y) = y."""
        return S.mean((2, 3))

    def value(self, F: Tensor) -> Tensor:
        """MMD²."""
        squared: Tensor = (F.mean((2, 3)) - self.target) ** 2
        return squared.sum()


class PolynomialMMD(Term):
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
        squared: Tensor = (gram_matrix(F, divide_by="M") - self.target) ** 2
        return squared.sum()


class GaussianMMD(Term):
    """k(x, y) = exp(−‖x − y‖² / 2σ²): all moments at once.

    σ² is the median squared distance of two positions of the painting that differ. φ is a fixed random sample of 256
    of the kernel's Fourier features, √(2/D) cos(ωᵀx + b), the same at every step and every restart.

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

    def prepare(self, S: Tensor) -> Tensor:
        """Draw the frequencies; mean of φ(y)."""
        y = some(positions(S)[0], 512)
        squared = torch.cdist(y.T, y.T, compute_mode="donot_use_mm_for_euclid_dist") ** 2
        apart = squared[squared > 1e-6 * float((y**2).sum(0).mean())]  # not those that are alike but for rounding
        variance = float(apart.median()) if len(apart) else 1.0
        generator = torch.Generator().manual_seed(0)
        omega = torch.randn(self.FREQUENCIES, S.shape[1], generator=generator) / math.sqrt(variance)
        phase = 2 * math.pi * torch.rand(self.FREQUENCIES, 1, generator=generator)
        self._omega, self._phase = omega.to(S), phase.to(S)
        return self._mean(S)

    def value(self, F: Tensor) -> Tensor:
        """MMD²."""
        squared: Tensor = (self._mean(F) - self.target) ** 2
        return squared.sum()

    def _mean(self, F: Tensor) -> Tensor:
        """Mean of φ over positions, (B, D)."""
        return math.sqrt(2 / self.FREQUENCIES) * torch.cos(self._omega @ positions(F) + self._phase).mean(2)
