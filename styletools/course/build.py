"""Make what is handed out: `styletools course build -o FOLDER`."""

from __future__ import annotations

import importlib.util
import io
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import TypeAlias

from styletools.course import exams, forms
from styletools.course.cells import as_file
from styletools.course.lessons import Lesson, course_root, lessons
from styletools.errors import InputError, shown
from styletools.files import write_whole

__all__ = ["FORMS", "build"]

NBGRADER = """# nbgrader reads this; run its commands in this folder.
c = get_config()
c.CourseDirectory.course_id = "styletools"
c.ClearSolutions.code_stub = {"python": "# your code"}  # the line after it returns None, so that a lesson runs whole
c.ExecutePreprocessor.timeout = 300  # seconds for a cell
"""
SLIDES = 'expected nbformat, nbconvert and latex2mathml for the slides: pip install "styletools[course]"'


def build(
    out: Path,
    *,
    which: Sequence[str] = (),
    outputs: bool = True,
    force: bool = False,
    variants: Mapping[str, int] | None = None,
) -> list[Path]:
    """Make the folders, and a zip of each.

    Args:
        out: the folder to write to; what is there is replaced only with `force`.
        which: the forms, out of `FORMS`; by default all but the examination, and that too if variants are given.
        outputs: whether the students' notebooks keep their figures.
        force: replace what is there.
        variants: student → seed; each gets an examination of their own.

    Returns:
        The folders.

    Raises:
        InputError: there is no such form, the folder is there, or the slides' libraries are missing.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     (made,) = build(Path(folder, "new"), which=["student"], outputs=False)
        ...     len(list(made.glob("*.ipynb"))), made.with_suffix(".zip").exists()
        (12, True)
    """
    which = which or [name for name in FORMS if name != "examination" or variants]
    for name in which:
        if name not in FORMS:
            raise InputError(f"--only: expected some of {', '.join(FORMS)}, got {shown(name)}")
    if "examination" in which and not variants:
        raise InputError("--only examination: expected --variant SEED or --students FILE as well")
    for name in which:
        if (out / name).exists() and not force:
            raise InputError(f"{out / name}: is there; choose another folder, or replace it with --force")
    made = []
    for name in which:
        files = dict(FORMS[name](outputs, variants or {}))
        folder = out / name
        try:
            for path, data in files.items():
                (folder / path).parent.mkdir(parents=True, exist_ok=True)
                write_whole(folder / path, data)
            write_whole(out / f"{name}.zip", _zipped(name, files))
        except OSError as error:
            raise InputError(f"cannot write to {folder}: {error.strerror or error}") from error
        made.append(folder)
    return made


Files: TypeAlias = Iterator[tuple[str, bytes]]
Variants: TypeAlias = Mapping[str, int]


def _student(outputs: bool, _: Variants) -> Files:
    for lesson in lessons():
        yield f"{lesson.stem}.ipynb", as_file(lesson, forms.student(lesson, outputs=outputs))


def _instructor(*_: object) -> Files:
    for lesson in lessons():
        yield f"{lesson.stem}.ipynb", as_file(lesson, forms.instructor(lesson))


def _nbgrader(*_: object) -> Files:
    yield "nbgrader_config.py", NBGRADER.encode()
    for lesson in _with_tasks():
        cells = forms.nbgrader_source(lesson)
        name = f"{lesson.stem}/{lesson.stem}.ipynb"
        yield f"source/{name}", as_file(lesson, cells)
        yield f"release/{name}", as_file(lesson, forms.nbgrader_release(cells))


def _otter(*_: object) -> Files:
    for lesson in _with_tasks():
        yield f"{lesson.stem}.ipynb", as_file(lesson, forms.otter(lesson))


def _slides(*_: object) -> Files:
    yield "slides.html", _exporter().slides().encode()


def _examination(_: object, variants: Variants) -> Files:
    yield "variants.csv", exams.variants_file(variants)
    for student, seed in variants.items():
        yield f"students/{exams.file_name(student)}.ipynb", exams.notebook(student, seed)
        yield f"solved/{exams.file_name(student)}.ipynb", exams.notebook(student, seed, solved=True)


FORMS: dict[str, Callable[[bool, Variants], Files]] = {
    "student": _student,
    "instructor": _instructor,
    "nbgrader": _nbgrader,
    "otter": _otter,
    "slides": _slides,
    "examination": _examination,
}
"""The forms that a course is handed out in: the folder's name, and what fills it."""


def _with_tasks() -> list[Lesson]:
    return [lesson for lesson in lessons() if lesson.tasks]


def _exporter() -> ModuleType:
    """`scripts/export.py`, which also makes the pages of `make html` and `make slides`."""
    path = course_root() / "scripts" / "export.py"
    spec = importlib.util.spec_from_file_location("styletools_export", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except ModuleNotFoundError as error:
        raise InputError(f"slides: {SLIDES}") from error
    return module


def _zipped(name: str, files: dict[str, bytes]) -> bytes:
    """The files as a zip, with the same bytes in every run."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in files.items():
            entry = zipfile.ZipInfo(f"{name}/{path}", (2020, 1, 1, 0, 0, 0))
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, content, zipfile.ZIP_DEFLATED)
    return data.getvalue()
