"""The diagrams can be read: no text on another or outside, none small; and the stored ones are of today."""

from __future__ import annotations

import importlib
import sys
from functools import lru_cache
from itertools import combinations
from pathlib import Path

import pytest
from matplotlib.colors import to_rgb
from matplotlib.text import Text
from PIL import Image

import styletools as st

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "scripts"))
diagrams = importlib.import_module("diagrams")
card = importlib.import_module("drawing.card")
material = importlib.import_module("drawing.material")
SLOW = {"method", "pixel_step", "loss_graph"}  # they make pictures
DRAWN = [pytest.param(name, marks=pytest.mark.slow if name in SLOW else ()) for name in diagrams.DIAGRAMS]


@lru_cache
def drawn(name):
    return diagrams.DIAGRAMS[name]()


def boxes(figure):
    """Each text with its corners in pixels of the card."""
    renderer = figure.canvas.get_renderer()
    texts = [text for text in figure.findobj(Text) if text.get_visible() and text.get_text()]
    return [(text.get_text(), text.get_window_extent(renderer)) for text in texts]


def collisions(figure):
    """Pairs of texts of which one covers more than a hair of the other."""
    found = []
    for (a, first), (b, second) in combinations(boxes(figure), 2):
        wide = min(first.x1, second.x1) - max(first.x0, second.x0)
        high = min(first.y1, second.y1) - max(first.y0, second.y0)
        if wide > 0.5 and high > 0.5:
            found.append((a, b))
    return found


def leaving(figure, margin=8):
    width, height = figure.bbox.size
    return [
        text
        for text, box in boxes(figure)
        if box.x0 < margin or box.y0 < margin or box.x1 > width - margin or box.y1 > height - margin
    ]


@pytest.mark.parametrize("name", DRAWN)
def test_no_text_lies_on_another_or_leaves_the_card(name):
    assert collisions(drawn(name)) == []
    assert leaving(drawn(name)) == []


@pytest.mark.parametrize("name", DRAWN)
def test_text_is_large_enough(name):
    """At 960 pixels, the width that it is drawn for."""
    sizes = [text.get_fontsize() * card.PER_INCH / 72 for text in drawn(name).findobj(Text) if text.get_text()]
    assert len(sizes) > 10
    assert min(sizes) >= 13


@pytest.mark.parametrize("name", DRAWN)
def test_every_text_has_a_font_of_matplotlibs_own(name):
    """A font of one machine would move every text on another."""
    for text in drawn(name).findobj(Text):
        if text.get_text():
            assert text.get_fontfamily() in (["DejaVu Sans"], ["DejaVu Sans Mono"])
            assert text.get_math_fontfamily() == "cm"


def contrast(one, other):
    """As the Web Content Accessibility Guidelines define it; 4.5 is asked of small text."""

    def luminance(colour):
        channels = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour)]
        return 0.2126 * channels[0] + 0.7152 * channels[1] + 0.0722 * channels[2]

    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("name", DRAWN)
def test_text_stands_out(name):
    for text in drawn(name).findobj(Text):
        if text.get_text():
            assert contrast(text.get_color(), card.PAPER) > 4.5, text.get_text()


@pytest.mark.parametrize("role", ["CONTENT", "STYLE", "GRADIENT"])
def test_a_roles_colour_stands_out_on_its_tint(role):
    assert contrast("white", "black") == pytest.approx(21)
    assert contrast(getattr(card, role), getattr(card, f"{role}_TINT")) > 4.5


def test_the_checks_would_see_it():
    bad = card.Card(200, "headline")
    bad.text((100, 100), "one")
    bad.text((110, 104), "two")
    bad.text((955, 150), "over the edge")
    assert collisions(bad.figure) == [("one", "two")]
    assert leaving(bad.figure) == ["over the edge"]


@pytest.mark.parametrize("name", diagrams.DIAGRAMS)
def test_each_says_in_words_what_it_shows(name):
    alt = diagrams.ALT[name]
    assert 100 < len(alt) < 800
    assert alt.endswith(".")
    assert "\n" not in alt
    assert "  " not in alt
    assert diagrams.DIAGRAMS[name].__doc__


@pytest.mark.parametrize("name", diagrams.DIAGRAMS)
def test_the_stored_one_is_of_today(name):
    """Anything changed asks for new ones: make diagrams."""
    assert diagrams.is_current(name)
    with Image.open(diagrams.path(name)) as stored:
        assert stored.width == diagrams.PIXELS
        assert stored.info["Description"] == diagrams.ALT[name]
    assert diagrams.path(name).stat().st_size < 250_000


def test_a_change_would_be_seen(monkeypatch, tmp_path):
    (tmp_path / "changed.py").write_text("another drawing")
    before = diagrams.sources
    monkeypatch.setattr(diagrams, "sources", lambda name: [*before(name)[:-1], tmp_path / "changed.py"])
    assert not diagrams.is_current("ladder")


def test_they_are_made_from_their_own_code_the_weights_and_the_pictures():
    for name in diagrams.DIAGRAMS:
        files = diagrams.sources(name)
        assert all(file.exists() for file in files)
        assert {"card.py", "material.py", f"{name}.py", "vgg16.safetensors", "chelsea.jpg"} <= {f.name for f in files}


def test_nothing_else_lies_there_and_all_of_it_is_light():
    files = sorted(diagrams.FOLDER.iterdir())
    assert [file.stem for file in files] == sorted(diagrams.DIAGRAMS)
    assert sum(file.stat().st_size for file in files) < 1_200_000


@pytest.mark.parametrize("name", diagrams.DIAGRAMS)
def test_it_reads_on_any_page(name):
    """The card is opaque and light; only its round corners let the page through."""
    with Image.open(diagrams.path(name)) as stored:
        picture = stored.convert("RGBA")
    alpha = picture.getchannel("A")
    assert alpha.getpixel((0, 0)) == 0
    assert sum(alpha.histogram()[:255]) < 0.01 * picture.width * picture.height
    assert min(picture.getpixel((40, 20))[:3]) > 240


def test_the_ladders_numbers_are_the_packages():
    words = [text.get_text() for text in drawn("ladder").findobj(Text)]
    network = st.VGG(weights="random")
    for name in material.USED:
        layer = network.layer(name)
        for number in (layer.filters, layer.stride, layer.receptive_field):
            assert str(number) in words


def test_the_numbers_in_the_words_are_the_packages():
    network = st.VGG(weights="random")
    sees = {name: network.layer(name).receptive_field for name in network.layers}
    count = len([name for name in network.layers if name.startswith("conv") and not name.endswith("_pre")])
    assert f"The {count} convolutions of VGG-16" in diagrams.ALT["ladder"]
    assert f"from {sees['conv1_1']} pixels at conv1_1 to {sees['conv5_1']} at conv5_1" in diagrams.ALT["ladder"]
    words = (
        f"At conv1_1 it is {sees['conv1_1']} pixels, at conv1_2 {sees['conv1_2']}, after the pooling {sees['pool1']}."
    )
    assert words in diagrams.ALT["receptive_field"]
