"""The panels as a reader has them: a real JupyterLab, and Voilà, in a real Chromium. Screenshots: `artifacts/`."""

from __future__ import annotations

import io
import os
import re
import socket
import subprocess
import sys
import time
import urllib.parse
from pathlib import Path

import nbformat
import numpy as np
import pytest
from in_chromium import IN_CHROMIUM, barriers
from PIL import Image

import styletools as st

ROOT = Path(__file__).parent.parent
ARTIFACTS = ROOT / "artifacts"
pytestmark = IN_CHROMIUM
LESSONS = {
    "01_what_vgg_sees": "features",
    "02_content_loss": "content",
    "03_gram_matrix": "gram",
    "04_style_loss": "style",
    "06_choices": "tradeoff",
    "07_studio": "studio",
    "08_other_statistics": "statistics",
    "09_control": "studio",
}


QUICK = "pass  # done as soon as the kernel is there, whereas the lesson's first cell imports torch"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def serve(command: list[str], url: str, cwd: Path, log: Path, **environment: str):
    """Start a server and wait until it answers; yield, and end it with everything it has started."""
    with (
        log.open("w") as output,
        subprocess.Popen(
            command,
            cwd=cwd,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env={**os.environ, **environment},
        ) as server,
    ):
        try:
            deadline, address = time.monotonic() + 120, urllib.parse.urlparse(url)
            while True:
                try:
                    # A connection only: Voilà starts a kernel for each page that is asked for.
                    socket.create_connection((address.hostname, address.port), 5).close()
                    break
                except OSError:
                    assert server.poll() is None, log.read_text()[-2000:]
                    assert time.monotonic() < deadline, log.read_text()[-2000:]
                    time.sleep(0.3)
            yield url
        finally:
            os.killpg(server.pid, 15)
            try:
                server.wait(120)
            except subprocess.TimeoutExpired:
                os.killpg(server.pid, 9)
                server.wait()


@pytest.fixture(scope="module")
def notebooks(tmp_path_factory):
    """A copy of the lessons; all but one are cut down to what their panel needs."""
    folder = tmp_path_factory.mktemp("course")
    for name in LESSONS:
        notebook = nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", as_version=4)
        if name != "03_gram_matrix":
            first = [cell for cell in notebook.cells if cell.cell_type == "code"][:2]
            notebook.cells = [*first, *(cell for cell in notebook.cells if "explore_" in cell.source)]
            notebook.cells[-1].source = notebook.cells[-1].source.replace(
                '"the_kiss")', '"the_kiss", size=64, steps=10)'
            )
        for cell in notebook.cells:
            if cell.cell_type == "code":
                cell.outputs, cell.execution_count = [], None
        notebook.cells.insert(0, nbformat.v4.new_code_cell(QUICK))
        nbformat.write(notebook, folder / f"{name}.ipynb")
    return folder


@pytest.fixture(scope="module")
def lab(notebooks, tmp_path_factory):
    """A JupyterLab on the copy. Its notebooks keep all cells in the page, also those out of sight."""
    home = tmp_path_factory.mktemp("lab")
    tracker = home / "settings" / "@jupyterlab" / "notebook-extension" / "tracker.jupyterlab-settings"
    tracker.parent.mkdir(parents=True)
    tracker.write_text('{"windowingMode": "none"}')
    notification = home / "settings" / "@jupyterlab" / "apputils-extension" / "notification.jupyterlab-settings"
    notification.parent.mkdir(parents=True)
    notification.write_text('{"fetchNews": "false"}')
    port = free_port()
    yield from serve(
        [sys.executable, "-m", "jupyter", "lab", "--no-browser", "--allow-root", f"--ServerApp.port={port}",
         "--IdentityProvider.token=", "--ServerApp.password=", "--LabApp.news_url=None",
         "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"],
        f"http://127.0.0.1:{port}/lab",
        notebooks,
        home / "log",
        JUPYTERLAB_SETTINGS_DIR=str(home / "settings"),
        JUPYTERLAB_WORKSPACES_DIR=str(home / "workspaces"),
        JUPYTER_CONFIG_DIR=str(home / "config"),
        JUPYTER_DATA_DIR=str(home / "data"),
        JUPYTER_PLATFORM_DIRS="0",
        STYLETOOLS_SYNCHRONOUS="0",
    )  # fmt: skip


