"""What a user asks for in one call: reconstruct the content, reconstruct the style, transfer the style."""

from __future__ import annotations

import os
from collections.abc import Sequence
from inspect import signature
from typing import Any

import torch

from styletools.descent.progress import OnStep
from styletools.descent.synthesis import OptimiserName
from styletools.door import explained
from styletools.errors import InputError, shown
from styletools.losses.blocks import BlockSize
from styletools.losses.objective import LayerWeights, Units
from styletools.losses.statistics import Statistic
from styletools.names import NAMES
from styletools.network.find import NetworkSource
from styletools.network.passes import Precision
from styletools.network.vgg import Padding, Pooling
from styletools.palette import Colours
from styletools.pictures.masks import MaskSource
from styletools.plan import CONTENT_LAYER, STYLE_LAYERS, PictureSource, Plan, Result

__all__ = [
    "CONTENT_LAYER",
    "STYLE_LAYERS",
    "OnStep",
    "PictureSource",
    "Result",
    "plan",
    "planned",
    "reconstruct_content",
    "reconstruct_style",
    "transfer",
]


@explained
def reconstruct_content(
    image: PictureSource,
    layer: LayerWeights = CONTENT_LAYER,
    *,
    content_statistic: Statistic = "features",
    size: int | None = 256,
    steps: int | Sequence[int] = 100,
    minutes: float | None = None,
    tv: float = 0.3,
    init: PictureSource = "noise",
    optimiser: OptimiserName = "lbfgs",
    seed: int = 0,
    weights: NetworkSource = "bundled",
    pooling: Pooling = "max",
    padding: Padding = "replicate",
    units: Units = "relative",
    coarse_to_fine: bool | None = None,
    precision: Precision = "auto",
    device: str | torch.device | None = None,
    block: BlockSize | None = None,
    progress: bool = True,
    on_step: OnStep | None = None,
    state: str | os.PathLike[str] | None = None,
) -> Result:
    """Find a picture with the same features as `image` at a layer: what the layer keeps of the content.

    Minimises Eq. 1 and a little total variation, from white noise. The lower row of the paper's Figure 1.

    Args:
        image: the photograph.
        layer: where features are compared; also several layers, or weights by layer.
        content_statistic: how features are compared: `"features"` (Eq. 1), another name or a class of terms, see
            `transfer`.
        size: the longer side in pixels; None keeps the picture's own.
        steps: at each size, see `transfer`.
        minutes: how long it may take, see `transfer`.
        tv: γ, the weight of total variation. Without it, noise of the start that a layer does not see remains.
        init: `"noise"`, `"content"`, or a picture to start from.
        optimiser: see `transfer`, like all that follow.
        seed: random seed of the white-noise start.
        weights: of the network.
        pooling: see `transfer`.
        padding: likewise.
        units: of the losses.
        coarse_to_fine: whether to begin small.
        precision: see `transfer`.
        device: where to compute.
        block: compute in blocks, see `transfer`.
        progress: whether to show a bar.
        on_step: called after each step.
        state: a file to keep the run in, see `transfer`.

    Returns:
        Result.

    Raises:
        ImageError: a picture cannot be read.
        InputError: an argument is out of range, or the picture is too small for a layer.
        WeightsError: the network's weights cannot be loaded.
        SynthesisError: the loss became NaN or infinite.

    Example:
        >>> result = reconstruct_content("chelsea", "conv2_2", size=64, steps=5, progress=False)
        >>> result.image.shape, result.history["total"][-1] < 0.5 * result.history["total"][0]
        (torch.Size([1, 3, 43, 64]), True)

    Reference:
        Gatys, Ecker and Bethge 2016, Eq. 1 and Figure 1.
    """
    return Plan(
        "reconstruct_content",
        content=image,
        content_layers=layer,
        content_statistic=content_statistic,
        size=size,
        steps=steps,
        minutes=minutes,
        tv=tv,
        init=init,
        optimiser=optimiser,
        seed=seed,
        weights=weights,
        pooling=pooling,
        padding=padding,
        units=units,
        coarse_to_fine=coarse_to_fine,
        precision=precision,
        device=device,
        block=block,
    ).run(progress, on_step, state)


