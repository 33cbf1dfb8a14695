"""Total variation of the pixels, as a term of a loss."""

from __future__ import annotations

from torch import Tensor

from styletools.losses.equations import total_variation
from styletools.losses.term import Term

__all__ = ["Smoothness"]


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

    def unit(self) -> float:
        """1: a picture without variation is no measure for one that has some."""
        return 1.0