@pytest.fixture
def page(browser, request):
    page = browser.new_page(viewport={"width": 1400, "height": 1300})
    page.set_default_timeout(60_000)
    # On a busy machine JupyterLab asks: which kernel, before it has the one that the file names, or
    # whether to go on waiting for its server. Nobody is there to say, so its own first choice is taken.
    asked = page.locator("dialog.jp-Dialog")
    page.add_locator_handler(asked, lambda: print(asked.inner_text()) or asked.locator("button.jp-mod-accept").click())
    yield page
    ARTIFACTS.mkdir(exist_ok=True)
    page.screenshot(path=ARTIFACTS / f"{request.node.name}.png")
    page.close()


def idle(page) -> None:
    """Wait for the kernel. A locator, because only then a dialog that comes meanwhile is answered."""
    page.locator('.jp-Notebook-ExecutionIndicator[data-status="idle"]').wait_for(state="attached", timeout=180_000)


def run_all(page) -> None:
    """Run all cells; again if nothing began, because a kernel that is only just there loses the request."""
    from playwright.sync_api import TimeoutError

    begun = page.locator(".jp-InputPrompt", has_text=re.compile(r"\[\d+\]")).first
    for _ in range(5):
        page.get_by_role("menuitem", name="Run", exact=True).click()
        page.get_by_role("menuitem", name=re.compile("^Run All Cells")).click()
        try:
            begun.wait_for(state="attached", timeout=60_000)
            return
        except TimeoutError:
            continue
    raise AssertionError("no cell began to run")


def open_lesson(page, lab: str, name: str, index: int = 0):
    """Open a lesson, run all of it, and return one of its panels."""
    page.goto(f"{lab}/tree/{name}.ipynb?reset")
    page.locator(".jp-Notebook .jp-Cell").first.wait_for()
    idle(page)
    run_all(page)
    # A panel is a box in an output; the boxes inside it do not count.
    outputs = page.locator(".jp-OutputArea-output", has=page.locator(".jupyter-widgets.widget-vbox"))
    panel = outputs.nth(index).locator(".jupyter-widgets.widget-vbox").first
    panel.wait_for(timeout=180_000)
    panel.scroll_into_view_if_needed()
    return panel


def photo(picture) -> np.ndarray:
    """What a picture looks like on the page."""
    picture.scroll_into_view_if_needed()
    return np.asarray(Image.open(io.BytesIO(picture.screenshot())).convert("RGB")).astype(float)


def says(panel, text: str, seconds: float = 180) -> None:
    panel.get_by_text(re.compile(text)).first.wait_for(timeout=seconds * 1000)


def shown(panel, index: int):
    return panel.locator("img.widget-image").nth(index)


def result_of(panel):
    """The picture that a panel makes, beside its originals."""
    return panel.locator(".st-compare canvas").first


def choose(panel, label: str, option: str) -> None:
    panel.locator(".widget-dropdown", has_text=label).locator("select").first.select_option(option)


def keep(panel, name: str) -> None:
    ARTIFACTS.mkdir(exist_ok=True)
    panel.screenshot(path=ARTIFACTS / f"{name}.png")
    assert barriers_of(panel) == []


def barriers_of(panel) -> list[str]:
    """What keeps somebody out: serious findings of axe-core in the panel, not in the program around it."""
    panel.evaluate("element => element.setAttribute('data-panel', '')")
    found = barriers(panel.page, "[data-panel]")
    panel.evaluate("element => element.removeAttribute('data-panel')")
    return found


def upload(page, panel, path: Path) -> None:
    with page.expect_file_chooser() as chooser:
        panel.get_by_role("button", name=re.compile("Upload")).first.click()
    chooser.value.set_files(path)


def picture_changes(picture, before: np.ndarray, seconds: float = 180) -> np.ndarray:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        after = photo(picture)
        if after.shape != before.shape or abs(after - before).mean() > 2:
            return after
        time.sleep(0.1)
    raise AssertionError("the picture did not change")


def touch(panel, name: str):
    """A canvas to point at, by what it is called."""
    canvas = panel.locator(f'canvas[aria-label^="{name}"]')
    canvas.scroll_into_view_if_needed()
    return canvas


