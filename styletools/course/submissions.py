"""What students send, read without running it: notebooks of any kind and state; at worst, a line says what is wrong."""

from __future__ import annotations

import json
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from styletools.course.lessons import lessons
from styletools.errors import InputError

__all__ = ["Submission", "submissions"]

LARGE = 200_000_000  # bytes of a file
SOURCES = 1_000_000  # characters of all code cells
MEMBERS = 200  # files of a zip
IGNORED = ("__MACOSX", ".ipynb_checkpoints", "__pycache__")
READ = (".ipynb", ".py", ".zip", ".json")
# Moodle: "Ada Lovelace_12345_assignsubmission_file"; Canvas: "lovelaceada_12345_67890_03_gram_matrix.ipynb".
_MOODLE = re.compile(r"_\d+_assignsubmission_\w+$")
_LESSON = re.compile(r"from\s+styletools\.exercises\s+import\s+lesson(\d\d\w?)\s+as\s+exercises")


@dataclass(frozen=True)
class Submission:
    """One file.

    Attributes:
        student: whose it is: the folder's name, or the file's.
        file: where it lies, for the table.
        cells: its code.
        lesson: its number; "examination"; or empty.
        problem: why it cannot be graded; empty if it can.
        remarks: what is odd about it.
    """

    student: str
    file: str
    cells: tuple[str, ...] = ()
    lesson: str = ""
    problem: str = ""
    remarks: tuple[str, ...] = field(default=())


def submissions(folder: Path) -> Iterator[Submission]:
    """Everything in a folder, in the order of the names.

    Raises:
        InputError: there is no such folder.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     _ = Path(folder, "Ada.ipynb").write_text("{")
        ...     [(one.student, one.problem[:30]) for one in submissions(Path(folder))]
        [('Ada', 'cannot be read as a notebook: ')]
    """
    if not folder.is_dir():
        raise InputError(f"{folder}: expected a folder with the files that students sent")
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if any(part in IGNORED or part.startswith(".") for part in path.relative_to(folder).parts) or path.is_dir():
            continue
        yield from _of_path(path, name)


def _of_path(path: Path, name: str) -> Iterator[Submission]:
    student = _student(name)
    try:
        if path.is_symlink() or not path.is_file():
            yield Submission(student, name, problem="is a link or a device, which is not followed")
            return
        size = path.stat().st_size
        if path.suffix.lower() not in READ:
            yield Submission(student, name, problem=f"expected a notebook (.ipynb), got {path.suffix or 'no ending'}")
        elif size > LARGE:
            yield Submission(student, name, problem=f"too large: {size / 1e6:.0f} MB; clear its outputs")
        elif path.suffix.lower() == ".zip":
            yield from _of_zip(path, name, student)
        else:
            yield read(path.read_bytes(), name, student)
    except OSError as error:
        yield Submission(student, name, problem=f"cannot be opened: {error.strerror or error}")


def _of_zip(path: Path, name: str, student: str) -> Iterator[Submission]:
    try:
        with zipfile.ZipFile(path) as archive:
            members = [m for m in archive.infolist() if Path(m.filename).suffix.lower() in (".ipynb", ".py")]
            members = [m for m in members if not any(part in m.filename for part in IGNORED)][:MEMBERS]
            for member in members:
                if member.file_size > LARGE:
                    yield Submission(student, f"{name}/{member.filename}", problem="too large; clear its outputs")
                    continue
                with archive.open(member) as file:
                    yield read(file.read(LARGE), f"{name}/{member.filename}", student)
            if not members:
                yield Submission(student, name, problem="expected a notebook in the zip, found none")
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, ValueError, zlib.error) as error:
        yield Submission(student, name, problem=f"cannot be read as a zip: {_line(error)}")


