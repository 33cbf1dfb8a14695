"""Students at one server: a JupyterHub set up as `docs/class.md` says, five browsers at lesson 04's panel at once.

`python -m benchmarks.classroom` installs the hub into an environment of its own below `artifacts/classroom`, for which
it needs a network, Node.js and Chromium. The configuration is the one that the document shows; only its folders and
its port are replaced. It prints seconds, and the memory of each student's processes.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "artifacts" / "classroom"
BIN = FOLDER / ".venv" / "bin"
LESSON = "04_style_loss"
SECONDS = 900  # that one step may take before the trial gives up


def install() -> None:
    """The hub, its proxy and the package, as a wheel of this folder."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    if not (BIN / "jupyterhub").exists():
        run([sys.executable, "-m", "venv", BIN.parent])
        run([BIN / "python", "-m", "pip", "install", "--quiet", f"{ROOT}[lab]", "jupyterhub", "nbgitpuller"])
    if not proxy().exists():
        run(["npm", "install", "--silent", "--prefix", FOLDER / "proxy", "configurable-http-proxy"])


def proxy() -> Path:
    """The program that passes each student's requests on to that student's server."""
    return FOLDER / "proxy" / "node_modules" / ".bin" / "configurable-http-proxy"


def run(command: list[str | Path]) -> None:
    """Run a program to its end."""
    subprocess.run([str(part) for part in command], check=True)


def configuration(port: int) -> str:
    """The document's, with this machine's folders and port."""
    (text,) = re.findall(
        r"```python\n(c = get_config\(\).+?)```", (ROOT / "docs" / "class.md").read_text("utf-8"), re.S
    )
    for there, here in {"/etc/jupyterhub": FOLDER, "/srv/jupyterhub": FOLDER, ":8000": f"127.0.0.1:{port}"}.items():
        text = text.replace(there, str(here))
    if os.geteuid() == 0:  # the document has a user of its own for this; Jupyter refuses root
        text += '\nc.Spawner.args += ["--allow-root"]\n'
    return text


@contextmanager
def hub(port: int) -> Iterator[str]:
    """A hub that answers, with a bare clone of the course for nbgitpuller; it ends with all that it has started."""
    shutil.rmtree(FOLDER / "homes", ignore_errors=True)
    shutil.rmtree(FOLDER / "styletools.git", ignore_errors=True)
    run(["git", "clone", "--quiet", "--bare", ROOT, FOLDER / "styletools.git"])
    (FOLDER / "password").write_text(secrets.token_hex(8))
    (FOLDER / "config.py").write_text(configuration(port), encoding="utf-8")
    path = os.pathsep.join([str(BIN), str(proxy().parent), os.environ["PATH"]])
    with (
        (FOLDER / "log").open("w") as log,
        subprocess.Popen(
            [str(BIN / "jupyterhub"), "-f", str(FOLDER / "config.py")],
            cwd=FOLDER, env=os.environ | {"PATH": path}, stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
        ) as server,
    ):  # fmt: skip
        try:
            address = f"http://127.0.0.1:{port}"
            wait(lambda: answers(f"{address}/hub/login", server))
            yield address
        finally:
            for name in students(99):
                for process in processes(name):
                    os.kill(process, signal.SIGTERM)
            os.killpg(server.pid, signal.SIGTERM)


def answers(url: str, server: subprocess.Popen[bytes]) -> bool:
    """Whether a server answers yet."""
    if server.poll() is not None:
        raise SystemExit(f"the hub ended: {(FOLDER / 'log').read_text()[-2000:]}")
    try:
        urllib.request.urlopen(url, timeout=2).close()
    except OSError:
        return False
    return True


def wait(until: Any) -> None:  # noqa: ANN401
    """Wait for something to become true."""
    end = time.monotonic() + SECONDS
    while not until():
        if time.monotonic() > end:
            raise SystemExit("it takes too long")
        time.sleep(0.2)


def students(count: int) -> list[str]:
    """Their names."""
    return [f"student{number}" for number in range(1, count + 1)]


