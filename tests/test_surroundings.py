"""Nothing depends on what a caller has set in torch, and afterwards everything works as before."""

from __future__ import annotations

from contextlib import contextmanager

import pytest
import torch

import styletools as st
from styletools.network.find import _load_network

QUICK = {"size": 48, "steps": 3, "progress": False}


@contextmanager
def default_dtype():
    torch.set_default_dtype(torch.float64)
    try:
        yield
    finally:
        torch.set_default_dtype(torch.float32)


@contextmanager
def deterministic():
    torch.use_deterministic_algorithms(True)
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(False)


SET = {
    "default dtype": default_dtype,
    "default device": lambda: torch.device("meta"),
    "inference mode": torch.inference_mode,
    "no grad": torch.no_grad,
    "autocast": lambda: torch.autocast("cpu", torch.bfloat16),
    "deterministic": deterministic,
}
CALLS = {
    "transfer": lambda: st.transfer("chelsea", "dots", **QUICK).image,
    "regions": lambda: st.transfer("chelsea", ["dots", "scales"], content_mask="bright=0.3", **QUICK).image,
    "colours": lambda: st.transfer("chelsea", "dots", colours="photograph-lab", **QUICK).image,
    "by autograd": lambda: st.transfer("chelsea", "dots", statistic="wasserstein", **QUICK).image,
    "content": lambda: st.reconstruct_content("chelsea", "conv2_2", **QUICK).image,
    "style": lambda: st.reconstruct_style("dots", statistic=["sliced", "mmd-gaussian"], **QUICK).image,
    "random network": lambda: st.transfer("chelsea", "dots", weights="random", **QUICK).image,
    "noise": lambda: st.white_noise(4, 4),
    "drawn": lambda: st.load_image("flow_field", 32),
    "synthesis": lambda: [
        step.image
        for step in st.synthesise(
            lambda x: {"light": ((x - 0.2) ** 2).mean()}, torch.full((1, 3, 4, 4), 0.5, dtype=torch.float32), 3
        )
    ][-1],
}


@pytest.fixture
def fresh():
    """A network that was made under another setting would be kept."""
    _load_network.cache_clear()
    yield
    _load_network.cache_clear()


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("setting", SET)
def test_the_same_inside_and_afterwards(setting, name, fresh):
    expected = CALLS[name]()
    _load_network.cache_clear()
    if (setting, name) == ("default device", "synthesis"):
        pytest.skip("the caller's own start is on that device")
    with SET[setting]():
        inside = CALLS[name]()
    after = CALLS[name]()
    for found in (inside, after):
        assert found.dtype == torch.float32
        assert not found.is_inference()
        assert torch.equal(found, expected)


def test_a_callers_tensor_from_inference_mode():
    with torch.inference_mode():
        photograph = st.load_image("chelsea", 48) * 0.5
        assert photograph.is_inference()
        inside = st.transfer(photograph, "dots", **QUICK).image
    assert torch.equal(st.transfer(photograph.clone(), "dots", **QUICK).image, inside)


def test_nothing_of_it_is_changed():
    with default_dtype(), torch.inference_mode():
        st.transfer("chelsea", "dots", **QUICK)
        assert torch.get_default_dtype() == torch.float64
        assert torch.is_inference_mode_enabled()
