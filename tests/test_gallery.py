"""The gallery is what the present code would make; that it is worth looking at must be seen."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest
import torch
from PIL import Image

import styletools as st

ROOT = Path(__file__).resolve().parent.parent


def script(name: str):
    spec = importlib.util.spec_from_file_location(name, ROOT / "scripts" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


gallery, poster = script("gallery"), script("poster")
ENTRIES = gallery.entries()


@pytest.mark.parametrize("name", ENTRIES)
def test_was_made_with_what_the_present_code_would_use(name):
    """A changed default asks for a new picture: make gallery."""
    stored = st.load_settings(gallery.path(name))
    assert gallery.comparable(stored) == gallery.comparable(ENTRIES[name].plan())


def test_a_changed_default_would_be_noticed(monkeypatch):
    name = next(iter(ENTRIES))
    assert gallery.is_current(name, ENTRIES[name])
    monkeypatch.setitem(st.transfer.__kwdefaults__, "tv", 0.123)
    assert not gallery.is_current(name, ENTRIES[name])
    monkeypatch.undo()
    monkeypatch.setattr(gallery.stages, "MOST_BETA", 3.0)
    assert not gallery.is_current(name, ENTRIES[name])


def test_nothing_else_lies_there_and_all_of_it_is_light():
    files = sorted(gallery.GALLERY.iterdir())
    assert [path.stem for path in files] == sorted(ENTRIES)
    assert sum(path.stat().st_size for path in files) < 12_000_000


@pytest.mark.parametrize("name", ENTRIES)
def test_pictures_are_large(name):
    with Image.open(gallery.path(name)) as picture:
        assert max(picture.size) == ENTRIES[name].arguments["size"] >= (128 if name.startswith("size_") else 384)


def test_what_is_finished_is_not_made_again(monkeypatch, tmp_path):
    """Stopped and started again, it resumes where it stopped."""
    entries = {name: gallery.Entry("reconstruct_style", ("dots", "conv1_1"), {"size": 32, "steps": 2}) for name in "ab"}
    made = []
    monkeypatch.setattr(gallery, "GALLERY", tmp_path)
    monkeypatch.setattr(gallery, "entries", lambda: entries)
    make = gallery.Entry.make
    monkeypatch.setattr(gallery.Entry, "make", lambda entry: made.append(entry) or make(entry))
    gallery.render(["a"])
    gallery.render([])
    gallery.render([])
    assert len(made) == 2
    entries["a"] = gallery.Entry("reconstruct_style", ("dots", "conv1_1"), {"size": 32, "steps": 3})
    gallery.render([])
    assert made[2:] == [entries["a"]]


def test_the_page_shows_every_picture():
    """make gallery writes it."""
    text = (ROOT / "docs" / "gallery.md").read_text(encoding="utf-8")
    assert text == gallery.page()
    assert {name for shown in gallery.sections().values() for name, _ in shown} == set(ENTRIES)


def test_the_poster_is_what_the_present_code_would_make():
    """python scripts/poster.py makes it."""
    assert poster.is_current(poster.SHEET)
    assert poster.ENTRY.arguments["size"] == 4096
    assert poster.SHEET.stat().st_size < 2_000_000


def test_the_sheet_shows_its_crops_pixel_by_pixel():
    red, green = ((torch.arange(length) % 251).float() / 255 for length in (4096, 2733))
    whole = torch.stack([red.expand(2733, -1), green[:, None].expand(-1, 4096), torch.zeros(2733, 4096)])[None]
    found = poster.sheet(st.to_pil(whole))
    top = found.height - poster.CROP
    for number, (left, upper) in enumerate(poster.CROPS):
        x = number * (poster.CROP + poster.GAP)
        expected = ((left + 300) % 251, (upper + 300) % 251, 0)
        assert found.getpixel((x + 300, top + 300)) == expected
        assert left + poster.CROP <= 4096
        assert upper + poster.CROP <= 2733
