"""Loss against seconds, and the noise that is left: optimisers, starts, what scales them, smaller sizes first."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor

import styletools as st
from benchmarks.common import ALPHA, BETA, PAIRS, high_frequency, objective, pictures
from styletools.descent.optimisers import LBFGS, Adam, Evaluation, Optimiser
from styletools.descent.spectrum import Spectrum
from styletools.stages import look

SIZE, STEPS = 256, 100
Evaluate = Callable[[Tensor], Evaluation]

# Ours and what it was chosen over, each from a picture.
OPTIMISERS: dict[str, Callable[[Evaluate, Tensor], Optimiser]] = {
    "L-BFGS, scaled by the spectrum": lambda f, x: LBFGS(f, x, 20, Spectrum(x)),
    "L-BFGS": lambda f, x: LBFGS(f, x, 20),
    "L-BFGS, history 5": lambda f, x: LBFGS(f, x, 5),
    "Adam 0.03": lambda f, x: Adam(f, x, 0.03),
    "Adam 0.02": lambda f, x: Adam(f, x, 0.02),
}


def at_one_size(make: Callable[[Evaluate, Tensor], Optimiser], target: st.Objective, start: Tensor) -> dict[str, Any]:
    """Run an optimiser; a column of seconds and one of losses."""

    def evaluate(image: Tensor) -> Evaluation:
        terms, gradient = target.value_and_gradient(image)
        losses = {name: float(term) for name, term in terms.items()}
        return Evaluation(image, losses, sum(losses.values()), gradient)

    began = time.perf_counter()
    optimiser = make(evaluate, start)
    seconds, losses = [time.perf_counter() - began], [optimiser.at.total]
    for _ in range(STEPS):
        now = optimiser.step()
        seconds.append(time.perf_counter() - began)
        losses.append(now.total)
    return {"seconds": seconds, "losses": losses, "image": optimiser.at.image}


def coarse_to_fine(pair: tuple[str, str], start: str) -> dict[str, Any]:
    """The recipe, without total variation, like all others here."""
    result = st.transfer(
        *pair,
        size=SIZE,
        init=start,
        steps=STEPS,
        alpha=ALPHA,
        beta=BETA / look(SIZE),
        tv=0.0,
        coarse_to_fine=True,
        progress=False,
    )
    full = [h == max(result.history["height"]) for h in result.history["height"]]
    columns = {
        "seconds": [s for s, whole in zip(result.history["seconds"], full, strict=True) if whole],
        "losses": [t for t, whole in zip(result.history["total"], full, strict=True) if whole],
    }
    return columns | {"image": result.image}


def measure() -> list[dict[str, Any]]:
    """A row for each way and start; the columns of the curves are in it."""
    content, style = pictures(PAIRS[0], SIZE)
    target = objective(st.VGG(), content, style, "auto")
    natural = max(high_frequency(content), high_frequency(style))
    rows = []
    for start, image in {"content": content, "noise": st.white_noise(*content.shape[2:], seed=0)}.items():
        ways = {name: partial(at_one_size, make, target, image) for name, make in OPTIMISERS.items()}
        if start == "noise":
            ways = {name: way for name, way in ways.items() if "history" not in name and "0.02" not in name}
        ways["coarse to fine"] = partial(coarse_to_fine, PAIRS[0], start)
        for name, way in ways.items():
            with torch.no_grad():
                run = way()
            noise = high_frequency(run.pop("image"))
            rows.append(
                {"start": start, "way": name, "high frequency": noise, "of the pictures": noise / natural} | run
            )
    return rows
