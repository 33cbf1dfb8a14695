"""One thread that does a panel's slow work: the newest request wins, and the one before is asked to stop."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from typing import TypeAlias

__all__ = ["SYNCHRONOUS", "Cancelled", "Ticket", "Worker", "synchronous"]

SYNCHRONOUS = "STYLETOOLS_SYNCHRONOUS"
"""Environment variable: if it is 1, a panel computes in the cell that asks for it, without a thread."""


class Cancelled(Exception):  # noqa: N818  # not an error
    """Raised by `ticket.check()` in a job that is no longer wanted, which then ends quietly."""


class Ticket:
    """What a job holds: whether it is still wanted.

    Example:
        >>> ticket = Ticket()
        >>> ticket.wanted
        True
        >>> ticket.cancel()
        >>> ticket.wanted
        False
    """

    def __init__(self) -> None:
        """Wanted, until it is cancelled."""
        self._stop = threading.Event()
        self.forgotten = False  # whether what the job has made must no longer be shown

    @property
    def wanted(self) -> bool:
        """Whether the job has not been asked to stop."""
        return not self._stop.is_set()

    def cancel(self) -> None:
        """Ask the job to stop; it notices when it checks."""
        self._stop.set()

    def check(self) -> None:
        """Stop the job here if it is no longer wanted.

        Raises:
            Cancelled: it is not.
        """
        if not self.wanted:
            raise Cancelled


Job: TypeAlias = Callable[[Ticket], None]


def synchronous() -> bool:
    """Whether panels compute without a thread: if asked to, or on Colab, which shows nothing that a thread makes.

    Example:
        >>> synchronous() in (True, False)
        True
    """
    return (
        os.environ.get(SYNCHRONOUS, "").strip().lower() not in ("", "0", "false", "no", "off")
        or "google.colab" in sys.modules
    )


class Worker:
    """Runs one job at a time, in one thread that is started when it is first needed.

    Args:
        name: of the thread.
        failed: called with whatever exception ended a job, in the thread.
        idle: called when there is nothing left to do.

    Example:
        >>> done = []
        >>> worker = Worker("example", failed=done.append, idle=lambda: None)
        >>> _ = worker.submit(lambda ticket: done.append("made"))
        >>> worker.wait(5), done
        (True, ['made'])
        >>> worker.close()
    """

    def __init__(self, name: str, failed: Callable[[Exception], None], idle: Callable[[], None]) -> None:
        """No thread yet."""
        self._idle = idle
        self._name = name
        self._failed = failed
        self._changed = threading.Condition()
        self._waiting: tuple[Ticket, Job] | None = None
        self._current: Ticket | None = None
        self._thread: threading.Thread | None = None
        self._closed = False

    @property
    def busy(self) -> bool:
        """Whether a job runs or waits."""
        with self._changed:
            return self._current is not None or self._waiting is not None

    @property
    def more(self) -> bool:
        """Whether a job waits for the one that runs."""
        with self._changed:
            return self._waiting is not None

    def is_current(self) -> bool:
        """Whether this is asked in the worker's own thread."""
        return threading.current_thread() is self._thread

    def submit(self, job: Job) -> Ticket:
        """Do this next: a job that runs is asked to stop, one that waits is dropped.

        Raises:
            RuntimeError: the worker was closed.
        """
        ticket = Ticket()
        if self._closed:
            raise RuntimeError("this panel was closed; run its cell again")
        if synchronous():
            self._run(ticket, job)
            self._idle()
            return ticket
        with self._changed:
            self._cancel()
            self._waiting = (ticket, job)
            if self._thread is None:
                self._thread = threading.Thread(target=self._loop, name=self._name, daemon=True)
                self._thread.start()
            self._changed.notify_all()
        return ticket

    def cancel(self, forget: bool = False) -> None:
        """Ask whatever runs or waits to stop; with `forget`, what it has made is not shown either."""
        with self._changed:
            if self._current is not None:
                self._current.forgotten = self._current.forgotten or forget
            dropped = self._waiting is not None and self._current is None
            self._cancel()
            self._changed.notify_all()
        if dropped:
            self._idle()

    def wait(self, seconds: float) -> bool:
        """Wait until nothing is left to do; return whether that was so in time."""
        with self._changed:
            return self._changed.wait_for(lambda: self._current is None and self._waiting is None, seconds)

    def close(self, seconds: float = 10.0) -> None:
        """Cancel, and end the thread."""
        with self._changed:
            self._closed = True
            self._cancel()
            self._changed.notify_all()
            thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(seconds)

    def _cancel(self) -> None:
        if self._current is not None:
            self._current.cancel()
        self._waiting = None

    def _loop(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting is not None or self._closed)
                if self._waiting is None:
                    return
                (ticket, job), self._waiting = self._waiting, None
                self._current = ticket
            try:
                self._run(ticket, job)
                if not self.more:
                    self._idle()
            finally:
                with self._changed:
                    self._current = None
                    self._changed.notify_all()

    def _run(self, ticket: Ticket, job: Job) -> None:
        try:
            job(ticket)
        except Cancelled:
            pass
        except Exception as error:  # the panel shows it, whatever it is: nobody sees a thread's exception
            if not self.more:  # else a newer request has come, and nobody waits for this one
                self._failed(error)
