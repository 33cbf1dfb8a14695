from __future__ import annotations

import pytest
import torch
from torch.nn import functional
from torch.testing import assert_close

from styletools.errors import InputError
from styletools.network.vgg import VGG
from styletools.network.weights import load_weights
from styletools.pictures.images import load_image


def torchvision_features(vgg: VGG, max_pooling: bool):
    """torchvision's own VGG-16, with our weights: an independent reading of the architecture."""
    import torchvision

    model = torchvision.models.vgg16().features.eval()
    convolutions = [module for module in model if isinstance(module, torch.nn.Conv2d)]
    names = [name for name in vgg.layers if name.startswith("conv") and not name.endswith("_pre")]
    for name, module in zip(names, convolutions, strict=True):
        module.load_state_dict({"weight": vgg.get_buffer(f"{name}_weight"), "bias": vgg.get_buffer(f"{name}_bias")})
        module.padding_mode = vgg.padding
        module._reversed_padding_repeated_twice = [1, 1, 1, 1]
    if not max_pooling:
        for index, module in enumerate(model):
            if isinstance(module, torch.nn.MaxPool2d):
                model[index] = torch.nn.AvgPool2d(2)
    return model


class TestFeatures:
    """What comes out of the layers."""

    @pytest.mark.parametrize("padding", ["zeros", "replicate", "reflect"])
    @pytest.mark.parametrize("pooling", ["avg", "max"])
    def test_equal_to_torchvisions_network(self, picture, pooling, padding):
        picture = functional.interpolate(picture, (64, 80))  # pool5 leaves something to mirror
        vgg = VGG("random", pooling, padding=padding)
        x = (picture - vgg.mean) / vgg.std
        after_relu = {3: "conv1_2", 4: "pool1", 8: "conv2_2", 20: "conv4_2", 29: "conv5_3", 30: "pool5"}
        features = vgg(picture, list(after_relu.values()))
        with torch.no_grad():
            for index, module in enumerate(torchvision_features(vgg, pooling == "max")):
                x = module(x)
                if index in after_relu:
                    assert_close(features[after_relu[index]], x, rtol=1e-4, atol=1e-5)

    def test_the_name_means_after_the_relu(self, vgg, picture):
        features = vgg(picture, ["conv4_2_pre", "conv4_2"])
        assert features["conv4_2_pre"].min() < 0 <= features["conv4_2"].min()
        assert_close(features["conv4_2"], features["conv4_2_pre"].relu())

    def test_no_value_is_changed_behind_the_readers_back(self, vgg, picture):
        """An in-place ReLU would rectify the value that was kept before it."""
        alone = vgg(picture, "conv1_1_pre")["conv1_1_pre"].clone()
        together = vgg(picture, ["conv1_1_pre", "conv1_1", "conv1_2"])
        assert_close(together["conv1_1_pre"], alone)
        assert alone.min() < 0

    def test_only_what_is_asked_for_in_the_order_asked_for(self, vgg, picture):
        assert list(vgg(picture, ["conv3_1", "conv1_1"])) == ["conv3_1", "conv1_1"]
        assert list(vgg(picture, "conv1_2")) == ["conv1_2"]
        assert list(vgg(picture, iter(["conv1_1", "conv1_1"]))) == ["conv1_1"]

    def test_stops_at_the_deepest_layer(self, random_vgg, picture, monkeypatch):
        calls = []
        convolution = torch.nn.functional.conv2d
        monkeypatch.setattr(
            "styletools.network.vgg.functional.conv2d", lambda *args, **kw: calls.append(1) or convolution(*args, **kw)
        )
        random_vgg(picture, ["conv2_1", "conv1_1"])
        assert len(calls) == 3

    def test_batch_is_one_by_one(self, vgg):
        images = torch.rand(3, 3, 20, 24, generator=torch.Generator().manual_seed(0))
        together = vgg(images, "conv3_1")["conv3_1"]
        singles = torch.cat([vgg(image[None], "conv3_1")["conv3_1"] for image in images])
        assert_close(together, singles, rtol=1e-4, atol=1e-3)

    def test_double_precision(self, picture):
        vgg = VGG("random").to(torch.float64)
        features = vgg(picture.double(), "conv2_1")["conv2_1"]
        assert features.dtype == torch.float64
        assert_close(features.float(), VGG("random")(picture, "conv2_1")["conv2_1"], rtol=1e-4, atol=1e-5)

    def test_the_gradient_reaches_the_picture(self, random_vgg, picture):
        image = picture.clone().requires_grad_()
        random_vgg(image, "conv2_1")["conv2_1"].sum().backward()
        assert image.grad is not None
        assert image.grad.abs().sum() > 0

    def test_works_on_a_cpu_or_where_the_network_is(self, picture):
        if not torch.cuda.is_available():
            pytest.skip("no GPU on this machine")
        vgg = VGG("random").to("cuda")
        assert vgg(picture.to("cuda"), "conv1_1")["conv1_1"].is_cuda


