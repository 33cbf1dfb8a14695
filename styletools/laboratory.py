"""Statistics side by side: the same source, noise and time, and each result scored by all the others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import torch
from torch import Tensor

from styletools.descent.progress import OnStep, stops
from styletools.descent.synthesis import Step
from styletools.door import explained
from styletools.errors import InputError, shown
from styletools.losses.objective import LayerWeights, Objective
from styletools.losses.statistics import find_statistics, statistics
from styletools.network.find import NetworkSource, find_network
from styletools.pictures.images import check_image
from styletools.recipes import STYLE_LAYERS, PictureSource, Result, reconstruct_style

__all__ = ["compare_statistics", "levelness", "score_statistics"]

STEPS = 10_000  # never reached: the time runs out first


@explained
def compare_statistics(
    source: PictureSource,
    names: Sequence[str] = ("gram", "mean", "shifted-gram"),
    *,
    seconds: float = 10.0,
    size: int = 256,
    layers: LayerWeights = STYLE_LAYERS,
    tv: float = 0.01,
    seed: int = 0,
    weights: NetworkSource = "bundled",
    on_step: OnStep | None = None,
) -> Iterator[tuple[str, Result]]:
    """Make one texture after another, each with a different statistic, from the same noise in the same time.

    Args:
        source: the painting.
        names: of the statistics, see `styletools.statistics`.
        seconds: how long each may compute.
        size: longer side in pixels.
        layers: where features are compared.
        tv: γ, as for `reconstruct_style`: a statistic that samples positions leaves noise between them.
        seed: random seed of the white-noise start.
        weights: of the network.
        on_step: called after each step; return True to end the current statistic.

    Returns:
        Names and results, each computed when it is asked for.

    Raises:
        InputError: an unknown statistic, or seconds that are not positive.
        ImageError: the source cannot be read.

    Example:
        >>> made = compare_statistics("dots", ["gram", "mean"], seconds=0.2, size=48, weights="random")
        >>> [(name, tuple(result.image.shape)) for name, result in made]
        [('gram', (1, 3, 48, 48)), ('mean', (1, 3, 48, 48))]

    Reference:
        Gonthier, Gousseau and Ladjal 2022, *High-Resolution Neural Texture Synthesis with Long-Range Constraints*,
        compare several in this way.
    """
    if not 0 < seconds < float("inf"):
        raise InputError(f"seconds: expected a number above 0, got {shown(seconds)}")
    for name in names:
        find_statistics(name)

    def until(step: Step) -> bool:
        return stops(on_step, step) or step.seconds >= seconds

    def make(name: str) -> Result:
        return reconstruct_style(
            source, layers, statistic=name, size=size, steps=STEPS, tv=tv, seed=seed, weights=weights, progress=False,
            on_step=until,
        )  # fmt: skip

    return ((name, make(name)) for name in names)


@explained
@torch.no_grad()
def score_statistics(
    images: Mapping[str, Tensor],
    source: Tensor,
    by: Sequence[str] | None = None,
    *,
    layers: LayerWeights = STYLE_LAYERS,
    weights: NetworkSource = "bundled",
) -> dict[str, dict[str, float]]:
    """How far each picture is from a source under each statistic: a statistic is judged by the others, not by itself.

    Args:
        images: (1, 3, H, W) in [0, 1] by name.
        source: the painting, likewise.
        by: names of statistics; by default all for style.
        layers: where features are compared; all count equally unless weights are given.
        weights: of the network.

    Returns:
        By picture and statistic; 0 is the source itself, 1 a picture without features. (Neighbours, transport and
            contextual compare samples of the positions: the source itself is a little above 0.)

    Raises:
        InputError: an unknown statistic or layer, or not a picture.

    Example:
        >>> source = torch.rand(1, 3, 32, 32)
        >>> scores = score_statistics({"itself": source}, source, ["gram"], layers=["conv1_1"], weights="random")
        >>> scores["itself"]["gram"] < 1e-6
        True
    """
    check_image(source, "source")
    network = find_network(weights, "max", "replicate", None)
    S = source.to(network.device, network.dtype)
    judges = list(statistics() if by is None else by)
    # One objective for all: the features of a picture are computed once.
    objective = Objective(network, style=S, style_layers=layers, statistic=dict.fromkeys(judges, 1.0))
    found: dict[str, dict[str, float]] = {}
    for name, image in images.items():
        check_image(image, name)
        found[name] = dict.fromkeys(judges, 0.0)
        for term, value in objective(image.to(network.device, network.dtype)).items():
            judge = judges[0] if len(judges) == 1 else term.rsplit(" ", 1)[0]
            found[name][judge] += float(value)
    return found


@explained
def levelness(image: Tensor, source: Tensor) -> float:
    """How level the courses of a wall are: the variance of the mean brightness of its rows, over the source's.

    At a level joint whole rows of pixels become pale at once; where courses sink and rise, each row has a bit of
    everything, and all rows are alike.

    Args:
        image: (1, 3, H, W) in [0, 1].
        source: likewise.

    Returns:
        1 for the source itself, near 0 without courses.

    Raises:
        InputError: not a picture, or a source whose rows are all alike.

    Example:
        >>> wall = torch.tensor([0.0, 1.0] * 8).view(1, 1, 16, 1).expand(1, 3, 16, 16)
        >>> levelness(wall, wall), levelness(wall.transpose(2, 3), wall)
        (1.0, 0.0)
    """
    rows = []
    for name, picture in (("image", image), ("source", source)):
        check_image(picture, name)
        rows.append(float(picture.double().mean((0, 1, 3)).var(correction=0)))
    if rows[1] < 1e-12:
        raise InputError("source: expected rows of different brightness, all are alike")
    return rows[0] / rows[1]
