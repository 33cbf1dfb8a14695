"""A notebook as a page: its stored outputs, and, in place of what needs a kernel, what a page can do."""

from __future__ import annotations

import ast
import html
import json
import re
from pathlib import Path
from typing import Any

import nbformat

from book import exercises

PANELS = {
    "explore_features": "features",
    "explore_gram": "gram",
    "explore_content": "content",
    "explore_style": "style",
    "explore_studio": "transfer",
}
"""Which panel of the page stands for a panel of the notebook; of the others it shows a screenshot."""

PICTURES = {
    "explore_features": ("content",),
    "explore_gram": ("style",),
    "explore_content": ("content",),
    "explore_style": ("style",),
    "explore_studio": ("content", "style"),
}
"""What each panel's pictures are, in the order of its arguments."""

BADGES = re.compile(r"^\[!\[Open in Colab\].*?\]\((?P<colab>[^)]+)\) \[!\[.*?\]\((?P<binder>[^)]+)\)\s*$", re.MULTILINE)
LESSON = re.compile(r"(?P<word>\b[Ll]esson )(?P<number>00b|\d\d)\b")
PROTECTED = re.compile(
    r"(```.*?```|`[^`]*`|!?\[[^\]]*\]\([^)]*\)|\$\$.*?\$\$|\$[^$]*\$|^#.*?$)", re.DOTALL | re.MULTILINE
)
NUMBERED = re.compile(r"\\qquad\s*\\text\{\((Eq\. \d)\)\}\s*(?:\\qquad)?")
EQUATION_3 = "## Equation 3"
WORKING = '<div class="styletools-equation3"></div>'


def page(path: Path, stills: Path) -> nbformat.NotebookNode:
    """A lesson as the book shows it.

    Args:
        path: the notebook.
        stills: the folder with a picture of each live panel.
    """
    notebook = nbformat.read(path, as_version=4)
    names = {other.stem.split("_")[0]: other.name for other in sorted(path.parent.glob("*.ipynb"))}
    names.pop(path.stem.split("_")[0])  # a page does not link to itself
    lesson = exercises.of(path.stem)
    cells: list[nbformat.NotebookNode] = []
    for number, cell in enumerate(notebook.cells):
        if cell.cell_type == "markdown":
            cells.append(nbformat.v4.new_markdown_cell(prose(cell.source, path, names)))
        elif panel := _panel(cell.source):
            cells += [_shown(cell), nbformat.v4.new_markdown_cell(placeholder(*panel, stills, path.parent))]
        else:
            cells += _code(cell, lesson, first=number == 1)
    notebook.cells = cells
    notebook.metadata["language_info"] = {"name": "python", "pygments_lexer": "ipython3"}
    return notebook


def prose(source: str, path: Path, names: dict[str, str]) -> str:
    """A markdown cell: buttons become a line of links, equations get their numbers, lessons are linked by number."""
    source = BADGES.sub(lambda found: launch(path, found["colab"], found["binder"]), source)
    source = re.sub(r"\$\$(.+?)\$\$", _numbered, source, flags=re.DOTALL)
    source = linked(source, names)
    if EQUATION_3 in source and path.stem.startswith("03"):
        source += f"\n\n**Try it by hand.** Put each product into its place:\n\n{WORKING}\n"
    return source


def launch(path: Path, colab: str, binder: str) -> str:
    """A line that says where a lesson can be run; the page shows the outputs of its last run."""
    return (
        f'<p class="launch">These are the stored outputs of the lesson. Run it, change it, solve it: '
        f'<a href="{html.escape(colab)}">in Colab</a>, <a href="{html.escape(binder)}">on Binder</a>, or on your own '
        f"machine with <code>styletools lab</code> (<a href=\"../_static/notebooks/{path.name}\" download>"
        f"the notebook</a>).</p>"
    )  # fmt: skip


def linked(source: str, names: dict[str, str]) -> str:
    """Each "lesson 05" in running text as a link."""

    def link(found: re.Match[str]) -> str:
        name = names.get(found["number"])
        return f"[{found[0]}]({name})" if name else found[0]

    parts = PROTECTED.split(source)
    return "".join(part if number % 2 else LESSON.sub(link, part) for number, part in enumerate(parts))


