"""The pictures of docs/controls.md are what the present code would make."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path

import pytest
from PIL import Image
from test_gallery import gallery

ROOT = Path(__file__).resolve().parent.parent
SPEC = importlib.util.spec_from_file_location("controls", ROOT / "scripts" / "controls.py")
controls = importlib.util.module_from_spec(SPEC)
sys.modules["controls"] = controls
SPEC.loader.exec_module(controls)
PAGE = (ROOT / "docs" / "controls.md").read_text("utf-8")


@pytest.mark.parametrize("name", controls.PICTURES)
def test_each_picture_is_of_today(name):
    assert controls.comparable is gallery.comparable
    assert controls.is_current(name)


def test_a_changed_option_would_be_seen(monkeypatch):
    content, style, options = controls.PICTURES["strokes_half"]
    monkeypatch.setitem(controls.PICTURES, "strokes_half", (content, style, {**options, "style_size": 200}))
    assert not controls.is_current("strokes_half")


def test_the_page_shows_every_file_and_no_other():
    shown = set(re.findall(r"\]\(controls/([\w-]+\.\w+)\)", PAGE))
    assert shown == {path.name for path in controls.FOLDER.iterdir()}


def test_the_film_plays():
    with Image.open(controls.FOLDER / "film.gif") as film:
        assert film.n_frames > 20
        assert film.size == (256, 170)


def test_they_are_small_enough_to_clone():
    assert sum(path.stat().st_size for path in controls.FOLDER.iterdir()) < 5_000_000
