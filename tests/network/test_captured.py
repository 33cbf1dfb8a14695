from __future__ import annotations

import pytest
import torch

from styletools.network.captured import Captured


def function(x):
    return {"sum": x.sum(), "energy": (x**2).sum()}, 2 * x


def test_on_the_processor_it_is_the_function():
    calls = []
    captured = Captured(lambda x: (calls.append(x), function(x))[1])
    x = torch.rand(1, 3, 4, 4)
    terms, gradient = captured(x, state=())
    assert calls[0] is x
    assert terms["sum"] == x.sum()
    assert torch.equal(gradient, 2 * x)
    captured.release()
    captured(x, state=())
    assert len(calls) == 2


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU on this machine")
def test_a_recording_is_played_back_and_made_again_when_something_changes():
    calls = []
    captured = Captured(lambda x: (calls.append(x), function(x))[1])
    for value in (1.0, 2.0, 3.0):
        x = torch.full((1, 3, 4, 4), value, device="cuda")
        terms, gradient = captured(x, state="a")
        assert terms["sum"].item() == 48 * value
        assert torch.equal(gradient, 2 * x)
    recorded = len(calls)
    captured(torch.rand(1, 3, 4, 4, device="cuda"), state="a")
    assert len(calls) == recorded
    captured(torch.rand(1, 3, 4, 4, device="cuda"), state="b")
    captured(torch.rand(1, 3, 5, 4, device="cuda"), state="b")
    assert len(calls) == 3 * recorded
