from __future__ import annotations

from pathlib import Path

import pytest

import styletools as st
from styletools.sweeps.run import Run, key_of, label, name_of


def test_the_key_follows_from_what_the_picture_is_made_of():
    key = key_of("transfer", {"content": "chelsea", "style": "dots"})
    assert len(key) == 12
    assert key == key_of("transfer", {"style": "dots", "content": "chelsea", "steps": 100, "size": 256.0})
    assert key == key_of("transfer", {"style": "dots", "content": "chelsea", "device": "cpu"})
    for other in ({"steps": 99}, {"seed": 1}, {"precision": "full"}, {"style": ["dots"]}):
        assert key != key_of("transfer", {"content": "chelsea", "style": "dots", **other})


def test_a_file_counts_by_its_bytes(tmp_path):
    for name in ("a", "b"):
        st.sample("chelsea").save(tmp_path / f"{name}.png")
    keys = [key_of("transfer", {"content": str(tmp_path / f"{name}.png"), "style": "dots"}) for name in "ab"]
    assert keys[0] == keys[1]
    st.sample("coffee").save(tmp_path / "b.png")
    assert keys[0] != key_of("transfer", {"content": str(tmp_path / "b.png"), "style": "dots"})


def test_names_are_safe_and_short():
    assert name_of({}, "k") == "k"
    assert name_of({"a": "x/../y z", "b": "beta 0.5"}, "k") == "x-..-y-z_beta-0.5_k"
    assert len(name_of({"a": "ä" * 300}, "k").encode()) < 255


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("seed", 3, "seed 3"),
        ("beta", 0.1 + 0.2, "beta 0.3"),
        ("style", ["/p/a.jpg", "dots"], "a + dots"),
        ("style_layers", ["conv1_1", "conv2_1"], "style_layers conv1_1 + conv2_1"),
        ("coarse_to_fine", None, "coarse_to_fine None"),
    ],
)
def test_labels(name, value, words):
    assert label(name, value) == words


def test_the_cost_is_in_proportion_to_pixels_and_steps():
    small, large = (Run("transfer", {"size": size, "steps": 10}, Path("a")) for size in (128, 256))
    assert large.cost == 4 * small.cost
    assert Run("transfer", {"size": 128, "steps": 20}, Path("a")).cost == 2 * small.cost
