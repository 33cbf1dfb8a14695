"""Style pictures drawn by a program: seeded, of any size, with known statistics.

Every length is a share of the longer side, so one seed gives the same composition at every size.
"""

from __future__ import annotations

from collections.abc import Callable
from numbers import Integral

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from styletools.door import explained
from styletools.errors import InputError, check_whole, shown
from styletools.memory import check_memory

__all__ = ["PROCEDURAL", "procedural"]

_Floats = NDArray[np.float64]
_SMOOTH = 3  # drawn this many times larger, then averaged down: lines without jagged edges
_LARGEST = 4096
# Bytes for each pixel of the picture while it is drawn, as measured, with a tenth to spare.
_PER_PIXEL = {"marble": 1030, "stained_glass": 150}
_PER_PIXEL_ELSE = 60


@explained
def procedural(name: str, size: int | tuple[int, int] = 512, seed: int = 0) -> Image.Image:
    """Draw a style picture.

    Args:
        name: one of `PROCEDURAL`.
        size: side of a square, or (width, height), in pixels, 8 … 4096.
        seed: another seed gives another picture in the same style.

    Returns:
        The picture, mode RGB. The same arguments give the same picture.

    Raises:
        InputError: an unknown name, a size out of range or too large for memory, or a seed that is not a whole
            number ≥ 0.

    Example:
        >>> procedural("dots", size=(96, 64), seed=1).size
        (96, 64)
    """
    if name not in _DRAW:
        raise InputError(f"no procedural picture is called {shown(name)}; there are {', '.join(PROCEDURAL)}")
    width, height = _sides(size)
    check_whole("seed", seed, most=2**63 - 1)
    check_memory(
        _PER_PIXEL.get(name, _PER_PIXEL_ELSE) * width * height,
        f"{name} with {width} × {height} pixels",
        lambda share: f"at most {int(width * share**0.5)} × {int(height * share**0.5)} fit",
    )
    rng = np.random.default_rng(int(seed))
    large = _DRAW[name](rng, width * _SMOOTH, height * _SMOOTH)
    return large.resize((width, height), Image.Resampling.BOX)


def _sides(size: int | tuple[int, int]) -> tuple[int, int]:
    sides = tuple(size) if isinstance(size, tuple | list) else (size, size)
    if len(sides) != 2 or any(isinstance(side, bool) or not isinstance(side, Integral) for side in sides):
        raise InputError(f"size: expected a whole number of pixels, or (width, height), got {shown(size)}")
    width, height = (int(side) for side in sides)
    if not (min(width, height) >= 8 and max(width, height) <= _LARGEST):
        raise InputError(f"size must be 8 … {_LARGEST} pixels a side, got {width} × {height}")
    return width, height


def _palette(
    rng: np.random.Generator, colours: list[str], shades: float | None = None
) -> Callable[[], tuple[int, int, int]]:
    """Return a function that draws one of the colours, varied a little; with `shades`, only lighter or darker."""
    base = np.array([[int(code[i : i + 2], 16) for i in (0, 2, 4)] for code in colours], dtype=float)

    def colour() -> tuple[int, int, int]:
        chosen = base[rng.integers(len(base))] + (rng.normal(0, 14, 3) if shades is None else rng.normal(0, shades))
        red, green, blue = (int(value) for value in np.clip(chosen, 0, 255))
        return red, green, blue

    return colour


def _spread(rng: np.random.Generator, width: int, height: int, spacing: float) -> _Floats:
    """Points (n, 2) spread evenly but not on a grid: one at a random place in each square of a grid."""
    columns, rows = int(np.ceil(width / spacing)) + 2, int(np.ceil(height / spacing)) + 2
    corner = np.stack(np.meshgrid(np.arange(columns), np.arange(rows)), axis=-1).reshape(-1, 2) - 1.0
    points: _Floats = (corner + rng.uniform(0.1, 0.9, corner.shape)) * spacing
    return points


