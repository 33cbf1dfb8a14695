"""Grade what students sent: `styletools course grade FOLDER`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any

from styletools.course.exams import file_name, questions
from styletools.course.lessons import lessons
from styletools.course.reading_cells import Asked
from styletools.course.remote import Process, Remote
from styletools.course.submissions import Submission, submissions
from styletools.exercises.exercise import Exercise, Verdict
from styletools.exercises.prediction import Prediction

__all__ = ["Graded", "Mark", "grade"]


@dataclass(frozen=True)
class Mark:
    """What an answer to an exercise got.

    Attributes:
        number: as the lesson counts it.
        title: its name.
        points: that it got.
        of: the most that it could get.
        state: `"right"`, `"not yet"` or `"not attempted yet"`.
        feedback: the check's words.
        uses: which of the package's functions the answer calls.
    """

    number: str
    title: str
    points: float
    of: float
    state: str
    feedback: str
    uses: tuple[str, ...] = ()


@dataclass(frozen=True)
class Graded:
    """A submission with its marks; without any where it could not be graded.

    Attributes:
        submission: the file.
        marks: one for each exercise.
        counts: whether it counts; of several files of one student for one lesson, one does.
        missing: which limits its process did not have.
    """

    submission: Submission
    marks: tuple[Mark, ...] = ()
    counts: bool = True
    missing: tuple[str, ...] = ()

    @property
    def points(self) -> float:
        """The sum of the marks."""
        return sum(mark.points for mark in self.marks)


@dataclass(frozen=True)
class _Item:
    """An exercise that is looked for in a submission."""

    number: str
    title: str
    asked: Asked
    exercise: Exercise

    @property
    def key(self) -> str:
        return self.asked.name or self.asked.answer


def grade(
    folder: Path,
    *,
    points: Mapping[str, float] | None = None,
    seed: int = 0,
    variants: Mapping[str, int] | None = None,
) -> Iterator[Graded]:
    """Grade a folder, one file after another.

    Args:
        folder: with files, or with a folder for each student.
        points: number of an exercise → points, where it is not 1.
        seed: of the random inputs; 0 gives those of the notebooks.
        variants: student → seed of the examination.

    Yields:
        Each file, graded or with the reason why it is not, after all have been read. Of several files of one student
        for one lesson the best counts; the others are marked.

    Raises:
        InputError: there is no such folder.
    """
    points, graded = points or {}, []
    for number, submission in enumerate(submissions(folder)):
        one = _graded(submission, number, points, seed, variants or {})
        graded.append(one)
    yield from _counted(graded)


def _graded(
    submission: Submission, number: int, points: Mapping[str, float], seed: int, variants: Mapping[str, int]
) -> Graded:
    if submission.problem:
        return Graded(submission)
    if submission.lesson == "examination":
        found = _seed_of(submission, variants)
        if found is None:
            problem = "is an examination of nobody in the table of variants; rename its folder or file to the student"
            return Graded(replace(submission, problem=problem))
        items = _examination(found)
    else:
        items = _lesson(submission.lesson, seed)
    return _Grading(submission, number, items, points).grade()


class _Grading:
    """One submission, graded in a process, or in several if one ended early."""

    def __init__(
        self, submission: Submission, number: int, items: Sequence[_Item], points: Mapping[str, float]
    ) -> None:
        self.submission, self.number, self.items, self.points = submission, number, items, points
        self.asked = [item.asked for item in items]
        self.process: Process | None = None
        self.missing: tuple[str, ...] = ()

    def grade(self) -> Graded:
        """Grade all its exercises."""
        try:
            uses = self._asked_of(lambda process: process.read(self.submission.cells, self.asked), {})
            states = self._asked_of(lambda process: process.run(self.submission.cells, self.asked), None)
            marks = tuple(self._mark(item, states, uses.get(item.key, ())) for item in self.items)
        finally:
            if self.process is not None and self.process.alive:
                self.process.end()
        return Graded(self.submission, marks, missing=self.missing)

    def _asked_of(self, question: Any, otherwise: Any) -> Any:
        if self.process is None or not self.process.alive:
            self.process = Process(self.number)
            self.missing = tuple(map(str, self.process.missing))
        try:
            return question(self.process)
        except Exception as error:  # Ended, or what a changed interpreter raised: none of it is trusted
            if self.process.alive:
                self.process.end()
            self.why = str(error)
            return otherwise

    def _mark(self, item: _Item, states: Mapping[str, Any] | None, uses: Sequence[str]) -> Mark:
        verdict = self._verdict(item, states)
        most = float(self.points.get(item.number, 1))
        words = () if isinstance(item.exercise, Prediction) else tuple(map(str, uses))[:5]
        got = most if verdict.ok else 0.0
        return Mark(item.number, item.title, got, most, verdict.state, verdict.message, words)

    def _verdict(self, item: _Item, states: Mapping[str, Any] | None) -> Verdict:
        exercise = item.exercise
        if states is None or not (self.process and self.process.alive):  # alone, so that no other exercise can end it
            states = self._asked_of(lambda process: process.run(self.submission.cells, self.asked, item.key), None)
            if states is None:
                return Verdict(exercise.title, "not yet", self.why)
        state = states.get(item.key)
        if state is None:
            return Verdict(exercise.title, "not attempted yet", "Its cell is not there.")
        if "error" in state:
            return Verdict(exercise.title, "not yet", str(state["error"])[:1000])
        if "function" in state:
            assert self.process is not None
            verdict = exercise.check(Remote(self.process, item.key))
            ended = not self.process.alive and verdict.message.startswith("It raises Ended")
            return replace(verdict, message=self.process.why) if ended else verdict
        return exercise.check(state.get("value"))


@cache
def _lesson(number: str, seed: int) -> tuple[_Item, ...]:
    (lesson,) = (lesson for lesson in lessons() if lesson.number == number)
    return tuple(
        _Item(
            task.number,
            task.exercise.title.partition(" ")[2],
            Asked(task.name, task.answer, task.coding),
            _measured(task.exercise.fresh(seed)),
        )
        for task in lesson.tasks
    )


@cache
def _examination(seed: int) -> tuple[_Item, ...]:
    return tuple(
        _Item(str(i), one.title, Asked("", one.name, not isinstance(one.exercise, Prediction)), _measured(one.exercise))
        for i, one in enumerate(questions(seed), 1)
    )


def _measured(exercise: Exercise) -> Exercise:
    """The exercise; what a prediction is compared with is measured once, not for each submission."""
    if isinstance(exercise, Prediction):
        exercise.measure = cache(exercise.measure)
    return exercise


def _seed_of(submission: Submission, variants: Mapping[str, int]) -> int | None:
    seeds = {file_name(student).casefold(): seed for student, seed in variants.items()}
    return seeds.get(file_name(submission.student).casefold())


def _counted(graded: Sequence[Graded]) -> Iterator[Graded]:
    """Of several files of one student for one lesson, let the best count."""

    def whose(one: Graded) -> tuple[str, str]:
        return one.submission.student.casefold(), one.submission.lesson

    for (_, lesson), group in groupby(sorted(graded, key=whose), key=whose):
        same = list(group)
        best = max(same, key=lambda one: one.points)
        for one in same:
            yield one if one is best or not lesson or not one.marks else replace(one, counts=False)
