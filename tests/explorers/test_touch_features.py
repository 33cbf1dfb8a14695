"""The features under a real mouse, real keys, and a finger."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from driving import SMALL, done
from in_chromium import IN_CHROMIUM

import styletools as st
from styletools.reading import field, peak, strongest

pytestmark = IN_CHROMIUM


@pytest.fixture
def shown(make, stage):
    panel = make("features", "chelsea", "conv3_1", size=96)
    done(panel)
    return panel, stage(panel.touch)


def test_the_column_under_the_mouse_is_that_of_the_network(shown):
    panel, stage = shown
    F = st.VGG()(st.load_image("chelsea", 96), "conv3_1")["conv3_1"]  # 64 × 96 pixels, 16 × 24 positions
    width = stage.canvas("picture").bounding_box()["width"]
    pixels = 96 * 340 / 64 if width > 96 * 340 / 64 else width  # the picture's width on the canvas
    scale = pixels / 96
    for row, col in ((2, 3), (9, 20), (15, 23)):
        x = ((width - pixels) / 2 + (4 * col + 2) * scale) / width
        y = ((340 - 64 * scale) / 2 + (4 * row + 2) * scale) / 340
        stage.at("picture", x, y)
        assert f"at row {row}, column {col}:" in stage.text()
        values = F[0, :, row, col]
        best = values.argsort(descending=True, stable=True)[:6].tolist()
        chips = stage.page.locator(".st-chips button").all_inner_texts()
        assert [int(chip.split(":")[0]) for chip in chips] == best
        for chip, i in zip(chips, best, strict=True):
            assert float(chip.split(":")[1]) == pytest.approx(float(values[i]), rel=0.01)
    assert (panel.touch.row, panel.touch.column) == (0, 0)  # moving keeps nothing
    stage.at("picture", x, y, click=True)
    assert (panel.touch.row, panel.touch.column) == (15, 23)
    stage.page.mouse.move(2, 890)
    stage.settle()
    assert "at row 15, column 23:" in stage.text()


def test_moving_asks_nothing_and_a_layer_is_asked_for_once(shown):
    panel, stage = shown
    assert sorted(stage.page.evaluate("window.asked")) == ["layer", "picture"]
    for x in np.linspace(0.2, 0.8, 12):
        stage.at("picture", float(x), 0.5)
    slider = stage.page.get_by_role("slider", name="layer")
    slider.focus()
    for key in ("ArrowLeft", "ArrowLeft", "ArrowRight", "ArrowRight"):
        slider.press(key)
        stage.settle()
    done(panel)
    assert panel.layer.value == "conv3_1"
    assert stage.page.evaluate("window.asked").count("layer") == 3  # pool2 and conv2_2; back without asking


def test_a_filter_by_a_bar_a_chip_and_the_list(shown):
    panel, stage = shown
    plain = stage.photo("picture")
    stage.page.locator(".st-chips button").nth(1).click()
    stage.settle()
    i = int(stage.page.locator(".st-chips button").nth(1).inner_text().split(":")[0])
    assert panel.touch.filter == panel.filter.value == i
    assert f"filter {i} of conv3_1" in panel.one.caption.value
    assert abs(stage.photo("picture") - plain).mean() > 5
    assert f"Filter {i}: the places" in stage.text()
    bars = stage.canvas("column of F")
    box = bars.bounding_box()
    stage.page.mouse.click(box["x"] + 4 + (200.5 / 256) * (box["width"] - 8), box["y"] + 60)
    stage.settle()
    assert abs(panel.filter.value - 200) <= 3
    before = panel.filter.value
    bars.press("ArrowRight")
    stage.settle()
    assert panel.filter.value == before + 1
    panel.filter.value = panel.filter.options[5]
    stage.settle()
    assert f"Filter {panel.filter.options[5]}: the places" in stage.text()


def test_the_first_place_is_the_peak_and_its_patch_is_cut_from_the_picture(shown):
    panel, stage = shown
    i = panel.filter.value
    F = panel.features("max pooling", "conv3_1", st.load_image("chelsea", 96), "chelsea")
    assert i == strongest(F, 1)[0]
    stage.page.locator(".st-patches button").first.click()
    stage.settle()
    assert (panel.touch.row, panel.touch.column) == peak(F, i)
    top, left, side = field(st.VGG(), "conv3_1", *peak(F, i))
    image = torch.nn.functional.pad(st.load_image("chelsea", 96), (side,) * 4)
    patch = image[0, :, top + side : top + 2 * side, left + side : left + 2 * side]
    drawn = np.array(stage.page.locator(".st-patches canvas").first.evaluate(
        "c => [...c.getContext('2d').getImageData(0, 0, 96, 96).data]")).reshape(96, 96, 4)  # fmt: skip
    inside = drawn[..., 3] > 250
    colours = [patch[c].numpy()[patch.sum(0) > 0].mean() * 255 for c in range(3)]
    assert drawn[inside][:, :3].mean(0) == pytest.approx(colours, abs=4)


def test_the_keys_move_the_position_and_stay_in_the_view(shown):
    panel, stage = shown
    panel.touch.row, panel.touch.column = 5, 6
    stage.settle()
    stage.page.evaluate("document.addEventListener('keydown', () => { window.leaked = true; })")
    picture = stage.canvas("picture")
    picture.focus()
    for key in ("ArrowDown", "ArrowRight", "ArrowRight", "Shift+ArrowLeft", "ArrowUp"):
        picture.press(key)
    stage.settle()
    assert (panel.touch.row, panel.touch.column) == (5, 0)
    assert "row 5, column 0; strongest: filter" in stage.page.locator(".st-spoken").inner_text()
    assert not stage.page.evaluate("window.leaked ?? false")


def test_another_picture_is_asked_for(shown):
    panel, stage = shown
    before = stage.photo("picture")
    panel.picker.choice.value = "coffee"
    done(panel)
    stage.settle()
    assert abs(stage.photo("picture") - before).mean() > 10


def test_what_cannot_be_answered_is_told_in_a_line(shown):
    panel, stage = shown
    panel.touch.answers = {}
    panel.picker.choice.value = "coffee"
    done(panel)
    stage.settle()
    assert "there is no answer to 'picture'" in stage.text() or "there is no answer to 'layer'" in stage.text()


def test_it_looks_well(make, stage):
    panel = make("features")
    done(panel)
    stage = stage(panel.touch)
    stage.at("picture", 0.4, 0.4, click=True)
    stage.keep("features")
    stage.page.locator(".st-chips button").first.click()
    stage.keep("features_map")


def test_values_from_python_only(make):
    panel = make("features", **SMALL["features"])
    done(panel)
    panel.layer.value = "conv1_1"
    done(panel)
    assert panel.touch.layer == "conv1_1"
    panel.filter.value = panel.filter.options[2]
    assert panel.touch.filter == panel.filter.options[2]
    panel.touch.layer = "conv2_1"
    done(panel)
    assert "N = 128 filters" in panel.status.value
