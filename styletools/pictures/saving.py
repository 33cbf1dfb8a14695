"""Pictures as files: 8 or 16 bits a channel, an alpha channel, and the settings that made them inside.

A 16-bit file keeps what 8 bits round away: a picture that is to be printed or graded shows no steps in a smooth sky.
"""

from __future__ import annotations

import io
import json
import os
import warnings
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, PngImagePlugin, TiffImagePlugin
from torch import Tensor

from styletools.door import explained
from styletools.errors import ImageError, InputError, shown
from styletools.files import check_writable, write_whole
from styletools.pictures.images import expanded, one_picture, open_image, to_pil

__all__ = ["Format", "check_target", "load_settings", "save_image"]

Format = Literal["PNG", "JPEG", "TIFF"]

_FORMATS: dict[str, Format] = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".tif": "TIFF", ".tiff": "TIFF"}
_LONGEST_COMMENT = 65_000  # bytes
_SETTINGS = "styletools"
_DESCRIPTION = 270  # the TIFF tag ImageDescription


@explained
def save_image(
    image: Tensor,
    path: str | os.PathLike[str],
    settings: dict[str, Any] | None = None,
    *,
    quality: int = 95,
    bits: int = 8,
    opacity: Tensor | None = None,
) -> None:
    """Write a picture, whole or not at all.

    Args:
        image: (1, 3, H, W) or (3, H, W), values in [0, 1].
        path: ends in .png, .jpg, .jpeg, .tif or .tiff; its folder must exist. An old file of that name is
            replaced, and survives if the new one cannot be written.
        settings: stored as JSON in the file (PNG text `styletools`, JPEG comment, TIFF description);
            `load_settings` reads it.
        quality: of a JPEG, 1 … 95.
        bits: of each channel, 8 or 16: round(x · 255) or round(x · 65535). A JPEG has 8.
        opacity: (1, 1, H, W) in [0, 1], from 0, nothing is seen of the picture, to 1; see `load_opacity`. PNG and
            TIFF keep it as alpha channel, and the colours as they are; for a JPEG, which has none, the picture is
            laid over white. None is opaque.

    Raises:
        ImageError: an unknown ending, 16 bits in a JPEG, a missing folder, or the system refused.
        InputError: not a picture, values that are not in [0, 1], an opacity that does not fit the picture, or
            other bits than 8 and 16.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     save_image(torch.rand(1, 3, 8, 8), f"{folder}/a.png", {"seed": 0}, bits=16)
        ...     print(load_settings(f"{folder}/a.png"))
        {'seed': 0}
    """
    path = expanded(path)
    file_format = check_target(path, bits)
    image = one_picture(image)
    try:
        json.dumps(settings)
    except (TypeError, ValueError, RecursionError) as error:
        raise InputError(f"settings: expected what JSON has, got {' '.join(str(error).split())}") from error
    if opacity is not None:
        _check_opacity(opacity, image)
    if file_format == "JPEG":
        data = _jpeg(image, settings, quality, opacity)
    else:
        pixels = np.asarray(to_pil(image)) if bits == 8 else _integers(image, bits)
        if opacity is not None:
            pixels = np.concatenate([pixels, _integers(opacity, bits)], axis=2)
        write = _tiff if file_format == "TIFF" else _png if bits == 8 else _png_16
        data = write(pixels, settings)
    try:
        write_whole(path, data)
    except OSError as error:
        raise ImageError(f"cannot write {path}: {error.strerror or error}") from error


