"""An examination for each student: the same questions with other numbers and pictures, from a seed."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from torch import Generator

from styletools.course.cells import code, markdown
from styletools.course.questions import QUESTIONS, Question
from styletools.errors import InputError

__all__ = ["file_name", "notebook", "questions", "read_students", "read_variants", "seeds", "variants_file"]

RULES = """# Examination

**For:** {student}

Fill in the cells below; the names in them must stay as they are. Nothing here says whether an answer is right. Numbers
and pictures are your own: other students have others. The course's notebooks and the package may be used.
"""
IMPORTS = "import styletools as st\nimport torch"


def seeds(students: Sequence[str], variant: int) -> dict[str, int]:
    """A seed for each student, which only those who know the variant can find.

    Example:
        >>> seeds(["Ada"], 1) == seeds(["Ada"], 1), seeds(["Ada"], 1) == seeds(["Ada"], 2)
        (True, False)
    """
    digests = {student: hashlib.sha256(f"{variant}/{student}".encode()).digest() for student in students}
    return {student: int.from_bytes(digest[:6], "big") for student, digest in digests.items()}


def questions(seed: int) -> list[Question]:
    """The questions of an examination.

    Example:
        >>> [question.name for question in questions(1)][:3]
        ['shape', 'field', 'content']
    """
    return [make(Generator().manual_seed(seed + number)) for number, make in enumerate(QUESTIONS)]


def notebook(student: str, seed: int, *, solved: bool = False) -> bytes:
    """An examination as a file, or its solution.

    Example:
        >>> len(json.loads(notebook("Ada", 1))["cells"])
        22
    """
    cells = [markdown("rules", RULES.format(student=student)), code("imports", IMPORTS)]
    for number, question in enumerate(questions(seed), 1):
        cells.append(markdown(f"question-{number}", f"## {number}. {question.title}\n\n{question.text}"))
        cells.append(code(f"answer-{number}", question.solved if solved else question.stub))
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    about = {"kernelspec": kernel, "language_info": {"name": "python"}, "styletools": {"examination": student}}
    whole = {"cells": cells, "metadata": about, "nbformat": 4, "nbformat_minor": 5}
    return (json.dumps(whole, indent=1, ensure_ascii=False) + "\n").encode()


def file_name(student: str) -> str:
    """A student's name as every file system accepts it.

    Example:
        >>> file_name("Ada Lovelace / B."), file_name("李")
        ('Ada_Lovelace_B', '李')
    """
    return re.sub(r"[^\w-]+", "_", student).strip("_") or "student"


def variants_file(variants: Mapping[str, int]) -> bytes:
    r"""The table of students and seeds, which `grade --variants` reads. It is for the teacher only.

    Example:
        >>> variants_file({"Ada": 5})
        b'student,seed\nAda,5\n'
    """
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([("student", "seed"), *variants.items()])
    return text.getvalue().encode()


def read_variants(path: Path) -> dict[str, int]:
    """Read that table.

    Raises:
        InputError: it is no such table.
    """
    try:
        rows = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"))))
        return {row["student"]: int(row["seed"]) for row in rows}
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or error}") from error
    except (KeyError, ValueError, TypeError) as error:
        expected = "expected a table with the columns student and seed, as `course build` writes it"
        raise InputError(f"{path}: {expected}") from error


def read_students(path: Path) -> list[str]:
    """Read a list of students: one name a line, or the first column of a table.

    Raises:
        InputError: it cannot be read, is empty, or has two names that make the same file.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeError) as error:
        raise InputError(f"{path}: expected a text with one student a line; it cannot be read: {error}") from error
    names = [name for name in _first_column(lines) if name]
    files = [file_name(name).casefold() for name in names]
    twice = next((name for name, file in zip(names, files, strict=True) if files.count(file) > 1), None)
    if not names or twice:
        got = f"{twice!r} twice" if twice else "none"
        raise InputError(f"{path}: expected one student a line, each with a name of their own, got {got}")
    return names


def _first_column(lines: Sequence[str]) -> Iterator[str]:
    for number, row in enumerate(csv.reader(lines)):
        name = row[0].strip() if row else ""
        if number or name.casefold() not in ("student", "name", "names"):
            yield name
