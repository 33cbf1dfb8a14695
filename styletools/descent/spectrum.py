"""How curved a loss is at each frequency and colour of the picture, measured along the path of the optimiser.

A network sees strokes of a few pixels well, broad shades less, and the finest noise hardly at all, so a step that is
right for the first is far too short for the others. `Spectrum` learns this from the steps that were taken, and scales a
gradient accordingly: the "initial inverse Hessian" that L-BFGS leaves open, where the usual choice is a single number.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

__all__ = ["Spectrum"]

BANDS = 16
LIMIT = 30.0  # no band's curvature counts as further than this from the mean
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
        band = torch.bucketize(frequency, edges[:-1])
        self._band = band.to(like.device)
        # The frequencies sorted by band, and how many there are of each: adding up slices is exact and quick anywhere,
        # where adding into sixteen places is slow on a graphics card.
        self._order = band.flatten().argsort().to(like.device)
        self._sizes = torch.bincount(band.flatten(), minlength=BANDS).tolist()
        # Half of the spectrum of a real picture is stored; these count for the half that is not.
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
        self._k = (natural / natural.mean()).expand(3, -1, -1)

    def learn(self, s: Tensor, y: Tensor) -> None:
        """Take note of a step and the change of the gradient, with s·y > 0."""
        S, Y = self._transform(s), self._transform(y)
        sy = torch.sum(s * y)
        self._ss = FORGET * self._ss + self._sums(S, S) / sy  # each step counts alike, whatever its length
        self._sy = FORGET * self._sy + self._sums(S, Y) / sy
        mean = self._ss.sum() / self._sy.sum()
        # A band without positive curvature gets the largest step that is allowed.
        inverse = self._ss / self._sy.clamp_min(torch.finfo(s.dtype).tiny) / mean
        k = inverse.nan_to_num(1.0).clamp(1 / LIMIT, LIMIT).sqrt()
        self._k = k[:, self._band]

    def scale(self, gradient: Tensor) -> Tensor:
        """Multiply each band by its factor: a symmetric, positive definite map."""
        scaled: Tensor = torch.fft.irfft2(self._transform(gradient) * self._k, s=self._size)
        return self._mix(self._colours.T, scaled)

    def _transform(self, image: Tensor) -> Tensor:
        transformed: Tensor = torch.fft.rfft2(self._mix(self._colours, image))
        return transformed

    @staticmethod
    def _mix(matrix: Tensor, image: Tensor) -> Tensor:
        return torch.einsum("ij,bjhw->bihw", matrix, image)

    def _sums(self, A: Tensor, B: Tensor) -> Tensor:
        """Σ a·b over each band, by colour."""
        product = ((A * B.conj()).real * self._count).sum(0).flatten(1)[:, self._order]
        bands = torch.split(product, self._sizes, 1)
        return torch.stack([band.sum(1) for band in bands], 1)
