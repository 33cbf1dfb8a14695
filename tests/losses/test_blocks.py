"""Block by block is the same as the whole picture: values, gradients, targets."""

from __future__ import annotations

import subprocess
import sys
from functools import cache, partial

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

import styletools as st
from styletools import InputError
from styletools import Objective as AnyObjective
from styletools.losses.blocks import parts_of, read_block
from styletools.losses.sources import Source
from styletools.losses.statistics import statistics
from styletools.losses.term import Additive

Objective = partial(AnyObjective, precision="full")
STYLES = ["conv1_1", "conv2_1", "conv3_1"]
SPLIT = ["contextual", "covariance", "gram", "mean", "mean-deviation", "mmd-gaussian", "mmd-linear", "mmd-polynomial",
         "neighbours", "transport", "wasserstein"]  # fmt: skip
NOT = ["autocorrelation", "histogram", "shifted-gram", "sliced"]


@cache
def vgg(pooling="max", padding="replicate"):
    return st.VGG("random", pooling, padding=padding, depth=11)


def picture(height, width, seed=0, batch=1):
    return torch.rand(batch, 3, height, width, generator=torch.Generator().manual_seed(seed))


def assert_same(whole, parts, tolerance=1e-5):
    (terms, gradient), (found, ours) = whole, parts
    assert list(terms) == list(found)
    for name, value in terms.items():
        assert found[name].item() == pytest.approx(value.item(), rel=tolerance, abs=1e-9), name
        assert found[name].dtype == value.dtype
    assert ours.shape == gradient.shape
    assert ours.is_contiguous()
    assert ((ours - gradient).norm() / gradient.norm()).item() < tolerance


def test_every_statistic_is_tried():
    assert {*SPLIT, *NOT, "pixel-spectrum"} == set(statistics())


@settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(
    height=some.integers(33, 110),
    width=some.integers(33, 110),
    block=some.sampled_from([32, 40, "48", "32/pool1", "48/pool2", "32/pool3", "64/pool4", 500]),
    pooling=some.sampled_from(["max", "avg"]),
    padding=some.sampled_from(["zeros", "replicate", "reflect"]),
    deepest=some.sampled_from(["conv3_1", "conv4_1_pre", "conv5_1", "pool2"]),
    seed=some.integers(0, 9),
)
def test_any_size_in_any_blocks(height, width, block, pooling, padding, deepest, seed):
    """The paper's loss, at odd sizes, with each border, and blocks that end in the middle of everything."""
    options = {
        "content": picture(height, width, seed),
        "style": picture(61, 47, seed + 1),
        "content_layers": "conv2_1",
        "style_layers": ["conv1_1", deepest],
        "beta": 5.0,
        "tv": 0.5,
    }
    image, network = picture(height, width, seed + 2), vgg(pooling, padding)
    whole = Objective(network, **options).value_and_gradient(image)
    assert_same(whole, Objective(network, block=block, **options).value_and_gradient(image))


@pytest.mark.parametrize("block", [32, "40/pool2"])
@pytest.mark.parametrize("name", SPLIT)
def test_any_statistic(name, block):
    options = {"style": picture(70, 61, 1), "style_layers": STYLES, "statistic": name}
    image = picture(75, 83, 2)
    whole = Objective(vgg(), **options).value_and_gradient(image)
    assert_same(whole, Objective(vgg(), block=block, **options).value_and_gradient(image))


@pytest.mark.parametrize("name", sorted(statistics("content")))
def test_any_statistic_of_content(name):
    options = {"content": picture(75, 83, 1), "content_layers": ["conv2_1", "conv3_1"], "content_statistic": name}
    image = picture(75, 83, 2)
    whole = Objective(vgg(), **options).value_and_gradient(image)
    # Distances of nearly parallel features are small differences: each order of sums has other last digits.
    tolerance = 3e-5 if name == "self-similarity" else 1e-5
    assert_same(whole, Objective(vgg(), block=32, **options).value_and_gradient(image), tolerance)


def test_pixels_regions_and_batches():
    region = torch.zeros(75, 83, dtype=torch.bool)
    region[:, :37] = True
    sources = [Source(picture(70, 61, seed), {"conv1_1": 1.0, "conv3_1": 1.0}, 1.0, {name: None})
               for seed, name in enumerate(("left", "right"))]  # fmt: skip
    options = {"style": sources, "regions": {"left": region, "right": ~region}, "tv": 1.0}
    for statistic, batch in (("gram", 1), ("covariance", 2), ({"gram": 1, "mean": 1, "pixel-spectrum": 1}, 1)):
        image = picture(75, 83, 7, batch)
        whole = Objective(vgg(), statistic=statistic, **options).value_and_gradient(image)
        assert_same(whole, Objective(vgg(), statistic=statistic, block=32, **options).value_and_gradient(image))


