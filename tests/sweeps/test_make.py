from __future__ import annotations

import os

import pytest
import torch

import styletools as st
from styletools.sweeps import make as module
from styletools.sweeps.make import make
from styletools.sweeps.run import Run

QUICK = {"content": "chelsea", "style": "dots", "size": 48, "steps": 2}


def test_the_picture_is_the_recipes_and_knows_its_losses(tmp_path):
    run = Run("transfer", {**QUICK, "content": "coffee"}, tmp_path / "a.png", {"content": "coffee"}, 16, 1, True)
    assert make(run).error == ""
    result = st.transfer("coffee", "dots", size=48, steps=2, progress=False)
    assert (st.load_image(run.target) - result.image).abs().max() < 1 / 255  # which reads 8 bits
    settings = st.load_settings(run.target)
    known = settings.pop("sweep")
    assert settings["arguments"] == result.settings["arguments"]
    assert settings["bits"] == 16
    assert known["losses"]["total"] == pytest.approx(result.history["total"][-1], rel=1e-6)
    assert set(known["measures"]) <= {"nn", "worst", "sw", "content", "border", "hf", "lattice"}
    assert known["measures"]["nn"] > 0
    assert torch.equal(st.remake(run.target, progress=False).image, result.image)


def test_what_is_there_is_left_alone(tmp_path):
    run = Run("transfer", QUICK, tmp_path / "a.png")
    run.target.write_bytes(b"there")
    assert make(run).found
    assert run.target.read_bytes() == b"there"
    assert not make(Run("transfer", QUICK, run.target, replace=True)).found
    assert st.load_image(run.target).shape == (1, 3, 32, 48)


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"beta": -1}, "beta: expected a finite number"),
        ({"content": "/no/such.jpg"}, "no such file"),
        ({"size": 10**6}, "would need"),
    ],
)
def test_a_failure_is_one_line(change, line, tmp_path):
    outcome = make(Run("transfer", {**QUICK, **change}, tmp_path / "a.png"))
    assert line in outcome.error
    assert "\n" not in outcome.error
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    ("raised", "line"),
    [
        (MemoryError(), "not enough memory"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory"), "not enough memory"),
        (ZeroDivisionError("what\nis this"), "ZeroDivisionError: what is this"),
    ],
)
def test_whatever_is_raised(raised, line, tmp_path, monkeypatch):
    def broken(run):
        raise raised

    monkeypatch.setattr(module, "_make", broken)
    before = torch.get_num_threads()
    assert line in make(Run("transfer", QUICK, tmp_path / "a.png", threads=1)).error
    assert torch.get_num_threads() == before


def test_blends_and_reconstructions_are_not_measured(tmp_path):
    blend = Run("transfer", {**QUICK, "style": ["dots", "scales"]}, tmp_path / "a.png", measured=True)
    texture = Run("reconstruct_style", {"image": "dots", "size": 48, "steps": 1}, tmp_path / "b.png", measured=True)
    for run in (blend, texture):
        assert make(run).error == ""
        assert st.load_settings(run.target)["sweep"]["measures"] == {}
