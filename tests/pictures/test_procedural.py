from __future__ import annotations

import numpy as np
import pytest

from styletools.errors import InputError
from styletools.pictures.procedural import PROCEDURAL, procedural

pytestmark = pytest.mark.parametrize("name", PROCEDURAL)


def pixels(name, size=96, seed=0):
    return np.asarray(procedural(name, size, seed), dtype=float)


def test_seeded(name):
    assert (pixels(name) == pixels(name)).all()
    assert np.abs(pixels(name) - pixels(name, seed=1)).mean() > 5


@pytest.mark.parametrize("size", [(8, 8), (120, 40), (33, 90)])
def test_any_size(name, size):
    image = procedural(name, size)
    assert (image.size, image.mode) == (size, "RGB")


def test_same_composition_at_every_size(name):
    small = np.asarray(procedural(name, 384).resize((24, 24), 4), dtype=float)
    large = np.asarray(procedural(name, 192).resize((24, 24), 4), dtype=float)
    assert np.corrcoef(small.ravel(), large.ravel())[0, 1] > 0.9


def test_same_statistics_everywhere(name):
    """A texture: its left half and its right half have about the same colours."""
    picture = pixels(name, 384)
    left, right = picture[:, :192].reshape(-1, 3), picture[:, 192:].reshape(-1, 3)
    assert np.abs(left.mean(0) - right.mean(0)).max() < 25
    assert np.abs(left.std(0) - right.std(0)).max() < 20


def test_two_seeds_share_a_style_that_other_pictures_do_not(name, random_vgg):
    """What the pictures are for: a Gram matrix tells the drawings apart, and not the seeds."""
    from styletools.losses.equations import style_layer_loss
    from styletools.pictures.images import to_tensor

    layer = "conv2_1"

    def features(which, seed):
        return random_vgg(to_tensor(procedural(which, 128, seed)), layer)[layer]

    own = float(style_layer_loss(features(name, 1), features(name, 0)))
    others = [float(style_layer_loss(features(other, 1), features(name, 0))) for other in PROCEDURAL if other != name]
    assert own < min(others)


def test_bad_input(name):
    with pytest.raises(InputError, match="no procedural picture is called 'granite'"):
        procedural("granite")
    for size in (7, (8, 5000)):
        with pytest.raises(InputError, match="size must be 8 … 4096 pixels"):
            procedural(name, size)


@pytest.mark.parametrize("seed", [-1, 1.5, True, "1", None])
def test_bad_seed(name, seed):
    with pytest.raises(InputError, match="seed: expected a whole number, at least 0, got"):
        procedural(name, 16, seed)


@pytest.mark.parametrize("size", [1.5, True, "64", (64,), (64, 64, 64), (64, 2.5), None])
def test_sides_that_are_not_whole(name, size):
    with pytest.raises(InputError, match=r"size: expected a whole number of pixels, or \(width, height\), got"):
        procedural(name, size)
