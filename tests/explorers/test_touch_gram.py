"""The Gram matrix under a real mouse and real keys."""

from __future__ import annotations

import re

import pytest
import torch
from driving import SMALL, done
from in_chromium import IN_CHROMIUM

import styletools as st
from styletools.reading import cosines, order, together

pytestmark = IN_CHROMIUM


@pytest.fixture
def shown(make, stage):
    panel = make("gram", "starry_night", "conv2_1", size=96)
    done(panel)
    return panel, stage(panel.touch)


def features(layer: str = "conv2_1", image: torch.Tensor | None = None) -> torch.Tensor:
    return st.VGG()(st.load_image("starry_night", 96) if image is None else image, layer)[layer]


def apart(F: torch.Tensor, S: torch.Tensor) -> float:
    """In percent of a picture without features."""
    return 100 * float(st.style_layer_loss(F, S) / st.style_layer_loss(torch.zeros_like(S), S))


def told(stage) -> float:
    return float(re.search(r": ([\d.e-]+) % of its value", stage.text())[1])


def entry(stage, a: int, b: int, C: int = 128) -> tuple[float, float]:
    """The middle of row a and column b, in shares of the matrix's canvas."""
    box = stage.canvas("Gram matrix of the whole").bounding_box()
    side = min(box["width"], box["height"])
    return tuple(
        ((full - side) / 2 + (place + 0.5) * side / C) / full for full, place in ((box["width"], b), (box["height"], a))
    )


def test_the_entry_under_the_mouse_is_eq_3(shown):
    panel, stage = shown
    F = features()
    G = st.gram_matrix(F)
    filters = order(G)
    kept = (panel.i.value, panel.j.value)
    for a, b in ((3, 100), (64, 64), (120, 10)):
        i, j = int(filters[a]), int(filters[b])
        stage.at("Gram matrix of the whole", *entry(stage, a, b))
        text = stage.text()
        assert f"F of filter i = {i}" in text
        assert f"F of filter j = {j}" in text
        value = float(re.search(r"its sum is G_ij = ([\d.e+-]+)", text)[1])
        assert value == pytest.approx(float(together(F, i, j).sum()), rel=0.01)
        assert f"cosine of {i} and {j} is {float(cosines(G)[i, j]):.2f}" in text
    assert (panel.i.value, panel.j.value) == kept  # moving keeps nothing
    stage.at("Gram matrix of the whole", *entry(stage, a, b), click=True)
    assert (panel.i.value, panel.j.value) == (i, j)
    assert f"filter i = {i}" in panel.map_i.caption.value
    matrix = stage.canvas("Gram matrix beside it")
    matrix.press("ArrowDown")
    matrix.press("ArrowLeft")
    stage.settle()
    assert (panel.i.value, panel.j.value) == (int(filters[a + 1]), int(filters[b - 1]))


def test_a_brushed_region_has_the_matrix_of_its_positions(shown):
    _, stage = shown
    before = stage.photo("Gram matrix beside it")
    asked = len(stage.page.evaluate("window.asked"))
    stage.drag("picture", (0.3, 0.3), (0.5, 0.4))
    inside = int(re.search(r"the region \((\d+) of", stage.text())[1])
    assert 50 < inside < 500
    assert len(stage.page.evaluate("window.asked")) == asked  # the view has all that it needs
    assert abs(stage.photo("Gram matrix beside it") - before).mean() > 3
    # The same positions, chosen here: within 14 pixels of one of the places where the brush was.
    F = features()
    strokes = strokes_of(stage)
    rows, columns = torch.meshgrid(torch.arange(F.shape[2]), torch.arange(F.shape[3]), indexing="ij")
    chosen = torch.zeros(F.shape[2:], dtype=torch.bool)
    for x, y in strokes:
        chosen |= torch.hypot(rows * 2 + 0.5 - y, columns * 2 + 0.5 - x) <= 14
    assert int(chosen.sum()) == pytest.approx(inside, abs=3)
    assert told(stage) == pytest.approx(apart(F[:, :, chosen][..., None], F), rel=0.1)
    stage.canvas("picture").press("Escape")
    stage.settle()
    assert told(stage) == pytest.approx(0, abs=1e-6)