def point(page, canvas, x: float, y: float, click: bool = False) -> None:
    """Move the mouse to a share of a canvas's width and height."""
    box = canvas.bounding_box()
    (page.mouse.click if click else page.mouse.move)(box["x"] + x * box["width"], box["y"] + y * box["height"])


def test_features(page, lab):
    panel = open_lesson(page, lab, "01_what_vgg_sees")
    says(panel, "N = 256 filters")
    assert not panel.get_by_text("Nothing to click on here").is_visible()
    says(panel, "at row 0, column 0", 240)  # the view is answered when the lesson's other cells have run
    picture = touch(panel, "picture")
    plain = photo(picture)
    point(page, picture, 0.5, 0.5)
    says(panel, "at row 1[56], column 2[34]")
    point(page, picture, 0.4, 0.4, click=True)
    panel.locator(".st-chips button").first.click()
    chosen = re.match(r"(\d+):", panel.locator(".st-chips button").first.inner_text())[1]
    says(panel, f"Filter {chosen}: the places of this picture")
    picture_changes(picture, plain)
    cells = page.locator(".jp-Notebook .jp-Cell").count()
    picture.focus()
    for key in ("ArrowRight", "ArrowRight", "a", "ArrowDown"):
        page.keyboard.press(key)
    assert page.locator(".jp-Notebook .jp-Cell").count() == cells  # "a" is no new cell, the arrows leave no cell
    assert picture.evaluate("canvas => canvas === document.activeElement")
    keep(panel, "features_touched")
    unfold(panel, "Still pictures, by the lists above")
    says(panel, f"filter {chosen} of conv3_1")
    before = photo(shown(panel, 0))
    assert before.std() > 10
    choose(panel, "layer l", "conv1_1")
    says(panel, "N = 64 filters")
    picture_changes(shown(panel, 0), before)
    one = photo(shown(panel, 2))
    panel.locator(".widget-dropdown", has_text="filter i").locator("select").select_option(index=5)
    picture_changes(shown(panel, 2), one)
    keep(panel, "features")


def test_a_cell_that_runs_again_leaves_one_worker(page, lab, notebooks):
    cells = (
        QUICK,
        'from styletools.explorers import explore_features\n\nexplore_features("coffee", "conv1_1", size=64)',
        "import threading\n\nnames = [thread.name for thread in threading.enumerate()]\n"
        'print("workers:", sum(name.startswith("styletools") for name in names))',
    )
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    notebook.metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    nbformat.write(notebook, notebooks / "again.ipynb")
    says(open_lesson(page, lab, "again"), "N = 64 filters")
    for _ in range(3):
        run_all(page)
        idle(page)
    page.get_by_text("workers: 1").wait_for()
    page.locator(".jp-OutputArea-output .jupyter-widgets.widget-vbox").first.wait_for()


def test_gram(page, lab):
    panel = open_lesson(page, lab, "03_gram_matrix")
    says(panel, "different entries")
    says(panel, "cosine of", 240)
    matrix, beside, picture = (touch(panel, name) for name in ("Gram matrix of", "Gram matrix beside", "picture"))
    before = photo(beside)
    box = picture.bounding_box()
    page.mouse.move(box["x"] + 0.3 * box["width"], box["y"] + 0.4 * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 0.4 * box["height"], steps=5)
    page.mouse.up()
    says(panel, r"the region \(\d+ of")
    picture_changes(beside, before)
    point(page, matrix, 0.4, 0.4, click=True)
    pinned = re.search(r"F of filter i = (\d+)", panel.inner_text())[1]
    keep(panel, "gram_touched")
    unfold(panel, "Still pictures, by the lists above")
    says(panel, f"^filter i = {pinned}$")
    before = photo(shown(panel, 2))
    choose(panel, "change", "scatter blocks")
    picture_changes(shown(panel, 2), before)
    says(panel, "scatter blocks; as cosines")
    keep(panel, "gram")


def slide(page, panel) -> None:
    """Before and after: a curtain, a lens, and the steps of the run."""
    picture = result_of(panel)
    alone = photo(picture)
    panel.get_by_role("button", name="Curtain").click()
    picture_changes(picture, alone)
    box = picture.bounding_box()
    page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 0.5 * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + 0.98 * box["width"], box["y"] + 0.5 * box["height"], steps=5)
    page.mouse.up()
    curtain = picture_changes(picture, alone)
    panel.get_by_role("button", name="Lens").click()
    point(page, picture, 0.5, 0.7)
    picture_changes(picture, curtain)
    slider = panel.get_by_role("slider", name="step of the run")
    slider.focus()
    slider.press("Home")
    says(panel, r"step \d+, 1 of \d+")


