"""End a function that does not end by itself, such as one with an endless loop.

A second thread waits, and after some seconds raises an exception in the first one, as ^C would. That works in any
thread and on any system, without signals and without tracing; only what waits in C for ever cannot be ended.
"""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar

__all__ = ["Interruption", "TookTooLong", "patiently"]

T = TypeVar("T")
AGAIN = 0.05  # seconds until it is raised again, if it was caught
_raise_in: Any = ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.c_ulong, ctypes.py_object)(
    ("PyThreadState_SetAsyncExc", ctypes.pythonapi)
)
_DO_NOTHING = staticmethod(int)


class Interruption(BaseException):
    """What is raised in the function. Not an `Exception`, so that few functions catch it."""


class TookTooLong(Exception):  # noqa: N818  # it is told to the reader, who reads no names
    """The function was ended."""


def patiently(call: Callable[[], T], seconds: float) -> T:
    """Call a function, and end it after some seconds.

    Args:
        call: the function.
        seconds: how long it may take.

    Returns:
        What the function returns.

    Raises:
        TookTooLong: it was ended.

    Example:
        >>> patiently(lambda: 1 + 1, seconds=5)
        2
    """

    class Ours(Interruption):
        """That of this call alone."""

    # A bare `except:` within a loop catches it. It is then deleted, just after the handler, and that raises it again.
    # All of this is C: nothing of ours is running there that could be interrupted itself.
    raise_it = partial(_raise_in, threading.get_ident(), Ours)
    Ours.__del__ = staticmethod(raise_it)  # type: ignore[attr-defined]
    watch = _Watch(raise_it, seconds)
    try:
        try:
            watch.start()
            return call()
        finally:
            # Python delivers an exception at calls and backward jumps. From here on two can arrive: one that is on its
            # way, and one that the watch is just about to raise. Each ends one `stop`; when none does, none is left.
            # (To take one back with a null pointer would leave Python 3.11 waiting for it, for ever under a debugger.)
            watch.over = True
            Ours.__del__ = _DO_NOTHING  # type: ignore[attr-defined]
            try:
                watch.stop()
            except Ours:
                watch.stop()
    except Ours:
        raise TookTooLong from None


class _Watch:
    """The second thread."""

    def __init__(self, raise_it: Callable[[], object], seconds: float) -> None:
        self.over = False
        self._raise_it, self._seconds = raise_it, seconds
        self._raising, self._ended = threading.Lock(), threading.Event()

    def start(self) -> None:
        with suppress(RuntimeError):  # where there are no threads, as in a browser, nothing is ended
            threading.Thread(target=self._wait, daemon=True).start()

    def stop(self) -> None:
        """Once this has returned, nothing is raised any more."""
        with self._raising:
            self._ended.set()

    def _wait(self) -> None:
        pause = self._seconds
        while not self._ended.wait(pause):
            with self._raising:
                if self.over:
                    return
                self._raise_it()
            pause = AGAIN
