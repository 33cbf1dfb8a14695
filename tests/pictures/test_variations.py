from __future__ import annotations

import pytest
import torch

from styletools.errors import InputError
from styletools.pictures import variations
from styletools.pictures.variations import VARIATIONS


@pytest.mark.parametrize("name", VARIATIONS)
def test_each_gives_a_new_picture_and_leaves_the_old(name):
    picture = torch.rand(2, 3, 32, 40, generator=torch.Generator().manual_seed(0))
    before = picture.clone()
    changed = VARIATIONS[name](picture)
    assert changed.shape[:2] == (2, 3)
    assert 0 <= changed.min() <= changed.max() <= 1
    assert changed.shape != picture.shape or not torch.equal(changed, picture)
    changed.clone().zero_()
    assert torch.equal(picture, before)
    with pytest.raises(InputError, match="image: expected shape"):
        VARIATIONS[name](picture[0])


def test_mirror_and_turn_undo_themselves(picture):
    assert torch.equal(variations.mirror(variations.mirror(picture)), picture)
    four = picture
    for _ in range(4):
        four = variations.turn(four)
    assert torch.equal(four, picture)
    assert torch.equal(variations.turn(picture)[..., -1, 0], picture[..., 0, 0])  # counter-clockwise


def test_crop_keeps_the_middle(picture):
    cropped = variations.crop(picture, 0.5)
    assert torch.equal(cropped, picture[:, :, 8:24, 10:30])
    with pytest.raises(InputError, match="share: expected above 0"):
        variations.crop(picture, 0)


def test_shift_moves_to_the_right(picture):
    assert torch.equal(variations.shift(picture, 3)[..., 3:], picture[..., :-3])


@pytest.mark.parametrize("block", [1, 5, 16])
def test_scatter_moves_whole_blocks(picture, block):
    mixed = variations.scatter(picture, block)
    rows, columns = 32 // block, 40 // block
    assert mixed.shape == (1, 3, rows * block, columns * block)

    def blocks(image):
        return {
            tuple(image[0, :, r * block : (r + 1) * block, c * block : (c + 1) * block].flatten().tolist())
            for r in range(rows)
            for c in range(columns)
        }

    assert blocks(mixed) == blocks(picture[:, :, : rows * block, : columns * block])
    assert not torch.equal(mixed, variations.scatter(picture, block, seed=1))
    with pytest.raises(InputError, match=r"block: expected 1 … 32 pixels, got 33"):
        variations.scatter(picture, 33)


def test_grey_has_one_value_for_all_colours(picture):
    grey = variations.grey(picture)
    assert torch.equal(grey[:, 0], grey[:, 1])
    assert torch.equal(grey[:, 0], grey[:, 2])
    torch.testing.assert_close(variations.grey(grey), grey)
