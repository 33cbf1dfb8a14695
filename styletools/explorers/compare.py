"""Two pictures at the same place: before and after, and the steps between."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import ipywidgets as widgets
from torch import Tensor

from styletools.door import explained
from styletools.errors import InputError
from styletools.explorers.access import Access
from styletools.explorers.panel import WIDTH, Panel, as_literal, whole
from styletools.explorers.picture import png
from styletools.explorers.touch.compare import CompareTouch
from styletools.explorers.touch.protocol import missing
from styletools.pictures.images import ImageSource, check_image, load_image
from styletools.recipes import Result

__all__ = ["ComparePanel", "compare"]

Shown: TypeAlias = ImageSource | Tensor | Result


@explained
@whole
def compare(before: Shown, after: Shown | Sequence[Shown]) -> ComparePanel:
    """Compare two pictures: slide a curtain between them, or look at both through a lens.

    Args:
        before: a bundled name, a file, a tensor (1, 3, H, W) in [0, 1], or a result, such as that of `transfer`.
        after: the same, of the same proportions; or a list of them, the steps of a run, to move through.

    Returns:
        The panel; it is shown as the last value of a cell. Its `touch.mode` is `"curtain"`, `"lens"` or `"after"`.

    Raises:
        ImageError: a picture cannot be read.
        InputError: an empty list, or different proportions.

    Example:
        >>> panel = compare("coffee", ["coffee", "coffee"])
        >>> panel, panel.touch.steps
        (compare('coffee', …), ['1', '2'])
        >>> panel.close()
    """
    first = _tensor(before, "before")
    several: list[Any] = list(after) if isinstance(after, list | tuple) else [after]
    pictures = [_tensor(one, "after") for one in several]
    if not pictures:
        raise InputError("after: expected a picture, or a list of at least one, got an empty list")
    for other in pictures:
        _check_proportions(first, other)
    call = f"compare({_literal(before)}, {_literal(after)})"
    return ComparePanel(call, png(first), [png(other) for other in pictures])


class ComparePanel(Panel):
    """See `compare`."""

    def __init__(self, call: str, before: bytes, after: Sequence[bytes]) -> None:
        """Show the last picture against the one before."""
        super().__init__("Before and after", call)
        self.touch = CompareTouch(width=720, height=480, mode="curtain", alt="before and after", after="after")
        self.touch.failed = self._failed
        self.touch.show_before(before)
        for number, picture in enumerate(after, 1):
            self.touch.value = picture
            if len(after) > 1:
                self.touch.keep(str(number))
        self.view.children = (self._title, self.touch, missing("styletools.plots.pictures"), Access())
        self.view.add_class("styletools-panel")
        self.view.layout = widgets.Layout(width=f"{WIDTH}px", max_width="100%", grid_gap="8px", overflow="visible")


def _tensor(source: Shown, name: str) -> Tensor:
    if isinstance(source, Result):
        return source.image
    if isinstance(source, Tensor):
        check_image(source, name)
        return source
    return load_image(source)


def _literal(value: object) -> str:
    return "<Result>" if isinstance(value, Result) else as_literal(value)


def _check_proportions(before: Tensor, after: Tensor) -> None:
    (height, width), (rows, columns) = before.shape[2:], after.shape[2:]
    rounding = 0.01 + 1.5 / min(rows, columns, height, width)
    if abs(rows * width / (columns * height) - 1) > rounding:
        raise InputError(
            f"after: expected the proportions of the picture before, {width} × {height}, got {columns} × {rows}; "
            "crop one of them"
        )
