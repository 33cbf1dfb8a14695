"""Per-layer Gram reconstructions: any layers, any weights, growing from noise; a gallery to compare."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import ipywidgets as widgets
from torch import Tensor

from styletools.descent.progress import OnStep
from styletools.door import explained
from styletools.explorers.controls import first_size, noise_number, size_slider, steps_slider, weight_slider
from styletools.explorers.drawing import sheet
from styletools.explorers.live import LivePanel
from styletools.explorers.panel import WIDTH, as_literal, whole
from styletools.explorers.picker import Picker
from styletools.explorers.picture import Picture
from styletools.explorers.worker import Ticket
from styletools.losses.objective import LayerWeights, layer_weights
from styletools.network.find import find_vgg
from styletools.pictures.images import ImageSource
from styletools.recipes import STYLE_LAYERS, Result, reconstruct_style

__all__ = ["StylePanel", "explore_style", "growing_subsets"]

GALLERY = 12
"""How many pictures are kept; the oldest goes first."""


def growing_subsets() -> dict[str, tuple[str, ...]]:
    """The layer sets of the upper row of the paper's Figure 1.

    Example:
        >>> list(growing_subsets())[:2]
        ['conv1_1', '… conv2_1']
    """
    return {
        (STYLE_LAYERS[0] if count == 1 else f"… {STYLE_LAYERS[count - 1]}"): STYLE_LAYERS[:count]
        for count in range(1, len(STYLE_LAYERS) + 1)
    }


@explained
@whole
def explore_style(
    picture: ImageSource | Tensor = "starry_night",
    layers: LayerWeights = STYLE_LAYERS,
    *,
    size: int | None = None,
    steps: int = 60,
) -> StylePanel:
    """Make textures from the Gram matrices of a picture, layer by layer (Eq. 5), and watch them grow.

    Without widgets: `styletools.reconstruct_style`, which is what the panel calls.

    Args:
        picture: a bundled name, a file, or a tensor; more can be chosen in the panel.
        layers: what the sliders w_l begin with.
        size: longer side in pixels; by default 256 where a step of that size is quick, else 128.
        steps: at each size.

    Returns:
        The panel; it is shown as the last value of a cell.

    Raises:
        ImageError: the picture cannot be read.
        InputError: an unknown layer or a weight below 0.

    Example:
        >>> panel = explore_style("dots", "conv1_1", size=64, steps=3)
        >>> panel
        explore_style('dots')
        >>> panel.close()

    Reference:
        Gatys, Ecker and Bethge 2016, Eq. 5 and Figure 1.
    """
    return StylePanel(picture, layer_weights(layers, "layers"), size or first_size(), steps)


class StylePanel(LivePanel):
    """See `explore_style`."""

    def __init__(self, picture: ImageSource | Tensor, weights: dict[str, float], size: int, steps: int) -> None:
        """Compose the panel."""
        super().__init__(
            "Style: pictures from Gram matrices", f"explore_style({as_literal(picture)})", ("the painting",)
        )
        names = list(dict.fromkeys((*STYLE_LAYERS, *weights)))
        for name in names[len(STYLE_LAYERS) :]:
            find_vgg("random").layer(name)  # an unknown layer is reported at once
        self.picker = Picker(self, "painting", picture)
        self.weights = {name: weight_slider(name, weights.get(name, 0.0)) for name in names}
        self.size = size_slider(size)
        self.steps = steps_slider(steps)
        self.seed = noise_number()
        self.gallery: dict[str, Tensor] = {}
        self.kept = 0
        self.shelf = Picture("kept to compare: press Keep, or All subsets", WIDTH, 190)
        keep = self.button("Keep", "plus", "Put the picture into the gallery", self.keep)
        row = self.button("All subsets", "th", "conv1_1; conv1_1 and conv2_1; … as in Figure 1", self.all_subsets)
        self.buttons.children = (*self.buttons.children, keep, row)
        self.picker.on_change(self.show_originals)
        numbers = widgets.VBox([self.size, self.steps, self.seed])
        controls = widgets.HBox([widgets.VBox([self.picker.box, numbers]), widgets.VBox(list(self.weights.values()))])
        self._compose([controls, self.buttons], [self.pictures, self.losses.box, self.shelf.box])
        self.show_originals()

    def show_originals(self) -> None:
        """Show the painting."""
        self.originals[0].show(self.picker.image(256))
        self.originals[0].say(f"the painting: {self.picker.name}")

    def chosen(self) -> dict[str, float]:
        """w_l of the layers whose slider is above 0."""
        return {name: slider.value for name, slider in self.weights.items() if slider.value > 0}

    def prepare(self) -> Callable[[OnStep], Result]:
        """Reconstruct from the chosen layers."""
        return partial(self._recipe(), self.chosen())

    def keep(self) -> None:
        """Put the picture into the gallery."""
        if self.result is None:
            self.say("there is no picture to keep yet; press Start")
            return
        self.kept += 1
        layers = self.result.settings["arguments"]["layers"]  # of the picture, whatever the sliders say by now
        self._put(f"{self.kept}. " + ", ".join(f"{n[4:]}: {w:.2g}" for n, w in layers.items()), self.result.image)

    def all_subsets(self) -> None:
        """Make the five pictures of the upper row of Figure 1, one after another, for the gallery."""
        self.gallery = {}
        recipe = self._recipe()
        self.run(lambda ticket: self._subsets(ticket, recipe), "five layer sets, one after another …")

    def _subsets(self, ticket: Ticket, recipe: Callable[..., Result]) -> None:
        for title, layers in growing_subsets().items():
            result = recipe(dict.fromkeys(layers, 1 / len(layers)), self._follow(ticket, {}))
            self._finish(ticket, result)
            ticket.check()
            self._put(title, result.image)
        self.say("all five are in the gallery")

    def _put(self, title: str, image: Tensor) -> None:
        self.gallery[title] = image
        while len(self.gallery) > GALLERY:
            del self.gallery[next(iter(self.gallery))]
        self.shelf.show(sheet(self.gallery, max(5, -(-len(self.gallery) // 2)), WIDTH, 190))
        self.shelf.say(f"kept to compare: {len(self.gallery)} pictures, at most {GALLERY}")

    def _recipe(self) -> Callable[..., Result]:
        """A function that makes a picture from some layers, with the other controls as they are now."""
        source = self.picker.source
        options = {name: getattr(self, name).value for name in ("size", "steps", "seed")}
        return lambda layers, on_step: reconstruct_style(source, layers, progress=False, on_step=on_step, **options)
