"""Every source of weights, the downloads by way of a small server on this machine."""

from __future__ import annotations

import functools
import hashlib
import http.server
import io
import pickle
import tempfile
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest
import safetensors.torch
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.testing import assert_close

from styletools.errors import InputError, WeightsError
from styletools.network import weights as module
from styletools.network.vgg import VGG
from styletools.network.weights import cache_folder, load_weights

FEATURES = {
    11: (0, 3, 6, 8, 11, 13, 16, 18),
    13: (0, 2, 5, 7, 10, 12, 15, 17, 20, 22),
    16: (0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28),
    19: (0, 2, 5, 7, 10, 12, 14, 16, 19, 21, 23, 25, 28, 30, 32, 34),
}


def torchvision_state(depth: int = 16, prefix: str = "features.") -> dict[str, torch.Tensor]:
    """A state dict of torchvision's layout, classifier and all."""
    tensors = load_weights("random", depth=depth).tensors
    indices = FEATURES[depth]
    names = list(dict.fromkeys(key.split(".")[0] for key in tensors))
    state = {
        f"{prefix}{index}.{part}": tensors[f"{name}.{part}"]
        for index, name in zip(indices, names, strict=True)
        for part in ("weight", "bias")
    }
    if prefix:
        state["classifier.0.weight"] = torch.zeros(4, 4)
    return state


class TestBundled:
    """Loading the file that ships."""

    def test_is_the_file_of_the_model_card(self):
        from importlib.resources import files

        data = files("styletools").joinpath("data/vgg16.safetensors").read_bytes()
        card = files("styletools").joinpath("data/MODEL_CARD.md").read_text(encoding="utf-8")
        assert hashlib.sha256(data).hexdigest() in card
        assert len(data) < 30e6

    def test_convention_and_dtype(self):
        weights = load_weights()
        assert weights.depth == 16
        assert len(weights.tensors) == 26
        assert all(tensor.dtype == torch.float32 for tensor in weights.tensors.values())
        assert weights.std == pytest.approx((1 / 255,) * 3)

    def test_needs_no_network_and_no_cache(self, tmp_path, monkeypatch):
        monkeypatch.setenv("STYLETOOLS_CACHE", str(tmp_path / "cache"))
        monkeypatch.setattr(torch.hub, "download_url_to_file", None)
        load_weights("bundled")
        assert not (tmp_path / "cache").exists()


class TestRandom:
    """A seed, a depth, a sensible size."""

    def test_seed(self):
        one, same, other = (load_weights("random", seed=seed).tensors["conv3_1.weight"] for seed in (1, 1, 2))
        assert torch.equal(one, same)
        assert not torch.equal(one, other)

    def test_depth(self):
        assert "conv5_4.weight" in load_weights("random", depth=19).tensors
        with pytest.raises(InputError, match="depth: expected one of 11, 13, 16, 19, got 12"):
            load_weights("random", depth=12)  # type: ignore[arg-type]

    def test_activations_neither_vanish_nor_explode(self, random_vgg):
        image = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
        features = random_vgg(image, ["conv1_1", "conv3_1", "conv5_1"])
        assert all(0.02 < F.mean() < 10 for F in features.values())


