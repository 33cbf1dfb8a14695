"""The Gram matrix as a sum over positions."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import torch
from matplotlib.figure import Figure
from torch import Tensor

import styletools as st

from . import material
from .card import INK, MARGIN, SMALL, SOFT, STYLE, STYLE_TINT, Card, ramp

ALT = (
    "One position of a painting: what 12 filters say there is a column; the column times itself, laid down, is a "
    "12 × 12 matrix of products. Below, these matrices are added up over 1, 4, 16, 64 and all positions, which "
    "are marked on the painting: the pattern settles to the Gram matrix G. In the last frame the positions are "
    "shuffled, so the painting cannot be recognised any more, and G is the same."
)
LAYER, SIZE, FILTERS, SEED = "conv2_1", 96, 12, 5
COUNTS = (1, 4, 16, 64)
FRAME, PITCH, WIDE = 94, 154, 118
UPPER, LOWER = 66, 312


@lru_cache
def features() -> tuple[Tensor, Tensor]:
    """The features of a painting, (N, H, W), and its picture with one pixel for a position, (1, 3, H, W)."""
    image = material.picture("starry_night", SIZE)
    S = material.features(image, LAYER)[LAYER]
    F = S[0, material.sorted_filters(S, FILTERS)]
    small = torch.nn.functional.adaptive_avg_pool2d(image, (F.shape[1], F.shape[2]))
    return F, small


@lru_cache
def places() -> Tensor:
    """All positions, in a random order."""
    F, _ = features()
    return torch.randperm(F[0].numel(), generator=torch.Generator().manual_seed(SEED))


def gram_sum() -> Figure:
    """An outer product, the sum growing, and the same sum of shuffled positions."""
    card = Card(580, "$G$ adds up, over all positions, which filters fire together")
    _one(card)
    card.line([(MARGIN, 267), (932, 267)], "#E2E5E8", thick=1, zorder=1)
    _strip(card)
    return card.figure


def _sum(columns: Tensor) -> np.ndarray:
    """Eq. 3 over some positions, the columns of F."""
    G: np.ndarray = st.gram_matrix(columns[None, :, None])[0].numpy()
    return G


def _matrix(card: Card, values: np.ndarray, corner: tuple[float, float], side: float, edge: str = STYLE) -> None:
    """On a scale of its own: a sum of more positions is larger, its pattern is what counts."""
    shown = ramp(values, "style")
    card.image(shown, corner, (side, side * values.shape[0] / values.shape[1]), edge=edge, thick=1.6, smooth=False)


def _painting(card: Card, image: Tensor, corner: tuple[float, float], width: float, marked: Tensor | None) -> None:
    """With a dot on each position that counts, or a frame around all."""
    rows, columns = image.shape[2:]
    cell = width / columns
    edge, thick = (INK, 1.2) if marked is not None else (STYLE, 3.5)
    card.image(material.pixels(image), corner, (width, cell * rows), edge=edge, thick=thick, smooth=False)
    if marked is None:  # all of them
        return
    radius = 5.5 if len(marked) < 5 else 3.4 if len(marked) < 40 else 2.2
    for k in marked.tolist():
        row, column = divmod(k, columns)
        at = (corner[0] + (column + 0.5) * cell, corner[1] + (row + 0.5) * cell)
        card.disc(at, radius, STYLE, edge="white", thick=1.2, zorder=5)


def _one(card: Card) -> None:
    F, small = features()
    column = F.flatten(1)[:, places()[:1]]
    tall, thin, middle = 144, 20, UPPER + 84
    width = tall * small.shape[3] / small.shape[2]
    _painting(card, small, (MARGIN, middle - tall / 2), width, places()[:1])
    x = MARGIN + width
    card.text((MARGIN + width / 2, middle + tall / 2 + 20), "one position $k$", size=SMALL)
    card.arrow((x + 12, middle), (x + 60, middle), STYLE)
    values = column.numpy()
    x += 92
    top = max(float(values.max()), 1e-12)
    card.image(ramp(values, "style", top), (x - 10, middle - tall / 2), (thin, tall), edge=STYLE, smooth=False)
    card.text((x, middle + tall / 2 + 20), r"column $F_{ik}$", size=SMALL)
    card.text((x + 44, middle), r"$\times$", size=26)
    card.image(ramp(values.T, "style", top), (x + 74, middle - thin / 2), (tall, thin), edge=STYLE, smooth=False)
    card.text((x + 74 + tall / 2, middle + 34), r"the same, as a row $F_{jk}$", size=SMALL)
    card.text((x + 74 + tall + 28, middle), "=", size=26)
    left = x + 74 + tall + 58
    _matrix(card, _sum(column), (left, middle - tall / 2), tall)
    card.text((left + tall / 2, middle + tall / 2 + 20), r"products $F_{ik}F_{jk}$", size=SMALL)
    card.chip(
        (left + tall + 114, middle - 24),
        r"$G_{ij}=\sum_k F_{ik}F_{jk}$",
        (172, 60),
        colour=STYLE,
        fill=STYLE_TINT,
    )
    words = f"bright where filters $i$ and $j$\nboth fire ({FILTERS} of {LAYER})"
    card.text((left + tall + 114, middle + 38), words, size=SMALL, colour=SOFT)


def _strip(card: Card) -> None:
    F, small = features()
    rows = F.flatten(1)
    M = rows.shape[1]
    order = places()
    shuffled = small.flatten(2)[:, :, order].view_as(small)
    frames = [
        *(
            (f"{count}" if count > 1 else "1 position", small, order[:count], rows[:, order[:count]])
            for count in COUNTS
        ),
        (f"all {M}", small, None, rows),
        ("shuffled", shuffled, None, rows[:, order]),
    ]
    high = WIDE * small.shape[2] / small.shape[3]
    for number, (title, image, marked, columns) in enumerate(frames):
        left = MARGIN + 8 + PITCH * number
        middle = left + WIDE / 2
        card.text((middle, LOWER - 20), title, weight="bold", colour=INK)
        _painting(card, image, (left, LOWER), WIDE, marked)
        card.arrow((middle, LOWER + high + 6), (middle, LOWER + high + 30), STYLE)
        _matrix(card, _sum(columns), (middle - FRAME / 2, LOWER + high + 36), FRAME)
        centre = (left + WIDE + (PITCH - WIDE) / 2, LOWER + high + 36 + FRAME / 2)
        if number < len(frames) - 2:
            card.text(centre, "+ …", size=17, colour=SOFT)
        elif number == len(frames) - 2:
            card.text(centre, "=", size=30, weight="bold", colour=STYLE)
    G, same = _sum(rows), _sum(rows[:, order])
    assert np.abs(G - same).max() < 1e-5 * G.max()
    card.text(
        (MARGIN + 8 + PITCH * 4.5 + WIDE / 2, LOWER + high + FRAME + 58),
        "the same $G$: a sum has no order",
        weight="bold",
        colour=STYLE,
    )
    card.text(
        (MARGIN + 8, LOWER + high + FRAME + 58),
        "the sum so far, each frame on a scale of its own",
        size=SMALL,
        colour=SOFT,
        align="left",
    )
