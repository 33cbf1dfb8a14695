"""From a recipe to a file, on the command line: nothing is lost, and nothing is replaced unless asked for."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from styletools import recipes
from styletools.descent.progress import OnStep
from styletools.descent.synthesis import Step
from styletools.errors import ImageError, InputError, StyletoolsError, SynthesisError
from styletools.film import FilmFile, Snapshots, check_film
from styletools.pictures.saving import check_target, save_image
from styletools.recipes import Result
from styletools.stopping import Stopping

__all__ = ["STOPPED", "USER_ERROR", "check_output", "ended", "fail", "paint"]

USER_ERROR = 2
"""Exit code after an error."""
STOPPED = 128
"""Exit code of a run ended by a signal, before the signal's number is added, as in shells."""
_MASKS = ("content_mask", "style_mask")
_ROOM = 4_000_000  # bytes that must be free; a picture of 1024 px takes fewer


def fail(message: str) -> int:
    """Say what is wrong, in one line, and return the exit code.

    Example:
        >>> fail("size: expected more")
        2
    """
    print(f"styletools: {' '.join(message.split())}", file=sys.stderr)
    return USER_ERROR


def paint(
    recipe: str,
    output: Path,
    *,
    bits: int,
    force: bool,
    film: Path | None,
    snapshots: Path | None,
    every: int,
    resume: Path | None = None,
    **options: Any,  # noqa: ANN401  # of the recipe
) -> int:
    """Run a recipe and save the picture, whatever ended the run; a file that cannot be written is reported beforehand.

    Args:
        recipe: its name.
        output: the file to write.
        bits: of the file.
        force: whether the file may be replaced.
        film: a file for a film of the run.
        snapshots: a folder for pictures along the way.
        every: how many steps from one frame or snapshot to the next.
        resume: a file to keep the run in and resume it from; by default beside the output. Deleted when finished.
        **options: of the recipe.

    Returns:
        The exit code.

    Raises:
        StyletoolsError: something is wrong with the options, before the work.
    """
    state = output.with_name(f"{output.name}.state") if resume is None else resume
    check_output(output, bits, force or os.path.lexists(state), options)
    if os.path.lexists(state):
        print(f"styletools: going on from {state}", file=sys.stderr)
    with Stopping() as stopping, ExitStack() as stack:
        watching = _watching(stack, recipe, film, snapshots, every, options) if film or snapshots else None
        try:
            result = getattr(recipes, recipe)(**options, on_step=_both(stopping, watching), state=state)
        except SynthesisError as error:
            stopping.shield()
            best, settings = error.image, error.settings
            where = _saved(lambda path: save_image(best, path, settings, bits=bits), output)
            return fail(f"{error}. The best picture so far is saved as {where}")
        stopping.shield()
        code = ended(result, output, bits, stopping)  # before the film, which can fail on its own
        if not result.interrupted:
            state.unlink(missing_ok=True)
        elif state.exists():
            print(f"styletools: the same command goes on from {state}", file=sys.stderr)
        if watching is not None and watching.film is not None:
            watching.film.add(result.image)
    return code


def ended(result: Result, output: Path, bits: int, stopping: Stopping) -> int:
    """Save a picture, and say how its run ended.

    Args:
        result: the picture.
        output: where to save it.
        bits: of the file.
        stopping: what a signal has asked for.

    Returns:
        The exit code: 0, 2 if it had to be saved elsewhere, or 128 plus the number of the signal that ended it.

    Raises:
        StyletoolsError: it cannot be saved anywhere.
    """
    where = _saved(lambda path: result.save(path, bits), output)
    if result.interrupted:
        print(f"styletools: interrupted; the best picture so far is saved as {where}", file=sys.stderr)
        return STOPPED + (stopping.number or signal.SIGINT)
    print(where)
    return 0 if where == output else USER_ERROR


def _saved(save: Callable[[Path], None], output: Path) -> Path:
    """Save it; if that fails after all, save it in a temporary folder, and say so."""
    try:
        save(output)
        return output
    except (StyletoolsError, OSError) as error:
        spare = Path(tempfile.mkdtemp(prefix="styletools-"), f"picture{output.suffix}")
        save(spare)
        print(f"styletools: {error}; it is saved as {spare} instead", file=sys.stderr)
        return spare


def check_output(output: Path, bits: int, force: bool, options: Mapping[str, Any]) -> None:
    """Check before the work that the file can be written, and should be.

    Args:
        output: the file.
        bits: of the file.
        force: whether it may be replaced.
        options: of the recipe; no picture among them is ever replaced.

    Raises:
        ImageError: it is one of the pictures, it exists, or it cannot be written.
        InputError: bits other than 8 and 16.
    """
    given = [source for name in ("content", "style", "image", "init", *_MASKS) for source in _each(options.get(name))]
    for source in given:
        if os.path.exists(output) and os.path.exists(source) and output.samefile(source):
            raise ImageError(f"cannot write {output}: it is {source} itself; choose another name")
    if os.path.lexists(output) and not force and not os.path.isdir(output):
        raise ImageError(f"{output} exists; choose another name, or replace it with --force")
    check_target(output, bits, _ROOM)


def _each(value: Any) -> list[str]:  # noqa: ANN401  # an option of any kind
    """The texts in an option: one, or a list of them."""
    return [item for item in (value if isinstance(value, list) else [value]) if isinstance(item, str)]


def _both(stopping: Stopping, watching: _Watching | None) -> OnStep:
    def follow(step: Step) -> bool:
        if watching is not None:
            watching(step)
        return stopping(step)

    return follow


class _Watching:
    """An `on_step` that writes while a picture is made. What fails is reported, and does not stop the rest."""

    def __init__(self, film: FilmFile | None, snapshots: Snapshots | None) -> None:
        self.film, self.snapshots = film, snapshots

    def __call__(self, step: Step) -> None:
        for name in ("film", "snapshots"):
            each = getattr(self, name)
            try:
                if each is not None:
                    each(step)
            except StyletoolsError as error:
                print(f"styletools: --{name} ends here: {error}", file=sys.stderr)
                setattr(self, name, None)


def _watching(
    stack: ExitStack, recipe: str, film: Path | None, snapshots: Path | None, every: int, options: dict[str, Any]
) -> _Watching:
    if every < 1:
        raise InputError(f"--every: expected a whole number of steps, at least 1, got {every}")
    last = recipes.plan(recipe, **options)["stages"]
    height, width = last[-1]["height"], last[-1]["width"]
    frames = sum(stage["steps"] for stage in last) // every + 2
    reel = pictures = None
    if snapshots is not None:
        pictures = Snapshots(snapshots, every=every)
        pictures.check()
    if film is not None:
        check_film(film, height=height, width=width, frames=frames)
        reel = stack.enter_context(FilmFile(film, height=height, width=width, every=every))
    return _Watching(reel, pictures)
