"""How much memory a synthesis takes, said before the work: a program that takes too much is ended by the system."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from styletools.memory import check_memory
from styletools.network.network import Network
from styletools.network.vgg import PRE, VGG

__all__ = ["check_footprint", "footprint"]

PICTURES = 60
"""Pictures that the optimiser and the stages keep: twenty curvature pairs, gradients, targets and copies."""


def footprint(network: Network, layers: Iterable[str], height: int, width: int) -> int:
    """Estimate the memory that a synthesis of this size takes at its largest, besides Python and the weights.

    The features of all layers up to the deepest one, kept for the way back, and what L-BFGS remembers of its path. Of
    a network that is not a VGG only the layers asked for are known, so the estimate is low.

    Args:
        network: whose features are computed.
        layers: that are asked for.
        height: of the picture, in pixels.
        width: likewise.

    Returns:
        Bytes.

    Raises:
        InputError: an unknown layer.

    Example:
        >>> vgg = VGG("random")
        >>> round(footprint(vgg, ["conv4_2", "conv5_1"], 1362, 2048) / 1e9, 1)
        5.3
    """
    asked = [network.layer(name) for name in layers]
    kept = asked
    if isinstance(network, VGG) and asked:
        names = list(network.info)
        last = max(names.index(layer.name.removesuffix(PRE)) for layer in asked)
        kept = [network.layer(name) for name in names[: last + 1] if not name.endswith(PRE)]
    numbers = sum(layer.filters / layer.stride**2 for layer in kept)  # for each pixel
    return round(height * width * (numbers * network.dtype.itemsize + PICTURES * 3 * 4))


def check_footprint(
    network: Network, layers: Iterable[str], result: tuple[int, int], painting: tuple[int, int]
) -> None:
    """Check that this machine has the memory, where the network is on its processor. A GPU says so itself, at once.

    Args:
        network: whose features are computed.
        layers: that are asked for.
        result: height and width.
        painting: of the largest one; its features are computed once, without a way back.

    Raises:
        InputError: it has not; the message says which size would do.

    Example:
        >>> check_footprint(VGG("random"), ["conv5_1"], (512, 512), (10**6, 10**6))  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        styletools.errors.InputError: a style_size of 1000000: would need ... of memory, ...; about ... would fit
    """
    if network.device.type != "cpu":
        return
    names = list(layers)
    for option, (height, width), share in (("size", result, 1.0), ("style_size", painting, 0.3)):
        needed = round(share * footprint(network, names, height, width))
        longer = max(height, width)
        check_memory(needed, f"a {option} of {longer}", partial(_smaller, longer))


def _smaller(longer: int, share: float) -> str:
    return f"about {max(1, int(longer * share**0.5))} would fit"
