"""Style without its colours: ways to keep the colours of the photograph, before or after the transfer.

Reference:
    Gatys, Bethge, Hertzmann and Shechtman 2016, *Preserving Color in Neural Artistic Style Transfer*.
"""

from __future__ import annotations

from typing import Literal, get_args

import torch
from torch import Tensor

from styletools.door import explained
from styletools.errors import InputError, shown
from styletools.pictures.images import check_image, one_picture
from styletools.pictures.variations import grey

__all__ = [
    "Space",
    "from_lab",
    "keep_colours",
    "match_colours",
    "match_histogram",
    "match_luminance",
    "to_lab",
]

Space = Literal["yiq", "lab"]
"""The colour space in which `keep_colours` separates brightness from colour."""

# Linear sRGB → XYZ with Y = 1 for white, and the white point of D65 that follows: IEC 61966-2-1:1999.
_XYZ = torch.tensor([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]], dtype=torch.float64)
_WHITE = _XYZ.sum(1).view(3, 1, 1)
# (L*, a*, b*) = _LAB f(X/Xₙ, Y/Yₙ, Z/Zₙ) − _BLACK, and where f changes from a line to the cube root: CIE 15:2004.
_LAB = torch.tensor([[0, 116, 0], [500, -500, 0], [0, 200, -200]], dtype=torch.float64)
_BLACK = torch.tensor([16, 0, 0], dtype=torch.float64).view(3, 1, 1)
_KNEE = 6 / 29


@explained
def keep_colours(result: Tensor, photograph: Tensor, space: Space = "yiq") -> Tensor:
    """Brightness from the result, colour from the photograph: for *after* the transfer.

    Args:
        result: (1, 3, H, W) in [0, 1].
        photograph: of the same shape.
        space: `"yiq"` takes the luma of sRGB for the brightness, as television did and the paper does; `"lab"` the
            lightness L* of CIELAB, which was made so that equal steps look equal.

    Returns:
        `"yiq"`: photograph + (luma of result − luma of photograph). `"lab"`: the colour with L* of the result and
        a*, b* of the photograph. Both kept in [0, 1].

    Raises:
        InputError: not pictures, of two sizes, or an unknown space.

    Example:
        >>> red, bright = torch.tensor([0.5, 0.1, 0.1]), torch.tensor([0.4, 0.4, 0.4])
        >>> keep_colours(bright.view(1, 3, 1, 1), red.view(1, 3, 1, 1)).flatten()
        tensor([0.6804, 0.2804, 0.2804])
        >>> keep_colours(bright.view(1, 3, 1, 1), red.view(1, 3, 1, 1), "lab").flatten()
        tensor([0.6789, 0.2647, 0.2311])
    """
    if space not in get_args(Space):
        raise InputError(f"space: expected {' or '.join(map(repr, get_args(Space)))}, got {shown(space)}")
    check_image(result, "result")
    check_image(photograph, "photograph")
    if result.shape != photograph.shape:
        raise InputError(f"photograph: expected shape {tuple(result.shape)}, got {tuple(photograph.shape)}")
    if space == "lab":
        return from_lab(torch.cat([to_lab(result)[:, :1], to_lab(photograph)[:, 1:]], 1)).to(result)
    return (photograph + grey(result) - grey(photograph)).clamp(0, 1)


@explained
def match_colours(image: Tensor, reference: Tensor) -> Tensor:
    """Give a picture the mean colour, and the covariance of colours, of another: for *before* the transfer.

    With the mean μ and the covariance Σ of each picture's pixels: x ↦ μ_r + Σ_r^½ Σ^−½ (x − μ), kept in [0, 1].

    Args:
        image: the painting, (1, 3, H, W) in [0, 1].
        reference: the photograph, (1, 3, H', W').

    Returns:
        The painting in the photograph's colours.

    Raises:
        InputError: not pictures, or batches of several.

    Example:
        >>> image, reference = 0.2 + 0.6 * torch.rand(1, 3, 16, 16), 0.4 + 0.2 * torch.rand(1, 3, 16, 16)
        >>> matched = match_colours(image, reference)
        >>> torch.allclose(matched.mean((2, 3)), reference.mean((2, 3)), atol=1e-3)
        True
    """
    image, reference = one_picture(image), one_picture(reference, "reference")
    (mean, _, inverse), (mean_r, root_r, _) = _moments(image), _moments(reference)
    matched = mean_r + root_r @ inverse @ (_pixels(image) - mean)
    return matched.to(image).view_as(image).clamp(0, 1)


