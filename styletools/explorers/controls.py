"""Controls that several panels share."""

from __future__ import annotations

import time
from functools import cache

import ipywidgets as widgets

from styletools.losses.objective import Objective
from styletools.network.find import find_vgg
from styletools.pictures.images import white_noise
from styletools.recipes import STYLE_LAYERS

__all__ = ["first_size", "noise_number", "size_slider", "steps_slider", "weight_slider"]


QUICK = 0.15  # seconds


@cache
def first_size() -> int:
    """Size for a panel to begin with: 256 pixels if this machine takes less than 0.15 s for a step there, else 128.

    Example:
        >>> first_size() in (128, 256)
        True
    """
    image = white_noise(128, 128)
    objective = Objective(find_vgg(), style=image, style_layers=STYLE_LAYERS)
    seconds = []
    for _ in range(3):  # the first one prepares
        began = time.perf_counter()
        objective.value_and_gradient(image)
        seconds.append(time.perf_counter() - began)
    return 256 if 4 * min(seconds) < QUICK else 128


def size_slider(size: int, most: int = 512) -> widgets.IntSlider:
    """The longer side in pixels; its range includes what was asked for.

    Example:
        >>> size_slider(50).min
        50
    """
    return widgets.IntSlider(
        value=size, min=min(64, size), max=max(most, size), step=32 if size % 32 == 0 else 1, description="size",
        tooltip="longer side in pixels; twice the side takes four times as long", continuous_update=False,
    )  # fmt: skip


def steps_slider(steps: int) -> widgets.IntSlider:
    """Steps of the optimiser at each size; its range includes what was asked for.

    Example:
        >>> steps_slider(1000).max
        1000
    """
    return widgets.IntSlider(
        value=steps, min=1, max=max(400, steps), description="steps", continuous_update=False,
        tooltip="steps of the optimiser at each size",
    )  # fmt: skip


def weight_slider(layer: str, weight: float) -> widgets.FloatSlider:
    """w_l of a style layer.

    Example:
        >>> weight_slider("conv1_1", 0.2).description
        'w conv1_1'
    """
    return widgets.FloatSlider(
        value=weight, min=0.0, max=max(1.0, weight), step=0.05, description=f"w {layer}", readout_format=".2f",
        tooltip=f"w_l of {layer}: how much its E_l counts (Eq. 5); 0 leaves the layer out", continuous_update=False,
    )  # fmt: skip


def noise_number() -> widgets.BoundedIntText:
    """The seed of the white noise."""
    return widgets.BoundedIntText(value=0, min=0, max=9999, description="noise", tooltip="seed of the noise")