def strokes_of(stage) -> list[tuple[float, float]]:
    """Where `drag` has been, in pixels of the picture: the mouse moves in four steps."""
    box = stage.canvas("picture").bounding_box()
    height = st.load_image("starry_night", 96).shape[2]
    scale = min(box["width"] / 96, box["height"] / height)
    left, top = (box["width"] - 96 * scale) / 2, (box["height"] - height * scale) / 2
    places = [(0.3 + 0.2 * step / 4, 0.3 + 0.1 * step / 4) for step in range(5)]
    return [((x * box["width"] - left) / scale, (y * box["height"] - top) / scale) for x, y in places]


def test_shuffling_hardly_moves_the_matrix_and_the_list_follows(shown):
    panel, stage = shown
    press = stage.page.get_by_role("button", name="scatter blocks")
    press.click()
    done(panel)
    stage.settle()
    assert panel.change.value == "scatter blocks"
    shuffled = st.pictures.variations.scatter(st.load_image("starry_night", 96))
    assert told(stage) == pytest.approx(apart(features(image=shuffled), features()), rel=0.02)
    assert press.get_attribute("aria-pressed") == "true"
    panel.change.value = "mirror"
    done(panel)
    stage.settle()
    mirrored = st.pictures.variations.mirror(st.load_image("starry_night", 96))
    assert told(stage) == pytest.approx(apart(features(image=mirrored), features()), rel=0.02)


def test_a_frame_is_a_picture_of_its_own(shown):
    panel, stage = shown
    stage.page.get_by_role("button", name="Crop by dragging").click()
    stage.drag("picture", (0.35, 0.2), (0.6, 0.8))
    assert "that of the crop" in stage.text()
    large = told(stage)
    assert large > 1
    picture = stage.canvas("picture")
    for _ in range(40):
        picture.press("+")
    stage.settle()
    assert told(stage) == pytest.approx(0, abs=1e-3)  # the whole picture
    assert panel.error is None
    stage.drag("picture", (0.4, 0.4), (0.405, 0.405))  # too small for a frame: nothing happens
    assert panel.error is None


def test_another_layer_keeps_the_region(shown):
    panel, stage = shown
    stage.drag("picture", (0.3, 0.3), (0.5, 0.4))
    slider = stage.page.get_by_role("slider", name="layer")
    slider.focus()
    slider.press("ArrowRight")
    done(panel)
    stage.settle()
    assert panel.layer.value == "conv3_1"
    assert "G is 256 × 256" in stage.text()
    assert "the region (" in stage.text()
    assert stage.photo("Gram matrix beside it").std() > 10


def test_the_brush_by_keys(shown):
    _, stage = shown
    picture = stage.canvas("picture")
    picture.focus()
    for key in ("ArrowLeft", "ArrowUp", " ", "ArrowRight", "ArrowRight", " "):
        picture.press(key)
    stage.settle()
    assert "the region (" in stage.text()
    assert "brush at" in stage.page.locator(".st-spoken").inner_text()


def test_a_finger_brushes(make, stage):
    panel = make("gram", "starry_night", "conv2_1", size=96)
    done(panel)
    stage = stage(panel.touch, has_touch=True)
    box = stage.canvas("picture").bounding_box()
    stage.page.touchscreen.tap(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    stage.settle()
    assert "the region (" in stage.text()


def test_another_picture_is_asked_for(shown):
    panel, stage = shown
    before = stage.photo("Gram matrix of the whole")
    panel.picker.choice.value = "the_kiss"
    done(panel)
    stage.settle()
    assert abs(stage.photo("Gram matrix of the whole") - before).mean() > 2
    assert "G of the_kiss" in stage.text()


def test_it_looks_well(make, stage):
    panel = make("gram")
    done(panel)
    stage = stage(panel.touch)
    stage.keep("gram")
    stage.drag("picture", (0.3, 0.3), (0.5, 0.25), (0.6, 0.4))
    stage.keep("gram_region")
    stage.page.get_by_role("button", name="scatter blocks").click()
    done(panel)
    stage.keep("gram_shuffled")
    stage.page.get_by_role("button", name="Crop by dragging").click()
    stage.drag("picture", (0.35, 0.2), (0.7, 0.8))
    stage.keep("gram_crop")


def test_values_from_python_only(make):
    panel = make("gram", **SMALL["gram"])
    done(panel)
    panel.i.value, panel.j.value = 4, 9
    assert (panel.touch.i, panel.touch.j) == (4, 9)
    panel.touch.layer = "conv1_1"
    done(panel)
    assert "conv1_1: N = 64" in panel.status.value
