"""The course as a folder of the user's own, for a package that came without the repository."""

from __future__ import annotations

import shutil
from pathlib import Path

from styletools.course.cells import REPOSITORY
from styletools.course.lessons import course_root
from styletools.errors import InputError
from styletools.files import write_whole

__all__ = ["copy_course"]


def copy_course(folder: Path) -> int:
    """Copy the notebooks and the pictures that they show; what is there already stays as it is.

    Args:
        folder: for the course; it and its parents are made.

    Returns:
        How many files are new.

    Raises:
        InputError: it cannot be written.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     new = copy_course(Path(folder, "course"))
        ...     new > 50, copy_course(Path(folder, "course"))
        (True, 0)
    """
    root, new = course_root(), 0
    pictures = [path for kind in ("png", "jpg", "svg") for path in (root / "docs").rglob(f"*.{kind}")]
    try:
        for path in [*sorted((root / "notebooks").glob("*.ipynb")), *pictures]:
            target = folder / path.relative_to(root)
            if target.exists():
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            if path.suffix == ".ipynb":  # pages that are not copied are in the repository
                text = path.read_text(encoding="utf-8").replace(
                    "](../docs/controls.md", f"]({REPOSITORY}/docs/controls.md"
                )
                write_whole(target, text.replace("](../docs/gallery.md", f"]({REPOSITORY}/docs/gallery.md").encode())
            else:
                shutil.copyfile(path, target)
            new += 1
    except OSError as error:
        raise InputError(f"cannot copy the course to {folder}: {error.strerror or error}") from error
    return new
