"""A stack of maps as the paper's matrix F."""

from __future__ import annotations

import numpy as np
import torch
from matplotlib.figure import Figure

import styletools as st
from styletools.reading import order

from . import material
from .card import INK, MARGIN, SMALL, SOFT, TEXT, Card, ramp

ALT = (
    "Three small maps of 2 × 3 positions become a matrix of 3 rows and 6 columns: each map, read row by row, is "
    "one row of the matrix, so a row is a filter and a column is a position; the column of position 5 holds what "
    "all three filters say there. Below, the same with real numbers: a picture of 24 × 16 pixels gives 64 maps at "
    "conv1_1, and a matrix of 64 rows and 384 columns."
)
MAPS = torch.tensor([[[2, 0, 1], [0, 3, 0]], [[1, 0, 1], [0, 2, 4]], [[0, 3, 0], [1, 5, 0]]])
TINTS = (("#CFE8F7", "#8FCBEF"), ("#FBE3B0", "#F0BE52"), ("#F0D5E3", "#DDA3C3"))  # a map's first row, and its second
EDGES = ("#1F6E9C", "#8A5E00", "#9A4473")
CHOSEN = 4  # the position that is marked, counted from 0
CELL, BIG = 36, 46
MAP_X, MATRIX_X = 330, 560
ROWS = (122, 214, 306)  # the middles of the maps
LAYER, SIZE = "conv1_1", 24


def flattening() -> Figure:
    """C × H × W → rows are filters, columns are positions, in small numbers and with real features."""
    card = Card(606, "$F$ as a matrix: a row for each filter, a column for each position")
    _stack(card)
    for number in range(len(MAPS)):
        _map(card, number)
    _matrix(card)
    card.line([(MARGIN, 394), (932, 394)], "#E2E5E8", thick=1, zorder=1)
    _real(card)
    return card.figure


def _cell(card: Card, corner: tuple[float, float], side: float, number: int, value: int, row: int) -> None:
    card.box(corner, (side, side), TINTS[number][row], edge="white", radius=2, thick=1.5, zorder=4)
    card.text((corner[0] + side / 2, corner[1] + side / 2), str(value), size=TEXT)


def _frame(card: Card, corner: tuple[float, float], size: tuple[float, float]) -> None:
    """Around what is said at the chosen position."""
    card.box(corner, size, "none", edge=INK, radius=4, thick=2.4, zorder=5)


def _stack(card: Card) -> None:
    """The same three maps behind one another."""
    count, height, width = MAPS.shape
    left, top, step = 66, 196, 34
    for number in reversed(range(count)):
        x, y = left + step * number, top - step * number
        for row in range(height):
            for column in range(width):
                corner = (x + column * CELL, y + row * CELL)
                card.box(
                    corner, (CELL, CELL), TINTS[number][row], edge="white", radius=2, thick=1.2, zorder=4 - number / 4
                )
        row, column = divmod(CHOSEN, width)
        card.box(
            (x + column * CELL, y + row * CELL),
            (CELL, CELL),
            "none",
            edge=INK,
            thick=2,
            radius=4,
            zorder=4.1 - number / 4,
        )
    card.text((left + width * CELL / 2, top + height * CELL + 18), f"$W={width}$")
    card.text((left - 12, top + height * CELL / 2), f"$H={height}$", align="right")
    card.text((left + 2, top - 46), f"$C=N_l={count}$")
    card.arrow((left + 190, ROWS[1]), (MAP_X - 34, ROWS[1]))


def _map(card: Card, number: int) -> None:
    _, height, width = MAPS.shape
    top = ROWS[number] - height * CELL / 2
    for row in range(height):
        for column in range(width):
            corner = (MAP_X + column * CELL, top + row * CELL)
            _cell(card, corner, CELL, number, int(MAPS[number, row, column]), row)
    row, column = divmod(CHOSEN, width)
    _frame(card, (MAP_X + column * CELL, top + row * CELL), (CELL, CELL))
    card.text((MAP_X - 12, ROWS[number]), f"{number + 1}", colour=EDGES[number], weight="bold", align="right")
    end = ROWS[1] + (number - 1) * BIG
    card.arrow(
        (MAP_X + width * CELL + 10, ROWS[number]),
        (MATRIX_X - 34, end),
        EDGES[number],
        bend=(number - 1) * 0.12,
        thick=2.2,
    )


def _matrix(card: Card) -> None:
    """What `F.flatten(1)` gives."""
    F = MAPS.flatten(1)
    N, M = F.shape
    top = ROWS[1] - N * BIG / 2
    for number in range(N):
        for k in range(M):
            _cell(card, (MATRIX_X + k * BIG, top + number * BIG), BIG, number, int(F[number, k]), k // MAPS.shape[2])
        card.text((MATRIX_X - 14, top + (number + 0.5) * BIG), f"{number + 1}", colour=EDGES[number], weight="bold")
    for k in range(M):
        strong = "bold" if k == CHOSEN else "normal"
        card.text((MATRIX_X + (k + 0.5) * BIG, top - 14), f"{k + 1}", size=SMALL, colour=INK, weight=strong)
    _frame(card, (MATRIX_X + CHOSEN * BIG, top), (BIG, N * BIG))
    card.text((MATRIX_X + M * BIG / 2, top - 40), f"position $k=1 … M_l$,  $M_l=H·W={M}$")
    card.text((MATRIX_X + M * BIG + 14, ROWS[1]), "filter\n$i=1 … N_l$", align="left")
    x, bottom = MATRIX_X + (CHOSEN + 0.5) * BIG, top + N * BIG
    card.line([(x, bottom + 2), (x, bottom + 16)], INK)
    card.text((x, bottom + 30), f"what all filters say at position {CHOSEN + 1}")
    card.text((MATRIX_X, 344), "in code: F.flatten(2)", mono=True, colour=SOFT, align="left", size=SMALL)


def _real(card: Card) -> None:
    image = material.picture(material.PHOTOGRAPH, SIZE)
    F = material.features(image, LAYER)[LAYER]
    _, N, height, width = F.shape
    rows = F[0][order(st.gram_matrix(F))].flatten(1)
    rows = rows / rows.amax(1, keepdim=True).clamp_min(1e-6)
    top, tall = 432, 112
    card.image(material.pixels(image), (MARGIN, top), (tall * width / height, tall), edge=INK, smooth=False)
    card.text((MARGIN + tall * width / height / 2, top + tall + 22), f"{width} × {height} pixels", size=SMALL)
    sheets = [ramp(values, "x") for values in material.maps(F, 7)]
    card.stack(sheets, (252, top + 18), (126, 84), step=5, smooth=False)
    card.text((330, top + tall + 22), f"{N} maps of {LAYER}", size=SMALL)
    card.image(ramp(np.asarray(rows), "x"), (458, top), (474, tall), edge=INK, smooth=False)
    card.text((695, top + tall + 22), f"$F$: {N} rows, {width * height} columns", size=SMALL)
    card.text((MARGIN, top - 18), "The same for real", weight="bold", align="left")
    card.arrow((MARGIN + tall * width / height + 10, top + tall / 2), (244, top + tall / 2))
    card.arrow((416, top + tall / 2), (450, top + tall / 2))
