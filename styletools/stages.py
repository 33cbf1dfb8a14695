"""How a picture grows: the sizes that a recipe works at, one after the other, and the weights at each of them.

Only sizes and numbers: nothing here knows a picture or a network.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict

from styletools.errors import InputError

__all__ = ["SETTLED", "StageSettings", "look", "scaled", "shares", "stages", "steps_within"]

COARSEST = 128  # longer side of the first stage of a large picture; a smaller one repeats the painting's composition
STEPS_PER_OCTAVE = 2  # sizes grow by √2: if they grew by 2, small strokes would have no time to gather into large ones
# A stage with a k-th of the pixels has k times β, but no more than this: what is large in the painting can only arise
# there, where nothing holds it back; the larger stages bring the content in.
MOST_BETA = 16.0
# Sizes up to here decide what is in a picture, and all larger ones only draw it finer: a poster is a picture of this
# size, with its balance, that goes on growing. Otherwise most of its stages would have sixteen times β and drown the
# content, and the last ones, which have few steps, could not bring it back.
SETTLED = 1024
# Relative β is for this size. The same β paints over more of a smaller picture: with this power of the size the share
# of the content that is missing (at conv4_2) stays the same from 128 to 512 px.
BETA_SIZE, BETA_POWER = 512, 2 / 3


class StageSettings(TypedDict):
    """Size in pixels, steps, and the weights α, β and γ of one stage."""

    height: int
    width: int
    steps: int
    alpha: float
    beta: float
    tv: float


def shares(height: int, width: int, smallest: int, *, grow: bool) -> list[float]:
    """Each size over the last one: 1; or …, ½, 0.71, 1, down to `COARSEST` pixels or at least ½, if the layers allow.

    Example:
        >>> [round(512 * share) for share in shares(512, 340, 16, grow=True)]
        [128, 181, 256, 362, 512]
        >>> [round(128 * share) for share in shares(128, 85, 16, grow=True)]
        [64, 91, 128]
    """
    found = [1.0]
    while grow:
        share = 2 ** (-len(found) / STEPS_PER_OCTAVE)
        far_enough = len(found) > STEPS_PER_OCTAVE and max(height, width) * share < COARSEST
        if far_enough or min(height, width) * share < smallest:
            break
        found.insert(0, share)
    return found


def look(size: int) -> float:
    """What relative β is multiplied by at a size, so that the balance looks the same at each.

    Example:
        >>> [round(look(size), 2) for size in (128, 256, 512, 1024)]
        [0.4, 0.63, 1.0, 1.59]
    """
    return float((size / BETA_SIZE) ** BETA_POWER)


def scaled(height: int, width: int, share: float, smallest: int) -> tuple[int, int]:
    """Height and width times a share, but never smaller than the layers allow.

    Example:
        >>> scaled(340, 512, 0.25, 16), scaled(20, 400, 0.25, 16)
        ((85, 128), (16, 320))
    """
    share = max(share, min(1.0, smallest / min(height, width)))
    return round(height * share), round(width * share)


def stages(
    height: int,
    width: int,
    *,
    steps: int | Sequence[int],
    alpha: float,
    beta: float,
    tv: float,
    smallest: int,
    grow: bool,
    relative: bool,
) -> list[StageSettings]:
    """The stages from small to large, with the weights at each size, derived from those given to the recipe.

    A stage with a k-th of the pixels has k times β, at most `MOST_BETA`. Relative β is multiplied by
    (size / `BETA_SIZE`)^`BETA_POWER`, with the longer side of the result. Beyond `SETTLED` pixels both are as for a
    result of that size. With content or style alone there is no balance to keep, and the weights stay as they are.
    γ counts for each unit of α + β.

    Args:
        height: of the result, in pixels.
        width: likewise.
        steps: at each size; or a list, one for each.
        alpha: α; 0 where there is no content.
        beta: β; 0 where there is no style.
        tv: γ for each unit of α + β.
        smallest: smallest side of a picture that the layers allow, in pixels.
        grow: whether to begin small.
        relative: whether the units of the losses are relative.

    Raises:
        InputError: a list of steps whose length is not the number of sizes.

    Example:
        >>> weights = {"alpha": 1.0, "beta": 10.0, "tv": 0.5}
        >>> found = stages(171, 256, steps=100, **weights, smallest=16, grow=True, relative=True)
        >>> [(stage["width"], round(stage["beta"], 1)) for stage in found]
        [(128, 25.2), (181, 12.6), (256, 6.3)]
    """
    found: list[StageSettings] = []
    growing = shares(height, width, smallest, grow=grow)
    of_each = list(steps) if isinstance(steps, Sequence) else [steps] * len(growing)
    if len(of_each) != len(growing):
        raise InputError(f"steps: expected one number, or one for each of the {len(growing)} sizes, got {len(of_each)}")
    longer = max(height, width)
    settled = min(1.0, SETTLED / longer)
    for share, count in zip(growing, of_each, strict=True):
        painting = beta
        if alpha and beta and relative:
            painting *= look(min(longer, SETTLED))
        if alpha and beta:
            painting *= min(max(settled**2 / share**2, 1.0), MOST_BETA)
        rows, columns = scaled(height, width, share, smallest)
        variation = tv * (alpha + painting)
        found.append(
            {"height": rows, "width": columns, "steps": count, "alpha": alpha, "beta": painting, "tv": variation}
        )
    return found


LEAST = 10  # steps at each size, however little time there is


def steps_within(found: Sequence[StageSettings], minutes: float, seconds_per_megapixel: float) -> list[int]:
    """Steps at each size such that all of them together take about this many minutes.

    As many as were asked for if they fit; else fewer, at the large sizes first, because a picture's composition is
    decided at the small ones: n steps in proportion to 1 / the longer side, but at least `LEAST`.

    Args:
        found: the stages, with the steps that were asked for.
        minutes: how many there are.
        seconds_per_megapixel: of a step.

    Example:
        >>> asked = stages(2731, 4096, steps=100, alpha=1, beta=7, tv=0.5, smallest=16, grow=True, relative=True)
        >>> steps_within(asked, 110, 5.0)
        [100, 100, 100, 100, 100, 100, 100, 100, 84, 60, 42]
    """
    megapixels = [stage["height"] * stage["width"] / 1e6 for stage in found]

    def tapered(reach: float) -> list[int]:
        sides = [max(stage["height"], stage["width"]) for stage in found]
        pairs = zip(found, sides, strict=True)
        return [min(stage["steps"], max(LEAST, int(reach / side))) for stage, side in pairs]

    low, high = 0.0, 1e9
    for _ in range(60):
        middle = (low + high) / 2
        seconds = sum(n * size for n, size in zip(tapered(middle), megapixels, strict=True)) * seconds_per_megapixel
        low, high = (middle, high) if seconds <= 60 * minutes else (low, middle)
    return tapered(low)
