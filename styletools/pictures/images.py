"""Pictures ↔ tensors: reading, resizing, and the noise that a synthesis starts from.

Outside the network a picture is always float32 RGB in [0, 1] of shape (B, 3, H, W).
"""

from __future__ import annotations

import math
from numbers import Integral

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional

from styletools.door import explained
from styletools.errors import InputError, check_whole, shown
from styletools.memory import check_memory
from styletools.pictures.decoding import ImageSource, expanded, one_line, open_image
from styletools.pictures.modes import opacity_of, over_white
from styletools.surroundings import undisturbed

__all__ = [
    "ImageSource",
    "check_image",
    "expanded",
    "fit_size",
    "load_image",
    "load_opacity",
    "one_picture",
    "open_image",
    "resize",
    "to_pil",
    "to_tensor",
    "white_noise",
]

_PER_PIXEL = 28  # bytes: Pillow's four, and a float for each colour, at first in two copies


@explained
@undisturbed
def load_image(source: ImageSource, size: int | None = None) -> Tensor:
    """Read a picture.

    Whatever Pillow reads is accepted, in every mode: transparent pictures are laid over white, CMYK, palette, grey and
    16-bit pictures become 8-bit RGB, a colour profile in the file is converted to sRGB (before the white), the EXIF
    orientation is applied, and the first frame of an animation is taken. HEIC, which phones write, needs
    `pip install "styletools[heic]"`; AVIF needs Pillow 11.3.

    Args:
        source: path, bytes, binary file object or PIL image; also the name of a bundled picture
            (`styletools.SAMPLES`, `styletools.PROCEDURAL`) where no file has that name.
        size: the longer side in pixels; the picture is made smaller or larger to match. The shorter side is
            round(shorter · size / longer), at least 1. None keeps the picture's own size.

    Returns:
        (1, 3, H, W) float32 in [0, 1].

    Raises:
        ImageError: not a picture, truncated, too large to be safe, empty, a folder, or no such file; one line
            says which, with the nearest name for a missing file, and what to do for a format that is not read.
        InputError: a size that is not a whole number ≥ 1, or that does not fit into memory; the message says what does.

    Example:
        >>> load_image("chelsea").shape
        torch.Size([1, 3, 300, 451])
        >>> load_image("chelsea", size=256).shape
        torch.Size([1, 3, 170, 256])
    """
    _check_size(size)
    image = over_white(*open_image(source))
    _check_fits(image.width, image.height, size)
    return to_tensor(_resized(image, size))


@explained
@undisturbed
def load_opacity(source: ImageSource, size: int | None = None) -> Tensor | None:
    """Read the opacity of a picture: its alpha channel, or the colours that its file declares transparent.

    `load_image` lays the picture over white with this opacity. It has the same size and is turned the same way.

    Args:
        source: as for `load_image`.
        size: as for `load_image`.

    Returns:
        (1, 1, H, W) float32, 0 where the picture is not seen at all, 1 where it covers what is behind it. None if
        it does so everywhere.

    Raises:
        ImageError: as `load_image`.
        InputError: as `load_image`.

    Example:
        >>> half = Image.new("RGBA", (2, 1), "red")
        >>> half.putpixel((1, 0), (255, 0, 0, 51))
        >>> load_opacity(half)
        tensor([[[[1.0000, 0.2000]]]])
        >>> print(load_opacity("chelsea"))
        None
    """
    _check_size(size)
    alpha = opacity_of(*open_image(source))
    if alpha is None:
        return None
    _check_fits(alpha.width, alpha.height, size)
    alpha = _resized(alpha, size)
    return torch.from_numpy(np.array(alpha, dtype=np.float32) / 255)[None, None]


def to_tensor(image: Image.Image) -> Tensor:
    """Turn a PIL image of mode RGB into a (1, 3, H, W) float32 tensor in [0, 1].

    Example:
        >>> to_tensor(Image.new("RGB", (2, 1), (255, 0, 51))).flatten().tolist()
        [1.0, 1.0, 0.0, 0.0, 0.20000000298023224, 0.20000000298023224]
    """
    pixels = np.array(image, dtype=np.float32)
    pixels /= 255  # in place: a picture can be large
    return torch.from_numpy(pixels).permute(2, 0, 1)[None].contiguous()


@explained
def to_pil(image: Tensor) -> Image.Image:
    """Turn one picture, (1, 3, H, W) or (3, H, W) in [0, 1], into a PIL image, rounded to 8 bits.

    Raises:
        InputError: another shape, or values that are not in [0, 1].

    Example:
        >>> to_pil(torch.ones(1, 3, 4, 6)).size
        (6, 4)
    """
    pixels = one_picture(image)[0].detach().permute(1, 2, 0).mul(255).round().clamp(0, 255)
    return Image.fromarray(pixels.to("cpu", torch.uint8).numpy())


