"""Several paintings: how much each of them counts, at which layers, and in which region of the result."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

from torch import Tensor

from styletools.errors import InputError, check_weight, shown
from styletools.losses.objective import LayerWeights, layer_weights
from styletools.pictures.masks import Mask

__all__ = ["assign", "for_each", "layers_for_each", "listed", "shares"]

T = TypeVar("T")


def listed(style: T | Sequence[T], name: str) -> list[T]:
    """One painting or several, as a list.

    Raises:
        InputError: an empty list.

    Example:
        >>> listed("starry_night", "style"), listed(["dots", "scales"], "style")
        (['starry_night'], ['dots', 'scales'])
    """
    if not isinstance(style, list | tuple):
        return [style]  # type: ignore[list-item]
    if not style:
        raise InputError(f"{name}: expected at least one painting, got none")
    return list(style)


def for_each(value: Any, count: int, name: str) -> list[Any]:  # noqa: ANN401  # an option of any kind
    """One value for all paintings, or one for each.

    Raises:
        InputError: a list of another length.

    Example:
        >>> for_each(512, 2, "style_size"), for_each([512, None], 2, "style_size")
        ([512, 512], [512, None])
    """
    if not isinstance(value, list | tuple):
        return [value] * count
    if len(value) != count:
        raise InputError(f"{name}: expected one for each painting, {count}, got {len(value)}")
    return list(value)


def layers_for_each(layers: LayerWeights | Sequence[LayerWeights], count: int, name: str) -> list[dict[str, float]]:
    """w_l of each painting: the same layers for all, or a list with those of each.

    Raises:
        InputError: see `layer_weights`; a list of another length.

    Example:
        >>> layers_for_each(["conv1_1", "conv2_1"], 1, "style_layers")
        [{'conv1_1': 0.5, 'conv2_1': 0.5}]
        >>> layers_for_each([["conv4_1"], {"conv1_1": 2}], 2, "style_layers")
        [{'conv4_1': 1.0}, {'conv1_1': 2.0}]
    """
    nested = isinstance(layers, list | tuple) and any(not isinstance(item, str) for item in layers)
    if not nested:
        if isinstance(layers, Iterable) and not isinstance(layers, str | Mapping):
            layers = list(layers)  # read once
        return [layer_weights(layers, name)] * count  # type: ignore[arg-type]
    each = for_each(layers, count, name)
    return [layer_weights(item, f"{name} of painting {number}") for number, item in enumerate(each, 1)]


def shares(weights: Sequence[float] | None, count: int, name: str) -> list[float]:
    """How much each painting counts, as shares that sum to 1.

    Raises:
        InputError: not as many weights as paintings, a negative weight, or none above 0.

    Example:
        >>> shares(None, 2, "style_weights"), shares([3, 1], 2, "style_weights")
        ([0.5, 0.5], [0.75, 0.25])
    """
    if weights is None:
        return [1 / count] * count
    if not isinstance(weights, list | tuple):
        raise InputError(f"{name}: expected a list, one number for each painting, got {shown(weights)}")
    given = for_each(weights, count, name)
    for number, weight in enumerate(given, 1):
        check_weight(f"{name}: the weight of painting {number}", weight)
    if not sum(given) > 0:
        raise InputError(f"{name}: expected one above 0 at least, got only 0")
    return [weight / sum(given) for weight in given]


def assign(mask: Mask, paintings: Sequence[Mask | None]) -> list[dict[str, Tensor | None]]:
    """Which painting, or which part of it, each region of the photograph gets.

    - Paintings with masks: a region gets those parts of them that have its label.
    - Without masks, one painting: every region gets all of it, each on its own.
    - Without masks, as many paintings as regions: one each, in the order of the labels.

    Args:
        mask: of the photograph.
        paintings: the mask of each painting, or None.

    Returns:
        For each painting: by the name of a region, where in the painting its style is found; None is all of it.

    Raises:
        InputError: labels that do not agree, or not as many paintings as regions.

    Example:
        >>> import torch
        >>> from styletools.pictures.masks import load_mask
        >>> assign(load_mask("left", torch.rand(1, 3, 4, 4)), [None, None])
        [{'left': None}, {'right': None}]
    """
    names = ", ".join(mask.names)
    if all(own is None for own in paintings):
        if len(paintings) == 1:
            return [dict.fromkeys(mask.names)]
        if len(paintings) != len(mask.names):
            raise InputError(
                f"content_mask: expected a region for each painting, {len(paintings)}, got {len(mask.names)}: {names}; "
                "or give each painting a mask of its own (style_mask)"
            )
        return [{name: None} for name in mask.names]
    for number, own in enumerate(paintings, 1):
        if own is None:
            raise InputError(f"style_mask: painting {number} has none; give a mask for each painting, or for none")
        unknown = [name for name in own.names if name not in mask.names]
        if unknown:
            raise InputError(
                f"style_mask: painting {number} has the label {unknown[0]}, the photograph has {names}; "
                "paint the same region in the same grey level or colour"
            )
    given = [own for own in paintings if own is not None]
    missing = [name for name in mask.names if not any(name in own.names for own in given)]
    if missing:
        raise InputError(f"style_mask: no painting has the label {missing[0]} of the photograph's mask")
    return [{name: own.region(name) for name in own.names} for own in given]
