"""Statistics side by side: textures of one source, from the same noise in the same time, scored by each other."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence

import ipywidgets as widgets
from torch import Tensor

from styletools.descent.synthesis import Step
from styletools.door import explained
from styletools.errors import InputError
from styletools.explorers.controls import first_size, noise_number, size_slider
from styletools.explorers.panel import WIDTH, Panel, as_literal, whole
from styletools.explorers.picker import Picker
from styletools.explorers.picture import Picture, blank, png
from styletools.explorers.worker import Ticket
from styletools.laboratory import compare_statistics, score_statistics
from styletools.losses.statistics import find_statistics, statistics
from styletools.pictures.images import ImageSource
from styletools.pictures.procedural import PROCEDURAL
from styletools.pictures.samples import PAINTINGS
from styletools.recipes import Result

__all__ = ["StatisticsPanel", "explore_statistics"]

MOST = 4
"""Statistics that fit side by side."""
_NONE = "—"


@explained
@whole
def explore_statistics(
    source: ImageSource | Tensor = "bricks",
    names: Sequence[str] = ("gram", "mean", "shifted-gram"),
    *,
    size: int | None = None,
    seconds: int = 10,
) -> StatisticsPanel:
    """Compare statistics: what does each keep of a texture, and what can it not see?

    Without widgets: `styletools.laboratory.compare_statistics` and `score_statistics`.

    Args:
        source: a bundled name, a file, or a tensor; more can be chosen in the panel.
        names: two to four statistics, see `styletools.statistics`.
        size: longer side in pixels; by default 256 where a step of that size is quick, else 128.
        seconds: of computing time for each.

    Returns:
        The panel; it is shown as the last value of a cell.

    Raises:
        ImageError: the picture cannot be read.
        InputError: an unknown statistic, or too few or too many of them.

    Example:
        >>> panel = explore_statistics("dots", ["gram", "mean"], size=64, seconds=1)
        >>> panel
        explore_statistics('dots')
        >>> panel.close()

    Reference:
        Gonthier, Gousseau and Ladjal 2022.
    """
    names = list(names)
    if not 2 <= len(names) <= MOST:
        raise InputError(f"names: expected 2 … {MOST} statistics, got {len(names)}")
    for name in names:
        find_statistics(name)
    return StatisticsPanel(source, names, size or first_size(), seconds)


class StatisticsPanel(Panel):
    """See `explore_statistics`.

    Attributes:
        results: of the last run, by statistic.
        scores: of those that are finished, by their statistic and by the one that scores them.
    """

    def __init__(self, source: ImageSource | Tensor, names: list[str], size: int, seconds: int) -> None:
        """Compose the panel."""
        super().__init__("Statistics: what is style?", f"explore_statistics({as_literal(source)})")
        self.picker = Picker(self, "source", source, (*PROCEDURAL, *PAINTINGS))
        width = (WIDTH - 72) // (MOST + 1)
        options = [_NONE, *statistics()]
        self.choices = [
            widgets.Dropdown(
                options=options,
                value=names[index] if index < len(names) else _NONE,
                description=f"{index + 1}.",
                style={"description_width": "14px"},
                layout=widgets.Layout(width=f"{width - 4}px"),
                tooltip=f"the statistic of column {index + 1}",
            )
            for index in range(MOST)
        ]
        self.seconds = widgets.IntSlider(
            value=seconds,
            min=1,
            max=max(120, seconds),
            description="seconds",
            tooltip="computing time for each statistic",
        )
        self.size = size_slider(size)
        self.seed = noise_number()
        self.results: dict[str, Result] = {}
        self.scores: dict[str, dict[str, float]] = {}
        self.original = Picture("the source", width, width)
        self.pictures = [Picture(_NONE, width, width) for _ in range(MOST)]
        self.table = widgets.HTML(layout=widgets.Layout(width=f"{WIDTH}px"))
        self.start_button = self.button("Start", "play", "Make them one after another", self.start)
        self.picker.on_change(self.show_original)
        numbers = widgets.HBox([self.seconds, self.size, self.seed])
        columns = widgets.HBox(
            [self.original.box, *(widgets.VBox([c, p.box]) for c, p in zip(self.choices, self.pictures, strict=True))],
            layout=widgets.Layout(align_items="flex-end", grid_gap="8px"),
        )
        self._compose([widgets.HBox([self.picker.box, self.start_button]), numbers], [columns, self.table])
        self.show_original()

    @property
    def chosen(self) -> dict[str, int]:
        """The statistics and their columns; one that is chosen twice stands in the first."""
        columns: dict[str, int] = {}
        for column, choice in enumerate(self.choices):
            if choice.value != _NONE:
                columns.setdefault(str(choice.value), column)
        return columns

    def show_original(self) -> None:
        """Show the source."""
        self.original.show(png(self.picker.image(256), 256))
        self.original.say(f"the source: {self.picker.name}")

    def start(self) -> None:
        """Make a texture with each statistic."""
        columns = self.chosen
        if not columns:
            self.say("choose a statistic first")
            return
        source, image = self.picker.source, self.picker.image(self.size.value)
        options = {"seconds": int(self.seconds.value), "size": int(self.size.value), "seed": int(self.seed.value)}
        self.run(lambda ticket: self._compare(ticket, source, image, columns, options), "working …")

    def _compare(
        self,
        ticket: Ticket,
        source: ImageSource | Tensor,
        image: Tensor,
        columns: dict[str, int],
        options: dict[str, int],
    ) -> None:
        names = list(columns)
        shown = [self.pictures[column] for column in columns.values()]
        self.results, self.scores, self.table.value = {}, {}, ""  # here, where no older run is left to fill them
        for picture in self.pictures:
            picture.show(blank())
            picture.say(_NONE)
        for picture, name in zip(shown, names, strict=True):
            picture.say(name)
        done = 0

        def follow(step: Step) -> bool:
            if self.due() or step.number == 1:
                shown[done].show(png(step.image, 256))
                self.progress.value = (done + min(1.0, step.seconds / options["seconds"])) / len(names)
                self.say(f"{names[done]}: step {step.number}, {step.seconds:.0f} s")
                self.drawn()
            return not ticket.wanted

        made = compare_statistics(
            source, names, seconds=options["seconds"], size=options["size"], seed=options["seed"], on_step=follow
        )
        for name, result in made:
            steps, taken = int(result.history["step"][-1]), result.history["seconds"][-1]
            shown[done].show(png(result.image, 256))
            shown[done].say(f"{name}: {steps} steps in {taken:.0f} s")
            self.results[name] = result
            if not ticket.wanted:
                self.say(f"stopped in the middle of {name}")
                return
            done += 1
            self.scores |= score_statistics({name: result.image}, image, names)
            self.table.value = table(self.scores, names)
        self.progress.value = 1.0
        self.say("finished: down the table, the statistic that made a texture; across, the one that scores it")


def table(scores: Mapping[str, Mapping[str, float]], names: Sequence[str]) -> str:
    """The scores as HTML: a row for each picture, a column for each statistic that it is scored by.

    Args:
        scores: by picture and statistic.
        names: of the columns.

    Example:
        >>> "<td" in table({"gram": {"gram": 0.01}}, ["gram"])
        True
    """
    style = "padding:2px 14px;text-align:right"
    head = "".join(f"<th style='{style}'>{html.escape(name)}</th>" for name in names)
    rows = "".join(
        f"<tr><th style='{style}'>{html.escape(row)}</th>"
        + "".join(
            f"<td style='{style};{'color:#888' if row == name else ''}'>{values[name]:.2g}</td>" for name in names
        )
        + "</tr>"
        for row, values in scores.items()
    )
    caption = (
        "Distance from the source: near 0 for the source itself, 1 for a picture without features; compare down a "
        "column. Grey: scored by its own statistic."
    )
    corner = f"<th style='{style}'>made with ↓ scored by →</th>"
    return f"<table><tr>{corner}{head}</tr>{rows}</table><small>{caption}</small>"
