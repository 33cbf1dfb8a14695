from __future__ import annotations

import multiprocessing
import pickle

import pytest
import torch

import styletools as st


def make(name: str) -> st.Result:
    return st.transfer(name, "dots", size=48, steps=1, progress=False)


def fail(name: str) -> st.Result:
    return st.transfer(name, "dots", size=48, steps=3, beta=1e38, units="literal", progress=False)


def test_it_comes_back_from_another_process():
    context = multiprocessing.get_context("spawn")
    with context.Pool(1) as pool:
        results = pool.map_async(make, ["chelsea", "coffee"]).get(120)
        with pytest.raises(st.SynthesisError, match="became NaN or infinite") as error:
            pool.apply_async(fail, ["chelsea"]).get(120)
    assert torch.equal(results[0].image, make("chelsea").image)
    assert results[1].settings["arguments"]["content"] == "coffee"
    assert results[0].synthesis is None
    assert error.value.image.shape == (1, 3, 32, 48)
    assert error.value.settings["arguments"]["beta"] == 1e38
    assert error.value.step >= 1


def test_pickled_with_its_transparency():
    result = make("chelsea")
    again = pickle.loads(pickle.dumps(result))
    assert again.history == result.history
    assert again.opacity is None
