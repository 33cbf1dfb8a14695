"""Grades: what a check says of an answer is what its author gets, whatever the notebook looks like."""

from __future__ import annotations

import json
import os
import re
import sys

import pytest
from synthetic import a_class, directly

from styletools import exercises
from styletools.course import exams, remote
from styletools.course.grading import grade
from styletools.course.reading_cells import Asked
from styletools.exercises import lesson03

ADDRESS = re.compile(r"0x[0-9a-f]+")
LONG = bool(os.environ.get("STYLETOOLS_SOAK"))


def test_a_class_gets_what_the_checks_say(tmp_path):
    """Two hundred submissions in the long form. Each verdict, in the same words, is that of the check itself."""
    sent = a_class(tmp_path, 200 if LONG else 10)
    seen = 0
    told = {}
    for one in grade(tmp_path):
        assert one.submission.problem == ""
        expected = sent[one.submission.student]
        assert [mark.number for mark in one.marks] == list(expected)
        for mark in one.marks:
            task, answer = expected[mark.number]
            if (task.number, answer) not in told:
                told[task.number, answer] = directly(task, answer)
            verdict = told[task.number, answer]
            assert (mark.state, mark.points) == (verdict.state, float(verdict.ok)), (answer, mark, verdict)
            assert answer.kind == "right" or not mark.points
            assert ADDRESS.sub("", mark.feedback) == ADDRESS.sub("", verdict.message), answer
            seen += 1
    assert seen == sum(map(len, sent.values()))


def send(folder, *cells, name="Ada.ipynb"):
    """A submission for lesson 03 with these cells."""
    cells = ["from styletools.exercises import lesson03 as exercises", *cells]
    code = [{"cell_type": "code", "source": text, "outputs": []} for text in cells]
    (folder / name).write_text(json.dumps({"cells": code, "metadata": {}, "nbformat": 4}), encoding="utf-8")


def marks(folder, **options):
    """What the only submission got: number → (points, feedback)."""
    (one,) = grade(folder, **options)
    return {mark.number: (mark.points, mark.feedback) for mark in one.marks}


CHECK = "exercises.gram.check(gram_matrix)"
NUMBERS = "prediction = 131328\nexercises.numbers.check(prediction)"
GRAM = "def gram_matrix(F):\n    F = F.flatten(2)\n    return F @ F.transpose(1, 2)"
WRONG_GRAM = "def gram_matrix(F):\n    return F"


def hostile(body, above=""):
    """An answer that tries something instead of computing."""
    return f"{above}\ndef gram_matrix(F):\n    {body}"


