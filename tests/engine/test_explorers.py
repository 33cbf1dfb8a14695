"""The explorers of a page: what their host answers is what the package computes, and a reader can use them."""

from __future__ import annotations

import base64
import re

import pytest
import torch
from in_chromium import IN_CHROMIUM, barriers
from running import ROOT, engine, index
from serving import page, served
from test_modules import ask, encoded
from test_page import HELPERS, decoded
from test_panels import says

import styletools as st
from styletools.pictures.variations import VARIATIONS
from styletools.reading import cosines, order, pairs, together

ARTIFACTS = ROOT / "artifacts"
HEAVY = (".wasm", ".safetensors", ".onnx", "worker.js", "graphs.json", "touch/features.js", "touch/gram.js")


class TestWithoutABrowser:
    @pytest.mark.parametrize("size", [(64, 96), (51, 37)])
    def test_changes_are_the_packages(self, size):
        image = st.white_noise(*size, 3)
        assert ask("vary") == list(VARIATIONS)
        for name, change in VARIATIONS.items():
            found = ask("vary", name=name, data=encoded(image), height=size[0], width=size[1])
            expected = change(image)
            here = decoded(found["data"], 1, 3, found["height"], found["width"])
            assert here.shape == expected.shape, name
            assert torch.allclose(here, expected, atol=1e-7), name

    @pytest.mark.parametrize("layer", ["conv2_1", "conv5_1"])
    def test_the_order_of_the_filters_is_the_packages(self, vgg, layer):
        G = st.gram_matrix(vgg(st.load_image("starry_night", 192), layer)[layer], divide_by="M")[0]
        answer = ask("order", gram=encoded(G), count=len(G))
        i, j, cosine = pairs(G, 1)[0]
        assert answer["closest"] == {"i": i, "j": j, "cosine": pytest.approx(cosine, rel=1e-4)}
        found, expected = answer["order"], order(G).tolist()
        assert sorted(found) == sorted(expected)
        apart = torch.tensor([abs(found.index(i) - expected.index(i)) for i in range(len(G))])
        assert apart.max() <= 2, apart.max()  # neighbours that are nearly the same may change places
        assert (apart == 0).float().mean() > 0.9

    def test_silent_filters_are_last(self):
        G = torch.zeros(5, 5)
        G[1, 1] = G[4, 4] = 1
        assert ask("order", gram=encoded(G), count=5)["order"] == order(G).tolist()
        G[0, 0], G[0, 4], G[4, 0] = 1.0, 0.9, 0.9
        assert ask("order", gram=encoded(G), count=5)["order"][3:] == [2, 3]

    def test_the_views_are_told_what_a_notebooks_are_told(self, vgg):
        told = index()["explorers"]
        for one in told["layers"]:
            layer = vgg.layer(one["name"])
            assert (one["filters"], one["stride"], one["field"]) == (layer.filters, layer.stride, layer.receptive_field)
        assert told["changes"] == ["unchanged", *VARIATIONS]
        assert (engine() / "touch" / "gram.js").read_bytes() == (
            ROOT / "styletools" / "explorers" / "touch" / "gram.js"
        ).read_bytes()


@pytest.fixture(scope="module")
def site():
    pages = {f"/{kind}": page(f'data-panel="{kind}"') for kind in ("features", "gram")}
    other = page('data-panel="transfer"', 'data-panel="something else"')
    with served(engine(), pages | {"/other": other}) as url:
        yield url


@pytest.fixture
def tab(browser, site):
    tab = browser.new_page(viewport={"width": 1100, "height": 1000})
    tab.set_default_timeout(120_000)
    tab.asked, tab.broken = [], []
    tab.on("request", lambda request: tab.asked.append(request.url))
    tab.on("pageerror", lambda error: tab.broken.append(str(error)))
    tab.on("console", lambda message: tab.broken.append(message.text) if message.type == "error" else None)
    tab.add_init_script(HELPERS)
    yield tab
    assert [url for url in tab.asked if not url.startswith((site, "blob:", "data:"))] == []
    assert tab.broken == []
    tab.close()


