"""A picture in a panel, with its caption."""

from __future__ import annotations

import html
import io
from importlib.resources import files
from pathlib import Path

import anywidget
import ipywidgets as widgets
import traitlets
from PIL import Image
from torch import Tensor

from styletools.pictures.images import to_pil

__all__ = ["Picture", "blank", "png"]


def png(image: Tensor | Image.Image, width: int | None = None) -> bytes:
    """A picture as PNG, enlarged smoothly to a width.

    Args:
        image: a tensor (1, 3, H, W) in [0, 1], or a PIL image.
        width: in pixels; a wider picture, or any with None, is left as it is.

    Raises:
        InputError: not a picture.

    Example:
        >>> import torch
        >>> png(torch.rand(1, 3, 4, 6))[1:4]
        b'PNG'
    """
    shown = image if isinstance(image, Image.Image) else to_pil(image)
    if width is not None and shown.width < width:
        height = round(shown.height * width / shown.width)
        shown = shown.resize((width, height), Image.Resampling.BICUBIC)
    buffer = io.BytesIO()
    shown.save(buffer, "PNG", compress_level=1)  # a frame is seen for a fifth of a second
    return buffer.getvalue()


def blank(width: int = 64, height: int = 64) -> Image.Image:
    """What is shown where there is no picture yet.

    Example:
        >>> blank().getpixel((0, 0))
        (235, 235, 235)
    """
    return Image.new("RGB", (width, height), (235, 235, 235))


class _Shown(anywidget.AnyWidget):
    """PNG bytes on the page, at a fixed size, with a text for those who cannot see them."""

    _esm = Path(str(files("styletools.explorers") / "picture.js"))
    value = traitlets.Bytes().tag(sync=True)
    alt = traitlets.Unicode().tag(sync=True)
    width = traitlets.Int().tag(sync=True)
    height = traitlets.Int().tag(sync=True)


class Picture:
    """An image with its caption, of a fixed size, so that nothing jumps while it changes.

    Args:
        caption: below it.
        width: in CSS pixels.
        height: in CSS pixels.
        image: what shows it, with a `value` of PNG bytes and a text `alt`; by default a plain image.

    Example:
        >>> picture = Picture("a cat", 64, 48)
        >>> picture.image.alt, picture.image.value[1:4]
        ('a cat', b'PNG')
    """

    def __init__(self, caption: str, width: int, height: int, image: widgets.DOMWidget | None = None) -> None:
        """Grey until there is a picture."""
        self.image = _Shown(width=width, height=height) if image is None else image
        self.image.value = png(blank())
        self.caption = widgets.HTML(layout=widgets.Layout(width=f"{width}px", min_height="24px"))
        self.say(caption)
        self.box = widgets.VBox([self.image, self.caption], layout=widgets.Layout(margin="0"))

    def show(self, image: Tensor | Image.Image | bytes) -> None:
        """Change the picture."""
        self.image.value = image if isinstance(image, bytes) else png(image)

    def say(self, caption: str) -> None:
        """Change the caption, which is text, not HTML, and is told to those who cannot see the picture, too."""
        self.image.alt = caption
        self.caption.value = f"<small>{html.escape(caption)}</small>"
