"""Random inputs for the checks, and the network that predictions are measured with."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Generator, Tensor

from styletools.network.find import find_vgg
from styletools.network.vgg import VGG


def whole(g: Generator, low: int, high: int) -> int:
    """A whole number from low to high, both included."""
    return int(torch.randint(low, high + 1, (), generator=g))


def features(g: Generator, *shape: int) -> Tensor:
    """Activations after a ReLU: some are 0. Random (B, C, H, W) with H ≠ W ≠ C by default; float64."""
    if not shape:
        channels, height = whole(g, 2, 4), whole(g, 5, 7)
        shape = (whole(g, 1, 3), channels, height, height + whole(g, 1, 4))
    strength = 0.5 + 3 * torch.rand((), generator=g, dtype=torch.float64)
    return (strength * torch.randn(shape, generator=g, dtype=torch.float64)).relu()


def pair(g: Generator) -> tuple[Tensor, Tensor]:
    """Two of these, of the same shape."""
    first = features(g)
    return first, features(g, *first.shape)


def image(g: Generator, *shape: int) -> Tensor:
    """A picture (1, 3, H, W) in [0, 1], of another size each time by default; float64."""
    shape = shape or (1, 3, whole(g, 4, 6), whole(g, 7, 9))
    return torch.rand(shape, generator=g, dtype=torch.float64)


def network(weights: Literal["bundled", "random"] = "bundled") -> VGG:
    """A network, loaded once for all lessons."""
    return find_vgg(weights)