class TestBundled:
    """The shipped network is pretrained, and its input convention is right."""

    def test_mean_activations_are_those_measured(self):
        """The figures of the model card, for the photograph `china` at 256 px, in the network of the paper."""
        vgg = VGG(pooling="avg", padding="zeros")
        expected = {"conv1_1": 22.8, "conv2_1": 151.9, "conv3_1": 147.2, "conv4_2": 26.4, "conv5_1": 4.13}
        features = vgg(load_image("china", 256), expected)
        for layer, mean in expected.items():
            assert features[layer].mean().item() == pytest.approx(mean, rel=0.01)

    def test_blue_is_the_last_channel(self, vgg):
        """The published ImageNet VGG-16 takes BGR; its first two filters begin with 0.4295 and 0.1173, for blue."""
        corner = vgg.get_buffer("conv1_1_weight")[:2, :, 0, 0]
        assert corner[:, 2].tolist() == pytest.approx([0.4295, 0.1173], abs=0.002)
        assert (corner[:, 0] - torch.tensor([0.4295, 0.1173])).abs().min() > 0.04

    def test_red_is_red(self, vgg):
        """With the colours swapped the deepest filters, which know objects, fire less."""
        swapped = VGG()
        swapped.get_buffer("conv1_1_weight").copy_(vgg.get_buffer("conv1_1_weight").flip(1))
        photographs = [load_image(name, 224) for name in ("astronaut", "chelsea", "coffee", "china")]
        right, wrong = (
            sum(float(network(image, "conv5_3")["conv5_3"].mean()) for image in photographs)
            for network in (vgg, swapped)
        )
        assert right > wrong

    def test_input_is_normalised_as_caffe_does(self):
        assert load_weights("bundled").mean == pytest.approx((123.68 / 255, 116.779 / 255, 103.939 / 255))


class TestOwnership:
    """Networks made from the same weights do not share them."""

    def test_a_change_of_one_does_not_reach_the_other(self):
        weights = load_weights("random")
        first, second = VGG(weights), VGG(weights)
        first.get_buffer("conv1_1_bias").add_(1)
        assert second.get_buffer("conv1_1_bias").abs().sum() == 0
        assert weights.tensors["conv1_1.bias"].abs().sum() == 0


