"""Markdown of the repository as markdown of the book: tables of pictures become figures, names become links."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

Picture = tuple[str, str]
"""Its alternative text, and where it lies."""

IMAGE = re.compile(r"^!\[(?P<alt>[^\]]*)\]\((?P<path>[^)\s]+)\)$")
TABLE = re.compile(r"(?:^\|.*\n?)+", re.MULTILINE)
NAME = re.compile(r"(?<![`{])`(?P<name>(?:st|styletools)\.[\w.]+)`(?!`)")


def figures(text: str, before: Callable[[Picture], Picture | None] = lambda _: None) -> str:
    """Turn each table with pictures above and captions below into figures side by side, which fit a phone too.

    Args:
        text: markdown.
        before: what a picture was made from, where a reader may compare the two.
    """

    def replaced(found: re.Match[str]) -> str:
        rows = [_cells(line) for line in found[0].splitlines()]
        rows = [row for row in rows if not all(re.fullmatch(r":?-+:?", cell) for cell in row)]
        shown, said = rows[::2], rows[1::2]
        if len(shown) != len(said) or not all(IMAGE.match(cell) for row in shown for cell in row if cell):
            return found[0]
        pairs = [pair for above, below in zip(shown, said, strict=True) for pair in zip(above, below, strict=True)]
        inside = "\n".join(_figure(image, caption, before) for image, caption in pairs if image)
        return f":::::{{container}} pictures\n{inside}:::::\n"

    text = TABLE.sub(replaced, text)
    return re.sub(r"^:::::\n\n+:::::\{container\} pictures\n", "", text, flags=re.MULTILINE)  # neighbours share a grid


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def _figure(image: str, caption: str, before: Callable[[Picture], Picture | None]) -> str:
    found = IMAGE.match(image)
    assert found
    source = before((found["alt"], found["path"]))
    compared = f"![{source[0]}]({source[1]})\n" if source else ""
    kind = " before-after" if source else ""
    return f"::::{{container}} picture\n:::{{container}} frame{kind}\n{compared}{image}\n:::\n\n{caption}\n::::\n"


def referenced(text: str, objects: Mapping[str, str]) -> str:
    """Turn each `st.name` in running text that the reference describes into a link to it.

    Args:
        text: markdown; blocks of code stay as they are.
        objects: what can be referred to: each name as it is written, and as the reference has it.
    """

    def link(found: re.Match[str]) -> str:
        name = found["name"].replace("st.", "styletools.", 1) if found["name"].startswith("st.") else found["name"]
        return f"{{py:obj}}`{found['name']} <{objects[name]}>`" if name in objects else found[0]

    parts = re.split(r"(```.*?```|!?\[[^\]]*\]\([^)]*\)|^#.*?$)", text, flags=re.DOTALL | re.MULTILINE)
    return "".join(part if number % 2 else NAME.sub(link, part) for number, part in enumerate(parts))


def section(text: str, heading: str) -> str:
    """One section of a document, with its heading raised to the top level."""
    found = re.search(rf"^## {re.escape(heading)}$(?P<body>.*?)(?=^## |\Z)", text, re.DOTALL | re.MULTILINE)
    if not found:
        raise ValueError(f"expected a section {heading!r}")
    return f"# {heading}\n{found['body'].rstrip()}\n"
