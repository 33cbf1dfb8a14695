from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from styletools.settings import describe, plain


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        (True, True),
        ("chelsea", "chelsea"),
        (3, 3),
        (np.int64(3), 3),
        (0.5, 0.5),
        (np.float32(0.5), 0.5),
        ({"conv1_1": np.float64(0.2)}, {"conv1_1": 0.2}),
        (Path("a") / "b.png", str(Path("a") / "b.png")),
    ],
)
def test_plain(value, expected):
    result = plain(value)
    assert result == expected
    assert type(result) is type(expected)
    json.dumps(result)


@pytest.mark.parametrize(
    ("one", "other", "words"),
    [
        (torch.zeros(1, 3, 2, 2), torch.ones(1, 3, 2, 2), "tensor (1, 3, 2, 2), sha256 "),
        (Image.new("RGB", (2, 3)), Image.new("RGB", (2, 3), "red"), "PIL image (2, 3), sha256 "),
        (b"abc", b"abd", "3 bytes, sha256 "),
    ],
)
def test_a_picture_without_a_name_is_known_by_its_hash(one, other, words):
    assert plain(one).startswith(words)
    assert plain(one) == plain(one) != plain(other)


def test_file_objects():
    assert plain(io.BytesIO(b"abc")) == "file object"


def test_describe_is_json():
    settings = describe("transfer", {"content": torch.zeros(1, 3, 2, 2), "seed": 1}, "VGG-16", "1.0")
    assert json.loads(json.dumps(settings)) == settings
    assert settings["recipe"] == "transfer"
    assert settings["threads"] == torch.get_num_threads()
