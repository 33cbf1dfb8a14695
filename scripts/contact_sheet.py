"""Make docs/contact_sheet.jpg: the default transfer of every bundled picture in the style of every painting.

    python scripts/contact_sheet.py

Takes about a quarter of an hour on two cores. Finished pictures are kept in artifacts/contact_sheet and not made again;
delete that folder after a change of the defaults.
"""

from __future__ import annotations

import io
from pathlib import Path

import matplotlib.font_manager
from PIL import Image, ImageDraw, ImageFont

import styletools as st

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "artifacts" / "contact_sheet"
SHEET = ROOT / "docs" / "contact_sheet.jpg"
CELL = (216, 168)
GAP = 6
LIMIT = 500_000


def font(size: int) -> ImageFont.FreeTypeFont:
    """Matplotlib brings a font along, so the sheet looks the same everywhere."""
    return ImageFont.truetype(matplotlib.font_manager.findfont("DejaVu Sans"), size)


def finished(content: str, style: str) -> Image.Image:
    """The transfer with default settings, from the folder if it is there already."""
    path = PICTURES / f"{content}_{style}.png"
    if not path.exists():
        PICTURES.mkdir(parents=True, exist_ok=True)
        result = st.transfer(content, style)
        result.save(path)
        print(f"{path.name}: {result.history['seconds'][-1]:.0f} s")
    return Image.open(path).convert("RGB")


def paste(sheet: Image.Image, picture: Image.Image, column: int, row: int) -> None:
    """Fit a picture into a cell, in its middle."""
    picture = picture.copy()
    picture.thumbnail(CELL, Image.Resampling.LANCZOS)
    left = column * (CELL[0] + GAP) + (CELL[0] - picture.width) // 2
    top = row * (CELL[1] + GAP) + (CELL[1] - picture.height) // 2
    sheet.paste(picture, (GAP + left, GAP + top))


def compose() -> Image.Image:
    """Paintings along the top, contents down the side."""
    columns, rows = len(st.PAINTINGS) + 1, len(st.SAMPLES) + 1
    size = (GAP + columns * (CELL[0] + GAP), GAP + rows * (CELL[1] + GAP))
    sheet = Image.new("RGB", size, "white")
    for column, style in enumerate(st.PAINTINGS, start=1):
        paste(sheet, st.sample(style), column, 0)
    for row, content in enumerate(st.SAMPLES, start=1):
        paste(sheet, st.sample(content), 0, row)
        for column, style in enumerate(st.PAINTINGS, start=1):
            paste(sheet, finished(content, style), column, row)
    words = "style →\n\n\ncontent ↓"
    ImageDraw.Draw(sheet).multiline_text((GAP + 60, GAP + 36), words, fill="#444444", font=font(22))
    return sheet


def main() -> None:
    """Write the sheet with the best quality that stays under the limit."""
    sheet = compose()
    for quality in range(90, 40, -5):
        buffer = io.BytesIO()
        sheet.save(buffer, "JPEG", quality=quality, optimize=True)
        if buffer.tell() < LIMIT:
            break
    SHEET.parent.mkdir(exist_ok=True)
    SHEET.write_bytes(buffer.getvalue())
    print(f"{SHEET.relative_to(ROOT)}: {buffer.tell() / 1000:.0f} kB at quality {quality}")


if __name__ == "__main__":
    main()
