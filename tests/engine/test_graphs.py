"""The graphs that a page computes with say what the package says: terms, gradient, features, Gram matrices."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
import torch
from running import CHOICES, EVERY, OBJECTIVES, both, engine, exporter, index, network, session, smooth_start

import styletools as st
from styletools.recipes import STYLE_LAYERS

SIZES = [(64, 64), (48, 64), (43, 65), (17, 31), (96, 71)]
SIZED = [(size, *choice) for size in SIZES for choice in CHOICES] if EVERY else [
    (size, *CHOICES[i % 4]) for i, size in enumerate(SIZES)
]  # fmt: skip
KINDS = [(name, statistic) for name in OBJECTIVES for statistic in ("gram", "mean-deviation")]
LAYERS = exporter.content_layers(st.VGG("random"))


def pictures(height, width, pooling="max", padding="replicate"):
    content = st.load_image("chelsea", max(height, width))
    return (
        smooth_start(height, width, pooling, padding),
        torch.nn.functional.interpolate(content, (height, width), mode="bilinear", antialias=True).clamp(0, 1),
        st.load_image("starry_night", 70),
    )


def off(found, expected):
    return float((found - expected).norm() / expected.norm())


def compare(found, expected):
    (terms, gradient), (wanted, slope) = found, expected
    for name, value in wanted.items():
        assert terms[name] == pytest.approx(float(value), rel=1e-4), name
    assert set(terms) - set(wanted) <= {*(f"style {layer}" for layer in STYLE_LAYERS), "total variation"}
    assert off(gradient, slope) < 1e-4


@pytest.mark.parametrize(("size", "pooling", "padding"), SIZED, ids=str)
def test_terms_and_gradient_are_the_packages(size, pooling, padding):
    objective = OBJECTIVES["transfer"] | {"pooling": pooling, "padding": padding, "statistic": "gram"}
    compare(*both(objective, *pictures(*size, pooling, padding)))


@pytest.mark.parametrize(
    ("name", "statistic"), KINDS if EVERY else [kind for kind in KINDS if kind[1] == "gram" or kind[0] == "texture"]
)
def test_every_kind_of_objective(name, statistic):
    objective = OBJECTIVES[name] | {"pooling": "max", "padding": "replicate", "statistic": statistic}
    compare(*both(objective, *pictures(43, 65)))


@pytest.mark.parametrize(("pooling", "padding"), CHOICES)
def test_ties_and_borders(pooling, padding):
    """Flat areas: the maxima are ties, and only the border differs."""
    image = torch.zeros(1, 3, 34, 50)
    image[:, :, 9:21, 11:30] = 0.8
    objective = OBJECTIVES["texture"] | {"pooling": pooling, "padding": padding, "statistic": "gram"}
    compare(*both(objective, image, image, st.load_image("starry_night", 50)))


@pytest.mark.parametrize("layer", LAYERS if EVERY else LAYERS[::3])
def test_content_at_every_layer(layer):
    objective = OBJECTIVES["content"] | {"content_layers": layer, "pooling": "max", "padding": "replicate"}
    compare(*both(objective | {"statistic": "gram"}, *pictures(33, 48)))


@pytest.mark.parametrize(("pooling", "padding"), CHOICES)
def test_features_of_every_layer(pooling, padding):
    run = session(f"features conv5_3 {pooling} {padding}")
    image = st.load_image("china", 49)
    layers = index()["graphs"][f"features conv5_3 {pooling} {padding}"]["layers"]
    assert len(layers) == 13 + 4
    expected = network(pooling, padding)(image, layers)
    for name, F in zip(layers, run.run(layers, {"image": image.numpy()}), strict=True):
        assert off(torch.from_numpy(F), expected[name]) < 1e-4, name


def test_gram_matrices(vgg):
    F = vgg(st.load_image("china", 49), "conv3_1")["conv3_1"]
    (gram,) = session("gram").run(["gram"], {"features": F.numpy()})
    assert off(torch.from_numpy(gram), st.gram_matrix(F, divide_by="M")[0]) < 1e-5


def test_graphs_are_valid_and_the_weights_are_not_copied():
    folder = engine()
    assert sum(path.stat().st_size for path in folder.glob("graphs/*")) < 6e6
    package = exporter.WEIGHTS.stat()
    shared = (folder / exporter.WEIGHTS.name).stat()
    assert shared.st_size == package.st_size
    for name in ("transfer conv4_2 gram max replicate", "style conv5_1 mean-deviation avg zeros"):
        about = index()["graphs"][name]
        model = onnx.load(folder / about["file"], load_external_data=False)
        assert sum(len(tensor.raw_data) for tensor in model.graph.initializer) < 5000
        assert about["weights"] < 20.1e6  # not the last two layers
    assert np.isclose(index()["graphs"]["features conv5_3 max replicate"]["weights"], package.st_size)


def test_defaults_are_the_packages():
    found = index()["defaults"]
    assert found["recipes"]["transfer"]["beta"] == 7.0
    assert found["recipes"]["reconstruct_content"]["tv"] == 0.3
    assert found["LBFGS"] == {"FIRST_MOVE": 0.1, "FLATTER": 2.0, "ARMIJO": 1e-4, "TRIALS": 20}
    assert found["stages"]["COARSEST"] == 128
    assert set(index()["pictures"]) == set(st.SAMPLES)
