"""The page's JavaScript, in Node, beside the package: the same noise, sizes, pictures, steps and losses."""

from __future__ import annotations

import base64
import json
import subprocess
from itertools import product

import numpy as np
import pytest
import torch
from PIL import Image
from running import EVERY, ROOT, engine, exporter, index

import styletools as st
from styletools.descent.optimisers import LBFGS, Adam, Evaluation
from styletools.descent.spectrum import Spectrum
from styletools.pictures.images import fit_size, resize
from styletools.pictures.samples import sample
from styletools.stages import stages

node = exporter.node


def ask(what, **request):
    """Let Node answer."""
    request |= {"engine": str(engine()), "ask": what}
    script = ROOT / "tests" / "engine" / "node_side.mjs"
    done = subprocess.run(node(str(script)), input=json.dumps(request), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


def encoded(array):
    return base64.b64encode(np.ascontiguousarray(array, np.float32).tobytes()).decode()


def decoded(text, *shape):
    return torch.from_numpy(np.frombuffer(base64.b64decode(text), np.float32).reshape(shape).copy())


def raw(image: Image.Image):
    rgba = image.convert("RGBA")
    return {"rgba": base64.b64encode(rgba.tobytes()).decode(), "height": rgba.height, "width": rgba.width}


def test_the_types_are_right():
    """TypeScript reads the comments."""
    modules = exporter.ROOT / exporter.SCRIPTS
    compiler = exporter.MODULES / "typescript" / "bin" / "tsc"
    engine()  # which installs it
    done = subprocess.run(
        node(str(compiler), "-p", str(modules / "jsconfig.json")), capture_output=True, text=True, check=False
    )
    assert done.stdout == ""
    assert done.returncode == 0


@pytest.mark.parametrize("name", sorted(path.name for path in (exporter.ROOT / exporter.SCRIPTS).glob("*.js")))
def test_files_stay_short_and_say_what_they_are(name):
    lines = (exporter.ROOT / exporter.SCRIPTS / name).read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 300
    assert lines[0].startswith("// ")


@pytest.mark.parametrize("seed", [0, 7, 2**32 - 1])
def test_the_noise_is_torchs(seed):
    found = decoded(ask("noise", height=20, width=31, seed=seed, contrast=1), 1, 3, 20, 31)
    assert torch.equal(found, st.white_noise(20, 31, seed))


@pytest.mark.parametrize("size", [48, 97, 451, 600])
def test_a_picture_is_read_as_the_package_reads_it(size):
    image = sample("chelsea")
    width, height = fit_size(image.width, image.height, size)
    found = decoded(ask("read", picture=raw(image), height=height, width=width), 1, 3, height, width)
    assert torch.equal(found, st.load_image("chelsea", size))


@pytest.mark.parametrize("to", [(31, 40), (64, 90), (43, 77)])
def test_a_picture_is_resized_as_the_package_does(to):
    image = st.load_image("coffee", 77)
    height, width = image.shape[2:]
    found = ask("resize", data=encoded(image.numpy()), **{"from": [height, width], "to": to})
    assert torch.allclose(decoded(found, 1, 3, *to), resize(image, *to), atol=2e-6)


def test_stages_are_the_packages():
    base = {"steps": 7, "tv": 0.5, "smallest": 16}
    options = [
        {"height": h, "width": w, "grow": grow, "relative": relative, "alpha": alpha, "beta": beta, **base}
        for h, w in ((43, 64), (96, 64), (128, 85), (192, 144), (300, 512), (17, 150))
        for grow in (True, False)
        for relative in (True, False)
        for alpha, beta in ((1.0, 7.0), (1.0, 0.0), (0.0, 1.0))
    ]
    found = ask("stages", options=options, defaults=index()["defaults"]["stages"])
    for one, these in zip(options, found, strict=True):
        h, w = one["height"], one["width"]
        expected = stages(h, w, **{key: value for key, value in one.items() if key not in ("height", "width")})
        assert these == [pytest.approx(stage) for stage in expected]


@pytest.mark.parametrize("size", [(16, 16), (15, 21), (23, 48), (1, 9)])
def test_the_spectrum_is_the_packages(size):
    generator = torch.Generator().manual_seed(3)
    steps = [torch.randn(2, 1, 3, *size, generator=generator) for _ in range(3)]
    for pair in steps:
        pair[1] += 3 * pair[0]
    gradient = torch.randn(1, 3, *size, generator=generator)
    for count in (0, 3):
        spectrum = Spectrum(gradient)
        for s, y in steps[:count]:
            spectrum.learn(s, y)
        pairs = [[encoded(s.numpy()), encoded(y.numpy())] for s, y in steps[:count]]
        found = ask("spectrum", height=size[0], width=size[1], steps=pairs, gradient=encoded(gradient.numpy()))
        found, expected = decoded(found, 1, 3, *size).flatten(), spectrum.scale(gradient).flatten()
        assert float(found @ expected / found.norm() / expected.norm()) > 1 - 1e-6  # L-BFGS sets the length itself
        if count:
            assert torch.allclose(found, expected, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("name", ["LBFGS", "Adam"])
def test_both_optimisers_take_the_packages_steps(name):
    """A bowl whose lowest point lies outside of the box for many pixels."""
    generator = torch.Generator().manual_seed(5)
    shape = (1, 3, 12, 18)
    start = torch.rand(shape, generator=generator)
    target = 0.5 + torch.randn(shape, generator=generator)
    weights = 0.1 + 10 * torch.rand(shape, generator=generator)

    def evaluate(image):
        total = float((weights * (image - target) ** 2).sum())
        return Evaluation(image, {}, total, 2 * weights * (image - target))

    run = LBFGS(evaluate, start, 20, Spectrum(start)) if name == "LBFGS" else Adam(evaluate, start)
    expected = [run.step().total for _ in range(25)]
    pictures = {
        key: encoded(value.numpy()) for key, value in [("start", start), ("target", target), ("weights", weights)]
    }
    found = ask("bowl", optimiser=name, height=12, width=18, steps=25, **pictures)
    assert found["totals"] == pytest.approx(expected, rel=1e-3)
    image = decoded(found["image"], *shape)
    assert (image.min(), image.max()) == (0, 1)


STYLE = dict.fromkeys(("conv1_1", "conv2_1", "conv3_1", "conv4_1", "conv5_1"), 0.2)


RUNS = list(product(("transfer", "texture", "content"), ("lbfgs", "adam"), ("avg", "max")))
FEW = [
    ("transfer", "lbfgs", "avg"),
    ("transfer", "lbfgs", "max"),
    ("texture", "adam", "max"),
    ("content", "lbfgs", "avg"),
]


# Noises whose paths keep away from kinks. Where a path meets one (a ReLU near 0, two maxima that nearly tie) rounding
# grows tenfold in a step, in the package as well: with one thread and with two, it differs from itself there.
SEEDS = {
    ("transfer", "lbfgs", "avg"): 5, ("transfer", "lbfgs", "max"): 0,
    ("transfer", "adam", "avg"): 2, ("transfer", "adam", "max"): 2,
    ("texture", "lbfgs", "avg"): 7, ("texture", "lbfgs", "max"): 6,
    ("content", "lbfgs", "avg"): 1,
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(("recipe", "optimiser", "pooling"), RUNS if EVERY else FEW)
def test_the_first_losses_of_a_synthesis_are_pythons(recipe, optimiser, pooling):
    """Ten of them, from the same noise, to a thousandth; and as many evaluations."""
    options = {
        "size": 64,
        "steps": 5 if recipe == "transfer" else 10,
        "progress": False,
        "optimiser": optimiser,
        "seed": SEEDS.get((recipe, optimiser, pooling), 5),
    }
    options["pooling"] = pooling
    content, style = sample("chelsea"), sample("starry_night")
    job = {"content": None, "style": None, "pictures": {}} | {
        key: options[key] for key in ("size", "steps", "optimiser", "seed", "pooling")
    }
    if recipe != "texture":
        job |= {"content": "conv4_2", "pictures": job["pictures"] | {"content": raw(content)}}
    if recipe != "content":
        job |= {"style": STYLE, "pictures": job["pictures"] | {"style": raw(style)}}
    if recipe == "transfer":
        result = st.transfer(content, style, precision="full", **options)
    elif recipe == "texture":
        result = st.reconstruct_style(style, precision="full", **options)
    else:
        result = st.reconstruct_content(content, precision="full", **options)
    found = ask("synthesis", job=job, most=10)["found"]
    expected = result.history
    assert [step["height"] for step in found] == expected["height"][:10]
    assert [step["total"] for step in found] == pytest.approx(expected["total"][:10], rel=1e-3)
    assert [step["evaluations"] for step in found] == expected["evaluations"][:10]
    for name, value in found[0]["terms"].items():
        assert value == pytest.approx(expected[name][0], rel=1e-3), name
