"""Draw the diagrams of the course into docs/diagrams.

    make diagrams                           those that are missing or out of date, about half a minute
    python scripts/diagrams.py method       only those whose names begin so

Each is a PNG that has its alternative text inside, and a checksum of all that it was made from: its code, the weights
and the pictures. A diagram whose checksum is that of today is not drawn again.
"""

from __future__ import annotations

import hashlib
import io
import sys
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
from drawing import card, flattening, gram_sum, ladder, loss_graph, method, pixel_step, receptive_field
from matplotlib.figure import Figure
from PIL import Image, PngImagePlugin

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "docs" / "diagrams"
DRAWING = ROOT / "scripts" / "drawing"
DATA = ROOT / "styletools" / "data"
PIXELS = 1920  # across: sharp at the full width of a notebook, and on most screens with small pixels
SHADES = 8  # of transparency, for the round corners; the other colours of the palette are for all else
_MODULES = (method, ladder, flattening, gram_sum, pixel_step, loss_graph, receptive_field)
DIAGRAMS: dict[str, Callable[[], Figure]] = {
    "method": method.method,
    "ladder": ladder.ladder,
    "flattening": flattening.flattening,
    "gram_sum": gram_sum.gram_sum,
    "pixel_step": pixel_step.pixel_step,
    "loss_graph": loss_graph.loss_graph,
    "receptive_field": receptive_field.receptive_field,
}
ALT: dict[str, str] = dict(zip(DIAGRAMS, (module.ALT for module in _MODULES), strict=True))


def path(name: str) -> Path:
    """Where a diagram is."""
    return FOLDER / f"{name}.png"


def sources(name: str) -> list[Path]:
    """All that a diagram is made from."""
    code = [Path(__file__).resolve(), *(DRAWING / f"{part}.py" for part in ("card", "material", name))]
    return [*code, DATA / "vgg16.safetensors", *sorted((DATA / "images").glob("*.jpg")), method.RESULT]


@lru_cache
def _digest(file: Path) -> bytes:
    return hashlib.sha256(file.read_bytes()).digest()


def checksum(name: str) -> str:
    """Of all that a diagram is made from."""
    return hashlib.sha256(b"".join(map(_digest, sources(name)))).hexdigest()


def is_current(name: str) -> bool:
    """Whether the diagram is there and was drawn from what is there today."""
    if not path(name).exists():
        return False
    with Image.open(path(name)) as stored:
        return bool(stored.info.get("Source") == checksum(name))


def with_palette(picture: Image.Image) -> Image.Image:
    """256 colours are a third of the bytes; a few of them are kept for the round corners."""
    alpha = np.asarray(picture.getchannel("A"))
    few = picture.convert("RGB").quantize(256 - SHADES, Image.Quantize.MEDIANCUT, kmeans=1)
    indices = np.asarray(few).copy()
    outside = alpha < 255
    indices[outside] = 256 - SHADES + np.round(alpha[outside] / 255 * (SHADES - 1)).astype(np.uint8)
    found = Image.fromarray(indices)
    colours = (few.getpalette() or [])[: 3 * (256 - SHADES)]
    colours += [0] * (3 * (256 - SHADES) - len(colours))
    found.putpalette([*colours, *([0xDA, 0xDD, 0xE1] * SHADES)])
    shades = (round(255 * shade / (SHADES - 1)) for shade in range(SHADES))
    found.info["transparency"] = bytes([*([255] * (256 - SHADES)), *shades])
    return found


def save(name: str) -> None:
    """Draw one diagram and write it."""
    buffer = io.BytesIO()
    DIAGRAMS[name]().savefig(buffer, format="png", dpi=PIXELS * card.PER_INCH / card.WIDTH)
    found = with_palette(Image.open(buffer).convert("RGBA"))
    info = PngImagePlugin.PngInfo()
    for key, value in (("Title", name), ("Description", ALT[name]), ("Source", checksum(name))):
        info.add_itxt(key, value)
    found.save(path(name), "PNG", pnginfo=info, optimize=True, transparency=found.info["transparency"])
    print(f"{path(name).relative_to(ROOT)}: {path(name).stat().st_size / 1000:.0f} kB", flush=True)


def render(prefixes: Sequence[str]) -> None:
    """Draw what is missing or out of date."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in DIAGRAMS:
        if (not prefixes or name.startswith(tuple(prefixes))) and not is_current(name):
            save(name)


if __name__ == "__main__":
    render(sys.argv[1:])
