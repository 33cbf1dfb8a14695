from __future__ import annotations

import pytest
import torch

from styletools.errors import InputError
from styletools.pictures import colours
from styletools.pictures.colours import (
    from_lab,
    keep_colours,
    match_colours,
    match_histogram,
    match_luminance,
    to_lab,
)
from styletools.pictures.variations import grey


def test_keep_colours_takes_brightness_from_one_and_colour_from_the_other(picture):
    result = 0.5 + 0.1 * (picture.flip(3) - 0.5)  # little contrast: nothing reaches the ends of the range
    photograph = 0.5 + 0.2 * (picture - 0.5)
    mixed = keep_colours(result, photograph)
    torch.testing.assert_close(grey(mixed), grey(result))
    torch.testing.assert_close(mixed - grey(mixed), photograph - grey(photograph))


def test_keep_colours_of_the_photograph_itself_is_the_photograph(picture):
    torch.testing.assert_close(keep_colours(picture, picture), picture)


def test_match_colours_gives_mean_and_covariance(picture):
    reference = 0.3 + 0.2 * torch.rand(1, 3, 20, 24, generator=torch.Generator().manual_seed(3))
    reference[:, 1] = 0.5 * reference[:, 1] + 0.5 * reference[:, 0]  # colours that go together
    matched = match_colours(0.4 + 0.2 * picture, reference)
    torch.testing.assert_close(matched.mean((2, 3)), reference.mean((2, 3)), atol=1e-3, rtol=0)
    torch.testing.assert_close(matched[0].flatten(1).cov(), reference[0].flatten(1).cov(), atol=1e-3, rtol=0)


def test_match_colours_of_itself_changes_nothing(picture):
    torch.testing.assert_close(match_colours(picture, picture), picture, atol=1e-3, rtol=0)


def test_match_colours_of_a_plain_picture_is_finite(picture):
    assert match_colours(torch.full((1, 3, 4, 4), 0.5), picture).isfinite().all()


# sRGB and its CIELAB (D65), as colour tables have them; they differ by 0.02 with the digits of their matrix.
KNOWN = [
    ((0, 0, 0), (0, 0, 0)),
    ((1, 1, 1), (100, 0, 0)),
    ((1, 0, 0), (53.24, 80.09, 67.20)),
    ((0, 1, 0), (87.73, -86.18, 83.18)),
    ((0, 0, 1), (32.30, 79.19, -107.86)),
    ((1, 1, 0), (97.14, -21.55, 94.48)),
    ((128 / 255, 128 / 255, 128 / 255), (53.59, 0, 0)),
    ((2 / 255, 2 / 255, 2 / 255), (0.548, 0, 0)),  # below both knees: 903.3 · (2/255) / 12.92
]


def one(*channels: float) -> torch.Tensor:
    return torch.tensor(channels, dtype=torch.float64).view(1, 3, 1, 1)


@pytest.mark.parametrize(("srgb", "lab"), KNOWN)
def test_lab_of_known_colours(srgb, lab):
    torch.testing.assert_close(to_lab(one(*srgb)), one(*lab), atol=0.03, rtol=0)
    torch.testing.assert_close(from_lab(to_lab(one(*srgb))), one(*srgb), atol=1e-6, rtol=0)


def test_lab_of_grey_has_no_colour():
    shades = torch.linspace(0, 1, 100, dtype=torch.float64).expand(1, 3, 1, 100)
    lab = to_lab(shades)
    assert lab[:, 1:].abs().max() < 1e-9
    assert (lab[0, 0, 0].diff() > 0).all()


@pytest.mark.parametrize("kind", [torch.float32, torch.float64])
def test_lab_and_back(kind):
    steps = torch.linspace(0, 1, 52, dtype=kind)
    cube = torch.cartesian_prod(steps, steps[::3], steps[::3]).T.reshape(1, 3, 52, -1)
    dark = torch.rand(2, 3, 20, 20, dtype=kind, generator=torch.Generator().manual_seed(0)) * 0.06
    for image in (cube, dark, steps[1:10].view(1, 1, 1, -1).repeat(1, 3, 1, 1)):
        back = from_lab(to_lab(image))
        assert back.dtype == torch.float64
        torch.testing.assert_close(back, image.double(), atol=1e-6, rtol=0)


