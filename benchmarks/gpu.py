"""The same engine on a graphics card: milliseconds per step, the share of the card's own rate, and seconds to a loss.

python -m benchmarks.gpu            needs a CUDA device; writes results/gpu.json
"""

from __future__ import annotations

import itertools
import json
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor

import styletools as st
from benchmarks.common import HERE, PAIRS, arithmetic, objective, pictures, rounded
from benchmarks.race import starts
from benchmarks.report import table
from benchmarks.textbook import Textbook
from styletools.descent.synthesis import synthesise
from styletools.network.passes import Precision

SIZES = (256, 512, 1024, 2048)
BATCH = 8
SIDE = 8192
STEPS = 500


def milliseconds(task: Callable[[], object], rounds: int = 20) -> float:
    """Median time of a task, waiting for the card each time."""
    for _ in range(3):
        task()
    found = []
    for _ in range(rounds):
        torch.cuda.synchronize()
        began = time.perf_counter()
        task()
        torch.cuda.synchronize()
        found.append(1000 * (time.perf_counter() - began))
    return statistics.median(found)


def best_rate() -> float:
    """The card's TFLOP/s on a large bfloat16 product of random numbers."""
    a, b = (torch.randn(SIDE, SIDE, device="cuda", dtype=torch.bfloat16) for _ in range(2))
    return 2 * SIDE**3 / milliseconds(lambda: a @ b) / 1e9


def on_card(pair: tuple[str, str], size: int) -> tuple[Tensor, Tensor]:
    """Content and style, on the card."""
    content, style = pictures(pair, size)
    return content.cuda(), style.cuda()


def textbook(content: Tensor, style: Tensor) -> Textbook:
    """The eager loop on the card, with torch's default of TF32 convolutions."""
    loop = Textbook(
        content.cpu(), style.cpu(), objective(st.VGG(padding="zeros").cuda(), content, style).factors, "max"
    )
    loop.net.cuda()
    loop.mean, loop.std, loop.target = loop.mean.cuda(), loop.std.cuda(), loop.target.cuda()
    loop.grams = {name: gram.cuda() for name, gram in loop.grams.items()}
    return loop


def steps(pair: tuple[str, str], size: int, rate: float) -> list[dict[str, Any]]:
    """A row for each way: loss and gradient alone, and a whole step of the optimiser."""
    content, style = on_card(pair, size)
    loop = textbook(content, style)
    adam = loop.adam(content)
    work = arithmetic(*content.shape[2:]) / 1e9
    rows = [{"size": size, "way": "eager loop", "step": milliseconds(lambda: next(adam))}]
    ways: list[tuple[str, Precision]] = [("float32", "full"), ("bfloat16", "bfloat16")]
    for name, precision in ways:
        torch.cuda.reset_peak_memory_stats()
        goal = objective(st.VGG(padding="zeros").cuda(), content, style, precision)
        alone = milliseconds(lambda goal=goal: goal.value_and_gradient(content))
        run: Iterator[object] = iter(synthesise(goal, content, steps=10**6))
        row = {"size": size, "way": name, "gradient": alone, "step": milliseconds(lambda run=run: next(run))}
        row |= {"of the card": work / alone / rate, "GB": torch.cuda.max_memory_allocated() / 1e9}
        rows.append(row)
        if name == "bfloat16" and size <= 1024:
            several = content.expand(BATCH, -1, -1, -1).contiguous()
            each = milliseconds(lambda goal=goal, x=several: goal.value_and_gradient(x)) / BATCH
            rows.append(
                {"size": size, "way": f"bfloat16, {BATCH} at once", "gradient": each, "of the card": work / each / rate}
            )
        goal.release()
    for row in rows:
        row["× eager"] = rows[0]["step"] / row["step"] if "step" in row else None
    return rows


def race(pair: tuple[str, str], size: int) -> list[dict[str, Any]]:
    """Seconds to the loss that the eager loop has after its steps of Adam, from both starts."""
    content, style = on_card(pair, size)
    rows = []
    for start, image in starts(content.cpu()).items():
        loop, begin = textbook(content, style), image.cuda()
        began = time.perf_counter()
        loss, _ = next(itertools.islice(loop.adam(begin), STEPS, None))
        theirs = time.perf_counter() - began
        goal = objective(st.VGG(padding="zeros").cuda(), content, style, "bfloat16")
        goal.value_and_gradient(begin)  # recorded
        began, ours = time.perf_counter(), None
        for step in synthesise(goal, begin, steps=STEPS):
            if step.losses["total"] <= loss:
                ours = time.perf_counter() - began
                break
        rows.append(
            {"pair": " × ".join(pair), "size": size, "start": start, "loss": loss, "eager": theirs, "ours": ours}
        )
        rows[-1]["× faster"] = theirs / ours if ours else None
    return rows


def gradient_error(size: int = 256) -> dict[str, float]:
    """Relative distance to autograd's gradient in double precision."""
    content, style = on_card(PAIRS[0], size)
    double = objective(st.VGG(padding="zeros").double(), content.double().cpu(), style.double().cpu())
    x = torch.rand_like(content)
    _, expected = double.value_and_gradient(x.double().cpu())
    found = {}
    for precision in ("full", "bfloat16"):
        _, g = objective(st.VGG(padding="zeros").cuda(), content, style, precision).value_and_gradient(x)
        found[precision] = float((g.double().cpu() - expected).norm() / expected.norm())
    return found


def profile(size: int) -> None:
    """Print what the card's time is spent on."""
    content, style = on_card(PAIRS[0], size)
    goal = objective(st.VGG(padding="zeros").cuda(), content, style, "bfloat16")
    run = iter(synthesise(goal, content, steps=10**6))
    for _ in range(25):
        next(run)
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CUDA]) as found:
        for _ in range(5):
            next(run)
        torch.cuda.synchronize()
    print(found.key_averages().table(sort_by="cuda_time_total", row_limit=24, max_name_column_width=70), flush=True)


def main() -> None:
    """Measure, and write results/gpu.json."""
    rate = best_rate()
    found: dict[str, Any] = {"card": torch.cuda.get_device_name(), "torch": torch.__version__, "TFLOP/s": rate}
    found["gradient's error"] = gradient_error()
    print(found, flush=True)
    found["steps"] = [row for size in SIZES for row in steps(PAIRS[0], size, rate)]
    print(table(rounded(found["steps"])), flush=True)
    if "--profile" in sys.argv:
        profile(1024)
    found["race"] = [row for size in (512, 1024) for pair in PAIRS[:2] for row in race(pair, size)]
    print(table(rounded(found["race"])), flush=True)
    (HERE / "results" / "gpu.json").write_text(json.dumps(rounded(found), indent=1, ensure_ascii=False) + "\n", "utf-8")


if __name__ == "__main__":
    main()
