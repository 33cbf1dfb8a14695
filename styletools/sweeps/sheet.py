"""The pictures of a sweep side by side: rows and columns are named by what varies."""

from __future__ import annotations

import io
import math
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from styletools.errors import ImageError
from styletools.pictures.decoding import open_image
from styletools.pictures.modes import over_white
from styletools.sweeps.combinations import Combinations
from styletools.sweeps.run import Run
from styletools.sweeps.store import Store

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Page", "pages", "write_sheets"]

DPI = 100
WIDEST = 3200  # pixels of a page, as far as its pictures can be made smaller
LARGEST, SMALLEST = 320, 96  # longer side of a picture on it
MOST_ROWS = 24  # of a page


@dataclass(frozen=True)
class Page:
    """One contact sheet.

    Attributes:
        title: the values that all its pictures share, of what varies elsewhere.
        rows: their names, from the top.
        columns: likewise, from the left.
        runs: by row and column.
    """

    title: str
    rows: Sequence[str]
    columns: Sequence[str]
    runs: dict[tuple[str, str], Run]


def pages(plan: Combinations, runs: Sequence[Run]) -> list[Page]:
    """Divide the runs: an axis that is neither a row nor a column has a page for each value.

    Example:
        >>> from styletools.sweeps.combinations import read_plan
        >>> plan = read_plan({"recipe": "transfer", "fixed": {"content": "chelsea"},
        ...                   "vary": {"style": ["dots", "scales"], "seed": [0, 1], "beta": [1, 2, 3]}})
        >>> [(page.title, page.rows, page.columns) for page in pages(plan, plan.runs(Path("out")))][0]
        ('dots', ['seed 0', 'seed 1'], ['beta 1', 'beta 2', 'beta 3'])
    """
    found: dict[str, list[tuple[str, str, Run]]] = {}
    apart = [axis.name for axis in plan.axes if axis.name not in (*plan.rows, *plan.columns)]
    for run in runs:
        title, row, column = (
            ", ".join(run.varied[name] for name in names) for names in (apart, plan.rows, plan.columns)
        )
        found.setdefault(title, []).append((row, column, run))
    made = []
    for title, cells in found.items():
        rows = [*dict.fromkeys(row for row, _, _ in cells)]
        columns = [*dict.fromkeys(column for _, column, _ in cells)]
        for first in range(0, len(rows), MOST_ROWS):
            some = rows[first : first + MOST_ROWS]
            of_page = {(row, column): run for row, column, run in cells if row in some}
            made.append(Page(title, some, columns, of_page))
    return made


def write_sheets(plan: Combinations, runs: Sequence[Run], store: Store) -> list[str]:
    """Write `contact_sheet.jpg`, or `contact_sheet_1.jpg`, …, and return the names.

    Raises:
        ImageError: the system refuses.
    """
    found = pages(plan, runs)
    names = [f"contact_sheet{f'_{number}' if len(found) > 1 else ''}.jpg" for number in range(1, len(found) + 1)]
    for page, name in zip(found, names, strict=True):
        buffer = io.BytesIO()
        _drawn(page, store).savefig(buffer, format="jpg", dpi=DPI, pil_kwargs={"quality": 92, "subsampling": 0})
        store.write(name, buffer.getvalue())
    for old in store.folder.glob("contact_sheet*.jpg"):  # of an earlier plan
        if old.name not in names:
            old.unlink(missing_ok=True)
    return names


def _drawn(page: Page, store: Store) -> Figure:
    """A page, with one pixel of the sheet for each pixel of a thumbnail."""
    from matplotlib.figure import Figure  # noqa: PLC0415  # needed only here

    across = len(page.columns)
    side = min(LARGEST, max(SMALLEST, WIDEST // across))
    thumbnails = {cell: _thumbnail(run.target, side) for cell, run in page.runs.items()}
    there = [image for image in thumbnails.values() if image is not None]
    wide = max((image.width for image in there), default=side)
    heights = [
        max(
            (image.height for (of, _), image in thumbnails.items() if of == row and image is not None),
            default=side // 2,
        )
        for row in page.rows
    ]
    letter = 10 if side >= 160 else 8  # points
    point = DPI / 72
    left = _room([row for row in page.rows if row], letter, 12)
    heads = [_wrapped(name, wide, letter) for name in page.columns]
    top = (max((head.count("\n") + 1 for head in heads if head), default=0) * letter * 1.4 + 8) * point
    top += 1.6 * letter * point if page.title else 0
    gap = max(6, side // 24)
    width, height = left + across * (wide + gap) + gap, top + sum(heights) + gap * len(heights)
    figure = Figure(figsize=(width / DPI, height / DPI), dpi=DPI, facecolor="white")

    def say(x: float, y: float, text: str, **how: Any) -> None:  # noqa: ANN401
        figure.text(x / width, 1 - y / height, text, fontsize=letter, parse_math=False, **how)

    if page.title:
        say(gap, gap + letter * point / 2, page.title, va="center", ha="left", fontweight="bold")
    for column, head in enumerate(heads):
        say(left + column * (wide + gap) + gap + wide / 2, top - 4, head, va="bottom", ha="center")
    y = top
    for row, tall in zip(page.rows, heights, strict=True):
        say(left - 4, y + tall / 2, _wrapped(row, left - 12, letter), va="center", ha="right")
        for column, name in enumerate(page.columns):
            run = page.runs.get((row, name))
            x = left + column * (wide + gap) + gap
            image = thumbnails.get((row, name))
            if image is not None:
                place = round(x + (wide - image.width) / 2), round(height - y - (tall + image.height) / 2)
                figure.figimage(np.asarray(image), *place)
            elif run is not None:
                words = store.failure(run) or "not made yet"
                box = [x / width, 1 - (y + tall) / height, wide / width, tall / height]
                axes = figure.add_axes(box, facecolor="#eeeeee", xticks=[], yticks=[])  # type: ignore[call-overload]
                words = _wrapped(words, wide - 12, 7, int(tall / (10 * point)))
                axes.text(
                    0.5, 0.5, words, fontsize=7, ha="center", va="center", color="#a00000",
                    transform=axes.transAxes, parse_math=False, clip_on=True,
                )  # fmt: skip
        y += tall + gap
    return figure


def _thumbnail(path: Path, side: int) -> Image.Image | None:
    try:
        image = over_white(*open_image(path))
    except ImageError:
        return None
    image.thumbnail((side, side), Image.Resampling.LANCZOS)
    return image


def _room(names: Sequence[str], letter: float, space: int) -> int:
    """Pixels for the longest name, at most 200."""
    longest = max((len(name) for name in names), default=0)
    return min(200, round(longest * letter * 0.62 * DPI / 72) + space) if longest else 0


def _wrapped(text: str, pixels: float, letter: float, lines: int = 6) -> str:
    """Lines that fit, broken between words or, where a word is too long, inside it."""
    characters = max(6, math.floor(pixels / (letter * 0.6 * DPI / 72)))
    return "\n".join(textwrap.wrap(text, characters, max_lines=max(1, lines), placeholder=" …"))
