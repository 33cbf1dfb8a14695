from __future__ import annotations

from typing import get_args

import pytest
import torch

import styletools as st
from styletools.errors import InputError
from styletools.palette import Colours, after, before
from styletools.pictures.variations import grey

P = st.load_image("coffee", 64)
S = st.load_image("starry_night", 48)


@pytest.mark.parametrize("colours", ["photograph", "photograph-lab"])
def test_in_grey_and_with_the_photographs_colours_under_it(colours):
    photograph, (painting,) = before(colours, P, [S])
    for image in (photograph, painting):
        torch.testing.assert_close(image, grey(image), rtol=0, atol=1e-5)
    assert float(painting.mean()) == pytest.approx(float(photograph.mean()), abs=0.02)
    torch.testing.assert_close(after(colours, photograph, P), P, rtol=0, atol=1e-5)
    darker = after(colours, 0.5 * photograph, P)
    assert darker.shape == P.shape
    assert float(darker.mean()) < float(P.mean())


@pytest.mark.parametrize("colours", ["covariance", "histogram"])
def test_the_painting_is_matched_before(colours):
    photograph, (painting,) = before(colours, P, [S])
    assert photograph is P
    assert painting.shape == S.shape
    torch.testing.assert_close(painting.mean((2, 3)), P.mean((2, 3)), rtol=0, atol=0.03)
    assert after(colours, S, P) is S


def test_nothing_by_default():
    photograph, (painting,) = before("painting", P, [S])
    assert photograph is P
    assert painting is S
    assert after("painting", S, P) is S


def test_at_any_size_of_the_run():
    assert after("photograph", torch.full((1, 3, 10, 15), 0.5), P).shape == (1, 3, 10, 15)


def test_the_recipe_keeps_them_at_every_step():
    seen = []
    arguments = {"size": 64, "steps": 3, "progress": False}
    result = st.transfer("coffee", "starry_night", colours="photograph", on_step=seen.append, **arguments)
    P = st.load_image("coffee", 64)
    # Colour differences, which do not depend on the luma, are the photograph's, but where the range cuts them off.
    for image in (result.image, seen[-1].image):
        inside = ((image > 1e-3) & (image < 1 - 1e-3)).all(1, keepdim=True)
        difference = (image[:, :1] - image[:, 2:]) - (P[:, :1] - P[:, 2:])
        assert float((difference * inside).abs().max()) < 1e-3
        assert inside.float().mean() > 0.5
    assert seen[0].image.shape != seen[-1].image.shape  # a smaller size had its colours, too
    assert float((seen[0].image[:, 0] - seen[0].image[:, 2]).abs().max()) > 0.1
    plain = st.transfer("coffee", "starry_night", **arguments)
    assert not torch.allclose(plain.image, result.image, atol=0.05)


@pytest.mark.parametrize("colours", get_args(Colours))
def test_every_way_is_a_choice_of_the_recipe(colours):
    result = st.transfer("coffee", "starry_night", colours=colours, size=32, steps=1, progress=False)
    assert result.settings["arguments"]["colours"] == colours


def test_an_unknown_one():
    with pytest.raises(InputError, match="colours: expected one of painting, photograph"):
        st.transfer("coffee", "dots", colours="grey", progress=False)
