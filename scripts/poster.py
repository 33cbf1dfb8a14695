"""Make a poster of 4096 pixels in blocks, and the sheet of it that the gallery shows: docs/poster.jpg.

    python scripts/poster.py

About an hour on two cores, and 6 to 7 GB. It can be stopped at any time, and resumes where it stopped; a poster that
is finished, artifacts/poster.png, is not made again. The poster itself is not kept in the repository: it takes 20 MB.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gallery import Entry, comparable, font
from PIL import Image, ImageDraw

import styletools as st
from styletools.errors import ImageError

ROOT = Path(__file__).resolve().parent.parent
POSTER, SHEET = ROOT / "artifacts" / "poster.png", ROOT / "docs" / "poster.jpg"
STEPS = [100, 100, 100, 100, 100, 100, 100, 50, 40, 25, 15]  # fewer at the large sizes, which only draw it finer
ENTRY = Entry("transfer", ("china", "starry_night"), {"size": 4096, "block": "1024/pool3", "steps": STEPS})
WIDTH, GAP = 1824, 12
CROP = (WIDTH - 2 * GAP) // 3  # three a row, pixel by pixel
# Left and top of each crop: the sky, the temple's roof, the leaves.
CROPS = ((3350, 300), (1550, 1000), (400, 1950))


def settings(path: Path) -> dict[str, Any] | None:
    """What a picture was made with; None where there is none."""
    try:
        return st.load_settings(path)
    except ImageError:
        return None


def is_current(path: Path) -> bool:
    """Whether a picture is there and was made with what the present code would use."""
    found = settings(path)
    return found is not None and comparable(found) == comparable(ENTRY.plan())


def make() -> None:
    """Make the poster, or go on with it."""
    POSTER.parent.mkdir(exist_ok=True)
    result = st.transfer(*ENTRY.pictures, **ENTRY.arguments, state=POSTER.with_suffix(".state"))
    if not result.interrupted:
        st.save_image(result.image, POSTER, result.settings)


def sheet(poster: Image.Image) -> Image.Image:
    """The whole, with frames, above what is in them at full size."""
    height = round(poster.height * WIDTH / poster.width)
    found = Image.new("RGB", (WIDTH, height + GAP + CROP), "white")
    found.paste(poster.resize((WIDTH, height), Image.Resampling.LANCZOS), (0, 0))
    draw, scale = ImageDraw.Draw(found), WIDTH / poster.width
    for number, (left, top) in enumerate(CROPS):
        frame = [round(scale * edge) for edge in (left, top, left + CROP, top + CROP)]
        draw.rectangle(frame, outline="white", width=4)
        place = (number * (CROP + GAP), height + GAP)
        found.paste(poster.crop((left, top, left + CROP, top + CROP)), place)
        for x, y in ((frame[0] + 12, frame[1] + 8), (place[0] + 12, place[1] + 8)):
            draw.text((x, y), str(number + 1), "white", font(32), stroke_width=3, stroke_fill="black")
    return found


def main() -> None:
    """Make what is missing or out of date."""
    if not is_current(POSTER):
        make()
    if is_current(POSTER):
        with Image.open(POSTER) as poster:
            found = st.load_image(sheet(poster.convert("RGB")))
        st.save_image(found, SHEET, settings(POSTER), quality=85)
        print(f"{SHEET.relative_to(ROOT)}: {SHEET.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