class TestFile:
    """A state dict of the user's."""

    @pytest.mark.parametrize("depth", FEATURES)
    @pytest.mark.parametrize("prefix", ["features.", ""])
    @pytest.mark.parametrize("ending", [".pth", ".safetensors"])
    def test_torchvisions_layout(self, tmp_path, depth, prefix, ending):
        path = tmp_path / f"vgg{ending}"
        state = torchvision_state(depth, prefix)
        if ending == ".pth":
            torch.save(state, path)
        else:
            safetensors.torch.save_file(state, path)
        weights = load_weights(path)
        assert weights.depth == depth
        for key, tensor in load_weights("random", depth=depth).tensors.items():
            assert torch.equal(weights.tensors[key], tensor)
        assert weights.mean == (0.485, 0.456, 0.406)

    def test_convention_can_be_given(self, tmp_path):
        path = tmp_path / "vgg.pth"
        torch.save(torchvision_state(), path)
        weights = load_weights(path, convention="caffe")
        assert weights.std == pytest.approx((1 / 255,) * 3)
        with pytest.raises(InputError, match="convention: expected one of imagenet, caffe, got 'bgr'"):
            load_weights(path, convention="bgr")  # type: ignore[arg-type]

    def test_the_authors_layout_is_bgr(self, tmp_path):
        """Fed in our convention the network computes what it computes on BGR, 0 … 255, minus the mean."""
        path = tmp_path / "vgg_conv.pth"
        tensors = load_weights("random", depth=19).tensors
        torch.save(tensors, path)
        vgg = VGG(str(path), padding="zeros")
        image = torch.rand(1, 3, 16, 16)
        bgr = image.flip(1) * 255 - torch.tensor([103.939, 116.779, 123.68]).view(1, 3, 1, 1)
        expected = torch.nn.functional.conv2d(bgr, tensors["conv1_1.weight"], tensors["conv1_1.bias"], padding=1)
        assert_close(vgg(image, "conv1_1_pre")["conv1_1_pre"], expected, rtol=1e-4, atol=1e-2)
        assert vgg.depth == 19

    def test_half_precision_is_read_as_float32(self, tmp_path):
        path = tmp_path / "half.pth"
        torch.save({key: value.half() for key, value in torchvision_state().items()}, path)
        assert load_weights(path).tensors["conv1_1.weight"].dtype == torch.float32

    def test_missing(self, tmp_path):
        with pytest.raises(WeightsError, match=r"no such file; expected 'bundled', 'vgg11', .*or the path of a file"):
            load_weights("vgg-16")
        with pytest.raises(WeightsError, match="a folder"):
            load_weights(tmp_path)

    @pytest.mark.parametrize("ending", [".pth", ".safetensors"])
    @pytest.mark.parametrize("part", [0.5, 0.01, 0])
    def test_truncated(self, tmp_path, ending, part):
        path = tmp_path / f"vgg{ending}"
        small = {"features.0.weight": torch.rand(64, 3, 3, 3), "features.0.bias": torch.rand(64)}
        torch.save(small, path) if ending == ".pth" else safetensors.torch.save_file(small, path)
        data = path.read_bytes()
        path.write_bytes(data[: int(len(data) * part)])
        with pytest.raises(WeightsError, match="damaged, truncated or not a plain state dict"):
            load_weights(path)

    def test_a_file_that_would_run_code_is_refused(self, tmp_path):
        class Bomb:
            def __reduce__(self):
                return (print, ("this must not be printed",))

        path = tmp_path / "bomb.pth"
        path.write_bytes(pickle.dumps(Bomb(), protocol=2))
        torch.save({"features.0.weight": Bomb()}, tmp_path / "bomb2.pth")
        for name in ("bomb.pth", "bomb2.pth"):
            with pytest.raises(WeightsError, match="not a plain state dict"):
                load_weights(tmp_path / name)

    def test_a_whole_model_says_what_to_save(self, tmp_path):
        torch.save(torch.nn.Conv2d(1, 1, 1), tmp_path / "model.pth")
        with pytest.raises(WeightsError, match=r"a pickled object.*torch\.save\(model\.state_dict\(\), path\)"):
            load_weights(tmp_path / "model.pth")

    def test_other_layouts_list_what_was_found(self, tmp_path):
        path = tmp_path / "resnet.pth"
        torch.save({"layer1.0.conv1.weight": torch.zeros(2, 2)}, path)
        with pytest.raises(
            WeightsError,
            match=r"found 1 keys \(layer1.0.conv1.weight, …\), expected the convolutions of VGG-11, 13, 16 or 19",
        ):
            load_weights(path)
        for other, kind in (([1, 2], "list"), ({1: torch.zeros(1)}, "dict")):
            torch.save(other, path)
            with pytest.raises(WeightsError, match=f"expected a state dict of tensors by name, got {kind}"):
                load_weights(path)

    @settings(max_examples=60)
    @given(st.binary(min_size=1, max_size=60), st.integers(0, 2000), st.sampled_from([".pth", ".safetensors"]))
    def test_garbage_is_a_weights_error(self, junk, at, ending):
        """Whatever the bytes, nothing but WeightsError comes out."""
        buffer = io.BytesIO()
        torch.save({"features.0.weight": torch.zeros(4, 3, 3, 3)}, buffer)
        good = bytearray(buffer.getvalue())
        good[at : at + len(junk)] = junk
        with tempfile.TemporaryDirectory() as folder:
            for data in (bytes(good), junk):
                path = Path(folder) / f"vgg{ending}"
                path.write_bytes(data)
                with pytest.raises(WeightsError) as caught:
                    load_weights(path)
                assert "\n" not in str(caught.value)

    def test_names_that_no_system_has(self):
        for name in ("x" * 5000, "a\0b"):
            with pytest.raises(WeightsError, match="no such file"):
                load_weights(name)

    def test_damaged_metadata(self, tmp_path):
        path = tmp_path / "vgg.safetensors"
        for text in ("not json", "{}", "[1]", '{"mean": 1, "std": 2}'):
            safetensors.torch.save_file(torchvision_state(), path, metadata={"styletools": text})
            with pytest.raises(WeightsError, match="its metadata is damaged"):
                load_weights(path)

    def test_damaged_contents(self, tmp_path):
        path = tmp_path / "vgg.pth"
        state = torchvision_state()
        torch.save({**state, "features.5.weight": torch.zeros(128, 64, 1, 1)}, path)
        with pytest.raises(
            WeightsError, match=r"conv2_1.weight has shape \(128, 64, 1, 1\), expected \(128, 64, 3, 3\)"
        ):
            load_weights(path)
        torch.save({key: value for key, value in state.items() if key != "features.5.bias"}, path)
        with pytest.raises(WeightsError, match=r"conv2_1.bias is missing"):
            load_weights(path)
        torch.save({**state, "features.5.bias": torch.full((128,), float("nan"))}, path)
        with pytest.raises(WeightsError, match=r"conv2_1.bias has values that are NaN"):
            load_weights(path)


