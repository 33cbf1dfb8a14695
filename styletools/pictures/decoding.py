"""Open a picture from any source, in its own mode; what is wrong with it is said in one line.

What a file says about itself is not trusted: its size is bounded before it is decoded, and so is its text.
"""

from __future__ import annotations

import difflib
import io
import logging
import os
import stat
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TypeAlias

from PIL import Image, ImageFile, UnidentifiedImageError

from styletools.errors import ImageError, InputError
from styletools.memory import check_memory, in_words
from styletools.pictures.foreign import foreign, is_preview, learn_heic, runs_programs
from styletools.pictures.procedural import PROCEDURAL
from styletools.pictures.samples import SAMPLES, sample

__all__ = ["ImageSource", "expanded", "one_line", "open_image", "quiet"]

ImageSource: TypeAlias = str | os.PathLike[str] | bytes | bytearray | memoryview | IO[bytes] | Image.Image
"""What `load_image` reads."""

_LARGEST_FILE = 2**31  # bytes
_PART = 2**24
_PER_PIXEL = {"I": 60, "F": 60}  # bytes, for the picture and its copies on the way to RGB
_PER_PIXEL_ELSE = 32
_UNKNOWN = "is not a picture that can be read; expected PNG, JPEG, …"
_ONE_AT_A_TIME = threading.RLock()
_PNG = b"\x89PNG\r\n\x1a\n"
# Pillow also logs some errors that it raises; a handler keeps them from being printed where logging is not set up.
logging.getLogger("PIL").addHandler(logging.NullHandler())
_TEXT_CHUNKS = (b"tEXt", b"zTXt", b"iTXt", b"iCCP")


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
        with quiet():
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
        name = str(getattr(source, "name", "the picture"))
        data = _read_all(source, name)
    else:
        raise ImageError(f"expected a path, bytes, a binary file object or a PIL image, got {type(source).__name__}")
    if not data:
        raise ImageError(f"{name} is empty (0 bytes)")
    with quiet():
        return _decode_bytes(data, name), name


@contextmanager
def quiet() -> Iterator[None]:
    """Silence Pillow's warnings about a file: what it warns about, it then reads or refuses.

    Example:
        >>> with quiet():
        ...     warnings.warn_explicit("odd metadata", UserWarning, "TiffImagePlugin.py", 1, "PIL.TiffImagePlugin")
    """
    # Filters belong to the whole program: two threads that change and restore them at once would mix them up.
    with _ONE_AT_A_TIME, warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"PIL\.")
        yield


def expanded(path: str | os.PathLike[str]) -> Path:
    """A path with `~` spelt out; a name that only looks like that stays as it is.

    Example:
        >>> expanded("~/a.png") == Path.home() / "a.png", expanded("a~.png").name
        (True, 'a~.png')
    """
    try:
        return Path(path).expanduser()
    except RuntimeError:  # no such user
        return Path(path)


def one_line(error: BaseException) -> str:
    r"""An error from another library as part of a message: one line, not too long, never empty.

    Example:
        >>> one_line(ValueError("two\nlines")), one_line(MemoryError())
        ('two lines', 'MemoryError')
    """
    words = " ".join("".join(letter if letter.isprintable() else " " for letter in str(error)).split())
    return (words if len(words) <= 200 else f"{words[:199]}…") or type(error).__name__


def _read(path: Path) -> bytes:
    if os.path.isdir(path):
        raise ImageError(f"{path} is a folder, not a picture")
    try:
        if stat.S_ISCHR(path.stat().st_mode) or stat.S_ISBLK(path.stat().st_mode):
            raise ImageError(f"{path} is a device, not a picture")  # it may have no end
        with path.open("rb") as file:
            return _read_all(file, str(path))
    except FileNotFoundError:
        raise ImageError(f"no such file: {path}{_nearest(path)}") from None
    except ImageError:
        raise
    except (OSError, ValueError) as error:  # ValueError: a name that no system allows
        raise ImageError(f"cannot read {path}: {getattr(error, 'strerror', None) or error}") from error