@explained
def reconstruct_style(
    image: PictureSource | Sequence[PictureSource],
    layers: LayerWeights | Sequence[LayerWeights] = STYLE_LAYERS,
    *,
    statistic: Statistic = "gram",
    size: int | None = 256,
    style_size: int | Sequence[int | None] | None = None,
    style_weights: Sequence[float] | None = None,
    steps: int | Sequence[int] = 100,
    minutes: float | None = None,
    tv: float = 0.0,
    init: PictureSource = "noise",
    optimiser: OptimiserName = "lbfgs",
    seed: int = 0,
    weights: NetworkSource = "bundled",
    pooling: Pooling = "max",
    padding: Padding = "replicate",
    units: Units = "relative",
    coarse_to_fine: bool | None = None,
    precision: Precision = "auto",
    device: str | torch.device | None = None,
    block: BlockSize | None = None,
    progress: bool = True,
    on_step: OnStep | None = None,
    state: str | os.PathLike[str] | None = None,
) -> Result:
    """Find a picture with the same Gram matrices as `image` at some layers: a texture in its style.

    Minimises Eq. 5, from white noise. The upper row of the paper's Figure 1.

    Args:
        image: the painting, or several, which are blended.
        layers: where Gram matrices are compared: one layer, several with the same weight, or w_l by layer; or a list
            with those of each painting.
        statistic: what is compared: `"gram"` (Eq. 4), another name, a class of terms, or several; see `transfer`.
        size: longer side of the result in pixels; None keeps the picture's own.
        style_size: longer side of the painting; by default `size`. A texture that is larger than its source shows the
            style instead of a memory of the picture. Or a list, one for each painting.
        style_weights: how much each of several paintings counts, see `transfer`.
        steps: at each size, see `transfer`.
        minutes: how long it may take, see `transfer`.
        tv: γ, the weight of total variation.
        init: `"noise"`, `"style"`, or a picture to start from.
        optimiser: see `transfer`, like all that follow.
        seed: random seed of the white-noise start.
        weights: of the network.
        pooling: see `transfer`.
        padding: likewise.
        units: of the losses.
        coarse_to_fine: whether to begin small; by default it does not. At one size each layer shows its own scale, from
            specks to motifs. Beginning small makes motifs larger, and the painting's composition comes back.
        precision: see `transfer`.
        device: where to compute.
        block: compute in blocks, see `transfer`.
        progress: whether to show a bar.
        on_step: called after each step.
        state: a file to keep the run in, see `transfer`.

    Returns:
        Result.

    Raises:
        ImageError: a picture cannot be read.
        InputError: an argument is out of range, or the picture is too small for a layer.
        WeightsError: the network's weights cannot be loaded.
        SynthesisError: the loss became NaN or infinite.

    Example:
        >>> result = reconstruct_style("dots", ["conv1_1", "conv2_1"], size=64, steps=5, progress=False)
        >>> result.image.shape, list(result.history)[-2:]
        (torch.Size([1, 3, 64, 64]), ['style conv2_1', 'total'])

    Reference:
        Gatys, Ecker and Bethge 2016, Eq. 5 and Figure 1; Gatys, Ecker and Bethge 2015.
    """
    return Plan(
        "reconstruct_style",
        style=image,
        style_layers=layers,
        statistic=statistic,
        style_size=style_size,
        style_weights=style_weights,
        size=size,
        steps=steps,
        minutes=minutes,
        tv=tv,
        init=init,
        optimiser=optimiser,
        seed=seed,
        weights=weights,
        pooling=pooling,
        padding=padding,
        units=units,
        coarse_to_fine=coarse_to_fine,
        precision=precision,
        device=device,
        block=block,
    ).run(progress, on_step, state)