# What it tries → the beginning of what it is told, where it has what Linux offers.
ATTACKS = {
    "prints a verdict": (hostile("print('✔ 3.1: right'); return True"), "Wrong shape"),
    "equals everything": (
        hostile(
            "return Same()", "class Same:\n    def __eq__(self, other): return True\n    __float__ = lambda s: 1.0"
        ),
        "Expected shape",
    ),
    "patches torch and the checks": (
        hostile(
            "return F",
            "import sys, torch\ntorch.allclose = lambda *a, **k: True\n"
            "for module in list(sys.modules.values()):\n"
            "    for name in ('same', 'difference', 'patiently'):\n"
            "        if hasattr(module, name): setattr(module, name, lambda *a, **k: True)",
        ),
        "Wrong shape",
    ),
    "takes the solution": (
        hostile("from styletools.exercises import lesson03 as x; return x.gram.solve(F)"),
        "It raises ImportError",
    ),
    "reads the solution": (hostile(f"return open({exercises.__file__!r}).read()"), "It raises PermissionError"),
    "writes the grades": (
        hostile("open('../grades.csv', 'w').write('Ada,3.1,1'); return F"),
        "It raises PermissionError",
    ),
    "reads its neighbours": (hostile("import os; return os.listdir('..')"), "It raises PermissionError"),
    "writes into every open file": (
        hostile(
            "return F", "import os\nfor fd in range(3, 200):\n    try: os.write(fd, b'{}')\n    except OSError: pass"
        ),
        "Its process",
    ),
    "asks the network": (
        hostile("import socket; return socket.create_connection(('127.0.0.1', 22), 1)"),
        "It raises PermissionError",
    ),
    "ends Python": (hostile("import os; os._exit(0)"), "Its process ended."),
    "ends the grader": (hostile("import os; os.kill(os.getppid(), 9); return F"), "It raises PermissionError"),
    "never ends": (hostile("while True: pass"), "It was ended after 5 seconds."),
    "takes all memory": (hostile("return bytearray(10**11)"), "It raises MemoryError"),
    "answers with a large thing": (hostile("import torch; return torch.zeros(1).expand(10**12)"), "Expected shape"),
    "raises what cannot be shown": (
        hostile("raise Odd", "class Odd(BaseException):\n    def __str__(self): raise self"),
        "It raises Odd",
    ),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_no_point_is_faked_and_the_next_exercise_is_graded(tmp_path, attack):
    text, told = ATTACKS[attack]
    send(tmp_path, text, CHECK, NUMBERS)
    (one,) = grade(tmp_path)
    gram, *_, numbers, _ = one.marks
    assert (gram.number, gram.points) == ("3.1", 0)
    assert (numbers.number, numbers.points) == ("3.4", 1)
    if sys.platform == "linux" and not {"files", "network"} & set(one.missing):
        assert gram.feedback.startswith(told), gram.feedback
    assert [path.name for path in tmp_path.iterdir()] == ["Ada.ipynb"]


def test_a_cell_that_never_ends_costs_only_its_own_exercise(tmp_path, monkeypatch):
    monkeypatch.setattr(remote, "RUN", 5.0)
    send(tmp_path, f"{GRAM}\nwhile True: pass", CHECK, NUMBERS)
    found = marks(tmp_path)
    assert found["3.1"] == (0, "It was ended after 5 seconds. Is there a loop that never ends?")
    assert found["3.4"][0] == 1


@pytest.mark.parametrize(
    ("cells", "points", "feedback"),
    [
        ([GRAM, CHECK], 1, "G_ij is large"),
        ([CHECK, GRAM], 1, "G_ij is large"),
        ([GRAM], 1, "G_ij is large"),
        ([CHECK], 0, "Its cell raises NameError"),
        ([NUMBERS], 0, "Its cell is not there."),
        ([GRAM, CHECK, "def gram_matrix(F):\n    return None  # your code"], 1, "G_ij is large"),
        ([WRONG_GRAM, CHECK, GRAM, CHECK], 1, "G_ij is large"),
        ([GRAM, CHECK, WRONG_GRAM], 0, "Wrong shape"),
        (["flat = lambda F: F.flatten(2)", "def gram_matrix(F):\n    return flat(F) @ flat(F).mT", CHECK], 1, "G_ij"),
        (["def mine(F):\n    F = F.flatten(2)\n    return F @ F.mT", "exercises.gram.check(mine)"], 1, "G_ij is large"),
        ([f"%timeit 3\n!ls\n{GRAM}\nprint(gram_matrix(nothing))", CHECK], 1, "G_ij is large"),
        (["long = 1 / 0", "import no_such_thing", GRAM, CHECK], 1, "G_ij is large"),
        (["def gram_matrix(F)\n    return F", CHECK], 0, "The cell cannot be read: expected ':', line 1 of the cell."),
        (["gram_matrix = lambda F: F.flatten(2) @ F.flatten(2).mT", CHECK], 1, "G_ij is large"),
        ([f"{GRAM}\nraise ValueError('mine')", CHECK], 1, "G_ij is large"),
        (["def gram_matrix(F):\n    F *= 2\n    return F @ F.mT", CHECK], 0, "It changes its argument F."),
        (
            ["def gram_matrix(F):\n    F = F.detach().flatten(2)\n    return F @ F.mT", CHECK],
            0,
            "The value is right, but it",
        ),
    ],
)
def test_what_students_do_to_cells(tmp_path, cells, points, feedback):
    send(tmp_path, *cells)
    found = marks(tmp_path)["3.1"]
    assert found[0] == points, found
    assert found[1].startswith(feedback)


def test_a_stub_is_not_attempted(tmp_path):
    send(tmp_path, 'def gram_matrix(F):\n    """Eq. 3."""\n    return None  # your code', CHECK)
    ((mark, *_),) = (one.marks for one in grade(tmp_path))
    assert (mark.state, mark.points) == ("not attempted yet", 0)


def test_points_seeds_and_what_is_used(tmp_path):
    send(tmp_path, "def gram_matrix(F):\n    return st.gram_matrix(F)", CHECK)
    assert marks(tmp_path, points={"3.1": 2.5})["3.1"][0] == 2.5
    assert marks(tmp_path, seed=7)["3.1"][0] == 1
    ((mark, *_),) = (one.marks for one in grade(tmp_path))
    assert mark.uses == ("st.gram_matrix",)


def test_answers_written_out_for_the_known_inputs_fail_with_others(tmp_path):
    """Inputs that are the same in every notebook can be learnt by heart; with another seed they cannot."""
    trials = lesson03.hidden_weights.trials
    table = [(list(N), lesson03.hidden_weights.solve(N)) for (N,) in trials]
    send(
        tmp_path,
        f"def hidden_weights(N):\n    return dict((tuple(k), v) for k, v in {table!r})[tuple(N)]",
        "exercises.hidden_weights.check(hidden_weights)",
    )
    assert marks(tmp_path)["3.5"][0] == 1
    assert marks(tmp_path, seed=1)["3.5"][0] == 0


def test_the_best_of_several_files_counts(tmp_path):
    for name, text in (("a.ipynb", WRONG_GRAM), ("b.ipynb", GRAM), ("c.ipynb", WRONG_GRAM)):
        (tmp_path / "Ada").mkdir(exist_ok=True)
        send(tmp_path / "Ada", text, CHECK, name=name)
    assert [(one.submission.file, one.counts) for one in grade(tmp_path)] == [
        ("Ada/a.ipynb", False),
        ("Ada/b.ipynb", True),
        ("Ada/c.ipynb", False),
    ]


def test_the_process_sees_neither_solutions_nor_the_grader(tmp_path):
    process = remote.Process(0)
    try:
        cells = [
            "import sys, os, gc",
            "kinds = [type(x).__name__ for x in gc.get_objects()]",
            "found = [name for name in sys.modules if 'exercises' in name]",
            "found = found, [kind for kind in kinds if kind in ('Coding', 'Prediction')], os.listdir('.')",
            "exercises.gram.check(found)",
        ]
        cells[1:] = ["\n".join(cells[1:])]
        states = process.run(cells, [Asked("gram", "gram_matrix", True)])
        assert states["gram"]["value"] == ([], [], [])
    finally:
        process.end()
    assert not os.path.exists(process.folder)


@pytest.mark.skipif(sys.platform != "linux", reason="the limits are Linux's")
def test_what_is_not_limited_is_said(tmp_path):
    send(tmp_path, GRAM)
    (one,) = grade(tmp_path)
    assert set(one.missing) <= {"user", "network", "files"}
    process = remote.Process(1)
    process.end()
    with pytest.raises(remote.Ended):
        process.run([], [])


def test_an_examination_is_graded_by_the_teachers_table(tmp_path):
    seeds = exams.seeds(["Ada", "Bob"], 3)
    (tmp_path / "Ada").mkdir()
    (tmp_path / "Bob").mkdir()
    (tmp_path / "Cy").mkdir()
    for student in ("Ada", "Bob"):  # Bob has sent Ada's
        (tmp_path / student / "x.ipynb").write_bytes(exams.notebook("Ada", seeds["Ada"], solved=True))
    (tmp_path / "Cy" / "x.ipynb").write_bytes(exams.notebook("Ada", seeds["Ada"]))
    ada, bob, cy = grade(tmp_path, variants=seeds)
    assert ada.points == len(ada.marks) == 10
    assert bob.points <= 4
    assert "nobody in the table" in cy.submission.problem
