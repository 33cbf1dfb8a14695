from __future__ import annotations

import time

from driving import SMALL, done, pixels

import styletools as st


class TestTradeoff:
    """The grid."""

    def test_fills_in_and_one_goes_on_larger(self, make):
        panel = make("tradeoff", **SMALL["tradeoff"])
        first = ("all five", 1.0)
        panel.larger(*first)
        assert "not made yet" in panel.status.value
        panel.start_button.click()
        done(panel)
        assert len(panel.results) == 9
        shown = [pixels(cell) for cell, _ in panel.cells.values()]
        assert all(image.std() > 10 for image in shown)
        content = st.Objective(st.VGG(), content=st.load_image("chelsea", 64), content_layers="conv4_2")
        missing = [float(content(panel.results["all five", r].image)["content conv4_2"]) for r in (1.0, 0.2, 0.04)]
        assert missing == sorted(missing)
        panel.larger(*first)
        done(panel)
        assert "128 px" in panel.large.caption.value
        assert pixels(panel.large).std() > 10

    def test_stop_keeps_what_is_there(self, make):
        panel = make("tradeoff", size=64, steps=40)
        panel.start_button.click()
        deadline = time.monotonic() + 180
        while not panel.results and time.monotonic() < deadline:
            time.sleep(0.01)
        panel.stop_button.click()
        assert panel.wait(60)
        assert 0 < len(panel.results) < 9
