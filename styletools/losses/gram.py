"""Style as in the paper: which filters fire together, whatever the position."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
import torch.nn.grad
from torch import Tensor
from torch.nn import functional

from styletools.losses.equations import gram_loss, gram_matrix
from styletools.losses.parts import Part, Sums
from styletools.losses.term import Additive
from styletools.network.onednn import add_convolution, is_fused

__all__ = ["Gram", "add_gram_gradient", "mean_gram"]


class Gram(Additive):
    """1 / (4 N²) Σ_ij (Ĝ_ij − Â_ij)² with Ĝ = F Fᵀ / M: Eq. 4, with Eq. 6 as its gradient.

    Example:
        >>> term = Gram("conv1_1", torch.full((1, 1, 2, 2), 2.0))  # Â = 4
        >>> term.value(torch.ones(1, 1, 3, 3))  # ¼ (1 − 4)²
        tensor(2.2500)

    Reference:
        Gatys, Ecker and Bethge 2016, Eq. 3, 4 and 6.
    """

    statistic = "gram"
    captured = True
    linear = True

    def prepare(self, S: Tensor) -> Tensor:
        """Â, (1, C, C)."""
        return gram_matrix(S, divide_by="M")

    def value(self, F: Tensor) -> Tensor:
        """Eq. 4."""
        return gram_loss(gram_matrix(F, divide_by="M"), self.target)

    def sums(self, F: Tensor, part: Part) -> Sums:
        """G over the part."""
        return (mean_gram(F) * (F.shape[2] * F.shape[3]),)

    def of_all(self, sums: Sums, size: tuple[int, int]) -> Tensor:
        """Ĝ."""
        return sums[0] / (size[0] * size[1])

    def add_part_gradient(self, F: Tensor, part: Part, slopes: Sums, g: Tensor, scale: float) -> None:
        """(D + Dᵀ) F for a slope D: one product, where autograd needs two."""
        slope = slopes[0].to(F.device, torch.promote_types(F.dtype, torch.float32))
        add_gram_gradient(F, g, scale * (slope + slope.transpose(1, 2)))

    def distance(self, found: Tensor) -> Tensor:
        """Eq. 4, from Ĝ."""
        return gram_loss(found, self.target)

    def add_gradient(self, F: Tensor, g: Tensor, scale: float) -> Tensor:
        """Eq. 6: one product, where autograd needs two, since it does not know that Ĝ is symmetric."""
        G = mean_gram(F)
        N, M = F.shape[1], F.shape[2] * F.shape[3]
        add_gram_gradient(F, g, scale / (N * N * M) * (G - self.target))
        return gram_loss(G, self.target)


def mean_gram(features: Tensor) -> Tensor:
    """Ĝ = G / M_l of Eq. 3, (B, C, H, W) → (B, C, C), in float32 at least.

    Example:
        >>> mean_gram(torch.ones(1, 2, 3, 3))
        tensor([[[1., 1.],
                 [1., 1.]]])
    """
    batch, channels, height, width = features.shape
    if features.is_cuda and features.dtype == torch.bfloat16:  # the card multiplies in bfloat16 and sums in float32
        F = _rows(features)
        return _product(F.transpose(1, 2), F) / (height * width)
    if features.dtype == torch.bfloat16:  # sums in it would be rough: Ĝ − Â is a small difference of large numbers
        parts = features.chunk(math.ceil(features.numel() / 2**21), 2)  # a few megabytes at a time
        grams = [mean_gram(part.float()) * part.shape[2] for part in parts]
        return torch.stack(grams).sum(0) / height
    if is_fused(features):
        # The weights' gradient of a 1 × 1 convolution is the same sum over positions, and twice as fast where torch's
        # matrix products come from a library that favours another maker's processors.
        grams = [_weight_gradient(F, (channels, channels, 1, 1), F) for F in _one_by_one(features)]
        return torch.stack(grams).view(batch, channels, channels) / (height * width)
    F = _rows(features)
    return F.transpose(1, 2) @ F / (height * width)


def add_gram_gradient(features: Tensor, gradient: Tensor, difference: Tensor) -> None:
    """Add (G − A) F, Eq. 6 but for its factor, to a gradient of the shape of F. `difference` is (B, C, C), symmetric.

    Example:
        >>> gradient = torch.ones(1, 2, 1, 1)
        >>> add_gram_gradient(torch.ones(1, 2, 1, 1), gradient, 3 * torch.eye(2)[None])
        >>> gradient.flatten()
        tensor([4., 4.])
    """
    rows = gradient.permute(0, 2, 3, 1)
    if features.is_cuda and rows.is_contiguous():  # then rows are in the gradient's own memory
        rows.flatten(1, 2).baddbmm_(_rows(features), difference.to(features.dtype))
        return
    weights = difference.to(features.dtype)[..., None, None]
    fused = is_fused(features)
    for F, g, D in zip(_one_by_one(features), _one_by_one(gradient), weights, strict=True):
        if fused:
            add_convolution(g, F, D, None, padding=0)
        else:
            g.add_(functional.conv2d(F, D))


def _rows(features: Tensor) -> Tensor:
    """A row for each position, (B, M, C); the same memory where channels lie together."""
    return features.permute(0, 2, 3, 1).flatten(1, 2)


def _product(a: Tensor, b: Tensor) -> Tensor:
    """Products of bfloat16 matrices on a graphics card, in float32."""
    if a.is_cuda and _EXACT_PRODUCT:
        exact: Tensor = torch.bmm(a, b, out_dtype=torch.float32)
        return exact
    return a.float() @ b.float()


_EXACT_PRODUCT = hasattr(torch.ops.aten.bmm, "dtype")  # from torch 2.8 on
_weight_gradient: Callable[[Tensor, tuple[int, ...], Tensor], Tensor] = torch.nn.grad.conv2d_weight


def _one_by_one(batch: Tensor) -> list[Tensor]:
    """Its pictures, each (1, C, H, W); slices, because indexing loses the order in memory."""
    return [batch[i : i + 1] for i in range(len(batch))]
