"""The studio's choices by topic, each folded away until it is wanted."""

from __future__ import annotations

from typing import Any

import ipywidgets as widgets
import torch

from styletools.explorers.controls import noise_number, size_slider, steps_slider, weight_slider
from styletools.explorers.panel import Panel
from styletools.explorers.picker import Picker
from styletools.explorers.picture import Picture
from styletools.explorers.touch.masks import MaskTouch
from styletools.explorers.touch.protocol import missing
from styletools.pictures.masks import ROUGH, Mask, load_mask
from styletools.pictures.procedural import PROCEDURAL
from styletools.pictures.samples import PAINTINGS, PHOTOGRAPHS
from styletools.recipes import CONTENT_LAYER, STYLE_LAYERS

__all__ = ["Balance", "Beginning", "Output", "Regions", "SecondPainting"]

COARSE = STYLE_LAYERS[3:]
"""Layers that see motifs and coarse strokes; those before them see fine strokes and colours."""
_TINTS = torch.tensor([[0.1, 0.3, 1.0], [1.0, 0.55, 0.0], [0.0, 0.7, 0.3], [0.8, 0.1, 0.6]])


_PAINTED_AT = 256  # longer side, in pixels, of the pictures that regions are painted on


class Balance:
    """What stands for style, layers and their weights, and whose colours the result has."""

    title = "Statistic, layers and colours"

    def __init__(self) -> None:
        """Begin as in the paper."""
        self.content_layer = widgets.Dropdown(
            options=["conv1_2", "conv2_2", "conv3_2", "conv4_2", "conv5_2"], value=CONTENT_LAYER,
            description="content l", tooltip="the layer where F and P are compared (Eq. 1)",
        )  # fmt: skip
        self.statistic = widgets.Dropdown(
            options=[
                ("the Gram matrix (Eq. 3), as in the paper", "gram"),
                ("mean and covariance (Wasserstein): cleaner", "wasserstein"),
            ],
            value="gram", description="style is",
            tooltip="what picture and painting must have in common; with Wasserstein a step takes a third longer",
            layout=widgets.Layout(width="420px"),
        )  # fmt: skip
        self.colours = widgets.Dropdown(
            options=[
                ("the painting's", "painting"),
                ("the photograph's, under a grey transfer", "photograph"),
                ("the same, in CIELAB", "photograph-lab"),
                ("the photograph's mean and covariance", "covariance"),
                ("the photograph's histogram", "histogram"),
            ],
            value="painting", description="colours", tooltip="whose colours the result has",
            layout=widgets.Layout(width="420px"),
        )  # fmt: skip
        self.weights = {name: weight_slider(name, 1 / len(STYLE_LAYERS)) for name in STYLE_LAYERS}
        left = widgets.VBox([self.statistic, self.content_layer, self.colours])
        self.box = widgets.HBox([left, widgets.VBox(list(self.weights.values()))])

    def layers(self) -> dict[str, float]:
        """w_l of the layers that are not left out."""
        return {name: slider.value for name, slider in self.weights.items() if slider.value > 0}

    def options(self) -> dict[str, Any]:
        """Arguments of `transfer`."""
        return {
            "statistic": self.statistic.value,
            "content_layers": self.content_layer.value,
            "colours": self.colours.value,
        }


