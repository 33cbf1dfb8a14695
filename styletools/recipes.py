"""What a user asks for in one call: reconstruct the content, reconstruct the style, transfer the style."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from inspect import signature
from typing import Any, TypeAlias

import torch
from torch import Tensor

from styletools.errors import InputError, SynthesisError, check_weight
from styletools.fast import Precision
from styletools.images import ImageSource, check_image, fit_size, load_image, resize, save_image, white_noise
from styletools.networks import Network, find_network
from styletools.objective import LayerWeights, Objective, Units, layer_weights
from styletools.progress import OnStep, watch
from styletools.settings import describe
from styletools.stages import StageSettings, scaled, stages
from styletools.synthesis import OptimiserName, Stage, Synthesis
from styletools.vgg import VGG, Padding, Pooling

__all__ = [
    "CONTENT_LAYER",
    "STYLE_LAYERS",
    "OnStep",
    "Picture",
    "Result",
    "reconstruct_content",
    "reconstruct_style",
    "transfer",
]

Picture: TypeAlias = ImageSource | Tensor
"""What `load_image` reads, or a tensor (1, 3, H, W) in [0, 1]."""

CONTENT_LAYER = "conv4_2"
"""The paper's layer for content."""
STYLE_LAYERS = ("conv1_1", "conv2_1", "conv3_1", "conv4_1", "conv5_1")
"""The paper's layers for style, each with w_l = 1/5."""

CONTRAST = 0.2  # of the noise to start from: from 0.4 to 0.6; what the losses hardly see of it is less to be seen


