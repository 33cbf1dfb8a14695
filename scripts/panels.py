"""Screenshots of the live panels, for pages that cannot run them: `make panels`.

Each panel is served by Voilà, operated in the cell that makes it, and captured in Chromium. Look at the pictures.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

import nbformat
from PIL import Image

OUT = Path(__file__).resolve().parent.parent / "docs" / "panels"
ALT = OUT / "alt.json"
PANELS = {
    "features": 'panel = explore_features("chelsea")',
    "content": 'panel = explore_content("chelsea", size=192)\npanel.start()',
    "gram": 'panel = explore_gram("starry_night")\npanel.change.value = "scatter blocks"',
    "style": 'panel = explore_style("starry_night", size=192)\npanel.all_subsets()\npanel.start()',
    "statistics": 'panel = explore_statistics("bricks", size=128, seconds=30)\npanel.start()',
    "tradeoff": 'panel = explore_tradeoff("chelsea", "the_kiss")\npanel.start()',
    "studio": 'panel = explore_studio("china", "starry_night", size=256)\npanel.start()',
}
"""What is done with each panel before the screenshot; `alt.json` says what the pictures show."""


def notebook(name: str) -> nbformat.NotebookNode:
    """A notebook with one panel."""
    source = f"from styletools.explorers import explore_{name}\n\n{PANELS[name]}\npanel"
    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])
    made.metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    return made


def photograph(browser: Any, address: str) -> Image.Image:  # noqa: ANN401  # Playwright's
    """Take a screenshot of a panel, once everything in it has been computed."""
    page = browser.new_page(viewport={"width": 1100, "height": 1800})
    page.goto(address, timeout=600_000)
    panel = page.locator(".jupyter-widgets.widget-vbox").first
    panel.wait_for(timeout=600_000)
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(1500)  # pictures are drawn
    taken = Image.open(io.BytesIO(panel.screenshot())).convert("RGB")
    page.close()
    return taken


def main(names: list[str]) -> None:
    """Take screenshots of some panels, or of all."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415  # only this script needs a browser

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        for name in names:
            nbformat.write(notebook(name), Path(folder, f"{name}.ipynb"))
        command = [sys.executable, "-m", "voila", folder, "--no-browser", f"--port={port}"]
        environment = {**os.environ, "STYLETOOLS_SYNCHRONOUS": "1"}
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        with subprocess.Popen([*command, "--Voila.ip=127.0.0.1"], env=environment) as server:
            try:
                _wait(f"http://127.0.0.1:{port}/")
                for name in names:
                    picture = photograph(browser, f"http://127.0.0.1:{port}/voila/render/{name}.ipynb")
                    picture.save(OUT / f"{name}.jpg", quality=88, optimize=True)
                    print(name, picture.size, flush=True)
            finally:
                server.terminate()
        browser.close()


def _wait(address: str) -> None:
    for _ in range(300):
        try:
            urllib.request.urlopen(address, timeout=2).close()
            return
        except OSError:
            time.sleep(0.3)
    raise SystemExit("panels: Voilà did not start")


if __name__ == "__main__":
    assert set(json.loads(ALT.read_text(encoding="utf-8"))) == set(PANELS)
    main(sys.argv[1:] or list(PANELS))
