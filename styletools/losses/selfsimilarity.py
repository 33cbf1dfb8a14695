"""Content without its colours: which places of the photograph are alike, and which are not."""

from __future__ import annotations

import torch
from torch import Tensor

from styletools.errors import InputError
from styletools.losses.parts import Part, Parts, Sums
from styletools.losses.positions import cosine_distances, gathered, positions, some
from styletools.losses.term import Term

__all__ = ["SelfSimilarity"]


class SelfSimilarity(Term):
    """mean_i Σ_j |D_ij / Σ_k D_ik − D^P_ij / Σ_k D^P_ik|, with cosine distances D between positions of one picture.

    The picture may have other features everywhere, as long as what was alike stays alike. Compares 1024 positions, a
    fixed random sample where there are more.

    Unlike in the paper, |d| is smoothed: √(d² + ε²) − ε, with ε a tenth of the mean of a row. At the photograph
    every d is 0, where |d| has no slope, and a descent that starts there would not leave it.

    Example:
        >>> P = torch.rand(1, 4, 5, 5)
        >>> term = SelfSimilarity("conv4_2", P)
        >>> bool(term.value(P) < 1e-5), bool(term.value(3 * P[:, [2, 0, 3, 1]]) < 1e-5)  # other filters, other strength
        (True, True)

    Reference:
        Kolkin, Salavon and Shakhnarovich 2019, *Style Transfer by Relaxed Optimal Transport and Self-Similarity*.
    """

    kind = "content"
    statistic = "self-similarity"
    placed = True
    POSITIONS = 1024
    ROUNDED = 0.1

    def prepare(self, S: Tensor) -> Tensor:
        """D^P with rows that sum to 1, (K, K)."""
        self._size = S.shape[2:]
        return self._distances(positions(S)[0])

    def prepare_parts(self, S: Parts) -> Tensor:
        """The same positions, gathered."""
        self._size = S.shape[2:]
        return self._distances(
            S.total(lambda F, part: (gathered(F, part, self.POSITIONS),))[0][0].to(S.device, S.dtype)
        )

    def value(self, F: Tensor) -> Tensor:
        """The distance of the two matrices."""
        return self._of(positions(F), tuple(F.shape[2:]))

    def sums(self, F: Tensor, part: Part) -> Sums:
        """The sample, as far as it lies in the part."""
        return (gathered(F, part, self.POSITIONS),)

    def of_sums(self, sums: Sums, size: tuple[int, int]) -> Tensor:
        """From the sample."""
        return self._of(sums[0].to(self.target), tuple(size))

    def _of(self, pictures: Tensor, size: tuple[int, ...]) -> Tensor:
        if size != tuple(self._size):
            raise InputError(
                f"self-similarity: expected features of {tuple(self._size)} positions, got {size}; "
                "content is compared position by position, so both pictures need the same size"
            )
        return torch.stack([self._difference(self._distances(x)) for x in pictures]).sum()

    def _difference(self, D: Tensor) -> Tensor:
        epsilon = self.ROUNDED / len(D)  # a row of K numbers has the mean 1 / K
        rounded = ((D - self.target) ** 2 + epsilon**2).sqrt() - epsilon
        mean: Tensor = rounded.sum(1).mean()
        return mean

    def _distances(self, x: Tensor) -> Tensor:
        x = some(x, self.POSITIONS)
        distances = cosine_distances(x, x)
        # A picture of one colour has no distances at all.
        return distances / distances.sum(1, keepdim=True).clamp_min(1e-6)
