"""A second, small host for the views: a bare page in Chromium, whose questions the real Python side answers at once."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import Any

import numpy as np
from in_chromium import barriers
from PIL import Image

from styletools.explorers.touch.protocol import Touch

ARTIFACTS = Path(__file__).parent.parent.parent / "artifacts"
ADDRESS = "http://stage.invalid/"
PAGE = """<!doctype html><html lang="en"><head><title>stage</title><style>
body { margin: 12px; background: var(--jp-layout-color1, Canvas); color-scheme: light dark } main { max-width: 960px }
</style></head><body><main><h1 hidden>stage</h1><div id="view"></div></main></body></html>"""
MODEL = """
async ({ esm, css, state }) => {
  document.head.append(Object.assign(document.createElement("style"), { textContent: css }));
  const heard = {}, changed = new Set();
  const tell = (event, ...things) => (heard[event] ?? []).forEach((f) => f(...things));
  const bytes = (text) => new DataView(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer);
  const text = (part) => {
    const { buffer, byteOffset: at, byteLength: length } = ArrayBuffer.isView(part) ? part : new Uint8Array(part);
    const all = new Uint8Array(buffer, at, length);
    let out = "";
    for (let k = 0; k < all.length; k += 32768) out += String.fromCharCode(...all.subarray(k, k + 32768));
    return btoa(out);
  };
  window.pull = (news) => {
    for (const [name, value] of Object.entries(news)) {
      if (JSON.stringify(state[name]) === JSON.stringify(value)) continue;
      state[name] = value;
      tell(`change:${name}`);
    }
  };
  window.asked = [];
  window.pending = 0;
  const python = async (message) => {
    window.pending += 1;
    try {
      const { answers, news } = await window.python(message);
      for (const [content, parts] of answers) tell("msg:custom", content, parts.map(bytes));
      window.pull(news);
    } finally {
      window.pending -= 1;
    }
  };
  const model = {
    get: (name) => state[name],
    set: (name, value) => {
      if (state[name] === value) return;
      state[name] = value;
      changed.add(name);
      tell(`change:${name}`);
    },
    save_changes: () => {
      const values = Object.fromEntries([...changed].map((name) => [name, state[name]]));
      changed.clear();
      if (Object.keys(values).length) python({ values });
    },
    on: (event, f) => { (heard[event] ??= []).push(f); },
    off: (event, f) => { heard[event] = (heard[event] ?? []).filter((other) => other !== f); },
    send: (content, _, parts = []) => { window.asked.push(content.ask); python({ content, parts: parts.map(text) }); },
  };
  const module = await import(URL.createObjectURL(new Blob([esm], { type: "text/javascript" })));
  window.closeView = module.default.render({ model, el: document.getElementById("view") });
  window.listeners = () => Object.values(heard).flat().length;
}
"""


class Stage:
    """One view on a page of its own."""

    def __init__(self, page: Any, touch: Touch) -> None:
        self.page, self.touch = page, touch
        self.complaints: list[str] = []
        self.told: dict[str, Any] = {}
        page.set_default_timeout(120_000)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", lambda m: self.complaints.append(m.text) if m.type == "error" else None)
        page.route(ADDRESS, lambda route: route.fulfill(body=PAGE, content_type="text/html; charset=utf-8"))
        page.expose_function("python", self._python)
        page.goto(ADDRESS)
        page.add_style_tag(content=f"#view {{ width: {touch.layout.width or 'auto'}; max-width: 100% }}")
        page.evaluate(MODEL, {"esm": touch._esm, "css": touch._css, "state": self._news()})
        self.settle()

    def _state(self) -> dict[str, Any]:
        return {name: getattr(self.touch, name) for name in self.touch.keys if not name.startswith("_")
                and name not in ("layout", "tabbable", "tooltip", "comm")}  # fmt: skip

    def _news(self) -> dict[str, Any]:
        """What Python has changed since it was asked last, and only that: the view's own changes are on their way."""
        state = self._state()
        news = {name: value for name, value in state.items() if name not in self.told or self.told[name] != value}
        self.told = state
        return news

    def _python(self, message: dict[str, Any]) -> dict[str, Any]:
        answers: list[Any] = []
        send, self.touch.send = (
            self.touch.send,
            lambda content, parts=(): answers.append([content, [base64.b64encode(part).decode() for part in parts]]),
        )
        try:
            if "values" in message:
                for name, value in message["values"].items():
                    self.told[name] = value
                    setattr(self.touch, name, value)
            else:
                parts = [memoryview(base64.b64decode(part)) for part in message["parts"]]
                self.touch._asked(self.touch, message["content"], parts)
        finally:
            self.touch.send = send
        return {"answers": answers, "news": self._news()}

    def settle(self) -> None:
        """Wait until all questions are answered and drawn; what Python has changed meanwhile is told."""
        for _ in range(3):
            self.page.evaluate("news => window.pull(news)", self._news())
            self.page.wait_for_function("window.pending === 0")
            self.page.evaluate("() => new Promise((f) => requestAnimationFrame(() => requestAnimationFrame(f)))")

    def canvas(self, name: str) -> Any:
        return self.page.locator(f'canvas[aria-label^="{name}"]')

    def at(self, name: str, x: float, y: float, click: bool = False) -> None:
        """Move to a share of a canvas's width and height."""
        canvas = self.canvas(name)
        canvas.scroll_into_view_if_needed()
        box = canvas.bounding_box()
        self.page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"])
        if click:
            self.page.mouse.down()
            self.page.mouse.up()
        self.settle()

    def drag(self, name: str, *places: tuple[float, float]) -> None:
        """Press at the first place, move through the others, and let go."""
        canvas = self.canvas(name)
        canvas.scroll_into_view_if_needed()
        box = canvas.bounding_box()
        for index, (x, y) in enumerate(places):
            self.page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"], steps=4 if index else 1)
            if index == 0:
                self.page.mouse.down()
        self.page.mouse.up()
        self.settle()

    def photo(self, name: str) -> np.ndarray:
        """What a canvas shows."""
        self.settle()
        shot = self.canvas(name).screenshot()
        return np.asarray(Image.open(io.BytesIO(shot)).convert("RGB")).astype(float)

    def text(self) -> str:
        return self.page.locator("#view").inner_text()

    def keep(self, name: str) -> None:
        """Screenshots, wide and narrow, light and dark; nothing spills over, and nobody is kept out."""
        ARTIFACTS.mkdir(exist_ok=True)
        for width, scheme in ((1000, "light"), (1000, "dark"), (390, "light")):
            self.page.set_viewport_size({"width": width, "height": 900})
            self.page.emulate_media(color_scheme=scheme)
            self.settle()
            self.page.screenshot(path=ARTIFACTS / f"touch_{name}_{width}_{scheme}.png", full_page=True)
            assert self.page.evaluate("document.documentElement.scrollWidth") <= width
            assert barriers(self.page) == []
        self.page.set_viewport_size({"width": 1000, "height": 900})
        self.page.emulate_media(color_scheme="light")
        self.settle()

    def close(self) -> None:
        """Nothing is left that listens, and nothing was complained of."""
        self.page.evaluate("() => window.closeView()")
        assert self.page.evaluate("window.listeners()") == 0
        assert self.complaints == []
