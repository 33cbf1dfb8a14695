"""Compare an answer with a solution, and say how they differ."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Real
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
    x, y = number(a), number(b)
    if x is None or y is None or x.shape != y.shape:
        return False
    # Where large numbers cancel, a type has no more digits than these.
    digits = 1e-4 if _is_single(a) and _is_single(b) else 1e-5
    small = 0.1 * digits * float(y.abs().max()) if y.numel() else 0.0
    return torch.allclose(x, y, rtol=digits, atol=small, equal_nan=True)


def number(value: Any) -> Tensor | None:
    """A number or an array as a tensor in float64; None for anything else."""
    try:
        tensor = torch.as_tensor(value, dtype=torch.float64 if isinstance(value, Real) else None).detach()
        return None if tensor.is_complex() else tensor.to("cpu", torch.float64)
    except Exception:  # whatever a strange value raises: it is not a number
        return None


def _is_single(value: Any) -> bool:
    return isinstance(value, Tensor) and value.dtype == torch.float32


def plain(value: Any, expected: Any) -> Any:
    """An answer in the form of what is expected, where only the container differs: a tensor for a list."""
    if isinstance(expected, Tensor):
        return value if isinstance(value, Tensor) else _as_tensor(value)
    if isinstance(expected, tuple) and _has_tensors(expected):
        parts = isinstance(value, list | tuple) and len(value) == len(expected)
        return tuple(map(plain, value, expected)) if parts else value
    if not isinstance(expected, list | tuple):
        return value
    try:
        value = value.tolist() if hasattr(value, "tolist") else value
    except Exception:  # something of the reader's own that only looks like an array
        return value
    return type(expected)(value) if isinstance(value, list | tuple) else value


def _as_tensor(value: Any) -> Any:
    """Numbers in another container as a tensor; anything else as it is."""
    parts = [_as_tensor(part) for part in value] if isinstance(value, list | tuple) else []
    try:
        if parts and isinstance(parts[0], Tensor):
            return torch.stack(parts)
        return torch.as_tensor(value, dtype=torch.float64 if isinstance(value, Real) else None)
    except Exception:  # not numbers, or rows of several lengths
        return value


def _has_tensors(value: Any) -> bool:
    return any(isinstance(part, Tensor) for part in value)


def no_tensor(value: Any, expected: Any) -> str:
    """What to say of right numbers in another container where a tensor is expected; empty if it is one."""
    if isinstance(expected, tuple) and _has_tensors(expected):
        return next(
            (words for part, right in zip(value, expected, strict=True) if (words := no_tensor(part, right))), ""
        )
    if not isinstance(expected, Tensor) or isinstance(value, Tensor):
        return ""
    kind = "numpy array" if type(value).__module__ == "numpy" else type(value).__name__
    return f"The numbers are right, but this is a {kind}: return a tensor."


def factor(value: Any, expected: Any) -> float | None:
    """By what factor an answer is too large, if that is the same everywhere."""
    x, y = number(value), number(expected)
    if x is None or y is None or x.shape != y.shape or not y.any() or not x.isfinite().all():
        return None
    ratio = float((x * y).sum() / (y * y).sum())
    small = 1e-6 * abs(ratio) * float(y.abs().max())
    return ratio if ratio and torch.allclose(x, ratio * y, rtol=1e-4, atol=small) else None


def difference(value: Any, expected: Any) -> str:
    """Say how a value differs where no known mistake fits."""
    if isinstance(expected, tuple) and isinstance(expected[0], Tensor):
        same_form = isinstance(value, tuple | list) and len(value) == len(expected)
        words = "the numbers do not agree" if same_form else f"return {len(expected)} tensors, separated by a comma"
        return f"Expected {described(expected)}, got {described(value)}; {words}."
    if isinstance(expected, list) and isinstance(plain(value, expected), list):
        return _difference_of_lists(plain(value, expected), expected)
    if isinstance(expected, tuple | list):
        return f"Expected {described(expected)}, got {described(value)}; the numbers do not agree."
    x, y = number(value), number(expected)
    if x is None or y is None:
        return f"Expected {described(expected)}, got a {type(value).__name__}."
    if x.shape != y.shape:
        right = ", though the numbers are right" if same(x.flatten(), y.flatten()) else ""
        return f"Wrong shape: expected {tuple(y.shape)}, got {tuple(x.shape)}{right}."
    if not x.isfinite().all():
        return "It gives NaN or infinity: is something divided by zero?"
    index = int((x - y).abs().flatten().argmax())
    where = tuple(int(i) for i in torch.unravel_index(torch.tensor(index), x.shape)) if x.dim() else ""
    there = f" at {where}" if where else ""
    wanted, ours = told_apart(float(y.flatten()[index]), float(x.flatten()[index]))
    return f"The numbers do not agree: expected {wanted}{there}, got {ours}."


def _difference_of_lists(value: list[Any], expected: list[Any]) -> str:
    if len(value) != len(expected):
        return f"Expected {len(expected)} numbers, got {len(value)}."
    i = next(i for i, (ours, right) in enumerate(zip(value, expected, strict=True)) if not same(ours, right))
    if number(value[i]) is None or number(value[i]).numel() != 1:  # type: ignore[union-attr]
        return f"Expected a number at [{i}], got {described(value[i])}."
    right, ours = told_apart(float(expected[i]), float(value[i]))
    return f"The numbers do not agree: expected {right} at [{i}], got {ours}."


def told_apart(a: float, b: float) -> tuple[str, str]:
    """Two numbers with as many digits as it takes to see that they differ, four at least."""
    a, b = a + 0.0, b + 0.0  # no -0
    pairs = ((f"{a:.{digits}g}", f"{b:.{digits}g}") for digits in range(4, 18))
    return next((pair for pair in pairs if pair[0] != pair[1]), (repr(a), repr(b)))


def described(value: Any) -> str:
    """The shape of a tensor, or of those within; anything else as Python writes it, cut off if it is long."""
    if isinstance(value, Tensor):
        return f"shape {tuple(value.shape)}" if value.dim() else f"{float(value):.4g}"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {described(item)}" for key, item in value.items()) + "}"
    if isinstance(value, tuple) and any(isinstance(item, Tensor) for item in value):
        return "(" + ", ".join(map(described, value)) + ")"
    return written(value)


def written(value: Any, most: int = 120) -> str:
    """As Python writes it, cut off if it is long; the kind alone of what cannot be written."""
    try:
        text = repr(value)
    except Exception:  # something of the reader's own, or a whole number of thousands of digits
        return f"a {type(value).__name__}"
    return text if len(text) <= most else text[:most] + " …"
