"""What students send, read: each file is a line, never a stop."""

from __future__ import annotations

import io
import json
import zipfile

import pytest

from styletools.course.grading import grade
from styletools.course.lessons import lessons
from styletools.course.submissions import submissions
from styletools.errors import InputError

CELLS = [
    {"cell_type": "code", "source": ["from styletools.exercises import lesson03 as exercises\n"]},
    {"cell_type": "markdown", "source": "x"},
    {"cell_type": "code", "source": "exercises.gram.check(gram_matrix)"},
]


def notebook(cells=CELLS, **about):
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, **about})


def only(folder):
    (one,) = submissions(folder)
    return one


@pytest.mark.parametrize(
    ("name", "data", "problem"),
    [
        ("a.ipynb", b"", "is empty"),
        ("a.ipynb", b"   \n", "is empty"),
        ("a.ipynb", notebook().encode()[:-40], "cannot be read as a notebook"),
        ("a.ipynb", b"[" * 100_000, "cannot be read as a notebook"),
        ("a.ipynb", b"\x00\x01\x02", "cannot be read as a notebook"),
        ("a.ipynb", b"<!DOCTYPE html><html>", "cannot be read as a notebook"),
        ("a.ipynb", b"null", "has no code cells"),
        ("a.ipynb", b"[1, 2]", "has no code cells"),
        ("a.ipynb", b'{"cells": 5}', "has no code cells"),
        (
            "a.ipynb",
            b'{"cells": [null, 3, {"cell_type": "code"}, {"cell_type": "code", "source": {}}]}',
            "has no code cells",
        ),
        (
            "a.ipynb",
            notebook([{"cell_type": "code", "source": "print(1)"}]).encode(),
            "has none of the course's exercises",
        ),
        (
            "a.ipynb",
            notebook([{"cell_type": "code", "source": "x = 1\n" * 200_000}]).encode(),
            "has more than 1000 000 char",
        ),
        ("a.pdf", b"%PDF", "expected a notebook (.ipynb), got .pdf"),
        ("a", b"x", "expected a notebook (.ipynb), got no ending"),
        ("a.zip", b"PK", "cannot be read as a zip"),
        ("a.zip", b"", "cannot be read as a zip"),
    ],
)
def test_what_cannot_be_graded_is_a_line(tmp_path, name, data, problem):
    (tmp_path / name).write_bytes(data)
    assert problem in only(tmp_path).problem
    assert "\n" not in only(tmp_path).problem
    (one,) = grade(tmp_path)
    assert one.marks == ()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_encodings(tmp_path, encoding):
    cells = [*CELLS, {"cell_type": "code", "source": "# naïve é"}]
    text = json.dumps({"cells": cells, "metadata": {}}, ensure_ascii=False)
    (tmp_path / "a.ipynb").write_bytes(text.encode(encoding))
    one = only(tmp_path)
    assert (one.problem, one.lesson) == ("", "03")
    assert one.cells[-1] == "# naïve é"
    assert bool(one.remarks) == (encoding in ("utf-16", "cp1252"))


def test_other_formats(tmp_path):
    old = {"worksheets": [{"cells": [{"cell_type": "code", "input": cell["source"]} for cell in CELLS]}], "nbformat": 3}
    (tmp_path / "old.ipynb").write_text(json.dumps(old))
    program = "# %%\nfrom styletools.exercises import lesson03 as exercises\n# %%\nexercises.gram.check(gram_matrix)\n"
    (tmp_path / "program.py").write_text(program)
    with zipfile.ZipFile(tmp_path / "two.zip", "w") as archive:
        archive.writestr("a/x.ipynb", notebook())
        archive.writestr("__MACOSX/a/._x.ipynb", b"junk")
        archive.writestr("a/y.ipynb", b"{")
        archive.writestr("../../evil.ipynb", notebook())
    found = [(one.student, one.file, one.lesson, bool(one.problem)) for one in submissions(tmp_path)]
    assert found == [
        ("old", "old.ipynb", "03", False),
        ("program", "program.py", "03", False),
        ("two", "two.zip/a/x.ipynb", "03", False),
        ("two", "two.zip/a/y.ipynb", "", True),
        ("two", "two.zip/../../evil.ipynb", "03", False),
    ]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["old.ipynb", "program.py", "two.zip"]


def test_a_zip_that_unpacks_to_too_much_is_not_unpacked(tmp_path):
    data = io.BytesIO()
    with (
        zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("x.ipynb", "w", force_zip64=True) as file,
    ):
        for _ in range(210):
            file.write(b" " * 1_000_000)
    (tmp_path / "bomb.zip").write_bytes(data.getvalue())
    assert only(tmp_path).problem == "too large; clear its outputs"


def test_names_of_students(tmp_path):
    for name in (
        "Ada Lovelace_12345_assignsubmission_file/03_gram_matrix.ipynb",
        "Bob/deep/er/x.ipynb",
        "Cy_03_gram_matrix (1).ipynb",
        "03_gram_matrix.ipynb",
        "Dé 李.ipynb",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(notebook())
    (tmp_path / ".hidden").write_text("x")
    (tmp_path / "Bob" / ".ipynb_checkpoints").mkdir()
    (tmp_path / "Bob" / ".ipynb_checkpoints" / "x.ipynb").write_text("x")
    (tmp_path / "link.ipynb").symlink_to("/etc/passwd")
    found = {one.student: one.problem for one in submissions(tmp_path)}
    assert found == {
        "03_gram_matrix.ipynb": "",
        "Ada Lovelace": "",
        "Bob": "",
        "Cy": "",
        "Dé 李": "",
        "link": "is a link or a device, which is not followed",
    }


def test_which_lesson(tmp_path):
    lesson = next(lesson for lesson in lessons() if lesson.number == "05")
    without = [cell for cell in lesson.notebook["cells"] if "import" not in str(cell["source"])]
    (tmp_path / "a.ipynb").write_text(json.dumps({"cells": without, "metadata": {}}))
    one = only(tmp_path)
    assert one.lesson == "05"
    assert one.remarks == ("does not say which lesson it is; told by its exercises",)
    said = {"cells": without[:12], "metadata": {"styletools": {"lesson": "05"}}}
    (tmp_path / "a.ipynb").write_text(json.dumps(said))
    assert only(tmp_path).lesson == "05"
    for odd in ({"styletools": {"lesson": [1]}}, {"styletools": 3}, [], None, {"styletools": {"lesson": "99"}}):
        (tmp_path / "a.ipynb").write_text(json.dumps({"cells": without, "metadata": odd}))
        assert only(tmp_path).lesson == "05"


def test_no_such_folder(tmp_path):
    with pytest.raises(InputError, match="expected a folder"):
        list(submissions(tmp_path / "none"))
