"""Pictures ↔ tensors: read, resize, and the pictures that a synthesis starts from.

Outside the network a picture is always float32 RGB in [0, 1] of shape (B, 3, H, W).
"""

from __future__ import annotations

import difflib
import io
import os
import warnings
from numbers import Integral
from pathlib import Path
from typing import IO, TypeAlias

import numpy as np
import torch
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError
from torch import Tensor
from torch.nn import functional

from styletools.door import explained
from styletools.errors import ImageError, InputError, check_whole, shown
from styletools.pictures.procedural import PROCEDURAL
from styletools.pictures.samples import SAMPLES, sample
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

ImageSource: TypeAlias = str | os.PathLike[str] | bytes | bytearray | memoryview | IO[bytes] | Image.Image
"""What `load_image` reads."""


@explained
@undisturbed
def load_image(source: ImageSource, size: int | None = None) -> Tensor:
    """Read a picture.

    Whatever Pillow reads is accepted, in every mode: transparency is laid over white, CMYK, palette, grey and
    16-bit pictures become 8-bit RGB, an embedded colour profile is converted to sRGB, the EXIF orientation is
    applied, and of an animation the first frame is taken.

    Args:
        source: path, bytes, binary file object or PIL image; also the name of a bundled picture
            (`styletools.SAMPLES`, `styletools.PROCEDURAL`) where no file has that name.
        size: the longer side in pixels, the picture is made smaller or larger to match. The shorter side is
            round(shorter · size / longer), at least 1. None keeps the picture's own size.

    Returns:
        (1, 3, H, W) float32 in [0, 1].

    Raises:
        ImageError: not a picture, truncated, too large to be safe, empty, a folder, or no such file; one line
            says which, and for a missing file the nearest name.

    Example:
        >>> load_image("chelsea").shape
        torch.Size([1, 3, 300, 451])
        >>> load_image("chelsea", size=256).shape
        torch.Size([1, 3, 170, 256])
    """
    _check_size(size)
    image = _to_rgb(*open_image(source))
    if size is not None:
        width, height = fit_size(image.width, image.height, size)
        image = image.resize((width, height), Image.Resampling.LANCZOS)
    return to_tensor(image)


@explained
@undisturbed
def load_opacity(source: ImageSource, size: int | None = None) -> Tensor | None:
    """Read what is transparent in a picture: its alpha channel, or the colour that its file says is not seen.

    `load_image` lays the picture over white; this is what it was laid over white with, at the same size and
    turned the same way.

    Args:
        source: as for `load_image`.
        size: as for `load_image`.

    Returns:
        (1, 1, H, W) float32, 0 where nothing is seen of the picture, 1 where it covers what is behind it. None if
        it does so everywhere.

    Raises:
        ImageError: as `load_image`.

    Example:
        >>> half = Image.new("RGBA", (2, 1), "red")
        >>> half.putpixel((1, 0), (255, 0, 0, 51))
        >>> load_opacity(half)
        tensor([[[[1.0000, 0.2000]]]])
        >>> print(load_opacity("chelsea"))
        None
    """
    _check_size(size)
    image, name = open_image(source)
    try:
        alpha = _alpha(_upright(image))
    except (ValueError, OSError) as error:
        raise ImageError(f"the transparency of {name} cannot be read: {_one_line(error)}") from error
    if alpha is None or alpha.getextrema() == (255, 255):
        return None
    if size is not None:
        alpha = alpha.resize(fit_size(alpha.width, alpha.height, size), Image.Resampling.LANCZOS)
    return torch.from_numpy(np.array(alpha, dtype=np.float32) / 255)[None, None]


