"""The network as a ladder, drawn to scale, and what one position of each layer sees."""

from __future__ import annotations

from matplotlib.figure import Figure

import styletools as st
from styletools.network.network import Layer
from styletools.network.weights import convolutions
from styletools.reading import field

from . import material
from .card import CONTENT, CONTENT_TINT, FAINT, INK, MARGIN, SMALL, SOFT, STYLE, STYLE_TINT, TEXT, Card

ALT = (
    "The 13 convolutions of VGG-16 as boxes to one scale with a 256 pixel picture: from block to block the maps "
    "get half as wide and high, from 256 to 16 positions a side, while the filters go from 64 to 512. Squares on "
    "the picture show what one position sees, from 3 pixels at conv1_1 to 132 at conv5_1. Style is read at "
    "conv1_1, conv2_1, conv3_1, conv4_1 and conv5_1, content at conv4_2. A table gives filters, map, stride and "
    "receptive field of each."
)
SIDE = 256
CUT = 44  # the photograph is a little wider than the square that is shown of it
CENTRE = (104, 105)  # pixel of the picture on which the squares are centred: an eye
TOP = 84  # of the picture
COLUMN, GAP, FIRST = 44, 17, 296
TABLE = TOP + SIDE + 46
ROWS = ("filters $N_l$", "side of the map", "stride, pixels", "sees, pixels", "sees in VGG-19", "used as")


def ladder() -> Figure:
    """All convolutions of the bundled network, their true sizes, and receptive fields to scale on a picture."""
    card = Card(656, "Up the ladder: fewer positions, more filters, and each position sees more")
    layers = [material.network().layer(name) for name in convolutions(16)]
    _picture(card)
    card.line([(MARGIN + SIDE, TOP + SIDE / 2), (_middle(len(layers) - 1), TOP + SIDE / 2)], FAINT, zorder=0)
    for index, layer in enumerate(layers):
        _tint(card, index, layer)
        _box(card, _middle(index), layer)
    _table(card, layers)
    _poolings(card, layers)
    _legend(card)
    return card.figure


def _middle(index: int) -> float:
    """Of a column; a pooling leaves a gap."""
    blocks = [name[len("conv")] for name in convolutions(16)]
    return FIRST + COLUMN * (index + 0.5) + GAP * (int(blocks[index]) - 1)


def _colour(name: str) -> str | None:
    if name == material.CONTENT_LAYER:
        return CONTENT
    return STYLE if name in material.STYLE_LAYERS else None