def _stained_glass(rng: np.random.Generator, width: int, height: int) -> Image.Image:
    """Cells of the nearest point (Voronoi), each of one colour, with dark lead between them."""
    side = max(width, height)
    points = _spread(rng, width, height, side / 11)
    colour = _palette(rng, ["9b1c31", "d8572a", "f2b134", "2e6f95", "123c69", "3a7d44", "e8d7a5", "6a2c70"])
    colours = np.array([colour() for _ in points], dtype=np.uint8)
    # At a third of the drawing's size: the distances to all points are the costly part.
    step = _SMOOTH
    y, x = np.mgrid[0:height:step, 0:width:step].astype(np.float32)
    first = np.full(x.shape, np.inf, dtype=np.float32)
    second = np.full(x.shape, np.inf, dtype=np.float32)
    nearest = np.zeros(x.shape, dtype=np.int64)
    for index, (px, py) in enumerate(points.astype(np.float32)):
        distance = np.hypot(x - px, y - py)
        closer = distance < first
        second = np.where(closer, first, np.minimum(second, distance))
        nearest[closer] = index
        first = np.where(closer, distance, first)
    lead = np.clip((second - first) / (side * 0.004) - 1.0, 0, 1)[..., None]
    glow = 0.82 + 0.25 * np.clip(1 - first / (side / 11), 0, 1)[..., None]  # lighter in the middle of a pane
    pane = np.clip(colours[nearest] * glow, 0, 255)
    picture = pane * lead + np.array([24, 20, 22]) * (1 - lead)
    return Image.fromarray(picture.astype(np.uint8)).resize((width, height), Image.Resampling.BILINEAR)


def _flow_field(rng: np.random.Generator, width: int, height: int) -> Image.Image:
    """Brush strokes that follow a smooth field of directions."""
    side = max(width, height)
    colour = _palette(rng, ["0b3954", "1f6f8b", "99a8b2", "e6d5b8", "f0a500", "e45826", "1b1a17", "3f88c5"])
    waves = rng.normal(0, 1, (4, 2)) * 5.0 / side
    phases = rng.uniform(0, 2 * np.pi, 4)

    def angle(at: _Floats) -> float:
        return float(1.6 * np.sin(waves @ at + phases).sum())

    image = Image.new("RGB", (width, height), (16, 42, 67))
    draw = ImageDraw.Draw(image)
    for start in rng.permutation(_spread(rng, width, height, side / 64)):
        path, at = [tuple(start)], start
        for _ in range(10):
            at = at + side * 0.0075 * np.array([np.cos(angle(at)), np.sin(angle(at))])
            path.append(tuple(at))
        stroke = max(1, int(side * rng.uniform(0.005, 0.014)))
        draw.line(path, fill=colour(), width=stroke, joint="curve")
    return image


def _hatching(rng: np.random.Generator, width: int, height: int) -> Image.Image:
    """Ink on paper: patches of parallel lines, each patch with a direction and a density of its own."""
    side = max(width, height)
    image = Image.new("RGB", (width, height), (243, 236, 220))
    draw = ImageDraw.Draw(image)
    colour = _palette(rng, ["22223b", "22223b", "3d2b1f"])
    for centre in rng.permutation(_spread(rng, width, height, side / 9)):
        turn, gap = rng.uniform(0, np.pi), side * rng.uniform(0.007, 0.014)
        along, across = np.array([np.cos(turn), np.sin(turn)]), np.array([-np.sin(turn), np.cos(turn)])
        for offset in np.arange(-side / 14, side / 14, gap):
            length = side / 13 * rng.uniform(0.75, 1.1)
            wobble = rng.normal(0, side * 0.0012, (2, 2))
            ends = centre + offset * across + np.array([-length * along, length * along]) + wobble
            thickness = max(1, int(side * 0.0022))
            draw.line([tuple(ends[0]), tuple(ends[1])], fill=colour(), width=thickness)
    return image


def _dots(rng: np.random.Generator, width: int, height: int) -> Image.Image:
    """Pointillism: round dots of pure colours, packed close, large and small."""
    side = max(width, height)
    image = Image.new("RGB", (width, height), (250, 244, 230))
    draw = ImageDraw.Draw(image)
    colour = _palette(rng, ["e63946", "f4a261", "e9c46a", "2a9d8f", "264653", "4361ee", "b5179e"])
    for spacing in (side / 24, side / 48):
        for x, y in rng.permutation(_spread(rng, width, height, spacing)):
            radius = spacing * rng.uniform(0.28, 0.55)
            draw.ellipse([x - radius, y - radius, x + radius, y + radius], fill=colour())
    return image


