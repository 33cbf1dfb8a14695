"""The whole method, after the paper's Figure 2."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from PIL import Image
from torch import Tensor

import styletools as st

from . import material
from .card import (
    BAND,
    CONTENT,
    CONTENT_TINT,
    GRADIENT,
    INK,
    LARGE,
    SMALL,
    SOFT,
    STYLE,
    STYLE_TINT,
    TEXT,
    Card,
    Role,
    ramp,
)

ALT = (
    "Three pictures go from left to right through the same frozen network: a painting above, a photograph below, "
    "and between them the picture x, which began as white noise. At conv1_1, conv2_1, conv3_1, conv4_1 and "
    "conv5_1 the Gram matrices G of x are compared with the painting's A, which gives E_1 to E_5 and the style "
    "loss; at conv4_2 the features F of x are compared with the photograph's P, which gives the content loss. "
    "Their weighted sum is the total loss, and its gradient goes back through the network to the pixels of x, "
    "which become the cat painted in gold."
)
RESULT = Path(__file__).resolve().parents[2] / "docs" / "gallery" / "transfer_chelsea_the_kiss.jpg"
SIZE, STEPS, FILTERS = 144, 10, 14
LABEL = 16
STEP = 3.5  # from sheet to sheet of a stack
COLUMN = dict(zip(material.USED, (234, 330, 424, 512, 598, 684), strict=True))
LEFT, RIGHT = 92, 848  # the middle of the column of pictures, and of the losses
ROW_A, GRAM_A, ERROR, GRAM_G, ROW_X, COMPARE, ROW_P = 130, 212, 272, 332, 416, 494, 574
TALLEST, GRAM = 56, 48


def method() -> Figure:
    """Photograph, painting and the picture between them; features, Gram matrices, losses, the gradient's way."""
    card = Card(664, "Only the pixels of $x$ are changed, until both losses are small")
    a, p = (material.picture(name, SIZE) for name in (material.PAINTING, material.PHOTOGRAPH))
    x = material.unfinished(SIZE, STEPS)
    S, F, P = (material.features(image, *material.USED) for image in (a, x, p))
    _names(card)
    _bands(card)
    _pictures(card, *map(material.pixels, (a, x, p)))
    for layer, middle in COLUMN.items():
        card.text((middle - 11, ROW_X + _size(layer) / 2 + 13), "$F$", size=LABEL)
        if layer == material.CONTENT_LAYER:
            _stack(card, F[layer], "x", (middle, ROW_X))
            _stack(card, P[layer], "content", (middle, ROW_P))
            _compare_content(card, middle)
        else:
            _stack(card, S[layer], "style", (middle, ROW_A))
            _stack(card, F[layer], "x", (middle, ROW_X))
            _compare_style(card, layer, S[layer], F[layer])
    _flows(card)
    _losses(card)
    return card.figure


def _size(layer: str) -> float:
    """Deeper maps are smaller; true proportions would leave nothing to see of the last one."""
    return TALLEST * float(material.network().layer(layer).stride ** -0.42)


def _width(layer: str) -> float:
    return _size(layer) * 1.15


def _sheets(layer: str) -> int:
    """More filters, more sheets."""
    return 2 + round(math.log2(material.network().layer(layer).filters / 64))


def _names(card: Card) -> None:
    for layer, middle in COLUMN.items():
        colour = CONTENT if layer == material.CONTENT_LAYER else STYLE
        card.text((middle + 3, 72), layer, size=SMALL, mono=True, colour=colour, weight="bold")


def _bands(card: Card) -> None:
    """The network, once for each picture: it narrows as the maps do."""
    for row, end in ((ROW_A, 732), (ROW_X, 732), (ROW_P, 646)):
        taper = 44 - (end - 176) * 0.040
        card.polygon([(176, row - 44), (end, row - taper), (end, row + taper), (176, row + 44)], BAND)


def _pictures(card: Card, a: np.ndarray, x: np.ndarray, p: np.ndarray) -> None:
    start = material.pixels(st.white_noise(40, 60))
    for pixels, row, height, colour in ((a, ROW_A, 92, STYLE), (x, ROW_X, 84, INK), (p, ROW_P, 84, CONTENT)):
        width = height * pixels.shape[1] / pixels.shape[0]
        card.image(pixels, (LEFT - width / 2, row - height / 2), (width, height), edge=colour, thick=2)
    card.text((LEFT, ROW_A + 60), "painting $a$", colour=STYLE, weight="bold")
    card.text((LEFT, ROW_P + 56), "photograph $p$", colour=CONTENT, weight="bold")
    card.text((LEFT, ROW_X + 56), "picture $x$", weight="bold")
    card.image(start, (LEFT - 39, 248), (78, 52), edge=SOFT, smooth=False)
    card.text((LEFT, 236), "begins as noise", size=SMALL, colour=SOFT)
    card.arrow((LEFT, 304), (LEFT, ROW_X - 47), SOFT)
    card.text((LEFT + 12, 330), "steps", size=SMALL, colour=SOFT, align="left")


def _stack(card: Card, F: Tensor, role: Role, middle: tuple[float, float]) -> None:
    layer = next(name for name, column in COLUMN.items() if column == middle[0])
    sheets = [ramp(values, role) for values in material.maps(F, _sheets(layer))]
    width, height = _width(layer), _size(layer)
    card.stack(sheets, (middle[0] - width / 2, middle[1] - height / 2), (width, height), step=STEP)


