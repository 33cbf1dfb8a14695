"""What is handed out: from one source, each form whole by itself."""

from __future__ import annotations

import json
import re
import zipfile

import nbformat
import pytest

from styletools.course import exams, forms
from styletools.course.build import FORMS, build
from styletools.course.cells import as_file
from styletools.course.lessons import lessons, source
from styletools.course.questions import QUESTIONS
from styletools.course.solved import solution, value
from styletools.errors import InputError
from styletools.exercises.coding import Coding

LESSONS = {lesson.stem: lesson for lesson in lessons()}
WITH_TASKS = [lesson for lesson in LESSONS.values() if lesson.tasks]
TASKS = [pytest.param(lesson, task, id=task.number) for lesson in WITH_TASKS for task in lesson.tasks]
each = pytest.mark.parametrize("lesson", LESSONS.values(), ids=LESSONS)
each_with_tasks = pytest.mark.parametrize("lesson", WITH_TASKS, ids=[lesson.stem for lesson in WITH_TASKS])


def valid(lesson, cells):
    notebook = nbformat.reads(as_file(lesson, cells), as_version=4)
    nbformat.validate(notebook)
    ids = [cell.id for cell in notebook.cells]
    assert len(set(ids)) == len(ids)
    return notebook


def imports():
    import torch

    import styletools as st

    return {"torch": torch, "st": st}


def test_every_exercise_of_the_course_is_a_task():
    for lesson in WITH_TASKS:
        module = __import__(f"styletools.exercises.lesson{lesson.number}", fromlist=["x"])
        assert sorted(task.exercise.title for task in lesson.tasks) == sorted(e.title for e in module.EXERCISES)


@pytest.mark.parametrize(("lesson", "task"), TASKS)
def test_the_solved_cell_is_right(lesson, task):
    """With what a lesson imports, and nothing else."""
    if task.coding:
        space = imports()
        exec(solution(lesson, task), space)
        assert task.exercise.fresh().check(space[task.answer]).ok
        assert task.exercise.fresh(seed=5).check(space[task.answer]).ok
        assert ": Tensor" not in solution(lesson, task)
    else:
        assert task.exercise.fresh().check(eval(value(task))).ok


@each
def test_students_get_no_solution_and_all_pictures(lesson):
    notebook = valid(lesson, forms.student(lesson))
    text = json.dumps(notebook.cells)
    assert "../docs" not in text
    for cell in notebook.cells:
        for name in re.findall(r"\(attachment:([^)]+)\)", cell.source):
            assert name in cell.attachments
    for task in lesson.tasks:
        assert "# your code" in notebook.cells[task.stub].source or "= None" in notebook.cells[task.stub].source \
            or "= set()" in notebook.cells[task.stub].source  # fmt: skip
    assert any(cell.get("outputs") for cell in notebook.cells)
    bare = valid(lesson, forms.student(lesson, outputs=False))
    assert not any(cell.get("outputs") for cell in bare.cells)
    assert [cell.source for cell in bare.cells] == [cell.source for cell in notebook.cells]


@each
def test_teachers_get_solutions_reasons_and_what_to_discuss(lesson):
    notebook = valid(lesson, forms.instructor(lesson))
    text = "\n".join(cell.source for cell in notebook.cells)
    for task in lesson.tasks:
        assert (solution(lesson, task) if task.coding else f"{task.answer} = {value(task)}") in text
        assert task.exercise.why in text
    assert notebook.cells[-1].source.startswith("## For discussion: where to begin\n\n**")
    assert "# your code" not in text


@each_with_tasks
def test_nbgrader_has_a_solution_and_a_test_for_each(lesson):
    made = forms.nbgrader_source(lesson)
    notebook, release = valid(lesson, made), valid(lesson, forms.nbgrader_release(made))
    graded = [cell.metadata.nbgrader for cell in notebook.cells if "nbgrader" in cell.metadata]
    assert len(graded) == 2 * len(lesson.tasks)
    assert sum(about.get("points", 0) for about in graded) == len(lesson.tasks)
    assert all(about.locked != about.solution for about in graded)
    text = "\n".join(cell.source for cell in release.cells)
    assert "SOLUTION" not in text
    assert "HIDDEN" not in text
    assert "verdict" not in text
    for task in lesson.tasks:  # both run: the release says "not attempted yet", the source is right
        for which, state in ((release, "not attempted yet"), (notebook, "right")):
            space = {
                **imports(),
                "exercises": __import__(f"styletools.exercises.lesson{lesson.number}", fromlist=["x"]),
            }
            cells = {
                cell.metadata.nbgrader.grade_id: cell.source for cell in which.cells if "nbgrader" in cell.metadata
            }
            exec(cells[f"{task.name}-answer"], space)
            exec(cells[f"{task.name}-test"], space)
            assert getattr(space["exercises"], task.name).verdict.state == state


