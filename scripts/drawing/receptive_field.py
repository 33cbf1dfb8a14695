"""Why deep positions see far: one line of pixels and the steps above it."""

from __future__ import annotations

from itertools import pairwise

from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from styletools.network.network import Layer

from . import material
from .card import FAINT, SEEN, SEEN_TINT, SMALL, SOFT, Card

ALT = (
    "A line of pixels with the layers conv1_1, conv1_2, pool1 and conv2_1 above it. One position of conv2_1 looks "
    "at three positions of pool1, these at six of conv1_2, these at eight of conv1_1, and these at ten pixels: "
    "the widening cone is its receptive field. At conv1_1 it is 3 pixels, at conv1_2 5, after the pooling 6."
)
STEPS = ("conv1_1", "conv1_2", "pool1", "conv2_1")
PIXELS, LEFT, PITCH = 16, 176, 38
BOTTOM, RISE = 398, 74
CHOSEN = 3  # the position of the last layer whose cone is drawn


def receptive_field() -> Figure:
    """How 3 wide kernels and a pooling widen what one position sees, exactly."""
    card = Card(476, "Filters that look at filters see ever more of the picture")
    layers = [Layer("pixels", 3, 1, 1, 1), *(material.network().layer(name) for name in STEPS)]
    seen = _cone(layers)
    _shade(card, layers, seen)
    for level, layer in enumerate(layers):
        _level(card, level, layer, seen[level])
    _links(card, layers, seen)
    _numbers(card, layers)
    return card.figure


def _cone(layers: list[Layer]) -> list[range]:
    """Positions that count, from the pixels upwards, for one position of the last layer."""
    found = [range(CHOSEN, CHOSEN + 1)]
    for below, above in zip(layers[-2::-1], layers[:0:-1], strict=True):
        first, last = _inputs(below, above, found[0][0])[0], _inputs(below, above, found[0][-1])[-1]
        found.insert(0, range(first, last + 1))
    assert len(found[0]) == layers[-1].receptive_field  # the package counts the same
    return found


def _inputs(below: Layer, above: Layer, position: int) -> range:
    """What one position looks at in the layer below: 2 for a pooling, else 3."""
    if above.stride > below.stride:
        return range(2 * position, 2 * position + 2)
    return range(position - 1, position + 2)


def _at(level: int, layer: Layer, position: int) -> tuple[float, float]:
    """Position p of stride s is over pixel p s + (s − 1) / 2."""
    pixel = position * layer.stride + (layer.stride - 1) / 2
    return LEFT + PITCH * (pixel + 0.5), BOTTOM - RISE * level


def _shade(card: Card, layers: list[Layer], seen: list[range]) -> None:
    left, right = [], []
    for level, (layer, positions) in enumerate(zip(layers, seen, strict=True)):
        half = PITCH * 0.45
        x, y = _at(level, layer, positions[0])
        left.append((x - half, y))
        right.append((_at(level, layer, positions[-1])[0] + half, y))
    card.polygon([*left, *reversed(right)], SEEN_TINT, zorder=0)


def _level(card: Card, level: int, layer: Layer, positions: range) -> None:
    row = material.pixels(material.picture(material.PHOTOGRAPH, 40))[12]  # through both eyes
    for position in range(PIXELS // layer.stride):
        x, y = _at(level, layer, position)
        inside = position in positions
        fill, edge = (SEEN, SEEN) if inside else ("white", FAINT)
        if level == 0:
            colour = tuple(row[position * len(row) // PIXELS])
            card.box(
                (x - 15, y - 15), (30, 30), to_hex(colour), edge=edge, thick=3 if inside else 1.2, radius=3, zorder=4
            )
        else:
            card.disc((x, y), 12, fill, edge=edge)


def _links(card: Card, layers: list[Layer], seen: list[range]) -> None:
    """From each position of the cone to what it looks at."""
    for level in range(len(layers) - 1):
        below, above = layers[level], layers[level + 1]
        for position in seen[level + 1]:
            for source in _inputs(below, above, position):
                card.line([_at(level, below, source), _at(level + 1, above, position)], SEEN, thick=1.1, zorder=2)


def _numbers(card: Card, layers: list[Layer]) -> None:
    right = LEFT + PITCH * PIXELS
    card.text((right + 42, BOTTOM - RISE * 4 - 34), "stride", size=SMALL, colour=SOFT)
    card.text((right + 112, BOTTOM - RISE * 4 - 34), "sees", size=SMALL, colour=SOFT)
    for level, layer in enumerate(layers):
        y = BOTTOM - RISE * level
        card.text((LEFT - 20, y), layer.name, mono=level > 0, weight="bold", align="right")
        card.text((right + 42, y), f"{layer.stride}")
        card.text((right + 112, y), f"{layer.receptive_field} px", weight="bold")
    for level, (below, above) in enumerate(pairwise(layers)):
        words = "2 → 1" if above.stride > below.stride else "3 wide"
        card.text((LEFT - 20, BOTTOM - RISE * (level + 0.5)), words, size=SMALL, colour=SOFT, align="right")
    x = (_at(0, layers[0], 0)[0] + _at(0, layers[0], PIXELS - 1)[0]) / 2
    card.text(
        (x, BOTTOM + 44),
        "a kernel of side $k$ adds $(k-1)$ times the stride below it; a pooling then doubles the stride",
    )
