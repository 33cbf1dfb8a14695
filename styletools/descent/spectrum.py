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

__all__ = ["Spectrum"]

BANDS = 16
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
        # The frequencies sorted by band, and how many there are of each: adding up slices is exact and quick anywhere,
        # whereas adding into sixteen places is slow on a graphics card.
        self._order = band.flatten().argsort().int().to(like.device)
        self._sizes = torch.bincount(band.flatten(), minlength=BANDS).tolist()
        # Only half of the spectrum of a real picture is stored; counting twice makes up for the other half.
        self._count = torch.full_like(frequency, 2.0)
        self._count[:, 0] = 1
        if width % 2 == 0:
            self._count[:, -1] = 1
        self._count = self._count.to(like)
        self._colours = torch.tensor(_COLOURS).to(like)
        self._size = (height, width)
        self._ss = like.new_zeros(3, BANDS)
        self._sy = like.new_zeros(3, BANDS)
        natural = frequency.clamp_min(1 / max(height, width)).rsqrt().to(like)
        self._natural = natural / natural.mean()
        self._k: Tensor | None = None  # by colour and band

    def learn(self, s: Tensor, y: Tensor) -> None:
        """Learn from a step s and the change y of the gradient, with s·y > 0."""
        sy = torch.sum(s * y)
        ss, both = torch.zeros_like(self._ss), torch.zeros_like(self._sy)
        for colour, row in enumerate(self._colours):  # one at a time: transforms are as large as the picture
            S, Y = self._transform(row, s), self._transform(row, y)
            ss[colour], both[colour] = self._sums(S, S), self._sums(S, Y)
        self._ss = FORGET * self._ss + ss / sy  # each step counts alike, whatever its length
        self._sy = FORGET * self._sy + both / sy
        self._weigh(torch.finfo(s.dtype).tiny)

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
        total = torch.zeros_like(gradient)
        for colour, row in enumerate(self._colours):
            k = self._natural if self._k is None else self._k[colour][self._band]
            scaled = torch.fft.irfft2(self._transform(row, gradient).mul_(k), s=self._size)
            for channel, share in enumerate(row.tolist()):
                total[:, channel].add_(scaled, alpha=share)
        return total

    @staticmethod
    def _transform(colour: Tensor, image: Tensor) -> Tensor:
        """The spectrum of one colour, a mixture of red, green and blue: (B, H, W // 2 + 1)."""
        red, green, blue = colour.tolist()
        mixed = (red * image[:, 0]).add_(image[:, 1], alpha=green).add_(image[:, 2], alpha=blue)
        transformed: Tensor = torch.fft.rfft2(mixed)
        return transformed

    def _sums(self, A: Tensor, B: Tensor) -> Tensor:
        """Σ a·b over each band."""
        product = ((A.real * B.real).addcmul_(A.imag, B.imag)).sum(0).mul_(self._count).flatten()[self._order]
        return torch.stack([band.sum() for band in torch.split(product, self._sizes)])
