from __future__ import annotations

import matplotlib as mpl
import pytest
from matplotlib import pyplot as plt

from styletools import charts
from styletools.errors import InputError


@pytest.fixture(autouse=True)
def _no_window():
    mpl.use("Agg")
    yield
    plt.close("all")


class TestLosses:
    """Named curves."""

    history = {  # noqa: RUF012
        "step": [1, 2, 3, 4],
        "height": [8, 8, 16, 16],
        "seconds": [1, 2, 3, 4],
        "evaluations": [2, 3, 4, 5],
        "content conv4_2": [4, 3, 2, 1],
        "total": [5, 4, 3, 2],
    }

    def test_curves_are_the_losses_and_nothing_else(self):
        _, ax = charts.losses(self.history)
        curves = {
            line.get_label(): list(line.get_ydata()) for line in ax.get_lines() if not line.get_label().startswith("_")
        }
        assert curves == {"content conv4_2": [4, 3, 2, 1], "total": [5, 4, 3, 2]}
        assert ax.get_yscale() == "log"

    def test_a_line_where_the_picture_grew(self):
        _, ax = charts.losses(self.history)
        upright = [line.get_xdata()[0] for line in ax.get_lines() if line.get_label().startswith("_")]
        assert upright == [2.5]

    def test_draws_where_it_is_told_to(self):
        fig, mine = plt.subplots()
        assert charts.losses(self.history, ax=mine) == (fig, mine)


class TestLogScale:
    """Numbers as one says them."""

    @staticmethod
    def labels(low, high):
        fig, ax = charts.compare({"a": {"evaluations": [1, 2], "total": [high, low]}})
        fig.canvas.draw()
        inside = [tick for tick in ax.yaxis.get_major_ticks() if low <= tick.get_loc() <= high]
        assert not any(label.get_text() for label in ax.yaxis.get_minorticklabels())
        return [tick.label1.get_text() for tick in inside]

    def test_less_than_a_decade_has_several_plain_numbers(self):
        assert self.labels(0.9, 4.2) == ["1", "1.5", "2", "3"]

    def test_some_decades(self):
        assert self.labels(0.002, 1.5) == ["0.003", "0.01", "0.03", "0.1", "0.3", "1"]

    def test_limits_that_are_set_later_get_numbers_of_their_own(self):
        fig, ax = charts.compare({"a": {"evaluations": [1, 2, 3], "total": [400, 2, 0.6]}})
        ax.set_ylim(0.5, 4)
        fig.canvas.draw()
        inside = [tick for tick in ax.yaxis.get_major_ticks() if 0.5 <= tick.get_loc() <= 4]
        assert [tick.label1.get_text() for tick in inside] == ["0.5", "0.7", "1", "1.5", "2", "3"]

    def test_many_decades_are_powers(self):
        found = self.labels(1e-8, 1e8)
        assert "$10^{0}$" in found
        assert all(label.startswith("$10^") for label in found)
        assert len(found) <= 12


class TestBars:
    """Numbers by layer."""

    def test_a_bar_for_each_number(self):
        _, ax = charts.bars({"a": {"x": 1, "y": 2}, "b": {"y": 4, "x": 3}}, ylabel="E")
        assert [bar.get_height() for bar in ax.patches] == [1, 2, 3, 4]
        assert [text.get_text() for text in ax.get_legend().get_texts()] == ["a", "b"]

    def test_bad_input(self):
        with pytest.raises(InputError, match="values: expected at least one series"):
            charts.bars({"a": {}}, ylabel="E")


class TestCompare:
    """Runs beside each other."""

    def test_draws_the_column_asked_for(self):
        runs = {"a": {"step": [1, 2], "total": [4, 2], "evaluations": [1, 3]}}
        _, ax = charts.compare(runs)
        assert ax.lines[0].get_xydata().tolist() == [[1, 4], [3, 2]]

    def test_bad_input(self):
        with pytest.raises(InputError, match="runs: expected at least one"):
            charts.compare({})
        with pytest.raises(InputError, match="runs: 'a' has no column 'evaluations'; there are total"):
            charts.compare({"a": {"total": [1]}})
