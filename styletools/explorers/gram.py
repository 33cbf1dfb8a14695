"""The Gram matrix by hand: heat map, pairs that fire together, and what changes to the picture do to it."""

from __future__ import annotations

import math
from typing import Any

import ipywidgets as widgets
import torch
from torch import Tensor
from traitlets import link

from styletools.door import explained
from styletools.explorers.drawing import frame, heat
from styletools.explorers.features import THE_NETWORK, FeatureStore
from styletools.explorers.panel import STILLS, Panel, as_literal, folded, whole
from styletools.explorers.picker import Chosen, Picker
from styletools.explorers.picture import Picture
from styletools.explorers.touch.gram import GramTouch
from styletools.explorers.touch.protocol import Answer, array, missing
from styletools.explorers.touch.protocol import picture as shown_picture
from styletools.explorers.worker import Ticket
from styletools.losses.equations import content_loss, gram_matrix, style_layer_loss
from styletools.pictures.images import ImageSource
from styletools.pictures.variations import VARIATIONS
from styletools.reading import cosines, order, pairs, together
from styletools.recipes import STYLE_LAYERS

__all__ = ["GramPanel", "explore_gram", "gram_change"]

NONE = "unchanged"


@explained
def gram_change(F: Tensor, S: Tensor) -> dict[str, float]:
    """How far apart the Gram matrices of two pictures are, in the paper's losses.

    Args:
        F: features of one picture, (1, C, H, W).
        S: features of the other, (1, C, H', W').

    Returns:
        `E_l` (Eq. 4), `relative` (E_l over its value at F = 0), and `content` (½ Σ (F − S)², Eq. 1, over its value
        at F = 0). Where S = 0, the last two are infinite, or NaN if F = 0 too. `content` is NaN where the sizes differ.

    Raises:
        InputError: features of different layers.

    Example:
        >>> F = torch.ones(1, 2, 2, 2)
        >>> gram_change(F, F)
        {'E_l': 0.0, 'relative': 0.0, 'content': 0.0}
    """
    E = float(style_layer_loss(F, S))
    nothing = torch.zeros_like(S)
    content = float(content_loss(F, S) / content_loss(nothing, S)) if F.shape == S.shape else math.nan
    return {"E_l": E, "relative": float(style_layer_loss(F, S) / style_layer_loss(nothing, S)), "content": content}


@explained
@whole
def explore_gram(
    picture: ImageSource | Tensor = "starry_night", layer: str = "conv2_1", *, size: int = 192
) -> GramPanel:
    """Look at the Gram matrix of a layer (Eq. 3), entry by entry, and change the picture.

    Move over a matrix to see the two maps of an entry and their product. Brush a region of the picture, or drag a
    frame, and its matrix stands beside that of the whole.

    Without widgets: `gram_change`, and `styletools.reading.pairs`, `together`, `order`.

    Args:
        picture: a bundled name, a file, or a tensor; more can be chosen in the panel.
        layer: to begin with.
        size: longer side in pixels.

    Returns:
        The panel; it is shown as the last value of a cell.

    Raises:
        ImageError: the picture cannot be read.
        InputError: an unknown layer.

    Example:
        >>> panel = explore_gram("dots", "conv1_1", size=64)
        >>> panel.wait(30), panel.error
        (True, None)
        >>> panel.close()

    Reference:
        Gatys, Ecker and Bethge 2016, Eq. 3 and 4.
    """
    return GramPanel(picture, layer, size)


