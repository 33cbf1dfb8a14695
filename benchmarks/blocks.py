"""A picture in blocks against the whole picture: seconds per megapixel, and the peak of memory.

`python -m benchmarks.blocks` measures 1024 and 2048 px; `python -m benchmarks.blocks 8192 512/pool4` another size and
one kind of blocks; `python -m benchmarks.blocks histories` what a short memory of L-BFGS costs in loss. All of it is
kept in `results/blocks.json`. The whole picture is left out where it does not fit in memory.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from typing import Any

import torch

import styletools as st
from benchmarks.common import HERE, PAIRS, alone, machine, peak_memory, rounded, updated
from styletools.footprint import footprint
from styletools.losses.sources import Source
from styletools.memory import available, return_freed_memory
from styletools.plan import CONTENT_LAYER, STYLE_LAYERS

BLOCKS = ("0", "1024/pool2", "1024/pool3", "1024/pool4", "512/pool4")
HISTORIES = ((20, False), (20, True), (8, True), (6, True), (5, True), (4, True), (3, True), (2, True))
NAMES = {"sizes": ("size", "block"), "histories": ("pairs", "float16")}  # what names a row
RECORD = HERE / "results" / "blocks.json"
MEASURE = """
import sys
from benchmarks.blocks import measure_one
measure_one(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
"""


def measure_one(size: int, block: str, evaluations: int) -> None:
    """Print the seconds of the quickest of some gradients, and the peak of memory."""
    P, S = (st.load_image(name, longer) for name, longer in zip(PAIRS[0], (size, min(size, 1024)), strict=True))
    if block != "0":
        return_freed_memory()  # as a run in blocks does, though it takes time
    objective = st.Objective(
        st.VGG(),
        content=P,
        style=[Source(S, dict.fromkeys(STYLE_LAYERS, 0.2))],
        content_layers=CONTENT_LAYER,
        beta=7.0,
        tv=0.5,
        block=block,
    )
    seconds = []
    for _ in range(evaluations):
        began = time.perf_counter()
        objective.value_and_gradient(P)
        seconds.append(time.perf_counter() - began)
    megapixels = P.shape[2] * P.shape[3] / 1e6
    row = {"size": size, "block": block, "per megapixel": min(seconds) / megapixels, "GB": peak_memory()}
    print(json.dumps(row))


def measure(sizes: Sequence[int], blocks: Sequence[str], evaluations: int = 2) -> list[dict[str, Any]]:
    """A row for each size and kind of blocks, each in a process of its own, one after the other."""
    rows = []
    for size in sizes:
        needed = footprint(st.VGG("random"), [CONTENT_LAYER, *STYLE_LAYERS], round(size * 2 / 3), size)
        for block in blocks:
            if block == "0" and needed > (available() or needed):
                continue
            rows.append(alone(MEASURE, size, block, evaluations))
            print(json.dumps(rows[-1]), flush=True)
    return rows


def histories(size: int = 128, steps: int = 60) -> list[dict[str, Any]]:
    """The loss that L-BFGS ends with, by the number of curvature pairs and whether they are in float16."""
    rows = []
    for pairs, compact in HISTORIES:
        ends = []
        for names in PAIRS:
            P, S = (st.load_image(name, size) for name in names)
            objective = st.Objective(
                st.VGG(),
                content=P,
                style=S,
                content_layers=CONTENT_LAYER,
                style_layers=STYLE_LAYERS,
                beta=7.0,
                tv=0.5,
                precision="full",
            )
            start = 0.5 + 0.2 * (st.white_noise(P.shape[2], P.shape[3], 0) - 0.5)
            stage = st.Stage(objective, P.shape[2], P.shape[3], steps)
            run = st.Synthesis([stage], start, pairs=pairs, compact=compact)
            ends.append([step.losses["total"] for step in run][-1])
        rows.append({"pairs": pairs, "float16": compact, "losses": ends})
        print(json.dumps(rows[-1]), flush=True)
    return rows


def keep(**found: list[dict[str, Any]]) -> None:
    """Write down what was measured, beside what was measured before."""
    record = json.loads(RECORD.read_text("utf-8")) if RECORD.exists() else {}
    for name, rows in found.items():
        record[name] = updated(record.get(name, []), rounded(rows), NAMES[name])
    record["machine"] = machine()
    RECORD.write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", "utf-8")


if __name__ == "__main__":
    torch.manual_seed(0)
    words = sys.argv[1:]
    if words == ["histories"]:
        keep(histories=histories())
    else:
        sizes = [int(word) for word in words if "/" not in word and word != "0"] or (1024, 2048)
        keep(sizes=measure(sizes, [word for word in words if "/" in word or word == "0"] or BLOCKS))
