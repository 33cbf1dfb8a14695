from __future__ import annotations

import sys

import torch

from styletools import doctor
from styletools.errors import WeightsError


def by_name():
    return {finding.what: finding for finding in doctor.examine()}


def test_a_healthy_machine():
    findings = by_name()
    assert set(findings) == {"styletools", "torch", "torchvision", "device", "arithmetic", "weights", "cache", "course"}
    assert all(finding.healthy for finding in findings.values()), [str(f) for f in findings.values()]
    assert torch.__version__ in findings["torch"].state


def test_a_torchvision_of_another_build(monkeypatch, tmp_path):
    """What importing a CUDA torchvision beside a CPU-only torch does, played by a module that raises the same."""
    package = tmp_path / "torchvision"
    package.mkdir()
    (package / "__init__.py").write_text("raise RuntimeError('operator torchvision::nms does not exist')")
    for name in [name for name in sys.modules if name.split(".")[0] == "torchvision"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(torch.version, "cuda", None)
    finding = by_name()["torchvision"]
    assert not finding.healthy
    assert "operator torchvision::nms does not exist" in finding.state
    assert "torch is a CPU-only build and torchvision is of another" in finding.remedy
    assert "--force-reinstall torch torchvision" in finding.remedy
    assert "--torch-backend=cpu" in finding.remedy
    assert str(finding).startswith("BAD  torchvision")


def test_missing_packages(monkeypatch):
    monkeypatch.setattr(doctor, "_version", lambda package: None)
    findings = by_name()
    assert findings["torchvision"].remedy == "pip install torchvision"
    assert findings["course"].remedy == 'pip install "styletools[lab]"'


def test_damaged_weights(monkeypatch):
    def damaged(source):
        raise WeightsError("the file is damaged")

    monkeypatch.setattr(doctor, "load_weights", damaged)
    finding = by_name()["weights"]
    assert not finding.healthy
    assert "damaged" in finding.state


def test_cached_weights_are_listed(monkeypatch, tmp_path):
    monkeypatch.setenv("STYLETOOLS_CACHE", str(tmp_path))
    assert "nothing downloaded yet" in by_name()["cache"].state
    (tmp_path / "vgg19.safetensors").write_bytes(b"")
    assert by_name()["cache"].state.endswith(": vgg19")
