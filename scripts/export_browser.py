"""Export the engine of a page: graphs of the package's equations, its weights, its pictures, and what names them.

    make engine                              into artifacts/engine, a few seconds
    python scripts/export_browser.py FOLDER

A step graph takes a picture, targets and factors, and returns the terms of a loss and the gradient of their sum with
respect to the picture: what `Objective.value_and_gradient` computes. There is one for each recipe with its layers,
pooling and padding; a page fetches the one that it needs, some 30 kB. The weights are those of the package: a graph
says where in the safetensors file each tensor lies. A features graph returns the features of every layer up to
one; another graph makes a Gram matrix of them. `graphs.json` names the graphs, their terms, inputs and outputs;
`engine.json` the pictures and the package's own defaults.
"""

from __future__ import annotations

import hashlib
import inspect
import json
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import onnx
from browser.graph import Graph, Stored, bytes_needed
from browser.network import AddGradient, Network
from browser.node import MODULES, install, node  # noqa: F401  # its tests run the scripts
from browser.terms import STATISTICS, Content, Smoothness, Term

import styletools as st
from styletools import stages
from styletools.descent import optimisers
from styletools.explorers.gram import NONE
from styletools.explorers.touch.protocol import described as known
from styletools.files import write_whole
from styletools.network.vgg import VGG
from styletools.pictures.samples import credit
from styletools.pictures.variations import VARIATIONS
from styletools.plan import CONTENT_LAYER, CONTRAST, STYLE_LAYERS

SCRIPTS = "book/engine"  # what runs the graphs
TOUCH = "styletools/explorers/touch"  # the views that a notebook has, too
RUNTIME = MODULES / "onnxruntime-web" / "dist"
MODULE, WASM = "ort.wasm.bundle.min.mjs", "ort-wasm-simd-threaded.wasm"
ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / "styletools" / "data"
WEIGHTS = DATA / "vgg16.safetensors"
FOLDER = ROOT / "artifacts" / "engine"
POOLINGS, PADDINGS = ("max", "avg"), ("replicate", "zeros")
DEEPEST = STYLE_LAYERS[-1]
FEATURES = (*STYLE_LAYERS, "conv5_3")  # a page takes the first that is deep enough, and fetches no more weights


def content_layers(vgg: VGG) -> list[str]:
    """Where content can be compared: every convolution up to the deepest style layer."""
    names = [step for step in vgg.operations if step.startswith("conv")]
    return names[: names.index(DEEPEST) + 1]


def step_graph(
    vgg: VGG, stored: Stored, content: str | None, style: tuple[str, ...], statistic: str = "gram"
) -> tuple[onnx.ModelProto, dict[str, Any]]:
    """The terms and the gradient, and their names for `engine.json`.

    Args:
        vgg: with its pooling and padding.
        stored: its weights.
        content: the layer of the content, or None.
        style: those of the style, none or several.
        statistic: what is compared there.
    """
    graph = Graph(stored)
    network = Network(graph, vgg)
    image = graph.input("image", 1, 3, "height", "width")
    terms: list[Term] = [Content(graph, content, vgg.layer(content).filters)] if content else []
    terms += [STATISTICS[statistic](graph, layer, vgg.layer(layer).filters) for layer in style]
    smoothness = Smoothness(graph)
    network.forward(image, max((term.layer for term in terms), key=vgg.operations.index))
    g = smoothness.add_gradient(image, network.backward(_by_layer(terms)))
    names = [*(term.name for term in terms), smoothness.name]
    graph.op("Concat", *names, axis=0, name="terms")
    graph.op("Identity", g, name="gradient")
    statistics = list(dict.fromkeys(name for term in terms for name in term.statistics))
    model = graph.model(["terms", "gradient", *statistics])
    described = [
        {"name": term.name, "layer": term.layer, "kind": term.kind, "filters": term.filters}
        | {"factor": term.factor, "targets": term.targets, "statistics": term.statistics}
        for term in terms
    ]
    described.append({"name": smoothness.name, "kind": "smoothness", "factor": smoothness.factor})
    smallest = max(vgg.layer(term.layer).minimum_size for term in terms)
    return model, {"terms": described, "statistic": statistic if style else None, "smallest": smallest}


def _by_layer(terms: list[Term]) -> dict[str, AddGradient]:
    """One function per layer, even where a layer has both a content and a style term."""

    def all_of(here: list[Term]) -> AddGradient:
        def add(F: str, g: str | None) -> str:
            for term in here:
                g = term.add_gradient(F, g)
            assert g is not None
            return g

        return add

    return {layer: all_of([term for term in terms if term.layer == layer]) for layer in {t.layer for t in terms}}


def features_graph(vgg: VGG, stored: Stored, deepest: str) -> tuple[onnx.ModelProto, dict[str, Any]]:
    """The features of every layer up to one."""
    graph = Graph(stored)
    layers = Network(graph, vgg).forward(graph.input("image", 1, 3, "height", "width"), deepest)
    return graph.model(layers), {"layers": layers, "smallest": vgg.layer(deepest).minimum_size}


def gram_graph(stored: Stored) -> onnx.ModelProto:
    """Ĝ = F Fᵀ / M of any features (1, C, H, W)."""
    graph = Graph(stored)
    F = graph.input("features", 1, "filters", "rows", "columns")
    shape = graph.op("Shape", F, start=2, end=4)
    M = graph.op("Cast", graph.op("ReduceProd", shape, keepdims=0), to=1)
    rows = graph.op("Concat", graph.op("Shape", F, start=1, end=2), graph.whole(-1), axis=0)
    matrix = graph.op("Reshape", F, rows)
    graph.op("Div", graph.op("Gemm", matrix, matrix, transB=1), M, name="gram")
    return graph.model(["gram"])


