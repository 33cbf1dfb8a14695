"""The lessons as they are stored, and the exercises in them."""

from __future__ import annotations

import ast
import importlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

import styletools
from styletools.errors import InputError
from styletools.exercises.coding import Coding
from styletools.exercises.exercise import Exercise

__all__ = ["Lesson", "Task", "course_root", "lessons"]

Cell: TypeAlias = dict[str, Any]
_CHECK = re.compile(r"^exercises\.(\w+)\.check\((\w+)\)$", re.MULTILINE)


@dataclass(frozen=True)
class Task:
    """An exercise where it stands in a lesson.

    Attributes:
        name: of the exercise, such as `gram` in `exercises.gram.check(gram_matrix)`.
        answer: what is checked: the name of a function, or `prediction`.
        exercise: with its check and its solution.
        stub: the number of the cell that the reader fills in.
        check: the number of the cell with the check; for a prediction the same.
    """

    name: str
    answer: str
    exercise: Exercise
    stub: int
    check: int

    @property
    def number(self) -> str:
        """As the lesson counts it: 3.1."""
        return self.exercise.title.split()[0]

    @property
    def coding(self) -> bool:
        """Whether a function is to be written."""
        return isinstance(self.exercise, Coding)


@dataclass(frozen=True)
class Lesson:
    """A notebook of the course.

    Attributes:
        stem: the file's name without its ending, 03_gram_matrix.
        notebook: the content of the file.
        tasks: its exercises, in order.
    """

    stem: str
    notebook: dict[str, Any]
    tasks: tuple[Task, ...]

    @property
    def number(self) -> str:
        """Of the lesson: 03."""
        return self.stem.split("_")[0]

    @property
    def title(self) -> str:
        """The heading, without its number."""
        return source(self.notebook["cells"][0]).splitlines()[0].partition("· ")[2]


def course_root() -> Path:
    """The folder that has `notebooks/` and `docs/`: the repository, or the one that a wheel brings.

    Raises:
        InputError: there is neither.
    """
    package = Path(styletools.__file__).resolve().parent
    for root in (package / "data" / "course", package.parent):
        if (root / "notebooks").is_dir():
            return root
    raise InputError(
        "course: expected the notebooks in the package or beside it, found none; install styletools from its wheel, or "
        "clone the repository"
    )


@cache
def lessons() -> tuple[Lesson, ...]:
    """All lessons, in order.

    Example:
        >>> [lesson.number for lesson in lessons()][:4], len(lessons()[4].tasks)
        (['00', '00b', '01', '02'], 5)
    """
    paths = sorted((course_root() / "notebooks").glob("[0-9]*.ipynb"))
    return tuple(read_lesson(path) for path in paths)


def read_lesson(path: Path) -> Lesson:
    """A notebook with its exercises."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    return Lesson(path.stem, notebook, tuple(_tasks(path.stem, notebook["cells"])))


def source(cell: Cell) -> str:
    """The text of a cell, which a file may store as lines."""
    text = cell.get("source", "")
    return text if isinstance(text, str) else "".join(text)


def _tasks(stem: str, cells: list[Cell]) -> Iterator[Task]:
    for i, cell in enumerate(cells):
        found = _CHECK.search(source(cell)) if cell["cell_type"] == "code" else None
        if found is None:
            continue
        name, answer = found.groups()
        module = importlib.import_module(f"styletools.exercises.lesson{stem.split('_', maxsplit=1)[0]}")
        exercise: Exercise = getattr(module, name)
        stub = _defining(cells[:i], answer) if isinstance(exercise, Coding) else i
        yield Task(name, answer, exercise, stub, i)


def _defining(cells: list[Cell], name: str) -> int:
    """The last cell that defines a function."""
    return max(
        i
        for i, cell in enumerate(cells)
        if cell["cell_type"] == "code" and re.search(rf"^def {name}\(", source(cell), re.MULTILINE)
    )


def stub_of(lesson: Lesson, task: Task) -> ast.FunctionDef:
    """The empty function that a reader fills in, as a syntax tree."""
    (found,) = (
        node
        for node in ast.parse(source(lesson.notebook["cells"][task.stub])).body
        if isinstance(node, ast.FunctionDef) and node.name == task.answer
    )
    return found
