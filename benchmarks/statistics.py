"""What each statistic costs, how its textures look, and how far they are from the source under all the others.

    python -m benchmarks.statistics                 all statistics, six sources, 128 px
    python -m benchmarks.statistics bricks marble   only some sources

Each texture has the same noise and the same seconds. Finished ones are kept in artifacts/statistics.
"""

from __future__ import annotations

import argparse
import json
import statistics as mean_of
import time
from typing import Any

import torch
from matplotlib import pyplot as plt
from torch import Tensor

import styletools as st
from benchmarks.common import HERE, rounded
from benchmarks.report import table
from styletools import plots
from styletools.laboratory import compare_statistics, score_statistics
from styletools.recipes import STYLE_LAYERS

SOURCES = ("bricks", "chessboard", "stripes", "marble", "starry_night", "the_kiss")
SIZE, SECONDS = 128, 8.0  # textures
STEP_SIZE = 256  # what a step costs
STORE = HERE.parent / "artifacts" / "statistics"
RESULTS = HERE / "results"


def seconds_a_step(name: str, repeats: int = 5) -> float:
    """Median seconds of loss and gradient for one picture."""
    source = st.load_image("starry_night", STEP_SIZE)
    objective = st.Objective(st.VGG(), style=source, style_layers=STYLE_LAYERS, statistic=name)
    image, taken = st.white_noise(*source.shape[2:]), []
    for _ in range(repeats + 1):
        began = time.perf_counter()
        objective.value_and_gradient(image)
        taken.append(time.perf_counter() - began)
    return mean_of.median(taken[1:])


def textures(source: str) -> tuple[dict[str, Tensor], dict[str, int]]:
    """A texture for each statistic, and the number of its steps; from the store where it is there."""
    STORE.mkdir(parents=True, exist_ok=True)
    missing = [name for name in st.statistics() if not (STORE / f"{source}_{name}.png").exists()]
    for name, result in compare_statistics(source, missing, size=SIZE, seconds=SECONDS):
        st.save_image(result.image, STORE / f"{source}_{name}.png", {"steps": len(result.history["step"])})
    paths = {name: STORE / f"{source}_{name}.png" for name in st.statistics()}
    steps = {name: int(st.load_settings(path)["steps"]) for name, path in paths.items()}
    return {name: st.load_image(path) for name, path in paths.items()}, steps


def sheet(source: str, images: dict[str, Tensor], steps: dict[str, int]) -> None:
    """The source and all its textures, four in a row."""
    titled = {source: st.load_image(source, SIZE)}
    titled |= {f"{name}, {steps[name]} steps": image for name, image in images.items()}
    figure, _ = plots.pictures(titled, columns=4, width=14)
    figure.savefig(RESULTS / f"statistics_{source}.jpg", dpi=80, pil_kwargs={"quality": 82})
    plt.close(figure)


def compare(source: str) -> list[dict[str, Any]]:
    """A row for each texture: its distance under each statistic."""
    images, steps = textures(source)
    sheet(source, images, steps)
    scores = score_statistics(images, st.load_image(source, SIZE))
    return [{"source": source, "made with": name, "steps": steps[name], **scores[name]} for name in images]


def ranks(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """For each statistic that textures were made with: its mean place under each of the others, 1 the nearest."""
    names = list(dict.fromkeys(row["made with"] for row in rows))
    places: dict[str, dict[str, list[int]]] = {name: {judge: [] for judge in names} for name in names}
    for source in dict.fromkeys(row["source"] for row in rows):
        mine = [row for row in rows if row["source"] == source]
        for judge in names:
            for place, row in enumerate(sorted(mine, key=lambda row: row[judge]), start=1):  # used at once
                places[row["made with"]][judge].append(place)
    return [
        {"made with": name, **{judge: mean_of.mean(found) for judge, found in judges.items()},
         "others": mean_of.mean(mean_of.mean(found) for judge, found in judges.items() if judge != name)}
        for name, judges in places.items()
    ]  # fmt: skip


def main() -> None:
    """Measure, and write results/statistics.json, its tables and its sheets."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.statistics", description=__doc__.splitlines()[0])
    parser.add_argument("sources", nargs="*", default=SOURCES)
    sources = parser.parse_args().sources
    gram = seconds_a_step("gram")
    cost = [
        {"statistic": name, "seconds a step": (taken := seconds_a_step(name)), "× gram": taken / gram}
        for name in st.statistics()
    ]
    print(table(rounded(cost)))
    rows = [row for source in sources for row in compare(source)]
    record = {
        "threads": torch.get_num_threads(),
        "size": SIZE,
        "step size": STEP_SIZE,
        "seconds": SECONDS,
        "cost": cost,
        "rows": rows,
    }
    (RESULTS / "statistics.json").write_text(json.dumps(_rounded(record), indent=1, ensure_ascii=False) + "\n", "utf-8")
    print(table(rounded(ranks(rows))))


def _rounded(record: dict[str, Any]) -> dict[str, Any]:
    return {name: rounded(value) if isinstance(value, list) else value for name, value in record.items()}


if __name__ == "__main__":
    main()