def _picture(card: Card) -> None:
    """One pixel of the picture is one unit of the card."""
    shown = material.pixels(material.picture(material.PHOTOGRAPH, 386))[:SIDE, CUT : CUT + SIDE]
    card.image(shown, (MARGIN, TOP), (SIDE, SIDE), edge=INK)
    card.text((MARGIN, TOP - 14), f"a picture, {SIDE} × {SIDE} pixels", size=SMALL, align="left")
    card.text((932, TOP - 14), "VGG-16, the network of this course, to the same scale", size=SMALL, align="right")
    network = material.network()
    for place, name in enumerate(reversed(material.USED)):
        stride = network.layer(name).stride
        top, start, side = field(network, name, CENTRE[1] // stride, CENTRE[0] // stride)
        x, y, colour = MARGIN + start, TOP + top, _colour(name) or INK
        for thick, line in ((4.2, "white"), (2.2, colour)):
            card.line([(x, y), (x + side, y), (x + side, y + side), (x, y + side), (x, y)], line, thick=thick, zorder=5)
        at = TOP + 84 + 30 * place
        _tag(card, name, (x + side, min(max(at, y + side * 0.1), y + side * 0.9)), at)


def _tag(card: Card, name: str, edge: tuple[float, float], y: float) -> None:
    """A layer's name at the side of the picture, and a line to its square."""
    x, colour = MARGIN + SIDE - 38, _colour(name) or INK
    for thick, line in ((3.4, "white"), (1.4, colour)):
        card.line([(x - 32, y), edge], line, thick=thick, zorder=5.2)
    card.box((x - 33, y - 11), (66, 22), "white", edge=colour, radius=6, zorder=5.5)
    card.text((x, y), name, size=SMALL, mono=True, colour=colour, weight="bold")


def _tint(card: Card, index: int, layer: Layer) -> None:
    """A column that is used is marked from its box down through the table."""
    colour = _colour(layer.name)
    if colour:
        tint = CONTENT_TINT if colour == CONTENT else STYLE_TINT
        card.box((_middle(index) - COLUMN / 2 + 1, TABLE - 30), (COLUMN - 2, 218), tint, radius=8, zorder=0.5)


def _box(card: Card, middle: float, layer: Layer) -> None:
    """As high as the map, to the scale of the picture; as thick as it has filters; drawn from the side."""
    high, wide = SIDE / layer.stride, layer.filters * 0.055
    deep = high * 0.11
    left, top = middle - wide / 2 - deep / 2, TOP + SIDE / 2 - high / 2
    colour = _colour(layer.name)
    front, side, lid = {
        None: ("#AEB5BD", "#8A929B", "#D3D8DD"),
        STYLE: ("#DE7A33", STYLE, "#F3BE97"),
        CONTENT: ("#3F97CB", CONTENT, "#A9D3EC"),
    }[colour]
    right, bottom = left + wide, top + high
    card.polygon([(left, top), (right, top), (right, bottom), (left, bottom)], front, edge="white", zorder=2)
    back = [(right, top), (right + deep, top - deep), (right + deep, bottom - deep), (right, bottom)]
    card.polygon(back, side, edge="white", zorder=2)
    roof = [(left, top), (left + deep, top - deep), (right + deep, top - deep), (right, top)]
    card.polygon(roof, lid, edge="white", zorder=2)


def _table(card: Card, layers: list[Layer]) -> None:
    deeper = st.VGG(weights="random", depth=19)  # its sizes do not depend on its weights
    for row, words in enumerate(ROWS):
        card.text((FIRST - 14, _row(row)), words, align="right", colour=SOFT if row == 4 else INK)
        card.line([(MARGIN, _row(row) - 15), (932, _row(row) - 15)], "#DDE1E5", thick=0.8, zorder=1)
    for index, layer in enumerate(layers):
        x, colour = _middle(index), _colour(layer.name)
        strong = "bold" if colour else "normal"
        name = layer.name.replace("conv", "conv\n")
        card.text((x, TABLE - 7), name, mono=True, colour=colour or SOFT, weight=strong, spacing=1.15)
        cells = (layer.filters, SIDE // layer.stride, layer.stride, layer.receptive_field)
        if colour:
            card.text((x, _row(5)), "$F$" if colour == CONTENT else "$G$", size=17, colour=colour)
        for row, number in enumerate((*cells, deeper.layer(layer.name).receptive_field)):
            colour = SOFT if row == 4 or not _colour(layer.name) else INK
            card.text((x, _row(row)), str(number), size=TEXT if row < 4 else SMALL, colour=colour)


def _row(row: int) -> float:
    return TABLE + 31 + 28 * row


def _poolings(card: Card, layers: list[Layer]) -> None:
    """Between two blocks the side is halved."""
    for index in range(1, len(layers)):
        if layers[index].stride != layers[index - 1].stride:
            x = (_middle(index) + _middle(index - 1)) / 2
            card.line([(x, TABLE - 26), (x, _row(5) + 12)], FAINT, dashed=True, thick=1.2, zorder=0.4)
            card.text((x, TABLE - 38), "½", size=TEXT, colour=SOFT, weight="bold")


def _legend(card: Card) -> None:
    y = 606
    for x, colour, words in (
        (MARGIN, STYLE, "style: Gram matrix $G$"),
        (MARGIN + 206, CONTENT, "content: features $F$"),
    ):
        card.box((x, y - 8), (16, 16), colour, radius=3)
        card.text((x + 24, y), words, size=SMALL, align="left")
    card.text((MARGIN + 410, y), "½", size=TEXT, colour=SOFT, weight="bold")
    card.text((MARGIN + 424, y), "pooling: of 2 × 2 positions one is made", size=SMALL, align="left")
    words = "VGG-19, the paper's network, has one more convolution in each of the blocks 3, 4 and 5."
    card.text((MARGIN, y + 26), words, size=SMALL, colour=SOFT, align="left")