def test_content(page, lab, tmp_path):
    """Start, Stop and Continue; a file, a file with a nasty name, a broken file."""
    panel = open_lesson(page, lab, "02_content_loss")
    says(panel, "ready")
    set_number(panel, "size", "128")
    set_number(panel, "steps", "40")
    blank = photo(result_of(panel))
    panel.locator("button", has_text="Start").click()
    growing = picture_changes(result_of(panel), blank)
    says(panel, "finished after")
    finished = photo(result_of(panel))
    assert finished.std() > 20
    assert growing.shape == finished.shape  # nothing jumps
    picture = tmp_path / "<img src=x onerror=alert(1)>.png"
    st.sample("coffee").resize((120, 80)).save(picture)
    dialogs = []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    original = photo(shown(panel, 0))
    upload(page, panel, picture)
    says(panel, "was added")
    picture_changes(shown(panel, 0), original)
    (tmp_path / "broken.png").write_bytes(b"no picture at all")
    upload(page, panel, tmp_path / "broken.png")
    says(panel, "broken.png: ")
    assert dialogs == []
    assert panel.locator("img[src=x]").count() == 0
    panel.locator("button", has_text="Start").click()
    says(panel, "finished after")
    slide(page, panel)
    keep(panel, "content")


def test_style(page, lab):
    panel = open_lesson(page, lab, "04_style_loss")
    says(panel, "ready")
    slider = panel.locator(".widget-hslider", has_text="steps").locator(".widget-readout")
    slider.fill("400")
    slider.press("Enter")
    panel.locator("button", has_text="Start").click()
    says(panel, r"step \d+, \d+ × \d+ px")
    panel.locator("button", has_text="Stop").click()
    says(panel, "stopped after")
    steps = int(re.search(r"after (\d+) steps", panel.inner_text())[1])
    assert steps < 400
    panel.locator("button", has_text="Continue").click()
    says(panel, r"step \d+, \d+ × \d+ px")
    panel.locator("button", has_text="Stop").click()
    says(panel, "stopped after")
    assert int(re.search(r"after (\d+) steps", panel.inner_text())[1]) > steps
    slider.fill("20")
    slider.press("Enter")
    panel.locator("button", has_text="All subsets").click()
    says(panel, "all five are in the gallery", 120)
    assert photo(shown(panel, 2)).std() > 20
    keep(panel, "style")


def test_tradeoff(page, lab):
    panel = open_lesson(page, lab, "06_choices")
    blank = photo(shown(panel, 0))
    panel.locator("button", has_text="Start").click()
    picture_changes(shown(panel, 0), blank, 60)
    says(panel, "9 of 9 are made", 180)
    panel.get_by_role("button", name="larger").first.click()
    says(panel, "finished", 120)
    assert photo(result_of(panel)).std() > 20
    keep(panel, "tradeoff")


def test_statistics(page, lab):
    panel = open_lesson(page, lab, "04_style_loss", 1)
    says(panel, "ready")
    for label, value in (("seconds", "2"), ("size", "96")):
        readout = panel.locator(".widget-hslider", has_text=label).locator(".widget-readout")
        readout.fill(value)
        readout.press("Enter")
    choose(panel, "2.", "sliced")
    blank = photo(shown(panel, 1))
    panel.locator("button", has_text="Start").click()
    picture_changes(shown(panel, 1), blank)
    says(panel, "finished: ", 120)
    assert all(photo(shown(panel, index)).std() > 15 for index in range(4))
    assert panel.locator("table td").count() == 9
    columns = [shown(panel, index).bounding_box() for index in range(5)]
    edge = panel.bounding_box()
    assert all(column["x"] + column["width"] <= edge["x"] + edge["width"] for column in columns)
    assert len({round(column["width"]) for column in columns}) == 1  # none is cut off
    keep(panel, "statistics")


