"""A gradient on other processors: fewer instructions, and one thread, two, four … of as many as there are cores.

`python -m benchmarks.processors`; `results/processors.json`. Older processors are imitated: oneDNN and torch can be
told to do without newer instructions. So the arithmetic is that of an older processor; caches and clock are not.
"""

from __future__ import annotations

import json
import os
import sys
import time
from typing import Any

import styletools as st
from benchmarks.common import HERE, PAIRS, alone, machine, objective, pictures, precisions, rounded
from benchmarks.report import table
from styletools.network.passes import Precision

SIZE, ROUNDS = 512, 5
RECORD = HERE / "results" / "processors.json"
# What oneDNN and torch may use, the precision, and what it stands for.
INSTRUCTIONS: dict[str, tuple[str, str, Precision]] = {
    "AVX2, as most laptops have": ("AVX2", "avx2", "full"),
    "AVX-512": ("AVX512_CORE", "avx512", "full"),
    "all there is, bfloat16": ("DEFAULT", "", "bfloat16"),
}
MEASURE = """
import sys
from benchmarks.processors import measure_one
measure_one(int(sys.argv[1]), sys.argv[2])
"""


def measure_one(size: int, precision: Precision) -> None:
    """Print the seconds of the quickest of some gradients."""
    content, style = pictures(PAIRS[0], size)
    target = objective(st.VGG(padding="zeros"), content, style, precision)
    seconds = []
    for _ in range(ROUNDS + 1):
        began = time.perf_counter()
        target.value_and_gradient(content)
        seconds.append(time.perf_counter() - began)
    print(json.dumps(min(seconds[1:])))


def measure(size: int = SIZE) -> list[dict[str, Any]]:
    """A row for each set of instructions, with the seconds for each number of threads."""
    cores = os.cpu_count() or 1
    threads = [n for n in (1, 2, 4, 8, 16, 32, 64) if n <= cores]
    rows = []
    for name, (onednn, torchs, precision) in INSTRUCTIONS.items():
        if precision not in precisions():
            continue
        limits = {"ONEDNN_MAX_CPU_ISA": onednn} | ({"ATEN_CPU_CAPABILITY": torchs} if torchs else {})
        row: dict[str, Any] = {"instructions": name, "precision": precision}
        for n in threads:
            row[f"{n} threads" if n > 1 else "1 thread"] = alone(
                MEASURE, size, precision, environment={**limits, "OMP_NUM_THREADS": str(n)}
            )
        rows.append(row)
    return rows


if __name__ == "__main__":
    results = rounded(measure(*map(int, sys.argv[1:])))
    RECORD.write_text(json.dumps({"machine": machine(), "rows": results}, indent=1, ensure_ascii=False) + "\n", "utf-8")
    print(table(results))