@dataclass(frozen=True)
class Result:
    """A finished picture, and how it came about.

    Attributes:
        image: (1, 3, H, W) in [0, 1], on the CPU.
        history: columns `step`, `height`, `evaluations`, `seconds`, `total` and each named loss, a number per step.
        settings: everything needed to make the picture again, as plain JSON values: `recipe` and its `arguments`,
            the versions, the device and the number of threads. Pictures and weights that were not given by name or
            path are described, not contained.
        interrupted: whether ^C or `on_step` ended it before its last step.
        synthesis: to go on: `for step in result.synthesis`, after `result.synthesis.extend(100)` if it was finished.
    """

    image: Tensor = field(repr=False)
    history: dict[str, list[float]] = field(repr=False)
    settings: dict[str, Any]
    interrupted: bool
    synthesis: Synthesis = field(repr=False)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the picture as PNG or JPEG with the settings inside; see `save_image` and `load_settings`."""
        save_image(self.image, path, self.settings)


def reconstruct_content(
    image: Picture,
    layer: LayerWeights = CONTENT_LAYER,
    *,
    size: int | None = 256,
    steps: int = 100,
    tv: float = 0.3,
    init: Picture = "noise",
    optimiser: OptimiserName = "lbfgs",
    seed: int = 0,
    weights: Network = "bundled",
    pooling: Pooling = "max",
    padding: Padding = "replicate",
    units: Units = "relative",
    coarse_to_fine: bool | None = None,
    precision: Precision = "auto",
    device: str | torch.device | None = None,
    progress: bool = True,
    on_step: OnStep | None = None,
) -> Result:
    """Find a picture with the same features as `image` at a layer: what the layer keeps of the content.

    Minimises Eq. 1, from white noise. The lower row of the paper's Figure 1.

    Args:
        image: the photograph.
        layer: where features are compared; also several, or weights by layer.
        size: the longer side in pixels; None keeps the picture's own.
        steps: at each size, see `transfer`.
        tv: γ, the weight of total variation. Without it the noise of the start that a layer does not see stays.
        init: `"noise"`, `"content"`, or a picture to start from.
        optimiser: see `transfer`, as all that follow.
        seed: of the noise.
        weights: of the network.
        pooling: see `transfer`.
        padding: likewise.
        units: of the losses.
        coarse_to_fine: whether to begin small.
        precision: see `transfer`.
        device: where to compute.
        progress: whether to show a bar.
        on_step: called after each step.

    Returns:
        Result.

    Raises:
        ImageError: a picture cannot be read.
        InputError: an argument is out of range, or the picture is too small for a layer.
        WeightsError: the network's weights cannot be had.
        SynthesisError: the loss became NaN or infinite.

    Example:
        >>> result = reconstruct_content("chelsea", "conv2_2", size=64, steps=5, progress=False)
        >>> result.image.shape, result.history["total"][-1] < 0.5 * result.history["total"][0]
        (torch.Size([1, 3, 43, 64]), True)

    Reference:
        Gatys, Ecker and Bethge 2016, Eq. 1 and Figure 1.
    """
    return _make("reconstruct_content", dict(locals()))


def reconstruct_style(
    image: Picture,
    layers: LayerWeights = STYLE_LAYERS,
    *,
    size: int | None = 256,
    style_size: int | None = None,
    steps: int = 100,
    tv: float = 0.0,
    init: Picture = "noise",
    optimiser: OptimiserName = "lbfgs",
    seed: int = 0,
    weights: Network = "bundled",
    pooling: Pooling = "max",
    padding: Padding = "replicate",
    units: Units = "relative",
    coarse_to_fine: bool | None = None,
    precision: Precision = "auto",
    device: str | torch.device | None = None,
    progress: bool = True,
    on_step: OnStep | None = None,
) -> Result:
    """Find a picture with the same Gram matrices as `image` at some layers: a texture in its style.

    Minimises Eq. 5, from white noise. The upper row of the paper's Figure 1.

    Args:
        image: the painting.
        layers: where Gram matrices are compared: one layer, several with the same weight, or w_l by layer.
        size: longer side of the result in pixels; None keeps the picture's own.
        style_size: longer side of the painting; by default `size`. A texture that is larger than its source shows the
            style instead of a memory of the picture.
        steps: at each size, see `transfer`.
        tv: γ, the weight of total variation.
        init: `"noise"`, `"style"`, or a picture to start from.
        optimiser: see `transfer`, as all that follow.
        seed: of the noise.
        weights: of the network.
        pooling: see `transfer`.
        padding: likewise.
        units: of the losses.
        coarse_to_fine: whether to begin small. By default not: at one size each layer shows its own scale, from
            specks to motifs. From small on, motifs become larger, and the painting's composition comes back.
        precision: see `transfer`.
        device: where to compute.
        progress: whether to show a bar.
        on_step: called after each step.

    Returns:
        Result.

    Raises:
        ImageError: a picture cannot be read.
        InputError: an argument is out of range, or the picture is too small for a layer.
        WeightsError: the network's weights cannot be had.
        SynthesisError: the loss became NaN or infinite.

    Example:
        >>> result = reconstruct_style("dots", ["conv1_1", "conv2_1"], size=64, steps=5, progress=False)
        >>> result.image.shape, list(result.history)[-2:]
        (torch.Size([1, 3, 64, 64]), ['style conv2_1', 'total'])

    Reference:
        Gatys, Ecker and Bethge 2016, Eq. 5 and Figure 1; Gatys, Ecker and Bethge 2015.
    """
    return _make("reconstruct_style", dict(locals()))


def transfer(
    content: Picture,
    style: Picture,
    *,
    size: int | None = 256,
    steps: int = 100,
    alpha: float = 1.0,
    beta: float = 7.0,
    content_layers: LayerWeights = CONTENT_LAYER,
    style_layers: LayerWeights = STYLE_LAYERS,
    style_size: int | None = None,
    tv: float = 0.5,
    init: Picture = "noise",
    optimiser: OptimiserName = "lbfgs",
    seed: int = 0,
    weights: Network = "bundled",
    pooling: Pooling = "max",
    padding: Padding = "replicate",
    units: Units = "relative",
    coarse_to_fine: bool | None = None,
    precision: Precision = "auto",
    device: str | torch.device | None = None,
    progress: bool = True,
    on_step: OnStep | None = None,
) -> Result:
    """Paint the content of one picture in the style of another.

    Minimises Eq. 7 and a little total variation: α L_content + β L_style + γ (α + β) TV. ^C ends it early and returns
    the best picture so far.

    The defaults are chosen by what the pictures look like, and differ from the paper in five points: max pooling,
    borders that are repeated outwards, relative units, small sizes first, total variation. The paper's own choices are
    `pooling="avg", padding="zeros", units="literal", coarse_to_fine=False, tv=0`, with β from 10³ to 10⁴.

    Args:
        content: the photograph: a path, a name of a bundled picture, bytes, a PIL image, or a tensor.
        style: the painting, likewise.
        size: longer side of the result in pixels; None keeps the photograph's own size.
        steps: iterations of the optimiser *at each size*. A coarse-to-fine run at 512 px works at 128, 181, 256, 362
            and 512 px; all the smaller sizes together cost as much as the last one.
        alpha: α, the weight of the content.
        beta: β, the weight of the style. Only α/β matters to the picture. What a ratio means depends on `units`. With
            relative ones it holds the look from size to size: β is that of a picture of 512 px, and another size's is
            multiplied by (size / 512)^⅔ (see `styletools.stages`).
        content_layers: one layer, several with the same weight, or weights by layer.
        style_layers: likewise, w_l.
        style_size: longer side of the painting; by default `size`. A smaller one makes finer strokes.
        tv: γ, the weight of total variation for each unit of α + β; 0 leaves it out, as the paper does. The default
            takes away the finest noise, which Eq. 7 hardly sees. It is measured for relative units; beside literal
            losses, which are large numbers, it has no effect.
        init: where to start: `"noise"` (white noise of low contrast), `"content"`, `"style"`, or a picture.
        optimiser: `"lbfgs"`, or `"adam"`.
        seed: of the noise. The same seed on the same machine with the same number of threads gives the same picture.
        weights: `"bundled"`, another source of `styletools.weights.load_weights`, or a `VGG`.
        pooling: `"max"`, as the network was trained, or `"avg"`, as the paper has it: softer, and nearly blind to what
            alternates from pixel to pixel, so that a net of dots stays in flat regions. A `VGG` has its own.
        padding: what a convolution sees beyond the border: `"replicate"`, the border again; `"reflect"`, the picture
            mirrored; or `"zeros"`, as the network was trained, which paints a frame. A `VGG` has its own.
        units: `"relative"`, where α/β means the same at every size and with every network, or `"literal"`, the
            equations as printed; see `Objective`.
        coarse_to_fine: begin small, at 128 px or at half the size, whichever is less, and grow by √2 until `size` is
            reached; at a size with a k-th of the pixels β counts k times (at most 16), because what is large in the
            painting can only arise there. By default only when the start is noise, which at one fixed size would
            remain visible.
        precision: `"full"`, the network's own float32; `"bfloat16"`, eight bits in the features; `"auto"`, bfloat16
            where the processor has instructions for it: nearly twice as fast, for hardly another picture or loss.
            (The two reconstructions are always full then: their losses fall so far that rounding would show.)
        device: `"cpu"`, `"cuda"`, `"mps"`; by default the best that is there.
        progress: whether to show a bar, in a terminal or a notebook.
        on_step: called with each `Step`; return True to stop.

    Returns:
        Result.

    Raises:
        ImageError: a picture cannot be read.
        InputError: an argument is out of range, or a picture is too small for a layer.
        WeightsError: the network's weights cannot be had.
        SynthesisError: the loss became NaN or infinite; the error holds the best picture.

    Example:
        >>> result = transfer("chelsea", "starry_night", size=64, steps=3, progress=False)
        >>> result.image.shape, round(result.settings["arguments"]["alpha"], 1)
        (torch.Size([1, 3, 43, 64]), 1.0)

    Reference:
        Gatys, Ecker and Bethge 2016, Eq. 7 and Figure 2.
    """
    return _make("transfer", dict(locals()))


def plan(recipe: str, *pictures: Picture, **arguments: Any) -> dict[str, Any]:  # noqa: ANN401  # the recipe's own
    """Say what a recipe would do: the settings that it would store in its picture, without making it.

    Args:
        recipe: its name.
        pictures: its first arguments.
        arguments: others; what is left out has the recipe's own defaults.

    Returns:
        `Result.settings`, with `precision` as it was asked for.

    Raises:
        InputError: an unknown recipe, or what the recipe itself would find wrong before it begins.

    Example:
        >>> settings = plan("transfer", "chelsea", "dots", size=256, steps=7)
        >>> [(stage["width"], stage["steps"]) for stage in settings["stages"]]
        [(128, 7), (181, 7), (256, 7)]
    """
    if recipe not in _ROLES:
        raise InputError(f"recipe: expected one of {', '.join(_ROLES)}, got {recipe!r}")
    bound = signature(globals()[recipe]).bind(*pictures, **arguments)
    bound.apply_defaults()
    return _prepare(recipe, dict(bound.arguments)).settings


@dataclass(frozen=True)
class _Roles:
    """Under which names a recipe has the two pictures and their layers."""

    content: str | None = None
    style: str | None = None
    content_layers: str | None = None
    style_layers: str | None = None


_ROLES = {
    "reconstruct_content": _Roles(content="image", content_layers="layer"),
    "reconstruct_style": _Roles(style="image", style_layers="layers"),
    "transfer": _Roles("content", "style", "content_layers", "style_layers"),
}


@dataclass(frozen=True)
class _Prepared:
    """All that is known of a run before anything is computed."""

    vgg: VGG
    content: Tensor | None  # at the size of the result
    style: Tensor | None
    content_layers: dict[str, float]
    style_layers: dict[str, float]
    smallest: int  # side of a picture that the layers allow, in pixels
    start: Tensor
    settings: dict[str, Any]

    def objective(self, stage: StageSettings) -> Objective:
        """What is minimised at a stage: the two pictures at its size, and its weights."""
        P, S, last = self.content, self.style, self.settings["stages"][-1]
        if P is not None:
            P = resize(P, stage["height"], stage["width"])
        if S is not None:  # scaled alike
            share = max(stage["width"], stage["height"]) / max(last["width"], last["height"])
            S = resize(S, *scaled(S.shape[2], S.shape[3], share, self.smallest))
        arguments = self.settings["arguments"]
        return Objective(
            self.vgg,
            content=P,
            style=S,
            content_layers=self.content_layers,
            style_layers=self.style_layers,
            alpha=stage["alpha"],
            beta=stage["beta"],
            tv=stage["tv"],
            units=arguments["units"],
            precision=arguments["precision"],
        )


def _prepare(recipe: str, arguments: dict[str, Any]) -> _Prepared:
    """Read the pictures and choose the sizes; what is wrong with the arguments is said here."""
    roles = _ROLES[recipe]
    v = {} if roles.content_layers is None else layer_weights(arguments[roles.content_layers], roles.content_layers)
    w = {} if roles.style_layers is None else layer_weights(arguments[roles.style_layers], roles.style_layers)
    if not (v or w):
        raise InputError("layers: expected at least one, got none")
    for name in ("alpha", "beta", "tv"):
        check_weight(name, arguments.get(name, 1.0))
    vgg = find_network(arguments["weights"], arguments["pooling"], arguments["padding"], arguments["device"])
    named = {roles.content_layers: v, roles.style_layers: w}
    settings = _settings(recipe, arguments | {name: layers for name, layers in named.items() if name}, vgg)
    size, style_size = arguments["size"], arguments.get("style_size")
    style_size = size if style_size is None else style_size
    P = None if roles.content is None else _picture(arguments[roles.content], size, roles.content, vgg)
    S = None if roles.style is None else _picture(arguments[roles.style], style_size, roles.style, vgg)
    start, noise = _start(arguments["init"], _shape(P, S, size), P, S, vgg)
    smallest = max(vgg.layer(name).minimum_size for name in (*v, *w))
    settings["stages"] = stages(
        *start.shape[2:],
        steps=arguments["steps"],
        alpha=arguments.get("alpha", 1.0) if v else 0.0,
        beta=arguments.get("beta", 1.0) if w else 0.0,
        tv=arguments["tv"],
        smallest=smallest,
        # A texture made at one size shows what its layers see, not what they see of smaller pictures.
        grow=(noise and bool(v)) if arguments["coarse_to_fine"] is None else arguments["coarse_to_fine"],
        relative=arguments["units"] == "relative",
    )
    if noise:  # noise made smaller would be greyer: it is drawn at the first size
        first = settings["stages"][0]
        start = 0.5 + CONTRAST * (white_noise(first["height"], first["width"], arguments["seed"]).to(start) - 0.5)
    return _Prepared(vgg, P, S, v, w, smallest, start, settings)


def _make(recipe: str, arguments: dict[str, Any]) -> Result:
    """Run a recipe."""
    prepared = _prepare(recipe, arguments)
    settings = prepared.settings
    run = []
    for stage in settings["stages"]:
        objective = prepared.objective(stage)
        settings["arguments"]["precision"] = objective.precision  # what "auto" has turned out to be
        run.append(Stage(objective, stage["height"], stage["width"], stage["steps"]))
    synthesis = Synthesis(run, prepared.start, optimiser=arguments["optimiser"])
    try:
        interrupted = watch(synthesis, recipe.replace("_", " "), arguments["progress"], arguments["on_step"])
    except SynthesisError as error:
        error.settings = settings
        raise
    return Result(synthesis.image.float().cpu(), synthesis.history, settings, interrupted, synthesis)


def _settings(recipe: str, arguments: dict[str, Any], vgg: VGG) -> dict[str, Any]:
    from styletools import __version__  # noqa: PLC0415  # the package's table of contents imports this file

    # Without what only shows or stops the run; with what the network and "the best device" turned out to be.
    kept = {name: value for name, value in arguments.items() if name not in ("progress", "on_step")}
    kept |= {"pooling": vgg.pooling, "padding": vgg.padding, "device": str(vgg.device)}
    return describe(recipe, kept, vgg.extra_repr(), __version__)


def _picture(source: Picture, size: int | None, name: str, vgg: VGG) -> Tensor:
    """Read a picture, or check a tensor; the longer side becomes `size`."""
    if not isinstance(source, Tensor):
        return load_image(source, size).to(vgg.mean)
    check_image(source, name)
    if source.shape[0] != 1:
        raise InputError(f"{name}: expected one picture (1, 3, H, W), got a batch of {source.shape[0]}")
    image = source.detach().float()
    if size is not None:
        width, height = fit_size(image.shape[3], image.shape[2], size)
        image = resize(image, height, width)
    return image.to(vgg.mean)


def _shape(P: Tensor | None, S: Tensor | None, size: int | None) -> tuple[int, int]:
    """Height and width of the result: the photograph's, or the painting's proportions."""
    shown = S if P is None else P
    assert shown is not None
    height, width = shown.shape[2:]
    if P is None and size is not None:
        width, height = fit_size(width, height, size)
    return height, width


def _start(init: Picture, shape: tuple[int, int], P: Tensor | None, S: Tensor | None, vgg: VGG) -> tuple[Tensor, bool]:
    """The start at the size of the result, and whether it is noise (then a stand-in of that size)."""
    if isinstance(init, str) and init == "noise":
        return vgg.mean.expand(1, 3, *shape), True
    named = {"content": P, "style": S}
    if not (isinstance(init, str) and init in named):
        return resize(_picture(init, None, "init", vgg), *shape), False
    start = named[init]
    if start is None:
        raise InputError(f"init: there is no {init!r} picture in this recipe; use 'noise' or a picture")
    return resize(start, *shape), False
