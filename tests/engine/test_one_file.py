"""The page in one file: small enough, whole, and working from file:// with the network off."""

from __future__ import annotations

import base64
import importlib
import re

import numpy as np
import pytest
from in_chromium import barriers, chromium, in_chromium
from running import ROOT, exporter
from safetensors.numpy import load_file
from test_modules import ask
from test_panels import first_total, says, start, total

one_file = importlib.import_module("one_file")
graph = importlib.import_module("browser.graph")


def test_the_weights_come_back_in_their_places():
    """Eight bits: at most half a step of the scale off, and then rounded to float16."""
    header, start = graph.safetensors_header(exporter.WEIGHTS)
    needed = start + header["conv2_2.weight"]["data_offsets"][1]
    packed = base64.b64encode(one_file.packed_weights(needed)).decode()
    found = base64.b64decode(ask("expand", packed=packed))
    assert len(found) == needed
    for key in ("conv1_1.weight", "conv1_1.bias", "conv2_2.weight", "conv2_1.bias"):
        original = load_file(exporter.WEIGHTS)[key].astype(np.float32)
        begin, end = (start + offset for offset in header[key]["data_offsets"])
        rows = np.frombuffer(found[begin:end], np.float16).astype(np.float32).reshape(len(original), -1)
        original = original.reshape(len(original), -1)
        step = np.abs(original).max(1, keepdims=True) / 127
        assert (np.abs(rows - original) <= 0.5 * step + 1e-3 * np.abs(original) + 1e-4).all(), key
        if key.endswith("bias"):
            assert np.allclose(rows, original, rtol=1e-3, atol=1e-4)


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("stick") / "styletools.html"
    path.write_bytes(one_file.one_file())
    return path


def test_it_is_small_and_asks_for_nothing(file):
    assert file.stat().st_size < 20e6
    text = file.read_text(encoding="utf-8")
    outside = re.sub(r"<script type=\"application/octet-stream\".*?</script>", "", text, flags=re.DOTALL)
    assert not re.search(r"""(?:src|href)=["'](?!data:)""", outside.split("<script")[0])


@in_chromium
def test_it_works_from_a_file_without_a_network(file):
    with chromium() as browser:
        context = browser.new_context(offline=True, viewport={"width": 1100, "height": 900})
        tab = context.new_page()
        tab.set_default_timeout(90_000)
        asked, broken = [], []
        tab.on("request", lambda request: asked.append(request.url))
        tab.on("pageerror", lambda error: broken.append(str(error)))
        tab.goto(file.as_uri())
        explorers, syntheses = tab.locator(".styletools-panel").all()[:2], tab.locator(".styletools-panel").all()[2:]
        for panel in explorers:
            panel.scroll_into_view_if_needed()
            panel.get_by_role("button", name="Start").click(timeout=60_000)
            panel.locator("[data-shown]").wait_for(timeout=120_000)
        assert "filter" in explorers[0].locator(".st-touch").inner_text()
        explorers[1].get_by_role("button", name="scatter blocks").click()
        explorers[1].get_by_text("The Starry Night, scatter blocks").first.wait_for(timeout=60_000)
        for panel, layer in zip(syntheses, (None, None, "conv3_1"), strict=True):
            panel.scroll_into_view_if_needed()
            panel.get_by_label("Size", exact=True).select_option("64")
            panel.get_by_label("Steps at each size").fill("12")
            panel.get_by_text("More choices").click()
            if panel.get_by_label("Sizes").is_enabled():
                panel.get_by_label("Sizes").select_option("no")
            if layer:
                panel.get_by_label("Content layer").select_option(layer)
            start(panel)
            says(panel, "Finished after 12 steps")
            assert total(panel) < first_total(panel)
            assert "eight bits" in panel.text_content()
        assert barriers(tab) == []
        tab.screenshot(path=ROOT / "artifacts" / "page_one_file.png", full_page=True)
        assert broken == []
        assert [url[:80] for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []
