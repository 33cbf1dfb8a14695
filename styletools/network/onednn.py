"""oneDNN's fused convolutions: a convolution, its bias and its ReLU in one operation, into preallocated memory.

They are private operators of torch, so they are tested before they are used (`has_fused`), and everything that uses
them also runs on torch's own convolutions.
"""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor
from torch.nn import functional

__all__ = ["add_convolution", "has_fused", "is_fused", "prepare_weight"]


def has_fused(dtype: torch.dtype) -> bool:
    """Whether oneDNN's fused convolution is available here and computes what it should.

    torch may change or drop these operators, so they are compared with torch's own on a small case.

    Example:
        >>> has_fused(torch.float64)
        False
    """
    return dtype in (torch.float32, torch.bfloat16) and bool(torch.backends.mkldnn.enabled) and _try_fused(dtype)


def is_fused(features: Tensor) -> bool:
    """Whether features of this type, where they are, can be given to `add_convolution`.

    Example:
        >>> is_fused(torch.zeros(1, 1, 2, 2, dtype=torch.float64))
        False
    """
    return features.device.type == "cpu" and has_fused(features.dtype)


def prepare_weight(weight: Tensor, padding: int, shape: torch.Size) -> Tensor:
    """Rearrange a convolution's weight (out, in, 3, 3) for inputs of a shape (B, C, H, W).

    Raises:
        RuntimeError: an operator that is missing.
    """
    prepared: Tensor = torch.ops.mkldnn._reorder_convolution_weight(weight, *_geometry(padding), list(shape))
    return prepared


def add_convolution(
    out: Tensor, x: Tensor, weight: Tensor, bias: Tensor | None, *, padding: int, rectify: bool = False
) -> Tensor:
    """Add a convolution to what is in `out`, in place: the operator that would only write always allocates its result.

    Raises:
        RuntimeError: shapes that do not fit, or an operator that is missing.
    """
    after = "relu" if rectify else None
    result: Tensor = torch.ops.mkldnn._convolution_pointwise_.binary(
        out, x, weight, bias, *_geometry(padding), "add", 1.0, after, [], None
    )
    return result


@lru_cache
def _try_fused(dtype: torch.dtype) -> bool:
    """Compare with torch's convolution on a small case."""
    generator = torch.Generator().manual_seed(0)
    x, weight = (torch.randn(shape, generator=generator).to(dtype) for shape in ((1, 8, 6, 6), (4, 8, 3, 3)))
    bias = torch.full((4,), 0.5, dtype=dtype)
    expected = functional.relu(1 + functional.conv2d(x, weight, bias, padding=1))
    try:
        prepared = prepare_weight(weight, 1, x.shape)
        got = torch.ones_like(expected, memory_format=torch.channels_last)
        add_convolution(got, x.contiguous(memory_format=torch.channels_last), prepared, bias, padding=1, rectify=True)
    except (AttributeError, RuntimeError, TypeError):  # another torch, another processor
        return False
    return torch.allclose(got.float(), expected.float(), rtol=0.05, atol=0.05)


def _geometry(padding: int) -> tuple[tuple[int, int], tuple[int, int], tuple[int, int], int]:
    """Padding, stride, dilation and groups."""
    return (padding, padding), (1, 1), (1, 1), 1
