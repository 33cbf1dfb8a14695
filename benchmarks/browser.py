"""The engine of a page: seconds a step in Chromium beside Python's, memory, the time to a first answer, whole pictures.

    python -m benchmarks.browser            about ten minutes; writes benchmarks/results/browser.json and pictures

Machines are shared, so each time is given twice, by the clock and as processor time; for a page that is the time of all
of Chromium's processes. Everything is measured on one thread, and in the page on two as well, where there are two.
"""

from __future__ import annotations

import base64
import importlib
import json
import os
import sys
import time
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import torch
from PIL import Image

import styletools as st
from benchmarks.common import ALPHA, BETA, HERE, machine, objective, pictures, rounded
from styletools.recipes import STYLE_LAYERS

ROOT = HERE.parent
SIZES = (64, 96, 128, 192)
ROUNDS = 5
PAIR = ("chelsea", "starry_night")
STEP = """async ({ size, rounds }) => {
  const { decode } = await import("/pictures.js");
  const [content, style] = await Promise.all(["chelsea", "starry_night"].map(async (name) =>
    decode(await (await fetch(`/pictures/${name}.jpg`)).blob(), name)));
  const layers = ["conv1_1", "conv2_1", "conv3_1", "conv4_1", "conv5_1"];
  const job = { content: "conv4_2", style: Object.fromEntries(layers.map((layer) => [layer, 0.2])), tv: 0,
    pictures: { content, style }, size, steps: rounds, start: "content", beta: 5, optimiser: "adam" };
  const times = [];
  let before = performance.now();
  const onStep = () => {
    const now = performance.now();
    times.push(now - before);
    before = now;
  };
  await mine.synthesise(job, { onStep });
  return times.slice(1).sort((a, b) => a - b)[Math.floor((times.length - 1) / 2)] / 1000;
}"""
FIRST = """async () => {
  const { decode } = await import("/pictures.js");
  const { Engine } = await import("/engine.js");
  const image = await decode(await (await fetch("/pictures/chelsea.jpg")).blob(), "chelsea");
  globalThis.mine = new Engine({ threads: THREADS });
  const began = performance.now();
  const first = mine.features(image, ["conv3_1"], { size: 128 });
  await first;
  return (performance.now() - began) / 1000;
}"""
WHOLE = """async (job) => {
  const { decode } = await import("/pictures.js");
  const { toBytes } = await import("/resize.js");
  for (const [kind, name] of Object.entries(job.pictures)) {
    job.pictures[kind] = await decode(await (await fetch(`/pictures/${name}.jpg`)).blob(), name);
  }
  const losses = [];
  const began = performance.now();
  const made = await mine.synthesise(job, { onStep: ({ total }) => losses.push(total) });
  const seconds = (performance.now() - began) / 1000;
  let text = "";
  for (const byte of toBytes(made)) text += String.fromCharCode(byte);
  return { seconds, losses, rgba: btoa(text), height: made.height, width: made.width };
}"""
STYLE = dict.fromkeys(STYLE_LAYERS, 0.2)
JOBS: dict[str, dict[str, Any]] = {
    "texture, 64 px, 60 steps": {"content": None, "style": STYLE, "size": 64, "steps": 60},
    "texture, 64 to 128 px, 25 steps each": {
        **{"content": None, "style": STYLE, "size": 128, "steps": 25, "coarseToFine": True}
    },
    "transfer, 96 px, 60 steps from the photograph": {
        **{"content": "conv4_2", "style": STYLE, "size": 96, "steps": 60, "start": "content"}
    },
    "transfer, to 96 px, 40 steps each": {"content": "conv4_2", "style": STYLE, "size": 96, "steps": 40},
}


def _tests(name: str) -> Any:  # noqa: ANN401
    """A helper of the tests: the server, Chromium, sessions."""
    for folder in (ROOT / "tests" / "engine", ROOT / "scripts"):
        if str(folder) not in sys.path:
            sys.path.insert(0, str(folder))
    return importlib.import_module(name)


