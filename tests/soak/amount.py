"""How much: a short form in every run of the tests, the whole by `make soak`."""

from __future__ import annotations

import os

FULL = os.environ.get("STYLETOOLS_SOAK") == "1"


def report(line: str) -> None:
    """Say what was found; `make soak` shows it."""
    if FULL:
        print(line)
