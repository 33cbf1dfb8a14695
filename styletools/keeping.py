"""A run that outlives its process: its state in one file, from which the next process goes on.

The file holds the picture, the stage and the step, what the optimiser remembers, and what was asked for. It is written
whole or not at all, at most once a minute, after a step: whatever ends the process, no more is lost than the minute
before, or the step that was being made if that takes longer.
"""

from __future__ import annotations

import json
import os
import time
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from styletools.descent.synthesis import Synthesis
from styletools.errors import InputError, shown
from styletools.files import check_writable, remove_leftovers, write_whole

__all__ = ["Keeping"]

EVERY = 60.0  # seconds between two states at least
_FORMAT = "styletools state 2"


class Keeping:
    """Keep a synthesis in a file.

    Args:
        path: the file; it may exist.
        asked: what the run is to make, as plain values: the state of any other run is refused.

    Example:
        >>> import tempfile
        >>> from styletools.descent.synthesis import synthesise
        >>> def new():
        ...     return synthesise(lambda x: {"light": x.mean()}, torch.full((1, 3, 2, 2), 0.9), 3)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     keeping = Keeping(Path(folder) / "run.state", {"size": 2})
        ...     keeping.save(new(), {})
        ...     again = new()
        ...     again.restore(keeping.load()["synthesis"])
    """

    def __init__(self, path: str | os.PathLike[str], asked: Mapping[str, Any]) -> None:
        """Nothing is read or written yet."""
        self.path = Path(path)
        self._asked = json.loads(json.dumps(asked))  # as it is read back
        self._last = time.monotonic()

    def load(self, device: torch.device | str = "cpu") -> dict[str, Any] | None:
        """Read the state; None where there is no file.

        Returns:
            `synthesis`, see `Synthesis.restore`, and `decided`, what was handed to `save`.

        Raises:
            InputError: a file that cannot be written, is damaged, is not a state, or is the state of another run.
        """
        try:
            check_writable(self.path)
            remove_leftovers(self.path)
        except (OSError, ValueError) as error:  # reported before the work
            raise InputError(f"state {shown(str(self.path))}: cannot be written ({error})") from error
        if not os.path.lexists(self.path):
            return None
        advice = "delete it to begin again, or choose another name"
        try:
            with zipfile.ZipFile(self.path) as archive:  # torch does not check the file's own checksums
                damaged = archive.testzip()
            if damaged is not None:
                raise ValueError(f"{damaged} has other bytes than were written")
            found = torch.load(self.path, map_location=device, weights_only=True)
            if found["format"] != _FORMAT:
                raise ValueError(f"its format is {found['format']}")
            asked = found["asked"]
        except Exception as error:  # a damaged file makes the unpickler raise almost anything
            reason = " ".join(str(error).split())[:100] or type(error).__name__
            raise InputError(
                f"state {self.path}: damaged, or not a state of this program ({reason}); {advice}"
            ) from error
        difference = _difference(asked, self._asked)
        if difference:
            raise InputError(f"state {self.path}: it is of another picture, {difference}; {advice}")
        return dict(found)

    def save(self, synthesis: Synthesis, decided: Mapping[str, Any]) -> None:
        """Write the state now.

        Raises:
            OSError: it cannot be written; the old one is left as it was.
        """
        content = {
            "format": _FORMAT,
            "asked": self._asked,
            "decided": dict(decided),
            "synthesis": synthesis.state(),
        }
        write_whole(self.path, lambda file: torch.save(content, file))
        self._last = time.monotonic()

    @property
    def due(self) -> bool:
        """Whether it is time to save again."""
        return time.monotonic() - self._last >= EVERY


def _difference(then: Mapping[str, Any], now: Mapping[str, Any], inside: str = "") -> str:
    """The first difference, in words."""
    for name in [*then, *(name for name in now if name not in then)]:
        old, new = then.get(name), now.get(name)
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            found = _difference(old, new, f"{name} ")
            if found:
                return found
        elif old != new:
            return f"whose {inside}{name} was {shown(old)} and is now {shown(new)}"
    return ""
