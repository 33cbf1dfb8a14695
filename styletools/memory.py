"""How much memory there is: checked before something large is made; a program that takes too much is killed."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from styletools.errors import InputError

__all__ = ["available", "check_memory", "in_words", "keep_freed_memory", "return_freed_memory"]

_ROOT = Path("/")
# For a control group, in both versions: its limit, its usage, and which part of that is files that can be dropped.
_VERSION_2 = ("memory.max", "memory.current", ("inactive_file", "active_file"))
_VERSION_1 = ("memory.limit_in_bytes", "memory.usage_in_bytes", ("total_inactive_file", "total_active_file"))


def available() -> int | None:
    """Say how many bytes can be taken before the system runs out of memory, or before this program's share is used up.

    On Linux this is the least of the kernel's own estimate, without swap, and what is left in each control group that
    the program is in (a container, a batch job). Elsewhere it is the free memory or, where that is not known, as on
    macOS, all the memory there is.

    Returns:
        Bytes, or None where nothing is known, as on Windows.

    Example:
        >>> free = available()
        >>> free is None or free > 0
        True
    """
    known = [room for room in (_machine(), *_groups()) if room is not None]
    return max(0, min(known)) if known else None


def check_memory(needed: int, what: str, instead: Callable[[float], str]) -> None:
    """Check that this much memory is available; where nothing is known, it is assumed to be.

    Args:
        needed: bytes.
        what: what needs them; the message begins with it.
        instead: says what to do, given the share of `needed` that is there; the message ends with it.

    Raises:
        InputError: it is not.

    Example:
        >>> check_memory(10**18, "the picture", lambda share: "make it smaller")  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        styletools.errors.InputError: the picture: would need 1 EB of memory, and there are ...; make it smaller
    """
    free = available()
    if free is not None and needed > free:
        advice = instead(free / needed)
        raise InputError(f"{what}: would need {in_words(needed)} of memory, and there are {in_words(free)}; {advice}")


def return_freed_memory() -> bool:
    """Have the C library give large pieces of memory back to the system when they are freed, from now on.

    What glibc has once freed, up to 32 MB at a time, it keeps for whatever fits into it. A picture that grows needs
    larger pieces at each size, so what is kept is of no use: 3.1 GB instead of 2.6 for a picture of 2048 px in blocks.
    A step takes 4 to 10 % longer; pieces of less than 8 MB are still kept, since fresh ones would make it a fifth.

    Returns:
        Whether it will: only on Linux, and only with glibc.

    Example:
        >>> return_freed_memory() in (True, False)
        True
    """
    return _tell_malloc(8 << 20, 16 << 20)


def keep_freed_memory() -> bool:
    """Have it keep freed memory as it does by default, whatever the process was told before (by dask, for example).

    Returns:
        Whether it will, as above.
    """
    return _tell_malloc(32 << 20, 64 << 20)  # where glibc's own adaptation ends


def _tell_malloc(mapped: int, trimmed: int) -> bool:
    """From how many bytes on a piece comes from the system and returns to it; how many may lie free at the end."""
    if not sys.platform.startswith("linux"):
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):  # another C library
        return False
    return bool(mallopt(-3, mapped) and mallopt(-1, trimmed))  # M_MMAP_THRESHOLD and M_TRIM_THRESHOLD in malloc.h


def in_words(count: int) -> str:
    """Write a number of bytes with three digits and a unit.

    Raises:
        ValueError: a negative number.

    Example:
        >>> in_words(0), in_words(1234), in_words(24_684_096_000)
        ('0 bytes', '1.23 kB', '24.7 GB')
    """
    if count < 0:
        raise ValueError(f"count: expected bytes, got {count}")
    if count < 1000:
        return f"{count} bytes"
    units = ("kB", "MB", "GB", "TB", "PB", "EB")
    power = min((len(str(count)) - 1) // 3, len(units))
    return f"{count / 1000**power:.3g} {units[power - 1]}" if count < 1000**7 else "more than 1000 EB"


def _machine() -> int | None:
    for line in _lines(_ROOT / "proc/meminfo"):
        name, _, value = line.partition(":")
        if name == "MemAvailable" and (kilobytes := _number(value.removesuffix("kB"))) is not None:
            return kilobytes * 1024
    pages = _system("SC_AVPHYS_PAGES") or _system("SC_PHYS_PAGES")
    return pages * _system("SC_PAGE_SIZE") or None


def _system(name: str) -> int:
    """A number that the system states, or 0: not every system has `sysconf`, or every name."""
    try:
        return max(0, os.sysconf(name))
    except (AttributeError, ValueError, OSError):
        return 0


def _groups() -> Iterator[int | None]:
    """What is left in each control group that this program is in."""
    for line in _lines(_ROOT / "proc/self/cgroup"):
        number, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if number == "0" and not controllers:
            yield from _branch(_ROOT / "sys/fs/cgroup", path, *_VERSION_2)
        elif "memory" in controllers.split(","):
            yield from _branch(_ROOT / "sys/fs/cgroup/memory", path, *_VERSION_1)


def _branch(top: Path, path: str, limit_file: str, usage_file: str, droppable: tuple[str, ...]) -> Iterator[int | None]:
    """What is left in a group and in each above it; in a container the path may lead nowhere: then the top counts."""
    inner = top / path.strip("/")
    for folder in (inner, *inner.parents):
        if not folder.is_relative_to(top):
            return
        limit, used = (_number("".join(_lines(folder / name))) for name in (limit_file, usage_file))
        if limit is not None and used is not None:  # "max" is no limit
            statistics = dict(line.partition(" ")[::2] for line in _lines(folder / "memory.stat"))
            cached = sum(_number(statistics.get(name, "")) or 0 for name in droppable)
            yield limit - max(0, used - cached)


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []


def _number(text: str) -> int | None:
    text = text.strip()
    return int(text) if text.isascii() and text.isdigit() else None
