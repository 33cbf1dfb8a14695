"""Make a saved picture again, from the settings inside it."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from styletools.descent.progress import OnStep, stops, watch
from styletools.descent.synthesis import Step
from styletools.door import explained
from styletools.errors import InputError, shown
from styletools.names import NAMES
from styletools.network.weights import SOURCES
from styletools.pictures.saving import load_settings
from styletools.plan import Plan, Result

__all__ = ["remake"]

_PICTURES = ("content", "style", "content_mask", "style_mask", "init")


@explained
def remake(
    source: str | os.PathLike[str] | Mapping[str, Any],
    *,
    progress: bool = True,
    on_step: OnStep | None = None,
    **changes: Any,  # noqa: ANN401  # arguments of the recipe
) -> Result:
    """Make a picture again with the settings that it was saved with.

    On the same machine, with the same versions, the same pixels come out. A picture that was stopped is made again up
    to the step where it was stopped. Paths are looked up from the current folder, then from the picture's.

    Args:
        source: a picture that was saved by this package, or its settings (`load_settings`, `Result.settings`).
        progress: whether to show a bar.
        on_step: called with each `Step`; return True to stop.
        **changes: arguments of the recipe that are to differ: `size=1024`. What was not given by name or path is not in
            the settings and has to be given again: `content=photograph`.

    Returns:
        Result.

    Raises:
        ImageError: a file that is not a picture, holds no settings, or is gone.
        InputError: settings of another program, an unknown argument, or a picture that has to be given again.

    Warns:
        UserWarning: something has changed since: a version, the network, a picture.

    Example:
        >>> from styletools.recipes import transfer
        >>> first = transfer("chelsea", "dots", size=48, steps=2, progress=False)
        >>> again = remake(first.settings, progress=False)
        >>> torch.equal(again.image, first.image), remake(first.settings, size=64, progress=False).image.shape
        (True, torch.Size([1, 3, 43, 64]))
    """
    settings, beside = (source, None) if isinstance(source, Mapping) else (load_settings(source), Path(source).parent)
    recipe = settings.get("recipe")
    if recipe not in NAMES or not isinstance(settings.get("arguments"), Mapping):
        raise InputError(
            f"settings: expected those of {', '.join(NAMES)}, got {shown(recipe)}; was this one of our pictures?"
        )
    options = _options(recipe, settings["arguments"], changes, beside)
    with _threads(settings.get("threads")):
        plan = Plan(recipe, **options)
        for difference in [] if changes else _differences(settings, plan.settings):
            warnings.warn(f"{difference}: the picture will be another", stacklevel=3)
        result = plan.run(progress, _until(None if changes else settings.get("stopped_after"), on_step))
        for steps in settings.get("extended_by", ()):
            if result.interrupted:
                break
            result.synthesis.extend(steps)
            cut = watch(result.synthesis, recipe, progress, _until(settings.get("stopped_after"), on_step))
            result = result.resumed(cut, steps)
    return result


def _options(
    recipe: str, arguments: Mapping[str, Any], changes: Mapping[str, Any], beside: Path | None
) -> dict[str, Any]:
    """The plan's options from the recipe's arguments."""
    option_of = {NAMES[recipe].get(name, name): name for name in Plan.__dataclass_fields__ if name != "recipe"}
    found: dict[str, Any] = {}
    for argument, value in {**arguments, **changes}.items():
        option = option_of.get(argument)
        if option is None or argument is None:
            raise InputError(f"{argument}: {recipe} has no such argument; was the picture made by a later version?")
        if argument not in changes and option in _PICTURES:
            value = _located(value, argument, beside)  # noqa: PLW2901
        if argument not in changes and option == "weights" and value not in SOURCES:
            value = _located(value, argument, beside)  # noqa: PLW2901
        if value is not None or option not in ("pooling", "padding"):  # a network of the reader's own has none
            found[option] = value
    return found


def _located(value: Any, argument: str, beside: Path | None) -> Any:  # noqa: ANN401
    """A name or a path, also relative to the picture's folder; a list of them one by one."""
    if isinstance(value, list | tuple):
        return [_located(item, argument, beside) for item in value]
    if not isinstance(value, str):
        return value
    if ", sha256 " in value or value.startswith(("file object", "tensor ", "VGG-", "Hooked")):
        raise InputError(f"{argument}: it was no file ({value}), so it is not in the settings; give it again")
    if beside is not None and not os.path.exists(value) and os.path.exists(beside / value):
        return str(beside / value)
    return value


def _differences(then: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    for name, what in {"styletools": "styletools", "torch": "torch", "network": "the network"}.items():
        if then.get(name) != now[name]:
            yield f"{what} is {now[name]}, and was {then.get(name)}"
    for name, print_ in then.get("pictures", {}).items():
        if print_ != now["pictures"].get(name):
            yield f"{name} is not the picture that it was"


def _until(number: int | None, on_step: OnStep | None) -> OnStep:
    """Make an `on_step` that stops at a step, or when the reader's own does."""

    def follow(step: Step) -> bool:
        return stops(on_step, step) or step.number == number

    return follow


@contextmanager
def _threads(number: int | None) -> Iterator[None]:
    """Set the number of threads: with another, sums are added in another order and rounded differently."""
    before = torch.get_num_threads()
    torch.set_num_threads(number or before)
    try:
        yield
    finally:
        torch.set_num_threads(before)
