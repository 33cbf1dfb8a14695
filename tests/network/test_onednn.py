from __future__ import annotations

import pytest
import torch

from styletools.network import onednn
from styletools.network.onednn import has_fused
from styletools.network.passes import Passes


class TestOperators:
    """Torch's private ones: these tests tell when they change."""

    def test_signatures(self):
        ops = torch.ops.mkldnn
        assert str(ops._convolution_pointwise_.binary._schema) == (
            "mkldnn::_convolution_pointwise_.binary(Tensor(a!) other, Tensor X, Tensor W, Tensor? B, int[] padding, "
            "int[] stride, int[] dilation, int groups, str binary_attr, Scalar? alpha, str? unary_attr, "
            "Scalar?[] unary_scalars, str? unary_algorithm) -> Tensor(a!) Y"
        )
        assert str(torch.ops.aten.threshold_backward.grad_input._schema) == (
            "aten::threshold_backward.grad_input(Tensor grad_output, Tensor self, Scalar threshold, *, "
            "Tensor(a!) grad_input) -> Tensor(a!)"
        )
        assert str(ops._reorder_convolution_weight.default._schema) == (
            "mkldnn::_reorder_convolution_weight(Tensor self, int[2] padding=0, int[2] stride=1, "
            "int[2] dilation=1, int groups=1, int[]? input_size=None) -> Tensor Y"
        )

    @pytest.mark.skipif(not torch.backends.mkldnn.is_available(), reason="torch was built without oneDNN")
    def test_are_used_where_they_are(self, vgg):
        assert has_fused(torch.float32)
        assert Passes(vgg, "full")._fused

    @pytest.fixture
    def tried_again(self):
        onednn._try_fused.cache_clear()
        yield
        onednn._try_fused.cache_clear()

    @pytest.mark.usefixtures("tried_again")
    @pytest.mark.parametrize("error", [RuntimeError, AttributeError, TypeError])
    def test_falls_back_where_one_fails(self, monkeypatch, error):
        def fails(*_, **__):
            raise error

        monkeypatch.setattr(onednn, "add_convolution", fails)
        assert not has_fused(torch.float32)

    @pytest.mark.usefixtures("tried_again")
    def test_falls_back_where_one_computes_something_else(self, monkeypatch):
        add = onednn.add_convolution
        monkeypatch.setattr(onednn, "add_convolution", lambda out, *rest, **how: add(out, *rest, **how).add_(1))
        assert not has_fused(torch.float32)

    def test_can_be_switched_off_as_everything_of_onednn(self):
        torch._C._set_mkldnn_enabled(False)
        try:
            assert not has_fused(torch.float32)
        finally:
            torch._C._set_mkldnn_enabled(True)
