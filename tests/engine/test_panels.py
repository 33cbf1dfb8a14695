"""The panels of a page as a reader has them, in Chromium. Screenshots: `artifacts/`."""

from __future__ import annotations

import io
import re

import numpy as np
import pytest
from in_chromium import IN_CHROMIUM, barriers
from PIL import Image
from running import ROOT, engine
from serving import page, served

import styletools as st

pytestmark = IN_CHROMIUM
ARTIFACTS = ROOT / "artifacts"
SMALL = 'data-size="64" data-steps="4" data-grow="no"'
PANELS = {kind: f'data-panel="{kind}" {SMALL}' for kind in ("transfer", "style", "content")}


@pytest.fixture(scope="module")
def site():
    pages = {f"/{kind}": page(attributes) for kind, attributes in PANELS.items()}
    long = {"/long": page('data-panel="style" data-size="64" data-steps="400"')}
    all_of_them = {"/": page(*PANELS.values()), "/dark": page(*PANELS.values(), theme=' data-theme="dark"')}
    with served(engine(), pages | long | all_of_them) as url:
        yield url


@pytest.fixture
def tab(browser, site):
    tab = browser.new_page(viewport={"width": 1100, "height": 900})
    tab.set_default_timeout(120_000)
    tab.asked = []
    tab.broken = []
    tab.on("request", lambda request: tab.asked.append(request.url))
    tab.on("pageerror", lambda error: tab.broken.append(str(error)))
    tab.on("console", lambda message: tab.broken.append(message.text) if message.type == "error" else None)
    yield tab
    assert [url for url in tab.asked if not url.startswith((site, "blob:", "data:"))] == []
    assert tab.broken == []
    tab.close()


def panel_of(tab, address):
    tab.goto(address)
    panel = tab.locator(".styletools-panel").first
    panel.get_by_role("button", name="Start").wait_for()
    return panel


def says(panel, text):
    panel.locator(".st-status", has_text=re.compile(text)).wait_for()


def total(panel):
    return _total(panel.locator(".st-legend").text_content())


def _total(text):
    return float(re.search(r"total ([\d.e-]+)", text)[1])


NOTE_THE_FIRST = """panel => new MutationObserver(() => {
  const legend = panel.querySelector(".st-legend")?.textContent ?? "";
  if (legend.includes("total") && !panel.dataset.first) panel.dataset.first = legend;
}).observe(panel, { subtree: true, childList: true, characterData: true })"""


def start(panel):
    """Press Start. The page itself notes the first loss: on a busy machine the last may be there when it is read."""
    panel.evaluate(NOTE_THE_FIRST)
    panel.get_by_role("button", name="Start").click()
    panel.locator(".st-legend", has_text="total").wait_for()


def first_total(panel):
    return _total(panel.get_attribute("data-first"))


def keep(tab, name):
    ARTIFACTS.mkdir(exist_ok=True)
    tab.screenshot(path=ARTIFACTS / f"{name}.png", full_page=True)


def shown(panel):
    """The picture on the page, and how wide it is."""
    found = Image.open(io.BytesIO(panel.locator(".st-right canvas:visible").first.screenshot())).convert("RGB")
    return np.asarray(found.resize((120, 80))).astype(float), found.width


@pytest.mark.parametrize("kind", PANELS)
def test_a_panel_starts_and_the_loss_falls(tab, site, kind):
    panel = panel_of(tab, f"{site}/{kind}")
    tab.wait_for_load_state("networkidle")
    assert not [
        url for url in tab.asked if url.endswith((".wasm", ".safetensors", ".onnx", "worker.js", "graphs.json"))
    ]
    before, width = shown(panel)
    assert before.std() > 10  # a picture is there already
    assert width >= 320
    start(panel)
    says(panel, "Finished after 4 steps")
    assert total(panel) < 0.9 * first_total(panel)
    assert abs(shown(panel)[0] - before).mean() > 5
    result = shown(panel)[0]
    panel.get_by_role("button", name="Curtain").click()
    assert abs(shown(panel)[0] - result)[20:, 5:55].mean() > 5  # the left half is the picture before
    assert abs(shown(panel)[0] - result)[20:, 70:115].mean() < 1
    panel.get_by_role("slider", name="step of the run").fill("0")
    panel.locator("output", has_text="step 1, 1 of 4").wait_for()
    assert barriers(tab) == []
    keep(tab, f"page_{kind}")


def test_stop_upload_and_save(tab, site, tmp_path):
    panel = panel_of(tab, f"{site}/long")
    Image.effect_noise((90, 60), 60).convert("RGB").save(tmp_path / "my own.png")
    (tmp_path / "notes.txt").write_text("no picture")
    tab.locator("input[type=file]").set_input_files(tmp_path / "notes.txt")
    says(panel, "notes.txt is not a picture")
    tab.locator("input[type=file]").set_input_files(tmp_path / "my own.png")
    says(panel, "my own.png was added")
    assert panel.get_by_label("Painting").input_value() == "own"
    panel.get_by_role("button", name="Start").click()
    panel.locator(".st-detail", has_text=re.compile(r"Step [3-9]\d* of 400, 64 × 43 px, \d+ s left")).wait_for()
    panel.get_by_role("button", name="Stop").click()
    says(panel, "Stopped after")
    steps = int(re.search(r"after (\d+)", panel.locator("p.st-status").text_content())[1])
    assert 3 <= steps < 400
    with tab.expect_download() as download:
        panel.get_by_role("button", name="Save PNG").click()
    saved = st.load_image(download.value.path())
    assert saved.shape == (1, 3, 43, 64)
    panel.get_by_label("Steps at each size").fill("2")
    panel.get_by_role("button", name="Start").click()
    says(panel, "Finished after 2 steps")


def test_wrong_choices_are_said(tab, site):
    panel = panel_of(tab, f"{site}/style")
    panel.get_by_label("Steps at each size").fill("0")
    panel.get_by_role("button", name="Start").click()
    says(panel, "Steps: expected a whole number from 1 to 500")
    for box in panel.get_by_role("checkbox").all():
        box.uncheck()
    panel.get_by_role("button", name="Start").click()
    says(panel, "Choose at least one style layer")


def test_on_a_phone_in_the_dark_by_keyboard(tab, site):
    tab.set_viewport_size({"width": 360, "height": 800})
    panel = panel_of(tab, f"{site}/dark")
    tab.locator(".st-form").nth(2).wait_for()
    assert tab.evaluate("document.documentElement.scrollWidth") <= 360
    assert shown(panel)[1] >= 318
    for summary in tab.locator("summary").all():
        summary.focus()
        tab.keyboard.press("Enter")
    assert panel.get_by_label("Pooling").is_visible()
    assert barriers(tab) == []
    panel.get_by_label("Seed of the noise").focus()
    tab.keyboard.press("Tab")
    assert tab.evaluate("document.activeElement.textContent") == "Start"
    assert tab.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    keep(tab, "page_phone")
    tab.keyboard.press("Enter")
    says(panel, "Finished after 4 steps")
    back = tab.evaluate("getComputedStyle(document.querySelector('.styletools-panel')).backgroundColor")
    assert max(map(int, re.findall(r"\d+", back))) < 80
