"""The studio: everything at once, for your own pictures."""

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
from styletools.door import explained
from styletools.errors import InputError
from styletools.explorers.controls import first_size
from styletools.explorers.drawing import sheet
from styletools.explorers.live import LivePanel
from styletools.explorers.panel import SIDES, WIDTH, as_literal, whole
from styletools.explorers.picker import Picker
from styletools.explorers.picture import Picture, png
from styletools.explorers.topics import Balance, Beginning, Output, Regions, SecondPainting
from styletools.explorers.turns import largest
from styletools.film import Film
from styletools.pictures.images import ImageSource
from styletools.pictures.procedural import PROCEDURAL
from styletools.pictures.samples import PAINTINGS, PHOTOGRAPHS
from styletools.recipes import Result, transfer

__all__ = ["StudioPanel", "explore_studio"]

KEPT = 6
"""How many finished runs are kept to compare."""
NOTHING_TO_SAVE = "<small>finished pictures can be saved here</small>"


@explained
@whole
def explore_studio(
    content: ImageSource | Tensor = "chelsea",
    style: ImageSource | Tensor = "starry_night",
    *,
    size: int | None = None,
    steps: int = 60,
) -> StudioPanel:
    """Paint a photograph in a style (Eq. 7): two pictures and how much of each; every other choice is folded away.

    Without widgets: `styletools.transfer`, which is what the panel calls.

    Args:
        content: the photograph: a bundled name, a file, or a tensor; more can be uploaded in the panel.
        style: the painting, likewise.
        size: longer side in pixels; by default 256 where a step of that size is quick, else 128.
        steps: at each size.

    Returns:
        The panel; it is shown as the last value of a cell.

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
        self.balance = Balance()
        self.second = SecondPainting(self, "the_kiss" if as_literal(style) == "'great_wave'" else "great_wave")
        self.regions = Regions(self, self.content, self.style)
        self.beginning = Beginning(size, steps)
        self.size, self.steps = self.beginning.size, self.beginning.steps
        self.size.max = largest(self.size.max)  # where a group shares a machine; a larger value becomes this one
        self.output = Output()
        topics: tuple[Balance | SecondPainting | Regions | Beginning | Output, ...]
        topics = (self.balance, self.second, self.regions, self.beginning, self.output)
        self.topics = widgets.Accordion(
            children=[topic.box for topic in topics],
            titles=[topic.title for topic in topics],
            selected_index=None,
            layout=widgets.Layout(width=f"{WIDTH}px"),
        )
        self.before = widgets.ToggleButton(
            value=False, description="Before / after", icon="exchange",
            tooltip="show the photograph in place of the result",
            layout=widgets.Layout(width="140px"),
        )  # fmt: skip
        self.film = Film()
        self.format: tuple[str, int] = (".png", 8)
        self.photograph = self.content.image(256)
        self.runs: dict[str, Tensor] = {}
        self.count = 0
        self.links = widgets.HTML(NOTHING_TO_SAVE, layout=widgets.Layout(min_height="24px"))
        self.shelf = Picture(f"the last {KEPT} runs, to compare", WIDTH, 190)
        self.on_change(self.before, self._before_after)
        self.buttons.children = (*self.buttons.children, self.before)
        for picker in (self.content, self.style):
            picker.on_change(self.show_originals)
        simple = widgets.VBox([self.content.box, self.style.box, self.ratio])
        shown = [self.pictures, self.links, self.losses.box, self.shelf.box]
        self._compose([simple, self.topics, self.buttons], shown)
        self.regions.show()
        self.show_originals()

    def show_originals(self) -> None:
        """Show the photograph and the painting."""
        for picture, picker, what in zip(
            self.originals, (self.content, self.style), ("photograph", "painting"), strict=True
        ):
            picture.show(picker.image(256))
            picture.say(f"the {what}: {picker.name}")

    def prepare(self) -> Callable[[OnStep], Result]:
        """Transfer with everything as it is chosen now."""
        self.film = Film()
        self.photograph = self.content.image(256)  # of this run, whatever is chosen later
        self.format = self.output.format.value
        content, mask, size = self.content.source, self.regions.source(), self.size.value
        if self.regions.choice.value == Regions.FILE and mask is None:
            raise InputError("regions: upload a mask first, or choose a rough selection")
        if self.regions.choice.value == Regions.PAINTED and mask is None:
            raise InputError("regions: paint one on the photograph first, or choose a rough selection")
        options = {**self.beginning.options(), **self.balance.options(), "alpha": self.ratio.value}
        options |= self.second.options(self.style.source, self.balance.layers(), size, mask is not None)
        if mask is not None:
            options["content_mask"] = mask
            if not self.second.wanted.value:
                options["style_mask"] = self.regions.style_source()
        return lambda on_step: transfer(content, beta=1.0, progress=False, on_step=on_step, **options)

    def on_frame(self, step: Step) -> None:
        """Add the frame to the film."""
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
                self._picture_link(result),
                _link("settings.json", "application/json", _json(result), "Save the settings"),
                _link("film.gif", "image/gif", self.film.gif(), f"Save the film ({len(self.film)} frames)"),
            )
        )

    def _picture_link(self, result: Result) -> str:
        ending, bits = self.format
        kind, name = {".png": ("png", "PNG"), ".tif": ("tiff", "TIFF"), ".jpg": ("jpeg", "JPEG")}[ending]
        deep = ", 16 bits" if bits == 16 else ""
        text = f"Save the picture ({name}{deep}, settings inside)"
        return _link(f"picture{ending}", f"image/{kind}", picture_bytes(result, ending, bits), text)

    def start(self) -> None:
        """Begin a new run, with the new picture in sight."""
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


def picture_bytes(result: Result, ending: str = ".png", bits: int = 8) -> bytes:
    """The file of a result, with its settings inside.

    Example:
        >>> from styletools import reconstruct_style
        >>> picture_bytes(reconstruct_style("dots", "conv1_1", size=32, steps=1, progress=False))[1:4]
        b'PNG'
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"picture{ending}")
        result.save(path, bits)
        return path.read_bytes()


def _json(result: Result) -> bytes:
    return json.dumps(result.settings, indent=2, ensure_ascii=False).encode()


def _link(name: str, kind: str, content: bytes, text: str) -> str:
    """A link that carries its file: it needs no folder on a server, and works under Voilà."""
    data = base64.b64encode(content).decode()
    style = "text-decoration: underline; color: #1a4e8a"
    return f'<a style="{style}" download="{html.escape(name)}" href="data:{kind};base64,{data}">{html.escape(text)}</a>'