def graphs(stored: Stored) -> Iterator[tuple[str, onnx.ModelProto, dict[str, Any]]]:
    """Every graph by name: `transfer conv4_2 gram max replicate`."""
    for pooling in POOLINGS:
        for padding in PADDINGS:
            vgg, choice = VGG(pooling=pooling, padding=padding), f"{pooling} {padding}"
            for layer in content_layers(vgg):
                yield f"content {layer} {choice}", *step_graph(vgg, stored, layer, ())
            for statistic in STATISTICS:
                for layer in content_layers(vgg):
                    model, about = step_graph(vgg, stored, layer, STYLE_LAYERS, statistic)
                    yield f"transfer {layer} {statistic} {choice}", model, about
                for i, layer in enumerate(STYLE_LAYERS):
                    model, about = step_graph(vgg, stored, None, STYLE_LAYERS[: i + 1], statistic)
                    yield f"style {layer} {statistic} {choice}", model, about
            for layer in FEATURES:
                yield f"features {layer} {choice}", *features_graph(vgg, stored, layer)
    yield "gram", gram_graph(stored), {}


def defaults() -> dict[str, Any]:
    """The arguments of the recipes and the constants of the optimisers, from the package itself."""
    of_interest = ("alpha", "beta", "tv", "pooling", "padding", "steps")
    found: dict[str, Any] = {"recipes": {}, "content_layer": CONTENT_LAYER, "style_layers": STYLE_LAYERS}
    for name in ("transfer", "reconstruct_content", "reconstruct_style"):
        parameters = inspect.signature(getattr(st, name)).parameters
        found["recipes"][name] = {key: parameters[key].default for key in of_interest if key in parameters}
    found["contrast"] = CONTRAST
    found["stages"] = {name: getattr(stages, name) for name in dir(stages) if name.isupper() and name[0] != "_"}
    for kind in (optimisers.LBFGS, optimisers.Adam):
        found[kind.__name__] = {name: value for name, value in vars(kind).items() if name.isupper()}
    return found


def explorers() -> dict[str, Any]:
    """What the views of features and Gram matrices are told at the start."""
    vgg = VGG("random")
    every = [name for name in vgg.layers if not name.endswith("_pre")]
    return {
        "layers": known(vgg.layer(name) for name in every),
        "together": every[: every.index(DEEPEST) + 1],
        "styles": STYLE_LAYERS,
        "changes": [NONE, *VARIATIONS],
    }


def pictures() -> dict[str, dict[str, str]]:
    """The package's pictures, which are copied, with their credits."""
    found = {}
    for name in st.SAMPLES:
        about = credit(name)
        found[name] = {"file": f"pictures/{name}.jpg", "title": about.title, "kind": about.kind, "credit": str(about)}
    return found


def export(folder: Path = FOLDER) -> Path:
    """Write everything that a page needs into a folder, and return it."""
    install()
    for part in ("graphs", "pictures", "ort", "touch"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    for source in (WEIGHTS, *(ROOT / SCRIPTS).glob("*.js"), *(ROOT / SCRIPTS).glob("*.css")):
        _share(source, folder / source.name)
    for source in (*(ROOT / TOUCH).glob("*.js"), ROOT / TOUCH / "touch.css"):
        _share(source, folder / "touch" / source.name)
    for name in st.SAMPLES:
        _share(DATA / "images" / f"{name}.jpg", folder / "pictures" / f"{name}.jpg")
    for name in (MODULE, WASM):
        _share(RUNTIME / name, folder / "ort" / name)
    digest = hashlib.sha256(WEIGHTS.read_bytes())
    digest.update((RUNTIME / WASM).read_bytes())
    described: dict[str, Any] = {}
    for name, model, about in graphs(Stored(WEIGHTS)):
        file = f"graphs/{name.replace(' ', '-')}.onnx"
        data = model.SerializeToString(deterministic=True)
        digest.update(data)
        write_whole(folder / file, data)
        described[name] = {"file": file, "bytes": len(data), "weights": bytes_needed(model), **about}
    runtime = {"module": f"ort/{MODULE}", "wasm": f"ort/{WASM}", "bytes": (RUNTIME / WASM).stat().st_size}
    engine = {"version": st.__version__, "digest": digest.hexdigest()[:16], "runtime": runtime}
    engine |= {"weights": {"file": WEIGHTS.name, "bytes": WEIGHTS.stat().st_size}}
    needed = described[f"transfer {CONTENT_LAYER} gram max replicate"]["weights"]
    engine |= {"download": runtime["bytes"] + needed, "content_layers": content_layers(VGG("random"))}
    engine |= {"defaults": defaults(), "pictures": pictures(), "explorers": explorers()}
    write_whole(folder / "graphs.json", json.dumps(described).encode())
    write_whole(folder / "engine.json", json.dumps(engine, ensure_ascii=False).encode())
    return folder


def _share(source: Path, target: Path) -> None:
    """Give a file a second name where the disk allows it: no second copy of the weights."""
    new = target.with_name(f".{target.name} {os.getpid()}")
    new.unlink(missing_ok=True)
    try:
        os.link(source, new)
    except OSError:
        shutil.copyfile(source, new)
    new.replace(target)  # at once: somebody may be reading it
    new.unlink(missing_ok=True)  # two names of one file: nothing was replaced


if __name__ == "__main__":
    where = export(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
    made = [path.stat().st_size for path in where.glob("graphs/*.onnx")]
    print(f"{where}: {len(made)} graphs, {sum(made) / 1e6:.1f} MB")