def test_keep_colours_in_lab_takes_lightness_from_one_and_colour_from_the_other(picture):
    result = (0.5 + 0.1 * (picture.flip(3) - 0.5)).double()
    photograph = (0.5 + 0.2 * (picture - 0.5)).double()
    mixed = keep_colours(result, photograph, "lab")
    lightness, colour = to_lab(result)[:, :1], to_lab(photograph)[:, 1:]
    torch.testing.assert_close(to_lab(mixed), torch.cat([lightness, colour], 1), atol=1e-6, rtol=0)
    assert (mixed - keep_colours(result, photograph, "yiq")).abs().max() > 1e-3
    assert torch.equal(keep_colours(result, photograph), keep_colours(result, photograph, "yiq"))


def test_keep_colours_in_lab_of_the_photograph_itself_is_the_photograph(picture):
    torch.testing.assert_close(keep_colours(picture, picture, "lab"), picture, atol=1e-6, rtol=0)


def test_what_no_screen_has_is_clamped():
    bright, blue = torch.ones(1, 3, 2, 2), torch.zeros(1, 3, 2, 2)
    blue[:, 2] = 1
    for result, photograph in ((bright, blue), (1 - bright, blue), (bright, 1 - blue)):
        mixed = keep_colours(result, photograph, "lab")
        assert mixed.isfinite().all()
        assert mixed.dtype == torch.float32
        assert 0 <= mixed.min() <= mixed.max() <= 1
    assert keep_colours(bright, blue, "lab")[0, 2].min() == 1


def sorted_channels(image: torch.Tensor) -> torch.Tensor:
    return image[0].flatten(1).sort(1).values


def test_match_histogram_by_hand():
    def row(*values):
        return torch.tensor(values).expand(1, 3, 1, len(values))

    for image, reference, expected in (
        (row(0.1, 0.9, 0.5), row(0.3, 0.2, 0.4), row(0.2, 0.4, 0.3)),
        (row(0.1, 0.9, 0.5), row(0.0, 1.0), row(0.0, 1.0, 0.5)),  # between two values
        (row(0.9, 0.1), row(0.0, 0.2, 1.0), row(1.0, 0.0)),
        (row(0.1, 0.2, 0.3, 0.4, 0.5), row(0.0, 0.8, 1.0), row(0.0, 0.4, 0.8, 0.9, 1.0)),
        (row(0.5, 0.5, 0.5, 0.7), row(0.1, 0.2, 0.6, 0.9), row(0.2, 0.2, 0.2, 0.9)),  # ranks 0, 1 and 2: 1
        (row(0.5, 0.5, 0.7), row(0.1, 0.2, 0.6), row(0.15, 0.15, 0.6)),  # ranks 0 and 1: ½
        (row(0.5), row(0.1, 0.2, 0.9), row(0.2)),
        (row(0.5, 0.1), row(0.3), row(0.3, 0.3)),
    ):
        torch.testing.assert_close(match_histogram(image, reference), expected)


def test_match_histogram_of_channels_apart():
    image = torch.tensor([[0.1, 0.9], [0.9, 0.1], [0.2, 0.8]]).view(1, 3, 1, 2)
    reference = torch.tensor([[0.0, 0.1], [0.2, 0.3], [0.4, 0.5]]).view(1, 3, 1, 2)
    expected = torch.tensor([[0.0, 0.1], [0.3, 0.2], [0.4, 0.5]]).view(1, 3, 1, 2)
    assert torch.equal(match_histogram(image, reference), expected)


def test_match_histogram_gives_the_values_and_keeps_the_order(picture):
    reference = 0.3 + 0.2 * torch.rand(1, 3, 40, 32, generator=torch.Generator().manual_seed(3)) ** 3
    matched = match_histogram(picture, reference)
    assert matched.shape == picture.shape
    assert torch.equal(sorted_channels(matched), sorted_channels(reference))  # as many pixels: exactly
    order = picture[0].flatten(1).argsort(1)
    assert (matched[0].flatten(1).gather(1, order).diff(dim=1) >= 0).all()


