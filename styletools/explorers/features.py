"""What single filters respond to: maps of a layer, the strongest first, and where one of them fires most."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Any

import ipywidgets as widgets
import torch
from torch import Tensor
from traitlets import link

from styletools.door import explained
from styletools.errors import InputError, shown
from styletools.explorers.drawing import frame, heat, sheet
from styletools.explorers.panel import STILLS, Panel, as_literal, folded, whole
from styletools.explorers.picker import Picker
from styletools.explorers.picture import Picture, png
from styletools.explorers.touch.features import FeaturesTouch
from styletools.explorers.touch.protocol import Answer, array, missing
from styletools.explorers.touch.protocol import picture as shown_picture
from styletools.explorers.worker import Ticket
from styletools.network.find import find_vgg
from styletools.network.vgg import VGG, Pooling
from styletools.pictures.images import ImageSource
from styletools.reading import field, peak, strongest

__all__ = ["FeatureStore", "FeaturesPanel", "explore_features"]

SHOWN = 24
"""How many maps are in the grid."""
THE_NETWORK = "max pooling"
NETWORKS: dict[str, tuple[str, Pooling]] = {
    THE_NETWORK: ("bundled", "max"),
    "average pooling": ("bundled", "avg"),
    "random weights": ("random", "max"),
}


@explained
@whole
def explore_features(
    picture: ImageSource | Tensor = "chelsea", layer: str = "conv3_1", *, size: int = 192
) -> FeaturesPanel:
    """Look at the maps F^l of a layer, at what they say at each position, and at the places that excite a filter most.

    Move over the picture, or use the arrow keys: the bars are the column of F at that position, the frame is what it
    sees there. Choose a bar to lay the filter's map over the picture.

    Without widgets: `styletools.reading.strongest`, `peak` and `field`.

    Args:
        picture: a bundled name, a file, or a tensor; more can be chosen in the panel.
        layer: to begin with.
        size: longer side in pixels.

    Returns:
        The panel; it is shown as the last value of a cell.

    Raises:
        ImageError: the picture cannot be read.
        InputError: an unknown layer, or one before the ReLU.

    Example:
        >>> panel = explore_features("coffee", "conv2_1", size=64)
        >>> panel.wait(30), panel.error
        (True, None)
        >>> panel.close()
    """
    return FeaturesPanel(picture, layer, size)


class FeatureStore:
    """Features of the last pictures, so that looking again costs nothing.

    Args:
        keep: how many are kept.
    """

    def __init__(self, keep: int = 12) -> None:
        """Empty."""
        self._keep = keep
        self._features: OrderedDict[tuple[str, str, str], Tensor] = OrderedDict()
        self._lock = threading.RLock()  # the worker and a callback may ask at once

    def network(self, kind: str) -> VGG:
        """One of `NETWORKS`."""
        return find_vgg(*NETWORKS[kind])

    @torch.no_grad()
    def __call__(self, kind: str, layer: str, image: Tensor, key: str) -> Tensor:
        """F of the picture that `key` names; not computed again while it is kept."""
        place = (kind, layer, key)
        with self._lock:
            if place not in self._features:
                self._features[place] = self.network(kind)(image, layer)[layer]
            self._features.move_to_end(place)
            while len(self._features) > self._keep:
                self._features.popitem(last=False)
            return self._features[place]

    def __len__(self) -> int:
        """How many are kept."""
        return len(self._features)


class FeaturesPanel(Panel):
    """See `explore_features`."""

    def __init__(self, picture: ImageSource | Tensor, layer: str, size: int) -> None:
        """Compose the panel and compute the first maps."""
        super().__init__("Features: what a layer sees", f"explore_features({as_literal(picture)})")
        self.features = FeatureStore()
        names = [n for n in self.features.network(THE_NETWORK).layers if not n.endswith("_pre")]
        if layer not in names:
            raise InputError(f"layer: expected one of {', '.join(names)}, got {shown(layer)}")
        self.image_size = size
        self.picker = Picker(self, "picture", picture)
        self.layer = widgets.Dropdown(options=names, value=layer, description="layer l", tooltip="whose maps are shown")
        self.filter = widgets.Dropdown(options=[0], description="filter i", tooltip="the strongest first")
        self.beside = widgets.Dropdown(
            options=[kind for kind in NETWORKS if kind != THE_NETWORK],
            description="beside",
            tooltip="the same layer of another network",
        )
        self.grid = Picture("", 470, 330)
        self.other = Picture("", 470, 330)
        self.one = Picture("", 470, 300)
        self.place = Picture("", 470, 300)
        for control in (self.layer, self.beside):
            self.on_change(control, self.compute)
        self.picker.on_change(self.compute)
        self.on_change(self.filter, self.show_filter)
        controls = widgets.HBox([
            widgets.VBox([self.picker.box, self.layer]), widgets.VBox([self.filter, self.beside])
        ])  # fmt: skip
        upper, lower = widgets.HBox([self.grid.box, self.other.box]), widgets.HBox([self.one.box, self.place.box])
        self._shown = (self.picker.chosen, self.layer.value)
        self._asked: int | None = None  # the filter that was chosen in the view since the last computation began
        self.touch = self._touch(names)
        self.stills = [self.grid, self.other, self.one, self.place]
        instead = missing("the lists above, and open the pictures below")
        self._compose([controls], [self.touch, instead, folded(STILLS, [upper, lower])])
        self.compute()

    def _touch(self, names: list[str]) -> FeaturesTouch:
        """The view to point at. Its layer and its filter are those of the lists."""
        network = self.features.network(THE_NETWORK)
        touch = FeaturesTouch([network.layer(name) for name in names])
        touch.failed = self._failed
        touch.answers = {"picture": self._answer_picture, "layer": self._answer_layer}
        link((self.layer, "value"), (touch, "layer"))
        touch.observe(lambda _: self.guard(self._touched), names="filter")
        return touch

    def _answer_picture(self, _: dict[str, Any], __: list[Any]) -> Answer:
        return shown_picture(self._shown[0].image(self.image_size))

    def _answer_layer(self, asked: dict[str, Any], _: list[Any]) -> Answer:
        picture, layer = self._shown[0], str(asked.get("layer"))
        F = self.features(THE_NETWORK, layer, picture.image(self.image_size), picture.key)
        return array(F[0], layer=layer)

    def _touched(self) -> None:
        """A filter was chosen in the view; the list has only the strongest, until another one is asked for."""
        i = self.touch.filter
        if i == self.filter.value:
            return
        self._asked = i
        if i not in self.filter.options:
            self.filter.options = (*self.filter.options, i)
        self.filter.value = i

    def compute(self) -> None:
        """Compute the maps in the worker, and show them."""
        # All of it now: when the worker gets to it, something else may be chosen.
        picture, layer, beside = self.picker.chosen, self.layer.value, self.beside.value
        self._asked = None

        def job(ticket: Ticket) -> None:
            image = picture.image(self.image_size)
            F = self.features(THE_NETWORK, layer, image, picture.key)
            other = self.features(beside, layer, image, picture.key)
            ticket.check()
            another = picture.key != self._shown[0].key
            self._shown = (picture, layer)
            if another:
                self.touch.renew()
            self._show(F, other, layer, beside)

        self.run(job, f"computing {layer} …")

    def _show(self, F: Tensor, other: Tensor, layer: str, beside: str) -> None:
        best = strongest(F, SHOWN)
        self.grid.show(_maps(F, best))
        self.grid.say(f"F of {layer}, {THE_NETWORK}: {len(best)} of N = {F.shape[1]} filters, the strongest first")
        self.other.show(_maps(other, strongest(other, SHOWN)))
        self.other.say(f"F of {layer}, {beside}: its strongest filters")
        asked = self._asked
        if asked is not None and asked < F.shape[1]:  # who chose one meanwhile keeps it
            best = list(dict.fromkeys([asked, *best]))
        if self.filter.options == tuple(best) and self.filter.value == best[0]:
            self.show_filter()
        else:  # which chooses the first, and shows it
            self.filter.options = best
        self.progress.value = 1.0
        self.say(f"{layer}: N = {F.shape[1]} filters, M = {F.shape[2]} × {F.shape[3]} positions")

    def show_filter(self) -> None:
        """Show the map of the chosen filter enlarged, and where it fires most."""
        (picture, layer), i = self._shown, self.filter.value  # of the maps that are shown
        image = picture.image(self.image_size)
        F = self.features(THE_NETWORK, layer, image, picture.key)
        if i is None or i >= F.shape[1]:
            return
        self.touch.filter = i
        row, column = peak(F, i)
        square = field(self.features.network(THE_NETWORK), layer, row, column)
        self.one.show(frame(heat(F[0, i]), [(row, column, 1)], 460))
        self.one.say(f"filter {i} of {layer}: F_ik from 0 to {float(F[0, i].max()):.3g}; framed: its highest position")
        self.place.show(frame(image, [square], 460))
        self.place.say(f"where that is: the receptive field, {square[2]} × {square[2]} pixels")


def _maps(F: Tensor, filters: list[int]) -> bytes:
    return png(sheet({str(i): heat(F[0, i]) for i in filters}, 6, 470, 330))
