"""How curved a loss is at each frequency and colour of the picture, measured along the path of the optimiser.

A network sees strokes of a few pixels well, broad shading less, and the finest noise hardly at all, so a step that is
right for the first is far too short for the others. `Spectrum` learns this from the steps taken, and scales a gradient
accordingly: the "initial inverse Hessian" that L-BFGS leaves open, where the usual choice is a single number.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import pad

__all__ = ["Spectrum"]

BANDS = 16
AT_ONCE = 2**20  # pixels of all pictures, up to which the colours are transformed together
LIMIT = 30.0  # no band's curvature counts as further than this factor from the mean
FORGET = 0.9  # per step: the curvature changes along the path
# Grey, and two directions of colour at right angles to it.
_COLOURS = ((3**-0.5, 3**-0.5, 3**-0.5), (2**-0.5, 0.0, -(2**-0.5)), (6**-0.5, -2 * 6**-0.5, 6**-0.5))


class Spectrum:
    """Scales a gradient band by band: b ↦ k_b b, with k_b² = (Σ s·s / Σ s·y)_b over the band, relative to the mean.

    s is a step, y the change of the gradient that it made. Σ s·s / Σ s·y is the inverse curvature; its root is taken,
    because steps of L-BFGS mix the bands and a full correction overshoots. Before the first step k falls with the root
    of the frequency.

    Args:
        like: a picture (B, 3, H, W), for size, type and device.

    Example:
        >>> like = torch.zeros(1, 3, 8, 8)
        >>> spectrum = Spectrum(like)
        >>> spectrum.scale(torch.ones(1, 3, 8, 8)).shape
        torch.Size([1, 3, 8, 8])
    """

    def __init__(self, like: Tensor) -> None:
        """Sort the frequencies into bands."""
        height, width = like.shape[2:]
        vertical, horizontal = torch.fft.fftfreq(height), torch.fft.rfftfreq(width)
        frequency = torch.sqrt(vertical[:, None] ** 2 + horizontal**2)  # cycles per pixel
        lowest, highest = 1 / 128, math.sqrt(0.5)
        edges = torch.logspace(math.log10(lowest), math.log10(highest), BANDS - 1)
        band = torch.bucketize(frequency, edges[:-1], out_int32=True)
        self._band = band.to(like.device)
        # The frequencies sorted by band, and where each band ends: the difference of two running sums is quick
        # anywhere, whereas adding into sixteen places is slow on a graphics card.
        self._order = band.flatten().argsort().int().to(like.device)
        self._edges = pad(torch.bincount(band.flatten(), minlength=BANDS).cumsum(0), (1, 0)).to(like.device)
        # Only half of the spectrum of a real picture is stored; counting twice makes up for the other half.
        self._count = torch.full_like(frequency, 2.0)
        self._count[:, 0] = 1
        if width % 2 == 0:
            self._count[:, -1] = 1
        self._count = self._count.to(like)
        # One after the other in large pictures: what belongs to a colour is nearly as large as the picture.
        self._colours = torch.tensor(_COLOURS).to(like)
        together = 3 if like.shape[0] * height * width <= AT_ONCE else 1
        self._groups = [slice(first, first + together) for first in range(0, 3, together)]
        self._size = (height, width)
        self._ss = like.new_zeros(3, BANDS)
        self._sy = like.new_zeros(3, BANDS)
        natural = frequency.clamp_min(1 / max(height, width)).rsqrt().to(like)
        self._natural = natural / natural.mean()
        self._k: Tensor | None = None  # by colour and band

    def learn(self, s: Tensor, y: Tensor) -> Tensor:
        """Learn from a step s and the change y of the gradient, with s·y > 0; return y · `scale(y)`."""
        sums = [self._sums(self._transform(colours, s), self._transform(colours, y)) for colours in self._groups]
        ss, both, yy = torch.cat(sums, 1).to(s)
        sy = torch.sum(s * y)
        self._ss = FORGET * self._ss + ss / sy  # each step counts alike, whatever its length
        self._sy = FORGET * self._sy + both / sy
        self._weigh(torch.finfo(s.dtype).tiny)
        assert self._k is not None
        scaled: Tensor = (self._k * yy).sum() / (self._size[0] * self._size[1])  # Parseval
        return scaled

    def state(self) -> dict[str, Any]:
        """What it has learnt."""
        return {"ss": self._ss, "sy": self._sy, "k": self._k}

    def restore(self, state: dict[str, Any]) -> None:
        """Restore what had been learnt when `state` was called."""
        self._ss, self._sy, self._k = state["ss"], state["sy"], state["k"]

    def _weigh(self, tiny: float) -> None:
        mean = self._ss.sum() / self._sy.sum()
        # A band without positive curvature gets the largest step that is allowed.
        inverse = self._ss / self._sy.clamp_min(tiny) / mean
        self._k = inverse.nan_to_num(1.0).clamp(1 / LIMIT, LIMIT).sqrt()

    def scale(self, gradient: Tensor) -> Tensor:
        """Multiply each band by its factor: a symmetric, positive definite map."""
        total = gradient.new_zeros(gradient.shape)
        for colours in self._groups:
            k = self._natural if self._k is None else self._k[colours][:, self._band]
            scaled = torch.fft.irfft2(self._transform(colours, gradient).mul_(k), s=self._size)
            shares = self._colours[colours].T.expand(len(gradient), -1, -1)
            total.flatten(2).baddbmm_(shares, scaled.flatten(2))
        return total

    def _transform(self, colours: slice, image: Tensor) -> Tensor:
        """The spectra of some colours, mixtures of red, green and blue: (B, colours, H, W // 2 + 1)."""
        mixed = self._colours[colours] @ image.flatten(2)
        transformed: Tensor = torch.fft.rfft2(mixed.view(*mixed.shape[:2], *self._size))
        return transformed

    def _sums(self, S: Tensor, Y: Tensor) -> Tensor:
        """Σ s·s, Σ s·y and Σ y·y over each band, in double precision: (3, colours, bands)."""
        return torch.stack([self._sum(A, B) for A, B in ((S, S), (S, Y), (Y, Y))])

    def _sum(self, A: Tensor, B: Tensor) -> Tensor:
        # The half of the spectrum that is not stored has the same products.
        products = (A.real * B.real).addcmul_(A.imag, B.imag).sum(0).mul_(self._count)
        by_band = products.flatten(1).index_select(1, self._order)
        if by_band.device.type == "mps":
            by_band = by_band.cpu()  # where there is double precision
        running = pad(by_band.cumsum(1, dtype=torch.float64), (1, 0))
        return running.index_select(1, self._edges.to(running.device)).diff()
