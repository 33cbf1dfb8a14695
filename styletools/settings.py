"""What a picture was made with: everything needed to make it again, as plain JSON values."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from numbers import Integral, Real
from typing import Any

import torch
from PIL import Image
from torch import Tensor

from styletools.losses.statistics import statistic_name
from styletools.network.network import Network
from styletools.network.weights import Weights

__all__ = ["describe", "fingerprint", "plain"]


def describe(recipe: str, arguments: Mapping[str, Any], network: str, version: str) -> dict[str, Any]:
    """Say how to make a picture again.

    Args:
        recipe: the name of the function.
        arguments: its keyword arguments.
        network: the network in words.
        version: of this package.

    Returns:
        `recipe`, `arguments`, and what else the pixels depend on: network, number of threads, versions.

    Example:
        >>> describe("transfer", {"content": "chelsea", "seed": 0}, "VGG-16", "1.0")["arguments"]
        {'content': 'chelsea', 'seed': 0}
    """
    return {
        "recipe": recipe,
        "arguments": {name: plain(value) for name, value in arguments.items()},
        "network": network,
        "threads": torch.get_num_threads(),
        "styletools": version,
        "torch": torch.__version__,
    }


def plain(value: Any) -> Any:  # noqa: ANN401
    """Turn a value into plain JSON; a picture without a name is known by its size and its hash.

    Example:
        >>> plain({"size": 256, "image": b"some bytes"})
        {'size': 256, 'image': '10 bytes, sha256 0d22cdcc10e6d049'}
    """
    if isinstance(value, Mapping):
        return {plain(key): plain(item) for key, item in value.items()}
    if value is None or isinstance(value, str | bool):
        return value
    if isinstance(value, Real):
        return int(value) if isinstance(value, Integral) else float(value)
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, Network):
        return value.description
    if callable(value):  # a statistic
        return statistic_name(value)
    if isinstance(value, Weights):
        return value.source
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, Tensor | Image.Image | bytes | bytearray | memoryview):
        return fingerprint(value)
    return f"file object {getattr(value, 'name', '')}".strip()


def fingerprint(picture: Tensor | Image.Image | bytes | bytearray | memoryview) -> str:
    """What a picture without a name is known by: its size, and a hash of its pixels or bytes.

    Example:
        >>> fingerprint(torch.zeros(1, 3, 2, 2))
        'tensor (1, 3, 2, 2), sha256 17b0761f87b081d5'
    """
    if isinstance(picture, Tensor):
        what, data = f"tensor {tuple(picture.shape)}", picture.detach().cpu().float().numpy().tobytes()
    elif isinstance(picture, Image.Image):
        what, data = f"PIL image {picture.size}", picture.tobytes()
    else:
        what, data = f"{len(picture)} bytes", bytes(picture)
    return f"{what}, sha256 {hashlib.sha256(data).hexdigest()[:16]}"
