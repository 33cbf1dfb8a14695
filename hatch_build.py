"""What the wheel brings besides the package: the notebooks, the pictures that they show, and what makes the slides."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PLACE = "styletools/data/course"
ALWAYS = ("docs/teaching.md", "scripts/export.py", "scripts/export.css", "scripts/slides.js")
SHOWN = re.compile(r"\.\./(docs/[\w./-]+\.(?:png|jpg|svg))")


class CourseHook(BuildHookInterface):
    """Called by hatch."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Name the files, unless the package is only linked to the repository, which has them."""
        if version != "editable":
            root = Path(self.root)
            build_data["force_include"].update({str(root / name): f"{PLACE}/{name}" for name in course_files(root)})


def course_files(root: Path) -> list[str]:
    """Paths below the repository's root."""
    notebooks = sorted((root / "notebooks").glob("*.ipynb"))
    texts = ["".join(cell["source"]) for path in notebooks for cell in json.loads(path.read_bytes())["cells"]]
    slides = [
        str(cell["metadata"]["slide"])
        for path in notebooks
        for cell in json.loads(path.read_bytes())["cells"]
        if "slide" in cell["metadata"]
    ]
    shown = {name for text in [*texts, *slides] for name in SHOWN.findall(text)}
    return [*(f"notebooks/{path.name}" for path in notebooks), *sorted(shown), *ALWAYS]
