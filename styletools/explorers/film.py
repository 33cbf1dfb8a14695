"""A film of a run: some of its frames, as an animated GIF."""

from __future__ import annotations

import io

from PIL import Image
from torch import Tensor

from styletools.errors import InputError
from styletools.pictures.images import to_pil

__all__ = ["Film"]


class Film:
    """Keeps frames evenly over a run of unknown length, never more than a bound.

    When it is full every second frame is dropped, and from then on only half as many are taken.

    Args:
        most: frames, at least 2.
        side: longer side of the film in pixels, at most.

    Example:
        >>> import torch
        >>> film = Film(most=4)
        >>> for _ in range(9):
        ...     film.add(torch.rand(1, 3, 8, 8))
        >>> 2 <= len(film) <= 4, film.gif()[:3]
        (True, b'GIF')
    """

    def __init__(self, most: int = 60, side: int = 320) -> None:
        """Without a frame."""
        self._most = max(2, most)
        self._side = side
        self._frames: list[Image.Image] = []
        self._latest: Image.Image | None = None  # the end of the film, whether its turn has come or not
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
        """The film; the last frame stands for two seconds.

        Raises:
            InputError: no frame was added.
        """
        if self._latest is None:
            raise InputError("film: expected at least one frame, got none; start a run first")
        last = self._latest
        shown = self._frames if self._frames[-1] is last else [*self._frames, last]
        frames = [frame.resize(last.size, Image.Resampling.BICUBIC) for frame in shown]
        times = [milliseconds] * (len(frames) - 1) + [2000]
        buffer = io.BytesIO()
        frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:], duration=times, loop=0)
        return buffer.getvalue()