def processes(student: str) -> list[int]:
    """Those whose home is the student's: a server, and its kernels."""
    home = f"HOME={FOLDER / 'homes' / student}\0".encode()
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if home in (folder / "environ").read_bytes():
                found.append(int(folder.name))
        except OSError:
            continue
    return found


def megabytes(student: str) -> float:
    """Memory of a student's processes; what several share counts in parts (PSS)."""
    found = (Path(f"/proc/{process}/smaps_rollup").read_text() for process in processes(student))
    return sum(int(re.search(r"^Pss:\s+(\d+) kB", text, re.M)[1]) for text in found) / 1024  # type: ignore[index]


class Student:
    """One browser window: signed in, at the lesson, down to its panel."""

    def __init__(self, browser: Any, address: str, name: str) -> None:  # noqa: ANN401
        """Follow the teacher's link, and sign in."""
        self.name = name
        self.page = browser.new_context(viewport={"width": 1400, "height": 1300}).new_page()
        self.page.set_default_timeout(SECONDS * 1000)
        repository = quote(f"file://{FOLDER / 'styletools.git'}", safe="")
        lesson = quote(f"lab/tree/styletools.git/notebooks/{LESSON}.ipynb", safe="")
        branch = subprocess.run(
            ["git", "rev-parse", "--abbrev-ref", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True
        ).stdout.strip()
        self.page.goto(f"{address}/hub/user-redirect/git-pull?repo={repository}&branch={branch}&urlpath={lesson}")
        self.page.get_by_label("Username").fill(name)
        self.page.get_by_label("Password").fill((FOLDER / "password").read_text())
        self.page.get_by_role("button", name="Sign in").click()

    def arrive(self) -> None:
        """The notebook is open and its kernel waits."""
        self.page.wait_for_selector(".jp-Notebook .jp-Cell")
        self.page.wait_for_function(
            "document.querySelector('.jp-Notebook-ExecutionIndicator')?.dataset.status === 'idle'"
        )

    def make_the_panel(self) -> None:
        """Run the lesson's first two cells, and the panel's."""
        for text in ("import styletools as st", "SIZE, STEPS =", "explore_style("):
            cell = self.page.locator(".jp-CodeCell", has_text=text).first
            cell.scroll_into_view_if_needed()
            cell.locator(".cm-content").click()
            self.page.keyboard.press("Shift+Enter")

    @property
    def panel(self) -> Any:  # noqa: ANN401
        """The panel on the page."""
        return self.page.locator(".jp-OutputArea-output", has=self.page.locator(".jupyter-widgets.widget-vbox")).first


def trial(count: int, port: int) -> dict[str, Any]:
    """Everybody does each step at the same time; seconds count until the last is through."""
    found: dict[str, Any] = {"students": count, "cores": os.cpu_count(), "seconds": {}, "megabytes": {}}

    def timed(what: str, start: float) -> None:
        found["seconds"][what] = round(time.perf_counter() - start, 1)
        found["megabytes"][what] = [round(megabytes(name)) for name in students(count)]
        print(what, found["seconds"][what], "s,", found["megabytes"][what], "MB", flush=True)

    with hub(port) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        start = time.perf_counter()
        class_ = [Student(browser, address, name) for name in students(count)]
        for one in class_:
            one.arrive()
        timed("signed in, the lesson open", start)
        start = time.perf_counter()
        for one in class_:
            one.make_the_panel()
        for one in class_:
            one.panel.get_by_role("button", name="Start").wait_for()
        timed("the panel there", start)
        start = time.perf_counter()
        for one in class_:
            one.panel.get_by_role("button", name="Start").click()
        for one in class_:
            one.panel.get_by_text(re.compile("finished after")).first.wait_for()
        timed("each has a picture", start)
        for one in class_:
            one.page.screenshot(path=FOLDER / f"{one.name}.png")
        browser.close()
    return found


if __name__ == "__main__":
    given = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    given.add_argument("--students", type=int, default=5)
    given.add_argument("--port", type=int, default=8899)
    chosen = given.parse_args()
    install()
    result = trial(chosen.students, chosen.port)
    (ROOT / "benchmarks" / "results" / "classroom.json").write_text(
        json.dumps(result, indent=1) + "\n", encoding="utf-8"
    )
