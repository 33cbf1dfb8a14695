"""Make one picture of a sweep: what a worker does, wherever it is. It reports what happened, and never raises."""

from __future__ import annotations

import math
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch

from styletools.errors import StyletoolsError
from styletools.measures import measure
from styletools.memory import keep_freed_memory
from styletools.pictures.saving import check_target, save_image
from styletools.plan import Plan, Result
from styletools.recipes import planned
from styletools.sweeps.run import Run

__all__ = ["Outcome", "make", "own_threads"]

_ONE_AT_A_TIME = threading.Lock()  # a network's buffers belong to one synthesis; a worker may have several threads


@dataclass(frozen=True)
class Outcome:
    """What became of a run.

    Attributes:
        name: of the run.
        seconds: how long it took.
        error: one line, or "".
        found: whether the picture was there already.
    """

    name: str
    seconds: float = 0.0
    error: str = ""
    found: bool = False


def make(run: Run) -> Outcome:
    """Make a picture and write it, if it is not there already.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     run = Run("reconstruct_content", {"image": "chelsea", "size": 48, "steps": 1}, Path(folder, "a.png"))
        ...     [(outcome.error, outcome.found) for outcome in (make(run), make(run))]
        [('', False), ('', True)]
    """
    began = time.perf_counter()
    with _ONE_AT_A_TIME:
        if "MALLOC_TRIM_THRESHOLD_" in os.environ:  # dask's: right for tables, but each step here takes the same again
            keep_freed_memory()
        if run.target.exists() and not run.replace:
            return Outcome(run.name, found=True)
        try:
            with own_threads(run.threads):
                _make(run)
            error = ""
        except StyletoolsError as reason:
            error = str(reason)
        except Exception as reason:  # one run must not stop the others
            error = _one_line(reason)
    return Outcome(run.name, time.perf_counter() - began, error)


def _make(run: Run) -> None:
    began = time.perf_counter()
    check_target(run.target, run.bits)
    plan = planned(run.recipe, **run.arguments)
    result = plan.run(progress=False)
    known: dict[str, Any] = {"varied": dict(run.varied), "losses": _last(result)}
    if run.measured:
        known["measures"] = _measured(plan, result)
    known["seconds"] = round(time.perf_counter() - began, 3)
    settings = {**result.settings, "sweep": known}
    if run.bits != 8:
        settings["bits"] = run.bits
    save_image(result.image, run.target, settings, bits=run.bits, opacity=result.opacity)


def _last(result: Result) -> dict[str, float]:
    """The losses of the last step, by name."""
    of_the_step = ("step", "height", "evaluations", "seconds")
    return {name: float(column[-1]) for name, column in result.history.items() if name not in of_the_step and column}


def _measured(plan: Plan, result: Result) -> dict[str, float]:
    """The measures of a transfer from one painting; they say nothing about other pictures."""
    photograph, paintings = plan.pictures.photograph, plan.pictures.originals
    if photograph is None or len(paintings) != 1:
        return {}
    found = measure(result.image, photograph.float().cpu(), paintings[0].float().cpu())
    return {name: value for name, value in found.items() if math.isfinite(value)}  # JSON has no NaN


def _one_line(reason: Exception) -> str:
    if isinstance(reason, MemoryError) or "memory" in str(reason):
        return "not enough memory for a picture of this size; use a smaller size, or fewer workers on a machine"
    return " ".join(f"{type(reason).__name__}: {reason}".split())[:500]


@contextmanager
def own_threads(count: int | None) -> Iterator[None]:
    """Let torch use `count` threads for a while; None leaves the number as it is.

    Example:
        >>> with own_threads(1):
        ...     torch.get_num_threads()
        1
    """
    before = torch.get_num_threads()
    torch.set_num_threads(count or before)
    try:
        yield
    finally:
        torch.set_num_threads(before)
