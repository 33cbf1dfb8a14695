"""Whose colours a result has: what `colours=` does to the pictures before the transfer, and to the result after it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, TypeAlias, get_args

from torch import Tensor

from styletools.errors import InputError, shown
from styletools.pictures.colours import (
    Space,
    from_lab,
    keep_colours,
    match_colours,
    match_histogram,
    match_luminance,
    to_lab,
)
from styletools.pictures.images import resize
from styletools.pictures.variations import grey

__all__ = ["Colours", "after", "before", "check_colours"]

Colours: TypeAlias = Literal["painting", "photograph", "photograph-lab", "covariance", "histogram"]
"""`"painting"`: the painting's, as in the paper. `"photograph"`: the transfer is made in grey, and the photograph's
colours are laid under it, in YIQ; `"photograph-lab"`: in CIELAB, where lightness is what the eye sees. `"covariance"`:
the painting is first given the mean and covariance of the photograph's colours. `"histogram"`: it is first given the
photograph's histogram in each channel."""

_GREY: dict[str, Space] = {"photograph": "yiq", "photograph-lab": "lab"}
_MATCHED: dict[str, Callable[[Tensor, Tensor], Tensor]] = {"covariance": match_colours, "histogram": match_histogram}


def check_colours(colours: Colours) -> None:
    """Check that `colours` is a known name.

    Raises:
        InputError: an unknown name.
    """
    if colours not in get_args(Colours):
        raise InputError(f"colours: expected one of {', '.join(get_args(Colours))}, got {shown(colours)}")


def before(colours: Colours, photograph: Tensor, paintings: Sequence[Tensor]) -> tuple[Tensor, list[Tensor]]:
    """The photograph and the paintings as the transfer gets them, each (1, 3, H, W) in [0, 1].

    Example:
        >>> import torch
        >>> photograph, paintings = before("photograph", torch.rand(1, 3, 8, 8), [torch.rand(1, 3, 6, 6)])
        >>> bool((paintings[0][:, :1] == paintings[0]).all())  # grey
        True

    Reference:
        Gatys, Bethge, Hertzmann and Shechtman 2016, *Preserving Color in Neural Artistic Style Transfer*.
    """
    if colours in _GREY:
        without = grey if _GREY[colours] == "yiq" else _lightness
        P = without(photograph)
        return P, [match_luminance(without(painting), P) for painting in paintings]
    if colours in _MATCHED:
        return photograph, [_MATCHED[colours](painting, photograph) for painting in paintings]
    return photograph, list(paintings)


def _lightness(image: Tensor) -> Tensor:
    """A picture without its colours, with the same lightness."""
    lab = to_lab(image)
    lab[:, 1:] = 0
    return from_lab(lab).to(image)


def after(colours: Colours, image: Tensor, photograph: Tensor) -> Tensor:
    """A result as it is shown, at any size of the run: with the photograph's colours where they were left out.

    Example:
        >>> import torch
        >>> image, photograph = torch.full((1, 3, 4, 4), 0.5), torch.rand(1, 3, 8, 8)
        >>> after("painting", image, photograph) is image
        True
    """
    if colours not in _GREY:
        return image
    here = resize(photograph.to(image), *image.shape[2:])
    return keep_colours(image.clamp(0, 1), here, _GREY[colours])
