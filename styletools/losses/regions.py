"""Style for a part of a picture: guided features, whose Gram matrix hears one region only.

Reference:
    Gatys, Ecker, Bethge, Hertzmann and Shechtman 2017, *Controlling Perceptual Factors in Neural Style Transfer*.
"""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional

from styletools.errors import InputError

__all__ = ["guide"]


def guide(features: Tensor, mask: Tensor) -> Tensor:
    """Weigh the positions of a layer by a mask of the picture.

    The mask is averaged down to the layer's positions and normalised by its energy, mean(T²) = 1. Then a region's
    loss does not shrink with its area: without this, a region of a tenth of the picture has a Gram matrix of a tenth,
    and a loss of a hundredth. The Gram matrix of the guided features is Σ_k T_k² F_ik F_jk.

    Args:
        features: F, (B, C, H', W').
        mask: (H, W) in [0, 1], 1 inside the region.

    Returns:
        T F, (B, C, H', W').

    Raises:
        InputError: a mask of another form, out of range, or empty at this layer.

    Example:
        >>> import torch
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
