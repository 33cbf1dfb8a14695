"""Style without its colours: two ways to keep those of the photograph.

Reference:
    Gatys, Bethge, Hertzmann and Shechtman 2016, *Preserving Color in Neural Artistic Style Transfer*.
"""

from __future__ import annotations

import torch
from torch import Tensor

from styletools.errors import InputError
from styletools.pictures.images import check_image
from styletools.pictures.variations import grey

__all__ = ["keep_colours", "match_colours"]


def keep_colours(result: Tensor, photograph: Tensor) -> Tensor:
    """Brightness from the result, colour from the photograph: for *after* the transfer.

    Args:
        result: (1, 3, H, W) in [0, 1].
        photograph: of the same shape.

    Returns:
        photograph + (luma of result − luma of photograph), kept in [0, 1].

    Raises:
        InputError: not pictures, or of two sizes.

    Example:
        >>> red, bright = torch.tensor([0.5, 0.1, 0.1]), torch.tensor([0.4, 0.4, 0.4])
        >>> keep_colours(bright.view(1, 3, 1, 1), red.view(1, 3, 1, 1)).flatten()
        tensor([0.6804, 0.2804, 0.2804])
    """
    check_image(result, "result")
    check_image(photograph, "photograph")
    if result.shape != photograph.shape:
        raise InputError(f"photograph: expected shape {tuple(result.shape)}, got {tuple(photograph.shape)}")
    return (photograph + grey(result) - grey(photograph)).clamp(0, 1)


def match_colours(image: Tensor, reference: Tensor) -> Tensor:
    """Give a picture the mean colour, and the covariance of colours, of another: for *before* the transfer.

    With μ and Σ of each picture's pixels: x ↦ μ_r + Σ_r^½ Σ^−½ (x − μ), kept in [0, 1].

    Args:
        image: the painting, (1, 3, H, W) in [0, 1].
        reference: the photograph, (1, 3, H', W').

    Returns:
        The painting in the photograph's colours.

    Raises:
        InputError: not pictures.

    Example:
        >>> image, reference = 0.2 + 0.6 * torch.rand(1, 3, 16, 16), 0.4 + 0.2 * torch.rand(1, 3, 16, 16)
        >>> matched = match_colours(image, reference)
        >>> torch.allclose(matched.mean((2, 3)), reference.mean((2, 3)), atol=1e-3)
        True
    """
    check_image(image, "image")
    check_image(reference, "reference")
    (mean, _, inverse), (mean_r, root_r, _) = _moments(image), _moments(reference)
    matched = mean_r + root_r @ inverse @ (_pixels(image) - mean)
    return matched.to(image).view_as(image).clamp(0, 1)


def _pixels(image: Tensor) -> Tensor:
    """(3, pixels) in float64, on the CPU: not every device has it."""
    return image[0].flatten(1).cpu().double()


def _moments(image: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Mean (3, 1), square root of the covariance and its inverse (3, 3)."""
    pixels = _pixels(image)
    mean = pixels.mean(1, keepdim=True)
    covariance = (pixels - mean) @ (pixels - mean).T / pixels.shape[1]
    values, vectors = torch.linalg.eigh(covariance)
    root = values.clamp_min(1e-5).sqrt()  # a picture of one colour has no spread to take away
    return mean, vectors * root @ vectors.T, vectors / root @ vectors.T
