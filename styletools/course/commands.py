"""The command `styletools course`: its subcommands, and what they do."""

from __future__ import annotations

import argparse
import secrets
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from styletools.errors import InputError
from styletools.options import Parser

if TYPE_CHECKING:
    from styletools.course.grading import Graded

__all__ = ["add_course"]

UNLIMITED = {
    "network": "the network",
    "user": "files and programs of the user who grades, but for what the system's own rules (Landlock) forbid",
    "files": "files that the user who grades can read or write",
    "memory": "memory",
}


def add_course(command: Parser) -> None:
    """Add `build` and `grade` to the command `styletools course`.

    Example:
        >>> command = Parser(prog="course")
        >>> add_course(command)
        >>> command.parse_args(["build", "-o", "out"]).output
        PosixPath('out')
    """
    commands = command.add_subparsers(required=True, metavar="build | grade")
    command.topics[""].append(commands)

    def add(name: str, text: str) -> Parser:
        made: Parser = commands.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.")
        return made

    made = add("build", "make what is handed out: notebooks with and without solutions, for nbgrader, for Otter-Grader")
    made.set_defaults(command=_build)
    made.add("", "-o", "--output", type=Path, required=True, metavar="FOLDER", help="where to write")
    made.add("", "-f", "--force", action="store_true", help="replace what is there")
    hint = "student, instructor, nbgrader, otter, slides or examination; again for another (default: all)"
    made.add("", "--only", action="append", metavar="FORM", help=hint)
    made.add("", "--no-outputs", dest="outputs", action="store_false", help="students' notebooks without their figures")
    made.add(
        "", "--variant", type=int, metavar="SEED", help="an examination with the numbers and pictures of this seed"
    )
    hint = "a text with one student a line: an examination for each; --variant, if given, is then the teacher's secret"
    made.add("", "--students", type=Path, metavar="FILE", help=hint)

    made = add("grade", "grade what students sent: a folder of notebooks, or with a folder for each student")
    made.set_defaults(command=_grade)
    made.add("", "folder", type=Path, metavar="FOLDER", help="what they sent")
    hint = "the table; beside it a table of totals and a page for each student (default grades.csv)"
    made.add("", "-o", "--output", type=Path, default=Path("grades.csv"), metavar="CSV", help=hint)
    made.add(
        "", "--points", type=_points, default={}, metavar="3.1=2,…", help="points of exercises not worth one point"
    )
    hint = "seed of the inputs that answers are tried with; 0 takes those of the notebooks (default 0)"
    made.add("", "--seed", type=int, default=0, metavar="N", help=hint)
    hint = "students and seeds of an examination, as `course build` wrote it: examination/variants.csv"
    made.add("", "--variants", type=Path, metavar="CSV", help=hint)


def _build(
    output: Path, force: bool, only: list[str] | None, outputs: bool, variant: int | None, students: Path | None
) -> int:
    from styletools.course import exams  # noqa: PLC0415  # these import much that no other command needs
    from styletools.course.build import build  # noqa: PLC0415

    variants: dict[str, int] = {}
    if students is not None:
        secret = secrets.randbelow(10**9) if variant is None else variant
        variants = exams.seeds(exams.read_students(students), secret)
    elif variant is not None:
        variants = {f"variant {variant}": variant}
    for folder in build(output, which=only or (), outputs=outputs, force=force, variants=variants):
        print(f"{folder}  {folder.with_suffix('.zip').name}")
    return 0


def _grade(folder: Path, output: Path, points: dict[str, float], seed: int, variants: Path | None) -> int:
    from styletools.course.exams import read_variants  # noqa: PLC0415  # as above
    from styletools.course.grading import grade  # noqa: PLC0415
    from styletools.course.results import write_results  # noqa: PLC0415

    if not output.parent.is_dir():
        raise InputError(f"{output}: expected a folder that is there, got {output.parent}")
    if not 0 <= seed < 10**6:
        raise InputError(f"--seed: expected 0 … 999999, got {seed}")
    table = read_variants(variants) if variants else None
    graded = []
    for one in grade(folder, points=points, seed=seed, variants=table):
        graded.append(one)
        print(_line(one))
    for path in write_results(graded, output):
        print(path)
    for limit in sorted({name for one in graded for name in one.missing}):
        print(f"styletools: not protected from the submissions: {UNLIMITED.get(limit, limit)}", file=sys.stderr)
    return 0


def _line(one: Graded) -> str:
    sent = one.submission
    if not one.marks:
        return f"{sent.student}: {sent.file} {sent.problem}"
    of = sum(mark.of for mark in one.marks)
    counts = "" if one.counts else " (another file counts)"
    return f"{sent.student}: {sent.lesson} {one.points:g} of {of:g}{counts}"


def _points(text: str) -> dict[str, float]:
    pairs: Sequence[Any] = [word.partition("=") for word in text.split(",") if word.strip()]
    try:
        points = {name.strip(): float(number) for name, _, number in pairs}
    except ValueError:
        points = {"": -1.0}
    if not all(name and 0 <= number < 1e6 for name, number in points.items()):
        raise argparse.ArgumentTypeError(f"expected numbers of exercises and points, such as 3.1=2,4.4=3, got {text!r}")
    return points
