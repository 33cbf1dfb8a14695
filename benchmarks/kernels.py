"""What the roof of a gradient is, and how near each kernel comes to it.

`python -m benchmarks.kernels` profiles loss and gradient at 512 px, in each precision; `results/kernels.json`. The roof
of a kernel is the shortest time in which this machine could do it: its products at the best rate of matrix products, or
its numbers once through memory at the rate of a plain copy, whichever takes longer.
"""

from __future__ import annotations

import itertools
import json
import math
import sys
from collections.abc import Iterable
from typing import Any

import torch
from torch.profiler import profile

import styletools as st
from benchmarks.common import HERE, PAIRS, interleaved, machine, objective, pictures, precisions, rounded
from benchmarks.limit import POSITIONS, SIDE, rates
from benchmarks.report import table
from styletools.network.passes import Precision

SIZE, ROUNDS = 512, 5
RECORD = HERE / "results" / "kernels.json"
CONVOLUTION = "mkldnn::_convolution_pointwise_"
KINDS = {
    "aten::convolution_backward": "Gram matrices",
    "aten::_slow_conv2d_backward": "Gram matrices",
    "aten::max_pool2d_with_indices": "pooling",
    "aten::max_pool2d_with_indices_backward": "pooling, back",
    "aten::threshold_backward": "ReLU, back",
    "aten::fill_": "zeros to add to",
    "aten::copy_": "copies",
}
COPIED = 2**24  # numbers of a copy that does not fit into the processor's cache


def ceilings(dtype: torch.dtype) -> tuple[float, float]:
    """The machine's best rates: products in FLOP/s, and a copy in bytes/s, read and written."""
    source = torch.ones(COPIED)
    into = torch.empty_like(source)
    seconds = interleaved({**rates(dtype), "copy": lambda: into.copy_(source)}, rounds=6)
    products = max(2 * SIDE**3 / seconds["mm"], 2 * SIDE**2 * POSITIONS**2 / seconds["oneDNN"])
    return products, 2 * source.nbytes / seconds["copy"]


def kind(name: str, shapes: list[list[int]]) -> str:
    """What a kernel is for."""
    if name != CONVOLUTION:
        return KINDS.get(name, "the rest")
    out, x, weight = shapes[:3]
    if weight[2:] == [1, 1]:
        return "gradients of Gram matrices"
    return f"convolution {x[1]} → {out[1]}, {out[2]} × {out[3]}"


def work(name: str, shapes: list[list[int]], itemsize: int) -> tuple[float, float]:
    """Products × 2, and bytes that have to pass through memory once."""
    sizes = [math.prod(shape) for shape in shapes if len(shape) > 1]
    if name == CONVOLUTION:
        out, _, weight = shapes[:3]
        return 2 * math.prod(out) * math.prod(weight[1:]), (sum(sizes) + sizes[0]) * itemsize  # `out` is read as well
    if KINDS.get(name) == "Gram matrices":
        g, x, weight = shapes[:3]
        return 2 * math.prod(weight) * math.prod(x[2:]), (math.prod(g) + math.prod(x)) * itemsize
    if name == "aten::max_pool2d_with_indices":
        return 0, sizes[0] * itemsize + sizes[0] / 4 * (itemsize + 8)  # and the places of the maxima
    return 0, sum(sizes) * itemsize


def profiled(size: int, precision: Precision) -> list[tuple[str, list[list[int]], int, float]]:
    """The kernels of one gradient: name, shapes, how often, and seconds altogether, the median of some rounds."""
    content, style = pictures(PAIRS[0], size)
    target = objective(st.VGG(padding="zeros"), content, style, precision)
    found: dict[tuple[str, str], list[tuple[list[list[int]], int, float]]] = {}
    target.value_and_gradient(content)
    for _ in range(ROUNDS):
        with profile(record_shapes=True) as run:
            target.value_and_gradient(content)
        for event in run.key_averages(group_by_input_shape=True):
            key = (event.key, str(event.input_shapes))
            found.setdefault(key, []).append((event.input_shapes, event.count, event.self_cpu_time_total / 1e6))
    return [
        (name, rounds[0][0], rounds[0][1], sorted(seconds for *_, seconds in rounds)[len(rounds) // 2])
        for (name, _), rounds in found.items()
    ]


def rows(
    kernels: Iterable[tuple[str, list[list[int]], int, float]], products: float, bandwidth: float, itemsize: int
) -> list[dict[str, Any]]:
    """A row for each kind of kernel, in the order of the time that they take."""
    kernels = list(kernels)
    whole = sum(seconds for *_, seconds in kernels)
    named = sorted(((kind(name, shapes), name, shapes, n, s) for name, shapes, n, s in kernels), key=lambda k: k[0])
    found = []
    for what, group in itertools.groupby(named, key=lambda k: k[0]):
        calls, took, flops, moved, roof = 0, 0.0, 0.0, 0.0, 0.0
        for _, name, shapes, count, seconds in group:
            each, size = work(name, shapes, itemsize)
            calls, took, flops, moved = calls + count, took + seconds, flops + count * each, moved + count * size
            roof += count * max(each / products, size / bandwidth)
        row = {"kernel": what, "calls": calls, "ms": 1e3 * took, "share": took / whole}
        rate = f"{flops / took / 1e9:.0f} GFLOP/s" if flops else f"{moved / took / 1e9:.1f} GB/s"
        known = what != "the rest"  # what passes through memory is known only for what has a name
        found.append(row | {"rate": rate if known else "", "of its roof": roof / took if known else ""})
    return sorted(found, key=lambda row: -row["ms"])


def measure(size: int = SIZE) -> dict[str, Any]:
    """The roofs, and a row for each kind of kernel, in each precision."""
    found: dict[str, Any] = {}
    for precision in precisions():
        dtype = torch.bfloat16 if precision == "bfloat16" else torch.float32
        products, bandwidth = ceilings(dtype)
        kernels = rows(profiled(size, precision), products, bandwidth, dtype.itemsize)
        found[precision] = {"GFLOP/s": products / 1e9, "GB/s": bandwidth / 1e9, "kernels": kernels}
    return found


if __name__ == "__main__":
    with torch.no_grad():
        results = rounded(measure(*map(int, sys.argv[1:])))
    RECORD.write_text(json.dumps({"machine": machine(), **results}, indent=1, ensure_ascii=False) + "\n", "utf-8")
    for name, result in results.items():
        print(name, result["GFLOP/s"], "GFLOP/s", result["GB/s"], "GB/s", table(result["kernels"]), sep="\n")
