"""Total variation of the pixels, as a term of a loss."""

from __future__ import annotations

from torch import Tensor

from styletools.losses.equations import total_variation
from styletools.losses.term import Term

__all__ = ["Smoothness"]

STRIP = 2**20  # numbers that are differentiated at once


class Smoothness(Term):
    """γ times the mean squared difference of neighbouring pixels; see `total_variation`.

    Args:
        weight: γ.

    Example:
        >>> import torch
        >>> term = Smoothness(2.0)
        >>> term.name, term.value(torch.tensor([[0.0, 1.0], [0.0, 1.0]]).view(1, 1, 2, 2))
        ('total variation', tensor(1.))
    """

    of_pixels = True
    captured = True

    def __init__(self, weight: float) -> None:
        """There is no target."""
        self.layer = None
        self.weight = weight
        self.name = "total variation"
        self.target = None

    def value(self, F: Tensor) -> Tensor:
        """TV of a picture."""
        return total_variation(F)

    def add_gradient(self, F: Tensor, g: Tensor, scale: float) -> Tensor:
        """A few rows at a time: squared differences of a large picture would take the memory of several more."""
        batch, channels, height, width = F.shape
        if min(height, width) < 2:
            return total_variation(F)  # which raises
        down, right = 1 / (channels * (height - 1) * width), 1 / (channels * height * (width - 1))
        step = max(1, STRIP // (batch * channels * width))
        value = F.new_zeros(())  # a number of Python's would have to wait for a graphics card
        for top in range(0, height, step):
            rows, below = slice(top, top + step), slice(top + 1, top + step + 1)
            last = slice(top, min(top + step, height - 1))
            for far, near, share in (
                ((..., below, slice(None)), (..., last, slice(None)), down),
                ((..., rows, slice(1, None)), (..., rows, slice(-1)), right),
            ):
                difference = F[far] - F[near]
                value.add_((difference**2).sum(), alpha=share)
                g[far].add_(difference, alpha=2 * scale * share)
                g[near].sub_(difference, alpha=2 * scale * share)
        return value

    def unit(self) -> float:
        """1: a picture without variation is no measure for one that has some."""
        return 1.0
