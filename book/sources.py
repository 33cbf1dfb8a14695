"""All pages' sources, made from the repository: which page comes from which file."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import nbformat

import styletools as st
from book import exercises, lessons, markdown, reference
from styletools.pictures.samples import SAMPLES

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = ROOT / "notebooks"
DOCS = ROOT / "docs"
PAGES = Path(__file__).with_name("pages")
STILLS = DOCS / "panels"
SAMPLE_FILES = ROOT / "styletools" / "data" / "images"
PARTS = {"install": "Start", "use": "Use", "inside": "What is where", "licences": "Licence and credits"}
"""Pages made from one section of the README."""

CARDS = {
    "00": "docs/gallery/transfer_chelsea_starry_night.jpg",
    "00b": "docs/diagrams/pixel_step.png",
    "01": "docs/diagrams/ladder.png",
    "02": "docs/gallery/content_chelsea_conv4_2.jpg",
    "03": "docs/diagrams/gram_sum.png",
    "04": "docs/gallery/style_starry_night_conv3_1.jpg",
    "05": "docs/diagrams/loss_graph.png",
    "06": "docs/gallery/beta_50.jpg",
    "07": "docs/gallery/transfer_astronaut_great_wave.jpg",
    "08": "benchmarks/results/statistics_starry_night.jpg",
    "09": "docs/controls/region_left.jpg",
    "10": "docs/gallery/transfer_china_great_wave.jpg",
}
"""A picture for each lesson, beside its question."""


def write(folder: Path) -> None:
    """Write every page and every picture that a page names; what is already there and the same is not touched."""
    wanted = set()
    for path, content in {**pages(), **notebooks()}.items():
        wanted.add(folder / path)
        _write(folder / path, content.encode())
    for path, source in pictures().items():
        wanted.add(folder / path)
        _write(folder / path, source.read_bytes())
    for path in [path for path in folder.rglob("*") if path.is_file() and path not in wanted]:
        path.unlink()


def _write(path: Path, content: bytes) -> None:
    if not path.exists() or path.read_bytes() != content:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def notebooks() -> dict[str, str]:
    """The lessons, in the folder that they have in the repository."""
    known = reference.objects()
    found = {}
    for path in sorted(NOTEBOOKS.glob("*.ipynb")):
        page = lessons.page(path, STILLS)
        for cell in page.cells:
            if cell.cell_type == "markdown":
                cell.source = markdown.referenced(markdown.figures(cell.source), known)
        found[f"notebooks/{path.name}"] = nbformat.writes(page)
    return found


def pages() -> dict[str, str]:
    """All other pages; each document stays where it is in the repository, so that its links hold."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    found = {path.name: filled(path.read_text(encoding="utf-8"), readme) for path in sorted(PAGES.glob("*.md"))}
    found |= {f"{name}.md": markdown.section(readme, heading) for name, heading in PARTS.items()}
    for path in (
        *sorted(DOCS.glob("*.md")),
        ROOT / "benchmarks/README.md",
        ROOT / "CONTRIBUTING.md",
        ROOT / "CHANGELOG.md",
    ):
        text = path.read_text(encoding="utf-8")
        found[path.relative_to(ROOT).as_posix()] = text
    known = reference.objects()
    found = {name: markdown.referenced(markdown.figures(text, before(name)), known) for name, text in found.items()}
    return found | {f"reference/{name}.md": text for name, text in reference.pages().items()}


def before(page: str) -> object:
    """Find, in the gallery, the photograph that a picture was made from, as its own settings say."""

    def source(picture: markdown.Picture) -> markdown.Picture | None:
        folder = Path(page).parent
        if not picture[1].startswith("gallery/"):  # a sheet of several
            return None
        settings = st.load_settings(ROOT / folder / picture[1])
        name = settings["arguments"].get("content") or settings["arguments"].get("image")
        if settings["recipe"] == "reconstruct_style" or name not in SAMPLES:
            return None
        return f"The photograph {name}, before", os.path.relpath(f"photographs/{name}.jpg", folder)

    return source if page == "docs/gallery.md" else lambda _: None


