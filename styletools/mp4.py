"""Frames into an .mp4, one by one, through imageio-ffmpeg, which is optional."""

from __future__ import annotations

import os
import secrets
import tempfile
from collections.abc import Generator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from styletools.errors import ImageError, InputError
from styletools.pictures.images import to_pil

__all__ = ["LAST", "Mp4Writer", "check_encoder"]

LAST = 2
"""How many seconds the last frame of a film is held."""


def check_encoder(height: int, width: int) -> None:
    """Check that an .mp4 of this size can be made.

    It is tried out: not every ffmpeg has H.264, and none has it for every size.

    Args:
        height: in pixels.
        width: likewise.

    Raises:
        InputError: there is no ffmpeg, or it cannot make one.
    """
    try:
        import imageio_ffmpeg  # noqa: PLC0415  # optional

        imageio_ffmpeg.get_ffmpeg_exe()
    except (ImportError, RuntimeError):
        raise InputError(
            'film: expected an encoder for .mp4, found none; pip install "styletools[film]" (and install ffmpeg if '
            "that brings none for this system), or use .gif"
        ) from None
    with tempfile.TemporaryDirectory() as folder:
        trial = Mp4Writer(Path(folder) / "trial.mp4", height, width, 1)
        try:
            trial.add(torch.zeros(1, 3, height, width))
            trial.finish()
        except ImageError:
            raise InputError(
                f"film: ffmpeg is installed, but makes no .mp4 of {width} × {height} pixels; use .gif, or another size"
            ) from None
        finally:
            trial.discard()


class Mp4Writer:
    """Hands each frame to ffmpeg, which writes beside the target; the complete file then takes the target's name.

    A thread hands the frames over: ^C, which reaches the main thread only, cannot break one in two.

    Args:
        path: ends in .mp4; its folder must exist.
        height: of the frames, in pixels, at least 2; H.264 needs even sides: the last pixel of an odd one is left out.
        width: likewise.
        per_second: frames per second.
    """

    def __init__(self, path: Path, height: int, width: int, per_second: int) -> None:
        """Start without frames; ffmpeg starts with the first one."""
        self._path = path
        self._part = path.with_name(f".{path.stem}.{secrets.token_hex(4)}.part.mp4")
        self._height, self._width = height - height % 2, width - width % 2
        self._per_second = per_second
        self._thread = ThreadPoolExecutor(1)
        self._stream: Generator[None, bytes | None, None] | None = None
        self._handed: Future[None] | None = None
        self._last, self._count = b"", 0

    def add(self, image: Tensor) -> None:
        """Append a frame, (1, 3, H, W) in [0, 1], of the film's size.

        Raises:
            ImageError: the encoder stopped.
            InputError: not a picture.
        """
        pixels = np.asarray(to_pil(image))[: self._height, : self._width]
        self._hand(pixels.tobytes())

    def finish(self) -> None:
        """Hold the last frame, and give the file its name.

        Raises:
            ImageError: the encoder stopped, or the system refused.
        """
        self._wait()
        for _ in range(LAST * self._per_second - 1):
            self._hand(self._last)
        self._wait()
        self._end()
        try:
            self._check_complete()
            with self._part.open("rb+") as file:
                os.fsync(file.fileno())
            self._part.replace(self._path)
        except OSError as error:
            raise ImageError(f"cannot write {self._path}: {error.strerror or error}") from error

    def discard(self) -> None:
        """Leave neither a process nor a partial file behind; after `finish` there is nothing left to do."""
        try:
            self._end()
        finally:
            self._part.unlink(missing_ok=True)

    def _hand(self, frame: bytes) -> None:
        self._wait()  # one frame at a time, or a slow encoder would let them pile up
        self._handed = self._thread.submit(self._write, frame)

    def _wait(self) -> None:
        try:
            if self._handed is not None:
                self._handed.result()
        except (OSError, RuntimeError) as error:  # RuntimeError: imageio-ffmpeg finds no encoder
            reason = " ".join(str(error).split("FFMPEG", maxsplit=1)[0].split())
            raise ImageError(f"cannot write {self._path}: the encoder stopped ({reason})") from error

    def _write(self, frame: bytes) -> None:
        if self._stream is None:
            self._stream = self._open()
            self._stream.send(None)
        self._stream.send(frame)
        self._last, self._count = frame, self._count + 1

    def _open(self) -> Generator[None, bytes | None, None]:
        import imageio_ffmpeg  # noqa: PLC0415  # optional

        # Colours as browsers expect them: if the file does not name a matrix, they guess it from the size.
        matrix = "scale=out_color_matrix=bt709:out_range=tv:flags=bicubic+accurate_rnd+full_chroma_int"
        tags = [f"-{tag}" for tag in ("colorspace", "color_primaries", "color_trc")]
        named = [word for tag in tags for word in (tag, "bt709")]
        stream: Generator[None, bytes | None, None] = imageio_ffmpeg.write_frames(
            self._part,
            (self._width, self._height),
            fps=self._per_second,
            pix_fmt_out="yuv420p",  # what every browser plays
            quality=7,
            macro_block_size=1,  # do not round the sides to 16
            ffmpeg_log_level="error",
            output_params=["-vf", matrix, *named, "-color_range", "tv", "-movflags", "+faststart"],
        )
        return stream

    def _end(self) -> None:
        """Let ffmpeg finish, if it is running; in the thread, where the stream may be in use."""
        if self._stream is not None or self._handed is not None:
            self._thread.submit(self._close).result()
        self._stream = self._handed = None
        self._thread.shutdown()

    def _close(self) -> None:
        if self._stream is not None:
            self._stream.close()

    def _check_complete(self) -> None:
        """Count the frames: imageio-ffmpeg does not say whether ffmpeg failed, for instance on a full disk."""
        import imageio_ffmpeg  # noqa: PLC0415  # optional

        try:
            found = imageio_ffmpeg.count_frames_and_secs(self._part)[0]
        except RuntimeError:
            found = 0
        if found != self._count:
            raise ImageError(
                f"cannot write {self._path}: the encoder wrote {found} frames of {self._count}; is the disk full?"
            )
