"""Formats that Pillow does not read, known by their first bytes, so that a message can name them and say what to do."""

from __future__ import annotations

import importlib
import re

from PIL import Image, TiffImagePlugin, features

from styletools.errors import ImageError

__all__ = ["foreign", "is_preview", "learn_heic", "runs_programs"]

_EXPORT = "which is not read here; export it as PNG or JPEG"
_FRAME = "not a picture; save one of its frames as PNG"
_RAW = f"is a camera's raw file, {_EXPORT}"
_POSTSCRIPT = (b"%!PS", b"\xc5\xd0\xd3\xc6")
_HEIC = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1"}
_AVIF = {b"avif", b"avis"}
_DNG_VERSION, _CANON, _KIND_OF_PICTURE = 50706, b"CR", 254

# (where, bytes, what the file is)
_KNOWN = [
    (0, b"\xff\x0a", f"is a JPEG XL, {_EXPORT}"),
    (0, b"\0\0\0\x0cJXL ", f"is a JPEG XL, {_EXPORT}"),
    (0, b"FUJIFILMCCD-RAW", _RAW),
    (0, b"IIU\0", _RAW),  # Panasonic
    (0, b"IIRO", _RAW),  # Olympus
    (0, b"IIRS", _RAW),
    (0, b"MMOR", _RAW),
    (0, b"II\x1a\0\0\0HEAPCCDR", _RAW),  # Canon, until 2004
    (0, b"\0MRM", _RAW),  # Minolta
    (0, b"FOVb", _RAW),  # Sigma
    (0, b"gimp xcf", f"is a GIMP project, {_EXPORT}"),
    (0, b"v/1\x01", f"is an OpenEXR, {_EXPORT}"),
    (0, b"#?RADIANCE", f"is a Radiance HDR, {_EXPORT}"),
    (0, b"\x1aE\xdf\xa3", f"is a film (WebM or Matroska), {_FRAME}"),
    (0, b"\0\0\x01\xba", f"is a film (MPEG), {_FRAME}"),
    (0, b"\0\0\x01\xb3", f"is a film (MPEG), {_FRAME}"),
    (8, b"AVI LIST", f"is a film (AVI), {_FRAME}"),
    (0, b"PK\x03\x04", "is a ZIP archive, not a picture; unpack it first"),
]


def foreign(data: bytes) -> str | None:
    """Name the format of a file that cannot be read as a picture, and say what to do.

    Args:
        data: the bytes of the file.

    Returns:
        "is …", or None where nothing is known.

    Example:
        >>> foreign(b"%PDF-1.7")
        'is a PDF, which is not read here; export it as PNG or JPEG'
    """
    brands = _brands(data)
    if brands & _AVIF and not features.check("avif"):
        return 'is an AVIF, which this Pillow does not read; pip install --upgrade "pillow>=11.3", or export it as JPEG'
    if brands & (_HEIC | _AVIF):
        return "is damaged or truncated: it only begins as a HEIC or an AVIF does"
    if b"crx " in brands:
        return _RAW
    if brands:
        return f"is a film (MP4 or QuickTime), {_FRAME}"
    if runs_programs(data):
        return f"is a PostScript drawing, {_EXPORT}"
    start = data[:1024]
    if b"%PDF-" in start:
        return f"is a PDF, {_EXPORT}"
    text = start.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if text.startswith(b"<") and b"<svg" in text:
        return f"is an SVG drawing, {_EXPORT}"
    if re.match(rb"<(!doctype html|html|head)\b", text):
        return "is a web page, not a picture; save the picture itself"
    return next((what for where, magic, what in _KNOWN if data.startswith(magic, where)), None)


def runs_programs(data: bytes) -> bool:
    """Whether Pillow would hand a file to another program, Ghostscript, which runs what it says.

    Example:
        >>> runs_programs(b"%!PS-Adobe-3.0 EPSF-3.0"), runs_programs(b"GIF89a")
        (True, False)
    """
    return data.startswith(_POSTSCRIPT)


def is_preview(image: Image.Image, data: bytes) -> bool:
    """Whether what Pillow found is only the small preview in a raw file: many of these are TIFFs that begin with one.

    Args:
        image: as opened.
        data: the bytes of the file.

    Example:
        >>> is_preview(Image.new("RGB", (4, 4)), b"")
        False
    """
    if not isinstance(image, TiffImagePlugin.TiffImageFile):
        return False
    kind = image.tag_v2.get(_KIND_OF_PICTURE, 0)
    return data[8:10] == _CANON or _DNG_VERSION in image.tag_v2 or (isinstance(kind, int) and kind & 1 == 1)


def learn_heic(data: bytes, name: str) -> None:
    """If a file is a HEIC, teach Pillow to read it, with the package pillow-heif.

    Args:
        data: the bytes of the file.
        name: of the file, for the message.

    Raises:
        ImageError: the package is not installed.

    Example:
        >>> learn_heic(b"GIF89a", "a.gif")
    """
    brands = _brands(data)
    if not brands & _HEIC or brands & _AVIF:
        return
    try:
        importlib.import_module("pillow_heif").register_heif_opener()
    except ImportError:
        raise ImageError(
            f'{name} is a HEIC, which needs one more package: pip install "styletools[heic]"; or export it as JPEG'
        ) from None


def _brands(data: bytes) -> set[bytes]:
    """What a file of the MP4 family says it is: its major brand and those it is compatible with."""
    if data[4:8] != b"ftyp":
        return set()
    box = data[8 : min(int.from_bytes(data[:4], "big"), 512)]
    brands = [box[at : at + 4] for at in range(0, len(box), 4)]
    return {brand for at, brand in enumerate(brands) if at != 1 and len(brand) == 4}  # the second is a version
