"""Static pictures with matplotlib, and a picture that changes while it is made.

Data in, axes out: nothing here runs a network, and nothing is shown by itself.
"""

from __future__ import annotations

import io
import math
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import matplotlib.pyplot as plt
import numpy as np
from torch import Tensor

from styletools.errors import InputError
from styletools.images import to_pil
from styletools.progress import OnStep
from styletools.synthesis import Step

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["live", "losses", "pictures"]

_NOT_LOSSES = ("step", "height", "evaluations", "seconds")
# Okabe and Ito's colours, told apart with every kind of colour vision; line styles differ as well.
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#999999")
_LINES = ("-", "--", "-.", ":")


def pictures(images: Mapping[str, Tensor], *, columns: int = 4, width: float = 9.0) -> tuple[Figure, list[Axes]]:
    """Show pictures side by side, each under its title.

    Args:
        images: (1, 3, H, W) or (3, H, W) in [0, 1] by title.
        columns: at most so many in a row.
        width: of the figure, in inches.

    Returns:
        The figure and one axes per picture.

    Raises:
        InputError: something is not a picture, or there is none.

    Example:
        >>> import torch
        >>> fig, axes = pictures({"noise": torch.rand(1, 3, 8, 12), "grey": torch.full((1, 3, 8, 12), 0.5)})
        >>> [ax.get_title() for ax in axes]
        ['noise', 'grey']
        >>> plt.close(fig)
    """
    if not images:
        raise InputError("images: expected at least one picture, got none")
    shown = {title: to_pil(image) for title, image in images.items()}
    columns = min(columns, len(shown))
    rows = math.ceil(len(shown) / columns)
    tallest = max(image.height / image.width for image in shown.values())
    fig, grid = plt.subplots(
        rows, columns, figsize=(width, rows * (width / columns * tallest + 0.35)), squeeze=False, layout="constrained"
    )
    axes = list(grid.flat)
    for ax in axes:
        ax.axis("off")
    for ax, (title, image) in zip(axes, shown.items(), strict=False):
        ax.imshow(np.asarray(image), interpolation="nearest")
        ax.set_title(title, fontsize=10)
    return fig, axes[: len(images)]


def losses(history: Mapping[str, Sequence[float]], ax: Axes | None = None) -> tuple[Figure, Axes]:
    """Plot each named loss over the steps, on a logarithmic scale; grey lines show where the picture grew.

    Args:
        history: of a `Result` or a `Synthesis`.
        ax: where to draw; by default a new figure.

    Returns:
        The figure and the axes.

    Raises:
        InputError: a history without a step.

    Example:
        >>> columns = {"step": [1, 2, 3], "height": [8, 8, 16], "content": [3, 2, 1], "total": [3, 2, 1]}
        >>> fig, ax = losses(columns)
        >>> [line.get_label() for line in ax.get_legend().get_lines()]
        ['content', 'total']
        >>> plt.close(fig)
    """
    if not history.get("step"):
        raise InputError("history: expected at least one step, got none")
    if ax is None:
        _, ax = plt.subplots(figsize=(9, 3.6), layout="constrained")
    names = [name for name in history if name not in _NOT_LOSSES]
    for index, name in enumerate(names):
        colour = "black" if name == "total" else _COLOURS[index % len(_COLOURS)]
        line = "-" if name == "total" else _LINES[index % len(_LINES)]
        ax.plot(history["step"], history[name], line, color=colour, label=name, linewidth=1.5)
    heights = history["height"]
    for index in range(1, len(heights)):
        if heights[index] != heights[index - 1]:
            ax.axvline(history["step"][index] - 0.5, color="0.7", linewidth=1)
    ax.set(xlabel="step", ylabel="weighted loss", yscale="log")
    ax.legend(fontsize=8, loc="center left", bbox_to_anchor=(1, 0.5), frameon=False)
    return ax.figure, ax  # type: ignore[return-value]  # a top-level axes' figure is a Figure


def live(width: int = 384, seconds: float = 0.3) -> OnStep:
    """Make an `on_step` that shows the picture in a notebook while it is made.

    Args:
        width: on the screen, in pixels.
        seconds: at least so long between two updates; a notebook chokes on more than five a second.

    Returns:
        A callback for `transfer(…, on_step=…)`. The first picture appears at the first step.

    Example:
        >>> watch = live()
        >>> callable(watch)
        True
    """
    from IPython.display import DisplayHandle, Image  # noqa: PLC0415  # only a notebook has a use for it

    handle = DisplayHandle()  # type: ignore[no-untyped-call]
    shown = -math.inf

    def watch(step: Step) -> None:
        nonlocal shown
        now = time.monotonic()
        if now - shown < seconds and step.progress < 1:
            return
        buffer = io.BytesIO()
        to_pil(step.image).save(buffer, "PNG")
        show = handle.display if shown == -math.inf else handle.update
        show(Image(buffer.getvalue(), width=width))  # type: ignore[no-untyped-call]
        shown = now

    return watch