def filled(text: str, readme: str) -> str:
    """A page of the book's own, with what it takes from elsewhere in place of `{{name}}`."""
    parts = {
        "cards": lambda: cards(readme, listed(readme)),
        "toctree": lambda: "\n".join(f"notebooks/{path.stem}" for path in sorted(NOTEBOOKS.glob("*.ipynb"))),
        "documents": lambda: "\n".join(
            f"docs/{path.stem}" for path in sorted(DOCS.glob("*.md")) if path.stem not in ("gallery", "controls")
        ),
        "predictions": predictions,
        "samples": credits_of_samples,
        "sources": read_on,
    }
    return re.sub(r"\{\{(\w+)\}\}", lambda found: parts[found[1]](), text)


def listed(readme: str) -> list[tuple[str, str, str]]:
    """The README's table of lessons: file, question, equations."""
    return re.findall(r"^\| `(\d\d\w*?_\w+)` \| (.+?) \| (.*?) ?\|$", readme, re.MULTILINE)


def cards(readme: str, table: list[tuple[str, str, str]]) -> str:
    """A card for each lesson: its picture, its title, its question."""
    found = []
    for stem, question, equations in table:
        title = (
            nbformat.read(NOTEBOOKS / f"{stem}.ipynb", as_version=4).cells[0].source.split("\n")[0].removeprefix("# ")
        )
        numbers = f" *Eq. {equations}*" if equations and equations != "all" else ""
        number = stem.split("_")[0]
        found.append(
            f"::::{{container}} card\n![]({CARDS[number]})\n\n[{title}](notebooks/{stem}.ipynb)\n\n"
            f"{question[0].upper()}{question[1:]}{numbers}\n::::"
        )
    return ":::::{container} cards\n" + "\n".join(found) + "\n:::::"


def predictions() -> str:
    """Every prediction of the course, with its question, for a lecture hall."""
    return "\n\n".join(
        f"## {exercise['title']}\n\n{question}\n\n{exercises.as_html(exercise)}\n\n*From [{title}](notebooks/{name}).*"
        for exercise, question, title, name in _asked()
    )


def _asked() -> Iterator[tuple[dict[str, object], str, str, str]]:
    for path in sorted(NOTEBOOKS.glob("*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        title = notebook.cells[0].source.split("\n")[0].removeprefix("# ")
        for exercise in exercises.of(path.stem).values():
            number = str(exercise["title"]).split()[0]
            asked = [cell.source for cell in notebook.cells if f"**Exercise {number}.**" in cell.source]
            if exercise["kind"] != "code" and asked:
                question = asked[0].split(f"**Exercise {number}.**")[1].strip()
                yield exercise, question.removeprefix("**Predict, then measure.**").strip(), title, path.name


def credits_of_samples() -> str:
    """Who made the bundled pictures."""
    return "\n".join(f"- `{name}`: {st.credit(name)}" for name in SAMPLES)


def read_on() -> str:
    """What each lesson names as its sources."""
    found = []
    for path in sorted(NOTEBOOKS.glob("*.ipynb")):
        text = "\n\n".join(
            cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "markdown"
        )
        said = re.search(r"\*\*Sources?\.\*\* (.+?)(?:\n\n|\Z)", text, re.DOTALL)
        title = text.split("\n")[0].removeprefix("# ")
        found += [f"- [{title}](notebooks/{path.name}): {said[1].strip()}"] if said else []
    return "\n".join(found)


def pictures() -> dict[str, Path]:
    """Every picture that a page may name, and where it is."""
    found = {
        path.relative_to(ROOT).as_posix(): path for folder in ("docs", "benchmarks/results") for path in _shown(folder)
    }
    return found | {f"photographs/{path.name}": path for path in sorted(SAMPLE_FILES.glob("*.jpg"))}


def _shown(folder: str) -> Iterator[Path]:
    return (path for path in sorted((ROOT / folder).rglob("*")) if path.suffix in {".jpg", ".png", ".gif", ".svg"})
