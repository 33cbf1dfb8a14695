"""Painting regions with a real mouse, a finger and real keys; and what the studio makes of them."""

from __future__ import annotations

import pytest
import torch
from driving import SMALL, done, pixels
from in_chromium import IN_CHROMIUM

import styletools as st
from styletools.explorers.touch.masks import MaskTouch


@pytest.fixture
def painter():
    touch = MaskTouch("the photograph")
    image = torch.full((1, 3, 60, 90), 0.2)
    image[..., 45:] = 0.8  # dark on the left, bright on the right
    touch.show(image)
    yield touch
    touch.close()


class TestInTheBrowser:
    pytestmark = IN_CHROMIUM

    def test_the_brush_paints_where_the_mouse_was_without_gaps(self, painter, stage):
        shown = stage(painter)
        painter.size = 3
        shown.settle()
        shown.drag("paint regions", (0.4, 0.5), (0.6, 0.5))
        mask = painter.mask
        box = shown.canvas("paint regions").bounding_box()
        scale = min(box["width"] / 90, box["height"] / 60)
        ends = [(share * box["width"] - (box["width"] - 90 * scale) / 2) / scale for share in (0.4, 0.6)]
        row = mask[30]
        where = row.nonzero().flatten()
        assert int(where[0]) == pytest.approx(ends[0] - 3, abs=1.5)
        assert int(where[-1]) == pytest.approx(ends[1] + 3, abs=1.5)
        assert len(where) == where[-1] - where[0] + 1
        assert set(mask.flatten().tolist()) == {0, 1} == set(painter.used)
        assert int(mask.sum(0).max()) in (6, 7)

    def test_eraser_undo_redo_and_clear(self, painter, stage):
        shown = stage(painter)
        states = [painter.mask.clone()]
        for tool, x in (("Brush", 0.4), ("Brush", 0.6), ("Eraser", 0.4)):
            shown.page.get_by_role("button", name=tool).click()
            shown.at("paint regions", x, 0.5, click=True)
            states.append(painter.mask.clone())
        assert states[3].sum() < states[2].sum()
        shown.page.get_by_role("button", name="Undo").click()
        shown.settle()
        assert torch.equal(painter.mask, states[2])
        shown.canvas("paint regions").press("Control+z")
        shown.settle()
        assert torch.equal(painter.mask, states[1])
        shown.page.get_by_role("button", name="Redo").click()
        shown.canvas("paint regions").press("Control+Shift+Z")
        shown.settle()
        assert torch.equal(painter.mask, states[3])
        shown.page.get_by_role("button", name="Clear").click()
        shown.settle()
        assert painter.used == [0]

    def test_fill_stops_where_colours_differ_and_at_other_regions(self, painter, stage):
        shown = stage(painter)
        shown.page.get_by_role("button", name="Region 2").click()
        shown.page.get_by_role("button", name="Fill").click()
        shown.at("paint regions", 0.45, 0.5, click=True)  # the dark half
        assert painter.label == 2
        assert torch.equal(painter.mask == 2, (torch.arange(90) < 45).expand(60, 90))
        painter.alike, painter.label = 1.0, 3
        shown.settle()
        shown.at("paint regions", 0.6, 0.5, click=True)
        assert torch.equal(painter.mask, torch.where(torch.arange(90) < 45, 2, 3).expand(60, 90))

    def test_the_keys_alone(self, painter, stage):
        shown = stage(painter)
        canvas = shown.canvas("paint regions")
        canvas.focus()
        for key in ("2", "[", "[", " ", *["ArrowRight"] * 10, " ", "f", "1", "Shift+ArrowUp", " "):
            canvas.press(key)
        shown.settle()
        assert painter.tool == "fill"
        assert painter.size == 8
        assert painter.used == [0, 1, 2]
        assert int((painter.mask[30] == 2).sum()) in range(30, 40)
        assert "region 1" in shown.page.locator(".st-spoken").inner_text()

    def test_a_finger_paints_and_nothing_scrolls(self, painter, stage):
        shown = stage(painter, has_touch=True)
        box = shown.canvas("paint regions").bounding_box()
        shown.page.touchscreen.tap(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        shown.settle()
        assert painter.used == [0, 1]
        assert shown.canvas("paint regions").evaluate("c => getComputedStyle(c).touchAction") == "none"

    def test_what_was_painted_is_there_again(self, painter, stage):
        mask = torch.zeros(60, 90, dtype=torch.long)
        mask[:, :20] = 1
        painter.paint(mask)
        shown = stage(painter)
        assert "region 1: 22 %" in shown.text()
        shown.at("paint regions", 0.6, 0.5, click=True)
        assert (painter.mask[:, :20] == 1).all()

    def test_it_looks_well(self, make, stage):
        panel = make("studio", **SMALL["studio"])
        shown = stage(panel.regions.painters[0])
        shown.drag("paint regions", (0.3, 0.4), (0.35, 0.5), (0.45, 0.6))
        shown.page.get_by_role("button", name="Region 2").click()
        shown.page.get_by_role("button", name="Fill").click()
        shown.at("paint regions", 0.7, 0.2, click=True)
        shown.keep("masks")


def painted(panel, place: int = 0, share: float = 0.4) -> None:
    painter = panel.regions.painters[place]
    mask = torch.zeros_like(painter.mask)
    mask[:, : int(share * mask.shape[1])] = 1
    painter.paint(mask)


def test_painted_regions_arrive_in_the_picture(make):
    panel = make("studio", **SMALL["studio"])
    panel.start_button.click()
    assert panel.wait(60)
    panel.regions.choice.value = "painted by hand"
    assert panel.regions.canvas.layout.display is None
    panel.start_button.click()
    assert "paint one on the photograph first" in panel.status.value
    before = pixels(panel.regions.preview)
    painted(panel)
    painted(panel, 1, 0.7)
    panel.regions.show()
    assert abs(pixels(panel.regions.preview) - before).mean() > 5
    panel.start_button.click()
    done(panel)
    made = panel.result.settings["arguments"]
    assert "sha256" in made["content_mask"]
    assert made["style_mask"] is not None
    assert "style [1] conv1_1" in panel.result.history
    panel.second.wanted.value = True
    panel.start_button.click()
    done(panel)
    assert panel.result.settings["arguments"]["style_mask"] is None
    panel.regions.choice.value = "none"
    assert panel.regions.canvas.layout.display == "none"


def test_another_picture_is_painted_anew(make):
    panel = make("studio", **SMALL["studio"])
    panel.regions.choice.value = "painted by hand"
    painted(panel)
    panel.content.choice.value = "coffee"
    assert panel.error is None
    painter = panel.regions.painters[0]
    assert painter.used == [0]
    assert painter.mask.shape == st.load_image("coffee", 256).shape[2:]


@pytest.mark.parametrize(
    "mask", [torch.zeros(3, 3).long(), torch.zeros(60, 90), torch.full((60, 90), 5), torch.full((60, 90), -1)]
)
def test_labels_that_do_not_fit_are_told(painter, mask):
    with pytest.raises(st.InputError, match="mask: expected labels"):
        painter.paint(mask)


def test_a_message_that_is_none_changes_nothing(painter):
    answers, failed = [], []
    painter.send = lambda content, buffers=(): answers.append(content)
    painter.failed = failed.append
    for content, buffers in (
        ({"id": "1", "ask": "keep", "shape": [60, 90]}, [bytes(3)]),
        ({"id": "2", "ask": "keep", "shape": [60, 90]}, []),
        ({"id": "3", "ask": "keep"}, [bytes(5400)]),
        ({"id": "4", "ask": "no such thing"}, []),
        ("nonsense", []),
        ({"ask": "keep"}, []),
    ):
        painter._asked(painter, content, buffers)
    assert [answer["id"] for answer in answers] == ["1", "2", "3", "4"]
    assert all("\n" not in answer["error"] for answer in answers)
    assert len(failed) == 4
    assert painter.used == [0]
