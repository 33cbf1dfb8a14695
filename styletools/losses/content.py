"""Content as in the paper: the same features at the same position."""

from __future__ import annotations

import torch
from torch import Tensor

from styletools.losses.equations import content_loss
from styletools.losses.parts import Part, Sums
from styletools.losses.term import Term

__all__ = ["Content"]


class Content(Term):
    """½ Σ_ij (F_ij − P_ij)²: Eq. 1, with Eq. 2 as its gradient.

    Example:
        >>> term = Content("conv4_2", torch.ones(1, 2, 1, 1))
        >>> term.name, term.value(torch.zeros(1, 2, 1, 1))
        ('content conv4_2', tensor(1.))

    Reference:
        Gatys, Ecker and Bethge 2016, Eq. 1 and 2.
    """

    kind = "content"
    statistic = "features"
    captured = True
    placed = True

    def prepare(self, S: Tensor) -> Tensor:
        """P, channels last like the features it is compared with at each step."""
        return S.contiguous(memory_format=torch.channels_last)

    def value(self, F: Tensor) -> Tensor:
        """Eq. 1."""
        return content_loss(F, self.target)

    def add_gradient(self, F: Tensor, g: Tensor, scale: float) -> Tensor:
        """Add F − P, Eq. 2; its zeros where F = 0 come from the ReLU, on the network's way back."""
        value = content_loss(F.to(self.target.dtype), self.target)  # which raises if the sizes differ
        g.add_(F - self.target, alpha=scale)
        return value

    def sums(self, F: Tensor, part: Part) -> Sums:
        """Eq. 1 over the part."""
        if self.target.shape[2:] != (part.height, part.width):  # then the equation raises
            content_loss(F.new_zeros(()).expand(*F.shape[:2], part.height, part.width), self.target)
        return (content_loss(F.to(self.target.dtype), part.of(self.target)),)

    def of_sums(self, sums: Sums, size: tuple[int, int]) -> Tensor:
        """Eq. 1."""
        return sums[0]

    def add_part_gradient(self, F: Tensor, part: Part, slopes: Sums, g: Tensor, scale: float) -> None:
        """Eq. 2 at the part's positions."""
        g.add_(F - part.of(self.target), alpha=scale * float(slopes[0]))
