"""Pictures as files: 8 or 16 bits per channel, an alpha channel, and inside them the settings that made them.

A 16-bit file keeps what 8 bits round away: printed or graded, the picture shows no steps in a smooth sky.
"""

from __future__ import annotations

import io
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
from styletools.pictures.decoding import expanded, one_line, open_image, quiet
from styletools.pictures.embedded import LONGEST, from_text, to_text
from styletools.pictures.images import one_picture, to_pil

__all__ = ["Format", "check_target", "load_settings", "save_image"]

Format = Literal["PNG", "JPEG", "TIFF"]
"""A picture file's format."""

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
            replaced, but survives if the new one cannot be written.
        settings: stored as JSON in the file (PNG text `styletools`, JPEG comment, TIFF description);
            `load_settings` reads it.
        quality: of a JPEG, 1 … 95.
        bits: of each channel, 8 or 16: round(x · 255) or round(x · 65535). A JPEG has 8.
        opacity: (1, 1, H, W) in [0, 1], 0 where the picture is not seen at all; see `load_opacity`. PNG and TIFF
            keep it as an alpha channel, and the colours as they are; for a JPEG, which has none, the picture is laid
            over white. None is opaque.

    Raises:
        ImageError: an unknown ending, 16 bits in a JPEG, a missing folder, or a refusal by the system.
        InputError: not a picture, values that are not in [0, 1], an opacity that does not fit the picture, or
            bits other than 8 and 16.

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
    text = None if settings is None else _text(settings, file_format)
    if opacity is not None:
        _check_opacity(opacity, image)
    if file_format == "JPEG":
        data = _jpeg(image, text, quality, opacity)
    else:
        pixels = np.asarray(to_pil(image)) if bits == 8 else _integers(image, bits)
        if opacity is not None:
            pixels = np.concatenate([pixels, _integers(opacity, bits)], axis=2)
        write = _tiff if file_format == "TIFF" else _png if bits == 8 else _png_16
        data = write(pixels, text)
    try:
        write_whole(path, data)
    except OSError as error:
        raise ImageError(f"cannot write {path}: {error.strerror or error}") from error


@explained
def load_settings(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Read the settings that `save_image` stored in a file.

    Raises:
        ImageError: the file is not a picture, or holds no settings: there are none, or they are not what `save_image`
            writes (more than a million characters, more than fifty levels, NaN, a key twice, …).
    """
    image, name = open_image(path)
    try:
        with quiet():
            return from_text(_stored(image))
    except Exception as error:  # a damaged tag makes Pillow raise almost anything
        raise ImageError(
            f"{name} holds no settings: it was not saved by styletools, or was edited since ({one_line(error)})"
        ) from None


def _stored(image: Image.Image) -> object:
    """What the file holds where its settings would be."""
    if isinstance(image, TiffImagePlugin.TiffImageFile):
        return image.tag_v2.get(_DESCRIPTION)
    return image.info.get(_SETTINGS) or image.info.get("comment")


def check_target(path: Path, bits: int = 8, size: int = 0) -> Format:
    """Check a path to write to, and return its file format; worth asking before a long computation.

    Args:
        path: of the file.
        bits: per channel, 8 or 16.
        size: bytes that the file may need.

    Raises:
        ImageError: an unknown ending, 16 bits in a JPEG, a missing, read-only or full folder, the path of a folder, of
            a read-only file or of a device, or a name that is too long.
        InputError: bits other than 8 and 16.

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
    """(1, C, H, W) in [0, 1] → (H, W, C), rounded to whole numbers of `bits` bits."""
    top = 2**bits - 1
    # In float64, so that 16 bits are rounded correctly; on the CPU, since not every device has float64.
    values = image[0].detach().cpu().double().mul(top).round().clamp(0, top).permute(1, 2, 0).numpy()
    return values.astype(np.uint8 if bits == 8 else np.uint16)


def _text(settings: dict[str, Any], file_format: Format) -> str | None:
    """Settings as JSON; None, with a warning, if they could not be read back, since the picture matters more."""
    try:
        text = to_text(settings, ascii_only=file_format == "TIFF")  # the tag is ASCII
    except (TypeError, ValueError, RecursionError) as error:
        raise InputError(f"settings: expected what JSON has, got {one_line(error)}") from error
    most, length = _LONGEST_COMMENT if file_format == "JPEG" else LONGEST, len(text.encode())
    reason = f"a {file_format} holds {most} bytes, they have {length}" if length > most else None
    try:
        from_text(text)
    except ValueError as error:
        reason = reason or f"they could not be read again: {one_line(error)}"
    if reason is None:
        return text
    warnings.warn(f"the settings are left out: {reason}", stacklevel=4)
    return None


def _jpeg(image: Tensor, text: str | None, quality: int, opacity: Tensor | None) -> bytes:
    if opacity is not None:
        image = torch.lerp(torch.ones_like(image), image, opacity.to(image))
    buffer = io.BytesIO()
    to_pil(image).save(buffer, "JPEG", quality=quality, subsampling=0, comment=(text or "").encode())
    return buffer.getvalue()


def _png(pixels: NDArray[Any], text: str | None) -> bytes:
    info, buffer = PngImagePlugin.PngInfo(), io.BytesIO()
    if text is not None:
        info.add_itxt(_SETTINGS, text)
    Image.fromarray(pixels).save(buffer, "PNG", pnginfo=info)
    return buffer.getvalue()


def _png_16(pixels: NDArray[Any], text: str | None) -> bytes:
    """By another package: Pillow has no colour with 16 bits."""
    import png  # noqa: PLC0415  # needed only here

    height, width, channels = pixels.shape
    writer = png.Writer(width=width, height=height, greyscale=False, alpha=channels == 4, bitdepth=16)
    buffer = io.BytesIO()
    writer.write_packed(buffer, (row.tobytes() for row in pixels.astype(">u2")))
    if text is None:
        return buffer.getvalue()
    # An iTXt chunk: keyword, not compressed, no language, no translated keyword.
    chunk = _SETTINGS.encode() + b"\0\0\0\0\0" + text.encode()
    header, *rest = png.Reader(bytes=buffer.getvalue()).chunks()
    buffer = io.BytesIO()
    png.write_chunks(buffer, [header, (b"iTXt", chunk), *rest])
    return buffer.getvalue()


def _tiff(pixels: NDArray[Any], text: str | None) -> bytes:
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
        description=text,
        metadata=None,
    )
    return buffer.getvalue()
