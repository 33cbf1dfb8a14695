"""Render the large pictures of the course into docs/gallery, and the sheets that are put together from them.

    make gallery                                the whole, about an hour on two cores
    python scripts/gallery.py transfer size     only the pictures whose names begin with these

Each picture is a JPEG with its settings inside. A picture is not made again if its settings are still today's, so the
work can be stopped at any time, and resumes where it stopped.
"""

from __future__ import annotations

import io
import itertools
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import matplotlib.font_manager
from PIL import Image, ImageDraw, ImageFont

import styletools as st
from styletools import stages
from styletools.errors import ImageError
from styletools.recipes import STYLE_LAYERS, plan

ROOT = Path(__file__).resolve().parent.parent
GALLERY = ROOT / "docs" / "gallery"
PAGE = ROOT / "docs" / "gallery.md"
SHEET, SHEET_LIMIT = ROOT / "docs" / "contact_sheet.jpg", 900_000
QUALITY = 85
PAIR = ("chelsea", "the_kiss")  # for everything that shows one thing changed
FLAT = ("china", "starry_night")  # sky and water, where a poor choice shows
RECONSTRUCTED = (*st.PAINTINGS, "scales", "flow_field")  # whose styles are shown: paintings, and two drawn textures
REMEMBERED = ("chelsea", "astronaut", "china", "coffee")  # whose content is
ENLARGED = ("starry_night", "scales")  # textures that are twice as large as their source
CONTENT_LAYERS = ("conv1_2", "conv2_2", "conv3_2", "conv4_2", "conv5_2")
# How each default is taken back: arguments, and constants of `styletools.stages`.
CHOICES: dict[str, tuple[dict[str, Any], dict[str, float]]] = {
    "max_pooling": ({"pooling": "avg"}, {}),
    "repeated_border": ({"padding": "zeros"}, {}),
    "small_sizes": ({"coarse_to_fine": False, "steps": 200}, {}),
    "more_beta_when_small": ({}, {"MOST_BETA": 1.0}),
    "growth_by_root_two": ({"steps": 150}, {"STEPS_PER_OCTAVE": 1}),
}
# What pictures older than an argument were made with: there was nothing else then.
BEFORE = {
    "statistic": "gram",
    "content_statistic": "features",
    "style_weights": None,
    "content_mask": None,
    "style_mask": None,
    "colours": "painting",
    "minutes": None,
    "block": None,
}
POSTER_SAYS = (
    "The poster made smaller, and three parts of it pixel by pixel: sky, roof and leaves",
    (
        "Above, china × starry_night at less than half its width; below, the three framed parts pixel by pixel. It was",
        "made in blocks by `python scripts/poster.py`, in about an hour on two cores.",
    ),
)
# What may differ between two machines that make the same picture.
OF_THE_MACHINE = ("device", "precision", "threads", "torch", "styletools", "progress", "on_step", "pictures")


@dataclass(frozen=True)
class Entry:
    """A picture of the gallery: a recipe, its pictures and its arguments, and constants other than the usual ones."""

    recipe: str
    pictures: tuple[str, ...]
    arguments: dict[str, Any] = field(default_factory=dict)
    constants: dict[str, float] = field(default_factory=dict)

    def plan(self) -> dict[str, Any]:
        """The settings of today."""
        with self._constants():
            return plan(self.recipe, *self.pictures, **self.arguments)

    def make(self) -> st.Result:
        """The picture."""
        with self._constants():
            result: st.Result = getattr(st, self.recipe)(*self.pictures, **self.arguments, progress=False)
        return result

    @contextmanager
    def _constants(self) -> Iterator[None]:
        before = {name: getattr(stages, name) for name in self.constants}
        try:
            for name, value in self.constants.items():
                setattr(stages, name, value)
            yield
        finally:
            for name, value in before.items():
                setattr(stages, name, value)