class GramPanel(Panel):
    """See `explore_gram`."""

    def __init__(self, picture: ImageSource | Tensor, layer: str, size: int) -> None:
        """Compose the panel and compute the first matrix."""
        super().__init__("Gram matrix: which filters fire together", f"explore_gram({as_literal(picture)})")
        self.features = FeatureStore()
        self.features.network(THE_NETWORK).layer(layer)  # an unknown layer is reported at once
        self.image_size = size
        self.picker = Picker(self, "picture", picture)
        self.other = Picker(self, "second", picture)
        names = list(dict.fromkeys((*STYLE_LAYERS, layer)))
        self.layer = widgets.Dropdown(options=names, value=layer, description="layer l", tooltip="whose G is shown")
        self.change = widgets.Dropdown(
            options=[NONE, *VARIATIONS], description="change", tooltip="what is done to the second picture"
        )
        self.pair = widgets.Dropdown(
            options=[("–", (0, 0))], description="pair", tooltip="the closest pairs of filters"
        )
        short = widgets.Layout(width="150px")
        self.i = widgets.BoundedIntText(
            value=0, min=0, max=63, description="filter i", tooltip="row of G", layout=short
        )
        self.j = widgets.BoundedIntText(
            value=0, min=0, max=63, description="filter j", tooltip="column of G", layout=short
        )
        self.matrix, self.matrix_other = Picture("", 300, 300), Picture("", 300, 300)
        self.changed = Picture("", 300, 300)
        self.map_i, self.map_j, self.product = (Picture("", 300, 240) for _ in range(3))
        self.numbers = widgets.HTML(layout=widgets.Layout(min_height="28px"))
        for control in (self.layer, self.change):
            self.on_change(control, self.compute)
        for picker in (self.picker, self.other):
            picker.on_change(self.compute)
        self.on_change(self.pair, self._choose_pair)
        for control in (self.i, self.j):
            self.on_change(control, self.show_entry)
        left = widgets.VBox([self.picker.box, self.other.box, self.change])
        controls = widgets.HBox([left, widgets.VBox([self.layer, self.pair, widgets.HBox([self.i, self.j])])])
        upper = widgets.HBox([self.matrix.box, self.matrix_other.box, self.changed.box])
        lower = widgets.HBox([self.map_i.box, self.map_j.box, self.product.box])
        self._shown = (self.picker.chosen, layer)
        self._second = self.other.chosen
        self._entry: tuple[int, int] | None = None  # that was chosen in the view since the last computation began
        self.touch = self._touch(names)
        self.stills = [self.matrix, self.matrix_other, self.changed, self.map_i, self.map_j, self.product]
        instead = missing("the lists above, and open the pictures below")
        self._compose([controls, self.numbers], [self.touch, instead, folded(STILLS, [upper, lower])])
        self.compute()

    def _touch(self, names: list[str]) -> GramTouch:
        """The view to point at; what is chosen there is what is chosen in the lists."""
        network = self.features.network(THE_NETWORK)
        touch = GramTouch([network.layer(name) for name in names], [NONE, *VARIATIONS])
        touch.first, touch.second = self.picker.name, self.other.name
        touch.failed = self._failed
        touch.answers = {
            "picture": lambda asked, _: shown_picture(self._asked(asked)[0]),
            "layer": lambda asked, _: array(self._of(self._shown[0], str(asked.get("layer")))[0]),
            "gram": self._answer_gram,
        }
        for control, name in ((self.layer, "layer"), (self.change, "change"), (self.i, "i"), (self.j, "j")):
            link((control, "value"), (touch, name))
        touch.observe(self._touched, names=("i", "j"))
        return touch

    def _asked(self, asked: dict[str, Any]) -> tuple[Tensor, str]:
        """The picture that a question is about, and the key that its features are kept under."""
        picture = self._second if asked.get("which") == "second" else self._shown[0]
        change, frame = asked.get("change", NONE), asked.get("crop")
        image = picture.image(self.image_size)
        if change != NONE:
            image = VARIATIONS[change](image)
        if frame is not None:
            top, left, height, width = map(int, frame)
            image = image[:, :, top : top + height, left : left + width].contiguous()
        return image, f"{picture.key}, {change}" + ("" if frame is None else f", {frame}")

    def _answer_gram(self, asked: dict[str, Any], _: list[Any]) -> Answer:
        layer = str(asked.get("layer"))
        image, key = self._asked(asked)
        if asked.get("crop") is None:
            F = self.features(THE_NETWORK, layer, image, key)
        else:  # there are too many crops to keep
            F = self.features.network(THE_NETWORK)(image, layer)[layer]
        G = gram_matrix(F, divide_by="M")[0]
        more = {"order": order(G).tolist()} if asked.get("which") == "first" and asked.get("crop") is None else {}
        return array(G, half=False, positions=F.shape[2] * F.shape[3], **more)

    def _touched(self, _: object) -> None:
        self._entry = (self.touch.i, self.touch.j)

    def compute(self) -> None:
        """Compute both Gram matrices in the worker, and show them."""
        # All of it now: when the worker gets to it, something else may be chosen.
        layer, change, one, two = self.layer.value, self.change.value, self.picker.chosen, self.other.chosen
        self._entry = None

        def job(ticket: Ticket) -> None:
            S = self._of(one, layer)
            image = two.image(self.image_size)
            if change != NONE:
                image = VARIATIONS[change](image)
            F = self.features(THE_NETWORK, layer, image, f"{two.key}, {change}")
            ticket.check()
            another = (one.key, two.key) != (self._shown[0].key, self._second.key)
            self._shown, self._second = (one, layer), two
            self.touch.first, self.touch.second = one.name, two.name
            if another:
                self.touch.renew()
            self._show(S, F, image, layer, one.name, f"{two.name}, {change}")

        self.run(job, f"computing G of {layer} …")

    def _of(self, picture: Chosen, layer: str) -> Tensor:
        return self.features(THE_NETWORK, layer, picture.image(self.image_size), f"{picture.key}, {NONE}")

    def _show(self, S: Tensor, F: Tensor, image: Tensor, layer: str, first: str, second: str) -> None:
        A, G = gram_matrix(S), gram_matrix(F)
        best = order(A)
        for picture, gram, name in (
            (self.matrix, A, first),
            (self.matrix_other, G, second),
        ):
            shown = cosines(gram)[best][:, best]
            picture.show(frame(heat(shown, "viridis", 1.0), [], 300))
            picture.say(f"G of {name}; as cosines, bright is 1")
        self.changed.show(image)
        self.changed.say(f"the second picture: {second}")
        numbers = gram_change(F, S)
        self.numbers.value = (
            f"E<sub>l</sub> = <b>{numbers['E_l']:.4g}</b> at {layer} (Eq. 4), which is "
            f"<b>{numbers['relative']:.2%}</b> of its value for a picture without features; content (Eq. 1): "
            + ("sizes differ" if math.isnan(numbers["content"]) else f"<b>{numbers['content']:.2%}</b>")
        )
        top, entry = F.shape[1] - 1, self._entry
        self.i.max = self.j.max = top
        closest = [(f"{i} and {j}: cosine {c:.2f}", (i, j)) for i, j, c in pairs(A, 12)]
        if entry is not None and max(entry) <= top:  # who chose one meanwhile keeps it
            i, j = entry
            own = (f"{i} and {j}: cosine {float(cosines(A)[i, j]):.2f}", entry)
            closest = [own, *(item for item in closest if item[1] != entry)]
        self.pair.options = closest
        self._choose_pair()
        self.progress.value = 1.0
        self.say(f"{layer}: N = {top + 1} filters, G has {(top + 1) * (top + 2) // 2} different entries")

    def _choose_pair(self) -> None:
        if self.pair.value is not None:
            self.i.value, self.j.value = self.pair.value
            self._entry = None
            self.show_entry()

    def show_entry(self) -> None:
        """Show the two maps of the chosen entry, and where they fire together."""
        (picture, layer), i, j = self._shown, self.i.value, self.j.value  # of the matrix that is shown
        S = self._of(picture, layer)
        if max(i, j) >= S.shape[1]:
            return
        product = together(S, i, j)
        for shown, values, words in (
            (self.map_i, S[0, i], f"filter i = {i}"),
            (self.map_j, S[0, j], f"filter j = {j}"),
            (self.product, product, f"their product; its sum is G_ij = {float(product.sum()):.4g}"),
        ):
            shown.show(frame(heat(values), [], 300))
            shown.say(words)
