"""Regions of a picture: a label at each pixel, from a file, a tensor, or a rough selection by name."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import torch
from torch import Tensor
from torch.nn import functional

from styletools.door import explained
from styletools.errors import InputError, shown
from styletools.memory import check_memory
from styletools.pictures.images import ImageSource, check_image, load_image
from styletools.pictures.variations import grey
from styletools.surroundings import undisturbed

__all__ = ["ROUGH", "Mask", "MaskSource", "load_mask"]

MaskSource: TypeAlias = ImageSource | Tensor
"""A picture whose grey levels or colours are labels, a tensor of labels (H, W), or the name of a rough selection."""

MOST_LABELS = 16
_PER_PIXEL = 120  # bytes, while labels are found: many whole numbers, and a sorted copy of them
SMALLEST = 1e-3  # share of the picture: what covers less is the soft edge of a brush, and goes to the nearest label


@dataclass(frozen=True, eq=False)
class Mask:
    """A label at each pixel.

    Attributes:
        labels: (H, W), whole numbers: the index of the pixel's label in `names`.
        names: the grey level (`255`), the colour (`#ff0000`), or a word (`left`); dark labels first.
    """

    labels: Tensor
    names: tuple[str, ...]

    def region(self, name: str) -> Tensor:
        """Where a label is, (H, W) of bool.

        Raises:
            InputError: there is no such label, or no pixel has it.
        """
        if name not in self.names:
            raise InputError(f"mask: expected a label out of {', '.join(self.names)}, got {shown(name)}")
        inside = self.labels == self.names.index(name)
        if not inside.any():
            raise InputError(f"mask: the region {name!r} is empty; leave it out, or choose it larger")
        return inside


@explained
@undisturbed
def load_mask(source: MaskSource, image: Tensor, name: str = "mask") -> Mask:
    """Read a mask for a picture.

    Args:
        source: a file (PNG; a JPEG blurs labels) whose grey levels or colours are labels; a tensor (H, W) of whole
            numbers, of bool, or of grey levels in [0, 1]; or a rough selection: `"left"`, `"top"`, `"disc"`,
            `"bright"`, also with a number, such as `"left=0.3"` (see `ROUGH`). What covers less than a thousandth
            of the picture is taken for the soft edge of a brush, and goes to the label of the nearest colour.
        image: the picture that is masked, (1, 3, H, W); the mask may have another size, but not other proportions.
        name: of the argument, for messages.

    Returns:
        Mask. Every label covers at least one pixel.

    Raises:
        ImageError: a file that cannot be read.
        InputError: a mask that does not fit into memory, other proportions, more than sixteen labels, an empty region,
            a tensor that is not a mask.

    Example:
        >>> mask = load_mask("left=0.25", torch.rand(1, 3, 6, 8))
        >>> mask.names, mask.region("left").sum(1).tolist()
        (('left', 'right'), [2, 2, 2, 2, 2, 2])
    """
    check_image(image, "image")
    rough = _rough(source, name)
    if rough is not None:
        select, number = rough
        inside, names = select(image, number)
        mask = Mask((~inside).long(), names)
        for label in names:
            if not (mask.labels == names.index(label)).any():
                raise InputError(f"{name}: the region {label!r} of {source!r} is empty; choose another number")
        return mask
    codes = _codes(source, name)
    _check_proportions(codes, image, name)
    return _labelled(codes, name)


def _left(image: Tensor, share: float) -> tuple[Tensor, tuple[str, str]]:
    height, width = image.shape[2:]
    return (torch.arange(width) < share * width).expand(height, width), ("left", "right")


def _top(image: Tensor, share: float) -> tuple[Tensor, tuple[str, str]]:
    height, width = image.shape[2:]
    return (torch.arange(height) < share * height)[:, None].expand(height, width), ("top", "bottom")


def _disc(image: Tensor, share: float) -> tuple[Tensor, tuple[str, str]]:
    height, width = image.shape[2:]
    y, x = torch.arange(height) + 0.5 - height / 2, torch.arange(width) + 0.5 - width / 2
    return torch.hypot(y[:, None], x[None]) < share * min(height, width) / 2, ("inside", "outside")


def _bright(image: Tensor, threshold: float) -> tuple[Tensor, tuple[str, str]]:
    """By the mean of a neighbourhood, a fiftieth of the longer side: single bright pixels are not a region."""
    luma = grey(image[:1].float().cpu())[:, :1]
    reach = max(image.shape[2:]) // 100
    padded = functional.pad(luma, (reach,) * 4, mode="replicate")
    return functional.avg_pool2d(padded, 2 * reach + 1, 1)[0, 0] >= threshold, ("bright", "dark")


ROUGH: dict[str, tuple[Callable[[Tensor, float], tuple[Tensor, tuple[str, str]]], float, str]] = {
    "left": (_left, 0.5, "this share of the width, and the rest"),
    "top": (_top, 0.5, "this share of the height, and the rest"),
    "disc": (_disc, 0.7, "a disc of this share of the shorter side, and what is around it"),
    "bright": (_bright, 0.5, "where the luma is at least this, and the rest"),
}
"""Rough selections by name: what makes one, its number where none is given, and what the number means."""


def _rough(
    source: MaskSource, name: str
) -> tuple[Callable[[Tensor, float], tuple[Tensor, tuple[str, str]]], float] | None:
    """The selection that a word names, and its number; None if it is no such word, or a file has that name."""
    if not isinstance(source, str) or os.path.exists(source):
        return None
    word, equals, number = source.partition("=")
    if word not in ROUGH:
        return None
    select, usual, _ = ROUGH[word]
    try:
        share = float(number) if equals else usual
    except ValueError:
        share = -1.0
    if not 0 < share < 1:
        raise InputError(f"{name}: expected a number between 0 and 1, such as {word}={usual}, got {shown(source)}")
    return select, share


def _codes(source: MaskSource, name: str) -> Tensor:
    """A whole number for each pixel, equal where the colours are equal: 65536 R + 256 G + B."""
    if not isinstance(source, Tensor):
        picture = load_image(source)
        _check_fits(picture, name)
        return _colours(picture)
    _check_fits(source, name)
    mask = source.detach().cpu()
    if mask.dim() == 4 and mask.shape[:2] == (1, 3) and 0 not in mask.shape and mask.is_floating_point():
        return _colours(mask)
    if mask.dim() != 2 or 0 in mask.shape or mask.is_complex():
        raise InputError(f"{name}: expected labels (H, W), got {mask.dtype} {tuple(mask.shape)}")
    if mask.is_floating_point():
        low, high = (float(value) for value in mask.aminmax())
        if not (low >= 0 and high <= 1):
            raise InputError(f"{name}: expected grey levels in [0, 1], or whole numbers; got {low:.4g} … {high:.4g}")
        mask = (mask * 255).round()
    mask = mask.long()
    if mask.min() < 0 or mask.max() > 255:
        raise InputError(f"{name}: expected labels from 0 to 255, got {int(mask.min())} … {int(mask.max())}")
    return mask * 0x010101


def _check_fits(mask: Tensor, name: str) -> None:
    if mask.dim() < 2:
        return  # not a mask, which `_codes` says
    height, width = mask.shape[-2:]
    check_memory(
        _PER_PIXEL * height * width,
        f"{name}: a mask of {width} × {height} pixels",
        lambda share: f"at most {int(width * share**0.5)} × {int(height * share**0.5)} fit",
    )


def _colours(image: Tensor) -> Tensor:
    codes: Tensor = (image[0] * 255).round().long()
    return codes[0] * 65536 + codes[1] * 256 + codes[2]


def _check_proportions(codes: Tensor, image: Tensor, name: str) -> None:
    """Check that the proportions agree, but for the rounding of sides."""
    (rows, columns), (height, width) = codes.shape, image.shape[2:]
    rounding = 0.01 + 1.5 / min(rows, columns, height, width)
    if abs(rows * width / (columns * height) - 1) > rounding:
        raise InputError(
            f"{name}: expected the proportions of its picture, {width} × {height}, got {columns} × {rows}; "
            "make the mask from the same picture, uncropped"
        )


def _labelled(codes: Tensor, name: str) -> Mask:
    found, place, count = torch.unique(codes, return_inverse=True, return_counts=True)
    large = count >= SMALLEST * codes.numel()
    if not 1 <= int(large.sum()) <= MOST_LABELS:
        raise InputError(
            f"{name}: expected at most {MOST_LABELS} labels, got {len(found)} different grey levels or colours; "
            "paint each region in one colour, and save it as PNG (a JPEG blurs colours)"
        )
    kept = found[large]
    # In the order of `found`; a label that is kept is nearest to itself.
    nearest = torch.cdist(_rgb(found), _rgb(kept)).argmin(1)
    return Mask(nearest[place], tuple(_name(int(code)) for code in kept))


def _rgb(codes: Tensor) -> Tensor:
    return torch.stack([codes // 65536, codes // 256 % 256, codes % 256], 1).double()


def _name(code: int) -> str:
    red, green, blue = code >> 16, code >> 8 & 255, code & 255
    return str(red) if red == green == blue else f"#{code:06x}"
