"""Curtain, lens and the steps of a run, under a real mouse and real keys."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from driving import SMALL, done
from in_chromium import IN_CHROMIUM

import styletools as st
from styletools import explorers
from styletools.explorers.touch.compare import MOST_STEPS, CompareTouch


def plain(red: float, green: float, blue: float) -> torch.Tensor:
    return torch.tensor([red, green, blue]).float().view(1, 3, 1, 1).expand(1, 3, 48, 72).clone()


RED, BLUE, GREEN = plain(1, 0, 0), plain(0, 0, 1), plain(0, 1, 0)


@pytest.fixture
def shown(stage):
    panel = explorers.compare(RED, [GREEN, BLUE])
    yield panel, stage(panel.touch)
    panel.close()


def colour(stage, x: float, y: float) -> str:
    """What is seen at a share of the picture."""
    photo = stage.photo("before and after")
    height, width = photo.shape[:2]
    pixel = photo[int(y * (height - 1)), int(x * (width - 1))]
    return {0: "red", 1: "green", 2: "blue"}[int(np.argmax(pixel))]


class TestInTheBrowser:
    pytestmark = IN_CHROMIUM

    def test_the_curtain_is_where_the_mouse_left_it(self, shown):
        panel, stage = shown
        assert colour(stage, 0.3, 0.7) == "red"
        assert colour(stage, 0.7, 0.7) == "blue"
        stage.drag("before and after", (0.5, 0.5), (0.8, 0.5))
        assert panel.touch.x == pytest.approx(0.8, abs=0.01)
        assert colour(stage, 0.7, 0.7) == "red"
        assert colour(stage, 0.9, 0.7) == "blue"
        canvas = stage.canvas("before and after")
        for _ in range(10):
            canvas.press("Shift+ArrowLeft")
        stage.settle()
        assert panel.touch.x == 0
        assert colour(stage, 0.3, 0.7) == "blue"

    def test_the_lens_shows_both_at_the_place_of_the_mouse(self, shown):
        panel, stage = shown
        stage.page.get_by_role("button", name="Lens").click()
        stage.at("before and after", 0.5, 0.8)
        colours = [colour(stage, 0.5 + dx, 0.55) for dx in (-0.1, 0.1)]
        assert colours == ["red", "blue"]
        assert colour(stage, 0.1, 0.1) == "blue"
        assert panel.touch.mode == "lens"

    def test_the_steps_of_a_run(self, shown):
        panel, stage = shown
        slider = stage.page.get_by_role("slider", name="step of the run")
        slider.focus()
        slider.press("ArrowLeft")
        stage.settle()
        assert panel.touch.step == 0
        assert colour(stage, 0.9, 0.7) == "green"
        assert "1, 1 of 2" in stage.text()
        slider.press("ArrowRight")
        stage.settle()
        assert panel.touch.step == -1  # follows the newest
        assert colour(stage, 0.9, 0.7) == "blue"
        play = stage.page.get_by_role("button", name="Play")
        assert play.evaluate("button => { button.click(); return button.textContent }") == "Pause"  # for 0.3 s
        play.wait_for()
        stage.settle()
        assert panel.touch.step == -1

    def test_a_growing_picture_is_followed_and_the_original_is_sent_once(self, make, stage):
        panel = make("content", size=64, steps=40)
        stage = stage(panel.compare)
        blank = stage.photo("what is being made")
        panel.start_button.click()
        done(panel)
        stage.settle()
        assert abs(stage.photo("what is being made") - blank).mean() > 10
        assert len(panel.compare.steps) >= 2
        canvas = stage.canvas("what is being made")
        canvas.click()  # on the result: the curtain
        stage.settle()
        assert panel.compare.mode == "curtain"

    def test_it_looks_well(self, stage):
        result = st.transfer("chelsea", "starry_night", size=128, steps=8, init="content", progress=False)
        panel = explorers.compare("chelsea", result)
        stage = stage(panel.touch)
        stage.drag("before and after", (0.5, 0.5), (0.45, 0.5))
        stage.keep("compare_curtain")
        stage.page.get_by_role("button", name="Lens").click()
        stage.at("before and after", 0.37, 0.45)
        stage.keep("compare_lens")
        panel.close()


def test_steps_are_kept_within_a_bound_and_the_first_and_the_newest_stay():
    touch = CompareTouch(width=10, height=10)
    for number in range(MOST_STEPS + 30):
        touch.value = b"%d" % number
        touch.keep(str(number))
    assert len(touch.steps) <= MOST_STEPS
    for place in (0, len(touch.steps) - 1, 40):
        asked = touch._answer({"which": "after", "step": place}, [])
        assert asked.buffer.decode() == touch.steps[place]
    assert touch.steps[0] == "0"
    assert touch._answer({"which": "after", "step": -1}, []).buffer == b"%d" % number
    touch.forget()
    assert touch.steps == []
    assert touch._answer({"which": "after", "step": 5}, []).buffer == b"%d" % number
    touch.close()


@pytest.mark.parametrize("name", ["content", "style", "studio"])
def test_a_panel_keeps_what_its_run_was_made_from(make, name):
    panel = make(name, **SMALL[name])
    panel.start_button.click()
    done(panel)
    before = panel.originals[0].image.value
    assert panel.compare._before == before
    (panel.content if name == "studio" else panel.picker).choice.value = "great_wave"
    assert panel.compare._before == before
    assert panel.compare.steps[-1] == f"step {int(panel.result.history['step'][-1])}"
    panel.reset_button.click()
    assert panel.compare._before == panel.originals[0].image.value != before
    assert panel.compare.steps == []


def test_results_files_and_names_are_pictures(tmp_path):
    result = st.reconstruct_style("dots", "conv1_1", size=32, steps=1, progress=False)
    result.save(tmp_path / "a.png")
    for before, after in ((result, tmp_path / "a.png"), (result.image, result), ("chelsea", ["chelsea", "chelsea"])):
        panel = explorers.compare(before, after)
        assert panel.touch._before[1:4] == panel.touch.value[1:4] == b"PNG"
        panel.close()


def test_pictures_that_do_not_belong_together_are_told():
    with pytest.raises(st.InputError, match=r"proportions of the picture before, \d+ × \d+"):
        explorers.compare("chelsea", plain(1, 1, 1)[..., :20])
    with pytest.raises(st.InputError, match="an empty list"):
        explorers.compare("chelsea", [])
