"""Every public function, given a fixed zoo of wrong values in each of its arguments.

Whatever comes out is a result or one `StyletoolsError` of one line. There is no list of exceptions: a value that an
argument can use is used, every other one is refused. Which it is, the functions' own tests say.
"""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from matplotlib import pyplot as plt
from PIL import Image

import styletools as st
from styletools import explorers, film, laboratory, plots, reading, transforms
from styletools.errors import shown
from styletools.explorers.gram import gram_change
from styletools.explorers.tradeoff import tradeoff
from styletools.losses import regions
from styletools.pictures import colours, images, masks, variations

NUMBERS = [-1, 0, 3, 10**9, 10**30, 0.5, float("nan"), float("inf"), True, 2 + 1j, np.int64(3), np.float32("nan")]
WORDS = ["", "no such thing", "a\0b", "\ud800", "conv9_9", b"", b"no picture", Path("/no/such/file")]
CONTAINERS = [[], ["x"], [None], [1, 2], (), {}, {"x": 1}, {1: "x"}, {"conv1_1": -1}, {"conv1_1": "x"}, {"x": None}]
ARRAYS = [np.zeros(()), np.zeros((4, 4)), np.zeros((1, 3, 16, 16)), Image.new("RGB", (3, 2))]
TENSORS = [
    torch.zeros(()),
    torch.zeros(0),
    torch.zeros(1, 3, 0, 4),
    torch.zeros(16, 16),
    torch.zeros(2, 3, 16, 16),
    torch.zeros(1, 4, 16, 16),
    torch.full((1, 3, 16, 16), torch.nan),
    torch.full((1, 3, 16, 16), 255.0),
    torch.zeros(1, 3, 16, 16, dtype=torch.uint8),
    torch.zeros(1, 3, 16, 16, dtype=torch.complex64),
    torch.zeros(1, 3, 16, 16, dtype=torch.float16),
    torch.zeros(1, 3, 16, 16, dtype=torch.float64),
    torch.zeros(1, 3, 16, 16, device="meta"),
    torch.zeros(4, 4).to_sparse(),
]
OTHERS = [None, object(), int, len, lambda: 1, iter([1]), ..., {"conv1_1"}, torch.nn.Identity()]
ZOO = [*NUMBERS, *WORDS, *CONTAINERS, *ARRAYS, *TENSORS, *OTHERS]

VGG = st.VGG("random")
PICTURE = torch.rand(1, 3, 16, 16, generator=torch.Generator().manual_seed(0))
FEATURES = torch.rand(1, 4, 6, 5, generator=torch.Generator().manual_seed(0))
GRAM = st.gram_matrix(FEATURES)[0]
LOW = {"content_layers": "conv1_1", "style_layers": ["conv1_1"]}
QUICK = {"size": 16, "steps": 1, "progress": False, "weights": VGG, "on_step": lambda step: True}
OBJECTIVE = st.Objective(VGG, content=PICTURE, content_layers="conv1_1")
STAGE = st.Stage(lambda x: {"light": x.mean()}, 4, 4, 1)