def opened(tab, site, kind):
    """A panel, started; nothing large is asked for before that."""
    tab.goto(f"{site}/{kind}")
    panel = tab.locator(".styletools-panel").first
    panel.get_by_role("button", name="Start").wait_for()
    tab.wait_for_load_state("networkidle")
    assert not [url for url in tab.asked if url.endswith(HEAVY)]
    tab.screenshot(path=ARTIFACTS / f"explorer_{kind}_before.png", full_page=True)
    panel.get_by_role("button", name="Start").click()
    tab.locator("[data-shown]").wait_for()
    return panel


def keep(tab, name):
    """Wide and narrow, light and dark; nothing spills over, and nobody is kept out."""
    for width, scheme in ((1100, "light"), (390, "dark")):
        tab.set_viewport_size({"width": width, "height": 1000})
        tab.emulate_media(color_scheme=scheme)
        tab.wait_for_timeout(200)
        tab.screenshot(path=ARTIFACTS / f"explorer_{name}_{width}_{scheme}.png", full_page=True)
        assert tab.evaluate("document.documentElement.scrollWidth") <= width
        assert barriers(tab) == []


def over(tab, name, x, y, *, click=False):
    """The mouse at a share of a canvas's width and height."""
    canvas = tab.locator(f'canvas[aria-label^="{name}"]')
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    tab.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"])
    if click:
        tab.mouse.down()
        tab.mouse.up()


def told(panel):
    """What the view says; it has a tree of its own."""
    return panel.locator(".st-touch").inner_text()


ANSWERS = """async ({ kind, name, questions }) => {
  const { Explorer } = await import("/explorer.js");
  const { Engine } = await import("/engine.js");
  const host = document.createElement("div");
  host.className = "styletools-panel";
  Object.assign(host.dataset, { panel: kind, content: name, second: name });
  document.querySelector("main").replaceChildren(host);
  const index = await (await fetch("/engine.json")).json();
  const panel = new Explorer(host, index, new Engine(), async (file) => (await fetch(`/${file}`)).blob());
  await panel.start();
  const answered = (question) => new Promise((resolve) => {
    const id = String(Math.random());
    const began = performance.now();
    const hear = (answer, [part]) => {
      if (answer.id !== id) return;
      panel.model.off("msg:custom", hear);
      const took = performance.now() - began;
      resolve({ ...answer, took, data: part ? text(part) : null });
    };
    panel.model.on("msg:custom", hear);
    panel.model.send({ ...question, id });
  });
  const found = [];
  for (const question of questions) {
    found.push({ ...(await answered(question)), again: (await answered(question)).took });
  }
  const { picture, key } = panel.named[0];
  return { found, key, picture: text(picture.data), shape: [1, 3, picture.height, picture.width] };
}"""


def answers(tab, site, kind, questions):
    tab.goto(f"{site}/{kind}")
    found = tab.evaluate(ANSWERS, {"kind": kind, "name": "coffee", "questions": questions})
    picture = decoded(found["picture"], *found["shape"])
    image = st.load_image("coffee", 192)
    assert picture.shape == image.shape
    assert (picture - image).abs().mean() < 1.5 / 255  # another JPEG decoder
    for question, answer in zip(questions, found["found"], strict=True):
        print(question, f"first {answer['took']:.0f} ms, again {answer['again']:.0f} ms")
    return picture, found["found"]


def close(found: torch.Tensor, expected: torch.Tensor) -> bool:
    return found.shape == expected.shape and float((found - expected).norm() / expected.norm()) < 1e-4


