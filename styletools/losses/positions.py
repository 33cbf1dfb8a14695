"""Features as a set of vectors, one per position, and fixed samples of them."""

from __future__ import annotations

import torch
from torch import Tensor

from styletools.losses.equations import gram_matrix

__all__ = ["cosine_distances", "in_float64", "moments", "positions", "quantiles", "some"]


def positions(F: Tensor) -> Tensor:
    """(B, C, H, W) → (B, C, M).

    Example:
        >>> positions(torch.zeros(1, 2, 3, 4)).shape
        torch.Size([1, 2, 12])
    """
    return F.flatten(2)


def some(x: Tensor, most: int, seed: int = 0) -> Tensor:
    """At most so many columns of (…, M), drawn at random, always the same for the same M.

    Example:
        >>> some(torch.arange(10.0)[None], 4).shape, torch.equal(some(torch.eye(3), 5), torch.eye(3))
        (torch.Size([1, 4]), True)
    """
    count = x.shape[-1]
    if count <= most:
        return x
    chosen = torch.randperm(count, generator=torch.Generator().manual_seed(seed))[:most]
    return x[..., chosen.to(x.device)]


def moments(F: Tensor) -> tuple[Tensor, Tensor]:
    """Mean μ, (B, C), and covariance Σ, (B, C, C), over all positions of features (B, C, H, W).

    Example:
        >>> mean, covariance = moments(torch.tensor([1.0, 3.0]).view(1, 1, 1, 2))
        >>> mean.item(), covariance.item()
        (2.0, 1.0)
    """
    mean = F.mean((2, 3))
    return mean, gram_matrix(F - mean[..., None, None], divide_by="M")


def quantiles(values: Tensor, count: int) -> Tensor:
    """So many equally spaced quantiles of sorted values (…, M): what they would be at another number of positions.

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
