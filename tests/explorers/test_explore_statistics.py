from __future__ import annotations

import time

import pytest
from driving import done, pixels

import styletools as st


class TestStatistics:
    """Side by side."""

    def test_makes_one_after_the_other_and_scores_each_by_the_others(self, make):
        panel = make("statistics", "dots", ["gram", "mean"], size=64, seconds=3)
        panel.start_button.click()
        done(panel)
        assert list(panel.results) == ["gram", "mean"]
        for index, name in enumerate(panel.results):
            assert pixels(panel.pictures[index]).std() > 10
            assert panel.pictures[index].caption.value.startswith(f"<small>{name}: ")
        assert panel.scores["gram"].keys() == {"gram", "mean"}
        assert all(0 < value < 0.5 for row in panel.scores.values() for value in row.values())
        assert panel.scores["mean"]["mean"] < panel.scores["gram"]["mean"]  # each is good at what it was made for
        assert "made with" in panel.table.value
        assert panel.table.value.count("<td") == 4

    def test_another_choice_of_columns(self, make):
        panel = make("statistics", "dots", ["gram", "mean"], size=64, seconds=1)
        panel.choices[1].value = "—"
        panel.choices[3].value = "histogram"
        assert panel.chosen == {"gram": 0, "histogram": 3}
        panel.choices[1].value = "gram"  # twice
        panel.start_button.click()
        done(panel)
        captions = [picture.caption.value for picture in panel.pictures]
        assert captions[0].startswith("<small>gram: ")
        assert captions[1] == captions[2] == "<small>—</small>"
        assert captions[3].startswith("<small>histogram: ")  # below its own list
        for choice in panel.choices:
            choice.value = "—"
        panel.start_button.click()
        assert "choose a statistic first" in panel.status.value

    def test_stop_keeps_what_is_there(self, make):
        panel = make("statistics", "dots", ["gram", "mean"], size=64, seconds=60)
        panel.start_button.click()
        time.sleep(1)
        panel.stop_button.click()
        assert panel.wait(60)
        assert list(panel.results) == ["gram"]
        assert "stopped in the middle of gram" in panel.status.value

    def test_start_while_it_works(self, make):
        """The new run is the only one that is shown."""
        panel = make("statistics", "dots", ["gram", "mean"], size=64, seconds=1)
        panel.start_button.click()
        time.sleep(0.5)
        panel.choices[0].value = "mean"
        panel.choices[1].value = "histogram"
        panel.start_button.click()
        done(panel)
        assert list(panel.results) == list(panel.scores) == ["mean", "histogram"]
        captions = [picture.caption.value for picture in panel.pictures]
        assert captions[0].startswith("<small>mean: ")
        assert captions[1].startswith("<small>histogram: ")

    @pytest.mark.parametrize("names", [["gram"], ["gram", "mean", "sliced", "mmd-linear", "histogram"]])
    def test_two_to_four(self, make, names):
        with pytest.raises(st.InputError, match="names: expected 2 … 4 statistics"):
            make("statistics", "dots", names)
