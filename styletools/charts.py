"""Numbers drawn with matplotlib: bars, and losses over the steps of a run."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import matplotlib.pyplot as plt
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from styletools.door import explained
from styletools.errors import InputError, shown

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["COLOURS", "DPI", "bars", "check_axes", "compare", "losses"]

_NOT_LOSSES = ("step", "height", "evaluations", "seconds")
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#999999")
"""Okabe and Ito's palette, distinct for every kind of colour vision; line styles and hatches differ as well."""
_LINES = ("-", "--", "-.", ":")
DPI = 80
"""Dots per inch: few, so that a notebook stays small enough to be stored with its figures."""


@explained
def bars(
    values: Mapping[str, Mapping[str, float]], *, ylabel: str, log: bool = False, ax: Axes | None = None
) -> tuple[Figure, Axes]:
    """Compare numbers by layer (or any other name), with one group of bars per layer and one bar per series.

    Args:
        values: series → layer → number.
        ylabel: what the numbers are.
        log: whether the scale is logarithmic.
        ax: where to draw; by default a new figure.

    Returns:
        The figure and the axes.

    Raises:
        InputError: no numbers.

    Example:
        >>> fig, ax = bars({"mirror": {"conv1_1": 0.1, "conv2_1": 0.2}}, ylabel="E_l")
        >>> [label.get_text() for label in ax.get_xticklabels()]
        ['conv1_1', 'conv2_1']
        >>> plt.close(fig)
    """
    if not values or not all(values.values()):
        raise InputError("values: expected at least one series with a number, got none")
    if ax is None:
        _, ax = plt.subplots(figsize=(9, 3.2), dpi=DPI, layout="constrained")
    check_axes(ax)
    names = list(next(iter(values.values())))
    width = 0.8 / len(values)
    for index, (series, numbers) in enumerate(values.items()):
        places = [place - 0.4 + width * (index + 0.5) for place in range(len(names))]
        heights = [numbers[name] for name in names]
        colour, hatch = COLOURS[index % len(COLOURS)], ("", "//", "..", "xx")[index % 4]
        ax.bar(places, heights, width * 0.92, color=colour, hatch=hatch, edgecolor="white", label=series)
    ax.set_xticks(range(len(names)), names)
    ax.set(ylabel=ylabel)
    if log:
        _log_scale(ax)
    if len(values) > 1:
        ax.legend(fontsize=8, loc="center left", bbox_to_anchor=(1, 0.5), frameon=False)
    return ax.figure, ax  # type: ignore[return-value]  # a top-level axes' figure is a Figure


@explained
def compare(
    runs: Mapping[str, Mapping[str, Sequence[float]]],
    *,
    column: str = "total",
    against: str = "evaluations",
    ax: Axes | None = None,
) -> tuple[Figure, Axes]:
    """Plot one column of several runs' histories, on a logarithmic scale.

    Args:
        runs: histories by title.
        column: of the histories, such as `total` or `content conv4_2`.
        against: the column for the horizontal axis, such as `evaluations` or `step`.
        ax: where to draw; by default a new figure.

    Returns:
        The figure and the axes.

    Raises:
        InputError: no runs, or a history without that column.

    Example:
        >>> run = {"evaluations": [1, 2], "total": [3.0, 2.0]}
        >>> fig, ax = compare({"L-BFGS": run})
        >>> ax.get_xlabel(), ax.get_ylabel()
        ('evaluations', 'total')
        >>> plt.close(fig)
    """
    if not runs:
        raise InputError("runs: expected at least one history, got none")
    for title, history in runs.items():
        for name in (column, against):
            if not history.get(name):
                raise InputError(
                    f"runs: {title!r} has no column {shown(name)}; there are {', '.join(history) or 'none'}"
                )
    if ax is None:
        _, ax = plt.subplots(figsize=(9, 3.2), dpi=DPI, layout="constrained")
    check_axes(ax)
    for index, (title, history) in enumerate(runs.items()):
        colour, line = COLOURS[index % len(COLOURS)], _LINES[index % len(_LINES)]
        ax.plot(history[against], history[column], line, color=colour, label=title, linewidth=1.5)
    ax.set(xlabel=against, ylabel=column)
    _log_scale(ax)
    ax.legend(fontsize=8, loc="center left", bbox_to_anchor=(1, 0.5), frameon=False)
    return ax.figure, ax  # type: ignore[return-value]  # a top-level axes' figure is a Figure


def _log_scale(ax: Axes) -> None:
    """Set a logarithmic scale with readable numbers, and enough of them, even when its limits change."""
    ax.set_yscale("log")
    ax.yaxis.set_minor_formatter(NullFormatter())
    ax.callbacks.connect("ylim_changed", _log_ticks)
    _log_ticks(ax)


def _log_ticks(ax: Axes) -> None:
    low, high = ax.get_ylim()
    decades = math.log10(high / low)
    powers = low < 1e-5 or high > 1e5  # all numbers in the same notation
    between = (1.0,) if decades > 3.5 else (1.0, 3.0) if decades > 1.5 else (1.0, 1.5, 2.0, 3.0, 5.0, 7.0)
    ax.yaxis.set_major_locator(LogLocator(subs=between, numticks=12))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: _number(value, powers)))


def _number(value: float, powers: bool) -> str:
    """Write a number plainly, or with a power of ten."""
    if not powers:
        return f"{value:g}"
    power = math.floor(math.log10(value) + 1e-9)
    factor = value / 10**power
    return f"$10^{{{power}}}$" if abs(factor - 1) < 1e-6 else f"${factor:g}\\cdot10^{{{power}}}$"


def check_axes(ax: object) -> None:
    """Check that something is an axes to draw in.

    Raises:
        InputError: it is not.
    """
    if not hasattr(ax, "add_patch"):
        raise InputError(f"ax: expected the axes of a figure, got {shown(ax)}")


@explained
def losses(history: Mapping[str, Sequence[float]], ax: Axes | None = None) -> tuple[Figure, Axes]:
    """Plot each named loss over the steps, on a logarithmic scale; grey lines show where the picture grew.

    Args:
        history: of a `Result` or a `Synthesis`.
        ax: where to draw; by default a new figure.

    Returns:
        The figure and the axes.

    Raises:
        InputError: a history without steps.

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
        _, ax = plt.subplots(figsize=(9, 3.6), dpi=DPI, layout="constrained")
    check_axes(ax)
    names = [name for name in history if name not in _NOT_LOSSES]
    for index, name in enumerate(names):
        colour = "black" if name == "total" else COLOURS[index % len(COLOURS)]
        line = "-" if name == "total" else _LINES[index % len(_LINES)]
        ax.plot(history["step"], history[name], line, color=colour, label=name, linewidth=1.5)
    heights = history["height"]
    for index in range(1, len(heights)):
        if heights[index] != heights[index - 1]:
            ax.axvline(history["step"][index] - 0.5, color="0.7", linewidth=1)
    ax.set(xlabel="step", ylabel="weighted loss")
    _log_scale(ax)
    ax.legend(fontsize=8, loc="center left", bbox_to_anchor=(1, 0.5), frameon=False)
    return ax.figure, ax  # type: ignore[return-value]  # a top-level axes' figure is a Figure