def entries() -> dict[str, Entry]:
    """Everything in the gallery, by name; what the README and lesson 00 show comes first."""
    found = {
        f"transfer_{content}_{style}": Entry("transfer", (content, style), {"size": 512})
        for content, style in itertools.product(st.PHOTOGRAPHS, st.PAINTINGS)
    }
    usual = {"size": 512}
    for size in (128, 256, 1024):
        found[f"size_{size}"] = Entry("transfer", PAIR, {"size": size})
    for name, (arguments, constants) in CHOICES.items():
        found[f"without_{name}"] = Entry("transfer", FLAT, usual | arguments, constants)
    for beta in (0.5, 2, 50):
        found[f"beta_{beta:g}"] = Entry("transfer", PAIR, usual | {"beta": beta})
    found["content_layer_conv2_2"] = Entry("transfer", PAIR, usual | {"content_layers": "conv2_2"})
    for init in ("content", "style"):
        found[f"start_{init}"] = Entry("transfer", PAIR, usual | {"init": init})
    for source in RECONSTRUCTED:
        found |= style_row(source)
    for source in REMEMBERED:
        for layer in CONTENT_LAYERS:
            found[f"content_{source}_{layer}"] = Entry("reconstruct_content", (source, layer), {"size": 384})
    for source in ENLARGED:
        found[f"texture_{source}"] = Entry("reconstruct_style", (source,), {"size": 512, "style_size": 256})
    return found


def style_row(source: str) -> dict[str, Entry]:
    """The upper row of the paper's Figure 1: each layer alone, and with all below it."""
    found = {}
    for count, layer in enumerate(STYLE_LAYERS, start=1):
        found[f"style_{source}_{layer}"] = Entry("reconstruct_style", (source, layer), {"size": 384})
        if count > 1:
            layers = list(STYLE_LAYERS[:count])
            found[f"style_{source}_to_{layer}"] = Entry("reconstruct_style", (source, layers), {"size": 384})
    return found


def path(name: str) -> Path:
    """Where a picture is."""
    return GALLERY / f"{name}.jpg"


def comparable(settings: dict[str, Any]) -> dict[str, Any]:
    """Settings without what depends on the machine."""
    kept = {name: value for name, value in settings.items() if name not in OF_THE_MACHINE}
    arguments = BEFORE | kept["arguments"]
    kept["arguments"] = {name: value for name, value in arguments.items() if name not in OF_THE_MACHINE}
    return kept


def is_current(name: str, entry: Entry) -> bool:
    """Whether the picture is there and was made with what the present code would use."""
    try:
        return comparable(st.load_settings(path(name))) == comparable(entry.plan())
    except ImageError:
        return False


def render(prefixes: list[str]) -> None:
    """Make what is missing or out of date."""
    GALLERY.mkdir(parents=True, exist_ok=True)
    wanted = {name: entry for name, entry in entries().items() if not prefixes or name.startswith(tuple(prefixes))}
    for number, (name, entry) in enumerate(wanted.items(), start=1):
        if is_current(name, entry):
            continue
        result = entry.make()
        st.save_image(result.image, path(name), result.settings, quality=QUALITY)
        print(f"{number}/{len(wanted)} {name}: {result.history['seconds'][-1]:.0f} s", flush=True)


def font(size: int) -> ImageFont.FreeTypeFont:
    """Matplotlib brings a font along, so the sheet looks the same everywhere."""
    return ImageFont.truetype(matplotlib.font_manager.findfont("DejaVu Sans"), size)


def contact_sheet(cell: tuple[int, int] = (384, 300), gap: int = 8) -> Image.Image:
    """Paintings along the top, photographs down the side."""
    columns, rows = len(st.PAINTINGS) + 1, len(st.PHOTOGRAPHS) + 1
    sheet = Image.new("RGB", (gap + columns * (cell[0] + gap), gap + rows * (cell[1] + gap)), "white")

    def paste(picture: Image.Image, column: int, row: int) -> None:
        picture = picture.convert("RGB")
        picture.thumbnail(cell, Image.Resampling.LANCZOS)
        left = gap + column * (cell[0] + gap) + (cell[0] - picture.width) // 2
        top = gap + row * (cell[1] + gap) + (cell[1] - picture.height) // 2
        sheet.paste(picture, (left, top))

    for column, style in enumerate(st.PAINTINGS, start=1):
        paste(st.sample(style), column, 0)
    for row, content in enumerate(st.PHOTOGRAPHS, start=1):
        paste(st.sample(content), 0, row)
        for column, style in enumerate(st.PAINTINGS, start=1):
            paste(Image.open(path(f"transfer_{content}_{style}")), column, row)
    words = "style →\n\n\nphotograph ↓"
    ImageDraw.Draw(sheet).multiline_text((gap + 90, gap + 80), words, fill="#444444", font=font(34))
    return sheet


