"""Features as a set of vectors, one per position, and fixed samples of them."""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor

from styletools.losses.equations import gram_matrix
from styletools.losses.parts import Part, Sums

__all__ = [
    "cosine_distances",
    "gathered",
    "in_float64",
    "moment_sums",
    "moments",
    "moments_of",
    "positions",
    "quantiles",
    "some",
]


def positions(F: Tensor) -> Tensor:
    """(B, C, H, W) → (B, C, M).

    Example:
        >>> positions(torch.zeros(1, 2, 3, 4)).shape
        torch.Size([1, 2, 12])
    """
    return F.flatten(2)


def some(x: Tensor, most: int, seed: int = 0) -> Tensor:
    """At most `most` columns of (…, M), drawn at random, always the same for the same M.

    Example:
        >>> some(torch.arange(10.0)[None], 4).shape, torch.equal(some(torch.eye(3), 5), torch.eye(3))
        (torch.Size([1, 4]), True)
    """
    count = x.shape[-1]
    return x if count <= most else x[..., _chosen(count, most, seed).to(x.device)]


def gathered(F: Tensor, part: Part, most: int) -> Tensor:
    """The columns of `some(positions(whole), most)` that lie in a part; the others are 0, so that parts add up.

    Args:
        F: features of the part, (B, C, H', W').
        part: which positions they are at.
        most: maximum number of columns.

    Returns:
        (B, C, K), with K the number of positions of the whole, but at most `most`.

    Example:
        >>> whole = torch.rand(1, 2, 3, 4)
        >>> parts = Part(0, 1, 0, 4, 3, 4), Part(1, 3, 0, 4, 3, 4)
        >>> total = sum(gathered(part.of(whole), part, 5) for part in parts)
        >>> torch.equal(total, some(positions(whole), 5))
        True
    """
    chosen = _chosen(part.height * part.width, most, 0)
    rows, columns = chosen // part.width, chosen % part.width
    here = (rows >= part.top) & (rows < part.bottom) & (columns >= part.left) & (columns < part.right)
    found = F.new_zeros(*F.shape[:2], len(chosen))
    found[:, :, here.to(F.device)] = F[:, :, rows[here].to(F.device) - part.top, columns[here].to(F.device) - part.left]
    return found


@lru_cache(maxsize=64)
def _chosen(count: int, most: int, seed: int) -> Tensor:
    """Which columns are drawn; all of them, in order, where there are no more than `most`."""
    if count <= most:
        return torch.arange(count)
    return torch.randperm(count, generator=torch.Generator().manual_seed(seed))[:most].clone()


def moments(F: Tensor) -> tuple[Tensor, Tensor]:
    """Mean μ, (B, C), and covariance Σ, (B, C, C), over all positions of features (B, C, H, W).

    Example:
        >>> mean, covariance = moments(torch.tensor([1.0, 3.0]).view(1, 1, 1, 2))
        >>> mean.item(), covariance.item()
        (2.0, 1.0)
    """
    mean = F.mean((2, 3))
    return mean, gram_matrix(F - mean[..., None, None], divide_by="M")


def moment_sums(F: Tensor) -> Sums:
    """Σ F, (B, C), and Σ F Fᵀ, (B, C, C), over the positions of a part, in double precision; see `moments_of`.

    Example:
        >>> moment_sums(torch.tensor([1.0, 3.0]).view(1, 1, 1, 2))
        (tensor([[4.]], dtype=torch.float64), tensor([[[10.]]], dtype=torch.float64))
    """
    x = positions(in_float64(F))
    return x.sum(2), x @ x.transpose(1, 2)


def moments_of(sums: Sums, size: tuple[int, int]) -> tuple[Tensor, Tensor]:
    """Mean and covariance from the sums over all height × width positions.

    Example:
        >>> mean, covariance = moments_of(moment_sums(torch.tensor([1.0, 3.0]).view(1, 1, 1, 2)), (1, 2))
        >>> mean.item(), covariance.item()
        (2.0, 1.0)
    """
    M = size[0] * size[1]
    mean = sums[0] / M
    return mean, sums[1] / M - mean[:, :, None] * mean[:, None]


def quantiles(values: Tensor, count: int) -> Tensor:
    """`count` equally spaced quantiles of sorted values (…, M): what they would be at another number of positions.

    Example:
        >>> quantiles(torch.tensor([0.0, 1.0, 2.0, 3.0]), 2), quantiles(torch.tensor([0.0, 2.0]), 3)
        (tensor([0.5000, 2.5000]), tensor([0., 1., 2.]))
    """
    have = values.shape[-1]
    if have == count:
        return values
    where = ((torch.arange(count, device=values.device, dtype=values.dtype) + 0.5) * have / count - 0.5).clamp(
        0, have - 1
    )
    low = where.floor().long()
    share = where - low
    return values[..., low] * (1 - share) + values[..., (low + 1).clamp_max(have - 1)] * share


def in_float64(x: Tensor) -> Tensor:
    """In double precision; on the CPU where the device has none.

    Example:
        >>> in_float64(torch.ones(2)).dtype
        torch.float64
    """
    return (x.cpu() if x.device.type == "mps" else x).double()


def cosine_distances(x: Tensor, y: Tensor) -> Tensor:
    """1 − cos between each column of x (C, M) and each of y (C, K): (M, K); 1 where one of them is 0.

    Example:
        >>> cosine_distances(torch.tensor([[1.0, 0.0], [0.0, 0.0]]), torch.tensor([[2.0], [0.0]]))
        tensor([[0.],
                [1.]])
    """
    x, y = (v / (v.norm(dim=0, keepdim=True) + torch.finfo(v.dtype).tiny ** 0.5) for v in (x, y))
    return 1 - x.T @ y