def to_tensor(image: Image.Image) -> Tensor:
    """Turn a PIL image of mode RGB into a (1, 3, H, W) float32 tensor in [0, 1].

    Example:
        >>> to_tensor(Image.new("RGB", (2, 1), (255, 0, 51))).flatten().tolist()
        [1.0, 1.0, 0.0, 0.0, 0.20000000298023224, 0.20000000298023224]
    """
    pixels = np.array(image, dtype=np.float32) / 255
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

    Example:
        >>> resize(torch.rand(1, 3, 10, 20), 5, 10).shape
        torch.Size([1, 3, 5, 10])
    """
    if image.shape[-2:] == (height, width):
        return image
    # Apple's MPS does not have this operator in every version of torch.
    source = image.cpu() if image.device.type == "mps" else image
    resized = functional.interpolate(source, size=(height, width), mode="bicubic", align_corners=False, antialias=True)
    return resized.clamp(0, 1).to(image.device)


@explained
@undisturbed
def white_noise(height: int, width: int, seed: int = 0) -> Tensor:
    """White noise over the whole range: each channel of each pixel uniform in [0, 1].

    Its standard deviation is 1/√12 ≈ 0.29. (Noise with a deviation of 1 on a scale of 0 … 255, as some
    implementations have it, is flat grey to the eye.)

    Returns:
        (1, 3, H, W) float32. The same seed gives the same noise on every device.

    Raises:
        InputError: a seed that is not a whole number ≥ 0.

    Example:
        >>> white_noise(64, 64).std().item()  # doctest: +ELLIPSIS
        0.28...
    """
    check_whole("seed", seed, most=2**63 - 1)
    check_whole("height", height, 1)
    check_whole("width", width, 1)
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
    """Check that a tensor is one picture, and give it a batch of one if it has none.

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
    return max(1, round(width * size / longer)), max(1, round(height * size / longer))


def _check_size(size: int | None) -> None:
    if size is not None and (isinstance(size, bool) or not isinstance(size, Integral) or size < 1):
        raise InputError(f"size: expected a whole number of pixels, at least 1, got {shown(size)}")


def open_image(source: ImageSource) -> tuple[Image.Image, str]:
    """Open and decode a picture as it is, in its own mode.

    Returns:
        The PIL image, and a name for it in messages.

    Raises:
        ImageError: as `load_image`.

    Example:
        >>> image, name = open_image("chelsea")
        >>> image.size, name
        ((451, 300), 'chelsea')
    """
    if isinstance(source, Image.Image):
        image, name = source, "the PIL image"
        _decode(image, name)
        return image, name
    if isinstance(source, str | os.PathLike):
        path = expanded(source)
        if not os.path.isfile(path) and str(source) in (*SAMPLES, *PROCEDURAL):
            return sample(str(source)), str(source)
        data, name = _read(path), str(path)
    elif isinstance(source, bytes | bytearray | memoryview):
        data, name = bytes(source), "the picture"
    elif hasattr(source, "read"):
        data, name = source.read(), str(getattr(source, "name", "the picture"))
    else:
        raise ImageError(f"expected a path, bytes, a binary file object or a PIL image, got {type(source).__name__}")
    if not isinstance(data, bytes) or not data:
        reason = "is empty (0 bytes)" if not data else "was opened as text; open it with mode 'rb'"
        raise ImageError(f"{name} {reason}")
    return _decode_bytes(data, name), name


def expanded(path: str | os.PathLike[str]) -> Path:
    """A path with `~` spelt out; a name that only looks like it stays.

    Example:
        >>> expanded("~/a.png") == Path.home() / "a.png", expanded("a~.png").name
        (True, 'a~.png')
    """
    try:
        return Path(path).expanduser()
    except RuntimeError:  # no such user
        return Path(path)


def _read(path: Path) -> bytes:
    if os.path.isdir(path):
        raise ImageError(f"{path} is a folder, not a picture")
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise ImageError(f"no such file: {path}{_nearest(path)}") from None
    except (OSError, ValueError) as error:  # ValueError: a name that no system has
        raise ImageError(f"cannot read {path}: {getattr(error, 'strerror', None) or error}") from error


def _nearest(path: Path) -> str:
    """Return ' (did you mean …?)' with the nearest file or sample name, or where to look."""
    if "://" in str(path) or ":/" in str(path):
        return " (addresses are not fetched: download the picture first)"
    if not os.path.isdir(path.parent):
        return f" (there is no folder {path.parent})"
    names = os.listdir(path.parent) if os.access(path.parent, os.R_OK) else []
    endings = Image.registered_extensions()
    names = [name for name in names if Path(name).suffix.lower() in endings]
    close = difflib.get_close_matches(path.name, [*names, *SAMPLES, *PROCEDURAL], n=1, cutoff=0.5)
    if not close:
        return ""
    return f" (did you mean {path.parent / close[0] if close[0] in names else close[0]}?)"


