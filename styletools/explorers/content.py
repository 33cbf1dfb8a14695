"""Content reconstruction: what a layer keeps of a photograph, growing live beside it."""

from __future__ import annotations

from collections.abc import Callable

import ipywidgets as widgets
from torch import Tensor

from styletools.descent.progress import OnStep
from styletools.door import explained
from styletools.explorers.controls import first_size, noise_number, size_slider, steps_slider
from styletools.explorers.live import LivePanel
from styletools.explorers.panel import as_literal, whole
from styletools.explorers.picker import Picker
from styletools.network.find import find_vgg
from styletools.pictures.images import ImageSource
from styletools.recipes import Result, reconstruct_content

__all__ = ["LAYERS", "ContentPanel", "explore_content"]

LAYERS = ("conv1_2", "conv2_2", "conv3_2", "conv4_2", "conv5_2")
"""The lower row of the paper's Figure 1."""


@explained
@whole
def explore_content(
    picture: ImageSource | Tensor = "chelsea", layer: str = "conv4_2", *, size: int | None = None, steps: int = 60
) -> ContentPanel:
    """Search for a picture with the same features at a layer (Eq. 1), and watch it grow.

    Without widgets: `styletools.reconstruct_content`, which is what the panel calls.

    Args:
        picture: a bundled name, a file, or a tensor; more can be chosen in the panel.
        layer: where features are compared.
        size: longer side in pixels; by default 256 where a step of that size is quick, else 128.
        steps: at each size.

    Returns:
        The panel; it is shown as the last value of a cell.

    Raises:
        ImageError: the picture cannot be read.
        InputError: an unknown layer.

    Example:
        >>> panel = explore_content("coffee", "conv2_2", size=64, steps=3)
        >>> panel
        explore_content('coffee')
        >>> panel.close()

    Reference:
        Gatys, Ecker and Bethge 2016, Eq. 1 and Figure 1.
    """
    return ContentPanel(picture, layer, size or first_size(), steps)


class ContentPanel(LivePanel):
    """See `explore_content`."""

    def __init__(self, picture: ImageSource | Tensor, layer: str, size: int, steps: int) -> None:
        """Compose the panel."""
        call = f"explore_content({as_literal(picture)})"
        super().__init__("Content: what a layer keeps", call, ("the photograph",))
        if layer not in LAYERS:
            find_vgg("random").layer(layer)  # an unknown layer is reported at once
        self.picker = Picker(self, "photograph", picture)
        self.layer = widgets.Dropdown(
            options=list(dict.fromkeys((*LAYERS, layer))), value=layer, description="layer l",
            tooltip="where F and P are compared, after the ReLU",
        )  # fmt: skip
        self.init = widgets.Dropdown(
            options=[("white noise", "noise"), ("the photograph", "content")], value="noise", description="start",
            tooltip="what the search begins with",
        )  # fmt: skip
        self.seed = noise_number()
        self.size = size_slider(size)
        self.steps = steps_slider(steps)
        self.picker.on_change(self.show_originals)
        left = widgets.VBox([self.picker.box, self.layer, self.init])
        controls = widgets.HBox([left, widgets.VBox([self.size, self.steps, self.seed])])
        self._compose([controls, self.buttons], [self.pictures, self.losses.box])
        self.show_originals()

    def show_originals(self) -> None:
        """Show the photograph."""
        self.originals[0].show(self.picker.image(256))
        self.originals[0].say(f"the photograph: {self.picker.name}")

    def prepare(self) -> Callable[[OnStep], Result]:
        """Reconstruct from the chosen layer."""
        source, layer = self.picker.source, self.layer.value
        options = {name: getattr(self, name).value for name in ("size", "steps", "init", "seed")}
        return lambda on_step: reconstruct_content(source, layer, progress=False, on_step=on_step, **options)
