"""The exported graphs in onnxruntime, fed as the page feeds them, and the package's own objective beside them."""

from __future__ import annotations

import importlib
import json
import os
import sys
from functools import cache
from pathlib import Path

import numpy as np
import onnxruntime as ort
import torch

import styletools as st
from styletools.losses.objective import Objective
from styletools.recipes import STYLE_LAYERS

EVERY = bool(os.environ.get("STYLETOOLS_EVERY"))
"""Whether every combination is tested, which takes ten minutes, instead of each choice once."""
ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "scripts"))
exporter = importlib.import_module("export_browser")


@cache
def engine() -> Path:
    """The folder of the engine, exported once."""
    return exporter.export()


@cache
def network(pooling: str, padding: str) -> st.VGG:
    return st.VGG(pooling=pooling, padding=padding)


@cache
def index() -> dict:
    """What the two indexes say."""
    found = json.loads((engine() / "engine.json").read_text(encoding="utf-8"))
    return found | {"graphs": json.loads((engine() / "graphs.json").read_text(encoding="utf-8"))}


def session(name: str) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    path = engine() / index()["graphs"][name]["file"]
    with_weights = path.parent.parent / f"{path.stem} {os.getpid()}.onnx"  # a graph looks for its weights beside itself
    with_weights.write_bytes(path.read_bytes())
    try:
        return ort.InferenceSession(with_weights, options, providers=["CPUExecutionProvider"])
    finally:
        with_weights.unlink()


def targets(run: ort.InferenceSession, term: dict, image: torch.Tensor) -> dict[str, np.ndarray]:
    """What a term is compared with, from the same graph."""
    feed = {"image": image.numpy()}
    for wanted in run.get_inputs():
        if wanted.name != "image":
            feed[wanted.name] = np.zeros([s if isinstance(s, int) else 1 for s in wanted.shape], np.float32)
    return dict(zip(term["targets"], run.run(term["statistics"], feed), strict=True))


def graph_of(objective: dict) -> str:
    content, style = objective["content_layers"], objective["style_layers"]
    choice = f"{objective['pooling']} {objective['padding']}"
    if not style:
        return f"content {content} {choice}"
    if not content:
        return f"style {style[-1]} {objective['statistic']} {choice}"
    return f"transfer {content} {objective['statistic']} {choice}"


def both(objective: dict, image: torch.Tensor, content: torch.Tensor, style: torch.Tensor):
    """Terms and gradient by the graph, and by the package."""
    vgg = network(objective["pooling"], objective["padding"])
    options = {key: value for key, value in objective.items() if key not in ("pooling", "padding")}
    package = Objective(vgg, content=content, style=style, precision="full", **options)
    expected = package.value_and_gradient(image)
    run, about = session(graph_of(objective)), index()["graphs"][graph_of(objective)]
    feed = {"image": image.numpy()}
    for term in about["terms"]:
        feed[term["factor"]] = np.array(package.factors.get(term["name"], 0), np.float32)
        if term["kind"] != "smoothness":
            feed |= targets(run, term, content if term["kind"] == "content" else style)
    values, gradient = run.run(["terms", "gradient"], feed)
    names = [term["name"] for term in about["terms"]]
    terms = {name: float(value * feed[f"factor of {name}"]) for name, value in zip(names, values, strict=True)}
    return (terms, torch.from_numpy(gradient)), expected


def margin(image: torch.Tensor, pooling: str, padding: str) -> float:
    """How far a picture is from the nearest kink of its features: a ReLU at 0, or a tie of two maxima.

    There the gradient jumps, and the last bit of a sum decides; in units of the layer's mean feature.
    """
    vgg, nearest = network(pooling, padding), float("inf")
    names = [name for name in vgg.operations if name.startswith("conv") and name <= "conv5_1"]
    found = vgg(image, [*(f"{name}_pre" for name in names), *names])
    for name in names:
        before, F = found[f"{name}_pre"].abs(), found[name]
        gaps = [before.min() / before.mean()]
        if pooling == "max" and f"{name[:-1]}{int(name[-1]) + 1}" not in vgg.operations and min(F.shape[2:]) > 1:
            windows = torch.nn.functional.unfold(F.transpose(0, 1), 2, stride=2).sort(1).values
            gap = (windows[:, -1] - windows[:, -2])[windows[:, -1] > 0]
            gaps.append(gap.min() / before.mean())
        nearest = min(nearest, *map(float, gaps))
    return nearest


@cache
def smooth_start(height: int, width: int, pooling: str = "max", padding: str = "replicate") -> torch.Tensor:
    """Soft noise, of eight the one that is furthest from a kink."""
    starts = [0.5 + 0.2 * (st.white_noise(height, width, seed) - 0.5) for seed in range(8)]
    return max(starts, key=lambda image: margin(image, pooling, padding))


CHOICES = [(pooling, padding) for pooling in ("max", "avg") for padding in ("replicate", "zeros")]
OBJECTIVES = {
    "transfer": {"content_layers": "conv4_2", "style_layers": STYLE_LAYERS, "beta": 7.0, "tv": 0.5},
    "literal": {"content_layers": "conv4_1", "style_layers": STYLE_LAYERS, "beta": 1e3, "tv": 0.0, "units": "literal"},
    "content": {"content_layers": "conv2_2", "style_layers": (), "tv": 0.3},
    "deep content": {"content_layers": "conv5_1", "style_layers": (), "tv": 0.0},
    "texture": {"content_layers": (), "style_layers": STYLE_LAYERS[:3], "tv": 0.01},
}
