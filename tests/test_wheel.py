"""`pip install styletools` without a clone: the wheel has the course, and `styletools lab` opens a copy of it."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import sysconfig
import time
import urllib.request
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SIZE = 60_000_000  # bytes; more than half of it are the network's weights


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    out = tmp_path_factory.mktemp("dist")
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", out], cwd=ROOT, check=True)
    (path,) = out.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def python(wheel, tmp_path_factory):
    """An empty environment with the wheel; torch and Jupyter are those of this one, and its styletools is not."""
    home = tmp_path_factory.mktemp("empty")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", home], check=True)
    made = home / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    where = [made, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    packages = Path(subprocess.run(where, capture_output=True, text=True, check=True).stdout.strip())
    pip = [sys.executable, "-m", "pip", "--python", made, "install", "--quiet", "--no-deps", "--no-index", wheel]
    subprocess.run(pip, check=True)
    (packages / "base.pth").write_text(sysconfig.get_path("purelib"))
    return made


@pytest.fixture(scope="module")
def surroundings():
    hidden = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return {**hidden, "OMP_NUM_THREADS": "1", "JUPYTER_PATH": str(Path(sys.prefix, "share", "jupyter"))}


def test_what_the_wheel_holds(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = {name.removeprefix("styletools/data/course/") for name in archive.namelist() if "data/course/" in name}
        shown = set()
        for name in sorted(name for name in names if name.endswith(".ipynb")):
            cells = json.loads(archive.read(f"styletools/data/course/{name}"))["cells"]
            text = "\n".join("".join(cell["source"]) + str(cell["metadata"]) for cell in cells)
            shown |= set(re.findall(r"\.\./(docs/[\w./-]+\.(?:png|jpg|svg))", text))
        assert "styletools/data/vgg16.safetensors" in archive.namelist()
    notebooks = {f"notebooks/{path.name}" for path in (ROOT / "notebooks").glob("*.ipynb")}
    assert notebooks <= names
    assert shown
    assert shown <= names
    assert {name for name in names if name.endswith((".png", ".jpg"))} <= shown  # and no picture that nobody sees
    assert wheel.stat().st_size < SIZE


@pytest.mark.slow
def test_the_command_line_of_an_installed_package(python, surroundings, tmp_path):
    """Solved and empty notebooks are made from what the wheel has."""

    def run(*words):
        command = [python.parent / "styletools", *words]
        return subprocess.run(command, cwd=tmp_path, env=surroundings, capture_output=True, text=True, check=False)

    where = "import styletools, pathlib; print(pathlib.Path(styletools.__file__).parts[-3:])"
    done = subprocess.run(
        [python, "-c", where], cwd=tmp_path, env=surroundings, capture_output=True, text=True, check=True
    )
    assert "site-packages" in done.stdout
    done = run("course", "build", "-o", "out", "--only", "student", "--only", "slides")
    assert done.returncode == 0, done.stderr
    assert len(list((tmp_path / "out" / "student").glob("*.ipynb"))) == 12


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="a server is ended by a signal")
def test_lab_opens_a_copy_of_the_course(python, surroundings, tmp_path):
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    words = ["--no-browser", "--allow-root", f"--ServerApp.port={port}", "--IdentityProvider.token=x"]
    settings = {**surroundings, "JUPYTER_CONFIG_DIR": str(tmp_path / "config"), "HOME": str(tmp_path)}
    log = tmp_path / "log"
    with log.open("w") as out, subprocess.Popen(
        [python.parent / "styletools", "lab", "--folder", "mine", *words],
        cwd=tmp_path, env=settings, stdout=out, stderr=out, start_new_session=True,
    ) as server:  # fmt: skip
        try:
            found = json.loads(fetched(port, "api/contents/notebooks", server, log))
            assert len([item for item in found["content"] if item["name"].endswith(".ipynb")]) == 12
            assert fetched(port, "files/docs/diagrams/method.png", server, log)[1:4] == b"PNG"
        finally:
            os.killpg(server.pid, signal.SIGKILL)
    assert (tmp_path / "mine" / "notebooks" / "00_start_here.ipynb").exists()


def fetched(port, path, server, log):
    until = time.monotonic() + 180
    while True:
        try:
            return urllib.request.urlopen(f"http://127.0.0.1:{port}/{path}?token=x", timeout=30).read()
        except OSError:
            assert server.poll() is None, log.read_text()
            assert time.monotonic() < until, log.read_text()
            time.sleep(0.5)