@explained
def load_settings(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Read the settings that `save_image` stored in a file.

    Raises:
        ImageError: the file is not a picture, or holds no settings.
    """
    image, name = open_image(path)
    text = image.info.get(_SETTINGS) or image.info.get("comment")
    if isinstance(image, TiffImagePlugin.TiffImageFile):
        text = image.tag_v2.get(_DESCRIPTION)
    try:
        settings = json.loads(text or "")
    except (TypeError, ValueError):
        settings = None
    if not isinstance(settings, dict):
        raise ImageError(f"{name} holds no settings: it was not saved by styletools, or was edited since")
    return settings


def check_target(path: Path, bits: int = 8, size: int = 0) -> Format:
    """Return the file format of a path to write; worth asking before a long computation.

    Args:
        path: of the file.
        bits: that it is to have in each channel, 8 or 16.
        size: bytes that it may need.

    Raises:
        ImageError: an unknown ending, 16 bits in a JPEG, a missing, read-only or full folder, the path of a folder, of
            a read-only file or of a device, or a name that is too long.
        InputError: other bits than 8 and 16.

    Example:
        >>> check_target(Path("picture.jpg"))
        'JPEG'
        >>> check_target(Path("picture.TIF"), bits=16)
        'TIFF'
    """
    path = expanded(path)
    if bits not in (8, 16):
        raise InputError(f"bits: expected 8 or 16, got {shown(bits)}")
    file_format = _FORMATS.get(path.suffix.lower())
    if file_format is None:
        raise ImageError(f"cannot write {path}: the name must end in {', '.join(_FORMATS)}, not {path.suffix!r}")
    if file_format == "JPEG" and bits != 8:
        raise ImageError(f"cannot write {path} with {bits} bits: a JPEG has 8 bits; take .png or .tif")
    if not os.path.isdir(path.parent):
        raise ImageError(f"cannot write {path}: there is no folder {path.parent}; make it first")
    if os.path.isdir(path):
        raise ImageError(f"cannot write {path}: it is a folder")
    try:
        check_writable(path, size)
    except OSError as error:
        raise ImageError(f"cannot write {path}: {error.strerror or error}") from error
    return file_format


def _check_opacity(opacity: Tensor, image: Tensor) -> None:
    expected = (1, 1, *image.shape[2:])
    if not isinstance(opacity, Tensor):
        raise InputError(f"opacity: expected a tensor {expected}, got {type(opacity).__name__}; see load_opacity")
    if tuple(opacity.shape) != expected:
        raise InputError(f"opacity: expected shape {expected} as the picture, got {tuple(opacity.shape)}")
    if not opacity.is_floating_point():
        raise InputError(f"opacity: expected floats in [0, 1], got {opacity.dtype}")
    low, high = (float(value) for value in opacity.detach().aminmax())
    if not (low >= 0 and high <= 1):  # also catches NaN
        raise InputError(f"opacity: expected values in [0, 1], got {low:.4g} … {high:.4g}; clamp them")


def _integers(image: Tensor, bits: int) -> NDArray[Any]:
    """(1, C, H, W) in [0, 1] → (H, W, C), rounded to so many bits."""
    top = 2**bits - 1
    # In float64, so that 16 bits are the nearest; on the CPU, since not every device has it.
    values = image[0].detach().cpu().double().mul(top).round().clamp(0, top).permute(1, 2, 0).numpy()
    return values.astype(np.uint8 if bits == 8 else np.uint16)


def _jpeg(image: Tensor, settings: dict[str, Any] | None, quality: int, opacity: Tensor | None) -> bytes:
    if opacity is not None:
        image = torch.lerp(torch.ones_like(image), image, opacity.to(image))
    comment, buffer = ("" if settings is None else _text(settings)).encode(), io.BytesIO()
    if len(comment) > _LONGEST_COMMENT:
        warnings.warn(
            f"the settings are left out: a JPEG holds {_LONGEST_COMMENT} bytes, they have {len(comment)}", stacklevel=3
        )
        comment = b""
    to_pil(image).save(buffer, "JPEG", quality=quality, subsampling=0, comment=comment)
    return buffer.getvalue()


def _text(settings: dict[str, Any]) -> str:
    """Settings as JSON; a file name that is not UTF-8 must not cost the picture, and comes back as it was."""
    text = json.dumps(settings, ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:
        return json.dumps(settings)
    return text


def _png(pixels: NDArray[Any], settings: dict[str, Any] | None) -> bytes:
    info, buffer = PngImagePlugin.PngInfo(), io.BytesIO()
    if settings is not None:
        info.add_itxt(_SETTINGS, _text(settings))
    Image.fromarray(pixels).save(buffer, "PNG", pnginfo=info)
    return buffer.getvalue()


def _png_16(pixels: NDArray[Any], settings: dict[str, Any] | None) -> bytes:
    """Pillow has no colour with 16 bits."""
    import png  # noqa: PLC0415  # needed only here

    height, width, channels = pixels.shape
    writer = png.Writer(width=width, height=height, greyscale=False, alpha=channels == 4, bitdepth=16)
    buffer = io.BytesIO()
    writer.write_packed(buffer, (row.tobytes() for row in pixels.astype(">u2")))
    if settings is None:
        return buffer.getvalue()
    # An international text: keyword, not compressed, no language, no translated keyword.
    text = _SETTINGS.encode() + b"\0\0\0\0\0" + _text(settings).encode()
    header, *rest = png.Reader(bytes=buffer.getvalue()).chunks()
    buffer = io.BytesIO()
    png.write_chunks(buffer, [header, (b"iTXt", text), *rest])
    return buffer.getvalue()


def _tiff(pixels: NDArray[Any], settings: dict[str, Any] | None) -> bytes:
    import tifffile  # noqa: PLC0415  # needed only here

    buffer = io.BytesIO()
    tifffile.imwrite(
        buffer,
        pixels,
        photometric="rgb",
        planarconfig="contig",
        extrasamples=["unassalpha"] if pixels.shape[2] == 4 else None,
        compression="zlib",
        predictor=True,
        description=None if settings is None else json.dumps(settings),  # the tag is ASCII
        metadata=None,
    )
    return buffer.getvalue()
