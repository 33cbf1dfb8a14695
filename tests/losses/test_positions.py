from __future__ import annotations

import pytest
import torch

from styletools.losses.positions import cosine_distances, quantiles, some


def test_a_sample_is_always_the_same():
    x = torch.rand(3, 100)
    assert torch.equal(some(x, 10), some(x, 10))
    assert not torch.equal(some(x, 10), some(x, 10, seed=1))


@pytest.mark.parametrize("count", [1, 3, 7, 50])
def test_quantiles_keep_the_order_and_the_mean(count):
    values = torch.rand(2, 12, generator=torch.Generator().manual_seed(0)).sort(1).values
    found = quantiles(values, count)
    assert found.shape == (2, count)
    assert (found.diff(dim=1) >= 0).all()
    torch.testing.assert_close(found.mean(1), values.mean(1), atol=0.03, rtol=0)


def test_cosines_by_hand():
    x = torch.tensor([[3.0, 1.0, 0.0], [4.0, 0.0, 0.0]])
    y = torch.tensor([[0.0, 1.0], [2.0, 0.0]])
    torch.testing.assert_close(cosine_distances(x, y), torch.tensor([[0.2, 0.4], [1.0, 0.0], [1.0, 1.0]]))
