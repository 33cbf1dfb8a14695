"""Small pictures of numbers, made without pyplot, which two threads may not share."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
from matplotlib import colormaps, get_data_path
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from styletools import plots
from styletools.pictures.images import to_pil

__all__ = ["curves", "frame", "heat", "sheet"]

_GREY = (235, 235, 235)


def heat(values: Tensor, colours: str = "inferno", top: float | None = None) -> Image.Image:
    """A map or a matrix as a picture, one pixel for each number: dark for 0, bright for the largest.

    Args:
        values: (H, W), ≥ 0.
        colours: the name of a colour map.
        top: the brightest value; by default the largest.

    Example:
        >>> import torch
        >>> heat(torch.eye(3)).size
        (3, 3)
    """
    numbers = values.detach().float().cpu().numpy()
    largest = float(numbers.max()) if top is None else top
    rgba = colormaps[colours](np.clip(numbers / (largest or 1.0), 0, 1))
    return Image.fromarray((rgba[..., :3] * 255).astype(np.uint8))


def sheet(images: Mapping[str, Tensor | Image.Image], columns: int, width: int, height: int) -> Image.Image:
    """Pictures in rows, each with its title below, on a sheet of a fixed size.

    Args:
        images: by title.
        columns: pictures in a row.
        width: of the sheet in pixels.
        height: of the sheet in pixels.

    Example:
        >>> import torch
        >>> sheet({"a": torch.rand(1, 3, 8, 8), "b": torch.rand(1, 3, 8, 8)}, 2, 200, 100).size
        (200, 100)
    """
    ground = Image.new("RGB", (width, height), "white")
    rows = -(-len(images) // columns) or 1
    wide, high, text = width // columns, height // rows, 14
    draw, font = ImageDraw.Draw(ground), _font()
    for index, (title, image) in enumerate(images.items()):
        left, top = (index % columns) * wide, (index // columns) * high
        fitted = _fit(image, wide - 4, high - text - 4)
        ground.paste(fitted, (left + (wide - fitted.width) // 2, top + (high - text - fitted.height) // 2))
        draw.text((left + wide // 2, top + high - text // 2), title, fill="black", anchor="mm", font=font)
    return ground


def frame(image: Tensor | Image.Image, boxes: Sequence[tuple[int, int, int]], width: int) -> Image.Image:
    """A picture with squares drawn on it.

    Args:
        image: what to draw on.
        boxes: (top, left, side) in pixels of the picture, as `styletools.reading.field` returns.
        width: of the result in pixels.

    Example:
        >>> import torch
        >>> frame(torch.rand(1, 3, 8, 8), [(1, 2, 3)], 80).size
        (80, 80)
    """
    shown, larger = _drawn(image)
    scale = width / shown.width
    shown = shown.resize((width, max(1, round(shown.height * scale))), larger)
    draw = ImageDraw.Draw(shown)
    for top, left, side in boxes:
        corners = tuple(round(value * scale) for value in (left, top, left + side, top + side))
        draw.rectangle(corners, outline="black", width=5)
        draw.rectangle(tuple(c + d for c, d in zip(corners, (1, 1, -1, -1), strict=True)), outline="white", width=2)
    return shown


def curves(history: Mapping[str, Sequence[float]], width: int, height: int) -> bytes:
    """The named losses over the steps, as PNG.

    Args:
        history: of a synthesis, with at least one step.
        width: in pixels.
        height: in pixels.

    Raises:
        InputError: a history without a step.

    Example:
        >>> curves({"step": [1, 2], "height": [8, 8], "total": [2.0, 1.0]}, 200, 100)[1:4]
        b'PNG'
    """
    figure = Figure(figsize=(width / 80, height / 80), dpi=80, layout="constrained")
    FigureCanvasAgg(figure)
    plots.losses(history, figure.subplots())
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    return buffer.getvalue()


@lru_cache(maxsize=1)
def _font() -> ImageFont.FreeTypeFont:
    """The font that comes with matplotlib: Pillow's own has no α."""
    return ImageFont.truetype(str(Path(get_data_path(), "fonts", "ttf", "DejaVuSans.ttf")), 11)


def _fit(image: Tensor | Image.Image, width: int, height: int) -> Image.Image:
    """As large as fits into that space, its shape kept."""
    shown, larger = _drawn(image)
    scale = min(width / shown.width, height / shown.height)
    size = (max(1, round(shown.width * scale)), max(1, round(shown.height * scale)))
    return shown.resize(size, larger if scale > 1 else Image.Resampling.LANCZOS)


def _drawn(image: Tensor | Image.Image) -> tuple[Image.Image, Image.Resampling]:
    """A picture, and how to enlarge it: smoothly; but a map, which is already drawn, position by position."""
    if isinstance(image, Image.Image):
        return image, Image.Resampling.NEAREST
    return to_pil(image), Image.Resampling.BICUBIC
