"""The total loss as a graph: two targets, made once, and what is computed at each step."""

from __future__ import annotations

from matplotlib.figure import Figure
from torch import Tensor

from . import material
from .card import (
    CONTENT,
    CONTENT_TINT,
    GRADIENT,
    HUES,
    INK,
    LARGE,
    SMALL,
    SOFT,
    STYLE,
    STYLE_TINT,
    Card,
    Role,
    ramp,
)

ALT = (
    "A graph of the total loss. Above, made once: the photograph p gives its features P at conv4_2. Below, made "
    "once: the painting a gives its Gram matrices A at conv1_1 to conv5_1. Between them, at each step: the "
    "picture x gives features F, which are compared with P in the content loss, and whose Gram matrices G are "
    "compared with A in E_l; these, times w_l, add up to the style loss. The total is α times content plus β "
    "times style, and its gradient goes back to x."
)
PICTURE, NETWORK, FEATURES, GRAM, ERROR, LOSS, TOTAL = 92, 216, 332, 466, 596, 736, 872
P_ROW, X_ROW, A_ROW = 122, 286, 472
CONTENT_ROW, STYLE_ROW = 202, 374
SIZE, STEPS, FILTERS = 128, 8, 12
ICON, STEP = 46, 3.5  # a matrix's side, and from sheet to sheet


def loss_graph() -> Figure:
    """Eq. 1, 3, 4, 5 and 7 as one graph."""
    card = Card(560, "Two targets, made once; one picture, compared with both at each step")
    pictures = {
        "p": material.picture(material.PHOTOGRAPH, SIZE),
        "x": material.unfinished(SIZE, STEPS),
        "a": material.picture(material.PAINTING, SIZE),
    }
    features = {name: material.features(image, *material.USED) for name, image in pictures.items()}
    _zones(card)
    _pictures(card, pictures)
    _content(card, features)
    _style(card, features)
    _total(card)
    return card.figure


def _zones(card: Card) -> None:
    for row, fill, colour in ((P_ROW, CONTENT_TINT, CONTENT), (A_ROW, STYLE_TINT, STYLE)):
        card.box((24, row - 55), (644, 110), fill, radius=14, zorder=-2)
        card.text((652, row + (-35 if row == P_ROW else 36)), "made once", align="right", weight="bold", colour=colour)
    card.text((PICTURE, X_ROW + 56), "at each step", weight="bold")


def _pictures(card: Card, pictures: dict[str, Tensor]) -> None:
    for name, row, colour in (("p", P_ROW, CONTENT), ("x", X_ROW, INK), ("a", A_ROW, STYLE)):
        pixels = material.pixels(pictures[name])
        height = 90 if name == "a" else 78
        width = height * pixels.shape[1] / pixels.shape[0]
        card.image(pixels, (PICTURE - width / 2, row - height / 2), (width, height), edge=colour, thick=2)
        card.text((PICTURE + 73, row - 20), f"${name}$", size=LARGE, colour=colour)
        line = SOFT if name == "x" else colour
        card.arrow((PICTURE + width / 2 + 4, row), (NETWORK - 34, row), line)
        card.box((NETWORK - 31, row - 16), (62, 32), "white", edge="#9BA3AC", radius=7, zorder=4)
        card.text((NETWORK, row), "VGG", size=SMALL, weight="bold", colour=SOFT)
        card.arrow((NETWORK + 32, row), (FEATURES - 36, row), line)


def _maps(card: Card, F: Tensor, role: Role, row: float, name: str) -> None:
    """A stack of maps, and its name below it."""
    sheets = [ramp(values, role) for values in material.maps(F, 4)]
    high = 66 * F.shape[2] / F.shape[3] if F.shape[2] < F.shape[3] else 56
    wide = high * F.shape[3] / F.shape[2]
    card.stack(sheets, (FEATURES - wide / 2 - 1, row - high / 2 + 3), (wide, high), step=STEP)
    _badge(card, (FEATURES + wide / 2 + 3, row + high / 2 + 1), name, HUES[role])


def _badge(card: Card, at: tuple[float, float], name: str, colour: str) -> None:
    card.box((at[0] - 15, at[1] - 13), (30, 26), "white", edge=colour, radius=7, zorder=5)
    card.text(at, f"${name}$", size=16, colour=colour)


def _grams(card: Card, features: dict[str, Tensor], filters: dict[str, list[int]], row: float, name: str) -> None:
    """The Gram matrices of all layers behind one another."""
    colour = STYLE if name == "A" else INK
    sheets = [ramp(material.gram(features[layer], filters[layer]) ** 0.7, "style") for layer in material.STYLE_LAYERS]
    card.stack(sheets, (GRAM - ICON / 2 - 4, row - ICON / 2 + 4), (ICON, ICON), step=STEP, smooth=False)
    _badge(card, (GRAM + ICON / 2 + 1, row + ICON / 2 + 1), name, colour)


