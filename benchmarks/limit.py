"""How much of the machine's own rate of matrix products a step reaches."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch.nn import functional

import styletools as st
from benchmarks.common import PAIRS, arithmetic, interleaved, objective, pictures, precisions
from styletools.descent.synthesis import synthesise

SIZES = (128, 256, 512, 1024)
SIDE = 2048
# A 1 × 1 convolution over 56 × 56 positions is a product of 3136 × 2048 and 2048 × 2048. Results of more than 32 MB
# would come from fresh memory each time, and the limit would look lower than it is.
POSITIONS = 56


def rates(dtype: torch.dtype) -> dict[str, Callable[[], Any]]:
    """The same machine's matrix product by two libraries: torch's `mm`, and oneDNN, which torch uses to convolve."""
    a, b = (torch.randn(SIDE, SIDE).to(dtype) for _ in range(2))
    x = torch.randn(1, SIDE, POSITIONS, POSITIONS).to(dtype).contiguous(memory_format=torch.channels_last)
    weight = b.view(SIDE, SIDE, 1, 1)
    return {"mm": lambda: a @ b, "oneDNN": lambda: functional.conv2d(x, weight)}


def measure() -> list[dict[str, Any]]:
    """A row for each size and precision."""
    vgg = st.VGG()
    rows = []
    for size in SIZES:
        content, style = pictures(PAIRS[0], size)
        for precision in precisions():
            run = iter(synthesise(objective(vgg, content, style, precision), content, steps=10**6))
            tasks = rates(torch.bfloat16 if precision == "bfloat16" else torch.float32)
            with torch.no_grad():
                seconds = interleaved({"step": lambda run=run: next(run), **tasks}, rounds=3 if size > 512 else 6)
            rate = {
                "mm": 2 * SIDE**3 / seconds["mm"] / 1e9,
                "oneDNN": 2 * SIDE**2 * POSITIONS**2 / seconds["oneDNN"] / 1e9,
            }
            reached = arithmetic(*content.shape[2:]) / seconds["step"] / 1e9
            best = max(rate.values())
            row = {"size": size, "precision": precision, "seconds": seconds["step"], "GFLOP/s": reached}
            rows.append(
                row
                | {"mm": rate["mm"], "oneDNN": rate["oneDNN"], "of mm": reached / rate["mm"], "of best": reached / best}
            )
    return rows