class SecondPainting:
    """Another painting: blended in, for the fine strokes, or for a region."""

    title = "A second painting, size of the strokes"

    def __init__(self, panel: Panel, start: str) -> None:
        """Begin without one."""
        self.wanted = widgets.Checkbox(
            value=False, description="with a second painting", indent=False,
            tooltip="blend it in, or let it paint a region of its own (see Regions)",
        )  # fmt: skip
        self.picker = Picker(panel, "second", start, (*PAINTINGS, *PROCEDURAL, *PHOTOGRAPHS))
        self.how = widgets.Dropdown(
            options=[("blended by its share", "blend"), ("first: coarse strokes; second: fine ones", "strokes")],
            value="blend", description="together", layout=widgets.Layout(width="420px"),
            tooltip="where there are no regions",
        )  # fmt: skip
        self.share = widgets.FloatSlider(
            value=0.5, min=0.0, max=1.0, step=0.05, description="its share", continuous_update=False,
            tooltip="Σ s_i Â_i: 0 is only the first painting, 1 only the second",
        )  # fmt: skip
        self.strokes = widgets.FloatSlider(
            value=1.0, min=0.4, max=1.5, step=0.1, description="strokes", continuous_update=False,
            tooltip="size of the paintings relative to that of the result: smaller for finer strokes",
        )  # fmt: skip
        self.box = widgets.VBox([self.wanted, self.picker.box, self.how, self.share, self.strokes])

    def options(self, first: Any, layers: dict[str, float], size: int, in_regions: bool) -> dict[str, Any]:  # noqa: ANN401
        """Arguments of `transfer`: the paintings, their layers, weights and size."""
        found: dict[str, Any] = {"style": first, "style_layers": layers}
        if self.strokes.value != 1:
            found["style_size"] = round(size * self.strokes.value)
        if not self.wanted.value:
            return found
        found["style"] = [first, self.picker.source]
        if in_regions:
            return found
        if self.how.value == "strokes":
            coarse = {name: w for name, w in layers.items() if name in COARSE}
            return found | {"style_layers": [coarse, {name: w for name, w in layers.items() if name not in COARSE}]}
        return found | {"style_weights": [1 - self.share.value, self.share.value]}


class Regions:
    """Regions of the photograph: none, a rough selection, a mask from a file, or painted by hand."""

    title = "Regions"
    NONE, FILE, PAINTED = "none", "from a file", "painted by hand"

    def __init__(self, panel: Panel, photograph: Picker, painting: Picker) -> None:
        """Begin without regions."""
        self._panel, self._photograph, self._painting = panel, photograph, painting
        self._file: bytes | None = None
        words = [(f"{word}: {meaning}", word) for word, (_, _, meaning) in ROUGH.items()]
        self.choice = widgets.Dropdown(
            options=[(self.NONE, self.NONE), *words, (self.FILE, self.FILE), (self.PAINTED, self.PAINTED)],
            value=self.NONE, description="regions",
            tooltip="with a second painting, each paints one of them; with one, each region gets its style separately",
            layout=widgets.Layout(width="520px"),
        )  # fmt: skip
        self.number = widgets.FloatSlider(
            value=0.5, min=0.05, max=0.95, step=0.05, description="how much", continuous_update=False,
            tooltip="the share, or the threshold, of the rough selection",
        )  # fmt: skip
        self.upload = widgets.FileUpload(
            accept="image/*", description="Upload a mask", layout=widgets.Layout(width="160px"),
            tooltip="a PNG of the photograph's proportions, each region in one grey level or colour",
        )  # fmt: skip
        self.preview = Picture("no regions: one style everywhere", 220, 160)
        panel.on_change(self.choice, self._chosen)
        panel.on_change(self.number, self.show)
        panel.on_change(self.upload, self._uploaded)
        photograph.on_change(self._another_photograph)
        painting.on_change(self._another_painting)
        self.painters = [MaskTouch("the photograph"), MaskTouch("the painting")]
        for painter in self.painters:
            painter.failed = panel._failed
            painter.painted = lambda: panel.guard(self.show)
            painter.layout = widgets.Layout(width="460px", max_width="100%")
        note = widgets.HTML(
            "<small>A region of the photograph gets the style of the same region of the painting; if nothing is "
            "painted on the painting, the style of all of it. With a second painting, each paints one region.</small>"
        )
        both = widgets.HBox(self.painters, layout=widgets.Layout(flex_flow="row wrap", grid_gap="8px"))
        self.canvas = widgets.VBox([note, both, missing("a mask from a file")], layout=widgets.Layout(display="none"))
        controls = widgets.VBox([self.choice, self.number, self.upload])
        self.box = widgets.VBox([widgets.HBox([controls, self.preview.box]), self.canvas])
        self._another_painting()
        self.painters[0].show(photograph.image(_PAINTED_AT))

    def source(self) -> Any:  # noqa: ANN401  # what `transfer` takes
        """What `content_mask` is to be."""
        word = self.choice.value
        if word == self.NONE:
            return None
        if word == self.PAINTED:
            return self._painted(0)
        return self._file if word == self.FILE else f"{word}={self.number.value:.2f}"

    def style_source(self) -> torch.Tensor | None:
        """What `style_mask` is to be, with one painting."""
        return self._painted(1) if self.choice.value == self.PAINTED else None

    def _painted(self, place: int) -> torch.Tensor | None:
        """What was painted on the photograph or on the painting; None where that is nothing."""
        painter = self.painters[place]
        return painter.mask if len(painter.used) > 1 else None

    def _another_photograph(self) -> None:
        self.painters[0].show(self._photograph.image(_PAINTED_AT))
        self.show()

    def _another_painting(self) -> None:
        self.painters[1].show(self._painting.image(_PAINTED_AT))

    def show(self) -> None:
        """Show the regions over the photograph, one tint each."""
        self.canvas.layout.display = None if self.choice.value == self.PAINTED else "none"
        source = self.source()
        if source is None:
            self.preview.show(self._photograph.image(220))
            waits = {self.FILE: "upload a mask", self.PAINTED: "paint a region below"}
            self.preview.say(waits.get(self.choice.value, "no regions: one style everywhere"))
            return
        image = self._photograph.image(220)
        mask = load_mask(source, image, "mask")
        self.preview.show(tinted(image, mask))
        self.preview.say("in this order: " + ", ".join(mask.names))

    def _chosen(self) -> None:
        if self.choice.value in ROUGH:
            self.number.value = ROUGH[self.choice.value][1]
        self.show()

    def _uploaded(self) -> None:
        for file in self.upload.value:
            content = bytes(file["content"])
            load_mask(content, self._photograph.image(220), str(file["name"]))  # raises what is wrong with it
            self._file = content
            if self.choice.value == self.FILE:
                self.show()
            self.choice.value = self.FILE