class TestFrozen:
    """Nothing can train it."""

    def test_no_parameters(self, vgg):
        assert list(vgg.parameters()) == []
        assert not any(buffer.requires_grad for buffer in vgg.buffers())

    def test_always_in_evaluation_mode(self, vgg):
        assert not vgg.training
        assert not vgg.train().training

    def test_shown_in_words(self, random_vgg):
        assert "VGG-16, weights='random (seed 0)', pooling='max', padding='replicate'" in repr(random_vgg)

    @pytest.mark.parametrize("padding", ["replicate", "reflect"])
    def test_a_border_is_no_edge(self, padding):
        """A picture of one colour has the same features everywhere; zeros beyond the border make an edge of it."""
        flat = torch.full((1, 3, 32, 48), 0.7)
        layers = ["conv1_2", "conv2_2", "conv3_3"]
        for F in VGG(padding=padding)(flat, layers).values():
            assert_close(F, F[:, :, :1, :1].expand_as(F), rtol=1e-3, atol=1e-3)
        for F in VGG(padding="zeros")(flat, layers).values():
            inside = F[:, :, F.shape[2] // 2, F.shape[3] // 2]
            assert (F[:, :, 0, 0] - inside).norm() > 0.3 * inside.norm()


class TestLayers:
    """Names and geometry."""

    def test_names(self, random_vgg):
        convolutions = [name for name in random_vgg.layers if name.startswith("conv") and not name.endswith("_pre")]
        assert len(convolutions) == 13
        assert len([name for name in VGG("random", depth=19).layers if name.endswith("_pre")]) == 16
        assert random_vgg.layers[:3] == ("conv1_1_pre", "conv1_1", "conv1_2_pre")

    @pytest.mark.parametrize("depth", [16, 19])
    def test_receptive_field_and_stride_as_measured(self, depth):
        """See which pixels have an influence: with average pooling all that can have one."""
        vgg = VGG("random", "avg", depth=depth)
        for name in ("conv1_2", "pool1", "conv2_2", "conv3_1", "pool3"):
            layer = vgg.layer(name)
            image = torch.zeros(1, 3, 96, 96, requires_grad=True)
            F = vgg(image + 0.5, name)[name]
            middle = F.shape[2] // 2
            F[0, :, middle, middle].sum().backward()
            seen = (image.grad.abs().sum((0, 1)) > 0).any(1).nonzero().flatten()
            assert seen.max() - seen.min() + 1 == layer.receptive_field
            assert F.shape[2] == 96 // layer.stride
            assert F.shape[1] == layer.filters

    @pytest.mark.parametrize("padding", ["zeros", "replicate", "reflect"])
    def test_minimum_size_is_enough_and_one_less_is_not(self, padding):
        vgg = VGG("random", padding=padding)
        for name in ("conv1_1", "pool1", "conv3_2", "conv5_1"):
            size = vgg.layer(name).minimum_size
            positions = 2 if padding == "reflect" and name != "pool1" else 1
            assert size == positions * vgg.layer(name).stride
            assert vgg(torch.rand(1, 3, size, size + 3), name)[name].shape[2] == positions
            if size > 1:
                with pytest.raises(InputError, match=f"too few for {name}, which needs at least {size} × {size}"):
                    vgg(torch.rand(1, 3, size + 3, size - 1), name)


class TestRescaled:
    """Mean activation 1, the same function."""

    def test_mean_activation_is_one(self, vgg):
        images = [load_image("chelsea", 64), load_image("china", 96)]
        rescaled = vgg.rescaled(images)
        for name in ("conv1_1", "conv2_2", "conv4_2"):
            F = [rescaled(image, name)[name].flatten(2)[0] for image in images]
            mean = torch.cat(F, dim=1).mean(1)
            fires = torch.cat([vgg(image, name)[name].flatten(2)[0] for image in images], dim=1).sum(1) > 0
            assert fires.float().mean() > 0.9
            assert_close(mean[fires], torch.ones(int(fires.sum())), rtol=1e-3, atol=1e-3)

    @pytest.mark.parametrize("pooling", ["avg", "max"])
    def test_same_output_up_to_a_scale_per_channel(self, pooling):
        vgg = VGG(pooling=pooling)
        rescaled = vgg.rescaled(load_image("chelsea", 64))
        other = load_image("coffee", 80)
        for name in ("conv1_1", "conv3_2", "conv4_2"):
            ours, theirs = rescaled(other, name)[name], vgg(other, name)[name]
            scale = theirs.sum((0, 2, 3)) / ours.sum((0, 2, 3))
            fires = theirs.sum((0, 2, 3)) > 1e-2
            error = (ours * scale.view(1, -1, 1, 1) - theirs)[:, fires].abs().max() / theirs.max()
            assert fires.any()
            assert error < 1e-3

    def test_a_filter_that_never_fires_keeps_its_scale(self):
        weights = load_weights("random")
        weights.tensors["conv1_1.weight"][0] = 0
        weights.tensors["conv1_1.bias"][0] = -1
        rescaled = VGG(weights).rescaled(torch.rand(1, 3, 16, 16))
        assert rescaled.get_buffer("conv1_1_bias")[0] == -1
        assert torch.isfinite(rescaled(torch.rand(1, 3, 16, 16), "conv5_1")["conv5_1"]).all()

    def test_the_original_is_as_it_was(self, random_vgg, picture):
        before = random_vgg(picture, "conv2_1")["conv2_1"].clone()
        again = random_vgg.rescaled(picture)
        assert_close(random_vgg(picture, "conv2_1")["conv2_1"], before)
        assert "rescaled" in repr(again)

    def test_needs_pictures(self, random_vgg):
        with pytest.raises(InputError, match="at least one picture"):
            random_vgg.rescaled([])


class TestBadInput:
    """One line: what, expected, got, what to do."""

    def test_unknown_layer(self, random_vgg, picture):
        with pytest.raises(InputError, match=r"unknown layer 'relu4_2'; VGG-16 has conv1_1, .*conv5_3.*_pre"):
            random_vgg(picture, ["conv1_1", "relu4_2"])
        with pytest.raises(InputError, match="conv5_4"):
            random_vgg.layer("conv5_4")
        with pytest.raises(InputError, match="at least one name"):
            random_vgg(picture, [])

    def test_not_a_picture(self, random_vgg):
        with pytest.raises(InputError, match=r"expected a tensor \(B, 3, H, W\), got \(3, 32, 32\)"):
            random_vgg(torch.rand(3, 32, 32), "conv1_1")
        with pytest.raises(InputError, match="got str"):
            random_vgg("chelsea", "conv1_1")

    def test_other_dtype(self, random_vgg, picture):
        with pytest.raises(InputError, match=r"expected torch.float32 on cpu .* got torch.float64"):
            random_vgg(picture.double(), "conv1_1")

    def test_unknown_pooling(self):
        with pytest.raises(InputError, match="pooling: expected 'avg' or 'max', got 'mean'"):
            VGG("random", "mean")  # type: ignore[arg-type]

    def test_unknown_padding(self):
        with pytest.raises(InputError, match="padding: expected 'zeros', 'replicate' or 'reflect', got 'same'"):
            VGG("random", padding="same")
