"""Statistics that know where things are: products over a distance, which the Gram matrix has forgotten."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from styletools.losses.term import Term

__all__ = ["Autocorrelation", "PixelSpectrum", "ShiftedGram"]


class ShiftedGram(Term):
    """1 / (4 N²) mean_δ ‖F (T_δ F)ᵀ / M − S (T_δ S)ᵀ / M‖²: which filters fire a shift δ apart.

    δ is no shift, which is Gram, and 2, 8 and 16 positions to the right or down, as far as they fit in a quarter of
    both pictures. Carries long-range order: bricks, stripes, a chessboard.

    Example:
        >>> S = torch.tensor([1.0, 0.0] * 8).view(1, 1, 1, 16).expand(1, 1, 16, 16)  # stripes, one position wide
        >>> term = ShiftedGram("conv1_1", S)
        >>> bool(term.value(S) == 0), bool(term.value(S.flip(3).roll(1, 2)) < 1e-12)
        (True, True)

    Reference:
        Berger and Memisevic 2017, *Incorporating Long-Range Consistency in CNN-based Texture Generation*.
    """

    statistic = "shifted-gram"
    arranged = True
    SHIFTS = ((0, 0), (0, 2), (2, 0), (0, 8), (8, 0), (0, 16), (16, 0))

    def prepare(self, S: Tensor) -> dict[tuple[int, int], Tensor]:
        """By shift, (1, C, C)."""
        return {shift: _product(S, *shift) for shift in self._that_fit(S)}

    def value(self, F: Tensor) -> Tensor:
        """Mean over the shifts that fit in both."""
        shifts = [shift for shift in self._that_fit(F) if shift in self.target]
        squared = [((_product(F, *shift) - self.target[shift]) ** 2).sum() for shift in shifts]
        return torch.stack(squared).mean() / (4 * F.shape[1] ** 2)

    def _that_fit(self, F: Tensor) -> list[tuple[int, int]]:
        return [(down, right) for down, right in self.SHIFTS if 4 * down <= F.shape[2] and 4 * right <= F.shape[3]]


class Autocorrelation(Term):
    """Σ_i mean_δ (R_i(δ) − R^S_i(δ))², where R_i(δ) = mean_k F_i,k F_i,k+δ: how each filter repeats over a distance.

    δ is at most 16 positions or a quarter of the smaller picture, in both directions; the picture wraps around at its
    border. Says where one filter repeats, not which filters fire together: use it alongside Gram.

    Example:
        >>> S = torch.tensor([1.0, 0.0] * 8).view(1, 1, 1, 16).expand(1, 1, 16, 16)
        >>> term = Autocorrelation("conv1_1", S)
        >>> bool(term.value(S) < 1e-12), bool(term.value(S.roll(1, 3)) < 1e-12)  # moved, but not changed
        (True, True)

    Reference:
        Sendik and Cohen-Or 2017, *Deep Correlations for Texture Synthesis*.
    """

    statistic = "autocorrelation"
    arranged = True
    LAGS = 16

    def prepare(self, S: Tensor) -> Tensor:
        """R^S, (1, C, 2 L + 1, 2 L + 1), the shift (0, 0) in the middle."""
        return _autocorrelation(S, self._lags(S))

    def value(self, F: Tensor) -> Tensor:
        """Squared distance over the shifts that both have."""
        lags = min(self._lags(F), self.target.shape[2] // 2)
        beyond = self.target.shape[2] // 2 - lags
        theirs = functional.pad(self.target, (-beyond,) * 4)
        return ((_autocorrelation(F, lags) - theirs) ** 2).mean((2, 3)).sum()

    def _lags(self, F: Tensor) -> int:
        return min(self.LAGS, *(side // 4 for side in F.shape[2:]))


class PixelSpectrum(Term):
    """Σ_c (x̄_c − s̄_c)² + Σ_c mean_f (|x̂_c(f)| − |ŝ_c(f)|)²: mean and amplitudes of each colour c of the picture itself.

    No network: regular patterns are sharp peaks of the spectrum. Alongside Gram it keeps them; alone it makes noise of
    the right colour. The painting's spectrum is enlarged or reduced to the picture's size.

    Example:
        >>> S = torch.rand(1, 3, 8, 8)
        >>> bool(PixelSpectrum(None, S).value(S.roll(3, 2)) < 1e-10)  # moved, but not changed
        True

    Reference:
        Liu, Gousseau and Xia 2016, *Texture Synthesis Through Convolutional Neural Networks and Spectrum Constraints*.
    """

    statistic = "pixel-spectrum"
    arranged = True
    of_pixels = True

    def prepare(self, S: Tensor) -> tuple[Tensor, Tensor]:
        """s̄, (1, 3), and |ŝ|, (1, 3, H, W), frequency 0 in the middle."""
        return S.mean((2, 3)), _amplitude(S)

    def value(self, F: Tensor) -> Tensor:
        """Squared distances, sum over colours."""
        mean: Tensor
        theirs: Tensor
        mean, theirs = self.target
        if theirs.shape[2:] != F.shape[2:]:
            theirs = functional.interpolate(theirs, F.shape[2:], mode="bilinear")
        return ((F.mean((2, 3)) - mean) ** 2).sum() + ((_amplitude(F) - theirs) ** 2).mean((2, 3)).sum()


def _product(F: Tensor, down: int, right: int) -> Tensor:
    """F (T_δ F)ᵀ / M over the positions that both have, (B, C, C)."""
    here = F[:, :, : F.shape[2] - down, : F.shape[3] - right].flatten(2)
    there = F[:, :, down:, right:].flatten(2)
    product: Tensor = here @ there.transpose(1, 2)
    return product / here.shape[2]


def _autocorrelation(F: Tensor, lags: int) -> Tensor:
    height, width = F.shape[2:]
    power = torch.fft.rfft2(F).abs() ** 2
    R: Tensor = torch.fft.irfft2(power, s=(height, width)) / (height * width)
    return R.roll((lags, lags), (2, 3))[:, :, : 2 * lags + 1, : 2 * lags + 1]


def _amplitude(image: Tensor) -> Tensor:
    """Scaled so that its mean square is the picture's variance: the same texture has the same spectrum at each size."""
    varying = image - image.mean((2, 3), keepdim=True)
    spectrum = torch.fft.fftshift(torch.fft.fft2(varying, norm="ortho"), (2, 3))
    # The floor gives the root a finite slope where a frequency is missing.
    amplitude: Tensor = (spectrum.real**2 + spectrum.imag**2 + 1e-12).sqrt()
    return amplitude
