"""How much memory a synthesis takes, and how much longer blocks take, estimated before the work.

The system ends a program that takes too much memory, without a word.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from torch import Tensor

from styletools import memory
from styletools.errors import InputError
from styletools.losses.blocks import BlockSize, read_block
from styletools.network.network import Network
from styletools.network.passes import Precision, pick_precision
from styletools.network.vgg import PRE, VGG

__all__ = [
    "check_footprint",
    "check_large_enough",
    "choose_block",
    "cost_in_blocks",
    "footprint",
    "footprint_in_blocks",
]

PICTURES = 62
"""How many pictures the optimiser and the stages keep: twenty curvature pairs, room for one more, copies, …"""


def footprint(network: Network, layers: Iterable[str], height: int, width: int) -> int:
    """Estimate the most memory that a synthesis of this size takes, besides Python and the weights.

    It counts the features of all layers up to the deepest one, kept for the way back, and what L-BFGS remembers of its
    path. For a network that is not a VGG only the layers asked for are known, so the estimate is low.

    Args:
        network: whose features are computed.
        layers: those asked for.
        height: of the picture, in pixels.
        width: likewise.

    Returns:
        Bytes.

    Raises:
        InputError: an unknown layer.

    Example:
        >>> vgg = VGG("random")
        >>> round(footprint(vgg, ["conv4_2", "conv5_1"], 1362, 2048) / 1e9, 1)
        5.4
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
    """Check that this machine has enough memory, if the network is on its CPU. A GPU reports a lack itself, at once.

    Args:
        network: whose features are computed.
        layers: those asked for.
        result: its height and width.
        painting: those of the largest one; its features are computed once, without a way back.

    Raises:
        InputError: it does not; the message says which size would fit.

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
        memory.check_memory(needed, f"a {option} of {longer}", partial(_smaller, longer))


def check_large_enough(network: Network, name: str, image: Tensor | None, layers: Iterable[str], option: str) -> None:
    """Check that a picture is large enough for the layers.

    Args:
        network: whose features are computed.
        name: of the picture; the message begins with it.
        image: (1, 3, H, W), or None, which always passes.
        layers: their names.
        option: the option that makes the picture larger.

    Raises:
        InputError: it is too small for the deepest layer.

    Example:
        >>> import torch
        >>> check_large_enough(VGG("random"), "content", torch.rand(1, 3, 16, 99), ["conv5_1"], "size")
    """
    deepest = max((network.layer(layer) for layer in layers), key=lambda layer: layer.minimum_size, default=None)
    if image is None or deepest is None:
        return
    height, width = image.shape[2:]
    if min(height, width) < deepest.minimum_size:
        raise InputError(
            f"{name}: {height} × {width} pixels are too few for {deepest.name}, which needs at least "
            f"{deepest.minimum_size} × {deepest.minimum_size}; take a larger {option}, or leave the layer out"
        )


def _smaller(longer: int, share: float) -> str:
    return f"about {max(1, int(longer * share**0.5))} would fit"


PICTURES_IN_BLOCKS = 13
"""The same number for a synthesis in blocks: three curvature pairs and room for one in float16, a direction, …"""
CANDIDATES = ("1024/pool2", "1024/pool3", "1024/pool4", "512/pool4", "256/pool4")
"""Sizes of blocks to try, from the quickest to the one that needs least memory."""


def footprint_in_blocks(
    network: VGG, layers: Iterable[str], height: int, width: int, block: BlockSize, precision: Precision = "auto"
) -> int:
    """Estimate the same for a synthesis in blocks: only pictures and the layers above the blocks have the full size.

    Args:
        network: see `footprint`, like the next three.
        layers: likewise.
        height: likewise.
        width: likewise.
        block: see `styletools.losses.blocks`.
        precision: of the features.

    Returns:
        Bytes.

    Example:
        >>> round(footprint_in_blocks(VGG("random"), ["conv4_2", "conv5_1"], 2731, 4096, 512, "full") / 1e9, 1)
        3.0
    """
    side, low, high = _split(network, layers, block)
    size = 2 if pick_precision(precision, network) == "bfloat16" else network.dtype.itemsize
    halo = _halo(network, low)
    crop = min(height, side + halo) * min(width, side + halo)
    pixels = height * width
    content = 8 * 4  # the photograph's conv4_2
    return round(crop * _of_features(network, low, size) + pixels * (_of_features(network, high, size) + content
                 + PICTURES_IN_BLOCKS * 3 * 4))  # fmt: skip


def cost_in_blocks(network: Network, layers: Iterable[str], block: BlockSize) -> float:
    """Estimate the work of a gradient in blocks over that of the whole picture.

    Features are half of a gradient. Those below are computed twice, and everything there with its halo.

    Args:
        network: see `footprint`, like `layers`.
        layers: likewise.
        block: see `styletools.losses.blocks`.

    Example:
        >>> vgg, layers = VGG("random"), ["conv4_2", "conv5_1"]
        >>> [round(cost_in_blocks(vgg, layers, block), 1) for block in ("1024/pool3", "512/pool4", 2**20, 0)]
        [1.4, 2.0, 1.5, 1.0]
    """
    if not isinstance(network, VGG) or not read_block(block)[0]:
        return 1.0
    side, low, high = _split(network, layers, block)
    below, above = _work(network, low), _work(network, [*low, *high]) - _work(network, low)
    with_halo = (1 + _halo(network, low) / side) ** 2
    return (1.5 * with_halo * below + above) / (below + above)


def _split(network: VGG, layers: Iterable[str], block: BlockSize) -> tuple[int, list[str], list[str]]:
    """The side of a block, the layers that are computed in blocks, and those above them."""
    side, above = read_block(block)
    names = [name for name in network.info if not name.endswith(PRE)]
    last = max((names.index(name.removesuffix(PRE)) for name in layers), default=0)
    split = min(last, names.index(above) if above else last)
    return side, names[: split + 1], names[split + 1 : last + 1]


def _halo(network: VGG, low: list[str]) -> int:
    """Pixels around a block, both sides together."""
    reach = network.layer(low[-1])
    return 2 * -(-(reach.receptive_field - reach.stride) // 2)


def _work(network: VGG, names: list[str]) -> float:
    """Products for each pixel and each of the nine weights."""
    described = [network.layer(name) for name in names if not name.startswith("pool")]
    inputs = [3, *(layer.filters for layer in described)]
    return sum(n * layer.filters / layer.stride**2 for n, layer in zip(inputs, described, strict=False))


def _of_features(network: VGG, names: list[str], size: int) -> float:
    """Bytes for each pixel of the picture: features, positions of maxima, and three buffers of the largest layer."""
    described = [network.layer(name) for name in names]
    numbers = [layer.filters / layer.stride**2 for layer in described]
    places = sum(n for n, name in zip(numbers, names, strict=True) if name.startswith("pool"))
    return size * (sum(numbers) + 3 * max(numbers, default=0)) + 8 * places * (network.pooling == "max")


def choose_block(
    network: Network,
    layers: Iterable[str],
    result: tuple[int, int],
    painting: tuple[int, int],
    unsplit: str = "",
    precision: Precision = "auto",
) -> BlockSize:
    """Choose the whole picture where this machine has the memory, else the quickest blocks that fit in it.

    Args:
        network: whose features are computed.
        layers: those asked for.
        result: its height and width.
        painting: those of the largest one.
        unsplit: a statistic that cannot be computed in blocks, if there is one.
        precision: of the features.

    Returns:
        0 for the whole picture, or the size of the blocks.

    Raises:
        InputError: nothing fits; the message says which size would.

    Example:
        >>> choose_block(VGG("random"), ["conv5_1"], (512, 512), (512, 512))
        0
    """
    names, free = list(layers), memory.available()
    if network.device.type != "cpu" or free is None:
        return 0
    if isinstance(network, VGG) and not unsplit:
        try:
            check_footprint(network, names, result, painting)
        except InputError:
            for block in CANDIDATES:
                if footprint_in_blocks(network, names, *result, block, precision) <= free:
                    return block
        else:
            return 0
    check_footprint(network, names, result, painting)
    return 0
