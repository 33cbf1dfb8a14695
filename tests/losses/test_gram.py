from __future__ import annotations

import pytest
import torch

from styletools import gram_matrix
from styletools.losses.gram import _product, _rows, add_gram_gradient, mean_gram


def apart(a, b):
    return float((a - b).norm() / b.norm())


class TestGram:
    @pytest.mark.parametrize("shape", [(1, 64, 9, 7), (2, 16, 5, 5), (1, 3, 1, 1)])
    @pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
    def test_mean_gram(self, shape, dtype):
        F = torch.randn(shape, dtype=dtype).contiguous(memory_format=torch.channels_last)
        assert apart(mean_gram(F), gram_matrix(F, divide_by="M")) < 1e-5

    def test_of_bfloat16_is_float32(self):
        F = torch.rand(1, 8, 20, 20).bfloat16()
        G = mean_gram(F)
        assert G.dtype == torch.float32
        assert apart(G, gram_matrix(F.float(), divide_by="M")) < 1e-5

    def test_gradient_is_equation_6(self):
        F = torch.randn(2, 6, 4, 5, dtype=torch.float64)
        D = torch.randn(2, 6, 6, dtype=torch.float64)
        D = D + D.transpose(1, 2)
        expected = (D @ F.reshape(2, 6, 20)).reshape(F.shape)
        gradient = torch.ones_like(F)
        add_gram_gradient(F, gradient, D)
        assert torch.allclose(gradient, 1 + expected)


@pytest.mark.parametrize("memory", [torch.contiguous_format, torch.channels_last])
def test_rows_and_their_products_are_the_same_numbers(memory):
    """What a graphics card computes, on the processor."""
    F = torch.rand(2, 5, 4, 3).contiguous(memory_format=memory)
    rows = _rows(F)
    assert rows.shape == (2, 12, 5)
    assert torch.equal(rows[1, 4], F[1, :, 1, 1])
    assert torch.allclose(_product(rows.transpose(1, 2), rows) / 12, mean_gram(F), rtol=1e-5)