# A right call of each function, with what it needs. What is not here has its default.
CALLS: dict[Callable[..., Any], dict[str, Any]] = {
    st.VGG: {"weights": "random"},
    st.VGG.__call__: {"self": VGG, "image": PICTURE, "layers": ["conv1_1"]},
    st.VGG.layer: {"self": VGG, "name": "conv1_1"},
    st.VGG.rescaled: {"self": VGG, "images": PICTURE},
    st.Hooked: {"module": torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3)), "layers": ["0"]},
    st.Objective: {"network": VGG, "content": PICTURE, "style": PICTURE, **LOW},
    st.Objective.__call__: {"self": OBJECTIVE, "image": PICTURE},
    st.Objective.value_and_gradient: {"self": OBJECTIVE, "image": PICTURE},
    st.Synthesis: {"stages": [STAGE], "start": PICTURE},
    st.Synthesis.extend: {"self": st.Synthesis([STAGE], PICTURE), "steps": 2},
    st.synthesise: {"objective": STAGE.objective, "start": PICTURE, "steps": 1},
    st.content_loss: {"features": FEATURES, "target": FEATURES},
    st.gram_matrix: {"features": FEATURES},
    st.gram_loss: {"gram": GRAM[None], "target": GRAM[None]},
    st.style_layer_loss: {"features": FEATURES, "target": FEATURES},
    st.style_loss: {"features": {"conv1_1": FEATURES}, "targets": {"conv1_1": FEATURES}, "weights": {"conv1_1": 1.0}},
    st.total_loss: {"content": torch.tensor(1.0), "style": torch.tensor(2.0), "alpha": 1.0, "beta": 1.0},
    st.total_variation: {"image": PICTURE},
    st.credit: {"name": "chelsea"},
    st.sample: {"name": "chelsea"},
    st.procedural: {"name": "dots", "size": 16},
    st.load_image: {"source": "chelsea", "size": 16},
    st.load_settings: {"path": "saved.png"},
    st.load_weights: {"source": "random"},
    st.save_image: {"image": PICTURE, "path": "a.png"},
    st.to_pil: {"image": PICTURE},
    st.white_noise: {"height": 4, "width": 4},
    st.statistics: {},
    st.transfer: {"content": PICTURE, "style": PICTURE, **QUICK, **LOW},
    st.reconstruct_style: {"image": PICTURE, "layers": ["conv1_1"], **QUICK},
    st.reconstruct_content: {"image": PICTURE, "layer": "conv1_1", **QUICK},
    st.remake: {"source": "saved.png", "progress": False, "on_step": lambda step: True},
    st.sweep: {
        "plan": {"recipe": "reconstruct_content", "fixed": {"image": "chelsea", "layer": "conv1_1", "size": 16,
                                                            "steps": 1, "weights": "random"}},
        "output": "swept", "workers": 0, "progress": False,
    },
    colours.to_lab: {"image": PICTURE},
    colours.from_lab: {"lab": colours.to_lab(PICTURE)},
    colours.keep_colours: {"result": PICTURE, "photograph": PICTURE},
    colours.match_colours: {"image": PICTURE, "reference": PICTURE},
    colours.match_histogram: {"image": PICTURE, "reference": PICTURE},
    colours.match_luminance: {"image": PICTURE, "reference": PICTURE},
    variations.crop: {"image": PICTURE},
    variations.grey: {"image": PICTURE},
    variations.mirror: {"image": PICTURE},
    variations.recolour: {"image": PICTURE},
    variations.scatter: {"image": PICTURE, "block": 4},
    variations.shift: {"image": PICTURE},
    variations.turn: {"image": PICTURE},
    masks.load_mask: {"source": "left", "image": PICTURE},
    images.load_opacity: {"source": "chelsea", "size": 16},
    regions.guide: {"features": FEATURES, "mask": torch.ones(6, 5)},
    film.Film: {},
    film.check_film: {"path": "a.gif", "height": 4, "width": 4, "frames": 3},
    film.FilmFile: {"path": "a.gif", "height": 4, "width": 4},
    film.Snapshots: {"folder": "snapshots"},
    laboratory.compare_statistics: {
        "source": PICTURE, "names": ["gram"], "seconds": 0.01, "size": 16, "layers": "conv1_1", "weights": VGG,
        "on_step": lambda step: True,
    },
    laboratory.score_statistics: {
        "images": {"a": PICTURE}, "source": PICTURE, "by": ["mean"], "layers": "conv1_1", "weights": VGG,
    },
    laboratory.levelness: {"image": PICTURE, "source": PICTURE},
    plots.clouds: {"points": {"a": FEATURES[0, :2].flatten(1)}},
    plots.scores: {"values": {"a": {"b": 1.0}}},
    plots.Live: {"width": 64, "seconds": 0.3},
    transforms.surrogates: {"F": FEATURES},
    plots.bars: {"values": {"a": {"b": 1.0}}, "ylabel": "c"},
    plots.compare: {"runs": {"a": {"total": [1.0, 0.5], "evaluations": [1, 2]}}},
    plots.live: {},
    plots.losses: {"history": {"step": [1, 2], "height": [4, 4], "evaluations": [1, 2], "total": [1.0, 0.5]}},
    plots.maps: {"values": {"a": GRAM}},
    plots.matrices: {"values": {"a": GRAM}},
    plots.outline: {"ax": None, "top": 1.0, "left": 1.0, "side": 2.0},
    plots.pictures: {"images": {"a": PICTURE}},
    reading.cosines: {"gram": GRAM},
    reading.order: {"gram": GRAM},
    reading.pairs: {"gram": GRAM},
    reading.field: {"vgg": VGG, "layer": "conv1_1", "row": 1, "column": 1},
    reading.patches: {"vgg": VGG, "layer": "conv1_1", "filter": 1, "images": [PICTURE]},
    reading.peak: {"features": FEATURES, "filter": 1},
    reading.strongest: {"features": FEATURES, "count": 2},
    reading.together: {"features": FEATURES, "i": 0, "j": 1},
    transforms.adain: {"F": FEATURES, "S": FEATURES},
    transforms.whiten_colour: {"F": FEATURES, "S": FEATURES},
    transforms.invert: {
        "network": VGG, "layer": "conv1_1", "features": torch.rand(1, 64, 16, 16), "size": (16, 16), "steps": 1,
        "progress": False, "on_step": lambda step: True,
    },
    gram_change: {"F": FEATURES, "S": FEATURES},
    tradeoff: {
        "content": PICTURE, "style": PICTURE, "ratios": [1.0], "layer_sets": {"a": ["conv1_1"]}, "size": 16,
        "steps": 0, "on_step": lambda step: True,
    },
    explorers.compare: {"before": PICTURE, "after": PICTURE},
    explorers.explore_features: {"layer": "conv1_1", "size": 32},
    explorers.explore_gram: {"layer": "conv1_1", "size": 32},
    explorers.explore_content: {"layer": "conv1_1", "size": 64, "steps": 1},
    explorers.explore_style: {"layers": "conv1_1", "size": 64, "steps": 1},
    explorers.explore_statistics: {"names": ["gram", "mean"], "size": 64, "seconds": 2},
    explorers.explore_studio: {"size": 64, "steps": 1},
    explorers.explore_tradeoff: {"size": 64, "steps": 1},
}  # fmt: skip
MODULES = [st, colours, variations, film, laboratory, plots, reading, transforms, explorers]