def resize(image: Tensor, height: int, width: int) -> Tensor:
    """Resize a picture tensor smoothly (bicubic, antialiased), values kept in [0, 1].

    Args:
        image: (B, C, H, W).
        height: in pixels.
        width: in pixels.

    Raises:
        InputError: a side that is not a whole number ≥ 1, or a picture that does not fit into memory.

    Example:
        >>> resize(torch.rand(1, 3, 10, 20), 5, 10).shape
        torch.Size([1, 3, 5, 10])
    """
    if image.shape[-2:] == (height, width):
        return image
    height, width = _sides(height, width, 3 * image.shape[0] * image.shape[1] * image.element_size())
    # Apple's MPS does not have this operator in every version of torch.
    source = image.cpu() if image.device.type == "mps" else image
    resized = functional.interpolate(source, size=(height, width), mode="bicubic", align_corners=False, antialias=True)
    return resized.clamp(0, 1).to(image.device)


@explained
@undisturbed
def white_noise(height: int, width: int, seed: int = 0) -> Tensor:
    """White noise over the whole range: each channel of each pixel uniform in [0, 1].

    Its standard deviation is 1/√12 ≈ 0.29. (Noise with a deviation of 1 on a scale of 0 … 255, as in some
    implementations, is flat grey to the eye.)

    Returns:
        (1, 3, H, W) float32. The same seed gives the same noise on every device.

    Raises:
        InputError: a seed that is not a whole number ≥ 0, a side that is not a whole number ≥ 1, or noise that does
            not fit into memory.

    Example:
        >>> white_noise(64, 64).std().item()  # doctest: +ELLIPSIS
        0.28...
    """
    check_whole("seed", seed, most=2**63 - 1)
    height, width = _sides(height, width, 12)
    return torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(int(seed)))


def check_image(image: Tensor, name: str = "image") -> None:
    """Check that a tensor is a picture.

    Raises:
        InputError: not a floating-point (B, 3, H, W) tensor with finite values in [0, 1].
    """
    if not isinstance(image, Tensor):
        raise InputError(f"{name}: expected a tensor (B, 3, H, W), got {type(image).__name__}; see load_image")
    if image.dim() != 4 or image.shape[1] != 3 or 0 in image.shape:
        raise InputError(f"{name}: expected shape (B, 3, H, W), got {tuple(image.shape)}")
    if not image.is_floating_point():
        raise InputError(f"{name}: expected floats in [0, 1], got {image.dtype}; divide by 255")
    low, high = (float(value) for value in image.detach().aminmax())
    if not (low >= -1e-3 and high <= 1 + 1e-3):  # also catches NaN
        raise InputError(f"{name}: expected values in [0, 1], got {low:.4g} … {high:.4g}; scale or clamp them")


def one_picture(image: Tensor, name: str = "image") -> Tensor:
    """Check that a tensor is one picture, and add the batch dimension if it has none.

    Args:
        image: (1, 3, H, W) or (3, H, W) in [0, 1].
        name: of the argument, in messages.

    Returns:
        (1, 3, H, W).

    Raises:
        InputError: not a picture, or several.

    Example:
        >>> one_picture(torch.rand(3, 4, 6)).shape
        torch.Size([1, 3, 4, 6])
    """
    if isinstance(image, Tensor) and image.dim() == 3:
        image = image[None]
    check_image(image, name)
    if image.shape[0] != 1:
        raise InputError(f"{name}: expected one picture, got a batch of {image.shape[0]}; take image[0], image[1], …")
    return image


def fit_size(width: int, height: int, size: int) -> tuple[int, int]:
    """Width and height with the longer side exactly `size`, the shorter one rounded, at least 1.

    Example:
        >>> fit_size(451, 300, 256)
        (256, 170)
    """
    _check_size(size)
    longer = max(width, height)
    return max(1, round(width * int(size) / longer)), max(1, round(height * int(size) / longer))


def _check_size(size: int | None) -> None:
    if size is not None and (isinstance(size, bool) or not isinstance(size, Integral) or size < 1):
        raise InputError(f"size: expected a whole number of pixels, at least 1, got {shown(size)}")


def _check_fits(width: int, height: int, size: int | None) -> None:
    """Refuse a size whose tensor, with the copies on the way to it, does not fit into memory."""
    wanted = max(width, height) if size is None else int(size)
    columns, rows = fit_size(width, height, wanted)
    check_memory(
        _PER_PIXEL * columns * rows + 4 * columns * height,  # Pillow resizes each row first, then the columns
        f"size: {wanted} pixels",
        lambda share: f"at most {_rounded(wanted * math.sqrt(share))} fit",
    )


def _rounded(pixels: float) -> int:
    """Round down to two significant digits, at least one pixel."""
    whole = max(1, int(pixels))
    step = 10 ** max(0, len(str(whole)) - 2)
    return int(whole // step * step)


def _resized(image: Image.Image, size: int | None) -> Image.Image:
    if size is None:
        return image
    try:
        return image.resize(fit_size(image.width, image.height, size), Image.Resampling.LANCZOS)
    except (MemoryError, OverflowError, ValueError) as error:  # where it is not known how much memory there is
        raise InputError(f"size: {size} pixels are too many: {one_line(error)}; take fewer") from error


def _sides(height: int, width: int, per_pixel: int) -> tuple[int, int]:
    """Check the sides of a new picture that needs `per_pixel` bytes for each pixel."""
    for name, side in (("height", height), ("width", width)):
        check_whole(name, side, 1)
    height, width = int(height), int(width)
    check_memory(
        per_pixel * height * width,
        f"{width} × {height} pixels",
        lambda share: f"at most {_rounded(width * math.sqrt(share))} × {_rounded(height * math.sqrt(share))} fit",
    )
    return height, width
