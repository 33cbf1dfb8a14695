from __future__ import annotations

from functools import partial

import pytest
import torch
from torch.profiler import ProfilerActivity, profile

from styletools import VGG, InputError, Stage, Synthesis
from styletools import Objective as AnyObjective
from styletools.network import onednn
from styletools.network import passes as fast
from styletools.network.passes import Passes

Objective = partial(AnyObjective, precision="full")

STYLES = ["conv1_1", "conv2_1", "conv3_1", "conv4_1", "conv5_1"]
DTYPES = {"float32": (torch.float32, 1e-4), "float64": (torch.float64, 1e-10)}


@pytest.fixture(scope="module")
def vgg():
    return VGG()


def picture(height, width, seed=0, batch=1, dtype=torch.float32):
    return torch.rand(batch, 3, height, width, generator=torch.Generator().manual_seed(seed)).to(dtype)


def by_autograd(objective, image):
    image = image.clone().requires_grad_()
    terms = objective(image)
    (gradient,) = torch.autograd.grad(sum(terms.values()), image)
    return {name: term.detach() for name, term in terms.items()}, gradient


def apart(a, b):
    return ((a - b).norm() / b.norm()).item()


def assert_equal_to_reference(objective, image, tolerance):
    terms, gradient = objective.value_and_gradient(image)
    expected, reference = by_autograd(objective, image)
    assert terms.keys() == expected.keys()
    for name, term in terms.items():
        assert term.item() == pytest.approx(expected[name].item(), rel=tolerance), name
    assert gradient.shape == image.shape
    assert gradient.is_contiguous()
    assert apart(gradient, reference) < tolerance


class TestAgainstTheReference:
    """Value and gradient as the plain extractor and autograd have them."""

    @pytest.mark.parametrize("dtype", DTYPES)
    @pytest.mark.parametrize("padding", ["zeros", "replicate", "reflect"])
    @pytest.mark.parametrize("pooling", ["avg", "max"])
    def test_transfer(self, pooling, padding, dtype):
        dtype, tolerance = DTYPES[dtype]
        vgg = VGG(pooling=pooling, padding=padding).to(dtype)
        objective = Objective(
            vgg,
            content=picture(48, 64, 1, dtype=dtype),
            style=picture(56, 40, 2, dtype=dtype),
            content_layers="conv4_2",
            style_layers=STYLES,
            beta=5,
            tv=0.5,
        )
        assert_equal_to_reference(objective, picture(48, 64, 3, dtype=dtype), tolerance)

    @pytest.mark.parametrize("padding", ["zeros", "replicate", "reflect"])
    @pytest.mark.parametrize("size", [(32, 32), (47, 35), (33, 70)])
    def test_sizes_that_pooling_does_not_divide(self, padding, size):
        vgg = VGG(padding=padding)
        objective = Objective(
            vgg, content=picture(*size, 1), content_layers="conv4_2", style=picture(40, 40), style_layers=STYLES
        )
        assert_equal_to_reference(objective, picture(*size, 3), 1e-4)

    @pytest.mark.parametrize("layer", ["conv1_1", "conv1_1_pre", "conv2_2_pre", "pool1", "pool3", "conv3_3", "conv5_3"])
    def test_every_kind_of_layer_for_content_and_style(self, vgg, layer):
        objective = Objective(
            vgg, content=picture(32, 48, 1), content_layers=layer, style=picture(32, 32), style_layers=layer
        )
        assert_equal_to_reference(objective, picture(32, 48, 3), 1e-4)

    def test_before_and_after_the_relu_together(self, vgg):
        layers = ["conv2_1_pre", "conv2_1", "pool2", "conv3_1_pre"]
        objective = Objective(vgg, content=picture(32, 32, 1), content_layers=layers)
        assert_equal_to_reference(objective, picture(32, 32, 3), 1e-4)

    def test_batch(self, vgg):
        objective = Objective(
            vgg, content=picture(32, 32, 1), content_layers="conv3_2", style=picture(40, 32), style_layers=STYLES[:3]
        )
        assert_equal_to_reference(objective, picture(32, 32, 3, batch=3), 1e-4)

    def test_nineteen_layers_and_rescaled(self):
        vgg = VGG("random", depth=19).rescaled(picture(48, 48))
        objective = Objective(
            vgg, content=picture(32, 32, 1), content_layers="conv4_4", style=picture(32, 32), style_layers="conv5_4"
        )
        assert_equal_to_reference(objective, picture(32, 32, 3), 1e-4)

    def test_variation_alone(self, vgg):
        assert_equal_to_reference(Objective(vgg, tv=2.0), picture(16, 24), 1e-5)

    def test_literal_units(self, vgg):
        objective = Objective(
            vgg,
            content=picture(32, 32, 1),
            content_layers="conv4_2",
            style=picture(32, 32),
            style_layers=STYLES,
            units="literal",
        )
        assert_equal_to_reference(objective, picture(32, 32, 3), 1e-4)

    @pytest.mark.parametrize("depth", [11, 13, 19])
    def test_the_whole_family(self, depth):
        vgg = VGG("random", depth=depth)
        last = vgg.layers[-3]
        assert last.startswith("conv5_")
        assert last.endswith("_pre")
        objective = Objective(
            vgg,
            content=picture(32, 33, 1),
            content_layers="conv4_2",
            style=picture(32, 32),
            style_layers=[*STYLES, last],
        )
        assert_equal_to_reference(objective, picture(32, 33, 3), 1e-4)

    def test_without_fused_operators(self, vgg, monkeypatch):
        for module in (fast, onednn):
            monkeypatch.setattr(module, "has_fused", lambda dtype: False)
        objective = Objective(
            vgg, content=picture(48, 33, 1), content_layers="conv4_2", style=picture(32, 32), style_layers=STYLES
        )
        assert not objective._passes._fused
        assert_equal_to_reference(objective, picture(48, 33, 3), 1e-4)

    def test_without_grad_mode(self, vgg):
        objective = Objective(vgg, content=picture(32, 32, 1), content_layers="conv2_2")
        _, expected = objective.value_and_gradient(picture(32, 32))
        with torch.no_grad():
            _, gradient = objective.value_and_gradient(picture(32, 32))
        assert torch.equal(gradient, expected)


