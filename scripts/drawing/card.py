"""The common style of all diagrams: one card, its colours, and the few shapes that they are put together from.

Lengths are CSS pixels of a card that is shown 960 wide: x to the right, y downwards. So a size in the code is the size
on the page, and "no text below 13" can be read off it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyArrowPatch, FancyBboxPatch, PathPatch, Polygon, Rectangle
from matplotlib.path import Path
from matplotlib.text import Text

WIDTH = 960
PER_INCH = 80  # CSS pixels; only the ratio of figure size and font size depends on it
# Okabe and Ito's blue, vermilion and green, told apart with every kind of colour vision, but darker than in
# styletools.plots: they are letters, too. A gradient is dashed besides.
CONTENT, STYLE, GRADIENT = "#006AA6", "#B34A00", "#007A5A"
SEEN, SEEN_TINT = "#7A4B94", "#EFE6F4"
CONTENT_TINT, STYLE_TINT, GRADIENT_TINT = "#E3F0F8", "#FCEBDD", "#DFF3EC"
INK, SOFT, FAINT, PAPER, BAND = "#22262B", "#5B636C", "#C3C9D0", "#FCFCFA", "#ECEEF1"
SMALL, TEXT, LARGE, HEADLINE = 13.5, 15, 19, 18
MARGIN = 28
# Bright is large, as everywhere in the lessons; the hue says whose it is.
RAMPS = {
    "content": LinearSegmentedColormap.from_list("content", ["#03121F", "#01507F", "#2C9BD6", "#D8F0FF"]),
    "style": LinearSegmentedColormap.from_list("style", ["#200A00", "#8C3200", "#F07C1E", "#FFF0CF"]),
    "x": LinearSegmentedColormap.from_list("x", ["#0E1116", "#50565E", "#A9AFB6", "#FFFFFF"]),
}
Role: TypeAlias = Literal["content", "style", "x"]
Point: TypeAlias = tuple[float, float]
HUES: dict[Role, str] = {"content": CONTENT, "style": STYLE, "x": INK}


@dataclass
class Card:
    """A figure with a rounded, opaque, nearly white ground, which reads on light and on dark pages."""

    height: float
    headline: str
    figure: Figure = field(init=False)

    def __post_init__(self) -> None:
        """Make the figure, its ground and its headline."""
        self.figure = Figure(figsize=(WIDTH / PER_INCH, self.height / PER_INCH), dpi=PER_INCH)
        FigureCanvasAgg(self.figure)
        self.figure.patch.set_alpha(0)
        self.axes = self.figure.add_axes((0, 0, 1, 1))
        self.axes.axis("off")
        self._keep_limits()
        self.box((1, 1), (WIDTH - 2, self.height - 2), PAPER, edge="#DADDE1", radius=16, zorder=-10)
        self.text((MARGIN, 36), self.headline, size=HEADLINE, weight="bold", align="left")

    def _keep_limits(self) -> None:
        self.axes.set(xlim=(0, WIDTH), ylim=(self.height, 0))

    def text(
        self,
        at: Point,
        words: str,
        *,
        size: float = TEXT,
        colour: str = INK,
        align: Literal["left", "center", "right"] = "center",
        weight: str = "normal",
        mono: bool = False,
        spacing: float = 1.3,
        zorder: float = 6,
    ) -> Text:
        """Words, centred vertically at a point; mathematics in the letters of the lessons' equations."""
        x, y = at
        high = "\n" in words or "\\sum" in words
        return self.axes.text(
            x,
            y if high else y + 0.36 * size,  # half of a capital's height: neighbours have one baseline
            words,
            fontsize=size * 72 / PER_INCH,
            color=colour,
            ha=align,
            va="center" if high else "baseline",
            fontweight=weight,
            family="DejaVu Sans Mono" if mono else "DejaVu Sans",
            math_fontfamily="cm",
            linespacing=spacing,
            zorder=zorder,
        )

    def box(
        self,
        corner: Point,
        size: Point,
        fill: str = "white",
        *,
        edge: str | None = None,
        radius: float = 8,
        thick: float = 1.2,
        dashed: bool = False,
        zorder: float = 2,
    ) -> None:
        """A rounded box by its upper left corner."""
        style = f"round,pad=0,rounding_size={radius}"
        shape = FancyBboxPatch(
            corner, *size, style, fc=fill, ec=edge or "none", lw=thick, ls=(0, (4, 3)) if dashed else "-", zorder=zorder
        )
        self.axes.add_patch(shape)

    def polygon(self, points: Sequence[Point], fill: str, *, edge: str | None = None, zorder: float = 1) -> None:
        """A filled shape."""
        self.axes.add_patch(Polygon(points, fc=fill, ec=edge or "none", lw=1, joinstyle="round", zorder=zorder))

    def disc(
        self, at: Point, radius: float, fill: str, *, edge: str | None = None, thick: float = 1.5, zorder: float = 4
    ) -> None:
        """A filled circle."""
        self.axes.add_patch(Circle(at, radius, fc=fill, ec=edge or "none", lw=thick, zorder=zorder))

    def line(
        self,
        points: Sequence[Point],
        colour: str = SOFT,
        *,
        thick: float = 1.6,
        dashed: bool = False,
        zorder: float = 3,
    ) -> None:
        """A polygonal line."""
        x, y = zip(*points, strict=True)
        ls: Any = (0, (4, 2.6)) if dashed else "-"
        self.axes.plot(x, y, color=colour, lw=thick, ls=ls, solid_capstyle="round", zorder=zorder)

    def arrow(
        self,
        start: Point,
        end: Point,
        colour: str = SOFT,
        *,
        thick: float = 1.8,
        dashed: bool = False,
        bend: float = 0,
        head: float = 11,
        zorder: float = 3,
    ) -> None:
        """A straight or bent arrow; what flows backwards is dashed, besides its colour."""
        patch = FancyArrowPatch(
            start,
            end,
            arrowstyle="-|>,head_width=0.36,head_length=0.62",
            mutation_scale=head,
            connectionstyle=f"arc3,rad={bend}",
            color=colour,
            lw=thick,
            ls=(0, (3.2, 2.2)) if dashed else "-",
            shrinkA=0,
            shrinkB=0,
            capstyle="butt",
            joinstyle="miter",
            zorder=zorder,
        )
        self.axes.add_patch(patch)

    def route(
        self,
        points: Sequence[Point],
        colour: str = SOFT,
        *,
        thick: float = 1.8,
        dashed: bool = False,
        radius: float = 12,
        head: float = 11,
        zorder: float = 3,
    ) -> None:
        """An arrow along horizontal and vertical pieces, with round corners."""
        vertices, codes = [points[0]], [Path.MOVETO]
        for before, corner, after in zip(points, points[1:], points[2:], strict=False):
            vertices += [_towards(corner, before, radius), corner, _towards(corner, after, radius)]
            codes += [Path.LINETO, Path.CURVE3, Path.CURVE3]
        # The last piece is an arrow of its own, so that its head points along it.
        last = _towards(points[-2], points[-1], radius) if len(points) > 2 else points[0]
        ls: Any = (0, (3.2, 2.2)) if dashed else "-"
        self.axes.add_patch(
            PathPatch(Path(vertices, codes), fc="none", ec=colour, lw=thick, ls=ls, capstyle="butt", zorder=zorder)
        )
        self.arrow(last, points[-1], colour, thick=thick, dashed=dashed, head=head, zorder=zorder)

    def image(
        self,
        pixels: np.ndarray,
        corner: Point,
        size: Point,
        *,
        edge: str = "white",
        thick: float = 1.2,
        smooth: bool = True,
        zorder: float = 4,
    ) -> None:
        """A picture (H, W, 3) in a thin frame, by its upper left corner."""
        (left, top), (width, height) = corner, size
        extent = (left, left + width, top + height, top)
        interpolation = "lanczos" if smooth else "nearest"
        self.axes.imshow(pixels.clip(0, 1), extent=extent, aspect="auto", interpolation=interpolation, zorder=zorder)
        self._keep_limits()  # imshow moves them
        self.axes.add_patch(Rectangle(corner, width, height, fc="none", ec=edge, lw=thick, zorder=zorder + 0.01))

    def stack(
        self, sheets: Sequence[np.ndarray], corner: Point, size: Point, *, step: float = 4, smooth: bool = True
    ) -> None:
        """Maps behind one another; the first is in front, at the given corner."""
        for depth in range(len(sheets) - 1, -1, -1):
            shifted = (corner[0] + depth * step, corner[1] - depth * step)
            self.image(sheets[depth], shifted, size, thick=0.9, smooth=smooth, zorder=4 - 0.05 * depth)

    def chip(
        self,
        at: Point,
        words: str,
        size: Point,
        *,
        colour: str = INK,
        fill: str = "white",
        text: float = LARGE,
        thick: float = 1.6,
        dashed: bool = False,
    ) -> None:
        """A formula in a rounded box, by its centre."""
        corner = (at[0] - size[0] / 2, at[1] - size[1] / 2)
        self.box(corner, size, fill, edge=colour, thick=thick, radius=9, dashed=dashed, zorder=4)
        self.text(at, words, size=text, colour=INK)

    def lock(self, at: Point, colour: str = SOFT, scale: float = 1) -> None:
        """A padlock: what is never changed."""
        x, y = at
        angles = np.linspace(np.pi, 2 * np.pi, 20)
        ring = [(x + 4 * scale * np.cos(a), y - 2 * scale + 5 * scale * np.sin(a)) for a in angles]
        self.line([(ring[0][0], y), *ring, (ring[-1][0], y)], colour, thick=1.7 * scale, zorder=5)
        self.box((x - 6 * scale, y - 1), (12 * scale, 9 * scale), colour, radius=2, zorder=5)


def ramp(values: np.ndarray, role: Role, top: float | None = None) -> np.ndarray:
    """Numbers ≥ 0 as colours, (H, W) → (H, W, 3); `top` is the brightest."""
    top = float(values.max()) if top is None else top
    colours: np.ndarray = RAMPS[role](np.clip(values / max(top, 1e-12), 0, 1))[..., :3]
    return colours


def _towards(start: Point, end: Point, distance: float) -> Point:
    """The point at most so far from the start on the way to the end."""
    dx, dy = end[0] - start[0], end[1] - start[1]
    length = float(np.hypot(dx, dy))
    share = min(distance, length / 2) / length
    return (start[0] + dx * share, start[1] + dy * share)