def read(data: bytes, name: str, student: str) -> Submission:
    """A notebook from its bytes, or a program that its cells were exported to."""
    text, remarks = _decoded(data)
    if not text.strip():
        return Submission(student, name, problem="is empty")
    about: Any = {}
    if name.lower().endswith(".py"):
        cells = re.split(r"^# (?:%%|In\[).*$", text, flags=re.MULTILINE)
    else:
        try:
            notebook = json.loads(text)
        except (ValueError, RecursionError) as error:
            words = f"cannot be read as a notebook: {_line(error)}; ask for the file again"
            return Submission(student, name, problem=words)
        cells = list(_code(notebook))
        about = notebook.get("metadata") if isinstance(notebook, dict) else {}
    if not cells:
        return Submission(student, name, problem="has no code cells; is it a notebook of the course?")
    if sum(map(len, cells)) > SOURCES:
        return Submission(student, name, problem=f"has more than {SOURCES // 1000} 000 characters of code")
    lesson, found = _lesson(cells, about)
    remarks += found
    problem = "" if lesson else "has none of the course's exercises; which lesson is it?"
    return Submission(student, name, tuple(cells), lesson, problem, tuple(remarks))


def _decoded(data: bytes) -> tuple[str, list[str]]:
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", "replace"), ["was UTF-16"]
    try:
        return data.decode("utf-8-sig"), []
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace"), ["was not UTF-8; read as Windows-1252"]


def _code(notebook: Any) -> Iterator[str]:  # whatever the file says
    """The code of a notebook, in this format or the one before, from whatever is left of it."""
    if not isinstance(notebook, dict):
        return
    sheets = notebook.get("worksheets")
    places = [notebook, *sheets] if isinstance(sheets, list) else [notebook]
    for place in places:
        cells = place.get("cells") if isinstance(place, dict) else None
        for cell in cells if isinstance(cells, list) else []:
            if isinstance(cell, dict) and cell.get("cell_type") == "code":
                text = cell.get("source", cell.get("input", ""))
                text = "".join(map(str, text)) if isinstance(text, list) else text
                if isinstance(text, str) and text.strip():
                    yield text.replace("\r\n", "\n").replace("\0", "")


def _lesson(cells: list[str], about: Any) -> tuple[str, list[str]]:
    """Which lesson it is: what it imports decides, then what its file says, then what it checks."""
    text = "\n".join(cells)
    numbers = {lesson.number for lesson in lessons() if lesson.tasks}
    imported = [number for number in _LESSON.findall(text) if number in numbers]
    said = about.get("styletools") if isinstance(about, dict) else None
    said = said if isinstance(said, dict) else {}
    if "examination" in said:
        return "examination", []
    if imported:
        several = ["imports several lessons; the first is graded"] if len(set(imported)) > 1 else []
        return imported[0], several
    if str(said.get("lesson")) in numbers:
        return str(said["lesson"]), []
    fits = {lesson.number: sum(_mentions(text, task) for task in lesson.tasks) for lesson in lessons() if lesson.tasks}
    best = max(fits, key=lambda number: fits[number])
    return (best, ["does not say which lesson it is; told by its exercises"]) if fits[best] >= 2 else ("", [])


def _mentions(text: str, task: Any) -> bool:
    return f".{task.name}.check(" in text or (task.coding and f"def {task.answer}(" in text)


def _student(name: str) -> str:
    """The folder's name, as Moodle or a teacher made it; without a folder the file's."""
    parts = name.split("/")
    if len(parts) > 1:
        return _MOODLE.sub("", parts[0])
    stem = parts[0].rsplit(".", 1)[0]
    stem = _MOODLE.sub("", stem)
    lessons_ = "|".join(re.escape(lesson.stem) for lesson in lessons())
    stem = re.sub(rf"[\s_.-]*({lessons_})", "", stem)
    stem = re.sub(r"(\s*\(\d+\)|[-_ ]copy\d*)+$", "", stem, flags=re.IGNORECASE)
    return stem.strip(" _-.") or parts[0]


def _line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
