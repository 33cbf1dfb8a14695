from __future__ import annotations

import pytest
import torch

from styletools.errors import InputError
from styletools.paintings import assign, for_each, layers_for_each, listed, shares
from styletools.pictures.masks import Mask

HALVES = Mask(torch.tensor([[0, 1]]), ("10", "200"))


def test_one_or_several():
    assert listed("a", "style") == ["a"]
    assert listed(("a", "b"), "style") == ["a", "b"]
    with pytest.raises(InputError, match="style: expected at least one painting, got none"):
        listed([], "style")


def test_for_each():
    assert for_each(None, 2, "style_size") == [None, None]
    assert for_each((1, 2), 2, "style_size") == [1, 2]
    with pytest.raises(InputError, match="style_size: expected one for each painting, 2, got 3"):
        for_each([1, 2, 3], 2, "style_size")


def test_layers():
    both = {"conv1_1": 0.5, "conv2_1": 0.5}
    assert layers_for_each(["conv1_1", "conv2_1"], 2, "style_layers") == [both, both]
    assert layers_for_each(iter(["conv1_1", "conv2_1"]), 2, "style_layers") == [both, both]
    assert layers_for_each("conv1_1", 1, "style_layers") == [{"conv1_1": 1.0}]
    assert layers_for_each([{"conv1_1": 3}, "conv2_1"], 2, "style_layers") == [{"conv1_1": 3.0}, {"conv2_1": 1.0}]
    with pytest.raises(InputError, match="style_layers: expected one for each painting, 1, got 2"):
        layers_for_each([["conv1_1"], ["conv2_1"]], 1, "style_layers")
    with pytest.raises(InputError, match="style_layers of painting 2: a layer is named twice"):
        layers_for_each([["conv1_1"], ["conv2_1", "conv2_1"]], 2, "style_layers")


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ([1, 2, 3], "expected one for each painting, 2, got 3"),
        ([1, -1], "the weight of painting 2: expected a finite number"),
        ([1, float("nan")], "the weight of painting 2: expected a finite number"),
        ([0, 0], "expected one above 0"),
        (0.5, "expected a list"),
    ],
)
def test_weights_that_do_not_fit(weights, message):
    with pytest.raises(InputError, match=f"style_weights: {message}"):
        shares(weights, 2, "style_weights")


def test_each_painting_one_region_or_one_painting_for_all():
    assert assign(HALVES, [None, None]) == [{"10": None}, {"200": None}]
    assert assign(HALVES, [None]) == [{"10": None, "200": None}]
    with pytest.raises(InputError, match="expected a region for each painting, 3, got 2: 10, 200"):
        assign(HALVES, [None] * 3)


def test_labels_agree_by_value():
    other = Mask(torch.tensor([[1], [0]]), ("10", "200"))
    (found,) = assign(HALVES, [other])
    assert {name: region.flatten().tolist() for name, region in found.items()} == {
        "10": [False, True],
        "200": [True, False],
    }
    first, second = assign(HALVES, [Mask(torch.zeros(2, 2).long(), ("200",)), other])
    assert (list(first), list(second)) == (["200"], ["10", "200"])


def test_labels_that_do_not_agree():
    with pytest.raises(InputError, match="painting 1 has the label 99, the photograph has 10, 200"):
        assign(HALVES, [Mask(torch.tensor([[0, 1]]), ("10", "99"))])
    with pytest.raises(InputError, match="no painting has the label 200"):
        assign(HALVES, [Mask(torch.zeros(1, 2).long(), ("10",))])
    with pytest.raises(InputError, match="painting 2 has none"):
        assign(HALVES, [HALVES, None])
