"""Mistakes that can be made in any exercise. Each is checked on all inputs before it is named."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Mapping, Sequence
from itertools import permutations, product
from numbers import Real
from typing import Any

from torch import Tensor

from styletools.exercises.comparing import difference, factor, number, same

Arguments = tuple[Any, ...]
ZERO = (
    "It gives 0 for every input. Is something compared with itself, or is there a 1 // 2? That is 0 in Python: "
    "// cuts off what comes after the point; write 1 / 2."
)


def suspicion(
    solve: Callable[..., Any], names: Sequence[str], trials: Sequence[Arguments], values: Sequence[Any]
) -> str:
    """What an answer did wrong, if it did it on all inputs.

    Args:
        solve: the solution.
        names: those of its arguments.
        trials: the arguments of each trial.
        values: what the answer made of them.

    Returns:
        A message, or an empty text.
    """
    expected = [solve(*copy.deepcopy(arguments)) for arguments in trials]
    return (
        _always_zero(values, expected)
        or _wrong_argument(solve, names, trials, values)
        or _constant(values, expected)
        or _changed(values, expected)
        or _sizes(trials, values, expected)
        or _some_only(names, trials, values, expected)
    )


def _always_zero(values: Sequence[Any], expected: Sequence[Any]) -> str:
    if isinstance(expected[0], tuple):  # of indices: 0 is one
        return ""
    numbers = [number(value) for value in values]
    return ZERO if all(x is not None and x.numel() and not x.any() for x in numbers) else ""


def _wrong_argument(
    solve: Callable[..., Any], names: Sequence[str], trials: Sequence[Arguments], values: Sequence[Any]
) -> str:
    """Two arguments of one kind exchanged, or one of them in place of both."""
    for i, j in permutations(range(len(names)), 2):
        if not all(_alike(arguments[i], arguments[j]) for arguments in trials):
            continue
        both = [_with(arguments, {j: arguments[i]}) for arguments in trials]
        exchanged = [_with(arguments, {i: arguments[j], j: arguments[i]}) for arguments in trials]
        if i < j and _agrees(solve, exchanged, values):
            return f"{names[i]} and {names[j]} are exchanged."
        if _agrees(solve, both, values):
            return f"{names[i]} also stands where {names[j]} should, and {names[j]} is not used."
    return ""


def _alike(a: Any, b: Any) -> bool:
    if isinstance(a, Tensor) and isinstance(b, Tensor):
        return a.shape == b.shape
    return any(isinstance(a, kind) and isinstance(b, kind) for kind in (Mapping, Real))


def _with(arguments: Arguments, other: Mapping[int, Any]) -> Arguments:
    return tuple(other.get(i, argument) for i, argument in enumerate(arguments))


def _agrees(solve: Callable[..., Any], trials: Sequence[Arguments], values: Sequence[Any]) -> bool:
    try:
        return all(
            same(value, solve(*copy.deepcopy(arguments))) for arguments, value in zip(trials, values, strict=True)
        )
    except Exception:  # the solution itself cannot do this with these arguments
        return False


def _constant(values: Sequence[Any], expected: Sequence[Any]) -> str:
    """A factor that is the same for all inputs."""
    ratios = [factor(value, right) for value, right in zip(values, expected, strict=True)]
    if not _equal(ratios) or ratios[0] is None or abs(ratios[0] - 1) < 1e-5:
        return ""
    if abs(ratios[0] + 1) < 1e-5:
        return "The sign is wrong."
    sizes = "" if 1e-2 < abs(ratios[0]) < 1e2 else " Are sizes written out as numbers?"
    return f"It is {ratios[0]:.4g} times what it should be: look for a factor.{sizes}"


def _equal(ratios: Sequence[float | None]) -> bool:
    first = ratios[0]
    return first is not None and all(r is not None and abs(r - first) <= 1e-4 * abs(first) for r in ratios)


# What a message says → what is made of the right value.
_CHANGES: dict[str, Callable[[Any], Any]] = {
    "The sum is missing: one number is wanted.": (lambda right: _Sum(_one_number(right))),
    "It is transposed.": lambda right: right.transpose(-1, -2),
    "It is the square of what it should be.": lambda right: _number(right) ** 2,
    "It is the root of what it should be.": lambda right: _number(right).sqrt(),
    "It is upside down: 1 divided by what it should be.": lambda right: 1 / _number(right),
    "It is added up; a number for each entry is wanted.": lambda right: _many(right).sum(),
    "It is a mean; a number for each entry is wanted.": lambda right: _many(right).mean(),
    "Only the first picture of the batch is left.": lambda right: _batch(right)[0],
    "The pictures of the batch are added up; each has a result of its own.": lambda right: _batch(right).sum(0),
    "The order is reversed.": lambda right: _list(right)[::-1],
    "Only the first is there: does the function return from inside the loop?": lambda right: _list(right)[:1],
    "Only the first is there, alone: does the function return from inside the loop?": lambda right: _list(right)[0],
    "Only the last is there: is the list reset in each turn of the loop?": lambda right: _list(right)[-1:],
    "Only the last is there, alone; all of them are wanted.": lambda right: _list(right)[-1],
    "Each number is 1 too large: Python counts from 0.": lambda right: [x + 1 for x in _whole(right)],
    "It is 1 too large.": lambda right: _one(right) + 1,
    "It is 1 too small.": lambda right: _one(right) - 1,
    "It is rounded; keep all digits.": lambda right: [round(x) for x in _list(right)],
    "The last one is missing.": lambda right: _list(right)[:-1],
    "The first one is missing.": lambda right: _list(right)[1:],
    "It is rounded down: // and int() cut off what comes after the point; / divides.": (
        lambda right: _number(right).floor() if isinstance(right, Real) else [float(x // 1) for x in _list(right)]
    ),
}


def _changed(values: Sequence[Any], expected: Sequence[Any]) -> str:
    """The right value, but changed in a way that is often seen."""
    for message, change in _CHANGES.items():
        try:
            if all(_matches(value, change, right) for value, right in zip(values, expected, strict=True)):
                return message
        except Exception:  # this cannot be done with such a value
            continue
    return ""


def _matches(value: Any, change: Callable[[Any], Any], right: Any) -> bool:
    changed = change(right)
    if isinstance(changed, _Sum):
        x = number(value)
        return x is not None and x.numel() > 1 and same(x.sum(), changed.value)
    if isinstance(changed, list) and hasattr(value, "tolist"):
        value = value.tolist()
    return same(list(value) if isinstance(changed, list) and isinstance(value, tuple) else value, changed)


class _Sum:
    """Stands for any value of several entries that add up to this one."""

    def __init__(self, value: Tensor) -> None:
        self.value = value


def _require(ok: bool) -> None:
    if not ok:
        raise TypeError


def _number(value: Any) -> Tensor:
    x = number(value)
    _require(x is not None)
    assert x is not None
    return x


def _one_number(value: Any) -> Tensor:
    _require(isinstance(value, Tensor) and value.dim() == 0)
    tensor: Tensor = value
    return tensor


def _many(value: Any) -> Tensor:
    _require(isinstance(value, Tensor) and value.dim() > 0)
    tensor: Tensor = value
    return tensor


def _batch(value: Any) -> Tensor:
    _require(isinstance(value, Tensor) and value.dim() >= 3)
    tensor: Tensor = value
    return tensor


def _list(value: Any) -> list[Any]:
    _require(isinstance(value, list | tuple) and not any(isinstance(x, Tensor) for x in value))
    return list(value)


def _whole(value: Any) -> list[int]:
    _require(all(isinstance(x, int) for x in _list(value)))
    return list(value)


def _one(value: Any) -> Any:
    _require(isinstance(value, int))
    return value


def _sizes(trials: Sequence[Arguments], values: Sequence[Any], expected: Sequence[Any]) -> str:
    """A factor that is a product of powers of the sizes: a mean for a sum, or sizes written out as numbers."""
    ratios = [factor(value, right) for value, right in zip(values, expected, strict=True)]
    if any(ratio is None for ratio in ratios):
        return ""
    sizes = [_measured(arguments) for arguments in trials]
    names = [name for name in sizes[0] if len({size.get(name) for size in sizes}) > 1]
    for powers in sorted(product(range(-4, 5), repeat=len(names)), key=lambda powers: sum(map(abs, powers))):
        scales = [math.prod(float(size[n]) ** p for n, p in zip(names, powers, strict=True)) for size in sizes]
        left = [(ratio or 0.0) / scale for ratio, scale in zip(ratios, scales, strict=True)]
        if any(powers) and _equal(left):
            return _scaled(dict(zip(names, powers, strict=True)), left[0])
    return ""


def _measured(arguments: Arguments) -> dict[str, int]:
    """The sizes of the first tensor: features (B, N, H, W), or a matrix (N, M)."""
    tensors = [x for x in arguments if isinstance(x, Tensor)]
    shape = tuple(tensors[0].shape) if tensors else ()
    if len(shape) == 4:
        return {"B": shape[0], "N": shape[1], "M": shape[2] * shape[3]}
    return dict(zip("NM", shape, strict=True)) if len(shape) == 2 else {}


def _scaled(powers: Mapping[str, int], rest: float) -> str:
    more = sum(powers.values()) > 0
    above, below = _product(powers, 1), _product(powers, -1)
    if not more:
        above, below = below, above
    what = f"{above} / ({below})" if below else above
    legend = {"B": "B pictures in the batch", "N": "N filters", "M": "M positions"}
    said = ", ".join(words for name, words in legend.items() if powers.get(name))
    if abs(rest - 1) < 1e-3:
        size = "large" if more else "small"
        return f"It is {what} times too {size} ({said}): is it a mean in place of a sum, or the reverse?"
    growing = what if more else f"1 / ({what})" if " " in what else f"1 / {what}"
    return (
        f"Compared with what it should be, it grows with {growing} ({said}): are sizes written out as numbers, or left "
        "out?"
    )


def _product(powers: Mapping[str, int], sign: int) -> str:
    """The sizes whose powers have this sign, as N² M."""
    high = {1: "", 2: "²", 3: "³", 4: "⁴"}
    return " ".join(name + high[abs(power)] for name, power in powers.items() if power * sign > 0)


def _some_only(
    names: Sequence[str], trials: Sequence[Arguments], values: Sequence[Any], expected: Sequence[Any]
) -> str:
    """Right for some inputs and wrong for others."""
    right = [same(value, wanted) for value, wanted in zip(values, expected, strict=True)]
    if not any(right) or all(right):
        return ""
    wrong = right.index(False)
    return (
        f"It is right for some inputs and wrong for others. {difference(values[wrong], expected[wrong])} Is a number "
        "written out that the arguments should give, or a case left out?"
    )