def _read_all(file: IO[bytes], name: str) -> bytes:
    parts: list[bytes] = []
    length = 0
    while True:
        try:
            part = file.read(_PART)
        except Exception as error:  # the file object is the caller's, and may raise anything
            raise ImageError(f"cannot read {name}: {one_line(error)}") from error
        if isinstance(part, str):
            raise ImageError(f"{name} was opened as text; open it with mode 'rb'")
        if not isinstance(part, bytes | bytearray | memoryview):
            raise ImageError(f"cannot read {name}: expected bytes, got {type(part).__name__}")
        if not part:
            return b"".join(parts)
        parts.append(bytes(part))
        length += len(part)
        if length > _LARGEST_FILE:
            raise ImageError(f"{name} is too large: more than {in_words(_LARGEST_FILE)}; make it smaller")


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
    if runs_programs(data):
        raise ImageError(f"{name} {foreign(data)}")
    learn_heic(data, name)
    try:
        image = _opened(data, name)
        _decode(image, name)
    except ImageError as error:
        # Pillow refuses a PNG whose text exceeds its limit; the picture itself does not depend on the text.
        slim = _without_texts(data) if isinstance(error.__cause__, ValueError) and data.startswith(_PNG) else data
        if len(slim) == len(data):
            raise
        image = _opened(slim, name)
        _decode(image, name)
    return image


def _opened(data: bytes, name: str) -> Image.Image:
    """Open without decoding: after this only the size and the mode are known."""
    try:
        with warnings.catch_warnings():
            # Pillow only warns about a picture up to twice its limit; here it is refused like the larger ones.
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            image = Image.open(io.BytesIO(data))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _too_large(name) from None
    except UnidentifiedImageError:
        raise ImageError(f"{name} {foreign(data) or _UNKNOWN}") from None
    except Exception as error:  # a damaged header makes Pillow's plugins raise almost anything
        raise ImageError(f"{name} is damaged: {one_line(error)}") from error
    if isinstance(image, ImageFile.StubImageFile):
        what = foreign(data) or f"is a picture in {image.format}, which is not read here; export it as PNG or JPEG"
        raise ImageError(f"{name} {what}")
    if is_preview(image, data):
        raise ImageError(f"{name} is a camera's raw file with a small preview; export it as PNG, JPEG or 8-bit TIFF")
    return image


def _too_large(name: str) -> ImageError:
    limit = (Image.MAX_IMAGE_PIXELS or 0) / 1_000_000
    return ImageError(f"{name} is too large: more than {limit:.0f} million pixels; make it smaller")


def _decode(image: Image.Image, name: str) -> None:
    if 0 in image.size:
        raise ImageError(f"{name} is empty: its size is {image.width} × {image.height}")
    pixels = image.width * image.height
    try:
        check_memory(
            pixels * _PER_PIXEL.get(image.mode[0], _PER_PIXEL_ELSE),
            f"{name}, {image.width} × {image.height} pixels",
            lambda share: f"make it smaller, at most {share * pixels / 1e6:.2g} million pixels",
        )
    except InputError as error:
        raise ImageError(str(error)) from None
    try:
        image.load()
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):  # a picture inside a picture
        raise _too_large(name) from None
    except Exception as error:  # as above
        raise ImageError(f"{name} is damaged or truncated: {one_line(error)}") from error


def _without_texts(data: bytes) -> bytes:
    """A PNG without its text chunks and its profile."""
    kept, at = [_PNG], len(_PNG)
    while at < len(data):
        end = at + 12 + int.from_bytes(data[at : at + 4], "big")
        if data[at + 4 : at + 8] not in _TEXT_CHUNKS:
            kept.append(data[at:end])
        at = end
    return b"".join(kept)