@pytest.fixture
def server(tmp_path, monkeypatch):
    """torchvision's address replaced by one on this machine that serves a file of the same layout and naming."""
    folder = tmp_path / "served"
    folder.mkdir()

    def offer(name: str, state: object, hash_prefix: str | None = None) -> None:
        torch.save(state, folder / "plain.pth")
        data = (folder / "plain.pth").read_bytes()
        prefix = hash_prefix or hashlib.sha256(data).hexdigest()[:8]
        file = f"{name}-{prefix}.pth"
        (folder / file).write_bytes(data)
        enum, member = module._TORCHVISION[name]
        entry = SimpleNamespace(url=f"{address}/{file}")
        monkeypatch.setattr(f"torchvision.models.{enum}", {member: entry})

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *args):
            requests.append(self.path)

    requests: list[str] = []
    httpd = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder)))
    address = f"http://127.0.0.1:{httpd.server_port}"
    thread = threading.Thread(target=httpd.serve_forever)
    thread.start()
    monkeypatch.setenv("STYLETOOLS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    yield SimpleNamespace(offer=offer, requests=requests, cache=tmp_path / "cache", folder=folder, stop=httpd.shutdown)
    httpd.shutdown()
    thread.join()
    httpd.server_close()


class TestDownload:
    """The real code path of a download, against a server that answers."""

    @pytest.mark.parametrize(("name", "depth"), [*((f"vgg{depth}", depth) for depth in FEATURES), ("vgg16-caffe", 16)])
    def test_downloads_once_and_keeps_the_convolutions(self, server, name, depth, capsys):
        server.offer(name, torchvision_state(depth))
        weights = load_weights(name)
        assert "100%" in capsys.readouterr().err  # the progress bar
        assert weights.depth == depth
        assert weights.source == name
        assert weights.std == pytest.approx((1 / 255,) * 3 if name == "vgg16-caffe" else (0.229, 0.224, 0.225))
        assert [path.name for path in server.cache.iterdir()] == [f"{name}.safetensors"]
        assert len(safetensors.torch.load_file(server.cache / f"{name}.safetensors")) == 2 * len(FEATURES[depth])
        again = load_weights(name)
        assert len(server.requests) == 1
        assert (again.mean, again.std) == (weights.mean, weights.std)
        for key, tensor in weights.tensors.items():
            assert torch.equal(again.tensors[key], tensor)

    def test_caffe_weights_are_rgb_already(self, server):
        server.offer("vgg16-caffe", torchvision_state())
        for _ in range(2):  # fresh, and from the cache
            first = load_weights("vgg16-caffe").tensors["conv1_1.weight"]
            assert torch.equal(first, load_weights("random").tensors["conv1_1.weight"])

    def test_wrong_hash(self, server):
        server.offer("vgg16", torchvision_state(), hash_prefix="00000000")
        with pytest.raises(WeightsError, match=r"cannot download .*invalid hash value.*Use weights='bundled'"):
            load_weights("vgg16")
        assert list(server.cache.iterdir()) == []

    def test_not_found(self, server):
        server.offer("vgg16", torchvision_state())
        for path in server.folder.iterdir():
            path.unlink()
        with pytest.raises(WeightsError, match=r"weights 'vgg16': cannot download http.* Use weights='bundled'"):
            load_weights("vgg16")
        assert list(server.cache.iterdir()) == []

    def test_no_network(self, server, monkeypatch):
        server.offer("vgg19", torchvision_state(19))
        server.stop()
        entry = SimpleNamespace(url="http://127.0.0.1:9/vgg19-00000000.pth")
        monkeypatch.setattr("torchvision.models.VGG19_Weights", {"IMAGENET1K_V1": entry})
        with pytest.raises(WeightsError, match=r"vgg19-00000000.pth .*refused.* Use weights='bundled'.*or the path"):
            load_weights("vgg19")
        assert list(server.cache.iterdir()) == []

    def test_a_file_of_another_layout(self, server):
        server.offer("vgg16", {"weird": torch.zeros(1)})
        with pytest.raises(WeightsError, match="unknown layout"):
            load_weights("vgg16")
        assert list(server.cache.iterdir()) == []

    def test_what_torchvision_has_fetched_is_used(self, server, tmp_path):
        server.offer("vgg16", torchvision_state())
        (fetched,) = (path for path in server.folder.iterdir() if path.name.startswith("vgg16-"))
        folder = tmp_path / "torch" / "hub" / "checkpoints"
        folder.mkdir(parents=True)
        fetched.rename(folder / fetched.name)
        load_weights("vgg16")
        assert server.requests == []
        assert (folder / fetched.name).exists()

    def test_a_damaged_copy_in_the_cache_says_what_to_do(self, server):
        server.cache.mkdir()
        (server.cache / "vgg16.safetensors").write_bytes(b"half of it")
        with pytest.raises(WeightsError, match="cached copy of 'vgg16': delete it to download it anew"):
            load_weights("vgg16")

    def test_a_folder_that_cannot_be_made(self, server, tmp_path, monkeypatch):
        (tmp_path / "file").write_text("")
        monkeypatch.setenv("STYLETOOLS_CACHE", str(tmp_path / "file" / "cache"))
        server.offer("vgg16", torchvision_state())
        with pytest.raises(WeightsError, match=r"cannot download .* Use weights='bundled'"):
            load_weights("vgg16")

    def test_torchvision_that_does_not_import(self, server, monkeypatch):
        monkeypatch.setitem(__import__("sys").modules, "torchvision.models", None)
        with pytest.raises(WeightsError, match=r"torchvision does not import .*styletools doctor"):
            load_weights("vgg16")

    def test_the_real_addresses_end_in_a_hash(self):
        for name in module._TORCHVISION:
            url, _ = module._address(name)
            prefix = url.rsplit("-", 1)[1].removesuffix(".pth")
            assert len(prefix) == 8
            int(prefix, 16)


def test_cache_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("STYLETOOLS_CACHE", str(tmp_path / "mine"))
    assert cache_folder() == tmp_path / "mine"
    assert not cache_folder().exists()
    monkeypatch.delenv("STYLETOOLS_CACHE")
    assert "styletools" in str(cache_folder())
