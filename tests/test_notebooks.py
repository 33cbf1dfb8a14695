"""Hygiene of the notebooks; that they run and give the stored outputs is nbval's part (`make test-notebooks`)."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import nbformat
import pytest

NOTEBOOKS = sorted((Path(__file__).parent.parent / "notebooks").glob("*.ipynb"))
assert NOTEBOOKS, "an empty list would make every test below pass"

pytestmark = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()]


@pytest.fixture
def notebook(path):
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    return notebook


def is_figure(output):
    """A picture that is not a panel's: drawn as a PNG, and stored as a JPEG where it is much smaller so."""
    data = output.get("data", {})
    return bool({"image/png", "image/jpeg"} & set(data)) and "application/vnd.jupyter.widget-view+json" not in data


def test_was_run_once_from_top_to_bottom(notebook):
    cells = code_cells(notebook)
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))


def test_outputs_are_stored_and_clean(notebook, path):
    outputs = [output for cell in code_cells(notebook) for output in cell.outputs]
    assert any(map(is_figure, outputs))
    for output in outputs:
        assert output.output_type != "error"
        assert output.get("name") != "stderr", output.get("text")
        assert "image/svg+xml" not in output.get("data", {})
        text = str(output.get("text", "")) + str(output.get("data", {}).get("text/plain", ""))
        assert not re.search(r"/(home|root|tmp|work|Users)/", text)
        assert "<Axes" not in text
        assert "Warning" not in text
    assert path.stat().st_size < 1_500_000


def test_metadata(notebook):
    assert notebook.metadata.kernelspec.name == "python3"
    assert "widgets" not in notebook.metadata


def test_says_what_for_and_how_long_on_top(notebook):
    top = notebook.cells[0].source
    assert "You will be able to" in top
    minutes = re.search(r"\*\*Time:\*\* (\d+) minutes", top)
    assert minutes
    assert int(minutes[1]) <= 45


def test_cells_are_short(notebook):
    lengths = sorted(len(cell.source.splitlines()) for cell in code_cells(notebook))
    assert lengths[-1] <= 20
    assert lengths[len(lengths) // 2] <= 4


def test_pictures_have_alt_text(notebook):
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            assert not re.search(r"!\[\s*\]\(", cell.source)


def test_figures_have_a_caption(notebook):
    """A code cell that leaves a figure is followed by a caption, or by other code and then a caption."""
    cells = notebook.cells
    for index, cell in enumerate(cells):
        if cell.cell_type == "code" and any(map(is_figure, cell.outputs)):
            following = next(later for later in cells[index + 1 :] if later.cell_type == "markdown")
            assert following.source.startswith("*Figure "), cell.source


def test_figures_are_numbered_in_order(notebook):
    text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    numbers = [int(number) for number in re.findall(r"^\*Figure (\d+)\.", text, re.MULTILINE)]
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(numbers) >= 4


def test_starts_and_ends_as_every_lesson(notebook, path):
    install, size = (cell.source for cell in code_cells(notebook)[:2])
    assert '"google.colab" in sys.modules' in install
    assert re.match(r"SIZE(, STEPS)? = \d+", size)
    top, last = notebook.cells[0].source, notebook.cells[-1].source
    for badge in ("colab", "binder"):
        assert f"../docs/badges/{badge}.svg" in top
        assert (path.parent.parent / "docs" / "badges" / f"{badge}.svg").exists()
    assert top.count(path.name) == 2
    following = "**The end of the course.**" if path == NOTEBOOKS[-1] else "**Next.**"
    for part in (
        "## In one paragraph",
        "**What people often get wrong.**",
        "**For discussion.**",
        following,
        "**Source.**",
    ):
        assert part in last
    assert len(notebook.cells) <= 60


def test_every_exercise_stands_in_its_lesson(notebook, path):
    """With an empty stub, whose check says that it was not attempted."""
    number = path.stem.split("_")[0]
    if number in ("00", "07", "10"):
        return
    lesson = importlib.import_module(f"styletools.exercises.lesson{number}")
    names = [name for name in lesson.__all__ if name != "report"]
    for name in names:
        (cell,) = (cell for cell in code_cells(notebook) if f"exercises.{name}.check(" in cell.source)
        assert "not attempted yet" in cell.outputs[-1]["data"]["text/plain"]
    report = next(cell for cell in code_cells(notebook) if cell.source == "exercises.report()")
    assert f"0 of {len(names)} right" in report.outputs[-1]["data"]["text/plain"]


def test_live_panels_stand_in_their_lessons(notebook, path):
    """Each as the last value of a cell of its own; as text it is its call, and nothing of a picture."""
    panels = {
        "01": ["features"], "02": ["content"], "03": ["gram"], "04": ["style", "statistics"], "06": ["tradeoff"],
        "07": ["studio"], "08": ["statistics"], "09": ["studio"],
    }  # fmt: skip
    cells = [cell for cell in code_cells(notebook) if "explore_" in cell.source]
    names = panels.get(path.stem.split("_")[0], [])
    if path.stem.startswith("04") and len(cells) == 1:  # comparing statistics is what lesson 08 is for
        names = ["style"]
    for cell, name in zip(cells, names, strict=True):
        call = cell.source.splitlines()[-1]
        assert call.startswith(f"explore_{name}(")
        (output,) = cell.outputs
        assert output["data"]["text/plain"].startswith(f"explore_{name}(")
        assert "application/vnd.jupyter.widget-view+json" in output["data"]
        if name not in ("statistics", "tradeoff"):  # they have nothing to show before they are started
            assert "image/jpeg" in output["data"], "no picture where there are no widgets"


def test_links_between_lessons_and_to_files_hold(notebook, path):
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", cell.source):
                assert (path.parent / target).exists(), target


def test_most_cells_are_compared(notebook):
    cells = code_cells(notebook)
    ignored = [cell for cell in cells if {"nbval-ignore-output", "nbval-skip"} & set(cell.metadata.get("tags", []))]
    assert len(ignored) <= len(cells) / 5
