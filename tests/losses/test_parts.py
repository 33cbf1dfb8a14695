from __future__ import annotations

from itertools import pairwise

import torch
from hypothesis import given
from hypothesis import strategies as some

from styletools.losses.parts import Part, Parts, blocks, spans

STRIDES = some.sampled_from([1, 2, 4, 8, 16])


@given(some.integers(1, 400), some.integers(1, 120), STRIDES, some.integers(0, 70))
def test_cores_tile_an_axis_at_whole_strides(length, block, stride, halo):
    found = spans(length, block, stride, halo)
    assert found[0].begin == 0
    assert found[-1].end == length
    for before, after in pairwise(found):
        assert before.end == after.begin
        assert after.begin % stride == after.low % stride == 0
        assert before.high % stride == 0 or before.high == length
    for span in found:
        assert span.end > span.begin
        assert span.low == 0 or span.begin - span.low >= halo
        assert span.high == length or span.high - span.end >= halo
        assert span.end - span.begin < max(block, stride) + stride  # the last has what is odd


@given(some.integers(1, 200), some.integers(1, 200), some.integers(8, 90), STRIDES, STRIDES)
def test_every_position_of_every_layer_is_in_one_core(height, width, block, deepest, stride):
    stride = min(stride, deepest)
    count = torch.zeros(height // stride, width // stride)
    for each in blocks(height, width, block, deepest, 5):
        part = each.part(stride)
        part.of(count).add_(1)
        crop = torch.empty(each.crop(torch.empty(height, width)).shape)
        features = crop[: crop.shape[0] // stride, : crop.shape[1] // stride]
        if not part.empty:
            assert each.inside(features, stride).shape == part.of(count).shape
    assert bool((count == 1).all())


def test_parts_can_be_gone_through_again():
    F = torch.rand(1, 2, 5, 4)
    parts = Parts(F.shape, F, lambda: ((each.part(1).of(F), each.part(1)) for each in blocks(5, 4, 2, 1, 0)))
    for _ in range(2):
        assert torch.equal(parts.whole(), F)
    (total,) = parts.total(lambda F, part: (F.sum((2, 3)),))
    assert torch.allclose(total, F.double().sum((2, 3)))


def test_a_part_without_positions():
    assert Part(3, 3, 0, 5, 9, 9).empty
    assert not Part(3, 4, 0, 5, 9, 9).empty
