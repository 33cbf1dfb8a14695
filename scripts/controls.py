"""Render the pictures of docs/controls.md: each control at 512 px.

    make controls                       the whole, about a quarter of an hour on two cores
    python scripts/controls.py blend    only the pictures whose names begin with this

As in the gallery, a picture is not made again if its settings are still today's.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from gallery import QUALITY, comparable
from PIL import Image

import styletools as st
from styletools.errors import ImageError
from styletools.explorers.topics import tinted
from styletools.film import FilmFile
from styletools.pictures.masks import load_mask
from styletools.recipes import plan

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "docs" / "controls"
SIZE = 512
COARSE, FINE = ["conv4_1", "conv5_1"], ["conv1_1", "conv2_1", "conv3_1"]
# Name → what it is made from: content, style, further options.
PICTURES: dict[str, tuple[str, Any, dict[str, Any]]] = {
    "region_left": ("china", ["starry_night", "great_wave"], {"content_mask": "left"}),
    "region_bright": ("china", ["starry_night", "the_kiss"], {"content_mask": "bright=0.6"}),
    **{
        f"blend_{share}": ("astronaut", ["starry_night", "the_kiss"], {"style_weights": [100 - share, share]})
        for share in (25, 50, 75)
    },
    **{
        f"colours_{colours}": ("coffee", "starry_night", {"colours": colours})
        for colours in ("photograph", "photograph-lab", "covariance", "histogram")
    },
    "strokes_starry_kiss": ("china", ["starry_night", "the_kiss"], {"style_layers": [COARSE, FINE]}),
    "strokes_kiss_starry": ("china", ["the_kiss", "starry_night"], {"style_layers": [COARSE, FINE]}),
    "strokes_half": ("china", "starry_night", {"style_size": SIZE // 2}),
}
FILM = ("chelsea", "great_wave", {"size": 256})


def path(name: str) -> Path:
    """Where a picture is."""
    return FOLDER / f"{name}.jpg"


def is_current(name: str) -> bool:
    """Whether the picture is there and was made with what the present code would use."""
    content, style, options = PICTURES[name]
    try:
        return comparable(st.load_settings(path(name))) == comparable(
            plan("transfer", content, style, size=SIZE, **options)
        )
    except ImageError:
        return False


def render(prefixes: list[str]) -> None:
    """Make what is missing or out of date."""
    FOLDER.mkdir(exist_ok=True)
    for name, (content, style, options) in PICTURES.items():
        if (prefixes and not name.startswith(tuple(prefixes))) or is_current(name):
            continue
        result = st.transfer(content, style, size=SIZE, progress=False, **options)
        st.save_image(result.image, path(name), result.settings, quality=QUALITY)
        print(path(name).relative_to(ROOT), flush=True)
    if not prefixes or "film".startswith(tuple(prefixes)):
        film()
    masks()


def film() -> None:
    """Make a film of a run, and a picture of six of its frames."""
    content, style, options = FILM
    last = plan("transfer", content, style, **options)["stages"][-1]
    target = FOLDER / "film.gif"
    with FilmFile(target, height=last["height"], width=last["width"], every=10, per_second=8) as reel:
        result = st.transfer(content, style, progress=False, on_step=reel, **options)
        reel.add(result.image)
    with Image.open(target) as frames:
        count, sheet = frames.n_frames, Image.new("RGB", (3 * frames.width, 2 * frames.height))
        for place in range(6):
            frames.seek(round(place * (count - 1) / 5))
            column, row = place % 3, place // 3
            sheet.paste(frames.convert("RGB"), (column * frames.width, row * frames.height))
    sheet.save(FOLDER / "film_frames.jpg", quality=QUALITY)
    print(target.relative_to(ROOT), f"{count} frames, {target.stat().st_size / 1e6:.1f} MB")


def masks() -> None:
    """Save the photographs with their regions tinted."""
    for name in ("region_left", "region_bright"):
        content, _, options = PICTURES[name]
        image = st.load_image(content, SIZE)
        shown = tinted(image, load_mask(options["content_mask"], image))
        st.save_image(shown, path(name.replace("region", "mask")), quality=QUALITY)


if __name__ == "__main__":
    render(sys.argv[1:])