def sections() -> dict[str, list[tuple[str, str]]]:
    """The gallery as it is read: for each heading its pictures and their captions."""
    usual = "transfer_" + "_".join(PAIR)
    found = {
        "Photographs and paintings": [
            (f"transfer_{content}_{style}", f"{content} × {style}")
            for content, style in itertools.product(st.PHOTOGRAPHS, st.PAINTINGS)
        ],
        "One α/β at four sizes": [
            *((f"size_{size}", f"{size} px") for size in (128, 256)), (usual, "512 px"), ("size_1024", "1024 px"),
        ],
        "From the photograph to the painting": [
            ("beta_0.5", "β = 0.5"), ("beta_2", "β = 2"), (usual, "β = 7, the default"), ("beta_50", "β = 50"),
        ],
        "Content in another layer; other starts": [
            (usual, "the default: content in conv4_2, from noise"),
            ("content_layer_conv2_2", "content in conv2_2"),
            ("start_content", "from the photograph"),
            ("start_style", "from the painting"),
        ],
        "Each choice taken back": [
            ("transfer_" + "_".join(FLAT), "the default"),
            *((f"without_{name}", f"without {name.replace('_', ' ')}") for name in CHOICES),
        ],
    }  # fmt: skip
    for source in RECONSTRUCTED:
        found[f"Style of {source}: each layer alone, then with all below it"] = [
            *((f"style_{source}_{layer}", f"only {layer}") for layer in STYLE_LAYERS),
            *((f"style_{source}_to_{layer}", f"… {layer}") for layer in STYLE_LAYERS[1:]),
        ]
    found["Textures twice as large as their source"] = [(f"texture_{source}", source) for source in ENLARGED]
    for source in REMEMBERED:
        found[f"Content of {source}"] = [(f"content_{source}_{layer}", layer) for layer in CONTENT_LAYERS]
    return found


def page() -> str:
    """The gallery as Markdown, three pictures a row."""
    lines = [
        "# Gallery",
        "",
        "Made by `make gallery` with the present defaults; each file has its settings inside "
        "(`styletools.load_settings`).",
    ]
    for heading, shown in sections().items():
        lines += ["", f"## {heading}"]
        for start in range(0, len(shown), 3):
            row = shown[start : start + 3]
            row += [("", "")] * (3 - len(row))
            pictures = [f"![{heading}: {words}](gallery/{name}.jpg)" if name else "" for name, words in row]
            lines += ["", f"| {' | '.join(pictures)} |", "| :---: | :---: | :---: |"]
            lines += [f"| {' | '.join(words for _, words in row)} |"]
    lines += ["", "## A poster of 4096 pixels", "", f"![{POSTER_SAYS[0]}](poster.jpg)", "", *POSTER_SAYS[1]]
    return "\n".join(lines) + "\n"


def write_contact_sheet() -> None:
    """Write the sheet with the best quality that stays under the limit."""
    sheet = contact_sheet()
    for quality in range(90, 40, -5):
        buffer = io.BytesIO()
        sheet.save(buffer, "JPEG", quality=quality, optimize=True)
        if buffer.tell() < SHEET_LIMIT:
            break
    SHEET.write_bytes(buffer.getvalue())
    print(f"{SHEET.relative_to(ROOT)}: {buffer.tell() / 1000:.0f} kB at quality {quality}")


if __name__ == "__main__":
    render(sys.argv[1:])
    if all(path(name).exists() for name in entries() if name.startswith("transfer_")):
        write_contact_sheet()
        PAGE.write_text(page(), "utf-8")
