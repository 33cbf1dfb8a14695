"""Write a file whole or not at all, and check before the work whether it can be written."""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import stat
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

__all__ = ["check_writable", "remove_leftovers", "write_whole"]


def write_whole(path: Path, data: bytes | Callable[[BinaryIO], object]) -> None:
    """Write `data` to `path` so that a reader sees the old file or the new one, never a part.

    The data goes to a new file in the same folder, which then takes the name in one step. A link stays a link: the file
    that it points to is replaced. A replaced file keeps its mode.

    Args:
        path: where to write; its folder must exist.
        data: the whole content; or a function that writes it to a file, if it is too large to be in memory twice.

    Raises:
        OSError: the folder is missing, not writable or full; the old file is left as it was.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     write_whole(Path(folder) / "a.txt", b"whole")
        ...     print([(file.name, file.read_text()) for file in Path(folder).iterdir()])
        [('a.txt', 'whole')]
    """
    path = _target(path)
    part = _part(path)
    try:
        try:
            _write_nameless(data, part)
        except (AttributeError, OSError):  # not Linux, not this kind of disk, or no /proc
            with part.open("wb") as file:
                _flush(data, file)
        if path.exists():
            part.chmod(stat.S_IMODE(path.stat().st_mode))
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _write_nameless(data: bytes | Callable[[BinaryIO], object], part: Path) -> None:
    """Write a file that has no name until it is complete, so that a killed program leaves nothing.

    `src_dir_fd` makes Python follow the link in /proc that stands for the open file.
    """
    folder = os.open(part.parent, os.O_RDONLY)
    try:
        with open(os.open(part.parent, os.O_TMPFILE | os.O_WRONLY, 0o666), "wb") as file:  # noqa: PTH123
            _flush(data, file)
            os.link(f"/proc/self/fd/{file.fileno()}", part, src_dir_fd=folder)
    finally:
        os.close(folder)


def _flush(data: bytes | Callable[[BinaryIO], object], file: BinaryIO) -> None:
    if callable(data):
        data(file)
    else:
        file.write(data)
    file.flush()
    os.fsync(file.fileno())


def check_writable(path: Path, size: int = 0) -> None:
    """Check that a file could be written, by making and removing a new one in its folder, of about its size.

    Args:
        path: where it is to be.
        size: bytes that it may need.

    Raises:
        OSError: the name is too long; the folder is missing, read-only or full; what is there is read-only, or is not a
            file but a device or a pipe.

    Example:
        >>> check_writable(Path(os.devnull))
        Traceback (most recent call last):
        OSError: [Errno 22] it is a device or a pipe, not a file
    """
    path = _target(path)
    if path.exists():
        if not path.is_file():
            raise OSError(22, "it is a device or a pipe, not a file")
        if not os.access(path, os.W_OK):
            raise PermissionError(13, "it is read-only")
    else:
        os.lstat(path.parent)
        with contextlib.suppress(FileNotFoundError):
            os.lstat(path)  # a name that is too long raises here
    part = _part(path)
    try:
        with part.open("wb") as file:
            if size:
                allocate = getattr(os, "posix_fallocate", None)
                allocate(file.fileno(), 0, size) if allocate else file.truncate(size)
    finally:
        part.unlink(missing_ok=True)


def remove_leftovers(path: Path) -> None:
    """Remove what programs that were killed while they wrote `path` have left; no other program may be writing it now.

    On Linux it can only be a complete file that was about to take the name.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder) / "a.txt"
        ...     _part(path).write_bytes(b"")
        ...     remove_leftovers(path)
        ...     list(Path(folder).iterdir())
        0
        []
    """
    path = _target(path)
    for part in path.parent.glob(f"{_part_of(path)}*.part"):
        with contextlib.suppress(OSError):  # another user's: it does no harm
            part.unlink()


def _target(path: Path) -> Path:
    """What a link points to; any other path as it is."""
    return path.resolve() if path.is_symlink() else path


def _part(path: Path) -> Path:
    """A new name beside it."""
    return path.with_name(f"{_part_of(path)}{secrets.token_hex(4)}.part")


def _part_of(path: Path) -> str:
    """What such names begin with; short, because its own may be as long as is allowed."""
    return f".{hashlib.sha256(os.fsencode(path.name)).hexdigest()[:8]}"
