"""The studio: everything at once, for one's own pictures."""

from __future__ import annotations

import base64
import html
import json
import tempfile
from collections.abc import Callable
from pathlib import Path

import ipywidgets as widgets
from torch import Tensor

from styletools.descent.progress import OnStep
from styletools.descent.synthesis import Step
from styletools.explorers.controls import first_size, noise_number, size_slider, steps_slider, weight_slider
from styletools.explorers.drawing import sheet
from styletools.explorers.film import Film
from styletools.explorers.live import LivePanel
from styletools.explorers.panel import SIDES, WIDTH, Picture, as_literal, png
from styletools.explorers.picker import Picker
from styletools.pictures.images import ImageSource
from styletools.pictures.procedural import PROCEDURAL
from styletools.pictures.samples import PAINTINGS, PHOTOGRAPHS
from styletools.recipes import CONTENT_LAYER, STYLE_LAYERS, Result, transfer

__all__ = ["StudioPanel", "explore_studio"]

KEPT = 6
"""So many finished runs are kept to compare."""
NOTHING_TO_SAVE = "<small>finished pictures can be saved here</small>"


def explore_studio(
    content: ImageSource | Tensor = "chelsea",
    style: ImageSource | Tensor = "starry_night",
    *,
    size: int | None = None,
    steps: int = 60,
) -> StudioPanel:
    """Paint a photograph in a style (Eq. 7), with every choice of the course at hand.

    Without widgets: `styletools.transfer`, which is what the panel calls.

    Args:
        content: the photograph: a bundled name, a file, or a tensor; more can be uploaded in the panel.
        style: the painting, likewise.
        size: longer side in pixels; by default 256 where a step of that size is quick, else 128.
        steps: at each size.

    Returns:
        The panel; as the last value of a cell it is shown.

    Raises:
        ImageError: a picture cannot be read.

    Example:
        >>> panel = explore_studio("coffee", "dots", size=64, steps=2)
        >>> panel
        explore_studio('coffee', 'dots')
        >>> panel.close()

    Reference:
        Gatys, Ecker and Bethge 2016, Eq. 7.
    """
    return StudioPanel(content, style, size or first_size(), steps)


