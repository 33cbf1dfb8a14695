"""The real nbgrader and the real Otter-Grader, with what is built for them.

They are not installed beside the package: nbgrader adds itself to every JupyterLab of its environment. So they run only
where STYLETOOLS_GRADERS is set: to 1, and they are installed into an environment of their own, or to a Python that has
them. That environment sees the packages of this one.
"""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from styletools.course import build as building
from styletools.course.lessons import lessons, source

WANTED = os.environ.get("STYLETOOLS_GRADERS", "")
ROOT = Path(__file__).parent.parent.parent
LESSON = "00b_primer"  # quick to run, and with both kinds of exercises
RIGHT = {"shape": "(2, 3, 32, 48)", "descend": "x - rate * gradient", "rate": "1"}
WRONG = {"shape": "(1, 3, 32, 48)", "descend": "x - rate * gradient", "rate": "2"}

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not WANTED, reason="STYLETOOLS_GRADERS=1 installs nbgrader and Otter-Grader, and runs them"),
]


@pytest.fixture(scope="module")
def python(tmp_path_factory):
    """A Python that has them."""
    if WANTED != "1":
        return Path(WANTED)
    home = tmp_path_factory.mktemp("graders")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", home], check=True)
    scripts = home / ("Scripts" if os.name == "nt" else "bin")
    made = scripts / ("python.exe" if os.name == "nt" else "python")
    places = subprocess.run(
        [made, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        capture_output=True,
        text=True,
        check=True,
    )
    Path(places.stdout.strip(), "base.pth").write_text(sysconfig.get_path("purelib"))
    pip = [sys.executable, "-m", "pip", "--python", made, "install", "--quiet", "nbgrader>=0.9.5", "otter-grader>=6"]
    subprocess.run(pip, check=True)
    return made


@pytest.fixture(scope="module")
def run(python):
    """Run one of their commands in a folder; what it printed."""

    def command(folder, *words):
        environment = {
            **os.environ,
            "PATH": f"{python.parent}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "JUPYTER_PATH": str(Path(sys.prefix, "share", "jupyter")),
            "OMP_NUM_THREADS": "1",
        }
        done = subprocess.run(
            [python.parent / words[0], *words[1:]],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    return command


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """What is built, of one lesson only."""
    out = tmp_path_factory.mktemp("built")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(building, "_with_tasks", lambda: [lesson for lesson in lessons() if lesson.stem == LESSON])
        building.build(out, which=["nbgrader", "otter"])
    return out


def answered(path, answers, out):
    """A student's notebook: the empty answers filled in, in order."""
    notebook, left = json.loads(path.read_text(encoding="utf-8")), list(answers.values())
    for cell in notebook["cells"]:
        text = source(cell)
        if cell["cell_type"] == "code" and (("prediction" in text and " = None" in text) or "    return None" in text):
            mine = left.pop(0)
            cell["source"] = text.replace(" = None", f" = {mine}").replace("return None", f"return {mine}")
    assert not left
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(notebook), encoding="utf-8")


def sources(path):
    return [source(cell) for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]]


def test_nbgrader(built, run):
    folder = built / "nbgrader"
    ours = sources(folder / "release" / LESSON / f"{LESSON}.ipynb")
    run(folder, "nbgrader", "generate_assignment", LESSON, "--force")
    release = folder / "release" / LESSON / f"{LESSON}.ipynb"
    assert sources(release) == ours
    for student, answers in (("ada", RIGHT), ("bob", WRONG)):
        answered(release, answers, folder / "submitted" / student / LESSON / f"{LESSON}.ipynb")
    run(folder, "nbgrader", "autograde", LESSON)
    run(folder, "nbgrader", "generate_feedback", LESSON)
    run(folder, "nbgrader", "export")
    with (folder / "grades.csv").open(encoding="utf-8") as file:
        assert {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)} == {"ada": 3, "bob": 1}
    feedback = (folder / "feedback" / "bob" / LESSON / f"{LESSON}.html").read_text(encoding="utf-8")
    assert "That is one picture; there are two." in feedback


def test_otter(built, run, tmp_path):
    """Without a container: the solutions pass their tests, and a submission gets its points."""
    told = run(tmp_path, "otter", "assign", str(built / "otter" / f"{LESSON}.ipynb"), "dist")
    assert "Autograded:   3" in told or (tmp_path / "dist").is_dir()
    student = tmp_path / "dist" / "student" / f"{LESSON}.ipynb"
    assert not any("SOLUTION" in text or "PROMPT" in text for text in sources(student))
    (autograder,) = (tmp_path / "dist" / "autograder").glob("*.zip")
    for name, answers, points in (("ada", RIGHT, 3), ("bob", WRONG, 1)):
        answered(student, answers, tmp_path / name / f"{name}.ipynb")
        run(tmp_path, "otter", "run", "-a", str(autograder), "-o", name, "--no-logo", f"{name}/{name}.ipynb")
        results = json.loads((tmp_path / name / "results.json").read_text(encoding="utf-8"))
        assert sum(test.get("score") or 0 for test in results["tests"]) == points
