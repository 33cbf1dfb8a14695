from __future__ import annotations

import pytest
import torch

from styletools.errors import InputError
from styletools.pictures.colours import keep_colours, match_colours
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


def test_bad_input(picture):
    with pytest.raises(InputError, match=r"photograph: expected shape \(1, 3, 32, 40\), got \(1, 3, 32, 39\)"):
        keep_colours(picture, picture[..., 1:])
    with pytest.raises(InputError, match="reference: expected"):
        match_colours(picture, picture + 1)