def _decode_bytes(data: bytes, name: str) -> Image.Image:
    try:
        with warnings.catch_warnings():
            # Pillow only warns of a picture up to twice its limit; here it is refused like the larger ones.
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            image = Image.open(io.BytesIO(data))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        limit = (Image.MAX_IMAGE_PIXELS or 0) // 1_000_000
        raise ImageError(f"{name} is too large: more than {limit} million pixels; make it smaller") from None
    except UnidentifiedImageError:
        raise ImageError(f"{name} is not a picture that can be read; expected PNG, JPEG, …") from None
    except Exception as error:  # a damaged header makes Pillow's plugins raise almost anything
        raise ImageError(f"{name} is damaged: {_one_line(error)}") from error
    _decode(image, name)
    return image


def _decode(image: Image.Image, name: str) -> None:
    if 0 in image.size:
        raise ImageError(f"{name} is empty: its size is {image.width} × {image.height}")
    try:
        image.load()
    except Exception as error:  # as above
        raise ImageError(f"{name} is damaged or truncated: {_one_line(error)}") from error


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__


def _to_rgb(image: Image.Image, name: str) -> Image.Image:
    try:
        profile = image.info.get("icc_profile")
        image = _to_8_bits(_upright(image))
        if image.has_transparency_data:
            image = _over_white(image)
        return _to_srgb(image, profile)
    except (ValueError, OSError) as error:
        raise ImageError(f"{name} cannot be turned into RGB: {_one_line(error)}") from error


def _upright(image: Image.Image) -> Image.Image:
    """Turn the picture as its EXIF data say; damaged EXIF data say nothing."""
    try:
        return ImageOps.exif_transpose(image)
    except Exception:  # Pillow's EXIF reader raises almost anything
        return image


def _to_8_bits(image: Image.Image) -> Image.Image:
    """Scale the greyscale modes that have more than 8 bits."""
    if not image.mode.startswith(("I", "F")):
        return image
    values = np.asarray(image).astype(np.float64)
    values = np.nan_to_num(values, nan=0.0, posinf=np.inf, neginf=0.0)
    # I;16 is 0 … 65535 by definition. The modes I (32-bit) and F (float) state no range: the smallest usual one
    # that holds the picture is taken. Floats up to 1 may be a little over it, from sharpening or resizing.
    if image.mode.startswith("I;16"):
        top = 65535.0
    else:
        finite = values[np.isfinite(values)]
        highest = finite.max() if finite.size else 0.0
        ranges = (1.0, 255.0, 65535.0) if image.mode == "F" else (255.0, 65535.0, 2.0**31 - 1)
        over = 2.0 if image.mode == "F" else 1.0
        top = ranges[0] if highest <= over * ranges[0] else next((x for x in ranges if highest <= x), float(highest))
    return Image.fromarray((np.clip(values / top, 0, 1) * 255).round().astype(np.uint8))


def _to_rgba(image: Image.Image) -> Image.Image:
    via = {"La": "LA", "PA": "RGBA"}.get(image.mode)  # Pillow has no direct way from La to RGBA
    return (image.convert(via) if via else image).convert("RGBA")


def _alpha(image: Image.Image) -> Image.Image | None:
    if not image.has_transparency_data:
        return None
    if image.mode.startswith(("I", "F")):  # grey with one shade that is not seen, which Pillow does not convert
        seen = np.asarray(image) != image.info["transparency"]
        return Image.fromarray(seen.astype(np.uint8) * 255)
    return _to_rgba(image).getchannel("A")


def _over_white(image: Image.Image) -> Image.Image:
    white = Image.new("RGBA", image.size, "white")
    return Image.alpha_composite(white, _to_rgba(image)).convert("RGB")


def _to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    srgb = ImageCms.createProfile("sRGB")
    if image.mode == "LAB":
        lab = ImageCms.createProfile("LAB")
        converted = ImageCms.profileToProfile(image, lab, srgb, outputMode="RGB")
        return converted if converted is not None else image.convert("RGB")
    if image.mode not in ("RGB", "CMYK", "L"):
        image = image.convert("RGB")  # palettes and their like: the profile speaks of the colours in them
    if profile:
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            converted = ImageCms.profileToProfile(image, source, srgb, outputMode="RGB")
            if converted is not None:
                return converted
        except (ImageCms.PyCMSError, OSError):
            pass  # a damaged or unfitting profile: the plain conversion is the best that is left
    return image.convert("RGB")
