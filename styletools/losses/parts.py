"""Pictures and features in parts: which positions a block holds, and what it must see around them.

A position of a layer sees a square of pixels, its receptive field. A block is therefore cut with a margin of that
width, its halo, and only the positions of its core are counted. Cores touch and do not overlap; they begin at multiples
of the deepest stride, so that every pooling window lies in one of them. At the picture's own border there is no halo:
there the network puts its padding, as it does around the whole picture.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor

__all__ = ["Block", "Part", "Parts", "Span", "Sums", "blocks", "spans"]

Sums = tuple[Tensor, ...]
"""What is added up over the parts of a picture; empty where a part holds nothing of it."""


@dataclass(frozen=True)
class Span:
    """A block along one axis, in pixels: its core, begin … end, and the crop around it, low … high, out of a length."""

    begin: int
    end: int
    low: int
    high: int
    length: int

    def core(self, stride: int) -> slice:
        """Where the core lies among all positions of a layer."""
        return slice(self.begin // stride, self.end // stride)

    def inside(self, stride: int) -> slice:
        """Where it lies among the positions that are computed from the crop."""
        first = self.low // stride
        return slice(self.begin // stride - first, self.end // stride - first)


@dataclass(frozen=True)
class Block:
    """A rectangle of a picture with its halo."""

    rows: Span
    columns: Span

    def crop(self, image: Tensor) -> Tensor:
        """The pixels to compute from, core and halo: a view."""
        return image[..., self.rows.low : self.rows.high, self.columns.low : self.columns.high]

    def inside(self, F: Tensor, stride: int) -> Tensor:
        """The core's positions among the features of the crop: a view."""
        return F[..., self.rows.inside(stride), self.columns.inside(stride)]

    def part(self, stride: int) -> Part:
        """The core's positions among those of the whole layer."""
        rows, columns = self.rows.core(stride), self.columns.core(stride)
        size = self.rows.length // stride, self.columns.length // stride
        return Part(rows.start, rows.stop, columns.start, columns.stop, *size)


@dataclass(frozen=True)
class Part:
    """Positions of a layer: rows top … bottom and columns left … right out of height × width.

    Example:
        >>> Part(0, 1, 1, 3, 2, 3).of(torch.arange(6).view(2, 3))
        tensor([[1, 2]])
    """

    top: int
    bottom: int
    left: int
    right: int
    height: int
    width: int

    @classmethod
    def all_of(cls, F: Tensor) -> Part:
        """All positions of features (B, C, H, W)."""
        height, width = F.shape[2:]
        return cls(0, height, 0, width, height, width)

    def of(self, whole: Tensor) -> Tensor:
        """These positions of something that has all of them, (…, H, W): a view."""
        return whole[..., self.top : self.bottom, self.left : self.right]

    @property
    def empty(self) -> bool:
        """Whether there is no position: a narrow block may have none in a deep layer."""
        return self.top >= self.bottom or self.left >= self.right


class Parts:
    """Features of a picture that are never in memory as a whole, in place of a tensor (B, C, H, W).

    Args:
        shape: (B, C, H, W).
        like: a tensor of their type and on their device.
        each: computes them anew, part by part.

    Example:
        >>> F = torch.arange(4.0).view(1, 1, 2, 2)
        >>> halves = [Part(0, 2, 0, 1, 2, 2), Part(0, 2, 1, 2, 2, 2)]
        >>> parts = Parts(F.shape, F, lambda: ((half.of(F), half) for half in halves))
        >>> parts.total(lambda F, part: (F.sum((2, 3)),)), torch.equal(parts.whole(), F)
        ((tensor([[6.]], dtype=torch.float64),), True)
    """

    def __init__(self, shape: tuple[int, ...], like: Tensor, each: Callable[[], Iterator[tuple[Tensor, Part]]]) -> None:
        """Nothing is computed yet."""
        self.shape = torch.Size(shape)
        self.dtype, self.device = like.dtype, like.device
        self._each = each

    def __iter__(self) -> Iterator[tuple[Tensor, Part]]:
        """Compute them: features (B, C, H', W'), and which positions they are at."""
        return self._each()

    def whole(self) -> Tensor:
        """All of them at once, for a statistic that needs them so."""
        whole = torch.empty(self.shape, dtype=self.dtype, device=self.device)
        for F, part in self:
            part.of(whole).copy_(F)
        return whole

    def total(self, sums: Callable[[Tensor, Part], Sums]) -> Sums:
        """Add up over the parts."""
        found: Sums = ()
        for F, part in self:
            found = added(found, sums(F, part))
        return found


def added(total: Sums, more: Sums) -> Sums:
    """Add in double precision: a mean over millions of positions has no digits to lose.

    Example:
        >>> added(added((), (torch.ones(1),)), (torch.ones(1),))
        (tensor([2.], dtype=torch.float64),)
    """
    if not more:
        return total
    more = tuple((x.cpu() if x.device.type == "mps" else x).double() for x in more)
    return tuple(a.add_(b) for a, b in zip(total, more, strict=True)) if total else more


def spans(length: int, block: int, stride: int, halo: int) -> list[Span]:
    """Cut an axis into cores of about the same length, at most `block` except for the last one's odd pixels.

    Args:
        length: of the axis, in pixels.
        block: longest core.
        stride: of the deepest layer.
        halo: what is seen beyond a core; rounded up to whole strides.

    Example:
        >>> [(span.low, span.begin, span.end, span.high) for span in spans(101, 48, 16, 6)]
        [(0, 0, 48, 64), (32, 48, 101, 101)]
    """
    units, halo = max(1, length // stride), -(-halo // stride) * stride
    count = -(-units // max(1, block // stride))
    edges = [units * i // count * stride for i in range(count)] + [length]
    return [Span(begin, end, max(0, begin - halo), min(length, end + halo), length) for begin, end in pairwise(edges)]


def blocks(height: int, width: int, block: int, stride: int, halo: int) -> list[Block]:
    """Cut a picture into blocks, row by row; see `spans`.

    Example:
        >>> len(blocks(100, 200, 64, 16, 58))
        6
    """
    return [
        Block(rows, columns)
        for rows in spans(height, block, stride, halo)
        for columns in spans(width, block, stride, halo)
    ]
