"""Features under the pointer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import traitlets

from styletools.explorers.touch.protocol import Touch, described, joined
from styletools.network.network import Layer

__all__ = ["FeaturesTouch"]


class FeaturesTouch(Touch):
    """Move over a picture and see what each filter of a layer says there. What it asks for is in `features.js`.

    Attributes:
        layer: whose features are shown.
        filter: whose map and patches are shown.
        overlay: whether that map lies over the picture.
        row: of the position that is kept; `column` likewise.

    Example:
        >>> from styletools.network.find import find_vgg
        >>> view = FeaturesTouch([find_vgg("random").layer("conv1_1")])
        >>> view.layer, view.layers[0]["stride"]
        ('conv1_1', 1)
        >>> view.close()
    """

    _esm = joined("features.js")
    layers: traitlets.List[dict[str, Any]] = traitlets.List().tag(sync=True)
    layer = traitlets.Unicode().tag(sync=True)
    filter = traitlets.Int().tag(sync=True)
    overlay = traitlets.Bool().tag(sync=True)
    row = traitlets.Int().tag(sync=True)
    column = traitlets.Int().tag(sync=True)

    def __init__(self, layers: Iterable[Layer]) -> None:
        """Start without a picture: `answers` must still be given."""
        known = described(layers)
        super().__init__(layers=known, layer=known[0]["name"])
