from __future__ import annotations

import pytest
import torch

from styletools.losses import neighbours
from styletools.losses.neighbours import Contextual, Neighbours, Transport


def two_directions():
    return torch.tensor([[1.0, 0.0], [0.0, 2.0]]).view(1, 2, 1, 2)


def test_nearest_by_hand():
    F = torch.tensor([[3.0, 1.0], [0.0, 1.0]]).view(1, 2, 1, 2)  # parallel to the first; halfway between
    assert Neighbours("conv1_1", two_directions()).value(F).item() == pytest.approx((0 + 1 - 0.5**0.5) / 2, abs=1e-6)


def test_one_stroke_may_fill_the_picture_but_transport_minds():
    only = torch.tensor([[1.0, 1.0], [0.0, 0.0]]).view(1, 2, 1, 2)
    assert Neighbours("conv1_1", two_directions()).value(only).item() == pytest.approx(0, abs=1e-6)
    assert Transport("conv1_1", two_directions()).value(only).item() == pytest.approx(0.5, abs=1e-6)


def test_contextual_by_hand():
    """Two positions, opposite about the mean: distances 0 and 2."""
    S = torch.tensor([[1.0, -1.0], [0.0, 0.0]]).view(1, 2, 1, 2)
    weight = torch.softmax(torch.tensor([1.0, 1 - 2 / 1e-5]) / 0.5, 0)[0]
    assert Contextual("conv1_1", S).value(S).item() == pytest.approx(-float(weight.log()), abs=1e-5)


def test_in_parts_is_the_same(monkeypatch):
    generator = torch.Generator().manual_seed(0)
    S, F = (torch.rand(1, 3, 6, 7, generator=generator) for _ in range(2))
    whole = Neighbours("conv1_1", S).value(F)
    monkeypatch.setattr(Neighbours, "CHUNK", 5)
    torch.testing.assert_close(Neighbours("conv1_1", S).value(F), whole)


@pytest.mark.parametrize("cls", [Neighbours, Contextual, Transport])
def test_of_a_large_picture_only_a_sample_is_kept(cls, monkeypatch):
    monkeypatch.setattr(neighbours, "PAINTING", 10)
    target = cls("conv1_1", torch.rand(1, 3, 9, 9)).target
    assert (target[0] if cls is Contextual else target).shape == (3, 10)
