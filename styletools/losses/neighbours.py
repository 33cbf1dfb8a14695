"""Is everything in the picture somewhere in the painting? Statistics of nearest neighbours."""

from __future__ import annotations

import torch
from torch import Tensor

from styletools.losses.parts import Part, Parts, Sums
from styletools.losses.positions import cosine_distances, gathered, positions, some
from styletools.losses.term import Term

__all__ = ["Contextual", "Neighbours", "Transport"]

PAINTING, PICTURE = 1024, 4096  # positions that are compared, a fixed random sample where there are more


class Neighbours(Term):
    """mean_k 1 − cos(F_k, nearest S_j): each position of the picture becomes more like the painting's most similar one.

    Which is nearest is found anew at each evaluation, among 1024 positions of the painting. Nothing requires that all
    of the painting is used: large areas may take the same stroke.

    Example:
        >>> S = torch.tensor([[1.0, 0.0], [0.0, 2.0]]).view(1, 2, 1, 2)
        >>> Neighbours("conv1_1", S).value(torch.tensor([5.0, 0.0]).view(1, 2, 1, 1))  # parallel to the first
        tensor(0.)

    Reference:
        Li and Wand 2016, for patches; Kolkin et al. 2022, *Neural Neighbor Style Transfer*.
    """

    statistic = "neighbours"
    CHUNK = 8192

    def prepare(self, S: Tensor) -> Tensor:
        """Some of its positions, (C, K)."""
        return some(positions(S)[0], PAINTING)

    def prepare_parts(self, S: Parts) -> Tensor:
        """The same positions, gathered."""
        return self.prepare(_sample(S))

    def value(self, F: Tensor) -> Tensor:
        """Mean cosine distance to the nearest."""
        return self.of_sums(self.sums(F, Part.all_of(F)), (F.shape[2], F.shape[3]))

    def sums(self, F: Tensor, part: Part) -> Sums:
        """Sum of the distances, (B,)."""
        return (torch.stack([self._total(x) for x in positions(F)]),)

    def of_sums(self, sums: Sums, size: tuple[int, int]) -> Tensor:
        """Mean over positions, sum over pictures."""
        return (sums[0] / (size[0] * size[1])).sum()

    def _total(self, x: Tensor) -> Tensor:
        total = x.new_zeros(())
        for part in torch.split(x, self.CHUNK, dim=1):
            with torch.no_grad():
                nearest = cosine_distances(part, self.target).argmin(1)
            y = self.target[:, nearest]
            lengths = part.norm(dim=0) * y.norm(dim=0)
            total = total + (1 - (part * y).sum(0) / lengths.clamp_min(torch.finfo(x.dtype).tiny)).sum()
        return total


class Contextual(Term):
    """−log mean_j max_i w_ij, where w_ij says how much more similar F_i is to S_j than to the rest of the painting.

    d_ij is the cosine distance from the painting's mean; d̃_ij = d_ij / (min_k d_ik + 10⁻⁵), and w_ij the softmax over j
    of (1 − d̃_ij) / h with h = ½. Each position of the painting must find its like in the picture. Compares at most
    4096 positions with 1024: a large picture's shallow layers are seen only in part, and results are soft.

    Example:
        >>> S = torch.eye(2).view(1, 2, 1, 2)
        >>> bool(Contextual("conv1_1", S).value(S) < Contextual("conv1_1", S).value(S.flip(1) + 5))
        True

    Reference:
        Mechrez, Talmi and Zelnik-Manor 2018, *The Contextual Loss*.
    """

    statistic = "contextual"
    placed = True
    BANDWIDTH = 0.5

    def prepare(self, S: Tensor) -> tuple[Tensor, Tensor]:
        """Some of its positions, and their mean."""
        y = some(positions(S)[0], PAINTING)
        return y, y.mean(1, keepdim=True)

    def prepare_parts(self, S: Parts) -> tuple[Tensor, Tensor]:
        """The same positions, gathered."""
        return self.prepare(_sample(S))

    def sums(self, F: Tensor, part: Part) -> Sums:
        """The picture's sample, as far as it lies in the part."""
        return (gathered(F, part, PICTURE),)

    def of_sums(self, sums: Sums, size: tuple[int, int]) -> Tensor:
        """From the sample."""
        return torch.stack([self._distance(x.to(self.target[0])) for x in sums[0]]).sum()

    def value(self, F: Tensor) -> Tensor:
        """The negative logarithm of the contextual similarity."""
        return torch.stack([self._distance(some(x, PICTURE)) for x in positions(F)]).sum()

    def _distance(self, x: Tensor) -> Tensor:
        y, mean = self.target
        distances = cosine_distances(x - mean, y - mean).clamp_min(0)
        relative = distances / (distances.min(1, keepdim=True).values + 1e-5)
        similarity = torch.softmax((1 - relative) / self.BANDWIDTH, dim=1)
        return -similarity.max(0).values.mean().log()


class Transport(Term):
    """max(mean_i min_j C_ij, mean_j min_i C_ij) with cosine distances C: optimal transport, each side relaxed in turn.

    Each position of the picture looks for its like in the painting, and the other way round; the worse of the two
    counts. Angles only: strength and colour need another statistic alongside, such as mean-deviation.

    Example:
        >>> S = torch.eye(2).view(1, 2, 1, 2)
        >>> term = Transport("conv1_1", S)
        >>> term.value(S), term.value(S[:, :, :, :1])  # the second direction is missing: ½ (0 + 1)
        (tensor(0.), tensor(0.5000))

    Reference:
        Kolkin, Salavon and Shakhnarovich 2019, *Style Transfer by Relaxed Optimal Transport and Self-Similarity*.
    """

    statistic = "transport"
    placed = True

    def prepare(self, S: Tensor) -> Tensor:
        """Some of its positions, (C, K)."""
        return some(positions(S)[0], PAINTING)

    def prepare_parts(self, S: Parts) -> Tensor:
        """The same positions, gathered."""
        return self.prepare(_sample(S))

    def sums(self, F: Tensor, part: Part) -> Sums:
        """The picture's sample, as far as it lies in the part."""
        return (gathered(F, part, PICTURE),)

    def of_sums(self, sums: Sums, size: tuple[int, int]) -> Tensor:
        """From the sample."""
        return torch.stack([self._distance(x.to(self.target)) for x in sums[0]]).sum()

    def value(self, F: Tensor) -> Tensor:
        """The larger of the two means."""
        return torch.stack([self._distance(some(x, PICTURE)) for x in positions(F)]).sum()

    def _distance(self, x: Tensor) -> Tensor:
        cost = cosine_distances(x, self.target)
        return torch.maximum(cost.min(1).values.mean(), cost.min(0).values.mean())


def _sample(S: Parts) -> Tensor:
    """Positions of the painting that `some` would have taken, as features (1, C, 1, K)."""
    (sample,) = S.total(lambda F, part: (gathered(F, part, PAINTING),))
    return sample[:, :, None].to(S.device, S.dtype)