def _content(card: Card, features: dict[str, dict[str, Tensor]]) -> None:
    layer = material.CONTENT_LAYER
    _maps(card, features["p"][layer], "content", P_ROW, "P")
    card.text((FEATURES + 66, P_ROW + 17), layer, size=SMALL, mono=True, colour=CONTENT, align="left")
    card.chip((LOSS, CONTENT_ROW), r"$\mathcal{L}_{\rm content}$", (112, 50), colour=CONTENT, fill=CONTENT_TINT)
    card.route([(FEATURES + 50, P_ROW), (LOSS, P_ROW), (LOSS, CONTENT_ROW - 27)], CONTENT)
    card.route([(FEATURES, X_ROW - 36), (FEATURES, CONTENT_ROW), (LOSS - 58, CONTENT_ROW)], CONTENT)
    card.text((FEATURES + 22, CONTENT_ROW + 17), layer, size=SMALL, mono=True, colour=CONTENT, align="left")


def _style(card: Card, features: dict[str, dict[str, Tensor]]) -> None:
    first, last = material.STYLE_LAYERS[0], material.STYLE_LAYERS[-1]
    filters = {layer: material.sorted_filters(features["a"][layer], FILTERS) for layer in material.STYLE_LAYERS}
    _maps(card, features["x"][material.STYLE_LAYERS[1]], "x", X_ROW, "F")
    _maps(card, features["a"][material.STYLE_LAYERS[1]], "style", A_ROW, "S")
    _grams(card, features["x"], filters, STYLE_ROW, "G")
    _grams(card, features["a"], filters, A_ROW, "A")
    card.route([(FEATURES, X_ROW + 36), (FEATURES, STYLE_ROW), (GRAM - 36, STYLE_ROW)], STYLE)
    card.text((FEATURES - 14, STYLE_ROW), f"{first} … {last}", size=SMALL, mono=True, colour=STYLE, align="right")
    card.arrow((FEATURES + 46, A_ROW), (GRAM - 36, A_ROW), STYLE)
    card.route([(GRAM + 40, A_ROW), (ERROR, A_ROW), (ERROR, STYLE_ROW + 26)], STYLE)
    card.arrow((GRAM + 40, STYLE_ROW), (ERROR - 35, STYLE_ROW), STYLE)
    for depth in (4, 3, 2, 1):  # one for each layer
        card.box(
            (ERROR - 32 + STEP * depth, STYLE_ROW - 23 - STEP * depth),
            (64, 46),
            "white",
            edge=STYLE,
            radius=9,
            zorder=3.5,
        )
    card.chip((ERROR, STYLE_ROW), "$E_l$", (64, 46), colour=STYLE)
    card.arrow((ERROR + 46, STYLE_ROW), (LOSS - 50, STYLE_ROW), STYLE)
    card.text((ERROR + 66, STYLE_ROW - 18), r"$\times w_l$", size=16, colour=STYLE)
    card.chip((LOSS, STYLE_ROW), r"$\mathcal{L}_{\rm style}$", (96, 50), colour=STYLE, fill=STYLE_TINT)


def _total(card: Card) -> None:
    card.chip((TOTAL, X_ROW), r"$\mathcal{L}_{\rm total}$", (112, 54), colour=INK, thick=2.2)
    card.route([(LOSS + 58, CONTENT_ROW), (TOTAL, CONTENT_ROW), (TOTAL, X_ROW - 29)], CONTENT)
    card.route([(LOSS + 50, STYLE_ROW), (TOTAL, STYLE_ROW), (TOTAL, X_ROW + 29)], STYLE)
    card.text((TOTAL + 26, CONTENT_ROW + 26), r"$\times\,\alpha$", size=LARGE, colour=CONTENT)
    card.text((TOTAL + 26, STYLE_ROW - 26), r"$\times\,\beta$", size=LARGE, colour=STYLE)
    card.arrow((TOTAL - 58, X_ROW), (FEATURES + 52, X_ROW), GRADIENT, dashed=True, thick=2.4)
    card.text((600, X_ROW - 20), r"$\partial\mathcal{L}_{\rm total}\,/\,\partial x$", size=LARGE, colour=GRADIENT)
    card.arrow((FEATURES - 38, X_ROW + 25), (PICTURE + 63, X_ROW + 25), GRADIENT, dashed=True, thick=2.4)
    card.text((600, X_ROW + 19), "changes the pixels of $x$, nothing else", size=SMALL, colour=GRADIENT)
