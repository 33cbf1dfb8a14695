"""cuDNN's convolutions on a graphics card: exact where this is asked for, and fused with bias and ReLU.

The fused one is a private operator of torch, so it is tested before it is used (`has_rectified`), like oneDNN's.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import ParamSpec, TypeVar

import torch
from torch import Tensor
from torch.nn import functional

__all__ = ["exact", "has_rectified", "rectified_convolution"]

P = ParamSpec("P")
T = TypeVar("T")


def exact(function: Callable[P, T]) -> Callable[P, T]:
    """Run a function with true float32 convolutions: torch rounds their factors to ten bits by default.

    Example:
        >>> @exact
        ... def allowed():
        ...     return torch.backends.cudnn.allow_tf32
        >>> before = torch.backends.cudnn.allow_tf32
        >>> allowed(), torch.backends.cudnn.allow_tf32 == before
        (False, True)
    """

    @wraps(function)
    def inside(*words: P.args, **options: P.kwargs) -> T:
        before = torch.backends.cudnn.allow_tf32
        torch.backends.cudnn.allow_tf32 = False
        try:
            return function(*words, **options)
        finally:
            torch.backends.cudnn.allow_tf32 = before

    return inside


def rectified_convolution(x: Tensor, weight: Tensor, bias: Tensor | None, padding: int) -> Tensor:
    """max(w ∗ x + b, 0), for x (B, C, H, W) on a graphics card and w (C', C, 3, 3).

    Raises:
        RuntimeError: it is not available; ask `has_rectified` first.
    """
    result: Tensor = torch.cudnn_convolution_relu(x, weight, bias, (1, 1), (padding, padding), (1, 1), 1)
    return result


@lru_cache
def has_rectified(dtype: torch.dtype) -> bool:
    """Whether the operator is available here and computes what it should.

    Example:
        >>> torch.cuda.is_available() or not has_rectified(torch.float32)
        True
    """
    if not torch.cuda.is_available():
        return False
    try:
        generator = torch.Generator("cuda").manual_seed(0)
        x = torch.randn(1, 8, 6, 6, generator=generator, device="cuda").to(dtype, memory_format=torch.channels_last)
        weight = torch.randn(16, 8, 3, 3, generator=generator, device="cuda").to(
            dtype, memory_format=torch.channels_last
        )
        bias = torch.randn(16, generator=generator, device="cuda").to(dtype)
        found = rectified_convolution(x, weight, bias, 1)
        expected = functional.conv2d(x, weight, bias, padding=1).relu()
        return bool(torch.allclose(found.float(), expected.float(), rtol=0.05, atol=0.05 * float(expected.max())))
    except (RuntimeError, TypeError, AttributeError):
        return False
