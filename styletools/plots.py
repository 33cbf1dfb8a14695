"""Static pictures with matplotlib, and a picture that is shown while it is made.

Data in, axes out: nothing here runs a network, and no figure is shown automatically.
"""

from __future__ import annotations

import io
import math
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import Rectangle
from torch import Tensor

from styletools.charts import COLOURS, DPI, bars, check_axes, compare, losses
from styletools.descent.synthesis import Step
from styletools.door import explained
from styletools.errors import InputError, check_whole, shown
from styletools.pictures.images import to_pil

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.image import AxesImage

__all__ = ["Live", "bars", "clouds", "compare", "live", "losses", "maps", "matrices", "outline", "pictures", "scores"]

_WIDEST = 100  # inches


@explained
def pictures(
    images: Mapping[str, Tensor], *, columns: int = 4, width: float | None = None, pixels: bool = False
) -> tuple[Figure, list[Axes]]:
    """Show pictures side by side, each under its title.

    In a single row all have the same height, whatever their shapes.

    Args:
        images: (1, 3, H, W) or (3, H, W) in [0, 1] by title.
        columns: maximum number in a row.
        width: of the figure, in inches. `None` gives each picture of a row 4.5, and all of a row at most 11.5.
        pixels: whether single pixels are the point: small pictures are then enlarged without smoothing.

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
    check_whole("columns", columns, 1)
    drawn = {title: to_pil(image) for title, image in images.items()}
    width = min(4.5 * min(columns, len(drawn)), 11.5) if width is None else width
    fig, axes = _grid(list(drawn), [image.height / image.width for image in drawn.values()], columns, width)
    room = width * DPI / min(columns, len(drawn))  # pixels on the screen for each
    for ax, image in zip(axes, drawn.values(), strict=True):
        enlarged = "nearest" if pixels else "bicubic"
        ax.imshow(np.asarray(image), interpolation=enlarged if image.width <= room else "antialiased")
    return fig, axes


@explained
def maps(
    values: Mapping[str, Tensor], *, columns: int = 4, width: float = 9.0, shared: bool = False
) -> tuple[Figure, list[Axes]]:
    """Show maps of single numbers side by side, dark for 0 and bright for the largest.

    Args:
        values: (H, W), ≥ 0, by title: one filter's activations, or a product of two.
        columns: maximum number in a row.
        width: of the figure, in inches.
        shared: whether all share one scale, with a colour bar, or each has its own.

    Returns:
        The figure and one axes per map.

    Raises:
        InputError: something is not a map, or there is none.

    Example:
        >>> import torch
        >>> fig, axes = maps({"filter 3": torch.rand(4, 6)})
        >>> [ax.get_title() for ax in axes]
        ['filter 3']
        >>> plt.close(fig)
    """
    _check_matrices("values", values)
    drawn = {title: value.detach().cpu().numpy() for title, value in values.items()}
    fig, axes = _grid(list(drawn), [h / w for h, w in (value.shape for value in drawn.values())], columns, width)
    top = max(float(value.max()) for value in drawn.values()) if shared else None
    for ax, value in zip(axes, drawn.values(), strict=True):
        image = ax.imshow(value, cmap="inferno", vmin=0, vmax=top or max(float(value.max()), 1e-12))
    if shared:
        _colour_bar(fig, axes, image)
    return fig, axes


@explained
def matrices(
    values: Mapping[str, Tensor],
    *,
    columns: int = 4,
    width: float = 9.0,
    label: str = "",
    numbered: bool = True,
) -> tuple[Figure, list[Axes]]:
    """Show square matrices as heat maps side by side, all on one scale from 0 to the largest entry.

    Args:
        values: (C, C) or (1, C, C), ≥ 0, by title.
        columns: maximum number in a row.
        width: of the figure, in inches.
        label: of the colour bar.
        numbered: whether a row's number is its filter's. It is not if the filters were sorted: a number would then be
            only a rank, and none is shown.

    Returns:
        The figure and one axes per matrix.

    Raises:
        InputError: something is not a matrix, or there is none.

    Example:
        >>> import torch
        >>> fig, axes = matrices({"G": torch.eye(3)})
        >>> axes[0].get_xlabel(), axes[0].get_ylabel()
        ('filter j', 'filter i')
        >>> plt.close(fig)
    """
    flat = {title: value[0] if value.dim() == 3 else value for title, value in values.items()}
    _check_matrices("values", flat)
    drawn = {title: value.detach().cpu().numpy() for title, value in flat.items()}
    fig, axes = _grid(list(drawn), [1.0] * len(drawn), columns, width, frame=True)
    top = max(float(value.max()) for value in drawn.values())
    for ax, value in zip(axes, drawn.values(), strict=True):
        image = ax.imshow(value, cmap="viridis", vmin=0, vmax=top, interpolation="nearest")
        ax.set(xlabel="filter j", ylabel="filter i")
        if not numbered:
            ax.set(xlabel="filters j, sorted", ylabel="filters i, sorted", xticks=[], yticks=[])
    _colour_bar(fig, axes, image, label)
    return fig, axes


@explained
def outline(ax: Axes, top: float, left: float, side: float) -> None:
    """Draw a square on a picture, in pixels: for instance a receptive field.

    Args:
        ax: of the picture.
        top: of the square; like `left` and `side`, as `styletools.reading.field` returns it.
        left: of the square.
        side: of the square.

    Example:
        >>> fig, ax = plt.subplots()
        >>> outline(ax, 1, 2, 3)
        >>> len(ax.patches)  # a light line inside a dark one shows on any background
        2
        >>> plt.close(fig)
    """
    check_axes(ax)
    for colour, thick in (("black", 3.5), ("white", 1.5)):
        ax.add_patch(Rectangle((left - 0.5, top - 0.5), side, side, fill=False, edgecolor=colour, linewidth=thick))


@explained
def clouds(
    points: Mapping[str, Tensor],
    *,
    columns: int = 4,
    width: float = 9.0,
    labels: tuple[str, str] = ("filter 1", "filter 2"),
) -> tuple[Figure, list[Axes]]:
    """Show what two filters say at each position as a cloud of points, several clouds side by side at the same scale.

    Args:
        points: (2, M), or features (1, 2, H, W), by title.
        columns: maximum number in a row.
        width: of the figure, in inches.
        labels: of the two axes.

    Returns:
        The figure and one axes per cloud.

    Raises:
        InputError: something does not have two rows, or there is none.

    Example:
        >>> import torch
        >>> fig, axes = clouds({"a": torch.rand(2, 50), "b": torch.rand(1, 2, 5, 10)})
        >>> axes[0].get_xlim() == axes[1].get_xlim()
        True
        >>> plt.close(fig)
    """
    flat = {title: value[0].flatten(1) if value.dim() == 4 else value for title, value in points.items()}
    _check_matrices("points", flat)
    for title, value in flat.items():
        if len(value) != 2:
            raise InputError(f"points: {title!r} must have two rows, got shape {tuple(value.shape)}")
    drawn = {title: value.detach().cpu().numpy() for title, value in flat.items()}
    fig, axes = _grid(list(drawn), [1.0] * len(drawn), columns, width, frame=True)
    low = min(float(value.min()) for value in drawn.values())
    high = max(float(value.max()) for value in drawn.values())
    margin = 0.05 * (high - low or 1.0)
    for ax, (x, y) in zip(axes, drawn.values(), strict=True):
        ax.scatter(x, y, s=9, alpha=0.5, color=COLOURS[0], edgecolors="none")
        ax.set(xlim=(low - margin, high + margin), ylim=(low - margin, high + margin), aspect="equal")
        ax.set(xlabel=labels[0], ylabel=labels[1])
    return fig, axes


@explained
def scores(
    values: Mapping[str, Mapping[str, float]], *, xlabel: str = "", ylabel: str = "", width: float = 9.0
) -> tuple[Figure, Axes]:
    """Show a table of numbers ≥ 0: each cell holds its number, and is darker the larger this is within its column.

    Args:
        values: row → column → number; a cell whose row and column have the same name gets a frame.
        xlabel: what the columns are.
        ylabel: what the rows are.
        width: of the figure, in inches.

    Returns:
        The figure and the axes.

    Raises:
        InputError: no numbers, rows with different columns, or a number below 0.

    Example:
        >>> fig, ax = scores({"a": {"x": 0.0, "y": 3.14}, "b": {"x": 12.3, "y": 0.001}})
        >>> [text.get_text() for text in ax.texts]
        ['0', '3.1', '12', '<0.01']
        >>> plt.close(fig)
    """
    _check_width(width)
    if not values or not all(values.values()):
        raise InputError("values: expected at least one row with a number, got none")
    rows, columns = list(values), list(next(iter(values.values())))
    for row in rows:
        if list(values[row]) != columns:
            raise InputError(f"values: {row!r} has the columns {', '.join(values[row])}, not {', '.join(columns)}")
    table = np.array([[values[row][column] for column in columns] for row in rows])
    if not (table >= 0).all():
        raise InputError("values: expected numbers that are not negative")
    largest = np.maximum(table.max(0), 0.05 * table.max())  # a column of small numbers stays light
    shade = np.sqrt(table / largest.clip(1e-12))
    fig, ax = plt.subplots(figsize=(width, 0.32 * len(rows) + 1.4), dpi=DPI, layout="constrained")
    ax.imshow(shade, cmap="Blues", vmin=0, vmax=2, aspect="auto")  # light enough to read black figures on
    for i, j in np.ndindex(table.shape):
        ax.text(j, i, _short(float(table[i, j])), ha="center", va="center", fontsize=9)
        if rows[i] == columns[j]:
            ax.add_patch(Rectangle((j - 0.5, i - 0.5), 1, 1, fill=False, edgecolor="black", linewidth=1.5))
    ax.set_xticks(range(len(columns)), columns, rotation=30, ha="left", rotation_mode="anchor")
    ax.set_yticks(range(len(rows)), rows)
    ax.tick_params(length=0, labelsize=9, labeltop=True, labelbottom=False)
    ax.set(xlabel=xlabel, ylabel=ylabel)
    return fig, ax


def _short(number: float) -> str:
    """Two digits, and no more than two decimal places."""
    if number == 0 or number >= 0.01:
        return (
            f"{number:.0f}"
            if number == 0 or number >= 9.95
            else f"{number:.1f}"
            if number >= 0.995
            else f"{number:.2g}"
        )
    return "<0.01"


def _grid(
    titles: Sequence[str], tall: Sequence[float], columns: int, width: float, *, frame: bool = False
) -> tuple[Figure, list[Axes]]:
    """A figure with one axes for each title, without ticks unless `frame`; `tall` holds heights over widths."""
    check_whole("columns", columns, 1)
    _check_width(width)
    columns = min(columns, len(titles))
    rows = math.ceil(len(titles) / columns)
    if rows == 1:  # all of one height: each as wide as its shape requires
        wide = [1 / one for one in tall]
        high = width / sum(wide)
    else:
        wide, high = [1.0] * columns, width / columns * max(tall)
    fig, grid = plt.subplots(
        rows,
        columns,
        figsize=(width, rows * (high + (0.6 if frame else 0.35))),
        dpi=DPI,
        squeeze=False,
        layout="constrained",
        width_ratios=wide,
    )
    for ax in grid.flat[len(titles) :]:
        ax.axis("off")
    axes = list(grid.flat[: len(titles)])
    for ax, title in zip(axes, titles, strict=True):
        ax.set_title(title, fontsize=10)
        ax.set_anchor("N")  # titles of one row are on one line
        if frame:
            ax.tick_params(labelsize=8)
        else:
            ax.axis("off")
    return fig, axes


def _check_width(width: float) -> None:
    if not 0 < width <= _WIDEST:
        raise InputError(f"width: expected inches, above 0 and at most {_WIDEST}, got {shown(width)}")


def _colour_bar(fig: Figure, axes: Sequence[Axes], image: AxesImage, label: str = "") -> None:
    """One bar for all, beside the last axes of the first row and as tall."""
    columns = axes[0].get_subplotspec().get_gridspec().ncols  # type: ignore[union-attr]  # made by `_grid`
    last = axes[min(columns, len(axes)) - 1]
    fig.colorbar(image, cax=last.inset_axes((1.04, 0.0, 0.05, 1.0)), label=label)


def _check_matrices(name: str, values: Mapping[str, Tensor]) -> None:
    if not values:
        raise InputError(f"{name}: expected at least one, got none")
    for title, value in values.items():
        if value.dim() != 2 or 0 in value.shape:
            raise InputError(f"{name}: {title!r} must have two dimensions, got shape {tuple(value.shape)}")


@explained
def live(width: int = 384, seconds: float = 0.3) -> Live:
    """Make an `on_step` that shows the picture in a notebook while it is made.

    Args:
        width: on the screen, in pixels.
        seconds: minimum time between two updates; a notebook chokes on more than five a second.

    Returns:
        A callback for `transfer(…, on_step=…)`. A loop of your own calls it with the picture, (1, 3, H, W), and at
        the end with `last=True`. The first picture appears at the first step.

    Example:
        >>> watch = live()
        >>> callable(watch)
        True
    """
    return Live(width, seconds)


class Live:
    """What `live` returns: called with a step or a picture, it shows the picture in place of the previous one.

    Args:
        width: on the screen, in pixels.
        seconds: minimum time between two updates.
    """

    def __init__(self, width: int, seconds: float) -> None:
        """Nothing is shown yet."""
        from IPython.display import DisplayHandle  # noqa: PLC0415  # only a notebook has a use for it

        self._handle = DisplayHandle()  # type: ignore[no-untyped-call]
        self._width, self._seconds, self._last = width, seconds, -math.inf

    def __call__(self, step: Step | Tensor, *, last: bool = False) -> None:
        """Show it, unless another one was shown a moment ago; the last one is always shown."""
        from IPython.display import Image  # noqa: PLC0415

        image, ended = (step, last) if isinstance(step, Tensor) else (step.image, last or step.progress >= 1)
        now = time.monotonic()
        if now - self._last < self._seconds and not ended:
            return
        buffer = io.BytesIO()
        to_pil(image.detach().clamp(0, 1) if isinstance(step, Tensor) else image).save(buffer, "PNG")
        show = self._handle.display if self._last == -math.inf else self._handle.update
        show(Image(buffer.getvalue(), width=self._width))  # type: ignore[no-untyped-call]
        self._last = now
