"""The course in JupyterLab, and the studio as a page: servers that run until they are stopped."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from importlib.resources import as_file, files
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

from styletools.errors import InputError

__all__ = ["lab", "studio"]


def lab(folder: Path, arguments: list[str]) -> int:
    """Open the course in JupyterLab: the clone's, or a copy of the one in the package.

    Args:
        folder: where it is copied to, unless this is a clone; files that are there already stay.
        arguments: passed on to JupyterLab.

    Raises:
        InputError: JupyterLab is not installed, or the course cannot be copied.
    """
    from styletools.course.copying import copy_course  # noqa: PLC0415  # they import a lot that no other command needs
    from styletools.course.lessons import course_root  # noqa: PLC0415

    root = course_root()
    if find_spec("jupyterlab") is None:
        raise InputError('JupyterLab is not installed: pip install "styletools[lab]"')
    if root.is_relative_to(Path(__file__).resolve().parent):
        new = copy_course(folder)
        root = folder.resolve()
        print(f"the course is in {root}" + (f" ({new} new files)" if new else ""))
    # The pictures lie beside the notebooks' folder, so the server's root is the folder above both.
    here = (f"--ServerApp.root_dir={root}", f"--ServerApp.preferred_dir={root / 'notebooks'}")
    return _serve("jupyterlab", [*here, *arguments], root / "notebooks")


def studio(largest: int | None, at_once: int | None, arguments: list[str]) -> int:
    """Serve the studio panel as a page; a kernel whose page was closed ends after ten minutes.

    It listens on this machine only, unless Voilà is told otherwise; in that case it asks for a token, and has limits.

    Args:
        largest: longest side of a picture in pixels; None: 512 for a group, else any.
        at_once: how many pages compute at the same time; None: half of the cores for a group, else all.
        arguments: passed on to Voilà.

    Raises:
        InputError: Voilà is not installed, or a limit below 1.
    """
    from styletools.explorers.turns import AT_ONCE, LARGEST, QUEUE  # noqa: PLC0415  # this imports all panels

    for name, value in {"--largest": largest, "--at-once": at_once}.items():
        if value is not None and value < 1:
            raise InputError(f"{name}: expected a whole number ≥ 1, got {value}")
    if find_spec("voila") is None:
        raise InputError('Voilà is not installed: pip install "styletools[lab]"')
    words = ["--MappingKernelManager.cull_interval=60", "--MappingKernelManager.cull_idle_timeout=600"]
    ip = next((word.partition("=")[2] for word in arguments if word.startswith("--Voila.ip")), None)
    if ip is None:
        words.append("--Voila.ip=127.0.0.1")
    elif ip not in ("127.0.0.1", "localhost", "::1"):
        largest, at_once = largest or 512, at_once or max(1, (os.cpu_count() or 1) // 2)
        if not any("token" in word.partition("=")[0] for word in arguments):
            words.append("--Voila.auto_token=True")
        print(f"for a group: pictures up to {largest} px, {at_once} at once, the others wait (--largest, --at-once)")
    with as_file(files("styletools") / "data" / "studio.ipynb") as page, TemporaryDirectory() as queue:
        limits = {LARGEST: largest, AT_ONCE: at_once, QUEUE: queue}
        given = {name: str(value) for name, value in limits.items() if value is not None}
        return _serve("voila", [str(page), *words, *arguments], Path.cwd(), given)


def _serve(module: str, arguments: list[str], folder: Path, variables: Mapping[str, str] | None = None) -> int:
    """Run a server until it ends; ^C reaches it as well, and JupyterLab asks for confirmation."""
    surroundings = {**os.environ, **(variables or {})}
    with subprocess.Popen([sys.executable, "-m", module, *arguments], cwd=folder, env=surroundings) as server:
        while True:
            try:
                return server.wait()
            except KeyboardInterrupt:
                pass