@explained
def match_histogram(image: Tensor, reference: Tensor) -> Tensor:
    """Give each channel of a picture the histogram of another's, and keep the order of its values.

    The pixel of rank k among N takes the k/(N − 1) quantile of the reference, with linear interpolation between
    its values: where both pictures have equally many pixels, these are the reference's own. Pixels that are equal
    stay equal: they share their mean rank.

    The three channels are matched separately. So each red, each green and each blue occurs as often as it should,
    but not in the right combinations: there can be colours that neither picture has. `match_colours` treats the
    three together, but matches only their mean and covariance.

    Args:
        image: the painting, (1, 3, H, W) in [0, 1].
        reference: the photograph, (1, 3, H', W').

    Returns:
        The painting with the photograph's histograms, (1, 3, H, W).

    Raises:
        InputError: not pictures, or batches of several.

    Example:
        >>> image = torch.tensor([0.1, 0.3, 0.2, 0.3]).expand(1, 3, 1, 4)
        >>> reference = torch.tensor([0.9, 0.8, 0.6, 0.5]).expand(1, 3, 1, 4)
        >>> match_histogram(image, reference)[0, 0]
        tensor([[0.5000, 0.8500, 0.6000, 0.8500]])
    """
    _check_one(image, "image")
    _check_one(reference, "reference")
    matched = [
        _quantiles(_ranks(channel), len(channel), values)
        for channel, values in zip(_pixels(image), _pixels(reference).sort(1).values, strict=True)
    ]
    return torch.stack(matched).to(image).view_as(image).clamp(0, 1)


@explained
def match_luminance(image: Tensor, reference: Tensor) -> Tensor:
    """Give a grey painting the mean and deviation of a photograph's brightness: for a transfer of luminance only.

    With the luma Y of the painting, its mean μ and standard deviation σ, and those of the photograph:
    Y ↦ σ_r/σ (Y − μ) + μ_r, kept in [0, 1]. Without it, the darkness of a dark painting, which is part of its
    style, would pass to a light photograph that is to keep its own colours.

    Args:
        image: the painting, (1, 3, H, W) in [0, 1].
        reference: the photograph, (1, 3, H', W').

    Returns:
        A grey picture, (1, 3, H, W) with three equal channels. Where the painting is flat, σ below 10⁻⁶, it is μ_r
        everywhere.

    Raises:
        InputError: not pictures, or batches of several.

    Example:
        >>> image = torch.tensor([0.2, 0.4]).expand(1, 3, 1, 2)
        >>> reference = torch.tensor([0.3, 0.9]).expand(1, 3, 1, 2)
        >>> match_luminance(image, reference)[0, 0]
        tensor([[0.3000, 0.9000]])

    Reference:
        Gatys et al. 2016, *Preserving Color*, the section on luminance-only transfer.
    """
    _check_one(image, "image")
    _check_one(reference, "reference")
    y, y_r = grey(image.cpu().double()), grey(reference.cpu().double())
    deviation = y.std(correction=0)
    gain = y_r.std(correction=0) / deviation if deviation >= 1e-6 else 0.0
    return (gain * (y - y.mean()) + y_r.mean()).clamp(0, 1).to(image)


