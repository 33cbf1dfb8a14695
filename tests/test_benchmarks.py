"""The measurements measure what they say. Nothing is timed here."""

from __future__ import annotations

import itertools
import json
import math

import pytest
import torch

import styletools as st
from benchmarks import blocks, common, kernels, processors, race, report
from benchmarks.textbook import Textbook


@pytest.fixture(scope="module")
def small():
    return common.pictures(common.PAIRS[0], 64)


@pytest.mark.parametrize("pooling", ["avg", "max"])
def test_the_textbook_minimises_the_same(small, pooling):
    """Otherwise the race would be between different things."""
    content, style = small
    objective = common.objective(st.VGG(pooling=pooling, padding="zeros"), content, style)
    loop = Textbook(content, style, objective.factors, pooling)
    image = torch.rand(content.shape, generator=torch.Generator().manual_seed(0)).requires_grad_()
    loss = loop.loss(image)
    assert loss.item() == pytest.approx(sum(objective(image.detach()).values()).item(), rel=1e-4)
    (gradient,) = torch.autograd.grad(loss, image)
    _, ours = objective.value_and_gradient(image.detach())
    assert (gradient - ours).norm() < 1e-3 * ours.norm()


@pytest.mark.parametrize("method", ["adam", "lbfgs"])
def test_the_textbook_goes_down_and_stays_a_picture(small, method):
    content, style = small
    loop = Textbook(
        content, style, common.objective(st.VGG(pooling="avg", padding="zeros"), content, style).factors, "avg"
    )
    run = list(itertools.islice(getattr(loop, method)(content), 20))
    assert run[-1][0] < 0.8 * run[0][0]


def test_arithmetic_counts_the_convolutions_that_are_run(monkeypatch):
    from torch.utils.flop_counter import FlopCounterMode

    image = torch.rand(1, 3, 48, 64)
    with FlopCounterMode(display=False) as counter:
        st.VGG("random")(image, "conv5_1")
    assert common.arithmetic(48, 64) == 2 * counter.get_total_flops()


def test_high_frequency():
    noise, picture = st.white_noise(64, 64), st.load_image("chelsea", 64)
    assert common.high_frequency(noise) == pytest.approx(
        1 - math.pi / 16, abs=0.03
    )  # outside a circle of ¼ in a square
    assert common.high_frequency(picture) < 0.2


def test_ours_stops_at_the_goal_or_says_never(monkeypatch):
    monkeypatch.setattr(race, "COARSE_STEPS", 5)
    monkeypatch.setattr(race, "MOST_STEPS", 8)
    pair = ("chelsea", "dots")
    seconds, result = race.ours(pair, 64, "avg", "noise", "full", goal=1e9)
    assert seconds == result.history["seconds"][-1]
    assert result.history["height"][-1] == max(result.history["height"])
    assert result.history["step"][-1] < 15
    seconds, result = race.ours(pair, 64, "avg", "content", "full", goal=0.0)
    assert seconds is None
    assert result.history["step"][-1] == 8


def test_the_record_has_every_case():
    from benchmarks.__main__ import ALL_CASES

    losses = json.loads(race.RECORD.read_text())
    assert set(losses) == {race.key(*case, start) for case in ALL_CASES for start in ("content", "noise")}


def test_interleaved_takes_turns():
    order = []
    found = common.interleaved({"a": lambda: order.append("a"), "b": lambda: order.append("b")}, rounds=2)
    assert order == ["a", "b"] * 3
    assert set(found) == {"a", "b"}


def test_what_is_measured_again_takes_the_place_of_the_old():
    old = [{"size": 64, "way": way, "nn": 1} for way in ("a", "b", "c")]
    new = [{"size": size, "way": "b", "nn": 2} for size in (96, 64)]
    assert common.updated(old, new, ("size", "way")) == [old[0], new[1], old[2], new[0]]


def test_a_short_run_leaves_the_other_rows():
    from benchmarks.__main__ import CASES, QUICK_CASES, QUICK_SIZES, merged
    from benchmarks.scaling import SIZES

    assert set(QUICK_CASES) < set(CASES)
    assert set(QUICK_SIZES) < set(SIZES)
    old = json.loads(RESULTS.read_text())
    row = {**old["race"][0], "ratio": 99.0}
    found = merged(old, {"race": [row], "machine": {"processor": "a new one"}})
    assert [each["ratio"] for each in found["race"]] == [99.0, *(each["ratio"] for each in old["race"][1:])]
    assert found["scaling"] == old["scaling"]
    assert found["machine"] == {"processor": "a new one"}


