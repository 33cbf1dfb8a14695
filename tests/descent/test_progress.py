from __future__ import annotations

import signal
import sys

import numpy as np
import pytest
import torch

from styletools.descent.progress import watch
from styletools.descent.synthesis import synthesise


def run(steps=6):
    def objective(x):
        return {
            "content conv4_2": x.mean(),
            "style conv1_1": (x**2).mean(),
            "style conv2_1": (x**2).mean(),
            "total variation": (x - 0.1).abs().mean(),
        }

    return synthesise(objective, torch.full((1, 3, 4, 6), 0.9), steps=steps)


def test_runs_to_the_end(capsys):
    synthesis = run()
    assert watch(synthesis, "paint", progress=False) is False
    assert synthesis.finished
    assert capsys.readouterr() == ("", "")


def test_the_bar_has_the_losses_by_kind_and_the_time_left(capsys):
    synthesis = run()
    watch(synthesis, "paint")
    bar = capsys.readouterr().err.split("\r")[-1]
    last = {name: column[-1] for name, column in synthesis.history.items()}
    assert "paint: 100%" in bar
    assert "<00:00" in bar
    style = last["style conv1_1"] + last["style conv2_1"]
    assert f"6 × 4, content {last['content conv4_2']:.3g}, style {style:.3g}, total variation" in bar


def test_only_true_stops():
    synthesis = run()
    assert watch(synthesis, "paint", False, lambda step: "yes") is False
    synthesis = run()
    assert watch(synthesis, "paint", False, lambda step: step.number == 2) is True
    assert synthesis.history["step"] == [1, 2]


def test_an_interrupt_between_two_steps():
    synthesis = run()

    def interrupt(step):
        signal.raise_signal(signal.SIGINT)

    assert watch(synthesis, "paint", False, interrupt) is True
    assert synthesis.interrupted
    assert watch(synthesis, "paint", False) is False  # and on


@pytest.mark.parametrize(
    ("answer", "stops"),
    [
        (True, True),
        (np.True_, True),
        (torch.tensor(True), True),
        (False, False),
        (np.False_, False),
        (torch.tensor(False), False),
        (None, False),
        (1, False),
        ("stop", False),
        (torch.tensor(1.0), False),
    ],
)
def test_what_stops_a_run(answer, stops):
    run = synthesise(lambda x: {"light": x.mean()}, torch.rand(1, 3, 4, 4), steps=3)
    assert watch(run, "darken", progress=False, on_step=lambda _: answer) is stops


def test_without_a_stderr(monkeypatch):
    """Programs without a console, such as pythonw's, have none."""
    monkeypatch.setattr(sys, "stderr", None)
    darkening = synthesise(lambda x: {"light": x.mean()}, torch.rand(1, 3, 4, 4), steps=3)
    assert watch(darkening, "darken") is False
