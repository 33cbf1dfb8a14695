"""Grades as tables and pages, and the commands that make them."""

from __future__ import annotations

import csv
import io
import subprocess
import sys

import pytest

from styletools.cli import main
from styletools.course.grading import Graded, Mark
from styletools.course.results import page, write_results
from styletools.course.submissions import Submission

MARKS = (
    Mark("3.1", "Gram matrix (Eq. 3)", 1.0, 1.0, "right", "G_ij is large where …"),
    Mark("3.2", "Which two?", 0.0, 2.0, "not yet", "=HYPERLINK(\"x\") <script>alert(1)</script>", ("st.x",)),
)  # fmt: skip


def graded(student="Ada", *, marks=MARKS, counts=True, problem=""):
    sent = Submission(student, f"{student}/x.ipynb", ("x",), "03" if marks else "", problem, ("was UTF-16",))
    return Graded(sent, marks, counts)


def rows(path):
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"))))


def test_tables_and_pages(tmp_path):
    all_of_them = [graded(), graded(counts=False), graded("=Bob", marks=(), problem="is empty"), graded("ADA")]
    table, totals, pages = write_results(all_of_them, tmp_path / "g.csv")
    found = rows(table)
    assert len(found) == 7
    assert [row["points"] for row in found[:4]] == ["1", "0", "", ""]
    assert found[1]["feedback"].startswith("'=HYPERLINK")
    assert "another file" in found[2]["remark"]
    assert (found[4]["student"], found[4]["state"], found[4]["feedback"]) == ("'=Bob", "not graded", "is empty")
    assert [(row["student"], row["03"], row["points"], row["of"]) for row in rows(totals)] == [
        ("'=Bob", "", "0", "0"), ("Ada", "2", "2", "6")]  # fmt: skip
    assert sorted(path.name for path in pages.iterdir()) == ["Ada.html", "Bob.html"]


def test_a_page_shows_what_was_said_and_runs_nothing_of_it():
    text = page("<b>Ada", [graded()])
    assert "<script>" not in text
    assert "&lt;script&gt;" in text
    assert "<b>" not in text
    assert "1 of 3 points" in text
    assert "Not graded: is empty." in page("Bob", [graded("Bob", marks=(), problem="is empty")])


def test_names_that_make_the_same_file_have_two(tmp_path):
    *_, pages = write_results([graded("a/b"), graded("a b"), graded("a?b")], tmp_path / "g.csv")
    assert len(list(pages.iterdir())) == 3


def run(*words):
    try:
        return main(["course", *map(str, words)])
    except SystemExit as end:
        return end.code


def test_from_the_command_line(tmp_path, capsys):
    names = tmp_path / "names.txt"
    names.write_text("Ada\nBob\n")
    assert run("build", "-o", tmp_path / "out", "--only", "examination", "--students", names, "--variant", 5) == 0
    exams = tmp_path / "out" / "examination"
    assert sorted(path.name for path in (exams / "students").iterdir()) == ["Ada.ipynb", "Bob.ipynb"]
    sent = tmp_path / "sent"
    sent.mkdir()
    (sent / "Ada.ipynb").write_bytes((exams / "solved" / "Ada.ipynb").read_bytes())
    (sent / "Bob.ipynb").write_bytes(b"{")
    capsys.readouterr()
    words = ("grade", sent, "-o", tmp_path / "g.csv", "--variants", exams / "variants.csv", "--points", "3=4")
    assert run(*words) == 0
    out, _ = capsys.readouterr()
    assert "Ada: examination 13 of 13" in out
    assert "Bob: Bob.ipynb cannot be read as a notebook" in out
    assert rows(tmp_path / "g.csv")[2]["points"] == "4"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["grade", "none"], "none: expected a folder"),
        (["grade", ".", "-o", "no/such/g.csv"], "expected a folder that is there"),
        (["grade", ".", "--points", "3.1"], "expected numbers of exercises and points"),
        (["grade", ".", "--points", "3.1=-1"], "expected numbers of exercises and points"),
        (["grade", ".", "--seed", "-1"], "--seed: expected 0"),
        (["grade", ".", "--variants", "none.csv"], "cannot be read"),
        (["build", "-o", "x", "--only", "pdf"], "expected some of student"),
        (["build", "-o", "x", "--students", "none.txt"], "cannot be read"),
        (["build"], "required: -o"),
        ([], "required: build | grade"),
    ],
)
def test_wrong_words_are_one_line(tmp_path, monkeypatch, capsys, words, message):
    monkeypatch.chdir(tmp_path)
    assert run(*words) == 2
    error = capsys.readouterr().err
    assert message in error
    assert len(error.splitlines()) == 1


def test_other_commands_do_not_load_the_course():
    program = "import sys, styletools.cli; print([n for n in sys.modules if n.startswith('styletools.exercises')])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