class TestBfloat16:
    """Features of eight bits: not equal, but near, and where rounding would be amplified, it is not there."""

    @pytest.mark.parametrize(("pooling", "tolerance"), [("avg", 0.05), ("max", 0.15)])
    def test_near_the_reference(self, pooling, tolerance):
        """Rounding makes another of four nearly equal values the largest, now and then."""
        objective = AnyObjective(
            VGG(pooling=pooling),
            content=picture(48, 64, 1),
            content_layers="conv4_2",
            style=picture(48, 48, 2),
            style_layers=STYLES,
            tv=0.5,
            precision="bfloat16",
        )
        image = picture(48, 64, 3)
        terms, gradient = objective.value_and_gradient(image)
        expected, reference = by_autograd(objective, image)
        for name, term in terms.items():
            assert term.dtype == torch.float32
            assert term.item() == pytest.approx(expected[name].item(), rel=0.01), name
        assert gradient.dtype == torch.float32
        assert 1e-4 < apart(gradient, reference) < tolerance  # it is bfloat16, and good enough

    def test_gram_matrices_near_the_target(self, vgg):
        """Ĝ − Â is small there: eight bits in the *sums* would be all noise."""
        style = picture(64, 64, 2)
        objective = AnyObjective(vgg, style=style, style_layers=STYLES, precision="bfloat16")
        near = (style + 0.05 * torch.randn(style.shape, generator=torch.Generator().manual_seed(4))).clamp(0, 1)
        terms, _ = objective.value_and_gradient(near)
        expected, _ = by_autograd(objective, near)
        for name, term in terms.items():
            assert term.item() == pytest.approx(expected[name].item(), rel=0.1), name

    def test_chosen_where_the_processor_has_it(self, vgg, monkeypatch):
        for has, dtype in ((True, torch.bfloat16), (False, torch.float32)):
            monkeypatch.setattr(fast, "_bfloat16_pays", lambda vgg, has=has: has)
            assert Passes(vgg).dtype == dtype
            assert Passes(vgg, "full").dtype == torch.float32
            assert Passes(vgg, "bfloat16").dtype == torch.bfloat16

    def test_automatic_only_where_content_and_style_hold_each_other_up(self, vgg, monkeypatch):
        """A loss that can fall towards 0 would be held up by rounding."""
        monkeypatch.setattr(fast, "_bfloat16_pays", lambda vgg: True)
        both = {
            "content": picture(32, 32),
            "content_layers": "conv2_2",
            "style": picture(32, 32),
            "style_layers": "conv1_1",
        }
        assert AnyObjective(vgg, **both).precision == "bfloat16"
        assert AnyObjective(vgg, **both, precision="full").precision == "full"
        assert AnyObjective(vgg, **both, alpha=0).precision == "full"
        assert AnyObjective(vgg, **both, beta=0).precision == "full"
        for name in ("content", "style"):
            alone = {key: value for key, value in both.items() if key.startswith(name)}
            assert AnyObjective(vgg, **alone).precision == "full"
            assert AnyObjective(vgg, **alone, precision="bfloat16").precision == "bfloat16"

    @pytest.mark.parametrize("supported", [True, False])
    def test_asks_the_processor(self, vgg, monkeypatch, supported):
        monkeypatch.setattr(fast, "has_fused", lambda dtype: True)
        monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: supported)
        monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: False)
        assert fast._bfloat16_pays(vgg) == supported
        assert not fast._bfloat16_pays(VGG("random").double())
        monkeypatch.delattr(torch.cpu, "_is_avx512_bf16_supported")
        assert not fast._bfloat16_pays(vgg)

    def test_unknown_precision(self, vgg):
        with pytest.raises(InputError, match=r"precision: expected one of auto, full, bfloat16, got 'half'"):
            Passes(vgg, "half")


