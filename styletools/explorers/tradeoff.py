"""The trade-off: a grid of small transfers over α/β and style layers, filled in as they are made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import ipywidgets as widgets
from torch import Tensor

from styletools.descent.progress import OnStep
from styletools.descent.synthesis import Step
from styletools.door import explained
from styletools.explorers.panel import SIDES, Panel, as_literal, whole
from styletools.explorers.picker import Picker
from styletools.explorers.picture import Picture, blank, png
from styletools.explorers.touch.compare import CompareTouch
from styletools.explorers.worker import Ticket
from styletools.network.find import find_vgg
from styletools.pictures.images import ImageSource
from styletools.pictures.procedural import PROCEDURAL
from styletools.pictures.samples import PAINTINGS
from styletools.recipes import STYLE_LAYERS, PictureSource, Result, transfer

__all__ = ["LAYER_SETS", "RATIOS", "TradeoffPanel", "explore_tradeoff", "tradeoff"]

RATIOS = (1.0, 0.2, 0.04)
"""α/β of the columns, in relative units."""
LAYER_SETS = {
    "conv1_1, conv2_1": STYLE_LAYERS[:2],
    "… conv3_1": STYLE_LAYERS[:3],
    "all five": STYLE_LAYERS,
}
"""Style layers of the rows."""
_CELL = 160


@explained
def tradeoff(
    content: PictureSource,
    style: PictureSource,
    *,
    ratios: Sequence[float] = RATIOS,
    layer_sets: Mapping[str, Sequence[str]] = LAYER_SETS,
    size: int = 128,
    steps: int = 30,
    on_step: OnStep | None = None,
) -> Iterator[tuple[str, float, Result]]:
    """Make small transfers for all sets of style layers and all α/β, one after another.

    Args:
        content: the photograph.
        style: the painting.
        ratios: α/β, in relative units.
        layer_sets: sets of style layers, by name.
        size: longer side in pixels.
        steps: of each; they start from the photograph.
        on_step: see `styletools.transfer`.

    Yields:
        The name of the layer set, α/β, and the result.

    Raises:
        InputError: see `styletools.transfer`.

    Example:
        >>> made = tradeoff("coffee", "dots", ratios=[1], layer_sets={"low": ["conv1_1"]}, size=64, steps=2)
        >>> [(name, ratio, tuple(result.image.shape)) for name, ratio, result in made]
        [('low', 1, (1, 3, 43, 64))]

    Reference:
        Gatys, Ecker and Bethge 2016, Figure 4; both together in Figure 3 of their preprint of 2015, *A Neural
        Algorithm of Artistic Style*.
    """
    vgg = find_vgg()
    for name, layers in layer_sets.items():
        for ratio in ratios:
            yield name, ratio, transfer(
                content, style, alpha=ratio, beta=1.0, style_layers=layers, size=size, steps=steps, init="content",
                weights=vgg, progress=False, on_step=on_step,
            )  # fmt: skip


@explained
@whole
def explore_tradeoff(
    content: ImageSource | Tensor = "chelsea",
    style: ImageSource | Tensor = "starry_night",
    *,
    size: int = 128,
    steps: int = 30,
) -> TradeoffPanel:
    """See what α/β and the style layers do: a grid of small transfers; choose one and continue it larger.

    Without widgets: `tradeoff`.

    Args:
        content: the photograph.
        style: the painting.
        size: longer side of the small transfers in pixels.
        steps: of each.

    Returns:
        The panel; it is shown as the last value of a cell.

    Raises:
        ImageError: a picture cannot be read.

    Example:
        >>> panel = explore_tradeoff("coffee", "dots", size=64, steps=2)
        >>> panel
        explore_tradeoff('coffee', 'dots')
        >>> panel.close()
    """
    return TradeoffPanel(content, style, size, steps)


class TradeoffPanel(Panel):
    """See `explore_tradeoff`."""

    def __init__(self, content: ImageSource | Tensor, style: ImageSource | Tensor, size: int, steps: int) -> None:
        """Compose the panel."""
        call = f"explore_tradeoff({as_literal(content)}, {as_literal(style)})"
        super().__init__("Trade-off: α/β and style layers", call)
        self.small, self.count = size, steps
        self.content = Picker(self, "photograph", content)
        self.style = Picker(self, "painting", style, (*PAINTINGS, *PROCEDURAL))
        self.start_button = self.button("Start", "play", "Make the whole grid", self.start)
        self._sources = (self.content.source, self.style.source)  # of the pictures in the grid
        self.results: dict[tuple[str, float], Result] = {}
        self.cells = {(name, ratio): self._cell(name, ratio) for name in LAYER_SETS for ratio in RATIOS}
        self.compare = CompareTouch(width=SIDES[0], height=SIDES[1], before="the photograph")
        self.compare.failed = self._failed
        self.compare.show_before(png(self.content.image(256)))
        self.large = Picture("press “larger” below one of them", *SIDES, self.compare)
        grid = widgets.GridBox(
            [box for _, box in self.cells.values()],
            layout=widgets.Layout(grid_template_columns=f"repeat({len(RATIOS)}, {_CELL + 10}px)", grid_gap="4px"),
        )
        controls = widgets.HBox([self.content.box, self.style.box, self.start_button])
        self._compose([controls], [widgets.HBox([grid, self.large.box])])

    def start(self) -> None:
        """Fill the grid, row by row, from much of the photograph to much of the painting."""
        self.results = {}
        for picture, _ in self.cells.values():
            picture.show(blank())
        self._sources = (self.content.source, self.style.source)
        self.compare.show_before(png(self.content.image(256)))
        self.run(self._fill, "working …")

    def larger(self, name: str, ratio: float) -> None:
        """Continue one transfer at twice the size."""
        if (name, ratio) not in self.results:
            self.say("that one is not made yet; press Start and wait for it")
            return
        self.run(lambda ticket: self._enlarge(ticket, name, ratio), f"continuing {name}, α/β = {ratio:g} …")

    def _cell(self, name: str, ratio: float) -> tuple[Picture, widgets.VBox]:
        picture = Picture(f"{name}; α/β = {ratio:g}", _CELL, 120)
        button = self.button("larger", "search-plus", f"Continue {name}, α/β = {ratio:g}, at twice the size",
                             lambda: self.larger(name, ratio))  # fmt: skip
        return picture, widgets.VBox([picture.box, button])

    def _fill(self, ticket: Ticket) -> None:
        made = tradeoff(
            *self._sources, size=self.small, steps=self.count,
            on_step=lambda _: not ticket.wanted,
        )  # fmt: skip
        for name, ratio, result in made:
            ticket.check()
            self.results[name, ratio] = result
            self.cells[name, ratio][0].show(png(result.image, _CELL))
            self.progress.value = len(self.results) / len(self.cells)
            self.say(f"{len(self.results)} of {len(self.cells)} are made")

    def _enlarge(self, ticket: Ticket, name: str, ratio: float) -> None:
        def follow(step: Step) -> bool:
            if self.due() or step.number == 1:
                self.large.show(png(step.image, SIDES[0]))
                self.compare.keep(f"step {step.number}")
                self.progress.value = step.progress
                self.drawn()
            return not ticket.wanted

        self.compare.forget()
        result = transfer(
            *self._sources, alpha=ratio, beta=1.0, style_layers=LAYER_SETS[name],
            size=2 * self.small, steps=2 * self.count, init=self.results[name, ratio].image, progress=False,
            on_step=follow,
        )  # fmt: skip
        self.large.show(png(result.image, SIDES[0]))
        self.compare.keep(f"step {int(result.history['step'][-1])}")
        self.large.say(f"{name}; α/β = {ratio:g}; {2 * self.small} px")
        self.say("stopped" if result.interrupted else "finished")
