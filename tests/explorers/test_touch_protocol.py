"""What is sent to the views, and how their modules are put together."""

from __future__ import annotations

import re
import shutil
import subprocess

import numpy as np
import pytest
import torch

from styletools.explorers.touch import compare, features, gram, masks
from styletools.explorers.touch.protocol import FOLDER, MISSING, Touch, array, encoded, joined, picture, style

VIEWS = ["features.js", "gram.js", "compare.js", "masks.js"]


@pytest.mark.parametrize("half", [True, False])
@pytest.mark.parametrize("largest", [0.0, 1.0, 3e5])
def test_numbers_arrive(half, largest):
    values = largest * torch.rand(3, 4, 5, generator=torch.Generator().manual_seed(0))
    answer = array(values, half, layer="conv1_1")
    kind = {"float16": "<f2", "float32": "<f4"}[answer.values["dtype"]]
    back = np.frombuffer(answer.buffer, kind).astype("f4") * answer.values["scale"]
    assert answer.values["shape"] == [3, 4, 5]
    assert answer.values["layer"] == "conv1_1"
    np.testing.assert_allclose(
        back.reshape(3, 4, 5), values.numpy(), rtol=1e-3 if half else 0, atol=1e-3 * largest / 60
    )


def test_pictures_arrive():
    image = torch.rand(1, 3, 4, 6)
    answer = picture(image)
    pixels = np.frombuffer(answer.buffer, np.uint8).reshape(answer.values["shape"])
    np.testing.assert_allclose(pixels[..., :3], image[0].permute(1, 2, 0).numpy() * 255, atol=0.51)
    assert (pixels[..., 3] == 255).all()
    assert encoded(b"file", which="before").values == {"type": "image/png", "which": "before"}


@pytest.mark.parametrize("name", VIEWS)
def test_one_module_without_imports_and_without_two_things_of_one_name(name):
    text = joined(name)
    assert not re.search(r"^import ", text, re.MULTILINE)
    assert len(re.findall(r"^export ", text, re.MULTILINE)) == 1
    names = re.findall(r"^(?:async )?(?:function|class|const|let) (\w+)", text, re.MULTILINE)
    assert len(names) == len(set(names)), sorted(name for name in names if names.count(name) > 1)
    node = shutil.which("node")
    if node is not None:
        done = subprocess.run(
            [node, "--check", "--input-type=module"], input=text, text=True, capture_output=True, check=False
        )
        assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", VIEWS)
def test_what_a_view_reads_is_in_its_state(name):
    """A name that is misspelt in JavaScript is undefined there, and nothing else."""
    touch = {"features.js": features.FeaturesTouch, "gram.js": gram.GramTouch, "compare.js": compare.CompareTouch,
             "masks.js": masks.MaskTouch}[name]  # fmt: skip
    text = (FOLDER / name).read_text(encoding="utf-8")
    read = set(re.findall(r'model\.get\("(\w+)"\)', text)) | set(re.findall(r'"change:(\w+)"', text))
    state = set(touch.class_trait_names(sync=True))
    assert read
    assert read <= state
    top = text.split("*/")[0]
    assert all(f"`{word}`" in top for word in read), [word for word in read if f"`{word}`" not in top]


def test_the_sheet_hides_the_line_for_where_it_is_not():
    assert re.search(rf"\.{MISSING} {{ display: none", style())


def test_an_error_is_one_line_and_is_told_twice():
    touch, answers, failed = Touch(), [], []
    touch.send = lambda content, buffers=(): answers.append(content)
    touch.failed = failed.append
    touch.answers = {"much": lambda asked, buffers: 1 / 0}
    touch._asked(touch, {"id": "7", "ask": "much"}, [])
    assert answers == [{"id": "7", "error": "ZeroDivisionError: division by zero"}]
    assert isinstance(failed[0], ZeroDivisionError)
    touch.close()
