"""Cells and notebooks as plain dictionaries: copied, changed, and made independent of the files around them."""

from __future__ import annotations

import base64
import copy
import json
import re
from collections.abc import Iterable
from typing import Any

from styletools.course.lessons import Cell, Lesson, course_root, source

__all__ = ["alone", "as_file", "cleared", "code", "markdown", "raw"]

REPOSITORY = "https://github.com/styletools/styletools/blob/main"
_KINDS = {".png": "image/png", ".jpg": "image/jpeg"}
_PICTURE = re.compile(r"(!\[[^\]]*\]\()\.\./(docs/[\w./-]+\.(?:png|jpg))(\))")
_BADGES = re.compile(r"^\[!\[[^\n]*badges/[^\n]*\n?", re.MULTILINE)


def code(name: str, text: str, **metadata: Any) -> Cell:  # what a format wants
    """A code cell that has not been run.

    Example:
        >>> code("a", "1 + 1")["execution_count"] is None
        True
    """
    return {"cell_type": "code", "id": name, "metadata": metadata, "source": text, "outputs": [],
            "execution_count": None}  # fmt: skip


def markdown(name: str, text: str, **metadata: Any) -> Cell:
    """A cell of text.

    Example:
        >>> markdown("a", "# Words")["cell_type"]
        'markdown'
    """
    return {"cell_type": "markdown", "id": name, "metadata": metadata, "source": text}


def raw(name: str, text: str) -> Cell:
    """A cell that neither Jupyter nor a reader does anything with.

    Example:
        >>> raw("a", "# BEGIN QUESTION")["cell_type"]
        'raw'
    """
    return {"cell_type": "raw", "id": name, "metadata": {}, "source": text}


def cleared(cell: Cell) -> Cell:
    """The cell as it was before it was run.

    Example:
        >>> cleared({"cell_type": "code", "source": "1", "outputs": ["1"], "execution_count": 7})["outputs"]
        []
    """
    return {**cell, "outputs": [], "execution_count": None} if cell["cell_type"] == "code" else cell


def alone(lesson: Lesson, neighbours: str = "{stem}.ipynb") -> list[Cell]:
    """The cells of a lesson that needs no file beside it: its pictures are attached to the cells that show them.

    Links to other lessons follow `neighbours`, links to other files lead to the repository, and the buttons that open
    the repository's own notebook are left out.

    Example:
        >>> from styletools.course.lessons import lessons
        >>> list(alone(lessons()[0])[0]["attachments"])
        ['transfer_chelsea_the_kiss.jpg']
    """
    cells = [{**copy.deepcopy(cell), "source": source(cell)} for cell in lesson.notebook["cells"]]
    for cell in cells:
        cell["metadata"].pop("slide", None)  # the slides are made from the lessons themselves
        if cell["cell_type"] == "markdown":
            _attach(cell)
            cell["source"] = re.sub(
                r"\]\((\w+)\.ipynb\)", lambda found: f"]({neighbours.format(stem=found[1])})", cell["source"]
            )
            cell["source"] = re.sub(r"\]\(\.\./(docs/)", rf"]({REPOSITORY}/\1", cell["source"])
    return cells


def _attach(cell: Cell) -> None:
    attachments = {}

    def attached(found: re.Match[str]) -> str:
        path = course_root() / found[2]
        name = path.name
        attachments[name] = {_KINDS[path.suffix]: base64.b64encode(path.read_bytes()).decode()}
        return f"{found[1]}attachment:{name}{found[3]}"

    cell["source"] = _BADGES.sub("", cell["source"])
    cell["source"] = _PICTURE.sub(attached, cell["source"])
    if attachments:
        cell["attachments"] = attachments


def as_file(lesson: Lesson, cells: Iterable[Cell], **about: Any) -> bytes:  # of the notebook
    """A notebook as a file; its metadata says which lesson it is, whatever the file is called later.

    Example:
        >>> from styletools.course.lessons import lessons
        >>> json.loads(as_file(lessons()[2], []))["metadata"]["styletools"]
        {'lesson': '01'}
    """
    metadata = {**lesson.notebook["metadata"], "styletools": {"lesson": lesson.number, **about}}
    notebook = {"cells": list(cells), "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    return (json.dumps(notebook, indent=1, ensure_ascii=False) + "\n").encode()
