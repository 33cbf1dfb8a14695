"""From what a reader asks for to a network: bundled weights, a file, or a network that is already there."""

from __future__ import annotations

import os
from functools import lru_cache
from typing import TypeAlias

import torch

from styletools.errors import InputError
from styletools.network.device import pick_device
from styletools.network.network import Network
from styletools.network.vgg import VGG, Padding, Pooling
from styletools.network.weights import SOURCES, Weights

__all__ = ["NetworkSource", "check_type", "find_network", "find_vgg"]

NetworkSource: TypeAlias = str | os.PathLike[str] | Weights | Network
"""A source of weights (see `styletools.load_weights`), or a network: a `VGG`, or any module in a `Hooked`."""


@lru_cache(maxsize=4)
def _load_network(weights: str, pooling: Pooling, padding: Padding, device: torch.device) -> VGG:
    """Load once, for a reader who runs one recipe after another."""
    return VGG(weights, pooling, padding=padding).to(device)


def find_vgg(weights: str = "bundled", pooling: Pooling = "max") -> VGG:
    """A VGG for code that only looks at features: loaded once for all, on the CPU, and not to be moved.

    Example:
        >>> find_vgg("random") is find_vgg("random")
        True
    """
    return _load_network(weights, pooling, "replicate", torch.device("cpu"))


def find_network(
    weights: NetworkSource, pooling: Pooling, padding: Padding, device: str | torch.device | None
) -> Network:
    """The network asked for. A named one is loaded once; a reader's own stays as it is, and where it is.

    Args:
        weights: a source of weights, or a network, which has its own pooling and padding.
        pooling: see `VGG`.
        padding: see `VGG`.
        device: see `pick_device`; None leaves a network where it is, and only a `VGG` is moved.

    Raises:
        WeightsError: the weights cannot be loaded.
        InputError: a device that is not there, or a module that is not a network of this package.

    Example:
        >>> find_network("random", "avg", "zeros", "cpu").pooling
        'avg'
    """
    if isinstance(weights, VGG):  # stays where its owner put it, unless told otherwise
        return weights if device is None else weights.to(pick_device(device))
    if isinstance(weights, str) and weights in SOURCES:
        return _load_network(weights, pooling, padding, pick_device(device))
    if isinstance(weights, Network):
        if device is not None and pick_device(device) != weights.device:
            raise InputError(f"device: the network is on {weights.device}, got {device}; move its module, then wrap it")
        return weights
    if isinstance(weights, torch.nn.Module):
        raise InputError(
            f"weights: expected a source of weights or a network, got a {type(weights).__name__}; "
            "wrap it: styletools.Hooked(module, layers)"
        )
    return VGG(weights, pooling, padding=padding).to(pick_device(device))  # a file may change between two calls


def check_type(network: Network) -> None:
    """Check that a network computes in a type that a picture can be optimised in.

    Features can be looked at in half precision. A synthesis needs more: Ĝ − Â is a small difference of large numbers,
    and float16 ends at 65504.

    Raises:
        InputError: neither float32 nor float64.

    Example:
        >>> check_type(VGG("random"))
    """
    if network.dtype not in (torch.float32, torch.float64):
        raise InputError(
            f"network: expected float32 or float64, got {network.dtype}; use network.float(), and "
            "precision='bfloat16' for speed"
        )