def name_of(function: Callable[..., Any]) -> str:
    return function.__qualname__


def call(function: Callable[..., Any], given: Mapping[str, Any]) -> object:
    """Call it by names, those that have one; of an iterator take the first."""
    by_place = [p.name for p in inspect.signature(function).parameters.values() if p.kind is p.POSITIONAL_ONLY]
    rest = {name: value for name, value in given.items() if name not in by_place}
    result = function(*(given[name] for name in by_place if name in given), **rest)
    return next(result, None) if isinstance(result, Iterator) else result


@pytest.fixture(autouse=True)
def somewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STYLETOOLS_SYNCHRONOUS", "1")
    st.transfer("chelsea", "dots", size=16, steps=1, progress=False, weights="random", **LOW).save("saved.png")
    monkeypatch.setitem(CALLS[plots.outline], "ax", plt.subplots()[1])
    yield
    plt.close("all")


@pytest.mark.parametrize("function", CALLS, ids=name_of)
def test_a_result_or_one_line(function):
    right = CALLS[function]
    close(call(function, right))
    wrong = []
    for name, parameter in inspect.signature(function).parameters.items():
        if name == "self" or parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            continue
        for value in ZOO:
            try:
                close(call(function, {**right, name: value}))
            except st.StyletoolsError as error:
                if "\n" in str(error) or len(str(error)) > 500:
                    wrong.append(f"{name}={shown(value)}: {error}")
            except Exception as error:
                wrong.append(f"{name}={shown(value)}: {type(error).__name__}: {error}")
    assert not wrong, "\n".join(wrong)


def close(result: object) -> None:
    """A panel has a thread, a figure takes memory."""
    getattr(result, "discard", getattr(result, "close", int))()
    plt.close("all")


def test_every_public_function_is_here():
    for module in MODULES:
        for name in module.__all__:
            thing = getattr(module, name)
            if inspect.isfunction(thing) or (inspect.isclass(thing) and not is_plain(thing)):
                assert thing in CALLS, name


def is_plain(kind: type) -> bool:
    """Errors, what a reader derives from, and what functions return: nobody else makes one of them."""
    return issubclass(kind, Exception) or inspect.isabstract(kind) or dataclasses.is_dataclass(kind)


def test_a_function_that_checks_nothing_is_found(monkeypatch):
    def careless(size: int) -> int:
        return 2 // size

    monkeypatch.setitem(CALLS, careless, {"size": 1})
    with pytest.raises(AssertionError, match="ZeroDivisionError"):
        test_a_result_or_one_line(careless)
