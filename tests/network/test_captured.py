from __future__ import annotations

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from styletools.losses.objective import Objective
from styletools.losses.statistics import statistics
from styletools.network.captured import Captured


def function(x):
    return {"sum": x.sum(), "energy": (x**2).sum()}, 2 * x


def test_on_the_processor_it_is_the_function():
    calls = []
    captured = Captured()

    def counted(x):
        calls.append(x)
        return function(x)

    x = torch.rand(1, 3, 4, 4)
    terms, gradient = captured(counted, x, state=())
    assert calls[0] is x
    assert terms["sum"] == x.sum()
    assert torch.equal(gradient, 2 * x)
    captured.release()
    captured(counted, x, state=())
    assert len(calls) == 2


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU on this machine")
def test_a_recording_is_played_back_and_made_again_when_something_changes():
    calls = []
    captured = Captured()

    def counted(x):
        calls.append(x)
        return function(x)

    for value in (1.0, 2.0, 3.0):
        x = torch.full((1, 3, 4, 4), value, device="cuda")
        terms, gradient = captured(counted, x, state="a")
        assert terms["sum"].item() == 48 * value
        assert torch.equal(gradient, 2 * x)
    recorded = len(calls)
    captured(counted, torch.rand(1, 3, 4, 4, device="cuda"), state="a")
    assert len(calls) == recorded
    captured(counted, torch.rand(1, 3, 4, 4, device="cuda"), state="b")
    captured(counted, torch.rand(1, 3, 5, 4, device="cuda"), state="b")
    assert len(calls) == 3 * recorded


class NothingWaits(TorchDispatchMode):
    """Refuses what a graphics card cannot record: numbers for or from Python, shapes that depend on values."""

    WAITING = ("_local_scalar_dense", "is_nonzero", "nonzero", "masked_select", "equal", "lift_fresh")

    def __torch_dispatch__(self, operation, types, args=(), kwargs=None):
        name = operation.overloadpacket.__name__
        masked = name == "index" and any(index is not None and index.dtype == torch.bool for index in args[1])
        assert not masked, operation
        assert name not in self.WAITING, operation
        return operation(*args, **(kwargs or {}))


@pytest.mark.parametrize(
    "wrong", [float, bool, lambda x: x[x > 0.5], lambda x: x.new_tensor(1.0), lambda x: torch.tensor([1.0])]
)
def test_what_waits_is_refused(wrong):
    x = torch.rand(1)
    with NothingWaits(), pytest.raises(AssertionError, match="aten"):
        wrong(x)


RECORDED = [(kind, name) for kind in ("style", "content") for name, term in statistics(kind).items() if term.captured]


@pytest.mark.parametrize(("kind", "name"), RECORDED)
def test_what_says_that_it_can_be_recorded_waits_for_nothing(kind, name, random_vgg):
    """A transfer as on a card: content, style and total variation; every statistic that says so, in turn."""
    P, S, x = torch.rand(3, 1, 3, 40, 32).unbind()
    chosen = {"statistic": name} if kind == "style" else {"content_statistic": name}
    objective = Objective(
        random_vgg, content=P, style=S, content_layers="conv2_2", style_layers=["conv1_1", "conv2_1"], tv=0.1, **chosen
    )
    expected, slope = objective.value_and_gradient(x)  # weights are prepared once, before anything is recorded
    with NothingWaits():
        found, gradient = objective.value_and_gradient(x)
    assert len(found) == 4
    assert all(torch.equal(found[term], expected[term]) for term in expected)
    assert torch.equal(gradient, slope)


def test_the_defaults_can_be_recorded():
    assert {("style", "gram"), ("content", "features")} <= set(RECORDED)
