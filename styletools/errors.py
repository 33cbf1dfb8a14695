"""The errors that a user can cause, each one clear line: what, expected, got, what to do."""

from __future__ import annotations

from numbers import Real
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["ImageError", "InputError", "StyletoolsError", "SynthesisError", "WeightsError", "check_weight"]


class StyletoolsError(Exception):
    """Base of all errors raised on purpose by this package; the command line prints them as one line."""


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
        """With all its parts, so that it comes back from another process."""
        return (type(self), (str(self), self.image, self.step), {"settings": self.settings})


def check_weight(name: str, value: float) -> None:
    """Check that the weight of a loss is a finite number ≥ 0.

    Raises:
        InputError: it is not.
    """
    if not isinstance(value, Real) or not 0 <= value < float("inf"):
        raise InputError(f"{name}: expected a finite number ≥ 0, got {value!r}")
