"""A film of a run, in memory or as a file, and the run's pictures as files."""

from __future__ import annotations

import io
import os
import tempfile
from pathlib import Path
from types import TracebackType

from PIL import Image
from torch import Tensor

from styletools.descent.synthesis import Step
from styletools.door import explained
from styletools.errors import ImageError, InputError, StyletoolsError, check_whole
from styletools.files import write_whole
from styletools.mp4 import LAST, Mp4Writer, check_encoder
from styletools.pictures.images import one_picture, resize, to_pil
from styletools.pictures.saving import save_image

__all__ = ["MOST_BYTES", "Film", "FilmFile", "Snapshots", "check_film"]

MOST_BYTES = 1.5e9
"""The most that the frames of a GIF may take: they are kept until it is written, at 3 bytes a pixel."""


class Film:
    """Keeps evenly spaced frames of a run of unknown length, never more than a limit.

    When it is full, every second frame is dropped, and from then on only half as many are taken.

    Args:
        most: maximum number of frames, at least 2.
        side: maximum of the film's longer side, in pixels.

    Example:
        >>> import torch
        >>> film = Film(most=4)
        >>> for _ in range(9):
        ...     film.add(torch.rand(1, 3, 8, 8))
        >>> 2 <= len(film) <= 4, film.gif()[:3]
        (True, b'GIF')
    """

    @explained
    def __init__(self, most: int = 60, side: int = 320) -> None:
        """Start without frames."""
        self._most = max(2, most)
        self._side = side
        self._frames: list[Image.Image] = []
        self._latest: Image.Image | None = None  # the end of the film, whether or not its turn has come
        self._every, self._seen = 1, 0

    def __len__(self) -> int:
        """How many frames are kept."""
        return len(self._frames)

    def add(self, image: Tensor) -> None:
        """Offer a frame, (1, 3, H, W) in [0, 1].

        Raises:
            InputError: not a picture.
        """
        self._latest = to_pil(image)
        self._latest.thumbnail((self._side, self._side))  # sixty frames of 1024 pixels would be 180 MB
        if self._seen % self._every == 0:
            self._frames.append(self._latest)
        self._seen += 1
        if len(self._frames) > self._most:
            self._frames = self._frames[::2]
            self._every *= 2

    def gif(self, milliseconds: int = 80) -> bytes:
        """The film as a GIF; the last frame is held for two seconds.

        Raises:
            InputError: no frame was added.
        """
        if self._latest is None:
            raise InputError("film: expected at least one frame, got none; start a run first")
        last = self._latest
        shown = self._frames if self._frames[-1] is last else [*self._frames, last]
        first, *others = shown
        times = [milliseconds] * len(others) + [LAST * 1000]
        buffer = io.BytesIO()
        rest = (_paletted(frame, last.size) for frame in others)  # one by one: all at once would take as much again
        _paletted(first, last.size).save(buffer, "GIF", save_all=True, append_images=rest, duration=times, loop=0)
        return buffer.getvalue()


def _paletted(frame: Image.Image, size: tuple[int, int]) -> Image.Image:
    """A frame with 256 colours of its own.

    Pillow's own choice, median cut without dithering, leaves bands in a sky and turns the few yellow lights of a
    blue night grey: it gives its colours to what fills most of the picture. The octree spreads them over all that
    occur, and dithering mixes the rest. Seen from too far away to tell pixels apart, the error is a quarter; the file
    is as large, made ten times as fast. One palette for the whole film would also have to serve the start, often noise.
    """
    if frame.size != size:
        frame = frame.resize(size, Image.Resampling.BICUBIC)
    palette = frame.quantize(256, Image.Quantize.FASTOCTREE)
    return frame.quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG)