def _compare_style(card: Card, layer: str, S: Tensor, F: Tensor) -> None:
    """Both Gram matrices on one scale, and E_l between them."""
    middle, number = COLUMN[layer], layer[len("conv")]
    filters = material.sorted_filters(S, FILTERS)
    A, G = (material.gram(values, filters) ** 0.7 for values in (S, F))
    for matrix, row, edge in ((A, GRAM_A, STYLE), (G, GRAM_G, INK)):
        card.image(
            ramp(matrix, "style", float(A.max())),
            (middle - GRAM / 2, row - GRAM / 2),
            (GRAM, GRAM),
            edge=edge,
            thick=1.6,
            smooth=False,
        )
    card.text((middle - GRAM / 2 - 14, GRAM_A), f"$A^{number}$", size=LABEL, colour=STYLE)
    card.text((middle - GRAM / 2 - 14, GRAM_G), f"$G^{number}$", size=LABEL)
    half = _size(layer) / 2
    card.arrow((middle, ROW_A + half + 2), (middle, GRAM_A - GRAM / 2 - 2), STYLE)
    card.arrow((middle, ROW_X - half - STEP * (_sheets(layer) - 1) - 2), (middle, GRAM_G + GRAM / 2 + 2), SOFT)
    card.line([(middle, GRAM_A + GRAM / 2), (middle, GRAM_G - GRAM / 2)], STYLE)
    card.disc((middle, ERROR), 18, STYLE_TINT, edge=STYLE)
    card.text((middle, ERROR), f"$E_{number}$", size=LABEL)
    card.text((middle + 33, ERROR - 12), f"$w_{number}$", size=SMALL, colour=STYLE)


def _compare_content(card: Card, middle: float) -> None:
    half = _size(material.CONTENT_LAYER) / 2
    card.line([(middle, ROW_X + half), (middle, ROW_P - half - 12)], CONTENT)
    card.disc((middle, COMPARE), 18, CONTENT_TINT, edge=CONTENT)
    card.text((middle, COMPARE), "$F{-}P$", size=SMALL)
    card.text((middle - 28, ROW_P + half + 16), "$P$", size=LABEL, colour=CONTENT)


def _flows(card: Card) -> None:
    """Forwards from map to map; backwards, for x only, the gradient."""
    for row, names, dy in (
        (ROW_A, material.STYLE_LAYERS, 0),
        (ROW_X, material.USED, -6),
        (ROW_P, [material.CONTENT_LAYER], 0),
    ):
        left = LEFT + (48.0 if row == ROW_A else 65.0)
        for layer in names:
            right = COLUMN[layer] - _width(layer) / 2 - 3
            card.arrow((left + 3, row + dy), (right, row + dy), SOFT, thick=1.5, head=9)
            if row == ROW_X:
                card.arrow((right, row + 8), (left + 3, row + 8), GRADIENT, dashed=True, head=10)
            left = COLUMN[layer] + _width(layer) / 2 + STEP * (_sheets(layer) - 1)
    card.lock((207, ROW_P + 22))
    card.text((222, ROW_P + 24), "the same network, its weights are frozen", size=SMALL, colour=SOFT, align="left")


def _losses(card: Card) -> None:
    """The terms on the right, their sum, and what came of it."""
    last = COLUMN[material.USED[-1]]
    card.line([(COLUMN["conv1_1"], ERROR), (last, ERROR)], STYLE)
    card.arrow((last + 18, ERROR), (RIGHT - 88, ERROR), STYLE)
    card.arrow((COLUMN[material.CONTENT_LAYER] + 18, COMPARE), (RIGHT - 88, COMPARE), CONTENT)
    for row, words, colour, fill in (
        (ERROR, r"$\mathcal{L}_{\rm style}=\sum_l w_l E_l$", STYLE, STYLE_TINT),
        (COMPARE, r"$\mathcal{L}_{\rm content}=\frac{1}{2}\sum(F-P)^2$", CONTENT, CONTENT_TINT),
        (ROW_X - 28, r"$\mathcal{L}_{\rm total}$", INK, "white"),
    ):
        card.chip((RIGHT, row), words, (176, 50), colour=colour, fill=fill, text=16)
    card.arrow((RIGHT, ERROR + 24), (RIGHT, ROW_X - 53), STYLE)
    card.text((RIGHT + 22, ERROR + 44), r"$\times\,\beta$", size=LABEL, colour=STYLE)
    card.arrow((RIGHT, COMPARE - 24), (RIGHT, ROW_X - 3), CONTENT)
    card.text((RIGHT + 22, COMPARE - 38), r"$\times\,\alpha$", size=LABEL, colour=CONTENT)
    card.route([(RIGHT - 40, ROW_X - 4), (RIGHT - 40, ROW_X + 8), (last + 30, ROW_X + 8)], GRADIENT, dashed=True)
    card.text((236, COMPARE), r"$\partial\mathcal{L}_{\rm total}\,/\,\partial x$", size=LARGE, colour=GRADIENT)
    card.text((300, COMPARE), "goes back to the pixels", size=TEXT, colour=GRADIENT, align="left", weight="bold")
    with Image.open(RESULT) as picture:
        result = np.asarray(picture.convert("RGB").resize((384, 255), Image.Resampling.LANCZOS)) / 255
    card.image(result, (RIGHT - 63, ROW_P - 42), (126, 84), edge=INK, thick=2)
    card.text((RIGHT, ROW_P + 56), "$x$ at the end", weight="bold")
