from __future__ import annotations

import io

import matplotlib as mpl
import numpy as np
import pytest
import torch
from PIL import Image

from styletools import plots
from styletools.descent.synthesis import Step
from styletools.errors import InputError


@pytest.fixture(autouse=True)
def _no_window():
    mpl.use("Agg")
    yield
    plots.plt.close("all")


def drawn(fig) -> np.ndarray:
    buffer = io.BytesIO()
    fig.savefig(buffer, format="png", dpi=60)
    return np.asarray(Image.open(buffer).convert("RGB"))


class TestPictures:
    """Side by side."""

    def test_shows_each_picture_under_its_title(self):
        red, blue = torch.zeros(1, 3, 10, 20), torch.zeros(3, 10, 20)
        red[:, 0], blue[2] = 1, 1
        fig, axes = plots.pictures({"a": red, "b": blue})
        assert [ax.get_title() for ax in axes] == ["a", "b"]
        pixels = drawn(fig).reshape(-1, 3)
        for colour in ([255, 0, 0], [0, 0, 255]):
            assert (pixels == colour).all(1).mean() > 0.1

    def test_small_pictures_are_enlarged_smoothly_unless_pixels_are_the_point(self):
        """Two pixels, black and white: shades between them, or none."""
        step = torch.zeros(1, 3, 1, 2)
        step[..., 1] = 1
        smooth, hard = (drawn(plots.pictures({"": step}, pixels=pixels)[0]) for pixels in (False, True))
        shades = [len(np.unique(picture[picture.shape[0] // 2, :, 0])) for picture in (smooth, hard)]
        assert shades[0] > 20
        assert shades[1] < 10  # the two, and the edges of the picture

    def test_rows(self):
        fig, axes = plots.pictures({str(n): torch.rand(1, 3, 4, 4) for n in range(5)}, columns=2)
        assert len(axes) == 5
        assert fig.axes[0].get_subplotspec().get_gridspec().get_geometry() == (3, 2)

    def test_one_row_is_equally_high_with_its_titles_on_a_line(self):
        fig, axes = plots.pictures({"wide": torch.rand(1, 3, 20, 40), "tall": torch.rand(1, 3, 40, 30)})
        fig.canvas.draw()
        boxes = [ax.get_window_extent() for ax in axes]
        assert abs(boxes[0].height - boxes[1].height) < 2
        assert abs(boxes[0].y1 - boxes[1].y1) < 1

    def test_titles_of_a_row_are_on_a_line_in_any_grid(self):
        shapes = ((20, 40), (30, 40), (20, 40), (20, 40))
        fig, axes = plots.pictures({str(n): torch.rand(1, 3, *shape) for n, shape in enumerate(shapes)}, columns=2)
        fig.canvas.draw()
        tops = [ax.get_window_extent().y1 for ax in axes]
        assert abs(tops[0] - tops[1]) < 1
        assert abs(tops[2] - tops[3]) < 1

    def test_one_picture(self):
        _, axes = plots.pictures({"alone": torch.rand(1, 3, 40, 4)})
        assert len(axes) == 1

    def test_bad_input(self):
        for bad, words in (
            ({}, "at least one picture"),
            ({"a": "x"}, "expected a tensor"),
            ({"a": torch.rand(3)}, "shape"),
        ):
            with pytest.raises(InputError, match=words):
                plots.pictures(bad)
        for history in ({}, {"step": []}):
            with pytest.raises(InputError, match="at least one step"):
                plots.losses(history)


class TestLive:
    """A picture that changes."""

    @pytest.fixture
    def shown(self, monkeypatch):
        from IPython.display import DisplayHandle

        seen: list[tuple[str, bytes]] = []
        monkeypatch.setattr(DisplayHandle, "display", lambda self, image: seen.append(("display", image.data)))
        monkeypatch.setattr(DisplayHandle, "update", lambda self, image: seen.append(("update", image.data)))
        return seen

    @staticmethod
    def step(progress: float, level: float) -> Step:
        return Step(1, 1, {"total": 1.0}, 1.0, progress, torch.full((1, 3, 4, 4), level))

    def test_first_and_last_are_always_shown(self, shown):
        watch = plots.live(seconds=1000)
        for progress, level in ((0.1, 0.0), (0.5, 0.5), (1.0, 1.0)):
            watch(self.step(progress, level))
        assert [how for how, _ in shown] == ["display", "update"]
        last = Image.open(io.BytesIO(shown[-1][1]))
        assert last.getpixel((0, 0)) == (255, 255, 255)

    def test_a_picture_of_a_loop_of_ones_own(self, shown):
        watch = plots.live(seconds=1000)
        for level, last in ((0.0, False), (0.5, False), (7.0, True)):
            watch(torch.full((1, 3, 4, 4), level, requires_grad=True), last=last)
        assert [how for how, _ in shown] == ["display", "update"]
        assert Image.open(io.BytesIO(shown[-1][1])).getpixel((0, 0)) == (255, 255, 255)

    def test_not_too_often(self, shown, monkeypatch):
        times = iter([0, 0.1, 0.2, 0.35, 0.4, 0.7])
        monkeypatch.setattr(plots.time, "monotonic", lambda: next(times))
        watch = plots.live(seconds=0.3)
        for _ in range(6):
            watch(self.step(0.5, 0.5))
        assert len(shown) == 3


class TestMaps:
    """Maps and matrices."""

    def test_each_map_has_its_own_scale_or_all_share_one(self):
        low, high = torch.full((4, 6), 0.1), torch.ones(4, 6)
        low[0, 0] = 0.2
        _, axes = plots.maps({"low": low, "high": high})
        assert [ax.images[0].get_clim() for ax in axes] == [(0, pytest.approx(0.2)), (0, 1)]
        _, axes = plots.maps({"low": low, "high": high}, shared=True)
        assert [ax.images[0].get_clim() for ax in axes] == [(0, 1), (0, 1)]

    def test_a_silent_map_is_dark(self):
        fig, _ = plots.maps({"silent": torch.zeros(4, 4)})
        assert drawn(fig)[120, 200].max() < 20

    def test_matrices_share_a_scale_with_a_bar(self):
        _, axes = plots.matrices({"a": torch.eye(3)[None], "b": 2 * torch.eye(3)}, label="C_ij")
        assert [ax.images[0].get_clim() for ax in axes] == [(0, 2), (0, 2)]
        assert axes[-1].child_axes[0].get_ylabel() == "C_ij"

    @pytest.mark.parametrize("count", [1, 2, 5])
    def test_a_colour_bar_is_as_high_as_what_it_explains(self, count):
        fig, axes = plots.matrices({str(n): torch.eye(3) for n in range(count)}, columns=4)
        fig.canvas.draw()
        right = axes[min(count, 4) - 1]
        bar, last = right.child_axes[0].get_window_extent(), right.get_window_extent()
        assert abs(bar.height - last.height) < 2
        assert bar.x0 > last.x1
        sizes = [round(ax.get_window_extent().width) for ax in axes]
        assert max(sizes) - min(sizes) <= 1

    def test_ranks_are_not_labelled_as_filters(self):
        _, (ax,) = plots.matrices({"sorted": torch.eye(3)}, numbered=False)
        assert ax.get_xlabel() == "filters j, sorted"
        assert len(ax.get_xticks()) == 0

    @pytest.mark.parametrize("draw", [plots.maps, plots.matrices])
    def test_bad_input(self, draw):
        with pytest.raises(InputError, match="expected at least one"):
            draw({})
        with pytest.raises(InputError, match="'x' must have two dimensions, got shape"):
            draw({"x": torch.rand(2, 3, 4, 4)})


class TestOutline:
    """Squares on a picture."""

    def test_frames_the_pixels_it_names(self):
        _, (ax,) = plots.pictures({"a": torch.zeros(1, 3, 10, 10)})
        plots.outline(ax, 2, 3, 4)
        box = ax.patches[-1]
        assert (box.get_x(), box.get_y(), box.get_width(), box.get_height()) == (2.5, 1.5, 4, 4)


class TestClouds:
    """What two filters say, as points."""

    def test_each_position_is_a_point_and_all_have_the_same_axes(self):
        small = torch.tensor([[0.0, 1.0, 1.0], [0.0, 0.0, 2.0]])
        _, axes = plots.clouds({"few": small, "features": 5 * torch.rand(1, 2, 4, 6)})
        assert axes[0].collections[0].get_offsets().tolist() == [[0, 0], [1, 0], [1, 2]]
        assert len(axes[1].collections[0].get_offsets()) == 24
        assert axes[0].get_xlim() == axes[0].get_ylim() == axes[1].get_xlim()

    @pytest.mark.parametrize("bad", [{}, {"a": torch.rand(3, 5)}, {"a": torch.rand(5)}])
    def test_bad_input(self, bad):
        with pytest.raises(InputError, match="points"):
            plots.clouds(bad)


class TestScores:
    """A table of numbers."""

    def test_the_number_stands_in_its_cell(self):
        numbers = {"a": {"a": 0.0, "b": 9.96}, "b": {"a": 0.004, "b": 0.996}, "c": {"a": 0.0512, "b": 123.4}}
        _, ax = plots.scores(numbers, xlabel="judge")
        found = {tuple(text.get_position()): text.get_text() for text in ax.texts}
        assert found == {(0, 0): "0", (1, 0): "10", (0, 1): "<0.01", (1, 1): "1.0", (0, 2): "0.051", (1, 2): "123"}
        assert [label.get_text() for label in ax.get_xticklabels()] == ["a", "b"]
        assert [label.get_text() for label in ax.get_yticklabels()] == ["a", "b", "c"]
        assert ax.get_xlabel() == "judge"
        assert len(ax.patches) == 2  # a by a, b by b

    def test_each_column_has_its_own_shades_but_small_numbers_stay_light(self):
        _, ax = plots.scores({"a": {"x": 1.0, "y": 0.0, "z": 0.002}, "b": {"x": 4.0, "y": 1.0, "z": 0.0}})
        shades = np.asarray(ax.images[0].get_array())
        assert shades[:, :2].tolist() == [[0.5, 0.0], [1.0, 1.0]]
        assert shades[:, 2].tolist() == pytest.approx([0.1, 0.0])

    @pytest.mark.parametrize(
        ("bad", "words"),
        [
            ({}, "at least one row"),
            ({"a": {}}, "at least one row"),
            ({"a": {"x": 1.0}, "b": {"y": 1.0}}, "'b' has the columns y, not x"),
            ({"a": {"x": -1.0}}, "not negative"),
            ({"a": {"x": float("nan")}}, "not negative"),
        ],
    )
    def test_bad_input(self, bad, words):
        with pytest.raises(InputError, match=words):
            plots.scores(bad)
