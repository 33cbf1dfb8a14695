"""Regions painted on a picture."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import traitlets
from torch import Tensor

from styletools.errors import InputError
from styletools.explorers.touch.protocol import Answer, Touch, joined, picture

__all__ = ["MaskTouch"]

LABELS = 3  # besides region 0: the studio's preview has four colours


class MaskTouch(Touch):
    """Brush, eraser and fill on a picture. What it asks for is in `masks.js`.

    Attributes:
        tool: `"brush"`, `"eraser"` or `"fill"`.
        label: the region that is painted, from 1; 0 is where nothing was painted.
        size: radius of the brush in pixels.
        alike: how far colours may be from the one that is clicked: 0 that colour only, 1 all.
        name: what the picture is called.
        used: the labels that occur, in order.
        mask: (H, W), whole numbers: the label of each pixel.

    Example:
        >>> view = MaskTouch("the photograph")
        >>> view.show(torch.rand(1, 3, 4, 6))
        >>> view.mask.shape, view.used
        (torch.Size([4, 6]), [0])
        >>> view.paint(torch.eye(4, 6).long())
        >>> view.used
        [0, 1]
        >>> view.close()
    """

    _esm = joined("masks.js")
    tool = traitlets.Enum(["brush", "eraser", "fill"], "brush").tag(sync=True)
    label = traitlets.Int(1).tag(sync=True)
    labels = traitlets.Int(LABELS).tag(sync=True)
    size = traitlets.Int(12).tag(sync=True)
    alike = traitlets.Float(0.15).tag(sync=True)
    name = traitlets.Unicode().tag(sync=True)
    used: traitlets.List[int] = traitlets.List([0]).tag(sync=True)

    def __init__(self, name: str) -> None:
        """Start without a picture."""
        super().__init__(name=name)
        self._image = torch.zeros(1, 3, 1, 1)
        self.mask = torch.zeros(1, 1, dtype=torch.long)
        self.painted: Callable[[], None] = lambda: None
        self.answers = {
            "picture": lambda *_: picture(self._image),
            "mask": lambda *_: Answer(
                {"shape": list(self.mask.shape), "dtype": "uint8"}, self.mask.to(torch.uint8).numpy().tobytes()
            ),
            "keep": self._keep,
        }

    def show(self, image: Tensor) -> None:
        """Show another picture, with nothing painted on it."""
        self._image = image
        self.mask = torch.zeros(image.shape[2:], dtype=torch.long)
        self.used = [0]
        self.renew()

    def paint(self, mask: Tensor) -> None:
        """Paint from Python.

        Raises:
            InputError: not the picture's size, or labels out of range.
        """
        self._take(mask)
        self.renew()

    def _take(self, mask: Tensor) -> None:
        wanted = tuple(self._image.shape[2:])
        if tuple(mask.shape) != wanted or mask.is_floating_point():
            raise InputError(f"mask: expected labels {wanted}, got {mask.dtype} {tuple(mask.shape)}")
        if mask.min() < 0 or mask.max() > self.labels:
            raise InputError(f"mask: expected labels 0 … {self.labels}, got {int(mask.min())} … {int(mask.max())}")
        self.mask = mask.long()
        self.used = sorted(set(self.mask.flatten().tolist()))

    def _keep(self, asked: dict[str, Any], buffers: list[Any]) -> Answer:
        height, width = map(int, asked["shape"])
        labels = torch.frombuffer(bytearray(buffers[0]), dtype=torch.uint8)
        if len(labels) != height * width:
            raise InputError(f"mask: expected {height * width} labels, got {len(labels)}")
        self._take(labels.reshape(height, width))
        self.painted()
        return Answer()