def test_blocks_are_measured_and_kept_beside_what_was_measured_before(tmp_path, monkeypatch):
    monkeypatch.setattr(blocks, "RECORD", tmp_path / "blocks.json")
    for sizes, kinds in (((64, 96), ("0", "64/pool3")), ((96,), ("64/pool3",))):
        blocks.keep(sizes=blocks.measure(sizes, kinds, evaluations=1))
    rows = json.loads((tmp_path / "blocks.json").read_text())["sizes"]
    assert [(row["size"], row["block"]) for row in rows] == [(64, "0"), (64, "64/pool3"), (96, "0"), (96, "64/pool3")]
    assert all(row["per megapixel"] > 0 and 0.1 < row["GB"] < 4 for row in rows)


@pytest.mark.parametrize("precision", common.precisions())
def test_every_product_of_a_gradient_is_counted_under_its_kernel(precision):
    profiled = kernels.profiled(64, precision)
    counted = sum(
        n * kernels.work(name, shapes, 4)[0]
        for name, shapes, n, _ in profiled
        if kernels.kind(name, shapes).startswith("convolution")
    )
    assert counted == common.arithmetic(43, 64)
    rows = kernels.rows(profiled, products=1e11, bandwidth=1e10, itemsize=4)
    assert sum(row["share"] for row in rows) == pytest.approx(1)
    names = {row["kernel"] for row in rows}
    assert {"Gram matrices", "gradients of Gram matrices", "pooling", "ReLU, back", "the rest"} < names
    (grams,) = (row for row in rows if row["kernel"] == "gradients of Gram matrices")
    assert grams["calls"] == 5


def test_the_roof_is_the_slower_of_products_and_memory():
    shapes = [[1, 8, 4, 4], [1, 2, 4, 4], [8, 2, 3, 3], [8]]
    products, moved = 2 * 8 * 16 * 2 * 9, 2 * (8 * 16 + 8 * 16 + 2 * 16 + 8 * 2 * 9)
    assert kernels.work(kernels.CONVOLUTION, shapes, 2) == (products, moved)
    for rate, bandwidth, seconds in ((1e3, 1e9, products / 1e3), (1e9, 1e3, moved / 1e3)):
        (row,) = kernels.rows([(kernels.CONVOLUTION, shapes, 3, 30.0)], rate, bandwidth, 2)
        assert row["kernel"] == "convolution 2 → 8, 4 × 4"
        assert row["of its roof"] == pytest.approx(3 * seconds / 30)


def test_other_processors_are_imitated(monkeypatch):
    monkeypatch.setattr(processors, "INSTRUCTIONS", {"old": ("AVX2", "avx2", "full"), "none": ("SSE41", "", "no")})
    monkeypatch.setattr(processors.os, "cpu_count", lambda: 1)
    (row,) = processors.measure(64)
    assert row.keys() == {"instructions", "precision", "1 thread"}
    assert 0 < row["1 thread"] < 20


def test_what_runs_alone_has_its_own_environment():
    assert common.alone("import os; print(os.environ['LIMIT'])", environment={"LIMIT": "7"}) == 7


def test_what_fails_alone_is_said():
    with pytest.raises(RuntimeError, match="ZeroDivisionError"):
        common.alone("1 / 0")


RESULTS = common.HERE / "results" / "results.json"


def test_the_table_can_be_made_from_the_stored_results():
    results = json.loads(RESULTS.read_text())
    text = report.markdown(results)
    assert "Goals" in text
    assert len(report.goals(results)) > 10


def test_a_table_of_rows_that_differ():
    assert report.table([{"size": 1}, {"size": 2, "step": 0.5}, {"size": 3, "step": None}]).splitlines() == [
        "| size | step |",
        "| --- | --- |",
        "| 1 |  |",
        "| 2 | 0.5 |",
        "| 3 | never |",
    ]


@pytest.mark.parametrize(("ratio", "reached"), [(6.5, "yes"), (5.5, "**no**"), (None, "**no**")])
def test_a_missed_goal_is_not_hidden(ratio, reached):
    results = json.loads(RESULTS.read_text())
    for row in results["race"]:
        row.update(precision="bfloat16", ratio=10.0)
    results["race"][0]["ratio"] = ratio
    rows = [row for row in report.goals(results) if row["goal"].startswith("times quicker, bfloat16")]
    assert rows[0]["reached"] == reached


def test_what_controls_cost_is_asked_of_each(monkeypatch):
    from benchmarks import controls

    found = controls.seconds(64, rounds=1)
    assert list(found) == list(controls.CONTROLS)
    assert all(0 < seconds < 60 for seconds in found.values())
