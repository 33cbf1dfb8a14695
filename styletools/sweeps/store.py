"""The folder of a sweep: what is there is done, no matter who wrote it, and is not computed again."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from styletools.errors import ImageError, InputError
from styletools.files import check_writable, write_whole
from styletools.settings import plain
from styletools.sweeps.run import Run

__all__ = ["Store"]


class Store:
    """Pictures under names that follow from their settings, and a note for each run that failed.

    A picture is written whole or not at all, with its settings, losses and seconds inside: the folder is all that is
    known of a sweep, so nothing has to be repaired, whatever is killed at any moment.

    Args:
        folder: it is made if its parent is there.

    Raises:
        InputError: it cannot be written to.

    Attributes:
        pictures: the folder of the pictures.
        token: what a worker must find in `plan.json` if it sees the same folder.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     store = Store(Path(folder, "sweep"))
        ...     sorted(path.name for path in store.folder.iterdir())
        ['failed', 'pictures']
    """

    def __init__(self, folder: Path) -> None:
        """Make the folder."""
        self.folder = folder.absolute()
        self.pictures, self.failed = self.folder / "pictures", self.folder / "failed"
        self.token = secrets.token_hex(8)
        try:
            for path in (self.folder, self.pictures, self.failed):
                path.mkdir(exist_ok=True)
            check_writable(self.pictures / "picture.png")
        except OSError as error:
            parent = self.folder.parent
            reason = f"there is no folder {parent}" if not parent.is_dir() else error.strerror or error
            raise InputError(f"cannot write to the folder {folder}: {reason}") from error

    def begin(self, plan: Any) -> None:  # noqa: ANN401  # whatever was given
        """Note what was asked for last, for people, and for workers that check whether they see this folder."""
        self.write("plan.json", json.dumps({"token": self.token, "plan": plain(plan)}, indent=1, default=str).encode())

    def left(self, runs: Iterable[Run], *, retry: bool = False) -> list[Run]:
        """The runs that have no picture yet; those that failed before only if they are to be tried again."""
        there = {name for name in os.listdir(self.pictures) if not name.startswith(".")}
        bad = set() if retry else {Path(name).stem for name in os.listdir(self.failed)}
        return [run for run in runs if run.target.name not in there and run.name not in bad]

    def note_failure(self, run: Run, error: str) -> None:
        """Note the one line of a run that failed."""
        known = {"error": error, "recipe": run.recipe, "arguments": plain(run.arguments), "varied": dict(run.varied)}
        self.write(f"failed/{run.name}.json", json.dumps(known, indent=1, default=str).encode())

    def forget_failure(self, run: Run) -> None:
        """Remove the note of a run that has a picture after all."""
        (self.failed / f"{run.name}.json").unlink(missing_ok=True)

    def failure(self, run: Run) -> str:
        """The line that was noted for a run; "" if it did not fail."""
        try:
            return str(json.loads((self.failed / f"{run.name}.json").read_text(encoding="utf-8"))["error"])
        except FileNotFoundError:
            return ""
        except (OSError, ValueError, KeyError, TypeError) as error:
            return f"its note in failed/ cannot be read: {error}"

    def write(self, name: str, data: bytes) -> None:
        """Write a file of the folder, whole.

        Raises:
            ImageError: the system refuses.
        """
        try:
            write_whole(self.folder / name, data)
        except OSError as error:
            raise ImageError(f"cannot write {self.folder / name}: {error.strerror or error}") from error


def sees(folder: Path, token: str) -> bool:
    """Whether this machine sees the same folder as the one that started the sweep; asked on each worker."""
    try:
        return bool(json.loads((folder / "plan.json").read_text(encoding="utf-8"))["token"] == token)
    except (OSError, ValueError, KeyError, TypeError):
        return False
