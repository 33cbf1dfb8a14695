from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.testing import assert_close

from styletools.errors import InputError
from styletools.losses.equations import (
    content_loss,
    gram_loss,
    gram_matrix,
    style_layer_loss,
    style_loss,
    total_loss,
    total_variation,
)


def features(*shape: int, seed: int = 0, dtype: torch.dtype = torch.float64) -> torch.Tensor:
    """Features as they come out of a layer: after a ReLU, about half of them zero."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype).relu()


shapes = st.tuples(st.integers(1, 3), st.integers(1, 5), st.integers(1, 4), st.integers(1, 4))


class TestContentLoss:
    """Eq. 1 and Eq. 2."""

    F = torch.tensor([[[[1.0, 2.0], [3.0, 4.0]]]])
    P = torch.tensor([[[[0.0, 2.0], [5.0, 1.0]]]])

    def test_literal(self):
        assert content_loss(self.F, self.P).item() == 0.5 * (1 + 0 + 4 + 9)

    def test_mean_is_the_sum_times_two_over_n_m(self):
        F, P = features(1, 3, 4, 5), features(1, 3, 4, 5, seed=1)
        assert_close(content_loss(F, P, reduction="mean"), content_loss(F, P) * 2 / (3 * 4 * 5))

    @given(shapes)
    def test_zero_at_the_target_only(self, shape):
        P = features(*shape)
        assert content_loss(P, P).item() == 0
        assert content_loss(P + 1, P).item() == pytest.approx(0.5 * P.numel())

    def test_gradient_through_the_relu_is_eq_2(self):
        before = torch.randn(1, 4, 3, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(3))
        before.requires_grad_()
        P = features(1, 4, 3, 3, seed=2)
        F = before.relu()
        (gradient,) = torch.autograd.grad(content_loss(F, P), before)
        assert_close(gradient, torch.where(F > 0, F - P, 0.0))

    def test_batch_is_the_sum_of_singles(self):
        F, P = features(3, 2, 4, 4), features(3, 2, 4, 4, seed=1)
        for reduction in ("sum", "mean"):
            singles = sum(content_loss(F[i : i + 1], P[i : i + 1], reduction=reduction) for i in range(3))
            assert_close(content_loss(F, P, reduction=reduction), singles)

    def test_one_target_serves_a_batch(self):
        F, P = features(3, 2, 4, 4), features(1, 2, 4, 4, seed=1)
        assert_close(content_loss(F, P), content_loss(F, P.expand(3, -1, -1, -1)))

    def test_gradcheck(self):
        F = features(1, 2, 3, 3).requires_grad_()
        assert torch.autograd.gradcheck(lambda F: content_loss(F, features(1, 2, 3, 3, seed=1)), F)

    def test_bad_input(self):
        with pytest.raises(
            InputError, match=r"target: expected the shape of features, \(1, 2, 3, 3\), got \(1, 2, 3, 4\)"
        ):
            content_loss(features(1, 2, 3, 3), features(1, 2, 3, 4))
        with pytest.raises(InputError, match=r"features: expected shape \(B, C, H, W\), got \(2, 3\)"):
            content_loss(features(2, 3), features(2, 3))
        with pytest.raises(InputError, match="reduction: expected 'sum' or 'mean', got 'median'"):
            content_loss(self.F, self.P, reduction="median")  # type: ignore[arg-type]


class TestGramMatrix:
    """Eq. 3."""

    def test_literal(self):
        F = torch.tensor([[[[1.0, 2.0, 3.0]], [[0.0, 1.0, 4.0]]]])  # two filters, three positions
        assert gram_matrix(F).tolist() == [[[14.0, 14.0], [14.0, 17.0]]]
        assert_close(gram_matrix(F, divide_by="M"), gram_matrix(F) / 3)
        assert_close(gram_matrix(F, divide_by="NM"), gram_matrix(F) / 6)

    def test_is_the_sum_of_products_of_filters(self):
        F = features(2, 3, 4, 5)
        expected = torch.einsum("bihw,bjhw->bij", F, F)
        assert_close(gram_matrix(F), expected)

    @given(shapes)
    def test_symmetric_and_positive_semi_definite(self, shape):
        G = gram_matrix(features(*shape))
        assert G.shape == (shape[0], shape[1], shape[1])
        assert_close(G, G.transpose(1, 2))
        assert torch.linalg.eigvalsh(G).min() >= -1e-9

    @given(shapes, st.integers(0, 100))
    def test_positions_do_not_matter(self, shape, seed):
        F = features(*shape)
        order = torch.randperm(shape[2] * shape[3], generator=torch.Generator().manual_seed(seed))
        shuffled = F.flatten(2)[:, :, order].view(shape)
        assert_close(gram_matrix(shuffled), gram_matrix(F))

    def test_filters_do_matter(self):
        F = features(1, 3, 4, 4)
        assert not torch.allclose(gram_matrix(F.flip(1)), gram_matrix(F))

    def test_batch_is_one_by_one(self):
        F = features(3, 4, 2, 5)
        assert_close(gram_matrix(F), torch.cat([gram_matrix(one[None]) for one in F]))

    def test_any_memory_layout(self):
        F = features(2, 4, 3, 5)
        assert_close(gram_matrix(F.contiguous(memory_format=torch.channels_last)), gram_matrix(F))

    def test_gradcheck(self):
        assert torch.autograd.gradcheck(gram_matrix, features(2, 3, 2, 2).requires_grad_())

    def test_bad_input(self):
        with pytest.raises(InputError, match=r"features: expected shape \(B, C, H, W\), got \(3, 4, 4\)"):
            gram_matrix(features(3, 4, 4))
        with pytest.raises(InputError, match="divide_by: expected 'nothing', 'M' or 'NM', got 'N'"):
            gram_matrix(features(1, 3, 4, 4), divide_by="N")  # type: ignore[arg-type]


class TestStyleLayerLoss:
    """Eq. 4 and Eq. 6."""

    def test_literal(self):
        F = torch.tensor([[[[1.0, 2.0]], [[0.0, 1.0]]]])  # G = [[5, 2], [2, 1]]
        S = torch.tensor([[[[1.0, 0.0]], [[1.0, 0.0]]]])  # A = [[1, 1], [1, 1]]
        assert style_layer_loss(F, S).item() == (16 + 1 + 1 + 0) / (4 * 2**2 * 2**2)

    def test_is_eq_4_as_printed_where_the_sizes_agree(self):
        F, S = features(1, 5, 4, 3), features(1, 5, 4, 3, seed=1)
        N, M = 5, 12
        printed = ((gram_matrix(F) - gram_matrix(S)) ** 2).sum() / (4 * N**2 * M**2)
        assert_close(style_layer_loss(F, S), printed)

    def test_other_sizes_divide_each_gram_by_its_own_positions(self):
        F, S = features(1, 5, 4, 3), features(1, 5, 7, 2, seed=1)
        expected = ((gram_matrix(F) / 12 - gram_matrix(S) / 14) ** 2).sum() / (4 * 5**2)
        assert_close(style_layer_loss(F, S), expected)

    def test_the_same_picture_twice_as_large_has_the_same_style(self):
        F = features(1, 3, 4, 4)
        assert style_layer_loss(F.repeat(1, 1, 2, 2), F).item() == pytest.approx(0, abs=1e-15)

    def test_zero_at_the_target(self):
        S = features(2, 4, 3, 3)
        assert style_layer_loss(S, S).item() == 0

    def test_gradient_through_the_relu_is_eq_6(self):
        before = torch.randn(1, 4, 3, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(3))
        before.requires_grad_()
        F, S = before.relu(), features(1, 4, 3, 3, seed=2)
        (gradient,) = torch.autograd.grad(style_layer_loss(F, S), before)
        N, M, flat = 4, 9, F.flatten(2)[0]
        difference = (gram_matrix(F) - gram_matrix(S))[0]
        eq_6 = (flat.T @ difference).T / (N**2 * M**2)
        assert_close(gradient.flatten(2)[0], torch.where(flat > 0, eq_6, 0.0))

    def test_is_a_maximum_mean_discrepancy(self):
        """Li et al. 2017: E_l = MMD²(F, S) / (4 N²) with the kernel (xᵀy)² over the positions."""
        F, S = features(1, 3, 4, 2), features(1, 3, 3, 5, seed=1)
        x, y = F.flatten(2)[0].T, S.flatten(2)[0].T

        def kernel(a, b):
            return ((a @ b.T) ** 2).mean()

        mmd = kernel(x, x) + kernel(y, y) - 2 * kernel(x, y)
        assert_close(style_layer_loss(F, S), mmd / (4 * 3**2))

    def test_is_a_quarter_of_the_mean_squared_difference_of_g_over_m(self):
        F, S = features(1, 4, 3, 3), features(1, 4, 5, 2, seed=1)
        G, A = (gram_matrix(features, divide_by="M") for features in (F, S))
        assert_close(style_layer_loss(F, S), ((G - A) ** 2).mean() / 4)
        assert_close(gram_loss(G, A), style_layer_loss(F, S))

    @pytest.mark.parametrize("N", [2, 8])
    def test_dividing_by_n_m_hides_a_weight_of_one_over_n_squared(self, N):
        F, S = features(1, N, 3, 3), features(1, N, 3, 3, seed=1)
        G, A = (gram_matrix(features, divide_by="NM") for features in (F, S))
        assert_close(((G - A) ** 2).mean(), 4 * style_layer_loss(F, S) / N**2)

    def test_batch_is_the_sum_of_singles(self):
        F, S = features(3, 4, 2, 5), features(1, 4, 3, 3, seed=1)
        assert_close(style_layer_loss(F, S), sum(style_layer_loss(one[None], S) for one in F))

    def test_gradcheck(self):
        S = features(1, 3, 3, 3, seed=1)
        assert torch.autograd.gradcheck(lambda F: style_layer_loss(F, S), features(2, 3, 2, 2).requires_grad_())

    def test_bad_input(self):
        with pytest.raises(InputError, match="target: expected 4 filters and a batch of 1 or 1, got 5 filters"):
            style_layer_loss(features(1, 4, 3, 3), features(1, 5, 3, 3))
        with pytest.raises(InputError, match=r"gram: expected Gram matrices \(B, C, C\), got shape \(1, 2, 3\)"):
            gram_loss(torch.zeros(1, 2, 3), torch.zeros(1, 2, 3))


class TestStyleLoss:
    """Eq. 5."""

    F = {"conv1_1": features(1, 2, 3, 3), "conv2_1": features(1, 4, 2, 2, seed=1)}  # noqa: RUF012
    S = {"conv1_1": features(1, 2, 3, 3, seed=2), "conv2_1": features(1, 4, 2, 2, seed=3)}  # noqa: RUF012

    def test_weighted_sum(self):
        E = {layer: style_layer_loss(self.F[layer], self.S[layer]) for layer in self.F}
        weighted = style_loss(self.F, self.S, {"conv1_1": 3.0, "conv2_1": 0.5})
        assert_close(weighted, 3 * E["conv1_1"] + 0.5 * E["conv2_1"])
        assert_close(style_loss(self.F, self.S), (E["conv1_1"] + E["conv2_1"]) / 2)

    def test_layers_without_a_weight_are_left_out(self):
        only = style_loss(self.F, self.S, {"conv2_1": 1.0})
        assert_close(only, style_layer_loss(self.F["conv2_1"], self.S["conv2_1"]))

    def test_bad_input(self):
        with pytest.raises(
            InputError, match="features: layer 'conv3_1' has a weight but is missing; there are conv1_1"
        ):
            style_loss(self.F, self.S, {"conv3_1": 1.0})
        with pytest.raises(InputError, match="targets: layer 'conv2_1' has a weight"):
            style_loss(self.F, {"conv1_1": self.S["conv1_1"]}, {"conv2_1": 1.0})
        with pytest.raises(InputError, match="expected at least one layer"):
            style_loss(self.F, {})


class TestTotalLoss:
    """Eq. 7."""

    def test_weighted_sum(self):
        assert total_loss(torch.tensor(2.0), torch.tensor(3.0), 10, 100).item() == 320

    @pytest.mark.parametrize("alpha", [-1.0, float("nan"), float("inf")])
    def test_bad_input(self, alpha):
        with pytest.raises(InputError, match="alpha: expected a finite number ≥ 0"):
            total_loss(torch.tensor(2.0), torch.tensor(3.0), alpha, 1.0)
        with pytest.raises(InputError, match="beta"):
            total_loss(torch.tensor(2.0), torch.tensor(3.0), 1.0, alpha)


class TestTotalVariation:
    """Smoothness."""

    image = torch.tensor([[[[0.0, 1.0, 1.0], [0.0, 0.0, 3.0]]]])

    def test_literal(self):
        down, right = [0, 1, 2], [1, 0, 0, 3]
        assert total_variation(self.image).item() == pytest.approx((0 + 1 + 4) / 3 + (1 + 0 + 0 + 9) / 4)
        assert total_variation(self.image, power=1).item() == pytest.approx(sum(down) / 3 + sum(right) / 4)

    @given(st.integers(2, 6), st.integers(2, 6), st.floats(0, 1))
    def test_zero_for_a_flat_picture(self, height, width, level):
        assert total_variation(torch.full((2, 3, height, width), level)).item() == 0

    def test_does_not_grow_with_the_picture(self):
        stripes = torch.tensor([0.0, 1.0]).repeat(8).view(1, 1, 1, 16).expand(1, 3, 16, 16)
        assert_close(total_variation(stripes), total_variation(stripes[:, :, :4, :4]))

    @settings(max_examples=5)
    @given(st.integers(1, 3))
    def test_batch_is_the_sum_of_singles(self, batch):
        images = features(batch, 3, 4, 5)
        assert_close(total_variation(images), sum(total_variation(one[None]) for one in images))

    def test_gradcheck(self):
        assert torch.autograd.gradcheck(total_variation, features(1, 2, 3, 3).requires_grad_())

    def test_bad_input(self):
        with pytest.raises(InputError, match="at least 2 × 2 pixels, got 1 × 5"):
            total_variation(torch.zeros(1, 3, 1, 5))
        with pytest.raises(InputError, match="power: expected 1 or 2, got 3"):
            total_variation(torch.zeros(1, 3, 5, 5), power=3)  # type: ignore[arg-type]


@pytest.mark.parametrize("dtype", [torch.uint8, torch.int64, torch.bool])
def test_integers_are_refused_before_they_wrap_around(dtype):
    features = torch.full((1, 2, 2, 2), 1, dtype=dtype)
    for call in (
        lambda: gram_matrix(features),
        lambda: content_loss(features, features),
        lambda: style_layer_loss(features, features),
        lambda: total_variation(features),
    ):
        with pytest.raises(InputError, match="expected floats, got torch"):
            call()


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_neither_overflows_nor_rounds(dtype):
    features = torch.full((1, 2, 64, 64), 200.0, dtype=dtype)
    gram = gram_matrix(features)
    assert gram.dtype == torch.float32
    assert torch.equal(gram, torch.full((1, 2, 2), 200.0**2 * 64 * 64))