@explained
def to_lab(image: Tensor) -> Tensor:
    """Turn a picture into CIELAB: lightness L* from 0 to 100, a* from green to red, b* from blue to yellow.

    Args:
        image: sRGB, (B, 3, H, W) in [0, 1].

    Returns:
        (B, 3, H, W) float64 on the CPU, for the white D65.

    Raises:
        InputError: not a picture.

    Example:
        >>> to_lab(torch.tensor([1.0, 0.0, 0.0]).view(1, 3, 1, 1)).flatten()
        tensor([53.2329, 80.1053, 67.2228], dtype=torch.float64)

    Reference:
        IEC 61966-2-1:1999 (sRGB); CIE 15:2004 (CIELAB).
    """
    check_image(image, "image")
    srgb = image.cpu().double().clamp(0, 1)
    linear = torch.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    ratio = _mix(_XYZ, linear) / _WHITE
    root = torch.where(ratio > _KNEE**3, ratio ** (1 / 3), ratio / (3 * _KNEE**2) + 4 / 29)
    return _mix(_LAB, root) - _BLACK


@explained
def from_lab(lab: Tensor) -> Tensor:
    """Turn CIELAB into a picture: the way back from `to_lab`.

    Args:
        lab: L*, a*, b* for the white D65, (B, 3, H, W).

    Returns:
        sRGB, (B, 3, H, W) float64 on the CPU. A colour outside sRGB is clamped to [0, 1] in linear light, channel
        by channel.

    Raises:
        InputError: another shape.

    Example:
        >>> from_lab(torch.tensor([50.0, 0.0, 0.0]).view(1, 3, 1, 1)).flatten()
        tensor([0.4663, 0.4663, 0.4663], dtype=torch.float64)

    Reference:
        IEC 61966-2-1:1999 (sRGB); CIE 15:2004 (CIELAB).
    """
    if lab.dim() != 4 or lab.shape[1] != 3:
        raise InputError(f"lab: expected shape (B, 3, H, W), got {tuple(lab.shape)}")
    root = _mix(_LAB.inverse(), lab.cpu().double() + _BLACK)
    ratio = torch.where(root > _KNEE, root**3, 3 * _KNEE**2 * (root - 4 / 29))
    linear = _mix(_XYZ.inverse(), ratio * _WHITE).clamp(0, 1)
    return torch.where(linear <= 0.04045 / 12.92, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)


def _mix(matrix: Tensor, image: Tensor) -> Tensor:
    """The matrix times the three channels of each pixel."""
    return torch.einsum("ij,bjhw->bihw", matrix, image)


def _check_one(image: Tensor, name: str) -> None:
    check_image(image, name)
    if image.shape[0] != 1:
        raise InputError(f"{name}: expected one picture, got a batch of {image.shape[0]}")


def _ranks(values: Tensor) -> Tensor:
    """The rank of each value, 0 … N − 1; values that are equal share their mean rank."""
    _, which, counts = torch.unique(values, return_inverse=True, return_counts=True)
    ranks: Tensor = counts.cumsum(0) - (counts.double() + 1) / 2
    return ranks[which]


def _quantiles(ranks: Tensor, count: int, values: Tensor) -> Tensor:
    """For each rank among `count`, the value at the same relative place in the sorted values, interpolated linearly."""
    places = ranks * (len(values) - 1) / (count - 1) if count > 1 else (ranks + 0.5) * (len(values) - 1)
    lower = places.long()
    upper = places.ceil().long()
    return values[lower].lerp(values[upper], places - lower)


def _pixels(image: Tensor) -> Tensor:
    """(3, pixels) in float64, on the CPU: not every device has float64."""
    return image[0].flatten(1).cpu().double()


def _moments(image: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Mean (3, 1), square root of the covariance and its inverse (3, 3)."""
    pixels = _pixels(image)
    mean = pixels.mean(1, keepdim=True)
    covariance = (pixels - mean) @ (pixels - mean).T / pixels.shape[1]
    values, vectors = torch.linalg.eigh(covariance)
    root = values.clamp_min(1e-5).sqrt()  # a picture of one colour has no spread to divide by
    return mean, vectors * root @ vectors.T, vectors / root @ vectors.T
