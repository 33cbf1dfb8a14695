"""Seconds per megapixel, and the peak of memory, against the size."""

from __future__ import annotations

import itertools
import json
import statistics
from collections.abc import Sequence
from typing import Any

import styletools as st
from benchmarks.common import PAIRS, alone, peak_memory, precisions

SIZES = (128, 256, 512, 1024, 1536, 2048)
MEASURE = """
import sys
from benchmarks.scaling import measure_one
measure_one(int(sys.argv[1]), sys.argv[2])
"""


def measure_one(size: int, precision: str) -> None:
    """Print seconds and memory of the last stage of a transfer, the smaller ones before it included."""
    steps = 20 if size <= 512 else 3
    history = st.transfer(*PAIRS[0], size=size, precision=precision, steps=steps, progress=False).history
    height = max(history["height"])
    first = history["height"].index(height)
    times, evaluations = history["seconds"][first:], history["evaluations"][first:]
    # A step is one evaluation as a rule; the first steps may need more.
    step = statistics.median(
        (later - sooner) / (after - before)
        for (sooner, later), (before, after) in zip(
            itertools.pairwise(times), itertools.pairwise(evaluations), strict=True
        )
    )
    peak = peak_memory()
    pixels = round(size * height)
    # Curvature pairs that a longer run would hold, 12 bytes a pixel.
    missing = max(0, 20 - steps) * 2 * 12 * pixels / 1e9
    print(json.dumps({"size": size, "height": height, "precision": precision, "seconds": step,
                      "per megapixel": step / pixels * 1e6, "GB measured": peak, "GB": peak + missing}))  # fmt: skip


def measure(sizes: Sequence[int] = SIZES) -> list[dict[str, Any]]:
    """A row for each size and precision, each in a process of its own."""
    return [alone(MEASURE, size, precision) for size in sizes for precision in precisions()]
