"""What the package asks of a network, and what a reader wants to know about its layers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor

__all__ = ["Layer", "Network"]


@dataclass(frozen=True)
class Layer:
    """What a reader wants to know about a layer.

    Attributes:
        name: as in the paper.
        filters: N_l, the number of feature maps.
        stride: pixels of the image between two neighbouring positions.
        receptive_field: side of the square of pixels that one position sees; 0 where it is not known.
        minimum_size: smallest image, in pixels a side, that the layer can be computed for.
    """

    name: str
    filters: int
    stride: int
    receptive_field: int
    minimum_size: int = field(repr=False)


@runtime_checkable
class Network(Protocol):
    """Features of pictures: `VGG`, or any torch module in a `Hooked`.

    A VGG also has a fast path to the gradient (`styletools.network.passes`); every other network uses autograd.
    """

    @property
    def device(self) -> torch.device:
        """Where the network is."""

    @property
    def dtype(self) -> torch.dtype:
        """The type that the network computes in."""

    @property
    def description(self) -> str:
        """One line for settings and messages."""

    def layer(self, name: str) -> Layer:
        """Describe a layer; raises InputError where no layer has that name."""

    def __call__(self, image: Tensor, layers: str | Iterable[str]) -> dict[str, Tensor]:
        """Compute features (B, C, H', W') by name from a picture (B, 3, H, W) in [0, 1]."""
