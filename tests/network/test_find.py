from __future__ import annotations

import pytest
import torch

import styletools as st
from styletools.errors import InputError
from styletools.network import find as networks
from styletools.network.device import pick_device

QUICK = {"size": 64, "steps": 4, "progress": False}


class TestNetwork:
    """Which network, on which device."""

    def test_a_file_that_has_changed_is_read_again(self, tmp_path):
        import safetensors.torch

        path, images = tmp_path / "vgg.safetensors", []
        for seed in (0, 1):
            safetensors.torch.save_file(st.load_weights("random", seed=seed).tensors, path)
            images.append(st.reconstruct_style("dots", "conv1_1", weights=path, **QUICK).image)
        assert not torch.equal(*images)

    def test_weights_that_are_loaded_already(self):
        result = st.reconstruct_style("dots", "conv1_1", weights=st.load_weights("random", seed=2), **QUICK)
        assert result.settings["arguments"]["weights"] == "random (seed 2)"

    def test_the_settings_have_the_networks_own_pooling_and_padding(self):
        vgg = st.VGG("random", pooling="avg", padding="zeros")
        arguments = st.reconstruct_style("dots", "conv1_1", weights=vgg, **QUICK).settings["arguments"]
        assert (arguments["pooling"], arguments["padding"]) == ("avg", "zeros")

    def test_a_named_network_has_the_pooling_and_padding_asked_for(self):
        vgg = networks.find_network("random", "avg", "reflect", None)
        assert (vgg.pooling, vgg.padding) == ("avg", "reflect")

    def test_loaded_once(self, monkeypatch):
        networks._load_network.cache_clear()
        for _ in range(2):
            st.reconstruct_style("dots", "conv1_1", **QUICK)
        assert networks._load_network.cache_info().misses == 1

    def test_another_network(self):
        random = st.VGG("random", pooling="max")
        result = st.reconstruct_style("dots", "conv1_1", weights=random, **QUICK)
        assert result.settings["network"] == "VGG-16, weights='random (seed 0)', pooling='max', padding='replicate'"

    def test_a_network_of_the_readers_stays_as_it_is(self):
        double = st.VGG("random").to(torch.float64)
        result = st.reconstruct_style("dots", "conv1_1", weights=double, **QUICK)
        assert double.dtype == torch.float64
        assert result.image.dtype == torch.float32

    def test_device(self):
        assert pick_device("cpu").type == pick_device(torch.device("cpu")).type == "cpu"
        best = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
        assert pick_device().type == best
        with pytest.raises(InputError, match=r"device: 'abacus' is not available here; there is .*cpu"):
            pick_device("abacus")

    @pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
    def test_half_precision_shows_features_and_paints_nothing(self, dtype):
        half = st.VGG("random").to(dtype)
        assert half(torch.rand(1, 3, 32, 32).to(dtype), "conv3_1")["conv3_1"].dtype == dtype
        with pytest.raises(InputError, match=r"expected float32 or float64, got torch.*; use network.float\(\)"):
            st.reconstruct_style("dots", "conv1_1", weights=half, **QUICK)
        with pytest.raises(InputError, match="expected float32 or float64"):
            st.Objective(half, content=torch.rand(1, 3, 32, 32).to(dtype), content_layers="conv2_1")
