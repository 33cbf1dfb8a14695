"""Seconds to the loss that the textbook loop has after 500 steps of Adam."""

from __future__ import annotations

import itertools
import json
import statistics
import time
from collections.abc import Iterator
from typing import Any

from torch import Tensor

import styletools as st
from benchmarks.common import ALPHA, BETA, HERE, alone, high_frequency, objective, pictures, precisions
from benchmarks.textbook import Textbook
from styletools.network.passes import Precision
from styletools.stages import look

TEXTBOOK_STEPS = 500
COARSE_STEPS, MOST_STEPS = 100, 400
RECORD = HERE / "textbook_losses.json"
PEAK = """
import json
from benchmarks.common import PAIRS, peak_memory
from benchmarks.race import step_times, textbook
loop, begin = textbook(PAIRS[0], 512, "max")
step_times(loop.adam(begin["noise"]), 3)
print(json.dumps(peak_memory()))
"""


def starts(content: Tensor) -> dict[str, Tensor]:
    """The two starts at full size, the same for both sides."""
    return {"content": content, "noise": st.white_noise(*content.shape[2:], seed=0)}


def key(pooling: str, size: int, pair: tuple[str, str], start: str) -> str:
    """The name of a loss in the record."""
    return f"{pooling} {size} {pair[0]} {pair[1]} {start}"


def textbook(pair: tuple[str, str], size: int, pooling: str) -> tuple[Textbook, dict[str, Tensor]]:
    """The loop, and where it can start."""
    content, style = pictures(pair, size)
    factors = objective(st.VGG(pooling=pooling, padding="zeros"), content, style).factors
    return Textbook(content, style, factors, pooling), starts(content)


def record(cases: list[tuple[str, int, tuple[str, str]]]) -> None:
    """Run the whole textbook loop and write down the losses that it ends with. Takes minutes for each case."""
    losses = json.loads(RECORD.read_text()) if RECORD.exists() else {}
    for pooling, size, pair in cases:
        loop, begin = textbook(pair, size, pooling)
        for start, image in begin.items():
            loss, _ = next(itertools.islice(loop.adam(image), TEXTBOOK_STEPS, None))
            losses[key(pooling, size, pair, start)] = round(loss, 5)
            RECORD.write_text(json.dumps(losses, indent=1) + "\n")
            print(key(pooling, size, pair, start), loss, flush=True)


def ours(
    pair: tuple[str, str], size: int, pooling: str, start: str, precision: Precision, goal: float
) -> tuple[float | None, st.Result]:
    """Seconds to the goal by `transfer`, all smaller sizes included, or None; and the picture there."""
    content, style = pair
    result = st.transfer(
        content,
        style,
        size=size,
        pooling=pooling,
        padding="zeros",  # as the textbook
        init=start,
        precision=precision,
        steps=COARSE_STEPS,
        alpha=ALPHA,
        beta=BETA / look(size),  # β of the textbook, at any size
        tv=0.0,
        progress=False,
        on_step=lambda step: step.losses["total"] <= goal and max(step.image.shape) == size,
    )
    if not (result.interrupted or result.history["total"][-1] <= goal):
        result.synthesis.extend(MOST_STEPS - COARSE_STEPS)
    for step in itertools.takewhile(lambda _: result.history["total"][-1] > goal, result.synthesis):
        if step.losses["total"] <= goal:
            break
    history = result.synthesis.history
    return (history["seconds"][-1] if history["total"][-1] <= goal else None), result


def step_times(steps: Iterator[Any], number: int) -> list[float]:
    """Seconds of each of the next steps."""
    times = []
    for _ in range(number):
        began = time.perf_counter()
        next(steps)
        times.append(time.perf_counter() - began)
    return times


def measure(cases: list[tuple[str, int, tuple[str, str]]]) -> list[dict[str, Any]]:
    """A row for each case, start and precision. The textbook's step is timed before and after each of our runs."""
    goals = json.loads(RECORD.read_text())
    rows = []
    for pooling, size, pair in cases:
        loop, begin = textbook(pair, size, pooling)
        limit = 1.3 * max(high_frequency(image) for image in pictures(pair, size))
        for start, image in begin.items():
            goal = goals[key(pooling, size, pair, start)]
            steps = loop.adam(image)
            times = step_times(steps, 5)[1:]
            for precision in precisions():
                seconds, result = ours(pair, size, pooling, start, precision, goal)
                times += step_times(steps, 4)
                whole = TEXTBOOK_STEPS * statistics.median(times)
                row = {
                    "pair": " × ".join(pair),
                    "pooling": pooling,
                    "size": size,
                    "start": start,
                    "precision": precision,
                    "loss": goal,
                    "textbook step": statistics.median(times),
                    "textbook": whole,
                    "ours": seconds,
                    "ratio": whole / seconds if seconds else None,
                    "high frequency": high_frequency(result.synthesis.image),
                    "limit": limit,
                }
                rows.append(row)
                print("   ", row, flush=True)
    return rows


def memory() -> dict[str, float]:
    """Peak of the textbook's resident memory at 512 px in GB, in a process of its own; ours is in `scaling`."""
    return {"textbook": alone(PEAK)}


def equal_seconds(pair: tuple[str, str], size: int, seconds: float) -> dict[str, Tensor]:
    """What each side has from white noise after the same time, for the contact sheet."""
    loop, begin = textbook(pair, size, "max")
    found = {}
    began = time.perf_counter()
    for _, image in loop.adam(begin["noise"]):
        found["textbook"] = image.clone()
        if time.perf_counter() - began > seconds:
            break
    for precision in precisions():
        # The default settings, but for the number of steps: small sizes first, then at full size until time is up.
        def late(step: st.Step) -> bool:
            return step.seconds > seconds

        result = st.transfer(*pair, size=size, precision=precision, steps=40, progress=False, on_step=late)
        if not result.interrupted:
            result.synthesis.extend(10**4)
            any(map(late, result.synthesis))  # goes on until it is late
        found[precision] = result.synthesis.image
    return found
