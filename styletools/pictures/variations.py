"""Changes to a picture whose effect on features and Gram matrices is worth looking at."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from styletools.door import explained
from styletools.errors import InputError, check_whole, shown
from styletools.pictures.images import check_image

__all__ = ["VARIATIONS", "crop", "grey", "mirror", "recolour", "scatter", "shift", "turn"]


@explained
def mirror(image: Tensor) -> Tensor:
    """Flip left and right.

    Args:
        image: (B, 3, H, W).

    Raises:
        InputError: not a picture.

    Example:
        >>> mirror(torch.tensor([0.0, 1.0]).view(1, 1, 1, 2).expand(1, 3, 1, 2))[0, 0]
        tensor([[1., 0.]])
    """
    check_image(image, "image")
    return image.flip(3)


@explained
def turn(image: Tensor) -> Tensor:
    """Turn by 90°, counter-clockwise; height and width change places.

    Args:
        image: (B, 3, H, W).

    Raises:
        InputError: not a picture.

    Example:
        >>> turn(torch.rand(1, 3, 4, 6)).shape
        torch.Size([1, 3, 6, 4])
    """
    check_image(image, "image")
    return image.rot90(1, (2, 3)).contiguous()


@explained
def crop(image: Tensor, share: float = 0.75) -> Tensor:
    """Keep the middle.

    Args:
        image: (B, 3, H, W).
        share: of each side that is kept, above 0, at most 1.

    Raises:
        InputError: not a picture, or a share out of range.

    Example:
        >>> crop(torch.rand(1, 3, 40, 60), 0.5).shape
        torch.Size([1, 3, 20, 30])
    """
    check_image(image, "image")
    if not 0 < share <= 1:
        raise InputError(f"share: expected above 0 and at most 1, got {shown(share)}")
    height, width = (max(1, round(side * share)) for side in image.shape[2:])
    top, left = (image.shape[2] - height) // 2, (image.shape[3] - width) // 2
    return image[:, :, top : top + height, left : left + width].clone()


@explained
def shift(image: Tensor, pixels: int = 4) -> Tensor:
    """Move the picture to the right; what leaves it there re-enters on the left.

    Args:
        image: (B, 3, H, W).
        pixels: how far.

    Raises:
        InputError: not a picture.

    Example:
        >>> shift(torch.tensor([1.0, 2.0, 3.0]).view(1, 1, 1, 3).expand(1, 3, 1, 3) / 4, 1)[0, 0] * 4
        tensor([[3., 1., 2.]])
    """
    check_image(image, "image")
    return image.roll(pixels, 3)


@explained
def scatter(image: Tensor, block: int = 16, seed: int = 0) -> Tensor:
    """Cut the picture into square blocks and lay them out in a random order.

    Args:
        image: (B, 3, H, W); what remains of each side beyond whole blocks is cut off.
        block: side in pixels; 1 shuffles single pixels.
        seed: of the random order.

    Raises:
        InputError: not a picture, or a block that does not fit into it.

    Example:
        >>> image = torch.rand(1, 3, 4, 4)
        >>> mixed = scatter(image, block=2)
        >>> torch.equal(mixed.flatten().sort().values, image.flatten().sort().values)
        True
    """
    check_image(image, "image")
    check_whole("seed", seed, most=2**63 - 1)
    if not 1 <= block <= min(image.shape[2:]):
        raise InputError(f"block: expected 1 … {min(image.shape[2:])} pixels, got {shown(block)}")
    rows, columns = (side // block for side in image.shape[2:])
    batch, colours = image.shape[:2]
    cut = image[:, :, : rows * block, : columns * block].reshape(batch, colours, rows, block, columns, block)
    blocks = cut.permute(2, 4, 0, 1, 3, 5).flatten(0, 1)
    blocks = blocks[torch.randperm(len(blocks), generator=torch.Generator().manual_seed(int(seed))).to(image.device)]
    blocks = blocks.view(rows, columns, batch, colours, block, block).permute(2, 3, 0, 4, 1, 5)
    return blocks.reshape(batch, colours, rows * block, columns * block)


@explained
def recolour(image: Tensor) -> Tensor:
    """Rotate the three colour channels: red becomes green, green blue, blue red.

    Args:
        image: (B, 3, H, W).

    Raises:
        InputError: not a picture.

    Example:
        >>> recolour(torch.tensor([1.0, 0.5, 0.0]).view(1, 3, 1, 1)).flatten()
        tensor([0.0000, 1.0000, 0.5000])
    """
    check_image(image, "image")
    return image[:, [2, 0, 1]]


@explained
def grey(image: Tensor) -> Tensor:
    """Remove the colour, keep the brightness (the luma weights of ITU-R BT.601).

    Args:
        image: (B, 3, H, W).

    Raises:
        InputError: not a picture.

    Example:
        >>> grey(torch.tensor([1.0, 0.0, 0.0]).view(1, 3, 1, 1)).flatten()
        tensor([0.2990, 0.2990, 0.2990])
    """
    check_image(image, "image")
    weights = image.new_tensor([0.299, 0.587, 0.114]).view(1, 3, 1, 1)
    return (image * weights).sum(1, keepdim=True).expand_as(image).contiguous()


VARIATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "mirror": mirror,
    "turn": turn,
    "crop": crop,
    "shift": shift,
    "scatter blocks": scatter,
    "scatter pixels": lambda image: scatter(image, block=1),
    "recolour": recolour,
    "grey": grey,
}
"""All variations by name, each (1, 3, H, W) → (1, 3, H', W')."""
