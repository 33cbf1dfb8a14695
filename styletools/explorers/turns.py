"""Panels that share a machine: only so many work at once; the others wait, and see how many are before them.

Each page of a studio has a process of its own, so the queue is a folder. A ticket is a file that its holder has locked;
the system unlocks it when the holder ends, however that happens, and the next panel that looks removes it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from styletools.explorers.worker import Cancelled, synchronous

__all__ = ["AT_ONCE", "LARGEST", "QUEUE", "largest", "turn"]

AT_ONCE = "STYLETOOLS_STUDIO_AT_ONCE"
"""Environment variable: how many panels of this machine may work at once."""

QUEUE = "STYLETOOLS_STUDIO_QUEUE"
"""Environment variable: the folder of the queue. Without it no panel waits."""

LARGEST = "STYLETOOLS_STUDIO_LARGEST"
"""Environment variable: the longest side of a picture, in pixels."""

PAUSE = 0.5  # seconds between two looks at the queue


def largest(otherwise: int) -> int:
    """The longest side that a panel may be asked for.

    Example:
        >>> os.environ.get(LARGEST) or largest(1024)
        1024
    """
    text = os.environ.get(LARGEST, "")
    return min(int(text), otherwise) if text.isdigit() and int(text) > 0 else otherwise


@contextmanager
def turn(wanted: Callable[[], bool], say: Callable[[str], None]) -> Iterator[None]:
    """Wait for a turn, and keep it until the block ends.

    Args:
        wanted: whether the work is still wanted.
        say: called with the place in the queue when it changes.

    Raises:
        Cancelled: it is no longer wanted.

    Example:
        >>> with turn(lambda: True, print):
        ...     pass
    """
    folder, at_once = os.environ.get(QUEUE, ""), os.environ.get(AT_ONCE, "")
    if not folder or not at_once.isdigit() or synchronous():
        yield
        return
    mine = Path(folder, f"{time.time_ns():020}-{os.getpid()}-{id(wanted)}.ticket")
    try:
        with FileLock(mine):
            _wait(mine, max(int(at_once), 1), wanted, say)
            yield
    finally:
        _remove(mine)


def _wait(mine: Path, at_once: int, wanted: Callable[[], bool], say: Callable[[str], None]) -> None:
    told = -1
    while (before := sum(map(_is_held, _earlier(mine)))) >= at_once:
        if not wanted():
            raise Cancelled
        if before != told:
            place, told = before - at_once + 1, before
            say(f"waiting for a place: {place} in the queue" if place > 1 else "waiting for a place: next in the queue")
        time.sleep(PAUSE)


def _earlier(mine: Path) -> list[Path]:
    return [path for path in mine.parent.glob("*.ticket") if path.name < mine.name]


def _is_held(ticket: Path) -> bool:
    """Whether a ticket is held; one whose holder has ended is removed."""
    try:
        with FileLock(ticket, timeout=0):
            pass
    except Timeout:
        return True
    except OSError:  # gone between the look at the folder and this one
        return False
    _remove(ticket)
    return False


def _remove(ticket: Path) -> None:
    with suppress(OSError):
        ticket.unlink()
