"""From sources to a site: the tools from npm, Sphinx, and the last touches to a page."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from PIL import Image

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
MODULES = HERE / "node_modules"
SOURCE = ROOT / "artifacts" / "book-source"
STATIC = ROOT / "artifacts" / "book-static"
OUT = ROOT / "artifacts" / "book"
ENGINE = ROOT / "artifacts" / "engine"
"""What computes in a page."""
ONE_FILE = ROOT / "artifacts" / "styletools.html"
"""The panels in a page that needs no server."""
MATHJAX: dict[str, Any] = {
    "output": {"fontPath": "[mathjax]/fonts/%%FONT%%-font", "displayOverflow": "overflow"},
    "options": {
        "enableMenu": False,
        "menuOptions": {"settings": {"speech": False, "braille": False, "assistiveMml": True}},
    },
}
"""Fonts from our own folder; what is read aloud is MathML, without the speech engine and its worker."""

FONT = Path("@mathjax") / "mathjax-newcm-font" / "chtml"
IMAGE = re.compile(r'<img\b(?P<attributes>[^>]*?\bsrc="(?P<source>[^"]+)"[^>]*?)\s*/?>')


def repository() -> str:
    """The address of the repository."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return str(project["urls"]["Repository"])


def install() -> None:
    """Install what comes from npm, exactly as the lock file says, with Node from the machine or from PyPI."""
    if _script("browser/node.py"):
        raise SystemExit("book: npm failed; without a network, put book/node_modules there by hand")


def engine() -> None:
    """Export what computes in a page, and the page in one file, which holds the same."""
    if _script("one_file.py"):
        raise SystemExit("book: the engine of the pages could not be exported")


def _script(name: str) -> int:
    return subprocess.run([sys.executable, str(ROOT / "scripts" / name)], check=False).returncode


def add_one_file(out: Path = OUT) -> None:
    """Put the one-file page beside the others."""
    shutil.copy2(ONE_FILE, out)


def stage() -> None:
    """Gather what is served as it is: MathJax and its font, the engine of the panels, the lessons to download."""
    shutil.rmtree(STATIC, ignore_errors=True)
    mathjax = STATIC / "mathjax"
    mathjax.mkdir(parents=True)
    shutil.copy2(MODULES / "mathjax" / "tex-chtml.js", mathjax)
    shutil.copytree(MODULES / "mathjax" / "a11y", mathjax / "a11y")
    shutil.copytree(MODULES / FONT, mathjax / "fonts" / "mathjax-newcm-font" / "chtml")
    # Not what somebody else is writing there: a name that begins with a dot, or has a process's number after a space.
    writing = shutil.ignore_patterns(".*", "* *")
    shutil.copytree(ENGINE, STATIC / "engine", ignore=writing, copy_function=_linked)
    (STATIC / "notebooks").mkdir()
    for path in (ROOT / "notebooks").glob("*.ipynb"):
        shutil.copy2(path, STATIC / "notebooks")


def _linked(source: str, target: str) -> None:
    """Give a file a second name where the disk allows it, else copy it."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def build(source: Path = SOURCE, out: Path = OUT) -> int:
    """Have Sphinx build the pages: warnings are errors, and so is a reference that leads nowhere."""
    from sphinx.cmd.build import build_main  # noqa: PLC0415  # only to build

    doctrees = out.with_name(out.name + "-doctrees")
    return int(
        build_main(["-W", "--keep-going", "-n", "-q", "-c", str(HERE), "-d", str(doctrees), str(source), str(out)])
    )


def finish(app: Any, pagename: str, templatename: str, context: dict[str, Any], doctree: object) -> None:  # noqa: ANN401
    """Before a page is written, give its pictures their sizes, and load the panels' script where it has a panel."""
    if not context.get("body"):
        return
    files = {name: Path(app.srcdir) / source for source, (_, name) in app.builder.env.images.items()}
    context["body"] = pictured(context["body"], lambda source: _size(files.get(source.rsplit("/", 1)[-1])))
    if 'class="styletools-panel"' in context["body"]:
        script = context["pathto"]("_static/engine/panels.js", resource=True)
        app.add_js_file(None, body=f'import {{ mount }} from "./{script}"; mount();', type="module")
        app.add_css_file("engine/panels.css")


def pictured(body: str, size: Callable[[str], tuple[int, int] | None]) -> str:
    """Give each picture its size, so that nothing jumps, and load all but the first only when they come near.

    Args:
        body: HTML.
        size: width and height of a picture by its address; None if it is not one of ours.
    """
    found = 0

    def finished(match: re.Match[str]) -> str:
        nonlocal found
        found += 1
        wide = size(match["source"])
        added = f' width="{wide[0]}" height="{wide[1]}"' if wide and "width" not in match["attributes"] else ""
        lazy = ' loading="lazy"' if found > 1 else ""
        return f'<img{match["attributes"]}{added}{lazy} decoding="async">'

    return IMAGE.sub(finished, body)


@cache
def _size(path: Path | None) -> tuple[int, int] | None:
    if path is None or not path.exists() or path.suffix == ".svg":
        return None
    with Image.open(path) as picture:
        return picture.size
