"""The Gram matrix under the pointer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import traitlets

from styletools.explorers.touch.protocol import Touch, described, joined
from styletools.network.network import Layer

__all__ = ["GramTouch"]


class GramTouch(Touch):
    """Point at an entry of a Gram matrix, brush a region, crop or change the picture. What it asks for is in `gram.js`.

    Attributes:
        layer: whose matrix is shown.
        change: what is done to the second picture, one of `changes`.
        i: the filter of the row of the entry that is kept; `j` is that of its column.
        first: what the picture of the left matrix is called.
        second: what the picture of the right matrix is called.

    Example:
        >>> from styletools.network.find import find_vgg
        >>> view = GramTouch([find_vgg("random").layer("conv1_1")], ["unchanged", "mirror"])
        >>> view.layer, view.change
        ('conv1_1', 'unchanged')
        >>> view.close()
    """

    _esm = joined("gram.js")
    layers: traitlets.List[dict[str, Any]] = traitlets.List().tag(sync=True)
    changes: traitlets.List[str] = traitlets.List().tag(sync=True)
    layer = traitlets.Unicode().tag(sync=True)
    change = traitlets.Unicode().tag(sync=True)
    i = traitlets.Int().tag(sync=True)
    j = traitlets.Int().tag(sync=True)
    first = traitlets.Unicode().tag(sync=True)
    second = traitlets.Unicode().tag(sync=True)

    def __init__(self, layers: Iterable[Layer], changes: Sequence[str]) -> None:
        """Start without a picture: `answers` must still be given."""
        known = described(layers)
        super().__init__(layers=known, layer=known[0]["name"], changes=list(changes), change=changes[0])