class Beginning:
    """How a run begins and goes on."""

    title = "Start, size, steps"

    def __init__(self, size: int, steps: int) -> None:
        """Begin with white noise."""
        self.init = widgets.Dropdown(
            options=[("white noise", "noise"), ("the photograph", "content"), ("the painting", "style")],
            value="noise", description="start", tooltip="what the picture begins as",
        )  # fmt: skip
        self.seed = noise_number()
        self.optimiser = widgets.Dropdown(
            options=[("L-BFGS", "lbfgs"), ("Adam", "adam")], description="optimiser", tooltip="how to go downhill"
        )
        self.size = size_slider(size, 1024)
        self.steps = steps_slider(steps)
        left, right = [self.init, self.seed, self.optimiser], [self.size, self.steps]
        self.box = widgets.HBox([widgets.VBox(left), widgets.VBox(right)])

    def options(self) -> dict[str, Any]:
        """Arguments of `transfer`."""
        return {name: getattr(self, name).value for name in ("init", "seed", "optimiser", "size", "steps")}


class Output:
    """The file that can be saved."""

    title = "Files"

    def __init__(self) -> None:
        """Begin with a PNG of 8 bits."""
        self.format = widgets.Dropdown(
            options=[("PNG", (".png", 8)), ("PNG, 16 bits", (".png", 16)), ("TIFF, 16 bits", (".tif", 16)),
                     ("JPEG", (".jpg", 8))],
            description="picture", tooltip="format of the link below the picture, from the next run on",
        )  # fmt: skip
        note = (
            "<small>A folder of photographs, and films as MP4: <code>styletools transfer --help output</code></small>"
        )
        self.box = widgets.VBox([self.format, widgets.HTML(note)])


def tinted(image: torch.Tensor, mask: Mask) -> torch.Tensor:
    """A picture with its regions in different tints.

    Example:
        >>> image = torch.full((1, 3, 4, 4), 0.5)
        >>> left = tinted(image, load_mask("left", image))[0, :, 0, 0]
        >>> bool(left[2] > left[0])  # bluish
        True
    """
    height, width = image.shape[2:]
    labels = mask.labels[None, None].float()
    labels = torch.nn.functional.interpolate(labels, (height, width), mode="nearest-exact")[0, 0].long()
    tint = _TINTS[labels % len(_TINTS)].permute(2, 0, 1)[None]
    return 0.55 * image + 0.45 * tint