def test_statistics_of_lesson_08(page, lab):
    panel = open_lesson(page, lab, "08_other_statistics")
    says(panel, "ready")
    for label, value in (("seconds", "1"), ("size", "64")):
        set_number(panel, label, value)
    blank = photo(shown(panel, 1))
    panel.locator("button", has_text="Start").click()
    picture_changes(shown(panel, 1), blank, 60)
    says(panel, "finished: ")
    keep(panel, "statistics_08")


def unfold(panel, title: str) -> None:
    """By the keyboard, which ipywidgets alone does not offer."""
    header = panel.get_by_role("button", name=title, expanded=False)
    header.press("Enter")
    panel.get_by_role("button", name=title, expanded=True).wait_for()


def set_number(panel, label: str, value: str) -> None:
    """Type into the number beside a slider."""
    readout = panel.locator(".widget-hslider", has_text=re.compile(f"^{re.escape(label)}")).locator(".widget-readout")
    readout.first.fill(value)
    readout.first.press("Enter")


def use_the_studio(page, panel, name: str) -> None:
    """Simple first, then every topic once."""
    says(panel, "ready")
    assert not panel.get_by_text("Upload a mask").is_visible()  # folded away
    keep(panel, f"{name}_simple")
    unfold(panel, "Start, size, steps")
    set_number(panel, "size", "96")
    set_number(panel, "steps", "10")
    choose(panel, "start", "the photograph")
    panel.locator(".widget-text", has_text="noise").locator("input").fill("3")
    choose(panel, "painting", "great_wave")
    panel.locator("button", has_text="Start").click()
    says(panel, "finished after")
    assert photo(result_of(panel)).std() > 20
    with page.expect_download() as download:
        panel.get_by_text("Save the picture").click()
    settings = st.load_settings(download.value.path().rename(download.value.path().with_suffix(".png")))
    made = settings["arguments"]
    assert (made["style"], made["size"], made["init"], made["seed"]) == ("great_wave", 96, "content", 3)
    keep(panel, name)


def use_every_topic(page, panel, name: str, tmp_path: Path) -> None:
    """Regions, a second painting, colours, another file format."""
    unfold(panel, "Statistic, layers and colours")
    choose(panel, "style is", "mean and covariance (Wasserstein): cleaner")
    choose(panel, "content l", "conv3_2")
    choose(panel, "colours", "the photograph's mean and covariance")
    set_number(panel, "w conv5_1", "0")
    keep(panel, f"{name}_layers")
    unfold(panel, "A second painting, size of the strokes")
    panel.get_by_text("with a second painting", exact=True).click()
    choose(panel, "second", "the_kiss")
    choose(panel, "together", "first: coarse strokes; second: fine ones")
    set_number(panel, "its share", "0.3")
    set_number(panel, "strokes", "0.8")
    keep(panel, f"{name}_second")
    unfold(panel, "Regions")
    choose(panel, "regions", "disc: a disc of this share of the shorter side, and what is around it")
    says(panel, "in this order: inside, outside")
    set_number(panel, "how much", "0.6")
    preview = photo(shown(panel, 0))
    keep(panel, f"{name}_regions")
    mask = Image.new("L", (451, 300))
    mask.paste(255, (0, 0, 200, 300))
    mask.save(tmp_path / "mask.png")
    with page.expect_file_chooser() as chooser:
        panel.get_by_role("button", name=re.compile("Upload a mask")).click()
    chooser.value.set_files(tmp_path / "mask.png")
    says(panel, "in this order: 0, 255")
    picture_changes(shown(panel, 0), preview)
    unfold(panel, "Files")
    choose(panel, "picture", "PNG, 16 bits")
    panel.locator("button", has_text="Start").click()
    says(panel, "16 bits")
    with page.expect_download() as download:
        panel.get_by_text("Save the picture").click()
    settings = st.load_settings(download.value.path().rename(download.value.path().with_suffix(".png")))
    made = settings["arguments"]
    assert made["content_layers"] == {"conv3_2": 1.0}
    assert made["colours"] == "covariance"
    assert "conv5_1" not in made["style_layers"]
    assert made["style"] == ["great_wave", "the_kiss"]
    assert made["style_size"] == round(0.8 * made["size"])
    assert "sha256" in made["content_mask"]
    assert settings["bits"] == 16
    keep(panel, f"{name}_all")


