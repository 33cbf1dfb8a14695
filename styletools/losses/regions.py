"""Style for a part of a picture: terms that see only one region.

Reference:
    Gatys, Ecker, Bethge, Hertzmann and Shechtman 2017, *Controlling Perceptual Factors in Neural Style Transfer*.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from styletools.door import explained
from styletools.errors import InputError
from styletools.losses.parts import Part, Sums
from styletools.losses.term import Term

__all__ = ["InRegion", "guide", "in_region", "inside"]

# A position belongs to a region when this share of what it sees lies there.
MOSTLY = 0.85


@explained
def guide(features: Tensor, mask: Tensor) -> Tensor:
    """Weight the positions of a layer by a mask of the picture.

    The mask is averaged down to the layer's positions and normalised by its energy, mean(T²) = 1. Then a region's
    loss does not shrink with its area: otherwise a region a tenth the size of the picture would have a tenth of the
    Gram matrix, and a hundredth of the loss. The Gram matrix of the guided features is Σ_k T_k² F_ik F_jk.

    Args:
        features: F, (B, C, H', W').
        mask: (H, W) in [0, 1], 1 inside the region.

    Returns:
        T F, (B, C, H', W').

    Raises:
        InputError: a mask of another form, out of range, or empty at this layer.

    Example:
        >>> mask = torch.zeros(8, 8)
        >>> mask[:, :4] = 1
        >>> guide(torch.ones(1, 1, 2, 2), mask)[0, 0]
        tensor([[1.4142, 0.0000],
                [1.4142, 0.0000]])
    """
    if features.dim() != 4:
        raise InputError(f"features: expected shape (B, C, H, W), got {tuple(features.shape)}")
    if mask.dim() != 2 or not mask.is_floating_point() or not 0 <= mask.min() <= mask.max() <= 1:
        raise InputError(f"mask: expected float (H, W) in [0, 1], got {mask.dtype} {tuple(mask.shape)}")
    T = functional.adaptive_avg_pool2d(mask[None, None].to(features), (features.shape[2], features.shape[3]))
    energy = (T**2).mean()
    if energy == 0:
        raise InputError("mask: expected a region that is not empty, got 0 everywhere")
    return features * T / energy.sqrt()


def inside(region: Tensor, height: int, width: int) -> Tensor:
    """Which positions of a layer see only one region, so that nothing bleeds over its edge.

    A position of a deep layer sees far more than its own pixels: a Gram matrix of all positions *of* a region would be
    coloured by what lies beyond its edge, and would paint there. What counts is that most of what a position
    sees lies inside. How far it effectively sees grows with its stride, in every layer of a VGG: as a bell
    with a standard deviation of about one position (conv1_1: 0.8 px; conv5_1: 18 px, at a stride of 16). So the mask
    is averaged down to the layer and smoothed by that much, and a position is inside where at least 0.85 is left.
    A region too small for that keeps the positions that see most of it.

    Args:
        region: (H, W) of bool, not empty.
        height: of the layer's features.
        width: likewise.

    Returns:
        (height, width) of bool, True at one position at least.

    Example:
        >>> left = torch.zeros(64, 64, dtype=torch.bool)
        >>> left[:, :32] = True
        >>> inside(left, 8, 8)[0].long()  # the fourth column sees too much of the right half
        tensor([1, 1, 1, 0, 0, 0, 0, 0])
    """
    T = functional.adaptive_avg_pool2d(region[None, None].float(), (height, width))
    for _ in range(2):  # two averages of three have a variance of 4/3
        T = functional.avg_pool2d(functional.pad(T, (1, 1, 1, 1), mode="replicate"), 3, 1)
    most = min(1.0, float(T.max()))
    return T[0, 0] >= MOSTLY * most


def in_region(F: Tensor, region: Tensor, *, arranged: bool = False) -> Tensor:
    """Features of a region: its positions in a row, (B, C, 1, M_r), or all of them guided by the mask.

    Args:
        F: (B, C, H', W').
        region: (H, W) of bool.
        arranged: whether the arrangement of positions matters, see `Term.arranged`.

    Example:
        >>> left = torch.zeros(8, 8, dtype=torch.bool)
        >>> left[:, :4] = True
        >>> in_region(torch.rand(1, 3, 8, 8), left).shape, in_region(torch.rand(1, 3, 8, 8), left, arranged=True).shape
        (torch.Size([1, 3, 1, 24]), torch.Size([1, 3, 8, 8]))
    """
    return _taken(F, inside(region, F.shape[2], F.shape[3]).to(F.device), arranged)


def _taken(F: Tensor, chosen: Tensor, arranged: bool) -> Tensor:
    return guide(F, chosen.float()) if arranged else F[:, :, chosen][:, :, None]


class InRegion(Term):
    """Another term that is given only one region's features.

    Args:
        inner: the term, its target made from the region of the painting (see `in_region`).
        region: where in the picture in the making, (H, W) of bool.
        name: what the term is called.

    Example:
        >>> from styletools.losses.gram import Gram
        >>> left = torch.tensor([[True, True, True, True, False, False, False, False]] * 8)
        >>> term = InRegion(Gram("conv1_1", torch.full((1, 1, 2, 2), 2.0)), left, "left conv1_1")
        >>> F = torch.ones(1, 1, 8, 8)
        >>> F[..., 4:] = 7  # not seen
        >>> term.value(F)  # ¼ (1 − 4)²
        tensor(2.2500)

    Reference:
        Gatys, Ecker, Bethge, Hertzmann and Shechtman 2017, section 4.
    """

    def __init__(self, inner: Term, region: Tensor, name: str) -> None:
        """The target is the inner term's."""
        self.inner, self.region = inner, region
        self.layer, self.weight, self.name = inner.layer, inner.weight, name
        self._found: dict[tuple[int, ...], tuple[Tensor, Tensor]] = {}

    def value(self, F: Tensor) -> Tensor:
        """The inner term's, for the region."""
        return self.inner.value(_taken(F, self._chosen(F)[0], self.inner.arranged))

    def unit(self) -> float:
        """The inner term's."""
        return self.inner.unit()

    def add_gradient(self, F: Tensor, g: Tensor, scale: float) -> Tensor:
        """The inner term's, at the region's positions, nothing elsewhere."""
        if self.inner.arranged or not _in_rows(F, g):
            return super().add_gradient(F, g, scale)
        # Channels lie together in memory, so a position is a row.
        (_, where), channels = self._chosen(F), F.shape[1]
        rows, into = (x.permute(0, 2, 3, 1).view(-1, channels) for x in (F, g))
        part = _as_features(rows.index_select(0, where))
        gradient = torch.zeros_like(part)
        value = self.inner.add_gradient(part, gradient, scale)
        into.index_add_(0, where, gradient[0, :, :, 0].T)
        return value

    @property
    def splits(self) -> bool:
        """Whether the inner term does, and needs nothing but the region's positions in a row."""
        return self.inner.splits and not self.inner.placed

    def sums(self, F: Tensor, part: Part) -> Sums:
        """The inner term's, over the region's positions in the part; nothing where there are none."""
        taken = F[:, :, self._within(part)][:, :, None]
        return self.inner.sums(taken, Part.all_of(taken)) if taken.numel() else ()

    def of_sums(self, sums: Sums, size: tuple[int, int]) -> Tensor:
        """The inner term's."""
        return self.inner.of_sums(sums, (1, len(self._of_size(size)[1])))

    def add_part_gradient(self, F: Tensor, part: Part, slopes: Sums, g: Tensor, scale: float) -> None:
        """The inner term's, at the region's positions in the part."""
        here = self._within(part)
        taken = F[:, :, here][:, :, None].contiguous(memory_format=torch.channels_last)
        if taken.numel():
            gradient = torch.zeros_like(taken)
            self.inner.add_part_gradient(taken, Part.all_of(taken), slopes, gradient, scale)
            g[:, :, here] += gradient[:, :, 0]

    def _within(self, part: Part) -> Tensor:
        return part.of(self._of_size((part.height, part.width))[0])

    def _chosen(self, F: Tensor) -> tuple[Tensor, Tensor]:
        return self._of_size((F.shape[2], F.shape[3]), F.device)

    def _of_size(self, key: tuple[int, int], device: torch.device | None = None) -> tuple[Tensor, Tensor]:
        """Which positions are the region's, and their places in a row; found once for each size."""
        if key not in self._found:
            chosen = inside(self.region, *key).to(device or self.region.device)
            self._found[key] = chosen, chosen.flatten().nonzero()[:, 0]
        return self._found[key]


def _in_rows(F: Tensor, g: Tensor) -> bool:
    """Whether both are one picture with channels that lie together in memory."""
    return len(F) == 1 and all(x.is_contiguous(memory_format=torch.channels_last) for x in (F, g))


def _as_features(rows: Tensor) -> Tensor:
    """(M, C) as (1, C, M, 1), channels last, without a copy."""
    return rows.view(1, -1, 1, rows.shape[1]).permute(0, 3, 1, 2)
