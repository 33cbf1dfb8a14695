"""How to read features and Gram matrices: which filters are strong, where they fire, which fire together."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from styletools.door import explained
from styletools.errors import InputError, shown
from styletools.network.vgg import VGG

__all__ = ["cosines", "field", "order", "pairs", "patches", "peak", "strongest", "together"]


@explained
def strongest(features: Tensor, count: int = 8) -> list[int]:
    """Which filters respond most to a picture, by their mean over all positions.

    Args:
        features: F, (1, C, H, W).
        count: maximum number of them.

    Returns:
        Indices of filters, the strongest first.

    Raises:
        InputError: not the features of one picture, or a count below 1.

    Example:
        >>> F = torch.tensor([0.0, 2.0, 1.0]).view(1, 3, 1, 1)
        >>> strongest(F, 2)
        [1, 2]
    """
    _check_one(features)
    _check_count(count)
    means = features[0].mean((1, 2))
    return [int(i) for i in means.argsort(descending=True, stable=True)[:count]]


@explained
def peak(features: Tensor, filter: int) -> tuple[int, int]:
    """Where a filter fires most.

    Args:
        features: F, (1, C, H, W).
        filter: its index.

    Returns:
        Row and column in the map, not in the picture; `field` gives the picture's pixels.

    Raises:
        InputError: not the features of one picture, or no such filter.

    Example:
        >>> F = torch.zeros(1, 1, 3, 4)
        >>> F[0, 0, 2, 1] = 5
        >>> peak(F, 0)
        (2, 1)
    """
    _check_one(features)
    _check_filter(features, filter)
    row, column = divmod(int(features[0, filter].argmax()), features.shape[3])
    return row, column


@explained
def field(vgg: VGG, layer: str, row: int, column: int) -> tuple[int, int, int]:
    """The square of pixels that one position of a layer sees: its receptive field.

    Position p of a layer of stride s sits over pixel p · s + (s − 1) / 2.

    Args:
        vgg: the network.
        layer: its name.
        row: of the position.
        column: of the position.

    Returns:
        Top, left and side in pixels. Part of it may be outside the picture, where the network sees
            its padding.

    Raises:
        InputError: an unknown layer.

    Example:
        >>> field(VGG(weights="random"), "conv1_1", 10, 20)  # 3 × 3 pixels around (10, 20)
        (9, 19, 3)
    """
    info = vgg.layer(layer)
    # Twice the centre is whole, and so is the corner: side and stride are both odd or both even.
    top, left = ((2 * p * info.stride + info.stride - info.receptive_field) // 2 for p in (row, column))
    return top, left, info.receptive_field


@explained
@torch.no_grad()
def patches(vgg: VGG, layer: str, filter: int, images: Sequence[Tensor], count: int = 6) -> list[Tensor]:
    """The places in some pictures that a filter responds to most: one from each picture, the strongest first.

    Args:
        vgg: the network.
        layer: its name.
        filter: its index.
        images: (1, 3, H, W) in [0, 1] each.
        count: maximum number of them.

    Returns:
        Receptive fields (1, 3, side, side), cut out of the pictures; grey where they reach beyond the border.

    Raises:
        InputError: no pictures, an unknown layer, no such filter, or a picture that is too small.

    Example:
        >>> images = [torch.rand(1, 3, 32, 32), torch.rand(1, 3, 48, 40)]
        >>> [tuple(patch.shape) for patch in patches(VGG(weights="random"), "conv2_1", 0, images)]
        [(1, 3, 10, 10), (1, 3, 10, 10)]

    Reference:
        Girshick, Donahue, Darrell and Malik 2014, *Rich feature hierarchies*: "top activations".
    """
    if not images:
        raise InputError("images: expected at least one picture, got none")
    _check_count(count)
    found = []
    for image in images:
        F = vgg(image, layer)[layer]
        row, column = peak(F, filter)
        top, left, side = field(vgg, layer, row, column)
        padded = functional.pad(image, (side,) * 4, value=0.5)
        found.append((float(F[0, filter, row, column]), padded[:, :, top + side :, left + side :][:, :, :side, :side]))
    found.sort(key=lambda pair: -pair[0])
    return [patch for _, patch in found[:count]]


@explained
def cosines(gram: Tensor) -> Tensor:
    """How similarly two filters fire, whatever their strength: C_ij = G_ij / √(G_ii G_jj).

    Args:
        gram: G, (1, C, C) or (C, C).

    Returns:
        (C, C), 0 (never together) … 1 (always in the same proportion) after a ReLU; 0 where a filter is silent.

    Raises:
        InputError: not one Gram matrix.

    Example:
        >>> cosines(torch.tensor([[4.0, 2.0], [2.0, 1.0]]))
        tensor([[1., 1.],
                [1., 1.]])
    """
    G = _one_gram(gram)
    length = G.diagonal().clamp_min(0).sqrt()
    both = length[:, None] * length[None, :]
    return torch.where(both > 0, G / both.clamp_min(torch.finfo(G.dtype).tiny), torch.zeros_like(G))


@explained
def pairs(gram: Tensor, count: int = 5) -> list[tuple[int, int, float]]:
    """Which two different filters fire together most, in proportion to their strength.

    Args:
        gram: G, (1, C, C) or (C, C).
        count: maximum number of them.

    Returns:
        (i, j, C_ij) with i < j, the closest pair first.

    Raises:
        InputError: not one Gram matrix, or a count below 1.

    Example:
        >>> pairs(torch.tensor([[4.0, 0.0, 2.0], [0.0, 1.0, 0.5], [2.0, 0.5, 4.0]]), 1)
        [(0, 2, 0.5)]
    """
    _check_count(count)
    C = cosines(gram)
    i, j = torch.triu_indices(len(C), len(C), offset=1)
    best = C[i, j].argsort(descending=True, stable=True)[:count]
    return [(int(i[k]), int(j[k]), float(C[i[k], j[k]])) for k in best]


@explained
def together(features: Tensor, i: int, j: int) -> Tensor:
    """Where two filters fire together: F_ik F_jk at each position k. Its sum is G_ij (Eq. 3).

    Args:
        features: F, (1, C, H, W).
        i: index of a filter.
        j: index of another, or of the same.

    Returns:
        (H, W).

    Raises:
        InputError: not the features of one picture, or no such filter.

    Example:
        >>> F = torch.tensor([[1.0, 2.0], [3.0, 0.0]]).view(1, 2, 1, 2)
        >>> together(F, 0, 1)
        tensor([[3., 0.]])

    Reference:
        Gatys, Ecker and Bethge 2016, Eq. 3: each position is one summand.
    """
    _check_one(features)
    _check_filter(features, i)
    _check_filter(features, j)
    return features[0, i] * features[0, j]


@explained
def order(gram: Tensor) -> Tensor:
    """An order of the filters in which those that fire together are neighbours, for showing a Gram matrix.

    The filters are sorted along the Fiedler vector of the graph whose edges are the cosines: the vector that
    changes least along strong edges.

    Args:
        gram: G, (1, C, C) or (C, C).

    Returns:
        Indices (C,), silent filters last; show `gram[order][:, order]`.

    Raises:
        InputError: not one Gram matrix.

    Example:
        >>> G = torch.eye(4)
        >>> G[0, 2] = G[2, 0] = G[1, 3] = G[3, 1] = 0.9  # two groups
        >>> sorted(order(G)[:2].tolist()) in ([0, 2], [1, 3])
        True
    """
    C = cosines(gram).double().cpu()
    living, silent = (C.diagonal() > 0).nonzero().flatten(), (C.diagonal() == 0).nonzero().flatten()
    if len(living) < 3:  # nothing to sort
        return torch.cat([living, silent])
    C = C[living][:, living]  # each silent filter would be a group of its own
    laplacian = torch.diag(C.sum(1)) - C
    second: Tensor = torch.linalg.eigh(laplacian).eigenvectors[:, 1]
    if second[second.abs().argmax()] < 0:  # an eigenvector's sign is arbitrary: fix it
        second = -second
    return torch.cat([living[second.argsort(stable=True)], silent])


def _check_one(features: Tensor) -> None:
    if not isinstance(features, Tensor) or features.dim() != 4 or features.shape[0] != 1 or 0 in features.shape:
        got = tuple(features.shape) if isinstance(features, Tensor) else type(features).__name__
        raise InputError(f"features: expected those of one picture, (1, C, H, W), got {got}")


def _check_filter(features: Tensor, filter: int) -> None:
    if not 0 <= filter < features.shape[1]:
        raise InputError(f"filter: expected 0 … {features.shape[1] - 1}, got {shown(filter)}")


def _check_count(count: int) -> None:
    if count < 1:
        raise InputError(f"count: expected at least 1, got {shown(count)}")


def _one_gram(gram: Tensor) -> Tensor:
    G = gram[0] if gram.dim() == 3 and gram.shape[0] == 1 else gram
    if G.dim() != 2 or G.shape[0] != G.shape[1]:
        raise InputError(f"gram: expected one Gram matrix, (C, C) or (1, C, C), got shape {tuple(gram.shape)}")
    return G
