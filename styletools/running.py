"""From stages to a picture: in the memory available, watched, and kept in a file if wanted."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from torch import Tensor

from styletools.descent.loss import Later
from styletools.descent.progress import OnStep, stops, watch
from styletools.descent.synthesis import OptimiserName, Stage, Step, Synthesis
from styletools.keeping import Keeping
from styletools.losses.objective import Objective
from styletools.memory import return_freed_memory
from styletools.stages import StageSettings

__all__ = ["PAIRS_IN_BLOCKS", "seconds_per_megapixel", "set_up", "watch_and_keep"]

PAIRS_IN_BLOCKS = 3
"""Curvature pairs of L-BFGS, in float16, where memory is short; see `benchmarks/blocks.py` for what that costs."""


def set_up(
    stages: Sequence[StageSettings],
    objective: Callable[[StageSettings], Objective],
    start: Tensor,
    optimiser: OptimiserName,
    shown: Callable[[Tensor], Tensor] | None,
    *,
    frugal: bool,
) -> tuple[Synthesis, Objective]:
    """Set up the synthesis of some stages.

    Args:
        stages: from small to large.
        objective: makes what is minimised at a stage.
        start: see `Synthesis`, like the next two.
        optimiser: likewise.
        shown: likewise.
        frugal: whether memory is short: then only one objective exists at a time, L-BFGS remembers less, and freed
            memory goes back to the system.

    Returns:
        The synthesis, and the first stage's objective.

    Example:
        >>> import torch
        >>> from styletools.network.vgg import VGG
        >>> stage = {"height": 8, "width": 8, "steps": 1, "alpha": 1.0, "beta": 0.0, "tv": 0.0}
        >>> image = torch.rand(1, 3, 8, 8)
        >>> def made(stage):
        ...     return Objective(VGG("random"), content=image, content_layers="conv1_1")
        >>> synthesis, first = set_up([stage], made, image, "lbfgs", None, frugal=True)
        >>> len(list(synthesis)), first.precision
        (1, 'full')
    """
    if frugal:
        return_freed_memory()
    losses: list[Any] = [Later(partial(objective, stage)) if frugal else objective(stage) for stage in stages]
    run = [Stage(loss, s["height"], s["width"], s["steps"]) for loss, s in zip(losses, stages, strict=True)]
    memory: dict[str, Any] = {"pairs": PAIRS_IN_BLOCKS, "compact": True} if frugal else {}
    first: Objective = losses[0].loss if frugal else losses[0]
    return Synthesis(run, start, optimiser=optimiser, shown=shown, **memory), first


def watch_and_keep(
    synthesis: Synthesis,
    title: str,
    progress: bool,
    on_step: OnStep | None,
    keeping: Keeping | None,
    decided: Mapping[str, Any],
) -> bool:
    """Run a synthesis to its end, or until it is cut short (see `watch`), and keep it in a file meanwhile.

    Args:
        synthesis: what to run.
        title: see `watch`, like the next two.
        progress: likewise.
        on_step: likewise.
        keeping: where to keep it; None: nowhere.
        decided: what is kept with it.

    Returns:
        Whether it was cut short.

    Warns:
        UserWarning: the state cannot be written; the run goes on.

    Example:
        >>> import torch
        >>> from styletools.descent.synthesis import synthesise
        >>> run = synthesise(lambda x: {"light": x.mean()}, torch.rand(1, 3, 4, 4), steps=5)
        >>> watch_and_keep(run, "darken", False, None, None, {})
        False
    """
    if keeping is None:
        return watch(synthesis, title, progress, on_step)

    def follow(step: Step) -> bool:
        if keeping.due:
            _save(keeping, synthesis, decided)
        return stops(on_step, step)

    interrupted = watch(synthesis, title, progress, follow)
    _save(keeping, synthesis, decided)
    return interrupted


def _save(keeping: Keeping, synthesis: Synthesis, decided: Mapping[str, Any]) -> None:
    """Save, or warn: a full disk is no reason to end a run that took hours."""
    try:
        keeping.save(synthesis, decided)
    except OSError as error:
        warnings.warn(f"state {keeping.path}: cannot be written ({error.strerror or error})", stacklevel=2)


def seconds_per_megapixel(objective: Objective, image: Tensor) -> float:
    """Time one evaluation, after another as a warm-up.

    Example:
        >>> import torch
        >>> from styletools.network.vgg import VGG
        >>> image = torch.rand(1, 3, 32, 32)
        >>> seconds_per_megapixel(Objective(VGG("random"), content=image, content_layers="conv1_1"), image) > 0
        True
    """
    seconds = 0.0
    for _ in range(2):
        began = time.perf_counter()
        objective.value_and_gradient(image)
        seconds = time.perf_counter() - began
    objective.release()
    return seconds / (image.shape[2] * image.shape[3] / 1e6)
