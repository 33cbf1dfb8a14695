"""How long a user waits: for the import, the weights, the first picture, features, a heat map."""

from __future__ import annotations

import statistics
from typing import Any

import torch

import styletools as st
from benchmarks.common import PAIRS, alone, interleaved, pictures
from styletools.network.weights import load_weights
from styletools.recipes import STYLE_LAYERS

ROUNDS = 5
IMPORT = "import sys, time; {}; t = time.perf_counter(); import {}; print(time.perf_counter() - t)"
LESSON = """
import time
import styletools as st
content, style = (st.load_image(name, 192) for name in ("chelsea", "starry_night"))
began = time.perf_counter()
st.transfer(content, style, size=192, steps=80, progress=False, on_step=lambda _: True)
print(time.perf_counter() - began)
"""


def imports() -> dict[str, float]:
    """Seconds to import torch, and the package after it; in processes of their own, in turn."""
    found: dict[str, list[float]] = {"torch": [], "styletools": []}
    for _ in range(ROUNDS):
        found["torch"].append(alone(IMPORT.format("pass", "torch")))
        found["styletools"].append(alone(IMPORT.format("import torch", "styletools")))
    return {name: statistics.median(times) for name, times in found.items()}


def first_picture() -> None:
    """A transfer at 128 px as a panel makes it, until its first step."""
    st.transfer(*PAIRS[0], size=128, steps=50, progress=False, on_step=lambda _: True)


def targets(vgg: st.VGG, painting: torch.Tensor) -> None:
    """The Gram matrices of a painting at all five layers."""
    st.Objective(vgg, style=painting, style_layers=STYLE_LAYERS)


def steps_per_second(**options: Any) -> float:  # noqa: ANN401
    """Steps a second at 128 px with all five style layers."""
    steps = 60
    result = st.transfer(*PAIRS[0], size=128, steps=steps, coarse_to_fine=False, progress=False, **options)
    times = result.history["seconds"]
    return (len(times) - 10) / (times[-1] - times[9])


def measure() -> dict[str, float]:
    """Seconds, except for the last two, which are steps a second."""
    vgg = st.VGG()
    content, _ = pictures(PAIRS[0], 224)
    square, painting = torch.rand(1, 3, 224, 224), 0.99 * st.load_image("starry_night", 512)
    features = [name for name in vgg.layers if not name.endswith("_pre")]
    with torch.no_grad():
        F = vgg(content, "conv3_1")["conv3_1"]
        tasks = {
            "bundled weights": lambda: load_weights("bundled"),
            "network from them": st.VGG,
            "features of a new picture, 224 px, all layers": lambda: vgg(square, features),
            "a Gram matrix and its heat map": lambda: _heat_map(F),
            "first picture of a transfer, 128 px": first_picture,
            "targets of a painting, 512 px": lambda: targets(vgg, painting + 1e-4 * torch.rand(1)),
            "the same again": lambda: targets(vgg, painting),
        }
        found = interleaved(tasks, ROUNDS)
    took = imports()
    found["first picture of lesson 00"] = statistics.median(alone(LESSON) for _ in range(ROUNDS))
    found |= {"import torch": took["torch"], "import styletools after it": took["styletools"]}
    found |= {"steps a second, 128 px": steps_per_second(init="content", style_layers=STYLE_LAYERS)}
    full = steps_per_second(init="content", style_layers=STYLE_LAYERS, precision="full")
    return found | {"steps a second, 128 px, float32": full}


def _heat_map(F: torch.Tensor) -> None:
    from styletools import plots  # noqa: PLC0415  # matplotlib is not part of the other measurements

    plots.matrices({"conv3_1": st.gram_matrix(F)})
