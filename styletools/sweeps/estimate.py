"""What a sweep will take, before it begins: seconds, by trying one evaluation; memory, by its layers and sizes."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from styletools.footprint import footprint
from styletools.memory import available
from styletools.pictures.images import resize
from styletools.plan import Plan
from styletools.recipes import planned
from styletools.sweeps.make import own_threads
from styletools.sweeps.run import Run

__all__ = ["PROCESS", "Estimate", "estimate", "memory_of", "workers_that_fit"]

PROCESS = 700_000_000
"""Bytes that a worker takes before it begins: Python, torch, the network."""


@dataclass(frozen=True)
class Estimate:
    """Roughly what a sweep will take.

    Attributes:
        seconds: of one worker for all runs.
        memory: bytes of one worker at its largest run.
    """

    seconds: float
    memory: int


def estimate(runs: Sequence[Run]) -> Estimate:
    """Estimate by one evaluation at the last size of the first run; the others in proportion to pixels and steps.

    Raises:
        StyletoolsError: what a run itself would find wrong.

    Example:
        >>> from pathlib import Path
        >>> runs = [Run("reconstruct_content", {"image": "chelsea", "size": 48, "steps": n}, Path("a")) for n in (1, 3)]
        >>> found = estimate(runs)
        >>> found.seconds > 0, 0.7e9 < found.memory < 0.8e9
        (True, True)
    """
    plans = _plans(runs)
    first = plans[_kind(runs[0])]
    with own_threads(runs[0].threads):
        stage = first.stages[-1]
        objective = first.objective(stage)
        image = resize(first.start, stage["height"], stage["width"])
        objective.value_and_gradient(image)  # the first one packs weights and takes memory
        began = time.perf_counter()
        objective.value_and_gradient(image)
        a_pixel = (time.perf_counter() - began) / (stage["height"] * stage["width"])
        objective.release()
    work = {kind: sum(s["height"] * s["width"] * s["steps"] for s in plan.stages) for kind, plan in plans.items()}
    return Estimate(a_pixel * sum(work[_kind(run)] for run in runs), _memory(plans))


def memory_of(runs: Sequence[Run]) -> int:
    """Bytes of one worker at its largest run.

    Raises:
        StyletoolsError: what a run itself would find wrong.
    """
    return _memory(_plans(runs))


def workers_that_fit(memory: int, cores: int, runs: int) -> int:
    """As many workers as there are cores, but no more than fit into memory or have something to do; at least one.

    Example:
        >>> workers_that_fit(10**18, 8, 100), workers_that_fit(1, 8, 3)
        (1, 3)
    """
    free = available()
    return max(1, min(cores, runs, cores if free is None else free // max(1, memory)))


def _memory(plans: dict[object, Plan]) -> int:
    needed = 0
    for plan in plans.values():
        layers = {*plan.v, *(name for w in plan.w for name in w)}
        needed = max(needed, footprint(plan.network, layers, plan.stages[-1]["height"], plan.stages[-1]["width"]))
    return PROCESS + needed


def _kind(run: Run) -> object:
    """Runs of one kind take equally much: only arguments that decide the amount of work count."""
    names = ("size", "steps", "coarse_to_fine", "content_layers", "style_layers", "layer", "layers", "weights", "init")
    return tuple(repr(run.arguments.get(name)) for name in names)


def _plans(runs: Sequence[Run]) -> dict[object, Plan]:
    """A plan for each kind of run, that of the first of its kind."""
    found: dict[object, Run] = {}
    for run in runs:
        found.setdefault(_kind(run), run)
    return {kind: planned(run.recipe, **run.arguments) for kind, run in found.items()}
