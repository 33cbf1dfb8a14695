"""Turn pictures of every Pillow mode and colour profile into sRGB over white, and read what is transparent in them.

First the colours, then white: a profile describes the picture's own colours, not those that white was mixed into.
"""

from __future__ import annotations

import io

import numpy as np
from PIL import Image, ImageChops, ImageCms, ImageOps

from styletools.errors import ImageError
from styletools.pictures.decoding import one_line, quiet

__all__ = ["opacity_of", "over_white"]

_SPACES = {"RGB": "RGB", "L": "GRAY", "CMYK": "CMYK"}
"""The kind of profile that fits each mode."""


def over_white(image: Image.Image, name: str) -> Image.Image:
    """Turn a decoded picture into sRGB, upright, over white.

    Args:
        image: in any mode.
        name: of the picture, for messages.

    Returns:
        Mode RGB.

    Raises:
        ImageError: Pillow cannot convert it.

    Example:
        >>> over_white(Image.new("LA", (1, 1), (0, 51)), "ink").getpixel((0, 0))
        (204, 204, 204)
    """
    try:
        with quiet():
            profile = image.info.get("icc_profile")
            image = _upright(image)
            alpha = _alpha(image)
            colours = _to_srgb(_opaque(_to_8_bits(image)), profile)
            if alpha is not None:
                white = Image.new("RGB", colours.size, "white")
                colours = Image.composite(colours, white, alpha)
            return colours
    except (ValueError, TypeError, OSError, MemoryError) as error:
        raise ImageError(f"{name} cannot be turned into RGB: {one_line(error)}") from error


def opacity_of(image: Image.Image, name: str) -> Image.Image | None:
    """The opacity with which `over_white` lays a picture over white.

    Args:
        image: in any mode.
        name: of the picture, for messages.

    Returns:
        Mode L, upright: 0 where the picture is not seen at all. None if nothing is transparent.

    Raises:
        ImageError: Pillow cannot convert it.

    Example:
        >>> opacity_of(Image.new("LA", (1, 1), (0, 51)), "ink").getpixel((0, 0))
        51
    """
    try:
        with quiet():
            alpha = _alpha(_upright(image))
    except (ValueError, TypeError, OSError, MemoryError) as error:
        raise ImageError(f"the transparency of {name} cannot be read: {one_line(error)}") from error
    return None if alpha is None or alpha.getextrema() == (255, 255) else alpha


def _upright(image: Image.Image) -> Image.Image:
    """Turn the picture as its EXIF data say; damaged EXIF data are ignored."""
    try:
        return ImageOps.exif_transpose(image)
    except Exception:  # Pillow's EXIF reader raises almost anything
        return image


def _to_8_bits(image: Image.Image) -> Image.Image:
    """Scale the greyscale modes that have more than 8 bits."""
    if not image.mode.startswith(("I", "F")):
        return image
    with np.errstate(invalid="ignore"):  # converting a signalling NaN would warn
        values = np.asarray(image).astype(np.float64)
    values = np.nan_to_num(values, nan=0.0, posinf=np.inf, neginf=0.0)
    # I;16 is 0 … 65535 by definition. The modes I (32-bit) and F (float) state no range: the smallest usual one
    # that holds the picture is taken. Floats on a scale of 1 may exceed it a little, from sharpening or resizing.
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
    if image.mode.startswith(("I", "F")):  # grey with one transparent shade, which Pillow does not convert
        seen = np.asarray(image) != image.info["transparency"]
        return Image.fromarray(seen.astype(np.uint8) * 255)
    return _to_rgba(image).getchannel("A")


def _opaque(image: Image.Image) -> Image.Image:
    """The picture's own colours, as if nothing were transparent: mode L, RGB, CMYK or LAB."""
    if image.mode in ("L", "RGB", "CMYK", "LAB"):
        return image
    if image.mode in ("La", "LA"):
        return image.convert("LA").getchannel("L")
    if image.mode == "1":
        return image.convert("L")
    return _to_rgba(image).convert("RGB")


def _to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    srgb = ImageCms.createProfile("sRGB")
    if image.mode == "LAB":
        lab = ImageCms.createProfile("LAB")
        converted = ImageCms.profileToProfile(image, lab, srgb, outputMode="RGB")
        return converted if converted is not None else image.convert("RGB")
    if profile:
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            space = source.profile.xcolor_space.strip()
            if space == "GRAY" and image.mode == "RGB" and _is_grey(image):
                image = image.getchannel("R")  # a palette of greys
            if space == _SPACES[image.mode]:
                converted = ImageCms.profileToProfile(image, source, srgb, outputMode="RGB")
                if converted is not None:
                    return converted
        except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
            pass  # a damaged or unsuitable profile: the plain conversion is the best that is left
    return image.convert("RGB")


def _is_grey(image: Image.Image) -> bool:
    red, green, blue = image.split()
    return not ImageChops.difference(red, green).getbbox() and not ImageChops.difference(green, blue).getbbox()
