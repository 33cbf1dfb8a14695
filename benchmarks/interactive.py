"""How long somebody waits: for the import, the weights, the first picture, features, a heat map."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable
from typing import Any

import torch

import styletools as st
from benchmarks.common import PAIRS, alone, pictures
from styletools.recipes import STYLE_LAYERS
from styletools.weights import load_weights

ROUNDS = 5
IMPORT = "import sys, time; {}; t = time.perf_counter(); import {}; print(time.perf_counter() - t)"


def median(task: Callable[[], Any], rounds: int = ROUNDS) -> float:
    """Of a few repetitions, after one that does not count."""
    task()
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        task()
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def imports() -> dict[str, float]:
    """Of torch, and of the package where torch is there already; in processes of their own, by turns."""
    found: dict[str, list[float]] = {"torch": [], "styletools": []}
    for _ in range(ROUNDS):
        found["torch"].append(alone(IMPORT.format("pass", "torch")))
        found["styletools"].append(alone(IMPORT.format("import torch", "styletools")))
    return {name: statistics.median(times) for name, times in found.items()}


def first_picture() -> float:
    """From the call to the first step of a transfer at 128 px, as a panel makes it."""
    began = time.perf_counter()
    seen: list[float] = []
    st.transfer(
        *PAIRS[0], size=128, steps=50, progress=False, on_step=lambda _: bool(seen.append(time.perf_counter()) or True)
    )
    return seen[0] - began


def steps_per_second(**options: Any) -> float:  # noqa: ANN401
    """At 128 px with all five style layers."""
    steps = 60
    result = st.transfer(*PAIRS[0], size=128, steps=steps, coarse_to_fine=False, progress=False, **options)
    times = result.history["seconds"]
    return (len(times) - 10) / (times[-1] - times[9])


def measure() -> dict[str, float]:
    """Seconds, but for the last two."""
    vgg = st.VGG()
    content, _ = pictures(PAIRS[0], 224)
    square = torch.rand(1, 3, 224, 224)
    features = [name for name in vgg.layers if not name.endswith("_pre")]
    with torch.no_grad():
        F = vgg(content, "conv3_1")["conv3_1"]
        found = {
            "bundled weights": median(lambda: load_weights("bundled")),
            "network from them": median(st.VGG),
            "features of a new picture, 224 px, all layers": median(lambda: vgg(square, features)),
            "a Gram matrix and its heat map": median(lambda: _heat_map(F)),
            "first picture of a transfer, 128 px": median(first_picture),
        }
    took = imports()
    found |= {"import torch": took["torch"], "import styletools after it": took["styletools"]}
    found |= {"steps a second, 128 px": steps_per_second(init="content", style_layers=STYLE_LAYERS)}
    full = steps_per_second(init="content", style_layers=STYLE_LAYERS, precision="full")
    return found | {"steps a second, 128 px, float32": full}


def _heat_map(F: torch.Tensor) -> None:
    from styletools import plots  # noqa: PLC0415  # matplotlib is not part of the other measurements

    plots.matrices({"conv3_1": st.gram_matrix(F)})


if __name__ == "__main__":
    print(json.dumps(measure(), indent=1))
