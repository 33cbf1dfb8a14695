"""Which network, and on which device: from what a reader asks for."""

from __future__ import annotations

import os
from functools import lru_cache
from typing import TypeAlias

import torch

from styletools.errors import InputError
from styletools.vgg import VGG, Padding, Pooling
from styletools.weights import SOURCES, Weights

__all__ = ["Network", "find_network", "pick_device"]

Network: TypeAlias = str | os.PathLike[str] | Weights | VGG
"""A source of weights (see `styletools.weights.load_weights`), or a network that is there already."""


def pick_device(device: str | torch.device | None = None) -> torch.device:
    """The device asked for, or the best there is: CUDA, then Apple's MPS, then the CPU.

    Raises:
        InputError: a device that is not there.

    Example:
        >>> pick_device("cpu")
        device(type='cpu')
    """
    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if device is None:
        return torch.device(next(name for name, available in there.items() if available))
    try:
        wanted = torch.device(device)
    except RuntimeError:
        wanted = None
    if wanted is None or not there.get(wanted.type, False):
        have = ", ".join(name for name, available in there.items() if available)
        raise InputError(f"device: {str(device)!r} is not available here; there is {have}")
    return wanted


@lru_cache(maxsize=2)
def _load_network(weights: str, pooling: Pooling, padding: Padding, device: torch.device) -> VGG:
    """Load once, for a reader who runs one recipe after the other."""
    return VGG(weights, pooling, padding=padding).to(device)


def find_network(weights: Network, pooling: Pooling, padding: Padding, device: str | torch.device | None) -> VGG:
    """The network asked for. A named one is loaded once; a reader's own stays as it is, and where it is.

    Args:
        weights: a source of weights, or a `VGG`, which has its own pooling and padding.
        pooling: see `VGG`.
        padding: see `VGG`.
        device: see `pick_device`; for a `VGG` None leaves it where it is.

    Raises:
        WeightsError: the weights cannot be had.
        InputError: a device that is not there.

    Example:
        >>> find_network("random", "avg", "zeros", "cpu").pooling
        'avg'
    """
    if isinstance(weights, VGG):  # stays where its owner put it, unless told otherwise
        return weights if device is None else weights.to(pick_device(device))
    if isinstance(weights, str) and weights in SOURCES:
        return _load_network(weights, pooling, padding, pick_device(device))
    return VGG(weights, pooling, padding=padding).to(pick_device(device))  # a file may change between two calls