def use_every_button(page, panel, tmp_path: Path) -> None:
    """α/β, Adam, an upload of each kind; Before / after, Continue, Stop and Reset."""
    set_number(panel, "α/β", "1")
    unfold(panel, "Start, size, steps")
    choose(panel, "optimiser", "Adam")
    unfold(panel, "Regions")
    choose(panel, "regions", "none")
    unfold(panel, "A second painting, size of the strokes")
    for place in range(3):  # the photograph, the painting, the second one
        name = f"my picture {place}.png"
        st.sample(("rocket", "coffee", "china")[place]).save(tmp_path / name)
        with page.expect_file_chooser() as chooser:
            panel.get_by_role("button", name=re.compile(r"Upload \(")).nth(place).click()
        chooser.value.set_files(tmp_path / name)
        says(panel, f"{re.escape(name)} was added")
    panel.locator("button", has_text="Start").click()
    says(panel, "finished after")
    after = photo(result_of(panel))
    panel.get_by_role("button", name="Before / after").click()
    before = picture_changes(result_of(panel), after)
    panel.get_by_role("button", name="Before / after").click()
    picture_changes(result_of(panel), before)
    panel.locator("button", has_text="Continue").click()
    says(panel, "finished after 20 steps|finished after 40 steps")
    unfold(panel, "Start, size, steps")
    set_number(panel, "steps", "400")
    panel.locator("button", has_text="Start").click()
    says(panel, "s left")
    panel.locator("button", has_text="Stop").click()
    says(panel, "stopped after")
    panel.locator("button", has_text="Reset").click()
    says(panel, "^ready$")


def test_studio(page, lab, tmp_path):
    panel = open_lesson(page, lab, "07_studio")
    use_the_studio(page, panel, "studio")
    use_every_topic(page, panel, "studio", tmp_path)
    use_every_button(page, panel, tmp_path)


def paint(page, panel) -> None:
    """Regions by hand on the photograph and on the painting, and a run with them."""
    unfold(panel, "Regions")
    choose(panel, "regions", "painted by hand")
    says(panel, "paint a region below")
    for name in ("the photograph", "the painting"):
        canvas = touch(panel, f"paint regions on {name}")
        says(panel, f"Drag over {name} to paint a region")
        canvas.hover()
        box = canvas.bounding_box()
        page.mouse.move(box["x"] + 0.3 * box["width"], box["y"] + 0.3 * box["height"])
        page.mouse.down()
        for x, y in ((0.4, 0.6), (0.5, 0.3), (0.6, 0.7)):
            page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"], steps=6)
        page.mouse.up()
    says(panel, "in this order: 0, 1")
    keep(panel, "painted")
    link = panel.get_by_text("Save the picture")
    before = link.get_attribute("href") if link.count() else None
    panel.locator("button", has_text="Start").click()
    says(panel, "Save the picture")
    deadline = time.monotonic() + 180
    while link.get_attribute("href") == before:  # what is said may still be of the run before
        assert time.monotonic() < deadline
        time.sleep(0.2)
    with page.expect_download() as download:
        panel.get_by_text("Save the picture").click()
    settings = st.load_settings(download.value.path().rename(download.value.path().with_suffix(".png")))
    assert "sha256" in settings["arguments"]["content_mask"]
    assert settings["arguments"]["style_mask"]


def test_studio_of_lesson_09(page, lab):
    panel = open_lesson(page, lab, "09_control")
    says(panel, "ready")
    unfold(panel, "Start, size, steps")
    set_number(panel, "size", "64")
    set_number(panel, "steps", "4")
    paint(page, panel)
    slide(page, panel)
    keep(panel, "studio_09")


def test_the_studio_without_code(page, tmp_path):
    """`make studio`: the panel as a page of its own, 1000 pixels wide."""
    port = free_port()
    command = [sys.executable, "-m", "styletools.cli", "studio", "--port", str(port), "--no-browser"]
    for url in serve(command, f"http://127.0.0.1:{port}/", tmp_path, tmp_path / "log"):
        page.set_viewport_size({"width": 1000, "height": 1300})
        page.goto(url, wait_until="commit")  # it is loaded when the panel has been made
        panel = page.locator(".jupyter-widgets.widget-vbox").first
        panel.wait_for(timeout=180_000)
        use_the_studio(page, panel, "voila")
        slide(page, panel)
        paint(page, panel)
        assert "explore_studio" not in page.inner_text("body")
        assert page.evaluate("document.documentElement.scrollWidth") <= 1000
