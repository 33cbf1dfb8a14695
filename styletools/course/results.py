"""Grades as tables, and as a page for each student."""

from __future__ import annotations

import csv
import html
import io
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path

from styletools.course.exams import file_name
from styletools.course.grading import Graded, Mark
from styletools.course.lessons import lessons
from styletools.errors import InputError
from styletools.files import write_whole

__all__ = ["write_results"]

COLUMNS = ("student", "lesson", "exercise", "points", "of", "state", "feedback", "uses", "file", "remark")
NOT_BEST = "another file of this student has more points and counts"
STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #1c1c1c; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.2rem; margin-top: 2rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .4rem .6rem; border-bottom: 1px solid #d0d0d0; }
th:nth-child(2), td:nth-child(2) { white-space: nowrap; }
td:first-child { width: 13rem; } .right { color: #14602b; } .wrong { color: #8a1c1c; } .none, small { color: #555; }
.problem { padding: .6rem .8rem; background: #fbeaea; border-left: 4px solid #8a1c1c; }
@media print { body { margin: 0; max-width: none; } tr { break-inside: avoid; } }
"""
SIGNS = {"right": ("✔", "right"), "not yet": ("✘", "wrong"), "not attempted yet": ("…", "none")}


def write_results(graded: Sequence[Graded], table: Path) -> list[Path]:
    """Write the grades: a line for each exercise, a line for each student, and a page for each student.

    Args:
        graded: all submissions.
        table: the first file; beside it are `NAME_totals.csv` and the folder `NAME_pages`.

    Returns:
        What was written.

    Raises:
        InputError: it cannot be written.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     [path.name for path in write_results([], Path(folder, "grades.csv"))]
        ['grades.csv', 'grades_totals.csv', 'grades_pages']
    """
    totals, pages = table.with_name(f"{table.stem}_totals.csv"), table.with_name(f"{table.stem}_pages")
    try:
        write_whole(table, _csv([COLUMNS, *_lines(graded)]))
        write_whole(totals, _csv(_totals(graded)))
        pages.mkdir(exist_ok=True)
        for name, student, theirs in _students(graded):
            write_whole(pages / f"{name}.html", page(student, theirs).encode())
    except OSError as error:
        raise InputError(f"cannot write the grades to {table}: {error.strerror or error}") from error
    return [table, totals, pages]


def _lines(graded: Iterable[Graded]) -> Iterator[Sequence[object]]:
    """A line for each exercise; for what could not be graded, one line that says why."""
    for one in graded:
        sent = one.submission
        remark = "; ".join([*sent.remarks, *([] if one.counts else [NOT_BEST])])
        if not one.marks:
            yield sent.student, sent.lesson, "", "", "", "not graded", sent.problem, "", sent.file, remark
        for mark in one.marks:
            points = mark.points if one.counts else ""
            yield (sent.student, sent.lesson, mark.number, points, mark.of, mark.state, mark.feedback,
                   " ".join(mark.uses), sent.file, remark)  # fmt: skip


def _totals(graded: Sequence[Graded]) -> Iterator[Sequence[object]]:
    """A line for each student, a column for each lesson, as a school's system imports it."""
    names = sorted({one.submission.lesson for one in graded if one.marks})
    yield "student", *names, "points", "of", "files that could not be graded"
    for _, student, theirs in _students(graded):
        counted = [one for one in theirs if one.marks and one.counts]
        points: dict[str, float] = {}
        for one in counted:
            points[one.submission.lesson] = points.get(one.submission.lesson, 0) + one.points
        of = sum(mark.of for one in counted for mark in one.marks)
        broken = len([one for one in theirs if not one.marks])
        yield student, *(points.get(name, "") for name in names), sum(points.values()), of, broken or ""


def _students(graded: Iterable[Graded]) -> Iterator[tuple[str, str, list[Graded]]]:
    """Each student with a name for a file of their own."""

    def whose(one: Graded) -> str:
        return one.submission.student.casefold()

    taken: set[str] = set()
    for _, group in groupby(sorted(graded, key=whose), key=whose):
        theirs = list(group)
        name = base = file_name(theirs[0].submission.student)[:100]
        while name.casefold() in taken:
            name = f"{name}_{len(taken)}" if name == base else f"{name}_"
        taken.add(name.casefold())
        yield name, theirs[0].submission.student, theirs


def _csv(rows: Iterable[Sequence[object]]) -> bytes:
    """Rows as CSV, with a mark that tells Excel it is UTF-8; what a spreadsheet would compute stays text."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows([_harmless(cell) for cell in row] for row in rows)
    return b"\xef\xbb\xbf" + text.getvalue().encode("utf-8", "replace")


def _harmless(cell: object) -> object:
    if isinstance(cell, float):
        return f"{cell:g}"
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell


def page(student: str, graded: Sequence[Graded]) -> str:
    """The page of a student."""
    parts = [_lesson(one) for one in graded]
    counted = [mark for one in graded if one.counts for mark in one.marks]
    total = f"<p><strong>{_sum(counted)}</strong></p>" if counted else ""
    title = html.escape(student)
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{STYLE}</style></head>\n'
        f"<body><main><h1>{title}</h1>{total}\n{''.join(parts)}</main></body></html>\n"
    )


def _lesson(one: Graded) -> str:
    sent = one.submission
    titles = {lesson.number: f"{lesson.number} · {lesson.title}" for lesson in lessons()}
    heading = titles.get(sent.lesson, sent.lesson.capitalize() or "A file that could not be graded")
    remarks = [*sent.remarks, *([] if one.counts else [NOT_BEST])]
    small = " · ".join(html.escape(text) for text in (sent.file, *remarks))
    head = f"<h2>{html.escape(heading)}</h2><p><small>{small}</small></p>"
    if not one.marks:
        return f'{head}<p class="problem">Not graded: {html.escape(sent.problem)}.</p>'
    rows = "".join(map(_row, one.marks))
    return (
        f"{head}<table><thead><tr><th>Exercise</th><th>Points</th><th>What the check says</th></tr></thead>"
        f"<tbody>{rows}</tbody></table><p>{_sum(one.marks)}</p>"
    )


def _row(mark: Mark) -> str:
    sign, kind = SIGNS.get(mark.state, ("", "none"))
    said = html.escape(f"{mark.state[:1].upper()}{mark.state[1:]}. {mark.feedback}")
    return (
        f"<tr><td>{html.escape(mark.number)} {html.escape(mark.title)}</td><td>{mark.points:g} of {mark.of:g}</td>"
        f'<td><span class="{kind}" aria-hidden="true">{sign}</span> {said}</td></tr>'
    )


def _sum(marks: Sequence[Mark]) -> str:
    return f"{sum(mark.points for mark in marks):g} of {sum(mark.of for mark in marks):g} points"