@each_with_tasks
def test_otter_has_a_question_for_each(lesson):
    notebook = valid(lesson, forms.otter(lesson))
    raws = [cell.source.splitlines()[0] for cell in notebook.cells if cell.cell_type == "raw"]
    one = ["# BEGIN QUESTION", "# BEGIN SOLUTION", "# END SOLUTION", "# BEGIN TESTS", "# END TESTS", "# END QUESTION"]
    assert raws == ["# ASSIGNMENT CONFIG", *one * len(lesson.tasks)]


def test_build_writes_folders_zips_and_nothing_twice(tmp_path):
    folders = build(tmp_path / "out", which=["student", "slides"], outputs=False)
    assert [folder.name for folder in folders] == ["student", "slides"]
    for folder in folders:
        files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        with zipfile.ZipFile(folder.with_suffix(".zip")) as archive:
            assert {name.partition("/")[2]: archive.read(name) for name in archive.namelist()} == files
    assert '<section class="slide">' in (tmp_path / "out" / "slides" / "slides.html").read_text(encoding="utf-8")
    with pytest.raises(InputError, match="--force"):
        build(tmp_path / "out", which=["student"])
    before = (tmp_path / "out" / "student.zip").read_bytes()
    build(tmp_path / "out", which=["student"], outputs=False, force=True)
    assert (tmp_path / "out" / "student.zip").read_bytes() == before


def test_wrong_words_are_one_line(tmp_path):
    for which, words in ((["none"], "expected some of student"), (["examination"], "--variant SEED")):
        with pytest.raises(InputError, match=words):
            build(tmp_path, which=which)
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot write"):
        build(tmp_path / "file" / "x", which=["otter"])
    assert set(FORMS) == {"student", "instructor", "nbgrader", "otter", "slides", "examination"}


class TestExaminations:
    """Other numbers and pictures for each seed."""

    def test_each_student_has_their_own_and_the_same_again(self):
        seeds = exams.seeds(["Ada", "Bob"], 1)
        ada, again, bob = (exams.notebook(name, seeds[name]) for name in ("Ada", "Ada", "Bob"))
        assert ada == again
        texts = [[source(cell) for cell in json.loads(data)["cells"][2:]] for data in (ada, bob)]
        questions = [[text for text in found if text.startswith("##")] for found in texts]
        assert len(questions[0]) == len(QUESTIONS)
        assert sum(a != b for a, b in zip(*questions, strict=True)) >= len(QUESTIONS) - 2
        nbformat.validate(nbformat.reads(ada, as_version=4))

    @pytest.mark.parametrize("seed", range(4))
    def test_what_is_shown_as_right_is_right_and_a_stub_is_not(self, seed):
        for question in exams.questions(10_000 * seed + 17):
            space = imports()
            exec(question.stub, space)
            assert question.exercise.fresh().check(space[question.name]).state == "not attempted yet"
            exec(question.solved, space)
            assert question.exercise.fresh().check(space[question.name]).ok, question
            if isinstance(question.exercise, Coding):
                for message, mistaken in question.exercise.mistakes.items():
                    assert question.exercise.fresh().check(mistaken).message == message

    def test_lists_of_students(self, tmp_path):
        path = tmp_path / "names"
        path.write_text("\ufeffStudent,mail\nAda,x\n\n 李 ,y\n", encoding="utf-8")
        assert exams.read_students(path) == ["Ada", "李"]
        for text, words in (("", "got none"), ("Ada B\nada_b\n", "twice")):
            path.write_text(text)
            with pytest.raises(InputError, match=words):
                exams.read_students(path)
        path.write_bytes(exams.variants_file({"Ada, B": 5, "李": 7}))
        assert exams.read_variants(path) == {"Ada, B": 5, "李": 7}
        path.write_text("student,seed\nAda,x\n")
        with pytest.raises(InputError, match="columns student and seed"):
            exams.read_variants(path)
        with pytest.raises(InputError, match="cannot be read"):
            exams.read_variants(tmp_path / "none")
