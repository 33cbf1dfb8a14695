"""Compare an answer with a solution, and say how they differ."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch
from torch import Tensor


def same(a: Any, b: Any) -> bool:
    """Whether two values have the same structure and shapes, and numbers equal within a small tolerance."""
    if isinstance(a, Mapping) and isinstance(b, Mapping):
        return list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list | tuple) and isinstance(b, list | tuple):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b, strict=True))
    if isinstance(a, list | tuple | Mapping | str) or isinstance(b, list | tuple | Mapping | str):
        return bool(type(a) is type(b) and a == b)
    x, y = _number(a), _number(b)
    if x is None or y is None or x.shape != y.shape:
        return False
    small = 1e-6 * float(y.abs().max()) if y.numel() else 0.0  # where large numbers cancel, float32 has no more
    return torch.allclose(x, y, rtol=1e-5, atol=small)


def _number(value: Any) -> Tensor | None:
    try:
        tensor = torch.as_tensor(value).detach()
        return None if tensor.is_complex() else tensor.to("cpu", torch.float64)
    except (TypeError, ValueError, RuntimeError):
        return None


def agree(answer: Callable[..., Any], mistaken: Callable[..., Any], arguments: tuple[Any, ...]) -> bool:
    """Whether an answer makes the same of these arguments as a function with a known mistake."""
    try:
        return same(answer(*copy.deepcopy(arguments)), mistaken(*copy.deepcopy(arguments)))
    except Exception:  # a mistake may also end in an error for some shapes; then it is another one
        return False


def materialised(value: Any) -> Any:
    """What a generator or a map would give."""
    return list(value) if isinstance(value, Iterator) else value


def plain(value: Any, expected: Any) -> Any:
    """An answer in the form of what is expected, where only the container differs: a tensor for a list."""
    if not isinstance(expected, list | tuple) or any(isinstance(part, Tensor) for part in expected):
        return value
    if isinstance(value, Tensor) or hasattr(value, "tolist"):
        value = value.tolist()
    return type(expected)(value) if isinstance(value, list | tuple) else value


def factor(value: Any, expected: Any) -> float | None:
    """By how much an answer is too large, if it is by the same factor everywhere."""
    x, y = _number(value), _number(expected)
    if x is None or y is None or x.shape != y.shape or not y.any() or not x.isfinite().all():
        return None
    ratio = float((x * y).sum() / (y * y).sum())
    return ratio if ratio and torch.allclose(x, ratio * y, rtol=1e-5, atol=1e-9) else None


def difference(value: Any, expected: Any) -> str:
    """Say how a value differs where no known mistake fits."""
    if isinstance(expected, tuple) and isinstance(expected[0], Tensor):
        same_form = isinstance(value, tuple | list) and len(value) == len(expected)
        words = "the numbers do not agree" if same_form else f"return {len(expected)} tensors, separated by a comma"
        return f"Expected {described(expected)}, got {described(value)}; {words}."
    if isinstance(expected, tuple | list):
        return f"Expected {described(expected)}, got {described(value)}; the numbers do not agree."
    x, y = _number(value), _number(expected)
    if x is None or y is None:
        return f"Expected {described(expected)}, got a {type(value).__name__}."
    if isinstance(expected, Tensor) and isinstance(value, list | tuple) and same(x, y):
        return f"The numbers are right, but this is a {type(value).__name__}: return a tensor."
    if x.shape != y.shape:
        return f"Wrong shape: expected {tuple(y.shape)}, got {tuple(x.shape)}."
    if not x.isfinite().all():
        return "It gives NaN or infinity: is something divided by zero?"
    index = int((x - y).abs().flatten().argmax())
    where = tuple(int(i) for i in torch.unravel_index(torch.tensor(index), x.shape)) if x.dim() else ""
    there = f" at {where}" if where else ""
    return f"The numbers do not agree: expected {y.flatten()[index]:.4g}{there}, got {x.flatten()[index]:.4g}."


def described(value: Any) -> str:
    """The shape of a tensor, or of those within; anything else as Python writes it."""
    if isinstance(value, Tensor):
        return f"shape {tuple(value.shape)}" if value.dim() else f"{float(value):.4g}"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {described(item)}" for key, item in value.items()) + "}"
    if isinstance(value, tuple) and any(isinstance(item, Tensor) for item in value):
        return "(" + ", ".join(map(described, value)) + ")"
    return repr(value)