@explained
def transfer(
    content: PictureSource,
    style: PictureSource | Sequence[PictureSource],
    *,
    size: int | None = 256,
    steps: int | Sequence[int] = 100,
    minutes: float | None = None,
    alpha: float = 1.0,
    beta: float = 7.0,
    content_layers: LayerWeights = CONTENT_LAYER,
    style_layers: LayerWeights | Sequence[LayerWeights] = STYLE_LAYERS,
    statistic: Statistic = "gram",
    content_statistic: Statistic = "features",
    style_size: int | Sequence[int | None] | None = None,
    style_weights: Sequence[float] | None = None,
    content_mask: MaskSource | None = None,
    style_mask: MaskSource | Sequence[MaskSource] | None = None,
    colours: Colours = "painting",
    tv: float = 0.5,
    init: PictureSource = "noise",
    optimiser: OptimiserName = "lbfgs",
    seed: int = 0,
    weights: NetworkSource = "bundled",
    pooling: Pooling = "max",
    padding: Padding = "replicate",
    units: Units = "relative",
    coarse_to_fine: bool | None = None,
    precision: Precision = "auto",
    device: str | torch.device | None = None,
    block: BlockSize | None = None,
    progress: bool = True,
    on_step: OnStep | None = None,
    state: str | os.PathLike[str] | None = None,
) -> Result:
    """Paint the content of one picture in the style of another.

    Minimises Eq. 7 and a little total variation: α L_content + β L_style + γ (α + β) TV. ^C ends it early and returns
    the best picture so far.

    The defaults were chosen by how the pictures look, and differ from the paper in five points: max pooling, borders
    repeated outwards, relative units, small sizes first, total variation. The paper's own choices are
    `pooling="avg", padding="zeros", units="literal", coarse_to_fine=False, tv=0`, with β from 10³ to 10⁴.

    Args:
        content: the photograph: a path, a name of a bundled picture, bytes, a PIL image, or a tensor.
        style: the painting, likewise; or several, which are blended, or paint a region each.
        size: longer side of the result in pixels; None keeps the photograph's own size.
        steps: iterations of the optimiser *at each size*. A coarse-to-fine run at 512 px works at 128, 181, 256, 362
            and 512 px; all the smaller sizes together cost as much as the last one. Or a list, one for each size.
        minutes: roughly how long it may take: a step is timed on this machine and, if need be, fewer steps are made at
            the large sizes.
        alpha: α, the weight of the content.
        beta: β, the weight of the style. Only α/β matters to the picture. What a ratio means depends on `units`. With
            relative ones it keeps the same look from size to size: β is meant for a picture of 512 px, and for another
            size it is multiplied by (size / 512)^⅔, up to 1024 px (see `styletools.stages`).
        content_layers: one layer, several with the same weight, or weights by layer.
        style_layers: likewise, w_l; or a list with those of each painting: `[["conv4_1", "conv5_1"], ["conv1_1",
            "conv2_1", "conv3_1"]]` takes the coarse strokes of the first and the fine ones of the second.
        statistic: what stands for style: `"gram"` (Eq. 4); another name of `styletools.statistics()`; a class of terms
            of your own (see `Term`); several, which share β; or weights for these, `{"gram": 1, "histogram": 1}`.
        content_statistic: what stands for content: `"features"` (Eq. 1), `"self-similarity"`, or a class of terms.
        style_size: longer side of the painting; by default `size`, but beyond 1024 pixels a painting is not enlarged,
            because that adds no strokes. A smaller one makes finer strokes. Or a list, one for each painting.
        style_weights: how much each of several paintings counts; by default all count equally. Gram matrices are
            blended, Σ_i s_i Â_i with Σ_i s_i = 1, at the cost of one; see `styletools.losses.sources`.
        content_mask: regions of the photograph, each with a style of its own: a file or a tensor whose grey levels or
            colours are labels, or a rough selection, `"left"`, `"top"`, `"disc"`, `"bright"`, or `"left=0.3"`; see
            `styletools.pictures.masks`. With as many paintings as regions, each paints one, in the order of the labels
            (dark first; left, top, inside, bright first).
        style_mask: the same for the painting, a list for several: a region gets the style of those parts that have its
            label.
        colours: whose: `"painting"`; the photograph's, by `"photograph"` (a transfer in grey, with the photograph's
            colours under it) or `"photograph-lab"` (the same in CIELAB); or the painting's, matched to the photograph's
            before the transfer, by `"covariance"` (mean and covariance) or `"histogram"` (channel by channel).
        tv: γ, the weight of total variation for each unit of α + β; 0 leaves it out, as the paper does. The default
            removes the finest noise, which Eq. 7 hardly sees. It is tuned for relative units; beside literal losses,
            which are large numbers, it has no effect.
        init: where to start: `"noise"` (white noise of low contrast), `"content"`, `"style"`, or a picture.
        optimiser: `"lbfgs"`, or `"adam"`.
        seed: random seed of the white-noise start. The same seed on the same machine with the same number of threads
            gives the same picture.
        weights: `"bundled"`, another source of `styletools.load_weights`, a `VGG`, or any other network in a `Hooked`.
        pooling: `"max"`, as the network was trained, or `"avg"`, as in the paper: softer, and nearly blind to what
            alternates from pixel to pixel, so that a net of dots remains in flat regions. A `VGG` has its own.
        padding: what a convolution sees beyond the border: `"replicate"`, the border again; `"reflect"`, the picture
            mirrored; or `"zeros"`, as the network was trained, which paints a frame. A `VGG` has its own.
        units: `"relative"`, where α/β means the same at every size and with every network, or `"literal"`, the
            equations as printed; see `Objective`.
        coarse_to_fine: begin small, at 128 px or a little more, or at half the size if that is less, and grow by √2
            until `size` is reached; at a size with a k-th of the pixels β counts k times (at most 16), because what is
            large in the painting can only arise there. By default only when the start is noise, which at one fixed
            size would remain visible.
        precision: `"full"`, the network's own float32; `"bfloat16"`, eight bits in the features; `"auto"`, bfloat16
            where the processor has instructions for it: nearly twice as fast, with hardly any change in picture or
            loss. (The two reconstructions are then always full: their losses fall so far that rounding would show.)
        device: `"cpu"`, `"cuda"`, `"mps"`; by default the best available.
        block: compute in blocks of this many pixels a side, such as 512, for a picture too large for the memory: the
            same numbers but for rounding. `"1024/pool3"`: only the layers up to pool3 in blocks; those above are small,
            and are computed whole, which is quicker. 0: never. By default the quickest that fits, where the whole
            picture does not.
        progress: whether to show a bar, in a terminal or a notebook.
        on_step: called with each `Step`; return True to stop.
        state: a file to keep the run in, at most a minute behind: the same call goes on from it, even in another
            process. It stays when the picture is finished; delete it then.

    Returns:
        Result.

    Raises:
        ImageError: a picture cannot be read.
        InputError: an argument is out of range, a picture is too small for a layer, or a state is damaged or of another
            picture.
        WeightsError: the network's weights cannot be loaded.
        SynthesisError: the loss became NaN or infinite; the error holds the best picture.

    Example:
        >>> result = transfer("chelsea", "starry_night", size=64, steps=3, progress=False)
        >>> result.image.shape, round(result.settings["arguments"]["alpha"], 1)
        (torch.Size([1, 3, 43, 64]), 1.0)

    Reference:
        Gatys, Ecker and Bethge 2016, Eq. 7 and Figure 2.
    """
    return Plan(
        "transfer",
        content=content,
        style=style,
        content_layers=content_layers,
        style_layers=style_layers,
        statistic=statistic,
        content_statistic=content_statistic,
        style_size=style_size,
        style_weights=style_weights,
        content_mask=content_mask,
        style_mask=style_mask,
        colours=colours,
        alpha=alpha,
        beta=beta,
        size=size,
        steps=steps,
        minutes=minutes,
        tv=tv,
        init=init,
        optimiser=optimiser,
        seed=seed,
        weights=weights,
        pooling=pooling,
        padding=padding,
        units=units,
        coarse_to_fine=coarse_to_fine,
        precision=precision,
        device=device,
        block=block,
    ).run(progress, on_step, state)