class StudioPanel(LivePanel):
    """See `explore_studio`."""

    def __init__(self, content: ImageSource | Tensor, style: ImageSource | Tensor, size: int, steps: int) -> None:
        """Compose the panel."""
        call = f"explore_studio({as_literal(content)}, {as_literal(style)})"
        super().__init__("Studio", call, ("the photograph", "the painting"))
        self.content = Picker(self, "photograph", content, (*PHOTOGRAPHS, *PAINTINGS))
        self.style = Picker(self, "painting", style, (*PAINTINGS, *PROCEDURAL, *PHOTOGRAPHS))
        self.ratio = widgets.FloatLogSlider(
            value=10**-0.8, base=10, min=-3, max=2, step=0.1, description="α/β", readout_format=".3g",
            continuous_update=False,
            tooltip="content against style, in relative units, the same at every size; to the right more content",
        )  # fmt: skip
        self.content_layer = widgets.Dropdown(
            options=["conv1_2", "conv2_2", "conv3_2", "conv4_2", "conv5_2"], value=CONTENT_LAYER,
            description="content l", tooltip="the layer where F and P are compared (Eq. 1)",
        )  # fmt: skip
        self.weights = {name: weight_slider(name, 1 / len(STYLE_LAYERS)) for name in STYLE_LAYERS}
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
        self.before = widgets.ToggleButton(
            value=False, description="Before / after", icon="exchange",
            tooltip="show the photograph in place of the result",
            layout=widgets.Layout(width="140px"),
        )  # fmt: skip
        self.film = Film()
        self.photograph = self.content.image(256)
        self.runs: dict[str, Tensor] = {}
        self.count = 0
        self.links = widgets.HTML(NOTHING_TO_SAVE, layout=widgets.Layout(min_height="24px"))
        self.shelf = Picture(f"the last {KEPT} runs, to compare", WIDTH, 190)
        self.on_change(self.before, self._before_after)
        self.buttons.children = (*self.buttons.children, self.before)
        for picker in (self.content, self.style):
            picker.on_change(self.show_originals)
        left = widgets.VBox([self.content.box, self.style.box, self.ratio, self.content_layer, self.init, self.seed])
        right = widgets.VBox([*self.weights.values(), self.size, self.steps, self.optimiser])
        choices = widgets.HBox([left, right])
        self._compose([choices, self.buttons], [self.pictures, self.links, self.losses.box, self.shelf.box])
        self.show_originals()

    def show_originals(self) -> None:
        """Show the photograph and the painting."""
        for picture, picker, what in zip(
            self.originals, (self.content, self.style), ("photograph", "painting"), strict=True
        ):
            picture.show(picker.image(256))
            picture.say(f"the {what}: {picker.name}")

    def prepare(self) -> Callable[[OnStep], Result]:
        """Transfer with all that is chosen."""
        self.film = Film()
        self.photograph = self.content.image(256)  # of this run, whatever is chosen later
        content, style = self.content.source, self.style.source
        options = {name: getattr(self, name).value for name in ("init", "seed", "optimiser", "size", "steps")}
        options["alpha"], options["content_layers"] = self.ratio.value, self.content_layer.value
        options["style_layers"] = {name: slider.value for name, slider in self.weights.items() if slider.value > 0}
        return lambda on_step: transfer(content, style, beta=1.0, progress=False, on_step=on_step, **options)

    def on_frame(self, step: Step) -> None:
        """Put the frame into the film too."""
        self.film.add(step.image)

    def on_finished(self, result: Result) -> None:
        """Offer the files, and keep the picture to compare."""
        self.film.add(result.image)
        self.count += 1
        made = result.settings["arguments"]  # of this run, whatever the controls say by now
        self.runs[f"{self.count}. α/β = {made['alpha'] / made['beta']:.2g}, {made['size']} px"] = result.image
        while len(self.runs) > KEPT:
            del self.runs[next(iter(self.runs))]
        self.shelf.show(png(sheet(self.runs, KEPT, WIDTH, 190)))
        self.links.value = " · ".join(
            (
                _link("picture.png", "image/png", picture_bytes(result), "Save the picture (PNG, settings inside)"),
                _link("settings.json", "application/json", _json(result), "Save the settings"),
                _link("film.gif", "image/gif", self.film.gif(), f"Save the film ({len(self.film)} frames)"),
            )
        )

    def start(self) -> None:
        """Begin anew, with the new picture in sight."""
        self.before.value = False
        super().start()

    def reset(self) -> None:
        """Forget the picture, and the links to it."""
        self.before.value = False
        super().reset()
        self.links.value = NOTHING_TO_SAVE

    def _before_after(self) -> None:
        if self.result is not None:
            self.picture.show(self.photograph if self.before.value else png(self.result.image, SIDES[0]))
            self.picture.say("before" if self.before.value else "what is being made")


def picture_bytes(result: Result) -> bytes:
    """The PNG file of a result, with its settings inside.

    Example:
        >>> from styletools import reconstruct_style
        >>> picture_bytes(reconstruct_style("dots", "conv1_1", size=32, steps=1, progress=False))[1:4]
        b'PNG'
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "picture.png")
        result.save(path)
        return path.read_bytes()


def _json(result: Result) -> bytes:
    return json.dumps(result.settings, indent=2, ensure_ascii=False).encode()


def _link(name: str, kind: str, content: bytes, text: str) -> str:
    """A link that carries its file: it needs no server's folder, and works under Voilà."""
    data = base64.b64encode(content).decode()
    style = "text-decoration: underline; color: #1a4e8a"
    return f'<a style="{style}" download="{html.escape(name)}" href="data:{kind};base64,{data}">{html.escape(text)}</a>'
