"""The errors that a user can cause, each in one clear line: what, expected, got, what to do."""

from __future__ import annotations

from numbers import Integral, Real
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor

__all__ = [
    "ImageError",
    "InputError",
    "StyletoolsError",
    "SynthesisError",
    "WeightsError",
    "check_weight",
    "check_whole",
    "shown",
]

_LONG = 80


class StyletoolsError(Exception):
    """Base of all errors raised on purpose by this package; each is one line."""

    def __init__(self, message: str) -> None:
        """Keep the message, on one line: a file's name may contain line breaks."""
        super().__init__(" ".join(str(message).splitlines()))


class InputError(StyletoolsError, ValueError):
    """An argument has the wrong shape, range, type or name."""


class ImageError(InputError):
    """A picture cannot be read or written."""


class WeightsError(StyletoolsError):
    """A network's weights cannot be loaded: no such file, a damaged file, no network."""


class SynthesisError(StyletoolsError):
    """The loss became NaN or infinite.

    Attributes:
        image: the best picture before that, (B, 3, H, W) in [0, 1].
        step: the number of the step that failed, counted from 1.
        settings: what the picture was made with, where a recipe made it.
    """

    settings: dict[str, Any] | None = None

    def __init__(self, message: str, image: Tensor, step: int) -> None:
        """Keep the best picture beside the message, so that nothing is lost."""
        super().__init__(message)
        self.image = image
        self.step = step

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle all its parts, so that it can come back from another process."""
        return (type(self), (str(self), self.image, self.step), {"settings": self.settings})


def shown(value: Any) -> str:  # noqa: ANN401  # whatever was given
    """A value as a message shows it: short, and on one line.

    Example:
        >>> import torch
        >>> shown("max"), shown(torch.zeros(1, 3, 4, 4)), len(shown([0] * 1000)) <= 80
        ("'max'", 'a Tensor of shape (1, 3, 4, 4)', True)
    """
    kind = type(value).__name__
    shape = getattr(value, "shape", None)
    if isinstance(shape, tuple) and not isinstance(value, type):
        type_, device = str(getattr(value, "dtype", "")).removeprefix("torch."), str(getattr(value, "device", "cpu"))
        layout = str(getattr(value, "layout", "")).removeprefix("torch.")
        rest = [word for word in (type_, device, layout) if word not in ("float32", "cpu", "strided", "")]
        return f"a {kind} of shape {tuple(shape)}" + "".join(f", {word}" for word in rest)
    try:
        words = " ".join(repr(value).encode("utf-8", "backslashreplace").decode().split())
    except Exception:  # a reader's object may not even be able to show itself
        return f"a {kind}"
    return words if len(words) <= _LONG else words[: _LONG - 1].rstrip() + "…"


def check_whole(name: str, value: int, least: int = 0, most: int = 2**31 - 1) -> None:
    """Check that a number is whole and within bounds.

    Raises:
        InputError: it is not.

    Example:
        >>> check_whole("steps", 100)
    """
    if isinstance(value, bool) or not isinstance(value, Integral) or not least <= value <= most:
        bounds = f"at least {least}" if most > 10**9 else f"{least} … {most}"
        raise InputError(f"{name}: expected a whole number, {bounds}, got {shown(value)}")


def check_weight(name: str, value: float) -> None:
    """Check that the weight of a loss is a finite number ≥ 0.

    Raises:
        InputError: it is not.
    """
    if not isinstance(value, Real) or not 0 <= value < float("inf"):
        raise InputError(f"{name}: expected a finite number ≥ 0, got {shown(value)}")