def plan(recipe: str, *pictures: PictureSource, **arguments: Any) -> dict[str, Any]:  # noqa: ANN401  # the recipe's own
    """Say what a recipe would do: the settings that it would store in its picture, without making it.

    Args:
        recipe: its name.
        pictures: its first arguments.
        arguments: its other arguments; those left out have the recipe's own defaults.

    Returns:
        `Result.settings`, with `precision` as it was asked for.

    Raises:
        InputError: an unknown recipe, or what the recipe itself would find wrong before it begins.

    Example:
        >>> settings = plan("transfer", "chelsea", "dots", size=256, steps=7)
        >>> [(stage["width"], stage["steps"]) for stage in settings["stages"]]
        [(128, 7), (181, 7), (256, 7)]
    """
    return planned(recipe, *pictures, **arguments).settings


def planned(recipe: str, *pictures: PictureSource, **arguments: Any) -> Plan:  # noqa: ANN401  # the recipe's own
    """The plan of a call, before anything is read or computed: `planned(…).run()` is the call.

    Args:
        recipe: its name.
        pictures: its first arguments.
        arguments: its other arguments; those left out have the recipe's own defaults.

    Raises:
        InputError: an unknown recipe.

    Example:
        >>> planned("reconstruct_content", "chelsea", size=64).pictures.photograph.shape
        torch.Size([1, 3, 43, 64])
    """
    if recipe not in NAMES:
        raise InputError(f"recipe: expected one of {', '.join(NAMES)}, got {shown(recipe)}")
    bound = signature(globals()[recipe]).bind(*pictures, **arguments)
    bound.apply_defaults()
    option = {name: item for item, name in NAMES[recipe].items()}
    of_the_run = ("progress", "on_step", "state")
    known = {option.get(name, name): value for name, value in bound.arguments.items() if name not in of_the_run}
    return Plan(recipe, **known)
