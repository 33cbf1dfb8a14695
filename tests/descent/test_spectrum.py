from __future__ import annotations

import math

import pytest
import torch
from torch.testing import assert_close

from styletools.descent.optimisers import LBFGS, Evaluation
from styletools.descent.spectrum import BANDS, LIMIT, Spectrum


def noise(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def wave(cycles, height=32, width=32, colour=(1.0, 1.0, 1.0)):
    """A picture of one frequency, cycles over its width."""
    row = torch.cos(2 * math.pi * cycles * torch.arange(width, dtype=torch.float64) / width)
    return torch.tensor(colour, dtype=torch.float64).view(1, 3, 1, 1) * row.expand(1, 1, height, width)


def curvature(image, power):
    """H x, of a quadratic whose curvature grows with frequency."""
    height, width = image.shape[2:]
    f = torch.sqrt(torch.fft.fftfreq(height)[:, None] ** 2 + torch.fft.rfftfreq(width) ** 2).clamp_min(1 / width)
    return torch.fft.irfft2(torch.fft.rfft2(image) * f**power, s=(height, width))


@pytest.mark.parametrize("size", [(32, 32), (31, 20), (7, 9), (1, 1), (2, 3)])
def test_scaling_is_symmetric_and_positive(size):
    spectrum = Spectrum(noise(1, 3, *size))
    a, b = noise(1, 3, *size, seed=1), noise(1, 3, *size, seed=2)
    for _ in range(2):
        assert_close((a * spectrum.scale(b)).sum(), (b * spectrum.scale(a)).sum())
        assert (a * spectrum.scale(a)).sum() > 0
        s = noise(1, 3, *size, seed=3)
        spectrum.learn(s, curvature(s, 1))


@pytest.mark.parametrize("size", [(32, 32), (31, 20), (7, 9)])
def test_sums_over_bands_are_the_whole(size):
    """Parseval: nothing of the stored half of the spectrum is forgotten or counted twice."""
    image = noise(2, 3, *size)
    spectrum = Spectrum(image)
    spectra = [spectrum._transform(colours, image) for colours in spectrum._groups]
    total = sum(spectrum._sums(A, A)[1].sum() for A in spectra)
    assert_close(total / (size[0] * size[1]), (image**2).sum())


def test_colours_are_orthonormal():
    C = Spectrum(noise(1, 3, 4, 4))._colours
    assert_close(C @ C.T, torch.eye(3, dtype=torch.float64))


@pytest.mark.parametrize("power", [1.0, 2.0])
def test_learns_the_curvature(power):
    """k is the root of the inverse curvature, up to a common factor."""
    spectrum = Spectrum(noise(1, 3, 32, 32))
    for seed in range(30):
        s = noise(1, 3, 32, 32, seed=seed)
        spectrum.learn(s, curvature(s, power))
    low, high = wave(2), wave(12)
    ratio = (low * spectrum.scale(low)).sum() / (high * spectrum.scale(high)).sum()
    assert ratio.item() == pytest.approx((12 / 2) ** (power / 2), rel=0.15)


def test_learns_colours_apart():
    spectrum = Spectrum(noise(1, 3, 32, 32))
    grey = torch.full((1, 3, 1, 1), 1 / 3, dtype=torch.float64)
    for seed in range(10):
        s = noise(1, 3, 32, 32, seed=seed)
        spectrum.learn(s, s + 15 * (s.sum(1, keepdim=True) * grey))  # grey: curvature 16, colours: 1
    shade, hue = wave(4), wave(4, colour=(1.0, 0.0, -1.0))
    gains = [((v * spectrum.scale(v)).sum() / (v * v).sum()).item() for v in (shade, hue)]
    assert gains[1] / gains[0] == pytest.approx(4, rel=0.05)


def test_one_step_does_not_depend_on_its_length():
    s = noise(1, 3, 16, 16)
    short, long = Spectrum(s), Spectrum(s)
    short.learn(s, curvature(s, 1))
    long.learn(1000 * s, 1000 * curvature(s, 1))
    assert_close(short._k, long._k)


def test_bands_without_or_with_negative_curvature_are_limited():
    spectrum = Spectrum(noise(1, 3, 32, 32))
    spectrum.learn(wave(2), wave(2))  # nothing known of any other band
    assert torch.isfinite(spectrum._k).all()
    s = wave(2) + 0.1 * wave(12)
    for _ in range(20):
        spectrum.learn(s, wave(2) - 0.1 * wave(12))
    assert spectrum._k.min() >= LIMIT**-0.5 - 1e-6
    assert spectrum._k.max() <= LIMIT**0.5 + 1e-6
    high = wave(12)
    assert (high * spectrum.scale(high)).sum() == pytest.approx(((high**2).sum() * LIMIT**0.5).item(), rel=1e-6)


def test_bands_are_in_order():
    band = Spectrum(noise(1, 3, 256, 256))._band
    assert band[0, 0] == 0
    assert band.max() < BANDS
    assert len(band.unique()) > 10
    assert (band[0].diff() >= 0).all()


def test_helps_where_curvature_depends_on_frequency():
    """The same budget of evaluations, with and without."""
    target = 0.5 + 0.1 * noise(1, 3, 32, 32, seed=5).clamp(-3, 3)

    def evaluate(x):
        gradient = curvature(x - target, 3)
        total = 0.5 * ((x - target) * gradient).sum().item()
        return Evaluation(x, {"bowl": total}, total, gradient)

    after = []
    for spectrum in (None, Spectrum(target)):
        optimiser = LBFGS(evaluate, torch.full_like(target, 0.5), 10, spectrum)
        for _ in range(30):
            optimiser.step()
        after.append(optimiser.at.total)
    assert after[1] < 0.1 * after[0]