def test_match_histogram_of_two_sizes(picture):
    reference = 0.3 + 0.2 * torch.rand(1, 3, 61, 67, generator=torch.Generator().manual_seed(3)) ** 3
    matched = match_histogram(picture, reference)
    for share in (0.0, 0.1, 0.5, 0.9, 1.0):
        found, wanted = (image[0].flatten(1).quantile(share, dim=1) for image in (matched, reference))
        torch.testing.assert_close(found, wanted, atol=1e-3, rtol=0)


def test_match_histogram_of_itself_changes_nothing(picture):
    assert torch.equal(match_histogram(picture, picture), picture)
    coarse = (picture * 4).round() / 4  # many that are equal
    assert torch.equal(match_histogram(coarse, coarse), coarse)
    flat = torch.full((1, 3, 4, 4), 0.5)
    torch.testing.assert_close(match_histogram(flat, picture)[0, :, 0, 0], picture[0].flatten(1).quantile(0.5, dim=1))


def test_match_histogram_keeps_equal_pixels_equal(picture):
    coarse = (picture * 4).round() / 4
    matched = match_histogram(coarse, picture)
    for channel in range(3):
        pairs = {*zip(coarse[0, channel].flatten().tolist(), matched[0, channel].flatten().tolist(), strict=True)}
        assert len(pairs) == 5


def test_match_luminance_by_hand():
    image = torch.tensor([[0.2, 0.4], [0.2, 0.4], [0.2, 0.4]]).view(1, 3, 1, 2)  # μ 0.3, σ 0.1
    reference = torch.tensor([1.0, 0.0, 0.0]).view(1, 3, 1, 1).repeat(1, 1, 1, 2)
    reference[..., 1] = 0.1  # Y 0.299 and 0.1: μ 0.1995, σ 0.0995
    expected = torch.tensor([0.1, 0.299]).expand(1, 3, 1, 2)
    torch.testing.assert_close(match_luminance(image, reference), expected)


def test_match_luminance_gives_mean_and_deviation(picture):
    reference = 0.4 + 0.2 * torch.rand(1, 3, 20, 24, generator=torch.Generator().manual_seed(3))
    matched = match_luminance(picture, reference)
    assert matched.shape == picture.shape
    assert torch.equal(matched[:, :1].expand_as(matched), matched)
    torch.testing.assert_close(matched.mean(), grey(reference).mean())
    torch.testing.assert_close(matched[:, 0].std(correction=0), grey(reference)[:, 0].std(correction=0))
    torch.testing.assert_close(match_luminance(picture, picture), grey(picture))


def test_match_luminance_stays_in_the_range(picture):
    matched = match_luminance(picture**8, (picture > 0.9).float())
    assert matched.min() == 0
    assert matched.max() == 1


def test_match_luminance_of_a_flat_picture(picture):
    expected = grey(picture).mean().expand(1, 3, 4, 4)
    torch.testing.assert_close(match_luminance(torch.full((1, 3, 4, 4), 0.3), picture), expected)
    alike = torch.tensor([[0.0, 0.587], [0.299, 0.0], [0.4, 0.4]]).view(1, 3, 1, 2)  # two colours of one brightness
    torch.testing.assert_close(match_luminance(alike, picture), expected[..., :1, :2])


def test_every_public_name_is_there():
    assert all(hasattr(colours, name) for name in colours.__all__)


def test_bad_input(picture):
    with pytest.raises(InputError, match=r"photograph: expected shape \(1, 3, 32, 40\), got \(1, 3, 32, 39\)"):
        keep_colours(picture, picture[..., 1:])
    with pytest.raises(InputError, match="reference: expected"):
        match_colours(picture, picture + 1)
    with pytest.raises(InputError, match="space: expected 'yiq' or 'lab', got 'hsv'"):
        keep_colours(picture, picture, "hsv")
    with pytest.raises(InputError, match=r"lab: expected shape \(B, 3, H, W\), got \(3, 32, 40\)"):
        from_lab(picture[0])
    for match in (match_histogram, match_luminance):
        with pytest.raises(InputError, match="image: expected"):
            match(picture[:, :2], picture)
        with pytest.raises(InputError, match="reference: expected values"):
            match(picture, picture + 1)
        with pytest.raises(InputError, match="reference: expected one picture, got a batch of 2"):
            match(picture, picture.repeat(2, 1, 1, 1))
