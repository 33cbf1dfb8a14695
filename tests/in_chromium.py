"""A real Chromium, and what every test in it needs."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
IN_CHROMIUM = [
    pytest.mark.slow,
    pytest.mark.browser,
    # In CI a missing browser is a failure, not a reason to skip.
    pytest.mark.skipif(CHROMIUM is None and not os.environ.get("CI"), reason="no Chromium on this machine"),
]


def in_chromium(test: Callable) -> Callable:
    """One such test in a file of others; a file or a class of them has `pytestmark = IN_CHROMIUM`."""
    for mark in IN_CHROMIUM:
        test = mark(test)
    return test


@contextmanager
def chromium(*arguments: str) -> Iterator:
    """Chromium without a window. A process can have only one at a time: Playwright's rule."""
    from playwright.sync_api import sync_playwright

    quiet = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*quiet, *arguments])
        yield browser
        browser.close()


def barriers(page, within: str | None = None) -> list[str]:
    """What axe-core finds serious or critical on a page, each with the first places where it stands."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page, context=within, options={"preload": False}).response["violations"]
    return [
        f"{one['id']}: {node['html'][:200]}"
        for one in found
        if one["impact"] in ("serious", "critical")
        for node in one["nodes"][:3]
    ]
