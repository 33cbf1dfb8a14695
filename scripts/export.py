"""The course to read, to print and to show, without a network: `make html`, `make pdf`, `make slides`.

Formulas become MathML, which browsers draw by themselves, pictures are embedded, and nothing is fetched from anywhere:
each file can be handed out on a USB stick. Chromium prints the PDF.
"""

from __future__ import annotations

import base64
import html
import re
import shutil
import sys
from pathlib import Path
from typing import Any

import nbformat
from jinja2 import pass_context
from latex2mathml.converter import convert
from nbconvert import HTMLExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from pygments.formatters import HtmlFormatter

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = ROOT / "notebooks"
OUT = ROOT / "artifacts"
STYLE = Path(__file__).with_name("export.css")
TURNING = Path(__file__).with_name("slides.js")
PANEL = "application/vnd.jupyter.widget-view+json"


class Formulas(IPythonRenderer):
    """Markdown with its formulas as MathML."""

    def block_math(self, body: str) -> str:
        r"""A displayed formula; its number, `\text{(Eq. 3)}` at the end, stands at the right."""
        parts = re.split(r"\\qquad\s*\\text\{(\(Eq\. \d\))\}", body)  # formula, number, formula, number, …
        found = []
        for formula, number in zip(parts[::2], [*parts[1::2], ""], strict=True):
            if formula := formula.replace(r"\qquad", "").strip():
                label = f'<span class="number">{html.escape(number)}</span>' if number else ""
                found.append(f'<div class="formula" tabindex="0">{convert(formula, display="block")}{label}</div>')
        return "".join(found)

    def inline_math(self, body: str) -> str:
        """An inline formula."""
        return convert(body)

    def image(self, text: str, url: str, title: str | None = None) -> str:
        """A picture of the repository, embedded in the page."""
        alt = html.escape(text, quote=True)
        return f'<img alt="{alt}" src="{embedded((NOTEBOOKS / url).resolve())}">'


class Lesson(HTMLExporter):
    """A notebook as the body of a page."""

    @pass_context
    def markdown2html(self, context: Any, source: str) -> str:  # noqa: ANN401
        """A cell's markdown."""
        return rendered(source)


def rendered(source: str) -> str:
    """Markdown as HTML, formulas as MathML, pictures embedded."""
    source = re.sub(r"^\[!\[[^\n]*badges/[^\n]*$", "", source, flags=re.MULTILINE)  # buttons of the notebooks
    return str(MarkdownWithMath(renderer=Formulas(escape=False)).render(source))


def lesson(path: Path) -> str:
    """A notebook as it was stored; a live panel is named, since a page cannot run it."""
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if output.get("data", {}).pop(PANEL, None) is not None:
                call = output.data["text/plain"]
                output.data = {"text/plain": f"{call}\n(a live panel: it is in the notebook)"}
    body, _ = Lesson(template_name="basic").from_notebook_node(
        notebook, {"metadata": {"path": str(path.parent), "name": path.stem}}
    )
    body = re.sub(r'<a class="anchor-link".*?</a>', "", body)
    return body.replace("<table", '<table tabindex="0"')  # on a phone it is scrolled sideways, by the keyboard too


def page(title: str, body: str, *, script: str = "", kind: str = "course") -> str:
    """A whole page."""
    style = STYLE.read_text(encoding="utf-8") + HtmlFormatter(style="default").get_style_defs(".highlight")
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{html.escape(title)}</title>\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>\n{style}</style></head>\n'
        f'<body class="{kind}"><main>{body}</main>\n<script>{script}</script></body></html>\n'
    )


def course() -> str:
    """All lessons, one after the other."""
    lessons = (f'<section class="lesson">{lesson(path)}</section>' for path in sorted(NOTEBOOKS.glob("*.ipynb")))
    return page("Neural style transfer to understand", "\n".join(lessons))


def slides() -> str:
    """A lecture of 45 minutes: each cell whose metadata has a `slide`, with its title and its text.

    A code cell gives its figure, without the code. A markdown cell gives the slide's text, or what it says itself.
    """
    found = []
    for path in sorted(NOTEBOOKS.glob("*.ipynb")):
        for cell in nbformat.read(path, as_version=4).cells:
            if "slide" in cell.metadata:
                found.append(_slide(cell, len(found) + 1))
    return page("Neural style transfer", "\n".join(found), script=TURNING.read_text(encoding="utf-8"), kind="slides")


def _slide(cell: Any, number: int) -> str:  # noqa: ANN401
    shown = cell.metadata["slide"]
    if cell.cell_type == "code":
        alt = html.escape(cell.metadata.get("alt", shown["title"]), quote=True)
        pictures = [
            f"data:{kind};base64,{output.data[kind].strip()}"
            for output in cell.outputs
            for kind in ("image/png", "image/jpeg")
            if kind in output.get("data", {})
        ]
        content = "".join(f'<img alt="{alt}" src="{picture}">' for picture in pictures)
        content += rendered(shown.get("text", ""))
    else:
        content = rendered(shown.get("text", cell.source))
    heading = f"<h2>{html.escape(shown['title'])}</h2>"
    return f'<section class="slide">{heading}<div class="content">{content}</div><footer>{number}</footer></section>'


def print_pdf(browser: Any, source: str, out: Path, **options: Any) -> None:  # noqa: ANN401
    """Print a page with Chromium, with bookmarks, and tagged for screen readers."""
    sheet = browser.new_page()
    sheet.set_default_timeout(120_000)
    sheet.set_content(source, wait_until="load")
    sheet.pdf(path=out, print_background=True, outline=True, tagged=True, **options)
    sheet.close()


def embedded(path: Path) -> str:
    """A picture as a `data:` address, which contains it."""
    kind = {".png": "image/png", ".jpg": "image/jpeg", ".svg": "image/svg+xml"}[path.suffix]
    return f"data:{kind};base64,{base64.b64encode(path.read_bytes()).decode()}"


def main(kind: str) -> Path:
    """Make one kind of file; say where it is."""
    OUT.mkdir(exist_ok=True)
    if kind == "pdf":
        out = OUT / "course.pdf"
        footer = '<div style="font-size:8px;width:100%;text-align:center"><span class="pageNumber"></span></div>'
        margins = {"top": "16mm", "bottom": "18mm", "left": "16mm", "right": "16mm"}
        from playwright.sync_api import sync_playwright  # noqa: PLC0415  # only a PDF needs a browser

        if shutil.which("chromium") is None:
            raise SystemExit("make pdf: expected Chromium, which prints the pages, and found none; install `chromium`")
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
            print_pdf(
                browser, course(), out, format="A4", margin=margins, display_header_footer=True,
                header_template="<span></span>", footer_template=footer,
            )  # fmt: skip
            browser.close()
        return out
    out = OUT / {"html": "course.html", "slides": "slides.html"}[kind]
    out.write_text({"html": course, "slides": slides}[kind](), encoding="utf-8")
    return out


if __name__ == "__main__":
    print(main(sys.argv[1]))
