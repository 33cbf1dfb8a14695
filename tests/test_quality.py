"""The measures of a picture measure what they say; the older program's recipe is what its description says."""

from __future__ import annotations

import pytest
import torch

import styletools as st
from benchmarks import older, quality
from styletools import measures
from styletools.measures import measure


@pytest.fixture(scope="module")
def pair():
    return st.load_image("chelsea", 128), st.load_image("starry_night", 128)


@pytest.fixture(scope="module")
def of_the_photograph(pair):
    return measure(pair[0], *pair)


class TestMeasures:
    """Each moves where it should, and only there."""

    def test_a_photograph_is_its_own_measure(self, of_the_photograph):
        assert of_the_photograph["content"] == 0
        assert of_the_photograph["border"] == of_the_photograph["sw"] == 1
        assert of_the_photograph["hf"] <= 1
        assert of_the_photograph["lattice"] <= 0
        assert of_the_photograph["worst"] > of_the_photograph["nn"] > 0.1

    def test_the_painting_is_all_style(self, pair):
        content, style = (st.load_image(name, 128)[:, :, :80] for name in ("chelsea", "starry_night"))
        found = measure(style, content, style)
        assert abs(found["nn"]) < 1e-3
        assert abs(found["worst"]) < 1e-3
        assert found["sw"] < 1e-3
        assert found["content"] > 0.8

    def test_one_bare_part_is_seen_by_the_worst_tiles(self, pair):
        """A painting with a photograph's corner: good on average, bad at its worst."""
        content, style = (st.load_image(name, 128)[:, :, :80] for name in ("chelsea", "starry_night"))
        bare = style.clone()
        bare[:, :, :40, :64] = content[:, :, :40, :64]
        found = measure(bare, content, style)
        assert found["worst"] > 3 * found["nn"] > 0.05

    def test_a_frame(self, pair, of_the_photograph):
        framed = pair[0].clone()
        framed[:, :, :4] = framed[:, :, -4:] = 0
        found = measure(framed, *pair)
        assert found["border"] > 3
        assert found["hf"] < 1.6

    def test_noise(self, pair):
        noise = 0.4 * (st.white_noise(*pair[0].shape[2:]) - 0.5)
        assert measure((pair[0] + noise).clamp(0, 1), *pair)["hf"] > 1.2

    @pytest.mark.parametrize(("period", "strength"), [(2, 0.02), (4, 0.03), (8, 0.1)])
    def test_a_net_with_the_period_of_the_poolings(self, pair, of_the_photograph, period, strength):
        row = torch.arange(pair[0].shape[3])
        net = strength * torch.cos(2 * torch.pi * row / period)
        found = measure((pair[0] + net).clamp(0, 1), *pair)
        assert found["lattice"] > of_the_photograph["lattice"] + 2
        other = strength * torch.cos(2 * torch.pi * row / 5.3)
        assert measures.lattice((pair[0] + other).clamp(0, 1)) < measures.lattice(pair[0]) + 1


class TestOlder:
    """Means and weights as described."""

    def test_its_loss(self, pair):
        content, style = pair
        vgg = st.VGG(pooling="max", padding="zeros")
        x = torch.rand(content.shape, generator=torch.Generator().manual_seed(1))
        total = sum(older._objective(vgg, content, style, "full")(x).values())
        layers = ["conv4_2", *st.recipes.STYLE_LAYERS]
        X, P, S = (vgg(image, layers) for image in (x, content, style))
        expected = 5 * ((X["conv4_2"] - P["conv4_2"]) ** 2).mean()
        for layer in st.recipes.STYLE_LAYERS:
            G, A = (st.gram_matrix(F[layer], divide_by="NM") for F in (X, S))
            expected += 100 * ((G - A) ** 2).mean()
        assert total.item() == pytest.approx(expected.item(), rel=1e-4)

    def test_its_variation(self):
        x = torch.rand(1, 3, 6, 7, dtype=torch.float64, requires_grad=True)
        total = x.diff(dim=2).abs().sum() + x.diff(dim=3).abs().sum()
        (gradient,) = torch.autograd.grad(total, x)
        found, slope = older._variation(x.detach())
        assert found.item() == pytest.approx(total.item())
        torch.testing.assert_close(slope, gradient)

    def test_it_paints(self, pair, of_the_photograph):
        found = measure(older.picture(*pair, evaluations=60), *pair)
        assert found["nn"] < 0.8 * of_the_photograph["nn"]
        assert found["content"] < 1.2


