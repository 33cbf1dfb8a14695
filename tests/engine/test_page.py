"""The engine in Chromium: the graphs in onnxruntime-web, the worker behind promises, threads, errors in one line."""

from __future__ import annotations

import base64

import numpy as np
import pytest
import torch
from in_chromium import IN_CHROMIUM
from running import OBJECTIVES, engine, graph_of, index, smooth_start
from serving import page, served

import styletools as st
from styletools.losses.objective import Objective

pytestmark = IN_CHROMIUM
HELPERS = """
globalThis.floats = (text) => new Float32Array(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer);
globalThis.text = (array) => {
  let found = "";
  const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
  for (const byte of bytes) found += String.fromCharCode(byte);
  return btoa(found);
};
"""
EVALUATE = """async ({ graph, image, height, width, content, style, weights }) => {
  const { Runtime } = await import("/runtime.js");
  const { Objective } = await import("/objective.js");
  globalThis.runtime ??= new Runtime({ base: location.origin + "/" });
  const session = await runtime.session(graph);
  const picture = ({ data, height, width }) => ({ data: floats(data), height, width });
  const pictures = { content: picture(content), style: picture(style) };
  const objective = await Objective.create(runtime.ort, session, runtime.index.graphs[graph], weights, pictures);
  const { terms, gradient } = await objective.evaluate(floats(image), height, width);
  return { terms, gradient: text(gradient), threads: runtime.ort.env.wasm.numThreads };
}"""


def encoded(tensor):
    return base64.b64encode(np.ascontiguousarray(tensor.numpy(), np.float32).tobytes()).decode()


def decoded(text, *shape):
    return torch.from_numpy(np.frombuffer(base64.b64decode(text), np.float32).reshape(shape).copy())


def given(tensor):
    return {"data": encoded(tensor), "height": tensor.shape[2], "width": tensor.shape[3]}


@pytest.fixture(params=[False, True], ids=["one thread", "isolated"])
def site(browser, request):
    with served(engine(), {"/": page()}, isolated=request.param) as url:
        tab = browser.new_page()
        tab.set_default_timeout(120_000)
        tab.add_init_script(HELPERS)
        tab.goto(url)
        tab.isolated = request.param
        yield tab
        tab.close()


def test_terms_and_gradient_are_the_packages(site):
    for (height, width), pooling in (((43, 65), "max"), ((64, 48), "avg")):
        objective = OBJECTIVES["transfer"] | {"pooling": pooling, "padding": "replicate", "statistic": "gram"}
        image = smooth_start(height, width, pooling)
        content, style = st.white_noise(height, width, 4), st.load_image("starry_night", 50)
        style_layers = dict.fromkeys(objective["style_layers"], 0.2)
        weights = {"alpha": 1, "beta": objective["beta"], "tv": objective["tv"], "layerWeights": style_layers}
        request = {"graph": graph_of(objective), "image": encoded(image), "height": height, "width": width}
        request |= {"content": given(content), "style": given(style), "weights": weights}
        found = site.evaluate(EVALUATE, request)
        assert (found["threads"] > 1) == site.isolated
        options = {key: value for key, value in objective.items() if key not in ("pooling", "padding")}
        vgg = st.VGG(pooling=pooling)
        package = Objective(vgg, content=content, style=style, precision="full", **options)
        terms, gradient = package.value_and_gradient(image)
        assert found["terms"].keys() == terms.keys()
        for name, value in terms.items():
            assert found["terms"][name] == pytest.approx(float(value), rel=1e-4), name
        here = decoded(found["gradient"], *gradient.shape)
        assert float((here - gradient).norm() / gradient.norm()) < 1e-4


FEATURES = """async ({ name, layers, size }) => {
  const { Engine } = await import("/engine.js");
  const { decode } = await import("/pictures.js");
  globalThis.mine ??= new Engine();
  const image = await decode(await (await fetch(`/pictures/${name}.jpg`)).blob(), name);
  const { layers: found, picture } = await mine.features(image, layers, { size });
  return Promise.all(layers.map(async (layer) => {
    const { data, shape } = found[layer];
    const G = await mine.gram(found[layer]);
    return { shape, F: text(data), G: text(G.data), grams: G.shape, picture: text(picture.data) };
  }));
}"""


