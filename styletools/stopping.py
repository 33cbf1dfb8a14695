"""^C, a server's SIGTERM and a closed terminal: a run is stopped after its step, and the picture so far is saved."""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType
from typing import Any

from styletools.descent.synthesis import Step

__all__ = ["Stopping"]

_SIGNALS = tuple(number for name in ("SIGINT", "SIGTERM", "SIGHUP") if (number := getattr(signal, name, None)))


class Stopping:
    """While it is open, a signal does not interrupt but asks: the run ends after the current step.

    Before the first step there is nothing to lose: the signal raises KeyboardInterrupt, with its number. So does a
    second signal, for when a step takes long. After `shield` signals are only noted: a finished picture is saved
    whatever comes.

    Call it with each `Step`, as an `on_step`. Outside the main thread, where Python has no signals, it does nothing.

    Attributes:
        number: of the signal that came last; 0 if none did.

    Example:
        >>> with Stopping() as stopping:
        ...     stopping.shield()
        ...     signal.raise_signal(signal.SIGINT)
        >>> stopping.number == signal.SIGINT
        True
    """

    def __init__(self) -> None:
        """No signal has come yet."""
        self.number = 0
        self._begun = self._shielded = False
        self._before: dict[int, Any] = {}

    def __call__(self, step: Step) -> bool:
        """Whether to stop; there is a picture from now on."""
        self._begun = True
        return bool(self.number)

    def shield(self) -> None:
        """Let no signal end what follows."""
        self._shielded = True

    def __enter__(self) -> Stopping:
        """Take over the signals, except those that are ignored: a background job of a shell ignores ^C."""
        if threading.current_thread() is threading.main_thread():
            for number in _SIGNALS:
                if signal.getsignal(number) not in (signal.SIG_IGN, None):
                    self._before[number] = signal.signal(number, self._asked)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give the signals back; an error that a signal caused inside a library is reported as the signal."""
        for number, handler in self._before.items():
            signal.signal(number, handler)
        if isinstance(error, Exception) and self.number and not self._begun:
            raise KeyboardInterrupt(self.number) from error

    def _asked(self, number: int, frame: FrameType | None) -> None:
        again, self.number = bool(self.number), number
        if not self._shielded and (again or not self._begun):
            raise KeyboardInterrupt(number)