class TestInChromium:
    pytestmark = IN_CHROMIUM

    def test_features_are_the_packages(self, tab, site, vgg):
        layers = ["conv1_1", "pool1", "conv3_1", "conv5_1", "conv5_3"]
        asked = [{"ask": "picture"}, *({"ask": "layer", "layer": layer} for layer in layers)]
        picture, (shown, *found) = answers(tab, site, "features", asked)
        rgba = torch.frombuffer(bytearray(base64.b64decode(shown["data"])), dtype=torch.uint8)
        seen = rgba.view(shown["shape"])[:, :, :3].permute(2, 0, 1) / 255
        assert (seen - picture[0]).abs().max() < 1e-6
        expected = vgg(picture, layers)
        for layer, here in zip(layers, found, strict=True):
            assert close(decoded(here["data"], *here["shape"]), expected[layer][0]), layer

    def test_gram_matrices_are_the_packages(self, tab, site, vgg):
        crop = [10, 20, 60, 80]
        plain = {"ask": "gram", "which": "first", "change": "unchanged", "crop": None}
        asked = [
            *({**plain, "layer": layer} for layer in ("conv1_1", "conv4_1")),
            *(
                {**plain, "which": "second", "layer": "conv3_1", "change": change}
                for change in ("turn", "scatter blocks")
            ),
            {**plain, "layer": "conv2_1", "crop": crop},
        ]
        picture, found = answers(tab, site, "gram", asked)
        images = [picture, picture, VARIATIONS["turn"](picture), VARIATIONS["scatter blocks"](picture)]
        images.append(picture[:, :, 10:70, 20:100])
        for question, image, here in zip(asked, images, found, strict=True):
            F = vgg(image, question["layer"])[question["layer"]]
            G = st.gram_matrix(F, divide_by="M")[0]
            assert close(decoded(here["data"], *here["shape"]), G), question
            assert here["positions"] == F.shape[2] * F.shape[3]
            assert ("order" in here) == (question["which"] == "first" and question["crop"] is None)

    def test_features_by_hand(self, tab, site, vgg, tmp_path):
        panel = opened(tab, site, "features")
        over(tab, "picture", 0.5, 0.5, click=True)
        text = told(panel)
        row, column = map(int, re.search(r"F at row (\d+), column (\d+)", text).groups())
        F = vgg(st.load_image("chelsea", 192), "conv3_1")["conv3_1"][0, :, row, column]
        shown = [int(i) for i in re.findall(r"^(\d+): [\d.]+", text, re.MULTILINE)]
        assert len(shown) == 6
        assert set(shown[:3]) <= set(F.argsort(descending=True)[:6].tolist())
        panel.locator(".st-chips button").first.click()
        keep(tab, "features")
        tab.set_viewport_size({"width": 1100, "height": 1000})
        slider = panel.get_by_role("slider", name="layer")
        slider.focus()
        tab.keyboard.press("End")
        tab.locator("[data-shown=conv5_3]").wait_for()
        st.save_image(st.white_noise(60, 90, 0), tmp_path / "my own.png")
        tab.locator("input[type=file]").set_input_files(tmp_path / "my own.png")
        says(panel, "my own.png was added")

    def test_a_gram_matrix_by_hand(self, tab, site, vgg):
        panel = opened(tab, site, "gram")
        panel.get_by_text("% of its value for a picture").wait_for()
        G = st.gram_matrix(vgg(st.load_image("starry_night", 192), "conv2_1")["conv2_1"])
        over(tab, "Gram matrix of the whole", 0.3, 0.6, click=True)
        text = told(panel)
        i, j = (int(re.search(rf"F of filter {name} = (\d+)", text)[1]) for name in "ij")
        cosine = float(re.search(rf"cosine of {i} and {j} is ([\d.]+)", text)[1])
        assert cosine == pytest.approx(float(cosines(G)[i, j]), abs=0.02)
        F = vgg(st.load_image("starry_night", 192), "conv2_1")["conv2_1"]
        value = float(re.search(r"its sum is G_ij = ([\d.e+-]+)", text)[1])
        assert value == pytest.approx(float(together(F, i, j).sum()), rel=0.05)
        panel.get_by_role("button", name="scatter blocks").click()
        panel.get_by_text("scatter blocks: 0").or_(panel.get_by_text(", scatter blocks")).first.wait_for()
        panel.get_by_role("button", name="Crop by dragging").click()
        canvas = tab.locator('canvas[aria-label^="picture"]')
        box = canvas.bounding_box()
        tab.mouse.move(box["x"] + 0.4 * box["width"], box["y"] + 0.4 * box["height"])
        tab.mouse.down()
        tab.mouse.move(box["x"] + 0.7 * box["width"], box["y"] + 0.7 * box["height"], steps=8)
        tab.mouse.up()
        panel.get_by_text("that of the crop").wait_for()
        panel.get_by_role("button", name="Brush a region").click()
        over(tab, "picture", 0.5, 0.5, click=True)
        panel.get_by_text(re.compile(r"that of the region \(\d+ of \d+ positions\)")).wait_for()
        keep(tab, "gram")

    def test_what_is_in_a_panel_of_another_kind_stays(self, tab, site):
        tab.goto(f"{site}/other")
        tab.get_by_role("button", name="Start").wait_for()
        tab.wait_for_load_state("networkidle")
        assert tab.locator(".styletools-panel").nth(1).inner_text() == "This panel needs a script."