class Browser(AbstractContextManager["Browser"]):
    """Chromium with a page of the engine, and what its processes have used.

    Args:
        threads: of the engine.
    """

    def __init__(self, threads: int) -> None:
        """Start it."""
        serving, running = _tests("serving"), _tests("running")
        self._server = serving.served(running.engine(), {"/": serving.page()}, isolated=threads > 1)
        url = self._server.__enter__()
        ours = {process.pid for process in psutil.Process().children(recursive=True)}
        self._chromium = _tests("in_chromium").chromium()
        self.page = self._chromium.__enter__().new_page()
        self.page.set_default_timeout(600_000)
        self.page.goto(url)
        self._ours, self._spent = ours, 0.0
        self.first = self.page.evaluate(FIRST.replace("THREADS", str(threads)))

    def __exit__(self, *_: object) -> None:
        """End it."""
        self._chromium.__exit__(None, None, None)
        self._server.__exit__(None, None, None)

    def _processes(self) -> list[psutil.Process]:
        return [p for p in psutil.Process().children(recursive=True) if p.pid not in self._ours]

    def processor_seconds(self) -> float:
        """Processor seconds used so far by all its processes."""
        return sum(sum(process.cpu_times()[:2]) for process in self._processes())

    def memory(self) -> float:
        """GB of the largest process, which is the page's."""
        return max(process.memory_info().rss for process in self._processes()) / 1e9

    def run(self, script: str, argument: object) -> tuple[Any, float, float]:
        """A script's answer, its seconds by the clock, and its processor seconds."""
        began, used = time.perf_counter(), self.processor_seconds()
        answer = self.page.evaluate(script, argument)
        return answer, time.perf_counter() - began, self.processor_seconds() - used


def in_page(threads: int) -> dict[str, Any]:
    """Seconds a step by size."""
    found: dict[str, Any] = {}
    with Browser(threads) as browser:
        found["first features, engine fetched from this machine"] = browser.first
        browser.run(STEP, {"size": SIZES[0], "rounds": 2})  # the session of the steps is made here
        for size in SIZES:
            median, _, used = browser.run(STEP, {"size": size, "rounds": ROUNDS})
            # Processor time: all evaluations (one more than steps, and two for the targets), and what goes with them.
            found[str(size)] = {"seconds": median, "processor": used / (ROUNDS + 3)}
        found["memory, GB"] = browser.memory()
    return found


def in_python() -> dict[str, Any]:
    """The same steps by the package's own engine and by onnxruntime, on one thread."""
    torch.set_num_threads(1)
    running = _tests("running")
    found: dict[str, Any] = {"package": {}, "onnxruntime": {}}
    vgg, run = st.VGG(), running.session("transfer conv4_2 gram max replicate")
    about = running.index()["graphs"]["transfer conv4_2 gram max replicate"]
    for size in SIZES:
        content, style = pictures(PAIR, size)
        ours = objective(vgg, content, style)
        feed = {"image": content.numpy()}
        for term in about["terms"]:
            feed[term["factor"]] = np.array(ours.factors.get(term["name"], 0), np.float32)
            if term["kind"] != "smoothness":
                feed |= running.targets(run, term, content if term["kind"] == "content" else style)
        for name, task in (
            ("package", lambda ours=ours, content=content: ours.value_and_gradient(content)),
            ("onnxruntime", lambda feed=feed: run.run(["terms", "gradient"], feed)),
        ):
            task()
            times = []
            for _ in range(ROUNDS):
                began, used = time.perf_counter(), time.process_time()
                task()
                times.append((time.perf_counter() - began, time.process_time() - used))
            middle = sorted(times)[ROUNDS // 2]
            found[name][str(size)] = {"seconds": middle[0], "processor": middle[1]}
    return found


def whole(folder: Path) -> dict[str, Any]:
    """Whole pictures on one thread, saved to be looked at."""
    found: dict[str, Any] = {}
    names = {"content": PAIR[0], "style": PAIR[1]}
    with Browser(1) as browser:
        for name, job in JOBS.items():
            asked = {kind: names[kind] for kind in ("content", "style") if job[kind]}
            answer, _, used = browser.run(WHOLE, {**job, "pictures": asked})
            rgba = np.frombuffer(base64.b64decode(answer["rgba"]), np.uint8)
            image = Image.fromarray(rgba.reshape(answer["height"], answer["width"], 4)[..., :3])
            image.save(folder / f"{name.replace(', ', '_').replace(' ', '_')}.png")
            losses = answer["losses"]
            found[name] = {"seconds": answer["seconds"], "processor": used, "first": losses[0], "last": losses[-1]}
            print(name, rounded(found[name]), flush=True)
    return found


def main() -> None:
    """Measure everything and write it down."""
    folder = ROOT / "artifacts" / "browser"
    folder.mkdir(parents=True, exist_ok=True)
    found: dict[str, Any] = {"machine": machine(), "alpha": ALPHA, "beta": BETA, "python, one thread": in_python()}
    print(rounded(found["python, one thread"]), flush=True)
    for threads in (1, 2)[: max(1, min(2, os.cpu_count() or 1))]:
        found[f"chromium, {threads} threads"] = in_page(threads)
        print(threads, rounded(found[f"chromium, {threads} threads"]), flush=True)
    found["whole pictures, one thread"] = whole(folder)
    text = json.dumps(rounded(found), indent=1, ensure_ascii=False) + "\n"
    (HERE / "results" / "browser.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
