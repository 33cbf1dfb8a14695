"""Hygiene of the notebooks; that they run and give the stored outputs is nbval's part (`make test-notebooks`)."""

from __future__ import annotations

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


def test_was_run_once_from_top_to_bottom(notebook):
    cells = code_cells(notebook)
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))


def test_outputs_are_stored_and_clean(notebook, path):
    outputs = [output for cell in code_cells(notebook) for output in cell.outputs]
    assert any("image/png" in output.get("data", {}) for output in outputs)
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
    """A code cell that leaves a figure is followed by a caption, or by another figure that is."""
    cells = notebook.cells
    for index, cell in enumerate(cells):
        if cell.cell_type == "code" and re.search(r"plots\.(pictures|losses)", cell.source):
            following = next(later for later in cells[index + 1 :] if later.cell_type == "markdown")
            assert following.source.startswith("*Figure ")


def test_most_cells_are_compared(notebook):
    cells = code_cells(notebook)
    ignored = [cell for cell in cells if {"nbval-ignore-output", "nbval-skip"} & set(cell.metadata.get("tags", []))]
    assert len(ignored) <= len(cells) / 5
