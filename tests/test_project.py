"""The files around the package say the same as the package."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from PIL import Image

import styletools

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
CONDA_NAMES = {"torch": "pytorch", "matplotlib": "matplotlib-base"}


def split(requirement: str) -> tuple[str, str]:
    name, bound = re.fullmatch(r"([a-z0-9_-]+)(.*)", requirement, re.IGNORECASE).groups()
    return name.lower(), bound.replace(" ", "")


def test_environment_yml_states_the_same_as_pyproject():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    entries = environment["dependencies"]
    conda = dict(split(entry) for entry in entries if isinstance(entry, str))
    (pip,) = (entry["pip"] for entry in entries if isinstance(entry, dict))
    wanted = dict(map(split, [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["lab"]]))
    assert conda.pop("python") == PROJECT["requires-python"]
    assert conda.pop("pip") == ""
    assert conda == {CONDA_NAMES.get(name, name): bound for name, bound in wanted.items()}
    assert pip == ["-e .[lab,test,book]"]
    assert environment["name"] == PROJECT["name"]
    assert environment["channels"] == ["conda-forge"]


def test_everything_imported_is_declared():
    wanted = [
        *PROJECT["dependencies"],
        *PROJECT["optional-dependencies"]["film"],
        *PROJECT["optional-dependencies"]["sweep"],
    ]
    declared = {split(requirement)[0] for requirement in wanted} | {"ipython", "dask"}  # the latter with distributed
    names = {"PIL": "pillow", "IPython": "ipython", "png": "pypng", "imageio_ffmpeg": "imageio-ffmpeg"}
    standard = sys.stdlib_module_names
    for path in (ROOT / "styletools").glob("**/*.py"):
        found = set()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                found.add(node.module.split(".")[0])
        for name in found - standard - {"styletools"}:
            assert names.get(name, name) in declared, f"{path.name} imports {name}"


@pytest.mark.parametrize("extra", ["film", "sweep"])
def test_the_tests_have_what_films_and_sweeps_need(extra):
    extras = PROJECT["optional-dependencies"]
    assert set(extras[extra]) <= set(extras["test"])


def test_the_tests_can_build_the_book():
    extras = PROJECT["optional-dependencies"]
    assert set(extras["book"]) <= set(extras["test"])


def test_citation_and_changelog_know_the_version():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == styletools.__version__
    assert "Image Style Transfer" in citation["preferred-citation"]["title"]
    assert f"## {styletools.__version__}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_contact_sheet_is_there_and_light():
    path = ROOT / "docs" / "contact_sheet.jpg"
    assert path.stat().st_size < 900_000
    with Image.open(path) as sheet:
        assert sheet.width > 800
    assert "docs/contact_sheet.jpg" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_readmes_python_runs(tmp_path, monkeypatch):
    """All Python blocks, in order, on a small photograph."""
    monkeypatch.chdir(tmp_path)
    styletools.sample("coffee").resize((96, 64)).save("photograph.jpg")
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    assert len(blocks) == 6
    program = "\n".join(blocks).replace("size=512", "size=64").replace('weights="DEFAULT"', "weights=None")
    assert program.count("weights=None") == 1  # a download
    quick = "for f in (st.transfer, st.reconstruct_style): f.__kwdefaults__.update(size=64, steps=2, progress=False)"
    program = f"import styletools as st\n{quick}\n{program}"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert Path("out.png").exists()
    assert len(done.stdout.splitlines()) > 20


def test_the_readmes_commands_exist():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"^make ([a-z-]+)", readme + (ROOT / "CONTRIBUTING.md").read_text(), re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
    for path in re.findall(r"`((?:scripts|styletools|docs)/[\w/.]+)`", readme):
        assert (ROOT / path).exists(), path


def test_ci_calls_the_readmes_test_command():
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert script.rstrip().endswith("make test")
    assert "pip install" not in script


@pytest.mark.parametrize("name", ["LICENSE", "LICENSE-text", "styletools/data/MODEL_CARD.md"])
def test_licences(name):
    assert len((ROOT / name).read_text(encoding="utf-8")) > 500


def test_badges_and_the_installation_on_colab_name_the_same_repository():
    (address,) = {PROJECT["urls"]["Repository"]}
    owner = address.removeprefix("https://github.com/")
    for path in (*(ROOT / "notebooks").glob("*.ipynb"), ROOT / "README.md"):
        text = path.read_text(encoding="utf-8")
        assert set(re.findall(r"colab\.research\.google\.com/github/([\w-]+/[\w-]+)/", text)) == {owner}, path.name
        assert set(re.findall(r"mybinder\.org/v2/gh/([\w-]+/[\w-]+)/", text)) == {owner}, path.name
        if path.suffix == ".ipynb":
            assert f"git+{address}" in text


def test_the_teachers_page_names_every_lesson_and_its_program_runs(tmp_path):
    page = (ROOT / "docs" / "teaching.md").read_text(encoding="utf-8")
    lessons = sorted((ROOT / "notebooks").glob("*.ipynb"))
    for lesson in lessons:
        number = lesson.stem.split("_")[0]
        assert f"| {number} " in page
        assert f"**{number}. " in page  # an answer to its discussion questions
    (program,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    done = subprocess.run(
        [sys.executable, "-c", program, *map(str, lessons)], capture_output=True, text=True, check=True
    )
    assert len(re.findall(r"\d of \d right", done.stdout)) == len(lessons) - done.stdout.count("no report")
    assert done.stdout.count("no report") == 3  # 00, 07 and 10 have no exercises
