"""Watch a synthesis: the bar in a terminal or a notebook, a callback at each step, ^C."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, TypeAlias

from styletools.descent.synthesis import Step, Synthesis
from styletools.errors import InputError, shown

__all__ = ["OnStep", "stops", "watch"]

OnStep: TypeAlias = Callable[[Step], object]
"""Called after each step; the synthesis stops when it returns True."""


def watch(synthesis: Synthesis, title: str, progress: bool = True, on_step: OnStep | None = None) -> bool:
    """Run a synthesis to its end, or to ^C, or until `on_step` returns True.

    Args:
        synthesis: what to run; it can be resumed afterwards.
        title: in front of the bar.
        progress: whether to show a bar, in a terminal or a notebook, with the losses and the time left.
        on_step: called after each step.

    Returns:
        Whether it was cut short.

    Example:
        >>> import torch
        >>> from styletools.descent.synthesis import synthesise
        >>> run = synthesise(lambda x: {"light": x.mean()}, torch.rand(1, 3, 4, 4), steps=5)
        >>> watch(run, "darken", progress=False, on_step=lambda step: step.number == 2)
        True
    """
    with _bar(title, progress) as bar:
        try:
            for step in synthesis:
                bar.set_postfix_str(_describe(step), refresh=False)
                bar.update(step.progress - bar.n)
                if stops(on_step, step):
                    break
            bar.refresh()
        except KeyboardInterrupt:  # between two steps; during one, the synthesis ends the loop itself
            synthesis.interrupted = True
    return not synthesis.finished


def stops(on_step: OnStep | None, step: Step) -> bool:
    """Whether a callback wants the run to stop: it returns True, be it Python's, NumPy's or torch's.

    A number or a text does not count as an answer.

    Raises:
        InputError: it is not a function of a step.

    Example:
        >>> stops(None, None), stops(lambda step: True, None), stops(lambda step: "yes", None)
        (False, True, False)
    """
    if on_step is None:
        return False
    try:
        answer = on_step(step)
    except TypeError as error:
        if error.__traceback__ is not None and error.__traceback__.tb_next is not None:
            raise  # it comes from inside the callback
        raise InputError(f"on_step: expected a function of one step, got {shown(on_step)} ({error})") from error
    if isinstance(answer, bool):
        return answer
    kind = str(getattr(answer, "dtype", ""))
    return kind in ("bool", "torch.bool") and getattr(answer, "size", None) is not None and bool(answer)


def _describe(step: Step) -> str:
    """The size, and the losses summed by kind: `256 × 170, content 0.561, style 0.204`."""
    sums: dict[str, float] = {}
    for name, value in step.losses.items():
        if name != "total":
            kind = name if name == "total variation" else name.rsplit(" ", 1)[0]
            sums[kind] = sums.get(kind, 0.0) + value
    losses = ", ".join(f"{kind} {value:.3g}" for kind, value in sums.items())
    return f"{step.image.shape[3]} × {step.image.shape[2]}, {losses}"


def _bar(title: str, progress: bool) -> Any:  # noqa: ANN401  # tqdm.auto is one of two classes
    from tqdm.auto import tqdm  # noqa: PLC0415  # needed only here

    # The unit is all the work: steps at a small size are quick, and would make the time left look too short.
    return tqdm(
        total=1.0,
        desc=title,
        disable=not progress or sys.stderr is None,  # pythonw has no stderr
        mininterval=0.2,
        bar_format="{desc}: {percentage:3.0f}%|{bar}| {elapsed}<{remaining}{postfix}",
    )