def test_features_and_gram_matrices_for_explorers(browser, vgg):
    layers = ["conv1_1", "pool2", "conv4_2", "conv5_3"]
    with served(engine(), {"/": page()}) as url:
        tab = browser.new_page()
        tab.set_default_timeout(120_000)
        tab.add_init_script(HELPERS)
        tab.goto(url)
        found = tab.evaluate(FEATURES, {"name": "coffee", "layers": layers, "size": 90})
        image = st.load_image("coffee", 90)
        assert (decoded(found[0]["picture"], *image.shape) - image).abs().mean() < 1.5 / 255  # another JPEG decoder
        expected = vgg(decoded(found[0]["picture"], *image.shape), layers)
        for layer, here in zip(layers, found, strict=True):
            F = decoded(here["F"], *here["shape"])
            assert float((F - expected[layer]).norm() / expected[layer].norm()) < 1e-4, layer
            G = decoded(here["G"], *here["grams"])
            assert torch.allclose(G, st.gram_matrix(F, divide_by="M")[0], rtol=1e-4, atol=1e-2 * float(G.mean())), layer
        tab.close()


ERRORS = """async () => {
  const { Engine } = await import("/engine.js");
  const engine = new Engine();
  const say = (promise) => promise.then(() => "no error", (error) => error.message);
  const image = { rgba: new Uint8ClampedArray(4 * 8 * 8), height: 8, width: 8 };
  const started = (path) => () => new Worker(path, { type: "module" });
  const elsewhere = new Engine({ base: location.origin + "/nowhere/", worker: started("/worker.js") });
  const gone = new Engine({ worker: started("/no-worker.js") });
  const answers = [
    await say(engine.features(image, ["conv9_9"])),
    await say(engine.features(image, ["conv5_1"], { size: 8 })),
    await say(engine.synthesise({ content: "conv4_2", style: null, pictures: {}, size: 64, steps: 1 })),
    await say(elsewhere.open()),
    await say(gone.open()),
  ];
  const waiting = say(engine.features(image, ["conv1_1"]));
  engine.close();
  return [...answers, await waiting];
}"""


def test_whatever_goes_wrong_is_said_in_one_line(site):
    layer, small, picture, elsewhere, gone, closed = site.evaluate(ERRORS)
    assert layer == "There is no layer called conv9_9."
    assert small == "8 × 8 pixels are too few; take 16 or more."
    assert picture == "Choose a picture first."
    assert elsewhere == "Cannot fetch engine.json (404). Try again."
    assert gone.startswith("The engine stopped")
    assert closed == "The engine was closed."


def test_the_engine_is_fetched_once_and_not_beyond_what_is_needed(browser):
    with served(engine(), {"/": page()}) as url:
        tab = browser.new_page()
        tab.set_default_timeout(120_000)
        tab.add_init_script(HELPERS)
        asked = []
        tab.on("request", lambda request: asked.append(request.url.removeprefix(url)))
        counted = """async () => {
          const { Engine } = await import("/engine.js");
          const { decode } = await import("/pictures.js");
          const image = await decode(await (await fetch("/pictures/coffee.jpg")).blob(), "coffee");
          let most = 0;
          await new Engine().features(image, ["conv5_1"], { size: 64, onBytes: (loaded, total) => (most = total) });
          return most;
        }"""
        tab.goto(url)
        total = tab.evaluate(counted)
        assert total < 36e6
        assert total == pytest.approx(index()["download"], rel=0.01)
        assert "/vgg16.safetensors" in asked
        asked.clear()
        tab.reload()
        assert tab.evaluate(counted) == total
        assert not [path for path in asked if path.endswith((".wasm", ".safetensors", ".onnx"))]
        tab.close()