def _scales(rng: np.random.Generator, width: int, height: int) -> Image.Image:
    """Rows of overlapping fans, each of a few rings, like waves on a Japanese print."""
    side = max(width, height)
    radius = side / 14
    image = Image.new("RGB", (width, height), (238, 230, 208))
    draw = ImageDraw.Draw(image)
    colour = _palette(rng, ["1d3557", "274c77", "457b9d"])
    for row in range(int(2 * height / radius) + 4):
        y, shift = (row - 1) * radius / 2, radius * (row % 2)
        for column in range(int(width / (2 * radius)) + 3):
            x, ink = (column - 1) * 2 * radius + shift, colour()
            for ring in range(4):
                size = radius * (1 - 0.24 * ring)
                box = [x - size, y - size, x + size, y + size]
                draw.ellipse(box, fill=(238, 230, 208), outline=ink, width=max(1, int(radius * 0.12)))
    return image


def _bricks(rng: np.random.Generator, width: int, height: int) -> Image.Image:
    """A wall in stretcher bond: each course shifted by half a brick. Long-range order."""
    side = max(width, height)
    high, gap = side / 16, side / 160
    image = Image.new("RGB", (width, height), (216, 206, 190))
    draw = ImageDraw.Draw(image)
    colour = _palette(rng, ["9c4a2f", "b5573a", "7f3b2a", "a8634a", "8a4433"], shades=8)
    start = rng.uniform(-2, -1, 2) * high
    for row in range(int(height / high) + 3):
        y, shift = start[1] + row * high, high * (row % 2)
        for column in range(int(width / (2 * high)) + 4):
            x = start[0] + column * 2 * high - shift
            draw.rectangle([x + gap, y + gap, x + 2 * high - gap, y + high - gap], fill=colour())
    return image


def _chessboard(rng: np.random.Generator, width: int, height: int) -> Image.Image:
    """Two kinds of squares that alternate: what lies beside what decides everything."""
    side = max(width, height) / 10
    image = Image.new("RGB", (width, height))
    draw = ImageDraw.Draw(image)
    dark, light = _palette(rng, ["3b2a20"], shades=5), _palette(rng, ["ead9b5"], shades=5)
    start = rng.uniform(-2, 0, 2) * side
    for row in range(int(height / side) + 4):
        for column in range(int(width / side) + 4):
            x, y = start[0] + column * side, start[1] + row * side
            draw.rectangle([x, y, x + side, y + side], fill=(dark if (row + column) % 2 else light)())
    return image


def _stripes(rng: np.random.Generator, width: int, height: int) -> Image.Image:
    """Cloth: parallel stripes of four colours, always in the same order."""
    band = max(width, height) / 32
    image = Image.new("RGB", (width, height))
    draw = ImageDraw.Draw(image)
    inks = [_palette(rng, [code], shades=4) for code in ("14213d", "e5e5e5", "c1121f", "fca311")]
    start = -rng.uniform(0, 4) * band
    for index in range(int(width / band) + 6):
        x = start + index * band
        draw.rectangle([x, 0, x + band, height], fill=inks[index % 4]())
    return image


def _marble(rng: np.random.Generator, width: int, height: int) -> Image.Image:
    """Veins in pale stone: waves bent by a sum of smooth noises, without any order."""
    side = max(width, height)
    y, x = np.mgrid[0:height, 0:width] / side
    bend = np.zeros_like(x)
    for octave in range(1, 6):
        for _ in range(3):
            wave = rng.normal(0, 1, 2) * 3 * 1.7**octave
            bend += np.sin(wave[0] * x + wave[1] * y + rng.uniform(0, 2 * np.pi)) / 1.6**octave
    turn = rng.uniform(0, np.pi)
    vein = np.abs(np.sin(22 * (np.cos(turn) * x + np.sin(turn) * y) + 1.8 * bend))[..., None] ** 0.6
    stone = np.array([236, 232, 226]) * vein + np.array([66, 78, 92]) * (1 - vein)
    return Image.fromarray(np.clip(stone + 6 * bend[..., None], 0, 255).astype(np.uint8))


_DRAW: dict[str, Callable[[np.random.Generator, int, int], Image.Image]] = {
    "bricks": _bricks,
    "chessboard": _chessboard,
    "dots": _dots,
    "flow_field": _flow_field,
    "hatching": _hatching,
    "marble": _marble,
    "scales": _scales,
    "stained_glass": _stained_glass,
    "stripes": _stripes,
}

PROCEDURAL: tuple[str, ...] = tuple(_DRAW)
"""Names of the pictures that `procedural` draws."""
