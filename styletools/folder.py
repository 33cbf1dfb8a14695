"""A folder of photographs, painted one after the other; stopped at any time, it goes on where it was."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from styletools import recipes
from styletools.descent.progress import OnStep
from styletools.errors import ImageError, InputError
from styletools.pictures.images import load_image
from styletools.pictures.saving import check_target, load_settings

__all__ = ["Job", "Jobs", "jobs_of"]

# What may differ between two runs that make the same picture.
_OF_THE_RUN = ("precision", "device", "block")


@dataclass(frozen=True)
class Job:
    """One photograph, and what becomes of it.

    Attributes:
        photograph: the file.
        target: the file that is written, a PNG.
        options: of `transfer`, but for the content.
        bits: of the PNG.
    """

    photograph: Path
    target: Path
    options: dict[str, Any]
    bits: int = 8

    def is_done(self) -> bool:
        """Whether the target is there, finished, and was made with these options."""
        try:
            then = load_settings(self.target)
        except ImageError:
            return False
        now = recipes.plan("transfer", content=str(self.photograph), **self.options)
        same = _comparable(then) == _comparable(now) and then.get("pictures") == now["pictures"]
        return same and "stopped_after" not in then and then.get("bits", 8) == self.bits

    def run(self, on_step: OnStep | None = None) -> recipes.Result:
        """Paint it."""
        return recipes.transfer(str(self.photograph), **self.options, on_step=on_step)


@dataclass(frozen=True)
class Jobs:
    """What is to be done for a folder, and a line for each file that cannot be read."""

    paintable: list[Job]
    unreadable: list[str]


def jobs_of(photographs: Path, output: Path, *, bits: int = 8, **options: Any) -> Jobs:  # noqa: ANN401
    """Look through a folder, before the work.

    Args:
        photographs: the folder. Files whose names do not end like a picture's, and hidden ones, are left alone.
        output: the folder to write to; it is made if its parent is there. `a.jpg` becomes `a.png`; where two would have
            one name, `a.jpg.png`.
        bits: of the files that are written.
        **options: of `transfer`.

    Raises:
        ImageError: no pictures, or a folder that cannot be written to.
        InputError: an option that is out of range.

    Example:
        >>> import tempfile
        >>> from styletools.pictures.samples import sample
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     sample("chelsea").save(f"{folder}/cat.jpg")
        ...     jobs = jobs_of(Path(folder), Path(folder, "painted"), style="dots")
        >>> [job.target.name for job in jobs.paintable], jobs.unreadable
        (['cat.png'], [])
    """
    endings = Image.registered_extensions()
    found = sorted(
        path
        for path in photographs.iterdir()
        if path.suffix.lower() in endings and not path.name.startswith(".") and path.is_file()
    )
    if not found:
        raise ImageError(f"{photographs} holds no pictures; expected files such as photograph.jpg in it")
    if os.path.exists(output) and photographs.samefile(output):
        raise ImageError(f"{output}: the pictures would be written among the photographs; choose another folder")
    try:
        output.mkdir(exist_ok=True)
    except OSError as error:
        reason = f"there is no folder {output.parent}" if not output.parent.is_dir() else error.strerror
        raise ImageError(f"cannot write to the folder {output}: {reason}") from error
    stems = Counter(path.stem.lower() for path in found)
    jobs, unreadable = [], []
    for path in found:
        try:
            load_image(path, 16)
        except ImageError as error:
            unreadable.append(str(error))
            continue
        name = f"{path.stem if stems[path.stem.lower()] == 1 else path.name}.png"
        check_target(output / name, bits)
        jobs.append(Job(path, output / name, options, bits))
    if not jobs:
        raise ImageError(f"{photographs} holds no picture that can be read: {unreadable[0]}")
    for job in jobs:  # a mask may fit one photograph and not another
        try:
            recipes.plan("transfer", content=str(job.photograph), **options)
        except InputError as error:
            raise InputError(f"{job.photograph.name}: {error}") from error
    return Jobs(jobs, unreadable)


def _comparable(settings: dict[str, Any]) -> dict[str, Any]:
    arguments = settings.get("arguments")  # a file of another program, or of an earlier version, may have anything
    return {k: v for k, v in arguments.items() if k not in _OF_THE_RUN} if isinstance(arguments, dict) else {}
