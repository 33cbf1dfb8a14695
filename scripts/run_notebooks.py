"""Run every notebook from top to bottom and store its outputs, as `make notebooks` does."""

from __future__ import annotations

import base64
import io
import sys
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode
from PIL import Image

NOTEBOOKS = Path(__file__).resolve().parent.parent / "notebooks"


def run(path: Path) -> None:
    """Run one notebook in its own folder; keep nothing that changes from run to run."""
    notebook = nbformat.read(path, as_version=4)
    began = time.perf_counter()
    NotebookClient(
        notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": path.parent}}
    ).execute()
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }  # without the state of widgets, which GitHub takes for an invalid notebook
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)  # times
        if "outputs" in cell:
            cell.outputs = joined(cell.outputs)
        for output in cell.get("outputs", []):
            if "image/png" in output.get("data", {}):
                kind, data = lighter(output["data"].pop("image/png"))
                output["data"][kind] = data
                given = output.setdefault("metadata", {})
                given[kind] = given.pop("image/png", {})
                if "alt" in cell.metadata:  # what the figure shows, for those who do not see it
                    given[kind]["alt"] = cell.metadata["alt"]
    nbformat.write(notebook, path)
    print(f"{path.name}: {time.perf_counter() - began:.0f} s, {path.stat().st_size / 1e6:.2f} MB")


def joined(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """What was printed, in one piece, however many messages it came in."""
    whole: list[NotebookNode] = []
    for output in outputs:
        if whole and output.output_type == whole[-1].output_type == "stream" and output.name == whole[-1].name:
            whole[-1].text += output.text
        else:
            whole.append(output)
    return whole


def lighter(png: str) -> tuple[str, str]:
    """The same figure in less space: as a PNG without transparency, or as a JPEG where that is less than half of it.

    So drawings keep each pixel, and paintings, which fill a PNG with noise, can be shown large.
    """
    image = Image.open(io.BytesIO(base64.b64decode(png))).convert("RGB")
    drawn, painted = io.BytesIO(), io.BytesIO()
    image.save(drawn, "PNG", optimize=True)
    image.save(painted, "JPEG", quality=90, subsampling=0, optimize=True)
    small = len(painted.getvalue()) < len(drawn.getvalue()) / 2
    kind, buffer = ("image/jpeg", painted) if small else ("image/png", drawn)
    return kind, base64.b64encode(buffer.getvalue()).decode()


if __name__ == "__main__":
    for path in map(Path, sys.argv[1:]) if len(sys.argv) > 1 else sorted(NOTEBOOKS.glob("*.ipynb")):
        run(path)