def _numbered(found: re.Match[str]) -> str:
    """Each formula with its number at the right; two formulas in one line become two lines, which fit a phone."""
    parts = NUMBERED.split(found[1])  # formula, number, formula, number, …, rest
    if len(parts) == 1:
        return found[0]
    formulas = [part.removeprefix("\\qquad").strip() for part in (text.strip() for text in parts[::2])]
    # Sphinx puts a formula that has a double backslash into an environment that allows no tags.
    formulas = [re.sub(r"\\\\(?=\s)", r"\\cr ", formula) for formula in formulas]
    tagged = [f"$$\n{formula} \\tag{{{number}}}\n$$" for formula, number in zip(formulas, parts[1::2], strict=False)]
    return "\n\n".join(tagged + ([f"$${formulas[-1]}$$"] if formulas[-1] else []))


def _panel(source: str) -> tuple[str, dict[str, Any]] | None:
    """The panel that a cell shows, and what it is given."""
    found = re.search(r"^(explore_\w+)\((.*)\)$", source, re.MULTILINE)
    if not found:
        return None
    call = ast.parse(found[0], mode="eval").body
    assert isinstance(call, ast.Call)
    given: dict[str, Any] = {name: ast.literal_eval(word.value) for word in call.keywords if (name := word.arg)}
    return found[1], {"pictures": [ast.literal_eval(value) for value in call.args], **given}


def placeholder(name: str, given: dict[str, Any], stills: Path, folder: Path) -> str:
    """The picture of a panel, in the place where a script may mount one that computes in the page."""
    short = name.removeprefix("explore_")
    still = stills / f"{short}.jpg"
    relative = Path("..") / still.relative_to(folder.parent)
    described = json.loads((stills / "alt.json").read_text(encoding="utf-8"))[short]
    kind, words = PANELS.get(name), {"given": json.dumps(given)}
    words |= dict(zip(PICTURES.get(name, ()), given["pictures"], strict=False))
    data = "".join(f' data-{key}="{html.escape(value, quote=True)}"' for key, value in words.items())
    opening = f'<div class="styletools-panel" data-panel="{kind}"{data}>' if kind else '<div class="panel-still">'
    caption = "The panel as it looks in the notebook: run the lesson to use it. The figures of this page show the same."
    return f"{opening}\n\n![{described}]({relative.as_posix()})\n\n*{caption}*\n\n</div>"


def _code(cell: nbformat.NotebookNode, lesson: dict[str, Any], *, first: bool) -> list[nbformat.NotebookNode]:
    """A code cell, or what a page can do in its place."""
    checked = re.search(r"^exercises\.(\w+)\.check\(", cell.source, re.MULTILINE)
    if checked and checked[1] in lesson:
        found = lesson[checked[1]]
        asked = [] if found["kind"] != "code" else [_shown(cell)]
        return [*asked, nbformat.v4.new_markdown_cell(exercises.as_html(found))]
    if cell.source.strip() == "exercises.report()":
        tally = '<p class="styletools-tally">Your predictions on this page: right or not, they stay on this device.</p>'
        return [nbformat.v4.new_markdown_cell(tally)]
    return [_shown(cell, first=first)]


def _shown(cell: nbformat.NotebookNode, *, first: bool = False) -> nbformat.NotebookNode:
    """A code cell with what it has printed and drawn; each figure says what it shows."""
    cell = nbformat.from_dict(cell)
    cell.outputs = [output for output in cell.outputs if not _is_widget(output)]
    settings: dict[str, Any] = {}
    if "alt" in cell.metadata:
        settings["image"] = {"alt": cell.metadata["alt"]}
    if first:
        settings |= {"code_prompt_show": "Show the imports", "code_prompt_hide": "Hide the imports"}
        cell.metadata["tags"] = ["hide-input"]
    cell.metadata["mystnb"] = settings
    return cell


def _is_widget(output: nbformat.NotebookNode) -> bool:
    return "application/vnd.jupyter.widget-view+json" in output.get("data", {})
