"""Any torch module as a network, tried with two of torchvision's (random weights)."""

from __future__ import annotations

import pytest
import torch
import torchvision
from torch import nn
from torch.testing import assert_close

import styletools as st
from styletools import Hooked, InputError, Objective
from styletools.network import find


@pytest.fixture(scope="module")
def squeezenet():
    torch.manual_seed(0)
    return torchvision.models.squeezenet1_1(weights=None)


@pytest.fixture(scope="module")
def resnet():
    torch.manual_seed(0)
    return torchvision.models.resnet18(weights=None)


class TestFeatures:
    def test_are_what_the_module_computes(self, resnet):
        image = torch.rand(1, 3, 64, 48)
        network = Hooked(resnet, {"relu1": "relu", "block1": "layer1", "block3": "layer3"})
        found = network(image, ["block3", "relu1"])
        assert list(found) == ["block3", "relu1"]
        frozen = resnet.eval()
        x = (image - network.mean) / network.std
        with torch.no_grad():
            first = frozen.relu(frozen.bn1(frozen.conv1(x)))
            third = frozen.layer3(frozen.layer2(frozen.layer1(frozen.maxpool(first))))
        assert_close(found["relu1"], first)
        assert_close(found["block3"], third)

    def test_an_inplace_relu_does_not_change_what_came_before_it(self, squeezenet):
        """In a SqueezeNet every convolution is followed by one."""
        found = Hooked(squeezenet, ["features.0", "features.1"])(torch.rand(1, 3, 64, 64), ["features.0", "features.1"])
        assert found["features.0"].min() < 0
        assert torch.equal(found["features.0"].relu(), found["features.1"])

    def test_nothing_deeper_is_run(self, resnet):
        deeper = []
        network = Hooked(resnet, ["layer1", "layer4"])
        network.module.layer4.register_forward_hook(lambda *_: deeper.append(1))
        network(torch.rand(1, 3, 64, 64), "layer1")
        assert not deeper

    def test_the_module_stays_as_it_was(self):
        module = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4)).train()
        network = Hooked(module, ["1"])
        network(torch.rand(1, 3, 8, 8), "1")
        assert module.training
        assert module[0].weight.requires_grad
        assert module[1].num_batches_tracked == 0
        assert not any(parameter.requires_grad for parameter in network.module.parameters())

    def test_layers_are_measured(self, resnet):
        network = Hooked(resnet, ["conv1", "layer2"])
        assert (network.layer("conv1").filters, network.layer("conv1").stride) == (64, 2)
        assert (network.layer("layer2").filters, network.layer("layer2").stride) == (128, 8)


class TestSynthesis:
    """The same recipes, with autograd."""

    def test_gradient_is_autograds(self, squeezenet):
        network = Hooked(squeezenet, ["features.1", "features.3", "features.5"])
        objective = Objective(
            network,
            content=torch.rand(1, 3, 64, 64),
            style=torch.rand(1, 3, 80, 64),
            content_layers="features.5",
            style_layers=["features.1", "features.3"],
            tv=0.1,
        )
        image = torch.rand(1, 3, 64, 64)
        terms, gradient = objective.value_and_gradient(image)
        x = image.clone().requires_grad_()
        expected = objective(x)
        (reference,) = torch.autograd.grad(sum(expected.values()), x)
        assert_close(gradient, reference)
        assert_close(terms, {name: term.detach() for name, term in expected.items()})
        assert objective.precision == "full"

    @pytest.mark.parametrize(
        ("name", "content", "styles"),
        [
            ("squeezenet", "features.6", ["features.1", "features.3", "features.6"]),
            ("resnet", "layer2", ["relu", "layer1", "layer2"]),
        ],
    )
    def test_a_transfer(self, request, name, content, styles):
        network = Hooked(request.getfixturevalue(name), styles)
        result = st.transfer(
            "chelsea", "dots", size=96, steps=25, weights=network, content_layers=content, style_layers=styles,
            coarse_to_fine=False, progress=False,
        )  # fmt: skip
        assert result.history["total"][-1] < 0.7 * result.history["total"][0]
        assert result.settings["network"].startswith(type(network.module).__name__)
        assert result.settings["arguments"]["weights"] == network.description