class FilmFile:
    """Every k-th step of a run as a film: .gif, or .mp4 where an encoder is installed.

    Pass it to a recipe as `on_step`: it takes the first step that it is shown, then every k-th, and the last one.
    Smaller pictures are enlarged, so that all frames have one size; an .mp4 lacks the last pixel of an odd side. The
    last frame is held for two seconds.

    Use it in a `with` block. The file is written at the end of the block, whole or not at all, even if the block ends
    with an exception: so an interrupted run has its film.

    Args:
        path: ends in .gif or .mp4; its folder must exist. An old file of that name is replaced, and survives if the
            new one cannot be written.
        height: of the finished picture, in pixels.
        width: likewise.
        every: how many steps from one frame to the next. A GIF that would need more than `MOST_BYTES` takes fewer
            frames; `check_film` refuses it before the run.
        per_second: frames, 1 … 50; a GIF rounds the time of each to 0.01 s.

    Raises:
        ImageError: another ending, a missing folder, the path of a folder, or a folder that cannot be written to.
        InputError: no encoder for .mp4, or one that cannot do this size; a number that is out of range.

    Example:
        >>> import tempfile, torch
        >>> from styletools.descent.synthesis import synthesise
        >>> run = synthesise(lambda x: {"light": x.mean()}, torch.rand(1, 3, 8, 8), steps=5)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     with FilmFile(f"{folder}/darken.gif", height=8, width=8, every=2) as film:
        ...         for step in run:
        ...             film(step)
        ...         film.add(run.image)
        ...     Path(folder, "darken.gif").read_bytes()[:3]
        b'GIF'
    """

    @explained
    def __init__(
        self, path: str | os.PathLike[str], *, height: int, width: int, every: int = 5, per_second: int = 20
    ) -> None:
        """Start without frames; nothing is written yet."""
        self.path = Path(path)
        check_film(self.path, height=height, width=width, frames=1)
        check_whole("every", every, 1)
        check_whole("per_second", per_second, 1, 50)
        height, width = int(height), int(width)  # ffmpeg's wrapper does not know NumPy's numbers
        self._size = height, width
        self._every, self._seen, self._frames = every, 0, 0
        self._waiting: Tensor | None = None  # the step that was shown last, if its turn had not come
        self._closed = False
        writer = _GifWriter if _is_gif(self.path) else Mp4Writer
        self._writer: _GifWriter | Mp4Writer = writer(self.path, height, width, int(per_second))

    def __call__(self, step: Step) -> None:
        """Show it a step.

        Raises:
            ImageError: the encoder stopped.
            InputError: several pictures, or the film is closed.
        """
        if self._seen % self._every == 0:
            self.add(step.image)
        else:
            self._waiting = step.image
        self._seen += 1

    def add(self, image: Tensor) -> None:
        """Append a frame, such as the finished picture.

        Args:
            image: (1, 3, H, W) in [0, 1], of any size.

        Raises:
            ImageError: the encoder stopped.
            InputError: not a picture, or the film is closed.
        """
        if self._closed:
            raise InputError(f"film: {self.path} is closed; make another FilmFile")
        self._writer.add(resize(one_picture(image).detach(), *self._size))
        self._waiting = None
        self._frames += 1

    def close(self) -> None:
        """Write the file; a second call does nothing.

        Raises:
            ImageError: the system refused, or the encoder stopped; there is no new file.
            InputError: there is no frame.
        """
        if self._closed:
            return
        try:
            if self._waiting is not None:
                self.add(self._waiting)
            if not self._frames:
                raise InputError("film: expected at least one frame, got none; show it a step, or add a picture")
            self._writer.finish()
        finally:
            self.discard()

    def discard(self) -> None:
        """Forget the frames; nothing is written, nothing is left behind."""
        self._closed, self._waiting = True, None
        self._writer.discard()

    def __enter__(self) -> FilmFile:
        """The film itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Write what there is; an exception in the block is passed on."""
        if error is None:
            self.close()
        elif not self._frames:
            self.discard()
        else:
            try:
                self.close()
            except StyletoolsError as reason:  # it must not hide the first one, which may hold the picture
                error.add_note(str(reason))


