"""Many photographs in the style of a painting, or of each of several; a run can be stopped and resumed."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from styletools import recipes
from styletools.descent.progress import OnStep
from styletools.errors import ImageError, InputError
from styletools.pictures.images import load_image
from styletools.pictures.saving import check_target, load_settings
from styletools.sweeps.combinations import pictures_in
from styletools.sweeps.run import Run, label

__all__ = ["Job", "Jobs", "jobs_of"]

# What may differ between two runs that make the same picture.
_OF_THE_RUN = ("precision", "device", "block")


@dataclass(frozen=True)
class Job:
    """One photograph in one style, and what becomes of it.

    Attributes:
        photograph: the file.
        target: the file that is written, a PNG.
        options: of `transfer`, except the content.
        bits: of the PNG.
    """

    photograph: Path
    target: Path
    options: dict[str, Any]
    bits: int = 8

    @property
    def name(self) -> str:
        """The photograph and the painting in words."""
        return f"{self.photograph.name}, {label('style', self.options['style'])}"

    def is_done(self) -> bool:
        """Whether the target is there, is finished, and was made with these options."""
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

    def for_a_worker(self, threads: int) -> Run:
        """The same job as a run of a sweep."""
        arguments = {name: value for name, value in self.options.items() if name != "progress"}
        where = {"content": str(self.photograph), **arguments}
        return Run("transfer", where, self.target, {"name": self.name}, self.bits, threads, replace=True)


@dataclass(frozen=True)
class Jobs:
    """What is to be done, and a line for each file that cannot be read."""

    paintable: list[Job]
    unreadable: list[str]


def jobs_of(
    photographs: Path | Sequence[Path],
    output: Path,
    *,
    each: Sequence[str] = (),
    bits: int = 8,
    **options: Any,  # noqa: ANN401
) -> Jobs:
    """Find out, before the work, what is to be painted and which photographs cannot be read.

    Args:
        photographs: a folder, or files, folders and names of bundled pictures. In a folder, files whose names do not
            end like a picture's, and hidden ones, are ignored.
        output: the folder to write to; it is created if its parent exists. `a.jpg` becomes `a.png`; where two would get
            the same name, `a.jpg.png`. With `each`, `a_starry_night.png`.
        each: paintings to take one by one, in place of `style`.
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
        ...     more = jobs_of([Path(folder)], Path(folder, "painted"), each=["dots", "scales"])
        >>> [job.target.name for job in jobs.paintable], jobs.unreadable
        (['cat.png'], [])
        >>> [job.target.name for job in more.paintable]
        ['cat_dots.png', 'cat_scales.png']
    """
    given = [photographs] if isinstance(photographs, Path) else list(photographs)
    found = [path for each_ in given for path in (pictures_in(each_) if each_.is_dir() else [each_])]
    there = [path for path in given if path.exists()]
    if os.path.exists(output) and any(output.samefile(path if path.is_dir() else path.parent) for path in there):
        raise ImageError(f"{output}: the pictures would be written among the photographs; choose another folder")
    try:
        output.mkdir(exist_ok=True)
    except OSError as error:
        reason = f"there is no folder {output.parent}" if not output.parent.is_dir() else error.strerror
        raise ImageError(f"cannot write to the folder {output}: {reason}") from error
    readable, unreadable = [], []
    for path in found:
        try:
            load_image(path if path.exists() else str(path), 16)
            readable.append(path)
        except ImageError as error:
            unreadable.append(str(error))
    if not readable:
        where = given[0] if len(given) == 1 else "what was given"
        raise ImageError(f"{where} holds no picture that can be read: {unreadable[0]}")
    jobs, names = [], _names(found, each)
    for path in readable:
        for style, of_style in zip(each or [options.get("style", "")], _stems(each) or [""], strict=True):
            target = output / names[path, of_style]
            check_target(target, bits)
            jobs.append(Job(path, target, {**options, "style": style}, bits))
    for job in jobs:  # a mask may fit one photograph and not another
        try:
            recipes.plan("transfer", content=str(job.photograph), **job.options)
        except InputError as error:
            raise InputError(f"{job.photograph.name}: {error}") from error
    return Jobs(jobs, unreadable)


def _names(found: Sequence[Path], each: Sequence[str]) -> dict[tuple[Path, str], str]:
    """A name for each photograph and painting, readable or not, so that a name stays the same."""
    stems, taken = Counter(path.stem.lower() for path in found), Counter[str]()
    names = {}
    for path in dict.fromkeys(found):
        first = path.stem if stems[path.stem.lower()] == 1 else path.name
        for of_style in _stems(each) or [""]:
            name = "_".join(filter(None, (first, of_style)))
            taken[name.lower()] += 1
            number = taken[name.lower()]
            names[path, of_style] = f"{name}.png" if number == 1 else f"{name}_{number}.png"
    return names


def _stems(each: Sequence[str]) -> list[str]:
    """Short names of paintings, with their numbers where two have the same name."""
    stems = [Path(style).stem for style in each]
    return [stem if stems.count(stem) == 1 else f"{stem}-{number}" for number, stem in enumerate(stems, 1)]


def _comparable(settings: dict[str, Any]) -> dict[str, Any]:
    arguments = settings.get("arguments")  # a file from another program, or an earlier version, may hold anything
    return {k: v for k, v in arguments.items() if k not in _OF_THE_RUN} if isinstance(arguments, dict) else {}