class TestQuality:
    """Pictures that are kept, rows and means."""

    def test_what_is_finished_is_not_made_again(self, monkeypatch, tmp_path):
        made = []
        monkeypatch.setattr(quality, "STORE", tmp_path)
        monkeypatch.setitem(quality.WAYS, "ours", lambda *call: made.append(call) or st.load_image("chelsea", 48))
        pairs = (("chelsea", "dots"),)
        first, again = (quality.compare(48, pairs, ("ours",)) for _ in range(2))
        assert made == [("chelsea", "dots", 48, "cpu")]
        assert first == again
        assert first[0]["pair"] == "chelsea × dots"

    def test_means(self):
        rows = [
            {"size": 64, "pair": str(n), "way": way, "nn": n + bonus}
            for n in (1, 2)
            for way, bonus in (("ours", 0), ("older", 5))
        ]
        assert quality.means(rows) == [
            {"size": 64, "way": "older", "pairs": 2, "nn": 6.5},
            {"size": 64, "way": "ours", "pairs": 2, "nn": 1.5},
        ]

    @pytest.mark.parametrize("way", quality.WAYS)
    def test_every_way_makes_a_picture(self, way, monkeypatch):
        monkeypatch.setattr(older, "EVALUATIONS", 4)
        monkeypatch.setattr(quality, "PAPER_STEPS", 3)
        image = quality.WAYS[way]("chelsea", "dots", 64, "cpu")
        assert image.shape == (1, 3, 43, 64)
        assert 0 <= image.min() < image.max() <= 1


WANTED = {"nn": 0.36, "worst": 0.6, "hf": 1.3, "content": 0.8}


def test_seconds_to_equal_quality(monkeypatch):
    """The first step of the last size, asked at every second, whose picture is as near to the painting."""
    asked = []

    def better_and_better(image, content, style):
        asked.append(image)
        return {"nn": 0.5 - 0.05 * len(asked), "worst": 0.5, "hf": 1.0, "content": 0.7}

    monkeypatch.setattr(quality, "measure", better_and_better)
    reached = quality.until_as_good(("chelsea", "dots"), 64, WANTED, {"steps": 10}, every=2)
    assert len(asked) == 3
    assert reached["ours"] > 0
    assert reached["content"] == 0.7
    assert all(image.shape[3] == 64 for image in asked)


@pytest.mark.parametrize(
    ("other", "good"), [({}, True), ({"nn": 0.4}, False), ({"worst": 0.7}, False), ({"hf": 0.8}, False)]
)
def test_as_good_is_near_everywhere_and_not_blurred(other, good):
    assert quality.as_good({"nn": 0.3, "worst": 0.5, "hf": 1.0} | other, WANTED) == good


def test_a_picture_of_the_older_program_that_is_known_is_only_timed(monkeypatch):
    monkeypatch.setattr(older, "_objective", lambda *_: pytest.fail("made"))
    made = []
    monkeypatch.setattr(older, "picture", lambda content, style, evaluations: made.append((content.shape, evaluations)))
    measures, seconds = quality.of_older(("china", "starry_night"), 512)
    assert measures["nn"] == 0.1784  # as in results/quality_h200.json
    assert made == [((1, 3, 342, 512), 2), ((1, 3, 342, 512), 12)]
    assert abs(seconds) < 10


def test_equal_quality_is_never_reached(monkeypatch):
    monkeypatch.setattr(quality, "measure", lambda *_: {**WANTED, "nn": 0.4})
    assert quality.until_as_good(("chelsea", "dots"), 64, WANTED, {"steps": 4}, every=2) is None


def test_a_picture_of_the_older_program_that_is_not_known_is_made(monkeypatch):
    monkeypatch.setattr(quality, "finished", lambda way, pair, size: (st.load_image(pair[0], size), 7.0))
    monkeypatch.setattr(quality, "measure", lambda *_: {"nn": 0.2})
    assert quality.of_older(("chelsea", "dots"), 64) == ({"nn": 0.2}, 7.0)


def test_each_way_races_to_the_same_picture(monkeypatch):
    reached = {"ours": 4.0, "content": 0.7}
    monkeypatch.setattr(quality, "of_older", lambda *_: (WANTED, 8.0))
    monkeypatch.setattr(quality, "until_as_good", lambda _, __, wanted, options: None if options else reached)
    default, *others = quality.equal_rows(64, (("chelsea", "dots"),))
    assert (default["way"], default["ours"], default["× faster"]) == ("ours", 4.0, 2.0)
    assert (default["content missing"], default["older's"]) == (0.7, 0.8)
    assert {(row["ours"], row["× faster"], row["content missing"]) for row in others} == {(None, None, None)}
    assert [row["way"] for row in others] == list(quality.EQUAL)[1:]


def test_medians_of_the_races():
    rows = [{"size": 64, "way": "a", "× faster": times} for times in (4.0, None, 3.0)]
    rows += [{"size": 64, "way": "b", "× faster": times} for times in (None, 2.0, None)]
    assert quality.medians(rows) == [
        {"size": 64, "way": "a", "pairs": 3, "reached": 2, "× faster, median": 3.0},
        {"size": 64, "way": "b", "pairs": 3, "reached": 1, "× faster, median": None},
    ]
