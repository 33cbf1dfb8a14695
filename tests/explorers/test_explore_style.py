from __future__ import annotations

from driving import SMALL, done, pixels

from styletools.explorers.style import growing_subsets


class TestStyle:
    """Layer sets and the gallery."""

    def test_weights_choose_the_layers(self, make):
        panel = make("style", "dots", {"conv1_1": 1.0}, **SMALL["style"])
        assert panel.chosen() == {"conv1_1": 1.0}
        panel.weights["conv3_1"].value = 0.5
        panel.start_button.click()
        done(panel)
        names = [name for name in panel.result.history if name.startswith("style")]
        assert names == ["style conv1_1", "style conv3_1"]

    def test_no_layer_is_an_error_that_says_so(self, make):
        panel = make("style", "dots", {"conv1_1": 1.0}, **SMALL["style"])
        panel.weights["conv1_1"].value = 0.0
        panel.start_button.click()
        assert panel.wait(60)
        assert "expected at least one" in panel.status.value

    def test_all_subsets_fill_the_gallery(self, make):
        panel = make("style", size=64, steps=2)
        panel.all_subsets()
        done(panel)
        assert list(panel.gallery) == list(growing_subsets())
        assert pixels(panel.shelf).std() > 10

    def test_keep(self, make):
        panel = make("style", "dots", "conv1_1", **SMALL["style"])
        panel.keep()
        assert "no picture to keep yet" in panel.status.value
        panel.start_button.click()
        done(panel)
        for _ in range(15):
            panel.keep()
        assert len(panel.gallery) <= 12