def test_a_reader_s_own_statistic_gets_it_for_nothing():
    class Cubes(Additive):
        def sums(self, F, part):
            return ((F**3).sum((2, 3)),)

        def of_all(self, sums, size):
            return sums[0] / (size[0] * size[1])

        def distance(self, found):
            return ((found - self.target) ** 2).sum()

    options = {"style": picture(70, 61, 1), "style_layers": STYLES, "statistic": Cubes}
    image = picture(75, 83, 2)
    whole = Objective(vgg(), **options)
    assert_same(whole.value_and_gradient(image), Objective(vgg(), block=32, **options).value_and_gradient(image))
    terms = whole(image)  # and by the reference
    assert terms["style conv1_1"].item() == pytest.approx(whole.value_and_gradient(image)[0]["style conv1_1"].item())


def test_double_precision_is_equal_to_its_own_digits():
    network = st.VGG("random", depth=11).double()
    options = {"style": picture(70, 61, 1).double(), "style_layers": STYLES, "tv": 1.0}
    image = picture(75, 83, 2).double()
    whole = Objective(network, **options).value_and_gradient(image)
    assert_same(whole, Objective(network, block=32, **options).value_and_gradient(image), 1e-12)


def test_bfloat16_is_as_near_as_its_digits_allow():
    options = {"style": picture(70, 61, 1), "style_layers": STYLES, "precision": "bfloat16"}
    image = picture(75, 83, 2)
    whole = Objective(vgg(), **options).value_and_gradient(image)
    assert_same(whole, Objective(vgg(), block=32, **options).value_and_gradient(image), 0.02)


@pytest.mark.parametrize("name", NOT)
def test_what_cannot_be_split_says_so(name):
    options = {"style": picture(70, 61, 1), "statistic": name}
    message = r"block: 'style conv1_1' needs all positions at once and cannot be computed in blocks; .*gram"
    with pytest.raises(InputError, match=message):
        Objective(vgg(), block=32, style_layers=STYLES, **options)
    image = picture(75, 83, 2)  # above the blocks it can
    high = {"style_layers": "conv3_1", **options}
    whole = Objective(vgg(), **high).value_and_gradient(image)
    assert_same(whole, Objective(vgg(), block="32/pool2", **high).value_and_gradient(image))


def test_another_network_says_so():
    hooked = st.Hooked(torch.nn.Sequential(torch.nn.Conv2d(3, 5, 3, padding=1)), ["0"])
    with pytest.raises(InputError, match="block: only a VGG"):
        Objective(hooked, style=picture(20, 20), style_layers="0", block=32)


def test_a_content_of_another_size_says_so():
    objective = Objective(vgg(), content=picture(64, 64), content_layers="conv2_1", block=32)
    with pytest.raises(InputError, match="both pictures need the same size"):
        objective.value_and_gradient(picture(70, 64))


@pytest.mark.parametrize("bad", [-1, 31, "big", "64/pool6", "64/conv1_1", 3.5, True, "1e3", "٣٢"])
def test_bad_blocks(bad):
    with pytest.raises(InputError, match="block: expected"):
        read_block(bad)


def test_features_of_a_picture_in_parts():
    image = picture(101, 77)
    for layer in ("conv1_1", "pool3", "conv4_1_pre"):
        parts = parts_of(vgg(), image, layer, 32)
        assert len(list(parts)) > 4
        F = vgg()(image, layer)[layer]
        assert torch.allclose(parts.whole(), F, atol=1e-5 * F.abs().max().item())


def test_released_and_used_again():
    objective = Objective(vgg(), style=picture(70, 61), style_layers=STYLES, block="32/pool2")
    first = objective.value_and_gradient(picture(75, 83, 2))
    objective.release()
    assert_same(first, objective.value_and_gradient(picture(75, 83, 2)), 1e-6)


PEAK = """
import sys, torch, styletools as st
from benchmarks.common import peak_memory  # getrusage begins with what the parent had
image, style = torch.rand(1, 3, 768, 640), torch.rand(1, 3, 64, 64)
options = {"style": style, "style_layers": ["conv1_1", "conv4_1"], "precision": "full", "tv": 1.0}
objective = st.Objective(st.VGG("random"), block=int(sys.argv[1]), **options)
before = peak_memory()
objective.value_and_gradient(image)
print(before, peak_memory())
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux for the peak")
def test_memory_is_bounded_by_the_block():
    """Of 768 × 640 pixels in blocks of 192 a fraction of what the whole picture takes."""
    grown = {}
    for block in (192, 0):
        program = [sys.executable, "-c", PEAK, str(block)]
        before, after = map(float, subprocess.run(program, capture_output=True, text=True, check=True).stdout.split())
        grown[block] = 1e9 * (after - before)
    whole = 768 * 640 * 4 * 200  # features alone
    assert grown[0] > whole / 2
    assert grown[192] < grown[0] / 2.5