class Snapshots:
    """Every k-th picture of a run as a PNG file: `step_0010.png`, `step_0020.png` and so on.

    Pass it to a recipe as `on_step`. The pictures have the size of their stage. Each file is written whole or not at
    all, and replaces an old one of the same name.

    Args:
        folder: where to write; it is created if it is missing, but its parent must exist.
        every: how many steps from one file to the next.

    Raises:
        InputError: `every` is not a whole number of at least 1.

    Example:
        >>> import tempfile, torch
        >>> from styletools.descent.synthesis import synthesise
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     snapshots = Snapshots(f"{folder}/steps", every=2)
        ...     snapshots.check()
        ...     for step in synthesise(lambda x: {"light": x.mean()}, torch.rand(1, 3, 8, 8), steps=5):
        ...         snapshots(step)
        ...     sorted(path.name for path in snapshots.folder.iterdir())
        ['step_0002.png', 'step_0004.png']
    """

    @explained
    def __init__(self, folder: str | os.PathLike[str], every: int = 10) -> None:
        """Nothing is written yet."""
        check_whole("every", every, 1)
        self.folder = Path(folder)
        self._every = every

    def check(self) -> None:
        """Check before the work that the files can be written; nothing is written yet.

        Raises:
            ImageError: the folder cannot be made or written to.
        """
        if os.path.isdir(self.folder):
            _check_writable(self.folder, self.folder)
        elif os.path.lexists(self.folder):
            raise ImageError(f"cannot write to {self.folder}: it is a file, not a folder")
        else:
            _check_parent(self.folder)

    def __call__(self, step: Step) -> None:
        """Show it a step.

        Raises:
            ImageError: the system refused.
            InputError: several pictures.
        """
        if step.number % self._every:
            return
        try:
            self.folder.mkdir(exist_ok=True)
        except OSError as error:
            raise ImageError(f"cannot write to {self.folder}: {error.strerror or error}") from error
        save_image(step.image, self.folder / f"step_{step.number:04}.png")


@explained
def check_film(path: str | os.PathLike[str], *, height: int, width: int, frames: int) -> None:
    """Check that a film can be written; worth doing before a long computation.

    Args:
        path: of the file.
        height: of the finished picture, in pixels.
        width: likewise.
        frames: how many there will be.

    Raises:
        ImageError: another ending than .gif and .mp4, a missing folder, the path of a folder, or a folder that cannot
            be written to.
        InputError: no encoder for .mp4, or one that cannot do this size; more than `MOST_BYTES` of frames for a .gif;
            a number that is out of range.

    Example:
        >>> check_film("film.gif", height=512, width=512, frames=100)
        >>> check_film("film.gif", height=2048, width=2048, frames=1000)
        Traceback (most recent call last):
        styletools.errors.InputError: film: expected at most 1.5 GB of frames for a .gif, got 12.6 GB (1000 frames of
        2048 × 2048); take a larger --every, a smaller size, or .mp4, which is written as it goes
    """
    path = Path(path)
    if path.suffix.lower() not in (".gif", ".mp4"):
        raise ImageError(f"cannot write {path}: the name of a film must end in .gif or .mp4, not {path.suffix!r}")
    if os.path.isdir(path):
        raise ImageError(f"cannot write {path}: it is a folder")
    _check_parent(path)
    least, most = (1, 2**16 - 1) if _is_gif(path) else (2, 2**31 - 1)
    check_whole("height", height, least, most)
    check_whole("width", width, least, most)
    if not _is_gif(path):
        check_encoder(int(height), int(width))
        return
    needed = frames * height * width * 3
    if needed > MOST_BYTES:
        raise InputError(
            f"film: expected at most {MOST_BYTES / 1e9:.3g} GB of frames for a .gif, got {needed / 1e9:.3g} GB "
            f"({frames} frames of {width} × {height}); take a larger --every, a smaller size, or .mp4, which is "
            f"written as it goes"
        )


def _is_gif(path: Path) -> bool:
    return path.suffix.lower() == ".gif"


def _check_parent(path: Path) -> None:
    if not os.path.isdir(path.parent):
        raise ImageError(f"cannot write {path}: there is no folder {path.parent}; make it first")
    _check_writable(path.parent, path)


def _check_writable(folder: Path, path: Path) -> None:
    """Try it: permissions do not show that a medium is read-only."""
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise ImageError(f"cannot write {path}: {error.strerror or error}") from error


class _GifWriter:
    """Keeps the frames until the end."""

    def __init__(self, path: Path, height: int, width: int, per_second: int) -> None:
        self._path, self._milliseconds = path, round(100 / per_second) * 10
        self._film: Film | None = Film(most=int(MOST_BYTES // (height * width * 3)), side=max(height, width))

    def add(self, image: Tensor) -> None:
        if self._film is not None:
            self._film.add(image)

    def finish(self) -> None:
        if self._film is not None:
            try:
                write_whole(self._path, self._film.gif(self._milliseconds))
            except OSError as error:
                raise ImageError(f"cannot write {self._path}: {error.strerror or error}") from error

    def discard(self) -> None:
        self._film = None