class TestBadInput:
    def test_no_such_submodule(self, resnet):
        with pytest.raises(InputError, match="layers: the module has no submodule 'layer9'; it has conv1, bn1, relu"):
            Hooked(resnet, ["layer9"])

    def test_no_features(self, resnet):
        with pytest.raises(InputError, match=r"layers: 'fc' has no features \(B, C, H, W\)"):
            Hooked(resnet, ["fc"])

    def test_no_layers(self, resnet):
        with pytest.raises(InputError, match="layers: expected at least one path"):
            Hooked(resnet, [])

    def test_unknown_layer(self, resnet):
        with pytest.raises(InputError, match="unknown layer 'conv4_2'; there are layer1"):
            Hooked(resnet, ["layer1"])(torch.rand(1, 3, 32, 32), "conv4_2")

    def test_not_a_picture(self, resnet):
        with pytest.raises(InputError, match=r"image: expected a tensor \(B, 3, H, W\), got \(3, 32, 32\)"):
            Hooked(resnet, ["layer1"])(torch.rand(3, 32, 32), "layer1")

    def test_too_small(self, squeezenet):
        with pytest.raises(InputError, match=r"image: SqueezeNet cannot be run on \(1, 3, 2, 2\)"):
            Hooked(squeezenet, ["features.5"])(torch.rand(1, 3, 2, 2), "features.5")

    def test_a_bare_module(self, resnet):
        with pytest.raises(InputError, match=r"got a ResNet; wrap it: styletools.Hooked\(module, layers\)"):
            st.transfer("chelsea", "dots", weights=resnet, progress=False)

    def test_bfloat16(self, resnet):
        with pytest.raises(
            InputError, match="precision: expected 'auto' or 'full', got 'bfloat16'; only a VGG has it, not ResNet"
        ):
            Objective(Hooked(resnet, ["layer1"]), content=torch.rand(1, 3, 32, 32), content_layers="layer1",
                      precision="bfloat16")  # fmt: skip

    def test_another_device_that_is_there(self, resnet, monkeypatch):
        """A network of the reader's own is not moved, and its pictures are not sent elsewhere."""
        monkeypatch.setattr(find, "pick_device", torch.device)
        with pytest.raises(InputError, match="device: the network is on cpu, got meta; move its module, then wrap it"):
            st.transfer("chelsea", "dots", weights=Hooked(resnet, ["layer1"]), device="meta", progress=False)

    def test_another_device(self, resnet):
        with pytest.raises(InputError, match="device: 'meta' is not available"):
            st.transfer("chelsea", "dots", weights=Hooked(resnet, ["layer1"]), device="meta", progress=False)

    def test_a_module_that_insists_on_a_size(self):
        class Insists(nn.Module):
            def __init__(self):
                super().__init__()
                self.first = nn.Conv2d(3, 4, 4, stride=4)

            def forward(self, x):
                assert x.shape[2:] == (224, 224), "only 224 pixels"
                return self.first(x)

        network = Hooked(Insists(), "first")
        assert (network.layer("first").stride, network.layer("first").minimum_size) == (4, 224)
        with pytest.raises(InputError, match=r"Insists cannot be run on \(1, 3, 64, 64\): only 224 pixels"):
            network(torch.rand(1, 3, 64, 64), "first")


def test_a_network_of_the_readers_own():
    """The protocol is enough, also for a torch module that fulfils it."""

    class Own(Hooked, nn.Module):
        def __init__(self):
            nn.Module.__init__(self)
            Hooked.__init__(self, nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.ReLU()), ["1"])

    result = st.reconstruct_style("dots", "1", weights=Own(), size=32, steps=2, progress=False)
    assert result.settings["arguments"]["pooling"] is None