class TestPasses:
    def test_features_in_the_order_asked_for(self, vgg):
        image = picture(32, 32)
        found = Passes(vgg, "full").forward(image, iter(["conv2_1", "conv1_1_pre", "pool1", "conv1_1"]))
        expected = vgg(image, ["conv2_1", "conv1_1_pre", "pool1", "conv1_1"])
        assert list(found) == list(expected)
        for name, F in found.items():
            assert apart(F, expected[name]) < 1e-5
            assert not F.requires_grad
        assert (found["conv1_1_pre"] < 0).any()  # the ReLU did not come in place

    def test_sees_a_filter_that_was_switched_off(self):
        vgg, image = VGG(), picture(32, 32)
        passes = Passes(vgg, "full")
        assert passes.forward(image, ["conv2_1"])["conv2_1"][:, 7].sum() > 0
        vgg.convolution("conv2_1")[0][7] = 0
        vgg.convolution("conv2_1")[1][7] = -1
        assert passes.forward(image, ["conv2_1"])["conv2_1"][:, 7].sum() == 0
        vgg.conv1_1_bias = vgg.conv1_1_bias + 5  # and a bias that was exchanged
        found = passes.forward(image, "conv1_1")["conv1_1"]
        assert apart(found, vgg(image, "conv1_1")["conv1_1"]) < 1e-5
        vgg.convolution("conv1_2")[0].zero_()
        objective = Objective(vgg, content=torch.zeros(1, 3, 32, 32), content_layers="conv2_1")
        objective.value_and_gradient(image)
        assert objective.value_and_gradient(image)[1].abs().max() == 0  # nothing comes back through conv1_2

    def test_forgets_on_the_way_back(self, vgg):
        passes = Passes(vgg, "full")
        passes.forward(picture(32, 32), ["conv2_1"])
        assert passes._visited
        passes.backward({"conv2_1": [lambda F, g: g.add_(F)]})
        assert not passes._visited

    @pytest.mark.skipif(not torch.backends.mkldnn.is_available(), reason="torch was built without oneDNN")
    @pytest.mark.parametrize("pooling", ["avg", "max"])
    def test_uses_the_same_memory_again(self, pooling):
        """What has the size of a large feature is not made anew from one step to the next."""
        objective = Objective(
            VGG(pooling=pooling),
            content=picture(128, 128, 1),
            content_layers="conv4_2",
            style=picture(128, 128),
            style_layers=STYLES,
        )
        image = picture(128, 128, 3)
        objective.value_and_gradient(image)
        with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as seen:
            objective.value_and_gradient(image)
        largest = max(event.cpu_memory_usage for event in seen.events())
        assert largest < 0.5 * 64 * 128 * 128 * 4  # bytes of conv1_1

    def test_a_step_in_inference_mode_and_one_outside(self, vgg):
        objective = Objective(vgg, content=picture(32, 32, 1), content_layers="conv2_2", tv=1.0)
        with torch.inference_mode():
            _, inside = objective.value_and_gradient(picture(32, 32))
        _, outside = objective.value_and_gradient(picture(32, 32))
        assert torch.equal(inside, outside)

    def test_gradients_at_some_of_the_layers(self, vgg):
        passes, image = Passes(vgg, "full"), picture(32, 32)
        passes.forward(image, ["conv1_1", "pool1", "conv2_2"])
        found = passes.backward({"pool1": [lambda F, g: g.add_(F), lambda F, g: g.add_(F)]})  # of Σ F²
        x = image.clone().requires_grad_()
        (expected,) = torch.autograd.grad((vgg(x, "pool1")["pool1"] ** 2).sum(), x)
        assert apart(found, expected) < 1e-5

    def test_a_synthesis_lets_go_of_weights_and_rooms_of_each_stage(self, vgg):
        objectives = [Objective(vgg, content=picture(size, size), content_layers="conv2_1") for size in (16, 32)]
        stages = [Stage(objective, size, size, 2) for objective, size in zip(objectives, (16, 32), strict=True)]
        synthesis = Synthesis(stages, picture(16, 16))

        def held():
            return [(bool(o._passes._prepared), bool(o._passes._buffers)) for o in objectives]

        yes, no = (True, True), (False, False)
        assert [held() for _ in synthesis] == [[yes, no], [yes, no], [no, yes], [no, yes]]
        assert held() == [no, no]
        synthesis.extend(1)
        assert len(list(synthesis)) == 1  # and they come back

    def test_one_size_after_another(self, vgg):
        passes = Passes(vgg, "full")
        for size in (32, 64, 48, 32):
            image = picture(size, size)
            found = passes.forward(image, ["conv3_1"])["conv3_1"]
            assert apart(found, vgg(image, "conv3_1")["conv3_1"]) < 1e-5

    @pytest.mark.parametrize("image", [torch.rand(3, 8, 8), torch.rand(1, 3, 8, 8).double(), torch.rand(1, 3, 1, 8)])
    def test_what_is_wrong_is_said(self, vgg, image):
        with pytest.raises(InputError, match="image"):
            Passes(vgg, "full").forward(image, ["conv2_1"])
        with pytest.raises(InputError, match="image"):
            Objective(vgg, content=torch.rand(1, 3, 8, 8), content_layers="conv2_1").value_and_gradient(image)
