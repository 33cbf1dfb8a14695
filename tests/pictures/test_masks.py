from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

from styletools.errors import ImageError, InputError
from styletools.pictures.masks import ROUGH, load_mask

PICTURE = torch.rand(1, 3, 30, 40, generator=torch.Generator().manual_seed(0))


def saved(pixels, tmp_path, name="mask.png"):
    Image.fromarray(pixels).save(tmp_path / name)
    return tmp_path / name


def test_grey_levels_are_labels_dark_first(tmp_path):
    pixels = np.full((30, 40), 200, np.uint8)
    pixels[:, :10] = 10
    mask = load_mask(saved(pixels, tmp_path), PICTURE)
    assert mask.names == ("10", "200")
    assert torch.equal(mask.region("10"), torch.from_numpy(pixels == 10))


def test_colours_are_labels(tmp_path):
    pixels = np.zeros((30, 40, 3), np.uint8)
    pixels[:15] = (255, 0, 0)
    pixels[20:] = (0, 128, 255)
    mask = load_mask(saved(pixels, tmp_path), PICTURE)
    assert set(mask.names) == {"0", "#ff0000", "#0080ff"}
    assert mask.region("#ff0000")[:15].all()
    assert not mask.region("#ff0000")[15:].any()


def test_the_soft_edge_of_a_brush_goes_to_the_nearest_label(tmp_path):
    pixels = np.zeros((300, 400), np.uint8)
    pixels[:, 200:] = 255
    pixels[:50, 199], pixels[50:100, 199] = 90, 160
    mask = load_mask(saved(pixels, tmp_path), PICTURE)
    assert mask.names == ("0", "255")
    assert mask.region("255")[:, 199].tolist() == [False] * 50 + [True] * 50 + [False] * 200


@pytest.mark.parametrize(
    "labels",
    [
        torch.tensor([[0, 0, 7, 7]] * 3),
        torch.tensor([[False, False, True, True]] * 3),
        torch.tensor([[0.1, 0.1, 0.9, 0.9]] * 3),
        torch.tensor([[0, 0, 7, 7]] * 3, dtype=torch.uint8),
    ],
)
def test_tensors(labels):
    mask = load_mask(labels, PICTURE)
    assert mask.labels.tolist() == [[0, 0, 1, 1]] * 3
    assert mask.region(mask.names[1]).tolist() == [[False, False, True, True]] * 3


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (torch.zeros(3, 4, 5), r"expected labels \(H, W\)"),
        (torch.full((3, 4), 1.5), r"grey levels in \[0, 1\]"),
        (torch.full((3, 4), float("nan")), r"grey levels in \[0, 1\]"),
        (torch.full((3, 4), 300), "labels from 0 to 255"),
        (torch.full((3, 4), -1), "labels from 0 to 255"),
        (torch.zeros(20, 20), "proportions of its picture, 40 × 30, got 20 × 20"),
        (torch.arange(120).view(10, 12) % 17, "at most 16 labels, got 17"),
    ],
)
def test_what_is_no_mask(labels, message):
    with pytest.raises(InputError, match=f"content_mask: expected.*{message}|content_mask.*{message}"):
        load_mask(labels, PICTURE, "content_mask")


def test_a_jpeg_of_a_gradient_says_what_to_do(tmp_path):
    path = saved(np.tile(np.linspace(0, 255, 40).astype(np.uint8), (30, 1)), tmp_path, "mask.jpg")
    with pytest.raises(InputError, match="save it as PNG"):
        load_mask(path, PICTURE)


def test_a_file_that_is_not_there():
    with pytest.raises(ImageError, match="no such file"):
        load_mask("nowhere.png", PICTURE)


def test_rough_selections():
    assert load_mask("left=0.25", PICTURE).region("left").sum() == 30 * 10
    assert load_mask("top", PICTURE).region("top").sum() == 15 * 40
    disc = load_mask("disc=0.5", PICTURE)
    assert disc.names == ("inside", "outside")
    assert abs(float(disc.region("inside").float().sum()) - torch.pi * 7.5**2) < 12
    assert disc.region("inside")[15, 20]
    dark = torch.cat([torch.zeros(1, 3, 30, 20), torch.ones(1, 3, 30, 20)], 3)
    assert load_mask("bright", dark).region("bright")[:, 20:].all()
    assert load_mask("bright", dark).region("dark")[:, :20].all()


def test_one_bright_pixel_is_no_region():
    picture = torch.zeros(1, 3, 200, 200)
    picture[..., 100:, :] = 1
    picture[..., 20, 20] = 1
    assert load_mask("bright", picture).region("bright").sum() == 100 * 200


@pytest.mark.parametrize("word", ROUGH)
@pytest.mark.parametrize("number", ["0", "1", "-2", "x", "nan"])
def test_a_number_out_of_range(word, number):
    with pytest.raises(InputError, match=f"mask: expected a number between 0 and 1, such as {word}="):
        load_mask(f"{word}={number}", PICTURE)


def test_an_empty_region_is_named():
    with pytest.raises(InputError, match=r"the region 'bright' of 'bright=0\.9' is empty"):
        load_mask("bright=0.9", torch.full((1, 3, 8, 8), 0.2))
    with pytest.raises(InputError, match="expected a label out of left, right, got 'top'"):
        load_mask("left", PICTURE).region("top")


def test_a_file_of_that_name_comes_first(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Image.new("L", (40, 30), 3).save("left", "PNG")
    assert load_mask("left", PICTURE).names == ("3",)
